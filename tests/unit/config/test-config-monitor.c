/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-monitor.h"

#include "fixture.h"

#include <string.h>
#include <unistd.h>

#include "config/peerup-config-edit.h"

/* For a signal that must come; a machine that is busy may take a while. */
#define PATIENCE_S 30

typedef struct
{
  char *directory;
  char *path;
  PeerupConfigMonitor *monitor;
  guint changes;
  guint problems;
  guint warnings;
  char *problem;
  gboolean late;
} Fixture;

static void
on_changed (Fixture *self, PeerupConfig *config, const char *const *warnings)
{
  g_assert_true (peerup_config_monitor_get_config (self->monitor) == config);
  self->changes++;
  self->warnings = g_strv_length ((char **) warnings);
}

static void
on_problem (Fixture *self, const char *message)
{
  self->problems++;
  g_set_str (&self->problem, message);
}

static void
start (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_load (self->path, NULL, &error);

  g_assert_no_error (error);
  self->monitor = peerup_config_monitor_new (config, &error);
  g_assert_no_error (error);
  g_signal_connect_swapped (self->monitor, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->monitor, "problem", G_CALLBACK (on_problem), self);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = make_directory ();
  self->path = write_file (self->directory, "config.yaml", HEAD, 0600);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->monitor);
  remove_directory (self->directory);
  g_free (self->directory);
  g_free (self->path);
  g_free (self->problem);
}

static void
on_late (gpointer late)
{
  *(gboolean *) late = TRUE;
}

/* Until @counter is @value; what passes it is an error. */
static void
wait_for (Fixture *self, const guint *counter, guint value)
{
  guint timer;

  self->late = FALSE;
  timer = g_timeout_add_seconds_once (PATIENCE_S, on_late, &self->late);
  while (*counter < value && !self->late)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (*counter, ==, value);
  g_source_remove (timer);
}

static gboolean
offers (Fixture *self, const char *service)
{
  return peerup_config_find_service (peerup_config_monitor_get_config (self->monitor), service) != NULL;
}

static void
edit (const char *path, const char *service)
{
  g_autoptr (PeerupConfigEdit) change = peerup_config_edit_open (path, NULL);

  g_assert_true (peerup_config_edit_add_service (change, service, "localhost:1", NULL));
  g_assert_true (peerup_config_edit_commit (change, NULL));
}

/* By rename, again and again: the watch survives the file. */
static void
test_replaced (Fixture *self, gconstpointer data)
{
  start (self);
  edit (self->path, "one");
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "one"));
  edit (self->path, "two");
  wait_for (self, &self->changes, 2);
  g_assert_true (offers (self, "two"));
  g_assert_cmpuint (self->problems, ==, 0);
}

/* At once, though the file is being read since before the edit; and that reading changes nothing any more. */
static void
test_reloaded (Fixture *self, gconstpointer data)
{
  start (self);
  edit (self->path, "one");
  peerup_config_monitor_reload (self->monitor);
  g_assert_true (offers (self, "one"));
  g_assert_cmpuint (self->changes, ==, 1);
  edit (self->path, "two");
  wait_for (self, &self->changes, 2);
  g_assert_true (offers (self, "one") && offers (self, "two"));
}

/* What the file says is not put in force by anything, until it is believed again. */
static void
test_held (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = NULL;

  start (self);
  config = peerup_config_ref (peerup_config_monitor_get_config (self->monitor));
  edit (self->path, "one");
  wait_for (self, &self->changes, 1);
  peerup_config_monitor_hold (self->monitor, TRUE);
  peerup_config_monitor_use (self->monitor, config);
  g_assert_cmpuint (self->changes, ==, 2);
  peerup_config_monitor_reload (self->monitor);
  edit (self->path, "two");
  peerup_config_monitor_reload (self->monitor);
  g_assert_true (peerup_config_monitor_get_config (self->monitor) == config);
  g_assert_cmpuint (self->changes, ==, 2);
  g_assert_cmpuint (self->problems, ==, 0);
  peerup_config_monitor_hold (self->monitor, FALSE);
  peerup_config_monitor_reload (self->monitor);
  g_assert_true (offers (self, "one") && offers (self, "two"));
}

static void
test_written_in_place (Fixture *self, gconstpointer data)
{
  g_autofree char *text =
    g_strconcat (HEAD, "services: {web: {enabled: true, local_address: \"a:1\"}}\ncolour: red\n", NULL);
  FILE *file;

  start (self);
  file = fopen (self->path, "w");
  g_assert_cmpint (fputs (text, file), >=, 0);
  g_assert_cmpint (fclose (file), ==, 0);
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "web"));
  g_assert_cmpuint (self->warnings, ==, 1);
}

/* The old configuration stays; each problem is told once; its end is told. */
static void
test_problem (Fixture *self, gconstpointer data)
{
  start (self);
  g_free (write_file (self->directory, "config.yaml", HEAD "relay: {reservation_interval: often}\n", 0600));
  wait_for (self, &self->problems, 1);
  g_assert_true (g_str_has_prefix (self->problem, self->path));
  g_assert_nonnull (strstr (self->problem, ":7:31: relay.reservation_interval cannot be “often”"));
  g_assert_cmpstr (peerup_config_get_rendezvous (peerup_config_monitor_get_config (self->monitor)), ==,
                   "peerup-default-network");

  g_free (write_file (self->directory, "config.yaml", HEAD "version: 1\n", 0600));
  wait_for (self, &self->problems, 2);
  g_free (write_file (self->directory, "config.yaml", HEAD, 0600));
  wait_for (self, &self->changes, 1);
  g_assert_cmpuint (self->problems, ==, 2);
}

static void
test_mode (Fixture *self, gconstpointer data)
{
  start (self);
  g_assert_cmpint (g_chmod (self->path, 0644), ==, 0);
  wait_for (self, &self->problems, 1);
  g_assert_nonnull (strstr (self->problem, "run: chmod 600"));
  g_assert_cmpint (g_chmod (self->path, 0600), ==, 0);
  wait_for (self, &self->changes, 1);
}

static void
test_removed (Fixture *self, gconstpointer data)
{
  start (self);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  wait_for (self, &self->problems, 1);
  g_free (write_file (self->directory, "config.yaml", HEAD "services: {a: {}}\n", 0600));
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "a"));
}

/* A change between loading the configuration and watching the file is not lost. */
static void
test_older_than_the_watch (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupConfig) config = peerup_config_load (self->path, NULL, NULL);

  edit (self->path, "early");
  self->monitor = peerup_config_monitor_new (config, NULL);
  g_signal_connect_swapped (self->monitor, "changed", G_CALLBACK (on_changed), self);
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "early"));
}

/* What changes nothing in force is passed over: only the service is reported. */
static void
test_comments_only (Fixture *self, gconstpointer data)
{
  start (self);
  g_free (write_file (self->directory, "config.yaml", HEAD "# a comment\n", 0600));
  g_free (write_file (self->directory, "authorized_keys", "", 0600));
  edit (self->path, "one");
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "one"));
}

static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *elsewhere = make_directory ();
  g_autofree char *target = write_file (elsewhere, "real.yaml", HEAD "services: {a: {}}\n", 0600);
  g_autofree char *other = write_file (elsewhere, "other.yaml", HEAD "services: {c: {}}\n", 0600);
  g_autofree char *link = g_build_filename (self->directory, "new", NULL);

  start (self);
  g_assert_cmpint (symlink (target, link), ==, 0);
  g_assert_cmpint (g_rename (link, self->path), ==, 0);
  wait_for (self, &self->changes, 1);
  g_assert_true (offers (self, "a"));
  edit (self->path, "b");
  wait_for (self, &self->changes, 2);
  g_assert_true (offers (self, "b"));
  g_assert_cmpint (symlink (other, link), ==, 0);
  g_assert_cmpint (g_rename (link, self->path), ==, 0);
  wait_for (self, &self->changes, 3);
  g_assert_true (offers (self, "c"));
  g_clear_object (&self->monitor);
  remove_directory (elsewhere);
}

/* Dropped while a change is on its way: no signal, no leak. */
static void
test_dropped (Fixture *self, gconstpointer data)
{
  PeerupConfigMonitor *monitor;

  start (self);
  edit (self->path, "one");
  monitor = self->monitor;
  g_object_add_weak_pointer (G_OBJECT (monitor), (gpointer *) &monitor);
  g_clear_object (&self->monitor);
  g_assert_null (monitor);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (self->changes, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function) g_test_add ("/config/monitor/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("replaced", test_replaced);
  ADD ("reloaded", test_reloaded);
  ADD ("held", test_held);
  ADD ("written-in-place", test_written_in_place);
  ADD ("problem", test_problem);
  ADD ("mode", test_mode);
  ADD ("removed", test_removed);
  ADD ("older-than-the-watch", test_older_than_the_watch);
  ADD ("comments-only", test_comments_only);
  ADD ("link", test_link);
  ADD ("dropped", test_dropped);
  return g_test_run ();
}
