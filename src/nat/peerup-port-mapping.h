/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "nat/peerup-port-mapper.h"

G_BEGIN_DECLS

/* Has this network's router let others in to our ports: by PCP or NAT-PMP of the default gateway, IPv6 firewalls
 * included, and by UPnP where that gets nothing. It follows the gateway, and tells it when ports are wanted no more. */
typedef struct _PeerupPortMapping PeerupPortMapping;

/* What a router does for us: */
typedef struct
{
  PeerupPortMapped mapped; /* with an external address */
  const char *by;          /* "PCP", "NAT-PMP" or "UPnP" */
} PeerupPortMappingInfo;

/* One of both IP versions for each port, at most. */
#define PEERUP_PORT_MAPPING_MAX (2 * PEERUP_PORT_MAPPER_PORTS_MAX)
/* Microseconds that a gateway has until UPnP is tried as well, */
#define PEERUP_PORT_MAPPING_PATIENCE (2 * (gint64) G_USEC_PER_SEC)
/* and that ending everything may take. */
#define PEERUP_PORT_MAPPING_STOP_TIME ((gint64) 700000)

typedef void (*PeerupPortMappingFunc) (PeerupPortMapping *self, gpointer data);

/* @func: called from the main loop when what a router does for us has changed; must not free @self. */
PeerupPortMapping *peerup_port_mapping_new (PeerupPortMappingFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_port_mapping_free (PeerupPortMapping *self);
/* The ports that are wanted, @protocol and @port of each; others are ended. Looks for the gateway. */
void peerup_port_mapping_set_ports (PeerupPortMapping *self, const PeerupPortMapped *ports, guint n);
/* The network may have changed: where the gateway has, everything begins anew. */
void peerup_port_mapping_look (PeerupPortMapping *self);
/* Ends all mappings. Resolves to TRUE when the router knows, or after PEERUP_PORT_MAPPING_STOP_TIME. Never rejects. */
DexFuture *peerup_port_mapping_stop (PeerupPortMapping *self) G_GNUC_WARN_UNUSED_RESULT;
/* Returns how many there are. */
guint peerup_port_mapping_list (PeerupPortMapping *self, PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPortMapping, peerup_port_mapping_free)

G_END_DECLS
