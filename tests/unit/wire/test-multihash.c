/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-multihash.h"

#include "wire-test.h"

/* SHA-256 of "abc" (FIPS 180-2). */
#define ABC "1220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  PeerupMultihash multihash;

  return peerup_multihash_parse (data, length, &multihash, error);
}

static void
test_sha256 (void)
{
  g_autoptr (GByteArray) made = g_byte_array_new ();
  g_autoptr (GBytes) expected = wire_hex (ABC);
  g_autoptr (GError) error = NULL;
  PeerupMultihash multihash;

  peerup_multihash_append_sha256 (made, "abc", 3);
  g_assert_cmpmem (made->data, made->len, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));

  g_assert_true (peerup_multihash_parse (made->data, made->len, &multihash, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (multihash.code, ==, PEERUP_MULTIHASH_SHA2_256);
  g_assert_cmpmem (multihash.digest, multihash.length, made->data + 2, PEERUP_SHA256_SIZE);
}

static void
test_identity (void)
{
  g_autoptr (GByteArray) made = g_byte_array_new ();
  PeerupMultihash multihash;

  peerup_multihash_append (made, PEERUP_MULTIHASH_IDENTITY, "abc", 3);
  g_assert_cmpmem (made->data, made->len,
                   "\x00\x03"
                   "abc",
                   5);
  g_assert_true (peerup_multihash_parse (made->data, made->len, &multihash, NULL));
  g_assert_cmpuint (multihash.code, ==, PEERUP_MULTIHASH_IDENTITY);
  g_assert_cmpmem (multihash.digest, multihash.length, "abc", 3);
}

static void
test_other_codes (void)
{
  PeerupMultihash multihash;

  g_assert_true (peerup_multihash_parse ("\xd5\x01\x01x", 4, &multihash, NULL));
  g_assert_cmpuint (multihash.code, ==, 0xd5);
  g_assert_cmpmem (multihash.digest, multihash.length, "x", 1);
}

static void
test_truncation (void)
{
  g_autoptr (GBytes) whole = wire_hex (ABC);

  g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (whole, NULL), g_bytes_get_size (whole)), ==, 0);
  wire_flip (decode, g_bytes_get_data (whole, NULL), g_bytes_get_size (whole));
}

static void
test_malformed (void)
{
  static const char *const bad[] = {
    "",       /* nothing */
    "00",     /* no length */
    ABC "00", /* a byte too many */
    "121f"
    "00000000000000000000000000000000000000000000000000000000000000", /* 31 bytes of sha2-256 */
    "1200",                                                           /* none */
    "9200"
    "01"
    "00", /* padded code */
    "00"
    "8100"
    "00",                     /* padded length */
    "00ffffffffffffffffff01", /* endless length */
    "00ffffffffffffffff7f00", /* length near 2 to the power of 63 */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    wire_assert_error (decode, bad[i], PEERUP_ERROR_MALFORMED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/multihash/sha256", test_sha256);
  g_test_add_func ("/wire/multihash/identity", test_identity);
  g_test_add_func ("/wire/multihash/other-codes", test_other_codes);
  g_test_add_func ("/wire/multihash/truncation", test_truncation);
  g_test_add_func ("/wire/multihash/malformed", test_malformed);
  return g_test_run ();
}
