/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "wire/peerup-discovery-message.h"

G_BEGIN_DECLS

/* What a peer offers to who asks (wire/peerup-discovery-message.h), one question a stream. */
#define PEERUP_DISCOVERY_PROTOCOL "/peerup/discovery/1.0.0"
/* Microseconds for a question and its answer. */
#define PEERUP_DISCOVERY_TIMEOUT (10 * G_USEC_PER_SEC)
/* Questions of one peer under way at our server: over each of its connections one, and some that are about to end. More
 * are reset with RESOURCE_LIMIT. */
#define PEERUP_DISCOVERY_STREAMS_MAX 4
/* How many it may ask at once, and then one in so many microseconds; more are reset with RATE_LIMITED. It has a reason
 * to ask for each push of identify, which are fewer. */
#define PEERUP_DISCOVERY_BURST    32
#define PEERUP_DISCOVERY_INTERVAL (G_USEC_PER_SEC / 2)

/* (transfer full) (nullable) of PeerupDiscoveryService: what @peer may use; NULL to say nothing, which resets the
 * stream and leaves @peer with what it knows. Called in a fiber. */
typedef GPtrArray *(*PeerupDiscoveryOffer) (PeerupPeerId *peer, gpointer data);

/* Undo by peerup_swarm_remove_protocol(), until which @data lives; what is asked then is not answered any more. */
void peerup_discovery_serve (PeerupSwarm *swarm, PeerupDiscoveryOffer offer, gpointer data);
/* Resolves to what the peer at the other end of @connection offers to us, a GPtrArray (G_TYPE_PTR_ARRAY, counted) of
 * PeerupDiscoveryService. Rejects as peerup_swarm_open_stream_on(), and with TIMEOUT, CLOSED, RESET, MALFORMED and
 * TOO_LARGE. May be dropped. */
DexFuture *
peerup_discovery_ask (PeerupSwarm *swarm, PeerupConnection *connection, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
