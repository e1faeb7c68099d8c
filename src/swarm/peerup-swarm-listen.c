/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The listening half of the swarm: sockets, what arrives on them, and the addresses others
 * can dial. An inbound connection is nobody's until its upgrade is done, and the limits say
 * how many of those there may be. */

#include <gio/gnetworking.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-socket-stream.h"

typedef struct
{
  PeerupSwarm *swarm; /* borrowed: the swarm owns this */
  PeerupListener *listener;
  PeerupEndpoint endpoint;
} Listening;

static void
listening_free (gpointer data)
{
  Listening *self = data;

  g_clear_pointer (&self->listener, peerup_listener_free);
  peerup_endpoint_clear (&self->endpoint);
  g_free (self);
}

static PeerupMultiaddr *
socket_address (int fd, gboolean remote)
{
  struct sockaddr_storage native;
  socklen_t size = sizeof native;
  g_autoptr (GSocketAddress) address = NULL;
  int result = remote ? getpeername (fd, (struct sockaddr *) &native, &size)
                      : getsockname (fd, (struct sockaddr *) &native, &size);

  if (result != 0)
    return NULL;
  address = g_socket_address_new_from_native (&native, size);
  return address != NULL && G_IS_INET_SOCKET_ADDRESS (address) ? peerup_endpoint_address_from_socket (address) : NULL;
}

typedef struct
{
  PeerupSwarm *swarm;
  PeerupStream *raw;
} Inbound;

static void
inbound_free (gpointer data)
{
  Inbound *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->raw);
  g_free (self);
}

static DexFuture *
inbound_upgraded (DexFuture *future, gpointer data)
{
  Inbound *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  peerup_swarm_end_handshake (self->swarm, *(guint64 *) g_hash_table_lookup (self->swarm->upgrading, self->raw));
  g_hash_table_remove (self->swarm->upgrading, self->raw);
  if (value == NULL)
    g_debug ("An inbound connection came to nothing: %s", error->message);
  else if (self->swarm->closed)
    peerup_connection_close (g_value_get_object (value), PEERUP_CONNECTION_CODE_SHUTDOWN);
  else
    peerup_swarm_add_connection (self->swarm, g_value_get_object (value));
  return NULL;
}

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  Listening *listening = data;
  PeerupSwarm *self = listening->swarm;
  g_autoptr (PeerupMultiaddr) local = socket_address (fd, FALSE);
  g_autoptr (PeerupMultiaddr) remote = socket_address (fd, TRUE);
  g_autoptr (PeerupStream) raw = peerup_socket_stream_new (fd, NULL);
  guint64 host = peerup_swarm_get_host (remote);
  Inbound *inbound;

  /* Dropping the stream closes the socket. */
  if (raw == NULL || !peerup_swarm_begin_handshake (self, host))
    return;
  peerup_socket_stream_set_peer_options (PEERUP_SOCKET_STREAM (raw));
  inbound = g_new0 (Inbound, 1);
  inbound->swarm = g_object_ref (self);
  inbound->raw = g_object_ref (raw);
  g_hash_table_insert (self->upgrading, g_object_ref (raw), g_memdup2 (&host, sizeof host));
  /* Nobody waits for it: its end is inbound_upgraded(), also when the swarm closes. */
  dex_future_disown (dex_future_finally (peerup_swarm_upgrade (self, raw, NULL, local, remote,
                                                               g_get_monotonic_time () + PEERUP_SWARM_UPGRADE_TIMEOUT),
                                         inbound_upgraded, inbound, inbound_free));
}

static gboolean
listen_check (PeerupEndpoint *endpoint, PeerupMultiaddr *address, GError **error)
{
  if (endpoint->family == PEERUP_MULTIADDR_IP4 || endpoint->family == PEERUP_MULTIADDR_IP6)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "%s: listening needs an IP address, not a name",
               peerup_multiaddr_get_string (address));
  return FALSE;
}

DexFuture *
peerup_swarm_listen (PeerupSwarm *self, PeerupMultiaddr *address)
{
  g_autoptr (GError) error = NULL;
  Listening *listening = g_new0 (Listening, 1);

  listening->swarm = self;
  if (peerup_endpoint_parse (address, &listening->endpoint, &error) &&
      listen_check (&listening->endpoint, address, &error))
    listening->listener =
      peerup_listener_new (listening->endpoint.host, listening->endpoint.port, on_accepted, listening, &error);
  if (listening->listener == NULL)
    {
      listening_free (listening);
      return dex_future_new_for_error (g_steal_pointer (&error));
    }
  if (self->listening == NULL)
    self->listening = g_ptr_array_new_with_free_func (listening_free);
  g_ptr_array_add (self->listening, listening);
  g_signal_emit_by_name (self, "addresses-changed");
  return dex_future_new_for_boolean (TRUE);
}

void
peerup_swarm_stop_listening (PeerupSwarm *self)
{
  g_clear_pointer (&self->listening, g_ptr_array_unref);
}

static gboolean
is_wildcard (PeerupEndpoint *endpoint)
{
  return g_str_equal (endpoint->host, "0.0.0.0") || g_str_equal (endpoint->host, "::");
}

/* Every usable address of this machine's interfaces in place of a wildcard. Link-local
 * ones need a zone that means nothing to others. */
static void
add_interface_addresses (GPtrArray *result, PeerupEndpoint *endpoint, guint port)
{
  int family = endpoint->family == PEERUP_MULTIADDR_IP4 ? AF_INET : AF_INET6;
  struct ifaddrs *interfaces = NULL;

  if (getifaddrs (&interfaces) != 0)
    return;
  for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    {
      g_autoptr (GSocketAddress) address = NULL;
      g_autoptr (GSocketAddress) with_port = NULL;
      GInetAddress *inet;

      if (i->ifa_addr == NULL || i->ifa_addr->sa_family != family || (i->ifa_flags & IFF_UP) == 0)
        continue;
      address = g_socket_address_new_from_native (i->ifa_addr, family == AF_INET ? sizeof (struct sockaddr_in)
                                                                                 : sizeof (struct sockaddr_in6));
      inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
      if (g_inet_address_get_is_link_local (inet))
        continue;
      with_port = g_inet_socket_address_new (inet, port);
      g_ptr_array_add (result, peerup_endpoint_address_from_socket (with_port));
    }
  freeifaddrs (interfaces);
}

GPtrArray *
peerup_swarm_dup_listen_addresses (PeerupSwarm *self)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; self->listening != NULL && i < self->listening->len; i++)
    {
      Listening *listening = self->listening->pdata[i];
      guint port = peerup_listener_get_port (listening->listener);

      if (is_wildcard (&listening->endpoint))
        add_interface_addresses (result, &listening->endpoint, port);
      else
        g_ptr_array_add (result,
                         peerup_multiaddr_newf ("/%s/%s/tcp/%u",
                                                listening->endpoint.family == PEERUP_MULTIADDR_IP4 ? "ip4" : "ip6",
                                                listening->endpoint.host, port));
    }
  return result;
}
