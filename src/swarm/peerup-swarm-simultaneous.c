/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A simultaneous open: every destination at once, until there is a direct connection to the peer, by whatever way it
 * came, or the time is over. One fiber owns it; the caller waits on its promise, and ends it by letting go of that.
 * It decides nothing about whom to send to, and nothing about when. */

#include "swarm/peerup-swarm-simultaneous.h"

#include <glib/gi18n-lib.h>

#include "swarm/peerup-opening-attempt.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-socket-stream.h"
#include "wire/peerup-error.h"

/* Microseconds for which it is remembered that we opened the way for a peer. */
#define OPENED_MEMORY (3600 * (gint64) G_USEC_PER_SEC)

struct _PeerupOpening
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  PeerupOpeningRole role;
  DexPromise *promise; /* to a PeerupConnection */
  DexPromise *wake;    /* what the fiber waits for beside the attempts */
  gulong cancelled_id;
  gboolean cancelled;
  gint64 deadline;
  GPtrArray *attempts;
};

static void
opening_free (gpointer data)
{
  PeerupOpening *self = data;

  g_ptr_array_remove (self->swarm->openings, self);
  g_signal_handler_disconnect (dex_promise_get_cancellable (self->promise), self->cancelled_id);
  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->peer);
  dex_unref (self->promise);
  dex_unref (self->wake);
  g_ptr_array_unref (self->attempts);
  g_free (self);
}

static void
opening_wake (PeerupOpening *self)
{
  g_autoptr (DexPromise) wake = g_steal_pointer (&self->wake);

  self->wake = dex_promise_new ();
  dex_promise_resolve_boolean (wake, TRUE);
}

void
peerup_opening_cancel (PeerupOpening *self)
{
  self->cancelled = TRUE;
  opening_wake (self);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  peerup_opening_cancel (data);
}

/* Borrowed. One that is silent may be the reason why another is wanted. */
static PeerupConnection *
opening_find (PeerupSwarm *swarm, PeerupPeerId *peer)
{
  PeerupConnection *best = peerup_swarm_best_direct (swarm, peer);

  return best != NULL && !peerup_connection_is_silent (best) ? best : NULL;
}

static gboolean
attempt_has_ended (const PeerupOpeningAttempt *attempt)
{
  return !dex_future_is_pending (DEX_FUTURE (attempt->ended));
}

/* The peer may have dialed as well, and both come through. */
static void
opening_settle (PeerupOpening *self, PeerupConnection *ours)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, self->peer);

  if (!peerup_connection_get_info (ours)->outbound ||
      peerup_peer_id_compare (peerup_swarm_get_peer_id (self->swarm), self->peer) > 0)
    return;
  for (guint i = 0; i < list->len; i++)
    if (!peerup_swarm_is_relayed (list->pdata[i]) && !peerup_connection_get_info (list->pdata[i])->outbound &&
        !peerup_connection_is_retired (list->pdata[i]) && !peerup_connection_is_silent (list->pdata[i]))
      peerup_swarm_settle_pair (self->swarm, ours, list->pdata[i]);
}

/* Takes up what the attempts have made. */
static void
opening_collect (PeerupOpening *self)
{
  for (guint i = 0; i < self->attempts->len; i++)
    {
      PeerupOpeningAttempt *attempt = self->attempts->pdata[i];
      g_autoptr (PeerupConnection) connection = NULL;

      if (attempt_has_ended (attempt))
        connection = g_steal_pointer (&attempt->connection);
      if (connection == NULL)
        continue;
      peerup_connection_set_punched (connection);
      peerup_swarm_add_connection (self->swarm, connection);
      opening_settle (self, connection);
    }
}

/* Suspends until an attempt ends, it is woken, or the time is over. */
static void
opening_wait (PeerupOpening *self)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->attempts->len; i++)
    if (!attempt_has_ended (self->attempts->pdata[i]))
      g_ptr_array_add (futures, dex_ref (((PeerupOpeningAttempt *) self->attempts->pdata[i])->ended));
  g_ptr_array_add (futures, dex_ref (self->wake));
  g_ptr_array_add (futures, dex_timeout_new_deadline (self->deadline));
  /* Which one it was the caller finds out. */
  if (!dex_await (dex_future_firstv ((DexFuture *const *) futures->pdata, futures->len), &error))
    g_debug ("Opening a way to %s: %s", peerup_peer_id_get_string (self->peer), error->message);
}

static gboolean
opening_has (PeerupOpening *self, PeerupMultiaddr *address)
{
  for (guint i = 0; i < self->attempts->len; i++)
    if (peerup_multiaddr_equal (((PeerupOpeningAttempt *) self->attempts->pdata[i])->address, address))
      return TRUE;
  return FALSE;
}

/* What came in from there and is not done, maybe because both sides wait for the other to speak: as long as it is
 * there, no other connection can be between the same two ports. */
static void
opening_drop_accepted (PeerupOpening *self)
{
  g_autoptr (GList) upgrading = g_hash_table_get_keys (self->swarm->upgrading);

  for (GList *l = upgrading; l != NULL; l = l->next)
    {
      g_autoptr (PeerupMultiaddr) remote = NULL;

      if (!PEERUP_IS_SOCKET_STREAM (l->data))
        continue;
      remote = peerup_swarm_address_of_socket (peerup_socket_stream_get_fd (l->data), TRUE, PEERUP_IP_TCP, NULL);
      if (remote != NULL && opening_has (self, remote))
        peerup_stream_reset (l->data, PEERUP_STREAM_CODE_NONE);
    }
}

static GError *
opening_error (PeerupOpening *self)
{
  g_autoptr (GString) reasons = g_string_new (NULL);

  if (self->cancelled)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("No longer needed"));
  for (guint i = 0; i < self->attempts->len; i++)
    {
      const PeerupOpeningAttempt *attempt = self->attempts->pdata[i];

      g_string_append_printf (reasons, "%s%s: %s", i > 0 ? "; " : "", peerup_multiaddr_get_string (attempt->address),
                              attempt->error != NULL ? attempt->error->message : _ ("no answer in time"));
    }
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("No way to %s was opened: %s"),
                      peerup_peer_id_get_string (self->peer),
                      reasons->len > 0 ? reasons->str : _ ("there is no address for it"));
}

/* When something was last sent */

static gboolean
is_old (gpointer peer, gpointer at, gpointer now)
{
  return *(gint64 *) now - *(gint64 *) at > OPENED_MEMORY;
}

static void
swarm_remember_opening (PeerupSwarm *self, PeerupPeerId *peer)
{
  gint64 now = g_get_monotonic_time ();

  g_hash_table_foreach_remove (self->opened_at, is_old, &now);
  g_hash_table_insert (self->opened_at, peerup_peer_id_ref (peer), g_memdup2 (&now, sizeof now));
}

gint64
peerup_swarm_get_opened_at (PeerupSwarm *self, PeerupPeerId *peer)
{
  const gint64 *at = g_hash_table_lookup (self->opened_at, peer);

  for (guint i = 0; i < self->openings->len; i++)
    if (peerup_peer_id_equal (((PeerupOpening *) self->openings->pdata[i])->peer, peer))
      return g_get_monotonic_time ();
  return at != NULL ? *at : 0;
}

/* The open */

static DexFuture *
opening_fiber (gpointer data)
{
  PeerupOpening *self = data;
  PeerupConnection *connection = NULL;

  if ((self->role & PEERUP_OPENING_TCP_CLIENT) != 0)
    opening_drop_accepted (self);
  for (guint i = 0; i < self->attempts->len; i++)
    {
      PeerupOpeningAttempt *attempt = self->attempts->pdata[i];
      PeerupOpeningRole client =
        attempt->transport == PEERUP_IP_QUIC ? PEERUP_OPENING_QUIC_CLIENT : PEERUP_OPENING_TCP_CLIENT;

      peerup_opening_attempt_start (attempt, (self->role & client) != 0, self->deadline);
    }
  /* Where all attempts have failed the peer may still come to us. */
  while (!self->cancelled)
    {
      opening_collect (self);
      connection = opening_find (self->swarm, self->peer);
      if (connection != NULL || self->attempts->len == 0 || g_get_monotonic_time () >= self->deadline)
        break;
      opening_wait (self);
    }
  swarm_remember_opening (self->swarm, self->peer);
  if (connection == NULL)
    opening_drop_accepted (self);
  if (connection != NULL)
    dex_promise_resolve_object (self->promise, g_object_ref (connection));
  else
    dex_promise_reject (self->promise, opening_error (self));
  for (guint i = 0; i < self->attempts->len; i++)
    peerup_opening_attempt_cancel (self->attempts->pdata[i]);
  return dex_future_new_for_boolean (TRUE);
}

static GPtrArray *
make_attempts (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  GPtrArray *attempts = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_opening_attempt_unref);
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (self);

  for (guint i = 0; i < addresses->len && attempts->len < PEERUP_OPENING_ADDRESSES_MAX; i++)
    {
      g_autoptr (PeerupOpeningAttempt) attempt = peerup_opening_attempt_new (self, peer, addresses->pdata[i]);
      gboolean known = attempt == NULL;

      for (guint j = 0; j < attempts->len && !known; j++)
        known = peerup_multiaddr_equal (((PeerupOpeningAttempt *) attempts->pdata[j])->address, attempt->address);
      if (!known && !g_ptr_array_find_with_equal_func (own, attempt->address, peerup_multiaddr_equal, NULL))
        g_ptr_array_add (attempts, g_steal_pointer (&attempt));
    }
  return attempts;
}

DexFuture *
peerup_swarm_open_simultaneously (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses, PeerupOpeningRole role,
                                  gint64 deadline)
{
  PeerupConnection *connection;
  PeerupOpening *opening;
  DexFuture *future;

  g_return_val_if_fail (PEERUP_IS_SWARM (self), NULL);

  connection = opening_find (self, peer);
  if (connection != NULL)
    return dex_future_new_for_object (connection);
  if (self->closed)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("This side is closing"));
  if (self->openings->len >= PEERUP_OPENINGS_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("Ways to %d peers are being opened already"),
                                  PEERUP_OPENINGS_MAX);
  opening = g_new0 (PeerupOpening, 1);
  opening->swarm = g_object_ref (self);
  opening->peer = peerup_peer_id_ref (peer);
  opening->role = role;
  opening->deadline = MIN (deadline, g_get_monotonic_time () + PEERUP_OPENING_TIMEOUT);
  opening->attempts = make_attempts (self, peer, addresses);
  opening->wake = dex_promise_new ();
  opening->promise = dex_promise_new_cancellable ();
  opening->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (opening->promise), "cancelled", G_CALLBACK (on_cancelled), opening);
  g_ptr_array_add (self->openings, opening);
  future = DEX_FUTURE (dex_ref (opening->promise));
  /* It answers through its promise and frees itself with its fiber. */
  dex_future_disown (peerup_fiber_run (opening_fiber, opening, opening_free));
  return future;
}

/* What comes in meanwhile */

/* Whoever dialed: without the datagrams of both it had not come through, or it cannot be told. */
void
peerup_swarm_note_opening (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  if (peerup_swarm_is_relayed (connection))
    return;
  for (guint i = 0; i < self->openings->len; i++)
    {
      PeerupOpening *opening = self->openings->pdata[i];

      if (!peerup_peer_id_equal (opening->peer, info->remote_peer))
        continue;
      if (!info->outbound || (info->remote_address != NULL && opening_has (opening, info->remote_address)))
        peerup_connection_set_punched (connection);
      opening_wake (opening);
    }
}

PeerupPeerId *
peerup_swarm_dup_opening_server (PeerupSwarm *self, PeerupMultiaddr *remote)
{
  for (guint i = 0; i < self->openings->len; i++)
    {
      PeerupOpening *opening = self->openings->pdata[i];

      if ((opening->role & PEERUP_OPENING_TCP_CLIENT) != 0 && opening_has (opening, remote))
        return peerup_peer_id_ref (opening->peer);
    }
  return NULL;
}
