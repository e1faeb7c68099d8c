/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "stun/peerup-stun-server.h"
#include "transport/peerup-udp-socket.h"

G_BEGIN_DECLS

/* All STUN of one UDP socket: requests go to the server, if there is one, and answers to
 * those who asked. It shares the socket with QUIC and sees nothing of that. Lives in the socket's
 * thread, and goes before it. */
typedef struct _PeerupStunSocket PeerupStunSocket;

/* What a server said of the socket. */
typedef struct
{
  PeerupSocketAddress mapped; /* where the server sees us */
  PeerupSocketAddress local;  /* where its answer came in; a wildcard where the system does not tell */
  PeerupSocketAddress other;  /* the server's second address (RFC 5780 7.4); AF_UNSPEC: none was named */
} PeerupStunBinding;

/* What a question wants beside the address (RFC 5780); zeros: nothing. */
typedef struct
{
  gboolean other;           /* that the server names its second address, if it has one */
  gboolean from_other_port; /* an answer from another port of the server; any that comes from elsewhere is ignored */
  gboolean from_other_host; /* an answer from another host and port; likewise */
  /* An answer to this port of our NAT's address, which is a mapping of the asking socket, while the question is sent
   * from @sender, which outlives it; 0 and NULL: to where it was asked from. */
  guint16 port;
  PeerupStunSocket *sender;
} PeerupStunWants;

#define PEERUP_TYPE_STUN_BINDING (peerup_stun_binding_get_type ())
GType peerup_stun_binding_get_type (void) G_GNUC_CONST;

/* @server: nullable: nobody is answered. It is borrowed and outlives this. */
PeerupStunSocket *peerup_stun_socket_new (PeerupUdpSocket *socket, PeerupStunServer *server) G_GNUC_WARN_UNUSED_RESULT;
/* From now on; NULL: nobody is answered any more. */
void peerup_stun_socket_set_server (PeerupStunSocket *self, PeerupStunServer *server);
/* What its server answers from when that is asked for: @port is bound to the same address and another port, and @host
 * to another address of the family, whose own @port has the number that ours has. Both nullable, the second if the
 * first is, and borrowed until this is told otherwise. */
void peerup_stun_socket_set_others (PeerupStunSocket *self, PeerupStunSocket *port, PeerupStunSocket *host);
/* Who still waits is told CLOSED. */
void peerup_stun_socket_free (PeerupStunSocket *self);

/* Asks @server where it sees this socket, again and again (RFC 8489 6.2.1: RTO 500 ms, Rc 7) until
 * there is an answer. Any number at once. Resolves to a boxed PeerupStunBinding. Rejects with TIMEOUT at
 * @deadline (monotonic µs) or after 39.5 s, DENIED when the server answers with an error,
 * PROTOCOL when its answer cannot be understood, UNSUPPORTED when @server is of another family than the
 * socket, CLOSED. Discarding the future ends it. Answers from elsewhere than @server are ignored. */
DexFuture *peerup_stun_socket_ask (PeerupStunSocket *self, const PeerupSocketAddress *server,
                                   gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

/* The same with @wants. DENIED: the server does not do that. */
DexFuture *peerup_stun_socket_ask_for (PeerupStunSocket *self, const PeerupSocketAddress *server,
                                       const PeerupStunWants *wants, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The UDP socket, borrowed. */
PeerupUdpSocket *peerup_stun_socket_get_udp (PeerupStunSocket *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupStunSocket, peerup_stun_socket_free)

G_END_DECLS
