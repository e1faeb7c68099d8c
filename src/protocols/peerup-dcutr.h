/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"
#include "wire/peerup-dcutr-message.h"

G_BEGIN_DECLS

/* Direct connection upgrade through relay (DCUtR.md), for peers that do not know our own protocol: on a relayed
 * connection both tell their addresses, and dial each other at the same moment. */
#define PEERUP_DCUTR_PROTOCOL "/libp2p/dcutr"
/* Tries of one upgrade, and addresses of a message that are dialed: the first ones of the internet. */
#define PEERUP_DCUTR_TRIES         3
#define PEERUP_DCUTR_ADDRESSES_MAX 8

#define PEERUP_TYPE_DCUTR (peerup_dcutr_get_type ())
G_DECLARE_FINAL_TYPE (PeerupDcutr, peerup_dcutr, PEERUP, DCUTR, GObject)

/* Serves the protocol on @swarm until it is finalized: on relayed connections that we dialed, and once at a time on
 * each. One for a swarm. */
PeerupDcutr *peerup_dcutr_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* (element-type PeerupMultiaddr): where our sockets are seen from outside; those that are not of the internet are left
 * out. Without any there is no upgrade. Copied. */
void peerup_dcutr_set_addresses (PeerupDcutr *self, GPtrArray *addresses);
/* @relayed: one that the peer dialed. Resolves to the direct PeerupConnection, which the swarm has taken up. Rejects
 * with NEGOTIATION when the peer does not know the protocol, UNSUPPORTED for another kind of connection or without an
 * address to tell, UNREACHABLE with a sentence about what was tried, TIMEOUT, and as the stream. */
DexFuture *
peerup_dcutr_connect (PeerupDcutr *self, PeerupConnection *relayed, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
