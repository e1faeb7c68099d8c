/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Two Noise streams over a pipe in memory, whose capacity decides how the frames are cut. */

#include <string.h>

#include "transport/peerup-noise-stream.h"
#include "transport/peerup-pipe-stream.h"

typedef struct
{
  PeerupStream *raw[2];  /* references; NULL once given up */
  PeerupStream *side[2]; /* initiator, responder */
} Pair;

static PeerupNoise *
new_noise (gboolean initiator)
{
  guint8 seed[32];
  g_autoptr (PeerupPrivateKey) identity = NULL;
  PeerupNoise *noise;

  memset (seed, initiator, sizeof seed);
  identity = peerup_private_key_new_from_seed (seed, NULL);
  noise = peerup_noise_new (initiator, identity, NULL, NULL, NULL, NULL);
  g_assert_nonnull (noise);
  return noise;
}

static void
shake_hands (PeerupNoise *noise[2])
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GBytes) output = peerup_noise_take_output (noise[i % 2]);
      gsize consumed;

      g_assert_true (peerup_noise_feed (noise[1 - i % 2], g_bytes_get_data (output, NULL), g_bytes_get_size (output),
                                        &consumed, NULL));
    }
}

static void
pair_init (Pair *pair, gsize capacity)
{
  PeerupNoise *noise[2] = { new_noise (TRUE), new_noise (FALSE) };

  shake_hands (noise);
  peerup_pipe_stream_new_pair (capacity, &pair->raw[0], &pair->raw[1]);
  for (guint i = 0; i < 2; i++)
    pair->side[i] = peerup_noise_stream_new (pair->raw[i], noise[i], NULL, 0);
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&pair->side[i]);
      g_clear_object (&pair->raw[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gsize
held (PeerupStream *stream)
{
  return peerup_noise_stream_get_held (PEERUP_NOISE_STREAM (stream));
}

static void
spin (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
assert_blocks (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static void
assert_reads (PeerupStream *stream, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char buffer[64];
  gssize n = peerup_stream_read (stream, buffer, sizeof buffer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, expected, strlen (expected));
}

static void
assert_fails (PeerupStream *stream, int code)
{
  g_autoptr (GError) read_error = NULL;
  g_autoptr (GError) write_error = NULL;
  guint8 byte = 0;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &read_error), ==, -1);
  g_assert_error (read_error, PEERUP_ERROR, code);
  g_assert_cmpint (peerup_stream_write (stream, &byte, 1, &write_error), ==, -1);
  g_assert_error (write_error, PEERUP_ERROR, code);
  g_assert_cmpint (peerup_stream_poll (stream), ==, G_IO_IN | G_IO_OUT);
}

static void
test_echo (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1000);
  for (guint i = 0; i < 3; i++)
    {
      assert_blocks (pair.side[1]);
      g_assert_cmpint (peerup_stream_write (pair.side[0], "ping", 4, NULL), ==, 4);
      assert_reads (pair.side[1], "ping");
      g_assert_cmpint (peerup_stream_write (pair.side[1], "pong", 4, NULL), ==, 4);
      assert_reads (pair.side[0], "pong");
      assert_blocks (pair.side[0]);
      g_assert_cmpuint (held (pair.side[0]), ==, 0);
    }
}

/* One direction of a transfer, run by the callbacks of the two streams alone. */
typedef struct
{
  PeerupStream *from, *to;
  gsize size, written, read;
  gsize chunk; /* bytes the reader asks for */
  GChecksum *sums[2];
  gsize most_held;
  gboolean ended;
} Transfer;

static guint8
pattern (gsize at)
{
  return at * 31 + at / 257;
}

static void
transfer_write (PeerupStream *stream, gpointer data)
{
  Transfer *transfer = data;
  guint8 bytes[50000];
  gssize n;

  while (transfer->written < transfer->size)
    {
      gsize count = MIN (sizeof bytes, transfer->size - transfer->written);
      GOutputVector vectors[2] = { { bytes, count / 3 }, { bytes + count / 3, count - count / 3 } };
      g_autoptr (GError) error = NULL;

      for (gsize i = 0; i < count; i++)
        bytes[i] = pattern (transfer->written + i);
      n = peerup_stream_writev (stream, vectors, 2, &error);
      transfer->most_held = MAX (transfer->most_held, held (stream));
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          peerup_stream_arm_write (stream, transfer_write, transfer);
          return;
        }
      g_checksum_update (transfer->sums[0], bytes, n);
      transfer->written += n;
    }
  peerup_stream_close_write (stream);
}

static void
transfer_read (PeerupStream *stream, gpointer data)
{
  Transfer *transfer = data;
  g_autofree guint8 *bytes = g_malloc (transfer->chunk);

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      gssize n = peerup_stream_read (stream, bytes, transfer->chunk, &error);

      transfer->most_held = MAX (transfer->most_held, held (stream));
      if (n == 0)
        transfer->ended = TRUE;
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          peerup_stream_arm_read (stream, transfer_read, transfer);
        }
      if (n <= 0)
        return;
      g_checksum_update (transfer->sums[1], bytes, n);
      transfer->read += n;
    }
}

static void
run_transfer (gsize capacity, gsize size, gsize chunk)
{
  g_auto (Pair) pair = { 0 };
  Transfer transfer = { .size = size, .chunk = chunk };

  pair_init (&pair, capacity);
  transfer.sums[0] = g_checksum_new (G_CHECKSUM_SHA256);
  transfer.sums[1] = g_checksum_new (G_CHECKSUM_SHA256);
  transfer_write (pair.side[0], &transfer);
  transfer_read (pair.side[1], &transfer);
  while (!transfer.ended)
    g_assert_true (g_main_context_iteration (NULL, FALSE));

  g_assert_cmpuint (transfer.read, ==, size);
  g_assert_cmpstr (g_checksum_get_string (transfer.sums[0]), ==, g_checksum_get_string (transfer.sums[1]));
  g_assert_cmpuint (transfer.most_held, <=, 2 * PEERUP_NOISE_FRAME_MAX);
  g_assert_cmpuint (held (pair.side[0]) + held (pair.side[1]), ==, 0);
  g_checksum_free (transfer.sums[0]);
  g_checksum_free (transfer.sums[1]);
}

static void
test_transfer (void)
{
  run_transfer (256 * 1024, 3 * 1000 * 1000, 128 * 1024);
  run_transfer (256 * 1024, 3 * 1000 * 1000, 1000);
  run_transfer (1000, 300 * 1000, 70000);
  run_transfer (65537, 1000 * 1000, 65519);
}

static void
test_one_byte_at_a_time (void)
{
  run_transfer (1, 3000, 1);
  run_transfer (1, 3000, 100);
}

/* A reader that does not read stalls the writer, whose buffer is bounded. */
static void
test_back_pressure (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *bytes = g_malloc0 (1000 * 1000);
  g_autoptr (GError) error = NULL;
  gsize taken = 0;
  gssize n;

  pair_init (&pair, 1000);
  while ((n = peerup_stream_write (pair.side[0], bytes, 1000 * 1000, &error)) > 0)
    taken += n;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (taken, ==, 2 * PEERUP_NOISE_PLAINTEXT_MAX);
  g_assert_cmpuint (held (pair.side[0]), <=, 2 * PEERUP_NOISE_FRAME_MAX);
  g_assert_cmpint (peerup_stream_poll (pair.side[0]) & G_IO_OUT, ==, 0);
  spin ();
  g_assert_cmpuint (peerup_pipe_stream_get_pending (PEERUP_PIPE_STREAM (pair.raw[1])), ==, 1000);
}

static void
test_half_close (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  guint8 byte;

  pair_init (&pair, 1000);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "last", 4, NULL), ==, 4);
  peerup_stream_close_write (pair.side[0]);
  assert_reads (pair.side[1], "last");
  g_assert_cmpint (peerup_stream_read (pair.side[1], &byte, 1, NULL), ==, 0);
  g_assert_cmpint (peerup_stream_read (pair.side[1], &byte, 1, NULL), ==, 0);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "x", 1, NULL), ==, -1);

  g_assert_cmpint (peerup_stream_write (pair.side[1], "answer", 6, NULL), ==, 6);
  assert_reads (pair.side[0], "answer");
  peerup_stream_close_write (pair.side[1]);
  g_assert_cmpint (peerup_stream_read (pair.side[0], &byte, 1, NULL), ==, 0);

  /* Both directions have ended: going away is no reset. */
  g_clear_object (&pair.side[0]);
  g_clear_object (&pair.side[1]);
  g_assert_cmpint (peerup_stream_read (pair.raw[0], &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

/* Closed and dropped while frames wait for room: they arrive, and then the end. */
static void
test_close_drains (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *bytes = g_malloc0 (100 * 1000);
  gsize total = 0;
  gssize n;

  pair_init (&pair, 5000);
  g_assert_cmpint (peerup_stream_write (pair.side[0], bytes, 100 * 1000, NULL), ==, 100 * 1000);
  peerup_stream_close (pair.side[0]);
  g_clear_object (&pair.side[0]);
  g_clear_object (&pair.raw[0]);

  for (guint i = 0; i < 1000 && (n = peerup_stream_read (pair.side[1], bytes, 100 * 1000, NULL)) != 0; i++)
    {
      total += MAX (n, 0);
      spin ();
    }
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (total, ==, 100 * 1000);
}

static void
test_dropped (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1000);
  g_clear_object (&pair.raw[0]);
  g_clear_object (&pair.side[0]);
  assert_fails (pair.side[1], PEERUP_ERROR_RESET);
}

static void
test_reset (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1000);
  g_assert_cmpint (peerup_stream_write (pair.side[1], "lost", 4, NULL), ==, 4);
  peerup_stream_reset (pair.side[0], PEERUP_STREAM_CODE_GATED);
  peerup_stream_reset (pair.side[0], PEERUP_STREAM_CODE_SHUTDOWN);
  assert_fails (pair.side[0], PEERUP_ERROR_RESET);
  assert_fails (pair.side[1], PEERUP_ERROR_RESET);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.side[0]), ==, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.side[1]), ==, PEERUP_STREAM_CODE_GATED);
}

static void
test_close_read (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  guint8 bytes[4000] = { 0 };

  pair_init (&pair, 1000);
  g_assert_cmpint (peerup_stream_write (pair.side[0], bytes, 10, NULL), ==, 10);
  peerup_stream_close_read (pair.side[1]);
  g_assert_cmpint (peerup_stream_read (pair.side[1], bytes, 10, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  /* The sender is not stalled by it. */
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (peerup_stream_write (pair.side[0], bytes, sizeof bytes, NULL), ==, sizeof bytes);
  g_assert_cmpint (peerup_stream_write (pair.side[1], "still", 5, NULL), ==, 5);
  assert_reads (pair.side[0], "still");
}

/* A half-close inside a frame is no end, wherever it is. */
static void
test_cut_frame (void)
{
  for (gsize length = 1; length < 5 + PEERUP_NOISE_FRAME_OVERHEAD; length++)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *frame = g_malloc (64);
      guint8 byte;

      pair_init (&pair, 1000);
      g_assert_cmpint (peerup_stream_write (pair.side[0], "hello", 5, NULL), ==, 5);
      g_assert_cmpint (peerup_stream_read (pair.raw[1], frame, 64, NULL), ==, 5 + PEERUP_NOISE_FRAME_OVERHEAD);
      g_assert_cmpint (peerup_stream_write (pair.raw[0], frame, length, NULL), ==, length);
      assert_blocks (pair.side[1]);
      g_assert_cmpuint (held (pair.side[1]), ==, length);
      peerup_stream_close_write (pair.raw[0]);
      g_assert_cmpint (peerup_stream_read (pair.side[1], &byte, 1, &error), ==, -1);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
    }
}

/* Known attack, on the stream. */
static void
test_tampered (void)
{
  g_auto (Pair) pair = { 0 };
  guint8 frame[64];
  gssize n;

  pair_init (&pair, 1000);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "hello", 5, NULL), ==, 5);
  n = peerup_stream_read (pair.raw[1], frame, sizeof frame, NULL);
  frame[n - 1] ^= 1;
  g_assert_cmpint (peerup_stream_write (pair.raw[0], frame, n, NULL), ==, n);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "hello", 5, NULL), ==, 5);
  assert_fails (pair.side[1], PEERUP_ERROR_CRYPTO);
  assert_fails (pair.side[1], PEERUP_ERROR_CRYPTO);
  assert_fails (pair.side[0], PEERUP_ERROR_RESET);
  g_assert_cmpuint (held (pair.side[1]), ==, 0);
}

/* What an upgrade read behind the handshake comes first. */
static void
test_early (void)
{
  PeerupNoise *noise[2] = { new_noise (TRUE), new_noise (FALSE) };
  GOutputVector vectors[] = { { "early", 5 }, { "cut", 3 } };
  g_autoptr (PeerupStream) raw = NULL;
  g_autoptr (PeerupStream) other = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  guint8 frames[64];
  gsize consumed, first, second;

  shake_hands (noise);
  peerup_pipe_stream_new_pair (1000, &raw, &other);
  g_assert_true (peerup_noise_encrypt (noise[0], &vectors[0], 1, frames, 64, &consumed, &first, NULL));
  g_assert_true (peerup_noise_encrypt (noise[0], &vectors[1], 1, frames + first, 64 - first, &consumed, &second, NULL));
  stream = peerup_noise_stream_new (raw, noise[1], frames, first + 7);
  g_assert_cmpint (peerup_stream_poll (stream) & G_IO_IN, ==, G_IO_IN);
  assert_reads (stream, "early");
  assert_blocks (stream);
  g_assert_cmpint (peerup_stream_write (other, frames + first + 7, second - 7, NULL), ==, second - 7);
  assert_reads (stream, "cut");
  peerup_noise_free (noise[0]);
}

static void
test_peek (void)
{
  g_auto (Pair) pair = { 0 };
  GInputVector vectors[2];

  pair_init (&pair, 1000);
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], vectors, 2), ==, 0);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "hello", 5, NULL), ==, 5);
  g_assert_cmpint (peerup_stream_write (pair.side[0], "world", 5, NULL), ==, 5);
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], vectors, 2), ==, 1);
  g_assert_cmpmem (vectors[0].buffer, vectors[0].size, "hello", 5);
  peerup_stream_consume (pair.side[1], 2);
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], vectors, 2), ==, 1);
  g_assert_cmpmem (vectors[0].buffer, vectors[0].size, "llo", 3);
  assert_reads (pair.side[1], "llo");
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], vectors, 2), ==, 1);
  g_assert_cmpmem (vectors[0].buffer, vectors[0].size, "world", 5);
  peerup_stream_consume (pair.side[1], 5);
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], vectors, 2), ==, 0);
  g_assert_cmpuint (held (pair.side[1]), ==, 0);
}

static void
count_call (PeerupStream *stream, gpointer data)
{
  (*(guint *) data)++;
}

/* The one-shot callbacks: when ready already, when it comes, and after a failure. */
static void
test_callbacks (void)
{
  g_auto (Pair) pair = { 0 };
  guint readable = 0, writable = 0;

  pair_init (&pair, 1000);
  peerup_stream_arm_read (pair.side[1], count_call, &readable);
  peerup_stream_arm_write (pair.side[1], count_call, &writable);
  g_assert_cmpuint (readable + writable, ==, 0);
  spin ();
  g_assert_cmpuint (readable, ==, 0);
  g_assert_cmpuint (writable, ==, 1);

  g_assert_cmpint (peerup_stream_write (pair.side[0], "x", 1, NULL), ==, 1);
  spin ();
  g_assert_cmpuint (readable, ==, 1);
  assert_reads (pair.side[1], "x");

  peerup_stream_arm_read (pair.side[1], count_call, &readable);
  spin ();
  g_assert_cmpuint (readable, ==, 1);
  peerup_stream_reset (pair.side[0], 0);
  spin ();
  g_assert_cmpuint (readable, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise-stream/echo", test_echo);
  g_test_add_func ("/noise-stream/transfer", test_transfer);
  g_test_add_func ("/noise-stream/one-byte-at-a-time", test_one_byte_at_a_time);
  g_test_add_func ("/noise-stream/back-pressure", test_back_pressure);
  g_test_add_func ("/noise-stream/half-close", test_half_close);
  g_test_add_func ("/noise-stream/close-drains", test_close_drains);
  g_test_add_func ("/noise-stream/dropped", test_dropped);
  g_test_add_func ("/noise-stream/reset", test_reset);
  g_test_add_func ("/noise-stream/close-read", test_close_read);
  g_test_add_func ("/noise-stream/cut-frame", test_cut_frame);
  g_test_add_func ("/noise-stream/tampered", test_tampered);
  g_test_add_func ("/noise-stream/early", test_early);
  g_test_add_func ("/noise-stream/peek", test_peek);
  g_test_add_func ("/noise-stream/callbacks", test_callbacks);
  return g_test_run ();
}
