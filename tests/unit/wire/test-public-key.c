/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-public-key.h"

#include "wire-test.h"
#include "wire-vectors.h"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPublicKey) key = peerup_public_key_new_from_protobuf (data, length, error);

  return key != NULL;
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (key_vectors[i].public_protobuf);
      g_autoptr (PeerupPublicKey) key = NULL;
      g_autoptr (PeerupPublicKey) again = NULL;
      g_autoptr (GError) error = NULL;
      const guint8 *data;
      const guint8 *protobuf;
      gsize length;
      gsize size;

      key = peerup_public_key_new_from_protobuf (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
      g_assert_no_error (error);
      g_assert_cmpint (peerup_public_key_get_key_type (key), ==, key_vectors[i].type);
      protobuf = peerup_public_key_get_protobuf (key, &size);
      g_assert_cmpmem (protobuf, size, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      data = peerup_public_key_get_data (key, &length);
      g_assert_true (data + length == protobuf + size);
      again = peerup_public_key_new (peerup_public_key_get_key_type (key), data, length, &error);
      g_assert_no_error (error);
      g_assert_true (peerup_public_key_equal (key, again));
    }
}

static void
test_truncation (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (key_vectors[i].public_protobuf);

      g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 0);
      wire_flip (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    }
}

static void
assert_size_refused (PeerupKeyType type, gsize length, PeerupError code)
{
  g_autofree guint8 *data = g_malloc0 (length);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_public_key_new (type, data, length, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

static void
test_sizes (void)
{
  static const gsize wrong[] = { 0, 31, 33, 64 };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_size_refused (PEERUP_KEY_ED25519, wrong[i], PEERUP_ERROR_MALFORMED);
  assert_size_refused (PEERUP_KEY_SECP256K1, 32, PEERUP_ERROR_MALFORMED);
  assert_size_refused (PEERUP_KEY_SECP256K1, 65, PEERUP_ERROR_MALFORMED);
  assert_size_refused (PEERUP_KEY_RSA, 0, PEERUP_ERROR_MALFORMED);
  assert_size_refused (PEERUP_KEY_ECDSA, 0, PEERUP_ERROR_MALFORMED);
}

/* Section 4, row 7: an RSA key of 16384 bits (2086 bytes of SubjectPublicKeyInfo) is refused
 * for its size; one of 8192 bits is not. */
static void
test_huge_rsa (void)
{
  g_autofree guint8 *data = g_malloc0 (2086);
  g_autoptr (PeerupPublicKey) largest = peerup_public_key_new (PEERUP_KEY_RSA, data, 1062, NULL);

  g_assert_nonnull (largest);
  assert_size_refused (PEERUP_KEY_RSA, 2086, PEERUP_ERROR_TOO_LARGE);
  assert_size_refused (PEERUP_KEY_RSA, PEERUP_PUBLIC_KEY_MAX, PEERUP_ERROR_TOO_LARGE);
  assert_size_refused (PEERUP_KEY_RSA, 1024 * 1024, PEERUP_ERROR_TOO_LARGE);
}

static void
test_equal (void)
{
  guint8 data[33] = { 2 };
  g_autoptr (PeerupPublicKey) a = peerup_public_key_new (PEERUP_KEY_RSA, data, sizeof data, NULL);
  g_autoptr (PeerupPublicKey) b = peerup_public_key_new (PEERUP_KEY_SECP256K1, data, sizeof data, NULL);
  g_autoptr (PeerupPublicKey) c = peerup_public_key_ref (a);

  g_assert_true (peerup_public_key_equal (a, c));
  g_assert_false (peerup_public_key_equal (a, b));
}

static void
test_names (void)
{
  g_assert_cmpstr (peerup_key_type_to_string (PEERUP_KEY_RSA), ==, "RSA");
  g_assert_cmpstr (peerup_key_type_to_string (PEERUP_KEY_ED25519), ==, "Ed25519");
  g_assert_cmpstr (peerup_key_type_to_string (PEERUP_KEY_SECP256K1), ==, "secp256k1");
  g_assert_cmpstr (peerup_key_type_to_string (PEERUP_KEY_ECDSA), ==, "ECDSA");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/public-key/vectors", test_vectors);
  g_test_add_func ("/wire/public-key/truncation", test_truncation);
  g_test_add_func ("/wire/public-key/sizes", test_sizes);
  g_test_add_func ("/wire/public-key/huge-rsa", test_huge_rsa);
  g_test_add_func ("/wire/public-key/equal", test_equal);
  g_test_add_func ("/wire/public-key/names", test_names);
  return g_test_run ();
}
