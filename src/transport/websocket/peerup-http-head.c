/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The head of an HTTP/1.1 message cut into its first line and fields. A head lives as long as the
 * handshake that asked for it. It forgives nothing that two programs could read in two ways: a
 * bare line feed, a folded field, white space before the colon, a control character. */

#include "transport/websocket/peerup-http-head.h"

#include <string.h>

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "not HTTP/1.1: %s", what);
  return FALSE;
}

/* RFC 9110 5.6.2 */
static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gsize
token_length (const char *text)
{
  gsize n = 0;

  while (is_token_char (text[n]))
    n++;
  return n;
}

/* Bytes above 0x7f are somebody's business, not ours. */
static gboolean
is_text (const char *line)
{
  for (; *line != '\0'; line++)
    if (((guint8) *line < 0x20 && *line != '\t') || *line == 0x7f)
      return FALSE;
  return TRUE;
}

static char *
strip (char *value)
{
  gsize n;

  value += strspn (value, " \t");
  for (n = strlen (value); n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t');)
    value[--n] = '\0';
  return value;
}

/* Ends the line at @line and returns the next one. NULL: it does not end as it has to. */
static char *
cut_line (char *line)
{
  char *end = strchr (line, '\n');

  if (end == NULL || end == line || end[-1] != '\r')
    return NULL;
  end[-1] = '\0';
  return end + 1;
}

static gboolean
add_field (PeerupHttpHead *self, char *line, GError **error)
{
  gsize n = token_length (line);
  PeerupHttpField field;

  if (n == 0 || line[n] != ':')
    return malformed (error, "a header field has no name");
  line[n] = '\0';
  field = (PeerupHttpField) { line, strip (line + n + 1) };
  g_array_append_val (self->fields, field);
  return TRUE;
}

static gboolean
parse_lines (PeerupHttpHead *self, GError **error)
{
  char *line = self->text;

  self->start = line;
  for (;;)
    {
      char *next = cut_line (line);

      if (next == NULL || !is_text (line))
        return malformed (error, "a line of the header does not end with CR LF, or has control characters");
      if (*line == '\0')
        return *next == '\0' || malformed (error, "a line is empty too early");
      if (line != self->start && !add_field (self, line, error))
        return FALSE;
      line = next;
    }
}

PeerupHttpHead *
peerup_http_head_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (PeerupHttpHead) self = g_new0 (PeerupHttpHead, 1);

  self->fields = g_array_new (FALSE, FALSE, sizeof (PeerupHttpField));
  if (length == 0 || memchr (text, '\0', length) != NULL)
    {
      malformed (error, length == 0 ? "there is no header" : "a header has zero bytes");
      return NULL;
    }
  self->text = g_strndup (text, length);
  return parse_lines (self, error) ? g_steal_pointer (&self) : NULL;
}

void
peerup_http_head_free (PeerupHttpHead *self)
{
  g_free (self->text);
  g_array_unref (self->fields);
  g_free (self);
}

/* The next field @name from *@i on, which is left behind it. */
static const char *
next_value (const PeerupHttpHead *self, const char *name, guint *i)
{
  while (*i < self->fields->len)
    {
      const PeerupHttpField *field = &g_array_index (self->fields, PeerupHttpField, (*i)++);

      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field->value;
    }
  return NULL;
}

guint
peerup_http_head_count (const PeerupHttpHead *self, const char *name)
{
  guint i = 0, n = 0;

  while (next_value (self, name, &i) != NULL)
    n++;
  return n;
}

const char *
peerup_http_head_get (const PeerupHttpHead *self, const char *name)
{
  guint i = 0;
  const char *value = next_value (self, name, &i);

  return next_value (self, name, &i) == NULL ? value : NULL;
}

static gboolean
list_has_token (const char *list, const char *token)
{
  gsize length = strlen (token);

  while (*list != '\0')
    {
      gsize n;

      list += strspn (list, " \t,");
      n = strcspn (list, ",");
      if (n >= length && g_ascii_strncasecmp (list, token, length) == 0 && strspn (list + length, " \t") >= n - length)
        return TRUE;
      list += n;
    }
  return FALSE;
}

gboolean
peerup_http_head_has_token (const PeerupHttpHead *self, const char *name, const char *token)
{
  guint i = 0;

  for (;;)
    {
      const char *value = next_value (self, name, &i);

      if (value == NULL)
        return FALSE;
      if (list_has_token (value, token))
        return TRUE;
    }
}

char *
peerup_http_head_dup_first_token (const PeerupHttpHead *self, const char *name)
{
  guint i = 0;
  const char *value = next_value (self, name, &i);
  gsize n = value != NULL ? token_length (value) : 0;

  return n > 0 ? g_strndup (value, n) : NULL;
}
