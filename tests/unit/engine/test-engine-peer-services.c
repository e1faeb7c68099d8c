/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What engines tell each other of their services: who asks whom and when, in one process, over loopback. What is told
 * as grants and services change is looked at with whole daemons.
 */
#include <string.h>

#include "device.h"
#include "engine/peerup-peer-private.h"
#include "protocols/peerup-discovery.h"

typedef struct
{
  Device host, friend; /* host knows friend */
  PeerupPeerId *host_id;
} World;

/* Whether friend knows host too, and what it is. */
static void
world_init (World *self, gboolean mutual, PeerupEngineFlags flags)
{
  Home *host = home_new (), *friend = home_new ();

  home_configure (host, "services:\n"
                        "  web: {enabled: true, local_address: '127.0.0.1:1'}\n"
                        "  ssh: {enabled: true, local_address: '127.0.0.1:1', kind: ssh, tags: [attic]}\n"
                        "  off: {enabled: false, local_address: '127.0.0.1:1'}\n"
                        "  listed: {enabled: true, local_address: '127.0.0.1:1', allowed_peers: []}\n");
  home_authorize (host, friend);
  if (mutual)
    home_authorize (friend, host);
  self->host_id = peerup_private_key_get_peer_id (host->key);
  self->host = device_start (host, PEERUP_ENGINE_DEFAULT);
  self->friend = device_start (friend, flags);
}

static void
world_clear (World *self)
{
  device_stop (&self->friend);
  device_stop (&self->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* (transfer none): host, as friend has it. */
static PeerupPeer *
get_host (World *self)
{
  return peerup_peer_list_find (self->friend.engine->peers, self->host_id);
}

static void
connect_to_host (World *self)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (self->host.engine);
  g_autoptr (PeerupPeer) peer = NULL;
  g_autoptr (GError) error = NULL;

  peer = await_object (peerup_engine_connect (self->friend.engine, addresses[0]), &error);
  g_assert_no_error (error);
}

static gboolean
is_told (gpointer data)
{
  return peerup_peer_get_services (get_host (data)) != NULL;
}

static DexFuture *
ask (World *self)
{
  return peerup_engine_peer_services_ask (self->friend.engine->peer_services, self->host_id);
}

static void
assert_told (World *self)
{
  PeerupPeer *host = get_host (self);
  g_autofree char *text = g_variant_print (peerup_peer_get_services (host), FALSE);

  g_assert_cmpstr (peerup_peer_get_services_source (host), ==, "discovery");
  g_assert_cmpint (peerup_peer_get_services_at (host), >, 0);
  g_assert_nonnull (strstr (text, "'attic'"));
  g_assert_cmpuint (g_variant_n_children (peerup_peer_get_services (host)), ==, 2);
  g_assert_nonnull (strstr (text, "'/peerup/web/1.0.0'"));
}

static void
test_told (void)
{
  g_auto (World) world = { 0 };

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  connect_to_host (&world);
  spin_while_not (is_told, &world);
  assert_told (&world);
}

/* What only dials asks when it is told to. */
static void
test_asked (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world, TRUE, PEERUP_ENGINE_DIAL_ONLY);
  connect_to_host (&world);
  g_assert_null (peerup_peer_get_services (get_host (&world)));
  g_assert_true (await_true (ask (&world), &error));
  g_assert_no_error (error);
  assert_told (&world);
}

static void
test_not_connected (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  g_assert_false (await_true (ask (&world), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_null (get_host (&world));
}

/* Who is asked is who is trusted, from when he is. */
static void
test_trusted_later (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world, FALSE, PEERUP_ENGINE_DEFAULT);
  connect_to_host (&world);
  connections = peerup_swarm_dup_connections (world.friend.engine->swarm, world.host_id);
  g_assert_true (await_true (peerup_identify_wait (world.friend.engine->identify, connections->pdata[0]), &error));
  g_assert_null (peerup_peer_get_services (get_host (&world)));
  home_authorize (world.friend.home, world.host.home);
  g_assert_true (peerup_engine_trust_reload (world.friend.engine->trust, &error));
  spin_while_not (is_told, &world);
  assert_told (&world);
}

/* Many who ask at once get one answer, and one that was there when the last of them asked. */
static void
test_together (void)
{
  g_auto (World) world = { 0 };
  DexFuture *futures[20];

  world_init (&world, TRUE, PEERUP_ENGINE_DIAL_ONLY);
  connect_to_host (&world);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = ask (&world);
  for (guint i = 1; i < G_N_ELEMENTS (futures); i++)
    g_assert_true (futures[i] == futures[0]);
  g_clear_pointer (&futures[1], dex_unref);
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    if (futures[i] != NULL)
      g_assert_true (await_true (futures[i], NULL));
  assert_told (&world);
}

/* Whoever asks waits for an answer, not for the end of all questions. */
static void
test_again_and_again (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (DexFuture) first = NULL;
  gint64 start = g_get_monotonic_time ();

  world_init (&world, TRUE, PEERUP_ENGINE_DIAL_ONLY);
  connect_to_host (&world);
  first = ask (&world);
  while (dex_future_is_pending (first))
    {
      dex_unref (ask (&world));
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * (gint64) G_USEC_PER_SEC);
    }
  g_assert_true (dex_future_is_resolved (first));
  assert_told (&world);
}

/* PeerupDiscoveryOffer: nothing at first. */
static GPtrArray *
offer_later (PeerupPeerId *peer, gpointer data)
{
  guint *n_asked = data;
  GPtrArray *services;

  if (++*n_asked == 1)
    return NULL;
  services = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  g_ptr_array_add (services, peerup_discovery_service_new ("late", NULL, NULL));
  return services;
}

/* A question that there was a reason for is asked until it is answered. */
static void
test_asked_anew (void)
{
  guint n_asked = 0;
  g_auto (World) world = { 0 };

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  peerup_swarm_remove_protocol (world.host.engine->swarm, PEERUP_DISCOVERY_PROTOCOL);
  peerup_discovery_serve (world.host.engine->swarm, offer_later, &n_asked);
  connect_to_host (&world);
  spin_while_not (is_told, &world);
  g_assert_cmpuint (n_asked, >=, 2);
  g_assert_cmpuint (g_variant_n_children (peerup_peer_get_services (get_host (&world))), ==, 1);
}

/* PeerupDiscoveryOffer: much text, though no more than a message has. */
static GPtrArray *
offer_much (PeerupPeerId *peer, gpointer data)
{
  GPtrArray *services = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) tags = NULL;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *tag = g_strdup_printf ("%u%049u", i, i);

      g_strv_builder_add (builder, tag);
    }
  tags = g_strv_builder_end (builder);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("s%02u", i);

      g_ptr_array_add (services, peerup_discovery_service_new (name, NULL, (const char *const *) tags));
    }
  return services;
}

static guint
count_tags (GVariant *services, gsize at)
{
  g_autoptr (GVariant) service = g_variant_get_child_value (services, at);
  g_auto (GStrv) tags = NULL;

  g_assert_true (g_variant_lookup (service, "tags", "^as", &tags));
  return g_strv_length (tags);
}

/* All services of a peer are kept, and of its words some. */
static void
test_much (void)
{
  g_auto (World) world = { 0 };
  GVariant *services;

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  peerup_swarm_remove_protocol (world.host.engine->swarm, PEERUP_DISCOVERY_PROTOCOL);
  peerup_discovery_serve (world.host.engine->swarm, offer_much, NULL);
  connect_to_host (&world);
  spin_while_not (is_told, &world);
  services = peerup_peer_get_services (get_host (&world));
  g_assert_cmpuint (g_variant_n_children (services), ==, 100);
  g_assert_cmpuint (count_tags (services, 0), ==, 10);
  g_assert_cmpuint (count_tags (services, 99), ==, 0);
  g_assert_cmpuint (g_variant_get_size (services), <, 24 * 1024);
}

static PeerupService *
get_service (World *self, const char *name)
{
  return peerup_service_set_find (self->host.engine->services, name);
}

/* A peer is told of what it may use, and does not learn from when that something else has changed. */
static void
test_shown_to_whom_it_is_for (void)
{
  static const char *const tags[] = { "new", NULL };
  g_auto (World) world = { 0 };
  g_autoptr (GHashTable) before = NULL;
  PeerupEnginePeerServices *host;

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  connect_to_host (&world);
  spin_while_not (is_told, &world);
  host = world.host.engine->peer_services;
  before = peerup_engine_peer_services_look (host);
  g_assert_cmpuint (g_hash_table_size (before), ==, 1);
  g_assert_cmpuint (peerup_engine_peer_services_show (host, before), ==, 0);
  g_assert_true (peerup_service_set_label (get_service (&world, "listed"), "http", tags));
  g_assert_cmpuint (peerup_engine_peer_services_show (host, before), ==, 0);
  g_assert_true (peerup_service_set_label (get_service (&world, "ssh"), "ssh", tags));
  g_assert_cmpuint (peerup_engine_peer_services_show (host, before), ==, 1);
  g_clear_pointer (&before, g_hash_table_unref);
  before = peerup_engine_peer_services_look (host);
  peerup_service_set_allowed_peers (get_service (&world, "listed"), NULL);
  g_assert_cmpuint (peerup_engine_peer_services_show (host, before), ==, 1);
}

/* An engine that stops while it asks does not wait for the answer. */
static void
test_stop (void)
{
  g_auto (World) world = { 0 };

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  connect_to_host (&world);
  dex_unref (ask (&world));
}

static gboolean
is_used (gpointer data)
{
  return peerup_service_get_active (get_service (data, "ssh")) == 1;
}

static gboolean
is_without_ssh (gpointer data)
{
  World *self = data;
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (self->friend.engine->identify, self->host_id);

  return info == NULL || !peerup_peer_info_has_protocol (info, "/peerup/ssh/1.0.0");
}

/* friend uses ssh, so that host takes a while to stop. (transfer full) */
static PeerupStream *
use_ssh (World *self, GSocketListener *listener)
{
  static const char *const protocols[] = { "/peerup/ssh/1.0.0", NULL };
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->friend.engine->swarm, self->host_id);
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  PeerupStream *stream;

  g_assert_no_error (error);
  g_assert_true (peerup_service_set_target (get_service (self, "ssh"), "localhost", port, &error));
  stream = await_object (peerup_swarm_open_stream_on (self->friend.engine->swarm, connections->pdata[0], protocols,
                                                      g_get_monotonic_time () + 60 * (gint64) G_USEC_PER_SEC),
                         &error);
  g_assert_no_error (error);
  spin_while_not (is_used, self);
  return stream;
}

/* What goes because an engine stops is nothing that it says of its services. */
static void
test_what_was_told_stays (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GCancellable) hurry = g_cancellable_new ();
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (World) world = { 0 };
  DexFuture *stopped;

  world_init (&world, TRUE, PEERUP_ENGINE_DEFAULT);
  connect_to_host (&world);
  spin_while_not (is_told, &world);
  stream = use_ssh (&world, listener);
  stopped = peerup_engine_stop (world.host.engine, hurry);
  spin_while_not (is_without_ssh, &world);
  g_assert_cmpint (peerup_engine_get_state (world.host.engine), ==, PEERUP_ENGINE_STOPPING);
  g_assert_false (await_true (ask (&world), &error));
  assert_told (&world);
  g_cancellable_cancel (hurry);
  g_assert_true (await_true (stopped, NULL));
  assert_told (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/engine/peer-services/told", test_told);
  g_test_add_func ("/engine/peer-services/asked", test_asked);
  g_test_add_func ("/engine/peer-services/not-connected", test_not_connected);
  g_test_add_func ("/engine/peer-services/trusted-later", test_trusted_later);
  g_test_add_func ("/engine/peer-services/together", test_together);
  g_test_add_func ("/engine/peer-services/again-and-again", test_again_and_again);
  g_test_add_func ("/engine/peer-services/asked-anew", test_asked_anew);
  g_test_add_func ("/engine/peer-services/much", test_much);
  g_test_add_func ("/engine/peer-services/shown-to-whom-it-is-for", test_shown_to_whom_it_is_for);
  g_test_add_func ("/engine/peer-services/stop", test_stop);
  g_test_add_func ("/engine/peer-services/what-was-told-stays", test_what_was_told_stays);
  return g_test_run ();
}
