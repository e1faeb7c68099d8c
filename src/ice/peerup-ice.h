/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "nat/peerup-nat-facts.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* A direct path to a peer through NATs by ICE (RFC 8445, trickled as RFC 8838), signalled on a stream of any connection
 * that there is, and used by QUIC as soon as the side that dialed that connection has it. Where ICE cannot do it but
 * the ports of one side can be searched (punch/peerup-port-search.h), that is tried too, with that header's bounds.
 *
 * Bounds, whatever a peer says: PEERUP_ICE_SESSIONS_MAX searches at a time, one with each peer, and
 * PEERUP_ICE_SESSIONS_PER_PEER in a minute that one peer may begin (peerup-ice-private.h); in each, checks of
 * PEERUP_ICE_REMOTE_CANDIDATES addresses, of these PEERUP_ICE_CANDIDATES_PER_HOST of one host, where
 * peerup_ice_may_probe() allows it (peerup-ice-filter.h). libnice keeps 100 pairs of addresses, and sends a check of
 * each, 100 bytes, three times where nobody answers: 30 kB in ten seconds, and to one host 2.4 kB from each address of
 * ours. */
#define PEERUP_ICE_PROTOCOL "/peerup/ice/1.0.0"

#define PEERUP_TYPE_ICE (peerup_ice_get_type ())
G_DECLARE_FINAL_TYPE (PeerupIce, peerup_ice, PEERUP, ICE, GObject)

/* Whether we look for a path to @peer when it asks for one. */
typedef gboolean (*PeerupIceAdmitFunc) (PeerupPeerId *peer, gpointer data);

/* Serves the protocol on @swarm until it is finalized; one for a swarm. */
PeerupIce *peerup_ice_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* NULL: everybody whom the gate lets open streams. Peers that we have dialed ourselves are never asked for. */
void peerup_ice_set_admit_func (PeerupIce *self, PeerupIceAdmitFunc admit, gpointer data);
/* @servers: STUN servers, the best first; 8 are looked at, at most. Copied. */
void peerup_ice_set_servers (PeerupIce *self, const PeerupSocketAddress *servers, guint n);
/* What is known of our NAT over IPv4; NULL: nothing. It is told to peers, so that both know what to try. */
void peerup_ice_set_nat (PeerupIce *self, const PeerupNatFacts *facts);
/* Finds a direct path to the peer of @carrier, on which both sides talk about it, whichever of them began. A search
 * with one peer that is under way is joined. Resolves to the PeerupConnection, which the swarm has taken up; the side
 * that dialed @carrier dials QUIC. Rejects with UNREACHABLE and a sentence why no path was found, NEGOTIATION when the
 * peer does not know the protocol, DENIED or LIMIT when it refuses, TIMEOUT at @deadline (monotonic µs), PROTOCOL when
 * it breaks the rules, CLOSED when it or this side ends the search, and as the carrier. A search takes 15 s at most. */
DexFuture *peerup_ice_connect (PeerupIce *self, PeerupConnection *carrier, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
