/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * QUIC connections and streams as everybody else sees them, on two real sockets of the loopback
 * interface: beginnings, every way of ending, and that nothing is left after either. */

#include "quic-pair.h"

#define LENGTH (3 * 1000 * 1000)

static void
drop_streams (PeerupStream *streams[2])
{
  g_clear_object (&streams[0]);
  g_clear_object (&streams[1]);
  test_spin ();
}

static void
wait_readable (PeerupStream *stream)
{
  wait_for ((peerup_stream_poll (stream) & G_IO_IN) != 0);
}

static GError *
read_error (PeerupStream *stream)
{
  GError *error = NULL;
  guint8 byte;

  wait_readable (stream);
  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  return error;
}

static void
assert_eof (PeerupStream *stream)
{
  guint8 byte;

  wait_readable (stream);
  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, NULL), ==, 0);
}

/* Connecting */

static void
test_connect (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };

  pair_init_at (&pair, data);
  pair_connect (&pair);
  for (guint i = 0; i < 2; i++)
    {
      const PeerupConnectionInfo *info = peerup_connection_get_info (pair.connection[i]);
      g_autoptr (PeerupMultiaddr) remote = peerup_socket_address_to_multiaddr (&pair.address[1 - i], PEERUP_IP_QUIC);

      g_assert_true (peerup_peer_id_equal (info->remote_peer, peerup_private_key_get_peer_id (pair.identity[1 - i])));
      g_assert_cmpstr (info->transport, ==, "quic-v1");
      g_assert_cmpstr (info->security, ==, "/tls/1.0.0");
      g_assert_cmpstr (info->muxer, ==, "/quic-v1");
      g_assert_true (info->outbound == (i == 0));
      /* From the socket that listens, so that the peer learns an address that is good for others. */
      g_assert_cmpstr (peerup_multiaddr_get_string (info->remote_address), ==, peerup_multiaddr_get_string (remote));
      g_assert_cmpuint (peerup_quic_transport_get_n_connections (pair.transport[i]), ==, 1);
    }
}

static void
test_wrong_peer (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  pair_init_at (&pair, "127.0.0.1");
  error = test_take_error (peerup_quic_transport_dial (pair.transport[0], &pair.address[1],
                                                       peerup_private_key_get_peer_id (pair.identity[0]), NULL,
                                                       test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  wait_for (pair.n_released == 1);
  g_assert_null (pair.connection[1]);
}

/* The system says that nobody listens there: no need to wait for the deadline. */
static void
test_nobody (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();

  pair_init_at (&pair, "127.0.0.1");
  peerup_quic_transport_close (pair.transport[1], 0);
  error = test_take_error (pair_dial (&pair));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 10 * G_USEC_PER_SEC);
}

static void
test_not_admitted (void)
{
  g_auto (Pair) pair = { .refuses = TRUE };
  g_autoptr (GError) error = NULL;

  pair_init_at (&pair, "127.0.0.1");
  error = test_take_error (peerup_quic_transport_dial (pair.transport[0], &pair.address[1],
                                                       peerup_private_key_get_peer_id (pair.identity[1]), NULL,
                                                       g_get_monotonic_time () + 200 * 1000));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (peerup_quic_transport_get_n_connections (pair.transport[1]), ==, 0);
}

/* The listener's gate is asked when the dialer has its connection already, which ends with the code
 * that says why. The dialer's own is asked before anybody gets it. */
static void
test_gate (void)
{
  g_auto (Pair) pair = { .gates = { FALSE, TRUE } };
  g_autoptr (GError) error = NULL;

  pair_init_at (&pair, "127.0.0.1");
  pair.connection[0] = test_take_object (pair_dial (&pair), &error);
  g_assert_no_error (error);
  wait_for (peerup_connection_is_closed (pair.connection[0]));
  g_assert_error (peerup_connection_get_error (pair.connection[0]), PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_null (pair.connection[1]);
  pair.gates[0] = TRUE;
  pair.gates[1] = FALSE;
  error = test_take_error (pair_dial (&pair));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
}

/* Who loses a race is given up at once. */
static void
test_discarded (void)
{
  g_auto (Pair) pair = { .refuses = TRUE };
  g_autoptr (DexFuture) race = NULL;

  pair_init_at (&pair, "127.0.0.1");
  race = dex_future_first (peerup_quic_transport_dial (pair.transport[0], &pair.address[1],
                                                       peerup_private_key_get_peer_id (pair.identity[1]), NULL,
                                                       g_get_monotonic_time () + (gint64) 3600 * G_USEC_PER_SEC),
                           dex_future_new_true (), NULL);
  g_assert_true (dex_future_is_resolved (race));
  wait_for (peerup_quic_transport_get_n_connections (pair.transport[0]) == 0);
}

/* A future that is only let go of says nothing: the dial goes on, and what it makes ends at once for want of
 * anybody who holds it. */
static void
test_dropped (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_at (&pair, "127.0.0.1");
  dex_unref (pair_dial (&pair));
  g_assert_cmpuint (peerup_quic_transport_get_n_connections (pair.transport[0]), ==, 1);
  wait_for (pair.n_released == 1);
  wait_for (peerup_quic_transport_get_n_connections (pair.transport[0]) == 0);
  wait_for (pair.connection[1] == NULL || peerup_connection_is_closed (pair.connection[1]));
}

/* Streams */

/* Each direction ends by itself. */
static void
test_half_close (void)
{
  g_auto (Pair) pair = { 0 };
  PeerupStream *streams[2];

  pair_connect (&pair);
  pair_open (&pair, streams);
  test_assert_blocks (streams[1]);
  test_assert_writes (streams[0], "question");
  peerup_stream_close_write (streams[0]);
  wait_readable (streams[1]);
  test_assert_reads (streams[1], "question");
  assert_eof (streams[1]);
  test_assert_blocks (streams[0]);
  test_assert_writes (streams[1], "answer");
  wait_readable (streams[0]);
  test_assert_reads (streams[0], "answer");
  peerup_stream_close_write (streams[1]);
  assert_eof (streams[0]);
  wait_for (peerup_connection_get_n_streams (pair.connection[0]) == 0);
  wait_for (peerup_connection_get_n_streams (pair.connection[1]) == 0);
  g_assert_cmpuint (peerup_stream_get_reset_code (streams[0]), ==, 0);
  drop_streams (streams);
}

/* Whoever is not read any more learns it, and is still heard. */
static void
test_close_read (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  PeerupStream *streams[2];
  gssize n;

  pair_connect (&pair);
  pair_open (&pair, streams);
  peerup_stream_close_read (streams[0]);
  do
    {
      g_clear_error (&error);
      n = peerup_stream_write (streams[1], "nobody reads this", 17, &error);
      g_main_context_iteration (NULL, n > 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
    }
  while (n > 0 || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  test_assert_writes (streams[0], "still here");
  wait_readable (streams[1]);
  test_assert_reads (streams[1], "still here");
  drop_streams (streams);
}

static void
test_reset (void)
{
  static const guint32 codes[] = { 0, PEERUP_STREAM_CODE_RESOURCE_LIMIT, PEERUP_STREAM_CODE_GATED, 0xffffffff };
  g_auto (Pair) pair = { 0 };

  pair_connect (&pair);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (codes); i++)
    {
      PeerupStream *streams[2];
      guint side = i % 2;

      pair_open (&pair, streams);
      test_assert_writes (streams[1 - side], "unread");
      peerup_stream_reset (streams[side], codes[i / 2]);
      g_assert_cmphex (peerup_stream_get_reset_code (streams[side]), ==, codes[i / 2]);
      test_assert_fails (streams[side], PEERUP_ERROR_RESET);
      wait_for ((peerup_stream_poll (streams[1 - side]) & G_IO_OUT) != 0 &&
                peerup_connection_get_n_streams (pair.connection[1 - side]) == 0);
      test_assert_fails (streams[1 - side], PEERUP_ERROR_RESET);
      g_assert_cmphex (peerup_stream_get_reset_code (streams[1 - side]), ==, codes[i / 2]);
      drop_streams (streams);
    }
  g_assert_false (peerup_connection_is_closed (pair.connection[0]));
}

/* The last reference of an open stream resets it. */
static void
test_drop (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  PeerupStream *streams[2];

  pair_connect (&pair);
  pair_open (&pair, streams);
  g_clear_object (&streams[0]);
  error = read_error (streams[1]);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  drop_streams (streams);
  wait_for (peerup_connection_get_n_streams (pair.connection[0]) == 0);
}

/* More than the peer takes at a time: opens wait for their turn, in order. */
static void
test_streams_max (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);

  pair_connect (&pair);
  for (guint i = 0; i < 20; i++)
    g_ptr_array_add (futures, peerup_connection_open_stream (pair.connection[0]));
  test_spin ();
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupStream *stream;

      g_assert_true (dex_future_is_pending (futures->pdata[0]) == FALSE);
      if (i < 12)
        g_assert_true (dex_future_is_pending (futures->pdata[8]));
      stream = test_take_object (g_ptr_array_steal_index (futures, 0), &error);
      g_assert_no_error (error);
      test_assert_writes (stream, "hello");
      peerup_stream_close (stream);
      g_object_unref (stream);
      wait_for (pair.accepted->len > i);
      peerup_stream_close (pair.accepted->pdata[i]);
      if (i < 12)
        wait_for (!dex_future_is_pending (futures->pdata[7]));
    }
}

/* Who does not read stops the writer, and goes on where it was. */
typedef struct
{
  PeerupStream *stream;
  gsize at;
} Mover;

static DexFuture *
write_fiber (gpointer data)
{
  Mover *self = data;
  g_autofree guint8 *bytes = g_malloc (LENGTH);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < LENGTH; i++)
    bytes[i] = test_pattern (i);
  g_assert_true (peerup_stream_await_write_all (self->stream, bytes, LENGTH, test_deadline (), &error));
  g_assert_no_error (error);
  peerup_stream_close_write (self->stream);
  return NULL;
}

static DexFuture *
read_fiber (gpointer data)
{
  Mover *self = data;
  g_autoptr (GError) error = NULL;
  guint8 bytes[8192];
  gssize n;

  while ((n = peerup_stream_await_read (self->stream, bytes, sizeof bytes, test_deadline (), &error)) > 0)
    for (gssize i = 0; i < n; i++, self->at++)
      g_assert_cmpuint (bytes[i], ==, test_pattern (self->at));
  g_assert_no_error (error);
  return NULL;
}

static void
test_back_pressure (void)
{
  g_auto (Pair) pair = { 0 };
  PeerupStream *streams[2];
  Mover writer = { 0 }, reader = { 0 };
  DexFuture *written;

  pair_connect (&pair);
  pair_open (&pair, streams);
  writer.stream = streams[0];
  reader.stream = streams[1];
  written = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_fiber, &writer, NULL);
  for (guint i = 0; i < 50; i++)
    {
      dex_unref (test_finish (dex_timeout_new_msec (2)));
      g_assert_true (dex_future_is_pending (written));
    }
  test_run_fiber (read_fiber, &reader);
  dex_unref (test_finish (written));
  g_assert_cmpuint (reader.at, ==, LENGTH);
  drop_streams (streams);
}

/* The GIO face */

typedef struct
{
  gboolean done;
  gssize n;
  GError *error;
} Result;

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *self = data;
  gsize n;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, &n, &self->error);
  self->n = n;
  self->done = TRUE;
}

static void
on_spliced (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *self = data;

  self->n = g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &self->error);
  self->done = TRUE;
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer data)
{
  Result *self = data;

  g_io_stream_close_finish (G_IO_STREAM (source), result, &self->error);
  self->done = TRUE;
}

/* A whole transfer by GIO's own helpers, which know nothing of QUIC. */
static void
test_gio (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *bytes = g_malloc (LENGTH);
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  Result written = { 0 }, spliced = { 0 }, closed[2] = { 0 };
  PeerupStream *streams[2];

  for (gsize i = 0; i < LENGTH; i++)
    bytes[i] = test_pattern (i);
  pair_connect (&pair);
  pair_open (&pair, streams);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (streams[0])), bytes, LENGTH, 0, NULL,
                                   on_written, &written);
  g_output_stream_splice_async (memory, g_io_stream_get_input_stream (G_IO_STREAM (streams[1])),
                                G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, 0, NULL, on_spliced, &spliced);
  wait_for (written.done);
  g_assert_no_error (written.error);
  g_assert_cmpint (written.n, ==, LENGTH);
  g_assert_false (spliced.done);
  g_io_stream_close_async (G_IO_STREAM (streams[0]), 0, NULL, on_closed, &closed[0]);
  wait_for (spliced.done && closed[0].done);
  g_assert_no_error (spliced.error);
  g_assert_no_error (closed[0].error);
  g_assert_cmpmem (g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (memory)), spliced.n, bytes, LENGTH);
  g_io_stream_close_async (G_IO_STREAM (streams[1]), 0, NULL, on_closed, &closed[1]);
  wait_for (closed[1].done);
  g_assert_no_error (closed[1].error);
  drop_streams (streams);
  wait_for (peerup_connection_get_n_streams (pair.connection[0]) == 0);
}

/* STUN on the same port (RFC 9443) */

static void
on_stun (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  GByteArray *got = data;

  g_byte_array_append (got, datagrams->data, datagrams->length);
}

static GSocket *
new_plain_socket (const PeerupSocketAddress *to)
{
  g_autoptr (GError) error = NULL;
  GSocket *plain = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_autoptr (GSocketAddress) address = g_socket_address_new_from_native ((gpointer) &to->any, sizeof to->ip4);

  g_assert_no_error (error);
  g_assert_true (g_socket_connect (plain, address, NULL, &error));
  return plain;
}

/* STUN goes to whoever asked, in the middle of a transfer; what is neither of both goes nowhere. */
static void
test_stun (void)
{
  static const guint8 request[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3 };
  static const guint8 others[] = { 4, 19, 20, 63 };
  g_auto (Pair) pair = { 0 };
  g_autoptr (GByteArray) got = g_byte_array_new ();
  g_autoptr (GSocket) plain = NULL;
  PeerupStream *streams[2];
  Mover writer = { 0 }, reader = { 0 };
  PeerupUdpFigures figures;
  DexFuture *written;

  pair_connect (&pair);
  plain = new_plain_socket (&pair.address[1]);
  peerup_udp_socket_set_stun_func (peerup_quic_transport_get_socket (pair.transport[1]), on_stun, got);
  pair_open (&pair, streams);
  writer.stream = streams[0];
  reader.stream = streams[1];
  written = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_fiber, &writer, NULL);
  for (guint i = 0; i < 10; i++)
    {
      guint8 bytes[100] = { others[i % G_N_ELEMENTS (others)] };

      g_socket_send (plain, (const char *) request, sizeof request, NULL, NULL);
      g_socket_send (plain, (const char *) bytes, sizeof bytes, NULL, NULL);
      /* Nor does what looks like QUIC and is not disturb it. */
      bytes[0] = 0x40 + i;
      g_socket_send (plain, (const char *) bytes, sizeof bytes, NULL, NULL);
      test_spin ();
    }
  test_run_fiber (read_fiber, &reader);
  dex_unref (test_finish (written));
  wait_for (got->len >= 10 * sizeof request);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpmem (got->data + i * sizeof request, sizeof request, request, sizeof request);
  g_assert_cmpuint (reader.at, ==, LENGTH);
  peerup_udp_socket_get_figures (peerup_quic_transport_get_socket (pair.transport[1]), &figures);
  g_assert_cmpuint (figures.unknown, ==, 10);
  /* Nobody asks any more. */
  peerup_udp_socket_set_stun_func (peerup_quic_transport_get_socket (pair.transport[1]), NULL, NULL);
  g_socket_send (plain, (const char *) request, sizeof request, NULL, NULL);
  do
    {
      g_main_context_iteration (NULL, FALSE);
      peerup_udp_socket_get_figures (peerup_quic_transport_get_socket (pair.transport[1]), &figures);
    }
  while (figures.unknown < 11);
  g_assert_cmpuint (got->len, ==, 10 * sizeof request);
  drop_streams (streams);
}

/* Ends */

/* Both sides' streams, opens and pings end with the connection, and say why. */
static void
test_close (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) ours = NULL, theirs = NULL;
  PeerupStream *streams[2];

  pair_connect (&pair);
  pair_open (&pair, streams);
  /* More than the peer allows, so that some wait. */
  for (guint i = 0; i < 10; i++)
    g_ptr_array_add (futures, peerup_connection_open_stream (pair.connection[0]));
  g_ptr_array_add (futures, peerup_connection_ping (pair.connection[0]));
  peerup_connection_close (pair.connection[0], PEERUP_CONNECTION_CODE_GARBAGE_COLLECTED);
  g_assert_true (peerup_connection_is_closed (pair.connection[0]));
  ours = read_error (streams[0]);
  g_assert_error (ours, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  for (guint i = 7; i < futures->len; i++)
    {
      g_autoptr (GError) error = test_take_error (dex_ref (futures->pdata[i]));

      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
    }
  theirs = read_error (streams[1]);
  wait_for (peerup_connection_is_closed (pair.connection[1]));
  g_assert_error (theirs, peerup_connection_get_error (pair.connection[1])->domain,
                  peerup_connection_get_error (pair.connection[1])->code);
  g_assert_cmpstr (theirs->message, ==, peerup_connection_get_error (pair.connection[1])->message);
  g_ptr_array_set_size (futures, 0);
  drop_streams (streams);
}

/* Retired: no new streams, and the end with the last one. */
static void
test_retire (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  PeerupStream *streams[2];

  pair_connect (&pair);
  pair_open (&pair, streams);
  peerup_connection_retire (pair.connection[0], PEERUP_CONNECTION_CODE_SUPPLANTED);
  error = test_take_error (peerup_connection_open_stream (pair.connection[0]));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  test_assert_writes (streams[1], "still here");
  wait_readable (streams[0]);
  test_assert_reads (streams[0], "still here");
  g_assert_false (peerup_connection_is_closed (pair.connection[0]));
  peerup_stream_close_write (streams[0]);
  peerup_stream_close_write (streams[1]);
  wait_for (peerup_connection_is_closed (pair.connection[0]) && peerup_connection_is_closed (pair.connection[1]));
  drop_streams (streams);
}

static void
test_ping (void)
{
  g_auto (Pair) pair = { 0 };

  pair_connect (&pair);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (DexFuture) ping = test_finish (peerup_connection_ping (pair.connection[i]));
      const GValue *value = dex_future_get_value (ping, &error);

      g_assert_no_error (error);
      g_assert_cmpint (g_value_get_int64 (value), >, 0);
    }
}

/* Teardown */

/* Everything is dropped after so many steps of an ordinary life. */
static void
live (Pair *pair, guint steps, PeerupStream *streams[2])
{
  g_autoptr (DexFuture) future = NULL;

  pair_init_at (pair, "127.0.0.1");
  if (steps < 1)
    return;
  future = pair_dial (pair);
  if (steps < 2)
    return;
  for (guint i = 2; i < MIN (steps, 10); i++)
    g_main_context_iteration (NULL, FALSE);
  if (steps < 10)
    return;
  pair->connection[0] = test_take_object (g_steal_pointer (&future), NULL);
  g_assert_nonnull (pair->connection[0]);
  if (steps < 11)
    return;
  wait_for (pair->connection[1] != NULL);
  if (steps < 12)
    return;
  pair_open (pair, streams);
  if (steps < 13)
    return;
  test_assert_writes (streams[1], "unsent");
  if (steps < 14)
    return;
  g_main_context_iteration (NULL, FALSE);
  test_assert_writes (streams[0], "unread");
  wait_readable (streams[1]);
  if (steps < 15)
    return;
  future =
    steps < 16 ? peerup_connection_open_stream (pair->connection[0]) : peerup_connection_ping (pair->connection[0]);
  if (steps < 17)
    return;
  peerup_stream_close_write (streams[0]);
  if (steps < 18)
    return;
  peerup_connection_close (pair->connection[steps % 2], 0);
}

static void
test_teardown (void)
{
  for (guint steps = 0; steps < 20; steps++)
    for (guint order = 0; order < 3; order++)
      {
        g_auto (Pair) pair = { 0 };
        PeerupStream *streams[2] = { NULL };

        live (&pair, steps, streams);
        /* The streams first, or the transports, or nobody bids goodbye. */
        if (order == 0)
          drop_streams (streams);
        for (guint i = 0; order == 1 && i < 2; i++)
          peerup_quic_transport_close (pair.transport[i], 0);
        if (order == 2)
          g_clear_object (&pair.connection[0]);
        drop_streams (streams);
      }
}

/* A transport that goes takes its connections with it; who holds one sees it closed. */
static void
test_transport_goes (void)
{
  g_auto (Pair) pair = { 0 };
  PeerupStream *streams[2];

  pair_connect (&pair);
  pair_open (&pair, streams);
  g_clear_object (&pair.transport[0]);
  g_assert_true (peerup_connection_is_closed (pair.connection[0]));
  test_assert_fails (streams[0], PEERUP_ERROR_CLOSED);
  wait_for (peerup_connection_is_closed (pair.connection[1]));
  drop_streams (streams);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/quic-transport/connect/ip4", "127.0.0.1", test_connect);
  g_test_add_data_func ("/quic-transport/connect/ip6", "::1", test_connect);
  g_test_add_func ("/quic-transport/wrong-peer", test_wrong_peer);
  g_test_add_func ("/quic-transport/nobody", test_nobody);
  g_test_add_func ("/quic-transport/not-admitted", test_not_admitted);
  g_test_add_func ("/quic-transport/discarded", test_discarded);
  g_test_add_func ("/quic-transport/dropped", test_dropped);
  g_test_add_func ("/quic-transport/gate", test_gate);
  g_test_add_func ("/quic-transport/half-close", test_half_close);
  g_test_add_func ("/quic-transport/close-read", test_close_read);
  g_test_add_func ("/quic-transport/reset", test_reset);
  g_test_add_func ("/quic-transport/drop", test_drop);
  g_test_add_func ("/quic-transport/streams-max", test_streams_max);
  g_test_add_func ("/quic-transport/back-pressure", test_back_pressure);
  g_test_add_func ("/quic-transport/gio", test_gio);
  g_test_add_func ("/quic-transport/stun", test_stun);
  g_test_add_func ("/quic-transport/close", test_close);
  g_test_add_func ("/quic-transport/retire", test_retire);
  g_test_add_func ("/quic-transport/ping", test_ping);
  g_test_add_func ("/quic-transport/teardown", test_teardown);
  g_test_add_func ("/quic-transport/transport-goes", test_transport_goes);
  return g_test_run ();
}
