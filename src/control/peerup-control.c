/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The control: the private socket's server, the faces on D-Bus connections, the properties, and what is told. Owned by
 * whoever runs the engine, and closed before the engine goes. Its socket takes no client of another user.
 */
#include "control/peerup-control.h"

#include <unistd.h>

#include "control/peerup-control-bus.h"
#include "control/peerup-control-errors.h"
#include "control/peerup-control-private.h"
#include "peerup-config.h"

/* Connections at one time, each of which costs memory and a descriptor: far more than the programs of a person, far
 * fewer than descriptors. */
#define FACES_MAX 256
/* Microseconds between two lines of the log about that. */
#define CROWD_LOG_TIME (60 * (gint64) G_USEC_PER_SEC)

/* Milliseconds that the clients have together to take what is queued for them when the control closes. */
#define FLUSH_TIME 2000

G_DEFINE_FINAL_TYPE (PeerupControl, peerup_control, G_TYPE_OBJECT)

enum
{
  SIGNAL_STOP_REQUESTED,
  SIGNAL_EVENT,
  SIGNAL_PROPERTY_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* Faces */

static void
on_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error, gpointer data)
{
  PeerupControl *self = data;

  for (guint i = 0; i < self->faces->len; i++)
    if (peerup_control_face_get_connection (self->faces->pdata[i]) == connection)
      {
        peerup_control_drop_face (self, self->faces->pdata[i]);
        return;
      }
}

void
peerup_control_add_face (PeerupControl *self, PeerupControlFace *face)
{
  g_signal_connect_object (peerup_control_face_get_connection (face), "closed", G_CALLBACK (on_closed), self, 0);
  g_ptr_array_add (self->faces, face);
}

void
peerup_control_drop_face (PeerupControl *self, PeerupControlFace *face)
{
  g_autoptr (PeerupControl) keep = g_object_ref (self);

  g_signal_handlers_disconnect_by_func (peerup_control_face_get_connection (face), on_closed, self);
  g_ptr_array_remove_fast (self->faces, face);
}

gboolean
peerup_control_serve (PeerupControl *self, GDBusConnection *connection, GError **error)
{
  PeerupControlFace *face = peerup_control_face_new (self, connection, NULL, error);

  if (face == NULL)
    return FALSE;
  peerup_control_add_face (self, face);
  return TRUE;
}

/* The private socket */

static void
say_crowded (PeerupControl *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->crowded_at != 0 && now - self->crowded_at < CROWD_LOG_TIME)
    return;
  self->crowded_at = now;
  g_message ("%u clients are connected to the control socket: others are sent away until one of them goes", FACES_MAX);
}

static void
on_connection (GDBusConnection *connection, gpointer data)
{
  PeerupControl *self = data;
  g_autoptr (GError) error = NULL;

  if (self->faces->len >= FACES_MAX)
    say_crowded (self);
  else if (peerup_control_serve (self, connection, &error))
    return;
  else
    g_warning ("A client of the control socket could not be served: %s", error->message);
  g_dbus_connection_close (connection, NULL, NULL, NULL);
}

gboolean
peerup_control_listen (PeerupControl *self, PeerupControlClaim *claim, GError **error)
{
  self->door = peerup_control_door_new (claim, PEERUP_CONTROL_DOOR_PATIENCE, on_connection, self, error);
  return self->door != NULL;
}

char *
peerup_control_check_socket (PeerupControl *self)
{
  return self->door != NULL ? peerup_control_door_check (self->door) : NULL;
}

gboolean
peerup_control_own_bus (PeerupControl *self, GBusType type)
{
  PeerupControlBus *bus = peerup_control_bus_new (self, type);

  if (bus == NULL)
    return FALSE;
  g_ptr_array_add (self->buses, bus);
  return TRUE;
}

/* The end */

/* Connections that are written out: a context of their own, so that nothing else happens meanwhile. */
typedef struct
{
  GMainContext *context;
  guint n_pending;
  gboolean over;
} Flush;

static void
on_flushed (GObject *connection, GAsyncResult *result, gpointer data)
{
  Flush *flush = data;

  flush->n_pending--;
}

static gboolean
on_flush_time (gpointer data)
{
  Flush *flush = data;

  flush->over = TRUE;
  return G_SOURCE_REMOVE;
}

/* An answer that is queued still reaches its client, but a client that does not read keeps nobody here: closing ends
 * what is left of the writing. */
static void
close_connections (GPtrArray *connections)
{
  Flush flush = { .context = g_main_context_new () };
  GSource *timer = g_timeout_source_new (FLUSH_TIME);

  g_main_context_push_thread_default (flush.context);
  g_source_set_callback (timer, on_flush_time, &flush, NULL);
  g_source_attach (timer, flush.context);
  flush.n_pending = connections->len;
  for (guint i = 0; i < connections->len; i++)
    g_dbus_connection_flush (connections->pdata[i], NULL, on_flushed, &flush);
  while (flush.n_pending > 0 && !flush.over)
    g_main_context_iteration (flush.context, TRUE);
  for (guint i = 0; i < connections->len; i++)
    g_dbus_connection_close_sync (connections->pdata[i], NULL, NULL);
  while (flush.n_pending > 0)
    g_main_context_iteration (flush.context, TRUE);
  g_source_destroy (timer);
  g_source_unref (timer);
  g_main_context_pop_thread_default (flush.context);
  g_main_context_unref (flush.context);
}

void
peerup_control_close (PeerupControl *self)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);

  peerup_control_outbox_flush (self->outbox);
  while (self->faces->len > 0)
    {
      PeerupControlFace *face = self->faces->pdata[0];

      g_ptr_array_add (connections, g_object_ref (peerup_control_face_get_connection (face)));
      peerup_control_drop_face (self, face);
    }
  if (connections->len > 0)
    close_connections (connections);
  g_ptr_array_set_size (self->buses, 0);
  g_clear_pointer (&self->door, peerup_control_door_free);
}

/* What is told */

void
peerup_control_emit (PeerupControl *self, const char *name, GVariant *parameters, PeerupCaller *only)
{
  peerup_control_outbox_add_event (self->outbox, g_intern_string (name), parameters, only);
}

static void
tell_event (const char *name, GVariant *parameters, PeerupCaller *only, gpointer data)
{
  PeerupControl *self = data;

  for (guint i = 0; i < self->faces->len; i++)
    peerup_control_face_emit (self->faces->pdata[i], PEERUP_CONTROL_PATH, PEERUP_CONTROL_INTERFACE, name, parameters,
                              only);
  g_signal_emit (self, signals[SIGNAL_EVENT], 0, PEERUP_CONTROL_INTERFACE, name, parameters, only);
}

void
peerup_control_set_property (PeerupControl *self, const char *name, GVariant *value)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (value);
  GVariant *before = g_hash_table_lookup (self->properties, name);

  if (before != NULL && g_variant_equal (before, taken))
    return;
  name = g_intern_string (name);
  g_hash_table_insert (self->properties, (gpointer) name, g_steal_pointer (&taken));
  if (before != NULL)
    peerup_control_outbox_add_property (self->outbox, name);
}

static void
tell_properties (GHashTable *changed, gpointer data)
{
  PeerupControl *self = data;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) parameters = NULL;
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_variant_builder_add (&builder, "{sv}", name, g_hash_table_lookup (self->properties, name));
  parameters = g_variant_ref_sink (g_variant_new ("(sa{sv}as)", PEERUP_CONTROL_INTERFACE, &builder, NULL));
  for (guint i = 0; i < self->faces->len; i++)
    peerup_control_face_emit (self->faces->pdata[i], PEERUP_CONTROL_PATH, "org.freedesktop.DBus.Properties",
                              "PropertiesChanged", parameters, NULL);
  g_hash_table_iter_init (&iter, changed);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_signal_emit (self, signals[SIGNAL_PROPERTY_CHANGED], 0, name, g_hash_table_lookup (self->properties, name));
}

GVariant *
peerup_control_dup_properties (PeerupControl *self)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const GDBusPropertyInfo *const *infos =
    (const GDBusPropertyInfo *const *) peerup_operations_get_node ()->interfaces[0]->properties;

  for (guint i = 0; infos[i] != NULL; i++)
    g_variant_builder_add (&builder, "{sv}", infos[i]->name, g_hash_table_lookup (self->properties, infos[i]->name));
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* The properties */

static GVariant *
from_string (const GValue *value)
{
  const char *text = g_value_get_string (value);

  return g_variant_new_string (text != NULL ? text : "");
}

static GVariant *
from_enum (const GValue *value)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (G_VALUE_TYPE (value));

  return g_variant_new_string (g_enum_get_value (class, g_value_get_enum (value))->value_nick);
}

static GVariant *
from_number (const GValue *value)
{
  if (G_VALUE_HOLDS_UINT (value))
    return g_variant_new_uint32 (g_value_get_uint (value));
  return g_variant_new_int64 (g_value_get_int64 (value));
}

static GVariant *
is_not_zero (const GValue *value)
{
  return g_variant_new_boolean (g_value_get_int64 (value) != 0);
}

static GVariant *
from_strv (const GValue *value)
{
  static const char *const none[] = { NULL };
  const char *const *texts = g_value_get_boxed (value);

  return g_variant_new_strv (texts != NULL ? texts : none, -1);
}

static const struct
{
  const char *property; /* of the engine */
  const char *name;
  GVariant *(*convert) (const GValue *value);
} followed[] = {
  { "peer-id", "PeerId", from_string },
  { "state", "State", from_enum },
  { "started-at", "StartedAt", from_number },
  { "listen-addresses", "ListenAddresses", from_strv },
  { "problems", "Problems", from_strv },
  { "relay-state", "RelayState", from_enum },
  { "relay-reservations", "RelayReservations", from_number },
  { "relay-circuits", "RelayCircuits", from_number },
  { "identity-store", "IdentityStore", from_string },
  { "config-deadline", "ConfigDeadline", from_number },
  { "config-deadline", "ConfigPending", is_not_zero },
};

static void
take_property (PeerupControl *self, const char *property)
{
  for (gsize i = 0; i < G_N_ELEMENTS (followed); i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      if (!g_str_equal (followed[i].property, property))
        continue;
      g_object_get_property (G_OBJECT (self->engine), property, &value);
      peerup_control_set_property (self, followed[i].name, followed[i].convert (&value));
    }
}

static void
on_engine_notify (PeerupEngine *engine, GParamSpec *pspec, gpointer self)
{
  take_property (self, pspec->name);
}

static void
follow_engine (PeerupControl *self)
{
  const char *config = peerup_engine_get_config_path (self->engine);
  g_autofree char *name = peerup_engine_pairing_dup_machine_name ();

  peerup_control_set_property (self, "Version", g_variant_new_string (PEERUP_VERSION));
  peerup_control_set_property (self, "ProcessId", g_variant_new_uint32 (getpid ()));
  peerup_control_set_property (self, "ConfigFile", g_variant_new_string (config != NULL ? config : ""));
  peerup_control_set_property (self, "MachineName", g_variant_new_string (name));
  g_signal_connect_object (self->engine, "notify", G_CALLBACK (on_engine_notify), self, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (followed); i++)
    take_property (self, followed[i].property);
}

/* Events of the engine */

static void
on_group_changed (PeerupEngine *engine, const char *id, gpointer self)
{
  peerup_control_emit (self, "GroupChanged", g_variant_new ("(s)", id), NULL);
}

static void
on_grant_ending (PeerupEngine *engine, const char *peer_id, const char *name, const char *service, gint64 until,
                 gpointer self)
{
  peerup_control_emit (self, "GrantEnding", g_variant_new ("(sssx)", peer_id, name != NULL ? name : "", service, until),
                       NULL);
}

void
peerup_control_request_stop (PeerupControl *self)
{
  g_signal_emit (self, signals[SIGNAL_STOP_REQUESTED], 0);
}

PeerupControl *
peerup_control_new (PeerupEngine *engine)
{
  static const PeerupControlOutboxFuncs funcs = { tell_properties, tell_event };
  PeerupControl *self = g_object_new (PEERUP_TYPE_CONTROL, NULL);

  self->engine = g_object_ref (engine);
  self->outbox = peerup_control_outbox_new (&funcs, self);
  self->forwards = peerup_control_forwards_new (self);
  self->objects = peerup_control_objects_new (self);
  self->devices = peerup_control_devices_new (self);
  follow_engine (self);
  g_signal_connect_object (engine, "group-changed", G_CALLBACK (on_group_changed), self, 0);
  g_signal_connect_object (engine, "grant-ending", G_CALLBACK (on_grant_ending), self, 0);
  peerup_control_follow_invites (self);
  peerup_control_follow_network (self);
  return self;
}

static void
peerup_control_finalize (GObject *object)
{
  PeerupControl *self = PEERUP_CONTROL (object);

  peerup_control_close (self);
  peerup_control_unfollow_network (self);
  peerup_control_end_search (self);
  g_ptr_array_unref (self->faces);
  g_ptr_array_unref (self->buses);
  peerup_control_devices_free (self->devices);
  peerup_control_objects_free (self->objects);
  peerup_control_forwards_free (self->forwards);
  peerup_control_outbox_free (self->outbox);
  g_hash_table_unref (self->properties);
  g_object_unref (self->engine);
  G_OBJECT_CLASS (peerup_control_parent_class)->finalize (object);
}

static void
peerup_control_class_init (PeerupControlClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_control_finalize;
  signals[SIGNAL_STOP_REQUESTED] =
    g_signal_new ("stop-requested", PEERUP_TYPE_CONTROL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_EVENT] =
    g_signal_new ("event", PEERUP_TYPE_CONTROL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING,
                  G_TYPE_STRING, G_TYPE_VARIANT, PEERUP_TYPE_CALLER);
  signals[SIGNAL_PROPERTY_CHANGED] = g_signal_new ("property-changed", PEERUP_TYPE_CONTROL, G_SIGNAL_RUN_LAST, 0, NULL,
                                                   NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_VARIANT);
}

static void
peerup_control_init (PeerupControl *self)
{
  peerup_control_register_errors ();
  self->faces = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_control_face_free);
  self->buses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_control_bus_free);
  self->properties = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_variant_unref);
}
