/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The signed payload: literal bytes, the key types, and what must be refused. The
 * signatures below were made with Python's cryptography. */

#include <string.h>

#include "noise-vectors.h"
#include "transport/noise/peerup-noise-payload.h"
#include "transport/noise/peerup-noise.h"

/* X25519 public key of 32 bytes of 0x11. */
#define STATIC_PUBLIC "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13"

/* Identity of the seed of 32 bytes of 0x01. */
#define ED25519_KEY "080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define ED25519_SIG                                                                                                    \
  "d70f1912caf307a7b2eddcf6754d5a8e7fb08c88e8377575a7ba528d77eb09b8547dc2c58ee595c9abe63e94c84d02834bb01afff5b9551362" \
  "a025fe5becc002"

#define ECDSA_KEY                                                                                                      \
  "0803125b3059301306072a8648ce3d020106082a8648ce3d03010703420004e51ad36bf707fb57285490084df71bda6edac9e79b585abbaeb4" \
  "d3dc016aa457df987dfc97bd106ca4a3d9335e5807f8619182026d4a71e86b1cb60c62267adb"
#define ECDSA_SIG                                                                                                      \
  "3045022065b054b3ea5362c8cdaa1a118e442520e3bf0ad346bc553917cfd43ec31d124a022100f1fb5df7bf36006963f8fd137f93c7be1676" \
  "2ba5cfb69799da179d40835f07f6"

#define RSA_KEY                                                                                                        \
  "080012a60230820122300d06092a864886f70d01010105000382010f003082010a0282010100c81e6fd9363b379c0bef3c973f3df9a3057adc" \
  "5e4a6ce1231faa8ece0f715f0f475760f7154b720410bbb9c2dc0a554976b8431769afb7d5762a4b1e4c88da08327c4d092c627f39cb16b065" \
  "776f60666c6b63c4ba2b449ddf3728b07cbd358464a7a923c6e6592f663cb7d7a8ff3a231294b51b02fa135ddf2b7bbbdd035e9a163ec5b7c0" \
  "21a1115d278f0a5a79b10ee9cbf812b20c3f3bf7e052240b6bd708d479d280d73c5af33a084a75c72cf1c4bd2457cf8eb855a5665649cf9eb3" \
  "2a5ea597e61980092970b5da9ea039e47857110a34dafe30743b17dd5cfc96ffa069e57606b2d670a0815d0599025ee5a4baa28e1ba4103df6" \
  "e900a7777b0e5474270203010001"
#define RSA_SIG                                                                                                        \
  "3dac5e4549c5f13ef61abc402c62573f70cae463ef7ed2cd611261a830305aad8876bc8629d08301107e4104d34ba9d64fe72df514a3104628" \
  "33edfd6b2620c527e19a59e2a6d6acfdb025ddaed5127edd2f762c24ced73785cabf861d8493bd9b205833528e0f44fb8d43e375bccc332f45" \
  "5b470a304a81da8ff6a811e6f1957f0aff86ce3b0de9847d410715edf21bebf6e5370fd6fc11f3b2511c4adad21c46f35017c738b23b5b7f69" \
  "1c4d7df657ccfc631ae558591822d540d2b6909ec168fe7c5fe46eb45b9b351064c60a5a9ad76c34b6b6940fc72d4b0394b917857d19a94703" \
  "c0da38525256dbd0cfaef3891d2c37b5a642bb66df9a2f6cbf7a824b"

static const char yamux_extension[] = "\x22\x0e\x12\x0c/yamux/1.0.0";

/* One length-delimited field. */
static void
append_field (GByteArray *out, guint number, gconstpointer data, gsize length)
{
  guint8 head[3] = { number << 3 | 2, (length & 0x7f) | (length > 0x7f ? 0x80 : 0), length >> 7 };

  g_assert_cmpuint (length, <, 1 << 14);
  g_byte_array_append (out, head, length > 0x7f ? 3 : 2);
  g_byte_array_append (out, data, length);
}

static GByteArray *
make_payload (GByteArray *key, GByteArray *signature)
{
  GByteArray *out = g_byte_array_new ();

  append_field (out, 1, key->data, key->len);
  append_field (out, 2, signature->data, signature->len);
  return out;
}

/* From an exact-size copy; STATIC_PUBLIC is what must be signed. */
static PeerupPublicKey *
open_payload (GByteArray *payload, GStrv *muxers, GError **error)
{
  g_autoptr (GByteArray) static_public = unhex (STATIC_PUBLIC);
  g_autofree guint8 *copy = g_memdup2 (payload->data, payload->len);

  *muxers = NULL;
  return peerup_noise_payload_open (copy, payload->len, static_public->data, muxers, error);
}

static void
assert_refused (GByteArray *payload, int code)
{
  g_auto (GStrv) muxers = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (open_payload (payload, &muxers, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_null (muxers);
}

static void
test_golden (void)
{
  static const char *const muxers[] = { "/yamux/1.0.0", NULL };
  g_autoptr (GByteArray) static_public = unhex (STATIC_PUBLIC);
  g_autoptr (GByteArray) expected = unhex ("0a24" ED25519_KEY "1240" ED25519_SIG);
  g_autoptr (PeerupPrivateKey) identity = NULL;
  g_autoptr (GBytes) bare = NULL;
  g_autoptr (GBytes) extended = NULL;
  guint8 seed[32];

  memset (seed, 1, sizeof seed);
  identity = peerup_private_key_new_from_seed (seed, NULL);
  bare = peerup_noise_payload_pack (identity, static_public->data, NULL, NULL);
  g_assert_cmpmem (g_bytes_get_data (bare, NULL), g_bytes_get_size (bare), expected->data, expected->len);

  extended = peerup_noise_payload_pack (identity, static_public->data, muxers, NULL);
  g_byte_array_append (expected, (const guint8 *) yamux_extension, sizeof yamux_extension - 1);
  g_assert_cmpmem (g_bytes_get_data (extended, NULL), g_bytes_get_size (extended), expected->data, expected->len);
}

static void
test_key_types (void)
{
  static const struct
  {
    PeerupKeyType type;
    const char *key, *signature;
  } rows[] = {
    { PEERUP_KEY_ED25519, ED25519_KEY, ED25519_SIG },
    { PEERUP_KEY_ECDSA, ECDSA_KEY, ECDSA_SIG },
    { PEERUP_KEY_RSA, RSA_KEY, RSA_SIG },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) key = unhex (rows[i].key);
      g_autoptr (GByteArray) signature = unhex (rows[i].signature);
      g_autoptr (GByteArray) payload = make_payload (key, signature);
      g_autoptr (PeerupPublicKey) opened = NULL;
      g_auto (GStrv) muxers = NULL;
      g_autoptr (GError) error = NULL;

      opened = open_payload (payload, &muxers, &error);
      g_assert_no_error (error);
      g_assert_cmpint (peerup_public_key_get_key_type (opened), ==, rows[i].type);
      g_assert_null (muxers);
    }
}

/* Known attacks. */
static void
test_bad_signatures (void)
{
  static const guint8 order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                    0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) good = unhex (ED25519_SIG);

  for (guint row = 0; row < 6; row++)
    {
      g_autoptr (GByteArray) signature = g_byte_array_new ();
      g_autoptr (GByteArray) payload = NULL;
      guint carry = 0;

      g_byte_array_append (signature, good->data, good->len);
      switch (row)
        {
        case 0: /* all zero */
          memset (signature->data, 0, signature->len);
          break;
        case 1:
          g_byte_array_set_size (signature, 63);
          break;
        case 2:
          g_byte_array_append (signature, (const guint8 *) "", 1);
          break;
        case 3:
          g_byte_array_set_size (signature, 0);
          break;
        case 4: /* S + L: the same signature to a careless verifier */
          for (guint i = 0; i < 32; i++)
            {
              carry += signature->data[32 + i] + order[i];
              signature->data[32 + i] = carry & 0xff;
              carry >>= 8;
            }
          g_assert_cmpuint (carry, ==, 0);
          break;
        default: /* of another key */
          signature->data[0] ^= 1;
          break;
        }
      payload = make_payload (key, signature);
      assert_refused (payload, PEERUP_ERROR_CRYPTO);
    }
}

/* A right signature, but of another static key. */
static void
test_other_static_key (void)
{
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) signature = unhex (ED25519_SIG);
  g_autoptr (GByteArray) payload = make_payload (key, signature);
  g_autoptr (GByteArray) other = unhex (STATIC_PUBLIC);
  g_auto (GStrv) muxers = NULL;
  g_autoptr (GError) error = NULL;

  other->data[31] ^= 0x80; /* the bit that X25519 ignores */
  g_assert_null (peerup_noise_payload_open (payload->data, payload->len, other->data, &muxers, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
}

/* Known attack: an RSA key of 16,384 bits is refused by its size. */
static void
test_oversized_rsa (void)
{
  g_autoptr (GByteArray) signature = unhex (RSA_SIG);
  g_autoptr (GByteArray) key = unhex ("080012a610"
                                      "30820822300d06092a864886f70d01010105000382080f003082080a0282080100");
  g_autoptr (GByteArray) payload = NULL;
  guint8 odd = 0xff;

  while (key->len < 5 + 0x826 - 5)
    g_byte_array_append (key, &odd, 1);
  g_byte_array_append (key, (const guint8 *) "\x02\x03\x01\x00\x01", 5);
  payload = make_payload (key, signature);
  assert_refused (payload, PEERUP_ERROR_TOO_LARGE);
}

static void
test_secp256k1 (void)
{
  g_autoptr (GByteArray) key = unhex ("08021221"
                                      "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
  g_autoptr (GByteArray) signature = unhex (ECDSA_SIG);
  g_autoptr (GByteArray) payload = make_payload (key, signature);
  g_auto (GStrv) muxers = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (open_payload (payload, &muxers, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "secp256k1"));
}

static void
test_incomplete (void)
{
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) signature = unhex (ED25519_SIG);
  g_autoptr (GByteArray) no_key = g_byte_array_new ();
  g_autoptr (GByteArray) no_signature = g_byte_array_new ();
  g_autoptr (GByteArray) empty = g_byte_array_new ();

  append_field (no_key, 2, signature->data, signature->len);
  append_field (no_signature, 1, key->data, key->len);
  assert_refused (no_key, PEERUP_ERROR_MALFORMED);
  assert_refused (no_signature, PEERUP_ERROR_MALFORMED);
  assert_refused (empty, PEERUP_ERROR_MALFORMED);
}

/* Each prefix either lacks something or is whole without its tail. */
static void
test_truncation (void)
{
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) signature = unhex (ED25519_SIG);
  g_autoptr (GByteArray) payload = make_payload (key, signature);
  gsize whole = payload->len;

  g_byte_array_append (payload, (const guint8 *) yamux_extension, sizeof yamux_extension - 1);
  for (gsize length = payload->len; length-- > 0;)
    {
      g_autoptr (PeerupPublicKey) opened = NULL;
      g_auto (GStrv) muxers = NULL;
      g_autoptr (GError) error = NULL;

      g_byte_array_set_size (payload, length);
      opened = open_payload (payload, &muxers, &error);
      g_assert_cmpint (opened != NULL, ==, length == whole);
      if (opened == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* Opens a good payload with @n_muxers names and returns what is read. */
static GStrv
read_muxers (guint n_muxers)
{
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) signature = unhex (ED25519_SIG);
  g_autoptr (GByteArray) payload = make_payload (key, signature);
  g_autoptr (GByteArray) extensions = g_byte_array_new ();
  g_autoptr (PeerupPublicKey) opened = NULL;
  GStrv muxers;

  for (guint i = 0; i < n_muxers; i++)
    {
      g_autofree char *name = g_strdup_printf ("/muxer/%u", i);

      append_field (extensions, 2, name, strlen (name));
    }
  append_field (payload, 4, extensions->data, extensions->len);
  opened = open_payload (payload, &muxers, NULL);
  g_assert_nonnull (opened);
  return muxers;
}

static void
test_muxers (void)
{
  g_auto (GStrv) none = read_muxers (0);
  g_auto (GStrv) most = read_muxers (PEERUP_NOISE_MUXERS_MAX);
  g_auto (GStrv) too_many = read_muxers (PEERUP_NOISE_MUXERS_MAX + 1);

  g_assert_null (none);
  g_assert_cmpuint (g_strv_length (most), ==, PEERUP_NOISE_MUXERS_MAX);
  g_assert_cmpstr (most[99], ==, "/muxer/99");
  g_assert_null (too_many);
}

/* Names that are not text, the retired field 3, WebTransport's list and fields unknown to
 * us change nothing. */
static void
test_ignored (void)
{
  g_autoptr (GByteArray) key = unhex (ED25519_KEY);
  g_autoptr (GByteArray) signature = unhex (ED25519_SIG);
  g_autoptr (GByteArray) payload = make_payload (key, signature);
  g_autoptr (GByteArray) extensions = g_byte_array_new ();
  g_autoptr (PeerupPublicKey) opened = NULL;
  g_auto (GStrv) muxers = NULL;

  append_field (extensions, 1, "hash", 4);
  append_field (extensions, 2, "/yamux/1.0.0\0x", 14);
  append_field (extensions, 2, "\xff\xfe", 2);
  append_field (extensions, 2, "/b", 2);
  append_field (extensions, 9, "new", 3);
  append_field (payload, 3, "early data", 10);
  append_field (payload, 4, extensions->data, extensions->len);
  append_field (payload, 15, "newer", 5);
  opened = open_payload (payload, &muxers, NULL);
  g_assert_nonnull (opened);
  g_assert_cmpuint (g_strv_length (muxers), ==, 1);
  g_assert_cmpstr (muxers[0], ==, "/b");
}

/* Known attack, as far as it reaches here. */
static void
test_bad_protobuf (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
  } rows[] = {
    { "\x0a\xff\xff\xff\xff\x07xyz", 9 },                       /* 2^31 - 1 bytes declared */
    { "\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12 }, /* 11-byte varint */
    { "\x0b\x0c", 2 },                                          /* a group */
    { "\x02\x01x", 3 },                                         /* field 0 */
    { "\x08\x01", 2 },                                          /* identity_key as a number */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GByteArray) payload = g_byte_array_new ();

      g_byte_array_append (payload, (const guint8 *) rows[i].bytes, rows[i].length);
      assert_refused (payload, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/payload/golden", test_golden);
  g_test_add_func ("/noise/payload/key-types", test_key_types);
  g_test_add_func ("/noise/payload/bad-signatures", test_bad_signatures);
  g_test_add_func ("/noise/payload/other-static-key", test_other_static_key);
  g_test_add_func ("/noise/payload/oversized-rsa", test_oversized_rsa);
  g_test_add_func ("/noise/payload/secp256k1", test_secp256k1);
  g_test_add_func ("/noise/payload/incomplete", test_incomplete);
  g_test_add_func ("/noise/payload/truncation", test_truncation);
  g_test_add_func ("/noise/payload/muxers", test_muxers);
  g_test_add_func ("/noise/payload/ignored", test_ignored);
  g_test_add_func ("/noise/payload/bad-protobuf", test_bad_protobuf);
  return g_test_run ();
}
