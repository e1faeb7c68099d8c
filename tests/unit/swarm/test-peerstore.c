/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The address book: what it keeps and remembers, at literal times, and its bounds. */

#include <string.h>

#include "identity/peerup-private-key.h"
#include "swarm/peerup-peerstore.h"

#define SECOND G_USEC_PER_SEC

static PeerupPeerId *
make_peer (guint n)
{
  guint8 seed[32] = { n & 0xff, n >> 8 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);

  return peerup_peer_id_ref (peerup_private_key_get_peer_id (key));
}

static void
add (PeerupPeerstore *store, PeerupPeerId *peer, const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", text);

  peerup_peerstore_add (store, peer, address);
}

static void
report (PeerupPeerstore *store, PeerupPeerId *peer, const char *text, gboolean success, gint64 now)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", text);

  if (success)
    peerup_peerstore_report_success (store, peer, address, now);
  else
    peerup_peerstore_report_failure (store, peer, address, now);
}

static void
assert_history (PeerupPeerstore *store, PeerupPeerId *peer, const char *text, const PeerupDialHistory *expected)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", text);
  PeerupDialHistory history;

  g_assert_true (peerup_peerstore_get_history (store, peer, address, &history));
  g_assert_cmpint (history.succeeded_at, ==, expected->succeeded_at);
  g_assert_cmpint (history.failed_at, ==, expected->failed_at);
  g_assert_cmpuint (history.failures, ==, expected->failures);
  g_assert_cmpint (history.rtt, ==, expected->rtt);
}

static char *
join (GPtrArray *addresses)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (addresses->pdata[i]));
  g_ptr_array_unref (addresses);
  return g_string_free_and_steal (text);
}

/* The known addresses of what can be dialed, as given. */
static void
assert_candidates (PeerupPeerstore *store, PeerupPeerId *peer, const char *expected)
{
  g_autoptr (GPtrArray) candidates = peerup_peerstore_dup_candidates (store, peer);
  g_autoptr (GString) actual = g_string_new (NULL);

  for (guint i = 0; i < candidates->len; i++)
    g_string_append_printf (actual, "%s%s", i > 0 ? " " : "",
                            peerup_multiaddr_get_string (((PeerupDialCandidate *) candidates->pdata[i])->known));
  g_assert_cmpstr (actual->str, ==, expected);
}

static void
test_lists (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);
  g_autofree char *all = NULL;

  assert_candidates (store, peer, "");
  add (store, peer, "/ip4/198.51.100.1/tcp/1");
  add (store, peer, "/ip4/198.51.100.1/udp/1/quic-v1");
  add (store, peer, "/ip4/198.51.100.1/udp/1/quic-v1/webtransport");
  add (store, peer, "/dns4/example.org/tcp/1");
  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  all = join (peerup_peerstore_dup_all (store, peer));
  g_assert_cmpstr (all, ==,
                   "/ip4/127.0.0.1/tcp/1 /dns4/example.org/tcp/1 /ip4/198.51.100.1/udp/1/quic-v1/webtransport "
                   "/ip4/198.51.100.1/udp/1/quic-v1 /ip4/198.51.100.1/tcp/1");
  assert_candidates (store, peer,
                     "/ip4/127.0.0.1/tcp/1 /dns4/example.org/tcp/1 /ip4/198.51.100.1/udp/1/quic-v1 "
                     "/ip4/198.51.100.1/tcp/1");
}

static void
test_history (void)
{
  static const char address[] = "/ip4/127.0.0.1/tcp/1";
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);
  g_autoptr (PeerupMultiaddr) parsed = peerup_multiaddr_newf ("%s", address);
  g_autoptr (GPtrArray) candidates = NULL;
  PeerupDialHistory unknown;

  g_assert_false (peerup_peerstore_get_history (store, peer, parsed, &unknown));
  add (store, peer, address);
  add (store, peer, "/ip4/127.0.0.1/tcp/2");
  assert_history (store, peer, address, &(PeerupDialHistory) { 0 });
  report (store, peer, address, FALSE, 10 * SECOND);
  report (store, peer, address, FALSE, 20 * SECOND);
  assert_history (store, peer, address, &(PeerupDialHistory) { .failed_at = 20 * SECOND, .failures = 2 });
  report (store, peer, address, TRUE, 30 * SECOND);
  assert_history (store, peer, address, &(PeerupDialHistory) { .succeeded_at = 30 * SECOND, .failed_at = 20 * SECOND });
  peerup_peerstore_report_rtt (store, peer, parsed, 68000);
  peerup_peerstore_report_rtt (store, peer, parsed, -1);
  report (store, peer, address, FALSE, 40 * SECOND);
  assert_history (store, peer, address,
                  &(PeerupDialHistory) {
                    .succeeded_at = 30 * SECOND, .failed_at = 40 * SECOND, .failures = 1, .rtt = 68000 });
  /* Of the other address nothing was said; and the candidates carry it all. */
  assert_history (store, peer, "/ip4/127.0.0.1/tcp/2", &(PeerupDialHistory) { 0 });
  candidates = peerup_peerstore_dup_candidates (store, peer);
  g_assert_cmpuint (((PeerupDialCandidate *) candidates->pdata[0])->history.failures, ==, 0);
  g_assert_cmpint (((PeerupDialCandidate *) candidates->pdata[1])->history.rtt, ==, 68000);
}

/* Three silences, none older than 10 min, make it; and 10 min of nothing end it. */
static void
test_udp (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  const gint64 fade = 600 * (gint64) SECOND;
  gint64 now = 5 * SECOND;

  g_assert_false (peerup_peerstore_is_udp_blocked (store, now));
  peerup_peerstore_report_udp (store, FALSE, now);
  peerup_peerstore_report_udp (store, FALSE, now + fade - 1);
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade - 1));
  now += 2 * fade - 2;
  peerup_peerstore_report_udp (store, FALSE, now);
  g_assert_true (peerup_peerstore_is_udp_blocked (store, now));
  g_assert_true (peerup_peerstore_is_udp_blocked (store, now + fade - 1));
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade));

  /* What has faded does not count any more. */
  peerup_peerstore_report_udp (store, FALSE, now + fade);
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade));
  peerup_peerstore_report_udp (store, FALSE, now + fade);
  peerup_peerstore_report_udp (store, FALSE, now + fade);
  g_assert_true (peerup_peerstore_is_udp_blocked (store, now + fade));

  /* One QUIC connection proves the contrary, and another network is another network. */
  peerup_peerstore_report_udp (store, TRUE, now + fade);
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade));
  for (guint i = 0; i < 3; i++)
    peerup_peerstore_report_udp (store, FALSE, now + fade);
  g_assert_true (peerup_peerstore_is_udp_blocked (store, now + fade));
  peerup_peerstore_network_changed (store);
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade));
  peerup_peerstore_report_udp (store, FALSE, now + fade);
  g_assert_false (peerup_peerstore_is_udp_blocked (store, now + fade));
}

static void
test_securities (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) first = make_peer (0);
  g_autoptr (PeerupPeerId) same = make_peer (0);

  peerup_peerstore_report_security (store, first, "/tls/1.0.0");
  g_assert_null (peerup_peerstore_get_security (store, first));
  add (store, first, "/ip4/10.0.0.1/tcp/1");
  g_assert_null (peerup_peerstore_get_security (store, first));
  peerup_peerstore_report_security (store, same, "/tls/1.0.0");
  g_assert_cmpstr (peerup_peerstore_get_security (store, first), ==, "/tls/1.0.0");
  peerup_peerstore_report_security (store, first, "/noise");
  g_assert_cmpstr (peerup_peerstore_get_security (store, same), ==, "/noise");
  /* It goes with the addresses. */
  for (guint i = 1; i <= PEERUP_PEERSTORE_PEERS; i++)
    {
      g_autoptr (PeerupPeerId) peer = make_peer (i);

      add (store, peer, "/ip4/10.0.0.1/tcp/1");
    }
  g_assert_null (peerup_peerstore_get_security (store, first));
}

static void
test_peer_ids (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);
  g_autoptr (PeerupPeerId) other = make_peer (2);
  g_autofree char *own = g_strdup_printf ("/ip4/10.0.0.1/tcp/1/p2p/%s", peerup_peer_id_get_string (peer));
  g_autofree char *foreign = g_strdup_printf ("/ip4/10.0.0.2/tcp/1/p2p/%s", peerup_peer_id_get_string (other));
  g_autofree char *bare = g_strdup_printf ("/p2p/%s", peerup_peer_id_get_string (peer));

  add (store, peer, own);
  add (store, peer, "/ip4/10.0.0.1/tcp/1");
  add (store, peer, foreign);
  add (store, peer, bare);
  assert_candidates (store, peer, "/ip4/10.0.0.1/tcp/1");
  assert_candidates (store, other, "");
  /* Reports on what is not known do nothing. */
  report (store, peer, "/ip4/10.9.9.9/tcp/1", FALSE, 1);
  report (store, other, "/ip4/10.0.0.1/tcp/1", FALSE, 1);
  assert_candidates (store, peer, "/ip4/10.0.0.1/tcp/1");
}

static void
test_bounds (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) first = make_peer (0);
  g_autoptr (GPtrArray) all = NULL;

  for (guint i = 0; i < PEERUP_PEERSTORE_ADDRESSES + 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("/ip4/10.0.0.1/tcp/%u", i + 1);

      add (store, first, text);
    }
  all = peerup_peerstore_dup_all (store, first);
  g_assert_cmpuint (all->len, ==, PEERUP_PEERSTORE_ADDRESSES);
  g_assert_cmpstr (peerup_multiaddr_get_string (all->pdata[0]), ==, "/ip4/10.0.0.1/tcp/69");
  g_assert_cmpstr (peerup_multiaddr_get_string (all->pdata[63]), ==, "/ip4/10.0.0.1/tcp/6");
  for (guint i = 1; i <= PEERUP_PEERSTORE_PEERS; i++)
    {
      g_autoptr (PeerupPeerId) peer = make_peer (i);

      add (store, peer, "/ip4/10.0.0.1/tcp/1");
      if (i == PEERUP_PEERSTORE_PEERS - 1)
        assert_candidates (store, peer, "/ip4/10.0.0.1/tcp/1");
    }
  /* The oldest made room for the last. */
  assert_candidates (store, first, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peerstore/lists", test_lists);
  g_test_add_func ("/peerstore/history", test_history);
  g_test_add_func ("/peerstore/udp", test_udp);
  g_test_add_func ("/peerstore/securities", test_securities);
  g_test_add_func ("/peerstore/peer-ids", test_peer_ids);
  g_test_add_func ("/peerstore/bounds", test_bounds);
  return g_test_run ();
}
