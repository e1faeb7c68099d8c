/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-reader.h"

#include <string.h>

#include "wire/peerup-bytes.h"

static void
test_reads_in_order (void)
{
  static const guint8 data[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xac, 0x02, 0x02, 'h',
                                 'i',  '!',  0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18 };
  PeerupReader reader = PEERUP_READER_INIT (data, sizeof data);
  const guint8 *bytes;
  guint64 number;
  guint32 word;
  guint16 half;
  guint8 byte;
  gsize length;

  g_assert_true (peerup_reader_u8 (&reader, &byte));
  g_assert_cmpuint (byte, ==, 0x01);
  g_assert_true (peerup_reader_be16 (&reader, &half));
  g_assert_cmpuint (half, ==, 0x0203);
  g_assert_true (peerup_reader_be32 (&reader, &word));
  g_assert_cmpuint (word, ==, 0x04050607);
  g_assert_true (peerup_reader_varint (&reader, &number));
  g_assert_cmpuint (number, ==, 300);
  g_assert_true (peerup_reader_prefixed (&reader, 2, &bytes, &length));
  g_assert_cmpmem (bytes, length, "hi", 2);
  g_assert_true (peerup_reader_bytes (&reader, 1, &bytes));
  g_assert_cmpuint (*bytes, ==, '!');
  g_assert_true (peerup_reader_be64 (&reader, &number));
  g_assert_cmphex (number, ==, G_GUINT64_CONSTANT (0x1112131415161718));
  g_assert_cmpuint (reader.left, ==, 0);
  g_assert_true (reader.data == data + sizeof data);
}

/* A read that fails leaves the cursor where it was. */
static void
assert_unmoved (const PeerupReader *reader, const guint8 *data, gsize length)
{
  g_assert_true (reader->data == data);
  g_assert_cmpuint (reader->left, ==, length);
}

static void
test_short (void)
{
  for (gsize length = 0; length < 8; length++)
    {
      g_autofree guint8 *data = g_malloc0 (length);
      PeerupReader reader = PEERUP_READER_INIT (data, length);
      const guint8 *bytes;
      guint64 number;
      guint32 word;
      guint16 half;
      guint8 byte;

      if (length < 1)
        g_assert_false (peerup_reader_u8 (&reader, &byte));
      if (length < 2)
        g_assert_false (peerup_reader_be16 (&reader, &half));
      if (length < 4)
        g_assert_false (peerup_reader_be32 (&reader, &word));
      g_assert_false (peerup_reader_be64 (&reader, &number));
      g_assert_false (peerup_reader_bytes (&reader, length + 1, &bytes));
      g_assert_false (peerup_reader_bytes (&reader, G_MAXSIZE, &bytes));
      assert_unmoved (&reader, data, length);
    }
}

/* Section 4, row 25: a length prefix of 2 to the power of 31 with three bytes behind it. */
static void
test_huge_prefix (void)
{
  static const guint8 data[] = { 0x80, 0x80, 0x80, 0x80, 0x08, 1, 2, 3 };
  g_autofree guint8 *exact = g_memdup2 (data, sizeof data);
  PeerupReader reader = PEERUP_READER_INIT (exact, sizeof data);
  const guint8 *bytes = NULL;
  gsize length = 0;

  g_assert_false (peerup_reader_prefixed (&reader, G_MAXSIZE, &bytes, &length));
  assert_unmoved (&reader, exact, sizeof data);
  g_assert_null (bytes);
  g_assert_cmpuint (length, ==, 0);
}

static void
test_prefix_cap (void)
{
  static const guint8 data[] = { 3, 'a', 'b', 'c' };
  PeerupReader reader = PEERUP_READER_INIT (data, sizeof data);
  const guint8 *bytes;
  gsize length;

  g_assert_false (peerup_reader_prefixed (&reader, 2, &bytes, &length));
  assert_unmoved (&reader, data, sizeof data);
  g_assert_true (peerup_reader_prefixed (&reader, 3, &bytes, &length));
  g_assert_cmpmem (bytes, length, "abc", 3);
}

static void
test_padded_varint (void)
{
  static const guint8 data[] = { 0x81, 0x00 };
  PeerupReader reader = PEERUP_READER_INIT (data, sizeof data);
  guint64 number;

  g_assert_false (peerup_reader_varint (&reader, &number));
  assert_unmoved (&reader, data, sizeof data);
}

static void
test_stores (void)
{
  guint8 out[9] = { 0 };

  peerup_store_be16 (out + 1, 0x1234);
  g_assert_cmpmem (out + 1, 2, "\x12\x34", 2);
  g_assert_cmphex (peerup_load_be16 (out + 1), ==, 0x1234);
  peerup_store_be32 (out + 1, 0x12345678);
  g_assert_cmpmem (out + 1, 4, "\x12\x34\x56\x78", 4);
  g_assert_cmphex (peerup_load_be32 (out + 1), ==, 0x12345678);
  peerup_store_be64 (out + 1, G_GUINT64_CONSTANT (0x123456789abcdef0));
  g_assert_cmpmem (out + 1, 8, "\x12\x34\x56\x78\x9a\xbc\xde\xf0", 8);
  g_assert_cmphex (peerup_load_be64 (out + 1), ==, G_GUINT64_CONSTANT (0x123456789abcdef0));
  peerup_store_le64 (out + 1, 1);
  g_assert_cmpmem (out + 1, 8, "\x01\0\0\0\0\0\0\0", 8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/reader/in-order", test_reads_in_order);
  g_test_add_func ("/wire/reader/short", test_short);
  g_test_add_func ("/wire/reader/huge-prefix", test_huge_prefix);
  g_test_add_func ("/wire/reader/prefix-cap", test_prefix_cap);
  g_test_add_func ("/wire/reader/padded-varint", test_padded_varint);
  g_test_add_func ("/wire/bytes/stores", test_stores);
  return g_test_run ();
}
