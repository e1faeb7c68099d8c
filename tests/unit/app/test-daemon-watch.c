/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A window without an engine attaches by itself when a daemon comes, and not before. */
#include "app/model/peerup-daemon-watch.h"

#include <glib/gstdio.h>

#include "../engine/home.h"

typedef struct
{
  PeerupSession *session;
  PeerupSessionState state;
} Awaited;

static gboolean
has_state (gpointer data)
{
  const Awaited *awaited = data;

  return peerup_session_get_state (awaited->session) == awaited->state;
}

static void
await_state (PeerupSession *session, PeerupSessionState state)
{
  Awaited awaited = { session, state };

  spin_while_not (has_state, &awaited);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  peerup_session_stop_finish (PEERUP_SESSION (source), result);
  *(gboolean *) data = TRUE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static void
stop (PeerupSession *session)
{
  gboolean stopped = FALSE;

  peerup_session_stop_async (session, NULL, on_stopped, &stopped);
  spin_while_not (is_true, &stopped);
}

/* The other session is as good as a daemon: it serves the profile's sockets. */
static void
test_comes_back (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupSession) daemon = NULL;
  g_autoptr (PeerupSession) session = NULL;
  g_autoptr (PeerupDaemonWatch) watch = NULL;

  home_configure (home, "");
  daemon = peerup_session_new (home->config);
  session = peerup_session_new (home->config);
  peerup_session_start (daemon);
  await_state (daemon, PEERUP_SESSION_RUNNING);
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_RUNNING);
  watch = peerup_daemon_watch_new (session);
  stop (daemon);
  await_state (session, PEERUP_SESSION_GONE);
  peerup_session_start (daemon);
  await_state (daemon, PEERUP_SESSION_RUNNING);
  await_state (session, PEERUP_SESSION_RUNNING);
  g_assert_true (peerup_session_is_embedded (daemon));
  g_assert_false (peerup_session_is_embedded (session));
  stop (session);
  stop (daemon);
}

static gboolean
on_time (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Whatever else changes beside the socket begins nothing. */
static void
test_no_daemon (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupSession) daemon = NULL;
  g_autoptr (PeerupSession) session = NULL;
  g_autoptr (PeerupDaemonWatch) watch = NULL;
  g_autofree char *other = g_build_filename (g_get_user_runtime_dir (), "peerup", "other", NULL);
  gboolean over = FALSE;

  home_configure (home, "");
  daemon = peerup_session_new (home->config);
  session = peerup_session_new (home->config);
  peerup_session_start (daemon);
  await_state (daemon, PEERUP_SESSION_RUNNING);
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_RUNNING);
  watch = peerup_daemon_watch_new (session);
  stop (daemon);
  await_state (session, PEERUP_SESSION_GONE);
  g_assert_true (g_file_set_contents (other, "", 0, NULL));
  g_timeout_add (200, on_time, &over);
  spin_while_not (is_true, &over);
  g_assert_cmpint (peerup_session_get_state (session), ==, PEERUP_SESSION_GONE);
  g_assert_cmpint (g_unlink (other), ==, 0);
  stop (session);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *runtime = NULL;
  g_autofree char *folder = NULL;
  g_autoptr (GDir) directory = NULL;
  const char *name;
  int code;

  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  runtime = g_dir_make_tmp ("peerup-run-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/app/daemon-watch/comes-back", test_comes_back);
  g_test_add_func ("/app/daemon-watch/no-daemon", test_no_daemon);
  code = g_test_run ();
  /* The locks of those who served sockets. */
  folder = g_build_filename (runtime, "peerup", NULL);
  directory = g_dir_open (folder, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_rmdir (folder);
  g_rmdir (runtime);
  return code;
}
