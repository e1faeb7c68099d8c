/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Differences as patch reads them. */
#include "config/peerup-config-diff.h"

#include "fixture.h"

static void
assert_diff (const char *old, const char *new, const char *expected)
{
  g_autofree char *diff = peerup_config_diff (old, "a", new, "b");

  g_assert_cmpstr (diff, ==, expected);
}

static void
test_small (void)
{
  assert_diff ("", "", "");
  assert_diff ("x\ny\n", "x\ny\n", "");
  assert_diff ("", "x\n", "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n");
  assert_diff ("x\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
  assert_diff ("x\n", "y\n", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n");
  assert_diff ("x\n", "x", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n");
}

static void
test_context (void)
{
  assert_diff ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
               "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  /* Six lines between two changes join them, seven do not. */
  assert_diff ("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
               "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
  assert_diff ("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nb2\nc\n",
               "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,5 @@\n 5\n 6\n 7\n-b\n+b2\n+c\n");
}

/* Random texts: what patch would do, done here. */
static char *
apply (const char *old, const char *diff)
{
  g_auto (GStrv) lines = g_strsplit (old, "\n", -1);
  g_auto (GStrv) steps = g_strsplit (diff, "\n", -1);
  g_autoptr (GString) result = g_string_new (NULL);
  guint line = 0, from;

  for (guint i = 2; *diff != '\0' && steps[i] != NULL; i++)
    switch (steps[i][0])
      {
      case '@':
        g_assert_cmpint (sscanf (steps[i], "@@ -%u", &from), ==, 1);
        for (from -= strstr (steps[i], ",0 +") != NULL ? 0 : 1; line < from; line++)
          g_string_append_printf (result, "%s\n", lines[line]);
        break;
      case '+':
        g_string_append_printf (result, "%s\n", steps[i] + 1);
        break;
      case '-':
      case ' ':
        g_assert_cmpstr (lines[line], ==, steps[i] + 1);
        if (steps[i][0] == ' ')
          g_string_append_printf (result, "%s\n", lines[line]);
        line++;
        break;
      default:
        g_assert_cmpstr (steps[i], ==, "");
      }
  for (; lines[line] != NULL && lines[line + 1] != NULL; line++)
    g_string_append_printf (result, "%s\n", lines[line]);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

static char *
random_text (guint n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%d\n", g_test_rand_int_range (0, 6));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_random (void)
{
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *old = random_text (g_test_rand_int_range (0, 40));
      g_autofree char *new = random_text (g_test_rand_int_range (0, 40));
      g_autofree char *diff = peerup_config_diff (old, "a", new, "b");
      g_autofree char *patched = apply (old, diff);

      g_assert_cmpstr (patched, ==, new);
    }
}

/* Beyond the table's bound it is one change, but still right. */
static void
test_large (void)
{
  g_autofree char *old = random_text (3000);
  g_autofree char *new = random_text (3000);
  g_autofree char *diff = peerup_config_diff (old, "a", new, "b");
  g_autofree char *patched = apply (old, diff);

  g_assert_cmpstr (patched, ==, new);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/diff/small", test_small);
  g_test_add_func ("/config/diff/context", test_context);
  g_test_add_func ("/config/diff/random", test_random);
  g_test_add_func ("/config/diff/large", test_large);
  return g_test_run ();
}
