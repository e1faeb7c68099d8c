/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What people compare of an authorized peer, and the mark that they have.
 */
#include "trust/peerup-verification.h"

#include <glib/gstdio.h>
#include <string.h>

#include "trust/peerup-grants.h"

#define OWN        "12D3KooWQKM2yYWqXRFsWNxqVzaMneRtPs8Xmp52GMQLQ27zs3Li"
#define OTHER      "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
#define TRANSCRIPT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

typedef struct
{
  char *directory, *path;
  PeerupPeerId *own, *other;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("peerup-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "authorized_keys", NULL);
  self->own = peerup_peer_id_new_from_string (OWN, &error);
  g_assert_no_error (error);
  self->other = peerup_peer_id_new_from_string (OTHER, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autofree char *lock = g_build_filename (self->directory, ".authorized_keys.lock", NULL);

  g_unlink (lock);
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->path);
  peerup_peer_id_unref (self->own);
  peerup_peer_id_unref (self->other);
}

static void
write_line (Fixture *self, const char *line)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (self->path, line, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static PeerupVerification *
load (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  PeerupVerification *found = peerup_verification_load (self->path, self->own, self->other, &error);

  g_assert_no_error (error);
  return found;
}

static void
set (Fixture *self, gboolean verified)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_verification_set (self->path, self->own, self->other, verified, &error));
  g_assert_no_error (error);
}

static void
assert_file_has (Fixture *self, const char *words, gboolean expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_get_contents (self->path, &text, NULL, &error));
  g_assert_cmpint (strstr (text, words) != NULL, ==, expected);
}

static void
test_peers (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupSas) expected = peerup_sas_new_for_peers (self->other, self->own);
  g_autofree char *mark = g_strconcat ("verified=", expected->attribute, NULL);
  g_autoptr (PeerupVerification) before = NULL;
  g_autoptr (PeerupVerification) after = NULL;
  g_autoptr (PeerupVerification) end = NULL;

  write_line (self, OTHER "  group=x  # laptop\n");
  before = load (self);
  g_assert_false (before->verified);
  g_assert_null (before->transcript);
  g_assert_cmpstr (before->peers->emoji, ==, expected->emoji);
  g_assert_cmpstr (before->peers->digits, ==, expected->digits);
  set (self, TRUE);
  after = load (self);
  g_assert_true (after->verified);
  assert_file_has (self, mark, TRUE);
  assert_file_has (self, "# laptop", TRUE);
  set (self, FALSE);
  end = load (self);
  g_assert_false (end->verified);
  assert_file_has (self, "verified=", FALSE);
}

/* The mark of a pairing's own strings is that pairing's, and not of the next with the same peer. */
static void
test_transcript (Fixture *self, gconstpointer data)
{
  guint8 transcript[32];
  g_autoptr (PeerupSas) expected = NULL;
  g_autofree char *again = NULL;
  g_autoptr (PeerupVerification) found = NULL;
  g_autoptr (PeerupVerification) later = NULL;

  for (guint i = 0; i < sizeof transcript; i++)
    transcript[i] = i;
  expected = peerup_sas_new_for_transcript (transcript, sizeof transcript);
  write_line (self, OTHER "  pairing=" TRANSCRIPT "\n");
  set (self, TRUE);
  found = load (self);
  g_assert_true (found->verified);
  g_assert_cmpstr (found->transcript->emoji, ==, expected->emoji);
  assert_file_has (self, expected->attribute, TRUE);
  again = g_strdup_printf (OTHER "  verified=%s  pairing=ff%s\n", expected->attribute, &TRANSCRIPT[2]);
  write_line (self, again);
  later = load (self);
  g_assert_false (later->verified);
  g_assert_cmpstr (later->transcript->emoji, !=, expected->emoji);
}

/* Files that others wrote. */
static void
test_odd_lines (Fixture *self, gconstpointer data)
{
  static const char *const lines[] = { "pairing=00", "pairing=" TRANSCRIPT "00", "pairing=zz", "verified=yes",
                                       "verified=sha256:00000000" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *line = g_strdup_printf (OTHER "  %s\n", lines[i]);
      g_autoptr (PeerupVerification) found = NULL;

      write_line (self, line);
      found = load (self);
      g_assert_false (found->verified);
      g_assert_null (found->transcript);
    }
}

static void
test_not_authorized (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_verification_load (self->path, self->own, self->other, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  write_line (self, OWN "\n");
  g_assert_null (peerup_verification_load (self->path, self->own, self->other, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (peerup_verification_set (self->path, self->own, self->other, TRUE, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_file_has (self, "verified=", FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/trust/verification/peers", Fixture, NULL, set_up, test_peers, tear_down);
  g_test_add ("/trust/verification/transcript", Fixture, NULL, set_up, test_transcript, tear_down);
  g_test_add ("/trust/verification/odd-lines", Fixture, NULL, set_up, test_odd_lines, tear_down);
  g_test_add ("/trust/verification/not-authorized", Fixture, NULL, set_up, test_not_authorized, tear_down);
  return g_test_run ();
}
