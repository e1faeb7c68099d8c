/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Sleep and jumps of the clock, from three sides that know different parts of it; what two of them tell is told twice,
 * which does no harm. It holds no inhibitor: there is nothing that peers would have to be told before a sleep, and one
 * that is short loses no connection. */

#include "engine/peerup-sleep-monitor.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "transport/peerup-reactor.h"

#define LOGIND_NAME      "org.freedesktop.login1"
#define LOGIND_PATH      "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"
/* Seconds since 1970 that no clock here will show. */
#define NEVER (G_MAXINT64 / 2 / G_USEC_PER_SEC)

struct _PeerupSleepMonitor
{
  PeerupSleepFunc func;
  gpointer data;
  PeerupSleepClock clock;
  PeerupLateness lateness;
  int timer_fd;    /* -1: there is none */
  GSource *source; /* of that */
  GCancellable *cancellable;
  GDBusConnection *bus; /* nullable, as yet */
  guint subscription;
};

/* The clocks */

static gint64
read_clock (clockid_t clock)
{
  struct timespec t = { 0 };

  clock_gettime (clock, &t);
  return (gint64) t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

void
peerup_sleep_clock_init (PeerupSleepClock *self, gint64 monotonic, gint64 boot, gint64 real)
{
  *self = (PeerupSleepClock) { boot - monotonic, real - boot };
}

void
peerup_sleep_clock_look (PeerupSleepClock *self, gint64 monotonic, gint64 boot, gint64 real, gint64 *slept,
                         gint64 *jumped)
{
  PeerupSleepClock before = *self;

  peerup_sleep_clock_init (self, monotonic, boot, real);
  *slept = self->asleep - before.asleep;
  *jumped = self->wall - before.wall;
  if (*slept < PEERUP_SLEEP_MIN)
    {
      *slept = 0;
      self->asleep = before.asleep;
    }
  if (ABS (*jumped) < PEERUP_CLOCK_STEP)
    *jumped = 0;
}

/* Microseconds slept since the last look; tells of a jump. */
static gint64
monitor_look (PeerupSleepMonitor *self)
{
  gint64 slept, jumped;

  peerup_sleep_clock_look (&self->clock, read_clock (CLOCK_MONOTONIC), read_clock (CLOCK_BOOTTIME),
                           read_clock (CLOCK_REALTIME), &slept, &jumped);
  if (jumped != 0)
    self->func (PEERUP_CLOCK_SET, jumped, self->data);
  return slept;
}

/* The kernel */

static void
arm_timer (int fd)
{
  const struct itimerspec spec = { .it_value.tv_sec = NEVER };

  (void) timerfd_settime (fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
}

static gboolean
on_clock_changed (int fd, GIOCondition condition, gpointer data)
{
  PeerupSleepMonitor *self = data;
  guint64 count;
  gint64 slept;

  /* ECANCELED: what it is for. */
  if (read (fd, &count, sizeof count) < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  arm_timer (fd);
  slept = monitor_look (self);
  if (slept > 0)
    self->func (PEERUP_SLEEP_ENDED, slept, self->data);
  return G_SOURCE_CONTINUE;
}

static void
monitor_watch_clock (PeerupSleepMonitor *self)
{
  self->timer_fd = timerfd_create (CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->timer_fd < 0)
    {
      g_message ("Jumps of the clock are not noticed: %s", g_strerror (errno));
      return;
    }
  arm_timer (self->timer_fd);
  self->source = g_unix_fd_source_new (self->timer_fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_clock_changed), self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

/* The main loop: the monotonic clock has gone on, so it was stopped, or the machine within which this one runs was. */
static void
on_late (gint64 late, gpointer data)
{
  PeerupSleepMonitor *self = data;
  gint64 slept = monitor_look (self);

  self->func (PEERUP_SLEEP_ENDED, slept + late, self->data);
}

/* Logind */

static void
on_prepare_for_sleep (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                      const char *signal_name, GVariant *parameters, gpointer data)
{
  PeerupSleepMonitor *self = data;
  gboolean begins;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &begins);
  if (begins)
    self->func (PEERUP_SLEEP_BEGINS, 0, self->data);
  else
    self->func (PEERUP_SLEEP_ENDED, monitor_look (self), self->data);
}

static void
on_bus (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_dbus_connection_new_for_address_finish (result, &error);
  PeerupSleepMonitor *self = data;

  /* Cancelled: the monitor has gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (bus == NULL)
    {
      g_debug ("Nobody tells of sleep here: %s", error->message);
      return;
    }
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  self->subscription =
    g_dbus_connection_signal_subscribe (bus, LOGIND_NAME, LOGIND_INTERFACE, "PrepareForSleep", LOGIND_PATH, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self, NULL);
  self->bus = g_steal_pointer (&bus);
}

/* A connection of our own: what others do with the shared one is none of ours. */
static void
monitor_watch_logind (PeerupSleepMonitor *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, &error);

  self->cancellable = g_cancellable_new ();
  if (address == NULL)
    {
      g_debug ("Nobody tells of sleep here: %s", error->message);
      return;
    }
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->cancellable, on_bus, self);
}

/* Life */

PeerupSleepMonitor *
peerup_sleep_monitor_new (PeerupSleepFunc func, gpointer data)
{
  PeerupSleepMonitor *self = g_new0 (PeerupSleepMonitor, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->func = func;
  self->data = data;
  peerup_sleep_clock_init (&self->clock, read_clock (CLOCK_MONOTONIC), read_clock (CLOCK_BOOTTIME),
                           read_clock (CLOCK_REALTIME));
  peerup_lateness_init (&self->lateness, reactor, on_late, self);
  monitor_watch_clock (self);
  monitor_watch_logind (self);
  return self;
}

void
peerup_sleep_monitor_free (PeerupSleepMonitor *self)
{
  g_return_if_fail (self != NULL);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  peerup_lateness_clear (&self->lateness);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  if (self->timer_fd >= 0)
    close (self->timer_fd);
  if (self->bus != NULL)
    {
      g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
      g_dbus_connection_close (self->bus, NULL, NULL, NULL);
    }
  g_clear_object (&self->bus);
  g_free (self);
}
