/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The deterministic encoding of libp2p's key messages. Pure functions over borrowed bytes:
 * a private key passes through without being copied. Refuses every encoding but the one that
 * encodes back to the same bytes, because peer IDs are hashes of it.
 */
#include "wire/peerup-key-protobuf.h"

#include <string.h>

#include "wire/peerup-reader.h"
#include "wire/peerup-varint.h"

#define TAG_TYPE 0x08 /* field 1, varint */
#define TAG_DATA 0x12 /* field 2, length-delimited */

static gboolean
read_tag (PeerupReader *reader, guint8 expected)
{
  guint8 tag;

  return peerup_reader_u8 (reader, &tag) && tag == expected;
}

gboolean
peerup_key_protobuf_parse (gconstpointer data, gsize length, gsize max, PeerupKeyFields *fields, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  PeerupKeyFields result;
  guint64 type;

  if (length > max)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "A key message of %" G_GSIZE_FORMAT " bytes is above the limit of %" G_GSIZE_FORMAT, length, max);
      return FALSE;
    }
  if (!read_tag (&reader, TAG_TYPE) || !peerup_reader_varint (&reader, &type) || !read_tag (&reader, TAG_DATA) ||
      !peerup_reader_prefixed (&reader, max, &result.data, &result.length) || reader.left != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "The key message is not a type and data in libp2p's deterministic encoding");
      return FALSE;
    }
  if (type > PEERUP_KEY_ECDSA)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "Key type %" G_GUINT64_FORMAT " is not known", type);
      return FALSE;
    }

  result.type = (PeerupKeyType) type;
  *fields = result;
  return TRUE;
}

gsize
peerup_key_protobuf_size (PeerupKeyType type, gsize length)
{
  return 1 + peerup_varint_size (type) + 1 + peerup_varint_size (length) + length;
}

gsize
peerup_key_protobuf_encode (PeerupKeyType type, gconstpointer data, gsize length, guint8 *out, gsize capacity)
{
  gsize size = peerup_key_protobuf_size (type, length);
  guint8 *end = out;

  if (size > capacity)
    return 0;

  *end++ = TAG_TYPE;
  end += peerup_varint_encode (type, end, PEERUP_VARINT_SIZE_MAX);
  *end++ = TAG_DATA;
  end += peerup_varint_encode (length, end, PEERUP_VARINT_SIZE_MAX);
  if (length > 0)
    memcpy (end, data, length);
  g_assert ((gsize) (end - out) + length == size);
  return size;
}
