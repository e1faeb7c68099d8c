/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Reservations by peer and, to forget those whose time is over without looking at the others,
 * by their end; and four counts: reservations of a host and of its network, circuits of a peer,
 * circuits in all.
 * It lives as long as its relay. It opens, closes and asks nothing. */

#include "relay/peerup-relay-table.h"

typedef struct
{
  PeerupPeerId *peer;
  guint64 host;
  gint64 expires;
  GSequenceIter *place; /* in by_end */
} Reservation;

struct _PeerupRelayTable
{
  PeerupRelaySettings settings;
  GHashTable *reservations; /* PeerupPeerId, borrowed of its value -> Reservation */
  GSequence *by_end;        /* of the same, borrowed */
  GHashTable *hosts;        /* guint64 -> reservations, as GUINT_TO_POINTER; none is no entry */
  GHashTable *networks;     /* likewise */
  GHashTable *circuits;     /* PeerupPeerId -> circuits, likewise */
  guint n_circuits;
};

void
peerup_relay_settings_init (PeerupRelaySettings *self)
{
  *self = (PeerupRelaySettings) {
    .reservation_ttl = 3600,
    .max_reservations = 128,
    .max_reservations_per_address = 8,
    .max_reservations_per_network = 32,
    .max_circuits = 16,
    .max_circuits_in_all = 1024,
    .limit = { 600, 64 * 1024 * 1024 },
    .authorized = { 0, 0 },
  };
}

static void
reservation_free (gpointer data)
{
  Reservation *self = data;

  peerup_peer_id_unref (self->peer);
  g_free (self);
}

static int
compare_ends (gconstpointer a, gconstpointer b, gpointer data)
{
  const Reservation *x = a, *y = b;

  return (x->expires > y->expires) - (x->expires < y->expires);
}

PeerupRelayTable *
peerup_relay_table_new (const PeerupRelaySettings *settings)
{
  PeerupRelayTable *self = g_new0 (PeerupRelayTable, 1);

  self->settings = *settings;
  self->reservations = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, reservation_free);
  self->by_end = g_sequence_new (NULL);
  self->hosts = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->networks = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->circuits =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  return self;
}

void
peerup_relay_table_free (PeerupRelayTable *self)
{
  g_sequence_free (self->by_end);
  g_hash_table_unref (self->reservations);
  g_hash_table_unref (self->hosts);
  g_hash_table_unref (self->networks);
  g_hash_table_unref (self->circuits);
  g_free (self);
}

void
peerup_relay_table_set_settings (PeerupRelayTable *self, const PeerupRelaySettings *settings)
{
  self->settings = *settings;
}

/* Reservations */

/* The IPv4 /16 or IPv6 /32 of a host key, which has IPv4 addresses below 2^32 and of IPv6 the first half:
 * what one provider is given at least, and so what comes nearest to an AS number without a table of them. */
static guint64
get_network (guint64 host)
{
  return host <= G_MAXUINT32 ? host >> 16 : host >> 32 | G_GUINT64_CONSTANT (1) << 63;
}

static guint
get_count (GHashTable *counts, guint64 key)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, &key));
}

static void
set_count (GHashTable *counts, guint64 key, guint count)
{
  if (count > 0)
    g_hash_table_insert (counts, g_memdup2 (&key, sizeof key), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (counts, &key);
}

/* @change: 1 or -1. */
static void
table_count_host (PeerupRelayTable *self, guint64 host, int change)
{
  guint64 network = get_network (host);

  if (host == 0)
    return;
  set_count (self->hosts, host, get_count (self->hosts, host) + change);
  set_count (self->networks, network, get_count (self->networks, network) + change);
}

/* @old: (nullable): the reservation whose place becomes free. */
static gboolean
table_has_place_at (PeerupRelayTable *self, guint64 host, const Reservation *old)
{
  guint64 network = get_network (host);
  guint of_host = get_count (self->hosts, host);
  guint of_network = get_count (self->networks, network);

  if (host == 0)
    return TRUE;
  if (old != NULL && old->host == host)
    of_host--;
  if (old != NULL && old->host != 0 && get_network (old->host) == network)
    of_network--;
  return of_host < self->settings.max_reservations_per_address &&
         of_network < self->settings.max_reservations_per_network;
}

static void
table_remove (PeerupRelayTable *self, Reservation *reservation)
{
  table_count_host (self, reservation->host, -1);
  g_sequence_remove (reservation->place);
  g_hash_table_remove (self->reservations, reservation->peer);
}

static void
table_add (PeerupRelayTable *self, PeerupPeerId *peer, guint64 host, gint64 expires)
{
  Reservation *reservation = g_new (Reservation, 1);

  *reservation = (Reservation) { .peer = peerup_peer_id_ref (peer), .host = host, .expires = expires };
  table_count_host (self, host, 1);
  reservation->place = g_sequence_insert_sorted (self->by_end, reservation, compare_ends, NULL);
  g_hash_table_insert (self->reservations, reservation->peer, reservation);
}

static void
table_forget_ended (PeerupRelayTable *self, gint64 now)
{
  while (!g_sequence_is_empty (self->by_end))
    {
      Reservation *first = g_sequence_get (g_sequence_get_begin_iter (self->by_end));

      if (first->expires > now)
        break;
      table_remove (self, first);
    }
}

PeerupCircuitStatus
peerup_relay_table_reserve (PeerupRelayTable *self, PeerupPeerId *peer, guint64 host, gint64 now, gint64 *expires)
{
  Reservation *old;

  table_forget_ended (self, now);
  old = g_hash_table_lookup (self->reservations, peer);
  if (old == NULL && g_hash_table_size (self->reservations) >= self->settings.max_reservations)
    return PEERUP_CIRCUIT_RESERVATION_REFUSED;
  if ((old == NULL || old->host != host) && !table_has_place_at (self, host, old))
    return PEERUP_CIRCUIT_RESERVATION_REFUSED;
  if (old != NULL)
    table_remove (self, old);
  *expires = now + self->settings.reservation_ttl;
  table_add (self, peer, host, *expires);
  return PEERUP_CIRCUIT_OK;
}

void
peerup_relay_table_forget (PeerupRelayTable *self, PeerupPeerId *peer)
{
  Reservation *reservation = g_hash_table_lookup (self->reservations, peer);

  if (reservation != NULL)
    table_remove (self, reservation);
}

void
peerup_relay_table_forget_all (PeerupRelayTable *self)
{
  table_forget_ended (self, G_MAXINT64);
}

gboolean
peerup_relay_table_has_reservation (PeerupRelayTable *self, PeerupPeerId *peer, gint64 now)
{
  Reservation *reservation = g_hash_table_lookup (self->reservations, peer);

  return reservation != NULL && reservation->expires > now;
}

guint
peerup_relay_table_get_n_reservations (PeerupRelayTable *self, gint64 now)
{
  table_forget_ended (self, now);
  return g_hash_table_size (self->reservations);
}

/* Circuits */

static guint
table_count_circuits (PeerupRelayTable *self, PeerupPeerId *peer)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->circuits, peer));
}

static void
table_set_circuits (PeerupRelayTable *self, PeerupPeerId *peer, guint count)
{
  if (count > 0)
    g_hash_table_insert (self->circuits, peerup_peer_id_ref (peer), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (self->circuits, peer);
}

PeerupCircuitStatus
peerup_relay_table_begin_circuit (PeerupRelayTable *self, PeerupPeerId *source, PeerupPeerId *target, gint64 now)
{
  guint of_source = table_count_circuits (self, source);
  guint of_target = table_count_circuits (self, target);

  if (peerup_peer_id_equal (source, target))
    return PEERUP_CIRCUIT_PERMISSION_DENIED;
  if (!peerup_relay_table_has_reservation (self, target, now))
    return PEERUP_CIRCUIT_NO_RESERVATION;
  if (MAX (of_source, of_target) >= self->settings.max_circuits ||
      self->n_circuits >= self->settings.max_circuits_in_all)
    return PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED;
  table_set_circuits (self, source, of_source + 1);
  table_set_circuits (self, target, of_target + 1);
  self->n_circuits++;
  return PEERUP_CIRCUIT_OK;
}

void
peerup_relay_table_end_circuit (PeerupRelayTable *self, PeerupPeerId *source, PeerupPeerId *target)
{
  guint of_source = table_count_circuits (self, source);
  guint of_target = table_count_circuits (self, target);

  g_assert (of_source > 0 && of_target > 0 && self->n_circuits > 0);
  table_set_circuits (self, source, of_source - 1);
  table_set_circuits (self, target, of_target - 1);
  self->n_circuits--;
}

guint
peerup_relay_table_get_n_circuits (PeerupRelayTable *self)
{
  return self->n_circuits;
}
