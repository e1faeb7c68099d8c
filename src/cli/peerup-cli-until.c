/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Ends of authorizations and grants on the command line. Times are given, so that tests can be literal; the weekday
 * and the hour are those of the machine's time zone, because a person reads them.
 */
#include "cli/peerup-cli-until.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli.h"
#include "trust/peerup-expires.h"

/* Nearer than this the weekday says which day it is. */
#define WEEK (6 * 24 * 60 * 60)

gboolean
peerup_cli_parse_until (const char *text, const char *option, gint64 now, gint64 *until, GError **error)
{
  g_autofree char *written = NULL;
  gint64 microseconds;

  *until = PEERUP_EXPIRES_NEVER;
  if (g_str_equal (text, "forever"))
    return TRUE;
  if (!peerup_expires_parse (text, until))
    {
      if (!peerup_cli_parse_duration (text, &microseconds, NULL))
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("“%s” is no time: write %s as 2026-01-31T18:00:00Z, 1h30m or 7d"), text, option);
          return FALSE;
        }
      *until = now + MAX (microseconds / G_USEC_PER_SEC, 1);
    }
  written = peerup_expires_format (*until);
  if (*until > now && written != NULL)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               written != NULL ? _ ("%s %s is over already") : _ ("%s %s is after the year 9999: write forever"),
               option, text);
  return FALSE;
}

/* "3 days", of a time that people plan by: the large unit alone. */
static char *
format_distance (gint64 seconds)
{
  gint64 days = seconds / (24 * 60 * 60);

  if (days >= 2)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d day", "%d days", (gulong) days), (int) days);
  return peerup_cli_format_duration (seconds);
}

char *
peerup_cli_format_until (gint64 until, gint64 now)
{
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *day = NULL;
  g_autofree char *distance = NULL;

  if (until == PEERUP_EXPIRES_NEVER)
    return g_strdup (_ ("for ever"));
  if (until == PEERUP_EXPIRES_MALFORMED)
    return g_strdup (_ ("ended: its end cannot be read"));
  distance = format_distance (ABS (until - now));
  if (until <= now)
    return g_strdup_printf (_ ("ended %s ago"), distance);
  time = g_date_time_new_from_unix_local (until);
  day = time != NULL ? g_date_time_format (time, until - now < WEEK ? "%A %H:%M" : "%-d %B %Y %H:%M") : NULL;
  return g_strdup_printf (/* TRANSLATORS: "until Sunday 18:00 (in 3 days)" */ _ ("until %s (in %s)"),
                          day != NULL ? day : "?", distance);
}
