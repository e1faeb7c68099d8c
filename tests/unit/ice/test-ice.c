/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "../swarm/swarm-node.h"

#include "ice/peerup-ice-private.h"

/* Two peers that are connected by TCP, which counts as the carrier; a dialed it. */
typedef struct
{
  Node a, b;
  PeerupIce *ice_a, *ice_b;
  PeerupConnection *carrier_a, *carrier_b;
} World;

static PeerupConnection *
only_connection (Node *self, Node *other)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, node_id (other));

  g_assert_cmpuint (list->len, ==, 1);
  return g_object_ref (list->pdata[0]);
}

static void
world_init (World *self)
{
  node_init (&self->a, 1, 0);
  node_init (&self->b, 2, NODE_TCP);
  self->ice_a = peerup_ice_new (self->a.swarm);
  self->ice_b = peerup_ice_new (self->b.swarm);
  peerup_ice_use_network (self->ice_a, "127.0.0.1", 8);
  peerup_ice_use_network (self->ice_b, "127.0.0.2", 8);
  node_learn (&self->a, &self->b);
  self->carrier_a = node_connect (&self->a, &self->b);
  node_wait_connections (&self->b, &self->a, 1);
  self->carrier_b = only_connection (&self->b, &self->a);
}

static void
world_clear (World *self)
{
  g_clear_object (&self->carrier_a);
  g_clear_object (&self->carrier_b);
  g_clear_object (&self->ice_a);
  g_clear_object (&self->ice_b);
  node_clear (&self->a);
  node_clear (&self->b);
}

static void
assert_punched (PeerupConnection *connection, gboolean outbound)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  g_assert_true (info->punched);
  g_assert_cmpint (info->outbound, ==, outbound);
  g_assert_cmpstr (info->transport, ==, "quic-v1");
}

static void
test_dialer_opens (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) found = NULL;
  gint64 start;

  world_init (&world);
  start = g_get_monotonic_time ();
  found = test_take_object (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()), &error);
  g_assert_no_error (error);
  g_test_message ("direct after %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  assert_punched (found, TRUE);
  node_wait_connections (&world.b, &world.a, 2);
  g_clear_object (&found);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/ice/dialer-opens", test_dialer_opens);
  return g_test_run ();
}
