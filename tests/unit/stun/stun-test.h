/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "stun/peerup-stun-writer.h"
#include "unit/stun/stun-vectors.h"
#include "unit/wire/wire-test.h"

/* Messages from hex, and keys. */

typedef struct
{
  GBytes *bytes; /* of exact size */
  PeerupStunMessage message;
} Parsed;

static inline void
parsed_clear (Parsed *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parsed, parsed_clear)

static inline Parsed
parse_bytes (const guint8 *data, gsize length)
{
  Parsed parsed = { .bytes = g_bytes_new (data, length) };
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_stun_message_parse (&parsed.message, g_bytes_get_data (parsed.bytes, NULL), length, &error));
  g_assert_no_error (error);
  return parsed;
}

static inline Parsed
parse_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);

  return parse_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* A header in front of attributes in hex, of type "0001" or another. */
static inline char *
with_header (const char *type, const char *attributes)
{
  return g_strdup_printf ("%s%04x2112a442000102030405060708090a0b%s", type, (guint) strlen (attributes) / 2,
                          attributes);
}

static inline Parsed
parse_attributes (const char *attributes)
{
  g_autofree char *hex = with_header ("0001", attributes);

  return parse_hex (hex);
}

static inline gboolean
check_password (const PeerupStunMessage *message, const char *password)
{
  return peerup_stun_message_check_integrity (message, PEERUP_STUN_MESSAGE_INTEGRITY, (const guint8 *) password,
                                              strlen (password));
}

/* What RFC 8489 9.2.2 makes of a login. */
static inline gsize
derive_key (GChecksumType type, guint8 key[32])
{
  GChecksum *checksum = g_checksum_new (type);
  gsize length = 32;

  g_checksum_update (checksum, (const guchar *) VECTOR_LOGIN, -1);
  g_checksum_get_digest (checksum, key, &length);
  g_checksum_free (checksum);
  return length;
}

static inline PeerupSocketAddress
make_address (const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

static inline void
assert_text (const PeerupStunMessage *message, guint16 type, const char *text)
{
  PeerupStunAttribute attribute;

  g_assert_true (peerup_stun_message_find (message, type, &attribute));
  g_assert_cmpmem (attribute.value, attribute.length, text, strlen (text));
}

static inline void
assert_address (const PeerupStunMessage *message, guint16 type, const char *text)
{
  PeerupSocketAddress address;
  g_autofree char *found = NULL;

  g_assert_true (peerup_stun_message_get_address (message, type, &address));
  found = peerup_socket_address_to_string (&address);
  g_assert_cmpstr (found, ==, text);
}
