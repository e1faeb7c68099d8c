/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The times of RFC 8489 6.2.1, as its example has them. */

#include "stun/peerup-stun-retry.h"

static void
test_times (void)
{
  static const guint milliseconds[] = { 500, 1500, 3500, 7500, 15500, 31500, 39500 };

  g_assert_cmpuint (G_N_ELEMENTS (milliseconds), ==, PEERUP_STUN_SENDS_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (milliseconds); i++)
    g_assert_cmpint (peerup_stun_get_next_send (i + 1), ==, (gint64) milliseconds[i] * 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stun/retry/times", test_times);
  return g_test_run ();
}
