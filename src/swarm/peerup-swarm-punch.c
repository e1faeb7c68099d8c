/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * QUIC on sockets that somebody else has made reach one peer through NATs. Each has a transport of its own, which
 * lives as long as the one connection on it: it dials that peer or waits for it, and takes nobody else. The socket is
 * bound to one address of this machine, so the connection cannot move: it ends when that address goes. */

#include <glib/gi18n-lib.h>
#include <linux/in6.h>
#include <unistd.h>

#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

/* Microseconds that the socket outlasts its connection, to say good-bye again to a peer that missed it. */
#define LINGER G_USEC_PER_SEC

typedef struct
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;   /* borrowed: it owns this; NULL once it was let go */
  PeerupLimits *limits; /* a handshake may end after that */
  PeerupQuicTransport *transport;
  PeerupPeerId *peer;
  PeerupSocketAddress remote;
  DexPromise *accepted;         /* to a PeerupConnection, of the side that waits */
  PeerupConnection *connection; /* borrowed: until it has closed */
  PeerupTimer linger;
} Punched;

static void
punched_unref (gpointer data)
{
  Punched *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  peerup_timer_clear (&self->linger);
  g_clear_object (&self->transport);
  peerup_limits_unref (self->limits);
  peerup_peer_id_unref (self->peer);
  dex_unref (self->accepted);
  g_free (self);
}

static void on_closed (PeerupConnection *connection, gpointer data);

/* Ends it for the swarm, whatever it had come to. */
static void
punched_let_go (gpointer data)
{
  Punched *self = data;

  self->swarm = NULL;
  peerup_timer_stop (&self->linger);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_func (self->connection, on_closed, self);
  self->connection = NULL;
  peerup_quic_transport_close (self->transport, PEERUP_CONNECTION_CODE_SHUTDOWN);
  if (dex_future_is_pending (DEX_FUTURE (self->accepted)))
    dex_promise_reject (self->accepted,
                        g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The socket was closed")));
  punched_unref (self);
}

static void
on_linger_over (gpointer data)
{
  Punched *self = data;

  if (self->swarm != NULL)
    g_ptr_array_remove (self->swarm->punched, self);
}

/* We are called from within the transport, which therefore cannot go yet. */
static void
on_closed (PeerupConnection *connection, gpointer data)
{
  Punched *self = data;

  g_signal_handlers_disconnect_by_func (connection, on_closed, self);
  self->connection = NULL;
  peerup_timer_set (&self->linger, g_get_monotonic_time () + LINGER);
}

/* Takes up the connection that it was all for. */
static gboolean
punched_adopt (Punched *self, PeerupConnection *connection, GError **error)
{
  if (!peerup_connection_is_closed (connection))
    {
      self->connection = connection;
      g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
      peerup_swarm_add_connection (self->swarm, connection);
    }
  if (!peerup_connection_is_closed (connection))
    return TRUE;
  g_propagate_error (error, g_error_copy (peerup_connection_get_error (connection)));
  return FALSE;
}

/* What the transport asks and tells */

static gboolean
on_gate (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  Punched *self = data;

  if (peerup_peer_id_equal (peer, self->peer))
    return peerup_swarm_gate_handshake (peer, address, outbound, self->swarm, error);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, _ ("%s came where only %s was expected"),
               peerup_peer_id_get_string (peer), peerup_peer_id_get_string (self->peer));
  return FALSE;
}

/* Only the host that the path leads to, from whatever port its NAT gives it. */
static gboolean
on_admit (const PeerupSocketAddress *remote, gpointer data)
{
  Punched *self = data;
  PeerupSocketAddress expected = self->remote;

  peerup_socket_address_set_port (&expected, peerup_socket_address_get_port (remote));
  return self->swarm != NULL && self->connection == NULL && peerup_socket_address_equal (remote, &expected) &&
         peerup_swarm_admit_handshake (self->swarm, peerup_socket_address_get_host_key (remote));
}

static void
on_release (const PeerupSocketAddress *remote, gpointer data)
{
  Punched *self = data;

  peerup_limits_end_handshake (self->limits, peerup_socket_address_get_host_key (remote));
}

static void
on_accept (PeerupQuicTransport *transport, PeerupConnection *connection, gpointer data)
{
  Punched *self = data;
  g_autoptr (GError) error = NULL;

  if (self->connection != NULL || !dex_future_is_pending (DEX_FUTURE (self->accepted)))
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
  else if (punched_adopt (self, connection, &error))
    dex_promise_resolve_object (self->accepted, g_object_ref (connection));
  else
    dex_promise_reject (self->accepted, g_steal_pointer (&error));
}

/* ICE may have bound it to an interface, which does not follow the routes. */
static void
undo_options (int fd, const PeerupSocketAddress *remote)
{
  guint32 none = 0;

  if (remote->any.sa_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_UNICAST_IF, &none, sizeof none);
  else
    setsockopt (fd, IPPROTO_IP, IP_UNICAST_IF, &none, sizeof none);
}

static PeerupQuicTransport *
punched_open (Punched *self, PeerupUdpSocket *socket, gboolean listening)
{
  const PeerupQuicTransportOptions options = {
    .certificate = self->swarm->certificate,
    .congestion = self->swarm->congestion,
    .listening = listening,
    .punched = TRUE,
    .gate = on_gate,
    .admit = on_admit,
    .release = on_release,
    .accept = on_accept,
    .data = self,
    /* Nobody else's address gets this far: that it is the peer's has been proved. */
    .retry_threshold = G_MAXUINT,
  };

  return peerup_quic_transport_new (socket, &options);
}

/* (transfer none): the swarm's. */
static Punched *
punched_new (PeerupSwarm *swarm, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer, gboolean listening,
             GError **error)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupUdpSocket *socket;
  Punched *self;

  undo_options (fd, remote);
  socket = peerup_udp_socket_new_for_fd (fd, error);
  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  self = g_new0 (Punched, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->swarm = swarm;
  self->limits = peerup_limits_ref (swarm->limits);
  self->peer = peerup_peer_id_ref (peer);
  self->remote = *remote;
  self->accepted = dex_promise_new ();
  peerup_timer_init (&self->linger, reactor, on_linger_over, self);
  self->transport = punched_open (self, socket, listening);
  g_ptr_array_add (swarm->punched, self);
  return self;
}

/* Making the connection */

typedef struct
{
  PeerupSwarm *swarm;
  Punched *punched;
  gboolean outbound;
  gint64 deadline;
} Making;

static void
making_free (gpointer data)
{
  Making *self = data;

  /* Given up, or come to nothing. */
  if (self->punched->swarm != NULL && self->punched->connection == NULL)
    g_ptr_array_remove (self->swarm->punched, self->punched);
  punched_unref (self->punched);
  g_object_unref (self->swarm);
  g_free (self);
}

static PeerupConnection *
making_dial (Making *self, GError **error)
{
  Punched *punched = self->punched;
  g_autoptr (PeerupConnection) connection = dex_await_object (
    peerup_quic_transport_dial (punched->transport, &punched->remote, punched->peer, NULL, self->deadline), error);

  if (connection == NULL)
    return NULL;
  if (punched->swarm != NULL)
    return punched_adopt (punched, connection, error) ? g_steal_pointer (&connection) : NULL;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("This side is closing"));
  return NULL;
}

static PeerupConnection *
making_wait (Making *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupConnection *connection = dex_await_object (dex_future_first (dex_ref (self->punched->accepted),
                                                                     dex_timeout_new_deadline (self->deadline), NULL),
                                                   &local);

  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("%s did not come on the path that was found"),
                 peerup_peer_id_get_string (self->punched->peer));
  else if (connection == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return connection;
}

static DexFuture *
making_fiber (gpointer data)
{
  Making *self = data;
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection = self->outbound ? making_dial (self, &error) : making_wait (self, &error);

  return connection != NULL ? dex_future_new_take_object (connection)
                            : dex_future_new_for_error (g_steal_pointer (&error));
}

static void
punched_hear_early (Punched *self, GPtrArray *early)
{
  for (guint i = 0; early != NULL && i < early->len; i++)
    {
      gsize length;
      PeerupDatagrams datagrams = { .remote = self->remote };

      datagrams.data = (guint8 *) g_bytes_get_data (early->pdata[i], &length);
      datagrams.length = datagrams.segment = length;
      peerup_quic_transport_hear (self->transport, &datagrams);
    }
}

static DexFuture *
swarm_make (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer, gboolean outbound,
            GPtrArray *early, gint64 deadline)
{
  g_autoptr (GError) error = NULL;
  Punched *punched;
  Making *making;

  g_return_val_if_fail (PEERUP_IS_SWARM (self) && remote != NULL && peer != NULL, NULL);
  if (self->closed)
    {
      close (fd);
      return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("This side is closing"));
    }
  punched = punched_new (self, fd, remote, peer, !outbound, &error);
  if (punched == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  punched_hear_early (punched, early);
  making = g_new0 (Making, 1);
  making->swarm = g_object_ref (self);
  making->punched = punched;
  g_atomic_ref_count_inc (&punched->ref_count);
  making->outbound = outbound;
  making->deadline = deadline;
  return peerup_fiber_spawn (making_fiber, making, making_free);
}

DexFuture *
peerup_swarm_dial_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                           gint64 deadline)
{
  return swarm_make (self, fd, remote, peer, TRUE, NULL, deadline);
}

DexFuture *
peerup_swarm_accept_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                             gint64 deadline)
{
  return swarm_make (self, fd, remote, peer, FALSE, NULL, deadline);
}

DexFuture *
peerup_swarm_accept_punched_early (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                                   GPtrArray *early, gint64 deadline)
{
  return swarm_make (self, fd, remote, peer, FALSE, early, deadline);
}

/* The swarm's */

GPtrArray *
peerup_swarm_punched_new (void)
{
  return g_ptr_array_new_with_free_func (punched_let_go);
}

void
peerup_swarm_check_punched (PeerupSwarm *self)
{
  for (guint i = 0; i < self->punched->len; i++)
    peerup_quic_transport_check_routes (((Punched *) self->punched->pdata[i])->transport);
}
