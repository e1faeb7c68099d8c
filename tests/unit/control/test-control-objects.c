/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The object manager over a private connection, as a program sees it that knows D-Bus and nothing else.
 */
#include "client/peerup-client.h"
#include "control/peerup-control-objects.h"
#include "control/peerup-control.h"

#include <string.h>

#include "../engine/home.h"

#define SERVICES "services: {ssh-2: {enabled: true, local_address: \"localhost:22\"}}\n"
#define SSH_PATH PEERUP_CONTROL_ROOT "/services/ssh_2d2"

typedef struct
{
  Home *home;
  PeerupClient *client;
  GDBusConnection *connection;
  GString *told;
  guint subscription;
} Fixture;

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
           GVariant *parameters, gpointer data)
{
  Fixture *self = data;

  g_string_append_printf (self->told, "%s %s ", path, name);
  if (g_str_equal (name, "InterfacesAdded") || g_str_equal (name, "InterfacesRemoved"))
    {
      g_autoptr (GVariant) object = g_variant_get_child_value (parameters, 0);

      g_string_append_printf (self->told, "%s", g_variant_get_string (object, NULL));
    }
  else if (g_str_equal (name, "PropertiesChanged"))
    {
      g_autofree char *text = NULL;
      g_autoptr (GVariant) changed = g_variant_get_child_value (parameters, 1);

      text = g_variant_print (changed, FALSE);
      g_string_append (self->told, text);
    }
  g_string_append_c (self->told, '\n');
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  self->told = g_string_new (NULL);
  home_configure (self->home, SERVICES);
  self->client = await_object (peerup_client_embed (self->home->config, PEERUP_ENGINE_DEFAULT), NULL);
  self->connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (peerup_client_get_proxy (self->client)));
  self->subscription = g_dbus_connection_signal_subscribe (self->connection, NULL, NULL, NULL, NULL, NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  g_assert_true (await_true (peerup_client_close (self->client, NULL), NULL));
  g_object_unref (self->client);
  home_free (self->home);
  g_string_free (self->told, TRUE);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GVariant *
call (Fixture *self, const char *path, const char *interface, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_call (self->connection, NULL, path, interface, method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                          NULL, on_reply, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return g_dbus_connection_call_finish (self->connection, result, error);
}

static void
assert_call (Fixture *self, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = call (self, PEERUP_CONTROL_PATH, PEERUP_CONTROL_INTERFACE, method, parameters, &error);

  g_assert_no_error (error);
}

static GVariant *
get_managed (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
    call (self, PEERUP_CONTROL_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, &error);

  g_assert_no_error (error);
  return g_variant_get_child_value (answer, 0);
}

static void
wait_told (Fixture *self, const char *text)
{
  while (strstr (self->told->str, text) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static GVariant *
get_property (Fixture *self, const char *path, const char *interface, const char *name, GError **error)
{
  g_autoptr (GVariant) answer =
    call (self, path, "org.freedesktop.DBus.Properties", "Get", g_variant_new ("(ss)", interface, name), error);
  GVariant *value = NULL;

  if (answer != NULL)
    g_variant_get (answer, "(v)", &value);
  return value;
}

static void
test_objects (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) objects = get_managed (self);
  g_autoptr (GVariant) ssh = g_variant_lookup_value (objects, SSH_PATH, NULL);
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) address = NULL;
  g_autoptr (GError) error = NULL;
  const char *name;

  g_assert_nonnull (ssh);
  properties = g_variant_lookup_value (ssh, "dev.peerup.PeerUp.Service1", NULL);
  g_assert_true (g_variant_lookup (properties, "Name", "&s", &name));
  g_assert_cmpstr (name, ==, "ssh-2");
  address = get_property (self, SSH_PATH, "dev.peerup.PeerUp.Service1", "Address", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_string (address, NULL), ==, "localhost:22");
  g_assert_null (get_property (self, SSH_PATH, "dev.peerup.PeerUp.Service1", "Colour", &error));
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  g_clear_error (&error);
  g_assert_null (
    get_property (self, PEERUP_CONTROL_ROOT "/services/none", "dev.peerup.PeerUp.Service1", "Name", &error));
  g_assert_nonnull (error);
}

static void
test_changes (Fixture *self, gconstpointer data)
{
  g_variant_unref (get_managed (self));
  g_string_truncate (self->told, 0);
  assert_call (self, "Expose", g_variant_new ("(ssa{sv})", "web", "localhost:80", NULL));
  wait_told (self, PEERUP_CONTROL_ROOT " InterfacesAdded " PEERUP_CONTROL_ROOT "/services/web\n");
  wait_told (self, PEERUP_CONTROL_PATH " ServiceChanged");
  assert_call (self, "EnableService", g_variant_new ("(sb)", "ssh-2", FALSE));
  wait_told (self, SSH_PATH " PropertiesChanged {'Enabled': <false>}\n");
  assert_call (self, "Unexpose", g_variant_new ("(s)", "web"));
  wait_told (self, PEERUP_CONTROL_ROOT " InterfacesRemoved " PEERUP_CONTROL_ROOT "/services/web\n");
}

/* Things of the other kinds: each comes, and goes. */
static void
test_kinds (Fixture *self, gconstpointer data)
{
  g_autoptr (Home) other = home_new ();
  g_autofree char *grant = g_strdup_printf (PEERUP_CONTROL_ROOT "/grants/%s_2fssh", home_get_id (other));
  g_autofree char *added = g_strdup_printf ("InterfacesAdded %s\n", grant);
  g_autofree char *removed = g_strdup_printf ("InterfacesRemoved %s\n", grant);
  g_autofree char *peer = g_strdup_printf ("InterfacesAdded " PEERUP_CONTROL_ROOT "/peers/%s\n", home_get_id (other));
  g_autofree char *relay = g_strdup_printf ("InterfacesAdded " PEERUP_CONTROL_ROOT "/relays/%s\n", home_get_id (other));
  g_autofree char *gone =
    g_strdup_printf ("InterfacesRemoved " PEERUP_CONTROL_ROOT "/relays/%s\n", home_get_id (other));
  g_autofree char *address = g_strdup_printf ("/ip4/127.0.0.1/tcp/1/p2p/%s", home_get_id (other));
  g_autoptr (GVariant) failed = NULL;

  assert_call (self, "AddGrant", g_variant_new ("(ssx)", home_get_id (other), "ssh", (gint64) 0));
  wait_told (self, added);
  assert_call (self, "RevokeGrant", g_variant_new ("(ss)", home_get_id (other), "ssh"));
  wait_told (self, removed);
  assert_call (self, "AddForward", g_variant_new ("(sssa{sv})", home_get_id (other), "ssh", "0", NULL));
  wait_told (self, "InterfacesAdded " PEERUP_CONTROL_ROOT "/forwards/forward_2d1\n");
  assert_call (self, "RemoveForward", g_variant_new ("(s)", "forward-1"));
  wait_told (self, "InterfacesRemoved " PEERUP_CONTROL_ROOT "/forwards/forward_2d1\n");
  failed = call (self, PEERUP_CONTROL_PATH, PEERUP_CONTROL_INTERFACE, "Connect", g_variant_new ("(s)", address), NULL);
  g_assert_null (failed);
  wait_told (self, peer);
  assert_call (self, "AddRelay", g_variant_new ("(s)", address));
  wait_told (self, relay);
  assert_call (self, "RemoveRelay", g_variant_new ("(s)", address));
  wait_told (self, gone);
}

static void
test_introspection (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) root =
    call (self, PEERUP_CONTROL_ROOT, "org.freedesktop.DBus.Introspectable", "Introspect", NULL, NULL);
  g_autoptr (GVariant) engine =
    call (self, PEERUP_CONTROL_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", NULL, NULL);
  g_autoptr (GDBusNodeInfo) node = NULL;
  const char *text;

  g_variant_get (root, "(&s)", &text);
  node = g_dbus_node_info_new_for_xml (text, NULL);
  g_assert_nonnull (node);
  g_assert_nonnull (strstr (text, "ObjectManager"));
  g_assert_nonnull (strstr (text, "name=\"Engine\""));
  g_assert_nonnull (strstr (text, "name=\"services\""));
  g_variant_get (engine, "(&s)", &text);
  g_assert_nonnull (strstr (text, "ListPeers"));
  /* Texts are for the reference. */
  g_assert_null (strstr (text, "DocString"));
}

static void
test_escape (void)
{
  g_autofree char *plain = peerup_control_objects_escape ("Abc9");
  g_autofree char *odd = peerup_control_objects_escape ("a-b/\xc3\xa4_");
  g_autofree char *empty = peerup_control_objects_escape ("");

  g_assert_cmpstr (plain, ==, "Abc9");
  g_assert_cmpstr (odd, ==, "a_2db_2f_c3_a4_5f");
  g_assert_cmpstr (empty, ==, "_");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, test) g_test_add ("/control/objects/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("get", test_objects);
  ADD ("changes", test_changes);
  ADD ("kinds", test_kinds);
  ADD ("introspection", test_introspection);
  g_test_add_func ("/control/objects/escape", test_escape);
  return g_test_run ();
}
