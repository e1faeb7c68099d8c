/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-dial-order.h"

G_BEGIN_DECLS

/* Where peers may be reached, and how it went: bounded in both directions. Times are
 * monotonic microseconds and come in, so that all of it can be tested with literals. */
typedef struct _PeerupPeerstore PeerupPeerstore;

/* Addresses of one peer, and peers; the oldest make room. */
#define PEERUP_PEERSTORE_ADDRESSES 64
#define PEERUP_PEERSTORE_PEERS     4096

PeerupPeerstore *peerup_peerstore_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_peerstore_free (PeerupPeerstore *self);
/* Adds @address without its /p2p/@peer; one with another peer's ID is ignored. */
void peerup_peerstore_add (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address);
/* The same of an address that @peer says it has: it stays told until somebody else knows it. */
void peerup_peerstore_add_told (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address);
/* (transfer full) of PeerupMultiaddr: everything known, newest first. */
GPtrArray *peerup_peerstore_dup_all (PeerupPeerstore *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupDialCandidate: what can be dialed, newest first. */
GPtrArray *peerup_peerstore_dup_candidates (PeerupPeerstore *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;

/* How a dial of @address went; nothing happens when it is not known. */
void peerup_peerstore_report_success (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 now);
void peerup_peerstore_report_failure (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 now);
/* The round trip that a connection to @address had; 0 and less are ignored. */
void peerup_peerstore_report_rtt (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 rtt);
/* FALSE when @address is not known. */
gboolean peerup_peerstore_get_history (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address,
                                       PeerupDialHistory *history);

/* The security protocol that @peer last agreed to, static; NULL where nobody knows. */
const char *peerup_peerstore_get_security (PeerupPeerstore *self, PeerupPeerId *peer);
/* Nothing happens for a peer without addresses. */
void peerup_peerstore_report_security (PeerupPeerstore *self, PeerupPeerId *peer, const char *security);

/* Whether the network that this machine is in seems to let no UDP out: QUIC got no answer
 * where TCP to the same host did, three times in a row with less than 10 min between. It is forgotten
 * 10 min after the last time, when QUIC works, and when the network changes. */
gboolean peerup_peerstore_is_udp_blocked (PeerupPeerstore *self, gint64 now);
void peerup_peerstore_report_udp (PeerupPeerstore *self, gboolean works, gint64 now);
void peerup_peerstore_network_changed (PeerupPeerstore *self);

/* When an address of @peer's that leads through no relay was last tried and came to something; 0: none was. */
gint64 peerup_peerstore_get_last_dial (PeerupPeerstore *self, PeerupPeerId *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerstore, peerup_peerstore_free)

G_END_DECLS
