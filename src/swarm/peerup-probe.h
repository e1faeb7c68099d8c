/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Who is there: addresses of a peer whose ID nobody knows yet are dialed all at once, and each
 * that answers proves an identity. What is done with it, and whether it is believed, is the
 * business of who asked. */

/* Microseconds that the others get once one address has answered: a path that is this much
 * slower is no good way, and one that is dead needs no longer wait. */
#define PEERUP_PROBE_GRACE (2 * G_USEC_PER_SEC)

/* What came of one address. */
typedef struct
{
  PeerupMultiaddr *address;     /* as it was asked for, without /p2p */
  char *host;                   /* nullable: what it was dialed at, if @address is a name */
  PeerupPeerId *peer;           /* nullable: who proved to be there, even if it refused us then */
  PeerupConnection *connection; /* nullable: the swarm has taken it up */
  gint64 time;                  /* µs until the handshake was complete; 0 without @peer */
  GError *error;                /* nullable: why there is no @connection */
} PeerupProbeAnswer;

/* The answers, in the order of the addresses; reference counted. */
typedef struct _PeerupProbe PeerupProbe;

#define PEERUP_TYPE_PROBE (peerup_probe_get_type ())
GType peerup_probe_get_type (void);
PeerupProbe *peerup_probe_ref (PeerupProbe *self);
void peerup_probe_unref (PeerupProbe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupProbe, peerup_probe_unref)

/* Dials every one of @addresses (of PeerupMultiaddr; a /p2p at their end is not looked at) at
 * once. Resolves to a boxed PeerupProbe, at the latest at @deadline (monotonic µs), and never
 * rejects: what did not answer has its error. A name has an answer for each address it stands
 * for, 8 of a family at most. Relayed addresses are UNSUPPORTED. */
DexFuture *peerup_probe_addresses (PeerupSwarm *swarm, GPtrArray *addresses, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

guint peerup_probe_get_n_answers (PeerupProbe *self);
const PeerupProbeAnswer *peerup_probe_get_answer (PeerupProbe *self, guint index);
/* (transfer none): the one peer that answered. WRONG_PEER, with both, if two addresses are of
 * different peers; UNREACHABLE, with the reason of each, if none answered. */
PeerupPeerId *peerup_probe_get_peer (PeerupProbe *self, GError **error);

G_END_DECLS
