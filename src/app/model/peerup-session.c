/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Finds an engine or makes one, in one fiber for each time that it is started, and follows it until it is gone. State
 * is one enum with one setter. What the engine knows stays with the engine: the lists are views of its objects. */
#include "app/model/peerup-session.h"

#include "client/peerup-client.h"
#include "config/peerup-new-device.h"
#include "control/peerup-control-objects.h"
#include "transport/peerup-stream.h"
#include "transport/peerup-fiber.h"

/* Seconds: a daemon that takes longer to take us in does not answer; an end does not wait longer for a start. */
#define ATTACH_TIME 15
#define STOP_TIME   10

typedef enum
{
  LIST_DEVICES,
  LIST_PEERS,
  LIST_SERVICES,
  LIST_FORWARDS,
  LIST_INVITES,
  LIST_GRANTS,
  LIST_RELAYS,
  LIST_PROMPTS,
  N_LISTS,
} List;

static const struct
{
  const char *property;
  const char *interface;
} lists[N_LISTS] = {
  { "devices", "dev.peerup.PeerUp.Device1" },   { "peers", "dev.peerup.PeerUp.Peer1" },
  { "services", "dev.peerup.PeerUp.Service1" }, { "forwards", "dev.peerup.PeerUp.Forward1" },
  { "invites", "dev.peerup.PeerUp.Invite1" },   { "grants", "dev.peerup.PeerUp.Grant1" },
  { "relays", "dev.peerup.PeerUp.Relay1" },     { "prompts", "dev.peerup.PeerUp.Prompt1" },
};

struct _PeerupSession
{
  GObject parent_instance;

  char *config_path;
  PeerupSessionState state;
  GError *error;        /* (nullable) */
  DexPromise *started;  /* (nullable): resolved when the last start has ended, one way or the other */
  PeerupClient *client; /* (nullable): while RUNNING */
  PeerupObjectList *lists[N_LISTS];
};

enum
{
  PROP_STATE = 1,
  PROP_ERROR_TEXT,
  PROP_EMBEDDED,
  PROP_ENGINE,
  PROP_LISTS,
  N_PROPS = PROP_LISTS + N_LISTS,
};

static GParamSpec *props[N_PROPS];
static guint event_signal;

G_DEFINE_ENUM_TYPE (PeerupSessionState, peerup_session_state, G_DEFINE_ENUM_VALUE (PEERUP_SESSION_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (PEERUP_SESSION_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (PEERUP_SESSION_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (PEERUP_SESSION_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (PEERUP_SESSION_GONE, "gone"))

G_DEFINE_FINAL_TYPE (PeerupSession, peerup_session, G_TYPE_OBJECT)

/* @error: (nullable) (transfer full) */
static void
set_state (PeerupSession *self, PeerupSessionState state, GError *error)
{
  static const guint edges[] = {
    [PEERUP_SESSION_STOPPED] = 1 << PEERUP_SESSION_STARTING,
    [PEERUP_SESSION_STARTING] = 1 << PEERUP_SESSION_RUNNING | 1 << PEERUP_SESSION_FAILED | 1 << PEERUP_SESSION_STOPPED,
    [PEERUP_SESSION_RUNNING] = 1 << PEERUP_SESSION_GONE | 1 << PEERUP_SESSION_STOPPED,
    [PEERUP_SESSION_FAILED] = 1 << PEERUP_SESSION_STARTING | 1 << PEERUP_SESSION_STOPPED,
    [PEERUP_SESSION_GONE] = 1 << PEERUP_SESSION_STARTING | 1 << PEERUP_SESSION_STOPPED,
  };

  g_assert (edges[self->state] & 1 << state);
  g_debug ("session: %d → %d", self->state, state);
  g_object_freeze_notify (G_OBJECT (self));
  self->state = state;
  g_clear_error (&self->error);
  self->error = error;
  for (guint i = PROP_STATE; i < PROP_LISTS; i++)
    g_object_notify_by_pspec (G_OBJECT (self), props[i]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* The engine */

static void
on_engine_signal (GDBusProxy *proxy, const char *sender, const char *name, GVariant *parameters, gpointer data)
{
  g_signal_emit (data, event_signal, g_quark_from_string (name), name, parameters);
}

static void
leave (PeerupSession *self)
{
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (peerup_client_get_proxy (self->client), self);
  for (guint i = 0; i < N_LISTS; i++)
    peerup_object_list_set_manager (self->lists[i], NULL);
}

/* Of a device that has none yet. Blocks for a few small files, in a thread where nobody waits for frames. */
static DexFuture *
make_device (gpointer data)
{
  const char *path = data;
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;

  if (g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return dex_future_new_true ();
  config = peerup_new_device_make (path, -1, NULL, NULL, &key, &error);
  /* Another window was faster. */
  if (config != NULL || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
    return dex_future_new_true ();
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
attach_fiber (gpointer config_path)
{
  GError *error = NULL;
  PeerupClient *client = dex_await_object (peerup_client_attach (config_path), &error);

  return client != NULL ? dex_future_new_take_object (client) : dex_future_new_for_error (error);
}

/* (transfer full) (nullable). In a fiber. One that hangs takes whoever comes, and says nothing. */
static PeerupClient *
attach (const char *config_path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  DexFuture *found = peerup_fiber_spawn (attach_fiber, g_strdup (config_path), g_free);
  PeerupClient *client =
    dex_await_object (dex_future_first (found, dex_timeout_new_seconds (ATTACH_TIME), NULL), &reason);

  if (g_error_matches (reason, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                         "The Peer-Up service of this device does not answer: end it, then try again");
  else if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  return client;
}

/* (transfer full) (nullable). In a fiber. A daemon that begins between the two looks is found by the third. */
static PeerupClient *
find_engine (const char *config_path, GError **error)
{
  g_autoptr (GError) reason = NULL;
  PeerupClient *client = attach (config_path, &reason);

  if (client != NULL || !g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    {
      if (client == NULL)
        g_propagate_error (error, g_steal_pointer (&reason));
      return client;
    }
  if (!dex_await (dex_scheduler_spawn (dex_thread_pool_scheduler_get_default (), PEERUP_FIBER_STACK, make_device,
                                       g_strdup (config_path), g_free),
                  error))
    return NULL;
  g_clear_error (&reason);
  client = dex_await_object (peerup_client_host (config_path), &reason);
  if (client != NULL)
    return client;
  if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
    return attach (config_path, error);
  g_propagate_error (error, g_steal_pointer (&reason));
  return NULL;
}

/* (transfer full) (nullable). In a fiber. */
static GDBusObjectManager *
find_objects (PeerupClient *client, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  GDBusConnection *connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (peerup_client_get_proxy (client)));
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_object_manager_client_new (connection, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_NONE, NULL, PEERUP_CONTROL_ROOT,
                                         dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL ? peerup_dbus_object_manager_client_new_finish (result, error) : NULL;
}

/* Somebody has stopped ours, or the daemon has ended. */
static GError *
make_end_error (PeerupSession *self)
{
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                              peerup_client_is_embedded (self->client)
                                ? "Peer-Up was stopped by another program"
                                : "The Peer-Up service of this device has ended");
}

typedef struct
{
  PeerupSession *self;
  DexPromise *previous; /* (nullable): another start that has not ended yet */
  DexPromise *started;
} Start;

static void
start_free (gpointer data)
{
  Start *start = data;

  g_object_unref (start->self);
  dex_clear (&start->previous);
  dex_unref (start->started);
  g_free (start);
}

/* It was not stopped meanwhile. */
static gboolean
is_wanted (const Start *start)
{
  return start->self->state == PEERUP_SESSION_STARTING && start->self->started == start->started;
}

/* (transfer full) (nullable): RUNNING from now on; NULL: FAILED, or it was stopped meanwhile. In a fiber. */
static PeerupClient *
find_all (const Start *start)
{
  PeerupSession *self = start->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GDBusObjectManager) objects = NULL;

  if (start->previous != NULL)
    dex_await (dex_ref (start->previous), NULL);
  if (!is_wanted (start))
    return NULL;
  client = find_engine (self->config_path, &error);
  objects = client != NULL ? find_objects (client, &error) : NULL;
  if (client != NULL && (objects == NULL || !is_wanted (start)))
    dex_await (peerup_client_close (client, NULL), NULL);
  if (!is_wanted (start))
    return NULL;
  if (objects == NULL)
    {
      set_state (self, PEERUP_SESSION_FAILED, g_steal_pointer (&error));
      return NULL;
    }
  g_set_object (&self->client, client);
  g_signal_connect (peerup_client_get_proxy (client), "g-signal", G_CALLBACK (on_engine_signal), self);
  for (guint i = 0; i < N_LISTS; i++)
    peerup_object_list_set_manager (self->lists[i], objects);
  set_state (self, PEERUP_SESSION_RUNNING, NULL);
  return g_steal_pointer (&client);
}

static DexFuture *
start_fiber (gpointer data)
{
  const Start *start = data;
  PeerupSession *self = start->self;
  g_autoptr (PeerupClient) client = find_all (start);

  dex_promise_resolve_boolean (start->started, client != NULL);
  if (client == NULL)
    return dex_future_new_true ();
  dex_await (peerup_client_wait_closed (client), NULL);
  /* Left by ourselves, there may be a new one already. */
  if (self->client == client && self->state == PEERUP_SESSION_RUNNING)
    {
      g_autoptr (GError) end = make_end_error (self);

      leave (self);
      g_clear_object (&self->client);
      set_state (self, PEERUP_SESSION_GONE, g_steal_pointer (&end));
      dex_await (peerup_client_close (client, NULL), NULL);
    }
  return dex_future_new_true ();
}

void
peerup_session_start (PeerupSession *self)
{
  Start *start;

  g_return_if_fail (PEERUP_IS_SESSION (self));
  if (self->state == PEERUP_SESSION_STARTING || self->state == PEERUP_SESSION_RUNNING)
    return;
  set_state (self, PEERUP_SESSION_STARTING, NULL);
  start = g_new (Start, 1);
  start->self = g_object_ref (self);
  start->previous = g_steal_pointer (&self->started);
  start->started = dex_promise_new ();
  self->started = dex_ref (start->started);
  dex_future_disown (peerup_fiber_run (start_fiber, start, start_free));
}

typedef struct
{
  DexPromise *started;  /* (nullable) */
  PeerupClient *client; /* (nullable) */
  GTask *task;
} Stop;

static void
stop_free (gpointer data)
{
  Stop *stop = data;

  dex_clear (&stop->started);
  g_clear_object (&stop->client);
  g_object_unref (stop->task);
  g_free (stop);
}

static DexFuture *
stop_fiber (gpointer data)
{
  const Stop *stop = data;

  /* An engine that is about to start is stopped by who starts it: then nothing of it is left, either. */
  if (stop->started != NULL)
    dex_await (dex_future_first (DEX_FUTURE (dex_ref (stop->started)), dex_timeout_new_seconds (STOP_TIME), NULL),
               NULL);
  if (stop->client != NULL)
    dex_await (peerup_client_close (stop->client, g_task_get_cancellable (stop->task)), NULL);
  g_task_return_boolean (stop->task, TRUE);
  return dex_future_new_true ();
}

void
peerup_session_stop_async (PeerupSession *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Stop *stop = g_new0 (Stop, 1);

  g_return_if_fail (PEERUP_IS_SESSION (self));
  stop->task = g_task_new (self, cancellable, callback, data);
  /* Whoever hurries the end does not call it off. */
  g_task_set_check_cancellable (stop->task, FALSE);
  leave (self);
  if (self->started != NULL)
    stop->started = dex_ref (self->started);
  stop->client = g_steal_pointer (&self->client);
  if (self->state != PEERUP_SESSION_STOPPED)
    set_state (self, PEERUP_SESSION_STOPPED, NULL);
  dex_future_disown (peerup_fiber_run (stop_fiber, stop, stop_free));
}

void
peerup_session_stop_finish (PeerupSession *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
  g_task_propagate_boolean (G_TASK (result), NULL);
}

/* Calls */

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  GVariant *answer = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);

  if (answer != NULL)
    {
      g_task_return_pointer (task, answer, (GDestroyNotify) g_variant_unref);
      return;
    }
  g_dbus_error_strip_remote_error (error);
  g_task_return_error (task, error);
}

void
peerup_session_call_async (PeerupSession *self, const char *operation, GVariant *parameters, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  PeerupDBusEngine1 *engine;

  g_return_if_fail (PEERUP_IS_SESSION (self));
  task = g_task_new (self, cancellable, callback, data);
  engine = peerup_session_get_engine (self);
  if (engine == NULL)
    {
      if (parameters != NULL)
        g_variant_unref (g_variant_ref_sink (parameters));
      g_task_return_new_error_literal (task, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                       "Peer-Up does not run: start it, then try again");
      return;
    }
  g_dbus_proxy_call (G_DBUS_PROXY (engine), operation, parameters, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, cancellable,
                     on_called, g_steal_pointer (&task));
}

GVariant *
peerup_session_call_finish (PeerupSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Facts */

const char *
peerup_session_get_config_path (PeerupSession *self)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), NULL);
  return self->config_path;
}

PeerupSessionState
peerup_session_get_state (PeerupSession *self)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), PEERUP_SESSION_STOPPED);
  return self->state;
}

gboolean
peerup_session_is_embedded (PeerupSession *self)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), FALSE);
  return self->state == PEERUP_SESSION_RUNNING && peerup_client_is_embedded (self->client);
}

const GError *
peerup_session_get_error (PeerupSession *self)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), NULL);
  return self->error;
}

PeerupDBusEngine1 *
peerup_session_get_engine (PeerupSession *self)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), NULL);
  return self->state == PEERUP_SESSION_RUNNING ? peerup_client_get_proxy (self->client) : NULL;
}

static PeerupObjectList *
get_list (PeerupSession *self, List list)
{
  g_return_val_if_fail (PEERUP_IS_SESSION (self), NULL);
  return self->lists[list];
}

#define DEFINE_GETTER(name, LIST) \
  PeerupObjectList *peerup_session_get_##name (PeerupSession *self) { return get_list (self, LIST); }

DEFINE_GETTER (devices, LIST_DEVICES)
DEFINE_GETTER (peers, LIST_PEERS)
DEFINE_GETTER (services, LIST_SERVICES)
DEFINE_GETTER (forwards, LIST_FORWARDS)
DEFINE_GETTER (invites, LIST_INVITES)
DEFINE_GETTER (grants, LIST_GRANTS)
DEFINE_GETTER (relays, LIST_RELAYS)
DEFINE_GETTER (prompts, LIST_PROMPTS)

static void
peerup_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupSession *self = PEERUP_SESSION (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_ERROR_TEXT:
      g_value_set_string (value, self->error != NULL ? self->error->message : NULL);
      break;
    case PROP_EMBEDDED:
      g_value_set_boolean (value, peerup_session_is_embedded (self));
      break;
    case PROP_ENGINE:
      g_value_set_object (value, peerup_session_get_engine (self));
      break;
    default:
      if (id >= PROP_LISTS && id < N_PROPS)
        g_value_set_object (value, self->lists[id - PROP_LISTS]);
      else
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_session_finalize (GObject *object)
{
  PeerupSession *self = PEERUP_SESSION (object);

  leave (self);
  for (guint i = 0; i < N_LISTS; i++)
    g_object_unref (self->lists[i]);
  dex_clear (&self->started);
  g_clear_object (&self->client);
  g_clear_error (&self->error);
  g_free (self->config_path);
  G_OBJECT_CLASS (peerup_session_parent_class)->finalize (object);
}

static void
peerup_session_class_init (PeerupSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = peerup_session_get_property;
  object_class->finalize = peerup_session_finalize;
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, PEERUP_TYPE_SESSION_STATE, PEERUP_SESSION_STOPPED,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_ERROR_TEXT] =
    g_param_spec_string ("error-text", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_EMBEDDED] =
    g_param_spec_boolean ("embedded", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  props[PROP_ENGINE] =
    g_param_spec_object ("engine", NULL, NULL, PEERUP_DBUS_TYPE_ENGINE1, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  for (guint i = 0; i < N_LISTS; i++)
    props[PROP_LISTS + i] = g_param_spec_object (lists[i].property, NULL, NULL, PEERUP_TYPE_OBJECT_LIST,
                                                 G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
  event_signal = g_signal_new ("event", PEERUP_TYPE_SESSION, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_VARIANT);
}

static void
peerup_session_init (PeerupSession *self)
{
  for (guint i = 0; i < N_LISTS; i++)
    self->lists[i] = peerup_object_list_new (lists[i].interface);
}

PeerupSession *
peerup_session_new (const char *config_path)
{
  PeerupSession *self = g_object_new (PEERUP_TYPE_SESSION, NULL);

  self->config_path = g_canonicalize_filename (config_path, NULL);
  return self;
}
