/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Devices as objects: what is told of each, when it is told, and that nothing is where nothing has changed.
 */
#include "control/peerup-control-devices.h"

#include <string.h>

#include <glib/gstdio.h>

#include "../engine/home.h"
#include "client/peerup-client.h"
#include "control/peerup-control-objects.h"
#include "engine/peerup-engine-private.h"

#define DEVICE   "dev.peerup.PeerUp.Device1"
#define DEVICES  PEERUP_CONTROL_ROOT "/devices/"
#define MANY     500
#define MANAGER  "org.freedesktop.DBus.ObjectManager"
#define SERVICES "services: {ssh: {enabled: true, local_address: \"localhost:22\"}}\n"

typedef struct
{
  Home *home;
  Home *other;
  char *path; /* of the other's object */
  PeerupClient *client;
  GDBusConnection *connection;
  GHashTable *properties; /* name to its value, as it was told last of the other */
  GString *told;
  guint subscription;
} Fixture;

static void
take_changes (Fixture *self, GVariant *parameters)
{
  g_autoptr (GVariant) changed = g_variant_get_child_value (parameters, 1);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, changed);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    g_hash_table_replace (self->properties, g_strdup (name), value);
}

static void
on_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
           GVariant *parameters, gpointer data)
{
  Fixture *self = data;

  if (g_str_has_prefix (path, DEVICES))
    {
      g_string_append_printf (self->told, "%s %s\n", path, name);
      if (g_str_equal (path, self->path))
        take_changes (self, parameters);
    }
  else if (g_str_equal (path, PEERUP_CONTROL_ROOT))
    {
      g_autoptr (GVariant) object = g_variant_get_child_value (parameters, 0);
      const char *which = g_variant_get_string (object, NULL);

      if (g_str_has_prefix (which, DEVICES))
        g_string_append_printf (self->told, "%s %s\n", name, which);
    }
}

static void
attach (Fixture *self)
{
  self->client = await_object (peerup_client_embed (self->home->config, PEERUP_ENGINE_DEFAULT), NULL);
  self->connection = g_dbus_proxy_get_connection (G_DBUS_PROXY (peerup_client_get_proxy (self->client)));
  self->subscription = g_dbus_connection_signal_subscribe (self->connection, NULL, NULL, NULL, NULL, NULL,
                                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, self, NULL);
}

static void
detach (Fixture *self)
{
  g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  g_assert_true (await_true (peerup_client_close (self->client, NULL), NULL));
  g_clear_object (&self->client);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  self->other = home_new ();
  self->path = g_strconcat (DEVICES, home_get_id (self->other), NULL);
  self->told = g_string_new (NULL);
  self->properties = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  home_configure (self->home, SERVICES);
  attach (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  detach (self);
  home_free (self->home);
  home_free (self->other);
  g_string_free (self->told, TRUE);
  g_hash_table_unref (self->properties);
  g_free (self->path);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GVariant *
call (Fixture *self, const char *path, const char *interface, const char *method, GVariant *parameters)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *answer;

  g_dbus_connection_call (self->connection, NULL, path, interface, method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                          NULL, on_reply, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  answer = g_dbus_connection_call_finish (self->connection, result, &error);
  g_assert_no_error (error);
  return answer;
}

static void
do_call (Fixture *self, const char *method, GVariant *parameters)
{
  g_variant_unref (call (self, PEERUP_CONTROL_PATH, PEERUP_CONTROL_INTERFACE, method, parameters));
}

static void
wait_told (Fixture *self, const char *what, const char *path)
{
  g_autofree char *text = g_strdup_printf ("%s %s\n", what, path);

  while (strstr (self->told->str, text) == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_property (Fixture *self, const char *name, GVariant *value)
{
  g_autoptr (GVariant) wanted = g_variant_ref_sink (value);
  const GVariant *found;

  while ((found = g_hash_table_lookup (self->properties, name)) == NULL || !g_variant_equal (found, wanted))
    g_main_context_iteration (NULL, TRUE);
}

static GVariant *
get_property (Fixture *self, const char *name)
{
  g_autoptr (GVariant) answer =
    call (self, self->path, "org.freedesktop.DBus.Properties", "Get", g_variant_new ("(ss)", DEVICE, name));
  GVariant *value;

  g_variant_get (answer, "(v)", &value);
  return value;
}

static void
assert_property (Fixture *self, const char *name, GVariant *value)
{
  g_autoptr (GVariant) wanted = g_variant_ref_sink (value);
  g_autoptr (GVariant) found = get_property (self, name);

  g_assert_cmpvariant (found, wanted);
}

static guint
count_managed (Fixture *self)
{
  g_autoptr (GVariant) answer = call (self, PEERUP_CONTROL_ROOT, MANAGER, "GetManagedObjects", NULL);
  g_autoptr (GVariant) objects = g_variant_get_child_value (answer, 0);
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (objects); i++)
    {
      const char *path;

      g_variant_get_child (objects, i, "{&o@a{sa{sv}}}", &path, NULL);
      n += g_str_has_prefix (path, DEVICES);
    }
  return n;
}

/* Who is listed is there, connected or not, and goes when he is taken out. */
static void
test_come_and_go (Fixture *self, gconstpointer data)
{
  GVariantDict options = G_VARIANT_DICT_INIT (NULL);
  gint64 end = g_get_real_time () / G_USEC_PER_SEC + 3600;
  g_autofree char *address = g_strdup_printf ("/ip4/127.0.0.1/tcp/1/p2p/%s", home_get_id (self->other));

  /* This device itself, which the file of a test lists. */
  g_assert_cmpuint (count_managed (self), ==, 1);
  g_variant_dict_insert (&options, "comment", "s", "the laptop");
  g_variant_dict_insert (&options, "expires", "x", end);
  do_call (self, "Authorize", g_variant_new ("(s@a{sv})", home_get_id (self->other), g_variant_dict_end (&options)));
  wait_told (self, "InterfacesAdded", self->path);
  g_assert_cmpuint (count_managed (self), ==, 2);
  assert_property (self, "PeerId", g_variant_new_string (home_get_id (self->other)));
  assert_property (self, "Name", g_variant_new_string (""));
  assert_property (self, "Comment", g_variant_new_string ("the laptop"));
  assert_property (self, "ExpiresAt", g_variant_new_int64 (end));
  assert_property (self, "Pairing", g_variant_new_string ("complete"));
  assert_property (self, "State", g_variant_new_string ("disconnected"));
  assert_property (self, "Path", g_variant_new_string (""));
  assert_property (self, "Explanation", g_variant_new_string ("Not connected."));
  assert_property (self, "LastSeenAt", g_variant_new_int64 (0));
  assert_property (self, "Services", g_variant_new_array (G_VARIANT_TYPE ("a{sv}"), NULL, 0));
  do_call (self, "SetName", g_variant_new ("(ss)", "laptop", home_get_id (self->other)));
  wait_property (self, "Name", g_variant_new_string ("laptop"));
  do_call (self, "AddRelay", g_variant_new ("(s)", address));
  wait_property (self, "IsRelay", g_variant_new_boolean (TRUE));
  do_call (self, "RemoveRelay", g_variant_new ("(s)", address));
  wait_property (self, "IsRelay", g_variant_new_boolean (FALSE));
  do_call (self, "SetVerified", g_variant_new ("(sb)", "laptop", TRUE));
  wait_property (self, "Verified", g_variant_new_boolean (TRUE));
  do_call (self, "Deauthorize", g_variant_new ("(s)", "laptop"));
  wait_told (self, "InterfacesRemoved", self->path);
  g_assert_cmpuint (count_managed (self), ==, 1);
}

/* As by an editor: the daemon follows the file. */
static void
write_keys (Fixture *self, const char *format)
{
  g_autofree char *aside = g_strconcat (self->home->authorized_keys, ".new", NULL);
  g_autofree char *text = g_strdup_printf ("%s\n%s%s\n", home_get_id (self->home), home_get_id (self->other), format);

  g_assert_true (g_file_set_contents_full (aside, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  g_assert_cmpint (g_rename (aside, self->home->authorized_keys), ==, 0);
}

static void
test_an_editor (Fixture *self, gconstpointer data)
{
  write_keys (self, " # first");
  wait_told (self, "InterfacesAdded", self->path);
  write_keys (self, " role=guest # second");
  wait_property (self, "Comment", g_variant_new_string ("second"));
  wait_property (self, "Guest", g_variant_new_boolean (TRUE));
}

/* A peer that stands twice is one device, and telling it ends. */
static void
test_twice (Fixture *self, gconstpointer data)
{
  g_autofree char *twice = g_strdup_printf (" # first\n%s # again", home_get_id (self->other));

  detach (self);
  write_keys (self, twice);
  g_test_expect_message ("peerup-trust", G_LOG_LEVEL_MESSAGE, "*the peer stands on line 2 too*");
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*the peer stands on line 2 too*");
  attach (self);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (count_managed (self), ==, 2);
  g_string_truncate (self->told, 0);
  g_assert_cmpuint (count_managed (self), ==, 2);
  g_assert_cmpuint (count_managed (self), ==, 2);
  g_assert_cmpstr (self->told->str, ==, "");
}

static PeerupEngine *
start_other (Fixture *self)
{
  PeerupEngine *engine;

  home_authorize (self->other, self->home);
  home_configure (self->other, SERVICES);
  engine = peerup_engine_new (self->other->config, PEERUP_ENGINE_DEFAULT);
  g_assert_true (await_true (peerup_engine_start (engine), NULL));
  return engine;
}

static void
test_connection (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupEngine) engine = start_other (self);
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);
  g_autoptr (GVariant) seen = NULL;
  gint64 before = g_get_real_time () / G_USEC_PER_SEC;

  do_call (self, "Authorize", g_variant_new ("(sa{sv})", home_get_id (self->other), NULL));
  wait_told (self, "InterfacesAdded", self->path);
  do_call (self, "Connect", g_variant_new ("(s)", addresses[0]));
  wait_property (self, "State", g_variant_new_string ("connected"));
  wait_property (self, "Path", g_variant_new_string ("direct"));
  while (g_hash_table_lookup (self->properties, "Services") == NULL)
    g_main_context_iteration (NULL, TRUE);
  seen = get_property (self, "LastSeenAt");
  g_assert_cmpint (g_variant_get_int64 (seen), >=, before);
  g_assert_true (await_true (peerup_engine_stop (engine, NULL), NULL));
  wait_property (self, "State", g_variant_new_string ("disconnected"));
  wait_property (self, "Path", g_variant_new_string (""));
  wait_property (self, "Explanation", g_variant_new_string ("Not connected."));
  g_clear_pointer (&seen, g_variant_unref);
  seen = get_property (self, "LastSeenAt");
  g_assert_cmpint (g_variant_get_int64 (seen), >=, before);
}

static guint
count_told (Fixture *self)
{
  guint n = 0;

  for (gsize i = 0; i < self->told->len; i++)
    n += self->told->str[i] == '\n';
  return n;
}

/* Hundreds are listed at once, and who changes one of them is told of that one. */
static void
test_many (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gint64 began;

  g_string_append_printf (text, "%s\n%s\n", home_get_id (self->home), home_get_id (self->other));
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (NULL);

      g_string_append_printf (text, "%s # number %u\n",
                              peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)), i);
    }
  g_assert_true (g_file_set_contents_full (self->home->authorized_keys, text->str, text->len,
                                           G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  while (count_told (self) < MANY + 1)
    g_main_context_iteration (NULL, TRUE);
  g_string_truncate (self->told, 0);
  began = g_get_monotonic_time ();
  g_assert_cmpuint (count_managed (self), ==, MANY + 2);
  g_test_message ("%d devices were listed in %" G_GINT64_FORMAT " µs", MANY, g_get_monotonic_time () - began);
  g_assert_cmpuint (count_told (self), ==, 0);
  do_call (self, "SetName", g_variant_new ("(ss)", "laptop", home_get_id (self->other)));
  wait_property (self, "Name", g_variant_new_string ("laptop"));
  g_assert_cmpuint (count_managed (self), ==, MANY + 2);
  g_assert_true (g_str_has_prefix (self->told->str, self->path));
  g_assert_cmpuint (count_told (self), ==, 1);
}

/* What GetNetwork tells is there as properties. */
static void
test_engine_properties (Fixture *self, gconstpointer data)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (self->client);

  g_assert_cmpstr (peerup_dbus_engine1_get_machine_name (proxy), ==, g_get_host_name ());
  while (peerup_dbus_engine1_get_grade (proxy)[0] == '\0')
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strchr ("ABCDEF", peerup_dbus_engine1_get_grade (proxy)[0]));
  while (peerup_dbus_engine1_get_grade_sentence (proxy)[0] == '\0')
    g_main_context_iteration (NULL, TRUE);
}

static void
test_round_trips (void)
{
  g_assert_true (peerup_control_is_other_rtt (0, 1));
  g_assert_true (peerup_control_is_other_rtt (500, 0));
  g_assert_false (peerup_control_is_other_rtt (0, 0));
  /* A quarter is not more than a quarter, and less than a millisecond is nothing. */
  g_assert_false (peerup_control_is_other_rtt (8000, 10000));
  g_assert_true (peerup_control_is_other_rtt (8000, 10001));
  g_assert_true (peerup_control_is_other_rtt (8000, 5999));
  g_assert_false (peerup_control_is_other_rtt (200, 1199));
  g_assert_true (peerup_control_is_other_rtt (200, 1200));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, test) g_test_add ("/control/devices/" name, Fixture, NULL, set_up, test, tear_down)
  ADD ("come-and-go", test_come_and_go);
  ADD ("an-editor", test_an_editor);
  ADD ("twice", test_twice);
  ADD ("connection", test_connection);
  ADD ("many", test_many);
  ADD ("engine-properties", test_engine_properties);
  g_test_add_func ("/control/devices/round-trips", test_round_trips);
  return g_test_run ();
}
