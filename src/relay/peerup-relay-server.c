/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The relay as an object: whom it lets in, what it tells, when it stops. What happens on a
 * hop stream stands in peerup-relay-request.c, what may be granted in the table. It holds its
 * requests and its swarm; neither holds it, so that it goes when its owner drops it,
 * and every stream of it is reset then. */

#include "relay/peerup-relay-server.h"

#include "relay/peerup-relay-server-private.h"
#include "swarm/peerup-endpoint.h"

G_DEFINE_FINAL_TYPE (PeerupRelayServer, peerup_relay_server, G_TYPE_OBJECT)

enum
{
  PROP_N_RESERVATIONS = 1,
  PROP_N_CIRCUITS,
  PROP_DRAINING,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];
static guint changed_signal;

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

void
peerup_relay_server_changed (PeerupRelayServer *self)
{
  if (self->drained != NULL && dex_future_is_pending (DEX_FUTURE (self->drained)) &&
      peerup_relay_table_get_n_circuits (self->table) == 0)
    {
      peerup_timer_stop (&self->drain_timer);
      dex_promise_resolve_boolean (self->drained, TRUE);
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_RESERVATIONS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_N_CIRCUITS]);
  g_signal_emit (self, changed_signal, 0);
}

gboolean
peerup_relay_is_relayed (PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  return info->limited || g_str_equal (info->transport, "relay") ||
         (info->remote_address != NULL &&
          peerup_multiaddr_find (info->remote_address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL));
}

gboolean
peerup_relay_server_asks_gate (PeerupRelayServer *self, PeerupPeerId *peer, gboolean *authorized)
{
  *authorized = FALSE;
  return self->gate == NULL || self->gate (peer, authorized, self->gate_data);
}

gboolean
peerup_relay_server_allows (PeerupRelayServer *self, PeerupPeerId *peer, PeerupPeerId *target)
{
  return self->allow == NULL || self->allow (peer, target, self->allow_data);
}

/* Addresses */

static PeerupScope
get_scope (PeerupMultiaddr *address)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return peerup_endpoint_parse (address, &endpoint, NULL) ? peerup_endpoint_get_scope (&endpoint) : PEERUP_SCOPE_PUBLIC;
}

static PeerupScope
get_widest_scope (GPtrArray *addresses)
{
  PeerupScope widest = PEERUP_SCOPE_LOOPBACK;

  for (guint i = 0; i < addresses->len; i++)
    widest = MAX (widest, get_scope (addresses->pdata[i]));
  return widest;
}

GPtrArray *
peerup_relay_server_dup_addresses (PeerupRelayServer *self)
{
  g_autoptr (GPtrArray) all =
    self->addresses != NULL ? g_ptr_array_ref (self->addresses) : peerup_swarm_dup_listen_addresses (self->swarm);
  PeerupScope widest = self->addresses != NULL ? PEERUP_SCOPE_LOOPBACK : get_widest_scope (all);
  GPtrArray *told = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < all->len; i++)
    if (get_scope (all->pdata[i]) >= widest)
      g_ptr_array_add (told, peerup_multiaddr_with_peer_id (all->pdata[i], peerup_swarm_get_peer_id (self->swarm)));
  return told;
}

/* Requests */

typedef gboolean (*RequestFilter) (PeerupRelayRequest *request, gpointer data);

static gboolean
is_any (PeerupRelayRequest *request, gpointer data)
{
  return TRUE;
}

static gboolean
is_circuit (PeerupRelayRequest *request, gpointer data)
{
  return request->target != NULL;
}

/* A circuit ends by itself with its streams; what waits for a target would wait on for nobody. */
static gboolean
waits_for_nobody (PeerupRelayRequest *request, gpointer connection)
{
  return request->circuit == NULL && request->connection == connection;
}

static gboolean
is_of_peer (PeerupRelayRequest *request, gpointer peer)
{
  return peerup_peer_id_equal (peerup_connection_get_remote_peer (request->connection), peer) ||
         (request->target != NULL && peerup_peer_id_equal (request->target, peer));
}

static void
server_end_requests (PeerupRelayServer *self, RequestFilter filter, gpointer data, guint32 code)
{
  g_autoptr (GPtrArray) ending = g_ptr_array_new_with_free_func (peerup_relay_request_unref);

  for (GList *link = self->requests.head; link != NULL; link = link->next)
    if (filter (link->data, data))
      g_ptr_array_add (ending, g_rc_box_acquire (link->data));
  for (guint i = 0; i < ending->len; i++)
    peerup_relay_request_end (ending->pdata[i], code);
}

/* The swarm */

static void
on_hop (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_relay_request_start (data, connection, stream);
}

static void
server_serve (PeerupRelayServer *self)
{
  peerup_swarm_add_protocol (self->swarm, PEERUP_CIRCUIT_HOP, on_hop, self, NULL);
}

static gboolean
server_reaches (PeerupRelayServer *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, peer);

  for (guint i = 0; i < connections->len; i++)
    if (!peerup_relay_is_relayed (connections->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  g_autoptr (PeerupRelayServer) self = g_object_ref (data);

  server_end_requests (self, waits_for_nobody, connection, PEERUP_STREAM_CODE_NONE);
  if (!peerup_relay_table_has_reservation (self->table, peer, get_now ()) || server_reaches (self, peer))
    return;
  peerup_relay_table_forget (self->table, peer);
  peerup_relay_server_changed (self);
}

/* The drain */

static void
on_drain_deadline (gpointer data)
{
  g_autoptr (PeerupRelayServer) self = g_object_ref (data);

  server_end_requests (self, is_circuit, NULL, PEERUP_STREAM_CODE_SHUTDOWN);
}

DexFuture *
peerup_relay_server_drain (PeerupRelayServer *self, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_RELAY_SERVER (self), NULL);

  if (self->drained == NULL)
    {
      self->drained = dex_promise_new ();
      peerup_relay_table_forget_all (self->table);
      peerup_swarm_remove_protocol (self->swarm, PEERUP_CIRCUIT_HOP);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DRAINING]);
      peerup_relay_server_changed (self);
    }
  if (dex_future_is_pending (DEX_FUTURE (self->drained)))
    peerup_timer_set (&self->drain_timer, deadline);
  return dex_ref (DEX_FUTURE (self->drained));
}

void
peerup_relay_server_resume (PeerupRelayServer *self)
{
  g_autoptr (DexPromise) drained = NULL;

  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  drained = g_steal_pointer (&self->drained);
  if (drained == NULL)
    return;
  peerup_timer_stop (&self->drain_timer);
  if (dex_future_is_pending (DEX_FUTURE (drained)))
    dex_promise_resolve_boolean (drained, FALSE);
  server_serve (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_DRAINING]);
  peerup_relay_server_changed (self);
}

void
peerup_relay_server_revoke (PeerupRelayServer *self, PeerupPeerId *peer)
{
  gboolean authorized;

  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  server_end_requests (self, is_of_peer, peer, PEERUP_STREAM_CODE_GATED);
  if (!peerup_relay_server_asks_gate (self, peer, &authorized))
    peerup_relay_table_forget (self->table, peer);
  peerup_relay_server_changed (self);
}

/* Settings and figures */

void
peerup_relay_server_set_gate (PeerupRelayServer *self, PeerupRelayGateFunc gate, gpointer data, GDestroyNotify destroy)
{
  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  if (self->gate_destroy != NULL)
    self->gate_destroy (self->gate_data);
  self->gate = gate;
  self->gate_data = data;
  self->gate_destroy = destroy;
}

void
peerup_relay_server_set_allow (PeerupRelayServer *self, PeerupRelayAllowFunc allow, gpointer data)
{
  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  self->allow = allow;
  self->allow_data = data;
}

void
peerup_relay_server_set_settings (PeerupRelayServer *self, const PeerupRelaySettings *settings)
{
  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  self->settings = *settings;
  peerup_relay_table_set_settings (self->table, settings);
}

void
peerup_relay_server_set_addresses (PeerupRelayServer *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  if (addresses != NULL)
    self->addresses = g_ptr_array_ref (addresses);
}

void
peerup_relay_server_get_figures (PeerupRelayServer *self, PeerupRelayFigures *figures)
{
  g_return_if_fail (PEERUP_IS_RELAY_SERVER (self));

  *figures = self->figures;
  for (GList *link = self->requests.head; link != NULL; link = link->next)
    {
      PeerupRelayRequest *request = link->data;

      if (request->circuit != NULL)
        figures->bytes += peerup_relay_circuit_get_bytes (request->circuit);
    }
}

gboolean
peerup_relay_server_has_reservation (PeerupRelayServer *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_RELAY_SERVER (self), FALSE);
  return peerup_relay_table_has_reservation (self->table, peer, get_now ());
}

/* Life */

static void
peerup_relay_server_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupRelayServer *self = PEERUP_RELAY_SERVER (object);

  switch (id)
    {
    case PROP_N_RESERVATIONS:
      g_value_set_uint (value, peerup_relay_table_get_n_reservations (self->table, get_now ()));
      break;
    case PROP_N_CIRCUITS:
      g_value_set_uint (value, peerup_relay_table_get_n_circuits (self->table));
      break;
    case PROP_DRAINING:
      g_value_set_boolean (value, self->drained != NULL);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_relay_server_dispose (GObject *object)
{
  PeerupRelayServer *self = PEERUP_RELAY_SERVER (object);

  if (self->swarm != NULL)
    {
      if (self->drained == NULL)
        peerup_swarm_remove_protocol (self->swarm, PEERUP_CIRCUIT_HOP);
      g_signal_handlers_disconnect_by_func (self->swarm, on_connection_closed, self);
      server_end_requests (self, is_any, NULL, PEERUP_STREAM_CODE_SHUTDOWN);
      g_clear_object (&self->swarm);
    }
  peerup_timer_clear (&self->drain_timer);
  peerup_relay_server_set_gate (self, NULL, NULL, NULL);
  G_OBJECT_CLASS (peerup_relay_server_parent_class)->dispose (object);
}

static void
peerup_relay_server_finalize (GObject *object)
{
  PeerupRelayServer *self = PEERUP_RELAY_SERVER (object);

  g_assert (g_queue_is_empty (&self->requests) && g_hash_table_size (self->waiting) == 0);
  dex_clear (&self->drained);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_hash_table_unref (self->waiting);
  peerup_relay_table_free (self->table);
  G_OBJECT_CLASS (peerup_relay_server_parent_class)->finalize (object);
}

static void
peerup_relay_server_class_init (PeerupRelayServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = peerup_relay_server_get_property;
  object_class->dispose = peerup_relay_server_dispose;
  object_class->finalize = peerup_relay_server_finalize;
  properties[PROP_N_RESERVATIONS] = g_param_spec_uint ("n-reservations", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_N_CIRCUITS] = g_param_spec_uint ("n-circuits", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_DRAINING] = g_param_spec_boolean ("draining", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  changed_signal =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_relay_server_init (PeerupRelayServer *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->waiting =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  peerup_timer_init (&self->drain_timer, reactor, on_drain_deadline, self);
}

PeerupRelayServer *
peerup_relay_server_new (PeerupSwarm *swarm, const PeerupRelaySettings *settings)
{
  PeerupRelayServer *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);
  g_return_val_if_fail (settings != NULL, NULL);

  self = g_object_new (PEERUP_TYPE_RELAY_SERVER, NULL);
  self->swarm = g_object_ref (swarm);
  self->settings = *settings;
  self->table = peerup_relay_table_new (settings);
  g_signal_connect (swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  server_serve (self);
  return self;
}
