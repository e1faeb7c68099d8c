/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The swarm's QUIC sockets: those that listen, which dial too so that a router's mapping of
 * their port serves both ways, and one for each family that only dials, made when no listening
 * one will do and kept from then on. They all end with peerup_swarm_stop_quic(). */

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "swarm/peerup-swarm-private.h"

#define SECRET_SIZE 32

static gboolean
on_admit (const PeerupSocketAddress *remote, gpointer data)
{
  return peerup_swarm_admit_handshake (data, peerup_socket_address_get_host_key (remote));
}

static void
on_release (const PeerupSocketAddress *remote, gpointer data)
{
  peerup_swarm_release_handshake (data, peerup_socket_address_get_host_key (remote));
}

static void
on_accept (PeerupQuicTransport *transport, PeerupConnection *connection, gpointer data)
{
  PeerupSwarm *self = data;

  if (self->closed)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SHUTDOWN);
  else
    peerup_swarm_add_connection (self, connection);
}

/* The same whenever this identity listens on this address, known to nobody else: what signs
 * the same text always gives the same signature (Ed25519), and this one is never shown. */
static gboolean
make_secret (PeerupSwarm *self, PeerupUdpSocket *socket, guint8 secret[SECRET_SIZE], GError **error)
{
  PeerupSocketAddress local;
  g_autofree char *where = NULL;
  g_autofree char *text = NULL;
  guint8 signature[PEERUP_ED25519_SIGNATURE_SIZE];
  gboolean signed_it;

  peerup_udp_socket_get_address (socket, &local);
  where = peerup_socket_address_to_string (&local);
  text = g_strdup_printf ("peerup quic stateless reset %s", where);
  signed_it = peerup_private_key_sign (self->identity, text, strlen (text), signature, error);
  if (signed_it && gnutls_hash_fast (GNUTLS_DIG_SHA256, signature, sizeof signature, secret) != 0)
    g_assert_not_reached ();
  gnutls_memset (signature, 0, sizeof signature);
  return signed_it;
}

/* Retired ones */

static gboolean
on_sweep (gpointer data)
{
  g_autoptr (PeerupSwarm) self = g_object_ref (data);
  guint n_retired = self->retired->len;

  g_clear_pointer (&self->sweep, g_source_unref);
  for (guint i = self->retired->len; i > 0; i--)
    if (peerup_quic_transport_get_n_connections (self->retired->pdata[i - 1]) == 0)
      g_ptr_array_remove_index (self->retired, i - 1);
  if (self->retired->len < n_retired)
    g_signal_emit_by_name (self, "socket-closed");
  return G_SOURCE_REMOVE;
}

static void
on_quic_idle (PeerupQuicTransport *transport, gpointer data)
{
  PeerupSwarm *self = data;

  if (self->sweep != NULL || !g_ptr_array_find (self->retired, transport, NULL))
    return;
  self->sweep = g_idle_source_new ();
  g_source_set_callback (self->sweep, on_sweep, self, NULL);
  g_source_attach (self->sweep, g_main_context_get_thread_default ());
}

void
peerup_swarm_retire_quic (PeerupSwarm *self, PeerupQuicTransport *transport)
{
  g_autoptr (PeerupQuicTransport) held = g_object_ref (transport);

  if (!g_ptr_array_remove (self->quic, transport))
    return;
  peerup_quic_transport_set_listening (transport, FALSE);
  if (peerup_quic_transport_get_n_connections (transport) > 0)
    g_ptr_array_add (self->retired, g_steal_pointer (&held));
}

/* (nullable) (transfer full): one that is bound to @local, listening again. */
static PeerupQuicTransport *
quic_bring_back (PeerupSwarm *self, const PeerupSocketAddress *local)
{
  for (guint i = 0; i < self->retired->len; i++)
    {
      PeerupQuicTransport *transport = self->retired->pdata[i];
      PeerupSocketAddress bound;

      peerup_udp_socket_get_address (peerup_quic_transport_get_socket (transport), &bound);
      if (!peerup_socket_address_equal (&bound, local))
        continue;
      g_object_ref (transport);
      g_ptr_array_remove_index (self->retired, i);
      peerup_quic_transport_set_listening (transport, TRUE);
      return transport;
    }
  return NULL;
}

static PeerupQuicTransport *
quic_open (PeerupSwarm *self, const PeerupSocketAddress *local, gboolean listening, GError **error)
{
  guint8 secret[SECRET_SIZE] = { 0 };
  PeerupQuicTransportOptions options = {
    .certificate = self->certificate,
    .congestion = self->congestion,
    .listening = listening,
    .gate = peerup_swarm_gate_handshake,
    .admit = on_admit,
    .release = on_release,
    .accept = on_accept,
    .idle = on_quic_idle,
    .data = self,
    .retry_threshold = peerup_swarm_get_retry_threshold (self),
    .secret = listening ? secret : NULL,
  };
  g_autoptr (PeerupUdpSocket) socket = peerup_udp_socket_new (local, error);
  PeerupQuicTransport *transport;

  if (socket == NULL || (listening && !make_secret (self, socket, secret, error)))
    return NULL;
  transport = peerup_quic_transport_new (g_steal_pointer (&socket), &options);
  gnutls_memset (secret, 0, sizeof secret);
  return transport;
}

PeerupQuicTransport *
peerup_swarm_open_quic (PeerupSwarm *self, const PeerupSocketAddress *local, GError **error)
{
  PeerupQuicTransport *transport = quic_bring_back (self, local);

  if (transport == NULL)
    transport = quic_open (self, local, TRUE, error);

  if (transport != NULL)
    g_ptr_array_add (self->quic, g_object_ref (transport));
  return transport;
}

/* Whether what leaves @transport for a place to which the system would send from @source gets there. */
static gboolean
quic_can_send_from (PeerupQuicTransport *transport, const PeerupSocketAddress *source)
{
  PeerupSocketAddress local;

  peerup_udp_socket_get_address (peerup_quic_transport_get_socket (transport), &local);
  if (local.any.sa_family != source->any.sa_family)
    return FALSE;
  peerup_socket_address_set_port (&local, peerup_socket_address_get_port (source));
  return peerup_socket_address_is_wildcard (&local) || peerup_socket_address_equal (&local, source);
}

PeerupQuicTransport *
peerup_swarm_get_quic_for (PeerupSwarm *self, const PeerupSocketAddress *remote, GError **error)
{
  PeerupSocketAddress source, any;
  PeerupQuicTransport *transport;
  guint mtu;

  if (!peerup_udp_find_route (remote, &source, &mtu, error))
    return NULL;
  for (guint i = 0; i < self->quic->len; i++)
    if (quic_can_send_from (self->quic->pdata[i], &source))
      return self->quic->pdata[i];
  if (!peerup_socket_address_set (&any, remote->any.sa_family == AF_INET ? "0.0.0.0" : "::", 0))
    g_assert_not_reached ();
  transport = quic_open (self, &any, FALSE, error);
  if (transport != NULL)
    g_ptr_array_add (self->quic, transport);
  return transport;
}

GPtrArray *
peerup_swarm_dup_quic_transports (PeerupSwarm *self)
{
  GPtrArray *transports = g_ptr_array_copy (self->quic, (GCopyFunc) (void *) g_object_ref, NULL);

  g_ptr_array_set_free_func (transports, g_object_unref);
  return transports;
}

gboolean
peerup_swarm_is_udp_blocked (PeerupSwarm *self)
{
  return peerup_peerstore_is_udp_blocked (self->peerstore, g_get_monotonic_time ());
}

void
peerup_swarm_stop_quic (PeerupSwarm *self)
{
  for (guint i = 0; i < self->quic->len; i++)
    peerup_quic_transport_close (self->quic->pdata[i], PEERUP_CONNECTION_CODE_SHUTDOWN);
  for (guint i = 0; i < self->retired->len; i++)
    peerup_quic_transport_close (self->retired->pdata[i], PEERUP_CONNECTION_CODE_SHUTDOWN);
  if (self->sweep != NULL)
    g_source_destroy (self->sweep);
  g_clear_pointer (&self->sweep, g_source_unref);
  g_ptr_array_set_size (self->quic, 0);
  g_ptr_array_set_size (self->retired, 0);
  g_ptr_array_set_size (self->punched, 0);
}

/* Routes */

void
peerup_swarm_network_changed (PeerupSwarm *self)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));

  if (self->closed)
    return;
  peerup_peerstore_network_changed (self->peerstore);
  for (guint i = 0; i < self->quic->len; i++)
    peerup_quic_transport_check_routes (self->quic->pdata[i]);
  for (guint i = 0; i < self->retired->len; i++)
    peerup_quic_transport_check_routes (self->retired->pdata[i]);
  peerup_swarm_check_punched (self);
  peerup_swarm_check_addresses (self);
  g_signal_emit_by_name (self, "addresses-changed");
  g_signal_emit_by_name (self, "network-changed");
}

static void
on_routes_changed (gpointer data)
{
  g_autoptr (PeerupSwarm) self = g_object_ref (data);

  peerup_swarm_network_changed (self);
}

void
peerup_swarm_watch_routes (PeerupSwarm *self)
{
  g_autoptr (GError) error = NULL;

  self->routes = peerup_route_monitor_new (on_routes_changed, self, &error);
  if (self->routes == NULL)
    g_message ("Changes of this machine's network are not noticed: %s", error->message);
}
