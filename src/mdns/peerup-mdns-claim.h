/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "mdns/peerup-mdns-message.h"
#include "net/peerup-socket-address.h"
#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* What an answer claims of peers. Nothing of it is proven. */

/* Of one message, and of one peer in it. */
#define PEERUP_MDNS_CLAIMS_MAX    8
#define PEERUP_MDNS_ADDRESSES_MAX 16
#define PEERUP_MDNS_NUMBERS_MAX   16
/* The number of an invite is from 1 to this. */
#define PEERUP_MDNS_NUMBER_MAX 9999

typedef struct
{
  PeerupPeerId *peer;
  GPtrArray *addresses;                     /* of PeerupMultiaddr, without /p2p */
  guint16 numbers[PEERUP_MDNS_NUMBERS_MAX]; /* of invites */
  guint n_numbers;
  guint32 ttl;      /* seconds; 0: it leaves */
  gboolean is_news; /* some of the addresses were not known; see peerup_mdns_known_learn() */
} PeerupMdnsClaim;

void peerup_mdns_claim_free (PeerupMdnsClaim *self);
gboolean peerup_mdns_claim_has_number (const PeerupMdnsClaim *self, guint number);

/* (transfer full) of PeerupMdnsClaim: what the TXT records of instances of @service say. All of a record is of the
 * peer that it names first; what is wrong in it is passed over. */
GPtrArray *
peerup_mdns_claims_read (const PeerupMdnsMessage *message, const PeerupMdnsName *service) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @address, with or without /p2p at its end, is one to tell or to hear of on a LAN: IP with TCP or QUIC, of one
 * machine that is not this one, and more than its link knows it. No names, circuits, WebSockets, WebTransport. */
gboolean peerup_mdns_address_get (PeerupMultiaddr *address, PeerupSocketAddress *result);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsClaim, peerup_mdns_claim_free)

G_END_DECLS
