/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-endpoint.h"

G_BEGIN_DECLS

/* The order in which the addresses of a peer are dialed. Times are monotonic microseconds. */

/* How dials of one address went. */
typedef struct
{
  gint64 succeeded_at; /* 0: never */
  gint64 failed_at;    /* 0: never */
  guint failures;      /* since the last success */
  gint64 rtt;          /* smoothed round trip of the last connection, 0: not known */
} PeerupDialHistory;

/* How long an address counts as failed: 5 s after the first failure, then twice as long each
 * time, up to 10 min. */
gboolean peerup_dial_history_failed_lately (const PeerupDialHistory *self, gint64 now);

/* What both histories of one thing come to. */
void peerup_dial_history_merge (PeerupDialHistory *self, const PeerupDialHistory *other);

/* How a relay stands with us, whoever is dialed through it. Of several those that are warm come first, then a
 * peer's before one for everybody, then the shortest round trip, then the fewest failures. A warm one has a head start
 * of four round trips, which a circuit takes when its other leg is as long, but no less than any other and 1 s at most.
 */
typedef struct
{
  gboolean warm;    /* there is a connection to it, which answers */
  gboolean of_peer; /* a peer of ours relays there for us */
  gint64 rtt;       /* of that; -1: not known */
  guint failures;   /* of ours there, in a row */
} PeerupRelayStanding;

/* One address to dial. */
typedef struct
{
  PeerupMultiaddr *known;  /* as the peerstore has it */
  PeerupEndpoint endpoint; /* the same, or one of the addresses that its name stands for */
  gboolean told;           /* by the peer itself, and by nobody else */
  gboolean relayed;        /* through a relay (/p2p-circuit), and without an endpoint */
  PeerupPeerId *relay;     /* NULL unless relayed */
  PeerupRelayStanding standing;
  PeerupDialHistory history;
  gint64 head_start; /* set by peerup_dial_order(): how long it runs before the next one is started */
} PeerupDialCandidate;

/* NULL for what nobody here can dial. */
PeerupDialCandidate *
peerup_dial_candidate_new (PeerupMultiaddr *known, const PeerupDialHistory *history) G_GNUC_WARN_UNUSED_RESULT;
/* @self with its name replaced by what that stands for. */
PeerupDialCandidate *peerup_dial_candidate_resolve (const PeerupDialCandidate *self, PeerupMultiaddrCode family,
                                                    const char *literal) G_GNUC_WARN_UNUSED_RESULT;
void peerup_dial_candidate_free (PeerupDialCandidate *self);
/* Whether one is as good as the other: two ways to one relay are, because a circuit takes the connection
 * to it that is there or comes first. */
gboolean peerup_dial_candidate_equal (gconstpointer a, gconstpointer b);

/* Sorts @candidates (of PeerupDialCandidate) and sets their head starts:
 *  what failed lately comes last; relayed after direct; loopback, private, public; QUIC before
 *  TCP before WebSocket before that in TLS; what worked last before what worked earlier or never; the two families in
 * turn, IPv6 first. Each has a head start of 250 ms, 30 ms if it is not public (RFC 8305 5); QUIC has none on public
 * addresses when @udp_blocked. */
void peerup_dial_order (GPtrArray *candidates, gboolean udp_blocked, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupDialCandidate, peerup_dial_candidate_free)

G_END_DECLS
