/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A socket as a PeerupStream, edge-triggered: a call that says EAGAIN clears the
 * readiness that the reactor's next event sets again. The descriptor is closed when
 * both directions have ended, on reset (with an RST, so that the other program does
 * not take a cut transfer for a whole one), or with the object. What arrives on a closed
 * descriptor is answered with an RST, and that may overtake what was written: so a
 * stream that was closed before the other side ended reads on for a while, and holds
 * itself meanwhile. */

#include "transport/peerup-socket-stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transport/peerup-tcp-info.h"
#include "wire/peerup-error.h"

/* For the other side to take what was written and to end its own direction. */
#define LINGER_TIMEOUT (10 * G_USEC_PER_SEC)

struct _PeerupSocketStream
{
  PeerupStream parent_instance;
  PeerupWatch watch;
  PeerupTimer linger_timer;
  int fd;
  gsize shown;
  guint lingering : 1; /* a reference of its own */
  guint read_ended : 1;
  guint read_closed : 1;
  guint write_closed : 1;
  guint was_reset : 1;
};

G_DEFINE_FINAL_TYPE (PeerupSocketStream, peerup_socket_stream, PEERUP_TYPE_STREAM)

/* May drop the last reference. */
static void
socket_stream_close_fd (PeerupSocketStream *self)
{
  if (self->fd < 0)
    return;
  peerup_watch_clear (&self->watch);
  peerup_timer_stop (&self->linger_timer);
  close (self->fd);
  self->fd = -1;
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN | G_IO_OUT);
  if (!self->lingering)
    return;
  self->lingering = FALSE;
  g_object_unref (self);
}

static void
on_linger_timeout (gpointer data)
{
  socket_stream_close_fd (data);
}

static void
socket_stream_close_if_done (PeerupSocketStream *self)
{
  if (self->fd < 0 || !self->read_closed || !self->write_closed)
    return;
  if (self->read_ended)
    {
      socket_stream_close_fd (self);
      return;
    }
  if (self->lingering)
    return;
  self->lingering = TRUE;
  g_object_ref (self);
  peerup_timer_set (&self->linger_timer, g_get_monotonic_time () + LINGER_TIMEOUT);
}

static gssize
socket_stream_fail (PeerupSocketStream *self, int errnum, guint32 exhausted, GError **error)
{
  if (errnum == EAGAIN || errnum == EINTR)
    {
      if (errnum == EAGAIN)
        peerup_watch_exhausted (&self->watch, exhausted);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
    }
  else if (errnum == ECONNRESET || errnum == EPIPE)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_RESET, "Connection reset by the other side");
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errnum), "Connection lost: %s", g_strerror (errnum));
  return -1;
}

static gssize
socket_stream_closed (PeerupSocketStream *self, GError **error)
{
  if (self->was_reset)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_RESET, "Connection was reset");
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "Connection is closed");
  return -1;
}

static gssize
peerup_socket_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);
  gssize n;

  if (self->fd < 0 || self->read_closed)
    return socket_stream_closed (self, error);
  n = recv (self->fd, buffer, count, MSG_DONTWAIT);
  self->read_ended |= n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  if (n < 0)
    return socket_stream_fail (self, errno, EPOLLIN, error);
  return n;
}

gsize
peerup_socket_stream_show (PeerupSocketStream *self, void *buffer, gsize count)
{
  gssize n;

  if (self->fd < 0 || self->read_closed || self->shown > 0)
    return 0;
  n = recv (self->fd, buffer, count, MSG_DONTWAIT | MSG_PEEK);
  if (n < 0 && errno == EAGAIN)
    peerup_watch_exhausted (&self->watch, EPOLLIN);
  self->shown = MAX (n, 0);
  return self->shown;
}

gsize
peerup_socket_stream_get_shown (PeerupSocketStream *self)
{
  return self->shown;
}

gsize
peerup_socket_stream_take_shown (PeerupSocketStream *self)
{
  gsize shown = self->shown;
  guint8 dropped[4096];

  while (self->shown > 0)
    {
      gssize n = peerup_stream_read (PEERUP_STREAM (self), dropped, MIN (self->shown, sizeof dropped), NULL);

      /* They were there, so only a reset takes them away. */
      if (n <= 0)
        break;
      self->shown -= n;
    }
  self->shown = 0;
  return shown;
}

static gssize
peerup_socket_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);
  /* GOutputVector is laid out as struct iovec where both exist; GIO relies on it too. */
  struct msghdr message = { .msg_iov = (struct iovec *) vectors, .msg_iovlen = MIN (n_vectors, 64) };
  gssize n;

  G_STATIC_ASSERT (sizeof (GOutputVector) == sizeof (struct iovec));
  if (self->fd < 0 || self->write_closed)
    return socket_stream_closed (self, error);
  n = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0)
    return socket_stream_fail (self, errno, EPOLLOUT, error);
  return n;
}

static GIOCondition
peerup_socket_stream_poll (PeerupStream *stream)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);

  if (self->fd < 0)
    return G_IO_IN | G_IO_OUT;
  return (self->watch.ready & EPOLLIN || self->read_closed ? G_IO_IN : 0) |
         (self->watch.ready & EPOLLOUT || self->write_closed ? G_IO_OUT : 0);
}

static void
peerup_socket_stream_close_write (PeerupStream *stream)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);

  if (self->write_closed)
    return;
  self->write_closed = TRUE;
  if (self->fd >= 0)
    shutdown (self->fd, SHUT_WR);
  socket_stream_close_if_done (self);
}

/* Takes what arrives and drops it, a bounded amount at a time. */
static void
socket_stream_drain (PeerupSocketStream *self)
{
  char scratch[16384];

  for (guint i = 0; i < 16; i++)
    {
      gssize n = recv (self->fd, scratch, sizeof scratch, MSG_DONTWAIT);

      if (n > 0 || (n < 0 && errno == EINTR))
        continue;
      self->read_ended |= n == 0 || errno != EAGAIN;
      peerup_watch_exhausted (&self->watch, EPOLLIN);
      return;
    }
  peerup_task_schedule (&self->watch.task);
}

static void
peerup_socket_stream_close_read (PeerupStream *stream)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);

  if (self->read_closed)
    return;
  self->read_closed = TRUE;
  socket_stream_close_if_done (self);
  if (self->fd >= 0)
    peerup_task_schedule (&self->watch.task);
}

static void
peerup_socket_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (self->fd < 0 || self->lingering)
    return;
  peerup_stream_set_reset_code (stream, code);
  self->was_reset = TRUE;
  setsockopt (self->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  socket_stream_close_fd (self);
}

static void
socket_stream_ready (gpointer data)
{
  g_autoptr (PeerupSocketStream) self = g_object_ref (data);
  guint32 ready = self->watch.ready;

  if (self->read_closed && (ready & EPOLLIN))
    socket_stream_drain (self);
  peerup_stream_notify (PEERUP_STREAM (self), (ready & EPOLLIN ? G_IO_IN : 0) | (ready & EPOLLOUT ? G_IO_OUT : 0));
  socket_stream_close_if_done (self);
}

static void
peerup_socket_stream_dispose (GObject *object)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (object);

  peerup_socket_stream_reset (PEERUP_STREAM (self), PEERUP_STREAM_CODE_NONE);
  peerup_timer_clear (&self->linger_timer);
  G_OBJECT_CLASS (peerup_socket_stream_parent_class)->dispose (object);
}

static gboolean
peerup_socket_stream_get_path_figures (PeerupStream *stream, PeerupConnectionFigures *figures)
{
  PeerupSocketStream *self = PEERUP_SOCKET_STREAM (stream);

  return self->fd >= 0 && peerup_tcp_info_get_figures (self->fd, figures);
}

static void
peerup_socket_stream_class_init (PeerupSocketStreamClass *klass)
{
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_socket_stream_dispose;
  stream_class->read = peerup_socket_stream_read;
  stream_class->writev = peerup_socket_stream_writev;
  stream_class->poll = peerup_socket_stream_poll;
  stream_class->close_write = peerup_socket_stream_close_write;
  stream_class->close_read = peerup_socket_stream_close_read;
  stream_class->reset = peerup_socket_stream_reset;
  stream_class->get_path_figures = peerup_socket_stream_get_path_figures;
}

static void
peerup_socket_stream_init (PeerupSocketStream *self)
{
  self->fd = -1;
  peerup_timer_init (&self->linger_timer, peerup_stream_get_reactor (PEERUP_STREAM (self)), on_linger_timeout, self);
}

PeerupStream *
peerup_socket_stream_new (int fd, GError **error)
{
  g_autoptr (PeerupSocketStream) self = g_object_new (PEERUP_TYPE_SOCKET_STREAM, NULL);
  int one = 1;

  g_return_val_if_fail (fd >= 0, NULL);
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  /* Fails on a Unix socket, where there is nothing to set. */
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (!peerup_watch_init (&self->watch, peerup_stream_get_reactor (PEERUP_STREAM (self)), fd, socket_stream_ready, self,
                          error))
    {
      close (fd);
      return NULL;
    }
  self->fd = fd;
  return PEERUP_STREAM (g_steal_pointer (&self));
}

int
peerup_socket_stream_get_fd (PeerupSocketStream *self)
{
  return self->fd;
}

void
peerup_socket_stream_set_keepalive (PeerupSocketStream *self, guint idle, guint interval)
{
  int one = 1, idle_s = idle, interval_s = interval, probes = 3;

  setsockopt (self->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  setsockopt (self->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt (self->fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  setsockopt (self->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

void
peerup_socket_stream_set_peer_options (PeerupSocketStream *self)
{
  int unsent = 128 * 1024, milliseconds = 14000;

  setsockopt (self->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  setsockopt (self->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}
