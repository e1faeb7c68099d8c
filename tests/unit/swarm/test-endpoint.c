/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which multiaddrs TCP, QUIC and WebSocket can use, and how far they are. */

#include <string.h>

#include "swarm/peerup-endpoint.h"
#include "wire/peerup-error.h"

static const struct
{
  const char *text;
  const char *host; /* NULL: not for us */
  guint port;
  PeerupScope scope;
  PeerupIpTransport transport;
  const char *server_name;
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
  { "/ip4/10.0.0.1/udp/1/quic-v1", "10.0.0.1", 1, PEERUP_SCOPE_PRIVATE, PEERUP_IP_QUIC },
  { "/ip6/2001:db8::1/udp/4001/quic-v1", "2001:db8::1", 4001, PEERUP_SCOPE_PUBLIC, PEERUP_IP_QUIC },
  { "/ip6zone/eth0/ip6/fe80::1/udp/7/quic-v1", "fe80::1%eth0", 7, PEERUP_SCOPE_PRIVATE, PEERUP_IP_QUIC },
  { "/dns/example.org/udp/443/quic-v1", "example.org", 443, PEERUP_SCOPE_PUBLIC, PEERUP_IP_QUIC },
  { "/dns4/example.org/udp/443/quic-v1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "example.org", 443,
    PEERUP_SCOPE_PUBLIC, PEERUP_IP_QUIC },
  { "/dns6/example.org/udp/443/quic-v1", "example.org", 443, PEERUP_SCOPE_PUBLIC, PEERUP_IP_QUIC },
  { "/ip4/10.0.0.1/udp/1/quic", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/quic-v1/webtransport", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/webrtc-direct", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/quic-v1", NULL, 0, 0 },
  { "/ip4/10.0.0.1/quic-v1", NULL, 0, 0 },
  { "/dnsaddr/example.org/udp/1/quic-v1", NULL, 0, 0 },
  { "/ip6zone/eth0", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/quic-v1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/ws", "10.0.0.1", 1, PEERUP_SCOPE_PRIVATE, PEERUP_IP_WEBSOCKET },
  { "/ip6/2001:db8::1/tcp/443/ws/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "2001:db8::1", 443,
    PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKET },
  { "/ip4/10.0.0.1/tcp/443/tls/ws", "10.0.0.1", 443, PEERUP_SCOPE_PRIVATE, PEERUP_IP_WEBSOCKETS },
  { "/ip4/10.0.0.1/tcp/443/wss", "10.0.0.1", 443, PEERUP_SCOPE_PRIVATE, PEERUP_IP_WEBSOCKETS },
  { "/ip4/10.0.0.1/tcp/443/tls/sni/example.org/ws", "10.0.0.1", 443, PEERUP_SCOPE_PRIVATE, PEERUP_IP_WEBSOCKETS,
    "example.org" },
  { "/dns4/example.org/tcp/443/wss/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", "example.org", 443,
    PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKETS, "example.org" },
  { "/dns/example.org/tcp/80/ws", "example.org", 80, PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKET, "example.org" },
  { "/dns/example.org/tcp/443/tls/sni/other.example/ws", "example.org", 443, PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKETS,
    "other.example" },
  { "/ip4/192.0.2.0/ws", "192.0.2.0", 80, PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKET },
  { "/ip4/192.0.2.0/tls/ws", "192.0.2.0", 443, PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKETS },
  { "/dns/example.com/wss", "example.com", 443, PEERUP_SCOPE_PUBLIC, PEERUP_IP_WEBSOCKETS, "example.com" },
  { "/ip4/10.0.0.1/tcp/1/tls", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/tls/wss", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/sni/example.org/ws", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/tls/sni/example.org", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/tls/sni/example.org/ws/ws", NULL, 0, 0 },
  { "/ip4/10.0.0.1/tcp/1/ws/http-path/a", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/ws", NULL, 0, 0 },
  { "/ip4/10.0.0.1/udp/1/quic-v1/ws", NULL, 0, 0 },
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
      g_assert_cmpuint (endpoint.transport, ==, endpoints[i].transport);
      g_assert_cmpstr (endpoint.server_name, ==, endpoints[i].server_name);
      g_assert_cmpuint (peerup_endpoint_get_scope (&endpoint), ==, endpoints[i].scope);
    }
}

/* The draft that once was called QUIC is told apart from what is merely not known. */
static void
test_draft (void)
{
  g_autoptr (PeerupMultiaddr) draft = peerup_multiaddr_newf ("/ip4/10.0.0.1/udp/1/quic");
  g_autoptr (GError) error = NULL;
  PeerupEndpoint endpoint;

  g_assert_false (peerup_endpoint_parse (draft, &endpoint, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "/quic is a draft"));
  g_assert_nonnull (strstr (error->message, "/quic-v1"));
}

static void
test_socket_address (void)
{
  static const struct
  {
    const char *text;
    const char *expected; /* NULL: none */
  } cases[] = {
    { "/ip4/192.0.2.1/tcp/80", "192.0.2.1:80" },
    { "/ip6/2001:db8::1/udp/1/quic-v1", "[2001:db8::1]:1" },
    { "/ip6zone/lo/ip6/fe80::1/tcp/7", "[fe80::1]:7" },
    { "/ip6zone/none9/ip6/fe80::1/tcp/7", NULL },
    { "/dns/localhost/tcp/7", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", cases[i].text);
      g_auto (PeerupEndpoint) endpoint = { 0 };
      PeerupSocketAddress socket;
      g_autofree char *text = NULL;

      g_assert_true (peerup_endpoint_parse (address, &endpoint, NULL));
      if (peerup_endpoint_get_socket_address (&endpoint, &socket))
        text = peerup_socket_address_to_string (&socket);
      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/parse", test_parse);
  g_test_add_func ("/endpoint/draft", test_draft);
  g_test_add_func ("/endpoint/socket-address", test_socket_address);
  return g_test_run ();
}
