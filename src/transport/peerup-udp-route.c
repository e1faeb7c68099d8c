/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The question of which way packets to an address go. It is put to the system by connecting
 * a UDP socket, which sends nothing and is closed before the answer is given. */

#include "transport/peerup-udp-socket.h"

#include <errno.h>
#include <gio/gio.h>
#include <unistd.h>

/* 0 or an errno. */
static int
ask_route (int fd, const PeerupSocketAddress *remote, PeerupSocketAddress *local, guint *mtu)
{
  gboolean is_ip6 = remote->any.sa_family == AF_INET6;
  PeerupSocketAddress native;
  socklen_t length = sizeof native;
  socklen_t mtu_length = sizeof (int);
  int value = 0;

  if (connect (fd, &remote->any, peerup_socket_address_get_length (remote)) != 0 ||
      getsockname (fd, &native.any, &length) != 0 ||
      getsockopt (fd, is_ip6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ip6 ? IPV6_MTU : IP_MTU, &value, &mtu_length) != 0)
    return errno;
  if (!peerup_socket_address_set_native (local, &native, length))
    return EAFNOSUPPORT;
  peerup_socket_address_set_port (local, 0);
  *mtu = MAX (0, value);
  return 0;
}

gboolean
peerup_udp_find_route (const PeerupSocketAddress *remote, PeerupSocketAddress *local, guint *mtu, GError **error)
{
  g_autofree char *text = NULL;
  int fd;
  int code;

  g_return_val_if_fail (remote != NULL && local != NULL && mtu != NULL, FALSE);
  g_return_val_if_fail (remote->any.sa_family != AF_UNSPEC, FALSE);

  fd = socket (remote->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  code = fd >= 0 ? ask_route (fd, remote, local, mtu) : errno;
  if (fd >= 0)
    close (fd);
  if (code == 0)
    return TRUE;
  text = peerup_socket_address_to_string (remote);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "There is no way to %s: %s", text, g_strerror (code));
  return FALSE;
}
