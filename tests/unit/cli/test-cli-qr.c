/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The QR code as lines: its size, its white border, and that the three styles are one code. What
 * is in it a reader reads in tests/netlab. */
#include <string.h>

#include "cli/peerup-qr.h"

#define TEXT "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

/* One character a module, '#' for light; lines of @style. */
static GPtrArray *
get_modules (const char *code, gboolean ascii)
{
  g_auto (GStrv) lines = g_strsplit (code, "\n", -1);
  GPtrArray *rows = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      GString *upper = g_string_new (NULL), *lower = g_string_new (NULL);

      for (const char *c = lines[i]; *c != '\0'; c = ascii ? c + 2 : g_utf8_next_char (c))
        {
          gunichar block = g_utf8_get_char (c);

          g_string_append_c (upper, ascii ? *c : block == 0x2588 || block == 0x2580 ? '#' : ' ');
          g_string_append_c (lower, block == 0x2588 || block == 0x2584 ? '#' : ' ');
        }
      g_ptr_array_add (rows, g_string_free_and_steal (upper));
      if (!ascii)
        g_ptr_array_add (rows, g_strdup (lower->str));
      g_string_free (lower, TRUE);
    }
  return rows;
}

static void
test_border (void)
{
  g_autofree char *code = peerup_qr_format (TEXT, PEERUP_QR_ASCII);
  g_autoptr (GPtrArray) rows = get_modules (code, TRUE);
  gsize width = strlen (rows->pdata[0]);

  g_assert_cmpuint (rows->len, ==, width);
  for (guint i = 0; i < rows->len; i++)
    {
      const char *row = rows->pdata[i];

      g_assert_cmpuint (strlen (row), ==, width);
      if (i < PEERUP_QR_BORDER || i >= rows->len - PEERUP_QR_BORDER)
        g_assert_cmpuint (strspn (row, "#"), ==, width);
      g_assert_cmpuint (strspn (row, "#"), >=, PEERUP_QR_BORDER);
      g_assert_true (g_str_has_suffix (row, "####"));
    }
  /* The corner of a finder pattern is dark. */
  g_assert_cmpint (((const char *) rows->pdata[PEERUP_QR_BORDER])[PEERUP_QR_BORDER], ==, ' ');
}

static void
test_styles_agree (void)
{
  g_autofree char *ascii = peerup_qr_format (TEXT, PEERUP_QR_ASCII);
  g_autofree char *blocks = peerup_qr_format (TEXT, PEERUP_QR_BLOCKS);
  g_autofree char *coloured = peerup_qr_format (TEXT, PEERUP_QR_COLOURED);
  g_autoptr (GPtrArray) a = get_modules (ascii, TRUE);
  g_autoptr (GPtrArray) b = get_modules (blocks, FALSE);
  g_autoptr (GRegex) colours = g_regex_new ("\033\\[[0-9;]*m", 0, 0, NULL);
  g_autofree char *bare = g_regex_replace_literal (colours, coloured, -1, 0, "", 0, NULL);

  g_assert_cmpuint (b->len, >=, a->len);
  g_assert_cmpuint (b->len, <=, a->len + 1);
  for (guint i = 0; i < a->len; i++)
    g_assert_cmpstr (a->pdata[i], ==, b->pdata[i]);
  g_assert_cmpstr (bare, ==, blocks);
  g_assert_cmpstr (coloured, !=, blocks);
}

static void
test_too_long (void)
{
  g_autofree char *text = g_strnfill (4000, 'x');

  g_assert_null (peerup_qr_format (text, PEERUP_QR_ASCII));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/qr/border", test_border);
  g_test_add_func ("/cli/qr/styles-agree", test_styles_agree);
  g_test_add_func ("/cli/qr/too-long", test_too_long);
  return g_test_run ();
}
