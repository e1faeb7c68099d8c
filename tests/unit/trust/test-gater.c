/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "trust/peerup-gater.h"

#include <unistd.h>

#include "trust-test.h"

#define FAR_TEXT "2100-01-01T00:00:00Z"
#define FAR      G_GINT64_CONSTANT (4102444800)

/* What the gater said, one letter an event: "r" revoked, "c" changed, "p" problem. */
typedef struct
{
  GString *events;
  char *revoked;
  char *text;
} Log;

static void
on_revoked (PeerupGater *gater, PeerupPeerId *peer, const char *reason, gpointer user_data)
{
  Log *log = user_data;

  g_string_append_c (log->events, 'r');
  g_set_str (&log->revoked, peerup_peer_id_get_string (peer));
  g_set_str (&log->text, reason);
}

static void
on_changed (PeerupGater *gater, gpointer user_data)
{
  g_string_append_c (((Log *) user_data)->events, 'c');
}

static void
on_problem (PeerupGater *gater, const char *text, gpointer user_data)
{
  Log *log = user_data;

  g_string_append_c (log->events, 'p');
  g_set_str (&log->text, text);
}

static void
follow (PeerupGater *gater, Log *log)
{
  log->events = g_string_new (NULL);
  g_signal_connect (gater, "revoked", G_CALLBACK (on_revoked), log);
  g_signal_connect (gater, "changed", G_CALLBACK (on_changed), log);
  g_signal_connect (gater, "problem", G_CALLBACK (on_problem), log);
}

static PeerupGater *
new_gater (const char *path, Log *log)
{
  g_autoptr (GError) error = NULL;
  PeerupGater *gater = peerup_gater_new_for_file (path, &error);

  g_assert_no_error (error);
  follow (gater, log);
  return gater;
}

/* Nothing may stay behind: no reference, no source. */
static void
finish (PeerupGater *gater, Log *log)
{
  g_assert_finalize_object (gater);
  g_string_free (log->events, TRUE);
  g_free (log->revoked);
  g_free (log->text);
}

static gboolean
allows (PeerupGater *gater, const char *text, gint64 now)
{
  g_autoptr (PeerupPeerId) peer = test_peer (text);
  g_autofree char *refusal = peerup_gater_dup_refusal (gater, peer, now);

  return refusal == NULL;
}

static void
expect_event (Log *log, const char *events)
{
  while (strlen (log->events->str) < strlen (events))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (log->events->str, ==, events);
  g_string_truncate (log->events, 0);
}

static void
test_open (void)
{
  PeerupGater *gater = peerup_gater_new_open ();

  g_assert_true (peerup_gater_is_open (gater));
  g_assert_true (allows (gater, CAROL, 0));
  g_assert_true (peerup_gater_reload (gater, NULL));
  g_assert_null (peerup_gater_get_warnings (gater)[0]);
  peerup_gater_advance (gater, FAR);
  g_assert_finalize_object (gater);
}

static void
test_verdicts (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE "\n" BOB " expires=" FAR_TEXT "\n");
  gater = new_gater (file.path, &log);
  g_assert_false (peerup_gater_is_open (gater));
  g_assert_true (allows (gater, ALICE, FAR + 1));
  g_assert_true (allows (gater, BOB, FAR - 1));
  g_assert_false (allows (gater, BOB, FAR));
  g_assert_false (allows (gater, CAROL, 0));
  g_assert_null (peerup_gater_get_warnings (gater)[0]);
  finish (gater, &log);
}

static void
test_reasons (void)
{
  static const struct
  {
    const char *peer, *reason;
  } cases[] = { { CAROL, "is not listed in" }, { BOB, "expired at " FAR_TEXT }, { ALICE, "cannot be read" } };
  g_auto (TestFile) file = { NULL, NULL };
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE " expires=soon\n" BOB " expires=" FAR_TEXT "\n");
  gater = new_gater (file.path, &log);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupPeerId) peer = test_peer (cases[i].peer);
      g_autofree char *refusal = peerup_gater_dup_refusal (gater, peer, FAR);

      g_assert_nonnull (refusal);
      g_assert_nonnull (strstr (refusal, cases[i].reason));
    }
  g_assert_nonnull (strstr (peerup_gater_get_warnings (gater)[0], "line 1: the expiry cannot be read"));
  finish (gater, &log);
}

/* Gating without its file does not start; with an empty one it starts, refuses all and says so. */
static void
test_fail_safe (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, NULL);
  g_assert_null (peerup_gater_new_for_file (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "peerup auth add"));
  g_clear_error (&error);

  test_write (file.path, ALICE "\nnonsense\n");
  g_assert_null (peerup_gater_new_for_file (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_assert_nonnull (strstr (error->message, "line 2"));
  g_clear_error (&error);

  test_write (file.path, ALICE "\n");
  g_assert_cmpint (g_chmod (file.path, 0622), ==, 0);
  g_assert_null (peerup_gater_new_for_file (file.path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);

  test_write (file.path, "# nobody\n");
  g_assert_cmpint (g_chmod (file.path, 0600), ==, 0);
  gater = new_gater (file.path, &log);
  g_assert_nonnull (strstr (peerup_gater_get_warnings (gater)[0], "authorizes nobody"));
  g_assert_false (allows (gater, ALICE, 0));
  finish (gater, &log);
}

static void
test_reload (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE "\n" BOB "\n");
  gater = new_gater (file.path, &log);
  test_write (file.path, CAROL "\n" BOB "\n");
  g_assert_true (peerup_gater_reload (gater, &error));
  g_assert_cmpstr (log.events->str, ==, "rc");
  g_assert_cmpstr (log.revoked, ==, ALICE);
  g_assert_nonnull (strstr (log.text, "is not listed"));
  g_assert_true (allows (gater, CAROL, 0));
  g_assert_false (allows (gater, ALICE, 0));
  finish (gater, &log);
}

static void
test_bad_reload_keeps_the_old (void)
{
  static const char *const bad[] = { BOB "\nnonsense\n", NULL };
  g_auto (TestFile) file = { NULL, NULL };
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE " expires=" FAR_TEXT "\n");
  gater = new_gater (file.path, &log);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      if (bad[i] != NULL)
        test_write (file.path, bad[i]);
      else
        g_assert_cmpint (g_unlink (file.path), ==, 0);
      g_assert_false (peerup_gater_reload (gater, &error));
      g_assert_error (error, PEERUP_ERROR, (bad[i] != NULL ? PEERUP_ERROR_MALFORMED : PEERUP_ERROR_NOT_FOUND));
      g_assert_cmpstr (log.events->str, ==, "p");
      g_string_truncate (log.events, 0);
      g_assert_true (allows (gater, ALICE, FAR - 1));
      g_assert_false (allows (gater, BOB, 0));
    }
  /* The old expiries stay in force as well. */
  peerup_gater_advance (gater, FAR);
  g_assert_cmpstr (log.events->str, ==, "r");
  finish (gater, &log);
}

static void
test_expiry_is_announced_once (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE "\n" BOB " expires=" FAR_TEXT "\n");
  gater = new_gater (file.path, &log);
  peerup_gater_advance (gater, FAR - 1);
  g_assert_cmpstr (log.events->str, ==, "");
  peerup_gater_advance (gater, FAR);
  g_assert_cmpstr (log.events->str, ==, "r");
  g_assert_cmpstr (log.revoked, ==, BOB);
  g_assert_nonnull (strstr (log.text, FAR_TEXT));
  peerup_gater_advance (gater, FAR + 1);
  g_assert_cmpstr (log.events->str, ==, "r");
  /* The clock is set back, and time passes once more. */
  peerup_gater_advance (gater, FAR - 1);
  peerup_gater_advance (gater, FAR);
  g_assert_cmpstr (log.events->str, ==, "rr");
  finish (gater, &log);
}

/* The gater's own timer, with the real clock: an expiry in the next second but one. */
static void
test_expiry_timer (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  gint64 expires = g_get_real_time () / G_USEC_PER_SEC + 2;
  g_autofree char *time = peerup_expires_format (expires);
  g_autofree char *text = g_strconcat (BOB " expires=", time, "\n", NULL);
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, text);
  gater = new_gater (file.path, &log);
  expect_event (&log, "r");
  g_assert_cmpint (g_get_real_time (), >=, expires * G_USEC_PER_SEC);
  finish (gater, &log);
}

/* Written over, renamed over, made anew: seen without a restart. */
static void
test_file_changes (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (PeerupPeerId) carol = test_peer (CAROL);
  g_autoptr (GError) error = NULL;
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE "\n");
  gater = new_gater (file.path, &log);

  g_assert_true (peerup_authorized_keys_file_add (file.path, carol, NULL, PEERUP_EXPIRES_NEVER, &error));
  expect_event (&log, "c");
  g_assert_true (allows (gater, CAROL, 0));

  g_file_set_contents_full (file.path, BOB "\n" CAROL "\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  expect_event (&log, "rc");
  g_assert_true (allows (gater, BOB, 0));
  g_assert_false (allows (gater, ALICE, 0));

  g_assert_cmpint (g_unlink (file.path), ==, 0);
  expect_event (&log, "p");
  g_assert_true (allows (gater, BOB, 0));
  test_write (file.path, BOB "\n");
  expect_event (&log, "rc");
  g_assert_cmpstr (log.revoked, ==, CAROL);
  finish (gater, &log);
}

/* Nobody is refused by such a file, so it may be missing or empty. */
static void
test_favours (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, NULL);
  gater = peerup_gater_new_for_favours (file.path, &error);
  g_assert_no_error (error);
  follow (gater, &log);
  g_assert_null (peerup_gater_get_warnings (gater)[0]);
  g_assert_false (peerup_gater_is_open (gater));
  g_assert_false (allows (gater, ALICE, 0));
  test_write (file.path, ALICE "\n" BOB "\n");
  expect_event (&log, "c");
  g_assert_true (allows (gater, ALICE, 0));
  test_write (file.path, "# nobody\n" BOB "\n");
  expect_event (&log, "rc");
  g_assert_cmpstr (log.revoked, ==, ALICE);
  g_assert_cmpint (g_unlink (file.path), ==, 0);
  expect_event (&log, "p");
  g_assert_true (allows (gater, BOB, 0));
  test_write (file.path, "");
  expect_event (&log, "rc");
  g_assert_null (peerup_gater_get_warnings (gater)[0]);
  finish (gater, &log);
}

/* The file behind a link changes, and the link is led elsewhere. */
static void
test_linked_file_changes (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_auto (TestFile) other = { NULL, NULL };
  g_autofree char *link = NULL;
  g_autofree char *fresh = NULL;
  Log log = { 0 };
  PeerupGater *gater;

  test_file_init (&file, ALICE "\n");
  test_file_init (&other, CAROL "\n");
  link = g_build_filename (file.directory, "link", NULL);
  fresh = g_build_filename (file.directory, "fresh", NULL);
  g_assert_cmpint (symlink (file.path, link), ==, 0);
  gater = new_gater (link, &log);

  test_write (file.path, ALICE "\n" BOB "\n");
  expect_event (&log, "c");
  g_assert_true (allows (gater, BOB, 0));

  g_assert_cmpint (symlink (other.path, fresh), ==, 0);
  g_assert_cmpint (g_rename (fresh, link), ==, 0);
  expect_event (&log, "rrc");
  g_assert_true (allows (gater, CAROL, 0));

  test_write (other.path, CAROL "\n" ALICE "\n");
  expect_event (&log, "c");
  g_assert_true (allows (gater, ALICE, 0));
  finish (gater, &log);
}

static void
on_revoked_drop (PeerupGater *gater, PeerupPeerId *peer, const char *reason, gpointer user_data)
{
  g_clear_object ((PeerupGater **) user_data);
}

static void
test_dropped_in_handler (void)
{
  g_auto (TestFile) file = { NULL, NULL };
  g_autoptr (GError) error = NULL;
  PeerupGater *gater;

  test_file_init (&file, ALICE " expires=" FAR_TEXT "\n" BOB " expires=" FAR_TEXT "\n");
  gater = peerup_gater_new_for_file (file.path, &error);
  g_assert_no_error (error);
  g_signal_connect (gater, "revoked", G_CALLBACK (on_revoked_drop), &gater);
  peerup_gater_advance (gater, FAR);
  g_assert_null (gater);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/gater/open", test_open);
  g_test_add_func ("/trust/gater/verdicts", test_verdicts);
  g_test_add_func ("/trust/gater/reasons", test_reasons);
  g_test_add_func ("/trust/gater/fail-safe", test_fail_safe);
  g_test_add_func ("/trust/gater/reload", test_reload);
  g_test_add_func ("/trust/gater/bad-reload-keeps-the-old", test_bad_reload_keeps_the_old);
  g_test_add_func ("/trust/gater/expiry-is-announced-once", test_expiry_is_announced_once);
  g_test_add_func ("/trust/gater/expiry-timer", test_expiry_timer);
  g_test_add_func ("/trust/gater/file-changes", test_file_changes);
  g_test_add_func ("/trust/gater/favours", test_favours);
  g_test_add_func ("/trust/gater/linked-file-changes", test_linked_file_changes);
  g_test_add_func ("/trust/gater/dropped-in-handler", test_dropped_in_handler);
  return g_test_run ();
}
