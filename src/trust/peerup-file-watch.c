/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Follows one file by GIO's monitors, which are made anew after each change because a link may lead elsewhere by
 * then. Lives as long as whoever reads the file. It reads nothing itself.
 */
#include "trust/peerup-file-watch.h"

#include "trust/peerup-authorized-keys-file.h"

/* An editor writes, renames and sets modes in a burst; one reading is enough. */
#define SETTLE_MS 100

struct _PeerupFileWatch
{
  char *path;
  PeerupFileWatchFunc changed;
  gpointer data;
  GMainContext *context;
  GFileMonitor *monitors[2]; /* of the path, and of the file it links to */
  GSource *settling;
};

static gboolean on_settled (gpointer data);

static void
on_file_event (PeerupFileWatch *self, GFile *file, GFile *other, GFileMonitorEvent event)
{
  /* The end of the writing is announced too. The first event starts the delay and later ones do not prolong it: a
   * file that is written without pause is still read. */
  if (event == G_FILE_MONITOR_EVENT_CHANGED || event == G_FILE_MONITOR_EVENT_CREATED || self->settling != NULL)
    return;
  self->settling = g_timeout_source_new (SETTLE_MS);
  g_source_set_static_name (self->settling, "peerup-file-watch");
  g_source_set_callback (self->settling, on_settled, self, NULL);
  g_source_attach (self->settling, self->context);
}

static GFileMonitor *
monitor (PeerupFileWatch *self, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);

  if (monitor == NULL)
    g_message ("changes of %s will only be seen after a restart: %s", path, error->message);
  else
    g_signal_connect_swapped (monitor, "changed", G_CALLBACK (on_file_event), self);
  return monitor;
}

static void
clear_monitors (PeerupFileWatch *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->monitors); i++)
    {
      if (self->monitors[i] == NULL)
        continue;
      g_signal_handlers_disconnect_by_data (self->monitors[i], self);
      g_file_monitor_cancel (self->monitors[i]);
      g_clear_object (&self->monitors[i]);
    }
}

static void
follow (PeerupFileWatch *self)
{
  g_autofree char *target = peerup_authorized_keys_file_resolve (self->path);

  clear_monitors (self);
  /* A monitor speaks in the context that is the thread's default when it is made. */
  g_main_context_push_thread_default (self->context);
  self->monitors[0] = monitor (self, self->path);
  if (!g_str_equal (target, self->path))
    self->monitors[1] = monitor (self, target);
  g_main_context_pop_thread_default (self->context);
}

static void
clear_settling (PeerupFileWatch *self)
{
  if (self->settling != NULL)
    g_source_destroy (self->settling);
  g_clear_pointer (&self->settling, g_source_unref);
}

static gboolean
on_settled (gpointer data)
{
  PeerupFileWatch *self = data;

  clear_settling (self);
  /* Watched first, read then: no change falls between. Whoever is told may free this. */
  follow (self);
  self->changed (self->data);
  return G_SOURCE_REMOVE;
}

PeerupFileWatch *
peerup_file_watch_new (const char *path, PeerupFileWatchFunc changed, gpointer data)
{
  PeerupFileWatch *self;

  g_return_val_if_fail (path != NULL && changed != NULL, NULL);

  self = g_new0 (PeerupFileWatch, 1);
  self->path = g_strdup (path);
  self->changed = changed;
  self->data = data;
  self->context = g_main_context_ref_thread_default ();
  follow (self);
  return self;
}

void
peerup_file_watch_free (PeerupFileWatch *self)
{
  g_return_if_fail (self != NULL);

  clear_settling (self);
  clear_monitors (self);
  g_main_context_unref (self->context);
  g_free (self->path);
  g_free (self);
}
