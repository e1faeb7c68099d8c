/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The chunk queue: order, views, what it costs.
 */
#include "transport/yamux/peerup-chunk-queue.h"

#include <string.h>

static void
test_order (void)
{
  PeerupChunkQueue queue = { 0 };
  char out[16];

  peerup_chunk_queue_append (&queue, "hello ", 6);
  peerup_chunk_queue_append (&queue, "", 0);
  peerup_chunk_queue_append (&queue, "world", 5);
  g_assert_cmpuint (queue.length, ==, 11);
  g_assert_cmpuint (peerup_chunk_queue_read (&queue, out, 3), ==, 3);
  g_assert_cmpmem (out, 3, "hel", 3);
  g_assert_cmpuint (peerup_chunk_queue_read (&queue, out, sizeof out), ==, 8);
  g_assert_cmpmem (out, 8, "lo world", 8);
  g_assert_cmpuint (peerup_chunk_queue_read (&queue, out, sizeof out), ==, 0);
  g_assert_null (queue.head);
  g_assert_cmpuint (peerup_chunk_queue_get_allocated (&queue), ==, 0);
}

static void
test_views (void)
{
  PeerupChunkQueue queue = { 0 };
  char source[] = "abcdefghij";
  GInputVector vectors[8];
  char out[32];

  peerup_chunk_queue_append (&queue, "12", 2);
  peerup_chunk_queue_append_view (&queue, source, 5);
  peerup_chunk_queue_append_view (&queue, source, 0);
  peerup_chunk_queue_append (&queue, "34", 2);
  peerup_chunk_queue_append_view (&queue, source + 5, 5);
  g_assert_cmpuint (peerup_chunk_queue_peek (&queue, vectors, 8), ==, 4);
  g_assert_true (vectors[1].buffer == source);
  g_assert_cmpuint (peerup_chunk_queue_peek (&queue, vectors, 2), ==, 2);
  peerup_chunk_queue_consume (&queue, 3);

  peerup_chunk_queue_settle (&queue);
  memset (source, 'x', sizeof source);
  g_assert_cmpuint (queue.length, ==, 11);
  g_assert_cmpuint (peerup_chunk_queue_read (&queue, out, sizeof out), ==, 11);
  g_assert_cmpmem (out, 11, "bcde34fghij", 11);
}

/* One byte at a time costs at most twice the bytes, and one smallest block. */
static void
test_tiny_pieces (void)
{
  PeerupChunkQueue queue = { 0 };

  for (guint i = 0; i < 1000000; i++)
    {
      guint8 byte = i;

      peerup_chunk_queue_append (&queue, &byte, 1);
      g_assert_cmpuint (peerup_chunk_queue_get_allocated (&queue), <=, 2 * queue.length + 4096);
    }
  peerup_chunk_queue_clear (&queue);
}

/* Settling small views packs them. */
static void
test_settle_packs (void)
{
  PeerupChunkQueue queue = { 0 };
  guint8 data[100];

  memset (data, 7, sizeof data);
  for (guint i = 0; i < 1000; i++)
    {
      peerup_chunk_queue_append_view (&queue, data, sizeof data);
      if (i % 10 == 0)
        peerup_chunk_queue_append (&queue, data, 1);
    }
  peerup_chunk_queue_settle (&queue);
  g_assert_cmpuint (queue.length, ==, 100100);
  g_assert_cmpuint (peerup_chunk_queue_get_allocated (&queue), <=, 2 * queue.length);
  peerup_chunk_queue_clear (&queue);
}

/* What one queue has dropped serves the next. */
static void
test_reuse (void)
{
  PeerupChunkQueue queue = { 0 };
  static const guint8 data[1000];
  GInputVector first, second;

  peerup_chunk_queue_append (&queue, data, sizeof data);
  g_assert_cmpuint (peerup_chunk_queue_peek (&queue, &first, 1), ==, 1);
  peerup_chunk_queue_clear (&queue);
  g_assert_cmpuint (peerup_chunk_queue_get_allocated (&queue), ==, 0);
  peerup_chunk_queue_append (&queue, data, 1);
  g_assert_cmpuint (peerup_chunk_queue_peek (&queue, &second, 1), ==, 1);
  g_assert_true (second.buffer == first.buffer);
  peerup_chunk_queue_clear (&queue);
}

/* However much a queue held, and however many there were. */
static void
test_spare (void)
{
  static const guint8 data[100000];

  for (guint i = 0; i < 50; i++)
    {
      PeerupChunkQueue queue = { 0 };

      for (guint j = 0; j < i; j++)
        peerup_chunk_queue_append (&queue, data, sizeof data);
      peerup_chunk_queue_clear (&queue);
      g_assert_cmpuint (peerup_chunk_queue_get_spare (), <=, 256 * 1024);
    }
  g_assert_cmpuint (peerup_chunk_queue_get_spare (), >, 0);
}

/* A random mix against a flat array. */
static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20);
  g_autoptr (GByteArray) model = g_byte_array_new ();
  g_autofree guint8 *source = g_malloc (300000);
  g_autofree guint8 *out = g_malloc (300000);
  PeerupChunkQueue queue = { 0 };

  for (guint i = 0; i < 300000; i++)
    source[i] = g_rand_int (rand);
  for (guint i = 0; i < 3000; i++)
    {
      gsize n = g_rand_int_range (rand, 0, 1 << g_rand_int_range (rand, 1, 17));
      gsize at = g_rand_int_range (rand, 0, 150000);
      guint got;

      switch (g_rand_int_range (rand, 0, 4))
        {
        case 0:
          peerup_chunk_queue_append (&queue, source + at, n);
          g_byte_array_append (model, source + at, n);
          break;
        case 1:
          peerup_chunk_queue_append_view (&queue, source + at, n);
          g_byte_array_append (model, source + at, n);
          break;
        case 2:
          peerup_chunk_queue_settle (&queue);
          break;
        default:
          got = peerup_chunk_queue_read (&queue, out, 2 * n);
          g_assert_cmpuint (got, ==, MIN (2 * n, model->len));
          g_assert_cmpmem (out, got, model->data, got);
          g_byte_array_remove_range (model, 0, got);
        }
      g_assert_cmpuint (queue.length, ==, model->len);
    }
  peerup_chunk_queue_clear (&queue);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunk-queue/order", test_order);
  g_test_add_func ("/chunk-queue/views", test_views);
  g_test_add_func ("/chunk-queue/tiny-pieces", test_tiny_pieces);
  g_test_add_func ("/chunk-queue/settle-packs", test_settle_packs);
  g_test_add_func ("/chunk-queue/reuse", test_reuse);
  g_test_add_func ("/chunk-queue/spare", test_spare);
  g_test_add_func ("/chunk-queue/random", test_random);
  return g_test_run ();
}
