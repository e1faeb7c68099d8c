/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of pairings, and the files that a pairing changes.
 */
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "home.h"
#include "engine/peerup-arguments.h"
#include "engine/peerup-pairing-apply.h"
#include "pairing-samples.h"
#include "trust/peerup-authorized-keys-file.h"
#include "trust/peerup-grants.h"

typedef struct
{
  Home *home;
  char *directory;
  PeerupPairingStore *store;
  PeerupPairingFiles files;
  GPtrArray *records, *invites, *problems;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  self->directory = peerup_pairing_store_path (self->home->config);
  self->store = peerup_pairing_store_new (self->directory);
  self->files.config = g_strdup (self->home->config);
  self->files.authorized_keys = g_strdup (self->home->authorized_keys);
  self->records = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_pairing_record_free);
  self->invites = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_left_invite_free);
  self->problems = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_pairing_store_unref (self->store);
  peerup_pairing_files_clear (&self->files);
  g_free (self->directory);
  g_ptr_array_unref (self->records);
  g_ptr_array_unref (self->invites);
  g_ptr_array_unref (self->problems);
  home_free (self->home);
}

static void
load (Fixture *self)
{
  g_ptr_array_set_size (self->records, 0);
  g_ptr_array_set_size (self->invites, 0);
  g_ptr_array_set_size (self->problems, 0);
  peerup_pairing_store_load (self->store, self->records, self->invites, self->problems);
}

static void
test_empty (Fixture *self, gconstpointer data)
{
  load (self);
  g_assert_cmpuint (self->records->len + self->invites->len + self->problems->len, ==, 0);
}

static void
test_private (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autofree char *name = peerup_pairing_record_dup_name (record);
  g_autofree char *file = g_strconcat (name, ".pairing", NULL);
  g_autofree char *path = g_build_filename (self->directory, file, NULL);
  GStatBuf directory;
  GStatBuf status;

  g_assert_true (peerup_pairing_store_write (self->store, record, NULL));
  g_assert_cmpint (g_stat (self->directory, &directory), ==, 0);
  g_assert_cmpint (directory.st_mode & 0777, ==, 0700);
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  load (self);
  g_assert_cmpuint (self->records->len, ==, 1);
  g_assert_true (peerup_pairing_store_remove (self->store, record, NULL));
  g_assert_true (peerup_pairing_store_remove (self->store, record, NULL));
  load (self);
  g_assert_cmpuint (self->records->len, ==, 0);
}

/* By the one write of the record the code is dead, whatever becomes of the invite's file. */
static void
test_record_kills_invite (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (PeerupLeftInvite) invite = sample_left_invite ();

  g_assert_true (peerup_pairing_store_write_invite (self->store, invite, NULL));
  load (self);
  g_assert_cmpuint (self->invites->len, ==, 1);
  g_assert_true (peerup_pairing_store_write (self->store, record, NULL));
  peerup_pairing_store_set_steps (self->store, 0);
  load (self);
  g_assert_cmpuint (self->invites->len, ==, 0);
  peerup_pairing_store_set_steps (self->store, -1);
  load (self);
  g_assert_cmpuint (self->invites->len, ==, 0);
  g_assert_true (peerup_pairing_store_remove (self->store, record, NULL));
  load (self);
  g_assert_cmpuint (self->invites->len + self->records->len, ==, 0);
}

static void
test_left_alone (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->directory, "0123.pairing", NULL);
  g_autofree char *open = g_build_filename (self->directory, "4567.pairing", NULL);
  g_autofree char *other = g_build_filename (self->directory, "README", NULL);

  g_assert_cmpint (g_mkdir (self->directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents_full (path, "[pairing]\nversion=1\n", -1, 0, 0600, NULL));
  g_assert_true (g_file_set_contents_full (open, "[pairing]\nversion=1\n", -1, 0, 0644, NULL));
  g_assert_true (g_file_set_contents_full (other, "hello", -1, 0, 0600, NULL));
  load (self);
  g_assert_cmpuint (self->problems->len, ==, 2);
  g_assert_true (strstr (self->problems->pdata[0], ".pairing") != NULL);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (open, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
}

static void
test_no_room (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (GError) error = NULL;

  peerup_pairing_store_set_steps (self->store, 0);
  g_assert_false (peerup_pairing_store_probe (self->store, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_clear_error (&error);
  g_assert_false (peerup_pairing_store_write (self->store, record, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_clear_error (&error);
  peerup_pairing_store_set_steps (self->store, -1);
  g_assert_true (peerup_pairing_files_probe (&self->files, self->store, &error));
  g_assert_no_error (error);
  load (self);
  g_assert_cmpuint (self->problems->len, ==, 0);
}

/* Where the directory is to be there is a file: as read-only for root, too. */
static void
test_no_directory (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (self->directory, "", 0, NULL));
  g_assert_false (peerup_pairing_store_probe (self->store, &error));
  g_assert_nonnull (strstr (error->message, "could not be kept"));
  load (self);
  g_assert_cmpuint (self->records->len, ==, 0);
}

/* Applying */

static char *
keys_text (Fixture *self)
{
  char *text = NULL;

  g_assert_true (g_file_get_contents (self->home->authorized_keys, &text, NULL, NULL));
  return text;
}

static guint
n_grants (Fixture *self, PeerupPeerId *peer)
{
  g_autofree char *path = peerup_grants_path (self->home->authorized_keys);
  g_autoptr (GPtrArray) grants = peerup_grants_file_load (path, NULL);
  guint n = 0;

  for (guint i = 0; i < grants->len; i++)
    n += peerup_peer_id_equal (((PeerupGrant *) grants->pdata[i])->peer, peer) ? 1 : 0;
  return n;
}

static void
assert_applied (Fixture *self, const PeerupPairingRecord *record)
{
  g_autofree char *text = keys_text (self);
  g_autofree char *pairing = peerup_pairing_hex (record->transcript, sizeof record->transcript);
  g_autoptr (PeerupConfig) config = peerup_config_load (self->home->config, NULL, NULL);

  g_assert_nonnull (strstr (text, pairing));
  g_assert_nonnull (strstr (text, "role=guest"));
  g_assert_cmpuint (n_grants (self, record->peer), ==, 2);
  g_assert_cmpstr (peerup_config_name_of_peer (config, record->peer), ==, "laptop");
}

static void
assert_untouched (Fixture *self, const PeerupPairingRecord *record)
{
  g_autofree char *text = keys_text (self);
  g_autoptr (PeerupConfig) config = peerup_config_load (self->home->config, NULL, NULL);

  g_assert_null (strstr (text, peerup_peer_id_get_string (record->peer)));
  g_assert_cmpuint (n_grants (self, record->peer), ==, 0);
  g_assert_null (peerup_config_name_of_peer (config, record->peer));
}

static void
test_apply_again (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (GError) error = NULL;
  g_autofree char *first = peerup_pairing_apply (&self->files, self->store, record, &error);
  g_autofree char *before = keys_text (self);
  g_autofree char *second = peerup_pairing_apply (&self->files, self->store, record, &error);
  g_autofree char *after = keys_text (self);
  gboolean found;

  g_assert_no_error (error);
  g_assert_cmpstr (first, ==, "laptop");
  g_assert_cmpstr (second, ==, "laptop");
  g_assert_cmpstr (before, ==, after);
  assert_applied (self, record);
  g_assert_true (peerup_pairing_revert (&self->files, self->store, record->peer, &found, &error));
  g_assert_true (found);
  assert_untouched (self, record);
  g_assert_true (peerup_pairing_revert (&self->files, self->store, record->peer, &found, &error));
  g_assert_false (found);
}

/* Cut short after each change and applied again, it is whole. */
static void
test_apply_cut_short (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();

  for (int steps = 0; steps < 4; steps++)
    {
      g_autofree char *failed = NULL;
      g_autofree char *name = NULL;
      g_autoptr (GError) error = NULL;
      gboolean found;

      peerup_pairing_store_set_steps (self->store, steps);
      g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*could not be taken back*");
      failed = peerup_pairing_apply (&self->files, self->store, record, &error);
      g_test_assert_expected_messages ();
      g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
      g_assert_null (failed);
      g_clear_error (&error);
      peerup_pairing_store_set_steps (self->store, -1);
      name = peerup_pairing_apply (&self->files, self->store, record, &error);
      g_assert_no_error (error);
      assert_applied (self, record);
      g_assert_true (peerup_pairing_revert (&self->files, self->store, record->peer, &found, &error));
    }
}

/* Of somebody who is authorized nothing is taken away, and an end that is later counts. */
static void
test_apply_to_known (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  g_assert_true (
    peerup_authorized_keys_file_add (self->home->authorized_keys, record->peer, NULL, PEERUP_EXPIRES_NEVER, NULL));
  name = peerup_pairing_apply (&self->files, self->store, record, &error);
  g_assert_no_error (error);
  text = keys_text (self);
  g_assert_null (strstr (text, "role="));
  g_assert_null (strstr (text, "expires="));
  g_assert_cmpuint (n_grants (self, record->peer), ==, 2);
}

/* Somebody whose time was over is as a stranger. */
static void
test_apply_to_expired (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  g_assert_true (peerup_authorized_keys_file_add (self->home->authorized_keys, record->peer, NULL, 1000000000, NULL));
  name = peerup_pairing_apply (&self->files, self->store, record, NULL);
  g_assert_nonnull (name);
  text = keys_text (self);
  g_assert_nonnull (strstr (text, "role=guest"));
  g_assert_null (strstr (text, "expires="));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/engine/pairing-store/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("empty", test_empty);
  ADD ("private", test_private);
  ADD ("record-kills-invite", test_record_kills_invite);
  ADD ("left-alone", test_left_alone);
  ADD ("no-room", test_no_room);
  ADD ("no-directory", test_no_directory);
  ADD ("apply-again", test_apply_again);
  ADD ("apply-cut-short", test_apply_cut_short);
  ADD ("apply-to-known", test_apply_to_known);
  ADD ("apply-to-expired", test_apply_to_expired);
#undef ADD
  return g_test_run ();
}
