/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of circuit relay v2 as bytes. A message owns what it names. Whether it is one
 * that the other side may send now, and whether its word holds, is for who asked. */

#include "wire/peerup-circuit.h"

#include "wire/peerup-frame.h"
#include "wire/peerup-message.h"
#include "wire/proto/circuit.pb-c.h"

/* A field takes two bytes at least. */
#define FIELDS_MAX (PEERUP_CIRCUIT_MESSAGE_MAX / 2)
/* On stop there is no RESERVE, so the others have lower numbers. */
#define STOP_SHIFT 1

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__CircuitHop, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__CircuitStop, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__CircuitVoucher, peerup_message_free)

static gboolean
check_size (gsize length, GError **error)
{
  if (length <= PEERUP_CIRCUIT_MESSAGE_MAX)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "A relay message of %" G_GSIZE_FORMAT " bytes is above the limit of %d", length,
               PEERUP_CIRCUIT_MESSAGE_MAX);
  return FALSE;
}

/* Reading */

static gboolean
read_peer (PeerupCircuitMessage *self, const Peerup__CircuitPeer *peer, GError **error)
{
  if (peer != NULL && peer->has_id)
    {
      self->peer = peerup_peer_id_new_from_bytes (peer->id.data, peer->id.len, error);
      return self->peer != NULL;
    }
  if (self->type != PEERUP_CIRCUIT_CONNECT)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "A relay's CONNECT names no peer");
  return FALSE;
}

static void
read_reservation (PeerupCircuitMessage *self, const Peerup__CircuitReservation *reservation)
{
  if (reservation == NULL)
    return;
  self->has_reservation = TRUE;
  self->expires = reservation->expire;
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  for (gsize i = 0; i < reservation->n_addrs && self->addresses->len < PEERUP_CIRCUIT_ADDRESSES_MAX; i++)
    {
      const ProtobufCBinaryData *bytes = &reservation->addrs[i];
      PeerupMultiaddr *address = peerup_multiaddr_new_from_bytes (bytes->data, bytes->len, NULL);

      if (address != NULL)
        g_ptr_array_add (self->addresses, address);
    }
  if (reservation->has_voucher)
    self->voucher = g_bytes_new (reservation->voucher.data, reservation->voucher.len);
}

static void
read_limit (PeerupCircuitMessage *self, const Peerup__CircuitLimit *limit)
{
  if (limit == NULL)
    return;
  self->has_limit = TRUE;
  self->limit = (PeerupCircuitLimit) { limit->duration, limit->data };
}

static gboolean
check_type (gboolean has_type, guint32 type, guint32 last, GError **error)
{
  if (has_type && type <= last)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               has_type ? "A relay message has the unknown type %u" : "A relay message has no type", type);
  return FALSE;
}

PeerupCircuitMessage *
peerup_circuit_hop_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitMessage) self = NULL;
  g_autoptr (Peerup__CircuitHop) message = NULL;

  if (!check_size (length, error))
    return NULL;
  message = peerup_message_unpack (&peerup__circuit_hop__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL || !check_type (message->has_type, message->type, PEERUP_CIRCUIT_STATUS, error))
    return NULL;
  self = g_new0 (PeerupCircuitMessage, 1);
  self->type = message->type;
  self->status = message->status;
  if (!read_peer (self, message->peer, error))
    return NULL;
  read_reservation (self, message->reservation);
  read_limit (self, message->limit);
  return g_steal_pointer (&self);
}

PeerupCircuitMessage *
peerup_circuit_stop_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitMessage) self = NULL;
  g_autoptr (Peerup__CircuitStop) message = NULL;

  if (!check_size (length, error))
    return NULL;
  message = peerup_message_unpack (&peerup__circuit_stop__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL || !check_type (message->has_type, message->type, PEERUP_CIRCUIT_STATUS - STOP_SHIFT, error))
    return NULL;
  self = g_new0 (PeerupCircuitMessage, 1);
  self->type = message->type + STOP_SHIFT;
  self->status = message->status;
  if (!read_peer (self, message->peer, error))
    return NULL;
  read_limit (self, message->limit);
  return g_steal_pointer (&self);
}

/* Writing: the parts of a message, which borrow from @self. */

typedef struct
{
  Peerup__CircuitPeer peer;
  Peerup__CircuitReservation reservation;
  Peerup__CircuitLimit limit;
  ProtobufCBinaryData addresses[PEERUP_CIRCUIT_ADDRESSES_MAX];
} Parts;

static Peerup__CircuitPeer *
make_peer (const PeerupCircuitMessage *self, Parts *parts)
{
  if (self->peer == NULL)
    return NULL;
  peerup__circuit_peer__init (&parts->peer);
  parts->peer.has_id = TRUE;
  parts->peer.id.data = (guint8 *) peerup_peer_id_get_bytes (self->peer, &parts->peer.id.len);
  return &parts->peer;
}

static Peerup__CircuitLimit *
make_limit (const PeerupCircuitMessage *self, Parts *parts)
{
  if (!self->has_limit)
    return NULL;
  peerup__circuit_limit__init (&parts->limit);
  parts->limit.has_duration = parts->limit.has_data = TRUE;
  parts->limit.duration = self->limit.duration;
  parts->limit.data = self->limit.data;
  return &parts->limit;
}

static Peerup__CircuitReservation *
make_reservation (const PeerupCircuitMessage *self, Parts *parts)
{
  Peerup__CircuitReservation *reservation = &parts->reservation;

  if (!self->has_reservation)
    return NULL;
  peerup__circuit_reservation__init (reservation);
  reservation->has_expire = TRUE;
  reservation->expire = self->expires;
  reservation->has_voucher = self->voucher != NULL;
  if (self->voucher != NULL)
    reservation->voucher = peerup_message_bytes (self->voucher);
  reservation->addrs = parts->addresses;
  for (guint i = 0; self->addresses != NULL && i < MIN (self->addresses->len, PEERUP_CIRCUIT_ADDRESSES_MAX); i++)
    parts->addresses[reservation->n_addrs++].data =
      (guint8 *) peerup_multiaddr_get_bytes (self->addresses->pdata[i], &parts->addresses[i].len);
  return reservation;
}

GBytes *
peerup_circuit_hop_encode (const PeerupCircuitMessage *self)
{
  Peerup__CircuitHop message = PEERUP__CIRCUIT_HOP__INIT;
  Parts parts;

  message.has_type = TRUE;
  message.type = self->type;
  message.has_status = self->status != PEERUP_CIRCUIT_NONE;
  message.status = self->status;
  message.peer = make_peer (self, &parts);
  message.reservation = make_reservation (self, &parts);
  message.limit = make_limit (self, &parts);
  while (protobuf_c_message_get_packed_size (&message.base) > PEERUP_CIRCUIT_MESSAGE_MAX &&
         message.reservation != NULL && message.reservation->n_addrs > 0)
    message.reservation->n_addrs--;
  return peerup_message_pack_framed (&message.base);
}

GBytes *
peerup_circuit_stop_encode (const PeerupCircuitMessage *self)
{
  Peerup__CircuitStop message = PEERUP__CIRCUIT_STOP__INIT;
  Parts parts;

  g_assert (self->type != PEERUP_CIRCUIT_RESERVE);
  message.has_type = TRUE;
  message.type = self->type - STOP_SHIFT;
  message.has_status = self->status != PEERUP_CIRCUIT_NONE;
  message.status = self->status;
  message.peer = make_peer (self, &parts);
  message.limit = make_limit (self, &parts);
  return peerup_message_pack_framed (&message.base);
}

void
peerup_circuit_message_free (PeerupCircuitMessage *self)
{
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->voucher, g_bytes_unref);
  g_free (self);
}

const char *
peerup_circuit_status_get_text (PeerupCircuitStatus status)
{
  switch (status)
    {
    case PEERUP_CIRCUIT_OK:
      return "accepted";
    case PEERUP_CIRCUIT_RESERVATION_REFUSED:
      return "the reservation was refused";
    case PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED:
      return "a limit of the relay is reached";
    case PEERUP_CIRCUIT_PERMISSION_DENIED:
      return "permission denied";
    case PEERUP_CIRCUIT_CONNECTION_FAILED:
      return "the relay could not reach the peer";
    case PEERUP_CIRCUIT_NO_RESERVATION:
      return "the peer is not connected to this relay";
    case PEERUP_CIRCUIT_MALFORMED_MESSAGE:
      return "the relay could not read our message";
    case PEERUP_CIRCUIT_UNEXPECTED_MESSAGE:
      return "the relay did not expect our message";
    case PEERUP_CIRCUIT_NONE:
    default:
      return NULL;
    }
}

/* Vouchers */

PeerupCircuitVoucher *
peerup_circuit_voucher_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupCircuitVoucher) self = NULL;
  g_autoptr (Peerup__CircuitVoucher) message = NULL;

  if (!check_size (length, error))
    return NULL;
  message = peerup_message_unpack (&peerup__circuit_voucher__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = g_new0 (PeerupCircuitVoucher, 1);
  self->expires = message->expiration;
  self->relay = peerup_peer_id_new_from_bytes (message->relay.data, message->relay.len, error);
  if (self->relay == NULL)
    return NULL;
  self->peer = peerup_peer_id_new_from_bytes (message->peer.data, message->peer.len, error);
  return self->peer != NULL ? g_steal_pointer (&self) : NULL;
}

GBytes *
peerup_circuit_voucher_encode (const PeerupCircuitVoucher *self)
{
  Peerup__CircuitVoucher message = PEERUP__CIRCUIT_VOUCHER__INIT;

  message.has_relay = message.has_peer = message.has_expiration = TRUE;
  message.relay.data = (guint8 *) peerup_peer_id_get_bytes (self->relay, &message.relay.len);
  message.peer.data = (guint8 *) peerup_peer_id_get_bytes (self->peer, &message.peer.len);
  message.expiration = self->expires;
  return peerup_message_pack (&message.base);
}

void
peerup_circuit_voucher_free (PeerupCircuitVoucher *self)
{
  g_clear_pointer (&self->relay, peerup_peer_id_unref);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self);
}
