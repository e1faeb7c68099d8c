/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What people write for a relay, and what is made of it. */
#include <string.h>

#include "cli/peerup-relay-address.h"
#include "wire/peerup-error.h"

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static char *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupRelayAddress) address = peerup_relay_address_parse (text, &error);
  GString *out = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < address->addresses->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (address->addresses->pdata[i]));
  if (address->peer != NULL)
    g_string_append_printf (out, " %s", peerup_peer_id_get_string (address->peer));
  return g_string_free_and_steal (out);
}

static void
test_forms (void)
{
  static const struct
  {
    const char *text;
    const char *parsed;
  } cases[] = {
    { "203.0.113.7", "/ip4/203.0.113.7/udp/7777/quic-v1 /ip4/203.0.113.7/tcp/7777 /ip4/203.0.113.7/tcp/443/ws" },
    { "203.0.113.7:1", "/ip4/203.0.113.7/udp/1/quic-v1 /ip4/203.0.113.7/tcp/1" },
    { "203.0.113.7:65535", "/ip4/203.0.113.7/udp/65535/quic-v1 /ip4/203.0.113.7/tcp/65535" },
    { "2001:db8::7", "/ip6/2001:db8::7/udp/7777/quic-v1 /ip6/2001:db8::7/tcp/7777 /ip6/2001:db8::7/tcp/443/ws" },
    { "2001:DB8:0:0::7", "/ip6/2001:db8::7/udp/7777/quic-v1 /ip6/2001:db8::7/tcp/7777 /ip6/2001:db8::7/tcp/443/ws" },
    { "[2001:db8::7]", "/ip6/2001:db8::7/udp/7777/quic-v1 /ip6/2001:db8::7/tcp/7777 /ip6/2001:db8::7/tcp/443/ws" },
    { "[2001:db8::7]:7000", "/ip6/2001:db8::7/udp/7000/quic-v1 /ip6/2001:db8::7/tcp/7000" },
    { "fe80::1%eth0", "/ip6zone/eth0/ip6/fe80::1/udp/7777/quic-v1 /ip6zone/eth0/ip6/fe80::1/tcp/7777 "
                      "/ip6zone/eth0/ip6/fe80::1/tcp/443/ws" },
    { "[fe80::1%eth0]:7000", "/ip6zone/eth0/ip6/fe80::1/udp/7000/quic-v1 /ip6zone/eth0/ip6/fe80::1/tcp/7000" },
    { "relay.example.org",
      "/dns/relay.example.org/udp/7777/quic-v1 /dns/relay.example.org/tcp/7777 /dns/relay.example.org/tcp/443/ws" },
    { "home-vps:7000", "/dns/home-vps/udp/7000/quic-v1 /dns/home-vps/tcp/7000" },
    { "/ip4/203.0.113.7", "/ip4/203.0.113.7/udp/7777/quic-v1 /ip4/203.0.113.7/tcp/7777 /ip4/203.0.113.7/tcp/443/ws" },
    { "/ip4/203.0.113.7/tcp/7000", "/ip4/203.0.113.7/tcp/7000 /ip4/203.0.113.7/udp/7000/quic-v1" },
    { "/ip4/203.0.113.7/udp/7000/quic-v1", "/ip4/203.0.113.7/udp/7000/quic-v1 /ip4/203.0.113.7/tcp/7000" },
    { "/ip6/2001:db8::7/tcp/7000/p2p/" ID, "/ip6/2001:db8::7/tcp/7000 /ip6/2001:db8::7/udp/7000/quic-v1 " ID },
    { "/ip4/203.0.113.7/p2p/" ID,
      "/ip4/203.0.113.7/udp/7777/quic-v1 /ip4/203.0.113.7/tcp/7777 /ip4/203.0.113.7/tcp/443/ws " ID },
    { "/dns4/relay.example.org/tcp/7000", "/dns4/relay.example.org/tcp/7000 /dns4/relay.example.org/udp/7000/quic-v1" },
    { "/ip4/203.0.113.7/tcp/443/ws", "/ip4/203.0.113.7/tcp/443/ws" },
    { "/ip6zone/eth0/ip6/fe80::1/tcp/7000",
      "/ip6zone/eth0/ip6/fe80::1/tcp/7000 /ip6zone/eth0/ip6/fe80::1/udp/7000/quic-v1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *parsed = parse (cases[i].text);

      g_assert_cmpstr (parsed, ==, cases[i].parsed);
    }
}

static void
test_bad_forms (void)
{
  static const struct
  {
    const char *text;
    const char *hint;
  } cases[] = {
    { "", "203.0.113.7" },
    { ":", "203.0.113.7" },
    { ":7777", "203.0.113.7" },
    { "203.0.113.7:", "65535" },
    { "203.0.113.7:0", "65535" },
    { "203.0.113.7:65536", "65535" },
    { "203.0.113.7:port", "65535" },
    { "203.0.113.7:7777:8", "203.0.113.7" },
    { "203.0.113.777", "203.0.113.7" },
    { "203.0.113", "203.0.113.7" },
    { "7777", "203.0.113.7" },
    { "203.0.113.7%eth0", "203.0.113.7" },
    { "fe80::1%", "203.0.113.7" },
    { "fe80::1%eth0/tcp", "203.0.113.7" },
    { "[203.0.113.7]:7777", "203.0.113.7" },
    { "[2001:db8::7", "203.0.113.7" },
    { "[2001:db8::7]7777", "203.0.113.7" },
    { "[]:7777", "203.0.113.7" },
    { "2001:db8::g", "203.0.113.7" },
    { "two words", "203.0.113.7" },
    { "-a.example.org", "203.0.113.7" },
    { "a..b", "203.0.113.7" },
    { "relay.example.org/tcp/1", "203.0.113.7" },
    { "https://relay.example.org", "203.0.113.7" },
    { ID, "peer ID" },
    { "/ip4/203.0.113.7/tcp/7777/p2p/" ID "/p2p-circuit", "through another" },
    { "/p2p/" ID, "where the relay is" },
    { "/tcp/7777", "where the relay is" },
    { "/ip4/nonsense", "203.0.113.7" },
    { "/", "203.0.113.7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_relay_address_parse (cases[i].text, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, cases[i].hint));
      g_assert_nonnull (strstr (error->message, cases[i].text));
    }
}

/* Every beginning of a good text is good or refused. */
static void
test_truncated (void)
{
  static const char whole[] = "/ip6zone/eth0/ip6/fe80::1/udp/7000/quic-v1/p2p/" ID;
  static const char *const texts[] = { whole, "[fe80::1%eth0]:7000", "relay.example.org:7000" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    for (gsize n = 0; n < strlen (texts[i]); n++)
      {
        g_autofree char *text = g_strndup (texts[i], n);
        g_autoptr (GError) error = NULL;
        g_autoptr (PeerupRelayAddress) address = peerup_relay_address_parse (text, &error);

        g_assert_true ((address == NULL) == (error != NULL));
        if (address != NULL)
          g_assert_cmpuint (address->addresses->len, >, 0);
      }
}

static void
test_parts (void)
{
  static const struct
  {
    const char *address;
    const char *transport;
    const char *host;
    guint16 port;
    const char *shortest;
  } cases[] = {
    { "/ip4/203.0.113.7/tcp/7777", "tcp", "203.0.113.7", 7777, "203.0.113.7" },
    { "/ip4/203.0.113.7/udp/7777/quic-v1/p2p/" ID, "quic", "203.0.113.7", 7777, "203.0.113.7" },
    { "/ip4/203.0.113.7/tcp/443/ws", "websocket", "203.0.113.7", 443, "203.0.113.7:443" },
    { "/ip6/2001:db8::7/tcp/7777", "tcp", "2001:db8::7", 7777, "2001:db8::7" },
    { "/ip6/2001:db8::7/tcp/7000", "tcp", "2001:db8::7", 7000, "[2001:db8::7]:7000" },
    { "/dns4/a.example/tcp/443/wss", "websocket", "a.example", 443, "a.example:443" },
    { "/ip6zone/eth0/ip6/fe80::1/tcp/7000", "tcp", "fe80::1%eth0", 7000, "[fe80::1%eth0]:7000" },
    { "/ip4/203.0.113.7/udp/7777/webrtc-direct", "other", "203.0.113.7", 7777, "203.0.113.7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", cases[i].address);
      g_autofree char *host = peerup_relay_address_dup_host (address);
      g_autofree char *shortest = peerup_relay_address_format (host, peerup_relay_address_get_port (address));
      g_autoptr (PeerupRelayAddress) again = peerup_relay_address_parse (shortest, NULL);

      g_assert_cmpstr (peerup_relay_address_get_transport (address), ==, cases[i].transport);
      g_assert_cmpstr (host, ==, cases[i].host);
      g_assert_cmpuint (peerup_relay_address_get_port (address), ==, cases[i].port);
      g_assert_cmpstr (shortest, ==, cases[i].shortest);
      g_assert_nonnull (again);
      g_assert_cmpuint (peerup_relay_address_get_port (again->addresses->pdata[0]), ==, cases[i].port);
    }
}

static void
test_no_host (void)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/p2p/%s", ID);

  g_assert_null (peerup_relay_address_dup_host (address));
  g_assert_cmpuint (peerup_relay_address_get_port (address), ==, 0);
  g_assert_cmpstr (peerup_relay_address_get_transport (address), ==, "other");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-address/forms", test_forms);
  g_test_add_func ("/cli/relay-address/bad-forms", test_bad_forms);
  g_test_add_func ("/cli/relay-address/truncated", test_truncated);
  g_test_add_func ("/cli/relay-address/parts", test_parts);
  g_test_add_func ("/cli/relay-address/no-host", test_no_host);
  return g_test_run ();
}
