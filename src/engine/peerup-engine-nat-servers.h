/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine.h"
#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* Servers that are listed, at most. */
#define PEERUP_ENGINE_NAT_SERVERS_MAX 4

/* The STUN servers that an engine has: the QUIC addresses of its relays, which answer STUN there. Those that it is
 * connected to come first. Where a name stands in the configuration, or no QUIC address, it is the host that it is
 * connected to, with the port of QUIC there. No name is looked up, and no host is listed that only the relay names.
 * With @carriers those come before all that a relayed connection goes through.
 * Writes those of @family to @servers, one for each host, and returns how many. */
guint peerup_engine_nat_list_servers (PeerupEngine *engine, int family, gboolean carriers,
                                      PeerupSocketAddress servers[PEERUP_ENGINE_NAT_SERVERS_MAX]);
/* Whether one of the relays is connected, over whatever. */
gboolean peerup_engine_nat_is_connected (PeerupEngine *engine);

G_END_DECLS
