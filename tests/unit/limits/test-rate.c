/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "limits/peerup-rate.h"

static void
test_burst (void)
{
  PeerupRate rate = { 0 };

  for (guint i = 0; i < 3; i++)
    g_assert_true (peerup_rate_take (&rate, 1000, 3, 100));
  g_assert_false (peerup_rate_allows (&rate, 1000, 3, 100));
  g_assert_false (peerup_rate_take (&rate, 1099, 3, 100));
  g_assert_cmpint (peerup_rate_get_next (&rate, 3, 100), ==, 1100);
  g_assert_true (peerup_rate_take (&rate, 1100, 3, 100));
  g_assert_false (peerup_rate_take (&rate, 1100, 3, 100));
}

static void
test_full (void)
{
  PeerupRate rate = { 0 };

  g_assert_true (peerup_rate_is_full (&rate, 0));
  g_assert_true (peerup_rate_take (&rate, 1000, 3, 100));
  g_assert_true (peerup_rate_take (&rate, 1000, 3, 100));
  g_assert_false (peerup_rate_is_full (&rate, 1199));
  g_assert_true (peerup_rate_is_full (&rate, 1200));
}

/* What was not used long ago is not saved up. */
static void
test_long_pause (void)
{
  PeerupRate rate = { 0 };
  guint n = 0;

  g_assert_true (peerup_rate_take (&rate, 1000, 3, 100));
  while (peerup_rate_take (&rate, G_GINT64_CONSTANT (24) * 3600 * G_USEC_PER_SEC, 3, 100))
    n++;
  g_assert_cmpuint (n, ==, 3);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/rate/burst", test_burst);
  g_test_add_func ("/limits/rate/full", test_full);
  g_test_add_func ("/limits/rate/long-pause", test_long_pause);
  return g_test_run ();
}
