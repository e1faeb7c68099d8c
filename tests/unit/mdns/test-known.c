/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is news, and that nobody fills the memory. */

#include "mdns-test.h"

#include "mdns/peerup-mdns-known.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

static gboolean
learn (PeerupMdnsKnown *known, PeerupPeerId *peer, guint32 ttl, gint64 now, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) list = addresses;
  PeerupMdnsClaim claim = { .peer = peer, .addresses = list, .ttl = ttl };

  return peerup_mdns_known_learn (known, &claim, now);
}

static void
test_news (void)
{
  g_autoptr (PeerupMdnsKnown) known = peerup_mdns_known_new ();
  g_autoptr (PeerupPeerId) peer = new_peer (OTHER_ID);

  g_assert_true (learn (known, peer, 120, 10 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_false (learn (known, peer, 120, 11 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_true (
    learn (known, peer, 120, 12 * SECOND, new_list ("/ip4/192.168.7.3/tcp/2", "/ip4/192.168.7.3/tcp/1", NULL)));
  /* What was told once counts until all of it is over. */
  g_assert_false (learn (known, peer, 120, 13 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_false (learn (known, peer, 120, 133 * SECOND, new_list ("/ip4/192.168.7.3/tcp/2", NULL)));
  g_assert_true (learn (known, peer, 120, 254 * SECOND, new_list ("/ip4/192.168.7.3/tcp/2", NULL)));
  g_assert_cmpuint (peerup_mdns_known_get_n (known), ==, 1);
}

static void
test_goodbye (void)
{
  g_autoptr (PeerupMdnsKnown) known = peerup_mdns_known_new ();
  g_autoptr (PeerupPeerId) peer = new_peer (OTHER_ID);

  g_assert_false (learn (known, peer, 0, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_true (learn (known, peer, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_false (learn (known, peer, 0, 2 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_cmpuint (peerup_mdns_known_get_n (known), ==, 0);
  g_assert_true (learn (known, peer, 120, 3 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  peerup_mdns_known_clear (known);
  g_assert_true (learn (known, peer, 120, 3 * SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_cmpuint (peerup_mdns_known_get_n (known), ==, 1);
}

/* A peer that says it counts for 136 years is news after an hour and a quarter. */
static void
test_long_time (void)
{
  g_autoptr (PeerupMdnsKnown) known = peerup_mdns_known_new ();
  g_autoptr (PeerupPeerId) peer = new_peer (OTHER_ID);

  g_assert_true (learn (known, peer, G_MAXUINT32, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
  g_assert_true (learn (known, peer, 120, (PEERUP_MDNS_KNOWN_TTL_MAX + 2) * (gint64) SECOND,
                        new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
}

static PeerupPeerId *
new_numbered_peer (guint number)
{
  guint8 bytes[34] = { 0x12, 32, number & 0xff, number >> 8 };

  return peerup_peer_id_new_from_bytes (bytes, sizeof bytes, NULL);
}

static void
test_bounds (void)
{
  g_autoptr (PeerupMdnsKnown) known = peerup_mdns_known_new ();
  g_autoptr (PeerupPeerId) first = new_numbered_peer (0);
  g_autoptr (PeerupPeerId) second = new_numbered_peer (1);

  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (PeerupPeerId) peer = new_numbered_peer (i);

      g_assert_true (learn (known, peer, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
      /* Who is heard again and again stays. */
      g_assert_false (learn (known, first, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
    }
  g_assert_cmpuint (peerup_mdns_known_get_n (known), ==, PEERUP_MDNS_KNOWN_MAX);
  g_assert_true (learn (known, second, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
}

static void
test_many_addresses (void)
{
  g_autoptr (PeerupMdnsKnown) known = peerup_mdns_known_new ();
  g_autoptr (PeerupPeerId) peer = new_peer (OTHER_ID);

  for (guint i = 1; i <= PEERUP_MDNS_ADDRESSES_MAX + 1; i++)
    {
      g_autofree char *text = g_strdup_printf ("/ip4/192.168.7.3/tcp/%u", i);

      g_assert_true (learn (known, peer, 120, SECOND, new_list (text, NULL)));
    }
  g_assert_false (learn (known, peer, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/2", NULL)));
  g_assert_true (learn (known, peer, 120, SECOND, new_list ("/ip4/192.168.7.3/tcp/1", NULL)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/known/news", test_news);
  g_test_add_func ("/mdns/known/goodbye", test_goodbye);
  g_test_add_func ("/mdns/known/long-time", test_long_time);
  g_test_add_func ("/mdns/known/bounds", test_bounds);
  g_test_add_func ("/mdns/known/many-addresses", test_many_addresses);
  return g_test_run ();
}
