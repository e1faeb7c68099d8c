/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Asking addresses who is there, on the loopback: both transports, refusals, silence, and
 * two peers where one was thought to be. */

#include <unistd.h>

#include "swarm-node.h"

#include "swarm/peerup-probe.h"
#include "wire/peerup-error.h"

static GPtrArray *
new_addresses (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

static PeerupProbe *
probe (Node *self, GPtrArray *addresses, gint64 timeout)
{
  g_autoptr (DexFuture) future =
    test_finish (peerup_probe_addresses (self->swarm, addresses, g_get_monotonic_time () + timeout));
  const GValue *value = dex_future_get_value (future, NULL);

  g_assert_nonnull (value);
  return g_value_dup_boxed (value);
}

#define LONG (60 * G_USEC_PER_SEC)

static void
test_both_transports (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (PeerupProbe) found = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP | NODE_QUIC);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  found = probe (&a, addresses, LONG);
  g_assert_cmpuint (peerup_probe_get_n_answers (found), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (found, i);

      g_assert_no_error (answer->error);
      g_assert_nonnull (answer->connection);
      g_assert_cmpint (answer->time, >, 0);
      g_assert_null (answer->host);
      g_assert_true (peerup_multiaddr_equal (answer->address, addresses->pdata[i]));
      g_assert_cmpstr (peerup_connection_get_info (answer->connection)->transport, ==, i == 0 ? "tcp" : "quic-v1");
    }
  g_assert_true (peerup_peer_id_equal (peerup_probe_get_peer (found, &error), node_id (&b)));
  node_wait_connections (&b, &a, 2);
  g_assert_cmpuint (node_n_connections (&a, &b), ==, 2);
}

/* The ID at the end of an address is a guess that is not believed. */
static void
test_id_is_not_looked_at (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) listening = NULL;
  g_autoptr (GPtrArray) addresses = new_addresses ();
  g_autoptr (PeerupProbe) found = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  listening = peerup_swarm_dup_listen_addresses (b.swarm);
  g_ptr_array_add (addresses, peerup_multiaddr_with_peer_id (listening->pdata[0], node_id (&a)));
  found = probe (&a, addresses, LONG);
  g_assert_true (peerup_peer_id_equal (peerup_probe_get_answer (found, 0)->peer, node_id (&b)));
  g_assert_true (peerup_multiaddr_equal (peerup_probe_get_answer (found, 0)->address, listening->pdata[0]));
}

static void
test_two_peers_are_an_error (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (PeerupProbe) found = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_init (&c, 3, NODE_QUIC);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  more = peerup_swarm_dup_listen_addresses (c.swarm);
  g_ptr_array_add (addresses, peerup_multiaddr_ref (more->pdata[0]));
  found = probe (&a, addresses, LONG);
  g_assert_null (peerup_probe_get_peer (found, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&b))));
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&c))));
}

/* Who refuses us is known all the same. */
static void
test_refused (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (PeerupProbe) found = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP | NODE_QUIC);
  b.deny = node_id (&a);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  found = probe (&a, addresses, LONG);
  for (guint i = 0; i < 2; i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (found, i);
      const GError *error;

      g_assert_true (peerup_peer_id_equal (answer->peer, node_id (&b)));
      while (answer->connection != NULL && !peerup_connection_is_closed (answer->connection))
        g_main_context_iteration (NULL, TRUE);
      error = answer->error != NULL ? answer->error : peerup_connection_get_error (answer->connection);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
    }
}

static void
test_nobody_is_there (void)
{
  g_auto (Node) a = { 0 };
  g_autoptr (GPtrArray) addresses = new_addresses ();
  g_autoptr (PeerupProbe) found = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u", closed_port ()));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/dns4/no-such-host.invalid/tcp/7777"));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/7777/webrtc-direct"));
  found = probe (&a, addresses, LONG);
  g_assert_cmpuint (peerup_probe_get_n_answers (found), ==, 3);
  g_assert_null (peerup_probe_get_peer (found, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "no-such-host.invalid"));
  g_assert_nonnull (strstr (error->message, "webrtc-direct"));
  g_assert_error (peerup_probe_get_answer (found, 2)->error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
}

static void
test_no_addresses (void)
{
  g_auto (Node) a = { 0 };
  g_autoptr (GPtrArray) addresses = new_addresses ();
  g_autoptr (PeerupProbe) found = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  found = probe (&a, addresses, LONG);
  g_assert_null (peerup_probe_get_peer (found, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
}

/* Silence ends at the deadline. */
static void
test_silence (void)
{
  g_auto (Node) a = { 0 };
  g_autoptr (GPtrArray) addresses = new_addresses ();
  g_autoptr (PeerupProbe) found = NULL;
  guint tcp, udp;
  int tcp_hole = open_black_hole (&tcp), udp_hole = open_udp_black_hole (&udp);

  node_init (&a, 1, NODE_SILENT);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u", tcp));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/%u/quic-v1", udp));
  found = probe (&a, addresses, G_USEC_PER_SEC / 5);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_error (peerup_probe_get_answer (found, i)->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
      g_assert_null (peerup_probe_get_answer (found, i)->peer);
    }
  close (tcp_hole);
  close (udp_hole);
}

/* One that answers bounds the wait for those that do not. */
static void
test_grace (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (PeerupProbe) found = NULL;
  guint udp;
  int hole = open_udp_black_hole (&udp);
  gint64 before = g_get_monotonic_time ();

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/%u/quic-v1", udp));
  found = probe (&a, addresses, LONG);
  g_assert_cmpint (g_get_monotonic_time () - before, <, LONG / 2);
  g_assert_true (peerup_peer_id_equal (peerup_probe_get_peer (found, NULL), node_id (&b)));
  g_assert_error (peerup_probe_get_answer (found, 1)->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  close (hole);
}

/* A probe that nobody waits for any more ends what it began. */
static void
test_dropped (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP | NODE_QUIC);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  dex_unref (peerup_probe_addresses (a.swarm, addresses, g_get_monotonic_time () + LONG));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/swarm/probe/both-transports", test_both_transports);
  g_test_add_func ("/swarm/probe/id-is-not-looked-at", test_id_is_not_looked_at);
  g_test_add_func ("/swarm/probe/two-peers", test_two_peers_are_an_error);
  g_test_add_func ("/swarm/probe/refused", test_refused);
  g_test_add_func ("/swarm/probe/nobody", test_nobody_is_there);
  g_test_add_func ("/swarm/probe/no-addresses", test_no_addresses);
  g_test_add_func ("/swarm/probe/silence", test_silence);
  g_test_add_func ("/swarm/probe/grace", test_grace);
  g_test_add_func ("/swarm/probe/dropped", test_dropped);
  return g_test_run ();
}
