/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Follows one configuration file and hands out each new configuration that holds. Watches
 * the file's directory, because a file that is replaced by rename would take a watch with
 * it, and behind a symbolic link the target's directory too. The file is read in a worker
 * thread; the signals come in the context it was made in, and none after the last
 * reference is gone. Never writes, and never puts an invalid configuration in force. */

#include "config/peerup-config-monitor.h"

#include <stdlib.h>
#include <string.h>

/* Editors write a file in several steps; this much quiet ends them. */
#define QUIET_MS 100

enum
{
  CHANGED,
  PROBLEM,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

struct _PeerupConfigMonitor
{
  GObject parent_instance;

  PeerupConfig *config;
  char *real_path; /* what the path leads to, where that is another file */
  GFileMonitor *directory;
  GFileMonitor *target;
  GMainContext *context;
  GSource *quiet;
  gboolean loading;
  gboolean again; /* something happened while it was being read */
  gboolean stale; /* what is being read is older than what is in force */
  gboolean held;  /* the file is not believed */
  char *problem;  /* the one last reported, NULL while all is well */
};

/* What the worker thread found. */
typedef struct
{
  PeerupConfig *config;
  GPtrArray *warnings;
  char *real_path;
  GError *error;
} Reading;

G_DEFINE_FINAL_TYPE (PeerupConfigMonitor, peerup_config_monitor, G_TYPE_OBJECT)

static void start_reading (PeerupConfigMonitor *self);

static void
reading_free (Reading *self)
{
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_free (self->real_path);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
weak_ref_free (GWeakRef *weak)
{
  g_weak_ref_clear (weak);
  g_free (weak);
}

static Reading *
reading_new (const char *path)
{
  Reading *self = g_new0 (Reading, 1);

  self->real_path = realpath (path, NULL);
  self->config = peerup_config_load (path, &self->warnings, &self->error);
  return self;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer path, GCancellable *cancellable)
{
  g_task_return_pointer (task, reading_new (path), (GDestroyNotify) reading_free);
}

static gboolean
on_quiet (gpointer data)
{
  PeerupConfigMonitor *self = data;

  g_clear_pointer (&self->quiet, g_source_unref);
  if (self->loading)
    self->again = TRUE;
  else
    start_reading (self);
  return G_SOURCE_REMOVE;
}

static void
stop_waiting (PeerupConfigMonitor *self)
{
  if (self->quiet != NULL)
    g_source_destroy (self->quiet);
  g_clear_pointer (&self->quiet, g_source_unref);
}

static gboolean
is_about (GFile *file, const char *path)
{
  g_autofree char *name = file == NULL ? NULL : g_file_get_basename (file);
  g_autofree char *wanted = path == NULL ? NULL : g_path_get_basename (path);

  return name != NULL && wanted != NULL && strcmp (name, wanted) == 0;
}

static void
on_event (PeerupConfigMonitor *self, GFile *file, GFile *other, GFileMonitorEvent event, GFileMonitor *monitor)
{
  const char *path = monitor == self->target ? self->real_path : peerup_config_get_path (self->config);

  if (!is_about (file, path) && !is_about (other, path))
    return;
  stop_waiting (self);
  self->quiet = g_timeout_source_new (QUIET_MS);
  g_source_set_static_name (self->quiet, "peerup-config-monitor");
  g_source_set_callback (self->quiet, on_quiet, self, NULL);
  g_source_attach (self->quiet, self->context);
}

static GFileMonitor *
watch (PeerupConfigMonitor *self, const char *path, GError **error)
{
  g_autofree char *name = g_path_get_dirname (path);
  g_autoptr (GFile) directory = g_file_new_for_path (name);
  GFileMonitor *monitor = g_file_monitor_directory (directory, G_FILE_MONITOR_WATCH_MOVES, NULL, error);

  if (monitor == NULL)
    return NULL;
  g_file_monitor_set_rate_limit (monitor, QUIET_MS);
  g_signal_connect_object (monitor, "changed", G_CALLBACK (on_event), self, G_CONNECT_SWAPPED);
  return monitor;
}

/* The link may lead elsewhere than it did. Best effort: the directory that holds the
 * link is watched in any case. */
static void
follow_link (PeerupConfigMonitor *self, const char *real_path)
{
  const char *path = peerup_config_get_path (self->config);
  gboolean elsewhere = real_path != NULL && strcmp (real_path, path) != 0;

  if (g_strcmp0 (self->real_path, elsewhere ? real_path : NULL) == 0)
    return;
  g_clear_object (&self->target);
  g_set_str (&self->real_path, elsewhere ? real_path : NULL);
  if (elsewhere)
    {
      self->target = watch (self, real_path, NULL);
      /* What was written between reading it and watching it. */
      self->again = TRUE;
    }
}

static gboolean
is_equal (PeerupConfig *a, PeerupConfig *b)
{
  g_autofree char *x = peerup_config_to_yaml (a);
  g_autofree char *y = peerup_config_to_yaml (b);

  return strcmp (x, y) == 0;
}

static void
report_problem (PeerupConfigMonitor *self, const GError *error)
{
  if (g_set_str (&self->problem, error->message))
    g_signal_emit (self, signals[PROBLEM], 0, self->problem);
}

static void
adopt (PeerupConfigMonitor *self, Reading *reading)
{
  gboolean recovered = self->problem != NULL;

  g_clear_pointer (&self->problem, g_free);
  if (!recovered && is_equal (self->config, reading->config))
    return;
  peerup_config_unref (self->config);
  self->config = peerup_config_ref (reading->config);
  g_ptr_array_add (reading->warnings, NULL);
  g_signal_emit (self, signals[CHANGED], 0, reading->config, reading->warnings->pdata);
}

static void
take (PeerupConfigMonitor *self, Reading *reading)
{
  follow_link (self, reading->real_path);
  if (self->held)
    return;
  if (reading->config != NULL)
    adopt (self, reading);
  else
    report_problem (self, reading->error);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Reading) reading = g_task_propagate_pointer (G_TASK (result), NULL);
  g_autoptr (PeerupConfigMonitor) self = g_weak_ref_get (data);

  weak_ref_free (data);
  if (self == NULL)
    return;
  self->loading = FALSE;
  if (!self->stale)
    take (self, reading);
  if (self->again)
    start_reading (self);
}

/* The task holds no reference: who drops the monitor hears no more of it. */
static void
start_reading (PeerupConfigMonitor *self)
{
  GWeakRef *weak = g_new0 (GWeakRef, 1);
  g_autoptr (GTask) task = NULL;

  g_assert (!self->loading);
  self->loading = TRUE;
  self->again = self->stale = FALSE;
  g_weak_ref_init (weak, self);
  task = g_task_new (NULL, NULL, on_read, weak);
  g_task_set_source_tag (task, start_reading);
  g_task_set_task_data (task, g_strdup (peerup_config_get_path (self->config)), g_free);
  g_task_run_in_thread (task, read_in_thread);
}

static void
peerup_config_monitor_dispose (GObject *object)
{
  PeerupConfigMonitor *self = PEERUP_CONFIG_MONITOR (object);

  stop_waiting (self);
  g_clear_object (&self->directory);
  g_clear_object (&self->target);
  G_OBJECT_CLASS (peerup_config_monitor_parent_class)->dispose (object);
}

static void
peerup_config_monitor_finalize (GObject *object)
{
  PeerupConfigMonitor *self = PEERUP_CONFIG_MONITOR (object);

  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->real_path);
  g_free (self->problem);
  G_OBJECT_CLASS (peerup_config_monitor_parent_class)->finalize (object);
}

static void
peerup_config_monitor_class_init (PeerupConfigMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_config_monitor_dispose;
  object_class->finalize = peerup_config_monitor_finalize;

  signals[CHANGED] = g_signal_new ("changed", PEERUP_TYPE_CONFIG_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 2, PEERUP_TYPE_CONFIG, G_TYPE_STRV);
  signals[PROBLEM] = g_signal_new ("problem", PEERUP_TYPE_CONFIG_MONITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                   G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
peerup_config_monitor_init (PeerupConfigMonitor *self)
{
  self->context = g_main_context_ref_thread_default ();
}

PeerupConfigMonitor *
peerup_config_monitor_new (PeerupConfig *config, GError **error)
{
  g_autoptr (PeerupConfigMonitor) self = NULL;

  g_return_val_if_fail (config != NULL, NULL);

  self = g_object_new (PEERUP_TYPE_CONFIG_MONITOR, NULL);
  self->config = peerup_config_ref (config);
  self->directory = watch (self, peerup_config_get_path (config), error);
  if (self->directory == NULL)
    return NULL;
  /* @config may be older than the watch. */
  start_reading (self);
  return g_steal_pointer (&self);
}

void
peerup_config_monitor_reload (PeerupConfigMonitor *self)
{
  g_autoptr (PeerupConfigMonitor) hold = NULL;
  g_autoptr (Reading) reading = NULL;

  g_return_if_fail (PEERUP_IS_CONFIG_MONITOR (self));

  hold = g_object_ref (self);
  reading = reading_new (peerup_config_get_path (self->config));
  if (self->loading)
    self->again = self->stale = TRUE;
  take (self, reading);
  if (self->again && !self->loading)
    start_reading (self);
}

void
peerup_config_monitor_use (PeerupConfigMonitor *self, PeerupConfig *config)
{
  g_autoptr (PeerupConfigMonitor) hold = NULL;
  g_autoptr (Reading) reading = NULL;

  g_return_if_fail (PEERUP_IS_CONFIG_MONITOR (self));
  g_return_if_fail (config != NULL);

  hold = g_object_ref (self);
  reading = g_new0 (Reading, 1);
  reading->config = peerup_config_ref (config);
  reading->warnings = g_ptr_array_new ();
  if (self->loading)
    self->stale = TRUE;
  adopt (self, reading);
}

void
peerup_config_monitor_hold (PeerupConfigMonitor *self, gboolean held)
{
  g_return_if_fail (PEERUP_IS_CONFIG_MONITOR (self));

  self->held = held;
}

PeerupConfig *
peerup_config_monitor_get_config (PeerupConfigMonitor *self)
{
  g_return_val_if_fail (PEERUP_IS_CONFIG_MONITOR (self), NULL);

  return self->config;
}
