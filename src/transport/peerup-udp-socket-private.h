/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-udp-socket.h"

G_BEGIN_DECLS

/* The system calls of the data path. Tests put their own in the place of these to have a kernel without
 * segmentation offload, a full socket or a datagram that was cut: there is no other switch. */
typedef struct
{
  gssize (*send) (int fd, const struct msghdr *message, int flags);
  int (*receive) (int fd, struct mmsghdr *messages, guint n, int flags, struct timespec *timeout);
} PeerupUdpCalls;

struct _PeerupUdpSocket
{
  int fd;
  PeerupWatch watch;
  PeerupSocketAddress address;
  PeerupUdpCalls calls;
  PeerupUdpFigures figures;

  PeerupUdpFunc func;
  gpointer func_data;
  PeerupUdpFunc stun_func;
  gpointer stun_data;
  PeerupUdpErrorFunc error_func;
  gpointer error_data;
  gboolean dispatching; /* inside a callback, which may free it */
  gboolean freed;

  guint n_messages;     /* to ask for with the next call */
  guint32 kernel_drops; /* SO_RXQ_OVFL counts modulo 2^32 */

  gboolean blocked;
  PeerupDatagrams kept; /* while blocked; owns its data */
  gsize kept_offset;    /* what has left of it */
  gint64 gso_again;     /* when to try segmentation again after it was refused */
  GQueue waiting;       /* of PeerupTask */
  GHashTable *waiting_links;
  GArray *errors; /* of PeerupUdpError, not yet told */
};

typedef struct
{
  PeerupSocketAddress remote;
  int code;
} PeerupUdpError;

/* The memory of a thread that its sockets receive into. */
void peerup_udp_memory_ref (void);
void peerup_udp_memory_unref (void);

/* Reads until nothing is left or the budget is spent; may have freed the socket in all but name. */
void peerup_udp_socket_receive (PeerupUdpSocket *self);
/* Sends what was kept while it was blocked. */
void peerup_udp_socket_flush (PeerupUdpSocket *self);
/* Takes ICMP errors from the socket's queue to be told later; how many. */
guint peerup_udp_socket_read_errors (PeerupUdpSocket *self);
/* Has the error func called with this, from the reactor. */
void peerup_udp_socket_push_error (PeerupUdpSocket *self, const PeerupSocketAddress *remote, int code);
guint peerup_datagrams_count (const PeerupDatagrams *datagrams);

G_END_DECLS
