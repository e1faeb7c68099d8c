/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "frozen-path.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* One direction of one connection; it owns the descriptor that it reads. */
typedef struct
{
  FrozenPath *path;
  int from, to;
  guint source;
} Way;

static void
way_free (gpointer data)
{
  Way *self = data;

  g_clear_handle_id (&self->source, g_source_remove);
  close (self->from);
  g_free (self);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Way *self = data;
  char bytes[65536];
  gssize n = recv (fd, bytes, sizeof bytes, 0);

  /* What a test sends fits into the buffers; where it does not, a short write would show. */
  if (n > 0 && send (self->to, bytes, n, MSG_NOSIGNAL) == n)
    return G_SOURCE_CONTINUE;
  shutdown (self->to, SHUT_WR);
  self->source = 0;
  return G_SOURCE_REMOVE;
}

static void
way_arm (Way *self)
{
  if (self->source == 0)
    self->source = g_unix_fd_add (self->from, G_IO_IN, on_readable, self);
}

static void
path_add_way (FrozenPath *self, int from, int to)
{
  Way *way = g_new0 (Way, 1);

  way->path = self;
  way->from = from;
  way->to = to;
  g_ptr_array_add (self->ways, way);
  if (!self->frozen)
    way_arm (way);
}

static gboolean
on_connection (int fd, GIOCondition condition, gpointer data)
{
  FrozenPath *self = data;
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  int near = accept4 (fd, NULL, NULL, SOCK_CLOEXEC);
  int far = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_port = g_htons (self->target);
  g_assert_cmpint (near, >=, 0);
  g_assert_cmpint (connect (far, (struct sockaddr *) &address, sizeof address), ==, 0);
  path_add_way (self, near, far);
  path_add_way (self, far, near);
  return G_SOURCE_CONTINUE;
}

void
frozen_path_init (FrozenPath *self, guint target_port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;

  *self = (FrozenPath) { .target = target_port, .ways = g_ptr_array_new_with_free_func (way_free) };
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (self->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (self->listener, 16), ==, 0);
  g_assert_cmpint (getsockname (self->listener, (struct sockaddr *) &address, &size), ==, 0);
  self->port = g_ntohs (address.sin_port);
  self->source = g_unix_fd_add (self->listener, G_IO_IN, on_connection, self);
}

void
frozen_path_set_frozen (FrozenPath *self, gboolean frozen)
{
  self->frozen = frozen;
  for (guint i = 0; i < self->ways->len; i++)
    {
      Way *way = self->ways->pdata[i];

      if (frozen)
        g_clear_handle_id (&way->source, g_source_remove);
      else
        way_arm (way);
    }
}

void
frozen_path_clear (FrozenPath *self)
{
  if (self->ways == NULL)
    return;
  g_ptr_array_unref (self->ways);
  g_source_remove (self->source);
  close (self->listener);
  *self = (FrozenPath) { 0 };
}
