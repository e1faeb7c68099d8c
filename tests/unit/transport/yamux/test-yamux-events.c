/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * When events come, and what handlers may do: everything but feed.
 */
#include "yamux-side.h"

/* Once a channel and kind, in the order of the first news, after all was parsed. */
static void
test_once (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "W:S:3:0 D:S:1:5 D::3:5 D::1:5 D::3:5 W:F:3:0 G::0:0"));
  assert_log (side, "opened 3 readable 3 opened 1 readable 1 goaway 0x0");
  g_assert_true (side_feed_frames (side, "W::3:0"));
  assert_log (side, "");
}

static void
on_opened_drain (Side *self, PeerupYamuxChannel *channel)
{
  side_drain (self, channel);
}

/* What a handler has read already is not told again. */
static void
test_read_in_opened (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_opened = on_opened_drain;
  g_assert_true (side_feed_frames (side, "D:S:1:5 D:SF:3:5"));
  assert_log (side, "opened 1 opened 3 readable 3");
}

static void
on_any_reset (Side *self, PeerupYamuxChannel *channel)
{
  peerup_yamux_channel_reset (channel, 1);
}

static void
test_reset_in_opened (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_opened = on_any_reset;
  g_assert_true (side_feed_frames (side, "D:SF:1:5 D:S:3:5 D::3:1"));
  assert_log (side, "opened 1 opened 3 closed 1 closed 3");
  assert_frames (side, "W:R:1:1 W:R:3:1");
}

static void
test_reset_in_readable (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_readable = on_any_reset;
  g_assert_true (side_feed_frames (side, "D:SF:1:5 D:S:3:5"));
  assert_log (side, "opened 1 readable 1 opened 3 readable 3 closed 1 closed 3");
  g_assert_cmpuint (peerup_yamux_get_n_inbound (side->yamux), ==, 0);
}

static void
reset_all (Side *self, PeerupYamuxChannel *channel)
{
  for (guint i = 0; i < self->opened->len; i++)
    peerup_yamux_channel_reset (self->opened->pdata[i], 1);
}

/* A handler of one stream ends another whose news still waits. */
static void
test_reset_others (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "W:S:1:0 W:S:3:0 W:S:5:0"));
  g_free (side_take_log (side));
  side->on_readable = reset_all;
  g_assert_true (side_feed_frames (side, "D::1:5 D::3:5000 W:F:5:0"));
  assert_log (side, "readable 1 closed 3 closed 5 closed 1");
}

static void
echo (Side *self, PeerupYamuxChannel *channel)
{
  GInputVector in[8];
  gsize n = peerup_yamux_channel_peek (channel, in, G_N_ELEMENTS (in));

  for (gsize i = 0; i < n; i++)
    {
      GOutputVector out = { in[i].buffer, in[i].size };
      gsize written = peerup_yamux_channel_writev (channel, &out, 1, G_MAXSIZE);

      peerup_yamux_channel_consume (channel, written, self->now);
    }
  if (peerup_yamux_channel_get_read_state (channel) == PEERUP_YAMUX_READ_EOF)
    peerup_yamux_channel_close_write (channel);
}

static void
test_echo (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_readable = echo;
  g_assert_true (side_feed_frames (side, "D:S:1:5000 D:SF:3:5"));
  assert_log (side, "opened 1 readable 1 opened 3 readable 3 closed 3");
  assert_frames (side, "D:A:1:5000 D:A:3:5 W:F:3:0");
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 0);
}

static void
open_another (Side *self, PeerupYamuxChannel *channel)
{
  g_autoptr (PeerupYamuxChannel) other = peerup_yamux_open (self->yamux, self->now, NULL);

  side_write (other, 3);
  peerup_yamux_ping (self->yamux, self->now);
  peerup_yamux_goaway (self->yamux, 0);
}

static void
test_open_in_handler (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_readable = open_another;
  g_assert_true (side_feed_frames (side, "D:S:1:5"));
  assert_frames (side, "W:S:2:0 D::2:3 P:S:0:1 G::0:0");
}

static void
terminate (Side *self, PeerupYamuxChannel *channel)
{
  g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "enough");

  peerup_yamux_terminate (self->yamux, error);
}

/* News that had come before the end is told, and then the end. */
static void
test_terminate_in_handler (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "W:S:1:0 W:S:3:0"));
  g_free (side_take_log (side));
  side->on_readable = terminate;
  g_assert_false (side_feed_frames (side, "D::1:5000 D::3:5 W:S:5:0 P:S:0:1"));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  assert_log (side, "readable 1 readable 3 closed 3 closed 1");
  assert_frames (side, "P:A:0:1");
  g_assert_cmpuint (side->opened->len, ==, 2);
}

static void
free_session (Side *self, PeerupYamuxChannel *channel)
{
  g_clear_pointer (&self->yamux, peerup_yamux_unref);
}

/* After its user has dropped the session nothing more is told. */
static void
test_free_in_handler (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  GError *error = NULL;
  g_autoptr (GByteArray) bytes = frames_to_bytes ("D:S:1:5000 D:S:3:5 P:S:0:1 G::0:0");

  side->on_opened = free_session;
  g_assert_true (peerup_yamux_feed (side->yamux, bytes->data, bytes->len, 1, &error));
  g_assert_no_error (error);
  assert_log (side, "opened 1");
  g_assert_cmpint (peerup_yamux_channel_get_state (side->opened->pdata[0]), ==, PEERUP_YAMUX_LOST);
  g_clear_pointer (&bytes, g_byte_array_unref);
  g_assert_cmpuint (side_drain (side, side->opened->pdata[0]), ==, 5000);
}

/* The same from each other handler, and outside of feed. */
static void
test_free_in_other_handlers (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (Side) side = side_new (TRUE, NULL);
      g_autoptr (PeerupYamuxChannel) channel = side_open (side);
      g_autoptr (GByteArray) bytes = frames_to_bytes (i == 0 ? "W::1:5" : "D:R:1:5");
      g_autoptr (GError) error = NULL;

      side->on_writable = side->on_closed = free_session;
      side_write (channel, PEERUP_YAMUX_INITIAL_WINDOW);
      if (i == 2)
        peerup_yamux_channel_reset (channel, 0);
      else
        g_assert_true (peerup_yamux_feed (side->yamux, bytes->data, bytes->len, 1, &error));
      g_assert_null (side->yamux);
      g_assert_true (peerup_yamux_channel_get_state (channel) >= PEERUP_YAMUX_FINISHED);
    }
}

static void
drop_channel (Side *self, PeerupYamuxChannel *channel)
{
  g_ptr_array_set_size (self->opened, 0);
}

/* Nobody but the session needs to hold a stream. */
static void
test_drop_channel (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->on_opened = side->on_readable = side->on_closed = drop_channel;
  g_assert_true (side_feed_frames (side, "D:S:1:5000 D::1:5"));
  g_assert_true (side_feed_frames (side, "D::1:5"));
  g_assert_true (side_feed_frames (side, "W:R:1:0"));
  assert_log (side, "opened 1 readable 1 readable 1 closed 1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/events/once", test_once);
  g_test_add_func ("/yamux/events/read-in-opened", test_read_in_opened);
  g_test_add_func ("/yamux/events/reset-in-opened", test_reset_in_opened);
  g_test_add_func ("/yamux/events/reset-in-readable", test_reset_in_readable);
  g_test_add_func ("/yamux/events/reset-others", test_reset_others);
  g_test_add_func ("/yamux/events/echo", test_echo);
  g_test_add_func ("/yamux/events/open-in-handler", test_open_in_handler);
  g_test_add_func ("/yamux/events/terminate-in-handler", test_terminate_in_handler);
  g_test_add_func ("/yamux/events/free-in-handler", test_free_in_handler);
  g_test_add_func ("/yamux/events/free-in-other-handlers", test_free_in_other_handlers);
  g_test_add_func ("/yamux/events/drop-channel", test_drop_channel);
  return g_test_run ();
}
