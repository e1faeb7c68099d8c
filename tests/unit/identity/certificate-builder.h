/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Certificates with one thing wrong: written from DER pieces and signed by GnuTLS, so that
 * everything but that thing is right.
 */
#pragma once

#include "identity/peerup-gnutls.h"

#include "identity-test.h"

#define OID_LIBP2P "\x2b\x06\x01\x04\x01\x83\xa2\x5a\x01\x01"

/* How a certificate is signed, and with what key. */
typedef struct
{
  gnutls_pk_algorithm_t key;
  guint bits;
  gnutls_sign_algorithm_t sign;
  guint sign_flags;
  const char *der; /* of the AlgorithmIdentifier, in hex */
} CertificateAlgorithm;

static const CertificateAlgorithm certificate_p256 = { GNUTLS_PK_ECDSA,
                                                       GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                                       GNUTLS_SIGN_ECDSA_SHA256, 0, "300a06082a8648ce3d040302" };

typedef struct
{
  const char *not_before; /* GeneralizedTime; NULL: 2020 */
  const char *not_after;  /* NULL: 2120 */
  gboolean critical;      /* the libp2p extension */
  guint n_libp2p;         /* how often it stands there; 0 means once */
  gboolean no_libp2p;
  const char *extra_oid; /* of one more extension, as DER content, with value NULL */
  gboolean extra_critical;
  GByteArray *more_extensions;           /* whole ones, borrowed */
  gboolean wrong_host_message;           /* the host key signs something else */
  GByteArray *host_key;                  /* instead of the identity's protobuf, borrowed */
  GByteArray *spki;                      /* instead of the key's, borrowed */
  guint8 version;                        /* 0: 2, which is version 3 */
  GByteArray *algorithm_outside;         /* instead of the one inside, borrowed */
  const CertificateAlgorithm *algorithm; /* NULL: ECDSA P-256 with SHA-256 */
  gsize trailing;                        /* bytes after the certificate */
} CertificateRecipe;

static inline GByteArray *
certificate_extension (gconstpointer oid, gsize oid_length, gboolean critical, gconstpointer value, gsize length)
{
  GByteArray *extension = der_add (g_byte_array_new (), 0x06, oid, oid_length);

  if (critical)
    der_add (extension, 0x01, "\xff", 1);
  der_add (extension, 0x04, value, length);
  return der_take (g_byte_array_new (), 0x30, extension);
}

static inline GByteArray *
certificate_signed_key (const CertificateRecipe *recipe, PeerupPrivateKey *identity, GByteArray *spki)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  GByteArray *value = g_byte_array_new ();
  guint8 signature[64];
  gsize length;
  const guint8 *host = peerup_public_key_get_protobuf (peerup_private_key_get_public_key (identity), &length);

  g_byte_array_append (message, (const guint8 *) "libp2p-tls-handshake:", 21);
  g_byte_array_append (message, spki->data, spki->len - (recipe->wrong_host_message ? 1 : 0));
  g_assert_true (peerup_private_key_sign (identity, message->data, message->len, signature, NULL));
  if (recipe->host_key != NULL)
    der_add (value, 0x04, recipe->host_key->data, recipe->host_key->len);
  else
    der_add (value, 0x04, host, length);
  der_add (value, 0x04, signature, sizeof signature);
  return der_take (g_byte_array_new (), 0x30, value);
}

static inline GByteArray *
certificate_extensions (const CertificateRecipe *recipe, PeerupPrivateKey *identity, GByteArray *spki)
{
  g_autoptr (GByteArray) value = certificate_signed_key (recipe, identity, spki);
  g_autoptr (GByteArray) libp2p =
    certificate_extension (OID_LIBP2P, strlen (OID_LIBP2P), recipe->critical, value->data, value->len);
  GByteArray *list = g_byte_array_new ();

  for (guint i = 0; i < MAX (recipe->n_libp2p, 1) && !recipe->no_libp2p; i++)
    g_byte_array_append (list, libp2p->data, libp2p->len);
  if (recipe->extra_oid != NULL)
    {
      g_autoptr (GByteArray) extra =
        certificate_extension (recipe->extra_oid, strlen (recipe->extra_oid), recipe->extra_critical, "\x05", 2);

      g_byte_array_append (list, extra->data, extra->len);
    }
  if (recipe->more_extensions != NULL)
    g_byte_array_append (list, recipe->more_extensions->data, recipe->more_extensions->len);
  return der_take (g_byte_array_new (), 0xa3, der_take (g_byte_array_new (), 0x30, list));
}

static inline GByteArray *
certificate_spki (gnutls_privkey_t key)
{
  g_auto (gnutls_pubkey_t) public = NULL;
  g_auto (gnutls_datum_t) spki = { NULL, 0 };

  g_assert_cmpint (gnutls_pubkey_init (&public), >=, 0);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public, key, 0, 0), >=, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (public, GNUTLS_X509_FMT_DER, &spki), >=, 0);
  return g_byte_array_append (g_byte_array_new (), spki.data, spki.size);
}

static inline GByteArray *
certificate_tbs (const CertificateRecipe *recipe, PeerupPrivateKey *identity, GByteArray *spki)
{
  const char *from = recipe->not_before != NULL ? recipe->not_before : "20200101000000Z";
  const char *until = recipe->not_after != NULL ? recipe->not_after : "21200101000000Z";
  const guint8 version = recipe->version != 0 ? recipe->version : 2;
  const CertificateAlgorithm *algorithm = recipe->algorithm != NULL ? recipe->algorithm : &certificate_p256;
  g_autoptr (GBytes) inside = test_hex (algorithm->der);
  GByteArray *tbs = g_byte_array_new ();
  GByteArray *validity = g_byte_array_new ();
  g_autoptr (GByteArray) extensions = certificate_extensions (recipe, identity, spki);

  der_take (tbs, 0xa0, der_add (g_byte_array_new (), 0x02, &version, 1));
  der_add (tbs, 0x02, "\x2a", 1);
  g_byte_array_append (tbs, g_bytes_get_data (inside, NULL), g_bytes_get_size (inside));
  der_add (tbs, 0x30, "", 0);
  der_add (validity, 0x18, from, strlen (from));
  der_add (validity, 0x18, until, strlen (until));
  der_take (tbs, 0x30, validity);
  der_add (tbs, 0x30, "", 0);
  g_byte_array_append (tbs, spki->data, spki->len);
  g_byte_array_append (tbs, extensions->data, extensions->len);
  return der_take (g_byte_array_new (), 0x30, tbs);
}

static inline GByteArray *
certificate_build (const CertificateRecipe *recipe, PeerupPrivateKey *identity)
{
  const CertificateAlgorithm *algorithm = recipe->algorithm != NULL ? recipe->algorithm : &certificate_p256;
  g_autoptr (GBytes) inside = test_hex (algorithm->der);
  g_auto (gnutls_privkey_t) key = NULL;
  g_auto (gnutls_datum_t) signature = { NULL, 0 };
  g_autoptr (GByteArray) spki = NULL;
  GByteArray *tbs, *bits;
  gnutls_datum_t message;

  g_assert_cmpint (gnutls_privkey_init (&key), >=, 0);
  g_assert_cmpint (gnutls_privkey_generate (key, algorithm->key, algorithm->bits, 0), >=, 0);
  spki = recipe->spki != NULL ? g_byte_array_ref (recipe->spki) : certificate_spki (key);
  tbs = certificate_tbs (recipe, identity, spki);
  message = (gnutls_datum_t) { tbs->data, tbs->len };
  g_assert_cmpint (gnutls_privkey_sign_data2 (key, algorithm->sign, algorithm->sign_flags, &message, &signature), >=,
                   0);
  bits = g_byte_array_append (g_byte_array_new (), (const guint8 *) "", 1);
  g_byte_array_append (bits, signature.data, signature.size);
  if (recipe->algorithm_outside != NULL)
    g_byte_array_append (tbs, recipe->algorithm_outside->data, recipe->algorithm_outside->len);
  else
    g_byte_array_append (tbs, g_bytes_get_data (inside, NULL), g_bytes_get_size (inside));
  der_take (tbs, 0x03, bits);
  tbs = der_take (g_byte_array_new (), 0x30, tbs);
  for (gsize i = 0; i < recipe->trailing; i++)
    g_byte_array_append (tbs, (const guint8 *) "", 1);
  return tbs;
}
