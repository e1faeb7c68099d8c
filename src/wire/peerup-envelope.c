/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Signed envelopes as bytes. An envelope owns its key and its three byte strings and
 * lives as long as its holder wants. No cryptography here: decoding says that the fields
 * are there and within bounds, never that the signature is good.
 */
#include "wire/peerup-envelope.h"

#include <string.h>

#include "wire/peerup-frame.h"
#include "wire/peerup-message.h"
#include "wire/proto/envelope.pb-c.h"

/* Four are known; a few more may come from newer peers. */
#define FIELDS_MAX 16

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__Envelope, peerup_message_free)

const guint8 peerup_envelope_type_peer_record[PEERUP_ENVELOPE_TYPE_SIZE] = { 0x03, 0x01 };
const guint8 peerup_envelope_type_relay_voucher[PEERUP_ENVELOPE_TYPE_SIZE] = { 0x03, 0x02 };

PeerupEnvelope *
peerup_envelope_new (PeerupPublicKey *public_key, GBytes *payload_type, GBytes *payload, GBytes *signature)
{
  PeerupEnvelope *self = g_new0 (PeerupEnvelope, 1);

  self->public_key = peerup_public_key_ref (public_key);
  self->payload_type = g_bytes_ref (payload_type);
  self->payload = g_bytes_ref (payload);
  self->signature = g_bytes_ref (signature);
  return self;
}

void
peerup_envelope_free (PeerupEnvelope *self)
{
  peerup_public_key_unref (self->public_key);
  g_bytes_unref (self->payload_type);
  g_bytes_unref (self->payload);
  g_bytes_unref (self->signature);
  g_free (self);
}

static GBytes *
to_bytes (const ProtobufCBinaryData *field)
{
  return g_bytes_new (field->data, field->len);
}

PeerupEnvelope *
peerup_envelope_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__Envelope) message = NULL;
  g_autoptr (PeerupPublicKey) key = NULL;
  PeerupEnvelope *self;

  if (length > PEERUP_ENVELOPE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "A signed envelope of %" G_GSIZE_FORMAT " bytes is above the limit of %d", length,
                   PEERUP_ENVELOPE_MAX);
      return NULL;
    }

  message = peerup_message_unpack (&peerup__envelope__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  key = peerup_public_key_new_from_protobuf (message->public_key.data, message->public_key.len, error);
  if (key == NULL)
    return NULL;

  self = g_new0 (PeerupEnvelope, 1);
  self->public_key = g_steal_pointer (&key);
  self->payload_type = to_bytes (&message->payload_type);
  self->payload = to_bytes (&message->payload);
  self->signature = to_bytes (&message->signature);
  return self;
}

GBytes *
peerup_envelope_encode (const PeerupEnvelope *self)
{
  Peerup__Envelope message = PEERUP__ENVELOPE__INIT;

  message.public_key.data = (guint8 *) peerup_public_key_get_protobuf (self->public_key, &message.public_key.len);
  message.payload_type = peerup_message_bytes (self->payload_type);
  message.payload = peerup_message_bytes (self->payload);
  message.signature = peerup_message_bytes (self->signature);
  return peerup_message_pack (&message.base);
}

gboolean
peerup_envelope_has_type (const PeerupEnvelope *self, const guint8 type[PEERUP_ENVELOPE_TYPE_SIZE])
{
  return g_bytes_get_size (self->payload_type) == PEERUP_ENVELOPE_TYPE_SIZE &&
         memcmp (g_bytes_get_data (self->payload_type, NULL), type, PEERUP_ENVELOPE_TYPE_SIZE) == 0;
}

GBytes *
peerup_envelope_signed_bytes (const char *domain, GBytes *payload_type, GBytes *payload)
{
  GByteArray *out = g_byte_array_new ();

  peerup_frame_append (out, domain, strlen (domain));
  peerup_frame_append (out, g_bytes_get_data (payload_type, NULL), g_bytes_get_size (payload_type));
  peerup_frame_append (out, g_bytes_get_data (payload, NULL), g_bytes_get_size (payload));
  return g_byte_array_free_to_bytes (out);
}
