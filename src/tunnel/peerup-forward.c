/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The near end of a tunnel: a local port whose connections become streams to one
 * service of one peer. A forward can be started and stopped for as long as it lives;
 * a call lives from the accept to the end of its splice. It never lets a local
 * client take a failure for an answer: what cannot be carried is reset. */

#include "tunnel/peerup-forward.h"

#include "transport/peerup-socket-stream.h"
#include "tunnel/peerup-forward-error.h"
#include "transport/peerup-listener.h"
#include "tunnel/peerup-service-name.h"
#include "tunnel/peerup-splice.h"

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
  GQueue calls; /* of Call, linked through it */
  guint n_carried;
  gboolean failed; /* the last call to end */
  guint64 total;
  guint64 bytes_in; /* of calls that have ended */
  guint64 bytes_out;
  DexPromise *drained; /* while it drains */
};

/* One accepted connection. */
typedef struct
{
  grefcount refs;
  GList link;
  PeerupForward *forward; /* borrowed; NULL once the call has ended */
  PeerupStream *local;
  PeerupStream *remote; /* with the splice */
  PeerupSplice *splice;
  DexFuture *opening; /* a try to open the stream, or the pause before one */
  guint n_retries;
} Call;

enum
{
  PROP_0,
  PROP_PEER,
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

static GParamSpec *props[N_PROPS];

/* Notifications are frozen wherever a call is worked on: a handler may stop the forward. */
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
  if (self->n_carried > 0)
    forward_set_state (self, PEERUP_FORWARD_ACTIVE);
  else if (self->calls.length > 0)
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

static Call *
call_new (PeerupForward *forward, PeerupStream *local)
{
  Call *call = g_new0 (Call, 1);

  g_ref_count_init (&call->refs);
  call->link.data = call;
  call->forward = forward;
  call->local = local;
  g_queue_push_tail_link (&forward->calls, &call->link);
  return call;
}

static void
call_unref (gpointer data)
{
  Call *call = data;

  if (!g_ref_count_dec (&call->refs))
    return;
  g_assert (call->forward == NULL);
  g_free (call);
}

static void
forward_resolve_drained (PeerupForward *self)
{
  g_autoptr (DexPromise) drained = g_steal_pointer (&self->drained);

  if (drained != NULL)
    dex_promise_resolve_boolean (drained, TRUE);
}

/* Forgets a call; what is not closed is reset by the drop. */
static void
call_end (Call *call)
{
  g_autoptr (PeerupForward) self = g_object_ref (call->forward);
  guint64 in = 0;
  guint64 out = 0;

  if (call->splice != NULL)
    {
      peerup_splice_get_bytes (call->splice, &out, &in);
      self->n_carried--;
    }
  self->bytes_in += in;
  self->bytes_out += out;
  g_queue_unlink (&self->calls, &call->link);
  call->forward = NULL;
  g_clear_pointer (&call->splice, peerup_splice_free);
  g_clear_object (&call->local);
  g_clear_object (&call->remote);
  dex_clear (&call->opening);
  call_unref (call);

  if (self->listener != NULL && self->calls.length < PEERUP_FORWARD_CONNECTIONS_MAX)
    peerup_listener_resume (self->listener);
  if (self->calls.length == 0)
    forward_resolve_drained (self);
  forward_update_state (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACTIVE]);
}

static void
call_reset (Call *call, guint32 code)
{
  if (call->splice != NULL)
    peerup_splice_cancel (call->splice, code);
  else
    peerup_stream_reset (call->local, code);
  call_end (call);
}

static void
call_fail (Call *call, const GError *error)
{
  PeerupForward *self = call->forward;
  char *message =
    peerup_forward_describe_refusal (error, self->peer_name, self->service, peerup_swarm_get_peer_id (self->swarm));

  g_message ("%s", message);
  forward_take_result (self, message);
  call_reset (call, PEERUP_STREAM_CODE_NONE);
}

/* A local client that goes away in the middle is no failure of the forward. */
static void
on_splice_ended (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  Call *call = data;
  g_autoptr (PeerupForward) self = g_object_ref (call->forward);
  guint64 out;
  guint64 in;

  g_object_freeze_notify (G_OBJECT (self));
  if (failed != NULL && failed == call->remote)
    {
      peerup_splice_get_bytes (splice, &out, &in);
      forward_take_result (self, peerup_forward_describe_cut (error, peerup_stream_get_reset_code (failed), in > 0,
                                                              self->peer_name, self->service,
                                                              peerup_swarm_get_peer_id (self->swarm)));
      g_message ("%s", self->last_error);
    }
  else
    self->failed = FALSE;
  call_end (call);
  g_object_thaw_notify (G_OBJECT (self));
}

static void
call_carry (Call *call, PeerupStream *remote)
{
  PeerupForward *self = call->forward;

  call->remote = g_object_ref (remote);
  call->splice = peerup_splice_new (call->local, remote, on_splice_ended, call);
  self->n_carried++;
  forward_take_result (self, NULL);
  forward_update_state (self);
}

static void call_open (Call *call);

/* The answer may be there at once, and the call have ended with it. */
static void
call_await (Call *call, DexFuture *future, DexFutureCallback func)
{
  g_autoptr (DexFuture) opening = NULL;

  g_ref_count_inc (&call->refs);
  opening = dex_future_finally (future, func, call, call_unref);
  if (dex_future_is_pending (opening))
    call->opening = g_steal_pointer (&opening);
}

static DexFuture *
on_pause_over (DexFuture *future, gpointer data)
{
  Call *call = data;

  if (call->forward == NULL)
    return dex_future_new_true ();
  dex_clear (&call->opening);
  call_open (call);
  return dex_future_new_true ();
}

static DexFuture *
on_opened (DexFuture *future, gpointer data)
{
  g_autoptr (PeerupForward) self = NULL;
  g_autoptr (GError) error = NULL;
  Call *call = data;
  const GValue *value;

  if (call->forward == NULL)
    return dex_future_new_true ();

  self = g_object_ref (call->forward);
  g_object_freeze_notify (G_OBJECT (self));
  dex_clear (&call->opening);
  value = dex_future_get_value (future, &error);
  if (value != NULL)
    call_carry (call, g_value_get_object (value));
  else if (call->n_retries < RETRIES && peerup_forward_may_retry (error))
    call_await (call, dex_timeout_new_msec (self->first_pause << call->n_retries++), on_pause_over);
  else
    call_fail (call, error);
  g_object_thaw_notify (G_OBJECT (self));
  return dex_future_new_true ();
}

static void
call_open (Call *call)
{
  PeerupForward *self = call->forward;
  const char *protocols[] = { self->protocol, NULL };

  call_await (call,
              peerup_swarm_open_stream (self->swarm, self->peer, protocols,
                                        g_get_monotonic_time () + PEERUP_FORWARD_OPEN_TIMEOUT),
              on_opened);
}

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupForward) self = g_object_ref (data);
  PeerupStream *local = peerup_socket_stream_new (fd, &error);
  Call *call;

  if (local == NULL)
    {
      g_message ("Cannot take a connection to %s of %s: %s", self->service, self->peer_name, error->message);
      return;
    }
  peerup_socket_stream_set_keepalive (PEERUP_SOCKET_STREAM (local), KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
  g_object_freeze_notify (G_OBJECT (self));
  call = call_new (self, local);
  self->total++;
  if (self->calls.length >= PEERUP_FORWARD_CONNECTIONS_MAX)
    peerup_listener_pause (listener);
  forward_update_state (self);
  call_open (call);
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
  forward_resolve_drained (self);
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

static void
forward_end_calls (PeerupForward *self, guint32 code)
{
  g_object_freeze_notify (G_OBJECT (self));
  while (self->calls.head != NULL)
    call_reset (self->calls.head->data, code);
  g_object_thaw_notify (G_OBJECT (self));
}

void
peerup_forward_stop (PeerupForward *self)
{
  g_return_if_fail (PEERUP_IS_FORWARD (self));

  g_object_freeze_notify (G_OBJECT (self));
  forward_stop_listening (self);
  forward_end_calls (self, PEERUP_STREAM_CODE_NONE);
  g_object_thaw_notify (G_OBJECT (self));
}

static DexFuture *
on_drained (DexFuture *future, gpointer data)
{
  PeerupForward *self = data;

  if (dex_future_is_rejected (future) && self->drained != NULL)
    forward_end_calls (self, PEERUP_STREAM_CODE_SHUTDOWN);
  return dex_future_new_true ();
}

DexFuture *
peerup_forward_drain (PeerupForward *self, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  forward_stop_listening (self);
  if (self->calls.length == 0)
    return dex_future_new_true ();
  if (self->drained == NULL)
    self->drained = dex_promise_new ();
  return dex_future_finally (dex_future_first (dex_ref (DEX_FUTURE (self->drained)),
                                               dex_timeout_new_deadline (deadline), NULL),
                             on_drained, g_object_ref (self), g_object_unref);
}

PeerupPeerId *
peerup_forward_get_peer (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->peer;
}

const char *
peerup_forward_get_peer_name (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->peer_name;
}

const char *
peerup_forward_get_service (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->service;
}

const char *
peerup_forward_get_address (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->address;
}

guint
peerup_forward_get_port (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return self->listener != NULL ? peerup_listener_get_port (self->listener) : self->asked_port;
}

PeerupForwardState
peerup_forward_get_state (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), PEERUP_FORWARD_STOPPED);

  return self->state;
}

const char *
peerup_forward_get_last_error (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), NULL);

  return self->last_error;
}

guint
peerup_forward_get_active (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return self->calls.length;
}

guint64
peerup_forward_get_total (PeerupForward *self)
{
  g_return_val_if_fail (PEERUP_IS_FORWARD (self), 0);

  return self->total;
}

void
peerup_forward_get_bytes (PeerupForward *self, guint64 *in, guint64 *out)
{
  g_return_if_fail (PEERUP_IS_FORWARD (self));

  *in = self->bytes_in;
  *out = self->bytes_out;
  for (GList *l = self->calls.head; l != NULL; l = l->next)
    {
      Call *call = l->data;
      guint64 to_remote;
      guint64 to_local;

      if (call->splice == NULL)
        continue;
      peerup_splice_get_bytes (call->splice, &to_remote, &to_local);
      *in += to_local;
      *out += to_remote;
    }
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
    case PROP_PEER:
      g_value_set_boxed (value, self->peer);
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
      g_value_set_uint (value, self->calls.length);
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

  g_assert (self->calls.length == 0 && self->drained == NULL);
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
  object_class->get_property = peerup_forward_get_property;

  props[PROP_PEER] = g_param_spec_boxed ("peer", NULL, NULL, PEERUP_TYPE_PEER_ID, ro);
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
}

static void
peerup_forward_init (PeerupForward *self)
{
  g_queue_init (&self->calls);
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
