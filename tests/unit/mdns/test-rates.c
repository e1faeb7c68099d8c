/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Who may have how much. */

#include "mdns-test.h"

#include "mdns/peerup-mdns-rates.h"

#define NOW ((gint64) 1000 * G_USEC_PER_SEC)

static guint
take_source (PeerupMdnsRates *rates, const char *host, guint n, gint64 now)
{
  PeerupSocketAddress source = make_address (host, 5353);
  guint n_taken = 0;

  for (guint i = 0; i < n; i++)
    n_taken += peerup_mdns_rates_take_source (rates, &source, now);
  return n_taken;
}

static void
test_source (void)
{
  PeerupMdnsRates rates = { 0 };

  g_assert_cmpuint (take_source (&rates, "192.168.7.3", 100, NOW), ==, PEERUP_MDNS_SOURCE_BURST);
  g_assert_cmpuint (take_source (&rates, "192.168.7.3", 100, NOW + PEERUP_MDNS_SOURCE_INTERVAL), ==, 1);
  g_assert_cmpuint (take_source (&rates, "192.168.7.4", 100, NOW), ==, PEERUP_MDNS_SOURCE_BURST);
  /* Two of one network, which is all that link-local addresses have. */
  g_assert_cmpuint (take_source (&rates, "fe80::3", 100, NOW), ==, PEERUP_MDNS_SOURCE_BURST);
  g_assert_cmpuint (take_source (&rates, "fe80::4", 100, NOW), ==, PEERUP_MDNS_SOURCE_BURST);
  g_assert_cmpuint (take_source (&rates, "fe80::4", 100, NOW), ==, 0);
}

/* Bad input: more hosts than there are places. */
static void
test_many_sources (void)
{
  PeerupMdnsRates rates = { 0 };

  g_assert_cmpuint (take_source (&rates, "192.168.7.3", 100, NOW), ==, PEERUP_MDNS_SOURCE_BURST);
  for (guint i = 0; i < 5000; i++)
    {
      g_autofree char *host = g_strdup_printf ("10.0.%u.%u", i >> 8, i & 0xff);

      g_assert_cmpuint (take_source (&rates, host, 1, NOW + i), ==, 1);
    }
  /* Who took all of his share is the last to be forgotten. */
  g_assert_cmpuint (take_source (&rates, "192.168.7.3", 100, NOW + 5000), ==, 0);
}

static void
test_all (void)
{
  PeerupMdnsRates rates = { 0 };
  guint n_any = 0, n_unicast = 0;

  for (guint i = 0; i < 1000; i++)
    {
      n_any += peerup_mdns_rates_take_any (&rates, NOW);
      n_unicast += peerup_mdns_rates_take_unicast (&rates, NOW);
    }
  g_assert_cmpuint (n_any, ==, PEERUP_MDNS_RATE_BURST);
  g_assert_cmpuint (n_unicast, ==, PEERUP_MDNS_UNICAST_BURST);
  g_assert_true (peerup_mdns_rates_take_any (&rates, NOW + PEERUP_MDNS_RATE_INTERVAL));
  g_assert_false (peerup_mdns_rates_take_any (&rates, NOW + PEERUP_MDNS_RATE_INTERVAL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/rates/source", test_source);
  g_test_add_func ("/mdns/rates/many-sources", test_many_sources);
  g_test_add_func ("/mdns/rates/all", test_all);
  return g_test_run ();
}
