/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* What an AutoNAT server does for others in a minute, so that it is nobody's scanner and no amplifier. All of them are
 * counted over the minute that has just passed; the clock is the caller's (monotonic µs). */
typedef struct _PeerupAutonatLimits PeerupAutonatLimits;

#define PEERUP_AUTONAT_LIMITS_WINDOW (60 * (gint64) G_USEC_PER_SEC)
/* Requests, and those that cost the client data. */
#define PEERUP_AUTONAT_LIMITS_REQUESTS  60
#define PEERUP_AUTONAT_LIMITS_OF_PEER   12
#define PEERUP_AUTONAT_LIMITS_WITH_DATA 12
/* Requests from one host, whoever asks from there: a few devices behind one router. */
#define PEERUP_AUTONAT_LIMITS_FROM_HOST 24
/* Dials towards one host, whoever asks for them. */
#define PEERUP_AUTONAT_LIMITS_TO_HOST 12
/* Requests of one peer at a time. */
#define PEERUP_AUTONAT_LIMITS_AT_ONCE 2

PeerupAutonatLimits *peerup_autonat_limits_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_autonat_limits_free (PeerupAutonatLimits *self);
/* A request of @peer from @host (a host key; 0: through a relay, which counts as one host) begins. FALSE: it is one
 * too many. Each TRUE wants one end(). */
gboolean peerup_autonat_limits_begin (PeerupAutonatLimits *self, PeerupPeerId *peer, guint64 host, gint64 now);
void peerup_autonat_limits_end (PeerupAutonatLimits *self, PeerupPeerId *peer);
/* Whether data may be asked for now, and whether @host may be dialed now; counted where TRUE. */
gboolean peerup_autonat_limits_take_data (PeerupAutonatLimits *self, gint64 now);
gboolean peerup_autonat_limits_take_dial (PeerupAutonatLimits *self, guint64 host, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAutonatLimits, peerup_autonat_limits_free)

G_END_DECLS
