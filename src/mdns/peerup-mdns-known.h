/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "mdns/peerup-mdns-claim.h"

G_BEGIN_DECLS

/* Who was heard of, so that nobody is told the same again. Bounded: the one heard least recently goes. Times are
 * monotonic µs, and come in. */
typedef struct _PeerupMdnsKnown PeerupMdnsKnown;

#define PEERUP_MDNS_KNOWN_MAX 128
/* Seconds that what was heard counts, whatever it says itself. */
#define PEERUP_MDNS_KNOWN_TTL_MAX 4500

PeerupMdnsKnown *peerup_mdns_known_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_known_free (PeerupMdnsKnown *self);
/* Whether @claim has an address that was not known. One that leaves is forgotten. */
gboolean peerup_mdns_known_learn (PeerupMdnsKnown *self, const PeerupMdnsClaim *claim, gint64 now);
/* Everything is news again. */
void peerup_mdns_known_clear (PeerupMdnsKnown *self);
guint peerup_mdns_known_get_n (PeerupMdnsKnown *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsKnown, peerup_mdns_known_free)

G_END_DECLS
