/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Where peers may be reached, and how it went: bounded in both directions. Times are
 * monotonic microseconds and come in, so that back-off can be tested with literals. */
typedef struct _PeerupPeerstore PeerupPeerstore;

/* Addresses of one peer, and peers; the oldest make room. */
#define PEERUP_PEERSTORE_ADDRESSES 64
#define PEERUP_PEERSTORE_PEERS     4096

PeerupPeerstore *peerup_peerstore_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_peerstore_free (PeerupPeerstore *self);
/* Adds @address without its /p2p/@peer; one with another peer's ID is ignored. */
void peerup_peerstore_add (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address);
/* (transfer full) of PeerupMultiaddr, in the order to dial: addresses that failed lately
 * come last, the last that worked first, near before far, IPv6 before IPv4. What TCP
 * cannot dial is left out. */
GPtrArray *peerup_peerstore_rank (PeerupPeerstore *self, PeerupPeerId *peer, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupMultiaddr: everything known, newest first. */
GPtrArray *peerup_peerstore_dup_all (PeerupPeerstore *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* How a dial went. A failure pushes the address back for 5 s, then twice as long each time up to 10 min. */
void peerup_peerstore_report (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gboolean success,
                              gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerstore, peerup_peerstore_free)

G_END_DECLS
