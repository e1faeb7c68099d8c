/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* JSON as values of a GVariant type, checked and exact. Errors name the member by its way from the top:
 * "options.services[1]".
 */
#include "http/peerup-http-json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *const type_names[] = {
  [PEERUP_JSON_NULL] = "null",        [PEERUP_JSON_FALSE] = "false",     [PEERUP_JSON_TRUE] = "true",
  [PEERUP_JSON_NUMBER] = "a number",  [PEERUP_JSON_STRING] = "a string", [PEERUP_JSON_ARRAY] = "an array",
  [PEERUP_JSON_OBJECT] = "an object",
};

static GVariant *
fail (const char *what, const char *wanted, const PeerupJson *json, GError **error)
{
  PeerupJsonType type = peerup_json_get_type (json);

  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "“%s” must be %s, not %s", what, wanted,
               type == PEERUP_JSON_NUMBER ? peerup_json_get_text (json) : type_names[type]);
  return NULL;
}

static gboolean
is_integer (const char *number)
{
  return strpbrk (number, ".eE") == NULL;
}

static GVariant *
read_signed (const PeerupJson *json, gint64 min, gint64 max, const char *what, gint64 *value, GError **error)
{
  g_autofree char *wanted = NULL;

  if (peerup_json_get_type (json) == PEERUP_JSON_NUMBER && is_integer (peerup_json_get_text (json)))
    {
      errno = 0;
      *value = g_ascii_strtoll (peerup_json_get_text (json), NULL, 10);
      if (errno == 0 && *value >= min && *value <= max)
        return g_variant_new_int64 (*value);
    }
  wanted = g_strdup_printf ("an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
  return fail (what, wanted, json, error);
}

static GVariant *
read_unsigned (const PeerupJson *json, guint64 max, const char *what, guint64 *value, GError **error)
{
  g_autofree char *wanted = NULL;

  if (peerup_json_get_type (json) == PEERUP_JSON_NUMBER && is_integer (peerup_json_get_text (json)) &&
      peerup_json_get_text (json)[0] != '-')
    {
      errno = 0;
      *value = g_ascii_strtoull (peerup_json_get_text (json), NULL, 10);
      if (errno == 0 && *value <= max)
        return g_variant_new_uint64 (*value);
    }
  wanted = g_strdup_printf ("an integer from 0 to %" G_GUINT64_FORMAT, max);
  return fail (what, wanted, json, error);
}

static GVariant *
read_small_signed (const PeerupJson *json, char kind, const char *what, GError **error)
{
  gint64 value = 0;
  g_autoptr (GVariant) read = NULL;

  read = read_signed (json, kind == 'n' ? G_MININT16 : G_MININT32, kind == 'n' ? G_MAXINT16 : G_MAXINT32, what, &value,
                      error);
  if (read == NULL)
    return NULL;
  return kind == 'n' ? g_variant_new_int16 ((gint16) value) : g_variant_new_int32 ((gint32) value);
}

static GVariant *
read_small_unsigned (const PeerupJson *json, char kind, const char *what, GError **error)
{
  guint64 max = kind == 'y' ? G_MAXUINT8 : kind == 'q' ? G_MAXUINT16 : G_MAXUINT32, value = 0;
  g_autoptr (GVariant) read = read_unsigned (json, max, what, &value, error);

  if (read == NULL)
    return NULL;
  return kind == 'y'   ? g_variant_new_byte ((guint8) value)
         : kind == 'q' ? g_variant_new_uint16 ((guint16) value)
                       : g_variant_new_uint32 ((guint32) value);
}

static GVariant *
read_double (const PeerupJson *json, const char *what, GError **error)
{
  double value = peerup_json_get_type (json) == PEERUP_JSON_NUMBER ? g_ascii_strtod (peerup_json_get_text (json), NULL)
                                                                   : (double) NAN;

  return isfinite (value) ? g_variant_new_double (value) : fail (what, "a number", json, error);
}

/* By their kind alone */

static gboolean
is_strings (const PeerupJson *array)
{
  for (guint i = 0; i < peerup_json_get_length (array); i++)
    if (peerup_json_get_type (peerup_json_get_element (array, i)) != PEERUP_JSON_STRING)
      return FALSE;
  return TRUE;
}

static const char *
type_of_number (const char *number)
{
  if (!is_integer (number))
    return "d";
  errno = 0;
  g_ascii_strtoll (number, NULL, 10);
  return errno == ERANGE && number[0] != '-' ? "t" : "x";
}

static GVariant *
read_any (const PeerupJson *json, const char *what, GError **error)
{
  const char *type = NULL;
  GVariant *value;

  switch (peerup_json_get_type (json))
    {
    case PEERUP_JSON_STRING:
      type = "s";
      break;
    case PEERUP_JSON_FALSE:
    case PEERUP_JSON_TRUE:
      type = "b";
      break;
    case PEERUP_JSON_NUMBER:
      type = type_of_number (peerup_json_get_text (json));
      break;
    case PEERUP_JSON_ARRAY:
      type = is_strings (json) ? "as" : "av";
      break;
    case PEERUP_JSON_OBJECT:
      type = "a{sv}";
      break;
    case PEERUP_JSON_NULL:
    default:
      return fail (what, "a value", json, error);
    }
  value = peerup_json_to_variant (json, G_VARIANT_TYPE (type), what, error);
  return value != NULL ? g_variant_new_variant (value) : NULL;
}

/* Of parts */

static GVariant *
read_dictionary (const PeerupJson *json, const GVariantType *type, const char *what, GError **error)
{
  const GVariantType *value_type = g_variant_type_value (g_variant_type_element (type));
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);

  if (peerup_json_get_type (json) != PEERUP_JSON_OBJECT)
    return fail (what, "an object", json, error);
  for (guint i = 0; i < peerup_json_get_length (json); i++)
    {
      const char *name = peerup_json_get_name (json, i);
      g_autofree char *member = *what != '\0' ? g_strdup_printf ("%s.%s", what, name) : g_strdup (name);
      GVariant *value = peerup_json_to_variant (peerup_json_get_element (json, i), value_type, member, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, g_variant_new_dict_entry (g_variant_new_string (name), value));
    }
  return g_variant_builder_end (&builder);
}

/* Of an array, or of a tuple with its @types. */
static GVariant *
read_elements (const PeerupJson *json, const GVariantType *type, const char *what, GError **error)
{
  gboolean is_tuple = g_variant_type_is_tuple (type);
  const GVariantType *element_type = is_tuple ? g_variant_type_first (type) : g_variant_type_element (type);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (type);

  if (peerup_json_get_type (json) != PEERUP_JSON_ARRAY ||
      (is_tuple && peerup_json_get_length (json) != g_variant_type_n_items (type)))
    return fail (what, is_tuple ? "an array of as many values as it has parts" : "an array", json, error);
  for (guint i = 0; i < peerup_json_get_length (json); i++)
    {
      g_autofree char *element = g_strdup_printf ("%s[%u]", what, i);
      GVariant *value = peerup_json_to_variant (peerup_json_get_element (json, i), element_type, element, error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
      if (is_tuple)
        element_type = g_variant_type_next (element_type);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
read_maybe (const PeerupJson *json, const GVariantType *type, const char *what, GError **error)
{
  const GVariantType *element_type = g_variant_type_element (type);
  GVariant *value;

  if (peerup_json_get_type (json) == PEERUP_JSON_NULL)
    return g_variant_new_maybe (element_type, NULL);
  value = peerup_json_to_variant (json, element_type, what, error);
  return value != NULL ? g_variant_new_maybe (element_type, value) : NULL;
}

static GVariant *
read_basic (const PeerupJson *json, char kind, const char *what, GError **error)
{
  PeerupJsonType type = peerup_json_get_type (json);
  gint64 value;
  guint64 unsigned_value;

  switch (kind)
    {
    case 's':
      return type == PEERUP_JSON_STRING ? g_variant_new_string (peerup_json_get_text (json))
                                        : fail (what, "a string", json, error);
    case 'b':
      return type == PEERUP_JSON_TRUE || type == PEERUP_JSON_FALSE ? g_variant_new_boolean (type == PEERUP_JSON_TRUE)
                                                                   : fail (what, "true or false", json, error);
    case 'x':
      return read_signed (json, G_MININT64, G_MAXINT64, what, &value, error);
    case 't':
      return read_unsigned (json, G_MAXUINT64, what, &unsigned_value, error);
    case 'n':
    case 'i':
      return read_small_signed (json, kind, what, error);
    case 'y':
    case 'q':
    case 'u':
      return read_small_unsigned (json, kind, what, error);
    case 'd':
      return read_double (json, what, error);
    default:
      return fail (what, "of a kind that can be said in JSON", json, error);
    }
}

GVariant *
peerup_json_to_variant (const PeerupJson *self, const GVariantType *type, const char *what, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (g_variant_type_is_definite (type), NULL);

  if (g_variant_type_is_variant (type))
    return read_any (self, what, error);
  if (g_variant_type_is_maybe (type))
    return read_maybe (self, type, what, error);
  if (g_variant_type_is_subtype_of (type, G_VARIANT_TYPE ("a{s*}")))
    return read_dictionary (self, type, what, error);
  if (g_variant_type_is_basic (type) || g_variant_type_is_dict_entry (type) ||
      g_variant_type_is_subtype_of (type, G_VARIANT_TYPE_DICTIONARY))
    return read_basic (self, *g_variant_type_peek_string (type), what, error);
  return read_elements (self, type, what, error);
}

GVariant *
peerup_json_parse_object (GBytes *body, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  g_autoptr (PeerupJson) json = NULL;
  GVariant *value;

  if (length == 0)
    return g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  json = peerup_json_parse (text, length, error);
  if (json == NULL)
    return NULL;
  if (peerup_json_get_type (json) != PEERUP_JSON_OBJECT)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "the body must be a JSON object");
      return NULL;
    }
  value = peerup_json_to_variant (json, G_VARIANT_TYPE_VARDICT, "", error);
  return value != NULL ? g_variant_ref_sink (value) : NULL;
}
