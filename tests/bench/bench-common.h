/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Kinds of connections: "tls" (which NULL stands for) and "noise" over TCP with yamux, "ws"
 * (TLS in a WebSocket), "quic" and "quic-bbr". */
gboolean bench_is_quic (const char *kind);
/* A swarm with a new key that lets everybody in. */
PeerupSwarm *bench_swarm_new (const char *kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Listens on a free port of @host, an IPv4 address, NULL for loopback; returns the multiaddr to dial. */
char *
bench_swarm_listen (PeerupSwarm *swarm, const char *kind, const char *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds @multiaddr, which ends in /p2p/PEERID, to what @swarm knows; returns that peer ID. */
PeerupPeerId *
bench_swarm_add_peer (PeerupSwarm *swarm, const char *multiaddr, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* KiB: the proportional set size (Pss of /proc/self/smaps_rollup); -1 where it cannot be read. */
gint64 bench_get_pss (void);
/* Microseconds of processor time so far. */
gint64 bench_get_processor_time (void);
/* As many as the system lets us have. */
void bench_allow_many_descriptors (void);

/* Runs the main loop until @future (transfer full) has come to its end; whether it is a good one. */
gboolean bench_await (DexFuture *future, GError **error);
/* Runs the main loop for so many microseconds. */
void bench_rest (gint64 duration);
/* Prints a line of JSON: {"dispatches": [[µs, n], …]}, n dispatches of the data path that took less than so many
 * microseconds and no less than the entry before; 0 for those that took longer. */
void bench_print_dispatches (void);
/* Runs the main loop until SIGTERM, SIGINT or the end of standard input. */
void bench_run_until_told (void);

G_END_DECLS
