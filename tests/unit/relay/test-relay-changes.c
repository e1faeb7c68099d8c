/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What others learn when the relays of a peer come and go, and how it notices itself. */

#include "protocols/peerup-identify.h"
#include "relay-lines.h"
#include "relay/peerup-relay-client.h"
#include "scripted-relay.h"
#include "transport/peerup-yamux-connection-private.h"

typedef struct
{
  ScriptedRelay one, two;
  Node peer;
  PeerupRelayClient *client;
} World;

static void
world_init (World *self)
{
  scripted_relay_init (&self->one, 1, NODE_TCP);
  scripted_relay_init (&self->two, 2, NODE_TCP);
  node_init (&self->peer, 3, NODE_TCP);
  self->client = peerup_relay_client_new (self->peer.swarm);
}

static void
world_clear (World *self)
{
  g_assert_finalize_object (g_steal_pointer (&self->client));
  node_clear (&self->peer);
  scripted_relay_clear (&self->one);
  scripted_relay_clear (&self->two);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static void
world_use (World *self, ScriptedRelay *one, ScriptedRelay *two)
{
  g_autoptr (GPtrArray) relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_ptr_array_add (relays, scripted_relay_dup_address (one, 0));
  if (two != NULL)
    g_ptr_array_add (relays, scripted_relay_dup_address (two, 0));
  peerup_relay_client_set_relays (self->client, relays);
}

/* (transfer full): where one is, through @relay. */
static PeerupMultiaddr *
through (ScriptedRelay *relay)
{
  g_autoptr (PeerupMultiaddr) address = scripted_relay_dup_address (relay, 0);

  return peerup_multiaddr_newf ("%s/p2p-circuit", peerup_multiaddr_get_string (address));
}

static gboolean
has_address (GPtrArray *addresses, ScriptedRelay *relay)
{
  g_autoptr (PeerupMultiaddr) address = through (relay);

  return g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL);
}

static gboolean
is_announced (World *self, ScriptedRelay *relay)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_announced_addresses (self->peer.swarm);

  return has_address (addresses, relay);
}

static gboolean
is_known (PeerupIdentify *identify, Node *peer, ScriptedRelay *relay)
{
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (identify, node_id (peer));

  return info != NULL && has_address (info->addresses, relay);
}

#define wait_for(condition)                                           \
  G_STMT_START                                                        \
  {                                                                   \
    guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL); \
    while (!(condition))                                              \
      g_main_context_iteration (NULL, TRUE);                          \
    g_source_remove (guard);                                          \
  }                                                                   \
  G_STMT_END

/* Who is connected hears of each change, unasked. */
static void
test_pushed (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) other = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupIdentify) own = NULL;
  g_autoptr (PeerupIdentify) others = NULL;
  g_autoptr (DexFuture) identified = NULL;

  world_init (&world);
  node_init (&other, 4, NODE_SILENT);
  own = peerup_identify_new (world.peer.swarm);
  others = peerup_identify_new (other.swarm);
  node_learn (&other, &world.peer);
  connection = node_connect (&other, &world.peer);
  identified = test_finish (peerup_identify_wait (others, connection));
  g_assert_false (is_known (others, &world.peer, &world.one));

  world_use (&world, &world.one, NULL);
  wait_for (is_known (others, &world.peer, &world.one));
  world_use (&world, &world.two, NULL);
  wait_for (is_known (others, &world.peer, &world.two));
  g_assert_false (is_known (others, &world.peer, &world.one));
  /* It goes, and lets nobody in any more. */
  world.two.status = PEERUP_CIRCUIT_RESERVATION_REFUSED;
  peerup_swarm_disconnect (world.two.node.swarm, node_id (&world.peer), PEERUP_CONNECTION_CODE_SHUTDOWN);
  wait_for (!is_known (others, &world.peer, &world.two));
  g_assert_false (peerup_connection_is_closed (connection));
}

static void
check_alive (Node *node, ScriptedRelay *relay, gint64 now)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (node->swarm, node_id (&relay->node));

  g_assert_cmpuint (list->len, ==, 1);
  peerup_yamux_connection_check (list->pdata[0], now);
  test_spin ();
}

/* A relay from which nothing comes any more, not even an end, as when a cable is pulled. It is noticed
 * 129 s later; the address through it is not announced any more, and the other relay takes its place
 * as soon as it has one. */
static void
test_silent_death (void)
{
  gint64 now = g_get_monotonic_time ();
  g_auto (DelayLine) line = { 0 };
  g_auto (World) world = { 0 };

  world_init (&world);
  delay_line_init (&line);
  connect_along (&world.peer, &world.one.node, &line);
  world.two.status = PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED;
  world_use (&world, &world.one, &world.two);
  for (guint i = 0; !is_announced (&world, &world.one); i++)
    {
      g_assert_cmpuint (i, <, 10);
      delay_line_cross (&line);
    }
  wait_count (&world.two.n_refused, 1);
  /* From here on nothing crosses the line, and nobody else lets it in where it was. */
  world.one.status = PEERUP_CIRCUIT_RESERVATION_REFUSED;
  check_alive (&world.peer, &world.one, now + 121 * G_USEC_PER_SEC);
  g_assert_true (is_announced (&world, &world.one));
  check_alive (&world.peer, &world.one, now + 131 * G_USEC_PER_SEC);
  g_assert_false (is_announced (&world, &world.one));
  g_assert_cmpuint (node_n_connections (&world.peer, &world.one.node), ==, 0);
  world.two.status = PEERUP_CIRCUIT_NONE;
  peerup_relay_client_retry (world.client);
  wait_for (is_announced (&world, &world.two));
  g_assert_false (is_announced (&world, &world.one));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/relay-changes/pushed", test_pushed);
  g_test_add_func ("/relay-changes/silent-death", test_silent_death);

  return g_test_run ();
}
