/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One stream: reading, writing, half-close, reset.
 */
#include "yamux-side.h"

#include <malloc.h>

static void
test_read (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  GInputVector vectors[4];
  guint8 buffer[64];

  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_WAIT);
  g_assert_cmpuint (peerup_yamux_channel_read (channel, buffer, sizeof buffer, side->now), ==, 0);
  g_assert_cmpuint (peerup_yamux_channel_peek (channel, vectors, 4), ==, 0);
  g_assert_true (side_feed_frames (side, "D:A:1:100"));
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_DATA);
  g_assert_cmpuint (peerup_yamux_channel_peek (channel, vectors, 4), ==, 1);
  g_assert_cmpuint (vectors[0].size, ==, 100);
  peerup_yamux_channel_consume (channel, 10, side->now);
  g_assert_cmpuint (peerup_yamux_channel_read (channel, buffer, sizeof buffer, side->now), ==, 64);
  for (guint i = 0; i < 64; i++)
    g_assert_cmpuint (buffer[i], ==, i + 10);
  g_assert_true (side_feed_frames (side, "W:F:1:0"));
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_DATA);
  g_assert_cmpuint (peerup_yamux_channel_read (channel, buffer, sizeof buffer, side->now), ==, 26);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_EOF);
  assert_log (side, "readable 1 readable 1");
}

/* Bytes stay where they were fed until they are settled, and are the same after. */
static void
test_borrowed (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GByteArray) bytes = frames_to_bytes ("D::1:5000 D:F:1:3000");
  g_autoptr (GError) error = NULL;
  GInputVector vectors[4];
  guint8 buffer[8000];

  g_assert_true (peerup_yamux_feed_borrowed (side->yamux, bytes->data, bytes->len, side->now, &error));
  g_assert_cmpuint (peerup_yamux_channel_peek (channel, vectors, 4), ==, 2);
  g_assert_true (vectors[0].buffer == bytes->data + 12);
  g_assert_true (vectors[1].buffer == bytes->data + 24 + 5000);
  peerup_yamux_channel_consume (channel, 1000, side->now);
  peerup_yamux_settle (side->yamux);
  g_byte_array_set_size (bytes, 0);
  g_byte_array_append (bytes, buffer, 1);
  g_assert_cmpuint (peerup_yamux_channel_read (channel, buffer, sizeof buffer, side->now), ==, 7000);
  g_assert_cmpuint (buffer[0], ==, 1000 % 251);
  g_assert_cmpuint (buffer[6999], ==, 2999 % 251);
}

/* A stream that is done, or whose session is freed, before it was settled. */
static void
test_borrowed_and_gone (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) first = side_open (side);
  g_autoptr (PeerupYamuxChannel) second = side_open (side);
  g_autoptr (PeerupYamuxChannel) third = side_open (side);
  g_autoptr (GByteArray) bytes = frames_to_bytes ("D:F:1:5000 D::3:5000 D:F:5:5000");
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_yamux_feed_borrowed (side->yamux, bytes->data, bytes->len, side->now, &error));
  peerup_yamux_channel_reset (first, 0);
  peerup_yamux_channel_close_write (third);
  g_clear_pointer (&side->yamux, peerup_yamux_unref);
  g_clear_pointer (&bytes, g_byte_array_unref);
  g_assert_cmpuint (peerup_yamux_channel_get_buffered (first), ==, 0);
  g_assert_cmpuint (side_drain (side, second), ==, 5000);
  g_assert_cmpuint (side_drain (side, third), ==, 5000);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (third), ==, PEERUP_YAMUX_READ_EOF);
}

static void
test_half_close_local (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GError) error = NULL;

  side_write (channel, 5);
  peerup_yamux_channel_close_write (channel);
  peerup_yamux_channel_close_write (channel);
  assert_frames (side, "D::1:5 W:F:1:0");
  g_assert_cmpint (peerup_yamux_channel_get_state (channel), ==, PEERUP_YAMUX_LOCAL_FIN);
  g_assert_false (peerup_yamux_channel_can_write (channel));
  g_assert_cmpuint (side_write (channel, 5), ==, 0);
  error = peerup_yamux_channel_dup_error (channel);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_true (side_feed_frames (side, "D:A:1:5 D:F:1:5"));
  assert_log (side, "readable 1 closed 1");
  g_assert_cmpint (peerup_yamux_channel_get_state (channel), ==, PEERUP_YAMUX_FINISHED);
  g_assert_cmpuint (side_drain (side, channel), ==, 10);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_EOF);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 0);
  peerup_yamux_channel_reset (channel, 5);
  assert_frames (side, "");
}

static void
test_half_close_remote (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  PeerupYamuxChannel *channel;

  g_assert_true (side_feed_frames (side, "D:SF:1:5"));
  channel = side->opened->pdata[0];
  g_assert_cmpuint (side_write (channel, 300), ==, 300);
  g_assert_cmpuint (side_write (channel, 0), ==, 0);
  peerup_yamux_channel_close_write (channel);
  assert_frames (side, "D:A:1:300 W:F:1:0");
  assert_log (side, "opened 1 readable 1 closed 1");
  g_assert_cmpuint (peerup_yamux_get_n_inbound (side->yamux), ==, 0);
}

/* FIN acknowledges a stream that nobody answered yet. */
static void
test_close_unanswered (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "W:S:1:0 W:S:3:0"));
  peerup_yamux_channel_close_write (side->opened->pdata[0]);
  peerup_yamux_channel_reset (side->opened->pdata[1], 0x1008);
  peerup_yamux_channel_accept (side->opened->pdata[1]);
  assert_frames (side, "W:AF:1:0 W:R:3:4104");
  g_assert_cmpuint (side->yamux->n_unaccepted, ==, 0);
}

static void
test_reset_remote (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GError) error = NULL;

  g_assert_true (side_feed_frames (side, "D:A:1:50 W:R:1:4104 D::1:50"));
  assert_log (side, "closed 1");
  g_assert_cmpint (peerup_yamux_channel_get_state (channel), ==, PEERUP_YAMUX_REMOTE_RESET);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_FAILED);
  g_assert_cmpuint (peerup_yamux_channel_get_buffered (channel), ==, 0);
  g_assert_cmpuint (peerup_yamux_channel_get_reset_code (channel), ==, 0x1008);
  g_assert_cmpuint (side_write (channel, 5), ==, 0);
  error = peerup_yamux_channel_dup_error (channel);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_assert_nonnull (g_strrstr (error->message, "the peer"));
  peerup_yamux_channel_reset (channel, 1);
  assert_frames (side, "");
}

static void
test_reset_local (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GError) error = NULL;

  g_assert_true (side_feed_frames (side, "D:A:1:50"));
  peerup_yamux_channel_reset (channel, 0xdeadbeef);
  assert_frames (side, "W:R:1:3735928559");
  assert_log (side, "readable 1 closed 1");
  g_assert_cmpuint (peerup_yamux_channel_get_reset_code (channel), ==, 0xdeadbeef);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_FAILED);
  error = peerup_yamux_channel_dup_error (channel);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  peerup_yamux_channel_consume (channel, 0, side->now);
}

/* Who stopped reading lets the peer write on, and keeps nothing. */
static void
test_close_read (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  PeerupYamuxChannel *channel;

  g_assert_true (side_feed_frames (side, "D:S:1:100000"));
  channel = side->opened->pdata[0];
  peerup_yamux_channel_close_read (channel, side->now);
  peerup_yamux_channel_close_read (channel, side->now);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (channel), ==, PEERUP_YAMUX_READ_EOF);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 0);
  assert_frames (side, "");
  g_assert_true (side_feed_frames (side, "D::1:100000"));
  assert_frames (side, "P:S:0:1 W:A:1:200000");
  for (guint i = 0; i < 100; i++)
    g_assert_true (side_feed_frames (side, "D::1:131072"));
  g_assert_cmpuint (side->out->len, ==, 100 * PEERUP_YAMUX_HEADER_SIZE);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 0);
  assert_log (side, "opened 1 readable 1");
  g_assert_cmpuint (side_write (channel, 10), ==, 10);
  peerup_yamux_channel_close_write (channel);
  g_assert_true (side_feed_frames (side, "D:F:1:10"));
  assert_log (side, "closed 1");
}

/* An open stream with nothing in flight costs less than 400 bytes. */
static void
test_idle_memory (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Side) side = NULL;
  struct mallinfo2 before, after;

  limits.max_outbound = limits.max_unacked = 100000;
  side = side_new (TRUE, &limits);
  side->writes_through = TRUE;
  before = mallinfo2 ();
  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (PeerupYamuxChannel) channel = peerup_yamux_open (side->yamux, side->now, NULL);

      g_byte_array_set_size (side->out, 0);
      g_assert_nonnull (channel);
    }
  after = mallinfo2 ();
  g_test_message ("%zu bytes a stream, %zu of them the structure", (after.uordblks - before.uordblks) / 10000,
                  sizeof (PeerupYamuxChannel));
  /* The sanitizer's allocator does not count here. */
  g_assert_cmpuint (after.uordblks - before.uordblks, <, 10000 * 400);
  g_assert_cmpuint (sizeof (PeerupYamuxChannel), <, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/channel/read", test_read);
  g_test_add_func ("/yamux/channel/borrowed", test_borrowed);
  g_test_add_func ("/yamux/channel/borrowed-and-gone", test_borrowed_and_gone);
  g_test_add_func ("/yamux/channel/half-close-local", test_half_close_local);
  g_test_add_func ("/yamux/channel/half-close-remote", test_half_close_remote);
  g_test_add_func ("/yamux/channel/close-unanswered", test_close_unanswered);
  g_test_add_func ("/yamux/channel/reset-remote", test_reset_remote);
  g_test_add_func ("/yamux/channel/reset-local", test_reset_local);
  g_test_add_func ("/yamux/channel/close-read", test_close_read);
  g_test_add_func ("/yamux/channel/idle-memory", test_idle_memory);
  return g_test_run ();
}
