/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Hashes and seals of pairings. They live as long as the run or the call they are part of; who holds a key wipes it. */

#include "pairing/peerup-pairing-crypto.h"

#include "wire/peerup-bytes.h"

void
peerup_pairing_crypto_init (void)
{
  if (sodium_init () < 0)
    g_error ("libsodium finds no source of randomness");
}

void
peerup_pairing_hash_init (PeerupPairingHash *self, const guint8 *key, gsize key_length, gsize length, const char *label)
{
  int result = crypto_generichash_init (&self->state, key, key_length, length);

  g_assert (result == 0);
  self->length = length;
  peerup_pairing_hash_add_text (self, label);
}

void
peerup_pairing_hash_add (PeerupPairingHash *self, gconstpointer data, gsize length)
{
  guint8 prefix[8];

  peerup_store_be64 (prefix, length);
  crypto_generichash_update (&self->state, prefix, sizeof prefix);
  crypto_generichash_update (&self->state, data, length);
}

void
peerup_pairing_hash_add_text (PeerupPairingHash *self, const char *text)
{
  peerup_pairing_hash_add (self, text, strlen (text));
}

void
peerup_pairing_hash_finish (PeerupPairingHash *self, guint8 *hash)
{
  crypto_generichash_final (&self->state, hash, self->length);
  sodium_memzero (self, sizeof *self);
}

static void
make_nonce (const PeerupPairingSeal *self, guint8 nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
  memset (nonce, 0, crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
  peerup_store_le64 (nonce + crypto_aead_chacha20poly1305_ietf_NPUBBYTES - 8, self->count);
}

GBytes *
peerup_pairing_seal_close (PeerupPairingSeal *self, const guint8 *bound, gconstpointer text, gsize length)
{
  guint8 nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
  guint8 *sealed = g_malloc (length + PEERUP_PAIRING_SEAL_LENGTH);

  make_nonce (self, nonce);
  self->count++;
  crypto_aead_chacha20poly1305_ietf_encrypt (sealed, NULL, text, length, bound, PEERUP_PAIRING_HASH_LENGTH, NULL, nonce,
                                             self->key);
  return g_bytes_new_take (sealed, length + PEERUP_PAIRING_SEAL_LENGTH);
}

GBytes *
peerup_pairing_seal_open (PeerupPairingSeal *self, const guint8 *bound, const guint8 *sealed, gsize length)
{
  guint8 nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
  g_autofree guint8 *text = NULL;

  if (length < PEERUP_PAIRING_SEAL_LENGTH)
    return NULL;
  make_nonce (self, nonce);
  text = g_malloc (MAX (length - PEERUP_PAIRING_SEAL_LENGTH, 1));
  if (crypto_aead_chacha20poly1305_ietf_decrypt (text, NULL, NULL, sealed, length, bound, PEERUP_PAIRING_HASH_LENGTH,
                                                 nonce, self->key) != 0)
    return NULL;
  self->count++;
  return g_bytes_new_take (g_steal_pointer (&text), length - PEERUP_PAIRING_SEAL_LENGTH);
}
