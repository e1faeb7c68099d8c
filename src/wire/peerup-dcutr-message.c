/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of direct connection upgrade as bytes. A message owns what it names. Whether it
 * may come now, and which of its addresses may be dialed, is for who asked. */

#include "wire/peerup-dcutr-message.h"

#include "wire/peerup-message.h"
#include "wire/proto/dcutr.pb-c.h"

/* A field takes two bytes at least. */
#define FIELDS_MAX (PEERUP_DCUTR_MESSAGE_MAX / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__Dcutr, peerup_message_free)

static gboolean
check_type (const Peerup__Dcutr *message, GError **error)
{
  if (message->has_type && (message->type == PEERUP_DCUTR_CONNECT || message->type == PEERUP_DCUTR_SYNC))
    return TRUE;
  if (message->has_type)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 "A message of direct connection upgrade is of the unknown type %u", message->type);
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                         "A message of direct connection upgrade has no type");
  return FALSE;
}

static GPtrArray *
read_addresses (const Peerup__Dcutr *message)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (gsize i = 0; i < message->n_addrs && result->len < PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX; i++)
    {
      const ProtobufCBinaryData *bytes = &message->addrs[i];
      PeerupMultiaddr *address = peerup_multiaddr_new_from_bytes (bytes->data, bytes->len, NULL);

      if (address != NULL)
        g_ptr_array_add (result, address);
    }
  return result;
}

PeerupDcutrMessage *
peerup_dcutr_message_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__Dcutr) message = NULL;
  PeerupDcutrMessage *self;

  if (length > PEERUP_DCUTR_MESSAGE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "A message of direct connection upgrade of %" G_GSIZE_FORMAT " bytes is above the limit of %d",
                   length, PEERUP_DCUTR_MESSAGE_MAX);
      return NULL;
    }
  message = peerup_message_unpack (&peerup__dcutr__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL || !check_type (message, error))
    return NULL;
  self = g_new0 (PeerupDcutrMessage, 1);
  self->type = message->type;
  self->addresses = read_addresses (message);
  return self;
}

GBytes *
peerup_dcutr_message_encode (PeerupDcutrType type, GPtrArray *addresses)
{
  Peerup__Dcutr message = PEERUP__DCUTR__INIT;
  ProtobufCBinaryData fields[PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX];

  message.has_type = TRUE;
  message.type = type;
  message.addrs = fields;
  for (guint i = 0; addresses != NULL && i < MIN (addresses->len, PEERUP_DCUTR_MESSAGE_ADDRESSES_MAX); i++)
    fields[message.n_addrs++].data = (guint8 *) peerup_multiaddr_get_bytes (addresses->pdata[i], &fields[i].len);
  while (protobuf_c_message_get_packed_size (&message.base) > PEERUP_DCUTR_MESSAGE_MAX)
    {
      g_assert (message.n_addrs > 0);
      message.n_addrs--;
    }
  return peerup_message_pack_framed (&message.base);
}

void
peerup_dcutr_message_free (PeerupDcutrMessage *self)
{
  g_ptr_array_unref (self->addresses);
  g_free (self);
}
