/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-path-watch.h"

G_BEGIN_DECLS

/* When the peer of one connection is asked for a sign of life, and when its silence counts. It holds no clock and sends
 * nothing: @now is monotonic microseconds. */

/* One question at a time is lost too easily: at 30 % loss each way half of them come to nothing. So they follow one
 * another this fast, ten in the time of doubt; the first answer to any of them ends it. */
#define PEERUP_PATH_ASK_INTERVAL (150 * 1000)
/* Of one that is silent, until its transport gives it up. */
#define PEERUP_PATH_ASK_AGAIN G_USEC_PER_SEC
/* Who comes so much later than was asked for has been stopped or slept: what arrived meanwhile is still to be read. */
#define PEERUP_PATH_LATE (500 * 1000)
/* The doubt lasts twice as long on a path that is known to lose one packet in ten or more, or whose round trip is a
 * sixth of it or longer. */
#define PEERUP_PATH_LOSS_PART 10
#define PEERUP_PATH_LOSS_MIN  2
#define PEERUP_PATH_FAR_PART  6

/* Quiet: nothing is owed. Owing: it is looked at again at the deadline. Asked: the doubt has begun. */
typedef enum
{
  PEERUP_PATH_QUIET,
  PEERUP_PATH_OWING,
  PEERUP_PATH_ASKED,
  PEERUP_PATH_DEAD,
} PeerupDoubtState;

/* To be read by anybody, written by the functions below. */
typedef struct
{
  PeerupDoubtState state;
  gint64 asked_at; /* when the doubt began */
  gint64 deadline; /* of the next step; G_MAXINT64: none is due */
} PeerupPathDoubt;

typedef struct
{
  gint64 owed_since; /* as peerup_connection_get_owed_since(); so is the next */
  gint64 answered_at;
  gint64 rtt; /* µs; -1: not known */
  guint64 packets_sent, packets_lost;
} PeerupPathFacts;

void peerup_path_doubt_init (PeerupPathDoubt *self);
/* Begins the doubt, unless it has begun. TRUE: ask now. */
gboolean peerup_path_doubt_begin (PeerupPathDoubt *self, gint64 now);
/* Something has happened, or the deadline has come. TRUE: ask now. */
gboolean peerup_path_doubt_step (PeerupPathDoubt *self, const PeerupPathFacts *facts, gint64 now);

G_END_DECLS
