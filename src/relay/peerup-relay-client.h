/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "relay/peerup-reservation.h"
#include "swarm/peerup-swarm.h"
#include "wire/peerup-circuit.h"

G_BEGIN_DECLS

/* Circuit relay v2, the peer's side (circuit-v2.md): keeps a reservation on every relay it is
 * given, takes circuits that others open to us (stop), and opens circuits for the swarm's dials to
 * /p2p-circuit addresses. A circuit becomes a connection like any other: TLS or Noise and a
 * muxer run inside, end to end, so that a relay can read nothing, and one that swaps peers is found. */
#define PEERUP_TYPE_RELAY_CLIENT (peerup_relay_client_get_type ())
G_DECLARE_FINAL_TYPE (PeerupRelayClient, peerup_relay_client, PEERUP, RELAY_CLIENT, GObject)

/* Signals: "changed" (PeerupPeerId *relay): its state, and maybe the addresses we have through it. */

typedef struct
{
  PeerupPeerId *relay; /* borrowed */
  PeerupRelayState state;
  gboolean of_peer;   /* not a configured one: a peer that relays for us */
  gboolean preferred; /* its addresses are the first of those that are announced */
  gboolean silent;    /* it has not answered what it was asked, nor anything since */
  gint64 expires;     /* of the reservation, seconds since 1970; 0: none */
  gint64 retry_at;    /* monotonic µs; 0: not waiting */
  gint64 rtt;         /* µs; -1: not known */
  guint n_failures;   /* in a row */
  gboolean limited;   /* it bounds circuits, by limit */
  PeerupCircuitLimit limit;
  const GError *error; /* (nullable): why it failed last; borrowed */
} PeerupRelayInfo;

/* Serves stop on @swarm and dials its circuits until it is finalized; one for a swarm. */
PeerupRelayClient *peerup_relay_client_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* (element-type PeerupMultiaddr): each with its /p2p/ID at the end; several may be of one relay, and
 * those without an ID or through another relay are left out. Relays that were there go on. */
void peerup_relay_client_set_relays (PeerupRelayClient *self, GPtrArray *addresses);
/* The same of peers that offer to relay for us, in addition; those that are configured count as that. */
void peerup_relay_client_set_peer_relays (PeerupRelayClient *self, GPtrArray *addresses);
/* Whether @peer is one of them. */
gboolean peerup_relay_client_uses (PeerupRelayClient *self, PeerupPeerId *peer);
/* Something has changed outside: those that wait are tried at once. */
void peerup_relay_client_retry (PeerupRelayClient *self);
/* What @relay, which need be none of ours, says of itself: whether it serves hop. One that no longer does is left
 * until it does again, or is started anew. */
void peerup_relay_client_set_serving (PeerupRelayClient *self, PeerupPeerId *relay, gboolean serving);
/* (transfer full) of PeerupMultiaddr: where we can be reached now, the best relay first: fewest failures,
 * then the shortest round trip. A relay that is silent is left out, unless they all are. */
GPtrArray *peerup_relay_client_dup_addresses (PeerupRelayClient *self) G_GNUC_WARN_UNUSED_RESULT;
/* The configured relays in their order, and then the peers. */
guint peerup_relay_client_get_n_relays (PeerupRelayClient *self);
void peerup_relay_client_get_info (PeerupRelayClient *self, guint index, PeerupRelayInfo *info);

G_END_DECLS
