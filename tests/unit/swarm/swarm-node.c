/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "swarm-node.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void
on_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  ((Node *) data)->opened++;
}

static void
on_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  g_assert_true (peerup_connection_is_closed (connection));
  ((Node *) data)->closed++;
}

static void
on_refused (PeerupSwarm *swarm, PeerupPeerId *peer, const char *address, const char *reason, gpointer data)
{
  Node *self = data;

  self->refused++;
  g_free (self->refused_text);
  self->refused_text = g_strdup_printf ("%s %s %s", peerup_peer_id_get_string (peer), address, reason);
}

static DexFuture *
echo_fiber (gpointer data)
{
  guint8 bytes[4096];
  gssize n;

  while ((n = peerup_stream_await_read (data, bytes, sizeof bytes, test_deadline (), NULL)) > 0)
    if (!peerup_stream_await_write_all (data, bytes, n, test_deadline (), NULL))
      break;
  if (n == 0)
    peerup_stream_close (data);
  return dex_future_new_for_boolean (TRUE);
}

static void
on_echo (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  ((Node *) data)->n_echoes++;
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, echo_fiber, stream, g_object_unref));
}

static void
sink_readable (PeerupStream *stream, gpointer data)
{
  char bytes[1024];
  g_autoptr (GError) error = NULL;
  gssize n;

  while ((n = peerup_stream_read (stream, bytes, sizeof bytes, &error)) > 0)
    continue;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      peerup_stream_arm_read (stream, sink_readable, NULL);
      return;
    }
  peerup_stream_close (stream);
  g_object_unref (stream);
}

static void
on_sink (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_arm_read (stream, sink_readable, NULL);
}

static gboolean
gate (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  Node *self = data;

  if (outbound || self->deny == NULL || !peerup_peer_id_equal (peer, self->deny))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "not on the list");
  return FALSE;
}

void
node_listen (Node *self, const char *address)
{
  g_autoptr (PeerupMultiaddr) parsed = peerup_multiaddr_newf ("%s", address);
  g_autoptr (DexFuture) listening = test_finish (peerup_swarm_listen (self->swarm, parsed));

  g_assert_true (dex_future_is_resolved (listening));
}

void
node_init (Node *self, guint8 seed, NodeListens listens)
{
  guint8 bytes[32];
  g_autoptr (PeerupPrivateKey) identity = NULL;
  g_autoptr (GError) error = NULL;

  memset (bytes, seed, sizeof bytes);
  identity = peerup_private_key_new_from_seed (bytes, NULL);
  *self = (Node) { .swarm = peerup_swarm_new (identity, &error) };
  g_assert_no_error (error);
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_opened), self);
  g_signal_connect (self->swarm, "connection-closed", G_CALLBACK (on_closed), self);
  g_signal_connect (self->swarm, "refused", G_CALLBACK (on_refused), self);
  peerup_swarm_set_gate (self->swarm, gate, self, NULL);
  peerup_swarm_add_protocol (self->swarm, NODE_ECHO, on_echo, self, NULL);
  peerup_swarm_add_protocol (self->swarm, NODE_SINK, on_sink, self, NULL);
  if (listens & NODE_TCP)
    node_listen (self, "/ip4/127.0.0.1/tcp/0");
  if (listens & NODE_QUIC)
    node_listen (self, "/ip4/127.0.0.1/udp/0/quic-v1");
}

void
node_clear (Node *self)
{
  g_autoptr (DexFuture) closed = NULL;
  gpointer gone = self->swarm;
  gint64 start = g_get_monotonic_time ();

  if (self->swarm == NULL)
    return;
  closed = test_finish (peerup_swarm_close (self->swarm));
  g_assert_true (dex_future_is_resolved (closed));
  g_assert_cmpuint (self->opened, ==, self->closed);
  g_object_add_weak_pointer (G_OBJECT (self->swarm), &gone);
  g_object_unref (self->swarm);
  test_wait_gone (&gone);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 8 * G_USEC_PER_SEC);
  g_free (self->refused_text);
  *self = (Node) { NULL };
}

PeerupPeerId *
node_id (Node *self)
{
  return peerup_swarm_get_peer_id (self->swarm);
}

void
node_learn (Node *self, Node *other)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (other->swarm);

  peerup_swarm_add_addresses (self->swarm, node_id (other), addresses);
}

void
node_learn_address (Node *self, Node *other, const char *address)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", address));
  peerup_swarm_add_addresses (self->swarm, node_id (other), addresses);
}

guint
node_n_connections (Node *self, Node *other)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, node_id (other));

  return list->len;
}

void
node_wait_connections (Node *self, Node *other, guint n)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (node_n_connections (self, other) != n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

PeerupConnection *
node_connect (Node *self, Node *other)
{
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection = test_take_object (peerup_swarm_connect (self->swarm, node_id (other)), &error);

  g_assert_no_error (error);
  return connection;
}

static int
open_bound (int type, guint *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  *port = g_ntohs (address.sin_port);
  return fd;
}

int
open_black_hole (guint *port)
{
  int fd = open_bound (SOCK_STREAM, port);

  g_assert_cmpint (listen (fd, 16), ==, 0);
  return fd;
}

int
open_udp_black_hole (guint *port)
{
  return open_bound (SOCK_DGRAM, port);
}

guint
closed_port (void)
{
  guint port;

  close (open_bound (SOCK_STREAM, &port));
  return port;
}

guint
closed_udp_port (void)
{
  guint port;

  close (open_bound (SOCK_DGRAM, &port));
  return port;
}
