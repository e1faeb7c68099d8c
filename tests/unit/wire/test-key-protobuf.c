/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-key-protobuf.h"

#include "wire-test.h"
#include "wire-vectors.h"
#include "wire/peerup-message.h"
#include "wire/proto/keys.pb-c.h"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  PeerupKeyFields fields;

  return peerup_key_protobuf_parse (data, length, PEERUP_PRIVATE_KEY_MAX, &fields, error);
}

/* The generated code is the second opinion on what the fields are. */
static void
assert_same_as_generated (const guint8 *data, gsize length, const PeerupKeyFields *fields)
{
  Peerup__PublicKey *message = peerup__public_key__unpack (NULL, length, data);

  g_assert_nonnull (message);
  g_assert_cmpint (message->type, ==, fields->type);
  g_assert_cmpmem (message->data.data, message->data.len, fields->data, fields->length);
  peerup_message_free (message);
}

static void
assert_round_trip (const char *hex, PeerupKeyType type)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *out = NULL;
  const guint8 *data;
  gsize length;
  PeerupKeyFields fields;

  data = g_bytes_get_data (bytes, &length);
  g_assert_true (peerup_key_protobuf_parse (data, length, PEERUP_PRIVATE_KEY_MAX, &fields, &error));
  g_assert_no_error (error);
  g_assert_cmpint (fields.type, ==, type);
  assert_same_as_generated (data, length, &fields);

  g_assert_cmpuint (peerup_key_protobuf_size (fields.type, fields.length), ==, length);
  out = g_malloc (length);
  g_assert_cmpuint (peerup_key_protobuf_encode (fields.type, fields.data, fields.length, out, length - 1), ==, 0);
  g_assert_cmpuint (peerup_key_protobuf_encode (fields.type, fields.data, fields.length, out, length), ==, length);
  g_assert_cmpmem (out, length, data, length);
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      assert_round_trip (key_vectors[i].public_protobuf, (PeerupKeyType) key_vectors[i].type);
      assert_round_trip (key_vectors[i].private_protobuf, (PeerupKeyType) key_vectors[i].type);
    }
}

static void
test_truncation (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (key_vectors); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (key_vectors[i].private_protobuf);

      g_assert_cmpuint (wire_sweep (decode, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==, 0);
    }
}

/* Every other way to write type 1 and data 41 42, all of them legal protobuf. */
static void
test_only_one_encoding (void)
{
  static const char *const bad[] = {
    "1202414208"
    "01", /* the other order */
    "08011202414208"
    "01",                 /* type twice */
    "080112014112024142", /* data twice */
    "0801120241421a00",   /* an unknown field */
    "8800"
    "0112024142", /* padded tag */
    "088100"
    "12024142", /* padded type */
    "0801"
    "9200"
    "024142", /* padded tag of data */
    "080112"
    "8200"
    "4142", /* padded length */
    "08"
    "818080808080808080"
    "0012024142", /* ten-byte type */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    wire_assert_error (decode, bad[i], PEERUP_ERROR_MALFORMED);
}

/* Section 4, row 25. */
static void
test_row_25 (void)
{
  static const char *const bad[] = {
    "0801"
    "12"
    "8080808008"
    "010203", /* 2 to the power of 31 bytes, three there */
    "08"
    "ffffffffffffffffffff01"
    "12024142", /* a varint of 11 bytes */
    "000108"
    "0112024142", /* field 0 */
    "0b0c"
    "080112024142", /* a group */
    "0801"
    "13"
    "14",             /* data as a group */
    "08011202414200", /* a byte left over */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    wire_assert_error (decode, bad[i], PEERUP_ERROR_MALFORMED);
}

static void
test_missing_fields (void)
{
  wire_assert_error (decode, "", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "0801", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode, "12024142", PEERUP_ERROR_MALFORMED);
}

static void
test_unknown_type (void)
{
  wire_assert_error (decode, "080412024142", PEERUP_ERROR_UNSUPPORTED);
  wire_assert_error (decode, "08ffffffffffffffff7f12024142", PEERUP_ERROR_UNSUPPORTED);
}

static void
test_cap (void)
{
  g_autoptr (GBytes) bytes = wire_hex (key_vectors[0].public_protobuf);
  g_autoptr (GError) error = NULL;
  PeerupKeyFields fields;

  g_assert_true (peerup_key_protobuf_parse (g_bytes_get_data (bytes, NULL), 36, 36, &fields, NULL));
  g_assert_false (peerup_key_protobuf_parse (g_bytes_get_data (bytes, NULL), 36, 35, &fields, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/key-protobuf/vectors", test_vectors);
  g_test_add_func ("/wire/key-protobuf/truncation", test_truncation);
  g_test_add_func ("/wire/key-protobuf/only-one-encoding", test_only_one_encoding);
  g_test_add_func ("/wire/key-protobuf/row-25", test_row_25);
  g_test_add_func ("/wire/key-protobuf/missing-fields", test_missing_fields);
  g_test_add_func ("/wire/key-protobuf/unknown-type", test_unknown_type);
  g_test_add_func ("/wire/key-protobuf/cap", test_cap);
  return g_test_run ();
}
