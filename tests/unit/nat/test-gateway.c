/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the system answers when it is asked for the way to the internet. */

#include "nat/peerup-gateway.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

static void
add (GByteArray *message, guint16 type, gconstpointer value, gsize length)
{
  struct rtattr attribute = { .rta_len = RTA_LENGTH (length), .rta_type = type };
  static const guint8 padding[4];

  g_byte_array_append (message, (const guint8 *) &attribute, sizeof attribute);
  g_byte_array_append (message, value, length);
  g_byte_array_append (message, padding, RTA_SPACE (length) - RTA_LENGTH (length));
}

static GByteArray *
begin (int family, guint16 type)
{
  GByteArray *message = g_byte_array_new ();
  struct nlmsghdr header = { .nlmsg_type = type };
  struct rtmsg route = { .rtm_family = family, .rtm_type = RTN_UNICAST };

  g_byte_array_append (message, (const guint8 *) &header, sizeof header);
  g_byte_array_append (message, (const guint8 *) &route, sizeof route);
  return message;
}

static void
end (GByteArray *message)
{
  guint32 length = message->len;

  memcpy (message->data, &length, sizeof length);
}

static GByteArray *
make_ip4 (void)
{
  GByteArray *message = begin (AF_INET, RTM_NEWROUTE);
  guint32 interface = 3;

  add (message, RTA_DST, "\300\0\0\11", 4);
  add (message, RTA_OIF, &interface, sizeof interface);
  add (message, RTA_PREFSRC, "\300\250\1\2", 4);
  add (message, RTA_GATEWAY, "\300\250\1\1", 4);
  end (message);
  return message;
}

static void
assert_gateway (GByteArray *message, const char *gateway, const char *local)
{
  PeerupSocketAddress expected;
  PeerupGateway found;

  g_assert_true (peerup_gateway_parse (&found, message->data, message->len));
  g_assert_true (peerup_socket_address_set (&expected, gateway, 0));
  g_assert_true (peerup_socket_address_is_same_host (&found.gateway, &expected));
  g_assert_true (peerup_socket_address_set (&expected, local, 0));
  g_assert_true (peerup_socket_address_equal (&found.local, &expected));
}

static void
test_ip4 (void)
{
  g_autoptr (GByteArray) message = make_ip4 ();

  assert_gateway (message, "192.168.1.1", "192.168.1.2");
}

/* A link-local gateway is one of its interface. */
static void
test_ip6 (void)
{
  static const guint8 gateway[16] = { 0xfe, 0x80, [15] = 1 };
  static const guint8 local[16] = { 0x2a, 0, [15] = 2 };
  g_autoptr (GByteArray) message = begin (AF_INET6, RTM_NEWROUTE);
  guint32 interface = 1;

  add (message, RTA_GATEWAY, gateway, sizeof gateway);
  add (message, RTA_OIF, &interface, sizeof interface);
  add (message, RTA_PREFSRC, local, sizeof local);
  end (message);
  assert_gateway (message, "fe80::1%lo", "2a00::2");
}

static void
test_no_router (void)
{
  g_autoptr (GByteArray) direct = begin (AF_INET, RTM_NEWROUTE);
  g_autoptr (GByteArray) error = begin (AF_INET, NLMSG_ERROR);
  g_autoptr (GByteArray) wrong = begin (AF_INET, RTM_NEWROUTE);
  PeerupGateway gateway;

  add (direct, RTA_PREFSRC, "\300\250\1\2", 4);
  end (direct);
  g_assert_false (peerup_gateway_parse (&gateway, direct->data, direct->len));
  end (error);
  g_assert_false (peerup_gateway_parse (&gateway, error->data, error->len));
  add (wrong, RTA_PREFSRC, "\300\250\1\2", 4);
  add (wrong, RTA_GATEWAY, "\300\250\1", 3);
  end (wrong);
  g_assert_false (peerup_gateway_parse (&gateway, wrong->data, wrong->len));
}

static void
test_truncated (void)
{
  g_autoptr (GByteArray) message = make_ip4 ();
  PeerupGateway gateway;

  for (gsize length = 0; length < message->len; length++)
    {
      g_autofree guint8 *exact = g_memdup2 (message->data, length);

      /* As it says itself how long it is, and as if it ended there. */
      g_assert_false (peerup_gateway_parse (&gateway, exact, length));
      if (length < sizeof (guint32))
        continue;
      memcpy (exact, &(guint32) { length }, sizeof (guint32));
      g_assert_false (peerup_gateway_parse (&gateway, exact, length));
    }
}

static void
test_bad_lengths (void)
{
  for (guint value = 0; value < 0x100; value++)
    {
      g_autoptr (GByteArray) message = make_ip4 ();
      PeerupGateway gateway;

      /* The length of the first attribute. */
      message->data[sizeof (struct nlmsghdr) + sizeof (struct rtmsg)] = value;
      if (!peerup_gateway_parse (&gateway, message->data, message->len))
        continue;
      g_assert_cmpint (gateway.gateway.any.sa_family, ==, AF_INET);
    }
}

/* Whatever this machine has: it answers, and does not hang. */
static void
test_system (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupGateway gateway;

      if (peerup_gateway_find (i == 0 ? AF_INET : AF_INET6, &gateway, &error))
        g_assert_cmpint (gateway.gateway.any.sa_family, ==, i == 0 ? AF_INET : AF_INET6);
      else
        g_assert_nonnull (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nat/gateway/ip4", test_ip4);
  g_test_add_func ("/nat/gateway/ip6", test_ip6);
  g_test_add_func ("/nat/gateway/no-router", test_no_router);
  g_test_add_func ("/nat/gateway/truncated", test_truncated);
  g_test_add_func ("/nat/gateway/bad-lengths", test_bad_lengths);
  g_test_add_func ("/nat/gateway/system", test_system);
  return g_test_run ();
}
