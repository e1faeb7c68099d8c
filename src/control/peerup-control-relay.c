/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the control interface shows of the engine as a relay of others, and how it is drained and
 * resumed. Holds nothing but what an answer needs that comes later.
 */
#include "control/peerup-control-ops.h"

#include <glib/gi18n-lib.h>

/* A day, which is more than anybody waits for. */
#define TIMEOUT_MAX_MS ((guint64) 24 * 60 * 60 * 1000)

static GVariant *
describe_limits (const PeerupRelaySettings *settings)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const struct
  {
    const char *key;
    guint64 value;
  } limits[] = {
    { "max_reservations", settings->max_reservations },
    { "max_reservations_per_ip", settings->max_reservations_per_address },
    { "max_reservations_per_asn", settings->max_reservations_per_network },
    { "max_circuits", settings->max_circuits },
    { "max_circuits_total", settings->max_circuits_in_all },
    { "reservation_ttl", settings->reservation_ttl },
    { "session_duration", settings->limit.duration },
    { "session_data_limit", settings->limit.data },
    { "authorized_session_duration", settings->authorized.duration },
    { "authorized_session_data_limit", settings->authorized.data },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    g_variant_dict_insert (&dict, limits[i].key, "t", limits[i].value);
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_addresses (PeerupEngineRelay *relay)
{
  g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (relay);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (guint i = 0; i < addresses->len; i++)
    g_variant_builder_add (&builder, "s", peerup_multiaddr_get_string (addresses->pdata[i]));
  return g_variant_builder_end (&builder);
}

static void
add_figures (GVariantDict *dict, const PeerupEngineRelayInfo *info, PeerupEngineStun *stun)
{
  PeerupStunServerFigures stun_figures;

  peerup_engine_stun_get_figures (stun, &stun_figures);
  g_variant_dict_insert (dict, "reservations", "u", info->n_reservations);
  g_variant_dict_insert (dict, "circuits", "u", info->n_circuits);
  g_variant_dict_insert (dict, "reservations_granted", "t", info->figures.reservations_granted);
  g_variant_dict_insert (dict, "reservations_refused", "t", info->figures.reservations_refused);
  g_variant_dict_insert (dict, "circuits_opened", "t", info->figures.circuits_opened);
  g_variant_dict_insert (dict, "circuits_refused", "t", info->figures.circuits_refused);
  g_variant_dict_insert (dict, "bytes", "t", info->figures.bytes);
  g_variant_dict_insert (dict, "invites", "u", info->n_invites);
  g_variant_dict_insert (dict, "passes_shown", "t", info->rendezvous.passes_shown);
  g_variant_dict_insert (dict, "passes_wrong", "t", info->rendezvous.passes_wrong);
  g_variant_dict_insert (dict, "sponsored", "t", info->rendezvous.sponsored);
  g_variant_dict_insert (dict, "stun_answered", "t", stun_figures.answered);
  g_variant_dict_insert (dict, "stun_limited", "t", stun_figures.limited);
}

static GVariant *
describe (PeerupEngine *engine)
{
  static const char *const states[] = { "off", "serving", "draining", "drained" };
  PeerupEngineRelay *relay = peerup_engine_get_relay (engine);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  PeerupEngineRelayInfo info;

  if (relay == NULL)
    return g_variant_dict_end (&dict);
  peerup_engine_relay_get_info (relay, &info);
  g_variant_dict_insert (&dict, "state", "s", states[info.state]);
  g_variant_dict_insert (&dict, "for_peers", "b", info.for_peers);
  if (info.since > 0)
    g_variant_dict_insert (&dict, "since", "x", info.since);
  add_figures (&dict, &info, engine->stun);
  g_variant_dict_insert_value (&dict, "limits", describe_limits (&info.settings));
  g_variant_dict_insert_value (&dict, "addresses", describe_addresses (relay));
  return g_variant_dict_end (&dict);
}

DexFuture *
peerup_control_op_get_relay_service (PeerupControlCall *call)
{
  return peerup_control_reply_value (describe (call->engine));
}

static DexFuture *
answer_drain (DexFuture *future, gpointer data)
{
  const GValue *value = dex_future_get_value (future, NULL);

  return peerup_control_reply (g_variant_new ("(b)", value != NULL && g_value_get_boolean (value)));
}

DexFuture *
peerup_control_op_drain_relay (PeerupControlCall *call)
{
  PeerupEngineRelay *relay = peerup_engine_get_relay (call->engine);
  PeerupEngineRelayInfo info;
  guint64 timeout_ms;
  gint64 time;

  if (relay == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  g_variant_get (call->parameters, "(t)", &timeout_ms);
  peerup_engine_relay_get_info (relay, &info);
  if (info.state == PEERUP_ENGINE_RELAY_OFF)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED,
                                       _ ("This device relays for nobody, so there is nothing to drain; to have it "
                                          "relay, set relay.serve to true in %s"),
                                       peerup_engine_get_config_path (call->engine));
  time = timeout_ms > 0 ? (gint64) MIN (timeout_ms, TIMEOUT_MAX_MS) * 1000
                        : peerup_config_get_relay_drain_time (call->engine->config);
  return dex_future_finally (
    peerup_control_until_left (call, peerup_engine_relay_drain (relay, g_get_monotonic_time () + time)), answer_drain,
    NULL, NULL);
}

DexFuture *
peerup_control_op_resume_relay (PeerupControlCall *call)
{
  PeerupEngineRelay *relay = peerup_engine_get_relay (call->engine);
  PeerupEngineRelayInfo info;

  if (relay == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  peerup_engine_relay_resume (relay);
  peerup_engine_relay_get_info (relay, &info);
  if (info.state == PEERUP_ENGINE_RELAY_SERVING)
    return peerup_control_reply (NULL);
  return peerup_control_reply_error (PEERUP_ERROR_CLOSED,
                                     _ ("This device relays for nobody: set relay.serve to true in %s"),
                                     peerup_engine_get_config_path (call->engine));
}
