/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows where a daemon's socket would be, while there is none. Lives as long as its application. */
#include "app/model/peerup-daemon-watch.h"

#include "control/peerup-control-socket.h"

/* A socket is made before it listens: milliseconds between looks, and how many there are. */
#define LOOK_AGAIN 50
#define LOOKS      40

struct _PeerupDaemonWatch
{
  GObject parent_instance;

  PeerupSession *session;
  GPtrArray *monitors; /* of GFileMonitor, while there is no engine */
  char **candidates;
  guint looks; /* that are left */
  guint timeout;
};

G_DEFINE_FINAL_TYPE (PeerupDaemonWatch, peerup_daemon_watch, G_TYPE_OBJECT)

static gboolean
is_any_live (PeerupDaemonWatch *self)
{
  for (guint i = 0; self->candidates[i] != NULL; i++)
    {
      gint64 pid;

      if (peerup_control_socket_is_live (self->candidates[i], &pid))
        return TRUE;
    }
  return FALSE;
}

static gboolean
look (gpointer data)
{
  PeerupDaemonWatch *self = data;

  if (is_any_live (self))
    {
      self->timeout = 0;
      /* It attaches: there is something to attach to. */
      peerup_session_start (self->session);
      return G_SOURCE_REMOVE;
    }
  if (--self->looks > 0)
    return G_SOURCE_CONTINUE;
  self->timeout = 0;
  return G_SOURCE_REMOVE;
}

static gboolean
is_candidate (PeerupDaemonWatch *self, GFile *file)
{
  return file != NULL && g_file_peek_path (file) != NULL &&
         g_strv_contains ((const char *const *) self->candidates, g_file_peek_path (file));
}

static void
on_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  PeerupDaemonWatch *self = data;

  if (event == G_FILE_MONITOR_EVENT_DELETED || (!is_candidate (self, file) && !is_candidate (self, other)))
    return;
  self->looks = LOOKS;
  if (self->timeout == 0)
    self->timeout = g_timeout_add (LOOK_AGAIN, look, self);
}

static void
stop (PeerupDaemonWatch *self)
{
  for (guint i = 0; i < self->monitors->len; i++)
    g_signal_handlers_disconnect_by_data (self->monitors->pdata[i], self);
  g_ptr_array_set_size (self->monitors, 0);
  g_clear_handle_id (&self->timeout, g_source_remove);
}

static void
start (PeerupDaemonWatch *self)
{
  for (guint i = 0; self->candidates[i] != NULL; i++)
    {
      g_autofree char *name = g_path_get_dirname (self->candidates[i]);
      g_autoptr (GFile) directory = g_file_new_for_path (name);
      GFileMonitor *monitor;

      /* GIO would look again and again for one that is not there. */
      if (!g_file_test (name, G_FILE_TEST_IS_DIR))
        continue;
      monitor = g_file_monitor_directory (directory, G_FILE_MONITOR_NONE, NULL, NULL);
      if (monitor == NULL)
        continue;
      g_signal_connect_object (monitor, "changed", G_CALLBACK (on_changed), self, 0);
      g_ptr_array_add (self->monitors, monitor);
    }
}

static void
on_state (PeerupDaemonWatch *self)
{
  PeerupSessionState state = peerup_session_get_state (self->session);

  stop (self);
  if (state == PEERUP_SESSION_FAILED || state == PEERUP_SESSION_GONE)
    start (self);
}

static void
peerup_daemon_watch_dispose (GObject *object)
{
  PeerupDaemonWatch *self = PEERUP_DAEMON_WATCH (object);

  stop (self);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_daemon_watch_parent_class)->dispose (object);
}

static void
peerup_daemon_watch_finalize (GObject *object)
{
  PeerupDaemonWatch *self = PEERUP_DAEMON_WATCH (object);

  g_ptr_array_unref (self->monitors);
  g_strfreev (self->candidates);
  G_OBJECT_CLASS (peerup_daemon_watch_parent_class)->finalize (object);
}

static void
peerup_daemon_watch_class_init (PeerupDaemonWatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_daemon_watch_dispose;
  object_class->finalize = peerup_daemon_watch_finalize;
}

static void
peerup_daemon_watch_init (PeerupDaemonWatch *self)
{
  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
}

PeerupDaemonWatch *
peerup_daemon_watch_new (PeerupSession *session)
{
  PeerupDaemonWatch *self = g_object_new (PEERUP_TYPE_DAEMON_WATCH, NULL);

  self->session = g_object_ref (session);
  self->candidates = peerup_control_socket_candidates (peerup_session_get_config_path (session));
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  on_state (self);
  return self;
}
