/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The line codec alone: its two-byte prefix, its cap and what counts as text. */

#include <string.h>

#include "transport/multistream/peerup-multistream-line.h"

/* Measures an exact-size heap copy, so that reading past it is seen. */
static gboolean
measure (gconstpointer data, gsize length, gsize *size, GError **error)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);

  return peerup_multistream_line_measure (copy, length, size, error);
}

static void
test_measure (void)
{
  static const struct
  {
    guint8 bytes[3];
    gsize length;
    int code; /* -1: accepted */
    gsize size;
  } rows[] = {
    { { 0x00 }, 0, -1, 0 },
    { { 0x00 }, 1, PEERUP_ERROR_MALFORMED, 0 },
    { { 0x01 }, 1, -1, 2 },
    { { 0x7f }, 1, -1, 128 },
    { { 0x80 }, 1, -1, 0 },
    { { 0x80, 0x00 }, 2, PEERUP_ERROR_MALFORMED, 0 },
    { { 0x93, 0x00 }, 2, PEERUP_ERROR_MALFORMED, 0 },
    { { 0x80, 0x01 }, 2, -1, 130 },
    { { 0x80, 0x08 }, 2, -1, 1026 },
    { { 0x81, 0x08 }, 2, PEERUP_ERROR_TOO_LARGE, 0 },
    { { 0xff, 0x7f }, 2, PEERUP_ERROR_TOO_LARGE, 0 },
    { { 0x80, 0x80 }, 2, PEERUP_ERROR_TOO_LARGE, 0 },
    { { 0x80, 0x80, 0x01 }, 3, PEERUP_ERROR_TOO_LARGE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      gsize size = 99;
      gboolean ok = measure (rows[i].bytes, rows[i].length, &size, &error);

      g_assert_cmpint (ok, ==, rows[i].code == -1);
      if (ok)
        g_assert_cmpuint (size, ==, rows[i].size);
      else
        g_assert_error (error, PEERUP_ERROR, rows[i].code);
    }
}

static void
test_read (void)
{
  static const struct
  {
    const char *line;
    gsize size;
    const char *text; /* NULL: refused */
  } rows[] = {
    { "\x03na\n", 4, "na" },   { "\x01\n", 2, "" },        { "\x05\xc3\xa9 x\n", 6, "\xc3\xa9 x" },
    { "\x03nab", 4, NULL },    { "\x03n\0\n", 4, NULL },   { "\x03n\n\n", 4, NULL },
    { "\x03n\r\n", 4, NULL },  { "\x03n\x7f\n", 4, NULL }, { "\x03\xc3n\n", 4, NULL },
    { "\x02\xc3\n", 3, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree guint8 *copy = g_memdup2 (rows[i].line, rows[i].size);
      g_autoptr (GError) error = NULL;
      char text[PEERUP_MULTISTREAM_TEXT_SIZE];
      gsize size;
      gboolean ok;

      g_assert_true (peerup_multistream_line_measure (copy, rows[i].size, &size, NULL));
      g_assert_cmpuint (size, ==, rows[i].size);
      ok = peerup_multistream_line_read (copy, size, text, &error);
      g_assert_cmpint (ok, ==, rows[i].text != NULL);
      if (ok)
        g_assert_cmpstr (text, ==, rows[i].text);
      else
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_round_trip (void)
{
  static const gsize lengths[] = { 0, 1, 126, 127, 128, 1022, 1023 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      g_autofree char *sent = g_strnfill (lengths[i], 'x');
      char text[PEERUP_MULTISTREAM_TEXT_SIZE];
      gsize size;

      peerup_multistream_line_append (out, sent);
      g_assert_true (measure (out->data, out->len, &size, NULL));
      g_assert_cmpuint (size, ==, out->len);
      g_assert_true (peerup_multistream_line_read (out->data, size, text, NULL));
      g_assert_cmpstr (text, ==, sent);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/multistream/line/measure", test_measure);
  g_test_add_func ("/multistream/line/read", test_read);
  g_test_add_func ("/multistream/line/round-trip", test_round_trip);
  return g_test_run ();
}
