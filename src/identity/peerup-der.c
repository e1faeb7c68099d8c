/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A strict reader of DER (X.690), enough to cut certificates and keys into their
 * parts where exact bytes matter: what was signed, the key as it was encoded, and the dates,
 * which GnuTLS reads from any digits.
 * It holds no state of its own and allocates nothing but the text of an OID.
 * Refuses indefinite and non-minimal lengths, and tags of more than one byte.
 */
#include "identity/peerup-der.h"

#include <string.h>

/* Lengths of up to three bytes: far above any cap of the callers. */
#define MAX_LENGTH_BYTES 3

static gboolean
read_length (PeerupReader *reader, gsize *length)
{
  guint8 first;
  gsize value = 0;

  if (!peerup_reader_u8 (reader, &first))
    return FALSE;
  if (first < 0x80)
    {
      *length = first;
      return TRUE;
    }
  if (first == 0x80 || (first & 0x7f) > MAX_LENGTH_BYTES)
    return FALSE;
  for (guint left = first & 0x7f; left > 0; left--)
    {
      guint8 byte;

      if (!peerup_reader_u8 (reader, &byte) || (value == 0 && byte == 0))
        return FALSE;
      value = value << 8 | byte;
    }
  *length = value;
  return value >= 0x80;
}

gboolean
peerup_der_read (PeerupReader *self, PeerupDerTag tag, PeerupReader *content, PeerupReader *whole)
{
  PeerupReader at = *self;
  guint8 found;
  gsize length;
  const guint8 *bytes;

  if (!peerup_reader_u8 (&at, &found) || found != tag || !read_length (&at, &length) ||
      !peerup_reader_bytes (&at, length, &bytes))
    return FALSE;
  if (content != NULL)
    *content = (PeerupReader) PEERUP_READER_INIT (bytes, length);
  if (whole != NULL)
    *whole = (PeerupReader) PEERUP_READER_INIT (self->data, self->left - at.left);
  *self = at;
  return TRUE;
}

gboolean
peerup_der_read_optional (PeerupReader *self, PeerupDerTag tag, PeerupReader *content)
{
  if (self->left > 0 && self->data[0] == tag)
    return peerup_der_read (self, tag, content, NULL);
  *content = (PeerupReader) PEERUP_READER_INIT (NULL, 0);
  return TRUE;
}

gboolean
peerup_der_read_bits (PeerupReader *self, PeerupReader *bits)
{
  PeerupReader at = *self, content;
  guint8 unused;

  if (!peerup_der_read (&at, PEERUP_DER_BIT_STRING, &content, NULL) || !peerup_reader_u8 (&content, &unused) ||
      unused != 0)
    return FALSE;
  *bits = content;
  *self = at;
  return TRUE;
}

gboolean
peerup_der_read_positive (PeerupReader *self, PeerupReader *magnitude)
{
  PeerupReader at = *self, content;

  if (!peerup_der_read (&at, PEERUP_DER_INTEGER, &content, NULL) || content.left == 0 || content.data[0] >= 0x80)
    return FALSE;
  if (content.data[0] == 0)
    {
      /* A zero byte may only stand before a set top bit. */
      if (content.left == 1 || content.data[1] < 0x80)
        return FALSE;
      content = (PeerupReader) PEERUP_READER_INIT (content.data + 1, content.left - 1);
    }
  *magnitude = content;
  *self = at;
  return TRUE;
}

/* Two digits, each checked before. */
static int
two_digits (const guint8 *text)
{
  return (text[0] - '0') * 10 + text[1] - '0';
}

/* @digits: what follows the century, YYMMDDHHMMSS. */
static gboolean
read_digits (const guint8 *digits, int century, gint64 *seconds)
{
  g_autoptr (GDateTime) time =
    g_date_time_new_utc (century * 100 + two_digits (digits), two_digits (digits + 2), two_digits (digits + 4),
                         two_digits (digits + 6), two_digits (digits + 8), two_digits (digits + 10));

  if (time == NULL)
    return FALSE;
  *seconds = g_date_time_to_unix (time);
  return TRUE;
}

gboolean
peerup_der_read_time (PeerupReader *self, gint64 *seconds)
{
  PeerupReader at = *self, text;
  gboolean general = at.left > 0 && at.data[0] == PEERUP_DER_GENERALIZED_TIME;
  gsize size = general ? 14 : 12;
  int century;

  if (!peerup_der_read (&at, general ? PEERUP_DER_GENERALIZED_TIME : PEERUP_DER_UTC_TIME, &text, NULL) ||
      text.left != size + 1 || text.data[size] != 'Z')
    return FALSE;
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isdigit (text.data[i]))
      return FALSE;
  century = general ? two_digits (text.data) : two_digits (text.data) >= 50 ? 19 : 20;
  if (!read_digits (text.data + (general ? 2 : 0), century, seconds))
    return FALSE;
  *self = at;
  return TRUE;
}

char *
peerup_der_oid_to_string (const PeerupReader *oid)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 arc = 0;

  if (oid->left == 0 || oid->left > 64 || oid->data[oid->left - 1] >= 0x80)
    return g_strdup ("invalid");
  for (gsize i = 0; i < oid->left; i++)
    {
      if (arc > G_MAXUINT64 >> 7)
        return g_strdup ("invalid");
      arc = arc << 7 | (oid->data[i] & 0x7f);
      if (oid->data[i] >= 0x80)
        continue;
      if (text->len == 0)
        {
          guint64 root = MIN (arc / 40, 2);

          g_string_append_printf (text, "%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT, root, arc - root * 40);
        }
      else
        g_string_append_printf (text, ".%" G_GUINT64_FORMAT, arc);
      arc = 0;
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gboolean
peerup_der_equal (const PeerupReader *self, gconstpointer data, gsize length)
{
  return self->left == length && memcmp (self->data, data, length) == 0;
}
