/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* libp2p's ping, both sides. The server is a fiber for each stream, at most two for each
 * peer, and counts them in a table that goes with the handler. The client holds one
 * stream at a time. Neither waits for a peer without a deadline. */

#include "protocols/peerup-ping.h"
#include "transport/peerup-fiber.h"

#include <string.h>

/* The server. */

typedef struct
{
  GHashTable *n_streams; /* of a PeerupPeerId, as GUINT_TO_POINTER; none is no entry */
} PingServer;

typedef struct
{
  PingServer *server; /* an atomic rc box */
  PeerupPeerId *peer;
  PeerupStream *stream;
} PingSession;

static void
ping_server_clear (gpointer data)
{
  g_hash_table_unref (((PingServer *) data)->n_streams);
}

static void
ping_server_unref (gpointer data)
{
  g_rc_box_release_full (data, ping_server_clear);
}

static gboolean
ping_server_enter (PingServer *self, PeerupPeerId *peer)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_streams, peer));

  if (n >= PEERUP_PING_STREAMS_MAX)
    return FALSE;
  g_hash_table_insert (self->n_streams, peerup_peer_id_ref (peer), GUINT_TO_POINTER (n + 1));
  return TRUE;
}

static void
ping_server_leave (PingServer *self, PeerupPeerId *peer)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->n_streams, peer));

  g_assert (n > 0);
  if (n > 1)
    g_hash_table_insert (self->n_streams, peerup_peer_id_ref (peer), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->n_streams, peer);
}

static void
ping_session_free (gpointer data)
{
  PingSession *session = data;

  ping_server_leave (session->server, session->peer);
  ping_server_unref (session->server);
  peerup_peer_id_unref (session->peer);
  g_object_unref (session->stream);
  g_free (session);
}

static gboolean
ping_echo_one (PeerupStream *stream, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_PING_IDLE_TIMEOUT;
  guint8 block[PEERUP_PING_SIZE];

  return peerup_stream_await_read_exact (stream, block, sizeof block, deadline, error) &&
         peerup_stream_await_write_all (stream, block, sizeof block, deadline, error);
}

/* An end of the stream and a silence are answered by an end; the rest of what can go
 * wrong has ended the stream already. */
static DexFuture *
ping_echo_fiber (gpointer data)
{
  PingSession *session = data;

  while (ping_echo_one (session->stream, NULL))
    continue;
  peerup_stream_close (session->stream);
  return dex_future_new_true ();
}

static void
on_ping_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  PingServer *server = data;
  PingSession *session;

  if (!ping_server_enter (server, peer))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }
  session = g_new0 (PingSession, 1);
  session->server = g_rc_box_acquire (server);
  session->peer = peerup_peer_id_ref (peer);
  session->stream = stream;
  /* Let go: it ends with its stream, which the peer or ten silent seconds end. */
  dex_future_disown (peerup_fiber_run (ping_echo_fiber, session, ping_session_free));
}

void
peerup_ping_serve (PeerupSwarm *swarm)
{
  PingServer *server;

  g_return_if_fail (PEERUP_IS_SWARM (swarm));

  server = g_rc_box_new0 (PingServer);
  server->n_streams =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  peerup_swarm_add_protocol (swarm, PEERUP_PING_PROTOCOL, on_ping_stream, server, ping_server_unref);
}

/* The client. */

struct _PeerupPinger
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupStream *stream; /* NULL before the first block and after a failure */
  gboolean pinging;
};

typedef struct
{
  PeerupPinger *self;
  gint64 deadline;
} Ping;

G_DEFINE_FINAL_TYPE (PeerupPinger, peerup_pinger, G_TYPE_OBJECT)

static void
ping_free (gpointer data)
{
  Ping *ping = data;

  g_object_unref (ping->self);
  g_free (ping);
}

static gboolean
pinger_open (PeerupPinger *self, gint64 deadline, GError **error)
{
  static const char *const protocols[] = { PEERUP_PING_PROTOCOL, NULL };

  self->stream = dex_await_object (peerup_swarm_open_stream (self->swarm, self->peer, protocols, deadline), error);
  return self->stream != NULL;
}

/* The round trip in microseconds, or -1 and no stream any more. */
static gint64
pinger_exchange (PeerupPinger *self, gint64 deadline, GError **error)
{
  guint32 sent[PEERUP_PING_SIZE / sizeof (guint32)];
  guint32 received[G_N_ELEMENTS (sent)];
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < G_N_ELEMENTS (sent); i++)
    sent[i] = g_random_int ();
  if (peerup_stream_await_write_all (self->stream, sent, sizeof sent, deadline, error) &&
      peerup_stream_await_read_exact (self->stream, received, sizeof received, deadline, error))
    {
      if (memcmp (sent, received, sizeof sent) == 0)
        return g_get_monotonic_time () - start;
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer answered a ping with other bytes");
    }
  peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
  g_clear_object (&self->stream);
  return -1;
}

static gboolean
was_closed (const GError *error)
{
  return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
}

static DexFuture *
ping_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;
  Ping *ping = data;
  PeerupPinger *self = ping->self;
  gboolean used = self->stream != NULL;
  gint64 rtt = -1;

  if (used || pinger_open (self, ping->deadline, &error))
    rtt = pinger_exchange (self, ping->deadline, &error);
  /* A stream that was left alone has been closed by the peer. */
  if (rtt < 0 && used && was_closed (error))
    {
      g_clear_error (&error);
      if (pinger_open (self, ping->deadline, &error))
        rtt = pinger_exchange (self, ping->deadline, &error);
    }
  self->pinging = FALSE;
  return rtt >= 0 ? dex_future_new_for_int64 (rtt) : dex_future_new_for_error (g_steal_pointer (&error));
}

DexFuture *
peerup_pinger_ping (PeerupPinger *self, gint64 deadline)
{
  Ping *ping;

  g_return_val_if_fail (PEERUP_IS_PINGER (self), NULL);

  if (self->pinging)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "A ping to this peer is under way");
  self->pinging = TRUE;
  ping = g_new0 (Ping, 1);
  ping->self = g_object_ref (self);
  ping->deadline = deadline;
  return peerup_fiber_spawn (ping_fiber, ping, ping_free);
}

PeerupConnection *
peerup_pinger_get_connection (PeerupPinger *self)
{
  g_return_val_if_fail (PEERUP_IS_PINGER (self), NULL);

  return self->stream != NULL ? peerup_stream_get_connection (self->stream) : NULL;
}

static void
peerup_pinger_dispose (GObject *object)
{
  PeerupPinger *self = PEERUP_PINGER (object);

  if (self->stream != NULL)
    peerup_stream_close (self->stream);
  g_clear_object (&self->stream);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  G_OBJECT_CLASS (peerup_pinger_parent_class)->dispose (object);
}

static void
peerup_pinger_class_init (PeerupPingerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_pinger_dispose;
}

static void
peerup_pinger_init (PeerupPinger *self)
{
}

PeerupPinger *
peerup_pinger_new (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  PeerupPinger *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (peer != NULL, NULL);

  self = g_object_new (PEERUP_TYPE_PINGER, NULL);
  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  return self;
}

DexFuture *
peerup_ping_once (PeerupSwarm *swarm, PeerupPeerId *peer, gint64 deadline)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (swarm, peer);

  return peerup_pinger_ping (pinger, deadline);
}
