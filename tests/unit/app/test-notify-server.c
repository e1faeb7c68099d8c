/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Whether anybody shows notifications, on a bus of the test's own. */
#include "app/notify/peerup-notify-server.h"

#define NAME "org.freedesktop.Notifications"

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

static void
wait_available (PeerupNotifyServer *server, gboolean available)
{
  while (peerup_notify_server_get_available (server) != available)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_comes_and_goes (void)
{
  g_autoptr (GTestDBus) bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_autoptr (GDBusConnection) ours = NULL;
  g_autoptr (GDBusConnection) theirs = NULL;
  g_autoptr (PeerupNotifyServer) server = NULL;
  guint id;

  g_test_dbus_up (bus);
  ours = connect_to (bus);
  theirs = connect_to (bus);
  server = peerup_notify_server_new (ours);
  g_assert_false (peerup_notify_server_get_available (server));
  for (guint i = 0; i < 2; i++)
    {
      id = g_bus_own_name_on_connection (theirs, NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
      wait_available (server, TRUE);
      g_bus_unown_name (id);
      wait_available (server, FALSE);
    }
  g_clear_object (&server);
  g_assert_true (g_dbus_connection_close_sync (ours, NULL, NULL));
  g_assert_true (g_dbus_connection_close_sync (theirs, NULL, NULL));
  g_test_dbus_down (bus);
}

static void
test_no_bus (void)
{
  g_autoptr (PeerupNotifyServer) server = peerup_notify_server_new (NULL);

  g_assert_false (peerup_notify_server_get_available (server));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/notify/server/comes-and-goes", test_comes_and_goes);
  g_test_add_func ("/app/notify/server/no-bus", test_no_bus);
  return g_test_run ();
}
