/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include <sys/stat.h>
#include <unistd.h>

#include "identity-test.h"

static void
write_file (const char *path, const char *hex, int mode)
{
  g_autoptr (GBytes) bytes = test_hex (hex);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static void
assert_refused (const char *path, PeerupError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPrivateKey) key = peerup_key_file_load (path, &error);

  g_assert_null (key);
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_create_and_load (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "identity.key", NULL);
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (PeerupPrivateKey) loaded = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;
  mode_t old = umask (0);

  g_assert_true (peerup_key_file_create (path, key, &error));
  umask (old);
  g_assert_no_error (error);
  g_assert_cmpint (g_lstat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode, ==, S_IFREG | 0600);
  g_assert_cmpint (info.st_size, ==, 68);
  g_assert_cmpint (info.st_nlink, ==, 1);
  g_assert_cmpuint (test_directory_count (directory), ==, 1);

  loaded = peerup_key_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_peer_id_get_string (peerup_private_key_get_peer_id (loaded)), ==, ALICE_ID);
}

static void
test_never_overwrites (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "identity.key", NULL);
  g_autofree char *link = g_build_filename (directory, "link.key", NULL);
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (PeerupPrivateKey) bob = test_key (2);
  g_autoptr (PeerupPrivateKey) loaded = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_key_file_create (path, alice, &error));
  g_assert_false (peerup_key_file_create (path, bob, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  /* Nor is anything made through a link that leads nowhere. */
  g_assert_cmpint (symlink ("nowhere.key", link), ==, 0);
  g_assert_false (peerup_key_file_create (link, bob, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);

  g_assert_cmpuint (test_directory_count (directory), ==, 2);
  loaded = peerup_key_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_peer_id_get_string (peerup_private_key_get_peer_id (loaded)), ==, ALICE_ID);
}

static void
test_modes (void)
{
  static const int loose[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0644, 0777 };
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "identity.key", NULL);
  g_autofree char *command = g_strconcat ("chmod 600 ", path, NULL);
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (PeerupPrivateKey) loaded = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_key_file_create (path, key, &error));
  for (gsize i = 0; i < G_N_ELEMENTS (loose); i++)
    {
      g_autoptr (PeerupPrivateKey) refused = NULL;

      g_assert_cmpint (g_chmod (path, loose[i]), ==, 0);
      refused = peerup_key_file_load (path, &error);
      g_assert_null (refused);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
      g_assert_true (g_str_has_suffix (error->message, command));
      g_clear_error (&error);
    }
  g_assert_cmpint (g_chmod (path, 0400), ==, 0);
  loaded = peerup_key_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_nonnull (loaded);
}

/* The command must work when it is pasted. */
static void
test_quoted_command (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "my key's file", NULL);
  g_autofree char *command = NULL;
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (PeerupPrivateKey) loaded = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (peerup_key_file_create (path, key, &error));
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  loaded = peerup_key_file_load (path, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  command = g_strdup (strstr (error->message, "chmod"));
  g_clear_error (&error);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, &error));
  g_assert_cmpint (status, ==, 0);
  loaded = peerup_key_file_load (path, &error);
  g_assert_no_error (error);
}

static void
test_bad_files (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "identity.key", NULL);
  g_autofree char *large = g_strnfill (2 * 10000, '0');
  g_autofree char *fifo = g_build_filename (directory, "fifo", NULL);

  assert_refused (path, PEERUP_ERROR_NOT_FOUND);
  write_file (path, "", 0600);
  assert_refused (path, PEERUP_ERROR_MALFORMED);
  write_file (path, "0801124001", 0600);
  assert_refused (path, PEERUP_ERROR_MALFORMED);
  write_file (path, large, 0600);
  assert_refused (path, PEERUP_ERROR_TOO_LARGE);
  assert_refused (directory, PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_refused (fifo, PEERUP_ERROR_MALFORMED);
}

/* A crash between writing and renaming leaves a temporary file; neither a new key nor an old one cares. */
static void
test_left_over (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "identity.key", NULL);
  g_autofree char *left_over = g_build_filename (directory, ".identity.key.0badcafe.tmp", NULL);
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (PeerupPrivateKey) loaded = NULL;
  g_autoptr (GError) error = NULL;

  write_file (left_over, "0801", 0600);
  assert_refused (path, PEERUP_ERROR_NOT_FOUND);
  g_assert_true (peerup_key_file_create (path, key, &error));
  g_assert_no_error (error);
  loaded = peerup_key_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (test_directory_count (directory), ==, 2);
}

static void
test_no_directory (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "missing", "identity.key", NULL);
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_key_file_create (path, key, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/key-file/create-and-load", test_create_and_load);
  g_test_add_func ("/identity/key-file/never-overwrites", test_never_overwrites);
  g_test_add_func ("/identity/key-file/modes", test_modes);
  g_test_add_func ("/identity/key-file/quoted-command", test_quoted_command);
  g_test_add_func ("/identity/key-file/bad-files", test_bad_files);
  g_test_add_func ("/identity/key-file/left-over", test_left_over);
  g_test_add_func ("/identity/key-file/no-directory", test_no_directory);
  return g_test_run ();
}
