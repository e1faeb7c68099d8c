/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"
#include "swarm/peerup-peerstore.h"
#include "swarm/peerup-swarm.h"
#include "transport/peerup-listener.h"
#include "transport/peerup-quic-transport.h"
#include "transport/peerup-route-monitor.h"
#include "transport/peerup-tls-credentials.h"

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
  GPtrArray *punched;    /* sockets with one connection each; peerup-swarm-punch.c */
  PeerupQuicCongestion congestion;
  char *websocket_certificate_file; /* nullable, as the next */
  char *websocket_key_file;
  PeerupRouteMonitor *routes; /* NULL where the system cannot tell */
  GHashTable *connections;    /* PeerupPeerId -> GPtrArray of PeerupConnection, oldest first */
  GHashTable *dials;          /* PeerupPeerId -> PeerupDial, borrowed: each ends itself */
  GHashTable *direct_dials;   /* the same of peerup_swarm_connect_direct() */
  GHashTable *upgrading;      /* raw streams of inbound connections in their handshake */
  PeerupLimits *limits;
  gint64 tell_at;                 /* when the next refusal by a limit may be told */
  PeerupCircuitFunc circuit_func; /* NULL: no dial goes through a relay */
  gpointer circuit_data;
  PeerupRelayStandingFunc standing_func; /* NULL: all relays stand alike */
  gpointer standing_data;
  GPtrArray *relayed_addresses; /* of PeerupMultiaddr */
  gboolean closed;
};

/* Microseconds that an upgrade or a negotiation of an inbound stream may take. */
#define PEERUP_SWARM_UPGRADE_TIMEOUT   (15 * G_USEC_PER_SEC)
#define PEERUP_SWARM_NEGOTIATE_TIMEOUT (10 * G_USEC_PER_SEC)

/* Starts the upgrade of @raw: what @options say, the identity, the gate and the rest the swarm's. */
DexFuture *peerup_swarm_upgrade (PeerupSwarm *self, PeerupStream *raw,
                                 const PeerupUpgradeOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* See PeerupCircuitFunc; UNSUPPORTED without one. */
DexFuture *peerup_swarm_open_circuit (PeerupSwarm *self, PeerupPeerId *peer, PeerupMultiaddr *address,
                                      gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* See PeerupRelayStandingFunc. */
void peerup_swarm_get_standing (PeerupSwarm *self, PeerupPeerId *relay, PeerupRelayStanding *standing);
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

/* The best open connection to @peer that goes through no relay, borrowed, or NULL. */
PeerupConnection *peerup_swarm_best_direct (PeerupSwarm *self, PeerupPeerId *peer);

/* Which of several connections to a peer is the better one, the same on both sides: one that
 * lasts, direct, QUIC, dialed by the peer with the smaller ID. */
int peerup_swarm_rank (PeerupSwarm *self, PeerupConnection *connection);
/* Of a direct connection that we would dial now. */
int peerup_swarm_rank_dialed (PeerupSwarm *self, PeerupPeerId *peer, gboolean quic);

/* (transfer full) (nullable): of one end of a connected TCP socket that carries @transport. @host (optional)
 * gets its host key. */
PeerupMultiaddr *peerup_swarm_address_of_socket (int fd, gboolean remote, PeerupIpTransport transport,
                                                 guint64 *host) G_GNUC_WARN_UNUSED_RESULT;

/* WebSocket; see peerup-swarm-websocket.c. As peerup_swarm_upgrade(), with HTTP's handshake before it,
 * and TLS before that where @endpoint says so, or where there are @credentials (nullable). */
DexFuture *peerup_swarm_dial_websocket (PeerupSwarm *self, PeerupStream *raw, const PeerupEndpoint *endpoint,
                                        const PeerupUpgradeOptions *options) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_swarm_accept_websocket (PeerupSwarm *self, PeerupStream *raw, PeerupTlsCredentials *credentials,
                                          const PeerupUpgradeOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the certificate of a secure listener, read now. CONFIG where none is set. */
PeerupTlsCredentials *
peerup_swarm_read_websocket_certificate (PeerupSwarm *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void peerup_swarm_stop_listening (PeerupSwarm *self);

/* (transfer full): QUIC that listens on @local until peerup_swarm_stop_quic(). */
PeerupQuicTransport *
peerup_swarm_open_quic (PeerupSwarm *self, const PeerupSocketAddress *local, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none): what to dial @remote from. */
PeerupQuicTransport *peerup_swarm_get_quic_for (PeerupSwarm *self, const PeerupSocketAddress *remote,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_swarm_stop_quic (PeerupSwarm *self);
void peerup_swarm_watch_routes (PeerupSwarm *self);

/* (transfer full): what peerup_swarm_dial_punched() and accept_punched() keep; one that is taken out ends. */
GPtrArray *peerup_swarm_punched_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the connections whose address this machine has no more. */
void peerup_swarm_check_punched (PeerupSwarm *self);

/* The limits; see peerup-swarm-limits.c. A refusal is counted and told ("limited"). */
PeerupLimits *peerup_swarm_limits_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* Handshakes under way from which on a QUIC listener should ask for a Retry: so few that forged
 * sources take neither what is there for all nor all of the address they pretend to have. */
guint peerup_swarm_get_retry_threshold (PeerupSwarm *self);
/* An inbound connection counts until it is released or finalized, a stream until it is
 * finalized; one that is refused is reset with the code that says why. What waits to be read
 * counts on every connection, until it is released, which must come before the swarm goes. */
gboolean peerup_swarm_admit_connection (PeerupSwarm *self, PeerupConnection *connection);
void peerup_swarm_count_memory (PeerupSwarm *self, PeerupConnection *connection);
void peerup_swarm_release_connection (PeerupConnection *connection);
gboolean peerup_swarm_admit_stream (PeerupSwarm *self, PeerupConnection *connection, PeerupStream *stream);

/* A connection that the peer dialed was added: it may have crossed one that we dial, or just
 * dialed. */
void peerup_swarm_note_inbound (PeerupSwarm *self, PeerupConnection *inbound);
void peerup_dial_cancel (PeerupDial *self);

G_END_DECLS
