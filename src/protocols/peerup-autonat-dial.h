/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Microseconds for the connection of a dial-back, and then for its stream. */
#define PEERUP_AUTONAT_DIAL_TIMEOUT      (10 * G_USEC_PER_SEC)
#define PEERUP_AUTONAT_DIAL_BACK_TIMEOUT (5 * G_USEC_PER_SEC)

/* Dials @client once at exactly @address, which begins with an IP address, as nobody: with an identity and a port
 * that are made for this one dial, so that neither the client's firewall nor its list of authorized peers knows them.
 * Tells it @nonce and goes. Resolves to a PeerupAutonatDialStatus (int), at the latest at @deadline (monotonic µs);
 * never rejects. */
DexFuture *peerup_autonat_dial (PeerupPeerId *client, PeerupMultiaddr *address, guint64 nonce,
                                gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
