/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Looks now and then at what has not been used for long, and takes its keep-alives away; a timer of minutes, because
 * nothing depends on the moment. Lives from the start to the end of a run. It ends no connection: that is up to the
 * transports, when the peer keeps it no more than we do.
 */
#include "engine/peerup-engine-keep.h"

#include "engine/peerup-engine-private.h"

struct _PeerupEngineKeep
{
  PeerupEngine *engine; /* owns this */
  PeerupTimer timer;
};

static gboolean
has_forward (PeerupEngine *engine, PeerupPeerId *peer)
{
  GListModel *forwards = G_LIST_MODEL (engine->forwards);

  for (guint i = 0; i < g_list_model_get_n_items (forwards); i++)
    {
      g_autoptr (PeerupForward) forward = g_list_model_get_item (forwards, i);

      if (peerup_forward_get_state (forward) != PEERUP_FORWARD_STOPPED &&
          peerup_peer_id_equal (peerup_forward_get_peer (forward), peer))
        return TRUE;
    }
  return FALSE;
}

/* One through a relay serves no reservation. */
static gboolean
serves_a_relay (PeerupEngine *engine, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  return !peerup_swarm_is_relayed (connection) &&
         (peerup_relay_client_uses (engine->relays, peer) ||
          (engine->relay != NULL && peerup_engine_relay_is_reserved_by (engine->relay, peer)));
}

gboolean
peerup_engine_keep_wants (PeerupEngineKeep *self, PeerupConnection *connection, gint64 now)
{
  return !peerup_connection_is_retired (connection) &&
         (peerup_connection_get_n_streams (connection) > 0 ||
          now - peerup_connection_get_used_at (connection) < PEERUP_ENGINE_KEEP_UNUSED ||
          has_forward (self->engine, peerup_connection_get_remote_peer (connection)) ||
          serves_a_relay (self->engine, connection));
}

void
peerup_engine_keep_look (PeerupEngineKeep *self, gint64 now)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  gint64 interval = peerup_swarm_get_keep_alive (self->engine->swarm);

  for (guint i = 0; i < connections->len; i++)
    peerup_connection_set_keep_alive (connections->pdata[i],
                                      peerup_engine_keep_wants (self, connections->pdata[i], now) ? interval : 0);
}

static void
on_time (gpointer data)
{
  PeerupEngineKeep *self = data;
  gint64 now = g_get_monotonic_time ();

  peerup_engine_keep_look (self, now);
  peerup_timer_set (&self->timer, now + PEERUP_ENGINE_KEEP_LOOK);
}

/* PeerupEngineNatFunc */
static void
on_nat_changed (PeerupEngineNat *nat, gpointer data)
{
  PeerupEngineKeep *self = data;
  gint64 interval = peerup_engine_nat_get_keep_alive (nat);

  if (interval == peerup_swarm_get_keep_alive (self->engine->swarm))
    return;
  peerup_swarm_set_keep_alive (self->engine->swarm, interval);
  peerup_engine_keep_look (self, g_get_monotonic_time ());
}

PeerupEngineKeep *
peerup_engine_keep_new (PeerupEngine *engine)
{
  PeerupEngineKeep *self = g_new0 (PeerupEngineKeep, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  peerup_timer_init (&self->timer, reactor, on_time, self);
  peerup_timer_set (&self->timer, g_get_monotonic_time () + PEERUP_ENGINE_KEEP_LOOK);
  if (engine->nat != NULL)
    peerup_engine_nat_watch (engine->nat, on_nat_changed, self);
  return self;
}

void
peerup_engine_keep_free (PeerupEngineKeep *self)
{
  g_return_if_fail (self != NULL);

  if (self->engine->nat != NULL)
    peerup_engine_nat_unwatch (self->engine->nat, self);
  peerup_timer_clear (&self->timer);
  g_free (self);
}
