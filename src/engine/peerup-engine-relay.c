/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Whether this engine relays for others, for whom and how much of it: from the configuration, from
 * who knows that this device has a public address, and from the owner's hand to a relay server. Lives
 * from the swarm's start to its end. It carries nothing and grants nothing itself.
 */
#include "engine/peerup-engine-private.h"
#include "trust/peerup-gater.h"

struct _PeerupEngineRelay
{
  PeerupEngine *engine;      /* owns this */
  PeerupConfig *config;      /* NULL before apply() */
  PeerupRelayServer *server; /* NULL before it is first wanted */
  PeerupRelaySettings settings;
  PeerupRelaySettings *peer_settings; /* NULL: no relaying for peers alone */
  GPtrArray *peer_addresses;          /* where it can be reached then; NULL: at what the swarm listens on */
  PeerupGater *trust;                 /* with gating off: who is in authorized_keys all the same; NULL: nobody */
  gint64 since;
  gboolean for_peers;
  gboolean held; /* drained by hand */
};

/* Who may */

static gboolean
is_authorized (PeerupEngineRelay *self, PeerupPeerId *peer)
{
  PeerupDecisionFacts facts = { NULL };

  if (self->engine->trust == NULL)
    return FALSE;
  if (!peerup_engine_trust_is_open (self->engine->trust) || self->trust == NULL)
    return peerup_engine_authorizes (self->engine, peer);
  facts.keys = peerup_gater_get_keys (self->trust);
  return peerup_decide (&facts, peer, g_get_real_time () / G_USEC_PER_SEC).allow &&
         !peerup_decision_is_guest (&facts, peer);
}

/* Being carried on by us is nothing that a guest was granted, nor what a pass is for. */
static gboolean
is_welcome (PeerupEngineRelay *self, PeerupPeerId *peer)
{
  PeerupDecision decision = peerup_engine_trust_look (self->engine->trust, peer, NULL);

  return decision.allow && decision.reason != PEERUP_DECISION_ADMITTED &&
         !peerup_engine_trust_is_guest (self->engine->trust, peer);
}

gboolean
peerup_engine_relay_may_use (PeerupEngineRelay *self, PeerupPeerId *peer)
{
  return is_authorized (self, peer) || (!self->for_peers && is_welcome (self, peer));
}

static gboolean
gate (PeerupPeerId *peer, gboolean *authorized, gpointer data)
{
  PeerupEngineRelay *self = data;

  *authorized = is_authorized (self, peer);
  return peerup_engine_relay_may_use (self, peer) ||
         peerup_engine_rendezvous_is_visitor (self->engine->rendezvous, peer);
}

/* A visitor gets circuits to whoever has invited him. */
static gboolean
allow (PeerupPeerId *peer, PeerupPeerId *target, gpointer data)
{
  PeerupEngineRelay *self = data;

  return peerup_engine_relay_may_use (self, peer) ||
         (target != NULL && peerup_engine_rendezvous_may_reach (self->engine->rendezvous, peer, target));
}

static void
on_revoked (PeerupGater *gater, PeerupPeerId *peer, const char *reason, gpointer data)
{
  PeerupEngineRelay *self = data;
  g_autofree char *who = peerup_engine_describe (self->engine, peer);

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE,
                     "%s is relayed for within the limits for everybody from now on: %s", who, reason);
  peerup_engine_relay_revoke (self, peer);
}

static void
clear_trust (PeerupEngineRelay *self)
{
  if (self->trust != NULL)
    g_signal_handlers_disconnect_by_data (self->trust, self);
  g_clear_object (&self->trust);
}

/* With gating off, a file that cannot be read costs those in it their better limits and nothing else. */
static void
follow_trust (PeerupEngineRelay *self)
{
  const char *path = peerup_config_get_authorized_keys_file (self->config);
  g_autoptr (GError) error = NULL;

  clear_trust (self);
  if (peerup_config_get_connection_gating (self->config) || path == NULL)
    return;
  self->trust = peerup_gater_new_for_favours (path, &error);
  if (self->trust != NULL)
    g_signal_connect (self->trust, "revoked", G_CALLBACK (on_revoked), self);
  else
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Nobody is relayed for without limits: %s", error->message);
}

/* How much */

static guint32
to_seconds (gint64 microseconds)
{
  return microseconds / G_USEC_PER_SEC;
}

static void
read_settings (PeerupConfig *config, PeerupRelaySettings *settings)
{
  const PeerupConfigResources *from = peerup_config_get_resources (config);

  *settings = (PeerupRelaySettings) {
    .reservation_ttl = to_seconds (from->reservation_ttl),
    .max_reservations = from->max_reservations,
    .max_reservations_per_address = from->max_reservations_per_ip,
    .max_reservations_per_network = from->max_reservations_per_asn,
    .max_circuits = from->max_circuits,
    .max_circuits_in_all = from->max_circuits_total,
    .limit = { to_seconds (from->session_duration), from->session_data_limit },
    .authorized = { to_seconds (from->authorized_session_duration), from->authorized_session_data_limit },
  };
}

/* Serving */

static gboolean
is_draining (PeerupEngineRelay *self)
{
  gboolean draining = FALSE;

  if (self->server != NULL)
    g_object_get (self->server, "draining", &draining, NULL);
  return draining;
}

static gboolean
is_asked_for (PeerupEngineRelay *self, PeerupConfig *config)
{
  return (self->engine->flags & PEERUP_ENGINE_RELAY) != 0 || peerup_config_get_relay_serve (config);
}

/* FALSE: it is to relay for nobody. */
static gboolean
choose_settings (PeerupEngineRelay *self, PeerupRelaySettings *settings, gboolean *for_peers)
{
  *for_peers = FALSE;
  if (self->config == NULL || self->held)
    return FALSE;
  if (is_asked_for (self, self->config))
    {
      read_settings (self->config, settings);
      return TRUE;
    }
  if (self->peer_settings == NULL || !peerup_config_get_relay_serve_peers (self->config))
    return FALSE;
  *settings = *self->peer_settings;
  *for_peers = TRUE;
  return TRUE;
}

/* (nullable): NULL: those of the swarm. */
static GPtrArray *
choose_addresses (PeerupEngineRelay *self)
{
  GPtrArray *announce = peerup_config_get_relay_announce (self->config);

  if (announce->len > 0)
    return announce;
  return self->for_peers ? self->peer_addresses : NULL;
}

static void
begin_to_serve (PeerupEngineRelay *self)
{
  if (self->server != NULL && !is_draining (self))
    return;
  if (self->server == NULL)
    {
      self->server = peerup_relay_server_new (self->engine->swarm, &self->settings);
      peerup_relay_server_set_gate (self->server, gate, self, NULL);
      peerup_relay_server_set_allow (self->server, allow, self);
      g_signal_connect_object (self->server, "changed", G_CALLBACK (peerup_engine_notify_relay), self->engine,
                               G_CONNECT_SWAPPED);
    }
  else
    peerup_relay_server_resume (self->server);
  self->since = g_get_real_time () / G_USEC_PER_SEC;
  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Relaying for %s",
                     self->for_peers ? "authorized peers" : "others");
}

static DexFuture *
begin_to_drain (PeerupEngineRelay *self, gint64 deadline)
{
  PeerupEngineRelayInfo info;

  if (!is_draining (self))
    {
      peerup_engine_relay_get_numbers (self, &info);
      peerup_engine_say (
        self->engine, G_LOG_LEVEL_MESSAGE,
        "No longer relaying: peers with a reservation are told (%u), and circuits may go on for a while (%u)",
        info.n_reservations, info.n_circuits);
    }
  return peerup_relay_server_drain (self->server, deadline);
}

static gint64
get_drain_deadline (PeerupEngineRelay *self)
{
  return g_get_monotonic_time () + peerup_config_get_relay_drain_time (self->config);
}

static void
follow (PeerupEngineRelay *self)
{
  PeerupRelaySettings settings;
  gboolean for_peers;

  if (!choose_settings (self, &settings, &for_peers))
    {
      if (self->server != NULL && !is_draining (self))
        /* Its end is seen in the server's numbers. */
        dex_unref (begin_to_drain (self, get_drain_deadline (self)));
      peerup_engine_stun_set_answering (self->engine->stun, FALSE);
      peerup_engine_rendezvous_follow (self->engine->rendezvous, FALSE);
      peerup_engine_notify_relay (self->engine);
      return;
    }
  self->settings = settings;
  self->for_peers = for_peers;
  begin_to_serve (self);
  peerup_relay_server_set_settings (self->server, &settings);
  peerup_relay_server_set_addresses (self->server, choose_addresses (self));
  peerup_engine_stun_set_answering (self->engine->stun, TRUE);
  peerup_engine_rendezvous_follow (self->engine->rendezvous, TRUE);
  peerup_engine_notify_relay (self->engine);
}

void
peerup_engine_relay_apply (PeerupEngineRelay *self, PeerupConfig *config)
{
  PeerupConfig *old = self->config;

  self->config = peerup_config_ref (config);
  /* Switched off and on again in the file is the owner's hand too. */
  if (old != NULL && is_asked_for (self, old) && !is_asked_for (self, config))
    self->held = FALSE;
  if (old == NULL || self->trust == NULL ||
      peerup_config_get_connection_gating (old) != peerup_config_get_connection_gating (config) ||
      g_strcmp0 (peerup_config_get_authorized_keys_file (old), peerup_config_get_authorized_keys_file (config)) != 0)
    follow_trust (self);
  g_clear_pointer (&old, peerup_config_unref);
  follow (self);
}

void
peerup_engine_relay_set_peer_settings (PeerupEngineRelay *self, const PeerupRelaySettings *settings)
{
  g_free (self->peer_settings);
  self->peer_settings = settings != NULL ? g_memdup2 (settings, sizeof *settings) : NULL;
  if (self->config != NULL)
    follow (self);
}

void
peerup_engine_relay_set_peer_addresses (PeerupEngineRelay *self, GPtrArray *addresses)
{
  g_clear_pointer (&self->peer_addresses, g_ptr_array_unref);
  if (addresses != NULL)
    self->peer_addresses = g_ptr_array_ref (addresses);
}

void
peerup_engine_relay_revoke (PeerupEngineRelay *self, PeerupPeerId *peer)
{
  if (self->server != NULL)
    peerup_relay_server_revoke (self->server, peer);
}

/* Draining */

DexFuture *
peerup_engine_relay_drain (PeerupEngineRelay *self, gint64 deadline)
{
  self->held = TRUE;
  peerup_engine_stun_set_answering (self->engine->stun, FALSE);
  peerup_engine_rendezvous_follow (self->engine->rendezvous, FALSE);
  if (self->server == NULL)
    return dex_future_new_true ();
  return begin_to_drain (self, deadline);
}

void
peerup_engine_relay_resume (PeerupEngineRelay *self)
{
  self->held = FALSE;
  follow (self);
}

/* Looking */

static PeerupEngineRelayState
get_state (PeerupEngineRelay *self, guint n_circuits)
{
  if (self->server == NULL)
    return PEERUP_ENGINE_RELAY_OFF;
  if (!is_draining (self))
    return PEERUP_ENGINE_RELAY_SERVING;
  if (n_circuits > 0)
    return PEERUP_ENGINE_RELAY_DRAINING;
  return self->held ? PEERUP_ENGINE_RELAY_DRAINED : PEERUP_ENGINE_RELAY_OFF;
}

gboolean
peerup_engine_relay_is_reserved_by (PeerupEngineRelay *self, PeerupPeerId *peer)
{
  return self->server != NULL && peerup_relay_server_has_reservation (self->server, peer);
}

void
peerup_engine_relay_get_numbers (PeerupEngineRelay *self, PeerupEngineRelayInfo *info)
{
  *info = (PeerupEngineRelayInfo) {
    .for_peers = self->for_peers,
    .since = self->since,
    .settings = self->settings,
  };
  if (self->server != NULL)
    g_object_get (self->server, "n-reservations", &info->n_reservations, "n-circuits", &info->n_circuits, NULL);
  info->state = get_state (self, info->n_circuits);
}

void
peerup_engine_relay_get_info (PeerupEngineRelay *self, PeerupEngineRelayInfo *info)
{
  peerup_engine_relay_get_numbers (self, info);
  if (self->server != NULL)
    peerup_relay_server_get_figures (self->server, &info->figures);
  peerup_engine_rendezvous_get_figures (self->engine->rendezvous, &info->n_invites, &info->rendezvous);
}

GPtrArray *
peerup_engine_relay_dup_addresses (PeerupEngineRelay *self)
{
  if (self->server == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  return peerup_relay_server_dup_addresses (self->server);
}

/* Life */

PeerupEngineRelay *
peerup_engine_relay_new (PeerupEngine *engine)
{
  PeerupEngineRelay *self = g_new0 (PeerupEngineRelay, 1);

  self->engine = engine;
  peerup_relay_settings_init (&self->settings);
  return self;
}

void
peerup_engine_relay_free (PeerupEngineRelay *self)
{
  g_clear_object (&self->server);
  clear_trust (self);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->peer_addresses, g_ptr_array_unref);
  g_free (self->peer_settings);
  g_free (self);
}
