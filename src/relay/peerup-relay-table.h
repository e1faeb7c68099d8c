/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-circuit.h"

G_BEGIN_DECLS

/* What a relay has granted: who has a reservation until when, who uses how many circuits. It
 * holds no stream, clock or main loop: @now is seconds since 1970 where a reservation's end is
 * meant, because that is what peers are told. Every number of it is bounded by the settings. */

/* What the section resources of the configuration says; the defaults are those of the Go peer-up's
 * relay where it has them. A circuit's limits count each way; 0: not bounded. */
typedef struct
{
  guint32 reservation_ttl;            /* seconds; 3,600 */
  guint max_reservations;             /* in all; 128 */
  guint max_reservations_per_address; /* of one IPv4 address or IPv6 /64; 8 */
  guint max_reservations_per_network; /* of one IPv4 /16 or IPv6 /32; 32 */
  guint max_circuits;                 /* of one peer, as source and target together; 16 */
  guint max_circuits_in_all;          /* 1,024 */
  PeerupCircuitLimit limit;           /* of peers that are not authorized; 600 s, 64 MiB */
  PeerupCircuitLimit authorized;      /* of a circuit between two that are; 0, 0 */
} PeerupRelaySettings;

void peerup_relay_settings_init (PeerupRelaySettings *self);

typedef struct _PeerupRelayTable PeerupRelayTable;

PeerupRelayTable *peerup_relay_table_new (const PeerupRelaySettings *settings) G_GNUC_WARN_UNUSED_RESULT;
void peerup_relay_table_free (PeerupRelayTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayTable, peerup_relay_table_free)

/* For what begins from now on. */
void peerup_relay_table_set_settings (PeerupRelayTable *self, const PeerupRelaySettings *settings);

/* A new reservation of @peer, or more time for the one it has (which counts no second time, and
 * moves to @host, a host key; 0 is nobody's address and bounded in all only). OK with *@expires, or
 * RESERVATION_REFUSED, which leaves what was there. Those whose time is over are forgotten first; it
 * is over at *@expires. */
PeerupCircuitStatus peerup_relay_table_reserve (PeerupRelayTable *self, PeerupPeerId *peer, guint64 host, gint64 now,
                                                gint64 *expires) G_GNUC_WARN_UNUSED_RESULT;
/* The last connection of @peer has closed, or it is no longer wanted: its reservation ends; its circuits do not. */
void peerup_relay_table_forget (PeerupRelayTable *self, PeerupPeerId *peer);
/* All of them: the relay serves no more. */
void peerup_relay_table_forget_all (PeerupRelayTable *self);
gboolean peerup_relay_table_has_reservation (PeerupRelayTable *self, PeerupPeerId *peer, gint64 now);

/* A circuit from @source to @target: OK, NO_RESERVATION, RESOURCE_LIMIT_EXCEEDED, or
 * PERMISSION_DENIED for a circuit to oneself. Each OK wants one end. */
PeerupCircuitStatus peerup_relay_table_begin_circuit (PeerupRelayTable *self, PeerupPeerId *source,
                                                      PeerupPeerId *target, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
void peerup_relay_table_end_circuit (PeerupRelayTable *self, PeerupPeerId *source, PeerupPeerId *target);

guint peerup_relay_table_get_n_reservations (PeerupRelayTable *self, gint64 now);
guint peerup_relay_table_get_n_circuits (PeerupRelayTable *self);

G_END_DECLS
