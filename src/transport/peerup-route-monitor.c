/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A netlink socket that is told of changed links, addresses and routes, and a timer that waits for the
 * changes to end: one change of network is dozens of messages. It lives until it is freed,
 * which may be inside its callback. It reads no message and keeps no table: whoever is
 * told asks the system what is true now. */

#include "transport/peerup-route-monitor.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Messages of one dispatch. */
#define MESSAGES_PER_TURN 64

struct _PeerupRouteMonitor
{
  PeerupWatch watch;
  PeerupTimer settle;
  gint64 first; /* when the first change came that is not told of yet, or 0 */
  PeerupRouteFunc func;
  gpointer data;
  int fd;
};

static void
on_settled (gpointer data)
{
  PeerupRouteMonitor *self = data;

  self->first = 0;
  self->func (self->data);
}

static void
monitor_note_change (PeerupRouteMonitor *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->first == 0)
    self->first = now;
  peerup_timer_set (&self->settle, MIN (now + PEERUP_ROUTE_SETTLE, self->first + PEERUP_ROUTE_SETTLE_MAX));
}

/* What a message says does not matter, nor how much of it fits: that it came does. */
static void
on_netlink_ready (gpointer data)
{
  PeerupRouteMonitor *self = data;
  gboolean changed = FALSE;
  guint8 start[16];

  for (guint i = 0; i < MESSAGES_PER_TURN && (self->watch.ready & EPOLLIN); i++)
    if (recv (self->fd, start, sizeof start, MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
      changed = TRUE;
    else if (errno != EINTR)
      peerup_watch_exhausted (&self->watch, EPOLLIN);
  if (changed)
    monitor_note_change (self);
  if (self->watch.ready & EPOLLIN)
    peerup_task_schedule (&self->watch.task);
}

/* A descriptor, or -1 with errno. */
static int
open_netlink (void)
{
  struct sockaddr_nl address = {
    .nl_family = AF_NETLINK,
    .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
  };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  int code;

  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  code = errno;
  close (fd);
  errno = code;
  return -1;
}

PeerupRouteMonitor *
peerup_route_monitor_new (PeerupRouteFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupReactor) reactor = NULL;
  PeerupRouteMonitor *self;
  int fd;

  g_return_val_if_fail (func != NULL, NULL);

  fd = open_netlink ();
  if (fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
                   "Cannot be told of changed addresses and routes: %s", g_strerror (errno));
      return NULL;
    }
  reactor = peerup_reactor_ref_default ();
  self = g_new0 (PeerupRouteMonitor, 1);
  if (!peerup_watch_init (&self->watch, reactor, fd, on_netlink_ready, self, error))
    {
      close (fd);
      g_free (self);
      return NULL;
    }
  peerup_watch_set_events (&self->watch, EPOLLIN);
  peerup_timer_init (&self->settle, reactor, on_settled, self);
  self->func = func;
  self->data = data;
  self->fd = fd;
  return self;
}

void
peerup_route_monitor_free (PeerupRouteMonitor *self)
{
  g_return_if_fail (self != NULL);

  peerup_watch_clear (&self->watch);
  peerup_timer_clear (&self->settle);
  close (self->fd);
  g_free (self);
}
