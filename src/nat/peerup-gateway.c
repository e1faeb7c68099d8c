/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The default route's router, asked for as the way to the address that PCP has for whatever gateway there is (RFC
 * 7723), so that the system's own rules choose among several. The kernel answers at once; nothing is kept. */

#include "nat/peerup-gateway.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANYCAST_IP4 "192.0.0.9"
#define ANYCAST_IP6 "2001:1::1"

#define ANSWER_MAX 4096

typedef struct
{
  struct nlmsghdr header;
  struct rtmsg route;
  struct rtattr attribute;
  guint8 destination[sizeof (struct in6_addr)];
} Request;

/* What an attribute of a route has for an address; FALSE: its length is wrong. */
static gboolean
set_host (PeerupSocketAddress *address, int family, const guint8 *data, gsize length)
{
  struct sockaddr_in ip4 = { .sin_family = AF_INET };
  struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6 };

  if (family == AF_INET && length == sizeof ip4.sin_addr)
    {
      memcpy (&ip4.sin_addr, data, length);
      return peerup_socket_address_set_native (address, &ip4, sizeof ip4);
    }
  if (family == AF_INET6 && length == sizeof ip6.sin6_addr)
    {
      memcpy (&ip6.sin6_addr, data, length);
      return peerup_socket_address_set_native (address, &ip6, sizeof ip6);
    }
  return FALSE;
}

static void
read_attribute (PeerupGateway *gateway, int family, guint16 type, const guint8 *data, gsize length, guint32 *interface)
{
  if (type == RTA_GATEWAY && !set_host (&gateway->gateway, family, data, length))
    gateway->gateway = (PeerupSocketAddress) { 0 };
  if (type == RTA_PREFSRC && !set_host (&gateway->local, family, data, length))
    gateway->local = (PeerupSocketAddress) { 0 };
  if (type == RTA_OIF && length == sizeof *interface)
    memcpy (interface, data, sizeof *interface);
}

/* @data: behind the header of the route. */
static void
read_attributes (PeerupGateway *gateway, int family, const guint8 *data, gsize length)
{
  guint32 interface = 0;

  while (length >= sizeof (struct rtattr))
    {
      struct rtattr attribute;
      gsize padded;

      memcpy (&attribute, data, sizeof attribute);
      if (attribute.rta_len < sizeof attribute || attribute.rta_len > length)
        break;
      read_attribute (gateway, family, attribute.rta_type, data + sizeof attribute,
                      attribute.rta_len - sizeof attribute, &interface);
      padded = MIN (RTA_ALIGN (attribute.rta_len), length);
      data += padded;
      length -= padded;
    }
  if (family == AF_INET6 && peerup_socket_address_is_link_local (&gateway->gateway))
    gateway->gateway.ip6.sin6_scope_id = interface;
}

gboolean
peerup_gateway_parse (PeerupGateway *gateway, const guint8 *data, gsize length)
{
  struct nlmsghdr header;
  struct rtmsg route;
  gsize start = NLMSG_ALIGN (sizeof header);

  g_return_val_if_fail (gateway != NULL, FALSE);

  *gateway = (PeerupGateway) { 0 };
  if (length < start || length - start < sizeof route)
    return FALSE;
  memcpy (&header, data, sizeof header);
  memcpy (&route, data + start, sizeof route);
  start += NLMSG_ALIGN (sizeof route);
  if (header.nlmsg_type != RTM_NEWROUTE || header.nlmsg_len > length || header.nlmsg_len < start ||
      route.rtm_type != RTN_UNICAST)
    return FALSE;
  read_attributes (gateway, route.rtm_family, data + start, header.nlmsg_len - start);
  return gateway->gateway.any.sa_family != AF_UNSPEC && gateway->local.any.sa_family != AF_UNSPEC;
}

/* 0 or an errno. */
static int
ask (int fd, int family, guint8 *answer, gsize *length)
{
  Request request = { .header = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST } };
  PeerupSocketAddress anycast;
  gsize size = family == AF_INET ? sizeof (struct in_addr) : sizeof (struct in6_addr);
  gssize n;

  if (!peerup_socket_address_set (&anycast, family == AF_INET ? ANYCAST_IP4 : ANYCAST_IP6, 0))
    return EAFNOSUPPORT;
  request.route.rtm_family = family;
  request.route.rtm_dst_len = 8 * size;
  request.attribute.rta_type = RTA_DST;
  request.attribute.rta_len = RTA_LENGTH (size);
  if (family == AF_INET)
    memcpy (request.destination, &anycast.ip4.sin_addr, size);
  else
    memcpy (request.destination, &anycast.ip6.sin6_addr, size);
  request.header.nlmsg_len = G_STRUCT_OFFSET (Request, destination) + size;
  if (send (fd, &request, request.header.nlmsg_len, 0) < 0)
    return errno;
  n = recv (fd, answer, ANSWER_MAX, 0);
  if (n < 0)
    return errno;
  *length = n;
  return 0;
}

gboolean
peerup_gateway_find (int family, PeerupGateway *gateway, GError **error)
{
  guint8 answer[ANSWER_MAX];
  struct timeval patience = { .tv_sec = 1 };
  gsize length = 0;
  int fd, code;

  g_return_val_if_fail (family == AF_INET || family == AF_INET6, FALSE);
  g_return_val_if_fail (gateway != NULL, FALSE);

  fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  code = fd < 0 || setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0
           ? errno
           : ask (fd, family, answer, &length);
  if (fd >= 0)
    close (fd);
  if (code == 0 && peerup_gateway_parse (gateway, answer, length))
    return TRUE;
  g_set_error (error, G_IO_ERROR, code != 0 ? g_io_error_from_errno (code) : G_IO_ERROR_NETWORK_UNREACHABLE,
               "No router for IPv%d was found: %s", family == AF_INET ? 4 : 6,
               code != 0 ? g_strerror (code) : "there is no default route");
  return FALSE;
}
