/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Where circuits become connections: streams through a relay, opened and taken by somebody above
 * who speaks with relays, are upgraded end to end here, under the same gate and limits as sockets.
 * Nothing is known here of how a circuit comes to be. */

#include "swarm/peerup-swarm-private.h"

#include <glib/gi18n-lib.h>
#include "wire/peerup-error.h"

G_DEFINE_BOXED_TYPE (PeerupCircuit, peerup_circuit, peerup_circuit_copy, peerup_circuit_free)

PeerupCircuit *
peerup_circuit_new (PeerupStream *stream, gboolean limited)
{
  PeerupCircuit *self = g_new0 (PeerupCircuit, 1);

  self->stream = g_object_ref (stream);
  self->limited = limited;
  return self;
}

PeerupCircuit *
peerup_circuit_copy (const PeerupCircuit *self)
{
  return peerup_circuit_new (self->stream, self->limited);
}

void
peerup_circuit_free (PeerupCircuit *self)
{
  g_object_unref (self->stream);
  g_free (self);
}

gboolean
peerup_swarm_is_relayed (PeerupConnection *connection)
{
  return g_str_equal (peerup_connection_get_info (connection)->transport, PEERUP_TRANSPORT_RELAY);
}

void
peerup_swarm_set_circuit_func (PeerupSwarm *self, PeerupCircuitFunc func, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  self->circuit_func = func;
  self->circuit_data = data;
}

DexFuture *
peerup_swarm_open_circuit (PeerupSwarm *self, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 deadline)
{
  if (self->circuit_func == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, _ ("nothing here dials through relays"));
  return self->circuit_func (self, peer, address, deadline, self->circuit_data);
}

void
peerup_swarm_set_standing_func (PeerupSwarm *self, PeerupRelayStandingFunc func, gpointer data)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  self->standing_func = func;
  self->standing_data = data;
}

void
peerup_swarm_get_standing (PeerupSwarm *self, PeerupPeerId *relay, PeerupRelayStanding *standing)
{
  *standing = (PeerupRelayStanding) { .rtt = -1 };
  if (self->standing_func != NULL)
    self->standing_func (self, relay, standing, self->standing_data);
}

/* Taking */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupStream *raw;
} Accept;

static void
accept_free (gpointer data)
{
  Accept *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->raw);
  g_free (self);
}

static DexFuture *
accept_upgraded (DexFuture *future, gpointer data)
{
  Accept *self = data;
  const GValue *value = dex_future_get_value (future, NULL);

  g_hash_table_remove (self->swarm->upgrading, self->raw);
  peerup_swarm_release_handshake (self->swarm, 0);
  if (value == NULL)
    return NULL;
  if (self->swarm->closed)
    peerup_connection_close (g_value_get_object (value), PEERUP_CONNECTION_CODE_SHUTDOWN);
  else
    peerup_swarm_add_connection (self->swarm, g_value_get_object (value));
  return NULL;
}

DexFuture *
peerup_swarm_accept_circuit (PeerupSwarm *self, const PeerupCircuit *circuit, PeerupPeerId *peer,
                             PeerupMultiaddr *address)
{
  const PeerupUpgradeOptions options = {
    .expected_peer = peer,
    .remote_address = address,
    .transport = PEERUP_TRANSPORT_RELAY,
    .limited = circuit->limited,
    .deadline = g_get_monotonic_time () + PEERUP_SWARM_UPGRADE_TIMEOUT,
  };
  Accept *accept;
  DexFuture *upgraded;

  if (self->closed || !peerup_swarm_admit_handshake (self, 0))
    {
      peerup_stream_reset (circuit->stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("No more handshakes for now"));
    }
  accept = g_new0 (Accept, 1);
  accept->swarm = g_object_ref (self);
  accept->raw = g_object_ref (circuit->stream);
  g_hash_table_add (self->upgrading, g_object_ref (circuit->stream));
  upgraded =
    dex_future_finally (peerup_swarm_upgrade (self, circuit->stream, &options), accept_upgraded, accept, accept_free);
  /* It ends by its deadline whoever waits, and is then taken out of what is under way. */
  dex_future_disown (dex_ref (upgraded));
  return upgraded;
}

/* Addresses */

static gboolean
same_addresses (GPtrArray *a, GPtrArray *b)
{
  guint i = 0;

  if (a->len != b->len)
    return FALSE;
  while (i < a->len && peerup_multiaddr_equal (a->pdata[i], b->pdata[i]))
    i++;
  return i == a->len;
}

static void
set_addresses (PeerupSwarm *self, GPtrArray *kept, GPtrArray *addresses)
{
  if (same_addresses (kept, addresses))
    return;
  g_ptr_array_set_size (kept, 0);
  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (kept, peerup_multiaddr_ref (addresses->pdata[i]));
  g_signal_emit_by_name (self, "addresses-changed");
}

void
peerup_swarm_set_relayed_addresses (PeerupSwarm *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  set_addresses (self, self->relayed_addresses, addresses);
}

void
peerup_swarm_set_mapped_addresses (PeerupSwarm *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  set_addresses (self, self->mapped_addresses, addresses);
}

GPtrArray *
peerup_swarm_dup_announced_addresses (PeerupSwarm *self)
{
  GPtrArray *result = peerup_swarm_dup_listen_addresses (self);

  g_ptr_array_extend (result, self->mapped_addresses, (GCopyFunc) (void (*) (void)) peerup_multiaddr_ref, NULL);
  g_ptr_array_extend (result, self->relayed_addresses, (GCopyFunc) (void (*) (void)) peerup_multiaddr_ref, NULL);
  return result;
}
