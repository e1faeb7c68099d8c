/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The three digests of STUN: a CRC-32 that tells it from other protocols on the same port, and
 * two HMACs with a key that both sides know. Stateless; keys are the caller's to wipe. */

#include "stun/peerup-stun-private.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "wire/peerup-bytes.h"

/* "STUN", so that a CRC-32 of another protocol in the same place is not taken for ours. */
#define FINGERPRINT_XOR 0x5354554e

/* ITU V.42, reflected, four bits at a time: messages are short and few. */
static guint32
crc32 (const guint8 *data, gsize length)
{
  static const guint32 table[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < length; i++)
    {
      crc = table[(crc ^ data[i]) & 15] ^ crc >> 4;
      crc = table[(crc ^ data[i] >> 4) & 15] ^ crc >> 4;
    }
  return ~crc;
}

guint32
peerup_stun_fingerprint (const guint8 *data, gsize length)
{
  return crc32 (data, length) ^ FINGERPRINT_XOR;
}

static gnutls_mac_algorithm_t
get_algorithm (guint16 type)
{
  switch (type)
    {
    case PEERUP_STUN_MESSAGE_INTEGRITY:
      return GNUTLS_MAC_SHA1;
    case PEERUP_STUN_MESSAGE_INTEGRITY_SHA256:
      return GNUTLS_MAC_SHA256;
    default:
      return GNUTLS_MAC_UNKNOWN;
    }
}

gsize
peerup_stun_hmac_get_size (guint16 type)
{
  gnutls_mac_algorithm_t algorithm = get_algorithm (type);

  return algorithm != GNUTLS_MAC_UNKNOWN ? gnutls_hmac_get_len (algorithm) : 0;
}

gboolean
peerup_stun_hmac (guint16 type, gsize size, const guint8 *key, gsize key_length, const guint8 *data, gsize length,
                  guint8 digest[PEERUP_STUN_HMAC_SIZE_MAX])
{
  gnutls_hmac_hd_t hmac;
  guint8 declared[2];
  gboolean done;

  g_assert (length >= PEERUP_STUN_HEADER_SIZE);
  g_assert (peerup_stun_hmac_get_size (type) <= PEERUP_STUN_HMAC_SIZE_MAX);
  if (gnutls_hmac_init (&hmac, get_algorithm (type), key, key_length) != 0)
    return FALSE;
  peerup_store_be16 (declared, length - PEERUP_STUN_HEADER_SIZE + PEERUP_STUN_ATTRIBUTE_HEADER_SIZE + size);
  done = gnutls_hmac (hmac, data, 2) == 0 && gnutls_hmac (hmac, declared, sizeof declared) == 0 &&
         gnutls_hmac (hmac, data + 4, length - 4) == 0;
  gnutls_hmac_deinit (hmac, digest);
  return done;
}
