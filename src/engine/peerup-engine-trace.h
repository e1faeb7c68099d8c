/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "engine/peerup-engine.h"
#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* The way that streams to a peer take now, hop by hop: the peer itself, or the relay and then the peer. */

/* Hops of a way at most: libp2p's circuits go through one relay. */
#define PEERUP_TRACE_HOPS_MAX 2
/* Round trips that are measured of each hop; the shortest counts. */
#define PEERUP_TRACE_ROUNDS 3

typedef struct
{
  PeerupPeerId *peer;
  PeerupMultiaddr *address; /* nullable: of the peer, as this device or the relay knows it */
  const char *transport;    /* static: by which this hop is reached; NULL where only the relay knows */
  gint64 rtt;               /* from here to this hop and back, µs; -1: not known */
  gint64 leg;               /* of that, what the last leg takes; -1: not known */
} PeerupTraceHop;

typedef struct
{
  const char *path; /* as peerup_path_get_kind() */
  guint n_hops;
  PeerupTraceHop hops[PEERUP_TRACE_HOPS_MAX]; /* the last one is the peer */
} PeerupTrace;

#define PEERUP_TYPE_TRACE (peerup_trace_get_type ())
GType peerup_trace_get_type (void) G_GNUC_CONST;
PeerupTrace *peerup_trace_copy (const PeerupTrace *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_trace_free (PeerupTrace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTrace, peerup_trace_free)

/* Connects if needed, and measures. Resolves to a boxed PeerupTrace. Rejects as peerup_engine_ping(); a relay that does
 * not answer by itself is only told of as not known. */
DexFuture *peerup_engine_trace (PeerupEngine *self, const char *peer) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
