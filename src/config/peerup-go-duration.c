/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Durations of the Go language, read and printed exactly as Go does, because the
 * configuration file is shared with programs written in it. Pure functions.
 * Saturates nothing: what does not fit in 64 bits of nanoseconds is refused. */

#include "config/peerup-go-duration.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-error.h"

#define GO_MICROSECOND G_GUINT64_CONSTANT (1000)
#define GO_MILLISECOND G_GUINT64_CONSTANT (1000000)
#define GO_SECOND      G_GUINT64_CONSTANT (1000000000)
#define GO_MINUTE      (60 * GO_SECOND)
#define GO_HOUR        (60 * GO_MINUTE)
/* -2⁶³ ns is a duration, so sums run up to this before the sign is looked at. */
#define LIMIT (G_GUINT64_CONSTANT (1) << 63)

static const struct
{
  const char *name;
  guint64 nanoseconds;
} units[] = {
  { "ns", 1 },
  { "us", GO_MICROSECOND },
  { "\302\265s", GO_MICROSECOND }, /* U+00B5, micro sign */
  { "\316\274s", GO_MICROSECOND }, /* U+03BC, Greek mu */
  { "ms", GO_MILLISECOND },
  { "s", GO_SECOND },
  { "m", GO_MINUTE },
  { "h", GO_HOUR },
};

/* A unit runs up to the next digit, dot or the end, so that "ms" is never "m" and "s". */
static guint64
take_unit (const char **cursor)
{
  gsize length = strcspn (*cursor, ".0123456789");

  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (strlen (units[i].name) == length && memcmp (*cursor, units[i].name, length) == 0)
        {
          *cursor += length;
          return units[i].nanoseconds;
        }
    }
  return 0;
}

/* Returns the number of digits, or -1 if the number passes LIMIT. */
static int
take_integer (const char **cursor, guint64 *value)
{
  const char *start = *cursor;

  for (*value = 0; g_ascii_isdigit (**cursor); (*cursor)++)
    {
      guint digit = **cursor - '0';

      if (*value > (LIMIT - digit) / 10)
        return -1;
      *value = *value * 10 + digit;
    }
  return MIN (*cursor - start, G_MAXINT);
}

/* The digits after the dot as numerator over a power of ten; those that no longer fit
 * in 63 bits cannot change the result and are passed over, as Go does. */
static gsize
take_fraction (const char **cursor, guint64 *numerator, double *scale)
{
  const char *start = *cursor;
  gboolean full = FALSE;

  *numerator = 0;
  *scale = 1;
  for (; g_ascii_isdigit (**cursor); (*cursor)++)
    {
      guint digit = **cursor - '0';

      full = full || *numerator > (LIMIT - digit) / 10;
      if (full)
        continue;
      *numerator = *numerator * 10 + digit;
      *scale *= 10;
    }
  return *cursor - start;
}

/* One number with its unit, added to @sum. */
static gboolean
take_term (const char **cursor, guint64 *sum)
{
  guint64 whole, unit, numerator = 0, term;
  double scale = 1;
  int digits = take_integer (cursor, &whole);
  gsize fraction_digits = 0;

  if (digits < 0)
    return FALSE;
  if (**cursor == '.')
    {
      (*cursor)++;
      fraction_digits = take_fraction (cursor, &numerator, &scale);
    }
  if (digits == 0 && fraction_digits == 0)
    return FALSE;

  unit = take_unit (cursor);
  if (unit == 0 || whole > LIMIT / unit)
    return FALSE;
  /* At most one unit, so there is no overflow; in floating point because Go does it so,
   * and "0.3333333333333333333h" is 20 minutes there. */
  term = whole * unit + (guint64) ((double) numerator * ((double) unit / scale));
  if (term > LIMIT || *sum > LIMIT - term)
    return FALSE;
  *sum += term;
  return TRUE;
}

gboolean
peerup_go_duration_parse (const char *text, gint64 *nanoseconds, GError **error)
{
  const char *cursor = text;
  gboolean negative;
  guint64 sum = 0;

  g_return_val_if_fail (text != NULL, FALSE);
  g_return_val_if_fail (nanoseconds != NULL, FALSE);

  negative = *cursor == '-';
  if (*cursor == '-' || *cursor == '+')
    cursor++;

  if (strcmp (cursor, "0") != 0)
    {
      do
        {
          if (!take_term (&cursor, &sum))
            goto malformed;
        }
      while (*cursor != '\0');
    }
  if (sum == LIMIT && !negative)
    goto malformed;

  *nanoseconds = negative ? (gint64) (0 - sum) : (gint64) sum;
  return TRUE;

malformed:
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("“%s” is not a duration: write a number and a unit (ms, s, m, h), as in 30s, 2m or 1h30m"), text);
  return FALSE;
}

/* @value over @unit as a decimal with no trailing zeros: 1500, 1000 -> "1.5". */
static void
append_decimal (GString *out, guint64 value, guint64 unit)
{
  guint64 rest = value % unit;

  g_string_append_printf (out, "%" G_GUINT64_FORMAT, value / unit);
  if (rest == 0)
    return;
  g_string_append_c (out, '.');
  for (; rest != 0; rest = rest * 10 % unit)
    g_string_append_c (out, '0' + (char) (rest * 10 / unit));
}

char *
peerup_go_duration_format (gint64 nanoseconds)
{
  guint64 value = nanoseconds < 0 ? 0 - (guint64) nanoseconds : (guint64) nanoseconds;
  g_autoptr (GString) out = g_string_new (nanoseconds < 0 ? "-" : "");

  if (value == 0 || value >= GO_SECOND)
    {
      if (value >= GO_HOUR)
        g_string_append_printf (out, "%" G_GUINT64_FORMAT "h", value / GO_HOUR);
      if (value >= GO_MINUTE)
        g_string_append_printf (out, "%" G_GUINT64_FORMAT "m", value / GO_MINUTE % 60);
      append_decimal (out, value % GO_MINUTE, GO_SECOND);
      g_string_append_c (out, 's');
    }
  else
    {
      guint64 unit = value >= GO_MILLISECOND ? GO_MILLISECOND : value >= GO_MICROSECOND ? GO_MICROSECOND : 1;

      append_decimal (out, value, unit);
      g_string_append (out, unit == GO_MILLISECOND ? "ms" : unit == GO_MICROSECOND ? "\302\265s" : "ns");
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}
