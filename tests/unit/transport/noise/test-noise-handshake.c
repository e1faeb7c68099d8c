/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The pure XX handshake against the published vectors of two other implementations. */

#include <string.h>

#include "noise-vectors.h"
#include "transport/noise/peerup-noise-handshake.h"

static void
init_from_vector (PeerupNoiseHandshake *handshake, JsonObject *vector, gboolean initiator)
{
  g_autoptr (GByteArray) prologue = member_bytes (vector, initiator ? "init_prologue" : "resp_prologue");
  g_autoptr (GByteArray) fixed = member_bytes (vector, initiator ? "init_static" : "resp_static");
  g_autoptr (GByteArray) ephemeral = member_bytes (vector, initiator ? "init_ephemeral" : "resp_ephemeral");

  g_assert_true (peerup_noise_handshake_init (handshake, initiator, prologue->data, prologue->len, fixed->data,
                                              ephemeral->data, NULL));
}

static void
check_handshake_message (PeerupNoiseHandshake *from, PeerupNoiseHandshake *to, GByteArray *payload,
                         GByteArray *expected)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree guint8 *copy = NULL;
  g_autofree guint8 *read = NULL;
  gsize length;

  g_assert_true (peerup_noise_handshake_write (from, payload->data, payload->len, out, NULL));
  g_assert_cmpmem (out->data, out->len, expected->data, expected->len);

  copy = g_memdup2 (out->data, out->len);
  read = g_malloc (out->len);
  g_assert_true (peerup_noise_handshake_read (to, copy, out->len, read, &length, NULL));
  g_assert_cmpmem (read, length, payload->data, payload->len);
}

static void
check_transport_message (PeerupNoiseCipher *from, PeerupNoiseCipher *to, GByteArray *payload, GByteArray *expected)
{
  g_autofree guint8 *out = g_malloc (payload->len + 16);

  g_assert_true (peerup_noise_cipher_encrypt (from, NULL, 0, payload->data, payload->len, out, NULL));
  g_assert_cmpmem (out, payload->len + 16, expected->data, expected->len);
  g_assert_true (peerup_noise_cipher_decrypt (to, NULL, 0, out, payload->len + 16, out, NULL));
  g_assert_cmpmem (out, payload->len, payload->data, payload->len);
}

static void
check_vector (JsonObject *vector)
{
  JsonArray *messages = json_object_get_array_member (vector, "messages");
  PeerupNoiseHandshake handshakes[2]; /* responder, initiator */
  PeerupNoiseCipher sending[2] = { 0 }, receiving[2] = { 0 };

  for (guint side = 0; side < 2; side++)
    init_from_vector (&handshakes[side], vector, side == 1);

  for (guint i = 0; i < json_array_get_length (messages); i++)
    {
      JsonObject *message = json_array_get_object_element (messages, i);
      g_autoptr (GByteArray) payload = member_bytes (message, "payload");
      g_autoptr (GByteArray) expected = member_bytes (message, "ciphertext");
      guint from = i % 2 == 0 ? 1 : 0;

      if (i < PEERUP_NOISE_XX_MESSAGES)
        check_handshake_message (&handshakes[from], &handshakes[1 - from], payload, expected);
      else
        check_transport_message (&sending[from], &receiving[1 - from], payload, expected);

      if (i == PEERUP_NOISE_XX_MESSAGES - 1)
        for (guint side = 0; side < 2; side++)
          g_assert_true (peerup_noise_handshake_split (&handshakes[side], &sending[side], &receiving[side], NULL));
    }

  g_assert_cmpmem (handshakes[0].hash, 32, handshakes[1].hash, 32);
  if (json_object_has_member (vector, "handshake_hash"))
    {
      g_autoptr (GByteArray) hash = member_bytes (vector, "handshake_hash");

      g_assert_cmpmem (handshakes[0].hash, 32, hash->data, hash->len);
    }
  for (guint side = 0; side < 2; side++)
    {
      peerup_noise_handshake_clear (&handshakes[side]);
      peerup_noise_cipher_clear (&sending[side]);
      peerup_noise_cipher_clear (&receiving[side]);
    }
}

/* One of cacophony's vectors for this protocol, so that there is always one to run. */
static const char cacophony[] =
  "{\"init_prologue\":\"4a6f686e2047616c74\",\"init_static\":\"e61ef9919cde45dd5f82166404bd08e38bceb5df"
  "dfded0a34c8df7ed542214d1\",\"init_ephemeral\":\"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b05"
  "69da977c464a\",\"resp_prologue\":\"4a6f686e2047616c74\",\"resp_static\":\"4a3acbfdb163dec651dfa3194d"
  "ece676d437029c62a408b4c5ea9114246e4893\",\"resp_ephemeral\":\"bbdb4cdbd309f1a1f2e1456967fe288cadd6f7"
  "12d65dc7b7793d5e63da6b375b\",\"handshake_hash\":\"c8e5f64e846193be2a834104c2a009868d6c9f3bd3c1862998"
  "88b488b2f1f58e\",\"messages\":[{\"payload\":\"4c756477696720766f6e204d69736573\",\"ciphertext\":\"ca"
  "35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573\"},{"
  "\"payload\":\"4d757272617920526f746862617264\",\"ciphertext\":\"95ebc60d2b1fa672c1f46a8aa265ef51bfe3"
  "8e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9bd5269c2"
  "f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c7194e83f23dbd8d162c9326ad\"},{\"payload"
  "\":\"462e20412e20486179656b\",\"ciphertext\":\"c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af8"
  "08b444850a80ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030\"}"
  ",{\"payload\":\"4361726c204d656e676572\",\"ciphertext\":\"96763ed773f8e47bb3712f0e29b3060ffc956ffc14"
  "6cee53d5e1df\"},{\"payload\":\"4a65616e2d426170746973746520536179\",\"ciphertext\":\"3e40f15f6f3a46a"
  "e446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5\"},{\"payload\":\"457567656e2042f6686d20766f6e20"
  "42617765726b\",\"ciphertext\":\"eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a585"
  "02ae3f\"}],\"source\":\"cacophony\"}";

static void
test_vector (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_data (parser, cacophony, -1, NULL));
  check_vector (json_node_get_object (json_parser_get_root (parser)));
}

static void
test_vectors (void)
{
  g_autoptr (JsonParser) parser = load_vectors ("noise-xx.json");
  JsonArray *vectors;

  if (parser == NULL)
    return;

  vectors = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (vectors), >=, 2);
  for (guint i = 0; i < json_array_get_length (vectors); i++)
    check_vector (json_array_get_object_element (vectors, i));
}

/* The three messages of one handshake with literal keys and no payload in the first. */
static void
make_messages (GByteArray *messages[3])
{
  PeerupNoiseHandshake a, b;
  guint8 keys[4][32];
  guint8 payload[256];
  gsize length;

  for (guint i = 0; i < 4; i++)
    memset (keys[i], 0x10 + i, 32);
  g_assert_true (peerup_noise_handshake_init (&a, TRUE, NULL, 0, keys[0], keys[1], NULL));
  g_assert_true (peerup_noise_handshake_init (&b, FALSE, NULL, 0, keys[2], keys[3], NULL));
  for (guint i = 0; i < 3; i++)
    {
      PeerupNoiseHandshake *from = i % 2 == 0 ? &a : &b;

      messages[i] = g_byte_array_new ();
      g_assert_true (peerup_noise_handshake_write (from, "payload", i == 0 ? 0 : 7, messages[i], NULL));
      g_assert_true (peerup_noise_handshake_read (from == &a ? &b : &a, messages[i]->data, messages[i]->len, payload,
                                                  &length, NULL));
    }
  peerup_noise_handshake_clear (&a);
  peerup_noise_handshake_clear (&b);
}

/* A fresh reader of message @index, fed with what came before it. */
static void
init_reader (PeerupNoiseHandshake *self, GByteArray *messages[3], guint index)
{
  g_autoptr (GByteArray) ignored = g_byte_array_new ();
  gboolean initiator = index == 1;
  guint8 fixed[32], ephemeral[32], payload[256];
  gsize length;

  memset (fixed, initiator ? 0x10 : 0x12, 32);
  memset (ephemeral, initiator ? 0x11 : 0x13, 32);
  g_assert_true (peerup_noise_handshake_init (self, initiator, NULL, 0, fixed, ephemeral, NULL));
  for (guint i = 0; i < index; i++)
    if (peerup_noise_handshake_writes (self))
      g_assert_true (peerup_noise_handshake_write (self, "payload", i == 0 ? 0 : 7, ignored, NULL));
    else
      g_assert_true (peerup_noise_handshake_read (self, messages[i]->data, messages[i]->len, payload, &length, NULL));
}

static void
test_truncation (void)
{
  GByteArray *messages[3];

  make_messages (messages);
  for (guint index = 0; index < 3; index++)
    for (gsize size = 0; size < messages[index]->len; size++)
      {
        g_autofree guint8 *copy = g_memdup2 (messages[index]->data, size);
        g_autofree guint8 *payload = g_malloc (size + 1);
        g_autoptr (GError) error = NULL;
        PeerupNoiseHandshake reader;
        gsize length;

        init_reader (&reader, messages, index);
        g_assert_false (peerup_noise_handshake_read (&reader, copy, size, payload, &length, &error));
        g_assert_true (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
                       g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO));
        peerup_noise_handshake_clear (&reader);
      }
  for (guint i = 0; i < 3; i++)
    g_byte_array_unref (messages[i]);
}

/* A low-order ephemeral makes the first agreement zero, on either side. */
static void
test_low_order (void)
{
  GByteArray *messages[3];
  guint8 zeros[32] = { 0 }, payload[256];
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error_a = NULL;
  PeerupNoiseHandshake a, b;
  gsize length;

  make_messages (messages);
  init_reader (&b, messages, 0);
  g_assert_true (peerup_noise_handshake_read (&b, zeros, sizeof zeros, payload, &length, NULL));
  g_assert_false (peerup_noise_handshake_write (&b, NULL, 0, out, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);

  init_reader (&a, messages, 1);
  memset (messages[1]->data, 0, 32);
  g_assert_false (peerup_noise_handshake_read (&a, messages[1]->data, messages[1]->len, payload, &length, &error_a));
  g_assert_error (error_a, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);

  peerup_noise_handshake_clear (&a);
  peerup_noise_handshake_clear (&b);
  for (guint i = 0; i < 3; i++)
    g_byte_array_unref (messages[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/handshake/vector", test_vector);
  g_test_add_func ("/noise/handshake/vectors", test_vectors);
  g_test_add_func ("/noise/handshake/truncation", test_truncation);
  g_test_add_func ("/noise/handshake/low-order", test_low_order);
  return g_test_run ();
}
