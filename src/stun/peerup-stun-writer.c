/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Writing STUN: attributes are put one behind the other, and the header's length is kept true
 * at each step, because the digests cover it. Lives on the stack of whoever writes. After the first
 * attribute that does not fit it writes nothing more. */

#include "stun/peerup-stun-writer.h"

#include <string.h>

#include "stun/peerup-stun-private.h"
#include "wire/peerup-bytes.h"

/* Where an attribute of @length bytes goes, zeroed, with its padding; NULL when there is no room. */
static guint8 *
writer_append (PeerupStunWriter *self, guint16 type, gsize length)
{
  gsize padded = length + (-length & 3);
  guint8 *start;

  g_assert (length <= G_MAXUINT16);
  if (self->failed || self->size - self->length < PEERUP_STUN_ATTRIBUTE_HEADER_SIZE + padded)
    {
      self->failed = TRUE;
      return NULL;
    }
  start = self->data + self->length;
  self->length += PEERUP_STUN_ATTRIBUTE_HEADER_SIZE + padded;
  peerup_store_be16 (self->data + 2, self->length - PEERUP_STUN_HEADER_SIZE);
  peerup_store_be16 (start, type);
  peerup_store_be16 (start + 2, length);
  memset (start + PEERUP_STUN_ATTRIBUTE_HEADER_SIZE, 0, padded);
  return start + PEERUP_STUN_ATTRIBUTE_HEADER_SIZE;
}

static guint16
join_type (PeerupStunClass class, guint16 method)
{
  return (class & 2) << 7 | (class & 1) << 4 | (method & 0xf80) << 2 | (method & 0x70) << 1 | (method & 0xf);
}

static void
writer_begin (PeerupStunWriter *self, guint8 *data, gsize size, guint16 type, guint32 cookie, const guint8 *transaction)
{
  /* More than the header can tell of is never written. */
  *self = (PeerupStunWriter) { .data = data, .size = MIN (size, PEERUP_STUN_HEADER_SIZE + 65532) };
  self->failed = size < PEERUP_STUN_HEADER_SIZE;
  if (self->failed)
    return;
  self->length = PEERUP_STUN_HEADER_SIZE;
  peerup_store_be16 (data, type);
  peerup_store_be16 (data + 2, 0);
  peerup_store_be32 (data + 4, cookie);
  memcpy (data + 8, transaction, PEERUP_STUN_TRANSACTION_SIZE);
}

void
peerup_stun_writer_init (PeerupStunWriter *self, guint8 *data, gsize size, PeerupStunClass class, guint16 method,
                         const guint8 *transaction)
{
  g_return_if_fail (method < 0x1000);

  writer_begin (self, data, size, join_type (class, method), PEERUP_STUN_MAGIC_COOKIE, transaction);
}

/* Whatever is in the place of the cookie goes back (RFC 5389 12.2). */
void
peerup_stun_writer_init_answer (PeerupStunWriter *self, guint8 *data, gsize size, PeerupStunClass class,
                                const PeerupStunMessage *request)
{
  writer_begin (self, data, size, join_type (class, request->method), peerup_load_be32 (request->data + 4),
                peerup_stun_message_get_transaction (request));
}

void
peerup_stun_writer_add (PeerupStunWriter *self, guint16 type, gconstpointer value, gsize length)
{
  guint8 *place = writer_append (self, type, length);

  if (place != NULL && length > 0)
    memcpy (place, value, length);
}

void
peerup_stun_writer_add_u32 (PeerupStunWriter *self, guint16 type, guint32 value)
{
  guint8 *place = writer_append (self, type, sizeof value);

  if (place != NULL)
    peerup_store_be32 (place, value);
}

void
peerup_stun_writer_add_address (PeerupStunWriter *self, guint16 type, const PeerupSocketAddress *address)
{
  gboolean is_ip4 = address->any.sa_family == AF_INET;
  gconstpointer host = is_ip4 ? (gconstpointer) &address->ip4.sin_addr : &address->ip6.sin6_addr;
  gsize host_size = is_ip4 ? sizeof address->ip4.sin_addr : sizeof address->ip6.sin6_addr;
  guint8 *place;

  g_return_if_fail (address->any.sa_family != AF_UNSPEC);
  place = writer_append (self, type, PEERUP_STUN_ADDRESS_HEADER_SIZE + host_size);
  if (place == NULL)
    return;
  place[1] = is_ip4 ? PEERUP_STUN_IP4 : PEERUP_STUN_IP6;
  peerup_store_be16 (place + 2, peerup_socket_address_get_port (address));
  memcpy (place + PEERUP_STUN_ADDRESS_HEADER_SIZE, host, host_size);
  if (type == PEERUP_STUN_XOR_MAPPED_ADDRESS)
    peerup_stun_mask_address (place, PEERUP_STUN_ADDRESS_HEADER_SIZE + host_size, self->data);
}

void
peerup_stun_writer_add_error (PeerupStunWriter *self, guint code, const char *reason)
{
  guint8 *place;

  g_return_if_fail (code >= 300 && code < 700);
  place = writer_append (self, PEERUP_STUN_ERROR_CODE, 4 + strlen (reason));
  if (place == NULL)
    return;
  place[2] = code / 100;
  place[3] = code % 100;
  memcpy (place + 4, reason, strlen (reason));
}

void
peerup_stun_writer_add_unknown (PeerupStunWriter *self, const guint16 *types, gsize n)
{
  guint8 *place = writer_append (self, PEERUP_STUN_UNKNOWN_ATTRIBUTES, n * sizeof *types);

  for (gsize i = 0; place != NULL && i < n; i++)
    peerup_store_be16 (place + i * sizeof *types, types[i]);
}

void
peerup_stun_writer_add_integrity (PeerupStunWriter *self, PeerupStunType type, const guint8 *key, gsize key_length)
{
  gsize size = peerup_stun_hmac_get_size (type);
  guint8 digest[PEERUP_STUN_HMAC_SIZE_MAX];
  gsize before = self->length;
  guint8 *place;

  g_return_if_fail (size > 0);
  place = writer_append (self, type, size);
  if (place == NULL)
    return;
  if (peerup_stun_hmac (type, size, key, key_length, self->data, before, digest))
    memcpy (place, digest, size);
  else
    self->failed = TRUE;
}

void
peerup_stun_writer_add_fingerprint (PeerupStunWriter *self)
{
  gsize before = self->length;
  guint8 *place = writer_append (self, PEERUP_STUN_FINGERPRINT, PEERUP_STUN_FINGERPRINT_SIZE);

  if (place != NULL)
    peerup_store_be32 (place, peerup_stun_fingerprint (self->data, before));
}

gsize
peerup_stun_writer_finish (PeerupStunWriter *self)
{
  return self->failed ? 0 : self->length;
}
