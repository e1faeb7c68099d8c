/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The text form of the original's answers, byte for byte. */
#include "http/peerup-http-original-text.h"

#define ID "12D3KooWDRDMuwQVifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU"

typedef char *(*TextFunc) (GVariant *data);

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
assert_text (TextFunc func, const char *data, const char *expected)
{
  g_autoptr (GVariant) value = parse (data);
  g_autofree char *text = func (value);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_status (void)
{
  assert_text (peerup_http_original_status_text,
               "{'peer_id': <'" ID "'>, 'version': <'0.1.0'>, 'uptime_seconds': <int64 3600>,"
               " 'connected_peers': <int64 2>, 'listen_addresses': <['/ip4/10.0.1.50/tcp/9000', '/ip6/::1/tcp/1']>,"
               " 'relay_addresses': <['/ip4/203.0.113.50/tcp/7777/p2p/x/p2p-circuit']>, 'services_count': <int64 3>,"
               " 'has_global_ipv6': <true>, 'has_global_ipv4': <false>, 'nat_type': <'full-cone'>,"
               " 'stun_external_addrs': <['203.0.113.1:4001']>, 'is_relaying': <true>,"
               " 'reachability': <{'grade': <'A'>, 'label': <'Excellent'>, 'description': <'Public IPv6 detected'>}>}",
               "peer_id: " ID "\nversion: 0.1.0\nuptime: 3600s\nconnected_peers: 2\nservices: 3\n"
               "global_ipv6: true\nglobal_ipv4: false\nis_relaying: true\n"
               "reachability: [A] Excellent - Public IPv6 detected\nnat_type: full-cone\n"
               "stun_external_addrs: 1\n  203.0.113.1:4001\n"
               "listen_addresses: 2\n  /ip4/10.0.1.50/tcp/9000\n  /ip6/::1/tcp/1\n"
               "relay_addresses: 1\n  /ip4/203.0.113.50/tcp/7777/p2p/x/p2p-circuit\n");
  assert_text (
    peerup_http_original_status_text,
    "{'peer_id': <'" ID "'>, 'version': <'0.1.0'>, 'uptime_seconds': <int64 0>,"
    " 'connected_peers': <int64 0>, 'listen_addresses': <@as []>, 'relay_addresses': <@as []>,"
    " 'services_count': <int64 0>, 'has_global_ipv6': <false>, 'has_global_ipv4': <false>,"
    " 'is_relaying': <false>, 'reachability': <{'grade': <'F'>, 'label': <'Offline'>, 'description': <'x'>}>}",
    "peer_id: " ID "\nversion: 0.1.0\nuptime: 0s\nconnected_peers: 0\nservices: 0\n"
    "global_ipv6: false\nglobal_ipv4: false\nis_relaying: false\nreachability: [F] Offline - x\n"
    "listen_addresses: 0\nrelay_addresses: 0\n");
}

static void
test_services (void)
{
  assert_text (peerup_http_original_services_text,
               "[{'name': <'ssh'>, 'protocol': <'/peerup/ssh/1.0.0'>, 'local_address': <'localhost:22'>,"
               " 'enabled': <true>}, {'name': <'web'>, 'protocol': <'/peerup/web/1.0.0'>,"
               " 'local_address': <'[::1]:80'>, 'enabled': <false>}]",
               "ssh\tlocalhost:22\t/peerup/ssh/1.0.0\tenabled\nweb\t[::1]:80\t/peerup/web/1.0.0\tdisabled\n");
  assert_text (peerup_http_original_services_text, "@aa{sv} []", "");
}

/* A peer's program may call itself anything, and still has one line. */
static void
test_peers (void)
{
  assert_text (peerup_http_original_peers_text,
               "[{'id': <'" ID "'>, 'addresses': <['a', 'b', 'c']>, 'agent_version': <'peerup/0.1.0'>},"
               " {'id': <'1234567890123456'>, 'addresses': <@as []>},"
               " {'id': <'short'>, 'addresses': <@as []>, 'agent_version': <'peerup/1\\nx\\ty\\u007f'>}]",
               "12D3KooWDRDMuwQV...\tpeerup/0.1.0\t3 addrs\n1234567890123456\tunknown\t0 addrs\n"
               "short\tpeerup/1 x y \t0 addrs\n");
}

static void
test_paths (void)
{
  assert_text (peerup_http_original_paths_text,
               "[{'peer_id': <'" ID "'>, 'path_type': <'DIRECT'>, 'address': <'/x'>, 'transport': <'quic'>,"
               " 'ip_version': <'ipv4'>, 'last_rtt_ms': <45.25>},"
               " {'peer_id': <'" ID "'>, 'path_type': <'RELAYED'>, 'transport': <'tcp'>, 'ip_version': <'ipv6'>}]",
               "12D3KooWDRDMuwQV...\tDIRECT\tquic\tipv4\trtt=45.2ms\n"
               "12D3KooWDRDMuwQV...\tRELAYED\ttcp\tipv6\trtt=-\n");
}

static void
test_auth (void)
{
  assert_text (peerup_http_original_auth_text,
               "[{'peer_id': <'" ID "'>, 'comment': <'laptop'>, 'group': <'x'>}, {'peer_id': <'b'>}]",
               ID "\t# laptop\nb\n");
}

static void
test_pings (void)
{
  g_autoptr (GVariant) data =
    parse ("{'results': <[{'seq': <int64 1>, 'peer_id': <'" ID "'>, 'rtt_ms': <45.2>, 'path': <'RELAYED'>,"
           " 'error': <''>}, {'seq': <int64 2>, 'peer_id': <'" ID "'>, 'rtt_ms': <0.0>, 'path': <''>,"
           " 'error': <'it did not\\nanswer'>}, {'seq': <int64 3>, 'rtt_ms': <41.849>, 'path': <'DIRECT'>}]>,"
           " 'stats': <{'sent': <int64 3>, 'received': <int64 2>, 'lost': <int64 1>, 'loss_pct': <33.33333333333333>,"
           " 'min_ms': <41.849>, 'avg_ms': <43.5245>, 'max_ms': <45.2>}>}");
  g_autofree char *text = peerup_http_original_pings_text ("home-server", ID, data);

  g_assert_cmpstr (text, ==,
                   "PING home-server (12D3KooWDRDMuwQV...):\nseq=1 rtt=45.2ms path=[RELAYED]\n"
                   "seq=2 error=it did not answer\nseq=3 rtt=41.8ms path=[DIRECT]\n"
                   "--- home-server ping statistics ---\n"
                   "3 sent, 2 received, 33% loss, rtt min/avg/max = 41.8/43.5/45.2 ms\n");
}

static void
test_trace (void)
{
  assert_text (peerup_http_original_trace_text,
               "{'target': <'home'>, 'target_id': <'" ID "'>, 'path': <'RELAYED'>,"
               " 'hops': <[{'hop': <int64 1>, 'peer_id': <'relay'>, 'name': <'relay'>, 'address': <'/ip4/1.2.3.4'>,"
               " 'rtt_ms': <23.0>}, {'hop': <int64 2>, 'peer_id': <'" ID "'>, 'address': <'/x'>, 'rtt_ms': <0.0>,"
               " 'name': <'home'>, 'error': <'no answer'>}]>}",
               "traceroute to home (12D3KooWDRDMuwQV...):\n 1  relay (relay)  /ip4/1.2.3.4  23.0ms\n"
               " 2  12D3KooWDRDMuwQV...  /x  *\n--- path: [RELAYED] ---\n");
}

static void
test_resolve (void)
{
  assert_text (peerup_http_original_resolve_text,
               "{'name': <'home'>, 'peer_id': <'" ID "'>, 'source': <'local_config'>}",
               "home → " ID " (source: local_config)\n");
}

static void
test_fields (void)
{
  assert_text (peerup_http_original_fields_text, "{'status': <'added'>}", "added\n");
  assert_text (peerup_http_original_fields_text, "{'id': <'proxy-1'>, 'listen_address': <'127.0.0.1:2222'>}",
               "proxy-1\t127.0.0.1:2222\n");
}

static void
test_quote (void)
{
  static const char *const cases[][2] = {
    { "", "\"\"" },
    { "home", "\"home\"" },
    { "a\"b\\c", "\"a\\\"b\\\\c\"" },
    { "\a\b\f\n\r\t\v", "\"\\a\\b\\f\\n\\r\\t\\v\"" },
    { "\x01\x1f\x7f", "\"\\x01\\x1f\\x7f\"" },
    { "Müller 日本", "\"Müller 日本\"" },
    { "\xc2\xa0\xc2\x85", "\"\\u00a0\\u0085\"" },
    { "\xe2\x80\xa8\xe2\x80\x8b", "\"\\u2028\\u200b\"" },
    { "\xf3\xa0\x80\x81", "\"\\U000e0001\"" },
    { "<&>", "\"<&>\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *quoted = peerup_http_original_quote (cases[i][0]);

      g_assert_cmpstr (quoted, ==, cases[i][1]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/original/text/status", test_status);
  g_test_add_func ("/http/original/text/services", test_services);
  g_test_add_func ("/http/original/text/peers", test_peers);
  g_test_add_func ("/http/original/text/paths", test_paths);
  g_test_add_func ("/http/original/text/auth", test_auth);
  g_test_add_func ("/http/original/text/pings", test_pings);
  g_test_add_func ("/http/original/text/trace", test_trace);
  g_test_add_func ("/http/original/text/resolve", test_resolve);
  g_test_add_func ("/http/original/text/fields", test_fields);
  g_test_add_func ("/http/original/text/quote", test_quote);
  return g_test_run ();
}
