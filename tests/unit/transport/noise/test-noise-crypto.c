/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The GnuTLS wrappers against RFC 7748, the definition of Noise's HKDF, and Wycheproof. */

#include <string.h>

#include "noise-vectors.h"
#include "transport/noise/peerup-noise-crypto.h"

/* RFC 7748, section 6.1. */
static void
test_dh (void)
{
  g_autoptr (GByteArray) alice = unhex ("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  g_autoptr (GByteArray) bob = unhex ("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  g_autoptr (GByteArray) expected_public = unhex ("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  g_autoptr (GByteArray) expected = unhex ("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  guint8 alice_public[32], bob_public[32], shared[32];

  g_assert_true (peerup_noise_dh_public (alice->data, alice_public, NULL));
  g_assert_true (peerup_noise_dh_public (bob->data, bob_public, NULL));
  g_assert_cmpmem (alice_public, 32, expected_public->data, expected_public->len);
  g_assert_true (peerup_noise_dh (alice->data, bob_public, shared, NULL));
  g_assert_cmpmem (shared, 32, expected->data, expected->len);
  g_assert_true (peerup_noise_dh (bob->data, alice_public, shared, NULL));
  g_assert_cmpmem (shared, 32, expected->data, expected->len);
}

/* Points of low order give zero, whoever's private key it is. */
static void
test_dh_zero (void)
{
  static const char *const points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  guint8 private_key[32], shared[32];

  memset (private_key, 0x42, sizeof private_key);
  for (gsize i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (GByteArray) point = unhex (points[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_noise_dh (private_key, point->data, shared, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
    }
}

static void
wycheproof_x25519 (JsonObject *group, JsonObject *vector)
{
  g_autoptr (GByteArray) public_key = member_bytes (vector, "public");
  g_autoptr (GByteArray) private_key = member_bytes (vector, "private");
  g_autoptr (GByteArray) expected = member_bytes (vector, "shared");
  gboolean zero = TRUE;
  guint8 shared[32];

  for (guint i = 0; i < expected->len; i++)
    zero = zero && expected->data[i] == 0;

  /* "acceptable" are twist points and non-canonical encodings, which RFC 7748 takes, and
   * the zero results, which we refuse. */
  g_assert_cmpint (peerup_noise_dh (private_key->data, public_key->data, shared, NULL), ==, !zero);
  if (!zero)
    g_assert_cmpmem (shared, 32, expected->data, expected->len);
}

static void
test_wycheproof_x25519 (void)
{
  for_each_wycheproof ("wycheproof-x25519.json", wycheproof_x25519);
}

static void
test_hash (void)
{
  g_autoptr (GByteArray) abc = unhex ("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  guint8 digest[32];

  g_assert_true (peerup_noise_hash ("abc", 3, NULL, 0, digest, NULL));
  g_assert_cmpmem (digest, 32, abc->data, abc->len);
  g_assert_true (peerup_noise_hash ("a", 1, "bc", 2, digest, NULL));
  g_assert_cmpmem (digest, 32, abc->data, abc->len);
}

/* Computed with Python's hmac from Noise, section 4.3: HMAC (HMAC (ck, ikm), …). */
static void
test_hkdf (void)
{
  static const struct
  {
    const char *material, *first, *second;
  } rows[] = {
    { "input key material", "785dba36cff1fcf591f812fa0b2bade807af9e50d2a96caf28d3c9a285558549",
      "8b4e05ec153f03cf906c305b981902e2af26ae2966397bb43988c4ab28f3aae1" },
    { "", "1d7e0d6f1d9da2d68dabed53b5f88345f3fd01cb75411fbe5aa4293bd8f430d6",
      "3ed9b8035bbf370b8cfef7ff15007de45488e18660c84e3d996e8e6c658fa7f8" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) expected_first = unhex (rows[i].first);
      g_autoptr (GByteArray) expected_second = unhex (rows[i].second);
      guint8 key[32], second[32];

      for (guint k = 0; k < sizeof key; k++)
        key[k] = k;
      g_assert_true (peerup_noise_hkdf (key, rows[i].material, strlen (rows[i].material), key, second, NULL));
      g_assert_cmpmem (key, 32, expected_first->data, expected_first->len);
      g_assert_cmpmem (second, 32, expected_second->data, expected_second->len);
    }
}

/* Only the vectors of Noise's form: no info, two outputs at most, a salt that zeros extend
 * to a chaining key. */
static void
wycheproof_hkdf (JsonObject *group, JsonObject *vector)
{
  g_autoptr (GByteArray) salt = member_bytes (vector, "salt");
  g_autoptr (GByteArray) info = member_bytes (vector, "info");
  g_autoptr (GByteArray) ikm = member_bytes (vector, "ikm");
  g_autoptr (GByteArray) okm = member_bytes (vector, "okm");
  guint8 key[32] = { 0 };
  guint8 out[64];

  if (info->len > 0 || salt->len > sizeof key || okm->len > sizeof out ||
      !g_str_equal (json_object_get_string_member (vector, "result"), "valid"))
    return;

  if (salt->len > 0)
    memcpy (key, salt->data, salt->len);
  g_assert_true (peerup_noise_hkdf (key, ikm->data, ikm->len, out, out + 32, NULL));
  g_assert_cmpmem (out, okm->len, okm->data, okm->len);
}

static void
test_wycheproof_hkdf (void)
{
  for_each_wycheproof ("wycheproof-hkdf_sha256.json", wycheproof_hkdf);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/crypto/dh", test_dh);
  g_test_add_func ("/noise/crypto/dh-zero", test_dh_zero);
  g_test_add_func ("/noise/crypto/wycheproof-x25519", test_wycheproof_x25519);
  g_test_add_func ("/noise/crypto/hash", test_hash);
  g_test_add_func ("/noise/crypto/hkdf", test_hkdf);
  g_test_add_func ("/noise/crypto/wycheproof-hkdf", test_wycheproof_hkdf);
  return g_test_run ();
}
