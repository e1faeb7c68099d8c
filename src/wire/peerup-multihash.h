/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Codes of the multicodec table. */
#define PEERUP_MULTIHASH_IDENTITY 0x00
#define PEERUP_MULTIHASH_SHA2_256 0x12

#define PEERUP_SHA256_SIZE 32

/* Borrowed from the bytes it was parsed from. */
typedef struct
{
  guint64 code;
  const guint8 *digest;
  gsize length;
} PeerupMultihash;

/* The whole of @data must be one multihash: code, length, that many bytes, nothing
 * after. Any code is let through, but a sha2-256 must have 32 bytes. MALFORMED. */
gboolean peerup_multihash_parse (gconstpointer data, gsize length, PeerupMultihash *multihash,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Appends code, length and digest. */
void peerup_multihash_append (GByteArray *out, guint64 code, gconstpointer digest, gsize length);
/* Hashes @data and appends the sha2-256 multihash of it. */
void peerup_multihash_append_sha256 (GByteArray *out, gconstpointer data, gsize length);

G_END_DECLS
