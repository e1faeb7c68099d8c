/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-relay-table.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Circuit relay v2, the relay's side (circuit-v2.md): answers hop, opens stop, splices the two
 * streams until both have ended, a limit is reached or the drain's deadline has come. It dials
 * nobody: the target must be connected. What comes over a relayed connection is refused with
 * PERMISSION_DENIED. It carries bytes that it cannot read. */
#define PEERUP_TYPE_RELAY_SERVER (peerup_relay_server_get_type ())
G_DECLARE_FINAL_TYPE (PeerupRelayServer, peerup_relay_server, PEERUP, RELAY_SERVER, GObject)

/* Properties: "n-reservations", "n-circuits" (uint; those that are being opened count), "draining"
 * (boolean). They notify, but for reservations whose time has passed.
 * Signals: "changed": one of these numbers. */

/* Microseconds in which a peer must have said what it wants on hop, the stop stream must have been
 * opened, and the target must have answered on it. */
#define PEERUP_RELAY_REQUEST_TIMEOUT (60 * G_USEC_PER_SEC)
#define PEERUP_RELAY_CONNECT_TIMEOUT (30 * G_USEC_PER_SEC)
#define PEERUP_RELAY_STOP_TIMEOUT    (60 * G_USEC_PER_SEC)
/* Hop streams of one peer that are not circuits yet; more are reset with RESOURCE_LIMIT. */
#define PEERUP_RELAY_REQUESTS_MAX 64

/* Whether @peer may use the relay; *@authorized (in: FALSE) says that the limits for authorized peers
 * hold. A circuit has those only between two of them. */
typedef gboolean (*PeerupRelayGateFunc) (PeerupPeerId *peer, gboolean *authorized, gpointer data);

/* Asked where the gate lets @peer in: whether it may have a circuit to @target; NULL: a reservation. */
typedef gboolean (*PeerupRelayAllowFunc) (PeerupPeerId *peer, PeerupPeerId *target, gpointer data);

/* Counters since the start; they never go back. */
typedef struct
{
  guint64 reservations_granted, reservations_refused; /* answers: a reservation that gets more time counts again */
  guint64 circuits_opened, circuits_refused;
  guint64 bytes; /* both ways, of all circuits */
} PeerupRelayFigures;

/* Serves hop on @swarm, which it holds, until it is drained or finalized. Without a gate everybody
 * may use it, and nobody is authorized. */
PeerupRelayServer *
peerup_relay_server_new (PeerupSwarm *swarm, const PeerupRelaySettings *settings) G_GNUC_WARN_UNUSED_RESULT;
void
peerup_relay_server_set_gate (PeerupRelayServer *self, PeerupRelayGateFunc gate, gpointer data, GDestroyNotify destroy);
/* @allow: nullable, for everything. @data outlives the server. */
void peerup_relay_server_set_allow (PeerupRelayServer *self, PeerupRelayAllowFunc allow, gpointer data);
/* For reservations and circuits that begin from now on. */
void peerup_relay_server_set_settings (PeerupRelayServer *self, const PeerupRelaySettings *settings);
/* (element-type PeerupMultiaddr) (nullable): what is told in reservations; the relay's /p2p is added where it is
 * missing. NULL: of the swarm's listen addresses those of the widest reach, so that a relay on the
 * internet tells no loopback and no container's bridge, and one in a house tells its house's. */
void peerup_relay_server_set_addresses (PeerupRelayServer *self, GPtrArray *addresses);
/* (transfer full) of PeerupMultiaddr, each with our /p2p: those that are told. */
GPtrArray *peerup_relay_server_dup_addresses (PeerupRelayServer *self) G_GNUC_WARN_UNUSED_RESULT;
/* No new reservations and circuits, and what was reserved is void; hop is no longer served, which
 * identify pushes to everybody. Resolves to TRUE when the last circuit has ended, or was reset with
 * SHUTDOWN at @deadline (monotonic µs) or because the server went, and to FALSE when it is resumed
 * before. A second call moves the deadline. */
DexFuture *peerup_relay_server_drain (PeerupRelayServer *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Serves again. Circuits that a drain has left go on. */
void peerup_relay_server_resume (PeerupRelayServer *self);
/* The right of @peer has ended, or become less: the circuits from and to it are reset with GATED. Its
 * reservation ends too if the gate no longer lets it in. */
void peerup_relay_server_revoke (PeerupRelayServer *self, PeerupPeerId *peer);
gboolean peerup_relay_server_has_reservation (PeerupRelayServer *self, PeerupPeerId *peer);
void peerup_relay_server_get_figures (PeerupRelayServer *self, PeerupRelayFigures *figures);

G_END_DECLS
