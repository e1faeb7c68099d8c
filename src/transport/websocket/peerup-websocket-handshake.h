/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Bytes of a request or an answer, the empty line behind it included. */
#define PEERUP_WEBSOCKET_HEAD_MAX 8192

/* Bytes of the nonce that a client's key is made of. */
#define PEERUP_WEBSOCKET_NONCE_SIZE 16

/* The way from HTTP/1.1 to WebSocket, either side of it (RFC 6455 4). A machine of bytes: it has
 * no socket, no clock and no randomness of its own.
 *
 *   take_output() -> send -> receive -> feed() -> take_output() -> …
 *
 * until is_done(), or until feed() fails: then a server still has its refusal to send. */
typedef struct _PeerupWebsocketHandshake PeerupWebsocketHandshake;

/* @host: for the Host field, as it stands in a URL: a name or address, and a port. @nonce: random,
 * never used before. Asks for "/", and for neither a subprotocol nor an extension. */
PeerupWebsocketHandshake *
peerup_websocket_handshake_new_client (const char *host,
                                       const guint8 nonce[PEERUP_WEBSOCKET_NONCE_SIZE]) G_GNUC_WARN_UNUSED_RESULT;
/* Takes any path and any Origin: who comes is proven inside. Of the subprotocols that are asked
 * for the first is granted, which is what a browser needs; extensions never are. */
PeerupWebsocketHandshake *peerup_websocket_handshake_new_server (void) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_websocket_handshake_feed:
 * @consumed: (out): bytes of @data that belonged to the handshake
 *
 * Takes in received bytes, in any pieces; stops behind the empty line, after which come frames.
 *
 * Errors: MALFORMED (not HTTP/1.1), TOO_LARGE (above PEERUP_WEBSOCKET_HEAD_MAX), PROTOCOL (no
 * upgrade to WebSocket, or not as RFC 6455 has it). All are final.
 */
gboolean peerup_websocket_handshake_feed (PeerupWebsocketHandshake *self, gconstpointer data, gsize length,
                                          gsize *consumed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Returns: (transfer full) (nullable): what is to be sent now. */
GBytes *peerup_websocket_handshake_take_output (PeerupWebsocketHandshake *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_websocket_handshake_is_done (const PeerupWebsocketHandshake *self);
void peerup_websocket_handshake_free (PeerupWebsocketHandshake *self);

/* (transfer full): Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 1.3). */
char *peerup_websocket_accept_for_key (const char *key) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupWebsocketHandshake, peerup_websocket_handshake_free)

G_END_DECLS
