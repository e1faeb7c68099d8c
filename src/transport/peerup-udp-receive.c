/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The receiving half of a UDP socket: as many datagrams as one call gives, joined by the kernel
 * (UDP_GRO) where they belong to one flow, told apart by their first byte (RFC 9443) and handed on in
 * runs. Their memory is the thread's, not the socket's, and lent for one dispatch: a hundred
 * idle sockets cost no buffers, and nothing is allocated for a datagram. */

#include "transport/peerup-udp-socket-private.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>

/* The most messages of one call, and room for each: no datagram is larger, joined or not. */
#define MESSAGES_MAX 16
#define MESSAGES_MIN 4
#define MESSAGE_SIZE (64 * 1024)
/* Ours take 112 bytes; one that was used before may have asked for more. */
#define CONTROL_SIZE 256
/* After this much the others have their turn, or after the dispatch's time. */
#define RECEIVE_BUDGET (MESSAGES_MIN * MESSAGE_SIZE)
/* Failures of one dispatch after which it waits for the next event. */
#define FAILURES_MAX 16

#define STUN_HEADER_SIZE 20

typedef struct
{
  guint n_users;
  gboolean lent;
  struct mmsghdr messages[MESSAGES_MAX];
  struct iovec vectors[MESSAGES_MAX];
  PeerupSocketAddress names[MESSAGES_MAX];
  union
  {
    guint8 bytes[CONTROL_SIZE];
    struct cmsghdr alignment;
  } controls[MESSAGES_MAX];
  guint8 *data; /* pages that nothing was received into take no memory */
} Memory;

static GPrivate thread_memory;

void
peerup_udp_memory_ref (void)
{
  Memory *memory = g_private_get (&thread_memory);

  if (memory == NULL)
    {
      memory = g_new0 (Memory, 1);
      memory->data = g_malloc (MESSAGES_MAX * MESSAGE_SIZE);
      g_private_set (&thread_memory, memory);
    }
  memory->n_users++;
}

void
peerup_udp_memory_unref (void)
{
  Memory *memory = g_private_get (&thread_memory);

  g_assert (memory != NULL);
  if (--memory->n_users > 0)
    return;
  g_assert (!memory->lent);
  g_private_set (&thread_memory, NULL);
  g_free (memory->data);
  g_free (memory);
}

static void
memory_prepare (Memory *self, guint n_messages)
{
  for (guint i = 0; i < n_messages; i++)
    {
      self->vectors[i] = (struct iovec) { .iov_base = self->data + i * MESSAGE_SIZE, .iov_len = MESSAGE_SIZE };
      self->messages[i].msg_hdr = (struct msghdr) {
        .msg_name = &self->names[i],
        .msg_namelen = sizeof self->names[i],
        .msg_iov = &self->vectors[i],
        .msg_iovlen = 1,
        .msg_control = self->controls[i].bytes,
        .msg_controllen = CONTROL_SIZE,
      };
    }
}

typedef enum
{
  KIND_QUIC,
  KIND_STUN,
  KIND_UNKNOWN,
} Kind;

/* RFC 9443, section 3: STUN, ZRTP, DTLS, TURN channels and RTP lie below 64 or, for the last two, in
 * QUIC's range without the bit that QUIC v1 sets in all of its packets; nobody speaks those here. */
static Kind
classify (const guint8 *data, gsize length)
{
  if (length == 0)
    return KIND_UNKNOWN;
  if (data[0] >= 64)
    return KIND_QUIC;
  if (data[0] <= 3 && length >= STUN_HEADER_SIZE)
    return KIND_STUN;
  return KIND_UNKNOWN;
}

/* One run of datagrams of one kind. */
static void
socket_deliver_run (PeerupUdpSocket *self, const PeerupDatagrams *run, Kind kind, gint64 now)
{
  if (kind == KIND_QUIC && self->func != NULL)
    self->func (self, run, now, self->func_data);
  else if (kind == KIND_STUN && self->stun_func != NULL)
    self->stun_func (self, run, now, self->stun_data);
  else
    self->figures.unknown += peerup_datagrams_count (run);
}

static void
socket_deliver (PeerupUdpSocket *self, const PeerupDatagrams *all, gint64 now)
{
  PeerupDatagrams run = *all;
  gsize offset = 0;

  self->figures.received += peerup_datagrams_count (all);
  do
    {
      gsize left = all->length - offset;
      Kind kind = classify (all->data + offset, MIN (left, all->segment));
      gsize size = MIN (left, all->segment);

      while (kind == KIND_QUIC && size < left && all->data[offset + size] >= 64)
        size += MIN (left - size, all->segment);
      run.data = all->data + offset;
      run.length = size;
      run.segment = MIN (size, all->segment);
      socket_deliver_run (self, &run, kind, now);
      offset += size;
    }
  while (offset < all->length && !self->freed);
}

static void
set_local_ip4 (PeerupSocketAddress *local, const struct in_pktinfo *info, const PeerupSocketAddress *bound)
{
  struct sockaddr_in native = { .sin_family = AF_INET, .sin_port = bound->ip4.sin_port };

  /* The destination may be a broadcast address; ours to answer from is beside it. */
  native.sin_addr = info->ipi_spec_dst.s_addr != 0 ? info->ipi_spec_dst : info->ipi_addr;
  peerup_socket_address_set_native (local, &native, sizeof native);
}

static void
set_local_ip6 (PeerupSocketAddress *local, const struct in6_pktinfo *info, const PeerupSocketAddress *bound)
{
  struct sockaddr_in6 native = {
    .sin6_family = AF_INET6,
    .sin6_port = bound->ip6.sin6_port,
    .sin6_addr = info->ipi6_addr,
    .sin6_scope_id = info->ipi6_ifindex,
  };

  peerup_socket_address_set_native (local, &native, sizeof native);
}

static gboolean
control_is (const struct cmsghdr *control, int level, int type, gsize size)
{
  return control->cmsg_level == level && control->cmsg_type == type && control->cmsg_len >= CMSG_LEN (size);
}

static void
socket_read_control (PeerupUdpSocket *self, const struct cmsghdr *control, PeerupDatagrams *datagrams)
{
  const guint8 *value = CMSG_DATA (control);
  struct in6_pktinfo ip6;
  struct in_pktinfo ip4;
  guint32 drops;
  int number;

  if (control_is (control, IPPROTO_IP, IP_PKTINFO, sizeof ip4))
    set_local_ip4 (&datagrams->local, memcpy (&ip4, value, sizeof ip4), &self->address);
  else if (control_is (control, IPPROTO_IPV6, IPV6_PKTINFO, sizeof ip6))
    set_local_ip6 (&datagrams->local, memcpy (&ip6, value, sizeof ip6), &self->address);
  else if (control_is (control, IPPROTO_IP, IP_TOS, 1))
    datagrams->ecn = value[0] & PEERUP_ECN_CE;
  else if (control_is (control, IPPROTO_IPV6, IPV6_TCLASS, sizeof number))
    datagrams->ecn = *(int *) memcpy (&number, value, sizeof number) & PEERUP_ECN_CE;
  else if (control_is (control, IPPROTO_UDP, UDP_GRO, sizeof number))
    datagrams->segment = MAX (1, *(int *) memcpy (&number, value, sizeof number));
  else if (control_is (control, SOL_SOCKET, SO_RXQ_OVFL, sizeof drops))
    {
      memcpy (&drops, value, sizeof drops);
      self->figures.dropped += (guint32) (drops - self->kernel_drops);
      self->kernel_drops = drops;
    }
}

static void
socket_take_message (PeerupUdpSocket *self, struct mmsghdr *message, gint64 now)
{
  struct msghdr *header = &message->msg_hdr;
  PeerupDatagrams datagrams = {
    .data = header->msg_iov->iov_base,
    .length = message->msg_len,
  };

  if (!peerup_socket_address_set_native (&datagrams.remote, header->msg_name, header->msg_namelen))
    return;
  /* Nobody can answer there: it is forged. */
  if (peerup_socket_address_get_port (&datagrams.remote) == 0)
    datagrams.length = 0;
  for (struct cmsghdr *control = CMSG_FIRSTHDR (header); control != NULL; control = CMSG_NXTHDR (header, control))
    socket_read_control (self, control, &datagrams);
  if (datagrams.segment == 0)
    datagrams.segment = datagrams.length;
  /* What was cut is of no use: the last of those that were joined, or the only one. */
  if (header->msg_flags & MSG_TRUNC)
    {
      self->figures.dropped++;
      if (datagrams.length <= datagrams.segment)
        return;
      datagrams.length -= datagrams.length % datagrams.segment;
    }
  socket_deliver (self, &datagrams, now);
}

/* Small datagrams come many in a call, large ones few, so that a call brings no more than a dispatch should do. */
static void
socket_adapt (PeerupUdpSocket *self, guint n, gsize n_bytes)
{
  gsize average = MAX (1, n_bytes / n);

  self->n_messages = CLAMP (RECEIVE_BUDGET / average, MESSAGES_MIN, MESSAGES_MAX);
}

/* One call: 0 or an errno. Less than it asked for means that no more are there. @now: when it was. */
static int
socket_receive_burst (PeerupUdpSocket *self, Memory *memory, gsize *n_bytes, gint64 *now)
{
  gsize before = *n_bytes;
  int code;
  int n;

  memory_prepare (memory, self->n_messages);
  n = self->calls.receive (self->fd, memory->messages, self->n_messages, MSG_DONTWAIT, NULL);
  code = errno;
  *now = g_get_monotonic_time ();
  if (n < 0)
    return code;
  for (int i = 0; i < n && !self->freed; i++)
    {
      *n_bytes += memory->messages[i].msg_len;
      socket_take_message (self, &memory->messages[i], *now);
    }
  if ((guint) n < self->n_messages)
    peerup_watch_exhausted (&self->watch, EPOLLIN);
  socket_adapt (self, MAX (1, n), *n_bytes - before);
  return 0;
}

/* A pending ICMP error comes in the place of a datagram, once. What else may fail is not known: that is not
 * tried for ever. */
static void
socket_receive_failed (PeerupUdpSocket *self, int code, guint *n_failures)
{
  if (code == EINTR)
    return;
  if (code == EAGAIN || (peerup_udp_socket_read_errors (self) == 0 && ++*n_failures >= FAILURES_MAX))
    peerup_watch_exhausted (&self->watch, EPOLLIN);
}

void
peerup_udp_socket_receive (PeerupUdpSocket *self)
{
  Memory *memory = g_private_get (&thread_memory);
  gint64 until = peerup_reactor_now (self->watch.task.reactor) + PEERUP_DISPATCH_BUDGET;
  gint64 now = 0;
  guint n_failures = 0;
  gsize n_bytes = 0;

  /* A callback that runs the main loop would have its datagrams overwritten. */
  g_assert (!memory->lent);
  memory->lent = TRUE;
  while (!self->freed && self->func != NULL && (self->watch.ready & EPOLLIN))
    {
      int code = socket_receive_burst (self, memory, &n_bytes, &now);

      if (code != 0)
        socket_receive_failed (self, code, &n_failures);
      if (n_bytes >= RECEIVE_BUDGET || now >= until)
        break;
    }
  memory->lent = FALSE;
  if (!self->freed && self->func != NULL && (self->watch.ready & EPOLLIN))
    peerup_task_schedule (&self->watch.task);
}
