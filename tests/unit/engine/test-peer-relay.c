/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Engines that relay for each other without being told to: one that was reached from the internet,
 * and others that hear of it. Loopback is not the internet, so the test itself tells the first engine's
 * reachability of a visitor from there.
 */
#include "engine/peerup-engine-private.h"

#include "../relay/scripted-relay.h"
#include "device.h"
#include "trust/peerup-authorized-keys-file.h"

#define PUBLIC  "/ip4/1.2.3.4/tcp/7777"
#define VISITOR "/ip4/5.6.7.8/tcp/50000"

static PeerupPeerId *
device_id (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

/* (transfer full): connects by the other's first address. */
static PeerupPeer *
device_visit (Device *self, Device *other)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (other->engine);
  g_autoptr (GError) error = NULL;
  PeerupPeer *peer = await_object (peerup_engine_connect (self->engine, addresses[0]), &error);

  g_assert_no_error (error);
  return peer;
}

/* Somebody came from outside, by a port that a router forwards. */
static void
device_be_visited (Device *self, gconstpointer visit)
{
  PeerupReachability *reachability = peerup_engine_peer_relay_get_reachability (self->engine->peer_relay);
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (self->engine->swarm);
  g_autoptr (PeerupMultiaddr) visitor = peerup_multiaddr_newf (VISITOR);
  g_autoptr (PeerupMultiaddr) public = peerup_multiaddr_newf (PUBLIC);

  peerup_reachability_came (reachability, visit, own->pdata[0], visitor, g_get_monotonic_time ());
  peerup_reachability_named (reachability, visit, public, g_get_monotonic_time ());
  g_assert_true (peerup_reachability_is_confirmed (reachability));
}

static PeerupEngineRelayInfo
relay_info (Device *self)
{
  PeerupEngineRelayInfo info;

  peerup_engine_relay_get_info (self->engine->relay, &info);
  return info;
}

static guint
n_relays (Device *self)
{
  return peerup_relay_client_get_n_relays (self->engine->relays);
}

static PeerupRelayInfo
relay_of (Device *self, guint index)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (self->engine->relays, index, &info);
  return info;
}

static gboolean
is_reserved (gpointer device)
{
  return n_relays (device) > 0 && relay_of (device, 0).state == PEERUP_RELAY_RESERVED;
}

static gboolean
has_no_relay (gpointer device)
{
  return n_relays (device) == 0;
}

/* All know each other. */
static void
start_three (Device *a, Device *b, Device *c, const char *a_config)
{
  Home *homes[] = { home_new (), home_new (), home_new () };

  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < 3; j++)
      if (i != j)
        home_authorize (homes[i], homes[j]);
  home_configure (homes[0], a_config);
  *a = device_start (homes[0], PEERUP_ENGINE_DEFAULT);
  *b = device_start (homes[1], PEERUP_ENGINE_DEFAULT);
  *c = device_start (homes[2], PEERUP_ENGINE_DEFAULT);
}

/* That @self can be reached through @relay at @address. */
static void
assert_announces (Device *self, Device *relay, const char *address)
{
  g_autoptr (GPtrArray) announced = peerup_swarm_dup_announced_addresses (self->engine->swarm);
  g_autoptr (PeerupMultiaddr) expected =
    peerup_multiaddr_newf ("%s/p2p/%s/p2p-circuit", address, home_get_id (relay->home));

  g_assert_true (g_ptr_array_find_with_equal_func (announced, expected, peerup_multiaddr_equal, NULL));
}

/* Who was reached from outside relays; the others hear of it, meet through it, and leave it when it ends. */
static void
test_relays (void)
{
  g_auto (Device) a = { 0 };
  g_auto (Device) b = { 0 };
  g_auto (Device) c = { 0 };
  g_autoptr (PeerupPeer) b_to_a = NULL;
  g_autoptr (PeerupPeer) c_to_a = NULL;
  g_autoptr (PeerupPeer) c_to_b = NULL;
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) to_a = NULL;
  g_autoptr (GPtrArray) to_b = NULL;
  g_autoptr (GError) error = NULL;

  start_three (&a, &b, &c, "");
  b_to_a = device_visit (&b, &a);
  c_to_a = device_visit (&c, &a);
  /* Neighbours prove nothing. */
  g_assert_false (peerup_engine_peer_relay_is_public (a.engine->peer_relay));
  g_assert_cmpint (relay_info (&a).state, ==, PEERUP_ENGINE_RELAY_OFF);
  device_be_visited (&a, &a);
  g_assert_true (peerup_engine_peer_relay_is_public (a.engine->peer_relay));
  g_assert_cmpint (relay_info (&a).state, ==, PEERUP_ENGINE_RELAY_SERVING);
  g_assert_true (relay_info (&a).for_peers);
  g_assert_cmpuint (relay_info (&a).settings.max_reservations, ==, 4);
  g_assert_cmpuint (relay_info (&a).settings.authorized.duration, ==, 0);
  spin_while_not (is_reserved, &b);
  spin_while_not (is_reserved, &c);
  g_assert_true (relay_of (&b, 0).of_peer && relay_of (&b, 0).preferred);
  g_assert_true (peerup_peer_id_equal (relay_of (&b, 0).relay, device_id (&a)));
  /* B can be found where A was reached, and not only where B reaches it. */
  assert_announces (&b, &a, PUBLIC);
  /* C has never heard where B is: the relay that both have is enough. */
  c_to_b = await_object (peerup_engine_connect (c.engine, home_get_id (b.home)), &error);
  g_assert_no_error (error);
  g_assert_true (peerup_peer_get_relayed (c_to_b));
  g_assert_cmpuint (relay_info (&a).figures.circuits_opened, ==, 1);
  to_a = peerup_swarm_dup_connections (c.engine->swarm, device_id (&a));
  g_assert_cmpuint (to_a->len, ==, 1);
  to_b = peerup_swarm_dup_connections (c.engine->swarm, device_id (&b));
  g_assert_false (peerup_connection_get_info (to_b->pdata[0])->limited);
  /* Another network. */
  peerup_reachability_set_local_addresses (peerup_engine_peer_relay_get_reachability (a.engine->peer_relay), none,
                                           g_get_monotonic_time ());
  g_assert_cmpint (relay_info (&a).state, ==, PEERUP_ENGINE_RELAY_DRAINING);
  spin_while_not (has_no_relay, &b);
  spin_while_not (has_no_relay, &c);
}

/* The configuration says that this device relays for nobody. */
static void
test_serve_peers_off (void)
{
  g_auto (Device) a = { 0 };
  g_auto (Device) b = { 0 };
  g_auto (Device) c = { 0 };

  start_three (&a, &b, &c, "relay: {serve_peers: false}\n");
  device_be_visited (&a, &a);
  g_assert_cmpint (relay_info (&a).state, ==, PEERUP_ENGINE_RELAY_OFF);
}

static gboolean
is_serving (gpointer device)
{
  return relay_info (device).state == PEERUP_ENGINE_RELAY_SERVING;
}

/* It is not public whatever seems so, until the file says otherwise. */
static void
test_force_private (void)
{
  Home *home = home_new ();
  g_auto (Device) a = { 0 };

  home_be_private (home);
  a = device_start (home, PEERUP_ENGINE_DEFAULT);
  device_be_visited (&a, &a);
  g_assert_false (peerup_engine_peer_relay_is_public (a.engine->peer_relay));
  g_assert_cmpint (relay_info (&a).state, ==, PEERUP_ENGINE_RELAY_OFF);
  home_configure (a.home, "");
  spin_while_not (is_serving, &a);
}

/* A peer that is no engine, and says what the test wants. */
typedef struct
{
  ScriptedRelay relay;
  PeerupIdentify *identify;
} Claimant;

static void
claimant_init (Claimant *self, guint8 seed)
{
  scripted_relay_init (&self->relay, seed, NODE_TCP);
  self->identify = peerup_identify_new (self->relay.node.swarm);
}

static void
claimant_clear (Claimant *self)
{
  g_clear_object (&self->identify);
  scripted_relay_clear (&self->relay);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Claimant, claimant_clear)

static Device
device_start_with (Claimant *authorized)
{
  Home *home = home_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_authorized_keys_file_add (home->authorized_keys, node_id (&authorized->relay.node), NULL,
                                                  PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
  return device_start (home, PEERUP_ENGINE_DEFAULT);
}

/* (transfer full) */
static PeerupPeer *
device_visit_claimant (Device *self, Claimant *claimant)
{
  g_autoptr (PeerupMultiaddr) address = scripted_relay_dup_address (&claimant->relay, 0);
  g_autoptr (GError) error = NULL;
  PeerupPeer *peer = await_object (peerup_engine_connect (self->engine, peerup_multiaddr_get_string (address)), &error);

  g_assert_no_error (error);
  return peer;
}

static gboolean
has_refused (gpointer claimant)
{
  return ((Claimant *) claimant)->relay.n_refused > 0;
}

/* It claims hop and refuses: asked once, and left. */
static void
test_refuses (void)
{
  g_auto (Claimant) claimant = { 0 };
  g_auto (Device) b = { 0 };
  g_autoptr (PeerupPeer) peer = NULL;

  claimant_init (&claimant, 1);
  claimant.relay.status = PEERUP_CIRCUIT_PERMISSION_DENIED;
  b = device_start_with (&claimant);
  peer = device_visit_claimant (&b, &claimant);
  spin_while_not (has_refused, &claimant);
  spin_while_not (has_no_relay, &b);
  g_assert_cmpuint (claimant.relay.n_refused, ==, 1);
}

/* (transfer full): what a peer says that serves hop or does not. */
static PeerupPeerInfo *
info_new (PeerupPeerId *peer, gboolean hop, const char *address)
{
  g_autoptr (PeerupIdentifyMessage) message = peerup_identify_message_new ();
  g_autoptr (GError) error = NULL;
  PeerupPeerInfo *info;

  message->protocols = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (message->protocols, g_strdup (hop ? PEERUP_CIRCUIT_HOP : PEERUP_CIRCUIT_STOP));
  message->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_ptr_array_add (message->addresses, peerup_multiaddr_newf ("%s", address));
  info = peerup_peer_info_new_merged (peer, NULL, message, &error);
  g_assert_no_error (error);
  return info;
}

static void
device_identify (Device *self, PeerupConnection *connection, PeerupPeerInfo *info)
{
  g_signal_emit_by_name (self->engine->identify, "identified", connection, info);
}

/* Hop comes and goes a thousand times: it is asked a few times, and then left alone. */
static void
test_flaps (void)
{
  g_auto (Claimant) claimant = { 0 };
  g_auto (Device) b = { 0 };
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GPtrArray) connections = NULL;
  PeerupPeerInfo *infos[2];

  claimant_init (&claimant, 1);
  b = device_start_with (&claimant);
  peer = device_visit_claimant (&b, &claimant);
  spin_while_not (is_reserved, &b);
  connections = peerup_swarm_dup_connections (b.engine->swarm, node_id (&claimant.relay.node));
  for (guint i = 0; i < 2; i++)
    infos[i] = info_new (node_id (&claimant.relay.node), i, PUBLIC);
  for (guint i = 0; i < 1000; i++)
    {
      device_identify (&b, connections->pdata[0], infos[i % 2]);
      while (i % 50 == 0 && g_main_context_iteration (NULL, FALSE))
        continue;
    }
  spin_while_not (has_no_relay, &b);
  g_assert_cmpuint (claimant.relay.n_reserved, ==, 1);
  for (guint i = 0; i < 2; i++)
    peerup_peer_info_unref (infos[i]);
}

/* A thousand who may not connect to us, and whom we have connected to: none of them is used. */
static void
test_strangers (void)
{
  g_auto (Claimant) claimant = { 0 };
  g_auto (Device) b = { 0 };
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GPtrArray) connections = NULL;

  claimant_init (&claimant, 1);
  b = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  peer = device_visit_claimant (&b, &claimant);
  connections = peerup_swarm_dup_connections (b.engine->swarm, node_id (&claimant.relay.node));
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (NULL);
      g_autoptr (PeerupPeerInfo) info = info_new (peerup_private_key_get_peer_id (key), TRUE, PUBLIC);

      device_identify (&b, connections->pdata[0], info);
    }
  {
    g_autoptr (PeerupPeerInfo) own = info_new (node_id (&claimant.relay.node), TRUE, PUBLIC);

    device_identify (&b, connections->pdata[0], own);
  }
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (n_relays (&b), ==, 0);
  g_assert_cmpuint (claimant.relay.n_reserved, ==, 0);
}

/* Its owner takes the peer out of authorized_keys: it is not used, nor connected to, any more. */
static void
test_revoked (void)
{
  g_auto (Claimant) claimant = { 0 };
  g_auto (Device) b = { 0 };
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GError) error = NULL;

  claimant_init (&claimant, 1);
  b = device_start_with (&claimant);
  peer = device_visit_claimant (&b, &claimant);
  spin_while_not (is_reserved, &b);
  g_assert_true (peerup_authorized_keys_file_remove (b.home->authorized_keys, node_id (&claimant.relay.node), &error));
  g_assert_true (peerup_engine_trust_reload (b.engine->trust, &error));
  g_assert_cmpuint (n_relays (&b), ==, 0);
  wait_count (&claimant.relay.node.closed, 1);
  g_assert_cmpuint (claimant.relay.node.opened, ==, 1);
}

/* Who is public himself leaves the places to others. */
static void
test_public_needs_none (void)
{
  g_auto (Claimant) claimant = { 0 };
  g_auto (Device) b = { 0 };
  g_autoptr (PeerupPeer) peer = NULL;
  PeerupReachability *reachability;

  claimant_init (&claimant, 1);
  b = device_start_with (&claimant);
  peer = device_visit_claimant (&b, &claimant);
  spin_while_not (is_reserved, &b);
  device_be_visited (&b, &b);
  spin_while_not (has_no_relay, &b);
  reachability = peerup_engine_peer_relay_get_reachability (b.engine->peer_relay);
  peerup_reachability_left (reachability, &b, g_get_monotonic_time () - PEERUP_REACHABILITY_LIFETIME);
  peerup_reachability_advance (reachability, g_get_monotonic_time ());
  g_assert_false (peerup_engine_peer_relay_is_public (b.engine->peer_relay));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/peer-relay/relays", test_relays);
  g_test_add_func ("/peer-relay/serve-peers-off", test_serve_peers_off);
  g_test_add_func ("/peer-relay/force-private", test_force_private);
  g_test_add_func ("/peer-relay/refuses", test_refuses);
  g_test_add_func ("/peer-relay/flaps", test_flaps);
  g_test_add_func ("/peer-relay/strangers", test_strangers);
  g_test_add_func ("/peer-relay/revoked", test_revoked);
  g_test_add_func ("/peer-relay/public-needs-none", test_public_needs_none);
  return g_test_run ();
}
