/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The way to a peer in words and as JSON, from answers that are given.
 */
#include "cli/peerup-route-text.h"

#include <json-glib/json-glib.h>

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

/* Whatever the order of its members. */
static void
assert_json (GVariant *floating, const char *expected)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (floating);
  g_autoptr (JsonNode) node = json_gvariant_serialize (value);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) wanted = json_from_string (expected, &error);

  g_assert_no_error (error);
  if (!json_node_equal (node, wanted))
    g_error ("%s", json_to_string (node, TRUE));
}

#define RELAYED                                                                                                    \
  "{'peer_id': <'12D3KooWPeer'>, 'name': <'home'>, 'path': <'relayed'>, 'explanation': <'Through vps.'>, 'hops': " \
  "<[{'peer_id': <'12D3KooWRelay'>, 'name': <'vps'>, 'address': <'/ip4/1.2.3.4/tcp/7777'>, 'transport': <'tcp'>, " \
  "'rtt_us': <int64 20000>, 'leg_us': <int64 20000>}, {'peer_id': <'12D3KooWPeer'>, 'name': <'home'>, "            \
  "'address': <''>, 'transport': <''>, 'rtt_us': <int64 50000>, 'leg_us': <int64 30000>}]>}"

static void
test_trace (void)
{
  g_autoptr (GVariant) trace = parse (RELAYED);
  g_autoptr (GVariant) nothing = parse ("{'peer_id': <'12D3KooWPeer'>}");
  g_autofree char *text = peerup_route_text_trace (trace, "home");
  g_autofree char *empty = peerup_route_text_trace (nothing, "home");

  g_assert_cmpstr (text, ==,
                   "home (12D3KooWPeer): through a relay\n"
                   "  1  vps   20.0 ms                             /ip4/1.2.3.4/tcp/7777\n"
                   "  2  home  50.0 ms, of which this leg 30.0 ms\n"
                   "Through vps.\n");
  g_assert_cmpstr (empty, ==, "home (12D3KooWPeer): direct\n");
}

/* The names that scripts know. */
static void
test_trace_json (void)
{
  g_autoptr (GVariant) trace = parse (RELAYED);

  assert_json (peerup_route_describe_trace (trace, "home"),
               "{\"target\":\"home\",\"target_id\":\"12D3KooWPeer\",\"path\":\"relayed\",\"explanation\":\"Through "
               "vps.\",\"hops\":[{\"hop\":1,\"peer_id\":\"12D3KooWRelay\",\"name\":\"vps\",\"address\":\"/ip4/1.2.3.4/"
               "tcp/7777\",\"transport\":\"tcp\",\"rtt_ms\":20.0,\"leg_ms\":20.0},{\"hop\":2,\"peer_id\":"
               "\"12D3KooWPeer\",\"name\":\"home\",\"rtt_ms\":50.0,\"leg_ms\":30.0}]}");
}

static void
test_resolve (void)
{
  g_autoptr (GVariant) known =
    parse ("{'peer_id': <'12D3KooWPeer'>, 'name': <'home'>, 'source': <'name'>, 'connected': "
           "<true>, 'addresses': <['/ip4/1.2.3.4/tcp/7777']>}");
  g_autoptr (GVariant) unknown = parse ("{'peer_id': <'12D3KooWPeer'>, 'name': <''>, 'source': <'peer_id'>}");
  g_autofree char *text = peerup_route_text_resolve (known, "home");
  g_autofree char *empty = peerup_route_text_resolve (unknown, "12D3KooWPeer");

  g_assert_cmpstr (text, ==, "12D3KooWPeer\n  connected\n  /ip4/1.2.3.4/tcp/7777\n");
  g_assert_cmpstr (empty, ==,
                   "12D3KooWPeer\n  not connected\n  no address is known: add a relay that you share, or give one that "
                   "ends in /p2p/ID\n");
  assert_json (peerup_route_describe_resolve (known, "home"),
               "{\"name\":\"home\",\"peer_id\":\"12D3KooWPeer\",\"source\":\"local_config\",\"connected\":true,"
               "\"addresses\":[\"/ip4/1.2.3.4/tcp/7777\"]}");
}

static void
test_paths (void)
{
  g_autoptr (GVariant) paths =
    parse ("{'explanation': <'Direct.'>, 'paths': <[{'path': <'punched'>, 'transport': <'quic-v1'>, 'rtt_us': <int64 "
           "12000>, 'packets_sent': <uint64 200>, 'packets_lost': <uint64 1>, 'bytes_received': <uint64 2048>, "
           "'bytes_sent': <uint64 1024>, 'age_us': <int64 61000000>}, {'path': <'relayed'>, 'transport': <'relay'>, "
           "'silent': <true>, 'age_us': <int64 2000000>}]>, 'events': <[{'type': <'opened'>, 'at_us': <int64 5000000>, "
           "'text': <'1.2.3.4 port 5 over QUIC'>}]>}");
  g_autofree char *text = peerup_route_text_paths (paths, 65 * G_USEC_PER_SEC);

  g_assert_cmpstr (text, ==,
                   "    Direct.\n"
                   "    punched, QUIC, 12.0 ms, 0.5 % lost, 2.0 KiB in, 1.0 KiB out, for 1 min 1 s\n"
                   "    relayed, gives no answer, 0 B in, 0 B out, for 2 s\n"
                   "    1 min ago: new path: 1.2.3.4 port 5 over QUIC\n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/route/trace", test_trace);
  g_test_add_func ("/cli/route/trace-json", test_trace_json);
  g_test_add_func ("/cli/route/resolve", test_resolve);
  g_test_add_func ("/cli/route/paths", test_paths);
  return g_test_run ();
}
