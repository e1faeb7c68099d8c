/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* Finds a way between a peer behind a NAT that gives every destination another port, and one behind a NAT that lets in
 * only what it has sent to: the first opens many sockets and sends once from each to the other's known address, the
 * other sends to many ports of the first's address; by the birthday paradox two of them soon meet. Ports that
 * follow a rule are predicted and tried first. Every probe is a STUN Binding request or answer with MESSAGE-INTEGRITY
 * by a key that both sides drew for this search (RFC 8489 9.1), so that nobody else's packet can end it.
 *
 * Bounds, for each search and whatever the peer says: PEERUP_PORT_SEARCH_SOCKETS sockets,
 * PEERUP_PORT_SEARCH_PROBES packets to one single IP address at PEERUP_PORT_SEARCH_RATE a second,
 * PEERUP_PORT_SEARCH_TIME in all. Only addresses of the internet are probed (see peerup_port_search_may_probe()). */

#define PEERUP_PORT_SEARCH_SOCKETS  256
#define PEERUP_PORT_SEARCH_PROBES   1536
#define PEERUP_PORT_SEARCH_RATE     1000
#define PEERUP_PORT_SEARCH_TIME     (3 * G_USEC_PER_SEC)
#define PEERUP_PORT_SEARCH_KEY_SIZE 16

/* A UDP socket and where it reaches the peer. */
typedef struct
{
  int fd; /* owned, bound, does not block; -1 once taken */
  PeerupSocketAddress remote;
} PeerupPunchedSocket;

#define PEERUP_TYPE_PUNCHED_SOCKET (peerup_punched_socket_get_type ())
GType peerup_punched_socket_get_type (void) G_GNUC_CONST;
PeerupPunchedSocket *peerup_punched_socket_new (int fd, const PeerupSocketAddress *remote) G_GNUC_WARN_UNUSED_RESULT;
int peerup_punched_socket_take_fd (PeerupPunchedSocket *self) G_GNUC_WARN_UNUSED_RESULT;

typedef struct
{
  gboolean many_sockets;      /* our NAT gives every destination another port; FALSE: the peer's does */
  gboolean controlling;       /* we choose which of the pairs that were found is used */
  int fd;                     /* !many_sockets: the socket whose mapping the peer was told; borrowed, duplicated */
  PeerupSocketAddress remote; /* the peer's outer address. many_sockets: with the port of that socket of theirs; else
                               * with the last port of theirs that anybody saw */
  int port_step;              /* of the NAT with many ports, see PeerupNatFacts; 0: no rule */
  guint8 key[PEERUP_PORT_SEARCH_KEY_SIZE]; /* the same on both sides */
} PeerupPortSearchOptions;

/* FALSE for anything but an IPv4 or IPv6 address of the internet with a port: not private, shared, link-local,
 * loopback, multicast, reserved, nor one that carries IPv4. */
gboolean peerup_port_search_may_probe (const PeerupSocketAddress *remote);
/* Resolves to a boxed PeerupPunchedSocket once both sides have heard each other on it and the controlling one has
 * chosen it. Rejects with UNREACHABLE when the bounds were reached, UNSUPPORTED for a remote that may not be probed,
 * G_IO_ERROR for what the system refused. Discarding the future ends it. */
DexFuture *peerup_port_search (const PeerupPortSearchOptions *options) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
