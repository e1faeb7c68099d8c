/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What may go to a terminal: literal texts of people who mean well and of others.
 */
#include "cli/peerup-cli-text.h"
#include "wire/peerup-error.h"

#define FFFD "\xef\xbf\xbd"

static void
assert_safe (const char *text, gboolean lines, gboolean colours, const char *expected)
{
  g_autofree char *safe = peerup_cli_make_safe (text, lines, colours);

  g_assert_cmpstr (safe, ==, expected);
}

static void
test_safe (void)
{
  assert_safe ("plain äöü 日本 🦊 — “x”", TRUE, FALSE, "plain äöü 日本 🦊 — “x”");
  assert_safe ("a\nb\tc", TRUE, FALSE, "a\nb\tc");
  assert_safe ("a\nb\tc\r", FALSE, FALSE, "a" FFFD "b" FFFD "c" FFFD);
  assert_safe ("\033]0;title\007", TRUE, TRUE, FFFD "]0;title" FFFD);
  assert_safe ("\033[2J", TRUE, TRUE, FFFD "[2J");
  assert_safe ("\033[1mbold\033[0m", TRUE, TRUE, "\033[1mbold\033[0m");
  assert_safe ("\033[1mbold\033[0m", TRUE, FALSE, "bold");
  assert_safe ("\033[", TRUE, TRUE, FFFD "[");
  assert_safe ("\033[12", TRUE, TRUE, FFFD "[12");
  assert_safe ("\xe2\x80\xaexevil", TRUE, TRUE, FFFD "xevil");
  assert_safe ("a\xe2\x80\xa8z\xe2\x81\xa6", TRUE, TRUE, "a" FFFD "z" FFFD);
  assert_safe ("\xc2\x9b[31m", TRUE, TRUE, FFFD "[31m");
  assert_safe ("bad\xff", TRUE, TRUE, "bad" FFFD);
}

static void
assert_shortened (const char *text, guint width, const char *expected)
{
  g_autofree char *shortened = peerup_cli_shorten (text, width);

  g_assert_cmpstr (shortened, ==, expected);
  g_assert_cmpuint (peerup_cli_text_width (shortened), <=, width);
}

static void
test_shorten (void)
{
  assert_shortened ("laptop", 6, "laptop");
  assert_shortened ("laptop", 5, "lapt…");
  assert_shortened ("laptop", 1, "…");
  assert_shortened ("two words", 5, "two…");
  assert_shortened ("日本語", 6, "日本語");
  assert_shortened ("日本語", 5, "日本…");
  assert_shortened ("日本語", 4, "日…");
  assert_shortened ("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", 17, "12D3KooW…eQAJU5SA");
  assert_shortened ("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA", 10, "12D3K…U5SA");
  assert_shortened ("\033[1mlaptop\033[0m", 6, "\033[1mlaptop\033[0m");
  assert_shortened ("\033[1mlaptop\033[0m", 5, "lapt…");
}

static void
test_colour (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *painted = peerup_cli_paint (PEERUP_CLI_STYLE_BAD, "x");

  g_assert_cmpuint (peerup_cli_text_width (painted), ==, 1);
  g_assert_false (peerup_cli_set_colour ("sometimes", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_setenv ("NO_COLOR", "1", TRUE);
  g_assert_false (peerup_cli_has_colour ());
  g_assert_true (peerup_cli_set_colour ("always", NULL));
  g_assert_true (peerup_cli_has_colour ());
  g_assert_true (peerup_cli_set_colour ("never", NULL));
  g_assert_false (peerup_cli_has_colour ());
  g_assert_true (peerup_cli_set_colour ("auto", NULL));
}

static void
test_word (void)
{
  g_assert_cmpstr (peerup_cli_word ("relayed"), ==, "relayed");
  g_assert_cmpstr (peerup_cli_word ("running"), ==, "running");
  /* Of a later engine, or none. */
  g_assert_cmpstr (peerup_cli_word ("resting"), ==, "resting");
  g_assert_cmpstr (peerup_cli_word (""), ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/text/safe", test_safe);
  g_test_add_func ("/cli/text/shorten", test_shorten);
  g_test_add_func ("/cli/text/colour", test_colour);
  g_test_add_func ("/cli/text/word", test_word);
  return g_test_run ();
}
