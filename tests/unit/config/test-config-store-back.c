/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The way back, and whose files it goes by. */
#include "config/peerup-config-store.h"

#include "fixture.h"

#include <string.h>
#include <unistd.h>

#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)
#define ONE    HEAD "# one\n"
#define TWO    HEAD "# two\n"
#define THREE  HEAD "# three\n"

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

static void
assert_text (Fixture *self, const char *name, const char *expected)
{
  g_autofree char *path = side (self, name);
  g_autofree char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, expected);
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

static gboolean
has (Fixture *self, const char *name)
{
  g_autofree char *path = side (self, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
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

/* What another user, or a link, has put beside the configuration is neither believed nor written to; nothing is lost.
 */
static void
test_not_ours (Fixture *self, gconstpointer data)
{
  static const char *const names[] = { ".config.pending", ".config.pre-confirmed.yaml", ".config.last-good.yaml" };
  g_autofree char *elsewhere = write_file (self->directory, "elsewhere", TWO, 0600);

  assert_applied (self, TWO, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = side (self, names[i]);

      g_unlink (path);
      g_assert_cmpint (symlink (elsewhere, path), ==, 0);
      assert_refused (self, THREE, 5 * MINUTE, i == 0 ? PEERUP_ERROR_EXISTS : PEERUP_ERROR_PERMISSION);
      assert_text (self, "elsewhere", TWO);
      assert_text (self, "config.yaml", TWO);
      g_assert_true (g_file_test (path, G_FILE_TEST_IS_SYMLINK));
      g_unlink (path);
    }
}

static void
assert_not_looked_at (Fixture *self, const char *part)
{
  g_auto (PeerupConfigNow) now = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *story = NULL;
  PeerupConfigRecovery recovery;

  peerup_config_now_read (&now);
  now.boot += 60 * MINUTE;
  g_assert_false (peerup_config_store_recover (self->store, &now, &recovery, &story, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_nonnull (strstr (error->message, part));
  g_clear_error (&error);
  g_assert_false (peerup_config_store_revert (self->store, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  assert_text (self, "config.yaml", TWO);
}

static void
test_record_not_ours (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = side (self, ".config.pending");
  g_autofree char *aside = side (self, "aside");

  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_rename (pending, aside), ==, 0);
  g_assert_cmpint (symlink (aside, pending), ==, 0);
  assert_not_looked_at (self, "symbolic link");
  g_assert_cmpint (g_rename (aside, pending), ==, 0);
  if (geteuid () == 0)
    {
      g_assert_cmpint (chown (pending, 12345, 12345), ==, 0);
      assert_not_looked_at (self, "sudo chown");
      g_assert_cmpint (chown (pending, 0, 0), ==, 0);
    }
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
}

/* Files of ours that others could read or change by now: there is a way back all the same, to what a start can use. */
static void
test_open_to_others (Fixture *self, gconstpointer data)
{
  g_autofree char *pending = side (self, ".config.pending");
  g_autofree char *backup = side (self, ".config.pre-confirmed.yaml");
  const PeerupConfigChange change = { "command", "a test", 0, NULL };
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_chmod (pending, 0664), ==, 0);
  g_assert_cmpint (g_chmod (backup, 0644), ==, 0);
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_REVERTED, ONE);
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  /* It can be confirmed, too. */
  assert_applied (self, TWO, 5 * MINUTE);
  g_assert_cmpint (g_chmod (pending, 0664), ==, 0);
  g_assert_true (peerup_config_store_confirm (self->store, &change, &error));
  g_assert_no_error (error);
  assert_text (self, "config.yaml", TWO);
}

/* What root writes for another user is that user's. */
static void
test_by_root (Fixture *self, gconstpointer data)
{
  static const char *const names[] = { ".config.pending", ".config.pre-confirmed.yaml", ".config.last-good.yaml",
                                       ".config.history", "config.yaml" };
  g_autoptr (GPtrArray) list = NULL;

  if (geteuid () != 0)
    {
      g_test_skip ("only root can write for another user");
      return;
    }
  g_assert_cmpint (chown (self->directory, 12345, 12345), ==, 0);
  g_assert_cmpint (chown (self->path, 12345, 12345), ==, 0);
  assert_applied (self, TWO, 0);
  assert_applied (self, THREE, 5 * MINUTE);
  list = peerup_config_store_list (self->store, NULL);
  g_assert_cmpuint (list->len, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (names) + list->len; i++)
    {
      const PeerupConfigListed *listed = i < G_N_ELEMENTS (names) ? NULL : list->pdata[i - G_N_ELEMENTS (names)];
      g_autofree char *entry = listed != NULL ? g_build_filename (".config.history", listed->entry->file, NULL) : NULL;
      g_autofree char *path = side (self, entry != NULL ? entry : names[i]);
      GStatBuf info;

      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_assert_cmpint (info.st_uid, ==, 12345);
    }
  assert_recovery (self, 6 * MINUTE, PEERUP_CONFIG_RECOVERY_REVERTED, TWO);
}

/* What a crash has left goes with the next change; what only looks like it stays. */
static void
test_sweep (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *name;
    gboolean stays;
  } files[] = {
    { "..config.pending.0123abcd.tmp", FALSE },
    { "..config.pre-confirmed.yaml.00000000.tmp", FALSE },
    { "..config.last-good.yaml.ffffffff.tmp", FALSE },
    { "..config.replaced.yaml.12345678.tmp", FALSE },
    { ".config.yaml.12345678.tmp", FALSE },
    { "..config.pending.0123abc.tmp", TRUE },
    { "..config.pending.0123abcX.tmp", TRUE },
    { "..config.pending.0123abcd.tmp~", TRUE },
    { "..other.pending.0123abcd.tmp", TRUE },
    { ".work.yaml.12345678.tmp", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    g_free (write_file (self->directory, files[i].name, "", 0600));
  g_assert_true (peerup_config_store_archive (self->store, NULL, "daemon", "start", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = side (self, files[i].name);

      g_assert_cmpint (g_file_test (path, G_FILE_TEST_EXISTS), ==, files[i].stays);
    }
}

int
main (int argc, char **argv)
{
#define ADD(name, func) g_test_add ("/config/store-back/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_init (&argc, &argv, NULL);
  ADD ("not-ours", test_not_ours);
  ADD ("record-not-ours", test_record_not_ours);
  ADD ("open-to-others", test_open_to_others);
  ADD ("by-root", test_by_root);
  ADD ("sweep", test_sweep);
  return g_test_run ();
}
