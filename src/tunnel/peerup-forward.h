/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * PeerupForwardState:
 * @PEERUP_FORWARD_STOPPED: does not listen
 * @PEERUP_FORWARD_IDLE: listens, nobody is connected
 * @PEERUP_FORWARD_CONNECTING: somebody is connected and the peer is being reached
 * @PEERUP_FORWARD_ACTIVE: at least one connection is carried
 * @PEERUP_FORWARD_FAILED: listens; the last connection could not be carried, "last-error" says why
 *
 * What a forward does.
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
const char *peerup_forward_state_to_string (PeerupForwardState state);

#define PEERUP_TYPE_FORWARD (peerup_forward_get_type ())
/**
 * PeerupForward:
 *
 * A service of a peer as a local TCP port: each connection that is accepted is joined to a
 * new stream for `/peerup/NAME/1.0.0`. A peer that cannot be reached is tried again after
 * 1, 2 and 4 seconds; one that refuses is not. The local client then sees a reset, never
 * an end of stream that could pass for a complete answer.
 *
 * Every property notifies but the bytes, which are read when asked.
 */
G_DECLARE_FINAL_TYPE (PeerupForward, peerup_forward, PEERUP, FORWARD, GObject)

/* The properties. */
/**
 * PeerupForward:peer-id:
 *
 * The peer ID in base58.
 */
/**
 * PeerupForward:peer-name:
 *
 * What messages call the peer: its name, or its ID.
 */
/**
 * PeerupForward:service:
 *
 * The name of the service.
 */
/**
 * PeerupForward:address:
 *
 * The IP address it was made for; %NULL for loopback.
 */
/**
 * PeerupForward:port:
 *
 * The port; while it listens the real one, even if 0 was asked for.
 */
/**
 * PeerupForward:state:
 *
 * What it does.
 */
/**
 * PeerupForward:active:
 *
 * How many connections it carries now.
 */
/**
 * PeerupForward:total:
 *
 * How many connections it has carried since it was made.
 */
/**
 * PeerupForward:bytes-in:
 *
 * Bytes from the peer since it was made. Does not notify.
 */
/**
 * PeerupForward:bytes-out:
 *
 * Bytes to the peer since it was made. Does not notify.
 */
/**
 * PeerupForward:last-error:
 *
 * Why the last connection could not be carried; %NULL after a success.
 */

const char *peerup_forward_get_peer_id (PeerupForward *self);
const char *peerup_forward_get_peer_name (PeerupForward *self);
const char *peerup_forward_get_service (PeerupForward *self);
const char *peerup_forward_get_address (PeerupForward *self);
guint peerup_forward_get_port (PeerupForward *self);
PeerupForwardState peerup_forward_get_state (PeerupForward *self);
const char *peerup_forward_get_last_error (PeerupForward *self);
guint peerup_forward_get_active (PeerupForward *self);
guint64 peerup_forward_get_total (PeerupForward *self);
void peerup_forward_get_bytes (PeerupForward *self, guint64 *in, guint64 *out);

G_END_DECLS
