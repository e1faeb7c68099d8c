/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A lock that is had at once, after a while, or not in time. */
#include "identity/peerup-file-lock.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct
{
  char *directory;
  int first;
  int second;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = g_dir_make_tmp ("peerup-XXXXXX", NULL);
  self->first = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->second = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (MIN (self->first, self->second), >=, 0);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_fd (&self->first, NULL);
  g_clear_fd (&self->second, NULL);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
}

static void
test_at_once (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_file_lock_take (self->first, 0, "it", &error));
  g_assert_no_error (error);
  g_assert_cmpint (flock (self->second, LOCK_EX | LOCK_NB), ==, -1);
}

static gpointer
take (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_file_lock_take (self->second, 60 * (gint64) G_USEC_PER_SEC, "it", &error));
  g_assert_no_error (error);
  g_assert_cmpint (flock (self->first, LOCK_EX | LOCK_NB), ==, -1);
  return self;
}

static void
test_later (Fixture *self, gconstpointer data)
{
  GThread *thread;

  g_assert_cmpint (flock (self->first, LOCK_EX | LOCK_NB), ==, 0);
  thread = g_thread_new ("taker", take, self);
  g_usleep (50000);
  g_assert_cmpint (flock (self->first, LOCK_UN), ==, 0);
  g_assert_true (g_thread_join (thread) == self);
}

/* Who has it is this very process; not every file system lets that be seen. */
static void
assert_names_holder (Fixture *self, const char *message)
{
  g_autofree char *locks = NULL;
  g_autofree char *line = NULL;
  g_autofree char *name = g_strdup_printf ("(process %d)", getpid ());
  struct stat info;

  g_assert_cmpint (fstat (self->first, &info), ==, 0);
  line = g_strdup_printf ("%d %02x:%02x:%" G_GUINT64_FORMAT " ", getpid (), major (info.st_dev), minor (info.st_dev),
                          (guint64) info.st_ino);
  if (g_file_get_contents ("/proc/locks", &locks, NULL, NULL) && strstr (locks, line) != NULL)
    g_assert_nonnull (strstr (message, name));
}

static void
test_too_late (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (flock (self->first, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_false (peerup_file_lock_take (self->second, 50000, "/etc/it", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, "/etc/it"));
  assert_names_holder (self, error->message);
  /* Nobody waits for it any more: whoever comes next has it. */
  g_clear_fd (&self->second, NULL);
  g_assert_cmpint (flock (self->first, LOCK_UN), ==, 0);
  self->second = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_clear_error (&error);
  g_assert_true (peerup_file_lock_take (self->second, 60 * (gint64) G_USEC_PER_SEC, "it", &error));
  g_assert_no_error (error);
}

static guint
count (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Who comes again and again while somebody keeps it leaves nothing behind. */
static void
test_leaves_nothing (Fixture *self, gconstpointer data)
{
  guint n_threads = count ("/proc/self/task");
  guint n_descriptors = count ("/proc/self/fd");

  g_assert_cmpint (flock (self->first, LOCK_EX | LOCK_NB), ==, 0);
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_file_lock_take (self->second, 20000, "it", &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
    }
  g_assert_cmpuint (count ("/proc/self/task"), <=, n_threads);
  g_assert_cmpuint (count ("/proc/self/fd"), <=, n_descriptors);
}

static gpointer
get_timeout (gpointer data)
{
  *(gint64 *) data = peerup_file_lock_get_timeout ();
  return NULL;
}

/* One thread has less time, and no other. */
static void
test_timeout (void)
{
  gint64 timeout = 0;

  g_assert_cmpint (peerup_file_lock_get_timeout (), ==, PEERUP_FILE_LOCK_TIMEOUT);
  peerup_file_lock_set_timeout (PEERUP_FILE_LOCK_TIMEOUT_LOOP);
  g_assert_cmpint (peerup_file_lock_get_timeout (), ==, PEERUP_FILE_LOCK_TIMEOUT_LOOP);
  g_thread_join (g_thread_new ("other", get_timeout, &timeout));
  g_assert_cmpint (timeout, ==, PEERUP_FILE_LOCK_TIMEOUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/identity/file-lock/at-once", Fixture, NULL, set_up, test_at_once, tear_down);
  g_test_add ("/identity/file-lock/later", Fixture, NULL, set_up, test_later, tear_down);
  g_test_add ("/identity/file-lock/too-late", Fixture, NULL, set_up, test_too_late, tear_down);
  g_test_add ("/identity/file-lock/leaves-nothing", Fixture, NULL, set_up, test_leaves_nothing, tear_down);
  g_test_add_func ("/identity/file-lock/timeout", test_timeout);
  return g_test_run ();
}
