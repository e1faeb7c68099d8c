/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Ends of grants in words. Pure. */
#include "app/device/peerup-until.h"

#include <glib/gi18n.h>

/* Days between two dates of one calendar. */
static int
count_days (GDateTime *from, GDateTime *to)
{
  GDate a, b;

  g_date_clear (&a, 1);
  g_date_clear (&b, 1);
  g_date_set_dmy (&a, (GDateDay) g_date_time_get_day_of_month (from), (GDateMonth) g_date_time_get_month (from),
                  (GDateYear) g_date_time_get_year (from));
  g_date_set_dmy (&b, (GDateDay) g_date_time_get_day_of_month (to), (GDateMonth) g_date_time_get_month (to),
                  (GDateYear) g_date_time_get_year (to));
  return g_date_days_between (&a, &b);
}

char *
peerup_until_format (gint64 until, gint64 now, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc_end = NULL;
  g_autoptr (GDateTime) utc_now = NULL;
  g_autoptr (GDateTime) end = NULL;
  g_autoptr (GDateTime) today = NULL;
  int days;

  if (until == 0)
    return g_strdup (_ ("Always"));
  utc_end = g_date_time_new_from_unix_utc (until);
  utc_now = g_date_time_new_from_unix_utc (now);
  end = utc_end != NULL ? g_date_time_to_timezone (utc_end, zone) : NULL;
  today = utc_now != NULL ? g_date_time_to_timezone (utc_now, zone) : NULL;
  /* Further than any calendar goes. */
  if (end == NULL || today == NULL)
    return g_strdup (_ ("Always"));
  if (until <= now)
    return g_strdup (_ ("Ended"));
  days = count_days (today, end);
  if (days == 0)
    /* TRANSLATORS: when a permission ends, today; see strftime(3) */
    return g_date_time_format (end, _ ("Until %H:%M"));
  if (days == 1)
    /* TRANSLATORS: when a permission ends; see strftime(3) */
    return g_date_time_format (end, _ ("Until %H:%M tomorrow"));
  if (days < 7)
    /* TRANSLATORS: when a permission ends, within a week: %A is the day of the week; see strftime(3) */
    return g_date_time_format (end, _ ("Until %A, %H:%M"));
  /* TRANSLATORS: when a permission ends, later than in a week; see strftime(3) */
  return g_date_time_format (end, _ ("Until %-d %B %Y, %H:%M"));
}

gint64
peerup_until_end_of_day (gint64 now, int days, GTimeZone *zone)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (now);
  g_autoptr (GDateTime) today = utc != NULL ? g_date_time_to_timezone (utc, zone) : NULL;
  g_autoptr (GDateTime) day = today != NULL ? g_date_time_add_days (today, days) : NULL;
  g_autoptr (GDateTime) end = NULL;

  if (day != NULL)
    end = g_date_time_new (zone, g_date_time_get_year (day), g_date_time_get_month (day),
                           g_date_time_get_day_of_month (day), 23, 59, 0);
  return end != NULL ? g_date_time_to_unix (end) : 0;
}
