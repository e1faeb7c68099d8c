/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which addresses make sense here: so that no peer has us knock at doors of our own network by naming them.
 * Nothing is remembered, because networks change. */

#include "swarm/peerup-own-networks.h"

#include <ifaddrs.h>
#include <net/if.h>

static gsize
get_bytes (const PeerupSocketAddress *address, const guint8 **bytes)
{
  if (address->any.sa_family == AF_INET)
    {
      *bytes = (const guint8 *) &address->ip4.sin_addr;
      return sizeof address->ip4.sin_addr;
    }
  *bytes = (const guint8 *) &address->ip6.sin6_addr;
  return sizeof address->ip6.sin6_addr;
}

static gboolean
set_from (PeerupSocketAddress *address, const struct sockaddr *native)
{
  gsize length;

  if (native == NULL || (native->sa_family != AF_INET && native->sa_family != AF_INET6))
    return FALSE;
  length = native->sa_family == AF_INET ? sizeof (struct sockaddr_in) : sizeof (struct sockaddr_in6);
  return peerup_socket_address_set_native (address, native, length);
}

static gboolean
is_within (const PeerupSocketAddress *address, const struct ifaddrs *interface)
{
  PeerupSocketAddress own, mask;
  const guint8 *a, *b, *m;
  gsize length;

  if ((interface->ifa_flags & IFF_UP) == 0 || interface->ifa_netmask == NULL || !set_from (&own, interface->ifa_addr) ||
      own.any.sa_family != address->any.sa_family)
    return FALSE;
  /* The system leaves the family of a mask out at times. */
  interface->ifa_netmask->sa_family = own.any.sa_family;
  if (!set_from (&mask, interface->ifa_netmask))
    return FALSE;
  length = get_bytes (address, &a);
  get_bytes (&own, &b);
  get_bytes (&mask, &m);
  for (gsize i = 0; i < length; i++)
    if ((a[i] & m[i]) != (b[i] & m[i]))
      return FALSE;
  return TRUE;
}

gboolean
peerup_own_networks_contain (const PeerupSocketAddress *address)
{
  struct ifaddrs *interfaces = NULL;
  gboolean found = FALSE;

  if (getifaddrs (&interfaces) != 0)
    return FALSE;
  for (struct ifaddrs *i = interfaces; i != NULL && !found; i = i->ifa_next)
    found = is_within (address, i);
  freeifaddrs (interfaces);
  return found;
}

static gboolean
is_private_ip4 (const guint8 *bytes)
{
  return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) || (bytes[0] == 192 && bytes[1] == 168) ||
         (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
}

gboolean
peerup_own_networks_may_dial (const PeerupSocketAddress *address)
{
  const guint8 *bytes;

  get_bytes (address, &bytes);
  if (peerup_socket_address_is_wildcard (address) || peerup_socket_address_is_link_local (address))
    return FALSE;
  if (address->any.sa_family == AF_INET)
    return bytes[0] != 0 && bytes[0] < 224 && (!is_private_ip4 (bytes) || peerup_own_networks_contain (address));
  return bytes[0] != 0xff && ((bytes[0] & 0xfe) != 0xfc || peerup_own_networks_contain (address));
}
