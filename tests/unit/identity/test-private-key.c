/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "identity/peerup-private-key.h"

#include "identity-test.h"

#define SEED   "0101010101010101010101010101010101010101010101010101010101010101"
#define PUBLIC "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define OTHER  "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_protobuf (data, length, error);

  return key != NULL;
}

static void
assert_refused (const char *hex, PeerupError code, const char *pattern)
{
  g_autoptr (GBytes) bytes = test_hex (hex);
  g_autoptr (GError) error = NULL;

  g_assert_false (decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_true (g_pattern_match_simple (pattern, error->message));
  g_assert_null (strstr (error->message, "0101"));
}

static void
test_vectors (void)
{
  g_autoptr (PeerupPrivateKey) alice = test_key (1);
  g_autoptr (PeerupPrivateKey) bob = test_key (2);
  g_autoptr (GBytes) written = peerup_private_key_to_protobuf (alice);
  g_autoptr (GBytes) expected = test_hex ("08011240" SEED PUBLIC);
  g_autoptr (GBytes) public = test_hex (ALICE_PUBLIC);
  gsize length;
  const guint8 *protobuf = peerup_public_key_get_protobuf (peerup_private_key_get_public_key (alice), &length);

  g_assert_true (g_bytes_equal (written, expected));
  g_assert_cmpmem (protobuf, length, g_bytes_get_data (public, NULL), g_bytes_get_size (public));
  g_assert_cmpstr (peerup_peer_id_get_string (peerup_private_key_get_peer_id (alice)), ==, ALICE_ID);
  g_assert_cmpstr (peerup_peer_id_get_string (peerup_private_key_get_peer_id (bob)), ==, BOB_ID);
}

static void
test_protobuf (void)
{
  g_autoptr (GBytes) current = test_hex ("08011240" SEED PUBLIC);
  g_autoptr (GBytes) old = test_hex ("08011260" SEED PUBLIC PUBLIC);

  test_sweep (decode, g_bytes_get_data (current, NULL), g_bytes_get_size (current));
  test_sweep (decode, g_bytes_get_data (old, NULL), g_bytes_get_size (old));
}

static void
test_halves_that_differ (void)
{
  assert_refused ("08011240" SEED OTHER, PEERUP_ERROR_MALFORMED, "*public half*");
  assert_refused ("08011260" SEED PUBLIC OTHER, PEERUP_ERROR_MALFORMED, "*public half*");
  assert_refused ("08011260" SEED OTHER PUBLIC, PEERUP_ERROR_MALFORMED, "*public half*");
}

static void
test_other_kinds (void)
{
  assert_refused ("08021220" SEED, PEERUP_ERROR_UNSUPPORTED, "*ecp256k1*");
  assert_refused ("08001220" SEED, PEERUP_ERROR_UNSUPPORTED, "*RSA*");
  assert_refused ("08031220" SEED, PEERUP_ERROR_UNSUPPORTED, "*ECDSA*");
  assert_refused ("08011220" SEED, PEERUP_ERROR_MALFORMED, "*32 bytes*");
}

static void
test_generate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPrivateKey) one = peerup_private_key_generate (&error);
  g_autoptr (PeerupPrivateKey) two = peerup_private_key_generate (&error);
  g_autoptr (PeerupPrivateKey) again = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_assert_no_error (error);
  g_assert_false (peerup_peer_id_equal (peerup_private_key_get_peer_id (one), peerup_private_key_get_peer_id (two)));
  bytes = peerup_private_key_to_protobuf (one);
  again = peerup_private_key_new_from_protobuf (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_equal (peerup_private_key_get_peer_id (one), peerup_private_key_get_peer_id (again)));
}

/* RFC 8032, 7.1, TEST 3. */
static void
test_sign (void)
{
  g_autoptr (GBytes) seed = test_hex ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
  g_autoptr (GBytes) expected = test_hex ("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                                          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (g_bytes_get_data (seed, NULL), &error);
  guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE];

  g_assert_true (peerup_private_key_sign (key, "\xaf\x82", 2, signature, &error));
  g_assert_cmpmem (signature, sizeof signature, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
  g_assert_true (peerup_private_key_sign (key, NULL, 0, signature, &error));
  g_assert_true (
    peerup_public_key_verify (peerup_private_key_get_public_key (key), NULL, 0, signature, sizeof signature, &error));
  g_assert_no_error (error);
}

static gpointer
sign_often (gpointer data)
{
  PeerupPrivateKey *key = data;

  for (guint i = 0; i < 50; i++)
    {
      guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE];

      g_assert_true (peerup_private_key_sign (key, &i, sizeof i, signature, NULL));
      g_assert_true (peerup_public_key_verify (peerup_private_key_get_public_key (key), &i, sizeof i, signature,
                                               sizeof signature, NULL));
    }
  peerup_private_key_unref (key);
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (PeerupPrivateKey) key = test_key (1);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("sign", sign_often, peerup_private_key_ref (key));
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/private-key/vectors", test_vectors);
  g_test_add_func ("/identity/private-key/protobuf", test_protobuf);
  g_test_add_func ("/identity/private-key/halves-that-differ", test_halves_that_differ);
  g_test_add_func ("/identity/private-key/other-kinds", test_other_kinds);
  g_test_add_func ("/identity/private-key/generate", test_generate);
  g_test_add_func ("/identity/private-key/sign", test_sign);
  g_test_add_func ("/identity/private-key/threads", test_threads);
  return g_test_run ();
}
