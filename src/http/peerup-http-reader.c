/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The strict half of HTTP/1.1: lines end with CR LF, names have no blank behind them, one Host, one length, said in one
 * way and in plain digits, no folded lines, no chunk extensions, no trailers, and the target in origin form. Lives as
 * long as its connection.
 */
#include "http/peerup-http-reader.h"

#include <string.h>

/* Hexadecimal digits of a chunk's size. */
#define CHUNK_DIGITS_MAX 8

typedef enum
{
  CHUNK_SIZE,    /* the digits, and CR */
  CHUNK_SIZE_LF, /* LF behind them */
  CHUNK_DATA,
  CHUNK_DATA_CR,
  CHUNK_DATA_LF,
  CHUNK_LAST_CR, /* the empty line behind the last one */
  CHUNK_LAST_LF,
} ChunkState;

typedef struct
{
  const char *name; /* in the head */
  const char *value;
} Field;

struct _PeerupHttpReader
{
  gsize head_max;
  gsize body_max;
  PeerupHttpReaderState state;
  guint status; /* of a refusal */
  const char *text;

  GString *head;
  gsize line_start; /* of the line that is being read */
  GArray *fields;   /* of Field */
  const char *method;
  const char *path;
  const char *query;
  gboolean expects_continue;
  gboolean wants_close;

  GByteArray *body;
  gboolean chunked;
  gsize left; /* bytes of the body, or of the chunk */
  ChunkState chunk;
  guint n_digits;
};

PeerupHttpReader *
peerup_http_reader_new (gsize head_max, gsize body_max)
{
  PeerupHttpReader *self = g_new0 (PeerupHttpReader, 1);

  self->head_max = head_max;
  self->body_max = body_max;
  self->head = g_string_new (NULL);
  self->fields = g_array_new (FALSE, FALSE, sizeof (Field));
  self->body = g_byte_array_new ();
  return self;
}

void
peerup_http_reader_free (PeerupHttpReader *self)
{
  g_return_if_fail (self != NULL);

  g_string_free (self->head, TRUE);
  g_array_unref (self->fields);
  g_byte_array_unref (self->body);
  g_free (self);
}

void
peerup_http_reader_next (PeerupHttpReader *self)
{
  g_return_if_fail (self->state == PEERUP_HTTP_READER_WHOLE);

  self->state = PEERUP_HTTP_READER_HEAD;
  g_string_truncate (self->head, 0);
  g_array_set_size (self->fields, 0);
  /* What a large body took is not kept for small ones. */
  g_byte_array_unref (self->body);
  self->body = g_byte_array_new ();
  self->line_start = 0;
  self->method = self->path = self->query = NULL;
  self->expects_continue = self->wants_close = self->chunked = FALSE;
  self->left = 0;
  self->chunk = CHUNK_SIZE;
  self->n_digits = 0;
}

static gboolean
refuse (PeerupHttpReader *self, guint status, const char *text)
{
  self->state = PEERUP_HTTP_READER_REFUSED;
  self->status = status;
  self->text = text;
  return FALSE;
}

/* Characters */

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static gboolean
is_token (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!is_token_char (*p))
      return FALSE;
  return *text != '\0';
}

/* Of RFC 3986: pchar, "/" and "?", without "%". */
static gboolean
is_target_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-._~!$&'()*+,;=:@/?", c) != NULL);
}

static gboolean
is_target (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
        p += 2;
      else if (!is_target_char (*p))
        return FALSE;
    }
  return TRUE;
}

/* The head */

/* "METHOD TARGET HTTP/1.1", to be cut into its parts. */
static gboolean
parse_request_line (PeerupHttpReader *self, char *line)
{
  char *target = strchr (line, ' ');
  char *version = target != NULL ? strchr (target + 1, ' ') : NULL;
  char *query;

  if (version == NULL || strchr (version + 1, ' ') != NULL)
    return refuse (self, 400, "the request line must be a method, a path and HTTP/1.1, with one space between them");
  *target++ = '\0';
  *version++ = '\0';
  if (!is_token (line))
    return refuse (self, 400, "the method has a character that none may have");
  if (!g_str_equal (version, "HTTP/1.1"))
    return g_str_has_prefix (version, "HTTP/") ? refuse (self, 505, "only HTTP/1.1 is spoken here")
                                               : refuse (self, 400, "the request line must end with HTTP/1.1");
  if (*target != '/')
    return refuse (self, 400, "the path must begin with “/”, without a scheme and a host before it");
  if (!is_target (target))
    return refuse (self, 400, "the path has a character that must be percent-encoded");
  query = strchr (target, '?');
  if (query != NULL)
    *query++ = '\0';
  self->method = line;
  self->path = target;
  self->query = query;
  return TRUE;
}

static gboolean
parse_field (PeerupHttpReader *self, char *line)
{
  char *colon = strchr (line, ':');
  Field field;

  if (colon == NULL)
    return refuse (self, 400, "a line of the header has no colon");
  *colon = '\0';
  if (!is_token (line))
    return refuse (self, 400, "the name of a header field has a character that none may have, or a blank behind it");
  if (self->fields->len >= PEERUP_HTTP_FIELDS_MAX)
    return refuse (self, 400, "there are more than 100 header fields");
  field.name = line;
  field.value = g_strstrip (colon + 1);
  g_array_append_val (self->fields, field);
  return TRUE;
}

static guint
count_fields (const PeerupHttpReader *self, const char *name)
{
  guint n = 0;

  for (guint i = 0; i < self->fields->len; i++)
    n += g_ascii_strcasecmp (g_array_index (self->fields, Field, i).name, name) == 0;
  return n;
}

/* Of those that a second one would make ambiguous. */
static gboolean
check_single_fields (PeerupHttpReader *self)
{
  static const char *const single[] = { "Authorization", "Content-Type", "Expect", "Origin", "Last-Event-ID" };
  const char *host;

  if (count_fields (self, "Host") != 1)
    return refuse (self, 400, "there must be one Host field");
  host = peerup_http_reader_get_field (self, "Host");
  if (strpbrk (host, " \t,/@?#\\") != NULL)
    return refuse (self, 400, "the Host field is not a host");
  for (guint i = 0; i < G_N_ELEMENTS (single); i++)
    if (count_fields (self, single[i]) > 1)
      return refuse (self, 400, "a header field that may be there once is there twice");
  return TRUE;
}

static gboolean
parse_content_length (PeerupHttpReader *self, const char *value)
{
  gsize length = 0;

  if (*value == '\0' || (value[0] == '0' && value[1] != '\0') || strspn (value, "0123456789") != strlen (value))
    return refuse (self, 400, "Content-Length must be a number of digits alone");
  for (const char *p = value; *p != '\0'; p++)
    {
      length = length * 10 + (gsize) (*p - '0');
      if (length > self->body_max)
        return refuse (self, 413, "the body is larger than this server takes");
    }
  self->left = length;
  return TRUE;
}

static gboolean
parse_framing (PeerupHttpReader *self)
{
  guint n_lengths = count_fields (self, "Content-Length"), n_encodings = count_fields (self, "Transfer-Encoding");

  if (n_lengths > 1 || n_encodings > 1 || (n_lengths == 1 && n_encodings == 1))
    return refuse (self, 400, "the length of the body is given more than once");
  if (n_lengths == 1 && !parse_content_length (self, peerup_http_reader_get_field (self, "Content-Length")))
    return FALSE;
  self->chunked = n_encodings == 1;
  if (self->chunked && g_ascii_strcasecmp (peerup_http_reader_get_field (self, "Transfer-Encoding"), "chunked") != 0)
    return refuse (self, 501, "chunked is the only transfer encoding that is known here");
  if ((self->chunked || self->left > 0) && (g_str_equal (self->method, "GET") || g_str_equal (self->method, "HEAD")))
    return refuse (self, 400, "GET and HEAD have no body");
  return TRUE;
}

static gboolean
parse_expect (PeerupHttpReader *self)
{
  const char *value = peerup_http_reader_get_field (self, "Expect");

  if (value == NULL)
    return TRUE;
  if (g_ascii_strcasecmp (value, "100-continue") != 0)
    return refuse (self, 417, "100-continue is the only expectation that is known here");
  self->expects_continue = TRUE;
  return TRUE;
}

static gboolean
names_close (const char *value)
{
  g_auto (GStrv) options = g_strsplit (value, ",", -1);

  for (guint i = 0; options[i] != NULL; i++)
    if (g_ascii_strcasecmp (g_strstrip (options[i]), "close") == 0)
      return TRUE;
  return FALSE;
}

static void
parse_connection (PeerupHttpReader *self)
{
  for (guint i = 0; i < self->fields->len; i++)
    {
      const Field *field = &g_array_index (self->fields, Field, i);

      if (g_ascii_strcasecmp (field->name, "Connection") == 0 && names_close (field->value))
        self->wants_close = TRUE;
    }
}

/* Lines with CR LF and no empty one but the last, as take_head_byte() has seen to it. */
static gboolean
parse_lines (PeerupHttpReader *self)
{
  char *line = self->head->str;
  gboolean first = TRUE;

  while (*line != '\r')
    {
      char *end = strchr (line, '\r');

      *end = '\0';
      if (!(first ? parse_request_line (self, line) : parse_field (self, line)))
        return FALSE;
      first = FALSE;
      line = end + 2;
    }
  return TRUE;
}

static void
parse_head (PeerupHttpReader *self)
{
  if (!parse_lines (self) || !check_single_fields (self) || !parse_framing (self) || !parse_expect (self))
    return;
  parse_connection (self);
  self->state = self->chunked || self->left > 0 ? PEERUP_HTTP_READER_BODY : PEERUP_HTTP_READER_WHOLE;
}

static void
end_line (PeerupHttpReader *self)
{
  gsize length = self->head->len - 2 - self->line_start;

  if (length == 0 && self->line_start == 0)
    refuse (self, 400, "there is an empty line before the request");
  else if (length == 0)
    parse_head (self);
  else
    self->line_start = self->head->len;
}

static void
take_head_byte (PeerupHttpReader *self, char c)
{
  gboolean after_cr = self->head->len > self->line_start && self->head->str[self->head->len - 1] == '\r';

  if (self->head->len >= self->head_max)
    {
      refuse (self, 400, "the header is larger than this server takes");
      return;
    }
  g_string_append_c (self->head, c);
  if (after_cr != (c == '\n'))
    refuse (self, 400, "a line of the header does not end with CR LF");
  else if (c == '\n')
    end_line (self);
  else if ((g_ascii_iscntrl (c) && c != '\t' && c != '\r'))
    refuse (self, 400, "the header has a control character");
  else if (self->head->len == self->line_start + 1 && (c == ' ' || c == '\t'))
    refuse (self, 400, "a line of the header begins with a blank");
}

static gsize
feed_head (PeerupHttpReader *self, const char *data, gsize length)
{
  gsize n = 0;

  while (n < length && self->state == PEERUP_HTTP_READER_HEAD)
    take_head_byte (self, data[n++]);
  return n;
}

/* The body */

static gsize
take_data (PeerupHttpReader *self, const char *data, gsize length)
{
  gsize n = MIN (length, self->left);

  g_byte_array_append (self->body, (const guint8 *) data, n);
  self->left -= n;
  return n;
}

static void
take_size_byte (PeerupHttpReader *self, char c)
{
  if (c == '\r' && self->n_digits > 0)
    self->chunk = CHUNK_SIZE_LF;
  else if (!g_ascii_isxdigit (c) || self->n_digits == CHUNK_DIGITS_MAX)
    refuse (self, 400, "the size of a chunk must be hexadecimal digits alone");
  else
    {
      self->left = self->left * 16 + (gsize) g_ascii_xdigit_value (c);
      self->n_digits++;
      if (self->left > self->body_max - self->body->len)
        refuse (self, 413, "the body is larger than this server takes");
    }
}

/* What stands around the data of chunks: CR and LF, where they must be. */
static void
take_chunk_byte (PeerupHttpReader *self, char c)
{
  gboolean wants_lf = self->chunk == CHUNK_SIZE_LF || self->chunk == CHUNK_DATA_LF || self->chunk == CHUNK_LAST_LF;

  if (self->chunk == CHUNK_SIZE)
    {
      take_size_byte (self, c);
      return;
    }
  if (c != (wants_lf ? '\n' : '\r'))
    {
      refuse (self, 400, "a chunk of the body does not end with CR LF, or there is a trailer behind the last");
      return;
    }
  if (self->chunk == CHUNK_SIZE_LF)
    self->chunk = self->left > 0 ? CHUNK_DATA : CHUNK_LAST_CR;
  else if (self->chunk == CHUNK_DATA_CR)
    self->chunk = CHUNK_DATA_LF;
  else if (self->chunk == CHUNK_LAST_CR)
    self->chunk = CHUNK_LAST_LF;
  else if (self->chunk == CHUNK_LAST_LF)
    self->state = PEERUP_HTTP_READER_WHOLE;
  else
    {
      self->chunk = CHUNK_SIZE;
      self->n_digits = 0;
    }
}

static gsize
feed_chunks (PeerupHttpReader *self, const char *data, gsize length)
{
  gsize n = 0;

  while (n < length && self->state == PEERUP_HTTP_READER_BODY)
    {
      if (self->chunk != CHUNK_DATA)
        take_chunk_byte (self, data[n++]);
      else
        {
          n += take_data (self, data + n, length - n);
          if (self->left == 0)
            self->chunk = CHUNK_DATA_CR;
        }
    }
  return n;
}

static gsize
feed_body (PeerupHttpReader *self, const char *data, gsize length)
{
  gsize n;

  if (self->chunked)
    return feed_chunks (self, data, length);
  n = take_data (self, data, length);
  if (self->left == 0)
    self->state = PEERUP_HTTP_READER_WHOLE;
  return n;
}

gsize
peerup_http_reader_feed (PeerupHttpReader *self, const char *data, gsize length)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->state == PEERUP_HTTP_READER_HEAD)
    return feed_head (self, data, length);
  if (self->state == PEERUP_HTTP_READER_BODY)
    return feed_body (self, data, length);
  return 0;
}

/* What was read */

PeerupHttpReaderState
peerup_http_reader_get_state (const PeerupHttpReader *self)
{
  return self->state;
}

gboolean
peerup_http_reader_has_begun (const PeerupHttpReader *self)
{
  return self->head->len > 0;
}

guint
peerup_http_reader_get_refusal (const PeerupHttpReader *self, const char **text)
{
  g_return_val_if_fail (self->state == PEERUP_HTTP_READER_REFUSED, 0);

  *text = self->text;
  return self->status;
}

const char *
peerup_http_reader_get_method (const PeerupHttpReader *self)
{
  return self->method;
}

const char *
peerup_http_reader_get_path (const PeerupHttpReader *self)
{
  return self->path;
}

const char *
peerup_http_reader_get_query (const PeerupHttpReader *self)
{
  return self->query;
}

const char *
peerup_http_reader_get_field (const PeerupHttpReader *self, const char *name)
{
  for (guint i = 0; i < self->fields->len; i++)
    {
      const Field *field = &g_array_index (self->fields, Field, i);

      if (g_ascii_strcasecmp (field->name, name) == 0)
        return field->value;
    }
  return NULL;
}

gboolean
peerup_http_reader_expects_continue (const PeerupHttpReader *self)
{
  return self->expects_continue;
}

gboolean
peerup_http_reader_wants_close (const PeerupHttpReader *self)
{
  return self->wants_close;
}

GBytes *
peerup_http_reader_take_body (PeerupHttpReader *self)
{
  GByteArray *body;

  g_return_val_if_fail (self->state == PEERUP_HTTP_READER_WHOLE, NULL);

  body = g_steal_pointer (&self->body);
  self->body = g_byte_array_new ();
  return g_byte_array_free_to_bytes (body);
}
