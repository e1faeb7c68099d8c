/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Receive windows: when they are given back, how they grow, what they bound.
 */
#include "yamux-side.h"

#include <string.h>

#define RTT 40000

static void
learn_rtt (Side *side, gint64 rtt)
{
  g_autofree char *ping = NULL;
  g_autofree char *pong = NULL;

  g_assert_true (peerup_yamux_ping (side->yamux, side->now));
  ping = side_take_frames (side);
  side->now += rtt;
  pong = g_strdup_printf ("P:A:0:%s", ping + strlen ("P:S:0:"));
  g_assert_true (side_feed_frames (side, pong));
}

static void
feed_data (Side *side, PeerupYamuxChannel *channel, guint length)
{
  g_autofree char *frame = g_strdup_printf ("D::%u:%u", peerup_yamux_channel_get_id (channel), length);

  g_assert_true (side_feed_frames (side, frame));
}

/* Given back at half the window, not before; without a round trip it does not grow, and
 * one is asked for. */
static void
test_half (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  feed_data (side, channel, 262144);
  peerup_yamux_channel_consume (channel, 131071, side->now);
  assert_frames (side, "");
  peerup_yamux_channel_consume (channel, 1, side->now);
  assert_frames (side, "P:S:0:1 W::1:131072");
  peerup_yamux_channel_consume (channel, 131072, side->now);
  assert_frames (side, "W::1:131072");
}

/* Either side of four round trips. */
static void
test_grow_edge (void)
{
  for (gint64 late = 0; late <= 1; late++)
    {
      g_autoptr (Side) side = side_new (TRUE, NULL);
      g_autoptr (PeerupYamuxChannel) channel = NULL;

      learn_rtt (side, RTT);
      channel = side_open (side);
      feed_data (side, channel, 262144);
      peerup_yamux_channel_consume (channel, 131072, side->now + 4 * RTT - 1 + late);
      if (late)
        assert_frames (side, "W::1:131072");
      else
        assert_frames (side, "W::1:393216");
      g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, late ? 262144 : 524288);
    }
}

/* A reader that keeps up gets 16 MiB and no more, and the peer can use all of it. */
static void
test_grow_to_max (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = NULL;
  guint rounds = 0;

  learn_rtt (side, RTT);
  channel = side_open (side);
  while (rounds < 100)
    {
      feed_data (side, channel, channel->allowed);
      side->now += RTT;
      side_drain (side, channel);
      g_assert_cmpuint (channel->allowed + channel->consumed, ==, channel->window);
      g_byte_array_set_size (side->out, 0);
      rounds++;
      if (peerup_yamux_channel_get_receive_window (channel) == 16 * 1024 * 1024)
        break;
    }
  g_assert_cmpuint (rounds, <=, 7);
  for (guint i = 0; i < 3; i++)
    {
      feed_data (side, channel, channel->allowed);
      side_drain (side, channel);
      g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, 16 * 1024 * 1024);
    }
}

/* A slow reader keeps the window it has. */
static void
test_slow_reader (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = NULL;

  learn_rtt (side, RTT);
  channel = side_open (side);
  for (guint i = 0; i < 50; i++)
    {
      feed_data (side, channel, channel->allowed);
      side->now += 5 * RTT;
      side_drain (side, channel);
    }
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, PEERUP_YAMUX_INITIAL_WINDOW);
}

/* A lean channel goes without what its reader leaves, down to a little, and grows again with a
 * reader that keeps up. */
static void
test_lean (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = NULL;

  learn_rtt (side, RTT);
  channel = side_open (side);
  peerup_yamux_channel_set_lean (channel);
  feed_data (side, channel, 262144);
  peerup_yamux_channel_consume (channel, 65536, side->now);
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, 196608);
  peerup_yamux_channel_consume (channel, 65536, side->now);
  peerup_yamux_channel_consume (channel, 65536, side->now);
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, 81920);
  assert_frames (side, "");
  side->now += 5 * RTT;
  peerup_yamux_channel_consume (channel, 49152, side->now);
  assert_frames (side, "W::1:65536");
  for (guint32 before = 0; before != channel->window;)
    {
      before = channel->window;
      feed_data (side, channel, channel->allowed);
      side_drain (side, channel);
    }
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, PEERUP_YAMUX_LEAN_WINDOW_MAX);
}

/* However slow the reader, its window does not close. */
static void
test_lean_least (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  peerup_yamux_channel_set_lean (channel);
  for (guint i = 0; i < 2000; i++)
    {
      if (channel->allowed > 0)
        feed_data (side, channel, channel->allowed);
      peerup_yamux_channel_consume (channel, 1000, side->now);
      side->now += 5 * RTT;
    }
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channel), ==, PEERUP_YAMUX_LEAN_WINDOW);
}

/* Streams share the budget; the first ones do not take it all. */
static void
test_budget (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  PeerupYamuxChannel *channels[40];
  gsize sum = 0;

  learn_rtt (side, RTT);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    channels[i] = side_open (side);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    for (guint32 before = 0; before != channels[i]->window;)
      {
        before = channels[i]->window;
        feed_data (side, channels[i], channels[i]->allowed);
        side_drain (side, channels[i]);
        g_byte_array_set_size (side->out, 0);
      }
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    sum += peerup_yamux_channel_get_receive_window (channels[i]);
  g_assert_cmpuint (sum, ==, side->yamux->window_sum);
  g_assert_cmpuint (sum, <=, 64 * 1024 * 1024);
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channels[0]), ==, 16 * 1024 * 1024);
  g_assert_cmpuint (peerup_yamux_channel_get_receive_window (channels[5]), >, PEERUP_YAMUX_INITIAL_WINDOW);
  for (guint i = 0; i < G_N_ELEMENTS (channels); i++)
    {
      peerup_yamux_channel_reset (channels[i], 0);
      peerup_yamux_channel_unref (channels[i]);
    }
  g_assert_cmpuint (side->yamux->window_sum, ==, 0);
}

/* A reader that never comes: the buffer is the window, in tiny frames at most twice that. */
static void
test_stalled_reader (void)
{
  static const guint sizes[] = { 1, 7, 100, 3000, 65524 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (Side) side = side_new (TRUE, NULL);
      g_autoptr (PeerupYamuxChannel) channel = side_open (side);
      g_autofree char *frame = g_strdup_printf ("D::1:%u", sizes[i]);
      g_autoptr (GByteArray) bytes = frames_to_bytes (frame);
      gsize buffered;

      for (;;)
        {
          gsize before = peerup_yamux_channel_get_buffered (channel);

          if (!side_feed (side, bytes->data, bytes->len))
            break;
          buffered = peerup_yamux_channel_get_buffered (channel);
          g_assert_cmpuint (buffered, >, before);
          g_assert_cmpuint (peerup_chunk_queue_get_allocated (&channel->queue), <=, 2 * buffered + 4096);
        }
      g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
      buffered = peerup_yamux_channel_get_buffered (channel);
      g_assert_cmpuint (buffered, <=, PEERUP_YAMUX_INITIAL_WINDOW);
      g_assert_cmpuint (peerup_chunk_queue_get_allocated (&channel->queue), <=, 2 * PEERUP_YAMUX_INITIAL_WINDOW);
    }
}

/* After the peer's FIN there is nobody to give a window to. */
static void
test_after_fin (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  g_assert_true (side_feed_frames (side, "D:F:1:200000"));
  g_assert_cmpuint (side_drain (side, channel), ==, 200000);
  assert_frames (side, "");
}

/* A drained stream holds nothing. */
static void
test_nothing_kept (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  feed_data (side, channel, 262144);
  side_drain (side, channel);
  g_assert_null (channel->queue.head);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/window/half", test_half);
  g_test_add_func ("/yamux/window/grow-edge", test_grow_edge);
  g_test_add_func ("/yamux/window/grow-to-max", test_grow_to_max);
  g_test_add_func ("/yamux/window/slow-reader", test_slow_reader);
  g_test_add_func ("/yamux/window/lean", test_lean);
  g_test_add_func ("/yamux/window/lean-least", test_lean_least);
  g_test_add_func ("/yamux/window/budget", test_budget);
  g_test_add_func ("/yamux/window/stalled-reader", test_stalled_reader);
  g_test_add_func ("/yamux/window/after-fin", test_after_fin);
  g_test_add_func ("/yamux/window/nothing-kept", test_nothing_kept);
  return g_test_run ();
}
