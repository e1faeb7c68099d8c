/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Changing a configuration: applied, confirmed, taken back, found at a start; and what stands in the way. Times are
 * given, but for the one of a record, which is now. */
#include "config/peerup-config-store.h"

#include "fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "config/peerup-config-edit.h"

#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)
#define ONE    HEAD "# one\n"
#define TWO    HEAD "# two\n"
#define THREE  HEAD "# three\n"
#define BROKEN "identity: ["

typedef struct
{
  char *directory;
  char *path;
  PeerupConfigStore *store;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = make_directory ();
  self->path = write_file (self->directory, "config.yaml", ONE, 0600);
  self->store = peerup_config_store_new (self->path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_config_store_free (self->store);
  remove_directory (self->directory);
  g_free (self->directory);
  g_free (self->path);
}

static char *
side (Fixture *self, const char *name)
{
  return g_build_filename (self->directory, name, NULL);
}

static gboolean
has (Fixture *self, const char *name)
{
  g_autofree char *path = side (self, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
assert_text (Fixture *self, const char *name, const char *expected)
{
  g_autofree char *path = side (self, name);
  g_autofree char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, expected);
}

static void
put (Fixture *self, const char *name, const char *text)
{
  g_free (write_file (self->directory, name, text, 0600));
}

static gboolean
apply (Fixture *self, const char *text, gint64 confirm_timeout, GError **error)
{
  const PeerupConfigChange change = { "command", "a test", confirm_timeout, NULL };

  return peerup_config_store_apply (self->store, text, strlen (text), &change, NULL, error);
}

static void
assert_applied (Fixture *self, const char *text, gint64 confirm_timeout)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (apply (self, text, confirm_timeout, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", text);
}

static void
assert_refused (Fixture *self, const char *text, gint64 confirm_timeout, PeerupError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (apply (self, text, confirm_timeout, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

static void
confirm (Fixture *self, const char *in_force)
{
  const PeerupConfigChange change = { "command", "confirmed", 0, in_force };
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_config_store_confirm (self->store, &change, &error));
  g_assert_no_error (error);
}

static gboolean
rollback (Fixture *self, guint number, GError **error)
{
  const PeerupConfigChange change = { "command", "back", 0, NULL };

  return peerup_config_store_rollback (self->store, number, &change, error);
}

static void
assert_rolled_back (Fixture *self, guint number, const char *expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (rollback (self, number, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", expected);
}

/* As at a start that is @later than now. */
static PeerupConfigRecovery
recover_as (Fixture *self, gint64 later, const char *boot_id, char **story)
{
  g_auto (PeerupConfigNow) now = { 0 };
  g_autoptr (GError) error = NULL;
  PeerupConfigRecovery recovery;

  peerup_config_now_read (&now);
  now.real += later;
  now.boot += later;
  if (boot_id != NULL)
    g_set_str (&now.boot_id, boot_id);
  g_assert_true (peerup_config_store_recover (self->store, &now, &recovery, story, &error));
  g_assert_no_error (error);
  return recovery;
}

static void
assert_recovery (Fixture *self, gint64 later, PeerupConfigRecovery expected, const char *text)
{
  g_autofree char *story = NULL;

  g_assert_cmpint (recover_as (self, later, NULL, &story), ==, expected);
  g_assert_true ((story != NULL) == (expected >= PEERUP_CONFIG_RECOVERY_REVERTED));
  assert_text (self, "config.yaml", text);
  g_assert_true (has (self, ".config.pending") == (expected == PEERUP_CONFIG_RECOVERY_WAITS));
  if (expected != PEERUP_CONFIG_RECOVERY_WAITS)
    g_assert_false (has (self, ".config.pre-confirmed.yaml"));
}

static void
assert_mode (Fixture *self, const char *name, guint mode)
{
  g_autofree char *path = side (self, name);
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, mode);
}

static void
test_apply (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  const PeerupConfigListed *listed;

  assert_applied (self, TWO, 0);
  assert_applied (self, THREE, 0);
  assert_text (self, ".config.last-good.yaml", THREE);
  g_assert_false (has (self, ".config.pending"));
  assert_mode (self, "config.yaml", 0600);
  assert_mode (self, ".config.history", 0700);
  assert_mode (self, ".config.last-good.yaml", 0600);
  list = peerup_config_store_list (self->store, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (list->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (((PeerupConfigListed *) list->pdata[i])->number, ==, i);
  listed = list->pdata[0];
  g_assert_cmpstr (listed->entry->who, ==, "command");
  g_assert_cmpstr (listed->entry->cause, ==, "a test");
  g_assert_cmpuint (listed->bytes, ==, strlen (THREE));
}

static void
test_refused (Fixture *self, gconstpointer data)
{
  assert_refused (self, BROKEN, 0, PEERUP_ERROR_CONFIG);
  assert_refused (self, "", 5 * MINUTE, PEERUP_ERROR_CONFIG);
  assert_refused (self, TWO, 1, PEERUP_ERROR_MALFORMED);
  assert_refused (self, TWO, -MINUTE, PEERUP_ERROR_MALFORMED);
  assert_refused (self, TWO, PEERUP_CONFIG_CONFIRM_MAX + 1, PEERUP_ERROR_MALFORMED);
  assert_text (self, "config.yaml", ONE);
  g_assert_false (has (self, ".config.pending"));
  g_assert_false (has (self, ".config.pre-confirmed.yaml"));
}

static void
test_confirm (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const PeerupConfigChange change = { "command", "", 0, NULL };

  assert_applied (self, TWO, 5 * MINUTE);
  assert_text (self, ".config.pre-confirmed.yaml", ONE);
  assert_mode (self, ".config.pending", 0600);
  assert_mode (self, ".config.pre-confirmed.yaml", 0600);
  /* What waits is no good one yet. */
  assert_text (self, ".config.last-good.yaml", ONE);
  confirm (self, NULL);
  g_assert_false (has (self, ".config.pending"));
  g_assert_false (has (self, ".config.pre-confirmed.yaml"));
  assert_text (self, "config.yaml", TWO);
  assert_text (self, ".config.last-good.yaml", TWO);
  g_assert_false (peerup_config_store_confirm (self->store, &change, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_rolled_back (self, 1, ONE);
}

static void
test_one_at_a_time (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfigEdit) edit = NULL;

  assert_applied (self, TWO, 5 * MINUTE);
  assert_refused (self, THREE, 0, PEERUP_ERROR_EXISTS);
  assert_refused (self, THREE, 5 * MINUTE, PEERUP_ERROR_EXISTS);
  edit = peerup_config_edit_open (self->path, &error);
  g_assert_null (edit);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "until "));
  g_assert_nonnull (strstr (error->message, "peerup config confirm"));
  g_assert_nonnull (strstr (error->message, "peerup config rollback"));
  g_clear_error (&error);
  g_assert_false (rollback (self, 2, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_false (peerup_config_store_archive (self->store, NULL, "file", "", NULL));
  assert_text (self, "config.yaml", TWO);
  /* To go back is one way to end it. */
  assert_rolled_back (self, 1, ONE);
  g_assert_false (has (self, ".config.pending"));
  assert_text (self, ".config.replaced.yaml", TWO);
  assert_applied (self, THREE, 0);
}

static void
test_revert (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_store_revert (self->store, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_true (peerup_config_store_revert (self->store, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", ONE);
  assert_text (self, ".config.replaced.yaml", TWO);
  assert_mode (self, "config.yaml", 0600);
  g_assert_false (has (self, ".config.pending"));
  g_assert_false (has (self, ".config.pre-confirmed.yaml"));
}

/* What it goes back to has been damaged or removed: the archive has it too. */
static void
test_revert_without_backup (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *backup = side (self, ".config.pre-confirmed.yaml");

  assert_applied (self, TWO, 5 * MINUTE);
  put (self, ".config.pre-confirmed.yaml", BROKEN);
  g_assert_true (peerup_config_store_revert (self->store, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", ONE);
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_unlink (backup), ==, 0);
  g_assert_true (peerup_config_store_revert (self->store, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", ONE);
}

/* Killed between the two steps of the way back: the second is all that is left to do. */
static void
test_revert_is_over (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *backup = side (self, ".config.pre-confirmed.yaml");

  assert_applied (self, TWO, 0);
  for (guint i = 0; i < 2; i++)
    {
      assert_applied (self, THREE, 5 * MINUTE);
      g_assert_cmpint (g_rename (backup, self->path), ==, 0);
      if (i == 0)
        g_assert_true (peerup_config_store_revert (self->store, &error));
      else
        g_assert_true (rollback (self, 1, &error));
      g_assert_no_error (error);
      assert_text (self, "config.yaml", TWO);
      g_assert_false (has (self, ".config.pending"));
    }
}

static void
test_rollback (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (rollback (self, 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_applied (self, TWO, 0);
  assert_applied (self, THREE, 0);
  assert_rolled_back (self, 2, ONE);
  /* THREE was before that, TWO before it, and ONE is not twice in the list. */
  assert_rolled_back (self, 1, THREE);
  assert_rolled_back (self, 0, ONE);
  assert_rolled_back (self, 2, TWO);
  g_assert_false (rollback (self, 3, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "number 3"));
}

/* An edit by hand that does not hold, or that nobody has archived, is no part of the count until then. */
static void
test_rollback_over_edits (Fixture *self, gconstpointer data)
{
  assert_applied (self, TWO, 0);
  put (self, "config.yaml", BROKEN);
  assert_rolled_back (self, 1, TWO);
  assert_text (self, ".config.replaced.yaml", BROKEN);
  put (self, "config.yaml", THREE);
  assert_rolled_back (self, 1, TWO);
  assert_rolled_back (self, 1, THREE);
}

static void
test_rollback_of_removed (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;

  assert_applied (self, TWO, 0);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  found = peerup_config_find (self->path, &error);
  g_assert_cmpstr (found, ==, self->path);
  g_assert_null (peerup_config_load (self->path, NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "peerup config rollback"));
  assert_rolled_back (self, 1, TWO);
}

/* An archived one that holds no longer, as after an update of the program, is refused. */
static void
test_rollback_is_checked (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *name = NULL;

  assert_applied (self, TWO, 0);
  list = peerup_config_store_list (self->store, NULL);
  name = g_build_filename (".config.history", ((PeerupConfigListed *) list->pdata[1])->entry->file, NULL);
  put (self, name, BROKEN);
  g_assert_false (rollback (self, 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  assert_text (self, "config.yaml", TWO);
}

static void
test_confirm_of_removed (Fixture *self, gconstpointer data)
{
  const PeerupConfigChange change = { "command", "", 0, NULL };
  g_autoptr (GError) error = NULL;

  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_false (peerup_config_store_confirm (self->store, &change, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  /* Who runs by it can write it again. */
  confirm (self, TWO);
  assert_text (self, "config.yaml", TWO);
  g_assert_false (has (self, ".config.pending"));
  assert_applied (self, THREE, 5 * MINUTE);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  assert_rolled_back (self, 1, TWO);
}

/* What does not hold cannot be confirmed: the next start would fail. */
static void
test_confirm_is_checked (Fixture *self, gconstpointer data)
{
  const PeerupConfigChange change = { "command", "", 0, NULL };
  g_autoptr (GError) error = NULL;

  assert_applied (self, TWO, 5 * MINUTE);
  put (self, "config.yaml", BROKEN);
  g_assert_false (peerup_config_store_confirm (self->store, &change, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_true (has (self, ".config.pending"));
}

static void
test_apply_over_broken (Fixture *self, gconstpointer data)
{
  const PeerupConfigChange change = { "dbus", "", 5 * MINUTE, ONE };
  g_autoptr (GError) error = NULL;

  put (self, "config.yaml", BROKEN);
  assert_refused (self, TWO, 5 * MINUTE, PEERUP_ERROR_NOT_FOUND);
  assert_text (self, "config.yaml", BROKEN);
  g_assert_true (peerup_config_store_apply (self->store, TWO, strlen (TWO), &change, NULL, &error));
  g_assert_no_error (error);
  assert_text (self, ".config.replaced.yaml", BROKEN);
  assert_text (self, ".config.pre-confirmed.yaml", ONE);
  assert_rolled_back (self, 1, ONE);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_true (peerup_config_store_apply (self->store, TWO, strlen (TWO), &change, NULL, &error));
  g_assert_no_error (error);
  assert_rolled_back (self, 0, ONE);
}

/* Starts */

static void
test_recover (Fixture *self, gconstpointer data)
{
  g_autofree char *story = NULL;

  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_NONE, ONE);
  g_assert_false (has (self, ".config.history"));
  assert_applied (self, TWO, 5 * MINUTE);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_WAITS, TWO);
  assert_recovery (self, 4 * MINUTE, PEERUP_CONFIG_RECOVERY_WAITS, TWO);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_NONE, ONE);
  assert_text (self, ".config.replaced.yaml", TWO);
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (recover_as (self, 0, "another start", &story), ==, PEERUP_CONFIG_RECOVERY_REVERTED);
  assert_text (self, "config.yaml", ONE);
}

/* Each state that a crash can leave. */
static void
test_recover_steps (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = side (self, ".config.pending");
  g_autofree char *record = NULL;
  g_autoptr (GError) error = NULL;

  /* Before the record: the file beside it is stale. */
  put (self, ".config.pre-confirmed.yaml", ONE);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_NONE, ONE);
  /* With the record, before the new file. */
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_true (g_file_get_contents (pending, &record, NULL, &error));
  put (self, "config.yaml", ONE);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_NONE, ONE);
  /* Confirmed, but for the file beside. */
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_unlink (pending), ==, 0);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_NONE, TWO);
  assert_rolled_back (self, 1, ONE);
  /* Taken back, but for the record. */
  put (self, ".config.pending", record);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_NONE, ONE);
  put (self, ".config.pending", record);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_NONE, ONE);
}

static void
test_recover_damage (Fixture *self, gconstpointer data)
{
  g_autofree char *backup = side (self, ".config.pre-confirmed.yaml");
  g_autofree char *pending = side (self, ".config.pending");
  g_autofree char *story = NULL;
  g_autofree char *record = NULL;

  /* A record that says nothing: back, to be sure. */
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_true (g_file_get_contents (pending, &record, NULL, NULL));
  put (self, ".config.pending", "{");
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
  /* A configuration that no start could use does not wait. */
  assert_applied (self, TWO, 5 * MINUTE);
  put (self, "config.yaml", BROKEN);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
  /* The way back is gone, but for the archive. */
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_unlink (backup), ==, 0);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
}

static void
test_recover_nothing_left (Fixture *self, gconstpointer data)
{
  g_autofree char *story = NULL;

  /* One of the original, which has no archive, and whose file to go back to is gone. */
  put (self, ".config.pending", "{\"deadline\":\"2020-01-01T00:00:00Z\",\"backup\":\".config.pre-confirmed.yaml\"}");
  g_assert_cmpint (recover_as (self, 0, NULL, &story), ==, PEERUP_CONFIG_RECOVERY_KEPT);
  g_assert_nonnull (strstr (story, "but stays"));
  assert_text (self, "config.yaml", ONE);
}

static void
test_recover_original (Fixture *self, gconstpointer data)
{
  put (self, ".config.pending", "{\"deadline\":\"2020-01-01T00:00:00Z\",\"backup\":\".config.pre-confirmed.yaml\"}\n");
  put (self, ".config.pre-confirmed.yaml", TWO);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_REVERTED, TWO);
  put (self, ".config.pending", "{\"deadline\":\"2999-01-01T00:00:00Z\",\"backup\":\".config.pre-confirmed.yaml\"}\n");
  put (self, ".config.pre-confirmed.yaml", ONE);
  assert_recovery (self, 0, PEERUP_CONFIG_RECOVERY_WAITS, TWO);
  confirm (self, NULL);
  assert_text (self, "config.yaml", TWO);
}

/* What stands in the way */

static void
test_directory_in_place (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  assert_applied (self, TWO, 0);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_cmpint (g_mkdir (self->path, 0700), ==, 0);
  g_assert_false (apply (self, THREE, 0, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_nonnull (strstr (error->message, self->path));
  g_clear_error (&error);
  g_assert_false (rollback (self, 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_cmpint (g_rmdir (self->path), ==, 0);
  assert_rolled_back (self, 1, TWO);
}

static void
test_symbolic_link (Fixture *self, gconstpointer data)
{
  g_autofree char *target = side (self, "target.yaml");
  GStatBuf info;

  g_assert_cmpint (g_rename (self->path, target), ==, 0);
  g_assert_cmpint (symlink ("target.yaml", self->path), ==, 0);
  assert_applied (self, TWO, 5 * MINUTE);
  assert_text (self, "target.yaml", TWO);
  assert_rolled_back (self, 1, ONE);
  assert_text (self, "target.yaml", ONE);
  g_assert_cmpint (g_lstat (self->path, &info), ==, 0);
  g_assert_true (S_ISLNK (info.st_mode));
}

static gpointer
apply_many (gpointer data)
{
  Fixture *self = data;

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *text = g_strdup_printf (HEAD "# %p %u\n", (void *) g_thread_self (), i);
      g_autoptr (GError) error = NULL;

      g_assert_true (apply (self, text, 0, &error));
      g_assert_no_error (error);
    }
  return NULL;
}

static void
test_writers (Fixture *self, gconstpointer data)
{
  GThread *threads[6];
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("writer", apply_many, self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  list = peerup_config_store_list (self->store, NULL);
  g_assert_cmpuint (list->len, ==, PEERUP_CONFIG_HISTORY_KEPT + 1);
  g_assert_cmpuint (((PeerupConfigListed *) list->pdata[0])->number, ==, 0);
  /* Each has got its turn, and the first is the one that was there before. */
  g_assert_cmpuint (((PeerupConfigListed *) list->pdata[0])->entry->sequence, ==, 31);
}

static void
edit_service (Fixture *self, const char *name, const char *cause)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfigEdit) edit = peerup_config_edit_open (self->path, &error);

  g_assert_no_error (error);
  g_assert_true (peerup_config_edit_add_service (edit, name, "localhost:22", &error));
  peerup_config_edit_set_cause (edit, cause);
  g_assert_true (peerup_config_edit_commit (edit, &error));
}

static void
assert_causes (Fixture *self, const char *expected)
{
  g_autoptr (GPtrArray) list = peerup_config_store_list (self->store, NULL);
  g_autoptr (GString) found = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const PeerupConfigListed *listed = list->pdata[i];

      g_string_append_printf (found, "%u %s: %s\n", listed->number, listed->entry->who, listed->entry->cause);
    }
  g_assert_cmpstr (found->str, ==, expected);
}

/* What a command edits is archived as that, and what was there before as whatever it was. */
static void
test_edits (Fixture *self, gconstpointer data)
{
  edit_service (self, "web", "service add web");
  assert_causes (self, "0 command: service add web\n1 file: \n");
  edit_service (self, "ssh", "service add ssh");
  assert_causes (self, "0 command: service add ssh\n1 command: service add web\n2 file: \n");
  /* Who follows the file may be quicker. */
  edit_service (self, "git", NULL);
  /* That is not what whoever calls this runs by. */
  g_assert_false (peerup_config_store_archive (self->store, ONE, "dbus", "late", NULL));
  g_assert_true (peerup_config_store_archive (self->store, NULL, "file", "edited", NULL));
  assert_causes (self, "0 file: edited\n1 command: service add ssh\n2 command: service add web\n3 file: \n");
  {
    g_autofree char *text = peerup_config_store_dup_text (self->store, NULL);

    g_assert_true (peerup_config_store_note (self->store, ONE, strlen (ONE), text, strlen (text), "command",
                                             "service add git", NULL));
    assert_causes (self, "0 command: service add git\n1 command: service add ssh\n2 command: service add web\n"
                         "3 file: \n");
    /* Something else is there by now. */
    put (self, "config.yaml", TWO);
    g_assert_false (
      peerup_config_store_note (self->store, ONE, strlen (ONE), text, strlen (text), "command", "late", NULL));
  }
  assert_causes (self, "1 command: service add git\n2 command: service add ssh\n3 command: service add web\n"
                       "4 file: \n");
}

static void
test_diff (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *diff = NULL;

  g_assert_null (peerup_config_store_diff (self->store, 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_applied (self, TWO, 0);
  diff = peerup_config_store_diff (self->store, 0, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (diff, "\n-# one\n+# two\n"));
  g_clear_pointer (&diff, g_free);
  assert_applied (self, THREE, 5 * MINUTE);
  diff = peerup_config_store_diff (self->store, 1, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (diff, "\n-# two\n+# three\n"));
}

int
main (int argc, char **argv)
{
#define ADD(name, func) g_test_add ("/config/store/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_init (&argc, &argv, NULL);
  ADD ("apply", test_apply);
  ADD ("refused", test_refused);
  ADD ("confirm", test_confirm);
  ADD ("one-at-a-time", test_one_at_a_time);
  ADD ("revert", test_revert);
  ADD ("revert-without-backup", test_revert_without_backup);
  ADD ("revert-is-over", test_revert_is_over);
  ADD ("rollback", test_rollback);
  ADD ("rollback-over-edits", test_rollback_over_edits);
  ADD ("rollback-of-removed", test_rollback_of_removed);
  ADD ("rollback-is-checked", test_rollback_is_checked);
  ADD ("confirm-of-removed", test_confirm_of_removed);
  ADD ("confirm-is-checked", test_confirm_is_checked);
  ADD ("apply-over-broken", test_apply_over_broken);
  ADD ("recover", test_recover);
  ADD ("recover-steps", test_recover_steps);
  ADD ("recover-damage", test_recover_damage);
  ADD ("recover-nothing-left", test_recover_nothing_left);
  ADD ("recover-original", test_recover_original);
  ADD ("directory-in-place", test_directory_in_place);
  ADD ("symbolic-link", test_symbolic_link);
  ADD ("writers", test_writers);
  ADD ("edits", test_edits);
  ADD ("diff", test_diff);
  return g_test_run ();
}
