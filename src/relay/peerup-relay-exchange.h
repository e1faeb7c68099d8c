/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"
#include "wire/peerup-circuit.h"

G_BEGIN_DECLS

/* What a peer says to its relay and hears from it (circuit-v2.md): one exchange each, in the fiber
 * that calls. On failure the stream is reset. @deadline: monotonic µs. */

/* Relayed addresses that are believed of one relay, the dialed one included. */
#define PEERUP_RELAY_ADDRESSES_MAX 8

typedef struct
{
  guint64 expires; /* seconds since 1970, as the relay said: not checked */
  gboolean limited;
  PeerupCircuitLimit limit;
  GPtrArray *addresses; /* of PeerupMultiaddr, ending in /p2p/RELAY/p2p-circuit: where the peer can be reached */
} PeerupRelayGrant;

void peerup_relay_grant_clear (PeerupRelayGrant *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupRelayGrant, peerup_relay_grant_clear)

/* Reserves for @self over @connection. @dialed: how the relay was reached, which counts as its address
 * whatever it says; of what it says, those that can be dialed, carry no other ID and are no nearer
 * than @dialed, so that nobody is sent into networks of his own. A voucher is optional, a wrong one an
 * error. DENIED and LIMIT as the relay says, NEGOTIATION when it is none, PROTOCOL, MALFORMED,
 * WRONG_PEER (a voucher for or by another), and what streams fail with. */
gboolean peerup_relay_reserve (PeerupConnection *connection, PeerupPeerId *self, PeerupMultiaddr *dialed,
                               gint64 deadline, PeerupRelayGrant *grant, GError **error);

/* A stream to the relay, on which nothing has been said. TIMEOUT, and what the connection fails with. */
PeerupStream *
peerup_relay_open_stream (PeerupConnection *connection, gint64 deadline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Asks on such a @stream for a circuit to @peer, in one flight with the negotiation: the answer costs
 * one round trip to the peer. The next byte of @stream is the peer's then. DENIED, LIMIT, NOT_FOUND (no
 * reservation), UNREACHABLE, NEGOTIATION, PROTOCOL, MALFORMED. */
gboolean
peerup_relay_connect (PeerupStream *stream, PeerupPeerId *peer, gint64 deadline, gboolean *limited, GError **error);

/* Hears on @stream, which the relay opened for stop, who wants to come, and says that it may. The
 * next byte is the peer's then. PROTOCOL and MALFORMED, which the relay has been told. */
PeerupPeerId *peerup_relay_accept (PeerupStream *stream, gint64 deadline, gboolean *limited,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tells the relay on @stream, which it opened for stop, that nobody may come so. */
void peerup_relay_refuse (PeerupStream *stream, PeerupCircuitStatus status);

/* (transfer full): @relay_address, which may have the relay's ID at its end, with /p2p-circuit. */
PeerupMultiaddr *
peerup_relay_address_of (PeerupMultiaddr *relay_address, PeerupPeerId *relay) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
