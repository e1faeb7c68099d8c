/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What connections and streams tell of themselves while they carry something: over TCP, where
 * the kernel is asked, over QUIC, and over pipes, where nobody knows of a path. */

#include <gio/gio.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport-test.h"

#include "transport/peerup-quic-transport.h"
#include "transport/peerup-socket-stream.h"
#include "transport/peerup-tcp-info.h"

#define PAYLOAD 300000

static const char *const tls_only[] = { "/tls/1.0.0", NULL };
static const char *const noise_only[] = { "/noise", NULL };

typedef struct
{
  PeerupPrivateKey *identity[2];
  PeerupCertificate *certificate[2];
  PeerupQuicTransport *transport[2];
  PeerupConnection *connection[2]; /* dialer, listener */
} Pair;

static void
pair_init (Pair *self)
{
  for (guint i = 0; i < 2; i++)
    {
      guint8 seed[32];

      memset (seed, i + 1, sizeof seed);
      self->identity[i] = peerup_private_key_new_from_seed (seed, NULL);
      self->certificate[i] = peerup_certificate_new (self->identity[i], NULL);
    }
}

static void
pair_clear (Pair *self)
{
  for (guint i = 0; i < 2; i++)
    {
      if (self->connection[i] != NULL)
        peerup_connection_close (self->connection[i], PEERUP_CONNECTION_CODE_NONE);
      g_clear_object (&self->connection[i]);
    }
  for (guint i = 0; i < 2; i++)
    {
      if (self->transport[i] != NULL)
        peerup_quic_transport_close (self->transport[i], PEERUP_CONNECTION_CODE_NONE);
      g_clear_object (&self->transport[i]);
      peerup_certificate_unref (self->certificate[i]);
      peerup_private_key_unref (self->identity[i]);
    }
  test_spin ();
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Takes the streams. */
static void
pair_upgrade (Pair *self, PeerupStream *raw[2], const char *transport, const char *const *securities)
{
  DexFuture *futures[2];

  for (guint i = 0; i < 2; i++)
    {
      PeerupUpgradeOptions options = {
        .identity = self->identity[i],
        .certificate = self->certificate[i],
        .outbound = i == 0,
        .expected_peer = i == 0 ? peerup_private_key_get_peer_id (self->identity[1]) : NULL,
        .transport = transport,
        .securities = securities,
        .deadline = test_deadline (),
      };

      futures[i] = peerup_upgrade (raw[i], &options);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      self->connection[i] = test_take_object (futures[i], &error);
      g_assert_no_error (error);
      g_object_unref (raw[i]);
    }
}

/* Two ends of one TCP connection on this machine. */
static void
make_tcp (PeerupStream *raw[2])
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketConnection) accepted = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);

  g_assert_no_error (error);
  raw[0] = test_take_object (peerup_socket_connect ("127.0.0.1", port, test_deadline ()), &error);
  g_assert_no_error (error);
  accepted = g_socket_listener_accept (listener, NULL, NULL, &error);
  g_assert_no_error (error);
  raw[1] = peerup_socket_stream_new (dup (g_socket_get_fd (g_socket_connection_get_socket (accepted))), &error);
  g_assert_no_error (error);
}

static void
pair_init_tcp (Pair *self, const char *const *securities)
{
  PeerupStream *raw[2];

  pair_init (self);
  make_tcp (raw);
  pair_upgrade (self, raw, "tcp", securities);
}

static void
on_accept (PeerupQuicTransport *transport, PeerupConnection *connection, gpointer data)
{
  ((Pair *) data)->connection[1] = g_object_ref (connection);
}

static PeerupQuicTransport *
new_transport (Pair *self, guint i, PeerupSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  PeerupUdpSocket *socket;
  PeerupQuicTransportOptions options = {
    .certificate = self->certificate[i],
    .listening = i == 1,
    .accept = on_accept,
    .data = self,
  };

  g_assert_true (peerup_socket_address_set (address, "127.0.0.1", 0));
  socket = peerup_udp_socket_new (address, &error);
  g_assert_no_error (error);
  peerup_udp_socket_get_address (socket, address);
  return peerup_quic_transport_new (socket, &options);
}

static void
pair_init_quic (Pair *self)
{
  PeerupSocketAddress address;
  g_autoptr (GError) error = NULL;

  pair_init (self);
  self->transport[0] = new_transport (self, 0, &address);
  self->transport[1] = new_transport (self, 1, &address);
  self->connection[0] =
    test_take_object (peerup_quic_transport_dial (self->transport[0], &address,
                                                  peerup_private_key_get_peer_id (self->identity[1]), NULL,
                                                  test_deadline ()),
                      &error);
  g_assert_no_error (error);
  while (self->connection[1] == NULL)
    g_main_context_iteration (NULL, TRUE);
}

typedef struct
{
  Pair *pair;
  PeerupStream *ours;
  PeerupStream *theirs;
} Exchange;

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  ((Exchange *) data)->theirs = g_object_ref (stream);
}

static DexFuture *
write_fiber (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc0 (PAYLOAD);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_stream_await_write_all (data, bytes, PAYLOAD, test_deadline (), &error));
  g_assert_no_error (error);
  peerup_stream_close_write (data);
  return NULL;
}

static DexFuture *
read_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) rest = peerup_stream_await_rest (data, PAYLOAD, test_deadline (), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (rest), ==, PAYLOAD);
  return dex_future_new_true ();
}

/* PAYLOAD from the dialer to the listener, and then the end of that direction. */
static void
exchange (Exchange *self, Pair *pair)
{
  g_autoptr (GError) error = NULL;
  DexFuture *reader;

  *self = (Exchange) { .pair = pair };
  peerup_connection_set_stream_func (pair->connection[1], on_stream, self);
  self->ours = test_take_object (peerup_connection_open_stream (pair->connection[0]), &error);
  g_assert_no_error (error);
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_fiber, self->ours, NULL));
  while (self->theirs == NULL)
    g_main_context_iteration (NULL, TRUE);
  reader = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, read_fiber, self->theirs, NULL);
  dex_unref (test_finish (reader));
}

static void
exchange_clear (Exchange *self)
{
  peerup_connection_set_stream_func (self->pair->connection[1], NULL, NULL);
  g_clear_object (&self->ours);
  g_clear_object (&self->theirs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Exchange, exchange_clear)

/* What must hold of the sender of PAYLOAD over a path that tells everything. */
static void
assert_sent (PeerupConnection *connection, guint mtu_min)
{
  PeerupConnectionFigures figures;

  peerup_connection_get_figures (connection, &figures);
  g_assert_cmpuint (figures.bytes_sent, >, PAYLOAD);
  g_assert_cmpuint (figures.bytes_received, >, 0);
  g_assert_cmpuint (figures.bytes_received, <, PAYLOAD / 2);
  g_assert_cmpuint (figures.packets_sent, >, PAYLOAD / 66000);
  g_assert_cmpuint (figures.packets_lost, <=, figures.packets_sent);
  g_assert_cmpint (figures.rtt, >, 0);
  g_assert_cmpint (figures.rtt, <, 10 * G_USEC_PER_SEC);
  g_assert_cmpint (figures.rtt_min, >, 0);
  g_assert_cmpint (figures.rtt_min, <, 10 * G_USEC_PER_SEC);
  g_assert_cmpint (figures.rtt_variation, >=, 0);
  g_assert_cmpuint (figures.congestion_window, >=, figures.path_mtu);
  g_assert_cmpuint (figures.path_mtu, >=, mtu_min);
}

/* Properties say what the calls say, of what does not change by itself. */
static void
assert_properties (PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  PeerupConnectionFigures figures;
  g_autofree char *peer = NULL, *transport = NULL, *security = NULL, *muxer = NULL, *remote = NULL;
  guint64 sent, packets, window;
  gint64 opened_at, rtt;
  guint n_streams, mtu;
  gboolean outbound, limited;

  peerup_connection_get_figures (connection, &figures);
  g_object_get (connection, "peer-id", &peer, "transport", &transport, "security", &security, "muxer", &muxer,
                "remote-address", &remote, "bytes-sent", &sent, "packets-sent", &packets, "congestion-window", &window,
                "opened-at", &opened_at, "rtt", &rtt, "n-streams", &n_streams, "path-mtu", &mtu, "outbound", &outbound,
                "limited", &limited, NULL);
  g_assert_cmpstr (peer, ==, peerup_peer_id_get_string (info->remote_peer));
  g_assert_cmpstr (transport, ==, info->transport);
  g_assert_cmpstr (security, ==, info->security);
  g_assert_cmpstr (muxer, ==, info->muxer);
  g_assert_cmpstr (remote, ==,
                   info->remote_address != NULL ? peerup_multiaddr_get_string (info->remote_address) : NULL);
  g_assert_cmpuint (sent, ==, figures.bytes_sent);
  g_assert_cmpuint (packets, ==, figures.packets_sent);
  g_assert_cmpuint (window, ==, figures.congestion_window);
  g_assert_cmpint (opened_at, ==, peerup_connection_get_opened_at (connection));
  g_assert_cmpint (rtt, ==, figures.rtt);
  g_assert_cmpuint (n_streams, ==, peerup_connection_get_n_streams (connection));
  g_assert_cmpuint (mtu, ==, figures.path_mtu);
  g_assert_true (outbound == info->outbound);
  g_assert_false (limited);
}

static void
assert_stream (PeerupStream *stream, guint64 received, guint64 sent, gboolean knows_loss)
{
  gint64 now = g_get_monotonic_time ();
  PeerupStreamFigures figures;
  guint64 in, out;
  gint64 opened_at, lost;

  peerup_stream_get_figures (stream, &figures);
  g_assert_cmpuint (figures.bytes_received, ==, received);
  g_assert_cmpuint (figures.bytes_sent, ==, sent);
  g_assert_true (figures.opened_at > now - 60 * G_USEC_PER_SEC && figures.opened_at <= now);
  g_assert_true ((figures.packets_lost >= 0) == knows_loss);
  g_object_get (stream, "bytes-received", &in, "bytes-sent", &out, "opened-at", &opened_at, "packets-lost", &lost,
                NULL);
  g_assert_cmpuint (in, ==, received);
  g_assert_cmpuint (out, ==, sent);
  g_assert_cmpint (opened_at, ==, figures.opened_at);
  g_assert_cmpint (lost, ==, figures.packets_lost);
}

static void
test_tcp (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };
  g_auto (Exchange) streams = { 0 };

  pair_init_tcp (&pair, data);
  exchange (&streams, &pair);
  assert_sent (pair.connection[0], 500);
  assert_properties (pair.connection[0]);
  assert_properties (pair.connection[1]);
  assert_stream (streams.ours, 0, PAYLOAD, FALSE);
  assert_stream (streams.theirs, PAYLOAD, 0, FALSE);
}

static void
test_quic (void)
{
  g_auto (Pair) pair = { 0 };
  g_auto (Exchange) streams = { 0 };

  pair_init_quic (&pair);
  exchange (&streams, &pair);
  assert_sent (pair.connection[0], 1200);
  assert_properties (pair.connection[0]);
  assert_stream (streams.ours, 0, PAYLOAD, TRUE);
  assert_stream (streams.theirs, PAYLOAD, 0, TRUE);
}

/* The machine below forgets a stream that has ended: what it lost stays told. */
static void
test_quic_ended (void)
{
  g_auto (Pair) pair = { 0 };
  g_auto (Exchange) streams = { 0 };

  pair_init_quic (&pair);
  exchange (&streams, &pair);
  peerup_stream_close (streams.theirs);
  peerup_stream_close (streams.ours);
  while (peerup_connection_get_n_streams (pair.connection[0]) > 0)
    g_main_context_iteration (NULL, TRUE);
  assert_stream (streams.ours, 0, PAYLOAD, TRUE);
}

/* Only the connection's own ping is known of a path without a socket. */
static void
test_memory (void)
{
  g_auto (Pair) pair = { 0 };
  g_auto (Exchange) streams = { 0 };
  PeerupConnectionFigures figures;
  PeerupStream *raw[2];

  pair_init (&pair);
  peerup_pipe_stream_new_pair (10000, &raw[0], &raw[1]);
  pair_upgrade (&pair, raw, "memory", tls_only);
  exchange (&streams, &pair);
  dex_unref (test_finish (peerup_connection_ping (pair.connection[0])));
  peerup_connection_get_figures (pair.connection[0], &figures);
  g_assert_cmpuint (figures.bytes_sent, >, PAYLOAD);
  g_assert_cmpint (figures.rtt, >, 0);
  g_assert_cmpint (figures.rtt, ==, peerup_connection_get_rtt (pair.connection[0]));
  g_assert_cmpint (figures.rtt_min, ==, -1);
  g_assert_cmpint (figures.rtt_variation, ==, -1);
  g_assert_cmpuint (figures.packets_sent, ==, 0);
  g_assert_cmpuint (figures.congestion_window, ==, 0);
  g_assert_cmpuint (figures.path_mtu, ==, 0);
  assert_stream (streams.ours, 0, PAYLOAD, FALSE);
}

static void
test_closed (void)
{
  g_auto (Pair) pair = { 0 };
  PeerupConnectionFigures figures;

  pair_init_tcp (&pair, noise_only);
  peerup_connection_close (pair.connection[0], PEERUP_CONNECTION_CODE_NONE);
  dex_unref (test_finish (peerup_connection_wait_closed (pair.connection[0])));
  peerup_connection_get_figures (pair.connection[0], &figures);
  g_assert_cmpuint (figures.bytes_sent, >, 0);
  g_assert_cmpuint (figures.congestion_window, ==, 0);
}

/* A stream beside the sockets, one on a Unix socket, and a TCP socket that was closed. */
static void
test_no_path (void)
{
  PeerupConnectionFigures figures = { .rtt = 7 };
  g_autoptr (PeerupStream) local = NULL;
  PeerupStream *raw[2];
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  local = peerup_socket_stream_new (fds[0], NULL);
  g_assert_false (peerup_stream_get_path_figures (local, &figures));
  peerup_pipe_stream_new_pair (100, &raw[0], &raw[1]);
  g_assert_false (peerup_stream_get_path_figures (raw[0], &figures));
  for (guint i = 0; i < 2; i++)
    g_object_unref (raw[i]);
  make_tcp (raw);
  g_assert_true (peerup_stream_get_path_figures (raw[0], &(PeerupConnectionFigures) { 0 }));
  peerup_stream_reset (raw[0], PEERUP_STREAM_CODE_NONE);
  g_assert_false (peerup_stream_get_path_figures (raw[0], &figures));
  g_assert_cmpint (figures.rtt, ==, 7);
  for (guint i = 0; i < 2; i++)
    g_object_unref (raw[i]);
  close (fds[1]);
}

static void
assert_streams (PeerupConnection *connection, PeerupStream *first, PeerupStream *second)
{
  g_autoptr (GPtrArray) streams = peerup_connection_dup_streams (connection);
  guint n = (first != NULL) + (second != NULL);

  g_assert_cmpuint (streams->len, ==, n);
  g_assert_true (n < 1 || streams->pdata[0] == first);
  g_assert_true (n < 2 || streams->pdata[1] == second);
}

static void
test_streams (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (PeerupStream) one = NULL;
  g_autoptr (PeerupStream) two = NULL;

  if (data != NULL)
    pair_init_tcp (&pair, data);
  else
    pair_init_quic (&pair);
  assert_streams (pair.connection[0], NULL, NULL);
  one = test_take_object (peerup_connection_open_stream (pair.connection[0]), NULL);
  two = test_take_object (peerup_connection_open_stream (pair.connection[0]), NULL);
  assert_streams (pair.connection[0], one, two);
  g_clear_object (&one);
  assert_streams (pair.connection[0], two, NULL);
  g_clear_object (&two);
  assert_streams (pair.connection[0], NULL, NULL);
}

static void
count (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
test_path_notifies (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (PeerupMultiaddr) local = peerup_multiaddr_new_from_string ("/ip4/10.0.0.1/tcp/1", NULL);
  g_autoptr (PeerupMultiaddr) remote = peerup_multiaddr_new_from_string ("/ip4/10.0.0.2/tcp/2", NULL);
  g_autofree char *text = NULL;
  guint n_local = 0, n_remote = 0;

  pair_init_tcp (&pair, noise_only);
  g_signal_connect (pair.connection[0], "notify::local-address", G_CALLBACK (count), &n_local);
  g_signal_connect (pair.connection[0], "notify::remote-address", G_CALLBACK (count), &n_remote);
  peerup_connection_set_path (pair.connection[0], NULL, remote);
  g_assert_cmpuint (n_local, ==, 0);
  g_assert_cmpuint (n_remote, ==, 1);
  peerup_connection_set_path (pair.connection[0], local, remote);
  g_assert_cmpuint (n_local, ==, 1);
  g_assert_cmpuint (n_remote, ==, 1);
  g_object_get (pair.connection[0], "local-address", &text, NULL);
  g_assert_cmpstr (text, ==, "/ip4/10.0.0.1/tcp/1");
}

static void
test_peek_counts (void)
{
  PeerupStream *ends[2];
  GInputVector vector;
  guint n_protocol = 0;

  peerup_pipe_stream_new_pair (100, &ends[0], &ends[1]);
  g_signal_connect (ends[0], "notify::protocol", G_CALLBACK (count), &n_protocol);
  peerup_stream_set_protocol (ends[0], "/x/1");
  g_assert_cmpuint (n_protocol, ==, 1);
  test_assert_writes (ends[0], "twelve bytes");
  assert_stream (ends[0], 0, 12, FALSE);
  assert_stream (ends[1], 0, 0, FALSE);
  g_assert_cmpuint (peerup_stream_peek (ends[1], &vector, 1), ==, 1);
  assert_stream (ends[1], 0, 0, FALSE);
  peerup_stream_consume (ends[1], 7);
  test_assert_reads (ends[1], "bytes");
  assert_stream (ends[1], 12, 0, FALSE);
  test_assert_blocks (ends[1]);
  assert_stream (ends[1], 12, 0, FALSE);
  for (guint i = 0; i < 2; i++)
    g_object_unref (ends[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/figures/tcp/tls", tls_only, test_tcp);
  g_test_add_data_func ("/figures/tcp/noise", noise_only, test_tcp);
  g_test_add_func ("/figures/quic", test_quic);
  g_test_add_func ("/figures/quic-ended", test_quic_ended);
  g_test_add_func ("/figures/memory", test_memory);
  g_test_add_func ("/figures/closed", test_closed);
  g_test_add_func ("/figures/no-path", test_no_path);
  g_test_add_data_func ("/figures/streams/yamux", tls_only, test_streams);
  g_test_add_data_func ("/figures/streams/quic", NULL, test_streams);
  g_test_add_func ("/figures/path-notifies", test_path_notifies);
  g_test_add_func ("/figures/peek-counts", test_peek_counts);
  return g_test_run ();
}
