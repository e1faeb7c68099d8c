/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Lasting trouble: order, news, ends.
 */
#include "engine/peerup-problems.h"

static void
assert_problems (PeerupProblems *problems, const char *const *expected)
{
  g_auto (GStrv) list = peerup_problems_dup (problems);

  g_assert_cmpstrv (list, expected);
}

static void
expect (const char *text)
{
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, text);
}

static void
test_set (void)
{
  g_autoptr (PeerupProblems) problems = peerup_problems_new ();
  g_auto (GStrv) keys = NULL;

  assert_problems (problems, (const char *const[]) { NULL });
  expect ("one");
  g_assert_true (peerup_problems_set (problems, "a", "one"));
  expect ("two");
  g_assert_true (peerup_problems_set (problems, "b", "two"));
  g_assert_false (peerup_problems_set (problems, "a", "one"));
  expect ("three");
  g_assert_true (peerup_problems_set (problems, "a", "three"));
  assert_problems (problems, (const char *const[]) { "three", "two", NULL });
  keys = peerup_problems_dup_keys (problems);
  g_assert_cmpstrv (keys, ((const char *const[]) { "a", "b", NULL }));
  g_assert_true (peerup_problems_set (problems, "a", NULL));
  g_assert_false (peerup_problems_set (problems, "a", NULL));
  assert_problems (problems, (const char *const[]) { "two", NULL });
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/problems/set", test_set);
  return g_test_run ();
}
