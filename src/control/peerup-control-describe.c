/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* From objects to the dictionaries of the control interface. Facts only; words for
 * people are the business of who prints them.
 */
#include "control/peerup-control-describe.h"

static void
add_string (GVariantDict *dict, const char *key, const char *value)
{
  g_variant_dict_insert (dict, key, "s", value != NULL ? value : "");
}

static void
add_path (GVariantDict *dict, PeerupPeer *peer)
{
  gint64 rtt = peerup_peer_get_rtt (peer);

  add_string (dict, "path", peerup_peer_get_relayed (peer) ? "relayed" : "direct");
  g_variant_dict_insert (dict, "punched", "b", g_strcmp0 (peerup_peer_get_path (peer), "punched") == 0);
  add_string (dict, "address", peerup_peer_get_address (peer));
  add_string (dict, "transport", peerup_peer_get_transport (peer));
  add_string (dict, "security", peerup_peer_get_security (peer));
  g_variant_dict_insert (dict, "outbound", "b", peerup_peer_get_outbound (peer));
  g_variant_dict_insert (dict, "connected_at", "x", peerup_peer_get_connected_at (peer));
  if (rtt >= 0)
    g_variant_dict_insert (dict, "rtt_us", "x", rtt);
  g_variant_dict_insert (dict, "bytes_received", "t", peerup_peer_get_bytes_received (peer));
  g_variant_dict_insert (dict, "bytes_sent", "t", peerup_peer_get_bytes_sent (peer));
}

const char *
peerup_control_peer_state_word (PeerupPeer *peer)
{
  static const char *const states[] = { "disconnected", "connecting", "connected" };

  return states[peerup_peer_get_state (peer)];
}

const char *
peerup_control_pairing_word (PeerupPairingRecordState state)
{
  static const char *const words[] = { "prepared", "committed", "complete" };

  return words[state];
}

GVariant *
peerup_control_describe_peer (PeerupPeer *peer)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_string (&dict, "id", peerup_peer_get_id (peer));
  add_string (&dict, "name", peerup_peer_get_name (peer));
  add_string (&dict, "agent", peerup_peer_get_agent (peer));
  add_string (&dict, "state", peerup_control_peer_state_word (peer));
  g_variant_dict_insert (&dict, "connections", "u", peerup_peer_get_n_connections (peer));
  g_variant_dict_insert (&dict, "streams", "u", peerup_peer_get_n_streams (peer));
  if (peerup_peer_get_services (peer) != NULL)
    {
      g_variant_dict_insert_value (&dict, "services", peerup_peer_get_services (peer));
      add_string (&dict, "services_source", peerup_peer_get_services_source (peer));
      g_variant_dict_insert (&dict, "services_at", "x", peerup_peer_get_services_at (peer));
    }
  if (peerup_peer_get_state (peer) == PEERUP_PEER_CONNECTED)
    add_path (&dict, peer);
  return g_variant_dict_end (&dict);
}

static void
add_bytes (GVariantDict *dict, guint64 in, guint64 out)
{
  g_variant_dict_insert (dict, "bytes_in", "t", in);
  g_variant_dict_insert (dict, "bytes_out", "t", out);
}

GVariant *
peerup_control_describe_service (PeerupEngine *engine, PeerupService *service)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  GPtrArray *allowed = peerup_service_get_allowed_peers (service);
  const char *host = peerup_service_get_host (service);
  g_autofree char *address = NULL;
  guint64 in, out;

  address = g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, peerup_service_get_port (service));
  add_string (&dict, "name", peerup_service_get_name (service));
  add_string (&dict, "address", address);
  g_variant_dict_insert (&dict, "enabled", "b", peerup_service_get_enabled (service));
  g_variant_dict_insert (&dict, "transient", "b",
                         peerup_service_set_is_exposed (engine->services, peerup_service_get_name (service)));
  g_variant_dict_insert (&dict, "restricted", "b", allowed != NULL);
  add_string (&dict, "kind", peerup_service_get_kind (service));
  g_variant_dict_insert (&dict, "tags", "^as", peerup_service_get_tags (service));
  g_variant_dict_insert (&dict, "active", "u", peerup_service_get_active (service));
  g_variant_dict_insert (&dict, "total", "t", peerup_service_get_total (service));
  peerup_service_get_bytes (service, &in, &out);
  add_bytes (&dict, in, out);
  add_string (&dict, "health", peerup_service_get_health (service));
  add_string (&dict, "health_text", peerup_service_get_health_text (service));
  if (allowed != NULL)
    {
      g_auto (GVariantBuilder) peers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

      for (guint i = 0; i < allowed->len; i++)
        g_variant_builder_add (&peers, "s", peerup_peer_id_get_string (g_ptr_array_index (allowed, i)));
      g_variant_dict_insert_value (&dict, "allowed_peers", g_variant_builder_end (&peers));
    }
  return g_variant_dict_end (&dict);
}

GVariant *
peerup_control_describe_forward (PeerupForward *forward, const char *id)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *address = peerup_engine_forward_address (forward);
  guint64 in, out;

  add_string (&dict, "id", id);
  add_string (&dict, "peer_id", peerup_peer_id_get_string (peerup_forward_get_peer (forward)));
  add_string (&dict, "peer", peerup_forward_get_peer_name (forward));
  add_string (&dict, "service", peerup_forward_get_service (forward));
  add_string (&dict, "address", address);
  add_string (&dict, "state", peerup_forward_state_to_string (peerup_forward_get_state (forward)));
  g_variant_dict_insert (&dict, "active", "u", peerup_forward_get_active (forward));
  g_variant_dict_insert (&dict, "total", "t", peerup_forward_get_total (forward));
  peerup_forward_get_bytes (forward, &in, &out);
  add_bytes (&dict, in, out);
  if (peerup_forward_get_last_error (forward) != NULL)
    add_string (&dict, "error", peerup_forward_get_last_error (forward));
  return g_variant_dict_end (&dict);
}

/* FALSE for a limit of each, of which there is more than one figure. */
static gboolean
get_used (PeerupLimits *limits, PeerupLimit limit, guint64 *used)
{
  PeerupLimitsUsage usage;

  peerup_limits_get_usage (limits, &usage);
  if (limit == PEERUP_LIMIT_CONNECTIONS)
    *used = usage.connections;
  else if (limit == PEERUP_LIMIT_HANDSHAKES)
    *used = usage.handshakes;
  else if (limit == PEERUP_LIMIT_STREAMS)
    *used = usage.streams;
  else if (limit == PEERUP_LIMIT_MEMORY)
    *used = usage.memory;
  else
    return FALSE;
  return TRUE;
}

GVariant *
peerup_control_describe_limit (PeerupLimits *limits, PeerupLimit limit)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  guint64 bound = peerup_limits_get_settings (limits)->values[limit];
  guint64 refused = peerup_limits_get_refusals (limits, limit);
  gboolean is_memory = limit == PEERUP_LIMIT_MEMORY || limit == PEERUP_LIMIT_MEMORY_PER_PEER;
  guint64 used;

  add_string (&dict, "name", peerup_limit_get_name (limit));
  add_string (&dict, "what", is_memory ? "memory" : peerup_limit_get_noun (limit));
  if (bound != PEERUP_LIMITS_NONE)
    g_variant_dict_insert (&dict, "limit", "t", bound);
  if (get_used (limits, limit, &used))
    g_variant_dict_insert (&dict, "used", "t", used);
  g_variant_dict_insert (&dict, "refused", "t", refused);
  if (refused > 0)
    {
      g_autofree char *last = peerup_limits_dup_last_refused (limits, limit);

      add_string (&dict, "last_refused", last);
    }
  return g_variant_dict_end (&dict);
}

GVariant *
peerup_control_describe_relay (const PeerupRelayInfo *info, gint64 now)
{
  static const char *const states[] = { "connecting", "reserved", "waiting" };
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_string (&dict, "id", peerup_peer_id_get_string (info->relay));
  add_string (&dict, "state", states[info->state]);
  add_string (&dict, "origin", info->of_peer ? "peer" : "configured");
  g_variant_dict_insert (&dict, "preferred", "b", info->preferred);
  g_variant_dict_insert (&dict, "silent", "b", info->silent);
  g_variant_dict_insert (&dict, "failures", "u", info->n_failures);
  g_variant_dict_insert (&dict, "limited", "b", info->limited);
  if (info->rtt >= 0)
    g_variant_dict_insert (&dict, "rtt_us", "x", info->rtt);
  if (info->expires > 0)
    g_variant_dict_insert (&dict, "expires_at", "x", info->expires);
  if (info->retry_at > 0)
    g_variant_dict_insert (&dict, "retry_in_us", "x", MAX (info->retry_at - now, 0));
  if (info->limit.duration > 0)
    g_variant_dict_insert (&dict, "limit_seconds", "t", (guint64) info->limit.duration);
  if (info->limit.data > 0)
    g_variant_dict_insert (&dict, "limit_bytes", "t", info->limit.data);
  if (info->error != NULL)
    add_string (&dict, "error", info->error->message);
  return g_variant_dict_end (&dict);
}
