/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "wire/peerup-multiaddr.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* libp2p's mDNS (discovery/mdns.md) on every network that this machine is on, IPv4 and IPv6: answers and asks for
 * _p2p._udp.local, and tells whom it hears. Nothing that it hears is proven: a hint where to dial. Beside it, invites
 * that are open here, and whose number somebody looks for: _peerup-invite._udp.local. Lives in one thread and its
 * context.
 *
 * Signals:
 *  "found" (PeerupPeerId, GPtrArray of PeerupMultiaddr without /p2p): a peer has said where it is, in networks that
 * this machine is on; again when that changes, and when it was not heard for as long as it said "idle": nobody waits
 * for anything any more
 */
#define PEERUP_TYPE_MDNS (peerup_mdns_get_type ())
G_DECLARE_FINAL_TYPE (PeerupMdns, peerup_mdns, PEERUP, MDNS, GObject)

#define PEERUP_MDNS_SERVICE        "_p2p._udp.local"
#define PEERUP_MDNS_INVITE_SERVICE "_peerup-invite._udp.local"

/* Opens no socket yet. */
PeerupMdns *peerup_mdns_new (PeerupPeerId *own) G_GNUC_WARN_UNUSED_RESULT;
/* Joins the groups of every interface that is up; interfaces may come and go, see peerup_mdns_network_changed(). FALSE
 * with the reason (port 5353 taken by somebody who does not share it, no network) if there is none at all. */
gboolean peerup_mdns_start (PeerupMdns *self, GError **error);
/* Takes back what was said, and closes all sockets. Whoever waits is told CLOSED. */
void peerup_mdns_stop (PeerupMdns *self);
gboolean peerup_mdns_is_started (PeerupMdns *self);
gboolean peerup_mdns_is_waited_for (PeerupMdns *self);
/* (nullable) (transfer none): what keeps it from one of the IP versions, or both, since the last look. */
const GError *peerup_mdns_get_error (PeerupMdns *self);
void peerup_mdns_network_changed (PeerupMdns *self);
/* Where we listen, real ports; loopback and relayed ones are not told. Copied. */
void peerup_mdns_set_addresses (PeerupMdns *self, GPtrArray *addresses);
/* Whether peers are told of us; invites and questions are another matter. Default TRUE. */
void peerup_mdns_set_announcing (PeerupMdns *self, gboolean announcing);
/* Asks now, for peers, and tells of all of them again. */
void peerup_mdns_query (PeerupMdns *self);

/* Says until it is taken back that the invite @number is open here. */
void peerup_mdns_add_invite (PeerupMdns *self, guint number);
void peerup_mdns_remove_invite (PeerupMdns *self, guint number);
/* One whose invite was heard of. */
typedef struct
{
  PeerupPeerId *peer;
  GPtrArray *addresses; /* of PeerupMultiaddr */
} PeerupMdnsInviter;
#define PEERUP_TYPE_MDNS_INVITER (peerup_mdns_inviter_get_type ())
GType peerup_mdns_inviter_get_type (void);
PeerupMdnsInviter *peerup_mdns_inviter_copy (const PeerupMdnsInviter *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_inviter_free (PeerupMdnsInviter *self);
/* Resolves to the PeerupMdnsInviter that has the invite @number, the first one that is heard of, and rejects with
 * TIMEOUT at @deadline (monotonic µs), UNREACHABLE where mDNS is not started. May be dropped. Somebody may claim what
 * is not theirs: whoever answers has to prove the code. */
DexFuture *peerup_mdns_find_invite (PeerupMdns *self, guint number, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same for @peer, with or without an invite: where it says that it is. */
DexFuture *peerup_mdns_find_peer (PeerupMdns *self, PeerupPeerId *peer, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsInviter, peerup_mdns_inviter_free)

G_END_DECLS
