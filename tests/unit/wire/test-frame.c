/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-frame.h"

#include <string.h>

static void
assert_message (PeerupFrameReader *reader, const char *text)
{
  g_autoptr (GBytes) message = peerup_frame_reader_take (reader);

  g_assert_nonnull (message);
  g_assert_cmpmem (g_bytes_get_data (message, NULL), g_bytes_get_size (message), text, strlen (text));
}

/* The bytes after a message belong to somebody else. */
static void
test_takes_no_byte_too_many (void)
{
  static const guint8 data[] = { 5, 'h', 'e', 'l', 'l', 'o', 2, 'o', 'k', 0, 0x13 };
  g_auto (PeerupFrameReader) reader = { 0 };
  gsize consumed;

  peerup_frame_reader_init (&reader, 16);
  g_assert_cmpint (peerup_frame_reader_feed (&reader, data, sizeof data, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpuint (consumed, ==, 6);
  assert_message (&reader, "hello");
  g_assert_true (peerup_frame_reader_at_start (&reader));

  g_assert_cmpint (peerup_frame_reader_feed (&reader, data + 6, 5, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpuint (consumed, ==, 3);
  assert_message (&reader, "ok");

  g_assert_cmpint (peerup_frame_reader_feed (&reader, data + 9, 2, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpuint (consumed, ==, 1);
  assert_message (&reader, "");
}

/* A whole message stays whole until it is taken, whatever is fed. */
static void
test_holds_a_whole_message (void)
{
  static const guint8 data[] = { 1, 'x', 1, 'y' };
  g_auto (PeerupFrameReader) reader = { 0 };
  gsize consumed;

  peerup_frame_reader_init (&reader, 16);
  g_assert_cmpint (peerup_frame_reader_feed (&reader, data, 2, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpint (peerup_frame_reader_feed (&reader, data + 2, 2, &consumed), ==, PEERUP_DECODE_DONE);
  g_assert_cmpuint (consumed, ==, 0);
  assert_message (&reader, "x");
}

static void
test_byte_by_byte (void)
{
  g_autofree char *text = g_strnfill (300, 'm');
  g_autoptr (GBytes) frame = peerup_frame_new (text, 300);
  const guint8 *data = g_bytes_get_data (frame, NULL);
  gsize length = g_bytes_get_size (frame);
  g_auto (PeerupFrameReader) reader = { 0 };

  g_assert_cmpuint (length, ==, 302);
  peerup_frame_reader_init (&reader, 300);
  for (gsize i = 0; i < length; i++)
    {
      gsize consumed;
      PeerupDecode result;

      g_assert_cmpuint (peerup_frame_reader_at_start (&reader), ==, i == 0);
      g_assert_cmpuint (peerup_frame_reader_wanted (&reader), ==, i < 2 ? 1 : length - i);
      result = peerup_frame_reader_feed (&reader, data + i, 1, &consumed);
      g_assert_cmpuint (consumed, ==, 1);
      g_assert_cmpint (result, ==, i + 1 < length ? PEERUP_DECODE_NEED_MORE : PEERUP_DECODE_DONE);
    }
  g_assert_cmpuint (peerup_frame_reader_wanted (&reader), ==, 0);
  assert_message (&reader, text);
}

/* Reading no more than is wanted takes exactly one message, in few reads. */
static void
test_wanted (void)
{
  static const guint8 data[] = { 4, 'a', 'b', 'c', 'd', 0xee };
  g_auto (PeerupFrameReader) reader = { 0 };
  gsize offset = 0;
  guint n_reads = 0;

  peerup_frame_reader_init (&reader, 16);
  for (gsize wanted; (wanted = peerup_frame_reader_wanted (&reader)) > 0; n_reads++)
    {
      gsize consumed;
      PeerupDecode result = peerup_frame_reader_feed (&reader, data + offset, wanted, &consumed);

      g_assert_cmpint (result, !=, PEERUP_DECODE_MALFORMED);
      g_assert_cmpuint (consumed, ==, wanted);
      offset += consumed;
    }
  g_assert_cmpuint (n_reads, ==, 2);
  g_assert_cmpuint (offset, ==, 5);
  assert_message (&reader, "abcd");
}

static PeerupDecode
feed_once (const char *bytes, gsize length, gsize max)
{
  g_auto (PeerupFrameReader) reader = { 0 };
  g_autofree guint8 *exact = g_memdup2 (bytes, length);
  gsize consumed;

  peerup_frame_reader_init (&reader, max);
  return peerup_frame_reader_feed (&reader, exact, length, &consumed);
}

static void
test_cap (void)
{
  g_assert_cmpint (feed_once ("\x05hello", 6, 5), ==, PEERUP_DECODE_DONE);
  g_assert_cmpint (feed_once ("\x06", 1, 5), ==, PEERUP_DECODE_TOO_LARGE);
  g_assert_cmpint (feed_once ("\x01", 1, 0), ==, PEERUP_DECODE_TOO_LARGE);
}

/* Section 4, rows 14 and 25: 1 GiB and 2 GiB announced, three bytes sent. */
static void
test_huge_prefix (void)
{
  g_assert_cmpint (feed_once ("\x80\x80\x80\x80\x04xyz", 8, 4096), ==, PEERUP_DECODE_TOO_LARGE);
  g_assert_cmpint (feed_once ("\x80\x80\x80\x80\x08xyz", 8, 4096), ==, PEERUP_DECODE_TOO_LARGE);
}

/* What is announced within the cap costs nothing until it comes. */
static void
test_memory_follows_the_bytes (void)
{
  static const guint8 data[] = { 0x80, 0x80, 0x80, 0x02, 'x' };
  g_auto (PeerupFrameReader) reader = { 0 };
  gsize consumed;

  peerup_frame_reader_init (&reader, 4 * 1024 * 1024);
  g_assert_cmpint (peerup_frame_reader_feed (&reader, data, sizeof data, &consumed), ==, PEERUP_DECODE_NEED_MORE);
  g_assert_cmpuint (peerup_frame_reader_wanted (&reader), ==, 4 * 1024 * 1024 - 1);
  g_assert_cmpuint (reader.message->len, ==, 1);
}

static void
test_malformed (void)
{
  g_assert_cmpint (feed_once ("\x81\x00", 2, 4096), ==, PEERUP_DECODE_MALFORMED);
  g_assert_cmpint (feed_once ("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9, 4096), ==, PEERUP_DECODE_MALFORMED);
  g_assert_cmpint (feed_once ("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, 4096), ==, PEERUP_DECODE_MALFORMED);
}

static void
test_truncation (void)
{
  static const char frame[] = "\x85\x01";
  g_autofree char *whole = g_strnfill (2 + 133, 'z');

  memcpy (whole, frame, 2);
  for (gsize length = 0; length < 135; length++)
    g_assert_cmpint (feed_once (whole, length, 133), ==, PEERUP_DECODE_NEED_MORE);
  g_assert_cmpint (feed_once (whole, 135, 133), ==, PEERUP_DECODE_DONE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/frame/takes-no-byte-too-many", test_takes_no_byte_too_many);
  g_test_add_func ("/wire/frame/holds-a-whole-message", test_holds_a_whole_message);
  g_test_add_func ("/wire/frame/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/wire/frame/wanted", test_wanted);
  g_test_add_func ("/wire/frame/cap", test_cap);
  g_test_add_func ("/wire/frame/huge-prefix", test_huge_prefix);
  g_test_add_func ("/wire/frame/memory-follows-the-bytes", test_memory_follows_the_bytes);
  g_test_add_func ("/wire/frame/malformed", test_malformed);
  g_test_add_func ("/wire/frame/truncation", test_truncation);
  return g_test_run ();
}
