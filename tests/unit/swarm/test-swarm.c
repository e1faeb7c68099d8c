/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Swarms in one process, over the loopback: listening, the gate, streams, and the end. Dials are
 * in test-dial.c. */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swarm-node.h"

static DexFuture *
open_echo (Node *self, Node *other, const char *protocol)
{
  const char *protocols[] = { protocol, NULL };

  return peerup_swarm_open_stream (self->swarm, node_id (other), protocols, test_deadline ());
}

/* The ways in which two swarms can be joined. */
typedef struct
{
  NodeListens listens;
  const char *securities[2];
  const char *transport;
  const char *muxer;
} Kind;

static const Kind tcp_tls = { NODE_TCP, { "/tls/1.0.0" }, "tcp", "/yamux/1.0.0" };
static const Kind tcp_noise = { NODE_TCP, { "/noise" }, "tcp", "/yamux/1.0.0" };
static const Kind quic = { NODE_QUIC, { "/tls/1.0.0" }, "quic-v1", "/quic-v1" };

/* @b listens, and @a knows where. */
static void
init_pair (const Kind *kind, Node *a, Node *b)
{
  node_init (a, 1, NODE_SILENT);
  node_init (b, 2, kind->listens);
  peerup_swarm_set_securities (a->swarm, kind->securities);
  node_learn (a, b);
}

static void
count_signal (PeerupSwarm *swarm, gpointer data)
{
  ++*(guint *) data;
}

static GError *
listen_error (Node *node, const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", text);
  GError *error = test_take_error (peerup_swarm_listen (node->swarm, address));

  return error;
}

static void
test_listen (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) taken = NULL;
  g_autoptr (GError) taken_udp = NULL;
  g_autoptr (GError) name = NULL;
  g_autoptr (GError) draft = NULL;
  g_autoptr (GError) foreign = NULL;
  g_autoptr (GError) foreign_udp = NULL;
  guint changed = 0;

  node_init (&node, 1, NODE_TCP);
  g_signal_connect (node.swarm, "addresses-changed", G_CALLBACK (count_signal), &changed);
  node_listen (&node, "/ip4/127.0.0.1/udp/0/quic-v1");
  node_listen (&node, "/ip4/127.0.0.1/tcp/0");
  node_listen (&node, "/ip6/::1/udp/0/quic-v1");
  g_assert_cmpuint (changed, ==, 3);
  addresses = peerup_swarm_dup_listen_addresses (node.swarm);
  g_assert_cmpuint (addresses->len, ==, 4);
  g_assert_true (
    g_pattern_match_simple ("/ip4/127.0.0.1/udp/*/quic-v1", peerup_multiaddr_get_string (addresses->pdata[1])));
  g_assert_true (g_pattern_match_simple ("/ip6/::1/udp/*/quic-v1", peerup_multiaddr_get_string (addresses->pdata[3])));
  g_assert_null (strstr (peerup_multiaddr_get_string (addresses->pdata[1]), "/udp/0/"));
  taken = listen_error (&node, peerup_multiaddr_get_string (addresses->pdata[0]));
  g_assert_error (taken, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (taken->message, "127.0.0.1:"));
  taken_udp = listen_error (&node, peerup_multiaddr_get_string (addresses->pdata[1]));
  g_assert_error (taken_udp, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (taken_udp->message, "127.0.0.1:"));
  name = listen_error (&node, "/dns4/localhost/tcp/0");
  g_assert_error (name, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  draft = listen_error (&node, "/ip4/127.0.0.1/udp/0/quic");
  g_assert_error (draft, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (draft->message, "/quic-v1"));
  foreign = listen_error (&node, "/ip4/192.0.2.1/tcp/0");
  g_assert_error (foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  foreign_udp = listen_error (&node, "/ip4/192.0.2.1/udp/0/quic-v1");
  g_assert_error (foreign_udp, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (changed, ==, 3);
}

/* The port of /ip4/127.0.0.1/tcp/PORT or /ip4/127.0.0.1/udp/PORT/quic-v1. */
static guint
port_of (PeerupMultiaddr *address)
{
  g_auto (GStrv) parts = g_strsplit (peerup_multiaddr_get_string (address), "/", -1);

  return g_ascii_strtoull (parts[4], NULL, 10);
}

/* TCP and QUIC share a number, as in the configuration that is made at first. */
static void
test_same_port (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (GPtrArray) first = NULL;
  g_autofree char *four = NULL;
  g_autofree char *any = NULL;
  guint port;

  node_init (&node, 1, NODE_TCP);
  first = peerup_swarm_dup_listen_addresses (node.swarm);
  port = port_of (first->pdata[0]);
  four = g_strdup_printf ("/ip4/127.0.0.1/udp/%u/quic-v1", port);
  any = g_strdup_printf ("/ip6/::/udp/%u/quic-v1", port);
  node_listen (&node, four);
  node_listen (&node, any);
}

static void
test_wildcard (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  guint tcp = 0, udp = 0;

  node_init (&node, 1, NODE_SILENT);
  node_listen (&node, "/ip4/0.0.0.0/tcp/0");
  node_listen (&node, "/ip4/0.0.0.0/udp/0/quic-v1");
  addresses = peerup_swarm_dup_listen_addresses (node.swarm);
  g_assert_cmpuint (addresses->len, >=, 2);
  for (guint i = 0; i < addresses->len; i++)
    {
      const char *text = peerup_multiaddr_get_string (addresses->pdata[i]);

      g_assert_false (g_str_has_prefix (text, "/ip4/0.0.0.0"));
      g_assert_cmpuint (port_of (addresses->pdata[i]), !=, 0);
      tcp += g_pattern_match_simple ("/ip4/127.0.0.1/tcp/*", text);
      udp += g_pattern_match_simple ("/ip4/127.0.0.1/udp/*/quic-v1", text);
    }
  g_assert_cmpuint (tcp, ==, 1);
  g_assert_cmpuint (udp, ==, 1);
}

static DexFuture *
echo_once (gpointer data)
{
  char bytes[16];

  g_assert_true (peerup_stream_await_write_all (data, "hello", 5, test_deadline (), NULL));
  peerup_stream_close_write (data);
  g_assert_true (peerup_stream_await_read_exact (data, bytes, 5, test_deadline (), NULL));
  g_assert_cmpmem (bytes, 5, "hello", 5);
  g_assert_cmpint (peerup_stream_await_read (data, bytes, 1, test_deadline (), NULL), ==, 0);
  return dex_future_new_for_boolean (TRUE);
}

static void
run_echo (gconstpointer data)
{
  const Kind *kind = data;
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupConnectionInfo *info;

  init_pair (kind, &a, &b);
  stream = test_take_object (open_echo (&a, &b, NODE_ECHO), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_stream_get_protocol (stream), ==, NODE_ECHO);
  info = peerup_connection_get_info (peerup_stream_get_connection (stream));
  g_assert_cmpstr (info->transport, ==, kind->transport);
  g_assert_cmpstr (info->security, ==, kind->securities[0]);
  g_assert_cmpstr (info->muxer, ==, kind->muxer);
  g_assert_true (info->outbound);
  g_assert_true (peerup_peer_id_equal (info->remote_peer, node_id (&b)));
  test_run_fiber (echo_once, stream);
  g_assert_cmpuint (a.opened, ==, 1);
  g_assert_cmpuint (b.opened, ==, 1);
  /* The other's view of it. */
  {
    g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (b.swarm, node_id (&a));

    g_assert_cmpuint (list->len, ==, 1);
    g_assert_false (peerup_connection_get_info (list->pdata[0])->outbound);
    g_assert_nonnull (peerup_connection_get_info (list->pdata[0])->remote_address);
  }
}

static void
test_unknown_protocol (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  error = test_take_error (open_echo (&a, &b, "/test/nobody/1.0.0"));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  /* The connection is none the worse. */
  g_assert_cmpuint (node_n_connections (&a, &b), ==, 1);
  peerup_swarm_remove_protocol (b.swarm, NODE_ECHO);
  g_clear_error (&error);
  error = test_take_error (open_echo (&a, &b, NODE_ECHO));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

static gboolean
may_have (PeerupSwarm *swarm, PeerupConnection *connection, const char *protocol, gpointer data)
{
  return *(gboolean *) data;
}

/* What a peer may not have is to it as if it were not there, from the next stream on. */
static void
test_protocol_view (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) hidden = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  gboolean may = FALSE;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  peerup_swarm_set_protocol_view (b.swarm, may_have, &may);
  hidden = test_take_error (open_echo (&a, &b, NODE_ECHO));
  unknown = test_take_error (open_echo (&a, &b, "/test/nobody/1.0.0"));
  g_assert_error (hidden, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  g_assert_error (unknown, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  may = TRUE;
  stream = test_take_object (open_echo (&a, &b, NODE_ECHO), &error);
  g_assert_no_error (error);
  peerup_swarm_set_protocol_view (b.swarm, NULL, NULL);
}

/* The gate */

static void
run_gate (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (DexFuture) closed = NULL;
  g_autoptr (GError) error = NULL;

  init_pair (data, &a, &b);
  b.deny = node_id (&a);
  /* The dialer is done before the listener has seen who it is. */
  connection = node_connect (&a, &b);
  closed = test_finish (peerup_connection_wait_closed (connection));
  g_assert_error (peerup_connection_get_error (connection), PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_nonnull (strstr (peerup_connection_get_error (connection)->message, "authorize"));
  error = test_take_error (peerup_connection_open_stream (connection));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (b.refused, ==, 1);
  g_assert_nonnull (strstr (b.refused_text, peerup_peer_id_get_string (node_id (&a))));
  g_assert_nonnull (strstr (b.refused_text, " /ip4/127.0.0.1/"));
  g_assert_nonnull (strstr (b.refused_text, "not on the list"));
  g_assert_cmpuint (b.opened, ==, 0);
  node_wait_connections (&a, &b, 0);
  g_assert_cmpuint (node_n_connections (&b, &a), ==, 0);
}

/* Opening a stream on what turns out to be refused says so too, whenever the refusal comes. */
static void
run_gate_stream (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;

  init_pair (data, &a, &b);
  b.deny = node_id (&a);
  error = test_take_error (open_echo (&a, &b, NODE_ECHO));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (b.n_echoes, ==, 0);
}

/* A right that ends takes effect at the next stream. */
static void
run_gate_revoked (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  guint8 byte;

  init_pair (data, &a, &b);
  connection = node_connect (&a, &b);
  node_wait_connections (&b, &a, 1);
  b.deny = node_id (&a);
  stream = test_take_object (peerup_connection_open_stream (connection), NULL);
  /* QUIC tells of a stream with its first byte only. */
  test_assert_writes (stream, "x");
  while (peerup_stream_get_reset_code (stream) == PEERUP_STREAM_CODE_NONE)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, NULL), ==, -1);
  g_assert_cmpuint (b.n_echoes, ==, 0);
}

/* Many streams */

static void
run_parallel_echo (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  init_pair (data, &a, &b);
  for (guint i = 0; i < 100; i++)
    g_ptr_array_add (futures, open_echo (&a, &b, NODE_ECHO));
  for (guint i = 0; i < futures->len; i++)
    {
      PeerupStream *stream = test_take_object (dex_ref (futures->pdata[i]), NULL);

      g_assert_nonnull (stream);
      dex_unref (futures->pdata[i]);
      futures->pdata[i] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, echo_once, stream, g_object_unref);
    }
  for (guint i = 0; i < futures->len; i++)
    g_assert_true (dex_future_is_resolved (test_finish (futures->pdata[i])));
  g_assert_cmpuint (a.opened, ==, 1);
  g_assert_cmpuint (b.n_echoes, ==, 100);
}

static void
test_thousand_idle (void)
{
  const char *protocols[] = { NODE_SINK, NULL };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) others = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  for (guint i = 0; i < 1024; i++)
    {
      PeerupStream *stream = test_take_object (open_echo (&a, &b, NODE_SINK), &error);

      g_assert_no_error (error);
      g_ptr_array_add (streams, stream);
    }
  g_assert_cmpuint (peerup_connection_get_n_streams (connection), ==, 1024);
  /* One more waits for its place, and that not for ever. */
  error =
    test_take_error (peerup_swarm_open_stream (a.swarm, node_id (&b), protocols, g_get_monotonic_time () + 50000));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  for (guint i = 0; i < 1024; i += 2)
    peerup_stream_close (streams->pdata[i]);
  g_ptr_array_set_size (streams, 0);
  others = peerup_swarm_dup_connections (b.swarm, node_id (&a));
  while (peerup_connection_get_n_streams (connection) > 0 || peerup_connection_get_n_streams (others->pdata[0]) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Ends */

static void
run_disconnect (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  const struct
  {
    guint32 code;
    int error;
  } cases[] = {
    { PEERUP_CONNECTION_CODE_NONE, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_SHUTDOWN, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_GATED, PEERUP_ERROR_GATED },
    { PEERUP_CONNECTION_CODE_RESOURCE_LIMIT, PEERUP_ERROR_LIMIT },
    { PEERUP_CONNECTION_CODE_PROTOCOL_VIOLATION, PEERUP_ERROR_PROTOCOL },
  };

  init_pair (data, &a, &b);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupConnection) next = node_connect (&a, &b);
      g_autoptr (DexFuture) closed = NULL;

      node_wait_connections (&b, &a, 1);
      peerup_swarm_disconnect (b.swarm, node_id (&a), cases[i].code);
      closed = test_finish (peerup_connection_wait_closed (next));
      g_assert_error (peerup_connection_get_error (next), PEERUP_ERROR, cases[i].error);
      node_wait_connections (&a, &b, 0);
      node_wait_connections (&b, &a, 0);
    }
}

/* A connection that says good-bye is no answer to who wants one. */
static void
run_connect_after_disconnect (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) first = NULL;
  g_autoptr (PeerupConnection) second = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  init_pair (data, &a, &b);
  first = node_connect (&a, &b);
  node_wait_connections (&b, &a, 1);
  peerup_swarm_disconnect (a.swarm, node_id (&b), PEERUP_CONNECTION_CODE_NONE);
  second = node_connect (&a, &b);
  g_assert_true (first != second);
  stream = test_take_object (open_echo (&a, &b, NODE_ECHO), &error);
  g_assert_no_error (error);
  test_run_fiber (echo_once, stream);
}

/* A connection that the other side retires serves its streams to their end, and closes then. */
static void
run_connect_after_remote_retire (gconstpointer data)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) first = NULL;
  g_autoptr (PeerupConnection) second = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GPtrArray) list = NULL;

  init_pair (data, &a, &b);
  first = node_connect (&a, &b);
  stream = test_take_object (open_echo (&a, &b, NODE_ECHO), NULL);
  list = peerup_swarm_dup_connections (b.swarm, node_id (&a));
  peerup_connection_retire (list->pdata[0], PEERUP_CONNECTION_CODE_SUPPLANTED);
  for (guint i = 0; i < 100; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (100);
    }
  test_run_fiber (echo_once, stream);
  g_clear_object (&stream);
  node_wait_connections (&a, &b, 0);
  second = node_connect (&a, &b);
  g_assert_true (first != second);
}

static void
close_all (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Node *other = data;

  peerup_swarm_disconnect (swarm, node_id (other), PEERUP_CONNECTION_CODE_NONE);
  dex_future_disown (peerup_swarm_connect (swarm, node_id (other)));
  g_signal_handlers_disconnect_by_func (swarm, close_all, data);
}

/* Handlers of the swarm's signals may do what they like with it. */
static void
test_reentrant_handlers (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      g_autoptr (PeerupConnection) connection = NULL;

      node_init (&a, 1, NODE_SILENT);
      node_init (&b, 2, NODE_TCP);
      node_learn (&a, &b);
      g_signal_connect (a.swarm, i == 0 ? "connection-opened" : "connection-closed", G_CALLBACK (close_all), &b);
      dex_unref (test_finish (peerup_swarm_connect (a.swarm, node_id (&b))));
      peerup_swarm_disconnect (a.swarm, node_id (&b), PEERUP_CONNECTION_CODE_NONE);
      while (a.opened < 2)
        g_main_context_iteration (NULL, TRUE);
    }
}

/* From 127.0.0.@source. */
static int
connect_raw_from (Node *node, guint source)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (node->swarm);
  const char *port = strrchr (peerup_multiaddr_get_string (addresses->pdata[0]), '/') + 1;
  struct sockaddr_in address = {
    .sin_family = AF_INET,
    .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK),
    .sin_port = g_htons (g_ascii_strtoull (port, NULL, 10)),
  };
  struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl ((INADDR_LOOPBACK & ~0xffu) | source) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &from, sizeof from), ==, 0);
  g_assert_true (connect (fd, (struct sockaddr *) &address, sizeof address) == 0 || errno == EINPROGRESS);
  return fd;
}

static int
connect_raw (Node *node)
{
  return connect_raw_from (node, 1);
}

/* An end is what a read finds: 0 or an error that is not "not yet". */
static gboolean
has_ended (int fd)
{
  char bytes[256];
  gssize n;

  while ((n = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    continue;
  return n == 0 || errno != EAGAIN;
}

/* Connects @n sockets from each of @n_hosts loopback addresses, which say nothing; @ended of them
 * are closed by @node, and the rest stay. */
static void
check_silent_clients (Node *node, guint n_hosts, guint n, guint expected)
{
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  guint ended;

  for (guint host = 0; host < n_hosts; host++)
    for (guint i = 0; i < n; i++)
      {
        int fd = connect_raw_from (node, 2 + host);

        g_array_append_val (fds, fd);
        test_spin ();
      }
  do
    {
      g_main_context_iteration (NULL, FALSE);
      ended = 0;
      for (guint i = 0; i < fds->len; i++)
        ended += has_ended (g_array_index (fds, int, i));
    }
  while (ended < expected);
  test_spin ();
  for (guint i = ended = 0; i < fds->len; i++)
    {
      ended += has_ended (g_array_index (fds, int, i));
      close (g_array_index (fds, int, i));
    }
  g_assert_cmpuint (ended, ==, expected);
}

/* Known attack: clients that connect and say nothing, from one host and from many. */
static void
test_upgrades_cap (void)
{
  g_auto (Node) one = { 0 };
  g_auto (Node) many = { 0 };

  node_init (&one, 1, NODE_TCP);
  check_silent_clients (&one, 1, 64 + 20, 20);
  node_init (&many, 2, NODE_TCP);
  /* The last eighth of the 256 is for hosts that have none: the fifth gets one of it. */
  check_silent_clients (&many, 5, 60, 300 - (256 - 32) - 1);
}

/* One peer, many connections: those beyond the cap are closed, and told why. */
static void
test_connections_cap (void)
{
  enum
  {
    CAP = 16
  };
  g_auto (Node) node = { 0 };
  Node clients[CAP + 1] = { 0 };
  g_autoptr (GError) error = NULL;

  node_init (&node, 1, NODE_TCP);
  for (guint i = 0; i < CAP; i++)
    {
      node_init (&clients[i], 2, NODE_SILENT);
      node_learn (&clients[i], &node);
      g_object_unref (node_connect (&clients[i], &node));
      node_wait_connections (&node, &clients[i], i + 1);
    }
  node_init (&clients[CAP], 2, NODE_SILENT);
  node_learn (&clients[CAP], &node);
  error = test_take_error (open_echo (&clients[CAP], &node, NODE_ECHO));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (node_n_connections (&node, &clients[0]), ==, CAP);
  for (guint i = 0; i <= CAP; i++)
    node_clear (&clients[i]);
}

/* node_clear() sees to it that nothing is left. */
static void
run_close_in_flight (gconstpointer data)
{
  const Kind *kind = data;

  for (guint rounds = 0; rounds < 40; rounds++)
    {
      g_auto (Node) a = { 0 };
      g_auto (Node) b = { 0 };
      int silent;

      node_init (&a, 1, NODE_TCP | kind->listens);
      node_init (&b, 2, kind->listens);
      node_learn (&a, &b);
      silent = connect_raw (&a);
      dex_future_disown (peerup_swarm_connect (a.swarm, node_id (&b)));
      dex_future_disown (open_echo (&a, &b, NODE_ECHO));
      for (guint i = 0; i < rounds; i++)
        g_main_context_iteration (NULL, FALSE);
      if (rounds % 2 == 0)
        node_clear (&a);
      else
        node_clear (&b);
      close (silent);
    }
}

static void
test_connect_when_closed (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  dex_future_disown (peerup_swarm_close (a.swarm));
  error = test_take_error (peerup_swarm_connect (a.swarm, node_id (&b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/swarm/listen", test_listen);
  g_test_add_func ("/swarm/same-port", test_same_port);
  g_test_add_func ("/swarm/wildcard", test_wildcard);
  g_test_add_data_func ("/swarm/echo/tls", &tcp_tls, run_echo);
  g_test_add_data_func ("/swarm/echo/noise", &tcp_noise, run_echo);
  g_test_add_data_func ("/swarm/echo/quic", &quic, run_echo);
  g_test_add_func ("/swarm/unknown-protocol", test_unknown_protocol);
  g_test_add_func ("/swarm/protocol-view", test_protocol_view);
  g_test_add_data_func ("/swarm/gate/tls", &tcp_tls, run_gate);
  g_test_add_data_func ("/swarm/gate/noise", &tcp_noise, run_gate);
  g_test_add_data_func ("/swarm/gate/quic", &quic, run_gate);
  g_test_add_data_func ("/swarm/gate/stream/tcp", &tcp_tls, run_gate_stream);
  g_test_add_data_func ("/swarm/gate/stream/quic", &quic, run_gate_stream);
  g_test_add_data_func ("/swarm/gate/revoked/tcp", &tcp_tls, run_gate_revoked);
  g_test_add_data_func ("/swarm/gate/revoked/quic", &quic, run_gate_revoked);
  g_test_add_data_func ("/swarm/parallel-echo/tcp", &tcp_tls, run_parallel_echo);
  g_test_add_data_func ("/swarm/parallel-echo/quic", &quic, run_parallel_echo);
  g_test_add_func ("/swarm/thousand-idle", test_thousand_idle);
  g_test_add_data_func ("/swarm/disconnect/tcp", &tcp_tls, run_disconnect);
  g_test_add_data_func ("/swarm/disconnect/quic", &quic, run_disconnect);
  g_test_add_data_func ("/swarm/connect-after-disconnect/tcp", &tcp_tls, run_connect_after_disconnect);
  g_test_add_data_func ("/swarm/connect-after-disconnect/quic", &quic, run_connect_after_disconnect);
  g_test_add_data_func ("/swarm/connect-after-remote-retire/tcp", &tcp_tls, run_connect_after_remote_retire);
  g_test_add_data_func ("/swarm/connect-after-remote-retire/quic", &quic, run_connect_after_remote_retire);
  g_test_add_func ("/swarm/reentrant-handlers", test_reentrant_handlers);
  g_test_add_func ("/swarm/upgrades-cap", test_upgrades_cap);
  g_test_add_func ("/swarm/connections-cap", test_connections_cap);
  g_test_add_data_func ("/swarm/close-in-flight/tcp", &tcp_tls, run_close_in_flight);
  g_test_add_data_func ("/swarm/close-in-flight/quic", &quic, run_close_in_flight);
  g_test_add_func ("/swarm/connect-when-closed", test_connect_when_closed);
  return g_test_run ();
}
