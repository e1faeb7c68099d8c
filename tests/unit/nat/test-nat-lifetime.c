/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The search for how long a mapping lasts, against NATs that forget after a given time; times are literal, in ms. */

#include "nat/peerup-nat-lifetime.h"

#define MS     ((gint64) 1000)
#define SECOND ((gint64) 1000000)
#define START  (1000 * SECOND)

/* A NAT that forgets a mapping @lasts ms after it was used, and a server. */
typedef struct
{
  PeerupNatLifetime *search;
  gint64 now;
  gint64 lasts;
  gint64 used_at;
  guint16 port;
  gboolean has_response_port;
  gboolean is_there;
  guint n_asked;
  guint n_probed;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture) {
    .search = peerup_nat_lifetime_new (), .now = START, .port = 1000, .has_response_port = TRUE, .is_there = TRUE
  };
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_nat_lifetime_free (self->search);
}

static gboolean
is_mapped (const Fixture *self)
{
  return self->now - self->used_at < self->lasts;
}

static void
answer (Fixture *self)
{
  PeerupSocketAddress mapped;

  g_assert_true (peerup_socket_address_set (&mapped, "1.2.3.4", self->port));
  self->used_at = self->now;
  peerup_nat_lifetime_answered (self->search, &mapped, self->now);
}

/* Does what is due now; FALSE: nothing is. */
static gboolean
step (Fixture *self)
{
  guint16 port = 0;
  PeerupNatLifetimeAction action = peerup_nat_lifetime_next (self->search, self->now, &port);

  if (action == PEERUP_NAT_LIFETIME_NOTHING)
    return FALSE;
  g_assert_cmpint (peerup_nat_lifetime_next (self->search, self->now, &port), ==, PEERUP_NAT_LIFETIME_NOTHING);
  if (action == PEERUP_NAT_LIFETIME_ASK)
    {
      self->n_asked++;
      if (!is_mapped (self))
        self->port++;
      if (self->is_there)
        answer (self);
    }
  else
    {
      self->n_probed++;
      g_assert_cmpuint (port, ==, self->port);
      if (self->is_there && self->has_response_port && is_mapped (self))
        answer (self);
    }
  /* Still open: nobody has answered. */
  peerup_nat_lifetime_failed (self->search, self->now);
  return TRUE;
}

/* Runs until @end, from deadline to deadline. */
static void
run (Fixture *self, gint64 end)
{
  while (self->now < end && !peerup_nat_lifetime_is_known (self->search))
    {
      while (step (self))
        ;
      if (!peerup_nat_lifetime_is_known (self->search))
        self->now = MAX (self->now + 1, MIN (end, peerup_nat_lifetime_get_deadline (self->search)));
    }
}

static void
test_lifetimes (Fixture *self, gconstpointer data)
{
  static const struct
  {
    gint64 lasts; /* ms */
    gint64 at_least;
    gint64 keep_alive;
  } cases[] = {
    { 10000, 0, 15000 }, /* less than is ever needed */
    { 29999, 22500, 16875 },    { 30001, 30000, 22500 },    { 60000, 50000, 37500 },    { 120000, 103000, 77000 },
    { 180000, 160000, 120000 }, { 299999, 264000, 198000 }, { 300001, 300000, 225000 }, { 100000000, 300000, 225000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 found, keep_alive;

      g_test_message ("%" G_GINT64_FORMAT " ms", cases[i].lasts);
      tear_down (self, NULL);
      set_up (self, NULL);
      self->lasts = cases[i].lasts * MS;
      peerup_nat_lifetime_start (self->search, START);
      g_assert_cmpint (peerup_nat_lifetime_get_keep_alive (self->search), ==, 0);
      run (self, START + 7200 * SECOND);
      g_assert_true (peerup_nat_lifetime_is_known (self->search));
      found = peerup_nat_lifetime_get (self->search);
      keep_alive = peerup_nat_lifetime_get_keep_alive (self->search);
      g_assert_cmpint (found, <=, self->lasts);
      g_assert_cmpint (found, >=, cases[i].at_least * MS);
      g_assert_cmpint (keep_alive, >=, cases[i].keep_alive * MS);
      g_assert_cmpint (keep_alive, <=, MAX (found, PEERUP_NAT_KEEP_ALIVE_MIN));
      g_assert_cmpint (self->now - START, <=, 1800 * SECOND);
      g_assert_cmpuint (self->n_asked + self->n_probed, <=, 5 * PEERUP_NAT_LIFETIME_ROUNDS);
      g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, G_MAXINT64);
    }
}

/* Each deadline, from either side. */
static void
test_times (Fixture *self, gconstpointer data)
{
  guint16 port;

  self->lasts = 3600 * SECOND;
  peerup_nat_lifetime_start (self->search, START + 5 * SECOND);
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, START + 5 * SECOND);
  g_assert_cmpint (peerup_nat_lifetime_next (self->search, START + 5 * SECOND - 1, &port), ==,
                   PEERUP_NAT_LIFETIME_NOTHING);
  self->now = START + 5 * SECOND;
  g_assert_true (step (self));
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, self->now + PEERUP_NAT_LIFETIME_SETTLE);
  self->now += PEERUP_NAT_LIFETIME_SETTLE - 1;
  g_assert_false (step (self));
  self->now += 1;
  g_assert_true (step (self));
  /* The control comes at once. */
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, 0);
  g_assert_true (step (self));
  g_assert_cmpuint (self->n_asked, ==, 2);
  g_assert_cmpuint (self->n_probed, ==, 1);
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, self->now + PEERUP_NAT_LIFETIME_FIRST);
  self->now += PEERUP_NAT_LIFETIME_FIRST - 1;
  g_assert_false (step (self));
  self->now += 1;
  g_assert_true (step (self));
  g_assert_cmpuint (self->n_probed, ==, 2);
  g_assert_cmpint (peerup_nat_lifetime_get (self->search), ==, PEERUP_NAT_LIFETIME_FIRST);
  g_assert_cmpint (peerup_nat_lifetime_get_keep_alive (self->search), ==, 0);
}

/* A server that cannot answer elsewhere, or is gone, says nothing about the NAT; it is asked seldom. */
static void
test_inconclusive (Fixture *self, gconstpointer data)
{
  self->lasts = 3600 * SECOND;
  self->has_response_port = GPOINTER_TO_INT (data);
  self->is_there = !self->has_response_port;
  peerup_nat_lifetime_start (self->search, START);
  run (self, START + 3600 * SECOND);
  g_assert_false (peerup_nat_lifetime_is_known (self->search));
  g_assert_cmpint (peerup_nat_lifetime_get (self->search), ==, 0);
  g_assert_cmpuint (self->n_asked + self->n_probed, <=, 6);
}

/* It goes away between the silence and the probe: that is no proof. */
static void
test_server_lost_during_the_silence (Fixture *self, gconstpointer data)
{
  self->lasts = 3600 * SECOND;
  peerup_nat_lifetime_start (self->search, START);
  run (self, START + 20 * SECOND);
  self->is_there = FALSE;
  run (self, START + 200 * SECOND);
  self->is_there = TRUE;
  run (self, START + 7200 * SECOND);
  g_assert_true (peerup_nat_lifetime_is_known (self->search));
  g_assert_cmpint (peerup_nat_lifetime_get (self->search), ==, PEERUP_NAT_LIFETIME_MAX);
}

/* A network that changes all the time: no more than the rate lets through. */
static void
test_rate (Fixture *self, gconstpointer data)
{
  self->lasts = 3600 * SECOND;
  for (guint i = 0; i < 3600; i++)
    {
      peerup_nat_lifetime_start (self->search, self->now);
      run (self, self->now + SECOND);
    }
  g_assert_cmpuint (self->n_asked, <=, PEERUP_NAT_LIFETIME_ROUNDS + 9);
}

static void
test_stop (Fixture *self, gconstpointer data)
{
  guint16 port;

  g_assert_cmpint (peerup_nat_lifetime_next (self->search, START, &port), ==, PEERUP_NAT_LIFETIME_NOTHING);
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, G_MAXINT64);
  self->lasts = 3600 * SECOND;
  peerup_nat_lifetime_start (self->search, START);
  run (self, START + 60 * SECOND);
  peerup_nat_lifetime_stop (self->search);
  g_assert_cmpint (peerup_nat_lifetime_get_deadline (self->search), ==, G_MAXINT64);
  g_assert_cmpint (peerup_nat_lifetime_get (self->search), ==, PEERUP_NAT_LIFETIME_FIRST);
  /* What is known stays; a new network begins anew. */
  peerup_nat_lifetime_start (self->search, self->now);
  g_assert_cmpint (peerup_nat_lifetime_get (self->search), ==, 0);
  run (self, self->now + 7200 * SECOND);
  g_assert_true (peerup_nat_lifetime_is_known (self->search));
  peerup_nat_lifetime_stop (self->search);
  g_assert_true (peerup_nat_lifetime_is_known (self->search));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func) g_test_add ("/nat/lifetime/" name, Fixture, data, set_up, func, tear_down)
  ADD ("lifetimes", NULL, test_lifetimes);
  ADD ("times", NULL, test_times);
  ADD ("no-response-port", GINT_TO_POINTER (FALSE), test_inconclusive);
  ADD ("server-is-gone", GINT_TO_POINTER (TRUE), test_inconclusive);
  ADD ("server-lost-during-the-silence", NULL, test_server_lost_during_the_silence);
  ADD ("rate", NULL, test_rate);
  ADD ("stop", NULL, test_stop);
  return g_test_run ();
}
