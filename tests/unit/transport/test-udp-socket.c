/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * UDP sockets over the loopback interface, IPv4 and IPv6. */

#include <errno.h>
#include <gio/gio.h>
#include <unistd.h>

#include "udp-test.h"

/* Batches both ways, equal in bytes and sizes. */
static void
test_batches (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (PEERUP_UDP_BATCH_MAX);
  Side sides[2];

  sides_init (sides, data);
  for (guint way = 0; way < 2; way++)
    {
      Side *from = &sides[way], *to = &sides[!way];

      side_send (from, to, bytes, 44 * 1444 + 700, 1444);
      side_wait (to, 45);
      assert_sizes (to, 45, 1444, 700);
      g_assert_cmpmem (to->bytes->data, to->bytes->len, bytes, 44 * 1444 + 700);
      g_assert_true (peerup_socket_address_equal (&to->last.remote, &from->address));
      g_assert_true (peerup_socket_address_equal (&to->last.local, &to->address));
      g_assert_cmpuint (side_figures (from).sent, ==, 45);
      g_assert_cmpuint (side_figures (from).unsent, ==, 0);
      g_assert_cmpuint (side_figures (to).unknown, ==, 0);
      if (side_figures (to).has_gro && side_figures (from).has_gso)
        g_assert_cmpuint (to->n_batches, ==, 1);
    }
  sides_clear (sides);
}

static void
test_ecn (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (4000);
  Side sides[2];

  sides_init (sides, data);
  g_assert_true (side_figures (&sides[0]).has_ecn);
  for (guint ecn = PEERUP_ECN_NOT_ECT; ecn <= PEERUP_ECN_CE; ecn++)
    {
      PeerupDatagrams datagrams = {
        .remote = sides[1].address, .data = bytes, .length = 4000, .segment = 1000, .ecn = ecn
      };

      peerup_udp_socket_send (sides[0].socket, &datagrams);
      side_wait (&sides[1], 4 * (ecn + 1));
      g_assert_cmpuint (sides[1].last.ecn, ==, ecn);
    }
  sides_clear (sides);
}

/* A socket bound to all addresses says which one was meant, and answers from it. */
static void
test_wildcard (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (100);
  PeerupDatagrams datagrams = { .data = bytes, .length = 100, .segment = 100 };
  PeerupSocketAddress second;
  Side sides[2];

  sides_init (sides, data);
  /* IPv4 has a whole network of loopback addresses, IPv6 one. */
  second = sides[0].address;
  if (second.any.sa_family == AF_INET)
    second.ip4.sin_addr.s_addr = g_htonl (0x7f000002);
  datagrams.remote = second;
  peerup_udp_socket_send (sides[1].socket, &datagrams);
  side_wait (&sides[0], 1);
  g_assert_true (peerup_socket_address_equal (&sides[0].last.local, &second));

  datagrams.local = sides[0].last.local;
  datagrams.remote = sides[0].last.remote;
  peerup_udp_socket_send (sides[0].socket, &datagrams);
  side_wait (&sides[1], 1);
  g_assert_true (peerup_socket_address_equal (&sides[1].last.remote, &second));
  sides_clear (sides);
}

/* Datagrams of no byte, of one and of as many as there can be, in a burst. */
static void
test_odd_sizes (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (65507);
  guint n_empty = 0;
  Side sides[2];
  int fd;

  sides_init (sides, data);
  fd = socket (sides[1].address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  for (guint i = 0; i < 20; i++, n_empty += 2)
    {
      struct sockaddr *to = &sides[1].address.any;
      socklen_t length = peerup_socket_address_get_length (&sides[1].address);

      side_send (&sides[0], &sides[1], NULL, 0, 0);
      side_send (&sides[0], &sides[1], bytes, 1, 1);
      /* More than a batch may carry, and more than leaves unfragmented. */
      if (i == 10)
        g_assert_cmpint (sendto (fd, bytes, 65507, 0, to, length), ==, 65507);
      side_send (&sides[0], &sides[1], NULL, 0, 0);
    }
  side_wait (&sides[1], 61);
  g_assert_cmpuint (side_figures (&sides[1]).unknown, ==, n_empty);
  g_assert_cmpuint (sides[1].sizes->len, ==, 21);
  g_assert_cmpuint (sides[1].bytes->len, ==, 20 + 65507);
  g_assert_cmpuint (g_array_index (sides[1].sizes, guint, 11), ==, 65507);
  g_assert_cmpmem (sides[1].bytes->data + 11, 65507, bytes, 65507);
  close (fd);
  sides_clear (sides);
}

/* STUN has the magic cookie since RFC 5389, and that of RFC 3489, which is still spoken, has not. */
static void
make_classic_stun (guint8 *data, gsize length)
{
  static const guint8 header[] = { 0x00, 0x01, 0x00, 0x00 };

  memset (data, 's', length);
  memcpy (data, header, sizeof header);
}

static void
make_stun (guint8 *data, gsize length)
{
  static const guint8 header[] = { 0x00, 0x01, 0x00, 0x04, 0x21, 0x12, 0xa4, 0x42 };

  memset (data, 's', length);
  memcpy (data, header, sizeof header);
}

/* What the kernel has joined can hold both: each datagram goes where it belongs, runs stay runs. */
static void
test_stun_between (void)
{
  g_autofree guint8 *bytes = make_bytes (10 * 32);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  make_stun (bytes + 2 * 32, 32);
  make_classic_stun (bytes + 3 * 32, 32);
  /* No known first bytes, and one that is short, at the end. */
  bytes[5 * 32] = 4;
  bytes[6 * 32] = 20;
  make_stun (bytes + 9 * 32, 19);
  side_send (&sides[0], &sides[1], bytes, 9 * 32 + 19, 32);
  side_wait (&sides[1], 10);
  g_assert_cmpuint (sides[1].n_stun, ==, 2);
  g_assert_cmpmem (sides[1].stun_bytes->data, sides[1].stun_bytes->len, bytes + 2 * 32, 64);
  g_assert_cmpuint (side_figures (&sides[1]).unknown, ==, 3);
  assert_sizes (&sides[1], 5, 32, 32);
  if (side_figures (&sides[1]).has_gro)
    g_assert_cmpuint (sides[1].n_batches, ==, 3);
  /* Nobody asks for it: unknown. */
  peerup_udp_socket_set_stun_func (sides[1].socket, NULL, NULL);
  side_send (&sides[0], &sides[1], bytes + 2 * 32, 32, 32);
  side_wait (&sides[1], 11);
  g_assert_cmpuint (side_figures (&sides[1]).unknown, ==, 4);
  sides_clear (sides);
}

static void
on_refused_port (Side *side, PeerupSocketAddress *gone)
{
  Side other;

  side_init (&other, side->address.any.sa_family == AF_INET ? "127.0.0.1" : "::1");
  *gone = other.address;
  side_clear (&other);
}

/* A port where nobody is: told with its address, and no hindrance to others. */
static void
test_refused (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (100);
  PeerupDatagrams datagrams = { .data = bytes, .length = 100, .segment = 100 };
  PeerupSocketAddress gone;
  Side sides[2];

  sides_init (sides, data);
  on_refused_port (&sides[0], &gone);
  datagrams.remote = gone;
  peerup_udp_socket_send (sides[0].socket, &datagrams);
  /* The error is pending by now: this one is sent all the same. */
  side_send (&sides[0], &sides[1], bytes, 100, 100);
  g_assert_cmpuint (side_figures (&sides[0]).sent, ==, 2);
  g_assert_cmpuint (sides[0].n_errors, ==, 0);
  side_wait_error (&sides[0], 1);
  g_assert_cmpint (sides[0].error_code, ==, ECONNREFUSED);
  g_assert_true (peerup_socket_address_equal (&sides[0].error_remote, &gone));
  side_wait (&sides[1], 1);
  g_assert_cmpuint (side_figures (&sides[0]).unsent, ==, 0);
  /* Nor does it keep the socket from receiving, or the loop busy. */
  peerup_udp_socket_send (sides[0].socket, &datagrams);
  side_send (&sides[1], &sides[0], bytes, 100, 100);
  side_wait (&sides[0], 1);
  g_assert_cmpuint (sides[0].n_errors, ==, 2);
  g_assert_false (g_main_context_pending (NULL));
  sides_clear (sides);
}

/* An address of the other family is an error to tell, not a reason to fail. */
static void
test_wrong_family (void)
{
  guint8 byte = 64;
  Side sides[2];

  side_init (&sides[0], "127.0.0.1");
  side_init (&sides[1], "::1");
  for (guint way = 0; way < 2; way++)
    {
      side_send (&sides[way], &sides[!way], &byte, 1, 1);
      side_wait_error (&sides[way], 1);
      g_assert_true (peerup_socket_address_equal (&sides[way].error_remote, &sides[!way].address));
    }
  sides_clear (sides);
}

static void
test_port_taken (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress address;
  Side side;

  side_init (&side, data);
  peerup_udp_socket_get_address (side.socket, &address);
  g_assert_null (peerup_udp_socket_new (&address, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "used by another program"));
  g_clear_error (&error);
  /* The other family's wildcard is another thing. */
  if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED (&address.ip6.sin6_addr))
    {
      g_autoptr (PeerupUdpSocket) both = NULL;

      g_assert_true (peerup_socket_address_set (&address, "0.0.0.0", peerup_socket_address_get_port (&address)));
      both = peerup_udp_socket_new (&address, &error);
      g_assert_no_error (error);
    }
  side_clear (&side);
  g_assert_true (peerup_socket_address_set (&address, "192.0.2.1", 0));
  g_assert_null (peerup_udp_socket_new (&address, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "192.0.2.1"));
}

static int
open_native (int family, int type, gboolean bound)
{
  PeerupSocketAddress address;
  int fd = socket (family, type | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (peerup_socket_address_set (&address, family == AF_INET ? "127.0.0.1" : "::", 0));
  if (bound)
    g_assert_cmpint (bind (fd, &address.any, peerup_socket_address_get_length (&address)), ==, 0);
  return fd;
}

/* A descriptor that others have used, with datagrams that came before. */
static void
test_new_for_fd (void)
{
  g_autofree guint8 *bytes = make_bytes (100);
  g_autoptr (GError) error = NULL;
  int fd = open_native (AF_INET, SOCK_DGRAM, TRUE);
  Side sides[2] = { 0 };

  side_init (&sides[0], "127.0.0.1");
  g_assert_cmpint (sendto (fd, "x", 1, 0, &sides[0].address.any, sizeof (struct sockaddr_in)), ==, 1);
  side_wait (&sides[0], 1);
  sides[1].address = sides[0].last.remote;
  side_send (&sides[0], &sides[1], bytes, 100, 10);

  sides[1].socket = peerup_udp_socket_new_for_fd (fd, &error);
  g_assert_no_error (error);
  /* Nothing is read before somebody wants it. */
  test_spin ();
  g_assert_cmpuint (side_figures (&sides[1]).received, ==, 0);
  side_watch (&sides[1]);
  side_wait (&sides[1], 10);
  side_send (&sides[0], &sides[1], bytes, 100, 10);
  side_wait (&sides[1], 20);
  g_assert_cmpuint (sides[1].bytes->len, ==, 200);
  sides_clear (sides);
}

static void
test_new_for_wrong_fd (void)
{
  static const struct
  {
    int family, type;
    gboolean bound;
    int code;
  } cases[] = {
    { AF_INET, SOCK_STREAM, TRUE, G_IO_ERROR_INVALID_ARGUMENT },
    { AF_INET, SOCK_DGRAM, FALSE, G_IO_ERROR_INVALID_ARGUMENT },
    { AF_UNIX, SOCK_DGRAM, FALSE, G_IO_ERROR_INVALID_ARGUMENT },
    { AF_INET6, SOCK_DGRAM, TRUE, G_IO_ERROR_NOT_SUPPORTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int fd = open_native (cases[i].family, cases[i].type, cases[i].bound);
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_udp_socket_new_for_fd (fd, &error));
      g_assert_error (error, G_IO_ERROR, cases[i].code);
      /* Still ours. */
      g_assert_cmpint (close (fd), ==, 0);
    }
}

static void
free_socket (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  Side *self = data;

  self->n_batches++;
  g_clear_pointer (&self->socket, peerup_udp_socket_free);
}

static void
free_socket_on_error (PeerupUdpSocket *socket, const PeerupSocketAddress *remote, int code, gpointer data)
{
  free_socket (socket, NULL, 0, data);
}

/* Inside a callback, with more to come. */
static void
test_free_inside (void)
{
  g_autofree guint8 *bytes = make_bytes (320);
  PeerupSocketAddress gone;
  Side sides[2];

  for (guint round = 0; round < 3; round++)
    {
      sides_init (sides, "127.0.0.1");
      make_stun (bytes + 32, 32);
      if (round == 0)
        peerup_udp_socket_set_func (sides[1].socket, free_socket, &sides[1]);
      else if (round == 1)
        peerup_udp_socket_set_stun_func (sides[1].socket, free_socket, &sides[1]);
      else
        peerup_udp_socket_set_error_func (sides[1].socket, free_socket_on_error, &sides[1]);
      if (round == 2)
        {
          PeerupDatagrams datagrams = { .data = bytes, .length = 10, .segment = 10 };

          on_refused_port (&sides[1], &gone);
          datagrams.remote = gone;
          peerup_udp_socket_send (sides[1].socket, &datagrams);
        }
      for (guint i = 0; i < 3; i++)
        side_send (&sides[0], &sides[1], bytes, 320, 32);
      while (sides[1].socket != NULL)
        g_main_context_iteration (NULL, TRUE);
      test_spin ();
      g_assert_cmpuint (sides[1].n_batches, ==, round == 1 ? 2 : 1);
      sides_clear (sides);
    }
}

static int
cut_receive (int fd, struct mmsghdr *messages, guint n, int flags, struct timespec *timeout)
{
  for (guint i = 0; i < n; i++)
    messages[i].msg_hdr.msg_iov->iov_len = 250;
  return recvmmsg (fd, messages, n, flags, timeout);
}

/* Datagrams that did not fit: those that are whole count, what is left of others does not. */
static void
test_cut (void)
{
  g_autofree guint8 *bytes = make_bytes (1000);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  sides[1].socket->calls.receive = cut_receive;
  side_send (&sides[0], &sides[1], bytes, 251, 251);
  side_send (&sides[0], &sides[1], bytes, 250, 250);
  side_wait (&sides[1], 1);
  g_assert_cmpuint (side_figures (&sides[1]).dropped, ==, 1);
  assert_sizes (&sides[1], 1, 250, 250);
  if (side_figures (&sides[1]).has_gro && side_figures (&sides[0]).has_gso)
    {
      side_send (&sides[0], &sides[1], bytes, 1000, 100);
      side_wait (&sides[1], 3);
      g_assert_cmpuint (side_figures (&sides[1]).dropped, ==, 2);
      g_assert_cmpmem (sides[1].bytes->data + 250, sides[1].bytes->len - 250, bytes, 200);
    }
  sides_clear (sides);
}

static gboolean
set_flag (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
test_route (void)
{
  g_autoptr (GError) error = NULL;
  PeerupSocketAddress remote, local;
  guint mtu = 0;

  g_assert_true (peerup_socket_address_set (&remote, "127.0.0.3", 4001));
  g_assert_true (peerup_udp_find_route (&remote, &local, &mtu, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (mtu, >=, 576);
  g_assert_cmpuint (peerup_socket_address_get_port (&local), ==, 0);
  g_assert_cmpint (local.any.sa_family, ==, AF_INET);
  g_assert_cmpuint (g_ntohl (local.ip4.sin_addr.s_addr) >> 24, ==, 127);
  g_assert_true (peerup_socket_address_set (&remote, "::1", 4001));
  g_assert_true (peerup_udp_find_route (&remote, &local, &mtu, &error));
  g_assert_true (IN6_IS_ADDR_LOOPBACK (&local.ip6.sin6_addr));
  g_assert_cmpuint (mtu, >=, 1280);
  /* A network that nobody may be on. */
  g_assert_true (peerup_socket_address_set (&remote, "255.255.255.255", 4001));
  g_assert_false (peerup_udp_find_route (&remote, &local, &mtu, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_nonnull (strstr (error->message, "255.255.255.255"));
}

static void
test_buffers (void)
{
  PeerupUdpFigures figures;
  Side side;
  int value = 0;
  socklen_t length = sizeof value;

  side_init (&side, "127.0.0.1");
  figures = side_figures (&side);
  g_assert_cmpuint (figures.receive_buffer, >=, 64 * 1024);
  g_assert_cmpuint (figures.send_buffer, >=, 64 * 1024);
  g_assert_cmpint (getsockopt (side.socket->fd, SOL_SOCKET, SO_RCVBUF, &value, &length), ==, 0);
  g_assert_cmpuint (figures.receive_buffer, ==, value / 2);
  side_clear (&side);
}

static void
on_quic_slowly (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  gint64 until = g_get_monotonic_time () + PEERUP_DISPATCH_BUDGET / 10;

  on_quic (socket, datagrams, now, data);
  while (g_get_monotonic_time () < until)
    continue;
}

/* A flood is worked off in turns, and what found no room is counted. */
static void
test_flood (void)
{
  g_autofree guint8 *bytes = make_bytes (65000);
  gboolean reached = FALSE;
  guint64 total = 0;
  int small = 1;
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  peerup_udp_socket_set_func (sides[1].socket, on_quic_slowly, &sides[1]);
  for (guint i = 0; i < 40; i++, total += 65)
    side_send (&sides[0], &sides[1], bytes, 65000, 1000);
  g_idle_add_full (G_PRIORITY_DEFAULT, set_flag, &reached, NULL);
  while (!reached)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (side_figures (&sides[1]).received, >, 0);
  g_assert_cmpuint (side_figures (&sides[1]).received, <, total);
  test_spin ();
  total -= side_figures (&sides[1]).received;
  /* The kernel tells with the next one that it has room for. */
  g_assert_cmpint (setsockopt (sides[1].socket->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), ==, 0);
  for (guint i = 0; i < 50; i++)
    side_send (&sides[0], &sides[1], bytes, 1000, 1000);
  test_spin ();
  side_send (&sides[0], &sides[1], bytes, 100, 100);
  test_spin ();
  g_assert_cmpuint (side_figures (&sides[1]).dropped, >, 0);
  g_assert_cmpuint (side_figures (&sides[1]).dropped, <=, 50 + total);
  sides_clear (sides);
}

#define EACH_FAMILY(path, func)                              \
  G_STMT_START                                               \
  {                                                          \
    g_test_add_data_func (path "/ip4", "127.0.0.1", func);   \
    g_test_add_data_func (path "/ip6", "::1", func);         \
    g_test_add_data_func (path "/all-ip4", "0.0.0.0", func); \
    g_test_add_data_func (path "/all-ip6", "::", func);      \
  }                                                          \
  G_STMT_END

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  EACH_FAMILY ("/udp-socket/batches", test_batches);
  EACH_FAMILY ("/udp-socket/ecn", test_ecn);
  EACH_FAMILY ("/udp-socket/odd-sizes", test_odd_sizes);
  EACH_FAMILY ("/udp-socket/refused", test_refused);
  EACH_FAMILY ("/udp-socket/port-taken", test_port_taken);
  g_test_add_data_func ("/udp-socket/wildcard/ip4", "0.0.0.0", test_wildcard);
  g_test_add_data_func ("/udp-socket/wildcard/ip6", "::", test_wildcard);
  g_test_add_func ("/udp-socket/stun-between", test_stun_between);
  g_test_add_func ("/udp-socket/wrong-family", test_wrong_family);
  g_test_add_func ("/udp-socket/new-for-fd", test_new_for_fd);
  g_test_add_func ("/udp-socket/new-for-wrong-fd", test_new_for_wrong_fd);
  g_test_add_func ("/udp-socket/free-inside", test_free_inside);
  g_test_add_func ("/udp-socket/cut", test_cut);
  g_test_add_func ("/udp-socket/flood", test_flood);
  g_test_add_func ("/udp-socket/buffers", test_buffers);
  g_test_add_func ("/udp-socket/route", test_route);
  return g_test_run ();
}
