/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Files: where they are looked for, who may read them, how they are replaced, and what
 * happens when several want to, or one is killed half way. */

#include "config/peerup-config-file.h"

#include "fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/peerup-config-edit.h"

#define WRITERS    6
#define EDITS_EACH 5

typedef struct
{
  char *directory;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = make_directory ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  remove_directory (self->directory);
  g_free (self->directory);
}

static guint
count_files (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void G_GNUC_PRINTF (3, 4) assert_refused (const char *path, PeerupError code, const char *format, ...)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  config = peerup_config_load (path, &warnings, &error);
  g_assert_null (config);
  g_assert_null (warnings);
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_load (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD "colour: red\n", 0600);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_load (path, &warnings, &error);
  g_autofree char *key_file = g_build_filename (self->directory, "identity.key", NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (warnings->len, ==, 1);
  g_assert_cmpstr (peerup_config_get_path (config), ==, path);
  g_assert_cmpstr (peerup_config_get_key_file (config), ==, key_file);
}

static void
test_row_30_mode (Fixture *self, gconstpointer data)
{
  static const int bad[] = { 0644, 0640, 0604, 0610, 0601, 0620, 0602, 0666 };
  g_autofree char *path = write_file (self->directory, "my config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfig) config = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_cmpint (g_chmod (path, bad[i]), ==, 0);
      assert_refused (path, PEERUP_ERROR_PERMISSION,
                      "%s is open to other users of this machine (mode %04o); run: chmod 600 '%s'", path,
                      (guint) bad[i], path);
    }
  g_assert_cmpint (g_chmod (path, 0400), ==, 0);
  config = peerup_config_load (path, NULL, NULL);
  g_assert_nonnull (config);
}

static void
test_not_a_file (Fixture *self, gconstpointer data)
{
  g_autofree char *missing = g_build_filename (self->directory, "missing.yaml", NULL);
  g_autofree char *fifo = g_build_filename (self->directory, "fifo", NULL);
  g_autofree char *link = g_build_filename (self->directory, "link", NULL);

  assert_refused (missing, PEERUP_ERROR_NOT_FOUND,
                  "cannot read %s: No such file or directory; run “peerup init” to make one", missing);
  assert_refused (self->directory, PEERUP_ERROR_CONFIG, "%s is not a file; name the configuration file itself",
                  self->directory);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_refused (fifo, PEERUP_ERROR_CONFIG, "%s is not a file; name the configuration file itself", fifo);
  g_assert_cmpint (symlink (missing, link), ==, 0);
  assert_refused (link, PEERUP_ERROR_NOT_FOUND,
                  "cannot read %s: No such file or directory; run “peerup init” to make one", link);
}

static void
test_size (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (PEERUP_CONFIG_MAX_SIZE + 1, '\n');
  g_autofree char *path = NULL;
  g_autoptr (PeerupConfig) config = NULL;

  memcpy (text, HEAD, strlen (HEAD));
  path = write_file (self->directory, "config.yaml", text, 0600);
  assert_refused (path, PEERUP_ERROR_TOO_LARGE, "%s is larger than 1024 KiB; a configuration is a few KiB", path);
  g_assert_cmpint (truncate (path, PEERUP_CONFIG_MAX_SIZE), ==, 0);
  config = peerup_config_load (path, NULL, NULL);
  g_assert_nonnull (config);
}

/* Relative to the directory the link is in: the target may be anywhere. */
static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *elsewhere = make_directory ();
  g_autofree char *target = write_file (elsewhere, "real.yaml", HEAD, 0600);
  g_autofree char *link = g_build_filename (self->directory, "config.yaml", NULL);
  g_autofree char *key_file = g_build_filename (self->directory, "identity.key", NULL);
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autofree char *text = NULL;
  GStatBuf info;

  g_assert_cmpint (symlink (target, link), ==, 0);
  config = peerup_config_load (link, NULL, NULL);
  g_assert_cmpstr (peerup_config_get_key_file (config), ==, key_file);

  edit = peerup_config_edit_open (link, NULL);
  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", NULL));
  g_assert_true (peerup_config_edit_commit (edit, NULL));
  g_assert_cmpint (g_lstat (link, &info), ==, 0);
  g_assert_true (S_ISLNK (info.st_mode));
  g_assert_true (g_file_get_contents (target, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "  ssh:\n"));
  g_assert_cmpuint (count_files (elsewhere), ==, 1);
  remove_directory (elsewhere);
}

static void
test_find (Fixture *self, gconstpointer data)
{
  g_autofree char *before = g_get_current_dir ();
  g_autofree char *here = g_build_filename (self->directory, "peerup.yaml", NULL);
  g_autofree char *home = g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
  g_autofree char *home_directory = g_path_get_dirname (home);
  g_autofree char *found = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chdir (self->directory), ==, 0);
  if (!g_file_test ("/etc/peerup/config.yaml", G_FILE_TEST_EXISTS))
    {
      g_autofree char *message = g_strdup_printf (
        "no configuration file found (looked for %s, %s and /etc/peerup/config.yaml); run “peerup init” to "
        "make one, or name one with --config FILE",
        here, home);

      g_assert_null (peerup_config_find (NULL, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
      g_assert_cmpstr (error->message, ==, message);
      g_clear_error (&error);
    }

  g_assert_cmpint (g_mkdir_with_parents (home_directory, 0700), ==, 0);
  g_free (write_file (home_directory, "config.yaml", HEAD, 0600));
  found = peerup_config_find (NULL, NULL);
  g_assert_cmpstr (found, ==, home);
  g_clear_pointer (&found, g_free);

  /* A link that leads nowhere is reported by loading it, not passed over. */
  g_assert_cmpint (symlink ("nowhere", here), ==, 0);
  found = peerup_config_find (NULL, NULL);
  g_assert_cmpstr (found, ==, here);
  g_clear_pointer (&found, g_free);

  found = peerup_config_find ("./peerup.yaml", NULL);
  g_assert_cmpstr (found, ==, here);
  g_assert_null (peerup_config_find ("other.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_cmpint (g_chdir (before), ==, 0);
}

static void
test_replace (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (path, NULL);
  g_autoptr (PeerupConfigEdit) idle = NULL;
  GStatBuf before, after, idle_after;

  g_assert_cmpint (g_stat (path, &before), ==, 0);
  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", NULL));
  g_assert_true (peerup_config_edit_commit (edit, NULL));
  g_assert_cmpint (g_stat (path, &after), ==, 0);
  g_assert_cmpint (after.st_mode, ==, before.st_mode);
  g_assert_cmpint (after.st_uid, ==, before.st_uid);
  g_assert_cmpint (after.st_ino, !=, before.st_ino);
  g_assert_cmpuint (count_files (self->directory), ==, 1);

  /* Nothing to say, nothing written; and the lock of the first is gone with its commit. */
  idle = peerup_config_edit_open (path, NULL);
  g_assert_true (peerup_config_edit_set_service_enabled (idle, "ssh", TRUE, NULL));
  g_assert_true (peerup_config_edit_commit (idle, NULL));
  g_assert_cmpint (g_stat (path, &idle_after), ==, 0);
  g_assert_cmpint (idle_after.st_ino, ==, after.st_ino);
}

/* What root edits, its owner can still read. */
static void
test_owner (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = NULL;
  GStatBuf info;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can edit a file of somebody else");
      return;
    }
  g_assert_cmpint (chown (path, 1234, 1234), ==, 0);
  edit = peerup_config_edit_open (path, NULL);
  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", NULL));
  g_assert_true (peerup_config_edit_commit (edit, NULL));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_uid, ==, 1234);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
}

/* What was not a valid result is not on the disk. */
static void
test_refused_commit (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (path, NULL);
  g_autofree char *text = NULL;

  g_assert_true (peerup_config_edit_set (edit, "relay.reservation_interval", "often", NULL));
  g_assert_false (peerup_config_edit_commit (edit, NULL));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, HEAD);
  g_assert_cmpuint (count_files (self->directory), ==, 1);
}

static void
test_read_only (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0400);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_edit_open (path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
}

static void
test_open_to_others (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0644);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_edit_open (path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
}

/* An editor that knows nothing of the lock saves in the meantime: its work stays. */
static void
test_foreign_writer (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (path, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_free (write_file (self->directory, "config.yaml", HEAD "# saved\n", 0600));
  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", NULL));
  g_assert_false (peerup_config_edit_commit (edit, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_true (
    g_str_has_suffix (error->message,
                      "was changed by another program in the meantime and is left as that made it; try again"));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, HEAD "# saved\n");
  g_assert_cmpuint (count_files (self->directory), ==, 1);
}

/* A child of the test: adds its services one by one. Its exit code says whether it could. */
static int
write_services (const char *path, guint writer)
{
  for (guint i = 0; i < EDITS_EACH; i++)
    {
      g_autofree char *name = g_strdup_printf ("s-%u-%u", writer, i);
      g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (path, NULL);

      if (edit == NULL || !peerup_config_edit_add_service (edit, name, "localhost:22", NULL) ||
          !peerup_config_edit_commit (edit, NULL))
        return 1;
    }
  return 0;
}

static void
test_concurrent_writers (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  pid_t children[WRITERS];
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < WRITERS; i++)
    {
      children[i] = fork ();
      g_assert_cmpint (children[i], >=, 0);
      if (children[i] == 0)
        _exit (write_services (path, i));
    }
  for (guint i = 0; i < WRITERS; i++)
    {
      int status;

      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);
    }

  config = peerup_config_load (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (peerup_config_get_services (config)->len, ==, WRITERS * EDITS_EACH);
  for (guint i = 0; i < WRITERS * EDITS_EACH; i++)
    {
      g_autofree char *name = g_strdup_printf ("s-%u-%u", i / EDITS_EACH, i % EDITS_EACH);

      g_assert_nonnull (peerup_config_find_service (config, name));
    }
  g_assert_cmpuint (count_files (self->directory), ==, 1);
}

/* Killed while holding the lock: the kernel releases it, and the file is as it was. */
static void
test_killed_holder (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = NULL;
  int ready[2];
  char byte;
  pid_t child;

  g_assert_cmpint (pipe (ready), ==, 0);
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      PeerupConfigEdit *held = peerup_config_edit_open (path, NULL);

      if (held == NULL || write (ready[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (kill (child, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  edit = peerup_config_edit_open (path, NULL);
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, HEAD);
  close (ready[0]);
  close (ready[1]);
}

/* What a writer that was killed left behind goes with the next edit; nothing else does. */
static void
test_leftovers (Fixture *self, gconstpointer data)
{
  static const char *const stale[] = { ".config.yaml.aB3dE9.tmp", ".config.yaml.000000.tmp" };
  static const char *const others[] = { ".config.yaml.tmp",       ".config.yaml.abcdefg.tmp", ".config.last-good.yaml",
                                        ".other.yaml.aB3dE9.tmp", "config.yaml.aB3dE9.tmp",   "config.yaml~" };
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  g_autoptr (PeerupConfigEdit) edit = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (stale); i++)
    g_free (write_file (self->directory, stale[i], "half a fi", 0600));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_free (write_file (self->directory, others[i], "kept", 0600));

  edit = peerup_config_edit_open (path, NULL);
  g_assert_true (peerup_config_edit_add_service (edit, "ssh", "localhost:22", NULL));
  g_assert_true (peerup_config_edit_commit (edit, NULL));
  g_assert_cmpuint (count_files (self->directory), ==, 1 + G_N_ELEMENTS (others));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *other = g_build_filename (self->directory, others[i], NULL);

      g_assert_true (g_file_test (other, G_FILE_TEST_IS_REGULAR));
    }
}

/* Every state a reader can catch the file in is a whole one. */
static void
test_readers_see_whole_files (Fixture *self, gconstpointer data)
{
  g_autofree char *path = write_file (self->directory, "config.yaml", HEAD, 0600);
  pid_t child = fork ();
  int status = 0;
  guint loads = 0;

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    _exit (write_services (path, 0));
  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupConfig) config = peerup_config_load (path, NULL, &error);

      g_assert_no_error (error);
      loads++;
    }
  while (waitpid (child, &status, WNOHANG) == 0);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpuint (loads, >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
#define ADD(name, function) g_test_add ("/config/file/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("load", test_load);
  ADD ("row-30/mode", test_row_30_mode);
  ADD ("not-a-file", test_not_a_file);
  ADD ("size", test_size);
  ADD ("link", test_link);
  ADD ("find", test_find);
  ADD ("replace", test_replace);
  ADD ("owner", test_owner);
  ADD ("refused-commit", test_refused_commit);
  ADD ("read-only", test_read_only);
  ADD ("open-to-others", test_open_to_others);
  ADD ("foreign-writer", test_foreign_writer);
  ADD ("concurrent-writers", test_concurrent_writers);
  ADD ("killed-holder", test_killed_holder);
  ADD ("leftovers", test_leftovers);
  ADD ("readers-see-whole-files", test_readers_see_whole_files);
  return g_test_run ();
}
