/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-dial-attempt.h"
#include "swarm/peerup-dial-lookup.h"
#include "swarm/peerup-swarm-private.h"

G_BEGIN_DECLS

/* A dial, which peerup-swarm-dial.c owns, and the race in it, which is peerup-dial-race.c. */
struct _PeerupDial
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  GHashTable *table;   /* of the swarm, that it is in; NULL: none any more */
  DexPromise *promise; /* to a PeerupConnection */
  DexPromise *wake;    /* what the fiber waits for: something below has changed */
  gboolean cancelled;
  gboolean direct;      /* through no relay; from the first success on */
  gboolean told;        /* "dialed" was emitted */
  gboolean relay_first; /* a direct path has turned silent */
  gint64 started_at;
  gint64 give_up_at;    /* G_MAXINT64 unless crossed */
  GPtrArray *lookups;   /* under way */
  GPtrArray *waiting;   /* of PeerupDialCandidate, in order */
  GPtrArray *attempts;  /* under way */
  GPtrArray *lost;      /* attempts that came to nothing */
  gint64 next_at;       /* when the next candidate is started beside the attempts */
  GPtrArray *crossed;   /* inbound connections that came meanwhile */
  GHashTable *gathered; /* PeerupMultiaddr: addresses that were taken from the peerstore */
  GHashTable *failed;   /* PeerupMultiaddr: addresses to remember as failed */
  GHashTable *told_of;  /* PeerupMultiaddr: those that are judged already */
  GString *reasons;     /* why each address failed */
  int code;             /* UNREACHABLE, or what one address told more than that */
  guint n_failed;
};

/* What the peerstore has of the peer and was not taken yet joins the race. */
void peerup_dial_gather (PeerupDial *self);
/* (transfer full) (nullable): waits, in the dial's fiber, for the next success, which may be called for again;
 * NULL when all has come to its end, or been given up. */
PeerupConnection *peerup_dial_race (PeerupDial *self) G_GNUC_WARN_UNUSED_RESULT;
/* There is @connection to the peer: ends what would be no better path. */
void peerup_dial_prune (PeerupDial *self, PeerupConnection *connection);
void peerup_dial_cancel_rest (PeerupDial *self);
gboolean peerup_dial_has_rest (PeerupDial *self);
/* Makes peerup_dial_race() look at what has changed. */
void peerup_dial_wake (PeerupDial *self);

G_END_DECLS
