/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What leaves a session: frame sizes, calls of send(), pieces, windows.
 */
#include "yamux-side.h"

static void
test_frame_sizes (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  side->n_sends = 0;
  g_assert_cmpuint (side_write (channel, 150000), ==, 150000);
  g_assert_cmpuint (side->n_sends, ==, 1);
  assert_frames (side, "D::1:65536 D::1:65536 D::1:18928");
}

static void
test_small_frames (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Side) side = NULL;
  g_autoptr (PeerupYamuxChannel) channel = NULL;

  limits.max_frame = 100;
  side = side_new (TRUE, &limits);
  channel = side_open (side);
  g_assert_cmpuint (side_write (channel, 200), ==, 200);
  assert_frames (side, "D::1:88 D::1:88 D::1:24");
}

/* The window first, then what the output has room for. */
static void
test_window (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  GOutputVector vector = { "0123456789", 10 };

  g_assert_cmpuint (peerup_yamux_channel_writev (channel, &vector, 1, 4), ==, 4);
  g_assert_cmpuint (peerup_yamux_channel_writev (channel, &vector, 1, 0), ==, 0);
  assert_frames (side, "D::1:4");
  g_assert_cmpuint (side_write (channel, 500000), ==, PEERUP_YAMUX_INITIAL_WINDOW - 4);
  g_assert_cmpuint (side_write (channel, 1), ==, 0);
  g_byte_array_set_size (side->out, 0);
  g_assert_true (side_feed_frames (side, "W:A:1:0"));
  assert_log (side, "");
  g_assert_true (side_feed_frames (side, "W::1:5 W::1:6"));
  assert_log (side, "writable 1");
  g_assert_true (side_feed_frames (side, "W::1:7"));
  assert_log (side, "");
  g_assert_cmpuint (side_write (channel, 500000), ==, 18);
  assert_frames (side, "D::1:18");
}

/* Every way to cut a text into pieces gives the same bytes. */
static void
test_pieces (void)
{
  static const char text[] = "the quick brown fox jumps over the lazy dog, forty times and more";
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  for (guint round = 0; round < 500; round++)
    {
      PeerupYamuxLimits limits = peerup_yamux_default_limits;
      g_autoptr (Side) from = NULL;
      g_autoptr (Side) to = side_new (FALSE, NULL);
      g_autoptr (PeerupYamuxChannel) channel = NULL;
      GOutputVector vectors[80];
      gsize n = 0, at = 0, max;
      char buffer[100];

      limits.max_frame = 13 + g_rand_int_range (rand, 0, 80);
      from = side_new (TRUE, &limits);
      channel = peerup_yamux_open (from->yamux, 0, NULL);
      while (at < sizeof text && n < G_N_ELEMENTS (vectors))
        {
          gsize size = g_rand_int_range (rand, 0, 1 + round % 20);

          vectors[n].buffer = text + at;
          vectors[n].size = MIN (sizeof text - at, size);
          at += vectors[n++].size;
        }
      max = g_rand_int_range (rand, 1, 100);
      g_assert_cmpuint (peerup_yamux_channel_writev (channel, vectors, n, max), ==, MIN (max, at));
      side_pump (from, to, NULL);
      g_assert_cmpuint (peerup_yamux_channel_read (to->opened->pdata[0], buffer, sizeof buffer, 0), ==, MIN (max, at));
      g_assert_cmpmem (buffer, MIN (max, at), text, MIN (max, at));
    }
}

static void
on_readable_write (Side *self, PeerupYamuxChannel *channel)
{
  side_write (channel, 100);
}

/* Control frames made while busy travel with what comes next, in order. */
static void
test_gathered (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_readable = on_readable_write;
  g_assert_true (side_feed_frames (side, "D:S:1:5 P:S:0:1 P:S:0:2"));
  g_assert_cmpuint (side->n_sends, ==, 2);
  assert_frames (side, "P:A:0:1 P:A:0:2 D:A:1:100");
}

/* Our own opens wait too when nothing leaves. */
static void
test_open_unread (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Side) side = NULL;
  g_autoptr (GError) error = NULL;
  PeerupYamuxChannel *channel;
  guint n;

  limits.max_control = 20;
  side = side_new (TRUE, &limits);
  for (n = 0; (channel = peerup_yamux_open (side->yamux, side->now, &error)) != NULL; n++)
    peerup_yamux_channel_unref (channel);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (n, ==, 10);
  assert_log (side, "");
  g_byte_array_set_size (side->out, 0);
  peerup_yamux_drained (side->yamux);
  assert_log (side, "can-open");
  g_assert_cmpuint (peerup_yamux_get_n_control (side->yamux), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/output/frame-sizes", test_frame_sizes);
  g_test_add_func ("/yamux/output/small-frames", test_small_frames);
  g_test_add_func ("/yamux/output/window", test_window);
  g_test_add_func ("/yamux/output/pieces", test_pieces);
  g_test_add_func ("/yamux/output/gathered", test_gathered);
  g_test_add_func ("/yamux/output/open-unread", test_open_unread);
  return g_test_run ();
}
