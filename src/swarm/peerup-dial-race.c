/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The race of a dial: addresses in the order of peerup_dial_order(), names looked up beside them, attempts started
 * one a little after the other, and what is remembered of how they went. Lives in the dial's fiber; what a success
 * means for those who wait is not its business. */

#include "swarm/peerup-dial-private.h"

#include "swarm/peerup-own-networks.h"
#include "wire/peerup-error.h"

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

/* Nobody has us knock at doors of our own network by naming them. */
static gboolean
is_sensible (const PeerupDialCandidate *candidate)
{
  PeerupSocketAddress address;

  return !candidate->told || candidate->relayed ||
         (peerup_endpoint_get_socket_address (&candidate->endpoint, &address) &&
          peerup_own_networks_may_dial (&address));
}

/* Takes @candidate. A name may stand for an address that is known by itself. */
static void
dial_add_candidate (PeerupDial *self, PeerupDialCandidate *candidate)
{
  guint index;

  if (!is_sensible (candidate) || has_attempt (self->attempts, candidate) || has_attempt (self->lost, candidate))
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

void
peerup_dial_gather (PeerupDial *self)
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

void
peerup_dial_wake (PeerupDial *self)
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
PeerupConnection *
peerup_dial_race (PeerupDial *self)
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

/* When there is a connection */

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

void
peerup_dial_cancel_rest (PeerupDial *self)
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
void
peerup_dial_prune (PeerupDial *self, PeerupConnection *connection)
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

gboolean
peerup_dial_has_rest (PeerupDial *self)
{
  return self->attempts->len + self->waiting->len + self->lookups->len > 0;
}
