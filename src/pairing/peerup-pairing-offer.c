/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Offers as values and as bytes. One that was decoded holds nothing that may not be shown, and no more than the limits
 * say; whether what it offers is wanted is for who reads it. */

#include "pairing/peerup-pairing-offer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-message.h"
#include "wire/proto/pairing.pb-c.h"
#include "wire/peerup-label.h"

/* A field takes two bytes at least. */
#define FIELDS_MAX (PEERUP_PAIRING_OFFER_MAX / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__PairingOffer, peerup_message_free)

PeerupPairingOffer *
peerup_pairing_offer_new (const char *name)
{
  PeerupPairingOffer *self = g_new0 (PeerupPairingOffer, 1);

  self->name = peerup_pairing_name_sanitize (name, strlen (name));
  self->services = g_new0 (char *, 1);
  self->until = G_MAXINT64;
  self->relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  return self;
}

PeerupPairingOffer *
peerup_pairing_offer_copy (const PeerupPairingOffer *self)
{
  PeerupPairingOffer *copy = g_new0 (PeerupPairingOffer, 1);

  copy->name = g_strdup (self->name);
  copy->guest = self->guest;
  copy->services = g_strdupv (self->services);
  copy->until = self->until;
  copy->relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  for (guint i = 0; i < self->relays->len; i++)
    g_ptr_array_add (copy->relays, peerup_multiaddr_ref (self->relays->pdata[i]));
  return copy;
}

void
peerup_pairing_offer_free (PeerupPairingOffer *self)
{
  g_free (self->name);
  g_strfreev (self->services);
  g_ptr_array_unref (self->relays);
  g_free (self);
}

/* Writing */

static gboolean
check_size (const Peerup__PairingOffer *message, GError **error)
{
  if (message->n_services <= PEERUP_PAIRING_SERVICES_MAX && message->n_relays <= PEERUP_PAIRING_ADDRESSES_MAX &&
      protobuf_c_message_get_packed_size (&message->base) <= PEERUP_PAIRING_OFFER_MAX)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               _ ("A pairing offers at most %d services and %d addresses in %d bytes: offer fewer services"),
               PEERUP_PAIRING_SERVICES_MAX, PEERUP_PAIRING_ADDRESSES_MAX, PEERUP_PAIRING_OFFER_MAX);
  return FALSE;
}

GBytes *
peerup_pairing_offer_encode (const PeerupPairingOffer *self, GError **error)
{
  Peerup__PairingOffer message = PEERUP__PAIRING_OFFER__INIT;
  g_autofree ProtobufCBinaryData *services = NULL, *relays = NULL;

  message.has_name = message.has_guest = TRUE;
  message.name = peerup_message_text (self->name);
  message.guest = self->guest;
  message.has_until = self->until != G_MAXINT64;
  message.until = self->until;
  message.n_services = g_strv_length (self->services);
  message.services = services = g_new (ProtobufCBinaryData, message.n_services);
  for (gsize i = 0; i < message.n_services; i++)
    services[i] = peerup_message_text (self->services[i]);
  message.n_relays = self->relays->len;
  message.relays = relays = g_new (ProtobufCBinaryData, message.n_relays);
  for (gsize i = 0; i < message.n_relays; i++)
    relays[i].data = (guint8 *) peerup_multiaddr_get_bytes (self->relays->pdata[i], &relays[i].len);
  return check_size (&message, error) ? peerup_message_pack (&message.base) : NULL;
}

/* Reading */

static gboolean
read_services (PeerupPairingOffer *self, const Peerup__PairingOffer *message)
{
  g_autoptr (GStrvBuilder) services = g_strv_builder_new ();

  if (message->n_services > PEERUP_PAIRING_SERVICES_MAX)
    return FALSE;
  for (gsize i = 0; i < message->n_services; i++)
    {
      if (!peerup_label_is_valid ((const char *) message->services[i].data, message->services[i].len))
        return FALSE;
      g_strv_builder_take (services, g_strndup ((const char *) message->services[i].data, message->services[i].len));
    }
  g_strfreev (self->services);
  self->services = g_strv_builder_end (services);
  return TRUE;
}

/* One that does not parse may be of a kind to come, and does not spoil the others. */
static gboolean
read_relays (PeerupPairingOffer *self, const Peerup__PairingOffer *message)
{
  if (message->n_relays > PEERUP_PAIRING_ADDRESSES_MAX)
    return FALSE;
  for (gsize i = 0; i < message->n_relays; i++)
    {
      g_autoptr (PeerupMultiaddr) relay =
        peerup_multiaddr_new_from_bytes (message->relays[i].data, message->relays[i].len, NULL);
      g_autoptr (PeerupPeerId) id = relay != NULL ? peerup_multiaddr_dup_peer_id (relay) : NULL;

      if (id != NULL)
        g_ptr_array_add (self->relays, g_steal_pointer (&relay));
    }
  return TRUE;
}

PeerupPairingOffer *
peerup_pairing_offer_decode (GBytes *bytes, GError **error)
{
  g_autoptr (Peerup__PairingOffer) message = NULL;
  g_autoptr (PeerupPairingOffer) self = NULL;
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  if (length > PEERUP_PAIRING_OFFER_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("An offer of %zu bytes is above the limit of %d"),
                   length, PEERUP_PAIRING_OFFER_MAX);
      return NULL;
    }
  message = peerup_message_unpack (&peerup__pairing_offer__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = peerup_pairing_offer_new ("");
  g_free (self->name);
  self->name = peerup_pairing_name_sanitize ((const char *) message->name.data, message->name.len);
  self->guest = message->guest;
  if (message->has_until)
    self->until = message->until;
  if (self->until >= 0 && read_services (self, message) && read_relays (self, message))
    return g_steal_pointer (&self);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       _ ("An offer names services, addresses or a time that cannot be, or too many of them"));
  return NULL;
}
