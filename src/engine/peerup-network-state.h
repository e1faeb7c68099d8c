/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"
#include "observe/peerup-interfaces.h"

G_BEGIN_DECLS

/* As much of this machine's network as tells one from another: what others may reach of it, and where it sends what is
 * for the internet. The system tells of much that changes none of it: renewed leases, links to containers. */
typedef struct
{
  PeerupInterfaces interfaces;
  guint routes;                   /* digest of those of IPv4, gateways included */
  PeerupSocketAddress sources[2]; /* of what goes to the internet by IPv4 and IPv6; AF_UNSPEC: no way leads there */
} PeerupNetworkState;

/* Blocking: a few calls of the kernel, and nothing is sent. */
void peerup_network_state_read (PeerupNetworkState *self);
gboolean peerup_network_state_equal (const PeerupNetworkState *a, const PeerupNetworkState *b);
gboolean peerup_network_state_has_way (const PeerupNetworkState *self);

G_END_DECLS
