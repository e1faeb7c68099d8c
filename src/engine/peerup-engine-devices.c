/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* When devices were connected last. Written in a worker thread, soon after something has changed and once a minute at
 * most, and at the end of a run; while devices are connected now and then, so that a crash does not take their day. It
 * keeps what is said of those that authorized_keys lists, and of nobody else.
 */
#include "engine/peerup-engine-devices.h"

#include "engine/peerup-engine-private.h"
#include "engine/peerup-last-seen.h"

/* Microseconds from a change to when it is written, between two writes, and between those that only say that devices
 * are still there. */
#define SETTLE_TIME  (2 * (gint64) G_USEC_PER_SEC)
#define WRITE_TIME   (60 * (gint64) G_USEC_PER_SEC)
#define REFRESH_TIME (15 * 60 * (gint64) G_USEC_PER_SEC)

struct _PeerupEngineDevices
{
  GObject parent_instance;

  PeerupEngine *engine; /* owns this */
  PeerupSwarm *swarm;   /* NULL: not at work */
  GHashTable *seen;     /* PeerupPeerId to seconds since 1970 */
  char *path;           /* NULL: nothing is kept */
  PeerupTimer timer;    /* while at work */
  gboolean changed;     /* since the last write began */
  gint64 written_at;    /* monotonic µs; 0: not in this run */
  DexPromise *writing;  /* nullable */
};

G_DEFINE_FINAL_TYPE (PeerupEngineDevices, peerup_engine_devices, G_TYPE_OBJECT)

static guint changed_signal;

static gboolean
is_device (PeerupEngineDevices *self, PeerupPeerId *peer)
{
  return self->engine->trust != NULL && peerup_engine_trust_lists (self->engine->trust, peer);
}

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* Writing */

typedef struct
{
  char *path;
  GBytes *text;
} Write;

static void
write_free (gpointer data)
{
  Write *write = data;

  g_free (write->path);
  g_bytes_unref (write->text);
  g_free (write);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Write *write = data;
  GError *error = NULL;

  if (peerup_last_seen_write (write->path, write->text, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  PeerupEngineDevices *self = PEERUP_ENGINE_DEVICES (source);
  g_autoptr (DexPromise) writing = g_steal_pointer (&self->writing);
  g_autoptr (GError) error = NULL;

  /* It is tried again with the next change, and nothing but a time in a list is lost. */
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_info ("When devices were connected last was not kept: %s", error->message);
  dex_promise_resolve_boolean (writing, TRUE);
}

/* What is connected was seen now; only the file says so, as nobody is to be told of it all the time. */
static gboolean
add_connected (PeerupEngineDevices *self, GHashTable *seen)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, NULL);
  gboolean any = FALSE;

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupPeerId *peer = peerup_connection_get_remote_peer (connections->pdata[i]);

      if (!is_device (self, peer))
        continue;
      peerup_last_seen_set (seen, peer, get_now ());
      any = TRUE;
    }
  return any;
}

static gboolean
is_no_device (gpointer peer, gpointer at, gpointer data)
{
  return !is_device (data, peer);
}

/* Without gating no list is in force, and nobody was taken from one. */
static gboolean
has_lists (PeerupEngineDevices *self)
{
  return self->engine->trust != NULL && !peerup_engine_trust_is_open (self->engine->trust);
}

/* Of those that are devices no longer nothing is kept. Only now: an editor may empty the list for a moment. */
static void
forget (PeerupEngineDevices *self)
{
  if (has_lists (self))
    g_hash_table_foreach_remove (self->seen, is_no_device, self);
}

static void
begin_write (PeerupEngineDevices *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_written, NULL);
  g_autoptr (GHashTable) seen = peerup_last_seen_new ();
  Write *write = g_new (Write, 1);
  GHashTableIter iter;
  gpointer peer, at;

  forget (self);
  g_hash_table_iter_init (&iter, self->seen);
  while (g_hash_table_iter_next (&iter, &peer, &at))
    peerup_last_seen_set (seen, peer, *(gint64 *) at);
  self->changed = FALSE;
  self->written_at = g_get_monotonic_time ();
  if (add_connected (self, seen))
    peerup_timer_set (&self->timer, self->written_at + REFRESH_TIME);
  write->path = g_strdup (self->path);
  write->text = peerup_last_seen_format (seen);
  self->writing = dex_promise_new ();
  g_task_set_task_data (task, write, write_free);
  g_task_run_in_thread (task, write_in_thread);
}

static void
plan_write (PeerupEngineDevices *self)
{
  gint64 deadline = g_get_monotonic_time () + SETTLE_TIME;

  /* It is planned already: what changes all the time must not put it off for ever. */
  if (self->changed)
    return;
  self->changed = TRUE;
  if (self->path == NULL)
    return;
  if (self->written_at != 0)
    deadline = MAX (deadline, self->written_at + WRITE_TIME);
  peerup_timer_set (&self->timer, deadline);
}

static void
on_time (gpointer data)
{
  PeerupEngineDevices *self = data;

  /* A disk that takes a minute gets another one. */
  if (self->writing != NULL)
    peerup_timer_set (&self->timer, g_get_monotonic_time () + WRITE_TIME);
  else
    begin_write (self);
}

/* Seeing */

static void
mark (PeerupEngineDevices *self, PeerupPeerId *peer)
{
  if (!is_device (self, peer))
    return;
  peerup_last_seen_set (self->seen, peer, get_now ());
  plan_write (self);
  peerup_engine_devices_touch (self, peer);
}

static guint
count_connections (PeerupEngineDevices *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, peer);

  return connections->len;
}

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEngineDevices *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  if (count_connections (self, peer) <= 1)
    mark (self, peer);
}

static void
on_connection_closed (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  PeerupEngineDevices *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  if (count_connections (self, peer) == 0)
    mark (self, peer);
}

/* Who is here already when he becomes a device, as after a pairing. */
static void
mark_connected (PeerupEngineDevices *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, NULL);

  for (guint i = 0; i < connections->len; i++)
    {
      PeerupPeerId *peer = peerup_connection_get_remote_peer (connections->pdata[i]);

      if (peerup_last_seen_get (self->seen, peer) == 0)
        mark (self, peer);
    }
}

void
peerup_engine_devices_review (PeerupEngineDevices *self)
{
  g_return_if_fail (PEERUP_IS_ENGINE_DEVICES (self));

  if (self->swarm == NULL)
    return;
  if (has_lists (self) && g_hash_table_find (self->seen, is_no_device, self) != NULL)
    plan_write (self);
  mark_connected (self);
  peerup_engine_devices_touch (self, NULL);
}

void
peerup_engine_devices_touch (PeerupEngineDevices *self, PeerupPeerId *peer)
{
  g_return_if_fail (PEERUP_IS_ENGINE_DEVICES (self));

  g_signal_emit (self, changed_signal, 0, peer);
}

gint64
peerup_engine_devices_get_last_seen (PeerupEngineDevices *self, PeerupPeerId *peer)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE_DEVICES (self) && peer != NULL, 0);

  return has_lists (self) && !is_device (self, peer) ? 0 : peerup_last_seen_get (self->seen, peer);
}

/* Life */

static void
load (PeerupEngineDevices *self)
{
  g_autofree char *path = peerup_last_seen_path (self->engine->config_path);
  g_autoptr (GError) error = NULL;
  GHashTable *seen = peerup_last_seen_load (path, &error);

  if (seen == NULL)
    {
      peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "When devices were connected last is not kept: %s",
                         error->message);
      return;
    }
  g_hash_table_unref (self->seen);
  self->seen = seen;
  self->path = g_steal_pointer (&path);
}

void
peerup_engine_devices_begin (PeerupEngineDevices *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  g_return_if_fail (PEERUP_IS_ENGINE_DEVICES (self) && self->swarm == NULL);

  self->swarm = g_object_ref (self->engine->swarm);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  self->changed = FALSE;
  self->written_at = 0;
  load (self);
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_connection_opened), self);
  g_signal_connect (self->swarm, "connection-closed", G_CALLBACK (on_connection_closed), self);
  peerup_engine_devices_review (self);
}

static DexFuture *
write_again (DexFuture *future, gpointer data)
{
  return peerup_engine_devices_stop (data);
}

static void
end (PeerupEngineDevices *self)
{
  g_signal_handlers_disconnect_by_data (self->swarm, self);
  peerup_timer_clear (&self->timer);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->path, g_free);
  g_hash_table_remove_all (self->seen);
}

DexFuture *
peerup_engine_devices_stop (PeerupEngineDevices *self)
{
  g_return_val_if_fail (PEERUP_IS_ENGINE_DEVICES (self), NULL);

  if (self->swarm == NULL)
    return dex_future_new_true ();
  if (self->writing == NULL && self->changed && self->path != NULL)
    begin_write (self);
  if (self->writing != NULL)
    return dex_future_then (dex_ref (DEX_FUTURE (self->writing)), write_again, g_object_ref (self), g_object_unref);
  end (self);
  return dex_future_new_true ();
}

PeerupEngineDevices *
peerup_engine_devices_new (PeerupEngine *engine)
{
  PeerupEngineDevices *self = g_object_new (PEERUP_TYPE_ENGINE_DEVICES, NULL);

  self->engine = engine;
  return self;
}

static void
peerup_engine_devices_finalize (GObject *object)
{
  PeerupEngineDevices *self = PEERUP_ENGINE_DEVICES (object);

  g_assert (self->swarm == NULL && self->writing == NULL);
  g_hash_table_unref (self->seen);
  G_OBJECT_CLASS (peerup_engine_devices_parent_class)->finalize (object);
}

static void
peerup_engine_devices_class_init (PeerupEngineDevicesClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_engine_devices_finalize;
  changed_signal = g_signal_new ("changed", PEERUP_TYPE_ENGINE_DEVICES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void
peerup_engine_devices_init (PeerupEngineDevices *self)
{
  self->seen = peerup_last_seen_new ();
}
