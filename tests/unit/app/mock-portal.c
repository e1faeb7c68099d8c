/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "mock-portal.h"

#include "app/background/peerup-portal-request.h"

#define TIME 60

static const char interfaces[] =
  "<node>"
  "<interface name='org.freedesktop.portal.Background'>"
  "<method name='RequestBackground'><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>"
  "<arg type='o' direction='out'/></method>"
  "<method name='SetStatus'><arg type='a{sv}' direction='in'/></method>"
  "</interface>"
  "<interface name='org.freedesktop.portal.Request'><method name='Close'/></interface>"
  "<interface name='org.freedesktop.host.portal.Registry'>"
  "<method name='Register'><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/></method>"
  "</interface>"
  "</node>";

static gboolean
on_out_of_time (gpointer data)
{
  g_error ("The test waited for a minute");
  return G_SOURCE_REMOVE;
}

void
mock_portal_wait (const gboolean *flag)
{
  guint guard = g_timeout_add_seconds (TIME, on_out_of_time, NULL);

  while (!*flag)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

void
mock_portal_wait_count (const guint *count, guint n)
{
  guint guard = g_timeout_add_seconds (TIME, on_out_of_time, NULL);

  while (*count < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
on_synced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  *(gboolean *) data = TRUE;
}

void
mock_portal_sync (MockPortal *self)
{
  gboolean done = FALSE;

  g_dbus_connection_call (self->client, g_dbus_connection_get_unique_name (self->server), "/",
                          "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_synced,
                          &done);
  mock_portal_wait (&done);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
on_request_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                 const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  MockPortal *self = data;

  self->closed++;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static const GDBusInterfaceVTable request_table = { .method_call = on_request_call };

/* (transfer full) */
static GDBusNodeInfo *
dup_node (void)
{
  g_autoptr (GError) error = NULL;
  GDBusNodeInfo *node = g_dbus_node_info_new_for_xml (interfaces, &error);

  g_assert_no_error (error);
  return node;
}

static void
respond (MockPortal *self, const char *handle, const char *client)
{
  g_autoptr (GError) error = NULL;
  g_auto (GVariantDict) results;
  gboolean allowed = self->answer != ANSWER_NOTHING;
  guint response = self->answer == ANSWER_CANCELLED ? 1 : self->answer == ANSWER_FAILED ? 2 : 0;

  g_variant_dict_init (&results, NULL);
  g_variant_dict_insert (&results, "background", "b", allowed);
  g_variant_dict_insert (&results, "autostart", "b", allowed && self->autostart && self->answer != ANSWER_NO_AUTOSTART);
  g_dbus_connection_emit_signal (self->server, client, handle, "org.freedesktop.portal.Request", "Response",
                                 g_variant_new ("(u@a{sv})", response, g_variant_dict_end (&results)), &error);
  g_assert_no_error (error);
}

static void
request_background (MockPortal *self, const char *sender, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 1);
  g_autoptr (GDBusNodeInfo) node = dup_node ();
  g_autofree char *client = g_strdelimit (g_strdup (sender + 1), ".", '_');
  g_autofree char *handle = NULL;
  const char *token = NULL;

  self->requests++;
  g_clear_pointer (&self->command, g_strfreev);
  g_assert_true (g_variant_lookup (options, "handle_token", "&s", &token));
  g_assert_true (g_variant_lookup (options, "autostart", "b", &self->autostart));
  g_assert_true (g_variant_lookup (options, "commandline", "^as", &self->command));
  handle = g_strconcat (PEERUP_PORTAL_PATH "/request/", client, "/",
                        self->answer == ANSWER_ELSEWHERE ? "elsewhere" : token, NULL);
  if (self->answer == ANSWER_NEVER)
    {
      g_object_unref (invocation);
      return;
    }
  if (self->answer == ANSWER_NOT_ALLOWED)
    {
      g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.portal.Error.NotAllowed", "no");
      return;
    }
  if (self->answer == ANSWER_EARLY)
    respond (self, handle, sender);
  if (self->answer == ANSWER_LATE)
    g_dbus_connection_register_object (self->server, handle,
                                       g_dbus_node_info_lookup_interface (node, "org.freedesktop.portal.Request"),
                                       &request_table, self, NULL, NULL);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", handle));
  if (self->answer != ANSWER_EARLY && self->answer != ANSWER_LATE)
    respond (self, handle, sender);
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  MockPortal *self = data;

  if (g_str_equal (method, "RequestBackground"))
    {
      request_background (self, sender, parameters, invocation);
      return;
    }
  if (g_str_equal (method, "SetStatus"))
    {
      g_autoptr (GVariant) options = g_variant_get_child_value (parameters, 0);

      self->statuses++;
      g_clear_pointer (&self->status, g_free);
      g_assert_true (g_variant_lookup (options, "message", "s", &self->status));
    }
  else
    {
      g_clear_pointer (&self->registered, g_free);
      g_variant_get (parameters, "(sa{sv})", &self->registered, NULL);
    }
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static const GDBusInterfaceVTable table = { .method_call = on_call };

static guint export (MockPortal *self, GDBusNodeInfo *node, const char *interface)
{
  g_autoptr (GError) error = NULL;
  guint id =
    g_dbus_connection_register_object (self->server, PEERUP_PORTAL_PATH,
                                       g_dbus_node_info_lookup_interface (node, interface), &table, self, NULL, &error);

  g_assert_no_error (error);
  return id;
}

static GDBusConnection *
connect_to (GTestDBus *bus)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

void
mock_portal_up (MockPortal *self)
{
  g_autoptr (GDBusNodeInfo) node = dup_node ();

  self->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->bus);
  self->server = connect_to (self->bus);
  self->client = connect_to (self->bus);
  self->background_id = export (self, node, "org.freedesktop.portal.Background");
  self->registry_id = export (self, node, "org.freedesktop.host.portal.Registry");
}

static void
on_owned (GDBusConnection *connection, const char *name, gpointer data)
{
  *(gboolean *) data = TRUE;
}

void
mock_portal_own (MockPortal *self)
{
  gboolean owned = FALSE;

  self->name_id = g_bus_own_name_on_connection (self->server, PEERUP_PORTAL_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_owned,
                                                NULL, &owned, NULL);
  mock_portal_wait (&owned);
}

void
mock_portal_down (MockPortal *self)
{
  if (self->name_id != 0)
    g_bus_unown_name (self->name_id);
  g_dbus_connection_unregister_object (self->server, self->background_id);
  g_dbus_connection_unregister_object (self->server, self->registry_id);
  mock_portal_sync (self);
  g_dbus_connection_close_sync (self->client, NULL, NULL);
  g_dbus_connection_close_sync (self->server, NULL, NULL);
  g_object_unref (self->client);
  g_object_unref (self->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_test_dbus_down (self->bus);
  g_object_unref (self->bus);
  g_strfreev (self->command);
  g_free (self->status);
  g_free (self->registered);
}
