/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A code while it is typed: no beginning of a right one is called wrong, and what is wrong is said where it is. */
#include <string.h>

#include "app/pairing/peerup-code-check.h"

#define LONG_CODE                                                                                                      \
  "P1X20-1BK1Y-B54WF-R2P74-60PRN-J73DV-3J61P-EA7XM-05CTS-GQDPW-WJDKE-0EHHG-QQR2X-SHRMG-WHP9S-J6KAT-ZBNGM-X7CYR-1D4G0-" \
  "G7G00-08159-H8MA8-KX4"

static PeerupCodeCheckState
check_state (const char *text)
{
  g_autoptr (PeerupCodeCheck) check = peerup_code_check_new (text);

  g_assert_true ((check->code != NULL) == (check->state == PEERUP_CODE_CHECK_COMPLETE));
  return check->state;
}

/* Every beginning of @text; it is a code only when it is whole, or from @shortest bytes on. */
static void
sweep (const char *text, gsize shortest)
{
  for (gsize i = 1; i <= strlen (text); i++)
    {
      g_autofree char *part = g_strndup (text, i);
      PeerupCodeCheckState state = check_state (part);

      if (i >= shortest)
        g_assert_cmpint (state, ==, PEERUP_CODE_CHECK_COMPLETE);
      else
        g_assert_cmpint (state, ==, PEERUP_CODE_CHECK_INCOMPLETE);
    }
}

static void
test_typing (void)
{
  sweep (LONG_CODE, strlen (LONG_CODE));
  /* Four letters say which word it is. */
  sweep ("417-otter-violin-maple", strlen ("417-otter-violin-mapl"));
}

static void
test_forms (void)
{
  g_autofree char *lower = g_ascii_strdown (LONG_CODE, -1);
  g_auto (GStrv) groups = g_strsplit (LONG_CODE, "-", -1);
  g_autofree char *bare = g_strjoinv ("", groups);
  g_autofree char *lines = g_strjoinv ("\n", groups);
  g_autofree char *spaced = g_strjoinv (" ", groups);
  g_autofree char *link = g_strconcat ("peerup:join?", bare, NULL);
  const char *const forms[] = { LONG_CODE, lower, bare, lines, spaced, link, " 417 otter violin maple\n" };

  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_assert_cmpint (check_state (forms[i]), ==, PEERUP_CODE_CHECK_COMPLETE);
      g_assert_true (peerup_code_check_is_code (forms[i]));
    }
}

static void
test_mistyped (void)
{
  g_autofree char *wrong = g_strdup (LONG_CODE);
  g_autoptr (PeerupCodeCheck) check = NULL;
  g_autoptr (PeerupCodeCheck) word = peerup_code_check_new ("417-oter-violin-maple");

  wrong[30] = wrong[30] == 'Z' ? 'Y' : 'Z';
  check = peerup_code_check_new (wrong);
  g_assert_cmpint (check->state, ==, PEERUP_CODE_CHECK_MISTYPED);
  g_assert_cmpint (check->first, ==, 30);
  g_assert_cmpint (check->last, ==, 30);
  g_assert_nonnull (check->text);
  g_assert_cmpint (word->state, ==, PEERUP_CODE_CHECK_MISTYPED);
  g_assert_cmpint (word->first, ==, 4);
  g_assert_cmpint (word->last, ==, 7);
}

static void
test_foreign (void)
{
  g_autofree char *endless = g_strnfill (100000, 'A');

  g_assert_cmpint (check_state (""), ==, PEERUP_CODE_CHECK_EMPTY);
  g_assert_cmpint (check_state (" \n\t\u00a0"), ==, PEERUP_CODE_CHECK_EMPTY);
  g_assert_cmpint (check_state ("peerup:settings?x"), ==, PEERUP_CODE_CHECK_FOREIGN);
  g_assert_cmpint (check_state (endless), ==, PEERUP_CODE_CHECK_FOREIGN);
  g_assert_cmpint (check_state ("\xff\xfe"), ==, PEERUP_CODE_CHECK_FOREIGN);
  g_assert_false (peerup_code_check_is_code ("https://example.org/"));
  g_assert_false (peerup_code_check_is_code (endless));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/code-check/typing", test_typing);
  g_test_add_func ("/app/code-check/forms", test_forms);
  g_test_add_func ("/app/code-check/mistyped", test_mistyped);
  g_test_add_func ("/app/code-check/foreign", test_foreign);
  return g_test_run ();
}
