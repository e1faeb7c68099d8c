/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which multiaddrs a TCP socket can use, how far they are, and the way back. */

#include <string.h>

#include "swarm/peerup-endpoint.h"
#include "wire/peerup-error.h"

static const struct
{
  const char *text;
  const char *host; /* NULL: not for us */
  guint port;
  PeerupScope scope;
} endpoints[] = {
  { "/ip4/127.0.0.1/tcp/4001", "127.0.0.1", 4001, PEERUP_SCOPE_LOOPBACK },
  { "/ip4/127.8.8.8/tcp/1", "127.8.8.8", 1, PEERUP_SCOPE_LOOPBACK },
  { "/ip6/::1/tcp/65535", "::1", 65535, PEERUP_SCOPE_LOOPBACK },
  { "/ip4/10.1.2.3/tcp/256", "10.1.2.3", 256, PEERUP_SCOPE_PRIVATE },
  { "/ip4/172.31.0.1/tcp/1", "172.31.0.1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip4/172.32.0.1/tcp/1", "172.32.0.1", 1, PEERUP_SCOPE_PUBLIC },
  { "/ip4/192.168.0.1/tcp/1", "192.168.0.1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip4/169.254.1.1/tcp/1", "169.254.1.1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip6/fd00::1/tcp/1", "fd00::1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip6/fc00::1/tcp/1", "fc00::1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip6/fe80::1/tcp/1", "fe80::1", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip6zone/eth0/ip6/fe80::1/tcp/1", "fe80::1%eth0", 1, PEERUP_SCOPE_PRIVATE },
  { "/ip6/2001:db8::1/tcp/1", "2001:db8::1", 1, PEERUP_SCOPE_PUBLIC },
  { "/ip4/198.51.100.7/tcp/0", "198.51.100.7", 0, PEERUP_SCOPE_PUBLIC },
  { "/dns/example.org/tcp/443", "example.org", 443, PEERUP_SCOPE_PUBLIC },
  { "/dns4/localhost/tcp/443", "localhost", 443, PEERUP_SCOPE_PUBLIC },
  { "/dns6/example.org/tcp/443", "example.org", 443, PEERUP_SCOPE_PUBLIC },
  { "/ip4/10.0.0.1/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "10.0.0.1", 1,
    PEERUP_SCOPE_PRIVATE },
  { "/ip4/10.0.0.1", NULL, 0, 0 },
  { "/tcp/4001", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/quic-v1", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/ws", NULL, 0, 0 },
  { "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit", NULL, 0, 0 },
};

static void
test_parse (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (endpoints); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", endpoints[i].text);
      g_auto (PeerupEndpoint) endpoint = { 0 };
      gboolean ok;

      g_assert_nonnull (address);
      ok = peerup_endpoint_parse (address, &endpoint, &error);
      if (endpoints[i].host == NULL)
        {
          g_assert_false (ok);
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
          g_assert_nonnull (strstr (error->message, endpoints[i].text));
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpstr (endpoint.host, ==, endpoints[i].host);
      g_assert_cmpuint (endpoint.port, ==, endpoints[i].port);
      g_assert_cmpuint (peerup_endpoint_get_scope (&endpoint), ==, endpoints[i].scope);
    }
}

static void
test_from_socket (void)
{
  static const char *const cases[][2] = {
    { "192.0.2.1", "/ip4/192.0.2.1/tcp/80" },
    { "::1", "/ip6/::1/tcp/80" },
    { "::ffff:192.0.2.1", "/ip4/192.0.2.1/tcp/80" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GSocketAddress) socket = g_inet_socket_address_new_from_string (cases[i][0], 80);
      g_autoptr (PeerupMultiaddr) address = peerup_endpoint_address_from_socket (socket);

      g_assert_cmpstr (peerup_multiaddr_get_string (address), ==, cases[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/parse", test_parse);
  g_test_add_func ("/endpoint/from-socket", test_from_socket);
  return g_test_run ();
}
