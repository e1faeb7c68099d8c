/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include <string.h>

#include "transport/websocket/peerup-websocket.h"

#define MASK "\x37\xfa\x21\x3d"

static const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE] = { 0x37, 0xfa, 0x21, 0x3d };

/* Feeds exact-size copies of @step bytes and gathers the payload. */
static gboolean
feed (PeerupWebsocket *machine, gconstpointer bytes, gsize length, gsize step, GString *payload, GError **error)
{
  const guint8 *data = bytes;

  for (gsize at = 0; at < length && !peerup_websocket_is_ended (machine);)
    {
      gsize n = MIN (step, length - at), consumed, found;
      g_autofree guint8 *copy = g_memdup2 (data + at, n);

      if (!peerup_websocket_feed (machine, copy, n, &consumed, &found, error))
        return FALSE;
      g_assert_cmpuint (found, <=, consumed);
      g_assert_cmpuint (consumed, >, 0);
      g_string_append_len (payload, (const char *) copy + consumed - found, found);
      at += consumed;
    }
  return TRUE;
}

static void
assert_reads (gboolean client, gconstpointer bytes, gsize length, const char *expected)
{
  for (gsize step = 1; step <= length; step++)
    {
      g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (client);
      g_autoptr (GString) payload = g_string_new (NULL);
      g_autoptr (GError) error = NULL;

      g_assert_true (feed (machine, bytes, length, step, payload, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (payload->str, ==, expected);
      g_assert_false (peerup_websocket_is_within_frame (machine));
    }
}

#define READS(client, bytes, expected) assert_reads (client, bytes, sizeof bytes - 1, expected)

static void
assert_control (PeerupWebsocket *machine, gconstpointer expected, gsize length)
{
  guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX];
  gsize n;

  g_assert_true (peerup_websocket_has_control (machine));
  n = peerup_websocket_write_control (machine, mask, frame);
  g_assert_cmpmem (frame, n, expected, length);
}

#define CONTROL(machine, bytes) assert_control (machine, bytes, sizeof bytes - 1)

static void
assert_no_control (PeerupWebsocket *machine)
{
  guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX];

  g_assert_false (peerup_websocket_has_control (machine));
  g_assert_cmpuint (peerup_websocket_write_control (machine, mask, frame), ==, 0);
}

/* RFC 6455 5.7, its texts as binary messages: the first byte is 0x82 where it has 0x81, 0x02 where 0x01. */

static void
test_rfc_unmasked (void)
{
  READS (TRUE, "\x82\x05\x48\x65\x6c\x6c\x6f", "Hello");
}

static void
test_rfc_masked (void)
{
  READS (FALSE, "\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "Hello");
}

static void
test_rfc_fragmented (void)
{
  READS (TRUE, "\x02\x03\x48\x65\x6c\x80\x02\x6c\x6f", "Hello");
}

static void
test_rfc_ping (void)
{
  g_autoptr (PeerupWebsocket) client = peerup_websocket_new (TRUE);
  g_autoptr (PeerupWebsocket) server = peerup_websocket_new (FALSE);
  g_autoptr (GString) payload = g_string_new (NULL);

  g_assert_true (feed (client, "\x89\x05\x48\x65\x6c\x6c\x6f", 7, 2, payload, NULL));
  CONTROL (client, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  assert_no_control (client);
  /* And that answer on the other side, which had not asked for it. */
  g_assert_true (feed (server, "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11, 3, payload, NULL));
  assert_no_control (server);
  g_assert_cmpuint (payload->len, ==, 0);
}

/* 256 bytes and 64 KiB: the lengths of 16 and 64 bits. */
static void
test_rfc_lengths (void)
{
  static const struct
  {
    gsize size;
    const char *header;
    gsize header_length;
  } rows[] = {
    { 256, "\x82\x7e\x01\x00", 4 },
    { 65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
      g_autoptr (GString) frame = g_string_new_len (rows[i].header, rows[i].header_length);
      g_autoptr (GString) payload = g_string_new (NULL);

      g_string_set_size (frame, rows[i].header_length + rows[i].size);
      memset (frame->str + rows[i].header_length, 'x', rows[i].size);
      g_assert_true (feed (machine, frame->str, frame->len, 1000, payload, NULL));
      g_assert_cmpuint (payload->len, ==, rows[i].size);
      g_assert_cmpuint (strspn (payload->str, "x"), ==, rows[i].size);
    }
}

/* What one side writes the other reads, at the lengths where the header changes. */
static void
test_both_roles (void)
{
  static const gsize sizes[] = { 1, 125, 126, 127, 65535, 65536, 70000 };

  for (guint client = 0; client < 2; client++)
    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
      {
        g_autoptr (PeerupWebsocket) writer = peerup_websocket_new (client);
        g_autoptr (PeerupWebsocket) reader = peerup_websocket_new (!client);
        g_autoptr (GString) payload = g_string_new (NULL);
        g_autofree guint8 *frame = g_malloc (PEERUP_WEBSOCKET_HEADER_MAX + sizes[i]);
        gsize n = peerup_websocket_write_header (writer, sizes[i], mask, frame);

        g_assert_cmpuint (n, ==, (sizes[i] < 126 ? 2u : sizes[i] < 65536 ? 4u : 10u) + (client ? 4 : 0));
        memset (frame + n, 'x', sizes[i]);
        if (client)
          peerup_websocket_mask (frame + n, frame + n, sizes[i], mask, 0);
        g_assert_true (feed (reader, frame, n + sizes[i], 999, payload, NULL));
        g_assert_cmpuint (payload->len, ==, sizes[i]);
        g_assert_cmpuint (strspn (payload->str, "x"), ==, sizes[i]);
      }
}

static void
test_empty_frames (void)
{
  READS (TRUE, "\x82\x00\x02\x00\x00\x00\x80\x00\x82\x01x", "x");
}

static void
test_control_between_fragments (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
  g_autoptr (GString) payload = g_string_new (NULL);

  g_assert_true (feed (machine, "\x02\x02He\x89\x01p\x00\x02ll\x8a\x00\x80\x01o", 17, 1, payload, NULL));
  g_assert_cmpstr (payload->str, ==, "Hello");
  CONTROL (machine, "\x8a\x81" MASK "\x47");
  assert_no_control (machine);
}

/* However many pings come, one answer waits: to the last. */
static void
test_many_pings (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (FALSE);
  g_autoptr (GString) payload = g_string_new (NULL);

  for (guint8 i = 0; i < 200; i++)
    {
      guint8 ping[] = { 0x89, 0x81, 0, 0, 0, 0, i };

      g_assert_true (feed (machine, ping, sizeof ping, sizeof ping, payload, NULL));
    }
  CONTROL (machine, "\x8a\x01\xc7");
  assert_no_control (machine);
}

static void
test_longest_ping (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
  g_autoptr (GString) payload = g_string_new (NULL);
  guint8 ping[127] = { 0x89, 125 }, frame[PEERUP_WEBSOCKET_FRAME_MAX];

  memset (ping + 2, 'x', 125);
  g_assert_true (feed (machine, ping, sizeof ping, 10, payload, NULL));
  g_assert_cmpuint (peerup_websocket_write_control (machine, mask, frame), ==, sizeof frame);
}

/* Closing */

static void
test_close (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (FALSE);

  peerup_websocket_close (machine, PEERUP_WEBSOCKET_NORMAL);
  peerup_websocket_close (machine, PEERUP_WEBSOCKET_BROKEN);
  g_assert_false (peerup_websocket_is_closed (machine));
  CONTROL (machine, "\x88\x02\x03\xe8");
  g_assert_true (peerup_websocket_is_closed (machine));
  assert_no_control (machine);
}

/* The peer's close is answered with its own code; what comes behind it is not looked at. */
static void
test_close_is_answered (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
  guint8 bytes[] = { 0x88, 0x05, 0x03, 0xe9, 'b', 'y', 'e', 0xff, 0xff };
  gsize consumed, payload;

  g_assert_true (peerup_websocket_feed (machine, bytes, sizeof bytes, &consumed, &payload, NULL));
  g_assert_cmpuint (consumed, ==, 7);
  g_assert_true (peerup_websocket_is_ended (machine));
  g_assert_true (peerup_websocket_feed (machine, bytes, sizeof bytes, &consumed, &payload, NULL));
  g_assert_cmpuint (consumed, ==, 0);
  CONTROL (machine, "\x88\x82" MASK "\x34\x13");
  assert_no_control (machine);
}

static void
test_close_without_code (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (FALSE);
  g_autoptr (GString) payload = g_string_new (NULL);

  g_assert_true (feed (machine, "\x88\x80" MASK, 6, 6, payload, NULL));
  g_assert_true (peerup_websocket_is_ended (machine));
  CONTROL (machine, "\x88\x00");
}

/* Where ours has gone already, there is nothing to answer. */
static void
test_close_crossed (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (FALSE);
  g_autoptr (GString) payload = g_string_new (NULL);

  peerup_websocket_close (machine, PEERUP_WEBSOCKET_NORMAL);
  CONTROL (machine, "\x88\x02\x03\xe8");
  g_assert_true (feed (machine, "\x82\x81\0\0\0\0x\x88\x82\0\0\0\0\x03\xe8", 15, 1, payload, NULL));
  g_assert_cmpstr (payload->str, ==, "x");
  g_assert_true (peerup_websocket_is_ended (machine));
  assert_no_control (machine);
}

static void
test_pong_before_close (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (FALSE);
  g_autoptr (GString) payload = g_string_new (NULL);

  peerup_websocket_close (machine, PEERUP_WEBSOCKET_NORMAL);
  g_assert_true (feed (machine, "\x89\x80" MASK, 6, 6, payload, NULL));
  CONTROL (machine, "\x8a\x00");
  CONTROL (machine, "\x88\x02\x03\xe8");
  /* And none behind it. */
  g_assert_true (feed (machine, "\x89\x80" MASK, 6, 6, payload, NULL));
  assert_no_control (machine);
}

/* Bad input */

/* It fails at the same byte however it is cut, says so once, and stays failed. */
static void
assert_fails (gboolean client, gconstpointer bytes, gsize length, int code, guint16 close_code)
{
  for (gsize step = 1; step <= length; step++)
    {
      g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (client);
      g_autoptr (GString) payload = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      guint8 frame[PEERUP_WEBSOCKET_FRAME_MAX], zeros[PEERUP_WEBSOCKET_MASK_SIZE] = { 0 };
      gsize n, consumed;

      g_assert_false (feed (machine, bytes, length, step, payload, &error));
      g_assert_error (error, PEERUP_ERROR, code);
      n = peerup_websocket_write_control (machine, zeros, frame);
      g_assert_cmphex (frame[0], ==, 0x88);
      g_assert_cmpuint (frame[n - 2] << 8 | frame[n - 1], ==, close_code);
      g_assert_false (peerup_websocket_feed (machine, frame, n, &consumed, &n, NULL));
    }
}

#define FAILS(name, client, bytes, code, close_code) \
  static void test_##name (void) { assert_fails (client, bytes, sizeof bytes - 1, PEERUP_ERROR_##code, close_code); }

FAILS (unmasked_client, FALSE, "\x82\x05Hello", PROTOCOL, 1002)
FAILS (masked_server, TRUE, "\x82\x85" MASK "\x7f\x9f\x4d\x51\x58", PROTOCOL, 1002)
FAILS (unmasked_ping, FALSE, "\x89\x00", PROTOCOL, 1002)
FAILS (reserved_bit_1, TRUE, "\xc2\x00", PROTOCOL, 1002)
FAILS (reserved_bit_2, TRUE, "\xa2\x00", PROTOCOL, 1002)
FAILS (reserved_bit_3, TRUE, "\x92\x00", PROTOCOL, 1002)
FAILS (opcode_3, TRUE, "\x83\x00", PROTOCOL, 1002)
FAILS (opcode_7, TRUE, "\x87\x00", PROTOCOL, 1002)
FAILS (opcode_11, TRUE, "\x8b\x00", PROTOCOL, 1002)
FAILS (opcode_15, TRUE, "\x8f\x00", PROTOCOL, 1002)
FAILS (text, TRUE, "\x81\x05Hello", UNSUPPORTED, 1003)
FAILS (fragmented_ping, TRUE, "\x09\x00", PROTOCOL, 1002)
FAILS (long_ping, TRUE, "\x89\x7e\x00\x7e", PROTOCOL, 1002)
FAILS (long_close, TRUE, "\x88\x7f\x00", PROTOCOL, 1002)
FAILS (continuation_of_nothing, TRUE, "\x80\x01x", PROTOCOL, 1002)
FAILS (message_within_message, TRUE, "\x02\x01x\x82\x01y", PROTOCOL, 1002)
FAILS (continuation_after_end, TRUE, "\x02\x01x\x80\x01y\x80\x01z", PROTOCOL, 1002)
FAILS (length_16_not_minimal, TRUE, "\x82\x7e\x00\x7d", PROTOCOL, 1002)
FAILS (length_64_not_minimal, TRUE, "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", PROTOCOL, 1002)
FAILS (length_64_top_bit, TRUE, "\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", PROTOCOL, 1002)
FAILS (close_of_one_byte, TRUE, "\x88\x01\x03", PROTOCOL, 1002)
FAILS (close_code_0, TRUE, "\x88\x02\x00\x00", PROTOCOL, 1002)
FAILS (close_code_999, TRUE, "\x88\x02\x03\xe7", PROTOCOL, 1002)
FAILS (close_code_1005, TRUE, "\x88\x02\x03\xed", PROTOCOL, 1002)
FAILS (close_code_1006, TRUE, "\x88\x02\x03\xee", PROTOCOL, 1002)
FAILS (close_code_1015, TRUE, "\x88\x02\x03\xf7", PROTOCOL, 1002)
FAILS (close_code_5000, TRUE, "\x88\x02\x13\x88", PROTOCOL, 1002)
FAILS (close_reason_not_utf8, TRUE, "\x88\x03\x03\xe8\xff", MALFORMED, 1007)

/* A length that nobody could buffer is only a number here. */
static void
test_largest_length (void)
{
  g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
  g_autoptr (GString) payload = g_string_new (NULL);

  g_assert_true (feed (machine, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffHello", 15, 15, payload, NULL));
  g_assert_cmpstr (payload->str, ==, "Hello");
  g_assert_true (peerup_websocket_is_within_frame (machine));
}

/* Any prefix of good frames is good, and within a frame unless it ends where one does. */
static void
test_truncation (void)
{
  static const char frames[] = "\x02\x03Hel\x89\x02hi\x80\x02lo\x82\x7e\x00\x7e";
  g_autoptr (GString) all = g_string_new_len (frames, sizeof frames - 1);
  const gsize ends[] = { 0, 5, 9, 13 };

  for (guint i = 0; i < 126; i++)
    g_string_append_c (all, 'x');
  for (gsize length = 0; length <= all->len; length++)
    {
      g_autoptr (PeerupWebsocket) machine = peerup_websocket_new (TRUE);
      g_autoptr (GString) payload = g_string_new (NULL);
      gboolean is_end = length == all->len;

      for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
        is_end |= length == ends[i];
      g_assert_true (feed (machine, all->str, length, MAX (length, 1), payload, NULL));
      g_assert_cmpint (peerup_websocket_is_within_frame (machine), ==, !is_end);
    }
}

#define ADD(path, name) g_test_add_func ("/websocket/" path, test_##name)

static void
add_bad_input (void)
{
  ADD ("bad/unmasked-client", unmasked_client);
  ADD ("bad/masked-server", masked_server);
  ADD ("bad/unmasked-ping", unmasked_ping);
  ADD ("bad/reserved-bit-1", reserved_bit_1);
  ADD ("bad/reserved-bit-2", reserved_bit_2);
  ADD ("bad/reserved-bit-3", reserved_bit_3);
  ADD ("bad/opcode-3", opcode_3);
  ADD ("bad/opcode-7", opcode_7);
  ADD ("bad/opcode-11", opcode_11);
  ADD ("bad/opcode-15", opcode_15);
  ADD ("bad/text", text);
  ADD ("bad/fragmented-ping", fragmented_ping);
  ADD ("bad/long-ping", long_ping);
  ADD ("bad/long-close", long_close);
  ADD ("bad/continuation-of-nothing", continuation_of_nothing);
  ADD ("bad/message-within-message", message_within_message);
  ADD ("bad/continuation-after-end", continuation_after_end);
  ADD ("bad/length-16-not-minimal", length_16_not_minimal);
  ADD ("bad/length-64-not-minimal", length_64_not_minimal);
  ADD ("bad/length-64-top-bit", length_64_top_bit);
  ADD ("bad/close-of-one-byte", close_of_one_byte);
  ADD ("bad/close-code-0", close_code_0);
  ADD ("bad/close-code-999", close_code_999);
  ADD ("bad/close-code-1005", close_code_1005);
  ADD ("bad/close-code-1006", close_code_1006);
  ADD ("bad/close-code-1015", close_code_1015);
  ADD ("bad/close-code-5000", close_code_5000);
  ADD ("bad/close-reason-not-utf8", close_reason_not_utf8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rfc/unmasked", rfc_unmasked);
  ADD ("rfc/masked", rfc_masked);
  ADD ("rfc/fragmented", rfc_fragmented);
  ADD ("rfc/ping", rfc_ping);
  ADD ("rfc/lengths", rfc_lengths);
  ADD ("both-roles", both_roles);
  ADD ("empty-frames", empty_frames);
  ADD ("control-between-fragments", control_between_fragments);
  ADD ("many-pings", many_pings);
  ADD ("longest-ping", longest_ping);
  ADD ("close", close);
  ADD ("close-is-answered", close_is_answered);
  ADD ("close-without-code", close_without_code);
  ADD ("close-crossed", close_crossed);
  ADD ("pong-before-close", pong_before_close);
  ADD ("largest-length", largest_length);
  ADD ("truncation", truncation);
  add_bad_input ();
  return g_test_run ();
}
