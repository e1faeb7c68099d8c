/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Dialing one peer: its addresses in order, each started a little after the one before it
 * (RFC 8305 in spirit), the first whose upgrade succeeds wins and the others are cancelled.
 * One fiber owns the dial; all who want the peer wait on its promise.
 *
 * A crossed pair, where each side dials the other at once, ends as one connection: the one
 * that the peer with the smaller ID dialed. The other peer gives up its dial when that
 * arrives; should it be late, the smaller one retires the connection it did not dial. */

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* Pause before the next address is tried beside those under way, microseconds. */
#define STAGGER_PUBLIC  (250 * 1000)
#define STAGGER_PRIVATE (30 * 1000)
/* One address: connect and upgrade. */
#define ATTEMPT_TIMEOUT (15 * G_USEC_PER_SEC)

/* One address. Its fiber holds it, and so does the dial while it may have to cancel it. */
typedef struct
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupMultiaddr *address;
  PeerupScope scope;
  gint64 deadline;
  DexFuture *future; /* to a PeerupConnection */
  PeerupStream *raw; /* while it is upgraded */
  gboolean cancelled;
} Attempt;

struct _PeerupDial
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  DexPromise *promise;   /* to a PeerupConnection */
  DexPromise *interrupt; /* resolved when crossed or cancelled */
  GPtrArray *attempts;   /* under way */
  GPtrArray *crossed;    /* inbound connections that came meanwhile */
  GString *reasons;      /* why each address failed */
  GError *decisive;      /* WRONG_PEER or GATED, which no other address mends */
  guint n_failed;
  gboolean cancelled;
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
  dex_clear (&self->future);
  g_clear_object (&self->raw);
  g_free (self);
}

static PeerupStream *
attempt_connect (Attempt *self, GError **error)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  if (!peerup_endpoint_parse (self->address, &endpoint, error))
    return NULL;
  return dex_await_object (peerup_socket_connect (endpoint.host, endpoint.port, self->deadline), error);
}

static DexFuture *
attempt_cancelled (void)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "No longer needed");
}

static DexFuture *
attempt_fiber (gpointer data)
{
  Attempt *self = data;
  g_autoptr (GError) error = NULL;
  PeerupConnection *connection;

  self->raw = attempt_connect (self, &error);
  if (self->raw == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (self->cancelled)
    return attempt_cancelled ();
  peerup_socket_stream_set_peer_options (PEERUP_SOCKET_STREAM (self->raw));
  connection =
    dex_await_object (peerup_swarm_upgrade (self->swarm, self->raw, self->peer, NULL, self->address, self->deadline),
                      &error);
  g_clear_object (&self->raw);
  if (connection == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  if (!self->cancelled)
    return dex_future_new_take_object (connection);
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
  g_object_unref (connection);
  return attempt_cancelled ();
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
  self->future = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, attempt_fiber, attempt_ref (self), attempt_unref);
  return self;
}

/* Its fiber ends by itself soon: the stream under it is gone, or its connect times out. */
static void
attempt_cancel (Attempt *self)
{
  self->cancelled = TRUE;
  if (self->raw != NULL)
    peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  dex_future_disown (g_steal_pointer (&self->future));
}

static void
dial_note_failure (PeerupDial *self, Attempt *attempt, GError *error)
{
  peerup_peerstore_report (self->swarm->peerstore, self->peer, attempt->address, FALSE, g_get_monotonic_time ());
  if (self->reasons->len > 0)
    g_string_append (self->reasons, "; ");
  g_string_append_printf (self->reasons, "%s: %s", peerup_multiaddr_get_string (attempt->address), error->message);
  self->n_failed++;
  if (self->decisive == NULL && (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER) ||
                                 g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED)))
    self->decisive = g_error_copy (error);
}

/* Looks at the attempts that have ended; returns the connection of the first that won. */
static PeerupConnection *
dial_collect (PeerupDial *self)
{
  for (guint i = 0; i < self->attempts->len;)
    {
      Attempt *attempt = self->attempts->pdata[i];
      g_autoptr (GError) error = NULL;
      const GValue *value;

      if (dex_future_is_pending (attempt->future))
        {
          i++;
          continue;
        }
      value = dex_future_get_value (attempt->future, &error);
      if (value != NULL)
        {
          PeerupConnection *connection = g_value_dup_object (value);

          peerup_peerstore_report (self->swarm->peerstore, self->peer, attempt->address, TRUE, g_get_monotonic_time ());
          g_ptr_array_remove_index (self->attempts, i);
          return connection;
        }
      dial_note_failure (self, attempt, error);
      g_ptr_array_remove_index (self->attempts, i);
    }
  return NULL;
}

/* Suspends until an attempt ends, the dial is interrupted, or (@stagger > 0) it is time
 * for the next address. */
static void
dial_wait (PeerupDial *self, gint64 stagger)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->attempts->len; i++)
    g_ptr_array_add (futures, dex_ref (((Attempt *) self->attempts->pdata[i])->future));
  g_ptr_array_add (futures, dex_ref (self->interrupt));
  if (stagger > 0)
    g_ptr_array_add (futures, dex_timeout_new_usec (stagger));
  /* Which one it was, and how it ended, dial_collect() finds out. */
  if (!dex_await (dex_future_firstv ((DexFuture *const *) futures->pdata, futures->len), &error))
    g_debug ("Dialing %s: %s", peerup_peer_id_get_string (self->peer), error->message);
}

static gboolean
dial_is_interrupted (PeerupDial *self)
{
  return !dex_future_is_pending (DEX_FUTURE (self->interrupt));
}

static PeerupConnection *
dial_race (PeerupDial *self, GPtrArray *addresses)
{
  guint next = 0;

  while ((next < addresses->len || self->attempts->len > 0) && self->decisive == NULL)
    {
      PeerupConnection *connection;
      gint64 stagger = 0;

      if (next < addresses->len)
        {
          Attempt *attempt = attempt_start (self, addresses->pdata[next++]);

          g_ptr_array_add (self->attempts, attempt);
          stagger = attempt->scope == PEERUP_SCOPE_PUBLIC ? STAGGER_PUBLIC : STAGGER_PRIVATE;
        }
      dial_wait (self, next < addresses->len ? stagger : 0);
      if (dial_is_interrupted (self))
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
  if (self->decisive != NULL)
    return g_steal_pointer (&self->decisive);
  if (self->n_failed == 0)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                        "No address of %s is known: give one as /ip4/ADDRESS/tcp/PORT/p2p/%s", peer, peer);
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "Cannot reach %s: %s", peer, self->reasons->str);
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
  dex_unref (self->interrupt);
  g_ptr_array_unref (self->attempts);
  g_ptr_array_unref (self->crossed);
  g_string_free (self->reasons, TRUE);
  g_clear_error (&self->decisive);
  g_free (self);
}

static PeerupDial *
dial_new (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  PeerupDial *self = g_new0 (PeerupDial, 1);

  self->swarm = g_object_ref (swarm);
  self->peer = peerup_peer_id_ref (peer);
  self->promise = dex_promise_new ();
  self->interrupt = dex_promise_new ();
  self->attempts = g_ptr_array_new_with_free_func (attempt_unref);
  self->crossed = g_ptr_array_new_with_free_func (g_object_unref);
  self->reasons = g_string_new (NULL);
  return self;
}

void
peerup_dial_crossed (PeerupDial *self, PeerupConnection *inbound)
{
  if (peerup_peer_id_compare (peerup_swarm_get_peer_id (self->swarm), self->peer) < 0)
    g_ptr_array_add (self->crossed, g_object_ref (inbound));
  else if (!dial_is_interrupted (self))
    dex_promise_resolve_boolean (self->interrupt, TRUE);
}

void
peerup_dial_cancel (PeerupDial *self)
{
  self->cancelled = TRUE;
  if (!dial_is_interrupted (self))
    dex_promise_resolve_boolean (self->interrupt, TRUE);
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
