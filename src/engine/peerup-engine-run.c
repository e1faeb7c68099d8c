/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The life of an engine: read the files, open the sockets; later drain, close, drop. A
 * start that fails takes down what it put up, so a stopped engine has no swarm, no
 * monitors and no keys in memory.
 */
#include "engine/peerup-engine-private.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-known-peers.h"
#include "identity/peerup-private-key.h"
#include "peerup-config.h"
#include "transport/peerup-fiber.h"

/* Refusals are logged at most this often; strangers must not fill the disk. */
#define REFUSAL_LOG_INTERVAL G_USEC_PER_SEC

/* What the journal is told of a connection besides the text. */
#define FIELDS_OF(engine, info)                                                 \
  ((PeerupLogFields) { .profile = (engine)->profile,                            \
                       .peer = peerup_peer_id_get_string ((info)->remote_peer), \
                       .path = (info)->limited || g_str_equal ((info)->transport, "relay") ? "relayed" : "direct" })

static gboolean
is_dial_only (PeerupEngine *self)
{
  return self->config == NULL || (self->flags & PEERUP_ENGINE_DIAL_ONLY) != 0;
}

/* What we dial is our own choice; everything a peer begins is decided. The exceptions are the swarm's, for what
 * somebody here waits for; see peerup_swarm_add_guests(). Asked again for each stream, so it is a look: what is audited
 * are connections that come and refusals. */
static gboolean
gate (PeerupPeerId *peer, PeerupMultiaddr *remote_address, gboolean outbound, gpointer data, GError **error)
{
  PeerupEngine *self = data;
  g_autofree char *refusal = NULL;

  if (outbound)
    return TRUE;
  if (self->trust != NULL && peerup_engine_trust_sees (self->trust, peer, NULL))
    return TRUE;
  if (self->trust != NULL)
    refusal = peerup_engine_trust_dup_refusal (self->trust, peer);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("peer %s is refused: %s"), peerup_peer_id_get_string (peer),
               refusal != NULL ? refusal : _ ("this program takes no connections"));
  return FALSE;
}

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEngine *self = data;
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_autofree char *who = peerup_engine_describe (self, info->remote_peer);

  peerup_log (G_LOG_LEVEL_INFO, &FIELDS_OF (self, info), "%s %s %s over %s%s",
              info->outbound ? "Connected to" : "Connected from", who,
              info->remote_address != NULL ? peerup_multiaddr_get_string (info->remote_address) : "", info->transport,
              info->security);
  if (!info->outbound && self->trust != NULL)
    (void) peerup_engine_trust_decide (self->trust, info->remote_peer, NULL, connection);
}

static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEngine *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  g_autoptr (GPtrArray) left = peerup_swarm_dup_connections (swarm, peer);
  g_autofree char *who = peerup_engine_describe (self, peer);
  const GError *error = peerup_connection_get_error (connection);

  peerup_log (G_LOG_LEVEL_INFO, &FIELDS_OF (self, peerup_connection_get_info (connection)),
              "Connection to %s ended: %s", who, error != NULL ? error->message : "closed");
  if (left->len == 0 && self->pingers != NULL)
    g_hash_table_remove (self->pingers, peer);
}

static void
on_refused (PeerupSwarm *swarm, PeerupPeerId *peer, const char *address, const char *reason, gpointer data)
{
  static _Thread_local gint64 last; /* engines may live in several */
  gint64 now = g_get_monotonic_time ();
  PeerupEngine *self = data;

  if (self->trust != NULL)
    (void) peerup_engine_trust_decide (self->trust, peer, NULL, NULL);
  if (last != 0 && now - last < REFUSAL_LOG_INTERVAL)
    return;
  last = now;
  peerup_log (G_LOG_LEVEL_MESSAGE,
              &(PeerupLogFields) {
                .peer = peerup_peer_id_get_string (peer), .path = address, .profile = self->profile },
              "Refused a connection of %s from %s: %s. To admit it: peerup auth add %s",
              peerup_peer_id_get_string (peer), address, reason, peerup_peer_id_get_string (peer));
}

/* The swarm sees to it that these are few. */
static void
on_limited (PeerupSwarm *swarm, const char *text, gpointer data)
{
  const PeerupEngine *self = data;

  peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "Refused: %s", text);
}

static void
on_relay_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  static const char *const states[] = { "connecting", "reserved", "waiting" };
  const PeerupEngine *self = data;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (relays); i++)
    {
      peerup_relay_client_get_info (relays, i, &info);
      if (peerup_peer_id_equal (info.relay, relay))
        peerup_engine_say (self, G_LOG_LEVEL_INFO, "Relay %s: %s%s%s", peerup_peer_id_get_string (relay),
                           states[info.state], info.error != NULL ? ": " : "",
                           info.error != NULL ? info.error->message : "");
    }
}

/* What a relay of ours serves it says in identify: it may leave without closing anything. */
static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *peer, gpointer data)
{
  PeerupEngine *self = data;

  if (self->relays != NULL && !peerup_swarm_is_relayed (connection))
    peerup_relay_client_set_serving (self->relays, peer->peer,
                                     peerup_peer_info_has_protocol (peer, PEERUP_CIRCUIT_HOP));
}

static gboolean
load_files (PeerupEngine *self, GError **error)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GPtrArray) warnings = NULL;

  if (self->config_path == NULL)
    {
      self->identity = peerup_private_key_generate (error);
      return self->identity != NULL;
    }
  if (!(self->flags & PEERUP_ENGINE_DIAL_ONLY))
    peerup_engine_store_recover (self);
  config = peerup_config_load (self->config_path, &warnings, error);
  if (config == NULL)
    return FALSE;
  for (guint i = 0; warnings != NULL && i < warnings->len && !(self->flags & PEERUP_ENGINE_DIAL_ONLY); i++)
    peerup_engine_say (self, G_LOG_LEVEL_MESSAGE, "%s", (const char *) g_ptr_array_index (warnings, i));
  if (!(self->flags & PEERUP_ENGINE_DIAL_ONLY))
    peerup_engine_tell_idle_keys (self, config);
  self->identity = peerup_engine_identity_load (self->identity_store, config, error);
  if (self->identity == NULL)
    return FALSE;
  self->identity_file = g_strdup (peerup_config_get_key_file (config));
  self->config = g_steal_pointer (&config);
  return TRUE;
}

static gboolean
make_swarm (PeerupEngine *self, GError **error)
{
  g_autofree char *known = NULL;

  self->swarm = peerup_swarm_new (self->identity, error);
  if (self->swarm == NULL)
    return FALSE;
  peerup_swarm_set_gate (self->swarm, gate, self, NULL);
  if (self->config != NULL)
    {
      peerup_engine_apply_congestion (self, self->config);
      peerup_engine_apply_certificate (self, self->config);
    }
  peerup_engine_apply_limits (self, self->config);
  g_signal_connect_object (self->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self, 0);
  g_signal_connect_object (self->swarm, "connection-closed", G_CALLBACK (on_connection_closed), self, 0);
  g_signal_connect_object (self->swarm, "refused", G_CALLBACK (on_refused), self, 0);
  g_signal_connect_object (self->swarm, "limited", G_CALLBACK (on_limited), self, 0);
  g_signal_connect_object (self->swarm, "addresses-changed", G_CALLBACK (peerup_engine_notify_addresses), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->swarm, "socket-closed", G_CALLBACK (peerup_engine_listen_again), self,
                           G_CONNECT_SWAPPED);
  self->identify = peerup_identify_new (self->swarm);
  peerup_engine_show_view (self);
  if (self->flags & PEERUP_ENGINE_RELAY)
    peerup_identify_set_agent (self->identify, "relay-server/" PEERUP_VERSION);
  g_signal_connect_object (self->identify, "identified", G_CALLBACK (on_identified), self, 0);
  self->relays = peerup_relay_client_new (self->swarm);
  g_signal_connect_object (self->relays, "changed", G_CALLBACK (on_relay_changed), self, 0);
  self->pingers = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal,
                                         (GDestroyNotify) peerup_peer_id_unref, g_object_unref);
  self->paths = peerup_engine_paths_new (self);
  self->change = peerup_engine_change_new (self);
  self->peer_services = peerup_engine_peer_services_new (self);
  peerup_peer_list_follow (self->peers, self->swarm, self->identify);
  if (self->config_path != NULL)
    {
      known = peerup_known_peers_path (self->config_path);
      self->book = peerup_address_book_new (self->swarm, known);
    }
  return TRUE;
}

/* Before anything listens, so that no peer is ever judged by less than the whole configuration. */
static gboolean
prepare (PeerupEngine *self, GError **error)
{
  if (!load_files (self, error) || !make_swarm (self, error))
    return FALSE;
  peerup_peer_list_set_names (self->peers, self->config);
  if (is_dial_only (self))
    return TRUE;
  self->trust = peerup_engine_trust_new (self, error);
  if (self->trust == NULL || !peerup_engine_watch_config (self, error))
    return FALSE;
  peerup_engine_devices_begin (self->devices);
  peerup_engine_peer_services_serve (self->peer_services);
  self->store = peerup_engine_store_new (self);
  peerup_engine_store_begin (self->store);
  self->stun = peerup_engine_stun_new (self->swarm);
  self->rendezvous = peerup_engine_rendezvous_new (self);
  self->relay = peerup_engine_relay_new (self);
  self->relay_choice = peerup_engine_relay_choice_new (self);
  self->peer_relay = peerup_engine_peer_relay_new (self);
  self->nat = peerup_engine_nat_new (self);
  self->keep = peerup_engine_keep_new (self);
  peerup_engine_serve (self, self->config);
  peerup_engine_relay_apply (self->relay, self->config);
  peerup_engine_observe (self, self->config);
  peerup_engine_peer_relay_apply (self->peer_relay, self->config);
  self->autonat = peerup_engine_autonat_new (self);
  self->lan = peerup_engine_lan_new (self);
  peerup_engine_lan_apply (self->lan, self->config);
  self->original = peerup_engine_original_new (self);
  self->group = peerup_engine_group_new (self);
  self->pairing = peerup_engine_pairing_new (self);
  return TRUE;
}

static DexFuture *
start_fiber (gpointer data)
{
  PeerupEngine *self = data;
  g_autoptr (GError) error = NULL;

  if (self->state == PEERUP_ENGINE_STARTING && prepare (self, &error) && !is_dial_only (self))
    dex_await (peerup_engine_listen (self, NULL, self->config), &error);
  if (self->state != PEERUP_ENGINE_STARTING)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine was stopped while it started"));
  if (error == NULL)
    {
      if (!is_dial_only (self))
        peerup_relay_client_set_relays (self->relays, peerup_config_get_relay_addresses (self->config));
      peerup_engine_set_state (self, PEERUP_ENGINE_RUNNING);
      peerup_engine_prompts_begin (self->prompts);
      if (!is_dial_only (self))
        peerup_engine_identity_begin (self->identity_store);
      if (self->pairing != NULL)
        peerup_engine_pairing_begin (self->pairing);
      if (self->group != NULL)
        peerup_engine_group_begin (self->group);
      return dex_future_new_true ();
    }
  dex_await (peerup_engine_stop (self, NULL), NULL);
  peerup_engine_store_give_up (self);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

DexFuture *
peerup_engine_start (PeerupEngine *self)
{
  if (self->state != PEERUP_ENGINE_STOPPED)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_EXISTS, _ ("The engine has been started already"));
  peerup_engine_set_state (self, PEERUP_ENGINE_STARTING);
  return peerup_fiber_spawn (start_fiber, g_object_ref (self), g_object_unref);
}

/* Who waits for a relay to end knows what it carries; who switches off his computer does not. */
static gint64
get_relay_drain_time (PeerupEngine *self)
{
  gint64 configured = peerup_config_get_relay_drain_time (self->config);
  PeerupEngineRelayInfo info;

  peerup_engine_relay_get_info (self->relay, &info);
  return info.for_peers ? MIN (configured, PEERUP_ENGINE_DRAIN_TIME) : configured;
}

static DexFuture *
drain_all (PeerupEngine *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 deadline = now + PEERUP_ENGINE_DRAIN_TIME;
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  if (self->relay != NULL)
    g_ptr_array_add (futures, peerup_engine_relay_drain (self->relay, now + get_relay_drain_time (self)));
  if (self->nat != NULL)
    g_ptr_array_add (futures, peerup_engine_nat_stop (self->nat));
  g_ptr_array_add (futures, peerup_service_set_drain (self->services, deadline));
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->forwards)); i++)
    {
      g_autoptr (PeerupForward) forward = g_list_model_get_item (G_LIST_MODEL (self->forwards), i);

      g_ptr_array_add (futures, peerup_forward_drain (forward, deadline));
    }
  return dex_future_allv ((DexFuture **) futures->pdata, futures->len);
}

static void
stop_forwards (PeerupEngine *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->forwards)); i++)
    {
      g_autoptr (PeerupForward) forward = g_list_model_get_item (G_LIST_MODEL (self->forwards), i);

      peerup_forward_stop (forward);
    }
  g_list_store_remove_all (self->forwards);
}

static void
drop_everything (PeerupEngine *self)
{
  peerup_engine_observe (self, NULL);
  g_clear_pointer (&self->pingers, g_hash_table_unref);
  g_clear_object (&self->identify);
  g_clear_object (&self->book);
  g_clear_object (&self->swarm);
  peerup_engine_apply_certificate (self, NULL);
  g_clear_pointer (&self->trust, peerup_engine_trust_free);
  g_clear_object (&self->monitor);
  g_hash_table_remove_all (self->listen_errors);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->identity, peerup_private_key_unref);
  g_clear_pointer (&self->identity_file, g_free);
}

typedef struct
{
  PeerupEngine *engine;
  GCancellable *cancellable;
} Stop;

static void
stop_free (gpointer data)
{
  Stop *stop = data;

  g_object_unref (stop->engine);
  g_clear_object (&stop->cancellable);
  g_free (stop);
}

static DexFuture *
stop_fiber (gpointer data)
{
  const Stop *stop = data;
  PeerupEngine *self = stop->engine;
  DexFuture *hurry =
    stop->cancellable != NULL ? dex_cancellable_new_from_cancellable (stop->cancellable) : dex_future_new_infinite ();

  peerup_engine_prompts_end (self->prompts);
  dex_await (peerup_engine_identity_stop (self->identity_store), NULL);
  /* Neither can fail in a way that changes what comes next. */
  dex_await (dex_future_first (drain_all (self), hurry, NULL), NULL);
  stop_forwards (self);
  peerup_service_set_clear (self->services);
  if (self->store != NULL)
    dex_await (peerup_engine_store_stop (self->store), NULL);
  g_clear_pointer (&self->store, peerup_engine_store_free);
  g_clear_pointer (&self->pairing, peerup_engine_pairing_free);
  g_clear_pointer (&self->group, peerup_engine_group_free);
  g_clear_pointer (&self->original, peerup_engine_original_free);
  g_clear_pointer (&self->lan, peerup_engine_lan_free);
  g_clear_pointer (&self->change, peerup_engine_change_free);
  g_clear_pointer (&self->paths, peerup_engine_paths_free);
  g_clear_pointer (&self->keep, peerup_engine_keep_free);
  g_clear_pointer (&self->autonat, peerup_engine_autonat_free);
  g_clear_pointer (&self->nat, peerup_engine_nat_free);
  g_clear_pointer (&self->peer_relay, peerup_engine_peer_relay_free);
  g_clear_pointer (&self->relay_choice, peerup_engine_relay_choice_free);
  g_clear_object (&self->relays);
  g_clear_pointer (&self->relay, peerup_engine_relay_free);
  g_clear_pointer (&self->rendezvous, peerup_engine_rendezvous_free);
  peerup_engine_notify_relay (self);
  g_clear_pointer (&self->stun, peerup_engine_stun_free);
  if (self->swarm != NULL)
    dex_await (peerup_swarm_close (self->swarm), NULL);
  /* With its protocol gone before the connections are, peers would take what is left of identify for what we offer. */
  g_clear_pointer (&self->peer_services, peerup_engine_peer_services_free);
  if (self->book != NULL)
    dex_await (peerup_address_book_flush (self->book), NULL);
  dex_await (peerup_engine_devices_stop (self->devices), NULL);
  drop_everything (self);
  peerup_engine_set_state (self, PEERUP_ENGINE_STOPPED);
  return dex_future_new_true ();
}

DexFuture *
peerup_engine_stop (PeerupEngine *self, GCancellable *cancellable)
{
  Stop *stop;

  if (self->state != PEERUP_ENGINE_STARTING && self->state != PEERUP_ENGINE_RUNNING)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  peerup_engine_set_state (self, PEERUP_ENGINE_STOPPING);
  stop = g_new (Stop, 1);
  stop->engine = g_object_ref (self);
  stop->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  return peerup_fiber_spawn (stop_fiber, stop, stop_free);
}
