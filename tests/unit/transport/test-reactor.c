/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The reactor alone: the order of tasks, the heap of timers under changes from inside its
 * callbacks, edge-triggered watches, and that it goes with its last user. */

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport-test.h"

/* One task or timer that writes its letter. */
typedef struct
{
  PeerupTask task;
  PeerupTimer timer;
  GString *log;
  char letter;
  gpointer other;
} Item;

static void
item_run (gpointer data)
{
  Item *item = data;

  g_string_append_c (item->log, item->letter);
}

static void
items_init (Item *items, guint n, GString *log, PeerupTaskFunc func)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  for (guint i = 0; i < n; i++)
    {
      items[i] = (Item) { .log = log, .letter = 'a' + i % 26 };
      peerup_task_init (&items[i].task, reactor, func, &items[i]);
      peerup_timer_init (&items[i].timer, reactor, func, &items[i]);
    }
}

static void
items_clear (Item *items, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      peerup_task_clear (&items[i].task);
      peerup_timer_clear (&items[i].timer);
      /* Again: nothing to do. */
      peerup_task_clear (&items[i].task);
      peerup_timer_clear (&items[i].timer);
    }
}

static void
test_order (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[4];

  items_init (items, 4, log, item_run);
  peerup_task_schedule (&items[2].task);
  peerup_task_schedule (&items[0].task);
  peerup_task_schedule (&items[3].task);
  peerup_task_schedule (&items[2].task);
  peerup_task_schedule (&items[1].task);
  g_assert_cmpstr (log->str, ==, "");
  /* A cleared task does not run. */
  peerup_task_clear (&items[3].task);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "cab");
  test_spin ();
  g_assert_cmpstr (log->str, ==, "cab");
  items_clear (items, 4);
}

static void
task_again (gpointer data)
{
  Item *item = data;

  item_run (item);
  if (item->log->len < 6)
    peerup_task_schedule (&item->task);
}

static void
test_reschedule (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[2];

  items_init (items, 2, log, task_again);
  peerup_task_schedule (&items[0].task);
  peerup_task_schedule (&items[1].task);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "abababa");
  items_clear (items, 2);
}

static void
task_clears_other (gpointer data)
{
  Item *item = data;

  item_run (item);
  peerup_task_clear (item->other);
}

/* Schedules the two behind it, in a chain. */
static void
chain_run (gpointer data)
{
  Item *item = data;

  item_run (data);
  if (item->letter != 'a')
    return;
  peerup_reactor_begin_chain (item->task.reactor);
  peerup_task_schedule (&item[1].task);
  peerup_task_schedule (&item[2].task);
  peerup_reactor_end_chain (item->task.reactor);
  peerup_task_schedule_next (&item[3].task);
}

/* What a task begins comes to its end before those that were there first, scheduled or not. */
static void
test_chain (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[6];

  items_init (items, G_N_ELEMENTS (items), log, chain_run);
  peerup_task_schedule (&items[0].task);
  peerup_task_schedule (&items[4].task);
  peerup_task_schedule (&items[2].task);
  peerup_task_schedule (&items[5].task);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "abcdef");
  items_clear (items, G_N_ELEMENTS (items));
}

static void
again_run (gpointer data)
{
  Item *item = data;

  item_run (data);
  if (item->log->len < 100)
    peerup_task_schedule (&item->task);
}

/* Who may come later comes when the others have done, or after some number of them. */
static void
test_later (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[3], endless;

  items_init (items, G_N_ELEMENTS (items), log, item_run);
  items_init (&endless, 1, log, again_run);
  peerup_task_schedule_later (&items[0].task);
  peerup_task_schedule_later (&items[1].task);
  peerup_task_schedule (&items[2].task);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "cab");

  endless.letter = '.';
  peerup_task_schedule_later (&items[0].task);
  peerup_task_schedule (&endless.task);
  test_spin ();
  g_assert_cmpint (strchr (log->str + 3, 'a') - (log->str + 3), ==, PEERUP_TASKS_BEFORE);
  items_clear (items, G_N_ELEMENTS (items));
  items_clear (&endless, 1);
}

static void
test_clear_from_task (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[3];

  items_init (items, 3, log, item_run);
  items[0].task.func = task_clears_other;
  items[0].other = &items[1].task;
  /* And itself, from inside. */
  items[2].task.func = task_clears_other;
  items[2].other = &items[2].task;
  for (guint i = 0; i < 3; i++)
    peerup_task_schedule (&items[i].task);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "ac");
  items_clear (items, 3);
}

static gboolean
set_flag (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
task_forever (gpointer data)
{
  Item *item = data;

  g_usleep (500);
  peerup_task_schedule (&item->task);
}

/* A task that is always due leaves turns for the rest of the program. */
static void
test_budget (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gboolean reached = FALSE;
  Item items[1];

  items_init (items, 1, log, task_forever);
  peerup_task_schedule (&items[0].task);
  g_idle_add_full (G_PRIORITY_DEFAULT, set_flag, &reached, NULL);
  for (guint i = 0; i < 5 && !reached; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (reached);
  items_clear (items, 1);
}

static void
timer_forever (gpointer data)
{
  Item *item = data;

  g_string_append_c (item->log, item->letter);
  peerup_timer_set (&item->timer, peerup_reactor_now (item->timer.reactor));
}

/* Nor does a timer that is set to a time gone by keep the dispatch for itself. */
static void
test_timer_budget (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gboolean reached = FALSE;
  Item items[2];

  items_init (items, 2, log, item_run);
  items[0].timer.func = timer_forever;
  peerup_timer_set (&items[0].timer, 1);
  peerup_task_schedule (&items[1].task);
  g_idle_add_full (G_PRIORITY_DEFAULT, set_flag, &reached, NULL);
  for (guint i = 0; i < 5 && !reached; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_true (reached);
  g_assert_nonnull (strchr (log->str, 'b'));
  items_clear (items, 2);
}

static void
test_timer_order (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gint64 now = g_get_monotonic_time ();
  Item items[26];

  items_init (items, 26, log, item_run);
  for (guint i = 0; i < 26; i++)
    peerup_timer_set (&items[i].timer, now - 1000 + (i * 7) % 26);
  /* Move two and stop one, which is not the first. */
  peerup_timer_set (&items[0].timer, now - 1);
  peerup_timer_set (&items[1].timer, now - 2000);
  peerup_timer_stop (&items[2].timer);
  peerup_timer_stop (&items[2].timer);
  test_spin ();
  g_assert_cmpuint (log->len, ==, 25);
  g_assert_cmpint (log->str[0], ==, 'b');
  g_assert_cmpint (log->str[24], ==, 'a');
  for (guint i = 1; i < 23; i++)
    g_assert_cmpint (((log->str[i] - 'a') * 7) % 26, <, ((log->str[i + 1] - 'a') * 7) % 26);
  items_clear (items, 26);
}

static void
timer_stops_other (gpointer data)
{
  Item *item = data;
  Item *other = item->other;

  item_run (item);
  peerup_timer_stop (&other->timer);
  /* Itself once more, behind the one that is due after it. */
  item->timer.func = item_run;
  peerup_timer_set (&item->timer, g_get_monotonic_time () - 1);
}

static void
test_timer_changes_inside (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gint64 now = g_get_monotonic_time ();
  Item items[3];

  items_init (items, 3, log, item_run);
  items[0].timer.func = timer_stops_other;
  items[0].other = &items[1];
  for (guint i = 0; i < 3; i++)
    peerup_timer_set (&items[i].timer, now - 10 + i);
  while (log->len < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (log->str, ==, "aca");
  items_clear (items, 3);
}

static void
timer_in_order (gpointer data)
{
  Item *item = data;
  gint64 *last = item->other;

  item_run (item);
  g_assert_cmpint (item->timer.deadline, >=, *last);
  *last = item->timer.deadline;
}

/* Thousands of changes later what is set runs, in order, and what is stopped does not. */
static void
test_timer_heap (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  gint64 deadlines[200] = { 0 };
  gint64 last = 0;
  guint expected = 0;
  Item *items = g_new (Item, 200);
  gint64 far = g_get_monotonic_time () + 3600 * (gint64) G_USEC_PER_SEC;

  items_init (items, 200, log, timer_in_order);
  for (guint step = 0; step < 5000; step++)
    {
      guint i = g_rand_int_range (rand, 0, 200);

      deadlines[i] = g_rand_int_range (rand, 0, 3) == 0 ? 0 : g_rand_int_range (rand, 1, 1000000);
      if (deadlines[i] == 0)
        peerup_timer_stop (&items[i].timer);
      else
        peerup_timer_set (&items[i].timer, far + deadlines[i]);
    }
  /* Bring them down to times gone by, in the same order. */
  for (guint i = 0; i < 200; i++)
    {
      items[i].other = &last;
      expected += deadlines[i] != 0;
      if (deadlines[i] != 0)
        peerup_timer_set (&items[i].timer, deadlines[i]);
    }
  test_spin ();
  g_assert_cmpuint (log->len, ==, expected);
  items_clear (items, 200);
  g_free (items);
}

static void
test_timer_waits (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gint64 start = g_get_monotonic_time ();
  Item items[2];

  items_init (items, 2, log, item_run);
  peerup_timer_set (&items[1].timer, start + 40000);
  peerup_timer_set (&items[0].timer, start + 20000);
  while (log->len < 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 20000);
  while (log->len < 2)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 40000);
  g_assert_cmpstr (log->str, ==, "ab");
  items_clear (items, 2);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  return *(const gint64 *) a < *(const gint64 *) b ? -1 : *(const gint64 *) a > *(const gint64 *) b;
}

static guint64
count_dispatches (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  guint64 buckets[PEERUP_REACTOR_BUCKETS];
  guint64 total = 0;

  peerup_reactor_get_histogram (reactor, PEERUP_REACTOR_ELAPSED, buckets);
  for (guint i = 0; i < G_N_ELEMENTS (buckets); i++)
    total += buckets[i];
  return total;
}

/* Near deadlines are met more closely than by whole milliseconds, and asleep until then. */
static void
test_timer_fine (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gint64 late[51];
  guint64 before;
  Item items[1];

  items_init (items, 1, log, item_run);
  before = count_dispatches ();
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    {
      gint64 deadline = g_get_monotonic_time () + 100 + 37 * i;

      peerup_timer_set (&items[0].timer, deadline);
      g_string_truncate (log, 0);
      while (log->len < 1)
        g_main_context_iteration (NULL, TRUE);
      late[i] = g_get_monotonic_time () - deadline;
      g_assert_cmpint (late[i], >=, 0);
    }
  g_assert_cmpuint (count_dispatches () - before, <=, 2 * G_N_ELEMENTS (late));
  qsort (late, G_N_ELEMENTS (late), sizeof late[0], compare_times);
  g_test_message ("late by %" G_GINT64_FORMAT " µs in the middle, %" G_GINT64_FORMAT " at worst",
                  late[G_N_ELEMENTS (late) / 2], late[G_N_ELEMENTS (late) - 1]);
  /* Whole milliseconds would be late by about 500 in the middle. */
  g_assert_cmpint (late[G_N_ELEMENTS (late) / 2], <, 300);
  items_clear (items, 1);
}

/* Of two near timers the one that stays is met, whether the other was before it or after. */
static void
test_timer_fine_changes (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  gint64 now = g_get_monotonic_time ();
  Item items[3];

  items_init (items, 3, log, item_run);
  peerup_timer_set (&items[0].timer, now + 1500);
  peerup_timer_set (&items[1].timer, now + 1000);
  g_main_context_iteration (NULL, FALSE);
  peerup_timer_stop (&items[1].timer);
  g_main_context_iteration (NULL, FALSE);
  peerup_timer_set (&items[2].timer, now + 1200);
  peerup_timer_set (&items[1].timer, now + 5000);
  while (log->len < 3)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (log->str, ==, "cab");
  g_assert_cmpint (g_get_monotonic_time (), >=, now + 5000);
  items_clear (items, 3);
}

static void
task_sleeps (gpointer data)
{
  g_usleep (1100);
}

/* From 1024 microseconds on. */
static guint64
count_long_dispatches (PeerupReactorClock clock)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  guint64 buckets[PEERUP_REACTOR_BUCKETS];
  guint64 total = 0;

  peerup_reactor_get_histogram (reactor, clock, buckets);
  for (guint i = 5; i < PEERUP_REACTOR_BUCKETS; i++)
    total += buckets[i];
  return total;
}

static void
test_histogram (void)
{
  g_autoptr (GString) log = g_string_new (NULL);
  Item items[1];

  items_init (items, 1, log, item_run);
  peerup_task_schedule (&items[0].task);
  test_spin ();
  g_assert_cmpuint (count_dispatches (), ==, 1);
  items[0].task.func = task_sleeps;
  peerup_task_schedule (&items[0].task);
  test_spin ();
  g_assert_cmpuint (count_dispatches (), ==, 2);
  g_assert_cmpuint (count_long_dispatches (PEERUP_REACTOR_ELAPSED), >=, 1);
  /* Asleep it takes nobody's processor. */
  g_assert_cmpuint (count_long_dispatches (PEERUP_REACTOR_PROCESSOR), ==, 0);
  items_clear (items, 1);
}

static void
count_ready (gpointer data)
{
  ++*(guint *) data;
}

static void
test_watch (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  g_autoptr (GError) error = NULL;
  PeerupWatch watch;
  guint n = 0;
  int fds[2];
  char bytes[8];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
  g_assert_true (peerup_watch_init (&watch, reactor, fds[0], count_ready, &n, &error));
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (watch.ready, ==, EPOLLOUT);
  /* It tells once, however long the bytes stay. */
  g_assert_cmpint (write (fds[1], "ab", 2), ==, 2);
  test_spin ();
  test_spin ();
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (watch.ready, ==, EPOLLIN | EPOLLOUT);
  peerup_watch_exhausted (&watch, EPOLLIN);
  g_assert_cmpuint (watch.ready, ==, EPOLLOUT);
  g_assert_cmpint (read (fds[0], bytes, sizeof bytes), ==, 2);
  g_assert_cmpint (write (fds[1], "c", 1), ==, 1);
  test_spin ();
  g_assert_cmpuint (watch.ready, ==, EPOLLIN | EPOLLOUT);
  /* The end shows as something to read. */
  g_assert_cmpint (read (fds[0], bytes, sizeof bytes), ==, 1);
  peerup_watch_exhausted (&watch, EPOLLIN | EPOLLOUT);
  close (fds[1]);
  test_spin ();
  g_assert_cmpuint (watch.ready, ==, EPOLLIN | EPOLLOUT);
  peerup_watch_clear (&watch);
  peerup_watch_clear (&watch);
  close (fds[0]);
}

/* What it watches for can change; what is true by then is told. */
static void
test_watch_events (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  g_autoptr (GError) error = NULL;
  PeerupWatch watch;
  guint n = 0;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), ==, 0);
  g_assert_true (peerup_watch_init (&watch, reactor, fds[0], count_ready, &n, &error));
  peerup_watch_set_events (&watch, EPOLLIN);
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (write (fds[0], "a", 1), ==, 1);
  g_assert_cmpint (write (fds[1], "b", 1), ==, 1);
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (watch.ready, ==, EPOLLIN);
  peerup_watch_set_events (&watch, EPOLLIN | EPOLLOUT);
  test_spin ();
  g_assert_cmpuint (watch.ready, ==, EPOLLIN | EPOLLOUT);
  peerup_watch_clear (&watch);
  close (fds[0]);
  close (fds[1]);
}

static void
test_watch_failure (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  g_autoptr (GError) error = NULL;
  PeerupWatch watch;
  guint n = 0;

  g_assert_false (peerup_watch_init (&watch, reactor, -1, count_ready, &n, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  peerup_watch_clear (&watch);
}

static void
task_drops_reactor (gpointer data)
{
  Item *item = data;

  item_run (item);
  peerup_task_clear (&item->task);
  peerup_timer_clear (&item->timer);
}

/* The last user may go inside its own callback; the next one gets a fresh reactor. */
static void
test_last_user (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GString) log = g_string_new (NULL);
      Item items[1];

      items_init (items, 1, log, task_drops_reactor);
      if (i == 2)
        peerup_timer_set (&items[0].timer, 1);
      else
        peerup_task_schedule (&items[0].task);
      test_spin ();
      g_assert_cmpstr (log->str, ==, "a");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reactor/order", test_order);
  g_test_add_func ("/reactor/reschedule", test_reschedule);
  g_test_add_func ("/reactor/chain", test_chain);
  g_test_add_func ("/reactor/later", test_later);
  g_test_add_func ("/reactor/clear-from-task", test_clear_from_task);
  g_test_add_func ("/reactor/budget", test_budget);
  g_test_add_func ("/reactor/timer-budget", test_timer_budget);
  g_test_add_func ("/reactor/timer-order", test_timer_order);
  g_test_add_func ("/reactor/timer-changes-inside", test_timer_changes_inside);
  g_test_add_func ("/reactor/timer-heap", test_timer_heap);
  g_test_add_func ("/reactor/timer-waits", test_timer_waits);
  g_test_add_func ("/reactor/timer-fine", test_timer_fine);
  g_test_add_func ("/reactor/timer-fine-changes", test_timer_fine_changes);
  g_test_add_func ("/reactor/histogram", test_histogram);
  g_test_add_func ("/reactor/watch-events", test_watch_events);
  g_test_add_func ("/reactor/watch", test_watch);
  g_test_add_func ("/reactor/watch-failure", test_watch_failure);
  g_test_add_func ("/reactor/last-user", test_last_user);
  return g_test_run ();
}
