/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The connection: opening, ends of all kinds, pings, what a dead peer looks like.
 */
#include "yamux-fixture.h"

#include "transport/peerup-yamux-connection-private.h"
#include "yamux-side.h"

#define SECONDS G_USEC_PER_SEC

static void
test_hello (void)
{
  g_autoptr (Fixture) pair = fixture_new (100000, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  g_autoptr (GByteArray) got = NULL;
  guint64 received, sent;

  g_assert_cmpint (peerup_stream_write (near, "hello", 5, NULL), ==, 5);
  settle_down ();
  got = read_now (far);
  g_assert_cmpmem (got->data, got->len, "hello", 5);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->a), ==, 1);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->b), ==, 1);
  g_assert_true (peerup_stream_get_connection (near) == pair->a);
  peerup_connection_get_bytes (pair->a, &received, &sent);
  g_assert_cmpuint (sent, ==, 4 * 12 + 5);
  g_assert_cmpuint (received, ==, 3 * 12);
}

/* Small frames made in one turn leave in one write. */
static void
test_gathers (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (100000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);

  peerup_stream_write (stream, "a", 1, NULL);
  peerup_stream_write (stream, "b", 1, NULL);
  peerup_stream_close_write (stream);
  g_assert_cmpint (peerup_stream_poll (pair->raw), ==, G_IO_OUT);
  assert_raw (pair, "W:S:1:0 D::1:1 D::1:1 W:F:1:0");
}

static void
assert_future_error (DexFuture *future, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (dex_future_get_value (future, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

/* We close: what was written leaves first, then GoAway, and our streams fail. */
static void
test_close (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  g_autoptr (DexFuture) closed = peerup_connection_wait_closed (pair->a);
  g_autoptr (DexFuture) ping = peerup_connection_ping (pair->a);
  g_autoptr (DexFuture) refused = NULL;
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *frames = NULL;
  static guint8 data[20000];

  g_assert_cmpint (peerup_stream_write (stream, data, sizeof data, NULL), ==, sizeof data);
  peerup_connection_close (pair->a, PEERUP_CONNECTION_CODE_SHUTDOWN);
  peerup_connection_close (pair->a, PEERUP_CONNECTION_CODE_NONE);
  g_assert_cmpint (peerup_stream_write (stream, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  assert_future_error (ping, PEERUP_ERROR_CLOSED);
  refused = peerup_connection_open_stream (pair->a);
  assert_future_error (refused, PEERUP_ERROR_CLOSED);

  while (all->len < 20000 + 3 * 12)
    {
      g_autoptr (GByteArray) part = read_now (pair->raw);

      g_byte_array_append (all, part->data, part->len);
      settle_down ();
    }
  frames = bytes_to_frames (all);
  g_assert_cmpstr (frames, ==, "W:S:1:0 D::1:20000 G::0:4102");
  g_assert_cmpint (peerup_stream_read (pair->raw, data, 1, NULL), ==, 0);
  g_assert_false (peerup_connection_is_closed (pair->a));
  raw_send (pair, "W:A:1:0 D::1:100");
  g_assert_true (dex_future_is_pending (closed));
  peerup_stream_close_write (pair->raw);
  spin_until (!dex_future_is_pending (closed));
  g_assert_true (peerup_connection_is_closed (pair->a));
  g_assert_error (peerup_connection_get_error (pair->a), PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

/* A peer that never closes its side is waited for no longer than the timer says. */
static void
test_close_unanswered (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);

  peerup_connection_close (pair->a, 0);
  settle_down ();
  g_assert_false (peerup_connection_is_closed (pair->a));
  peerup_yamux_connection_check (PEERUP_YAMUX_CONNECTION (pair->a), 0);
  g_assert_true (peerup_connection_is_closed (pair->a));
}

/* A connection that closes needs nobody to hold it. */
static void
test_close_and_drop (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);

  peerup_connection_close (pair->a, PEERUP_CONNECTION_CODE_SUPPLANTED);
  g_clear_object (&pair->a);
  assert_raw (pair, "G::0:4100");
  peerup_stream_close_write (pair->raw);
  settle_down ();
}

/* Every code arrives as the error it stands for, and streams fail with it. */
static void
test_close_codes (void)
{
  static const struct
  {
    guint32 code;
    int error;
  } cases[] = {
    { PEERUP_CONNECTION_CODE_NONE, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_GATED, PEERUP_ERROR_GATED },
    { PEERUP_CONNECTION_CODE_SHUTDOWN, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_RESOURCE_LIMIT, PEERUP_ERROR_LIMIT },
    { PEERUP_CONNECTION_CODE_PROTOCOL_VIOLATION, PEERUP_ERROR_PROTOCOL },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Fixture) pair = fixture_new (100000, NULL);
      g_autoptr (PeerupStream) far = NULL;
      g_autoptr (PeerupStream) near = i % 2 ? fixture_join (pair, &far) : NULL;
      g_autoptr (GError) error = NULL;
      char byte;

      peerup_connection_close (pair->b, cases[i / 2].code);
      spin_until (peerup_connection_is_closed (pair->a) && peerup_connection_is_closed (pair->b));
      g_assert_error (peerup_connection_get_error (pair->a), PEERUP_ERROR, cases[i / 2].error);
      g_assert_error (peerup_connection_get_error (pair->b), PEERUP_ERROR, PEERUP_ERROR_CLOSED);
      if (near == NULL)
        continue;
      g_assert_cmpint (peerup_stream_poll (near), ==, G_IO_IN | G_IO_OUT);
      g_assert_cmpint (peerup_stream_read (near, &byte, 1, &error), ==, -1);
      g_assert_error (error, PEERUP_ERROR, cases[i / 2].error);
    }
}

/* The stream below ends or breaks without a word. */
static void
test_lost (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
      g_autoptr (PeerupStream) stream = fixture_open (pair);
      g_autoptr (GError) error = NULL;
      char byte;

      raw_send (pair, "D:A:1:1");
      if (i == 0)
        peerup_stream_close_write (pair->raw);
      else
        peerup_stream_reset (pair->raw, 0);
      spin_until (peerup_connection_is_closed (pair->a));
      g_assert_error (peerup_connection_get_error (pair->a), PEERUP_ERROR, PEERUP_ERROR_CLOSED);
      g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, 1);
      g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
    }
}

/* A write that fails is enough to notice. */
static void
test_lost_on_write (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);

  settle_down ();
  peerup_stream_reset (pair->raw, 0);
  peerup_stream_write (stream, "x", 1, NULL);
  spin_until (peerup_connection_is_closed (pair->a));
}

static void
test_broken_rules (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  g_autoptr (GError) error = NULL;

  settle_down ();
  assert_raw (pair, "W:S:1:0");
  raw_send (pair, "W:S:3:0");
  assert_raw (pair, "G::0:1");
  g_assert_cmpint (peerup_stream_write (stream, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  peerup_stream_close_write (pair->raw);
  spin_until (peerup_connection_is_closed (pair->a));
  g_assert_error (peerup_connection_get_error (pair->a), PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
}

/* A plain GoAway: no new streams, the old one goes on to its end, and then the connection. */
static void
test_goaway (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  g_autoptr (DexFuture) refused = NULL;

  settle_down ();
  raw_send (pair, "W:A:1:0 G::0:0");
  refused = peerup_connection_open_stream (pair->a);
  assert_future_error (refused, PEERUP_ERROR_CLOSED);
  assert_raw (pair, "W:S:1:0");
  g_assert_cmpint (peerup_stream_write (stream, "still", 5, NULL), ==, 5);
  peerup_stream_close_write (stream);
  raw_send (pair, "W:F:1:0");
  assert_raw (pair, "D::1:5 W:F:1:0");
  peerup_stream_close_write (pair->raw);
  spin_until (peerup_connection_is_closed (pair->a));
}

/* From our side: we open no more, what is open goes on, and the peer, which may end all
 * streams at a GoAway, hears of it after the last. */
static void
test_retire (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  g_autoptr (DexFuture) refused = NULL;

  raw_send (pair, "W:A:1:0");
  peerup_connection_retire (pair->a, PEERUP_CONNECTION_CODE_SUPPLANTED);
  refused = peerup_connection_open_stream (pair->a);
  assert_future_error (refused, PEERUP_ERROR_CLOSED);
  raw_send (pair, "W:S:2:0");
  assert_raw (pair, "W:S:1:0 W:A:2:0");
  g_assert_cmpint (peerup_stream_write (stream, "still", 5, NULL), ==, 5);
  peerup_stream_close_write (stream);
  raw_send (pair, "D:F:1:5");
  assert_raw (pair, "D::1:5 W:F:1:0");
  raw_send (pair, "W:R:2:0");
  assert_raw (pair, "G::0:4100");
  peerup_stream_close_write (pair->raw);
  spin_until (peerup_connection_is_closed (pair->a));
}

/* Opens beyond the limit wait their turn. */
static void
test_open_waits (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Fixture) pair = NULL;
  g_autoptr (DexFuture) first = NULL;
  g_autoptr (DexFuture) second = NULL;
  g_autoptr (DexFuture) third = NULL;

  limits.max_unacked = 1;
  pair = fixture_new_raw (1000, &limits);
  first = peerup_connection_open_stream (pair->a);
  second = peerup_connection_open_stream (pair->a);
  third = peerup_connection_open_stream (pair->a);
  g_assert_true (dex_future_is_resolved (first));
  assert_raw (pair, "W:S:1:0");
  raw_send (pair, "W:A:1:0");
  g_assert_true (dex_future_is_resolved (second));
  g_assert_true (dex_future_is_pending (third));
  assert_raw (pair, "W:S:3:0");
  raw_send (pair, "G::0:0");
  assert_future_error (third, PEERUP_ERROR_CLOSED);
}

/* An opener who gave up leaves nothing open. */
static void
test_open_abandoned (void)
{
  PeerupYamuxLimits limits = peerup_yamux_default_limits;
  g_autoptr (Fixture) pair = NULL;
  g_autoptr (DexFuture) first = NULL;
  DexFuture *second;

  limits.max_unacked = 1;
  pair = fixture_new_raw (1000, &limits);
  first = peerup_connection_open_stream (pair->a);
  second = peerup_connection_open_stream (pair->a);
  dex_unref (second);
  raw_send (pair, "W:A:1:0");
  assert_raw (pair, "W:S:1:0 W:S:3:0 W:R:3:0");
}

static void
test_ping (void)
{
  g_autoptr (Fixture) pair = fixture_new (1000, NULL);
  g_autoptr (DexFuture) one = peerup_connection_ping (pair->a);
  g_autoptr (DexFuture) two = peerup_connection_ping (pair->a);
  const GValue *value;

  spin_until (!dex_future_is_pending (one) && !dex_future_is_pending (two));
  value = dex_future_get_value (one, NULL);
  g_assert_cmpint (g_value_get_int64 (value), >, 0);
}

/* An idle connection is pinged after 120 s, and given up 9 s later; either side of each. */
static void
test_dead_idle (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  PeerupYamuxConnection *a = PEERUP_YAMUX_CONNECTION (pair->a);
  gint64 start;

  raw_send (pair, "P:A:0:1");
  start = g_get_monotonic_time ();
  peerup_yamux_connection_check (a, start + 119 * SECONDS);
  assert_raw (pair, "");
  peerup_yamux_connection_check (a, start + 120 * SECONDS);
  assert_raw (pair, "P:S:0:2");
  peerup_yamux_connection_check (a, start + 129 * SECONDS - 1);
  g_assert_false (peerup_connection_is_closed (pair->a));
  peerup_yamux_connection_check (a, start + 129 * SECONDS);
  g_assert_true (peerup_connection_is_closed (pair->a));
  g_assert_error (peerup_connection_get_error (pair->a), PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

/* One that nobody wants is not pinged, and ends when the peer does not care for it either. */
static void
test_unwanted (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  PeerupYamuxConnection *a = PEERUP_YAMUX_CONNECTION (pair->a);
  gint64 start;

  raw_send (pair, "P:A:0:1");
  start = g_get_monotonic_time ();
  peerup_connection_set_keep_alive (pair->a, 0);
  peerup_yamux_connection_check (a, start + 239 * SECONDS);
  assert_raw (pair, "");
  g_assert_false (peerup_connection_is_retired (pair->a));
  peerup_yamux_connection_check (a, start + 241 * SECONDS);
  assert_raw (pair, "G::0:4101");
  g_assert_true (peerup_connection_is_retired (pair->a));
}

/* With a stream open a dead peer is noticed in 14 s. */
static void
test_dead_active (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);
  g_autoptr (PeerupStream) stream = fixture_open (pair);
  PeerupYamuxConnection *a = PEERUP_YAMUX_CONNECTION (pair->a);
  g_autoptr (GError) error = NULL;
  gint64 start;
  char byte;

  raw_send (pair, "P:A:0:1 W:A:1:0");
  start = g_get_monotonic_time ();
  assert_raw (pair, "W:S:1:0");
  peerup_yamux_connection_check (a, start + 4 * SECONDS);
  assert_raw (pair, "");
  peerup_yamux_connection_check (a, start + 5 * SECONDS);
  assert_raw (pair, "P:S:0:2");
  peerup_yamux_connection_check (a, start + 14 * SECONDS - 1);
  g_assert_false (peerup_connection_is_closed (pair->a));
  peerup_yamux_connection_check (a, start + 14 * SECONDS);
  g_assert_true (peerup_connection_is_closed (pair->a));
  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

/* A peer that answers, or sends anything at all, lives. */
static void
test_alive (void)
{
  g_autoptr (Fixture) pair = fixture_new (1000, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < 100; i++)
    {
      now += 5 * SECONDS;
      peerup_yamux_connection_check (PEERUP_YAMUX_CONNECTION (pair->a), now);
      settle_down ();
    }
  g_assert_false (peerup_connection_is_closed (pair->a));
}

/* Dropped without a close: the peer sees the stream below break. */
static void
test_dropped (void)
{
  g_autoptr (Fixture) pair = fixture_new (1000, NULL);

  g_assert_finalize_object (g_steal_pointer (&pair->a));
  spin_until (peerup_connection_is_closed (pair->b));
}

/* A stream holds its connection. */
static void
test_held_by_stream (void)
{
  g_autoptr (Fixture) pair = fixture_new (1000, NULL);
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupStream) near = fixture_join (pair, &far);
  g_autoptr (GByteArray) got = NULL;

  g_object_add_weak_pointer (G_OBJECT (pair->a), (gpointer *) &pair->a);
  g_object_unref (pair->a);
  g_assert_nonnull (pair->a);
  peerup_stream_write (near, "x", 1, NULL);
  settle_down ();
  got = read_now (far);
  g_assert_cmpuint (got->len, ==, 1);
  g_clear_object (&near);
  g_assert_null (pair->a);
  spin_until (peerup_connection_is_closed (pair->b));
}

static void
close_at_once (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_write (stream, "no", 2, NULL);
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_GATED);
}

/* The handler of a stream may close the connection. */
static void
test_close_in_handler (void)
{
  g_autoptr (Fixture) pair = fixture_new_raw (1000, NULL);

  peerup_connection_set_stream_func (pair->a, close_at_once, NULL);
  raw_send (pair, "W:S:2:0 D::2:5 W:S:4:0 P:S:0:3");
  assert_raw (pair, "P:A:0:3 W:A:2:0 D::2:2 G::0:4103");
  peerup_stream_close_write (pair->raw);
  spin_until (peerup_connection_is_closed (pair->a));
}

/* Streams that come before anybody asks wait; those that nobody will take are reset. */
static void
test_inbound_early (void)
{
  g_autoptr (Fixture) pair = fixture_new (1000, NULL);
  g_autoptr (PeerupStream) near = NULL;

  peerup_connection_set_stream_func (pair->b, NULL, NULL);
  near = fixture_open (pair);
  settle_down ();
  g_assert_cmpuint (pair->accepted->len, ==, 0);
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->b), ==, 1);
  peerup_connection_set_stream_func (pair->b, NULL, NULL);
  settle_down ();
  g_assert_cmpuint (peerup_connection_get_n_streams (pair->b), ==, 0);
  g_assert_cmpuint (peerup_stream_get_reset_code (near), ==, PEERUP_STREAM_CODE_SHUTDOWN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/yamux/connection/hello", test_hello);
  g_test_add_func ("/yamux/connection/gathers", test_gathers);
  g_test_add_func ("/yamux/connection/close", test_close);
  g_test_add_func ("/yamux/connection/close-unanswered", test_close_unanswered);
  g_test_add_func ("/yamux/connection/close-and-drop", test_close_and_drop);
  g_test_add_func ("/yamux/connection/close-codes", test_close_codes);
  g_test_add_func ("/yamux/connection/lost", test_lost);
  g_test_add_func ("/yamux/connection/lost-on-write", test_lost_on_write);
  g_test_add_func ("/yamux/connection/broken-rules", test_broken_rules);
  g_test_add_func ("/yamux/connection/goaway", test_goaway);
  g_test_add_func ("/yamux/connection/retire", test_retire);
  g_test_add_func ("/yamux/connection/open-waits", test_open_waits);
  g_test_add_func ("/yamux/connection/open-abandoned", test_open_abandoned);
  g_test_add_func ("/yamux/connection/ping", test_ping);
  g_test_add_func ("/yamux/connection/unwanted", test_unwanted);
  g_test_add_func ("/yamux/connection/dead-idle", test_dead_idle);
  g_test_add_func ("/yamux/connection/dead-active", test_dead_active);
  g_test_add_func ("/yamux/connection/alive", test_alive);
  g_test_add_func ("/yamux/connection/dropped", test_dropped);
  g_test_add_func ("/yamux/connection/held-by-stream", test_held_by_stream);
  g_test_add_func ("/yamux/connection/close-in-handler", test_close_in_handler);
  g_test_add_func ("/yamux/connection/inbound-early", test_inbound_early);
  return g_test_run ();
}
