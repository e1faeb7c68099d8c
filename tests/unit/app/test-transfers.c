/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* When something is transferred, by what is counted at each look. */
#include "app/background/peerup-transfers.h"

#define MANY 1000000

static void
test_begins_and_ends (void)
{
  PeerupTransfersState state = { 0 };

  /* What moved before anybody looked is no news. */
  g_assert_false (peerup_transfers_look (&state, 5 * (guint64) MANY));
  g_assert_true (peerup_transfers_look (&state, 6 * (guint64) MANY));
  g_assert_true (peerup_transfers_look (&state, 7 * (guint64) MANY));
  /* A pause is no end. */
  g_assert_true (peerup_transfers_look (&state, 7 * (guint64) MANY));
  g_assert_true (peerup_transfers_look (&state, 7 * (guint64) MANY));
  g_assert_true (peerup_transfers_look (&state, 8 * (guint64) MANY));
  for (guint i = 0; i < 2; i++)
    g_assert_true (peerup_transfers_look (&state, 8 * (guint64) MANY));
  for (guint i = 0; i < 10; i++)
    g_assert_false (peerup_transfers_look (&state, 8 * (guint64) MANY));
  g_assert_true (peerup_transfers_look (&state, 9 * (guint64) MANY));
}

/* A shell in which somebody types. */
static void
test_trickle (void)
{
  PeerupTransfersState state = { 0 };

  for (guint64 bytes = 0; bytes < MANY; bytes += 10000)
    g_assert_false (peerup_transfers_look (&state, bytes));
}

/* A forward that ends takes its bytes along. */
static void
test_fewer (void)
{
  PeerupTransfersState state = { 0 };

  g_assert_false (peerup_transfers_look (&state, 5 * (guint64) MANY));
  g_assert_false (peerup_transfers_look (&state, 1));
  g_assert_true (peerup_transfers_look (&state, MANY));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/transfers/begins-and-ends", test_begins_and_ends);
  g_test_add_func ("/background/transfers/trickle", test_trickle);
  g_test_add_func ("/background/transfers/fewer", test_fewer);
  return g_test_run ();
}
