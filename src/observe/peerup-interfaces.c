/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The addresses of this machine, counted when somebody asks. Keeps none of them: to see that
 * they have changed, a digest is enough.
 */
#include "observe/peerup-interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

static void
addresses_add (PeerupInterfaceAddresses *self, const void *bytes, gsize length)
{
  g_autoptr (GBytes) address = g_bytes_new_static (bytes, length);

  self->n_addresses++;
  /* A sum does not depend on the order; the factor spreads what is near each other. */
  self->digest += (g_bytes_hash (address) + G_GUINT64_CONSTANT (1)) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}

static void
add_ipv4 (PeerupInterfaces *self, const struct sockaddr *native)
{
  const struct in_addr *address = &((const struct sockaddr_in *) (gconstpointer) native)->sin_addr;

  /* 169.254.0.0/16 */
  if ((g_ntohl (address->s_addr) >> 16) != 0xa9fe)
    addresses_add (&self->ipv4, address, sizeof *address);
}

static void
add_ipv6 (PeerupInterfaces *self, const struct sockaddr *native)
{
  const struct in6_addr *address = &((const struct sockaddr_in6 *) (gconstpointer) native)->sin6_addr;

  if (!IN6_IS_ADDR_LINKLOCAL (address))
    addresses_add (&self->ipv6, address, sizeof *address);
}

void
peerup_interfaces_read (PeerupInterfaces *self)
{
  struct ifaddrs *interfaces = NULL;

  *self = (PeerupInterfaces) { 0 };
  if (getifaddrs (&interfaces) != 0)
    return;
  for (const struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    {
      if (i->ifa_addr == NULL || (i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0)
        continue;
      if (i->ifa_addr->sa_family == AF_INET)
        add_ipv4 (self, i->ifa_addr);
      else if (i->ifa_addr->sa_family == AF_INET6)
        add_ipv6 (self, i->ifa_addr);
    }
  freeifaddrs (interfaces);
}

gboolean
peerup_interface_addresses_equal (const PeerupInterfaceAddresses *a, const PeerupInterfaceAddresses *b)
{
  return a->n_addresses == b->n_addresses && a->digest == b->digest;
}
