/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Connecting sockets: one address, or every address of a host in turn. */

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/peerup-socket-stream.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-error.h"

typedef struct
{
  int fd; /* -1: any */
  GSocketAddress *address;
  char *host;
  guint16 port;
  gint64 deadline;
  DexPromise *answer; /* to a PeerupStream; its cancellable ends the fiber, which itself may not be dropped */
} Connect;

static void
connect_free (gpointer data)
{
  Connect *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_clear_object (&self->address);
  g_free (self->host);
  dex_unref (self->answer);
  g_free (self);
}

static char *
describe_address (GSocketAddress *address)
{
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

/* Starts a connect with @bound, which is taken, or with -1 from anywhere; the descriptor, or -1. In progress is
 * success. */
static int
start_connect (int bound, GSocketAddress *address, GError **error)
{
  struct sockaddr_storage native;
  gssize size = g_socket_address_get_native_size (address);
  int fd = bound;

  if (size < 0 || !g_socket_address_to_native (address, &native, sizeof native, error))
    {
      if (fd >= 0)
        close (fd);
      return -1;
    }
  if (fd < 0)
    fd = socket (native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && (connect (fd, (struct sockaddr *) &native, size) == 0 || errno == EINPROGRESS))
    return fd;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

static DexFuture *
connect_wait (Connect *self, PeerupStream *stream, gint64 deadline)
{
  return dex_future_first (peerup_stream_wait (stream, G_IO_OUT), dex_timeout_new_deadline (deadline),
                           dex_cancellable_new_from_cancellable (dex_promise_get_cancellable (self->answer)), NULL);
}

static PeerupStream *
connect_one (Connect *self, GSocketAddress *address, gint64 deadline, GError **error)
{
  g_autoptr (PeerupStream) stream = NULL;
  int fd = start_connect (g_steal_fd (&self->fd), address, error);
  int result = 0;
  socklen_t length = sizeof result;

  if (fd < 0)
    return NULL;
  stream = peerup_socket_stream_new (fd, error);
  if (stream == NULL)
    return NULL;
  if (!dex_await (connect_wait (self, stream, deadline), NULL))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "no answer in time");
      return NULL;
    }
  if (getsockopt (fd, SOL_SOCKET, SO_ERROR, &result, &length) == 0 && result == 0)
    return g_steal_pointer (&stream);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (result), "%s", g_strerror (result));
  return NULL;
}

/* Takes @error, which may only be missing where there is a @stream, or where nobody waits any more. */
static DexFuture *
connect_answer (Connect *self, PeerupStream *stream, GError *error)
{
  if (stream != NULL)
    dex_promise_resolve_object (self->answer, stream);
  else if (error != NULL)
    dex_promise_reject (self->answer, error);
  else
    dex_promise_reject (self->answer, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "No longer needed"));
  return dex_future_new_true ();
}

static DexFuture *
connect_start (Connect *self, DexFiberFunc func)
{
  DexFuture *answer;

  self->answer = dex_promise_new_cancellable ();
  answer = DEX_FUTURE (dex_ref (self->answer));
  dex_future_disown (peerup_fiber_run (func, self, connect_free));
  return answer;
}

static DexFuture *
connect_address_fiber (gpointer data)
{
  Connect *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  PeerupStream *stream = connect_one (self, self->address, self->deadline, &error);

  text = describe_address (self->address);
  g_prefix_error (&error, "Cannot connect to %s: ", text);
  return connect_answer (self, stream, g_steal_pointer (&error));
}

DexFuture *
peerup_socket_connect_address (GSocketAddress *address, gint64 deadline)
{
  return peerup_socket_connect_bound (-1, address, deadline);
}

DexFuture *
peerup_socket_connect_bound (int fd, GSocketAddress *address, gint64 deadline)
{
  Connect *self = g_new0 (Connect, 1);

  self->fd = fd;
  self->address = g_object_ref (address);
  self->deadline = deadline;
  return connect_start (self, connect_address_fiber);
}

static GList *
resolve_host (Connect *self, GError **error)
{
  g_autoptr (GResolver) resolver = NULL;
  g_autoptr (GInetAddress) literal = g_inet_address_new_from_string (self->host);

  if (literal != NULL)
    return g_list_prepend (NULL, g_steal_pointer (&literal));
  resolver = g_resolver_get_default ();
  return dex_await_boxed (dex_resolver_lookup_by_name (resolver, self->host), error);
}

static gboolean
is_given_up (Connect *self)
{
  return g_cancellable_is_cancelled (dex_promise_get_cancellable (self->answer));
}

static DexFuture *
connect_host_fiber (gpointer data)
{
  Connect *self = data;
  g_autoptr (GError) error = NULL;
  GList *addresses = resolve_host (self, &error);
  PeerupStream *stream = NULL;

  for (GList *l = addresses; l != NULL && stream == NULL && !is_given_up (self); l = l->next)
    {
      g_autoptr (GSocketAddress) address = g_inet_socket_address_new (l->data, self->port);
      gint64 now = g_get_monotonic_time ();
      /* An address that never answers leaves the others their share of the time. */
      gint64 share = (self->deadline - now) / (gint64) g_list_length (l);

      g_clear_error (&error);
      stream = connect_one (self, address, now + share, &error);
    }
  g_resolver_free_addresses (addresses);
  g_prefix_error (&error, "Cannot connect to %s port %u: ", self->host, self->port);
  return connect_answer (self, stream, g_steal_pointer (&error));
}

DexFuture *
peerup_socket_connect (const char *host, guint16 port, gint64 deadline)
{
  Connect *self = g_new0 (Connect, 1);

  self->fd = -1;
  self->host = g_strdup (host);
  self->port = port;
  self->deadline = deadline;
  return connect_start (self, connect_host_fiber);
}
