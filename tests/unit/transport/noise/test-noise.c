/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The whole channel, both roles, with fixed keys; and an attacker that speaks Noise but
 * fills the payload as it likes. */

#include <string.h>

#include "transport/noise/peerup-noise-handshake.h"
#include "transport/noise/peerup-noise.h"

static const char *const yamux[] = { "/yamux/1.0.0", NULL };

static PeerupPrivateKey *
identity (guint8 fill)
{
  guint8 seed[32];
  PeerupPrivateKey *key;

  memset (seed, fill, sizeof seed);
  key = peerup_private_key_new_from_seed (seed, NULL);
  g_assert_nonnull (key);
  return key;
}

/* The initiator has identity 1, the responder 2. */
static PeerupNoise *
new_side (gboolean initiator, PeerupPeerId *expected, const char *const *muxers)
{
  g_autoptr (PeerupPrivateKey) key = identity (initiator ? 1 : 2);
  g_autoptr (GError) error = NULL;
  PeerupNoiseKeys keys;
  PeerupNoise *noise;

  memset (keys.static_key, initiator ? 0x11 : 0x22, sizeof keys.static_key);
  memset (keys.ephemeral_key, initiator ? 0x33 : 0x44, sizeof keys.ephemeral_key);
  noise = peerup_noise_new (initiator, key, expected, muxers, &keys, &error);
  g_assert_no_error (error);
  return noise;
}

/* Feeds an exact-size copy in pieces of @step; returns the bytes consumed or -1. */
static gssize
feed (PeerupNoise *noise, const guint8 *data, gsize length, gsize step, GError **error)
{
  gsize total = 0;

  for (gsize at = 0; at < length; at += step)
    {
      gsize piece = MIN (step, length - at);
      g_autofree guint8 *copy = g_memdup2 (data + at, piece);
      gsize consumed;

      if (!peerup_noise_feed (noise, copy, piece, &consumed, error))
        return -1;
      total += consumed;
      if (consumed < piece)
        break;
    }
  return total;
}

/* Moves what @from has to say to @to. */
static gboolean
pass (PeerupNoise *from, PeerupNoise *to, gsize step, GError **error)
{
  g_autoptr (GBytes) output = peerup_noise_take_output (from);
  gsize length;
  const guint8 *data;

  g_assert_nonnull (output);
  data = g_bytes_get_data (output, &length);
  return feed (to, data, length, step, error) == (gssize) length;
}

static void
connect_sides (PeerupNoise *initiator, PeerupNoise *responder)
{
  g_assert_true (pass (initiator, responder, 1000, NULL));
  g_assert_true (pass (responder, initiator, 1000, NULL));
  g_assert_true (pass (initiator, responder, 1000, NULL));
}

static GByteArray *
seal (PeerupNoise *noise, const char *text)
{
  GOutputVector vector = { text, strlen (text) };
  GByteArray *out = g_byte_array_new ();
  gsize consumed, produced;

  g_byte_array_set_size (out, vector.size + PEERUP_NOISE_FRAME_OVERHEAD);
  g_assert_true (peerup_noise_encrypt (noise, &vector, 1, out->data, out->len, &consumed, &produced, NULL));
  g_assert_cmpuint (produced, ==, out->len);
  return out;
}

static gboolean
opens (PeerupNoise *noise, GByteArray *sealed, const char *expected, GError **error)
{
  g_autofree char *out = g_malloc0 (sealed->len);
  gsize consumed, produced;

  if (!peerup_noise_decrypt (noise, sealed->data, sealed->len, (guint8 *) out, sealed->len, &consumed, &produced,
                             error))
    return FALSE;
  g_assert_cmpuint (consumed, ==, sealed->len);
  g_assert_cmpmem (out, produced, expected, strlen (expected));
  return TRUE;
}

static void
test_handshake (void)
{
  static const gsize steps[] = { 1, 2, 3, 31, 33, 1000 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (PeerupPrivateKey) a_key = identity (1);
      g_autoptr (PeerupPrivateKey) b_key = identity (2);
      g_autoptr (PeerupNoise) a = new_side (TRUE, peerup_private_key_get_peer_id (b_key), yamux);
      g_autoptr (PeerupNoise) b = new_side (FALSE, peerup_private_key_get_peer_id (a_key), yamux);
      g_autoptr (GByteArray) ping = NULL;
      g_autoptr (GByteArray) pong = NULL;

      g_assert_true (pass (a, b, steps[i], NULL));
      g_assert_false (peerup_noise_is_done (b));
      g_assert_true (pass (b, a, steps[i], NULL));
      g_assert_true (peerup_noise_is_done (a));
      g_assert_false (peerup_noise_is_done (b));
      g_assert_true (pass (a, b, steps[i], NULL));
      g_assert_true (peerup_noise_is_done (b));
      g_assert_null (peerup_noise_take_output (a));
      g_assert_null (peerup_noise_take_output (b));

      g_assert_true (peerup_peer_id_equal (peerup_noise_get_remote_peer (a), peerup_private_key_get_peer_id (b_key)));
      g_assert_true (peerup_peer_id_equal (peerup_noise_get_remote_peer (b), peerup_private_key_get_peer_id (a_key)));
      g_assert_true (
        peerup_public_key_equal (peerup_noise_get_remote_key (a), peerup_private_key_get_public_key (b_key)));
      g_assert_cmpstr (peerup_noise_get_muxer (a), ==, "/yamux/1.0.0");
      g_assert_cmpstr (peerup_noise_get_muxer (b), ==, "/yamux/1.0.0");

      ping = seal (a, "ping");
      pong = seal (b, "pong");
      g_assert_true (opens (b, ping, "ping", NULL));
      g_assert_true (opens (a, pong, "pong", NULL));
    }
}

/* As js-libp2p sends them: 00 20 and the ephemeral; then 00 d8 with an Ed25519 identity and one muxer. */
static void
test_golden (void)
{
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (GBytes) first = peerup_noise_take_output (a);
  g_autoptr (GBytes) second = NULL;
  const guint8 *bytes = g_bytes_get_data (first, NULL);
  guint8 ephemeral[32], ephemeral_public[32];

  memset (ephemeral, 0x33, sizeof ephemeral);
  g_assert_true (peerup_noise_dh_public (ephemeral, ephemeral_public, NULL));
  g_assert_cmpuint (g_bytes_get_size (first), ==, 34);
  g_assert_cmpmem (bytes, 2, "\x00\x20", 2);
  g_assert_cmpmem (bytes + 2, 32, ephemeral_public, 32);

  g_assert_cmpint (feed (b, bytes, 34, 34, NULL), ==, 34);
  second = peerup_noise_take_output (b);
  g_assert_cmpuint (g_bytes_get_size (second), ==, 2 + 216);
  g_assert_cmpmem (g_bytes_get_data (second, NULL), 2, "\x00\xd8", 2);
}

static void
test_fresh_keys (void)
{
  g_autoptr (PeerupPrivateKey) key = identity (1);
  g_autoptr (PeerupNoise) a = peerup_noise_new (TRUE, key, NULL, NULL, NULL, NULL);
  g_autoptr (PeerupNoise) b = peerup_noise_new (TRUE, key, NULL, NULL, NULL, NULL);
  g_autoptr (GBytes) a_first = peerup_noise_take_output (a);
  g_autoptr (GBytes) b_first = peerup_noise_take_output (b);

  g_assert_false (g_bytes_equal (a_first, b_first));
}

/* What follows the last handshake message is left to the caller. */
static void
test_byte_exact (void)
{
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (GByteArray) frame = NULL;
  g_autoptr (GBytes) last = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize consumed;

  g_assert_true (pass (a, b, 1000, NULL));
  g_assert_true (pass (b, a, 1000, NULL));
  last = peerup_noise_take_output (a);
  frame = seal (a, "at once");
  g_byte_array_append (bytes, g_bytes_get_data (last, NULL), g_bytes_get_size (last));
  g_byte_array_append (bytes, frame->data, frame->len);

  g_assert_cmpint (feed (b, bytes->data, bytes->len, bytes->len, NULL), ==, g_bytes_get_size (last));
  g_assert_true (peerup_noise_is_done (b));
  g_assert_true (peerup_noise_feed (b, frame->data, frame->len, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_true (opens (b, frame, "at once", NULL));
}

/* Each prefix of either side's input waits for more. */
static void
test_truncation (void)
{
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (GBytes) first = peerup_noise_take_output (a);
  g_autoptr (GBytes) second = NULL;

  g_assert_cmpint (feed (b, g_bytes_get_data (first, NULL), 34, 34, NULL), ==, 34);
  second = peerup_noise_take_output (b);

  for (gsize length = 0; length < g_bytes_get_size (first); length++)
    {
      g_autoptr (PeerupNoise) fresh = new_side (FALSE, NULL, yamux);

      g_assert_cmpint (feed (fresh, g_bytes_get_data (first, NULL), length, 1000, NULL), ==, length);
      g_assert_null (peerup_noise_take_output (fresh));
    }
  for (gsize length = 0; length < g_bytes_get_size (second); length++)
    {
      g_autoptr (PeerupNoise) fresh = new_side (TRUE, NULL, yamux);

      g_assert_cmpint (feed (fresh, g_bytes_get_data (second, NULL), length, 1000, NULL), ==, length);
      g_assert_false (peerup_noise_is_done (fresh));
    }
}

/* Runs a handshake in which byte @at of message @index is altered: the side that reads it, or
 * the next one, must not come to an end. Returns FALSE when @at is past the message. */
static gboolean
tamper (guint index, gsize at)
{
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);

  for (guint i = 0; i < 3; i++)
    {
      PeerupNoise *from = i % 2 == 0 ? a : b;
      PeerupNoise *to = i % 2 == 0 ? b : a;
      g_autoptr (GBytes) output = peerup_noise_take_output (from);
      g_autofree guint8 *copy = NULL;
      gsize length;

      /* A side that waits for more has nothing to say, which ends it too. */
      if (output == NULL)
        return TRUE;
      copy = g_memdup2 (g_bytes_get_data (output, &length), g_bytes_get_size (output));
      if (i == index && at >= length)
        return FALSE;
      if (i == index)
        copy[at] ^= 1 << (at % 8);

      if (feed (to, copy, length, length, NULL) < 0)
        return TRUE;
      g_assert_false (i >= index && peerup_noise_is_done (to));
    }
  return TRUE;
}

static void
test_tampering (void)
{
  for (guint index = 0; index < 3; index++)
    {
      gsize at = 0;

      while (tamper (index, at))
        at++;
      g_assert_cmpuint (at, ==, index == 0 ? 34 : index == 1 ? 2 + 216 : 2 + 48 + 120 + 16);
    }
}

static void
test_wrong_peer (void)
{
  g_autoptr (PeerupPrivateKey) other = identity (3);
  g_autoptr (PeerupNoise) a = new_side (TRUE, peerup_private_key_get_peer_id (other), yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (PeerupNoise) c = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) d = new_side (FALSE, peerup_private_key_get_peer_id (other), yamux);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error_d = NULL;

  g_assert_true (pass (a, b, 1000, NULL));
  g_assert_false (pass (b, a, 1000, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (error->message, peerup_peer_id_get_string (peerup_private_key_get_peer_id (other))));
  /* Our own identity stays ours. */
  g_assert_null (peerup_noise_take_output (a));
  g_assert_false (peerup_noise_is_done (a));

  g_assert_true (pass (c, d, 1000, NULL));
  g_assert_true (pass (d, c, 1000, NULL));
  g_assert_false (pass (c, d, 1000, &error_d));
  g_assert_error (error_d, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
}

static void
test_muxers (void)
{
  static const char *const ab[] = { "/a", "/b", NULL };
  static const char *const cba[] = { "/c", "/b", "/a", NULL };
  static const char *const none[] = { NULL };
  static const struct
  {
    const char *const *initiator;
    const char *const *responder;
    const char *expected;
  } rows[] = {
    { ab, cba, "/a" },  { cba, ab, "/b" },  { ab, ab, "/a" },     { ab, NULL, NULL },
    { NULL, ab, NULL }, { ab, none, NULL }, { NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, rows[i].initiator);
      g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, rows[i].responder);

      connect_sides (a, b);
      g_assert_cmpstr (peerup_noise_get_muxer (a), ==, rows[i].expected);
      g_assert_cmpstr (peerup_noise_get_muxer (b), ==, rows[i].expected);
    }
}

static void
test_no_common_muxer (void)
{
  static const char *const mplex[] = { "/mplex/6.7.0", NULL };
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, mplex);
  g_autoptr (GError) error = NULL;

  g_assert_true (pass (a, b, 1000, NULL));
  g_assert_false (pass (b, a, 1000, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

/* Lengths are refused from the prefix alone. */
static void
test_message_sizes (void)
{
  static const struct
  {
    gboolean initiator;
    guint8 prefix[2];
    int code; /* -1: accepted */
  } rows[] = {
    { FALSE, { 0x00, 0x00 }, PEERUP_ERROR_MALFORMED },
    { FALSE, { 0x00, 0x1f }, PEERUP_ERROR_MALFORMED },
    { FALSE, { 0x00, 0x20 }, -1 },
    { FALSE, { 0x00, 0x21 }, PEERUP_ERROR_MALFORMED },
    { FALSE, { 0xff, 0xff }, PEERUP_ERROR_TOO_LARGE },
    { TRUE, { 0x00, 0x00 }, PEERUP_ERROR_MALFORMED },
    { TRUE, { 0x20, 0x00 }, -1 },
    { TRUE, { 0x20, 0x01 }, PEERUP_ERROR_TOO_LARGE },
    { TRUE, { 0xff, 0xff }, PEERUP_ERROR_TOO_LARGE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PeerupNoise) noise = new_side (rows[i].initiator, NULL, yamux);
      g_autoptr (GError) error = NULL;
      gssize consumed = feed (noise, rows[i].prefix, 2, 1, &error);

      if (rows[i].code == -1)
        g_assert_cmpint (consumed, ==, 2);
      else
        g_assert_error (error, PEERUP_ERROR, rows[i].code);
    }
}

/* An attacker answers @initiator with a well-encrypted message 2 around @payload. */
static gboolean
answer_with (PeerupNoise *initiator, gconstpointer payload, gsize length, GError **error)
{
  g_autoptr (GBytes) first = peerup_noise_take_output (initiator);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  PeerupNoiseHandshake attacker;
  guint8 keys[2][32], scratch[32];
  gsize scratch_length;
  gssize consumed;

  memset (keys, 0x55, sizeof keys);
  g_byte_array_set_size (out, 2);
  g_assert_true (peerup_noise_handshake_init (&attacker, FALSE, NULL, 0, keys[0], keys[1], NULL));
  g_assert_true (peerup_noise_handshake_read (&attacker, (const guint8 *) g_bytes_get_data (first, NULL) + 2, 32,
                                              scratch, &scratch_length, NULL));
  g_assert_true (peerup_noise_handshake_write (&attacker, payload, length, out, NULL));
  peerup_noise_handshake_clear (&attacker);
  out->data[0] = (out->len - 2) >> 8;
  out->data[1] = (out->len - 2) & 0xff;

  consumed = feed (initiator, out->data, out->len, out->len, error);
  g_assert_true (consumed == -1 || peerup_noise_is_done (initiator));
  return consumed != -1;
}

static void
test_attacker_payloads (void)
{
  g_autofree guint8 *zeros = g_malloc0 (8192 - 96);

  for (guint row = 0; row < 4; row++)
    {
      static const struct
      {
        const char *payload;
        gsize length;
        int code;
      } rows[] = {
        { "", 0, PEERUP_ERROR_MALFORMED },
        { "\x0a\x04\x08\x01\x12\x00\x12\x00", 8, PEERUP_ERROR_MALFORMED },
        { "\x0a\x00\x12\x00", 4, PEERUP_ERROR_MALFORMED },
        { NULL, 8192 - 96, PEERUP_ERROR_MALFORMED },
      };
      g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
      g_autoptr (GError) error = NULL;

      g_assert_false (answer_with (a, rows[row].payload != NULL ? (gconstpointer) rows[row].payload : zeros,
                                   rows[row].length, &error));
      g_assert_error (error, PEERUP_ERROR, rows[row].code);
      g_assert_null (peerup_noise_take_output (a));
    }
}

/* Known attack: an RSA key of 16,384 bits, in a message that verifies. */
static void
test_oversized_rsa (void)
{
  static const guint8 head[] = { 0x0a, 0xab, 0x10, 0x08, 0x00, 0x12, 0xa6, 0x10 };
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_byte_array_append (payload, head, sizeof head);
  g_byte_array_set_size (payload, sizeof head + 0x826);
  memset (payload->data + sizeof head, 0x30, 0x826);
  g_byte_array_append (payload, (const guint8 *) "\x12\x01x", 3);
  g_assert_false (answer_with (a, payload->data, payload->len, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

/* Another peer's payload, replayed by an attacker with a static key of its own. */
static void
test_stolen_payload (void)
{
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) thief = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (GBytes) first = peerup_noise_take_output (thief);
  g_autoptr (GBytes) second = NULL;
  g_autoptr (GError) error = NULL;
  PeerupNoiseHandshake reader;
  guint8 keys[2][32], payload[256];
  gsize length;

  g_assert_cmpint (feed (b, g_bytes_get_data (first, NULL), 34, 34, NULL), ==, 34);
  second = peerup_noise_take_output (b);
  memset (keys[0], 0x11, 32);
  memset (keys[1], 0x33, 32);
  g_assert_true (peerup_noise_handshake_init (&reader, TRUE, NULL, 0, keys[0], keys[1], NULL));
  {
    g_autoptr (GByteArray) same = g_byte_array_new ();

    g_assert_true (peerup_noise_handshake_write (&reader, NULL, 0, same, NULL));
    g_assert_cmpmem (same->data, same->len, (const guint8 *) g_bytes_get_data (first, NULL) + 2, 32);
  }
  g_assert_true (peerup_noise_handshake_read (&reader, (const guint8 *) g_bytes_get_data (second, NULL) + 2,
                                              g_bytes_get_size (second) - 2, payload, &length, NULL));
  peerup_noise_handshake_clear (&reader);
  g_assert_cmpuint (length, ==, 120);

  g_assert_false (answer_with (a, payload, length, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
}

/* Known attacks. */
static void
test_first_failure_is_final (void)
{
  static const guint8 random_frame[] = { 0x00, 0x14, 0x71, 0x2e, 0x5b, 0x90, 0x0c, 0xd3, 0x44, 0x18, 0xa7,
                                         0x6f, 0xe2, 0x39, 0x85, 0xbb, 0x1d, 0x60, 0xfa, 0x07, 0x9c, 0x52 };
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (GByteArray) good = NULL;
  g_autoptr (GByteArray) bad = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) closed = NULL;
  g_autoptr (GError) closed_in_place = NULL;
  g_autoptr (GError) closed_encrypt = NULL;
  g_autoptr (GError) closed_feed = NULL;
  GOutputVector vector = { "x", 1 };
  gsize consumed, produced;
  guint8 *plain;
  guint8 out[64];

  connect_sides (a, b);
  good = seal (a, "good");
  g_byte_array_append (bad, random_frame, sizeof random_frame);
  g_assert_false (opens (b, bad, "", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);

  g_assert_false (opens (b, good, "good", &closed));
  g_assert_error (closed, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (
    peerup_noise_decrypt_in_place (b, good->data, good->len, &plain, &produced, &consumed, &closed_in_place));
  g_assert_error (closed_in_place, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (peerup_noise_encrypt (b, &vector, 1, out, sizeof out, &consumed, &produced, &closed_encrypt));
  g_assert_error (closed_encrypt, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (peerup_noise_feed (b, out, 1, &consumed, &closed_feed));
  g_assert_error (closed_feed, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (peerup_noise_is_done (b));
}

static void
test_replay_and_order (void)
{
  for (guint row = 0; row < 3; row++)
    {
      g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
      g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
      g_autoptr (GByteArray) first = NULL;
      g_autoptr (GByteArray) second = NULL;
      g_autoptr (GError) error = NULL;

      connect_sides (a, b);
      first = seal (a, "first");
      second = seal (a, "second");
      if (row == 0) /* repeated */
        {
          g_assert_true (opens (b, first, "first", NULL));
          g_assert_false (opens (b, first, "first", &error));
        }
      else if (row == 1) /* lost */
        g_assert_false (opens (b, second, "second", &error));
      else /* reflected */
        g_assert_false (opens (a, first, "first", &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
    }
}

/* A whole handshake of an earlier session, replayed to a responder with fresh keys. */
static void
test_replayed_handshake (void)
{
  g_autoptr (PeerupPrivateKey) b_key = identity (2);
  g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
  g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
  g_autoptr (PeerupNoise) later = peerup_noise_new (FALSE, b_key, NULL, yamux, NULL, NULL);
  g_autoptr (GBytes) first = peerup_noise_take_output (a);
  g_autoptr (GBytes) third = NULL;
  g_autoptr (GBytes) ignored = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (feed (b, g_bytes_get_data (first, NULL), 34, 34, NULL), ==, 34);
  g_assert_true (pass (b, a, 1000, NULL));
  third = peerup_noise_take_output (a);

  g_assert_cmpint (feed (later, g_bytes_get_data (first, NULL), 34, 34, NULL), ==, 34);
  ignored = peerup_noise_take_output (later);
  g_assert_cmpint (feed (later, g_bytes_get_data (third, NULL), g_bytes_get_size (third), 1000, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
}

/* Each byte of a frame: altered ones fail, or wait for a longer frame, and never open. */
static void
test_tampered_frame (void)
{
  for (gsize at = 0; at < 5 + PEERUP_NOISE_FRAME_OVERHEAD; at++)
    {
      g_autoptr (PeerupNoise) a = new_side (TRUE, NULL, yamux);
      g_autoptr (PeerupNoise) b = new_side (FALSE, NULL, yamux);
      g_autoptr (GByteArray) frame = NULL;
      gsize consumed, produced;
      guint8 out[64];

      connect_sides (a, b);
      frame = seal (a, "hello");
      frame->data[at] ^= 1 << (at % 8);
      if (peerup_noise_decrypt (b, frame->data, frame->len, out, sizeof out, &consumed, &produced, NULL))
        g_assert_cmpuint (consumed, ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/noise/handshake", test_handshake);
  g_test_add_func ("/noise/golden", test_golden);
  g_test_add_func ("/noise/fresh-keys", test_fresh_keys);
  g_test_add_func ("/noise/byte-exact", test_byte_exact);
  g_test_add_func ("/noise/truncation", test_truncation);
  g_test_add_func ("/noise/tampering", test_tampering);
  g_test_add_func ("/noise/wrong-peer", test_wrong_peer);
  g_test_add_func ("/noise/muxers", test_muxers);
  g_test_add_func ("/noise/no-common-muxer", test_no_common_muxer);
  g_test_add_func ("/noise/message-sizes", test_message_sizes);
  g_test_add_func ("/noise/attacker-payloads", test_attacker_payloads);
  g_test_add_func ("/noise/oversized-rsa", test_oversized_rsa);
  g_test_add_func ("/noise/stolen-payload", test_stolen_payload);
  g_test_add_func ("/noise/first-failure-is-final", test_first_failure_is_final);
  g_test_add_func ("/noise/replay-and-order", test_replay_and_order);
  g_test_add_func ("/noise/replayed-handshake", test_replayed_handshake);
  g_test_add_func ("/noise/tampered-frame", test_tampered_frame);
  return g_test_run ();
}
