/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of /peerup/ice/1.0.0 as bytes. What a message names may be nonsense or worse: who uses an address looks
 * at it first. Whether a message may be said now is for the session. */

#include "wire/peerup-ice-message.h"

#include <string.h>

#include "wire/peerup-message.h"
#include "wire/proto/ice.pb-c.h"

/* A field takes two bytes at least. */
#define FIELDS_MAX (PEERUP_ICE_MESSAGE_MAX / 2)
/* The highest PeerupNatBehaviour. */
#define BEHAVIOUR_MAX 3

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__IceMessage, peerup_message_free)

/* Reading */

/* RFC 8839 5.1: letters, digits, "+" and "/". */
static gboolean
is_ice_text (const ProtobufCBinaryData *field, gsize min, gsize max)
{
  for (gsize i = 0; i < field->len; i++)
    if (!g_ascii_isalnum (field->data[i]) && field->data[i] != '+' && field->data[i] != '/')
      return FALSE;
  return field->len >= min && field->len <= max;
}

static gboolean
read_address (PeerupIceAddress *self, gboolean has_address, const ProtobufCBinaryData *bytes, guint32 port)
{
  if (!has_address || (bytes->len != 4 && bytes->len != 16) || port == 0 || port > G_MAXUINT16)
    return FALSE;
  memcpy (self->bytes, bytes->data, bytes->len);
  self->length = bytes->len;
  self->port = port;
  return TRUE;
}

static gboolean
read_candidate (PeerupIceCandidate *self, const Peerup__IceCandidate *candidate)
{
  if (candidate->type > PEERUP_ICE_PEER_REFLEXIVE || candidate->priority == 0 ||
      !is_ice_text (&candidate->foundation, 1, PEERUP_ICE_FOUNDATION_MAX) ||
      !read_address (&self->address, candidate->has_address, &candidate->address, candidate->port))
    return FALSE;
  self->type = candidate->type;
  self->priority = candidate->priority;
  memcpy (self->foundation, candidate->foundation.data, candidate->foundation.len);
  self->foundation[candidate->foundation.len] = '\0';
  return TRUE;
}

static void
read_candidates (PeerupIceMessage *self, const Peerup__IceMessage *message)
{
  for (gsize i = 0; i < message->n_candidates && self->n_candidates < PEERUP_ICE_MESSAGE_CANDIDATES; i++)
    if (read_candidate (&self->candidates[self->n_candidates], message->candidates[i]))
      self->n_candidates++;
}

static void
read_nat (PeerupIceMessage *self, const Peerup__IceNat *nat)
{
  if (nat == NULL)
    return;
  self->has_nat = TRUE;
  self->nat.is_measured = nat->measured;
  self->nat.answered = nat->answered;
  self->nat.translates = nat->translates;
  self->nat.mapping = nat->mapping <= BEHAVIOUR_MAX ? nat->mapping : 0;
  self->nat.filtering = nat->filtering <= BEHAVIOUR_MAX ? nat->filtering : 0;
  self->nat.port_step = nat->port_step;
}

static void
read_pair (PeerupIceMessage *self, const Peerup__IcePair *pair)
{
  self->has_pair = pair != NULL && read_address (&self->pair.local, pair->has_local, &pair->local, pair->local_port) &&
                   read_address (&self->pair.remote, pair->has_remote, &pair->remote, pair->remote_port);
}

static gboolean
read_search (PeerupIceMessage *self, const Peerup__IceSearch *search)
{
  if (search == NULL || !read_address (&self->search.address, search->has_address, &search->address, search->port))
    return FALSE;
  self->has_search = TRUE;
  self->search.many_ports = search->many_ports;
  self->search.port_step = search->port_step;
  self->search.has_key = search->has_key && search->key.len == PEERUP_ICE_KEY_SIZE;
  if (self->search.has_key)
    memcpy (self->search.key, search->key.data, PEERUP_ICE_KEY_SIZE);
  return TRUE;
}

static gboolean
read_credentials (PeerupIceMessage *self, const Peerup__IceMessage *message)
{
  if (!is_ice_text (&message->ufrag, PEERUP_ICE_UFRAG_MIN, PEERUP_ICE_CREDENTIAL_MAX) ||
      !is_ice_text (&message->pwd, PEERUP_ICE_PWD_MIN, PEERUP_ICE_CREDENTIAL_MAX))
    return FALSE;
  self->ufrag = peerup_message_dup_text (&message->ufrag, PEERUP_ICE_CREDENTIAL_MAX);
  self->pwd = peerup_message_dup_text (&message->pwd, PEERUP_ICE_CREDENTIAL_MAX);
  return TRUE;
}

/* What the type must have. */
static gboolean
read_parts (PeerupIceMessage *self, const Peerup__IceMessage *message)
{
  if ((self->type == PEERUP_ICE_OFFER || self->type == PEERUP_ICE_ANSWER) && !read_credentials (self, message))
    return FALSE;
  if (self->type == PEERUP_ICE_SEARCH && !read_search (self, message->search))
    return FALSE;
  if (message->has_reason)
    self->reason = peerup_message_dup_text (&message->reason, PEERUP_ICE_REASON_MAX);
  read_nat (self, message->nat);
  read_pair (self, message->pair);
  read_candidates (self, message);
  return TRUE;
}

PeerupIceMessage *
peerup_ice_message_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupIceMessage) self = NULL;
  g_autoptr (Peerup__IceMessage) message = NULL;

  if (length > PEERUP_ICE_MESSAGE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "An ICE message of %" G_GSIZE_FORMAT " bytes is above the limit of %d", length,
                   PEERUP_ICE_MESSAGE_MAX);
      return NULL;
    }
  message = peerup_message_unpack (&peerup__ice_message__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  self = g_new0 (PeerupIceMessage, 1);
  self->type = message->type;
  self->version = message->version;
  if (message->has_type && read_parts (self, message))
    return g_steal_pointer (&self);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               message->has_type ? "An ICE message of type %u lacks what it needs" : "An ICE message has no type",
               self->type);
  return NULL;
}

/* Writing: the parts of a message, which borrow from it. */

typedef struct
{
  Peerup__IceNat nat;
  Peerup__IcePair pair;
  Peerup__IceSearch search;
  Peerup__IceCandidate candidates[PEERUP_ICE_MESSAGE_CANDIDATES];
  Peerup__IceCandidate *list[PEERUP_ICE_MESSAGE_CANDIDATES];
} Parts;

static ProtobufCBinaryData
address_bytes (const PeerupIceAddress *address)
{
  return (ProtobufCBinaryData) { .data = (guint8 *) address->bytes, .len = address->length };
}

static void
write_candidates (Peerup__IceMessage *message, const PeerupIceMessage *self, Parts *parts)
{
  for (guint i = 0; i < self->n_candidates; i++)
    {
      const PeerupIceCandidate *from = &self->candidates[i];
      Peerup__IceCandidate *to = &parts->candidates[i];

      peerup__ice_candidate__init (to);
      to->has_type = to->has_address = to->has_port = to->has_priority = to->has_foundation = TRUE;
      to->type = from->type;
      to->address = address_bytes (&from->address);
      to->port = from->address.port;
      to->priority = from->priority;
      to->foundation = peerup_message_text (from->foundation);
      parts->list[i] = to;
    }
  message->n_candidates = self->n_candidates;
  message->candidates = parts->list;
}

static void
write_nat (Peerup__IceMessage *message, const PeerupIceMessage *self, Parts *parts)
{
  Peerup__IceNat *nat = &parts->nat;

  if (!self->has_nat)
    return;
  peerup__ice_nat__init (nat);
  nat->has_measured = nat->has_answered = nat->has_translates = nat->has_mapping = nat->has_filtering =
    nat->has_port_step = TRUE;
  nat->measured = self->nat.is_measured;
  nat->answered = self->nat.answered;
  nat->translates = self->nat.translates;
  nat->mapping = self->nat.mapping;
  nat->filtering = self->nat.filtering;
  nat->port_step = self->nat.port_step;
  message->nat = nat;
}

static void
write_pair (Peerup__IceMessage *message, const PeerupIceMessage *self, Parts *parts)
{
  Peerup__IcePair *pair = &parts->pair;

  if (!self->has_pair)
    return;
  peerup__ice_pair__init (pair);
  pair->has_local = pair->has_local_port = pair->has_remote = pair->has_remote_port = TRUE;
  pair->local = address_bytes (&self->pair.local);
  pair->local_port = self->pair.local.port;
  pair->remote = address_bytes (&self->pair.remote);
  pair->remote_port = self->pair.remote.port;
  message->pair = pair;
}

static void
write_search (Peerup__IceMessage *message, const PeerupIceMessage *self, Parts *parts)
{
  Peerup__IceSearch *search = &parts->search;

  if (!self->has_search)
    return;
  peerup__ice_search__init (search);
  search->has_many_ports = search->has_address = search->has_port = search->has_port_step = TRUE;
  search->many_ports = self->search.many_ports;
  search->address = address_bytes (&self->search.address);
  search->port = self->search.address.port;
  search->port_step = self->search.port_step;
  search->has_key = self->search.has_key;
  search->key = (ProtobufCBinaryData) { .data = (guint8 *) self->search.key, .len = PEERUP_ICE_KEY_SIZE };
  message->search = search;
}

GBytes *
peerup_ice_message_encode (const PeerupIceMessage *self)
{
  Peerup__IceMessage message = PEERUP__ICE_MESSAGE__INIT;
  Parts parts;

  g_assert (self->n_candidates <= PEERUP_ICE_MESSAGE_CANDIDATES);
  message.has_type = message.has_version = TRUE;
  message.type = self->type;
  message.version = self->version;
  message.has_ufrag = self->ufrag != NULL;
  message.has_pwd = self->pwd != NULL;
  message.has_reason = self->reason != NULL;
  if (message.has_ufrag)
    message.ufrag = peerup_message_text (self->ufrag);
  if (message.has_pwd)
    message.pwd = peerup_message_text (self->pwd);
  if (message.has_reason)
    message.reason = peerup_message_text (self->reason);
  write_nat (&message, self, &parts);
  write_candidates (&message, self, &parts);
  write_pair (&message, self, &parts);
  write_search (&message, self, &parts);
  g_assert (protobuf_c_message_get_packed_size (&message.base) <= PEERUP_ICE_MESSAGE_MAX);
  return peerup_message_pack_framed (&message.base);
}

void
peerup_ice_message_free (PeerupIceMessage *self)
{
  g_free (self->ufrag);
  g_free (self->pwd);
  g_free (self->reason);
  g_free (self);
}
