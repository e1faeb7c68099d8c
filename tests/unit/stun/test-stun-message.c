/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Reading STUN: the published vectors, and everything that is not STUN. */

#include "unit/stun/stun-test.h"

#include "wire/peerup-bytes.h"

static gboolean
decode (const guint8 *data, gsize length, GError **error)
{
  PeerupStunMessage message;

  return peerup_stun_message_parse (&message, data, length, error);
}

static void
assert_malformed (const char *attributes, const char *why)
{
  g_autofree char *hex = with_header ("0001", attributes);
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;

  g_assert_false (decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_assert_nonnull (strstr (error->message, why));
}

static void
test_vector_request (void)
{
  g_auto (Parsed) parsed = parse_hex (VECTOR_REQUEST);
  const PeerupStunMessage *message = &parsed.message;
  const guint16 priority = 0x0024;
  PeerupStunAttribute attribute;
  guint16 unknown;

  g_assert_cmpint (message->class, ==, PEERUP_STUN_REQUEST);
  g_assert_cmpuint (message->method, ==, PEERUP_STUN_BINDING);
  g_assert_true (message->has_fingerprint);
  g_assert_cmpmem (peerup_stun_message_get_transaction (message), PEERUP_STUN_TRANSACTION_SIZE,
                   "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae", 12);
  assert_text (message, PEERUP_STUN_SOFTWARE, "STUN test client");
  assert_text (message, PEERUP_STUN_USERNAME, "evtj:h6vY");
  g_assert_true (peerup_stun_message_find (message, priority, &attribute));
  g_assert_cmpuint (peerup_load_be32 (attribute.value), ==, 0x6e0001ff);
  g_assert_cmpuint (peerup_stun_message_find_unknown (message, &unknown, 1), ==, 1);
  g_assert_cmpuint (unknown, ==, priority);
  g_assert_true (check_password (message, VECTOR_PASSWORD));
  g_assert_false (check_password (message, "another"));
  g_assert_false (check_password (message, ""));
}

static void
test_vector_responses (void)
{
  g_auto (Parsed) ip4 = parse_hex (VECTOR_RESPONSE_IP4);
  g_auto (Parsed) ip6 = parse_hex (VECTOR_RESPONSE_IP6);

  assert_address (&ip4.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.1:32853");
  assert_address (&ip6.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
  for (guint i = 0; i < 2; i++)
    {
      const PeerupStunMessage *message = i == 0 ? &ip4.message : &ip6.message;
      PeerupSocketAddress address;

      g_assert_cmpint (message->class, ==, PEERUP_STUN_SUCCESS);
      g_assert_cmpuint (message->method, ==, PEERUP_STUN_BINDING);
      g_assert_true (message->has_fingerprint);
      assert_text (message, PEERUP_STUN_SOFTWARE, "test vector");
      g_assert_true (check_password (message, VECTOR_PASSWORD));
      g_assert_false (peerup_stun_message_get_address (message, PEERUP_STUN_MAPPED_ADDRESS, &address));
      g_assert_cmpuint (peerup_stun_message_find_unknown (message, NULL, 0), ==, 0);
    }
}

static void
test_vector_long_term (void)
{
  g_auto (Parsed) parsed = parse_hex (VECTOR_LONG_TERM);
  guint8 key[32];
  gsize length = derive_key (G_CHECKSUM_MD5, key);

  g_assert_false (parsed.message.has_fingerprint);
  assert_text (&parsed.message, PEERUP_STUN_USERNAME, VECTOR_USER);
  assert_text (&parsed.message, PEERUP_STUN_NONCE, VECTOR_NONCE);
  assert_text (&parsed.message, PEERUP_STUN_REALM, "example.org");
  g_assert_true (peerup_stun_message_check_integrity (&parsed.message, PEERUP_STUN_MESSAGE_INTEGRITY, key, length));
  g_assert_false (
    peerup_stun_message_check_integrity (&parsed.message, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, key, length));
}

static void
test_vector_sha256 (void)
{
  g_auto (Parsed) parsed = parse_hex (VECTOR_SHA256);
  guint8 key[32];
  gsize length = derive_key (G_CHECKSUM_SHA256, key);

  assert_text (&parsed.message, PEERUP_STUN_REALM, "example.org");
  g_assert_true (
    peerup_stun_message_check_integrity (&parsed.message, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, key, length));
  g_assert_false (peerup_stun_message_check_integrity (&parsed.message, PEERUP_STUN_MESSAGE_INTEGRITY, key, length));
  key[0] ^= 1;
  g_assert_false (
    peerup_stun_message_check_integrity (&parsed.message, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, key, length));
}

static const char *const vectors[] = {
  VECTOR_REQUEST, VECTOR_RESPONSE_IP4, VECTOR_RESPONSE_IP6, VECTOR_LONG_TERM, VECTOR_SHA256,
};

/* No beginning of a message is one; with a length that fits, those are that end with an attribute. */
static void
test_truncated (void)
{
  static const guint n_attributes[] = { 6, 4, 4, 4, 5 };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (vectors[i]);
      gsize size = g_bytes_get_size (bytes);
      g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (bytes, NULL), size);
      guint n = 0;

      g_assert_cmpuint (wire_sweep (decode, data, size), ==, 0);
      for (gsize length = PEERUP_STUN_HEADER_SIZE; length < size; length++)
        {
          peerup_store_be16 (data + 2, length - PEERUP_STUN_HEADER_SIZE);
          n += wire_try (decode, data, length);
        }
      g_assert_cmpuint (n, ==, n_attributes[i]);
    }
}

/* Whether anything of it could be taken for what it was: with its digests, but for those that a vector has not. */
static gboolean
passes (const guint8 *data, gsize length, gboolean has_fingerprint)
{
  PeerupStunMessage message;
  guint8 key[32];
  gsize md5_length;

  if (!peerup_stun_message_parse (&message, data, length, NULL) || message.has_fingerprint != has_fingerprint)
    return FALSE;
  if (check_password (&message, VECTOR_PASSWORD))
    return TRUE;
  md5_length = derive_key (G_CHECKSUM_MD5, key);
  if (peerup_stun_message_check_integrity (&message, PEERUP_STUN_MESSAGE_INTEGRITY, key, md5_length))
    return TRUE;
  return peerup_stun_message_check_integrity (&message, PEERUP_STUN_MESSAGE_INTEGRITY_SHA256, key,
                                              derive_key (G_CHECKSUM_SHA256, key));
}

/* One bit is enough to spoil any of them. */
static void
test_bit_flips (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (Parsed) parsed = parse_hex (vectors[i]);
      gsize length = parsed.message.length;
      g_autofree guint8 *data = g_memdup2 (parsed.message.data, length);

      g_assert_true (passes (data, length, parsed.message.has_fingerprint));
      wire_flip (decode, data, length);
      for (gsize bit = 0; bit < length * 8; bit++)
        {
          data[bit / 8] ^= 1 << bit % 8;
          g_assert_false (passes (data, length, parsed.message.has_fingerprint));
          data[bit / 8] ^= 1 << bit % 8;
        }
    }
}

static void
test_bad_headers (void)
{
  static const char *const rows[] = {
    "",
    "00",
    "000100002112a442000102030405060708090a",   /* 19 bytes */
    "400100002112a442000102030405060708090a0b", /* the first two bits */
    "800100002112a442000102030405060708090a0b",
    "000100042112a442000102030405060708090a0b", /* tells of more than there is */
    "0001ffff2112a442000102030405060708090a0b",
    "000100002112a442000102030405060708090a0b80220000", /* of less */
    "000100012112a442000102030405060708090a0b00",       /* no multiple of four */
    "000100022112a442000102030405060708090a0b8022",
    "000100032112a442000102030405060708090a0b802200",
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    wire_assert_error (decode, rows[i], PEERUP_ERROR_MALFORMED);
}

static void
test_bad_attributes (void)
{
  assert_malformed ("80220004", "past the end");
  assert_malformed ("80220005736f6d65", "past the end");
  assert_malformed ("8022ffff736f6d65", "past the end");
  /* The padding of three bytes is missing, or two of them. */
  assert_malformed ("8022000573", "past the end");
  assert_malformed ("80220005736f6d6572", "past the end");
  assert_malformed ("80220005736f6d657200", "past the end");
  assert_malformed ("8022000400000000802200", "past the end");
}

/* RFC 3489: any bytes in the place of the cookie, and no fingerprint, whatever has its number. */
static void
test_classic (void)
{
  g_auto (Parsed) parsed = parse_hex ("0001000c2683faf3b002cb2ee1e56e52db591aea"
                                      "8028000400000000"
                                      "80280000");
  g_auto (Parsed) today = parse_hex ("000100002112a442b002cb2ee1e56e52db591aea");

  g_assert_true (parsed.message.is_classic);
  g_assert_false (parsed.message.has_fingerprint);
  g_assert_false (today.message.is_classic);
}

/* Padding may be any bytes (RFC 8489 14). */
static void
test_padding (void)
{
  g_auto (Parsed) parsed = parse_attributes ("80220001"
                                             "61ffffff"
                                             "80220002"
                                             "6263eeee");

  assert_text (&parsed.message, PEERUP_STUN_SOFTWARE, "a");
}

static void
test_fingerprint (void)
{
  guint8 data[64];
  PeerupStunWriter writer;
  g_autofree char *attribute = NULL;
  g_autofree char *attribute_and_more = NULL;

  assert_malformed ("8028000400000000", "fingerprint is wrong");
  assert_malformed ("80280000", "not 4 bytes");
  assert_malformed ("802800080000000000000000", "not 4 bytes");
  /* Right, but not the last: another one, which covers the length as it is, stands behind it. */
  peerup_stun_writer_init (&writer, data, sizeof data, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING,
                           (const guint8 *) "\0\1\2\3\4\5\6\7\10\11\12\13");
  peerup_stun_writer_add_fingerprint (&writer);
  g_assert_cmpuint (peerup_stun_writer_finish (&writer), ==, 28);
  attribute = g_strdup_printf ("80280004%08x", peerup_load_be32 (data + 24));
  {
    g_auto (Parsed) parsed = parse_attributes (attribute);

    g_assert_true (parsed.message.has_fingerprint);
  }
  attribute_and_more = g_strconcat (attribute, "80220000", NULL);
  assert_malformed (attribute_and_more, "not 4 bytes");
}

/* Classes and methods share 14 bits. */
static void
test_types (void)
{
  static const struct
  {
    const char *type;
    PeerupStunClass class;
    guint16 method;
  } rows[] = {
    { "0001", PEERUP_STUN_REQUEST, 0x001 }, { "0011", PEERUP_STUN_INDICATION, 0x001 },
    { "0101", PEERUP_STUN_SUCCESS, 0x001 }, { "0111", PEERUP_STUN_ERROR, 0x001 },
    { "0003", PEERUP_STUN_REQUEST, 0x003 }, { "0017", PEERUP_STUN_INDICATION, 0x007 },
    { "3eef", PEERUP_STUN_REQUEST, 0xfff }, { "3fff", PEERUP_STUN_ERROR, 0xfff },
    { "0020", PEERUP_STUN_REQUEST, 0x010 }, { "0200", PEERUP_STUN_REQUEST, 0x080 },
    { "0312", PEERUP_STUN_ERROR, 0x082 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *hex = with_header (rows[i].type, "");
      g_auto (Parsed) parsed = parse_hex (hex);
      guint8 data[PEERUP_STUN_HEADER_SIZE];
      PeerupStunWriter writer;

      g_assert_cmpint (parsed.message.class, ==, rows[i].class);
      g_assert_cmphex (parsed.message.method, ==, rows[i].method);
      peerup_stun_writer_init (&writer, data, sizeof data, rows[i].class, rows[i].method,
                               peerup_stun_message_get_transaction (&parsed.message));
      g_assert_cmpmem (data, peerup_stun_writer_finish (&writer), parsed.message.data, parsed.message.length);
    }
}

static void
test_addresses (void)
{
  static const char *const bad[] = {
    "00200000",                                                         /* empty */
    "0020000400010000",                                                 /* no address */
    "0020000700010000c0000200",                                         /* part of one */
    "0020000900010000c000020100000000",                                 /* one byte more */
    "0020000800020000c0000201",                                         /* as IPv6 */
    "0020000800030000c0000201",                                         /* as neither */
    "002000140001000000000000000000000000000000000000",                 /* IPv6 as IPv4 */
    "0020001800020000000000000000000000000000000000000000000000000000", /* too long */
  };
  PeerupSocketAddress address;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (Parsed) parsed = parse_attributes (bad[i]);

      g_assert_false (peerup_stun_message_get_address (&parsed.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, &address));
    }
  /* In clear; what stands in the first byte means nothing; the second of a kind neither. */
  {
    g_auto (Parsed) parsed = parse_attributes ("00010008"
                                               "ff010d96c0000201"
                                               "00010008"
                                               "000100017f000001"
                                               "802c0014"
                                               "0002000120010db8000000000000000000000007");

    assert_address (&parsed.message, PEERUP_STUN_MAPPED_ADDRESS, "192.0.2.1:3478");
    assert_address (&parsed.message, PEERUP_STUN_OTHER_ADDRESS, "[2001:db8::7]:1");
  }
  /* IPv4 that was put into IPv6 is IPv4 here. */
  {
    g_auto (Parsed) parsed = parse_attributes ("00010014"
                                               "0002000100000000000000000000ffffc0000201");

    assert_address (&parsed.message, PEERUP_STUN_MAPPED_ADDRESS, "192.0.2.1:1");
  }
}

static void
test_error_codes (void)
{
  static const struct
  {
    const char *attributes;
    guint code;
  } rows[] = {
    { "", 0 },
    { "0009000400000414", 420 },
    { "000900070000031d6162630f", 329 },
    { "00090004fffffc63", 499 }, /* reserved bits are ignored */
    { "0009000400000300", 300 },
    { "0009000400000663", 699 },
    { "0009000400000263", 0 },
    { "0009000400000700", 0 },
    { "0009000400000464", 0 },
    { "0009000300000400", 0 },
    { "00090000", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Parsed) parsed = parse_attributes (rows[i].attributes);

      g_assert_cmpuint (peerup_stun_message_get_error_code (&parsed.message), ==, rows[i].code);
    }
}

/* What an integrity attribute does not cover is not there, but for the one that follows it. */
static void
test_behind_integrity (void)
{
#define ZEROS_20 "0000000000000000000000000000000000000000"
  g_auto (Parsed) parsed = parse_attributes ("00060004"
                                             "61626364"
                                             "00080014" ZEROS_20 "80220004"
                                             "65666768"
                                             "001c0014" ZEROS_20 "00080014" ZEROS_20 "00030004"
                                             "00000006");
  static const guint16 expected[] = { PEERUP_STUN_USERNAME, PEERUP_STUN_MESSAGE_INTEGRITY,
                                      PEERUP_STUN_MESSAGE_INTEGRITY_SHA256 };
  PeerupStunAttribute attribute;
  PeerupStunIter iter;

  peerup_stun_iter_init (&iter, &parsed.message);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_assert_true (peerup_stun_iter_next (&iter, &attribute));
      g_assert_cmphex (attribute.type, ==, expected[i]);
    }
  g_assert_false (peerup_stun_iter_next (&iter, &attribute));
  g_assert_false (peerup_stun_iter_next (&iter, &attribute));
  g_assert_cmpuint (peerup_stun_message_find_unknown (&parsed.message, NULL, 0), ==, 0);
}

static void
test_unknown (void)
{
  g_auto (Parsed) parsed = parse_attributes ("00030000"
                                             "7fff0000"
                                             "80000000"
                                             "00060000"
                                             "00250000"
                                             "c0570000");
  guint16 types[3] = { 0 };

  g_assert_cmpuint (peerup_stun_message_find_unknown (&parsed.message, types, 2), ==, 3);
  g_assert_cmphex (types[0], ==, 0x0003);
  g_assert_cmphex (types[1], ==, 0x7fff);
  g_assert_cmphex (types[2], ==, 0);
}

/* SHA-256 may be shortened to 16 bytes (RFC 8489 14.6), SHA-1 not at all. */
static void
test_integrity_sizes (void)
{
  g_autoptr (GBytes) header = wire_hex ("000100002112a442000102030405060708090a0b");

  for (gsize size = 0; size <= 36; size++)
    for (guint sha256 = 0; sha256 < 2; sha256++)
      {
        guint8 data[64] = { 0 };
        gsize length = 24 + size + (-size & 3);
        g_autofree char *digest = NULL;
        g_autoptr (GBytes) value = NULL;
        gboolean expected = sha256 ? size >= 16 && size <= 32 && size % 4 == 0 : size == 20;

        memcpy (data, g_bytes_get_data (header, NULL), 20);
        peerup_store_be16 (data + 2, length - 20);
        /* GLib's own HMAC of the header, whose length counts the attribute. */
        digest =
          g_compute_hmac_for_data (sha256 ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1, (const guchar *) "key", 3, data, 20);
        value = wire_hex (digest);
        peerup_store_be16 (data + 20, sha256 ? PEERUP_STUN_MESSAGE_INTEGRITY_SHA256 : PEERUP_STUN_MESSAGE_INTEGRITY);
        peerup_store_be16 (data + 22, size);
        memcpy (data + 24, g_bytes_get_data (value, NULL), MIN (size, g_bytes_get_size (value)));
        {
          g_auto (Parsed) parsed = parse_bytes (data, length);

          g_assert_cmpint (peerup_stun_message_check_integrity (&parsed.message,
                                                                sha256 ? PEERUP_STUN_MESSAGE_INTEGRITY_SHA256
                                                                       : PEERUP_STUN_MESSAGE_INTEGRITY,
                                                                (const guint8 *) "key", 3),
                           ==, expected);
        }
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stun/message/rfc5769/request", test_vector_request);
  g_test_add_func ("/stun/message/rfc5769/responses", test_vector_responses);
  g_test_add_func ("/stun/message/rfc5769/long-term", test_vector_long_term);
  g_test_add_func ("/stun/message/rfc8489/sha256", test_vector_sha256);
  g_test_add_func ("/stun/message/truncated", test_truncated);
  g_test_add_func ("/stun/message/bit-flips", test_bit_flips);
  g_test_add_func ("/stun/message/bad-headers", test_bad_headers);
  g_test_add_func ("/stun/message/bad-attributes", test_bad_attributes);
  g_test_add_func ("/stun/message/classic", test_classic);
  g_test_add_func ("/stun/message/padding", test_padding);
  g_test_add_func ("/stun/message/fingerprint", test_fingerprint);
  g_test_add_func ("/stun/message/types", test_types);
  g_test_add_func ("/stun/message/addresses", test_addresses);
  g_test_add_func ("/stun/message/error-codes", test_error_codes);
  g_test_add_func ("/stun/message/behind-integrity", test_behind_integrity);
  g_test_add_func ("/stun/message/unknown", test_unknown);
  g_test_add_func ("/stun/message/integrity-sizes", test_integrity_sizes);
  return g_test_run ();
}
