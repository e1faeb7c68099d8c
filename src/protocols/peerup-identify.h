/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "protocols/peerup-peer-info.h"
#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* Identify and identify push (identify.md) for one swarm: answers peers that ask, asks on
 * each new connection, takes pushes, and pushes when our protocols or addresses change, again while the connection
 * stays if it did not get through. Addresses of peers go to the swarm, signed ones first and only a peer's own. What is
 * known of a peer is kept while it is connected. Drop it before the swarm is closed or with it.
 *
 * Signal: "identified" (PeerupConnection, PeerupPeerInfo): also after each push. */
#define PEERUP_TYPE_IDENTIFY (peerup_identify_get_type ())
G_DECLARE_FINAL_TYPE (PeerupIdentify, peerup_identify, PEERUP, IDENTIFY, GObject)

#define PEERUP_IDENTIFY_PROTOCOL      "/ipfs/id/1.0.0"
#define PEERUP_IDENTIFY_PUSH_PROTOCOL "/ipfs/id/push/1.0.0"
/* Microseconds for a whole identify or push. */
#define PEERUP_IDENTIFY_TIMEOUT (5 * G_USEC_PER_SEC)

/* Registers its protocols; connections that are open already are asked too. */
PeerupIdentify *peerup_identify_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* What we call ourselves; PEERUP_AGENT unless set. In what is sent from now on. */
void peerup_identify_set_agent (PeerupIdentify *self, const char *agent);
/* Takes away from @protocols (of char *) and @addresses (of PeerupMultiaddr) what @peer is not to be told. */
typedef void (*PeerupIdentifyView) (PeerupPeerId *peer, GPtrArray *protocols, GPtrArray *addresses, gpointer data);
/* In what is sent from now on; without one everybody is told the same. @data outlives this. */
void peerup_identify_set_view (PeerupIdentify *self, PeerupIdentifyView view, gpointer data);
/* What @peer is to be told has changed: pushes to it, if it is connected. */
void peerup_identify_push_to (PeerupIdentify *self, PeerupPeerId *peer);
/* (transfer full) (nullable): what is known of @peer. */
PeerupPeerInfo *peerup_identify_dup_info (PeerupIdentify *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to TRUE when @connection has been identified (dup_info then has it). Rejects with
 * the error of its identify: NEGOTIATION, PROTOCOL, MALFORMED, TIMEOUT, CLOSED; NOT_FOUND for
 * a connection of another swarm or one that is closed. */
DexFuture *peerup_identify_wait (PeerupIdentify *self, PeerupConnection *connection) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
