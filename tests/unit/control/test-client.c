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

typedef void (*Call) (PeerupDBusEngine1 *proxy, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
typedef gboolean (*Finish) (PeerupDBusEngine1 *proxy, GVariant **answer, GAsyncResult *result, GError **error);

static GVariant *
ask (PeerupClient *client, Call call, Finish finish)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GVariant *answer = NULL;

  call (proxy, dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  finish (proxy, &answer, result, &error);
  g_assert_no_error (error);
  return answer;
}

static GVariant *
list_forwards (PeerupClient *client)
{
  return ask (client, peerup_dbus_engine1_call_list_forwards, peerup_dbus_engine1_call_list_forwards_finish);
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
  return ask (client, peerup_dbus_engine1_call_list_limits, peerup_dbus_engine1_call_list_limits_finish);
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

/* A relay that nobody is at. */
static void
body_relays (Home *home)
{
  static const char id[] = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
  g_autofree char *relays = g_strdup_printf ("relay:\n  addresses:\n    - /ip4/127.0.0.1/tcp/1/p2p/%s\n", id);
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) list = NULL;
  g_autoptr (GVariant) relay = NULL;
  const char *text;
  gboolean flag;

  home_configure (home, relays);
  client = embed (home);
  list = ask (client, peerup_dbus_engine1_call_list_relays, peerup_dbus_engine1_call_list_relays_finish);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  relay = g_variant_get_child_value (list, 0);
  g_assert_true (g_variant_lookup (relay, "id", "&s", &text));
  g_assert_cmpstr (text, ==, id);
  g_assert_true (g_variant_lookup (relay, "state", "&s", &text));
  g_assert_true (g_str_equal (text, "connecting") || g_str_equal (text, "waiting"));
  g_assert_true (g_variant_lookup (relay, "origin", "&s", &text));
  g_assert_cmpstr (text, ==, "configured");
  g_assert_true (g_variant_lookup (relay, "preferred", "b", &flag) && !flag);
  g_assert_true (g_variant_lookup (relay, "silent", "b", &flag) && !flag);
  g_assert_null (g_variant_lookup_value (relay, "expires_at", NULL));
  close_client (g_steal_pointer (&client));
}

static GVariant *
list_connections (PeerupClient *client)
{
  return ask (client, peerup_dbus_engine1_call_list_connections, peerup_dbus_engine1_call_list_connections_finish);
}

static GVariant *
get_diagnostics (PeerupClient *client)
{
  return ask (client, peerup_dbus_engine1_call_get_diagnostics, peerup_dbus_engine1_call_get_diagnostics_finish);
}

static void
ping (PeerupClient *client, const char *peer)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  guint64 round_trip;

  peerup_dbus_engine1_call_ping (proxy, peer, dex_promise_get_cancellable (promise), peerup_client_ready,
                                 dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  peerup_dbus_engine1_call_ping_finish (proxy, &round_trip, &path, result, &error);
  g_assert_no_error (error);
}

static guint64
get_number (GVariant *dict, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (dict, key, G_VARIANT_TYPE_UINT64);

  g_assert_nonnull (value);
  return g_variant_get_uint64 (value);
}

/* What both ends of one connection have to say of it. */
static void
assert_connection (PeerupClient *client, const char *peer, const char *transport, const char *muxer, gboolean outbound)
{
  g_autoptr (GVariant) list = list_connections (client);
  g_autoptr (GVariant) item = NULL;
  g_autoptr (GVariant) streams = NULL;
  g_autoptr (GVariant) stream = NULL;
  const char *text;
  gboolean flag;
  gint64 time;
  guint n;

  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  item = g_variant_get_child_value (list, 0);
  g_assert_true (g_variant_lookup (item, "peer_id", "&s", &text));
  g_assert_cmpstr (text, ==, peer);
  g_assert_true (g_variant_lookup (item, "transport", "&s", &text));
  g_assert_cmpstr (text, ==, transport);
  g_assert_true (g_variant_lookup (item, "muxer", "&s", &text));
  g_assert_cmpstr (text, ==, muxer);
  g_assert_true (g_variant_lookup (item, "outbound", "b", &flag) && flag == outbound);
  g_assert_true (g_variant_lookup (item, "local_address", "&s", &text));
  g_assert_true (g_str_has_prefix (text, "/ip4/127.0.0.1/"));
  g_assert_true (g_variant_lookup (item, "age_us", "x", &time) && time > 0);
  g_assert_true (g_variant_lookup (item, "rtt_us", "x", &time) && time >= 0);
  g_assert_cmpuint (get_number (item, "packets_sent"), >, 0);
  g_assert_cmpuint (get_number (item, "congestion_window"), >, 0);
  g_assert_true (g_variant_lookup (item, "path_mtu", "u", &n) && n >= 1200);
  streams = g_variant_lookup_value (item, "streams", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_cmpuint (g_variant_n_children (streams), >=, 1);
  stream = g_variant_get_child_value (streams, 0);
  g_assert_true (g_variant_lookup (stream, "age_us", "x", &time) && time >= 0);
}

/* An engine of another device that @home may ping, on one transport. */
static void
body_connections (Home *home, const char *listen, const char *transport, const char *muxer)
{
  g_autoptr (Home) other = home_new ();
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (PeerupClient) far = NULL;
  g_autoptr (GVariant) none = NULL;
  const char *const *addresses;

  home_listen (other, listen);
  home_authorize (other, home);
  far = embed (other);
  client = embed (home);
  none = list_connections (client);
  g_assert_cmpuint (g_variant_n_children (none), ==, 0);
  addresses = peerup_dbus_engine1_get_listen_addresses (peerup_client_get_proxy (far));
  ping (client, addresses[0]);
  assert_connection (client, home_get_id (other), transport, muxer, TRUE);
  assert_connection (far, home_get_id (home), transport, muxer, FALSE);
  close_client (g_steal_pointer (&client));
  close_client (g_steal_pointer (&far));
}

static void
body_connections_quic (Home *home)
{
  body_connections (home, "/ip4/127.0.0.1/udp/0/quic-v1", "quic-v1", "/quic-v1");
}

static void
body_connections_tcp (Home *home)
{
  body_connections (home, "/ip4/127.0.0.1/tcp/0", "tcp", "/yamux/1.0.0");
}

static void
assert_socket (GVariant *facts)
{
  g_autoptr (GVariant) sockets = g_variant_lookup_value (facts, "udp_sockets", G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) socket = NULL;
  const char *text;

  g_assert_cmpuint (g_variant_n_children (sockets), ==, 1);
  socket = g_variant_get_child_value (sockets, 0);
  g_assert_true (g_variant_lookup (socket, "address", "&s", &text));
  g_assert_true (g_str_has_prefix (text, "127.0.0.1:"));
  g_assert_cmpuint (get_number (socket, "receive_buffer"), >, 0);
  g_assert_cmpuint (get_number (socket, "buffer_wanted"), ==, 7 * 1024 * 1024);
  g_assert_true (g_variant_lookup (socket, "gso", "b", NULL) && g_variant_lookup (socket, "ecn", "b", NULL));
}

/* Which of two addresses is listened on: a number that is in use is trouble, and a transport
 * that there is not is none. */
static void
body_diagnostics (Home *home)
{
  g_autoptr (GSocketListener) taken = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (taken, NULL, NULL);
  g_autofree char *addresses =
    g_strdup_printf ("/ip4/127.0.0.1/udp/0/quic-v1, /ip4/127.0.0.1/tcp/%u, /ip4/127.0.0.1/tcp/0/tls", port);
  g_autofree char *address = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);
  g_autofree char *key = g_strconcat ("listen ", address, NULL);
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GVariant) facts = NULL;
  g_autoptr (GVariant) problems = NULL;
  g_autoptr (GVariant) listening = NULL;
  const char *text;
  gboolean blocked;

  home_listen (home, addresses);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "Not listening on */tcp/*used by another program*");
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_MESSAGE, "Not listening on */tcp/0/tls*");
  client = embed (home);
  g_test_assert_expected_messages ();
  facts = get_diagnostics (client);
  g_assert_true (g_variant_lookup (facts, "congestion", "&s", &text));
  g_assert_cmpstr (text, ==, "bbr");
  g_assert_true (g_variant_lookup (facts, "udp_blocked", "b", &blocked) && !blocked);
  g_assert_true (g_variant_lookup (facts, "dispatches", "at", NULL));
  problems = g_variant_lookup_value (facts, "problems", G_VARIANT_TYPE ("a{ss}"));
  g_assert_cmpuint (g_variant_n_children (problems), ==, 1);
  g_assert_true (g_variant_lookup (problems, key, "&s", &text));
  listening = g_variant_lookup_value (facts, "listening", G_VARIANT_TYPE ("aa{sv}"));
  g_assert_cmpuint (g_variant_n_children (listening), ==, 3);
  for (gsize i = 0; i < 3; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (listening, i);

      g_assert_true (g_variant_lookup (item, "address", "&s", NULL));
      g_assert_true (g_variant_lookup (item, "error", "&s", NULL) == (i > 0));
    }
  assert_socket (facts);
  close_client (g_steal_pointer (&client));
  g_socket_listener_close (taken);
}

static void
test_stopped_engine (void)
{
  g_autoptr (PeerupEngine) engine = peerup_engine_new (NULL, PEERUP_ENGINE_DEFAULT);
  g_autoptr (GPtrArray) connections = peerup_engine_dup_connections (engine);
  g_autoptr (GVariant) facts = g_variant_ref_sink (peerup_control_describe_diagnostics (engine));

  g_assert_cmpuint (connections->len, ==, 0);
  g_assert_cmpuint (g_variant_n_children (facts), ==, 0);
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
  ADD ("relays", body_relays);
  ADD ("connections-quic", body_connections_quic);
  ADD ("connections-tcp", body_connections_tcp);
  ADD ("diagnostics", body_diagnostics);
  g_test_add_func ("/client/stopped", test_stopped_engine);
  g_test_add_func ("/client/describe-limit", test_describe_limit);
  g_test_add_func ("/client/error-names", test_every_error_has_a_name);
  return g_test_run ();
}
