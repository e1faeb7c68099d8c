/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* How long a NAT keeps a mapping on which nothing is sent (RFC 5780 4.6): one socket makes a mapping and is silent for
 * a time, then another socket asks a STUN server to answer to that mapping (RESPONSE-PORT). What arrives proves that
 * time. The times are searched by halves, from 30 s to 5 min, to within an eighth. Answers and times in, questions and
 * deadlines out; no socket and no clock.
 *
 * A round is three requests, or five where the mapping has gone; the server may have to be asked anew for what is lost
 * on the way. Rounds are PEERUP_NAT_LIFETIME_ROUNDS at once and then one each PEERUP_NAT_LIFETIME_ROUND_INTERVAL, and
 * none when the search is over. */
typedef struct _PeerupNatLifetime PeerupNatLifetime;

/* Microseconds: what is tried first, and the most. */
#define PEERUP_NAT_LIFETIME_FIRST (30 * (gint64) G_USEC_PER_SEC)
#define PEERUP_NAT_LIFETIME_MAX   (300 * (gint64) G_USEC_PER_SEC)
/* Between two answers on the mapping before it is silent: from then on NATs take it for one that is in use, which many
 * keep longer, as they do with a connection's. */
#define PEERUP_NAT_LIFETIME_SETTLE (3 * (gint64) G_USEC_PER_SEC)
/* What has been inconclusive is tried again after that. */
#define PEERUP_NAT_LIFETIME_RETRY          (1800 * (gint64) G_USEC_PER_SEC)
#define PEERUP_NAT_LIFETIME_ROUNDS         8
#define PEERUP_NAT_LIFETIME_ROUND_INTERVAL (450 * (gint64) G_USEC_PER_SEC)
/* Bounds of what follows for keep-alives. */
#define PEERUP_NAT_KEEP_ALIVE_MIN (15 * (gint64) G_USEC_PER_SEC)
#define PEERUP_NAT_KEEP_ALIVE_MAX (300 * (gint64) G_USEC_PER_SEC)

typedef enum
{
  PEERUP_NAT_LIFETIME_NOTHING,
  PEERUP_NAT_LIFETIME_ASK,   /* the silent socket asks the server where it is seen */
  PEERUP_NAT_LIFETIME_PROBE, /* the other socket asks the server to answer to @port, where the silent one takes it */
} PeerupNatLifetimeAction;

PeerupNatLifetime *peerup_nat_lifetime_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_nat_lifetime_free (PeerupNatLifetime *self);
/* A NAT that nothing is known of; the first round begins at @at. What was asked is forgotten. */
void peerup_nat_lifetime_start (PeerupNatLifetime *self, gint64 at);
/* There is none, or nobody needs to know. What was found out stays until start(). */
void peerup_nat_lifetime_stop (PeerupNatLifetime *self);
/* What to do now, once; its end is told by one of the two that follow before the next. */
PeerupNatLifetimeAction
peerup_nat_lifetime_next (PeerupNatLifetime *self, gint64 now, guint16 *port) G_GNUC_WARN_UNUSED_RESULT;
/* @mapped: where the server saw who asked. */
void peerup_nat_lifetime_answered (PeerupNatLifetime *self, const PeerupSocketAddress *mapped, gint64 now);
/* Nothing came within a few seconds. */
void peerup_nat_lifetime_failed (PeerupNatLifetime *self, gint64 now);
/* When next() has something to say; G_MAXINT64: not before something else has happened. */
gint64 peerup_nat_lifetime_get_deadline (PeerupNatLifetime *self);
/* Whether the search is over. */
gboolean peerup_nat_lifetime_is_known (PeerupNatLifetime *self);
/* Microseconds that a mapping has been seen to last; 0: none is known. */
gint64 peerup_nat_lifetime_get (PeerupNatLifetime *self);
/* Microseconds after which to send something: three quarters of what is known, within the bounds; 0: it is not known.
 */
gint64 peerup_nat_lifetime_get_keep_alive (PeerupNatLifetime *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNatLifetime, peerup_nat_lifetime_free)

G_END_DECLS
