/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Who is chosen of the peers that offer to relay, and how little work the rest can make. */

#include "relay/peerup-peer-relays.h"

#include "identity/peerup-private-key.h"

#define SECOND  ((gint64) G_USEC_PER_SEC)
#define MS      ((gint64) 1000)
#define NOW     (1000 * SECOND)
#define STAY    PEERUP_PEER_RELAYS_STAY
#define BAR     PEERUP_PEER_RELAYS_BAR_FIRST
#define MAX_BAR PEERUP_PEER_RELAYS_BAR_MAX
#define N_PEERS 1000

static PeerupPeerId *peers[N_PEERS];

typedef struct
{
  PeerupPeerRelays *relays;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->relays = peerup_peer_relays_new ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_peer_relays_free (self->relays);
}

static gboolean
offer (Fixture *self, guint peer, gint64 rtt, gint64 now)
{
  return peerup_peer_relays_offer (self->relays, peers[peer], rtt, now);
}

static gboolean
withdraw (Fixture *self, guint peer, gint64 now)
{
  return peerup_peer_relays_withdraw (self->relays, peers[peer], now);
}

static gboolean
fail (Fixture *self, guint peer, gint64 now)
{
  return peerup_peer_relays_fail (self->relays, peers[peer], now);
}

/* The numbers of those that are kept, one a space. */
static void
assert_kept (Fixture *self, const char *expected)
{
  g_autoptr (GPtrArray) kept = peerup_peer_relays_dup_kept (self->relays);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < kept->len; i++)
    for (guint j = 0; j < N_PEERS; j++)
      if (peerup_peer_id_equal (kept->pdata[i], peers[j]))
        {
          g_assert_true (peerup_peer_relays_is_kept (self->relays, peers[j]));
          g_string_append_printf (text, "%s%u", i > 0 ? " " : "", j);
        }
  g_assert_cmpstr (text->str, ==, expected);
}

static gint64
deadline (Fixture *self)
{
  return peerup_peer_relays_get_deadline (self->relays);
}

static void
test_choice (Fixture *self, gconstpointer data)
{
  assert_kept (self, "");
  g_assert_true (offer (self, 0, 50 * MS, NOW));
  g_assert_true (offer (self, 1, 20 * MS, NOW));
  assert_kept (self, "1 0");
  /* Neither farther nor a little nearer. */
  g_assert_false (offer (self, 2, 60 * MS, NOW + STAY));
  g_assert_false (offer (self, 3, 25 * MS, NOW + STAY));
  g_assert_cmpint (deadline (self), ==, G_MAXINT64);
  g_assert_true (offer (self, 4, 24 * MS, NOW + STAY));
  assert_kept (self, "1 4");
  /* Who goes makes a place for the nearest of the others. */
  g_assert_true (withdraw (self, 1, NOW + STAY));
  assert_kept (self, "4 3");
  g_assert_false (withdraw (self, 0, NOW + STAY));
  g_assert_false (withdraw (self, 9, NOW + STAY));
  g_assert_true (withdraw (self, 4, NOW + STAY));
  assert_kept (self, "3 2");
}

/* A round trip that is not known is a long one. */
static void
test_unknown_rtt (Fixture *self, gconstpointer data)
{
  offer (self, 0, -1, NOW);
  offer (self, 1, 800 * MS, NOW);
  assert_kept (self, "1 0");
  g_assert_true (offer (self, 2, 499 * MS, NOW + STAY));
  assert_kept (self, "2 1");
}

/* Each side of the time that one is kept at least. */
static void
test_stay (Fixture *self, gconstpointer data)
{
  offer (self, 0, 50 * MS, NOW);
  offer (self, 1, 50 * MS, NOW + SECOND);
  g_assert_false (offer (self, 2, 1 * MS, NOW + 2 * SECOND));
  assert_kept (self, "0 1");
  g_assert_cmpint (deadline (self), ==, NOW + STAY);
  g_assert_false (peerup_peer_relays_advance (self->relays, NOW + STAY - 1));
  g_assert_true (peerup_peer_relays_advance (self->relays, NOW + STAY));
  assert_kept (self, "2 1");
  g_assert_cmpint (deadline (self), ==, G_MAXINT64);
}

/* It claims hop and refuses: left alone for longer each time, and the next one is used. */
static void
test_refuses (Fixture *self, gconstpointer data)
{
  gint64 now = NOW;

  offer (self, 0, 10 * MS, now);
  for (gint64 bar = BAR; bar < 4 * MAX_BAR; bar *= 2)
    {
      gint64 until = now + MIN (bar, MAX_BAR);

      g_assert_false (offer (self, 0, 10 * MS, now));
      g_assert_true (fail (self, 0, now));
      assert_kept (self, "");
      g_assert_false (fail (self, 0, now));
      g_assert_false (offer (self, 0, 10 * MS, now));
      g_assert_cmpint (deadline (self), ==, until);
      g_assert_false (peerup_peer_relays_advance (self->relays, until - 1));
      g_assert_true (peerup_peer_relays_advance (self->relays, until));
      assert_kept (self, "0");
      now = until;
    }
  /* One that did its work for long is tried again soon. */
  now += MAX_BAR;
  g_assert_true (fail (self, 0, now));
  g_assert_cmpint (deadline (self), ==, now + BAR);
}

static void
test_next_after_refusal (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 5; i++)
    offer (self, i, (i + 1) * 10 * MS, NOW);
  assert_kept (self, "0 1");
  fail (self, 0, NOW);
  assert_kept (self, "1 2");
  fail (self, 1, NOW);
  fail (self, 2, NOW);
  assert_kept (self, "3 4");
  fail (self, 3, NOW);
  assert_kept (self, "4");
}

/* Hop comes and goes a thousand times, once a second: each time that it is used costs it. */
static void
test_flaps (Fixture *self, gconstpointer data)
{
  guint n_changes = 0;

  for (guint i = 0; i < 1000; i++)
    {
      n_changes += offer (self, 0, 10 * MS, NOW + i * SECOND);
      n_changes += withdraw (self, 0, NOW + i * SECOND);
    }
  g_assert_cmpuint (n_changes, ==, 2 * 6);
  g_assert_cmpuint (peerup_peer_relays_get_n_known (self->relays), ==, 1);
  /* Nobody waits for one that offers nothing. */
  g_assert_cmpint (deadline (self), ==, G_MAXINT64);
}

/* A thousand peers, each nearer than the one before, all at once. */
static void
test_thousand (Fixture *self, gconstpointer data)
{
  guint n_changes = 0;

  for (guint i = 0; i < N_PEERS; i++)
    n_changes += offer (self, i, (N_PEERS - i) * MS, NOW);
  g_assert_cmpuint (n_changes, ==, 2);
  g_assert_cmpuint (peerup_peer_relays_get_n_known (self->relays), ==, PEERUP_PEER_RELAYS_KNOWN);
  assert_kept (self, "1 0");
  g_assert_true (peerup_peer_relays_advance (self->relays, NOW + STAY));
  assert_kept (self, "999 998");
  for (guint i = 0; i < N_PEERS; i++)
    withdraw (self, i, NOW + STAY);
  assert_kept (self, "");
  /* New ones take the places of those that are gone. */
  g_assert_true (offer (self, 0, 10 * MS, NOW + STAY));
  g_assert_cmpuint (peerup_peer_relays_get_n_known (self->relays), <=, PEERUP_PEER_RELAYS_KNOWN);
}

/* The round trip of each is another one every second. */
static void
test_round_trips_jump (Fixture *self, gconstpointer data)
{
  guint n_changes = 0;

  for (guint i = 0; i < 600; i++)
    for (guint j = 0; j < 4; j++)
      n_changes += offer (self, j, ((i + j) % 4 + 1) * 100 * MS, NOW + i * SECOND);
  g_assert_cmpuint (n_changes, <=, 2 + 2 * 600 / 60);
}

#define ADD(path, func) g_test_add ("/relay/peers/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N_PEERS; i++)
    {
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (NULL);

      peers[i] = peerup_peer_id_ref (peerup_private_key_get_peer_id (key));
    }
  ADD ("choice", test_choice);
  ADD ("unknown-rtt", test_unknown_rtt);
  ADD ("stay", test_stay);
  ADD ("refuses", test_refuses);
  ADD ("next-after-refusal", test_next_after_refusal);
  ADD ("flaps", test_flaps);
  ADD ("thousand", test_thousand);
  ADD ("round-trips-jump", test_round_trips_jump);
  result = g_test_run ();
  for (guint i = 0; i < N_PEERS; i++)
    peerup_peer_id_unref (peers[i]);
  return result;
}
