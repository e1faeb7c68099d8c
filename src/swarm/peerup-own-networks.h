/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* Whether this machine has an interface, that is up, in the network of @address, as the system says now. */
gboolean peerup_own_networks_contain (const PeerupSocketAddress *address);

/* Whether a peer's word is enough to dial @address: an address of the internet is; one that is private (RFC 1918,
 * RFC 4193, RFC 6598) only in a network that this machine is on; none that is unspecified, link-local (the metadata
 * services of clouds are there), multicast or reserved. Of loopback the caller knows more: TRUE. */
gboolean peerup_own_networks_may_dial (const PeerupSocketAddress *address);

G_END_DECLS
