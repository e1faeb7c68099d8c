/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Peer records as bytes. A record owns its peer ID and its list. One bad address does not
 * spoil a record, and a record of thousands costs no more than one of 500. Says nothing
 * about who signed it.
 */
#include "wire/peerup-peer-record.h"

#include "wire/peerup-envelope.h"
#include "wire/peerup-message.h"
#include "wire/proto/peer-record.pb-c.h"

/* Two for each address that is kept, as much again for those that are dropped. */
#define FIELDS_MAX (4 * PEERUP_PEER_RECORD_ADDRESSES_MAX)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__PeerRecord, peerup_message_free)

PeerupPeerRecord *
peerup_peer_record_new (PeerupPeerId *peer_id, guint64 seq, GPtrArray *addresses)
{
  PeerupPeerRecord *self = g_new0 (PeerupPeerRecord, 1);

  self->peer_id = peerup_peer_id_ref (peer_id);
  self->seq = seq;
  self->addresses = g_ptr_array_ref (addresses);
  return self;
}

void
peerup_peer_record_free (PeerupPeerRecord *self)
{
  peerup_peer_id_unref (self->peer_id);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

static GPtrArray *
read_addresses (const Peerup__PeerRecord *message)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (gsize i = 0; i < message->n_addresses && addresses->len < PEERUP_PEER_RECORD_ADDRESSES_MAX; i++)
    {
      const ProtobufCBinaryData *bytes = &message->addresses[i]->multiaddr;
      PeerupMultiaddr *address = peerup_multiaddr_new_from_bytes (bytes->data, bytes->len, NULL);

      if (address != NULL)
        g_ptr_array_add (addresses, address);
    }
  return addresses;
}

PeerupPeerRecord *
peerup_peer_record_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__PeerRecord) message = NULL;
  g_autoptr (PeerupPeerId) peer_id = NULL;
  PeerupPeerRecord *self;

  if (length > PEERUP_ENVELOPE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "A peer record of %" G_GSIZE_FORMAT " bytes is above the limit of %d", length, PEERUP_ENVELOPE_MAX);
      return NULL;
    }

  message = peerup_message_unpack (&peerup__peer_record__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  peer_id = peerup_peer_id_new_from_bytes (message->peer_id.data, message->peer_id.len, error);
  if (peer_id == NULL)
    return NULL;

  self = g_new0 (PeerupPeerRecord, 1);
  self->peer_id = g_steal_pointer (&peer_id);
  self->seq = message->seq;
  self->addresses = read_addresses (message);
  return self;
}

GBytes *
peerup_peer_record_encode (const PeerupPeerRecord *self)
{
  Peerup__PeerRecord message = PEERUP__PEER_RECORD__INIT;
  guint n_addresses = MIN (self->addresses->len, PEERUP_PEER_RECORD_ADDRESSES_MAX);
  g_autofree Peerup__PeerRecord__AddressInfo *infos = g_new (Peerup__PeerRecord__AddressInfo, n_addresses);
  g_autofree Peerup__PeerRecord__AddressInfo **list = g_new (Peerup__PeerRecord__AddressInfo *, n_addresses);

  for (guint i = 0; i < n_addresses; i++)
    {
      PeerupMultiaddr *address = g_ptr_array_index (self->addresses, i);

      peerup__peer_record__address_info__init (&infos[i]);
      infos[i].has_multiaddr = TRUE;
      infos[i].multiaddr.data = (guint8 *) peerup_multiaddr_get_bytes (address, &infos[i].multiaddr.len);
      list[i] = &infos[i];
    }

  message.peer_id.data = (guint8 *) peerup_peer_id_get_bytes (self->peer_id, &message.peer_id.len);
  message.has_seq = TRUE;
  message.seq = self->seq;
  message.n_addresses = n_addresses;
  message.addresses = list;
  return peerup_message_pack (&message.base);
}
