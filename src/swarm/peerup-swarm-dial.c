/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dialing one peer: its addresses in order, each started a little after the one before it
 * (RFC 8305 in spirit), the first whose upgrade succeeds wins and the others are cancelled.
 * One fiber owns the dial; all who want the peer wait on its promise.
 *
 * A crossed pair, where each side dials the other at once, ends as one connection: the one
 * that the peer with the smaller ID dialed. The other peer gives up its dial when that
 * arrives; should it be late, the smaller one retires the connection it did not dial. The
 * smaller one gives up too when its own dial does not end soon after. */

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* Pause before the next address is tried beside those under way, microseconds. */
#define STAGGER_PUBLIC  (250 * 1000)
#define STAGGER_PRIVATE (30 * 1000)
/* One address: connect and upgrade. */
#define ATTEMPT_TIMEOUT (15 * G_USEC_PER_SEC)
/* What a dial still gets once the peer has dialed us. */
#define CROSSED_TIMEOUT (1 * G_USEC_PER_SEC)
/* A connection of the peer's that comes so soon after one of ours was started with it. */
#define CROSSED_WINDOW (5 * G_USEC_PER_SEC)

/* One address. Its fiber holds it, and so does the dial while it may have to cancel it. */
typedef struct
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupMultiaddr *address;
  PeerupScope scope;
  gint64 deadline;
  DexPromise *cancel;
  /* Resolved with TRUE when it has ended, with either of the next two. Waiting for the fiber
   * itself would not do: a fiber that loses a dex_future_first() is cancelled. */
  DexPromise *ended;
  PeerupConnection *connection;
  GError *error;
  PeerupStream *raw; /* while it is upgraded */
} Attempt;

struct _PeerupDial
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  DexPromise *promise; /* to a PeerupConnection */
  DexPromise *wake;    /* what the fiber waits for: one of the next two has changed */
  gboolean cancelled;
  gint64 give_up_at;   /* G_MAXINT64 unless crossed */
  GPtrArray *attempts; /* under way */
  GPtrArray *crossed;  /* inbound connections that came meanwhile */
  GString *reasons;    /* why each address failed */
  int code;            /* UNREACHABLE, or what one address told more than that */
  guint n_failed;
};

static Attempt *
attempt_ref (Attempt *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
attempt_unref (gpointer data)
{
  Attempt *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  peerup_multiaddr_unref (self->address);
  dex_unref (self->cancel);
  dex_unref (self->ended);
  g_clear_object (&self->connection);
  g_clear_error (&self->error);
  g_clear_object (&self->raw);
  g_free (self);
}

static gboolean
attempt_is_cancelled (Attempt *self)
{
  return !dex_future_is_pending (DEX_FUTURE (self->cancel));
}

/* The connect loses to the cancel, and so ends at once then. */
static PeerupStream *
attempt_connect (Attempt *self, GError **error)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  if (!peerup_endpoint_parse (self->address, &endpoint, error))
    return NULL;
  return dex_await_object (dex_future_first (peerup_socket_connect (endpoint.host, endpoint.port, self->deadline),
                                             dex_ref (self->cancel), NULL),
                           error);
}

static void
attempt_run (Attempt *self)
{
  self->raw = attempt_connect (self, &self->error);
  if (self->raw == NULL)
    return;
  peerup_socket_stream_set_peer_options (PEERUP_SOCKET_STREAM (self->raw));
  self->connection =
    dex_await_object (peerup_swarm_upgrade (self->swarm, self->raw, self->peer, NULL, self->address, self->deadline),
                      &self->error);
  g_clear_object (&self->raw);
}

/* A connection that nobody takes is closed, lest the streams that the peer opens on it hold it. */
static void
attempt_drop_connection (Attempt *self)
{
  g_autoptr (PeerupConnection) connection = g_steal_pointer (&self->connection);

  if (connection != NULL)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
}

static DexFuture *
attempt_fiber (gpointer data)
{
  Attempt *self = data;

  attempt_run (self);
  if (attempt_is_cancelled (self))
    attempt_drop_connection (self);
  dex_promise_resolve_boolean (self->ended, TRUE);
  return dex_future_new_for_boolean (TRUE);
}

static Attempt *
attempt_start (PeerupDial *dial, PeerupMultiaddr *address)
{
  Attempt *self = g_new0 (Attempt, 1);
  g_auto (PeerupEndpoint) endpoint = { 0 };

  g_atomic_ref_count_init (&self->ref_count);
  self->swarm = g_object_ref (dial->swarm);
  self->peer = peerup_peer_id_ref (dial->peer);
  self->address = peerup_multiaddr_ref (address);
  self->deadline = g_get_monotonic_time () + ATTEMPT_TIMEOUT;
  self->scope =
    peerup_endpoint_parse (address, &endpoint, NULL) ? peerup_endpoint_get_scope (&endpoint) : PEERUP_SCOPE_PUBLIC;
  self->cancel = dex_promise_new ();
  self->ended = dex_promise_new ();
  /* Answers through its promise, also when it was cancelled. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, attempt_fiber, attempt_ref (self), attempt_unref));
  return self;
}

/* Its fiber ends by itself soon: its connect has lost, or the stream under it is gone. */
static void
attempt_cancel (Attempt *self)
{
  dex_promise_reject (self->cancel, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "No longer needed"));
  if (self->raw != NULL)
    peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  attempt_drop_connection (self);
}

static void
dial_note_failure (PeerupDial *self, Attempt *attempt)
{
  GError *error = attempt->error;

  peerup_peerstore_report (self->swarm->peerstore, self->peer, attempt->address, FALSE, g_get_monotonic_time ());
  if (self->reasons->len > 0)
    g_string_append (self->reasons, "; ");
  g_string_append_printf (self->reasons, "%s: %s", peerup_multiaddr_get_string (attempt->address), error->message);
  self->n_failed++;
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER) ||
      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED))
    self->code = error->code;
}

/* Looks at the attempts that have ended; returns the connection of the first that won. */
static PeerupConnection *
dial_collect (PeerupDial *self)
{
  for (guint i = 0; i < self->attempts->len;)
    {
      Attempt *attempt = self->attempts->pdata[i];
      PeerupConnection *connection;

      if (dex_future_is_pending (DEX_FUTURE (attempt->ended)))
        {
          i++;
          continue;
        }
      connection = g_steal_pointer (&attempt->connection);
      /* The remote's gater speaks after the handshake: a connection may be over before it is taken. */
      if (connection != NULL && peerup_connection_is_closed (connection))
        {
          attempt->error = g_error_copy (peerup_connection_get_error (connection));
          g_clear_object (&connection);
        }
      if (connection != NULL)
        peerup_peerstore_report (self->swarm->peerstore, self->peer, attempt->address, TRUE, g_get_monotonic_time ());
      else
        dial_note_failure (self, attempt);
      g_ptr_array_remove_index (self->attempts, i);
      if (connection != NULL)
        return connection;
    }
  return NULL;
}

/* Suspends until an attempt ends, the dial is woken, or @until. */
static void
dial_wait (PeerupDial *self, gint64 until)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) error = NULL;

  until = MIN (until, self->give_up_at);
  for (guint i = 0; i < self->attempts->len; i++)
    g_ptr_array_add (futures, dex_ref (((Attempt *) self->attempts->pdata[i])->ended));
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

static PeerupConnection *
dial_race (PeerupDial *self, GPtrArray *addresses)
{
  guint next = 0;

  while (next < addresses->len || self->attempts->len > 0)
    {
      PeerupConnection *connection;
      gint64 until = G_MAXINT64;

      if (next < addresses->len)
        {
          Attempt *attempt = attempt_start (self, addresses->pdata[next++]);

          g_ptr_array_add (self->attempts, attempt);
          if (next < addresses->len)
            until =
              g_get_monotonic_time () + (attempt->scope == PEERUP_SCOPE_PUBLIC ? STAGGER_PUBLIC : STAGGER_PRIVATE);
        }
      dial_wait (self, until);
      if (dial_is_given_up (self))
        return NULL;
      connection = dial_collect (self);
      if (connection != NULL)
        return connection;
    }
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

/* We dialed and the peer dialed: of the two, ours stays if our ID is the smaller one. */
static void
dial_retire_crossed (PeerupDial *self, PeerupConnection *ours)
{
  for (guint i = 0; i < self->crossed->len; i++)
    if (self->crossed->pdata[i] != (gpointer) ours)
      peerup_connection_retire (self->crossed->pdata[i], PEERUP_CONNECTION_CODE_SUPPLANTED);
}

static DexFuture *
dial_fiber (gpointer data)
{
  PeerupDial *self = data;
  g_autoptr (GPtrArray) addresses = peerup_peerstore_rank (self->swarm->peerstore, self->peer, g_get_monotonic_time ());
  g_autoptr (PeerupConnection) connection = dial_race (self, addresses);
  PeerupConnection *other;

  for (guint i = 0; i < self->attempts->len; i++)
    attempt_cancel (self->attempts->pdata[i]);
  g_hash_table_remove (self->swarm->dials, self->peer);
  if (connection != NULL && !self->cancelled)
    {
      peerup_swarm_add_connection (self->swarm, connection);
      dial_retire_crossed (self, connection);
    }
  other = self->cancelled ? NULL : peerup_swarm_best_connection (self->swarm, self->peer);
  /* One that has begun to close tells by itself why, to who uses it. */
  if (other == NULL && !self->cancelled)
    other = connection;
  if (other != NULL)
    dex_promise_resolve_object (self->promise, g_object_ref (other));
  else
    dex_promise_reject (self->promise, dial_error (self));
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
  g_ptr_array_unref (self->attempts);
  g_ptr_array_unref (self->crossed);
  g_string_free (self->reasons, TRUE);
  g_free (self);
}

static PeerupDial *
dial_new (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  PeerupDial *self = g_new0 (PeerupDial, 1);

  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  self->promise = dex_promise_new ();
  self->wake = dex_promise_new ();
  self->give_up_at = G_MAXINT64;
  self->code = PEERUP_ERROR_UNREACHABLE;
  self->attempts = g_ptr_array_new_with_free_func (attempt_unref);
  self->crossed = g_ptr_array_new_with_free_func (g_object_unref);
  self->reasons = g_string_new (NULL);
  return self;
}

static gboolean
has_fresh_dialed (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self, peer);

  for (guint i = 0; i < list->len; i++)
    {
      PeerupConnection *connection = list->pdata[i];
      const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

      if (info->outbound && !info->limited && !peerup_connection_is_retired (connection) &&
          g_get_monotonic_time () - peerup_connection_get_opened_at (connection) < CROSSED_WINDOW)
        return TRUE;
    }
  return FALSE;
}

void
peerup_swarm_note_inbound (PeerupSwarm *self, PeerupConnection *inbound)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (inbound);
  gboolean ours_stays = peerup_peer_id_compare (peerup_swarm_get_peer_id (self), peer) < 0;
  PeerupDial *dial = g_hash_table_lookup (self->dials, peer);
  gint64 now = g_get_monotonic_time ();

  if (dial == NULL)
    {
      /* The side that dials is done before the side that is dialed. */
      if (ours_stays && has_fresh_dialed (self, peer))
        peerup_connection_retire (inbound, PEERUP_CONNECTION_CODE_SUPPLANTED);
      return;
    }
  if (ours_stays)
    g_ptr_array_add (dial->crossed, g_object_ref (inbound));
  dial->give_up_at = MIN (dial->give_up_at, ours_stays ? now + CROSSED_TIMEOUT : now);
  dial_wake (dial);
}

void
peerup_dial_cancel (PeerupDial *self)
{
  self->cancelled = TRUE;
  dial_wake (self);
}

DexFuture *
peerup_swarm_connect (PeerupSwarm *self, PeerupPeerId *peer)
{
  PeerupConnection *connection = peerup_swarm_best_connection (self, peer);
  PeerupDial *dial = g_hash_table_lookup (self->dials, peer);
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
  g_hash_table_insert (self->dials, dial->peer, dial);
  future = DEX_FUTURE (dex_ref (dial->promise));
  /* The dial answers through its promise and frees itself with its fiber. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_fiber, dial, dial_free));
  return future;
}
