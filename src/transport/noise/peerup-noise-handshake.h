/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/noise/peerup-noise-cipher.h"

G_BEGIN_DECLS

/* Messages of the XX pattern; the initiator writes 0 and 2, the responder 1. */
#define PEERUP_NOISE_XX_MESSAGES 3

/* The pure Noise_XX_25519_ChaChaPoly_SHA256 handshake (Noise, sections 5 and 7.5), which
 * knows nothing of libp2p: a plain structure, cleared by its owner. */
typedef struct
{
  gboolean initiator;
  guint message; /* index of the next message */

  guint8 static_private[PEERUP_NOISE_KEY_SIZE];
  guint8 static_public[PEERUP_NOISE_KEY_SIZE];
  guint8 ephemeral_private[PEERUP_NOISE_KEY_SIZE];
  guint8 ephemeral_public[PEERUP_NOISE_KEY_SIZE];
  guint8 remote_static[PEERUP_NOISE_KEY_SIZE];
  guint8 remote_ephemeral[PEERUP_NOISE_KEY_SIZE];

  guint8 chaining_key[PEERUP_NOISE_KEY_SIZE];
  guint8 hash[PEERUP_NOISE_KEY_SIZE];
  PeerupNoiseCipher cipher;
} PeerupNoiseHandshake;

/* @static_key, @ephemeral_key: private keys, fresh random bytes. Errors: CRYPTO; the
 * structure can be cleared then too. */
gboolean peerup_noise_handshake_init (PeerupNoiseHandshake *self, gboolean initiator, gconstpointer prologue,
                                      gsize prologue_length, const guint8 static_key[PEERUP_NOISE_KEY_SIZE],
                                      const guint8 ephemeral_key[PEERUP_NOISE_KEY_SIZE],
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the next message is ours to write. */
gboolean peerup_noise_handshake_writes (const PeerupNoiseHandshake *self);

/* All three messages are through. */
gboolean peerup_noise_handshake_is_done (const PeerupNoiseHandshake *self);

/* Appends the next message, without a length prefix, to @out. */
gboolean peerup_noise_handshake_write (PeerupNoiseHandshake *self, gconstpointer payload, gsize length, GByteArray *out,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the next message and writes its payload to @payload, which has room for @length
 * bytes and does not overlap @message. Errors, final: MALFORMED (too short), CRYPTO. */
gboolean peerup_noise_handshake_read (PeerupNoiseHandshake *self, const guint8 *message, gsize length, guint8 *payload,
                                      gsize *payload_length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the keys of the two directions, once done. */
gboolean peerup_noise_handshake_split (PeerupNoiseHandshake *self, PeerupNoiseCipher *sending,
                                       PeerupNoiseCipher *receiving, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Wipes everything. */
void peerup_noise_handshake_clear (PeerupNoiseHandshake *self);

G_END_DECLS
