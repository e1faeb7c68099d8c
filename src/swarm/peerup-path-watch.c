/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which paths have died. When to ask is the doubt's business; here are the connections of the swarm, their timers, and
 * what came of it. A timer runs while an answer is owed. It closes nothing: the transports do that in their own time.
 */

#include "swarm/peerup-path-watch.h"

#include "swarm/peerup-path-doubt.h"
#include "transport/peerup-reactor.h"

struct _PeerupPathWatch
{
  PeerupSwarm *swarm;
  PeerupReactor *reactor;
  GHashTable *paths; /* PeerupConnection to Path */
};

typedef struct
{
  PeerupPathWatch *watch;
  PeerupConnection *connection;
  PeerupPathDoubt doubt;
  PeerupTimer timer;
  PeerupTask task;
  DexFuture *question; /* the last one; NULL: none yet */
  DexPromise *decided; /* for who asked how it stands; NULL: nobody did */
} Path;

static void
path_resolve (DexPromise *decided)
{
  if (decided == NULL)
    return;
  dex_promise_resolve_boolean (decided, TRUE);
  dex_unref (decided);
}

static void
path_free (gpointer data)
{
  Path *self = data;

  peerup_connection_set_life_func (self->connection, NULL, NULL);
  peerup_connection_set_attentive (self->connection, FALSE);
  peerup_timer_clear (&self->timer);
  peerup_task_clear (&self->task);
  dex_clear (&self->question);
  path_resolve (self->decided);
  g_object_unref (self->connection);
  g_free (self);
}

static gboolean
path_is_quic (Path *self)
{
  return g_str_equal (peerup_connection_get_info (self->connection)->transport, "quic-v1");
}

/* Packets get lost, so that each question is another chance; a stream of bytes repeats by itself. */
static void
path_ask (Path *self)
{
  if (!path_is_quic (self) && self->question != NULL && dex_future_is_pending (self->question))
    return;
  dex_clear (&self->question);
  self->question = peerup_connection_ping (self->connection);
}

static void path_doubt (Path *self);

static gboolean
goes_through (PeerupConnection *connection, PeerupPeerId *relay)
{
  PeerupMultiaddr *address = peerup_connection_get_info (connection)->remote_address;
  g_autofree char *end = g_strdup_printf ("/p2p/%s/p2p-circuit", peerup_peer_id_get_string (relay));

  return peerup_swarm_is_relayed (connection) && address != NULL &&
         strstr (peerup_multiaddr_get_string (address), end) != NULL;
}

/* A relay's silence is that of all who are reached through it, unless they have another answer. */
static void
watch_doubt_behind (PeerupPathWatch *self, PeerupConnection *relay)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, self->paths);
  while (g_hash_table_iter_next (&iter, NULL, &path))
    if (goes_through (((Path *) path)->connection, peerup_connection_get_remote_peer (relay)))
      path_doubt (path);
}

static void
path_set_timer (Path *self)
{
  if (self->doubt.deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, self->doubt.deadline);
}

/* What the doubt has come to. Who is told may do anything, even end the watch of this path. */
static void
path_apply (Path *self, gboolean ask)
{
  g_autoptr (PeerupConnection) connection = g_object_ref (self->connection);
  gboolean silent = self->doubt.state == PEERUP_PATH_DEAD;
  DexPromise *decided = self->doubt.state != PEERUP_PATH_ASKED ? g_steal_pointer (&self->decided) : NULL;

  peerup_connection_set_attentive (connection, self->doubt.state >= PEERUP_PATH_ASKED);
  path_set_timer (self);
  if (ask)
    path_ask (self);
  if (silent && !peerup_connection_is_silent (connection) && !peerup_swarm_is_relayed (connection))
    watch_doubt_behind (self->watch, connection);
  peerup_connection_set_silent (connection, silent);
  path_resolve (decided);
}

static void
path_step (gpointer data)
{
  Path *self = data;
  PeerupConnectionFigures figures;
  PeerupPathFacts facts;

  peerup_connection_get_figures (self->connection, &figures);
  facts = (PeerupPathFacts) {
    .owed_since = peerup_connection_get_owed_since (self->connection),
    .answered_at = peerup_connection_get_answered_at (self->connection),
    .rtt = figures.rtt,
  };
  /* What TCP tells as lost is what it sent again, and that it does on a dead path most of all. */
  if (path_is_quic (self))
    {
      facts.packets_sent = figures.packets_sent;
      facts.packets_lost = figures.packets_lost;
    }
  path_apply (self, peerup_path_doubt_step (&self->doubt, &facts, g_get_monotonic_time ()));
}

/* The system is asked before the question leaves: what was acknowledged until then is no answer to it. */
static void
path_doubt (Path *self)
{
  (void) peerup_connection_get_answered_at (self->connection);
  if (peerup_path_doubt_begin (&self->doubt, g_get_monotonic_time ()))
    path_apply (self, TRUE);
}

/* PeerupConnectionLifeFunc */
static void
on_life (PeerupConnection *connection, gpointer data)
{
  Path *self = data;

  if (self->doubt.state != PEERUP_PATH_OWING)
    peerup_task_schedule (&self->task);
}

static void
watch_add (PeerupPathWatch *self, PeerupConnection *connection)
{
  Path *path = g_new0 (Path, 1);

  path->watch = self;
  path->connection = g_object_ref (connection);
  peerup_path_doubt_init (&path->doubt);
  peerup_timer_init (&path->timer, self->reactor, path_step, path);
  peerup_task_init (&path->task, self->reactor, path_step, path);
  g_hash_table_replace (self->paths, connection, path);
  peerup_connection_set_life_func (connection, on_life, path);
  /* It may owe something already. */
  peerup_task_schedule (&path->task);
}

static void
on_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  watch_add (data, connection);
}

static void
on_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  g_hash_table_remove (((PeerupPathWatch *) data)->paths, connection);
}

PeerupPathWatch *
peerup_path_watch_new (PeerupSwarm *swarm)
{
  PeerupPathWatch *self = g_new0 (PeerupPathWatch, 1);
  g_autoptr (GPtrArray) connections = NULL;

  self->swarm = g_object_ref (swarm);
  self->reactor = peerup_reactor_ref_default ();
  self->paths = g_hash_table_new_full (NULL, NULL, NULL, path_free);
  g_signal_connect (swarm, "connection-opened", G_CALLBACK (on_opened), self);
  g_signal_connect (swarm, "connection-closed", G_CALLBACK (on_closed), self);
  connections = peerup_swarm_dup_connections (swarm, NULL);
  for (guint i = 0; i < connections->len; i++)
    watch_add (self, connections->pdata[i]);
  return self;
}

void
peerup_path_watch_free (PeerupPathWatch *self)
{
  g_return_if_fail (self != NULL);

  g_signal_handlers_disconnect_by_data (self->swarm, self);
  g_hash_table_unref (self->paths);
  peerup_reactor_unref (self->reactor);
  g_object_unref (self->swarm);
  g_free (self);
}

/* Probing */

/* (transfer full): when it is decided. One that is silent is asked again now, and need not be waited for. */
static DexFuture *
path_probe (Path *self)
{
  DexFuture *decided;

  if (self->doubt.state == PEERUP_PATH_DEAD)
    {
      path_ask (self);
      return dex_future_new_true ();
    }
  if (self->decided == NULL)
    self->decided = dex_promise_new ();
  decided = DEX_FUTURE (dex_ref (self->decided));
  path_doubt (self);
  return decided;
}

static DexFuture *
say_done (DexFuture *future, gpointer data)
{
  return dex_future_new_true ();
}

DexFuture *
peerup_path_watch_probe (PeerupPathWatch *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);

  g_return_val_if_fail (self != NULL, dex_future_new_true ());
  connections = peerup_swarm_dup_connections (self->swarm, peer);
  for (guint i = 0; i < connections->len; i++)
    {
      Path *path = g_hash_table_lookup (self->paths, connections->pdata[i]);

      if (path != NULL)
        g_ptr_array_add (futures, path_probe (path));
    }
  if (futures->len == 0)
    return dex_future_new_true ();
  return dex_future_finally (dex_future_allv ((DexFuture **) futures->pdata, futures->len), say_done, NULL, NULL);
}

DexFuture *
peerup_path_watch_probe_all (PeerupPathWatch *self)
{
  return peerup_path_watch_probe (self, NULL);
}

gint64
peerup_path_watch_get_heard_at (PeerupPathWatch *self, PeerupConnection *connection)
{
  return peerup_connection_get_heard_at (connection);
}
