/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The reader of JSON: one pass over bytes whose end it knows, which need not end with NUL. Numbers stay text, so that
 * none loses a digit. What it refuses beyond the grammar is what two readers could take for different things.
 */
#include "http/peerup-http-json.h"

#include <string.h>

/* From so many members on an object has an index. */
#define INDEX_MIN 16

struct _PeerupJson
{
  PeerupJsonType type;
  char *text;          /* of a string or a number */
  GPtrArray *elements; /* of an array or object; NULL without any */
  GPtrArray *names;    /* of an object; NULL without any */
  GHashTable *index;   /* (nullable): where each of names is, and one */
};

typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  guint depth;
  GError **error;
} Reader;

void
peerup_json_free (PeerupJson *self)
{
  g_clear_pointer (&self->elements, g_ptr_array_unref);
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_free (self->text);
  g_free (self);
}

static PeerupJson *
json_new (PeerupJsonType type)
{
  PeerupJson *self = g_new0 (PeerupJson, 1);

  self->type = type;
  return self;
}

static PeerupJson *read_value (Reader *self);

/* Where and why; NULL, to be returned. */
static gpointer
fail (Reader *self, const char *why)
{
  guint line = 1;
  const char *line_start = self->start;

  for (const char *p = self->start; p < self->at; p++)
    if (*p == '\n')
      {
        line++;
        line_start = p + 1;
      }
  g_set_error (self->error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "line %u, column %u of the JSON: %s", line,
               (guint) (self->at - line_start) + 1, why);
  return NULL;
}

static void
skip_blanks (Reader *self)
{
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\t' || *self->at == '\n' || *self->at == '\r'))
    self->at++;
}

static gboolean
take (Reader *self, char c)
{
  if (self->at == self->end || *self->at != c)
    return FALSE;
  self->at++;
  return TRUE;
}

static PeerupJson *
read_literal (Reader *self, const char *literal, PeerupJsonType type)
{
  gsize length = strlen (literal);

  if ((gsize) (self->end - self->at) < length || memcmp (self->at, literal, length) != 0)
    return fail (self, "there is no value here");
  self->at += length;
  return json_new (type);
}

/* Numbers */

static gsize
skip_digits (Reader *self)
{
  const char *start = self->at;

  while (self->at < self->end && g_ascii_isdigit (*self->at))
    self->at++;
  return (gsize) (self->at - start);
}

static PeerupJson *
read_number (Reader *self)
{
  const char *start = self->at;
  PeerupJson *number;

  take (self, '-');
  if (!take (self, '0') && skip_digits (self) == 0)
    return fail (self, "a number must have a digit here");
  if (take (self, '.') && skip_digits (self) == 0)
    return fail (self, "a number must have a digit here");
  if (take (self, 'e') || take (self, 'E'))
    {
      if (!take (self, '+'))
        take (self, '-');
      if (skip_digits (self) == 0)
        return fail (self, "a number must have a digit here");
    }
  number = json_new (PEERUP_JSON_NUMBER);
  number->text = g_strndup (start, (gsize) (self->at - start));
  return number;
}

/* Strings */

/* Behind "\u". */
static gboolean
read_unit (Reader *self, guint *unit)
{
  *unit = 0;
  if (self->end - self->at < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++, self->at++)
    {
      if (!g_ascii_isxdigit (*self->at))
        return FALSE;
      *unit = *unit * 16 + (guint) g_ascii_xdigit_value (*self->at);
    }
  return TRUE;
}

static gboolean
read_unicode (Reader *self, GString *out)
{
  guint unit, low;

  if (!read_unit (self, &unit))
    return fail (self, "behind “\\u” there must be four hexadecimal digits") != NULL;
  if (unit == 0)
    return fail (self, "a string must not have a NUL character") != NULL;
  if (unit >= 0xd800 && unit < 0xdc00)
    {
      if (!take (self, '\\') || !take (self, 'u') || !read_unit (self, &low) || low < 0xdc00 || low > 0xdfff)
        return fail (self, "half a surrogate pair is no character") != NULL;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
  else if (unit >= 0xdc00 && unit <= 0xdfff)
    return fail (self, "half a surrogate pair is no character") != NULL;
  g_string_append_unichar (out, unit);
  return TRUE;
}

/* Behind the backslash. */
static gboolean
read_escape (Reader *self, GString *out)
{
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  const char *found;

  if (take (self, 'u'))
    return read_unicode (self, out);
  found = self->at < self->end && *self->at != '\0' ? strchr (names, *self->at) : NULL;
  if (found == NULL)
    return fail (self, "there is no such escape") != NULL;
  g_string_append_c (out, values[found - names]);
  self->at++;
  return TRUE;
}

/* (transfer full): the text behind the quotation mark, which is passed. */
static char *
read_text (Reader *self)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (;;)
    {
      const char *plain = self->at;

      while (self->at < self->end && *self->at != '"' && *self->at != '\\' && (guint8) *self->at >= 0x20)
        self->at++;
      g_string_append_len (out, plain, self->at - plain);
      if (self->at == self->end)
        return fail (self, "a string has no end");
      if (take (self, '"'))
        return g_string_free (g_steal_pointer (&out), FALSE);
      if (!take (self, '\\'))
        return fail (self, "a string must not have a control character: escape it");
      if (!read_escape (self, out))
        return NULL;
    }
}

static PeerupJson *
read_string (Reader *self)
{
  char *text = read_text (self);
  PeerupJson *string;

  if (text == NULL)
    return NULL;
  string = json_new (PEERUP_JSON_STRING);
  string->text = text;
  return string;
}

/* Arrays and objects */

static PeerupJson *
read_array (Reader *self)
{
  g_autoptr (PeerupJson) array = json_new (PEERUP_JSON_ARRAY);

  skip_blanks (self);
  if (take (self, ']'))
    return g_steal_pointer (&array);
  array->elements = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_json_free);
  do
    {
      PeerupJson *element = read_value (self);

      if (element == NULL)
        return NULL;
      g_ptr_array_add (array->elements, element);
      skip_blanks (self);
    }
  while (take (self, ','));
  if (!take (self, ']'))
    return fail (self, "there must be “,” or “]” here");
  return g_steal_pointer (&array);
}

static void
index_names (PeerupJson *object)
{
  object->index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < object->names->len; i++)
    g_hash_table_insert (object->index, g_ptr_array_index (object->names, i), GUINT_TO_POINTER (i + 1));
}

static guint
find_name (const PeerupJson *object, const char *name)
{
  if (object->names == NULL)
    return 0;
  if (object->index != NULL)
    return GPOINTER_TO_UINT (g_hash_table_lookup (object->index, name));
  for (guint i = 0; i < object->names->len; i++)
    if (g_str_equal (g_ptr_array_index (object->names, i), name))
      return i + 1;
  return 0;
}

static gboolean
read_member (Reader *self, PeerupJson *object)
{
  g_autofree char *name = NULL;
  PeerupJson *value;

  skip_blanks (self);
  if (!take (self, '"'))
    return fail (self, "there must be the name of a member here, in quotation marks") != NULL;
  name = read_text (self);
  if (name == NULL)
    return FALSE;
  if (find_name (object, name) > 0)
    return fail (self, "an object has two members of one name") != NULL;
  skip_blanks (self);
  if (!take (self, ':'))
    return fail (self, "there must be “:” here") != NULL;
  value = read_value (self);
  if (value == NULL)
    return FALSE;
  g_ptr_array_add (object->elements, value);
  g_ptr_array_add (object->names, g_steal_pointer (&name));
  if (object->index != NULL)
    g_hash_table_insert (object->index, g_ptr_array_index (object->names, object->names->len - 1),
                         GUINT_TO_POINTER (object->names->len));
  else if (object->names->len == INDEX_MIN)
    index_names (object);
  return TRUE;
}

static PeerupJson *
read_object (Reader *self)
{
  g_autoptr (PeerupJson) object = json_new (PEERUP_JSON_OBJECT);

  skip_blanks (self);
  if (take (self, '}'))
    return g_steal_pointer (&object);
  object->elements = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_json_free);
  object->names = g_ptr_array_new_with_free_func (g_free);
  do
    {
      if (!read_member (self, object))
        return NULL;
      skip_blanks (self);
    }
  while (take (self, ','));
  if (!take (self, '}'))
    return fail (self, "there must be “,” or “}” here");
  return g_steal_pointer (&object);
}

static PeerupJson *
read_nested (Reader *self, PeerupJson *(*read) (Reader *self))
{
  PeerupJson *value;

  if (self->depth == PEERUP_JSON_DEPTH_MAX)
    return fail (self, "it is nested too deeply");
  self->depth++;
  value = read (self);
  self->depth--;
  return value;
}

static PeerupJson *
read_value (Reader *self)
{
  skip_blanks (self);
  if (take (self, '{'))
    return read_nested (self, read_object);
  if (take (self, '['))
    return read_nested (self, read_array);
  if (take (self, '"'))
    return read_string (self);
  if (self->at == self->end)
    return fail (self, "there is no value here");
  switch (*self->at)
    {
    case 't':
      return read_literal (self, "true", PEERUP_JSON_TRUE);
    case 'f':
      return read_literal (self, "false", PEERUP_JSON_FALSE);
    case 'n':
      return read_literal (self, "null", PEERUP_JSON_NULL);
    default:
      break;
    }
  if (*self->at == '-' || g_ascii_isdigit (*self->at))
    return read_number (self);
  return fail (self, "there is no value here");
}

PeerupJson *
peerup_json_parse (const char *text, gsize length, GError **error)
{
  const char *start = length > 0 ? text : "";
  Reader reader = { start, start, start + length, 0, error };
  g_autoptr (PeerupJson) value = NULL;

  g_return_val_if_fail (text != NULL || length == 0, NULL);

  if (!g_utf8_validate_len (start, length, &reader.at))
    return fail (&reader, "it is not UTF-8, or has a NUL byte");
  reader.at = start;
  value = read_value (&reader);
  if (value == NULL)
    return NULL;
  skip_blanks (&reader);
  if (reader.at != reader.end)
    return fail (&reader, "there is something behind the value");
  return g_steal_pointer (&value);
}

/* What was read */

PeerupJsonType
peerup_json_get_type (const PeerupJson *self)
{
  return self->type;
}

const char *
peerup_json_get_text (const PeerupJson *self)
{
  g_return_val_if_fail (self->type == PEERUP_JSON_STRING || self->type == PEERUP_JSON_NUMBER, NULL);

  return self->text;
}

guint
peerup_json_get_length (const PeerupJson *self)
{
  g_return_val_if_fail (self->type == PEERUP_JSON_ARRAY || self->type == PEERUP_JSON_OBJECT, 0);

  return self->elements != NULL ? self->elements->len : 0;
}

const PeerupJson *
peerup_json_get_element (const PeerupJson *self, guint i)
{
  g_return_val_if_fail (i < peerup_json_get_length (self), NULL);

  return g_ptr_array_index (self->elements, i);
}

const char *
peerup_json_get_name (const PeerupJson *self, guint i)
{
  g_return_val_if_fail (self->type == PEERUP_JSON_OBJECT && i < peerup_json_get_length (self), NULL);

  return g_ptr_array_index (self->names, i);
}

const PeerupJson *
peerup_json_get_member (const PeerupJson *self, const char *name)
{
  guint found;

  g_return_val_if_fail (self->type == PEERUP_JSON_OBJECT, NULL);

  found = find_name (self, name);
  return found > 0 ? g_ptr_array_index (self->elements, found - 1) : NULL;
}
