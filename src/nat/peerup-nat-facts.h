/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* What is known of the NAT between one UDP socket of ours and the internet (RFC 4787 4.1, 5; RFC 5780), by value. */

typedef enum
{
  PEERUP_NAT_UNKNOWN,
  PEERUP_NAT_ENDPOINT_INDEPENDENT,
  PEERUP_NAT_ADDRESS_DEPENDENT,
  PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT,
} PeerupNatBehaviour;

typedef struct
{
  PeerupSocketAddress local;  /* of the socket, as the system routes it; AF_UNSPEC: not known, nor is the rest */
  PeerupSocketAddress mapped; /* as the first server saw it; AF_UNSPEC: nobody answered */
  gboolean has_nat;           /* @mapped is not @local */
  gboolean is_shared;         /* CGNAT: @local or the router's own outer address is in 100.64.0.0/10 (RFC 6598) */
  PeerupNatBehaviour mapping;
  PeerupNatBehaviour filtering;
  gboolean keeps_port; /* the mapped port is the local one, where the mapping depends on the destination too */
  /* With a mapping that depends on the destination: by how much the port of one mapping differs from that of
   * the one before, seen at least twice alike; 0: they follow no rule. */
  int port_step;
  gint64 lifetime;    /* µs that a mapping is known to last without traffic; 0: not measured */
  gint64 measured_at; /* monotonic µs */
} PeerupNatFacts;

G_END_DECLS
