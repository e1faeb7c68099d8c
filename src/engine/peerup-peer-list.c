/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Keeps the PeerupPeer objects: which exist, what their connections, names and agents
 * are. Lives as long as its engine. It opens, refuses and closes nothing.
 */
#include "engine/peerup-peer-list.h"

#include "engine/peerup-arguments.h"

struct _PeerupPeerList
{
  GObject parent_instance;

  GListStore *store;
  GHashTable *by_id;
  PeerupConfig *config;
};

G_DEFINE_FINAL_TYPE (PeerupPeerList, peerup_peer_list, G_TYPE_OBJECT)

GListModel *
peerup_peer_list_get_model (PeerupPeerList *self)
{
  return G_LIST_MODEL (self->store);
}

static void
forget_oldest (PeerupPeerList *self)
{
  guint n_items = g_list_model_get_n_items (G_LIST_MODEL (self->store));

  if (n_items <= PEERUP_PEER_LIST_DISCONNECTED_MAX)
    return;
  for (guint i = 0; i < n_items; i++)
    {
      g_autoptr (PeerupPeer) peer = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      if (peerup_peer_get_state (peer) != PEERUP_PEER_DISCONNECTED)
        continue;
      g_hash_table_remove (self->by_id, peerup_peer_get_peer_id (peer));
      g_list_store_remove (self->store, i);
      return;
    }
}

PeerupPeer *
peerup_peer_list_ensure (PeerupPeerList *self, PeerupPeerId *id)
{
  PeerupPeer *peer = g_hash_table_lookup (self->by_id, id);

  if (peer != NULL)
    return peer;
  forget_oldest (self);
  peer = peerup_peer_new (id);
  peerup_peer_set_name (peer, peerup_config_name_of_peer (self->config, id));
  g_hash_table_insert (self->by_id, peerup_peer_id_ref (id), peer);
  g_list_store_append (self->store, peer);
  return peer;
}

PeerupPeer *
peerup_peer_list_find (PeerupPeerList *self, PeerupPeerId *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

void
peerup_peer_list_set_names (PeerupPeerList *self, PeerupConfig *config)
{
  GHashTableIter iter;
  gpointer id, peer;

  g_clear_pointer (&self->config, peerup_config_unref);
  self->config = config != NULL ? peerup_config_ref (config) : NULL;
  g_hash_table_iter_init (&iter, self->by_id);
  while (g_hash_table_iter_next (&iter, &id, &peer))
    peerup_peer_set_name (peer, peerup_config_name_of_peer (config, id));
}

static void
on_connection_changed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupPeerList *self = data;
  PeerupPeerId *id = peerup_connection_get_remote_peer (connection);
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (swarm, id);

  peerup_peer_set_connections (peerup_peer_list_ensure (self, id), connections);
}

static void
on_identified (PeerupIdentify *identify, PeerupConnection *connection, PeerupPeerInfo *info, gpointer data)
{
  PeerupPeerList *self = data;

  peerup_peer_set_agent (peerup_peer_list_ensure (self, info->peer), info->agent);
}

PeerupPeerList *
peerup_peer_list_new (void)
{
  return g_object_new (PEERUP_TYPE_PEER_LIST, NULL);
}

void
peerup_peer_list_follow (PeerupPeerList *self, PeerupSwarm *swarm, PeerupIdentify *identify)
{
  g_signal_connect_object (swarm, "connection-opened", G_CALLBACK (on_connection_changed), self, 0);
  g_signal_connect_object (swarm, "connection-closed", G_CALLBACK (on_connection_changed), self, 0);
  g_signal_connect_object (swarm, "connection-changed", G_CALLBACK (on_connection_changed), self, 0);
  g_signal_connect_object (identify, "identified", G_CALLBACK (on_identified), self, 0);
}

static void
peerup_peer_list_finalize (GObject *object)
{
  PeerupPeerList *self = PEERUP_PEER_LIST (object);

  g_clear_pointer (&self->by_id, g_hash_table_unref);
  g_clear_object (&self->store);
  g_clear_pointer (&self->config, peerup_config_unref);
  G_OBJECT_CLASS (peerup_peer_list_parent_class)->finalize (object);
}

static void
peerup_peer_list_class_init (PeerupPeerListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_peer_list_finalize;
}

static void
peerup_peer_list_init (PeerupPeerList *self)
{
  self->store = g_list_store_new (PEERUP_TYPE_PEER);
  self->by_id = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref,
                                       g_object_unref);
}
