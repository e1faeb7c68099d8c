/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Which of the peers that offer to relay for us are used: those with the shortest round trips, as few
 * as PEERUP_PEER_RELAYS_KEPT, and no other one for a little less time, because each change costs a
 * reservation and is told to every peer. One that refuses, falls silent or takes its offer back while it is
 * used is left alone for a while, longer each time, so that nobody makes us work by changing its
 * mind. No clock: @now is monotonic microseconds. */
typedef struct _PeerupPeerRelays PeerupPeerRelays;

#define PEERUP_PEER_RELAYS_KEPT 2
/* Peers that are remembered; a worse offer makes room for a better one. */
#define PEERUP_PEER_RELAYS_KNOWN 32
/* How long one is kept at least before a better one may take its place, which has to be twice as near. */
#define PEERUP_PEER_RELAYS_STAY (60 * (gint64) G_USEC_PER_SEC)
/* How long one is left alone the first time and the most; it begins anew for one that was kept so long. */
#define PEERUP_PEER_RELAYS_BAR_FIRST (30 * (gint64) G_USEC_PER_SEC)
#define PEERUP_PEER_RELAYS_BAR_MAX   (3600 * (gint64) G_USEC_PER_SEC)

PeerupPeerRelays *peerup_peer_relays_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_peer_relays_free (PeerupPeerRelays *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerRelays, peerup_peer_relays_free)

/* Each of these tells whether who is kept has changed by it. */

/* @peer offers to relay, or still does; @rtt: µs, -1: not known. */
gboolean peerup_peer_relays_offer (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 rtt, gint64 now);
/* It does not, or is gone, or may not any more. */
gboolean peerup_peer_relays_withdraw (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 now);
/* It was used and came to nothing; its offer stands. */
gboolean peerup_peer_relays_fail (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 now);
/* Those who had to wait may be kept now. */
gboolean peerup_peer_relays_advance (PeerupPeerRelays *self, gint64 now);
/* When advance() is to be called next; G_MAXINT64: not before something else is. */
gint64 peerup_peer_relays_get_deadline (PeerupPeerRelays *self);

gboolean peerup_peer_relays_is_kept (PeerupPeerRelays *self, PeerupPeerId *peer);
/* (transfer full) of PeerupPeerId: the nearest first. */
GPtrArray *peerup_peer_relays_dup_kept (PeerupPeerRelays *self) G_GNUC_WARN_UNUSED_RESULT;
guint peerup_peer_relays_get_n_known (PeerupPeerRelays *self);

G_END_DECLS
