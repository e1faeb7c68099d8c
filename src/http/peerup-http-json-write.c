/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Values as JSON, on one line, as Go's encoder writes them: clients of the original see the same bytes.
 */
#include "http/peerup-http-json.h"

#include <math.h>
#include <string.h>

/* Of a double: what no shorter text of can be told from it. */
#define DIGITS_MAX 17

static const char *
escape_of (gunichar c)
{
  switch (c)
    {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    default:
      return NULL;
    }
}

static gboolean
needs_code (gunichar c)
{
  return c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
}

void
peerup_json_append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      const char *escape = escape_of (c);

      if (escape != NULL)
        g_string_append (out, escape);
      else if (needs_code (c))
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_len (out, p, g_utf8_next_char (p) - p);
    }
  g_string_append_c (out, '"');
}

/* "d.ddde±x", the shortest that is read as @value again. */
static void
format_shortest (char buffer[G_ASCII_DTOSTR_BUF_SIZE], double value)
{
  for (int digits = 0; digits < DIGITS_MAX; digits++)
    {
      char format[8];

      g_snprintf (format, sizeof format, "%%.%de", digits);
      g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        return;
    }
}

/* The digits of a number and where its point is, without an exponent. */
static void
append_plain (GString *out, const char *digits, int exponent)
{
  int n = (int) strlen (digits);

  if (exponent < 0)
    {
      g_string_append (out, "0.");
      for (int i = -1; i > exponent; i--)
        g_string_append_c (out, '0');
      g_string_append (out, digits);
      return;
    }
  for (int i = 0; i < MAX (n, exponent + 1); i++)
    {
      if (i == exponent + 1)
        g_string_append_c (out, '.');
      g_string_append_c (out, i < n ? digits[i] : '0');
    }
}

static void
append_double (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  g_autoptr (GString) digits = NULL;
  const char *e;
  int exponent;

  if (!isfinite (value))
    {
      g_string_append (out, "null");
      return;
    }
  if (signbit (value))
    g_string_append_c (out, '-');
  value = fabs (value);
  format_shortest (buffer, value);
  e = strchr (buffer, 'e');
  exponent = (int) g_ascii_strtoll (e + 1, NULL, 10);
  digits = g_string_new_len (buffer, 1);
  if (buffer[1] == '.')
    g_string_append_len (digits, buffer + 2, e - buffer - 2);
  if (value == 0 || (value >= 1e-6 && value < 1e21))
    append_plain (out, digits->str, exponent);
  else
    g_string_append_printf (out, "%.*se%c%d", (int) (e - buffer), buffer, exponent < 0 ? '-' : '+', ABS (exponent));
}

static void
append_basic (GString *out, GVariant *value)
{
  switch ((int) g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      g_string_append (out, g_variant_get_boolean (value) ? "true" : "false");
      break;
    case G_VARIANT_CLASS_BYTE:
      g_string_append_printf (out, "%u", g_variant_get_byte (value));
      break;
    case G_VARIANT_CLASS_INT16:
      g_string_append_printf (out, "%d", g_variant_get_int16 (value));
      break;
    case G_VARIANT_CLASS_UINT16:
      g_string_append_printf (out, "%u", g_variant_get_uint16 (value));
      break;
    case G_VARIANT_CLASS_INT32:
      g_string_append_printf (out, "%d", g_variant_get_int32 (value));
      break;
    case G_VARIANT_CLASS_HANDLE:
      g_string_append_printf (out, "%d", g_variant_get_handle (value));
      break;
    case G_VARIANT_CLASS_UINT32:
      g_string_append_printf (out, "%u", g_variant_get_uint32 (value));
      break;
    case G_VARIANT_CLASS_INT64:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, g_variant_get_int64 (value));
      break;
    case G_VARIANT_CLASS_UINT64:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, g_variant_get_uint64 (value));
      break;
    case G_VARIANT_CLASS_DOUBLE:
      append_double (out, g_variant_get_double (value));
      break;
    default:
      peerup_json_append_string (out, g_variant_get_string (value, NULL));
      break;
    }
}

/* An array, a tuple, a pair of a dictionary, or a dictionary with keys that are strings. */
static void
append_parts (GString *out, GVariant *value)
{
  gboolean is_object = g_variant_is_of_type (value, G_VARIANT_TYPE ("a{s*}"));
  gsize n = g_variant_n_children (value);

  g_string_append_c (out, is_object ? '{' : '[');
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (i > 0)
        g_string_append_c (out, ',');
      if (is_object)
        {
          g_autoptr (GVariant) key = g_variant_get_child_value (child, 0);
          g_autoptr (GVariant) member = g_variant_get_child_value (child, 1);

          peerup_json_append_string (out, g_variant_get_string (key, NULL));
          g_string_append_c (out, ':');
          peerup_json_append_variant (out, member);
        }
      else
        peerup_json_append_variant (out, child);
    }
  g_string_append_c (out, is_object ? '}' : ']');
}

void
peerup_json_append_variant (GString *out, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT) || g_variant_is_of_type (value, G_VARIANT_TYPE_MAYBE))
    {
      g_autoptr (GVariant) inner = g_variant_n_children (value) > 0 ? g_variant_get_child_value (value, 0) : NULL;

      if (inner != NULL)
        peerup_json_append_variant (out, inner);
      else
        g_string_append (out, "null");
    }
  else if (g_variant_is_container (value))
    append_parts (out, value);
  else
    append_basic (out, value);
}
