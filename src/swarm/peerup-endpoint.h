/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"
#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* What of a multiaddr a socket needs. */
typedef struct
{
  PeerupMultiaddrCode family; /* IP4, IP6, DNS, DNS4, DNS6 */
  PeerupIpTransport transport;
  char *host; /* literal (with %zone where there is one) or name */
  guint16 port;
  char *server_name; /* nullable, WebSocket alone: the name to ask for there */
} PeerupEndpoint;

/* How far an address is, for ranking and for the pause before the next try. */
typedef enum
{
  PEERUP_SCOPE_LOOPBACK,
  PEERUP_SCOPE_PRIVATE, /* private, link-local and unique local */
  PEERUP_SCOPE_PUBLIC,  /* and names, which nobody has looked up yet */
} PeerupScope;

/* Reads [/ip6zone]/ip4|ip6|dns|dns4|dns6/… and one of /tcp/…, /udp/…/quic-v1, [/tcp/…]/ws,
 * [/tcp/…]/wss and [/tcp/…]/tls[/sni/…]/ws with nothing behind it but /p2p; a WebSocket without a
 * port has that of the web, 80 or 443. Anything else is PEERUP_ERROR_UNSUPPORTED, with the
 * address in the text. Clear with peerup_endpoint_clear(). */
gboolean peerup_endpoint_parse (PeerupMultiaddr *address, PeerupEndpoint *endpoint, GError **error);
void peerup_endpoint_copy (const PeerupEndpoint *endpoint, PeerupEndpoint *copy);
void peerup_endpoint_clear (PeerupEndpoint *endpoint);
/* Whether the host has to be looked up. */
gboolean peerup_endpoint_is_name (const PeerupEndpoint *endpoint);
/* With TLS or without. */
gboolean peerup_endpoint_is_websocket (const PeerupEndpoint *endpoint);
PeerupScope peerup_endpoint_get_scope (const PeerupEndpoint *endpoint);
/* FALSE for a name, and for a zone that this machine does not have. */
gboolean peerup_endpoint_get_socket_address (const PeerupEndpoint *endpoint, PeerupSocketAddress *address);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupEndpoint, peerup_endpoint_clear)

G_END_DECLS
