/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The PeerupConnection face of one QUIC connection. It lives while it is held or a stream
 * of it is; dropped while open it closes the connection. Who is alive and when, and what is
 * sent, is the machine's business; the transport moves its datagrams. */

#include "transport/peerup-quic-connection.h"

#include "transport/peerup-quic-stream.h"
#include "wire/peerup-error.h"

/* Opens that wait for a place. */
#define OPENERS_MAX 1024
/* Milliseconds that a retired connection without streams stays: the peer may have opened one that is on its way. */
#define RETIRE_LINGER_MS 500

struct _PeerupQuicConnection
{
  PeerupConnection parent_instance;
  PeerupQuicConn *conn;
  GQueue openers;      /* of DexPromise: who wants a stream */
  GQueue pings;        /* of Ping */
  PeerupQuicLife life; /* as it was noted last */
  guint32 retire_code;
  gboolean retired;
  GSource *linger; /* nullable */
  void (*gone) (gpointer data);
  gpointer gone_data;
};

typedef struct
{
  DexPromise *promise;
  gint64 sent_at;
  guint64 n_received; /* packets, before it */
} Ping;

G_DEFINE_FINAL_TYPE (PeerupQuicConnection, peerup_quic_connection, PEERUP_TYPE_CONNECTION)

static void
ping_free (gpointer data)
{
  Ping *self = data;

  dex_unref (self->promise);
  g_free (self);
}

static void
reject_all (PeerupQuicConnection *self, const GError *error)
{
  DexPromise *promise;
  Ping *ping;

  while ((promise = g_queue_pop_head (&self->openers)) != NULL)
    {
      dex_promise_reject (promise, g_error_copy (error));
      dex_unref (promise);
    }
  while ((ping = g_queue_pop_head (&self->pings)) != NULL)
    {
      dex_promise_reject (ping->promise, g_error_copy (error));
      ping_free (ping);
    }
}

/* NULL with PEERUP_ERROR_LIMIT: not now. */
static PeerupStream *
quic_connection_try_open (PeerupQuicConnection *self, GError **error)
{
  PeerupQuicChannel *channel = peerup_quic_conn_open (self->conn, error);
  PeerupStream *stream;

  if (channel == NULL)
    return NULL;
  stream = peerup_quic_stream_new (PEERUP_CONNECTION (self), channel);
  peerup_quic_channel_unref (channel);
  return stream;
}

static DexFuture *
peerup_quic_connection_open_stream (PeerupConnection *connection)
{
  PeerupQuicConnection *self = PEERUP_QUIC_CONNECTION (connection);
  g_autoptr (GError) error = NULL;
  PeerupStream *stream;
  DexPromise *promise;

  if (self->retired)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection takes no new streams");
  stream = quic_connection_try_open (self, &error);
  if (stream != NULL)
    return dex_future_new_take_object (stream);
  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT) || self->openers.length >= OPENERS_MAX)
    return dex_future_new_for_error (g_steal_pointer (&error));
  promise = dex_promise_new ();
  g_queue_push_tail (&self->openers, dex_ref (promise));
  return DEX_FUTURE (promise);
}

void
peerup_quic_connection_openable (PeerupQuicConnection *self)
{
  while (self->openers.head != NULL)
    {
      PeerupStream *stream = quic_connection_try_open (self, NULL);
      DexPromise *promise;

      if (stream == NULL)
        return;
      promise = g_queue_pop_head (&self->openers);
      dex_promise_resolve_object (promise, stream);
      dex_unref (promise);
    }
}

void
peerup_quic_connection_opened (PeerupQuicConnection *self, PeerupQuicChannel *channel)
{
  peerup_connection_deliver_stream (PEERUP_CONNECTION (self),
                                    peerup_quic_stream_new (PEERUP_CONNECTION (self), channel));
}

static void
quic_connection_end (PeerupQuicConnection *self, guint32 code)
{
  peerup_quic_conn_close (self->conn, code, NULL, g_get_monotonic_time ());
}

static void
peerup_quic_connection_close (PeerupConnection *connection, guint32 code)
{
  g_autoptr (PeerupConnection) held = g_object_ref (connection);

  quic_connection_end (PEERUP_QUIC_CONNECTION (connection), code);
}

static void
peerup_quic_connection_abort (PeerupConnection *connection, const GError *error)
{
  g_autoptr (PeerupConnection) held = g_object_ref (connection);

  peerup_quic_conn_close (PEERUP_QUIC_CONNECTION (connection)->conn, PEERUP_CONNECTION_CODE_NONE, error,
                          g_get_monotonic_time ());
}

static gboolean
on_lingered (gpointer data)
{
  PeerupQuicConnection *self = data;

  g_clear_pointer (&self->linger, g_source_unref);
  if (peerup_quic_conn_get_n_channels (self->conn) == 0)
    peerup_quic_connection_close (PEERUP_CONNECTION (self), self->retire_code);
  return G_SOURCE_REMOVE;
}

static void
quic_connection_linger (PeerupQuicConnection *self)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  if (self->linger != NULL || peerup_connection_is_closed (PEERUP_CONNECTION (self)))
    return;
  self->linger = g_timeout_source_new (RETIRE_LINGER_MS);
  g_source_set_static_name (self->linger, "peerup-quic-retired");
  g_source_set_callback (self->linger, on_lingered, self, NULL);
  g_source_attach (self->linger, context);
}

static void
quic_connection_stop_lingering (PeerupQuicConnection *self)
{
  if (self->linger != NULL)
    g_source_destroy (self->linger);
  g_clear_pointer (&self->linger, g_source_unref);
}

/* QUIC itself has no way to tell the peer that it shall open no more streams. Both sides
 * prefer the same connection of several, so it stays without any. */
static void
peerup_quic_connection_retire (PeerupConnection *connection, guint32 code)
{
  PeerupQuicConnection *self = PEERUP_QUIC_CONNECTION (connection);

  self->retired = TRUE;
  self->retire_code = code;
  peerup_quic_conn_set_keep_alive (self->conn, FALSE);
  if (peerup_quic_conn_get_n_channels (self->conn) == 0)
    quic_connection_linger (self);
}

void
peerup_quic_connection_drained (PeerupQuicConnection *self)
{
  if (self->retired)
    quic_connection_linger (self);
}

GError *
peerup_quic_connection_explain (PeerupQuicConnection *self, const GError *error)
{
  PeerupConnection *connection = PEERUP_CONNECTION (self);
  guint64 code = peerup_quic_conn_get_remote_code (self->conn);

  if (code <= G_MAXUINT32)
    return peerup_connection_error_for_code (connection, code);
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s does not answer any more",
                        peerup_peer_id_get_string (peerup_connection_get_remote_peer (connection)));
  return g_error_copy (error);
}

void
peerup_quic_connection_closed (PeerupQuicConnection *self, const GError *error)
{
  g_autoptr (PeerupQuicConnection) held = g_object_ref (self);
  g_autoptr (GError) reason = peerup_quic_connection_explain (self, error);

  quic_connection_stop_lingering (self);
  reject_all (self, reason);
  peerup_connection_set_closed (PEERUP_CONNECTION (self), g_steal_pointer (&reason));
}

static PeerupMultiaddr *
quic_address (const PeerupSocketAddress *address)
{
  return peerup_socket_address_to_multiaddr (address, PEERUP_IP_QUIC);
}

void
peerup_quic_connection_moved (PeerupQuicConnection *self)
{
  PeerupSocketAddress local, remote;
  g_autoptr (PeerupMultiaddr) local_address = NULL;
  g_autoptr (PeerupMultiaddr) remote_address = NULL;

  peerup_quic_conn_get_path (self->conn, &local, &remote);
  local_address = quic_address (&local);
  remote_address = quic_address (&remote);
  peerup_connection_set_path (PEERUP_CONNECTION (self), local_address, remote_address);
}

static DexFuture *
peerup_quic_connection_ping (PeerupConnection *connection)
{
  PeerupQuicConnection *self = PEERUP_QUIC_CONNECTION (connection);
  PeerupQuicFigures figures;
  Ping *ping = g_new0 (Ping, 1);

  peerup_quic_conn_get_figures (self->conn, &figures);
  ping->promise = dex_promise_new ();
  ping->sent_at = g_get_monotonic_time ();
  ping->n_received = figures.packets_received;
  g_queue_push_tail (&self->pings, ping);
  peerup_quic_conn_probe (self->conn, ping->sent_at);
  return DEX_FUTURE (dex_ref (ping->promise));
}

void
peerup_quic_connection_note_life (PeerupQuicConnection *self)
{
  PeerupConnection *connection = PEERUP_CONNECTION (self);
  PeerupQuicLife life;

  peerup_quic_conn_get_life (self->conn, &life);
  if (life.heard_at > self->life.heard_at)
    peerup_connection_note_heard (connection, life.heard_at);
  if (life.answered_at > self->life.answered_at)
    peerup_connection_note_answered (connection, life.answered_at, life.owed_since != G_MAXINT64, life.owed_since);
  else if (life.owed_since != G_MAXINT64)
    peerup_connection_note_sent (connection, life.owed_since);
  else
    peerup_connection_note_settled (connection);
  self->life = life;
}

void
peerup_quic_connection_received (PeerupQuicConnection *self)
{
  PeerupQuicFigures figures;
  Ping *ping = g_queue_peek_head (&self->pings);

  if (ping == NULL)
    return;
  peerup_quic_conn_get_figures (self->conn, &figures);
  while (ping != NULL && figures.packets_received > ping->n_received)
    {
      g_queue_pop_head (&self->pings);
      dex_promise_resolve_int64 (ping->promise, g_get_monotonic_time () - ping->sent_at);
      ping_free (ping);
      ping = g_queue_peek_head (&self->pings);
    }
}

static guint
peerup_quic_connection_get_n_streams (PeerupConnection *connection)
{
  return peerup_quic_conn_get_n_channels (PEERUP_QUIC_CONNECTION (connection)->conn);
}

static gint64
peerup_quic_connection_get_rtt (PeerupConnection *connection)
{
  PeerupQuicFigures figures;

  peerup_quic_conn_get_figures (PEERUP_QUIC_CONNECTION (connection)->conn, &figures);
  return figures.rtt;
}

static void
peerup_quic_connection_get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  PeerupQuicFigures figures;

  peerup_quic_conn_get_figures (PEERUP_QUIC_CONNECTION (connection)->conn, &figures);
  *received = figures.bytes_received;
  *sent = figures.bytes_sent;
}

static void
peerup_quic_connection_get_figures (PeerupConnection *connection, PeerupConnectionFigures *figures)
{
  PeerupQuicFigures own;

  peerup_quic_conn_get_figures (PEERUP_QUIC_CONNECTION (connection)->conn, &own);
  figures->packets_sent = own.packets_sent;
  figures->packets_lost = own.packets_lost;
  figures->rtt_min = own.rtt_min;
  figures->rtt_variation = own.rtt_variation;
  figures->congestion_window = own.congestion_window;
  figures->bytes_in_flight = own.bytes_in_flight;
  figures->path_mtu = own.path_mtu;
}

static void
peerup_quic_connection_set_keep_alive (PeerupConnection *connection, gint64 interval)
{
  PeerupQuicConnection *self = PEERUP_QUIC_CONNECTION (connection);

  if (interval > 0)
    peerup_quic_conn_set_keep_alive_interval (self->conn, interval);
  peerup_quic_conn_set_keep_alive (self->conn, interval > 0 && !self->retired);
}

void
peerup_quic_connection_set_gone_func (PeerupQuicConnection *self, void (*func) (gpointer data), gpointer data)
{
  self->gone = func;
  self->gone_data = data;
}

static void
peerup_quic_connection_dispose (GObject *object)
{
  PeerupQuicConnection *self = PEERUP_QUIC_CONNECTION (object);
  g_autoptr (GError) error = NULL;

  if (self->gone != NULL)
    self->gone (self->gone_data);
  self->gone = NULL;
  if (self->conn != NULL)
    quic_connection_end (self, PEERUP_CONNECTION_CODE_NONE);
  error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection was dropped");
  reject_all (self, error);
  G_OBJECT_CLASS (peerup_quic_connection_parent_class)->dispose (object);
}

static void
peerup_quic_connection_finalize (GObject *object)
{
  quic_connection_stop_lingering (PEERUP_QUIC_CONNECTION (object));
  g_clear_pointer (&PEERUP_QUIC_CONNECTION (object)->conn, peerup_quic_conn_unref);
  G_OBJECT_CLASS (peerup_quic_connection_parent_class)->finalize (object);
}

static void
peerup_quic_connection_class_init (PeerupQuicConnectionClass *klass)
{
  PeerupConnectionClass *connection_class = PEERUP_CONNECTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_quic_connection_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_quic_connection_finalize;
  connection_class->open_stream = peerup_quic_connection_open_stream;
  connection_class->close = peerup_quic_connection_close;
  connection_class->retire = peerup_quic_connection_retire;
  connection_class->abort = peerup_quic_connection_abort;
  connection_class->set_keep_alive = peerup_quic_connection_set_keep_alive;
  connection_class->ping = peerup_quic_connection_ping;
  connection_class->get_n_streams = peerup_quic_connection_get_n_streams;
  connection_class->get_rtt = peerup_quic_connection_get_rtt;
  connection_class->get_bytes = peerup_quic_connection_get_bytes;
  connection_class->get_figures = peerup_quic_connection_get_figures;
}

static void
peerup_quic_connection_init (PeerupQuicConnection *self)
{
}

PeerupQuicConnection *
peerup_quic_connection_new (PeerupQuicConn *conn, PeerupMultiaddr *remote, gboolean punched)
{
  PeerupQuicConnection *self = g_object_new (PEERUP_TYPE_QUIC_CONNECTION, NULL);
  PeerupPublicKey *key = peerup_quic_conn_get_remote_key (conn);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_public_key (key);
  PeerupSocketAddress local_socket, remote_socket;
  g_autoptr (PeerupMultiaddr) local_address = NULL;
  g_autoptr (PeerupMultiaddr) remote_address = NULL;
  PeerupConnectionInfo info;

  peerup_quic_conn_get_path (conn, &local_socket, &remote_socket);
  local_address = quic_address (&local_socket);
  remote_address = remote != NULL ? peerup_multiaddr_ref (remote) : quic_address (&remote_socket);
  info = (PeerupConnectionInfo) {
    .remote_key = key,
    .remote_peer = peer,
    .local_address = local_address,
    .remote_address = remote_address,
    .transport = "quic-v1",
    .security = "/tls/1.0.0",
    .muxer = "/quic-v1",
    .outbound = peerup_quic_conn_is_outbound (conn),
    .punched = punched,
  };
  peerup_connection_init_info (PEERUP_CONNECTION (self), &info);
  self->conn = peerup_quic_conn_ref (conn);
  peerup_quic_conn_get_life (conn, &self->life);
  peerup_quic_conn_set_keep_alive (conn, TRUE);
  return self;
}
