/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Changes of addresses and links, in a network namespace of the test's own: it is empty but for a
 * loopback interface that is down at first. */

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport-test.h"
#include "transport/peerup-route-monitor.h"

/* Errno of why there is no namespace, or 0. */
static int no_namespace;

static gboolean
skip_without_namespace (void)
{
  g_autofree char *why = NULL;

  if (no_namespace == 0)
    return FALSE;
  why = g_strdup_printf ("No network namespace may be made here: %s", g_strerror (no_namespace));
  g_test_skip (why);
  return TRUE;
}

static void
change_interface (unsigned long request, struct ifreq *change)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  strcpy (change->ifr_name, "lo");
  g_assert_cmpint (ioctl (fd, request, change), ==, 0);
  close (fd);
}

static void
set_loopback (gboolean up)
{
  struct ifreq change = { .ifr_flags = up ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING : IFF_LOOPBACK };

  change_interface (SIOCSIFFLAGS, &change);
}

static void
set_loopback_address (guint32 host)
{
  struct ifreq change = { 0 };
  struct sockaddr_in *address = (gpointer) &change.ifr_addr;

  address->sin_family = AF_INET;
  address->sin_addr.s_addr = g_htonl (host);
  change_interface (SIOCSIFADDR, &change);
}

static void
count_change (gpointer data)
{
  ++*(guint *) data;
}

static PeerupRouteMonitor *
monitor_new (PeerupRouteFunc func, gpointer data)
{
  g_autoptr (GError) error = NULL;
  PeerupRouteMonitor *monitor = peerup_route_monitor_new (func, data, &error);

  g_assert_no_error (error);
  return monitor;
}

static void
wait_changes (guint *n, guint expected)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (*n < expected)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* Each kind of change is told of, once, when it is over. */
static void
test_changes (void)
{
  g_autoptr (PeerupRouteMonitor) monitor = NULL;
  gint64 start;
  guint n = 0;

  if (skip_without_namespace ())
    return;
  set_loopback (FALSE);
  monitor = monitor_new (count_change, &n);
  for (guint round = 0; round < 4; round++)
    {
      start = g_get_monotonic_time ();
      if (round < 2)
        set_loopback (round == 0);
      else
        set_loopback_address (0x7f000001 + round);
      test_spin ();
      wait_changes (&n, round + 1);
      g_assert_cmpint (g_get_monotonic_time () - start, >=, PEERUP_ROUTE_SETTLE);
      test_spin ();
      g_assert_cmpuint (n, ==, round + 1);
    }
}

static gboolean
change_again (gpointer data)
{
  static guint host;

  set_loopback_address (0x7f000001 + ++host % 2);
  return G_SOURCE_CONTINUE;
}

/* Changes without end are told of in the midst of them. */
static void
test_no_quiet (void)
{
  g_autoptr (PeerupRouteMonitor) monitor = NULL;
  gint64 start;
  guint n = 0;
  guint source;

  if (skip_without_namespace ())
    return;
  set_loopback (TRUE);
  monitor = monitor_new (count_change, &n);
  source = g_timeout_add (PEERUP_ROUTE_SETTLE / 1000 / 5, change_again, NULL);
  start = g_get_monotonic_time ();
  wait_changes (&n, 1);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, PEERUP_ROUTE_SETTLE);
  g_source_remove (source);
}

/* The same kind of socket, which nobody reads. */
static int
open_unread (void)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

/* More messages than the socket holds: a change like others. */
static void
test_overrun (void)
{
  g_autoptr (PeerupRouteMonitor) monitor = NULL;
  char byte;
  guint n = 0;
  int fd;

  if (skip_without_namespace ())
    return;
  set_loopback (TRUE);
  monitor = monitor_new (count_change, &n);
  fd = open_unread ();
  for (guint i = 0; i < 2000; i++)
    change_again (NULL);
  /* The one with fewer groups has been overrun, so the monitor's has. */
  g_assert_cmpint (recv (fd, &byte, 1, 0), ==, -1);
  g_assert_cmpint (errno, ==, ENOBUFS);
  wait_changes (&n, 1);
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
  change_again (NULL);
  wait_changes (&n, 2);
  close (fd);
}

static void
free_monitor (gpointer data)
{
  g_clear_pointer ((PeerupRouteMonitor **) data, peerup_route_monitor_free);
}

static void
test_free_inside (void)
{
  PeerupRouteMonitor *monitor = NULL;

  if (skip_without_namespace ())
    return;
  monitor = monitor_new (free_monitor, &monitor);
  set_loopback (FALSE);
  set_loopback (TRUE);
  test_wait_gone ((gpointer *) &monitor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Who may not do it outright may in a namespace of users, unless that is forbidden too. */
  if (unshare (CLONE_NEWNET) != 0 && unshare (CLONE_NEWUSER | CLONE_NEWNET) != 0)
    no_namespace = errno;
  g_test_add_func ("/route-monitor/changes", test_changes);
  g_test_add_func ("/route-monitor/no-quiet", test_no_quiet);
  g_test_add_func ("/route-monitor/overrun", test_overrun);
  g_test_add_func ("/route-monitor/free-inside", test_free_inside);
  return g_test_run ();
}
