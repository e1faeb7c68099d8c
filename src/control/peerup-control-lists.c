/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The lists that are there at once: peers, services, limits, relays, connections; and Stop.
 */
#include "control/peerup-control-lists.h"

#include "control/peerup-control-describe.h"
#include "control/peerup-control-ops.h"
#include "control/peerup-control-private.h"
#include "engine/peerup-service-health.h"

GVariant *
peerup_control_list_peers (PeerupControl *self)
{
  GListModel *peers = peerup_engine_get_peers (self->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      g_variant_builder_add_value (&builder, peerup_control_describe_peer (peer));
    }
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_list_peers (PeerupControlCall *call)
{
  return peerup_control_reply_value (peerup_control_list_peers (call->control));
}

GVariant *
peerup_control_list_services (PeerupControl *self)
{
  GListModel *services = peerup_engine_get_services (self->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);

      g_variant_builder_add_value (&builder, peerup_control_describe_service (self->engine, service));
    }
  return g_variant_builder_end (&builder);
}

static DexFuture *
answer_services (DexFuture *looked, gpointer data)
{
  const PeerupControlCall *call = data;

  return peerup_control_reply_value (peerup_control_list_services (call->control));
}

/* With their health as it is now, as far as that is soon known. */
DexFuture *
peerup_control_op_list_services (PeerupControlCall *call)
{
  DexFuture *looked = peerup_service_health_refresh (peerup_engine_get_services (call->engine));

  return dex_future_then (peerup_control_until_left (call, looked), answer_services, peerup_control_call_ref (call),
                          peerup_control_call_unref);
}

DexFuture *
peerup_control_op_list_limits (PeerupControlCall *call)
{
  PeerupLimits *limits = peerup_engine_get_limits (call->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (PeerupLimit limit = 0; limits != NULL && limit < PEERUP_N_LIMITS; limit++)
    g_variant_builder_add_value (&builder, peerup_control_describe_limit (limits, limit));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

GVariant *
peerup_control_list_relays (PeerupControl *self)
{
  PeerupRelayClient *relays = peerup_engine_get_relays (self->engine);
  guint n = relays != NULL ? peerup_relay_client_get_n_relays (relays) : 0;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < n; i++)
    {
      PeerupRelayInfo info;

      peerup_relay_client_get_info (relays, i, &info);
      g_variant_builder_add_value (&builder, peerup_control_describe_relay (&info, g_get_monotonic_time ()));
    }
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_list_relays (PeerupControlCall *call)
{
  return peerup_control_reply_value (peerup_control_list_relays (call->control));
}

DexFuture *
peerup_control_op_list_connections (PeerupControlCall *call)
{
  g_autoptr (GPtrArray) connections = peerup_engine_dup_connections (call->engine);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupConnection *connection = g_ptr_array_index (connections, i);
      const char *name = peerup_engine_get_name_of (call->engine, peerup_connection_get_remote_peer (connection));

      g_variant_builder_add_value (&builder, peerup_control_describe_connection (connection, name));
    }
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

DexFuture *
peerup_control_op_get_diagnostics (PeerupControlCall *call)
{
  return peerup_control_reply_value (peerup_control_describe_diagnostics (call->engine));
}

/* Whoever ends the engine lets go first what is queued, and this answer with it. */
DexFuture *
peerup_control_op_stop (PeerupControlCall *call)
{
  peerup_control_request_stop (call->control);
  return peerup_control_reply (NULL);
}
