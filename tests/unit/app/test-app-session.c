/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A window's session: there is one engine for a configuration, whoever began it, and what is said of it is true.
 */
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

#include "../engine/home.h"
#include "app/model/peerup-session.h"
#include "control/peerup-control-socket.h"

#define A_SERVICE "services: {web: {enabled: true, local_address: \"127.0.0.1:9\"}}\n"

/* A runtime directory of its own: sockets have short names. */
static char *runtime;

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

/* Starts it, and it runs. */
static PeerupSession *
session_run (const char *config)
{
  PeerupSession *session = peerup_session_new (config);

  g_assert_cmpint (peerup_session_get_state (session), ==, PEERUP_SESSION_STOPPED);
  peerup_session_start (session);
  g_assert_cmpint (peerup_session_get_state (session), ==, PEERUP_SESSION_STARTING);
  await_state (session, PEERUP_SESSION_RUNNING);
  g_assert_nonnull (peerup_session_get_engine (session));
  g_assert_null (peerup_session_get_error (session));
  return session;
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **place = data;

  *place = g_object_ref (result);
}

static gboolean
is_there (gpointer data)
{
  return *(gpointer *) data != NULL;
}

static void
session_stop (PeerupSession *session)
{
  g_autoptr (GAsyncResult) result = NULL;

  peerup_session_stop_async (session, NULL, on_result, &result);
  g_assert_cmpint (peerup_session_get_state (session), ==, PEERUP_SESSION_STOPPED);
  g_assert_null (peerup_session_get_engine (session));
  spin_while_not (is_there, &result);
  peerup_session_stop_finish (session, result);
}

static void
session_end (PeerupSession *session)
{
  session_stop (session);
  g_object_unref (session);
}

static GVariant *
call (PeerupSession *session, const char *operation, GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  peerup_session_call_async (session, operation, parameters, NULL, on_result, &result);
  spin_while_not (is_there, &result);
  return peerup_session_call_finish (session, result, error);
}

static char *
get_text (gpointer item, const char *property)
{
  char *text;

  g_object_get (item, property, &text, NULL);
  return text;
}

static void
test_hosts (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupObjectList *services;
  PeerupSession *session;
  gboolean embedded;

  home_configure (home, A_SERVICE);
  session = session_run (home->config);
  g_object_get (session, "embedded", &embedded, "services", &services, NULL);
  g_assert_true (embedded);
  g_assert_cmpstr (peerup_dbus_engine1_get_peer_id (peerup_session_get_engine (session)), ==, home_get_id (home));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (services)), ==, 1);
  {
    g_autoptr (PeerupDBusService1) service = peerup_object_list_find (services, "name", "web");
    g_autofree char *address = get_text (service, "address");

    g_assert_cmpstr (address, ==, "127.0.0.1:9");
    g_assert_null (peerup_object_list_find (services, "name", "other"));
  }
  session_stop (session);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (services)), ==, 0);
  /* And once more. */
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_RUNNING);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (services)), ==, 1);
  g_object_unref (services);
  session_end (session);
}

/* The second finds the engine of the first, is told when it ends, and begins one of its own when it is asked to. */
static void
test_attaches (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *first = session_run (home->config), *second = session_run (home->config);
  g_autofree char *text = NULL;

  g_assert_true (peerup_session_is_embedded (first));
  g_assert_false (peerup_session_is_embedded (second));
  session_end (first);
  await_state (second, PEERUP_SESSION_GONE);
  g_assert_error (peerup_session_get_error (second), PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  text = get_text (second, "error-text");
  g_assert_nonnull (strstr (text, "has ended"));
  peerup_session_start (second);
  await_state (second, PEERUP_SESSION_RUNNING);
  g_assert_true (peerup_session_is_embedded (second));
  session_end (second);
}

/* Both look for an engine at once: there is one. */
static void
test_race (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *sessions[] = { peerup_session_new (home->config), peerup_session_new (home->config) };

  for (guint i = 0; i < G_N_ELEMENTS (sessions); i++)
    peerup_session_start (sessions[i]);
  for (guint i = 0; i < G_N_ELEMENTS (sessions); i++)
    await_state (sessions[i], PEERUP_SESSION_RUNNING);
  g_assert_true (peerup_session_is_embedded (sessions[0]) != peerup_session_is_embedded (sessions[1]));
  for (guint i = G_N_ELEMENTS (sessions); i > 0; i--)
    session_end (sessions[i - 1]);
}

static void
test_stopped_by_another (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *session = session_run (home->config), *other = session_run (home->config);
  g_autoptr (GVariant) answer = call (other, "Stop", NULL, NULL);

  g_assert_nonnull (answer);
  await_state (session, PEERUP_SESSION_GONE);
  session_end (other);
  session_end (session);
}

static void
test_fails (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupSession) session = NULL;

  home_configure (home, "services: 7\n");
  session = peerup_session_new (home->config);
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_FAILED);
  g_assert_error (peerup_session_get_error (session), PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_null (peerup_session_get_engine (session));
  home_configure (home, A_SERVICE);
  peerup_session_start (session);
  g_assert_null (peerup_session_get_error (session));
  await_state (session, PEERUP_SESSION_RUNNING);
  session_stop (session);
}

/* Stopped while it starts: no engine is left that would keep a second one from starting. */
static void
test_stopped_early (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *session = peerup_session_new (home->config), *other = peerup_session_new (home->config);
  g_autoptr (GAsyncResult) result = NULL;

  peerup_session_start (session);
  session_stop (session);
  peerup_session_start (other);
  await_state (other, PEERUP_SESSION_RUNNING);
  session_end (other);
  /* And begun again before that has ended. */
  peerup_session_start (session);
  peerup_session_stop_async (session, NULL, on_result, &result);
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_RUNNING);
  g_assert_true (peerup_session_is_embedded (session));
  spin_while_not (is_there, &result);
  session_end (session);
}

/* Something takes whoever comes to the daemon's socket, and says nothing. */
static void
test_hangs (void)
{
  g_autoptr (Home) home = home_new ();
  g_auto (GStrv) paths = peerup_control_socket_candidates (home->config);
  g_autofree char *folder = g_path_get_dirname (paths[0]);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (paths[0]);
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (PeerupSession) session = peerup_session_new (home->config);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_socket_listener_add_address (listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                                NULL, NULL, &error));
  g_assert_no_error (error);
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_FAILED);
  g_assert_error (peerup_session_get_error (session), PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpint (g_unlink (paths[0]), ==, 0);
}

static void
test_calls (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *session = session_run (home->config);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = call (session, "ListServices", NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (g_variant_get_type_string (answer), ==, "(aa{sv})");
  g_assert_null (call (session, "Resolve", g_variant_new ("(s)", "nobody"), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_false (g_str_has_prefix (error->message, "GDBus.Error"));
  g_clear_error (&error);
  session_stop (session);
  g_assert_null (call (session, "Resolve", g_variant_new ("(s)", "nobody"), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_object_unref (session);
}

static void
remember (PeerupSession *session, const char *name, GVariant *parameters, gpointer data)
{
  char **told = data;

  g_free (*told);
  *told = g_strdup (name);
}

static void
test_events (void)
{
  g_autoptr (Home) home = home_new ();
  PeerupSession *session;
  g_autofree char *told = NULL;
  g_autoptr (GVariant) answer = NULL;

  home_configure (home, A_SERVICE);
  session = session_run (home->config);
  g_signal_connect (session, "event::ServiceChanged", G_CALLBACK (remember), &told);
  answer = call (session, "EnableService", g_variant_new ("(sb)", "web", FALSE), NULL);
  g_assert_nonnull (answer);
  spin_while_not (is_there, &told);
  g_assert_cmpstr (told, ==, "ServiceChanged");
  session_end (session);
}

static void
test_new_device (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *directory = g_build_filename (home->directory, "new", NULL);
  g_autofree char *config = g_build_filename (directory, "config.yaml", NULL);
  g_autofree char *nothing = NULL;
  g_autoptr (PeerupSession) session = peerup_session_new (config);

  /* Its folder cannot be made where a file is. */
  g_assert_true (g_file_set_contents (directory, "", 0, NULL));
  peerup_session_start (session);
  await_state (session, PEERUP_SESSION_FAILED);
  g_assert_nonnull (strstr (peerup_session_get_error (session)->message, directory));
  g_assert_cmpint (g_unlink (directory), ==, 0);
}

/* The sockets are gone; what is left are the locks of those who served them. */
static void
remove_runtime (void)
{
  g_autofree char *folder = g_build_filename (runtime, "peerup", NULL);
  g_autoptr (GDir) directory = g_dir_open (folder, 0, NULL);
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_rmdir (folder);
  g_assert_cmpint (g_rmdir (runtime), ==, 0);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int code;

  g_unsetenv ("DBUS_SESSION_BUS_ADDRESS");
  runtime = g_dir_make_tmp ("peerup-run-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/app/session/hosts", test_hosts);
  g_test_add_func ("/app/session/attaches", test_attaches);
  g_test_add_func ("/app/session/race", test_race);
  g_test_add_func ("/app/session/stopped-by-another", test_stopped_by_another);
  g_test_add_func ("/app/session/fails", test_fails);
  g_test_add_func ("/app/session/stopped-early", test_stopped_early);
  g_test_add_func ("/app/session/hangs", test_hangs);
  g_test_add_func ("/app/session/calls", test_calls);
  g_test_add_func ("/app/session/events", test_events);
  g_test_add_func ("/app/session/new-device", test_new_device);
  code = g_test_run ();
  remove_runtime ();
  g_free (runtime);
  return code;
}
