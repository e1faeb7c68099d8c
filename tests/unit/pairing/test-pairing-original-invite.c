/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

/* The original's invite against values of the original's format, and against what no honest program sends. */

#include "pairing-bytes.h"
#include "pairing/peerup-original-invite.h"

#define JOINER_SCALAR  "1111111111111111111111111111111111111111111111111111111111111111"
#define JOINER_SHARE   "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13"
#define INVITER_SCALAR "2222222222222222222222222222222222222222222222222222222222222222"
#define INVITER_SHARE  "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20"
#define TOKEN          "0102030405060708"
#define KEY            "6f200ea6bebe3f05ffbc62184584c106119f4a76bc598ecad4c853e249ab3b3d"
/* "laptop" with 24 bytes of 0xaa, and "OK home" with 0xbb, as nonces. */
#define NAME_FRAME "002eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab7173ebc47f5008396bf395db6847bf166292069935d"
#define ANSWER_FRAME \
  "002fbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb9725b4d896137061722b209763620488bafdc2a7d76e9a"

static PeerupOriginalExchange *
exchange (const char *scalar)
{
  gsize length;
  g_autofree guint8 *bytes = bytes_from_hex (scalar, &length);

  return peerup_original_exchange_new (bytes);
}

static void
get_key (guint8 key[PEERUP_ORIGINAL_KEY_LENGTH])
{
  g_autoptr (PeerupOriginalExchange) joiner = exchange (JOINER_SCALAR);
  g_autoptr (GError) error = NULL;
  gsize length;
  g_autofree guint8 *share = bytes_from_hex (INVITER_SHARE, &length);
  g_autofree guint8 *token = bytes_from_hex (TOKEN, &length);

  g_assert_true (peerup_original_exchange_finish (joiner, share, &error));
  g_assert_no_error (error);
  peerup_original_exchange_get_key (joiner, token, key);
}

static void
test_key (void)
{
  g_autoptr (PeerupOriginalExchange) joiner = exchange (JOINER_SCALAR);
  g_autoptr (PeerupOriginalExchange) inviter = exchange (INVITER_SCALAR);
  g_autoptr (GError) error = NULL;
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH];
  gsize length;
  g_autofree guint8 *token = bytes_from_hex (TOKEN, &length);

  assert_hex (peerup_original_exchange_get_share (joiner), PEERUP_ORIGINAL_SHARE_LENGTH, JOINER_SHARE);
  assert_hex (peerup_original_exchange_get_share (inviter), PEERUP_ORIGINAL_SHARE_LENGTH, INVITER_SHARE);
  g_assert_true (peerup_original_exchange_finish (inviter, peerup_original_exchange_get_share (joiner), &error));
  peerup_original_exchange_get_key (inviter, token, key);
  assert_hex (key, sizeof key, KEY);
  get_key (key);
  assert_hex (key, sizeof key, KEY);
  /* Any other token makes any other key. */
  token[7] ^= 1;
  peerup_original_exchange_get_key (inviter, token, key);
  g_assert_cmpint (key[0], !=, 0x6f);
}

/* Two that draw their own. */
static void
test_random (void)
{
  g_autoptr (PeerupOriginalExchange) one = peerup_original_exchange_new (NULL);
  g_autoptr (PeerupOriginalExchange) other = peerup_original_exchange_new (NULL);
  guint8 one_key[PEERUP_ORIGINAL_KEY_LENGTH], other_key[PEERUP_ORIGINAL_KEY_LENGTH];
  const guint8 token[PEERUP_ORIGINAL_TOKEN_LENGTH] = { 9 };

  g_assert_cmpint (memcmp (peerup_original_exchange_get_share (one), peerup_original_exchange_get_share (other),
                           PEERUP_ORIGINAL_SHARE_LENGTH),
                   !=, 0);
  g_assert_true (peerup_original_exchange_finish (one, peerup_original_exchange_get_share (other), NULL));
  g_assert_true (peerup_original_exchange_finish (other, peerup_original_exchange_get_share (one), NULL));
  peerup_original_exchange_get_key (one, token, one_key);
  peerup_original_exchange_get_key (other, token, other_key);
  g_assert_cmpmem (one_key, sizeof one_key, other_key, sizeof other_key);
}

/* Row 28: the points of low order, with and without the highest bit, which X25519 does not look at. */
static void
test_low_order (void)
{
  static const char *const points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  };

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (PeerupOriginalExchange) joiner = exchange (JOINER_SCALAR);
      g_autoptr (GError) error = NULL;
      gsize length;
      g_autofree guint8 *share = bytes_from_hex (points[i], &length);

      g_assert_false (peerup_original_exchange_finish (joiner, share, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
    }
}

/* The others of CPace's Y0 to Y11 are of low order only to who looks at the highest bit; to X25519, and so to the
 * original, they are points like others, and the same on both sides. */
static void
test_high_bit (void)
{
  static const char *const points[] = {
    "daffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "dbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "d9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
    "4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
  };
  const guint8 token[PEERUP_ORIGINAL_TOKEN_LENGTH] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (points); i++)
    {
      g_autoptr (PeerupOriginalExchange) one = exchange (JOINER_SCALAR);
      g_autoptr (PeerupOriginalExchange) same = exchange (JOINER_SCALAR);
      guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], same_key[PEERUP_ORIGINAL_KEY_LENGTH];
      gsize length;
      g_autofree guint8 *share = bytes_from_hex (points[i], &length);

      g_assert_true (peerup_original_exchange_finish (one, share, NULL));
      peerup_original_exchange_get_key (one, token, key);
      share[31] &= 0x7f;
      g_assert_true (peerup_original_exchange_finish (same, share, NULL));
      peerup_original_exchange_get_key (same, token, same_key);
      g_assert_cmpmem (key, sizeof key, same_key, sizeof same_key);
    }
}

static void
test_frames (void)
{
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH], nonce[PEERUP_ORIGINAL_NONCE_LENGTH];
  g_autoptr (GBytes) name = NULL;
  g_autoptr (GBytes) text = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GBytes) opened = NULL;
  g_autoptr (GError) error = NULL;
  const guint8 *bytes;
  gsize length, rest;

  get_key (key);
  memset (nonce, 0xaa, sizeof nonce);
  name = peerup_original_frame_seal (key, nonce, "laptop", 6);
  assert_bytes_hex (name, NAME_FRAME);
  memset (nonce, 0xbb, sizeof nonce);
  text = peerup_original_answer_encode ("home");
  bytes = g_bytes_get_data (text, &length);
  answer = peerup_original_frame_seal (key, nonce, bytes, length);
  assert_bytes_hex (answer, ANSWER_FRAME);
  bytes = g_bytes_get_data (answer, &length);
  g_assert_true (peerup_original_frame_measure (bytes, &rest, &error));
  g_assert_cmpuint (rest, ==, length - PEERUP_ORIGINAL_FRAME_HEADER);
  opened = peerup_original_frame_open (key, bytes + PEERUP_ORIGINAL_FRAME_HEADER, rest, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), "OK home", 7);
}

static void
test_empty_name (void)
{
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH] = { 1 };
  g_autoptr (GBytes) frame = peerup_original_frame_seal (key, NULL, "", 0);
  g_autoptr (GBytes) opened = NULL;
  const guint8 *bytes = g_bytes_get_data (frame, NULL);

  g_assert_cmpuint (g_bytes_get_size (frame), ==, PEERUP_ORIGINAL_FRAME_HEADER + PEERUP_ORIGINAL_FRAME_MIN);
  opened = peerup_original_frame_open (key, bytes + PEERUP_ORIGINAL_FRAME_HEADER, PEERUP_ORIGINAL_FRAME_MIN, NULL);
  g_assert_nonnull (opened);
  g_assert_cmpuint (g_bytes_get_size (opened), ==, 0);
}

/* Row 28: the lengths of frames. */
static void
test_frame_lengths (void)
{
  static const struct
  {
    guint8 header[2];
    int code; /* -1: good */
  } cases[] = {
    { { 0, 0 }, PEERUP_ERROR_MALFORMED },
    { { 0, 1 }, PEERUP_ERROR_MALFORMED },
    { { 0, 23 }, PEERUP_ERROR_MALFORMED },
    { { 0, 39 }, PEERUP_ERROR_MALFORMED },
    { { 0, 40 }, -1 },
    { { 0x10, 0 }, -1 },
    { { 0x10, 1 }, PEERUP_ERROR_TOO_LARGE },
    { { 0xff, 0xff }, PEERUP_ERROR_TOO_LARGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gsize length = 0;
      gboolean good = peerup_original_frame_measure (cases[i].header, &length, &error);

      g_assert_cmpint (good, ==, cases[i].code == -1);
      if (good)
        g_assert_cmpuint (length, ==, cases[i].header[0] * 256u + cases[i].header[1]);
      else
        g_assert_error (error, PEERUP_ERROR, cases[i].code);
    }
}

/* Row 28: a token off by one bit, and a byte changed on the way, each of them. */
static void
test_changed (void)
{
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH];
  gsize length;
  g_autofree guint8 *frame = bytes_from_hex (NAME_FRAME, &length);

  get_key (key);
  for (gsize i = PEERUP_ORIGINAL_FRAME_HEADER; i < length; i++)
    {
      g_autoptr (GError) error = NULL;

      frame[i] ^= 0x10;
      g_assert_null (peerup_original_frame_open (key, frame + PEERUP_ORIGINAL_FRAME_HEADER,
                                                 length - PEERUP_ORIGINAL_FRAME_HEADER, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
      frame[i] ^= 0x10;
    }
  key[31] ^= 1;
  g_assert_null (peerup_original_frame_open (key, frame + PEERUP_ORIGINAL_FRAME_HEADER,
                                             length - PEERUP_ORIGINAL_FRAME_HEADER, NULL));
}

static gboolean
take_frame (const guint8 *bytes, gsize length)
{
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH];
  g_autoptr (GBytes) opened = NULL;

  get_key (key);
  opened = peerup_original_frame_open (key, bytes, length, NULL);
  return opened != NULL;
}

static void
test_cut_off (void)
{
  gsize length;
  g_autofree guint8 *frame = bytes_from_hex (NAME_FRAME, &length);

  g_assert_true (take_frame (frame + PEERUP_ORIGINAL_FRAME_HEADER, length - PEERUP_ORIGINAL_FRAME_HEADER));
  sweep_prefixes (frame + PEERUP_ORIGINAL_FRAME_HEADER, length - PEERUP_ORIGINAL_FRAME_HEADER, take_frame);
}

static void
test_answers (void)
{
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) strange = NULL;
  g_autoptr (GBytes) refusal = peerup_original_answer_encode_error ();
  g_autofree char *name = peerup_original_answer_parse ("OK my home ", 11, NULL);
  g_autofree char *bare = peerup_original_answer_parse ("OK", 2, NULL);

  g_assert_cmpstr (name, ==, "my home");
  g_assert_cmpstr (bare, ==, "");
  g_assert_cmpmem (g_bytes_get_data (refusal, NULL), g_bytes_get_size (refusal), "ERR server error", 16);
  g_assert_null (peerup_original_answer_parse ("ERR server error", 16, &refused));
  g_assert_error (refused, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_null (peerup_original_answer_parse ("O", 1, &strange));
  g_assert_error (strange, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_null (peerup_original_answer_parse ("", 0, NULL));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/original-invite/key", test_key);
  g_test_add_func ("/pairing/original-invite/random", test_random);
  g_test_add_func ("/pairing/original-invite/low-order", test_low_order);
  g_test_add_func ("/pairing/original-invite/high-bit", test_high_bit);
  g_test_add_func ("/pairing/original-invite/frames", test_frames);
  g_test_add_func ("/pairing/original-invite/empty-name", test_empty_name);
  g_test_add_func ("/pairing/original-invite/frame-lengths", test_frame_lengths);
  g_test_add_func ("/pairing/original-invite/changed", test_changed);
  g_test_add_func ("/pairing/original-invite/cut-off", test_cut_off);
  g_test_add_func ("/pairing/original-invite/answers", test_answers);
  return g_test_run ();
}
