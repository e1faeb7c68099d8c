/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of AutoNAT v2 as bytes. A message owns the addresses that it names; of dial data only the amount is
 * kept. Whether a message may come now, and whether its word holds, is for who asked. */

#include "wire/peerup-autonat-message.h"

#include "wire/peerup-message.h"
#include "wire/proto/autonat.pb-c.h"

/* A field takes two bytes at least. */
#define FIELDS_MAX (PEERUP_AUTONAT_MESSAGE_MAX / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__AutonatMessage, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__AutonatDialBack, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__AutonatDialBackResponse, peerup_message_free)

/* Reading */

static gboolean
check_size (gsize length, gsize max, GError **error)
{
  if (length <= max)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "An AutoNAT message of %" G_GSIZE_FORMAT " bytes is above the limit of %" G_GSIZE_FORMAT, length, max);
  return FALSE;
}

static void
address_free (gpointer address)
{
  if (address != NULL)
    peerup_multiaddr_unref (address);
}

static void
read_request (PeerupAutonatMessage *self, const Peerup__AutonatDialRequest *request)
{
  self->type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE;
  self->nonce = request->nonce;
  self->addresses = g_ptr_array_new_with_free_func (address_free);
  for (gsize i = 0; i < MIN (request->n_addrs, PEERUP_AUTONAT_ADDRESSES_MAX); i++)
    g_ptr_array_add (self->addresses,
                     peerup_multiaddr_new_from_bytes (request->addrs[i].data, request->addrs[i].len, NULL));
}

static void
read_response (PeerupAutonatMessage *self, const Peerup__AutonatDialResponse *response)
{
  self->type = PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE;
  self->status = response->status;
  self->dial_status = response->dial_status;
  self->index = response->addr_idx;
}

static void
read_message (PeerupAutonatMessage *self, const Peerup__AutonatMessage *message)
{
  if (message->dial_request != NULL)
    read_request (self, message->dial_request);
  else if (message->dial_response != NULL)
    read_response (self, message->dial_response);
  else if (message->dial_data_request != NULL)
    {
      self->type = PEERUP_AUTONAT_DATA_REQUEST_MESSAGE;
      self->index = message->dial_data_request->addr_idx;
      self->n_bytes = message->dial_data_request->num_bytes;
    }
  else
    {
      self->type = PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE;
      self->n_bytes = message->dial_data_response->data.len;
    }
}

PeerupAutonatMessage *
peerup_autonat_message_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__AutonatMessage) message = NULL;
  PeerupAutonatMessage *self;
  guint n;

  if (!check_size (length, PEERUP_AUTONAT_MESSAGE_MAX, error))
    return NULL;
  message = peerup_message_unpack (&peerup__autonat_message__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  n = (message->dial_request != NULL) + (message->dial_response != NULL) + (message->dial_data_request != NULL) +
      (message->dial_data_response != NULL);
  if (n != 1)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "An AutoNAT message says %u things instead of one", n);
      return NULL;
    }
  self = g_new0 (PeerupAutonatMessage, 1);
  read_message (self, message);
  return self;
}

gboolean
peerup_autonat_dial_back_decode (gconstpointer data, gsize length, guint64 *nonce, GError **error)
{
  g_autoptr (Peerup__AutonatDialBack) message = NULL;

  if (!check_size (length, PEERUP_AUTONAT_DIAL_BACK_MAX, error))
    return FALSE;
  message = peerup_message_unpack (&peerup__autonat_dial_back__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return FALSE;
  if (!message->has_nonce)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "An AutoNAT dial-back has no nonce");
      return FALSE;
    }
  *nonce = message->nonce;
  return TRUE;
}

gboolean
peerup_autonat_dial_back_response_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__AutonatDialBackResponse) message = NULL;

  if (!check_size (length, PEERUP_AUTONAT_DIAL_BACK_MAX, error))
    return FALSE;
  message = peerup_message_unpack (&peerup__autonat_dial_back_response__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return FALSE;
  if (message->status != 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                   "An AutoNAT dial-back was answered with the unknown status %u", message->status);
      return FALSE;
    }
  return TRUE;
}

/* Writing */

static GBytes *
encode_request (const PeerupAutonatMessage *self)
{
  Peerup__AutonatMessage message = PEERUP__AUTONAT_MESSAGE__INIT;
  Peerup__AutonatDialRequest request = PEERUP__AUTONAT_DIAL_REQUEST__INIT;
  ProtobufCBinaryData addresses[PEERUP_AUTONAT_ADDRESSES_MAX];

  g_assert (self->addresses != NULL && self->addresses->len <= PEERUP_AUTONAT_ADDRESSES_MAX);
  request.has_nonce = TRUE;
  request.nonce = self->nonce;
  request.addrs = addresses;
  for (guint i = 0; i < self->addresses->len; i++)
    addresses[request.n_addrs++].data =
      (guint8 *) peerup_multiaddr_get_bytes (self->addresses->pdata[i], &addresses[i].len);
  message.dial_request = &request;
  while (protobuf_c_message_get_packed_size (&message.base) > PEERUP_AUTONAT_MESSAGE_MAX)
    request.n_addrs--;
  return peerup_message_pack_framed (&message.base);
}

static GBytes *
encode_response (const PeerupAutonatMessage *self)
{
  Peerup__AutonatMessage message = PEERUP__AUTONAT_MESSAGE__INIT;
  Peerup__AutonatDialResponse response = PEERUP__AUTONAT_DIAL_RESPONSE__INIT;

  response.has_status = response.has_addr_idx = response.has_dial_status = TRUE;
  response.status = self->status;
  response.addr_idx = self->index;
  response.dial_status = self->dial_status;
  message.dial_response = &response;
  return peerup_message_pack_framed (&message.base);
}

static GBytes *
encode_data_request (const PeerupAutonatMessage *self)
{
  Peerup__AutonatMessage message = PEERUP__AUTONAT_MESSAGE__INIT;
  Peerup__AutonatDialDataRequest request = PEERUP__AUTONAT_DIAL_DATA_REQUEST__INIT;

  request.has_addr_idx = request.has_num_bytes = TRUE;
  request.addr_idx = self->index;
  request.num_bytes = self->n_bytes;
  message.dial_data_request = &request;
  return peerup_message_pack_framed (&message.base);
}

static GBytes *
encode_data_response (const PeerupAutonatMessage *self)
{
  static guint8 zeros[PEERUP_AUTONAT_DATA_MAX];
  Peerup__AutonatMessage message = PEERUP__AUTONAT_MESSAGE__INIT;
  Peerup__AutonatDialDataResponse response = PEERUP__AUTONAT_DIAL_DATA_RESPONSE__INIT;

  g_assert (self->n_bytes <= sizeof zeros);
  response.has_data = TRUE;
  response.data = (ProtobufCBinaryData) { self->n_bytes, zeros };
  message.dial_data_response = &response;
  return peerup_message_pack_framed (&message.base);
}

GBytes *
peerup_autonat_message_encode (const PeerupAutonatMessage *self)
{
  switch (self->type)
    {
    case PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE:
      return encode_request (self);
    case PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE:
      return encode_response (self);
    case PEERUP_AUTONAT_DATA_REQUEST_MESSAGE:
      return encode_data_request (self);
    case PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE:
      return encode_data_response (self);
    default:
      g_assert_not_reached ();
    }
}

GBytes *
peerup_autonat_dial_back_encode (guint64 nonce)
{
  Peerup__AutonatDialBack message = PEERUP__AUTONAT_DIAL_BACK__INIT;

  message.has_nonce = TRUE;
  message.nonce = nonce;
  return peerup_message_pack_framed (&message.base);
}

GBytes *
peerup_autonat_dial_back_response_encode (void)
{
  Peerup__AutonatDialBackResponse message = PEERUP__AUTONAT_DIAL_BACK_RESPONSE__INIT;

  return peerup_message_pack_framed (&message.base);
}

void
peerup_autonat_message_free (PeerupAutonatMessage *self)
{
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_free (self);
}

const char *
peerup_autonat_status_get_text (PeerupAutonatStatus status)
{
  switch (status)
    {
    case PEERUP_AUTONAT_INTERNAL_ERROR:
      return "an error inside of the server";
    case PEERUP_AUTONAT_REQUEST_REJECTED:
      return "the server rejected the request: it is asked too often, or by too many";
    case PEERUP_AUTONAT_DIAL_REFUSED:
      return "the server cannot or will not dial that address";
    case PEERUP_AUTONAT_OK:
      return "the server dialed";
    default:
      return NULL;
    }
}
