/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "tunnel/peerup-forward.h"

G_BEGIN_DECLS

/* Connections of one forward at a time; more wait in the kernel's queue. */
#define PEERUP_FORWARD_CONNECTIONS_MAX 4096
/* The longest one try to open a stream may take, in microseconds. */
#define PEERUP_FORWARD_OPEN_TIMEOUT (30 * G_USEC_PER_SEC)

/* @peer_name: what messages call the peer, NULL for its ID. @address: the local IP address
 * to listen on, NULL for loopback, v4 and v6 on one port. @port: 0 for any. MALFORMED for
 * the service name or the address. */
PeerupForward *peerup_forward_new (PeerupSwarm *swarm, PeerupPeerId *peer, const char *peer_name, const char *service,
                                   const char *address, guint port, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Listens; returns at once. EXISTS: the port is taken (the message names it and what to do);
 * G_IO_ERROR for what else the system refused. TRUE when it listens already. */
gboolean peerup_forward_start (PeerupForward *self, GError **error);
/* Stops listening and resets what it carries. It can be started again. */
void peerup_forward_stop (PeerupForward *self);
/* Stops listening, and resolves to TRUE when the open connections have ended by themselves,
 * or at @deadline (monotonic µs) by a reset. Never rejects. */
DexFuture *peerup_forward_drain (PeerupForward *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

PeerupPeerId *peerup_forward_get_peer (PeerupForward *self);
/* For tests: milliseconds of the first pause between two tries, 1000 unless set; each later
 * one is twice as long. */
void peerup_forward_set_first_pause (PeerupForward *self, guint pause);

G_END_DECLS
