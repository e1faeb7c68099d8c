/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Between multiaddrs and sockets: which addresses TCP and QUIC can dial or listen on, and
 * how far they are. No socket is touched here. */

#include "swarm/peerup-endpoint.h"

#include <gio/gio.h>

#include "wire/peerup-error.h"

static gboolean
endpoint_unsupported (PeerupMultiaddr *address, GError **error)
{
  const char *text = peerup_multiaddr_get_string (address);

  if (peerup_multiaddr_find (address, PEERUP_MULTIADDR_QUIC, NULL))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                 "%s: /quic is a draft of QUIC that is no longer spoken; QUIC version 1 is written /quic-v1", text);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                 "%s: this version speaks TCP and QUIC only (/ip4/…/tcp/… and /ip4/…/udp/…/quic-v1)", text);
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

/* What follows the host, from component @i to the end. */
static gboolean
parse_transport (PeerupMultiaddr *bare, guint i, PeerupEndpoint *endpoint)
{
  guint left = peerup_multiaddr_get_n_components (bare) - i;
  PeerupMultiaddrComponent port, above;

  if (left == 0 || left > 2)
    return FALSE;
  peerup_multiaddr_get_component (bare, i, &port);
  if (left == 1 && port.code == PEERUP_MULTIADDR_TCP)
    endpoint->transport = PEERUP_IP_TCP;
  else if (left == 2 && port.code == PEERUP_MULTIADDR_UDP)
    {
      peerup_multiaddr_get_component (bare, i + 1, &above);
      if (above.code != PEERUP_MULTIADDR_QUIC_V1)
        return FALSE;
      endpoint->transport = PEERUP_IP_QUIC;
    }
  else
    return FALSE;
  endpoint->port = (guint16) (port.value[0] << 8 | port.value[1]);
  return TRUE;
}

gboolean
peerup_endpoint_parse (PeerupMultiaddr *address, PeerupEndpoint *endpoint, GError **error)
{
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (address);
  g_autofree char *zone = NULL;
  PeerupMultiaddrComponent host;
  guint i = 0;

  *endpoint = (PeerupEndpoint) { 0 };
  if (bare == NULL)
    return endpoint_unsupported (address, error);
  peerup_multiaddr_get_component (bare, i, &host);
  if (host.code == PEERUP_MULTIADDR_IP6ZONE && peerup_multiaddr_get_n_components (bare) > 1)
    {
      zone = g_strndup ((const char *) host.value, host.length);
      peerup_multiaddr_get_component (bare, ++i, &host);
    }
  if (!is_host (host.code) || !parse_transport (bare, i + 1, endpoint))
    return endpoint_unsupported (address, error);
  endpoint->family = host.code;
  endpoint->host = endpoint_host (&host, zone);
  return TRUE;
}

void
peerup_endpoint_copy (const PeerupEndpoint *endpoint, PeerupEndpoint *copy)
{
  *copy = *endpoint;
  copy->host = g_strdup (endpoint->host);
}

void
peerup_endpoint_clear (PeerupEndpoint *endpoint)
{
  g_clear_pointer (&endpoint->host, g_free);
}

gboolean
peerup_endpoint_is_name (const PeerupEndpoint *endpoint)
{
  return endpoint->family != PEERUP_MULTIADDR_IP4 && endpoint->family != PEERUP_MULTIADDR_IP6;
}

PeerupScope
peerup_endpoint_get_scope (const PeerupEndpoint *endpoint)
{
  g_auto (GStrv) parts = NULL;
  g_autoptr (GInetAddress) inet = NULL;
  const guint8 *bytes;

  if (peerup_endpoint_is_name (endpoint))
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

gboolean
peerup_endpoint_get_socket_address (const PeerupEndpoint *endpoint, PeerupSocketAddress *address)
{
  return !peerup_endpoint_is_name (endpoint) && peerup_socket_address_set (address, endpoint->host, endpoint->port);
}
