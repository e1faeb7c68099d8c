/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Tells the reachability who comes in, and the engine's relay what follows from that and from dial-backs. Lives from
 * the start to the end of a run. It probes nothing and serves nothing itself.
 */
#include "engine/peerup-engine-private.h"

/* So long a hole that we made ourselves may be open in a firewall: RFC 4787 5 asks NATs for 2 min and more,
 * and most take no more than 5. */
#define HOLE_TIME (300 * (gint64) G_USEC_PER_SEC)

struct _PeerupEnginePeerRelay
{
  PeerupEngine *engine; /* owns this */
  PeerupReachability *reachability;
  PeerupTimer timer;
  gboolean is_private; /* says the configuration */
  PeerupRelaySettings settings;
};

/* Who comes */

static gboolean
may_have_been_let_in (PeerupEnginePeerRelay *self, PeerupConnection *connection, gint64 now)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  gint64 dialed_at = peerup_swarm_get_dialed_at (self->engine->swarm, info->remote_peer);

  return peerup_multiaddr_find (info->local_address, PEERUP_MULTIADDR_UDP, NULL) && dialed_at > 0 &&
         now - dialed_at < HOLE_TIME;
}

static void
peer_relay_arm (PeerupEnginePeerRelay *self)
{
  gint64 deadline = peerup_reachability_get_deadline (self->reachability);

  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEnginePeerRelay *self = data;
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  gint64 now = g_get_monotonic_time ();

  /* Where both sides had to open the way, nobody else comes in. */
  if (info->outbound || info->punched || peerup_swarm_is_relayed (connection) || info->local_address == NULL ||
      info->remote_address == NULL || !peerup_engine_authorizes (self->engine, info->remote_peer) ||
      may_have_been_let_in (self, connection, now))
    return;
  peerup_reachability_came (self->reachability, connection, info->local_address, info->remote_address, now);
}

/* To somebody who dialed us it is the address that he dialed. */
static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  PeerupEnginePeerRelay *self = data;

  if (info->observed_address != NULL && !peerup_connection_get_info (connection)->outbound)
    peerup_reachability_named (self->reachability, connection, info->observed_address, g_get_monotonic_time ());
}

static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEnginePeerRelay *self = data;

  peerup_reachability_left (self->reachability, connection, g_get_monotonic_time ());
  peer_relay_arm (self);
}

static void
on_addresses_changed (PeerupSwarm *swarm, gpointer data)
{
  PeerupEnginePeerRelay *self = data;
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (swarm);

  peerup_reachability_set_local_addresses (self->reachability, addresses, g_get_monotonic_time ());
  peer_relay_arm (self);
}

static void
on_time (gpointer data)
{
  PeerupEnginePeerRelay *self = data;

  peerup_reachability_advance (self->reachability, g_get_monotonic_time ());
  peer_relay_arm (self);
}

/* What follows */

static void
read_settings (PeerupConfig *config, PeerupRelaySettings *settings)
{
  const PeerupConfigResources *resources = peerup_config_get_resources (config);

  peerup_relay_settings_init (settings);
  settings->reservation_ttl = 1800;
  settings->max_reservations = 4;
  settings->max_reservations_per_address = 2;
  settings->max_reservations_per_network = 4;
  settings->max_circuits = 16;
  settings->max_circuits_in_all = 16;
  settings->authorized.duration = resources->authorized_session_duration / G_USEC_PER_SEC;
  settings->authorized.data = resources->authorized_session_data_limit;
}

static void
peer_relay_follow (PeerupEnginePeerRelay *self)
{
  gboolean is_public = peerup_engine_peer_relay_is_public (self);
  g_autoptr (GPtrArray) addresses = peerup_reachability_dup_addresses (self->reachability);

  peerup_engine_relay_set_peer_addresses (self->engine->relay, addresses);
  peerup_engine_relay_set_peer_settings (self->engine->relay, is_public ? &self->settings : NULL);
  peerup_engine_relay_choice_set_wanted (self->engine->relay_choice, !is_public);
}

static void
on_reachability_changed (PeerupReachability *reachability, gpointer data)
{
  PeerupEnginePeerRelay *self = data;
  g_autoptr (GPtrArray) addresses = peerup_reachability_dup_addresses (reachability);

  if (addresses->len > 0)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "This device was reached from the internet at %s%s",
                       peerup_multiaddr_get_string (addresses->pdata[0]),
                       self->is_private ? ", but network.force_private_reachability says that it cannot be" : "");
  else
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE,
                       "This device has not been reached from the internet for a while");
  peer_relay_follow (self);
  peer_relay_arm (self);
}

void
peerup_engine_peer_relay_apply (PeerupEnginePeerRelay *self, PeerupConfig *config)
{
  self->is_private = peerup_config_get_force_private_reachability (config);
  read_settings (config, &self->settings);
  peer_relay_follow (self);
}

gboolean
peerup_engine_peer_relay_is_public (PeerupEnginePeerRelay *self)
{
  return !self->is_private && peerup_reachability_is_confirmed (self->reachability);
}

PeerupReachability *
peerup_engine_peer_relay_get_reachability (PeerupEnginePeerRelay *self)
{
  return self->reachability;
}

/* Life */

PeerupEnginePeerRelay *
peerup_engine_peer_relay_new (PeerupEngine *engine)
{
  PeerupEnginePeerRelay *self = g_new0 (PeerupEnginePeerRelay, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  self->reachability = peerup_reachability_new ();
  peerup_timer_init (&self->timer, reactor, on_time, self);
  g_signal_connect (self->reachability, "changed", G_CALLBACK (on_reachability_changed), self);
  g_signal_connect (engine->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self);
  g_signal_connect (engine->swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  g_signal_connect (engine->swarm, "addresses-changed", G_CALLBACK (on_addresses_changed), self);
  g_signal_connect (engine->identify, "identified", G_CALLBACK (on_identified), self);
  return self;
}

void
peerup_engine_peer_relay_free (PeerupEnginePeerRelay *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  g_signal_handlers_disconnect_by_data (self->engine->identify, self);
  g_signal_handlers_disconnect_by_data (self->reachability, self);
  peerup_timer_clear (&self->timer);
  g_object_unref (self->reachability);
  g_free (self);
}
