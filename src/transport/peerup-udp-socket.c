/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A UDP socket of the reactor: what is asked of the kernel when it is made, its events, and the errors that
 * come from the network. The two halves of the data path are peerup-udp-receive.c and
 * peerup-udp-send.c. It lives until it is freed, which may be inside any of its callbacks, and
 * calls back from the reactor only. It connects to nobody and remembers no peer. */

#include "transport/peerup-udp-socket-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "transport/peerup-listener.h"
#include "wire/peerup-error.h"

/* Messages to ask for with the first call. */
#define FIRST_MESSAGES 4
/* Errors taken from the kernel at a time, and errors kept until they are told: more say nothing new. */
#define ERRORS_MAX 64

guint
peerup_datagrams_count (const PeerupDatagrams *datagrams)
{
  if (datagrams->length == 0)
    return 1;
  return (datagrams->length + datagrams->segment - 1) / datagrams->segment;
}

void
peerup_udp_socket_push_error (PeerupUdpSocket *self, const PeerupSocketAddress *remote, int code)
{
  PeerupUdpError error = { .remote = *remote, .code = code };

  if (self->error_func == NULL || self->errors->len >= ERRORS_MAX)
    return;
  for (guint i = 0; i < self->errors->len; i++)
    {
      PeerupUdpError *other = &g_array_index (self->errors, PeerupUdpError, i);

      if (other->code == code && peerup_socket_address_equal (&other->remote, remote))
        return;
    }
  g_array_append_val (self->errors, error);
  peerup_task_schedule (&self->watch.task);
}

/* Whether it came from the network. What the socket itself refused, its sender knows already; that a datagram
 * was too big on its way is for path MTU discovery to find out, as anybody could claim it. */
static gboolean
socket_take_error (PeerupUdpSocket *self, struct msghdr *header)
{
  struct sock_extended_err details = { 0 };
  PeerupSocketAddress remote;

  for (struct cmsghdr *control = CMSG_FIRSTHDR (header); control != NULL; control = CMSG_NXTHDR (header, control))
    if (((control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_RECVERR) ||
         (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_RECVERR)) &&
        control->cmsg_len >= CMSG_LEN (sizeof details))
      memcpy (&details, CMSG_DATA (control), sizeof details);
  if (details.ee_origin != SO_EE_ORIGIN_ICMP && details.ee_origin != SO_EE_ORIGIN_ICMP6)
    return FALSE;
  if (details.ee_errno != EMSGSIZE && peerup_socket_address_set_native (&remote, header->msg_name, header->msg_namelen))
    peerup_udp_socket_push_error (self, &remote, details.ee_errno);
  return TRUE;
}

guint
peerup_udp_socket_read_errors (PeerupUdpSocket *self)
{
  guint n = 0;

  for (guint i = 0; i < ERRORS_MAX; i++)
    {
      PeerupSocketAddress name = { 0 };
      union
      {
        guint8 bytes[512];
        struct cmsghdr alignment;
      } control;
      struct msghdr header = {
        .msg_name = &name,
        .msg_namelen = sizeof name,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
      };

      if (recvmsg (self->fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        {
          peerup_watch_exhausted (&self->watch, EPOLLERR);
          break;
        }
      n += socket_take_error (self, &header);
    }
  return n;
}

static void
socket_report_errors (PeerupUdpSocket *self)
{
  g_autoptr (GArray) errors = NULL;

  if (self->errors->len == 0)
    return;
  errors = g_steal_pointer (&self->errors);
  self->errors = g_array_new (FALSE, FALSE, sizeof (PeerupUdpError));
  for (guint i = 0; i < errors->len && !self->freed && self->error_func != NULL; i++)
    {
      PeerupUdpError *error = &g_array_index (errors, PeerupUdpError, i);

      self->error_func (self, &error->remote, error->code, self->error_data);
    }
}

static void
socket_destroy (PeerupUdpSocket *self)
{
  peerup_watch_clear (&self->watch);
  close (self->fd);
  g_free (self->kept.data);
  g_queue_clear (&self->waiting);
  g_hash_table_unref (self->waiting_links);
  g_array_unref (self->errors);
  peerup_udp_memory_unref ();
  g_free (self);
}

static void
on_socket_ready (gpointer data)
{
  PeerupUdpSocket *self = data;

  self->dispatching = TRUE;
  if (self->watch.ready & EPOLLERR)
    peerup_udp_socket_read_errors (self);
  socket_report_errors (self);
  if (!self->freed && self->blocked && (self->watch.ready & EPOLLOUT))
    peerup_udp_socket_flush (self);
  if (!self->freed)
    peerup_udp_socket_receive (self);
  self->dispatching = FALSE;

  if (self->freed)
    socket_destroy (self);
  else if (self->watch.ready & EPOLLERR)
    peerup_task_schedule (&self->watch.task);
}

/* A bound descriptor, or -1 with errno. */
static int
open_socket (const PeerupSocketAddress *address)
{
  int fd = socket (address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int one = 1;
  int code;

  if (fd < 0)
    return -1;
  /* [::] means IPv6 alone, so that 0.0.0.0 can be had on the same port. */
  if (address->any.sa_family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (bind (fd, &address->any, peerup_socket_address_get_length (address)) == 0)
    return fd;
  code = errno;
  close (fd);
  errno = code;
  return -1;
}

static gboolean
set_option (int fd, int level, int option, int value)
{
  return setsockopt (fd, level, option, &value, sizeof value) == 0;
}

static int
get_option (int fd, int level, int option)
{
  socklen_t length = sizeof (int);
  int value = 0;

  return getsockopt (fd, level, option, &value, &length) == 0 ? value : 0;
}

/* Asks for the wanted room, beyond the system's limit where we may; what was granted. Linux tells
 * the double, for its own bookkeeping (socket(7)). */
static gsize
set_buffer (int fd, int option, int force)
{
  if (get_option (fd, SOL_SOCKET, option) / 2 < PEERUP_UDP_BUFFER_WANTED &&
      !set_option (fd, SOL_SOCKET, force, PEERUP_UDP_BUFFER_WANTED))
    set_option (fd, SOL_SOCKET, option, PEERUP_UDP_BUFFER_WANTED);
  return get_option (fd, SOL_SOCKET, option) / 2;
}

static void
socket_set_options (PeerupUdpSocket *self)
{
  PeerupUdpFigures *figures = &self->figures;

  figures->receive_buffer = set_buffer (self->fd, SO_RCVBUF, SO_RCVBUFFORCE);
  figures->send_buffer = set_buffer (self->fd, SO_SNDBUF, SO_SNDBUFFORCE);
  figures->has_gro = set_option (self->fd, IPPROTO_UDP, UDP_GRO, 1);
  /* 0 changes nothing, and tells whether the kernel knows of it. */
  figures->has_gso = set_option (self->fd, IPPROTO_UDP, UDP_SEGMENT, 0);
  set_option (self->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (self->address.any.sa_family == AF_INET6)
    {
      set_option (self->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      set_option (self->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
      figures->has_ecn = set_option (self->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
      figures->has_mtu_probe = set_option (self->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
  else
    {
      set_option (self->fd, IPPROTO_IP, IP_PKTINFO, 1);
      set_option (self->fd, IPPROTO_IP, IP_RECVERR, 1);
      figures->has_ecn = set_option (self->fd, IPPROTO_IP, IP_RECVTOS, 1);
      figures->has_mtu_probe = set_option (self->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    }
}

static void
set_bind_error (GError **error, int code, const PeerupSocketAddress *address)
{
  g_autofree char *where = peerup_socket_address_to_string (address);

  if (code == EADDRINUSE)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 "UDP %s is used by another program: stop that one, or choose another port (0 takes any)", where);
  else if (code == EACCES)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                 "UDP on %s is not permitted: " PEERUP_LISTENER_LOW_PORT_HINT, where);
  else if (code == EADDRNOTAVAIL || code == EAFNOSUPPORT)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                 "%s is not an address of this machine: choose one that is, or 0.0.0.0 or :: for all", where);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot use UDP on %s: %s", where, g_strerror (code));
}

PeerupUdpSocket *
peerup_udp_socket_new (const PeerupSocketAddress *address, GError **error)
{
  PeerupUdpSocket *self;
  int fd;

  g_return_val_if_fail (address != NULL && address->any.sa_family != AF_UNSPEC, NULL);

  fd = open_socket (address);
  if (fd < 0)
    {
      set_bind_error (error, errno, address);
      return NULL;
    }
  self = peerup_udp_socket_new_for_fd (fd, error);
  if (self == NULL)
    close (fd);
  return self;
}

/* One that carries both families would need each IPv4 address in two forms. */
static gboolean
is_one_family (int fd, const PeerupSocketAddress *address)
{
  if (get_option (fd, SOL_SOCKET, SO_DOMAIN) != address->any.sa_family)
    return FALSE;
  return address->any.sa_family == AF_INET || get_option (fd, IPPROTO_IPV6, IPV6_V6ONLY) ||
         !IN6_IS_ADDR_UNSPECIFIED (&address->ip6.sin6_addr);
}

static gboolean
check_socket (int fd, PeerupSocketAddress *address, GError **error)
{
  PeerupSocketAddress native;
  socklen_t length = sizeof native;

  if (getsockname (fd, &native.any, &length) != 0)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot use a socket: %s", g_strerror (errno));
  else if (get_option (fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_UDP ||
           !peerup_socket_address_set_native (address, &native, length) ||
           peerup_socket_address_get_port (address) == 0)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "This socket is not a bound UDP socket");
  else if (!is_one_family (fd, address))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                         "This UDP socket carries both IPv4 and IPv6: bind one for each");
  else
    return TRUE;
  return FALSE;
}

PeerupUdpSocket *
peerup_udp_socket_new_for_fd (int fd, GError **error)
{
  g_autoptr (PeerupReactor) reactor = NULL;
  PeerupSocketAddress address;
  PeerupUdpSocket *self;

  if (!check_socket (fd, &address, error))
    return NULL;
  reactor = peerup_reactor_ref_default ();
  self = g_new0 (PeerupUdpSocket, 1);
  if (!peerup_watch_init (&self->watch, reactor, fd, on_socket_ready, self, error))
    {
      g_free (self);
      return NULL;
    }
  peerup_watch_set_events (&self->watch, EPOLLIN);
  self->fd = fd;
  self->address = address;
  self->calls = (PeerupUdpCalls) { .send = sendmsg, .receive = recvmmsg };
  self->n_messages = FIRST_MESSAGES;
  self->waiting_links = g_hash_table_new (NULL, NULL);
  self->errors = g_array_new (FALSE, FALSE, sizeof (PeerupUdpError));
  peerup_udp_memory_ref ();
  socket_set_options (self);
  return self;
}

void
peerup_udp_socket_free (PeerupUdpSocket *self)
{
  g_return_if_fail (self != NULL && !self->freed);

  if (self->dispatching)
    self->freed = TRUE;
  else
    socket_destroy (self);
}

void
peerup_udp_socket_set_func (PeerupUdpSocket *self, PeerupUdpFunc func, gpointer data)
{
  g_return_if_fail (self != NULL);

  self->func = func;
  self->func_data = data;
  /* What came before has been told of already. */
  if (self->watch.ready & EPOLLIN)
    peerup_task_schedule (&self->watch.task);
}

void
peerup_udp_socket_set_stun_func (PeerupUdpSocket *self, PeerupUdpFunc func, gpointer data)
{
  g_return_if_fail (self != NULL);

  self->stun_func = func;
  self->stun_data = data;
}

void
peerup_udp_socket_set_error_func (PeerupUdpSocket *self, PeerupUdpErrorFunc func, gpointer data)
{
  g_return_if_fail (self != NULL);

  self->error_func = func;
  self->error_data = data;
}

void
peerup_udp_socket_get_address (PeerupUdpSocket *self, PeerupSocketAddress *address)
{
  g_return_if_fail (self != NULL && address != NULL);

  *address = self->address;
}

void
peerup_udp_socket_get_figures (PeerupUdpSocket *self, PeerupUdpFigures *figures)
{
  g_return_if_fail (self != NULL && figures != NULL);

  *figures = self->figures;
}
