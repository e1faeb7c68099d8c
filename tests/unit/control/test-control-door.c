/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A socket that is removed while it is in use, with its directory or without it, and one that cannot be made anew.
 */
#include "control/peerup-control-door.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *directory;
  char *runtime;
  char *config;
  char *path;
  PeerupControlDoor *door;
  GPtrArray *served;
} Fixture;

static void
on_connection (GDBusConnection *connection, gpointer data)
{
  g_ptr_array_add (((Fixture *) data)->served, g_object_ref (connection));
}

/* @data: a gint64 of microseconds that it may be gone, or NULL. */
static void
set_up (Fixture *self, gconstpointer data)
{
  const gint64 *patience = data;
  g_autoptr (GError) error = NULL;
  PeerupControlClaim *claim;

  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  self->runtime = g_build_filename (self->directory, "peerup", NULL);
  self->config = g_build_filename (self->directory, "config.yaml", NULL);
  self->served = g_ptr_array_new_with_free_func (g_object_unref);
  g_setenv ("XDG_RUNTIME_DIR", self->directory, TRUE);
  claim = peerup_control_claim (self->config, &error);
  g_assert_no_error (error);
  self->path = g_strdup (peerup_control_claim_get_path (claim));
  self->door = peerup_control_door_new (claim, patience != NULL ? *patience : PEERUP_CONTROL_DOOR_PATIENCE,
                                        on_connection, self, &error);
  g_assert_no_error (error);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->door, peerup_control_door_free);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < self->served->len; i++)
    g_dbus_connection_close_sync (g_ptr_array_index (self->served, i), NULL, NULL);
  g_ptr_array_unref (self->served);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  remove_all (self->directory);
  g_free (self->directory);
  g_free (self->runtime);
  g_free (self->config);
  g_free (self->path);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  GDBusConnection **connection = data;
  g_autoptr (GError) error = NULL;

  *connection = g_dbus_connection_new_for_address_finish (result, &error);
  g_assert_no_error (error);
}

static GDBusConnection *
connect_to (Fixture *self)
{
  g_autofree char *address = g_strconcat ("unix:path=", self->path, NULL);
  guint n = self->served->len;
  GDBusConnection *client = NULL;

  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, on_connected,
                                     &client);
  while (client == NULL || self->served->len == n)
    g_main_context_iteration (NULL, TRUE);
  return client;
}

static void
wait_made (Fixture *self)
{
  while (!g_file_test (self->path, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_locked (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_control_claim (self->config, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
}

static void
assert_well (Fixture *self)
{
  g_autofree char *trouble = peerup_control_door_check (self->door);

  g_assert_cmpstr (trouble, ==, NULL);
}

/* Nobody asks how it is. */
static void
test_removed (Fixture *self, gconstpointer data)
{
  g_autoptr (GDBusConnection) before = connect_to (self);
  /* Its mode has nothing to do with that of the process. */
  mode_t mask = umask (0);
  GStatBuf info;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GDBusConnection) after = NULL;

      g_assert_cmpint (g_unlink (self->path), ==, 0);
      wait_made (self);
      g_assert_cmpint (g_stat (self->path, &info), ==, 0);
      g_assert_cmphex (info.st_mode & 0777, ==, 0600);
      after = connect_to (self);
      assert_locked (self);
      assert_well (self);
      g_dbus_connection_close_sync (after, NULL, NULL);
    }
  umask (mask);
  g_assert_false (g_dbus_connection_is_closed (before));
  g_dbus_connection_close_sync (before, NULL, NULL);
}

static void
test_removed_with_directory (Fixture *self, gconstpointer data)
{
  g_autoptr (GDBusConnection) client = NULL;

  remove_all (self->runtime);
  wait_made (self);
  assert_locked (self);
  client = connect_to (self);
  g_dbus_connection_close_sync (client, NULL, NULL);
}

/* It is mended by whoever asks, too. */
static void
test_asked (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  assert_well (self);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

/* A file is where its directory was: that is said once, and it is made when that is possible. */
static void
test_not_possible (Fixture *self, gconstpointer data)
{
  remove_all (self->runtime);
  g_assert_true (g_file_set_contents (self->runtime, "", 0, NULL));
  g_test_expect_message ("peerup-control", G_LOG_LEVEL_WARNING, "*was removed: *no safe place*goes on");
  assert_well (self);
  g_test_assert_expected_messages ();
  assert_well (self);
  g_assert_cmpint (g_unlink (self->runtime), ==, 0);
  assert_well (self);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

static const gint64 impatient = 0;

/* Nobody reaches it any more: a new start may help. It is tried again all the same. */
static void
test_not_possible_for_long (Fixture *self, gconstpointer data)
{
  g_autofree char *trouble = NULL;

  remove_all (self->runtime);
  g_assert_true (g_file_set_contents (self->runtime, "", 0, NULL));
  g_test_expect_message ("peerup-control", G_LOG_LEVEL_WARNING, "*was removed: *no safe place*goes on");
  trouble = peerup_control_door_check (self->door);
  g_test_assert_expected_messages ();
  g_assert_nonnull (trouble);
  g_assert_nonnull (strstr (trouble, "cannot be made anew: "));
  g_assert_nonnull (strstr (trouble, "no safe place"));
  g_assert_cmpint (g_unlink (self->runtime), ==, 0);
  assert_well (self);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

/* What somebody else has put there is his. */
static void
test_other (Fixture *self, gconstpointer data)
{
  g_autofree char *trouble = NULL;

  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_true (g_file_set_contents (self->path, "", 0, NULL));
  trouble = peerup_control_door_check (self->door);
  g_assert_nonnull (trouble);
  g_assert_nonnull (strstr (trouble, "something else is where"));
  g_clear_pointer (&self->door, peerup_control_door_free);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_IS_REGULAR));
  g_assert_cmpint (g_unlink (self->path), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/control-door/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("removed", test_removed);
  ADD ("removed-with-directory", test_removed_with_directory);
  ADD ("asked", test_asked);
  ADD ("not-possible", test_not_possible);
  g_test_add ("/control-door/not-possible-for-long", Fixture, &impatient, set_up, test_not_possible_for_long,
              tear_down);
  ADD ("other", test_other);
  return g_test_run ();
}
