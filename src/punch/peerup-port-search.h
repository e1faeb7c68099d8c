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
 * Bounds, for each search and whatever the peer says: PEERUP_PORT_SEARCH_SOCKETS sockets and an eighth of the
 * descriptors that the process may have, PEERUP_PORT_SEARCH_PROBES packets to one single IP address, no other, at
 * PEERUP_PORT_SEARCH_RATE a second without bursts, PEERUP_PORT_SEARCH_TIME in all. In a process,
 * PEERUP_PORT_SEARCH_AT_ONCE searches at a time, and one to one IPv4 address or IPv6 /64. Only addresses of the
 * internet are probed (see peerup_port_search_may_probe()).
 *
 * What it may cost that address, whoever named it: a probe is 52 bytes, 80 with the headers of UDP and IPv4; the
 * 192 packets at most that follow once the peer was heard have 64 bytes at most, 92 with the headers (76 and 124 over
 * IPv6). That is 125,184 bytes over IPv4 and 158,208 over IPv6, in three seconds. Nobody's amplifier: who
 * does not hold the key is never answered, who holds it gets 64 bytes for 52; a signature is looked at only in
 * what comes from that address. How often there may be a search is for the caller to bound. */

#define PEERUP_PORT_SEARCH_SOCKETS  256
#define PEERUP_PORT_SEARCH_PROBES   1536
#define PEERUP_PORT_SEARCH_RATE     1000
#define PEERUP_PORT_SEARCH_TIME     (3 * G_USEC_PER_SEC)
#define PEERUP_PORT_SEARCH_AT_ONCE  4
#define PEERUP_PORT_SEARCH_KEY_SIZE 16

/* A UDP socket and where it reaches the peer. Copies of the boxed type are the same one, counted: whoever takes the
 * descriptor takes it from all of them. */
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
/* Both sides call it at about the same time, one with many sockets and the other with one, one controlling and the
 * other not. Resolves to a boxed PeerupPunchedSocket once both sides have heard each other on it and the controlling
 * one has chosen it; late STUN may still come in on it. A socket with many is bound to no address but a port.
 * Rejects with UNREACHABLE when the bounds were reached, UNSUPPORTED for a remote that may not be probed or a socket of
 * the other IP version, LIMIT when there are as many searches as there may be, G_IO_ERROR for what the system refused
 * altogether. Discarding the future, or dropping it, ends it. The descriptor that was lent is not to be read meanwhile.
 */
DexFuture *peerup_port_search (const PeerupPortSearchOptions *options) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
