/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The HTTP face for monitoring, around libsoup's server. That one knows neither a timeout nor
 * a number of connections, so connections are accepted here and handed to it one by one,
 * each with a deadline; at the deadline its socket is shut down, which libsoup takes for a
 * client that went. Lives from peerup_observer_server_new() until it is freed, not from inside a page.
 */
#include "observe/peerup-observer-server.h"

#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/peerup-listener.h"

/* Of a socket, on the address of its other end. */
#define SOCKET_KEY "peerup-socket"

typedef struct
{
  const char *path;
  gboolean local_only;
  PeerupObserverFunc func;
  gpointer data;
} Page;

/* A connection, from the accept until libsoup drops it or it is cut. */
typedef struct
{
  PeerupObserverServer *server;
  GSocketConnection *stream; /* borrowed: the weak reference tells when libsoup lets go */
  GSource *timeout;
  GList link;
} Client;

struct _PeerupObserverServer
{
  PeerupListener *listener;
  SoupServer *soup;
  GArray *pages;  /* of Page */
  GQueue clients; /* linked through them, oldest first */
  gint64 timeout;
  gboolean is_loopback;
};

static void on_stream_gone (gpointer data, GObject *stream);

static void
client_forget (Client *self)
{
  g_queue_unlink (&self->server->clients, &self->link);
  g_source_destroy (self->timeout);
  g_source_unref (self->timeout);
  g_free (self);
}

static void
on_stream_gone (gpointer data, GObject *stream)
{
  client_forget (data);
}

/* libsoup reads the end of the stream, and closes, which resets: the kernel keeps no answer for who
 * does not take it. */
static void
client_cut (Client *self)
{
  GSocketConnection *stream = self->stream;
  GSocket *socket = g_socket_connection_get_socket (stream);
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  g_object_weak_unref (G_OBJECT (stream), on_stream_gone, self);
  client_forget (self);
  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static gboolean
on_timeout (gpointer data)
{
  client_cut (data);
  return G_SOURCE_REMOVE;
}

static void
client_add (PeerupObserverServer *server, GSocketConnection *stream)
{
  Client *self = g_new0 (Client, 1);

  self->server = server;
  self->stream = stream;
  g_object_weak_ref (G_OBJECT (stream), on_stream_gone, self);
  self->link.data = self;
  g_queue_push_tail_link (&server->clients, &self->link);
  self->timeout = g_timeout_source_new (server->timeout / 1000);
  g_source_set_callback (self->timeout, on_timeout, self, NULL);
  g_source_attach (self->timeout, g_main_context_get_thread_default ());
}

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  PeerupObserverServer *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (GSocketAddress) local = NULL;
  g_autoptr (GSocketAddress) remote = NULL;

  if (socket == NULL)
    {
      close (fd);
      return;
    }
  local = g_socket_get_local_address (socket, NULL);
  remote = g_socket_get_remote_address (socket, NULL);
  if (local == NULL || remote == NULL)
    return;
  if (self->clients.length >= PEERUP_OBSERVER_CONNECTIONS_MAX)
    client_cut (g_queue_peek_head (&self->clients));
  /* The one thing of ours that libsoup shows with a request. */
  g_object_set_data_full (G_OBJECT (remote), SOCKET_KEY, g_object_ref (socket), g_object_unref);
  stream = g_socket_connection_factory_create_connection (socket);
  client_add (self, stream);
  if (!soup_server_accept_iostream (self->soup, G_IO_STREAM (stream), local, remote, &error))
    g_debug ("A connection of a watching program was not taken: %s", error->message);
}

/* Requests */

static void
answer_text (SoupServerMessage *message, guint status, const char *text)
{
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "text/plain; charset=utf-8", SOUP_MEMORY_STATIC, text, strlen (text));
}

static gboolean
is_from_here (SoupServerMessage *message)
{
  GInetSocketAddress *remote = G_INET_SOCKET_ADDRESS (soup_server_message_get_remote_address (message));
  GInetAddress *address = g_inet_socket_address_get_address (remote);

  return g_inet_address_get_is_loopback (address);
}

static gboolean
names_this_machine (SoupServerMessage *message)
{
  const char *host = g_uri_get_host (soup_server_message_get_uri (message));

  return g_ascii_strcasecmp (host, "localhost") == 0 || g_hostname_is_ip_address (host);
}

static const Page *
find_page (PeerupObserverServer *self, const char *path)
{
  for (guint i = 0; i < self->pages->len; i++)
    if (g_str_equal (g_array_index (self->pages, Page, i).path, path))
      return &g_array_index (self->pages, Page, i);
  return NULL;
}

static void
answer_page (const Page *page, SoupServerMessage *message)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);
  PeerupObserverAnswer answer = { SOUP_STATUS_OK, NULL, NULL };

  page->func (soup_message_headers_get_list (request, "Accept"), &answer, page->data);
  g_assert (answer.content_type != NULL && answer.body != NULL);
  soup_server_message_set_status (message, answer.status, NULL);
  soup_message_headers_replace (response, "Cache-Control", "no-store");
  soup_server_message_set_response (message, answer.content_type, SOUP_MEMORY_TAKE, answer.body, strlen (answer.body));
}

/* A body that never ends is worth no answer but its end: what reads it meets the end of the stream. */
static void
refuse_large_body (SoupServerMessage *message)
{
  SoupMessageHeaders *request = soup_server_message_get_request_headers (message);
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  SoupEncoding encoding = soup_message_headers_get_encoding (request);

  if (encoding == SOUP_ENCODING_CHUNKED ||
      (encoding == SOUP_ENCODING_CONTENT_LENGTH &&
       soup_message_headers_get_content_length (request) > PEERUP_OBSERVER_BODY_MAX))
    g_socket_shutdown (g_object_get_data (G_OBJECT (remote), SOCKET_KEY), TRUE, FALSE, NULL);
}

/* Everything that can be decided by the headers, so that no body is waited for where a refusal
 * would do. */
static void
on_headers (SoupServer *soup, SoupServerMessage *message, const char *path, GHashTable *query, gpointer data)
{
  PeerupObserverServer *self = data;
  const char *method = soup_server_message_get_method (message);
  const Page *page = find_page (self, path);
  SoupMessageHeaders *response = soup_server_message_get_response_headers (message);

  refuse_large_body (message);
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_message_headers_replace (response, "Connection", "close");
  /* A range of what is never twice the same helps nobody. */
  soup_message_headers_remove (soup_server_message_get_request_headers (message), "Range");
  if (self->is_loopback && !names_this_machine (message))
    answer_text (message, SOUP_STATUS_FORBIDDEN,
                 "This page is for the machine itself: ask for it at 127.0.0.1, [::1] or localhost.\n");
  else if (page == NULL)
    answer_text (message, SOUP_STATUS_NOT_FOUND, "There is no such page.\n");
  else if (page->local_only && !is_from_here (message))
    answer_text (message, SOUP_STATUS_FORBIDDEN, "This page is for programs of the same machine.\n");
  else if (!g_str_equal (method, SOUP_METHOD_GET) && !g_str_equal (method, SOUP_METHOD_HEAD))
    {
      soup_message_headers_replace (response, "Allow", "GET, HEAD");
      answer_text (message, SOUP_STATUS_METHOD_NOT_ALLOWED, "Ask with GET or HEAD.\n");
    }
  else
    answer_page (page, message);
}

PeerupObserverServer *
peerup_observer_server_new (const char *address, guint port, GError **error)
{
  g_autoptr (PeerupObserverServer) self = g_new0 (PeerupObserverServer, 1);
  g_autoptr (GInetAddress) inet = address != NULL ? g_inet_address_new_from_string (address) : NULL;

  self->pages = g_array_new (FALSE, FALSE, sizeof (Page));
  g_queue_init (&self->clients);
  self->timeout = PEERUP_OBSERVER_TIMEOUT;
  self->is_loopback = address == NULL || (inet != NULL && g_inet_address_get_is_loopback (inet));
  self->listener = peerup_listener_new (address, port, on_accepted, self, error);
  if (self->listener == NULL)
    return NULL;
  self->soup = soup_server_new (NULL, NULL);
  soup_server_add_early_handler (self->soup, NULL, on_headers, self, NULL);
  return g_steal_pointer (&self);
}

void
peerup_observer_server_free (PeerupObserverServer *self)
{
  g_return_if_fail (self != NULL);

  g_clear_pointer (&self->listener, peerup_listener_free);
  if (self->soup != NULL)
    soup_server_disconnect (self->soup);
  while (self->clients.length > 0)
    client_cut (g_queue_peek_head (&self->clients));
  g_clear_object (&self->soup);
  g_array_unref (self->pages);
  g_free (self);
}

guint
peerup_observer_server_get_port (PeerupObserverServer *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return peerup_listener_get_port (self->listener);
}

void
peerup_observer_server_add_page (PeerupObserverServer *self, const char *path, gboolean local_only,
                                 PeerupObserverFunc func, gpointer data)
{
  Page page = { path, local_only, func, data };

  g_return_if_fail (self != NULL);
  g_return_if_fail (find_page (self, path) == NULL);

  g_array_append_val (self->pages, page);
}

void
peerup_observer_server_clear_pages (PeerupObserverServer *self)
{
  g_return_if_fail (self != NULL);

  g_array_set_size (self->pages, 0);
}

void
peerup_observer_server_set_timeout (PeerupObserverServer *self, gint64 microseconds)
{
  g_return_if_fail (self != NULL);

  self->timeout = microseconds;
}

guint
peerup_observer_server_get_n_connections (PeerupObserverServer *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->clients.length;
}

gboolean
peerup_observer_prefers_openmetrics (const char *accept)
{
  GSList *types = accept != NULL ? soup_header_parse_quality_list (accept, NULL) : NULL;
  gboolean found = FALSE;

  for (GSList *l = types; l != NULL; l = l->next)
    {
      const char *type = l->data;

      found = g_str_has_prefix (type, "application/openmetrics-text") && strstr (type, "version=1.0.0") != NULL;
      if (found || g_str_has_prefix (type, "text/plain") || g_str_has_prefix (type, "text/*"))
        break;
    }
  soup_header_free_list (types);
  return found;
}
