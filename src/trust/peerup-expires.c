/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The time stamps of authorized_keys: RFC 3339, section 5.6, with an upper-case T and Z
 * as Go writes and reads them. Stateless, no clock. Refuses the rest of ISO 8601, which
 * GLib would take: a date without an offset would mean another moment on each machine.
 */
#include "trust/peerup-expires.h"

#include <string.h>

/* '0' stands for a digit. */
static gboolean
has_shape (const char *text, const char *shape)
{
  for (; *shape != '\0'; text++, shape++)
    if (*shape == '0' ? !g_ascii_isdigit (*text) : *text != *shape)
      return FALSE;
  return TRUE;
}

static gboolean
is_offset (const char *text)
{
  return g_str_equal (text, "Z") || (strlen (text) == 6 && (has_shape (text, "+00:00") || has_shape (text, "-00:00")));
}

gboolean
peerup_expires_parse (const char *text, gint64 *seconds)
{
  const char *rest;
  g_autofree char *whole = NULL;
  g_autoptr (GDateTime) time = NULL;

  g_return_val_if_fail (text != NULL && seconds != NULL, FALSE);

  if (!has_shape (text, "0000-00-00T00:00:00"))
    return FALSE;
  rest = text + strlen ("0000-00-00T00:00:00");
  if (has_shape (rest, ".0"))
    for (rest++; g_ascii_isdigit (*rest); rest++)
      ;
  if (!is_offset (rest))
    return FALSE;
  whole = g_strdup_printf ("%.19s%s", text, rest);
  time = g_date_time_new_from_iso8601 (whole, NULL);
  if (time == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (time);
  return TRUE;
}

char *
peerup_expires_format (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  if (time == NULL)
    return NULL;
  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02dZ", g_date_time_get_year (time), g_date_time_get_month (time),
                          g_date_time_get_day_of_month (time), g_date_time_get_hour (time),
                          g_date_time_get_minute (time), g_date_time_get_second (time));
}
