/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The sending half of a UDP socket: a batch in one call where the kernel cuts it into datagrams
 * (UDP_SEGMENT), one call for each where it refuses. It keeps at most one batch that found no room, and
 * no clock of its own: pacing is by the timers of those who send. (SO_TXTIME would leave it to the kernel,
 * but only an fq or etf queue on the interface heeds it, which few have and no program may set.) */

#include "transport/peerup-udp-socket-private.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>

/* UDP_MAX_SEGMENTS of the kernels before 6.9; 64 datagrams of any useful size are a whole batch. */
#define SEGMENTS_MAX 64
/* Segmentation is a property of the interface that a route leads to: after a refusal it is tried again. */
#define SEGMENTATION_PAUSE (60 * G_USEC_PER_SEC)
/* How many pending errors about others one call may meet. */
#define TRIES 4

typedef struct
{
  struct msghdr header;
  struct iovec vector;
  PeerupSocketAddress remote;
  union
  {
    guint8 bytes[CMSG_SPACE (sizeof (struct in6_pktinfo)) + CMSG_SPACE (sizeof (int)) + CMSG_SPACE (sizeof (guint16))];
    struct cmsghdr alignment;
  } control;
} Message;

static void
message_add_control (Message *self, int level, int type, gconstpointer value, gsize size)
{
  struct cmsghdr *control = (gpointer) (self->control.bytes + self->header.msg_controllen);

  g_assert (CMSG_SPACE (size) <= sizeof self->control - self->header.msg_controllen);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (control), value, size);
  self->header.msg_control = self->control.bytes;
  self->header.msg_controllen += CMSG_SPACE (size);
}

static void
message_add_source (Message *self, const PeerupSocketAddress *local)
{
  struct in6_pktinfo ip6 = { 0 };
  struct in_pktinfo ip4 = { 0 };

  if (local->any.sa_family == AF_INET)
    {
      ip4.ipi_spec_dst = local->ip4.sin_addr;
      message_add_control (self, IPPROTO_IP, IP_PKTINFO, &ip4, sizeof ip4);
    }
  else if (local->any.sa_family == AF_INET6)
    {
      ip6.ipi6_addr = local->ip6.sin6_addr;
      ip6.ipi6_ifindex = local->ip6.sin6_scope_id;
      message_add_control (self, IPPROTO_IPV6, IPV6_PKTINFO, &ip6, sizeof ip6);
    }
}

static void
message_add_ecn (Message *self, int ecn)
{
  if (self->remote.any.sa_family == AF_INET6)
    message_add_control (self, IPPROTO_IPV6, IPV6_TCLASS, &ecn, sizeof ecn);
  else
    message_add_control (self, IPPROTO_IP, IP_TOS, &ecn, sizeof ecn);
}

/* 0 or an errno. */
static int
socket_send_once (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, gsize offset, gsize size)
{
  Message message = {
    .header = { .msg_name = &message.remote,
                .msg_namelen = peerup_socket_address_get_length (&datagrams->remote),
                .msg_iov = &message.vector,
                .msg_iovlen = 1 },
    .vector = { .iov_base = size > 0 ? datagrams->data + offset : NULL, .iov_len = size },
    .remote = datagrams->remote,
  };
  guint16 segment = datagrams->segment;

  message_add_source (&message, &datagrams->local);
  if (datagrams->ecn != PEERUP_ECN_NOT_ECT && self->figures.has_ecn)
    message_add_ecn (&message, datagrams->ecn);
  if (size > datagrams->segment)
    message_add_control (&message, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
  return self->calls.send (self->fd, &message.header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* A call may fail with a pending ICMP error, which can be about any peer: once that is out of the queue, another try is
 * due. */
static int
socket_send_part (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, gsize offset, gsize size)
{
  int code = 0;

  for (guint i = 0; i < TRIES; i++)
    {
      code = socket_send_once (self, datagrams, offset, size);
      if (code == 0 || code == EAGAIN)
        break;
      if (code != EINTR && peerup_udp_socket_read_errors (self) == 0)
        break;
    }
  return code;
}

static gboolean
socket_may_segment (PeerupUdpSocket *self)
{
  if (!self->figures.has_gso && self->gso_again != 0 &&
      self->gso_again <= peerup_reactor_now (self->watch.task.reactor))
    self->figures.has_gso = TRUE;
  return self->figures.has_gso;
}

static void
socket_stop_segmenting (PeerupUdpSocket *self)
{
  self->figures.has_gso = FALSE;
  self->gso_again = peerup_reactor_now (self->watch.task.reactor) + SEGMENTATION_PAUSE;
}

static gboolean
is_refusal (int code)
{
  return code == EIO || code == EINVAL || code == EOPNOTSUPP || code == ENOPROTOOPT;
}

/* Too big for the path is what a probe of it expects, and a full queue passes: neither is an error to tell. */
static void
socket_lose (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, guint n, int code)
{
  self->figures.unsent += n;
  if (code == EMSGSIZE || code == ENOBUFS || code == ENOMEM)
    return;
  /* What the kernel says of a source address that has left the machine. */
  if (code == EINVAL && datagrams->local.any.sa_family != AF_UNSPEC)
    code = EADDRNOTAVAIL;
  peerup_udp_socket_push_error (self, &datagrams->remote, code);
}

/* Sends what lies behind @offset; FALSE when the socket is full there. */
static gboolean
socket_write (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, gsize *offset)
{
  gboolean joined = socket_may_segment (self);
  gboolean refused = FALSE;

  do
    {
      gsize size = MIN (datagrams->length - *offset, datagrams->segment * (joined ? SEGMENTS_MAX : 1));
      guint n = size > datagrams->segment ? (size + datagrams->segment - 1) / datagrams->segment : 1;
      int code = socket_send_part (self, datagrams, *offset, size);

      if (code == EAGAIN)
        return FALSE;
      if (n > 1 && is_refusal (code))
        {
          refused = TRUE;
          joined = FALSE;
          continue;
        }
      /* It was segmentation that was refused, and not these datagrams. */
      if (code == 0 && refused)
        socket_stop_segmenting (self);
      refused = FALSE;
      if (code == 0)
        self->figures.sent += n;
      else
        socket_lose (self, datagrams, n, code);
      *offset += size;
    }
  while (*offset < datagrams->length);
  return TRUE;
}

static void
socket_block (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, gsize offset)
{
  self->kept = *datagrams;
  self->kept.length -= offset;
  if (self->kept.length > 0)
    self->kept.data = g_memdup2 (datagrams->data + offset, self->kept.length);
  self->kept_offset = 0;
  self->blocked = TRUE;
  peerup_watch_exhausted (&self->watch, EPOLLOUT);
  peerup_watch_set_events (&self->watch, EPOLLIN | EPOLLOUT);
}

static void
socket_unblock (PeerupUdpSocket *self)
{
  PeerupTask *task;

  g_clear_pointer (&self->kept.data, g_free);
  self->blocked = FALSE;
  peerup_watch_set_events (&self->watch, EPOLLIN);
  g_hash_table_remove_all (self->waiting_links);
  while ((task = g_queue_pop_head (&self->waiting)) != NULL)
    peerup_task_schedule (task);
}

void
peerup_udp_socket_send (PeerupUdpSocket *self, const PeerupDatagrams *datagrams)
{
  gsize offset = 0;

  g_return_if_fail (self != NULL && !self->freed);
  g_return_if_fail (datagrams->length <= PEERUP_UDP_BATCH_MAX);
  g_return_if_fail (datagrams->length == 0 || datagrams->segment > 0);
  g_return_if_fail (datagrams->remote.any.sa_family != AF_UNSPEC);

  if (self->blocked)
    self->figures.unsent += peerup_datagrams_count (datagrams);
  else if (!socket_write (self, datagrams, &offset))
    socket_block (self, datagrams, offset);
}

void
peerup_udp_socket_flush (PeerupUdpSocket *self)
{
  if (socket_write (self, &self->kept, &self->kept_offset))
    socket_unblock (self);
  else
    peerup_watch_exhausted (&self->watch, EPOLLOUT);
}

gboolean
peerup_udp_socket_is_blocked (PeerupUdpSocket *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return self->blocked;
}

void
peerup_udp_socket_wait (PeerupUdpSocket *self, PeerupTask *task)
{
  g_return_if_fail (self != NULL && task != NULL);

  if (!self->blocked)
    peerup_task_schedule (task);
  else if (!g_hash_table_contains (self->waiting_links, task))
    {
      g_queue_push_tail (&self->waiting, task);
      g_hash_table_insert (self->waiting_links, task, self->waiting.tail);
    }
}

void
peerup_udp_socket_forget (PeerupUdpSocket *self, PeerupTask *task)
{
  gpointer link;

  g_return_if_fail (self != NULL && task != NULL);

  if (!g_hash_table_steal_extended (self->waiting_links, task, NULL, &link))
    return;
  g_queue_delete_link (&self->waiting, link);
}
