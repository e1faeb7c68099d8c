/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "trust/peerup-authorized-keys-file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust-test.h"

static void
test_load (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupAuthorizedKeys) missing = NULL;
  g_autoptr (PeerupAuthorizedKeys) loose = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) error = NULL;

  test_file_init (&file, NULL);
  missing = peerup_authorized_keys_file_load (file.path, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);

  test_write (file.path, ALICE "\n");
  g_assert_cmpint (g_chmod (file.path, 0620), ==, 0);
  loose = peerup_authorized_keys_file_load (file.path, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_true (g_str_has_suffix (error->message, file.path));
  g_assert_nonnull (strstr (error->message, "chmod 600 "));
  g_clear_error (&error);

  g_assert_cmpint (g_chmod (file.path, 0644), ==, 0);
  keys = peerup_authorized_keys_file_load (file.path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (peerup_authorized_keys_get_n_entries (keys), ==, 1);
}

static void
test_add (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;
  struct stat info;

  test_file_init (&file, NULL);
  g_assert_true (peerup_authorized_keys_file_add (file.path, alice, "laptop", PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (file.path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  g_assert_true (peerup_authorized_keys_file_add (file.path, bob, NULL, 1769882400, &error));
  test_assert_text (file.path, ALICE "  # laptop\n" BOB "  expires=2026-01-31T18:00:00Z\n");

  g_assert_false (peerup_authorized_keys_file_add (file.path, alice, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  test_assert_text (file.path, ALICE "  # laptop\n" BOB "  expires=2026-01-31T18:00:00Z\n");
}

static void
test_remove_and_set (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;

  test_file_init (&file, NULL);
  g_assert_false (peerup_authorized_keys_file_remove (file.path, alice, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (g_file_test (file.path, G_FILE_TEST_EXISTS));

  test_write (file.path, "# kept\n" ALICE "\nkept too\n" BOB " x=1 # b\n");
  g_assert_true (peerup_authorized_keys_file_set (file.path, bob, "group", "g", &error));
  g_assert_true (peerup_authorized_keys_file_remove (file.path, alice, &error));
  g_assert_no_error (error);
  test_assert_text (file.path, "# kept\nkept too\n" BOB "  group=g  x=1  # b\n");
  g_assert_false (peerup_authorized_keys_file_set (file.path, bob, "group", "g\n", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  test_assert_text (file.path, "# kept\nkept too\n" BOB "  group=g  x=1  # b\n");
}

/* The edit goes to the file, the link stays, and one lock serves both names. */
static void
test_symbolic_link (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autofree char *link = NULL;
  g_autofree char *lock = NULL;
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;

  test_file_init (&file, ALICE "\n");
  link = g_build_filename (file.directory, "link", NULL);
  lock = g_build_filename (file.directory, ".link.lock", NULL);
  g_assert_cmpint (symlink (file.path, link), ==, 0);
  g_assert_true (peerup_authorized_keys_file_add (link, bob, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));
  test_assert_text (file.path, ALICE "\n" BOB "\n");
}

/* A crash between writing and renaming leaves a temporary file and the lock; both are harmless. */
static void
test_left_over (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autofree char *left_over = NULL;
  g_autofree char *lock = NULL;
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;

  test_file_init (&file, ALICE "\n");
  left_over = g_build_filename (file.directory, ".authorized_keys.0badcafe.tmp", NULL);
  lock = g_build_filename (file.directory, ".authorized_keys.lock", NULL);
  test_write (left_over, ALICE "\n12D3Koo");
  test_write (lock, "");
  g_assert_true (peerup_authorized_keys_file_add (file.path, bob, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
  test_assert_text (file.path, ALICE "\n" BOB "\n");
}

/* Whoever has the lock and does not let it go stops nobody for ever. */
static void
test_locked (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autofree char *lock = NULL;
  g_autofd int fd = -1;
  g_autoptr (PeerupPeerId) bob = test_peer (BOB);
  g_autoptr (GError) error = NULL;

  test_file_init (&file, ALICE "\n");
  lock = g_build_filename (file.directory, ".authorized_keys.lock", NULL);
  test_write (lock, "");
  fd = open (lock, O_RDWR | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_false (peerup_authorized_keys_file_add (file.path, bob, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, file.path));
  g_assert_nonnull (strstr (error->message, "try again"));
  test_assert_text (file.path, ALICE "\n");
  g_clear_error (&error);
  g_assert_cmpint (flock (fd, LOCK_UN), ==, 0);
  g_assert_true (peerup_authorized_keys_file_add (file.path, bob, NULL, PEERUP_EXPIRES_NEVER, &error));
  g_assert_no_error (error);
}

#define N_WRITERS 4
#define N_EDITS   25

typedef struct
{
  const char *path;
  guint writer;
} Writer;

static gpointer
write_often (gpointer data)
{
  const Writer *writer = data;
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);

  for (guint i = 0; i < N_EDITS; i++)
    {
      g_autofree char *key = g_strdup_printf ("w%u-%u", writer->writer, i);
      g_autoptr (GError) error = NULL;

      g_assert_true (peerup_authorized_keys_file_set (writer->path, alice, key, "1", &error));
      g_assert_no_error (error);
    }
  return NULL;
}

/* No writer loses what another wrote. */
static void
test_writers_at_once (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  GThread *threads[N_WRITERS];
  Writer writers[N_WRITERS];

  test_file_init (&file, ALICE "\n");
  for (guint i = 0; i < N_WRITERS; i++)
    {
      writers[i] = (Writer) { file.path, i };
      threads[i] = g_thread_new ("writer", write_often, &writers[i]);
    }
  for (guint i = 0; i < N_WRITERS; i++)
    g_thread_join (threads[i]);
  keys = peerup_authorized_keys_file_load (file.path, NULL);
  for (guint i = 0; i < N_WRITERS * N_EDITS; i++)
    {
      g_autofree char *key = g_strdup_printf ("w%u-%u", i / N_EDITS, i % N_EDITS);

      g_assert_cmpstr (peerup_authorized_keys_get_attribute (keys, 0, key), ==, "1");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/authorized-keys-file/load", test_load);
  g_test_add_func ("/trust/authorized-keys-file/add", test_add);
  g_test_add_func ("/trust/authorized-keys-file/remove-and-set", test_remove_and_set);
  g_test_add_func ("/trust/authorized-keys-file/symbolic-link", test_symbolic_link);
  g_test_add_func ("/trust/authorized-keys-file/left-over", test_left_over);
  g_test_add_func ("/trust/authorized-keys-file/locked", test_locked);
  g_test_add_func ("/trust/authorized-keys-file/writers-at-once", test_writers_at_once);
  return g_test_run ();
}
