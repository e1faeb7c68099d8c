/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A libp2p Noise channel from its first handshake byte to its last transport frame. The
 * handshake's keys go when it is done, everything goes with the first failure: a channel
 * that failed once neither decrypts nor encrypts again. Data frames are the caller's
 * buffers; nothing is held here between calls but an incomplete handshake message. */

#include "transport/noise/peerup-noise.h"

#include "transport/noise/peerup-noise-frames.h"
#include "transport/noise/peerup-noise-handshake.h"
#include "transport/noise/peerup-noise-payload.h"

typedef enum
{
  STATE_HANDSHAKE,
  STATE_DONE,
  STATE_FAILED,
} State;

/* What only the handshake needs. */
typedef struct
{
  PeerupNoiseHandshake noise;
  PeerupPrivateKey *identity;
  PeerupPeerId *expected; /* nullable */
  GStrv muxers;           /* ours; nullable */
  GByteArray *input;      /* an incomplete message with its length prefix; nullable */
} Handshake;

struct _PeerupNoise
{
  State state;
  Handshake *handshake; /* NULL after STATE_HANDSHAKE */
  GByteArray *output;   /* NULL when empty */

  PeerupPublicKey *remote_key;
  PeerupPeerId *remote_peer;
  char *muxer;

  PeerupNoiseCipher sending;
  PeerupNoiseCipher receiving;
};

static void
handshake_free (Handshake *self)
{
  peerup_noise_handshake_clear (&self->noise);
  g_clear_pointer (&self->identity, peerup_private_key_unref);
  g_clear_pointer (&self->expected, peerup_peer_id_unref);
  g_clear_pointer (&self->muxers, g_strfreev);
  g_clear_pointer (&self->input, g_byte_array_unref);
  g_free (self);
}

static void
wipe (PeerupNoise *self)
{
  g_clear_pointer (&self->handshake, handshake_free);
  peerup_noise_cipher_clear (&self->sending);
  peerup_noise_cipher_clear (&self->receiving);
}

/* Each public function that can fail ends here when it does. */
static gboolean
fail (PeerupNoise *self)
{
  self->state = STATE_FAILED;
  g_clear_pointer (&self->output, g_byte_array_unref);
  wipe (self);
  return FALSE;
}

static gboolean
check_open (const PeerupNoise *self, GError **error)
{
  if (self->state != STATE_FAILED)
    return TRUE;

  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "noise: the channel has failed before");
  return FALSE;
}

/* The handshake */

/* Appends our next handshake message to the output. The first has no payload: the
 * specification forbids extensions in it, and it would go in clear. */
static gboolean
write_message (PeerupNoise *self, GError **error)
{
  Handshake *handshake = self->handshake;
  gboolean first = handshake->noise.message == 0;
  g_autoptr (GBytes) payload = NULL;
  gconstpointer data = NULL;
  gsize length = 0;
  gsize start;

  if (!first)
    {
      payload = peerup_noise_payload_pack (handshake->identity, handshake->noise.static_public,
                                           (const char *const *) handshake->muxers, error);
      if (payload == NULL)
        return FALSE;
      data = g_bytes_get_data (payload, &length);
    }

  if (self->output == NULL)
    self->output = g_byte_array_new ();
  start = self->output->len;
  g_byte_array_set_size (self->output, start + PEERUP_NOISE_PREFIX_SIZE);
  if (!peerup_noise_handshake_write (&handshake->noise, data, length, self->output, error))
    return FALSE;
  peerup_noise_prefix_write (self->output->data + start, self->output->len - start - PEERUP_NOISE_PREFIX_SIZE);
  return TRUE;
}

/* The first of the initiator's muxers that the responder has too; none if one of them did
 * not send a list (connections/inlined-muxer-negotiation.md). */
static gboolean
choose_muxer (PeerupNoise *self, const char *const *remote, GError **error)
{
  const char *const *local = (const char *const *) self->handshake->muxers;
  gboolean initiator = self->handshake->noise.initiator;
  const char *const *preferred = initiator ? local : remote;
  const char *const *other = initiator ? remote : local;

  if (local == NULL || remote == NULL)
    return TRUE;

  for (gsize i = 0; preferred[i] != NULL; i++)
    if (g_strv_contains (other, preferred[i]))
      {
        self->muxer = g_strdup (preferred[i]);
        return TRUE;
      }

  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION,
                       "noise: the peer offers no stream muxer that we have");
  return FALSE;
}

static gboolean
accept_identity (PeerupNoise *self, const guint8 *payload, gsize length, GError **error)
{
  Handshake *handshake = self->handshake;
  g_auto (GStrv) muxers = NULL;

  self->remote_key = peerup_noise_payload_open (payload, length, handshake->noise.remote_static, &muxers, error);
  if (self->remote_key == NULL)
    return FALSE;

  self->remote_peer = peerup_peer_id_new_from_public_key (self->remote_key);
  if (handshake->expected != NULL && !peerup_peer_id_equal (handshake->expected, self->remote_peer))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, "%s answered instead of %s",
                   peerup_peer_id_get_string (self->remote_peer), peerup_peer_id_get_string (handshake->expected));
      return FALSE;
    }

  return choose_muxer (self, (const char *const *) muxers, error);
}

static gboolean
finish (PeerupNoise *self, GError **error)
{
  if (!peerup_noise_handshake_split (&self->handshake->noise, &self->sending, &self->receiving, error))
    return FALSE;

  g_clear_pointer (&self->handshake, handshake_free);
  self->state = STATE_DONE;
  return TRUE;
}

static gboolean
handle_message (PeerupNoise *self, const guint8 *message, gsize length, GError **error)
{
  PeerupNoiseHandshake *noise = &self->handshake->noise;
  gboolean first = noise->message == 0;
  g_autofree guint8 *payload = g_malloc (length);
  gsize payload_length;

  if (!peerup_noise_handshake_read (noise, message, length, payload, &payload_length, error))
    return FALSE;
  if (!first && !accept_identity (self, payload, payload_length, error))
    return FALSE;
  if (peerup_noise_handshake_writes (noise) && !write_message (self, error))
    return FALSE;

  return !peerup_noise_handshake_is_done (noise) || finish (self, error);
}

/* The length that a message declares, once it is there, before any of it is kept. */
static gboolean
check_length (const PeerupNoise *self, guint length, GError **error)
{
  gboolean first = self->handshake->noise.message == 0;

  if (first ? length == PEERUP_NOISE_KEY_SIZE : length > 0 && length <= PEERUP_NOISE_HANDSHAKE_MAX)
    return TRUE;

  g_set_error (error, PEERUP_ERROR,
               length > PEERUP_NOISE_HANDSHAKE_MAX ? PEERUP_ERROR_TOO_LARGE : PEERUP_ERROR_MALFORMED,
               "noise: handshake message %u has %u bytes", self->handshake->noise.message + 1, length);
  return FALSE;
}

/* Takes what is missing of the message under way: its prefix, then its body. */
static gboolean
take_message (PeerupNoise *self, const guint8 *data, gsize length, gsize *taken, GError **error)
{
  Handshake *handshake = self->handshake;
  g_autoptr (GByteArray) message = NULL;
  gsize size = PEERUP_NOISE_PREFIX_SIZE;

  if (handshake->input == NULL)
    handshake->input = g_byte_array_new ();
  if (handshake->input->len >= PEERUP_NOISE_PREFIX_SIZE)
    size += peerup_noise_prefix_read (handshake->input->data);
  *taken = MIN (length, size - handshake->input->len);
  g_byte_array_append (handshake->input, data, *taken);

  if (handshake->input->len < size)
    return TRUE;
  if (size == PEERUP_NOISE_PREFIX_SIZE)
    return check_length (self, peerup_noise_prefix_read (handshake->input->data), error);

  message = g_steal_pointer (&handshake->input);
  return handle_message (self, message->data + PEERUP_NOISE_PREFIX_SIZE, size - PEERUP_NOISE_PREFIX_SIZE, error);
}

gboolean
peerup_noise_feed (PeerupNoise *self, gconstpointer data, gsize length, gsize *consumed, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (data != NULL || length == 0, FALSE);
  g_return_val_if_fail (consumed != NULL, FALSE);

  *consumed = 0;
  if (!check_open (self, error))
    return FALSE;

  while (self->state == STATE_HANDSHAKE && *consumed < length)
    {
      gsize taken = 0;

      if (!take_message (self, (const guint8 *) data + *consumed, length - *consumed, &taken, error))
        return fail (self);
      *consumed += taken;
    }
  return TRUE;
}

GBytes *
peerup_noise_take_output (PeerupNoise *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (self->output == NULL)
    return NULL;

  return g_byte_array_free_to_bytes (g_steal_pointer (&self->output));
}

/* The channel */

gboolean
peerup_noise_encrypt (PeerupNoise *self, const GOutputVector *vectors, gsize n_vectors, guint8 *out, gsize capacity,
                      gsize *consumed, gsize *produced, GError **error)
{
  g_return_val_if_fail (self != NULL && self->state != STATE_HANDSHAKE, FALSE);
  g_return_val_if_fail (consumed != NULL && produced != NULL, FALSE);

  return check_open (self, error) &&
         (peerup_noise_frames_encrypt (&self->sending, vectors, n_vectors, out, capacity, consumed, produced, error) ||
          fail (self));
}

gboolean
peerup_noise_decrypt (PeerupNoise *self, const guint8 *data, gsize length, guint8 *out, gsize capacity, gsize *consumed,
                      gsize *produced, GError **error)
{
  g_return_val_if_fail (self != NULL && self->state != STATE_HANDSHAKE, FALSE);
  g_return_val_if_fail (consumed != NULL && produced != NULL, FALSE);

  return check_open (self, error) &&
         (peerup_noise_frames_decrypt (&self->receiving, data, length, out, capacity, consumed, produced, error) ||
          fail (self));
}

gboolean
peerup_noise_decrypt_in_place (PeerupNoise *self, guint8 *data, gsize length, guint8 **plaintext,
                               gsize *plaintext_length, gsize *consumed, GError **error)
{
  g_return_val_if_fail (self != NULL && self->state != STATE_HANDSHAKE, FALSE);
  g_return_val_if_fail (plaintext != NULL && plaintext_length != NULL && consumed != NULL, FALSE);

  return check_open (self, error) && (peerup_noise_frames_decrypt_in_place (&self->receiving, data, length, plaintext,
                                                                            plaintext_length, consumed, error) ||
                                      fail (self));
}

/* The object */

static gboolean
start (PeerupNoise *self, gboolean initiator, const PeerupNoiseKeys *keys, GError **error)
{
  PeerupNoiseKeys fresh;
  gboolean ok;

  if (keys != NULL)
    fresh = *keys;
  else if (gnutls_rnd (GNUTLS_RND_KEY, &fresh, sizeof fresh) < 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "noise: there is no randomness to make keys from");
      return FALSE;
    }

  ok = peerup_noise_handshake_init (&self->handshake->noise, initiator, NULL, 0, fresh.static_key, fresh.ephemeral_key,
                                    error);
  gnutls_memset (&fresh, 0, sizeof fresh);
  return ok && (!initiator || write_message (self, error));
}

PeerupNoise *
peerup_noise_new (gboolean initiator, PeerupPrivateKey *identity, PeerupPeerId *expected, const char *const *muxers,
                  const PeerupNoiseKeys *keys, GError **error)
{
  g_autoptr (PeerupNoise) self = NULL;

  g_return_val_if_fail (identity != NULL, NULL);

  self = g_new0 (PeerupNoise, 1);
  self->handshake = g_new0 (Handshake, 1);
  self->handshake->identity = peerup_private_key_ref (identity);
  if (expected != NULL)
    self->handshake->expected = peerup_peer_id_ref (expected);
  if (muxers != NULL && muxers[0] != NULL)
    self->handshake->muxers = g_strdupv ((GStrv) muxers);

  return start (self, initiator, keys, error) ? g_steal_pointer (&self) : NULL;
}

gboolean
peerup_noise_is_done (const PeerupNoise *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->state == STATE_DONE;
}

PeerupPublicKey *
peerup_noise_get_remote_key (const PeerupNoise *self)
{
  g_return_val_if_fail (self != NULL && self->state == STATE_DONE, NULL);

  return self->remote_key;
}

PeerupPeerId *
peerup_noise_get_remote_peer (const PeerupNoise *self)
{
  g_return_val_if_fail (self != NULL && self->state == STATE_DONE, NULL);

  return self->remote_peer;
}

const char *
peerup_noise_get_muxer (const PeerupNoise *self)
{
  g_return_val_if_fail (self != NULL && self->state == STATE_DONE, NULL);

  return self->muxer;
}

void
peerup_noise_free (PeerupNoise *self)
{
  if (self == NULL)
    return;

  wipe (self);
  g_clear_pointer (&self->output, g_byte_array_unref);
  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  g_clear_pointer (&self->remote_peer, peerup_peer_id_unref);
  g_free (self->muxer);
  g_free (self);
}
