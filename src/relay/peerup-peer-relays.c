/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The choice among peers that offer to relay. It reserves nowhere and dials nobody: it is told who
 * offers and what came of it, and says who is to be used. Every call costs at most a look at each
 * remembered peer. */

#include "relay/peerup-peer-relays.h"

#define UNKNOWN_RTT (1 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  PeerupPeerId *peer;
  gboolean offers;
  gboolean kept;
  gint64 rtt;
  gint64 kept_at;   /* when it was last taken */
  guint n_bars;     /* in a row */
  gint64 bar_until; /* 0: it is not left alone */
} Relay;

struct _PeerupPeerRelays
{
  GPtrArray *relays; /* of Relay */
};

static void
relay_free (gpointer data)
{
  Relay *self = data;

  peerup_peer_id_unref (self->peer);
  g_free (self);
}

static Relay *
relays_find (PeerupPeerRelays *self, PeerupPeerId *peer)
{
  for (guint i = 0; i < self->relays->len; i++)
    {
      Relay *relay = self->relays->pdata[i];

      if (peerup_peer_id_equal (relay->peer, peer))
        return relay;
    }
  return NULL;
}

static gboolean
can_be_kept (const Relay *relay, gint64 now)
{
  return relay->offers && now >= relay->bar_until;
}

/* Room */

/* Whom to forget first: who offers nothing and owes nothing, then who offers nothing, then the farthest. */
static int
get_worth (const Relay *relay, gint64 now)
{
  return relay->kept ? 3 : relay->offers ? 2 : now < relay->bar_until ? 1 : 0;
}

static gboolean
is_worth_less (const Relay *a, const Relay *b, gint64 now)
{
  int x = get_worth (a, now), y = get_worth (b, now);

  return x != y ? x < y : a->rtt > b->rtt;
}

/* Room for an offer with @rtt; FALSE if all that are remembered are better. */
static gboolean
relays_make_room (PeerupPeerRelays *self, gint64 rtt, gint64 now)
{
  guint least = 0;
  const Relay *relay;

  if (self->relays->len < PEERUP_PEER_RELAYS_KNOWN)
    return TRUE;
  for (guint i = 1; i < self->relays->len; i++)
    if (is_worth_less (self->relays->pdata[i], self->relays->pdata[least], now))
      least = i;
  relay = self->relays->pdata[least];
  if (relay->kept || (relay->offers && relay->rtt <= rtt))
    return FALSE;
  g_ptr_array_remove_index (self->relays, least);
  return TRUE;
}

/* The choice */

static Relay *
relays_get_nearest_spare (PeerupPeerRelays *self, gint64 now)
{
  Relay *best = NULL;

  for (guint i = 0; i < self->relays->len; i++)
    {
      Relay *relay = self->relays->pdata[i];

      if (!relay->kept && can_be_kept (relay, now) && (best == NULL || relay->rtt < best->rtt))
        best = relay;
    }
  return best;
}

static Relay *
relays_get_farthest_kept (PeerupPeerRelays *self, guint *n_kept)
{
  Relay *worst = NULL;

  *n_kept = 0;
  for (guint i = 0; i < self->relays->len; i++)
    {
      Relay *relay = self->relays->pdata[i];

      if (!relay->kept)
        continue;
      (*n_kept)++;
      if (worst == NULL || relay->rtt > worst->rtt)
        worst = relay;
    }
  return worst;
}

static void
relay_keep (Relay *self, gint64 now)
{
  self->kept = TRUE;
  self->kept_at = now;
}

static gboolean
may_replace (const Relay *spare, const Relay *kept, gint64 now)
{
  return now - kept->kept_at >= PEERUP_PEER_RELAYS_STAY && spare->rtt < kept->rtt / 2;
}

static gboolean
relays_choose (PeerupPeerRelays *self, gint64 now)
{
  gboolean changed = FALSE;

  for (;;)
    {
      guint n_kept;
      Relay *farthest = relays_get_farthest_kept (self, &n_kept);
      Relay *spare = relays_get_nearest_spare (self, now);

      if (spare == NULL)
        return changed;
      if (n_kept == PEERUP_PEER_RELAYS_KEPT)
        {
          if (!may_replace (spare, farthest, now))
            return changed;
          farthest->kept = FALSE;
        }
      relay_keep (spare, now);
      changed = TRUE;
    }
}

/* It was used, and is not any more; it bears the cost of that. */
static void
relay_bar (Relay *self, gint64 now)
{
  gint64 bar = PEERUP_PEER_RELAYS_BAR_FIRST;

  if (now - self->kept_at >= PEERUP_PEER_RELAYS_BAR_MAX)
    self->n_bars = 0;
  for (guint i = 0; i < self->n_bars && bar < PEERUP_PEER_RELAYS_BAR_MAX; i++)
    bar *= 2;
  self->n_bars++;
  self->bar_until = now + MIN (bar, PEERUP_PEER_RELAYS_BAR_MAX);
  self->kept = FALSE;
}

gboolean
peerup_peer_relays_offer (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 rtt, gint64 now)
{
  Relay *relay = relays_find (self, peer);

  if (rtt < 0)
    rtt = UNKNOWN_RTT;
  if (relay == NULL)
    {
      if (!relays_make_room (self, rtt, now))
        return FALSE;
      relay = g_new0 (Relay, 1);
      relay->peer = peerup_peer_id_ref (peer);
      g_ptr_array_add (self->relays, relay);
    }
  relay->offers = TRUE;
  relay->rtt = rtt;
  return relays_choose (self, now);
}

gboolean
peerup_peer_relays_withdraw (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 now)
{
  Relay *relay = relays_find (self, peer);

  if (relay == NULL)
    return FALSE;
  relay->offers = FALSE;
  if (!relay->kept)
    return FALSE;
  relay_bar (relay, now);
  relays_choose (self, now);
  return TRUE;
}

gboolean
peerup_peer_relays_fail (PeerupPeerRelays *self, PeerupPeerId *peer, gint64 now)
{
  Relay *relay = relays_find (self, peer);

  if (relay == NULL || !relay->kept)
    return FALSE;
  relay_bar (relay, now);
  relays_choose (self, now);
  return TRUE;
}

gboolean
peerup_peer_relays_advance (PeerupPeerRelays *self, gint64 now)
{
  return relays_choose (self, now);
}

/* When @spare, for whom there is no place now, could get one. */
static gint64
get_turn (const Relay *spare, const Relay *farthest, guint n_kept)
{
  if (n_kept < PEERUP_PEER_RELAYS_KEPT)
    return spare->bar_until;
  if (spare->rtt >= farthest->rtt / 2)
    return G_MAXINT64;
  return MAX (spare->bar_until, farthest->kept_at + PEERUP_PEER_RELAYS_STAY);
}

gint64
peerup_peer_relays_get_deadline (PeerupPeerRelays *self)
{
  guint n_kept;
  const Relay *farthest = relays_get_farthest_kept (self, &n_kept);
  gint64 deadline = G_MAXINT64;

  for (guint i = 0; i < self->relays->len; i++)
    {
      const Relay *relay = self->relays->pdata[i];

      if (relay->offers && !relay->kept)
        deadline = MIN (deadline, get_turn (relay, farthest, n_kept));
    }
  return deadline;
}

/* Looking */

gboolean
peerup_peer_relays_is_kept (PeerupPeerRelays *self, PeerupPeerId *peer)
{
  const Relay *relay = relays_find (self, peer);

  return relay != NULL && relay->kept;
}

static int
compare_relays (gconstpointer a, gconstpointer b)
{
  const Relay *x = a, *y = b;

  return (x->rtt > y->rtt) - (x->rtt < y->rtt);
}

GPtrArray *
peerup_peer_relays_dup_kept (PeerupPeerRelays *self)
{
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  for (guint i = 0; i < self->relays->len; i++)
    if (((Relay *) self->relays->pdata[i])->kept)
      g_ptr_array_add (kept, self->relays->pdata[i]);
  g_ptr_array_sort_values (kept, compare_relays);
  for (guint i = 0; i < kept->len; i++)
    g_ptr_array_add (result, peerup_peer_id_ref (((Relay *) kept->pdata[i])->peer));
  return result;
}

guint
peerup_peer_relays_get_n_known (PeerupPeerRelays *self)
{
  return self->relays->len;
}

PeerupPeerRelays *
peerup_peer_relays_new (void)
{
  PeerupPeerRelays *self = g_new0 (PeerupPeerRelays, 1);

  self->relays = g_ptr_array_new_with_free_func (relay_free);
  return self;
}

void
peerup_peer_relays_free (PeerupPeerRelays *self)
{
  g_ptr_array_unref (self->relays);
  g_free (self);
}
