/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The near end of a tunnel: a local port whose connections become streams to one
 * service of one peer. A forward can be started and stopped for as long as it lives;
 * a session lives from the accept to the end of its streams. It never lets a local
 * client take a failure for an answer: what cannot be carried is reset. */

#include "tunnel/peerup-forward-private.h"

#include "transport/peerup-listener.h"
#include "transport/peerup-notify.h"
#include "transport/peerup-socket-stream.h"
#include "tunnel/peerup-forward-error.h"
#include "tunnel/peerup-service-name.h"
#include "tunnel/peerup-session.h"

#define KEEPALIVE_IDLE     6
#define KEEPALIVE_INTERVAL 3

/* Tries after the first, after 1, 2 and 4 seconds. */
#define RETRIES     3
#define FIRST_PAUSE 1000

struct _PeerupForward
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  char *peer_name;
  char *service;
  char *protocol;
  char *address; /* nullable */
  guint asked_port;
  guint first_pause;        /* milliseconds */
  PeerupListener *listener; /* NULL while stopped */
  PeerupForwardState state;
  char *last_error;
  PeerupSessions *sessions;
  gboolean failed; /* the last session to end */
  guint64 total;
};

enum
{
  PROP_0,
  PROP_PEER_ID,
  PROP_PEER_NAME,
  PROP_SERVICE,
  PROP_ADDRESS,
  PROP_PORT,
  PROP_STATE,
  PROP_ACTIVE,
  PROP_TOTAL,
  PROP_BYTES_IN,
  PROP_BYTES_OUT,
  PROP_LAST_ERROR,
  N_PROPS
};

enum
{
  SESSION_ENDED,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupForward, peerup_forward, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (PeerupForwardState, peerup_forward_state, G_DEFINE_ENUM_VALUE (PEERUP_FORWARD_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (PEERUP_FORWARD_IDLE, "idle"),
                    G_DEFINE_ENUM_VALUE (PEERUP_FORWARD_CONNECTING, "connecting"),
                    G_DEFINE_ENUM_VALUE (PEERUP_FORWARD_ACTIVE, "active"),
                    G_DEFINE_ENUM_VALUE (PEERUP_FORWARD_FAILED, "failed"))

/* The states that each state may go to, as bits. */
#define TO(state) (1u << (state))
static const guint state_edges[] = {
  [PEERUP_FORWARD_STOPPED] = TO (PEERUP_FORWARD_IDLE),
  [PEERUP_FORWARD_IDLE] = TO (PEERUP_FORWARD_STOPPED) | TO (PEERUP_FORWARD_CONNECTING),
  [PEERUP_FORWARD_CONNECTING] = TO (PEERUP_FORWARD_STOPPED) | TO (PEERUP_FORWARD_ACTIVE) | TO (PEERUP_FORWARD_FAILED),
  [PEERUP_FORWARD_ACTIVE] = TO (PEERUP_FORWARD_STOPPED) | TO (PEERUP_FORWARD_IDLE) | TO (PEERUP_FORWARD_CONNECTING) |
                            TO (PEERUP_FORWARD_FAILED),
  [PEERUP_FORWARD_FAILED] = TO (PEERUP_FORWARD_STOPPED) | TO (PEERUP_FORWARD_CONNECTING),
};

/**
 * peerup_forward_state_to_string:
 * @state: a state
 *
 * A word for it, which is the same in every language.
 *
 * Returns: "stopped", "idle", "connecting", "active" or "failed"
 */
const char *
peerup_forward_state_to_string (PeerupForwardState state)
{
  static const char *const names[] = { "stopped", "idle", "connecting", "active", "failed" };

  g_return_val_if_fail (state < G_N_ELEMENTS (names), NULL);

  return names[state];
}

static void
forward_set_state (PeerupForward *self, PeerupForwardState state)
{
  if (self->state == state)
    return;
  g_assert (state_edges[self->state] & TO (state));
  g_debug ("Forward to %s of %s: %s → %s", self->service, peerup_peer_id_get_string (self->peer),
           peerup_forward_state_to_string (self->state), peerup_forward_state_to_string (state));
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

/* What the state is follows from what there is. */
static void
forward_update_state (PeerupForward *self)
{
  if (peerup_sessions_get_n_joined (self->sessions) > 0)
    forward_set_state (self, PEERUP_FORWARD_ACTIVE);
  else if (peerup_sessions_get_count (self->sessions) > 0)
    forward_set_state (self, PEERUP_FORWARD_CONNECTING);
  else if (self->listener == NULL)
    forward_set_state (self, PEERUP_FORWARD_STOPPED);
  else
    forward_set_state (self, self->failed ? PEERUP_FORWARD_FAILED : PEERUP_FORWARD_IDLE);
}

/* NULL: a success. */
static void
forward_take_result (PeerupForward *self, char *message)
{
  self->failed = message != NULL;
  if (g_set_str (&self->last_error, message))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LAST_ERROR]);
  g_free (message);
}

static void
on_joined (PeerupSession *session, gpointer owner)
{
  PeerupForward *self = owner;

  forward_take_result (self, NULL);
  forward_update_state (self);
}

/* The service's protocol has no words of its own, so what the local client says first may
 * follow the proposal at once. */
static DexFuture *
forward_open (PeerupForward *self, PeerupStream *local)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_FORWARD_OPEN_TIMEOUT;

  return peerup_swarm_open_stream_early (self->swarm, self->peer, self->protocol, PEERUP_SOCKET_STREAM (local),
                                         deadline);
}

typedef struct
{
  PeerupForward *forward;
  PeerupStream *local;
} Later;

static void
later_free (gpointer data)
{
  Later *self = data;

  g_object_unref (self->forward);
  g_object_unref (self->local);
  g_free (self);
}

static DexFuture *
on_pause_over (DexFuture *future, gpointer data)
{
  Later *self = data;

  return forward_open (self->forward, self->local);
}

static DexFuture *
forward_open_later (PeerupForward *self, PeerupStream *local, guint pause)
{
  Later *later = g_new0 (Later, 1);

  later->forward = g_object_ref (self);
  later->local = g_object_ref (local);
  return dex_future_finally (dex_timeout_new_msec (pause), on_pause_over, later, later_free);
}

/* What was said ahead may have been heard: to say it again could do a thing twice. */
static gboolean
session_may_retry (PeerupSession *session, const GError *error)
{
  return session->n_retries < RETRIES && peerup_forward_may_retry (error) &&
         peerup_socket_stream_get_shown (PEERUP_SOCKET_STREAM (session->near)) == 0;
}

static void
on_refused (PeerupSession *session, const GError *error, gpointer owner)
{
  PeerupForward *self = owner;
  char *message;

  if (session_may_retry (session, error))
    {
      peerup_session_await (session,
                            forward_open_later (self, session->near, self->first_pause << session->n_retries++));
      return;
    }
  message =
    peerup_forward_describe_refusal (error, self->peer_name, self->service, peerup_swarm_get_peer_id (self->swarm));
  g_message ("%s", message);
  forward_take_result (self, message);
  peerup_session_reset (session, PEERUP_STREAM_CODE_NONE);
}

/* A local client that goes away in the middle is no failure of the forward. */
static void
on_ended (PeerupSession *session, PeerupStream *failed, const GError *error, gpointer owner)
{
  PeerupForward *self = owner;
  guint64 out;
  guint64 in;

  self->failed = FALSE;
  if (failed == NULL || failed == session->near)
    return;
  peerup_session_get_bytes (session, &out, &in);
  forward_take_result (self, peerup_forward_describe_cut (error, peerup_stream_get_reset_code (failed), in > 0,
                                                          self->peer_name, self->service,
                                                          peerup_swarm_get_peer_id (self->swarm)));
  g_message ("%s", self->last_error);
}

static void
on_removed (gint64 carried, gpointer owner)
{
  PeerupForward *self = owner;

  if (carried >= 0)
    g_signal_emit (self, signals[SESSION_ENDED], 0, carried);
  if (self->listener != NULL && peerup_sessions_get_count (self->sessions) < PEERUP_FORWARD_CONNECTIONS_MAX)
    peerup_listener_resume (self->listener);
  forward_update_state (self);
  g_object_notify_by_pspec (owner, props[PROP_ACTIVE]);
}

static const PeerupSessionFuncs session_funcs = { on_joined, on_refused, on_ended, on_removed };

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupForward) self = g_object_ref (data);
  PeerupStream *local = peerup_socket_stream_new (fd, &error);
  PeerupSession *session;

  if (local == NULL)
    {
      g_message ("Cannot take a connection to %s of %s: %s", self->service, self->peer_name, error->message);
      return;
    }
  peerup_socket_stream_set_keepalive (PEERUP_SOCKET_STREAM (local), KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
  g_object_freeze_notify (G_OBJECT (self));
  session = peerup_sessions_add (self->sessions, self->peer, local);
  self->total++;
  if (peerup_sessions_get_count (self->sessions) >= PEERUP_FORWARD_CONNECTIONS_MAX)
    peerup_listener_pause (listener);
  forward_update_state (self);
  peerup_session_await (session, forward_open (self, local));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TOTAL]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
  g_object_thaw_notify (G_OBJECT (self));
}

gboolean
peerup_forward_start (PeerupForward *self, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), FALSE);

  if (self->listener != NULL)
    return TRUE;
  self->listener = peerup_listener_new (self->address, self->asked_port, on_accepted, self, error);
  if (self->listener == NULL)
    return FALSE;
  peerup_sessions_stop_draining (self->sessions);
  self->failed = FALSE;
  forward_update_state (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORT]);
  return TRUE;
}

static void
forward_stop_listening (PeerupForward *self)
{
  if (self->listener == NULL)
    return;
  g_clear_pointer (&self->listener, peerup_listener_free);
  forward_update_state (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORT]);
}

void
peerup_forward_stop (PeerupForward *self)
{
  g_return_if_fail (PEERUP_IS_FORWARD (self));

  g_object_freeze_notify (G_OBJECT (self));
  forward_stop_listening (self);
  peerup_sessions_reset (self->sessions, NULL, PEERUP_STREAM_CODE_NONE);
  g_object_thaw_notify (G_OBJECT (self));
}

DexFuture *
peerup_forward_drain (PeerupForward *self, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  forward_stop_listening (self);
  return peerup_sessions_drain (self->sessions, deadline);
}

PeerupPeerId *
peerup_forward_get_peer (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->peer;
}

/**
 * peerup_forward_get_peer_id:
 *
 * Whose service it is.
 *
 * Returns: the peer ID in base58
 */
const char *
peerup_forward_get_peer_id (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return peerup_peer_id_get_string (self->peer);
}

/**
 * peerup_forward_get_peer_name:
 *
 * What people call that peer.
 *
 * Returns: what messages call the peer: its name, or its ID
 */
const char *
peerup_forward_get_peer_name (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->peer_name;
}

/**
 * peerup_forward_get_service:
 *
 * Which of its services.
 *
 * Returns: the name of the service
 */
const char *
peerup_forward_get_service (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->service;
}

/**
 * peerup_forward_get_address:
 *
 * Where it listens.
 *
 * Returns: (nullable): the IP address it was made for; %NULL for loopback
 */
const char *
peerup_forward_get_address (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->address;
}

/**
 * peerup_forward_get_port:
 *
 * Where it listens.
 *
 * Returns: the port; while it listens the real one, even if 0 was asked for
 */
guint
peerup_forward_get_port (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return self->listener != NULL ? peerup_listener_get_port (self->listener) : self->asked_port;
}

/**
 * peerup_forward_get_state:
 *
 * What it does.
 *
 * Returns: its state now
 */
PeerupForwardState
peerup_forward_get_state (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), PEERUP_FORWARD_STOPPED);

  return self->state;
}

/**
 * peerup_forward_get_last_error:
 *
 * What went wrong last.
 *
 * Returns: (nullable): why the last connection could not be carried, in plain words; %NULL after a success
 */
const char *
peerup_forward_get_last_error (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->last_error;
}

/**
 * peerup_forward_get_active:
 *
 * How many connections it carries.
 *
 * Returns: the number that are open now
 */
guint
peerup_forward_get_active (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return peerup_sessions_get_count (self->sessions);
}

/**
 * peerup_forward_get_total:
 *
 * How many it has carried.
 *
 * Returns: the number of connections since it was made
 */
guint64
peerup_forward_get_total (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return self->total;
}

/**
 * peerup_forward_get_bytes:
 * @in: (out): bytes from the peer, since it was made
 * @out: (out): bytes to the peer
 *
 * How much it has carried; read when asked, and never notified.
 */
void
peerup_forward_get_bytes (PeerupForward *self, guint64 *in, guint64 *out)
{
  g_return_if_fail (PEERUP_IS_FORWARD (self));

  peerup_sessions_get_bytes (self->sessions, out, in);
}

static guint64
forward_get_one_way (PeerupForward *self, gboolean want_in)
{
  guint64 in;
  guint64 out;

  peerup_forward_get_bytes (self, &in, &out);
  return want_in ? in : out;
}

static void
peerup_forward_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupForward *self = PEERUP_FORWARD (object);

  switch (id)
    {
    case PROP_PEER_ID:
      g_value_set_string (value, peerup_peer_id_get_string (self->peer));
      break;
    case PROP_PEER_NAME:
      g_value_set_string (value, self->peer_name);
      break;
    case PROP_SERVICE:
      g_value_set_string (value, self->service);
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_PORT:
      g_value_set_uint (value, peerup_forward_get_port (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_ACTIVE:
      g_value_set_uint (value, peerup_sessions_get_count (self->sessions));
      break;
    case PROP_TOTAL:
      g_value_set_uint64 (value, self->total);
      break;
    case PROP_BYTES_IN:
    case PROP_BYTES_OUT:
      g_value_set_uint64 (value, forward_get_one_way (self, id == PROP_BYTES_IN));
      break;
    case PROP_LAST_ERROR:
      g_value_set_string (value, self->last_error);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_forward_dispose (GObject *object)
{
  peerup_forward_stop (PEERUP_FORWARD (object));
  G_OBJECT_CLASS (peerup_forward_parent_class)->dispose (object);
}

static void
peerup_forward_finalize (GObject *object)
{
  PeerupForward *self = PEERUP_FORWARD (object);

  g_clear_pointer (&self->sessions, peerup_sessions_free);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_pointer (&self->peer_name, g_free);
  g_clear_pointer (&self->service, g_free);
  g_clear_pointer (&self->protocol, g_free);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->last_error, g_free);
  G_OBJECT_CLASS (peerup_forward_parent_class)->finalize (object);
}

static void
peerup_forward_class_init (PeerupForwardClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags ro = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->dispose = peerup_forward_dispose;
  object_class->finalize = peerup_forward_finalize;
  peerup_notify_outside_fibers (object_class);
  object_class->get_property = peerup_forward_get_property;

  props[PROP_PEER_ID] = g_param_spec_string ("peer-id", NULL, NULL, NULL, ro);
  props[PROP_PEER_NAME] = g_param_spec_string ("peer-name", NULL, NULL, NULL, ro);
  props[PROP_SERVICE] = g_param_spec_string ("service", NULL, NULL, NULL, ro);
  props[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, ro);
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, ro);
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, PEERUP_TYPE_FORWARD_STATE, PEERUP_FORWARD_STOPPED, ro);
  props[PROP_ACTIVE] = g_param_spec_uint ("active", NULL, NULL, 0, G_MAXUINT, 0, ro);
  props[PROP_TOTAL] = g_param_spec_uint64 ("total", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_IN] = g_param_spec_uint64 ("bytes-in", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_BYTES_OUT] = g_param_spec_uint64 ("bytes-out", NULL, NULL, 0, G_MAXUINT64, 0, ro);
  props[PROP_LAST_ERROR] = g_param_spec_string ("last-error", NULL, NULL, NULL, ro);
  g_object_class_install_properties (object_class, N_PROPS, props);

  /**
   * PeerupForward::session-ended:
   * @self: the forward
   * @carried: microseconds from the first byte that could pass to the end; connections that
   *   came to nothing are not told
   *
   * A connection that was carried has ended.
   */
  signals[SESSION_ENDED] = g_signal_new ("session-ended", PEERUP_TYPE_FORWARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_INT64);
}

static void
peerup_forward_init (PeerupForward *self)
{
  self->sessions = peerup_sessions_new (&session_funcs, G_OBJECT (self));
  self->first_pause = FIRST_PAUSE;
}

void
peerup_forward_set_first_pause (PeerupForward *self, guint pause)
{
  g_return_if_fail (PEERUP_IS_FORWARD (self));

  self->first_pause = pause;
}

PeerupForward *
peerup_forward_new (PeerupSwarm *swarm, PeerupPeerId *peer, const char *peer_name, const char *service,
                    const char *address, guint port, GError **error)
{
  PeerupForward *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (service != NULL, NULL);

  if (!peerup_service_name_check (service, error) || !peerup_listener_check (address, port, error))
    return NULL;
  self = g_object_new (PEERUP_TYPE_FORWARD, NULL);
  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  self->peer_name = g_strdup (peer_name != NULL ? peer_name : peerup_peer_id_get_string (peer));
  self->service = g_strdup (service);
  self->protocol = peerup_service_name_to_protocol (service);
  self->address = g_strdup (address);
  self->asked_port = port;
  return self;
}
