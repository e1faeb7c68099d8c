/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gnutls/crypto.h>

#include "transport/noise/peerup-noise-crypto.h"

G_BEGIN_DECLS

/* Noise's CipherState: ChaCha20-Poly1305 with a counter. All zero: no key. */
typedef struct
{
  gnutls_aead_cipher_hd_t handle; /* NULL while there is no key */
  guint64 nonce;                  /* of the next message; the largest value is never used */
} PeerupNoiseCipher;

/* Replaces the key and starts the counter at 0. The caller wipes @key. */
gboolean peerup_noise_cipher_set_key (PeerupNoiseCipher *self, const guint8 key[PEERUP_NOISE_KEY_SIZE],
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes @length bytes and a tag to @out, which may be @plaintext. Errors: LIMIT when the
 * counter is used up. */
gboolean peerup_noise_cipher_encrypt (PeerupNoiseCipher *self, gconstpointer associated, gsize associated_length,
                                      const guint8 *plaintext, gsize length, guint8 *out,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes @length minus a tag bytes to @out, which may be @ciphertext. The counter does not
 * advance on a failure. Errors: CRYPTO, MALFORMED (shorter than a tag), LIMIT. */
gboolean peerup_noise_cipher_decrypt (PeerupNoiseCipher *self, gconstpointer associated, gsize associated_length,
                                      const guint8 *ciphertext, gsize length, guint8 *out,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Forgets the key. */
void peerup_noise_cipher_clear (PeerupNoiseCipher *self);

G_END_DECLS
