/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "config/peerup-config.h"
#include "engine/peerup-engine.h"
#include "relay/peerup-relay-server.h"
#include "relay/peerup-rendezvous-server.h"

G_BEGIN_DECLS

/* The engine as a relay of others: one PeerupRelayServer of its swarm at most, made when it is
 * first wanted and kept until the engine stops, so that its counters never go back.
 *
 * Two want it. The configuration (or PEERUP_ENGINE_RELAY) with relay.serve: then everybody who is
 * admitted may use it within resources, and peers in authorized_keys have the limits for
 * authorized ones. Or, while that is off, whoever calls set_peer_settings() because this device
 * has a public address: then only peers in authorized_keys may, within those settings. */
typedef struct _PeerupEngineRelay PeerupEngineRelay;

typedef struct
{
  PeerupEngineRelayState state;
  gboolean for_peers; /* by set_peer_settings(), not by the configuration */
  gint64 since;       /* seconds since 1970 when it last began to serve; 0: never */
  guint n_reservations, n_circuits;
  guint n_invites;
  PeerupRelayFigures figures;         /* since the engine's start */
  PeerupRendezvousFigures rendezvous; /* likewise */
  PeerupRelaySettings settings;       /* in force; of the last time while it does not serve */
} PeerupEngineRelayInfo;

/* Of @engine, which has its swarm and outlives it. Serves nothing before peerup_engine_relay_apply().
 * Notifies the engine's properties relay-state, relay-reservations and relay-circuits. */
PeerupEngineRelay *peerup_engine_relay_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* Circuits that are left are reset with SHUTDOWN. */
void peerup_engine_relay_free (PeerupEngineRelay *self);

/* Takes over what @config says: begins to serve, other limits and addresses, or drains for relay.drain_time. */
void peerup_engine_relay_apply (PeerupEngineRelay *self, PeerupConfig *config);
/* Whether to relay for authorized peers while relay.serve is off; NULL: no, which drains. Copied. Has no
 * effect with relay.serve_peers: false, or after drain() by hand. */
void peerup_engine_relay_set_peer_settings (PeerupEngineRelay *self, const PeerupRelaySettings *settings);
/* (element-type PeerupMultiaddr) (nullable): what is told in reservations then, without relay.announce; NULL: what
 * the swarm listens on. For the next settings. */
void peerup_engine_relay_set_peer_addresses (PeerupEngineRelay *self, GPtrArray *addresses);
/* @peer may no longer use it as it did: its circuits end, and its reservation if it may not at all. */
void peerup_engine_relay_revoke (PeerupEngineRelay *self, PeerupPeerId *peer);

/* By hand, or because the engine stops: nothing new is granted, peers are told, and it stays so
 * until peerup_engine_relay_resume() or the engine starts again, whatever the configuration says. Resolves
 * to TRUE when no circuit is left, which is so at @deadline (monotonic µs) at the latest, FALSE when it was
 * resumed meanwhile. Resolves at once when nothing is served. */
DexFuture *peerup_engine_relay_drain (PeerupEngineRelay *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* After a drain by hand. */
void peerup_engine_relay_resume (PeerupEngineRelay *self);

/* Whether @peer may use it in its own right, and not by a pass. */
gboolean peerup_engine_relay_may_use (PeerupEngineRelay *self, PeerupPeerId *peer);
/* Whether @peer has a reservation here. */
gboolean peerup_engine_relay_is_reserved_by (PeerupEngineRelay *self, PeerupPeerId *peer);
/* Without figures, which cost a look at each circuit. */
void peerup_engine_relay_get_numbers (PeerupEngineRelay *self, PeerupEngineRelayInfo *info);
void peerup_engine_relay_get_info (PeerupEngineRelay *self, PeerupEngineRelayInfo *info);
/* (transfer full) of PeerupMultiaddr, each with our /p2p: what is told in reservations. */
GPtrArray *peerup_engine_relay_dup_addresses (PeerupEngineRelay *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
