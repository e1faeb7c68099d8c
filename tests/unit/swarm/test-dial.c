/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dials between swarms on the loopback: which address wins, what the error tells when none
 * does, and what is left of dials that cross or are given up. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swarm-node.h"

#include "transport/peerup-socket-stream.h"

static void
learn_port (Node *self, Node *other, guint port)
{
  g_autofree char *text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);

  node_learn_address (self, other, text);
}

static void
test_shared (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  DexFuture *futures[5];
  g_autoptr (PeerupConnection) first = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  for (guint i = 0; i < 5; i++)
    futures[i] = peerup_swarm_connect (a.swarm, node_id (&b));
  first = test_take_object (futures[0], NULL);
  for (guint i = 1; i < 5; i++)
    {
      g_autoptr (PeerupConnection) same = test_take_object (futures[i], NULL);

      g_assert_true (same == first);
    }
  g_assert_cmpuint (a.opened, ==, 1);
  node_wait_connections (&b, &a, 1);
  g_assert_cmpuint (b.opened, ==, 1);
  g_assert_true (peerup_connection_get_info (first)->remote_address != NULL);
}

/* What a peer agreed to last time is said to it at once, and it may have changed its mind. */
static void
test_other_security (void)
{
  static const char *const tls[] = { PEERUP_SECURITY_TLS, NULL };
  static const char *const noise[] = { PEERUP_SECURITY_NOISE, NULL };
  static const char *const *const turns[] = { tls, tls, noise, noise, tls };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    {
      g_autoptr (PeerupConnection) connection = NULL;

      peerup_swarm_set_securities (b.swarm, turns[i]);
      connection = node_connect (&a, &b);
      g_assert_cmpstr (peerup_connection_get_info (connection)->security, ==, turns[i][0]);
      node_wait_connections (&b, &a, 1);
      peerup_swarm_disconnect (a.swarm, node_id (&b), PEERUP_CONNECTION_CODE_NONE);
      node_wait_connections (&a, &b, 0);
      node_wait_connections (&b, &a, 0);
    }
}

/* The address that comes first never answers; the next one is not kept waiting for it. */
static void
test_black_hole_first (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  gint64 start = g_get_monotonic_time ();
  guint port;
  int hole = open_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  learn_port (&a, &b, port);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (node_n_connections (&a, &b), ==, 1);
  close (hole);
}

typedef struct
{
  int listening;
  PeerupUpgradeOptions options;
  PeerupConnection *connection;
} Slow;

static DexFuture *
slow_fiber (gpointer data)
{
  Slow *slow = data;
  g_autoptr (PeerupStream) raw = NULL;

  dex_await (dex_timeout_new_msec (300), NULL);
  raw = peerup_socket_stream_new (accept (slow->listening, NULL, NULL), NULL);
  slow->connection = dex_await_object (peerup_upgrade (raw, &slow->options), NULL);
  return dex_future_new_for_boolean (TRUE);
}

/* Nor is the first one given up when the next is tried: should it answer late, it wins. */
static void
test_slow_first (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupCertificate) certificate = NULL;
  g_autoptr (DexFuture) fiber = NULL;
  Slow slow = { 0 };
  guint slow_port, port;
  int hole = open_black_hole (&port);

  slow.listening = open_black_hole (&slow_port);
  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  certificate = peerup_certificate_new (peerup_swarm_get_identity (b.swarm), NULL);
  slow.options.identity = peerup_swarm_get_identity (b.swarm);
  slow.options.certificate = certificate;
  slow.options.transport = "tcp";
  slow.options.deadline = test_deadline ();
  fiber = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, slow_fiber, &slow, NULL);
  learn_port (&a, &b, slow_port);
  learn_port (&a, &b, port);
  connection = node_connect (&a, &b);
  fiber = test_finish (fiber);
  g_assert_nonnull (slow.connection);
  peerup_connection_close (slow.connection, PEERUP_CONNECTION_CODE_NONE);
  g_object_unref (slow.connection);
  close (slow.listening);
  close (hole);
}

static void
test_all_fail (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  guint first = closed_port ();
  guint second = closed_port ();
  g_autofree char *first_text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u: ", first);
  g_autofree char *second_text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u: ", second);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  learn_port (&a, &b, first);
  learn_port (&a, &b, second);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&b))));
  g_assert_nonnull (strstr (error->message, first_text));
  g_assert_nonnull (strstr (error->message, second_text));
  g_assert_nonnull (strstr (error->message, "refused"));
}

static void
test_no_address (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) self_error = NULL;

  node_init (&a, 1, NODE_TCP);
  node_init (&b, 2, NODE_SILENT);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "No address"));
  node_learn (&a, &a);
  self_error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&a)));
  g_assert_error (self_error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
}

static void
test_wrong_peer (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  node_init (&c, 3, NODE_TCP);
  addresses = peerup_swarm_dup_listen_addresses (c.swarm);
  peerup_swarm_add_addresses (a.swarm, node_id (&b), addresses);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&b))));
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&c))));
  g_assert_cmpuint (c.opened, ==, 0);
}

/* Somebody else at an address, as at a private one in another network, is no reason to leave
 * the other addresses untried. */
static void
test_wrong_peer_first (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (PeerupConnection) connection = NULL;
  guint port;
  int hole = open_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_init (&c, 3, NODE_TCP);
  addresses = peerup_swarm_dup_listen_addresses (c.swarm);
  peerup_swarm_add_addresses (a.swarm, node_id (&b), addresses);
  for (guint i = 0; i < 20; i++)
    learn_port (&a, &b, closed_port ());
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  close (hole);
}

/* Both dial at once: one connection stays, and streams work over it from both sides. */
static void
test_crossed (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      DexFuture *dials[2];
      g_autoptr (PeerupConnection) of_a = NULL;
      g_autoptr (PeerupConnection) of_b = NULL;
      gint64 settled = 0;

      node_init (&a, 1, NODE_TCP);
      node_init (&b, 2, NODE_TCP);
      node_learn (&a, &b);
      node_learn (&b, &a);
      dials[0] = peerup_swarm_connect (a.swarm, node_id (&b));
      /* The second starts later each round, until after the first is done. */
      for (guint i = 0; i < round; i++)
        g_main_context_iteration (NULL, FALSE);
      dials[1] = peerup_swarm_connect (b.swarm, node_id (&a));
      of_a = test_take_object (dials[0], NULL);
      of_b = test_take_object (dials[1], NULL);
      g_assert_nonnull (of_a);
      g_assert_nonnull (of_b);
      while (settled == 0 || g_get_monotonic_time () < settled)
        {
          gboolean one = node_n_connections (&a, &b) == 1 && node_n_connections (&b, &a) == 1;

          settled = !one ? 0 : settled == 0 ? g_get_monotonic_time () + 20000 : settled;
          g_main_context_iteration (NULL, FALSE);
        }
    }
}

/* While one's own dial gets nowhere, the peer's is good enough. */
static void
test_crossed_beside_black_hole (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      g_autoptr (PeerupConnection) connection = NULL;
      g_autoptr (GError) error = NULL;
      gint64 start = g_get_monotonic_time ();
      DexFuture *dial;
      guint port;
      int hole = open_black_hole (&port);

      node_init (&a, 1 + i, NODE_TCP);
      node_init (&b, 2 - i, NODE_TCP);
      learn_port (&a, &b, port);
      node_learn (&b, &a);
      dial = peerup_swarm_connect (a.swarm, node_id (&b));
      dex_unref (test_finish (peerup_swarm_connect (b.swarm, node_id (&a))));
      connection = test_take_object (dial, &error);
      g_assert_no_error (error);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 8 * G_USEC_PER_SEC);
      close (hole);
    }
}

/* A dial that is given up leaves soon, whatever its sockets wait for: node_clear() looks. */
static void
test_given_up (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  DexFuture *dial;
  guint port;
  int hole = open_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  learn_port (&a, &b, port);
  /* Nobody is at this one; the connect itself waits. */
  node_learn_address (&a, &b, "/ip4/192.0.2.1/tcp/9");
  dial = peerup_swarm_connect (a.swarm, node_id (&b));
  for (guint i = 0; i < 50; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  dex_future_disown (peerup_swarm_close (a.swarm));
  error = test_take_error (dial);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  close (hole);
}

static void
retire_at_once (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  peerup_connection_retire (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
}

/* A connection that begins to close as soon as it stands is what the dial came to all the same. */
static void
test_retired_at_once (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  g_signal_connect (a.swarm, "connection-opened", G_CALLBACK (retire_at_once), NULL);
  connection = node_connect (&a, &b);
  g_assert_true (peerup_connection_is_retired (connection));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/dial/shared", test_shared);
  g_test_add_func ("/dial/other-security", test_other_security);
  g_test_add_func ("/dial/black-hole-first", test_black_hole_first);
  g_test_add_func ("/dial/slow-first", test_slow_first);
  g_test_add_func ("/dial/all-fail", test_all_fail);
  g_test_add_func ("/dial/no-address", test_no_address);
  g_test_add_func ("/dial/wrong-peer", test_wrong_peer);
  g_test_add_func ("/dial/wrong-peer-first", test_wrong_peer_first);
  g_test_add_func ("/dial/crossed", test_crossed);
  g_test_add_func ("/dial/crossed-beside-black-hole", test_crossed_beside_black_hole);
  g_test_add_func ("/dial/given-up", test_given_up);
  g_test_add_func ("/dial/retired-at-once", test_retired_at_once);
  return g_test_run ();
}
