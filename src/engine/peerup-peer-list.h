/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "engine/peerup-peer-private.h"
#include "protocols/peerup-identify.h"

G_BEGIN_DECLS

/* Disconnected peers that are remembered; the oldest go first. */
#define PEERUP_PEER_LIST_DISCONNECTED_MAX 256

/* The peers of one swarm at a time as a list model of PeerupPeer, kept true by its signals. */
#define PEERUP_TYPE_PEER_LIST (peerup_peer_list_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPeerList, peerup_peer_list, PEERUP, PEER_LIST, GObject)

/* Empty until it follows a swarm. */
PeerupPeerList *peerup_peer_list_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_peer_list_follow (PeerupPeerList *self, PeerupSwarm *swarm, PeerupIdentify *identify);
GListModel *peerup_peer_list_get_model (PeerupPeerList *self);
/* The peer of that ID, made if need be; borrowed. */
PeerupPeer *peerup_peer_list_ensure (PeerupPeerList *self, PeerupPeerId *id);
/* (nullable): borrowed; NULL for one that it has not. */
PeerupPeer *peerup_peer_list_find (PeerupPeerList *self, PeerupPeerId *id);
/* Gives every peer, also later ones, the name @config (nullable) has for it. */
void peerup_peer_list_set_names (PeerupPeerList *self, PeerupConfig *config);

G_END_DECLS
