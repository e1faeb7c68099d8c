/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-private-key.h"
#include "transport/noise/peerup-noise-crypto.h"

G_BEGIN_DECLS

/* The payload of the second and third handshake messages (noise/README.md, "The libp2p
 * Handshake Payload"): who vouches for the static key, and which muxers are offered. */

/* @muxers: (nullable) (array zero-terminated=1). Errors: those of signing. */
GBytes *peerup_noise_payload_pack (PeerupPrivateKey *identity, const guint8 static_public[PEERUP_NOISE_KEY_SIZE],
                                   const char *const *muxers, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads a payload and verifies that its identity vouches for @static_public. @muxers: (out)
 * (transfer full) (nullable): %NULL if there is no list, or one longer than we read; entries
 * that are not text are left out. Returns: (transfer full): the identity's key. Errors:
 * MALFORMED, TOO_LARGE, UNSUPPORTED, CRYPTO. */
PeerupPublicKey *
peerup_noise_payload_open (gconstpointer data, gsize length, const guint8 static_public[PEERUP_NOISE_KEY_SIZE],
                           GStrv *muxers, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
