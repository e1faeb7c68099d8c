/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * IP addresses by value: texts, native forms, and what counts as one host. */

#include <string.h>

#include "net/peerup-ip-global.h"
#include "net/peerup-socket-address.h"

static void
assert_multiaddr (const char *host, guint port, PeerupIpTransport transport, const char *expected)
{
  PeerupSocketAddress address;
  g_autoptr (PeerupMultiaddr) multiaddr = NULL;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  multiaddr = peerup_socket_address_to_multiaddr (&address, transport);
  g_assert_cmpstr (peerup_multiaddr_get_string (multiaddr), ==, expected);
}

static void
test_texts (void)
{
  PeerupSocketAddress address;
  g_autofree char *four = NULL, *six = NULL, *none = NULL;

  assert_multiaddr ("192.0.2.1", 7777, PEERUP_IP_TCP, "/ip4/192.0.2.1/tcp/7777");
  assert_multiaddr ("192.0.2.1", 80, PEERUP_IP_WEBSOCKET, "/ip4/192.0.2.1/tcp/80/ws");
  assert_multiaddr ("2001:db8::1", 443, PEERUP_IP_WEBSOCKETS, "/ip6/2001:db8::1/tcp/443/tls/ws");
  assert_multiaddr ("2001:db8::1", 65535, PEERUP_IP_QUIC, "/ip6/2001:db8::1/udp/65535/quic-v1");
  assert_multiaddr ("::ffff:192.0.2.1", 1, PEERUP_IP_QUIC, "/ip4/192.0.2.1/udp/1/quic-v1");
  assert_multiaddr ("fe80::1%lo", 5, PEERUP_IP_QUIC, "/ip6zone/lo/ip6/fe80::1/udp/5/quic-v1");
  g_assert_true (peerup_socket_address_set (&address, "192.0.2.1", 80));
  four = peerup_socket_address_to_string (&address);
  g_assert_cmpstr (four, ==, "192.0.2.1:80");
  g_assert_true (peerup_socket_address_set (&address, "::1", 80));
  six = peerup_socket_address_to_string (&address);
  g_assert_cmpstr (six, ==, "[::1]:80");
  g_assert_false (peerup_socket_address_set (&address, "example.com", 80));
  g_assert_false (peerup_socket_address_set (&address, "", 80));
  g_assert_cmpuint (peerup_socket_address_get_length (&address), ==, 0);
  none = peerup_socket_address_to_string (&address);
  g_assert_cmpstr (none, ==, "no address");
  g_assert_null (peerup_socket_address_to_multiaddr (&address, PEERUP_IP_TCP));
}

static void
test_native (void)
{
  PeerupSocketAddress in, out;
  struct sockaddr other = { .sa_family = AF_UNIX };

  g_assert_true (peerup_socket_address_set (&in, "fe80::2%lo", 9));
  g_assert_cmpuint (in.ip6.sin6_scope_id, >, 0);
  g_assert_true (peerup_socket_address_set_native (&out, &in, peerup_socket_address_get_length (&in)));
  g_assert_true (peerup_socket_address_equal (&in, &out));
  for (gsize length = 0; length < sizeof in.ip6; length++)
    {
      g_autofree guint8 *exact = g_memdup2 (&in, length);

      g_assert_false (peerup_socket_address_set_native (&out, exact, length));
    }
  g_assert_false (peerup_socket_address_set_native (&out, &other, sizeof other));
  peerup_socket_address_set_port (&in, 10);
  g_assert_cmpuint (peerup_socket_address_get_port (&in), ==, 10);
}

static gboolean
is_same_host (const char *a, const char *b)
{
  PeerupSocketAddress one, other;

  g_assert_true (peerup_socket_address_set (&one, a, 1));
  g_assert_true (peerup_socket_address_set (&other, b, 2));
  g_assert_false (peerup_socket_address_equal (&one, &other));
  return peerup_socket_address_is_same_host (&one, &other);
}

static void
test_same_host (void)
{
  g_assert_true (is_same_host ("192.0.2.1", "192.0.2.1"));
  g_assert_true (is_same_host ("192.0.2.1", "::ffff:192.0.2.1"));
  g_assert_false (is_same_host ("192.0.2.1", "192.0.2.2"));
  g_assert_true (is_same_host ("2001:db8::1", "2001:db8::1"));
  g_assert_false (is_same_host ("2001:db8::1", "2001:db8::2"));
  g_assert_false (is_same_host ("2001:db8::1", "192.0.2.1"));
  g_assert_false (is_same_host ("fe80::1%lo", "fe80::1"));
}

static guint64
key_of (const char *host)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 1));
  return peerup_socket_address_get_host_key (&address);
}

static void
test_host_keys (void)
{
  PeerupSocketAddress none = { 0 };

  g_assert_cmpuint (key_of ("192.0.2.1"), ==, 0xc0000201);
  g_assert_cmpuint (key_of ("192.0.2.1"), ==, key_of ("::ffff:192.0.2.1"));
  g_assert_cmpuint (key_of ("2001:db8:1:2:3::1"), ==, key_of ("2001:db8:1:2:ffff::2"));
  g_assert_cmpuint (key_of ("2001:db8:1:2::1"), !=, key_of ("2001:db8:1:3::1"));
  g_assert_cmpuint (peerup_socket_address_get_host_key (&none), ==, 0);
}

static void
test_kinds (void)
{
  static const struct
  {
    const char *host;
    gboolean wildcard, link_local;
  } cases[] = {
    { "0.0.0.0", TRUE, FALSE },          { "::", TRUE, FALSE },
    { "0.0.0.1", FALSE, FALSE },         { "::1", FALSE, FALSE },
    { "169.254.0.0", FALSE, TRUE },      { "169.254.255.255", FALSE, TRUE },
    { "169.253.255.255", FALSE, FALSE }, { "169.255.0.0", FALSE, FALSE },
    { "fe80::1", FALSE, TRUE },          { "febf:ffff::1", FALSE, TRUE },
    { "fec0::1", FALSE, FALSE },
  };
  PeerupSocketAddress none = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PeerupSocketAddress address;

      g_assert_true (peerup_socket_address_set (&address, cases[i].host, 1));
      g_assert_cmpint (peerup_socket_address_is_wildcard (&address), ==, cases[i].wildcard);
      g_assert_cmpint (peerup_socket_address_is_link_local (&address), ==, cases[i].link_local);
    }
  g_assert_false (peerup_socket_address_is_wildcard (&none));
  g_assert_false (peerup_socket_address_is_link_local (&none));
}

/* The first and the last address of what is not of the internet, and their neighbours. */
static void
test_global (void)
{
  static const char *const global[] = {
    "1.0.0.0",         "9.255.255.255", "11.0.0.0",    "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0",     "169.253.0.0", "169.255.0.0",    "172.15.255.255",
    "172.32.0.0",      "192.167.0.0",   "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2000::",        "2a00::1",     "2001:200::",     "3fff:1000::",
  };
  static const char *const special[] = {
    "0.0.0.0",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "169.254.0.0",
    "169.254.169.254",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00::1",
    "ff02::1",
    "64:ff9b::1.2.3.4",
    "2001:0:1::1",
    "2001:db8::1",
    "2002:102:304::1",
    "3fff::1",
    "4000::",
  };
  const guint8 none[16] = { 1, 2, 3, 4 };
  PeerupSocketAddress address = { 0 };

  g_assert_false (peerup_socket_address_is_global (&address));
  g_assert_true (peerup_ip_is_global (none, 4));
  for (guint i = 0; i < 4; i++)
    g_assert_false (peerup_ip_is_global (none, i));
  for (guint i = 0; i < G_N_ELEMENTS (global) + G_N_ELEMENTS (special); i++)
    {
      const char *host = i < G_N_ELEMENTS (global) ? global[i] : special[i - G_N_ELEMENTS (global)];

      g_test_message ("%s", host);
      g_assert_true (peerup_socket_address_set (&address, host, 1));
      g_assert_cmpint (peerup_socket_address_is_global (&address), ==, i < G_N_ELEMENTS (global));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/socket-address/texts", test_texts);
  g_test_add_func ("/net/socket-address/native", test_native);
  g_test_add_func ("/net/socket-address/same-host", test_same_host);
  g_test_add_func ("/net/socket-address/host-keys", test_host_keys);
  g_test_add_func ("/net/socket-address/kinds", test_kinds);
  g_test_add_func ("/net/socket-address/global", test_global);
  return g_test_run ();
}
