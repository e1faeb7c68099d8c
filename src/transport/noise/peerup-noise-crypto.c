/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* X25519, SHA-256 and HKDF as Noise uses them. Stateless; each function wipes what it
 * held. It generates no keys: randomness is the caller's. */

#include "transport/noise/peerup-noise-crypto.h"

#include <string.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

static gboolean
check (int result, const char *what, GError **error)
{
  if (result >= 0)
    return TRUE;

  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "noise: %s failed: %s", what, gnutls_strerror (result));
  return FALSE;
}

static gboolean
is_zero (const guint8 *bytes, gsize length)
{
  guint8 any = 0;

  for (gsize i = 0; i < length; i++)
    any |= bytes[i];
  return any == 0;
}

/* GnuTLS takes keys as objects only. */
static int
derive (const guint8 *private_key, const guint8 *public_key, gnutls_datum_t *secret)
{
  gnutls_datum_t k = { (guint8 *) private_key, PEERUP_NOISE_KEY_SIZE };
  gnutls_datum_t x = { (guint8 *) public_key, PEERUP_NOISE_KEY_SIZE };
  gnutls_privkey_t ours = NULL;
  gnutls_pubkey_t theirs = NULL;
  int result;

  result = gnutls_privkey_init (&ours);
  if (result >= 0)
    result = gnutls_pubkey_init (&theirs);
  if (result >= 0)
    result = gnutls_privkey_import_ecc_raw (ours, GNUTLS_ECC_CURVE_X25519, NULL, NULL, &k);
  if (result >= 0)
    result = gnutls_pubkey_import_ecc_raw (theirs, GNUTLS_ECC_CURVE_X25519, &x, NULL);
  if (result >= 0)
    result = gnutls_privkey_derive_secret (ours, theirs, NULL, secret, 0);

  g_clear_pointer (&theirs, gnutls_pubkey_deinit);
  g_clear_pointer (&ours, gnutls_privkey_deinit);
  return result;
}

gboolean
peerup_noise_dh (const guint8 private_key[PEERUP_NOISE_KEY_SIZE], const guint8 public_key[PEERUP_NOISE_KEY_SIZE],
                 guint8 shared[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  gnutls_datum_t secret = { NULL, 0 };

  if (!check (derive (private_key, public_key, &secret), "X25519", error))
    return FALSE;

  g_assert (secret.size == PEERUP_NOISE_KEY_SIZE);
  memcpy (shared, secret.data, PEERUP_NOISE_KEY_SIZE);
  gnutls_memset (secret.data, 0, secret.size);
  gnutls_free (secret.data);

  /* GnuTLS refuses this itself; the rule is ours all the same. */
  if (is_zero (shared, PEERUP_NOISE_KEY_SIZE))
    return check (GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER, "X25519", error);
  return TRUE;
}

gboolean
peerup_noise_dh_public (const guint8 private_key[PEERUP_NOISE_KEY_SIZE], guint8 public_key[PEERUP_NOISE_KEY_SIZE],
                        GError **error)
{
  static const guint8 base_point[PEERUP_NOISE_KEY_SIZE] = { 9 };

  return peerup_noise_dh (private_key, base_point, public_key, error);
}

gboolean
peerup_noise_hash (gconstpointer a, gsize a_length, gconstpointer b, gsize b_length,
                   guint8 digest[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  gnutls_hash_hd_t hash;
  int result;

  if (!check (gnutls_hash_init (&hash, GNUTLS_DIG_SHA256), "SHA-256", error))
    return FALSE;

  result = gnutls_hash (hash, a, a_length);
  if (result >= 0 && b_length > 0)
    result = gnutls_hash (hash, b, b_length);
  gnutls_hash_deinit (hash, digest);
  return check (result, "SHA-256", error);
}

gboolean
peerup_noise_hkdf (const guint8 chaining_key[PEERUP_NOISE_KEY_SIZE], gconstpointer material, gsize length,
                   guint8 first[PEERUP_NOISE_KEY_SIZE], guint8 second[PEERUP_NOISE_KEY_SIZE], GError **error)
{
  gnutls_datum_t salt = { (guint8 *) chaining_key, PEERUP_NOISE_KEY_SIZE };
  gnutls_datum_t input = { (guint8 *) material, length };
  gnutls_datum_t info = { NULL, 0 };
  guint8 extracted[PEERUP_NOISE_KEY_SIZE];
  guint8 expanded[2 * PEERUP_NOISE_KEY_SIZE];
  gnutls_datum_t key = { extracted, sizeof extracted };
  int result;

  result = gnutls_hkdf_extract (GNUTLS_MAC_SHA256, &input, &salt, extracted);
  if (result >= 0)
    result = gnutls_hkdf_expand (GNUTLS_MAC_SHA256, &key, &info, expanded, sizeof expanded);
  if (result >= 0)
    {
      memcpy (first, expanded, PEERUP_NOISE_KEY_SIZE);
      memcpy (second, expanded + PEERUP_NOISE_KEY_SIZE, PEERUP_NOISE_KEY_SIZE);
    }

  gnutls_memset (extracted, 0, sizeof extracted);
  gnutls_memset (expanded, 0, sizeof expanded);
  return check (result, "HKDF", error);
}
