/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A socket and where it reaches the peer, handed from who found the way to who uses it. Futures copy what they
 * resolve to as they like, so copies are the same thing once more: a descriptor for each could be one too many. The
 * last of them closes the descriptor unless somebody has taken it. */

#include <glib/gstdio.h>

#include "punch/peerup-port-search.h"

static void
punched_socket_clear (gpointer data)
{
  PeerupPunchedSocket *self = data;

  g_clear_fd (&self->fd, NULL);
}

static void
peerup_punched_socket_free (gpointer boxed)
{
  g_atomic_rc_box_release_full (boxed, punched_socket_clear);
}

G_DEFINE_BOXED_TYPE (PeerupPunchedSocket, peerup_punched_socket, g_atomic_rc_box_acquire, peerup_punched_socket_free)

PeerupPunchedSocket *
peerup_punched_socket_new (int fd, const PeerupSocketAddress *remote)
{
  PeerupPunchedSocket *self = g_atomic_rc_box_new0 (PeerupPunchedSocket);

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
