/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Invites by inviter and number, by number alone (whose it was first), and, to forget those whose time is over without
 * looking at the others, by their end; visitors with the invites they came by; and counts of what is bounded. A change
 * of what is kept is built beside what is there, shown to the keeper, and then put in its place whole. It lives as long
 * as its relay. It lets nobody in and writes nothing itself. */

#include "relay/peerup-rendezvous-table.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

typedef struct
{
  PeerupRendezvousKept kept; /* sealed may be NULL, left is not */
  guint n_wrong;
  GPtrArray *visitors;  /* of PeerupPeerId */
  GSequenceIter *place; /* in by_end */
} Invite;

struct _PeerupRendezvousTable
{
  const PeerupRendezvousTableFuncs *funcs;
  gpointer data;
  GHashTable *invites;  /* set of Invite, by inviter and number */
  GHashTable *numbers;  /* number as GUINT_TO_POINTER -> Invite, borrowed */
  GSequence *by_end;    /* of Invite, borrowed */
  GHashTable *visitors; /* PeerupPeerId -> GPtrArray of Invite, borrowed; none is no entry */
  GHashTable *inviters; /* PeerupPeerId -> open numbers, as GUINT_TO_POINTER; none is no entry */
  GHashTable *joiners;  /* PeerupPeerId -> invites that he has left something for, likewise */
  gsize n_bytes;
  guint n_passes;
};

static const PeerupRendezvousTableFuncs no_funcs;

/* Counts */

static guint
get_count (GHashTable *counts, PeerupPeerId *peer)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, peer));
}

static void
change_count (GHashTable *counts, PeerupPeerId *peer, int change)
{
  guint count = get_count (counts, peer) + change;

  if (count > 0)
    g_hash_table_insert (counts, peerup_peer_id_ref (peer), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (counts, peer);
}

static gsize
count_bytes (const PeerupRendezvousKept *kept)
{
  gsize n = kept->sealed != NULL ? g_bytes_get_size (kept->sealed) : 0;

  for (guint i = 0; i < kept->left->len; i++)
    n += g_bytes_get_size (((PeerupRendezvousLeft *) kept->left->pdata[i])->sealed);
  return n;
}

static gboolean
has_pass (const Invite *invite)
{
  return invite->kept.pass_hash != NULL && invite->n_wrong < PEERUP_RENDEZVOUS_WRONG_MAX;
}

/* @change: 1 for an invite whose parts have just come, -1 before they go. */
static void
table_count (PeerupRendezvousTable *self, Invite *invite, int change)
{
  self->n_bytes += change * (gssize) count_bytes (&invite->kept);
  self->n_passes += change * has_pass (invite);
  for (guint i = 0; i < invite->kept.left->len; i++)
    change_count (self->joiners, ((PeerupRendezvousLeft *) invite->kept.left->pdata[i])->joiner, change);
}

/* Invites */

static gboolean
bytes_equal (GBytes *a, GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

static GBytes *
ref_bytes (GBytes *bytes)
{
  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

static guint
invite_hash (gconstpointer key)
{
  const Invite *invite = key;

  return peerup_peer_id_hash (invite->kept.inviter) ^ invite->kept.number;
}

static gboolean
invite_equal (gconstpointer a, gconstpointer b)
{
  const Invite *x = a, *y = b;

  return x->kept.number == y->kept.number && peerup_peer_id_equal (x->kept.inviter, y->kept.inviter);
}

static int
compare_ends (gconstpointer a, gconstpointer b, gpointer data)
{
  const Invite *x = a, *y = b;

  return (x->kept.expires > y->kept.expires) - (x->kept.expires < y->kept.expires);
}

static void
clear_parts (PeerupRendezvousKept *kept)
{
  g_clear_pointer (&kept->pass_hash, g_bytes_unref);
  g_clear_pointer (&kept->sealed, g_bytes_unref);
  g_clear_pointer (&kept->left, g_ptr_array_unref);
}

static void
invite_free (gpointer data)
{
  Invite *self = data;

  clear_parts (&self->kept);
  peerup_peer_id_unref (self->kept.inviter);
  g_ptr_array_unref (self->visitors);
  g_free (self);
}

static Invite *
table_lookup (PeerupRendezvousTable *self, PeerupPeerId *inviter, guint number)
{
  const Invite key = { .kept = { .inviter = inviter, .number = number } };

  return g_hash_table_lookup (self->invites, &key);
}

static GPtrArray *
new_left (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_left_free);
}

static GPtrArray *
copy_left (GPtrArray *left)
{
  GPtrArray *copy = new_left ();

  for (guint i = 0; i < left->len; i++)
    {
      const PeerupRendezvousLeft *one = left->pdata[i];

      g_ptr_array_add (copy, peerup_rendezvous_left_new (one->joiner, one->sealed));
    }
  return copy;
}

/* Visitors */

static void
table_end_visit (PeerupRendezvousTable *self, Invite *invite, PeerupPeerId *visitor)
{
  GPtrArray *invites = g_hash_table_lookup (self->visitors, visitor);

  g_ptr_array_remove (invites, invite);
  if (invites->len > 0)
    return;
  g_hash_table_remove (self->visitors, visitor);
  if (self->funcs->gone != NULL)
    self->funcs->gone (visitor, self->data);
}

static void
table_end_visits_of (PeerupRendezvousTable *self, Invite *invite)
{
  g_autoptr (GPtrArray) visitors = g_steal_pointer (&invite->visitors);

  invite->visitors = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  for (guint i = 0; i < visitors->len; i++)
    table_end_visit (self, invite, visitors->pdata[i]);
}

static void
table_begin_visit (PeerupRendezvousTable *self, Invite *invite, PeerupPeerId *visitor)
{
  GPtrArray *invites = g_hash_table_lookup (self->visitors, visitor);

  if (invites == NULL)
    {
      invites = g_ptr_array_new ();
      g_hash_table_insert (self->visitors, peerup_peer_id_ref (visitor), invites);
    }
  g_ptr_array_add (invites, invite);
  g_ptr_array_add (invite->visitors, peerup_peer_id_ref (visitor));
}

static gboolean
is_visitor_of (const Invite *invite, PeerupPeerId *visitor)
{
  return g_ptr_array_find_with_equal_func (invite->visitors, visitor, peerup_peer_id_equal, NULL);
}

void
peerup_rendezvous_table_end_visits (PeerupRendezvousTable *self, PeerupPeerId *visitor)
{
  GPtrArray *invites = g_hash_table_lookup (self->visitors, visitor);
  guint place;

  for (guint i = 0; invites != NULL && i < invites->len; i++)
    {
      Invite *invite = invites->pdata[i];

      if (g_ptr_array_find_with_equal_func (invite->visitors, visitor, peerup_peer_id_equal, &place))
        g_ptr_array_remove_index (invite->visitors, place);
    }
  g_hash_table_remove (self->visitors, visitor);
}

gboolean
peerup_rendezvous_table_is_visitor (PeerupRendezvousTable *self, PeerupPeerId *visitor, PeerupPeerId *inviter,
                                    gint64 now)
{
  GPtrArray *invites = g_hash_table_lookup (self->visitors, visitor);

  for (guint i = 0; invites != NULL && i < invites->len; i++)
    {
      const Invite *invite = invites->pdata[i];

      if (invite->kept.expires > now && (inviter == NULL || peerup_peer_id_equal (invite->kept.inviter, inviter)))
        return TRUE;
    }
  return FALSE;
}

gint64
peerup_rendezvous_table_get_visit_end (PeerupRendezvousTable *self, PeerupPeerId *visitor)
{
  GPtrArray *invites = g_hash_table_lookup (self->visitors, visitor);
  gint64 end = 0;

  for (guint i = 0; invites != NULL && i < invites->len; i++)
    end = MAX (end, ((Invite *) invites->pdata[i])->kept.expires);
  return end;
}

/* Coming and going */

static void
table_remove (PeerupRendezvousTable *self, Invite *invite)
{
  gpointer number = GUINT_TO_POINTER (invite->kept.number);

  table_count (self, invite, -1);
  change_count (self->inviters, invite->kept.inviter, -1);
  g_sequence_remove (invite->place);
  if (g_hash_table_lookup (self->numbers, number) == invite)
    g_hash_table_remove (self->numbers, number);
  g_hash_table_steal (self->invites, invite);
  if (invite->kept.sealed != NULL && self->funcs->forget != NULL)
    self->funcs->forget (&invite->kept, self->data);
  table_end_visits_of (self, invite);
  invite_free (invite);
}

/* An empty one. */
static Invite *
table_add (PeerupRendezvousTable *self, PeerupPeerId *inviter, guint number, gint64 expires)
{
  Invite *invite = g_new0 (Invite, 1);

  invite->kept.inviter = peerup_peer_id_ref (inviter);
  invite->kept.number = number;
  invite->kept.expires = expires;
  invite->kept.left = new_left ();
  invite->visitors = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  invite->place = g_sequence_insert_sorted (self->by_end, invite, compare_ends, NULL);
  g_hash_table_add (self->invites, invite);
  change_count (self->inviters, inviter, 1);
  return invite;
}

void
peerup_rendezvous_table_advance (PeerupRendezvousTable *self, gint64 now)
{
  while (!g_sequence_is_empty (self->by_end))
    {
      Invite *first = g_sequence_get (g_sequence_get_begin_iter (self->by_end));

      if (first->kept.expires > now)
        break;
      table_remove (self, first);
    }
}

gint64
peerup_rendezvous_table_get_next_end (PeerupRendezvousTable *self)
{
  if (g_sequence_is_empty (self->by_end))
    return G_MAXINT64;
  return ((Invite *) g_sequence_get (g_sequence_get_begin_iter (self->by_end)))->kept.expires;
}

/* Changing */

/* Whether @next may be in the place of @old (nullable). */
static gboolean
table_has_room (PeerupRendezvousTable *self, const Invite *old, const PeerupRendezvousKept *next, GError **error)
{
  gsize bytes = self->n_bytes - (old != NULL ? count_bytes (&old->kept) : 0);

  if (old == NULL && get_count (self->inviters, next->inviter) >= PEERUP_RENDEZVOUS_OF_PEER_MAX)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%d invites of yours are open here",
                 PEERUP_RENDEZVOUS_OF_PEER_MAX);
  else if (old == NULL && g_hash_table_size (self->invites) >= PEERUP_RENDEZVOUS_IN_ALL_MAX)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "too many invites are open here");
  else if (count_bytes (next) > PEERUP_RENDEZVOUS_BYTES_MAX - bytes)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "there is no room for what is left with this relay");
  else
    return TRUE;
  return FALSE;
}

static gboolean
table_keep (PeerupRendezvousTable *self, const PeerupRendezvousKept *next, GError **error)
{
  return next->sealed == NULL || self->funcs->keep == NULL || self->funcs->keep (next, self->data, error);
}

/* The parts of @next, which are taken, and its end. */
static void
table_put (PeerupRendezvousTable *self, Invite *invite, PeerupRendezvousKept *next)
{
  table_count (self, invite, -1);
  if (!bytes_equal (invite->kept.pass_hash, next->pass_hash))
    invite->n_wrong = 0;
  clear_parts (&invite->kept);
  invite->kept.expires = next->expires;
  invite->kept.by_number = next->by_number;
  invite->kept.pass_hash = g_steal_pointer (&next->pass_hash);
  invite->kept.sealed = g_steal_pointer (&next->sealed);
  invite->kept.left = g_steal_pointer (&next->left);
  table_count (self, invite, 1);
  if (next->by_number)
    g_hash_table_insert (self->numbers, GUINT_TO_POINTER (invite->kept.number), invite);
  g_sequence_sort_changed (invite->place, compare_ends, NULL);
}

/* Whether whoever asks for the number alone finds @invite (NULL: a new one). */
static gboolean
table_has_number (PeerupRendezvousTable *self, guint number, const Invite *invite)
{
  const Invite *first = g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (number));

  return first == NULL || first == invite;
}

/* The parts of @next as @request has them. Answers stay while it is the same invite. */
static void
table_prepare (PeerupRendezvousTable *self, Invite *invite, const PeerupRendezvousRequest *request,
               PeerupRendezvousKept *next)
{
  gboolean stays =
    invite != NULL && request->sealed != NULL && bytes_equal (invite->kept.pass_hash, request->pass_hash);

  next->left = stays ? copy_left (invite->kept.left) : new_left ();
  next->pass_hash = ref_bytes (request->pass_hash);
  next->sealed = ref_bytes (request->sealed);
  next->by_number = table_has_number (self, request->number, invite);
}

static void
table_replace (PeerupRendezvousTable *self, Invite *invite, PeerupRendezvousKept *next)
{
  if (invite->kept.sealed != NULL && next->sealed == NULL && self->funcs->forget != NULL)
    self->funcs->forget (&invite->kept, self->data);
  if (!bytes_equal (invite->kept.pass_hash, next->pass_hash))
    table_end_visits_of (self, invite);
  table_put (self, invite, next);
}

PeerupRendezvousStatus
peerup_rendezvous_table_register (PeerupRendezvousTable *self, PeerupPeerId *inviter,
                                  const PeerupRendezvousRequest *request, gint64 now, GError **error)
{
  PeerupRendezvousKept next = { .inviter = inviter, .number = request->number, .expires = now + request->ttl };
  PeerupRendezvousStatus status;
  Invite *invite;

  peerup_rendezvous_table_advance (self, now);
  invite = table_lookup (self, inviter, request->number);
  table_prepare (self, invite, request, &next);
  if (!table_has_room (self, invite, &next, error))
    status = PEERUP_RENDEZVOUS_LIMIT;
  else if (!table_keep (self, &next, error))
    status = PEERUP_RENDEZVOUS_UNAVAILABLE;
  else
    {
      status = next.by_number ? PEERUP_RENDEZVOUS_OK : PEERUP_RENDEZVOUS_TAKEN;
      if (invite == NULL)
        invite = table_add (self, inviter, request->number, next.expires);
      table_replace (self, invite, &next);
    }
  clear_parts (&next);
  return status;
}

gboolean
peerup_rendezvous_table_restore (PeerupRendezvousTable *self, const PeerupRendezvousKept *kept, gint64 now)
{
  PeerupRendezvousKept next = *kept;
  Invite *invite;

  if (kept->expires <= now || table_lookup (self, kept->inviter, kept->number) != NULL ||
      !table_has_room (self, NULL, kept, NULL))
    return FALSE;
  next.pass_hash = ref_bytes (kept->pass_hash);
  next.sealed = g_bytes_ref (kept->sealed);
  next.left = copy_left (kept->left);
  invite = table_add (self, kept->inviter, kept->number, kept->expires);
  next.by_number &= table_has_number (self, kept->number, invite);
  table_put (self, invite, &next);
  return TRUE;
}

gboolean
peerup_rendezvous_table_unregister (PeerupRendezvousTable *self, PeerupPeerId *inviter, guint number)
{
  Invite *invite = table_lookup (self, inviter, number);

  if (invite == NULL)
    return FALSE;
  table_remove (self, invite);
  return TRUE;
}

static Invite *
table_find (PeerupRendezvousTable *self, guint number, PeerupPeerId *inviter, gint64 now)
{
  Invite *invite = inviter != NULL ? table_lookup (self, inviter, number)
                                   : g_hash_table_lookup (self->numbers, GUINT_TO_POINTER (number));

  return invite != NULL && invite->kept.expires > now ? invite : NULL;
}

const PeerupRendezvousKept *
peerup_rendezvous_table_find (PeerupRendezvousTable *self, guint number, PeerupPeerId *inviter, gint64 now)
{
  Invite *invite = table_find (self, number, inviter, now);

  return invite != NULL ? &invite->kept : NULL;
}

/* The pass */

static gboolean
matches (GBytes *hash, const guint8 *pass)
{
  guint8 digest[PEERUP_RENDEZVOUS_HASH_LENGTH];

  if (gnutls_hash_fast (GNUTLS_DIG_SHA256, pass, PEERUP_RENDEZVOUS_PASS_LENGTH, digest) != 0)
    return FALSE;
  return gnutls_memcmp (g_bytes_get_data (hash, NULL), digest, sizeof digest) == 0;
}

PeerupRendezvousStatus
peerup_rendezvous_table_show (PeerupRendezvousTable *self, PeerupPeerId *visitor,
                              const PeerupRendezvousRequest *request, gint64 now)
{
  Invite *invite = table_find (self, request->number, request->inviter, now);

  if (invite == NULL || !has_pass (invite))
    return PEERUP_RENDEZVOUS_DENIED;
  if (!matches (invite->kept.pass_hash, request->pass))
    {
      invite->n_wrong++;
      self->n_passes -= !has_pass (invite);
      return PEERUP_RENDEZVOUS_DENIED;
    }
  if (visitor == NULL || is_visitor_of (invite, visitor))
    return PEERUP_RENDEZVOUS_OK;
  if (invite->visitors->len >= PEERUP_RENDEZVOUS_VISITORS_MAX)
    return PEERUP_RENDEZVOUS_LIMIT;
  table_begin_visit (self, invite, visitor);
  return PEERUP_RENDEZVOUS_OK;
}

/* Leaving */

/* Whose place a visitor may have: an answer of somebody who has not shown the pass. */
static gboolean
find_uninvited (const Invite *invite, GPtrArray *left, guint *place)
{
  for (*place = 0; *place < left->len; (*place)++)
    if (!is_visitor_of (invite, ((PeerupRendezvousLeft *) left->pdata[*place])->joiner))
      return TRUE;
  return FALSE;
}

static gboolean
is_by (gconstpointer left, gconstpointer joiner)
{
  return peerup_peer_id_equal (((const PeerupRendezvousLeft *) left)->joiner, joiner);
}

/* Makes a place for @joiner's in @left. */
static gboolean
make_place (PeerupRendezvousTable *self, Invite *invite, GPtrArray *left, PeerupPeerId *joiner)
{
  guint place;

  if (g_ptr_array_find_with_equal_func (left, joiner, is_by, &place))
    {
      g_ptr_array_remove_index (left, place);
      return TRUE;
    }
  if (get_count (self->joiners, joiner) >= PEERUP_RENDEZVOUS_LEFT_BY_PEER_MAX)
    return FALSE;
  if (left->len < PEERUP_RENDEZVOUS_LEFT_MAX)
    return TRUE;
  if (!is_visitor_of (invite, joiner) || !find_uninvited (invite, left, &place))
    return FALSE;
  g_ptr_array_remove_index (left, place);
  return TRUE;
}

PeerupRendezvousStatus
peerup_rendezvous_table_leave (PeerupRendezvousTable *self, PeerupPeerId *joiner,
                               const PeerupRendezvousRequest *request, gint64 now, GError **error)
{
  Invite *invite = table_find (self, request->number, request->inviter, now);
  PeerupRendezvousStatus status = PEERUP_RENDEZVOUS_OK;
  PeerupRendezvousKept next;

  if (invite == NULL || invite->kept.sealed == NULL)
    return PEERUP_RENDEZVOUS_NOT_FOUND;
  next = invite->kept;
  next.left = copy_left (invite->kept.left);
  next.pass_hash = ref_bytes (invite->kept.pass_hash);
  next.sealed = g_bytes_ref (invite->kept.sealed);
  if (!make_place (self, invite, next.left, joiner))
    status = PEERUP_RENDEZVOUS_LIMIT;
  else
    g_ptr_array_add (next.left, peerup_rendezvous_left_new (joiner, request->sealed));
  if (status == PEERUP_RENDEZVOUS_OK && !table_has_room (self, invite, &next, error))
    status = PEERUP_RENDEZVOUS_LIMIT;
  if (status == PEERUP_RENDEZVOUS_OK && !table_keep (self, &next, error))
    status = PEERUP_RENDEZVOUS_UNAVAILABLE;
  if (status == PEERUP_RENDEZVOUS_OK)
    table_put (self, invite, &next);
  clear_parts (&next);
  return status;
}

/* Looking */

guint
peerup_rendezvous_table_get_n_numbers (PeerupRendezvousTable *self)
{
  return g_hash_table_size (self->invites);
}

guint
peerup_rendezvous_table_get_n_passes (PeerupRendezvousTable *self)
{
  return self->n_passes;
}

gsize
peerup_rendezvous_table_get_n_bytes (PeerupRendezvousTable *self)
{
  return self->n_bytes;
}

/* Life */

static GHashTable *
new_peer_table (GDestroyNotify destroy)
{
  return g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref,
                                destroy);
}

PeerupRendezvousTable *
peerup_rendezvous_table_new (const PeerupRendezvousTableFuncs *funcs, gpointer data)
{
  PeerupRendezvousTable *self = g_new0 (PeerupRendezvousTable, 1);

  self->funcs = funcs != NULL ? funcs : &no_funcs;
  self->data = data;
  self->invites = g_hash_table_new_full (invite_hash, invite_equal, invite_free, NULL);
  self->numbers = g_hash_table_new (NULL, NULL);
  self->by_end = g_sequence_new (NULL);
  self->visitors = new_peer_table ((GDestroyNotify) g_ptr_array_unref);
  self->inviters = new_peer_table (NULL);
  self->joiners = new_peer_table (NULL);
  return self;
}

void
peerup_rendezvous_table_free (PeerupRendezvousTable *self)
{
  g_sequence_free (self->by_end);
  g_hash_table_unref (self->numbers);
  g_hash_table_unref (self->visitors);
  g_hash_table_unref (self->inviters);
  g_hash_table_unref (self->joiners);
  g_hash_table_unref (self->invites);
  g_free (self);
}
