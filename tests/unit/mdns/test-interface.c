/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is near, and what is not. */

#include "mdns-test.h"

static gboolean
is_near (const PeerupMdnsInterface *interface, const char *host, int hop_limit)
{
  PeerupSocketAddress source = make_address (host, 5353);

  return peerup_mdns_interface_is_near (interface, &source, hop_limit);
}

static void
test_near (void)
{
  g_autoptr (PeerupMdnsInterface) eth0 =
    new_interface (2, "192.168.7.2/24", "10.0.0.1/9", "fd00:7::2/64", "fe80::2/64", NULL);

  g_assert_true (is_near (eth0, "192.168.7.255", 64));
  g_assert_false (is_near (eth0, "192.168.8.1", 64));
  g_assert_true (is_near (eth0, "10.127.1.1", -1));
  g_assert_false (is_near (eth0, "10.128.1.1", -1));
  g_assert_true (is_near (eth0, "fe80::9", 1));
  g_assert_true (is_near (eth0, "fd00:7::ffff:1", 1));
  g_assert_false (is_near (eth0, "fd00:7:0:1::1", 1));
  g_assert_false (is_near (eth0, "2001:db8::1", 254));
  /* No router was in between, whatever it says that it is. */
  g_assert_true (is_near (eth0, "1.2.3.4", 255));
  g_assert_true (is_near (eth0, "2001:db8::1", 255));
}

static void
test_hosts (void)
{
  g_autoptr (PeerupMdnsInterface) eth0 = new_interface (2, "192.168.7.2/24", "fd00:7::2/64", NULL);
  PeerupSocketAddress address = make_address ("192.168.7.2", 4001);

  g_assert_true (peerup_mdns_interface_has_host (eth0, &address));
  g_assert_true (peerup_mdns_interface_contains (eth0, &address));
  address = make_address ("192.168.7.3", 4001);
  g_assert_false (peerup_mdns_interface_has_host (eth0, &address));
  g_assert_true (peerup_mdns_interface_contains (eth0, &address));
  g_assert_true (peerup_mdns_interface_has_family (eth0, AF_INET));
  g_assert_true (peerup_mdns_interface_has_family (eth0, AF_INET6));
}

static void
test_equal (void)
{
  g_autoptr (PeerupMdnsInterface) a = new_interface (2, "192.168.7.2/24", "fd00:7::2/64", NULL);
  g_autoptr (PeerupMdnsInterface) b = new_interface (2, "fd00:7::2/64", "192.168.7.2/24", NULL);
  g_autoptr (PeerupMdnsInterface) wider = new_interface (2, "192.168.7.2/16", "fd00:7::2/64", NULL);
  g_autoptr (PeerupMdnsInterface) fewer = new_interface (2, "192.168.7.2/24", NULL);
  g_autoptr (PeerupMdnsInterface) other = new_interface (3, "192.168.7.2/24", "fd00:7::2/64", NULL);
  g_autoptr (PeerupMdnsInterface) copy = peerup_mdns_interface_copy (a);

  g_assert_true (peerup_mdns_interface_equal (a, b));
  g_assert_true (peerup_mdns_interface_equal (a, copy));
  g_assert_cmpstr (copy->name, ==, "eth0");
  g_assert_false (peerup_mdns_interface_equal (a, wider));
  g_assert_false (peerup_mdns_interface_equal (a, fewer));
  g_assert_false (peerup_mdns_interface_equal (fewer, a));
  g_assert_false (peerup_mdns_interface_equal (a, other));
  g_assert_false (peerup_mdns_interface_has_family (fewer, AF_INET6));
}

/* Whatever this machine has, loopback is not among it. */
static void
test_list (void)
{
  g_autoptr (GPtrArray) list = peerup_mdns_interfaces_list ();
  PeerupSocketAddress loopback = make_address ("127.0.0.1", 0);

  g_assert_cmpuint (list->len, <=, PEERUP_MDNS_INTERFACES_MAX);
  for (guint i = 0; i < list->len; i++)
    {
      g_assert_cmpuint (((PeerupMdnsInterface *) list->pdata[i])->index, !=, 0);
      g_assert_false (peerup_mdns_interface_has_host (list->pdata[i], &loopback));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/interface/near", test_near);
  g_test_add_func ("/mdns/interface/hosts", test_hosts);
  g_test_add_func ("/mdns/interface/equal", test_equal);
  g_test_add_func ("/mdns/interface/list", test_list);
  return g_test_run ();
}
