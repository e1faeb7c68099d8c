/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The interface as its callers see it, over a socket pair and over the daemon's socket.
 */
#include "client/peerup-client.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/home.h"
#include "control/peerup-control.h"
#include "control/peerup-control-describe.h"
#include "control/peerup-control-errors.h"
#include "engine/peerup-engine-private.h"

/* Runs @run in a fiber, where the asserts of all tests below are. */
typedef void (*Body) (Home *home);

typedef struct
{
  Body body;
  Home *home;
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;

  run->body (run->home);
  return dex_future_new_true ();
}

static void
run_test (gconstpointer data)
{
  g_autoptr (Home) home = home_new ();
  Run run = { (Body) (void (*) (void)) data, home };

  g_setenv ("XDG_RUNTIME_DIR", home->directory, TRUE);
  g_assert_true (await_true (dex_scheduler_spawn (NULL, 512 * 1024, run_fiber, &run, NULL), NULL));
  g_unsetenv ("XDG_RUNTIME_DIR");
}

static PeerupClient *
embed (Home *home)
{
  g_autoptr (GError) error = NULL;
  PeerupClient *client = dex_await_object (peerup_client_embed (home->config, PEERUP_ENGINE_DEFAULT), &error);

  g_assert_no_error (error);
  return client;
}

static void
close_client (PeerupClient *client)
{
  g_assert_true (dex_await (peerup_client_close (client, NULL), NULL));
  g_assert_finalize_object (client);
}

static gboolean
add_forward (PeerupClient *client, const char *peer, GVariant *options, char **id, char **address, GError **error)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_add_forward (proxy, peer, "ssh", "127.0.0.1:0", options,
                                        dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  return peerup_dbus_engine1_call_add_forward_finish (proxy, id, address, result, error);
}

static GVariant *
list_forwards (PeerupClient *client)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  GVariant *list = NULL;

  peerup_dbus_engine1_call_list_forwards (proxy, dex_promise_get_cancellable (promise), peerup_client_ready,
                                          dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  g_assert_true (peerup_dbus_engine1_call_list_forwards_finish (proxy, &list, result, NULL));
  return list;
}

static void
body_properties (Home *home)
{
  g_autoptr (PeerupClient) client = embed (home);
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);

  g_assert_true (peerup_client_is_embedded (client));
  g_assert_cmpstr (peerup_dbus_engine1_get_peer_id (proxy), ==, home_get_id (home));
  g_assert_cmpstr (peerup_dbus_engine1_get_state (proxy), ==, "running");
  g_assert_cmpstr (peerup_dbus_engine1_get_config_file (proxy), ==, home->config);
  g_assert_cmpuint (peerup_dbus_engine1_get_process_id (proxy), ==, getpid ());
  g_assert_cmpuint (g_strv_length ((char **) peerup_dbus_engine1_get_listen_addresses (proxy)), ==, 1);
  g_assert_cmpuint (g_strv_length ((char **) peerup_dbus_engine1_get_problems (proxy)), ==, 0);
  close_client (g_steal_pointer (&client));
}

static GVariant *
list_limits (PeerupClient *client)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  GVariant *list = NULL;

  peerup_dbus_engine1_call_list_limits (proxy, dex_promise_get_cancellable (promise), peerup_client_ready,
                                        dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  g_assert_true (peerup_dbus_engine1_call_list_limits_finish (proxy, &list, result, NULL));
  return list;
}

static void
body_limits (Home *home)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) list = NULL;
  guint64 bound, used, refused;

  home_limit (home, "connections: 77");
  client = embed (home);
  list = list_limits (client);
  g_assert_cmpuint (g_variant_n_children (list), ==, PEERUP_N_LIMITS);
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, limit);
      const char *name, *what;

      g_assert_true (g_variant_lookup (item, "name", "&s", &name) && g_variant_lookup (item, "what", "&s", &what));
      g_assert_cmpstr (name, ==, peerup_limit_get_name (limit));
      g_assert_true (g_variant_lookup (item, "limit", "t", &bound) &&
                     g_variant_lookup (item, "refused", "t", &refused));
      g_assert_cmpuint (refused, ==, 0);
      g_assert_null (g_variant_lookup_value (item, "last_refused", NULL));
      if (limit == PEERUP_LIMIT_CONNECTIONS)
        g_assert_cmpuint (bound, ==, 77);
      g_assert_true (g_variant_lookup (item, "used", "t", &used) ==
                     (strstr (name, "_per_") == NULL && strstr (name, "_rate") == NULL));
    }
  close_client (g_steal_pointer (&client));
}

static void
test_describe_limit (void)
{
  PeerupLimitsSettings settings;
  g_autoptr (PeerupLimits) limits = NULL;
  g_autoptr (GVariant) whole = NULL;
  g_autoptr (GVariant) part = NULL;
  g_autofree char *text = NULL;

  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    settings.values[limit] = PEERUP_LIMITS_NONE;
  settings.values[PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS] = 1;
  limits = peerup_limits_new (&settings);
  g_assert_true (peerup_limits_begin_handshake (limits, 0xc0000207, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, 0xc0000207, 0, NULL));
  whole = g_variant_ref_sink (peerup_control_describe_limit (limits, PEERUP_LIMIT_HANDSHAKES));
  part = g_variant_ref_sink (peerup_control_describe_limit (limits, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS));
  g_assert_false (g_variant_lookup (whole, "limit", "t", NULL));
  text = g_variant_print (part, FALSE);
  g_assert_nonnull (strstr (text, "'refused': <uint64 1>"));
  g_assert_nonnull (strstr (text, "'last_refused': <'192.0.2.7'>"));
  peerup_limits_end_handshake (limits, 0xc0000207);
}

static void
body_errors_keep_their_kind (Home *home)
{
  g_autoptr (PeerupClient) client = embed (home);
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  guint64 round_trip;

  peerup_dbus_engine1_call_ping (proxy, "nobody", dex_promise_get_cancellable (promise), peerup_client_ready,
                                 dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  g_assert_false (peerup_dbus_engine1_call_ping_finish (proxy, &round_trip, &path, result, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "nobody"));
  close_client (g_steal_pointer (&client));
}

static void
body_forwards (Home *home)
{
  g_autoptr (Home) other = home_new ();
  g_autoptr (PeerupClient) client = embed (home);
  g_autofree char *id = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;

  g_assert_true (add_forward (client, home_get_id (other), g_variant_new ("a{sv}", NULL), &id, &address, &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (address, "127.0.0.1:"));
  list = list_forwards (client);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  item = g_variant_get_child_value (list, 0);
  g_assert_true (g_variant_lookup (item, "id", "&s", &text));
  g_assert_cmpstr (text, ==, id);
  g_assert_true (g_variant_lookup (item, "peer_id", "&s", &text));
  g_assert_cmpstr (text, ==, home_get_id (other));
  close_client (g_steal_pointer (&client));
}

static void
body_unknown_options_are_refused (Home *home)
{
  g_autoptr (Home) other = home_new ();
  g_autoptr (PeerupClient) client = embed (home);
  const char *const bad[] = { "{'colour': <'red'>}", "{'any-address': <'yes'>}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *id = NULL;
      g_autofree char *address = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_false (add_forward (client, home_get_id (other), g_variant_new_parsed (bad[i]), &id, &address, &error));
      g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
    }
  close_client (g_steal_pointer (&client));
}

static void
body_embedded_start_fails (Home *home)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  home_configure (home, "network: []\n");
  client = dex_await_object (peerup_client_embed (home->config, PEERUP_ENGINE_DEFAULT), &error);
  g_assert_null (client);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

static void
body_attach_without_a_daemon (Home *home)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  client = dex_await_object (peerup_client_attach (home->config), &error);
  g_assert_null (client);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "peerup daemon"));
}

static gboolean
set_flag (gpointer flag)
{
  *(gboolean *) flag = TRUE;
  return TRUE;
}

/* What the daemon is made of. */
typedef struct
{
  PeerupEngine *engine;
  PeerupControl *control;
  gboolean stop_requested;
} Service;

static void
service_start (Service *self, Home *home)
{
  g_autoptr (GError) error = NULL;
  PeerupControlClaim *claim = peerup_control_claim (home->config, &error);
  struct stat info;

  g_assert_no_error (error);
  self->engine = peerup_engine_new (home->config, PEERUP_ENGINE_DEFAULT);
  self->control = peerup_control_new (self->engine);
  g_signal_connect_swapped (self->control, "stop-requested", G_CALLBACK (set_flag), &self->stop_requested);
  g_assert_true (peerup_control_listen (self->control, claim, &error));
  g_assert_cmpint (stat (peerup_control_claim_get_path (claim), &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_true (dex_await (peerup_engine_start (self->engine), &error));
  g_assert_no_error (error);
}

static void
remove_runtime (Home *home)
{
  g_autofree char *path = g_build_filename (home->directory, "peerup", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      g_assert_true (g_str_has_suffix (name, ".lock"));
      g_unlink (child);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
service_stop (Service *self, Home *home)
{
  g_assert_true (dex_await (peerup_engine_stop (self->engine, NULL), NULL));
  peerup_control_close (self->control);
  g_assert_finalize_object (self->control);
  g_assert_finalize_object (self->engine);
  remove_runtime (home);
}

static PeerupClient *
attach (Home *home)
{
  g_autoptr (GError) error = NULL;
  PeerupClient *client = dex_await_object (peerup_client_attach (home->config), &error);

  g_assert_no_error (error);
  g_assert_false (peerup_client_is_embedded (client));
  return client;
}

static void
body_forward_ends_with_its_client (Home *home)
{
  g_autoptr (Home) other = home_new ();
  Service service = { 0 };
  g_autoptr (PeerupClient) first = NULL;
  g_autoptr (PeerupClient) second = NULL;
  g_autofree char *id = NULL;
  g_autofree char *address = NULL;
  gsize n;

  service_start (&service, home);
  first = attach (home);
  second = attach (home);
  g_assert_true (add_forward (first, home_get_id (other), g_variant_new ("a{sv}", NULL), &id, &address, NULL));
  close_client (g_steal_pointer (&first));
  do
    {
      g_autoptr (GVariant) list = list_forwards (second);

      n = g_variant_n_children (list);
    }
  while (n > 0);
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (service.engine)), ==, 0);
  close_client (g_steal_pointer (&second));
  service_stop (&service, home);
}

static void
body_stop_is_asked_for (Home *home)
{
  Service service = { 0 };
  g_autoptr (PeerupClient) client = NULL;
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  service_start (&service, home);
  client = attach (home);
  peerup_dbus_engine1_call_stop (peerup_client_get_proxy (client), dex_promise_get_cancellable (promise),
                                 peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  g_assert_true (peerup_dbus_engine1_call_stop_finish (peerup_client_get_proxy (client), result, NULL));
  g_assert_true (service.stop_requested);
  service_stop (&service, home);
  g_assert_true (dex_await (peerup_client_wait_closed (client), NULL));
  close_client (g_steal_pointer (&client));
}

static void
test_every_error_has_a_name (void)
{
  peerup_control_register_errors ();
  for (int code = PEERUP_ERROR_MALFORMED; code <= PEERUP_ERROR_DENIED; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, code, "text");
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (name, "text");

      g_assert_true (g_str_has_prefix (name, "dev.peerup.PeerUp.Error."));
      g_assert_error (back, PEERUP_ERROR, code);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, body) g_test_add_data_func ("/client/" name, (gconstpointer) (void (*) (void)) body, run_test)
  ADD ("properties", body_properties);
  ADD ("errors", body_errors_keep_their_kind);
  ADD ("forwards", body_forwards);
  ADD ("unknown-options", body_unknown_options_are_refused);
  ADD ("start-fails", body_embedded_start_fails);
  ADD ("no-daemon", body_attach_without_a_daemon);
  ADD ("forward-ends", body_forward_ends_with_its_client);
  ADD ("stop", body_stop_is_asked_for);
  ADD ("limits", body_limits);
  g_test_add_func ("/client/describe-limit", test_describe_limit);
  g_test_add_func ("/client/error-names", test_every_error_has_a_name);
  return g_test_run ();
}
