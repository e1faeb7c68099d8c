/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The listening socket, its connections, and what every request must have before anything else is looked at: no Origin,
 * as no web page may speak to it, and the token. Where connections are many, those that say nothing make room.
 */
#include "http/peerup-http-server.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/peerup-http-events.h"
#include "http/peerup-http-server-private.h"
#include "service/peerup-activation.h"
#include "trust/peerup-file-watch.h"

/* Connections taken in one turn. */
#define ACCEPT_BATCH 64
/* Microseconds until the next try where the process is out of descriptors. */
#define ACCEPT_PAUSE (G_USEC_PER_SEC / 2)
/* Microseconds until another look at a socket that was removed: its directory may be made anew by somebody else. */
#define LOOK_PAUSE (5 * (gint64) G_USEC_PER_SEC)
#define HEARTBEAT  (15 * (gint64) G_USEC_PER_SEC)

struct _PeerupHttpServer
{
  PeerupControl *control; /* (nullable) */
  PeerupHttpRouter *router;
  PeerupHttpEvents *events;
  GBytes *description; /* (nullable): made when it is asked for first */
  PeerupHttpHost host;
  PeerupHttpTimes times;
  GPtrArray *connections; /* of PeerupHttpConnection, each dropped by itself */
  gboolean is_bare;

  PeerupReactor *reactor;
  PeerupWatch watch;
  PeerupTimer retry;
  PeerupFileWatch *place; /* (nullable): of the path */
  PeerupTimer again;      /* another look there */
  gboolean complained;    /* of a socket that cannot be made anew */
  int fd;
  char *path;
  guint64 inode; /* of the socket, to remove no other */
  char *cookie_path;
  char token[PEERUP_HTTP_COOKIE_LENGTH + 1];
};

/* What connections ask */

static PeerupHttpResponse *
check (PeerupHttpReader *reader, gpointer data)
{
  PeerupHttpServer *self = data;

  if (peerup_http_reader_get_field (reader, "Origin") != NULL)
    return peerup_http_response_new_error (403, "this socket is not for web pages");
  if (!peerup_http_cookie_matches (self->token, peerup_http_reader_get_field (reader, "Authorization")))
    return peerup_http_response_new_error (401, "unauthorized: the request must have the field “Authorization: Bearer "
                                                "TOKEN” with the token of the running daemon, which is in the file "
                                                "beside its socket");
  return NULL;
}

static DexFuture *
answer (PeerupHttpReader *reader, PeerupCaller **caller, gpointer data)
{
  PeerupHttpServer *self = data;
  PeerupHttpResponse *refusal = NULL;
  PeerupHttpHandler handler;
  gpointer handler_data;
  g_autoptr (PeerupHttpRequest) request =
    peerup_http_router_route (self->router, reader, &handler, &handler_data, &refusal);

  if (request == NULL)
    return peerup_http_response_to_future (refusal);
  *caller = peerup_caller_new ("http", TRUE);
  peerup_http_request_set_up (request, self->control, *caller);
  return handler (request, handler_data);
}

static gboolean
add_stream (PeerupHttpConnection *connection, const char *last_event_id, gpointer data)
{
  PeerupHttpServer *self = data;

  return peerup_http_events_add (self->events, connection, last_event_id);
}

static void
on_gone (PeerupHttpConnection *connection, gpointer data)
{
  PeerupHttpServer *self = data;

  peerup_http_events_remove (self->events, connection);
  g_ptr_array_remove_fast (self->connections, connection);
}

/* Routes of its own */

static DexFuture *
handle_events (PeerupHttpRequest *request, gpointer data)
{
  PeerupHttpServer *self = data;

  if (peerup_http_events_get_n_streams (self->events) >= PEERUP_HTTP_STREAMS_MAX)
    return peerup_http_response_to_future (
      peerup_http_response_new_error (503, "too many programs follow the events already"));
  return peerup_http_response_to_future (
    peerup_http_response_new_stream (peerup_http_request_get_last_event_id (request)));
}

static DexFuture *
handle_openapi (PeerupHttpRequest *request, gpointer data)
{
  PeerupHttpServer *self = data;

  if (self->description == NULL)
    {
      char *text = peerup_http_openapi_new (self->router);

      self->description = g_bytes_new_take (text, strlen (text));
    }
  return peerup_http_response_to_future (
    peerup_http_response_new (200, PEERUP_HTTP_JSON, g_bytes_ref (self->description)));
}

/* Events */

static void
on_event (PeerupControl *control, const char *interface, const char *name, GVariant *parameters, PeerupCaller *only,
          gpointer data)
{
  PeerupHttpServer *self = data;
  GDBusInterfaceInfo *info = g_dbus_node_info_lookup_interface (peerup_operations_get_node (), interface);
  GDBusSignalInfo *signal_info = info != NULL ? g_dbus_interface_info_lookup_signal (info, name) : NULL;
  g_autoptr (GVariant) named = NULL;

  /* Everybody here has the same rights, and a request's own connection is busy with it. */
  if (signal_info == NULL || (only != NULL && !g_str_equal (peerup_caller_get_face (only), "http")))
    return;
  named = peerup_http_name_arguments (signal_info->args, parameters);
  peerup_http_events_emit (self->events, name, named);
}

static void
on_property_changed (PeerupControl *control, const char *name, GVariant *value, gpointer data)
{
  PeerupHttpServer *self = data;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) changed = NULL;

  g_variant_builder_add (&builder, "{sv}", name, value);
  changed = g_variant_ref_sink (g_variant_builder_end (&builder));
  peerup_http_events_emit (self->events, "PropertyChanged", changed);
}

/* Connections */

/* Makes room, if anybody can be spared. */
static gboolean
give_up_one (PeerupHttpServer *self)
{
  PeerupHttpConnection *victim = NULL;
  gint64 now = g_get_monotonic_time (), victim_since = 0;
  int victim_rank = -1;

  for (guint i = 0; i < self->connections->len; i++)
    {
      PeerupHttpConnection *connection = g_ptr_array_index (self->connections, i);
      gint64 since;
      int rank = peerup_http_connection_get_rank (connection, now, &since);

      if (rank < 0 || (victim != NULL && (rank > victim_rank || (rank == victim_rank && since >= victim_since))))
        continue;
      victim = connection;
      victim_rank = rank;
      victim_since = since;
    }
  if (victim != NULL)
    peerup_http_connection_drop (victim);
  return victim != NULL;
}

static void
refuse_connection (int fd)
{
  g_autoptr (PeerupHttpResponse) response =
    peerup_http_response_new_error (503, "too many requests are being worked on: try again later");
  g_autoptr (GString) text = peerup_http_response_format_head (response, TRUE);

  g_string_append_len (text, g_bytes_get_data (response->body, NULL), (gssize) g_bytes_get_size (response->body));
  if (send (fd, text->str, text->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_debug ("A client of the HTTP socket went before its refusal");
  close (fd);
}

static void
take_connection (PeerupHttpServer *self, int fd)
{
  g_autoptr (GError) error = NULL;
  PeerupHttpConnection *connection;

  if (self->connections->len >= PEERUP_HTTP_CONNECTIONS_MAX && !give_up_one (self))
    {
      refuse_connection (fd);
      return;
    }
  connection = peerup_http_connection_new (fd, self->reactor, &self->host, &error);
  if (connection != NULL)
    g_ptr_array_add (self->connections, connection);
  else
    g_message ("A client of the HTTP socket cannot be served: %s", error->message);
}

static void
on_acceptable (gpointer data)
{
  PeerupHttpServer *self = data;

  for (guint i = 0; i < ACCEPT_BATCH; i++)
    {
      int fd = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

      if (fd >= 0)
        take_connection (self, fd);
      else if (errno == EAGAIN)
        {
          peerup_watch_exhausted (&self->watch, EPOLLIN);
          return;
        }
      else if (errno != EINTR && errno != ECONNABORTED)
        {
          g_message ("Cannot accept clients of the HTTP socket for now: %s", g_strerror (errno));
          peerup_timer_set (&self->retry, g_get_monotonic_time () + ACCEPT_PAUSE);
          return;
        }
    }
  /* Who is here already comes first. */
  peerup_task_schedule_later (&self->watch.task);
}

/* Life */

PeerupHttpServer *
peerup_http_server_new (PeerupControl *control)
{
  PeerupHttpServer *self = g_new0 (PeerupHttpServer, 1);
  g_autofree char *run = g_strdup_printf ("%08x", g_random_int ());

  self->fd = -1;
  self->router = peerup_http_router_new ();
  self->events = peerup_http_events_new (run);
  self->connections = g_ptr_array_new ();
  self->times = (PeerupHttpTimes) { PEERUP_HTTP_READ_TIME, PEERUP_HTTP_WRITE_TIME, PEERUP_HTTP_IDLE_TIME, HEARTBEAT };
  self->host = (PeerupHttpHost) { check, answer, add_stream, on_gone, &self->times, self };
  if (control == NULL)
    return self;
  self->control = g_object_ref (control);
  g_signal_connect (control, "event", G_CALLBACK (on_event), self);
  g_signal_connect (control, "property-changed", G_CALLBACK (on_property_changed), self);
  return self;
}

void
peerup_http_server_set_times (PeerupHttpServer *self, const PeerupHttpTimes *times)
{
  self->times = *times;
}

void
peerup_http_server_set_bare (PeerupHttpServer *self)
{
  self->is_bare = TRUE;
}

void
peerup_http_server_add_routes (PeerupHttpServer *self, const PeerupHttpRoute *routes, guint n_routes, gpointer data)
{
  g_return_if_fail (self->fd < 0);

  for (guint i = 0; i < n_routes; i++)
    if (!peerup_http_router_add (self->router, routes[i].method, routes[i].path, routes[i].handler, data, TRUE))
      g_critical ("There are two routes for %s %s", routes[i].method, routes[i].path);
}

static void
add_own_routes (PeerupHttpServer *self)
{
  if (self->is_bare)
    return;
  peerup_http_router_add (self->router, "GET", PEERUP_HTTP_EVENTS_PATH, handle_events, self, FALSE);
  peerup_http_router_add (self->router, "GET", PEERUP_HTTP_OPENAPI_PATH, handle_openapi, self, FALSE);
  if (self->control != NULL)
    peerup_http_operations_add (self->router);
}

/* Its place, where it is made anew when it is removed, as the control's socket is. The token stays as it is. */

/* FALSE: it is tried again. Who is connected does not notice. */
static gboolean
listen_anew (PeerupHttpServer *self, GError **error)
{
  g_autofd int fd = peerup_http_socket_open (self->path, error);
  struct stat info;

  if (fd < 0)
    return FALSE;
  self->inode = peerup_http_socket_get_inode (self->path);
  peerup_timer_stop (&self->retry);
  if (self->fd >= 0)
    peerup_watch_clear (&self->watch);
  g_clear_fd (&self->fd, NULL);
  if ((lstat (self->cookie_path, &info) != 0 && errno == ENOENT &&
       !peerup_http_cookie_write (self->cookie_path, self->token, error)) ||
      !peerup_watch_init (&self->watch, self->reactor, fd, on_acceptable, self, error))
    {
      peerup_http_socket_remove (self->path, self->inode);
      return FALSE;
    }
  self->fd = g_steal_fd (&fd);
  return TRUE;
}

static void look (gpointer data);

static void
watch_place (PeerupHttpServer *self)
{
  g_clear_pointer (&self->place, peerup_file_watch_free);
  self->place = peerup_file_watch_new (self->path, look, self);
}

/* What somebody else has put there is not ours to remove. */
static void
look (gpointer data)
{
  PeerupHttpServer *self = data;
  g_autoptr (GError) error = NULL;
  struct stat info;

  if (lstat (self->path, &info) == 0 || errno != ENOENT)
    return;
  if (listen_anew (self, &error))
    {
      g_message ("The HTTP socket %s was removed, and is made anew", self->path);
      self->complained = FALSE;
      watch_place (self);
    }
  else if (!self->complained)
    {
      g_warning ("The HTTP socket was removed: %s. It is tried again", error->message);
      self->complained = TRUE;
    }
  peerup_timer_set (&self->again, g_get_monotonic_time () + LOOK_PAUSE);
}

gboolean
peerup_http_server_listen (PeerupHttpServer *self, const char *path, const char *cookie_path, GError **error)
{
  g_autofd int fd = -1;
  int handed;

  g_return_val_if_fail (self->fd < 0 && self->path == NULL, FALSE);

  if (!peerup_http_cookie_make (self->token, error))
    return FALSE;
  add_own_routes (self);
  handed = peerup_activation_take_path (path);
  fd = handed >= 0 ? handed : peerup_http_socket_open (path, error);
  if (fd < 0)
    return FALSE;
  self->path = g_strdup (path);
  /* What the service manager has made is its own to remove. */
  self->inode = handed >= 0 ? 0 : peerup_http_socket_get_inode (path);
  if (!peerup_http_cookie_write (cookie_path, self->token, error))
    return FALSE;
  self->cookie_path = g_strdup (cookie_path);
  self->reactor = peerup_reactor_ref_default ();
  if (!peerup_watch_init (&self->watch, self->reactor, fd, on_acceptable, self, error))
    return FALSE;
  peerup_timer_init (&self->retry, self->reactor, on_acceptable, self);
  peerup_timer_init (&self->again, self->reactor, look, self);
  self->fd = g_steal_fd (&fd);
  watch_place (self);
  /* What was handed over may have lost its name before. */
  look (self);
  return TRUE;
}

void
peerup_http_server_close (PeerupHttpServer *self)
{
  if (self->fd >= 0)
    peerup_watch_clear (&self->watch);
  /* It has listened once: the timers are there. */
  if (self->place != NULL)
    {
      peerup_timer_clear (&self->retry);
      peerup_timer_clear (&self->again);
    }
  g_clear_pointer (&self->place, peerup_file_watch_free);
  g_clear_fd (&self->fd, NULL);
  if (self->path != NULL)
    peerup_http_socket_remove (self->path, self->inode);
  if (self->cookie_path != NULL)
    unlink (self->cookie_path);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->cookie_path, g_free);
  gnutls_memset (self->token, 0, sizeof self->token);
  while (self->connections->len > 0)
    peerup_http_connection_drop (g_ptr_array_index (self->connections, 0));
}

void
peerup_http_server_free (PeerupHttpServer *self)
{
  g_return_if_fail (self != NULL);

  peerup_http_server_close (self);
  if (self->control != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->control, self);
      g_object_unref (self->control);
    }
  g_clear_pointer (&self->reactor, peerup_reactor_unref);
  peerup_http_events_free (self->events);
  peerup_http_router_free (self->router);
  g_ptr_array_unref (self->connections);
  g_clear_pointer (&self->description, g_bytes_unref);
  g_free (self);
}

guint
peerup_http_server_get_n_connections (PeerupHttpServer *self)
{
  return self->connections->len;
}
