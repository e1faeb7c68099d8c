/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two sessions back to back over queues in memory, in random pieces; and, with -m perf,
 * how fast bytes pass.
 */
#include "yamux-side.h"

#include <string.h>

#define N_STREAMS 24

/* What one direction of a stream has carried; every byte is a function of its place. */
typedef struct
{
  PeerupYamuxChannel *channel;
  gsize written;
  gsize read;
  gsize total;
} Flow;

static guint8
byte_at (guint32 id, gsize at)
{
  return id * 31 + at * 7 + (at >> 8);
}

static void
flow_write (Flow *flow, GRand *rand)
{
  guint8 data[5000];
  gsize n = g_rand_int_range (rand, 1, sizeof data);
  GOutputVector vectors[2];

  n = MIN (n, flow->total - flow->written);
  for (gsize i = 0; i < n; i++)
    data[i] = byte_at (peerup_yamux_channel_get_id (flow->channel), flow->written + i);
  vectors[0] = (GOutputVector) { data, n / 3 };
  vectors[1] = (GOutputVector) { data + n / 3, n - n / 3 };
  flow->written += peerup_yamux_channel_writev (flow->channel, vectors, 2, g_rand_int_range (rand, 1, 10000));
  if (flow->written == flow->total)
    peerup_yamux_channel_close_write (flow->channel);
}

static void
flow_read (Flow *flow, Side *side, GRand *rand)
{
  guint8 data[20000];
  gsize n = peerup_yamux_channel_read (flow->channel, data, g_rand_int_range (rand, 1, sizeof data), side->now);

  for (gsize i = 0; i < n; i++)
    g_assert_cmpuint (data[i], ==, byte_at (peerup_yamux_channel_get_id (flow->channel), flow->read + i));
  flow->read += n;
}

static Flow *
find_flow (Flow *flows, guint n_flows, guint32 id)
{
  for (guint i = 0; i < n_flows; i++)
    if (flows[i].channel != NULL && peerup_yamux_channel_get_id (flows[i].channel) == id)
      return &flows[i];
  return NULL;
}

static gboolean
all_done (Flow *flows, guint n_flows)
{
  for (guint i = 0; i < n_flows; i++)
    if (flows[i].channel == NULL || flows[i].read < flows[i].total || flows[i].written < flows[i].total)
      return FALSE;
  return TRUE;
}

/* Streams opened from both ends, written and read in random order and pieces: every
 * byte arrives once, in order, and both sessions forget every stream. */
static void
test_random (gconstpointer seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (GPOINTER_TO_UINT (seed));
  Side *sides[2] = { side_new (TRUE, NULL), side_new (FALSE, NULL) };
  Flow flows[2][N_STREAMS] = { 0 };
  guint adopted[2] = { 0 };
  guint steps = 0;

  for (guint i = 0; i < N_STREAMS; i++)
    {
      flows[i % 2][i].channel = peerup_yamux_open (sides[i % 2]->yamux, 0, NULL);
      flows[0][i].total = flows[1][i].total = g_rand_int_range (rand, 0, 1 << g_rand_int_range (rand, 4, 19));
    }
  while (!all_done (flows[0], N_STREAMS) || !all_done (flows[1], N_STREAMS))
    {
      guint s = g_rand_int_range (rand, 0, 2);
      Flow *flow = &flows[s][g_rand_int_range (rand, 0, N_STREAMS)];

      g_assert_cmpuint (++steps, <, 200000);
      sides[0]->now += 100;
      sides[1]->now += 100;
      if (flow->channel != NULL && g_rand_boolean (rand))
        flow_write (flow, rand);
      else if (flow->channel != NULL)
        flow_read (flow, sides[s], rand);
      side_move (sides[s], sides[!s], g_rand_int_range (rand, 0, 30000));
      for (; adopted[!s] < sides[!s]->opened->len; adopted[!s]++)
        {
          PeerupYamuxChannel *channel = sides[!s]->opened->pdata[adopted[!s]];
          Flow *peer = find_flow (flows[s], N_STREAMS, peerup_yamux_channel_get_id (channel));

          flows[!s][peer - flows[s]].channel = peerup_yamux_channel_ref (channel);
        }
    }
  for (guint i = 0; i < N_STREAMS; i++)
    for (guint s = 0; s < 2; s++)
      peerup_yamux_channel_close_write (flows[s][i].channel);
  side_pump (sides[0], sides[1], rand);
  for (guint i = 0; i < N_STREAMS; i++)
    for (guint s = 0; s < 2; s++)
      {
        g_assert_cmpint (peerup_yamux_channel_get_state (flows[s][i].channel), ==, PEERUP_YAMUX_FINISHED);
        g_assert_cmpint (peerup_yamux_channel_get_read_state (flows[s][i].channel), ==, PEERUP_YAMUX_READ_EOF);
        peerup_yamux_channel_unref (flows[s][i].channel);
      }
  for (guint s = 0; s < 2; s++)
    {
      g_assert_cmpuint (g_hash_table_size (sides[s]->yamux->channels), ==, 0);
      g_assert_cmpuint (peerup_yamux_get_buffered (sides[s]->yamux), ==, 0);
      g_assert_cmpuint (sides[s]->yamux->window_sum, ==, 0);
    }
  g_clear_pointer (&sides[0], side_free);
  g_clear_pointer (&sides[1], side_free);
}

static void
drain (Side *self, PeerupYamuxChannel *channel)
{
  side_drain (self, channel);
}

/* Many writers under a bounded output, each given its turn: none is ahead by more than a turn. */
static void
test_fairness (void)
{
  g_autoptr (Side) from = side_new (TRUE, NULL);
  g_autoptr (Side) to = side_new (FALSE, NULL);
  PeerupYamuxChannel *channels[50];
  gsize written[50] = { 0 };
  static guint8 data[16384];
  GOutputVector vector = { data, sizeof data };

  to->on_readable = drain;
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = peerup_yamux_open (from->yamux, 0, NULL);
  side_pump (from, to, NULL);
  for (guint round = 0; round < 100; round++)
    {
      gsize least = G_MAXSIZE, most = 0;

      for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
        {
          written[i] += peerup_yamux_channel_writev (channels[i], &vector, 1, sizeof data);
          least = MIN (least, written[i]);
          most = MAX (most, written[i]);
        }
      g_assert_cmpuint (most - least, <=, sizeof data);
      side_pump (from, to, NULL);
    }
  g_assert_cmpuint (written[0], >, 1000000);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    peerup_yamux_channel_unref (channels[i]);
}

/* One stalled stream holds up no other. */
static void
test_no_head_of_line (void)
{
  g_autoptr (Side) from = side_new (TRUE, NULL);
  g_autoptr (Side) to = side_new (FALSE, NULL);
  g_autoptr (PeerupYamuxChannel) stalled = peerup_yamux_open (from->yamux, 0, NULL);
  g_autoptr (PeerupYamuxChannel) flowing = NULL;
  gsize sent = 0;

  g_assert_cmpuint (side_write (stalled, 1000000), ==, PEERUP_YAMUX_INITIAL_WINDOW);
  side_pump (from, to, NULL);
  to->on_readable = drain;
  flowing = peerup_yamux_open (from->yamux, 0, NULL);
  for (guint i = 0; i < 100; i++)
    {
      sent += side_write (flowing, 100000);
      side_pump (from, to, NULL);
    }
  g_assert_cmpuint (sent, ==, 10000000);
  g_assert_cmpuint (peerup_yamux_get_buffered (to->yamux), ==, PEERUP_YAMUX_INITIAL_WINDOW);
  g_assert_cmpuint (side_write (stalled, 1), ==, 0);
  side_drain (to, to->opened->pdata[0]);
  side_pump (from, to, NULL);
  g_assert_cmpuint (side_write (stalled, 1), ==, 1);
}

/* Pipe for the measurement: what send() takes is fed to the other side at once. */
typedef struct
{
  PeerupYamux *yamux;
  guint8 *buffer;
  gsize fill;
  gsize received;
} Station;

#define STATION_SIZE (4 * 1024 * 1024)

static gsize
station_send (const GOutputVector *vectors, gsize n_vectors, gpointer data)
{
  Station *self = data;

  for (gsize i = 0; i < n_vectors; i++)
    {
      g_assert_cmpuint (vectors[i].size, <=, STATION_SIZE - self->fill);
      memcpy (self->buffer + self->fill, vectors[i].buffer, vectors[i].size);
      self->fill += vectors[i].size;
    }
  return 0;
}

static void
station_readable (PeerupYamuxChannel *channel, gpointer data)
{
  Station *self = data;
  gsize n = peerup_yamux_channel_get_buffered (channel);

  self->received += n;
  peerup_yamux_channel_consume (channel, n, g_get_monotonic_time ());
}

static void
station_move (Station *from, Station *to)
{
  g_autoptr (GError) error = NULL;
  gsize at = 0;

  while (at < from->fill)
    {
      gsize n = MIN (from->fill - at, 256 * 1024);

      g_assert_true (peerup_yamux_feed (to->yamux, from->buffer + at, n, g_get_monotonic_time (), &error));
      at += n;
    }
  from->fill = 0;
}

static void
test_throughput (gconstpointer data)
{
  static const PeerupYamuxEvents events = { .send = station_send, .channel_readable = station_readable };
  gsize size = GPOINTER_TO_SIZE (data);
  gsize total = size < 1000 ? 256 * 1024 * 1024 : (gsize) 8 * 1024 * 1024 * 1024;
  Station a = { .buffer = g_malloc (STATION_SIZE) };
  Station b = { .buffer = g_malloc (STATION_SIZE) };
  g_autofree guint8 *payload = g_malloc0 (size);
  GOutputVector vector = { payload, size };
  PeerupYamuxChannel *channel;
  gint64 start;
  gdouble seconds;

  if (!g_test_perf ())
    total = 4 * 1024 * 1024;
  a.yamux = peerup_yamux_new (TRUE, NULL, &events, &a);
  b.yamux = peerup_yamux_new (FALSE, NULL, &events, &b);
  channel = peerup_yamux_open (a.yamux, 0, NULL);
  start = g_get_monotonic_time ();
  while (b.received < total)
    {
      while (a.fill < 256 * 1024 && peerup_yamux_channel_writev (channel, &vector, 1, G_MAXSIZE) > 0)
        ;
      station_move (&a, &b);
      station_move (&b, &a);
    }
  seconds = (g_get_monotonic_time () - start) / 1e6;
  if (g_test_perf ())
    g_test_maximized_result (b.received * 8 / seconds / 1e9, "%zu-byte writes: %.1f Gbit/s, %.2f million frames/s",
                             size, b.received * 8 / seconds / 1e9, b.received / seconds / size / 1e6);
  peerup_yamux_channel_unref (channel);
  peerup_yamux_unref (a.yamux);
  peerup_yamux_unref (b.yamux);
  g_free (a.buffer);
  g_free (b.buffer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint seed = 1; seed <= 8; seed++)
    {
      g_autofree char *name = g_strdup_printf ("/yamux/pair/random/%u", seed);

      g_test_add_data_func (name, GUINT_TO_POINTER (seed), test_random);
    }
  g_test_add_func ("/yamux/pair/fairness", test_fairness);
  g_test_add_func ("/yamux/pair/no-head-of-line", test_no_head_of_line);
  g_test_add_data_func ("/yamux/pair/throughput/64k", GSIZE_TO_POINTER (65524), test_throughput);
  g_test_add_data_func ("/yamux/pair/throughput/16k", GSIZE_TO_POINTER (16384), test_throughput);
  g_test_add_data_func ("/yamux/pair/throughput/100", GSIZE_TO_POINTER (100), test_throughput);
  return g_test_run ();
}
