/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Whose descriptor it is: copies have their own, and whoever takes one closes it. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "punch/peerup-port-search.h"

static gboolean
is_open (int fd)
{
  return fcntl (fd, F_GETFD) >= 0 || errno != EBADF;
}

static PeerupPunchedSocket *
make_socket (int *fd)
{
  PeerupSocketAddress remote;

  g_assert_true (peerup_socket_address_set (&remote, "1.2.3.4", 5));
  *fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (*fd, >=, 0);
  return peerup_punched_socket_new (*fd, &remote);
}

static void
test_freed (void)
{
  int fd;
  PeerupPunchedSocket *way = make_socket (&fd);

  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, way);
  g_assert_false (is_open (fd));
}

static void
test_taken (void)
{
  int fd;
  PeerupPunchedSocket *way = make_socket (&fd);

  g_assert_cmpint (peerup_punched_socket_take_fd (way), ==, fd);
  g_assert_cmpint (way->fd, ==, -1);
  g_assert_cmpint (peerup_punched_socket_take_fd (way), ==, -1);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, way);
  g_assert_true (is_open (fd));
  close (fd);
}

/* A copy needs no descriptor, as there may be none left, and who takes it takes it from all. */
static void
test_copied (void)
{
  int fd;
  PeerupPunchedSocket *way = make_socket (&fd);
  PeerupPunchedSocket *copy = g_boxed_copy (PEERUP_TYPE_PUNCHED_SOCKET, way);

  g_assert_cmpint (copy->fd, ==, fd);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, way);
  g_assert_true (is_open (fd));
  way = g_boxed_copy (PEERUP_TYPE_PUNCHED_SOCKET, copy);
  g_assert_cmpint (peerup_punched_socket_take_fd (way), ==, fd);
  g_assert_cmpint (copy->fd, ==, -1);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, way);
  g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, copy);
  g_assert_true (is_open (fd));
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/punch/punched-socket/freed", test_freed);
  g_test_add_func ("/punch/punched-socket/taken", test_taken);
  g_test_add_func ("/punch/punched-socket/copied", test_copied);
  return g_test_run ();
}
