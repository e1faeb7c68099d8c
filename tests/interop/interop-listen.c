/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * listen: serves every protocol of the contract and tells what happens, until it is told to end.
 * relay: the same, and hop. */

#include "interop.h"
#include "tunnel/peerup-service-private.h"
#include "wire/peerup-error.h"

typedef struct
{
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  GHashTable *identified; /* PeerupConnection: its identify answer has come */
  GPtrArray *services;
  PeerupRelayServer *relay; /* NULL: it is none */
  PeerupDcutr *dcutr;       /* NULL: it leaves connections as they are */
} Listener;

/* What is under way may hold the identify object and the swarm for a moment longer. */
static void
listener_clear (Listener *self)
{
  if (self->identify != NULL)
    g_signal_handlers_disconnect_by_data (self->identify, self);
  if (self->dcutr != NULL)
    g_signal_handlers_disconnect_by_data (self->identify, self->dcutr);
  g_clear_object (&self->dcutr);
  g_clear_object (&self->identify);
  g_clear_pointer (&self->identified, g_hash_table_unref);
  g_clear_pointer (&self->services, g_ptr_array_unref);
  g_clear_object (&self->relay);
  g_signal_handlers_disconnect_by_data (self->swarm, self);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Listener, listener_clear)

/* The gate lets in the peers of @data. */
static gboolean
gate (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  if (g_hash_table_contains (data, peer))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "%s is not let in", peerup_peer_id_get_string (peer));
  return FALSE;
}

static gboolean
listener_set_gate (Listener *self, char **allow, GError **error)
{
  g_autoptr (GHashTable) peers =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);

  for (char **text = allow; text != NULL && *text != NULL; text++)
    {
      PeerupPeerId *peer = peerup_peer_id_new_from_string (*text, NULL);

      if (peer == NULL)
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--allow %s: not a peer ID", *text);
          return FALSE;
        }
      g_hash_table_add (peers, peer);
    }
  if (allow != NULL)
    peerup_swarm_set_gate (self->swarm, gate, g_steal_pointer (&peers), (GDestroyNotify) g_hash_table_unref);
  return TRUE;
}

static gboolean
listener_add_service (Listener *self, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "=", 2);
  g_autoptr (GSocketConnectable) target = NULL;
  g_autoptr (PeerupService) service = NULL;

  if (parts[0] != NULL && parts[1] != NULL)
    target = g_network_address_parse (parts[1], 0, NULL);
  if (target == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--service %s: use NAME=HOST:PORT", text);
      return FALSE;
    }
  service = peerup_service_new (self->swarm, parts[0], g_network_address_get_hostname (G_NETWORK_ADDRESS (target)),
                                g_network_address_get_port (G_NETWORK_ADDRESS (target)), error);
  if (service == NULL)
    return FALSE;
  peerup_service_set_enabled (service, TRUE);
  g_ptr_array_add (self->services, g_steal_pointer (&service));
  return TRUE;
}

static void
on_moved (PeerupConnection *connection, GParamSpec *pspec, gpointer data)
{
  JsonObject *members = json_object_new ();
  g_autofree char *remote = NULL;

  g_object_get (connection, "remote-address", &remote, NULL);
  json_object_set_string_member (members, "peer",
                                 peerup_peer_id_get_string (peerup_connection_get_remote_peer (connection)));
  json_object_set_string_member (members, "remote", remote);
  interop_emit ("moved", members);
}

static void
on_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  JsonObject *members = json_object_new ();

  g_signal_connect (connection, "notify::remote-address", G_CALLBACK (on_moved), NULL);
  interop_describe_connection (members, connection);
  interop_emit ("connected", members);
}

static void
emit_peer (const char *event, PeerupPeerId *peer)
{
  JsonObject *members = json_object_new ();

  json_object_set_string_member (members, "peer", peerup_peer_id_get_string (peer));
  interop_emit (event, members);
}

static void
on_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Listener *self = data;

  g_hash_table_remove (self->identified, connection);
  emit_peer ("disconnected", peerup_connection_get_remote_peer (connection));
}

static void
on_refused (PeerupSwarm *swarm, PeerupPeerId *peer, const char *address, const char *reason, gpointer data)
{
  emit_peer ("refused", peer);
}

/* The first of a connection is the answer to our question, the others the peer sent by itself. */
static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  Listener *self = data;
  JsonObject *members = json_object_new ();
  gboolean first = g_hash_table_add (self->identified, connection);

  interop_describe_info (members, info);
  interop_emit (first ? "identified" : "pushed", members);
}

static void
emit_peers (Listener *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, NULL);
  JsonObject *members = json_object_new ();
  JsonArray *peers = json_array_new ();

  for (guint i = 0; i < connections->len; i++)
    json_array_add_string_element (peers, peerup_peer_id_get_string (
                                            peerup_connection_get_remote_peer (connections->pdata[i])));
  json_object_set_array_member (members, "peers", peers);
  interop_emit ("peers", members);
}

static DexFuture *
on_connected (DexFuture *future, gpointer data)
{
  g_autoptr (GError) error = NULL;
  JsonObject *members;

  if (dex_future_get_value (future, &error) != NULL)
    return NULL;
  members = json_object_new ();
  json_object_set_string_member (members, "error", error->message);
  interop_emit ("unreached", members);
  return NULL;
}

/* What comes of it on_opened() tells. */
static void
listener_connect (Listener *self, const char *text)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, NULL);
  g_autoptr (PeerupPeerId) peer = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  if (peer == NULL)
    return;
  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (self->swarm, peer, addresses);
  dex_future_disown (dex_future_finally (peerup_swarm_connect (self->swarm, peer), on_connected, NULL, NULL));
}

static void
on_line (const char *line, gpointer data)
{
  Listener *self = data;

  if (g_str_has_prefix (line, "connect "))
    listener_connect (self, line + strlen ("connect "));
  else if (g_str_has_prefix (line, "protocol "))
    interop_serve_echo (self->swarm, line + strlen ("protocol "));
  else if (g_str_equal (line, "peers"))
    emit_peers (self);
}

static void
emit_listening (Listener *self)
{
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (self->swarm);
  PeerupPeerId *peer = peerup_swarm_get_peer_id (self->swarm);
  JsonObject *members = json_object_new ();

  json_object_set_string_member (members, "peer", peerup_peer_id_get_string (peer));
  json_object_set_array_member (members, "addrs", interop_addresses_of (addresses, peer));
  interop_emit ("listening", members);
}

static PeerupMultiaddr *
any_address (const char *transport)
{
  if (g_strcmp0 (transport, "quic") == 0)
    return peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/0/quic-v1");
  if (g_strcmp0 (transport, "ws") == 0 || g_strcmp0 (transport, "wss") == 0)
    return peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/0/%s", transport);
  return peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/0");
}

gboolean
interop_listen (PeerupSwarm *swarm, PeerupRelayClient *relays, const InteropOptions *options, GError **error)
{
  g_autoptr (PeerupMultiaddr) any =
    options->at != NULL ? peerup_multiaddr_new_from_string (options->at, error) : any_address (options->transport);
  g_auto (Listener) self = { .swarm = swarm };
  DexFuture *ended;

  self.identified = g_hash_table_new (NULL, NULL);
  self.services = g_ptr_array_new_with_free_func (g_object_unref);
  if (any == NULL || !listener_set_gate (&self, options->allow, error))
    return FALSE;
  for (char **text = options->services; text != NULL && *text != NULL; text++)
    if (!listener_add_service (&self, *text, error))
      return FALSE;
  interop_serve (swarm);
  peerup_ping_serve (swarm);
  if (options->relays)
    self.relay = interop_relay_serve (swarm, options);
  self.identify = peerup_identify_new (swarm);
  g_signal_connect (self.identify, "identified", G_CALLBACK (on_identified), &self);
  if (options->punches)
    self.dcutr = interop_punch (swarm, self.identify);
  g_signal_connect (swarm, "connection-opened", G_CALLBACK (on_opened), &self);
  g_signal_connect (swarm, "connection-closed", G_CALLBACK (on_closed), &self);
  g_signal_connect (swarm, "refused", G_CALLBACK (on_refused), &self);
  if (!dex_await (peerup_swarm_listen (swarm, any), error))
    return FALSE;
  ended = interop_read_commands (on_line, &self);
  emit_listening (&self);
  if (options->relay != NULL && !interop_relay_reserve (relays, swarm, options->relay, error))
    return FALSE;
  return dex_await (ended, error);
}
