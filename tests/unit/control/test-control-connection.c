/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The dictionary of a connection whose transport tells all, and of one that tells little.
 */
#include "control/peerup-control-describe.h"

#include "transport/peerup-pipe-stream.h"

/* A connection that is nothing but its figures. */
#define TEST_TYPE_CONNECTION (test_connection_get_type ())
G_DECLARE_FINAL_TYPE (TestConnection, test_connection, TEST, CONNECTION, PeerupConnection)

struct _TestConnection
{
  PeerupConnection parent_instance;
  PeerupConnectionFigures figures;
};

G_DEFINE_FINAL_TYPE (TestConnection, test_connection, PEERUP_TYPE_CONNECTION)

static gint64
get_rtt (PeerupConnection *connection)
{
  return TEST_CONNECTION (connection)->figures.rtt;
}

static void
get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  *received = TEST_CONNECTION (connection)->figures.bytes_received;
  *sent = TEST_CONNECTION (connection)->figures.bytes_sent;
}

static void
get_figures (PeerupConnection *connection, PeerupConnectionFigures *figures)
{
  *figures = TEST_CONNECTION (connection)->figures;
}

static guint
get_n_streams (PeerupConnection *connection)
{
  return 5;
}

static void
test_connection_class_init (TestConnectionClass *klass)
{
  PEERUP_CONNECTION_CLASS (klass)->get_rtt = get_rtt;
  PEERUP_CONNECTION_CLASS (klass)->get_bytes = get_bytes;
  PEERUP_CONNECTION_CLASS (klass)->get_figures = get_figures;
  PEERUP_CONNECTION_CLASS (klass)->get_n_streams = get_n_streams;
}

static void
test_connection_init (TestConnection *self)
{
}

static PeerupConnection *
new_connection (const PeerupConnectionFigures *figures, const PeerupConnectionInfo *facts)
{
  TestConnection *self = g_object_new (TEST_TYPE_CONNECTION, NULL);
  guint8 seed[32] = { 1 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  PeerupConnectionInfo info = *facts;

  info.remote_key = peerup_private_key_get_public_key (key);
  info.remote_peer = peerup_private_key_get_peer_id (key);
  self->figures = *figures;
  peerup_connection_init_info (PEERUP_CONNECTION (self), &info);
  return PEERUP_CONNECTION (self);
}

/* Whether @dict has @key with this value, as g_variant_print() writes it. */
static void
assert_has (GVariant *dict, const char *key, const char *expected)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, key, NULL);
  g_autofree char *text = NULL;

  if (value == NULL)
    g_error ("there is no %s", key);
  text = g_variant_print (value, TRUE);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_lacks (GVariant *dict, const char *const *keys)
{
  for (guint i = 0; keys[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (dict, keys[i], NULL);

      if (value != NULL)
        g_error ("%s is told", keys[i]);
    }
}

static void
test_all_is_known (void)
{
  const PeerupConnectionFigures figures = {
    .bytes_received = 1,
    .bytes_sent = 2,
    .packets_sent = 3,
    .packets_lost = 0,
    .rtt = 5,
    .rtt_min = 0,
    .rtt_variation = 7,
    .congestion_window = 8,
    .bytes_in_flight = 0,
    .delivery_rate = 10,
    .path_mtu = 11,
  };
  g_autoptr (PeerupMultiaddr) local = peerup_multiaddr_new_from_string ("/ip4/192.0.2.1/udp/1/quic-v1", NULL);
  g_autoptr (PeerupMultiaddr) remote = peerup_multiaddr_new_from_string ("/ip4/192.0.2.2/udp/2/quic-v1", NULL);
  g_autoptr (PeerupConnection) connection = new_connection (&figures, &(PeerupConnectionInfo) {
                                                                        .transport = "quic-v1",
                                                                        .security = "/tls/1.0.0",
                                                                        .muxer = "/quic-v1",
                                                                        .local_address = local,
                                                                        .remote_address = remote,
                                                                        .outbound = TRUE,
                                                                      });
  g_autoptr (GVariant) dict = g_variant_ref_sink (peerup_control_describe_connection (connection, "home-server"));

  assert_has (dict, "name", "'home-server'");
  assert_has (dict, "path", "'direct'");
  assert_has (dict, "transport", "'quic-v1'");
  assert_has (dict, "security", "'/tls/1.0.0'");
  assert_has (dict, "muxer", "'/quic-v1'");
  assert_has (dict, "local_address", "'/ip4/192.0.2.1/udp/1/quic-v1'");
  assert_has (dict, "remote_address", "'/ip4/192.0.2.2/udp/2/quic-v1'");
  assert_has (dict, "outbound", "true");
  assert_has (dict, "limited", "false");
  assert_has (dict, "n_streams", "uint32 5");
  assert_has (dict, "bytes_received", "uint64 1");
  assert_has (dict, "bytes_sent", "uint64 2");
  assert_has (dict, "packets_sent", "uint64 3");
  assert_has (dict, "packets_lost", "uint64 0");
  assert_has (dict, "rtt_us", "int64 5");
  assert_has (dict, "rtt_min_us", "int64 0");
  assert_has (dict, "rtt_variation_us", "int64 7");
  assert_has (dict, "congestion_window", "uint64 8");
  assert_has (dict, "bytes_in_flight", "uint64 0");
  assert_has (dict, "delivery_rate", "uint64 10");
  assert_has (dict, "path_mtu", "uint32 11");
}

static void
test_little_is_known (void)
{
  const PeerupConnectionFigures figures = { .rtt = -1, .rtt_min = -1, .rtt_variation = -1 };
  g_autoptr (PeerupConnection) connection =
    new_connection (&figures, &(PeerupConnectionInfo) {
                                .transport = "relay", .security = "/noise", .muxer = "/yamux/1.0.0", .limited = TRUE });
  g_autoptr (GVariant) dict = g_variant_ref_sink (peerup_control_describe_connection (connection, NULL));
  const char *const unknown[] = { "local_address", "remote_address",    "rtt_us",          "rtt_min_us",
                                  "packets_sent",  "packets_lost",      "delivery_rate",   "rtt_variation_us",
                                  "path_mtu",      "congestion_window", "bytes_in_flight", NULL };

  assert_lacks (dict, unknown);
  assert_has (dict, "name", "''");
  assert_has (dict, "path", "'relayed'");
  assert_has (dict, "limited", "true");
  assert_has (dict, "bytes_sent", "uint64 0");
  assert_has (dict, "streams", "@aa{sv} []");
}

static void
test_streams (void)
{
  const PeerupConnectionFigures figures = { .rtt = -1 };
  g_autoptr (PeerupConnection) connection =
    new_connection (&figures, &(PeerupConnectionInfo) { .transport = "tcp", .security = "/noise", .muxer = "/x" });
  g_autoptr (PeerupStream) near = NULL;
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (GVariant) dict = NULL;
  g_autoptr (GVariant) streams = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) second = NULL;

  peerup_pipe_stream_new_pair (64, &near, &far);
  peerup_stream_set_connection (near, connection);
  peerup_stream_set_connection (far, connection);
  peerup_stream_set_protocol (near, "/test/1.0.0");
  g_assert_cmpint (peerup_stream_write (near, "five!", 5, NULL), ==, 5);
  dict = g_variant_ref_sink (peerup_control_describe_connection (connection, NULL));
  streams = g_variant_lookup_value (dict, "streams", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_cmpuint (g_variant_n_children (streams), ==, 2);
  first = g_variant_get_child_value (streams, 0);
  second = g_variant_get_child_value (streams, 1);
  assert_has (first, "protocol", "'/test/1.0.0'");
  assert_has (first, "bytes_sent", "uint64 5");
  assert_has (first, "bytes_received", "uint64 0");
  assert_has (second, "protocol", "''");
  assert_lacks (first, (const char *const[]) { "packets_lost", NULL });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/control/connection/all-known", test_all_is_known);
  g_test_add_func ("/control/connection/little-known", test_little_is_known);
  g_test_add_func ("/control/connection/streams", test_streams);
  return g_test_run ();
}
