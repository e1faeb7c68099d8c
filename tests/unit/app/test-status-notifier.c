/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The icon and its watchers: absent, late, restarted, one after the other, without a tray, and refusing. */
#include "app/tray/peerup-status-notifier.h"

#include "../engine/home.h"
#include "tray-bus.h"

#define INTERFACE "org.kde.StatusNotifierItem"

typedef struct
{
  TrayBus *bus;
  GDBusConnection *connection;
  PeerupStatusNotifier *item;
  guint subscription;
  GPtrArray *told;
  GPtrArray *tokens; /* of clicks */
} Fixture;

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
           GVariant *parameters, gpointer data)
{
  g_ptr_array_add (((Fixture *) data)->told, g_strdup (signal));
}

static void
on_activated (Fixture *self, const char *token)
{
  g_ptr_array_add (self->tokens, g_strdup (token != NULL ? token : "-"));
}

static GVariant *
make_pixmaps (void)
{
  return g_variant_new_parsed ("[(1, 1, [byte 0xff, 0x10, 0x20, 0x30])]");
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->bus = tray_bus_new ();
  self->connection = tray_bus_connect ();
  self->told = g_ptr_array_new_with_free_func (g_free);
  self->tokens = g_ptr_array_new_with_free_func (g_free);
  self->item = peerup_status_notifier_new (self->connection, "an.id", "A <Title>", "/Menu", &error);
  g_assert_no_error (error);
  g_signal_connect_swapped (self->item, "activated", G_CALLBACK (on_activated), self);
  self->subscription =
    g_dbus_connection_signal_subscribe (self->bus->client, g_dbus_connection_get_unique_name (self->connection),
                                        INTERFACE, NULL, PEERUP_STATUS_NOTIFIER_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                        on_signal, self, NULL);
  tray_bus_settle (self->bus->client);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_dbus_connection_signal_unsubscribe (self->bus->client, self->subscription);
  if (self->item != NULL)
    g_object_run_dispose (G_OBJECT (self->item));
  tray_bus_settle (self->connection);
  g_clear_object (&self->item);
  tray_bus_disconnect (self->connection);
  g_ptr_array_unref (self->told);
  g_ptr_array_unref (self->tokens);
  tray_bus_free (self->bus);
}

static void
show (Fixture *self)
{
  peerup_status_notifier_set_icon (self->item, "an-icon", make_pixmaps (), FALSE);
}

static gboolean
is_shown (gpointer data)
{
  return peerup_status_notifier_is_shown (((Fixture *) data)->item);
}

static gboolean
is_hidden (gpointer data)
{
  return !is_shown (data);
}

static gboolean
was_called (gpointer watcher)
{
  return ((Watcher *) watcher)->n_calls > 0;
}

static gboolean
was_called_twice (gpointer watcher)
{
  return ((Watcher *) watcher)->n_calls > 1;
}

/* All that was on its way has come, both ways. */
static void
settle (Fixture *self)
{
  for (guint i = 0; i < 3; i++)
    {
      tray_bus_settle (self->connection);
      tray_bus_settle (self->bus->client);
    }
}

static void
assert_one_icon (Fixture *self, Watcher *watcher)
{
  settle (self);
  g_assert_cmpuint (watcher->items->len, ==, 1);
  g_assert_cmpstr (watcher->items->pdata[0], ==, g_dbus_connection_get_unique_name (self->connection));
}

static void
assert_property (Fixture *self, const char *name, const char *expected)
{
  g_autoptr (GVariant) value = tray_bus_get (self->bus, g_dbus_connection_get_unique_name (self->connection),
                                             PEERUP_STATUS_NOTIFIER_PATH, INTERFACE, name);
  g_autofree char *text = g_variant_print (value, TRUE);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_told (Fixture *self, const char *expected)
{
  g_autofree char *text = NULL;

  settle (self);
  g_ptr_array_add (self->told, NULL);
  text = g_strjoinv (" ", (char **) self->told->pdata);
  g_assert_cmpstr (text, ==, expected);
  g_ptr_array_set_size (self->told, 0);
}

static void
test_properties (Fixture *self, gconstpointer data)
{
  assert_property (self, "Status", "'Active'");
  assert_property (self, "IconName", "''");
  assert_property (self, "IconPixmap", "@a(iiay) []");
  show (self);
  peerup_status_notifier_set_text (self->item, "1 < 2 & so on");
  assert_told (self, "NewIcon NewToolTip");
  assert_property (self, "Category", "'Communications'");
  assert_property (self, "Id", "'an.id'");
  assert_property (self, "Title", "'A <Title>'");
  assert_property (self, "IconName", "'an-icon'");
  assert_property (self, "IconPixmap", "[(1, 1, [byte 0xff, 0x10, 0x20, 0x30])]");
  assert_property (self, "AttentionIconName", "''");
  assert_property (self, "AttentionIconPixmap", "@a(iiay) []");
  assert_property (self, "ToolTip", "('', @a(iiay) [], 'A <Title>', '1 &lt; 2 &amp; so on')");
  assert_property (self, "ItemIsMenu", "false");
  assert_property (self, "Menu", "objectpath '/Menu'");
  assert_property (self, "WindowId", "0");
  assert_property (self, "OverlayIconPixmap", "@a(iiay) []");
  /* The same is not told again. */
  show (self);
  peerup_status_notifier_set_text (self->item, "1 < 2 & so on");
  assert_told (self, "");
  peerup_status_notifier_set_icon (self->item, "another", make_pixmaps (), TRUE);
  assert_told (self, "NewIcon NewAttentionIcon NewStatus");
  assert_property (self, "Status", "'NeedsAttention'");
  assert_property (self, "AttentionIconName", "'another'");
  assert_property (self, "AttentionIconPixmap", "[(1, 1, [byte 0xff, 0x10, 0x20, 0x30])]");
  peerup_status_notifier_set_icon (self->item, "another", make_pixmaps (), FALSE);
  assert_told (self, "NewAttentionIcon NewStatus");
  assert_property (self, "Status", "'Active'");
}

static void
call (Fixture *self, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = tray_bus_call (self->bus, g_dbus_connection_get_unique_name (self->connection),
                                              PEERUP_STATUS_NOTIFIER_PATH, INTERFACE, method, parameters, &error);

  g_assert_no_error (error);
}

static void
test_clicks (Fixture *self, gconstpointer data)
{
  g_autofree char *long_token = g_strnfill (5000, 'x');

  show (self);
  call (self, "ContextMenu", g_variant_new ("(ii)", 1, 2));
  call (self, "Scroll", g_variant_new ("(is)", -120, "vertical"));
  g_assert_cmpuint (self->tokens->len, ==, 0);
  call (self, "Activate", g_variant_new ("(ii)", 1, 2));
  call (self, "SecondaryActivate", g_variant_new ("(ii)", G_MININT, G_MAXINT));
  call (self, "ProvideXdgActivationToken", g_variant_new ("(s)", "t0"));
  call (self, "Activate", g_variant_new ("(ii)", 0, 0));
  /* One is good once. */
  call (self, "Activate", g_variant_new ("(ii)", 0, 0));
  call (self, "ProvideXdgActivationToken", g_variant_new ("(s)", long_token));
  call (self, "Activate", g_variant_new ("(ii)", 0, 0));
  g_ptr_array_add (self->tokens, NULL);
  {
    g_autofree char *text = g_strjoinv (" ", (char **) self->tokens->pdata);

    g_assert_cmpstr (text, ==, "- - t0 - -");
  }
}

static void
count (guint *n)
{
  (*n)++;
}

static void
test_absent_and_late (Fixture *self, gconstpointer data)
{
  Watcher *watcher;
  guint n = 0;

  g_signal_connect_swapped (self->item, "notify::shown", G_CALLBACK (count), &n);
  show (self);
  settle (self);
  g_assert_false (is_shown (self));
  watcher = watcher_new (TRUE);
  spin_while_not (is_shown, self);
  assert_one_icon (self, watcher);
  g_assert_cmpuint (n, ==, 1);
  watcher_free (watcher);
  spin_while_not (is_hidden, self);
  g_assert_cmpuint (n, ==, 2);
}

static void
test_already_there (Fixture *self, gconstpointer data)
{
  Watcher *watcher = watcher_new (TRUE);

  /* Nothing is registered before there is an icon. */
  settle (self);
  g_assert_cmpuint (watcher->n_calls, ==, 0);
  show (self);
  show (self);
  spin_while_not (is_shown, self);
  peerup_status_notifier_set_icon (self->item, "another", make_pixmaps (), TRUE);
  assert_one_icon (self, watcher);
  watcher_free (watcher);
}

static void
test_restarted (Fixture *self, gconstpointer data)
{
  show (self);
  for (guint i = 0; i < 5; i++)
    {
      Watcher *watcher = watcher_new (TRUE);

      spin_while_not (is_shown, self);
      assert_one_icon (self, watcher);
      watcher_free (watcher);
      spin_while_not (is_hidden, self);
    }
}

/* The name goes from one to the other without being free between. */
static void
test_two_in_turn (Fixture *self, gconstpointer data)
{
  Watcher *first = watcher_new (TRUE), *second;

  show (self);
  spin_while_not (is_shown, self);
  second = watcher_new (TRUE);
  settle (self);
  g_assert_false (second->owns);
  assert_one_icon (self, first);
  /* It waits in the queue of those who want it. */
  watcher_free (first);
  spin_while_not (was_called, second);
  spin_while_not (is_shown, self);
  assert_one_icon (self, second);
  watcher_free (second);
  spin_while_not (is_hidden, self);
}

static void
test_no_tray (Fixture *self, gconstpointer data)
{
  Watcher *watcher = watcher_new (FALSE);

  show (self);
  spin_while_not (was_called, watcher);
  assert_one_icon (self, watcher);
  g_assert_false (is_shown (self));
  watcher_set_host (watcher, TRUE);
  spin_while_not (is_shown, self);
  watcher_set_host (watcher, FALSE);
  spin_while_not (is_hidden, self);
  watcher_set_host (watcher, TRUE);
  spin_while_not (is_shown, self);
  assert_one_icon (self, watcher);
  watcher_free (watcher);
}

/* It is asked again when it gets a tray, and not before. */
static void
test_refuses (Fixture *self, gconstpointer data)
{
  Watcher *watcher = watcher_new (TRUE);

  watcher->refuses = TRUE;
  show (self);
  spin_while_not (was_called, watcher);
  settle (self);
  g_assert_false (is_shown (self));
  g_assert_cmpuint (watcher->n_calls, ==, 1);
  watcher_set_host (watcher, TRUE);
  spin_while_not (was_called_twice, watcher);
  settle (self);
  g_assert_false (is_shown (self));
  g_assert_cmpuint (watcher->n_calls, ==, 2);
  watcher->refuses = FALSE;
  watcher_set_host (watcher, TRUE);
  spin_while_not (is_shown, self);
  assert_one_icon (self, watcher);
  watcher_free (watcher);
}

static void
test_refuses_then_another (Fixture *self, gconstpointer data)
{
  Watcher *watcher = watcher_new (TRUE);

  watcher->refuses = TRUE;
  show (self);
  spin_while_not (was_called, watcher);
  watcher_free (watcher);
  watcher = watcher_new (TRUE);
  spin_while_not (is_shown, self);
  assert_one_icon (self, watcher);
  watcher_free (watcher);
}

/* Only what is said of ours counts. */
static void
test_dropped (Fixture *self, gconstpointer data)
{
  const char *name = g_dbus_connection_get_unique_name (self->connection);
  g_autofree char *longer = g_strconcat (name, "0", NULL);
  g_autofree char *ours = g_strconcat (name, PEERUP_STATUS_NOTIFIER_PATH, NULL);
  Watcher *watcher = watcher_new (TRUE);

  show (self);
  spin_while_not (is_shown, self);
  watcher_emit (watcher, "StatusNotifierItemUnregistered", longer);
  watcher_emit (watcher, "StatusNotifierItemUnregistered", NULL);
  tray_bus_settle (watcher->connection);
  settle (self);
  g_assert_true (is_shown (self));
  watcher_emit (watcher, "StatusNotifierItemUnregistered", ours);
  spin_while_not (is_hidden, self);
  watcher_set_host (watcher, TRUE);
  spin_while_not (is_shown, self);
  g_assert_cmpuint (watcher->items->len, ==, 2);
  watcher_free (watcher);
}

/* What a watcher answers when the icon is gone changes nothing. */
static void
test_ends_while_asking (Fixture *self, gconstpointer data)
{
  Watcher *watcher = watcher_new (TRUE);

  show (self);
  spin_while_not (was_called, watcher);
  g_object_run_dispose (G_OBJECT (self->item));
  g_assert_false (is_shown (self));
  settle (self);
  g_assert_finalize_object (g_steal_pointer (&self->item));
  watcher_free (watcher);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/app/status-notifier/properties", Fixture, NULL, set_up, test_properties, tear_down);
  g_test_add ("/app/status-notifier/clicks", Fixture, NULL, set_up, test_clicks, tear_down);
  g_test_add ("/app/status-notifier/absent-and-late", Fixture, NULL, set_up, test_absent_and_late, tear_down);
  g_test_add ("/app/status-notifier/already-there", Fixture, NULL, set_up, test_already_there, tear_down);
  g_test_add ("/app/status-notifier/restarted", Fixture, NULL, set_up, test_restarted, tear_down);
  g_test_add ("/app/status-notifier/two-in-turn", Fixture, NULL, set_up, test_two_in_turn, tear_down);
  g_test_add ("/app/status-notifier/no-tray", Fixture, NULL, set_up, test_no_tray, tear_down);
  g_test_add ("/app/status-notifier/refuses", Fixture, NULL, set_up, test_refuses, tear_down);
  g_test_add ("/app/status-notifier/refuses-then-another", Fixture, NULL, set_up, test_refuses_then_another, tear_down);
  g_test_add ("/app/status-notifier/dropped", Fixture, NULL, set_up, test_dropped, tear_down);
  g_test_add ("/app/status-notifier/ends-while-asking", Fixture, NULL, set_up, test_ends_while_asking, tear_down);
  return tray_bus_run ();
}
