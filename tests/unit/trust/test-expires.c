/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "trust/peerup-expires.h"

static void
assert_time (const char *text, gint64 expected)
{
  gint64 seconds = -1;

  g_assert_true (peerup_expires_parse (text, &seconds));
  g_assert_cmpint (seconds, ==, expected);
}

static void
test_good (void)
{
  assert_time ("1970-01-01T00:00:00Z", 0);
  assert_time ("2026-01-31T18:00:00Z", 1769882400);
  assert_time ("2026-01-31T19:00:00+01:00", 1769882400);
  assert_time ("2026-01-31T12:30:00-05:30", 1769882400);
  assert_time ("2026-01-31T18:00:00-00:00", 1769882400);
  assert_time ("2026-01-31T18:00:00.999999999Z", 1769882400);
  assert_time ("2024-02-29T00:00:00Z", 1709164800);
  assert_time ("9999-12-31T23:59:59Z", 253402300799);
}

static void
test_bad (void)
{
  static const char *const texts[] = {
    "",
    "never",
    "2026",
    "2026-01-31",
    "2026-01-31T18:00Z",
    "2026-01-31T18:00:00",
    "2026-01-31 18:00:00Z",
    "2026-01-31t18:00:00z",
    "20260131T180000Z",
    "2026-W05-6T18:00:00Z",
    "2026-02-30T18:00:00Z",
    "2026-13-01T18:00:00Z",
    "2026-01-31T25:00:00Z",
    "2026-01-31T18:00:00+1:00",
    "2026-01-31T18:00:00+0100",
    "2026-01-31T18:00:00.Z",
    "2026-01-31T18:00:00,5Z",
    "2026-01-31T18:00:00Z ",
    "2026-01-31T18:00:00ZZ",
    "+2026-01-31T18:00:00Z",
    "1769882400",
    "2026-01-31T18:00:00+99:99",
  };
  gint64 seconds;

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_test_message ("%s", texts[i]);
      g_assert_false (peerup_expires_parse (texts[i], &seconds));
    }
}

static void
test_truncation (void)
{
  static const char whole[] = "2026-01-31T18:00:00+01:00";
  gint64 seconds;

  for (gsize i = 0; i < sizeof whole - 1; i++)
    {
      g_autofree char *part = g_strndup (whole, i);

      g_assert_false (peerup_expires_parse (part, &seconds));
    }
}

static void
test_format (void)
{
  g_autofree char *text = peerup_expires_format (1769882400);
  g_autofree char *early = peerup_expires_format (-62135596800);
  g_autofree char *too_far = peerup_expires_format (G_MAXINT64 - 1);

  g_assert_cmpstr (text, ==, "2026-01-31T18:00:00Z");
  assert_time (early, -62135596800);
  g_assert_null (too_far);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/expires/good", test_good);
  g_test_add_func ("/trust/expires/bad", test_bad);
  g_test_add_func ("/trust/expires/truncation", test_truncation);
  g_test_add_func ("/trust/expires/format", test_format);
  return g_test_run ();
}
