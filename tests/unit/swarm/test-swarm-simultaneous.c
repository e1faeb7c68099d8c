/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Simultaneous opens on the loopback, where nothing is between the two: who is the client, whatever socket
 * came first, what is sent, and how it ends. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swarm-node.h"

#include "swarm/peerup-swarm-private.h"
#include "swarm/peerup-swarm-simultaneous.h"

/* Microseconds; what is meant to fail fails then. */
#define SHORT (G_USEC_PER_SEC / 4)

static GPtrArray *
address_list (const char *first, ...)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  va_list more;

  va_start (more, first);
  for (const char *text = first; text != NULL; text = va_arg (more, const char *))
    g_ptr_array_add (list, peerup_multiaddr_newf ("%s", text));
  va_end (more);
  return list;
}

static DexFuture *
open_to (Node *self, Node *other, PeerupOpeningRole role)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (other->swarm);

  return peerup_swarm_open_simultaneously (self->swarm, node_id (other), addresses, role, test_deadline ());
}

static PeerupConnection *
take (DexFuture *future)
{
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection = test_take_object (future, &error);

  g_assert_no_error (error);
  return connection;
}

static void
assert_connection (PeerupConnection *connection, const char *transport, gboolean outbound)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  g_assert_cmpstr (info->transport, ==, transport);
  g_assert_cmpint (info->outbound, ==, outbound);
  g_assert_true (info->punched);
}

static DexFuture *
echo_fiber (gpointer data)
{
  static const char *const protocols[] = { NODE_ECHO, NULL };
  PeerupConnection *connection = data;
  PeerupSwarm *swarm = g_object_get_data (G_OBJECT (connection), "swarm");
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream_on (swarm, connection, protocols, test_deadline ()), &error);
  char back[4] = { 0 };

  g_assert_no_error (error);
  g_assert_true (peerup_stream_await_write_all (stream, "abcd", 4, test_deadline (), NULL));
  g_assert_true (peerup_stream_await_read_exact (stream, back, 4, test_deadline (), NULL));
  g_assert_cmpmem (back, 4, "abcd", 4);
  peerup_stream_close (stream);
  return NULL;
}

/* Streams have numbers of their own from either side. */
static void
assert_works (Node *self, PeerupConnection *connection)
{
  g_object_set_data (G_OBJECT (connection), "swarm", self->swarm);
  test_run_fiber (echo_fiber, connection);
}

/* The first one's future is begun first. */
static void
check_pair (NodeListens listens, PeerupOpeningRole first_role, PeerupOpeningRole second_role, const char *transport,
            gboolean first_is_client)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) of_a = NULL;
  g_autoptr (PeerupConnection) of_b = NULL;
  DexFuture *at_a, *at_b;

  node_init (&a, 1, listens);
  node_init (&b, 2, listens);
  at_a = open_to (&a, &b, first_role);
  at_b = open_to (&b, &a, second_role);
  of_a = take (at_a);
  of_b = take (at_b);
  assert_connection (of_a, transport, first_is_client);
  assert_connection (of_b, transport, !first_is_client);
  assert_works (&a, of_a);
  assert_works (&b, of_b);
  g_assert_cmpint (peerup_swarm_get_dialed_at (a.swarm, node_id (&b)), >, 0);
  g_assert_cmpint (peerup_swarm_get_dialed_at (b.swarm, node_id (&a)), >, 0);
}

static void
test_quic_client_first (void)
{
  check_pair (NODE_QUIC, PEERUP_OPENING_CLIENT, PEERUP_OPENING_SERVER, "quic-v1", TRUE);
}

static void
test_quic_server_first (void)
{
  check_pair (NODE_QUIC, PEERUP_OPENING_SERVER, PEERUP_OPENING_CLIENT, "quic-v1", FALSE);
}

/* The server's listener accepts. */
static void
test_tcp_client_first (void)
{
  check_pair (NODE_TCP, PEERUP_OPENING_CLIENT, PEERUP_OPENING_SERVER, "tcp", TRUE);
}

/* The client's listener accepts, and speaks first all the same. */
static void
test_tcp_server_first (void)
{
  check_pair (NODE_TCP, PEERUP_OPENING_SERVER, PEERUP_OPENING_CLIENT, "tcp", FALSE);
}

/* As our asked side does in the third try. */
static void
test_tcp_server_quic_client (void)
{
  check_pair (NODE_TCP, PEERUP_OPENING_QUIC_CLIENT, PEERUP_OPENING_CLIENT, "tcp", FALSE);
}

static PeerupConnection *
only_connection (Node *self, Node *other)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, node_id (other));

  return list->len == 1 ? list->pdata[0] : NULL;
}

/* Both make one; both sides keep the same. */
static void
test_two_quic_clients (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) of_a = NULL;
  g_autoptr (PeerupConnection) of_b = NULL;
  DexFuture *at_a, *at_b;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_QUIC);
  at_a = open_to (&a, &b, PEERUP_OPENING_CLIENT);
  at_b = open_to (&b, &a, PEERUP_OPENING_CLIENT);
  of_a = take (at_a);
  of_b = take (at_b);
  for (;;)
    {
      PeerupConnection *at_a_now = only_connection (&a, &b), *at_b_now = only_connection (&b, &a);

      if (at_a_now != NULL && at_b_now != NULL &&
          peerup_connection_get_info (at_a_now)->outbound != peerup_connection_get_info (at_b_now)->outbound)
        break;
      g_main_context_iteration (NULL, TRUE);
    }
}

static void
test_there_already (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) dialed = NULL;
  g_autoptr (PeerupConnection) found = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_QUIC);
  node_learn (&a, &b);
  dialed = node_connect (&a, &b);
  found = take (open_to (&a, &b, PEERUP_OPENING_CLIENT));
  g_assert_true (found == dialed);
  g_assert_false (peerup_connection_get_info (found)->punched);
}

/* Whoever is there has another identity: it is not taken for the peer. */
static void
test_wrong_peer (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_TCP | NODE_QUIC);
  node_init (&b, 2, NODE_TCP | NODE_QUIC);
  node_init (&c, 3, NODE_SILENT);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  error = test_take_error (peerup_swarm_open_simultaneously (a.swarm, node_id (&c), addresses, PEERUP_OPENING_CLIENT,
                                                             g_get_monotonic_time () + G_USEC_PER_SEC));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, peerup_multiaddr_get_string (addresses->pdata[0])));
  g_assert_cmpuint (node_n_connections (&a, &b), ==, 0);
}

/* Nothing that is sent there is read: the reason names the address. */
static void
test_nobody (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autofree char *tcp = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", closed_port ());
  g_autofree char *udp = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", closed_udp_port ());
  g_autoptr (GPtrArray) addresses = address_list (tcp, udp, NULL);

  node_init (&a, 1, NODE_TCP | NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  for (PeerupOpeningRole role = PEERUP_OPENING_SERVER; role <= PEERUP_OPENING_CLIENT; role++)
    {
      g_autoptr (GError) error = test_take_error (
        peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, role, g_get_monotonic_time () + SHORT));

      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
      g_assert_nonnull (strstr (error->message, tcp));
      g_assert_nonnull (strstr (error->message, udp));
    }
}

/* The network's word that nobody is there ends nothing: the peer comes a moment later. */
static void
test_refused_at_first (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  guint port = closed_udp_port ();
  g_autofree char *udp = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);
  g_autoptr (GPtrArray) addresses = address_list (udp, NULL);
  g_autoptr (PeerupConnection) connection = NULL;
  DexFuture *opening;
  gint64 until = g_get_monotonic_time () + SHORT;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  opening =
    peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, PEERUP_OPENING_CLIENT, test_deadline ());
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (dex_future_is_pending (opening));
  node_listen (&b, udp);
  connection = take (opening);
  assert_connection (connection, "quic-v1", TRUE);
}

/* What cannot be dialed so, what is said twice and what is our own is left out, and so is what is too much. */
static void
test_addresses (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) own = NULL;
  g_autoptr (GPtrArray) useless =
    address_list ("/ip4/127.0.0.1/tcp/9/ws", "/dns4/localhost/tcp/9", "/ip4/127.0.0.1/udp/9", "/ip4/127.0.0.1/tcp/0",
                  "/ip4/127.0.0.1/tcp/9/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ/p2p-circuit", NULL);
  g_autoptr (GPtrArray) many = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) some = NULL;

  node_init (&a, 1, NODE_TCP | NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  own = peerup_swarm_dup_listen_addresses (a.swarm);
  g_ptr_array_extend (useless, own, (GCopyFunc) (void (*) (void)) peerup_multiaddr_ref, NULL);
  none = test_take_error (
    peerup_swarm_open_simultaneously (a.swarm, node_id (&b), useless, PEERUP_OPENING_CLIENT, test_deadline ()));
  g_assert_error (none, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (none->message, "no address"));
  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (many, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/%u/quic-v1", 20000 + i / 2));
  some = test_take_error (peerup_swarm_open_simultaneously (a.swarm, node_id (&b), many, PEERUP_OPENING_SERVER,
                                                            g_get_monotonic_time () + SHORT));
  g_assert_nonnull (strstr (some->message, "/udp/20007/"));
  g_assert_null (strstr (some->message, "/udp/20008/"));
}

static guint
count_datagrams (int fd)
{
  guint8 bytes[2000];
  guint n = 0;
  gssize length;

  while ((length = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0)
    {
      g_assert_cmpint (length, ==, PEERUP_OPENING_DATAGRAM_SIZE);
      n++;
    }
  return n;
}

/* The steps grow from 10 ms to 210 ms: a second has 20 of them, and 8 at least. */
static void
test_datagrams (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  guint port, n;
  int fd = open_udp_black_hole (&port);
  g_autofree char *udp = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);
  g_autoptr (GPtrArray) addresses = address_list (udp, NULL);
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  error = test_take_error (peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, PEERUP_OPENING_SERVER,
                                                             g_get_monotonic_time () + G_USEC_PER_SEC));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  n = count_datagrams (fd);
  g_assert_cmpuint (n, >=, 2);
  g_assert_cmpuint (n, <=, PEERUP_OPENING_DATAGRAMS_MAX);
  close (fd);
}

/* Datagrams that mean nothing reach a swarm that listens: it goes on as if there were none. */
static void
test_datagrams_are_ignored (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = NULL;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_QUIC);
  addresses = peerup_swarm_dup_listen_addresses (b.swarm);
  error = test_take_error (peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, PEERUP_OPENING_SERVER,
                                                             g_get_monotonic_time () + SHORT));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_cmpuint (node_n_connections (&b, &a), ==, 0);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  g_assert_false (peerup_connection_get_info (connection)->punched);
}

static void
test_discarded (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  guint port, before;
  int fd = open_udp_black_hole (&port);
  g_autofree char *udp = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);
  g_autoptr (GPtrArray) addresses = address_list (udp, NULL);
  gint64 until;

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  dex_unref (test_finish (dex_future_first (peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses,
                                                                              PEERUP_OPENING_SERVER, test_deadline ()),
                                            dex_timeout_new_usec (SHORT), NULL)));
  while (a.swarm->openings->len > 0)
    g_main_context_iteration (NULL, TRUE);
  before = count_datagrams (fd);
  g_assert_cmpuint (before, >, 0);
  until = g_get_monotonic_time () + SHORT;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (count_datagrams (fd), ==, 0);
  close (fd);
}

static void
test_too_many (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  guint port;
  int fd = open_udp_black_hole (&port);
  g_autofree char *udp = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);
  g_autoptr (GPtrArray) addresses = address_list (udp, NULL);
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  node_init (&a, 1, NODE_QUIC);
  node_init (&b, 2, NODE_SILENT);
  for (guint i = 0; i <= PEERUP_OPENINGS_MAX; i++)
    g_ptr_array_add (futures, peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, PEERUP_OPENING_CLIENT,
                                                                test_deadline ()));
  for (guint i = 0; i < PEERUP_OPENINGS_MAX; i++)
    g_assert_true (dex_future_is_pending (futures->pdata[i]));
  {
    g_autoptr (GError) error = test_take_error (dex_ref (futures->pdata[PEERUP_OPENINGS_MAX]));

    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  }
  /* Closing ends them. */
  node_clear (&a);
  for (guint i = 0; i < PEERUP_OPENINGS_MAX; i++)
    {
      g_autoptr (GError) error = test_take_error (dex_ref (futures->pdata[i]));

      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
    }
  close (fd);
}

/* The peer's gate is asked for what comes so, as for everything else. */
static void
test_gate (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  DexFuture *at_a, *at_b;
  g_autoptr (GPtrArray) of_a = NULL;
  g_autoptr (GPtrArray) of_b = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_TCP);
  node_init (&b, 2, NODE_TCP);
  b.deny = node_id (&a);
  of_a = peerup_swarm_dup_listen_addresses (a.swarm);
  of_b = peerup_swarm_dup_listen_addresses (b.swarm);
  at_a = peerup_swarm_open_simultaneously (a.swarm, node_id (&b), of_b, PEERUP_OPENING_CLIENT, test_deadline ());
  at_b = peerup_swarm_open_simultaneously (b.swarm, node_id (&a), of_a, PEERUP_OPENING_SERVER,
                                           g_get_monotonic_time () + G_USEC_PER_SEC);
  while (b.refused == 0)
    g_main_context_iteration (NULL, TRUE);
  error = test_take_error (at_b);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_cmpuint (node_n_connections (&b, &a), ==, 0);
  dex_unref (test_finish (dex_future_first (at_a, dex_timeout_new_usec (SHORT), NULL)));
}

/* A port stays our own although sockets connect from it: who wants it is told. */
static void
test_port_is_taken (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  guint port;
  int fd = open_black_hole (&port);
  g_autofree char *hole = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);
  g_autoptr (GPtrArray) addresses = address_list (hole, NULL);
  g_autoptr (GPtrArray) own = NULL;
  g_autoptr (DexFuture) opening = NULL;

  node_init (&a, 1, NODE_TCP);
  node_init (&b, 2, NODE_SILENT);
  node_init (&c, 3, NODE_SILENT);
  own = peerup_swarm_dup_listen_addresses (a.swarm);
  opening =
    peerup_swarm_open_simultaneously (a.swarm, node_id (&b), addresses, PEERUP_OPENING_CLIENT, test_deadline ());
  test_spin ();
  {
    g_autoptr (GError) error = test_take_error (peerup_swarm_listen (c.swarm, own->pdata[0]));

    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  }
  node_clear (&a);
  /* And it is free with its listener, while connections from it are not quite gone. */
  {
    g_autoptr (DexFuture) listening = test_finish (peerup_swarm_listen (c.swarm, own->pdata[0]));

    g_assert_true (dex_future_is_resolved (listening));
  }
  close (fd);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simultaneous/quic-client-first", test_quic_client_first);
  g_test_add_func ("/simultaneous/quic-server-first", test_quic_server_first);
  g_test_add_func ("/simultaneous/tcp-client-first", test_tcp_client_first);
  g_test_add_func ("/simultaneous/tcp-server-first", test_tcp_server_first);
  g_test_add_func ("/simultaneous/tcp-server-quic-client", test_tcp_server_quic_client);
  g_test_add_func ("/simultaneous/two-quic-clients", test_two_quic_clients);
  g_test_add_func ("/simultaneous/there-already", test_there_already);
  g_test_add_func ("/simultaneous/wrong-peer", test_wrong_peer);
  g_test_add_func ("/simultaneous/nobody", test_nobody);
  g_test_add_func ("/simultaneous/refused-at-first", test_refused_at_first);
  g_test_add_func ("/simultaneous/addresses", test_addresses);
  g_test_add_func ("/simultaneous/datagrams", test_datagrams);
  g_test_add_func ("/simultaneous/datagrams-are-ignored", test_datagrams_are_ignored);
  g_test_add_func ("/simultaneous/discarded", test_discarded);
  g_test_add_func ("/simultaneous/too-many", test_too_many);
  g_test_add_func ("/simultaneous/gate", test_gate);
  g_test_add_func ("/simultaneous/port-is-taken", test_port_is_taken);
  return g_test_run ();
}
