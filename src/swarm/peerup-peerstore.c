/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Addresses of peers and what became of them. Belongs to one swarm; knows no socket and no
 * clock. What it remembers orders, it does not forbid: somebody who asks for a peer gets a try. */

#include "swarm/peerup-peerstore.h"

/* So often is QUIC not answered where TCP is, until UDP counts as blocked, and for so long. */
#define UDP_SILENCES_MIN 3
#define UDP_MEMORY       (600 * G_USEC_PER_SEC)

typedef struct
{
  PeerupMultiaddr *address;
  PeerupDialHistory history;
  gboolean told;
} Entry;

struct _PeerupPeerstore
{
  GHashTable *peers;      /* PeerupPeerId -> GPtrArray of Entry, oldest first */
  GHashTable *securities; /* PeerupPeerId, borrowed from the table -> static string */
  GQueue order;           /* likewise, oldest first */
  guint n_udp_silences;
  gint64 udp_silent_at; /* the last of them */
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
  self->securities = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);
  return self;
}

void
peerup_peerstore_free (PeerupPeerstore *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->securities);
  g_hash_table_unref (self->peers);
  g_free (self);
}

static void
peerstore_forget_oldest (PeerupPeerstore *self)
{
  PeerupPeerId *peer = g_queue_pop_head (&self->order);

  g_hash_table_remove (self->securities, peer);
  g_hash_table_remove (self->peers, peer);
}

static GPtrArray *
peerstore_ensure (PeerupPeerstore *self, PeerupPeerId *peer)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);

  if (entries != NULL)
    return entries;
  if (self->order.length == PEERUP_PEERSTORE_PEERS)
    peerstore_forget_oldest (self);
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

static void
peerstore_add (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gboolean told)
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
  entry = find_entry (entries, bare);
  if (entry != NULL)
    {
      entry->told &= told;
      return;
    }
  if (entries->len == PEERUP_PEERSTORE_ADDRESSES)
    g_ptr_array_remove_index (entries, 0);
  entry = g_new0 (Entry, 1);
  entry->address = g_steal_pointer (&bare);
  entry->told = told;
  g_ptr_array_add (entries, entry);
}

void
peerup_peerstore_add (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  peerstore_add (self, peer, address, FALSE);
}

void
peerup_peerstore_add_told (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  peerstore_add (self, peer, address, TRUE);
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

GPtrArray *
peerup_peerstore_dup_candidates (PeerupPeerstore *self, PeerupPeerId *peer)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_candidate_free);

  for (guint i = entries != NULL ? entries->len : 0; i > 0; i--)
    {
      Entry *entry = entries->pdata[i - 1];
      PeerupDialCandidate *candidate = peerup_dial_candidate_new (entry->address, &entry->history);

      if (candidate == NULL)
        continue;
      candidate->told = entry->told;
      g_ptr_array_add (result, candidate);
    }
  return result;
}

static PeerupDialHistory *
find_history (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  Entry *entry = find_entry (g_hash_table_lookup (self->peers, peer), address);

  return entry != NULL ? &entry->history : NULL;
}

void
peerup_peerstore_report_success (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 now)
{
  PeerupDialHistory *history = find_history (self, peer, address);

  if (history == NULL)
    return;
  history->succeeded_at = now;
  history->failures = 0;
}

void
peerup_peerstore_report_failure (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 now)
{
  PeerupDialHistory *history = find_history (self, peer, address);

  if (history == NULL)
    return;
  history->failed_at = now;
  if (history->failures < G_MAXUINT)
    history->failures++;
}

void
peerup_peerstore_report_rtt (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 rtt)
{
  PeerupDialHistory *history = find_history (self, peer, address);

  if (history != NULL && rtt > 0)
    history->rtt = rtt;
}

gboolean
peerup_peerstore_get_history (PeerupPeerstore *self, PeerupPeerId *peer, PeerupMultiaddr *address,
                              PeerupDialHistory *history)
{
  const PeerupDialHistory *found = find_history (self, peer, address);

  if (found != NULL)
    *history = *found;
  return found != NULL;
}

const char *
peerup_peerstore_get_security (PeerupPeerstore *self, PeerupPeerId *peer)
{
  return g_hash_table_lookup (self->securities, peer);
}

void
peerup_peerstore_report_security (PeerupPeerstore *self, PeerupPeerId *peer, const char *security)
{
  gpointer key;

  if (g_hash_table_lookup_extended (self->peers, peer, &key, NULL))
    g_hash_table_insert (self->securities, key, (gpointer) security);
}

static gboolean
remembers_udp (PeerupPeerstore *self, gint64 now)
{
  return self->n_udp_silences > 0 && now - self->udp_silent_at < UDP_MEMORY;
}

gboolean
peerup_peerstore_is_udp_blocked (PeerupPeerstore *self, gint64 now)
{
  return self->n_udp_silences >= UDP_SILENCES_MIN && remembers_udp (self, now);
}

void
peerup_peerstore_report_udp (PeerupPeerstore *self, gboolean works, gint64 now)
{
  if (works || !remembers_udp (self, now))
    self->n_udp_silences = 0;
  if (works)
    return;
  self->n_udp_silences = MIN (self->n_udp_silences + 1, UDP_SILENCES_MIN);
  self->udp_silent_at = now;
}

void
peerup_peerstore_network_changed (PeerupPeerstore *self)
{
  self->n_udp_silences = 0;
}

gint64
peerup_peerstore_get_last_dial (PeerupPeerstore *self, PeerupPeerId *peer)
{
  GPtrArray *entries = g_hash_table_lookup (self->peers, peer);
  gint64 last = 0;

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const Entry *entry = entries->pdata[i];

      if (!peerup_multiaddr_find (entry->address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL))
        last = MAX (last, MAX (entry->history.succeeded_at, entry->history.failed_at));
    }
  return last;
}
