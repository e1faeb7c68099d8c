/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A multicast socket of one family. For IPv4 it is bound to the group itself, so that it takes nothing that another
 * responder of this machine is told alone; for IPv6 that would need a socket for each interface. It knows nothing of
 * what it carries, and joins and leaves as it is told. */

#include "mdns/peerup-mdns-socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mdns/peerup-mdns-machine.h"
#include "wire/peerup-error.h"

#define GROUP_IP4 "224.0.0.251"
#define GROUP_IP6 "ff02::fb"
/* Datagrams of one turn. */
#define READS_PER_TURN 32
#define CONTROL_SIZE   128

struct _PeerupMdnsSocket
{
  PeerupWatch watch;
  int fd;
  PeerupSocketAddress group;
  PeerupMdnsSocketFunc func;
  gpointer data;
  gboolean dispatching;
  gboolean freed;
};

typedef union
{
  guint8 bytes[CONTROL_SIZE];
  struct cmsghdr alignment;
} Control;

/* Receiving */

static void
read_control (const struct cmsghdr *control, guint *interface, int *hop_limit)
{
  const guint8 *value = CMSG_DATA (control);
  struct in6_pktinfo ip6;
  struct in_pktinfo ip4;

  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO)
    *interface = ((struct in_pktinfo *) memcpy (&ip4, value, sizeof ip4))->ipi_ifindex;
  else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO)
    *interface = ((struct in6_pktinfo *) memcpy (&ip6, value, sizeof ip6))->ipi6_ifindex;
  else if ((control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TTL) ||
           (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_HOPLIMIT))
    memcpy (hop_limit, value, sizeof *hop_limit);
}

/* FALSE: there was nothing. */
static gboolean
socket_read (PeerupMdnsSocket *self)
{
  guint8 data[PEERUP_MDNS_MESSAGE_MAX];
  PeerupSocketAddress native, source;
  struct iovec vector = { .iov_base = data, .iov_len = sizeof data };
  Control control;
  struct msghdr header = {
    .msg_name = &native,
    .msg_namelen = sizeof native,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = control.bytes,
    .msg_controllen = sizeof control.bytes,
  };
  gssize length = recvmsg (self->fd, &header, MSG_DONTWAIT);
  guint interface = 0;
  int hop_limit = -1;

  if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return FALSE;
  if (length < 0 || (header.msg_flags & MSG_TRUNC) != 0)
    return TRUE;
  for (struct cmsghdr *i = CMSG_FIRSTHDR (&header); i != NULL; i = CMSG_NXTHDR (&header, i))
    read_control (i, &interface, &hop_limit);
  if (interface != 0 && peerup_socket_address_set_native (&source, &native, header.msg_namelen))
    self->func (interface, &source, hop_limit, data, length, self->data);
  return TRUE;
}

static void
socket_destroy (PeerupMdnsSocket *self)
{
  peerup_watch_clear (&self->watch);
  close (self->fd);
  g_free (self);
}

static void
on_ready (gpointer data)
{
  PeerupMdnsSocket *self = data;

  self->dispatching = TRUE;
  for (guint i = 0; i < READS_PER_TURN && !self->freed && (self->watch.ready & (EPOLLIN | EPOLLERR)) != 0; i++)
    if (!socket_read (self))
      peerup_watch_exhausted (&self->watch, EPOLLIN | EPOLLERR);
  self->dispatching = FALSE;
  if (self->freed)
    socket_destroy (self);
  else if ((self->watch.ready & (EPOLLIN | EPOLLERR)) != 0)
    peerup_task_schedule_later (&self->watch.task);
}

/* Life */

static gboolean
set_option (int fd, int level, int option, int value)
{
  return setsockopt (fd, level, option, &value, sizeof value) == 0;
}

/* The port is shared with who shares it; what one interface brings is no other's; what leaves is of this link. */
static gboolean
set_options (int fd, int family)
{
  gboolean ok = set_option (fd, SOL_SOCKET, SO_REUSEADDR, 1) && set_option (fd, SOL_SOCKET, SO_REUSEPORT, 1);

  if (family == AF_INET)
    {
      set_option (fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
      return ok && set_option (fd, IPPROTO_IP, IP_PKTINFO, 1) && set_option (fd, IPPROTO_IP, IP_RECVTTL, 1) &&
             set_option (fd, IPPROTO_IP, IP_MULTICAST_TTL, 255) && set_option (fd, IPPROTO_IP, IP_TTL, 255) &&
             set_option (fd, IPPROTO_IP, IP_MULTICAST_LOOP, 1);
    }
  set_option (fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  return ok && set_option (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && set_option (fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set_option (fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) &&
         set_option (fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255) &&
         set_option (fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255) && set_option (fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
}

/* A bound descriptor, or -1 with errno. */
static int
open_socket (const PeerupSocketAddress *group)
{
  struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = g_htons (PEERUP_MDNS_PORT) };
  int family = group->any.sa_family;
  int fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int code;

  if (fd < 0)
    return -1;
  if (set_options (fd, family) && (family == AF_INET ? bind (fd, &group->any, sizeof group->ip4)
                                                     : bind (fd, (struct sockaddr *) &any, sizeof any)) == 0)
    return fd;
  code = errno;
  close (fd);
  errno = code;
  return -1;
}

static void
set_open_error (GError **error, int code, int family)
{
  const char *name = family == AF_INET ? "IPv4" : "IPv6";

  if (code == EADDRINUSE)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 "UDP port %d of %s is used by another program, which does not share it: stop that one",
                 PEERUP_MDNS_PORT, name);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot use UDP port %d of %s: %s", PEERUP_MDNS_PORT,
                 name, g_strerror (code));
}

PeerupMdnsSocket *
peerup_mdns_socket_new (int family, PeerupMdnsSocketFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  PeerupMdnsSocket *self = g_new0 (PeerupMdnsSocket, 1);

  g_assert (family == AF_INET || family == AF_INET6);

  self->func = func;
  self->data = data;
  if (!peerup_socket_address_set (&self->group, family == AF_INET ? GROUP_IP4 : GROUP_IP6, PEERUP_MDNS_PORT))
    g_assert_not_reached ();
  self->fd = open_socket (&self->group);
  if (self->fd < 0)
    set_open_error (error, errno, family);
  if (self->fd >= 0 && peerup_watch_init (&self->watch, reactor, self->fd, on_ready, self, error))
    {
      peerup_watch_set_events (&self->watch, EPOLLIN);
      return self;
    }
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
  return NULL;
}

void
peerup_mdns_socket_free (PeerupMdnsSocket *self)
{
  g_return_if_fail (self != NULL && !self->freed);

  if (self->dispatching)
    self->freed = TRUE;
  else
    socket_destroy (self);
}

/* Memberships */

static gboolean
socket_change_membership (PeerupMdnsSocket *self, guint interface, gboolean join)
{
  struct ip_mreqn ip4 = { .imr_multiaddr = self->group.ip4.sin_addr, .imr_ifindex = interface };
  struct ipv6_mreq ip6 = { .ipv6mr_interface = interface };

  if (self->group.any.sa_family == AF_INET)
    return setsockopt (self->fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &ip4, sizeof ip4) == 0;
  ip6.ipv6mr_multiaddr = self->group.ip6.sin6_addr;
  return setsockopt (self->fd, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, &ip6, sizeof ip6) == 0;
}

gboolean
peerup_mdns_socket_join (PeerupMdnsSocket *self, guint interface, GError **error)
{
  if (socket_change_membership (self, interface, TRUE) || errno == EADDRINUSE)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot join a multicast group: %s",
               g_strerror (errno));
  return FALSE;
}

void
peerup_mdns_socket_leave (PeerupMdnsSocket *self, guint interface)
{
  /* It may be gone with its interface. */
  socket_change_membership (self, interface, FALSE);
}

/* Sending */

/* Which interface it leaves by, as a control message. */
static void
set_interface (struct msghdr *header, int family, guint interface)
{
  struct in6_pktinfo ip6 = { .ipi6_ifindex = interface };
  struct in_pktinfo ip4 = { .ipi_ifindex = interface };
  struct cmsghdr *control = CMSG_FIRSTHDR (header);
  gboolean is_ip4 = family == AF_INET;

  control->cmsg_level = is_ip4 ? IPPROTO_IP : IPPROTO_IPV6;
  control->cmsg_type = is_ip4 ? IP_PKTINFO : IPV6_PKTINFO;
  control->cmsg_len = is_ip4 ? CMSG_LEN (sizeof ip4) : CMSG_LEN (sizeof ip6);
  header->msg_controllen = is_ip4 ? CMSG_SPACE (sizeof ip4) : CMSG_SPACE (sizeof ip6);
  if (is_ip4)
    memcpy (CMSG_DATA (control), &ip4, sizeof ip4);
  else
    memcpy (CMSG_DATA (control), &ip6, sizeof ip6);
}

void
peerup_mdns_socket_send (PeerupMdnsSocket *self, guint interface, const PeerupSocketAddress *to, const guint8 *data,
                         gsize length)
{
  PeerupSocketAddress name = to != NULL ? *to : self->group;
  struct iovec vector = { .iov_base = (gpointer) data, .iov_len = length };
  Control control = { 0 };
  struct msghdr header = {
    .msg_name = &name,
    .msg_namelen = peerup_socket_address_get_length (&name),
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = control.bytes,
    .msg_controllen = sizeof control.bytes,
  };

  set_interface (&header, self->group.any.sa_family, interface);
  if (sendmsg (self->fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    g_debug ("mDNS on interface %u: %s", interface, g_strerror (errno));
}
