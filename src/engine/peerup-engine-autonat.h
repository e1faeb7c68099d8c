/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "protocols/peerup-autonat.h"

G_BEGIN_DECLS

/* What servers of AutoNAT say of this machine's addresses, and serving others while this machine relays.
 *
 * Whom it asks: relays of ours and connected peers that say in identify that they serve dial requests, directly
 * connected ones alone, relays first, PEERUP_ENGINE_AUTONAT_SERVERS of them at most. Where several answer, two have to
 * agree; where one does, its word is what there is. When: a few seconds after the start, after a change of the network
 * and when there are more servers to ask, and every 30 minutes or so while no visitor proves more than servers can.
 *
 * What follows from it: a dial-back that the reachability counts (see peerup-reachability.h) is told to it, and
 * servers that agree on the contrary. Serving: while RelayState is serving, whether by relay.serve or as a peer
 * relay; then whoever the gate admits may ask. */
typedef struct _PeerupEngineAutonat PeerupEngineAutonat;

#define PEERUP_ENGINE_AUTONAT_SERVERS 3

/* What is known of one address. */
typedef struct
{
  PeerupMultiaddr *address; /* borrowed */
  PeerupAutonatVerdict verdict;
  guint n_reachable, n_unreachable; /* servers that said the one, and the other */
  gboolean proven;                  /* a dial-back that counts as evidence was among them */
  const char *reason;               /* (nullable): why the verdict is not known; borrowed */
  gint64 asked_at;                  /* monotonic µs */
} PeerupEngineAutonatAnswer;

/* Of @engine, whose swarm, identify, relays, relay, peer_relay and nat outlive it. */
PeerupEngineAutonat *peerup_engine_autonat_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_autonat_free (PeerupEngineAutonat *self);
/* The network has changed: what was said is forgotten, and asked anew when it has settled. */
void peerup_engine_autonat_changed (PeerupEngineAutonat *self);
/* One for each address that was asked about, valid until the main context runs again. */
guint peerup_engine_autonat_get_n_answers (PeerupEngineAutonat *self);
void peerup_engine_autonat_get_answer (PeerupEngineAutonat *self, guint index, PeerupEngineAutonatAnswer *answer);
/* Servers that could be asked now. */
guint peerup_engine_autonat_get_n_servers (PeerupEngineAutonat *self);
/* Whether we dial others back now. */
gboolean peerup_engine_autonat_is_serving (PeerupEngineAutonat *self);

G_END_DECLS
