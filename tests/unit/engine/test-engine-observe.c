/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What programs see that watch an engine, and that there is nothing of it while it is off.
 */
#include <string.h>

#include "device.h"
#include "echo.h"
#include "engine/peerup-engine-metrics.h"

/* A listening socket on 127.0.0.1, and its port: one that the kernel gives nobody by itself, so that
 * it is still free a moment after the socket is closed. */
static GSocket *
take_port (guint *port)
{
  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (GSocket) socket =
        g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
      g_autoptr (GSocketAddress) address = NULL;

      *port = g_random_int_range (10000, 30000);
      address = g_inet_socket_address_new_from_string ("127.0.0.1", *port);
      if (g_socket_bind (socket, address, FALSE, NULL) && g_socket_listen (socket, NULL))
        return g_steal_pointer (&socket);
    }
  g_assert_not_reached ();
}

static guint
find_port (void)
{
  guint port;
  g_autoptr (GSocket) socket = take_port (&port);

  return port;
}

static char *
format_metrics (guint port, const char *more)
{
  return g_strdup_printf ("telemetry: {metrics: {enabled: true, listen_address: \"127.0.0.1:%u\"}}\n%s", port, more);
}

static gboolean
has_figures (gpointer engine)
{
  return peerup_engine_get_metrics (engine) != NULL;
}

static gboolean
has_no_observer (gpointer engine)
{
  return ((PeerupEngine *) engine)->observer == NULL;
}

static void
assert_line (PeerupEngine *engine, const char *line)
{
  g_autofree char *text = peerup_engine_metrics_write (peerup_engine_get_metrics (engine), PEERUP_METRICS_TEXT);
  g_autofree char *whole = g_strdup_printf ("\n%s\n", line);

  if (strstr (text, whole) == NULL)
    g_error ("no line “%s” in\n%s", line, text);
}

static void
test_off (void)
{
  g_autofree char *on = format_metrics (find_port (), "");
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);

  g_assert_true (has_no_observer (device.engine));
  g_assert_null (peerup_engine_get_metrics (device.engine));
  home_configure (device.home, on);
  spin_while_not (has_figures, device.engine);
  home_configure (device.home, "");
  spin_while_not (has_no_observer, device.engine);
  device_stop (&device);
}

/* What only dials opens no port, whatever its file says. */
static void
test_dial_only (void)
{
  g_autofree char *on = format_metrics (find_port (), "");
  Home *home = home_new ();
  Device device;

  home_configure (home, on);
  device = device_start (home, PEERUP_ENGINE_DIAL_ONLY);
  g_assert_true (has_no_observer (device.engine));
  device_stop (&device);
}

/* A pair with an echo service on the first, which is watched, and a connection to it through the second. */
typedef struct
{
  Device near;
  Device far;
  GSocketService *echo;
  GIOStream *stream;
  PeerupForward *forward;
} Pair;

static void
pair_start (Pair *self, const char *more)
{
  Home *near = home_new ();
  Home *far = home_new ();
  g_autofree char *config = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port;

  self->echo = echo_start (&port);
  config = g_strdup_printf ("services: {echo: {enabled: true, local_address: \"127.0.0.1:%u\"}}\n%s", port, more);
  home_authorize (near, far);
  home_configure (near, config);
  self->near = device_start (near, PEERUP_ENGINE_DEFAULT);
  self->far = device_start (far, PEERUP_ENGINE_DIAL_ONLY);
  addresses = peerup_engine_dup_listen_addresses (self->near.engine);
  self->forward = peerup_engine_add_forward (self->far.engine, addresses[0], "echo", "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  self->stream = echo_connect (self->forward);
  echo_assert (self->stream, "hello");
}

static void
pair_stop (Pair *self)
{
  g_clear_object (&self->stream);
  g_socket_service_stop (self->echo);
  g_socket_listener_close (G_SOCKET_LISTENER (self->echo));
  g_object_unref (self->echo);
  g_object_unref (self->forward);
  device_stop (&self->far);
  device_stop (&self->near);
}

static gboolean
has_no_service (gpointer engine)
{
  return g_list_model_get_n_items (peerup_engine_get_services (engine)) == 0;
}

/* Its figures stay when it is gone from the configuration: a counter never goes back. */
static void
test_service_that_goes (void)
{
  guint port = find_port ();
  g_autofree char *on = format_metrics (port, "");
  Pair pair;

  pair_start (&pair, on);
  assert_line (pair.near.engine, "peerup_proxy_bytes_total{direction=\"rx\",service=\"echo\"} 5");
  assert_line (pair.near.engine, "peerup_proxy_bytes_total{direction=\"tx\",service=\"echo\"} 5");
  assert_line (pair.near.engine, "peerup_proxy_active_connections{service=\"echo\"} 1");
  assert_line (pair.near.engine, "peerup_auth_decisions_total{decision=\"allow\"} 1");
  assert_line (pair.near.engine,
               "peerup_connected_peers{path_type=\"DIRECT\",transport=\"tcp\",ip_version=\"ipv4\"} 1");
  home_configure (pair.near.home, on);
  spin_while_not (has_no_service, pair.near.engine);
  assert_line (pair.near.engine, "peerup_proxy_bytes_total{direction=\"rx\",service=\"echo\"} 5");
  assert_line (pair.near.engine, "peerup_proxy_connections_total{service=\"echo\"} 1");
  assert_line (pair.near.engine, "peerup_proxy_active_connections{service=\"echo\"} 0");
  assert_line (pair.near.engine, "peerup_proxy_duration_seconds_count{service=\"echo\"} 1");
  pair_stop (&pair);
}

static gboolean
has_no_problem (gpointer engine)
{
  g_auto (GStrv) problems = peerup_engine_dup_problems (engine);

  return problems[0] == NULL;
}

static void
test_taken_port (void)
{
  guint port;
  g_autoptr (GSocket) socket = take_port (&port);
  g_autofree char *taken = format_metrics (port, "");
  g_autofree char *free_one = format_metrics (find_port (), "");
  g_autofree char *where = g_strdup_printf ("127.0.0.1:%u is used by another program", port);
  g_auto (GStrv) problems = NULL;
  Home *home = home_new ();
  Device device;

  home_configure (home, taken);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "/metrics is not to be had *");
  device = device_start (home, PEERUP_ENGINE_DEFAULT);
  g_test_assert_expected_messages ();
  problems = peerup_engine_dup_problems (device.engine);
  g_assert_cmpuint (g_strv_length (problems), ==, 1);
  g_assert_nonnull (strstr (problems[0], where));
  g_assert_nonnull (strstr (problems[0], device.home->config));
  home_configure (device.home, free_one);
  spin_while_not (has_no_problem, device.engine);
  device_stop (&device);
}

/* A thread that asks for /healthz. */
typedef struct
{
  guint port;
  char *answer;
  int done;
} Asking;

static gpointer
ask_thread (gpointer data)
{
  Asking *self = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  char buffer[4096];
  gsize n;

  g_socket_client_set_timeout (client, 60);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", self->port, NULL, NULL);
  if (connection != NULL &&
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), request, strlen (request),
                                 NULL, NULL, NULL) &&
      g_input_stream_read_all (g_io_stream_get_input_stream (G_IO_STREAM (connection)), buffer, sizeof buffer - 1, &n,
                               NULL, NULL))
    self->answer = g_strndup (buffer, n);
  g_atomic_int_set (&self->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gboolean
has_asked (gpointer data)
{
  return g_atomic_int_get (&((Asking *) data)->done);
}

static char *
ask_health (guint port)
{
  Asking asking = { port, NULL, FALSE };
  GThread *thread = g_thread_new ("watcher", ask_thread, &asking);

  spin_while_not (has_asked, &asking);
  g_thread_join (thread);
  g_assert_nonnull (asking.answer);
  return asking.answer;
}

/* The one that still has a stream says so while it ends. */
static void
test_health (void)
{
  guint port = find_port ();
  g_autofree char *config = g_strdup_printf ("health: {enabled: true, listen_address: \"127.0.0.1:%u\"}\n", port);
  g_autofree char *running = NULL;
  g_autofree char *stopping = NULL;
  g_autoptr (GError) error = NULL;
  DexFuture *stopped;
  Pair pair;

  pair_start (&pair, config);
  g_assert_null (peerup_engine_get_metrics (pair.near.engine));
  running = ask_health (port);
  g_assert_true (g_str_has_prefix (running, "HTTP/1.1 200 OK\r\n"));
  g_assert_nonnull (strstr (running, "\r\n\r\n{\"status\":\"ok\",\"uptime_seconds\":"));
  g_assert_true (g_str_has_suffix (running, ",\"connected_peers\":1}\n"));
  stopped = peerup_engine_stop (pair.near.engine, NULL);
  stopping = ask_health (port);
  g_assert_true (g_str_has_prefix (stopping, "HTTP/1.1 503 Service Unavailable\r\n"));
  g_assert_nonnull (strstr (stopping, "\r\n\r\n{\"status\":\"draining\","));
  g_clear_object (&pair.stream);
  g_assert_true (await_true (stopped, &error));
  pair_stop (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/observe/off", test_off);
  g_test_add_func ("/engine/observe/dial-only", test_dial_only);
  g_test_add_func ("/engine/observe/service-that-goes", test_service_that_goes);
  g_test_add_func ("/engine/observe/taken-port", test_taken_port);
  g_test_add_func ("/engine/observe/health", test_health);
  return g_test_run ();
}
