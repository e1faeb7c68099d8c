/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The pair of streams in memory: capacity, half-close, close, reset, and ends that go. */

#include "transport-test.h"

typedef struct
{
  PeerupStream *a;
  PeerupStream *b;
} Pair;

static void
pair_init (Pair *pair, gsize capacity)
{
  peerup_pipe_stream_new_pair (capacity, &pair->a, &pair->b);
}

static void
pair_clear (Pair *pair)
{
  g_clear_object (&pair->a);
  g_clear_object (&pair->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
test_capacity (void)
{
  g_auto (Pair) pair = { 0 };
  GOutputVector vectors[3] = { { "abc", 3 }, { "", 0 }, { "defgh", 5 } };
  g_autoptr (GError) error = NULL;
  char byte;

  pair_init (&pair, 5);
  g_assert_cmpint (peerup_stream_writev (pair.a, vectors, 3, NULL), ==, 5);
  g_assert_cmpint (peerup_stream_poll (pair.a), ==, 0);
  g_assert_cmpint (peerup_stream_write (pair.a, "x", 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpint (peerup_stream_read (pair.b, &byte, 1, NULL), ==, 1);
  g_assert_cmpint (byte, ==, 'a');
  g_assert_cmpint (peerup_stream_poll (pair.a), ==, G_IO_OUT);
  g_assert_cmpint (peerup_stream_write (pair.a, "xy", 2, NULL), ==, 1);
  test_assert_reads (pair.b, "bcdex");
}

static void
test_peek (void)
{
  g_auto (Pair) pair = { 0 };
  GInputVector vector;

  pair_init (&pair, 8);
  g_assert_cmpuint (peerup_stream_peek (pair.b, &vector, 1), ==, 0);
  test_assert_writes (pair.a, "hello");
  g_assert_cmpuint (peerup_stream_peek (pair.b, &vector, 0), ==, 0);
  g_assert_cmpuint (peerup_stream_peek (pair.b, &vector, 1), ==, 1);
  g_assert_cmpmem (vector.buffer, vector.size, "hello", 5);
  peerup_stream_consume (pair.b, 2);
  test_assert_reads (pair.b, "llo");
}

static void
test_half_close (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  pair_init (&pair, 8);
  test_assert_writes (pair.a, "bye");
  peerup_stream_close_write (pair.a);
  peerup_stream_close_write (pair.a);
  g_assert_cmpint (peerup_stream_write (pair.a, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  test_assert_reads (pair.b, "bye");
  test_assert_reads (pair.b, "");
  test_assert_reads (pair.b, "");
  test_assert_writes (pair.b, "answer");
  test_assert_reads (pair.a, "answer");
  test_assert_blocks (pair.a);
  peerup_stream_close_write (pair.b);
  test_assert_reads (pair.a, "");
}

/* Who stops reading does not stall the writer. */
static void
test_close_read (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  char byte;

  pair_init (&pair, 4);
  test_assert_writes (pair.a, "full");
  peerup_stream_close_read (pair.b);
  for (guint i = 0; i < 10; i++)
    test_assert_writes (pair.a, "dropped");
  g_assert_cmpint (peerup_stream_read (pair.b, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  test_assert_writes (pair.b, "yet");
  test_assert_reads (pair.a, "yet");
}

static void
test_reset (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 4);
  test_assert_writes (pair.a, "lost");
  peerup_stream_reset (pair.a, PEERUP_STREAM_CODE_GATED);
  test_assert_fails (pair.a, PEERUP_ERROR_RESET);
  test_assert_fails (pair.b, PEERUP_ERROR_RESET);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.a), ==, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.b), ==, PEERUP_STREAM_CODE_GATED);
  /* The first code stays. */
  peerup_stream_reset (pair.b, PEERUP_STREAM_CODE_SHUTDOWN);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.b), ==, PEERUP_STREAM_CODE_GATED);
}

/* Nothing to reset once both directions have ended: the last bytes stay readable. */
static void
test_reset_after_end (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 4);
  test_assert_writes (pair.a, "last");
  peerup_stream_close (pair.a);
  peerup_stream_close_write (pair.b);
  peerup_stream_reset (pair.a, PEERUP_STREAM_CODE_GATED);
  g_clear_object (&pair.a);
  test_assert_reads (pair.b, "last");
  test_assert_reads (pair.b, "");
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.b), ==, PEERUP_STREAM_CODE_NONE);
}

static void
test_dropped (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 4);
  peerup_stream_close_write (pair.a);
  g_clear_object (&pair.a);
  test_assert_fails (pair.b, PEERUP_ERROR_RESET);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipe-stream/capacity", test_capacity);
  g_test_add_func ("/pipe-stream/peek", test_peek);
  g_test_add_func ("/pipe-stream/half-close", test_half_close);
  g_test_add_func ("/pipe-stream/close-read", test_close_read);
  g_test_add_func ("/pipe-stream/reset", test_reset);
  g_test_add_func ("/pipe-stream/reset-after-end", test_reset_after_end);
  g_test_add_func ("/pipe-stream/dropped", test_dropped);
  return g_test_run ();
}
