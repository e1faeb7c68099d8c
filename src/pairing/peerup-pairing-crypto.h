/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <sodium.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* What this room takes from libsodium, with every string hashed behind its length, so that no two lists of strings are
 * the same bytes. For this room alone. */

/* Bytes of a hash, of a key of a seal, and what a seal adds to the text. */
#define PEERUP_PAIRING_HASH_LENGTH 32
#define PEERUP_PAIRING_KEY_LENGTH  crypto_aead_chacha20poly1305_ietf_KEYBYTES
#define PEERUP_PAIRING_SEAL_LENGTH crypto_aead_chacha20poly1305_ietf_ABYTES

/* Once, before anything else here; again does nothing. Aborts without a source of randomness. */
void peerup_pairing_crypto_init (void);

/* BLAKE2b of strings, one after the other, each behind its length. */
typedef struct
{
  crypto_generichash_state state;
  gsize length;
} PeerupPairingHash;

/* @key: nullable, 16 to 64 bytes. @length: 16 to 64, of the result. @label tells the uses apart. */
void peerup_pairing_hash_init (PeerupPairingHash *self, const guint8 *key, gsize key_length, gsize length,
                               const char *label);
void peerup_pairing_hash_add (PeerupPairingHash *self, gconstpointer data, gsize length);
void peerup_pairing_hash_add_text (PeerupPairingHash *self, const char *text);
/* Wipes @self. */
void peerup_pairing_hash_finish (PeerupPairingHash *self, guint8 *hash);

/* A key that seals one direction of a run: the nonce is the number of the seal, so no two are alike. */
typedef struct
{
  guint8 key[PEERUP_PAIRING_KEY_LENGTH];
  guint64 count;
} PeerupPairingSeal;

/* @bound: PEERUP_PAIRING_HASH_LENGTH bytes of what the seal must go with. */
GBytes *peerup_pairing_seal_close (PeerupPairingSeal *self, const guint8 *bound, gconstpointer text,
                                   gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* NULL unless it is the next that was sealed with this key, and bound to the same. */
GBytes *peerup_pairing_seal_open (PeerupPairingSeal *self, const guint8 *bound, const guint8 *sealed,
                                  gsize length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
