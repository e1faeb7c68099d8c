/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A lock that is had at once, after a while, or not in time. */
#include "config/peerup-config-lock.h"

#include "fixture.h"

#include <fcntl.h>
#include <sys/file.h>
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
  self->directory = make_directory ();
  self->first = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  self->second = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_cmpint (MIN (self->first, self->second), >=, 0);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_fd (&self->first, NULL);
  g_clear_fd (&self->second, NULL);
  remove_directory (self->directory);
  g_free (self->directory);
}

static void
test_at_once (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_config_lock_take (self->first, 0, "it", &error));
  g_assert_no_error (error);
  g_assert_cmpint (flock (self->second, LOCK_EX | LOCK_NB), ==, -1);
}

static gpointer
take (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_config_lock_take (self->second, 60 * (gint64) G_USEC_PER_SEC, "it", &error));
  g_assert_no_error (error);
  /* The descriptor that waited is closed, and the lock is still there. */
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

static void
test_too_late (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (flock (self->first, LOCK_EX | LOCK_NB), ==, 0);
  g_assert_false (peerup_config_lock_take (self->second, 50000, "/etc/it", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (error->message, "/etc/it"));
  /* What was left waiting lets it go again: whoever comes next has it in the end. */
  g_clear_fd (&self->second, NULL);
  g_assert_cmpint (flock (self->first, LOCK_UN), ==, 0);
  self->second = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_clear_error (&error);
  g_assert_true (peerup_config_lock_take (self->second, 60 * (gint64) G_USEC_PER_SEC, "it", &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/config/lock/at-once", Fixture, NULL, set_up, test_at_once, tear_down);
  g_test_add ("/config/lock/later", Fixture, NULL, set_up, test_later, tear_down);
  g_test_add ("/config/lock/too-late", Fixture, NULL, set_up, test_too_late, tear_down);
  return g_test_run ();
}
