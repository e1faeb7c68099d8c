/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* The original's invite as bytes: an X25519 key agreement, HKDF-SHA256 over its result and the token of the code, and
 * two messages in frames of XChaCha20-Poly1305.
 *
 *   joiner                        inviter
 *   01, share               ->
 *                           <-    share
 *   frame (name)            ->
 *                           <-    frame ("OK " and name, or "ERR " and a reason)
 */
#define PEERUP_ORIGINAL_INVITE_PROTOCOL "/peerup/invite/1.0.0"
#define PEERUP_ORIGINAL_INVITE_VERSION  0x01

#define PEERUP_ORIGINAL_SHARE_LENGTH 32
#define PEERUP_ORIGINAL_KEY_LENGTH   32
#define PEERUP_ORIGINAL_TOKEN_LENGTH 8
/* Of the joiner's first message. */
#define PEERUP_ORIGINAL_OPENING_LENGTH (1 + PEERUP_ORIGINAL_SHARE_LENGTH)

/* One side's ephemeral key. */
typedef struct _PeerupOriginalExchange PeerupOriginalExchange;

/* @scalar: nullable, PEERUP_ORIGINAL_SHARE_LENGTH bytes, for tests with known vectors; NULL draws one. */
PeerupOriginalExchange *peerup_original_exchange_new (const guint8 *scalar) G_GNUC_WARN_UNUSED_RESULT;
/* Wipes what is secret. */
void peerup_original_exchange_free (PeerupOriginalExchange *self);
/* Ours. Borrowed. */
const guint8 *peerup_original_exchange_get_share (PeerupOriginalExchange *self);
/* Takes the other's share. CRYPTO for a point of low order, whose result would be all zero. Once. */
gboolean
peerup_original_exchange_finish (PeerupOriginalExchange *self, const guint8 share[PEERUP_ORIGINAL_SHARE_LENGTH],
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After finish: the key that @token makes of it. */
void peerup_original_exchange_get_key (PeerupOriginalExchange *self, const guint8 token[PEERUP_ORIGINAL_TOKEN_LENGTH],
                                       guint8 key[PEERUP_ORIGINAL_KEY_LENGTH]);

/* Frames: a length (big-endian, 2 bytes), a nonce, the sealed message and its tag. */
#define PEERUP_ORIGINAL_FRAME_HEADER 2
#define PEERUP_ORIGINAL_NONCE_LENGTH 24
#define PEERUP_ORIGINAL_FRAME_MIN    (PEERUP_ORIGINAL_NONCE_LENGTH + 16)
#define PEERUP_ORIGINAL_FRAME_MAX    4096
/* Bytes of a message. */
#define PEERUP_ORIGINAL_MESSAGE_MAX (PEERUP_ORIGINAL_FRAME_MAX - PEERUP_ORIGINAL_FRAME_MIN)

/* @length: at most PEERUP_ORIGINAL_MESSAGE_MAX. @nonce: nullable, for tests; NULL draws one. With its header. */
GBytes *peerup_original_frame_seal (const guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], const guint8 *nonce,
                                    gconstpointer message, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* How much follows @header. MALFORMED for less than PEERUP_ORIGINAL_FRAME_MIN, TOO_LARGE above
 * PEERUP_ORIGINAL_FRAME_MAX. */
gboolean peerup_original_frame_measure (const guint8 header[PEERUP_ORIGINAL_FRAME_HEADER], gsize *length,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The message of what follows a header. CRYPTO: another key, so another token; MALFORMED: too short to be one. */
GBytes *peerup_original_frame_open (const guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], gconstpointer sealed, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @name: nullable; what the inviter says last. */
GBytes *peerup_original_answer_encode (const char *name) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_original_answer_encode_error (void) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the name in it, maybe "", as it came: not fit to be shown. GATED: the inviter said that it failed;
 * PROTOCOL: neither. */
char *peerup_original_answer_parse (gconstpointer message, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupOriginalExchange, peerup_original_exchange_free)

G_END_DECLS
