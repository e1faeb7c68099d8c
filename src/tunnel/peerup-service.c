/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The far end of a tunnel: streams that peers open for one name, each joined to a
 * TCP connection of its own to the target. A service lives as long as its
 * configuration, its sessions at most as long as it is enabled. It refuses peers that
 * may not use it before anything is dialed, and tells a peer no more about a
 * target that cannot be reached than a reset does. Who may, it asks its owner. */

#include "tunnel/peerup-service-private.h"

#include <glib/gi18n-lib.h>

#include "transport/peerup-notify.h"
#include "transport/peerup-socket-stream.h"
#include "trust/peerup-decision.h"
#include "tunnel/peerup-held.h"
#include "tunnel/peerup-session.h"
#include "wire/peerup-label.h"

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
  char *kind;
  char **tags;
  gboolean enabled;
  GPtrArray *allowed;           /* of PeerupPeerId; NULL: everyone */
  PeerupServiceAdmitFunc admit; /* NULL: by the list alone */
  gpointer admit_data;
  PeerupServiceAskFunc ask; /* NULL: none waits */
  gpointer ask_data;
  PeerupHeldStreams *held;
  PeerupSessions *sessions;
  guint64 total;
  const char *health; /* static */
  char *health_text;
  gint64 reached_at; /* monotonic µs, 0: never */
};

enum
{
  PROP_0,
  PROP_NAME,
  PROP_HOST,
  PROP_PORT,
  PROP_ENABLED,
  PROP_KIND,
  PROP_TAGS,
  PROP_RESTRICTED,
  PROP_ACTIVE,
  PROP_TOTAL,
  PROP_BYTES_IN,
  PROP_BYTES_OUT,
  PROP_HEALTH,
  PROP_HEALTH_TEXT,
  N_PROPS
};

enum
{
  DENIED,
  FAILED,
  SESSION_ENDED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupService, peerup_service, G_TYPE_OBJECT)

static void
on_joined (PeerupSession *session, gpointer owner)
{
  PeerupService *self = owner;

  peerup_socket_stream_set_keepalive (PEERUP_SOCKET_STREAM (session->far), KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
  self->reached_at = g_get_monotonic_time ();
  peerup_service_set_health (self, "answers", "");
}

static void
on_refused (PeerupSession *session, const GError *error, gpointer owner)
{
  PeerupService *self = owner;
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_ref (session->peer);

  g_debug ("Service %s: %s", self->name, error->message);
  peerup_session_reset (session, PEERUP_STREAM_CODE_NONE);
  g_signal_emit (self, signals[FAILED], 0, peerup_peer_id_get_string (peer), error->message);
}

static void
on_ended (PeerupSession *session, PeerupStream *failed, const GError *error, gpointer owner)
{
  if (failed != NULL)
    g_debug ("A stream of service %s was cut by the %s: %s", PEERUP_SERVICE (owner)->name,
             failed == session->near ? "peer" : "target", error->message);
}

static void
on_removed (gint64 carried, gpointer owner)
{
  if (carried >= 0)
    g_signal_emit (owner, signals[SESSION_ENDED], 0, carried);
  g_object_notify_by_pspec (owner, props[PROP_ACTIVE]);
}

static const PeerupSessionFuncs session_funcs = { on_joined, on_refused, on_ended, on_removed };

/* The resolver knows no deadline, so the race has one too. */
static DexFuture *
service_dial (PeerupService *self)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_SERVICE_DIAL_TIMEOUT;

  return dex_future_first (peerup_socket_connect (self->host, self->port, deadline),
                           dex_timeout_new_deadline (deadline), NULL);
}

static gboolean
service_admits (PeerupService *self, PeerupPeerId *peer, PeerupConnection *connection)
{
  const PeerupDecisionFacts facts = { .service = self->name, .listed = self->allowed };

  if (self->admit != NULL)
    return self->admit (self, peer, connection, self->admit_data);
  return peerup_decide (&facts, peer, 0).allow;
}

/* Takes @stream. */
static void
judge (PeerupConnection *connection, PeerupStream *stream, gpointer owner)
{
  g_autoptr (PeerupService) self = g_object_ref (owner);
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  if (!service_admits (self, peer, connection))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_GATED);
      g_object_unref (stream);
      g_signal_emit (self, signals[DENIED], 0, peerup_peer_id_get_string (peer));
      return;
    }
  if (peerup_sessions_get_count (self->sessions) >= PEERUP_SERVICE_STREAMS_MAX)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }

  self->total++;
  peerup_session_await (peerup_sessions_add (self->sessions, peer, stream), service_dial (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

/* Takes @stream. */
static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupService *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  DexFuture *answer = self->ask != NULL ? self->ask (self, peer, self->ask_data) : NULL;

  if (answer != NULL)
    peerup_held_streams_add (self->held, connection, stream, answer);
  else
    judge (connection, stream, self);
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

/**
 * peerup_service_get_enabled:
 *
 * Whether it is offered.
 *
 * Returns: %TRUE where peers can use it
 */
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
  if (enabled)
    peerup_sessions_stop_draining (self->sessions);
  else
    {
      peerup_held_streams_reset (self->held, PEERUP_STREAM_CODE_NONE);
      peerup_sessions_reset (self->sessions, NULL, PEERUP_STREAM_CODE_NONE);
    }
}

DexFuture *
peerup_service_drain (PeerupService *self, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  service_set_registered (self, FALSE);
  peerup_held_streams_reset (self->held, PEERUP_STREAM_CODE_SHUTDOWN);
  return peerup_sessions_drain (self->sessions, deadline);
}

static gboolean
session_is_allowed (PeerupSession *session, gpointer owner)
{
  return peerup_service_is_allowed (owner, session->peer);
}

static gboolean
is_same_list (GPtrArray *a, GPtrArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return a == b;
  for (guint i = 0; i < a->len; i++)
    if (!peerup_peer_id_equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

void
peerup_service_set_allowed_peers (PeerupService *self, GPtrArray *peers)
{
  gboolean changed;

  g_return_if_fail (PEERUP_IS_SERVICE (self));

  changed = !is_same_list (self->allowed, peers);
  g_clear_pointer (&self->allowed, g_ptr_array_unref);
  if (peers != NULL)
    {
      self->allowed = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
      for (guint i = 0; i < peers->len; i++)
        g_ptr_array_add (self->allowed, peerup_peer_id_ref (g_ptr_array_index (peers, i)));
    }
  peerup_service_review (self);
  /* Told of a list that is another one, too. */
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RESTRICTED]);
}

void
peerup_service_review (PeerupService *self)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  peerup_sessions_reset (self->sessions, session_is_allowed, PEERUP_STREAM_CODE_GATED);
}

GPtrArray *
peerup_service_get_allowed_peers (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->allowed;
}

gboolean
peerup_service_is_allowed (PeerupService *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), FALSE);
  g_return_val_if_fail (peer != NULL, FALSE);

  return service_admits (self, peer, NULL);
}

void
peerup_service_set_admission (PeerupService *self, PeerupServiceAdmitFunc admit, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  self->admit = admit;
  self->admit_data = data;
}

void
peerup_service_set_question (PeerupService *self, PeerupServiceAskFunc ask, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  self->ask = ask;
  self->ask_data = data;
}

static gboolean
target_is_valid (const char *host, guint port, GError **error)
{
  gsize length = strnlen (host, HOST_MAX + 1);

  if (length == 0 || length > HOST_MAX || strpbrk (host, " \t\r\n/") != NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                   _ ("“%.*s” is not the name or address of a host: write it like localhost or 192.168.1.10"), HOST_MAX,
                   host);
      return FALSE;
    }
  if (port == 0 || port > G_MAXUINT16)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("%u is not a port: choose one from 1 to 65535"), port);
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

gboolean
peerup_service_set_label (PeerupService *self, const char *kind, const char *const *tags)
{
  static const char *const none[] = { NULL };
  gboolean other;

  g_return_val_if_fail (PEERUP_IS_SERVICE (self), FALSE);

  if (tags == NULL)
    tags = none;
  other = g_set_str (&self->kind, kind != NULL ? kind : "");
  if (other)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_KIND]);
  if (g_strv_equal ((const char *const *) self->tags, tags))
    return other;
  g_strfreev (self->tags);
  self->tags = g_strdupv ((char **) tags);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TAGS]);
  return TRUE;
}

/**
 * peerup_service_get_kind:
 *
 * What sort of service it is.
 *
 * Returns: a word that programs know it by, as "ssh"; empty where nobody has said
 */
const char *
peerup_service_get_kind (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->kind;
}

/**
 * peerup_service_get_tags:
 *
 * What people tell it by.
 *
 * Returns: (transfer none) (array zero-terminated=1): words
 */
const char *const *
peerup_service_get_tags (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return (const char *const *) self->tags;
}

/**
 * peerup_service_get_name:
 *
 * What peers call it.
 *
 * Returns: a DNS label in lower case
 */
const char *
peerup_service_get_name (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->name;
}

/**
 * peerup_service_get_host:
 *
 * Where it is.
 *
 * Returns: the host of the target, a name or an IP address
 */
const char *
peerup_service_get_host (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->host;
}

/**
 * peerup_service_get_port:
 *
 * Where it is.
 *
 * Returns: the port of the target
 */
guint
peerup_service_get_port (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->port;
}

/**
 * peerup_service_get_active:
 *
 * How many streams it carries.
 *
 * Returns: the number that are open now
 */
guint
peerup_service_get_active (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return peerup_sessions_get_count (self->sessions);
}

/**
 * peerup_service_get_total:
 *
 * How many it has carried.
 *
 * Returns: the number of streams since it was made
 */
guint64
peerup_service_get_total (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->total;
}

/**
 * peerup_service_get_bytes:
 * @in: (out): bytes from peers, since it was made
 * @out: (out): bytes to peers
 *
 * How much it has carried; read when asked, and never notified.
 */
void
peerup_service_get_bytes (PeerupService *self, guint64 *in, guint64 *out)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));

  peerup_sessions_get_bytes (self->sessions, in, out);
}

void
peerup_service_set_health (PeerupService *self, const char *health, const char *text)
{
  g_return_if_fail (PEERUP_IS_SERVICE (self));
  g_return_if_fail (health != NULL && text != NULL);

  if (!g_str_equal (self->health, health))
    {
      self->health = g_intern_string (health);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HEALTH]);
    }
  if (g_set_str (&self->health_text, text))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_HEALTH_TEXT]);
}

gint64
peerup_service_get_reached_at (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), 0);

  return self->reached_at;
}

const char *
peerup_service_get_health (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->health;
}

const char *
peerup_service_get_health_text (PeerupService *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE (self), NULL);

  return self->health_text;
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
    case PROP_KIND:
      g_value_set_string (value, self->kind);
      break;
    case PROP_TAGS:
      g_value_set_boxed (value, self->tags);
      break;
    case PROP_RESTRICTED:
      g_value_set_boolean (value, self->allowed != NULL);
      break;
    case PROP_ACTIVE:
      g_value_set_uint (value, peerup_sessions_get_count (self->sessions));
      break;
    case PROP_TOTAL:
      g_value_set_uint64 (value, self->total);
      break;
    case PROP_BYTES_IN:
    case PROP_BYTES_OUT:
      g_value_set_uint64 (value, service_get_one_way (self, id == PROP_BYTES_IN));
      break;
    case PROP_HEALTH:
      g_value_set_static_string (value, self->health);
      break;
    case PROP_HEALTH_TEXT:
      g_value_set_string (value, self->health_text);
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

  g_clear_pointer (&self->held, peerup_held_streams_free);
  g_clear_pointer (&self->sessions, peerup_sessions_free);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->protocol, g_free);
  g_clear_pointer (&self->host, g_free);
  g_clear_pointer (&self->kind, g_free);
  g_clear_pointer (&self->tags, g_strfreev);
  g_clear_pointer (&self->health_text, g_free);
  g_clear_pointer (&self->allowed, g_ptr_array_unref);
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
  peerup_notify_outside_fibers (object_class);
  object_class->get_property = peerup_service_get_property;
  object_class->set_property = peerup_service_set_property;

  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, ro);
  props[PROP_HOST] = g_param_spec_string ("host", NULL, NULL, NULL, ro);
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, ro);
  props[PROP_ENABLED] = g_param_spec_boolean ("enabled", NULL, NULL, FALSE, rw);
  props[PROP_KIND] = g_param_spec_string ("kind", NULL, NULL, "", ro);
  props[PROP_TAGS] = g_param_spec_boxed ("tags", NULL, NULL, G_TYPE_STRV, ro);
  /**
   * PeerupService:restricted:
   *
   * Whether only some of the peers that are authorized may use it. Told whenever that list becomes another one.
   */
  props[PROP_RESTRICTED] = g_param_spec_boolean ("restricted", NULL, NULL, FALSE, ro);
  props[PROP_ACTIVE] = g_param_spec_uint ("active", NULL, NULL, 0, G_MAXUINT, 0, ro);
  props[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_IN] = g_param_spec_uint64 ("bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_OUT] = g_param_spec_uint64 ("bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_HEALTH] = g_param_spec_string ("health", NULL, NULL, "unknown", ro);
  props[PROP_HEALTH_TEXT] = g_param_spec_string ("health-text", NULL, NULL, "", ro);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * PeerupService::denied:
   * @self: the service
   * @peer_id: who asked
   *
   * A peer was refused by the access list.
   */
  signals[DENIED] =
    g_signal_new ("denied", PEERUP_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * PeerupService::failed:
   * @self: the service
   * @peer_id: who asked
   * @reason: why the target could not be reached
   *
   * A stream that was allowed could not be carried.
   */
  signals[FAILED] = g_signal_new ("failed", PEERUP_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                  G_TYPE_STRING, G_TYPE_STRING);
  /**
   * PeerupService::session-ended:
   * @self: the service
   * @carried: microseconds from the first byte that could pass to the end; connections that
   *   came to nothing are not told
   *
   * A stream that was carried has ended.
   */
  signals[SESSION_ENDED] = g_signal_new ("session-ended", PEERUP_TYPE_SERVICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
peerup_service_init (PeerupService *self)
{
  self->kind = g_strdup ("");
  self->tags = g_new0 (char *, 1);
  self->held = peerup_held_streams_new (judge, self);
  self->sessions = peerup_sessions_new (&session_funcs, G_OBJECT (self));
  self->health = "unknown";
  self->health_text = g_strdup ("");
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
  if (peerup_label_is_own_protocol (name))
    {
      g_set_error (
        error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
        _ ("“%s” is not a name for a service: Peer-Up itself speaks a protocol of that name; use another one"), name);
      return NULL;
    }
  self = g_object_new (PEERUP_TYPE_SERVICE, NULL);
  self->swarm = g_object_ref (swarm);
  self->name = g_strdup (name);
  self->protocol = peerup_service_name_to_protocol (name);
  if (!peerup_service_set_target (self, host, port, error))
    return NULL;
  return g_steal_pointer (&self);
}
