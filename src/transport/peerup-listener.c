/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The listening sockets of a forward or of the swarm. They live from peerup_listener_new() to
 * peerup_listener_free(), which may come from inside the callback. Nothing is
 * accepted that nobody will take: a paused listener leaves connections to the
 * kernel, and one that meets EMFILE tries again a moment later instead of spinning. */

#include "transport/peerup-listener.h"

#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/peerup-error.h"

#define BACKLOG 1024
/* Connections taken from one socket in one dispatch. */
#define ACCEPT_BATCH 64
/* Microseconds until the next try when the process or the machine is out of something. */
#define ACCEPT_PAUSE (G_USEC_PER_SEC / 2)
/* How often another port is tried when the one that 127.0.0.1 got is taken on [::1]. */
#define PORT_TRIES 16

typedef struct
{
  PeerupListener *listener;
  PeerupWatch watch;
  int fd;
} Socket;

struct _PeerupListener
{
  Socket sockets[2];
  guint n_sockets;
  guint port;
  PeerupReactor *reactor;
  PeerupTimer retry;
  PeerupListenerFunc func;
  gpointer data;
  gboolean paused;
  gboolean accepting; /* inside the callback */
  gboolean freed;     /* from inside the callback */
};

static void
listener_drop_sockets (PeerupListener *self)
{
  while (self->n_sockets > 0)
    {
      Socket *last = &self->sockets[--self->n_sockets];

      peerup_watch_clear (&last->watch);
      close (last->fd);
    }
}

static void
listener_destroy (PeerupListener *self)
{
  listener_drop_sockets (self);
  peerup_timer_clear (&self->retry);
  peerup_reactor_unref (self->reactor);
  g_free (self);
}

void
peerup_listener_free (PeerupListener *self)
{
  g_return_if_fail (self != NULL);

  if (self->accepting)
    self->freed = TRUE;
  else
    listener_destroy (self);
}

/* One connection; FALSE when there is none, or none can be had for now. */
static gboolean
socket_accept_one (Socket *self)
{
  PeerupListener *listener = self->listener;
  int fd = accept4 (self->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

  if (fd >= 0)
    {
      listener->func (listener, fd, listener->data);
      return TRUE;
    }
  if (errno == EAGAIN)
    peerup_watch_exhausted (&self->watch, EPOLLIN);
  else if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO)
    return TRUE;
  else
    {
      g_message ("Cannot accept connections on port %u for now: %s", listener->port, g_strerror (errno));
      peerup_timer_set (&listener->retry, g_get_monotonic_time () + ACCEPT_PAUSE);
    }
  return FALSE;
}

static void
on_socket_ready (gpointer data)
{
  Socket *self = data;
  PeerupListener *listener = self->listener;
  gboolean more = TRUE;

  listener->accepting = TRUE;
  for (guint i = 0; i < ACCEPT_BATCH && more && !listener->paused && !listener->freed; i++)
    more = socket_accept_one (self);
  listener->accepting = FALSE;

  if (listener->freed)
    listener_destroy (listener);
  else if (more && !listener->paused)
    peerup_task_schedule (&self->watch.task);
}

static void
listener_schedule (gpointer data)
{
  PeerupListener *self = data;

  for (guint i = 0; i < self->n_sockets; i++)
    peerup_task_schedule (&self->sockets[i].watch.task);
}

void
peerup_listener_pause (PeerupListener *self)
{
  g_return_if_fail (self != NULL);

  self->paused = TRUE;
}

void
peerup_listener_resume (PeerupListener *self)
{
  g_return_if_fail (self != NULL);

  if (!self->paused)
    return;
  self->paused = FALSE;
  listener_schedule (self);
}

guint
peerup_listener_get_port (PeerupListener *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->port;
}

static void
set_system_error (GError **error, int errnum, const char *where)
{
  if (errnum == EADDRINUSE)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 "%s is used by another program: stop that one, or choose another port (0 takes any)", where);
  else if (errnum == EACCES)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "Listening on %s is not permitted: " PEERUP_LISTENER_LOW_PORT_HINT, where);
  else if (errnum == EADDRNOTAVAIL || errnum == EAFNOSUPPORT)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "%s is not an address of this machine: choose one that is, or 127.0.0.1", where);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errnum), "Cannot listen on %s: %s", where,
                 g_strerror (errnum));
}

/* A listening descriptor, or -1 with errno. */
static int
open_socket (GSocketAddress *address)
{
  struct sockaddr_storage native;
  gssize size = g_socket_address_get_native_size (address);
  int one = 1;
  int fd;
  int errnum;

  if (!g_socket_address_to_native (address, &native, sizeof native, NULL))
    g_assert_not_reached ();
  fd = socket (native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  /* [::] means IPv6 alone, so that 0.0.0.0 can be had on the same port. */
  if (native.ss_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind (fd, (struct sockaddr *) &native, size) == 0 && listen (fd, BACKLOG) == 0)
    return fd;
  errnum = errno;
  close (fd);
  errno = errnum;
  return -1;
}

static guint
socket_port (int fd)
{
  struct sockaddr_storage native;
  socklen_t size = sizeof native;

  if (getsockname (fd, (struct sockaddr *) &native, &size) != 0)
    return 0;
  return native.ss_family == AF_INET6 ? g_ntohs (((struct sockaddr_in6 *) &native)->sin6_port)
                                      : g_ntohs (((struct sockaddr_in *) &native)->sin_port);
}

static int
socket_family (int fd)
{
  struct sockaddr_storage native = { 0 };
  socklen_t size = sizeof native;

  return getsockname (fd, (struct sockaddr *) &native, &size) == 0 ? native.ss_family : AF_UNSPEC;
}

/* A descriptor bound where @listening is, or -1 with errno. */
static int
open_socket_beside (int listening)
{
  struct sockaddr_storage native = { 0 };
  socklen_t size = sizeof native;
  int one = 1, zero = 0, errnum, fd;
  gboolean ok;

  if (getsockname (listening, (struct sockaddr *) &native, &size) != 0)
    return -1;
  fd = socket (native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (native.ss_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  /* A port on which somebody listens is shared by those alone who all say that they share it, and that is looked at
   * when one is bound. The listening one says so for this moment only, so that a second program that wants the
   * port is still told that it is taken. */
  setsockopt (listening, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  ok = bind (fd, (struct sockaddr *) &native, size) == 0;
  errnum = errno;
  setsockopt (listening, SOL_SOCKET, SO_REUSEPORT, &zero, sizeof zero);
  if (ok)
    return fd;
  close (fd);
  errno = errnum;
  return -1;
}

int
peerup_listener_open_beside (PeerupListener *self, int family, GError **error)
{
  int fd;

  g_return_val_if_fail (self != NULL, -1);

  for (guint i = 0; i < self->n_sockets; i++)
    {
      if (socket_family (self->sockets[i].fd) != family)
        continue;
      fd = open_socket_beside (self->sockets[i].fd);
      if (fd < 0)
        g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot connect from port %u: %s", self->port,
                     g_strerror (errno));
      return fd;
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "Port %u is not of this IP version", self->port);
  return -1;
}

/* Listens on one more address; the port of the first is that of the next. */
static gboolean
listener_add (PeerupListener *self, GInetAddress *inet, guint port, GError **error)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (inet, port);
  Socket *next = &self->sockets[self->n_sockets];
  int fd = open_socket (address);

  if (fd < 0)
    {
      g_autofree char *where = NULL;
      int errnum = errno;

      where = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
      set_system_error (error, errnum, where);
      return FALSE;
    }
  next->listener = self;
  next->fd = fd;
  if (!peerup_watch_init (&next->watch, self->reactor, fd, on_socket_ready, next, error))
    {
      close (fd);
      return FALSE;
    }
  self->n_sockets++;
  self->port = socket_port (fd);
  return TRUE;
}

/* A machine that lacks one of the two families listens on the other. */
static gboolean
listener_add_loopback (PeerupListener *self, guint port, GError **error)
{
  g_autoptr (GInetAddress) v4 = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GInetAddress) v6 = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV6);
  g_autoptr (GError) v4_error = NULL;
  g_autoptr (GError) v6_error = NULL;

  if (!listener_add (self, v4, port, &v4_error) && !g_error_matches (v4_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&v4_error));
      return FALSE;
    }
  if (listener_add (self, v6, self->n_sockets > 0 ? self->port : port, &v6_error))
    return TRUE;
  if (self->n_sockets > 0 && g_error_matches (v6_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&v6_error));
  return FALSE;
}

static gboolean
listener_listen_loopback (PeerupListener *self, guint port, GError **error)
{
  for (guint i = 1;; i++)
    {
      g_autoptr (GError) local = NULL;

      if (listener_add_loopback (self, port, &local))
        return TRUE;
      listener_drop_sockets (self);
      if (port == 0 && i < PORT_TRIES && g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
        continue;
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
}

gboolean
peerup_listener_check (const char *address, guint port, GError **error)
{
  g_autoptr (GInetAddress) inet = address != NULL ? g_inet_address_new_from_string (address) : NULL;

  if (address != NULL && inet == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 "“%s” is not an IP address: write it like 127.0.0.1 or ::1", address);
  else if (port > G_MAXUINT16)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 "%u is not a port: choose one from 1 to 65535, or 0 for any", port);
  else
    return TRUE;
  return FALSE;
}

static gboolean
listener_listen (PeerupListener *self, const char *address, guint port, GError **error)
{
  g_autoptr (GInetAddress) inet = NULL;

  if (address == NULL)
    return listener_listen_loopback (self, port, error);
  inet = g_inet_address_new_from_string (address);
  return listener_add (self, inet, port, error);
}

PeerupListener *
peerup_listener_new (const char *address, guint port, PeerupListenerFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupListener) self = NULL;

  g_return_val_if_fail (func != NULL, NULL);

  if (!peerup_listener_check (address, port, error))
    return NULL;
  self = g_new0 (PeerupListener, 1);
  self->func = func;
  self->data = data;
  self->reactor = peerup_reactor_ref_default ();
  peerup_timer_init (&self->retry, self->reactor, listener_schedule, self);
  if (!listener_listen (self, address, port, error))
    return NULL;
  return g_steal_pointer (&self);
}
