/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * QUIC while the network is away, or is another one when it comes back. */

#include "quic-world.h"

#define MS G_TIME_SPAN_MILLISECOND

/* The other end of the first stream. */
static Flow *
far_flow (World *world)
{
  return world_accepted (world)->flows->pdata[0];
}

/* What @data sends. */
static gboolean
lose_sent (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return from != data;
}

/* All that is on its way is lost at once, and it is as much as windows and flights allow. */
static void
test_full_flight (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (200 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  PeerupQuicFigures figures;
  Link *link;

  world->delay = 34 * MS;
  world->bandwidth = 400 * 1000 * 1000;
  world->queue = 40 * 1000 * 1000;
  link = world_connect (world);
  flow = flow_open (link);
  flow_send (flow, pattern, TRUE);
  world_run (world, world->now + 700 * MS);
  world->filter = lose_sent;
  world->filter_data = &world->client;
  world_run (world, world->now + 500 * MS);
  peerup_quic_conn_get_figures (link->conn, &figures);
  g_test_message ("%" G_GUINT64_FORMAT " bytes are lost", figures.bytes_in_flight);
  g_assert_cmpuint (figures.bytes_in_flight, >, 10 * 1000 * 1000);
  world->filter = NULL;
  world_run (world, world->now + 20 * G_USEC_PER_SEC);
  g_assert_no_error (link->error);
  g_assert_cmpuint (peerup_quic_channel_get_n_lost (flow->channel), >, 7000);
  world_run (world, world->now + 60 * G_USEC_PER_SEC);
  flow_assert_received (far_flow (world), pattern);
}

/* How much later than by the line that @data points to. */
static gboolean
come_later (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  *delay += *(gint64 *) data;
  return TRUE;
}

/* A better way is found again and again: what went by the old one comes when it has been sent once more. */
static void
test_late_flights (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (250 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  gint64 detour = 0;
  Link *link;

  world->delay = MS / 5;
  world->bandwidth = 100 * 1000 * 1000;
  world->queue = 40 * 1000 * 1000;
  world->filter = come_later;
  world->filter_data = &detour;
  link = world_connect (world);
  flow = flow_open (link);
  flow_send (flow, pattern, TRUE);
  /* Bytes are not what counts. */
  world_run (world, world->now + 50 * MS);
  g_byte_array_unref (g_steal_pointer (&far_flow (world)->received));
  for (guint i = 0; i < 400 && link->error == NULL; i++)
    {
      detour = 2 * MS;
      world_run (world, world->now + 3 * MS);
      detour = 0;
      world_run (world, world->now + 3 * MS);
    }
  g_assert_no_error (link->error);
  g_test_message ("%" G_GUINT64_FORMAT " packets were too late", peerup_quic_channel_get_n_lost (flow->channel));
  g_assert_cmpuint (peerup_quic_channel_get_n_lost (flow->channel), >, 11 * 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/outage/full-flight", test_full_flight);
  g_test_add_func ("/quic/outage/late-flights", test_late_flights);
  return g_test_run ();
}
