/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-peerstore.h"
#include "swarm/peerup-swarm.h"
#include "transport/peerup-listener.h"

G_BEGIN_DECLS

/* A dial of one peer that is under way; see peerup-swarm-dial.c. */
typedef struct _PeerupDial PeerupDial;

struct _PeerupSwarm
{
  GObject parent_instance;
  PeerupPrivateKey *identity;
  PeerupCertificate *certificate;
  PeerupPeerstore *peerstore;
  const char *const *securities;

  PeerupGateFunc gate;
  gpointer gate_data;
  GDestroyNotify gate_destroy;

  GHashTable *protocols;   /* name -> Handler */
  GPtrArray *listening;    /* of Listening; peerup-swarm-listen.c */
  GHashTable *connections; /* PeerupPeerId -> GPtrArray of PeerupConnection, oldest first */
  GHashTable *dials;       /* PeerupPeerId -> PeerupDial, borrowed: each ends itself */
  GHashTable *upgrading;   /* raw streams of inbound connections in their handshake -> host_key() of where from */
  guint n_negotiating;
  gboolean closed;
};

/* Handshakes of inbound connections at a time, in all and from one IPv4 address or IPv6 /64;
 * more are closed at once. */
#define PEERUP_SWARM_UPGRADES_MAX      256
#define PEERUP_SWARM_UPGRADES_PER_HOST 64
/* Inbound connections of one peer, and in all; more are closed with RESOURCE_LIMIT. A peer may
 * have several: its daemon, and programs that use its identity beside it. */
#define PEERUP_SWARM_CONNECTIONS_PER_PEER 16
#define PEERUP_SWARM_CONNECTIONS_MAX      2048
/* Microseconds that an upgrade or a negotiation of an inbound stream may take. */
#define PEERUP_SWARM_UPGRADE_TIMEOUT   (15 * G_USEC_PER_SEC)
#define PEERUP_SWARM_NEGOTIATE_TIMEOUT (10 * G_USEC_PER_SEC)

/* Starts the upgrade of @raw with the swarm's settings. */
DexFuture *
peerup_swarm_upgrade (PeerupSwarm *self, PeerupStream *raw, PeerupPeerId *expected, /* NULL: inbound */
                      PeerupMultiaddr *local, PeerupMultiaddr *remote, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Takes up a connection that was just made; borrows it. */
void peerup_swarm_add_connection (PeerupSwarm *self, PeerupConnection *connection);
/* The best open connection to @peer, borrowed, or NULL. */
PeerupConnection *peerup_swarm_best_connection (PeerupSwarm *self, PeerupPeerId *peer);

void peerup_swarm_stop_listening (PeerupSwarm *self);

/* A connection that the peer dialed was added: it may have crossed one that we dial, or just
 * dialed. */
void peerup_swarm_note_inbound (PeerupSwarm *self, PeerupConnection *inbound);
void peerup_dial_cancel (PeerupDial *self);

G_END_DECLS
