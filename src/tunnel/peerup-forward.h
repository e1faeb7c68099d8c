/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/**
 * PeerupForwardState:
 * @PEERUP_FORWARD_STOPPED: does not listen
 * @PEERUP_FORWARD_IDLE: listens, nobody is connected
 * @PEERUP_FORWARD_CONNECTING: somebody is connected and the peer is being reached
 * @PEERUP_FORWARD_ACTIVE: at least one connection is carried
 * @PEERUP_FORWARD_FAILED: listens; the last connection could not be carried, "last-error" says why
 */
typedef enum
{
  PEERUP_FORWARD_STOPPED,
  PEERUP_FORWARD_IDLE,
  PEERUP_FORWARD_CONNECTING,
  PEERUP_FORWARD_ACTIVE,
  PEERUP_FORWARD_FAILED,
} PeerupForwardState;

#define PEERUP_TYPE_FORWARD_STATE (peerup_forward_state_get_type ())
GType peerup_forward_state_get_type (void);
/* "stopped", "idle", "connecting", "active", "failed". */
const char *peerup_forward_state_to_string (PeerupForwardState state);

/* A service of a peer as a local TCP port: each connection that is accepted is joined to a
 * new stream for /peerup/NAME/1.0.0. A peer that cannot be reached is tried again after
 * 1, 2 and 4 seconds; one that refuses is not. The local client then sees a reset, never
 * an end of stream that could pass for a complete answer.
 *
 * Properties: "peer" (PeerupPeerId), "peer-name", "service", "address", "port" (the real
 * one while it listens), "state", "active", "total", "bytes-in" (from the peer),
 * "bytes-out", "last-error" (plain English, NULL after a success). Bytes do not notify. */
#define PEERUP_TYPE_FORWARD (peerup_forward_get_type ())
G_DECLARE_FINAL_TYPE (PeerupForward, peerup_forward, PEERUP, FORWARD, GObject)

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
const char *peerup_forward_get_peer_name (PeerupForward *self);
const char *peerup_forward_get_service (PeerupForward *self);
/* As given; NULL for loopback. */
const char *peerup_forward_get_address (PeerupForward *self);
guint peerup_forward_get_port (PeerupForward *self);
PeerupForwardState peerup_forward_get_state (PeerupForward *self);
const char *peerup_forward_get_last_error (PeerupForward *self);
guint peerup_forward_get_active (PeerupForward *self);
guint64 peerup_forward_get_total (PeerupForward *self);
void peerup_forward_get_bytes (PeerupForward *self, guint64 *in, guint64 *out);

/* For tests: milliseconds of the first pause between two tries, 1000 unless set; each later
 * one is twice as long. */
void peerup_forward_set_first_pause (PeerupForward *self, guint pause);

G_END_DECLS
