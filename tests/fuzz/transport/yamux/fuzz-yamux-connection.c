/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A connection over a small pipe, driven by operations from the input: what its peer
 * sends, reads and does not read, what users of its streams do, and how time passes.
 */
#include "transport/peerup-pipe-stream.h"
#include "transport/peerup-yamux-connection-private.h"

#define N_STREAMS 8

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

typedef struct
{
  PeerupConnection *connection;
  PeerupStream *raw;
  PeerupStream *streams[N_STREAMS];
  gint64 now;
} Run;

static PeerupConnection *
new_connection (PeerupStream *io, gboolean is_client)
{
  static const guint8 bytes[32];
  g_autoptr (PeerupPublicKey) key = peerup_public_key_new (PEERUP_KEY_ED25519, bytes, sizeof bytes, NULL);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_public_key (key);
  PeerupConnectionInfo info = { .remote_key = key, .remote_peer = peer };
  PeerupYamuxLimits limits = { 8, 4, 8, 2, 4096, 1 << 20, 1 << 21, 1 << 18, 200 };

  return peerup_yamux_connection_new (io, &info, is_client, &limits);
}

static void
keep (Run *run, guint place, PeerupStream *stream)
{
  g_set_object (&run->streams[place % N_STREAMS], stream);
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  if (peerup_connection_get_n_streams (connection) % 5 == 4)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SHUTDOWN);
  keep (data, peerup_connection_get_n_streams (connection), stream);
}

static void
on_ready (PeerupStream *stream, gpointer data)
{
  static guint8 bytes[5000];
  GInputVector in[2];
  gsize n = peerup_stream_peek (stream, in, 2);

  if (n > 0)
    peerup_stream_consume (stream, in[0].size);
  if (peerup_stream_read (stream, bytes, sizeof bytes, NULL) == 0)
    peerup_stream_close_write (stream);
  peerup_stream_write (stream, bytes, sizeof bytes, NULL);
}

static void
open_stream (Run *run, guint place)
{
  g_autoptr (DexFuture) future = peerup_connection_open_stream (run->connection);

  if (dex_future_is_resolved (future))
    keep (run, place, g_value_get_object (dex_future_get_value (future, NULL)));
}

static void
operate_stream (guint op, PeerupStream *stream, guint argument)
{
  static const guint8 bytes[51000];

  switch (op)
    {
    case 0:
      peerup_stream_write (stream, bytes, argument * 200, NULL);
      break;
    case 1:
      peerup_stream_arm_read (stream, on_ready, NULL);
      break;
    case 2:
      peerup_stream_arm_write (stream, on_ready, NULL);
      break;
    case 3:
      peerup_stream_close_write (stream);
      break;
    case 4:
      peerup_stream_close_read (stream);
      break;
    default:
      peerup_stream_reset (stream, argument);
    }
}

/* Returns how many bytes of the input it took. */
static gsize
operate (Run *run, const guint8 *data, gsize size)
{
  guint op = data[0] % 16;
  guint argument = data[1];
  PeerupStream **stream = &run->streams[data[0] / 16 % N_STREAMS];
  gsize n = MIN (argument, size - 2);
  guint8 buffer[2560];

  if (op < 4 && n > 0)
    return 2 + MAX (peerup_stream_write (run->raw, data + 2, n, NULL), 0);
  else if (op == 4)
    peerup_stream_read (run->raw, buffer, argument * 10 + 1, NULL);
  else if (op == 5)
    open_stream (run, argument);
  else if (op == 6)
    g_clear_object (stream);
  else if (op == 7)
    peerup_yamux_connection_check (PEERUP_YAMUX_CONNECTION (run->connection), run->now += argument * (gint64) 100000);
  else if (op == 8 && argument == 1)
    peerup_stream_close_write (run->raw);
  else if (op == 8 && argument == 2)
    peerup_connection_close (run->connection, argument);
  else if (op >= 10 && *stream != NULL)
    operate_stream (op - 10, *stream, argument);
  if (op % 2 == 0)
    while (g_main_context_iteration (NULL, FALSE))
      ;
  return 2;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  Run run = { .now = g_get_monotonic_time () };
  PeerupStream *io;

  dex_init ();
  peerup_pipe_stream_new_pair (3000, &io, &run.raw);
  run.connection = new_connection (io, size % 2);
  peerup_connection_set_stream_func (run.connection, on_stream, &run);
  while (size >= 2)
    {
      gsize n = operate (&run, data, size);

      data += n;
      size -= n;
    }
  for (guint i = 0; i < N_STREAMS; i++)
    g_clear_object (&run.streams[i]);
  peerup_stream_reset (run.raw, 0);
  while (!peerup_connection_is_closed (run.connection))
    g_main_context_iteration (NULL, FALSE);
  g_assert_finalize_object (run.connection);
  g_object_unref (run.raw);
  return 0;
}
