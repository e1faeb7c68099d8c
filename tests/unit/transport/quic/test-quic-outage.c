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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/outage/full-flight", test_full_flight);
  return g_test_run ();
}
