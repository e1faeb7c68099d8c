/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What Invite and Join say. */
#include <gio/gio.h>

#include "app/pairing/peerup-pairing-words.h"

static void
assert_left (gint64 seconds, const char *text)
{
  g_autofree char *left = peerup_pairing_words_left (seconds);

  g_assert_cmpstr (left, ==, text);
}

static void
test_left (void)
{
  assert_left (-5, "0 seconds left");
  assert_left (1, "1 second left");
  assert_left (59, "59 seconds left");
  assert_left (65, "1 minute 5 seconds left");
  assert_left (119, "1 minute 59 seconds left");
  assert_left (120, "2 minutes left");
  assert_left (599, "10 minutes left");
  assert_left (7200, "2 hours left");
  assert_left (7 * 86400 - 1, "7 days left");
}

/* As long as it is said to hold it is the same, and no timer is set for nothing. */
static void
test_holds (void)
{
  for (gint64 seconds = 900; seconds > 0; seconds--)
    {
      guint holds = peerup_pairing_words_left_holds (seconds);
      g_autofree char *now = peerup_pairing_words_left (seconds);
      g_autofree char *last = peerup_pairing_words_left (seconds - holds + 1);
      g_autofree char *next = peerup_pairing_words_left (seconds - holds);

      g_assert_cmpuint (holds, >=, 1);
      g_assert_cmpuint (holds, <=, 60);
      g_assert_cmpstr (now, ==, last);
      if (seconds > 1)
        g_assert_cmpstr (now, !=, next);
    }
}

static PeerupJoinTrouble
find (int code, PeerupCodeKind kind, const char *message, gboolean online)
{
  g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, code, message);
  g_autoptr (PeerupInviteCode) invite = peerup_invite_code_new (kind);

  return peerup_pairing_words_find_trouble (error, invite, NULL, online);
}

static void
test_troubles (void)
{
  g_autoptr (GError) lost = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "closed");
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_new (PEERUP_CODE_LONG);

  g_assert_cmpint (find (PEERUP_ERROR_MALFORMED, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_MISTYPED);
  g_assert_cmpint (find (PEERUP_ERROR_CRYPTO, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_WRONG_CODE);
  g_assert_cmpint (find (PEERUP_ERROR_GATED, PEERUP_CODE_LONG, "The code was used", TRUE), ==, PEERUP_JOIN_OVER);
  g_assert_cmpint (find (PEERUP_ERROR_DENIED, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_DECLINED);
  g_assert_cmpint (find (PEERUP_ERROR_UNREACHABLE, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_AWAY);
  g_assert_cmpint (find (PEERUP_ERROR_UNREACHABLE, PEERUP_CODE_SPOKEN, "", TRUE), ==, PEERUP_JOIN_NOBODY);
  g_assert_cmpint (find (PEERUP_ERROR_UNREACHABLE, PEERUP_CODE_LONG, "", FALSE), ==, PEERUP_JOIN_OFFLINE);
  g_assert_cmpint (find (PEERUP_ERROR_EXISTS, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_PAIRED);
  g_assert_cmpint (find (PEERUP_ERROR_CONFIG, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_OTHER_NETWORK);
  g_assert_cmpint (find (PEERUP_ERROR_WRONG_PEER, PEERUP_CODE_SPOKEN, "", TRUE), ==, PEERUP_JOIN_OWN);
  g_assert_cmpint (find (PEERUP_ERROR_WRONG_PEER, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_FAILED);
  g_assert_cmpint (find (PEERUP_ERROR_NEGOTIATION, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_OLD);
  g_assert_cmpint (find (PEERUP_ERROR_CLOSED, PEERUP_CODE_LONG, "", TRUE), ==, PEERUP_JOIN_GONE);
  g_assert_cmpint (peerup_pairing_words_find_trouble (lost, code, NULL, TRUE), ==, PEERUP_JOIN_GONE);
  for (int i = PEERUP_JOIN_MISTYPED; i <= PEERUP_JOIN_FAILED; i++)
    {
      g_assert_cmpstr (peerup_pairing_words_get_title (i), !=, "");
      g_assert_cmpstr (peerup_pairing_words_get_advice (i), !=, "");
      g_assert_true (g_str_has_suffix (peerup_pairing_words_get_icon (i), "-symbolic"));
    }
}

static void
test_progress (void)
{
  g_assert_cmpstr (peerup_pairing_words_progress ("saving"), ==, "Saving…");
  g_assert_cmpstr (peerup_pairing_words_progress ("of a newer version"), ==, "Joining…");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/pairing-words/left", test_left);
  g_test_add_func ("/app/pairing-words/holds", test_holds);
  g_test_add_func ("/app/pairing-words/troubles", test_troubles);
  g_test_add_func ("/app/pairing-words/progress", test_progress);
  return g_test_run ();
}
