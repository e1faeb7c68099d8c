/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* Bytes of a Noise message are counted in 16 bits; 16 of them are the tag. */
#define PEERUP_NOISE_PLAINTEXT_MAX 65519

/* What a transport frame adds to its plaintext: two bytes of length and the tag. */
#define PEERUP_NOISE_FRAME_OVERHEAD 18

/* The largest transport frame, length prefix included. */
#define PEERUP_NOISE_FRAME_MAX (PEERUP_NOISE_PLAINTEXT_MAX + PEERUP_NOISE_FRAME_OVERHEAD)

/* Largest second or third handshake message we read: an RSA key of 8192 bits, its
 * signature and a hundred muxers are below 6 KiB. */
#define PEERUP_NOISE_HANDSHAKE_MAX 8192

/* Longer lists of muxers are ignored, as go does. */
#define PEERUP_NOISE_MUXERS_MAX 100

/* One libp2p Noise channel (noise/README.md; Noise_XX_25519_ChaChaPoly_SHA256): first the
 * handshake, then the transport frames. A machine of bytes: no socket, no clock. Keys are
 * wiped as soon as they are done with. Not thread-safe. */
typedef struct _PeerupNoise PeerupNoise;

/* The randomness of one handshake: two X25519 private keys. */
typedef struct
{
  guint8 static_key[32];
  guint8 ephemeral_key[32];
} PeerupNoiseKeys;

/**
 * peerup_noise_new:
 * @initiator: %TRUE for the dialer
 * @identity: our identity; a reference is kept until the handshake is done
 * @expected: (nullable): the peer that must answer; anybody if %NULL
 * @muxers: (nullable) (array zero-terminated=1): what we offer in the extension
 *   stream_muxers, the preferred one first; %NULL or empty sends no extension
 * @keys: (nullable): fixed keys, for tests only; %NULL takes random ones
 *
 * Errors: CRYPTO (the library has no randomness or no such algorithm).
 *
 * Returns: (transfer full): free with peerup_noise_free()
 */
PeerupNoise *
peerup_noise_new (gboolean initiator, PeerupPrivateKey *identity, PeerupPeerId *expected, const char *const *muxers,
                  const PeerupNoiseKeys *keys, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_noise_feed:
 * @consumed: (out): bytes of @data that belonged to the handshake
 *
 * Takes in received bytes, in any pieces, until the handshake is done; stops exactly
 * behind its last message: what is left of @data are transport frames. After the end it
 * consumes nothing and returns %TRUE.
 *
 * Errors: TOO_LARGE, MALFORMED, UNSUPPORTED (a kind of identity key we do not verify),
 * CRYPTO (tampered message, bad signature, all-zero key agreement), WRONG_PEER (proved an
 * identity that is not the expected one), NEGOTIATION (both sides offer muxers, none in
 * common), CLOSED (failed before). All are final.
 */
gboolean peerup_noise_feed (PeerupNoise *self, gconstpointer data, gsize length, gsize *consumed,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): handshake bytes to be sent now, NULL for nothing.
 * The initiator's last message must go out before its first transport frame; both may go
 * in one write. */
GBytes *peerup_noise_take_output (PeerupNoise *self) G_GNUC_WARN_UNUSED_RESULT;

/* The handshake is done and the remote peer proved its identity. A responder knows then
 * that the initiator has taken part to the end; an initiator that the responder has
 * taken part, not that it accepted us: the first frame it can decrypt says so. */
gboolean peerup_noise_is_done (const PeerupNoise *self);

/* Valid once done. Borrowed. */
PeerupPublicKey *peerup_noise_get_remote_key (const PeerupNoise *self);
PeerupPeerId *peerup_noise_get_remote_peer (const PeerupNoise *self);

/* Returns: (nullable): the muxer both sides agreed on in the handshake; NULL where one of
 * them offered none: then it is negotiated by multistream-select inside. Borrowed. */
const char *peerup_noise_get_muxer (const PeerupNoise *self);

/**
 * peerup_noise_encrypt:
 * @vectors: plaintext, in order; must not overlap @out
 * @consumed: (out): bytes of plaintext that went into frames
 * @produced: (out): bytes written to @out
 *
 * Writes as many frames as @out takes or the plaintext fills, each as large as may be; the
 * caller sends all of them, in order. Nothing is allocated. Plaintext of length zero
 * makes no frame.
 *
 * Errors: LIMIT (2^64 - 1 frames were sent), CLOSED (the channel failed before). All are final.
 */
gboolean
peerup_noise_encrypt (PeerupNoise *self, const GOutputVector *vectors, gsize n_vectors, guint8 *out, gsize capacity,
                      gsize *consumed, gsize *produced, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Bytes of the frame at the start of @data, length prefix included; 0 while @length is too
 * short to tell. Never above PEERUP_NOISE_FRAME_MAX. */
gsize peerup_noise_frame_size (const guint8 *data, gsize length);

/**
 * peerup_noise_decrypt:
 * @data: received bytes, from the start of a frame
 * @out: must not overlap @data
 * @consumed: (out): bytes of the frames decrypted
 * @produced: (out): bytes of plaintext written to @out
 *
 * Decrypts whole frames until one is incomplete or its plaintext has no room in @out
 * (%PEERUP_NOISE_PLAINTEXT_MAX is always enough for one). Nothing is allocated.
 *
 * Errors: CRYPTO (does not decrypt: altered, repeated, lost or out of order), MALFORMED
 * (shorter than a tag), LIMIT, CLOSED. All are final: nothing is decrypted or encrypted after
 * the first. Plaintext of earlier frames of the same call is not reported then.
 */
gboolean peerup_noise_decrypt (PeerupNoise *self, const guint8 *data, gsize length, guint8 *out, gsize capacity,
                               gsize *consumed, gsize *produced, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_noise_decrypt_in_place:
 * @plaintext: (out): where in @data the plaintext starts
 * @consumed: (out): bytes of the frame; 0 if @data does not hold all of it
 *
 * Decrypts the first frame of @data where it stands. Errors as peerup_noise_decrypt().
 */
gboolean
peerup_noise_decrypt_in_place (PeerupNoise *self, guint8 *data, gsize length, guint8 **plaintext,
                               gsize *plaintext_length, gsize *consumed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void peerup_noise_free (PeerupNoise *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNoise, peerup_noise_free)

G_END_DECLS
