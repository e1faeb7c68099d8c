/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The interfaces that multicast DNS is spoken on, with their networks. A list is made when somebody asks and is not
 * kept up to date: who is told of a change asks again. */

#include "mdns/peerup-mdns-interface.h"

#include <ifaddrs.h>
#include <net/if.h>

PeerupMdnsInterface *
peerup_mdns_interface_new (guint index, const char *name)
{
  PeerupMdnsInterface *self = g_new0 (PeerupMdnsInterface, 1);

  self->index = index;
  self->name = g_strdup (name);
  self->networks = g_array_new (FALSE, FALSE, sizeof (PeerupMdnsNetwork));
  return self;
}

PeerupMdnsInterface *
peerup_mdns_interface_copy (const PeerupMdnsInterface *self)
{
  PeerupMdnsInterface *copy = peerup_mdns_interface_new (self->index, self->name);

  g_array_append_vals (copy->networks, self->networks->data, self->networks->len);
  return copy;
}

void
peerup_mdns_interface_free (PeerupMdnsInterface *self)
{
  g_array_unref (self->networks);
  g_free (self->name);
  g_free (self);
}

void
peerup_mdns_interface_add (PeerupMdnsInterface *self, const PeerupSocketAddress *address, guint prefix)
{
  PeerupMdnsNetwork network = { .address = *address, .prefix = prefix };

  peerup_socket_address_set_port (&network.address, 0);
  g_array_append_val (self->networks, network);
}

static const PeerupMdnsNetwork *
interface_get (const PeerupMdnsInterface *self, guint i)
{
  return &g_array_index (self->networks, PeerupMdnsNetwork, i);
}

static gboolean
interface_has_network (const PeerupMdnsInterface *self, const PeerupMdnsNetwork *network)
{
  for (guint i = 0; i < self->networks->len; i++)
    {
      const PeerupMdnsNetwork *own = interface_get (self, i);

      if (own->prefix == network->prefix && peerup_socket_address_equal (&own->address, &network->address))
        return TRUE;
    }
  return FALSE;
}

gboolean
peerup_mdns_interface_equal (const PeerupMdnsInterface *a, const PeerupMdnsInterface *b)
{
  gboolean equal = a->index == b->index && a->networks->len == b->networks->len;

  for (guint i = 0; equal && i < a->networks->len; i++)
    equal = interface_has_network (b, interface_get (a, i));
  return equal;
}

gboolean
peerup_mdns_interface_has_family (const PeerupMdnsInterface *self, int family)
{
  for (guint i = 0; i < self->networks->len; i++)
    if (interface_get (self, i)->address.any.sa_family == family)
      return TRUE;
  return FALSE;
}

static gsize
get_bytes (const PeerupSocketAddress *address, const guint8 **bytes)
{
  gboolean is_ip4 = address->any.sa_family == AF_INET;

  *bytes = is_ip4 ? (const guint8 *) &address->ip4.sin_addr : (const guint8 *) &address->ip6.sin6_addr;
  return is_ip4 ? sizeof address->ip4.sin_addr : sizeof address->ip6.sin6_addr;
}

/* Whether the first @n_bits are the same; zones are of no account, as both are of one link. */
static gboolean
bits_equal (const PeerupSocketAddress *a, const PeerupSocketAddress *b, guint n_bits)
{
  const guint8 *in_a, *in_b;
  gsize length;

  if (a->any.sa_family != b->any.sa_family)
    return FALSE;
  length = get_bytes (a, &in_a);
  get_bytes (b, &in_b);
  for (gsize i = 0; i < length && n_bits > 0; i++)
    {
      guint n = MIN (n_bits, 8);

      if (((in_a[i] ^ in_b[i]) >> (8 - n)) != 0)
        return FALSE;
      n_bits -= n;
    }
  return TRUE;
}

gboolean
peerup_mdns_interface_has_host (const PeerupMdnsInterface *self, const PeerupSocketAddress *host)
{
  for (guint i = 0; i < self->networks->len; i++)
    if (bits_equal (&interface_get (self, i)->address, host, 128))
      return TRUE;
  return FALSE;
}

gboolean
peerup_mdns_interface_contains (const PeerupMdnsInterface *self, const PeerupSocketAddress *address)
{
  for (guint i = 0; i < self->networks->len; i++)
    if (bits_equal (&interface_get (self, i)->address, address, interface_get (self, i)->prefix))
      return TRUE;
  return FALSE;
}

gboolean
peerup_mdns_interface_is_near (const PeerupMdnsInterface *self, const PeerupSocketAddress *source, int hop_limit)
{
  return hop_limit == 255 || peerup_mdns_interface_contains (self, source);
}

/* What the system says */

static gboolean
get_native (PeerupSocketAddress *address, const struct sockaddr *native)
{
  if (native == NULL || (native->sa_family != AF_INET && native->sa_family != AF_INET6))
    return FALSE;
  return peerup_socket_address_set_native (address, native,
                                           native->sa_family == AF_INET ? sizeof (struct sockaddr_in)
                                                                        : sizeof (struct sockaddr_in6));
}

static guint
count_bits (const PeerupSocketAddress *mask)
{
  const guint8 *bytes;
  gsize length = get_bytes (mask, &bytes);
  guint n = 0;

  while (n < 8 * length && (bytes[n / 8] & (0x80 >> n % 8)) != 0)
    n++;
  return n;
}

static PeerupMdnsInterface *
ensure_interface (GPtrArray *list, const char *name)
{
  PeerupMdnsInterface *interface;
  guint index;

  for (guint i = 0; i < list->len; i++)
    if (g_str_equal (((PeerupMdnsInterface *) list->pdata[i])->name, name))
      return list->pdata[i];
  index = if_nametoindex (name);
  if (index == 0)
    return NULL;
  interface = peerup_mdns_interface_new (index, name);
  g_ptr_array_add (list, interface);
  return interface;
}

static void
add_address (GPtrArray *list, struct ifaddrs *entry)
{
  const guint wanted = IFF_UP | IFF_MULTICAST;
  PeerupSocketAddress address, mask;
  PeerupMdnsInterface *interface;

  if ((entry->ifa_flags & wanted) != wanted || (entry->ifa_flags & (IFF_LOOPBACK | IFF_POINTOPOINT)) != 0 ||
      !get_native (&address, entry->ifa_addr) || entry->ifa_netmask == NULL)
    return;
  /* The system leaves the family of a mask out at times. */
  entry->ifa_netmask->sa_family = address.any.sa_family;
  interface = get_native (&mask, entry->ifa_netmask) ? ensure_interface (list, entry->ifa_name) : NULL;
  if (interface != NULL)
    peerup_mdns_interface_add (interface, &address, count_bits (&mask));
}

/* The ports of a bridge have link-local addresses and nothing else: those behind them are told through the bridge. */
static gboolean
is_usable (const PeerupMdnsInterface *self)
{
  for (guint i = 0; i < self->networks->len; i++)
    if (!peerup_socket_address_is_link_local (&interface_get (self, i)->address))
      return TRUE;
  return FALSE;
}

GPtrArray *
peerup_mdns_interfaces_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_mdns_interface_free);
  struct ifaddrs *entries = NULL;

  if (getifaddrs (&entries) != 0)
    return list;
  for (struct ifaddrs *i = entries; i != NULL; i = i->ifa_next)
    add_address (list, i);
  freeifaddrs (entries);
  for (guint i = list->len; i > 0; i--)
    if (!is_usable (list->pdata[i - 1]))
      g_ptr_array_remove_index (list, i - 1);
  if (list->len > PEERUP_MDNS_INTERFACES_MAX)
    g_ptr_array_set_size (list, PEERUP_MDNS_INTERFACES_MAX);
  return list;
}
