/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Columns, times and durations.
 */
#include "cli/peerup-cli.h"

#include <string.h>

static void
test_columns (void)
{
  PeerupTable *table = peerup_table_new ("  ", 3);
  g_autofree char *text = NULL;
  g_autofree char *empty = NULL;

  peerup_table_add (table, "a", "bbbb", "c");
  peerup_table_add (table, "äöü", NULL, "dd");
  peerup_table_add (table, "e", "f", NULL);
  text = peerup_table_end (table);
  g_assert_cmpstr (text, ==, "  a    bbbb  c\n  äöü        dd\n  e    f\n");
  empty = peerup_table_end (peerup_table_new ("", 2));
  g_assert_cmpstr (empty, ==, "");
}

static void
test_round_trips (void)
{
  const struct
  {
    gint64 microseconds;
    const char *text;
  } cases[] = { { 0, "0.00 ms" }, { 1234, "1.23 ms" }, { 56789, "56.8 ms" }, { 1234567, "1235 ms" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_cli_format_rtt (cases[i].microseconds);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_bytes (void)
{
  const struct
  {
    guint64 bytes;
    const char *text;
    const char *rate;
  } cases[] = {
    { 0, "0 B", "0 bit/s" },
    { 999, "999 B", "8.0 kbit/s" },
    { 1000, "1.0 KiB", "8.0 kbit/s" },
    { 10137, "9.9 KiB", "81 kbit/s" },
    { 10189, "10 KiB", "82 kbit/s" },
    { 1023487, "999 KiB", "8.2 Mbit/s" },
    { 1023488, "1.0 MiB", "8.2 Mbit/s" },
    { 268435456, "256 MiB", "2.1 Gbit/s" },
    { G_MAXUINT64, "16 EiB", "147573953 Tbit/s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_cli_format_bytes (cases[i].bytes);
      g_autofree char *rate = peerup_cli_format_rate (cases[i].bytes);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_cmpstr (rate, ==, cases[i].rate);
    }
}

static void
test_wrapping (void)
{
  const struct
  {
    const char *text;
    const char *wrapped;
  } cases[] = {
    { "", "  \n" },
    { "aaa bb ccc", "  aaa bb\n  ccc\n" },
    { "ääääää b", "  ääääää\n  b\n" },
    { "toolongaword b", "  toolongaword\n  b\n" },
    { "a\nb c", "  a\n  b c\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *wrapped = peerup_cli_wrap (cases[i].text, "  ", 6);

      g_assert_cmpstr (wrapped, ==, cases[i].wrapped);
    }
}

static void
test_ages (void)
{
  const struct
  {
    gint64 seconds;
    const char *text;
  } cases[] = { { -1, "0 s" },   { 59, "59 s" },     { 60, "1 min" },         { 3599, "59 min 59 s" },
                { 3600, "1 h" }, { 86400, "1 day" }, { 200000, "2 days 7 h" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_cli_format_duration (cases[i].seconds);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_durations (void)
{
  const struct
  {
    const char *text;
    gint64 microseconds;
  } good[] = { { "1s", 1000000 }, { "500ms", 500000 },     { "0.25", 250000 },
               { "2", 2000000 },  { "1h30m", 5400000000 }, { "7d", 604800000000 } };
  const char *const bad[] = { "",   "0",    "0s",  "-1s", "-1",  "soon", "1 s",
                              "1x", "0x10", "nan", "inf", "1e3", "d",    "99999999999" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      gint64 microseconds = 0;

      g_assert_true (peerup_cli_parse_duration (good[i].text, &microseconds, NULL));
      g_assert_cmpint (microseconds, ==, good[i].microseconds);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 microseconds;

      g_assert_false (peerup_cli_parse_duration (bad[i], &microseconds, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/output/columns", test_columns);
  g_test_add_func ("/cli/output/round-trips", test_round_trips);
  g_test_add_func ("/cli/output/bytes", test_bytes);
  g_test_add_func ("/cli/output/wrapping", test_wrapping);
  g_test_add_func ("/cli/output/ages", test_ages);
  g_test_add_func ("/cli/output/durations", test_durations);
  return g_test_run ();
}
