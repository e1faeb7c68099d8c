/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine as an object: properties, lists and the GIO face of its calls. What it does
 * is in peerup-engine-run.c (start and stop), peerup-engine-config.c (files that change)
 * and peerup-engine-calls.c. Lives until its last reference goes, and one that still runs
 * then a little longer: it stops first, as ending well takes time.
 */
#include "engine/peerup-engine-private.h"

#include "engine/peerup-engine-events.h"
#include "transport/peerup-notify.h"

G_DEFINE_FINAL_TYPE (PeerupEngine, peerup_engine, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (PeerupEngineState, peerup_engine_state, G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_STOPPED, "stopped"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_STARTING, "starting"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_STOPPING, "stopping"))
G_DEFINE_FLAGS_TYPE (PeerupEngineFlags, peerup_engine_flags, G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_DEFAULT, "default"),
                     G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_DIAL_ONLY, "dial-only"),
                     G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RELAY, "relay"))
G_DEFINE_ENUM_TYPE (PeerupEngineRelayState, peerup_engine_relay_state,
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RELAY_OFF, "off"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RELAY_SERVING, "serving"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RELAY_DRAINING, "draining"),
                    G_DEFINE_ENUM_VALUE (PEERUP_ENGINE_RELAY_DRAINED, "drained"))

enum
{
  PROP_CONFIG_PATH = 1,
  PROP_FLAGS,
  PROP_STATE,
  PROP_PEER_ID,
  PROP_STARTED_AT,
  PROP_LISTEN_ADDRESSES,
  PROP_PROBLEMS,
  PROP_PEERS,
  PROP_SERVICES,
  PROP_FORWARDS,
  PROP_RELAY_STATE,
  PROP_RELAY_RESERVATIONS,
  PROP_RELAY_CIRCUITS,
  PROP_CONFIG_DEADLINE,
  PROP_IDENTITY_STORE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static guint grant_ending_signal;
static guint group_changed_signal;
static guint trust_changed_signal;
static guint event_signal;

/**
 * peerup_engine_new:
 * @config_path: (nullable): the configuration file; without one the engine has a fresh
 *   identity that is kept nowhere, and only dials
 * @flags: what it is for
 *
 * Nothing is read before the engine is started.
 *
 * Returns: (transfer full): an engine
 */
PeerupEngine *
peerup_engine_new (const char *config_path, PeerupEngineFlags flags)
{
  return g_object_new (PEERUP_TYPE_ENGINE, "config-path", config_path, "flags", flags, NULL);
}

/**
 * peerup_engine_get_config_path:
 *
 * Where its configuration is.
 *
 * Returns: (nullable): the absolute path of the configuration file
 */
const char *
peerup_engine_get_config_path (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return self->config_path;
}

/**
 * peerup_engine_get_state:
 *
 * How far it is in its life.
 *
 * Returns: its state now
 */
PeerupEngineState
peerup_engine_get_state (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), PEERUP_ENGINE_STOPPED);
  return self->state;
}

/**
 * peerup_engine_get_peer_id:
 *
 * Who it is to its peers.
 *
 * Returns: (nullable): the peer ID in base58; %NULL while the engine is stopped
 */
const char *
peerup_engine_get_peer_id (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  if (self->identity == NULL)
    return NULL;
  return peerup_peer_id_get_string (peerup_private_key_get_peer_id (self->identity));
}

/**
 * peerup_engine_get_started_at:
 *
 * Since when it runs.
 *
 * Returns: seconds since 1970 when the engine came to run, 0 while it does not
 */
gint64
peerup_engine_get_started_at (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), 0);
  return self->started_at;
}

/**
 * peerup_engine_dup_listen_addresses:
 *
 * Where it is reached. Give one of them to a peer that shall connect.
 *
 * Returns: (transfer full): the multiaddrs where peers reach the engine, each with /p2p/ID
 */
char **
peerup_engine_dup_listen_addresses (PeerupEngine *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) addresses = NULL;

  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  if (self->swarm != NULL)
    addresses = peerup_swarm_dup_announced_addresses (self->swarm);
  for (guint i = 0; addresses != NULL && i < addresses->len; i++)
    {
      g_autoptr (PeerupMultiaddr) whole = NULL;

      whole = peerup_multiaddr_with_peer_id (g_ptr_array_index (addresses, i), peerup_swarm_get_peer_id (self->swarm));
      g_strv_builder_add (builder, peerup_multiaddr_get_string (whole));
    }
  return g_strv_builder_end (builder);
}

/**
 * peerup_engine_dup_problems:
 *
 * What a person should know and mend.
 *
 * Returns: (transfer full): sentences about what is wrong now and for long; empty if all is well
 */
char **
peerup_engine_dup_problems (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return peerup_problems_dup (self->problems);
}

/**
 * peerup_engine_get_peers:
 *
 * The peers that it has met; their objects stay the same while it runs.
 *
 * Returns: (transfer none): a list of [class@Peer]
 */
GListModel *
peerup_engine_get_peers (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return peerup_peer_list_get_model (self->peers);
}

/**
 * peerup_engine_get_services:
 *
 * What it offers, by its configuration and by [method@Engine.expose].
 *
 * Returns: (transfer none): a list of [class@Service]: what peers may use here
 */
GListModel *
peerup_engine_get_services (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return peerup_service_set_get_model (self->services);
}

/**
 * peerup_engine_get_forwards:
 *
 * What it has made of [method@Engine.add_forward].
 *
 * Returns: (transfer none): a list of [class@Forward]: services of peers that are ports here
 */
GListModel *
peerup_engine_get_forwards (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return G_LIST_MODEL (self->forwards);
}

static gboolean
edge_exists (PeerupEngineState from, PeerupEngineState to)
{
  switch (from)
    {
    case PEERUP_ENGINE_STOPPED:
      return to == PEERUP_ENGINE_STARTING;
    case PEERUP_ENGINE_STARTING:
      return to == PEERUP_ENGINE_RUNNING || to == PEERUP_ENGINE_STOPPING;
    case PEERUP_ENGINE_RUNNING:
      return to == PEERUP_ENGINE_STOPPING;
    case PEERUP_ENGINE_STOPPING:
      return to == PEERUP_ENGINE_STOPPED;
    default:
      return FALSE;
    }
}

void
peerup_engine_set_state (PeerupEngine *self, PeerupEngineState state)
{
  static const char *const names[] = { "stopped", "starting", "running", "stopping" };

  g_assert (edge_exists (self->state, state));
  g_debug ("engine: %s -> %s", names[self->state], names[state]);
  self->state = state;
  self->started_at = state == PEERUP_ENGINE_RUNNING ? g_get_real_time () / G_USEC_PER_SEC : 0;
  peerup_engine_events_tell_state (self->events);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STARTED_AT]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEER_ID]);
  peerup_engine_notify_identity_store (self);
}

void
peerup_engine_set_problem (PeerupEngine *self, const char *key, const char *text)
{
  if (peerup_problems_set (self->problems, key, text))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROBLEMS]);
}

void
peerup_engine_notify_addresses (PeerupEngine *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LISTEN_ADDRESSES]);
}

void
peerup_engine_notify_relay (PeerupEngine *self)
{
  const PeerupEngineRelayInfo told = self->told_relay;
  PeerupEngineRelayInfo info = { 0 };

  if (self->relay != NULL)
    peerup_engine_relay_get_numbers (self->relay, &info);
  self->told_relay = info;
  if (info.state != told.state)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELAY_STATE]);
  if (info.n_reservations != told.n_reservations)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELAY_RESERVATIONS]);
  if (info.n_circuits != told.n_circuits)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELAY_CIRCUITS]);
}

void
peerup_engine_notify_config_deadline (PeerupEngine *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONFIG_DEADLINE]);
}

void
peerup_engine_notify_identity_store (PeerupEngine *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_IDENTITY_STORE]);
}

/**
 * peerup_engine_get_identity_store:
 * @self: an engine
 *
 * Where the private key of the identity is: "file", or "keyring" for the login keyring of the desktop.
 *
 * Returns: (transfer none): one of these words; "file" while the engine is stopped
 */
const char *
peerup_engine_get_identity_store (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);

  return peerup_config_key_store_to_string (self->config != NULL ? peerup_config_get_key_store (self->config)
                                                                 : PEERUP_CONFIG_KEY_STORE_FILE);
}

/**
 * peerup_engine_get_config_deadline:
 *
 * Until when somebody has to confirm a change of the configuration.
 *
 * Returns: seconds since 1970 when a change of the configuration that waits to be confirmed is taken back, 0 if none
 *   does
 */
gint64
peerup_engine_get_config_deadline (PeerupEngine *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), 0);
  return self->store != NULL ? peerup_engine_store_get_deadline (self->store) : 0;
}

static void
finish_with (PeerupEngine *self, DexFuture *future, GCancellable *cancellable, GAsyncReadyCallback callback,
             gpointer user_data)
{
  g_autoptr (DexAsyncResult) result = dex_async_result_new (self, cancellable, callback, user_data);

  dex_async_result_await (result, future);
}

/**
 * peerup_engine_start_async:
 * @self: a stopped engine
 * @cancellable: (nullable): gives up waiting; the engine goes on starting
 * @callback: called when it runs or could not be started
 * @user_data: for @callback
 *
 * Reads the files and listens. An address that cannot be listened on becomes a problem; if
 * none works, the start fails.
 */
void
peerup_engine_start_async (PeerupEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (PEERUP_IS_ENGINE (self));
  finish_with (self, peerup_engine_start (self), cancellable, callback, user_data);
}

/**
 * peerup_engine_start_finish:
 * @self: an engine
 * @result: as the callback got it
 * @error: return location for an error
 *
 * Ends [method@Engine.start_async]. Errors: %PEERUP_ERROR_CONFIG, %PEERUP_ERROR_NOT_FOUND,
 * %PEERUP_ERROR_PERMISSION or %PEERUP_ERROR_MALFORMED for the files, %PEERUP_ERROR_UNREACHABLE
 * where no address can be listened on, %PEERUP_ERROR_EXISTS for one that is started already.
 *
 * Returns: whether it runs
 */
gboolean
peerup_engine_start_finish (PeerupEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), FALSE);
  return dex_async_result_propagate_boolean (DEX_ASYNC_RESULT (result), error);
}

/**
 * peerup_engine_stop_async:
 * @self: an engine that runs
 * @cancellable: (nullable): cuts streams at once instead of waiting for them
 * @callback: called when everything is closed
 * @user_data: for @callback
 *
 * Takes nothing new, gives open streams five seconds to end, and closes everything.
 */
void
peerup_engine_stop_async (PeerupEngine *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (PEERUP_IS_ENGINE (self));
  finish_with (self, peerup_engine_stop (self, cancellable), NULL, callback, user_data);
}

/**
 * peerup_engine_stop_finish:
 * @self: an engine
 * @result: as the callback got it
 * @error: return location for an error
 *
 * Ends [method@Engine.stop_async]. Error: %PEERUP_ERROR_CLOSED, if it did not run.
 *
 * Returns: whether it was stopped
 */
gboolean
peerup_engine_stop_finish (PeerupEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), FALSE);
  return dex_async_result_propagate_boolean (DEX_ASYNC_RESULT (result), error);
}

/**
 * peerup_engine_connect_async:
 * @self: an engine that runs
 * @peer: a name, a peer ID, or a multiaddr that ends in `/p2p/ID`
 * @cancellable: (nullable): gives up waiting
 * @callback: called when there is a connection, or will be none
 * @user_data: for @callback
 *
 * Connects to a peer by the best path that can be had; one that is there is used.
 */
void
peerup_engine_connect_async (PeerupEngine *self, const char *peer, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (PEERUP_IS_ENGINE (self));
  g_return_if_fail (peer != NULL);
  finish_with (self, peerup_engine_connect (self, peer), cancellable, callback, user_data);
}

/**
 * peerup_engine_connect_finish:
 * @self: an engine
 * @result: as the callback got it
 * @error: return location for an error
 *
 * Ends [method@Engine.connect_async]. Errors: %PEERUP_ERROR_NOT_FOUND (no such peer),
 * %PEERUP_ERROR_UNREACHABLE, %PEERUP_ERROR_WRONG_PEER, %PEERUP_ERROR_GATED (the peer does not
 * admit this device), %PEERUP_ERROR_TIMEOUT, %PEERUP_ERROR_CLOSED.
 *
 * Returns: (transfer full): the peer, connected
 */
PeerupPeer *
peerup_engine_connect_finish (PeerupEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE (self), NULL);
  return dex_async_result_propagate_pointer (DEX_ASYNC_RESULT (result), error);
}

/**
 * peerup_engine_ping_async:
 * @self: an engine that runs
 * @peer: a name, a peer ID, or a multiaddr that ends in `/p2p/ID`
 * @cancellable: (nullable): gives up waiting
 * @callback: called with the answer, or after 15 seconds at most without one
 * @user_data: for @callback
 *
 * Connects if need be, sends a ping and waits for its answer.
 */
void
peerup_engine_ping_async (PeerupEngine *self, const char *peer, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (PEERUP_IS_ENGINE (self));
  g_return_if_fail (peer != NULL);
  finish_with (self, peerup_engine_ping (self, peer), cancellable, callback, user_data);
}

/**
 * peerup_engine_ping_finish:
 * @self: an engine
 * @result: as the callback got it
 * @error: return location for an error
 *
 * Ends [method@Engine.ping_async]. Errors: those of [method@Engine.connect_finish].
 *
 * Returns: the round trip in microseconds, -1 with an error
 */
gint64
peerup_engine_ping_finish (PeerupEngine *self, GAsyncResult *result, GError **error)
{
  g_autoptr (DexFuture) future = NULL;
  const GValue *value;

  g_return_val_if_fail (PEERUP_IS_ENGINE (self), -1);
  future = dex_async_result_dup_future (DEX_ASYNC_RESULT (result));
  value = dex_future_get_value (future, error);
  return value != NULL ? g_value_get_int64 (value) : -1;
}

static void
peerup_engine_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  PeerupEngine *self = PEERUP_ENGINE (object);

  switch (prop_id)
    {
    case PROP_CONFIG_PATH:
      g_value_set_string (value, self->config_path);
      break;
    case PROP_FLAGS:
      g_value_set_flags (value, self->flags);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PEER_ID:
      g_value_set_string (value, peerup_engine_get_peer_id (self));
      break;
    case PROP_STARTED_AT:
      g_value_set_int64 (value, self->started_at);
      break;
    case PROP_LISTEN_ADDRESSES:
      g_value_take_boxed (value, peerup_engine_dup_listen_addresses (self));
      break;
    case PROP_PROBLEMS:
      g_value_take_boxed (value, peerup_engine_dup_problems (self));
      break;
    case PROP_PEERS:
      g_value_set_object (value, peerup_engine_get_peers (self));
      break;
    case PROP_SERVICES:
      g_value_set_object (value, peerup_engine_get_services (self));
      break;
    case PROP_FORWARDS:
      g_value_set_object (value, self->forwards);
      break;
    case PROP_RELAY_STATE:
      g_value_set_enum (value, self->told_relay.state);
      break;
    case PROP_RELAY_RESERVATIONS:
      g_value_set_uint (value, self->told_relay.n_reservations);
      break;
    case PROP_RELAY_CIRCUITS:
      g_value_set_uint (value, self->told_relay.n_circuits);
      break;
    case PROP_IDENTITY_STORE:
      g_value_set_static_string (value, peerup_engine_get_identity_store (self));
      break;
    case PROP_CONFIG_DEADLINE:
      g_value_set_int64 (value, peerup_engine_get_config_deadline (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
peerup_engine_set_property (GObject *object, guint prop_id, const GValue *value, GParamSpec *pspec)
{
  PeerupEngine *self = PEERUP_ENGINE (object);
  const char *path;

  switch (prop_id)
    {
    case PROP_CONFIG_PATH:
      path = g_value_get_string (value);
      self->config_path = path != NULL ? g_canonicalize_filename (path, NULL) : NULL;
      break;
    case PROP_FLAGS:
      self->flags = g_value_get_flags (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static gboolean
stop_dropped (gpointer data)
{
  PeerupEngine *self = data;

  if (self->state == PEERUP_ENGINE_RUNNING)
    dex_future_disown (peerup_engine_stop (self, NULL)); /* it holds the engine, and nobody else is left to ask */
  return G_SOURCE_REMOVE;
}

/* Whoever drops an engine that runs may be a garbage collector, in any thread: it is stopped in its own, by the loop.
 */
static void
peerup_engine_dispose (GObject *object)
{
  PeerupEngine *self = PEERUP_ENGINE (object);
  g_autoptr (GSource) source = NULL;

  if (self->state == PEERUP_ENGINE_STOPPED)
    {
      G_OBJECT_CLASS (peerup_engine_parent_class)->dispose (object);
      return;
    }
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] dropped engine");
  g_source_set_callback (source, stop_dropped, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
}

static void
peerup_engine_finalize (GObject *object)
{
  PeerupEngine *self = PEERUP_ENGINE (object);

  g_assert (self->state == PEERUP_ENGINE_STOPPED);
  g_clear_object (&self->events);
  g_clear_pointer (&self->prompts, peerup_engine_prompts_free);
  g_main_context_unref (self->context);
  g_clear_object (&self->forwards);
  g_clear_object (&self->services);
  g_clear_object (&self->peers);
  g_clear_object (&self->devices);
  g_clear_pointer (&self->problems, peerup_problems_free);
  g_clear_pointer (&self->identity_store, peerup_engine_identity_free);
  g_clear_pointer (&self->listen_errors, g_hash_table_unref);
  g_free (self->config_path);
  g_free (self->profile);
  G_OBJECT_CLASS (peerup_engine_parent_class)->finalize (object);
}

static void
peerup_engine_class_init (PeerupEngineClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags construct = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_engine_dispose;
  object_class->finalize = peerup_engine_finalize;
  peerup_notify_outside_fibers (object_class);
  object_class->get_property = peerup_engine_get_property;
  object_class->set_property = peerup_engine_set_property;

  properties[PROP_CONFIG_PATH] = g_param_spec_string ("config-path", NULL, NULL, NULL, construct);
  properties[PROP_FLAGS] =
    g_param_spec_flags ("flags", NULL, NULL, PEERUP_TYPE_ENGINE_FLAGS, PEERUP_ENGINE_DEFAULT, construct);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, PEERUP_TYPE_ENGINE_STATE, PEERUP_ENGINE_STOPPED, flags);
  properties[PROP_PEER_ID] = g_param_spec_string ("peer-id", NULL, NULL, NULL, flags);
  properties[PROP_STARTED_AT] = g_param_spec_int64 ("started-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_LISTEN_ADDRESSES] = g_param_spec_boxed ("listen-addresses", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_PROBLEMS] = g_param_spec_boxed ("problems", NULL, NULL, G_TYPE_STRV, flags);
  properties[PROP_PEERS] = g_param_spec_object ("peers", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_SERVICES] = g_param_spec_object ("services", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_FORWARDS] = g_param_spec_object ("forwards", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_RELAY_STATE] =
    g_param_spec_enum ("relay-state", NULL, NULL, PEERUP_TYPE_ENGINE_RELAY_STATE, PEERUP_ENGINE_RELAY_OFF, flags);
  properties[PROP_RELAY_RESERVATIONS] = g_param_spec_uint ("relay-reservations", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_RELAY_CIRCUITS] = g_param_spec_uint ("relay-circuits", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_CONFIG_DEADLINE] = g_param_spec_int64 ("config-deadline", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_IDENTITY_STORE] = g_param_spec_string ("identity-store", NULL, NULL, "file", flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * PeerupEngine::grant-ending:
   * @self: the engine
   * @peer_id: whose grant ends
   * @name: (nullable): what the configuration calls the peer
   * @service: what it is a grant of
   * @until: seconds since 1970 when it ends
   *
   * Some minutes before a grant ends, once; and again if it was given another end.
   */
  grant_ending_signal = g_signal_new ("grant-ending", PEERUP_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 4, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_INT64);
  /**
   * PeerupEngine::group-changed:
   * @self: the engine
   * @id: of the group
   *
   * A pairing group was made or revoked, or somebody has joined it.
   */
  group_changed_signal = g_signal_new ("group-changed", PEERUP_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                       G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * PeerupEngine::trust-changed:
   * @self: the engine
   *
   * Somebody may do more or less than before: authorized_keys or the grants have changed, or something of them has
   * ended.
   */
  trust_changed_signal =
    g_signal_new ("trust-changed", PEERUP_TYPE_ENGINE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * PeerupEngine::event:
   * @self: the engine
   * @name: what happened; also the signal's detail
   * @details: a dictionary (a{sv}) of what there is to say about it
   *
   * Something has happened. Handlers run from the main loop, in the order of what happened, some
   * moments after it; where it matters what is now, ask the object.
   *
   * - `StateChanged`: state, peer_id (s)
   * - `ProblemsChanged`: problems (as)
   * - `AddressesChanged`: addresses (as)
   * - `PeerChanged`: id, name, state, path (s, empty where there is none)
   * - `ServiceChanged`: name, host (s), port (u), enabled, removed (b)
   * - `ForwardChanged`: peer_id, service, address, state, error (s), removed (b)
   * - `GrantEnding`: peer_id, name, service (s), until (x, seconds since 1970)
   * - `GroupChanged`: id (s)
   * - `TrustChanged`: nothing more
   *
   * The states are those of the enumerations, in lower case: "running", "connected", "idle".
   */
  event_signal = g_signal_new ("event", PEERUP_TYPE_ENGINE, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_VARIANT);
}

void
peerup_engine_emit_trust_changed (PeerupEngine *self)
{
  g_signal_emit (self, trust_changed_signal, 0);
}

void
peerup_engine_emit_event (PeerupEngine *self, const char *name, GVariant *details)
{
  g_signal_emit (self, event_signal, g_quark_from_string (name), name, details);
}

void
peerup_engine_emit_group_changed (PeerupEngine *self, const char *id)
{
  g_signal_emit (self, group_changed_signal, 0, id);
}

void
peerup_engine_emit_grant_ending (PeerupEngine *self, const char *peer_id, const char *name, const char *service,
                                 gint64 until)
{
  g_signal_emit (self, grant_ending_signal, 0, peer_id, name, service, until);
}

void
peerup_engine_set_profile (PeerupEngine *self, const char *profile)
{
  g_set_str (&self->profile, profile);
  peerup_problems_set_profile (self->problems, profile);
  peerup_service_set_set_profile (self->services, profile);
}

static void
peerup_engine_init (PeerupEngine *self)
{
  dex_init ();
  self->peers = peerup_peer_list_new ();
  self->devices = peerup_engine_devices_new (self);
  self->services = peerup_service_set_new (peerup_engine_admits_to_service, peerup_engine_asks_about_service, self);
  self->prompts = peerup_engine_prompts_new (self);
  self->forwards = g_list_store_new (PEERUP_TYPE_FORWARD);
  self->problems = peerup_problems_new ();
  self->identity_store = peerup_engine_identity_new (self);
  self->listen_errors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->context = g_main_context_ref_thread_default ();
  self->events = peerup_engine_events_new (self);
}
