/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/device/peerup-until.h"

/* Tuesday, 2026-03-10 20:00:00 UTC */
#define NOW  1773172800
#define HOUR 3600
#define DAY  (24 * HOUR)

static void
assert_words (gint64 until, const char *zone_name, const char *words)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (zone_name);
  g_autofree char *text = peerup_until_format (until, NOW, zone);

  g_assert_nonnull (zone);
  g_assert_cmpstr (text, ==, words);
}

static void
test_words (void)
{
  assert_words (0, "UTC", "Always");
  assert_words (NOW - 1, "UTC", "Ended");
  assert_words (NOW, "UTC", "Ended");
  assert_words (NOW + HOUR, "UTC", "Until 21:00");
  assert_words (NOW + 4 * HOUR - 1, "UTC", "Until 23:59");
  assert_words (NOW + 4 * HOUR, "UTC", "Until 00:00 tomorrow");
  assert_words (NOW + DAY, "UTC", "Until 20:00 tomorrow");
  assert_words (NOW + 2 * DAY, "UTC", "Until Thursday, 20:00");
  assert_words (NOW + 6 * DAY, "UTC", "Until Monday, 20:00");
  /* That day has the name of this one. */
  assert_words (NOW + 7 * DAY, "UTC", "Until 17 March 2026, 20:00");
  assert_words (NOW + 365 * DAY, "UTC", "Until 10 March 2027, 20:00");
  /* Days are those of the person. */
  assert_words (NOW + HOUR, "+05:00", "Until 02:00");
  assert_words (NOW + HOUR, "+03:00", "Until 00:00 tomorrow");
  assert_words (G_MAXINT64, "UTC", "Always");
}

static void
test_end_of_day (void)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GTimeZone) east = g_time_zone_new_identifier ("+05:00");

  g_assert_cmpint (peerup_until_end_of_day (NOW, 0, utc), ==, NOW + 4 * HOUR - 60);
  g_assert_cmpint (peerup_until_end_of_day (NOW, 3, utc), ==, NOW + 3 * DAY + 4 * HOUR - 60);
  /* It is Wednesday there. */
  g_assert_cmpint (peerup_until_end_of_day (NOW, 0, east), ==, NOW + 23 * HOUR - 60);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device/until/words", test_words);
  g_test_add_func ("/app/device/until/end-of-day", test_end_of_day);
  return g_test_run ();
}
