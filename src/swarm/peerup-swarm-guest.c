/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Guests: inbound connections of peers that the gate refuses, let in for one protocol alone because somebody here
 * waits for just that. A guest is no connection of the swarm: it is in no table and no signal, nothing is opened on
 * it, nothing else is served on it, and whoever waited for it closes it. */

#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"

/* Streams that one guest may open in all; who needs more is no guest. */
#define GUEST_STREAMS_MAX 8

typedef struct
{
  PeerupSwarm *swarm;           /* borrowed: it closes its guests before it goes */
  PeerupConnection *connection; /* owned by the list */
  guint n_streams;
} Guest;

static void on_guest_closed (PeerupConnection *connection, gpointer data);

static void
guest_free (gpointer data)
{
  Guest *self = data;

  g_signal_handlers_disconnect_by_func (self->connection, on_guest_closed, self);
  peerup_connection_set_stream_func (self->connection, NULL, NULL);
  peerup_swarm_release_connection (self->connection);
  g_object_unref (self->connection);
  g_free (self);
}

static void
on_guest_closed (PeerupConnection *connection, gpointer data)
{
  Guest *self = data;

  g_ptr_array_remove (self->swarm->guests, self);
}

GPtrArray *
peerup_swarm_guests_new (void)
{
  return g_ptr_array_new_with_free_func (guest_free);
}

/* Streams */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *connection;
  PeerupStream *stream;
} Visit;

static void
visit_free (gpointer data)
{
  Visit *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

static gboolean
is_for_guests (const char *protocol, gpointer data)
{
  const PeerupSwarmGuests *guests = &((Visit *) data)->swarm->guest_funcs;

  return guests->protocol != NULL && g_str_equal (protocol, guests->protocol);
}

static DexFuture *
visit_fiber (gpointer data)
{
  Visit *self = data;
  const PeerupSwarmGuests *guests = &self->swarm->guest_funcs;
  gint64 deadline = g_get_monotonic_time () + PEERUP_SWARM_NEGOTIATE_TIMEOUT;
  const char *protocol = peerup_negotiate_listen (self->stream, is_for_guests, self, deadline, NULL);

  if (protocol != NULL && guests->protocol != NULL)
    guests->stream (self->swarm, self->connection, g_object_ref (self->stream), guests->data);
  return dex_future_new_for_boolean (protocol != NULL);
}

static void
on_guest_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Guest *guest = data;
  Visit *visit;

  if (guest->n_streams++ >= GUEST_STREAMS_MAX)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      return;
    }
  if (!peerup_swarm_admit_stream (guest->swarm, connection, stream))
    return;
  visit = g_new0 (Visit, 1);
  visit->swarm = g_object_ref (guest->swarm);
  visit->connection = g_object_ref (connection);
  visit->stream = g_object_ref (stream);
  /* Ends by its deadline at the latest; whoever takes the stream owns it then. */
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, visit_fiber, visit, visit_free));
}

/* Connections */

gboolean
peerup_swarm_expects_guest (PeerupSwarm *self, PeerupMultiaddr *remote)
{
  const PeerupSwarmGuests *guests = &self->guest_funcs;

  return guests->protocol != NULL && remote != NULL && guests->expects (self, remote, guests->data);
}

gboolean
peerup_swarm_take_guest (PeerupSwarm *self, PeerupConnection *connection)
{
  const PeerupSwarmGuests *guests = &self->guest_funcs;
  Guest *guest;

  if (!peerup_swarm_expects_guest (self, peerup_connection_get_info (connection)->remote_address) ||
      !peerup_swarm_admit_connection (self, connection))
    return FALSE;
  guest = g_new0 (Guest, 1);
  guest->swarm = self;
  guest->connection = g_object_ref (connection);
  g_ptr_array_add (self->guests, guest);
  peerup_swarm_count_memory (self, connection);
  g_signal_connect (connection, "closed", G_CALLBACK (on_guest_closed), guest);
  guests->came (self, connection, guests->data);
  /* Streams that were faster are delivered now. */
  peerup_connection_set_stream_func (connection, on_guest_stream, guest);
  return TRUE;
}

void
peerup_swarm_set_guests (PeerupSwarm *self, const PeerupSwarmGuests *guests)
{
  g_autoptr (GPtrArray) old = NULL;

  g_return_if_fail (PEERUP_IS_SWARM (self));

  old = self->guests;
  self->guests = peerup_swarm_guests_new ();
  self->guest_funcs = guests != NULL ? *guests : (PeerupSwarmGuests) { NULL };
  for (guint i = 0; i < old->len; i++)
    {
      Guest *guest = old->pdata[i];

      g_signal_handlers_disconnect_by_func (guest->connection, on_guest_closed, guest);
      peerup_connection_close (guest->connection, PEERUP_CONNECTION_CODE_GATED);
    }
}
