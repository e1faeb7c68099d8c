/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Sizes of X25519 keys, ChaCha20-Poly1305 keys and SHA-256 alike. */
#define PEERUP_NOISE_KEY_SIZE 32
#define PEERUP_NOISE_TAG_SIZE 16

/* The functions that Noise builds on (noiseprotocol.org, section 12), over GnuTLS.
 * All fail with CRYPTO and nothing else. */

/* The X25519 public key of @private_key, which needs no clamping by the caller. */
gboolean peerup_noise_dh_public (const guint8 private_key[PEERUP_NOISE_KEY_SIZE],
                                 guint8 public_key[PEERUP_NOISE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* X25519. An all-zero result, which is what points of low order give, is an error. The
 * caller wipes @shared. */
gboolean
peerup_noise_dh (const guint8 private_key[PEERUP_NOISE_KEY_SIZE], const guint8 public_key[PEERUP_NOISE_KEY_SIZE],
                 guint8 shared[PEERUP_NOISE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* SHA-256 of @a followed by @b. */
gboolean peerup_noise_hash (gconstpointer a, gsize a_length, gconstpointer b, gsize b_length,
                            guint8 digest[PEERUP_NOISE_KEY_SIZE], GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* HKDF-SHA256 with an empty info and two outputs. @chaining_key may be @first. The caller
 * wipes the outputs. */
gboolean peerup_noise_hkdf (const guint8 chaining_key[PEERUP_NOISE_KEY_SIZE], gconstpointer material, gsize length,
                            guint8 first[PEERUP_NOISE_KEY_SIZE], guint8 second[PEERUP_NOISE_KEY_SIZE],
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
