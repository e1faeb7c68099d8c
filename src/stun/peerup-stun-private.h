/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "stun/peerup-stun-message.h"

G_BEGIN_DECLS

/* What reading and writing have in common. */

#define PEERUP_STUN_ATTRIBUTE_HEADER_SIZE 4
#define PEERUP_STUN_FINGERPRINT_SIZE      4
#define PEERUP_STUN_HMAC_SIZE_MAX         32

/* An address begins with a zero, its family and the port (RFC 8489 14.1). */
#define PEERUP_STUN_ADDRESS_HEADER_SIZE 4
#define PEERUP_STUN_IP4                 1
#define PEERUP_STUN_IP6                 2

/* Covers a port and an address, or bares them: the port with the beginning of the magic
 * cookie, the address with that and the transaction ID (RFC 8489 14.2), which lie in the @header one
 * behind the other. @value: at most 20 bytes. */
static inline void
peerup_stun_mask_address (guint8 *value, gsize length, const guint8 *header)
{
  for (gsize i = 2; i < length; i++)
    value[i] ^= i < PEERUP_STUN_ADDRESS_HEADER_SIZE ? header[2 + i] : header[i];
}

/* The value of a FINGERPRINT behind @length bytes, whose header counts it already (RFC 8489 14.7). */
guint32 peerup_stun_fingerprint (const guint8 *data, gsize length);
/* The bytes of a full value of @type; 0: it is no integrity attribute. */
gsize peerup_stun_hmac_get_size (guint16 type);
/* The value of an integrity attribute of @size bytes behind @length bytes, as if it were the
 * last (RFC 8489 14.5): what the header says of the length is passed over. FALSE: GnuTLS refuses. */
gboolean peerup_stun_hmac (guint16 type, gsize size, const guint8 *key, gsize key_length, const guint8 *data,
                           gsize length, guint8 digest[PEERUP_STUN_HMAC_SIZE_MAX]) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
