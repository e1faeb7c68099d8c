/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's invite: its key agreement and its frames. An exchange lives for one run; the rest are functions of
 * bytes. It reads no stream, and does not know which token is right: that a frame opens says so.
 */
#include "pairing/peerup-original-invite.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "wire/peerup-bytes.h"

#define KEY_INFO "peerup-invite-v1"
#define OK       "OK"
#define REFUSAL  "ERR"

struct _PeerupOriginalExchange
{
  guint8 scalar[PEERUP_ORIGINAL_SHARE_LENGTH];
  guint8 share[PEERUP_ORIGINAL_SHARE_LENGTH];
  guint8 agreed[PEERUP_ORIGINAL_SHARE_LENGTH];
  gboolean finished;
};

G_STATIC_ASSERT (PEERUP_ORIGINAL_SHARE_LENGTH == crypto_scalarmult_BYTES);
G_STATIC_ASSERT (PEERUP_ORIGINAL_KEY_LENGTH == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
G_STATIC_ASSERT (PEERUP_ORIGINAL_NONCE_LENGTH == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
G_STATIC_ASSERT (PEERUP_ORIGINAL_FRAME_MIN == PEERUP_ORIGINAL_NONCE_LENGTH + crypto_aead_xchacha20poly1305_ietf_ABYTES);

/* The exchange */

PeerupOriginalExchange *
peerup_original_exchange_new (const guint8 *scalar)
{
  PeerupOriginalExchange *self = g_new0 (PeerupOriginalExchange, 1);

  if (sodium_init () < 0)
    g_error ("libsodium cannot be used on this machine");
  if (scalar != NULL)
    memcpy (self->scalar, scalar, sizeof self->scalar);
  else
    randombytes_buf (self->scalar, sizeof self->scalar);
  g_assert (crypto_scalarmult_base (self->share, self->scalar) == 0);
  return self;
}

void
peerup_original_exchange_free (PeerupOriginalExchange *self)
{
  if (self == NULL)
    return;
  sodium_memzero (self, sizeof *self);
  g_free (self);
}

const guint8 *
peerup_original_exchange_get_share (PeerupOriginalExchange *self)
{
  return self->share;
}

gboolean
peerup_original_exchange_finish (PeerupOriginalExchange *self, const guint8 share[PEERUP_ORIGINAL_SHARE_LENGTH],
                                 GError **error)
{
  g_return_val_if_fail (!self->finished, FALSE);

  if (crypto_scalarmult (self->agreed, self->scalar, share) != 0 || sodium_is_zero (self->agreed, sizeof self->agreed))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                           _ ("The other side of the invite sent a share that no honest program sends"));
      return FALSE;
    }
  sodium_memzero (self->scalar, sizeof self->scalar);
  self->finished = TRUE;
  return TRUE;
}

/* RFC 5869 without a salt, one block. */
void
peerup_original_exchange_get_key (PeerupOriginalExchange *self, const guint8 token[PEERUP_ORIGINAL_TOKEN_LENGTH],
                                  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH])
{
  const guint8 salt[crypto_auth_hmacsha256_KEYBYTES] = { 0 };
  const guint8 counter = 1;
  crypto_auth_hmacsha256_state state;
  guint8 extracted[crypto_auth_hmacsha256_BYTES];

  g_return_if_fail (self->finished);

  crypto_auth_hmacsha256_init (&state, salt, sizeof salt);
  crypto_auth_hmacsha256_update (&state, self->agreed, sizeof self->agreed);
  crypto_auth_hmacsha256_update (&state, token, PEERUP_ORIGINAL_TOKEN_LENGTH);
  crypto_auth_hmacsha256_final (&state, extracted);
  crypto_auth_hmacsha256_init (&state, extracted, sizeof extracted);
  crypto_auth_hmacsha256_update (&state, (const guint8 *) KEY_INFO, strlen (KEY_INFO));
  crypto_auth_hmacsha256_update (&state, &counter, 1);
  crypto_auth_hmacsha256_final (&state, key);
  sodium_memzero (&state, sizeof state);
  sodium_memzero (extracted, sizeof extracted);
}

/* Frames */

GBytes *
peerup_original_frame_seal (const guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], const guint8 *nonce, gconstpointer message,
                            gsize length)
{
  gsize rest = PEERUP_ORIGINAL_FRAME_MIN + length;
  guint8 *frame;

  g_return_val_if_fail (length <= PEERUP_ORIGINAL_MESSAGE_MAX, NULL);

  frame = g_malloc (PEERUP_ORIGINAL_FRAME_HEADER + rest);
  peerup_store_be16 (frame, (guint16) rest);
  if (nonce != NULL)
    memcpy (frame + PEERUP_ORIGINAL_FRAME_HEADER, nonce, PEERUP_ORIGINAL_NONCE_LENGTH);
  else
    randombytes_buf (frame + PEERUP_ORIGINAL_FRAME_HEADER, PEERUP_ORIGINAL_NONCE_LENGTH);
  crypto_aead_xchacha20poly1305_ietf_encrypt (frame + PEERUP_ORIGINAL_FRAME_HEADER + PEERUP_ORIGINAL_NONCE_LENGTH, NULL,
                                              message, length, NULL, 0, NULL, frame + PEERUP_ORIGINAL_FRAME_HEADER,
                                              key);
  return g_bytes_new_take (frame, PEERUP_ORIGINAL_FRAME_HEADER + rest);
}

gboolean
peerup_original_frame_measure (const guint8 header[PEERUP_ORIGINAL_FRAME_HEADER], gsize *length, GError **error)
{
  gsize declared = peerup_load_be16 (header);

  if (declared < PEERUP_ORIGINAL_FRAME_MIN)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("A message of %zu bytes is too short to be one of an invite"), declared);
      return FALSE;
    }
  if (declared > PEERUP_ORIGINAL_FRAME_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   _ ("A message of an invite has %zu bytes; at most %d are allowed"), declared,
                   PEERUP_ORIGINAL_FRAME_MAX);
      return FALSE;
    }
  *length = declared;
  return TRUE;
}

GBytes *
peerup_original_frame_open (const guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], gconstpointer sealed, gsize length,
                            GError **error)
{
  const guint8 *nonce = sealed;
  g_autofree guint8 *message = NULL;

  if (length < PEERUP_ORIGINAL_FRAME_MIN)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("A message of an invite is cut off"));
      return NULL;
    }
  /* Never of no bytes at all, so that it is never NULL. */
  message = g_malloc (length - PEERUP_ORIGINAL_FRAME_MIN + 1);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt (message, NULL, NULL, nonce + PEERUP_ORIGINAL_NONCE_LENGTH,
                                                  length - PEERUP_ORIGINAL_NONCE_LENGTH, NULL, 0, nonce, key) != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, _ ("The code of the invite is a wrong one"));
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&message), length - PEERUP_ORIGINAL_FRAME_MIN);
}

/* Answers */

GBytes *
peerup_original_answer_encode (const char *name)
{
  g_autofree char *text = g_strconcat (OK " ", name != NULL ? name : "", NULL);

  return g_bytes_new (text, MIN (strlen (text), PEERUP_ORIGINAL_MESSAGE_MAX));
}

GBytes *
peerup_original_answer_encode_error (void)
{
  return g_bytes_new_static (REFUSAL " server error", strlen (REFUSAL " server error"));
}

char *
peerup_original_answer_parse (gconstpointer message, gsize length, GError **error)
{
  const char *text = message;

  if (length >= strlen (REFUSAL) && memcmp (text, REFUSAL, strlen (REFUSAL)) == 0)
    {
      g_set_error_literal (
        error, PEERUP_ERROR, PEERUP_ERROR_GATED,
        _ ("The code is right, but the other device could not take us up; look there for the reason"));
      return NULL;
    }
  if (length < strlen (OK) || memcmp (text, OK, strlen (OK)) != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                           _ ("The other device gave no answer of an invite"));
      return NULL;
    }
  return g_strstrip (g_strndup (text + strlen (OK), length - strlen (OK)));
}
