/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One relay that we use. When to ask it is the reservation's business, what to say the exchange's;
 * here are the timer, the connection, and what came of both. Its swarm outlives it. It closes no
 * connection: the relay may be a peer like others. */

#include "relay/peerup-relay-link.h"

#include <glib/gi18n-lib.h>

#include "relay/peerup-relay-exchange.h"
#include "transport/peerup-fiber.h"

/* Microseconds for a reservation, connecting included, and for the relay to say who comes. */
#define RESERVE_TIMEOUT (20 * G_USEC_PER_SEC)
#define STOP_TIMEOUT    (10 * G_USEC_PER_SEC)
/* In which those whose relay was away are back there, as peerup_reservation_lost() hurries. */
#define RETURN_TIME (3 * G_USEC_PER_SEC)

struct _PeerupRelayLink
{
  gatomicrefcount ref_count;
  PeerupSwarm *swarm;
  PeerupRelayWatch *watch;
  PeerupPeerId *relay;
  GPtrArray *addresses; /* of PeerupMultiaddr */
  PeerupRelayLinkFunc changed;
  gpointer data;
  gboolean stopped;
  PeerupTimer timer;
  PeerupReservation reservation;
  PeerupConnection *connection; /* on which it was made; NULL: none is */
  PeerupRelayGrant grant;
  GError *error;          /* of the last time, NULL when that went well */
  gboolean silent;        /* it is, on that connection */
  gboolean away;          /* it was lost and has not granted anything since */
  gint64 returning_until; /* monotonic; 0: it was never lost */
  gboolean left;          /* the relay says that it serves no more */
  guint n_half_open;
};

static void link_step (PeerupRelayLink *self);

PeerupRelayLink *
peerup_relay_link_ref (PeerupRelayLink *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_relay_link_unref (PeerupRelayLink *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_object_unref (self->swarm);
  peerup_relay_watch_unref (self->watch);
  peerup_peer_id_unref (self->relay);
  g_ptr_array_unref (self->addresses);
  g_clear_object (&self->connection);
  peerup_relay_grant_clear (&self->grant);
  g_clear_error (&self->error);
  g_free (self);
}

static void
link_unref (gpointer data)
{
  peerup_relay_link_unref (data);
}

/* Where the relay is: as it was dialed, or where we were told to. */
static PeerupMultiaddr *
link_address_of (PeerupRelayLink *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  return info->outbound && info->remote_address != NULL ? info->remote_address : self->addresses->pdata[0];
}

/* Reserving */

static PeerupConnection *
link_connect (PeerupRelayLink *self, gint64 deadline, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupConnection *connection;

  peerup_swarm_add_addresses (self->swarm, self->relay, self->addresses);
  connection = dex_await_object (dex_future_first (peerup_swarm_connect_direct (self->swarm, self->relay),
                                                   dex_timeout_new_deadline (deadline), NULL),
                                 &local);
  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("the relay could not be reached in time"));
  else if (connection == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  return connection;
}

static gboolean
link_take_grant (PeerupRelayLink *self, PeerupConnection *connection, PeerupRelayGrant *grant, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  if (!peerup_reservation_granted (&self->reservation, grant->expires, g_get_real_time () / G_USEC_PER_SEC, now,
                                   g_random_int (), error))
    return FALSE;
  g_clear_error (&self->error);
  g_set_object (&self->connection, connection);
  self->silent = peerup_connection_is_silent (connection);
  peerup_relay_grant_clear (&self->grant);
  self->grant = *grant;
  *grant = (PeerupRelayGrant) { 0 };
  if (self->away)
    self->returning_until = now + RETURN_TIME;
  self->away = FALSE;
  /* It has closed while its answer was on the way here. */
  if (peerup_connection_is_closed (connection))
    peerup_relay_link_lost (self, connection);
  return TRUE;
}

static void
link_fail (PeerupRelayLink *self, GError *error)
{
  g_debug ("No reservation at %s: %s", peerup_peer_id_get_string (self->relay), error->message);
  g_clear_error (&self->error);
  self->error = error;
  peerup_reservation_failed (&self->reservation, g_get_monotonic_time (), g_random_int ());
}

static DexFuture *
reserve_fiber (gpointer data)
{
  PeerupRelayLink *self = data;
  gint64 deadline = g_get_monotonic_time () + RESERVE_TIMEOUT;
  g_autoptr (GError) error = NULL;
  g_auto (PeerupRelayGrant) grant = { 0 };
  g_autoptr (PeerupConnection) connection = link_connect (self, deadline, &error);
  g_autoptr (PeerupRelayWait) wait = connection != NULL ? peerup_relay_wait_new (self->watch, connection) : NULL;
  gboolean reserved = FALSE;

  if (connection != NULL && !self->stopped)
    reserved = peerup_relay_reserve (connection, peerup_swarm_get_peer_id (self->swarm),
                                     link_address_of (self, connection), deadline, &grant, &error);
  if (self->stopped)
    return dex_future_new_true ();
  if (!reserved || !link_take_grant (self, connection, &grant, &error))
    link_fail (self, g_steal_pointer (&error));
  link_step (self);
  self->changed (self, self->data);
  return dex_future_new_true ();
}

static void
link_step (PeerupRelayLink *self)
{
  gint64 deadline;

  if (peerup_reservation_begin (&self->reservation, g_get_monotonic_time ()))
    /* It ends by its deadline, and stores by itself what it comes to. */
    dex_future_disown (peerup_fiber_run (reserve_fiber, peerup_relay_link_ref (self), link_unref));
  deadline = peerup_reservation_get_deadline (&self->reservation);
  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static void
on_time (gpointer data)
{
  PeerupRelayLink *self = data;
  PeerupRelayState before = self->reservation.state;

  link_step (self);
  if (self->reservation.state != before)
    self->changed (self, self->data);
}

void
peerup_relay_link_retry (PeerupRelayLink *self)
{
  peerup_reservation_retry (&self->reservation, g_get_monotonic_time ());
  link_step (self);
}

void
peerup_relay_link_lost (PeerupRelayLink *self, PeerupConnection *connection)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GPtrArray) others = NULL;

  if (connection != self->connection)
    return;
  g_clear_error (&self->error);
  self->error = g_error_copy (peerup_connection_get_error (connection));
  g_clear_object (&self->connection);
  self->left = FALSE;
  self->away = TRUE;
  self->returning_until = now + RETURN_TIME;
  others = peerup_swarm_dup_connections (self->swarm, self->relay);
  /* With another connection there the relay may keep it: it is asked, rather than guessed. */
  if (others->len > 0 && !peerup_swarm_is_relayed (others->pdata[0]))
    peerup_reservation_refresh (&self->reservation, now);
  else
    peerup_reservation_lost (&self->reservation, now, g_random_int ());
  link_step (self);
  self->changed (self, self->data);
}

void
peerup_relay_link_set_silent (PeerupRelayLink *self, PeerupConnection *connection, gboolean silent)
{
  if (connection != self->connection || self->silent == silent)
    return;
  self->silent = silent;
  if (silent)
    {
      peerup_reservation_refresh (&self->reservation, g_get_monotonic_time ());
      link_step (self);
    }
  self->changed (self, self->data);
}

gboolean
peerup_relay_link_is_returning (PeerupRelayLink *self)
{
  return g_get_monotonic_time () < self->returning_until;
}

void
peerup_relay_link_set_serving (PeerupRelayLink *self, gboolean serving)
{
  gboolean left = self->left;

  self->left = !serving;
  if (left == self->left)
    return;
  if (serving)
    {
      peerup_relay_link_retry (self);
      return;
    }
  peerup_reservation_revoked (&self->reservation, g_get_monotonic_time (), g_random_int ());
  if (self->reservation.state == PEERUP_RELAY_WAITING)
    {
      g_clear_error (&self->error);
      self->error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the relay takes nothing new for now"));
    }
  link_step (self);
  self->changed (self, self->data);
}

/* Circuits */

typedef struct
{
  PeerupRelayLink *link;
  PeerupConnection *connection;
  PeerupStream *stream;
} Coming;

static void
coming_free (gpointer data)
{
  Coming *self = data;

  self->link->n_half_open--;
  link_unref (self->link);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

static gboolean
coming_run (Coming *self, GError **error)
{
  PeerupRelayLink *link = self->link;
  g_autoptr (PeerupCircuit) circuit = peerup_circuit_new (self->stream, FALSE);
  g_autoptr (PeerupPeerId) peer =
    peerup_relay_accept (self->stream, g_get_monotonic_time () + STOP_TIMEOUT, &circuit->limited, error);
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  if (peer == NULL)
    return FALSE;
  address = peerup_relay_address_of (link_address_of (link, self->connection), link->relay);
  connection = dex_await_object (peerup_swarm_accept_circuit (link->swarm, circuit, peer, address), error);
  return connection != NULL;
}

static DexFuture *
coming_fiber (gpointer data)
{
  Coming *self = data;
  g_autoptr (GError) error = NULL;

  if (!coming_run (self, &error))
    g_debug ("A circuit of %s came to nothing: %s", peerup_peer_id_get_string (self->link->relay), error->message);
  return dex_future_new_true ();
}

void
peerup_relay_link_take_circuit (PeerupRelayLink *self, PeerupConnection *connection, PeerupStream *stream)
{
  Coming *coming;

  if (self->n_half_open == PEERUP_RELAY_HALF_OPEN_MAX)
    {
      peerup_relay_refuse (stream, PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
      g_object_unref (stream);
      return;
    }
  coming = g_new0 (Coming, 1);
  coming->link = peerup_relay_link_ref (self);
  coming->connection = g_object_ref (connection);
  coming->stream = stream;
  self->n_half_open++;
  /* It ends by the deadlines of its two parts. */
  dex_future_disown (peerup_fiber_run (coming_fiber, coming, coming_free));
}

/* Looking */

PeerupPeerId *
peerup_relay_link_get_relay (PeerupRelayLink *self)
{
  return self->relay;
}

void
peerup_relay_link_get_info (PeerupRelayLink *self, PeerupRelayInfo *info)
{
  const PeerupReservation *reservation = &self->reservation;
  gboolean reserved = reservation->state == PEERUP_RELAY_RESERVED;

  *info = (PeerupRelayInfo) {
    .relay = self->relay,
    .state = reservation->state,
    .expires = reservation->expires,
    .retry_at = reservation->state == PEERUP_RELAY_WAITING ? reservation->due_at : 0,
    .rtt = self->connection != NULL ? peerup_connection_get_rtt (self->connection) : -1,
    .n_failures = reservation->n_failures,
    .limited = reserved && self->grant.limited,
    .limit = reserved ? self->grant.limit : (PeerupCircuitLimit) { 0 },
    .error = self->error,
  };
}

GPtrArray *
peerup_relay_link_get_addresses (PeerupRelayLink *self)
{
  return self->reservation.state == PEERUP_RELAY_RESERVED ? self->grant.addresses : NULL;
}

/* Life */

void
peerup_relay_link_set_addresses (PeerupRelayLink *self, GPtrArray *addresses)
{
  g_return_if_fail (addresses->len > 0);
  g_ptr_array_set_size (self->addresses, 0);
  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (self->addresses, peerup_multiaddr_ref (addresses->pdata[i]));
  link_step (self);
}

PeerupRelayLink *
peerup_relay_link_new (PeerupSwarm *swarm, PeerupRelayWatch *watch, PeerupPeerId *relay, PeerupRelayLinkFunc changed,
                       gpointer data)
{
  PeerupRelayLink *self = g_new0 (PeerupRelayLink, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  g_atomic_ref_count_init (&self->ref_count);
  self->swarm = g_object_ref (swarm);
  self->watch = peerup_relay_watch_ref (watch);
  self->relay = peerup_peer_id_ref (relay);
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->changed = changed;
  self->data = data;
  peerup_timer_init (&self->timer, reactor, on_time, self);
  peerup_reservation_init (&self->reservation, g_get_monotonic_time ());
  return self;
}

void
peerup_relay_link_stop (PeerupRelayLink *self)
{
  self->stopped = TRUE;
  peerup_timer_clear (&self->timer);
  link_unref (self);
}
