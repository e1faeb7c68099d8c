/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Writing STUN: the published vectors again, what is read back, and buffers that are too small. */

#include "unit/stun/stun-test.h"

static const guint8 transaction[] = { 0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e };

static void
add_text (PeerupStunWriter *writer, guint16 type, const char *text)
{
  peerup_stun_writer_add (writer, type, text, strlen (text));
}

static void
assert_hex (const guint8 *data, gsize length, const char *hex)
{
  g_autoptr (GBytes) expected = wire_hex (hex);

  g_assert_cmpmem (data, length, g_bytes_get_data (expected, NULL), g_bytes_get_size (expected));
}

static void
test_vector_long_term (void)
{
  guint8 data[116], key[32];
  PeerupStunWriter writer;

  peerup_stun_writer_init (&writer, data, sizeof data, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, transaction);
  add_text (&writer, PEERUP_STUN_USERNAME, VECTOR_USER);
  add_text (&writer, PEERUP_STUN_NONCE, VECTOR_NONCE);
  add_text (&writer, PEERUP_STUN_REALM, "example.org");
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, key, derive_key (G_CHECKSUM_MD5, key));
  assert_hex (data, peerup_stun_writer_finish (&writer), VECTOR_LONG_TERM);
}

static void
test_vector_sha256 (void)
{
  g_auto (Parsed) vector = parse_hex (VECTOR_SHA256);
  PeerupStunAttribute attribute;
  guint8 data[164], key[32];
  PeerupStunWriter writer;
  PeerupStunIter iter;

  peerup_stun_writer_init (&writer, data, sizeof data, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, transaction);
  peerup_stun_iter_init (&iter, &vector.message);
  while (peerup_stun_iter_next (&iter, &attribute))
    if (attribute.type != PEERUP_STUN_MESSAGE_INTEGRITY_SHA256)
      peerup_stun_writer_add (&writer, attribute.type, attribute.value, attribute.length);
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, key,
                                    derive_key (G_CHECKSUM_SHA256, key));
  assert_hex (data, peerup_stun_writer_finish (&writer), VECTOR_SHA256);
}

/* The responses of RFC 5769, with the same values in all but the padding, which is spaces there. */
static void
test_vector_responses (void)
{
  static const struct
  {
    const char *vector, *host;
  } rows[] = { { VECTOR_RESPONSE_IP4, "192.0.2.1" }, { VECTOR_RESPONSE_IP6, "2001:db8:1234:5678:11:2233:4455:6677" } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Parsed) vector = parse_hex (rows[i].vector);
      PeerupSocketAddress address = make_address (rows[i].host, 32853);
      PeerupStunAttribute attribute;
      PeerupStunWriter writer;
      guint8 data[128];

      peerup_stun_writer_init (&writer, data, sizeof data, PEERUP_STUN_SUCCESS, PEERUP_STUN_BINDING,
                               peerup_stun_message_get_transaction (&vector.message));
      peerup_stun_writer_add (&writer, PEERUP_STUN_SOFTWARE, "test vector ", 12);
      /* A trick: the length of what was padded with a space. */
      data[23] = 11;
      peerup_stun_writer_add_address (&writer, PEERUP_STUN_XOR_MAPPED_ADDRESS, &address);
      g_assert_true (peerup_stun_message_find (&vector.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, &attribute));
      g_assert_cmpmem (data + 36, writer.length - 36, attribute.value - 4, attribute.length + 4);
      peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, (const guint8 *) VECTOR_PASSWORD,
                                        strlen (VECTOR_PASSWORD));
      peerup_stun_writer_add_fingerprint (&writer);
      assert_hex (data, peerup_stun_writer_finish (&writer), rows[i].vector);
    }
}

/* One of everything. */
static gsize
write_all (guint8 *data, gsize size)
{
  static const guint16 types[] = { PEERUP_STUN_CHANGE_REQUEST, 0x7fff, 0x0025 };
  PeerupSocketAddress ip4 = make_address ("198.51.100.7", 4001), ip6 = make_address ("2001:db8::9", 65535);
  PeerupStunWriter writer;

  peerup_stun_writer_init (&writer, data, size, PEERUP_STUN_ERROR, PEERUP_STUN_BINDING, transaction);
  peerup_stun_writer_add_error (&writer, 420, "Unknown");
  peerup_stun_writer_add_unknown (&writer, types, G_N_ELEMENTS (types));
  peerup_stun_writer_add_u32 (&writer, PEERUP_STUN_CHANGE_REQUEST, 6);
  peerup_stun_writer_add_address (&writer, PEERUP_STUN_XOR_MAPPED_ADDRESS, &ip6);
  peerup_stun_writer_add_address (&writer, PEERUP_STUN_MAPPED_ADDRESS, &ip4);
  peerup_stun_writer_add_address (&writer, PEERUP_STUN_OTHER_ADDRESS, &ip6);
  add_text (&writer, PEERUP_STUN_SOFTWARE, "");
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, (const guint8 *) "key", 3);
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, (const guint8 *) "key", 3);
  peerup_stun_writer_add_fingerprint (&writer);
  return peerup_stun_writer_finish (&writer);
}

static void
test_read_back (void)
{
  guint8 data[512];
  gsize length = write_all (data, sizeof data);
  g_auto (Parsed) parsed = parse_bytes (data, length);
  const PeerupStunMessage *message = &parsed.message;
  PeerupStunAttribute attribute;

  g_assert_cmpint (message->class, ==, PEERUP_STUN_ERROR);
  g_assert_true (message->has_fingerprint);
  g_assert_cmpuint (peerup_stun_message_get_error_code (message), ==, 420);
  g_assert_true (peerup_stun_message_find (message, PEERUP_STUN_UNKNOWN_ATTRIBUTES, &attribute));
  g_assert_cmpmem (attribute.value, attribute.length, "\0\3\x7f\xff\0\x25", 6);
  g_assert_true (peerup_stun_message_find (message, PEERUP_STUN_CHANGE_REQUEST, &attribute));
  g_assert_cmpmem (attribute.value, attribute.length, "\0\0\0\6", 4);
  assert_address (message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "[2001:db8::9]:65535");
  assert_address (message, PEERUP_STUN_MAPPED_ADDRESS, "198.51.100.7:4001");
  assert_address (message, PEERUP_STUN_OTHER_ADDRESS, "[2001:db8::9]:65535");
  assert_text (message, PEERUP_STUN_SOFTWARE, "");
  g_assert_true (check_password (message, "key"));
  g_assert_true (
    peerup_stun_message_check_integrity (message, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, (const guint8 *) "key", 3));
}

static void
test_no_space (void)
{
  guint8 whole[512];
  gsize length = write_all (whole, sizeof whole);

  for (gsize size = 0; size <= length; size++)
    {
      g_autofree guint8 *exact = g_malloc (size);

      g_assert_cmpuint (write_all (exact, size), ==, size < length ? 0 : length);
      if (size == length)
        g_assert_cmpmem (exact, size, whole, length);
    }
}

/* The header's length has 16 bits, and is a multiple of four. */
static void
test_largest (void)
{
  g_autofree guint8 *data = g_malloc0 (200000);
  g_autofree guint8 *value = g_malloc0 (G_MAXUINT16);
  PeerupStunAttribute attribute;
  PeerupStunWriter writer;

  peerup_stun_writer_init (&writer, data, 200000, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, transaction);
  peerup_stun_writer_add (&writer, PEERUP_STUN_SOFTWARE, value, 65528);
  g_assert_cmpuint (peerup_stun_writer_finish (&writer), ==, 20 + 65532);
  {
    g_auto (Parsed) parsed = parse_bytes (data, 20 + 65532);

    g_assert_true (peerup_stun_message_find (&parsed.message, PEERUP_STUN_SOFTWARE, &attribute));
    g_assert_cmpuint (attribute.length, ==, 65528);
  }
  peerup_stun_writer_add (&writer, PEERUP_STUN_SOFTWARE, NULL, 0);
  g_assert_cmpuint (peerup_stun_writer_finish (&writer), ==, 0);

  peerup_stun_writer_init (&writer, data, 200000, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, transaction);
  peerup_stun_writer_add (&writer, PEERUP_STUN_SOFTWARE, value, G_MAXUINT16);
  g_assert_cmpuint (peerup_stun_writer_finish (&writer), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stun/writer/rfc5769/long-term", test_vector_long_term);
  g_test_add_func ("/stun/writer/rfc5769/responses", test_vector_responses);
  g_test_add_func ("/stun/writer/rfc8489/sha256", test_vector_sha256);
  g_test_add_func ("/stun/writer/read-back", test_read_back);
  g_test_add_func ("/stun/writer/no-space", test_no_space);
  g_test_add_func ("/stun/writer/largest", test_largest);
  return g_test_run ();
}
