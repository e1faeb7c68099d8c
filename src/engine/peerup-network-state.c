/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the system says of its network now, by value. It judges nothing: whoever compares two of them knows what for. */

#include "engine/peerup-network-state.h"

#include "transport/peerup-udp-socket.h"

/* Addresses for documentation (RFC 5737, RFC 3849): the way to them is the one to the internet. */
static const char *const somewhere[] = { "192.0.2.1", "2001:db8::1" };

static guint
hash_routes (void)
{
  g_autofree char *text = NULL;

  return g_file_get_contents ("/proc/net/route", &text, NULL, NULL) ? g_str_hash (text) : 0;
}

void
peerup_network_state_read (PeerupNetworkState *self)
{
  *self = (PeerupNetworkState) { .routes = hash_routes () };
  peerup_interfaces_read (&self->interfaces);
  for (guint i = 0; i < G_N_ELEMENTS (somewhere); i++)
    {
      PeerupSocketAddress target, source;
      guint mtu;

      if (peerup_socket_address_set (&target, somewhere[i], 1) && peerup_udp_find_route (&target, &source, &mtu, NULL))
        self->sources[i] = source;
    }
}

static gboolean
is_same_source (const PeerupSocketAddress *a, const PeerupSocketAddress *b)
{
  if (a->any.sa_family == AF_UNSPEC || b->any.sa_family == AF_UNSPEC)
    return a->any.sa_family == b->any.sa_family;
  return peerup_socket_address_is_same_host (a, b);
}

gboolean
peerup_network_state_equal (const PeerupNetworkState *a, const PeerupNetworkState *b)
{
  return a->routes == b->routes && is_same_source (&a->sources[0], &b->sources[0]) &&
         is_same_source (&a->sources[1], &b->sources[1]) &&
         peerup_interface_addresses_equal (&a->interfaces.ipv4, &b->interfaces.ipv4) &&
         peerup_interface_addresses_equal (&a->interfaces.ipv6, &b->interfaces.ipv6);
}

gboolean
peerup_network_state_has_way (const PeerupNetworkState *self)
{
  return self->sources[0].any.sa_family != AF_UNSPEC || self->sources[1].any.sa_family != AF_UNSPEC;
}
