/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* What of a multiaddr a TCP socket needs. */
typedef struct
{
  PeerupMultiaddrCode family; /* IP4, IP6, DNS, DNS4, DNS6 */
  char *host;                 /* literal (with %zone where there is one) or name */
  guint16 port;
} PeerupEndpoint;

/* How far an address is, for ranking and for the pause before the next try. */
typedef enum
{
  PEERUP_SCOPE_LOOPBACK,
  PEERUP_SCOPE_PRIVATE, /* private, link-local and unique local */
  PEERUP_SCOPE_PUBLIC,  /* and names, which nobody has looked up yet */
} PeerupScope;

/* Reads [/ip6zone]/ip4|ip6|dns|dns4|dns6/…/tcp/… with nothing behind it but /p2p. Anything else is
 * PEERUP_ERROR_UNSUPPORTED, with the address in the text. Clear with peerup_endpoint_clear(). */
gboolean peerup_endpoint_parse (PeerupMultiaddr *address, PeerupEndpoint *endpoint, GError **error);
void peerup_endpoint_clear (PeerupEndpoint *endpoint);
PeerupScope peerup_endpoint_get_scope (const PeerupEndpoint *endpoint);
/* (transfer full) /ip4/…/tcp/… or /ip6/…/tcp/… of a TCP socket's address. IPv4 in IPv6 is IPv4. */
PeerupMultiaddr *peerup_endpoint_address_from_socket (GSocketAddress *address) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupEndpoint, peerup_endpoint_clear)

G_END_DECLS
