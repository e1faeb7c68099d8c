/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Paths in words.
 */
#include "cli/peerup-path-text.h"

#include <string.h>

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static GVariant *
parse (const char *type, const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
test_names (void)
{
  const struct
  {
    const char *peer;
    const char *text;
  } cases[] = {
    { "{'id': <'" ID "'>, 'name': <'home-server'>}", "home-server" },
    { "{'id': <'" ID "'>, 'name': <''>}", "12D3KooW…eQAJU5SA" },
    { "{'id': <'QmShort'>}", "QmShort" },
    { "@a{sv} {}", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) peer = parse ("a{sv}", cases[i].peer);
      g_autofree char *text = peerup_path_text_peer (peer, "id");

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

#define CONNECTED "'state': <'connected'>, 'path': <'direct'>, "

static void
test_states (void)
{
  const struct
  {
    const char *peer;
    const char *text;
  } cases[] = {
    { "{" CONNECTED
      "'transport': <'quic-v1'>, 'rtt_us': <int64 12345>, 'streams': <uint32 3>, 'connections': <uint32 1>}",
      "direct, QUIC, 12.3 ms, 3 streams" },
    { "{" CONNECTED "'transport': <'tcp'>, 'streams': <uint32 1>, 'connections': <uint32 2>}",
      "direct, TCP, 1 stream, 2 connections" },
    { "{" CONNECTED "'transport': <'websocket'>}", "direct, WebSocket, no streams" },
    { "{'state': <'connected'>, 'path': <'relayed'>, 'transport': <'relay'>, 'rtt_us': <int64 480000>, 'streams': "
      "<uint32 0>}",
      "relayed, 480 ms, no streams" },
    { "{" CONNECTED "'transport': <'carrier-pigeon'>}", "direct, carrier-pigeon, no streams" },
    { "{'state': <'connecting'>}", "connecting…" },
    { "{'state': <'disconnected'>}", "not connected" },
    { "@a{sv} {}", "not connected" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) peer = parse ("a{sv}", cases[i].peer);
      g_autofree char *text = peerup_path_text_state (peer);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
assert_lines_fit (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_cmpint (g_utf8_strlen (lines[i], -1), <=, 80);
}

static void
test_whole_connection (void)
{
  g_autoptr (GVariant) list = parse (
    "aa{sv}",
    "[{'peer_id': <'" ID "'>, 'name': <'home-server'>, 'path': <'direct'>, 'transport': <'quic-v1'>, 'security': "
    "<'/tls/1.0.0'>, 'muxer': <'/quic-v1'>, 'outbound': <true>, 'limited': <false>, 'age_us': <int64 303000000>, "
    "'n_streams': <uint32 2>, 'local_address': <'/ip4/192.0.2.1/udp/4001/quic-v1'>, 'remote_address': "
    "<'/ip6/2001:db8:1111:2222:3333:4444:5555:6666/udp/40001/quic-v1'>, 'rtt_us': <int64 12345>, 'rtt_min_us': <int64 "
    "11000>, 'rtt_variation_us': <int64 900>, 'bytes_received': <uint64 268435456>, 'bytes_sent': <uint64 1258291>, "
    "'packets_sent': <uint64 20000>, 'packets_lost': <uint64 3>, 'congestion_window': <uint64 1048576>, "
    "'bytes_in_flight': <uint64 12288>, 'delivery_rate': <uint64 125000000>, 'path_mtu': <uint32 1444>, 'streams': "
    "<[{'protocol': <'/peerup/web/1.0.0'>, 'age_us': <int64 3000000>, 'bytes_received': <uint64 1048576>, "
    "'bytes_sent': "
    "<uint64 512>}, {'protocol': <''>, 'age_us': <int64 0>, 'bytes_received': <uint64 0>, 'bytes_sent': <uint64 "
    "0>}]>}]");
  g_autofree char *text = peerup_path_text_connections (list);

  g_assert_cmpstr (text, ==,
                   "home-server: direct, QUIC, dialed from here 5 min 3 s ago\n"
                   "  peer ID        " ID "\n"
                   "  this end       /ip4/192.0.2.1/udp/4001/quic-v1\n"
                   "  other end      /ip6/2001:db8:1111:2222:3333:4444:5555:6666/udp/40001/quic-v1\n"
                   "  security       /tls/1.0.0, streams by /quic-v1\n"
                   "  round trip     12.3 ms; 11.0 ms at best, 0.90 ms of variation\n"
                   "  received       256 MiB\n"
                   "  sent           1.2 MiB in 20000 packets, 3 lost (0.01 %)\n"
                   "  in flight      12 KiB, with a congestion window of 1.0 MiB\n"
                   "  delivery rate  1.0 Gbit/s\n"
                   "  path MTU       1444 bytes of payload\n"
                   "  2 streams\n"
                   "    /peerup/web/1.0.0   1.0 MiB received  512 B sent  open for 3 s\n"
                   "    (being negotiated)  0 B received      0 B sent    open for 0 s\n");
  assert_lines_fit (text);
}

/* What the transport does not tell is not made up. */
static void
test_what_is_not_known (void)
{
  g_autoptr (GVariant) list =
    parse ("aa{sv}", "[{'peer_id': <'" ID "'>, 'path': <'relayed'>, 'transport': <'relay'>, 'security': <'/noise'>, "
                     "'muxer': <'/yamux/1.0.0'>, 'outbound': <false>, 'limited': <true>, 'age_us': <int64 1>}, "
                     "{'peer_id': <'x'>}]");
  g_autofree char *text = peerup_path_text_connections (list);

  g_assert_true (
    g_str_has_prefix (text, "12D3KooW…eQAJU5SA: relayed, dialed by the peer 0 s ago, limited by the relay\n"));
  g_assert_nonnull (strstr (text, "  other end      not known\n"));
  g_assert_nonnull (strstr (text, "  round trip     not known\n"));
  g_assert_nonnull (strstr (text, "  sent           0 B\n"));
  g_assert_nonnull (strstr (text, "  in flight      not known\n"));
  g_assert_nonnull (strstr (text, "  delivery rate  not known\n"));
  g_assert_nonnull (strstr (text, "  path MTU       not known\n"));
  g_assert_nonnull (strstr (text, "  no streams\n\nx: "));
  assert_lines_fit (text);
}

static void
test_relays (void)
{
  const struct
  {
    const char *relay;
    const char *text;
  } cases[] = {
    { "{'state': <'reserved'>, 'rtt_us': <int64 12345>}", "peers can reach this device through it, 12.3 ms" },
    { "{'state': <'reserved'>, 'limited': <true>}", "peers can reach this device through it, within its limits" },
    { "{'state': <'reserved'>, 'origin': <'configured'>, 'preferred': <true>, 'rtt_us': <int64 12345>}",
      "peers can reach this device through it, 12.3 ms, preferred" },
    { "{'state': <'reserved'>, 'origin': <'peer'>, 'preferred': <false>}",
      "a peer; peers can reach this device through it" },
    { "{'state': <'reserved'>, 'silent': <true>}", "does not answer for now" },
    { "{'state': <'connecting'>, 'origin': <'peer'>}", "a peer; connecting" },
    { "{'state': <'waiting'>, 'origin': <'peer'>, 'error': <'no answer'>}", "a peer; tried again soon: no answer" },
    { "{'state': <'connecting'>}", "connecting" },
    { "{'state': <'connecting'>, 'error': <'no answer'>}", "connecting: no answer" },
    { "{'state': <'waiting'>, 'error': <'no answer'>}", "tried again soon: no answer" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) relay = parse ("a{sv}", cases[i].relay);
      g_autofree char *text = peerup_path_text_relay (relay);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_none (void)
{
  g_autoptr (GVariant) list = parse ("aa{sv}", "[]");
  g_autofree char *text = peerup_path_text_connections (list);

  g_assert_cmpstr (text, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/path-text/names", test_names);
  g_test_add_func ("/cli/path-text/states", test_states);
  g_test_add_func ("/cli/path-text/connection", test_whole_connection);
  g_test_add_func ("/cli/path-text/not-known", test_what_is_not_known);
  g_test_add_func ("/cli/path-text/relays", test_relays);
  g_test_add_func ("/cli/path-text/none", test_none);
  return g_test_run ();
}
