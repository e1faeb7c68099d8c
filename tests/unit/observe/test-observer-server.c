/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The server on a real port, asked by bytes: a thread plays the clients, so that they may
 * block, while the main context runs the server. */
#include "observe/peerup-observer-server.h"

#include <string.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
/* Seconds after which a client gives up waiting: far more than anything takes. */
#define PATIENCE 60

typedef struct
{
  PeerupObserverServer *server;
  guint port;
  guint n_asked;
  char *accept; /* as the page was told */
} Fixture;

static void
figures (const char *accept, PeerupObserverAnswer *answer, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_asked++;
  g_set_str (&fixture->accept, accept);
  answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer->body = g_strdup ("figures 1\n");
}

static void
large (const char *accept, PeerupObserverAnswer *answer, gpointer data)
{
  answer->content_type = "text/plain";
  answer->body = g_strnfill (32 * 1024 * 1024, 'x');
}

static void
health (const char *accept, PeerupObserverAnswer *answer, gpointer data)
{
  answer->status = 503;
  answer->content_type = "application/json";
  answer->body = g_strdup ("{\"status\":\"draining\"}\n");
}

static void
set_up_at (Fixture *fixture, const char *address)
{
  g_autoptr (GError) error = NULL;

  fixture->server = peerup_observer_server_new (address, 0, &error);
  g_assert_no_error (error);
  fixture->port = peerup_observer_server_get_port (fixture->server);
  peerup_observer_server_add_page (fixture->server, "/metrics", FALSE, figures, fixture);
  peerup_observer_server_add_page (fixture->server, "/healthz", TRUE, health, fixture);
  peerup_observer_server_add_page (fixture->server, "/large", FALSE, large, fixture);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  set_up_at (fixture, data);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->server, peerup_observer_server_free);
  g_free (fixture->accept);
}

static GSocket *
dial_at (const char *host, guint port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, port);
  g_autoptr (GError) error = NULL;
  GSocket *socket =
    g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_socket_set_timeout (socket, PATIENCE);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return socket;
}

static GSocket *
dial (Fixture *fixture)
{
  return dial_at ("127.0.0.1", fixture->port);
}

/* FALSE once the server has cut. */
static gboolean
send_all (GSocket *socket, const char *data, gsize length)
{
  while (length > 0)
    {
      gssize n = g_socket_send (socket, data, length, NULL, NULL);

      if (n <= 0)
        return FALSE;
      data += n;
      length -= n;
    }
  return TRUE;
}

/* Until the server closes, or cuts. */
static char *
receive_all (GSocket *socket)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  char buffer[4096];
  gssize n;

  while ((n = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error)) > 0)
    g_string_append_len (text, buffer, n);
  g_assert_false (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
  return g_string_free_and_steal (text);
}

/* What a client does, in a thread of its own. */
typedef char *(*Play) (Fixture *fixture, gconstpointer data);

typedef struct
{
  Fixture *fixture;
  Play play;
  gconstpointer data;
  char *result;
  int done;
} Stage;

static gpointer
play_thread (gpointer data)
{
  Stage *stage = data;

  stage->result = stage->play (stage->fixture, stage->data);
  g_atomic_int_set (&stage->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static char *
perform (Fixture *fixture, Play play, gconstpointer data)
{
  Stage stage = { fixture, play, data, NULL, FALSE };
  GThread *thread = g_thread_new ("client", play_thread, &stage);

  while (!g_atomic_int_get (&stage.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  return stage.result;
}

static char *
play_request (Fixture *fixture, gconstpointer request)
{
  g_autoptr (GSocket) socket = dial (fixture);

  send_all (socket, request, strlen (request));
  return receive_all (socket);
}

static char *
ask (Fixture *fixture, const char *request)
{
  return perform (fixture, play_request, request);
}

static void
assert_status (const char *answer, const char *status)
{
  g_autofree char *line = g_strdup_printf ("HTTP/1.1 %s\r\n", status);

  if (!g_str_has_prefix (answer, line))
    g_error ("“%s” and not %s", answer, status);
}

static void
assert_has (const char *answer, const char *line)
{
  g_autofree char *whole = g_strdup_printf ("\r\n%s\r\n", line);

  if (strstr (answer, whole) == NULL)
    g_error ("no line “%s” in “%s”", line, answer);
}

static void
test_get (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = ask (fixture, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n");

  assert_status (answer, "200 OK");
  assert_has (answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
  assert_has (answer, "Content-Length: 10");
  assert_has (answer, "Connection: close");
  assert_has (answer, "Cache-Control: no-store");
  g_assert_true (g_str_has_suffix (answer, "\r\n\r\nfigures 1\n"));
  g_assert_null (strstr (answer, "\r\nServer:"));
  g_assert_cmpuint (fixture->n_asked, ==, 1);
  g_assert_cmpstr (fixture->accept, ==, "text/plain");
}

static void
test_head (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = ask (fixture, "HEAD /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

  assert_status (answer, "200 OK");
  assert_has (answer, "Content-Length: 10");
  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n"));
  g_assert_null (fixture->accept);
}

static void
test_status_of_page (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = ask (fixture, GET ("/healthz"));

  assert_status (answer, "503 Service Unavailable");
  assert_has (answer, "Content-Type: application/json");
  g_assert_true (g_str_has_suffix (answer, "\r\n\r\n{\"status\":\"draining\"}\n"));
}

static void
test_query_and_old_clients (Fixture *fixture, gconstpointer data)
{
  static const char *const requests[] = {
    GET ("/metrics?name=x"),
    "GET /metrics HTTP/1.0\r\n\r\n",
    "GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: [::1]:9090\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: LOCALHOST:9090\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-1\r\n\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *answer = ask (fixture, requests[i]);

      if (strstr (answer, " 200 OK\r\n") == NULL || !g_str_has_suffix (answer, "\r\n\r\nfigures 1\n"))
        g_error ("“%s” got “%s”", requests[i], answer);
    }
}

static void
test_not_found (Fixture *fixture, gconstpointer data)
{
  static const char *const paths[] = { "/",           "/metric",  "/metrics/",  "//metrics",
                                       "/metrics%00", "/METRICS", "/x?/metrics" };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", paths[i]);
      g_autofree char *answer = ask (fixture, request);

      if (!g_str_has_prefix (answer, "HTTP/1.1 404 ") && !g_str_has_prefix (answer, "HTTP/1.1 400 "))
        g_error ("“%s” got “%s”", paths[i], answer);
    }
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

static void
test_methods (Fixture *fixture, gconstpointer data)
{
  static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "FROB" };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autofree char *request =
        g_strdup_printf ("%s /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nbody", methods[i]);
      g_autofree char *answer = ask (fixture, request);

      assert_status (answer, "405 Method Not Allowed");
      assert_has (answer, "Allow: GET, HEAD");
    }
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

/* A page of the web whose name leads here. */
static void
test_foreign_name (Fixture *fixture, gconstpointer data)
{
  static const char *const hosts[] = { "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9090" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *request = g_strdup_printf ("GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
      g_autofree char *answer = ask (fixture, request);

      assert_status (answer, "403 Forbidden");
    }
  g_assert_cmpuint (fixture->n_asked, ==, 0);
}

/* One that listens on all addresses is asked by whatever name it has. */
static void
test_any_name_elsewhere (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = ask (fixture, "GET /metrics HTTP/1.1\r\nHost: relay.example\r\n\r\n");

  assert_status (answer, "200 OK");
}

/* (nullable): an address of this machine that is not loopback. */
static char *
find_own_address (void)
{
  g_autoptr (GSocketAddress) far = g_inet_socket_address_new_from_string ("192.0.2.1", 9);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) local = NULL;

  /* Sends nothing: it only finds the way. */
  if (!g_socket_connect (socket, far, NULL, NULL))
    return NULL;
  local = g_socket_get_local_address (socket, NULL);
  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (local)));
}

static char *
play_from_outside (Fixture *fixture, gconstpointer address)
{
  g_autoptr (GSocket) socket = dial_at (address, fixture->port);

  send_all (socket, GET ("/healthz"), strlen (GET ("/healthz")));
  return receive_all (socket);
}

static void
test_local_only (Fixture *fixture, gconstpointer data)
{
  g_autofree char *address = find_own_address ();
  g_autofree char *near = ask (fixture, GET ("/healthz"));
  g_autofree char *far = NULL;

  assert_status (near, "503 Service Unavailable");
  if (address == NULL)
    {
      g_test_skip ("this machine has no address but loopback");
      return;
    }
  far = perform (fixture, play_from_outside, address);
  assert_status (far, "403 Forbidden");
}

/* Nothing of this may reach a page, or do more than end its connection. */
static void
test_bad_requests (Fixture *fixture, gconstpointer data)
{
  static const char *const requests[] = {
    "\r\n\r\n",
    "GET\r\n\r\n",
    "GET /metrics\r\n\r\n",
    "GET /metrics HTTP/9.9\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: nonsense\r\nTransfer-Encoding: what\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: :::::\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: \r\n\r\n",
    "GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "CONNECT example.com:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  };

  /* Some are only the beginning of a request, and end with their time. */
  peerup_observer_server_set_timeout (fixture->server, 100 * 1000);
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_autofree char *answer = ask (fixture, requests[i]);

      if (strstr (answer, "200 OK") != NULL)
        g_error ("“%s” got “%s”", requests[i], answer);
    }
  g_assert_cmpuint (fixture->n_asked, ==, 0);
  peerup_observer_server_set_timeout (fixture->server, PEERUP_OBSERVER_TIMEOUT);
  test_get (fixture, data);
}

static char *
play_half_request (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = dial (fixture);

  send_all (socket, "GET /metr", 9);
  g_socket_shutdown (socket, FALSE, TRUE, NULL);
  return receive_all (socket);
}

static void
test_half_request (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = perform (fixture, play_half_request, NULL);

  g_assert_null (strstr (answer, "200 OK"));
  test_get (fixture, data);
}

/* More than 100 KiB of headers, which is where libsoup stops. */
static char *
play_huge_headers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = dial (fixture);
  g_autofree char *line = g_strnfill (1000, 'a');
  gboolean alive = send_all (socket, "GET /metrics HTTP/1.1\r\n", 23);

  for (guint i = 0; i < 100000 && alive; i++)
    alive = send_all (socket, "X-A: ", 5) && send_all (socket, line, 1000) && send_all (socket, "\r\n", 2);
  g_assert_false (alive);
  return g_strdup ("");
}

static void
test_huge_headers (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = perform (fixture, play_huge_headers, NULL);

  test_get (fixture, data);
}

/* A body that is announced as endless, or has no announced end, is not read to its end. */
static char *
play_endless_body (Fixture *fixture, gconstpointer head)
{
  g_autoptr (GSocket) socket = dial (fixture);
  g_autofree char *chunk = g_strnfill (0x10000, 'b');
  gboolean alive = send_all (socket, head, strlen (head));

  for (guint i = 0; i < 4096 && alive; i++)
    alive = send_all (socket, "10000\r\n", 7) && send_all (socket, chunk, 0x10000) && send_all (socket, "\r\n", 2);
  g_assert_false (alive);
  return g_strdup ("");
}

static void
test_endless_body (Fixture *fixture, gconstpointer data)
{
  g_autofree char *chunked =
    perform (fixture, play_endless_body,
             "POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  g_autofree char *announced =
    perform (fixture, play_endless_body,
             "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000000\r\n\r\n");

  g_assert_cmpuint (fixture->n_asked, ==, 0);
  test_get (fixture, data);
}

/* One byte after the other, for ever: the deadline is of the whole connection. */
static char *
play_slow (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = dial (fixture);
  gint64 began = g_get_monotonic_time ();

  send_all (socket, "GET /metrics HTTP/1.1\r\nX: ", 26);
  while (g_get_monotonic_time () - began < PATIENCE * G_USEC_PER_SEC)
    {
      g_usleep (10 * 1000);
      if (!send_all (socket, "x", 1))
        return g_strdup ("cut");
    }
  return g_strdup ("for ever");
}

static void
test_slow_request (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = NULL;

  peerup_observer_server_set_timeout (fixture->server, 300 * 1000);
  answer = perform (fixture, play_slow, NULL);
  g_assert_cmpstr (answer, ==, "cut");
  peerup_observer_server_set_timeout (fixture->server, PEERUP_OBSERVER_TIMEOUT);
  test_get (fixture, data);
}

/* Asks for much and takes nothing of it: what the kernel has queued comes, and then the end. */
static char *
play_slow_reader (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = dial (fixture);
  g_autoptr (GError) error = NULL;

  send_all (socket, GET ("/large"), strlen (GET ("/large")));
  g_socket_condition_timed_wait (socket, G_IO_HUP | G_IO_ERR, PATIENCE * G_USEC_PER_SEC, NULL, &error);
  g_assert_no_error (error);
  return receive_all (socket);
}

static void
test_slow_reader (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = NULL;

  peerup_observer_server_set_timeout (fixture->server, 300 * 1000);
  answer = perform (fixture, play_slow_reader, NULL);
  g_assert_cmpuint (strlen (answer), <, 32 * 1024 * 1024);
  while (peerup_observer_server_get_n_connections (fixture->server) > 0)
    g_main_context_iteration (NULL, TRUE);
}

/* A hundred that say nothing: who asks comes through at once, and few are kept. */
static char *
play_hundred (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) idle = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 100; i++)
    {
      g_ptr_array_add (idle, dial (fixture));
      if (i % 2 == 0)
        send_all (g_ptr_array_index (idle, i), "GET /", 5);
    }
  return play_request (fixture, GET ("/metrics"));
}

static void
test_hundred_connections (Fixture *fixture, gconstpointer data)
{
  g_autofree char *answer = perform (fixture, play_hundred, NULL);

  assert_status (answer, "200 OK");
  g_assert_cmpuint (peerup_observer_server_get_n_connections (fixture->server), <=, PEERUP_OBSERVER_CONNECTIONS_MAX);
  while (peerup_observer_server_get_n_connections (fixture->server) > 0)
    g_main_context_iteration (NULL, TRUE);
}

static char *
play_connected (Fixture *fixture, gconstpointer data)
{
  GSocket **socket = (GSocket **) data;
  g_autofree char *answer = NULL;

  *socket = dial (fixture);
  /* What comes later is answered after the first was accepted. */
  answer = play_request (fixture, GET ("/metrics"));
  return g_strdup ("");
}

/* Whoever is connected when the server goes sees the end. */
static void
test_freed_with_connections (Fixture *fixture, gconstpointer data)
{
  GSocket *socket = NULL;
  g_autofree char *nothing = perform (fixture, play_connected, &socket);
  g_autofree char *rest = NULL;

  g_assert_cmpuint (peerup_observer_server_get_n_connections (fixture->server), >=, 1);
  g_clear_pointer (&fixture->server, peerup_observer_server_free);
  rest = receive_all (socket);
  g_assert_cmpstr (rest, ==, "");
  g_object_unref (socket);
}

static void
test_port_taken (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *where = g_strdup_printf ("127.0.0.1:%u", fixture->port);

  g_assert_null (peerup_observer_server_new ("127.0.0.1", fixture->port, &error));
  g_assert_nonnull (strstr (error->message, where));
  g_assert_nonnull (strstr (error->message, "choose another port"));
}

static void
test_accept (void)
{
  static const struct
  {
    const char *accept;
    gboolean openmetrics;
  } cases[] = {
    { NULL, FALSE },
    { "", FALSE },
    { "*/*", FALSE },
    { "text/plain", FALSE },
    { "text/html,application/xhtml+xml,*/*;q=0.8", FALSE },
    { "application/openmetrics-text", FALSE },
    { "application/openmetrics-text;version=0.0.1", FALSE },
    { "application/openmetrics-text;version=1.0.0", TRUE },
    { "application/openmetrics-text; version=1.0.0; charset=utf-8", TRUE },
    { "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      TRUE },
    { "application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", FALSE },
    { "application/openmetrics-text;version=1.0.0;q=0", FALSE },
    { "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3",
      TRUE },
    { ";;;,,,q=,;q=9", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (peerup_observer_prefers_openmetrics (cases[i].accept) != cases[i].openmetrics)
      g_error ("“%s”", cases[i].accept);
}

#define ADD(name, address, func) g_test_add ("/observe/server/" name, Fixture, address, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("get", NULL, test_get);
  ADD ("head", NULL, test_head);
  ADD ("status-of-page", NULL, test_status_of_page);
  ADD ("query-and-old-clients", NULL, test_query_and_old_clients);
  ADD ("not-found", NULL, test_not_found);
  ADD ("methods", NULL, test_methods);
  ADD ("foreign-name", "127.0.0.1", test_foreign_name);
  ADD ("any-name-elsewhere", "0.0.0.0", test_any_name_elsewhere);
  ADD ("local-only", "0.0.0.0", test_local_only);
  ADD ("bad-requests", NULL, test_bad_requests);
  ADD ("half-request", NULL, test_half_request);
  ADD ("huge-headers", NULL, test_huge_headers);
  ADD ("endless-body", NULL, test_endless_body);
  ADD ("slow-request", NULL, test_slow_request);
  ADD ("slow-reader", NULL, test_slow_reader);
  ADD ("hundred-connections", NULL, test_hundred_connections);
  ADD ("freed-with-connections", NULL, test_freed_with_connections);
  ADD ("port-taken", "127.0.0.1", test_port_taken);
  g_test_add_func ("/observe/server/accept", test_accept);
  return g_test_run ();
}
