/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two engines in one process: start, stop, ping, forward, and files that change.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "../transport/web-certificate.h"
#include "device.h"
#include "echo.h"

static char *
device_address (Device *device)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (device->engine);

  g_assert_cmpuint (g_strv_length (addresses), ==, 1);
  return g_strdup (addresses[0]);
}

static void
test_start_and_stop (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autofree char *address = device_address (&device);
  g_auto (GStrv) problems = peerup_engine_dup_problems (device.engine);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (peerup_engine_get_state (device.engine), ==, PEERUP_ENGINE_RUNNING);
  g_assert_cmpstr (peerup_engine_get_peer_id (device.engine), ==, home_get_id (device.home));
  g_assert_true (g_str_has_suffix (address, home_get_id (device.home)));
  g_assert_cmpint (peerup_engine_get_started_at (device.engine), >, 0);
  g_assert_cmpuint (g_strv_length (problems), ==, 0);
  g_assert_false (await_true (peerup_engine_start (device.engine), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  device_stop (&device);
}

static void
test_runs_again_after_a_stop (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_stop (device.engine, NULL), &error));
  g_assert_null (peerup_engine_get_peer_id (device.engine));
  g_assert_true (await_true (peerup_engine_start (device.engine), &error));
  g_assert_no_error (error);
  device_stop (&device);
}

static void
assert_start_fails (Home *home, PeerupError code, const char *words)
{
  g_autoptr (PeerupEngine) engine = peerup_engine_new (home->config, PEERUP_ENGINE_DEFAULT);
  g_autoptr (GError) error = NULL;

  g_assert_false (await_true (peerup_engine_start (engine), &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_cmpint (peerup_engine_get_state (engine), ==, PEERUP_ENGINE_STOPPED);
  g_assert_null (peerup_engine_get_peer_id (engine));
}

static void
test_start_fails_on_bad_files (void)
{
  g_autoptr (Home) home = home_new ();
  g_autofree char *key = g_build_filename (home->directory, "identity.key", NULL);

  g_assert_cmpint (g_chmod (key, 0644), ==, 0);
  assert_start_fails (home, PEERUP_ERROR_PERMISSION, "chmod");
  g_assert_cmpint (g_chmod (key, 0600), ==, 0);
  g_assert_cmpint (g_unlink (home->authorized_keys), ==, 0);
  assert_start_fails (home, PEERUP_ERROR_NOT_FOUND, home->authorized_keys);
  home_configure (home, "network: []\n");
  assert_start_fails (home, PEERUP_ERROR_CONFIG, home->config);
  g_assert_cmpint (g_unlink (home->config), ==, 0);
  assert_start_fails (home, PEERUP_ERROR_NOT_FOUND, home->config);
}

static void
test_stop_while_starting (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupEngine) engine = peerup_engine_new (home->config, PEERUP_ENGINE_DEFAULT);
  g_autoptr (DexFuture) start = peerup_engine_start (engine);
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_stop (engine, NULL), &error));
  g_assert_false (await_true (g_steal_pointer (&start), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_cmpint (peerup_engine_get_state (engine), ==, PEERUP_ENGINE_STOPPED);
}

static void
test_without_a_configuration (void)
{
  g_autoptr (PeerupEngine) engine = peerup_engine_new (NULL, PEERUP_ENGINE_DEFAULT);
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_start (engine), &error));
  g_assert_nonnull (peerup_engine_get_peer_id (engine));
  addresses = peerup_engine_dup_listen_addresses (engine);
  g_assert_cmpuint (g_strv_length (addresses), ==, 0);
  g_assert_true (await_true (peerup_engine_stop (engine, NULL), &error));
}

/* Two devices, b authorized at a. */
static void
start_pair (Device *a, Device *b, const char *a_config)
{
  Home *home_a = home_new (), *home_b = home_new ();

  home_authorize (home_a, home_b);
  home_configure (home_a, a_config);
  *a = device_start (home_a, PEERUP_ENGINE_DEFAULT);
  *b = device_start (home_b, PEERUP_ENGINE_DIAL_ONLY);
}

static PeerupPeer *
only_peer (PeerupEngine *engine)
{
  GListModel *peers = peerup_engine_get_peers (engine);
  g_autoptr (PeerupPeer) peer = NULL;

  g_assert_cmpuint (g_list_model_get_n_items (peers), ==, 1);
  peer = g_list_model_get_item (peers, 0);
  return peer;
}

static gboolean
has_agent (gpointer peer)
{
  return peerup_peer_get_agent (peer) != NULL;
}

static gboolean
is_disconnected (gpointer peer)
{
  return peerup_peer_get_state (peer) == PEERUP_PEER_DISCONNECTED;
}

static void
test_ping_and_peers (void)
{
  Device a, b;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;
  PeerupPeer *peer;

  start_pair (&a, &b, "");
  address = device_address (&a);
  g_assert_cmpint (await_int64 (peerup_engine_ping (b.engine, address), &error), >=, 0);
  g_assert_no_error (error);
  g_assert_cmpint (await_int64 (peerup_engine_ping (b.engine, home_get_id (a.home)), &error), >=, 0);
  peer = only_peer (b.engine);
  g_assert_cmpint (peerup_peer_get_state (peer), ==, PEERUP_PEER_CONNECTED);
  g_assert_cmpstr (peerup_peer_get_id (peer), ==, home_get_id (a.home));
  g_assert_true (peerup_peer_get_outbound (peer));
  g_assert_false (peerup_peer_get_relayed (peer));
  g_assert_cmpstr (peerup_peer_get_transport (peer), ==, "tcp");
  g_assert_true (g_str_has_prefix (address, peerup_peer_get_address (peer)));
  g_assert_cmpuint (peerup_peer_get_n_connections (peer), ==, 1);
  g_assert_cmpuint (peerup_peer_get_bytes_received (peer), >, 0);
  spin_while_not (has_agent, only_peer (a.engine));
  g_assert_true (g_str_has_prefix (peerup_peer_get_agent (only_peer (a.engine)), "peerup/"));
  device_stop (&b);
  spin_while_not (is_disconnected, only_peer (a.engine));
  device_stop (&a);
}

static void
test_concurrent_pings (void)
{
  Device a, b;
  g_autofree char *address = NULL;
  g_autoptr (GPtrArray) pings = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) error = NULL;

  start_pair (&a, &b, "");
  address = device_address (&a);
  for (guint i = 0; i < 2; i++)
    g_ptr_array_add (pings, peerup_engine_ping (b.engine, address));
  for (guint i = 0; i < pings->len; i++)
    g_assert_cmpint (await_int64 (dex_ref (g_ptr_array_index (pings, i)), &error), >=, 0);
  g_assert_no_error (error);
  device_stop (&b);
  device_stop (&a);
}

static void
test_bad_peers (void)
{
  Device a, b;
  const struct
  {
    const char *peer;
    PeerupError code;
  } cases[] = {
    { "nobody", PEERUP_ERROR_NOT_FOUND },
    { "/ip4/127.0.0.1/tcp/1", PEERUP_ERROR_MALFORMED },
    { NULL, PEERUP_ERROR_NOT_FOUND },
  };

  start_pair (&a, &b, "");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *peer = cases[i].peer != NULL ? cases[i].peer : home_get_id (b.home);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (await_int64 (peerup_engine_ping (b.engine, peer), &error), ==, -1);
      g_assert_error (error, PEERUP_ERROR, (int) cases[i].code);
    }
  device_stop (&b);
  device_stop (&a);
}

static void
test_stranger_is_refused (void)
{
  Device a = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  Device b = device_start (home_new (), PEERUP_ENGINE_DIAL_ONLY);
  g_autofree char *address = device_address (&a);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (await_int64 (peerup_engine_ping (b.engine, address), &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_nonnull (strstr (error->message, home_get_id (b.home)));
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_peers (a.engine)), ==, 0);
  device_stop (&b);
  device_stop (&a);
}

static void
test_forward (void)
{
  Device a, b;
  guint16 port;
  g_autoptr (GSocketService) service = echo_start (&port);
  g_autofree char *config =
    g_strdup_printf ("services: {echo: {enabled: true, local_address: \"127.0.0.1:%u\"}}\n", port);
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autofree char *address = NULL;
  g_autofree char *listening = NULL;
  g_autoptr (GError) error = NULL;

  start_pair (&a, &b, config);
  address = device_address (&a);
  forward = peerup_engine_add_forward (b.engine, address, "echo", "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  listening = peerup_engine_forward_address (forward);
  g_assert_true (g_str_has_prefix (listening, "127.0.0.1:"));
  stream = echo_connect (forward);
  echo_assert (stream, "through the tunnel");
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (b.engine)), ==, 1);
  peerup_engine_remove_forward (b.engine, forward);
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (b.engine)), ==, 0);
  g_socket_service_stop (service);
  g_socket_listener_close (G_SOCKET_LISTENER (service));
  device_stop (&b);
  device_stop (&a);
}

static void
test_forward_refusals (void)
{
  Device a, b;
  const struct
  {
    const char *peer, *service, *listen;
    PeerupError code;
  } cases[] = {
    { NULL, "echo", "0.0.0.0:0", PEERUP_ERROR_DENIED },   { NULL, "echo", "nowhere", PEERUP_ERROR_MALFORMED },
    { NULL, "Bad", "0", PEERUP_ERROR_MALFORMED },         { "nobody", "echo", "0", PEERUP_ERROR_NOT_FOUND },
    { NULL, "echo", "192.0.2.1:0", PEERUP_ERROR_DENIED },
  };

  start_pair (&a, &b, "");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *peer = cases[i].peer != NULL ? cases[i].peer : home_get_id (a.home);
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_engine_add_forward (b.engine, peer, cases[i].service, cases[i].listen, FALSE, &error));
      g_assert_error (error, PEERUP_ERROR, (int) cases[i].code);
    }
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (b.engine)), ==, 0);
  device_stop (&b);
  device_stop (&a);
}

static gboolean
has_two_services (gpointer engine)
{
  return g_list_model_get_n_items (peerup_engine_get_services (engine)) == 2;
}

static gboolean
has_no_service (gpointer engine)
{
  return g_list_model_get_n_items (peerup_engine_get_services (engine)) == 0;
}

static void
test_config_changes_are_followed (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autoptr (PeerupService) service = NULL;

  home_configure (device.home, "services:\n  one: {enabled: true, local_address: \"127.0.0.1:1\"}\n"
                               "  two: {enabled: false, local_address: \"127.0.0.1:2\"}\n");
  spin_while_not (has_two_services, device.engine);
  service = g_list_model_get_item (peerup_engine_get_services (device.engine), 1);
  g_assert_cmpstr (peerup_service_get_name (service), ==, "two");
  g_assert_false (peerup_service_get_enabled (service));
  home_configure (device.home, "");
  spin_while_not (has_no_service, device.engine);
  g_clear_object (&service);
  device_stop (&device);
}

static guint64
get_stream_limit (PeerupEngine *engine)
{
  return peerup_limits_get_settings (peerup_engine_get_limits (engine))->values[PEERUP_LIMIT_STREAMS_PER_PEER];
}

static gboolean
is_limited_to_seven (gpointer engine)
{
  return get_stream_limit (engine) == 7;
}

static gboolean
is_not_limited_to_seven (gpointer engine)
{
  return !is_limited_to_seven (engine);
}

/* Those of the machine, those of the file while they stand there, and those of the machine again. */
static void
test_limits_are_followed (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  guint64 usual = get_stream_limit (device.engine);

  g_assert_cmpuint (usual, >=, 2048);
  home_limit (device.home, "streams_per_peer: 7");
  spin_while_not (is_limited_to_seven, device.engine);
  home_limit (device.home, "");
  spin_while_not (is_not_limited_to_seven, device.engine);
  g_assert_cmpuint (get_stream_limit (device.engine), ==, usual);
  device_stop (&device);
}

static gboolean
has_problem (gpointer engine)
{
  g_auto (GStrv) problems = peerup_engine_dup_problems (engine);

  return g_strv_length (problems) == 1;
}

static gboolean
has_no_problem (gpointer engine)
{
  return !has_problem (engine);
}

static void
test_broken_config_is_a_problem_until_it_is_mended (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);

  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*config.yaml:*the old configuration stays in force");
  home_configure (device.home, "services: [\n");
  spin_while_not (has_problem, device.engine);
  g_test_assert_expected_messages ();
  home_configure (device.home, "");
  spin_while_not (has_no_problem, device.engine);
  device_stop (&device);
}

static gboolean
listens_on_two (gpointer engine)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);

  return g_strv_length (addresses) == 2;
}

/* The problem names the keys that are missing, and is over when they are there. */
static void
test_websocket_certificate (void)
{
  g_auto (WebCertificate) certificate = { 0 };
  g_autoptr (Home) home = home_new ();
  const char *addresses = "/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/tcp/0/wss";
  Device device;

  web_certificate_init (&certificate);
  home_listen (home, addresses);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING,
                         "Not listening on *wss*: *set network.websocket.certificate_file and *.key_file");
  device = device_start (g_steal_pointer (&home), PEERUP_ENGINE_DEFAULT);
  g_test_assert_expected_messages ();
  g_assert_true (has_problem (device.engine));
  home_listen_with (device.home, addresses, certificate.certificate_file, certificate.key_file);
  spin_while_not (listens_on_two, device.engine);
  g_assert_false (has_problem (device.engine));
  device_stop (&device);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_engine_start_finish (PEERUP_ENGINE (source), result, &error));
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
on_pinged (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (peerup_engine_ping_finish (PEERUP_ENGINE (source), result, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  *(gboolean *) data = TRUE;
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (peerup_engine_stop_finish (PEERUP_ENGINE (source), result, NULL));
  *(gboolean *) data = TRUE;
}

static gboolean
is_set (gpointer flag)
{
  return *(gboolean *) flag;
}

static void
test_gio_calls (void)
{
  g_autoptr (Home) home = home_new ();
  g_autoptr (PeerupEngine) engine = peerup_engine_new (home->config, PEERUP_ENGINE_DEFAULT);
  gboolean done[3] = { FALSE };

  peerup_engine_start_async (engine, NULL, on_started, &done[0]);
  spin_while_not (is_set, &done[0]);
  peerup_engine_ping_async (engine, "nobody", NULL, on_pinged, &done[1]);
  spin_while_not (is_set, &done[1]);
  peerup_engine_stop_async (engine, NULL, on_stopped, &done[2]);
  spin_while_not (is_set, &done[2]);
}

/* An address that is taken is trouble as long as it is configured, and asks for no restart when
 * it no longer is: nothing was open there. */
static void
test_taken_address (void)
{
  g_autoptr (GSocketListener) taken = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (taken, NULL, NULL);
  g_autofree char *addresses = g_strdup_printf ("/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.1/tcp/%u", port);
  g_autoptr (Home) home = home_new ();
  GPtrArray *configured;
  Device device;

  home_listen (home, addresses);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING,
                         "Not listening on /ip4/127.0.0.1/tcp/*: *another program*");
  device = device_start (g_steal_pointer (&home), PEERUP_ENGINE_DEFAULT);
  g_test_assert_expected_messages ();
  configured = peerup_engine_get_configured_addresses (device.engine);
  g_assert_cmpuint (configured->len, ==, 2);
  g_assert_null (peerup_engine_get_listen_error (device.engine, configured->pdata[0]));
  g_assert_nonnull (peerup_engine_get_listen_error (device.engine, configured->pdata[1]));
  g_assert_true (has_problem (device.engine));
  home_configure (device.home, "");
  spin_while_not (has_no_problem, device.engine);
  configured = peerup_engine_get_configured_addresses (device.engine);
  g_assert_cmpuint (configured->len, ==, 1);
  g_socket_listener_close (taken);
  device_stop (&device);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/start-and-stop", test_start_and_stop);
  g_test_add_func ("/engine/runs-again", test_runs_again_after_a_stop);
  g_test_add_func ("/engine/bad-files", test_start_fails_on_bad_files);
  g_test_add_func ("/engine/stop-while-starting", test_stop_while_starting);
  g_test_add_func ("/engine/no-configuration", test_without_a_configuration);
  g_test_add_func ("/engine/ping-and-peers", test_ping_and_peers);
  g_test_add_func ("/engine/concurrent-pings", test_concurrent_pings);
  g_test_add_func ("/engine/bad-peers", test_bad_peers);
  g_test_add_func ("/engine/stranger", test_stranger_is_refused);
  g_test_add_func ("/engine/forward", test_forward);
  g_test_add_func ("/engine/forward-refusals", test_forward_refusals);
  g_test_add_func ("/engine/config-changes", test_config_changes_are_followed);
  g_test_add_func ("/engine/limits", test_limits_are_followed);
  g_test_add_func ("/engine/websocket-certificate", test_websocket_certificate);
  g_test_add_func ("/engine/broken-config", test_broken_config_is_a_problem_until_it_is_mended);
  g_test_add_func ("/engine/gio", test_gio_calls);
  g_test_add_func ("/engine/taken-address", test_taken_address);
  return g_test_run ();
}
