/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows who offers to relay for us and what comes of it, and tells the relay client whom to use. Lives
 * from the start to the end of a run. Whatever happens at once is looked at once, from the main loop.
 */
#include "engine/peerup-engine-private.h"

#include "relay/peerup-peer-relays.h"

/* Addresses of one peer that are told to the relay client. */
#define ADDRESSES_MAX 8
/* Failures in a row until another peer is tried. One that says no is not asked again. */
#define FAILURES_MAX 3

struct _PeerupEngineRelayChoice
{
  PeerupEngine *engine; /* owns this */
  PeerupPeerRelays *peers;
  PeerupTimer timer;
  gboolean wanted;
  gboolean dirty; /* who is kept has changed and the relay client does not know yet */
};

static void
choice_arm (PeerupEngineRelayChoice *self)
{
  gint64 deadline = self->dirty ? g_get_monotonic_time () : peerup_peer_relays_get_deadline (self->peers);

  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static void
choice_note (PeerupEngineRelayChoice *self, gboolean changed)
{
  self->dirty |= changed;
  choice_arm (self);
}

/* Where a peer is */

/* (nullable) (transfer full): the best connection to @peer that goes through no relay. */
static PeerupConnection *
dup_direct (PeerupEngineRelayChoice *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->engine->swarm, peer);

  return list->len > 0 && !peerup_swarm_is_relayed (list->pdata[0]) ? g_object_ref (list->pdata[0]) : NULL;
}

static void
add_address (GPtrArray *addresses, PeerupMultiaddr *address, PeerupPeerId *peer)
{
  g_autoptr (PeerupMultiaddr) named = peerup_multiaddr_with_peer_id (address, peer);

  if (addresses->len < ADDRESSES_MAX &&
      !g_ptr_array_find_with_equal_func (addresses, named, peerup_multiaddr_equal, NULL))
    g_ptr_array_add (addresses, g_steal_pointer (&named));
}

/* Where we have dialed it, and where on the internet it says it is. */
static void
add_addresses_of (PeerupEngineRelayChoice *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  g_autoptr (PeerupPeerInfo) info = peerup_identify_dup_info (self->engine->identify, peer);
  g_autoptr (GPtrArray) own = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->engine->swarm, peer);

  for (guint i = 0; i < list->len; i++)
    {
      const PeerupConnectionInfo *connection = peerup_connection_get_info (list->pdata[i]);

      if (connection->outbound && connection->remote_address != NULL && !peerup_swarm_is_relayed (list->pdata[i]))
        add_address (own, connection->remote_address, peer);
    }
  for (guint i = 0; info != NULL && i < info->addresses->len; i++)
    if (peerup_reachability_is_global (info->addresses->pdata[i]) &&
        !peerup_multiaddr_find (info->addresses->pdata[i], PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
      add_address (own, info->addresses->pdata[i], peer);
  g_ptr_array_extend (addresses, own, (GCopyFunc) (void (*) (void)) peerup_multiaddr_ref, NULL);
}

/* Whom to use */

/* What the client has of one that is not connected now is the best there is: it connects anew by that. */
static void
add_kept (PeerupEngineRelayChoice *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  guint n = addresses->len;
  g_autoptr (GPtrArray) known = NULL;

  add_addresses_of (self, peer, addresses);
  if (addresses->len > n)
    return;
  known = peerup_swarm_dup_addresses (self->engine->swarm, peer);
  for (guint i = 0; i < known->len && i < ADDRESSES_MAX; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_with_peer_id (known->pdata[i], peer));
}

static void
choice_tell (PeerupEngineRelayChoice *self)
{
  g_autoptr (GPtrArray) kept = peerup_peer_relays_dup_kept (self->peers);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  self->dirty = FALSE;
  for (guint i = 0; i < kept->len; i++)
    add_kept (self, kept->pdata[i], addresses);
  peerup_relay_client_set_peer_relays (self->engine->relays, addresses);
  /* One that is left says nothing. */
  peerup_engine_devices_touch (self->engine->devices, NULL);
}

static void
on_time (gpointer data)
{
  PeerupEngineRelayChoice *self = data;

  self->dirty |= peerup_peer_relays_advance (self->peers, g_get_monotonic_time ());
  if (self->dirty)
    choice_tell (self);
  choice_arm (self);
}

/* Offers */

static gboolean
is_configured (PeerupEngineRelayChoice *self, PeerupPeerId *peer)
{
  GPtrArray *relays = peerup_config_get_relay_addresses (self->engine->config);

  for (guint i = 0; i < relays->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (relays->pdata[i]);

      if (relay != NULL && peerup_peer_id_equal (relay, peer))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_offer (PeerupEngineRelayChoice *self, PeerupPeerInfo *info)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  if (!self->wanted || !peerup_peer_info_has_protocol (info, PEERUP_CIRCUIT_HOP) ||
      !peerup_engine_authorizes (self->engine, info->peer) || is_configured (self, info->peer))
    return FALSE;
  add_addresses_of (self, info->peer, addresses);
  return addresses->len > 0;
}

static void
choice_judge (PeerupEngineRelayChoice *self, PeerupConnection *connection, PeerupPeerInfo *info)
{
  gint64 now = g_get_monotonic_time ();

  if (is_offer (self, info))
    choice_note (self, peerup_peer_relays_offer (self->peers, info->peer, peerup_connection_get_rtt (connection), now));
  else
    choice_note (self, peerup_peer_relays_withdraw (self->peers, info->peer, now));
}

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  if (!peerup_swarm_is_relayed (connection))
    choice_judge (data, connection, info);
}

/* One that is used is connected to again by the relay client; the offer of any other is over. */
static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEngineRelayChoice *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  g_autoptr (PeerupConnection) other = dup_direct (self, peer);

  if (other == NULL && !peerup_peer_relays_is_kept (self->peers, peer))
    choice_note (self, peerup_peer_relays_withdraw (self->peers, peer, g_get_monotonic_time ()));
}

/* What comes of them */

static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
}

static void
choice_take_result (PeerupEngineRelayChoice *self, const PeerupRelayInfo *info)
{
  g_autoptr (PeerupConnection) connection = dup_direct (self, info->relay);
  gint64 now = g_get_monotonic_time ();

  if (info->state == PEERUP_RELAY_RESERVED && info->rtt >= 0)
    choice_note (self, peerup_peer_relays_offer (self->peers, info->relay, info->rtt, now));
  else if (info->n_failures >= FAILURES_MAX || (info->n_failures > 0 && is_refusal (info->error)))
    choice_note (self, connection != NULL ? peerup_peer_relays_fail (self->peers, info->relay, now)
                                          : peerup_peer_relays_withdraw (self->peers, info->relay, now));
}

static void
on_relay_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  PeerupEngineRelayChoice *self = data;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (relays); i++)
    {
      peerup_relay_client_get_info (relays, i, &info);
      if (info.of_peer && peerup_peer_id_equal (info.relay, relay) && peerup_peer_relays_is_kept (self->peers, relay))
        {
          choice_take_result (self, &info);
          return;
        }
    }
}

/* From outside */

static void
choice_drop_unwelcome (PeerupEngineRelayChoice *self)
{
  g_autoptr (GPtrArray) kept = peerup_peer_relays_dup_kept (self->peers);

  for (guint i = 0; i < kept->len; i++)
    if (!self->wanted || !peerup_engine_authorizes (self->engine, kept->pdata[i]) ||
        is_configured (self, kept->pdata[i]))
      choice_note (self, peerup_peer_relays_withdraw (self->peers, kept->pdata[i], g_get_monotonic_time ()));
}

void
peerup_engine_relay_choice_review (PeerupEngineRelayChoice *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);

  for (guint i = 0; i < connections->len; i++)
    {
      g_autoptr (PeerupPeerInfo) info =
        peerup_identify_dup_info (self->engine->identify, peerup_connection_get_remote_peer (connections->pdata[i]));

      if (info != NULL && !peerup_swarm_is_relayed (connections->pdata[i]))
        choice_judge (self, connections->pdata[i], info);
    }
  choice_drop_unwelcome (self);
}

void
peerup_engine_relay_choice_set_wanted (PeerupEngineRelayChoice *self, gboolean wanted)
{
  if (self->wanted == wanted)
    return;
  self->wanted = wanted;
  peerup_engine_relay_choice_review (self);
}

void
peerup_engine_relay_choice_revoke (PeerupEngineRelayChoice *self, PeerupPeerId *peer)
{
  /* At once: its connection is about to be closed, and must not be opened again. */
  if (peerup_peer_relays_withdraw (self->peers, peer, g_get_monotonic_time ()))
    choice_tell (self);
  choice_arm (self);
}

/* Life */

PeerupEngineRelayChoice *
peerup_engine_relay_choice_new (PeerupEngine *engine)
{
  PeerupEngineRelayChoice *self = g_new0 (PeerupEngineRelayChoice, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  self->peers = peerup_peer_relays_new ();
  self->wanted = TRUE;
  peerup_timer_init (&self->timer, reactor, on_time, self);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  g_signal_connect (engine->swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  g_signal_connect (engine->relays, "changed", G_CALLBACK (on_relay_changed), self);
  return self;
}

void
peerup_engine_relay_choice_free (PeerupEngineRelayChoice *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->identify, self);
  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  g_signal_handlers_disconnect_by_data (self->engine->relays, self);
  peerup_timer_clear (&self->timer);
  peerup_peer_relays_free (self->peers);
  g_free (self);
}
