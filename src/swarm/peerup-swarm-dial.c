/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dialing one peer: its addresses in the order of peerup_dial_order(), each started a little
 * after the one before it (RFC 8305), the first whose upgrade succeeds wins and the others are
 * cancelled. Names are looked up first, beside the addresses that need no look-up. One fiber
 * owns the dial; all who want the peer wait on its promise. What might still come to a better path
 * than the winner, which all of them have by then, goes on, and is taken up beside it when it does.
 *
 * A crossed pair, where each side dials the other at once, ends as one connection: the better
 * one by peerup_swarm_rank(), which both sides see alike. Only the peer with the smaller ID
 * retires the other, and only when it has both, so that never both are given up. The other
 * peer gives up its dial as soon as it cannot come to anything better than what has arrived,
 * and both do when theirs does not end soon after. */

#include "swarm/peerup-dial-attempt.h"
#include "swarm/peerup-dial-lookup.h"
#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"

/* Microseconds that a dial still gets once the peer has dialed us. */
#define CROSSED_TIMEOUT (1 * G_USEC_PER_SEC)
/* A connection of the peer's that comes so soon after one of ours was started with it. */
#define CROSSED_WINDOW (5 * G_USEC_PER_SEC)

struct _PeerupDial
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  GHashTable *table;   /* of the swarm, that it is in; NULL: none any more */
  DexPromise *promise; /* to a PeerupConnection */
  DexPromise *wake;    /* what the fiber waits for: something below has changed */
  gboolean cancelled;
  gboolean direct;      /* through no relay; from the first success on */
  gboolean told;        /* "dialed" was emitted */
  gboolean relay_first; /* a direct path has turned silent */
  gint64 started_at;
  gint64 give_up_at;    /* G_MAXINT64 unless crossed */
  GPtrArray *lookups;   /* under way */
  GPtrArray *waiting;   /* of PeerupDialCandidate, in order */
  GPtrArray *attempts;  /* under way */
  GPtrArray *lost;      /* attempts that came to nothing */
  gint64 next_at;       /* when the next candidate is started beside the attempts */
  GPtrArray *crossed;   /* inbound connections that came meanwhile */
  GHashTable *gathered; /* PeerupMultiaddr: addresses that were taken from the peerstore */
  GHashTable *failed;   /* PeerupMultiaddr: addresses to remember as failed */
  GHashTable *told_of;  /* PeerupMultiaddr: those that are judged already */
  GString *reasons;     /* why each address failed */
  int code;             /* UNREACHABLE, or what one address told more than that */
  guint n_failed;
};

/* Why @address failed; what a name stood for is told too. */
static void
dial_note_reason (PeerupDial *self, const PeerupDialCandidate *candidate, gboolean looked_up, const GError *error)
{
  g_string_append_printf (self->reasons, "%s%s", self->reasons->len > 0 ? "; " : "",
                          peerup_multiaddr_get_string (candidate->known));
  if (looked_up)
    g_string_append_printf (self->reasons, " at %s", candidate->endpoint.host);
  g_string_append_printf (self->reasons, ": %s", error->message);
  self->n_failed++;
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER) ||
      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED))
    self->code = error->code;
}

static gboolean
was_looked_up (const PeerupDialCandidate *candidate)
{
  g_auto (PeerupEndpoint) known = { 0 };

  return peerup_endpoint_parse (candidate->known, &known, NULL) && peerup_endpoint_is_name (&known);
}

/* Candidates */

static gboolean
has_attempt (GPtrArray *attempts, const PeerupDialCandidate *candidate)
{
  for (guint i = 0; i < attempts->len; i++)
    if (peerup_dial_candidate_equal (((PeerupDialAttempt *) attempts->pdata[i])->candidate, candidate))
      return TRUE;
  return FALSE;
}

/* @waiting goes by the same relay as @other: what is known of either counts for both, and if the relay
 * has to be dialed, then at both. */
static void
dial_merge_relayed (PeerupDial *self, PeerupDialCandidate *waiting, const PeerupDialCandidate *other)
{
  const char *text = peerup_multiaddr_get_string (other->known);
  g_autoptr (PeerupMultiaddr) address = NULL;

  peerup_dial_history_merge (&waiting->history, &other->history);
  if (waiting->standing.warm)
    return;
  address = peerup_multiaddr_newf ("%.*s", (int) (strlen (text) - strlen ("/p2p-circuit")), text);
  peerup_peerstore_add (self->swarm->peerstore, waiting->relay, address);
}

/* Takes @candidate. A name may stand for an address that is known by itself. */
static void
dial_add_candidate (PeerupDial *self, PeerupDialCandidate *candidate)
{
  guint index;

  if (has_attempt (self->attempts, candidate) || has_attempt (self->lost, candidate))
    peerup_dial_candidate_free (candidate);
  else if (g_ptr_array_find_with_equal_func (self->waiting, candidate, peerup_dial_candidate_equal, &index))
    {
      if (candidate->relayed)
        dial_merge_relayed (self, self->waiting->pdata[index], candidate);
      peerup_dial_candidate_free (candidate);
    }
  else
    {
      if (candidate->relayed)
        peerup_swarm_get_standing (self->swarm, candidate->relay, &candidate->standing);
      g_ptr_array_add (self->waiting, candidate);
    }
}

/* The best relay is started together with what would have been the first. */
static void
dial_put_relay_first (PeerupDial *self)
{
  for (guint i = 0; i < self->waiting->len; i++)
    {
      PeerupDialCandidate *candidate = self->waiting->pdata[i];

      if (!candidate->relayed)
        continue;
      candidate->head_start = 0;
      g_ptr_array_insert (self->waiting, 0, g_ptr_array_steal_index (self->waiting, i));
      return;
    }
}

static void
dial_sort (PeerupDial *self)
{
  gint64 now = g_get_monotonic_time ();

  peerup_dial_order (self->waiting, peerup_peerstore_is_udp_blocked (self->swarm->peerstore, now), now);
  if (self->relay_first && self->attempts->len == 0)
    dial_put_relay_first (self);
}

static void
dial_gather (PeerupDial *self)
{
  g_autoptr (GPtrArray) known = peerup_peerstore_dup_candidates (self->swarm->peerstore, self->peer);

  while (known->len > 0)
    {
      PeerupDialCandidate *candidate = g_ptr_array_steal_index (known, 0);

      if ((self->direct && candidate->relayed) ||
          !g_hash_table_add (self->gathered, peerup_multiaddr_ref (candidate->known)))
        peerup_dial_candidate_free (candidate);
      else if (!candidate->relayed && peerup_endpoint_is_name (&candidate->endpoint))
        g_ptr_array_add (self->lookups, peerup_dial_lookup_start (candidate));
      else
        dial_add_candidate (self, candidate);
    }
  dial_sort (self);
}

static void
dial_take_lookup (PeerupDial *self, PeerupDialLookup *lookup)
{
  if (lookup->candidates == NULL)
    {
      dial_note_reason (self, lookup->candidate, FALSE, lookup->error);
      g_hash_table_add (self->failed, peerup_multiaddr_ref (lookup->candidate->known));
      return;
    }
  while (lookup->candidates->len > 0)
    dial_add_candidate (self, g_ptr_array_steal_index (lookup->candidates, 0));
  dial_sort (self);
}

static void
dial_collect_lookups (PeerupDial *self)
{
  for (guint i = 0; i < self->lookups->len;)
    {
      PeerupDialLookup *lookup = self->lookups->pdata[i];

      if (dex_future_is_pending (DEX_FUTURE (lookup->ended)))
        {
          i++;
          continue;
        }
      dial_take_lookup (self, lookup);
      g_ptr_array_remove_index (self->lookups, i);
    }
}

/* Attempts */

static void
dial_start_due (PeerupDial *self)
{
  gint64 now = g_get_monotonic_time ();

  while (self->waiting->len > 0 && (self->attempts->len == 0 || now >= self->next_at))
    {
      PeerupDialCandidate *candidate = g_ptr_array_steal_index (self->waiting, 0);

      self->next_at = now + candidate->head_start;
      g_ptr_array_add (self->attempts, peerup_dial_attempt_start (self->swarm, self->peer, candidate));
    }
}

static void
dial_lose (PeerupDial *self, PeerupDialAttempt *attempt)
{
  const PeerupDialCandidate *candidate = attempt->candidate;
  gboolean is_latest = attempt == self->attempts->pdata[self->attempts->len - 1];

  dial_note_reason (self, candidate, was_looked_up (candidate), attempt->error);
  g_ptr_array_add (self->lost, attempt);
  /* Nothing is left that its head start was for. */
  if (is_latest)
    self->next_at = 0;
}

/* Takes the connection of an attempt that has ended; NULL with its error set when it came to nothing. */
static PeerupConnection *
attempt_take_connection (PeerupDialAttempt *attempt)
{
  g_autoptr (PeerupConnection) connection = g_steal_pointer (&attempt->connection);

  /* The remote's gater speaks after the handshake: a connection may be over before it is taken. */
  if (connection == NULL || !peerup_connection_is_closed (connection))
    return g_steal_pointer (&connection);
  attempt->error = g_error_copy (peerup_connection_get_error (connection));
  return NULL;
}

static gboolean
is_same_host (const PeerupDialAttempt *a, const PeerupDialAttempt *b)
{
  return g_strcmp0 (a->candidate->endpoint.host, b->candidate->endpoint.host) == 0;
}

/* QUIC needs fewer round trips than TCP and was started first: if it is silent now, it stays so. */
static gboolean
was_silent (const PeerupDialAttempt *attempt, const PeerupDialAttempt *winner)
{
  const PeerupDialCandidate *candidate = attempt->candidate;

  if (candidate->endpoint.transport != PEERUP_IP_QUIC || !is_same_host (attempt, winner))
    return FALSE;
  if (!dex_future_is_pending (DEX_FUTURE (attempt->ended)))
    return g_error_matches (attempt->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  return candidate->head_start > 0 && winner->started_at - attempt->started_at >= candidate->head_start;
}

static guint
dial_note_silent (PeerupDial *self, GPtrArray *attempts, const PeerupDialAttempt *winner)
{
  guint n = 0;

  for (guint i = 0; i < attempts->len; i++)
    {
      PeerupDialAttempt *attempt = attempts->pdata[i];

      if (attempt == winner || !was_silent (attempt, winner))
        continue;
      g_hash_table_add (self->failed, peerup_multiaddr_ref (attempt->candidate->known));
      n++;
    }
  return n;
}

/* What the way to @winner tells about UDP in this network: nothing unless it leads out of it. */
static void
dial_judge_udp (PeerupDial *self, const PeerupDialAttempt *winner, gint64 now)
{
  const PeerupEndpoint *endpoint = &winner->candidate->endpoint;
  gboolean works = endpoint->transport == PEERUP_IP_QUIC;
  guint n_silent;

  if (winner->candidate->relayed)
    return;
  n_silent = works ? 0 : dial_note_silent (self, self->attempts, winner) + dial_note_silent (self, self->lost, winner);
  if (peerup_endpoint_get_scope (endpoint) == PEERUP_SCOPE_PUBLIC && (works || n_silent > 0))
    peerup_peerstore_report_udp (self->swarm->peerstore, works, now);
}

/* All that was learned, at once at the end: what went with the peer itself then counts the
 * same for every address, and leaves their order as it was. @winner made @connection. */
static void
dial_remember (PeerupDial *self, const PeerupDialAttempt *winner, PeerupConnection *connection)
{
  PeerupPeerstore *peerstore = self->swarm->peerstore;
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer address;

  for (guint i = 0; i < self->lost->len; i++)
    g_hash_table_add (self->failed,
                      peerup_multiaddr_ref (((PeerupDialAttempt *) self->lost->pdata[i])->candidate->known));
  if (winner != NULL)
    {
      dial_judge_udp (self, winner, now);
      /* One address of a name is enough for it. */
      g_hash_table_remove (self->failed, winner->candidate->known);
      g_hash_table_add (self->told_of, peerup_multiaddr_ref (winner->candidate->known));
      peerup_peerstore_report_success (peerstore, self->peer, winner->candidate->known, now);
      if (winner->candidate->relayed || winner->candidate->endpoint.transport != PEERUP_IP_QUIC)
        peerup_peerstore_report_security (peerstore, self->peer, peerup_connection_get_info (connection)->security);
      peerup_peerstore_report_rtt (peerstore, self->peer, winner->candidate->known,
                                   peerup_connection_get_rtt (connection));
    }
  g_hash_table_iter_init (&iter, self->failed);
  while (g_hash_table_iter_next (&iter, &address, NULL))
    if (g_hash_table_add (self->told_of, peerup_multiaddr_ref (address)))
      peerup_peerstore_report_failure (peerstore, self->peer, address, now);
}

/* Looks at the attempts that have ended; returns the connection of the first that won. */
static PeerupConnection *
dial_collect (PeerupDial *self)
{
  for (guint i = 0; i < self->attempts->len;)
    {
      PeerupDialAttempt *attempt = self->attempts->pdata[i];
      PeerupConnection *connection;

      if (dex_future_is_pending (DEX_FUTURE (attempt->ended)))
        {
          i++;
          continue;
        }
      connection = attempt_take_connection (attempt);
      if (connection != NULL)
        {
          dial_remember (self, attempt, connection);
          g_ptr_array_remove_index (self->attempts, i);
          return connection;
        }
      dial_lose (self, attempt);
      g_ptr_array_steal_index (self->attempts, i);
    }
  return NULL;
}

/* Suspends until an attempt or a look-up ends, the dial is woken, or the next attempt is due. */
static void
dial_wait (PeerupDial *self)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) error = NULL;
  gint64 until = self->waiting->len > 0 ? MIN (self->next_at, self->give_up_at) : self->give_up_at;

  for (guint i = 0; i < self->attempts->len; i++)
    g_ptr_array_add (futures, dex_ref (((PeerupDialAttempt *) self->attempts->pdata[i])->ended));
  for (guint i = 0; i < self->lookups->len; i++)
    g_ptr_array_add (futures, dex_ref (((PeerupDialLookup *) self->lookups->pdata[i])->ended));
  g_ptr_array_add (futures, dex_ref (self->wake));
  if (until != G_MAXINT64)
    g_ptr_array_add (futures, dex_timeout_new_deadline (until));
  /* Which one it was the caller finds out. */
  if (!dex_await (dex_future_firstv ((DexFuture *const *) futures->pdata, futures->len), &error))
    g_debug ("Dialing %s: %s", peerup_peer_id_get_string (self->peer), error->message);
}

static void
dial_wake (PeerupDial *self)
{
  g_autoptr (DexPromise) wake = g_steal_pointer (&self->wake);

  self->wake = dex_promise_new ();
  dex_promise_resolve_boolean (wake, TRUE);
}

static gboolean
dial_is_given_up (PeerupDial *self)
{
  return self->cancelled || (self->give_up_at != G_MAXINT64 && g_get_monotonic_time () >= self->give_up_at);
}

/* To the next success, or NULL at the end of all. */
static PeerupConnection *
dial_race (PeerupDial *self)
{
  while (self->lookups->len > 0 || self->waiting->len > 0 || self->attempts->len > 0)
    {
      PeerupConnection *connection;

      dial_start_due (self);
      dial_wait (self);
      if (dial_is_given_up (self))
        break;
      dial_collect_lookups (self);
      connection = dial_collect (self);
      if (connection != NULL)
        return connection;
    }
  dial_remember (self, NULL, NULL);
  return NULL;
}

static GError *
dial_error (PeerupDial *self)
{
  const char *peer = peerup_peer_id_get_string (self->peer);

  if (self->cancelled)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The dial of %s was given up: this side is closing", peer);
  if (self->n_failed == 0)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                        "No address of %s is known: give one as /ip4/ADDRESS/tcp/PORT/p2p/%s", peer, peer);
  return g_error_new (PEERUP_ERROR, self->code, "Cannot reach %s: %s", peer, self->reasons->str);
}

/* Crossed pairs */

static gboolean
is_decider (PeerupSwarm *self, PeerupPeerId *peer)
{
  return peerup_peer_id_compare (peerup_swarm_get_peer_id (self), peer) < 0;
}

/* Of @ours, which we dialed, and @theirs one stays, but what goes through a relay is not given up for what is new
 * and does not. */
static void
swarm_settle_pair (PeerupSwarm *self, PeerupConnection *ours, PeerupConnection *theirs)
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
  dial_wake (self);
}

static void
dial_settle_crossed (PeerupDial *self, PeerupConnection *ours)
{
  for (guint i = 0; i < self->crossed->len; i++)
    if (self->crossed->pdata[i] != (gpointer) ours)
      swarm_settle_pair (self->swarm, ours, self->crossed->pdata[i]);
}

/* Success, and what goes on after it */

/* Whether @candidate is worth trying though there is @connection. */
static gboolean
dial_is_worth (PeerupDial *self, const PeerupDialCandidate *candidate, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  /* Of circuits that cross, each side gives up the same one. */
  if (candidate->relayed && !info->outbound && peerup_swarm_is_relayed (connection))
    return peerup_swarm_rank_dialed (self->swarm, self->peer, candidate) > peerup_swarm_rank (self->swarm, connection);
  return peerup_swarm_may_outdo (self->swarm, candidate, connection);
}

static void
dial_cancel_rest (PeerupDial *self)
{
  for (guint i = 0; i < self->attempts->len; i++)
    peerup_dial_attempt_cancel (self->attempts->pdata[i]);
  for (guint i = 0; i < self->lookups->len; i++)
    peerup_dial_lookup_cancel (self->lookups->pdata[i]);
  g_ptr_array_set_size (self->attempts, 0);
  g_ptr_array_set_size (self->lookups, 0);
  g_ptr_array_set_size (self->waiting, 0);
}

/* Where there is a direct connection, nothing is begun any more, but what runs may still be the better path. */
static void
dial_prune (PeerupDial *self, PeerupConnection *connection)
{
  gboolean relayed = peerup_swarm_is_relayed (connection);

  for (guint i = self->attempts->len; i-- > 0;)
    {
      PeerupDialAttempt *attempt = self->attempts->pdata[i];

      if (dial_is_worth (self, attempt->candidate, connection))
        continue;
      peerup_dial_attempt_cancel (attempt);
      g_ptr_array_remove_index (self->attempts, i);
    }
  for (guint i = self->waiting->len; i-- > 0;)
    if (!relayed || ((PeerupDialCandidate *) self->waiting->pdata[i])->relayed)
      g_ptr_array_remove_index (self->waiting, i);
  for (guint i = 0; i < self->lookups->len && !relayed; i++)
    peerup_dial_lookup_cancel (self->lookups->pdata[i]);
  if (!relayed)
    g_ptr_array_set_size (self->lookups, 0);
}

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
  dial_prune (self, connection);
  if (g_hash_table_contains (self->swarm->direct_dials, self->peer))
    dial_cancel_rest (self);
  if (self->attempts->len + self->waiting->len + self->lookups->len == 0)
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
  dial_wake (self);
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
        swarm_settle_pair (self, ours, inbound);
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
  dial_gather (self);
  dial_wake (self);
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

  dial_cancel_rest (self);
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

  dial_gather (self);
  while ((connection = dial_race (self)) != NULL && !self->cancelled)
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
  dial_wake (self);
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
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "This side is closing");
  if (peerup_peer_id_equal (peer, peerup_swarm_get_peer_id (self)))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                                  "%s is this device itself: use the peer ID of the other one",
                                  peerup_peer_id_get_string (peer));
  if (dial != NULL)
    return DEX_FUTURE (dex_ref (dial->promise));
  dial = dial_new (self, peer);
  dial->direct = direct;
  dial->table = table;
  g_hash_table_insert (table, dial->peer, dial);
  future = DEX_FUTURE (dex_ref (dial->promise));
  /* The dial answers through its promise and frees itself with its fiber. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_fiber, dial, dial_free));
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
