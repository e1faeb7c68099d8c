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

/* A simultaneous open that is under way; see peerup-swarm-simultaneous.c. */
typedef struct _PeerupOpening PeerupOpening;

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
  PeerupProtocolView view; /* NULL: everybody may have all of them */
  gpointer view_data;
  GPtrArray *listening; /* of Listening; peerup-swarm-listen.c */
  GPtrArray *quic;      /* of PeerupQuicTransport; peerup-swarm-quic.c */
  GPtrArray *retired;   /* those that listen no more and have connections still */
  GSource *sweep;       /* NULL, or drops those of them that have none left */
  GPtrArray *punched;   /* sockets with one connection each; peerup-swarm-punch.c */
  PeerupQuicCongestion congestion;
  gint64 keep_alive;                /* µs */
  char *websocket_certificate_file; /* nullable, as the next */
  char *websocket_key_file;
  PeerupRouteMonitor *routes; /* NULL where the system cannot tell */
  PeerupTimer grace;          /* of own addresses that are gone; peerup-swarm-addresses.c */
  gboolean in_grace;
  GHashTable *connections;  /* PeerupPeerId -> GPtrArray of PeerupConnection, oldest first */
  GHashTable *dials;        /* PeerupPeerId -> PeerupDial, borrowed: each ends itself */
  GHashTable *direct_dials; /* the same of peerup_swarm_connect_direct() */
  GPtrArray *openings;      /* of PeerupOpening, borrowed: each ends itself */
  GHashTable *opened_at;    /* PeerupPeerId -> gint64: when an opening ended; peerup-swarm-simultaneous.c */
  GHashTable *upgrading;    /* raw streams of inbound connections in their handshake */
  PeerupLimits *limits;
  gint64 tell_at;                 /* when the next refusal by a limit may be told */
  PeerupCircuitFunc circuit_func; /* NULL: no dial goes through a relay */
  gpointer circuit_data;
  PeerupRelayStandingFunc standing_func; /* NULL: all relays stand alike */
  gpointer standing_data;
  GPtrArray *relayed_addresses; /* of PeerupMultiaddr */
  GPtrArray *mapped_addresses;  /* likewise */
  GArray *guest_kinds;          /* of PeerupSwarmGuests */
  GPtrArray *guests;            /* peerup-swarm-guest.c */
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
/* Guests; see peerup-swarm-guest.c. Whether somebody that the gate refuses may come from @remote now. */
gboolean peerup_swarm_expects_guest (PeerupSwarm *self, PeerupMultiaddr *remote);
/* Takes @connection, which the gate refuses, up as a guest, if it is still expected. Borrows it. */
gboolean peerup_swarm_take_guest (PeerupSwarm *self, PeerupConnection *connection);
GPtrArray *peerup_swarm_guests_new (void) G_GNUC_WARN_UNUSED_RESULT;
/* No exception is left, and no guest. */
void peerup_swarm_clear_guests (PeerupSwarm *self);
/* The best open connection to @peer that is not silent, borrowed, or NULL; see peerup-swarm-rank.c. */
PeerupConnection *peerup_swarm_best_connection (PeerupSwarm *self, PeerupPeerId *peer);
/* The same of those that go through no relay. */
PeerupConnection *peerup_swarm_best_direct (PeerupSwarm *self, PeerupPeerId *peer);
/* The best of the silent ones, where all that take new streams are silent; borrowed, or NULL. */
PeerupConnection *peerup_swarm_best_silent (PeerupSwarm *self, PeerupPeerId *peer);

/* By how much the ranks of two kinds of paths differ at least. */
#define PEERUP_SWARM_RANK_KIND 4
/* Which of several connections to a peer is the better one, the same on both sides: direct near by, direct through
 * the internet, punched, relayed, relayed with limits, of the direct ones IPv6 first; QUIC first of a kind; then what
 * the peer with the smaller ID dialed. Retired ones come last. */
int peerup_swarm_rank (PeerupSwarm *self, PeerupConnection *connection);
/* Of a connection that we would have by dialing @candidate now. */
int peerup_swarm_rank_dialed (PeerupSwarm *self, PeerupPeerId *peer, const PeerupDialCandidate *candidate);
/* Whether that would be a better path than @connection, whoever dialed it. */
gboolean peerup_swarm_may_outdo (PeerupSwarm *self, const PeerupDialCandidate *candidate, PeerupConnection *connection);

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
/* A TCP socket to connect to @remote from, bound where we listen, or -1: UNSUPPORTED where nothing listens that could
 * send there, else as peerup_listener_open_beside(). */
int peerup_swarm_open_beside (PeerupSwarm *self, const PeerupSocketAddress *remote, GError **error);

/* (transfer full): QUIC that listens on @local until peerup_swarm_stop_quic(). */
PeerupQuicTransport *
peerup_swarm_open_quic (PeerupSwarm *self, const PeerupSocketAddress *local, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer none): what to dial @remote from. */
PeerupQuicTransport *peerup_swarm_get_quic_for (PeerupSwarm *self, const PeerupSocketAddress *remote,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_swarm_stop_quic (PeerupSwarm *self);
/* Of what peerup_swarm_open_quic() gave: nothing new comes in or goes out there, and it is closed when the last of its
 * connections has gone. The same address can be opened again meanwhile. */
void peerup_swarm_retire_quic (PeerupSwarm *self, PeerupQuicTransport *transport);
void peerup_swarm_watch_routes (PeerupSwarm *self);
/* Ends the connections from addresses that this machine no longer has, unless they are back in a moment. */
void peerup_swarm_check_addresses (PeerupSwarm *self);
void peerup_swarm_stop_grace (PeerupSwarm *self);

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
/* Addresses of @peer were added: a dial that is under way may take them. */
void peerup_swarm_note_addresses (PeerupSwarm *self, PeerupPeerId *peer);
/* A connection that was silent is not so any more: who dials to replace it need not. */
void peerup_swarm_note_heard (PeerupSwarm *self, PeerupConnection *connection);
/* Of @ours, which we dialed, and @theirs, which crossed it, one stays. For the peer with the smaller ID to say. */
void peerup_swarm_settle_pair (PeerupSwarm *self, PeerupConnection *ours, PeerupConnection *theirs);
void peerup_dial_cancel (PeerupDial *self);

/* Simultaneous opens; see peerup-swarm-simultaneous.c. */
void peerup_opening_cancel (PeerupOpening *self);
/* A connection is about to be told of: it may be what one of them was for. */
void peerup_swarm_note_opening (PeerupSwarm *self, PeerupConnection *connection);
/* (transfer full) (nullable): whose TCP connection from @remote this is if we have to be the client on it although it
 * was accepted. */
PeerupPeerId *peerup_swarm_dup_opening_server (PeerupSwarm *self, PeerupMultiaddr *remote) G_GNUC_WARN_UNUSED_RESULT;
/* When something was last sent to open a way to @peer, monotonic µs; 0: not that we remember. */
gint64 peerup_swarm_get_opened_at (PeerupSwarm *self, PeerupPeerId *peer);

G_END_DECLS
