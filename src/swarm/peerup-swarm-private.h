/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-peerstore.h"
#include "swarm/peerup-swarm.h"
#include "transport/peerup-listener.h"
#include "transport/peerup-quic-transport.h"
#include "transport/peerup-route-monitor.h"

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

  GHashTable *protocols; /* name -> Handler */
  GPtrArray *listening;  /* of Listening; peerup-swarm-listen.c */
  GPtrArray *quic;       /* of PeerupQuicTransport; peerup-swarm-quic.c */
  PeerupQuicCongestion congestion;
  PeerupRouteMonitor *routes; /* NULL where the system cannot tell */
  GHashTable *connections;    /* PeerupPeerId -> GPtrArray of PeerupConnection, oldest first */
  GHashTable *dials;          /* PeerupPeerId -> PeerupDial, borrowed: each ends itself */
  GHashTable *upgrading;      /* raw streams of inbound TCP connections in their handshake */
  GHashTable *handshakes;     /* host key -> how many inbound handshakes from there are under way */
  guint n_handshakes;
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
/* PeerupGateFunc; @data is the swarm. */
gboolean peerup_swarm_gate_handshake (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data,
                                      GError **error);
/* Whether an inbound handshake from @host (a host key) may begin; each TRUE wants one release
 * when it has ended. */
gboolean peerup_swarm_admit_handshake (PeerupSwarm *self, guint64 host);
void peerup_swarm_release_handshake (PeerupSwarm *self, guint64 host);
/* Takes up a connection that was just made; borrows it. */
void peerup_swarm_add_connection (PeerupSwarm *self, PeerupConnection *connection);
/* The best open connection to @peer, borrowed, or NULL. */
PeerupConnection *peerup_swarm_best_connection (PeerupSwarm *self, PeerupPeerId *peer);

/* Which of several connections to a peer is the better one, the same on both sides: one that
 * lasts, direct, QUIC, dialed by the peer with the smaller ID. */
int peerup_swarm_rank (PeerupSwarm *self, PeerupConnection *connection);
/* Of a direct connection that we would dial now. */
int peerup_swarm_rank_dialed (PeerupSwarm *self, PeerupPeerId *peer, gboolean quic);

void peerup_swarm_stop_listening (PeerupSwarm *self);

/* (transfer full): QUIC that listens on @local until peerup_swarm_stop_quic(). */
PeerupQuicTransport *
peerup_swarm_open_quic (PeerupSwarm *self, const PeerupSocketAddress *local, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none): what to dial @remote from. */
PeerupQuicTransport *peerup_swarm_get_quic_for (PeerupSwarm *self, const PeerupSocketAddress *remote,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_swarm_stop_quic (PeerupSwarm *self);
void peerup_swarm_watch_routes (PeerupSwarm *self);

/* A connection that the peer dialed was added: it may have crossed one that we dial, or just
 * dialed. */
void peerup_swarm_note_inbound (PeerupSwarm *self, PeerupConnection *inbound);
void peerup_dial_cancel (PeerupDial *self);

G_END_DECLS
