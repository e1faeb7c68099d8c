/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-public-key.h"

G_BEGIN_DECLS

/* The one form of libp2p's PublicKey and PrivateKey messages (the two look the same):
 * 1 type, 2 data. Keys are compared and hashed as bytes, so only the deterministic encoding is
 * taken: both fields once, in order, minimal varints, nothing else (peer-ids.md, "Keys"). */

/* Longest private key protobuf that is parsed: an RSA key of 8192 bits is about 4.7 KiB. */
#define PEERUP_PRIVATE_KEY_MAX 8192

/* Borrowed from the bytes it was parsed from, so that no copy of a secret is made. */
typedef struct
{
  PeerupKeyType type;
  const guint8 *data;
  gsize length;
} PeerupKeyFields;

/* The whole of @data must be one message. TOO_LARGE above @max bytes, UNSUPPORTED for
 * an unknown type, MALFORMED otherwise. Error texts never quote @data. */
gboolean peerup_key_protobuf_parse (gconstpointer data, gsize length, gsize max, PeerupKeyFields *fields,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes that the encoding of @length bytes of key data takes. */
gsize peerup_key_protobuf_size (PeerupKeyType type, gsize length);
/* Writes it and returns its size; 0, and nothing written, if @capacity is less. */
gsize peerup_key_protobuf_encode (PeerupKeyType type, gconstpointer data, gsize length, guint8 *out,
                                  gsize capacity) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
