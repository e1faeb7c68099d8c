/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The cursor that the decoders share. It borrows its bytes and never outlives them.
 * What is left is compared before each read, so no sum of an offset and a length
 * from the wire is ever formed.
 */
#include "wire/peerup-reader.h"

#include "wire/peerup-bytes.h"
#include "wire/peerup-varint.h"

gboolean
peerup_reader_bytes (PeerupReader *self, gsize length, const guint8 **bytes)
{
  if (length > self->left)
    return FALSE;

  *bytes = self->data;
  if (length > 0)
    self->data += length;
  self->left -= length;
  return TRUE;
}

gboolean
peerup_reader_u8 (PeerupReader *self, guint8 *value)
{
  const guint8 *bytes;

  if (!peerup_reader_bytes (self, 1, &bytes))
    return FALSE;

  *value = bytes[0];
  return TRUE;
}

gboolean
peerup_reader_be16 (PeerupReader *self, guint16 *value)
{
  const guint8 *bytes;

  if (!peerup_reader_bytes (self, sizeof *value, &bytes))
    return FALSE;

  *value = peerup_load_be16 (bytes);
  return TRUE;
}

gboolean
peerup_reader_be32 (PeerupReader *self, guint32 *value)
{
  const guint8 *bytes;

  if (!peerup_reader_bytes (self, sizeof *value, &bytes))
    return FALSE;

  *value = peerup_load_be32 (bytes);
  return TRUE;
}

gboolean
peerup_reader_be64 (PeerupReader *self, guint64 *value)
{
  const guint8 *bytes;

  if (!peerup_reader_bytes (self, sizeof *value, &bytes))
    return FALSE;

  *value = peerup_load_be64 (bytes);
  return TRUE;
}

gboolean
peerup_reader_varint (PeerupReader *self, guint64 *value)
{
  gsize consumed;

  if (peerup_varint_decode (self->data, self->left, value, &consumed) != PEERUP_DECODE_DONE)
    return FALSE;

  self->data += consumed;
  self->left -= consumed;
  return TRUE;
}

gboolean
peerup_reader_prefixed (PeerupReader *self, gsize max, const guint8 **bytes, gsize *length)
{
  PeerupReader ahead = *self;
  guint64 declared;

  if (!peerup_reader_varint (&ahead, &declared) || declared > max || declared > ahead.left)
    return FALSE;
  if (!peerup_reader_bytes (&ahead, (gsize) declared, bytes))
    return FALSE;

  *length = (gsize) declared;
  *self = ahead;
  return TRUE;
}
