/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-reactor.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* One UDP socket of the reactor for many peers, unconnected: QUIC connections, dialed and
 * accepted, share it, with STUN between their packets (RFC 9443). It moves batches of
 * datagrams with as few system calls as the kernel allows (recvmmsg and UDP_GRO in,
 * UDP_SEGMENT out, one by one where that is refused) and knows nothing of what is in them
 * but the first bytes. Owned by whoever made it, in its thread. */
typedef struct _PeerupUdpSocket PeerupUdpSocket;

/* Bytes asked of the kernel for each direction. */
#define PEERUP_UDP_BUFFER_WANTED (7 * 1024 * 1024)
/* The most one batch may carry: what fits an IPv4 datagram with segmentation. */
#define PEERUP_UDP_BATCH_MAX 65000

/* @datagrams and its data are valid during the call. @now: monotonic µs, the same for all of
 * one burst and never going back. May free the socket. */
typedef void (*PeerupUdpFunc) (PeerupUdpSocket *self, const PeerupDatagrams *datagrams, gint64 now, gpointer data);
/* An ICMP error or a send that failed: @remote cannot be reached now; @code is an errno. */
typedef void (*PeerupUdpErrorFunc) (PeerupUdpSocket *self, const PeerupSocketAddress *remote, int code, gpointer data);

/* What the system granted, and what became of the datagrams. */
typedef struct
{
  gsize receive_buffer; /* bytes; PEERUP_UDP_BUFFER_WANTED were asked for (not what Linux tells, which is the double) */
  gsize send_buffer;
  gboolean has_gro;
  gboolean has_gso; /* FALSE for a minute after it was refused */
  gboolean has_ecn;
  gboolean has_mtu_probe; /* datagrams are never fragmented, and may exceed the known path MTU */
  guint64 received;       /* datagrams */
  guint64 sent;
  guint64 dropped; /* by the kernel for want of room, as far as it tells (SO_RXQ_OVFL) */
  guint64 unsent;  /* given up: too big for the path, or the socket stayed full */
  guint64 unknown; /* neither QUIC nor STUN by their first byte, or STUN that nobody asked for */
} PeerupUdpFigures;

/* @address: where to bind; a wildcard and port 0 are fine. EXISTS: the port is taken; else
 * G_IO_ERROR. The messages name the address and what to do. Receiving starts with
 * peerup_udp_socket_set_func(). An IPv6 socket carries IPv6 only. */
PeerupUdpSocket *peerup_udp_socket_new (const PeerupSocketAddress *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes over a bound descriptor, which may have been used for something else before; on failure it
 * stays the caller's. */
PeerupUdpSocket *peerup_udp_socket_new_for_fd (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_udp_socket_free (PeerupUdpSocket *self);

/* Whom datagrams that can be QUIC (first byte 64 and above) go to. */
void peerup_udp_socket_set_func (PeerupUdpSocket *self, PeerupUdpFunc func, gpointer data);
/* Whom STUN (first byte 0 to 3, and a header's length at least) goes to, one datagram at a time; NULL: dropped. */
void peerup_udp_socket_set_stun_func (PeerupUdpSocket *self, PeerupUdpFunc func, gpointer data);
void peerup_udp_socket_set_error_func (PeerupUdpSocket *self, PeerupUdpErrorFunc func, gpointer data);

/* Sends a batch of at most PEERUP_UDP_BATCH_MAX bytes. It is always taken: what the kernel has no room for
 * now is kept, one batch, and the socket is blocked until that has left; what is sent while it
 * is blocked is dropped, as is what is too big for the path. Calls nothing back. */
void peerup_udp_socket_send (PeerupUdpSocket *self, const PeerupDatagrams *datagrams);
gboolean peerup_udp_socket_is_blocked (PeerupUdpSocket *self);
/* Schedules @task once the socket is no longer blocked, in the order of asking; at once if it is
 * not. Asking twice is asking once. Forget it before the task goes. */
void peerup_udp_socket_wait (PeerupUdpSocket *self, PeerupTask *task);
void peerup_udp_socket_forget (PeerupUdpSocket *self, PeerupTask *task);

/* Where it is bound: the real port, maybe a wildcard address. */
void peerup_udp_socket_get_address (PeerupUdpSocket *self, PeerupSocketAddress *address);
void peerup_udp_socket_get_figures (PeerupUdpSocket *self, PeerupUdpFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupUdpSocket, peerup_udp_socket_free)

/* What the system's routes say of the way to @remote: the source address (with port 0) and the MTU in
 * bytes, IP header included: that of the first link, or less where the system has learned so. G_IO_ERROR
 * when there is no way. Sends nothing. */
gboolean
peerup_udp_find_route (const PeerupSocketAddress *remote, PeerupSocketAddress *local, guint *mtu, GError **error);

G_END_DECLS
