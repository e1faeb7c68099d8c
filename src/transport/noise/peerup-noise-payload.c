/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Makes and checks the signed payload of a libp2p Noise handshake. Stateless. The size of
 * a key is checked before anything is computed with it; the extension for WebTransport is
 * neither sent nor read. */

#include "transport/noise/peerup-noise-payload.h"

#include <string.h>

#include "transport/noise/peerup-noise.h"
#include "wire/peerup-message.h"
#include "wire/proto/noise.pb-c.h"

#define SIGNATURE_PREFIX "noise-libp2p-static-key:"
#define PREFIX_SIZE      (sizeof SIGNATURE_PREFIX - 1)

/* A list of muxers that is too long is ignored, one that is absurd is refused. */
#define FIELDS_MAX 1024

/* Longest name of a muxer that is compared. */
#define MUXER_MAX 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__NoisePayload, peerup_message_free)

typedef struct
{
  guint8 bytes[PREFIX_SIZE + PEERUP_NOISE_KEY_SIZE];
} SignedData;

static SignedData
signed_data (const guint8 static_public[PEERUP_NOISE_KEY_SIZE])
{
  SignedData data;

  memcpy (data.bytes, SIGNATURE_PREFIX, PREFIX_SIZE);
  memcpy (data.bytes + PREFIX_SIZE, static_public, PEERUP_NOISE_KEY_SIZE);
  return data;
}

GBytes *
peerup_noise_payload_pack (PeerupPrivateKey *identity, const guint8 static_public[PEERUP_NOISE_KEY_SIZE],
                           const char *const *muxers, GError **error)
{
  Peerup__NoisePayload payload = PEERUP__NOISE_PAYLOAD__INIT;
  Peerup__NoiseExtensions extensions = PEERUP__NOISE_EXTENSIONS__INIT;
  SignedData data = signed_data (static_public);
  gsize n_muxers = muxers != NULL ? g_strv_length ((GStrv) muxers) : 0;
  g_autofree ProtobufCBinaryData *names = g_new0 (ProtobufCBinaryData, n_muxers + 1);
  guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE];

  if (!peerup_private_key_sign (identity, data.bytes, sizeof data.bytes, signature, error))
    return NULL;

  payload.has_identity_key = TRUE;
  payload.identity_key.data =
    (guint8 *) peerup_public_key_get_protobuf (peerup_private_key_get_public_key (identity), &payload.identity_key.len);
  payload.has_identity_sig = TRUE;
  payload.identity_sig = (ProtobufCBinaryData) { sizeof signature, signature };

  for (gsize i = 0; i < n_muxers; i++)
    names[i] = peerup_message_text (muxers[i]);
  extensions.n_stream_muxers = n_muxers;
  extensions.stream_muxers = names;
  if (n_muxers > 0)
    payload.extensions = &extensions;

  return peerup_message_pack (&payload.base);
}

static PeerupPublicKey *
verify_identity (const Peerup__NoisePayload *payload, const guint8 static_public[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  SignedData data = signed_data (static_public);
  g_autoptr (PeerupPublicKey) key = NULL;

  if (!payload->has_identity_key || !payload->has_identity_sig)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "noise: the peer sent no identity key or no signature of it");
      return NULL;
    }

  key = peerup_public_key_new_from_protobuf (payload->identity_key.data, payload->identity_key.len, error);
  if (key == NULL || !peerup_public_key_verify (key, data.bytes, sizeof data.bytes, payload->identity_sig.data,
                                                payload->identity_sig.len, error))
    {
      g_prefix_error_literal (error, "noise: the peer's identity: ");
      return NULL;
    }
  return g_steal_pointer (&key);
}

static GStrv
dup_muxers (const Peerup__NoiseExtensions *extensions)
{
  g_autoptr (GStrvBuilder) names = NULL;

  if (extensions == NULL || extensions->n_stream_muxers == 0 || extensions->n_stream_muxers > PEERUP_NOISE_MUXERS_MAX)
    return NULL;

  names = g_strv_builder_new ();
  for (gsize i = 0; i < extensions->n_stream_muxers; i++)
    {
      char *name = peerup_message_dup_text (&extensions->stream_muxers[i], MUXER_MAX);

      if (name != NULL)
        g_strv_builder_take (names, name);
    }
  return g_strv_builder_end (names);
}

PeerupPublicKey *
peerup_noise_payload_open (gconstpointer data, gsize length, const guint8 static_public[PEERUP_NOISE_KEY_SIZE],
                           GStrv *muxers, GError **error)
{
  g_autoptr (Peerup__NoisePayload) payload =
    peerup_message_unpack (&peerup__noise_payload__descriptor, data, length, FIELDS_MAX, error);
  PeerupPublicKey *key;

  if (payload == NULL)
    {
      g_prefix_error_literal (error, "noise: the handshake payload: ");
      return NULL;
    }

  key = verify_identity (payload, static_public, error);
  if (key != NULL)
    *muxers = dup_muxers (payload->extensions);
  return key;
}
