/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Relays that may have fallen silent. There is one question at a time to each connection, however
 * many wait for it. The client owns the watch; who waits, and the fibers that ask, hold it too. */

#include "relay/peerup-relay-watch.h"

#include "transport/peerup-fiber.h"

struct _PeerupRelayWatch
{
  gatomicrefcount ref_count;
  gint64 patience, doubt;
  GHashTable *doubted;          /* PeerupConnection that is asked for a sign of life -> whether it is silent */
  PeerupRelayWatchFunc changed; /* NULL: stopped */
  gpointer data;
};

struct _PeerupRelayWait
{
  PeerupRelayWatch *watch;
  PeerupConnection *connection;
  PeerupTimer timer;
};

PeerupRelayWatch *
peerup_relay_watch_ref (PeerupRelayWatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_relay_watch_unref (PeerupRelayWatch *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_hash_table_unref (self->doubted);
  g_free (self);
}

/* Asking */

typedef struct
{
  PeerupRelayWatch *watch;
  PeerupConnection *connection;
} Doubt;

static void
doubt_free (gpointer data)
{
  Doubt *self = data;

  peerup_relay_watch_unref (self->watch);
  g_object_unref (self->connection);
  g_free (self);
}

static void
doubt_tell (Doubt *self)
{
  if (self->watch->changed != NULL)
    self->watch->changed (peerup_connection_get_remote_peer (self->connection), self->watch->data);
}

static guint64
get_received (PeerupConnection *connection)
{
  guint64 received, sent;

  peerup_connection_get_bytes (connection, &received, &sent);
  return received;
}

/* The answer may be behind much else on a slow path: anything that arrives is a sign of life. */
static gboolean
doubt_is_confirmed (Doubt *self, DexFuture *pinged, guint64 received)
{
  return dex_future_is_pending (pinged) && !peerup_connection_is_closed (self->connection) &&
         get_received (self->connection) == received;
}

static DexFuture *
doubt_fiber (gpointer data)
{
  Doubt *self = data;
  guint64 received = get_received (self->connection);
  g_autoptr (DexFuture) pinged = peerup_connection_ping (self->connection);
  gboolean silent;

  /* It rejects when the connection closes, which others tell; all that counts is whether there is an answer. */
  dex_await (dex_future_first (dex_ref (pinged), dex_timeout_new_usec (self->watch->doubt), NULL), NULL);
  if (doubt_is_confirmed (self, pinged, received))
    {
      g_hash_table_insert (self->watch->doubted, g_object_ref (self->connection), GINT_TO_POINTER (TRUE));
      doubt_tell (self);
    }
  dex_await (g_steal_pointer (&pinged), NULL);
  silent = peerup_relay_watch_is_silent (self->watch, self->connection);
  g_hash_table_remove (self->watch->doubted, self->connection);
  if (silent)
    doubt_tell (self);
  return dex_future_new_true ();
}

static void
watch_doubt (PeerupRelayWatch *self, PeerupConnection *connection)
{
  Doubt *doubt;

  if (peerup_connection_is_closed (connection) || g_hash_table_contains (self->doubted, connection))
    return;
  g_hash_table_insert (self->doubted, g_object_ref (connection), GINT_TO_POINTER (FALSE));
  doubt = g_new (Doubt, 1);
  doubt->watch = peerup_relay_watch_ref (self);
  doubt->connection = g_object_ref (connection);
  /* It ends with an answer or with the connection. */
  dex_future_disown (peerup_fiber_run (doubt_fiber, doubt, doubt_free));
}

/* Waiting */

void
peerup_relay_wait_give_up (PeerupRelayWait *self)
{
  peerup_timer_stop (&self->timer);
  watch_doubt (self->watch, self->connection);
}

static void
on_impatient (gpointer data)
{
  peerup_relay_wait_give_up (data);
}

PeerupRelayWait *
peerup_relay_wait_new (PeerupRelayWatch *watch, PeerupConnection *connection)
{
  PeerupRelayWait *self = g_new0 (PeerupRelayWait, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->watch = peerup_relay_watch_ref (watch);
  self->connection = g_object_ref (connection);
  peerup_timer_init (&self->timer, reactor, on_impatient, self);
  peerup_timer_set (&self->timer, g_get_monotonic_time () + watch->patience);
  return self;
}

void
peerup_relay_wait_free (PeerupRelayWait *self)
{
  peerup_timer_clear (&self->timer);
  g_object_unref (self->connection);
  peerup_relay_watch_unref (self->watch);
  g_free (self);
}

/* The watch */

gboolean
peerup_relay_watch_is_silent (PeerupRelayWatch *self, PeerupConnection *connection)
{
  return g_hash_table_lookup (self->doubted, connection) != NULL;
}

PeerupRelayWatch *
peerup_relay_watch_new (gint64 patience, gint64 doubt, PeerupRelayWatchFunc changed, gpointer data)
{
  PeerupRelayWatch *self = g_new0 (PeerupRelayWatch, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->doubted = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
  self->patience = patience;
  self->doubt = doubt;
  self->changed = changed;
  self->data = data;
  return self;
}

void
peerup_relay_watch_stop (PeerupRelayWatch *self)
{
  self->changed = NULL;
}
