/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A configuration that changes under an engine: each part of it is in force without a restart, and what a change is
 * not about goes on.
 */
#include <string.h>

#include "device.h"

/* The addresses of the two loopback hosts stand for two networks. */
#define HERE_TCP  "/ip4/127.0.0.1/tcp/0"
#define HERE_QUIC "/ip4/127.0.0.1/udp/0/quic-v1"
#define NEXT_TCP  "/ip4/127.0.0.2/tcp/0"

static gboolean
listens_at (PeerupEngine *engine, const char *prefix)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);

  for (gsize i = 0; addresses[i] != NULL; i++)
    if (g_str_has_prefix (addresses[i], prefix))
      return TRUE;
  return FALSE;
}

static gboolean
listens_next (gpointer engine)
{
  return listens_at (engine, "/ip4/127.0.0.2/") && !listens_at (engine, "/ip4/127.0.0.1/");
}

static gboolean
listens_here (gpointer engine)
{
  return listens_at (engine, "/ip4/127.0.0.1/") && !listens_at (engine, "/ip4/127.0.0.2/");
}

static PeerupConnection *
only_connection (PeerupEngine *engine)
{
  g_autoptr (GPtrArray) connections = peerup_engine_dup_connections (engine);

  g_assert_cmpuint (connections->len, ==, 1);
  return g_object_ref (connections->pdata[0]);
}

static guint
count_quic (PeerupEngine *engine)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (engine->swarm);

  return transports->len;
}

static gboolean
has_no_connection (gpointer engine)
{
  g_autoptr (GPtrArray) connections = peerup_engine_dup_connections (engine);

  return connections->len == 0;
}

static gboolean
can_ping (PeerupEngine *engine, const char *peer)
{
  g_autoptr (GError) error = NULL;

  return await_int64 (peerup_engine_ping (engine, peer), &error) >= 0;
}

/* The address is taken off while b is connected to it: b stays, nobody else comes, and then it is there again. */
static void
test_listen (gconstpointer data)
{
  const char *address = data;
  Home *home_a = home_new (), *home_b = home_new (), *home_c = home_new ();
  Device a, b, c;
  g_auto (GStrv) before = NULL;
  g_autofree char *own = NULL;
  g_autofree char *exact = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  home_authorize (home_a, home_b);
  home_authorize (home_a, home_c);
  home_listen (home_a, address);
  a = device_start (home_a, PEERUP_ENGINE_DEFAULT);
  b = device_start (home_b, PEERUP_ENGINE_DIAL_ONLY);
  c = device_start (home_c, PEERUP_ENGINE_DIAL_ONLY);
  before = peerup_engine_dup_listen_addresses (a.engine);
  g_assert_cmpuint (g_strv_length (before), ==, 1);
  own = g_strdup (home_get_id (a.home));
  exact = g_strndup (before[0], strstr (before[0], "/p2p/") - before[0]);
  g_assert_true (can_ping (b.engine, before[0]));
  connection = only_connection (b.engine);

  home_listen (a.home, NEXT_TCP);
  spin_while_not (listens_next, a.engine);
  g_assert_cmpuint (count_quic (a.engine), ==, 0);
  g_assert_false (can_ping (c.engine, before[0]));
  g_assert_true (can_ping (b.engine, own));
  g_assert_false (peerup_connection_is_closed (connection));

  /* The very port, which a connection still uses. */
  home_listen (a.home, exact);
  spin_while_not (listens_here, a.engine);
  g_assert_true (can_ping (c.engine, before[0]));
  g_assert_true (can_ping (b.engine, own));
  g_assert_false (peerup_connection_is_closed (connection));

  /* Off again, and given back when the last one leaves. */
  home_listen (a.home, NEXT_TCP);
  spin_while_not (listens_next, a.engine);
  g_clear_object (&connection);
  device_stop (&b);
  device_stop (&c);
  spin_while_not (has_no_connection, a.engine);
  home_listen (a.home, exact);
  spin_while_not (listens_here, a.engine);
  device_stop (&a);
}

static gboolean
cannot_listen (gpointer engine)
{
  return g_hash_table_size (((PeerupEngine *) engine)->listen_errors) > 0;
}

static gboolean
listens_again (gpointer engine)
{
  return !cannot_listen (engine);
}

/* One port, first of one address and then of all: it is free when the last connection that came in there has gone, and
 * is taken then. */
static void
test_overlap (void)
{
  Home *home_a = home_new (), *home_b = home_new ();
  Device a, b;
  g_auto (GStrv) before = NULL;
  g_autofree char *exact = NULL;
  g_autofree char *wide = NULL;
  GLogLevelFlags fatal;

  home_authorize (home_a, home_b);
  home_listen (home_a, HERE_QUIC);
  a = device_start (home_a, PEERUP_ENGINE_DEFAULT);
  b = device_start (home_b, PEERUP_ENGINE_DIAL_ONLY);
  before = peerup_engine_dup_listen_addresses (a.engine);
  exact = g_strndup (before[0], strstr (before[0], "/p2p/") - before[0]);
  wide = g_strconcat ("/ip4/0.0.0.0", strstr (exact, "/udp/"), NULL);
  g_assert_true (can_ping (b.engine, before[0]));

  /* What becomes a problem is a warning. */
  fatal = g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  home_listen (a.home, wide);
  spin_while_not (cannot_listen, a.engine);
  g_log_set_always_fatal (fatal);
  device_stop (&b);
  spin_while_not (listens_again, a.engine);
  g_assert_cmpuint (count_quic (a.engine), ==, 1);
  device_stop (&a);
}

/* Once each: who tries again twice, before either has been done, does not find the address taken by the other. */
static void
test_listen_again_twice (void)
{
  Device a = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autoptr (GSocketListener) other = g_socket_listener_new ();
  g_autoptr (GInetAddress) host = g_inet_address_new_from_string ("127.0.0.1");
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (host, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  GLogLevelFlags fatal;

  g_assert_true (
    g_socket_listener_add_address (other, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error));
  address = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  /* What becomes a problem is a warning. */
  fatal = g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  home_listen (a.home, address);
  spin_while_not (cannot_listen, a.engine);
  g_log_set_always_fatal (fatal);
  g_socket_listener_close (other);
  peerup_engine_listen_again (a.engine);
  peerup_engine_listen_again (a.engine);
  g_assert_true (await_true (peerup_engine_listen (a.engine, a.engine->config, a.engine->config), &error));
  g_assert_true (listens_again (a.engine));
  g_assert_true (listens_at (a.engine, address));
  device_stop (&a);
}

static gboolean
is_cubic (gpointer engine)
{
  return peerup_swarm_get_congestion (((PeerupEngine *) engine)->swarm) == PEERUP_QUIC_CUBIC;
}

static gboolean
is_bbr (gpointer engine)
{
  return !is_cubic (engine);
}

static gboolean
has_problem_of (PeerupEngine *engine, const char *words)
{
  g_auto (GStrv) problems = peerup_engine_dup_problems (engine);

  for (gsize i = 0; problems[i] != NULL; i++)
    if (strstr (problems[i], words) != NULL)
      return TRUE;
  return FALSE;
}

static void
write_whole (Home *home, const char *key_file, const char *network)
{
  g_autofree char *text =
    g_strdup_printf ("identity: {key_file: %s}\n"
                     "network: {listen_addresses: [" HERE_TCP "], port_mapping: false%s}\n"
                     "discovery: {mdns: false}\n"
                     "security: {enable_connection_gating: true, authorized_keys_file: authorized_keys}\n",
                     key_file, network);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (home->config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

/* Neither is a problem, nor wants a restart. */
static void
test_congestion (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);

  g_assert_true (is_bbr (device.engine));
  write_whole (device.home, "identity.key", ", congestion: cubic");
  spin_while_not (is_cubic, device.engine);
  g_assert_false (has_problem_of (device.engine, "congestion"));
  write_whole (device.home, "identity.key", "");
  spin_while_not (is_bbr, device.engine);
  device_stop (&device);
}

static gboolean
wants_restart (gpointer engine)
{
  return has_problem_of (engine, "identity.key_file was changed");
}

static gboolean
wants_no_restart (gpointer engine)
{
  return !wants_restart (engine);
}

/* It is said until the file names the old key again, whatever else changes. */
static void
test_identity (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autofree char *id = g_strdup (peerup_engine_get_peer_id (device.engine));

  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_MESSAGE, "*was read again");
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*identity.key_file was changed*");
  write_whole (device.home, "other.key", "");
  spin_while_not (wants_restart, device.engine);
  g_test_assert_expected_messages ();
  write_whole (device.home, "other.key", ", congestion: cubic");
  spin_while_not (is_cubic, device.engine);
  g_assert_true (wants_restart (device.engine));
  g_assert_cmpstr (peerup_engine_get_peer_id (device.engine), ==, id);
  write_whole (device.home, "identity.key", "");
  spin_while_not (wants_no_restart, device.engine);
  device_stop (&device);
}

static gboolean
serves (PeerupEngine *engine, const char *protocol)
{
  g_auto (GStrv) protocols = peerup_swarm_dup_protocols (engine->swarm);

  return g_strv_contains ((const char *const *) protocols, protocol);
}

static gboolean
serves_other_ping (gpointer engine)
{
  return serves (engine, "/other/1.0.0") && !serves (engine, "/pingpong/1.0.0");
}

static gboolean
serves_no_ping (gpointer engine)
{
  return !serves (engine, "/other/1.0.0") && !serves (engine, "/pingpong/1.0.0");
}

static void
test_ping_pong (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);

  g_assert_true (serves (device.engine, "/pingpong/1.0.0"));
  home_configure (device.home, "protocols: {ping_pong: {id: /other/1.0.0}}\n");
  spin_while_not (serves_other_ping, device.engine);
  home_configure (device.home, "protocols: {ping_pong: {enabled: false, id: /other/1.0.0}}\n");
  spin_while_not (serves_no_ping, device.engine);
  device_stop (&device);
}

static gboolean
relays_for_two (gpointer data)
{
  PeerupEngine *engine = data;
  PeerupEngineRelayInfo info;
  g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (engine->relay);

  peerup_engine_relay_get_info (engine->relay, &info);
  return info.state == PEERUP_ENGINE_RELAY_SERVING && info.settings.max_reservations == 2 && addresses->len == 1 &&
         g_str_has_prefix (peerup_multiaddr_get_string (addresses->pdata[0]), "/ip4/203.0.113.9/tcp/7");
}

static gboolean
relays_for_nobody (gpointer data)
{
  PeerupEngine *engine = data;
  PeerupEngineRelayInfo info;

  peerup_engine_relay_get_info (engine->relay, &info);
  return info.state == PEERUP_ENGINE_RELAY_OFF;
}

static void
test_relay (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);

  g_assert_true (relays_for_nobody (device.engine));
  home_configure (device.home, "relay: {serve: true, announce: [/ip4/203.0.113.9/tcp/7]}\n"
                               "resources: {max_reservations: 2}\n");
  spin_while_not (relays_for_two, device.engine);
  home_configure (device.home, "");
  spin_while_not (relays_for_nobody, device.engine);
  device_stop (&device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/config/listen-tcp", HERE_TCP, test_listen);
  g_test_add_data_func ("/engine/config/listen-quic", HERE_QUIC, test_listen);
  g_test_add_func ("/engine/config/overlap", test_overlap);
  g_test_add_func ("/engine/config/listen-again-twice", test_listen_again_twice);
  g_test_add_func ("/engine/config/congestion", test_congestion);
  g_test_add_func ("/engine/config/identity", test_identity);
  g_test_add_func ("/engine/config/ping-pong", test_ping_pong);
  g_test_add_func ("/engine/config/relay", test_relay);
  return g_test_run ();
}
