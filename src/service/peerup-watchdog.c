/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The watchdog's food. Lives as long as the program is at work; it ends nothing itself: who is not fed is ended by the
 * service manager.
 */
#include "service/peerup-watchdog.h"

#include <unistd.h>

#include "service/peerup-notify.h"

/* Turns in an interval: one that is missed is no harm. */
#define TURNS 4

struct _PeerupWatchdog
{
  gint64 interval;
  PeerupWatchdogCheck check;
  gpointer data;
  GSource *source;
  gint64 due;
  char *trouble;
};

gint64
peerup_watchdog_get_interval (void)
{
  const char *interval = g_getenv ("WATCHDOG_USEC");
  const char *process = g_getenv ("WATCHDOG_PID");
  guint64 pid, microseconds;

  if (interval == NULL || !g_ascii_string_to_unsigned (interval, 10, 1, G_MAXINT64, &microseconds, NULL))
    return 0;
  if (process != NULL &&
      (!g_ascii_string_to_unsigned (process, 10, 1, G_MAXINT, &pid, NULL) || pid != (guint64) getpid ()))
    return 0;
  return (gint64) microseconds;
}

char *
peerup_watchdog_judge_turn (gint64 due, gint64 now, gint64 interval)
{
  if (now - due <= interval / 2)
    return NULL;
  return g_strdup_printf ("a turn of the main loop came %.1f s late", (double) (now - due) / (double) G_USEC_PER_SEC);
}

static void
report (PeerupWatchdog *self, char *trouble)
{
  g_autofree char *old = g_steal_pointer (&self->trouble);

  self->trouble = trouble;
  if (g_strcmp0 (old, trouble) == 0)
    return;
  if (trouble != NULL)
    {
      peerup_notify_status ("Not well, so the watchdog is not fed: %s", trouble);
      g_warning ("Not well, so the service manager's watchdog is not fed: %s", trouble);
    }
  else
    {
      peerup_notify_status ("Well again");
      g_message ("Well again: the service manager's watchdog is fed");
    }
}

static gboolean
on_turn (gpointer data)
{
  PeerupWatchdog *self = data;
  gint64 now = g_get_monotonic_time ();
  char *trouble = peerup_watchdog_judge_turn (self->due, now, self->interval);

  if (trouble == NULL)
    trouble = self->check (self->data);
  report (self, trouble);
  if (trouble == NULL)
    peerup_notify ("WATCHDOG=1");
  /* After trouble the next look comes sooner: what has passed should not cost the program its life. */
  self->due = now + self->interval / (trouble == NULL ? TURNS : 2 * TURNS);
  g_source_set_ready_time (self->source, self->due);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs functions = { .dispatch = dispatch };

PeerupWatchdog *
peerup_watchdog_new (gint64 interval, PeerupWatchdogCheck check, gpointer data)
{
  PeerupWatchdog *self;

  g_return_val_if_fail (interval > 0 && check != NULL, NULL);

  self = g_new0 (PeerupWatchdog, 1);
  self->interval = interval;
  self->check = check;
  self->data = data;
  self->due = g_get_monotonic_time ();
  self->source = g_source_new (&functions, sizeof (GSource));
  g_source_set_static_name (self->source, "watchdog");
  g_source_set_callback (self->source, on_turn, self, NULL);
  g_source_set_ready_time (self->source, self->due);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

const char *
peerup_watchdog_get_trouble (PeerupWatchdog *self)
{
  return self->trouble;
}

void
peerup_watchdog_free (PeerupWatchdog *self)
{
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_free (self->trouble);
  g_free (self);
}
