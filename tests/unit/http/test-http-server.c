/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The server at a real socket, with routes of the test, asked by bytes. */
#include "http/peerup-http-server-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LARGE (8 * 1024 * 1024)

typedef struct
{
  char *directory;
  char *path;
  char *cookie_path;
  char *token;
  PeerupHttpServer *server;
  guint n_asked;
  guint n_left;
  DexPromise *held; /* what the slow handler waits for */
} Fixture;

static DexFuture *
handle_echo (PeerupHttpRequest *request, gpointer data)
{
  Fixture *fixture = data;
  const char *name = peerup_http_request_get_parameter (request, "name");
  const char *query = peerup_http_request_get_query (request, "x");
  GBytes *body = peerup_http_request_get_body (request);

  fixture->n_asked++;
  return peerup_http_response_to_future (peerup_http_response_new_take (
    200, PEERUP_HTTP_TEXT,
    g_strdup_printf ("%s %s name=%s x=%s text=%d body=%.*s", peerup_http_request_get_method (request),
                     peerup_http_request_get_pattern (request), name != NULL ? name : "-", query != NULL ? query : "-",
                     peerup_http_request_wants_text (request), (int) g_bytes_get_size (body),
                     (const char *) g_bytes_get_data (body, NULL))));
}

static DexFuture *
handle_large (PeerupHttpRequest *request, gpointer data)
{
  return peerup_http_response_to_future (
    peerup_http_response_new_take (200, PEERUP_HTTP_TEXT, g_strnfill (LARGE, 'x')));
}

static DexFuture *
handle_error (PeerupHttpRequest *request, gpointer data)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, "no peer is called “%s”",
                                peerup_http_request_get_query (request, "x"));
}

static void
on_left (PeerupCaller *caller, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_left++;
  if (dex_future_is_pending (DEX_FUTURE (fixture->held)))
    dex_promise_reject (fixture->held, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the caller left"));
}

static DexFuture *
handle_slow (PeerupHttpRequest *request, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_asked++;
  g_signal_connect (peerup_http_request_get_caller (request), "left", G_CALLBACK (on_left), fixture);
  return dex_ref (fixture->held);
}

static const PeerupHttpRoute routes[] = {
  { "GET", "/echo", handle_echo },         { "POST", "/echo", handle_echo },
  { "GET", "/echo/{name}", handle_echo },  { "DELETE", "/echo/{name}", handle_echo },
  { "GET", "/echo/special", handle_echo }, { "GET", "/large", handle_large },
  { "GET", "/slow", handle_slow },         { "GET", "/error", handle_error },
};

static void
set_up (Fixture *self, gconstpointer data)
{
  static const PeerupHttpTimes patient = { 60 * (gint64) G_USEC_PER_SEC, 60 * (gint64) G_USEC_PER_SEC,
                                           60 * (gint64) G_USEC_PER_SEC, 60 * (gint64) G_USEC_PER_SEC };
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("peerup-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "http.sock", NULL);
  self->cookie_path = g_build_filename (self->directory, "http.cookie", NULL);
  self->held = dex_promise_new ();
  self->server = peerup_http_server_new (NULL);
  peerup_http_server_set_times (self->server, data != NULL ? data : &patient);
  peerup_http_server_add_routes (self->server, routes, G_N_ELEMENTS (routes), self);
}

static void
listen_now (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  if (!peerup_http_server_listen (self->server, self->path, self->cookie_path, &error))
    g_error ("%s", error->message);
  g_file_get_contents (self->cookie_path, &self->token, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up_listening (Fixture *self, gconstpointer data)
{
  set_up (self, data);
  listen_now (self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_pointer (&self->server, peerup_http_server_free);
  g_assert_false (g_file_test (self->cookie_path, G_FILE_TEST_EXISTS));
  g_unlink (self->path);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_pointer (&self->held, dex_unref);
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->path);
  g_free (self->cookie_path);
  g_free (self->token);
}

/* Clients, in the same thread: what they wait for runs the server. */

static int
dial (Fixture *self)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  g_assert_cmpint (connect (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

static gboolean
on_fd (int fd, GIOCondition condition, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the server until something can be read, or the end is there. */
static gssize
receive (int fd, char *buffer, gsize size)
{
  guint source = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP, on_fd, NULL);
  gssize n;

  while ((n = recv (fd, buffer, size, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (source);
  return n;
}

static char *
receive_all (int fd)
{
  GString *text = g_string_new (NULL);
  char buffer[65536];
  gssize n;

  while ((n = receive (fd, buffer, sizeof buffer)) > 0)
    g_string_append_len (text, buffer, n);
  return g_string_free (text, FALSE);
}

static char *
receive_until (int fd, const char *end)
{
  GString *text = g_string_new (NULL);
  char buffer[4096];

  while (!g_str_has_suffix (text->str, end))
    {
      gssize n = receive (fd, buffer, sizeof buffer);

      if (n <= 0)
        g_error ("the end came before “%s” in “%s”", end, text->str);
      g_string_append_len (text, buffer, n);
    }
  return g_string_free (text, FALSE);
}

static void
send_text (int fd, const char *text)
{
  /* What a server has refused already may be cut. */
  for (gsize at = 0; at < strlen (text);)
    {
      gssize n = send (fd, text + at, strlen (text) - at, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (n < 0 && errno == EAGAIN)
        g_main_context_iteration (NULL, FALSE);
      else if (n < 0)
        return;
      else
        at += (gsize) n;
    }
}

static char *
request_text (Fixture *self, const char *line, const char *fields, const char *body)
{
  return g_strdup_printf ("%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%s\r\n%s", line, self->token,
                          fields, body);
}

static char *
ask_bytes (Fixture *self, const char *request)
{
  g_autofd int fd = dial (self);

  send_text (fd, request);
  return receive_all (fd);
}

/* The one request of a connection. */
static char *
ask (Fixture *self, const char *line, const char *fields, const char *body)
{
  g_autofree char *closing = g_strconcat ("Connection: close\r\n", fields, NULL);
  g_autofree char *request = request_text (self, line, closing, body);

  return ask_bytes (self, request);
}

static void
assert_status (const char *answer, guint status)
{
  g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", status);

  if (!g_str_has_prefix (answer, start))
    g_error ("“%.300s” and not %u", answer, status);
}

static void
assert_body (const char *answer, const char *body)
{
  const char *end = strstr (answer, "\r\n\r\n");

  g_assert_nonnull (end);
  g_assert_cmpstr (end + 4, ==, body);
}

static void
test_routes (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *line;
    const char *body;
  } cases[] = {
    { "GET /echo?x=a%20b+c", "GET /echo name=- x=a b c text=0 body=" },
    { "GET /echo?format=text&x", "GET /echo name=- x= text=1 body=" },
    { "GET /echo/%C3%A4%2Fb", "GET /echo/{name} name=ä/b x=- text=0 body=" },
    { "DELETE /echo/special", "DELETE /echo/{name} name=special x=- text=0 body=" },
    { "GET /echo/special", "GET /echo/special name=- x=- text=0 body=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = ask (self, cases[i].line, "", "");

      assert_status (answer, 200);
      assert_body (answer, cases[i].body);
    }
}

static void
test_wrong_routes (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *line;
    guint status;
  } cases[] = {
    { "GET /", 404 },         { "GET /echo/", 404 },      { "GET //echo", 404 },
    { "GET /echo/a/b", 404 }, { "PUT /echo", 405 },       { "PATCH /echo/a", 405 },
    { "OPTIONS /echo", 405 }, { "GET /echo?x=%ff", 400 }, { "GET /echo?x=1&x=2", 400 },
    { "GET /echo/%00", 400 }, { "GET /echo?=1", 400 },    { "GET /ECHO", 404 },
    { "get /echo", 405 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *answer = ask (self, cases[i].line, "", "");

      assert_status (answer, cases[i].status);
      g_assert_nonnull (strstr (answer, "\r\n\r\n{\"error\":\""));
      g_assert_true (g_str_has_suffix (answer, "\"}\n"));
      g_assert_true ((strstr (answer, "\r\nAllow: GET, HEAD") != NULL) == (cases[i].status == 405));
    }
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static void
test_head (Fixture *self, gconstpointer data)
{
  g_autofree char *answer = ask (self, "HEAD /echo", "", "");

  assert_status (answer, 200);
  g_assert_nonnull (strstr (answer, "\r\nContent-Length: 33\r\n"));
  assert_body (answer, "");
}

static void
test_error (Fixture *self, gconstpointer data)
{
  g_autofree char *answer = ask (self, "GET /error?x=%3Chome%3E&format=text", "", "");

  assert_status (answer, 404);
  assert_body (answer, "{\"error\":\"no peer is called “\\u003chome\\u003e”\"}\n");
}

static void
test_token (Fixture *self, gconstpointer data)
{
  g_autofree char *shorter = g_strndup (self->token, 63);
  g_autofree char *other = g_strdup (self->token);
  g_autofree char *cases[] = {
    g_strdup (""),
    g_strdup ("Authorization: Bearer\r\n"),
    g_strdup_printf ("Authorization: Bearer %s\r\n", shorter),
    g_strdup_printf ("Authorization: Bearer %sx\r\n", self->token),
    g_strdup_printf ("Authorization: bearer %s\r\n", self->token),
    g_strdup_printf ("Authorization: Bearer  %s\r\n", self->token),
    g_strdup_printf ("Authorization: Basic %s\r\n", self->token),
    g_strdup_printf ("X-Authorization: Bearer %s\r\n", self->token),
    NULL,
  };

  other[0] = other[0] == 'a' ? 'b' : 'a';
  cases[8] = g_strdup_printf ("Authorization: Bearer %s\r\n", other);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *request = g_strdup_printf ("GET /nowhere HTTP/1.1\r\nHost: x\r\n%s\r\n", cases[i]);
      g_autofree char *answer = ask_bytes (self, request);

      assert_status (answer, 401);
      g_assert_nonnull (strstr (answer, "\r\nWWW-Authenticate: Bearer\r\n"));
      g_assert_null (strstr (answer, self->token));
      if (i > 0)
        g_free (g_steal_pointer (&cases[i]));
    }
}

static void
test_origin (Fixture *self, gconstpointer data)
{
  g_autofree char *answer =
    ask (self, "POST /echo", "Origin: https://example.org\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n", "{}");
  g_autofree char *null_origin = ask (self, "GET /echo", "Origin: null\r\n", "");

  assert_status (answer, 403);
  assert_status (null_origin, 403);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static void
test_refused_before_body (Fixture *self, gconstpointer data)
{
  /* The answer comes though the body never ends. */
  g_autofree char *fields = g_strdup_printf ("Content-Length: %d\r\n", PEERUP_HTTP_BODY_MAX + 1);
  g_autofree char *answer = ask (self, "POST /echo", fields, "{");
  g_autofree char *head = g_strnfill (1024 * 1024, 'x');
  g_autofree char *large_head = NULL;
  g_autofree char *long_fields = g_strdup_printf ("X: %s\r\n", head);
  g_autofree char *body = g_strnfill (4 * PEERUP_HTTP_BODY_MAX, 'x');
  g_autofree char *body_fields = g_strdup_printf ("Content-Length: %zu\r\n", strlen (body));
  g_autofree char *large_body = ask (self, "POST /echo", body_fields, body);

  assert_status (answer, 413);
  assert_status (large_body, 413);
  large_head = ask (self, "GET /echo", long_fields, "");
  assert_status (large_head, 400);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static void
test_largest_body (Fixture *self, gconstpointer data)
{
  g_autofree char *body = g_strnfill (PEERUP_HTTP_BODY_MAX, 'b');
  g_autofree char *fields = g_strdup_printf ("Content-Length: %zu\r\n", strlen (body));
  g_autofree char *answer = ask (self, "POST /echo", fields, body);

  assert_status (answer, 200);
  g_assert_true (g_str_has_suffix (answer, body));
}

static void
test_continue (Fixture *self, gconstpointer data)
{
  g_autofree char *head =
    request_text (self, "POST /echo", "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n", "");
  g_autofree char *go_on = NULL;
  g_autofree char *answer = NULL;
  g_autofd int fd = dial (self);

  send_text (fd, head);
  go_on = receive_until (fd, "\r\n\r\n");
  g_assert_cmpstr (go_on, ==, "HTTP/1.1 100 Continue\r\n\r\n");
  send_text (fd, "hi");
  answer = receive_all (fd);
  assert_status (answer, 200);
  g_assert_true (g_str_has_suffix (answer, "body=hi"));
}

static void
test_single_bytes (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "POST /echo", "Connection: close\r\nContent-Length: 3\r\n", "abc");
  g_autofree char *answer = NULL;
  g_autofd int fd = dial (self);

  for (const char *p = request; *p != '\0'; p++)
    {
      g_assert_cmpint (send (fd, p, 1, MSG_NOSIGNAL), ==, 1);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  answer = receive_all (fd);
  assert_status (answer, 200);
  g_assert_true (g_str_has_suffix (answer, "body=abc"));
}

static void
test_pipeline (Fixture *self, gconstpointer data)
{
  g_autofree char *first = request_text (self, "GET /echo?x=1", "", "");
  g_autofree char *second = request_text (self, "POST /echo?x=2", "Content-Length: 1\r\n", "b");
  g_autofree char *third = request_text (self, "GET /echo?x=3", "Connection: close\r\n", "");
  g_autofree char *all = g_strconcat (first, second, third, NULL);
  g_autofree char *answer = ask_bytes (self, all);
  const char *one = strstr (answer, "x=1"), *two = strstr (answer, "x=2"), *three = strstr (answer, "x=3");

  g_assert_true (one != NULL && one < two && two < three);
  g_assert_cmpuint (self->n_asked, ==, 3);
}

static void
test_half_closed (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /slow", "", "");
  g_autofree char *answer = NULL;
  g_autofd int fd = dial (self);

  send_text (fd, request);
  shutdown (fd, SHUT_WR);
  while (self->n_asked == 0)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  /* It only has nothing more to say. */
  g_assert_cmpuint (self->n_left, ==, 0);
  dex_promise_reject (self->held, g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "no answer"));
  answer = receive_all (fd);
  assert_status (answer, 504);
  g_assert_cmpuint (self->n_left, ==, 1);
}

static void
test_client_goes (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /slow", "", "");
  int fd = dial (self);

  send_text (fd, request);
  /* More than the server reads while it works. */
  send_text (fd, request);
  while (self->n_asked == 0)
    g_main_context_iteration (NULL, TRUE);
  close (fd);
  while (self->n_left == 0 || peerup_http_server_get_n_connections (self->server) > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (dex_future_is_pending (DEX_FUTURE (self->held)));
}

static void
test_server_closes (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /slow", "", "");
  g_autofd int fd = dial (self);
  g_autofree char *answer = NULL;

  send_text (fd, request);
  while (self->n_asked == 0)
    g_main_context_iteration (NULL, TRUE);
  peerup_http_server_close (self->server);
  g_assert_cmpuint (self->n_left, ==, 1);
  answer = receive_all (fd);
  g_assert_cmpstr (answer, ==, "");
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

static void
test_large_answer (Fixture *self, gconstpointer data)
{
  g_autofree char *answer = ask (self, "GET /large", "", "");

  assert_status (answer, 200);
  g_assert_cmpuint (strlen (strstr (answer, "\r\n\r\n") + 4), ==, LARGE);
}

static void
test_client_goes_in_answer (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /large", "", "");
  char buffer[100];
  int fd = dial (self);

  send_text (fd, request);
  g_assert_cmpint (receive (fd, buffer, sizeof buffer), >, 0);
  close (fd);
  while (peerup_http_server_get_n_connections (self->server) > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_many (Fixture *self, gconstpointer data)
{
  int idle[PEERUP_HTTP_CONNECTIONS_MAX + 50];
  g_autofree char *keep = request_text (self, "GET /echo", "", "");
  g_autofree char *kept_answer = NULL;
  g_autofree char *kept_again = NULL;
  g_autofd int kept = dial (self);

  send_text (kept, keep);
  kept_answer = receive_until (kept, "body=");
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      idle[i] = dial (self);
      if (i % 3 == 0)
        send_text (idle[i], "GET /echo HTTP/1.1\r\nX: ");
      while (g_main_context_iteration (NULL, FALSE))
        ;
      if (i % 10 == 0)
        {
          g_autofree char *answer = ask (self, "GET /echo", "", "");

          assert_status (answer, 200);
        }
    }
  g_assert_cmpuint (peerup_http_server_get_n_connections (self->server), <=, PEERUP_HTTP_CONNECTIONS_MAX);
  /* Who has been served before is given up last. */
  send_text (kept, keep);
  kept_again = receive_until (kept, "body=");
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    close (idle[i]);
}

static const PeerupHttpTimes short_times = { G_USEC_PER_SEC / 10, G_USEC_PER_SEC / 10, G_USEC_PER_SEC / 10,
                                             G_USEC_PER_SEC / 10 };

static void
test_slow_head (Fixture *self, gconstpointer data)
{
  g_autofree char *nothing = ask_bytes (self, "");
  g_autofree char *begun = ask_bytes (self, "GET /echo HTTP/1.1\r\n");

  g_assert_cmpstr (nothing, ==, "");
  assert_status (begun, 408);
}

static void
test_slow_body (Fixture *self, gconstpointer data)
{
  g_autofree char *answer = ask (self, "POST /echo", "Content-Length: 2\r\n", "x");

  assert_status (answer, 408);
}

static void
test_idle (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /echo", "", "");
  g_autofree char *answer = ask_bytes (self, request);

  assert_status (answer, 200);
}

static void
test_stalled_reader (Fixture *self, gconstpointer data)
{
  g_autofree char *request = request_text (self, "GET /large", "", "");
  g_autofree char *got = NULL;
  g_autofd int fd = dial (self);

  send_text (fd, request);
  while (peerup_http_server_get_n_connections (self->server) == 0)
    g_main_context_iteration (NULL, TRUE);
  while (peerup_http_server_get_n_connections (self->server) > 0)
    g_main_context_iteration (NULL, TRUE);
  got = receive_all (fd);
  g_assert_cmpuint (strlen (got), <, LARGE);
}

/* Files */

static guint
mode_of (const char *path)
{
  struct stat info;

  g_assert_cmpint (lstat (path, &info), ==, 0);
  return info.st_mode & 0777;
}

static void
assert_refused (Fixture *self, PeerupError code, const char *path)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_http_server_listen (self->server, self->path, self->cookie_path, &error));
  g_assert_error (error, PEERUP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, path));
}

static void
test_files (Fixture *self, gconstpointer data)
{
  g_assert_cmpuint (mode_of (self->path), ==, 0600);
  g_assert_cmpuint (mode_of (self->cookie_path), ==, 0600);
  g_assert_cmpuint (strlen (self->token), ==, 64);
  g_assert_cmpuint (strspn (self->token, "0123456789abcdef"), ==, 64);
}

static void
test_second_server (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupHttpServer) second = peerup_http_server_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;

  g_assert_false (peerup_http_server_listen (second, self->path, self->cookie_path, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "already"));
  g_clear_pointer (&second, peerup_http_server_free);
  answer = ask (self, "GET /echo", "", "");
  assert_status (answer, 200);
}

static void
test_stale_socket (Fixture *self, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_autofree char *answer = NULL;
  mode_t mask;

  g_strlcpy (address.sun_path, self->path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  close (fd);
  g_assert_true (g_file_set_contents (self->cookie_path, "old", -1, NULL));
  g_assert_cmpint (chmod (self->cookie_path, 0644), ==, 0);
  /* Its mode has nothing to do with that of the process. */
  mask = umask (0);
  listen_now (self);
  umask (mask);
  g_assert_cmpuint (mode_of (self->path), ==, 0600);
  g_assert_cmpuint (mode_of (self->cookie_path), ==, 0600);
  answer = ask (self, "GET /echo", "", "");
  assert_status (answer, 200);
}

static void
await_socket (Fixture *self)
{
  while (!g_file_test (self->path, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, TRUE);
}

/* It is made anew, and takes the same token; a token's file that went with it comes again. */
static void
test_removed (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *token = NULL;
      g_autofree char *answer = NULL;

      if (i == 2)
        g_assert_cmpint (g_unlink (self->cookie_path), ==, 0);
      g_assert_cmpint (g_unlink (self->path), ==, 0);
      await_socket (self);
      g_assert_cmpuint (mode_of (self->path), ==, 0600);
      g_assert_cmpuint (mode_of (self->cookie_path), ==, 0600);
      g_assert_true (g_file_get_contents (self->cookie_path, &token, NULL, NULL));
      g_assert_cmpstr (token, ==, self->token);
      answer = ask (self, "GET /echo", "", "");
      assert_status (answer, 200);
    }
  peerup_http_server_close (self->server);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

static void
test_file_in_the_way (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (self->path, "precious", -1, NULL));
  assert_refused (self, PEERUP_ERROR_PERMISSION, self->path);
  g_clear_pointer (&self->server, peerup_http_server_free);
  g_assert_true (g_file_get_contents (self->path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
}

static void
test_cookie_is_link (Fixture *self, gconstpointer data)
{
  g_autofree char *target = g_build_filename (self->directory, "target", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (target, "precious", -1, NULL));
  g_assert_cmpint (symlink (target, self->cookie_path), ==, 0);
  assert_refused (self, PEERUP_ERROR_PERMISSION, self->cookie_path);
  g_clear_pointer (&self->server, peerup_http_server_free);
  g_assert_true (g_file_get_contents (target, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
  g_assert_cmpint (g_unlink (self->cookie_path), ==, 0);
  g_assert_cmpint (g_unlink (target), ==, 0);
  /* The socket that it had made already is gone, too. */
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

#define ADD(path, times, begin, func) g_test_add ("/http/server/" path, Fixture, times, begin, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("routes", NULL, set_up_listening, test_routes);
  ADD ("wrong-routes", NULL, set_up_listening, test_wrong_routes);
  ADD ("head", NULL, set_up_listening, test_head);
  ADD ("error", NULL, set_up_listening, test_error);
  ADD ("token", NULL, set_up_listening, test_token);
  ADD ("origin", NULL, set_up_listening, test_origin);
  ADD ("refused-before-body", NULL, set_up_listening, test_refused_before_body);
  ADD ("largest-body", NULL, set_up_listening, test_largest_body);
  ADD ("continue", NULL, set_up_listening, test_continue);
  ADD ("single-bytes", NULL, set_up_listening, test_single_bytes);
  ADD ("pipeline", NULL, set_up_listening, test_pipeline);
  ADD ("half-closed", NULL, set_up_listening, test_half_closed);
  ADD ("client-goes", NULL, set_up_listening, test_client_goes);
  ADD ("client-goes-in-answer", NULL, set_up_listening, test_client_goes_in_answer);
  ADD ("server-closes", NULL, set_up_listening, test_server_closes);
  ADD ("large-answer", NULL, set_up_listening, test_large_answer);
  ADD ("many", NULL, set_up_listening, test_many);
  ADD ("slow-head", &short_times, set_up_listening, test_slow_head);
  ADD ("slow-body", &short_times, set_up_listening, test_slow_body);
  ADD ("idle", &short_times, set_up_listening, test_idle);
  ADD ("stalled-reader", &short_times, set_up_listening, test_stalled_reader);
  ADD ("files", NULL, set_up_listening, test_files);
  ADD ("removed", NULL, set_up_listening, test_removed);
  ADD ("second-server", NULL, set_up_listening, test_second_server);
  ADD ("stale-socket", NULL, set_up, test_stale_socket);
  ADD ("file-in-the-way", NULL, set_up, test_file_in_the_way);
  ADD ("cookie-is-link", NULL, set_up, test_cookie_is_link);

  return g_test_run ();
}
