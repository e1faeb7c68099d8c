/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The tray of a real engine, as its host and whoever clicks sees it. */
#include "app/tray/peerup-tray.h"

#include <glib/gstdio.h>
#include <libdex.h>
#include <string.h>

#include "../engine/home.h"
#include "app/model/peerup-settings.h"
#include "tray-bus.h"

#define SERVICES "services: {web: {enabled: true, local_address: \"127.0.0.1:9\"}}\n"
#define MENU     "com.canonical.dbusmenu"

static char *runtime;

/* An application that knows for whom an action is, as those with windows do. */
typedef struct
{
  GApplication parent_instance;
  char *token;
} TestApplication;
typedef GApplicationClass TestApplicationClass;
static GType test_application_get_type (void);
G_DEFINE_FINAL_TYPE (TestApplication, test_application, G_TYPE_APPLICATION)

static void
test_application_before_emit (GApplication *application, GVariant *platform_data)
{
  g_variant_lookup (platform_data, "activation-token", "s", &((TestApplication *) application)->token);
}

static void
test_application_finalize (GObject *object)
{
  g_free (((TestApplication *) object)->token);
  G_OBJECT_CLASS (test_application_parent_class)->finalize (object);
}

static void
test_application_class_init (TestApplicationClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_application_finalize;
  klass->before_emit = test_application_before_emit;
}

static void
test_application_init (TestApplication *self)
{
}

typedef struct
{
  TrayBus *bus;
  Home *home;
  GApplication *application;
  GSettings *settings;
  PeerupSession *session;
  PeerupTray *tray;
  Watcher *watcher;
  GString *actions; /* that were activated */
} Fixture;

static void
on_action (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  GString *actions = ((Fixture *) data)->actions;

  g_string_append_printf (actions, "%s(%s) ", g_action_get_name (G_ACTION (action)),
                          parameter != NULL ? g_variant_get_string (parameter, NULL) : "");
}

static gboolean
is_running (gpointer session)
{
  return peerup_session_get_state (session) == PEERUP_SESSION_RUNNING;
}

static gboolean
is_shown (gpointer tray)
{
  return peerup_tray_is_shown (tray);
}

static gboolean
is_hidden (gpointer tray)
{
  return !peerup_tray_is_shown (tray);
}

static gboolean
is_gone (gpointer place)
{
  return *(gpointer *) place == NULL;
}

static void await_menu (Fixture *self, const char *text);

static void
set_up (Fixture *self, gconstpointer data)
{
  static const GActionEntry actions[] = {
    { .name = "open", .activate = on_action },
    { .name = "invite", .activate = on_action },
    { .name = "ask-quit", .activate = on_action },
    { .name = "join", .activate = on_action, .parameter_type = "s" },
    { .name = "show-device", .activate = on_action, .parameter_type = "s" },
  };
  g_autoptr (GError) error = NULL;

  self->bus = tray_bus_new ();
  self->home = home_new ();
  home_configure (self->home, SERVICES);
  self->actions = g_string_new (NULL);
  self->application = g_object_new (test_application_get_type (), "application-id", "dev.peerup.PeerUp.Test", NULL);
  g_action_map_add_action_entries (G_ACTION_MAP (self->application), actions, G_N_ELEMENTS (actions), self);
  g_application_register (self->application, NULL, &error);
  g_assert_no_error (error);
  g_dbus_connection_set_exit_on_close (g_application_get_dbus_connection (self->application), FALSE);
  self->settings = peerup_settings_new ();
  self->session = peerup_session_new (self->home->config);
  peerup_session_start (self->session);
  self->watcher = watcher_new (TRUE);
  self->tray = peerup_tray_new (self->application, self->session, self->settings);
  spin_while_not (is_running, self->session);
  spin_while_not (is_shown, self->tray);
  await_menu (self, "[x] Share \u2068web\u2069");
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static gboolean
is_there (gpointer place)
{
  return *(gpointer *) place != NULL;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  gpointer weak = NULL;

  g_set_weak_pointer (&weak, self->tray);
  g_clear_object (&self->tray);
  spin_while_not (is_gone, &weak);
  peerup_session_stop_async (self->session, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  peerup_session_stop_finish (self->session, result);
  g_object_unref (self->session);
  g_clear_object (&self->settings);
  watcher_free (self->watcher);
  g_object_unref (self->application);
  g_string_free (self->actions, TRUE);
  home_free (self->home);
  tray_bus_free (self->bus);
}

/* Whose icon there is. */
static const char *
get_item (Fixture *self)
{
  g_assert_cmpuint (self->watcher->items->len, >, 0);
  return self->watcher->items->pdata[self->watcher->items->len - 1];
}

/* The labels of the menu, one on each line: "[x] Share web", "(disabled)", "---". With the number of the entry that
 * has @label, or 0. */
static char *
read_menu (Fixture *self, const char *label, int *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = tray_bus_call (self->bus, get_item (self), "/StatusNotifierItem/Menu", MENU, "GetLayout",
                                              g_variant_new ("(iias)", 0, -1, NULL), &error);
  g_autoptr (GVariant) entries = NULL;
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  GVariant *one;

  g_assert_no_error (error);
  if (id != NULL)
    *id = 0;
  g_variant_get (reply, "(u(i@a{sv}@av))", NULL, NULL, NULL, &entries);
  g_variant_iter_init (&iter, entries);
  while (g_variant_iter_loop (&iter, "v", &one))
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (one, 1);
      const char *name = "---";
      gboolean enabled = TRUE;
      int check = -1;

      g_variant_lookup (dict, "label", "&s", &name);
      g_variant_lookup (dict, "enabled", "b", &enabled);
      g_variant_lookup (dict, "toggle-state", "i", &check);
      g_string_append_printf (text, "%s%s%s\n",
                              check < 0    ? ""
                              : check == 1 ? "[x] "
                                           : "[ ] ",
                              name, enabled ? "" : " (disabled)");
      if (id != NULL && strstr (name, label) != NULL)
        g_variant_get_child (one, 0, "i", id);
    }
  return g_string_free (text, FALSE);
}

/* Asks again and again: what changes the menu may come while the answer is on its way. */
static void
await_menu (Fixture *self, const char *text)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  gboolean has_it;

  do
    {
      g_autofree char *menu = read_menu (self, NULL, NULL);

      has_it = strstr (menu, text) != NULL;
      if (!has_it && g_get_monotonic_time () > end)
        g_error ("The menu has no \"%s\":\n%s", text, menu);
    }
  while (!has_it);
}

static GVariant *
try_choose (Fixture *self, const char *label, GError **error)
{
  int id;
  g_autofree char *menu = read_menu (self, label, &id);

  g_assert_cmpint (id, !=, 0);
  return tray_bus_call (self->bus, get_item (self), "/StatusNotifierItem/Menu", MENU, "Event",
                        g_variant_new ("(isvu)", id, "clicked", g_variant_new_int32 (0), 0), error);
}

static void
choose (Fixture *self, const char *label)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = try_choose (self, label, &error);

  g_assert_no_error (error);
}

static GVariant *
operate (Fixture *self, const char *operation, GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  peerup_session_call_async (self->session, operation, parameters, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  return peerup_session_call_finish (self->session, result, error);
}

static void
test_menu (Fixture *self, gconstpointer data)
{
  g_autofree char *menu = NULL;

  await_menu (self, "No device connected");
  menu = read_menu (self, NULL, NULL);
  g_assert_cmpstr (
    menu, ==,
    "Open Peer-Up\nNo device connected (disabled)\n---\n[x] Share \u2068web\u2069\n---\nInvite a Device…\n"
    "Join with a Code…\n---\nQuit\n");
  choose (self, "Open");
  choose (self, "Invite");
  choose (self, "Join");
  choose (self, "Quit");
  g_assert_cmpstr (self->actions->str, ==, "open() invite() join() ask-quit() ");
}

static void
test_state (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) icon =
    tray_bus_get (self->bus, get_item (self), "/StatusNotifierItem", "org.kde.StatusNotifierItem", "IconName");
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *menu = NULL;

  g_assert_cmpstr (g_variant_get_string (icon, NULL), ==, "dev.peerup.PeerUp-off-symbolic");
  peerup_session_stop_async (self->session, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  peerup_session_stop_finish (self->session, result);
  await_menu (self, "Not running");
  menu = read_menu (self, NULL, NULL);
  g_assert_cmpstr (menu, ==,
                   "Open Peer-Up\nNot running (disabled)\n---\nInvite a Device… (disabled)\n"
                   "Join with a Code… (disabled)\n---\nQuit\n");
  g_assert_cmpuint (self->watcher->items->len, ==, 1);
}

/* It is the engine that says whether it is on. */
static void
test_toggle (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupDBusService1) service =
    peerup_object_list_find (peerup_session_get_services (self->session), "name", "web");

  choose (self, "web");
  await_menu (self, "[ ] Share");
  g_assert_false (peerup_dbus_service1_get_enabled (service));
  choose (self, "web");
  await_menu (self, "[x] Share");
  g_assert_true (peerup_dbus_service1_get_enabled (service));
}

static void
on_properties_updated (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                       const char *signal, GVariant *parameters, gpointer data)
{
  gpointer *place = data;

  g_clear_pointer (place, g_free);
  *place = g_variant_print (parameters, FALSE);
}

static void
on_notify (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
           GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  char **summary = data;

  g_free (*summary);
  g_variant_get_child (parameters, 3, "s", summary);
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 1));
}

/* A server of notifications; what it was told last is in @summary. */
static guint
serve_notifications (Fixture *self, char **summary)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_notify };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
    "<node><interface name='org.freedesktop.Notifications'><method name='Notify'><arg type='s' direction='in'/>"
    "<arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='i' direction='in'/><arg type='u' direction='out'/></method></interface></node>",
    NULL);

  g_dbus_connection_register_object (self->bus->client, "/org/freedesktop/Notifications", node->interfaces[0], &vtable,
                                     summary, NULL, NULL);
  return g_bus_own_name_on_connection (self->bus->client, "org.freedesktop.Notifications", G_BUS_NAME_OWNER_FLAGS_NONE,
                                       NULL, NULL, NULL, NULL);
}

/* A tray shows a check at once, so it is told what is true; and the person, why. */
static void
test_toggle_fails (Fixture *self, gconstpointer data)
{
  g_autofree char *told = NULL;
  g_autofree char *summary = NULL;
  guint name = serve_notifications (self, &summary);
  guint subscription =
    g_dbus_connection_signal_subscribe (self->bus->client, get_item (self), MENU, "ItemsPropertiesUpdated",
                                        "/StatusNotifierItem/Menu", NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                        on_properties_updated, &told, NULL);

  await_menu (self, "No device connected");
  g_clear_pointer (&told, g_free);
  home_configure (self->home, "services: 7\n");
  choose (self, "web");
  spin_while_not (is_there, &told);
  g_assert_nonnull (strstr (told, "'toggle-state': <1>"));
  spin_while_not (is_there, &summary);
  g_assert_cmpstr (summary, ==, "Cannot stop sharing \u2068web\u2069");
  g_dbus_connection_signal_unsubscribe (self->bus->client, subscription);
  g_bus_unown_name (name);
}

static void
test_transient (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
    operate (self, "Expose", g_variant_new ("(ssa{sv})", "passing", "127.0.0.1:10", NULL), &error);
  g_autofree char *menu = NULL;

  g_assert_no_error (error);
  await_menu (self, "[x] Share \u2068passing\u2069");
  choose (self, "passing");
  while (menu == NULL || strstr (menu, "passing") != NULL)
    {
      g_free (menu);
      menu = read_menu (self, NULL, NULL);
    }
}

/* A name is no mnemonic, no markup, and turns nothing around. */
static void
test_forwards (Fixture *self, gconstpointer data)
{
  g_autoptr (Home) other = home_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) named = NULL, added = NULL;
  g_autofree char *menu = NULL, *expected = NULL;
  const char *address;

  home_authorize (self->home, other);
  named = operate (self, "SetName", g_variant_new ("(ss)", "my_home", home_get_id (other)), &error);
  g_assert_no_error (error);
  added =
    operate (self, "AddForward", g_variant_new ("(sssa{sv})", home_get_id (other), "ssh", "127.0.0.1:0", NULL), &error);
  g_assert_no_error (error);
  g_variant_get (added, "(&s&s)", NULL, &address);
  expected = g_strdup_printf ("\u2068ssh\u2069 on \u2068my__home\u2069: localhost%s\n", strchr (address, ':'));
  await_menu (self, expected);
  choose (self, "ssh");
  menu = g_strdup_printf ("show-device(%s) ", home_get_id (other));
  g_assert_cmpstr (self->actions->str, ==, menu);
}

/* More than a screen has room for. */
static void
test_many (Fixture *self, gconstpointer data)
{
  g_autofree char *menu = NULL;
  g_auto (GStrv) lines = NULL;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("service-%u", i);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply =
        operate (self, "Expose", g_variant_new ("(ssa{sv})", name, "127.0.0.1:10", NULL), &error);

      g_assert_no_error (error);
    }
  await_menu (self, "More Services…");
  menu = read_menu (self, NULL, NULL);
  lines = g_strsplit (menu, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 2 + 1 + 12 + 1 + 5 + 1);
  choose (self, "More");
  g_assert_cmpstr (self->actions->str, ==, "open() ");
}

/* Off and on while it runs: the icon goes with its connection, and there is one. */
static void
test_setting (Fixture *self, gconstpointer data)
{
  g_autofree char *first = g_strdup (get_item (self));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;

  g_settings_set_boolean (self->settings, "show-tray", FALSE);
  spin_while_not (is_hidden, self->tray);
  do
    {
      g_clear_error (&error);
      g_clear_pointer (&reply, g_variant_unref);
      reply = tray_bus_call (self->bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner",
                             g_variant_new ("(s)", first), &error);
    }
  while (reply != NULL);
  g_assert_cmpuint (self->watcher->items->len, ==, 1);
  g_settings_set_boolean (self->settings, "show-tray", TRUE);
  spin_while_not (is_shown, self->tray);
  g_assert_cmpuint (self->watcher->items->len, ==, 2);
  g_assert_cmpstr (get_item (self), !=, first);
  /* Faster than anything can follow. */
  for (guint i = 0; i < 10; i++)
    g_settings_set_boolean (self->settings, "show-tray", i % 2 == 1);
  spin_while_not (is_shown, self->tray);
  await_menu (self, "No device connected");
  g_settings_reset (self->settings, "show-tray");
}

static void
call_item (Fixture *self, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = tray_bus_call (self->bus, get_item (self), "/StatusNotifierItem",
                                              "org.kde.StatusNotifierItem", method, parameters, &error);

  g_assert_no_error (error);
}

/* The window may come to the front by what the tray was given for it. */
static void
test_click (Fixture *self, gconstpointer data)
{
  TestApplication *application = (TestApplication *) self->application;

  call_item (self, "Activate", g_variant_new ("(ii)", 0, 0));
  g_assert_cmpstr (self->actions->str, ==, "open() ");
  g_assert_null (application->token);
  call_item (self, "ProvideXdgActivationToken", g_variant_new ("(s)", "a-token"));
  call_item (self, "Activate", g_variant_new ("(ii)", 0, 0));
  spin_while_not (is_there, &application->token);
  g_assert_cmpstr (application->token, ==, "a-token");
  g_assert_cmpstr (self->actions->str, ==, "open() open() ");
}

static void
test_no_bus (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupSession) session = peerup_session_new (home->config);
  g_autoptr (GApplication) application = g_application_new ("dev.peerup.PeerUp.Test", G_APPLICATION_DEFAULT_FLAGS);
  g_autofree char *address = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));
  PeerupTray *tray;

  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", TRUE);
  g_assert_true (g_application_register (application, NULL, NULL));
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
  g_assert_null (g_application_get_dbus_connection (application));
  tray = peerup_tray_new (application, session, NULL);
  g_assert_false (peerup_tray_is_shown (tray));
  g_assert_finalize_object (tray);
}

/* The sockets are gone; what is left are the locks of those who served them. */
static void
remove_runtime (void)
{
  g_autofree char *folder = g_build_filename (runtime, "peerup", NULL);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_rmdir (folder);
  g_assert_cmpint (g_rmdir (runtime), ==, 0);
  g_free (runtime);
}

int
main (int argc, char **argv)
{
  int result;

  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  runtime = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  /* First: later there is a connection already. */
  g_test_add_func ("/app/tray/no-bus", test_no_bus);
  g_test_add ("/app/tray/menu", Fixture, NULL, set_up, test_menu, tear_down);
  g_test_add ("/app/tray/state", Fixture, NULL, set_up, test_state, tear_down);
  g_test_add ("/app/tray/toggle", Fixture, NULL, set_up, test_toggle, tear_down);
  g_test_add ("/app/tray/toggle-fails", Fixture, NULL, set_up, test_toggle_fails, tear_down);
  g_test_add ("/app/tray/transient", Fixture, NULL, set_up, test_transient, tear_down);
  g_test_add ("/app/tray/forwards", Fixture, NULL, set_up, test_forwards, tear_down);
  g_test_add ("/app/tray/many", Fixture, NULL, set_up, test_many, tear_down);
  g_test_add ("/app/tray/setting", Fixture, NULL, set_up, test_setting, tear_down);
  g_test_add ("/app/tray/click", Fixture, NULL, set_up, test_click, tear_down);
  result = tray_bus_run ();
  remove_runtime ();
  return result;
}
