/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Streams of a yamux connection: ends, readiness, back-pressure, fairness.
 */
#include "yamux-fixture.h"

#include "transport/peerup-yamux-connection-private.h"
#include "yamux-side.h"

#include <string.h>

#define PIPE 50000

static void
test_half_close (void)
{
  g_autoptr (Fixture) pair = fixture_new (PIPE, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  g_autoptr (GError) error = NULL;
  g_autoptr (GByteArray) question = NULL;
  g_autoptr (GByteArray) answer = NULL;
  char byte;

  peerup_stream_write (near, "question", 8, NULL);
  peerup_stream_close_write (near);
  peerup_stream_close_write (near);
  g_assert_cmpint (peerup_stream_write (near, "more", 4, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  settle_down ();
  question = read_now (far);
  g_assert_cmpuint (question->len, ==, 8);
  g_assert_cmpint (peerup_stream_read (far, &byte, 1, NULL), ==, 0);
  peerup_stream_write (far, "answer", 6, NULL);
  peerup_stream_close_write (far);
  settle_down ();
  answer = read_now (near);
  g_assert_cmpmem (answer->data, answer->len, "answer", 6);
  g_assert_cmpint (peerup_stream_read (near, &byte, 1, NULL), ==, 0);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 0);
}

static void
test_reset (void)
{
  g_autoptr (Fixture) pair = fixture_new (PIPE, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  g_autoptr (GError) error = NULL;
  char byte;

  peerup_stream_reset (near, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (peerup_stream_get_reset_code (near), ==, PEERUP_STREAM_CODE_GATED);
  settle_down ();
  g_assert_cmpuint (peerup_stream_get_reset_code (far), ==, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpint (peerup_stream_poll (far), ==, G_IO_IN | G_IO_OUT);
  g_assert_cmpint (peerup_stream_read (far, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_clear_error (&error);
  g_assert_cmpint (peerup_stream_write (far, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

/* A stream that its user drops is reset, unless it was ended in order. */
static void
test_drop (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  PeerupStream *streams[5];

  for (guint i = 0; i < 5; i++)
    streams[i] = fixture_open (pair);
  g_free (raw_take (pair));
  peerup_stream_close_write (streams[1]);
  peerup_stream_close (streams[2]);
  raw_send (pair, "W:AF:7:0 W:AF:9:0");
  peerup_stream_close_write (streams[4]);
  for (guint i = 0; i < 5; i++)
    g_assert_finalize_object (streams[i]);
  assert_raw (pair, "W:F:3:0 W:F:5:0 W:F:9:0 W:R:1:0 W:R:3:0 W:R:7:0");
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 1);
}

/* A stream ended in order takes what still comes, and is reset after a minute. */
static void
test_left (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  g_autoptr (PeerupStream) polite = fixture_open (pair);
  g_autoptr (PeerupStream) endless = fixture_open (pair);
  gint64 start;

  raw_send (pair, "P:A:0:1");
  start = g_get_monotonic_time ();
  peerup_stream_close (polite);
  peerup_stream_close (endless);
  g_clear_object (&polite);
  g_clear_object (&endless);
  raw_send (pair, "W:A:1:0 D:A:3:40000 D:F:1:5");
  assert_raw (pair, "W:S:1:0 W:S:3:0 W:F:1:0 W:F:3:0");
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 1);
  peerup_yamux_connection_check (PEERUP_YAMUX_CONNECTION (pair->a), start + 58 * G_USEC_PER_SEC);
  assert_raw (pair, "P:S:0:2");
  raw_send (pair, "P:A:0:2");
  peerup_yamux_connection_check (PEERUP_YAMUX_CONNECTION (pair->a), start + 62 * G_USEC_PER_SEC);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 0);
}

static void
test_close_read (void)
{
  g_autoptr (Fixture) pair = fixture_new (PIPE, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  g_autoptr (GByteArray) got = NULL;
  static guint8 data[100000];
  gsize sent = 0;
  char byte;

  peerup_stream_close_read (near);
  g_assert_cmpint (peerup_stream_read (near, &byte, 1, NULL), ==, 0);
  for (guint i = 0; i < 100; i++)
    {
      gssize n = peerup_stream_write (far, data, sizeof data, NULL);

      sent += MAX (n, 0);
      settle_down ();
    }
  g_assert_cmpuint (sent, >, 9000000);
  peerup_stream_write (near, "on", 2, NULL);
  settle_down ();
  got = read_now (far);
  g_assert_cmpuint (got->len, ==, 2);
}

/* One way of data: pushes bytes whenever it may, or takes them. */
typedef struct
{
  PeerupStream *stream;
  gsize total;
  gsize done;
  guint8 seed;
  gboolean peeks;
  gboolean ended;
} Flow;

static guint8
byte_at (Flow *flow, gsize at)
{
  return flow->seed + at * 13 + (at >> 9);
}

static void
push (PeerupStream *stream, gpointer data)
{
  Flow *flow = data;
  g_autoptr (GError) error = NULL;
  guint8 bytes[7000];
  gsize n = MIN (sizeof bytes, flow->total - flow->done);
  gssize written;

  for (gsize i = 0; i < n; i++)
    bytes[i] = byte_at (flow, flow->done + i);
  written = peerup_stream_write (stream, bytes, n, &error);
  if (written < 0)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  flow->done += MAX (written, 0);
  if (flow->done < flow->total)
    peerup_stream_arm_write (stream, push, flow);
  else
    peerup_stream_close_write (stream);
}

static void
check_bytes (Flow *flow, const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (bytes[i] != byte_at (flow, flow->done + i))
      g_error ("byte %zu is wrong", flow->done + i);
  flow->done += n;
}

static void
pull (PeerupStream *stream, gpointer data)
{
  Flow *flow = data;
  GInputVector vectors[4];
  guint8 bytes[9000];
  gsize n_vectors = flow->peeks ? peerup_stream_peek (stream, vectors, 4) : 0;
  gssize n = 0;

  for (gsize i = 0; i < n_vectors; i++)
    {
      check_bytes (flow, vectors[i].buffer, vectors[i].size);
      n += vectors[i].size;
    }
  if (n > 0)
    peerup_stream_consume (stream, n);
  else if ((n = peerup_stream_read (stream, bytes, sizeof bytes, NULL)) > 0)
    check_bytes (flow, bytes, n);
  flow->ended = n == 0;
  if (!flow->ended)
    peerup_stream_arm_read (stream, pull, flow);
}

/* Many streams, both ways at once, over a pipe smaller than a frame and over a large one. */
static void
test_transfer (gconstpointer capacity)
{
  enum
  {
    N = 10
  };
  g_autoptr (Fixture) pair = fixture_new (GPOINTER_TO_SIZE (capacity), NULL);
  PeerupStream *near[N], *far[N];
  Flow flows[4 * N] = { 0 };

  for (guint i = 0; i < N; i++)
    {
      near[i] = fixture_join (pair, &far[i]);
      for (guint k = 0; k < 4; k++)
        flows[4 * i + k] = (Flow) { .total = 300000 + 70000 * i, .seed = i + k / 2, .peeks = i % 2 };
      push (near[i], &flows[4 * i]);
      peerup_stream_arm_read (far[i], pull, &flows[4 * i + 1]);
      push (far[i], &flows[4 * i + 2]);
      peerup_stream_arm_read (near[i], pull, &flows[4 * i + 3]);
    }
  for (guint i = 0; i < N; i++)
    {
      spin_until (flows[4 * i + 1].ended && flows[4 * i + 3].ended);
      g_assert_cmpuint (flows[4 * i + 1].done, ==, flows[4 * i].total);
      g_assert_cmpuint (flows[4 * i + 3].done, ==, flows[4 * i].total);
    }
  settle_down ();
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 0);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->b), ==, 0);
  for (guint i = 0; i < N; i++)
    {
      g_assert_finalize_object (near[i]);
      g_assert_finalize_object (far[i]);
    }
}

/* A reader that does not read: the writer is stopped after the window, and goes on when
 * the reader does. */
static void
test_stalled_reader (void)
{
  g_autoptr (Fixture) pair = fixture_new (PIPE, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  Flow out = { .total = 5000000 };
  Flow in = { 0 };

  push (near, &out);
  settle_down ();
  g_assert_cmpuint (out.done, ==, PEERUP_YAMUX_INITIAL_WINDOW);
  peerup_stream_arm_read (far, pull, &in);
  spin_until (in.ended);
  g_assert_cmpuint (in.done, ==, 5000000);
}

/* A peer that does not read the connection: the output is bounded, all writers wait. */
static void
test_stalled_connection (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  PeerupStream *streams[20];
  Flow flows[20] = { 0 };
  gsize sum = 0;

  for (guint i = 0; i < 20; i++)
    {
      streams[i] = fixture_open (pair);
      flows[i].total = 1000000;
      push (streams[i], &flows[i]);
    }
  settle_down ();
  for (guint i = 0; i < 20; i++)
    {
      sum += flows[i].done;
      g_assert_cmpint (peerup_stream_poll (streams[i]) & G_IO_OUT, ==, 0);
    }
  g_assert_cmpuint (sum, >=, PIPE);
  g_assert_cmpuint (sum, <=, PIPE + 16 * 1024);
  for (guint i = 0; i < 20; i++)
    g_object_unref (streams[i]);
}

/* Reads from the bare pipe a little at a time; the writers move at one pace. */
static void
test_fairness (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  PeerupStream *streams[20];
  Flow flows[20] = { 0 };
  static guint8 buffer[30000];

  for (guint i = 0; i < 20; i++)
    {
      streams[i] = fixture_open (pair);
      flows[i].total = 400000;
      push (streams[i], &flows[i]);
    }
  for (gsize taken = 0; taken < 4000000;)
    {
      gssize n = peerup_stream_read (pair->raw, buffer, sizeof buffer, NULL);

      g_assert_cmpint (n, >, 0);
      taken += n;
      settle_down ();
    }
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpuint (flows[i].done, >, 150000);
      g_assert_cmpuint (flows[i].done, <, 290000);
      g_object_unref (streams[i]);
    }
}

static DexFuture *
write_in_fiber (gpointer data)
{
  Flow *flow = data;
  GError *error = NULL;

  for (; flow->done < flow->total; flow->done += 100)
    {
      char bytes[100] = { 0 };

      if (!peerup_stream_await_write_all (flow->stream, bytes, sizeof bytes, G_MAXINT64, &error))
        return dex_future_new_for_error (error);
    }
  flow->ended = TRUE;
  return dex_future_new_true ();
}

/* A fiber, which runs later than it is woken, gets its bytes past writers that are faster. */
static void
test_fiber_among_writers (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  g_autoptr (DexFuture) future = NULL;
  PeerupStream *streams[4];
  Flow flows[4] = { 0 };
  static guint8 buffer[30000];
  gsize taken = 0;

  for (guint i = 0; i < 4; i++)
    {
      streams[i] = flows[i].stream = fixture_open (pair);
      flows[i].total = i == 0 ? 2000 : G_MAXSIZE;
    }
  raw_send (pair, "W:A:3:100000000 W:A:5:100000000 W:A:7:100000000");
  for (guint i = 1; i < 4; i++)
    push (streams[i], &flows[i]);
  settle_down ();
  future = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_in_fiber, &flows[0], NULL);
  while (!flows[0].ended)
    {
      gssize n = peerup_stream_read (pair->raw, buffer, sizeof buffer, NULL);

      taken += MAX (n, 0);
      g_assert_cmpuint (taken, <, 20 * 1024 * 1024);
      settle_down ();
    }
  for (guint i = 0; i < 4; i++)
    {
      peerup_stream_arm_write (streams[i], NULL, NULL);
      g_object_unref (streams[i]);
    }
}

static void
count (PeerupStream *stream, gpointer data)
{
  ++*(guint *) data;
}

/* Callbacks come once, only when it is true, and not after disarming. */
static void
test_readiness (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  guint reads = 0, writes = 0;

  peerup_stream_arm_read (stream, count, &reads);
  peerup_stream_arm_write (stream, count, &writes);
  g_assert_cmpuint (writes, ==, 0);
  settle_down ();
  g_assert_cmpuint (reads, ==, 0);
  g_assert_cmpuint (writes, ==, 1);
  raw_send (pair, "D:A:1:5 D::1:5");
  g_assert_cmpuint (reads, ==, 1);
  raw_send (pair, "D::1:5");
  g_assert_cmpuint (reads, ==, 1);
  peerup_stream_arm_read (stream, count, &reads);
  peerup_stream_arm_read (stream, NULL, NULL);
  settle_down ();
  g_assert_cmpuint (reads, ==, 1);
  peerup_stream_arm_read (stream, count, &reads);
  settle_down ();
  g_assert_cmpuint (reads, ==, 2);
  raw_send (pair, "W:R:1:4104");
  peerup_stream_arm_read (stream, count, &reads);
  peerup_stream_arm_write (stream, count, &writes);
  settle_down ();
  g_assert_cmpuint (reads, ==, 3);
  g_assert_cmpuint (writes, ==, 2);
}

static void
fill (PeerupStream *stream, gpointer data)
{
  static guint8 bytes[10000];

  while (peerup_stream_write (stream, bytes, sizeof bytes, NULL) > 0)
    ;
}

/* Two are told that there is room, and the first takes it all: the second is told again. */
static void
test_outrun (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (PIPE, NULL);
  g_autoptr (PeerupStream) earlier = fixture_open (pair);
  g_autoptr (PeerupStream) first = fixture_open (pair);
  g_autoptr (PeerupStream) second = fixture_open (pair);
  g_autoptr (GByteArray) taken = NULL;
  static guint8 bytes[100000];
  guint writes = 0;

  /* So that the output fills up before the window of one stream is used up. */
  g_assert_cmpint (peerup_stream_write (earlier, bytes, sizeof bytes, NULL), ==, sizeof bytes);
  settle_down ();
  peerup_stream_arm_write (first, fill, NULL);
  peerup_stream_arm_write (second, count, &writes);
  settle_down ();
  g_assert_cmpuint (writes, ==, 0);
  for (guint i = 0; i < 10; i++)
    {
      g_clear_pointer (&taken, g_byte_array_unref);
      taken = read_now (pair->raw);
      settle_down ();
    }
  g_assert_cmpuint (writes, ==, 1);
}

/* An empty window, and room in the output: the writer hears of the window. */
static void
test_window_wakes (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (10000000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  g_autofree guint8 *data = g_malloc0 (PEERUP_YAMUX_INITIAL_WINDOW);
  guint writes = 0;

  while (peerup_stream_write (stream, data, PEERUP_YAMUX_INITIAL_WINDOW, NULL) > 0)
    settle_down ();
  peerup_stream_arm_write (stream, count, &writes);
  settle_down ();
  g_assert_cmpuint (writes, ==, 0);
  raw_send (pair, "W:A:1:1");
  g_assert_cmpuint (writes, ==, 1);
  g_assert_cmpint (peerup_stream_write (stream, data, 100, NULL), ==, 1);
}

/* Pushes and drops bytes as fast as they go, for the measurement. */
static void
pour (PeerupStream *stream, gpointer data)
{
  static guint8 bytes[65524];
  Flow *flow = data;
  gssize n;

  for (guint i = 0; i < 4 && (n = peerup_stream_write (stream, bytes, sizeof bytes, NULL)) > 0; i++)
    flow->done += n;
  peerup_stream_arm_write (stream, pour, flow);
}

static void
drop (PeerupStream *stream, gpointer data)
{
  Flow *flow = data;
  GInputVector vectors[8];
  gsize n, size = 0;

  n = peerup_stream_peek (stream, vectors, G_N_ELEMENTS (vectors));
  for (gsize i = 0; i < n; i++)
    size += vectors[i].size;
  peerup_stream_consume (stream, size);
  flow->done += size;
  peerup_stream_arm_read (stream, drop, flow);
}

/* Both ends in this one thread. */
static void
test_throughput (void)
{
  gsize total = g_test_perf () ? (gsize) 8 << 30 : 8 << 20;
  g_autoptr (Fixture) pair = fixture_new_sockets ();
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  Flow out = { 0 }, in = { 0 };
  gint64 start = g_get_monotonic_time ();
  gdouble seconds;

  pour (near, &out);
  peerup_stream_arm_read (far, drop, &in);
  spin_until (in.done >= total);
  seconds = (g_get_monotonic_time () - start) / 1e6;
  if (g_test_perf ())
    g_test_maximized_result (in.done * 8 / seconds / 1e9, "%.1f Gbit/s, both ends on one core",
                             in.done * 8 / seconds / 1e9);
  peerup_stream_arm_write (near, NULL, NULL);
  peerup_stream_arm_read (far, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/yamux/stream/half-close", test_half_close);
  g_test_add_func ("/yamux/stream/reset", test_reset);
  g_test_add_func ("/yamux/stream/drop", test_drop);
  g_test_add_func ("/yamux/stream/left", test_left);
  g_test_add_func ("/yamux/stream/close-read", test_close_read);
  g_test_add_data_func ("/yamux/stream/transfer/tiny-pipe", GSIZE_TO_POINTER (700), test_transfer);
  g_test_add_data_func ("/yamux/stream/transfer/large-pipe", GSIZE_TO_POINTER (300000), test_transfer);
  g_test_add_func ("/yamux/stream/stalled-reader", test_stalled_reader);
  g_test_add_func ("/yamux/stream/stalled-connection", test_stalled_connection);
  g_test_add_func ("/yamux/stream/fairness", test_fairness);
  g_test_add_func ("/yamux/stream/fiber-among-writers", test_fiber_among_writers);
  g_test_add_func ("/yamux/stream/readiness", test_readiness);
  g_test_add_func ("/yamux/stream/outrun", test_outrun);
  g_test_add_func ("/yamux/stream/window-wakes", test_window_wakes);
  g_test_add_func ("/yamux/stream/throughput", test_throughput);
  return g_test_run ();
}
