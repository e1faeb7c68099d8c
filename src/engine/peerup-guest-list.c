/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Guests and when their time is over. Belongs to whoever lets them in. It does not know what they are here for.
 */
#include "engine/peerup-guest-list.h"

#include "transport/peerup-reactor.h"

typedef struct
{
  PeerupConnection *connection;
  gint64 deadline; /* monotonic µs */
} Guest;

struct _PeerupGuestList
{
  PeerupSwarm *swarm;
  const char *protocol;
  GQueue guests; /* of Guest, the next deadline first */
  gint64 lifetime;
  PeerupTimer timer;
};

static void on_closed (PeerupConnection *connection, gpointer data);

static void
guest_free (PeerupGuestList *self, Guest *guest)
{
  g_signal_handlers_disconnect_by_func (guest->connection, on_closed, self);
  g_object_unref (guest->connection);
  g_free (guest);
}

static void
guest_list_arm (PeerupGuestList *self)
{
  const Guest *next = g_queue_peek_head (&self->guests);

  if (next != NULL)
    peerup_timer_set (&self->timer, next->deadline);
  else
    peerup_timer_stop (&self->timer);
}

static void
on_closed (PeerupConnection *connection, gpointer data)
{
  PeerupGuestList *self = data;

  for (GList *link = self->guests.head; link != NULL; link = link->next)
    {
      Guest *guest = link->data;

      if (guest->connection != connection)
        continue;
      g_queue_delete_link (&self->guests, link);
      guest_free (self, guest);
      break;
    }
  guest_list_arm (self);
}

static void
on_time (gpointer data)
{
  PeerupGuestList *self = data;
  gint64 now = g_get_monotonic_time ();
  Guest *guest;

  while ((guest = g_queue_peek_head (&self->guests)) != NULL && guest->deadline <= now)
    {
      g_autoptr (PeerupConnection) connection = g_object_ref (guest->connection);

      g_queue_pop_head (&self->guests);
      guest->deadline = now + self->lifetime;
      if (peerup_connection_get_n_streams (connection) > 0)
        {
          g_queue_push_tail (&self->guests, guest);
          continue;
        }
      guest_free (self, guest);
      peerup_swarm_release_guest (self->swarm, connection, self->protocol, PEERUP_CONNECTION_CODE_GATED);
    }
  guest_list_arm (self);
}

PeerupGuestList *
peerup_guest_list_new (PeerupSwarm *swarm, const char *protocol, gint64 lifetime)
{
  PeerupGuestList *self = g_new0 (PeerupGuestList, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->swarm = swarm;
  self->protocol = protocol;
  self->lifetime = lifetime;
  g_queue_init (&self->guests);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  return self;
}

void
peerup_guest_list_free (PeerupGuestList *self)
{
  Guest *guest;

  while ((guest = g_queue_pop_head (&self->guests)) != NULL)
    guest_free (self, guest);
  peerup_timer_clear (&self->timer);
  g_free (self);
}

void
peerup_guest_list_add (PeerupGuestList *self, PeerupConnection *connection)
{
  Guest *guest = g_new0 (Guest, 1);

  guest->connection = g_object_ref (connection);
  guest->deadline = g_get_monotonic_time () + self->lifetime;
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  g_queue_push_tail (&self->guests, guest);
  guest_list_arm (self);
}

guint
peerup_guest_list_get_n (PeerupGuestList *self)
{
  return g_queue_get_length (&self->guests);
}
