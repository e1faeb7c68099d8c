/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Streams over a simulated network: many at once, who has to wait for whom, and every way
 * in which one can end. */

#include <string.h>

#include "quic-world.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000

static Flow *
far_flow (World *world, guint i)
{
  GPtrArray *flows = world_accepted (world)->flows;

  g_assert_cmpuint (i, <, flows->len);
  return flows->pdata[i];
}

static void
assert_no_channels (World *world)
{
  for (guint i = 0; i < 2; i++)
    {
      Side *side = i == 0 ? &world->client : &world->server;

      for (guint j = 0; j < side->links->len; j++)
        {
          PeerupQuicConn *conn = ((Link *) side->links->pdata[j])->conn;

          g_assert_cmpuint (peerup_quic_conn_get_n_channels (conn), ==, 0);
          g_assert_cmpuint (conn->unsent, ==, 0);
          g_assert_cmpuint (conn->unacked, ==, 0);
          g_assert_cmpuint (conn->ready.length + conn->blocked.length + conn->opened.length, ==, 0);
        }
    }
}

static void
test_parallel (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GPtrArray) flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  g_autoptr (GBytes) pattern = make_pattern (3000);
  Link *link;

  world->server.echo = TRUE;
  link = world_connect (world);
  for (guint i = 0; i < 1000; i++)
    {
      g_ptr_array_add (flows, flow_open (link));
      flow_send (flows->pdata[i], pattern, TRUE);
    }
  world_run (world, world->now + 20 * G_USEC_PER_SEC);
  for (guint i = 0; i < 1000; i++)
    {
      flow_assert_received (flows->pdata[i], pattern);
      g_assert_true (((Flow *) flows->pdata[i])->ended);
    }
  g_assert_cmpuint (world->server.n_opened, ==, 1000);
  assert_no_channels (world);
  g_assert_cmpuint (link->n_drained, ==, 1);
}

/* The peer takes 16 at a time: more wait until openable, and places come back. */
static void
test_sequential (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GPtrArray) flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  guint n = 0;
  Link *link;

  world->server.options.streams_max = 16;
  world->server.echo = world->server.forgets = TRUE;
  world_restart (world);
  link = world_connect (world);
  while (n < 10000)
    {
      g_autoptr (GError) error = NULL;
      guint before = link->n_openable;
      Flow *flow;

      while (n < 10000 && (flow = flow_open (link)) != NULL)
        {
          g_ptr_array_add (flows, flow);
          flow_send_text (flow, "hello", TRUE);
          n++;
        }
      g_assert_cmpuint (peerup_quic_conn_get_n_channels (link->conn), <=, 16);
      if (n == 10000)
        break;
      g_assert_null (peerup_quic_conn_open (link->conn, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
      for (guint ms = 0; link->n_openable == before; ms++)
        {
          g_assert_cmpuint (ms, <, 1000);
          world_run (world, world->now + MS);
        }
      for (guint i = flows->len; i > 0; i--)
        if (peerup_quic_channel_is_done (((Flow *) flows->pdata[i - 1])->channel))
          {
            g_assert_cmpuint (((Flow *) flows->pdata[i - 1])->n_received, ==, 5);
            g_ptr_array_remove_index_fast (flows, i - 1);
          }
      g_assert_cmpuint (flows->len, <=, 16);
    }
  world_run (world, world->now + G_USEC_PER_SEC);
  assert_no_channels (world);
  g_assert_cmpuint (world->server.n_opened, ==, 10000);
  g_assert_cmpuint (world_accepted (world)->flows->len, ==, 0);
}

/* Streams that are opened and reset by a side that never reads them leave nothing, and their bytes
 * do not eat the connection's window. */
static void
test_reset_many (gconstpointer data)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (20 * 1000);
  Link *link;

  world->server.forgets = TRUE;
  world->server.no_reading = TRUE;
  world->server.reset_opened = GPOINTER_TO_INT (data);
  link = world_connect (world);
  for (guint i = 0; i < 1000; i++)
    {
      Flow *flow = flow_open (link);

      g_assert_nonnull (flow);
      flow_send (flow, pattern, i % 2 == 0);
      world_run (world, world->now + 60 * MS);
      peerup_quic_channel_reset (flow->channel, i);
      flow_free (flow);
      world_run (world, world->now + 60 * MS);
    }
  world_run (world, world->now + G_USEC_PER_SEC);
  assert_no_channels (world);
  /* All that was sent is free again: a megabyte still goes through. */
  g_assert_cmpuint (ngtcp2_conn_get_max_data_left (link->conn->conn), >=, PEERUP_QUIC_CONNECTION_WINDOW / 2);
}

/* What nobody has read when both directions have ended goes back to the connection's window with
 * the last reference. */
static void
test_unread (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (100 * 1000);
  Link *link = world_connect (world), *far;

  world->server.no_reading = TRUE;
  far = world_accepted (world);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (Flow) flow = flow_open (link);

      flow_send (flow, pattern, TRUE);
      world_run (world, world->now + 100 * MS);
      peerup_quic_channel_close_write (far_flow (world, 0)->channel);
      world_run (world, world->now + 100 * MS);
      g_assert_true (peerup_quic_channel_is_done (far_flow (world, 0)->channel));
      g_assert_true (peerup_quic_channel_is_done (flow->channel));
      g_ptr_array_set_size (far->flows, 0);
    }
  assert_no_channels (world);
}

/* Two bulk streams share the line, and a small one does not wait behind them. */
static void
test_fair (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (40 * 1000 * 1000);
  g_autoptr (Flow) first = NULL;
  g_autoptr (Flow) second = NULL;
  g_autoptr (Flow) small = NULL;
  guint64 before[2], gained[2];
  gint64 since;
  Link *link;

  world->bandwidth = 10 * 1000 * 1000;
  link = world_connect (world);
  first = flow_open (link);
  second = flow_open (link);
  flow_send (first, pattern, TRUE);
  world_run (world, world->now + 500 * MS);
  flow_send (second, pattern, TRUE);
  world_run (world, world->now + 100 * MS);
  for (guint i = 0; i < 2; i++)
    before[i] = far_flow (world, i)->n_received;
  world_run (world, world->now + 2 * G_USEC_PER_SEC);
  for (guint i = 0; i < 2; i++)
    gained[i] = far_flow (world, i)->n_received - before[i];
  g_assert_cmpuint (gained[0] + gained[1], >, 18 * 1000 * 1000);
  g_assert_cmpuint (MAX (gained[0], gained[1]) - MIN (gained[0], gained[1]), <, 500 * 1000);
  since = world->now;
  small = flow_open (link);
  flow_send_text (small, "hello", TRUE);
  while (world_accepted (world)->flows->len < 3)
    world_run (world, world->now + MS);
  /* The way there, the line's queue of 26 ms, and two turns of 64 KiB. */
  g_assert_cmpint (world->now - since, <, 10 * MS + 27 * MS + 14 * MS);
}

static void
assert_bounded (Link *link, Flow *far)
{
  g_assert_cmpuint (link->conn->unsent, <=, 512 * 1024);
  g_assert_cmpuint (link->conn->unacked, <=, 1024 * 1024 + 512 * 1024);
  g_assert_cmpuint (far->channel->received.length, <=, PEERUP_QUIC_STREAM_WINDOW);
}

/* A reader that stops stops the writer, whatever it has to say. */
static void
test_slow_reader (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (10 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  Flow *far;
  Link *link;

  world->server.no_reading = TRUE;
  link = world_connect (world);
  flow = flow_open (link);
  flow_send (flow, pattern, TRUE);
  for (guint s = 0; s < 60; s++)
    {
      world_run (world, world->now + G_USEC_PER_SEC);
      far = far_flow (world, 0);
      assert_bounded (link, far);
    }
  g_assert_cmpuint (far->channel->received.length, ==, PEERUP_QUIC_STREAM_WINDOW);
  g_assert_null (link->error);
  /* By drops: 1000 bytes every 10 ms. */
  for (guint i = 0; i < 500; i++)
    {
      guint8 buffer[1000];

      g_assert_cmpuint (peerup_quic_channel_read (far->channel, buffer, sizeof buffer), ==, 1000);
      g_byte_array_append (far->received, buffer, sizeof buffer);
      world_run (world, world->now + 10 * MS);
      assert_bounded (link, far);
    }
  far->no_reading = FALSE;
  g_assert_true (world_run_until (world, &far->ended));
  flow_assert_received (far, pattern);
}

/* The windows grow with the path: 68 ms and 100 MB/s are filled. */
static void
test_long_path (gconstpointer data)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (300 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  guint64 before;
  Link *link;

  /* Large packets, for the test's sake. */
  world->client.mtu = world->server.mtu = world->mtu = 9000;
  world->delay = 34 * MS;
  world->bandwidth = 100 * 1000 * 1000;
  world->queue = 7 * 1000 * 1000;
  world->client.options.bbr = GPOINTER_TO_INT (data);
  world_restart (world);
  link = world_connect (world);
  flow = flow_open (link);
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now + 200 * MS);
  g_byte_array_unref (g_steal_pointer (&far_flow (world, 0)->received));
  world_run (world, world->now + 1300 * MS);
  before = far_flow (world, 0)->n_received;
  world_run (world, world->now + 500 * MS);
  g_test_message ("%.3f of the line", (far_flow (world, 0)->n_received - before) / 50e6);
  /* Windows that did not grow would be a tenth of the line. BBR chooses by chance when it probes, and one half second
   * in thirty holds two of its quiet phases: 0.86. */
  g_assert_cmpuint (far_flow (world, 0)->n_received - before, >, 35 * 1000 * 1000);
}

/* The same path, and streams that are to stay small, in whichever direction: nothing grows. */
static void
test_lean (void)
{
  const gsize unsent_max = 64 * 1024;
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (15 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  Flow *far;
  Link *link;

  world->client.mtu = world->server.mtu = world->mtu = 9000;
  world->delay = 34 * MS;
  world->bandwidth = 100 * 1000 * 1000;
  world->queue = 7 * 1000 * 1000;
  world_restart (world);
  link = world_connect (world);
  flow = flow_open (link);
  peerup_quic_channel_set_lean (flow->channel);
  flow_send (flow, pattern, TRUE);
  /* The first packets of it have come. */
  world_run (world, world->now + 35 * MS);
  far = far_flow (world, 0);
  peerup_quic_channel_set_lean (far->channel);
  for (guint i = 0; far->n_received < 10 * 1000 * 1000; i++)
    {
      g_assert_cmpuint (i, <, 1000);
      world_run (world, world->now + 10 * MS);
      g_assert_cmpuint (link->conn->unsent, <=, unsent_max);
    }
  g_assert_cmpuint (far->channel->window.size, ==, PEERUP_QUIC_STREAM_WINDOW);
  far->no_reading = TRUE;
  world_run (world, world->now + G_USEC_PER_SEC);
  g_assert_cmpuint (link->conn->unsent, ==, unsent_max);
  g_assert_cmpuint (far->channel->received.length, <=, PEERUP_QUIC_STREAM_WINDOW);
}

static void
test_fin (void)
{
  g_autoptr (World) world = world_new ();
  Link *link = world_connect (world);
  g_autoptr (Flow) empty = flow_open (link);
  g_autoptr (Flow) late = flow_open (link);

  /* Without data, and after it. */
  peerup_quic_channel_close_write (empty->channel);
  flow_send_text (late, "hello", FALSE);
  world_run (world, world->now + 100 * MS);
  g_assert_true (far_flow (world, 0)->ended);
  g_assert_cmpuint (far_flow (world, 0)->n_received, ==, 0);
  g_assert_false (far_flow (world, 1)->ended);
  peerup_quic_channel_close_write (late->channel);
  peerup_quic_channel_close_write (late->channel);
  g_assert_false (peerup_quic_channel_can_write (late->channel));
  g_assert_cmpuint (peerup_quic_channel_writev (late->channel, &(GOutputVector) { "x", 1 }, 1), ==, 0);
  world_run (world, world->now + 100 * MS);
  g_assert_true (far_flow (world, 1)->ended);
  /* Back, likewise. */
  peerup_quic_channel_close_write (far_flow (world, 0)->channel);
  flow_send_text (far_flow (world, 1), "bye", TRUE);
  world_run (world, world->now + 100 * MS);
  g_assert_true (empty->ended && late->ended);
  g_assert_cmpuint (late->n_received, ==, 3);
  assert_no_channels (world);
}

/* A stream that waits for the peer's window. */
static Flow *
open_blocked (World *world, Link *link)
{
  g_autoptr (GBytes) pattern = make_pattern (2 * 1000 * 1000);
  Flow *flow;

  world->server.no_reading = TRUE;
  flow = flow_open (link);
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now + 2 * G_USEC_PER_SEC);
  g_assert_cmpuint (link->conn->blocked.length, >, 0);
  return flow;
}

static void
test_reset_blocked (void)
{
  g_autoptr (World) world = world_new ();
  Link *link = world_connect (world);
  g_autoptr (Flow) flow = open_blocked (world, link);
  guint32 code;

  peerup_quic_channel_reset (flow->channel, 0x1004);
  world_run (world, world->now + 100 * MS);
  g_assert_true (peerup_quic_channel_is_reset (far_flow (world, 0)->channel, &code));
  g_assert_cmphex (code, ==, 0x1004);
  assert_no_channels (world);
}

/* The peer stops reading while the writer waits for its window: the writer learns it, be it one
 * of 40 that wait. */
static void
test_stop_blocked (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GPtrArray) flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  Link *link = world_connect (world);

  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) pattern = make_pattern (2 * 1000 * 1000);

      world->server.no_reading = TRUE;
      g_ptr_array_add (flows, flow_open (link));
      flow_send (flows->pdata[i], pattern, TRUE);
    }
  world_run (world, world->now + 2 * G_USEC_PER_SEC);
  peerup_quic_channel_close_read (far_flow (world, 0)->channel);
  world_run (world, world->now + 100 * MS);
  g_assert_false (peerup_quic_channel_can_write (((Flow *) flows->pdata[0])->channel));
  g_assert_false (((Flow *) flows->pdata[0])->failed);
  g_assert_true (peerup_quic_channel_can_write (((Flow *) flows->pdata[1])->channel));
}

/* Eight readers that have stopped, each with a whole window unread, do not stop another stream. */
static void
test_stuck_beside (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GPtrArray) flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  g_autoptr (Flow) flow = NULL;
  Link *link = world_connect (world);

  for (guint i = 0; i < 8; i++)
    g_ptr_array_add (flows, open_blocked (world, link));
  world->server.no_reading = FALSE;
  flow = flow_open (link);
  flow_send_text (flow, "hello", TRUE);
  world_run (world, world->now + 100 * MS);
  g_assert_true (far_flow (world, 8)->ended);
}

/* Over a long path packets arrive one by one. They are acknowledged by the clock: one packet
 * back each millisecond, and not one for two that came. */
static void
test_few_acks (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (10 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  Link *link;
  gint64 began;
  guint64 n_sent, n_back;

  world->delay = 34 * MS;
  world->bandwidth = 125 * 1000 * 1000;
  link = world_connect (world);
  flow = flow_open (link);
  n_sent = world->client.n_sent;
  n_back = world->server.n_sent;
  began = world->now;
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now + 3 * G_USEC_PER_SEC);
  g_assert_true (far_flow (world, 0)->ended);
  n_sent = world->client.n_sent - n_sent;
  n_back = world->server.n_sent - n_back;
  g_test_message ("%" G_GUINT64_FORMAT " datagrams there, %" G_GUINT64_FORMAT " back, %" G_GINT64_FORMAT " ms", n_sent,
                  n_back, (world->now - began) / MS);
  g_assert_cmpuint (n_back * 8, <, n_sent);
}

/* RESET_STREAM alone, which libp2p does not know: as a whole reset. */
static void
test_reset_stream_only (void)
{
  g_autoptr (World) world = world_new ();
  Link *link = world_connect (world);
  g_autoptr (Flow) flow = flow_open (link);
  guint32 code;

  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + 100 * MS);
  ngtcp2_conn_shutdown_stream_write (link->conn->conn, 0, flow->channel->id, 0x77);
  link->active = TRUE;
  world_run (world, world->now + 100 * MS);
  g_assert_true (far_flow (world, 0)->failed);
  g_assert_true (peerup_quic_channel_is_reset (far_flow (world, 0)->channel, &code));
  g_assert_cmphex (code, ==, 0x77);
  g_assert_false (peerup_quic_channel_can_write (far_flow (world, 0)->channel));
  g_assert_true (peerup_quic_channel_is_reset (flow->channel, &code));
  assert_no_channels (world);
}

static void
test_codes (void)
{
  static const guint64 codes[] = { 0, 1, 0x1005, G_MAXUINT32, (guint64) G_MAXUINT32 + 1, ((guint64) 1 << 62) - 1 };
  g_autoptr (World) world = world_new ();
  Link *link = world_connect (world);

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (Flow) flow = flow_open (link);
      guint32 code;

      flow_send_text (flow, "hello", FALSE);
      world_run (world, world->now + 100 * MS);
      ngtcp2_conn_shutdown_stream (link->conn->conn, 0, flow->channel->id, codes[i]);
      link->active = TRUE;
      world_run (world, world->now + 100 * MS);
      g_assert_true (peerup_quic_channel_is_reset (far_flow (world, i)->channel, &code));
      g_assert_cmphex (code, ==, MIN (codes[i], G_MAXUINT32));
    }
  assert_no_channels (world);
}

/* The connection ends right behind a stream's end: its reader gets all of it. */
static void
test_close_behind (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (10 * 1000);
  Link *link = world_connect (world);
  g_autoptr (Flow) flow = flow_open (link);
  Flow *far;

  flow_send_text (flow, "x", FALSE);
  world_run (world, world->now + 100 * MS);
  far = far_flow (world, 0);
  far->no_reading = TRUE;
  g_clear_pointer (&flow->sending, g_bytes_unref);
  flow->sent = 0;
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now);
  peerup_quic_conn_close (link->conn, 0, NULL, world->now);
  world_run (world, world->now + G_USEC_PER_SEC);
  g_assert_nonnull (world_accepted (world)->error);
  g_assert_cmpint (peerup_quic_channel_get_read_state (far->channel), ==, PEERUP_QUIC_READ_DATA);
  far->no_reading = FALSE;
  g_byte_array_set_size (far->received, 0);
  world_run (world, world->now + MS);
  g_assert_true (far->ended);
  flow_assert_received (far, pattern);
  /* And then why nothing more comes, where there was no end. */
  g_assert_cmpint (peerup_quic_channel_get_read_state (flow->channel), ==, PEERUP_QUIC_READ_FAILED);
  g_assert_false (peerup_quic_channel_can_write (far->channel));
}

/* Whoever lets go of a stream in any state leaves nothing behind. */
static void
test_drop (void)
{
  for (guint state = 0; state < 8; state++)
    {
      g_autoptr (World) world = world_new ();
      Link *link = world_connect (world);
      Flow *flow = flow_open (link);

      world->server.forgets = TRUE;
      if (state >= 1)
        flow_send_text (flow, "hello", state == 2);
      if (state >= 3)
        world_run (world, world->now + (state - 2) * 6 * MS);
      peerup_quic_channel_reset (flow->channel, 1);
      flow_free (flow);
      world_run (world, world->now + 100 * MS);
      assert_no_channels (world);
      peerup_quic_conn_close (link->conn, 0, NULL, world->now);
    }
}

static void
close_in_event (Link *link, WorldEvent event, gpointer data)
{
  if (event != GPOINTER_TO_UINT (data))
    return;
  peerup_quic_conn_close (link->conn, 0x1003, NULL, link->side->world->now);
  g_assert_true (peerup_quic_conn_is_closed (link->conn));
}

/* Each event that allows anything allows the end. */
static void
test_close_in_event (gconstpointer data)
{
  g_autoptr (World) world = world_new ();
  Link *link;

  world->server.echo = TRUE;
  world->hook = close_in_event;
  world->hook_data = (gpointer) data;
  world->server.options.streams_max = 1;
  world_restart (world);
  link = world_dial (world);
  world_run (world, world->now + 100 * MS);
  if (link->error == NULL)
    {
      g_autoptr (Flow) flow = flow_open (link);

      flow_send_text (flow, "hello", TRUE);
      world_run (world, world->now + G_USEC_PER_SEC);
    }
  if (GPOINTER_TO_UINT (data) == WORLD_CLOSED)
    peerup_quic_conn_close (link->conn, 1, NULL, world->now);
  world_run (world, world->now + 20 * G_USEC_PER_SEC);
  g_assert_nonnull (link->error);
  g_assert_nonnull (world_accepted (world)->error);
  assert_no_channels (world);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->client.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
  g_assert_cmpuint (world->server.n_admitted, ==, world->server.n_released);
}

int
main (int argc, char **argv)
{
  static const char *const events[] = { "established", "closed", "opened", "openable", "drained" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/streams/parallel", test_parallel);
  g_test_add_func ("/quic/streams/sequential", test_sequential);
  g_test_add_data_func ("/quic/streams/reset-many", GINT_TO_POINTER (FALSE), test_reset_many);
  g_test_add_data_func ("/quic/streams/reset-at-once", GINT_TO_POINTER (TRUE), test_reset_many);
  g_test_add_func ("/quic/streams/unread", test_unread);
  g_test_add_func ("/quic/streams/fair", test_fair);
  g_test_add_func ("/quic/streams/slow-reader", test_slow_reader);
  g_test_add_data_func ("/quic/streams/long-path/cubic", GINT_TO_POINTER (FALSE), test_long_path);
  g_test_add_data_func ("/quic/streams/long-path/bbr", GINT_TO_POINTER (TRUE), test_long_path);
  g_test_add_func ("/quic/streams/lean", test_lean);
  g_test_add_func ("/quic/streams/fin", test_fin);
  g_test_add_func ("/quic/streams/reset-blocked", test_reset_blocked);
  g_test_add_func ("/quic/streams/stop-blocked", test_stop_blocked);
  g_test_add_func ("/quic/streams/stuck-beside", test_stuck_beside);
  g_test_add_func ("/quic/streams/few-acks", test_few_acks);
  g_test_add_func ("/quic/streams/reset-stream-only", test_reset_stream_only);
  g_test_add_func ("/quic/streams/codes", test_codes);
  g_test_add_func ("/quic/streams/close-behind", test_close_behind);
  g_test_add_func ("/quic/streams/drop", test_drop);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/streams/close-in/", events[i], NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_close_in_event);
    }
  return g_test_run ();
}
