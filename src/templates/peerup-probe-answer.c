/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The words of the probes. Whatever is read here is a stranger's: each look is at what remains, and what is told of it
 * goes through peerup_template_clean_text().
 */
#include "templates/peerup-probe-answer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A line of greeting; RFC 4253 allows 255 bytes. */
#define BANNER_MAX 256

/* Questions */

static GBytes *
make_get (const PeerupTemplate *template, const char *host, guint16 port)
{
  /* 1.0, so that the answer comes whole and not in chunks. */
  char *text = g_strdup_printf ("GET %s HTTP/1.0\r\nHost: %s:%u\r\nUser-Agent: Peer-Up\r\nAccept: */*\r\n"
                                "Connection: close\r\n\r\n",
                                template->path, host, port);

  return g_bytes_new_take (text, strlen (text));
}

/* A handshake for the state "status", of no version, and the status request: length, packet, what is in it. */
static GBytes *
make_minecraft (const char *host, guint16 port)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint8 no_version[] = { 0, 0xff, 0xff, 0xff, 0xff, 0x0f };
  const guint8 request[] = { 1, 0 };
  guint8 length = (guint8) strlen (host);
  guint8 head = (guint8) (sizeof no_version + 1 + length + 3);
  const guint8 tail[] = { port >> 8, port & 0xff, 1 };

  g_byte_array_append (bytes, &head, 1);
  g_byte_array_append (bytes, no_version, sizeof no_version);
  g_byte_array_append (bytes, &length, 1);
  g_byte_array_append (bytes, (const guint8 *) host, length);
  g_byte_array_append (bytes, tail, sizeof tail);
  g_byte_array_append (bytes, request, sizeof request);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

GBytes *
peerup_probe_make_question (const PeerupTemplate *template, const char *host, guint16 port)
{
  g_return_val_if_fail (strlen (host) < 64, NULL);
  switch (template->probe)
    {
    case PEERUP_PROBE_HTTP:
    case PEERUP_PROBE_TLS_HTTP:
      return make_get (template, host, port);
    case PEERUP_PROBE_EXCHANGE:
      return g_bytes_ref (template->send);
    case PEERUP_PROBE_MINECRAFT:
      return make_minecraft (host, port);
    case PEERUP_PROBE_NONE:
    case PEERUP_PROBE_BANNER:
    default:
      return NULL;
    }
}

/* Looking */

/* (nullable) */
static const char *
find (const char *bytes, gsize length, const char *text)
{
  return memmem (bytes, length, text, strlen (text));
}

/* The value of @name in what comes after @bytes: "NAME":"VALUE" as in JSON or NAME="VALUE" as in XML. */
static const char *
find_member (const char *bytes, gsize length, const char *name, gsize *size)
{
  const char *end = bytes + length;
  const char *at = bytes;

  while ((at = find (at, end - at, name)) != NULL)
    {
      const char *value, *quote;
      gboolean json = at > bytes && at[-1] == '"';

      at += strlen (name);
      value = at;
      if (json && value < end && *value == '"')
        value++;
      while (value < end && (*value == ' ' || *value == (json ? ':' : '=')))
        value++;
      if (value == at || value == end || *value != '"')
        continue;
      value++;
      quote = memchr (value, '"', end - value);
      if (quote == NULL)
        return NULL;
      *size = quote - value;
      return value;
    }
  return NULL;
}

/* The length of the head of an answer of HTTP, with the empty line; 0 as long as it has no end. */
static gsize
get_head (const char *bytes, gsize length)
{
  const char *end = find (bytes, length, "\r\n\r\n");

  return end != NULL ? end - bytes + 4 : 0;
}

static const char *
find_header (const char *bytes, gsize head, const char *name, gsize *size)
{
  const char *end = bytes + head;
  const char *line = bytes;
  gsize length = strlen (name);

  while ((line = memchr (line, '\n', end - line)) != NULL)
    {
      const char *stop;

      line++;
      if ((gsize) (end - line) <= length || g_ascii_strncasecmp (line, name, length) != 0 || line[length] != ':')
        continue;
      line += length + 1;
      stop = memchr (line, '\r', end - line);
      *size = (stop != NULL ? stop : end) - line;
      return line;
    }
  return NULL;
}

/* Judging */

static PeerupProbeVerdict
judge_beginning (const char *wanted, const guint8 *bytes, gsize length, gboolean ended)
{
  gsize size = strlen (wanted);

  if (memcmp (bytes, wanted, MIN (size, length)) != 0)
    return PEERUP_PROBE_NO;
  if (length >= size)
    return PEERUP_PROBE_YES;
  return ended ? PEERUP_PROBE_NO : PEERUP_PROBE_MORE;
}

static PeerupProbeVerdict
judge_banner (const PeerupTemplate *template, const guint8 *bytes, gsize length, gboolean ended)
{
  PeerupProbeVerdict verdict = judge_beginning (template->begins, bytes, length, ended);

  /* The rest of the line is worth waiting for. */
  if (verdict == PEERUP_PROBE_YES && !ended && length < BANNER_MAX && memchr (bytes, '\n', length) == NULL)
    return PEERUP_PROBE_MORE;
  return verdict;
}

/* (nullable): the value of the template's detail; @bytes are those of an answer of HTTP with that @head. */
static const char *
find_detail (const PeerupTemplate *template, const char *bytes, gsize length, gsize head, gsize *size)
{
  const char *value = find_header (bytes, head, template->detail, size);
  const char *from = bytes + head;

  if (value != NULL)
    return value;
  if (template->body != NULL)
    from = find (from, length - head, template->body[0]);
  return from != NULL ? find_member (from, bytes + length - from, template->detail, size) : NULL;
}

static gboolean
has_header (const PeerupTemplate *template, const char *bytes, gsize head)
{
  gsize size;
  const char *value = find_header (bytes, head, template->header, &size);

  return value != NULL && find (value, size, template->header_text) != NULL;
}

static PeerupProbeVerdict
judge_http (const PeerupTemplate *template, const guint8 *bytes, gsize length, gboolean ended)
{
  PeerupProbeVerdict verdict = judge_beginning ("HTTP/1.", bytes, length, ended);
  const PeerupProbeVerdict missing = ended ? PEERUP_PROBE_NO : PEERUP_PROBE_MORE;
  gsize head = get_head ((const char *) bytes, length);
  gsize size;

  if (verdict != PEERUP_PROBE_YES)
    return verdict;
  if (head == 0)
    return missing;
  if (template->header != NULL && !has_header (template, (const char *) bytes, head))
    return PEERUP_PROBE_NO;
  for (guint i = 0; template->body != NULL && template->body[i] != NULL; i++)
    if (find ((const char *) bytes + head, length - head, template->body[i]) == NULL)
      return missing;
  if (template->detail != NULL && !ended && find_detail (template, (const char *) bytes, length, head, &size) == NULL)
    return PEERUP_PROBE_MORE;
  return PEERUP_PROBE_YES;
}

static PeerupProbeVerdict
judge_answer (GArray *answer, guint size, const guint8 *bytes, gsize length, gboolean ended)
{
  for (guint i = 0; i < MIN (answer->len, length); i++)
    if (g_array_index (answer, guint16, i) != PEERUP_PROBE_ANY_BYTE && g_array_index (answer, guint16, i) != bytes[i])
      return PEERUP_PROBE_NO;
  if (size > 0 && length > size)
    return PEERUP_PROBE_NO;
  if (length >= answer->len && length >= size)
    return PEERUP_PROBE_YES;
  return ended ? PEERUP_PROBE_NO : PEERUP_PROBE_MORE;
}

static PeerupProbeVerdict
judge_exchange (const PeerupTemplate *template, const guint8 *bytes, gsize length, gboolean ended)
{
  PeerupProbeVerdict best = PEERUP_PROBE_NO;

  for (guint i = 0; i < template->answers->len; i++)
    {
      PeerupProbeVerdict verdict = judge_answer (template->answers->pdata[i], template->size, bytes, length, ended);

      if (verdict == PEERUP_PROBE_YES)
        return verdict;
      if (verdict == PEERUP_PROBE_MORE)
        best = verdict;
    }
  return best;
}

/* FALSE: there is none, whole. */
static gboolean
read_varint (const guint8 **at, const guint8 *end, guint32 *value)
{
  *value = 0;
  for (guint i = 0; i < 5 && *at < end; i++)
    {
      guint8 byte = *(*at)++;

      *value |= (guint32) (byte & 0x7f) << (7 * i);
      if ((byte & 0x80) == 0)
        return TRUE;
    }
  return FALSE;
}

/* A packet 0 with a string of JSON. */
static PeerupProbeVerdict
judge_minecraft (const guint8 *bytes, gsize length, gboolean ended)
{
  const PeerupProbeVerdict missing = ended ? PEERUP_PROBE_NO : PEERUP_PROBE_MORE;
  const guint8 *at = bytes, *end = bytes + length;
  guint32 packet, id, text;

  if (!read_varint (&at, end, &packet) || !read_varint (&at, end, &id) || !read_varint (&at, end, &text) || at == end)
    return length >= 16 ? PEERUP_PROBE_NO : missing;
  if (id != 0 || text >= packet || *at != '{')
    return PEERUP_PROBE_NO;
  if (!ended && (gsize) (end - at) < text)
    return PEERUP_PROBE_MORE;
  return find ((const char *) at, end - at, "\"version\"") != NULL &&
             find ((const char *) at, end - at, "\"players\"") != NULL
           ? PEERUP_PROBE_YES
           : PEERUP_PROBE_NO;
}

PeerupProbeVerdict
peerup_probe_judge (const PeerupTemplate *template, const guint8 *bytes, gsize length, gboolean ended)
{
  if (length == 0)
    return ended ? PEERUP_PROBE_NO : PEERUP_PROBE_MORE;
  switch (template->probe)
    {
    case PEERUP_PROBE_BANNER:
      return judge_banner (template, bytes, length, ended);
    case PEERUP_PROBE_HTTP:
    case PEERUP_PROBE_TLS_HTTP:
      return judge_http (template, bytes, length, ended);
    case PEERUP_PROBE_EXCHANGE:
      return judge_exchange (template, bytes, length, ended);
    case PEERUP_PROBE_MINECRAFT:
      return judge_minecraft (bytes, length, ended);
    case PEERUP_PROBE_NONE:
    default:
      return PEERUP_PROBE_NO;
    }
}

/* Words */

/* (nullable): what is more than the template's name. */
static const char *
get_detail (const PeerupTemplate *template, const char *bytes, gsize length, gsize *size)
{
  gsize head = get_head (bytes, length);
  const char *from;

  if (template->probe == PEERUP_PROBE_BANNER)
    {
      const char *value = bytes + strlen (template->begins);
      const char *newline = memchr (value, '\n', bytes + length - value);

      *size = (newline != NULL ? newline : bytes + length) - value;
      return value;
    }
  if (template->detail == NULL || template->probe == PEERUP_PROBE_EXCHANGE)
    return NULL;
  if (template->probe != PEERUP_PROBE_MINECRAFT)
    return find_detail (template, bytes, length, head, size);
  from = find (bytes, length, "\"version\"");
  return from != NULL ? find_member (from, bytes + length - from, template->detail, size) : NULL;
}

char *
peerup_probe_describe (const PeerupTemplate *template, const guint8 *bytes, gsize length)
{
  gsize size = 0;
  const char *value = get_detail (template, (const char *) bytes, length, &size);
  g_autofree char *detail =
    value != NULL
      ? peerup_template_clean_text (value, MIN (size, 4 * PEERUP_PROBE_EVIDENCE_MAX), PEERUP_PROBE_EVIDENCE_MAX / 2)
      : NULL;
  g_autoptr (GString) text = g_string_new (_ ("answers as "));

  if (detail == NULL || detail[0] == '\0' || template->evidence == NULL)
    g_string_append (text, template->name);
  else
    {
      const char *place = strstr (template->evidence, "{detail}");

      g_string_append_len (text, template->evidence, place - template->evidence);
      g_string_append (text, detail);
      g_string_append (text, place + strlen ("{detail}"));
    }
  return peerup_template_clean_text (text->str, text->len, PEERUP_PROBE_EVIDENCE_MAX);
}
