/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The books of what others have begun: one entry for all of them together, and one for each
 * peer, address and network that has something or is still held to its rate. Lives as long
 * as anything that was begun. It refuses and counts; it ends nothing itself. */

#include "limits/peerup-limits.h"

#include <arpa/inet.h>
#include <string.h>

#include "limits/peerup-rate.h"

/* Of a bound in all, what is kept for those who have none: one part in this many. */
#define KEPT 8
/* How often entries that say nothing any more are looked for, microseconds. */
#define SWEEP_INTERVAL G_USEC_PER_SEC
/* From the /64 of a host to the /48 of its network. */
#define NETWORK_SHIFT 16

typedef enum
{
  HANDSHAKES,
  CONNECTIONS,
  STREAMS,
  MEMORY,
  N_RESOURCES,
} Resource;

typedef struct
{
  guint64 host;       /* an address or a network */
  PeerupPeerId *peer; /* or a peer */
  guint64 used[N_RESOURCES];
  PeerupRate rate; /* of a peer: of its streams; of the others: of their handshakes */
} Entry;

typedef struct
{
  GHashTable *entries; /* &host or peer -> Entry */
  guint n_used;        /* of them, those that have something */
  PeerupRate others;   /* of those that are not remembered, together */
} Table;

/* What one has that wants more: the entry that it counts in, and what bounds it there. */
typedef struct
{
  Table *table;
  guint64 host;
  PeerupPeerId *peer;
  Entry *entry;      /* NULL: has nothing */
  PeerupLimit count; /* how much at a time */
  PeerupLimit rate;  /* PEERUP_N_LIMITS: as often as it likes */
} Share;

typedef struct
{
  guint64 n;
  guint64 host;
  PeerupPeerId *peer;
} Refusals;

struct _PeerupLimits
{
  gatomicrefcount ref_count;
  PeerupLimitsSettings settings;
  Entry all;
  Table addresses;
  Table networks;
  Table peers;
  gint64 sweep_at;
  Refusals refusals[PEERUP_N_LIMITS];
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self);
}

static gboolean
entry_is_used (const Entry *self)
{
  for (guint i = 0; i < N_RESOURCES; i++)
    if (self->used[i] > 0)
      return TRUE;
  return FALSE;
}

static guint
table_get_n_idle (const Table *self)
{
  return g_hash_table_size (self->entries) - self->n_used;
}

static gboolean
is_of_no_use (gpointer key, gpointer value, gpointer now)
{
  return !entry_is_used (value) && peerup_rate_is_full (&((Entry *) value)->rate, *(gint64 *) now);
}

static void
limits_sweep (PeerupLimits *self, gint64 now)
{
  if (now < self->sweep_at)
    return;
  self->sweep_at = now + SWEEP_INTERVAL;
  g_hash_table_foreach_remove (self->addresses.entries, is_of_no_use, &now);
  g_hash_table_foreach_remove (self->networks.entries, is_of_no_use, &now);
  g_hash_table_foreach_remove (self->peers.entries, is_of_no_use, &now);
}

/* Shares */

static void
share_find (Share *self)
{
  self->entry =
    g_hash_table_lookup (self->table->entries, self->peer != NULL ? (gpointer) self->peer : (gpointer) &self->host);
}

static void
share_add (Share *self, Resource resource, guint64 amount)
{
  if (self->entry == NULL)
    {
      self->entry = g_new0 (Entry, 1);
      self->entry->host = self->host;
      self->entry->peer = self->peer != NULL ? peerup_peer_id_ref (self->peer) : NULL;
      g_hash_table_insert (self->table->entries,
                           self->peer != NULL ? (gpointer) self->entry->peer : (gpointer) &self->entry->host,
                           self->entry);
    }
  if (!entry_is_used (self->entry))
    self->table->n_used++;
  self->entry->used[resource] += amount;
}

static void
share_subtract (Share *self, Resource resource, guint64 amount)
{
  share_find (self);
  g_assert (self->entry != NULL && self->entry->used[resource] >= amount);
  self->entry->used[resource] -= amount;
  if (entry_is_used (self->entry))
    return;
  self->table->n_used--;
  if (table_get_n_idle (self->table) > PEERUP_LIMITS_REMEMBERED)
    g_hash_table_remove (self->table->entries, self->peer != NULL ? (gpointer) self->peer : (gpointer) &self->host);
}

/* NULL: a rate that was never used. */
static PeerupRate *
share_get_rate (const Share *self)
{
  if (self->entry != NULL)
    return &self->entry->rate;
  return table_get_n_idle (self->table) < PEERUP_LIMITS_REMEMBERED ? NULL : &self->table->others;
}

/* 0: as often as one likes. */
static gint64
limits_get_interval (PeerupLimits *self, PeerupLimit rate)
{
  return rate < PEERUP_N_LIMITS ? G_USEC_PER_SEC / (gint64) MIN (self->settings.values[rate], G_MAXUINT32) : 0;
}

static guint
limits_get_burst (PeerupLimits *self, PeerupLimit rate)
{
  return MIN (self->settings.values[rate], G_MAXUINT32 / PEERUP_LIMITS_BURST) * PEERUP_LIMITS_BURST;
}

static gboolean
limits_rate_allows (PeerupLimits *self, const PeerupRate *rate, PeerupLimit limit, gint64 now)
{
  gint64 interval = limits_get_interval (self, limit);

  return rate == NULL || interval == 0 || peerup_rate_allows (rate, now, limits_get_burst (self, limit), interval);
}

static void
limits_rate_take (PeerupLimits *self, PeerupRate *rate, PeerupLimit limit, gint64 now)
{
  gint64 interval = limits_get_interval (self, limit);

  /* It was asked before, so that it cannot refuse. */
  if (interval > 0 && !peerup_rate_take (rate, now, limits_get_burst (self, limit), interval))
    g_assert_not_reached ();
}

static gboolean
fits (guint64 used, guint64 amount, guint64 bound)
{
  return used <= bound && amount <= bound - used;
}

/* What stands for everybody in the books: its two limits. */
typedef struct
{
  Resource resource;
  PeerupLimit count;
  PeerupLimit rate;
} Total;

static const Total handshakes = { HANDSHAKES, PEERUP_LIMIT_HANDSHAKES, PEERUP_LIMIT_HANDSHAKE_RATE };
static const Total connections = { CONNECTIONS, PEERUP_LIMIT_CONNECTIONS, PEERUP_N_LIMITS };
static const Total streams = { STREAMS, PEERUP_LIMIT_STREAMS, PEERUP_N_LIMITS };
static const Total memory = { MEMORY, PEERUP_LIMIT_MEMORY, PEERUP_N_LIMITS };

/* The limit that stands in the way, PEERUP_N_LIMITS for none. The first of @shares is that of
 * who asks. One's own limits come first: they tell more. */
static PeerupLimit
limits_check (PeerupLimits *self, const Total *total, guint64 amount, const Share *shares, guint n_shares, gint64 now)
{
  const guint64 *bounds = self->settings.values;
  gboolean has_none = n_shares > 0 && (shares[0].entry == NULL || shares[0].entry->used[total->resource] == 0);
  guint64 kept = has_none ? 0 : bounds[total->count] / KEPT;

  for (guint i = 0; i < n_shares; i++)
    {
      const Share *share = &shares[i];

      if (!fits (share->entry != NULL ? share->entry->used[total->resource] : 0, amount, bounds[share->count]))
        return share->count;
      if (!limits_rate_allows (self, share_get_rate (share), share->rate, now))
        return share->rate;
    }
  if (!fits (self->all.used[total->resource], amount, bounds[total->count] - kept))
    return total->count;
  if (!limits_rate_allows (self, &self->all.rate, total->rate, now))
    return total->rate;
  return PEERUP_N_LIMITS;
}

static void
limits_enter (PeerupLimits *self, const Total *total, guint64 amount, Share *shares, guint n_shares, gint64 now)
{
  for (guint i = 0; i < n_shares; i++)
    {
      PeerupRate *others = shares[i].entry == NULL ? share_get_rate (&shares[i]) : NULL;

      if (others != NULL)
        limits_rate_take (self, others, shares[i].rate, now);
      share_add (&shares[i], total->resource, amount);
      if (others == NULL)
        limits_rate_take (self, &shares[i].entry->rate, shares[i].rate, now);
    }
  self->all.used[total->resource] += amount;
  limits_rate_take (self, &self->all.rate, total->rate, now);
}

/* Refusals */

static const Share *
find_share (const Share *shares, guint n_shares, PeerupLimit limit)
{
  for (guint i = 0; i < n_shares; i++)
    if (shares[i].count == limit || shares[i].rate == limit)
      return &shares[i];
  return NULL;
}

static char *
host_to_string (guint64 host, gboolean network)
{
  guint64 prefix = GUINT64_TO_BE (network ? host << NETWORK_SHIFT : host);
  struct in6_addr ip6 = { 0 };
  struct in_addr ip4 = { .s_addr = g_htonl ((guint32) host) };
  char text[INET6_ADDRSTRLEN];

  if (!network && host <= G_MAXUINT32)
    return g_strdup (inet_ntop (AF_INET, &ip4, text, sizeof text));
  memcpy (&ip6, &prefix, sizeof prefix);
  return g_strdup_printf ("%s/%d", inet_ntop (AF_INET6, &ip6, text, sizeof text), network ? 48 : 64);
}

char *
peerup_limits_dup_last_refused (PeerupLimits *self, PeerupLimit limit)
{
  const Refusals *refusals;
  gboolean network = limit == PEERUP_LIMIT_CONNECTIONS_PER_NETWORK || limit == PEERUP_LIMIT_HANDSHAKES_PER_NETWORK ||
                     limit == PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK;

  g_return_val_if_fail (self != NULL && limit < PEERUP_N_LIMITS, NULL);
  refusals = &self->refusals[limit];
  if (refusals->peer != NULL)
    return g_strdup (peerup_peer_id_get_string (refusals->peer));
  return refusals->host != 0 ? host_to_string (refusals->host, network) : NULL;
}

static void
set_error (PeerupLimits *self, PeerupLimit limit, gboolean has_room, gboolean in_all, GError **error)
{
  const char *noun = peerup_limit_get_noun (limit);
  const char *often = peerup_limit_is_rate (limit) ? " a second" : "";
  guint64 bound = self->settings.values[limit];
  g_autofree char *who = in_all ? NULL : peerup_limits_dup_last_refused (self, limit);

  if (has_room)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                 "This device keeps the last %" G_GUINT64_FORMAT " of its %" G_GUINT64_FORMAT
                 " %s for those who have none: raise network.limits.%s to allow more",
                 bound / KEPT, bound, noun, peerup_limit_get_name (limit));
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                 "%s is at its limit of %" G_GUINT64_FORMAT " %s%s: raise network.limits.%s to allow more",
                 in_all ? "This device" : who, bound, noun, often, peerup_limit_get_name (limit));
}

static void
limits_refuse (PeerupLimits *self, const Total *total, guint64 amount, PeerupLimit limit, const Share *shares,
               guint n_shares, GError **error)
{
  Refusals *refusals = &self->refusals[limit];
  const Share *share = find_share (shares, n_shares, limit);
  gboolean has_room =
    limit == total->count && fits (self->all.used[total->resource], amount, self->settings.values[limit]);

  refusals->n++;
  g_clear_pointer (&refusals->peer, peerup_peer_id_unref);
  refusals->host = 0;
  if (n_shares > 0)
    {
      const Share *who = share != NULL ? share : &shares[0];

      refusals->host = who->host;
      refusals->peer = who->peer != NULL ? peerup_peer_id_ref (who->peer) : NULL;
    }
  /* A flood is answered by many refusals, of which few are looked at. */
  if (error != NULL)
    set_error (self, limit, has_room, share == NULL, error);
}

static PeerupLimit
limits_begin (PeerupLimits *self, const Total *total, guint64 amount, Share *shares, guint n_shares, gint64 now,
              GError **error)
{
  PeerupLimit limit;

  for (guint i = 0; i < n_shares; i++)
    share_find (&shares[i]);
  limit = limits_check (self, total, amount, shares, n_shares, now);
  if (limit < PEERUP_N_LIMITS)
    limits_refuse (self, total, amount, limit, shares, n_shares, error);
  else
    limits_enter (self, total, amount, shares, n_shares, now);
  return limit;
}

static void
limits_end (PeerupLimits *self, const Total *total, guint64 amount, Share *shares, guint n_shares)
{
  g_assert (self->all.used[total->resource] >= amount);
  self->all.used[total->resource] -= amount;
  for (guint i = 0; i < n_shares; i++)
    share_subtract (&shares[i], total->resource, amount);
}

/* The four resources */

/* Appends those of an address and of its network, as far as it has them. */
static guint
add_host_shares (PeerupLimits *self, Share *shares, guint n, guint64 host)
{
  if (host != 0)
    shares[n++] = (Share) { .table = &self->addresses, .host = host };
  if (host > G_MAXUINT32)
    shares[n++] = (Share) { .table = &self->networks, .host = host >> NETWORK_SHIFT };
  return n;
}

static guint
get_handshake_shares (PeerupLimits *self, Share shares[2], guint64 host)
{
  guint n = add_host_shares (self, shares, 0, host);

  for (guint i = 0; i < n; i++)
    {
      gboolean network = shares[i].table == &self->networks;

      shares[i].count = network ? PEERUP_LIMIT_HANDSHAKES_PER_NETWORK : PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS;
      shares[i].rate = network ? PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK : PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS;
    }
  return n;
}

gboolean
peerup_limits_begin_handshake (PeerupLimits *self, guint64 host, gint64 now, GError **error)
{
  Share shares[2];

  g_return_val_if_fail (self != NULL, FALSE);
  limits_sweep (self, now);
  return limits_begin (self, &handshakes, 1, shares, get_handshake_shares (self, shares, host), now, error) ==
         PEERUP_N_LIMITS;
}

void
peerup_limits_end_handshake (PeerupLimits *self, guint64 host)
{
  Share shares[2];

  g_return_if_fail (self != NULL);
  limits_end (self, &handshakes, 1, shares, get_handshake_shares (self, shares, host));
}

static guint
get_connection_shares (PeerupLimits *self, Share shares[3], guint64 host, PeerupPeerId *peer)
{
  guint n;

  shares[0] = (Share) { .table = &self->peers, .peer = peer, .count = PEERUP_LIMIT_CONNECTIONS_PER_PEER };
  n = add_host_shares (self, shares, 1, host);
  for (guint i = 0; i < n; i++)
    shares[i].rate = PEERUP_N_LIMITS;
  if (n > 1)
    shares[1].count = PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS;
  if (n > 2)
    shares[2].count = PEERUP_LIMIT_CONNECTIONS_PER_NETWORK;
  return n;
}

gboolean
peerup_limits_begin_connection (PeerupLimits *self, guint64 host, PeerupPeerId *peer, GError **error)
{
  Share shares[3];

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);
  return limits_begin (self, &connections, 1, shares, get_connection_shares (self, shares, host, peer), 0, error) ==
         PEERUP_N_LIMITS;
}

void
peerup_limits_end_connection (PeerupLimits *self, guint64 host, PeerupPeerId *peer)
{
  Share shares[3];

  g_return_if_fail (self != NULL && peer != NULL);
  limits_end (self, &connections, 1, shares, get_connection_shares (self, shares, host, peer));
}

static Share
peer_share (PeerupLimits *self, PeerupPeerId *peer, PeerupLimit count, PeerupLimit rate)
{
  return (Share) { .table = &self->peers, .peer = peer, .count = count, .rate = rate };
}

gboolean
peerup_limits_begin_stream (PeerupLimits *self, PeerupPeerId *peer, gint64 now, PeerupLimit *limit, GError **error)
{
  Share share;
  PeerupLimit refused;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);
  limits_sweep (self, now);
  share = peer_share (self, peer, PEERUP_LIMIT_STREAMS_PER_PEER, PEERUP_LIMIT_STREAM_RATE_PER_PEER);
  refused = limits_begin (self, &streams, 1, &share, 1, now, error);
  if (limit != NULL)
    *limit = refused;
  return refused == PEERUP_N_LIMITS;
}

void
peerup_limits_end_stream (PeerupLimits *self, PeerupPeerId *peer)
{
  Share share;

  g_return_if_fail (self != NULL && peer != NULL);
  share = peer_share (self, peer, PEERUP_LIMIT_STREAMS_PER_PEER, PEERUP_LIMIT_STREAM_RATE_PER_PEER);
  limits_end (self, &streams, 1, &share, 1);
}

gboolean
peerup_limits_reserve (PeerupLimits *self, PeerupPeerId *peer, gsize bytes, GError **error)
{
  Share share;

  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);
  share = peer_share (self, peer, PEERUP_LIMIT_MEMORY_PER_PEER, PEERUP_N_LIMITS);
  return bytes == 0 || limits_begin (self, &memory, bytes, &share, 1, 0, error) == PEERUP_N_LIMITS;
}

void
peerup_limits_release (PeerupLimits *self, PeerupPeerId *peer, gsize bytes)
{
  Share share;

  g_return_if_fail (self != NULL && peer != NULL);
  share = peer_share (self, peer, PEERUP_LIMIT_MEMORY_PER_PEER, PEERUP_N_LIMITS);
  if (bytes > 0)
    limits_end (self, &memory, bytes, &share, 1);
}

/* Figures */

static void
entry_get_usage (const Entry *self, PeerupLimitsUsage *usage)
{
  *usage = (PeerupLimitsUsage) { 0 };
  if (self == NULL)
    return;
  usage->handshakes = self->used[HANDSHAKES];
  usage->connections = self->used[CONNECTIONS];
  usage->streams = self->used[STREAMS];
  usage->memory = self->used[MEMORY];
}

void
peerup_limits_get_usage (PeerupLimits *self, PeerupLimitsUsage *usage)
{
  g_return_if_fail (self != NULL && usage != NULL);
  entry_get_usage (&self->all, usage);
}

void
peerup_limits_get_peer_usage (PeerupLimits *self, PeerupPeerId *peer, PeerupLimitsUsage *usage)
{
  g_return_if_fail (self != NULL && peer != NULL && usage != NULL);
  entry_get_usage (g_hash_table_lookup (self->peers.entries, peer), usage);
}

guint64
peerup_limits_get_refusals (PeerupLimits *self, PeerupLimit limit)
{
  g_return_val_if_fail (self != NULL && limit < PEERUP_N_LIMITS, 0);
  return self->refusals[limit].n;
}

guint
peerup_limits_get_n_entries (PeerupLimits *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return g_hash_table_size (self->addresses.entries) + g_hash_table_size (self->networks.entries) +
         g_hash_table_size (self->peers.entries);
}

/* Life */

static void
check_settings (const PeerupLimitsSettings *settings)
{
  for (guint i = 0; i < PEERUP_N_LIMITS; i++)
    g_assert (settings->values[i] > 0);
}

const PeerupLimitsSettings *
peerup_limits_get_settings (PeerupLimits *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return &self->settings;
}

void
peerup_limits_set_settings (PeerupLimits *self, const PeerupLimitsSettings *settings)
{
  g_return_if_fail (self != NULL && settings != NULL);
  check_settings (settings);
  self->settings = *settings;
}

static GHashTable *
host_table_new (void)
{
  return g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, entry_free);
}

PeerupLimits *
peerup_limits_new (const PeerupLimitsSettings *settings)
{
  PeerupLimits *self;

  g_return_val_if_fail (settings != NULL, NULL);
  check_settings (settings);
  self = g_new0 (PeerupLimits, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->settings = *settings;
  self->addresses.entries = host_table_new ();
  self->networks.entries = host_table_new ();
  self->peers.entries = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, entry_free);
  return self;
}

PeerupLimits *
peerup_limits_ref (PeerupLimits *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_limits_unref (PeerupLimits *self)
{
  g_return_if_fail (self != NULL);
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_assert (!entry_is_used (&self->all));
  g_assert (self->addresses.n_used == 0 && self->networks.n_used == 0 && self->peers.n_used == 0);
  g_hash_table_unref (self->addresses.entries);
  g_hash_table_unref (self->networks.entries);
  g_hash_table_unref (self->peers.entries);
  for (guint i = 0; i < PEERUP_N_LIMITS; i++)
    g_clear_pointer (&self->refusals[i].peer, peerup_peer_id_unref);
  g_free (self);
}
