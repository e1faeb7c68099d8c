/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* CPace against the vectors of draft-irtf-cfrg-cpace (ristretto255 and SHA-512), and against what must not work. */

#include <sodium.h>

#include "pairing/peerup-cpace.h"

/* The draft's appendix B.3. */
#define PASSWORD "Password"
#define CHANNEL \
  "\x0b"        \
  "A_initiator" \
  "\x0b"        \
  "B_responder"
#define SESSION  "7e4b4791d6a8ef019b936c79fb7f2c57"
#define SCALAR_A "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
#define SHARE_A  "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"
#define SCALAR_B "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
#define SHARE_B  "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"
#define KEY                                                                                                          \
  "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c" \
  "3fa2068af7900447"
#define VALID_SCALAR  "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"
#define VALID_SHARE   "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"
#define VALID_POINT   "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"
#define INVALID_SHARE "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"
#define NEUTRAL_SHARE "0000000000000000000000000000000000000000000000000000000000000000"
/* Not canonical: p and above, the sign bit set, negative. */
#define SHARE_P        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
#define SHARE_TOP      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define SHARE_NEGATIVE "0100000000000000000000000000000000000000000000000000000000000000"

static GBytes *
from_hex (const char *hex)
{
  gsize length = strlen (hex) / 2;
  guint8 *bytes = g_malloc (length + 1);
  int result = sodium_hex2bin (bytes, length + 1, hex, strlen (hex), NULL, &length, NULL);

  g_assert_cmpint (result, ==, 0);
  return g_bytes_new_take (bytes, length);
}

static const guint8 *
data_of (GBytes *bytes)
{
  return g_bytes_get_data (bytes, NULL);
}

static void
assert_hex (const guint8 *bytes, gsize length, const char *hex)
{
  g_autoptr (GBytes) expected = from_hex (hex);

  g_assert_cmpmem (bytes, length, data_of (expected), g_bytes_get_size (expected));
}

static PeerupCpace *
make (const char *password, const char *channel, gsize channel_length, const char *session, gboolean initiator,
      const char *data, const char *scalar)
{
  g_autoptr (GBytes) prs = g_bytes_new (password, strlen (password)), ci = g_bytes_new (channel, channel_length);
  g_autoptr (GBytes) sid = from_hex (session), ad = g_bytes_new (data, strlen (data));
  g_autoptr (GBytes) number = scalar != NULL ? from_hex (scalar) : NULL;

  return peerup_cpace_new (prs, ci, sid, initiator, ad, number != NULL ? data_of (number) : NULL);
}

static PeerupCpace *
make_a (const char *scalar)
{
  return make (PASSWORD, CHANNEL, strlen (CHANNEL), SESSION, TRUE, "ADa", scalar);
}

static PeerupCpace *
make_b (const char *scalar)
{
  return make (PASSWORD, CHANNEL, strlen (CHANNEL), SESSION, FALSE, "ADb", scalar);
}

static gboolean
finish (PeerupCpace *self, const guint8 *share, const char *data, GError **error)
{
  g_autoptr (GBytes) ad = g_bytes_new (data, strlen (data));

  return peerup_cpace_finish (self, share, ad, error);
}

/* Both sides hear each other. */
static void
exchange (PeerupCpace *a, PeerupCpace *b)
{
  g_autoptr (GError) error = NULL;
  gboolean good = finish (a, peerup_cpace_get_share (b), "ADb", &error);

  g_assert_no_error (error);
  g_assert_true (good);
  good = finish (b, peerup_cpace_get_share (a), "ADa", &error);
  g_assert_no_error (error);
  g_assert_true (good);
}

static void
assert_strangers (PeerupCpace *a, PeerupCpace *b)
{
  guint8 tag[PEERUP_CPACE_TAG_LENGTH];

  exchange (a, b);
  g_assert_true (memcmp (peerup_cpace_get_key (a), peerup_cpace_get_key (b), PEERUP_CPACE_KEY_LENGTH) != 0);
  peerup_cpace_get_tag (a, tag);
  g_assert_false (peerup_cpace_check_tag (b, tag));
  peerup_cpace_get_tag (b, tag);
  g_assert_false (peerup_cpace_check_tag (a, tag));
}

static void
test_vectors (void)
{
  g_autoptr (PeerupCpace) a = make_a (SCALAR_A), b = make_b (SCALAR_B);

  assert_hex (peerup_cpace_get_share (a), PEERUP_CPACE_SHARE_LENGTH, SHARE_A);
  assert_hex (peerup_cpace_get_share (b), PEERUP_CPACE_SHARE_LENGTH, SHARE_B);
  exchange (a, b);
  assert_hex (peerup_cpace_get_key (a), PEERUP_CPACE_KEY_LENGTH, KEY);
  assert_hex (peerup_cpace_get_key (b), PEERUP_CPACE_KEY_LENGTH, KEY);
}

/* The draft's section on key confirmation, written down once more. */
static void
test_tags (void)
{
  g_autoptr (PeerupCpace) a = make_a (SCALAR_A), b = make_b (SCALAR_B);
  g_autoptr (GBytes) session = from_hex (SESSION), key = from_hex (KEY), share = from_hex (SHARE_A);
  g_autoptr (GByteArray) input = g_byte_array_new ();
  guint8 mac_key[crypto_hash_sha512_BYTES], expected[PEERUP_CPACE_TAG_LENGTH], tag[PEERUP_CPACE_TAG_LENGTH];
  crypto_auth_hmacsha512_state mac;

  exchange (a, b);
  g_byte_array_append (input, (const guint8 *) "CPaceMac", 8);
  g_byte_array_append (input, data_of (session), 16);
  g_byte_array_append (input, data_of (key), 64);
  crypto_hash_sha512 (mac_key, input->data, input->len);
  g_byte_array_set_size (input, 0);
  g_byte_array_append (input, (const guint8 *) "\x20", 1);
  g_byte_array_append (input, data_of (share), 32);
  g_byte_array_append (input,
                       (const guint8 *) "\x03"
                                        "ADa",
                       4);
  crypto_auth_hmacsha512_init (&mac, mac_key, sizeof mac_key);
  crypto_auth_hmacsha512_update (&mac, input->data, input->len);
  crypto_auth_hmacsha512_final (&mac, expected);

  peerup_cpace_get_tag (a, tag);
  g_assert_cmpmem (tag, sizeof tag, expected, sizeof expected);
  g_assert_true (peerup_cpace_check_tag (b, tag));
  g_assert_false (peerup_cpace_check_tag (a, tag));
  for (guint i = 0; i < sizeof tag * 8; i++)
    {
      tag[i / 8] ^= 1 << i % 8;
      g_assert_false (peerup_cpace_check_tag (b, tag));
      tag[i / 8] ^= 1 << i % 8;
    }
}

/* G.scalar_mult_vfy: the point is seen through the key, by the formula of ISK. */
static void
test_valid_point (void)
{
  g_autoptr (PeerupCpace) a = make_a (VALID_SCALAR);
  g_autoptr (GBytes) session = from_hex (SESSION), share = from_hex (VALID_SHARE), point = from_hex (VALID_POINT);
  g_autoptr (GByteArray) input = g_byte_array_new ();
  guint8 key[PEERUP_CPACE_KEY_LENGTH];

  g_assert_true (finish (a, data_of (share), "ADb", NULL));
  g_byte_array_append (input,
                       (const guint8 *) "\x15"
                                        "CPaceRistretto255_ISK"
                                        "\x10",
                       23);
  g_byte_array_append (input, data_of (session), 16);
  g_byte_array_append (input, (const guint8 *) "\x20", 1);
  g_byte_array_append (input, data_of (point), 32);
  g_byte_array_append (input, (const guint8 *) "\x20", 1);
  g_byte_array_append (input, peerup_cpace_get_share (a), 32);
  g_byte_array_append (input,
                       (const guint8 *) "\x03"
                                        "ADa"
                                        "\x20",
                       5);
  g_byte_array_append (input, data_of (share), 32);
  g_byte_array_append (input,
                       (const guint8 *) "\x03"
                                        "ADb",
                       4);
  crypto_hash_sha512 (key, input->data, input->len);
  g_assert_cmpmem (peerup_cpace_get_key (a), PEERUP_CPACE_KEY_LENGTH, key, sizeof key);
}

/* PROTOCOLS 4 row 28: low order, neutral and invalid points end the run. */
static void
test_invalid_points (void)
{
  const char *const shares[] = { INVALID_SHARE, NEUTRAL_SHARE, SHARE_P, SHARE_TOP, SHARE_NEGATIVE };

  for (guint i = 0; i < G_N_ELEMENTS (shares); i++)
    {
      g_autoptr (PeerupCpace) a = make_a (VALID_SCALAR), b = make_b (NULL);
      g_autoptr (GBytes) share = from_hex (shares[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (finish (a, data_of (share), "ADb", &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
      g_assert_false (finish (b, data_of (share), "ADa", NULL));
    }
}

/* Somebody who sends our own share back would have our own tag to send back, too. */
static void
test_own_share (void)
{
  g_autoptr (PeerupCpace) a = make_a (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (finish (a, peerup_cpace_get_share (a), "ADa", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
}

static void
test_differences (void)
{
  g_autoptr (PeerupCpace) a1 = make_a (NULL), a2 = make_a (NULL), a3 = make_a (NULL), a4 = make_a (NULL);
  g_autoptr (PeerupCpace) password = make ("Passwort", CHANNEL, strlen (CHANNEL), SESSION, FALSE, "ADb", NULL);
  g_autoptr (PeerupCpace) channel = make (PASSWORD, CHANNEL, strlen (CHANNEL) - 1, SESSION, FALSE, "ADb", NULL);
  g_autoptr (PeerupCpace) session =
    make (PASSWORD, CHANNEL, strlen (CHANNEL), "7e4b4791d6a8ef019b936c79fb7f2c58", FALSE, "ADb", NULL);
  g_autoptr (PeerupCpace) role = make (PASSWORD, CHANNEL, strlen (CHANNEL), SESSION, TRUE, "ADb", NULL);

  assert_strangers (a1, password);
  assert_strangers (a2, channel);
  assert_strangers (a3, session);
  assert_strangers (a4, role);
}

static void
test_data_differs (void)
{
  g_autoptr (PeerupCpace) a = make_a (NULL), b = make_b (NULL);
  guint8 tag[PEERUP_CPACE_TAG_LENGTH];

  g_assert_true (finish (a, peerup_cpace_get_share (b), "ADb", NULL));
  g_assert_true (finish (b, peerup_cpace_get_share (a), "ADA", NULL));
  peerup_cpace_get_tag (a, tag);
  g_assert_false (peerup_cpace_check_tag (b, tag));
}

/* Each run is its own, whatever the length of its strings: around the hash's block, and with two bytes of LEB128. */
static void
test_lengths (void)
{
  const gsize lengths[] = { 0, 1, 16, 107, 108, 109, 127, 128, 129, 300, 20000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *password = g_strnfill (lengths[i], 'x');
      g_autoptr (PeerupCpace) a = make (password, "c", 1, SESSION, TRUE, "ADa", NULL);
      g_autoptr (PeerupCpace) b = make (password, "c", 1, SESSION, FALSE, "ADb", NULL);

      exchange (a, b);
      g_assert_cmpmem (peerup_cpace_get_key (a), PEERUP_CPACE_KEY_LENGTH, peerup_cpace_get_key (b),
                       PEERUP_CPACE_KEY_LENGTH);
    }
}

static void
test_fresh (void)
{
  g_autoptr (PeerupCpace) one = make_a (NULL), two = make_a (NULL);

  g_assert_true (memcmp (peerup_cpace_get_share (one), peerup_cpace_get_share (two), 32) != 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (sodium_init () < 0)
    return 1;
  g_test_add_func ("/pairing/cpace/vectors", test_vectors);
  g_test_add_func ("/pairing/cpace/tags", test_tags);
  g_test_add_func ("/pairing/cpace/valid-point", test_valid_point);
  g_test_add_func ("/pairing/cpace/row-28/invalid-points", test_invalid_points);
  g_test_add_func ("/pairing/cpace/own-share", test_own_share);
  g_test_add_func ("/pairing/cpace/differences", test_differences);
  g_test_add_func ("/pairing/cpace/data-differs", test_data_differs);
  g_test_add_func ("/pairing/cpace/lengths", test_lengths);
  g_test_add_func ("/pairing/cpace/fresh", test_fresh);
  return g_test_run ();
}
