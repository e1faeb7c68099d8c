/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) into a GnuTLS key. It stands before
 * GnuTLS because a peer chooses these bytes: algorithms come from a short list (a DSA
 * key could carry any modulus), and RSA keys are measured before any arithmetic.
 */
#include "identity/peerup-spki.h"

#include <glib/gi18n-lib.h>

#include "identity/peerup-der.h"

#define RSA_EXPONENT_BYTES_MAX 4

static const guint8 oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const guint8 oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const guint8 oid_ed25519[] = { 0x2b, 0x65, 0x70 };

static gsize
bit_length (const PeerupReader *magnitude)
{
  return (magnitude->left - 1) * 8 + g_bit_storage (magnitude->data[0]);
}

static gboolean
is_odd (const PeerupReader *magnitude)
{
  return magnitude->data[magnitude->left - 1] & 1;
}

/* RSAPublicKey (RFC 8017, A.1.1). */
static gboolean
check_rsa (PeerupReader bits, GError **error)
{
  PeerupReader key, modulus, exponent;
  gsize size;

  if (!peerup_der_read (&bits, PEERUP_DER_SEQUENCE, &key, NULL) || bits.left != 0 ||
      !peerup_der_read_positive (&key, &modulus) || !peerup_der_read_positive (&key, &exponent) || key.left != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("RSA key is not valid DER"));
      return FALSE;
    }
  size = bit_length (&modulus);
  if (size > PEERUP_RSA_BITS_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, _ ("RSA key of %zu bits, at most %d are taken"), size,
                   PEERUP_RSA_BITS_MAX);
      return FALSE;
    }
  if (size < PEERUP_RSA_BITS_MIN)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("RSA key of %zu bits, at least %d are needed"),
                   size, PEERUP_RSA_BITS_MIN);
      return FALSE;
    }
  if (!is_odd (&modulus) || !is_odd (&exponent) || exponent.left > RSA_EXPONENT_BYTES_MAX ||
      peerup_der_equal (&exponent, "\x01", 1))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("RSA key has an impossible modulus or exponent"));
      return FALSE;
    }
  return TRUE;
}

/* Only a named curve is a key's parameter (RFC 5480, 2.1.1). */
static gboolean
check_curve (PeerupReader parameters, GError **error)
{
  PeerupReader oid;
  g_autofree char *name = NULL;

  if (!peerup_der_read (&parameters, PEERUP_DER_OID, &oid, NULL) || parameters.left != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           _ ("elliptic curve key does not name its curve"));
      return FALSE;
    }
  name = peerup_der_oid_to_string (&oid);
  if (gnutls_oid_to_ecc_curve (name) != GNUTLS_ECC_CURVE_INVALID)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("keys on the elliptic curve %s are not supported"),
               g_str_equal (name, "1.3.132.0.10") ? "secp256k1" : name);
  return FALSE;
}

/* @parameters: what follows the OID. */
static gboolean
check_algorithm (const PeerupReader *oid, PeerupReader parameters, PeerupReader bits, GError **error)
{
  g_autofree char *name = NULL;

  if (peerup_der_equal (oid, oid_rsa, sizeof oid_rsa))
    return check_rsa (bits, error);
  if (peerup_der_equal (oid, oid_ec, sizeof oid_ec))
    return check_curve (parameters, error);
  if (peerup_der_equal (oid, oid_ed25519, sizeof oid_ed25519))
    return TRUE;
  name = peerup_der_oid_to_string (oid);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("public key algorithm %s is not supported"), name);
  return FALSE;
}

gnutls_pubkey_t
peerup_spki_import (gconstpointer data, gsize length, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  PeerupReader spki, algorithm, oid, bits;
  gnutls_datum_t der = { (guint8 *) data, length };
  g_auto (gnutls_pubkey_t) key = NULL;

  if (!peerup_der_read (&reader, PEERUP_DER_SEQUENCE, &spki, NULL) || reader.left != 0 ||
      !peerup_der_read (&spki, PEERUP_DER_SEQUENCE, &algorithm, NULL) ||
      !peerup_der_read (&algorithm, PEERUP_DER_OID, &oid, NULL) || !peerup_der_read_bits (&spki, &bits) ||
      spki.left != 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("public key is not a SubjectPublicKeyInfo"));
      return NULL;
    }
  if (!check_algorithm (&oid, algorithm, bits, error) ||
      !peerup_gnutls_check (gnutls_pubkey_init (&key), PEERUP_ERROR_LIMIT, "public key", error) ||
      !peerup_gnutls_check (gnutls_pubkey_import (key, &der, GNUTLS_X509_FMT_DER), PEERUP_ERROR_MALFORMED, "public key",
                            error))
    return NULL;
  return g_steal_pointer (&key);
}
