/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Between the socket and the QUIC machine: datagrams in, batches out when a connection
 * has something to say and the socket has room, and a timer for each connection. Every
 * connection has a link here, from its first packet until the machine has forgotten it;
 * the PeerupConnection that others see exists from the end of the handshake on. */

#include "transport/peerup-quic-transport.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <unistd.h>

#include "transport/peerup-io-buffer.h"
#include "transport/peerup-quic-connection.h"
#include "transport/peerup-quic-stream.h"
#include "wire/peerup-error.h"

/* Batches that one connection sends before others have their turn: half a megabyte, well
 * within a dispatch. */
#define BATCHES_IN_TURN 8

G_STATIC_ASSERT (PEERUP_IO_BUFFER_SIZE >= 65535);

typedef struct
{
  PeerupQuicTransport *transport; /* borrowed: it owns this */
  PeerupQuicConn *conn;
  PeerupTask task;
  PeerupTimer timer;
  gint64 deadline;                  /* what the timer is set to */
  PeerupQuicConnection *connection; /* borrowed: it tells when it goes */
  GList link;

  /* Outbound, until it is answered. */
  DexPromise *promise;
  PeerupMultiaddr *address;
  gulong cancelled_id;
  gboolean is_cancelled;
  gboolean is_punching; /* whom the network calls unreachable may be reached a moment later */
} Link;

struct _PeerupQuicTransport
{
  GObject parent_instance;
  PeerupQuicTransportOptions options;
  PeerupUdpSocket *socket;
  PeerupReactor *reactor;
  PeerupQuic *quic;
  GQueue links;
};

G_DEFINE_FINAL_TYPE (PeerupQuicTransport, peerup_quic_transport, G_TYPE_OBJECT)

static void link_run (gpointer data);

static void
link_expire (gpointer data)
{
  Link *self = data;

  self->deadline = G_MAXINT64;
  peerup_quic_conn_expire (self->conn, g_get_monotonic_time ());
  /* Whatever came of it: there is another deadline, or none. */
  peerup_task_schedule (&self->task);
}

static Link *
link_new (PeerupQuicTransport *transport, PeerupQuicConn *conn)
{
  Link *self = g_new0 (Link, 1);

  self->transport = transport;
  self->conn = peerup_quic_conn_ref (conn);
  self->deadline = G_MAXINT64;
  peerup_task_init (&self->task, transport->reactor, link_run, self);
  peerup_timer_init (&self->timer, transport->reactor, link_expire, self);
  self->link.data = self;
  g_queue_push_tail_link (&transport->links, &self->link);
  peerup_quic_conn_set_user_data (conn, self);
  peerup_task_schedule (&self->task);
  return self;
}

/* The dial has an answer: nobody can cancel it any more. */
static DexPromise *
link_take_promise (Link *self)
{
  DexPromise *promise = g_steal_pointer (&self->promise);

  if (promise != NULL && self->cancelled_id != 0)
    g_signal_handler_disconnect (dex_promise_get_cancellable (promise), self->cancelled_id);
  self->cancelled_id = 0;
  return promise;
}

static void
link_reject (Link *self, const GError *error)
{
  DexPromise *promise = link_take_promise (self);

  if (promise == NULL)
    return;
  dex_promise_reject (promise, g_error_copy (error));
  dex_unref (promise);
}

static void
link_free (Link *self)
{
  PeerupQuicTransport *transport = self->transport;
  g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The QUIC socket was closed");

  link_reject (self, error);
  if (self->connection != NULL)
    peerup_quic_connection_set_gone_func (self->connection, NULL, NULL);
  peerup_quic_conn_set_user_data (self->conn, NULL);
  peerup_udp_socket_forget (self->transport->socket, &self->task);
  peerup_task_clear (&self->task);
  peerup_timer_clear (&self->timer);
  g_queue_unlink (&self->transport->links, &self->link);
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  peerup_quic_conn_unref (self->conn);
  g_free (self);
  if (transport->links.length == 0 && !transport->options.listening && transport->options.idle != NULL)
    transport->options.idle (transport, transport->options.data);
}

/* Sends what the connection has, as far as the socket takes it. */
static void
link_send (Link *self)
{
  PeerupUdpSocket *socket = self->transport->socket;
  guint8 *buffer;

  if (peerup_udp_socket_is_blocked (socket))
    {
      peerup_udp_socket_wait (socket, &self->task);
      return;
    }
  buffer = peerup_io_buffer_take ();
  for (guint i = 0; i < BATCHES_IN_TURN; i++)
    {
      PeerupDatagrams datagrams = { .data = buffer };

      if (!peerup_quic_conn_write (self->conn, &datagrams, PEERUP_UDP_BATCH_MAX, g_get_monotonic_time ()))
        {
          peerup_io_buffer_give (buffer);
          return;
        }
      peerup_udp_socket_send (socket, &datagrams);
      if (peerup_udp_socket_is_blocked (socket))
        break;
    }
  peerup_io_buffer_give (buffer);
  peerup_udp_socket_wait (socket, &self->task);
}

static void
link_set_timer (Link *self)
{
  gint64 deadline = peerup_quic_conn_get_deadline (self->conn);

  if (deadline == self->deadline)
    return;
  self->deadline = deadline;
  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static void
link_run (gpointer data)
{
  Link *self = data;

  if (self->is_cancelled)
    peerup_quic_conn_close (self->conn, PEERUP_CONNECTION_CODE_NONE, NULL, g_get_monotonic_time ());
  if (self->connection != NULL)
    peerup_quic_connection_received (self->connection);
  link_send (self);
  if (self->connection != NULL)
    peerup_quic_connection_note_life (self->connection);
  if (peerup_quic_conn_is_gone (self->conn))
    link_free (self);
  else
    link_set_timer (self);
}

static void
link_connection_gone (gpointer data)
{
  ((Link *) data)->connection = NULL;
}

/* What the machine tells */

static void
on_send (const PeerupDatagrams *datagrams, gpointer data)
{
  peerup_udp_socket_send (((PeerupQuicTransport *) data)->socket, datagrams);
}

static guint
on_get_mtu (const PeerupSocketAddress *remote, gpointer data)
{
  PeerupSocketAddress local;
  guint mtu;

  return peerup_udp_find_route (remote, &local, &mtu, NULL) ? mtu : 0;
}

static gboolean
on_admit (const PeerupSocketAddress *remote, gpointer data)
{
  PeerupQuicTransport *self = data;

  return self->options.admit == NULL || self->options.admit (remote, self->options.data);
}

static void
on_release (const PeerupSocketAddress *remote, gpointer data)
{
  PeerupQuicTransport *self = data;

  if (self->options.release != NULL)
    self->options.release (remote, self->options.data);
}

static gint64
on_get_wall_time (gpointer data)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
on_incoming (PeerupQuicConn *conn, gpointer data)
{
  link_new (data, conn);
}

static void
on_active (PeerupQuicConn *conn, gpointer user_data)
{
  Link *link = user_data;

  if (link != NULL)
    peerup_task_schedule (&link->task);
}

static gboolean
link_passes_gate (Link *self, GError **error)
{
  PeerupQuicTransport *transport = self->transport;
  const PeerupConnectionInfo *info = peerup_connection_get_info (PEERUP_CONNECTION (self->connection));

  return transport->options.gate == NULL || transport->options.gate (info->remote_peer, info->remote_address,
                                                                     info->outbound, transport->options.data, error);
}

static void
on_established (PeerupQuicConn *conn, gpointer user_data)
{
  Link *link = user_data;
  g_autoptr (PeerupQuicConnection) connection =
    peerup_quic_connection_new (conn, link->address, link->transport->options.punched);
  g_autoptr (GError) error = NULL;
  DexPromise *promise;

  link->connection = connection;
  peerup_quic_connection_set_gone_func (connection, link_connection_gone, link);
  if (!link_passes_gate (link, &error))
    {
      link_reject (link, error);
      peerup_quic_conn_close (conn, PEERUP_CONNECTION_CODE_GATED, error, g_get_monotonic_time ());
      return;
    }
  promise = link_take_promise (link);
  if (promise == NULL)
    link->transport->options.accept (link->transport, PEERUP_CONNECTION (connection), link->transport->options.data);
  else
    dex_promise_resolve_object (promise, g_object_ref (connection));
  dex_clear (&promise);
}

static void
on_closed (PeerupQuicConn *conn, const GError *error, gpointer user_data)
{
  Link *link = user_data;

  if (link == NULL)
    return;
  peerup_task_schedule (&link->task);
  link_reject (link, error);
  if (link->connection != NULL)
    peerup_quic_connection_closed (link->connection, error);
}

static void
on_opened (PeerupQuicConn *conn, PeerupQuicChannel *channel, gpointer user_data)
{
  Link *link = user_data;

  if (link->connection != NULL)
    peerup_quic_connection_opened (link->connection, channel);
  else
    peerup_quic_channel_reset (channel, PEERUP_STREAM_CODE_SHUTDOWN);
}

static void
on_openable (PeerupQuicConn *conn, gpointer user_data)
{
  Link *link = user_data;

  if (link->connection != NULL)
    peerup_quic_connection_openable (link->connection);
}

static void
on_drained (PeerupQuicConn *conn, gpointer user_data)
{
  Link *link = user_data;

  if (link->connection != NULL)
    peerup_quic_connection_drained (link->connection);
}

static void
on_moved (PeerupQuicConn *conn, gpointer user_data)
{
  Link *link = user_data;

  if (link->connection != NULL)
    peerup_quic_connection_moved (link->connection);
}

/* Before the connection is there nobody reads, and the first windows bound what comes. */
static gboolean
on_buffered (PeerupQuicConn *conn, gsize bytes, gpointer user_data)
{
  Link *link = user_data;

  return link->connection == NULL || peerup_connection_set_buffered (PEERUP_CONNECTION (link->connection), bytes);
}

static void
on_readable (PeerupQuicChannel *channel, gpointer user_data)
{
  peerup_quic_stream_readable (user_data);
}

static void
on_writable (PeerupQuicChannel *channel, gpointer user_data)
{
  peerup_quic_stream_writable (user_data);
}

static const PeerupQuicEvents events = {
  .send = on_send,
  .get_mtu = on_get_mtu,
  .admit = on_admit,
  .release = on_release,
  .get_wall_time = on_get_wall_time,
  .incoming = on_incoming,
  .active = on_active,
  .established = on_established,
  .closed = on_closed,
  .opened = on_opened,
  .openable = on_openable,
  .drained = on_drained,
  .moved = on_moved,
  .buffered = on_buffered,
  .readable = on_readable,
  .writable = on_writable,
};

/* What the socket tells */

static void
on_datagrams (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  PeerupQuicTransport *self = data;
  g_autoptr (PeerupQuicTransport) held = g_object_ref (self);

  peerup_quic_receive (self->quic, datagrams, now);
}

/* Whoever is dialing there and has heard nothing yet need not wait for the deadline. An
 * established connection takes no such word from the network (RFC 9000 21.7). */
static void
on_unreachable (PeerupUdpSocket *socket, const PeerupSocketAddress *remote, int code, gpointer data)
{
  PeerupQuicTransport *self = data;
  g_autoptr (PeerupQuicTransport) held = g_object_ref (self);
  g_autofree char *text = peerup_socket_address_to_string (remote);
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", text, g_strerror (code));
  GList *next;

  for (GList *l = self->links.head; l != NULL; l = next)
    {
      Link *link = l->data;
      PeerupSocketAddress local, of_link;

      next = l->next;
      peerup_quic_conn_get_path (link->conn, &local, &of_link);
      if (link->promise != NULL && !link->is_punching && peerup_socket_address_equal (remote, &of_link) &&
          !peerup_quic_conn_is_established (link->conn))
        peerup_quic_conn_close (link->conn, PEERUP_CONNECTION_CODE_NONE, error, g_get_monotonic_time ());
    }
}

/* Dialing */

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Link *link = data;

  link->is_cancelled = TRUE;
  peerup_task_schedule (&link->task);
}

/* The source address that the system would take, with our port; that of a bound socket. */
static gboolean
find_local_address (PeerupQuicTransport *self, const PeerupSocketAddress *remote, PeerupSocketAddress *local,
                    GError **error)
{
  PeerupSocketAddress bound;
  guint mtu;

  peerup_udp_socket_get_address (self->socket, &bound);
  if (bound.any.sa_family != remote->any.sa_family)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "This socket is of the other IP version");
      return FALSE;
    }
  if (!peerup_socket_address_is_wildcard (&bound))
    {
      *local = bound;
      return TRUE;
    }
  if (!peerup_udp_find_route (remote, local, &mtu, error))
    return FALSE;
  peerup_socket_address_set_port (local, peerup_socket_address_get_port (&bound));
  return TRUE;
}

static DexFuture *
transport_dial (PeerupQuicTransport *self, const PeerupSocketAddress *remote, PeerupPeerId *expected,
                PeerupMultiaddr *address, gboolean punching, gint64 deadline)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupQuicConn) conn = NULL;
  gint64 now = g_get_monotonic_time ();
  PeerupSocketAddress local;
  Link *link;

  if (self->quic == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The QUIC socket is closed");
  if (!find_local_address (self, remote, &local, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  conn = (punching ? peerup_quic_dial_punching : peerup_quic_dial) (self->quic, &local, remote, expected,
                                                                    deadline - now, now);
  link = link_new (self, conn);
  link->is_punching = punching;
  link->address = address != NULL ? peerup_multiaddr_ref (address) : NULL;
  link->promise = dex_promise_new_cancellable ();
  link->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (link->promise), "cancelled", G_CALLBACK (on_cancelled), link);
  return DEX_FUTURE (dex_ref (link->promise));
}

DexFuture *
peerup_quic_transport_dial (PeerupQuicTransport *self, const PeerupSocketAddress *remote, PeerupPeerId *expected,
                            PeerupMultiaddr *address, gint64 deadline)
{
  return transport_dial (self, remote, expected, address, FALSE, deadline);
}

DexFuture *
peerup_quic_transport_dial_punching (PeerupQuicTransport *self, const PeerupSocketAddress *remote,
                                     PeerupPeerId *expected, PeerupMultiaddr *address, gint64 deadline)
{
  return transport_dial (self, remote, expected, address, TRUE, deadline);
}

void
peerup_quic_transport_hear (PeerupQuicTransport *self, const PeerupDatagrams *datagrams)
{
  PeerupDatagrams heard = *datagrams;

  if (self->quic != NULL && datagrams->length > 0 && find_local_address (self, &datagrams->remote, &heard.local, NULL))
    peerup_quic_receive (self->quic, &heard, g_get_monotonic_time ());
}

/* Whether the system still has the address. */
static gboolean
is_own_address (const PeerupSocketAddress *address)
{
  PeerupSocketAddress probe = *address;
  int fd = socket (address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean result;

  peerup_socket_address_set_port (&probe, 0);
  result = fd >= 0 && bind (fd, &probe.any, peerup_socket_address_get_length (&probe)) == 0;
  if (fd >= 0)
    close (fd);
  return result;
}

/* Its address is gone for good. */
static void
link_strand (Link *self)
{
  g_autoptr (GError) error =
    g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                         "This machine's address has changed, and the connection could not move to the new one");

  peerup_quic_conn_close (self->conn, PEERUP_CONNECTION_CODE_NONE, error, g_get_monotonic_time ());
}

/* Where no way leads to the peer, the connection waits: the way may come back. Where one does and
 * the old address is gone, a connection that may not move is over: whoever needs it
 * connects anew at once, rather than when the silence has been noticed. */
static void
link_check_route (Link *self)
{
  PeerupSocketAddress local, remote, better;
  gboolean has_old;

  if (!peerup_quic_conn_is_outbound (self->conn) || !peerup_quic_conn_is_established (self->conn))
    return;
  peerup_quic_conn_get_path (self->conn, &local, &remote);
  if (!find_local_address (self->transport, &remote, &better, NULL) || peerup_socket_address_equal (&local, &better))
    return;
  has_old = is_own_address (&local);
  if (!peerup_quic_conn_migrate (self->conn, &better, has_old, g_get_monotonic_time ()) && !has_old)
    link_strand (self);
}

/* Where nothing can move: the socket is bound to one address, or NATs know it alone. */
static gboolean
transport_is_fixed (PeerupQuicTransport *self)
{
  PeerupSocketAddress bound;

  peerup_udp_socket_get_address (self->socket, &bound);
  return self->options.punched || !peerup_socket_address_is_wildcard (&bound);
}

static void
link_check_address (Link *self)
{
  PeerupSocketAddress local, remote;

  peerup_quic_conn_get_path (self->conn, &local, &remote);
  if (!is_own_address (&local))
    link_strand (self);
}

void
peerup_quic_transport_check_routes (PeerupQuicTransport *self)
{
  g_autoptr (PeerupQuicTransport) held = g_object_ref (self);
  GList *next;

  for (GList *l = self->links.head; l != NULL; l = next)
    {
      next = l->next;
      if (transport_is_fixed (self))
        link_check_address (l->data);
      else
        link_check_route (l->data);
    }
}

PeerupUdpSocket *
peerup_quic_transport_get_socket (PeerupQuicTransport *self)
{
  return self->socket;
}

void
peerup_quic_transport_set_listening (PeerupQuicTransport *self, gboolean listening)
{
  g_return_if_fail (!listening || self->options.accept != NULL);
  self->options.listening = listening;
  if (self->quic != NULL)
    peerup_quic_set_listening (self->quic, listening);
}

void
peerup_quic_transport_set_congestion (PeerupQuicTransport *self, PeerupQuicCongestion congestion)
{
  self->options.congestion = congestion;
  if (self->quic != NULL)
    peerup_quic_set_bbr (self->quic, congestion == PEERUP_QUIC_BBR);
}

guint
peerup_quic_transport_get_n_connections (PeerupQuicTransport *self)
{
  return self->links.length;
}

void
peerup_quic_transport_close (PeerupQuicTransport *self, guint32 code)
{
  g_autoptr (PeerupQuicTransport) held = g_object_ref (self);

  if (self->quic == NULL)
    return;
  self->options.idle = NULL;
  for (GList *l = self->links.head; l != NULL; l = l->next)
    peerup_quic_conn_close (((Link *) l->data)->conn, code, NULL, g_get_monotonic_time ());
  while (self->links.head != NULL)
    link_free (self->links.head->data);
  g_clear_pointer (&self->quic, peerup_quic_free);
  g_clear_pointer (&self->socket, peerup_udp_socket_free);
}

static void
peerup_quic_transport_dispose (GObject *object)
{
  PeerupQuicTransport *self = PEERUP_QUIC_TRANSPORT (object);

  peerup_quic_transport_close (self, PEERUP_CONNECTION_CODE_SHUTDOWN);
  g_clear_pointer (&self->reactor, peerup_reactor_unref);
  G_OBJECT_CLASS (peerup_quic_transport_parent_class)->dispose (object);
}

static void
peerup_quic_transport_class_init (PeerupQuicTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_quic_transport_dispose;
}

static void
peerup_quic_transport_init (PeerupQuicTransport *self)
{
  self->reactor = peerup_reactor_ref_default ();
}

PeerupQuicTransport *
peerup_quic_transport_new (PeerupUdpSocket *socket, const PeerupQuicTransportOptions *options)
{
  PeerupQuicTransport *self = g_object_new (PEERUP_TYPE_QUIC_TRANSPORT, NULL);
  PeerupQuicOptions quic = {
    .certificate = options->certificate,
    .bbr = options->congestion == PEERUP_QUIC_BBR,
    .listening = options->listening,
    .streams_max = options->streams_max,
    .retry_from = options->retry_threshold,
  };

  g_return_val_if_fail (!options->listening || options->accept != NULL, NULL);
  self->options = *options;
  self->socket = socket;
  if (options->secret != NULL)
    memcpy (quic.secret, options->secret, sizeof quic.secret);
  else if (gnutls_rnd (GNUTLS_RND_KEY, quic.secret, sizeof quic.secret) != 0)
    g_error ("No random numbers");
  self->quic = peerup_quic_new (&quic, &events, self);
  gnutls_memset (quic.secret, 0, sizeof quic.secret);
  self->options.certificate = NULL;
  self->options.secret = NULL;
  peerup_udp_socket_set_error_func (socket, on_unreachable, self);
  peerup_udp_socket_set_func (socket, on_datagrams, self);
  return self;
}
