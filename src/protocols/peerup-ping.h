/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* libp2p's ping (ping.md): blocks of 32 random bytes that come back unchanged. */
#define PEERUP_PING_PROTOCOL "/ipfs/ping/1.0.0"
#define PEERUP_PING_SIZE     32
/* Streams one peer may have open to our server; more are reset with RESOURCE_LIMIT. */
#define PEERUP_PING_STREAMS_MAX 2
/* Microseconds without a block after which the server closes a stream. */
#define PEERUP_PING_IDLE_TIMEOUT (10 * G_USEC_PER_SEC)

/* Echoes until the end of each stream. Undo by peerup_swarm_remove_protocol(). */
void peerup_ping_serve (PeerupSwarm *swarm);
/* Connects if needed, and resolves to the round trip in microseconds (int64) of one block on a
 * stream of its own; opening is not counted. Rejects with what peerup_swarm_open_stream() says,
 * TIMEOUT, PROTOCOL (another block came back), CLOSED, RESET. */
DexFuture *peerup_ping_once (PeerupSwarm *swarm, PeerupPeerId *peer, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

/* Pings one peer again and again over one stream, which is opened when it is first needed
 * and again after the peer closed it for being idle. */
#define PEERUP_TYPE_PINGER (peerup_pinger_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPinger, peerup_pinger, PEERUP, PINGER, GObject)

PeerupPinger *peerup_pinger_new (PeerupSwarm *swarm, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* As peerup_ping_once(); one at a time (else LIMIT). After a failure the next one opens a new stream. */
DexFuture *peerup_pinger_ping (PeerupPinger *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the connection of the last block, borrowed. */
PeerupConnection *peerup_pinger_get_connection (PeerupPinger *self);

G_END_DECLS
