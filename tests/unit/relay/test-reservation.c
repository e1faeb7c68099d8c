/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "relay/peerup-reservation.h"
#include "wire/peerup-error.h"

#define S ((gint64) G_USEC_PER_SEC)
/* The two clocks have nothing to do with each other. */
#define NOW      (1000 * S)
#define REAL_NOW ((gint64) 1700000000)

static PeerupReservation
asked (void)
{
  PeerupReservation self;

  peerup_reservation_init (&self, NOW);
  g_assert_true (peerup_reservation_begin (&self, NOW));
  return self;
}

static PeerupReservation
reserved (guint64 ttl, guint32 chance)
{
  PeerupReservation self = asked ();
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_reservation_granted (&self, REAL_NOW + ttl, REAL_NOW, NOW, chance, &error));
  g_assert_no_error (error);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_RESERVED);
  g_assert_cmpint (self.expires, ==, REAL_NOW + (gint64) ttl);
  return self;
}

static void
test_first (void)
{
  PeerupReservation self;

  peerup_reservation_init (&self, NOW);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_CONNECTING);
  g_assert_cmpint (peerup_reservation_get_deadline (&self), ==, NOW);
  g_assert_false (peerup_reservation_begin (&self, NOW - 1));
  g_assert_true (peerup_reservation_begin (&self, NOW));
  /* Once is enough. */
  g_assert_false (peerup_reservation_begin (&self, NOW + 3600 * S));
  g_assert_cmpint (peerup_reservation_get_deadline (&self), ==, G_MAXINT64);
}

static void
test_refresh (void)
{
  static const struct
  {
    guint64 ttl;
    gint64 due; /* seconds from now */
  } cases[] = {
    { 3600, 2400 }, /* a third is left */
    { 1800, 1200 }, /* the same */
    { 300, 180 },   /* 2 min are left */
    { 240, 120 },   /* half has passed and 2 min are left */
    { 60, 30 },     /* half has passed */
    { 2, 1 },       /* the shortest that makes sense */
    { 7200, 4800 }, /* of js */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PeerupReservation self = reserved (cases[i].ttl, 0);

      g_assert_cmpint (peerup_reservation_get_deadline (&self), ==, NOW + cases[i].due * S);
      g_assert_false (peerup_reservation_begin (&self, NOW + cases[i].due * S - 1));
      g_assert_true (peerup_reservation_begin (&self, NOW + cases[i].due * S));
      /* It is not lost while it is refreshed. */
      g_assert_cmpint (self.state, ==, PEERUP_RELAY_RESERVED);
    }
}

static void
test_jitter (void)
{
  PeerupReservation latest = reserved (3600, 0);
  PeerupReservation middle = reserved (3600, G_MAXUINT32 / 2);
  PeerupReservation soonest = reserved (3600, G_MAXUINT32);

  g_assert_cmpint (latest.due_at, ==, NOW + 2400 * S);
  g_assert_cmpint (middle.due_at / S, ==, (NOW + 2220 * S) / S);
  g_assert_cmpint (soonest.due_at, ==, NOW + 2040 * S);
}

static void
test_bad_expiry (void)
{
  static const guint64 ends[] = {
    0,
    REAL_NOW - 3600,
    REAL_NOW,
    REAL_NOW + PEERUP_RESERVATION_MAX + 1,
    G_GUINT64_CONSTANT (253402300800), /* the year 10000 */
    G_MAXINT64,
    G_MAXUINT64,
  };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      PeerupReservation self = asked ();
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_reservation_granted (&self, ends[i], REAL_NOW, NOW, 0, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
      g_assert_cmpint (self.state, ==, PEERUP_RELAY_CONNECTING);
      peerup_reservation_failed (&self, NOW, 0);
      g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
    }
}

static void
test_longest_expiry (void)
{
  PeerupReservation self = reserved (PEERUP_RESERVATION_MAX, 0);

  g_assert_cmpint (self.ends_at, ==, NOW + PEERUP_RESERVATION_MAX * S);
  g_assert_cmpint (self.due_at, <, self.ends_at);
}

static void
test_back_off (void)
{
  static const gint64 seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
  PeerupReservation self;
  gint64 now = NOW;

  peerup_reservation_init (&self, now);
  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      g_assert_true (peerup_reservation_begin (&self, now));
      g_assert_cmpint (self.state, ==, PEERUP_RELAY_CONNECTING);
      peerup_reservation_failed (&self, now, 0);
      g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
      g_assert_cmpuint (self.n_failures, ==, i + 1);
      g_assert_cmpint (self.due_at, ==, now + seconds[i] * S);
      g_assert_false (peerup_reservation_begin (&self, self.due_at - 1));
      now = self.due_at;
    }
  /* Success forgets all of it. */
  g_assert_true (peerup_reservation_begin (&self, now));
  g_assert_true (peerup_reservation_granted (&self, REAL_NOW + 3600, REAL_NOW, now, 0, NULL));
  g_assert_cmpuint (self.n_failures, ==, 0);
  peerup_reservation_lost (&self, now, 0);
  g_assert_cmpint (self.due_at, ==, now + S / 4);
}

static void
test_back_off_jitter (void)
{
  PeerupReservation self = asked ();

  peerup_reservation_failed (&self, NOW, G_MAXUINT32);
  g_assert_cmpint (self.due_at, ==, NOW + S / 2);
}

/* What was granted stands while refreshing fails, and ends when its time is over. */
static void
test_refresh_fails (void)
{
  PeerupReservation self = reserved (10, 0);

  g_assert_true (peerup_reservation_begin (&self, NOW + 5 * S));
  peerup_reservation_failed (&self, NOW + 5 * S, 0);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_RESERVED);
  g_assert_cmpint (self.due_at, ==, NOW + 6 * S);
  g_assert_true (peerup_reservation_begin (&self, NOW + 6 * S));
  peerup_reservation_failed (&self, NOW + 9 * S, 0);
  /* Due in 2 s, over in 1 s. */
  g_assert_cmpint (self.due_at, ==, NOW + 11 * S);
  g_assert_cmpint (peerup_reservation_get_deadline (&self), ==, NOW + 10 * S);
  g_assert_false (peerup_reservation_begin (&self, NOW + 10 * S - 1));
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_RESERVED);
  g_assert_false (peerup_reservation_begin (&self, NOW + 10 * S));
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
  g_assert_cmpint (self.expires, ==, 0);
  g_assert_true (peerup_reservation_begin (&self, NOW + 11 * S));
}

/* An answer that comes after the end of what it was to refresh. */
static void
test_refresh_slow (void)
{
  PeerupReservation self = reserved (10, 0);

  g_assert_true (peerup_reservation_begin (&self, NOW + 5 * S));
  g_assert_false (peerup_reservation_begin (&self, NOW + 10 * S));
  g_assert_true (peerup_reservation_granted (&self, REAL_NOW + 100, REAL_NOW + 11, NOW + 11 * S, 0, NULL));
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_RESERVED);
}

static void
test_lost (void)
{
  PeerupReservation self = reserved (3600, 0);

  peerup_reservation_lost (&self, NOW + S, G_MAXUINT32);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
  g_assert_cmpint (self.due_at, ==, NOW + S + S / 8);
  /* Twice is once. */
  peerup_reservation_lost (&self, NOW + 2 * S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + S + S / 8);
}

/* Whenever within 2 s the relay is back, and whatever chance says, somebody asks within 3 s. */
static void
test_restart (void)
{
  static const guint32 chances[] = { 0, G_MAXUINT32 / 3, G_MAXUINT32 };

  for (guint i = 0; i < G_N_ELEMENTS (chances); i++)
    {
      PeerupReservation self = reserved (3600, 0);
      gint64 before = NOW;

      peerup_reservation_lost (&self, NOW, chances[i]);
      while (self.due_at < NOW + 2 * S)
        {
          before = self.due_at;
          g_assert_true (peerup_reservation_begin (&self, before));
          peerup_reservation_failed (&self, before, chances[i]);
          g_assert_cmpint (self.due_at - before, <=, S * 3 / 4);
        }
      g_assert_cmpint (self.due_at, <, NOW + 3 * S);
    }
}

/* After that it is as slow as ever. */
static void
test_restart_takes_long (void)
{
  static const gint64 waits[] = { S / 2, S * 3 / 4, S * 3 / 4, S * 3 / 4, S, 2 * S, 4 * S };
  PeerupReservation self = reserved (3600, 0);

  peerup_reservation_lost (&self, NOW, 0);
  g_assert_cmpint (self.due_at, ==, NOW + S / 4);
  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      gint64 now = self.due_at;

      g_assert_true (peerup_reservation_begin (&self, now));
      peerup_reservation_failed (&self, now, 0);
      g_assert_cmpint (self.due_at, ==, now + waits[i]);
    }
}

/* One that grants and goes at once is not asked four times a second. */
static void
test_restart_again (void)
{
  PeerupReservation self = reserved (3600, 0);

  peerup_reservation_lost (&self, NOW, 0);
  g_assert_true (peerup_reservation_begin (&self, NOW + S / 4));
  g_assert_true (peerup_reservation_granted (&self, REAL_NOW + 3600, REAL_NOW, NOW + S, 0, NULL));
  peerup_reservation_lost (&self, NOW + 3 * S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 4 * S);
  g_assert_true (peerup_reservation_begin (&self, NOW + 4 * S));
  g_assert_true (peerup_reservation_granted (&self, REAL_NOW + 3600, REAL_NOW, NOW + 5 * S, 0, NULL));
  peerup_reservation_lost (&self, NOW + 10 * S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 10 * S + S / 4);
}

/* It says itself when it serves again; if it goes instead, it may be back soon. */
static void
test_revoked (void)
{
  PeerupReservation self = reserved (3600, 0);

  peerup_reservation_revoked (&self, NOW, G_MAXUINT32);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
  g_assert_cmpint (self.expires, ==, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 30 * S);
  peerup_reservation_revoked (&self, NOW + S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 30 * S);
  peerup_reservation_lost (&self, NOW + 2 * S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 2 * S + S / 4);
}

static void
test_revoked_while_asked (void)
{
  PeerupReservation self = reserved (3600, 0);

  g_assert_true (peerup_reservation_begin (&self, NOW + 2400 * S));
  peerup_reservation_revoked (&self, NOW + 2400 * S, 0);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_CONNECTING);
  peerup_reservation_failed (&self, NOW + 2401 * S, 0);
  g_assert_cmpint (self.due_at, ==, NOW + 2402 * S);
}

static void
test_lost_while_asked (void)
{
  PeerupReservation self = reserved (3600, 0);

  g_assert_true (peerup_reservation_begin (&self, NOW + 2400 * S));
  peerup_reservation_lost (&self, NOW + 2400 * S, 0);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_CONNECTING);
  g_assert_cmpint (self.expires, ==, 0);
  peerup_reservation_failed (&self, NOW + 2401 * S, 0);
  g_assert_cmpint (self.state, ==, PEERUP_RELAY_WAITING);
  g_assert_cmpint (self.due_at, ==, NOW + 2401 * S + S / 2);
}

static void
test_retry (void)
{
  PeerupReservation self = asked ();

  peerup_reservation_retry (&self, NOW);
  g_assert_cmpint (self.due_at, ==, G_MAXINT64);
  for (guint i = 0; i < 10; i++)
    {
      peerup_reservation_failed (&self, NOW, 0);
      peerup_reservation_retry (&self, NOW);
      g_assert_true (peerup_reservation_begin (&self, NOW));
    }
  /* One that is well is left alone. */
  self = reserved (3600, 0);
  peerup_reservation_retry (&self, NOW + S);
  g_assert_cmpint (self.due_at, ==, NOW + 2400 * S);
  peerup_reservation_refresh (&self, NOW + S);
  g_assert_true (peerup_reservation_begin (&self, NOW + S));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reservation/first", test_first);
  g_test_add_func ("/reservation/refresh", test_refresh);
  g_test_add_func ("/reservation/jitter", test_jitter);
  g_test_add_func ("/reservation/bad-expiry", test_bad_expiry);
  g_test_add_func ("/reservation/longest-expiry", test_longest_expiry);
  g_test_add_func ("/reservation/back-off", test_back_off);
  g_test_add_func ("/reservation/back-off-jitter", test_back_off_jitter);
  g_test_add_func ("/reservation/refresh-fails", test_refresh_fails);
  g_test_add_func ("/reservation/refresh-slow", test_refresh_slow);
  g_test_add_func ("/reservation/lost", test_lost);
  g_test_add_func ("/reservation/lost-while-asked", test_lost_while_asked);
  g_test_add_func ("/reservation/restart", test_restart);
  g_test_add_func ("/reservation/restart-takes-long", test_restart_takes_long);
  g_test_add_func ("/reservation/restart-again", test_restart_again);
  g_test_add_func ("/reservation/revoked", test_revoked);
  g_test_add_func ("/reservation/revoked-while-asked", test_revoked_while_asked);
  g_test_add_func ("/reservation/retry", test_retry);
  return g_test_run ();
}
