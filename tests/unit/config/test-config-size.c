/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-size.h"

#define SHIFT(number, bits) (G_GUINT64_CONSTANT (number) << (bits))

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    guint64 bytes;
  } cases[] = {
    { "0", 0 },
    { "7", 7 },
    { "7B", 7 },
    { "7b", 7 },
    { "1KiB", 1024 },
    { "1KB", 1024 },
    { "64mb", SHIFT (64, 20) },
    { "256MiB", SHIFT (256, 20) },
    { "3GIB", SHIFT (3, 30) },
    { "2TiB", SHIFT (2, 40) },
    { "007KiB", 7168 },
    { "18446744073709551615", G_MAXUINT64 },
    { "16777215TiB", SHIFT (16777215, 40) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 bytes = 1;

      g_assert_true (peerup_config_size_parse (cases[i].text, &bytes));
      g_assert_cmpuint (bytes, ==, cases[i].bytes);
    }
}

static void
test_refuse (void)
{
  static const char *const texts[] = {
    "",      "B",     "MiB", "-1",   "+1", "1.5GiB", "1 MiB",       " 1",
    "1MiB ", "1MiBs", "1K",  "1EiB", "x",  "0x10",   "16777216TiB", "18446744073709551616",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      guint64 bytes;

      g_test_message ("%s", texts[i]);
      g_assert_false (peerup_config_size_parse (texts[i], &bytes));
    }
}

static void
test_format (void)
{
  static const struct
  {
    guint64 bytes;
    const char *text;
  } cases[] = {
    { 0, "0B" },
    { 1023, "1023B" },
    { 1024, "1KiB" },
    { 1536, "1536B" },
    { SHIFT (256, 20), "256MiB" },
    { SHIFT (1536, 20), "1536MiB" },
    { SHIFT (5, 40), "5TiB" },
    { G_MAXUINT64, "18446744073709551615B" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_config_size_format (cases[i].bytes);
      guint64 bytes = 1;

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_true (peerup_config_size_parse (text, &bytes));
      g_assert_cmpuint (bytes, ==, cases[i].bytes);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/size/parse", test_parse);
  g_test_add_func ("/config/size/refuse", test_refuse);
  g_test_add_func ("/config/size/format", test_format);
  return g_test_run ();
}
