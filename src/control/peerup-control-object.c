/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The operations of the control interface, each a thin way to a call of the engine.
 * Answers come from futures; a caller that disconnects takes its forwards with it. It
 * outlives no engine: both are dropped by whoever runs them.
 */
#include "control/peerup-control-object.h"

#include "control/peerup-control-describe.h"
#include "control/peerup-control-errors.h"
#include "control/peerup-control-groups.h"
#include "control/peerup-control-invites.h"
#include "control/peerup-control-options.h"
#include "control/peerup-control-pairing.h"
#include "control/peerup-control-paths.h"
#include "control/peerup-control-relay.h"
#include "control/peerup-control-requests.h"
#include "control/peerup-control-trust.h"
#include "peerup-config.h"

#include <unistd.h>

struct _PeerupControlObject
{
  PeerupDBusEngine1Skeleton parent_instance;

  PeerupEngine *engine;
  PeerupControlStopFunc stop;
  gpointer stop_data;
  GPtrArray *owned; /* of Owned */
  guint last_id;
};

static void engine_iface_init (PeerupDBusEngine1Iface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (PeerupControlObject, peerup_control_object, PEERUP_DBUS_TYPE_ENGINE1_SKELETON,
                               G_IMPLEMENT_INTERFACE (PEERUP_DBUS_TYPE_ENGINE1, engine_iface_init))

/* A forward, whose it is, and what it is called. */
typedef struct
{
  char *id;
  PeerupForward *forward;
  GDBusConnection *connection;
  PeerupForwardState told_state; /* what it was told with, and the error */
  char *told_error;
} Owned;

static void
owned_free (gpointer data)
{
  Owned *owned = data;

  g_free (owned->id);
  g_object_unref (owned->forward);
  g_object_unref (owned->connection);
  g_free (owned->told_error);
  g_free (owned);
}

static gboolean
list_peers (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  GListModel *peers = peerup_engine_get_peers (PEERUP_CONTROL_OBJECT (object)->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      g_variant_builder_add_value (&builder, peerup_control_describe_peer (peer));
    }
  peerup_dbus_engine1_complete_list_peers (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
list_services (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  GListModel *services = peerup_engine_get_services (PEERUP_CONTROL_OBJECT (object)->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);

      g_variant_builder_add_value (&builder, peerup_control_describe_service (service));
    }
  peerup_dbus_engine1_complete_list_services (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
list_forwards (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < self->owned->len; i++)
    {
      const Owned *owned = g_ptr_array_index (self->owned, i);

      g_variant_builder_add_value (&builder, peerup_control_describe_forward (owned->forward, owned->id));
    }
  peerup_dbus_engine1_complete_list_forwards (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
list_limits (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupLimits *limits = peerup_engine_get_limits (PEERUP_CONTROL_OBJECT (object)->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (PeerupLimit limit = 0; limits != NULL && limit < PEERUP_N_LIMITS; limit++)
    g_variant_builder_add_value (&builder, peerup_control_describe_limit (limits, limit));
  peerup_dbus_engine1_complete_list_limits (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
list_relays (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupRelayClient *relays = peerup_engine_get_relays (PEERUP_CONTROL_OBJECT (object)->engine);
  guint n = relays != NULL ? peerup_relay_client_get_n_relays (relays) : 0;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < n; i++)
    {
      PeerupRelayInfo info;

      peerup_relay_client_get_info (relays, i, &info);
      g_variant_builder_add_value (&builder, peerup_control_describe_relay (&info, g_get_monotonic_time ()));
    }
  peerup_dbus_engine1_complete_list_relays (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
list_connections (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupEngine *engine = PEERUP_CONTROL_OBJECT (object)->engine;
  g_autoptr (GPtrArray) connections = peerup_engine_dup_connections (engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupConnection *connection = g_ptr_array_index (connections, i);
      const char *name = peerup_engine_get_name_of (engine, peerup_connection_get_remote_peer (connection));

      g_variant_builder_add_value (&builder, peerup_control_describe_connection (connection, name));
    }
  peerup_dbus_engine1_complete_list_connections (object, invocation, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
get_diagnostics (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupEngine *engine = PEERUP_CONTROL_OBJECT (object)->engine;

  peerup_dbus_engine1_complete_get_diagnostics (object, invocation, peerup_control_describe_diagnostics (engine));
  return TRUE;
}

/* What a ping's answer needs besides the round trip. */
typedef struct
{
  PeerupControlObject *self;
  GDBusMethodInvocation *invocation;
  char *peer;
} Ping;

static void
ping_free (gpointer data)
{
  Ping *ping = data;

  g_object_unref (ping->self);
  g_object_unref (ping->invocation);
  g_free (ping->peer);
  g_free (ping);
}

static const char *
path_word (PeerupEngine *engine, const char *text)
{
  g_autoptr (PeerupPeerId) id = peerup_engine_resolve (engine, text, NULL);
  PeerupPeer *peer = id != NULL ? peerup_peer_list_find (engine->peers, id) : NULL;

  return peer != NULL && peerup_peer_get_relayed (peer) ? "relayed" : "direct";
}

static DexFuture *
answer_ping (DexFuture *future, gpointer data)
{
  const Ping *ping = data;
  PeerupDBusEngine1 *object = PEERUP_DBUS_ENGINE1 (ping->self);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  /* Completing takes a reference of the invocation. */
  if (value != NULL)
    peerup_dbus_engine1_complete_ping (object, g_object_ref (ping->invocation), g_value_get_int64 (value),
                                       path_word (ping->self->engine, ping->peer));
  else
    peerup_control_take_error (g_object_ref (ping->invocation), g_steal_pointer (&error));
  return dex_future_new_true ();
}

static gboolean
handle_ping (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);
  Ping *ping = g_new (Ping, 1);

  ping->self = g_object_ref (self);
  ping->invocation = g_steal_pointer (&invocation);
  ping->peer = g_strdup (peer);
  /* The answer is the only thing anybody waits for, and it is sent in every case. */
  dex_future_disown (dex_future_finally (peerup_engine_ping (self->engine, peer), answer_ping, ping, ping_free));
  return TRUE;
}

/* Once for a change of both: they are often notified together. */
static void
tell_forward (PeerupControlObject *self, Owned *owned)
{
  PeerupForwardState state = peerup_forward_get_state (owned->forward);
  const char *error = peerup_forward_get_last_error (owned->forward);
  gboolean is_news = g_set_str (&owned->told_error, error);

  if (!is_news && owned->told_state == state)
    return;
  owned->told_state = state;
  peerup_dbus_engine1_emit_forward_changed (PEERUP_DBUS_ENGINE1 (self), owned->id,
                                            peerup_forward_state_to_string (state), error != NULL ? error : "");
}

static void
on_forward_notify (PeerupForward *forward, GParamSpec *pspec, gpointer data)
{
  PeerupControlObject *self = data;

  for (guint i = 0; i < self->owned->len; i++)
    if (((Owned *) g_ptr_array_index (self->owned, i))->forward == forward)
      tell_forward (self, g_ptr_array_index (self->owned, i));
}

static gboolean
handle_add_forward (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer, const char *service,
                    const char *listen, GVariant *options)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  gboolean any_address = FALSE;
  const PeerupControlOption known = { "any-address", "b", &any_address };
  Owned *owned;

  if (peerup_control_read_options (options, &known, 1, &error))
    forward = peerup_engine_add_forward (self->engine, peer, service, listen, any_address, &error);
  if (forward == NULL)
    {
      peerup_control_take_error (invocation, g_steal_pointer (&error));
      return TRUE;
    }
  owned = g_new0 (Owned, 1);
  owned->told_state = peerup_forward_get_state (forward);
  owned->id = g_strdup_printf ("forward-%u", ++self->last_id);
  owned->forward = g_object_ref (forward);
  owned->connection = g_object_ref (g_dbus_method_invocation_get_connection (invocation));
  g_ptr_array_add (self->owned, owned);
  g_signal_connect_object (forward, "notify::state", G_CALLBACK (on_forward_notify), self, 0);
  g_signal_connect_object (forward, "notify::last-error", G_CALLBACK (on_forward_notify), self, 0);
  address = peerup_engine_forward_address (forward);
  peerup_dbus_engine1_complete_add_forward (object, invocation, owned->id, address);
  return TRUE;
}

static void
end_owned (PeerupControlObject *self, guint index)
{
  Owned *owned = g_ptr_array_steal_index (self->owned, index);

  g_signal_handlers_disconnect_by_func (owned->forward, on_forward_notify, self);
  peerup_engine_remove_forward (self->engine, owned->forward);
  owned_free (owned);
}

static gboolean
handle_remove_forward (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *id)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);

  for (guint i = 0; i < self->owned->len; i++)
    {
      if (!g_str_equal (((Owned *) g_ptr_array_index (self->owned, i))->id, id))
        continue;
      end_owned (self, i);
      peerup_dbus_engine1_complete_remove_forward (object, invocation);
      return TRUE;
    }
  peerup_control_return_error (invocation, PEERUP_ERROR_NOT_FOUND, "No forward is called “%s”", id);
  return TRUE;
}

static gboolean
handle_stop (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);

  peerup_dbus_engine1_complete_stop (object, invocation);
  if (self->stop != NULL)
    self->stop (self->stop_data);
  return TRUE;
}

static gboolean
get_relay_service (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_get_relay_service (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
drain_relay (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, guint64 timeout_ms)
{
  peerup_control_drain_relay (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, timeout_ms);
  return TRUE;
}

static gboolean
resume_relay (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_resume_relay (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
list_grants (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_list_grants (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
add_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer, const char *service,
           gint64 until)
{
  peerup_control_add_grant (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer, service, until);
  return TRUE;
}

static gboolean
extend_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer, const char *service,
              gint64 until)
{
  peerup_control_extend_grant (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer, service, until);
  return TRUE;
}

static gboolean
revoke_grant (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer, const char *service)
{
  peerup_control_revoke_grant (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer, service);
  return TRUE;
}

static gboolean
handle_resolve (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  peerup_control_resolve (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer);
  return TRUE;
}

static gboolean
handle_trace (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  peerup_control_trace (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer);
  return TRUE;
}

static gboolean
handle_list_paths (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  peerup_control_list_paths (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer);
  return TRUE;
}

static gboolean
handle_get_network (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_get_network (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
handle_create_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  peerup_control_create_invite (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, options);
  return TRUE;
}

static gboolean
handle_cancel_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, guint number)
{
  peerup_control_cancel_invite (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, number);
  return TRUE;
}

static gboolean
handle_list_invites (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_list_invites (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
handle_join (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *code, GVariant *options)
{
  peerup_control_join (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, code, options);
  return TRUE;
}

static gboolean
handle_list_pairings (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_list_pairings (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static gboolean
handle_undo_pairing (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  peerup_control_undo_pairing (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer);
  return TRUE;
}

static gboolean
handle_get_verification (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer)
{
  peerup_control_get_verification (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer);
  return TRUE;
}

static gboolean
handle_set_verified (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *peer, gboolean verified)
{
  peerup_control_set_verified (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, peer, verified);
  return TRUE;
}

static gboolean
create_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  peerup_control_create_group (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, options);
  return TRUE;
}

static gboolean
revoke_group (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, const char *id)
{
  peerup_control_revoke_group (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine, id);
  return TRUE;
}

static gboolean
list_groups (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation)
{
  peerup_control_list_groups (object, invocation, PEERUP_CONTROL_OBJECT (object)->engine);
  return TRUE;
}

static void
engine_iface_init (PeerupDBusEngine1Iface *iface)
{
  iface->handle_list_peers = list_peers;
  iface->handle_list_services = list_services;
  iface->handle_list_forwards = list_forwards;
  iface->handle_list_limits = list_limits;
  iface->handle_list_relays = list_relays;
  iface->handle_list_connections = list_connections;
  iface->handle_get_diagnostics = get_diagnostics;
  iface->handle_get_relay_service = get_relay_service;
  iface->handle_drain_relay = drain_relay;
  iface->handle_resume_relay = resume_relay;
  iface->handle_list_grants = list_grants;
  iface->handle_add_grant = add_grant;
  iface->handle_extend_grant = extend_grant;
  iface->handle_revoke_grant = revoke_grant;
  iface->handle_ping = handle_ping;
  iface->handle_resolve = handle_resolve;
  iface->handle_trace = handle_trace;
  iface->handle_list_paths = handle_list_paths;
  iface->handle_get_network = handle_get_network;
  iface->handle_create_invite = handle_create_invite;
  iface->handle_cancel_invite = handle_cancel_invite;
  iface->handle_list_invites = handle_list_invites;
  iface->handle_create_group = create_group;
  iface->handle_revoke_group = revoke_group;
  iface->handle_list_groups = list_groups;
  iface->handle_join = handle_join;
  iface->handle_list_pairings = handle_list_pairings;
  iface->handle_undo_pairing = handle_undo_pairing;
  iface->handle_get_verification = handle_get_verification;
  iface->handle_set_verified = handle_set_verified;
  iface->handle_add_forward = handle_add_forward;
  iface->handle_remove_forward = handle_remove_forward;
  iface->handle_stop = handle_stop;
}

void
peerup_control_object_drop_connection (PeerupControlObject *self, GDBusConnection *connection)
{
  for (guint i = self->owned->len; i > 0; i--)
    if (((Owned *) g_ptr_array_index (self->owned, i - 1))->connection == connection)
      end_owned (self, i - 1);
}

static gboolean
state_to_word (GBinding *binding, const GValue *from, GValue *to, gpointer data)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (G_VALUE_TYPE (from));

  g_value_set_string (to, g_enum_get_value (class, g_value_get_enum (from))->value_nick);
  return TRUE;
}

static gboolean
null_to_empty (GBinding *binding, const GValue *from, GValue *to, gpointer data)
{
  const char *text = g_value_get_string (from);

  g_value_set_string (to, text != NULL ? text : "");
  return TRUE;
}

PeerupControlObject *
peerup_control_object_new (PeerupEngine *engine, PeerupControlStopFunc stop, gpointer data)
{
  PeerupControlObject *self = g_object_new (PEERUP_TYPE_CONTROL_OBJECT, NULL);
  PeerupDBusEngine1 *object = PEERUP_DBUS_ENGINE1 (self);
  const char *config = peerup_engine_get_config_path (engine);

  self->engine = g_object_ref (engine);
  self->stop = stop;
  self->stop_data = data;
  peerup_dbus_engine1_set_version (object, PEERUP_VERSION);
  peerup_dbus_engine1_set_process_id (object, getpid ());
  peerup_dbus_engine1_set_config_file (object, config != NULL ? config : "");
  g_object_bind_property_full (engine, "peer-id", self, "peer-id", G_BINDING_SYNC_CREATE, null_to_empty, NULL, NULL,
                               NULL);
  g_object_bind_property_full (engine, "state", self, "state", G_BINDING_SYNC_CREATE, state_to_word, NULL, NULL, NULL);
  g_object_bind_property (engine, "started-at", self, "started-at", G_BINDING_SYNC_CREATE);
  g_object_bind_property (engine, "listen-addresses", self, "listen-addresses", G_BINDING_SYNC_CREATE);
  g_object_bind_property (engine, "problems", self, "problems", G_BINDING_SYNC_CREATE);
  g_object_bind_property_full (engine, "relay-state", self, "relay-state", G_BINDING_SYNC_CREATE, state_to_word, NULL,
                               NULL, NULL);
  g_object_bind_property (engine, "relay-reservations", self, "relay-reservations", G_BINDING_SYNC_CREATE);
  g_object_bind_property (engine, "relay-circuits", self, "relay-circuits", G_BINDING_SYNC_CREATE);
  peerup_control_follow_invites (object, engine);
  peerup_control_follow_groups (object, engine);
  peerup_control_follow_grants (object, engine);
  return self;
}

/* What the generated class does with calls. */
static GDBusInterfaceMethodCallFunc generated_method_call;
static GDBusInterfaceVTable vtable;

/* Every call passes here. GDBus has a hook for that, g_authorize_method, but whoever uses it has his calls begun in a
 * worker thread, and carried out there whenever the main loop is between two iterations. */
static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *arguments, GDBusMethodInvocation *invocation, gpointer data)
{
  peerup_control_request_begin (invocation, PEERUP_CONTROL_OBJECT (data)->engine);
  generated_method_call (connection, sender, path, interface, method, arguments, invocation, data);
}

static GDBusInterfaceVTable *
peerup_control_object_get_vtable (GDBusInterfaceSkeleton *skeleton)
{
  return &vtable;
}

static void
peerup_control_object_finalize (GObject *object)
{
  PeerupControlObject *self = PEERUP_CONTROL_OBJECT (object);

  g_clear_pointer (&self->owned, g_ptr_array_unref);
  g_clear_object (&self->engine);
  G_OBJECT_CLASS (peerup_control_object_parent_class)->finalize (object);
}

static void
peerup_control_object_class_init (PeerupControlObjectClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_control_object_finalize;
  vtable = *G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable (NULL);
  generated_method_call = vtable.method_call;
  vtable.method_call = on_method_call;
  G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_vtable = peerup_control_object_get_vtable;
}

static void
peerup_control_object_init (PeerupControlObject *self)
{
  peerup_control_register_errors ();
  self->owned = g_ptr_array_new_with_free_func (owned_free);
}
