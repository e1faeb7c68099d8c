/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Changes of the configuration by a running engine: in use when they are told to be, taken back when nobody confirms
 * them, one at a time, archived whoever makes them. The clock is the test's. */
#include "device.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/peerup-file-lock.h"

#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)

typedef struct
{
  Device device;
  char *usual; /* what the home has */
  char *other; /* with a service */
  PeerupConfigNow now;
} Fixture;

static void
read_clock (PeerupConfigNow *now, gpointer data)
{
  Fixture *self = data;

  now->real = self->now.real;
  now->boot = self->now.boot;
  now->boot_id = g_strdup (self->now.boot_id);
}

static PeerupEngineStore *
store_of (Fixture *self)
{
  return self->device.engine->store;
}

static void
follow_clock (Fixture *self)
{
  peerup_config_now_clear (&self->now);
  peerup_config_now_read (&self->now);
  peerup_engine_store_set_clock (store_of (self), read_clock, self);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  Home *home = home_new ();

  g_assert_true (g_file_get_contents (home->config, &self->usual, NULL, &error));
  self->other = g_strconcat (self->usual, "services: {ssh: {enabled: true, local_address: \"localhost:22\"}}\n", NULL);
  self->device = device_start (home, PEERUP_ENGINE_DEFAULT);
  follow_clock (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  device_stop (&self->device);
  peerup_config_now_clear (&self->now);
  g_free (self->usual);
  g_free (self->other);
}

static guint
n_services (Fixture *self)
{
  return g_list_model_get_n_items (peerup_engine_get_services (self->device.engine));
}

static gboolean
has_problem (Fixture *self, const char *part)
{
  g_auto (GStrv) problems = peerup_engine_dup_problems (self->device.engine);

  for (guint i = 0; problems[i] != NULL; i++)
    if (strstr (problems[i], part) != NULL)
      return TRUE;
  return FALSE;
}

static void
assert_file (Fixture *self, const char *expected)
{
  g_autofree char *text = NULL;

  g_file_get_contents (self->device.home->config, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, expected);
}

static void
write_by_hand (Fixture *self, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
    g_file_set_contents_full (self->device.home->config, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
  g_assert_no_error (error);
}

static DexFuture *
apply (Fixture *self, const char *text, gint64 timeout)
{
  return peerup_engine_store_apply (store_of (self), text, timeout, "dbus", "a test");
}

static void
assert_done (DexFuture *future)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (future, &error));
  g_assert_no_error (error);
}

static void
assert_rejected (DexFuture *future, PeerupError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (await_true (future, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

static guint
n_archived (Fixture *self)
{
  g_autoptr (GPtrArray) list = peerup_config_store_list (peerup_engine_store_get_files (store_of (self)), NULL);

  return list->len;
}

static gboolean
is_archived_once (gpointer self)
{
  return n_archived (self) == 1;
}

static gboolean
is_archived_twice (gpointer self)
{
  return n_archived (self) == 2;
}

static gboolean
has_no_service (gpointer self)
{
  return n_services (self) == 0;
}

static gboolean
nothing_waits (gpointer self)
{
  return peerup_engine_get_config_deadline (((Fixture *) self)->device.engine) == 0;
}

static void
test_apply (Fixture *self, gconstpointer data)
{
  g_autoptr (DexFuture) again = NULL;

  g_assert_cmpuint (n_services (self), ==, 0);
  assert_done (apply (self, self->other, 0));
  g_assert_cmpuint (n_services (self), ==, 1);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), ==, 0);
  /* The same once more is no change. */
  again = apply (self, self->other, 0);
  assert_done (dex_ref (again));
  g_assert_false (g_value_get_boolean (dex_future_get_value (again, NULL)));
  assert_rejected (apply (self, "identity: [", 0), PEERUP_ERROR_CONFIG);
  g_assert_cmpuint (n_services (self), ==, 1);
  assert_done (peerup_engine_store_rollback (store_of (self), 1, "dbus"));
  g_assert_cmpuint (n_services (self), ==, 0);
  assert_file (self, self->usual);
}

static void
test_confirm (Fixture *self, gconstpointer data)
{
  assert_rejected (peerup_engine_store_confirm (store_of (self), "dbus"), PEERUP_ERROR_NOT_FOUND);
  assert_done (apply (self, self->other, 5 * MINUTE));
  g_assert_cmpuint (n_services (self), ==, 1);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), >, 0);
  assert_rejected (apply (self, self->usual, 0), PEERUP_ERROR_EXISTS);
  assert_done (peerup_engine_store_confirm (store_of (self), "dbus"));
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), ==, 0);
  self->now.boot += 60 * MINUTE;
  peerup_engine_store_review (store_of (self));
  g_assert_cmpuint (n_services (self), ==, 1);
  assert_done (apply (self, self->usual, 0));
}

/* The engine goes on with what it has, but no start could. */
static void
test_confirm_what_cannot_start (Fixture *self, gconstpointer data)
{
  g_auto (GStrv) parts = g_strsplit (self->other, "identity.key", 2);
  g_autofree char *text = g_strjoinv ("nowhere.key", parts);

  g_assert_cmpstr (text, !=, self->other);
  assert_done (apply (self, text, 5 * MINUTE));
  assert_rejected (peerup_engine_store_confirm (store_of (self), "dbus"), PEERUP_ERROR_CONFIG);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), >, 0);
  assert_done (peerup_engine_store_rollback (store_of (self), 1, "dbus"));
  assert_file (self, self->usual);
}

static void
test_not_confirmed (Fixture *self, gconstpointer data)
{
  assert_done (apply (self, self->other, 5 * MINUTE));
  /* Setting the clock changes nothing, in neither direction. */
  self->now.real += 1440 * MINUTE;
  peerup_engine_store_review (store_of (self));
  self->now.real -= 2880 * MINUTE;
  self->now.boot += 4 * MINUTE;
  peerup_engine_store_review (store_of (self));
  g_assert_cmpuint (n_services (self), ==, 1);
  assert_rejected (apply (self, self->usual, 0), PEERUP_ERROR_EXISTS);
  /* The record is a little later than the test's clock. */
  self->now.boot += 2 * MINUTE;
  peerup_engine_store_review (store_of (self));
  /* Twice is once. */
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  g_assert_cmpuint (n_services (self), ==, 0);
  assert_file (self, self->usual);
  g_assert_true (has_problem (self, "was not confirmed"));
  /* Until there is another change. */
  assert_done (apply (self, self->other, 0));
  g_assert_false (has_problem (self, "was not confirmed"));
}

/* A machine that does not tell its starts apart: to set its clock back gains no time. */
static void
test_no_boot_id (Fixture *self, gconstpointer data)
{
  g_set_str (&self->now.boot_id, "");
  assert_done (apply (self, self->other, 5 * MINUTE));
  self->now.real -= 1440 * MINUTE;
  self->now.boot += 4 * MINUTE;
  peerup_engine_store_review (store_of (self));
  g_assert_cmpuint (n_services (self), ==, 1);
  self->now.boot += 2 * MINUTE;
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  g_assert_cmpuint (n_services (self), ==, 0);
}

/* The timer itself, which counts sleep and cannot be set. */
static void
test_timer (Fixture *self, gconstpointer data)
{
  peerup_engine_store_set_clock (store_of (self), NULL, NULL);
  assert_done (apply (self, self->other, G_USEC_PER_SEC));
  spin_while_not (has_no_service, self);
  spin_while_not (nothing_waits, self);
  g_assert_true (has_problem (self, "is taken back"));
  assert_file (self, self->usual);
}

static void
test_rollback_ends_waiting (Fixture *self, gconstpointer data)
{
  assert_done (apply (self, self->other, 5 * MINUTE));
  assert_rejected (peerup_engine_store_rollback (store_of (self), 2, "dbus"), PEERUP_ERROR_EXISTS);
  assert_done (peerup_engine_store_rollback (store_of (self), 0, "dbus"));
  g_assert_cmpuint (n_services (self), ==, 0);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), ==, 0);
  g_assert_false (has_problem (self, "was not confirmed"));
}

/* Each has its turn; those behind one that waits are refused, and none is lost. */
static void
test_queue (Fixture *self, gconstpointer data)
{
  DexFuture *futures[8];

  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    {
      g_autofree char *text = g_strdup_printf ("%s# %u\n", self->usual, i);

      futures[i] = apply (self, text, 0);
    }
  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    assert_done (futures[i]);
  g_assert_cmpuint (n_archived (self), ==, PEERUP_CONFIG_HISTORY_KEPT + 1);
  futures[0] = apply (self, self->other, 5 * MINUTE);
  futures[1] = apply (self, self->usual, 5 * MINUTE);
  futures[2] = peerup_engine_store_confirm (store_of (self), "dbus");
  futures[3] = apply (self, self->usual, 0);
  assert_done (futures[0]);
  assert_rejected (futures[1], PEERUP_ERROR_EXISTS);
  assert_done (futures[2]);
  assert_done (futures[3]);
  assert_file (self, self->usual);
}

static void
test_by_hand (Fixture *self, gconstpointer data)
{
  spin_while_not (is_archived_once, self);
  write_by_hand (self, self->other);
  spin_while_not (is_archived_twice, self);
  g_assert_cmpuint (n_services (self), ==, 1);
  assert_done (peerup_engine_store_rollback (store_of (self), 1, "dbus"));
  assert_file (self, self->usual);
}

static void
assert_latest (Fixture *self, const char *who, const char *cause)
{
  g_autoptr (GPtrArray) list = peerup_config_store_list (peerup_engine_store_get_files (store_of (self)), NULL);
  const PeerupConfigListed *latest;

  g_assert_cmpuint (list->len, >, 0);
  latest = list->pdata[0];
  g_assert_cmpuint (latest->number, ==, 0);
  g_assert_cmpstr (latest->entry->who, ==, who);
  g_assert_cmpstr (latest->entry->cause, ==, cause);
}

/* By whom and why is told by who changes it, for once. */
static void
test_cause (Fixture *self, gconstpointer data)
{
  spin_while_not (is_archived_once, self);
  assert_latest (self, "daemon", "start");
  write_by_hand (self, self->other);
  peerup_engine_store_reload (self->device.engine, "dbus", "service enable ssh");
  g_assert_cmpuint (n_services (self), ==, 1);
  spin_while_not (is_archived_twice, self);
  assert_latest (self, "dbus", "service enable ssh");
  write_by_hand (self, self->usual);
  spin_while_not (has_no_service, self);
  /* It comes after that. */
  assert_done (apply (self, self->usual, 0));
  assert_latest (self, "file", "edited");
}

static gboolean
has_two_services (gpointer self)
{
  return n_services (self) == 2;
}

/* Who edits the file before the change before that is archived has changed it by hand all the same. */
static void
test_quick_edit (Fixture *self, gconstpointer data)
{
  g_autofree char *archive = g_build_filename (self->device.home->directory, ".config.history", NULL);
  g_autofree char *third = g_strconcat (self->usual,
                                        "services: {a: {enabled: true, local_address: \"localhost:22\"}, b: {enabled: "
                                        "true, local_address: \"localhost:23\"}}\n",
                                        NULL);
  g_autofd int fd = -1;
  g_autoptr (GError) error = NULL;

  spin_while_not (is_archived_once, self);
  fd = open (archive, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_assert_true (peerup_file_lock_take (fd, PEERUP_FILE_LOCK_TIMEOUT, archive, &error));
  write_by_hand (self, self->other);
  peerup_engine_store_reload (self->device.engine, "dbus", "service enable ssh");
  g_assert_cmpuint (n_services (self), ==, 1);
  write_by_hand (self, third);
  g_clear_fd (&fd, NULL);
  spin_while_not (has_two_services, self);
  /* It comes after both. */
  assert_done (apply (self, third, 0));
  assert_latest (self, "file", "edited");
}

/* What is in force can be kept, or gone back to, when the file is gone. */
static void
test_removed (Fixture *self, gconstpointer data)
{
  assert_done (apply (self, self->other, 5 * MINUTE));
  g_assert_cmpint (g_unlink (self->device.home->config), ==, 0);
  assert_done (peerup_engine_store_confirm (store_of (self), "dbus"));
  assert_file (self, self->other);
  g_assert_cmpint (g_unlink (self->device.home->config), ==, 0);
  assert_done (apply (self, self->usual, 5 * MINUTE));
  g_assert_cmpuint (n_services (self), ==, 0);
  assert_done (peerup_engine_store_rollback (store_of (self), 1, "dbus"));
  assert_file (self, self->other);
  g_assert_cmpuint (n_services (self), ==, 1);
}

/* The files cannot follow: what nobody confirmed is out of use all the same. */
static void
test_files_in_the_way (Fixture *self, gconstpointer data)
{
  const char *config = self->device.home->config;

  assert_done (apply (self, self->other, 5 * MINUTE));
  g_assert_cmpint (g_unlink (config), ==, 0);
  g_assert_cmpint (g_mkdir (config, 0700), ==, 0);
  self->now.boot += 6 * MINUTE;
  peerup_engine_store_review (store_of (self));
  spin_while_not (has_no_service, self);
  g_assert_true (has_problem (self, "cannot be put back"));
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), >, 0);
  g_assert_cmpint (g_rmdir (config), ==, 0);
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  assert_file (self, self->usual);
}

static gboolean
cannot_be_put_back (gpointer self)
{
  return has_problem (self, "cannot be put back");
}

/* Nothing can be put back while a file is where the archive was, whose name this is. */
static char *
block_archive (Fixture *self)
{
  g_autofree char *archive = g_build_filename (self->device.home->directory, ".config.history", NULL);
  g_autofree char *aside = g_build_filename (self->device.home->directory, "aside", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_rename (archive, aside), ==, 0);
  g_assert_true (g_file_set_contents (archive, "", 0, &error));
  return g_steal_pointer (&archive);
}

static void
unblock_archive (const char *archive)
{
  g_autofree char *directory = g_path_get_dirname (archive);
  g_autofree char *aside = g_build_filename (directory, "aside", NULL);

  g_assert_cmpint (g_unlink (archive), ==, 0);
  g_assert_cmpint (g_rename (aside, archive), ==, 0);
}

/* What is out of use, while the file stays, does not come back by reading that again, nor is it confirmed. */
static void
test_taken_back_in_memory (Fixture *self, gconstpointer data)
{
  g_autofree char *archive = NULL;

  assert_done (apply (self, self->other, 5 * MINUTE));
  archive = block_archive (self);
  self->now.boot += 6 * MINUTE;
  peerup_engine_store_review (store_of (self));
  spin_while_not (has_no_service, self);
  assert_file (self, self->other);
  peerup_config_monitor_reload (self->device.engine->monitor);
  g_assert_cmpuint (n_services (self), ==, 0);
  assert_rejected (peerup_engine_store_confirm (store_of (self), "dbus"), PEERUP_ERROR_CONFIG);
  g_assert_cmpuint (n_services (self), ==, 0);
  unblock_archive (archive);
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  assert_file (self, self->usual);
  /* The file counts again. */
  write_by_hand (self, self->other);
  peerup_config_monitor_reload (self->device.engine->monitor);
  g_assert_cmpuint (n_services (self), ==, 1);
}

/* Somebody has done by hand what could not be done: that is told no longer. */
static void
test_settled_by_hand (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = g_build_filename (self->device.home->directory, ".config.pending", NULL);
  g_autofree char *archive = NULL;

  assert_done (apply (self, self->other, 5 * MINUTE));
  archive = block_archive (self);
  self->now.boot += 6 * MINUTE;
  peerup_engine_store_review (store_of (self));
  spin_while_not (cannot_be_put_back, self);
  unblock_archive (archive);
  g_assert_cmpint (g_unlink (pending), ==, 0);
  write_by_hand (self, self->usual);
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  g_assert_false (cannot_be_put_back (self));
  g_assert_cmpuint (n_services (self), ==, 0);
  /* The file counts again. */
  write_by_hand (self, self->other);
  peerup_config_monitor_reload (self->device.engine->monitor);
  g_assert_cmpuint (n_services (self), ==, 1);
}

static void
count_links (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  guint *n_links = data;

  if (strstr (message, ".config.pending is a symbolic link") != NULL)
    (*n_links)++;
}

/* It is looked at again and again, and told once for each time that it begins. */
static void
test_record_unread (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = g_build_filename (self->device.home->directory, ".config.pending", NULL);
  guint n_links = 0;
  guint handler = g_log_set_handler ("peerup-engine", G_LOG_LEVEL_MESSAGE, count_links, &n_links);

  spin_while_not (is_archived_once, self);
  for (guint round = 1; round <= 2; round++)
    {
      g_assert_cmpint (symlink ("nowhere", pending), ==, 0);
      /* Whatever is refused has the files looked at. */
      assert_rejected (apply (self, self->other, 0), PEERUP_ERROR_EXISTS);
      peerup_engine_store_review (store_of (self));
      peerup_engine_store_review (store_of (self));
      g_assert_cmpuint (n_links, ==, round);
      g_assert_cmpint (g_unlink (pending), ==, 0);
      peerup_engine_store_review (store_of (self));
    }
  g_log_remove_handler ("peerup-engine", handler);
  assert_done (apply (self, self->other, 0));
}

static void
on_services_changed (GListModel *services, guint position, guint removed, guint added, gpointer archive)
{
  if (removed > 0)
    unblock_archive (archive);
}

/* What was asked for while the way back was being tried, and comes to its turn when that has failed, keeps nothing that
 * is out of use: not even where the files could be written by then. */
static void
test_confirmed_too_late (Fixture *self, gconstpointer data)
{
  GListModel *services = peerup_engine_get_services (self->device.engine);
  g_autofree char *archive = NULL;
  gulong handler;

  assert_done (apply (self, self->other, 5 * MINUTE));
  archive = block_archive (self);
  handler = g_signal_connect (services, "items-changed", G_CALLBACK (on_services_changed), archive);
  self->now.boot += 6 * MINUTE;
  peerup_engine_store_review (store_of (self));
  assert_rejected (peerup_engine_store_confirm (store_of (self), "dbus"), PEERUP_ERROR_CONFIG);
  g_signal_handler_disconnect (services, handler);
  g_assert_cmpuint (n_services (self), ==, 0);
  g_assert_true (g_file_test (archive, G_FILE_TEST_IS_DIR));
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  assert_file (self, self->usual);
}

static void
restart (Fixture *self)
{
  assert_done (peerup_engine_stop (self->device.engine, NULL));
  assert_done (peerup_engine_start (self->device.engine));
  follow_clock (self);
}

static void
test_restart (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = g_build_filename (self->device.home->directory, ".config.pending", NULL);
  g_autofree char *record = NULL;
  g_autoptr (GError) error = NULL;
  char *boot_id;

  assert_done (apply (self, self->other, 5 * MINUTE));
  restart (self);
  /* The time goes on. */
  g_assert_cmpuint (n_services (self), ==, 1);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), >, 0);
  /* The machine has been started anew. */
  g_assert_true (g_file_get_contents (pending, &record, NULL, &error));
  boot_id = strstr (record, "\"boot_id\":\"");
  g_assert_nonnull (boot_id);
  boot_id[strlen ("\"boot_id\":\"")] ^= 1;
  assert_done (peerup_engine_stop (self->device.engine, NULL));
  g_assert_true (g_file_set_contents_full (pending, record, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
  assert_done (peerup_engine_start (self->device.engine));
  g_assert_cmpuint (n_services (self), ==, 0);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), ==, 0);
  g_assert_true (has_problem (self, "is taken back"));
  assert_file (self, self->usual);
}

/* What is to come back is read as the other files beside the configuration are: what would block does not, and what a
 * link leads to does not come into force. */
static void
test_backup_not_ours (Fixture *self, gconstpointer data)
{
  g_autofree char *backup = g_build_filename (self->device.home->directory, ".config.pre-confirmed.yaml", NULL);
  g_autofree char *elsewhere = g_build_filename (self->device.home->directory, "elsewhere", NULL);
  g_autofree char *archive = NULL;
  g_autoptr (GError) error = NULL;

  assert_done (apply (self, self->other, 5 * MINUTE));
  g_assert_cmpint (g_unlink (backup), ==, 0);
  g_assert_cmpint (mkfifo (backup, 0600), ==, 0);
  restart (self);
  g_assert_cmpint (peerup_engine_get_config_deadline (self->device.engine), >, 0);
  g_assert_cmpint (g_unlink (backup), ==, 0);
  g_assert_true (g_file_set_contents_full (elsewhere, self->usual, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error));
  g_assert_cmpint (symlink (elsewhere, backup), ==, 0);
  restart (self);
  archive = block_archive (self);
  self->now.boot += 6 * MINUTE;
  peerup_engine_store_review (store_of (self));
  spin_while_not (cannot_be_put_back, self);
  g_assert_cmpuint (n_services (self), ==, 1);
  /* The archive has what was there before, too. */
  unblock_archive (archive);
  peerup_engine_store_review (store_of (self));
  spin_while_not (nothing_waits, self);
  assert_file (self, self->usual);
  g_assert_cmpuint (n_services (self), ==, 0);
}

static void
test_stopped (Fixture *self, gconstpointer data)
{
  DexFuture *futures[4];
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (futures); i++)
    futures[i] = apply (self, i % 2 == 0 ? self->other : self->usual, 0);
  assert_done (peerup_engine_stop (self->device.engine, NULL));
  /* The archive's turn at the start came first. */
  assert_rejected (futures[1], PEERUP_ERROR_CLOSED);
  assert_rejected (futures[2], PEERUP_ERROR_CLOSED);
  assert_rejected (futures[3], PEERUP_ERROR_CLOSED);
  await_true (futures[0], &error);
}

int
main (int argc, char **argv)
{
#define ADD(name, func) g_test_add ("/engine/store/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_init (&argc, &argv, NULL);
  /* What becomes a problem is a warning, and here such are what is tested. */
  g_log_set_fatal_mask ("peerup", G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
  ADD ("apply", test_apply);
  ADD ("confirm", test_confirm);
  ADD ("confirm-what-cannot-start", test_confirm_what_cannot_start);
  ADD ("not-confirmed", test_not_confirmed);
  ADD ("no-boot-id", test_no_boot_id);
  ADD ("timer", test_timer);
  ADD ("rollback-ends-waiting", test_rollback_ends_waiting);
  ADD ("queue", test_queue);
  ADD ("by-hand", test_by_hand);
  ADD ("cause", test_cause);
  ADD ("quick-edit", test_quick_edit);
  ADD ("removed", test_removed);
  ADD ("files-in-the-way", test_files_in_the_way);
  ADD ("taken-back-in-memory", test_taken_back_in_memory);
  ADD ("record-unread", test_record_unread);
  ADD ("settled-by-hand", test_settled_by_hand);
  ADD ("confirmed-too-late", test_confirmed_too_late);
  ADD ("restart", test_restart);
  ADD ("backup-not-ours", test_backup_not_ours);
  ADD ("stopped", test_stopped);
  return g_test_run ();
}
