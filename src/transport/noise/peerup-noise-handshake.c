/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The XX pattern, token by token, over a symmetric state. It lives as long as one
 * handshake. It has no fallback, no pre-shared key and no other pattern; identities, muxers
 * and framing stand in peerup-noise.c. */

#include "transport/noise/peerup-noise-handshake.h"

#include <string.h>

/* Exactly as long as a hash, so it is the first hash as it stands (Noise, section 5.2). */
#define PROTOCOL_NAME "Noise_XX_25519_ChaChaPoly_SHA256"
G_STATIC_ASSERT (sizeof PROTOCOL_NAME - 1 == PEERUP_NOISE_KEY_SIZE);

typedef enum
{
  TOKEN_END,
  TOKEN_E,
  TOKEN_S,
  TOKEN_EE,
  TOKEN_ES,
  TOKEN_SE,
} Token;

static const Token pattern[PEERUP_NOISE_XX_MESSAGES][5] = {
  { TOKEN_E, TOKEN_END },
  { TOKEN_E, TOKEN_EE, TOKEN_S, TOKEN_ES, TOKEN_END },
  { TOKEN_S, TOKEN_SE, TOKEN_END },
};

static gboolean
mix_hash (PeerupNoiseHandshake *self, gconstpointer data, gsize length, GError **error)
{
  return peerup_noise_hash (self->hash, sizeof self->hash, data, length, self->hash, error);
}

static gboolean
mix_key (PeerupNoiseHandshake *self, const guint8 *private_key, const guint8 *public_key, GError **error)
{
  guint8 shared[PEERUP_NOISE_KEY_SIZE];
  guint8 key[PEERUP_NOISE_KEY_SIZE];
  gboolean ok;

  ok = peerup_noise_dh (private_key, public_key, shared, error) &&
       peerup_noise_hkdf (self->chaining_key, shared, sizeof shared, self->chaining_key, key, error) &&
       peerup_noise_cipher_set_key (&self->cipher, key, error);
  gnutls_memset (shared, 0, sizeof shared);
  gnutls_memset (key, 0, sizeof key);
  return ok;
}

/* The three key agreements: the first letter names the initiator's key, the second the
 * responder's; E ephemeral, S static. */
static gboolean
mix_agreement (PeerupNoiseHandshake *self, Token token, GError **error)
{
  gboolean initiator_static = token == TOKEN_SE;
  gboolean responder_static = token == TOKEN_ES;
  gboolean local_static = self->initiator ? initiator_static : responder_static;
  gboolean remote_static = self->initiator ? responder_static : initiator_static;

  return mix_key (self, local_static ? self->static_private : self->ephemeral_private,
                  remote_static ? self->remote_static : self->remote_ephemeral, error);
}

/* EncryptAndHash: in clear while there is no key yet. */
static gboolean
append_encrypted (PeerupNoiseHandshake *self, gconstpointer data, gsize length, GByteArray *out, GError **error)
{
  gsize start = out->len;

  if (self->cipher.handle == NULL)
    g_byte_array_append (out, data, length);
  else
    {
      g_byte_array_set_size (out, start + length + PEERUP_NOISE_TAG_SIZE);
      if (!peerup_noise_cipher_encrypt (&self->cipher, self->hash, sizeof self->hash, data, length, out->data + start,
                                        error))
        return FALSE;
    }
  return mix_hash (self, out->data + start, out->len - start, error);
}

/* DecryptAndHash into @out, which has room for @length bytes. */
static gboolean
read_encrypted (PeerupNoiseHandshake *self, const guint8 *data, gsize length, guint8 *out, GError **error)
{
  if (self->cipher.handle == NULL)
    memcpy (out, data, length);
  else if (!peerup_noise_cipher_decrypt (&self->cipher, self->hash, sizeof self->hash, data, length, out, error))
    return FALSE;
  return mix_hash (self, data, length, error);
}

static gsize
tag_size (const PeerupNoiseHandshake *self)
{
  return self->cipher.handle != NULL ? PEERUP_NOISE_TAG_SIZE : 0;
}

static gboolean
write_token (PeerupNoiseHandshake *self, Token token, GByteArray *out, GError **error)
{
  switch (token)
    {
    case TOKEN_E:
      g_byte_array_append (out, self->ephemeral_public, sizeof self->ephemeral_public);
      return mix_hash (self, self->ephemeral_public, sizeof self->ephemeral_public, error);
    case TOKEN_S:
      return append_encrypted (self, self->static_public, sizeof self->static_public, out, error);
    case TOKEN_EE:
    case TOKEN_ES:
    case TOKEN_SE:
      return mix_agreement (self, token, error);
    case TOKEN_END:
    default:
      g_assert_not_reached ();
    }
}

/* Advances @data and @length over what the token takes. */
static gboolean
read_token (PeerupNoiseHandshake *self, Token token, const guint8 **data, gsize *length, GError **error)
{
  guint8 *key = token == TOKEN_E ? self->remote_ephemeral : self->remote_static;
  gsize size = PEERUP_NOISE_KEY_SIZE + (token == TOKEN_S ? tag_size (self) : 0);

  if (token != TOKEN_E && token != TOKEN_S)
    return mix_agreement (self, token, error);

  if (*length < size)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "noise: a handshake message is too short");
      return FALSE;
    }
  if (token == TOKEN_E)
    {
      memcpy (key, *data, size);
      if (!mix_hash (self, key, size, error))
        return FALSE;
    }
  else if (!read_encrypted (self, *data, size, key, error))
    return FALSE;

  *data += size;
  *length -= size;
  return TRUE;
}

gboolean
peerup_noise_handshake_init (PeerupNoiseHandshake *self, gboolean initiator, gconstpointer prologue,
                             gsize prologue_length, const guint8 static_key[PEERUP_NOISE_KEY_SIZE],
                             const guint8 ephemeral_key[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  *self = (PeerupNoiseHandshake) { .initiator = initiator };
  memcpy (self->hash, PROTOCOL_NAME, sizeof self->hash);
  memcpy (self->chaining_key, PROTOCOL_NAME, sizeof self->chaining_key);
  memcpy (self->static_private, static_key, sizeof self->static_private);
  memcpy (self->ephemeral_private, ephemeral_key, sizeof self->ephemeral_private);

  return mix_hash (self, prologue, prologue_length, error) &&
         peerup_noise_dh_public (self->static_private, self->static_public, error) &&
         peerup_noise_dh_public (self->ephemeral_private, self->ephemeral_public, error);
}

gboolean
peerup_noise_handshake_writes (const PeerupNoiseHandshake *self)
{
  return !peerup_noise_handshake_is_done (self) && self->initiator == (self->message % 2 == 0);
}

gboolean
peerup_noise_handshake_is_done (const PeerupNoiseHandshake *self)
{
  return self->message == PEERUP_NOISE_XX_MESSAGES;
}

gboolean
peerup_noise_handshake_write (PeerupNoiseHandshake *self, gconstpointer payload, gsize length, GByteArray *out,
                              GError **error)
{
  g_assert (peerup_noise_handshake_writes (self));

  for (const Token *token = pattern[self->message]; *token != TOKEN_END; token++)
    if (!write_token (self, *token, out, error))
      return FALSE;

  self->message++;
  return append_encrypted (self, payload, length, out, error);
}

gboolean
peerup_noise_handshake_read (PeerupNoiseHandshake *self, const guint8 *message, gsize length, guint8 *payload,
                             gsize *payload_length, GError **error)
{
  g_assert (!peerup_noise_handshake_writes (self) && !peerup_noise_handshake_is_done (self));

  for (const Token *token = pattern[self->message]; *token != TOKEN_END; token++)
    if (!read_token (self, *token, &message, &length, error))
      return FALSE;

  if (length < tag_size (self))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "noise: a handshake message is too short");
      return FALSE;
    }
  self->message++;
  *payload_length = length - tag_size (self);
  return read_encrypted (self, message, length, payload, error);
}

gboolean
peerup_noise_handshake_split (PeerupNoiseHandshake *self, PeerupNoiseCipher *sending, PeerupNoiseCipher *receiving,
                              GError **error)
{
  guint8 first[PEERUP_NOISE_KEY_SIZE];
  guint8 second[PEERUP_NOISE_KEY_SIZE];
  gboolean ok;

  g_assert (peerup_noise_handshake_is_done (self));

  ok = peerup_noise_hkdf (self->chaining_key, NULL, 0, first, second, error) &&
       peerup_noise_cipher_set_key (self->initiator ? sending : receiving, first, error) &&
       peerup_noise_cipher_set_key (self->initiator ? receiving : sending, second, error);
  gnutls_memset (first, 0, sizeof first);
  gnutls_memset (second, 0, sizeof second);
  return ok;
}

void
peerup_noise_handshake_clear (PeerupNoiseHandshake *self)
{
  peerup_noise_cipher_clear (&self->cipher);
  gnutls_memset (self, 0, sizeof *self);
}
