/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "nat/peerup-reachability.h"

G_BEGIN_DECLS

/* Relaying for authorized peers, with no relay.serve: while this device can be reached from the internet,
 * which it finds out by who comes in (see peerup-reachability.h). Visits count when the visitor is in
 * authorized_keys, and over UDP when it was not dialed in the last five minutes. With connection
 * gating off nobody counts, because nobody is authorized. network.force_private_reachability: never.
 *
 * What it takes of a home is bounded by numbers: 4 reservations (2 of one address) of 30 min, and 16
 * circuits in all. A circuit is not cut off, because its two ends are devices of the same people and
 * one that was cut would only begin anew; resources.authorized_session_* bounds it for who wants that. */
typedef struct _PeerupEnginePeerRelay PeerupEnginePeerRelay;

/* Of @engine, whose swarm, identify and relay outlive it. */
PeerupEnginePeerRelay *peerup_engine_peer_relay_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_peer_relay_free (PeerupEnginePeerRelay *self);
/* At the start, and when the configuration changes. */
void peerup_engine_peer_relay_apply (PeerupEnginePeerRelay *self, PeerupConfig *config);
/* Whether this device can be reached, as far as it may be. */
gboolean peerup_engine_peer_relay_is_public (PeerupEnginePeerRelay *self);
/* Borrowed: all that is known of that. */
PeerupReachability *peerup_engine_peer_relay_get_reachability (PeerupEnginePeerRelay *self);

G_END_DECLS
