/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* com.canonical.dbusmenu as those who show menus use it, and as others might. */
#include "app/tray/peerup-dbus-menu.h"

#include <string.h>

#include "../engine/home.h"
#include "tray-bus.h"

#define INTERFACE "com.canonical.dbusmenu"
#define PATH      "/Menu"

typedef struct
{
  TrayBus *bus;
  GDBusConnection *connection;
  PeerupDbusMenu *menu;
  guint subscription;
  GPtrArray *told;   /* signals, printed */
  GPtrArray *chosen; /* keys */
} Fixture;

/* Without the types of what is empty. */
static char *
print (GVariant *value)
{
  g_autoptr (GRegex) types = g_regex_new ("@[a-z{}()]+ ", 0, 0, NULL);
  g_autofree char *text = g_variant_print (value, FALSE);

  return g_regex_replace_literal (types, text, -1, 0, "", 0, NULL);
}

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
           GVariant *parameters, gpointer data)
{
  Fixture *self = data;
  g_autofree char *text = print (parameters);

  g_ptr_array_add (self->told, g_strconcat (signal, " ", text, NULL));
}

static void
on_activated (Fixture *self, const char *key)
{
  g_ptr_array_add (self->chosen, g_strdup (key));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->bus = tray_bus_new ();
  self->connection = tray_bus_connect ();
  self->told = g_ptr_array_new_with_free_func (g_free);
  self->chosen = g_ptr_array_new_with_free_func (g_free);
  self->menu = peerup_dbus_menu_new (self->connection, PATH, &error);
  g_assert_no_error (error);
  g_signal_connect_swapped (self->menu, "activated", G_CALLBACK (on_activated), self);
  self->subscription =
    g_dbus_connection_signal_subscribe (self->bus->client, g_dbus_connection_get_unique_name (self->connection), NULL,
                                        NULL, PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
  tray_bus_settle (self->bus->client);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_dbus_connection_signal_unsubscribe (self->bus->client, self->subscription);
  g_assert_finalize_object (self->menu);
  tray_bus_disconnect (self->connection);
  g_ptr_array_unref (self->told);
  g_ptr_array_unref (self->chosen);
  tray_bus_free (self->bus);
}

static GVariant *
call (Fixture *self, const char *method, GVariant *parameters, GError **error)
{
  return tray_bus_call (self->bus, g_dbus_connection_get_unique_name (self->connection), PATH, INTERFACE, method,
                        parameters, error);
}

/* That it answers so. */
static void
assert_answers (Fixture *self, const char *method, GVariant *parameters, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = call (self, method, parameters, &error);
  g_autofree char *text = reply != NULL ? print (reply) : NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_refuses (Fixture *self, const char *method, GVariant *parameters, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = call (self, method, parameters, &error);

  g_assert_null (reply);
  g_assert_error (error, G_DBUS_ERROR, code);
}

static gboolean
has_told (gpointer data)
{
  return ((Fixture *) data)->told->len > 0;
}

static void
assert_told (Fixture *self, const char *expected)
{
  spin_while_not (has_told, self);
  g_assert_cmpuint (self->told->len, ==, 1);
  g_assert_cmpstr (self->told->pdata[0], ==, expected);
  g_ptr_array_set_size (self->told, 0);
}

static PeerupMenuEntry *
make_root (void)
{
  return peerup_menu_entry_new (PEERUP_MENU_TEXT, "", NULL);
}

/* open, a line, a check, and a submenu of one. */
static PeerupMenuEntry *
make_menu (const char *line, gboolean checked)
{
  PeerupMenuEntry *root = make_root (), *more;

  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_ACTION, "open", "Open _it"));
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_TEXT, "line", line));
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_SEPARATOR, "gap", NULL));
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_CHECK, "check", "ssh"))->is_checked = checked;
  more = peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_ACTION, "more", "More"));
  peerup_menu_entry_append (more, peerup_menu_entry_new (PEERUP_MENU_ACTION, "deep", "Deep"));
  return root;
}

static GVariant *
get_layout (int id, int depth, const char *name)
{
  const char *names[] = { name, NULL };

  return g_variant_new ("(ii^as)", id, depth, names);
}

static void
test_layout (Fixture *self, gconstpointer data)
{
  assert_answers (self, "GetLayout", get_layout (0, -1, NULL), "(1, (0, {}, []))");
  peerup_dbus_menu_set_root (self->menu, make_menu ("a", TRUE));
  assert_told (self, "LayoutUpdated (2, 0)");
  assert_answers (self, "GetLayout", get_layout (0, 0, NULL), "(2, (0, {'children-display': <'submenu'>}, []))");
  assert_answers (self, "GetLayout", get_layout (0, 1, "label"),
                  "(2, (0, {}, [<(1, {'label': <'Open __it'>}, [])>, <(2, {'label': <'a'>}, [])>, <(3, {}, [])>, "
                  "<(4, {'label': <'ssh'>}, [])>, <(5, {'label': <'More'>}, [])>]))");
  assert_answers (self, "GetLayout", get_layout (5, -1, "label"),
                  "(2, (5, {'label': <'More'>}, [<(6, {'label': <'Deep'>}, [])>]))");
  assert_answers (self, "GetLayout", get_layout (3, 5, NULL), "(2, (3, {'type': <'separator'>}, []))");
  assert_answers (self, "GetLayout", get_layout (4, -1, "toggle-state"), "(2, (4, {'toggle-state': <1>}, []))");
  assert_answers (self, "GetLayout", get_layout (2, -1, "enabled"), "(2, (2, {'enabled': <false>}, []))");
}

static GVariant *
get_group (const char *ids, const char *names)
{
  return g_variant_new ("(@ai@as)", g_variant_new_parsed (ids), g_variant_new_parsed (names));
}

static void
test_properties (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) list = NULL;

  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  assert_answers (self, "GetGroupProperties", get_group ("[4, 4, 99]", "['toggle-state', 'toggle-type']"),
                  "([(4, {'toggle-state': <0>, 'toggle-type': <'checkmark'>})],)");
  all = call (self, "GetGroupProperties", get_group ("@ai []", "@as []"), NULL);
  list = g_variant_get_child_value (all, 0);
  g_assert_cmpuint (g_variant_n_children (list), ==, 7);
  assert_answers (self, "GetProperty", g_variant_new ("(is)", 1, "label"), "(<'Open __it'>,)");
  assert_answers (self, "GetProperty", g_variant_new ("(is)", 1, "visible"), "(<true>,)");
  assert_answers (self, "GetProperty", g_variant_new ("(is)", 3, "type"), "(<'separator'>,)");
  assert_answers (self, "GetProperty", g_variant_new ("(is)", 1, "icon-data"), "(<[]>,)");
  {
    const char *name = g_dbus_connection_get_unique_name (self->connection);
    g_autoptr (GVariant) version = tray_bus_get (self->bus, name, PATH, INTERFACE, "Version");
    g_autoptr (GVariant) status = tray_bus_get (self->bus, name, PATH, INTERFACE, "Status");
    g_autoptr (GVariant) direction = tray_bus_get (self->bus, name, PATH, INTERFACE, "TextDirection");
    g_autoptr (GVariant) icons = tray_bus_get (self->bus, name, PATH, INTERFACE, "IconThemePath");

    g_assert_cmpuint (g_variant_get_uint32 (version), ==, 3);
    g_assert_cmpstr (g_variant_get_string (status, NULL), ==, "normal");
    g_assert_cmpstr (g_variant_get_string (direction, NULL), ==, "ltr");
    g_assert_true (g_variant_is_of_type (icons, G_VARIANT_TYPE ("as")));
  }
  tray_bus_settle (self->bus->client);
  g_ptr_array_set_size (self->told, 0);
  peerup_dbus_menu_set_notice (self->menu, TRUE);
  assert_told (self, "PropertiesChanged ('com.canonical.dbusmenu', {'Status': <'notice'>}, [])");
}

/* Of properties only what is another one is told; numbers stay while their entries do, and are not given again. */
static void
test_changes (Fixture *self, gconstpointer data)
{
  PeerupMenuEntry *root;

  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  assert_told (self, "LayoutUpdated (2, 0)");
  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  peerup_dbus_menu_set_root (self->menu, make_menu ("b", FALSE));
  assert_told (self, "ItemsPropertiesUpdated ([(2, {'enabled': <false>, 'label': <'b'>})], [])");
  peerup_dbus_menu_set_root (self->menu, make_menu ("b", TRUE));
  assert_told (self, "ItemsPropertiesUpdated ([(4, {'toggle-state': <1>, 'toggle-type': <'checkmark'>, "
                     "'label': <'ssh'>})], [])");
  peerup_dbus_menu_repeat (self->menu, "check");
  assert_told (self, "ItemsPropertiesUpdated ([(4, {'toggle-state': <1>, 'toggle-type': <'checkmark'>, "
                     "'label': <'ssh'>})], [])");
  peerup_dbus_menu_repeat (self->menu, "gone");
  root = make_menu ("b", TRUE);
  ((PeerupMenuEntry *) root->children->pdata[0])->is_enabled = FALSE;
  peerup_dbus_menu_set_root (self->menu, root);
  assert_told (self, "ItemsPropertiesUpdated ([(1, {'enabled': <false>, 'label': <'Open __it'>})], [])");
  peerup_dbus_menu_set_root (self->menu, make_menu ("b", TRUE));
  assert_told (self, "ItemsPropertiesUpdated ([(1, {'label': <'Open __it'>})], [(1, ['enabled'])])");
  /* In another order, without some, with a new one. */
  root = make_root ();
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_CHECK, "check", "ssh"));
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_ACTION, "new", "New"));
  peerup_menu_entry_append (root, peerup_menu_entry_new (PEERUP_MENU_ACTION, "open", "Open"));
  peerup_dbus_menu_set_root (self->menu, root);
  assert_told (self, "LayoutUpdated (3, 0)");
  assert_answers (self, "GetLayout", get_layout (0, -1, "no-such"),
                  "(3, (0, {}, [<(4, {}, [])>, <(7, {}, [])>, <(1, {}, [])>]))");
  peerup_dbus_menu_set_root (self->menu, make_menu ("b", TRUE));
  assert_told (self, "LayoutUpdated (4, 0)");
  assert_answers (self, "GetLayout", get_layout (0, 1, "no-such"),
                  "(4, (0, {}, [<(1, {}, [])>, <(8, {}, [])>, <(9, {}, [])>, <(4, {}, [])>, <(10, {}, [])>]))");
}

static GVariant *
event (int id, const char *name)
{
  return g_variant_new ("(isvu)", id, name, g_variant_new_int32 (0), 0);
}

static void
assert_chosen (Fixture *self, const char *key)
{
  g_assert_cmpuint (self->chosen->len, ==, 1);
  g_assert_cmpstr (self->chosen->pdata[0], ==, key);
  g_ptr_array_set_size (self->chosen, 0);
}

static GVariant *
events (const char *text)
{
  return g_variant_new ("(@a(isvu))", g_variant_new_parsed (text));
}

static void
test_events (Fixture *self, gconstpointer data)
{
  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  assert_answers (self, "Event", event (1, "clicked"), "()");
  assert_chosen (self, "open");
  assert_answers (self, "Event", event (4, "clicked"), "()");
  assert_chosen (self, "check");
  assert_answers (self, "Event", event (6, "clicked"), "()");
  assert_chosen (self, "deep");
  assert_answers (self, "Event", event (0, "opened"), "()");
  assert_answers (self, "Event", event (2, "hovered"), "()");
  assert_answers (self, "Event", event (1, "x-vendor-of-whatever"), "()");
  /* What says something, what divides, what has entries of its own, and the whole. */
  for (int i = 0; i < 4; i++)
    assert_refuses (self, "Event", event ((const int[]) { 2, 3, 5, 0 }[i], "clicked"), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "Event", event (99, "clicked"), G_DBUS_ERROR_INVALID_ARGS);
  g_assert_cmpuint (self->chosen->len, ==, 0);
  assert_answers (self, "EventGroup",
                  events ("[(1, 'clicked', <0>, uint32 0), (99, 'clicked', <0>, 0), (2, 'clicked', <''>, 0)]"),
                  "([99, 2],)");
  assert_chosen (self, "open");
  assert_answers (self, "EventGroup", events ("@a(isvu) []"), "([],)");
  assert_refuses (self, "EventGroup", events ("[(99, 'clicked', <0>, uint32 0)]"), G_DBUS_ERROR_INVALID_ARGS);
  assert_answers (self, "AboutToShow", g_variant_new ("(i)", 0), "(false,)");
  assert_answers (self, "AboutToShowGroup", g_variant_new ("(@ai)", g_variant_new_parsed ("[0, 5, 77]")), "([], [77])");
}

static GVariant *
many (const char *type, GVariant *one, gsize n)
{
  GVariantBuilder list;

  g_variant_ref_sink (one);
  g_variant_builder_init (&list, G_VARIANT_TYPE (type));
  for (gsize i = 0; i < n; i++)
    g_variant_builder_add_value (&list, one);
  g_variant_unref (one);
  return g_variant_builder_end (&list);
}

/* What is odd or without bounds is refused, and nothing follows from it. */
static void
test_hostile (Fixture *self, gconstpointer data)
{
  const gsize limit = PEERUP_DBUS_MENU_MAX_IDS;
  const gsize too_many_names = PEERUP_DBUS_MENU_MAX_NAMES + 1;
  g_autoptr (GVariant) reply = NULL;

  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  assert_refuses (self, "GetLayout", get_layout (77, -1, NULL), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "GetLayout", get_layout (-1, -1, NULL), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "GetLayout", get_layout (0, -2, NULL), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "GetLayout", get_layout (0, G_MININT, NULL), G_DBUS_ERROR_INVALID_ARGS);
  assert_answers (self, "GetLayout", get_layout (6, G_MAXINT, "label"), "(2, (6, {'label': <'Deep'>}, []))");
  assert_refuses (self, "GetLayout",
                  g_variant_new ("(ii@as)", 0, -1, many ("as", g_variant_new_string ("label"), too_many_names)),
                  G_DBUS_ERROR_LIMITS_EXCEEDED);
  assert_refuses (self, "GetGroupProperties",
                  g_variant_new ("(@ai@as)", many ("ai", g_variant_new_int32 (1), limit + 1),
                                 g_variant_new_strv (NULL, 0)),
                  G_DBUS_ERROR_LIMITS_EXCEEDED);
  assert_refuses (self, "GetGroupProperties",
                  g_variant_new ("(@ai@as)", many ("ai", g_variant_new_int32 (1), 1),
                                 many ("as", g_variant_new_string ("x"), too_many_names)),
                  G_DBUS_ERROR_LIMITS_EXCEEDED);
  /* However often one is asked for, it is told once. */
  reply =
    call (self, "GetGroupProperties",
          g_variant_new ("(@ai@as)", many ("ai", g_variant_new_int32 (1), limit), g_variant_new_strv (NULL, 0)), NULL);
  g_assert_cmpuint (g_variant_get_size (reply), <, 200);
  assert_refuses (self, "GetProperty", g_variant_new ("(is)", 1, "no-such"), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "GetProperty", g_variant_new ("(is)", 77, "label"), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "EventGroup", g_variant_new ("(@a(isvu))", many ("a(isvu)", event (1, "clicked"), limit + 1)),
                  G_DBUS_ERROR_LIMITS_EXCEEDED);
  assert_refuses (self, "AboutToShow", g_variant_new ("(i)", 77), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "AboutToShowGroup", g_variant_new ("(@ai)", g_variant_new_parsed ("[77]")),
                  G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "AboutToShowGroup", g_variant_new ("(@ai)", many ("ai", g_variant_new_int32 (0), limit + 1)),
                  G_DBUS_ERROR_LIMITS_EXCEEDED);
  assert_refuses (self, "Event", g_variant_new ("(s)", "clicked"), G_DBUS_ERROR_INVALID_ARGS);
  assert_refuses (self, "Destroy", NULL, G_DBUS_ERROR_UNKNOWN_METHOD);
  g_assert_cmpuint (self->chosen->len, ==, 0);
}

/* A menu that ends while it is clicked. */
static void
end_menu (Fixture *self, const char *key)
{
  g_clear_object (&self->menu);
  on_activated (self, key);
}

static void
test_ends (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_dbus_menu_new (self->connection, PATH, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  peerup_dbus_menu_set_root (self->menu, make_menu ("a", FALSE));
  g_signal_handlers_disconnect_by_data (self->menu, self);
  g_signal_connect_swapped (self->menu, "activated", G_CALLBACK (end_menu), self);
  assert_answers (self, "EventGroup", events ("[(99, 'clicked', <0>, uint32 0), (1, 'clicked', <0>, 0)]"), "([99],)");
  assert_chosen (self, "open");
  assert_refuses (self, "AboutToShow", g_variant_new ("(i)", 0), G_DBUS_ERROR_UNKNOWN_METHOD);
  self->menu = peerup_dbus_menu_new (self->connection, PATH, &(GError *) { NULL });
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/app/dbus-menu/layout", Fixture, NULL, set_up, test_layout, tear_down);
  g_test_add ("/app/dbus-menu/properties", Fixture, NULL, set_up, test_properties, tear_down);
  g_test_add ("/app/dbus-menu/changes", Fixture, NULL, set_up, test_changes, tear_down);
  g_test_add ("/app/dbus-menu/events", Fixture, NULL, set_up, test_events, tear_down);
  g_test_add ("/app/dbus-menu/hostile", Fixture, NULL, set_up, test_hostile, tear_down);
  g_test_add ("/app/dbus-menu/ends", Fixture, NULL, set_up, test_ends, tear_down);
  return tray_bus_run ();
}
