/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The cipher state: its counter, its failures, and Wycheproof under a nonce of its form. */

#include <string.h>

#include "noise-vectors.h"
#include "transport/noise/peerup-noise-cipher.h"

static void
init_pair (PeerupNoiseCipher *a, PeerupNoiseCipher *b)
{
  guint8 key[32];

  memset (key, 7, sizeof key);
  *a = *b = (PeerupNoiseCipher) { NULL, 0 };
  g_assert_true (peerup_noise_cipher_set_key (a, key, NULL));
  g_assert_true (peerup_noise_cipher_set_key (b, key, NULL));
}

static void
test_in_place (void)
{
  PeerupNoiseCipher a, b;
  guint8 buffer[5 + 16];

  init_pair (&a, &b);
  for (guint i = 0; i < 3; i++)
    {
      memcpy (buffer, "hello", 5);
      g_assert_true (peerup_noise_cipher_encrypt (&a, "ad", 2, buffer, 5, buffer, NULL));
      g_assert_cmpint (memcmp (buffer, "hello", 5), !=, 0);
      g_assert_true (peerup_noise_cipher_decrypt (&b, "ad", 2, buffer, sizeof buffer, buffer, NULL));
      g_assert_cmpmem (buffer, 5, "hello", 5);
      g_assert_cmpuint (b.nonce, ==, i + 1);
    }
  peerup_noise_cipher_clear (&a);
  peerup_noise_cipher_clear (&b);
}

/* Known attack: nothing that fails may advance the counter. */
static void
test_nonce_not_advanced (void)
{
  PeerupNoiseCipher a, b;
  guint8 sealed[5 + 16], out[5 + 16];

  init_pair (&a, &b);
  g_assert_true (peerup_noise_cipher_encrypt (&a, NULL, 0, (const guint8 *) "hello", 5, sealed, NULL));

  for (guint i = 0; i < sizeof sealed; i++)
    {
      g_autoptr (GError) error = NULL;

      sealed[i] ^= 0x80;
      g_assert_false (peerup_noise_cipher_decrypt (&b, NULL, 0, sealed, sizeof sealed, out, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
      g_assert_cmpuint (b.nonce, ==, 0);
      sealed[i] ^= 0x80;
    }
  g_assert_false (peerup_noise_cipher_decrypt (&b, "ad", 2, sealed, sizeof sealed, out, NULL));
  g_assert_true (peerup_noise_cipher_decrypt (&b, NULL, 0, sealed, sizeof sealed, out, NULL));
  g_assert_false (peerup_noise_cipher_decrypt (&b, NULL, 0, sealed, sizeof sealed, out, NULL));
  g_assert_cmpuint (b.nonce, ==, 1);
  peerup_noise_cipher_clear (&a);
  peerup_noise_cipher_clear (&b);
}

static void
test_truncation (void)
{
  PeerupNoiseCipher a, b;
  guint8 sealed[5 + 16], out[5 + 16];

  init_pair (&a, &b);
  g_assert_true (peerup_noise_cipher_encrypt (&a, NULL, 0, (const guint8 *) "hello", 5, sealed, NULL));
  for (guint length = 0; length < sizeof sealed; length++)
    {
      g_autofree guint8 *copy = g_memdup2 (sealed, length);
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_noise_cipher_decrypt (&b, NULL, 0, copy, length, out, &error));
      g_assert_error (error, PEERUP_ERROR, (length < 16 ? PEERUP_ERROR_MALFORMED : PEERUP_ERROR_CRYPTO));
    }
  peerup_noise_cipher_clear (&a);
  peerup_noise_cipher_clear (&b);
}

static void
test_nonce_exhausted (void)
{
  PeerupNoiseCipher a, b;
  guint8 sealed[16], out[16];
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error_b = NULL;

  init_pair (&a, &b);
  a.nonce = b.nonce = G_MAXUINT64 - 1;
  g_assert_true (peerup_noise_cipher_encrypt (&a, NULL, 0, NULL, 0, sealed, NULL));
  g_assert_true (peerup_noise_cipher_decrypt (&b, NULL, 0, sealed, sizeof sealed, out, NULL));
  g_assert_false (peerup_noise_cipher_encrypt (&a, NULL, 0, NULL, 0, sealed, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_false (peerup_noise_cipher_decrypt (&b, NULL, 0, sealed, sizeof sealed, out, &error_b));
  g_assert_error (error_b, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (a.nonce, ==, G_MAXUINT64);
  peerup_noise_cipher_clear (&a);
  peerup_noise_cipher_clear (&b);
}

/* Vectors whose nonce begins with four zero bytes can be had by setting the counter; of the
 * others only the refusals say something about this layer. */
static void
wycheproof (JsonObject *group, JsonObject *vector)
{
  g_autoptr (GByteArray) key = member_bytes (vector, "key");
  g_autoptr (GByteArray) iv = member_bytes (vector, "iv");
  g_autoptr (GByteArray) aad = member_bytes (vector, "aad");
  g_autoptr (GByteArray) msg = member_bytes (vector, "msg");
  g_autoptr (GByteArray) sealed = member_bytes (vector, "ct");
  g_autoptr (GByteArray) tag = member_bytes (vector, "tag");
  gboolean valid = g_str_equal (json_object_get_string_member (vector, "result"), "valid");
  PeerupNoiseCipher cipher = { NULL, 0 };
  g_autofree guint8 *out = NULL;

  if (iv->len != 12 || key->len != 32 || memcmp (iv->data, "\0\0\0\0", 4) != 0)
    return;

  g_byte_array_append (sealed, tag->data, tag->len);
  out = g_malloc (sealed->len);
  g_assert_true (peerup_noise_cipher_set_key (&cipher, key->data, NULL));
  for (guint i = 0; i < 8; i++)
    cipher.nonce |= (guint64) iv->data[4 + i] << (8 * i);
  if (cipher.nonce == G_MAXUINT64)
    goto out;

  g_assert_cmpint (peerup_noise_cipher_decrypt (&cipher, aad->data, aad->len, sealed->data, sealed->len, out, NULL), ==,
                   valid);
  if (valid)
    {
      g_assert_cmpmem (out, msg->len, msg->data, msg->len);
      cipher.nonce--;
      g_assert_true (peerup_noise_cipher_encrypt (&cipher, aad->data, aad->len, msg->data, msg->len, out, NULL));
      g_assert_cmpmem (out, sealed->len, sealed->data, sealed->len);
    }

out:
  peerup_noise_cipher_clear (&cipher);
}

static void
test_wycheproof (void)
{
  for_each_wycheproof ("wycheproof-chacha20_poly1305.json", wycheproof);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/cipher/in-place", test_in_place);
  g_test_add_func ("/noise/cipher/nonce-not-advanced", test_nonce_not_advanced);
  g_test_add_func ("/noise/cipher/nonce-exhausted", test_nonce_exhausted);
  g_test_add_func ("/noise/cipher/truncation", test_truncation);
  g_test_add_func ("/noise/cipher/wycheproof", test_wycheproof);
  return g_test_run ();
}
