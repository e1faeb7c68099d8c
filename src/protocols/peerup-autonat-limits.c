/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Counts what an AutoNAT server was asked for, in lists of times that hold one minute and as many entries as the limit
 * of all requests allows. Lives as long as the server; knows no clock and sends nothing. */

#include "protocols/peerup-autonat-limits.h"

typedef struct
{
  gint64 at;
  guint64 host;       /* of a request: where it came from; of a dial: where it went */
  PeerupPeerId *peer; /* of a request; NULL for the others */
} Entry;

struct _PeerupAutonatLimits
{
  GArray *requests; /* of Entry, oldest first, as the others */
  GArray *data;
  GArray *dials;
  GHashTable *running; /* PeerupPeerId to the number of its requests, as GUINT_TO_POINTER; none is no entry */
};

static void
entry_clear (gpointer data)
{
  Entry *self = data;

  g_clear_pointer (&self->peer, peerup_peer_id_unref);
}

static GArray *
entries_new (void)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));

  g_array_set_clear_func (entries, entry_clear);
  return entries;
}

PeerupAutonatLimits *
peerup_autonat_limits_new (void)
{
  PeerupAutonatLimits *self = g_new0 (PeerupAutonatLimits, 1);

  self->requests = entries_new ();
  self->data = entries_new ();
  self->dials = entries_new ();
  self->running =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  return self;
}

void
peerup_autonat_limits_free (PeerupAutonatLimits *self)
{
  g_array_unref (self->requests);
  g_array_unref (self->data);
  g_array_unref (self->dials);
  g_hash_table_unref (self->running);
  g_free (self);
}

static void
forget_old (GArray *entries, gint64 now)
{
  guint n = 0;

  while (n < entries->len && now - g_array_index (entries, Entry, n).at >= PEERUP_AUTONAT_LIMITS_WINDOW)
    n++;
  if (n > 0)
    g_array_remove_range (entries, 0, n);
}

static void
add_entry (GArray *entries, gint64 at, guint64 host, PeerupPeerId *peer)
{
  const Entry entry = { at, host, peer != NULL ? peerup_peer_id_ref (peer) : NULL };

  g_array_append_val (entries, entry);
}

static guint
count_host (GArray *entries, guint64 host)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    n += g_array_index (entries, Entry, i).host == host;
  return n;
}

static guint
count_peer (GArray *entries, PeerupPeerId *peer)
{
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    n += peerup_peer_id_equal (g_array_index (entries, Entry, i).peer, peer);
  return n;
}

gboolean
peerup_autonat_limits_begin (PeerupAutonatLimits *self, PeerupPeerId *peer, guint64 host, gint64 now)
{
  guint n_running = GPOINTER_TO_UINT (g_hash_table_lookup (self->running, peer));

  forget_old (self->requests, now);
  if (n_running >= PEERUP_AUTONAT_LIMITS_AT_ONCE || self->requests->len >= PEERUP_AUTONAT_LIMITS_REQUESTS ||
      count_peer (self->requests, peer) >= PEERUP_AUTONAT_LIMITS_OF_PEER ||
      count_host (self->requests, host) >= PEERUP_AUTONAT_LIMITS_FROM_HOST)
    return FALSE;
  add_entry (self->requests, now, host, peer);
  g_hash_table_insert (self->running, peerup_peer_id_ref (peer), GUINT_TO_POINTER (n_running + 1));
  return TRUE;
}

void
peerup_autonat_limits_end (PeerupAutonatLimits *self, PeerupPeerId *peer)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->running, peer));

  g_assert (n > 0);
  if (n > 1)
    g_hash_table_insert (self->running, peerup_peer_id_ref (peer), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->running, peer);
}

gboolean
peerup_autonat_limits_take_data (PeerupAutonatLimits *self, gint64 now)
{
  forget_old (self->data, now);
  if (self->data->len >= PEERUP_AUTONAT_LIMITS_WITH_DATA)
    return FALSE;
  add_entry (self->data, now, 0, NULL);
  return TRUE;
}

gboolean
peerup_autonat_limits_take_dial (PeerupAutonatLimits *self, guint64 host, gint64 now)
{
  forget_old (self->dials, now);
  if (count_host (self->dials, host) >= PEERUP_AUTONAT_LIMITS_TO_HOST)
    return FALSE;
  add_entry (self->dials, now, host, NULL);
  return TRUE;
}
