/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which addresses that a peer names are tried. Values and tables; only the reading of this machine's networks asks the
 * system. */

#include "ice/peerup-ice-filter.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "ice/peerup-ice-agent.h"

typedef struct
{
  const char *text;
  guint bits;
} Range;

/* No peer is there, whatever network this machine is on; beside what is of no use to anybody: services of clouds, which
 * tell those who ask about the machine, and addresses that carry others. */
static const Range never4[] = {
  { "0.0.0.0", 8 },   { "169.254.0.0", 16 },     { "192.88.99.0", 24 },
  { "224.0.0.0", 3 }, { "100.100.100.200", 32 }, { "168.63.129.16", 32 },
};
static const Range never6[] = {
  { "::", 128 },    { "fe80::", 10 }, { "fec0::", 10 },    { "ff00::", 8 },
  { "2001::", 23 }, { "2002::", 16 }, { "64:ff9b::", 32 }, { "fd00:ec2::254", 128 },
};

/* UDP services at or above PEERUP_ICE_PORT_MIN that answer a forged sender with much more than it sent: MSSQL,
 * SSDP, remote desktop, STUN, WS-Discovery, SIP, NAT-PMP, mDNS, CoAP, BitTorrent, discovery of devices, memcached,
 * games, recorders. */
static const guint16 amplifiers[] = { 1434, 1900, 3283,  3389,  3478,  3702,  5060,  5351,  5353,
                                      5683, 6881, 10001, 10074, 11211, 27015, 27960, 30120, 37810 };

static const guint8 *
address_bytes (const PeerupSocketAddress *address)
{
  return address->any.sa_family == AF_INET ? (const guint8 *) &address->ip4.sin_addr
                                           : (const guint8 *) &address->ip6.sin6_addr;
}

static guint
address_bits (const PeerupSocketAddress *address)
{
  return address->any.sa_family == AF_INET ? 32 : 128;
}

static gboolean
is_same_network (const PeerupSocketAddress *a, const PeerupSocketAddress *b, guint bits)
{
  const guint8 *x = address_bytes (a), *y = address_bytes (b);
  guint rest = bits % 8;

  return a->any.sa_family == b->any.sa_family && memcmp (x, y, bits / 8) == 0 &&
         (rest == 0 || ((x[bits / 8] ^ y[bits / 8]) >> (8 - rest)) == 0);
}

static gboolean
is_never (const PeerupSocketAddress *address)
{
  gboolean is_ip4 = address->any.sa_family == AF_INET;
  const Range *ranges = is_ip4 ? never4 : never6;
  gsize n = is_ip4 ? G_N_ELEMENTS (never4) : G_N_ELEMENTS (never6);

  for (gsize i = 0; i < n; i++)
    {
      PeerupSocketAddress first;

      if (!peerup_socket_address_set (&first, ranges[i].text, 0))
        g_assert_not_reached ();
      if (is_same_network (address, &first, ranges[i].bits))
        return TRUE;
    }
  return FALSE;
}

/* Networks */

gboolean
peerup_ice_networks_add (PeerupIceNetworks *self, const PeerupSocketAddress *address, guint prefix)
{
  if (self->n >= PEERUP_ICE_NETWORKS || prefix > address_bits (address))
    return FALSE;
  self->addresses[self->n] = *address;
  peerup_socket_address_set_port (&self->addresses[self->n], 0);
  self->prefixes[self->n++] = prefix;
  return TRUE;
}

static guint
count_bits (const PeerupSocketAddress *mask)
{
  const guint8 *bytes = address_bytes (mask);
  guint n = 0;

  while (n < address_bits (mask) && (bytes[n / 8] & (0x80 >> n % 8)) != 0)
    n++;
  return n;
}

static gboolean
get_native (PeerupSocketAddress *address, const struct sockaddr *native)
{
  if (native == NULL || (native->sa_family != AF_INET && native->sa_family != AF_INET6))
    return FALSE;
  return peerup_socket_address_set_native (address, native,
                                           native->sa_family == AF_INET ? sizeof (struct sockaddr_in)
                                                                        : sizeof (struct sockaddr_in6));
}

static void
networks_read_one (PeerupIceNetworks *self, const struct ifaddrs *interface)
{
  const guint wanted = IFF_UP | IFF_RUNNING;
  PeerupSocketAddress address;
  guint bits;

  if ((interface->ifa_flags & wanted) != wanted || (interface->ifa_flags & IFF_LOOPBACK) != 0 ||
      !get_native (&address, interface->ifa_addr) || peerup_socket_address_is_link_local (&address))
    return;
  bits = address_bits (&address);
  if (interface->ifa_netmask != NULL)
    {
      struct sockaddr_storage native = { 0 };
      PeerupSocketAddress mask;

      /* Some systems leave its family out. */
      memcpy (&native, interface->ifa_netmask,
              address.any.sa_family == AF_INET ? sizeof (struct sockaddr_in) : sizeof (struct sockaddr_in6));
      native.ss_family = address.any.sa_family;
      if (get_native (&mask, (struct sockaddr *) &native) && mask.any.sa_family == address.any.sa_family)
        bits = count_bits (&mask);
    }
  peerup_ice_networks_add (self, &address, bits);
}

void
peerup_ice_networks_read (PeerupIceNetworks *self)
{
  struct ifaddrs *interfaces = NULL;

  self->n = 0;
  if (getifaddrs (&interfaces) != 0)
    return;
  for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    networks_read_one (self, i);
  freeifaddrs (interfaces);
}

/* Whether it is an IPv4 network's broadcast address or its name. */
static gboolean
is_broadcast (const PeerupIceNetworks *self, guint index, const PeerupSocketAddress *address)
{
  guint32 host;

  if (address->any.sa_family != AF_INET || self->prefixes[index] == 0 || self->prefixes[index] >= 31)
    return FALSE;
  host = G_MAXUINT32 >> self->prefixes[index];
  return (g_ntohl (address->ip4.sin_addr.s_addr) & host) == host ||
         (g_ntohl (address->ip4.sin_addr.s_addr) & host) == 0;
}

/* The index of the network that @address is on, or -1. */
static int
find_network (const PeerupIceNetworks *self, const PeerupSocketAddress *address)
{
  for (guint i = 0; i < self->n; i++)
    if (is_same_network (&self->addresses[i], address, self->prefixes[i]))
      return i;
  return -1;
}

/* The filter */

static gboolean
is_good_port (guint16 port)
{
  for (gsize i = 0; i < G_N_ELEMENTS (amplifiers); i++)
    if (port == amplifiers[i])
      return FALSE;
  return port >= PEERUP_ICE_PORT_MIN;
}

gboolean
peerup_ice_may_probe (const PeerupIceNetworks *networks, const PeerupSocketAddress *address)
{
  int network;

  if ((address->any.sa_family != AF_INET && address->any.sa_family != AF_INET6) ||
      !is_good_port (peerup_socket_address_get_port (address)) || is_never (address))
    return FALSE;
  network = find_network (networks, address);
  return network >= 0 ? !is_broadcast (networks, network, address) : peerup_socket_address_is_global (address);
}

gboolean
peerup_ice_filter_take (PeerupIceFilter *self, const PeerupIceNetworks *networks, const PeerupIceCandidate *candidate)
{
  PeerupSocketAddress address;
  guint on_host = 0;

  self->n_dropped++;
  if (self->n_taken >= PEERUP_ICE_REMOTE_CANDIDATES || !peerup_ice_address_get (&candidate->address, &address) ||
      !peerup_ice_may_probe (networks, &address))
    return FALSE;
  for (guint i = 0; i < self->n_taken; i++)
    {
      if (peerup_socket_address_equal (&self->taken[i], &address))
        return FALSE;
      on_host += peerup_socket_address_get_host_key (&self->taken[i]) == peerup_socket_address_get_host_key (&address);
    }
  if (on_host >= PEERUP_ICE_CANDIDATES_PER_HOST)
    return FALSE;
  self->n_dropped--;
  self->taken[self->n_taken++] = address;
  return TRUE;
}
