/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Swarms whose limits are small: who is refused and told, who is not, and that everything is
 * given back. */

#include "swarm-node.h"

#include "swarm/peerup-swarm-private.h"

static void
set_limit (Node *node, PeerupLimit limit, guint64 value)
{
  PeerupLimits *limits = peerup_swarm_get_limits (node->swarm);
  PeerupLimitsSettings settings = *peerup_limits_get_settings (limits);

  settings.values[limit] = value;
  peerup_limits_set_settings (limits, &settings);
}

static PeerupLimitsUsage
get_usage (Node *node)
{
  PeerupLimitsUsage usage;

  peerup_limits_get_usage (peerup_swarm_get_limits (node->swarm), &usage);
  return usage;
}

static guint64
get_refusals (Node *node, PeerupLimit limit)
{
  return peerup_limits_get_refusals (peerup_swarm_get_limits (node->swarm), limit);
}

static PeerupStream *
open_sink (Node *self, Node *other, GError **error)
{
  const char *protocols[] = { NODE_SINK, NULL };

  return test_take_object (peerup_swarm_open_stream (self->swarm, node_id (other), protocols, test_deadline ()), error);
}

static void
wait_streams (Node *node, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (get_usage (node).streams != n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static guint64
host_of (const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", text);

  return peerup_swarm_get_host (address);
}

static guint64
host_of_socket (const char *host)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 1));
  return peerup_socket_address_get_host_key (&address);
}

static void
test_hosts (void)
{
  g_assert_cmpuint (host_of ("/ip4/192.0.2.7/tcp/1"), ==, 0xc0000207);
  g_assert_cmpuint (host_of ("/ip4/192.0.2.7/tcp/1"), ==, host_of_socket ("192.0.2.7"));
  g_assert_cmpuint (host_of ("/ip6/2001:db8:1:2:3::4/udp/1/quic-v1"), ==, host_of_socket ("2001:db8:1:2::"));
  g_assert_cmpuint (host_of ("/ip6zone/lo/ip6/fe80::1/tcp/1"), ==, host_of_socket ("fe80::"));
  g_assert_cmpuint (host_of ("/dns4/example.org/tcp/1"), ==, 0);
  g_assert_cmpuint (peerup_swarm_get_host (NULL), ==, 0);
  /* Many peers come through one relay. */
  g_assert_cmpuint (host_of ("/ip4/192.0.2.7/tcp/1/p2p/12D3KooWKRyzVWW6ChFjQjK4miCty85Niy48tpPV95XdKu1BcvMA/"
                             "p2p-circuit"),
                    ==, 0);
}

static void
count_told (PeerupSwarm *swarm, const char *text, gpointer data)
{
  g_assert_nonnull (strstr (text, "network.limits."));
  ++*(guint *) data;
}

/* A flood is refused, counted and told once. */
static void
test_handshakes (void)
{
  g_auto (Node) node = { 0 };
  guint64 first = host_of_socket ("192.0.2.7");
  guint64 second = host_of_socket ("192.0.2.8");
  guint told = 0;

  node_init (&node, 1, NODE_SILENT);
  set_limit (&node, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS, 3);
  g_signal_connect (node.swarm, "limited", G_CALLBACK (count_told), &told);
  for (guint i = 0; i < 3; i++)
    g_assert_true (peerup_swarm_admit_handshake (node.swarm, first));
  for (guint i = 0; i < 1000; i++)
    g_assert_false (peerup_swarm_admit_handshake (node.swarm, first));
  g_assert_cmpuint (told, ==, 1);
  g_assert_cmpuint (get_refusals (&node, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS), ==, 1000);
  g_assert_true (peerup_swarm_admit_handshake (node.swarm, second));
  g_assert_cmpuint (get_usage (&node).handshakes, ==, 4);
  for (guint i = 0; i < 3; i++)
    peerup_swarm_release_handshake (node.swarm, first);
  peerup_swarm_release_handshake (node.swarm, second);
  g_assert_cmpuint (get_usage (&node).handshakes, ==, 0);
  g_assert_cmpuint (peerup_swarm_get_retry_threshold (node.swarm), ==, 1);
  set_limit (&node, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS, 64);
  g_assert_cmpuint (peerup_swarm_get_retry_threshold (node.swarm), ==, 32);
}

/* One at its limit of streams is told so; another peer does not notice. */
static void
test_streams (gconstpointer transport)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupStream) other = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, GPOINTER_TO_UINT (transport));
  node_init (&c, 3, NODE_SILENT);
  node_learn (&a, &b);
  node_learn (&c, &b);
  set_limit (&b, PEERUP_LIMIT_STREAMS_PER_PEER, 4);
  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (streams, open_sink (&a, &b, NULL));
  g_assert_cmpuint (get_usage (&b).streams, ==, 4);
  g_assert_null (open_sink (&a, &b, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (get_refusals (&b, PEERUP_LIMIT_STREAMS_PER_PEER), ==, 1);
  other = open_sink (&c, &b, NULL);
  g_assert_nonnull (other);
  g_ptr_array_remove_index (streams, 0);
  wait_streams (&b, 4);
  g_ptr_array_add (streams, open_sink (&a, &b, NULL));
  g_assert_nonnull (streams->pdata[3]);
  peerup_stream_close (streams->pdata[0]);
  g_ptr_array_set_size (streams, 0);
  g_clear_object (&other);
  wait_streams (&b, 0);
}

static void
test_stream_rate (gconstpointer transport)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) stream = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, GPOINTER_TO_UINT (transport));
  node_learn (&a, &b);
  set_limit (&b, PEERUP_LIMIT_STREAM_RATE_PER_PEER, 1);
  for (guint i = 0; i < PEERUP_LIMITS_BURST; i++)
    g_object_unref (open_sink (&a, &b, NULL));
  connection = node_connect (&a, &b);
  stream = test_take_object (peerup_connection_open_stream (connection), NULL);
  /* QUIC tells nobody of a stream that nothing was written to. */
  peerup_stream_write (stream, "x", 1, NULL);
  while (peerup_stream_get_reset_code (stream) == PEERUP_STREAM_CODE_NONE)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, PEERUP_STREAM_CODE_RATE_LIMITED);
  g_assert_cmpuint (get_refusals (&b, PEERUP_LIMIT_STREAM_RATE_PER_PEER), ==, 1);
}

/* A stream that is opened and says next to nothing, ten thousand times (PROTOCOLS rows of idle streams):
 * the opener runs out, its neighbour pings on. */
static void
test_idle_streams (gconstpointer transport)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) other = NULL;
  guint n_reset = 0;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, GPOINTER_TO_UINT (transport));
  node_init (&c, 3, NODE_SILENT);
  node_learn (&a, &b);
  node_learn (&c, &b);
  set_limit (&b, PEERUP_LIMIT_STREAMS_PER_PEER, 100);
  connection = node_connect (&a, &b);
  while (streams->len < 10000)
    {
      PeerupStream *stream = test_take_object (peerup_connection_open_stream (connection), NULL);

      g_assert_nonnull (stream);
      peerup_stream_write (stream, "x", 1, NULL);
      g_ptr_array_add (streams, stream);
      g_assert_cmpuint (get_usage (&b).streams, <=, 100);
    }
  other = open_sink (&c, &b, NULL);
  g_assert_nonnull (other);
  g_assert_cmpuint (get_usage (&b).streams, ==, 101);
  while (n_reset < 9900)
    {
      g_main_context_iteration (NULL, FALSE);
      n_reset = 0;
      for (guint i = 0; i < streams->len; i++)
        n_reset += peerup_stream_get_reset_code (streams->pdata[i]) == PEERUP_STREAM_CODE_RESOURCE_LIMIT ||
                   peerup_stream_get_reset_code (streams->pdata[i]) == PEERUP_STREAM_CODE_RATE_LIMITED;
    }
  g_assert_cmpuint (n_reset, ==, 9900);
  g_ptr_array_set_size (streams, 0);
  wait_streams (&b, 1);
}

/* A stream keeps its place while its handler holds it, also when the swarm is gone. */
static void
keep_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  *(PeerupStream **) data = stream;
}

static void
test_kept_stream (void)
{
  const char *protocols[] = { "/test/keep/1.0.0", NULL };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupLimits) limits = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  PeerupStream *kept = NULL;
  PeerupLimitsUsage usage;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  limits = peerup_limits_ref (peerup_swarm_get_limits (b.swarm));
  peerup_swarm_add_protocol (b.swarm, protocols[0], keep_stream, &kept, NULL);
  stream = test_take_object (peerup_swarm_open_stream (a.swarm, node_id (&b), protocols, test_deadline ()), NULL);
  while (kept == NULL)
    g_main_context_iteration (NULL, TRUE);
  node_clear (&b);
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.streams, ==, 1);
  g_assert_cmpuint (usage.connections, ==, 0);
  g_object_unref (kept);
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.streams, ==, 0);
}

/* (transfer full): a stream to a handler that reads nothing, with nearly as much sent as a window takes. */
#define FULL (252 * 1024)

static PeerupStream *
open_full (Node *self, Node *other)
{
  static const char *const protocols[] = { "/test/keep/1.0.0", NULL };
  g_autofree char *bytes = g_malloc0 (FULL);
  PeerupStream *stream =
    test_take_object (peerup_swarm_open_stream (self->swarm, node_id (other), protocols, test_deadline ()), NULL);
  gsize sent = 0;

  g_assert_nonnull (stream);
  while (sent < FULL && peerup_stream_get_reset_code (stream) == PEERUP_STREAM_CODE_NONE)
    {
      gssize n = peerup_stream_write (stream, bytes + sent, FULL - sent, NULL);

      sent += MAX (n, 0);
      if (n < 0)
        g_main_context_iteration (NULL, TRUE);
    }
  return stream;
}

static void
keep_all (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, stream);
}

/* A handler that reads nothing lets its peer fill so much and no more; the other peer's are read. */
static void
test_memory (gconstpointer transport)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_reset = 0;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, GPOINTER_TO_UINT (transport));
  node_init (&c, 3, NODE_SILENT);
  node_learn (&a, &b);
  node_learn (&c, &b);
  peerup_swarm_add_protocol (b.swarm, "/test/keep/1.0.0", keep_all, kept, NULL);
  set_limit (&b, PEERUP_LIMIT_MEMORY_PER_PEER, 512 * 1024);
  for (guint i = 0; i < 4; i++)
    g_ptr_array_add (streams, open_full (&a, &b));
  while (n_reset == 0)
    {
      g_main_context_iteration (NULL, TRUE);
      for (guint i = 0; i < streams->len; i++)
        n_reset += peerup_stream_get_reset_code (streams->pdata[i]) == PEERUP_STREAM_CODE_RESOURCE_LIMIT;
    }
  g_assert_cmpuint (get_refusals (&b, PEERUP_LIMIT_MEMORY_PER_PEER), >, 0);
  g_assert_cmpuint (get_usage (&b).memory, ==, 512 * 1024);
  g_ptr_array_add (streams, open_full (&c, &b));
  g_ptr_array_add (streams, open_full (&c, &b));
  while (get_usage (&b).memory != 768 * 1024)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (peerup_stream_get_reset_code (streams->pdata[4]), ==, PEERUP_STREAM_CODE_NONE);
  g_assert_cmpuint (peerup_stream_get_reset_code (streams->pdata[5]), ==, PEERUP_STREAM_CODE_NONE);
  g_ptr_array_set_size (kept, 0);
  while (get_usage (&b).memory > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_connections_of_address (gconstpointer transport)
{
  g_auto (Node) node = { 0 };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  node_init (&node, 1, GPOINTER_TO_UINT (transport));
  node_init (&a, 2, NODE_SILENT);
  node_init (&b, 3, NODE_SILENT);
  node_learn (&a, &node);
  node_learn (&b, &node);
  set_limit (&node, PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS, 1);
  g_object_unref (node_connect (&a, &node));
  node_wait_connections (&node, &a, 1);
  g_assert_null (open_sink (&b, &node, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (get_refusals (&node, PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS), ==, 1);
  g_assert_cmpuint (get_usage (&node).connections, ==, 1);
  /* Its place is free as soon as it is gone. */
  peerup_swarm_disconnect (a.swarm, node_id (&node), PEERUP_CONNECTION_CODE_NONE);
  node_wait_connections (&node, &a, 0);
  g_assert_cmpuint (get_usage (&node).connections, ==, 0);
  g_clear_error (&error);
  stream = open_sink (&b, &node, &error);
  g_assert_no_error (error);
}

/* What we dial is not counted; the streams that come back on it are. */
static void
test_outbound (void)
{
  const char *protocols[] = { NODE_SINK, NULL };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) stream = NULL;

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  connection = node_connect (&a, &b);
  node_wait_connections (&b, &a, 1);
  g_assert_cmpuint (get_usage (&a).connections, ==, 0);
  g_assert_cmpuint (get_usage (&b).connections, ==, 1);
  stream = test_take_object (peerup_swarm_open_stream (b.swarm, node_id (&a), protocols, test_deadline ()), NULL);
  g_assert_nonnull (stream);
  g_assert_cmpuint (get_usage (&a).streams, ==, 1);
}

/* One swarm after the other under the same limits, as when an engine starts again. */
static void
test_shared_limits (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (PeerupLimits) limits = NULL;

  node_init (&node, 1, NODE_SILENT);
  limits = peerup_limits_ref (peerup_swarm_get_limits (node.swarm));
  node_clear (&node);
  node_init (&node, 2, NODE_SILENT);
  peerup_swarm_set_limits (node.swarm, limits);
  g_assert_true (peerup_swarm_get_limits (node.swarm) == limits);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/swarm/limits/hosts", test_hosts);
  g_test_add_func ("/swarm/limits/handshakes", test_handshakes);
  g_test_add_data_func ("/swarm/limits/streams/tcp", GUINT_TO_POINTER (NODE_TCP), test_streams);
  g_test_add_data_func ("/swarm/limits/streams/quic", GUINT_TO_POINTER (NODE_QUIC), test_streams);
  g_test_add_data_func ("/swarm/limits/stream-rate/tcp", GUINT_TO_POINTER (NODE_TCP), test_stream_rate);
  g_test_add_data_func ("/swarm/limits/stream-rate/quic", GUINT_TO_POINTER (NODE_QUIC), test_stream_rate);
  g_test_add_data_func ("/swarm/limits/idle-streams/tcp", GUINT_TO_POINTER (NODE_TCP), test_idle_streams);
  g_test_add_data_func ("/swarm/limits/idle-streams/quic", GUINT_TO_POINTER (NODE_QUIC), test_idle_streams);
  g_test_add_func ("/swarm/limits/kept-stream", test_kept_stream);
  g_test_add_data_func ("/swarm/limits/memory/tcp", GUINT_TO_POINTER (NODE_TCP), test_memory);
  g_test_add_data_func ("/swarm/limits/memory/quic", GUINT_TO_POINTER (NODE_QUIC), test_memory);
  g_test_add_data_func ("/swarm/limits/connections-of-address/tcp", GUINT_TO_POINTER (NODE_TCP),
                        test_connections_of_address);
  g_test_add_data_func ("/swarm/limits/connections-of-address/quic", GUINT_TO_POINTER (NODE_QUIC),
                        test_connections_of_address);
  g_test_add_func ("/swarm/limits/outbound", test_outbound);
  g_test_add_func ("/swarm/limits/shared", test_shared_limits);
  return g_test_run ();
}
