/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A whole connection against a peer whose bytes are the input. The first byte says what is
 * between the two: nothing (yamux over a pipe), a Noise channel, or the upgrade from its first
 * byte on. Then come steps: bytes or frames of the peer, and calls of our own in between,
 * made also by callbacks. However it goes, nothing may be left in the end. */

#include <stdint.h>
#include <string.h>

#include "transport/peerup-noise-stream.h"
#include "transport/peerup-pipe-stream.h"
#include "transport/peerup-upgrade.h"
#include "transport/peerup-yamux-connection.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

enum
{
  MAX_STREAMS = 16
};

typedef struct
{
  const uint8_t *data;
  size_t size;
  PeerupStream *raw;  /* the peer's end of the pipe */
  PeerupStream *peer; /* what the peer writes on: that, or Noise over it */
  PeerupConnection *connection;
  DexFuture *upgrade;
  GPtrArray *streams;
  GPtrArray *futures;
} Run;

static PeerupPrivateKey *identities[2];
static PeerupCertificate *certificate;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  static const guint8 seeds[2][32] = { { 1 }, { 2 } };

  dex_init ();
  for (guint i = 0; i < 2; i++)
    identities[i] = peerup_private_key_new_from_seed (seeds[i], NULL);
  certificate = peerup_certificate_new (identities[0], NULL);
  return 0;
}

static guint
next (Run *run)
{
  if (run->size == 0)
    return 0;
  run->size--;
  return *run->data++;
}

static void
spin (guint n)
{
  while (n-- > 0)
    g_main_context_iteration (NULL, FALSE);
}

static void
send_bytes (Run *run, const void *bytes, gsize length)
{
  if (length > 0)
    peerup_stream_write (run->peer, bytes, length, NULL);
}

/* A frame of yamux with a small stream id, so that it has a chance to mean something. */
static void
send_frame (Run *run)
{
  guint8 frame[12 + 64] = { 0, next (run) % 5 };
  guint length;

  frame[3] = next (run);
  frame[7] = next (run);
  length = next (run);
  frame[10] = frame[1] == 0 ? 0 : next (run);
  frame[11] = length;
  length = frame[1] == 0 ? MIN (length, 64) : 0;
  length = MIN (length, run->size);
  memcpy (frame + 12, run->data, length);
  run->data += length;
  run->size -= length;
  send_bytes (run, frame, 12 + length);
}

static void
on_ready (PeerupStream *stream, gpointer data)
{
  Run *run = data;
  guint8 bytes[512];
  gssize n = peerup_stream_read (stream, bytes, sizeof bytes, NULL);

  switch (next (run) % 4)
    {
    case 0:
      peerup_stream_reset (stream, next (run));
      break;
    case 1:
      if (n > 0)
        peerup_stream_write (stream, bytes, n, NULL);
      break;
    default:
      if (n > 0)
        peerup_stream_arm_read (stream, on_ready, run);
    }
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Run *run = data;
  guint choice = next (run);

  if (choice & 1 && run->streams->len < MAX_STREAMS)
    g_ptr_array_add (run->streams, g_object_ref (stream));
  if (choice & 2)
    peerup_stream_arm_read (stream, on_ready, run);
  if (choice & 4)
    peerup_stream_close (stream);
  if ((choice & 0xf8) == 0xf8)
    peerup_connection_close (connection, choice);
}

static void
on_closed (PeerupConnection *connection, gpointer data)
{
  Run *run = data;

  if (next (run) & 1)
    g_ptr_array_set_size (run->streams, 0);
}

static void
collect (Run *run)
{
  for (guint i = 0; i < run->futures->len;)
    {
      const GValue *value = dex_future_get_value (run->futures->pdata[i], NULL);

      if (dex_future_is_pending (run->futures->pdata[i]))
        {
          i++;
          continue;
        }
      if (value != NULL && G_VALUE_HOLDS_OBJECT (value) && run->streams->len < MAX_STREAMS)
        g_ptr_array_add (run->streams, g_value_dup_object (value));
      g_ptr_array_remove_index (run->futures, i);
    }
}

static void
use_stream (Run *run)
{
  static const guint8 zeros[4096];
  guint i = next (run) % MAX_STREAMS;
  PeerupStream *stream = i < run->streams->len ? run->streams->pdata[i] : NULL;

  if (stream == NULL)
    return;
  switch (next (run) % 6)
    {
    case 0:
      peerup_stream_write (stream, zeros, 1 + 16 * next (run), NULL);
      break;
    case 1:
      peerup_stream_close_write (stream);
      break;
    case 2:
      peerup_stream_close_read (stream);
      break;
    case 3:
      peerup_stream_reset (stream, next (run));
      break;
    case 4:
      peerup_stream_arm_read (stream, on_ready, run);
      break;
    default:
      g_ptr_array_remove_index (run->streams, i);
    }
}

static void
use_connection (Run *run)
{
  guint choice = next (run);

  if (run->connection == NULL)
    return;
  switch (choice % 8)
    {
    case 0:
      peerup_connection_close (run->connection, next (run));
      break;
    case 1:
      peerup_connection_retire (run->connection, next (run));
      break;
    case 2:
      g_ptr_array_add (run->futures, peerup_connection_ping (run->connection));
      break;
    case 3:
      peerup_connection_set_stream_func (run->connection, choice & 8 ? on_stream : NULL, run);
      break;
    default:
      if (run->futures->len < MAX_STREAMS)
        g_ptr_array_add (run->futures, peerup_connection_open_stream (run->connection));
    }
}

static void
read_answers (Run *run)
{
  guint8 bytes[4096];

  while (peerup_stream_read (run->peer, bytes, sizeof bytes, NULL) > 0)
    continue;
}

static void
step (Run *run)
{
  gsize length;

  switch (next (run) % 8)
    {
    case 0:
      length = next (run);
      length = MIN (length, run->size);
      send_bytes (run, run->data, length);
      run->data += length;
      run->size -= length;
      break;
    case 1:
    case 2:
      send_frame (run);
      break;
    case 3:
      use_stream (run);
      break;
    case 4:
      use_connection (run);
      break;
    case 5:
      read_answers (run);
      break;
    case 6:
      spin (next (run) % 8);
      break;
    default:
      if (next (run) == 0)
        peerup_stream_close_write (run->raw);
    }
  collect (run);
}

static PeerupNoise *
new_noise (gboolean initiator)
{
  return peerup_noise_new (initiator, identities[initiator], NULL, NULL, NULL, NULL);
}

/* Noise over both ends of the pipe, the handshake done. */
static PeerupStream *
put_noise_between (Run *run, PeerupStream *raw)
{
  PeerupNoise *noise[2] = { new_noise (TRUE), new_noise (FALSE) };
  PeerupStream *stream;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GBytes) output = peerup_noise_take_output (noise[i % 2]);
      gsize consumed;

      if (!peerup_noise_feed (noise[1 - i % 2], g_bytes_get_data (output, NULL), g_bytes_get_size (output), &consumed,
                              NULL))
        g_assert_not_reached ();
    }
  run->peer = peerup_noise_stream_new (run->raw, noise[0], NULL, 0);
  stream = peerup_noise_stream_new (raw, noise[1], NULL, 0);
  g_object_unref (raw);
  return stream;
}

static void
start_yamux (Run *run, PeerupStream *io, gboolean is_client)
{
  PeerupConnectionInfo info = {
    .remote_key = peerup_private_key_get_public_key (identities[1]),
    .remote_peer = peerup_private_key_get_peer_id (identities[1]),
    .transport = "memory",
    .outbound = is_client,
  };

  run->connection = peerup_yamux_connection_new (io, &info, is_client, NULL);
  g_signal_connect (run->connection, "closed", G_CALLBACK (on_closed), run);
  peerup_connection_set_stream_func (run->connection, on_stream, run);
}

static void
start_upgrade (Run *run, PeerupStream *raw, gboolean outbound)
{
  PeerupUpgradeOptions options = {
    .identity = identities[0],
    .certificate = certificate,
    .outbound = outbound,
    .expected_peer = outbound ? peerup_private_key_get_peer_id (identities[1]) : NULL,
    .transport = "memory",
    .deadline = G_MAXINT64,
  };

  run->upgrade = peerup_upgrade (raw, &options);
  g_object_unref (raw);
}

static void
start (Run *run)
{
  guint mode = next (run);
  PeerupStream *raw;

  peerup_pipe_stream_new_pair (mode & 8 ? 64 : 65536, &raw, &run->raw);
  run->peer = g_object_ref (run->raw);
  if (mode % 4 == 3)
    {
      start_upgrade (run, raw, (mode & 4) != 0);
      return;
    }
  if (mode % 4 == 2)
    {
      g_object_unref (run->peer);
      raw = put_noise_between (run, raw);
    }
  start_yamux (run, raw, (mode & 4) != 0);
}

static void
assert_gone (gpointer *object)
{
  for (guint i = 0; i < 1000 && *object != NULL; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (*object);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Run run = { .data = data, .size = size };
  gpointer connection;

  run.streams = g_ptr_array_new_with_free_func (g_object_unref);
  run.futures = g_ptr_array_new_with_free_func (dex_unref);
  start (&run);
  while (run.size > 0)
    step (&run);
  spin (8);
  /* The peer is gone, and so is everybody who held something. */
  connection = run.connection;
  if (connection != NULL)
    {
      g_object_add_weak_pointer (connection, &connection);
      peerup_connection_set_stream_func (connection, NULL, NULL);
      peerup_connection_close (connection, PEERUP_CONNECTION_CODE_NONE);
    }
  g_object_unref (run.peer);
  peerup_stream_reset (run.raw, PEERUP_STREAM_CODE_NONE);
  g_object_unref (run.raw);
  g_ptr_array_unref (run.streams);
  g_ptr_array_unref (run.futures);
  g_clear_object (&run.connection);
  assert_gone (&connection);
  if (run.upgrade != NULL)
    {
      while (dex_future_is_pending (run.upgrade))
        g_main_context_iteration (NULL, FALSE);
      dex_unref (run.upgrade);
    }
  return 0;
}
