/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Guests: inbound connections of peers that the gate refuses, let in for a protocol or two because somebody here
 * waits for just that. A guest is no connection of the swarm: it is in no table and no signal, nothing is opened on
 * it, nothing else is served on it, and whoever waited for it closes it. */

#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-fiber.h"
#include "wire/peerup-error.h"

/* Streams that one guest may open in all; who needs more is no guest. */
#define GUEST_STREAMS_MAX 8

typedef struct
{
  PeerupSwarm *swarm;           /* borrowed: it closes its guests before it goes */
  PeerupConnection *connection; /* owned by the list */
  GPtrArray *protocols;         /* those of the exceptions that expected it; static strings */
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
  g_ptr_array_unref (self->protocols);
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

static const PeerupSwarmGuests *
find_kind (PeerupSwarm *self, const char *protocol)
{
  for (guint i = 0; i < self->guest_kinds->len; i++)
    {
      const PeerupSwarmGuests *kind = &g_array_index (self->guest_kinds, PeerupSwarmGuests, i);

      if (g_str_equal (kind->protocol, protocol))
        return kind;
    }
  return NULL;
}

/* Streams */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *connection;
  PeerupStream *stream;
  GPtrArray *protocols; /* the guest's, which may be gone first */
} Visit;

static void
visit_free (gpointer data)
{
  Visit *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_ptr_array_unref (self->protocols);
  g_free (self);
}

static gboolean
is_for_guests (const char *protocol, gpointer data)
{
  return g_ptr_array_find_with_equal_func (((Visit *) data)->protocols, protocol, g_str_equal, NULL);
}

static DexFuture *
visit_fiber (gpointer data)
{
  Visit *self = data;
  gint64 deadline = g_get_monotonic_time () + PEERUP_SWARM_NEGOTIATE_TIMEOUT;
  const char *protocol = peerup_negotiate_listen (self->stream, is_for_guests, self, deadline, NULL);
  const PeerupSwarmGuests *kind = protocol != NULL ? find_kind (self->swarm, protocol) : NULL;

  if (kind != NULL)
    kind->stream (self->swarm, self->connection, g_object_ref (self->stream), kind->data);
  return dex_future_new_for_boolean (kind != NULL);
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
  visit->protocols = g_ptr_array_ref (guest->protocols);
  /* Ends by its deadline at the latest; whoever takes the stream owns it then. */
  dex_future_disown (peerup_fiber_run (visit_fiber, visit, visit_free));
}

/* Connections */

gboolean
peerup_swarm_expects_guest (PeerupSwarm *self, PeerupMultiaddr *remote)
{
  for (guint i = 0; remote != NULL && i < self->guest_kinds->len; i++)
    {
      const PeerupSwarmGuests *kind = &g_array_index (self->guest_kinds, PeerupSwarmGuests, i);

      if (kind->expects (self, remote, kind->data))
        return TRUE;
    }
  return FALSE;
}

static Guest *
guest_new (PeerupSwarm *swarm, PeerupConnection *connection)
{
  PeerupMultiaddr *remote = peerup_connection_get_info (connection)->remote_address;
  Guest *self = g_new0 (Guest, 1);

  self->swarm = swarm;
  self->connection = g_object_ref (connection);
  self->protocols = g_ptr_array_new ();
  for (guint i = 0; i < swarm->guest_kinds->len; i++)
    {
      const PeerupSwarmGuests *kind = &g_array_index (swarm->guest_kinds, PeerupSwarmGuests, i);

      if (kind->expects (swarm, remote, kind->data))
        g_ptr_array_add (self->protocols, (gpointer) kind->protocol);
    }
  return self;
}

/* Who is told may take its exception back, so each is looked up again. */
static void
guest_came (PeerupSwarm *self, PeerupConnection *connection, GPtrArray *protocols)
{
  for (guint i = 0; i < protocols->len; i++)
    {
      const PeerupSwarmGuests *kind = find_kind (self, protocols->pdata[i]);

      if (kind != NULL && kind->came != NULL)
        kind->came (self, connection, kind->data);
    }
}

gboolean
peerup_swarm_take_guest (PeerupSwarm *self, PeerupConnection *connection)
{
  g_autoptr (GPtrArray) protocols = NULL;
  Guest *guest;

  if (!peerup_swarm_expects_guest (self, peerup_connection_get_info (connection)->remote_address) ||
      !peerup_swarm_admit_connection (self, connection))
    return FALSE;
  guest = guest_new (self, connection);
  protocols = g_ptr_array_ref (guest->protocols);
  g_ptr_array_add (self->guests, guest);
  peerup_swarm_count_memory (self, connection);
  g_signal_connect (connection, "closed", G_CALLBACK (on_guest_closed), guest);
  guest_came (self, connection, protocols);
  /* Streams that were faster are delivered now. */
  if (g_ptr_array_find (self->guests, guest, NULL))
    peerup_connection_set_stream_func (connection, on_guest_stream, guest);
  return TRUE;
}

void
peerup_swarm_release_guest (PeerupSwarm *self, PeerupConnection *connection, const char *protocol, guint32 code)
{
  g_autoptr (PeerupConnection) held = g_object_ref (connection);
  guint index;

  g_return_if_fail (PEERUP_IS_SWARM (self));

  for (guint i = 0; i < self->guests->len; i++)
    {
      Guest *guest = self->guests->pdata[i];

      if (guest->connection != connection)
        continue;
      if (g_ptr_array_find_with_equal_func (guest->protocols, protocol, g_str_equal, &index))
        g_ptr_array_remove_index (guest->protocols, index);
      if (guest->protocols->len > 0)
        return;
      g_ptr_array_remove_index (self->guests, i);
      peerup_connection_close (connection, code);
      return;
    }
}

guint
peerup_swarm_get_n_guests (PeerupSwarm *self)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (self), 0);

  return self->guests->len;
}

void
peerup_swarm_add_guests (PeerupSwarm *self, const PeerupSwarmGuests *guests)
{
  g_return_if_fail (PEERUP_IS_SWARM (self));
  g_return_if_fail (find_kind (self, guests->protocol) == NULL);

  g_array_append_val (self->guest_kinds, *guests);
}

void
peerup_swarm_remove_guests (PeerupSwarm *self, const char *protocol)
{
  const PeerupSwarmGuests *kind;
  g_autoptr (GPtrArray) unexpected = g_ptr_array_new_with_free_func (g_object_unref);
  guint index;

  g_return_if_fail (PEERUP_IS_SWARM (self));

  kind = find_kind (self, protocol);
  if (kind == NULL)
    return;
  g_array_remove_index (self->guest_kinds, kind - &g_array_index (self->guest_kinds, PeerupSwarmGuests, 0));
  for (guint i = self->guests->len; i > 0; i--)
    {
      Guest *guest = self->guests->pdata[i - 1];

      if (g_ptr_array_find_with_equal_func (guest->protocols, protocol, g_str_equal, &index))
        g_ptr_array_remove_index (guest->protocols, index);
      if (guest->protocols->len > 0)
        continue;
      g_ptr_array_add (unexpected, g_object_ref (guest->connection));
      g_ptr_array_remove_index (self->guests, i - 1);
    }
  for (guint i = 0; i < unexpected->len; i++)
    peerup_connection_close (unexpected->pdata[i], PEERUP_CONNECTION_CODE_GATED);
}

void
peerup_swarm_clear_guests (PeerupSwarm *self)
{
  while (self->guest_kinds->len > 0)
    peerup_swarm_remove_guests (self, g_array_index (self->guest_kinds, PeerupSwarmGuests, 0).protocol);
}
