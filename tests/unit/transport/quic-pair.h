/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport-test.h"
#include "transport/peerup-quic-transport.h"

/* A dialer and a listener of QUIC on two sockets of the loopback interface. */

typedef struct
{
  PeerupPrivateKey *identity[2];
  PeerupCertificate *certificate[2];
  PeerupQuicTransport *transport[2]; /* of the dialer, of the listener */
  PeerupSocketAddress address[2];
  PeerupConnection *connection[2];
  GPtrArray *accepted; /* streams that came to the listener */
  guint n_admitted, n_released;
  gboolean refuses, gates[2];
} Pair;

/* Runs the main context until @condition holds. */
#define wait_for(condition)                                                \
  G_STMT_START                                                             \
  {                                                                        \
    guint wait_guard = g_timeout_add_seconds (60, test_out_of_time, NULL); \
    while (!(condition))                                                   \
      g_main_context_iteration (NULL, TRUE);                               \
    g_source_remove (wait_guard);                                          \
  }                                                                        \
  G_STMT_END

static inline void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (((Pair *) data)->accepted, g_object_ref (stream));
}

static inline void
on_accept (PeerupQuicTransport *transport, PeerupConnection *connection, gpointer data)
{
  Pair *self = data;

  g_set_object (&self->connection[1], connection);
  peerup_connection_set_stream_func (connection, on_stream, self);
}

static inline gboolean
on_gate (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  Pair *self = data;

  g_assert_true (peerup_peer_id_equal (peer, peerup_private_key_get_peer_id (self->identity[outbound ? 1 : 0])));
  if (!self->gates[outbound ? 0 : 1])
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "Not this one");
  return FALSE;
}

static inline gboolean
on_admit (const PeerupSocketAddress *remote, gpointer data)
{
  Pair *self = data;

  self->n_admitted += !self->refuses;
  return !self->refuses;
}

static inline void
on_release (const PeerupSocketAddress *remote, gpointer data)
{
  ((Pair *) data)->n_released++;
}

static inline void
pair_listen (Pair *self, guint i, const char *host)
{
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress address;
  PeerupUdpSocket *socket;
  PeerupQuicTransportOptions options = {
    .certificate = self->certificate[i],
    .listening = i == 1,
    .gate = on_gate,
    .admit = on_admit,
    .release = on_release,
    .accept = on_accept,
    .data = self,
    .retry_threshold = 10,
    .streams_max = 8,
  };

  g_assert_true (peerup_socket_address_set (&address, host, 0));
  socket = peerup_udp_socket_new (&address, &error);
  g_assert_no_error (error);
  peerup_udp_socket_get_address (socket, &self->address[i]);
  self->transport[i] = peerup_quic_transport_new (socket, &options);
}

static inline void
pair_init_at (Pair *self, const char *host)
{
  self->accepted = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < 2; i++)
    {
      self->identity[i] = peerup_private_key_generate (NULL);
      self->certificate[i] = peerup_certificate_new (self->identity[i], NULL);
      pair_listen (self, i, host);
    }
}

static inline DexFuture *
pair_dial (Pair *self)
{
  return peerup_quic_transport_dial (self->transport[0], &self->address[1],
                                     peerup_private_key_get_peer_id (self->identity[1]), NULL, test_deadline ());
}

static inline void
pair_connect (Pair *self)
{
  g_autoptr (GError) error = NULL;

  if (self->accepted == NULL)
    pair_init_at (self, "127.0.0.1");
  self->connection[0] = test_take_object (pair_dial (self), &error);
  g_assert_no_error (error);
  wait_for (self->connection[1] != NULL);
}

/* Drops what it holds and asserts that it is gone, connections and transports with it. */
static inline void
pair_clear (Pair *self)
{
  gpointer transport[2] = { NULL }, connection[2] = { NULL };

  for (guint i = 0; i < 2; i++)
    {
      g_set_weak_pointer (&transport[i], self->transport[i]);
      g_set_weak_pointer (&connection[i], self->connection[i]);
    }
  g_clear_pointer (&self->accepted, g_ptr_array_unref);
  g_clear_object (&self->connection[0]);
  g_clear_object (&self->connection[1]);
  test_spin ();
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&self->transport[i]);
      g_clear_pointer (&self->certificate[i], peerup_certificate_unref);
      g_clear_pointer (&self->identity[i], peerup_private_key_unref);
    }
  test_spin ();
  for (guint i = 0; i < 2; i++)
    {
      g_assert_null (transport[i]);
      g_assert_null (connection[i]);
    }
  g_assert_cmpuint (self->n_admitted, ==, self->n_released);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Both ends of a new stream, which has carried one byte. (transfer full) each. */
static inline void
pair_open (Pair *self, PeerupStream *streams[2])
{
  g_autoptr (GError) error = NULL;
  guint n = self->accepted->len;

  streams[0] = test_take_object (peerup_connection_open_stream (self->connection[0]), &error);
  g_assert_no_error (error);
  test_assert_writes (streams[0], "x");
  wait_for (self->accepted->len > n);
  streams[1] = g_ptr_array_steal_index (self->accepted, n);
  wait_for ((peerup_stream_poll (streams[1]) & G_IO_IN) != 0);
  test_assert_reads (streams[1], "x");
}
