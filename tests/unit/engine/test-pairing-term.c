/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How long a code works, by literal times of two clocks.
 */
#include "engine/peerup-pairing-term.h"

#define BEGAN 1000000
#define TTL   600

static gint64
left_at (gint64 wall, gint64 boot, const char *boot_id)
{
  PeerupPairingNow began = { .wall = BEGAN, .boot = 50, .boot_id = "one" };
  PeerupPairingNow now = { .wall = wall, .boot = boot };
  PeerupPairingTerm term;

  peerup_pairing_term_begin (&term, &began, TTL);
  g_strlcpy (now.boot_id, boot_id, sizeof now.boot_id);
  return peerup_pairing_term_get_left (&term, &now);
}

static void
test_both_clocks (void)
{
  g_assert_cmpint (left_at (BEGAN, 50, "one"), ==, TTL);
  g_assert_cmpint (left_at (BEGAN + TTL - 1, 50 + TTL - 1, "one"), ==, 1);
  g_assert_cmpint (left_at (BEGAN + TTL, 50 + TTL, "one"), ==, 0);
}

static void
test_set_forward (void)
{
  g_assert_cmpint (left_at (BEGAN + TTL, 51, "one"), ==, 0);
  g_assert_cmpint (left_at (BEGAN + TTL - 1, 51, "one"), ==, 1);
}

static void
test_set_back (void)
{
  g_assert_cmpint (left_at (0, 50 + TTL - 1, "one"), ==, 1);
  g_assert_cmpint (left_at (0, 50 + TTL, "one"), ==, 0);
  g_assert_cmpint (left_at (BEGAN - 100, 51, "one"), ==, TTL - 1);
}

/* The time since the start says nothing after another start. */
static void
test_new_start (void)
{
  g_assert_cmpint (left_at (BEGAN + 10, 5, "two"), ==, TTL - 10);
  g_assert_cmpint (left_at (BEGAN + TTL, 5, "two"), ==, 0);
  g_assert_cmpint (left_at (BEGAN - 3600, 5, "two"), ==, 0);
}

static void
test_now (void)
{
  PeerupPairingNow now;

  peerup_pairing_now (&now);
  g_assert_cmpint (now.wall, >, 1700000000);
  g_assert_cmpint (now.boot, >, 0);
  g_assert_cmpuint (strlen (now.boot_id), ==, 36);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/pairing-term/both-clocks", test_both_clocks);
  g_test_add_func ("/engine/pairing-term/set-forward", test_set_forward);
  g_test_add_func ("/engine/pairing-term/set-back", test_set_back);
  g_test_add_func ("/engine/pairing-term/new-start", test_new_start);
  g_test_add_func ("/engine/pairing-term/now", test_now);
  return g_test_run ();
}
