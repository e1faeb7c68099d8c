/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Several relays of one peer: which is dialed through, what takes over when one refuses or dies, and
 * that a relay that is connected costs no new connection and no look-up. */

#include "frozen-path.h"
#include "relay/peerup-relay-client.h"
#include "scripted-relay.h"

/* A dials B, who has a reservation at both relays. */
typedef struct
{
  ScriptedRelay one, two;
  FrozenPath path; /* to the first relay; unused unless the test sets it up */
  Node a, b;
  PeerupRelayClient *a_client, *b_client;
} World;

static PeerupRelayInfo
info_of (PeerupRelayClient *client, guint index)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (client, index, &info);
  return info;
}

static gboolean
is_reserved (PeerupRelayClient *client)
{
  for (guint i = 0; i < peerup_relay_client_get_n_relays (client); i++)
    if (info_of (client, i).state != PEERUP_RELAY_RESERVED)
      return FALSE;
  return TRUE;
}

static void
wait_reserved (PeerupRelayClient *client)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (!is_reserved (client))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* (transfer full) of PeerupMultiaddr: @relay's, for each of the two that is not NULL. */
static GPtrArray *
addresses_of (ScriptedRelay *one, ScriptedRelay *two)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  if (one != NULL)
    g_ptr_array_add (addresses, scripted_relay_dup_address (one, 0));
  if (two != NULL)
    g_ptr_array_add (addresses, scripted_relay_dup_address (two, 0));
  return addresses;
}

static void
use (PeerupRelayClient *client, ScriptedRelay *one, ScriptedRelay *two)
{
  g_autoptr (GPtrArray) addresses = addresses_of (one, two);

  peerup_relay_client_set_relays (client, addresses);
  wait_reserved (client);
}

static void
world_init (World *self)
{
  scripted_relay_init (&self->one, 1, NODE_TCP);
  scripted_relay_init (&self->two, 4, NODE_TCP);
  node_init (&self->a, 2, NODE_SILENT);
  node_init (&self->b, 3, NODE_SILENT);
  self->a_client = peerup_relay_client_new (self->a.swarm);
  self->b_client = peerup_relay_client_new (self->b.swarm);
  use (self->b_client, &self->one, &self->two);
}

static void
world_clear (World *self)
{
  g_assert_finalize_object (g_steal_pointer (&self->a_client));
  g_assert_finalize_object (g_steal_pointer (&self->b_client));
  node_clear (&self->a);
  node_clear (&self->b);
  scripted_relay_clear (&self->one);
  scripted_relay_clear (&self->two);
  frozen_path_clear (&self->path);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static void
learn (World *self, const char *relay_address, ScriptedRelay *relay)
{
  g_autofree char *address =
    g_strdup_printf ("%s/p2p/%s/p2p-circuit", relay_address, peerup_peer_id_get_string (node_id (&relay->node)));

  node_learn_address (&self->a, &self->b, address);
}

/* A hears of B what B announces. */
static void
learn_announced (World *self)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_announced_addresses (self->b.swarm);

  g_assert_cmpuint (addresses->len, ==, 2);
  peerup_swarm_add_addresses (self->a.swarm, node_id (&self->b), addresses);
}

static void
dial (World *self)
{
  g_autoptr (PeerupConnection) connection = node_connect (&self->a, &self->b);

  g_assert_cmpstr (peerup_connection_get_info (connection)->transport, ==, "relay");
}

static void
hang_up (World *self)
{
  peerup_swarm_disconnect (self->a.swarm, node_id (&self->b), PEERUP_CONNECTION_CODE_NONE);
  node_wait_connections (&self->a, &self->b, 0);
}

/* Whichever of the two we are connected to is the one, whatever B prefers. */
static void
test_warm_first (void)
{
  g_auto (World) world = { 0 };

  world_init (&world);
  learn_announced (&world);
  use (world.a_client, &world.one, NULL);
  dial (&world);
  g_assert_cmpuint (world.one.n_circuits, ==, 1);
  hang_up (&world);
  peerup_swarm_disconnect (world.a.swarm, node_id (&world.one.node), PEERUP_CONNECTION_CODE_NONE);
  node_wait_connections (&world.a, &world.one.node, 0);
  use (world.a_client, &world.two, NULL);
  dial (&world);
  g_assert_cmpuint (world.one.n_circuits, ==, 1);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
}

/* Of B are known a name that nobody can look up and a port where nobody is: A needs neither. */
static void
test_warm_costs_nothing (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *closed = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", closed_port ());
  guint opened;

  world_init (&world);
  learn (&world, closed, &world.one);
  learn (&world, "/dns4/relay.invalid/tcp/4001", &world.one);
  use (world.a_client, &world.one, NULL);
  opened = world.a.opened;
  for (guint i = 1; i <= 3; i++)
    {
      dial (&world);
      g_assert_cmpuint (world.one.n_circuits, ==, i);
      /* The circuit alone. */
      g_assert_cmpuint (world.a.opened, ==, opened + i);
      hang_up (&world);
    }
  g_assert_cmpuint (node_n_connections (&world.a, &world.one.node), ==, 1);
}

/* A relay that refuses makes room for the next one, and comes after it the next time. */
static void
test_refused (void)
{
  g_auto (World) world = { 0 };

  world_init (&world);
  learn_announced (&world);
  use (world.a_client, &world.one, NULL);
  world.one.connect_status = PEERUP_CIRCUIT_NO_RESERVATION;
  dial (&world);
  g_assert_cmpuint (world.one.n_refused, ==, 1);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
  hang_up (&world);
  dial (&world);
  g_assert_cmpuint (world.one.n_refused, ==, 1);
  g_assert_cmpuint (world.two.n_circuits, ==, 2);
}

/* Several addresses of one relay are one try. */
static void
test_refused_once (void)
{
  g_auto (World) world = { 0 };

  world_init (&world);
  learn_announced (&world);
  learn (&world, "/ip4/127.0.0.2/tcp/1", &world.one);
  learn (&world, "/ip4/127.0.0.3/tcp/1", &world.one);
  use (world.a_client, &world.one, NULL);
  world.one.connect_status = PEERUP_CIRCUIT_NO_RESERVATION;
  dial (&world);
  g_assert_cmpuint (world.one.n_refused, ==, 1);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
}

/* It takes the request and says no more. */
static void
test_unanswered (void)
{
  g_auto (World) world = { 0 };

  world_init (&world);
  learn_announced (&world);
  use (world.a_client, &world.one, NULL);
  world.one.silent = TRUE;
  dial (&world);
  g_assert_cmpuint (world.one.held->len, ==, 1);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
  /* Its connection answers, so it is not the relay that is gone. */
  g_assert_false (info_of (world.a_client, 0).silent);
}

static void
await_silent (World *self, gboolean silent)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (info_of (self->a_client, 0).silent != silent)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
assert_preferred (World *self, guint index)
{
  g_autoptr (GPtrArray) announced = peerup_swarm_dup_announced_addresses (self->a.swarm);
  g_autoptr (PeerupPeerId) relay = NULL;
  const char *first;

  g_assert_cmpuint (announced->len, >, 0);
  first = peerup_multiaddr_get_string (announced->pdata[0]);
  for (guint i = 0; i < 2; i++)
    {
      PeerupRelayInfo info = info_of (self->a_client, i);

      g_assert_cmpint (info.preferred, ==, i == index);
      g_assert_cmpint (strstr (first, peerup_peer_id_get_string (info.relay)) != NULL, ==, i == index);
    }
}

/* The path to the first relay goes dead without a word. The dial that runs into it comes through the
 * second; then the first is known to be silent, and neither dialed through nor announced until it is back. */
static void
test_dies_silently (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupMultiaddr) direct = NULL;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) announced = NULL;
  PeerupMultiaddrComponent port;

  world_init (&world);
  learn_announced (&world);
  direct = scripted_relay_dup_address (&world.one, 0);
  g_assert_true (peerup_multiaddr_find (direct, PEERUP_MULTIADDR_TCP, &port));
  frozen_path_init (&world.path, port.value[0] << 8 | port.value[1]);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u/p2p/%s", world.path.port,
                                                     peerup_peer_id_get_string (node_id (&world.one.node))));
  peerup_relay_client_set_relays (world.a_client, addresses);
  wait_reserved (world.a_client);
  frozen_path_set_frozen (&world.path, TRUE);
  dial (&world);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
  await_silent (&world, TRUE);
  /* Its reservation may be good still, but nobody is sent there while there is another. */
  g_assert_cmpint (info_of (world.a_client, 0).state, ==, PEERUP_RELAY_RESERVED);
  g_assert_true (info_of (world.a_client, 0).preferred);
  g_ptr_array_add (addresses, scripted_relay_dup_address (&world.two, 0));
  peerup_relay_client_set_relays (world.a_client, addresses);
  wait_reserved (world.a_client);
  assert_preferred (&world, 1);
  announced = peerup_swarm_dup_announced_addresses (world.a.swarm);
  g_assert_cmpuint (announced->len, ==, 1);
  hang_up (&world);
  dial (&world);
  g_assert_cmpuint (world.two.n_circuits, ==, 2);
  frozen_path_set_frozen (&world.path, FALSE);
  await_silent (&world, FALSE);
  g_ptr_array_unref (announced);
  announced = peerup_swarm_dup_announced_addresses (world.a.swarm);
  g_assert_cmpuint (announced->len, ==, 2);
}

/* Peers' relays stand behind the configured ones, are configured ones if they are named there, and go. */
static void
test_peer_relays (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) both = NULL;
  guint n_reserved;

  world_init (&world);
  second = addresses_of (NULL, &world.two);
  both = addresses_of (&world.one, &world.two);
  n_reserved = world.two.n_reserved;
  peerup_relay_client_set_peer_relays (world.a_client, second);
  use (world.a_client, &world.one, NULL);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (world.a_client), ==, 2);
  g_assert_false (info_of (world.a_client, 0).of_peer);
  g_assert_true (info_of (world.a_client, 1).of_peer);
  g_assert_true (peerup_peer_id_equal (info_of (world.a_client, 1).relay, node_id (&world.two.node)));
  /* Its reservation goes on, whoever named it. */
  use (world.a_client, &world.one, &world.two);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (world.a_client), ==, 2);
  g_assert_false (info_of (world.a_client, 1).of_peer);
  peerup_relay_client_set_peer_relays (world.a_client, both);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (world.a_client), ==, 2);
  use (world.a_client, &world.one, NULL);
  g_assert_true (info_of (world.a_client, 1).of_peer);
  peerup_relay_client_set_peer_relays (world.a_client, none);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (world.a_client), ==, 1);
  g_assert_cmpuint (world.two.n_reserved, ==, n_reserved + 1);
}

/* Through a peer's relay others come as through any. */
static void
test_through_peer_relay (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) second = NULL;

  world_init (&world);
  second = addresses_of (NULL, &world.two);
  peerup_relay_client_set_relays (world.b_client, none);
  peerup_relay_client_set_peer_relays (world.b_client, second);
  wait_reserved (world.b_client);
  {
    g_autoptr (GPtrArray) addresses = peerup_swarm_dup_announced_addresses (world.b.swarm);

    g_assert_cmpuint (addresses->len, ==, 1);
    peerup_swarm_add_addresses (world.a.swarm, node_id (&world.b), addresses);
  }
  dial (&world);
  g_assert_cmpuint (world.two.n_circuits, ==, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/relay-choice/warm-first", test_warm_first);
  g_test_add_func ("/relay-choice/warm-costs-nothing", test_warm_costs_nothing);
  g_test_add_func ("/relay-choice/refused", test_refused);
  g_test_add_func ("/relay-choice/refused-once", test_refused_once);
  g_test_add_func ("/relay-choice/unanswered", test_unanswered);
  g_test_add_func ("/relay-choice/dies-silently", test_dies_silently);
  g_test_add_func ("/relay-choice/peer-relays", test_peer_relays);
  g_test_add_func ("/relay-choice/through-peer-relay", test_through_peer_relay);
  return g_test_run ();
}
