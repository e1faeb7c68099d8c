/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* One key and its counter, for one direction of a channel or one phase of a handshake. It
 * neither rekeys nor takes a nonce from outside, so a nonce cannot be used twice; that a
 * channel ends with its first failure is its owner's to see to. */

#include "transport/noise/peerup-noise-cipher.h"

#define NONCE_SIZE 12

/* Four zero bytes, then the counter, little endian (Noise, section 12.3). */
static gboolean
make_nonce (const PeerupNoiseCipher *self, guint8 nonce[NONCE_SIZE], GError **error)
{
  if (self->nonce == G_MAXUINT64)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                           "noise: the channel has carried all the messages its key is good for");
      return FALSE;
    }

  for (guint i = 0; i < NONCE_SIZE; i++)
    nonce[i] = i < 4 ? 0 : (guint8) (self->nonce >> (8 * (i - 4)));
  return TRUE;
}

gboolean
peerup_noise_cipher_set_key (PeerupNoiseCipher *self, const guint8 key[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  gnutls_datum_t datum = { (guint8 *) key, PEERUP_NOISE_KEY_SIZE };
  int result;

  peerup_noise_cipher_clear (self);
  result = gnutls_aead_cipher_init (&self->handle, GNUTLS_CIPHER_CHACHA20_POLY1305, &datum);
  if (result < 0)
    {
      self->handle = NULL;
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "noise: ChaCha20-Poly1305 failed: %s",
                   gnutls_strerror (result));
      return FALSE;
    }
  return TRUE;
}

gboolean
peerup_noise_cipher_encrypt (PeerupNoiseCipher *self, gconstpointer associated, gsize associated_length,
                             const guint8 *plaintext, gsize length, guint8 *out, GError **error)
{
  gsize written = length + PEERUP_NOISE_TAG_SIZE;
  guint8 nonce[NONCE_SIZE];
  int result;

  g_assert (self->handle != NULL);

  if (!make_nonce (self, nonce, error))
    return FALSE;

  result = gnutls_aead_cipher_encrypt (self->handle, nonce, sizeof nonce, associated, associated_length,
                                       PEERUP_NOISE_TAG_SIZE, plaintext, length, out, &written);
  if (result < 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "noise: a message cannot be encrypted: %s",
                   gnutls_strerror (result));
      return FALSE;
    }

  g_assert (written == length + PEERUP_NOISE_TAG_SIZE);
  self->nonce++;
  return TRUE;
}

gboolean
peerup_noise_cipher_decrypt (PeerupNoiseCipher *self, gconstpointer associated, gsize associated_length,
                             const guint8 *ciphertext, gsize length, guint8 *out, GError **error)
{
  guint8 nonce[NONCE_SIZE];
  gsize written;

  g_assert (self->handle != NULL);

  if (length < PEERUP_NOISE_TAG_SIZE)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "noise: a message is shorter than its tag");
      return FALSE;
    }
  if (!make_nonce (self, nonce, error))
    return FALSE;

  written = length - PEERUP_NOISE_TAG_SIZE;
  if (gnutls_aead_cipher_decrypt (self->handle, nonce, sizeof nonce, associated, associated_length,
                                  PEERUP_NOISE_TAG_SIZE, ciphertext, length, out, &written) < 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                           "noise: a message does not decrypt: it was altered, repeated or is out of order");
      return FALSE;
    }

  g_assert (written == length - PEERUP_NOISE_TAG_SIZE);
  self->nonce++;
  return TRUE;
}

void
peerup_noise_cipher_clear (PeerupNoiseCipher *self)
{
  g_clear_pointer (&self->handle, gnutls_aead_cipher_deinit);
  self->nonce = 0;
}
