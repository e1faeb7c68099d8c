/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The Ed25519 identity: made once, read from its file at start, and alive as long as
 * the process. GnuTLS signs; it only reads the key then, so one object may sign in
 * several threads. The public half is always computed from the seed and never taken
 * from outside: signing with a public half that does not belong gives the seed away.
 * Never prints, logs or quotes key bytes.
 */
#include "identity/peerup-private-key.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "identity/peerup-gnutls.h"
#include "wire/peerup-key-protobuf.h"

#define SEED_SIZE     32
#define PUBLIC_SIZE   32
#define KEY_DATA_SIZE (SEED_SIZE + PUBLIC_SIZE)
#define OLD_DATA_SIZE (KEY_DATA_SIZE + PUBLIC_SIZE)
#define PROTOBUF_SIZE 68

struct _PeerupPrivateKey
{
  gatomicrefcount ref_count;
  gnutls_privkey_t handle;
  guint8 data[KEY_DATA_SIZE]; /* seed, public half */
  PeerupPublicKey *public_key;
  PeerupPeerId *peer_id;
};

G_DEFINE_BOXED_TYPE (PeerupPrivateKey, peerup_private_key, peerup_private_key_ref, peerup_private_key_unref)

/* OneAsymmetricKey (RFC 8410, 7) up to the seed. GnuTLS computes the public half when it
 * reads this form; its raw import takes any public half on trust. */
static const guint8 pkcs8_head[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

static gboolean
import_seed (gnutls_privkey_t handle, const guint8 seed[SEED_SIZE], GError **error)
{
  guint8 der[sizeof pkcs8_head + SEED_SIZE];
  gnutls_datum_t datum = { der, sizeof der };
  int result;

  memcpy (der, pkcs8_head, sizeof pkcs8_head);
  memcpy (der + sizeof pkcs8_head, seed, SEED_SIZE);
  result = gnutls_privkey_import_x509_raw (handle, &datum, GNUTLS_X509_FMT_DER, NULL, 0);
  explicit_bzero (der, sizeof der);
  return peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "Ed25519 key", error);
}

static gboolean
read_public_half (gnutls_privkey_t handle, guint8 public_half[PUBLIC_SIZE], GError **error)
{
  g_auto (gnutls_pubkey_t) key = NULL;
  g_auto (gnutls_datum_t) x = { NULL, 0 };
  int result = gnutls_pubkey_init (&key);

  if (result >= 0)
    result = gnutls_pubkey_import_privkey (key, handle, 0, 0);
  if (result >= 0)
    result = gnutls_pubkey_export_ecc_raw2 (key, NULL, &x, NULL, 0);
  if (!peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "Ed25519 key", error))
    return FALSE;
  g_assert (x.size == PUBLIC_SIZE);
  memcpy (public_half, x.data, PUBLIC_SIZE);
  return TRUE;
}

PeerupPrivateKey *
peerup_private_key_new_from_seed (const guint8 seed[32], GError **error)
{
  g_autoptr (PeerupPrivateKey) self = NULL;

  g_return_val_if_fail (seed != NULL, NULL);

  self = g_new0 (PeerupPrivateKey, 1);
  g_atomic_ref_count_init (&self->ref_count);
  memcpy (self->data, seed, SEED_SIZE);
  if (!peerup_gnutls_check (gnutls_privkey_init (&self->handle), PEERUP_ERROR_LIMIT, "Ed25519 key", error) ||
      !import_seed (self->handle, self->data, error) || !read_public_half (self->handle, self->data + SEED_SIZE, error))
    return NULL;
  self->public_key = peerup_public_key_new (PEERUP_KEY_ED25519, self->data + SEED_SIZE, PUBLIC_SIZE, error);
  if (self->public_key == NULL)
    return NULL;
  self->peer_id = peerup_peer_id_new_from_public_key (self->public_key);
  return g_steal_pointer (&self);
}

PeerupPrivateKey *
peerup_private_key_generate (GError **error)
{
  guint8 seed[SEED_SIZE];
  PeerupPrivateKey *self;

  if (!peerup_gnutls_check (gnutls_rnd (GNUTLS_RND_KEY, seed, sizeof seed), PEERUP_ERROR_CRYPTO,
                            "no randomness for a new key", error))
    return NULL;
  self = peerup_private_key_new_from_seed (seed, error);
  explicit_bzero (seed, sizeof seed);
  return self;
}

/* @data: seed, public half, and in the old form the public half once more. */
static gboolean
check_public_halves (PeerupPrivateKey *self, const guint8 *data, gsize length, GError **error)
{
  for (gsize at = SEED_SIZE; at < length; at += PUBLIC_SIZE)
    if (memcmp (data + at, self->data + SEED_SIZE, PUBLIC_SIZE) != 0)
      {
        g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                             _ ("private key: the public half does not belong to the secret half"));
        return FALSE;
      }
  return TRUE;
}

PeerupPrivateKey *
peerup_private_key_new_from_protobuf (gconstpointer data, gsize length, GError **error)
{
  PeerupKeyFields fields;
  g_autoptr (PeerupPrivateKey) self = NULL;

  g_return_val_if_fail (data != NULL || length == 0, NULL);

  if (!peerup_key_protobuf_parse (data, length, PEERUP_PRIVATE_KEY_MAX, &fields, error))
    return NULL;
  if (fields.type != PEERUP_KEY_ED25519)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   _ ("private key is of type %s: only Ed25519 identities are supported"),
                   peerup_key_type_to_string (fields.type));
      return NULL;
    }
  if (fields.length != KEY_DATA_SIZE && fields.length != OLD_DATA_SIZE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("Ed25519 private key of %zu bytes, expected %d or %d"), fields.length, KEY_DATA_SIZE,
                   OLD_DATA_SIZE);
      return NULL;
    }
  self = peerup_private_key_new_from_seed (fields.data, error);
  if (self == NULL || !check_public_halves (self, fields.data, fields.length, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
free_protobuf (gpointer data)
{
  explicit_bzero (data, PROTOBUF_SIZE);
  g_free (data);
}

GBytes *
peerup_private_key_to_protobuf (PeerupPrivateKey *self)
{
  guint8 *data;
  gsize size;

  g_return_val_if_fail (self != NULL, NULL);

  data = g_malloc (PROTOBUF_SIZE);
  size = peerup_key_protobuf_encode (PEERUP_KEY_ED25519, self->data, KEY_DATA_SIZE, data, PROTOBUF_SIZE);
  g_assert (size == PROTOBUF_SIZE);
  return g_bytes_new_with_free_func (data, PROTOBUF_SIZE, free_protobuf, data);
}

PeerupPrivateKey *
peerup_private_key_ref (PeerupPrivateKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_private_key_unref (PeerupPrivateKey *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->handle != NULL)
    gnutls_privkey_deinit (self->handle);
  g_clear_pointer (&self->public_key, peerup_public_key_unref);
  g_clear_pointer (&self->peer_id, peerup_peer_id_unref);
  explicit_bzero (self->data, sizeof self->data);
  g_free (self);
}

PeerupPublicKey *
peerup_private_key_get_public_key (PeerupPrivateKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->public_key;
}

PeerupPeerId *
peerup_private_key_get_peer_id (PeerupPrivateKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->peer_id;
}

gboolean
peerup_private_key_sign (PeerupPrivateKey *self, gconstpointer data, gsize length,
                         guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE], GError **error)
{
  gnutls_datum_t message = { (guint8 *) data, length };
  g_auto (gnutls_datum_t) made = { NULL, 0 };

  g_return_val_if_fail (self != NULL && signature != NULL, FALSE);
  g_return_val_if_fail ((data != NULL || length == 0) && length <= G_MAXINT, FALSE);

  if (!peerup_gnutls_check (gnutls_privkey_sign_data2 (self->handle, GNUTLS_SIGN_EDDSA_ED25519, 0, &message, &made),
                            PEERUP_ERROR_CRYPTO, "cannot sign", error))
    return FALSE;
  g_assert (made.size == PEERUP_ED25519_SIGNATURE_SIZE);
  memcpy (signature, made.data, PEERUP_ED25519_SIGNATURE_SIZE);
  return TRUE;
}
