/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* How often a rendezvous is asked, with literal times. */

#include "relay/peerup-rendezvous-rates.h"

#include "rendezvous-parts.h"

#define NOW  G_GINT64_CONSTANT (1000000000)
#define HOST G_GUINT64_CONSTANT (0xC0000201)

static void
test_requests (void)
{
  g_autoptr (PeerupRendezvousRates) rates = peerup_rendezvous_rates_new ();
  g_autoptr (PeerupPeerId) a = part_peer (1);
  g_autoptr (PeerupPeerId) b = part_peer (2);

  for (guint i = 0; i < PEERUP_RENDEZVOUS_REQUESTS_AT_ONCE; i++)
    g_assert_true (peerup_rendezvous_rates_take_request (rates, a, NOW));
  g_assert_false (peerup_rendezvous_rates_take_request (rates, a, NOW));
  g_assert_true (peerup_rendezvous_rates_take_request (rates, b, NOW));
  g_assert_false (peerup_rendezvous_rates_take_request (rates, a, NOW + PEERUP_RENDEZVOUS_REQUEST_INTERVAL - 1));
  g_assert_true (peerup_rendezvous_rates_take_request (rates, a, NOW + PEERUP_RENDEZVOUS_REQUEST_INTERVAL));
  g_assert_false (peerup_rendezvous_rates_take_request (rates, a, NOW + PEERUP_RENDEZVOUS_REQUEST_INTERVAL));
}

/* Three in a minute, of one host; right ones count nothing. */
static void
test_wrong_passes (void)
{
  g_autoptr (PeerupRendezvousRates) rates = peerup_rendezvous_rates_new ();

  for (guint i = 0; i < 100; i++)
    g_assert_true (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW));
  for (guint i = 0; i < PEERUP_RENDEZVOUS_WRONG_AT_ONCE; i++)
    {
      g_assert_true (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW));
      peerup_rendezvous_rates_count_wrong (rates, HOST, NOW);
    }
  g_assert_false (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW));
  g_assert_true (peerup_rendezvous_rates_allow_pass (rates, HOST + 1, NOW));
  g_assert_false (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW + PEERUP_RENDEZVOUS_WRONG_INTERVAL - 1));
  g_assert_true (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW + PEERUP_RENDEZVOUS_WRONG_INTERVAL));
  peerup_rendezvous_rates_count_wrong (rates, HOST, NOW + PEERUP_RENDEZVOUS_WRONG_INTERVAL);
  g_assert_false (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW + PEERUP_RENDEZVOUS_WRONG_INTERVAL));
}

/* From very many hosts at once: no more are remembered, nor let in, until the first are forgotten. */
static void
test_many_hosts (void)
{
  g_autoptr (PeerupRendezvousRates) rates = peerup_rendezvous_rates_new ();
  guint64 host = HOST;

  while (peerup_rendezvous_rates_allow_pass (rates, host, NOW) && host - HOST < 10000)
    peerup_rendezvous_rates_count_wrong (rates, host++, NOW);
  g_assert_cmpuint (host - HOST, ==, 4096);
  peerup_rendezvous_rates_count_wrong (rates, host, NOW);
  g_assert_true (peerup_rendezvous_rates_allow_pass (rates, HOST, NOW));
  g_assert_true (peerup_rendezvous_rates_allow_pass (rates, host, NOW + PEERUP_RENDEZVOUS_WRONG_INTERVAL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/rendezvous-rates/requests", test_requests);
  g_test_add_func ("/relay/rendezvous-rates/wrong-passes", test_wrong_passes);
  g_test_add_func ("/relay/rendezvous-rates/many-hosts", test_many_hosts);
  return g_test_run ();
}
