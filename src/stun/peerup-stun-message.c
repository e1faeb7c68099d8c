/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Reading STUN: a message is checked once, as a whole, and its attributes are then found by
 * going through them again. It lives as long as the bytes it borrows. It allows any attribute
 * anywhere, as the specification does, and judges none but FINGERPRINT by itself. */

#include "stun/peerup-stun-message.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "stun/peerup-stun-private.h"
#include "wire/peerup-bytes.h"
#include "wire/peerup-error.h"

/* What a MESSAGE-INTEGRITY-SHA256 may be shortened to. */
#define SHA256_SIZE_MIN 16

/* The bits of the class lie between those of the method (RFC 8489 5, figure 3). */
static void
split_type (guint16 type, PeerupStunClass *class, guint16 *method)
{
  *class = (type >> 7 & 2) | (type >> 4 & 1);
  *method = (type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf);
}

static gboolean
read_attribute (PeerupReader *reader, PeerupStunAttribute *attribute)
{
  const guint8 *padding;

  return peerup_reader_be16 (reader, &attribute->type) && peerup_reader_be16 (reader, &attribute->length) &&
         peerup_reader_bytes (reader, attribute->length, &attribute->value) &&
         peerup_reader_bytes (reader, -attribute->length & 3, &padding);
}

static gboolean
message_check_header (const PeerupStunMessage *self, GError **error)
{
  if (self->length < PEERUP_STUN_HEADER_SIZE)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "STUN: %" G_GSIZE_FORMAT " bytes are less than a header",
                 self->length);
  else if (self->data[0] & 0xc0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "STUN: the first two bits are not zero");
  else if (peerup_load_be16 (self->data + 2) != self->length - PEERUP_STUN_HEADER_SIZE)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 "STUN: the header tells of %u bytes behind it, where %" G_GSIZE_FORMAT " are",
                 peerup_load_be16 (self->data + 2), self->length - PEERUP_STUN_HEADER_SIZE);
  else
    return TRUE;
  return FALSE;
}

/* @reader: behind @attribute. */
static gboolean
message_check_fingerprint (PeerupStunMessage *self, const PeerupStunAttribute *attribute, const PeerupReader *reader,
                           GError **error)
{
  gsize before = self->length - PEERUP_STUN_ATTRIBUTE_HEADER_SIZE - PEERUP_STUN_FINGERPRINT_SIZE;

  if (attribute->length != PEERUP_STUN_FINGERPRINT_SIZE || reader->left > 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                         "STUN: the fingerprint is not 4 bytes at the end of the message");
  else if (peerup_load_be32 (attribute->value) != peerup_stun_fingerprint (self->data, before))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "STUN: the fingerprint is wrong");
  else
    return self->has_fingerprint = TRUE;
  return FALSE;
}

static gboolean
message_check_attributes (PeerupStunMessage *self, GError **error)
{
  PeerupReader reader =
    PEERUP_READER_INIT (self->data + PEERUP_STUN_HEADER_SIZE, self->length - PEERUP_STUN_HEADER_SIZE);
  PeerupStunAttribute attribute;

  while (reader.left > 0)
    {
      if (!read_attribute (&reader, &attribute))
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                               "STUN: an attribute goes past the end of the message");
          return FALSE;
        }
      if (attribute.type == PEERUP_STUN_FINGERPRINT && !self->is_classic &&
          !message_check_fingerprint (self, &attribute, &reader, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
peerup_stun_message_parse (PeerupStunMessage *self, const guint8 *data, gsize length, GError **error)
{
  PeerupStunMessage message = { .data = data, .length = length };

  if (!message_check_header (&message, error))
    return FALSE;
  message.is_classic = peerup_load_be32 (data + 4) != PEERUP_STUN_MAGIC_COOKIE;
  if (!message_check_attributes (&message, error))
    return FALSE;
  split_type (peerup_load_be16 (data), &message.class, &message.method);
  *self = message;
  return TRUE;
}

const guint8 *
peerup_stun_message_get_transaction (const PeerupStunMessage *self)
{
  return self->data + PEERUP_STUN_HEADER_SIZE - PEERUP_STUN_TRANSACTION_SIZE;
}

void
peerup_stun_iter_init (PeerupStunIter *self, const PeerupStunMessage *message)
{
  *self = (PeerupStunIter) {
    .reader = PEERUP_READER_INIT (message->data + PEERUP_STUN_HEADER_SIZE, message->length - PEERUP_STUN_HEADER_SIZE),
  };
}

/* Whether anything may still be said behind the integrity attribute @sealed. */
static gboolean
counts_behind (guint16 type, guint16 sealed)
{
  switch (sealed)
    {
    case 0:
      return TRUE;
    case PEERUP_STUN_MESSAGE_INTEGRITY:
      return type == PEERUP_STUN_MESSAGE_INTEGRITY_SHA256 || type == PEERUP_STUN_FINGERPRINT;
    default:
      return type == PEERUP_STUN_FINGERPRINT;
    }
}

gboolean
peerup_stun_iter_next (PeerupStunIter *self, PeerupStunAttribute *attribute)
{
  while (read_attribute (&self->reader, attribute))
    if (counts_behind (attribute->type, self->sealed))
      {
        if (peerup_stun_hmac_get_size (attribute->type) > 0)
          self->sealed = attribute->type;
        return TRUE;
      }
  g_assert (self->reader.left == 0);
  return FALSE;
}

gboolean
peerup_stun_type_is_understood (guint16 type)
{
  switch ((PeerupStunType) type)
    {
    case PEERUP_STUN_MAPPED_ADDRESS:
    case PEERUP_STUN_USERNAME:
    case PEERUP_STUN_MESSAGE_INTEGRITY:
    case PEERUP_STUN_ERROR_CODE:
    case PEERUP_STUN_UNKNOWN_ATTRIBUTES:
    case PEERUP_STUN_REALM:
    case PEERUP_STUN_NONCE:
    case PEERUP_STUN_MESSAGE_INTEGRITY_SHA256:
    case PEERUP_STUN_PASSWORD_ALGORITHM:
    case PEERUP_STUN_USERHASH:
    case PEERUP_STUN_XOR_MAPPED_ADDRESS:
    case PEERUP_STUN_SOFTWARE:
    case PEERUP_STUN_FINGERPRINT:
    case PEERUP_STUN_RESPONSE_ORIGIN:
    case PEERUP_STUN_OTHER_ADDRESS:
      return TRUE;
    case PEERUP_STUN_CHANGE_REQUEST:
    case PEERUP_STUN_RESPONSE_PORT:
    default:
      return type >= PEERUP_STUN_OPTIONAL;
    }
}

gsize
peerup_stun_message_find_unknown (const PeerupStunMessage *self, guint16 *types, gsize max)
{
  PeerupStunAttribute attribute;
  PeerupStunIter iter;
  gsize n = 0;

  peerup_stun_iter_init (&iter, self);
  while (peerup_stun_iter_next (&iter, &attribute))
    if (!peerup_stun_type_is_understood (attribute.type) && n++ < max)
      types[n - 1] = attribute.type;
  return n;
}

gboolean
peerup_stun_message_find (const PeerupStunMessage *self, guint16 type, PeerupStunAttribute *attribute)
{
  PeerupStunIter iter;

  peerup_stun_iter_init (&iter, self);
  while (peerup_stun_iter_next (&iter, attribute))
    if (attribute->type == type)
      return TRUE;
  return FALSE;
}

static gboolean
set_address (PeerupSocketAddress *address, const guint8 *value, gsize length)
{
  struct sockaddr_in ip4 = { .sin_family = AF_INET };
  struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6 };

  if (length == PEERUP_STUN_ADDRESS_HEADER_SIZE + sizeof ip4.sin_addr && value[1] == PEERUP_STUN_IP4)
    {
      memcpy (&ip4.sin_port, value + 2, sizeof ip4.sin_port);
      memcpy (&ip4.sin_addr, value + PEERUP_STUN_ADDRESS_HEADER_SIZE, sizeof ip4.sin_addr);
      return peerup_socket_address_set_native (address, &ip4, sizeof ip4);
    }
  if (length == PEERUP_STUN_ADDRESS_HEADER_SIZE + sizeof ip6.sin6_addr && value[1] == PEERUP_STUN_IP6)
    {
      memcpy (&ip6.sin6_port, value + 2, sizeof ip6.sin6_port);
      memcpy (&ip6.sin6_addr, value + PEERUP_STUN_ADDRESS_HEADER_SIZE, sizeof ip6.sin6_addr);
      return peerup_socket_address_set_native (address, &ip6, sizeof ip6);
    }
  return FALSE;
}

gboolean
peerup_stun_message_get_address (const PeerupStunMessage *self, guint16 type, PeerupSocketAddress *address)
{
  guint8 value[PEERUP_STUN_ADDRESS_HEADER_SIZE + sizeof (struct in6_addr)];
  PeerupStunAttribute attribute;

  if (!peerup_stun_message_find (self, type, &attribute) || attribute.length > sizeof value)
    return FALSE;
  memcpy (value, attribute.value, attribute.length);
  if (type == PEERUP_STUN_XOR_MAPPED_ADDRESS)
    peerup_stun_mask_address (value, attribute.length, self->data);
  return set_address (address, value, attribute.length);
}

guint
peerup_stun_message_get_error_code (const PeerupStunMessage *self)
{
  PeerupStunAttribute attribute;
  guint hundreds, rest;

  if (!peerup_stun_message_find (self, PEERUP_STUN_ERROR_CODE, &attribute) || attribute.length < 4)
    return 0;
  hundreds = attribute.value[2] & 7;
  rest = attribute.value[3];
  return hundreds >= 3 && hundreds <= 6 && rest < 100 ? hundreds * 100 + rest : 0;
}

static gboolean
is_hmac_length (PeerupStunType type, gsize length)
{
  gsize full = peerup_stun_hmac_get_size (type);

  if (type == PEERUP_STUN_MESSAGE_INTEGRITY_SHA256)
    return length >= SHA256_SIZE_MIN && length <= full && length % 4 == 0;
  return length == full;
}

gboolean
peerup_stun_message_check_integrity (const PeerupStunMessage *self, PeerupStunType type, const guint8 *key,
                                     gsize key_length)
{
  guint8 digest[PEERUP_STUN_HMAC_SIZE_MAX];
  PeerupStunAttribute attribute;
  gsize before;

  g_return_val_if_fail (peerup_stun_hmac_get_size (type) > 0, FALSE);
  if (!peerup_stun_message_find (self, type, &attribute) || !is_hmac_length (type, attribute.length))
    return FALSE;
  before = attribute.value - self->data - PEERUP_STUN_ATTRIBUTE_HEADER_SIZE;
  return peerup_stun_hmac (type, attribute.length, key, key_length, self->data, before, digest) &&
         gnutls_memcmp (digest, attribute.value, attribute.length) == 0;
}
