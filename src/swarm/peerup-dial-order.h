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

/* One address to dial. */
typedef struct
{
  PeerupMultiaddr *known;  /* as the peerstore has it */
  PeerupEndpoint endpoint; /* the same, or one of the addresses that its name stands for */
  gboolean relayed;        /* through a relay (/p2p-circuit), and without an endpoint */
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
gboolean peerup_dial_candidate_equal (gconstpointer a, gconstpointer b);

/* Sorts @candidates (of PeerupDialCandidate) and sets their head starts:
 *  what failed lately comes last; relayed after direct; loopback, private, public; QUIC before
 *  TCP before WebSocket before that in TLS; what worked last before what worked earlier or never; the two families in
 * turn, IPv6 first. Each has a head start of 250 ms, 30 ms if it is not public (RFC 8305 5); QUIC has none on public
 * addresses when @udp_blocked. */
void peerup_dial_order (GPtrArray *candidates, gboolean udp_blocked, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupDialCandidate, peerup_dial_candidate_free)

G_END_DECLS
