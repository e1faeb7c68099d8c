/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Circuit relay v2, both sides of it: what a relay tells of itself, and what a listener tells of the
 * reservation that it keeps. Dials through relays need no more than that there is a relay client. */

#include "interop.h"

/* A relay */

static void
on_numbers_changed (PeerupRelayServer *relay, gpointer data)
{
  JsonObject *members = json_object_new ();
  guint n_reservations, n_circuits;

  g_object_get (relay, "n-reservations", &n_reservations, "n-circuits", &n_circuits, NULL);
  json_object_set_int_member (members, "reservations", n_reservations);
  json_object_set_int_member (members, "circuits", n_circuits);
  interop_emit ("relay", members);
}

/* Whoever is let in at all may use it, as often as the tests need, from one address. */
PeerupRelayServer *
interop_relay_serve (PeerupSwarm *swarm, const InteropOptions *options)
{
  PeerupRelaySettings settings;
  PeerupRelayServer *relay;

  peerup_relay_settings_init (&settings);
  settings.max_reservations_per_address = settings.max_reservations;
  settings.max_reservations_per_network = settings.max_reservations;
  settings.limit.duration = options->count;
  settings.limit.data = MAX (options->bytes, 0);
  if (options->ttl > 0)
    settings.reservation_ttl = options->ttl;
  relay = peerup_relay_server_new (swarm, &settings);
  g_signal_connect (relay, "changed", G_CALLBACK (on_numbers_changed), NULL);
  return relay;
}

/* A reservation */

typedef struct
{
  PeerupSwarm *swarm; /* borrowed */
  gint64 expires;     /* of the reservation told last; 0: none */
} Reserving;

static void
emit_reserved (Reserving *self, const PeerupRelayInfo *info, GPtrArray *addresses)
{
  JsonObject *members = json_object_new ();

  json_object_set_string_member (members, "relay", peerup_peer_id_get_string (info->relay));
  json_object_set_array_member (members, "addrs",
                                interop_addresses_of (addresses, peerup_swarm_get_peer_id (self->swarm)));
  json_object_set_int_member (members, "expires", info->expires);
  json_object_set_int_member (members, "seconds", info->limited ? info->limit.duration : 0);
  json_object_set_int_member (members, "bytes", info->limited ? (gint64) MIN (info->limit.data, G_MAXINT64) : 0);
  interop_emit ("reserved", members);
}

static void
emit_unreserved (const PeerupRelayInfo *info)
{
  JsonObject *members = json_object_new ();

  json_object_set_string_member (members, "relay", peerup_peer_id_get_string (info->relay));
  json_object_set_string_member (members, "error", info->error != NULL ? info->error->message : "");
  interop_emit ("unreserved", members);
}

/* A new end of it says that the relay has agreed once more. */
static void
on_reservation_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  g_autoptr (GPtrArray) addresses = peerup_relay_client_dup_addresses (relays);
  Reserving *self = data;
  PeerupRelayInfo info;

  peerup_relay_client_get_info (relays, 0, &info);
  if (info.state != PEERUP_RELAY_RESERVED && (self->expires != 0 || info.error != NULL))
    emit_unreserved (&info);
  else if (info.state == PEERUP_RELAY_RESERVED && info.expires != self->expires)
    emit_reserved (self, &info, addresses);
  self->expires = info.state == PEERUP_RELAY_RESERVED ? info.expires : 0;
}

gboolean
interop_relay_reserve (PeerupRelayClient *relays, PeerupSwarm *swarm, const char *text, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, error);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  Reserving *self;

  if (address == NULL)
    return FALSE;
  self = g_new0 (Reserving, 1);
  self->swarm = swarm;
  g_signal_connect_data (relays, "changed", G_CALLBACK (on_reservation_changed), self, (GClosureNotify) g_free, 0);
  g_ptr_array_add (addresses, address);
  peerup_relay_client_set_relays (relays, addresses);
  return TRUE;
}
