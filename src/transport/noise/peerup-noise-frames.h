/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "transport/noise/peerup-noise-cipher.h"

G_BEGIN_DECLS

/* Bytes of the length before each message, of the handshake too. */
#define PEERUP_NOISE_PREFIX_SIZE 2

guint peerup_noise_prefix_read (const guint8 *prefix);
void peerup_noise_prefix_write (guint8 *prefix, gsize length);

/* The transport frames of one direction; the contracts stand at peerup_noise_encrypt(),
 * peerup_noise_decrypt() and peerup_noise_decrypt_in_place(). */
gboolean peerup_noise_frames_encrypt (PeerupNoiseCipher *cipher, const GOutputVector *vectors, gsize n_vectors,
                                      guint8 *out, gsize capacity, gsize *consumed, gsize *produced,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
peerup_noise_frames_decrypt (PeerupNoiseCipher *cipher, const guint8 *data, gsize length, guint8 *out, gsize capacity,
                             gsize *consumed, gsize *produced, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_noise_frames_decrypt_in_place (PeerupNoiseCipher *cipher, guint8 *data, gsize length,
                                               guint8 **plaintext, gsize *plaintext_length, gsize *consumed,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
