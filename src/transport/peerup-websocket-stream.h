/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* A stream inside a WebSocket (RFC 6455). WebSocket has no half-close: who closes its writing says
 * goodbye for both, and the peer answers with its own end. That end is only as trustworthy as
 * the stream below, so what runs inside must know its own. */
#define PEERUP_TYPE_WEBSOCKET_STREAM (peerup_websocket_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupWebsocketStream, peerup_websocket_stream, PEERUP, WEBSOCKET_STREAM, PeerupStream)

/* @client: which of the two has dialed, and masks; @early: (nullable): what was read from @raw behind the
 * handshake, at most 128 KiB. Errors of the stream: those of @raw, those of peerup_websocket_feed() (which
 * close @raw), and CLOSED if the peer ends within a frame. */
PeerupStream *peerup_websocket_stream_new (PeerupStream *raw, gboolean client, gconstpointer early,
                                           gsize early_length) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  const char *host; /* the client's Host field: a name or address and a port; NULL: we are the server */
  gint64 deadline;  /* monotonic µs */
} PeerupWebsocketOptions;

/* Runs HTTP's handshake in the calling fiber. Fails as peerup_websocket_handshake_feed(), and with
 * CLOSED and TIMEOUT; a client that was refused has been told why then, and @raw is closed. */
PeerupStream *peerup_websocket_stream_handshake (PeerupStream *raw, const PeerupWebsocketOptions *options,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For tests: bytes of buffers held now. */
gsize peerup_websocket_stream_get_held (PeerupWebsocketStream *self);

G_END_DECLS
