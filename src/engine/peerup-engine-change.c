/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One place that orders the healing. It decides when and in which order, and leaves how to those that it tells. Lives
 * from the start to the end of a run. It waits for nothing: what a step comes to, its owner hears by itself.
 */
#include "engine/peerup-engine-change.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "engine/peerup-engine-private.h"
#include "engine/peerup-network-state.h"

/* Should nobody tell of the end of a sleep that was announced. */
#define ASLEEP_MAX (60 * G_USEC_PER_SEC)

struct _PeerupEngineChange
{
  PeerupEngine *engine; /* owns this */
  PeerupSleepMonitor *sleep;
  PeerupNetworkState network; /* as it was when it was looked at last */
  PeerupTimer timer;
  DexFuture *probe; /* the last; NULL: none yet */
  gint64 healed_at; /* 0: not yet */
  gint64 slept;     /* the rest: what has come since then; microseconds */
  gint64 jumped;
  guint n_changes; /* of the network */
  guint n_healed;
  gboolean slept_any;
  gboolean asleep;  /* about to be */
  gboolean healing; /* what it causes is no change */
};

/* The steps */

static void
end_connections (PeerupSwarm *swarm, gint64 slept)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (swarm, NULL);

  for (guint i = 0; i < connections->len; i++)
    peerup_connection_abort (connections->pdata[i],
                             g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                          _ ("This machine slept for %" PRId64 " s, longer than peers wait"),
                                          slept / G_USEC_PER_SEC));
}

/* Nobody but this program noticed a sleep: what the swarm does for a change is right then too. */
static void
change_move (PeerupEngineChange *self)
{
  if (self->slept >= PEERUP_ENGINE_CHANGE_LONG_SLEEP)
    end_connections (self->engine->swarm, self->slept);
  if (self->slept_any)
    peerup_swarm_network_changed (self->engine->swarm);
}

static void
change_probe (PeerupEngineChange *self)
{
  dex_clear (&self->probe);
  self->probe = peerup_path_watch_probe_all (peerup_engine_paths_get_watch (self->engine->paths));
}

static char *
change_describe (PeerupEngineChange *self)
{
  if (self->slept > 0)
    return g_strdup_printf (_ ("This machine slept for %" PRId64 " s"), self->slept / G_USEC_PER_SEC);
  if (self->slept_any)
    return g_strdup (_ ("This machine slept"));
  if (self->n_changes > 0)
    return g_strdup_printf (_ ("The network has changed%s"), peerup_network_state_has_way (&self->network)
                                                               ? ""
                                                               : _ (", no way leads to the internet now"));
  return g_strdup_printf (_ ("The clock was put %s by %" PRId64 " s"), self->jumped < 0 ? _ ("back") : _ ("forward"),
                          ABS (self->jumped) / G_USEC_PER_SEC);
}

static void
change_log (PeerupEngineChange *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, NULL);
  g_autofree char *what = change_describe (self);

  peerup_engine_say (self->engine, G_LOG_LEVEL_INFO, "%s: %u connections are asked, and %u relays looked after", what,
                     connections->len, peerup_relay_client_get_n_relays (self->engine->relays));
}

/* A clock that was wrong is a reason why relays, whose grants it is compared with, were of no use; no more than that.
 */
static void
change_heal (PeerupEngineChange *self)
{
  gboolean moved = self->slept_any || self->n_changes > 0;

  change_log (self);
  self->healing = TRUE;
  self->healed_at = g_get_monotonic_time ();
  self->n_healed++;
  change_move (self);
  if (moved)
    change_probe (self);
  peerup_relay_client_retry (self->engine->relays);
  if (moved && self->engine->nat != NULL)
    peerup_engine_nat_changed (self->engine->nat);
  if (moved && self->engine->autonat != NULL)
    peerup_engine_autonat_changed (self->engine->autonat);
  if (moved)
    peerup_engine_paths_changed (self->engine->paths);
  self->slept = self->jumped = 0;
  self->n_changes = 0;
  self->slept_any = FALSE;
  self->healing = FALSE;
}

/* When */

static void
change_plan (PeerupEngineChange *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due = self->healed_at != 0 ? self->healed_at + PEERUP_ENGINE_CHANGE_INTERVAL : now;

  if (self->asleep)
    due = now + ASLEEP_MAX;
  peerup_timer_set (&self->timer, MAX (due, now));
}

static void
on_time (gpointer data)
{
  PeerupEngineChange *self = data;

  self->asleep = FALSE;
  if (self->slept_any || self->n_changes > 0 || self->jumped != 0)
    change_heal (self);
}

static void
on_network_changed (PeerupEngineChange *self)
{
  PeerupNetworkState before = self->network;

  peerup_network_state_read (&self->network);
  if (self->healing || peerup_network_state_equal (&before, &self->network))
    return;
  self->n_changes++;
  change_plan (self);
}

void
peerup_engine_change_take (PeerupSleepEvent event, gint64 time, gpointer data)
{
  PeerupEngineChange *self = data;

  /* Who may what ends by the time of day, and that waits for nothing. */
  if (event != PEERUP_SLEEP_BEGINS && self->engine->trust != NULL)
    peerup_engine_trust_clock_changed (self->engine->trust);
  switch (event)
    {
    case PEERUP_SLEEP_BEGINS:
      peerup_engine_say (self->engine, G_LOG_LEVEL_INFO, "This machine is about to sleep");
      self->asleep = TRUE;
      break;
    case PEERUP_SLEEP_ENDED:
      self->asleep = FALSE;
      self->slept_any = TRUE;
      self->slept = MAX (self->slept, time);
      break;
    case PEERUP_CLOCK_SET:
    default:
      self->jumped += time;
    }
  change_plan (self);
}

guint
peerup_engine_change_get_n_healed (PeerupEngineChange *self)
{
  return self->n_healed;
}

/* Life */

PeerupEngineChange *
peerup_engine_change_new (PeerupEngine *engine)
{
  PeerupEngineChange *self = g_new0 (PeerupEngineChange, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  peerup_network_state_read (&self->network);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  self->sleep = peerup_sleep_monitor_new (peerup_engine_change_take, self);
  g_signal_connect_swapped (engine->swarm, "network-changed", G_CALLBACK (on_network_changed), self);
  return self;
}

void
peerup_engine_change_free (PeerupEngineChange *self)
{
  g_return_if_fail (self != NULL);

  g_signal_handlers_disconnect_by_data (self->engine->swarm, self);
  peerup_sleep_monitor_free (self->sleep);
  peerup_timer_clear (&self->timer);
  dex_clear (&self->probe);
  g_free (self);
}
