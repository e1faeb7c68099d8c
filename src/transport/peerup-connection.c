/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is the same for every connection: the facts it was made with, the queue of
 * inbound streams until somebody takes them, the list of those that somebody holds,
 * and its one end. How bytes move, and how many, belongs to the subclasses. */

#include "transport/peerup-connection-private.h"

#include "wire/peerup-error.h"

typedef struct
{
  PeerupConnectionInfo info;
  gint64 opened_at;
  PeerupConnectionStreamFunc stream_func;
  gpointer stream_data;
  GQueue waiting; /* of PeerupStream, before stream_func is set */
  GQueue streams; /* of PeerupStream, borrowed: its own links */
  GError *error;  /* set once closed */
  DexPromise *closed;
  gboolean retired;
  gboolean silent;
  PeerupConnectionLife life;
  PeerupConnectionReserveFunc reserve; /* either both or none */
  PeerupConnectionReleaseFunc release;
  gpointer memory_data;
  gsize reserved;
} PeerupConnectionPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (PeerupConnection, peerup_connection, G_TYPE_OBJECT)

#define PRIVATE(self) ((PeerupConnectionPrivate *) peerup_connection_get_instance_private (self))

enum
{
  SIGNAL_CLOSED,
  SIGNAL_PATH_CHANGED,
  SIGNAL_SILENT_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

const PeerupConnectionInfo *
peerup_connection_get_info (PeerupConnection *self)
{
  return &PRIVATE (self)->info;
}

PeerupPeerId *
peerup_connection_get_remote_peer (PeerupConnection *self)
{
  return PRIVATE (self)->info.remote_peer;
}

gint64
peerup_connection_get_opened_at (PeerupConnection *self)
{
  return PRIVATE (self)->opened_at;
}

DexFuture *
peerup_connection_open_stream (PeerupConnection *self)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->error != NULL)
    return dex_future_new_for_error (g_error_copy (priv->error));
  return PEERUP_CONNECTION_GET_CLASS (self)->open_stream (self);
}

void
peerup_connection_close (PeerupConnection *self, guint32 code)
{
  if (PRIVATE (self)->error == NULL)
    PEERUP_CONNECTION_GET_CLASS (self)->close (self, code);
}

void
peerup_connection_abort (PeerupConnection *self, GError *error)
{
  PeerupConnectionClass *klass = PEERUP_CONNECTION_GET_CLASS (self);
  g_autoptr (GError) owned = error;

  if (PRIVATE (self)->error != NULL)
    return;
  if (klass->abort != NULL)
    klass->abort (self, error);
  else
    klass->close (self, PEERUP_CONNECTION_CODE_NONE);
}

void
peerup_connection_retire (PeerupConnection *self, guint32 code)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->error != NULL || priv->retired)
    return;
  priv->retired = TRUE;
  PEERUP_CONNECTION_GET_CLASS (self)->retire (self, code);
}

gboolean
peerup_connection_is_retired (PeerupConnection *self)
{
  return PRIVATE (self)->retired;
}

void
peerup_connection_set_silent (PeerupConnection *self, gboolean silent)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->silent == silent || priv->error != NULL)
    return;
  priv->silent = silent;
  g_object_notify (G_OBJECT (self), "silent");
  g_signal_emit (self, signals[SIGNAL_SILENT_CHANGED], 0);
}

gboolean
peerup_connection_is_silent (PeerupConnection *self)
{
  return PRIVATE (self)->silent;
}

DexFuture *
peerup_connection_ping (PeerupConnection *self)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->error != NULL)
    return dex_future_new_for_error (g_error_copy (priv->error));
  return PEERUP_CONNECTION_GET_CLASS (self)->ping (self);
}

void
peerup_connection_set_keep_alive (PeerupConnection *self, gint64 interval)
{
  PeerupConnectionClass *klass = PEERUP_CONNECTION_GET_CLASS (self);

  g_return_if_fail (interval >= 0);
  if (klass->set_keep_alive != NULL && PRIVATE (self)->error == NULL)
    klass->set_keep_alive (self, interval);
}

guint
peerup_connection_get_n_streams (PeerupConnection *self)
{
  return PEERUP_CONNECTION_GET_CLASS (self)->get_n_streams (self);
}

gint64
peerup_connection_get_rtt (PeerupConnection *self)
{
  return PEERUP_CONNECTION_GET_CLASS (self)->get_rtt (self);
}

void
peerup_connection_get_bytes (PeerupConnection *self, guint64 *received, guint64 *sent)
{
  PEERUP_CONNECTION_GET_CLASS (self)->get_bytes (self, received, sent);
}

void
peerup_connection_get_figures (PeerupConnection *self, PeerupConnectionFigures *figures)
{
  PeerupConnectionClass *klass = PEERUP_CONNECTION_GET_CLASS (self);

  *figures = (PeerupConnectionFigures) {
    .rtt = klass->get_rtt (self), .rtt_min = -1, .rtt_variation = -1, .acknowledged_ago = -1
  };
  klass->get_bytes (self, &figures->bytes_received, &figures->bytes_sent);
  if (klass->get_figures != NULL)
    klass->get_figures (self, figures);
}

GQueue *
peerup_connection_get_stream_queue (PeerupConnection *self)
{
  return &PRIVATE (self)->streams;
}

PeerupConnectionLife *
peerup_connection_get_life (PeerupConnection *self)
{
  return &PRIVATE (self)->life;
}

GPtrArray *
peerup_connection_dup_streams (PeerupConnection *self)
{
  GPtrArray *streams = g_ptr_array_new_with_free_func (g_object_unref);

  for (GList *link = PRIVATE (self)->streams.head; link != NULL; link = link->next)
    g_ptr_array_add (streams, g_object_ref (link->data));
  return streams;
}

/* Whether it is another one. */
static gboolean
replace_address (PeerupMultiaddr **place, PeerupMultiaddr *address)
{
  if (address == NULL || (*place != NULL && peerup_multiaddr_equal (*place, address)))
    return FALSE;
  peerup_multiaddr_ref (address);
  g_clear_pointer (place, peerup_multiaddr_unref);
  *place = address;
  return TRUE;
}

void
peerup_connection_set_path (PeerupConnection *self, PeerupMultiaddr *local, PeerupMultiaddr *remote)
{
  PeerupConnectionInfo *info = &PRIVATE (self)->info;

  if (replace_address (&info->local_address, local))
    g_object_notify (G_OBJECT (self), "local-address");
  if (replace_address (&info->remote_address, remote))
    g_object_notify (G_OBJECT (self), "remote-address");
  g_signal_emit (self, signals[SIGNAL_PATH_CHANGED], 0);
}

static void
reset_stream (gpointer data)
{
  peerup_stream_reset (data, PEERUP_STREAM_CODE_SHUTDOWN);
  g_object_unref (data);
}

void
peerup_connection_set_stream_func (PeerupConnection *self, PeerupConnectionStreamFunc func, gpointer data)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);
  PeerupStream *stream;

  priv->stream_func = func;
  priv->stream_data = data;
  while (func != NULL && (stream = g_queue_pop_head (&priv->waiting)) != NULL)
    {
      func (self, stream, data);
      g_object_unref (stream);
    }
  g_queue_clear_full (&priv->waiting, reset_stream);
}

static void
release_all (PeerupConnection *self)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->reserved > 0)
    priv->release (self, priv->reserved, priv->memory_data);
  priv->reserved = 0;
}

void
peerup_connection_set_memory_funcs (PeerupConnection *self, PeerupConnectionReserveFunc reserve,
                                    PeerupConnectionReleaseFunc release, gpointer data)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  g_assert ((reserve == NULL) == (release == NULL));
  release_all (self);
  priv->reserve = priv->error == NULL ? reserve : NULL;
  priv->release = release;
  priv->memory_data = data;
}

/* In steps, and one of them is kept while any is needed: streams fill and empty all the time. */
gboolean
peerup_connection_set_buffered (PeerupConnection *self, gsize bytes)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);
  gsize more = bytes > PEERUP_CONNECTION_FREE_BUFFER ? bytes - PEERUP_CONNECTION_FREE_BUFFER : 0;
  gsize wanted =
    more + (PEERUP_CONNECTION_BUFFER_STEP - more % PEERUP_CONNECTION_BUFFER_STEP) % PEERUP_CONNECTION_BUFFER_STEP;

  if (priv->reserve == NULL)
    return TRUE;
  if (wanted > priv->reserved && !priv->reserve (self, wanted - priv->reserved, priv->memory_data))
    return FALSE;
  if (wanted > 0 && wanted + PEERUP_CONNECTION_BUFFER_STEP == priv->reserved)
    return TRUE;
  if (wanted < priv->reserved)
    priv->release (self, priv->reserved - wanted, priv->memory_data);
  priv->reserved = wanted;
  return TRUE;
}

gboolean
peerup_connection_is_closed (PeerupConnection *self)
{
  return PRIVATE (self)->error != NULL;
}

const GError *
peerup_connection_get_error (PeerupConnection *self)
{
  return PRIVATE (self)->error;
}

DexFuture *
peerup_connection_wait_closed (PeerupConnection *self)
{
  return DEX_FUTURE (dex_ref (PRIVATE (self)->closed));
}

void
peerup_connection_init_info (PeerupConnection *self, const PeerupConnectionInfo *info)
{
  PeerupConnectionInfo *own = &PRIVATE (self)->info;

  g_assert (own->remote_peer == NULL);
  *own = *info;
  peerup_public_key_ref (own->remote_key);
  peerup_peer_id_ref (own->remote_peer);
  if (own->local_address != NULL)
    peerup_multiaddr_ref (own->local_address);
  if (own->remote_address != NULL)
    peerup_multiaddr_ref (own->remote_address);
}

void
peerup_connection_set_punched (PeerupConnection *self)
{
  PRIVATE (self)->info.punched = TRUE;
}

void
peerup_connection_deliver_stream (PeerupConnection *self, PeerupStream *stream)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  if (priv->stream_func == NULL)
    {
      g_queue_push_tail (&priv->waiting, stream);
      return;
    }
  priv->stream_func (self, stream, priv->stream_data);
  g_object_unref (stream);
}

void
peerup_connection_set_retired (PeerupConnection *self)
{
  PRIVATE (self)->retired = TRUE;
}

void
peerup_connection_set_closed (PeerupConnection *self, GError *error)
{
  g_autoptr (PeerupConnection) held = g_object_ref (self);
  PeerupConnectionPrivate *priv = PRIVATE (self);

  g_assert (error != NULL);
  if (priv->error != NULL)
    {
      g_error_free (error);
      return;
    }
  priv->error = error;
  priv->retired = TRUE;
  g_queue_clear_full (&priv->waiting, reset_stream);
  peerup_connection_set_memory_funcs (self, NULL, NULL, NULL);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
  dex_promise_resolve_boolean (priv->closed, TRUE);
}

GError *
peerup_connection_error_for_code (PeerupConnection *self, guint32 code)
{
  const char *peer = peerup_peer_id_get_string (PRIVATE (self)->info.remote_peer);

  switch (code)
    {
    case PEERUP_CONNECTION_CODE_NONE:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "%s closed the connection", peer);
    case PEERUP_CONNECTION_CODE_SHUTDOWN:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "%s is shutting down", peer);
    case PEERUP_CONNECTION_CODE_SUPPLANTED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "%s uses another connection instead", peer);
    case PEERUP_CONNECTION_CODE_GARBAGE_COLLECTED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "%s closed the idle connection", peer);
    case PEERUP_CONNECTION_CODE_GATED:
      return g_error_new (
        PEERUP_ERROR, PEERUP_ERROR_GATED,
        "%s refuses this device: its owner has to authorize this device's peer ID first (peerup auth add)", peer);
    case PEERUP_CONNECTION_CODE_RESOURCE_LIMIT:
    case PEERUP_CONNECTION_CODE_RATE_LIMITED:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%s is at its limit of connections: try again later", peer);
    case PEERUP_CONNECTION_CODE_PROTOCOL_VIOLATION:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "%s says that we broke the protocol", peer);
    default:
      return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "%s closed the connection with code 0x%x", peer, code);
    }
}

static void
peerup_connection_finalize (GObject *object)
{
  PeerupConnectionPrivate *priv = PRIVATE (PEERUP_CONNECTION (object));

  g_queue_clear_full (&priv->waiting, reset_stream);
  release_all (PEERUP_CONNECTION (object));
  g_clear_pointer (&priv->info.remote_key, peerup_public_key_unref);
  g_clear_pointer (&priv->info.remote_peer, peerup_peer_id_unref);
  g_clear_pointer (&priv->info.local_address, peerup_multiaddr_unref);
  g_clear_pointer (&priv->info.remote_address, peerup_multiaddr_unref);
  g_clear_error (&priv->error);
  dex_clear (&priv->closed);
  G_OBJECT_CLASS (peerup_connection_parent_class)->finalize (object);
}

static void
peerup_connection_class_init (PeerupConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = peerup_connection_finalize;
  peerup_connection_install_properties (object_class);

  signals[SIGNAL_CLOSED] =
    g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PATH_CHANGED] =
    g_signal_new ("path-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_SILENT_CHANGED] =
    g_signal_new ("silent-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_connection_init (PeerupConnection *self)
{
  PeerupConnectionPrivate *priv = PRIVATE (self);

  priv->opened_at = g_get_monotonic_time ();
  priv->life.heard_at = priv->life.answered_at = priv->life.used_at = priv->opened_at;
  priv->closed = dex_promise_new ();
}
