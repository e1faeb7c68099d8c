/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-certificate.h"
#include "transport/peerup-connection.h"
#include "transport/peerup-socket-stream.h"

G_BEGIN_DECLS

/* Turns a raw byte stream into a PeerupConnection: multistream-select for the security
 * protocol, TLS 1.3 or Noise XX with early muxer choice, the gate, multistream-select
 * for the muxer if it was not chosen early, yamux (connections/README.md, "Upgrading"). */

#define PEERUP_SECURITY_TLS   "/tls/1.0.0"
#define PEERUP_SECURITY_NOISE "/noise"

/* TLS, Noise. */
extern const char *const peerup_upgrade_securities[];

/* Asked once the remote's identity is proven and before any stream. FALSE refuses:
 * the remote is sent connection code 0x1007 and the socket is closed. */
typedef gboolean (*PeerupGateFunc) (PeerupPeerId *peer, PeerupMultiaddr *remote_address, gboolean outbound,
                                    gpointer data, GError **error);

typedef struct
{
  PeerupPrivateKey *identity;
  PeerupCertificate *certificate;
  /* Who is the client in all that follows, which is not always who connected: where both did at once, somebody else
   * says who it is. */
  gboolean outbound;
  PeerupPeerId *expected_peer;     /* nullable: whoever is there, or comes */
  PeerupMultiaddr *local_address;  /* nullable */
  PeerupMultiaddr *remote_address; /* nullable */
  const char *transport;           /* static */
  gboolean limited;                /* a relayed connection with limits */
  const char *const *securities;   /* in order of preference; NULL: peerup_upgrade_securities. Static. */
  /* Outbound, nullable, one of the above: proposed alone, with its first message right behind, which saves a
   * round trip. A peer that does not speak it makes the upgrade fail with NEGOTIATION: there is no taking
   * back what was said to it, but another try on a fresh stream without the guess may work. */
  const char *guess;
  PeerupGateFunc gate; /* nullable */
  gpointer gate_data;
  gint64 deadline; /* monotonic µs; PEERUP_ERROR_TIMEOUT after it */
} PeerupUpgradeOptions;

/* Resolves to a PeerupConnection. Takes a copy of @options. On failure the raw stream is
 * reset. Rejects with WRONG_PEER, GATED, NEGOTIATION, CRYPTO, PROTOCOL, TIMEOUT, CLOSED. */
DexFuture *peerup_upgrade (PeerupStream *raw, const PeerupUpgradeOptions *options) G_GNUC_WARN_UNUSED_RESULT;

/* Negotiates one protocol on a fresh stream, as dialer; in a fiber. Returns the chosen one
 * of @protocols (borrowed from there), also set on the stream; on failure the stream is reset. */
const char *peerup_negotiate_dial (PeerupStream *stream, const char *const *protocols, gint64 deadline, GError **error);
/* The same for one protocol, without a round trip for it: what @early shows meanwhile (see
 * peerup_socket_stream_show()) follows the proposal. On success it is yet to be taken from @early; on
 * failure it may have arrived or not, and nothing was taken. */
const char *peerup_negotiate_dial_early (PeerupStream *stream, const char *protocol, PeerupSocketStream *early,
                                         gint64 deadline, GError **error);
/* The same with a message for a peer that waits for one: it goes in one write with the proposal. */
const char *peerup_negotiate_dial_with (PeerupStream *stream, const char *protocol, GBytes *message, gint64 deadline,
                                        GError **error);
/* As listener: @lookup says whether a protocol is served. Returns the chosen one, set on the stream. */
typedef gboolean (*PeerupProtocolLookup) (const char *protocol, gpointer data);
const char *peerup_negotiate_listen (PeerupStream *stream, PeerupProtocolLookup lookup, gpointer data, gint64 deadline,
                                     GError **error);

G_END_DECLS
