/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include <string.h>

#include "ice/peerup-ice-agent.h"
#include "ice/peerup-ice-filter.h"

static PeerupSocketAddress
address (const char *host, guint16 port)
{
  PeerupSocketAddress parsed;

  g_assert_true (peerup_socket_address_set (&parsed, host, port));
  return parsed;
}

/* A home network, and a global one of IPv6. */
static PeerupIceNetworks
home (void)
{
  const PeerupSocketAddress ip4 = address ("192.168.1.20", 0), ip6 = address ("2a0a:1:2:3::20", 0);
  const PeerupSocketAddress local6 = address ("fd12:3456:789a:1::20", 0);
  PeerupIceNetworks networks = { 0 };

  g_assert_true (peerup_ice_networks_add (&networks, &ip4, 24));
  g_assert_true (peerup_ice_networks_add (&networks, &ip6, 64));
  g_assert_true (peerup_ice_networks_add (&networks, &local6, 64));
  return networks;
}

static gboolean
may_probe (const char *host, guint16 port)
{
  const PeerupIceNetworks networks = home ();
  const PeerupSocketAddress parsed = address (host, port);

  return peerup_ice_may_probe (&networks, &parsed);
}

static void
test_internet (void)
{
  g_assert_true (may_probe ("1.2.3.4", 4000));
  g_assert_true (may_probe ("8.8.8.8", 65535));
  g_assert_true (may_probe ("2a0a:1:2:3::99", 4000));
  g_assert_true (may_probe ("2606:4700::1111", 1024));
}

/* The rows of bad input: private to us, loopback, link-local, multicast, metadata, and what else no peer is at. */
static void
test_never (void)
{
  static const char *const never[] = {
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "169.254.169.254",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "2001:0:53aa::1",
    "2002:102:304::1",
    "64:ff9b::102:304",
    "4000::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (never); i++)
    if (may_probe (never[i], 4000))
      g_error ("%s would be probed", never[i]);
}

/* Not even where the machine claims to be on such a network. */
static void
test_never_on_any_network (void)
{
  const PeerupSocketAddress link = address ("169.254.3.4", 0), metadata = address ("169.254.169.254", 4000);
  const PeerupSocketAddress link6 = address ("fe80::4", 0), neighbour = address ("fe80::5", 4000);
  PeerupIceNetworks networks = { 0 };

  g_assert_true (peerup_ice_networks_add (&networks, &link, 16));
  g_assert_true (peerup_ice_networks_add (&networks, &link6, 64));
  g_assert_false (peerup_ice_may_probe (&networks, &metadata));
  g_assert_false (peerup_ice_may_probe (&networks, &neighbour));
}

static void
test_own_networks (void)
{
  g_assert_true (may_probe ("192.168.1.1", 4000));
  g_assert_true (may_probe ("192.168.1.20", 4000));
  g_assert_true (may_probe ("fd12:3456:789a:1::1", 4000));
  g_assert_false (may_probe ("192.168.1.255", 4000));
  g_assert_false (may_probe ("192.168.1.0", 4000));
  g_assert_false (may_probe ("192.168.2.1", 4000));
  g_assert_false (may_probe ("10.0.0.1", 4000));
  g_assert_false (may_probe ("172.16.0.1", 4000));
  g_assert_false (may_probe ("100.64.0.1", 4000));
  g_assert_false (may_probe ("198.18.0.1", 4000));
  g_assert_false (may_probe ("203.0.113.1", 4000));
  g_assert_false (may_probe ("fd12:3456:789a:2::1", 4000));
}

static void
test_ports (void)
{
  g_assert_false (may_probe ("1.2.3.4", 0));
  g_assert_false (may_probe ("1.2.3.4", 53));
  g_assert_false (may_probe ("1.2.3.4", 123));
  g_assert_false (may_probe ("1.2.3.4", 1023));
  g_assert_true (may_probe ("1.2.3.4", 1024));
  g_assert_false (may_probe ("1.2.3.4", 1900));
  g_assert_false (may_probe ("1.2.3.4", 3478));
  g_assert_false (may_probe ("1.2.3.4", 11211));
}

static gboolean
offer (PeerupIceFilter *filter, const PeerupIceNetworks *networks, const char *host, guint16 port)
{
  const PeerupSocketAddress parsed = address (host, port);
  PeerupIceCandidate candidate = { .priority = 1 };

  g_assert_true (peerup_ice_address_set (&candidate.address, &parsed));
  return peerup_ice_filter_take (filter, networks, &candidate);
}

static void
test_once (void)
{
  const PeerupIceNetworks networks = home ();
  PeerupIceFilter filter = { 0 };

  g_assert_true (offer (&filter, &networks, "1.2.3.4", 4000));
  g_assert_false (offer (&filter, &networks, "1.2.3.4", 4000));
  g_assert_true (offer (&filter, &networks, "1.2.3.4", 4001));
  g_assert_cmpuint (filter.n_taken, ==, 2);
  g_assert_cmpuint (filter.n_dropped, ==, 1);
}

static void
test_per_host (void)
{
  const PeerupIceNetworks networks = home ();
  PeerupIceFilter filter = { 0 };
  guint n = 0;

  for (guint port = 4000; port < 5000; port++)
    n += offer (&filter, &networks, "1.2.3.4", port);
  g_assert_cmpuint (n, ==, PEERUP_ICE_CANDIDATES_PER_HOST);
  g_assert_true (offer (&filter, &networks, "1.2.3.5", 4000));
}

/* The hosts of one IPv6 network count as one. */
static void
test_per_host6 (void)
{
  const PeerupIceNetworks networks = home ();
  PeerupIceFilter filter = { 0 };
  guint n = 0;

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *host = g_strdup_printf ("2a0a:9::%x", i + 1);

      n += offer (&filter, &networks, host, 4000);
    }
  g_assert_cmpuint (n, ==, PEERUP_ICE_CANDIDATES_PER_HOST);
}

static void
test_ten_thousand (void)
{
  const PeerupIceNetworks networks = home ();
  PeerupIceFilter filter = { 0 };
  guint n = 0;

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *host = g_strdup_printf ("1.2.%u.%u", i / 250, i % 250 + 1);

      n += offer (&filter, &networks, host, 4000);
    }
  g_assert_cmpuint (n, ==, PEERUP_ICE_REMOTE_CANDIDATES);
  g_assert_cmpuint (filter.n_dropped, ==, 10000 - PEERUP_ICE_REMOTE_CANDIDATES);
}

static void
test_networks (void)
{
  const PeerupSocketAddress one = address ("192.168.1.20", 77);
  PeerupIceNetworks networks = { 0 };

  g_assert_false (peerup_ice_networks_add (&networks, &one, 33));
  for (guint i = 0; i < PEERUP_ICE_NETWORKS; i++)
    g_assert_true (peerup_ice_networks_add (&networks, &one, 24));
  g_assert_false (peerup_ice_networks_add (&networks, &one, 24));
  g_assert_cmpuint (peerup_socket_address_get_port (&networks.addresses[0]), ==, 0);
}

/* Whatever this machine has: nothing that could not be told to others. */
static void
test_networks_of_this_machine (void)
{
  const PeerupSocketAddress loopback = address ("127.0.0.1", 4000);
  PeerupIceNetworks networks;

  peerup_ice_networks_read (&networks);
  for (guint i = 0; i < networks.n; i++)
    g_assert_false (peerup_socket_address_is_link_local (&networks.addresses[i]));
  g_assert_false (peerup_ice_may_probe (&networks, &loopback));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-filter/internet", test_internet);
  g_test_add_func ("/ice-filter/never", test_never);
  g_test_add_func ("/ice-filter/never-on-any-network", test_never_on_any_network);
  g_test_add_func ("/ice-filter/own-networks", test_own_networks);
  g_test_add_func ("/ice-filter/ports", test_ports);
  g_test_add_func ("/ice-filter/once", test_once);
  g_test_add_func ("/ice-filter/per-host", test_per_host);
  g_test_add_func ("/ice-filter/per-host-of-ip6", test_per_host6);
  g_test_add_func ("/ice-filter/ten-thousand", test_ten_thousand);
  g_test_add_func ("/ice-filter/networks", test_networks);
  g_test_add_func ("/ice-filter/networks-of-this-machine", test_networks_of_this_machine);
  return g_test_run ();
}
