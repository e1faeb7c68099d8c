/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dialing one peer: its addresses in the order of peerup_dial_order(), each started a little
 * after the one before it (RFC 8305), the first whose upgrade succeeds wins. Names are looked up
 * first, beside the addresses that need no look-up. One fiber owns the dial; all who want the peer wait
 * on its promise. What might still come to a better path than the winner, which all of them have by
 * then, goes on, and is taken up beside it when it does; the rest is cancelled.
 *
 * A crossed pair, where each side dials the other at once, ends as one connection: the better
 * one by peerup_swarm_rank(), which both sides see alike. Only the peer with the smaller ID
 * retires the other, and only when it has both, so that never both are given up. The other
 * peer gives up its dial as soon as it cannot come to anything better than what has arrived,
 * and both do when theirs does not end soon after. */

#include "swarm/peerup-dial-private.h"

#include <glib/gi18n-lib.h>
#include "transport/peerup-fiber.h"
#include "wire/peerup-error.h"

/* Microseconds that a dial still gets once the peer has dialed us. */
#define CROSSED_TIMEOUT (1 * G_USEC_PER_SEC)
/* A connection of the peer's that comes so soon after one of ours was started with it. */
#define CROSSED_WINDOW (5 * G_USEC_PER_SEC)

static GError *
dial_error (PeerupDial *self)
{
  const char *peer = peerup_peer_id_get_string (self->peer);

  if (self->cancelled)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The dial of %s was given up: this side is closing"),
                        peer);
  if (self->n_failed == 0)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                        _ ("No address of %s is known: give one as /ip4/ADDRESS/tcp/PORT/p2p/%s"), peer, peer);
  return g_error_new (PEERUP_ERROR, self->code, _ ("Cannot reach %s: %s"), peer, self->reasons->str);
}

/* Crossed pairs */

static gboolean
is_decider (PeerupSwarm *self, PeerupPeerId *peer)
{
  return peerup_peer_id_compare (peerup_swarm_get_peer_id (self), peer) < 0;
}

/* Of @ours, which we dialed, and @theirs one stays, but what goes through a relay is not given up for what is new
 * and does not. */
void
peerup_swarm_settle_pair (PeerupSwarm *self, PeerupConnection *ours, PeerupConnection *theirs)
{
  gboolean keep_ours = peerup_swarm_rank (self, ours) > peerup_swarm_rank (self, theirs);

  if (peerup_swarm_is_relayed (ours) == peerup_swarm_is_relayed (theirs))
    peerup_connection_retire (keep_ours ? theirs : ours, PEERUP_CONNECTION_CODE_SUPPLANTED);
}

/* A connection that we dialed so lately that @peer may have dialed at the same time; borrowed. */
static PeerupConnection *
find_fresh_dialed (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, peer);

  for (guint i = 0; i < list->len; i++)
    {
      PeerupConnection *connection = list->pdata[i];
      const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

      if (info->outbound && !info->limited && !peerup_connection_is_retired (connection) &&
          g_get_monotonic_time () - peerup_connection_get_opened_at (connection) < CROSSED_WINDOW)
        return connection;
    }
  return NULL;
}

/* Whether what is being tried may be better than @inbound, which is there. */
static gboolean
dial_may_outrank (PeerupDial *self, PeerupConnection *inbound)
{
  int rank = peerup_swarm_rank (self->swarm, inbound);

  for (guint i = 0; i < self->attempts->len; i++)
    {
      PeerupDialAttempt *attempt = self->attempts->pdata[i];

      if (peerup_swarm_rank_dialed (self->swarm, self->peer, attempt->candidate) > rank)
        return TRUE;
    }
  return self->attempts->len == 0;
}

static void
dial_note_direct (PeerupDial *self, PeerupConnection *inbound)
{
  gint64 now = g_get_monotonic_time ();

  if (is_decider (self->swarm, self->peer))
    g_ptr_array_add (self->crossed, g_object_ref (inbound));
  self->give_up_at = MIN (self->give_up_at, dial_may_outrank (self, inbound) ? now + CROSSED_TIMEOUT : now);
  peerup_dial_wake (self);
}

static void
dial_settle_crossed (PeerupDial *self, PeerupConnection *ours)
{
  for (guint i = 0; i < self->crossed->len; i++)
    if (self->crossed->pdata[i] != (gpointer) ours)
      peerup_swarm_settle_pair (self->swarm, ours, self->crossed->pdata[i]);
}

/* Success, and what goes on after it */

static void
dial_leave_table (PeerupDial *self)
{
  if (self->table != NULL)
    g_hash_table_remove (self->table, self->peer);
  self->table = NULL;
}

/* The rest goes on as the dial of those who want a direct connection, unless there is one. Returns what those wait
 * for who wanted the success that is there. */
static DexPromise *
dial_move_on (PeerupDial *self, PeerupConnection *connection)
{
  DexPromise *promise = g_steal_pointer (&self->promise);

  self->promise = dex_promise_new ();
  self->direct = TRUE;
  dial_leave_table (self);
  peerup_dial_prune (self, connection);
  if (g_hash_table_contains (self->swarm->direct_dials, self->peer))
    peerup_dial_cancel_rest (self);
  if (!peerup_dial_has_rest (self))
    return promise;
  self->table = self->swarm->direct_dials;
  g_hash_table_insert (self->table, self->peer, self);
  return promise;
}

static PeerupConnection *
swarm_best (PeerupSwarm *self, PeerupPeerId *peer, gboolean direct)
{
  return direct ? peerup_swarm_best_direct (self, peer) : peerup_swarm_best_connection (self, peer);
}

static void
dial_tell (PeerupDial *self, PeerupConnection *connection)
{
  if (!self->told && !self->cancelled)
    g_signal_emit_by_name (self->swarm, "dialed", connection, g_get_monotonic_time () - self->started_at);
  self->told = TRUE;
}

/* One that has begun to close tells by itself why, to who uses it. */
static void
dial_answer (PeerupDial *self, DexPromise *promise, PeerupConnection *connection, gboolean direct)
{
  PeerupConnection *best = swarm_best (self->swarm, self->peer, direct);

  if (best == NULL)
    best = connection;
  dial_tell (self, best);
  dex_promise_resolve_object (promise, g_object_ref (best));
}

/* @connection is what @self was for, and is one of the swarm's. */
static void
dial_take_other (PeerupDial *self, PeerupConnection *connection)
{
  gboolean direct = self->direct;
  g_autoptr (DexPromise) promise = NULL;

  if (direct && peerup_swarm_is_relayed (connection))
    return;
  promise = dial_move_on (self, connection);
  dial_answer (self, promise, connection, direct);
  peerup_dial_wake (self);
}

static void
dial_note_inbound (PeerupDial *self, PeerupConnection *inbound)
{
  if (!peerup_swarm_is_relayed (inbound) && !peerup_connection_get_info (inbound)->punched)
    {
      dial_note_direct (self, inbound);
      return;
    }
  if (is_decider (self->swarm, self->peer) && peerup_swarm_is_relayed (inbound))
    g_ptr_array_add (self->crossed, g_object_ref (inbound));
  dial_take_other (self, inbound);
}

void
peerup_swarm_note_inbound (PeerupSwarm *self, PeerupConnection *inbound)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (inbound);
  PeerupDial *dial = g_hash_table_lookup (self->dials, peer);
  PeerupDial *direct = g_hash_table_lookup (self->direct_dials, peer);

  if (dial != NULL)
    dial_note_inbound (dial, inbound);
  if (direct != NULL)
    dial_note_inbound (direct, inbound);
  if (dial == NULL && direct == NULL)
    {
      /* The side that dials is done before the side that is dialed. */
      PeerupConnection *ours = is_decider (self, peer) ? find_fresh_dialed (self, peer) : NULL;

      if (ours != NULL)
        peerup_swarm_settle_pair (self, ours, inbound);
    }
}

void
peerup_swarm_note_heard (PeerupSwarm *self, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  PeerupDial *dial = g_hash_table_lookup (self->dials, peer);
  PeerupDial *direct = g_hash_table_lookup (self->direct_dials, peer);

  if (peerup_connection_is_retired (connection))
    return;
  if (dial != NULL)
    dial_take_other (dial, connection);
  if (direct != NULL)
    dial_take_other (direct, connection);
}

static void
dial_note_addresses (PeerupDial *self)
{
  if (peerup_swarm_best_direct (self->swarm, self->peer) != NULL)
    return;
  peerup_dial_gather (self);
  peerup_dial_wake (self);
}

void
peerup_swarm_note_addresses (PeerupSwarm *self, PeerupPeerId *peer)
{
  PeerupDial *dial = g_hash_table_lookup (self->dials, peer);
  PeerupDial *direct = g_hash_table_lookup (self->direct_dials, peer);

  if (dial != NULL)
    dial_note_addresses (dial);
  if (direct != NULL)
    dial_note_addresses (direct);
}

static void
dial_take_success (PeerupDial *self, PeerupConnection *connection)
{
  gboolean direct = self->direct;
  g_autoptr (DexPromise) promise = NULL;

  /* Of circuits that crossed it was the better one, and nobody waits for it. */
  if (!direct || !peerup_swarm_is_relayed (connection))
    promise = dial_move_on (self, connection);
  peerup_swarm_add_connection (self->swarm, connection);
  dial_settle_crossed (self, connection);
  if (promise != NULL)
    dial_answer (self, promise, connection, direct);
}

/* Where all has failed, a connection that is silent is better than none. */
static void
dial_end (PeerupDial *self)
{
  PeerupConnection *other = self->cancelled ? NULL : swarm_best (self->swarm, self->peer, self->direct);

  peerup_dial_cancel_rest (self);
  dial_leave_table (self);
  dial_tell (self, other);
  if (other == NULL && !self->cancelled && !self->direct)
    other = peerup_swarm_best_silent (self->swarm, self->peer);
  if (other != NULL)
    dex_promise_resolve_object (self->promise, g_object_ref (other));
  else
    dex_promise_reject (self->promise, dial_error (self));
}

static DexFuture *
dial_fiber (gpointer data)
{
  PeerupDial *self = data;
  g_autoptr (PeerupConnection) connection = NULL;

  peerup_dial_gather (self);
  while ((connection = peerup_dial_race (self)) != NULL && !self->cancelled)
    {
      dial_take_success (self, connection);
      g_clear_object (&connection);
    }
  if (connection != NULL)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SHUTDOWN);
  dial_end (self);
  return dex_future_new_for_boolean (TRUE);
}

static void
dial_free (gpointer data)
{
  PeerupDial *self = data;

  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  dex_unref (self->promise);
  dex_unref (self->wake);
  g_ptr_array_unref (self->lookups);
  g_ptr_array_unref (self->waiting);
  g_ptr_array_unref (self->attempts);
  g_ptr_array_unref (self->lost);
  g_ptr_array_unref (self->crossed);
  g_hash_table_unref (self->gathered);
  g_hash_table_unref (self->failed);
  g_hash_table_unref (self->told_of);
  g_string_free (self->reasons, TRUE);
  g_free (self);
}

static PeerupDial *
dial_new (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  PeerupConnection *silent = peerup_swarm_best_silent (swarm, peer);
  PeerupDial *self = g_new0 (PeerupDial, 1);

  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  self->promise = dex_promise_new ();
  self->wake = dex_promise_new ();
  self->started_at = g_get_monotonic_time ();
  self->give_up_at = G_MAXINT64;
  self->relay_first = silent != NULL && !peerup_swarm_is_relayed (silent);
  self->code = PEERUP_ERROR_UNREACHABLE;
  self->lookups = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_lookup_unref);
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_candidate_free);
  self->attempts = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_attempt_unref);
  self->lost = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_attempt_unref);
  self->gathered = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                          (GDestroyNotify) peerup_multiaddr_unref, NULL);
  self->failed = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                        (GDestroyNotify) peerup_multiaddr_unref, NULL);
  self->told_of = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                         (GDestroyNotify) peerup_multiaddr_unref, NULL);
  self->crossed = g_ptr_array_new_with_free_func (g_object_unref);
  self->reasons = g_string_new (NULL);
  return self;
}

void
peerup_dial_cancel (PeerupDial *self)
{
  self->cancelled = TRUE;
  peerup_dial_wake (self);
}

static DexFuture *
swarm_dial (PeerupSwarm *self, PeerupPeerId *peer, gboolean direct)
{
  GHashTable *table = direct ? self->direct_dials : self->dials;
  PeerupConnection *connection = swarm_best (self, peer, direct);
  PeerupDial *dial = g_hash_table_lookup (table, peer);
  DexFuture *future;

  if (connection != NULL)
    return dex_future_new_for_object (connection);
  if (self->closed)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("This side is closing"));
  if (peerup_peer_id_equal (peer, peerup_swarm_get_peer_id (self)))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                                  _ ("%s is this device itself: use the peer ID of the other one"),
                                  peerup_peer_id_get_string (peer));
  if (dial != NULL)
    return DEX_FUTURE (dex_ref (dial->promise));
  dial = dial_new (self, peer);
  dial->direct = direct;
  dial->table = table;
  g_hash_table_insert (table, dial->peer, dial);
  future = DEX_FUTURE (dex_ref (dial->promise));
  /* The dial answers through its promise and frees itself with its fiber. */
  dex_future_disown (peerup_fiber_run (dial_fiber, dial, dial_free));
  return future;
}

DexFuture *
peerup_swarm_connect (PeerupSwarm *self, PeerupPeerId *peer)
{
  return swarm_dial (self, peer, FALSE);
}

DexFuture *
peerup_swarm_connect_direct (PeerupSwarm *self, PeerupPeerId *peer)
{
  return swarm_dial (self, peer, TRUE);
}

gint64
peerup_swarm_get_dialed_at (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (self), 0);
  if (g_hash_table_contains (self->dials, peer) || g_hash_table_contains (self->direct_dials, peer))
    return g_get_monotonic_time ();
  return MAX (peerup_peerstore_get_last_dial (self->peerstore, peer), peerup_swarm_get_opened_at (self, peer));
}
