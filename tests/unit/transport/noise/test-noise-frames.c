/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Transport frames between two ciphers of one key: sizes, cuts, buffers that are short. */

#include <string.h>

#include "transport/noise/peerup-noise-frames.h"
#include "transport/noise/peerup-noise.h"

typedef struct
{
  PeerupNoiseCipher sending, receiving;
} Pair;

static void
pair_init (Pair *pair)
{
  guint8 key[32];

  memset (key, 9, sizeof key);
  *pair = (Pair) { 0 };
  g_assert_true (peerup_noise_cipher_set_key (&pair->sending, key, NULL));
  g_assert_true (peerup_noise_cipher_set_key (&pair->receiving, key, NULL));
}

static void
pair_clear (Pair *pair)
{
  peerup_noise_cipher_clear (&pair->sending);
  peerup_noise_cipher_clear (&pair->receiving);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static guint8 *
pattern (gsize length)
{
  guint8 *bytes = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    bytes[i] = i * 7 + i / 251;
  return bytes;
}

/* All of @plain, as one vector, into frames. */
static GByteArray *
seal (Pair *pair, const guint8 *plain, gsize length)
{
  GOutputVector vector = { plain, length };
  gsize frames = length / PEERUP_NOISE_PLAINTEXT_MAX + 1;
  GByteArray *out = g_byte_array_new ();
  gsize consumed, produced;

  g_byte_array_set_size (out, length + frames * PEERUP_NOISE_FRAME_OVERHEAD);
  g_assert_true (
    peerup_noise_frames_encrypt (&pair->sending, &vector, 1, out->data, out->len, &consumed, &produced, NULL));
  g_assert_cmpuint (consumed, ==, length);
  g_byte_array_set_size (out, produced);
  return out;
}

static void
test_round_trip (void)
{
  static const gsize lengths[] = { 1,
                                   2,
                                   PEERUP_NOISE_PLAINTEXT_MAX - 1,
                                   PEERUP_NOISE_PLAINTEXT_MAX,
                                   PEERUP_NOISE_PLAINTEXT_MAX + 1,
                                   3 * PEERUP_NOISE_PLAINTEXT_MAX + 5 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_auto (Pair) pair = { 0 };
      g_autofree guint8 *plain = pattern (lengths[i]);
      g_autofree guint8 *out = g_malloc (lengths[i]);
      g_autoptr (GByteArray) sealed = NULL;
      gsize frames = (lengths[i] + PEERUP_NOISE_PLAINTEXT_MAX - 1) / PEERUP_NOISE_PLAINTEXT_MAX;
      gsize consumed, produced;

      pair_init (&pair);
      sealed = seal (&pair, plain, lengths[i]);
      g_assert_cmpuint (sealed->len, ==, lengths[i] + frames * PEERUP_NOISE_FRAME_OVERHEAD);
      g_assert_cmpuint (peerup_noise_frame_size (sealed->data, sealed->len), <=, PEERUP_NOISE_FRAME_MAX);
      g_assert_true (peerup_noise_frames_decrypt (&pair.receiving, sealed->data, sealed->len, out, lengths[i],
                                                  &consumed, &produced, NULL));
      g_assert_cmpuint (consumed, ==, sealed->len);
      g_assert_cmpmem (out, produced, plain, lengths[i]);
    }
}

/* Vectors of any size make the same frames as one. */
static void
test_vectors (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *plain = pattern (70000);
  GOutputVector vectors[] = { { plain, 0 },         { plain, 1 }, { plain + 1, 65517 },
                              { plain + 65518, 2 }, { NULL, 0 },  { plain + 65520, 4480 },
                              { plain + 70000, 0 } };
  g_autofree guint8 *sealed = g_malloc (80000);
  g_autofree guint8 *out = g_malloc (70000);
  gsize consumed, produced, read, opened;

  pair_init (&pair);
  g_assert_true (peerup_noise_frames_encrypt (&pair.sending, vectors, G_N_ELEMENTS (vectors), sealed, 80000, &consumed,
                                              &produced, NULL));
  g_assert_cmpuint (consumed, ==, 70000);
  g_assert_cmpuint (produced, ==, 70000 + 2 * PEERUP_NOISE_FRAME_OVERHEAD);
  g_assert_true (peerup_noise_frames_decrypt (&pair.receiving, sealed, produced, out, 70000, &read, &opened, NULL));
  g_assert_cmpmem (out, opened, plain, 70000);
}

/* Whatever room there is, what is reported consumed is what was sealed. */
static void
test_short_output (void)
{
  static const guint8 plain[100];
  GOutputVector vector = { plain, sizeof plain };

  for (gsize capacity = 0; capacity < 130; capacity++)
    {
      g_auto (Pair) pair = { 0 };
      g_autofree guint8 *out = g_malloc (capacity);
      gsize consumed, produced;

      pair_init (&pair);
      g_assert_true (
        peerup_noise_frames_encrypt (&pair.sending, &vector, 1, out, capacity, &consumed, &produced, NULL));
      if (capacity <= PEERUP_NOISE_FRAME_OVERHEAD)
        g_assert_cmpuint (produced, ==, 0);
      else
        g_assert_cmpuint (produced, ==, consumed + PEERUP_NOISE_FRAME_OVERHEAD);
      g_assert_cmpuint (produced, <=, capacity);
      g_assert_cmpuint (pair.sending.nonce, ==, produced > 0);
    }
}

static void
test_nothing_to_send (void)
{
  g_auto (Pair) pair = { 0 };
  GOutputVector vector = { "", 0 };
  guint8 out[64];
  gsize consumed, produced;

  pair_init (&pair);
  g_assert_true (peerup_noise_frames_encrypt (&pair.sending, NULL, 0, out, sizeof out, &consumed, &produced, NULL));
  g_assert_cmpuint (produced, ==, 0);
  g_assert_true (peerup_noise_frames_encrypt (&pair.sending, &vector, 1, out, sizeof out, &consumed, &produced, NULL));
  g_assert_cmpuint (produced, ==, 0);
  g_assert_cmpuint (pair.sending.nonce, ==, 0);
}

/* Every prefix of two frames gives the whole frames in it, from an exact-size copy. */
static void
test_truncation (void)
{
  for (gsize length = 0; length <= 2 * 23; length++)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (GByteArray) first = NULL;
      g_autoptr (GByteArray) second = NULL;
      g_autofree guint8 *copy = NULL;
      guint8 out[10];
      gsize consumed, produced;

      pair_init (&pair);
      first = seal (&pair, (const guint8 *) "hello", 5);
      second = seal (&pair, (const guint8 *) "world", 5);
      g_byte_array_append (first, second->data, second->len);
      copy = g_memdup2 (first->data, length);
      g_assert_true (
        peerup_noise_frames_decrypt (&pair.receiving, copy, length, out, sizeof out, &consumed, &produced, NULL));
      g_assert_cmpuint (consumed, ==, length / 23 * 23);
      g_assert_cmpmem (out, produced, "helloworld", length / 23 * 5);
    }
}

/* A frame whose plaintext has no room waits, and the counter with it. */
static void
test_no_room (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GByteArray) sealed = NULL;
  guint8 out[5];
  gsize consumed, produced;

  pair_init (&pair);
  sealed = seal (&pair, (const guint8 *) "hello", 5);
  g_assert_true (
    peerup_noise_frames_decrypt (&pair.receiving, sealed->data, sealed->len, out, 4, &consumed, &produced, NULL));
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_cmpuint (pair.receiving.nonce, ==, 0);
  g_assert_true (
    peerup_noise_frames_decrypt (&pair.receiving, sealed->data, sealed->len, out, 5, &consumed, &produced, NULL));
  g_assert_cmpmem (out, produced, "hello", 5);
}

static void
test_in_place (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GByteArray) sealed = NULL;
  g_autoptr (GError) error = NULL;
  gsize length, consumed;
  guint8 *plain;

  pair_init (&pair);
  sealed = seal (&pair, (const guint8 *) "hello", 5);
  for (gsize cut = 0; cut < sealed->len; cut++)
    {
      g_assert_true (
        peerup_noise_frames_decrypt_in_place (&pair.receiving, sealed->data, cut, &plain, &length, &consumed, NULL));
      g_assert_cmpuint (consumed, ==, 0);
    }
  g_assert_true (peerup_noise_frames_decrypt_in_place (&pair.receiving, sealed->data, sealed->len, &plain, &length,
                                                       &consumed, NULL));
  g_assert_cmpuint (consumed, ==, 23);
  g_assert_cmpmem (plain, length, "hello", 5);
  g_assert_true (plain == sealed->data + 2);
}

/* An empty message is legal (Noise, section 3) and gives nothing; one shorter than a tag
 * is not. */
static void
test_small_frames (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GByteArray) sealed = NULL;
  g_autoptr (GError) error = NULL;
  guint8 bytes[18 + 23] = { 0, 16 };
  guint8 out[5];
  gsize consumed, produced;

  pair_init (&pair);
  g_assert_true (peerup_noise_cipher_encrypt (&pair.sending, NULL, 0, NULL, 0, bytes + 2, NULL));
  sealed = seal (&pair, (const guint8 *) "hello", 5);
  memcpy (bytes + 18, sealed->data, sealed->len);
  g_assert_true (
    peerup_noise_frames_decrypt (&pair.receiving, bytes, sizeof bytes, out, 5, &consumed, &produced, NULL));
  g_assert_cmpuint (consumed, ==, sizeof bytes);
  g_assert_cmpmem (out, produced, "hello", 5);

  for (guint size = 0; size < 16; size++)
    {
      g_clear_error (&error);
      bytes[1] = size;
      g_assert_false (
        peerup_noise_frames_decrypt (&pair.receiving, bytes, 2 + size, out, 5, &consumed, &produced, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/frames/round-trip", test_round_trip);
  g_test_add_func ("/noise/frames/vectors", test_vectors);
  g_test_add_func ("/noise/frames/short-output", test_short_output);
  g_test_add_func ("/noise/frames/nothing-to-send", test_nothing_to_send);
  g_test_add_func ("/noise/frames/truncation", test_truncation);
  g_test_add_func ("/noise/frames/no-room", test_no_room);
  g_test_add_func ("/noise/frames/in-place", test_in_place);
  g_test_add_func ("/noise/frames/small-frames", test_small_frames);
  return g_test_run ();
}
