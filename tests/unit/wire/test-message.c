/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-message.h"

#include "wire-test.h"
#include "wire/proto/identify.pb-c.h"
#include "wire/proto/noise.pb-c.h"
#include "wire/proto/peer-record.pb-c.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__Identify, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__NoisePayload, peerup_message_free)

#define FIELDS_MAX 64

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (Peerup__Identify) message = NULL;

  message = peerup_message_unpack (&peerup__identify__descriptor, data, length, FIELDS_MAX, error);
  return message != NULL;
}

static gboolean
decode_noise (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (Peerup__NoisePayload) message = NULL;

  message = peerup_message_unpack (&peerup__noise_payload__descriptor, data, length, FIELDS_MAX, error);
  return message != NULL;
}

static gboolean
decode_record (const guint8 *data, gsize length, GError **error)
{
  gpointer message = peerup_message_unpack (&peerup__peer_record__descriptor, data, length, FIELDS_MAX, error);

  peerup_message_free (message);
  return message != NULL;
}

static GBytes *
make_identify (gboolean framed)
{
  Peerup__Identify message = PEERUP__IDENTIFY__INIT;
  ProtobufCBinaryData protocols[] = { peerup_message_text ("/ipfs/id/1.0.0"), peerup_message_text ("/x") };

  message.n_protocols = G_N_ELEMENTS (protocols);
  message.protocols = protocols;
  message.has_agent_version = TRUE;
  message.agent_version = peerup_message_text ("peerup/0.1.0");
  message.has_signed_peer_record = TRUE;
  message.signed_peer_record = peerup_message_text ("record");
  return framed ? peerup_message_pack_framed (&message.base) : peerup_message_pack (&message.base);
}

static void
test_identify (void)
{
  static const guint8 expected[] = "\x1a\x0e/ipfs/id/1.0.0\x1a\x02/x\x32\x0cpeerup/0.1.0\x42\x06record";
  g_autoptr (GBytes) packed = make_identify (FALSE);
  g_autoptr (GBytes) framed = make_identify (TRUE);
  g_autoptr (Peerup__Identify) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *agent = NULL;

  g_assert_cmpmem (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), expected, sizeof expected - 1);
  g_assert_cmpuint (g_bytes_get_size (framed), ==, g_bytes_get_size (packed) + 1);
  g_assert_cmpuint (((const guint8 *) g_bytes_get_data (framed, NULL))[0], ==, g_bytes_get_size (packed));

  message = peerup_message_unpack (&peerup__identify__descriptor, expected, sizeof expected - 1, 4, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->n_protocols, ==, 2);
  g_assert_false (message->has_public_key);
  agent = peerup_message_dup_text (&message->agent_version, 128);
  g_assert_cmpstr (agent, ==, "peerup/0.1.0");
}

static void
test_empty (void)
{
  Peerup__Identify message = PEERUP__IDENTIFY__INIT;
  g_autoptr (GBytes) packed = peerup_message_pack (&message.base);
  g_autoptr (GBytes) framed = peerup_message_pack_framed (&message.base);

  g_assert_cmpuint (g_bytes_get_size (packed), ==, 0);
  g_assert_cmpmem (g_bytes_get_data (framed, NULL), g_bytes_get_size (framed), "\0", 1);
}

static void
test_noise (void)
{
  static const guint8 data[] = "\x0a\x03key\x12\x03sig\x1a\x04gone\x22\x0e\x12\x0c/yamux/1.0.0";
  g_autoptr (Peerup__NoisePayload) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *muxer = NULL;

  message = peerup_message_unpack (&peerup__noise_payload__descriptor, data, sizeof data - 1, 8, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (message->identity_key.data, message->identity_key.len, "key", 3);
  g_assert_cmpmem (message->identity_sig.data, message->identity_sig.len, "sig", 3);
  g_assert_cmpuint (message->extensions->n_stream_muxers, ==, 1);
  muxer = peerup_message_dup_text (&message->extensions->stream_muxers[0], 128);
  g_assert_cmpstr (muxer, ==, "/yamux/1.0.0");
}

static void
test_truncation (void)
{
  static const guint8 noise[] = "\x0a\x03key\x12\x03sig\x22\x0e\x12\x0c/yamux/1.0.0";
  g_autoptr (GBytes) packed = make_identify (FALSE);

  /* A message may end after any of its fields, and an empty one is legal. */
  g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed)), ==, 4);
  g_assert_cmpuint (wire_sweep (decode_noise, noise, sizeof noise - 1), ==, 3);
  wire_flip (decode, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
  wire_flip (decode_noise, noise, sizeof noise - 1);
}

static void
test_unknown_fields (void)
{
  /* 7 and 100 as varint, 9 as bytes, 10 of 8 and 11 of 4 bytes, then the agent. */
  static const guint8 data[] = "\x38\x05\xa0\x06\x01\x4a\x02zz\x51"
                               "88888888"
                               "\x5d"
                               "4444"
                               "\x32\x01p";
  g_autoptr (Peerup__Identify) message = NULL;
  g_autoptr (GError) error = NULL;

  message = peerup_message_unpack (&peerup__identify__descriptor, data, sizeof data - 1, 8, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (message->agent_version.data, message->agent_version.len, "p", 1);
}

static void
test_row_25_length (void)
{
  wire_assert_error (decode, "0a8080808008010203", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0affffffff0f010203", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0affffffffffffffffff01010203", PEERUP_ERROR_MALFORMED);
  /* In a field that nobody knows, and inside a nested message. */
  wire_assert_error (decode, "4a8080808008010203", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_record, "0a01611a060a8080808008", PEERUP_ERROR_MALFORMED);
}

static void
test_row_25_groups (void)
{
  wire_assert_error (decode, "4b4c", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0b0c", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "4c", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "4e00", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "4f00", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_record, "0a01611a020b0c", PEERUP_ERROR_MALFORMED);
}

static void
test_row_25_varints (void)
{
  /* Ten bytes are protobuf's limit. */
  wire_assert_error (decode, "38ffffffffffffffffffff01", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "ffffffffffffffffffff0100", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0a8080808080808080808000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_record, "0a016110ffffffffffffffffffff01", PEERUP_ERROR_MALFORMED);
}

static void
test_row_25_field_0 (void)
{
  wire_assert_error (decode, "0000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0200", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "3201700000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_record, "0a01611a020000", PEERUP_ERROR_MALFORMED);
}

/* Two bytes a field: a million of them, known and unknown, are refused before any is kept. */
static void
test_row_25_many_fields (void)
{
  static const guint8 tags[] = { 0x12, 0x4a };

  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    {
      gsize length = 2 * 1000 * 1000;
      g_autofree guint8 *data = g_malloc0 (length);
      g_autoptr (GError) error = NULL;

      for (gsize j = 0; j < length; j += 2)
        data[j] = tags[i];
      g_assert_false (decode (data, length, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
      g_clear_error (&error);
      g_assert_true (decode (data, 2 * FIELDS_MAX, &error));
      g_assert_no_error (error);
      g_assert_false (decode (data, 2 * FIELDS_MAX + 2, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
    }
}

/* Fields of nested messages count too. */
static void
test_nested_fields_count (void)
{
  g_autoptr (GString) hex = g_string_new ("0a01611a8001");

  for (guint i = 0; i < 64; i++)
    g_string_append (hex, "1200");
  wire_assert_error (decode_record, hex->str, PEERUP_ERROR_TOO_LARGE);
}

static void
test_wrong_wire_type (void)
{
  wire_assert_error (decode, "0801", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_record,
                     "0a0161"
                     "1a00"
                     "1800",
                     PEERUP_ERROR_MALFORMED);
}

static void
test_missing_required (void)
{
  wire_assert_error (decode_record, "1001", PEERUP_ERROR_MALFORMED);
}

static void
test_text (void)
{
  static const struct
  {
    const char *data;
    gsize length;
    const char *text;
  } fields[] = {
    { "", 0, "" },          { "abcd", 4, "abcd" }, { "abcde", 5, NULL }, { "a\0b", 3, NULL },
    { "\xc3\xa4", 2, "ä" }, { "\xc3", 1, NULL },   { "\xff", 1, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autofree guint8 *exact = g_memdup2 (fields[i].data, fields[i].length);
      ProtobufCBinaryData field = { .len = fields[i].length, .data = exact };
      g_autofree char *text = peerup_message_dup_text (&field, 4);

      g_assert_cmpstr (text, ==, fields[i].text);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/message/identify", test_identify);
  g_test_add_func ("/wire/message/empty", test_empty);
  g_test_add_func ("/wire/message/noise", test_noise);
  g_test_add_func ("/wire/message/truncation", test_truncation);
  g_test_add_func ("/wire/message/unknown-fields", test_unknown_fields);
  g_test_add_func ("/wire/message/row-25/length", test_row_25_length);
  g_test_add_func ("/wire/message/row-25/groups", test_row_25_groups);
  g_test_add_func ("/wire/message/row-25/varints", test_row_25_varints);
  g_test_add_func ("/wire/message/row-25/field-0", test_row_25_field_0);
  g_test_add_func ("/wire/message/row-25/many-fields", test_row_25_many_fields);
  g_test_add_func ("/wire/message/nested-fields-count", test_nested_fields_count);
  g_test_add_func ("/wire/message/wrong-wire-type", test_wrong_wire_type);
  g_test_add_func ("/wire/message/missing-required", test_missing_required);
  g_test_add_func ("/wire/message/text", test_text);
  return g_test_run ();
}
