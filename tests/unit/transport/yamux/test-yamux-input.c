/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a peer may send, and what ends the session when it does.
 */
#include "yamux-side.h"

/* A server with inbound streams 1 (open) and 3 (its FIN arrived), both accepted, and an
 * outbound stream 2. */
static Side *
new_server (void)
{
  Side *side = side_new (FALSE, NULL);
  g_autoptr (PeerupYamuxChannel) own = side_open (side);

  g_assert_true (side_feed_frames (side, "W:S:1:0 D:SF:3:2 W:A:2:0"));
  for (guint i = 0; i < side->opened->len; i++)
    peerup_yamux_channel_accept (side->opened->pdata[i]);
  assert_frames (side, "W:A:1:0 W:A:3:0");
  g_free (side_take_log (side));
  return side;
}

/* Frames after which the session must be dead, with GoAway(1) and every stream lost. */
static void
test_broken_rules (gconstpointer frames)
{
  g_autoptr (Side) side = new_server ();

  g_assert_false (side_feed_frames (side, frames));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  assert_frames (side, "G::0:1");
  g_assert_true (peerup_yamux_is_dead (side->yamux));
  g_assert_cmpuint (peerup_yamux_get_n_inbound (side->yamux), ==, 0);
  for (guint i = 0; i < side->opened->len; i++)
    g_assert_cmpint (peerup_yamux_channel_get_state (side->opened->pdata[i]), ==, PEERUP_YAMUX_LOST);
  g_assert_false (side_feed_frames (side, "P:S:0:1"));
  assert_frames (side, "");
}

/* The same for a header the codec refuses to write. */
static void
test_broken_header (gconstpointer header)
{
  g_autoptr (Side) side = new_server ();

  g_assert_false (side_feed (side, header, PEERUP_YAMUX_HEADER_SIZE));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  assert_frames (side, "G::0:1");
}

/* Frames that change nothing and are answered by nothing. */
static void
test_ignored (gconstpointer frames)
{
  g_autoptr (Side) side = new_server ();

  g_assert_true (side_feed_frames (side, frames));
  assert_frames (side, "");
  assert_log (side, "");
  g_assert_cmpuint (peerup_yamux_get_n_inbound (side->yamux), ==, 2);
  g_assert_cmpuint (peerup_yamux_get_n_outbound (side->yamux), ==, 1);
  g_assert_true (side_feed_frames (side, "P:S:0:9"));
  assert_frames (side, "P:A:0:9");
}

/* Row 1: the first frame of a stream is larger than its window. */
static void
test_first_frame_too_large (void)
{
  static const guint8 header[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 4, 0, 1 };
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_false (side_feed (side, header, sizeof header));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  assert_frames (side, "G::0:1");
  assert_log (side, "");
}

/* The window itself is allowed, in one frame and in many; one byte more is not. */
static void
test_window_edge (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "D:S:1:262144"));
  g_assert_true (side_feed_frames (side, "D:S:3:262143 D::3:1 D::3:0 D:S:5:0"));
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 2 * PEERUP_YAMUX_INITIAL_WINDOW);
  g_assert_false (side_feed_frames (side, "D::3:1"));
}

/* Row 2: deltas that sum beyond 32 bits. */
static void
test_window_overflow (void)
{
  g_autoptr (Side) side = new_server ();

  g_assert_true (side_feed_frames (side, "W::1:4294705151"));
  g_assert_cmpuint (peerup_yamux_channel_get_send_window (side->opened->pdata[0]), ==, G_MAXUINT32);
  g_assert_true (side_feed_frames (side, "W::1:0"));
  g_assert_false (side_feed_frames (side, "W::1:1"));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
}

/* Row 3: pings whose answers the peer does not read. */
static void
test_ping_flood (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  g_autoptr (GByteArray) pings = frames_to_bytes ("P:S:0:1 P:S:0:2 P:S:0:3 P:S:0:4");
  guint n = 0;

  while (side_feed (side, pings->data, pings->len))
    n += 4;
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (n, <=, 8192);
  g_assert_cmpuint (n, >, 8000);
  g_assert_cmpuint (side->out->len, <=, (8192 + 2) * PEERUP_YAMUX_HEADER_SIZE);
}

/* A peer that reads them can ping all day. */
static void
test_ping_stream (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  g_autoptr (GByteArray) pings = frames_to_bytes ("P:S:0:1 P:S:0:2 P:S:0:3 P:S:0:4");

  for (guint i = 0; i < 20000; i++)
    {
      g_assert_true (side_feed (side, pings->data, pings->len));
      if (i % 1000 == 0)
        g_byte_array_set_size (side->out, 0);
    }
}

/* Row 3 and 5: stream after stream, opened and reset at once, our answers unread. */
static void
test_open_flood (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  gboolean alive = TRUE;
  guint id;

  for (id = 1; alive && id < 200000; id += 2)
    {
      g_autofree char *frames = g_strdup_printf ("W:S:%u:0", id);

      alive = side_feed_frames (side, frames);
    }
  g_assert_false (alive);
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpuint (side->out->len, <=, (8192 + 2) * PEERUP_YAMUX_HEADER_SIZE);
  g_assert_cmpuint (side->opened->len, ==, 256);
}

/* Row 5: as many idle streams as are allowed, and 100,000 more. */
static void
test_idle_streams (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->writes_through = TRUE;
  for (guint id = 1; id < 200000; id += 2)
    {
      g_autofree char *frames = g_strdup_printf ("W:S:%u:0", id);

      g_assert_true (side_feed_frames (side, frames));
      if (side->opened->len > 0)
        peerup_yamux_channel_accept (side->opened->pdata[side->opened->len - 1]);
      g_byte_array_set_size (side->out, 0);
    }
  g_assert_cmpuint (side->opened->len, ==, 1024);
  g_assert_cmpuint (g_hash_table_size (side->yamux->channels), ==, 1024);
  g_assert_cmpuint (sizeof (PeerupYamuxChannel), <, 200);
}

/* A reset with any code is a reset, whatever the window. */
static void
test_reset_codes (void)
{
  g_autoptr (Side) side = new_server ();

  g_assert_true (side_feed_frames (side, "W:R:1:4294967295 D:R:3:0 W:R:2:4104 W:R:1:0"));
  assert_log (side, "closed 1 closed 3 closed 2");
  assert_frames (side, "");
  g_assert_cmpuint (peerup_yamux_channel_get_reset_code (side->opened->pdata[0]), ==, 0xffffffff);
  g_assert_cmpuint (peerup_yamux_channel_get_reset_code (side->opened->pdata[1]), ==, 0);
}

/* Everything a stream can be told in data frames too, as py-libp2p once did. */
static void
test_control_as_data (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "D:S:1:0 D:F:1:0"));
  assert_log (side, "opened 1 readable 1");
  g_assert_true (side_feed_frames (side, "D:S:3:0 D:R:3:0"));
  assert_log (side, "");
  g_assert_true (side_feed_frames (side, "D:S:5:0"));
  g_assert_true (side_feed_frames (side, "D:R:5:0"));
  assert_log (side, "opened 5 closed 5");
}

/* Data of a stream that is gone is skipped across any number of feeds, unbuffered. */
static void
test_dead_stream_data (void)
{
  g_autoptr (Side) side = new_server ();
  g_autoptr (GByteArray) bytes = frames_to_bytes ("D::1:5000 D::1:10 W::1:5 W:F:1:0 P:S:0:7");

  g_assert_true (side_feed (side, bytes->data, 100));
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 88 + 2);
  peerup_yamux_channel_reset (side->opened->pdata[0], 5);
  assert_frames (side, "W:R:1:5");
  for (guint i = 100; i < bytes->len; i++)
    g_assert_true (side_feed (side, bytes->data + i, 1));
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 2);
  assert_frames (side, "P:A:0:7");
}

/* More bytes than readers may leave: the stream goes, the session stays. */
static void
test_buffer_limit (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Side) side = NULL;

  limits.max_buffered = 300000;
  side = side_new (FALSE, &limits);
  g_assert_true (side_feed_frames (side, "D:S:1:262144 D:S:3:30000 D::3:10000 D::3:10"));
  assert_frames (side, "W:R:3:4098");
  assert_log (side, "opened 1 readable 1");
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 262144);
  side_drain (side, side->opened->pdata[0]);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 0);
}

/* The same, where the user says how many there may be; it hears of those that go. */
static void
test_buffer_refused (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  side->max_buffered = 300000;
  g_assert_true (side_feed_frames (side, "D:S:1:262144 D:S:3:30000 D::3:10000 D::3:10"));
  assert_frames (side, "W:R:3:4098");
  g_assert_cmpuint (side->buffered, ==, 262144);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 262144);
  g_assert_true (side_feed_frames (side, "D:S:5:37856"));
  g_assert_cmpuint (side->buffered, ==, 300000);
  /* Fewer are never refused. */
  side->max_buffered = 0;
  peerup_yamux_channel_consume (side->opened->pdata[0], 262144, side->now);
  g_assert_cmpuint (peerup_yamux_get_buffered (side->yamux), ==, 37856);
  side->max_buffered = 300000;
  g_assert_true (side_feed_frames (side, "W:R:5:1"));
  g_assert_cmpuint (side->buffered, ==, 0);
}

static const char sweep_frames[] =
  "W:S:1:0 D::1:5 D:SF:3:40 P:S:0:1 D::1:3000 W::1:77 D::9:3 W:R:3:8 D:F:1:2 G::0:4096";

/* Every prefix is fine and waits for more; every split gives the same. */
static void
test_truncation (void)
{
  g_autoptr (GByteArray) bytes = frames_to_bytes (sweep_frames);

  for (gsize cut = 0; cut <= bytes->len; cut++)
    {
      g_autoptr (Side) side = side_new (FALSE, NULL);

      g_assert_true (side_feed (side, bytes->data, cut));
      g_assert_true (side_feed (side, bytes->data + cut, bytes->len - cut));
      assert_frames (side, "P:A:0:1");
      g_assert_cmpuint (peerup_yamux_channel_get_buffered (side->opened->pdata[0]), ==, 3007);
      g_assert_cmpuint (peerup_yamux_channel_get_send_window (side->opened->pdata[0]), ==,
                        PEERUP_YAMUX_INITIAL_WINDOW + 77);
      g_assert_cmpint (peerup_yamux_channel_get_state (side->opened->pdata[0]), ==, PEERUP_YAMUX_REMOTE_FIN);
      g_assert_true (peerup_yamux_get_remote_goaway (side->yamux, NULL));
    }
}

/* A prefix, then the connection is gone: nothing leaks, nothing asserts. */
static void
test_cut_off (void)
{
  g_autoptr (GByteArray) bytes = frames_to_bytes (sweep_frames);
  g_autoptr (GError) reason = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "cut off");

  for (gsize cut = 0; cut <= bytes->len; cut++)
    {
      g_autoptr (Side) side = side_new (FALSE, NULL);

      g_assert_true (side_feed (side, bytes->data, cut));
      peerup_yamux_terminate (side->yamux, reason);
      g_assert_true (peerup_yamux_is_dead (side->yamux));
    }
}

/* Row 4, in the order of the table where it fits. */
static void
add_broken (void)
{
  static const guint8 headers[][PEERUP_YAMUX_HEADER_SIZE] = {
    { 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
    { 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0 },
    { 0, 2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0 },
    { 0, 2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0 },
    { 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 },
    { 0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 },
    { 0, 1, 0, 24, 0, 0, 0, 1, 0, 0, 0, 0 },
    { 0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 },
    { 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 },
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
    { 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
    { 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff },
    { 0, 0, 0, 0, 0, 0, 0, 99, 0xff, 0xff, 0xff, 0xff },
    { 0, 0, 0, 8, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff },
    { 0, 1, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff },
  };
  static const char *const header_names[] = {
    "ping-no-flags",
    "ping-both-flags",
    "ping-rst",
    "ping-on-stream",
    "goaway-flags",
    "goaway-on-stream",
    "rst-odd-flags",
    "type-4",
    "version-1",
    "data-on-stream-0",
    "window-on-stream-0",
    "data-4-gib",
    "data-4-gib-unknown-stream",
    "data-4-gib-rst",
    "window-4-gib",
  };

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autofree char *name = g_strdup_printf ("/yamux/input/broken/%s", header_names[i]);

      g_test_add_data_func (name, headers[i], test_broken_header);
    }
  g_test_add_data_func ("/yamux/input/broken/same-id-twice", "W:S:1:0", test_broken_rules);
  g_test_add_data_func ("/yamux/input/broken/same-id-twice-data", "D:S:3:1", test_broken_rules);
  g_test_add_data_func ("/yamux/input/broken/wrong-parity", "W:S:4:0", test_broken_rules);
  g_test_add_data_func ("/yamux/input/broken/our-own-id", "D:S:2:0", test_broken_rules);
  g_test_add_data_func ("/yamux/input/broken/data-after-fin", "D::3:1", test_broken_rules);
  g_test_add_data_func ("/yamux/input/broken/after-good-frames", "D::1:5 W::1:5 D::3:1", test_broken_rules);
}

static void
add_ignored (void)
{
  static const char *const cases[][2] = {
    { "unknown-data", "D::99:5000" },      { "unknown-window", "W::98:5" },
    { "unknown-fin", "W:F:99:0" },         { "unknown-rst", "W:R:99:3" },
    { "unknown-ack", "W:A:6:0" },          { "second-fin", "W:F:3:0" },
    { "empty-data-after-fin", "D:F:3:0" }, { "window-after-fin", "W::3:5" },
    { "pong-unasked", "P:A:0:5" },         { "open-and-reset", "W:SR:5:4294967295" },
    { "open-and-reset-data", "D:SR:5:6" }, { "ack-twice", "W:A:2:0" },
    { "ack-inbound", "W:A:1:0" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = g_strdup_printf ("/yamux/input/ignored/%s", cases[i][0]);

      g_test_add_data_func (name, cases[i][1], test_ignored);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/input/first-frame-too-large", test_first_frame_too_large);
  g_test_add_func ("/yamux/input/window-edge", test_window_edge);
  g_test_add_func ("/yamux/input/window-overflow", test_window_overflow);
  g_test_add_func ("/yamux/input/ping-flood", test_ping_flood);
  g_test_add_func ("/yamux/input/ping-stream", test_ping_stream);
  g_test_add_func ("/yamux/input/open-flood", test_open_flood);
  g_test_add_func ("/yamux/input/idle-streams", test_idle_streams);
  g_test_add_func ("/yamux/input/reset-codes", test_reset_codes);
  g_test_add_func ("/yamux/input/control-as-data", test_control_as_data);
  g_test_add_func ("/yamux/input/dead-stream-data", test_dead_stream_data);
  g_test_add_func ("/yamux/input/buffer-limit", test_buffer_limit);
  g_test_add_func ("/yamux/input/buffer-refused", test_buffer_refused);
  g_test_add_func ("/yamux/input/truncation", test_truncation);
  g_test_add_func ("/yamux/input/cut-off", test_cut_off);
  add_broken ();
  add_ignored ();
  return g_test_run ();
}
