/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Whether others can reach this machine from the internet, and where: by what has happened, never by
 * what somebody only says. An address of ours is confirmed while there is evidence for it: a visit, which
 * is a connection that somebody opened to us, or a dial-back, which is one that a server of AutoNAT opened
 * because we asked it to, and on which it proved that.
 *
 * The rule. A visit counts when it came from a globally routable address that is not our own: a
 * neighbour in the house, behind the same CGNAT or on this machine proves nothing. It confirms the
 * address that it came in on, if that is globally routable. If it is not (somebody forwards a port to us), it
 * confirms the address that the visitor says it dialed, if that is globally routable, of the same family and
 * transport, and not on the visitor's own host. What anybody says without such a visit is worth nothing.
 * A dial-back counts as a visit does, by the same rule; what the server says that it dialed is the address that we
 * asked it for. That nobody came, once servers agree on it, takes back what dial-backs have proved of that address,
 * and nothing that a visit has: servers can be wrong, or lie, and a visitor was here.
 *
 * The caller's part of the rule: tell of visits by those only who are trusted (authorized peers, and
 * configured relays once they dial us back), and of none over UDP by a peer whom we have dialed
 * shortly before, because that opens firewalls and NATs for it alone. Of dial-backs the same: those that an authorized
 * peer or a configured relay was asked for, and over UDP none from a host to which we have sent something lately, from
 * whatever port it comes. A stranger that serves dial requests can thus not make us a relay.
 *
 * Evidence stays while its visit lasts and PEERUP_REACHABILITY_LIFETIME longer, and goes when the
 * address that the visit came in on is no longer ours. No clock: @now is monotonic microseconds. */
#define PEERUP_TYPE_REACHABILITY (peerup_reachability_get_type ())
G_DECLARE_FINAL_TYPE (PeerupReachability, peerup_reachability, PEERUP, REACHABILITY, GObject)

/* Signals: "changed": the confirmed addresses. */

#define PEERUP_REACHABILITY_LIFETIME (3600 * (gint64) G_USEC_PER_SEC)
/* Visits that are remembered; while so many last, further ones are not needed. */
#define PEERUP_REACHABILITY_VISITS_MAX 32
/* Addresses that are confirmed at a time. */
#define PEERUP_REACHABILITY_ADDRESSES_MAX 8

PeerupReachability *peerup_reachability_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* A visit has begun; @visit names it (a connection, say) until it is over. */
void peerup_reachability_came (PeerupReachability *self, gconstpointer visit, PeerupMultiaddr *local,
                               PeerupMultiaddr *remote, gint64 now);
/* The visitor says that it dialed @address. Nothing happens for a visit that is not known. */
void peerup_reachability_named (PeerupReachability *self, gconstpointer visit, PeerupMultiaddr *address, gint64 now);
/* The visit is over: what it proved ages from now on. */
void peerup_reachability_left (PeerupReachability *self, gconstpointer visit, gint64 now);
/* A server that was asked for @address has dialed it, from @remote, and came in at @local. It is over already, and
 * ages from now on. */
void peerup_reachability_dialed_back (PeerupReachability *self, PeerupMultiaddr *address, PeerupMultiaddr *local,
                                      PeerupMultiaddr *remote, gint64 now);
/* Servers agree that they cannot dial @address. */
void peerup_reachability_not_dialed_back (PeerupReachability *self, PeerupMultiaddr *address, gint64 now);
/* (element-type PeerupMultiaddr): what this machine listens on now. What came in on a host that is
 * not among them was seen on another network. */
void peerup_reachability_set_local_addresses (PeerupReachability *self, GPtrArray *addresses, gint64 now);
/* Forgets what is too old. */
void peerup_reachability_advance (PeerupReachability *self, gint64 now);
/* When advance() is to be called next; G_MAXINT64: not before something else is. */
gint64 peerup_reachability_get_deadline (PeerupReachability *self);

gboolean peerup_reachability_is_confirmed (PeerupReachability *self);
/* The same by visits alone, for which nobody had to be asked. */
gboolean peerup_reachability_is_visited (PeerupReachability *self);
/* (transfer full) of PeerupMultiaddr, without /p2p: confirmed first, first. */
GPtrArray *peerup_reachability_dup_addresses (PeerupReachability *self) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @address begins with an IP address of the internet: not private, shared (CGNAT), link-local,
 * loopback, reserved, multicast, or one that carries IPv4 (IANA's registries of special addresses). */
gboolean peerup_reachability_is_global (PeerupMultiaddr *address);
/* Whether both begin with one and the same address; with it and the same port; whether both are of one family and
 * transport, whatever their values (/wss is /tls/ws, and the name in /sni counts for nothing). */
gboolean peerup_reachability_is_same_host (PeerupMultiaddr *a, PeerupMultiaddr *b);
gboolean peerup_reachability_is_same_place (PeerupMultiaddr *a, PeerupMultiaddr *b);
gboolean peerup_reachability_is_same_kind (PeerupMultiaddr *a, PeerupMultiaddr *b);

G_END_DECLS
