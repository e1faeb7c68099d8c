/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "protocols/peerup-identify-message.h"

G_BEGIN_DECLS

/* Who a peer says it is, and what it serves: the result of identify and of the pushes
 * after it. Immutable, reference counted; a push makes a new one. Nothing in it is proven
 * but the peer ID and, where @addresses_signed is set, that the peer itself listed the addresses. */
typedef struct
{
  PeerupPeerId *peer;
  char *agent;                       /* nullable */
  char *protocol_version;            /* nullable */
  GStrv protocols;                   /* at most 1024, of at most 128 bytes */
  GPtrArray *addresses;              /* of PeerupMultiaddr, at most 500 */
  gboolean addresses_signed;         /* by a record with number @seq */
  guint64 seq;                       /* 0 before any signed record */
  PeerupMultiaddr *observed_address; /* nullable: where the peer sees us; do not believe one peer */
} PeerupPeerInfo;

#define PEERUP_TYPE_PEER_INFO (peerup_peer_info_get_type ())
GType peerup_peer_info_get_type (void);

/* What is known after @message from @peer: @previous (nullable) with what the message says in
 * its place; what it leaves out is unchanged. A signed record counts only if @peer signed
 * it about itself and its number does not go backwards; it is dropped otherwise, and the
 * rest of the message stays. WRONG_PEER: the message carries another public key than @peer's. */
PeerupPeerInfo *
peerup_peer_info_new_merged (PeerupPeerId *peer, PeerupPeerInfo *previous, const PeerupIdentifyMessage *message,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPeerInfo *peerup_peer_info_ref (PeerupPeerInfo *self);
void peerup_peer_info_unref (PeerupPeerInfo *self);
gboolean peerup_peer_info_has_protocol (const PeerupPeerInfo *self, const char *protocol);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerInfo, peerup_peer_info_unref)

G_END_DECLS
