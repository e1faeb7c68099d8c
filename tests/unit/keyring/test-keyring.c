/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where there is no keyring, or one that does not answer; and sealed files that are not asked about in vain. What a
 * real keyring and a portal do is in tests/netlab/test_keyring.py.
 */
#include "keyring/peerup-keyring.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct
{
  char *directory;
  char *key_file;
  GTestDBus *bus;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("peerup-keyring-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  self->key_file = g_build_filename (self->directory, "identity.key", NULL);
  /* No bus of whoever runs this. */
  g_setenv ("XDG_RUNTIME_DIR", self->directory, TRUE);
  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  g_setenv ("PEERUP_KEYRING", "service", TRUE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->bus != NULL)
    g_test_dbus_down (self->bus);
  g_clear_object (&self->bus);
  g_rmdir (self->directory);
  g_free (self->key_file);
  g_free (self->directory);
}

static void
begin_bus (Fixture *self)
{
  self->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->bus);
}

static void
assert_all_fail (Fixture *self, int code, const char *words)
{
  static const guint8 seed[32] = { 7 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  PeerupPeerId *peer = peerup_private_key_get_peer_id (key);
  gboolean locked = TRUE;

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GError) error = NULL;

      if (i == 0)
        g_assert_null (peerup_keyring_load (self->key_file, peer, FALSE, NULL, &error));
      else if (i == 1)
        g_assert_false (peerup_keyring_store (self->key_file, key, FALSE, NULL, &error));
      else if (i == 2)
        g_assert_false (peerup_keyring_erase (self->key_file, peer, FALSE, NULL, &error));
      else
        g_assert_false (peerup_keyring_look (&locked, NULL, &error));
      g_assert_error (error, PEERUP_ERROR, code);
      g_assert_nonnull (strstr (error->message, words));
    }
  g_assert_false (locked);
}

static void
test_no_bus (Fixture *self, gconstpointer data)
{
  assert_all_fail (self, PEERUP_ERROR_UNREACHABLE, "there is no session bus here");
  /* One that GLib would start is none. */
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "autolaunch:", TRUE);
  assert_all_fail (self, PEERUP_ERROR_UNREACHABLE, "there is no session bus here");
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  assert_all_fail (self, PEERUP_ERROR_UNREACHABLE, "the session bus does not answer");
}

static void
test_nobody (Fixture *self, gconstpointer data)
{
  begin_bus (self);
  assert_all_fail (self, PEERUP_ERROR_UNREACHABLE, "no program keeps the login keyring here");
}

/* What is on the other end of the name, and does not answer. */
static GDBusConnection *
take_name (const char *address, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (address,
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  answer = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "RequestName", g_variant_new ("(su)", name, 4), NULL,
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

/* Answers nothing, and tells that it was asked. */
static GDBusMessage *
swallow (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  if (!incoming || g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  g_cancellable_cancel (data);
  g_object_unref (message);
  return NULL;
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GDBusConnection) silent = NULL;
  g_autoptr (GError) error = NULL;

  begin_bus (self);
  silent = take_name (g_test_dbus_get_bus_address (self->bus), "org.freedesktop.secrets");
  g_dbus_connection_add_filter (silent, swallow, g_object_ref (cancellable), g_object_unref);
  g_assert_null (peerup_keyring_load (self->key_file, NULL, TRUE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_dbus_connection_close_sync (silent, NULL, NULL));
}

/* Without a file no portal is asked, and there is no bus to ask it on. */
static void
test_not_sealed (Fixture *self, gconstpointer data)
{
  static const guint8 seed[32] = { 7 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  g_autofree char *sealed = g_strconcat (self->key_file, ".sealed", NULL);
  g_autoptr (GError) error = NULL;

  g_setenv ("PEERUP_KEYRING", "portal", TRUE);
  g_assert_null (peerup_keyring_load (self->key_file, NULL, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_keyring_erase (self->key_file, peerup_private_key_get_peer_id (key), FALSE, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (peerup_keyring_store (self->key_file, key, FALSE, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_false (g_file_test (sealed, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/keyring/no-bus", Fixture, NULL, set_up, test_no_bus, tear_down);
  g_test_add ("/keyring/nobody", Fixture, NULL, set_up, test_nobody, tear_down);
  g_test_add ("/keyring/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  g_test_add ("/keyring/not-sealed", Fixture, NULL, set_up, test_not_sealed, tear_down);
  return g_test_run ();
}
