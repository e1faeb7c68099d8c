/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* The payload of a peer record envelope (RFC 0003): the addresses a peer claims for
 * itself. Decoding proves nothing about who said it: see peerup-envelope.h. */
typedef struct
{
  PeerupPeerId *peer_id;
  guint64 seq;
  GPtrArray *addresses; /* of PeerupMultiaddr */
} PeerupPeerRecord;

/* Addresses that are kept at most; what comes after is dropped. */
#define PEERUP_PEER_RECORD_ADDRESSES_MAX 500

/* Takes references of its own. */
PeerupPeerRecord *
peerup_peer_record_new (PeerupPeerId *peer_id, guint64 seq, GPtrArray *addresses) G_GNUC_WARN_UNUSED_RESULT;
/* The whole of @data, at most PEERUP_ENVELOPE_MAX bytes. A bad address is dropped, the
 * rest of the record stays. MALFORMED, TOO_LARGE. */
PeerupPeerRecord *
peerup_peer_record_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* At most PEERUP_PEER_RECORD_ADDRESSES_MAX addresses are written. */
GBytes *peerup_peer_record_encode (const PeerupPeerRecord *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_peer_record_free (PeerupPeerRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPeerRecord, peerup_peer_record_free)

G_END_DECLS
