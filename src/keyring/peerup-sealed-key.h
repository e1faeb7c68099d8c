/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* An identity key sealed with a secret that the desktop keeps for this application, as bytes of a file:
 *
 *   8   "PUPSEAL" and the version, 1
 *   32  salt, new in each file
 *   16  check: whether the secret is the one that it was sealed with
 *   24  nonce
 *   n   XChaCha20-Poly1305 of libp2p's PrivateKey protobuf, with the first 56 bytes as its associated data
 *
 * Key and check are the 48 bytes of HKDF-SHA256 (salt, secret, "dev.peerup.PeerUp identity key 1"). */
#define PEERUP_SEALED_KEY_MAX 1024

/* @secret: 16 bytes or more. CRYPTO. */
GBytes *peerup_sealed_key_seal (GBytes *secret, PeerupPrivateKey *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* MALFORMED for what is no such file, is cut short or was changed; UNSUPPORTED for a newer version; CRYPTO for one that
 * another secret seals. */
PeerupPrivateKey *
peerup_sealed_key_open (GBytes *secret, gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
