/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The one message form of multistream-select: varint length, text, newline; the length
 * counts the newline. Lengths above the cap are refused as soon as the prefix shows them,
 * which is after two bytes at most. Text that could not be shown or compared as a string
 * (control characters, NUL, broken UTF-8) is refused rather than answered. */

#include "transport/multistream/peerup-multistream-line.h"

#include <string.h>

gboolean
peerup_multistream_line_measure (const guint8 *data, gsize length, gsize *size, GError **error)
{
  gsize prefix = 1;
  gsize declared;

  *size = 0;
  if (length < 1 || (data[0] >= 0x80 && length < 2))
    return TRUE;

  declared = data[0] & 0x7f;
  if (data[0] >= 0x80)
    {
      prefix = 2;
      declared |= (gsize) (data[1] & 0x7f) << 7;
      if (data[1] == 0)
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                               "multistream: the length of a line is not in its shortest form");
          return FALSE;
        }
      if (data[1] >= 0x80)
        declared = G_MAXSIZE; /* at least 2^14, whatever follows */
    }

  if (declared > PEERUP_MULTISTREAM_LINE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "multistream: a line is longer than %d bytes",
                   PEERUP_MULTISTREAM_LINE_MAX);
      return FALSE;
    }
  if (declared == 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "multistream: a line of no bytes");
      return FALSE;
    }

  *size = prefix + declared;
  return TRUE;
}

gboolean
peerup_multistream_line_read (const guint8 *line, gsize size, char text[PEERUP_MULTISTREAM_TEXT_SIZE], GError **error)
{
  gsize prefix = line[0] >= 0x80 ? 2 : 1;
  gsize length;

  g_assert (size > prefix && size - prefix <= PEERUP_MULTISTREAM_LINE_MAX);

  length = size - prefix - 1;
  if (line[size - 1] != '\n')
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "multistream: a line does not end in a newline");
      return FALSE;
    }
  if (!peerup_multistream_line_is_text ((const char *) line + prefix, length))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "multistream: a line is not UTF-8 text without control characters");
      return FALSE;
    }

  memcpy (text, line + prefix, length);
  text[length] = '\0';
  return TRUE;
}

void
peerup_multistream_line_append (GByteArray *out, const char *text)
{
  gsize length = strlen (text) + 1;
  guint8 prefix[2] = { length & 0x7f, length >> 7 };

  g_assert (length <= PEERUP_MULTISTREAM_LINE_MAX);

  if (prefix[1] != 0)
    prefix[0] |= 0x80;
  g_byte_array_append (out, prefix, prefix[1] != 0 ? 2 : 1);
  g_byte_array_append (out, (const guint8 *) text, length - 1);
  g_byte_array_append (out, (const guint8 *) "\n", 1);
}

gboolean
peerup_multistream_line_is_text (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guint8) text[i] < 0x20 || text[i] == 0x7f)
      return FALSE;

  return g_utf8_validate_len (text, length, NULL);
}
