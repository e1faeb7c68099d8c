/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Both pings and the probe, each side against the other and against peers that lie. */

#include <string.h>

#include "fake-swarm.h"
#include "protocols/peerup-ping.h"
#include "protocols/peerup-text-ping.h"
#include "spin.h"

typedef struct
{
  PeerupSwarm *near;
  PeerupSwarm *far; /* serves */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->near = fake_swarm_new (1);
  f->far = fake_swarm_new (2);
  fake_swarm_join (f->near, f->far);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  fake_swarm_part (f->near);
  spin_idle ();
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
}

static gint64
soon (void)
{
  return g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
}

static void
wait_for (DexFuture *future)
{
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_round_trip (DexFuture *future)
{
  g_autoptr (DexFuture) held = future;
  g_autoptr (GError) error = NULL;
  const GValue *value;

  wait_for (future);
  value = dex_future_get_value (future, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (value), >=, 0);
}

static void
assert_rejected (DexFuture *future, PeerupError code)
{
  g_autoptr (DexFuture) held = future;
  g_autoptr (GError) error = NULL;

  wait_for (future);
  g_assert_null (dex_future_get_value (future, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
}

static PeerupPeerId *
far_peer (Fixture *f)
{
  return peerup_swarm_get_peer_id (f->far);
}

static void
test_once (Fixture *f, gconstpointer data)
{
  peerup_ping_serve (f->far);
  assert_round_trip (peerup_ping_once (f->near, far_peer (f), soon ()));
}

static void
test_many_on_one_stream (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (f->near, far_peer (f));

  peerup_ping_serve (f->far);
  for (guint i = 0; i < 100; i++)
    assert_round_trip (peerup_pinger_ping (pinger, soon ()));
  g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, 1);
  g_assert_true (peerup_pinger_get_connection (pinger) == fake_swarm_get_connection (f->near));
}

static void
test_one_at_a_time (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (f->near, far_peer (f));
  DexFuture *first;

  peerup_ping_serve (f->far);
  first = peerup_pinger_ping (pinger, soon ());
  assert_rejected (peerup_pinger_ping (pinger, soon ()), PEERUP_ERROR_LIMIT);
  assert_round_trip (first);
}

static void
test_not_served (Fixture *f, gconstpointer data)
{
  assert_rejected (peerup_ping_once (f->near, far_peer (f), soon ()), PEERUP_ERROR_NEGOTIATION);
}

static void
test_unreachable (Fixture *f, gconstpointer data)
{
  fake_swarm_part (f->near);
  assert_rejected (peerup_ping_once (f->near, far_peer (f), soon ()), PEERUP_ERROR_UNREACHABLE);
  assert_rejected (peerup_text_ping (f->near, far_peer (f), PEERUP_TEXT_PING_PROTOCOL, soon ()),
                   PEERUP_ERROR_UNREACHABLE);
  assert_rejected (peerup_rtt_probe (f->near, far_peer (f), soon ()), PEERUP_ERROR_UNREACHABLE);
}

/* Keeps its streams and does nothing. */
static void
keep_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, stream);
}

static void
test_silent_peer (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 deadline = g_get_monotonic_time () + 1000;

  peerup_swarm_add_protocol (f->far, PEERUP_PING_PROTOCOL, keep_stream, kept, NULL);
  peerup_swarm_add_protocol (f->far, PEERUP_TEXT_PING_PROTOCOL, keep_stream, kept, NULL);
  assert_rejected (peerup_ping_once (f->near, far_peer (f), deadline), PEERUP_ERROR_TIMEOUT);
  assert_rejected (peerup_text_ping (f->near, far_peer (f), PEERUP_TEXT_PING_PROTOCOL, deadline), PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (kept->len, ==, 2);
}

/* Answers with what @data says, whatever was asked, and ends. */
static void
answer_text (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_write (stream, data, strlen (data), NULL);
  peerup_stream_close (stream);
  g_object_unref (stream);
}

static void
test_wrong_block (Fixture *f, gconstpointer data)
{
  peerup_swarm_add_protocol (f->far, PEERUP_PING_PROTOCOL, answer_text, (gpointer) "32 bytes that nobody ever sent..",
                             NULL);
  assert_rejected (peerup_ping_once (f->near, far_peer (f), soon ()), PEERUP_ERROR_PROTOCOL);
}

static void
test_short_block (Fixture *f, gconstpointer data)
{
  peerup_swarm_add_protocol (f->far, PEERUP_PING_PROTOCOL, answer_text, (gpointer) "short", NULL);
  assert_rejected (peerup_ping_once (f->near, far_peer (f), soon ()), PEERUP_ERROR_CLOSED);
}

/* Echoes one block a stream, as one that closes idle streams would look. */
static void
echo_ready (PeerupStream *stream, gpointer data)
{
  guint8 block[PEERUP_PING_SIZE];

  g_assert_cmpint (peerup_stream_read (stream, block, sizeof block, NULL), ==, sizeof block);
  peerup_stream_write (stream, block, sizeof block, NULL);
  peerup_stream_close (stream);
  g_object_unref (stream);
}

static void
echo_once (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_arm_read (stream, echo_ready, NULL);
}

static void
test_opens_again_after_an_end (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (f->near, far_peer (f));

  peerup_swarm_add_protocol (f->far, PEERUP_PING_PROTOCOL, echo_once, NULL, NULL);
  assert_round_trip (peerup_pinger_ping (pinger, soon ()));
  assert_round_trip (peerup_pinger_ping (pinger, soon ()));
  g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, 2);
}

static void
test_after_a_failure (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (f->near, far_peer (f));

  assert_rejected (peerup_pinger_ping (pinger, soon ()), PEERUP_ERROR_NEGOTIATION);
  peerup_ping_serve (f->far);
  assert_round_trip (peerup_pinger_ping (pinger, soon ()));
}

static gssize
read_waiting (PeerupStream *stream, void *buffer, gsize count)
{
  while (!(peerup_stream_poll (stream) & G_IO_IN))
    g_main_context_iteration (NULL, TRUE);
  return peerup_stream_read (stream, buffer, count, NULL);
}

/* A block in pieces, an end, and the server's own end. */
static void
test_server_block_in_pieces (Fixture *f, gconstpointer data)
{
  static const char block[] = "abcdefghijklmnopqrstuvwxyz012345and more";
  g_autoptr (PeerupStream) stream = NULL;
  char answer[64];

  peerup_ping_serve (f->far);
  stream = fake_swarm_open (f->near, PEERUP_PING_PROTOCOL);
  g_assert_cmpint (peerup_stream_write (stream, block, 20, NULL), ==, 20);
  spin_idle ();
  g_assert_cmpint (peerup_stream_poll (stream) & G_IO_IN, ==, 0);
  g_assert_cmpint (peerup_stream_write (stream, block + 20, 12 + 5, NULL), ==, 17);
  g_assert_cmpint (read_waiting (stream, answer, sizeof answer), ==, 32);
  g_assert_cmpmem (answer, 32, block, 32);
  peerup_stream_close_write (stream);
  g_assert_cmpint (read_waiting (stream, answer, sizeof answer), ==, 0);
}

/* The third stream of one peer is reset, and there is room again when one has ended. */
static void
test_server_limit (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupStream) one = NULL;
  g_autoptr (PeerupStream) two = NULL;
  g_autoptr (PeerupStream) three = NULL;
  g_autoptr (PeerupStream) four = NULL;

  peerup_ping_serve (f->far);
  one = fake_swarm_open (f->near, PEERUP_PING_PROTOCOL);
  two = fake_swarm_open (f->near, PEERUP_PING_PROTOCOL);
  three = fake_swarm_open (f->near, PEERUP_PING_PROTOCOL);
  g_assert_cmpuint (peerup_stream_get_reset_code (three), ==, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  g_assert_cmpuint (peerup_stream_get_reset_code (two), ==, 0);
  peerup_stream_close (one);
  spin_idle ();
  four = fake_swarm_open (f->near, PEERUP_PING_PROTOCOL);
  g_assert_cmpuint (peerup_stream_get_reset_code (four), ==, 0);
}

static void
test_text (Fixture *f, gconstpointer data)
{
  peerup_text_ping_serve (f->far, "/my-ping/1.0.0");
  assert_round_trip (peerup_text_ping (f->near, far_peer (f), "/my-ping/1.0.0", soon ()));
  assert_rejected (peerup_text_ping (f->near, far_peer (f), PEERUP_TEXT_PING_PROTOCOL, soon ()),
                   PEERUP_ERROR_NEGOTIATION);
}

/* What is sent, and what comes back before the end. */
static void
assert_answer (Fixture *f, const char *question, gboolean end, const char *expected)
{
  g_autoptr (PeerupStream) stream = fake_swarm_open (f->near, PEERUP_TEXT_PING_PROTOCOL);
  char answer[64] = { 0 };

  g_assert_cmpint (peerup_stream_write (stream, question, strlen (question), NULL), ==, strlen (question));
  if (end)
    peerup_stream_close_write (stream);
  if (expected == NULL)
    {
      g_assert_cmpint (read_waiting (stream, answer, sizeof answer), ==, -1);
      return;
    }
  g_assert_cmpint (read_waiting (stream, answer, sizeof answer - 1), ==, strlen (expected));
  g_assert_cmpstr (answer, ==, expected);
  g_assert_cmpint (read_waiting (stream, answer, sizeof answer), ==, 0);
}

static void
test_text_answers (Fixture *f, gconstpointer data)
{
  g_autofree char *line = g_strnfill (PEERUP_TEXT_PING_LINE_MAX - 1, 'x');
  g_autofree char *full = g_strconcat (line, "\n", NULL);
  g_autofree char *longer = g_strconcat (line, "xx\n", NULL);

  peerup_text_ping_serve (f->far, PEERUP_TEXT_PING_PROTOCOL);
  assert_answer (f, "ping\n", FALSE, "pong\n");
  assert_answer (f, " ping \r\n", FALSE, "pong\n");
  assert_answer (f, "ping", TRUE, "pong\n");
  assert_answer (f, "PING\n", FALSE, "unknown\n");
  assert_answer (f, "\n", FALSE, "unknown\n");
  assert_answer (f, full, FALSE, "unknown\n");
  assert_answer (f, longer, FALSE, NULL);
}

static void
test_text_wrong_answers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *answer;
    PeerupError code;
  } wrong[] = { { "pang\n", PEERUP_ERROR_PROTOCOL },
                { "pong", PEERUP_ERROR_CLOSED },
                { "", PEERUP_ERROR_CLOSED },
                { "a line of an answer that goes on and on and is longer than any answer should be",
                  PEERUP_ERROR_TOO_LARGE } };

  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      peerup_swarm_add_protocol (f->far, PEERUP_TEXT_PING_PROTOCOL, answer_text, (gpointer) wrong[i].answer, NULL);
      assert_rejected (peerup_text_ping (f->near, far_peer (f), PEERUP_TEXT_PING_PROTOCOL, soon ()), wrong[i].code);
    }
}

/* A refusal is the answer; any other failure is a failure. */
static void
test_probe (Fixture *f, gconstpointer data)
{
  assert_round_trip (peerup_rtt_probe (f->near, far_peer (f), soon ()));
  fake_swarm_fail (f->near, 1, PEERUP_ERROR_TIMEOUT);
  assert_rejected (peerup_rtt_probe (f->near, far_peer (f), soon ()), PEERUP_ERROR_TIMEOUT);
}

#define ADD(path, func) g_test_add ("/protocols/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("ping/once", test_once);
  ADD ("ping/many-on-one-stream", test_many_on_one_stream);
  ADD ("ping/one-at-a-time", test_one_at_a_time);
  ADD ("ping/not-served", test_not_served);
  ADD ("ping/unreachable", test_unreachable);
  ADD ("ping/silent-peer", test_silent_peer);
  ADD ("ping/wrong-block", test_wrong_block);
  ADD ("ping/short-block", test_short_block);
  ADD ("ping/opens-again-after-an-end", test_opens_again_after_an_end);
  ADD ("ping/after-a-failure", test_after_a_failure);
  ADD ("ping/server/block-in-pieces", test_server_block_in_pieces);
  ADD ("ping/server/limit", test_server_limit);
  ADD ("text-ping/round-trip", test_text);
  ADD ("text-ping/answers", test_text_answers);
  ADD ("text-ping/wrong-answers", test_text_wrong_answers);
  ADD ("rtt-probe", test_probe);
  return g_test_run ();
}
