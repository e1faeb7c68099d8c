/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* How often a relay's rendezvous is asked, and how often somebody may be wrong. Bounded; @now is monotonic µs. */
typedef struct _PeerupRendezvousRates PeerupRendezvousRates;

/* Requests of one peer: so many at once, then one in so many µs. */
#define PEERUP_RENDEZVOUS_REQUESTS_AT_ONCE 32
#define PEERUP_RENDEZVOUS_REQUEST_INTERVAL G_USEC_PER_SEC
/* Wrong passes from one host. */
#define PEERUP_RENDEZVOUS_WRONG_AT_ONCE  3
#define PEERUP_RENDEZVOUS_WRONG_INTERVAL (20 * (gint64) G_USEC_PER_SEC)

PeerupRendezvousRates *peerup_rendezvous_rates_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_rates_free (PeerupRendezvousRates *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousRates, peerup_rendezvous_rates_free)

/* TRUE, and counted, when @peer may ask now. */
gboolean peerup_rendezvous_rates_take_request (PeerupRendezvousRates *self, PeerupPeerId *peer, gint64 now);
/* Whether a pass may come from @host (a host key) now. */
gboolean peerup_rendezvous_rates_allow_pass (PeerupRendezvousRates *self, guint64 host, gint64 now);
/* One has come, and was wrong. */
void peerup_rendezvous_rates_count_wrong (PeerupRendezvousRates *self, guint64 host, gint64 now);

G_END_DECLS
