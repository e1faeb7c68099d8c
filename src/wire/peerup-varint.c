/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Unsigned varints. Pure functions over borrowed bytes: nothing is kept. Refuses
 * padded encodings and more than 9 bytes; protobuf's own varints, which may have 10
 * and may be padded, are peerup-message.c's.
 */
#include "wire/peerup-varint.h"

PeerupDecode
peerup_varint_decode (const guint8 *data, gsize length, guint64 *value, gsize *consumed)
{
  gsize limit = MIN (length, PEERUP_VARINT_SIZE_MAX);
  guint64 result = 0;

  for (gsize i = 0; i < limit; i++)
    {
      result |= (guint64) (data[i] & 0x7f) << (7 * i);
      if ((data[i] & 0x80) != 0)
        continue;

      /* A zero last byte only pads: the value has a shorter encoding. */
      if (i > 0 && data[i] == 0)
        return PEERUP_DECODE_MALFORMED;

      *value = result;
      *consumed = i + 1;
      return PEERUP_DECODE_DONE;
    }

  return length < PEERUP_VARINT_SIZE_MAX ? PEERUP_DECODE_NEED_MORE : PEERUP_DECODE_MALFORMED;
}

gsize
peerup_varint_size (guint64 value)
{
  gsize size = 1;

  if (value > PEERUP_VARINT_MAX)
    return 0;

  while ((value >>= 7) != 0)
    size++;
  return size;
}

gsize
peerup_varint_encode (guint64 value, guint8 *out, gsize capacity)
{
  gsize size = peerup_varint_size (value);

  if (size == 0 || size > capacity)
    return 0;

  for (gsize i = 0; i + 1 < size; i++, value >>= 7)
    out[i] = (guint8) (value | 0x80);
  out[size - 1] = (guint8) value;
  g_assert (value < 0x80);
  return size;
}

void
peerup_varint_append (GByteArray *out, guint64 value)
{
  guint8 bytes[PEERUP_VARINT_SIZE_MAX];
  gsize size;

  g_return_if_fail (value <= PEERUP_VARINT_MAX);

  size = peerup_varint_encode (value, bytes, sizeof bytes);
  g_byte_array_append (out, bytes, (guint) size);
}
