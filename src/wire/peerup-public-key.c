/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A public key as it stands on the wire. One allocation holds its deterministic protobuf
 * encoding; the key data are the tail of it. Immutable, so it is shared between threads.
 * Checks sizes and nothing else: whether the data are a key at all is src/identity's to say.
 */
#include "wire/peerup-public-key.h"

#include <string.h>

#include "wire/peerup-key-protobuf.h"

struct _PeerupPublicKey
{
  PeerupKeyType type;
  gsize data_length;
  gsize length;
  guint8 protobuf[];
};

G_DEFINE_BOXED_TYPE (PeerupPublicKey, peerup_public_key, peerup_public_key_ref, peerup_public_key_unref)

static gboolean
check_size (PeerupKeyType type, gsize length, GError **error)
{
  gboolean fits = FALSE;

  switch (type)
    {
    case PEERUP_KEY_ED25519:
      fits = length == 32;
      break;
    case PEERUP_KEY_SECP256K1:
      fits = length == 33;
      break;
    case PEERUP_KEY_RSA:
    case PEERUP_KEY_ECDSA:
      fits = length > 0;
      break;
    default:
      g_return_val_if_reached (FALSE);
    }

  if (!fits)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%" G_GSIZE_FORMAT " bytes cannot be an %s public key",
                 length, peerup_key_type_to_string (type));
  return fits;
}

PeerupPublicKey *
peerup_public_key_new (PeerupKeyType type, gconstpointer data, gsize length, GError **error)
{
  PeerupPublicKey *self;
  gsize size;
  gsize written;

  if (!check_size (type, length, error))
    return NULL;
  if (length > PEERUP_PUBLIC_KEY_MAX || (size = peerup_key_protobuf_size (type, length)) > PEERUP_PUBLIC_KEY_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "An %s public key of %" G_GSIZE_FORMAT " bytes is above the limit", peerup_key_type_to_string (type),
                   length);
      return NULL;
    }

  self = g_atomic_rc_box_alloc (sizeof *self + size);
  self->type = type;
  self->data_length = length;
  self->length = size;
  written = peerup_key_protobuf_encode (type, data, length, self->protobuf, size);
  g_assert (written == size);
  return self;
}

PeerupPublicKey *
peerup_public_key_new_from_protobuf (gconstpointer data, gsize length, GError **error)
{
  PeerupKeyFields fields;

  if (!peerup_key_protobuf_parse (data, length, PEERUP_PUBLIC_KEY_MAX, &fields, error))
    return NULL;
  return peerup_public_key_new (fields.type, fields.data, fields.length, error);
}

PeerupPublicKey *
peerup_public_key_ref (PeerupPublicKey *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
peerup_public_key_unref (PeerupPublicKey *self)
{
  g_atomic_rc_box_release (self);
}

PeerupKeyType
peerup_public_key_get_key_type (const PeerupPublicKey *self)
{
  return self->type;
}

const guint8 *
peerup_public_key_get_data (const PeerupPublicKey *self, gsize *length)
{
  *length = self->data_length;
  return self->protobuf + (self->length - self->data_length);
}

const guint8 *
peerup_public_key_get_protobuf (const PeerupPublicKey *self, gsize *length)
{
  *length = self->length;
  return self->protobuf;
}

gboolean
peerup_public_key_equal (const PeerupPublicKey *a, const PeerupPublicKey *b)
{
  return a->length == b->length && memcmp (a->protobuf, b->protobuf, a->length) == 0;
}

const char *
peerup_key_type_to_string (PeerupKeyType type)
{
  switch (type)
    {
    case PEERUP_KEY_RSA:
      return "RSA";
    case PEERUP_KEY_ED25519:
      return "Ed25519";
    case PEERUP_KEY_SECP256K1:
      return "secp256k1";
    case PEERUP_KEY_ECDSA:
      return "ECDSA";
    default:
      return "unknown";
    }
}
