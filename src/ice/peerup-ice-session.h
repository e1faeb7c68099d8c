/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "ice/peerup-ice-filter.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* One search for a direct path to one peer: what is said on the stream, the agent, and QUIC at the end. Whoever dialed
 * the carrier is the controlling side, and dials QUIC. It ends by itself, in PEERUP_ICE_SESSION_TIMEOUT and
 * PEERUP_ICE_QUIC_TIMEOUT at the latest. */
typedef struct _PeerupIceSession PeerupIceSession;

/* Microseconds that ICE may take from the first message, and QUIC on the path that it finds. */
#define PEERUP_ICE_SESSION_TIMEOUT (10 * G_USEC_PER_SEC)
#define PEERUP_ICE_QUIC_TIMEOUT    (5 * G_USEC_PER_SEC)
/* Microseconds for the offer of a peer that has opened a stream. */
#define PEERUP_ICE_OFFER_TIMEOUT (5 * G_USEC_PER_SEC)
/* Messages of the peer in one session; one that says more breaks the rules. */
#define PEERUP_ICE_MESSAGES_MAX 128

typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *carrier;
  PeerupStream *stream;       /* that the peer opened; NULL: we open one */
  PeerupIceNetworks networks; /* of this machine */
  PeerupSocketAddress server; /* STUN; AF_UNSPEC: none */
  PeerupIceNat nat;
} PeerupIceSessionOptions;

/* Either @connection or @error; both are borrowed. Not called for a session that was cancelled. */
typedef void (*PeerupIceSessionFunc) (PeerupIceSession *self, PeerupConnection *connection, const GError *error,
                                      gpointer data);

/* (transfer none): it lives until @ended was called, or it was cancelled. The swarm and the carrier are held. */
PeerupIceSession *
peerup_ice_session_start (const PeerupIceSessionOptions *options, PeerupIceSessionFunc ended, gpointer data);
/* The peer is told; nothing more is heard of it. */
void peerup_ice_session_cancel (PeerupIceSession *self);
/* Whether we opened the stream and have heard nothing from the peer yet: the peer may have opened one too. */
gboolean peerup_ice_session_is_waiting (PeerupIceSession *self);
PeerupConnection *peerup_ice_session_get_carrier (PeerupIceSession *self);

G_END_DECLS
