/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "limits/peerup-limits.h"
#include "swarm/peerup-dial-order.h"
#include "transport/peerup-quic-transport.h"
#include "transport/peerup-upgrade.h"

G_BEGIN_DECLS

/* All connections of one identity: it listens, dials, asks the gater, keeps what is
 * known of peers' addresses, and routes inbound streams to protocol handlers. It knows
 * transports only by their PeerupConnection. Lives in one thread and its context. */
#define PEERUP_TYPE_SWARM (peerup_swarm_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSwarm, peerup_swarm, PEERUP, SWARM, GObject)

/* Signals:
 *  "connection-opened" (PeerupConnection), "connection-closed" (PeerupConnection)
 *  "connection-changed" (PeerupConnection): it has become silent, or is no longer, or its path has moved
 *  "protocols-changed", "addresses-changed" (those that are announced)
 *  "network-changed": this machine's addresses or routes, or nothing but a lease; QUIC has moved already
 *  "socket-closed": one that listened until an address was taken off, and then carried what was open, is closed now
 *  "refused" (PeerupPeerId, char *remote_address, char *reason): an inbound peer was gated
 *  "limited" (char *text): a limit refused something; at most once a second, so that the text
 *     may be logged. The figures of the limits have all of them.
 *  "dialed" (PeerupConnection, gint64 microseconds): a dial of a peer has ended, with the connection
 *     that is there now, or NULL; one that was given up is not told. */

/* Called when a peer opened a stream for a protocol that was added; the callee owns @stream
 * (drop it to reset it). Runs in the fiber that negotiated: spawn another for work that waits. */
typedef void (*PeerupProtocolFunc) (PeerupSwarm *self, PeerupConnection *connection, PeerupStream *stream,
                                    gpointer data);

PeerupSwarm *peerup_swarm_new (PeerupPrivateKey *identity, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPrivateKey *peerup_swarm_get_identity (PeerupSwarm *self);
PeerupPeerId *peerup_swarm_get_peer_id (PeerupSwarm *self);

/* Asked at the handshake and again for each inbound stream. Set before listening. */
void peerup_swarm_set_gate (PeerupSwarm *self, PeerupGateFunc gate, gpointer data, GDestroyNotify destroy);
/* The gate's exceptions: an inbound connection of a peer that it refuses is let in as a guest, for @protocol (static)
 * alone, where @expects says so of the address that it comes from: at the handshake, and again when that is done.
 * @came (nullable) is told of it then, and whoever waited for it closes it when it has done its work; @stream gets its
 * streams, as a protocol's handler does. A guest is no connection of the swarm: it is in no signal and no list, but
 * the limits count it, and every protocol but those of the exceptions that expected it is refused to it. A peer that
 * the gate admits is never a guest: who serves @protocol to it adds that as a protocol, too. */
typedef struct
{
  const char *protocol;
  gboolean (*expects) (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data);
  void (*came) (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data);
  PeerupProtocolFunc stream;
  gpointer data;
} PeerupSwarmGuests;
/* @guests is copied; one for each protocol. */
void peerup_swarm_add_guests (PeerupSwarm *self, const PeerupSwarmGuests *guests);
/* Closes the guests that nobody else expected. Nothing happens without an exception for @protocol. */
void peerup_swarm_remove_guests (PeerupSwarm *self, const char *protocol);
/* The exception for @protocol has done with the guest @connection, which is closed with @code unless another exception
 * expected it, too. Nothing happens when it is no guest, or none of @protocol's. */
void peerup_swarm_release_guest (PeerupSwarm *self, PeerupConnection *connection, const char *protocol, guint32 code);
/* Guests that are here now. */
guint peerup_swarm_get_n_guests (PeerupSwarm *self);

/* "/tls/1.0.0" and "/noise" in order of preference; the strings are static. Default both. */
void peerup_swarm_set_securities (PeerupSwarm *self, const char *const *securities);
/* For QUIC connections that are made from then on. Default BBR. */
void peerup_swarm_set_congestion (PeerupSwarm *self, PeerupQuicCongestion congestion);
PeerupQuicCongestion peerup_swarm_get_congestion (PeerupSwarm *self);

/* How often connections that are made from then on are kept alive, µs; see peerup_connection_set_keep_alive(). Default
 * PEERUP_QUIC_KEEP_ALIVE. */
void peerup_swarm_set_keep_alive (PeerupSwarm *self, gint64 interval);
gint64 peerup_swarm_get_keep_alive (PeerupSwarm *self);

/* The certificate and key, PEM, of WebSockets in TLS; NULL: none. They are read whenever such a
 * listener starts, and serve it until they are renewed. */
void peerup_swarm_set_websocket_certificate (PeerupSwarm *self, const char *certificate_file, const char *key_file);
/* Reads the files now, for who connects from now on to what listens already; if they cannot be read that keeps what it
 * has. TRUE without such a listener. Errors as of peerup_swarm_listen(). */
gboolean peerup_swarm_renew_websocket_certificate (PeerupSwarm *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What peers may take of this swarm. Set before listening; the default is for a machine of 4 GiB. */
void peerup_swarm_set_limits (PeerupSwarm *self, PeerupLimits *limits);
/* Borrowed, never NULL. */
PeerupLimits *peerup_swarm_get_limits (PeerupSwarm *self);

/* Who counts as one host for limits: what peerup_socket_address_get_host_key() gives for the same
 * address; 0 for a relayed one, which is nobody's own, and for NULL. */
guint64 peerup_swarm_get_host (PeerupMultiaddr *address);

/* Resolves to TRUE when the socket listens: TCP, WebSocket, or QUIC on UDP. UNSUPPORTED for any other
 * transport and for a name, EXISTS for a port that is taken, G_IO_ERROR for what else the system
 * refused, with the address in the text. WebSocket in TLS: CONFIG without a certificate, and as
 * peerup_tls_credentials_new_from_files(). */
DexFuture *peerup_swarm_listen (PeerupSwarm *self, PeerupMultiaddr *address) G_GNUC_WARN_UNUSED_RESULT;
/* Ends what peerup_swarm_listen() began for an equal @address: nothing new comes in there, and connections that did
 * stay. A UDP port is given back when the last of its connections has gone. FALSE if nothing listens there. */
gboolean peerup_swarm_unlisten (PeerupSwarm *self, PeerupMultiaddr *address);
/* (transfer full) of PeerupMultiaddr: real ports; a wildcard is replaced by the interfaces' addresses. */
GPtrArray *peerup_swarm_dup_listen_addresses (PeerupSwarm *self);

/* Circuits: streams through a relay to a peer, on which nothing has been said yet. Above this
 * room somebody speaks with relays; here circuits become connections like others, end to end. */
typedef struct
{
  PeerupStream *stream;
  gboolean limited; /* the relay bounds what it carries */
} PeerupCircuit;

#define PEERUP_TYPE_CIRCUIT (peerup_circuit_get_type ())
GType peerup_circuit_get_type (void);
PeerupCircuit *peerup_circuit_new (PeerupStream *stream, gboolean limited) G_GNUC_WARN_UNUSED_RESULT;
PeerupCircuit *peerup_circuit_copy (const PeerupCircuit *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_circuit_free (PeerupCircuit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCircuit, peerup_circuit_free)

/* The transports of a connection through a relay, and of one in a WebSocket, in its info. */
#define PEERUP_TRANSPORT_RELAY     "relay"
#define PEERUP_TRANSPORT_WEBSOCKET "websocket"
gboolean peerup_swarm_is_relayed (PeerupConnection *connection);

/* Resolves to a PeerupCircuit to @peer at @address, which has /p2p-circuit at its end and only there.
 * @deadline: monotonic µs. A future that is dropped ends what was begun. */
typedef DexFuture *(*PeerupCircuitFunc) (PeerupSwarm *self, PeerupPeerId *peer, PeerupMultiaddr *address,
                                         gint64 deadline, gpointer data);
/* Without one, or with NULL, no dial goes through a relay. */
void peerup_swarm_set_circuit_func (PeerupSwarm *self, PeerupCircuitFunc func, gpointer data);
/* Says how @relay stands, of which nothing is said before: dials take the relays in that order. */
typedef void (*PeerupRelayStandingFunc) (PeerupSwarm *self, PeerupPeerId *relay, PeerupRelayStanding *standing,
                                         gpointer data);
/* Without one, or with NULL, all stand alike. */
void peerup_swarm_set_standing_func (PeerupSwarm *self, PeerupRelayStandingFunc func, gpointer data);
/* Upgrades a circuit that somebody opened to us, under the gate and the limits. @peer: whom the relay
 * says it is from, and who it then has to be; @address: the relay's, with /p2p-circuit at its end.
 * Resolves to the PeerupConnection, which the swarm has taken up; rejects as peerup_upgrade(), and
 * with LIMIT. The stream is reset then. */
DexFuture *peerup_swarm_accept_circuit (PeerupSwarm *self, const PeerupCircuit *circuit, PeerupPeerId *peer,
                                        PeerupMultiaddr *address) G_GNUC_WARN_UNUSED_RESULT;
/* Where we can be reached through relays, the best first; copied. */
void peerup_swarm_set_relayed_addresses (PeerupSwarm *self, GPtrArray *addresses);
/* Where our sockets can be reached from the internet though they are bound elsewhere; copied. */
void peerup_swarm_set_mapped_addresses (PeerupSwarm *self, GPtrArray *addresses);
/* (transfer full) of PeerupMultiaddr: the listen addresses, the mapped ones, and then the relayed ones. */
GPtrArray *peerup_swarm_dup_announced_addresses (PeerupSwarm *self) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full) of PeerupQuicTransport: those that listen and those that only dial, oldest first. */
GPtrArray *peerup_swarm_dup_quic_transports (PeerupSwarm *self) G_GNUC_WARN_UNUSED_RESULT;
/* Whether this network seems to let no UDP out; see peerup_peerstore_is_udp_blocked(). */
gboolean peerup_swarm_is_udp_blocked (PeerupSwarm *self);

/* @protocol is copied; a second handler for the same name replaces the first. */
void peerup_swarm_add_protocol (PeerupSwarm *self, const char *protocol, PeerupProtocolFunc func, gpointer data,
                                GDestroyNotify destroy);
void peerup_swarm_remove_protocol (PeerupSwarm *self, const char *protocol);
char **peerup_swarm_dup_protocols (PeerupSwarm *self);
/* Whether @protocol, which is served, is there for the peer of @connection; if not, it is answered as one that is not
 * served. Asked for each inbound stream. Without one, or with NULL, everything is. */
typedef gboolean (*PeerupProtocolView) (PeerupSwarm *self, PeerupConnection *connection, const char *protocol,
                                        gpointer data);
void peerup_swarm_set_protocol_view (PeerupSwarm *self, PeerupProtocolView view, gpointer data);

/* QUIC over a UDP socket that somebody has made reach @peer at @remote through NATs (ICE, port search). Takes @fd,
 * bound and without blocking, in any case, and keeps it as long as the connection. One side dials, the other
 * accepts, and takes nobody else there. Resolves to the PeerupConnection, which the swarm has taken up under the
 * gate and the limits, with "punched" in its info; rejects as peerup_swarm_connect(), and with TIMEOUT at
 * @deadline (monotonic µs). STUN that comes late on the socket is dropped. */
DexFuture *peerup_swarm_dial_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                                      gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
DexFuture *peerup_swarm_accept_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote,
                                        PeerupPeerId *peer, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same. @early: nullable, of GBytes: datagrams that were read from @fd before, as if they came now. */
DexFuture *
peerup_swarm_accept_punched_early (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                                   GPtrArray *early, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

/* The peerstore. Addresses may carry /p2p/ of that peer. Bounded per peer (64); the newest win. */
void peerup_swarm_add_addresses (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses);
/* The same of what the peer of @connection says itself. It is believed where that can do no harm: no loopback but from
 * one that is there, and private ones are dialed only in networks that this machine is on then. */
void peerup_swarm_add_told_addresses (PeerupSwarm *self, PeerupConnection *connection, GPtrArray *addresses);
GPtrArray *peerup_swarm_dup_addresses (PeerupSwarm *self, PeerupPeerId *peer);

/* The machine's addresses or routes have changed: QUIC connections move to new paths, what was
 * learned about the old network is forgotten, "addresses-changed" and "network-changed" are emitted, and connections
 * whose own address is gone for longer than a second end. The swarm sees
 * by itself what the system tells; this is for who knows more. */
void peerup_swarm_network_changed (PeerupSwarm *self);

/* Resolves to the best open PeerupConnection that is not silent, or dials: known addresses ranked and started one
 * after the other (peerup-dial-order.h), the first that is upgraded wins, or one that was silent and is heard; in
 * place of a silent direct connection the relays are started with the first. What of the rest would be a better path
 * goes on, and is taken up when it comes. Where all fail and there is a silent connection, that. Concurrent calls
 * for one peer share one dial, and addresses that become known meanwhile join it. Rejects with the reason of each
 * address in the text: WRONG_PEER and GATED if that was the end of all, else UNREACHABLE. */
DexFuture *peerup_swarm_connect (PeerupSwarm *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* The same without relays: neither an open connection nor an address through one will do. */
DexFuture *peerup_swarm_connect_direct (PeerupSwarm *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* When we last sent something to an address of @peer's to connect, monotonic µs; now, while that goes on;
 * 0: not that we remember. */
gint64 peerup_swarm_get_dialed_at (PeerupSwarm *self, PeerupPeerId *peer);
/* connect, then a stream with one of @protocols (NULL-terminated, copied) negotiated on it.
 * Resolves to a PeerupStream. @deadline: monotonic µs. Rejects as connect does, with NEGOTIATION
 * when the peer serves none of them, DENIED or LIMIT when it takes one and refuses the stream
 * at once with that code, RESET when it resets it otherwise. */
DexFuture *peerup_swarm_open_stream (PeerupSwarm *self, PeerupPeerId *peer, const char *const *protocols,
                                     gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same for one protocol whose peer waits for us to speak: what comes from @early while that is
 * negotiated goes along (peerup_negotiate_dial_early()), one round trip sooner. */
DexFuture *peerup_swarm_open_stream_early (PeerupSwarm *self, PeerupPeerId *peer, const char *protocol,
                                           PeerupSocketStream *early, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same on a given connection. */
DexFuture *peerup_swarm_open_stream_on (PeerupSwarm *self, PeerupConnection *connection, const char *const *protocols,
                                        gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full) of PeerupConnection, best first; all of them with a NULL @peer. Silent ones come after all others,
 * and retired ones last. */
GPtrArray *peerup_swarm_dup_connections (PeerupSwarm *self, PeerupPeerId *peer);
/* Whether @worse is of no more use beside @better, another connection to the same peer, and it is this side's business
 * to retire it: relayed ones are both sides', of others one side must decide. */
gboolean peerup_swarm_supersedes (PeerupSwarm *self, PeerupConnection *better, PeerupConnection *worse);
/* Closes every connection to @peer with @code. */
void peerup_swarm_disconnect (PeerupSwarm *self, PeerupPeerId *peer, guint32 code);
/* Stops listening, closes every connection with SHUTDOWN, resolves to TRUE when all are gone. Those to
 * relays outlast, for a second at most, the relayed ones, whose ends learn why through them. */
DexFuture *peerup_swarm_close (PeerupSwarm *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
