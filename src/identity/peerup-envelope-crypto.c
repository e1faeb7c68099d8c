/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Signed envelopes and peer records (RFC 0002, RFC 0003): the codecs are src/wire's, the
 * signatures are made and checked here. Stateless. Refuses a record whose signer, subject and
 * sender are not all the same peer (RUSTSEC-2022-0009, GHSA-gcq9-qqwx-rgj3).
 */
#include "identity/peerup-envelope-crypto.h"

#include <glib/gi18n-lib.h>

GBytes *
peerup_envelope_seal (PeerupPrivateKey *key, const char *domain, const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE],
                      GBytes *payload, GError **error)
{
  g_autoptr (GBytes) payload_type = NULL;
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (PeerupEnvelope) envelope = NULL;
  guint8 made[PEERUP_ED25519_SIGNATURE_SIZE];
  gconstpointer data;
  gsize length;

  g_return_val_if_fail (key != NULL && domain != NULL && type != NULL && payload != NULL, NULL);

  payload_type = g_bytes_new (type, PEERUP_ENVELOPE_TYPE_SIZE);
  message = peerup_envelope_signed_bytes (domain, payload_type, payload);
  data = g_bytes_get_data (message, &length);
  if (!peerup_private_key_sign (key, data, length, made, error))
    return NULL;
  signature = g_bytes_new (made, sizeof made);
  envelope = peerup_envelope_new (peerup_private_key_get_public_key (key), payload_type, payload, signature);
  return peerup_envelope_encode (envelope);
}

PeerupEnvelope *
peerup_envelope_open (gconstpointer data, gsize length, const char *domain,
                      const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE], GError **error)
{
  g_autoptr (PeerupEnvelope) envelope = NULL;
  g_autoptr (GBytes) message = NULL;
  gconstpointer signed_bytes, signature;
  gsize signed_length, signature_length;

  g_return_val_if_fail (domain != NULL && type != NULL, NULL);

  envelope = peerup_envelope_decode (data, length, error);
  if (envelope == NULL)
    return NULL;
  if (!peerup_envelope_has_type (envelope, type))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("envelope for %s holds another type of payload"),
                   domain);
      return NULL;
    }
  message = peerup_envelope_signed_bytes (domain, envelope->payload_type, envelope->payload);
  signed_bytes = g_bytes_get_data (message, &signed_length);
  signature = g_bytes_get_data (envelope->signature, &signature_length);
  if (!peerup_public_key_verify (envelope->public_key, signed_bytes, signed_length, signature, signature_length, error))
    {
      g_prefix_error_literal (error, "envelope: ");
      return NULL;
    }
  return g_steal_pointer (&envelope);
}

GBytes *
peerup_peer_record_seal (PeerupPrivateKey *key, const PeerupPeerRecord *record, GError **error)
{
  g_autoptr (GBytes) payload = NULL;

  g_return_val_if_fail (key != NULL && record != NULL, NULL);
  g_return_val_if_fail (peerup_peer_id_equal (record->peer_id, peerup_private_key_get_peer_id (key)), NULL);

  payload = peerup_peer_record_encode (record);
  return peerup_envelope_seal (key, PEERUP_ENVELOPE_DOMAIN_PEER_RECORD, peerup_envelope_type_peer_record, payload,
                               error);
}

PeerupPeerRecord *
peerup_peer_record_open (gconstpointer data, gsize length, PeerupPeerId *expected, GError **error)
{
  g_autoptr (PeerupEnvelope) envelope = NULL;
  g_autoptr (PeerupPeerRecord) record = NULL;
  gconstpointer payload;
  gsize payload_length;

  g_return_val_if_fail (expected != NULL, NULL);

  envelope =
    peerup_envelope_open (data, length, PEERUP_ENVELOPE_DOMAIN_PEER_RECORD, peerup_envelope_type_peer_record, error);
  if (envelope == NULL)
    return NULL;
  payload = g_bytes_get_data (envelope->payload, &payload_length);
  record = peerup_peer_record_decode (payload, payload_length, error);
  if (record == NULL)
    return NULL;
  if (!peerup_peer_id_matches_public_key (expected, envelope->public_key) ||
      !peerup_peer_id_equal (expected, record->peer_id))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, _ ("peer record is not signed by %s about itself"),
                   peerup_peer_id_get_string (expected));
      return NULL;
    }
  return g_steal_pointer (&record);
}
