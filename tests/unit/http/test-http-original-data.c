/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The data of the original's answers, as the bytes that its clients get. */
#include "http/peerup-http-original-data.h"

#include "http/peerup-http-json.h"

#define ID    "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define RELAY "12D3KooWNq8c1fNjXwhRoWxSXT419bumWQFoTbowCwHEa96RJRg6"
#define NOON  "1764158400" /* 2025-11-26T12:00:00Z */

/* @text: of a GVariant, with its type. */
static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
assert_json (GVariant *data, const char *expected)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (data);
  g_autoptr (GString) out = g_string_new (NULL);

  peerup_json_append_variant (out, owned);
  g_assert_cmpstr (out->str, ==, expected);
}

/* Status */

static void
assert_status (const char *properties, const char *peers, const char *services, const char *network, gint64 now,
               const char *expected)
{
  g_autoptr (GVariant) property = parse (properties);
  g_autoptr (GVariant) peer = parse (peers);
  g_autoptr (GVariant) service = parse (services);
  g_autoptr (GVariant) facts = parse (network);

  assert_json (peerup_http_original_status (property, peer, service, facts, now), expected);
}

static void
test_status (void)
{
  assert_status (
    "{'PeerId': <'" ID "'>, 'Version': <'0.7.0'>, 'StartedAt': <int64 " NOON ">, 'RelayState': <'serving'>,"
    " 'ListenAddresses': <['/ip4/192.0.2.1/tcp/4001/p2p/" ID "', '/ip4/203.0.113.50/tcp/7777/p2p/" RELAY
    "/p2p-circuit/p2p/" ID "', '/ip6/::1/udp/4001/quic-v1/p2p/" ID "']>}",
    "[{'id': <'a'>, 'state': <'connected'>}, {'id': <'b'>, 'state': <'disconnected'>},"
    " {'id': <'c'>, 'state': <'connecting'>}, {'id': <'d'>, 'state': <'connected'>}]",
    "[{'name': <'ssh'>}, {'name': <'web'>}]",
    "{'grade': <'C'>, 'sentence': <'Your router lets nobody in by itself.'>,"
    " 'interfaces': <[{'name': <'eth0'>, 'addresses': <['192.168.1.2', '2a00:1450::1']>, 'up': <true>},"
    " {'name': <'eth1'>, 'addresses': <['8.8.8.8']>, 'up': <false>}]>,"
    " 'nat': <[{'family': <'ipv4'>, 'mapped': <'8.8.4.4:4001'>, 'nat_type': <'port-restricted'>},"
    " {'family': <'ipv6'>, 'mapped': <'[2a00:1450::1]:4001'>, 'nat_type': <'none'>}]>}",
    1764158460,
    "{\"peer_id\":\"" ID "\",\"version\":\"0.7.0\",\"uptime_seconds\":60,\"connected_peers\":2,"
    "\"listen_addresses\":[\"/ip4/192.0.2.1/tcp/4001\",\"/ip6/::1/udp/4001/quic-v1\"],"
    "\"relay_addresses\":[\"/ip4/203.0.113.50/tcp/7777/p2p/" RELAY "/p2p-circuit\"],\"services_count\":2,"
    "\"has_global_ipv6\":true,\"has_global_ipv4\":false,\"nat_type\":\"port-restricted\","
    "\"stun_external_addrs\":[\"8.8.4.4:4001\",\"[2a00:1450::1]:4001\"],\"is_relaying\":true,"
    "\"reachability\":{\"grade\":\"C\",\"label\":\"Fair\",\"description\":\"Your router lets nobody in by itself.\"}}");
}

/* An engine that has just begun: lists are empty and never null, and what is not known is left out. */
static void
test_status_of_nothing (void)
{
  assert_status ("@a{sv} {}", "@aa{sv} []", "@aa{sv} []", "@a{sv} {}", 5,
                 "{\"peer_id\":\"\",\"version\":\"\",\"uptime_seconds\":0,\"connected_peers\":0,"
                 "\"listen_addresses\":[],\"relay_addresses\":[],\"services_count\":0,\"has_global_ipv6\":false,"
                 "\"has_global_ipv4\":false,\"is_relaying\":false,\"reachability\":{\"grade\":\"F\","
                 "\"label\":\"Offline\",\"description\":\"No network connectivity detected\"}}");
}

/* A NAT that is asked about and not known yet, and a clock that was set back. */
static void
test_status_early (void)
{
  assert_status ("{'StartedAt': <int64 1000>, 'RelayState': <'draining'>}", "@aa{sv} []", "@aa{sv} []",
                 "{'grade': <''>, 'sentence': <'It is being measured.'>, 'nat': <[{'mapped': <''>, 'nat_type': "
                 "<'unknown'>}]>, 'interfaces': <[{'name': <'eth0'>, 'addresses': <['10.0.0.1']>, 'up': <true>}]>}",
                 10,
                 "{\"peer_id\":\"\",\"version\":\"\",\"uptime_seconds\":0,\"connected_peers\":0,"
                 "\"listen_addresses\":[],\"relay_addresses\":[],\"services_count\":0,\"has_global_ipv6\":false,"
                 "\"has_global_ipv4\":false,\"nat_type\":\"unknown\",\"is_relaying\":false,\"reachability\":{"
                 "\"grade\":\"D\",\"label\":\"Poor\",\"description\":\"No public address detected\"}}");
}

/* Lists */

static void
test_services (void)
{
  g_autoptr (GVariant) services =
    parse ("[{'name': <'ssh'>, 'address': <'localhost:22'>, 'enabled': <true>},"
           " {'address': <'[::1]:80'>, 'enabled': <false>, 'name': <'web'>, 'allowed_peers': <['x']>}]");
  g_autoptr (GVariant) none = parse ("@aa{sv} []");

  assert_json (peerup_http_original_services (services),
               "[{\"name\":\"ssh\",\"protocol\":\"/peerup/ssh/1.0.0\",\"local_address\":\"localhost:22\","
               "\"enabled\":true},{\"name\":\"web\",\"protocol\":\"/peerup/web/1.0.0\","
               "\"local_address\":\"[::1]:80\",\"enabled\":false}]");
  assert_json (peerup_http_original_services (none), "[]");
}

static GVariant *
make_peers (void)
{
  return parse (
    "[{'id': <'" ID "'>, 'state': <'connected'>, 'agent': <'peerup/0.7.0 <&>'>, 'path': <'direct'>,"
    " 'address': <'/ip4/192.0.2.1/udp/4001/quic-v1'>, 'transport': <'quic-v1'>, 'connected_at': <int64 " NOON ">,"
    " 'rtt_us': <int64 45200>},"
    " {'id': <'" RELAY "'>, 'state': <'connected'>, 'agent': <'relay-server/1'>, 'path': <'relayed'>,"
    " 'address': <'/ip6/2001:db8::1/tcp/7777/ws/p2p/x/p2p-circuit'>, 'transport': <'relay'>,"
    " 'connected_at': <int64 0>, 'rtt_us': <int64 0>},"
    " {'id': <'kubo'>, 'state': <'connected'>, 'agent': <'kubo/0.30'>, 'path': <'direct'>, 'address': <''>,"
    " 'transport': <'tcp'>, 'connected_at': <int64 1>},"
    " {'id': <'new'>, 'state': <'connected'>, 'agent': <''>, 'path': <'direct'>,"
    " 'address': <'/memory/1'>, 'transport': <''>, 'connected_at': <int64 1>},"
    " {'id': <'gone'>, 'state': <'disconnected'>, 'agent': <'peerup/0.7.0'>}]");
}

static void
test_peers (void)
{
  g_autoptr (GVariant) peers = make_peers ();
  g_autoptr (GVariant) none = parse ("@a{sv} {}");
  g_autoptr (GVariant) addresses = parse (
    "{'" ID "': <['/ip4/192.0.2.1/tcp/1', '/ip4/192.0.2.1/udp/4001/quic-v1/p2p/" ID "']>, '" RELAY "': <@as []>}");
  const char *ours = "[{\"id\":\"" ID "\",\"addresses\":[\"/ip4/192.0.2.1/tcp/1\","
                     "\"/ip4/192.0.2.1/udp/4001/quic-v1\"],\"agent_version\":\"peerup/0.7.0 \\u003c\\u0026\\u003e\"},"
                     "{\"id\":\"" RELAY "\",\"addresses\":[\"/ip6/2001:db8::1/tcp/7777/ws/p2p/x/p2p-circuit\"],"
                     "\"agent_version\":\"relay-server/1\"}";
  g_autofree char *few = g_strconcat (ours, "]", NULL);
  g_autofree char *all = g_strconcat (ours,
                                      ",{\"id\":\"kubo\",\"addresses\":[],\"agent_version\":\"kubo/0.30\"},"
                                      "{\"id\":\"new\",\"addresses\":[\"/memory/1\"]}]",
                                      NULL);
  g_autoptr (GVariant) nobody = parse ("@aa{sv} []");

  assert_json (peerup_http_original_peers (peers, addresses, FALSE), few);
  assert_json (peerup_http_original_peers (peers, addresses, TRUE), all);
  assert_json (peerup_http_original_peers (nobody, none, TRUE), "[]");
}

static void
test_paths (void)
{
  g_autoptr (GVariant) peers = make_peers ();
  g_autoptr (GVariant) nobody = parse ("@aa{sv} []");

  assert_json (peerup_http_original_paths (peers),
               "[{\"peer_id\":\"" ID "\",\"path_type\":\"DIRECT\",\"address\":\"/ip4/192.0.2.1/udp/4001/quic-v1\","
               "\"connected_at\":\"2025-11-26T12:00:00Z\",\"transport\":\"quic\",\"ip_version\":\"ipv4\","
               "\"last_rtt_ms\":45.2},"
               "{\"peer_id\":\"" RELAY "\",\"path_type\":\"RELAYED\","
               "\"address\":\"/ip6/2001:db8::1/tcp/7777/ws/p2p/x/p2p-circuit\","
               "\"connected_at\":\"1970-01-01T00:00:00Z\",\"transport\":\"websocket\",\"ip_version\":\"ipv6\"},"
               "{\"peer_id\":\"kubo\",\"path_type\":\"DIRECT\",\"address\":\"\","
               "\"connected_at\":\"1970-01-01T00:00:01Z\",\"transport\":\"tcp\",\"ip_version\":\"unknown\"},"
               "{\"peer_id\":\"new\",\"path_type\":\"DIRECT\",\"address\":\"/memory/1\","
               "\"connected_at\":\"1970-01-01T00:00:01Z\",\"transport\":\"unknown\",\"ip_version\":\"unknown\"}]");
  assert_json (peerup_http_original_paths (nobody), "[]");
}

static void
test_auth (void)
{
  g_autoptr (GVariant) peers =
    parse ("[{'peer_id': <'" ID "'>, 'name': <'laptop'>, 'comment': <'Anna\\'s <laptop>'>, 'guest': <false>,"
           " 'fingerprint': <'sha256:a1b2c3d4'>, 'group': <'0123abcd'>, 'expires_at': <int64 " NOON ">},"
           " {'peer_id': <'" RELAY "'>, 'comment': <''>, 'name': <''>}]");
  g_autoptr (GVariant) nobody = parse ("@aa{sv} []");

  assert_json (peerup_http_original_auth (peers),
               "[{\"peer_id\":\"" ID "\",\"comment\":\"Anna's \\u003claptop\\u003e\","
               "\"verified\":\"sha256:a1b2c3d4\",\"expires_at\":\"2025-11-26T12:00:00Z\",\"group\":\"0123abcd\"},"
               "{\"peer_id\":\"" RELAY "\"}]");
  assert_json (peerup_http_original_auth (nobody), "[]");
}

/* Diagnosis */

static void
test_trace (void)
{
  g_autoptr (GVariant) direct =
    parse ("{'peer_id': <'" ID "'>, 'name': <'home'>, 'path': <'punched'>, 'explanation': <'x'>,"
           " 'hops': <[{'peer_id': <'" ID "'>, 'name': <'home'>, 'address': <'/ip4/192.0.2.1/tcp/1'>,"
           " 'transport': <'tcp'>, 'rtt_us': <int64 1234>}]>}");
  g_autoptr (GVariant) relayed =
    parse ("{'peer_id': <'" ID "'>, 'path': <'relayed'>,"
           " 'hops': <[{'peer_id': <'" RELAY "'>, 'name': <''>, 'address': <'/ip4/203.0.113.50/tcp/7777'>},"
           " {'peer_id': <'" ID "'>, 'name': <''>, 'address': <''>, 'rtt_us': <int64 45000>}]>}");

  assert_json (peerup_http_original_trace ("home", direct),
               "{\"target\":\"home\",\"target_id\":\"" ID "\",\"path\":\"DIRECT\",\"hops\":[{\"hop\":1,"
               "\"peer_id\":\"" ID "\",\"name\":\"home\",\"address\":\"/ip4/192.0.2.1/tcp/1\",\"rtt_ms\":1.234}]}");
  assert_json (peerup_http_original_trace (ID, relayed),
               "{\"target\":\"" ID "\",\"target_id\":\"" ID "\",\"path\":\"RELAYED\",\"hops\":[{\"hop\":1,"
               "\"peer_id\":\"" RELAY "\",\"address\":\"/ip4/203.0.113.50/tcp/7777\",\"rtt_ms\":0,"
               "\"error\":\"it did not answer by itself\"},{\"hop\":2,\"peer_id\":\"" ID "\","
               "\"address\":\"/ip4/203.0.113.50/tcp/7777/p2p/" RELAY "/p2p-circuit\",\"rtt_ms\":45}]}");
}

static void
test_resolve (void)
{
  g_autoptr (GVariant) named = parse ("{'peer_id': <'" ID "'>, 'source': <'name'>, 'name': <'home'>}");
  g_autoptr (GVariant) itself = parse ("{'peer_id': <'" ID "'>, 'source': <'peer_id'>, 'name': <''>}");

  assert_json (peerup_http_original_resolve ("home", named),
               "{\"name\":\"home\",\"peer_id\":\"" ID "\",\"source\":\"local_config\"}");
  assert_json (peerup_http_original_resolve (ID, itself),
               "{\"name\":\"" ID "\",\"peer_id\":\"" ID "\",\"source\":\"peer_id\"}");
}

static GVariant *
make_pings (const guint64 *times, guint n)
{
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < n; i++)
    g_variant_builder_add_value (&results, times[i] > 0
                                             ? peerup_http_original_ping (i + 1, "id", times[i], "direct", NULL)
                                             : peerup_http_original_ping (i + 1, "id", 0, "", "no \"answer\""));
  return peerup_http_original_pings (g_variant_builder_end (&results));
}

static void
test_pings (void)
{
  static const guint64 good[] = { 45200, 42100, 43000, 41800 };
  static const guint64 mixed[] = { 1000, 0, 2501 };
  static const guint64 lost[] = { 0 };

  assert_json (make_pings (good, 4),
               "{\"results\":[{\"seq\":1,\"peer_id\":\"id\",\"rtt_ms\":45.2,\"path\":\"DIRECT\",\"error\":\"\"},"
               "{\"seq\":2,\"peer_id\":\"id\",\"rtt_ms\":42.1,\"path\":\"DIRECT\",\"error\":\"\"},"
               "{\"seq\":3,\"peer_id\":\"id\",\"rtt_ms\":43,\"path\":\"DIRECT\",\"error\":\"\"},"
               "{\"seq\":4,\"peer_id\":\"id\",\"rtt_ms\":41.8,\"path\":\"DIRECT\",\"error\":\"\"}],"
               "\"stats\":{\"sent\":4,\"received\":4,\"lost\":0,\"loss_pct\":0,\"min_ms\":41.8,"
               "\"avg_ms\":43.025000000000006,\"max_ms\":45.2}}");
  assert_json (make_pings (mixed, 3),
               "{\"results\":[{\"seq\":1,\"peer_id\":\"id\",\"rtt_ms\":1,\"path\":\"DIRECT\",\"error\":\"\"},"
               "{\"seq\":2,\"peer_id\":\"id\",\"rtt_ms\":0,\"path\":\"\",\"error\":\"no \\\"answer\\\"\"},"
               "{\"seq\":3,\"peer_id\":\"id\",\"rtt_ms\":2.501,\"path\":\"DIRECT\",\"error\":\"\"}],"
               "\"stats\":{\"sent\":3,\"received\":2,\"lost\":1,\"loss_pct\":33.33333333333333,\"min_ms\":1,"
               "\"avg_ms\":1.7505,\"max_ms\":2.501}}");
  assert_json (make_pings (lost, 1),
               "{\"results\":[{\"seq\":1,\"peer_id\":\"id\",\"rtt_ms\":0,\"path\":\"\",\"error\":\"no "
               "\\\"answer\\\"\"}],\"stats\":{\"sent\":1,\"received\":0,\"lost\":1,\"loss_pct\":100,\"min_ms\":0,"
               "\"avg_ms\":0,\"max_ms\":0}}");
  assert_json (make_pings (NULL, 0), "{\"results\":[],\"stats\":{\"sent\":0,\"received\":0,\"lost\":0,\"loss_pct\":0,"
                                     "\"min_ms\":0,\"avg_ms\":0,\"max_ms\":0}}");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/original/data/status", test_status);
  g_test_add_func ("/http/original/data/status-of-nothing", test_status_of_nothing);
  g_test_add_func ("/http/original/data/status-early", test_status_early);
  g_test_add_func ("/http/original/data/services", test_services);
  g_test_add_func ("/http/original/data/peers", test_peers);
  g_test_add_func ("/http/original/data/paths", test_paths);
  g_test_add_func ("/http/original/data/auth", test_auth);
  g_test_add_func ("/http/original/data/trace", test_trace);
  g_test_add_func ("/http/original/data/resolve", test_resolve);
  g_test_add_func ("/http/original/data/pings", test_pings);
  return g_test_run ();
}
