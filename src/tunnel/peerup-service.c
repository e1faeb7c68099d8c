/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The far end of a tunnel: streams that peers open for one name, each joined to a
 * TCP connection of its own to the target. A service lives as long as its
 * configuration; a session lives from the stream's arrival to the end of its splice.
 * It refuses peers that are not on its access list before anything is dialed, and
 * says nothing to a peer about why a target could not be reached but a reset. */

#include "tunnel/peerup-service.h"

#include "transport/peerup-socket-stream.h"
#include "tunnel/peerup-splice.h"

/* A target that has vanished is noticed after idle + 3 × interval = 15 seconds. */
#define KEEPALIVE_IDLE     6
#define KEEPALIVE_INTERVAL 3
#define HOST_MAX           253

struct _PeerupService
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  char *name;
  char *protocol;
  char *host;
  guint port;
  gboolean enabled;
  GHashTable *allowed; /* set of PeerupPeerId; NULL: everyone */
  PeerupServiceAdmitFunc admit; /* NULL: everyone */
  gpointer admit_data;
  GQueue sessions;     /* of Session, linked through it */
  guint64 total;
  guint64 bytes_in; /* of sessions that have ended */
  guint64 bytes_out;
  DexPromise *drained; /* while it drains */
};

typedef struct
{
  grefcount refs;
  GList link;
  PeerupService *service; /* borrowed; NULL once the session has ended */
  PeerupPeerId *peer;
  PeerupStream *stream;
  DexFuture *dial;      /* until the target has answered */
  PeerupSplice *splice; /* from then on */
} Session;

enum
{
  PROP_0,
  PROP_NAME,
  PROP_HOST,
  PROP_PORT,
  PROP_ENABLED,
  PROP_ACTIVE,
  PROP_TOTAL,
  PROP_BYTES_IN,
  PROP_BYTES_OUT,
  N_PROPS
};

enum
{
  DENIED,
  FAILED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupService, peerup_service, G_TYPE_OBJECT)

static Session *
session_new (PeerupService *service, PeerupPeerId *peer, PeerupStream *stream)
{
  Session *session = g_new0 (Session, 1);

  g_ref_count_init (&session->refs);
  session->link.data = session;
  session->service = service;
  session->peer = peerup_peer_id_ref (peer);
  session->stream = stream;
  g_queue_push_tail_link (&service->sessions, &session->link);
  return session;
}

static void
session_unref (gpointer data)
{
  Session *session = data;

  if (!g_ref_count_dec (&session->refs))
    return;
  g_assert (session->service == NULL);
  peerup_peer_id_unref (session->peer);
  g_free (session);
}

/* Forgets a session, which must be out of use: its stream closed or about to be reset by the drop. */
static void
session_end (Session *session)
{
  g_autoptr (PeerupService) self = g_object_ref (session->service);
  guint64 in = 0;
  guint64 out = 0;

  if (session->splice != NULL)
    peerup_splice_get_bytes (session->splice, &in, &out);
  self->bytes_in += in;
  self->bytes_out += out;
  g_queue_unlink (&self->sessions, &session->link);
  session->service = NULL;
  g_clear_pointer (&session->splice, peerup_splice_free);
  g_clear_object (&session->stream);
  dex_clear (&session->dial);
  session_unref (session);

  if (self->sessions.length == 0 && self->drained != NULL)
    {
      g_autoptr (DexPromise) drained = g_steal_pointer (&self->drained);

      dex_promise_resolve_boolean (drained, TRUE);
    }
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

static void
session_reset (Session *session, guint32 code)
{
  if (session->splice != NULL)
    peerup_splice_cancel (session->splice, code);
  else
    peerup_stream_reset (session->stream, code);
  session_end (session);
}

static void
on_splice_ended (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  Session *session = data;

  if (error != NULL)
    g_debug ("A stream of service %s was cut by the %s: %s", session->service->name,
             failed == session->stream ? "peer" : "target", error->message);
  session_end (session);
}

static void
session_refused (Session *session, const GError *error)
{
  g_autoptr (PeerupService) self = g_object_ref (session->service);
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_ref (session->peer);

  g_debug ("Service %s: %s", self->name, error->message);
  session_reset (session, PEERUP_STREAM_CODE_NONE);
  g_signal_emit (self, signals[FAILED], 0, peer, error->message);
}

static DexFuture *
on_dialed (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Session *session = data;
  const GValue *value;

  if (session->service == NULL)
    return dex_future_new_true ();

  dex_clear (&session->dial);
  value = dex_future_get_value (future, &error);
  if (value == NULL)
    {
      session_refused (session, error);
      return dex_future_new_true ();
    }

  peerup_socket_stream_set_keepalive (g_value_get_object (value), KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
  session->splice = peerup_splice_new (session->stream, g_value_get_object (value), on_splice_ended, session);
  return dex_future_new_true ();
}

/* The resolver knows no deadline, so the race has one too. The answer may be there at once,
 * and the session have ended with it. */
static void
session_dial (Session *session)
{
  PeerupService *self = session->service;
  gint64 deadline = g_get_monotonic_time () + PEERUP_SERVICE_DIAL_TIMEOUT;
  DexFuture *target = dex_future_first (peerup_socket_connect (self->host, self->port, deadline),
                                        dex_timeout_new_deadline (deadline), NULL);
  g_autoptr (DexFuture) dial = NULL;

  g_ref_count_inc (&session->refs);
  dial = dex_future_finally (target, on_dialed, session, session_unref);
  if (dex_future_is_pending (dial))
    session->dial = g_steal_pointer (&dial);
}

/* Takes @stream. */
static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupService *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  if (!peerup_service_is_allowed (self, peer))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_GATED);
      g_object_unref (stream);
      g_signal_emit (self, signals[DENIED], 0, peer);
      return;
    }
  if (self->sessions.length >= PEERUP_SERVICE_STREAMS_MAX)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }

  self->total++;
  session_dial (session_new (self, peer, stream));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

/* Ends every session that @keep does not hold for; notifications wait until the list is stable. */
static void
service_end_sessions (PeerupService *self, gboolean only_denied, guint32 code)
{
  g_object_freeze_notify (G_OBJECT (self));
  for (GList *l = self->sessions.head, *next; l != NULL; l = next)
    {
      Session *session = l->data;

      next = l->next;
      if (!only_denied || !peerup_service_is_allowed (self, session->peer))
        session_reset (session, code);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static void
service_set_registered (PeerupService *self, gboolean registered)
{
  if (self->enabled == registered)
    return;
  self->enabled = registered;
  if (registered)
    peerup_swarm_add_protocol (self->swarm, self->protocol, on_stream, self, NULL);
  else
    peerup_swarm_remove_protocol (self->swarm, self->protocol);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ENABLED]);
}

gboolean
peerup_service_get_enabled (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), FALSE);

  return self->enabled;
}

void
peerup_service_set_enabled (PeerupService *self, gboolean enabled)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  service_set_registered (self, enabled);
  if (!enabled)
    service_end_sessions (self, FALSE, PEERUP_STREAM_CODE_NONE);
  else if (self->drained != NULL)
    {
      g_autoptr (DexPromise) drained = g_steal_pointer (&self->drained);

      dex_promise_resolve_boolean (drained, TRUE);
    }
}

static DexFuture *
on_drained (DexFuture *future, gpointer data)
{
  PeerupService *self = data;

  if (dex_future_is_rejected (future) && self->drained != NULL)
    service_end_sessions (self, FALSE, PEERUP_STREAM_CODE_SHUTDOWN);
  return dex_future_new_true ();
}

DexFuture *
peerup_service_drain (PeerupService *self, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  service_set_registered (self, FALSE);
  if (self->sessions.length == 0)
    return dex_future_new_true ();
  if (self->drained == NULL)
    self->drained = dex_promise_new ();
  return dex_future_finally (dex_future_first (dex_ref (DEX_FUTURE (self->drained)),
                                               dex_timeout_new_deadline (deadline), NULL),
                             on_drained, g_object_ref (self), g_object_unref);
}

void
peerup_service_set_allowed_peers (PeerupService *self, GPtrArray *peers)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  g_clear_pointer (&self->allowed, g_hash_table_unref);
  if (peers != NULL)
    {
      self->allowed =
        g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
      for (guint i = 0; i < peers->len; i++)
        g_hash_table_add (self->allowed, peerup_peer_id_ref (g_ptr_array_index (peers, i)));
    }
  service_end_sessions (self, TRUE, PEERUP_STREAM_CODE_GATED);
}

GPtrArray *
peerup_service_dup_allowed_peers (PeerupService *self)
{
  GPtrArray *peers;
  GHashTableIter iter;
  gpointer peer;

  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  if (self->allowed == NULL)
    return NULL;
  peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  g_hash_table_iter_init (&iter, self->allowed);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    g_ptr_array_add (peers, peerup_peer_id_ref (peer));
  return peers;
}

gboolean
peerup_service_is_allowed (PeerupService *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), FALSE);
  g_return_val_if_fail (peer != NULL, FALSE);

  if (self->admit != NULL && !self->admit (peer, self->admit_data))
    return FALSE;
  return self->allowed == NULL || g_hash_table_contains (self->allowed, peer);
}

void
peerup_service_set_admission (PeerupService *self, PeerupServiceAdmitFunc admit, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  self->admit = admit;
  self->admit_data = data;
}

static gboolean
target_is_valid (const char *host, guint port, GError **error)
{
  gsize length = strnlen (host, HOST_MAX + 1);

  if (length == 0 || length > HOST_MAX || strpbrk (host, " \t\r\n/") != NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                   "“%.*s” is not the name or address of a host: write it like localhost or 192.168.1.10", HOST_MAX,
                   host);
      return FALSE;
    }
  if (port == 0 || port > G_MAXUINT16)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "%u is not a port: choose one from 1 to 65535", port);
      return FALSE;
    }
  return TRUE;
}

gboolean
peerup_service_set_target (PeerupService *self, const char *host, guint port, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), FALSE);
  g_return_val_if_fail (host != NULL, FALSE);

  if (!target_is_valid (host, port, error))
    return FALSE;
  if (g_set_str (&self->host, host))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HOST]);
  if (self->port != port)
    {
      self->port = port;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORT]);
    }
  return TRUE;
}

const char *
peerup_service_get_name (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->name;
}

const char *
peerup_service_get_host (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->host;
}

guint
peerup_service_get_port (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->port;
}

guint
peerup_service_get_active (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->sessions.length;
}

guint64
peerup_service_get_total (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->total;
}

void
peerup_service_get_bytes (PeerupService *self, guint64 *in, guint64 *out)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  *in = self->bytes_in;
  *out = self->bytes_out;
  for (GList *l = self->sessions.head; l != NULL; l = l->next)
    {
      Session *session = l->data;
      guint64 a_to_b;
      guint64 b_to_a;

      if (session->splice == NULL)
        continue;
      peerup_splice_get_bytes (session->splice, &a_to_b, &b_to_a);
      *in += a_to_b;
      *out += b_to_a;
    }
}

static guint64
service_get_one_way (PeerupService *self, gboolean want_in)
{
  guint64 in;
  guint64 out;

  peerup_service_get_bytes (self, &in, &out);
  return want_in ? in : out;
}

static void
peerup_service_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupService *self = PEERUP_SERVICE (object);

  switch (id)
    {
    case PROP_NAME:
      g_value_set_string (value, self->name);
      break;
    case PROP_HOST:
      g_value_set_string (value, self->host);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_ENABLED:
      g_value_set_boolean (value, self->enabled);
      break;
    case PROP_ACTIVE:
      g_value_set_uint (value, self->sessions.length);
      break;
    case PROP_TOTAL:
      g_value_set_uint64 (value, self->total);
      break;
    case PROP_BYTES_IN:
    case PROP_BYTES_OUT:
      g_value_set_uint64 (value, service_get_one_way (self, id == PROP_BYTES_IN));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_service_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ENABLED)
    peerup_service_set_enabled (PEERUP_SERVICE (object), g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
peerup_service_dispose (GObject *object)
{
  peerup_service_set_enabled (PEERUP_SERVICE (object), FALSE);
  G_OBJECT_CLASS (peerup_service_parent_class)->dispose (object);
}

static void
peerup_service_finalize (GObject *object)
{
  PeerupService *self = PEERUP_SERVICE (object);

  g_assert (self->sessions.length == 0 && self->drained == NULL);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->protocol, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->allowed, g_hash_table_unref);
  G_OBJECT_CLASS (peerup_service_parent_class)->finalize (object);
}

static void
peerup_service_class_init (PeerupServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags ro = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  GParamFlags rw = ro | G_PARAM_WRITABLE;

  object_class->dispose = peerup_service_dispose;
  object_class->finalize = peerup_service_finalize;
  object_class->get_property = peerup_service_get_property;
  object_class->set_property = peerup_service_set_property;

  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, ro);
  props[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, ro);
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, ro);
  props[PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, FALSE, rw);
  props[PROP_ACTIVE] = g_param_spec_uint ("active", NULL, NULL, 0, G_MAXUINT, 0, ro);
  props[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_IN] = g_param_spec_uint64 ("bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_OUT] = g_param_spec_uint64 ("bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[DENIED] = g_signal_new ("denied", PEERUP_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                  PEERUP_TYPE_PEER_ID);
  signals[FAILED] = g_signal_new ("failed", PEERUP_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                  PEERUP_TYPE_PEER_ID, G_TYPE_STRING);
}

static void
peerup_service_init (PeerupService *self)
{
  g_queue_init (&self->sessions);
}

PeerupService *
peerup_service_new (PeerupSwarm *swarm, const char *name, const char *host, guint port, GError **error)
{
  g_autoptr (PeerupService) self = NULL;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (name != NULL, NULL);
  g_return_val_if_fail (host != NULL, NULL);

  if (!peerup_service_name_check (name, error))
    return NULL;
  self = g_object_new (PEERUP_TYPE_SERVICE, NULL);
  self->swarm = g_object_ref (swarm);
  self->name = g_strdup (name);
  self->protocol = peerup_service_name_to_protocol (name);
  if (!peerup_service_set_target (self, host, port, error))
    return NULL;
  return g_steal_pointer (&self);
}
