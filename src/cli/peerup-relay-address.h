/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Where a relay is, as people write it. Text in, values out; no name is looked up. */

#define PEERUP_RELAY_DEFAULT_PORT 7777
/* Where a relay takes WebSocket connections that pass networks with nothing but the web. */
#define PEERUP_RELAY_WEBSOCKET_PORT 443

typedef struct
{
  GPtrArray *addresses; /* of PeerupMultiaddr, without /p2p: every way it may be reached, at least one */
  PeerupPeerId *peer;   /* nullable: who is said to be there */
} PeerupRelayAddress;

/**
 * peerup_relay_address_parse:
 * @text: an IP address, with or without a port ("203.0.113.7", "203.0.113.7:7777",
 *   "2001:db8::7", "[2001:db8::7]:7777"), a host name likewise, or a multiaddr with or without
 *   /p2p/ID at its end
 *
 * What does not say its transport has both TCP and QUIC, at port 7777 if it says none; without a
 * port also WebSocket at 443. A multiaddr of TCP or QUIC has the other one too.
 *
 * Errors: PEERUP_ERROR_MALFORMED, with what to write.
 */
PeerupRelayAddress *peerup_relay_address_parse (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_relay_address_free (PeerupRelayAddress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRelayAddress, peerup_relay_address_free)

/* "tcp", "quic" or "websocket"; "other" for what is none of them. Static. */
const char *peerup_relay_address_get_transport (PeerupMultiaddr *address);
/* (nullable): the host of @address, as IP address or name. */
char *peerup_relay_address_dup_host (PeerupMultiaddr *address) G_GNUC_WARN_UNUSED_RESULT;
/* 0 if it has none. */
guint16 peerup_relay_address_get_port (PeerupMultiaddr *address);
/* The shortest text that peerup_relay_address_parse() takes for the same place. */
char *peerup_relay_address_format (const char *host, guint16 port) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
