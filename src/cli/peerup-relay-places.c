/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The addresses of a relay on this machine: what its interfaces have, what its configuration
 * announces, and at which ports it listens there. Asks the system, and nobody else.
 */
#include "cli/peerup-relay-places.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "cli/peerup-relay-address.h"
#include "swarm/peerup-endpoint.h"

static PeerupScope
get_scope (const char *host)
{
  g_autoptr (PeerupMultiaddr) address =
    peerup_multiaddr_newf ("/%s/%s/tcp/1", strchr (host, ':') != NULL ? "ip6" : "ip4", host);
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return peerup_endpoint_parse (address, &endpoint, NULL) ? peerup_endpoint_get_scope (&endpoint)
                                                          : PEERUP_SCOPE_LOOPBACK;
}

static void
add_host (GPtrArray *hosts, char *host)
{
  if (g_ptr_array_find_with_equal_func (hosts, host, g_str_equal, NULL))
    g_free (host);
  else
    g_ptr_array_add (hosts, host);
}

/* (nullable): "203.0.113.7" for what others may reach. */
static char *
format_interface (const struct ifaddrs *interface)
{
  PeerupSocketAddress address;
  g_autofree char *text = NULL;
  char *end;

  if (interface->ifa_addr == NULL || (interface->ifa_flags & IFF_UP) == 0 || (interface->ifa_flags & IFF_LOOPBACK) != 0)
    return NULL;
  if (interface->ifa_addr->sa_family != AF_INET && interface->ifa_addr->sa_family != AF_INET6)
    return NULL;
  if (!peerup_socket_address_set_native (&address, interface->ifa_addr,
                                         interface->ifa_addr->sa_family == AF_INET ? sizeof (struct sockaddr_in)
                                                                                   : sizeof (struct sockaddr_in6)) ||
      peerup_socket_address_is_link_local (&address))
    return NULL;
  /* "1.2.3.4:0" or "[::1]:0" */
  text = peerup_socket_address_to_string (&address);
  end = strrchr (text, ':');
  *end = '\0';
  return text[0] == '[' ? g_strndup (text + 1, strlen (text) - 2) : g_strdup (text);
}

char **
peerup_relay_own_hosts (gboolean *public)
{
  g_autoptr (GPtrArray) near = g_ptr_array_new_null_terminated (4, g_free, TRUE);
  g_autoptr (GPtrArray) far = g_ptr_array_new_null_terminated (4, g_free, TRUE);
  struct ifaddrs *interfaces = NULL;

  if (getifaddrs (&interfaces) != 0)
    interfaces = NULL;
  for (const struct ifaddrs *interface = interfaces; interface != NULL; interface = interface->ifa_next)
    {
      char *host = format_interface (interface);

      if (host != NULL)
        add_host (get_scope (host) == PEERUP_SCOPE_PUBLIC ? far : near, host);
    }
  if (interfaces != NULL)
    freeifaddrs (interfaces);
  *public = far->len > 0;
  return (char **) g_ptr_array_free (far->len > 0 ? g_steal_pointer (&far) : g_steal_pointer (&near), FALSE);
}

char **
peerup_relay_announced_hosts (PeerupConfig *config)
{
  GPtrArray *addresses = peerup_config_get_relay_announce (config);
  GPtrArray *hosts = g_ptr_array_new_null_terminated (4, g_free, TRUE);

  for (guint i = 0; i < addresses->len; i++)
    {
      char *host = peerup_relay_address_dup_host (addresses->pdata[i]);

      if (host != NULL)
        add_host (hosts, host);
    }
  return (char **) g_ptr_array_free (hosts, FALSE);
}

/* What follows the first component. */
static char *
get_rest (PeerupMultiaddr *address)
{
  g_auto (GStrv) parts = g_strsplit (peerup_multiaddr_get_string (address), "/", 4);

  return g_strconcat ("/", g_strv_length (parts) == 4 ? parts[3] : "", NULL);
}

GPtrArray *
peerup_relay_addresses_at (PeerupConfig *config, const char *host)
{
  GPtrArray *listening = peerup_config_get_listen_addresses (config);
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  gboolean is_ip = g_hostname_is_ip_address (host), is_ip6 = strchr (host, ':') != NULL;

  for (guint i = 0; i < listening->len; i++)
    {
      g_autofree char *listens = peerup_relay_address_dup_host (listening->pdata[i]);
      g_autofree char *rest = get_rest (listening->pdata[i]);
      gboolean any = g_strcmp0 (listens, "0.0.0.0") == 0 || g_strcmp0 (listens, "::") == 0;
      PeerupMultiaddr *address;

      if (listens == NULL || !(any || g_str_equal (listens, host)) ||
          (is_ip && is_ip6 != (strchr (listens, ':') != NULL)))
        continue;
      address = peerup_multiaddr_newf ("/%s/%s%s", !is_ip ? "dns" : is_ip6 ? "ip6" : "ip4", host, rest);
      if (g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL))
        peerup_multiaddr_unref (address);
      else
        g_ptr_array_add (addresses, address);
    }
  return addresses;
}
