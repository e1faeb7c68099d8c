/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* When a direct path is looked for again, in literal times.
 */
#include "engine/peerup-path-schedule.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define NOW    (1000 * SECOND)

static void
test_slows_down (void)
{
  static const gint64 pauses[] = { 30, 120, 600, 1800, 1800 };
  PeerupPathSchedule schedule = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      peerup_path_schedule_fail (&schedule, FALSE, NOW, 0.5);
      g_assert_cmpint (schedule.next_at, ==, NOW + pauses[i] * SECOND);
      g_assert_true (peerup_path_schedule_elapse (&schedule, TRUE));
      g_assert_cmpint (schedule.next_at, ==, 0);
    }
  peerup_path_schedule_renew (&schedule);
  peerup_path_schedule_fail (&schedule, FALSE, NOW, 0.5);
  g_assert_cmpint (schedule.next_at, ==, NOW + 30 * SECOND);
}

static void
test_spread (void)
{
  PeerupPathSchedule schedule = { 0 };

  peerup_path_schedule_fail (&schedule, FALSE, NOW, 0);
  g_assert_cmpint (schedule.next_at, ==, NOW + 24 * SECOND);
  peerup_path_schedule_renew (&schedule);
  peerup_path_schedule_fail (&schedule, FALSE, NOW, 1);
  g_assert_cmpint (schedule.next_at, ==, NOW + 36 * SECOND);
}

static void
test_hopeless (void)
{
  PeerupPathSchedule schedule = { 0 };

  peerup_path_schedule_fail (&schedule, TRUE, NOW, 0.5);
  g_assert_cmpint (schedule.next_at, ==, NOW + 1800 * SECOND);
}

/* One that does not last is no success; one that has lasted is looked for again at once. */
static void
test_flapping (void)
{
  PeerupPathSchedule schedule = { 0 };

  peerup_path_schedule_find (&schedule);
  g_assert_false (peerup_path_schedule_lose (&schedule, PEERUP_PATH_LASTING_TIME - 1, NOW, 0.5));
  g_assert_cmpint (schedule.next_at, ==, NOW + 30 * SECOND);
  peerup_path_schedule_find (&schedule);
  g_assert_cmpint (schedule.next_at, ==, 0);
  g_assert_false (peerup_path_schedule_lose (&schedule, 0, NOW, 0.5));
  g_assert_cmpint (schedule.next_at, ==, NOW + 120 * SECOND);
  peerup_path_schedule_find (&schedule);
  g_assert_true (peerup_path_schedule_lose (&schedule, PEERUP_PATH_LASTING_TIME, NOW, 0.5));
  g_assert_cmpuint (schedule.n_failures, ==, 0);
}

/* Nothing is looked for that nobody uses, and no timer is kept for it; with the first use it is. */
static void
test_unused (void)
{
  PeerupPathSchedule schedule = { 0 };

  g_assert_false (peerup_path_schedule_use (&schedule));
  peerup_path_schedule_fail (&schedule, FALSE, NOW, 0.5);
  g_assert_false (peerup_path_schedule_use (&schedule));
  g_assert_false (peerup_path_schedule_elapse (&schedule, FALSE));
  g_assert_cmpint (schedule.next_at, ==, 0);
  g_assert_true (peerup_path_schedule_use (&schedule));
  g_assert_false (peerup_path_schedule_use (&schedule));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/path-schedule/slows-down", test_slows_down);
  g_test_add_func ("/path-schedule/spread", test_spread);
  g_test_add_func ("/path-schedule/hopeless", test_hopeless);
  g_test_add_func ("/path-schedule/flapping", test_flapping);
  g_test_add_func ("/path-schedule/unused", test_unused);
  return g_test_run ();
}
