/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The sealed form of the key: bytes and randomness, no file and no bus. What is derived and what is opened is wiped.
 */
#include "keyring/peerup-sealed-key.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "identity/peerup-gnutls.h"

#define MAGIC      "PUPSEAL"
#define VERSION    1
#define HEAD_SIZE  8
#define SALT_SIZE  32
#define CHECK_SIZE 16
#define BOUND_SIZE (HEAD_SIZE + SALT_SIZE + CHECK_SIZE)
#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_SIZE   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define SECRET_MIN 16
/* What is sealed has 68 bytes, and 100 in its old form. */
#define PLAIN_MAX  256
#define LENGTH_MIN (BOUND_SIZE + NONCE_SIZE + TAG_SIZE + 1)
#define LENGTH_MAX (BOUND_SIZE + NONCE_SIZE + TAG_SIZE + PLAIN_MAX)
#define INFO       "dev.peerup.PeerUp identity key 1"

G_STATIC_ASSERT (sizeof MAGIC == HEAD_SIZE);
G_STATIC_ASSERT (LENGTH_MAX <= PEERUP_SEALED_KEY_MAX);

typedef struct
{
  guint8 key[KEY_SIZE];
  guint8 check[CHECK_SIZE];
} Derived;

static void
derived_clear (Derived *self)
{
  explicit_bzero (self, sizeof *self);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Derived, derived_clear)

G_STATIC_ASSERT (sizeof (Derived) == KEY_SIZE + CHECK_SIZE);

static gboolean
derive (GBytes *secret, const guint8 salt[SALT_SIZE], Derived *derived, GError **error)
{
  guint8 extracted[32];
  gsize length;
  gconstpointer data = g_bytes_get_data (secret, &length);
  gnutls_datum_t key = { (guint8 *) data, length };
  gnutls_datum_t salted = { (guint8 *) salt, SALT_SIZE };
  gnutls_datum_t prk = { extracted, sizeof extracted };
  gnutls_datum_t info = { (guint8 *) INFO, strlen (INFO) };
  int result;

  if (length < SECRET_MIN || length > G_MAXINT)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, _ ("the desktop's secret has %zu bytes only"), length);
      return FALSE;
    }
  result = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &key, &salted, extracted);
  if (result >= 0)
    result = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &prk, &info, derived, sizeof *derived);
  explicit_bzero (extracted, sizeof extracted);
  return peerup_gnutls_check (result, PEERUP_ERROR_CRYPTO, "cannot derive the key of the sealed identity", error);
}

GBytes *
peerup_sealed_key_seal (GBytes *secret, PeerupPrivateKey *key, GError **error)
{
  g_autoptr (GBytes) plain = NULL;
  g_autofree guint8 *sealed = g_malloc0 (LENGTH_MAX);
  g_auto (Derived) derived = { 0 };
  guint8 *salt = sealed + HEAD_SIZE, *nonce = sealed + BOUND_SIZE;
  unsigned long long written = 0;
  gsize length;

  g_return_val_if_fail (secret != NULL && key != NULL, NULL);

  memcpy (sealed, MAGIC, HEAD_SIZE - 1);
  sealed[HEAD_SIZE - 1] = VERSION;
  if (!peerup_gnutls_check (gnutls_rnd (GNUTLS_RND_RANDOM, salt, SALT_SIZE), PEERUP_ERROR_CRYPTO,
                            "no randomness for a salt", error) ||
      !peerup_gnutls_check (gnutls_rnd (GNUTLS_RND_NONCE, nonce, NONCE_SIZE), PEERUP_ERROR_CRYPTO,
                            "no randomness for a nonce", error) ||
      !derive (secret, salt, &derived, error))
    return NULL;
  memcpy (salt + SALT_SIZE, derived.check, CHECK_SIZE);
  plain = peerup_private_key_to_protobuf (key);
  length = g_bytes_get_size (plain);
  g_assert (length <= PLAIN_MAX);
  crypto_aead_xchacha20poly1305_ietf_encrypt (nonce + NONCE_SIZE, &written, g_bytes_get_data (plain, NULL), length,
                                              sealed, BOUND_SIZE, NULL, nonce, derived.key);
  return g_bytes_new (sealed, BOUND_SIZE + NONCE_SIZE + written);
}

static gboolean
check_form (const guint8 *data, gsize length, GError **error)
{
  if (length < HEAD_SIZE || memcmp (data, MAGIC, HEAD_SIZE - 1) != 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("it is no sealed identity key"));
  else if (data[HEAD_SIZE - 1] != VERSION)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                 _ ("it is a sealed identity key of version %u, and this program reads %u; update the program"),
                 data[HEAD_SIZE - 1], VERSION);
  else if (length < LENGTH_MIN)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                         _ ("it is a sealed identity key that was cut short; put a copy of it back"));
  else if (length > LENGTH_MAX)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                         _ ("it is longer than a sealed identity key; put a copy of it back"));
  else
    return TRUE;
  return FALSE;
}

PeerupPrivateKey *
peerup_sealed_key_open (GBytes *secret, gconstpointer data, gsize length, GError **error)
{
  const guint8 *sealed = data, *nonce;
  guint8 plain[PLAIN_MAX];
  unsigned long long n = 0;
  g_auto (Derived) derived = { 0 };
  PeerupPrivateKey *key;

  g_return_val_if_fail (secret != NULL && (data != NULL || length == 0), NULL);

  if (!check_form (sealed, length, error) || !derive (secret, sealed + HEAD_SIZE, &derived, error))
    return NULL;
  if (sodium_memcmp (derived.check, sealed + HEAD_SIZE + SALT_SIZE, CHECK_SIZE) != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                           _ ("it was sealed with another secret than the desktop keeps for Peer-Up now: is this the "
                              "keyring of another login, or a new one?"));
      return NULL;
    }
  nonce = sealed + BOUND_SIZE;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt (plain, &n, NULL, nonce + NONCE_SIZE, length - BOUND_SIZE - NONCE_SIZE,
                                                  sealed, BOUND_SIZE, nonce, derived.key) != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("it was cut short or changed since it was sealed; put a copy of it back"));
      return NULL;
    }
  key = peerup_private_key_new_from_protobuf (plain, n, error);
  explicit_bzero (plain, sizeof plain);
  return key;
}
