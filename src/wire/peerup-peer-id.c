/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Peer IDs. One allocation holds the multihash and its base58 text, both made at the
 * start, so that the object never changes and needs no lock. Refuses every multihash
 * that no key could have given: other hashes, identity multihashes of anything but a
 * small public key.
 */
#include "wire/peerup-peer-id.h"

#include <string.h>

#include "wire/peerup-base.h"
#include "wire/peerup-key-protobuf.h"
#include "wire/peerup-multihash.h"
#include "wire/peerup-reader.h"

/* Keys of up to this many bytes stand in the ID themselves, longer ones by their hash. */
#define INLINE_KEY_MAX 42

#define CID_VERSION     1
#define CID_CODEC_KEY   0x72 /* libp2p-key */
#define CID_PREFIX_SIZE 2

struct _PeerupPeerId
{
  guint8 length;
  guint8 bytes[PEERUP_PEER_ID_BYTES_MAX];
  /* 44 bytes are at most 61 digits. */
  char text[64];
};

G_DEFINE_BOXED_TYPE (PeerupPeerId, peerup_peer_id, peerup_peer_id_ref, peerup_peer_id_unref)

/* @key is set, and needs an unref, only for an identity multihash. */
static gboolean
parse (gconstpointer data, gsize length, PeerupPublicKey **key, GError **error)
{
  PeerupMultihash multihash;

  if (!peerup_multihash_parse (data, length, &multihash, error))
    {
      g_prefix_error_literal (error, "Not a peer ID: ");
      return FALSE;
    }
  if (multihash.code == PEERUP_MULTIHASH_SHA2_256)
    return TRUE;
  if (multihash.code != PEERUP_MULTIHASH_IDENTITY || multihash.length > INLINE_KEY_MAX)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "Not a peer ID: neither a SHA-256 hash nor a key of at most 42 bytes");
      return FALSE;
    }

  *key = peerup_public_key_new_from_protobuf (multihash.digest, multihash.length, error);
  if (*key == NULL)
    g_prefix_error_literal (error, "Not a peer ID: ");
  return *key != NULL;
}

gboolean
peerup_peer_id_check_bytes (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (PeerupPublicKey) key = NULL;

  return parse (data, length, &key, error);
}

static PeerupPeerId *
new_checked (gconstpointer data, gsize length)
{
  PeerupPeerId *self;
  g_autofree char *text = peerup_base_encode (PEERUP_BASE58, data, length);

  g_assert (length <= PEERUP_PEER_ID_BYTES_MAX);
  g_assert (strlen (text) < sizeof self->text);

  self = g_atomic_rc_box_new0 (PeerupPeerId);
  self->length = (guint8) length;
  memcpy (self->bytes, data, length);
  g_strlcpy (self->text, text, sizeof self->text);
  return self;
}

PeerupPeerId *
peerup_peer_id_new_from_bytes (gconstpointer data, gsize length, GError **error)
{
  if (!peerup_peer_id_check_bytes (data, length, error))
    return NULL;
  return new_checked (data, length);
}

static PeerupPeerId *
new_from_cid (const char *text, GError **error)
{
  g_autoptr (GBytes) cid = NULL;
  const guint8 *data;
  gsize length;

  cid = peerup_multibase_decode (text, strlen (text), CID_PREFIX_SIZE + PEERUP_PEER_ID_BYTES_MAX, error);
  if (cid == NULL)
    {
      g_prefix_error_literal (error, "Not a peer ID: ");
      return NULL;
    }

  /* Version and codec are varints, but both of these take one byte. */
  data = g_bytes_get_data (cid, &length);
  if (length < CID_PREFIX_SIZE || data[0] != CID_VERSION || data[1] != CID_CODEC_KEY)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "Not a peer ID: the CID is not a version 1 CID of a libp2p key");
      return NULL;
    }
  return peerup_peer_id_new_from_bytes (data + CID_PREFIX_SIZE, length - CID_PREFIX_SIZE, error);
}

PeerupPeerId *
peerup_peer_id_new_from_string (const char *text, GError **error)
{
  g_autoptr (GBytes) multihash = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (!g_str_has_prefix (text, "1") && !g_str_has_prefix (text, "Qm"))
    return new_from_cid (text, error);

  multihash = peerup_base_decode (PEERUP_BASE58, text, strlen (text), PEERUP_PEER_ID_BYTES_MAX, error);
  if (multihash == NULL)
    {
      g_prefix_error_literal (error, "Not a peer ID: ");
      return NULL;
    }
  return peerup_peer_id_new_from_bytes (g_bytes_get_data (multihash, NULL), g_bytes_get_size (multihash), error);
}

PeerupPeerId *
peerup_peer_id_new_from_public_key (PeerupPublicKey *key)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint8 *protobuf;
  gsize length;

  g_return_val_if_fail (key != NULL, NULL);

  protobuf = peerup_public_key_get_protobuf (key, &length);
  if (length <= INLINE_KEY_MAX)
    peerup_multihash_append (bytes, PEERUP_MULTIHASH_IDENTITY, protobuf, length);
  else
    peerup_multihash_append_sha256 (bytes, protobuf, length);
  return new_checked (bytes->data, bytes->len);
}

PeerupPeerId *
peerup_peer_id_ref (PeerupPeerId *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
peerup_peer_id_unref (PeerupPeerId *self)
{
  g_atomic_rc_box_release (self);
}

const guint8 *
peerup_peer_id_get_bytes (const PeerupPeerId *self, gsize *length)
{
  *length = self->length;
  return self->bytes;
}

const char *
peerup_peer_id_get_string (const PeerupPeerId *self)
{
  return self->text;
}

PeerupPublicKey *
peerup_peer_id_dup_public_key (const PeerupPeerId *self)
{
  PeerupPublicKey *key = NULL;
  gboolean valid = parse (self->bytes, self->length, &key, NULL);

  g_assert (valid);
  return key;
}

gboolean
peerup_peer_id_matches_public_key (const PeerupPeerId *self, PeerupPublicKey *key)
{
  g_autoptr (PeerupPeerId) other = peerup_peer_id_new_from_public_key (key);

  return peerup_peer_id_equal (self, other);
}

gboolean
peerup_peer_id_equal (gconstpointer a, gconstpointer b)
{
  const PeerupPeerId *left = a;
  const PeerupPeerId *right = b;

  return left->length == right->length && memcmp (left->bytes, right->bytes, left->length) == 0;
}

guint
peerup_peer_id_hash (gconstpointer self)
{
  return g_str_hash (((const PeerupPeerId *) self)->text);
}

int
peerup_peer_id_compare (gconstpointer a, gconstpointer b)
{
  const PeerupPeerId *left = a;
  const PeerupPeerId *right = b;
  int order = memcmp (left->bytes, right->bytes, MIN (left->length, right->length));

  return order != 0 ? order : (int) left->length - (int) right->length;
}
