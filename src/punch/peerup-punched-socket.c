/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A socket and where it reaches the peer, handed from who found the way to who uses it. It closes the
 * descriptor unless somebody takes it. */

#include <fcntl.h>
#include <glib/gstdio.h>

#include "punch/peerup-port-search.h"

static gpointer
peerup_punched_socket_copy (gpointer boxed)
{
  const PeerupPunchedSocket *self = boxed;

  return peerup_punched_socket_new (self->fd >= 0 ? fcntl (self->fd, F_DUPFD_CLOEXEC, 0) : -1, &self->remote);
}

static void
peerup_punched_socket_free (gpointer boxed)
{
  PeerupPunchedSocket *self = boxed;

  g_clear_fd (&self->fd, NULL);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (PeerupPunchedSocket, peerup_punched_socket, peerup_punched_socket_copy, peerup_punched_socket_free)

PeerupPunchedSocket *
peerup_punched_socket_new (int fd, const PeerupSocketAddress *remote)
{
  PeerupPunchedSocket *self = g_new0 (PeerupPunchedSocket, 1);

  self->fd = fd;
  self->remote = *remote;
  return self;
}

int
peerup_punched_socket_take_fd (PeerupPunchedSocket *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return g_steal_fd (&self->fd);
}
