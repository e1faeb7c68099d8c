/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Where a code comes from, and in which order it is looked for.
 */
#include "cli/peerup-code-input.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "code/peerup-invite-code.h"

/* Makes @text standard input, with its end. */
static void
feed (const char *text)
{
  int fds[2];

  g_assert_true (g_unix_open_pipe (fds, O_CLOEXEC, NULL));
  g_assert_cmpint (write (fds[1], text, strlen (text)), ==, strlen (text));
  close (fds[1]);
  g_assert_cmpint (dup2 (fds[0], STDIN_FILENO), ==, STDIN_FILENO);
  close (fds[0]);
}

static void
assert_reads (char **arguments, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = peerup_code_input_read (arguments, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_order (void)
{
  char *arguments[] = { (char *) "417", (char *) "otter", (char *) "violin", NULL };
  char *none[] = { NULL };

  feed ("from-input\nand more\n");
  g_setenv ("PEERUP_INVITE_CODE", "from-environment", TRUE);
  assert_reads (arguments, "417 otter violin");
  assert_reads (none, "from-environment");
  g_setenv ("PEERUP_INVITE_CODE", "", TRUE);
  assert_reads (none, "from-input");
  /* One line is taken, and no byte of the next. */
  assert_reads (none, "and more");
  g_unsetenv ("PEERUP_INVITE_CODE");
}

static void
test_lines (void)
{
  char *none[] = { NULL };

  feed ("\n\n  ABCD-EFGH \r\n");
  assert_reads (none, "ABCD-EFGH");
  feed ("no line end");
  assert_reads (none, "no line end");
}

static void
test_refused (void)
{
  char *none[] = { NULL };
  g_autofree char *longest = g_strnfill (PEERUP_CODE_TEXT_MAX, 'A');
  g_autofree char *longer = g_strnfill (PEERUP_CODE_TEXT_MAX + 5000, 'A');
  g_autoptr (GError) error = NULL;

  feed ("");
  g_assert_null (peerup_code_input_read (none, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  feed (longest);
  assert_reads (none, longest);
  feed (longer);
  g_assert_null (peerup_code_input_read (none, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/code-input/order", test_order);
  g_test_add_func ("/cli/code-input/lines", test_lines);
  g_test_add_func ("/cli/code-input/refused", test_refused);
  return g_test_run ();
}
