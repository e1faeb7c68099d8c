/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The QR code as lines: its size, its white border, and that the three styles are one code. What
 * is in it a reader reads in tests/netlab. */
#include <string.h>

#include "qr/peerup-qr.h"

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
  g_assert_null (peerup_qr_to_png (text, PEERUP_QR_MODULE_SIZE));
  g_assert_null (peerup_qr_to_svg (text));
  g_assert_cmpuint (peerup_qr_get_size (text), ==, 0);
  g_assert_null (peerup_qr_to_svg (""));
}

/* ISO/IEC 18004, table 7: version 1 at level L holds 41 digits, 25 in upper case, 17 bytes; a side is 17 + 4 versions.
 */
static void
test_size (void)
{
  g_autofree char *longest = g_strnfill (4296, 'A');

  g_assert_cmpuint (peerup_qr_get_size ("12345678901234567890123456789012345678901"), ==, 21);
  g_assert_cmpuint (peerup_qr_get_size ("ABCDEFGHIJKLMNOPQRSTUVWXY"), ==, 21);
  g_assert_cmpuint (peerup_qr_get_size ("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ==, 25);
  g_assert_cmpuint (peerup_qr_get_size ("abcdefghijklmnopq"), ==, 21);
  g_assert_cmpuint (peerup_qr_get_size ("abcdefghijklmnopqr"), ==, 25);
  g_assert_cmpuint (peerup_qr_get_size (longest), ==, 177);
}

/* The two bits of the level in the format information beside a finder pattern, behind their mask. */
static guint
get_level (const char *text)
{
  g_autofree char *code = peerup_qr_format (text, PEERUP_QR_ASCII);
  g_autoptr (GPtrArray) rows = get_modules (code, TRUE);
  const char *row = rows->pdata[PEERUP_QR_BORDER + 8];
  guint bits = 0;

  for (guint i = 0; i < 2; i++)
    bits = bits << 1 | (row[PEERUP_QR_BORDER + i] == ' ');
  return bits ^ 2;
}

/* As much redundancy as costs no module: 7 bytes fit version 1 at level H, 11 at Q, 14 at M. */
static void
test_level (void)
{
  g_assert_cmpuint (get_level ("abcdefg"), ==, 2);
  g_assert_cmpuint (get_level ("abcdefgh"), ==, 3);
  g_assert_cmpuint (get_level ("abcdefghijk"), ==, 3);
  g_assert_cmpuint (get_level ("abcdefghijkl"), ==, 0);
  g_assert_cmpuint (get_level ("abcdefghijklmno"), ==, 1);
}

/* Width and height stand at fixed places of a PNG file. */
static void
test_png (void)
{
  for (guint size = PEERUP_QR_MODULE_SIZE_MIN; size <= PEERUP_QR_MODULE_SIZE_MAX; size += 5)
    {
      g_autoptr (GBytes) png = peerup_qr_to_png (TEXT, size);
      gsize length;
      const guint8 *data = g_bytes_get_data (png, &length);
      guint side = (peerup_qr_get_size (TEXT) + 2 * PEERUP_QR_BORDER) * size;

      g_assert_cmpuint (length, >, 24);
      g_assert_cmpmem (data, 8, "\x89PNG\r\n\x1a\n", 8);
      g_assert_cmpuint ((guint) (data[18] << 8 | data[19]), ==, side);
      g_assert_cmpuint ((guint) (data[22] << 8 | data[23]), ==, side);
    }
}

/* The modules of the path are those of the lines. */
static void
test_svg (void)
{
  g_autofree char *code = peerup_qr_format (TEXT, PEERUP_QR_ASCII);
  g_autoptr (GPtrArray) rows = get_modules (code, TRUE);
  g_autoptr (GBytes) svg = peerup_qr_to_svg (TEXT);
  g_autofree char *text = g_strndup (g_bytes_get_data (svg, NULL), g_bytes_get_size (svg));
  g_autoptr (GRegex) run = g_regex_new ("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  g_assert_nonnull (strstr (text, "shape-rendering=\"crispEdges\""));
  for (g_regex_match (run, text, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      guint numbers[4];

      for (int i = 0; i < 4; i++)
        {
          g_autofree char *number = g_match_info_fetch (match, i + 1);

          numbers[i] = (guint) g_ascii_strtoull (number, NULL, 10);
        }
      g_assert_cmpuint (numbers[2], ==, numbers[3]);
      for (guint x = numbers[0]; x < numbers[0] + numbers[2]; x++)
        {
          char *row = rows->pdata[numbers[1]];

          g_assert_cmpint (row[x], ==, ' ');
          row[x] = '#';
        }
    }
  for (guint y = 0; y < rows->len; y++)
    g_assert_null (strchr (rows->pdata[y], ' '));
}

static void
test_modules (void)
{
  g_autofree char *code = peerup_qr_format (TEXT, PEERUP_QR_ASCII);
  g_autofree char *long_text = g_strnfill (8000, 'a');
  g_autoptr (GPtrArray) rows = get_modules (code, TRUE);
  g_autoptr (GBytes) modules = peerup_qr_to_modules (TEXT);
  guint side = peerup_qr_get_size (TEXT);
  const guint8 *data = g_bytes_get_data (modules, NULL);

  g_assert_cmpuint (g_bytes_get_size (modules), ==, side * side);
  for (guint i = 0; i < side * side; i++)
    {
      const char *row = rows->pdata[i / side + PEERUP_QR_BORDER];

      g_assert_cmpint (data[i] != 0, ==, row[i % side + PEERUP_QR_BORDER] == ' ');
    }
  g_assert_null (peerup_qr_to_modules (""));
  g_assert_null (peerup_qr_to_modules (long_text));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qr/border", test_border);
  g_test_add_func ("/qr/styles-agree", test_styles_agree);
  g_test_add_func ("/qr/too-long", test_too_long);
  g_test_add_func ("/qr/size", test_size);
  g_test_add_func ("/qr/level", test_level);
  g_test_add_func ("/qr/png", test_png);
  g_test_add_func ("/qr/svg", test_svg);
  g_test_add_func ("/qr/modules", test_modules);
  return g_test_run ();
}
