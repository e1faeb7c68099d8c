/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What answers claim: in the ways of several programs, and in ways of nobody who means well. */

#include "mdns-test.h"

#include "mdns/peerup-mdns-claim.h"

#define SERVICE "_p2p._udp.local"
#define ONE     "one._p2p._udp.local"
#define TWO     "two._p2p._udp.local"

static GPtrArray *
letter_read (Letter *self)
{
  PeerupMdnsName service = make_name (SERVICE);
  g_autoptr (GError) error = NULL;
  PeerupMdnsMessage message;

  g_assert_true (peerup_mdns_message_parse (&message, self->data, self->writer.length, &error));
  g_assert_no_error (error);
  return peerup_mdns_claims_read (&message, &service);
}

static const PeerupMdnsClaim *
get_claim (GPtrArray *claims, guint index)
{
  g_assert_cmpuint (index, <, claims->len);
  return claims->pdata[index];
}

static void
assert_addresses (const PeerupMdnsClaim *claim, const char *expected)
{
  g_autoptr (GString) all = g_string_new ("");

  for (guint i = 0; i < claim->addresses->len; i++)
    g_string_append_printf (all, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (claim->addresses->pdata[i]));
  g_assert_cmpstr (all->str, ==, expected);
}

/* One record for all addresses, and one for each. */
static void
test_ways (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  Letter letter;

  letter_init (&letter, TRUE);
  letter_add_pointer (&letter, 120, SERVICE, ONE);
  letter_add_text (&letter, 120, ONE, "dnsaddr=/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID,
                   "DNSADDR=/ip6/fd00:7::3/udp/2/quic-v1/p2p/" OTHER_ID, NULL);
  letter_add_text (&letter, 120, TWO, "dnsaddr=/ip4/192.168.7.4/tcp/3/p2p/" THIRD_ID, NULL);
  letter_add_text (&letter, 120, TWO, "dnsaddr=/ip4/192.168.7.4/udp/4/quic-v1/p2p/" THIRD_ID, NULL);
  claims = letter_read (&letter);
  g_assert_cmpuint (claims->len, ==, 2);
  g_assert_cmpstr (peerup_peer_id_get_string (get_claim (claims, 0)->peer), ==, OTHER_ID);
  assert_addresses (get_claim (claims, 0), "/ip4/192.168.7.3/tcp/1 /ip6/fd00:7::3/udp/2/quic-v1");
  g_assert_cmpuint (get_claim (claims, 0)->ttl, ==, 120);
  g_assert_cmpstr (peerup_peer_id_get_string (get_claim (claims, 1)->peer), ==, THIRD_ID);
  assert_addresses (get_claim (claims, 1), "/ip4/192.168.7.4/tcp/3 /ip4/192.168.7.4/udp/4/quic-v1");
}

static void
test_others (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  Letter letter;

  letter_init (&letter, TRUE);
  /* Of another service, of the service itself, of nobody, and a string that is none. */
  letter_add_text (&letter, 120, "one._http._tcp.local", "dnsaddr=/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID, NULL);
  letter_add_text (&letter, 120, SERVICE, "dnsaddr=/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID, NULL);
  letter_add_text (&letter, 120, ONE, "dnsaddr=/ip4/192.168.7.3/tcp/1", "", "dnsaddr=", "dnsaddr", "dnsaddr=x", NULL);
  claims = letter_read (&letter);
  g_assert_cmpuint (claims->len, ==, 0);
}

/* Bad input: of each of these nothing is kept but the peer. */
static void
test_bad_addresses (void)
{
  static const char *const bad[] = {
    "/ip4/127.0.0.1/tcp/1",
    "/ip4/127.9.9.9/udp/1/quic-v1",
    "/ip6/::1/tcp/1",
    "/ip4/0.0.0.0/tcp/1",
    "/ip6/::/tcp/1",
    "/ip4/224.0.0.251/tcp/1",
    "/ip4/255.255.255.255/tcp/1",
    "/ip6/ff02::fb/tcp/1",
    "/ip4/169.254.169.254/tcp/80",
    "/ip6/fe80::1/tcp/1",
    "/ip6zone/eth0/ip6/fe80::1/tcp/1",
    "/ip6/::ffff:127.0.0.1/tcp/1",
    "/ip4/192.168.7.3/tcp/0",
    "/ip4/192.168.7.3",
    "/ip4/192.168.7.3/udp/1",
    "/ip4/192.168.7.3/tcp/1/ws",
    "/ip4/192.168.7.3/tcp/1/tls/ws",
    "/ip4/192.168.7.3/udp/1/quic-v1/webtransport",
    "/dns4/example.org/tcp/1",
    "/dnsaddr/example.org",
    "/ip4/192.168.7.3/tcp/1/p2p/" THIRD_ID "/p2p-circuit",
    "/unix/run%2Fx",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *string = g_strdup_printf ("dnsaddr=%s/p2p/" OTHER_ID, bad[i]);
      g_autoptr (GPtrArray) claims = NULL;
      Letter letter;

      letter_init (&letter, TRUE);
      letter_add_text (&letter, 120, ONE, string, NULL);
      claims = letter_read (&letter);
      g_test_message ("%s", bad[i]);
      g_assert_true (claims->len == 0 || get_claim (claims, 0)->addresses->len == 0);
    }
}

/* One record speaks for one peer. */
static void
test_several_peers_in_one (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  Letter letter;

  letter_init (&letter, TRUE);
  letter_add_text (&letter, 120, ONE, "dnsaddr=/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID,
                   "dnsaddr=/ip4/192.168.7.4/tcp/1/p2p/" THIRD_ID, "n=7", "n=9999", "n=0", "n=10000", "n=7", "n=x",
                   "n=", "n=+8", NULL);
  claims = letter_read (&letter);
  g_assert_cmpuint (claims->len, ==, 1);
  assert_addresses (get_claim (claims, 0), "/ip4/192.168.7.3/tcp/1");
  g_assert_cmpuint (get_claim (claims, 0)->n_numbers, ==, 2);
  g_assert_true (peerup_mdns_claim_has_number (get_claim (claims, 0), 7));
  g_assert_true (peerup_mdns_claim_has_number (get_claim (claims, 0), 9999));
  g_assert_false (peerup_mdns_claim_has_number (get_claim (claims, 0), 0));
}

static void
test_bounds (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  Letter letter;

  letter_init (&letter, TRUE);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *string = g_strdup_printf ("dnsaddr=/ip4/192.168.7.%u/tcp/1/p2p/" OTHER_ID, i + 1);
      g_autofree char *number = g_strdup_printf ("n=%u", i + 1);

      letter_add_text (&letter, 120, ONE, string, number, NULL);
    }
  claims = letter_read (&letter);
  g_assert_cmpuint (claims->len, ==, 1);
  g_assert_cmpuint (get_claim (claims, 0)->addresses->len, ==, PEERUP_MDNS_ADDRESSES_MAX);
  g_assert_cmpuint (get_claim (claims, 0)->n_numbers, ==, PEERUP_MDNS_NUMBERS_MAX);
}

/* A message full of peers. */
static void
test_many_peers (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  Letter letter;

  letter_init (&letter, TRUE);
  for (guint8 i = 0; i < 40; i++)
    {
      guint8 bytes[34] = { 0x12, 32, i };
      g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_bytes (bytes, sizeof bytes, NULL);
      g_autofree char *string =
        g_strdup_printf ("dnsaddr=/ip4/192.168.7.3/tcp/1/p2p/%s", peerup_peer_id_get_string (peer));

      letter_add_text (&letter, 120, ONE, string, NULL);
    }
  claims = letter_read (&letter);
  g_assert_cmpuint (claims->len, ==, PEERUP_MDNS_CLAIMS_MAX);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/claim/ways", test_ways);
  g_test_add_func ("/mdns/claim/others", test_others);
  g_test_add_func ("/mdns/claim/bad-addresses", test_bad_addresses);
  g_test_add_func ("/mdns/claim/several-peers-in-one", test_several_peers_in_one);
  g_test_add_func ("/mdns/claim/bounds", test_bounds);
  g_test_add_func ("/mdns/claim/many-peers", test_many_peers);
  return g_test_run ();
}
