/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * UDP sockets on an Ethernet whose other end is this test: a TAP interface in a network namespace of
 * its own. What leaves is looked at as packets, what a router would say is said, and a
 * neighbour that does not answer fills the socket. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "udp-test.h"

#define DEVICE           "tap0"
#define OUR_ADDRESS      "192.0.2.1"
#define NEW_ADDRESS      "192.0.2.9"
#define NEIGHBOUR        "192.0.2.2"
#define ETHERNET_SIZE    14
#define IP_SIZE          20
#define UDP_SIZE         8
#define MTU              1500
#define ICMP_UNREACHABLE 3

/* The other end of the Ethernet, or why there is none. */
static int tap = -1;
static const char *no_tap;
static int no_tap_code;

static gboolean
skip_without_tap (void)
{
  g_autofree char *why = NULL;

  if (tap >= 0)
    return FALSE;
  why = g_strdup_printf ("%s: %s", no_tap, g_strerror (no_tap_code));
  g_test_skip (why);
  return TRUE;
}

static void
set_sockaddr (struct sockaddr *native, const char *host)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 0));
  memcpy (native, &address.ip4, sizeof address.ip4);
}

static void
control_device (unsigned long request, gpointer argument)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (ioctl (fd, request, argument), ==, 0);
  close (fd);
}

static void
set_device_address (const char *host)
{
  struct ifreq change = { .ifr_name = DEVICE };

  set_sockaddr (&change.ifr_addr, host);
  control_device (SIOCSIFADDR, &change);
  set_sockaddr (&change.ifr_netmask, "255.255.255.0");
  control_device (SIOCSIFNETMASK, &change);
}

/* From now on @host has an Ethernet address, or none again. */
static void
set_neighbour (const char *host, gboolean known)
{
  struct arpreq change = { .arp_flags = ATF_PERM | ATF_COM, .arp_dev = DEVICE };

  set_sockaddr (&change.arp_pa, host);
  change.arp_ha.sa_family = ARPHRD_ETHER;
  memcpy (change.arp_ha.sa_data, "\2\0\0\0\0\2", 6);
  control_device (known ? SIOCSARP : SIOCDARP, &change);
}

static void
open_tap (void)
{
  struct ifreq change = { .ifr_name = DEVICE, .ifr_flags = IFF_TAP | IFF_NO_PI };

  no_tap = "No network namespace may be made here";
  if (unshare (CLONE_NEWNET) == 0)
    {
      no_tap = "No TAP interface can be had here";
      tap = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
  if (tap >= 0 && ioctl (tap, TUNSETIFF, &change) != 0)
    {
      no_tap_code = errno;
      close (tap);
      tap = -1;
      return;
    }
  no_tap_code = errno;
  if (tap < 0)
    return;
  set_device_address (OUR_ADDRESS);
  change.ifr_flags = IFF_UP | IFF_RUNNING;
  control_device (SIOCSIFFLAGS, &change);
}

static guint
get16 (const guint8 *data)
{
  return data[0] << 8 | data[1];
}

static void
put16 (guint8 *data, guint value)
{
  data[0] = value >> 8;
  data[1] = value;
}

/* RFC 1071; 0 over what has its checksum in it. */
static guint
checksum (guint sum, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length; i += 2)
    sum += data[i] << 8 | (i + 1 < length ? data[i + 1] : 0);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/* The next UDP datagram that has left, as an IP packet; its length, or 0 when there is none. */
static gsize
read_packet (guint8 packet[MTU])
{
  guint8 frame[ETHERNET_SIZE + MTU];
  gssize n;

  while ((n = read (tap, frame, sizeof frame)) > 0)
    if (get16 (frame + 12) == 0x0800 && frame[ETHERNET_SIZE + 9] == IPPROTO_UDP)
      {
        n = get16 (frame + ETHERNET_SIZE + 2);
        memcpy (packet, frame + ETHERNET_SIZE, n);
        return n;
      }
  return 0;
}

static void
drain_packets (void)
{
  guint8 packet[MTU];

  while (read_packet (packet) > 0)
    continue;
}

/* The next packet, which carries @length bytes of @bytes whole and correct. */
static void
assert_packet (const guint8 *bytes, gsize length, guint8 ecn)
{
  guint8 packet[MTU];

  g_assert_cmpuint (read_packet (packet), ==, IP_SIZE + UDP_SIZE + length);
  g_assert_cmphex (packet[1], ==, ecn);
  /* "Don't fragment", and no fragment. */
  g_assert_cmphex (get16 (packet + 6), ==, 0x4000);
  g_assert_cmpuint (checksum (0, packet, IP_SIZE), ==, 0);
  g_assert_cmpuint (get16 (packet + IP_SIZE + 4), ==, UDP_SIZE + length);
  /* The addresses are a part of UDP's own checksum. */
  g_assert_cmpuint (checksum (IPPROTO_UDP + UDP_SIZE + length, packet + 12, UDP_SIZE + UDP_SIZE + length), ==, 0);
  g_assert_cmpmem (packet + IP_SIZE + UDP_SIZE, length, bytes, length);
}

/* An IP packet from the router to us arrives. */
static void
write_packet (guint8 protocol, const guint8 *payload, gsize length)
{
  guint8 frame[ETHERNET_SIZE + MTU] = { 0 };
  guint8 *ip = frame + ETHERNET_SIZE;
  struct ifreq device = { .ifr_name = DEVICE };

  control_device (SIOCGIFHWADDR, &device);
  memcpy (frame, device.ifr_hwaddr.sa_data, 6);
  put16 (frame + 12, 0x0800);
  ip[0] = 0x45;
  put16 (ip + 2, IP_SIZE + length);
  ip[8] = 64;
  ip[9] = protocol;
  memcpy (ip + 12, "\xc0\x00\x02\xfe\xc0\x00\x02\x01", 8);
  put16 (ip + 10, checksum (0, ip, IP_SIZE));
  memcpy (ip + IP_SIZE, payload, length);
  length += ETHERNET_SIZE + IP_SIZE;
  g_assert_cmpint (write (tap, frame, length), ==, length);
}

/* What a router answers to @packet. */
static void
write_icmp (const guint8 *packet, guint8 code, guint mtu)
{
  guint8 icmp[8 + IP_SIZE + UDP_SIZE] = { ICMP_UNREACHABLE, code };

  put16 (icmp + 6, mtu);
  memcpy (icmp + 8, packet, IP_SIZE + UDP_SIZE);
  put16 (icmp + 2, checksum (0, icmp, sizeof icmp));
  write_packet (IPPROTO_ICMP, icmp, sizeof icmp);
}

static void
write_udp (guint from, guint to, guint8 first)
{
  guint8 udp[UDP_SIZE + 1] = { 0 };

  put16 (udp, from);
  put16 (udp + 2, to);
  put16 (udp + 4, sizeof udp);
  /* No checksum: RFC 768. */
  udp[UDP_SIZE] = first;
  write_packet (IPPROTO_UDP, udp, sizeof udp);
}

static void
side_open (Side *self, Side *remote, const char *host)
{
  side_init (self, "0.0.0.0");
  *remote = (Side) { 0 };
  g_assert_true (peerup_socket_address_set (&remote->address, host, 4001));
  drain_packets ();
}

/* A batch leaves as datagrams that say so themselves. */
static void
test_packets (void)
{
  g_autofree guint8 *bytes = make_bytes (5000);
  Side side, remote;
  PeerupDatagrams batch;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, NEIGHBOUR);
  set_neighbour (NEIGHBOUR, TRUE);
  batch = (PeerupDatagrams) {
    .remote = remote.address, .data = bytes, .length = 4801, .segment = 1472, .ecn = PEERUP_ECN_ECT_0
  };
  peerup_udp_socket_send (side.socket, &batch);
  for (guint i = 0; i < 4; i++)
    assert_packet (bytes + i * 1472, MIN (1472, 4801 - i * 1472), PEERUP_ECN_ECT_0);
  g_assert_cmpuint (side_figures (&side).sent, ==, 4);
  side_clear (&side);
}

/* What the interface cannot carry whole is dropped and counted; the next that fits leaves. */
static void
test_too_big (void)
{
  g_autofree guint8 *bytes = make_bytes (5000);
  gboolean has_gso;
  Side side, remote;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, NEIGHBOUR);
  set_neighbour (NEIGHBOUR, TRUE);
  has_gso = side_figures (&side).has_gso;
  side_send (&side, &remote, bytes, 1473, 1473);
  side_send (&side, &remote, bytes, 4419, 1473);
  side_send (&side, &remote, bytes, 1472, 1472);
  assert_packet (bytes, 1472, 0);
  test_spin ();
  g_assert_cmpuint (side_figures (&side).unsent, ==, 4);
  g_assert_cmpuint (side_figures (&side).sent, ==, 1);
  g_assert_cmpuint (side.n_errors, ==, 0);
  g_assert_cmpint (side_figures (&side).has_gso, ==, has_gso);
  side_clear (&side);
}

/* A router that knows no way is believed, one that wants smaller packets is not: anybody could say so. */
static void
test_router (void)
{
  g_autofree guint8 *bytes = make_bytes (1472);
  guint8 packet[MTU];
  Side side, remote;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, NEIGHBOUR);
  set_neighbour (NEIGHBOUR, TRUE);
  side_send (&side, &remote, bytes, 1472, 1472);
  g_assert_cmpuint (read_packet (packet), ==, MTU);
  /* RFC 792: host unreachable, then fragmentation needed. */
  write_icmp (packet, 1, 0);
  side_wait_error (&side, 1);
  g_assert_cmpint (side.error_code, ==, EHOSTUNREACH);
  g_assert_true (peerup_socket_address_equal (&side.error_remote, &remote.address));
  write_icmp (packet, 4, 600);
  /* Now pending, it is in the way of neither sending nor receiving. */
  side_send (&side, &remote, bytes, 1472, 1472);
  assert_packet (bytes, 1472, 0);
  test_spin ();
  side_send (&side, &remote, bytes, 1472, 1472);
  assert_packet (bytes, 1472, 0);
  g_assert_cmpuint (side.n_errors, ==, 1);
  g_assert_cmpuint (side_figures (&side).unsent, ==, 0);
  g_assert_false (g_main_context_pending (NULL));
  side_clear (&side);
}

/* What claims to come from port 0 can only be forged. */
static void
test_port_zero (void)
{
  Side side, remote;
  guint port;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, NEIGHBOUR);
  port = peerup_socket_address_get_port (&side.address);
  write_udp (0, port, 64);
  write_udp (1, port, 65);
  side_wait (&side, 2);
  g_assert_cmpuint (side_figures (&side).unknown, ==, 1);
  g_assert_cmpmem (side.bytes->data, side.bytes->len, "A", 1);
  side_clear (&side);
}

static void
test_no_route (void)
{
  guint8 byte = 64;
  Side side, remote;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, "198.51.100.1");
  for (guint i = 0; i < 100; i++)
    side_send (&side, &remote, &byte, 1, 1);
  g_assert_cmpuint (side.n_errors, ==, 0);
  side_wait_error (&side, 1);
  test_spin ();
  g_assert_cmpuint (side.n_errors, ==, 1);
  g_assert_cmpint (side.error_code, ==, ENETUNREACH);
  g_assert_true (peerup_socket_address_equal (&side.error_remote, &remote.address));
  g_assert_cmpuint (side_figures (&side).unsent, ==, 100);
  side_clear (&side);
}

/* The address that a path begins at has left the machine. */
static void
test_address_gone (void)
{
  g_autofree guint8 *bytes = make_bytes (3000);
  PeerupDatagrams batch = { .data = bytes, .length = 3000, .segment = 1000 };
  gboolean has_gso;
  Side side, remote;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, NEIGHBOUR);
  set_neighbour (NEIGHBOUR, TRUE);
  has_gso = side_figures (&side).has_gso;
  batch.remote = remote.address;
  g_assert_true (peerup_socket_address_set (&batch.local, OUR_ADDRESS, 0));
  peerup_udp_socket_send (side.socket, &batch);
  for (guint i = 0; i < 3; i++)
    assert_packet (bytes + i * 1000, 1000, 0);
  set_device_address (NEW_ADDRESS);
  peerup_udp_socket_send (side.socket, &batch);
  side_wait_error (&side, 1);
  /* Newer kernels look for a route from there first. */
  g_assert_true (side.error_code == EADDRNOTAVAIL || side.error_code == ENETUNREACH);
  g_assert_cmpint (side_figures (&side).has_gso, ==, has_gso);
  set_device_address (OUR_ADDRESS);
  side_clear (&side);
}

static void
note (gpointer data)
{
  ++*(guint *) data;
}

/* Datagrams wait for a neighbour's address until the socket is full; once it is known, they leave, and
 * the socket tells that it has room. */
static void
test_full (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  g_autofree guint8 *bytes = make_bytes (4000);
  int small = 1;
  guint n_woken = 0;
  guint guard;
  guint64 n = 0;
  PeerupTask task;
  Side side, remote;

  if (skip_without_tap ())
    return;
  side_open (&side, &remote, "192.0.2.3");
  g_assert_cmpint (setsockopt (side.socket->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), ==, 0);
  peerup_task_init (&task, reactor, note, &n_woken);
  while (!peerup_udp_socket_is_blocked (side.socket))
    side_send (&side, &remote, bytes + n++, 1000, 1000);
  peerup_udp_socket_wait (side.socket, &task);
  side_send (&side, &remote, bytes, 1000, 1000);
  test_spin ();
  g_assert_cmpuint (n_woken, ==, 0);
  g_assert_cmpuint (side_figures (&side).unsent, ==, 1);
  set_neighbour ("192.0.2.3", TRUE);
  guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  while (n_woken == 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  g_assert_false (peerup_udp_socket_is_blocked (side.socket));
  g_assert_cmpuint (side_figures (&side).sent, ==, n);
  for (guint i = 0; i < n; i++)
    assert_packet (bytes + i, 1000, 0);
  set_neighbour ("192.0.2.3", FALSE);
  peerup_task_clear (&task);
  side_clear (&side);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  open_tap ();
  g_test_add_func ("/udp-network/packets", test_packets);
  g_test_add_func ("/udp-network/too-big", test_too_big);
  g_test_add_func ("/udp-network/router", test_router);
  g_test_add_func ("/udp-network/port-zero", test_port_zero);
  g_test_add_func ("/udp-network/no-route", test_no_route);
  g_test_add_func ("/udp-network/address-gone", test_address_gone);
  g_test_add_func ("/udp-network/full", test_full);
  result = g_test_run ();
  if (tap >= 0)
    close (tap);
  return result;
}
