/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "identity/peerup-certificate.h"

#include "certificate-builder.h"
#include "identity-vectors.h"

/* 2026-11-21, when the vectors of js-libp2p were made, and a second either side of a recipe's dates. */
#define NOW       G_GINT64_CONSTANT (1795219200)
#define YEAR_2020 G_GINT64_CONSTANT (1577836800)
#define YEAR_2120 G_GINT64_CONSTANT (4733510400)
#define YEAR_4096 G_GINT64_CONSTANT (67090165200)
#define YEAR_1975 G_GINT64_CONSTANT (157813200)
#define OK        (-1)

static int
verdict (gconstpointer der, gsize length, gint64 now, const char *peer)
{
  g_autofree guint8 *exact = g_memdup2 (der, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPublicKey) key = peerup_certificate_verify (exact, length, now, &error);
  g_autoptr (PeerupPeerId) id = NULL;

  if (key == NULL)
    {
      g_assert_true (error->domain == PEERUP_ERROR);
      return error->code;
    }
  g_assert_no_error (error);
  id = peerup_peer_id_new_from_public_key (key);
  g_assert_cmpstr (peerup_peer_id_get_string (id), ==, peer);
  return OK;
}

static int
verdict_hex (const char *hex, gint64 now, const char *peer)
{
  g_autoptr (GBytes) der = test_hex (hex);

  return verdict (g_bytes_get_data (der, NULL), g_bytes_get_size (der), now, peer);
}

static int
verdict_recipe (const CertificateRecipe *recipe, gint64 now)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (GByteArray) der = certificate_build (recipe, alice);

  return verdict (der->data, der->len, now, ALICE_ID);
}

static void
test_vectors (void)
{
  g_assert_cmpint (verdict_hex (SPEC_ED25519_CERTIFICATE, NOW, SPEC_ED25519_PEER), ==, OK);
  g_assert_cmpint (verdict_hex (SPEC_ECDSA_CERTIFICATE, NOW, SPEC_ECDSA_PEER), ==, OK);
  g_assert_cmpint (verdict_hex (SPEC_SECP256K1_CERTIFICATE, NOW, NULL), ==, PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (verdict_hex (SPEC_WRONG_CERTIFICATE, NOW, NULL), ==, PEERUP_ERROR_CRYPTO);
  g_assert_cmpint (verdict_hex (JS_CERTIFICATE, NOW, ALICE_ID), ==, OK);
}

static void
test_validity (void)
{
  const CertificateRecipe plain = { 0 };
  const CertificateRecipe endless = { .not_after = "99991231235959Z" };
  const CertificateRecipe garbage = { .not_after = "2120010100000Z" };

  g_assert_cmpint (verdict_recipe (&plain, YEAR_2020 - 1), ==, PEERUP_ERROR_PROTOCOL);
  g_assert_cmpint (verdict_recipe (&plain, YEAR_2020), ==, OK);
  g_assert_cmpint (verdict_recipe (&plain, YEAR_2120), ==, OK);
  g_assert_cmpint (verdict_recipe (&plain, YEAR_2120 + 1), ==, PEERUP_ERROR_PROTOCOL);
  g_assert_cmpint (verdict_recipe (&endless, YEAR_4096), ==, OK);
  g_assert_cmpint (verdict_recipe (&garbage, NOW), ==, PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (verdict_hex (SPEC_ED25519_CERTIFICATE, YEAR_1975 - 1, NULL), ==, PEERUP_ERROR_PROTOCOL);
  g_assert_cmpint (verdict_hex (SPEC_ED25519_CERTIFICATE, YEAR_1975, SPEC_ED25519_PEER), ==, OK);
  g_assert_cmpint (verdict_hex (SPEC_ED25519_CERTIFICATE, YEAR_4096, SPEC_ED25519_PEER), ==, OK);
  g_assert_cmpint (verdict_hex (SPEC_ED25519_CERTIFICATE, YEAR_4096 + 1, NULL), ==, PEERUP_ERROR_PROTOCOL);
}

/* Every byte of a certificate is under one of its signatures, is one, or says how to read it. */
static void
test_every_byte_counts (void)
{
  static const char *const vectors[] = { JS_CERTIFICATE, SPEC_ED25519_CERTIFICATE, SPEC_ECDSA_CERTIFICATE };

  for (gsize v = 0; v < G_N_ELEMENTS (vectors); v++)
    {
      g_autoptr (GBytes) der = test_hex (vectors[v]);
      gsize length = g_bytes_get_size (der);
      g_autofree guint8 *damaged = g_memdup2 (g_bytes_get_data (der, NULL), length);

      for (gsize i = 0; i < length; i++)
        {
          damaged[i] ^= 1 << i % 8;
          g_assert_cmpint (verdict (damaged, length, NOW, NULL), !=, OK);
          damaged[i] ^= 1 << i % 8;
        }
    }
}

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPublicKey) key = peerup_certificate_verify (data, length, NOW, error);

  return key != NULL;
}

static void
test_truncation (void)
{
  g_autoptr (GBytes) js = test_hex (JS_CERTIFICATE);
  g_autoptr (GBytes) ecdsa = test_hex (SPEC_ECDSA_CERTIFICATE);
  const CertificateRecipe longer = { .trailing = 1 };

  test_sweep (decode, g_bytes_get_data (js, NULL), g_bytes_get_size (js));
  test_sweep (decode, g_bytes_get_data (ecdsa, NULL), g_bytes_get_size (ecdsa));
  g_assert_cmpint (verdict_recipe (&longer, NOW), ==, PEERUP_ERROR_MALFORMED);
}

/* What GnuTLS lets pass when the certificate is its own anchor. */
static void
test_own_signature (void)
{
  g_autoptr (GBytes) der = test_hex (JS_CERTIFICATE);
  gsize length = g_bytes_get_size (der);
  g_autofree guint8 *damaged = g_memdup2 (g_bytes_get_data (der, NULL), length);

  damaged[length - 1] ^= 1;
  g_assert_cmpint (verdict (damaged, length, NOW, NULL), ==, PEERUP_ERROR_CRYPTO);
}

static void
test_critical_extensions (void)
{
  const CertificateRecipe libp2p = { .critical = TRUE };
  const CertificateRecipe unknown = { .extra_oid = "\x2a\x03\x04", .extra_critical = TRUE };
  const CertificateRecipe unknown_not_critical = { .extra_oid = "\x2a\x03\x04" };
  const CertificateRecipe names = { .extra_oid = "\x55\x1d\x1e", .extra_critical = TRUE };
  const CertificateRecipe key_usage = { .extra_oid = "\x55\x1d\x0f", .extra_critical = TRUE };

  g_assert_cmpint (verdict_recipe (&libp2p, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&unknown, NOW), ==, PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (verdict_recipe (&unknown_not_critical, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&names, NOW), ==, PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (verdict_recipe (&key_usage, NOW), ==, OK);
}

static void
test_libp2p_extension_once (void)
{
  const CertificateRecipe twice = { .n_libp2p = 2 };
  const CertificateRecipe none = { .no_libp2p = TRUE, .extra_oid = "\x2a\x03\x04" };
  const CertificateRecipe empty = { .no_libp2p = TRUE };

  g_assert_cmpint (verdict_recipe (&twice, NOW), ==, PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (verdict_recipe (&none, NOW), ==, PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (verdict_recipe (&empty, NOW), ==, PEERUP_ERROR_MALFORMED);
}

static void
test_host_signature (void)
{
  const CertificateRecipe wrong = { .wrong_host_message = TRUE };
  g_autoptr (GBytes) bob = test_hex ("080112208139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394");
  g_autoptr (GByteArray) host = g_byte_array_append (g_byte_array_new (), g_bytes_get_data (bob, NULL), 36);
  const CertificateRecipe other = { .host_key = host };

  g_assert_cmpint (verdict_recipe (&wrong, NOW), ==, PEERUP_ERROR_CRYPTO);
  g_assert_cmpint (verdict_recipe (&other, NOW), ==, PEERUP_ERROR_CRYPTO);
}

/* CVE-2023-39533: as the identity and as the certificate's own key. */
static void
test_large_rsa (void)
{
  g_autoptr (GByteArray) spki = der_rsa_spki (16384, 3);
  g_autoptr (GByteArray) host = g_byte_array_new ();
  const CertificateRecipe identity = { .host_key = host };
  const CertificateRecipe own = { .spki = spki };

  /* Type RSA, and data of as many bytes as two of varint can say. */
  g_byte_array_append (host, (const guint8 *) "\x08\x00\x12", 3);
  g_byte_array_append (host, (const guint8[]) { 0x80 | (spki->len & 0x7f), (guint8) (spki->len >> 7) }, 2);
  g_byte_array_append (host, spki->data, spki->len);
  g_assert_cmpint (verdict_recipe (&identity, NOW), ==, PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (verdict_recipe (&own, NOW), ==, PEERUP_ERROR_TOO_LARGE);
}

/* Another signature algorithm outside than inside (RFC 5280, 4.1.1.2). */
static void
test_algorithms_that_differ (void)
{
  static const guint8 ecdsa_sha384[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
  g_autoptr (GByteArray) other = g_byte_array_append (g_byte_array_new (), ecdsa_sha384, sizeof ecdsa_sha384);
  const CertificateRecipe recipe = { .algorithm_outside = other };

  g_assert_cmpint (verdict_recipe (&recipe, NOW), !=, OK);
}

/* tls.md leaves the kind of the certificate's own key open, but not to hashes that are broken. */
static void
test_other_algorithms (void)
{
  const CertificateAlgorithm ed25519 = { GNUTLS_PK_EDDSA_ED25519, 256, GNUTLS_SIGN_EDDSA_ED25519, 0, "300506032b6570" };
  const CertificateAlgorithm rsa = { GNUTLS_PK_RSA, 2048, GNUTLS_SIGN_RSA_SHA256, 0, "300d06092a864886f70d01010b0500" };
  const CertificateAlgorithm small_rsa = { GNUTLS_PK_RSA, 1024, GNUTLS_SIGN_RSA_SHA256, 0,
                                           "300d06092a864886f70d01010b0500" };
  const CertificateAlgorithm sha1 = { GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1),
                                      GNUTLS_SIGN_ECDSA_SHA1, 0, "300906072a8648ce3d0401" };

  g_assert_cmpint (verdict_recipe (&(CertificateRecipe) { .algorithm = &ed25519 }, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&(CertificateRecipe) { .algorithm = &rsa }, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&(CertificateRecipe) { .algorithm = &small_rsa }, NOW), ==,
                   PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (verdict_recipe (&(CertificateRecipe) { .algorithm = &sha1 }, NOW), ==, PEERUP_ERROR_UNSUPPORTED);
}

static void
test_version (void)
{
  const CertificateRecipe second = { .version = 1 };

  g_assert_cmpint (verdict_recipe (&second, NOW), ==, PEERUP_ERROR_MALFORMED);
}

/* A subjectAltName of @n short DNS names (or name constraints on them). */
static GByteArray *
new_many_names (guint n, const char *oid, gboolean constraints)
{
  g_autoptr (GByteArray) names = g_byte_array_new ();
  GByteArray *value = g_byte_array_new ();
  GByteArray *extension;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.a", i);

      if (constraints)
        der_take (names, 0x30, der_add (g_byte_array_new (), 0x82, name, strlen (name)));
      else
        der_add (names, 0x82, name, strlen (name));
    }
  if (constraints)
    {
      GByteArray *permitted = der_add (g_byte_array_new (), 0xa0, names->data, names->len);

      der_take (value, 0x30, permitted);
    }
  else
    der_add (value, 0x30, names->data, names->len);
  extension = certificate_extension (oid, 3, FALSE, value->data, value->len);
  g_byte_array_unref (value);
  return extension;
}

/* CVE-2025-14831: as many names as fit cost one pass, and more do not get that far. */
static void
test_many_names (void)
{
  g_autoptr (GByteArray) fitting = new_many_names (2000, "\x55\x1d\x11", FALSE);
  g_autoptr (GByteArray) constraints = new_many_names (1500, "\x55\x1d\x1e", TRUE);
  g_autoptr (GByteArray) above = new_many_names (6000, "\x55\x1d\x11", FALSE);
  const CertificateRecipe with_fitting = { .more_extensions = fitting };
  const CertificateRecipe with_constraints = { .more_extensions = constraints };
  const CertificateRecipe with_above = { .more_extensions = above };

  g_assert_cmpint (verdict_recipe (&with_fitting, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&with_constraints, NOW), ==, OK);
  g_assert_cmpint (verdict_recipe (&with_above, NOW), ==, PEERUP_ERROR_TOO_LARGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/certificate/vectors", test_vectors);
  g_test_add_func ("/identity/certificate/validity", test_validity);
  g_test_add_func ("/identity/certificate/every-byte-counts", test_every_byte_counts);
  g_test_add_func ("/identity/certificate/truncation", test_truncation);
  g_test_add_func ("/identity/certificate/own-signature", test_own_signature);
  g_test_add_func ("/identity/certificate/critical-extensions", test_critical_extensions);
  g_test_add_func ("/identity/certificate/libp2p-extension-once", test_libp2p_extension_once);
  g_test_add_func ("/identity/certificate/host-signature", test_host_signature);
  g_test_add_func ("/identity/certificate/large-rsa", test_large_rsa);
  g_test_add_func ("/identity/certificate/algorithms-that-differ", test_algorithms_that_differ);
  g_test_add_func ("/identity/certificate/other-algorithms", test_other_algorithms);
  g_test_add_func ("/identity/certificate/version", test_version);
  g_test_add_func ("/identity/certificate/many-names", test_many_names);
  return g_test_run ();
}
