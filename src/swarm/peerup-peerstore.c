/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Addresses of peers with their back-off. Belongs to one swarm; knows no socket and no
 * clock. Back-off orders, it does not forbid: somebody who asks for a peer gets a try. */

#include "swarm/peerup-peerstore.h"

#include "swarm/peerup-endpoint.h"

#define BACKOFF_FIRST (5 * G_USEC_PER_SEC)
#define BACKOFF_MAX   (600 * G_USEC_PER_SEC)

typedef struct
{
  PeerupMultiaddr *address;
  gint64 backoff_until;
  gint64 backoff; /* the last pause; 0 after a success */
  gint64 succeeded_at;
} Entry;

struct _PeerupPeerstore
{
  GHashTable *peers; /* PeerupPeerId -> GPtrArray of Entry, oldest first */
  GQueue order;      /* of PeerupPeerId, borrowed from the table, oldest first */
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  peerup_multiaddr_unref (self->address);
  g_free (self);
}

PeerupPeerstore *
peerup_peerstore_new (void)
{
  PeerupPeerstore *self = g_new0 (PeerupPeerstore, 1);

  self->peers = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref,
                                       (GDestroyNotify) g_ptr_array_unref);
  return self;
}

void
peerup_peerstore_free (PeerupPeerstore *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->peers);
  g_free (self);
}

static GPtrArray *
peerstore_ensure (PeerupPeerstore *self, PeerupPeerId *peer)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);

  if (entries != NULL)
    return entries;
  if (self->order.length == PEERUP_PEERSTORE_PEERS)
    g_hash_table_remove (self->peers, g_queue_pop_head (&self->order));
  entries = g_ptr_array_new_with_free_func (entry_free);
  g_hash_table_insert (self->peers, peerup_peer_id_ref (peer), entries);
  g_queue_push_tail (&self->order, peer);
  return entries;
}

static Entry *
find_entry (GPtrArray *entries, PeerupMultiaddr *address)
{
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      Entry *entry = entries->pdata[i];

      if (peerup_multiaddr_equal (entry->address, address))
        return entry;
    }
  return NULL;
}

void
peerup_peerstore_add (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  g_autoptr (PeerupPeerId) named = peerup_multiaddr_dup_peer_id (address);
  g_autoptr (PeerupMultiaddr) bare = NULL;
  GPtrArray *entries;
  Entry *entry;

  if (named != NULL && !peerup_peer_id_equal (named, peer))
    return;
  bare = peerup_multiaddr_without_peer_id (address);
  if (bare == NULL)
    return;
  entries = peerstore_ensure (self, peer);
  if (find_entry (entries, bare) != NULL)
    return;
  if (entries->len == PEERUP_PEERSTORE_ADDRESSES)
    g_ptr_array_remove_index (entries, 0);
  entry = g_new0 (Entry, 1);
  entry->address = g_steal_pointer (&bare);
  g_ptr_array_add (entries, entry);
}

typedef struct
{
  Entry *entry;
  gboolean failed_lately;
  PeerupScope scope;
  gboolean is_v4;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  if (x->failed_lately != y->failed_lately)
    return x->failed_lately - y->failed_lately;
  if (x->entry->succeeded_at != y->entry->succeeded_at)
    return x->entry->succeeded_at > y->entry->succeeded_at ? -1 : 1;
  if (x->scope != y->scope)
    return (int) x->scope - (int) y->scope;
  return x->is_v4 - y->is_v4;
}

GPtrArray *
peerup_peerstore_rank (PeerupPeerstore *self, PeerupPeerId *peer, gint64 now)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);
  g_autoptr (GArray) ranked = g_array_new (FALSE, FALSE, sizeof (Ranked));
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      Entry *entry = entries->pdata[i];
      g_auto (PeerupEndpoint) endpoint = { 0 };
      Ranked item = { .entry = entry, .failed_lately = entry->backoff_until > now };

      if (!peerup_endpoint_parse (entry->address, &endpoint, NULL))
        continue;
      item.scope = peerup_endpoint_get_scope (&endpoint);
      item.is_v4 = endpoint.family == PEERUP_MULTIADDR_IP4;
      g_array_append_val (ranked, item);
    }
  g_array_sort (ranked, compare_ranked);
  for (guint i = 0; i < ranked->len; i++)
    g_ptr_array_add (result, peerup_multiaddr_ref (g_array_index (ranked, Ranked, i).entry->address));
  return result;
}

GPtrArray *
peerup_peerstore_dup_all (PeerupPeerstore *self, PeerupPeerId *peer)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = entries != NULL ? entries->len : 0; i > 0; i--)
    g_ptr_array_add (result, peerup_multiaddr_ref (((Entry *) entries->pdata[i - 1])->address));
  return result;
}

void
peerup_peerstore_report (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gboolean success,
                         gint64 now)
{
  Entry *entry = find_entry (g_hash_table_lookup (self->peers, peer), address);

  if (entry == NULL)
    return;
  if (success)
    {
      entry->backoff = entry->backoff_until = 0;
      entry->succeeded_at = now;
      return;
    }
  entry->backoff = entry->backoff == 0 ? BACKOFF_FIRST : MIN (2 * entry->backoff, BACKOFF_MAX);
  entry->backoff_until = now + entry->backoff;
}
