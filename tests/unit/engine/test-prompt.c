/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One question: what it holds, and that it ends once, by an answer, its time, or being taken back.
 */
#include "engine/peerup-prompt.h"

#include "wire/peerup-error.h"

#define ID "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"

static PeerupPeerId *
new_peer (void)
{
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_string (ID, &error);

  g_assert_no_error (error);
  return peer;
}

static void
test_verify (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (PeerupPrompt) prompt = peerup_prompt_new_verify (7, peer, "🐶 🐱", "12345");
  g_autoptr (DexFuture) answer = peerup_prompt_wait (prompt);
  g_autoptr (GError) error = NULL;
  const char *const *answers = peerup_prompt_get_answers (prompt);

  g_assert_cmpuint (peerup_prompt_get_number (prompt), ==, 7);
  g_assert_cmpstr (peerup_prompt_get_word (prompt), ==, "verify");
  g_assert_cmpstr (peerup_prompt_get_emoji (prompt), ==, "🐶 🐱");
  g_assert_cmpstr (peerup_prompt_get_digits (prompt), ==, "12345");
  g_assert_cmpstr (peerup_prompt_get_service (prompt), ==, "");
  g_assert_cmpint (peerup_prompt_get_expires_at (prompt), ==, 0);
  g_assert_true (g_strv_contains (answers, "match") && g_strv_contains (answers, "differ"));
  g_assert_true (g_strv_contains (answers, "later") && g_strv_length ((char **) answers) == 3);
  g_assert_false (peerup_prompt_expire (prompt, G_MAXINT64 - 1));
  g_assert_false (peerup_prompt_answer (prompt, "allow", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_assert_true (dex_future_is_pending (answer));
  g_clear_error (&error);
  g_assert_true (peerup_prompt_answer (prompt, "match", &error));
  g_assert_no_error (error);
  g_assert_cmpstr (g_value_get_string (dex_future_get_value (answer, NULL)), ==, "match");
}

static void
test_ends_once (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (PeerupPrompt) prompt = peerup_prompt_new_access (8, peer, "ssh", 100, 2000);
  g_autoptr (DexFuture) answer = peerup_prompt_wait (prompt);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (peerup_prompt_get_word (prompt), ==, "access");
  g_assert_cmpstr (peerup_prompt_get_service (prompt), ==, "ssh");
  g_assert_cmpint (peerup_prompt_get_expires_at (prompt), ==, 2000);
  g_assert_true (peerup_prompt_answer (prompt, "deny", NULL));
  g_assert_false (peerup_prompt_is_open (prompt));
  g_assert_false (peerup_prompt_answer (prompt, "allow", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_false (peerup_prompt_expire (prompt, 1000));
  peerup_prompt_cancel (prompt);
  g_assert_cmpstr (g_value_get_string (dex_future_get_value (answer, NULL)), ==, "deny");
}

static void
test_time (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (PeerupPrompt) prompt = peerup_prompt_new_access (9, peer, "ssh", 100, 2000);
  g_autoptr (DexFuture) answer = peerup_prompt_wait (prompt);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_prompt_expire (prompt, 99));
  g_assert_true (peerup_prompt_is_open (prompt));
  g_assert_true (peerup_prompt_expire (prompt, 100));
  g_assert_false (peerup_prompt_expire (prompt, 101));
  g_assert_null (dex_future_get_value (answer, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

static void
test_cancel (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (PeerupPrompt) prompt = peerup_prompt_new_access (10, peer, "ssh", 100, 2000);
  g_autoptr (DexFuture) answer = peerup_prompt_wait (prompt);
  g_autoptr (GError) error = NULL;

  peerup_prompt_cancel (prompt);
  g_assert_null (dex_future_get_value (answer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/prompt/verify", test_verify);
  g_test_add_func ("/prompt/ends-once", test_ends_once);
  g_test_add_func ("/prompt/time", test_time);
  g_test_add_func ("/prompt/cancel", test_cancel);
  return g_test_run ();
}
