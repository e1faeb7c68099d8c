/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The control on a message bus. The bus is a convenience: whatever is wrong with it is told, tried again, and harms
 * nothing. Owned by the control.
 */
#include "control/peerup-control-bus.h"

#include <string.h>

#include "control/peerup-control-policy.h"
#include "control/peerup-control-private.h"

/* Seconds before another try, which double. */
#define RETRY_MIN 1
#define RETRY_MAX 60

struct _PeerupControlBus
{
  PeerupControl *control; /* owns this */
  GBusType type;
  GMainContext *context;
  GCancellable *cancellable; /* of the connection that is being made */
  GDBusConnection *connection;
  gulong closed_handler;
  guint name_id;
  GSource *retry;
  guint delay;
};

static const char *
get_word (PeerupControlBus *self)
{
  return self->type == G_BUS_TYPE_SYSTEM ? "system" : "session";
}

static void connect_bus (PeerupControlBus *self);

static gboolean
on_retry (gpointer data)
{
  PeerupControlBus *self = data;

  g_clear_pointer (&self->retry, g_source_unref);
  connect_bus (self);
  return G_SOURCE_REMOVE;
}

static void
try_again (PeerupControlBus *self)
{
  self->retry = g_timeout_source_new_seconds (self->delay);
  g_source_set_static_name (self->retry, "[peerup] bus retry");
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, self->context);
  self->delay = MIN (self->delay * 2, RETRY_MAX);
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer data)
{
  g_message ("On the %s bus as %s", get_word (data), name);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer data)
{
  /* It waits in the bus's queue for the name. */
  if (connection != NULL && !g_dbus_connection_is_closed (connection))
    g_message ("Another program has the name %s on the %s bus", name, get_word (data));
}

static void
leave (PeerupControlBus *self)
{
  if (self->name_id != 0)
    g_bus_unown_name (self->name_id);
  self->name_id = 0;
  if (self->closed_handler != 0)
    g_signal_handler_disconnect (self->connection, self->closed_handler);
  self->closed_handler = 0;
  g_clear_object (&self->connection);
}

/* The control drops the face. */
static void
on_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error, gpointer data)
{
  PeerupControlBus *self = data;

  g_message ("The %s bus is gone%s%s; it is tried again", get_word (self), error != NULL ? ": " : "",
             error != NULL ? error->message : "");
  leave (self);
  try_again (self);
}

static gboolean
serve (PeerupControlBus *self, GDBusConnection *connection, GError **error)
{
  PeerupControlPolicy *policy = self->type == G_BUS_TYPE_SYSTEM ? peerup_control_policy_new (connection) : NULL;
  PeerupControlFace *face = peerup_control_face_new (self->control, connection, policy, error);

  if (face == NULL)
    return FALSE;
  peerup_control_add_face (self->control, face);
  self->connection = g_object_ref (connection);
  self->closed_handler = g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  self->name_id = g_bus_own_name_on_connection (connection, PEERUP_CONTROL_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE,
                                                on_name_acquired, on_name_lost, self, NULL);
  self->delay = RETRY_MIN;
  return TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_for_address_finish (result, &error);
  PeerupControlBus *self = data;

  /* Then it is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->cancellable);
  if (connection != NULL)
    g_dbus_connection_set_exit_on_close (connection, FALSE);
  if (connection != NULL && serve (self, connection, &error))
    return;
  /* Once in words; a machine may have no bus at all. */
  if (self->delay == RETRY_MIN)
    g_message ("Not on the %s bus: %s; it is tried again", get_word (self), error->message);
  try_again (self);
}

/* (nullable): GLib would start a bus where there is none, which is not ours to do. */
static char *
dup_address (GBusType type)
{
  const char *address = g_getenv (type == G_BUS_TYPE_SYSTEM ? "DBUS_SYSTEM_BUS_ADDRESS" : "DBUS_SESSION_BUS_ADDRESS");
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "bus", NULL);
  g_autofree char *escaped = NULL;

  if (address != NULL && address[0] != '\0' && !g_str_has_prefix (address, "autolaunch:"))
    return g_strdup (address);
  if (type == G_BUS_TYPE_SYSTEM)
    return g_dbus_address_get_for_bus_sync (type, NULL, NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  escaped = g_dbus_address_escape_value (path);
  return g_strconcat ("unix:path=", escaped, NULL);
}

static void
connect_bus (PeerupControlBus *self)
{
  g_autofree char *address = dup_address (self->type);

  if (address == NULL)
    {
      try_again (self);
      return;
    }
  self->cancellable = g_cancellable_new ();
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_connected, self);
}

PeerupControlBus *
peerup_control_bus_new (PeerupControl *control, GBusType type)
{
  g_autofree char *address = dup_address (type);
  PeerupControlBus *self;

  if (address == NULL)
    return NULL;
  self = g_new0 (PeerupControlBus, 1);
  self->control = control;
  self->type = type;
  self->context = g_main_context_ref_thread_default ();
  self->delay = RETRY_MIN;
  connect_bus (self);
  return self;
}

void
peerup_control_bus_free (PeerupControlBus *self)
{
  leave (self);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->retry != NULL)
    g_source_destroy (self->retry);
  g_clear_pointer (&self->retry, g_source_unref);
  g_main_context_unref (self->context);
  g_free (self);
}
