/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The session: opening, ids, limits, pings, GoAway, its end.
 */
#include "yamux-side.h"

static PeerupYamuxLimits
small_limits (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;

  limits.max_inbound = 4;
  limits.max_backlog = 3;
  limits.max_outbound = 3;
  limits.max_unacked = 2;
  return limits;
}

static void
test_open (void)
{
  g_autoptr (Side) client = side_new (TRUE, NULL);
  g_autoptr (Side) server = side_new (FALSE, NULL);
  g_autoptr (PeerupYamuxChannel) first = side_open (client);
  g_autoptr (PeerupYamuxChannel) second = side_open (client);
  g_autoptr (PeerupYamuxChannel) theirs = side_open (server);

  g_assert_cmpuint (peerup_yamux_channel_get_id (first), ==, 1);
  g_assert_cmpuint (peerup_yamux_channel_get_id (second), ==, 3);
  g_assert_cmpuint (peerup_yamux_channel_get_id (theirs), ==, 2);
  g_assert_cmpuint (peerup_yamux_get_n_outbound (client->yamux), ==, 2);
  g_assert_false (peerup_yamux_channel_is_inbound (first));
}

/* go opens with a window update of delta 0, others with data; both are acknowledged on
 * the first frame back. */
static void
test_inbound_go (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "W:S:1:0 D::1:5"));
  assert_log (side, "opened 1 readable 1");
  assert_frames (side, "");
  peerup_yamux_channel_accept (side->opened->pdata[0]);
  assert_frames (side, "W:A:1:0");
  peerup_yamux_channel_accept (side->opened->pdata[0]);
  side_write (side->opened->pdata[0], 3);
  assert_frames (side, "D::1:3");
  g_assert_cmpuint (peerup_yamux_get_n_inbound (side->yamux), ==, 1);
}

static void
test_inbound_data_syn (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);

  g_assert_true (side_feed_frames (side, "D:SF:7:4"));
  assert_log (side, "opened 7 readable 7");
  g_assert_cmpint (peerup_yamux_channel_get_state (side->opened->pdata[0]), ==, PEERUP_YAMUX_REMOTE_FIN);
  side_write (side->opened->pdata[0], 3);
  assert_frames (side, "D:A:7:3");
}

/* js acknowledges and raises its window in one update, and writes at most 64 KiB a frame. */
static void
test_outbound_js (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);

  g_assert_true (side_feed_frames (side, "W:A:1:100 D::1:65536"));
  g_assert_cmpuint (peerup_yamux_channel_get_send_window (channel), ==, PEERUP_YAMUX_INITIAL_WINDOW + 100);
  assert_log (side, "readable 1");
}

static void
test_unacked_limit (void)
{
  PeerupYamuxLimits limits = small_limits ();
  g_autoptr (Side) side = side_new (TRUE, &limits);
  g_autoptr (PeerupYamuxChannel) first = side_open (side);
  g_autoptr (PeerupYamuxChannel) second = side_open (side);
  g_autoptr (PeerupYamuxChannel) third = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_clear_error (&error);
  assert_log (side, "");
  g_assert_true (side_feed_frames (side, "W:A:3:0"));
  assert_log (side, "can-open");
  third = side_open (side);
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
}

/* Data acknowledges too; a reset gives the place back. */
static void
test_total_limit (void)
{
  PeerupYamuxLimits limits = small_limits ();
  g_autoptr (Side) side = side_new (TRUE, &limits);
  PeerupYamuxChannel *channels[4] = { NULL };
  g_autoptr (GError) error = NULL;

  channels[0] = side_open (side);
  channels[1] = side_open (side);
  g_assert_true (side_feed_frames (side, "D::1:1 W:F:3:0"));
  channels[2] = side_open (side);
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  peerup_yamux_channel_reset (channels[2], 0);
  assert_log (side, "readable 1 readable 3 closed 5 can-open");
  assert_frames (side, "W:R:5:0");
  channels[3] = side_open (side);
  for (guint i = 0; i < 4; i++)
    peerup_yamux_channel_unref (channels[i]);
}

static void
test_inbound_limits (void)
{
  PeerupYamuxLimits limits = small_limits ();
  g_autoptr (Side) side = side_new (FALSE, &limits);

  g_assert_true (side_feed_frames (side, "W:S:1:0 W:S:3:0 D:S:5:10 D:S:7:10 W::7:5 W:S:9:0"));
  assert_frames (side, "W:R:7:4098 W:R:9:4098");
  assert_log (side, "opened 1 opened 3 opened 5 readable 5");
  for (guint i = 0; i < 3; i++)
    peerup_yamux_channel_accept (side->opened->pdata[i]);
  assert_frames (side, "W:A:1:0 W:A:3:0 W:A:5:0");
  g_assert_true (side_feed_frames (side, "W:S:11:0"));
  peerup_yamux_channel_accept (side->opened->pdata[3]);
  g_assert_true (side_feed_frames (side, "W:S:13:0"));
  assert_frames (side, "W:A:11:0 W:R:13:4098");
  g_assert_true (side_feed_frames (side, "W:R:1:0 W:S:15:0"));
  assert_frames (side, "");
  assert_log (side, "opened 11 closed 1 opened 15");
}

static void
test_ids_exhausted (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) last = NULL;
  g_autoptr (GError) error = NULL;

  side->yamux->next_id = 0xffffffff;
  last = side_open (side);
  g_assert_cmpuint (peerup_yamux_channel_get_id (last), ==, 0xffffffff);
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

static void
test_ping (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);

  g_assert_cmpint (peerup_yamux_get_rtt (side->yamux), ==, 0);
  g_assert_true (peerup_yamux_ping (side->yamux, 5000000));
  g_assert_false (peerup_yamux_ping (side->yamux, 5000001));
  assert_frames (side, "P:S:0:1");
  g_assert_cmpint (peerup_yamux_get_unanswered_ping (side->yamux), ==, 5000000);
  side->now = 5040000;
  g_assert_true (side_feed_frames (side, "P:A:0:7 P:A:0:0"));
  assert_log (side, "");
  g_assert_true (side_feed_frames (side, "P:A:0:1 P:A:0:1"));
  assert_log (side, "pong 40000");
  g_assert_cmpint (peerup_yamux_get_rtt (side->yamux), ==, 40000);
  g_assert_cmpint (peerup_yamux_get_unanswered_ping (side->yamux), ==, G_MININT64);
  g_assert_cmpint (peerup_yamux_get_last_received (side->yamux), ==, 5040000);

  g_assert_true (peerup_yamux_ping (side->yamux, 6000000));
  assert_frames (side, "P:S:0:2");
  side->now = 6020000;
  g_assert_true (side_feed_frames (side, "P:A:0:2"));
  g_assert_cmpint (peerup_yamux_get_rtt (side->yamux), ==, 30000);
}

static void
test_pong (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);

  g_assert_true (side_feed_frames (side, "P:S:0:0 P:S:0:4294967295"));
  assert_frames (side, "P:A:0:0 P:A:0:4294967295");
  g_assert_cmpuint (side->n_sends, ==, 1);
}

static void
test_goaway_received (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GError) error = NULL;
  guint32 code;

  g_assert_false (peerup_yamux_get_remote_goaway (side->yamux, NULL));
  g_assert_true (side_feed_frames (side, "G::0:4103 D::1:5"));
  assert_log (side, "readable 1 goaway 0x1007");
  g_assert_true (peerup_yamux_get_remote_goaway (side->yamux, &code));
  g_assert_cmpuint (code, ==, 0x1007);
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_cmpuint (side_write (channel, 10), ==, 10);
  g_assert_false (peerup_yamux_is_dead (side->yamux));
}

static void
test_goaway_sent (void)
{
  g_autoptr (Side) side = side_new (FALSE, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (side_feed_frames (side, "W:S:1:0"));
  peerup_yamux_goaway (side->yamux, 0x1006);
  peerup_yamux_goaway (side->yamux, 0);
  assert_frames (side, "G::0:4102");
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_true (side_feed_frames (side, "D:S:3:5 D::1:5"));
  assert_frames (side, "W:R:3:4103");
  assert_log (side, "opened 1 readable 1");
}

static void
test_terminate (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) reading = side_open (side);
  g_autoptr (PeerupYamuxChannel) finished = side_open (side);
  g_autoptr (GError) reason = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "the peer is gone");
  g_autoptr (GError) error = NULL;

  g_assert_true (side_feed_frames (side, "D::1:5 D:F:3:5"));
  g_free (side_take_log (side));
  peerup_yamux_terminate (side->yamux, reason);
  peerup_yamux_terminate (side->yamux, reason);
  g_assert_true (g_strrstr (side->log->str, "closed 1") != NULL && g_strrstr (side->log->str, "closed 3") != NULL);
  assert_frames (side, "");

  /* What had arrived is still there; then it fails, or ends if the end had arrived. */
  g_assert_cmpint (peerup_yamux_channel_get_read_state (reading), ==, PEERUP_YAMUX_READ_DATA);
  g_assert_cmpuint (side_drain (side, reading), ==, 5);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (reading), ==, PEERUP_YAMUX_READ_FAILED);
  g_assert_cmpuint (side_drain (side, finished), ==, 5);
  g_assert_cmpint (peerup_yamux_channel_get_read_state (finished), ==, PEERUP_YAMUX_READ_EOF);
  g_assert_cmpuint (side_write (reading, 1), ==, 0);
  error = peerup_yamux_channel_dup_error (reading);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_clear_error (&error);

  peerup_yamux_channel_reset (reading, 1);
  peerup_yamux_channel_close_write (reading);
  peerup_yamux_goaway (side->yamux, 0);
  g_assert_false (peerup_yamux_ping (side->yamux, side->now));
  g_assert_null (peerup_yamux_open (side->yamux, side->now, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_false (side_feed_frames (side, "P:S:0:0"));
  g_assert_error (side->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  assert_frames (side, "");
}

/* Streams outlive the session that is freed under them. */
static void
test_freed (void)
{
  g_autoptr (Side) side = side_new (TRUE, NULL);
  g_autoptr (PeerupYamuxChannel) channel = side_open (side);
  g_autoptr (GError) error = NULL;

  g_assert_true (side_feed_frames (side, "D::1:5"));
  g_free (side_take_log (side));
  g_clear_pointer (&side->yamux, peerup_yamux_unref);
  assert_log (side, "");
  g_assert_cmpint (peerup_yamux_channel_get_state (channel), ==, PEERUP_YAMUX_LOST);
  g_assert_cmpuint (side_drain (side, channel), ==, 5);
  peerup_yamux_channel_close_read (channel, side->now);
  error = peerup_yamux_channel_dup_error (channel);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/yamux/session/open", test_open);
  g_test_add_func ("/yamux/session/inbound-go", test_inbound_go);
  g_test_add_func ("/yamux/session/inbound-data-syn", test_inbound_data_syn);
  g_test_add_func ("/yamux/session/outbound-js", test_outbound_js);
  g_test_add_func ("/yamux/session/unacked-limit", test_unacked_limit);
  g_test_add_func ("/yamux/session/total-limit", test_total_limit);
  g_test_add_func ("/yamux/session/inbound-limits", test_inbound_limits);
  g_test_add_func ("/yamux/session/ids-exhausted", test_ids_exhausted);
  g_test_add_func ("/yamux/session/ping", test_ping);
  g_test_add_func ("/yamux/session/pong", test_pong);
  g_test_add_func ("/yamux/session/goaway-received", test_goaway_received);
  g_test_add_func ("/yamux/session/goaway-sent", test_goaway_sent);
  g_test_add_func ("/yamux/session/terminate", test_terminate);
  g_test_add_func ("/yamux/session/freed", test_freed);
  return g_test_run ();
}
