/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Multihashes: code, length, digest. Parsing borrows; nothing is kept. Says nothing
 * about whether a digest is right, and does not name codes it has no use for.
 */
#include "wire/peerup-multihash.h"

#include "wire/peerup-reader.h"
#include "wire/peerup-varint.h"

gboolean
peerup_multihash_parse (gconstpointer data, gsize length, PeerupMultihash *multihash, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  PeerupMultihash result;

  if (!peerup_reader_varint (&reader, &result.code) ||
      !peerup_reader_prefixed (&reader, length, &result.digest, &result.length) || reader.left != 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The %" G_GSIZE_FORMAT " bytes are not one multihash",
                   length);
      return FALSE;
    }
  if (result.code == PEERUP_MULTIHASH_SHA2_256 && result.length != PEERUP_SHA256_SIZE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   "A sha2-256 multihash has %" G_GSIZE_FORMAT " bytes instead of %d", result.length,
                   PEERUP_SHA256_SIZE);
      return FALSE;
    }

  *multihash = result;
  return TRUE;
}

void
peerup_multihash_append (GByteArray *out, guint64 code, gconstpointer digest, gsize length)
{
  peerup_varint_append (out, code);
  peerup_varint_append (out, length);
  g_byte_array_append (out, digest, (guint) length);
}

void
peerup_multihash_append_sha256 (GByteArray *out, gconstpointer data, gsize length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[PEERUP_SHA256_SIZE];
  gsize digest_size = sizeof digest;

  g_checksum_update (checksum, data, (gssize) length);
  g_checksum_get_digest (checksum, digest, &digest_size);
  g_assert (digest_size == sizeof digest);
  peerup_multihash_append (out, PEERUP_MULTIHASH_SHA2_256, digest, sizeof digest);
}
