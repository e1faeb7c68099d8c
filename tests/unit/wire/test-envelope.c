/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-envelope.h"

#include "wire-test.h"
#include "wire-vectors.h"
#include "wire/peerup-peer-id.h"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupEnvelope) envelope = peerup_envelope_decode (data, length, error);

  return envelope != NULL;
}

static void
assert_vector (const char *hex, const char *payload_hex, const guint8 *type, const char *signer)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GBytes) payload = wire_hex (payload_hex);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupEnvelope) envelope = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GBytes) encoded = NULL;

  envelope = peerup_envelope_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (envelope->payload, payload));
  g_assert_cmpuint (g_bytes_get_size (envelope->signature), ==, 64);
  g_assert_true (peerup_envelope_has_type (envelope, type));
  peer = peerup_peer_id_new_from_public_key (envelope->public_key);
  g_assert_cmpstr (peerup_peer_id_get_string (peer), ==, signer);

  encoded = peerup_envelope_encode (envelope);
  g_assert_true (g_bytes_equal (encoded, bytes));
}

static void
test_vectors (void)
{
  assert_vector (peer_record_envelope, peer_record_payload, peerup_envelope_type_peer_record, key_vectors[0].text);
  assert_vector (relay_voucher_envelope, relay_voucher_payload, peerup_envelope_type_relay_voucher,
                 key_vectors[1].text);
}

static void
test_types_differ (void)
{
  g_autoptr (GBytes) bytes = wire_hex (peer_record_envelope);
  g_autoptr (PeerupEnvelope) envelope = NULL;

  envelope = peerup_envelope_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_assert_false (peerup_envelope_has_type (envelope, peerup_envelope_type_relay_voucher));
}

static void
test_signed_bytes (void)
{
  g_autoptr (GBytes) type = g_bytes_new_static (peerup_envelope_type_peer_record, PEERUP_ENVELOPE_TYPE_SIZE);
  g_autoptr (GBytes) payload = g_bytes_new_static ("hello", 5);
  g_autoptr (GBytes) made = peerup_envelope_signed_bytes (PEERUP_ENVELOPE_DOMAIN_PEER_RECORD, type, payload);

  g_assert_cmpmem (g_bytes_get_data (made, NULL), g_bytes_get_size (made),
                   "\x12libp2p-peer-record\x02\x03\x01\x05hello", 28);
}

/* A payload of 128 bytes and more has a length of two bytes. */
static void
test_signed_bytes_long (void)
{
  g_autofree char *text = g_strnfill (200, 'p');
  g_autoptr (GBytes) type = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) payload = g_bytes_new (text, 200);
  g_autoptr (GBytes) made = peerup_envelope_signed_bytes ("d", type, payload);

  g_assert_cmpuint (g_bytes_get_size (made), ==, 2 + 1 + 2 + 200);
  g_assert_cmpmem (g_bytes_get_data (made, NULL), 5,
                   "\x01"
                   "d\x00\xc8\x01",
                   5);
}

static void
test_truncation (void)
{
  g_autoptr (GBytes) bytes = wire_hex (peer_record_envelope);

  g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 0);
  wire_flip (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_missing_fields (void)
{
  static const char key[] = "0a24080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
  g_autofree char *whole = g_strconcat (key,
                                        "12020301"
                                        "1a0161"
                                        "2a0162",
                                        NULL);
  g_autofree char *no_type = g_strconcat (key,
                                          "1a0161"
                                          "2a0162",
                                          NULL);
  g_autofree char *no_payload = g_strconcat (key,
                                             "12020301"
                                             "2a0162",
                                             NULL);
  g_autofree char *no_signature = g_strconcat (key,
                                               "12020301"
                                               "1a0161",
                                               NULL);
  g_autofree char *other_number = g_strconcat (key,
                                               "12020301"
                                               "1a0161"
                                               "220162",
                                               NULL);
  g_autoptr (GBytes) bytes = wire_hex (whole);

  g_assert_true (wire_try (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
  wire_assert_error (decode, "", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode,
                     "12020301"
                     "1a0161"
                     "2a0162",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, no_type, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, no_payload, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, no_signature, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, other_number, PEERUP_ERROR_MALFORMED);
}

/* The key inside is held to the same rules as anywhere. */
static void
test_bad_key (void)
{
  wire_assert_error (decode,
                     "0a00"
                     "12020301"
                     "1a0161"
                     "2a0162",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode,
                     "0a06080112024142"
                     "12020301"
                     "1a0161"
                     "2a0162",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode,
                     "0a06080412024142"
                     "12020301"
                     "1a0161"
                     "2a0162",
                     PEERUP_ERROR_UNSUPPORTED);
}

/* Section 4, row 25. */
static void
test_row_25 (void)
{
  wire_assert_error (decode, "0a8080808008010203", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0b0c", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "30ffffffffffffffffffff01", PEERUP_ERROR_MALFORMED);
}

static void
test_caps (void)
{
  g_autofree guint8 *data = g_malloc0 (PEERUP_ENVELOPE_MAX + 1);
  g_autoptr (GError) error = NULL;

  g_assert_false (decode (data, PEERUP_ENVELOPE_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_clear_error (&error);

  for (gsize i = 0; i < 64; i += 2)
    data[i] = 0x32;
  g_assert_false (decode (data, 64, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/envelope/vectors", test_vectors);
  g_test_add_func ("/wire/envelope/types-differ", test_types_differ);
  g_test_add_func ("/wire/envelope/signed-bytes", test_signed_bytes);
  g_test_add_func ("/wire/envelope/signed-bytes-long", test_signed_bytes_long);
  g_test_add_func ("/wire/envelope/truncation", test_truncation);
  g_test_add_func ("/wire/envelope/missing-fields", test_missing_fields);
  g_test_add_func ("/wire/envelope/bad-key", test_bad_key);
  g_test_add_func ("/wire/envelope/row-25", test_row_25);
  g_test_add_func ("/wire/envelope/caps", test_caps);
  return g_test_run ();
}
