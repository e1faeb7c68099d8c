/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "service/peerup-watchdog.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND ((gint64) G_USEC_PER_SEC)

static void
test_interval (void)
{
  g_autofree char *own = g_strdup_printf ("%d", getpid ());
  g_autofree char *other = g_strdup_printf ("%d", getppid ());
  const struct
  {
    const char *interval, *process;
    gint64 expected;
  } cases[] = {
    { NULL, NULL, 0 },
    { "30000000", NULL, 30 * SECOND },
    { "30000000", own, 30 * SECOND },
    { "30000000", other, 0 },
    { "0", NULL, 0 },
    { "", NULL, 0 },
    { "-1", NULL, 0 },
    { "30s", NULL, 0 },
    { "1", "", 0 },
    { "1", "1x", 0 },
    { "99999999999999999999", own, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_unsetenv ("WATCHDOG_USEC");
      g_unsetenv ("WATCHDOG_PID");
      if (cases[i].interval != NULL)
        g_setenv ("WATCHDOG_USEC", cases[i].interval, TRUE);
      if (cases[i].process != NULL)
        g_setenv ("WATCHDOG_PID", cases[i].process, TRUE);
      g_assert_cmpint (peerup_watchdog_get_interval (), ==, cases[i].expected);
    }
}

static void
test_late_turns (void)
{
  g_autofree char *late = NULL;

  g_assert_null (peerup_watchdog_judge_turn (100, 100, 30 * SECOND));
  /* Before its time, too: the clock is that of the loop. */
  g_assert_null (peerup_watchdog_judge_turn (100, 50, 30 * SECOND));
  g_assert_null (peerup_watchdog_judge_turn (100, 100 + 15 * SECOND, 30 * SECOND));
  late = peerup_watchdog_judge_turn (100, 101 + 15 * SECOND, 30 * SECOND);
  g_assert_cmpstr (late, ==, "a turn of the main loop came 15.0 s late");
}

typedef struct
{
  int fd;
  const char *trouble;
  guint n_checks;
} Fixture;

static char *
check (gpointer data)
{
  Fixture *self = data;

  self->n_checks++;
  return g_strdup (self->trouble);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *name = g_strdup_printf ("@peerup-test-watchdog-%d", getpid ());

  memcpy (address.sun_path + 1, name + 1, strlen (name) - 1);
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_cmpint (bind (self->fd, (const struct sockaddr *) &address,
                         offsetof (struct sockaddr_un, sun_path) + strlen (name)),
                   ==, 0);
  g_setenv ("NOTIFY_SOCKET", name, TRUE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unsetenv ("NOTIFY_SOCKET");
  close (self->fd);
}

/* The next datagram, after as many turns of the loop as it takes. */
static char *
next (Fixture *self)
{
  char buffer[512];
  gssize n;

  while ((n = recv (self->fd, buffer, sizeof buffer, 0)) < 0)
    g_main_context_iteration (NULL, TRUE);
  return g_strndup (buffer, n);
}

static void
assert_next (Fixture *self, const char *expected)
{
  g_autofree char *state = next (self);

  g_assert_cmpstr (state, ==, expected);
}

/* Turns the loop until @n more checks were made. */
static void
turn (Fixture *self, guint n)
{
  guint end = self->n_checks + n;

  while (self->n_checks < end)
    g_main_context_iteration (NULL, TRUE);
}

/* The interval is so long that no turn of a busy machine is late, and so short that the test is not. */
#define INTERVAL (4 * SECOND)

static void
test_feeds_while_well (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupWatchdog) watchdog = peerup_watchdog_new (INTERVAL, check, self);

  assert_next (self, "WATCHDOG=1");
  assert_next (self, "WATCHDOG=1");
  g_assert_null (peerup_watchdog_get_trouble (watchdog));
}

static void
test_stops_in_trouble (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupWatchdog) watchdog = peerup_watchdog_new (INTERVAL, check, self);
  char buffer[16];

  assert_next (self, "WATCHDOG=1");
  self->trouble = "the engine is gone";
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_WARNING, "*is not fed: the engine is gone");
  assert_next (self, "STATUS=Not well, so the watchdog is not fed: the engine is gone");
  g_test_assert_expected_messages ();
  g_assert_cmpstr (peerup_watchdog_get_trouble (watchdog), ==, "the engine is gone");
  /* Said once, and nothing is fed. */
  turn (self, 2);
  g_assert_cmpint (recv (self->fd, buffer, sizeof buffer, 0), ==, -1);
  self->trouble = NULL;
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_MESSAGE, "Well again*");
  assert_next (self, "STATUS=Well again");
  assert_next (self, "WATCHDOG=1");
  g_test_assert_expected_messages ();
}

/* A loop that stood still is looked at once more before anything is said to be well. */
static void
test_does_not_feed_late (Fixture *self, gconstpointer data)
{
  const gint64 interval = 2 * SECOND;
  g_autoptr (PeerupWatchdog) watchdog = peerup_watchdog_new (interval, check, self);
  g_autofree char *state = NULL;
  char buffer[16];

  g_main_context_iteration (NULL, TRUE);
  while (recv (self->fd, buffer, sizeof buffer, 0) > 0)
    ;
  g_test_expect_message ("peerup-service", G_LOG_LEVEL_WARNING, "*a turn of the main loop came * late");
  g_usleep (interval);
  state = next (self);
  g_assert_true (
    g_str_has_prefix (state, "STATUS=Not well, so the watchdog is not fed: a turn of the main loop came "));
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/watchdog/interval", test_interval);
  g_test_add_func ("/service/watchdog/late-turns", test_late_turns);
  g_test_add ("/service/watchdog/feeds-while-well", Fixture, NULL, set_up, test_feeds_while_well, tear_down);
  g_test_add ("/service/watchdog/stops-in-trouble", Fixture, NULL, set_up, test_stops_in_trouble, tear_down);
  g_test_add ("/service/watchdog/does-not-feed-late", Fixture, NULL, set_up, test_does_not_feed_late, tear_down);
  return g_test_run ();
}
