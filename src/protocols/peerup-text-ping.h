/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* The original program's ping: one line each way, one exchange a stream. */
#define PEERUP_TEXT_PING_PROTOCOL "/pingpong/1.0.0"
/* Served by nobody: timing its refusal measures a round trip to any libp2p program. */
#define PEERUP_RTT_PROBE_PROTOCOL "/peerup/rtt-probe/1.0.0"
/* Longest line, and microseconds for it to come and for the answer to leave. */
#define PEERUP_TEXT_PING_LINE_MAX 64
#define PEERUP_TEXT_PING_TIMEOUT  (10 * G_USEC_PER_SEC)

/* Answers "ping" with "pong" and anything else with "unknown". Undo by peerup_swarm_remove_protocol(). */
void peerup_text_ping_serve (PeerupSwarm *swarm, const char *protocol);
/* Connects if needed, and resolves to the microseconds (int64) between the question and
 * the answer. Rejects with what peerup_swarm_open_stream() says, TIMEOUT, CLOSED, RESET,
 * PROTOCOL for another answer than "pong". */
DexFuture *peerup_text_ping (PeerupSwarm *swarm, PeerupPeerId *peer, const char *protocol,
                             gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Connects if needed, and resolves to the microseconds (int64) until the peer refused (or
 * took) the probe protocol on an open connection. */
DexFuture *peerup_rtt_probe (PeerupSwarm *swarm, PeerupPeerId *peer, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
