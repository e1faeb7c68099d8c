/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * When a silent path is noticed, and that a bad one is not taken for a dead one: with literal times, and on QUIC
 * connections whose network and clock are the test's. */

#include "swarm/peerup-path-doubt.h"

#include "../transport/quic/quic-world.h"

#define MS       G_TIME_SPAN_MILLISECOND
#define SECOND   ((gint64) G_USEC_PER_SEC)
#define START    (100 * SECOND)
#define PATIENCE PEERUP_PATH_WATCH_PATIENCE
#define DOUBT    PEERUP_PATH_WATCH_DOUBT

static PeerupPathFacts
facts_of (gint64 owed_since, gint64 answered_at)
{
  return (PeerupPathFacts) { .owed_since = owed_since, .answered_at = answered_at, .rtt = 20 * MS };
}

/* Asked at the end of the patience, silent at the end of the doubt, and not a moment before. */
static void
test_silence (void)
{
  PeerupPathFacts owing = facts_of (START, START - SECOND);
  gint64 now = START + PATIENCE;
  PeerupPathDoubt doubt;
  guint n_asked = 1;

  peerup_path_doubt_init (&doubt);
  g_assert_cmpint (doubt.deadline, ==, G_MAXINT64);
  g_assert_false (peerup_path_doubt_step (&doubt, &owing, START));
  g_assert_cmpint (doubt.deadline, ==, now);
  g_assert_false (peerup_path_doubt_step (&doubt, &owing, now - 1));
  g_assert_true (peerup_path_doubt_step (&doubt, &owing, now));
  for (; doubt.state == PEERUP_PATH_ASKED; n_asked++)
    {
      now = doubt.deadline;
      g_assert_false (peerup_path_doubt_step (&doubt, &owing, now - 1));
      g_assert_true (peerup_path_doubt_step (&doubt, &owing, now));
    }
  g_assert_cmpint (now, ==, START + PATIENCE + DOUBT);
  g_assert_cmpuint (n_asked, ==, 1 + DOUBT / PEERUP_PATH_ASK_INTERVAL);
  g_assert_cmpint (doubt.state, ==, PEERUP_PATH_DEAD);
  g_assert_cmpint (doubt.deadline, ==, now + PEERUP_PATH_ASK_AGAIN);
}

static void
test_answer_ends_it (void)
{
  PeerupPathFacts facts = facts_of (START, START - SECOND);
  PeerupPathDoubt doubt;

  peerup_path_doubt_init (&doubt);
  g_assert_true (peerup_path_doubt_begin (&doubt, START));
  g_assert_false (peerup_path_doubt_begin (&doubt, START + 1));
  g_assert_true (peerup_path_doubt_step (&doubt, &facts, START + PEERUP_PATH_ASK_INTERVAL));
  /* What came before the question is no answer to it. */
  facts.answered_at = START;
  peerup_path_doubt_step (&doubt, &facts, START + PEERUP_PATH_ASK_INTERVAL + 1);
  g_assert_cmpint (doubt.state, ==, PEERUP_PATH_ASKED);
  facts = facts_of (0, START + 1);
  g_assert_false (peerup_path_doubt_step (&doubt, &facts, START + PEERUP_PATH_ASK_INTERVAL + 2));
  g_assert_cmpint (doubt.state, ==, PEERUP_PATH_QUIET);
  g_assert_cmpint (doubt.deadline, ==, G_MAXINT64);
}

static void
test_silent_one_is_heard_again (void)
{
  PeerupPathFacts facts = facts_of (START, START - SECOND);
  PeerupPathDoubt doubt;
  gint64 now = START;

  peerup_path_doubt_init (&doubt);
  g_assert_true (peerup_path_doubt_begin (&doubt, now));
  while (doubt.state != PEERUP_PATH_DEAD)
    peerup_path_doubt_step (&doubt, &facts, now = doubt.deadline);
  for (guint i = 0; i < 20; i++)
    g_assert_true (peerup_path_doubt_step (&doubt, &facts, now = doubt.deadline));
  g_assert_cmpint (now, ==, START + DOUBT + 20 * PEERUP_PATH_ASK_AGAIN);
  facts = facts_of (now + 5, now + 5);
  g_assert_false (peerup_path_doubt_step (&doubt, &facts, now + 10));
  g_assert_cmpint (doubt.state, ==, PEERUP_PATH_OWING);
  g_assert_cmpint (doubt.deadline, ==, now + 5 + PATIENCE);
}

/* While answers come nothing is asked, however long it goes on. */
static void
test_busy_path_is_not_asked (void)
{
  PeerupPathDoubt doubt;
  gint64 now = START;

  peerup_path_doubt_init (&doubt);
  for (guint i = 0; i < 100; i++)
    {
      PeerupPathFacts facts = facts_of (now - 30 * MS, now - 30 * MS);

      g_assert_false (peerup_path_doubt_step (&doubt, &facts, now));
      g_assert_cmpint (doubt.deadline, ==, now - 30 * MS + PATIENCE);
      now = doubt.deadline;
    }
}

/* A process that was stopped has not read what came. */
static void
test_late_step_begins_anew (void)
{
  PeerupPathFacts facts = facts_of (START, START - SECOND);
  gint64 now = START + 600 * SECOND;
  PeerupPathDoubt doubt;

  peerup_path_doubt_init (&doubt);
  g_assert_true (peerup_path_doubt_begin (&doubt, START));
  g_assert_true (peerup_path_doubt_step (&doubt, &facts, now));
  g_assert_cmpint (doubt.state, ==, PEERUP_PATH_ASKED);
  g_assert_cmpint (doubt.asked_at, ==, now);
}

static void
test_bad_paths_have_more_time (void)
{
  const PeerupPathFacts bad[] = {
    { .owed_since = START, .rtt = 300 * MS },
    { .owed_since = START, .rtt = 20 * MS, .packets_sent = 100, .packets_lost = 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      PeerupPathDoubt doubt;

      peerup_path_doubt_init (&doubt);
      g_assert_true (peerup_path_doubt_begin (&doubt, START));
      while (doubt.deadline < START + 2 * DOUBT)
        peerup_path_doubt_step (&doubt, &bad[i], doubt.deadline);
      g_assert_cmpint (doubt.state, ==, PEERUP_PATH_ASKED);
      g_assert_true (peerup_path_doubt_step (&doubt, &bad[i], doubt.deadline));
      g_assert_cmpint (doubt.state, ==, PEERUP_PATH_DEAD);
    }
}

/* On a connection */

typedef struct
{
  World *world;
  PeerupQuicConn *conn;
  PeerupPathDoubt doubt;
  GRand *chance;
  double loss;
  Side *deaf; /* what goes there is lost; NULL: nobody */
  guint n_asked;
} Line;

static gboolean
lose (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Line *self = data;
  Side *to = from == &world->client ? &world->server : &world->client;

  return to != self->deaf && g_rand_double (self->chance) >= self->loss;
}

static void
line_init (Line *self, gint64 rtt)
{
  *self = (Line) { .world = world_new (), .chance = g_rand_new_with_seed (5) };
  self->world->delay = rtt / 2;
  self->world->filter = lose;
  self->world->filter_data = self;
  self->conn = world_connect (self->world)->conn;
  peerup_path_doubt_init (&self->doubt);
}

static void
line_clear (Line *self)
{
  world_free (self->world);
  g_rand_free (self->chance);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Line, line_clear)

static void
line_ask (Line *self)
{
  self->n_asked++;
  peerup_quic_conn_probe (self->conn, self->world->now);
}

static void
line_step (Line *self)
{
  PeerupQuicFigures figures;
  PeerupPathFacts facts;
  PeerupQuicLife life;

  peerup_quic_conn_get_figures (self->conn, &figures);
  peerup_quic_conn_get_life (self->conn, &life);
  facts = (PeerupPathFacts) {
    .owed_since = life.owed_since == G_MAXINT64 ? 0 : life.owed_since,
    .answered_at = life.answered_at,
    .rtt = figures.rtt,
    .packets_sent = figures.packets_sent,
    .packets_lost = figures.packets_lost,
  };
  if (peerup_path_doubt_step (&self->doubt, &facts, self->world->now))
    line_ask (self);
}

static void
say (Flow *flow, const char *text)
{
  GOutputVector vector = { text, strlen (text) };

  g_assert_cmpuint (peerup_quic_channel_writev (flow->channel, &vector, 1), ==, vector.size);
}

/* Until it is in @state, for @time at most: the time that it took, or -1. */
static gint64
line_run (Line *self, PeerupDoubtState state, gint64 time)
{
  gint64 start = self->world->now;

  while (self->doubt.state != state)
    {
      if (self->world->now - start >= time)
        return -1;
      world_run (self->world, self->world->now + 5 * MS);
      line_step (self);
    }
  return self->world->now - start;
}

/* Until it is no more in @state: the time that it took. */
static gint64
line_leave (Line *self, PeerupDoubtState state)
{
  gint64 start = self->world->now;

  while (self->doubt.state == state && self->world->now - start < 60 * SECOND)
    {
      world_run (self->world, self->world->now + 5 * MS);
      line_step (self);
    }
  return self->world->now - start;
}

static void
line_probe (Line *self)
{
  if (peerup_path_doubt_begin (&self->doubt, self->world->now))
    line_ask (self);
}

/* 300 questions to an idle peer, 30 % lost each way at a round trip of 300 ms: none is taken for dead. */
static void
test_loss_is_no_silence (void)
{
  gint64 longest = 0;
  g_auto (Line) line = { 0 };

  line_init (&line, 300 * MS);
  line.loss = 0.3;
  for (guint i = 0; i < 300; i++)
    {
      gint64 took;

      line_probe (&line);
      took = line_leave (&line, PEERUP_PATH_ASKED);
      g_assert_cmpint (line.doubt.state, !=, PEERUP_PATH_DEAD);
      longest = MAX (longest, took);
      world_run (line.world, line.world->now + SECOND);
      line_step (&line);
    }
  g_test_message ("the longest doubt lasted %" G_GINT64_FORMAT " ms, %u questions in all", longest / MS, line.n_asked);
  g_assert_cmpint (longest, >, 300 * MS);
}

/* A stream that says something now and then, likewise. */
static void
test_loss_in_use_is_no_silence (void)
{
  g_auto (Line) line = { 0 };
  g_autoptr (Flow) flow = NULL;

  line_init (&line, 300 * MS);
  flow = flow_open (line.world->client.links->pdata[0]);
  line.loss = 0.3;
  for (guint i = 0; i < 400; i++)
    {
      say (flow, "Is anybody there? This has to be about as long as what somebody types in half a second.");
      g_assert_cmpint (line_run (&line, PEERUP_PATH_DEAD, 500 * MS), ==, -1);
    }
  g_test_message ("%u questions in 200 s", line.n_asked);
}

/* It is noticed in either direction, by whoever has something under way, within the 5 s; and that it is over.
 */
static void
test_black_hole (gconstpointer data)
{
  gint64 rtt = GPOINTER_TO_INT (data) * MS, took;
  g_auto (Line) line = { 0 };
  g_autoptr (Flow) flow = NULL;

  line_init (&line, rtt);
  flow = flow_open (line.world->client.links->pdata[0]);
  say (flow, "hello");
  world_run (line.world, line.world->now + 5 * SECOND);
  for (guint i = 0; i < 2; i++)
    {
      line_step (&line);
      g_assert_cmpint (line.doubt.state, ==, PEERUP_PATH_QUIET);
      line.deaf = i == 0 ? &line.world->server : &line.world->client;
      say (flow, "anybody there?");
      took = line_run (&line, PEERUP_PATH_DEAD, 60 * SECOND);
      g_test_message ("%s deaf: silent after %" G_GINT64_FORMAT " ms", i == 0 ? "they are" : "we are", took / MS);
      g_assert_cmpint (took, >=, PATIENCE + DOUBT);
      g_assert_cmpint (took, <, 5 * SECOND);
      world_run (line.world, line.world->now + 3 * SECOND);
      line.deaf = NULL;
      took = line_leave (&line, PEERUP_PATH_DEAD);
      g_test_message ("heard again after %" G_GINT64_FORMAT " ms", took / MS);
      g_assert_cmpint (took, <, PEERUP_PATH_ASK_AGAIN + rtt + 100 * MS);
      world_run (line.world, line.world->now + 5 * SECOND);
    }
}

/* An idle connection owes nothing, and asks for nothing. */
static void
test_idle_connection_is_left_alone (void)
{
  g_auto (Line) line = { 0 };

  line_init (&line, 40 * MS);
  world_run (line.world, line.world->now + 10 * SECOND);
  g_assert_cmpint (line_run (&line, PEERUP_PATH_DEAD, 20 * SECOND), ==, -1);
  g_assert_cmpuint (line.n_asked, ==, 0);
}

/* Nobody answers any more: it is lost within the 14 s that one with streams has. */
static void
test_idle_connection_that_is_asked_ends (void)
{
  g_auto (Line) line = { 0 };
  Link *link;

  line_init (&line, 40 * MS);
  link = line.world->client.links->pdata[0];
  line.deaf = &line.world->server;
  line_probe (&line);
  g_assert_cmpint (line_run (&line, PEERUP_PATH_DEAD, 5 * SECOND), >, 0);
  for (guint i = 0; i < 200 && link->error == NULL; i++)
    {
      world_run (line.world, line.world->now + 100 * MS);
      line_step (&line);
    }
  g_assert_error (link->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/path-doubt/silence", test_silence);
  g_test_add_func ("/path-doubt/answer-ends-it", test_answer_ends_it);
  g_test_add_func ("/path-doubt/silent-one-is-heard-again", test_silent_one_is_heard_again);
  g_test_add_func ("/path-doubt/busy-path-is-not-asked", test_busy_path_is_not_asked);
  g_test_add_func ("/path-doubt/late-step-begins-anew", test_late_step_begins_anew);
  g_test_add_func ("/path-doubt/bad-paths-have-more-time", test_bad_paths_have_more_time);
  g_test_add_func ("/path-doubt/quic/loss-is-no-silence", test_loss_is_no_silence);
  g_test_add_func ("/path-doubt/quic/loss-in-use-is-no-silence", test_loss_in_use_is_no_silence);
  g_test_add_data_func ("/path-doubt/quic/black-hole/near", GINT_TO_POINTER (20), test_black_hole);
  g_test_add_data_func ("/path-doubt/quic/black-hole/far", GINT_TO_POINTER (300), test_black_hole);
  g_test_add_func ("/path-doubt/quic/idle-connection-is-left-alone", test_idle_connection_is_left_alone);
  g_test_add_func ("/path-doubt/quic/idle-connection-that-is-asked-ends", test_idle_connection_that_is_asked_ends);
  return g_test_run ();
}
