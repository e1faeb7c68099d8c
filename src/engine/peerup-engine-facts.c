/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the engine can tell of itself beyond its lists: for the rooms above. Nothing is kept
 * here and nothing is changed; a stopped engine has no such facts.
 */
#include "engine/peerup-engine-private.h"

#include "engine/peerup-arguments.h"

PeerupLimits *
peerup_engine_get_limits (PeerupEngine *self)
{
  return self->swarm != NULL ? peerup_swarm_get_limits (self->swarm) : NULL;
}

PeerupRelayClient *
peerup_engine_get_relays (PeerupEngine *self)
{
  return self->relays;
}

PeerupEngineRelay *
peerup_engine_get_relay (PeerupEngine *self)
{
  return self->relay;
}

GPtrArray *
peerup_engine_dup_connections (PeerupEngine *self)
{
  GListModel *peers = peerup_engine_get_peers (self);
  GPtrArray *connections = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; self->swarm != NULL && i < g_list_model_get_n_items (peers); i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, i);

      g_ptr_array_extend_and_steal (connections,
                                    peerup_swarm_dup_connections (self->swarm, peerup_peer_get_peer_id (peer)));
    }
  return connections;
}

const char *
peerup_engine_get_name_of (PeerupEngine *self, PeerupPeerId *peer)
{
  return peerup_config_name_of_peer (self->config, peer);
}

GPtrArray *
peerup_engine_get_configured_addresses (PeerupEngine *self)
{
  if (self->config == NULL || (self->flags & PEERUP_ENGINE_DIAL_ONLY) != 0)
    return NULL;
  return peerup_config_get_listen_addresses (self->config);
}

const char *
peerup_engine_get_listen_error (PeerupEngine *self, PeerupMultiaddr *address)
{
  return g_hash_table_lookup (self->listen_errors, peerup_multiaddr_get_string (address));
}
