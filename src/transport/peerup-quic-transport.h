/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "transport/peerup-connection.h"
#include "transport/peerup-udp-socket.h"
#include "transport/peerup-upgrade.h"

G_BEGIN_DECLS

/* QUIC v1 (RFC 9000) as libp2p speaks it (quic/README.md): one UDP socket that listens and
 * dials, and all connections on it. What it makes are PeerupConnections whose transport is
 * "quic-v1"; the security and muxer are part of it and read "/tls/1.0.0" and "/quic-v1".
 * Lives in one thread and its context. */
#define PEERUP_TYPE_QUIC_TRANSPORT (peerup_quic_transport_get_type ())
G_DECLARE_FINAL_TYPE (PeerupQuicTransport, peerup_quic_transport, PEERUP, QUIC_TRANSPORT, GObject)

typedef enum
{
  PEERUP_QUIC_BBR, /* the default: 10 times CUBIC's speed where one packet of 1,000 is lost (README) */
  PEERUP_QUIC_CUBIC,
} PeerupQuicCongestion;

/* An inbound connection whose peer has proved who it is and passed the gate. Borrowed. */
typedef void (*PeerupQuicAcceptFunc) (PeerupQuicTransport *self, PeerupConnection *connection, gpointer data);
/* Whether an inbound handshake from @remote may begin; FALSE: its packets are dropped. Called
 * before anything is allocated for it, and answered with one release per TRUE. */
typedef gboolean (*PeerupQuicAdmitFunc) (const PeerupSocketAddress *remote, gpointer data);
typedef void (*PeerupQuicReleaseFunc) (const PeerupSocketAddress *remote, gpointer data);

typedef void (*PeerupQuicIdleFunc) (PeerupQuicTransport *self, gpointer data);

typedef struct
{
  PeerupCertificate *certificate;
  PeerupQuicCongestion congestion;
  gboolean listening;            /* FALSE: inbound Initials are dropped, and nothing answers them */
  gboolean punched;              /* what the infos of its connections say */
  PeerupGateFunc gate;           /* nullable: everybody; asked as peerup_upgrade() does */
  PeerupQuicAdmitFunc admit;     /* nullable */
  PeerupQuicReleaseFunc release; /* when an admitted handshake has ended, either way */
  PeerupQuicAcceptFunc accept;   /* required with @listening */
  /* nullable: the last connection has gone while it does not listen. Called with the transport in use: let go of it
   * later. */
  PeerupQuicIdleFunc idle;
  gpointer data;         /* for all of the above; outlives the transport */
  guint retry_threshold; /* inbound handshakes under way from which on Retry is asked (RFC 9000 8.1.2) */
  const guint8 *secret;  /* 32 bytes for stateless resets (RFC 9000 10.3), nullable: random. With the same
                            one after a restart peers notice at once that we know nothing of them */
  guint streams_max;     /* inbound streams a connection may have at once; 0: the default */
} PeerupQuicTransportOptions;

/* Takes @socket. */
PeerupQuicTransport *peerup_quic_transport_new (PeerupUdpSocket *socket,
                                                const PeerupQuicTransportOptions *options) G_GNUC_WARN_UNUSED_RESULT;
/* Borrowed; for STUN, its address and figures. */
PeerupUdpSocket *peerup_quic_transport_get_socket (PeerupQuicTransport *self);
/* Resolves to a PeerupConnection when the handshake is complete and the certificate is that of
 * @expected (nullable: of whoever is there). A peer that refuses us closes it right after, with the code that
 * says why. Rejects with WRONG_PEER, TIMEOUT, PROTOCOL or G_IO_ERROR. Discarding the future, as dex_future_first()
 * does with those that lose, gives the dial up. One that is merely dropped goes on, and ends with what it makes.
 * @address: what the connection's info will name, nullable. @deadline: monotonic µs. */
DexFuture *
peerup_quic_transport_dial (PeerupQuicTransport *self, const PeerupSocketAddress *remote, PeerupPeerId *expected,
                            PeerupMultiaddr *address, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same while the peer opens its NAT or firewall for us: what the way there says against it meanwhile ends
 * nothing, and the first packets are repeated sooner. */
DexFuture *peerup_quic_transport_dial_punching (PeerupQuicTransport *self, const PeerupSocketAddress *remote,
                                                PeerupPeerId *expected, PeerupMultiaddr *address,
                                                gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* A datagram that the socket's descriptor brought to somebody else before it was ours; @datagrams->local is
 * filled in. */
void peerup_quic_transport_hear (PeerupQuicTransport *self, const PeerupDatagrams *datagrams);
/* The machine's addresses or routes have changed: connections that we dialed and whose source
 * address is another now migrate (RFC 9000 9). Where the socket is bound to one address, or punched,
 * nothing can move: connections end when their address is gone. */
void peerup_quic_transport_check_routes (PeerupQuicTransport *self);
/* Whether handshakes that others begin from now on are answered; needs the option accept. Connections stay. */
void peerup_quic_transport_set_listening (PeerupQuicTransport *self, gboolean listening);
/* For connections that are made from now on. */
void peerup_quic_transport_set_congestion (PeerupQuicTransport *self, PeerupQuicCongestion congestion);
guint peerup_quic_transport_get_n_connections (PeerupQuicTransport *self);
/* Closes every connection with @code and the socket; peers that are late are not answered any more. */
void peerup_quic_transport_close (PeerupQuicTransport *self, guint32 code);

G_END_DECLS
