/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Sleep and jumps of the clock: the clocks with literal times, and logind as a service of the test's own on a bus of
 * the test's own. */

#include "engine/peerup-sleep-monitor.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define EPOCH  (1700000000 * SECOND)

/* The clocks */

static void
assert_look (PeerupSleepClock *clock, gint64 monotonic, gint64 boot, gint64 real, gint64 slept, gint64 jumped)
{
  gint64 found_slept, found_jumped;

  peerup_sleep_clock_look (clock, monotonic, boot, real, &found_slept, &found_jumped);
  g_assert_cmpint (found_slept, ==, slept);
  g_assert_cmpint (found_jumped, ==, jumped);
}

static void
test_clocks (void)
{
  PeerupSleepClock clock;

  peerup_sleep_clock_init (&clock, 10 * SECOND, 12 * SECOND, EPOCH);
  /* Time passes, and is kept by somebody. */
  assert_look (&clock, 70 * SECOND, 72 * SECOND, EPOCH + 60 * SECOND + 1000, 0, 0);
  /* Ten minutes asleep, which the monotonic clock does not count. */
  assert_look (&clock, 71 * SECOND, 673 * SECOND, EPOCH + 661 * SECOND, 600 * SECOND, 0);
  assert_look (&clock, 72 * SECOND, 674 * SECOND, EPOCH + 662 * SECOND, 0, 0);
  /* Set forward, and back. */
  assert_look (&clock, 73 * SECOND, 675 * SECOND, EPOCH + 763 * SECOND, 0, 100 * SECOND);
  assert_look (&clock, 74 * SECOND, 676 * SECOND, EPOCH + 664 * SECOND, 0, -100 * SECOND);
  /* Both at once. */
  assert_look (&clock, 75 * SECOND, 697 * SECOND, EPOCH, 20 * SECOND, -685 * SECOND);
}

/* What is too little for a sleep is not forgotten. */
static void
test_many_short_sleeps (void)
{
  PeerupSleepClock clock;

  peerup_sleep_clock_init (&clock, 0, 0, EPOCH);
  assert_look (&clock, SECOND, SECOND + 600000, EPOCH + SECOND + 600000, 0, 0);
  assert_look (&clock, 2 * SECOND, 2 * SECOND + 1200000, EPOCH + 2 * SECOND + 1200000, 1200000, 0);
}

/* Logind */

typedef struct
{
  GTestDBus *daemon;
  GDBusConnection *logind;
  GDBusConnection *stranger;
  PeerupSleepMonitor *monitor;
  guint n_begins, n_ended, n_set;
} Fixture;

static void
on_event (PeerupSleepEvent event, gint64 time, gpointer data)
{
  Fixture *self = data;

  switch (event)
    {
    case PEERUP_SLEEP_BEGINS:
      self->n_begins++;
      break;
    case PEERUP_SLEEP_ENDED:
      self->n_ended++;
      break;
    case PEERUP_CLOCK_SET:
    default:
      self->n_set++;
    }
}

static gboolean
on_out_of_time (gpointer data)
{
  g_error ("The test waited for a minute");
  return G_SOURCE_REMOVE;
}

/* Until *@count is @n. */
static void
wait_for (const guint *count, guint n)
{
  guint guard = g_timeout_add_seconds (60, on_out_of_time, NULL);

  while (*count != n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static GDBusConnection *
connect_to_bus (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
    g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (self->daemon),
                                            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                            NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
call_bus (GDBusConnection *connection, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
    g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", method, parameters,
                                 NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  g_assert_no_error (error);
}

static void
own_name (GDBusConnection *connection)
{
  call_bus (connection, "RequestName", g_variant_new ("(su)", "org.freedesktop.login1", 4));
}

static void
emit_sleep (GDBusConnection *connection, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;

  g_dbus_connection_emit_signal (connection, NULL, "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                                 "PrepareForSleep", parameters, &error);
  g_assert_no_error (error);
}

/* Signals that come before the subscription has reached the bus are nobody's: it is repeated until one is heard. */
static void
emit_until_heard (Fixture *self, GDBusConnection *connection)
{
  gint64 end = g_get_monotonic_time () + 60 * SECOND;

  while (self->n_begins == 0)
    {
      emit_sleep (connection, g_variant_new ("(b)", TRUE));
      call_bus (connection, "GetId", NULL);
      g_main_context_iteration (NULL, FALSE);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  /* Those that are still on their way. */
  emit_sleep (connection, g_variant_new ("(b)", FALSE));
  wait_for (&self->n_ended, 1);
  self->n_begins = self->n_ended = 0;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->daemon);
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (self->daemon), TRUE);
  self->logind = connect_to_bus (self);
  self->stranger = connect_to_bus (self);
  self->monitor = peerup_sleep_monitor_new (on_event, self);
}

static void
close_bus (GDBusConnection **connection)
{
  if (*connection != NULL)
    g_dbus_connection_close_sync (*connection, NULL, NULL);
  g_clear_object (connection);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->monitor, peerup_sleep_monitor_free);
  close_bus (&self->logind);
  close_bus (&self->stranger);
  if (g_test_dbus_get_bus_address (self->daemon) != NULL)
    g_test_dbus_stop (self->daemon);
  g_clear_object (&self->daemon);
  g_assert_cmpuint (self->n_set, ==, 0);
}

static void
test_logind (Fixture *self, gconstpointer data)
{
  own_name (self->logind);
  emit_until_heard (self, self->logind);
  emit_sleep (self->logind, g_variant_new ("(b)", TRUE));
  wait_for (&self->n_begins, 1);
  g_assert_cmpuint (self->n_ended, ==, 0);
  emit_sleep (self->logind, g_variant_new ("(b)", FALSE));
  wait_for (&self->n_ended, 1);
  g_assert_cmpuint (self->n_begins, ==, 1);
}

/* It is restarted, as at an upgrade: whoever has the name is heard, and nobody else. */
static void
test_logind_comes_and_goes (Fixture *self, gconstpointer data)
{
  own_name (self->logind);
  emit_until_heard (self, self->logind);
  close_bus (&self->logind);
  self->logind = connect_to_bus (self);
  own_name (self->logind);
  emit_sleep (self->stranger, g_variant_new ("(b)", TRUE));
  call_bus (self->stranger, "GetId", NULL);
  emit_sleep (self->logind, g_variant_new ("(b)", FALSE));
  wait_for (&self->n_ended, 1);
  g_assert_cmpuint (self->n_begins, ==, 0);
}

static void
test_bad_signals (Fixture *self, gconstpointer data)
{
  own_name (self->logind);
  emit_until_heard (self, self->logind);
  emit_sleep (self->logind, NULL);
  emit_sleep (self->logind, g_variant_new ("(s)", "yes"));
  emit_sleep (self->logind, g_variant_new ("(bb)", TRUE, TRUE));
  emit_sleep (self->logind, g_variant_new ("(b)", FALSE));
  wait_for (&self->n_ended, 1);
  g_assert_cmpuint (self->n_begins, ==, 0);
}

/* The bus goes, and takes nobody with it; the monitor goes while it is still being connected. */
static void
test_bus_ends (Fixture *self, gconstpointer data)
{
  PeerupSleepMonitor *other = peerup_sleep_monitor_new (on_event, self);

  peerup_sleep_monitor_free (other);
  own_name (self->logind);
  emit_until_heard (self, self->logind);
  close_bus (&self->logind);
  close_bus (&self->stranger);
  g_test_dbus_down (self->daemon);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  g_clear_pointer (&self->monitor, peerup_sleep_monitor_free);
}

static void
test_no_bus (void)
{
  Fixture fixture = { 0 };
  PeerupSleepMonitor *monitor;

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  monitor = peerup_sleep_monitor_new (on_event, &fixture);
  for (guint i = 0; i < 100; i++)
    g_main_context_iteration (NULL, FALSE);
  peerup_sleep_monitor_free (monitor);
  g_assert_cmpuint (fixture.n_begins + fixture.n_ended + fixture.n_set, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sleep-monitor/clocks", test_clocks);
  g_test_add_func ("/sleep-monitor/many-short-sleeps", test_many_short_sleeps);
  g_test_add ("/sleep-monitor/logind", Fixture, NULL, set_up, test_logind, tear_down);
  g_test_add ("/sleep-monitor/logind-comes-and-goes", Fixture, NULL, set_up, test_logind_comes_and_goes, tear_down);
  g_test_add ("/sleep-monitor/bad-signals", Fixture, NULL, set_up, test_bad_signals, tear_down);
  g_test_add ("/sleep-monitor/bus-ends", Fixture, NULL, set_up, test_bus_ends, tear_down);
  g_test_add_func ("/sleep-monitor/no-bus", test_no_bus);
  return g_test_run ();
}
