/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * IP addresses with ports, by value: what the system's calls and QUIC's paths share. It
 * owns no socket and asks the system for nothing but the number of a named zone. */

#include "net/peerup-socket-address.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <net/if.h>
#include <string.h>

#include "net/peerup-ip-global.h"

static void
set_ip4 (PeerupSocketAddress *self, const struct in_addr *host, in_port_t port)
{
  memset (self, 0, sizeof *self);
  self->ip4.sin_family = AF_INET;
  self->ip4.sin_addr = *host;
  self->ip4.sin_port = port;
}

static void
set_ip6 (PeerupSocketAddress *self, const struct in6_addr *host, in_port_t port, guint32 scope)
{
  memset (self, 0, sizeof *self);
  self->ip6.sin6_family = AF_INET6;
  self->ip6.sin6_addr = *host;
  self->ip6.sin6_port = port;
  if (IN6_IS_ADDR_LINKLOCAL (host))
    self->ip6.sin6_scope_id = scope;
}

gboolean
peerup_socket_address_set_native (PeerupSocketAddress *self, gconstpointer native, gsize length)
{
  PeerupSocketAddress copy;
  struct in_addr host;

  memset (&copy, 0, sizeof copy);
  if (length > 0)
    memcpy (&copy, native, MIN (length, sizeof copy));
  memset (self, 0, sizeof *self);
  if (copy.any.sa_family == AF_INET && length >= sizeof copy.ip4)
    set_ip4 (self, &copy.ip4.sin_addr, copy.ip4.sin_port);
  else if (copy.any.sa_family != AF_INET6 || length < sizeof copy.ip6)
    return FALSE;
  else if (IN6_IS_ADDR_V4MAPPED (&copy.ip6.sin6_addr))
    {
      memcpy (&host, copy.ip6.sin6_addr.s6_addr + 12, sizeof host);
      set_ip4 (self, &host, copy.ip6.sin6_port);
    }
  else
    set_ip6 (self, &copy.ip6.sin6_addr, copy.ip6.sin6_port, copy.ip6.sin6_scope_id);
  return TRUE;
}

gboolean
peerup_socket_address_set (PeerupSocketAddress *self, const char *host, guint16 port)
{
  g_autoptr (GSocketAddress) parsed = g_inet_socket_address_new_from_string (host, port);
  PeerupSocketAddress native;

  memset (self, 0, sizeof *self);
  return parsed != NULL && g_socket_address_to_native (parsed, &native, sizeof native, NULL) &&
         peerup_socket_address_set_native (self, &native, g_socket_address_get_native_size (parsed));
}

socklen_t
peerup_socket_address_get_length (const PeerupSocketAddress *self)
{
  switch (self->any.sa_family)
    {
    case AF_INET:
      return sizeof self->ip4;
    case AF_INET6:
      return sizeof self->ip6;
    default:
      return 0;
    }
}

guint16
peerup_socket_address_get_port (const PeerupSocketAddress *self)
{
  return g_ntohs (self->any.sa_family == AF_INET6 ? self->ip6.sin6_port : self->ip4.sin_port);
}

void
peerup_socket_address_set_port (PeerupSocketAddress *self, guint16 port)
{
  if (self->any.sa_family == AF_INET6)
    self->ip6.sin6_port = g_htons (port);
  else
    self->ip4.sin_port = g_htons (port);
}

gboolean
peerup_socket_address_is_same_host (const PeerupSocketAddress *a, const PeerupSocketAddress *b)
{
  if (a->any.sa_family != b->any.sa_family)
    return FALSE;
  switch (a->any.sa_family)
    {
    case AF_INET:
      return a->ip4.sin_addr.s_addr == b->ip4.sin_addr.s_addr;
    case AF_INET6:
      return IN6_ARE_ADDR_EQUAL (&a->ip6.sin6_addr, &b->ip6.sin6_addr) && a->ip6.sin6_scope_id == b->ip6.sin6_scope_id;
    default:
      return TRUE;
    }
}

gboolean
peerup_socket_address_equal (const PeerupSocketAddress *a, const PeerupSocketAddress *b)
{
  return peerup_socket_address_is_same_host (a, b) &&
         (a->any.sa_family == AF_UNSPEC || peerup_socket_address_get_port (a) == peerup_socket_address_get_port (b));
}

gboolean
peerup_socket_address_is_wildcard (const PeerupSocketAddress *self)
{
  if (self->any.sa_family == AF_INET)
    return self->ip4.sin_addr.s_addr == g_htonl (INADDR_ANY);
  return self->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED (&self->ip6.sin6_addr);
}

gboolean
peerup_socket_address_is_link_local (const PeerupSocketAddress *self)
{
  if (self->any.sa_family == AF_INET)
    return g_ntohl (self->ip4.sin_addr.s_addr) >> 16 == 0xa9fe;
  return self->any.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL (&self->ip6.sin6_addr);
}

gboolean
peerup_socket_address_is_global (const PeerupSocketAddress *self)
{
  if (self->any.sa_family == AF_INET)
    return peerup_ip_is_global ((const guint8 *) &self->ip4.sin_addr, sizeof self->ip4.sin_addr);
  return self->any.sa_family == AF_INET6 &&
         peerup_ip_is_global (self->ip6.sin6_addr.s6_addr, sizeof self->ip6.sin6_addr);
}

static const char *
host_to_string (const PeerupSocketAddress *self, char text[INET6_ADDRSTRLEN])
{
  if (self->any.sa_family == AF_INET)
    return inet_ntop (AF_INET, &self->ip4.sin_addr, text, INET6_ADDRSTRLEN);
  if (self->any.sa_family == AF_INET6)
    return inet_ntop (AF_INET6, &self->ip6.sin6_addr, text, INET6_ADDRSTRLEN);
  return NULL;
}

PeerupMultiaddr *
peerup_socket_address_to_multiaddr (const PeerupSocketAddress *self, PeerupIpTransport transport)
{
  static const char *const suffixes[] = {
    [PEERUP_IP_TCP] = "",
    [PEERUP_IP_QUIC] = "/quic-v1",
    [PEERUP_IP_WEBSOCKET] = "/ws",
    [PEERUP_IP_WEBSOCKETS] = "/tls/ws",
  };
  char text[INET6_ADDRSTRLEN], zone[IF_NAMESIZE];
  const char *host = host_to_string (self, text);
  g_autoptr (GString) string = g_string_new (NULL);

  if (host == NULL)
    return NULL;
  if (self->any.sa_family == AF_INET6 && self->ip6.sin6_scope_id != 0 &&
      if_indextoname (self->ip6.sin6_scope_id, zone) != NULL)
    g_string_append_printf (string, "/ip6zone/%s", zone);
  g_string_append_printf (string, "/%s/%s", self->any.sa_family == AF_INET ? "ip4" : "ip6", host);
  g_string_append_printf (string, transport == PEERUP_IP_QUIC ? "/udp/%u" : "/tcp/%u",
                          peerup_socket_address_get_port (self));
  g_string_append (string, suffixes[transport]);
  return peerup_multiaddr_new_from_string (string->str, NULL);
}

char *
peerup_socket_address_dup_host (const PeerupSocketAddress *self)
{
  char text[INET6_ADDRSTRLEN];

  return g_strdup (host_to_string (self, text));
}

char *
peerup_socket_address_to_string (const PeerupSocketAddress *self)
{
  char text[INET6_ADDRSTRLEN];
  const char *host = host_to_string (self, text);

  if (host == NULL)
    return g_strdup ("no address");
  if (self->any.sa_family == AF_INET)
    return g_strdup_printf ("%s:%u", host, peerup_socket_address_get_port (self));
  return g_strdup_printf ("[%s]:%u", host, peerup_socket_address_get_port (self));
}

guint64
peerup_socket_address_get_host_key (const PeerupSocketAddress *self)
{
  guint64 key = 0;

  if (self->any.sa_family == AF_INET)
    return g_ntohl (self->ip4.sin_addr.s_addr);
  for (gsize i = 0; self->any.sa_family == AF_INET6 && i < sizeof key; i++)
    key = key << 8 | self->ip6.sin6_addr.s6_addr[i];
  return key;
}
