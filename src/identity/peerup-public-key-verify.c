/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Verification of a peer's signature with its libp2p key (peer-ids.md, "Keys").
 * Keys and signatures come from the wire, so every verdict is an error, never an
 * assertion. Refuses secp256k1 (GnuTLS has no such curve), curves other than P-256,
 * RSA outside 2048 to 8192 bits, and Ed25519 points of small order: under such a
 * "key" anybody can make a signature, one of zeros among them.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "identity/peerup-private-key.h"
#include "identity/peerup-spki.h"

#define ED25519_KEY_SIZE 32

/* Each y of a point of order 1, 2, 4 or 8, and its forms above the prime; top bit clear. */
static const guint8 small_order[][ED25519_KEY_SIZE] = {
  { 0 },
  { 1 },
  { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
  { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
    0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
  { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
  { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
  { 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

static gboolean
has_small_order (const guint8 point[ED25519_KEY_SIZE])
{
  guint8 y[ED25519_KEY_SIZE];

  memcpy (y, point, sizeof y);
  y[ED25519_KEY_SIZE - 1] &= 0x7f;
  for (gsize i = 0; i < G_N_ELEMENTS (small_order); i++)
    if (memcmp (y, small_order[i], sizeof y) == 0)
      return TRUE;
  return FALSE;
}

static gnutls_pubkey_t
import_ed25519 (const guint8 *data, gsize length, GError **error)
{
  gnutls_datum_t point = { (guint8 *) data, length };
  g_auto (gnutls_pubkey_t) key = NULL;

  if (length != ED25519_KEY_SIZE || has_small_order (data))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("Ed25519 key is not a point that can sign"));
      return NULL;
    }
  if (!peerup_gnutls_check (gnutls_pubkey_init (&key), PEERUP_ERROR_LIMIT, "Ed25519 key", error) ||
      !peerup_gnutls_check (gnutls_pubkey_import_ecc_raw (key, GNUTLS_ECC_CURVE_ED25519, &point, NULL),
                            PEERUP_ERROR_MALFORMED, "Ed25519 key", error))
    return NULL;
  return g_steal_pointer (&key);
}

/* @expected: a key type may not hide an SPKI of another algorithm. */
static gnutls_pubkey_t
import_spki (const guint8 *data, gsize length, gnutls_pk_algorithm_t expected, GError **error)
{
  g_auto (gnutls_pubkey_t) key = peerup_spki_import (data, length, error);

  if (key == NULL)
    return NULL;
  if (gnutls_pubkey_get_pk_algorithm (key, NULL) != (int) expected)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("key says %s, its data is %s"),
                   gnutls_pk_get_name (expected), gnutls_pk_get_name (gnutls_pubkey_get_pk_algorithm (key, NULL)));
      return NULL;
    }
  return g_steal_pointer (&key);
}

static gnutls_pubkey_t
import_ecdsa (const guint8 *data, gsize length, GError **error)
{
  g_auto (gnutls_pubkey_t) key = import_spki (data, length, GNUTLS_PK_ECDSA, error);
  gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;

  if (key == NULL || !peerup_gnutls_check (gnutls_pubkey_export_ecc_raw2 (key, &curve, NULL, NULL, 0),
                                           PEERUP_ERROR_MALFORMED, "ECDSA key", error))
    return NULL;
  if (curve != GNUTLS_ECC_CURVE_SECP256R1)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   _ ("ECDSA keys on the curve %s are not supported, only P-256"), gnutls_ecc_curve_get_name (curve));
      return NULL;
    }
  return g_steal_pointer (&key);
}

static gnutls_pubkey_t
import_key (PeerupPublicKey *key, gnutls_sign_algorithm_t *algorithm, GError **error)
{
  gsize length;
  const guint8 *data = peerup_public_key_get_data (key, &length);

  switch (peerup_public_key_get_key_type (key))
    {
    case PEERUP_KEY_ED25519:
      *algorithm = GNUTLS_SIGN_EDDSA_ED25519;
      return import_ed25519 (data, length, error);
    case PEERUP_KEY_ECDSA:
      *algorithm = GNUTLS_SIGN_ECDSA_SHA256;
      return import_ecdsa (data, length, error);
    case PEERUP_KEY_RSA:
      *algorithm = GNUTLS_SIGN_RSA_SHA256;
      return import_spki (data, length, GNUTLS_PK_RSA, error);
    case PEERUP_KEY_SECP256K1:
    default:
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   _ ("%s keys are not supported: the peer needs an Ed25519, ECDSA P-256 or RSA identity"),
                   peerup_key_type_to_string (peerup_public_key_get_key_type (key)));
      return NULL;
    }
}

gboolean
peerup_public_key_verify (PeerupPublicKey *key, gconstpointer data, gsize length, gconstpointer signature,
                          gsize signature_length, GError **error)
{
  gnutls_datum_t message = { (guint8 *) data, length };
  gnutls_datum_t signed_by = { (guint8 *) signature, signature_length };
  gnutls_sign_algorithm_t algorithm;
  g_auto (gnutls_pubkey_t) imported = NULL;

  g_return_val_if_fail (key != NULL, FALSE);
  g_return_val_if_fail ((data != NULL || length == 0) && length <= G_MAXINT, FALSE);
  g_return_val_if_fail (signature != NULL || signature_length == 0, FALSE);

  imported = import_key (key, &algorithm, error);
  if (imported == NULL)
    return FALSE;
  if (signature_length == 0 || signature_length > PEERUP_RSA_BITS_MAX / 8 ||
      (algorithm == GNUTLS_SIGN_EDDSA_ED25519 && signature_length != PEERUP_ED25519_SIGNATURE_SIZE) ||
      gnutls_pubkey_verify_data2 (imported, algorithm, 0, &message, &signed_by) < 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, _ ("%s signature does not verify"),
                   peerup_key_type_to_string (peerup_public_key_get_key_type (key)));
      return FALSE;
    }
  return TRUE;
}
