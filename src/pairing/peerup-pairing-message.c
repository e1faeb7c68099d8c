/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Codec of the messages of a pairing, as values. It knows what a message consists of; what it proves, and whether it
 * may come now, is the machine's. */

#include "pairing/peerup-pairing-message.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-message.h"
#include "wire/proto/pairing.pb-c.h"

/* Every field once; one more is one too many. */
#define FIELDS_MAX 12
#define NUMBER_MAX 9999

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__PairingMessage, peerup_message_free)

enum
{
  INVITE = 1 << 0, /* number and kind */
  SESSION = 1 << 1,
  SHARE = 1 << 2,
  COMMITMENT = 1 << 3,
  NETWORK = 1 << 4,
  NONCE = 1 << 5,
  TAG = 1 << 6,
  SEALED = 1 << 7,
  REFUSAL = 1 << 8,
  PAIRING = 1 << 9,
};

/* What each type has. */
static const guint parts_of[] = {
  [PEERUP_PAIRING_EVENT_HELLO] = INVITE | SESSION | SHARE | COMMITMENT | NETWORK,
  [PEERUP_PAIRING_EVENT_SHARE] = SHARE | COMMITMENT,
  [PEERUP_PAIRING_EVENT_CONFIRM] = TAG | NONCE,
  [PEERUP_PAIRING_EVENT_OFFER] = TAG | NONCE | SEALED,
  [PEERUP_PAIRING_EVENT_ACCEPT] = SEALED,
  [PEERUP_PAIRING_EVENT_COMMITTED] = SEALED,
  [PEERUP_PAIRING_EVENT_DONE] = SEALED,
  [PEERUP_PAIRING_EVENT_RESUME] = PAIRING,
  [PEERUP_PAIRING_EVENT_STATUS] = PAIRING,
  [PEERUP_PAIRING_EVENT_RESUMED] = PAIRING,
  [PEERUP_PAIRING_EVENT_REFUSED] = REFUSAL, /* and SEALED, once there are keys */
};

void
peerup_pairing_message_clear (PeerupPairingMessage *self)
{
  g_clear_pointer (&self->sealed, g_bytes_unref);
}

static ProtobufCBinaryData
field (const guint8 *data, gsize length)
{
  return (ProtobufCBinaryData) { .data = (guint8 *) data, .len = length };
}

GBytes *
peerup_pairing_message_encode (const PeerupPairingMessage *self)
{
  Peerup__PairingMessage message = PEERUP__PAIRING_MESSAGE__INIT;
  guint parts = parts_of[self->type];

  message.has_type = TRUE;
  message.type = self->type;
  message.has_number = message.has_spoken = (parts & INVITE) != 0;
  message.number = self->invite.number;
  message.spoken = self->invite.spoken;
  message.has_session = (parts & SESSION) != 0;
  message.session = field (self->session, sizeof self->session);
  message.has_share = (parts & SHARE) != 0;
  message.share = field (self->share, sizeof self->share);
  message.has_commitment = (parts & COMMITMENT) != 0;
  message.commitment = field (self->commitment, sizeof self->commitment);
  message.has_network = (parts & NETWORK) != 0;
  message.network = field (self->network, sizeof self->network);
  message.has_nonce = (parts & NONCE) != 0;
  message.nonce = field (self->nonce, sizeof self->nonce);
  message.has_tag = (parts & TAG) != 0;
  message.tag = field (self->tag, sizeof self->tag);
  message.has_sealed = (parts & (SEALED | REFUSAL)) != 0 && self->sealed != NULL;
  if (message.has_sealed)
    message.sealed = peerup_message_bytes (self->sealed);
  message.has_refusal = (parts & REFUSAL) != 0;
  message.refusal = self->refusal;
  message.has_pairing = (parts & PAIRING) != 0;
  message.pairing = field (self->pairing, sizeof self->pairing);
  g_assert (protobuf_c_message_get_packed_size (&message.base) <= PEERUP_PAIRING_MESSAGE_MAX);
  return peerup_message_pack (&message.base);
}

/* A field of exactly @length bytes, if there is one. */
static gboolean
read_field (guint8 *to, gsize length, gboolean is_there, const ProtobufCBinaryData *from)
{
  if (is_there && from->len == length)
    memcpy (to, from->data, length);
  return !is_there || from->len == length;
}

static gboolean
read_parts (PeerupPairingMessage *self, const Peerup__PairingMessage *message)
{
  self->type = message->type;
  self->invite.number = message->number;
  self->invite.spoken = message->spoken;
  self->refusal = message->refusal;
  if (message->has_sealed)
    self->sealed = g_bytes_new (message->sealed.data, message->sealed.len);
  return read_field (self->session, sizeof self->session, message->has_session, &message->session) &&
         read_field (self->share, sizeof self->share, message->has_share, &message->share) &&
         read_field (self->commitment, sizeof self->commitment, message->has_commitment, &message->commitment) &&
         read_field (self->network, sizeof self->network, message->has_network, &message->network) &&
         read_field (self->nonce, sizeof self->nonce, message->has_nonce, &message->nonce) &&
         read_field (self->tag, sizeof self->tag, message->has_tag, &message->tag) &&
         read_field (self->pairing, sizeof self->pairing, message->has_pairing, &message->pairing);
}

static gboolean
check_values (const PeerupPairingMessage *self)
{
  guint parts = parts_of[self->type];

  return (!(parts & INVITE) || (self->invite.number >= 1 && self->invite.number <= NUMBER_MAX)) &&
         (!(parts & SEALED) || self->sealed != NULL) &&
         (!(parts & REFUSAL) ||
          (self->refusal > PEERUP_PAIRING_REFUSED_NONE && self->refusal <= PEERUP_PAIRING_REFUSED_FAILED));
}

gboolean
peerup_pairing_message_decode (PeerupPairingMessage *self, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (Peerup__PairingMessage) message = NULL;

  memset (self, 0, sizeof *self);
  if (length <= PEERUP_PAIRING_MESSAGE_MAX)
    message = peerup_message_unpack (&peerup__pairing_message__descriptor, data, length, FIELDS_MAX, NULL);
  if (message != NULL && message->type >= PEERUP_PAIRING_EVENT_HELLO && message->type <= PEERUP_PAIRING_EVENT_REFUSED &&
      read_parts (self, message) && check_values (self))
    {
      g_autoptr (GBytes) again = peerup_pairing_message_encode (self);

      /* Whatever has another field, or the same in another way, is not what we would have written. */
      if (g_bytes_get_size (again) == length && memcmp (g_bytes_get_data (again, NULL), data, length) == 0)
        return TRUE;
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("The %zu bytes are no message of a pairing"), length);
  return FALSE;
}
