/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include <json-glib/json-glib.h>

#include "identity/peerup-spki.h"

#include "identity-test.h"
#include "identity-vectors.h"

static void
assert_verdict (PeerupPublicKey *key, const char *message, GBytes *signature, int expected)
{
  g_autofree guint8 *exact = g_memdup2 (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  g_autoptr (GError) error = NULL;
  gboolean good =
    peerup_public_key_verify (key, message, strlen (message), exact, g_bytes_get_size (signature), &error);

  if (expected < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, PEERUP_ERROR, expected);
  g_assert_true (good == (expected < 0));
}

static void
assert_verdict_hex (PeerupPublicKey *key, const char *signature, int expected)
{
  g_autoptr (GBytes) bytes = test_hex (signature);

  assert_verdict (key, "hello", bytes, expected);
}

static GBytes *
sign_hello (PeerupPrivateKey *key)
{
  guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE];

  g_assert_true (peerup_private_key_sign (key, "hello", 5, signature, NULL));
  return g_bytes_new (signature, sizeof signature);
}

/* RUSTSEC-2019-0004: truncated, too long, all zeros, any bit turned. */
static void
test_ed25519_bad_signatures (void)
{
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  PeerupPublicKey *public = peerup_private_key_get_public_key (key);
  g_autoptr (GBytes) good = sign_hello (key);
  guint8 damaged[65] = { 0 };

  assert_verdict (public, "hello", good, -1);
  assert_verdict (public, "hallo", good, PEERUP_ERROR_CRYPTO);
  memcpy (damaged, g_bytes_get_data (good, NULL), 64);
  for (gsize size = 0; size <= sizeof damaged; size++)
    {
      g_autoptr (GBytes) resized = g_bytes_new (damaged, size);

      assert_verdict (public, "hello", resized, size == 64 ? -1 : PEERUP_ERROR_CRYPTO);
    }
  for (gsize i = 0; i < 64; i++)
    {
      g_autoptr (GBytes) flipped = NULL;

      damaged[i] ^= 1 << i % 8;
      flipped = g_bytes_new (damaged, 64);
      assert_verdict (public, "hello", flipped, PEERUP_ERROR_CRYPTO);
      damaged[i] ^= 1 << i % 8;
    }
  memset (damaged, 0, sizeof damaged);
  good = (g_bytes_unref (good), g_bytes_new (damaged, 64));
  assert_verdict (public, "hello", good, PEERUP_ERROR_CRYPTO);
}

/* S and S + L sign the same unless S is checked against L (RFC 8032, 5.1.7). */
static void
test_ed25519_large_s (void)
{
  static const guint8 order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                    0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 };
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  g_autoptr (GBytes) good = sign_hello (key);
  g_autoptr (GBytes) bad = NULL;
  guint8 signature[64];
  guint carry = 0;

  memcpy (signature, g_bytes_get_data (good, NULL), 64);
  for (gsize i = 0; i < 32; i++)
    {
      carry += signature[32 + i] + order[i];
      signature[32 + i] = (guint8) carry;
      carry >>= 8;
    }
  g_assert_cmpuint (carry, ==, 0);
  bad = g_bytes_new (signature, 64);
  assert_verdict (peerup_private_key_get_public_key (key), "hello", bad, PEERUP_ERROR_CRYPTO);
}

/* Under such keys a signature of zeros fits a part of all messages. */
static void
test_ed25519_small_order (void)
{
  static const char *const points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  g_autofree guint8 *zeros = g_malloc0 (64);

  for (gsize i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autofree char *hex = g_strconcat ("08011220", points[i], NULL);
      g_autoptr (PeerupPublicKey) key = test_public_key (hex);

      for (guint8 message = 0; message < 64; message++)
        {
          g_autoptr (GError) error = NULL;

          g_assert_false (peerup_public_key_verify (key, &message, 1, zeros, 64, &error));
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
        }
    }
}

static void
test_rsa (void)
{
  g_autoptr (PeerupPublicKey) key = test_public_key (RSA_PUBLIC);
  g_autoptr (GBytes) good = test_hex (RSA_SIGNATURE);
  g_autoptr (GBytes) shorter = g_bytes_new_from_bytes (good, 0, 255);

  assert_verdict (key, "hello", good, -1);
  assert_verdict (key, "hallo", good, PEERUP_ERROR_CRYPTO);
  assert_verdict (key, "hello", shorter, PEERUP_ERROR_CRYPTO);
  assert_verdict_hex (key, "", PEERUP_ERROR_CRYPTO);
}

static int
import_rsa (gsize bits, guint8 exponent)
{
  g_autoptr (GByteArray) spki = der_rsa_spki (bits, exponent);
  g_autoptr (GError) error = NULL;
  g_auto (gnutls_pubkey_t) key = peerup_spki_import (spki->data, spki->len, &error);

  g_assert_true ((key != NULL) == (error == NULL));
  return error != NULL ? error->code : -1;
}

/* CVE-2023-39533. */
static void
test_rsa_sizes (void)
{
  g_assert_cmpint (import_rsa (1024, 3), ==, PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (import_rsa (2047, 3), ==, PEERUP_ERROR_UNSUPPORTED);
  g_assert_cmpint (import_rsa (2048, 3), ==, -1);
  g_assert_cmpint (import_rsa (8192, 3), ==, -1);
  g_assert_cmpint (import_rsa (8193, 3), ==, PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (import_rsa (16384, 3), ==, PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (import_rsa (262144, 3), ==, PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (import_rsa (2048, 1), ==, PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (import_rsa (2048, 2), ==, PEERUP_ERROR_MALFORMED);
}

/* As a peer's key: by size, before it becomes a key at all, and just above the limit. */
static void
test_rsa_identity_too_large (void)
{
  g_autoptr (GByteArray) huge = der_rsa_spki (16384, 3);
  g_autoptr (GByteArray) above = der_rsa_spki (8200, 3);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPublicKey) key = NULL;

  key = peerup_public_key_new (PEERUP_KEY_RSA, huge->data, huge->len, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_assert_null (key);
  g_clear_error (&error);
  key = peerup_public_key_new (PEERUP_KEY_RSA, above->data, above->len, &error);
  g_assert_no_error (error);
  assert_verdict_hex (key, RSA_SIGNATURE, PEERUP_ERROR_TOO_LARGE);
}

static PeerupPublicKey *
new_ecdsa (gnutls_ecc_curve_t curve, gnutls_privkey_t private)
{
  g_auto (gnutls_pubkey_t) public = NULL;
  g_auto (gnutls_datum_t) spki = { NULL, 0 };
  g_autoptr (GError) error = NULL;
  PeerupPublicKey *key;

  g_assert_cmpint (gnutls_privkey_generate (private, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (curve), 0), >=, 0);
  g_assert_cmpint (gnutls_pubkey_init (&public), >=, 0);
  g_assert_cmpint (gnutls_pubkey_import_privkey (public, private, 0, 0), >=, 0);
  g_assert_cmpint (gnutls_pubkey_export2 (public, GNUTLS_X509_FMT_DER, &spki), >=, 0);
  key = peerup_public_key_new (PEERUP_KEY_ECDSA, spki.data, spki.size, &error);
  g_assert_no_error (error);
  return key;
}

static void
test_ecdsa (void)
{
  g_auto (gnutls_privkey_t) private = NULL;
  g_auto (gnutls_datum_t) made = { NULL, 0 };
  g_autoptr (PeerupPublicKey) key = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autoptr (GBytes) shorter = NULL;
  const gnutls_datum_t hello = { (guint8 *) "hello", 5 };

  g_assert_cmpint (gnutls_privkey_init (&private), >=, 0);
  key = new_ecdsa (GNUTLS_ECC_CURVE_SECP256R1, private);
  g_assert_cmpint (gnutls_privkey_sign_data2 (private, GNUTLS_SIGN_ECDSA_SHA256, 0, &hello, &made), >=, 0);
  signature = g_bytes_new (made.data, made.size);
  shorter = g_bytes_new (made.data, made.size - 1);
  assert_verdict (key, "hello", signature, -1);
  assert_verdict (key, "hallo", signature, PEERUP_ERROR_CRYPTO);
  assert_verdict (key, "hello", shorter, PEERUP_ERROR_CRYPTO);
  assert_verdict_hex (key, "3006020100020100", PEERUP_ERROR_CRYPTO);
}

static void
assert_unsupported (PeerupPublicKey *key, const char *signature, const char *name)
{
  g_autoptr (GBytes) bytes = test_hex (signature);
  g_autoptr (GError) error = NULL;

  g_assert_false (
    peerup_public_key_verify (key, "hello", 5, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, name));
}

static void
test_unsupported_by_name (void)
{
  static const char koblitz[] = "3056301006072a8648ce3d020106052b8104000a03420004"
                                "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                                "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
  g_auto (gnutls_privkey_t) private = NULL;
  g_autoptr (PeerupPublicKey) secp256k1 = test_public_key (SECP256K1_PUBLIC);
  g_autoptr (PeerupPublicKey) hidden = NULL;
  g_autoptr (PeerupPublicKey) p384 = NULL;
  g_autoptr (GBytes) spki = test_hex (koblitz);

  assert_unsupported (secp256k1, SECP256K1_SIGNATURE, "ecp256k1");
  g_assert_cmpint (gnutls_privkey_init (&private), >=, 0);
  p384 = new_ecdsa (GNUTLS_ECC_CURVE_SECP384R1, private);
  assert_unsupported (p384, SECP256K1_SIGNATURE, "SECP384R1");
  hidden = peerup_public_key_new (PEERUP_KEY_ECDSA, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), NULL);
  assert_unsupported (hidden, SECP256K1_SIGNATURE, "secp256k1");
}

static void
test_types_that_lie (void)
{
  g_autoptr (PeerupPublicKey) rsa = test_public_key (RSA_PUBLIC);
  gsize length;
  const guint8 *data = peerup_public_key_get_data (rsa, &length);
  g_autoptr (PeerupPublicKey) as_ecdsa = peerup_public_key_new (PEERUP_KEY_ECDSA, data, length, NULL);

  assert_verdict_hex (as_ecdsa, RSA_SIGNATURE, PEERUP_ERROR_MALFORMED);
}

static gboolean
decode_spki (const guint8 *data, gsize length, GError **error)
{
  g_auto (gnutls_pubkey_t) key = peerup_spki_import (data, length, error);

  return key != NULL;
}

static void
test_spki_truncation (void)
{
  g_autoptr (PeerupPublicKey) rsa = test_public_key (RSA_PUBLIC);
  g_autoptr (GByteArray) longer = g_byte_array_new ();
  gsize length;
  const guint8 *data = peerup_public_key_get_data (rsa, &length);

  test_sweep (decode_spki, data, length);
  g_byte_array_append (longer, data, length);
  g_byte_array_append (longer, (const guint8 *) "", 1);
  g_assert_false (test_try (decode_spki, longer->data, longer->len));
}

/* DSA would let a peer choose any modulus. */
static void
test_spki_other_algorithm (void)
{
  g_autoptr (GBytes) dsa = test_hex ("3014300906072a8648ce380401"
                                     "0307000204010203"
                                     "04");
  g_autoptr (GError) error = NULL;

  g_assert_false (decode_spki (g_bytes_get_data (dsa, NULL), g_bytes_get_size (dsa), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "1.2.840.10040.4.1"));
}

static guint
run_wycheproof_group (JsonObject *group)
{
  const char *public = json_object_get_string_member (json_object_get_object_member (group, "publicKey"), "pk");
  g_autofree char *hex = g_strconcat ("08011220", public, NULL);
  g_autoptr (PeerupPublicKey) key = test_public_key (hex);
  JsonArray *tests = json_object_get_array_member (group, "tests");

  for (guint i = 0; i < json_array_get_length (tests); i++)
    {
      JsonObject *test = json_array_get_object_element (tests, i);
      g_autoptr (GBytes) message = test_hex (json_object_get_string_member (test, "msg"));
      g_autoptr (GBytes) signature = test_hex (json_object_get_string_member (test, "sig"));
      gboolean expected = g_str_equal (json_object_get_string_member (test, "result"), "valid");
      gboolean found =
        peerup_public_key_verify (key, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
                                  g_bytes_get_data (signature, NULL), g_bytes_get_size (signature), NULL);

      if (found != expected)
        g_test_message ("test %d: %s", (int) json_object_get_int_member (test, "tcId"),
                        json_object_get_string_member (test, "comment"));
      g_assert_true (found == expected);
    }
  return json_array_get_length (tests);
}

static void
test_wycheproof (void)
{
  const char *data = g_getenv ("PEERUP_TESTDATA");
  g_autofree char *path = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonObject *root;
  JsonArray *groups;
  guint count = 0;

  if (data == NULL)
    {
      g_test_skip ("PEERUP_TESTDATA is not set: no Wycheproof vectors");
      return;
    }
  path = g_build_filename (data, "wycheproof-ed25519.json", NULL);
  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  root = json_node_get_object (json_parser_get_root (parser));
  groups = json_object_get_array_member (root, "testGroups");
  for (guint i = 0; i < json_array_get_length (groups); i++)
    count += run_wycheproof_group (json_array_get_object_element (groups, i));
  g_assert_cmpint (count, ==, json_object_get_int_member (root, "numberOfTests"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/verify/ed25519-bad-signatures", test_ed25519_bad_signatures);
  g_test_add_func ("/identity/verify/ed25519-large-s", test_ed25519_large_s);
  g_test_add_func ("/identity/verify/ed25519-small-order", test_ed25519_small_order);
  g_test_add_func ("/identity/verify/rsa", test_rsa);
  g_test_add_func ("/identity/verify/rsa-sizes", test_rsa_sizes);
  g_test_add_func ("/identity/verify/rsa-identity-too-large", test_rsa_identity_too_large);
  g_test_add_func ("/identity/verify/ecdsa", test_ecdsa);
  g_test_add_func ("/identity/verify/unsupported-by-name", test_unsupported_by_name);
  g_test_add_func ("/identity/verify/types-that-lie", test_types_that_lie);
  g_test_add_func ("/identity/verify/spki-truncation", test_spki_truncation);
  g_test_add_func ("/identity/verify/spki-other-algorithm", test_spki_other_algorithm);
  g_test_add_func ("/identity/verify/wycheproof", test_wycheproof);
  return g_test_run ();
}
