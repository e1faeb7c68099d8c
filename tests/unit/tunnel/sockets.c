/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See sockets.h. Waiting is polling the descriptor with one eye on the main context. */

#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE (60 * G_USEC_PER_SEC)

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  Server *self = data;

  g_queue_push_tail (&self->accepted, GINT_TO_POINTER (fd));
}

void
server_start (Server *self)
{
  g_autoptr (GError) error = NULL;

  g_queue_init (&self->accepted);
  self->listener = peerup_listener_new ("127.0.0.1", 0, on_accepted, self, &error);
  g_assert_no_error (error);
}

void
server_stop (Server *self)
{
  g_clear_pointer (&self->listener, peerup_listener_free);
  while (!g_queue_is_empty (&self->accepted))
    close (GPOINTER_TO_INT (g_queue_pop_head (&self->accepted)));
}

static void
turn (gint64 start)
{
  g_assert_cmpint (g_get_monotonic_time () - start, <, PATIENCE);
  g_main_context_iteration (NULL, FALSE);
}

int
server_take (Server *self)
{
  for (gint64 start = g_get_monotonic_time (); g_queue_is_empty (&self->accepted);)
    turn (start);
  return GPOINTER_TO_INT (g_queue_pop_head (&self->accepted));
}

guint
sockets_unused_port (void)
{
  Server server;
  guint port;

  server_start (&server);
  port = peerup_listener_get_port (server.listener);
  server_stop (&server);
  return port;
}

int
client_connect (gboolean v6, guint port)
{
  struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = g_htons (port), .sin6_addr = in6addr_loopback };
  struct sockaddr_in four = { .sin_family = AF_INET,
                              .sin_port = g_htons (port),
                              .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  struct sockaddr *address = v6 ? (struct sockaddr *) &six : (struct sockaddr *) &four;
  int fd = socket (address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

  /* The kernel's queue takes it at once, whoever accepts it later. */
  g_assert_cmpint (connect (fd, address, v6 ? sizeof six : sizeof four), ==, 0);
  return fd;
}

void
client_send (int fd, const char *text)
{
  g_assert_cmpint (send (fd, text, strlen (text), MSG_DONTWAIT | MSG_NOSIGNAL), ==, strlen (text));
}

void
client_half_close (int fd)
{
  g_assert_cmpint (shutdown (fd, SHUT_WR), ==, 0);
}

void
client_abort (int fd)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

/* One read when there is something to tell. */
static gssize
wait_read (int fd, void *buffer, gsize count)
{
  for (gint64 start = g_get_monotonic_time ();;)
    {
      gssize n = recv (fd, buffer, count, MSG_DONTWAIT);

      if (n >= 0 || errno != EAGAIN)
        return n;
      turn (start);
    }
}

void
client_expect (int fd, const char *text)
{
  gsize length = strlen (text);
  g_autofree char *received = g_malloc0 (length + 1);

  for (gsize total = 0; total < length;)
    {
      gssize n = wait_read (fd, received + total, length - total);

      g_assert_cmpint (n, >, 0);
      total += n;
    }
  g_assert_cmpstr (received, ==, text);
}

void
client_expect_end (int fd)
{
  char byte;

  g_assert_cmpint (wait_read (fd, &byte, 1), ==, 0);
}

void
client_expect_reset (int fd)
{
  char byte;

  g_assert_cmpint (wait_read (fd, &byte, 1), ==, -1);
  g_assert_cmpint (errno, ==, ECONNRESET);
}
