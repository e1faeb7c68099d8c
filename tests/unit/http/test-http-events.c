/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Event streams: a connection whose host has nothing else, and a client at the other end of a socket pair. */
#include "http/peerup-http-events.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST "GET /v1/events HTTP/1.1\r\nHost: x\r\n"

typedef struct
{
  PeerupReactor *reactor;
  PeerupHttpTimes times;
  PeerupHttpHost host;
  PeerupHttpEvents *events;
  guint n_connections;
  guint n_followed;
} Fixture;

static PeerupHttpResponse *
check (PeerupHttpReader *reader, gpointer data)
{
  return NULL;
}

static DexFuture *
answer (PeerupHttpReader *reader, PeerupCaller **caller, gpointer data)
{
  return peerup_http_response_to_future (
    peerup_http_response_new_stream (peerup_http_reader_get_field (reader, "Last-Event-ID")));
}

static gboolean
stream (PeerupHttpConnection *connection, const char *last_event_id, gpointer data)
{
  Fixture *self = data;

  self->n_followed++;
  return peerup_http_events_add (self->events, connection, last_event_id);
}

static void
gone (PeerupHttpConnection *connection, gpointer data)
{
  Fixture *self = data;

  peerup_http_events_remove (self->events, connection);
  self->n_connections--;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  gint64 minute = 60 * (gint64) G_USEC_PER_SEC;

  self->reactor = peerup_reactor_ref_default ();
  self->times = (PeerupHttpTimes) { minute, minute, minute, minute };
  self->host = (PeerupHttpHost) { check, answer, stream, gone, &self->times, self };
  self->events = peerup_http_events_new ("abcd0123");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  while (self->n_connections > 0)
    g_main_context_iteration (NULL, TRUE);
  peerup_http_events_free (self->events);
  peerup_reactor_unref (self->reactor);
}

/* The client's end, which has asked already. */
static int
follow (Fixture *self, const char *fields)
{
  g_autofree char *request = g_strconcat (REQUEST, fields, "\r\n", NULL);
  g_autoptr (GError) error = NULL;
  guint n_followed = self->n_followed;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  g_assert_nonnull (peerup_http_connection_new (fds[0], self->reactor, &self->host, &error));
  self->n_connections++;
  g_assert_cmpint (send (fds[1], request, strlen (request), MSG_NOSIGNAL), ==, strlen (request));
  while (self->n_followed == n_followed)
    g_main_context_iteration (NULL, TRUE);
  return fds[1];
}

static gboolean
on_fd (int fd, GIOCondition condition, gpointer data)
{
  return G_SOURCE_CONTINUE;
}

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

/* Up to @end, or where that is NULL to the end of the stream. */
static char *
receive_until (int fd, const char *end)
{
  GString *text = g_string_new (NULL);
  char buffer[65536];
  gssize n;

  while (end == NULL || !g_str_has_suffix (text->str, end))
    {
      n = receive (fd, buffer, sizeof buffer);
      if (n <= 0)
        break;
      g_string_append_len (text, buffer, n);
    }
  return g_string_free (text, FALSE);
}

static void
emit (Fixture *self, guint number, const char *text)
{
  g_autoptr (GVariant) data =
    g_variant_ref_sink (g_variant_new_parsed ("{'number': <%u>, 'text': <%s>}", number, text));

  peerup_http_events_emit (self->events, "PeerChanged", data);
}

static void
test_follow (Fixture *self, gconstpointer data)
{
  g_autofd int fd = follow (self, "");
  g_autofree char *text = NULL;

  emit (self, 1, "a\nb");
  emit (self, 2, "");
  text = receive_until (fd, "\"text\":\"\"}\n\n");
  g_assert_true (g_str_has_prefix (text, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"));
  g_assert_null (strstr (text, "Content-Length"));
  g_assert_true (g_str_has_suffix (text,
                                   "\r\n\r\nretry: 2000\n\n"
                                   "id: abcd0123-1\nevent: PeerChanged\ndata: {\"number\":1,\"text\":\"a\\nb\"}\n\n"
                                   "id: abcd0123-2\nevent: PeerChanged\ndata: {\"number\":2,\"text\":\"\"}\n\n"));
}

static void
test_come_back (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *fields;
    const char *first;
  } cases[] = {
    { "Last-Event-ID: abcd0123-299\r\n", "id: abcd0123-300\nevent: PeerChanged\n" },
    { "Last-Event-ID: abcd0123-44\r\n", "id: abcd0123-45\nevent: PeerChanged\n" },
    { "Last-Event-ID: abcd0123-43\r\n", "id: abcd0123-300\nevent: Lost\ndata: {}\n" },
    { "Last-Event-ID: abcd0123-301\r\n", "id: abcd0123-300\nevent: Lost\ndata: {}\n" },
    { "Last-Event-ID: abcd0124-299\r\n", "id: abcd0123-300\nevent: Lost\ndata: {}\n" },
    { "Last-Event-ID: x\r\n", "id: abcd0123-300\nevent: Lost\ndata: {}\n" },
    { "Last-Event-ID: abcd0123-300\r\n", "id: abcd0123-301\nevent: PeerChanged\n" },
    { "", "id: abcd0123-302\nevent: PeerChanged\n" },
  };

  for (guint i = 1; i <= 300; i++)
    emit (self, i, "x");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofd int fd = follow (self, cases[i].fields);
      g_autofree char *text = NULL;
      const char *body;

      if (i >= 6)
        emit (self, 300, "x");
      text = receive_until (fd, "}\n\n");
      body = strstr (text, "retry: 2000\n\n");
      g_assert_nonnull (body);
      if (!g_str_has_prefix (body + strlen ("retry: 2000\n\n"), cases[i].first))
        g_error ("%s got %.200s", cases[i].fields, body);
    }
}

static void
test_slow_reader (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (10000, 'x');
  g_autofree char *text = NULL;
  g_autofd int slow = follow (self, "");
  g_autofd int quick = follow (self, "");

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *got = NULL;

      emit (self, i, large);
      got = receive_until (quick, "\"}\n\n");
    }
  text = receive_until (slow, NULL);
  g_assert_true (g_str_has_suffix (text, "\n\n: this stream ends here, as it was read too slowly\n\n"));
  g_assert_cmpuint (strlen (text), <, 100 * strlen (large));
  g_assert_cmpuint (peerup_http_events_get_n_streams (self->events), ==, 1);
}

static void
test_heartbeat (Fixture *self, gconstpointer data)
{
  g_autofd int fd = -1;
  g_autofree char *text = NULL;

  self->times.heartbeat = G_USEC_PER_SEC / 20;
  fd = follow (self, "");
  text = receive_until (fd, "\n\n:\n\n:\n\n");
  g_assert_true (g_str_has_suffix (text, "retry: 2000\n\n:\n\n:\n\n"));
}

static void
test_client_goes (Fixture *self, gconstpointer data)
{
  int fd = follow (self, "");

  close (fd);
  while (peerup_http_events_get_n_streams (self->events) > 0)
    g_main_context_iteration (NULL, TRUE);
  emit (self, 1, "");
}

#define ADD(path, func) g_test_add ("/http/events/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("follow", test_follow);
  ADD ("come-back", test_come_back);
  ADD ("slow-reader", test_slow_reader);
  ADD ("heartbeat", test_heartbeat);
  ADD ("client-goes", test_client_goes);

  return g_test_run ();
}
