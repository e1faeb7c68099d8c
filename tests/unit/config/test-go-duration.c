/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The values are those that Go's time.ParseDuration() and Duration.String() give. */

#include "config/peerup-go-duration.h"

#include <string.h>

#include "wire/peerup-error.h"

#define US G_GINT64_CONSTANT (1000)
#define MS (1000 * US)
#define S  (1000 * MS)
#define M  (60 * S)
#define H  (60 * M)

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    gint64 value;
  } cases[] = {
    { "0", 0 },
    { "+0", 0 },
    { "-0", 0 },
    { "5s", 5 * S },
    { "30s", 30 * S },
    { "1478s", 1478 * S },
    { "-5s", -5 * S },
    { "+5s", 5 * S },
    { "5.0s", 5 * S },
    { "5.6s", 5 * S + 600 * MS },
    { "5.s", 5 * S },
    { ".5s", 500 * MS },
    { "1.0040s", 1 * S + 4 * MS },
    { "100.00100s", 100 * S + 1 * MS },
    { "10ns", 10 },
    { "11us", 11 * US },
    { "12\302\265s", 12 * US },
    { "12\316\274s", 12 * US },
    { "13ms", 13 * MS },
    { "15m", 15 * M },
    { "16h", 16 * H },
    { "3h30m", 3 * H + 30 * M },
    { "10.5s4m", 4 * M + 10 * S + 500 * MS },
    { "-2m3.4s", -(2 * M + 3 * S + 400 * MS) },
    { "1h2m3s4ms5us6ns", 1 * H + 2 * M + 3 * S + 4 * MS + 5 * US + 6 },
    { "39h9m14.425s", 39 * H + 9 * M + 14 * S + 425 * MS },
    { "52763797000ns", 52763797000 },
    { "0.3333333333333333333h", 20 * M },
    { "0.100000000000000000000h", 6 * M },
    { "0.830103483285477580700h", 49 * M + 48 * S + 372539827 },
    { "0.9223372036854775807s", 922337203 },
    { "9007199254740993ns", G_GINT64_CONSTANT (9007199254740993) },
    { "9223372036854775807ns", G_MAXINT64 },
    { "9223372036854775.807us", G_MAXINT64 },
    { "9223372036s854ms775us807ns", G_MAXINT64 },
    { "-9223372036854775807ns", -G_MAXINT64 },
    { "-9223372036854775808ns", G_MININT64 },
    { "-9223372036854775.808us", G_MININT64 },
    { "-2562047h47m16.854775808s", G_MININT64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 value = -1;

      g_test_message ("%s", cases[i].text);
      g_assert_true (peerup_go_duration_parse (cases[i].text, &value, &error));
      g_assert_no_error (error);
      g_assert_cmpint (value, ==, cases[i].value);
    }
}

static void
test_refuse (void)
{
  static const char *const cases[] = {
    "",
    "3",
    "-",
    "+",
    "s",
    ".",
    "-.",
    ".s",
    "+.s",
    "1d",
    "1w",
    "5 s",
    " 5s",
    "5s ",
    "5S",
    "--5s",
    "1.2.3s",
    "1s2",
    "0s1",
    "00",
    "0x5s",
    "1e3s",
    "\302\265s",
    "1\302s",
    "1m\302\265",
    /* past 64 bits, whole, after multiplication and in the sum */
    "9223372036854775810ns",
    "9223372036854775808ns",
    "9223372036854776us",
    "3000000h",
    "100000000000000000000h",
    "-9223372036854775809ns",
    "9223372036854775807ns1ns",
    "2562047h47m16.854775808s",
    "1000000000000000000h0.5s",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 value = 42;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_false (peerup_go_duration_parse (cases[i], &value, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_cmpint (value, ==, 42);
    }
}

static void
test_format (void)
{
  static const struct
  {
    const char *text;
    gint64 value;
  } cases[] = {
    { "0s", 0 },
    { "1ns", 1 },
    { "1.1\302\265s", 1100 },
    { "2.2ms", 2200 * US },
    { "3.3s", 3300 * MS },
    { "4m5s", 4 * M + 5 * S },
    { "4m5.001s", 4 * M + 5001 * MS },
    { "5h6m7.001s", 5 * H + 6 * M + 7001 * MS },
    { "2m0s", 2 * M },
    { "1h0m0s", H },
    { "-1.5s", -1500 * MS },
    { "2562047h47m16.854775807s", G_MAXINT64 },
    { "-2562047h47m16.854775808s", G_MININT64 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_go_duration_format (cases[i].value);
      gint64 back;

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_true (peerup_go_duration_parse (text, &back, NULL));
      g_assert_cmpint (back, ==, cases[i].value);
    }
}

/* Each prefix decodes or fails, and none is read past its end. */
static void
test_prefixes (void)
{
  static const char whole[] = "-1h2.5m3\302\265s";

  for (gsize length = 0; length < sizeof whole; length++)
    {
      g_autofree char *text = g_strndup (whole, length);
      g_autoptr (GError) error = NULL;
      gint64 value;

      if (!peerup_go_duration_parse (text, &value, &error))
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/go-duration/parse", test_parse);
  g_test_add_func ("/config/go-duration/refuse", test_refuse);
  g_test_add_func ("/config/go-duration/format", test_format);
  g_test_add_func ("/config/go-duration/prefixes", test_prefixes);
  return g_test_run ();
}
