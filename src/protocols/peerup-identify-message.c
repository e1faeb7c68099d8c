/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The bytes of identify: what a peer sent on one stream, from the first length to
 * the end, to one merged message and back. A message lives for one exchange. It
 * believes nothing and checks no signature; it only refuses or drops what is above
 * the caps, so that whoever holds one holds little. */

#include "protocols/peerup-identify-message.h"

#include "wire/peerup-frame.h"
#include "wire/peerup-message.h"
#include "wire/peerup-reader.h"
#include "wire/proto/identify.pb-c.h"

/* A field takes two bytes at least, so this is what 8 KiB can hold. */
#define FIELDS_MAX (PEERUP_IDENTIFY_MESSAGE_MAX / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__Identify, peerup_message_free)

PeerupIdentifyMessage *
peerup_identify_message_new (void)
{
  return g_new0 (PeerupIdentifyMessage, 1);
}

void
peerup_identify_message_free (PeerupIdentifyMessage *self)
{
  g_clear_pointer (&self->public_key, peerup_public_key_unref);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->protocols, g_ptr_array_unref);
  g_clear_pointer (&self->observed_address, peerup_multiaddr_unref);
  g_clear_pointer (&self->agent, g_free);
  g_clear_pointer (&self->protocol_version, g_free);
  g_clear_pointer (&self->signed_record, g_bytes_unref);
  g_free (self);
}

static void
merge_addresses (PeerupIdentifyMessage *self, const ProtobufCBinaryData *list, gsize count)
{
  if (count > 0 && self->addresses == NULL)
    self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (gsize i = 0; i < count && self->addresses->len < PEERUP_IDENTIFY_ADDRESSES_MAX; i++)
    {
      PeerupMultiaddr *address = peerup_multiaddr_new_from_bytes (list[i].data, list[i].len, NULL);

      if (address != NULL)
        g_ptr_array_add (self->addresses, address);
    }
}

static void
merge_protocols (PeerupIdentifyMessage *self, const ProtobufCBinaryData *list, gsize count)
{
  if (count > 0 && self->protocols == NULL)
    self->protocols = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < count && self->protocols->len < PEERUP_IDENTIFY_PROTOCOLS_MAX; i++)
    {
      char *protocol = peerup_message_dup_text (&list[i], PEERUP_IDENTIFY_TEXT_MAX);

      if (protocol != NULL)
        g_ptr_array_add (self->protocols, protocol);
    }
}

static void
merge_text (char **text, gboolean present, const ProtobufCBinaryData *field)
{
  char *next = present ? peerup_message_dup_text (field, PEERUP_IDENTIFY_TEXT_MAX) : NULL;

  if (next == NULL)
    return;
  g_free (*text);
  *text = next;
}

static void
merge_observed (PeerupIdentifyMessage *self, const ProtobufCBinaryData *field)
{
  PeerupMultiaddr *address = peerup_multiaddr_new_from_bytes (field->data, field->len, NULL);

  if (address == NULL)
    return;
  g_clear_pointer (&self->observed_address, peerup_multiaddr_unref);
  self->observed_address = address;
}

static gboolean
merge_key (PeerupIdentifyMessage *self, const ProtobufCBinaryData *field, GError **error)
{
  g_autoptr (PeerupPublicKey) key = peerup_public_key_new_from_protobuf (field->data, field->len, error);

  if (key == NULL)
    return FALSE;
  g_clear_pointer (&self->public_key, peerup_public_key_unref);
  self->public_key = g_steal_pointer (&key);
  return TRUE;
}

static gboolean
merge (PeerupIdentifyMessage *self, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (Peerup__Identify) part =
    peerup_message_unpack (&peerup__identify__descriptor, data, length, FIELDS_MAX, error);

  if (part == NULL)
    return FALSE;
  if (part->has_public_key && !merge_key (self, &part->public_key, error))
    return FALSE;
  merge_addresses (self, part->listen_addrs, part->n_listen_addrs);
  merge_protocols (self, part->protocols, part->n_protocols);
  merge_text (&self->agent, part->has_agent_version, &part->agent_version);
  merge_text (&self->protocol_version, part->has_protocol_version, &part->protocol_version);
  if (part->has_observed_addr)
    merge_observed (self, &part->observed_addr);
  if (part->has_signed_peer_record)
    {
      g_clear_pointer (&self->signed_record, g_bytes_unref);
      self->signed_record = g_bytes_new (part->signed_peer_record.data, part->signed_peer_record.len);
    }
  return TRUE;
}

/* The next message of a sequence, borrowed from the reader's buffer. */
static gboolean
next_message (PeerupReader *reader, const guint8 **data, gsize *length, GError **error)
{
  guint64 declared;

  if (!peerup_reader_varint (reader, &declared))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "An identify message has no valid length");
  else if (declared > PEERUP_IDENTIFY_MESSAGE_MAX)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                 "An identify message of %" G_GUINT64_FORMAT " bytes was announced, at most %d are read", declared,
                 PEERUP_IDENTIFY_MESSAGE_MAX);
  else if (!peerup_reader_bytes (reader, declared, data))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 "An identify message ends %" G_GUINT64_FORMAT " bytes early", declared - reader->left);
  else
    {
      *length = declared;
      return TRUE;
    }
  return FALSE;
}

PeerupIdentifyMessage *
peerup_identify_message_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupIdentifyMessage) self = peerup_identify_message_new ();
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  guint n_messages = 0;

  do
    {
      const guint8 *message = NULL;
      gsize message_length = 0;

      if (n_messages++ == PEERUP_IDENTIFY_MESSAGES_MAX)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "More than %d identify messages were sent at once",
                       PEERUP_IDENTIFY_MESSAGES_MAX);
          return NULL;
        }
      if (!next_message (&reader, &message, &message_length, error) || !merge (self, message, message_length, error))
        return NULL;
    }
  while (reader.left > 0);

  return g_steal_pointer (&self);
}

/* What @out borrows lives in @self; the lists are the caller's. */
static void
fill (const PeerupIdentifyMessage *self, Peerup__Identify *out)
{
  if (self->public_key != NULL)
    {
      out->has_public_key = TRUE;
      out->public_key.data = (guint8 *) peerup_public_key_get_protobuf (self->public_key, &out->public_key.len);
    }
  if (self->observed_address != NULL)
    {
      out->has_observed_addr = TRUE;
      out->observed_addr.data = (guint8 *) peerup_multiaddr_get_bytes (self->observed_address, &out->observed_addr.len);
    }
  out->has_protocol_version = self->protocol_version != NULL;
  if (out->has_protocol_version)
    out->protocol_version = peerup_message_text (self->protocol_version);
  out->has_agent_version = self->agent != NULL;
  if (out->has_agent_version)
    out->agent_version = peerup_message_text (self->agent);
}

static void
fill_lists (const PeerupIdentifyMessage *self, Peerup__Identify *out)
{
  for (gsize i = 0; i < out->n_listen_addrs; i++)
    out->listen_addrs[i].data =
      (guint8 *) peerup_multiaddr_get_bytes (g_ptr_array_index (self->addresses, i), &out->listen_addrs[i].len);
  for (gsize i = 0; i < out->n_protocols; i++)
    out->protocols[i] = peerup_message_text (g_ptr_array_index (self->protocols, i));
}

static void
trim (Peerup__Identify *out)
{
  while (protobuf_c_message_get_packed_size (&out->base) > PEERUP_IDENTIFY_OWN_MAX)
    {
      if (out->n_listen_addrs > 0)
        out->n_listen_addrs--;
      else if (out->n_protocols > 0)
        out->n_protocols--;
      else
        break;
    }
}

static void
append_message (GByteArray *bytes, const Peerup__Identify *message)
{
  g_autoptr (GBytes) packed = peerup_message_pack (&message->base);

  peerup_frame_append (bytes, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
}

GBytes *
peerup_identify_message_encode (const PeerupIdentifyMessage *self)
{
  Peerup__Identify whole = PEERUP__IDENTIFY__INIT;
  Peerup__Identify record = PEERUP__IDENTIFY__INIT;
  gsize n_addresses = self->addresses != NULL ? self->addresses->len : 0;
  gsize n_protocols = self->protocols != NULL ? self->protocols->len : 0;
  g_autofree ProtobufCBinaryData *addresses = g_new0 (ProtobufCBinaryData, n_addresses);
  g_autofree ProtobufCBinaryData *protocols = g_new0 (ProtobufCBinaryData, n_protocols);
  GByteArray *bytes = g_byte_array_new ();

  whole.listen_addrs = addresses;
  whole.n_listen_addrs = n_addresses;
  whole.protocols = protocols;
  whole.n_protocols = n_protocols;
  fill (self, &whole);
  fill_lists (self, &whole);
  trim (&whole);

  record.has_signed_peer_record = self->signed_record != NULL;
  if (record.has_signed_peer_record)
    record.signed_peer_record = peerup_message_bytes (self->signed_record);
  whole.has_signed_peer_record = record.has_signed_peer_record;
  whole.signed_peer_record = record.signed_peer_record;

  if (whole.has_signed_peer_record && protobuf_c_message_get_packed_size (&whole.base) > PEERUP_IDENTIFY_SPLIT_SIZE)
    {
      whole.has_signed_peer_record = FALSE;
      append_message (bytes, &whole);
      append_message (bytes, &record);
    }
  else
    append_message (bytes, &whole);
  return g_byte_array_free_to_bytes (bytes);
}
