/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "identity/peerup-atomic-file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity-test.h"

static void
assert_contents (const char *path, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_private_file_read (path, 0077, 100, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
test_replace (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_atomic_file_replace (path, "one", 3, &error));
  assert_contents (path, "one");
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  g_assert_true (peerup_atomic_file_replace (path, "two", 3, &error));
  g_assert_no_error (error);
  assert_contents (path, "two");
  g_assert_true (peerup_atomic_file_replace (path, NULL, 0, &error));
  assert_contents (path, "");
  g_assert_cmpuint (test_directory_count (directory), ==, 1);
}

/* Whoever has the old file open keeps the old bytes, whole. */
static void
test_replace_is_not_in_place (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofd int fd = -1;
  g_autoptr (GError) error = NULL;
  char buffer[10];

  g_assert_true (peerup_atomic_file_replace (path, "one", 3, &error));
  fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_true (peerup_atomic_file_replace (path, "two", 3, &error));
  g_assert_cmpint (read (fd, buffer, sizeof buffer), ==, 3);
  g_assert_cmpmem (buffer, 3, "one", 3);
}

static void
test_replace_through_link (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *link = g_build_filename (directory, "link", NULL);
  g_autofree char *dangling = g_build_filename (directory, "dangling", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_atomic_file_replace (path, "one", 3, &error));
  g_assert_cmpint (symlink ("file", link), ==, 0);
  g_assert_true (peerup_atomic_file_replace (link, "two", 3, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  assert_contents (path, "two");

  g_assert_cmpint (symlink ("nowhere", dangling), ==, 0);
  g_assert_false (peerup_atomic_file_replace (dangling, "two", 3, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpuint (test_directory_count (directory), ==, 3);
}

/* What only this program writes is written through no link. */
static void
test_own_replace (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *link = g_build_filename (directory, "link", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_own_file_replace (path, "one", 3, &error));
  g_assert_true (peerup_own_file_replace (path, "two", 3, &error));
  g_assert_no_error (error);
  assert_contents (path, "two");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (symlink (i == 0 ? "file" : "nowhere", link), ==, 0);
      g_assert_false (peerup_own_file_replace (link, "three", 5, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
      g_assert_nonnull (strstr (error->message, "rm "));
      g_clear_error (&error);
      g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
      g_assert_cmpint (g_unlink (link), ==, 0);
    }
  assert_contents (path, "two");
  g_assert_cmpuint (test_directory_count (directory), ==, 1);
}

static guint
get_mode (const char *path)
{
  struct stat info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  return info.st_mode & 07777;
}

static void
test_close_to_others (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *link_path = g_build_filename (directory, "link", NULL);
  g_autoptr (GError) error = NULL;

  peerup_own_file_close_to_others (path);
  g_assert_true (peerup_own_file_replace (path, "one", 3, &error));
  g_assert_cmpint (g_chmod (path, 0664), ==, 0);
  g_assert_cmpint (symlink ("file", link_path), ==, 0);
  peerup_own_file_close_to_others (link_path);
  g_assert_cmpuint (get_mode (path), ==, 0664);
  g_assert_cmpint (g_unlink (link_path), ==, 0);
  g_assert_cmpint (link (path, link_path), ==, 0);
  peerup_own_file_close_to_others (path);
  g_assert_cmpuint (get_mode (path), ==, 0664);
  g_assert_cmpint (g_unlink (link_path), ==, 0);
  if (geteuid () == 0)
    {
      g_assert_cmpint (chown (path, 1234, 1234), ==, 0);
      peerup_own_file_close_to_others (path);
      g_assert_cmpuint (get_mode (path), ==, 0664);
      g_assert_cmpint (chown (path, 0, 0), ==, 0);
    }
  peerup_own_file_close_to_others (path);
  g_assert_cmpuint (get_mode (path), ==, 0600);
  assert_contents (path, "one");
}

static void
test_replace_refuses_directory (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "inner", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_false (peerup_atomic_file_replace (path, "one", 3, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_assert_cmpuint (test_directory_count (directory), ==, 1);
}

static void
test_replace_keeps_owner (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autofree char *fresh = g_build_filename (directory, "fresh", NULL);
  g_autoptr (GError) error = NULL;
  struct stat info;

  if (geteuid () != 0)
    {
      g_test_skip ("needs root to give files away");
      return;
    }
  g_assert_true (peerup_atomic_file_replace (path, "one", 3, &error));
  g_assert_cmpint (chown (path, 1234, 1235), ==, 0);
  g_assert_true (peerup_atomic_file_replace (path, "two", 3, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_uid, ==, 1234);
  g_assert_cmpint (info.st_gid, ==, 1235);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  g_assert_cmpint (chown (directory, 1236, 1236), ==, 0);
  g_assert_true (peerup_atomic_file_replace (fresh, "one", 3, &error));
  g_assert_cmpint (g_stat (fresh, &info), ==, 0);
  g_assert_cmpint (info.st_uid, ==, 1236);
}

static void
test_read_limits (void)
{
  g_autoptr (TestDirectory) directory = test_directory_new ();
  g_autofree char *path = g_build_filename (directory, "file", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) above = NULL;
  g_autoptr (GBytes) loose = NULL;
  g_autoptr (GBytes) readable = NULL;

  g_assert_true (peerup_atomic_file_create (path, "four", 4, &error));
  whole = peerup_private_file_read (path, 0077, 4, &error);
  g_assert_no_error (error);
  g_assert_nonnull (whole);
  above = peerup_private_file_read (path, 0077, 3, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_cmpint (g_chmod (path, 0644), ==, 0);
  readable = peerup_private_file_read (path, 0022, 4, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, 0664), ==, 0);
  loose = peerup_private_file_read (path, 0022, 4, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_nonnull (strstr (error->message, "changed by other users (mode 0664); run: chmod 600 "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/atomic-file/replace", test_replace);
  g_test_add_func ("/identity/atomic-file/replace-is-not-in-place", test_replace_is_not_in_place);
  g_test_add_func ("/identity/atomic-file/replace-through-link", test_replace_through_link);
  g_test_add_func ("/identity/atomic-file/replace-refuses-directory", test_replace_refuses_directory);
  g_test_add_func ("/identity/atomic-file/replace-keeps-owner", test_replace_keeps_owner);
  g_test_add_func ("/identity/atomic-file/own-replace", test_own_replace);
  g_test_add_func ("/identity/atomic-file/close-to-others", test_close_to_others);
  g_test_add_func ("/identity/atomic-file/read-limits", test_read_limits);
  return g_test_run ();
}
