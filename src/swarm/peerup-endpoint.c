/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Between multiaddrs and sockets: which addresses TCP can dial or listen on, how far they
 * are, and the way back from a socket's address. No socket is touched here. */

#include "swarm/peerup-endpoint.h"

#include <string.h>

static gboolean
endpoint_unsupported (PeerupMultiaddr *address, GError **error)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "%s: this version speaks TCP only (/ip4/…/tcp/…)",
               peerup_multiaddr_get_string (address));
  return FALSE;
}

static char *
endpoint_host (const PeerupMultiaddrComponent *component, const char *zone)
{
  g_autoptr (GInetAddress) inet = NULL;
  g_autofree char *text = NULL;

  if (component->code != PEERUP_MULTIADDR_IP4 && component->code != PEERUP_MULTIADDR_IP6)
    return g_strndup ((const char *) component->value, component->length);
  inet =
    g_inet_address_new_from_bytes (component->value, component->code == PEERUP_MULTIADDR_IP4 ? G_SOCKET_FAMILY_IPV4
                                                                                             : G_SOCKET_FAMILY_IPV6);
  text = g_inet_address_to_string (inet);
  return zone != NULL ? g_strdup_printf ("%s%%%s", text, zone) : g_steal_pointer (&text);
}

static gboolean
is_host (PeerupMultiaddrCode code)
{
  return code == PEERUP_MULTIADDR_IP4 || code == PEERUP_MULTIADDR_IP6 || code == PEERUP_MULTIADDR_DNS ||
         code == PEERUP_MULTIADDR_DNS4 || code == PEERUP_MULTIADDR_DNS6;
}

gboolean
peerup_endpoint_parse (PeerupMultiaddr *address, PeerupEndpoint *endpoint, GError **error)
{
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (address);
  g_autofree char *zone = NULL;
  PeerupMultiaddrComponent host, tcp;
  guint n, i = 0;

  *endpoint = (PeerupEndpoint) { 0 };
  if (bare == NULL)
    return endpoint_unsupported (address, error);
  n = peerup_multiaddr_get_n_components (bare);
  peerup_multiaddr_get_component (bare, i, &host);
  if (host.code == PEERUP_MULTIADDR_IP6ZONE && n == 3)
    {
      zone = g_strndup ((const char *) host.value, host.length);
      peerup_multiaddr_get_component (bare, ++i, &host);
    }
  if (n != i + 2 || !is_host (host.code))
    return endpoint_unsupported (address, error);
  peerup_multiaddr_get_component (bare, i + 1, &tcp);
  if (tcp.code != PEERUP_MULTIADDR_TCP)
    return endpoint_unsupported (address, error);
  endpoint->family = host.code;
  endpoint->host = endpoint_host (&host, zone);
  endpoint->port = (guint16) (tcp.value[0] << 8 | tcp.value[1]);
  return TRUE;
}

void
peerup_endpoint_clear (PeerupEndpoint *endpoint)
{
  g_clear_pointer (&endpoint->host, g_free);
}

PeerupScope
peerup_endpoint_get_scope (const PeerupEndpoint *endpoint)
{
  g_auto (GStrv) parts = NULL;
  g_autoptr (GInetAddress) inet = NULL;
  const guint8 *bytes;

  if (endpoint->family != PEERUP_MULTIADDR_IP4 && endpoint->family != PEERUP_MULTIADDR_IP6)
    return PEERUP_SCOPE_PUBLIC;
  parts = g_strsplit (endpoint->host, "%", 2);
  inet = g_inet_address_new_from_string (parts[0]);
  g_assert (inet != NULL);
  bytes = g_inet_address_to_bytes (inet);
  if (g_inet_address_get_is_loopback (inet))
    return PEERUP_SCOPE_LOOPBACK;
  if (g_inet_address_get_is_site_local (inet) || g_inet_address_get_is_link_local (inet) ||
      (endpoint->family == PEERUP_MULTIADDR_IP6 && (bytes[0] & 0xfe) == 0xfc))
    return PEERUP_SCOPE_PRIVATE;
  return PEERUP_SCOPE_PUBLIC;
}

PeerupMultiaddr *
peerup_endpoint_address_from_socket (GSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  const guint8 *bytes = g_inet_address_to_bytes (inet);
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  g_autofree char *text = g_inet_address_to_string (inet);

  if (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV4)
    return peerup_multiaddr_newf ("/ip4/%s/tcp/%u", text, port);
  if (memcmp (bytes, mapped, sizeof mapped) == 0)
    return peerup_multiaddr_newf ("/ip4/%u.%u.%u.%u/tcp/%u", bytes[12], bytes[13], bytes[14], bytes[15], port);
  return peerup_multiaddr_newf ("/ip6/%s/tcp/%u", text, port);
}
