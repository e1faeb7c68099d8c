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

/* Properties: "n-reservations", "n-circuits" (uint), "draining" (boolean).
 * Signals: "changed": one of these numbers. */

/* Whether @peer may use the relay; *@authorized (in: FALSE) says that the limits for authorized peers
 * hold. A circuit has those only between two of them. */
typedef gboolean (*PeerupRelayGateFunc) (PeerupPeerId *peer, gboolean *authorized, gpointer data);

/* Counters since the start; they never go back. */
typedef struct
{
  guint64 reservations_granted, reservations_refused;
  guint64 circuits_opened, circuits_refused;
  guint64 bytes; /* both ways, of all circuits */
} PeerupRelayFigures;

/* Serves hop on @swarm until it is stopped or finalized; @swarm must live as long. */
PeerupRelayServer *
peerup_relay_server_new (PeerupSwarm *swarm, const PeerupRelaySettings *settings) G_GNUC_WARN_UNUSED_RESULT;
void
peerup_relay_server_set_gate (PeerupRelayServer *self, PeerupRelayGateFunc gate, gpointer data, GDestroyNotify destroy);
/* For reservations and circuits that begin from now on. */
void peerup_relay_server_set_settings (PeerupRelayServer *self, const PeerupRelaySettings *settings);
/* The addresses told in reservations instead of the swarm's listen addresses; NULL: those again. */
void peerup_relay_server_set_addresses (PeerupRelayServer *self, GPtrArray *addresses);
/* No new reservations and circuits; hop is no longer served, which identify pushes to everybody.
 * Resolves to TRUE when the last circuit has ended, or was ended at @deadline (monotonic µs). */
DexFuture *peerup_relay_server_drain (PeerupRelayServer *self, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
void peerup_relay_server_get_figures (PeerupRelayServer *self, PeerupRelayFigures *figures);

G_END_DECLS
