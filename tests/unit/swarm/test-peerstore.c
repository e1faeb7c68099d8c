/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The address book: order, back-off at literal times, and its bounds. */

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

  peerup_peerstore_report (store, peer, address, success, now);
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

static void
assert_rank (PeerupPeerstore *store, PeerupPeerId *peer, gint64 now, const char *expected)
{
  g_autofree char *actual = join (peerup_peerstore_rank (store, peer, now));

  g_assert_cmpstr (actual, ==, expected);
}

static void
test_order (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);
  g_autofree char *all = NULL;

  assert_rank (store, peer, 0, "");
  add (store, peer, "/ip4/198.51.100.1/tcp/1");
  add (store, peer, "/ip6/2001:db8::1/tcp/1");
  add (store, peer, "/ip4/192.168.1.1/tcp/1");
  add (store, peer, "/ip4/198.51.100.1/udp/1/quic-v1");
  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  assert_rank (store, peer, 0,
               "/ip4/127.0.0.1/tcp/1 /ip4/192.168.1.1/tcp/1 /ip6/2001:db8::1/tcp/1 /ip4/198.51.100.1/tcp/1");
  all = join (peerup_peerstore_dup_all (store, peer));
  g_assert_cmpstr (all, ==,
                   "/ip4/127.0.0.1/tcp/1 /ip4/198.51.100.1/udp/1/quic-v1 /ip4/192.168.1.1/tcp/1 "
                   "/ip6/2001:db8::1/tcp/1 /ip4/198.51.100.1/tcp/1");
}

static void
test_success_first (void)
{
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);

  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  add (store, peer, "/ip4/198.51.100.1/tcp/1");
  add (store, peer, "/ip4/198.51.100.2/tcp/1");
  report (store, peer, "/ip4/198.51.100.1/tcp/1", TRUE, 10 * SECOND);
  report (store, peer, "/ip4/198.51.100.2/tcp/1", TRUE, 11 * SECOND);
  assert_rank (store, peer, 12 * SECOND, "/ip4/198.51.100.2/tcp/1 /ip4/198.51.100.1/tcp/1 /ip4/127.0.0.1/tcp/1");
  /* What worked once and failed since is behind what never was tried. */
  report (store, peer, "/ip4/198.51.100.2/tcp/1", FALSE, 12 * SECOND);
  assert_rank (store, peer, 12 * SECOND, "/ip4/198.51.100.1/tcp/1 /ip4/127.0.0.1/tcp/1 /ip4/198.51.100.2/tcp/1");
}

/* 5 s, 10 s, 20 s … 600 s: the last microsecond of each and the one after. */
static void
test_backoff (void)
{
  static const int pauses[] = { 5, 10, 20, 40, 80, 160, 320, 600, 600 };
  g_autoptr (PeerupPeerstore) store = peerup_peerstore_new ();
  g_autoptr (PeerupPeerId) peer = make_peer (1);
  gint64 now = 1000 * (gint64) SECOND;

  add (store, peer, "/ip4/127.0.0.1/tcp/1");
  add (store, peer, "/ip4/198.51.100.1/tcp/1");
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      gint64 pause = pauses[i] * (gint64) SECOND;

      report (store, peer, "/ip4/127.0.0.1/tcp/1", FALSE, now);
      assert_rank (store, peer, now + pause - 1, "/ip4/198.51.100.1/tcp/1 /ip4/127.0.0.1/tcp/1");
      assert_rank (store, peer, now + pause, "/ip4/127.0.0.1/tcp/1 /ip4/198.51.100.1/tcp/1");
      now += pause;
    }
  /* A success forgets it all. */
  report (store, peer, "/ip4/127.0.0.1/tcp/1", TRUE, now);
  report (store, peer, "/ip4/127.0.0.1/tcp/1", FALSE, now);
  assert_rank (store, peer, now + 5 * SECOND - 1, "/ip4/198.51.100.1/tcp/1 /ip4/127.0.0.1/tcp/1");
  assert_rank (store, peer, now + 5 * SECOND, "/ip4/127.0.0.1/tcp/1 /ip4/198.51.100.1/tcp/1");
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
  assert_rank (store, peer, 0, "/ip4/10.0.0.1/tcp/1");
  assert_rank (store, other, 0, "");
  /* Reports on what is not known do nothing. */
  report (store, peer, "/ip4/10.9.9.9/tcp/1", FALSE, 1);
  report (store, other, "/ip4/10.0.0.1/tcp/1", FALSE, 1);
  assert_rank (store, peer, 0, "/ip4/10.0.0.1/tcp/1");
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
        assert_rank (store, peer, 0, "/ip4/10.0.0.1/tcp/1");
    }
  /* The oldest made room for the last. */
  assert_rank (store, first, 0, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peerstore/order", test_order);
  g_test_add_func ("/peerstore/success-first", test_success_first);
  g_test_add_func ("/peerstore/backoff", test_backoff);
  g_test_add_func ("/peerstore/peer-ids", test_peer_ids);
  g_test_add_func ("/peerstore/bounds", test_bounds);
  return g_test_run ();
}
