/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dials with QUIC and TCP side by side on the loopback: which one wins, from which socket,
 * what is remembered of it, and which of a crossed pair stays. */

#include <sys/socket.h>
#include <unistd.h>

#include "swarm-node.h"

#include "swarm/peerup-swarm-private.h"

static void
learn_tcp (Node *self, Node *other, guint port)
{
  g_autofree char *text = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);

  node_learn_address (self, other, text);
}

static void
learn_udp (Node *self, Node *other, guint port)
{
  g_autofree char *text = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);

  node_learn_address (self, other, text);
}

/* The @index-th address on which @self listens: borrowed from @addresses, and its port. */
static guint
listen_port (Node *self, guint index)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (self->swarm);
  g_auto (GStrv) parts = g_strsplit (peerup_multiaddr_get_string (addresses->pdata[index]), "/", -1);

  return g_ascii_strtoull (parts[4], NULL, 10);
}

static PeerupDialHistory
history_of (Node *self, Node *other, const char *format, guint port)
{
  g_autoptr (GString) text = g_string_new (format);
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autofree char *number = g_strdup_printf ("%u", port);
  PeerupDialHistory history;

  g_string_replace (text, "PORT", number, 1);
  address = peerup_multiaddr_newf ("%s", text->str);
  g_assert_true (peerup_peerstore_get_history (self->swarm->peerstore, node_id (other), address, &history));
  return history;
}

#define HISTORY_UDP(self, other, port) history_of (self, other, "/ip4/127.0.0.1/udp/PORT/quic-v1", port)
#define HISTORY_TCP(self, other, port) history_of (self, other, "/ip4/127.0.0.1/tcp/PORT", port)

static void
assert_transport (PeerupConnection *connection, const char *transport)
{
  g_assert_cmpstr (peerup_connection_get_info (connection)->transport, ==, transport);
}

static void
test_quic_wins (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP | NODE_QUIC);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  assert_transport (connection, "quic-v1");
  node_wait_connections (&b, &a, 1);
  g_assert_cmpuint (node_n_connections (&a, &b), ==, 1);
  g_assert_cmpuint (HISTORY_UDP (&a, &b, listen_port (&b, 1)).failures, ==, 0);
  g_assert_cmpint (HISTORY_UDP (&a, &b, listen_port (&b, 1)).succeeded_at, >, 0);
  g_assert_cmpint (HISTORY_TCP (&a, &b, listen_port (&b, 0)).succeeded_at, ==, 0);
  g_assert_cmpint (HISTORY_UDP (&a, &b, listen_port (&b, 1)).rtt, >, 0);
}

/* Known trouble: networks that drop UDP. TCP is started after QUIC's head start and wins, and
 * the next time it is first. */
static void
test_quic_black_hole (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GPtrArray) candidates = NULL;
  gint64 start = g_get_monotonic_time ();
  gint64 took;
  guint port;
  int hole = open_udp_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  learn_udp (&a, &b, port);
  connection = node_connect (&a, &b);
  took = g_get_monotonic_time () - start;
  assert_transport (connection, "tcp");
  g_assert_cmpint (took, >=, 30 * 1000);
  g_assert_cmpint (took, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (HISTORY_UDP (&a, &b, port).failures, ==, 1);
  g_assert_cmpuint (HISTORY_TCP (&a, &b, listen_port (&b, 0)).failures, ==, 0);
  candidates = peerup_peerstore_dup_candidates (a.swarm->peerstore, node_id (&b));
  peerup_dial_order (candidates, FALSE, g_get_monotonic_time ());
  g_assert_cmpuint (((PeerupDialCandidate *) candidates->pdata[0])->endpoint.transport, ==, PEERUP_IP_TCP);
  /* The loopback leads through no network that could block anything. */
  g_assert_false (peerup_peerstore_is_udp_blocked (a.swarm->peerstore, g_get_monotonic_time ()));
  close (hole);
}

/* Where the system says at once that nobody is there, nobody waits. */
static void
test_quic_refused (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  guint port = closed_udp_port ();

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  learn_udp (&a, &b, port);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "/quic-v1: "));
  g_assert_nonnull (strstr (error->message, "refused"));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 8 * G_USEC_PER_SEC);
  g_assert_cmpuint (HISTORY_UDP (&a, &b, port).failures, ==, 1);
}

static void
test_wrong_peer (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  node_init (&c, 3, NODE_QUIC);
  learn_udp (&a, &b, listen_port (&c, 0));
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (node_id (&c))));
  g_assert_cmpuint (c.opened, ==, 0);
}

/* The port from which @other sees the one connection of @self. */
static char *
seen_address (Node *other, Node *self)
{
  g_autoptr (GPtrArray) list = NULL;

  node_wait_connections (other, self, 1);
  list = peerup_swarm_dup_connections (other->swarm, node_id (self));
  return g_strdup (peerup_multiaddr_get_string (peerup_connection_get_info (list->pdata[0])->remote_address));
}

/* Who listens dials from that very socket: a router's mapping of its port serves both ways. */
static void
test_same_socket (void)
{
  static const char *const addresses[] = { "/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/0.0.0.0/udp/0/quic-v1" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      g_autofree char *seen = NULL;
      g_autofree char *expected = NULL;

      node_init (&a, 1, NODE_SILENT);
      node_listen (&a, addresses[i]);
      node_init (&b, 2, NODE_QUIC);
      node_learn (&a, &b);
      g_object_unref (node_connect (&a, &b));
      seen = seen_address (&b, &a);
      expected = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", listen_port (&a, 0));
      g_assert_cmpstr (seen, ==, expected);
    }
}

/* Who does not, or not on an address that leads there, has one socket for all dials. */
static void
test_one_dialing_socket (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autofree char *seen_by_b = NULL;
  g_autofree char *seen_by_c = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_listen (&a, "/ip4/127.0.0.9/udp/0/quic-v1");
  node_listen (&a, "/ip6/::1/udp/0/quic-v1");
  node_init (&b, 2, NODE_QUIC);
  node_init (&c, 3, NODE_QUIC);
  node_learn (&a, &b);
  node_learn (&a, &c);
  g_object_unref (node_connect (&a, &b));
  g_object_unref (node_connect (&a, &c));
  seen_by_b = seen_address (&b, &a);
  seen_by_c = seen_address (&c, &a);
  g_assert_cmpstr (seen_by_b, ==, seen_by_c);
  g_assert_true (g_str_has_prefix (seen_by_b, "/ip4/127.0.0.1/udp/"));
  g_assert_cmpuint (a.swarm->quic->len, ==, 3);
}

/* Names: localhost stands for ::1 and 127.0.0.1, and only one of them is listened on. */
static void
run_name (gconstpointer data)
{
  NodeListens listens = GPOINTER_TO_UINT (data);
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autofree char *name = NULL;
  g_autoptr (PeerupConnection) connection = NULL;
  PeerupDialHistory history;
  const char *format = listens == NODE_QUIC ? "/dns/localhost/udp/PORT/quic-v1" : "/dns/localhost/tcp/PORT";

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, listens);
  name = g_strdup_printf (listens == NODE_QUIC ? "/dns/localhost/udp/%u/quic-v1" : "/dns/localhost/tcp/%u",
                          listen_port (&b, 0));
  node_learn_address (&a, &b, name);
  connection = node_connect (&a, &b);
  /* The name is what stays good. */
  g_assert_cmpstr (peerup_multiaddr_get_string (peerup_connection_get_info (connection)->remote_address), ==, name);
  history = history_of (&a, &b, format, listen_port (&b, 0));
  g_assert_cmpint (history.succeeded_at, >, 0);
  g_assert_cmpuint (history.failures, ==, 0);
}

/* A label of a name has at most 63 characters: no resolver asks anybody for this one. */
#define BAD_NAME "nobody-is-called-like-this-for-it-is-longer-than-any-name-could-be"

/* One bad name is told among the reasons, and keeps nobody from the other addresses. */
static void
test_bad_name (void)
{
  static const char address[] = "/dns4/" BAD_NAME "/udp/1/quic-v1";
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_QUIC);
  node_learn_address (&a, &b, address);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, address));
  g_assert_cmpuint (history_of (&a, &b, address, 0).failures, ==, 1);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
}

/* Where nobody speaks with relays, a relayed address says so, and counts for nothing beside what can be dialed. */
static void
test_relayed (void)
{
  static const char relayed[] =
    "/ip4/127.0.0.1/tcp/1/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit";
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_QUIC);
  node_learn_address (&a, &b, relayed);
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "through relays"));
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
}

/* A QUIC dial that is given up leaves soon: node_clear() looks. */
static void
test_given_up (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  DexFuture *dial;
  guint port;
  int hole = open_udp_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_SILENT);
  learn_udp (&a, &b, port);
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

/* Crossed pairs */

static gboolean
both_have_one (Node *a, Node *b)
{
  return node_n_connections (a, b) == 1 && node_n_connections (b, a) == 1;
}

/* Until @a and @b have one connection, and have had it for a while. */
static void
settle (Node *a, Node *b)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  gint64 settled = 0;

  while (settled == 0 || g_get_monotonic_time () < settled)
    {
      settled = !both_have_one (a, b) ? 0 : settled == 0 ? g_get_monotonic_time () + 20000 : settled;
      g_main_context_iteration (NULL, FALSE);
    }
  g_source_remove (guard);
}

static void
assert_one_quic (Node *self, Node *other)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, node_id (other));

  g_assert_cmpuint (list->len, ==, 1);
  assert_transport (list->pdata[0], "quic-v1");
}

/* Both dial, the second the later the higher @round; both dials give a connection that works. */
static void
cross (Node *a, Node *b, guint round)
{
  DexFuture *dials[2];
  g_autoptr (PeerupConnection) of_a = NULL;
  g_autoptr (PeerupConnection) of_b = NULL;

  dials[0] = peerup_swarm_connect (a->swarm, node_id (b));
  for (guint i = 0; i < round; i++)
    g_main_context_iteration (NULL, FALSE);
  dials[1] = peerup_swarm_connect (b->swarm, node_id (a));
  of_a = test_take_object (dials[0], NULL);
  of_b = test_take_object (dials[1], NULL);
  g_assert_nonnull (of_a);
  g_assert_nonnull (of_b);
  settle (a, b);
}

static void
test_crossed_quic (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };

      node_init (&a, 1 + round % 2, NODE_QUIC);
      node_init (&b, 2 - round % 2, NODE_QUIC);
      node_learn (&a, &b);
      node_learn (&b, &a);
      cross (&a, &b, round);
      assert_one_quic (&a, &b);
      assert_one_quic (&b, &a);
    }
}

/* One of them gets through by TCP only and the other by QUIC: QUIC it is, whoever dialed it. */
static void
test_crossed_mixed (void)
{
  for (guint round = 0; round < 20; round++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };

      node_init (&a, 1 + round % 2, NODE_QUIC);
      node_init (&b, 2 - round % 2, NODE_TCP);
      node_learn (&a, &b);
      node_learn (&b, &a);
      cross (&a, &b, round / 2);
      assert_one_quic (&a, &b);
      assert_one_quic (&b, &a);
    }
}

/* The same when the one that got through by TCP waits for its QUIC in vain. */
static void
test_crossed_black_hole (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      guint port;
      int hole = open_udp_black_hole (&port);

      node_init (&a, 1 + i, NODE_QUIC);
      node_init (&b, 2 - i, NODE_TCP);
      learn_udp (&a, &b, port);
      node_learn (&a, &b);
      node_learn (&b, &a);
      cross (&a, &b, 0);
      assert_one_quic (&a, &b);
      assert_one_quic (&b, &a);
      close (hole);
    }
}

/* Not only of crossed pairs: of several connections QUIC is the one for new streams, on both sides. */
static void
test_best (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) beside_b = { 0 };
  g_autoptr (GPtrArray) list = NULL;

  node_init (&a, 1, NODE_TCP | NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  node_init (&beside_b, 2, NODE_SILENT);
  learn_udp (&b, &a, listen_port (&a, 1));
  g_object_unref (node_connect (&b, &a));
  node_wait_connections (&a, &b, 1);
  learn_tcp (&beside_b, &a, listen_port (&a, 0));
  g_object_unref (node_connect (&beside_b, &a));
  node_wait_connections (&a, &b, 2);
  list = peerup_swarm_dup_connections (a.swarm, node_id (&b));
  assert_transport (list->pdata[0], "quic-v1");
  assert_transport (list->pdata[1], "tcp");
  g_assert_true (peerup_swarm_best_connection (a.swarm, node_id (&b)) == list->pdata[0]);
}

/* The network */

static void
count_signal (PeerupSwarm *swarm, gpointer data)
{
  ++*(guint *) data;
}

static void
test_network_changed (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (DexFuture) pong = NULL;
  gint64 now = g_get_monotonic_time ();
  guint changed = 0;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_QUIC);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  g_signal_connect (a.swarm, "addresses-changed", G_CALLBACK (count_signal), &changed);
  for (guint i = 0; i < 3; i++)
    peerup_peerstore_report_udp (a.swarm->peerstore, FALSE, now);
  g_assert_true (peerup_peerstore_is_udp_blocked (a.swarm->peerstore, now));
  peerup_swarm_network_changed (a.swarm);
  g_assert_cmpuint (changed, ==, 1);
  g_assert_false (peerup_peerstore_is_udp_blocked (a.swarm->peerstore, now));
  pong = test_finish (peerup_connection_ping (connection));
  g_assert_true (dex_future_is_resolved (pong));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/dial-quic/quic-wins", test_quic_wins);
  g_test_add_func ("/dial-quic/black-hole", test_quic_black_hole);
  g_test_add_func ("/dial-quic/refused", test_quic_refused);
  g_test_add_func ("/dial-quic/wrong-peer", test_wrong_peer);
  g_test_add_func ("/dial-quic/same-socket", test_same_socket);
  g_test_add_func ("/dial-quic/one-dialing-socket", test_one_dialing_socket);
  g_test_add_data_func ("/dial-quic/name/quic", GUINT_TO_POINTER (NODE_QUIC), run_name);
  g_test_add_data_func ("/dial-quic/name/tcp", GUINT_TO_POINTER (NODE_TCP), run_name);
  g_test_add_func ("/dial-quic/bad-name", test_bad_name);
  g_test_add_func ("/dial-quic/relayed", test_relayed);
  g_test_add_func ("/dial-quic/given-up", test_given_up);
  g_test_add_func ("/dial-quic/crossed/quic", test_crossed_quic);
  g_test_add_func ("/dial-quic/crossed/mixed", test_crossed_mixed);
  g_test_add_func ("/dial-quic/crossed/black-hole", test_crossed_black_hole);
  g_test_add_func ("/dial-quic/best", test_best);
  g_test_add_func ("/dial-quic/network-changed", test_network_changed);
  return g_test_run ();
}
