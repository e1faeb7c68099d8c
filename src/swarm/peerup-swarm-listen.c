/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The listening half of the swarm: sockets, what arrives on them, and the addresses others
 * can dial. An inbound connection is nobody's until its upgrade is done, and the limits say
 * how many of those there may be. */

#include <glib/gi18n-lib.h>
#include <ifaddrs.h>
#include <net/if.h>

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* One configured address. */
typedef struct
{
  PeerupSwarm *swarm; /* borrowed: the swarm owns this */
  PeerupMultiaddr *configured;
  PeerupEndpoint endpoint;
  PeerupSocketAddress address;       /* with the real port */
  PeerupListener *listener;          /* NULL: QUIC */
  PeerupTlsCredentials *credentials; /* NULL: not a WebSocket in TLS */
  PeerupQuicTransport *quic;         /* NULL: TCP */
} Listening;

static void
listening_free (gpointer data)
{
  Listening *self = data;

  g_clear_pointer (&self->listener, peerup_listener_free);
  g_clear_pointer (&self->credentials, peerup_tls_credentials_unref);
  g_clear_pointer (&self->configured, peerup_multiaddr_unref);
  g_clear_object (&self->quic);
  peerup_endpoint_clear (&self->endpoint);
  g_free (self);
}

/* TCP, and WebSocket over it */

PeerupMultiaddr *
peerup_swarm_address_of_socket (int fd, gboolean remote, PeerupIpTransport transport, guint64 *host)
{
  PeerupSocketAddress native, address;
  socklen_t size = sizeof native;
  int result = remote ? getpeername (fd, &native.any, &size) : getsockname (fd, &native.any, &size);

  if (result != 0 || !peerup_socket_address_set_native (&address, &native, size))
    return NULL;
  if (host != NULL)
    *host = peerup_socket_address_get_host_key (&address);
  return peerup_socket_address_to_multiaddr (&address, transport);
}

typedef struct
{
  PeerupSwarm *swarm;
  PeerupStream *raw;
  guint64 host;
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

  g_hash_table_remove (self->swarm->upgrading, self->raw);
  peerup_swarm_release_handshake (self->swarm, self->host);
  if (value == NULL)
    g_debug ("An inbound connection came to nothing: %s", error->message);
  else if (self->swarm->closed)
    peerup_connection_close (g_value_get_object (value), PEERUP_CONNECTION_CODE_SHUTDOWN);
  else
    peerup_swarm_add_connection (self->swarm, g_value_get_object (value));
  return NULL;
}

static DexFuture *
listening_upgrade (Listening *self, PeerupStream *raw, const PeerupUpgradeOptions *options)
{
  return peerup_endpoint_is_websocket (&self->endpoint)
           ? peerup_swarm_accept_websocket (self->swarm, raw, self->credentials, options)
           : peerup_swarm_upgrade (self->swarm, raw, options);
}

static void
on_accepted (PeerupListener *listener, int fd, gpointer data)
{
  Listening *listening = data;
  PeerupSwarm *self = listening->swarm;
  PeerupIpTransport transport = listening->endpoint.transport;
  guint64 host = 0;
  g_autoptr (PeerupMultiaddr) local = peerup_swarm_address_of_socket (fd, FALSE, transport, NULL);
  g_autoptr (PeerupMultiaddr) remote = peerup_swarm_address_of_socket (fd, TRUE, transport, &host);
  g_autoptr (PeerupPeerId) server = remote != NULL ? peerup_swarm_dup_opening_server (self, remote) : NULL;
  g_autoptr (PeerupStream) raw = peerup_socket_stream_new (fd, NULL);
  const PeerupUpgradeOptions options = {
    .outbound = server != NULL,
    .expected_peer = server,
    .local_address = local,
    .remote_address = remote,
    .transport = transport == PEERUP_IP_TCP ? "tcp" : PEERUP_TRANSPORT_WEBSOCKET,
    .deadline = g_get_monotonic_time () + PEERUP_SWARM_UPGRADE_TIMEOUT,
  };
  Inbound *inbound;

  /* Dropping the stream closes the socket. */
  if (raw == NULL || !peerup_swarm_admit_handshake (self, host))
    return;
  peerup_socket_stream_set_peer_options (PEERUP_SOCKET_STREAM (raw));
  inbound = g_new0 (Inbound, 1);
  inbound->swarm = g_object_ref (self);
  inbound->raw = g_object_ref (raw);
  inbound->host = host;
  g_hash_table_add (self->upgrading, g_object_ref (raw));
  /* Nobody waits for it: its end is inbound_upgraded(), also when the swarm closes. */
  dex_future_disown (
    dex_future_finally (listening_upgrade (listening, raw, &options), inbound_upgraded, inbound, inbound_free));
}

static gboolean
listen_on_tcp (Listening *self, GError **error)
{
  if (self->endpoint.transport == PEERUP_IP_WEBSOCKETS)
    {
      self->credentials = peerup_swarm_read_websocket_certificate (self->swarm, error);
      if (self->credentials == NULL)
        return FALSE;
    }
  self->listener = peerup_listener_new (self->endpoint.host, self->endpoint.port, on_accepted, self, error);
  if (self->listener == NULL)
    return FALSE;
  peerup_socket_address_set_port (&self->address, peerup_listener_get_port (self->listener));
  return TRUE;
}

static gboolean
listening_can_send_from (const Listening *self, const PeerupSocketAddress *source)
{
  PeerupSocketAddress local = self->address;

  peerup_socket_address_set_port (&local, peerup_socket_address_get_port (source));
  return local.any.sa_family == source->any.sa_family &&
         (peerup_socket_address_is_wildcard (&local) || peerup_socket_address_equal (&local, source));
}

int
peerup_swarm_open_beside (PeerupSwarm *self, const PeerupSocketAddress *remote, GError **error)
{
  PeerupSocketAddress source;
  guint mtu;

  if (!peerup_udp_find_route (remote, &source, &mtu, error))
    return -1;
  for (guint i = 0; self->listening != NULL && i < self->listening->len; i++)
    {
      const Listening *listening = self->listening->pdata[i];

      if (listening->endpoint.transport == PEERUP_IP_TCP && listening_can_send_from (listening, &source))
        return peerup_listener_open_beside (listening->listener, remote->any.sa_family, error);
    }
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                       _ ("nothing listens on TCP here whose port it could come from"));
  return -1;
}

/* QUIC */

static gboolean
listen_on_quic (Listening *self, GError **error)
{
  self->quic = peerup_swarm_open_quic (self->swarm, &self->address, error);
  if (self->quic == NULL)
    return FALSE;
  peerup_udp_socket_get_address (peerup_quic_transport_get_socket (self->quic), &self->address);
  return TRUE;
}

/* Both */

static gboolean
listening_start (Listening *self, PeerupMultiaddr *address, GError **error)
{
  if (!peerup_endpoint_parse (address, &self->endpoint, error))
    return FALSE;
  if (peerup_endpoint_is_name (&self->endpoint))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("%s: listening needs an IP address, not a name"),
                   peerup_multiaddr_get_string (address));
      return FALSE;
    }
  if (!peerup_endpoint_get_socket_address (&self->endpoint, &self->address))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _ ("%s: this machine has no such network interface"),
                   peerup_multiaddr_get_string (address));
      return FALSE;
    }
  return self->endpoint.transport == PEERUP_IP_QUIC ? listen_on_quic (self, error) : listen_on_tcp (self, error);
}

DexFuture *
peerup_swarm_listen (PeerupSwarm *self, PeerupMultiaddr *address)
{
  g_autoptr (GError) error = NULL;
  Listening *listening = g_new0 (Listening, 1);

  listening->swarm = self;
  listening->configured = peerup_multiaddr_ref (address);
  if (!listening_start (listening, address, &error))
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

gboolean
peerup_swarm_unlisten (PeerupSwarm *self, PeerupMultiaddr *address)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (self), FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  for (guint i = 0; self->listening != NULL && i < self->listening->len; i++)
    {
      Listening *listening = self->listening->pdata[i];

      if (!peerup_multiaddr_equal (listening->configured, address))
        continue;
      if (listening->quic != NULL)
        peerup_swarm_retire_quic (self, listening->quic);
      g_ptr_array_remove_index (self->listening, i);
      g_signal_emit_by_name (self, "addresses-changed");
      return TRUE;
    }
  return FALSE;
}

gboolean
peerup_swarm_renew_websocket_certificate (PeerupSwarm *self, GError **error)
{
  g_autoptr (PeerupTlsCredentials) credentials = NULL;

  g_return_val_if_fail (PEERUP_IS_SWARM (self), FALSE);

  for (guint i = 0; self->listening != NULL && i < self->listening->len; i++)
    {
      Listening *listening = self->listening->pdata[i];

      if (listening->credentials == NULL)
        continue;
      if (credentials == NULL)
        credentials = peerup_swarm_read_websocket_certificate (self, error);
      if (credentials == NULL)
        return FALSE;
      peerup_tls_credentials_unref (listening->credentials);
      listening->credentials = peerup_tls_credentials_ref (credentials);
    }
  return TRUE;
}

void
peerup_swarm_stop_listening (PeerupSwarm *self)
{
  g_clear_pointer (&self->listening, g_ptr_array_unref);
}

/* Who listens under a name tells it, so that it is asked for. */
static PeerupMultiaddr *
listening_to_multiaddr (const Listening *self, const PeerupSocketAddress *address)
{
  g_autoptr (PeerupMultiaddr) plain = NULL;

  if (self->endpoint.server_name == NULL)
    return peerup_socket_address_to_multiaddr (address, self->endpoint.transport);
  plain = peerup_socket_address_to_multiaddr (address, PEERUP_IP_TCP);
  return peerup_multiaddr_newf ("%s/tls/sni/%s/ws", peerup_multiaddr_get_string (plain), self->endpoint.server_name);
}

/* Every usable address of this machine's interfaces in place of a wildcard. Link-local
 * ones need a zone that means nothing to others. */
static void
add_interface_addresses (GPtrArray *result, const Listening *listening)
{
  struct ifaddrs *interfaces = NULL;

  if (getifaddrs (&interfaces) != 0)
    return;
  for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
    {
      PeerupSocketAddress address;

      if (i->ifa_addr == NULL || i->ifa_addr->sa_family != listening->address.any.sa_family ||
          (i->ifa_flags & IFF_UP) == 0 ||
          !peerup_socket_address_set_native (&address, i->ifa_addr,
                                             peerup_socket_address_get_length (&listening->address)) ||
          peerup_socket_address_is_link_local (&address))
        continue;
      peerup_socket_address_set_port (&address, peerup_socket_address_get_port (&listening->address));
      g_ptr_array_add (result, listening_to_multiaddr (listening, &address));
    }
  freeifaddrs (interfaces);
}

GPtrArray *
peerup_swarm_dup_listen_addresses (PeerupSwarm *self)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; self->listening != NULL && i < self->listening->len; i++)
    {
      const Listening *listening = self->listening->pdata[i];

      if (peerup_socket_address_is_wildcard (&listening->address))
        add_interface_addresses (result, listening);
      else
        g_ptr_array_add (result, listening_to_multiaddr (listening, &listening->address));
    }
  return result;
}
