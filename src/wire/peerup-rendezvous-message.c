/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of the rendezvous as bytes. What decodes has what its type needs, in the lengths that it may have, and
 * owns what it names. Whether it may be asked for now is for the relay. */

#include "wire/peerup-rendezvous-message.h"

#include <string.h>

#include "wire/peerup-message.h"
#include "wire/proto/rendezvous.pb-c.h"

/* Fields of ours in a message, those of its parts included, and some that a later version may add. */
#define FIELDS_MAX 64

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__RendezvousRequest, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__RendezvousAnswer, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__RendezvousKept, peerup_message_free)

static gboolean
check_size (gsize length, gsize max, GError **error)
{
  if (length <= max)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "A rendezvous message of %" G_GSIZE_FORMAT " bytes is above the limit of %" G_GSIZE_FORMAT, length, max);
  return FALSE;
}

/* Parts */

/* Each: TRUE with NULL for a field that is not there. */
static gboolean
read_bytes (GBytes **bytes, gboolean has_field, const ProtobufCBinaryData *field, gsize min, gsize max)
{
  if (!has_field)
    return TRUE;
  if (field->len < min || field->len > max)
    return FALSE;
  *bytes = g_bytes_new (field->data, field->len);
  return TRUE;
}

static gboolean
read_peer (PeerupPeerId **peer, gboolean has_field, const ProtobufCBinaryData *field)
{
  if (!has_field)
    return TRUE;
  *peer = peerup_peer_id_new_from_bytes (field->data, field->len, NULL);
  return *peer != NULL;
}

static ProtobufCBinaryData
peer_field (const PeerupPeerId *peer)
{
  ProtobufCBinaryData field;

  field.data = (guint8 *) peerup_peer_id_get_bytes (peer, &field.len);
  return field;
}

static gboolean
is_number (guint32 number)
{
  return number > 0 && number <= PEERUP_RENDEZVOUS_NUMBER_MAX;
}

/* Requests */

static gboolean
read_pass (PeerupRendezvousRequest *self, const Peerup__RendezvousRequest *from)
{
  if (self->type != PEERUP_RENDEZVOUS_PASS)
    return TRUE;
  if (!from->has_pass || from->pass.len != sizeof self->pass)
    return FALSE;
  memcpy (self->pass, from->pass.data, sizeof self->pass);
  return TRUE;
}

static gboolean
read_request_fields (PeerupRendezvousRequest *self, const Peerup__RendezvousRequest *from)
{
  self->type = from->type;
  self->number = from->number;
  self->ttl = from->ttl;
  self->until = from->until;
  if (from->has_name)
    self->name = peerup_message_dup_text (&from->name, PEERUP_RENDEZVOUS_TEXT_MAX);
  return read_peer (&self->inviter, from->has_inviter, &from->inviter) &&
         read_peer (&self->joined, from->has_joined, &from->joined) &&
         read_bytes (&self->pass_hash, from->has_pass_hash, &from->pass_hash, PEERUP_RENDEZVOUS_HASH_LENGTH,
                     PEERUP_RENDEZVOUS_HASH_LENGTH) &&
         read_bytes (&self->sealed, from->has_sealed, &from->sealed, 1, PEERUP_RENDEZVOUS_SEALED_MAX) &&
         read_pass (self, from);
}

static gboolean
has_what_it_needs (const PeerupRendezvousRequest *self)
{
  switch ((int) self->type)
    {
    case PEERUP_RENDEZVOUS_REGISTER:
      return self->ttl > 0 && self->ttl <= PEERUP_RENDEZVOUS_TTL_MAX;
    case PEERUP_RENDEZVOUS_PASS:
      return self->inviter != NULL;
    case PEERUP_RENDEZVOUS_LEAVE:
      return self->inviter != NULL && self->sealed != NULL;
    case PEERUP_RENDEZVOUS_UNREGISTER:
    case PEERUP_RENDEZVOUS_FIND:
    case PEERUP_RENDEZVOUS_FETCH:
      return TRUE;
    default:
      return FALSE;
    }
}

PeerupRendezvousRequest *
peerup_rendezvous_request_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousRequest) self = NULL;
  g_autoptr (Peerup__RendezvousRequest) message = NULL;

  if (!check_size (length, PEERUP_RENDEZVOUS_REQUEST_MAX, error))
    return NULL;
  message = peerup_message_unpack (&peerup__rendezvous_request__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = g_new0 (PeerupRendezvousRequest, 1);
  if (read_request_fields (self, message) && is_number (self->number) && has_what_it_needs (self))
    return g_steal_pointer (&self);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               "A rendezvous request of type %u lacks what it needs, or has something of a wrong length",
               message->type);
  return NULL;
}

GBytes *
peerup_rendezvous_request_encode (const PeerupRendezvousRequest *self)
{
  Peerup__RendezvousRequest message = PEERUP__RENDEZVOUS_REQUEST__INIT;

  message.has_type = message.has_number = TRUE;
  message.type = self->type;
  message.number = self->number;
  message.has_ttl = self->ttl != 0;
  message.ttl = self->ttl;
  message.has_until = self->until != 0;
  message.until = self->until;
  if ((message.has_inviter = self->inviter != NULL))
    message.inviter = peer_field (self->inviter);
  if ((message.has_joined = self->joined != NULL))
    message.joined = peer_field (self->joined);
  if ((message.has_pass_hash = self->pass_hash != NULL))
    message.pass_hash = peerup_message_bytes (self->pass_hash);
  if ((message.has_pass = self->type == PEERUP_RENDEZVOUS_PASS))
    message.pass = (ProtobufCBinaryData) { .data = (guint8 *) self->pass, .len = sizeof self->pass };
  if ((message.has_sealed = self->sealed != NULL))
    message.sealed = peerup_message_bytes (self->sealed);
  if ((message.has_name = self->name != NULL))
    message.name = peerup_message_text (self->name);
  g_assert (protobuf_c_message_get_packed_size (&message.base) <= PEERUP_RENDEZVOUS_REQUEST_MAX);
  return peerup_message_pack_framed (&message.base);
}

void
peerup_rendezvous_request_free (PeerupRendezvousRequest *self)
{
  g_clear_pointer (&self->inviter, peerup_peer_id_unref);
  g_clear_pointer (&self->joined, peerup_peer_id_unref);
  g_clear_pointer (&self->pass_hash, g_bytes_unref);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  explicit_bzero (self->pass, sizeof self->pass);
  g_free (self->name);
  g_free (self);
}

/* What was left */

PeerupRendezvousLeft *
peerup_rendezvous_left_new (PeerupPeerId *joiner, GBytes *sealed)
{
  PeerupRendezvousLeft *self = g_new (PeerupRendezvousLeft, 1);

  self->joiner = peerup_peer_id_ref (joiner);
  self->sealed = g_bytes_ref (sealed);
  return self;
}

void
peerup_rendezvous_left_free (PeerupRendezvousLeft *self)
{
  g_clear_pointer (&self->joiner, peerup_peer_id_unref);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_free (self);
}

static void
left_destroy (gpointer data)
{
  peerup_rendezvous_left_free (data);
}

static PeerupRendezvousLeft *
read_left (const Peerup__RendezvousLeft *from)
{
  g_autoptr (PeerupRendezvousLeft) self = g_new0 (PeerupRendezvousLeft, 1);

  if (!read_peer (&self->joiner, from->has_joiner, &from->joiner) ||
      !read_bytes (&self->sealed, from->has_sealed, &from->sealed, 1, PEERUP_RENDEZVOUS_SEALED_MAX) ||
      self->joiner == NULL || self->sealed == NULL)
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
read_all_left (GPtrArray **left, Peerup__RendezvousLeft *const *from, gsize n)
{
  if (n > PEERUP_RENDEZVOUS_LEFT_MAX)
    return FALSE;
  *left = g_ptr_array_new_with_free_func (left_destroy);
  for (gsize i = 0; i < n; i++)
    {
      PeerupRendezvousLeft *one = read_left (from[i]);

      if (one == NULL)
        return FALSE;
      g_ptr_array_add (*left, one);
    }
  return TRUE;
}

/* The parts of a message, which borrow from what it says. */
typedef struct
{
  Peerup__RendezvousLeft left[PEERUP_RENDEZVOUS_LEFT_MAX];
  Peerup__RendezvousLeft *list[PEERUP_RENDEZVOUS_LEFT_MAX];
} Parts;

static gsize
write_left (Parts *parts, GPtrArray *left)
{
  gsize n = left != NULL ? left->len : 0;

  g_assert (n <= PEERUP_RENDEZVOUS_LEFT_MAX);
  for (gsize i = 0; i < n; i++)
    {
      const PeerupRendezvousLeft *from = left->pdata[i];
      Peerup__RendezvousLeft *to = &parts->left[i];

      peerup__rendezvous_left__init (to);
      to->has_joiner = to->has_sealed = TRUE;
      to->joiner = peer_field (from->joiner);
      to->sealed = peerup_message_bytes (from->sealed);
      parts->list[i] = to;
    }
  return n;
}

/* Answers */

/* (nullable): what may be shown as it is. */
static char *
dup_reason (const ProtobufCBinaryData *field)
{
  g_autofree char *text = peerup_message_dup_text (field, PEERUP_RENDEZVOUS_TEXT_MAX);

  for (const char *p = text; p != NULL && *p != '\0'; p = g_utf8_next_char (p))
    if (!g_unichar_isprint (g_utf8_get_char (p)))
      return NULL;
  return g_steal_pointer (&text);
}

static gboolean
read_answer_fields (PeerupRendezvousAnswer *self, const Peerup__RendezvousAnswer *from)
{
  self->status = from->status;
  self->here = from->here;
  self->anew = from->anew;
  if (from->has_reason)
    self->reason = dup_reason (&from->reason);
  return from->has_status && read_peer (&self->inviter, from->has_inviter, &from->inviter) &&
         read_bytes (&self->sealed, from->has_sealed, &from->sealed, 1, PEERUP_RENDEZVOUS_SEALED_MAX) &&
         read_all_left (&self->left, from->left, from->n_left);
}

PeerupRendezvousAnswer *
peerup_rendezvous_answer_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousAnswer) self = NULL;
  g_autoptr (Peerup__RendezvousAnswer) message = NULL;

  if (!check_size (length, PEERUP_RENDEZVOUS_ANSWER_MAX, error))
    return NULL;
  message = peerup_message_unpack (&peerup__rendezvous_answer__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = g_new0 (PeerupRendezvousAnswer, 1);
  if (read_answer_fields (self, message))
    return g_steal_pointer (&self);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "A relay's rendezvous answer cannot be read");
  return NULL;
}

GBytes *
peerup_rendezvous_answer_encode (const PeerupRendezvousAnswer *self)
{
  Peerup__RendezvousAnswer message = PEERUP__RENDEZVOUS_ANSWER__INIT;
  Parts parts;

  message.has_status = TRUE;
  message.status = self->status;
  message.has_here = message.here = self->here;
  message.has_anew = message.anew = self->anew;
  if ((message.has_reason = self->reason != NULL))
    message.reason = peerup_message_text (self->reason);
  if ((message.has_inviter = self->inviter != NULL))
    message.inviter = peer_field (self->inviter);
  if ((message.has_sealed = self->sealed != NULL))
    message.sealed = peerup_message_bytes (self->sealed);
  message.n_left = write_left (&parts, self->left);
  message.left = parts.list;
  g_assert (protobuf_c_message_get_packed_size (&message.base) <= PEERUP_RENDEZVOUS_ANSWER_MAX);
  return peerup_message_pack_framed (&message.base);
}

void
peerup_rendezvous_answer_free (PeerupRendezvousAnswer *self)
{
  g_free (self->reason);
  g_clear_pointer (&self->inviter, peerup_peer_id_unref);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_clear_pointer (&self->left, g_ptr_array_unref);
  g_free (self);
}

/* What is written down */

static gboolean
read_kept_fields (PeerupRendezvousKept *self, const Peerup__RendezvousKept *from)
{
  self->number = from->number;
  self->expires = from->expires;
  self->by_number = from->by_number;
  return is_number (from->number) && read_peer (&self->inviter, from->has_inviter, &from->inviter) &&
         read_bytes (&self->pass_hash, from->has_pass_hash, &from->pass_hash, PEERUP_RENDEZVOUS_HASH_LENGTH,
                     PEERUP_RENDEZVOUS_HASH_LENGTH) &&
         read_bytes (&self->sealed, from->has_sealed, &from->sealed, 1, PEERUP_RENDEZVOUS_SEALED_MAX) &&
         read_all_left (&self->left, from->left, from->n_left) && self->inviter != NULL && self->sealed != NULL;
}

PeerupRendezvousKept *
peerup_rendezvous_kept_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousKept) self = NULL;
  g_autoptr (Peerup__RendezvousKept) message = NULL;

  if (!check_size (length, PEERUP_RENDEZVOUS_ANSWER_MAX, error))
    return NULL;
  message = peerup_message_unpack (&peerup__rendezvous_kept__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = g_new0 (PeerupRendezvousKept, 1);
  if (read_kept_fields (self, message))
    return g_steal_pointer (&self);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "This is no invite that was left with a relay");
  return NULL;
}

GBytes *
peerup_rendezvous_kept_encode (const PeerupRendezvousKept *self)
{
  Peerup__RendezvousKept message = PEERUP__RENDEZVOUS_KEPT__INIT;
  Parts parts;

  message.has_inviter = message.has_number = message.has_expires = message.has_sealed = TRUE;
  message.inviter = peer_field (self->inviter);
  message.number = self->number;
  message.expires = self->expires;
  message.has_by_number = message.by_number = self->by_number;
  message.sealed = peerup_message_bytes (self->sealed);
  if ((message.has_pass_hash = self->pass_hash != NULL))
    message.pass_hash = peerup_message_bytes (self->pass_hash);
  message.n_left = write_left (&parts, self->left);
  message.left = parts.list;
  return peerup_message_pack (&message.base);
}

void
peerup_rendezvous_kept_free (PeerupRendezvousKept *self)
{
  g_clear_pointer (&self->inviter, peerup_peer_id_unref);
  g_clear_pointer (&self->pass_hash, g_bytes_unref);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_clear_pointer (&self->left, g_ptr_array_unref);
  g_free (self);
}
