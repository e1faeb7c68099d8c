/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"
#include "wire/peerup-ice-message.h"

G_BEGIN_DECLS

/* Where checks may be sent because a peer names an address. We are nobody's scanner and nobody's amplifier: a check is
 * 100 bytes, and the bounds below hold for each search, whatever the peer says. */

/* Remote candidates of one session; what comes after is dropped. */
#define PEERUP_ICE_REMOTE_CANDIDATES 32
/* Of these to one IP address: a peer may tell ports of our own network's hosts, but try no range of them. */
#define PEERUP_ICE_CANDIDATES_PER_HOST 8
/* Ports below this are no peer's: no system gives them out to a program that asks for any, and no NAT maps others to
 * them (RFC 4787 4.2.2). Many UDP services there answer with more than they are asked. */
#define PEERUP_ICE_PORT_MIN 1024
/* Networks of this machine that are looked at. */
#define PEERUP_ICE_NETWORKS 32

/* The networks that this machine is on, by value. */
typedef struct
{
  PeerupSocketAddress addresses[PEERUP_ICE_NETWORKS]; /* of this machine there; port 0 */
  guint8 prefixes[PEERUP_ICE_NETWORKS];               /* bits */
  guint n;
} PeerupIceNetworks;

/* Those of interfaces that are up and lead to others: no loopback, no link-local address. */
void peerup_ice_networks_read (PeerupIceNetworks *self);
/* FALSE where there is no more room. */
gboolean peerup_ice_networks_add (PeerupIceNetworks *self, const PeerupSocketAddress *address, guint prefix);

/* Whether a check may be sent to @address. Never: port 0 and below PEERUP_ICE_PORT_MIN, ports of services that are
 * known to amplify; an address that is unspecified, loopback, link-local (169.254.169.254 is one), multicast,
 * broadcast, reserved, or one that carries an IPv4 address; metadata services of clouds. Private, shared and unique
 * local ones, and those for documentation and benchmarks: only on one of @networks. Loopback too, if it is one of
 * them. */
gboolean peerup_ice_may_probe (const PeerupIceNetworks *networks, const PeerupSocketAddress *address);

/* What was let through in one session, by value; all zeros at first. */
typedef struct
{
  PeerupSocketAddress taken[PEERUP_ICE_REMOTE_CANDIDATES];
  guint n_taken;
  guint n_dropped;
} PeerupIceFilter;

/* Whether @candidate is to be tried: it may be probed, is new, and within the bounds. */
gboolean
peerup_ice_filter_take (PeerupIceFilter *self, const PeerupIceNetworks *networks, const PeerupIceCandidate *candidate);

G_END_DECLS
