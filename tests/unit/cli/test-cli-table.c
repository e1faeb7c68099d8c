/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Tables on terminals that are wide enough, and on others.
 */
#include <string.h>

#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static char *
draw (const char *columns)
{
  PeerupTable *table = peerup_table_new ("", 3);

  if (columns != NULL)
    g_setenv ("COLUMNS", columns, TRUE);
  else
    g_unsetenv ("COLUMNS");
  peerup_table_add (table, "laptop", ID, "direct, QUIC, 1.2 ms");
  peerup_table_add (table, "日本", "x\n\033[2J", NULL);
  return peerup_table_end (table);
}

static void
test_wide (void)
{
  g_autofree char *text = draw (NULL);

  g_assert_cmpstr (text, ==,
                   "laptop  " ID "  direct, QUIC, 1.2 ms\n"
                   "日本    x\xef\xbf\xbd\xef\xbf\xbd[2J\n");
}

static void
test_narrow (void)
{
  for (guint width = 22; width <= 90; width++)
    {
      g_autofree char *columns = g_strdup_printf ("%u", width);
      g_autofree char *text = draw (columns);
      g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

      g_assert_cmpuint (g_strv_length (lines), ==, 3);
      g_assert_cmpuint (peerup_cli_text_width (lines[0]), <=, width);
      g_assert_cmpuint (peerup_cli_text_width (lines[1]), <=, width);
      g_assert_true (g_str_has_prefix (lines[0], "laptop  12D3K") || width < 30);
      g_assert_true ((strstr (text, "…") != NULL) == (width < 82));
    }
}

static void
test_nonsense (void)
{
  g_autofree char *zero = draw ("0");
  g_autofree char *words = draw ("wide");
  g_autofree char *tiny = draw ("1");

  g_assert_null (strstr (zero, "…"));
  g_assert_cmpstr (zero, ==, words);
  g_assert_nonnull (strstr (tiny, "laptop"));
}

static void
test_title (void)
{
  PeerupTable *table = peerup_table_new ("  ", 2);
  g_autofree char *text = NULL;
  g_autofree char *bare = NULL;

  g_unsetenv ("COLUMNS");
  peerup_table_add_title (table, "NAME", "X");
  peerup_table_add (table, "a", "b");
  text = peerup_table_end (table);
  bare = peerup_cli_make_safe (text, TRUE, FALSE);
  g_assert_cmpstr (bare, ==, "  NAME  X\n  a     b\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/table/wide", test_wide);
  g_test_add_func ("/cli/table/narrow", test_narrow);
  g_test_add_func ("/cli/table/nonsense", test_nonsense);
  g_test_add_func ("/cli/table/title", test_title);
  return g_test_run ();
}
