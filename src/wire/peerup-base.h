/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Text forms of bytes. Base32 and base64url are RFC 4648 without padding; base58 (the Bitcoin
 * alphabet) and base36 are one big number, with a leading zero byte as a leading
 * zero digit. Decoding takes exactly the alphabet of the base: no other case, no
 * white space, no padding, no spare bits set in base32 and base64. */
typedef enum
{
  PEERUP_BASE32_LOWER,
  PEERUP_BASE32_UPPER,
  PEERUP_BASE36,
  PEERUP_BASE58,
  PEERUP_BASE64_URL,
} PeerupBase;

/* The cost of base36 and base58 grows with the square of the length, so both
 * directions refuse more bytes than this; the others are held to it too. */
#define PEERUP_BASE_BYTES_MAX 1024

/* @length is at most PEERUP_BASE_BYTES_MAX. */
char *peerup_base_encode (PeerupBase base, gconstpointer data, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* TOO_LARGE if the text would stand for more than @max bytes (@max at most
 * PEERUP_BASE_BYTES_MAX), told from the length of the text where that is certain;
 * MALFORMED for any other fault. Error texts never quote @text: it may be a secret. */
GBytes *peerup_base_decode (PeerupBase base, const char *text, gsize text_length, gsize max,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same behind a multibase letter: b base32, B base32 upper case, k base36,
 * z base58btc, u base64url. Another letter is UNSUPPORTED. */
char *peerup_multibase_encode (PeerupBase base, gconstpointer data, gsize length) G_GNUC_WARN_UNUSED_RESULT;
GBytes *
peerup_multibase_decode (const char *text, gsize text_length, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
