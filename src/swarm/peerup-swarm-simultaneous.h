/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Simultaneous open: both sides know where the other's sockets are seen from outside, and begin at the same moment, so
 * that each opens its own NAT or firewall for the other. Who begins and when is agreed on by whoever calls (DCUtR.md);
 * all of it leaves from the ports that we listen on.
 *
 * What is sent to one destination at most, within PEERUP_OPENING_TIMEOUT, is as little as a dial that nobody answers:
 * as QUIC's client its first packets and their repetitions (6 of 1,200 bytes), as its server
 * PEERUP_OPENING_DATAGRAMS_MAX of 64 random bytes, for TCP the SYNs of PEERUP_OPENING_CONNECTS_MAX connects. */

/* Destinations of one open, the first ones, and opens of one swarm at a time. */
#define PEERUP_OPENING_ADDRESSES_MAX 8
#define PEERUP_OPENINGS_MAX          16
/* Microseconds that one may take. */
#define PEERUP_OPENING_TIMEOUT (10 * G_USEC_PER_SEC)
/* Datagrams to one destination, which come in steps of 10 ms to 210 ms, and their bytes. */
#define PEERUP_OPENING_DATAGRAMS_MAX 64
#define PEERUP_OPENING_DATAGRAM_SIZE 64
/* Connects to one destination, where the first ones were refused, and microseconds between them. */
#define PEERUP_OPENING_CONNECTS_MAX  5
#define PEERUP_OPENING_CONNECT_PAUSE (G_USEC_PER_SEC / 4)

/* Of which transports we are the client; the server of the others. */
typedef enum
{
  PEERUP_OPENING_SERVER = 0,
  PEERUP_OPENING_QUIC_CLIENT = 1 << 0,
  PEERUP_OPENING_TCP_CLIENT = 1 << 1,
  PEERUP_OPENING_CLIENT = PEERUP_OPENING_QUIC_CLIENT | PEERUP_OPENING_TCP_CLIENT,
} PeerupOpeningRole;

/* Opens ways to @peer at @addresses (of PeerupMultiaddr: TCP and QUIC at IP addresses; others, and our own, are left
 * out), which the caller has made sure may be sent to. As QUIC's server we send datagrams that mean nothing, and
 * wait for the peer's connection; as TCP's we connect too, and let the peer speak first. A connection that @peer makes
 * to our listeners meanwhile is as good. Resolves to the direct PeerupConnection, which the swarm has taken up under
 * the gate and the limits, with "punched" in its info unless a dial of another address made it; to one that is there
 * already. Rejects with UNREACHABLE and the reason of each address in the text, LIMIT, CLOSED. A future that is
 * discarded ends it.
 * @deadline: monotonic µs. */
DexFuture *peerup_swarm_open_simultaneously (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses,
                                             PeerupOpeningRole role, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
