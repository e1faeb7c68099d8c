/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The peers of the LAN with the addresses that they have told. Lives as long as its machine, and remembers nothing for
 * longer than was said. It is no address book: what is to be kept, its user keeps. */

#include "mdns/peerup-mdns-known.h"

typedef struct
{
  PeerupPeerId *peer;
  GPtrArray *addresses; /* of PeerupMultiaddr, oldest first */
  gint64 until;
  GList link;
} Entry;

struct _PeerupMdnsKnown
{
  GHashTable *entries; /* PeerupPeerId to Entry */
  GQueue order;        /* of Entry, the one heard least recently first */
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  peerup_peer_id_unref (self->peer);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

PeerupMdnsKnown *
peerup_mdns_known_new (void)
{
  PeerupMdnsKnown *self = g_new0 (PeerupMdnsKnown, 1);

  self->entries = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, entry_free);
  return self;
}

void
peerup_mdns_known_free (PeerupMdnsKnown *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
known_remove (PeerupMdnsKnown *self, Entry *entry)
{
  g_queue_unlink (&self->order, &entry->link);
  g_hash_table_remove (self->entries, entry->peer);
}

/* The entry, which is the one heard last now. */
static Entry *
known_ensure (PeerupMdnsKnown *self, PeerupPeerId *peer)
{
  Entry *entry = g_hash_table_lookup (self->entries, peer);

  if (entry != NULL)
    {
      g_queue_unlink (&self->order, &entry->link);
      g_queue_push_tail_link (&self->order, &entry->link);
      return entry;
    }
  if (self->order.length == PEERUP_MDNS_KNOWN_MAX)
    known_remove (self, g_queue_peek_head (&self->order));
  entry = g_new0 (Entry, 1);
  entry->peer = peerup_peer_id_ref (peer);
  entry->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  entry->link.data = entry;
  g_queue_push_tail_link (&self->order, &entry->link);
  g_hash_table_insert (self->entries, entry->peer, entry);
  return entry;
}

gboolean
peerup_mdns_known_learn (PeerupMdnsKnown *self, const PeerupMdnsClaim *claim, gint64 now)
{
  Entry *entry = g_hash_table_lookup (self->entries, claim->peer);
  gboolean is_news = FALSE;

  if (claim->ttl == 0)
    {
      if (entry != NULL)
        known_remove (self, entry);
      return FALSE;
    }
  if (claim->addresses->len == 0)
    return FALSE;
  entry = known_ensure (self, claim->peer);
  if (entry->until < now)
    g_ptr_array_set_size (entry->addresses, 0);
  entry->until = now + (gint64) MIN (claim->ttl, PEERUP_MDNS_KNOWN_TTL_MAX) * G_USEC_PER_SEC;
  for (guint i = 0; i < claim->addresses->len; i++)
    {
      if (g_ptr_array_find_with_equal_func (entry->addresses, claim->addresses->pdata[i], peerup_multiaddr_equal, NULL))
        continue;
      is_news = TRUE;
      if (entry->addresses->len == PEERUP_MDNS_ADDRESSES_MAX)
        g_ptr_array_remove_index (entry->addresses, 0);
      g_ptr_array_add (entry->addresses, peerup_multiaddr_ref (claim->addresses->pdata[i]));
    }
  return is_news;
}

void
peerup_mdns_known_clear (PeerupMdnsKnown *self)
{
  g_queue_init (&self->order);
  g_hash_table_remove_all (self->entries);
}

guint
peerup_mdns_known_get_n (PeerupMdnsKnown *self)
{
  return self->order.length;
}
