/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "wire/peerup-dcutr-message.h"

G_BEGIN_DECLS

/* Direct connection upgrade through relay (DCUtR.md), for peers that do not know our own protocol: on a relayed
 * connection both tell their addresses, and dial each other at the same moment. */
#define PEERUP_DCUTR_PROTOCOL "/libp2p/dcutr"
/* Tries of one upgrade, and addresses of a message that are dialed: the first ones of the internet. */
#define PEERUP_DCUTR_TRIES         3
#define PEERUP_DCUTR_ADDRESSES_MAX 8
/* Microseconds for the messages of a try, and for what follows them. */
#define PEERUP_DCUTR_EXCHANGE_TIMEOUT (10 * G_USEC_PER_SEC)
#define PEERUP_DCUTR_TRY_TIMEOUT      (5 * G_USEC_PER_SEC)
/* How often a peer may have us dial: so many tries over one connection, and so many at once, then one in so many
 * microseconds. What a try may send stands in swarm/peerup-swarm-simultaneous.h. */
#define PEERUP_DCUTR_TRIES_PER_CONNECTION 30
#define PEERUP_DCUTR_TRY_BURST            (2 * PEERUP_DCUTR_TRIES)
#define PEERUP_DCUTR_TRY_INTERVAL         (60 * G_USEC_PER_SEC)

#define PEERUP_TYPE_DCUTR (peerup_dcutr_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDcutr, peerup_dcutr, PEERUP, DCUTR, GObject)

/* Serves the protocol on @swarm until it is finalized: on relayed connections that we dialed, and once at a time on
 * each. Whoever asks where that does not hold, or in another order than the specification's, or for addresses of which
 * none is of the internet, has its stream reset and nothing is dialed. One for a swarm. */
PeerupDcutr *peerup_dcutr_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* (element-type PeerupMultiaddr): where our sockets are seen from outside; those that are not of the internet are left
 * out. Without any there is no upgrade. Copied. */
void peerup_dcutr_set_addresses (PeerupDcutr *self, GPtrArray *addresses);
/* @relayed: one that the peer dialed. Asks it, and dials when it does: as the server twice, as the client the third
 * time, for peers that have it the other way round (go-libp2p before 0.41). Resolves to the direct PeerupConnection,
 * which the swarm has taken up, or to one that is there already. Rejects with NEGOTIATION when the peer does not know
 * the protocol, UNSUPPORTED for another kind of connection or without an address to tell, UNREACHABLE with a sentence
 * about what was tried, TIMEOUT, LIMIT while an upgrade of @relayed is under way, PROTOCOL, MALFORMED, and as the
 * stream. A future that is discarded ends it. @deadline: monotonic µs. */
DexFuture *
peerup_dcutr_connect (PeerupDcutr *self, PeerupConnection *relayed, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
