/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * An Ethernet of this process's own: a TAP interface in a network namespace, with 192.168.7.2/24. Who sends to a group
 * there hears it by loopback of multicast. */
#pragma once

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/peerup-socket-address.h"

#define TAP_DEVICE "tap0"

/* Why there is no Ethernet; NULL: there is. */
static const char *tap_missing = "No network namespace may be made here";
static int tap_fd = -1;

static void
tap_control (unsigned long request, struct ifreq *change)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ioctl (fd, request, change), ==, 0);
  close (fd);
}

static void
tap_set_address (unsigned long request, const char *host)
{
  struct ifreq change = { .ifr_name = TAP_DEVICE };
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 0));
  memcpy (&change.ifr_addr, &address.ip4, sizeof address.ip4);
  tap_control (request, &change);
}

static void
tap_set_up (gboolean up)
{
  struct ifreq change = { .ifr_name = TAP_DEVICE };

  change.ifr_flags = up ? IFF_UP | IFF_RUNNING | IFF_MULTICAST | IFF_BROADCAST : IFF_BROADCAST | IFF_MULTICAST;
  tap_control (SIOCSIFFLAGS, &change);
}

/* To be called before there is another thread. */
static void
tap_open (void)
{
  struct ifreq change = { .ifr_name = TAP_DEVICE, .ifr_flags = IFF_TAP | IFF_NO_PI };

  if (unshare (CLONE_NEWNET) != 0)
    return;
  tap_missing = "No TAP interface can be had here";
  tap_fd = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap_fd < 0 || ioctl (tap_fd, TUNSETIFF, &change) != 0)
    return;
  tap_missing = NULL;
  tap_set_address (SIOCSIFADDR, "192.168.7.2");
  tap_set_address (SIOCSIFNETMASK, "255.255.255.0");
  tap_set_up (TRUE);
}

/* Whether there is none, so that the test is skipped. */
static gboolean
tap_skip (void)
{
  if (tap_missing != NULL)
    g_test_skip (tap_missing);
  return tap_missing != NULL;
}
