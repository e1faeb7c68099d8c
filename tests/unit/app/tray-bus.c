/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "tray-bus.h"

#include "../engine/home.h"

#define WATCHER "org.kde.StatusNotifierWatcher"

/* One for all tests: it changes the environment, which is no good once there are threads. */
static GTestDBus *the_bus;

int
tray_bus_run (void)
{
  int result;

  the_bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (the_bus);
  result = g_test_run ();
  g_test_dbus_down (the_bus);
  g_clear_object (&the_bus);
  return result;
}

TrayBus *
tray_bus_new (void)
{
  TrayBus *self = g_new0 (TrayBus, 1);

  self->client = tray_bus_connect ();
  return self;
}

void
tray_bus_free (TrayBus *self)
{
  tray_bus_disconnect (self->client);
  g_free (self);
}

GDBusConnection *
tray_bus_connect (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (the_bus),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static gboolean
is_closed (gpointer connection)
{
  return g_dbus_connection_is_closed (connection);
}

void
tray_bus_disconnect (GDBusConnection *connection)
{
  g_dbus_connection_close (connection, NULL, NULL, NULL);
  spin_while_not (is_closed, connection);
  g_object_unref (connection);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static GVariant *
call (GDBusConnection *connection, const char *name, const char *path, const char *interface, const char *method,
      GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_call (connection, name, path, interface, method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_result, &result);
  spin_while_not (is_there, &result);
  return g_dbus_connection_call_finish (connection, result, error);
}

GVariant *
tray_bus_call (TrayBus *self, const char *name, const char *path, const char *interface, const char *method,
               GVariant *parameters, GError **error)
{
  return call (self->client, name, path, interface, method, parameters, error);
}

GVariant *
tray_bus_get (TrayBus *self, const char *name, const char *path, const char *interface, const char *property)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = tray_bus_call (self, name, path, "org.freedesktop.DBus.Properties", "Get",
                                              g_variant_new ("(ss)", interface, property), &error);
  GVariant *value;

  g_assert_no_error (error);
  g_variant_get (reply, "(v)", &value);
  return value;
}

void
tray_bus_settle (GDBusConnection *connection)
{
  /* The bus keeps the order, and so does the connection. */
  g_autoptr (GVariant) reply =
    call (connection, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer", "Ping", NULL, NULL);

  g_assert_nonnull (reply);
}

/* The watcher */

static const char description[] = "<node><interface name='" WATCHER "'>"
                                  "<method name='RegisterStatusNotifierItem'><arg type='s' direction='in'/></method>"
                                  "<property name='IsStatusNotifierHostRegistered' type='b' access='read'/>"
                                  "<signal name='StatusNotifierHostRegistered'/>"
                                  "</interface></node>";

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Watcher *self = data;
  const char *item;

  self->n_calls++;
  if (self->refuses)
    {
      g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "not now");
      return;
    }
  g_variant_get (parameters, "(&s)", &item);
  /* Nobody speaks for another one. */
  g_assert_cmpstr (item, ==, sender);
  g_ptr_array_add (self->items, g_strdup (item));
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static GVariant *
on_get (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *property,
        GError **error, gpointer data)
{
  return g_variant_new_boolean (((Watcher *) data)->has_host);
}

static void
on_owned (GDBusConnection *connection, const char *name, gpointer data)
{
  ((Watcher *) data)->owns = TRUE;
}

static gboolean
owns (gpointer data)
{
  return ((Watcher *) data)->owns;
}

Watcher *
watcher_new (gboolean has_host)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_get };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (description, NULL);
  Watcher *self = g_new0 (Watcher, 1);

  self->connection = tray_bus_connect ();
  self->has_host = has_host;
  self->items = g_ptr_array_new_with_free_func (g_free);
  self->object = g_dbus_connection_register_object (self->connection, "/StatusNotifierWatcher", node->interfaces[0],
                                                    &vtable, self, NULL, NULL);
  self->name = g_bus_own_name_on_connection (self->connection, WATCHER, G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT,
                                             on_owned, NULL, self, NULL);
  /* One that has to wait for another comes later. */
  tray_bus_settle (self->connection);
  return self;
}

void
watcher_free (Watcher *self)
{
  g_bus_unown_name (self->name);
  g_dbus_connection_unregister_object (self->connection, self->object);
  tray_bus_disconnect (self->connection);
  g_ptr_array_unref (self->items);
  g_free (self);
}

void
watcher_emit (Watcher *self, const char *signal, const char *item)
{
  g_dbus_connection_emit_signal (self->connection, NULL, "/StatusNotifierWatcher", WATCHER, signal,
                                 item != NULL ? g_variant_new ("(s)", item) : NULL, NULL);
}

void
watcher_set_host (Watcher *self, gboolean has_host)
{
  self->has_host = has_host;
  watcher_emit (self, has_host ? "StatusNotifierHostRegistered" : "StatusNotifierHostUnregistered", NULL);
  spin_while_not (owns, self);
}
