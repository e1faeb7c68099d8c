/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Between multiaddrs and sockets: which addresses TCP, QUIC and WebSocket can dial or listen
 * on, and how far they are. No socket is touched here. */

#include "swarm/peerup-endpoint.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

static gboolean
endpoint_unsupported (PeerupMultiaddr *address, GError **error)
{
  const char *text = peerup_multiaddr_get_string (address);

  if (peerup_multiaddr_find (address, PEERUP_MULTIADDR_QUIC, NULL))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                 _ ("%s: /quic is a draft of QUIC that is no longer spoken; QUIC version 1 is written /quic-v1"), text);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                 _ ("%s: this version speaks TCP, QUIC and WebSocket only (/ip4/…/tcp/…, /ip4/…/udp/…/quic-v1, "
                    "/ip4/…/tcp/…/ws and /ip4/…/tcp/…/tls/ws)"),
                 text);
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

/* Moves behind component *@i if that is of @code. */
static gboolean
take (PeerupMultiaddr *bare, guint *i, PeerupMultiaddrCode code, PeerupMultiaddrComponent *component)
{
  if (*i >= peerup_multiaddr_get_n_components (bare))
    return FALSE;
  peerup_multiaddr_get_component (bare, *i, component);
  if (component->code != code)
    return FALSE;
  (*i)++;
  return TRUE;
}

/* ws, wss or tls[/sni]/ws, with or without a port before it. */
static gboolean
parse_websocket (PeerupMultiaddr *bare, guint *i, PeerupEndpoint *endpoint)
{
  PeerupMultiaddrComponent component, sni = { 0 };
  gboolean secure = take (bare, i, PEERUP_MULTIADDR_TLS, &component);

  if (secure)
    take (bare, i, PEERUP_MULTIADDR_SNI, &sni);
  if (!secure && take (bare, i, PEERUP_MULTIADDR_WSS, &component))
    secure = TRUE;
  else if (!take (bare, i, PEERUP_MULTIADDR_WS, &component))
    return FALSE;
  endpoint->transport = secure ? PEERUP_IP_WEBSOCKETS : PEERUP_IP_WEBSOCKET;
  if (sni.length > 0 && *i == peerup_multiaddr_get_n_components (bare))
    endpoint->server_name = g_strndup ((const char *) sni.value, sni.length);
  return TRUE;
}

/* What follows the host, from component @i to the end. */
static gboolean
parse_transport (PeerupMultiaddr *bare, guint i, PeerupEndpoint *endpoint)
{
  guint n = peerup_multiaddr_get_n_components (bare);
  PeerupMultiaddrComponent port, above;
  gboolean has_port = take (bare, &i, PEERUP_MULTIADDR_TCP, &port), ok;

  if (has_port && i == n)
    {
      endpoint->transport = PEERUP_IP_TCP;
      ok = TRUE;
    }
  else if (!has_port && take (bare, &i, PEERUP_MULTIADDR_UDP, &port))
    {
      has_port = TRUE;
      endpoint->transport = PEERUP_IP_QUIC;
      ok = take (bare, &i, PEERUP_MULTIADDR_QUIC_V1, &above);
    }
  else
    ok = parse_websocket (bare, &i, endpoint);
  if (!ok || i != n)
    return FALSE;
  endpoint->port = has_port                                      ? (guint16) (port.value[0] << 8 | port.value[1])
                   : endpoint->transport == PEERUP_IP_WEBSOCKETS ? 443
                                                                 : 80;
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
  if (peerup_endpoint_is_websocket (endpoint) && endpoint->server_name == NULL && peerup_endpoint_is_name (endpoint))
    endpoint->server_name = g_strdup (endpoint->host);
  return TRUE;
}

void
peerup_endpoint_copy (const PeerupEndpoint *endpoint, PeerupEndpoint *copy)
{
  *copy = *endpoint;
  copy->host = g_strdup (endpoint->host);
  copy->server_name = g_strdup (endpoint->server_name);
}

void
peerup_endpoint_clear (PeerupEndpoint *endpoint)
{
  g_clear_pointer (&endpoint->host, g_free);
  g_clear_pointer (&endpoint->server_name, g_free);
}

gboolean
peerup_endpoint_is_name (const PeerupEndpoint *endpoint)
{
  return endpoint->family != PEERUP_MULTIADDR_IP4 && endpoint->family != PEERUP_MULTIADDR_IP6;
}

gboolean
peerup_endpoint_is_websocket (const PeerupEndpoint *endpoint)
{
  return endpoint->transport == PEERUP_IP_WEBSOCKET || endpoint->transport == PEERUP_IP_WEBSOCKETS;
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
