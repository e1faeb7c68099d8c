/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * HTTP's handshake on a stream, in the fiber of whoever wants a WebSocket on it. It holds a small
 * piece of what is received on the stack, and leaves to the new stream what comes behind it. */

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "transport/peerup-websocket-stream.h"
#include "transport/websocket/peerup-websocket-handshake.h"
#include "wire/peerup-error.h"

/* Bytes read at a time: while somebody takes his time, no more than that is held. */
#define CHUNK_SIZE 2048

static gboolean
send_bytes (PeerupStream *raw, PeerupWebsocketHandshake *handshake, gint64 deadline, GError **error)
{
  g_autoptr (GBytes) output = peerup_websocket_handshake_take_output (handshake);

  return output == NULL || peerup_stream_await_write_all (raw, g_bytes_get_data (output, NULL),
                                                          g_bytes_get_size (output), deadline, error);
}

static gssize
receive_bytes (PeerupStream *raw, guint8 buffer[CHUNK_SIZE], gint64 deadline, GError **error)
{
  gssize n = peerup_stream_await_read (raw, buffer, CHUNK_SIZE, deadline, error);

  if (n == 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                         "The other side closed the connection during the WebSocket handshake");
  return n;
}

/* Leaves in @early what comes behind the handshake, and returns how much that is; -1: an error. */
static gssize
run_handshake (PeerupStream *raw, PeerupWebsocketHandshake *handshake, guint8 early[CHUNK_SIZE], gint64 deadline,
               GError **error)
{
  gsize consumed = 0, length = 0;

  while (send_bytes (raw, handshake, deadline, error))
    {
      gssize n;

      if (peerup_websocket_handshake_is_done (handshake))
        {
          memmove (early, early + consumed, length - consumed);
          return length - consumed;
        }
      n = receive_bytes (raw, early, deadline, error);
      if (n <= 0)
        return -1;
      length = n;
      if (!peerup_websocket_handshake_feed (handshake, early, length, &consumed, error))
        {
          /* Why, for whom it concerns; whether that arrives concerns nobody here. */
          send_bytes (raw, handshake, deadline, NULL);
          peerup_stream_close (raw);
          return -1;
        }
    }
  return -1;
}

static PeerupWebsocketHandshake *
handshake_new (const char *host)
{
  guint8 nonce[PEERUP_WEBSOCKET_NONCE_SIZE];

  if (host == NULL)
    return peerup_websocket_handshake_new_server ();
  if (gnutls_rnd (GNUTLS_RND_NONCE, nonce, sizeof nonce) != 0)
    g_error ("GnuTLS has no random numbers");
  return peerup_websocket_handshake_new_client (host, nonce);
}

PeerupStream *
peerup_websocket_stream_handshake (PeerupStream *raw, const PeerupWebsocketOptions *options, GError **error)
{
  g_autoptr (PeerupWebsocketHandshake) handshake = handshake_new (options->host);
  guint8 early[CHUNK_SIZE];
  gssize length = run_handshake (raw, handshake, early, options->deadline, error);

  return length >= 0 ? peerup_websocket_stream_new (raw, options->host != NULL, early, length) : NULL;
}
