/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A machine of times: it has no clock, no timer and no file. What has ended is remembered by peer, service and end
 * together, so that the same grant with another end is another grant. Memory is bounded by the files.
 */
#include "trust/peerup-trust-clock.h"

struct _PeerupTrustClock
{
  GPtrArray *grants;         /* of the file */
  GPtrArray *past;           /* that have ended in this run, oldest first */
  GPtrArray *facts;          /* copies of both, as they count */
  GHashTable *ended;         /* sets of keys: grants, */
  GHashTable *warned;        /* grants, */
  GHashTable *ended_entries; /* authorizations */
  gint64 latest;
};

static char *
dup_key (PeerupPeerId *peer, const char *service, gint64 end)
{
  return g_strdup_printf ("%s %s %" G_GINT64_FORMAT, peerup_peer_id_get_string (peer), service, end);
}

static char *
dup_grant_key (const PeerupGrant *grant)
{
  return dup_key (grant->peer, grant->service, grant->until);
}

static gboolean
is_in (GHashTable *set, const PeerupGrant *grant)
{
  g_autofree char *key = dup_grant_key (grant);

  return g_hash_table_contains (set, key);
}

static gboolean
is_of_same (gconstpointer a, gconstpointer b)
{
  const PeerupGrant *one = a, *other = b;

  return g_str_equal (one->service, other->service) && peerup_peer_id_equal (one->peer, other->peer);
}

/* What came back into the file by a person's hand counts as it stands there. */
static void
clock_collect_facts (PeerupTrustClock *self)
{
  g_ptr_array_set_size (self->facts, 0);
  for (guint i = 0; i < self->grants->len; i++)
    {
      PeerupGrant *copy = peerup_grant_copy (self->grants->pdata[i]);

      if (is_in (self->ended, copy))
        copy->until = PEERUP_EXPIRES_MALFORMED;
      g_ptr_array_add (self->facts, copy);
    }
  for (guint i = 0; i < self->past->len; i++)
    if (!g_ptr_array_find_with_equal_func (self->grants, self->past->pdata[i], is_of_same, NULL))
      g_ptr_array_add (self->facts, peerup_grant_copy (self->past->pdata[i]));
}

static void
clock_add_past (PeerupTrustClock *self, const PeerupGrant *grant)
{
  PeerupGrant *copy = peerup_grant_copy (grant);
  guint index;

  copy->until = PEERUP_EXPIRES_MALFORMED;
  if (g_ptr_array_find_with_equal_func (self->past, copy, is_of_same, &index))
    g_ptr_array_remove_index (self->past, index);
  if (self->past->len >= PEERUP_TRUST_CLOCK_PAST_MAX)
    g_ptr_array_remove_index (self->past, 0);
  g_ptr_array_add (self->past, copy);
}

/* Of what no file names any more nothing need be known. */
static GHashTable *
dup_still_named (GHashTable *set, GPtrArray *grants)
{
  GHashTable *named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < grants->len; i++)
    {
      g_autofree char *key = dup_grant_key (grants->pdata[i]);

      if (g_hash_table_contains (set, key))
        g_hash_table_add (named, g_steal_pointer (&key));
    }
  return named;
}

static void
replace_set (GHashTable **set, GHashTable *other)
{
  g_hash_table_unref (*set);
  *set = other;
}

void
peerup_trust_clock_set_grants (PeerupTrustClock *self, GPtrArray *grants)
{
  g_return_if_fail (self != NULL && grants != NULL);

  g_ptr_array_unref (self->grants);
  self->grants = grants;
  replace_set (&self->ended, dup_still_named (self->ended, grants));
  replace_set (&self->warned, dup_still_named (self->warned, grants));
  clock_collect_facts (self);
}

GPtrArray *
peerup_trust_clock_get_grants (PeerupTrustClock *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->facts;
}

/* @next: what comes of it next. */
static void
clock_look_at (PeerupTrustClock *self, const PeerupGrant *grant, gint64 now, GPtrArray *ended, GPtrArray *ending,
               gint64 *next)
{
  if (grant->until == PEERUP_EXPIRES_NEVER || grant->until == PEERUP_EXPIRES_MALFORMED || is_in (self->ended, grant))
    return;
  if (grant->until <= now)
    {
      g_hash_table_add (self->ended, dup_grant_key (grant));
      clock_add_past (self, grant);
      g_ptr_array_add (ended, peerup_grant_copy (grant));
      return;
    }
  *next = MIN (*next, grant->until);
  if (is_in (self->warned, grant))
    return;
  if (grant->until - PEERUP_GRANT_WARNING > now)
    {
      *next = MIN (*next, grant->until - PEERUP_GRANT_WARNING);
      return;
    }
  g_hash_table_add (self->warned, dup_grant_key (grant));
  g_ptr_array_add (ending, peerup_grant_copy (grant));
}

static gboolean
find_end (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, gint64 *end)
{
  return peerup_authorized_keys_lookup (keys, peer, 0, end) != PEERUP_AUTHORIZATION_NONE &&
         *end != PEERUP_EXPIRES_NEVER && *end != PEERUP_EXPIRES_MALFORMED;
}

/* Those that were seen to end and still stand in the file, and those that have ended now. */
static gint64
clock_look_at_entries (PeerupTrustClock *self, PeerupAuthorizedKeys *keys, gint64 now)
{
  GHashTable *ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gint64 next = PEERUP_EXPIRES_NEVER;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (keys, i);
      g_autofree char *key = NULL;
      gint64 end;

      if (!find_end (keys, peer, &end))
        continue;
      key = dup_key (peer, "", end);
      if (end <= now || g_hash_table_contains (self->ended_entries, key))
        g_hash_table_add (ended, g_steal_pointer (&key));
      else
        next = MIN (next, end);
    }
  replace_set (&self->ended_entries, ended);
  return next;
}

gint64
peerup_trust_clock_advance (PeerupTrustClock *self, PeerupAuthorizedKeys *keys, gint64 now, GPtrArray *ended,
                            GPtrArray *ending)
{
  gint64 next = PEERUP_EXPIRES_NEVER;
  guint n_ended;

  g_return_val_if_fail (self != NULL && ended != NULL && ending != NULL, PEERUP_EXPIRES_NEVER);

  n_ended = ended->len;
  self->latest = MAX (self->latest, now);
  for (guint i = 0; i < self->grants->len; i++)
    clock_look_at (self, self->grants->pdata[i], now, ended, ending, &next);
  if (ended->len > n_ended)
    clock_collect_facts (self);
  return keys != NULL ? MIN (next, clock_look_at_entries (self, keys, now)) : next;
}

gint64
peerup_trust_clock_get_time (PeerupTrustClock *self, PeerupAuthorizedKeys *keys, PeerupPeerId *peer, gint64 now)
{
  g_autofree char *key = NULL;
  gint64 end;

  g_return_val_if_fail (self != NULL && peer != NULL, now);

  if (now >= self->latest || keys == NULL || !find_end (keys, peer, &end))
    return now;
  key = dup_key (peer, "", end);
  return g_hash_table_contains (self->ended_entries, key) ? MAX (now, end) : now;
}

PeerupTrustClock *
peerup_trust_clock_new (void)
{
  PeerupTrustClock *self = g_new0 (PeerupTrustClock, 1);

  self->grants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  self->past = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  self->facts = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  self->ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->warned = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->ended_entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
peerup_trust_clock_free (PeerupTrustClock *self)
{
  g_return_if_fail (self != NULL);

  g_ptr_array_unref (self->grants);
  g_ptr_array_unref (self->past);
  g_ptr_array_unref (self->facts);
  g_hash_table_unref (self->ended);
  g_hash_table_unref (self->warned);
  g_hash_table_unref (self->ended_entries);
  g_free (self);
}
