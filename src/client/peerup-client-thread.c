/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An engine in a worker of a libdex thread pool: the worker has a main context that is its thread's default, and fibers
 * that are begun in it stay in it. What is asked of the worker is asked by a fiber there, and answered by a promise, so
 * that one who loses interest in the answer cancels nothing half done.
 *
 * Threads are never joined but kept for the next engine: futures of a worker hold it, and the last of them may go in
 * the worker itself, which cannot wait for its own end.
 */
#include "client/peerup-client-thread.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <unistd.h>

#include "control/peerup-control.h"
#include "engine/peerup-engine-private.h"
#include "http/peerup-http-face.h"
#include "identity/peerup-file-lock.h"
#include "transport/peerup-fiber.h"

/* Held by whoever wants the engine and by the fibers in its thread. */
struct _PeerupClientThread
{
  DexScheduler *pool;
  DexPromise *started;    /* resolved in the worker; whether it did is told by the engine */
  GCancellable *stopping; /* cancelled in the worker alone: whom that concerns are the engine's */
  gboolean stopped;       /* the caller's: nothing is left to stop */

  /* The worker's alone */
  char *config_path;
  PeerupEngineFlags flags;
  gboolean host;
  int fd;
  GMainContext *context; /* set before @started is resolved */
  PeerupEngine *engine;
  PeerupControl *control;
  PeerupHttpServer *http;      /* of a host */
  GDBusConnection *connection; /* (nullable): of whoever wants the engine */
  gboolean stop_asked;         /* of a host, by somebody else */
};

GDBusConnection *
peerup_client_connection_over (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);
  g_autoptr (GSocketConnection) stream = NULL;

  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  stream = g_socket_connection_factory_create_connection (socket);
  return g_dbus_connection_new_sync (G_IO_STREAM (stream), NULL, G_DBUS_CONNECTION_FLAGS_NONE, NULL, NULL, error);
}

/* Threads */

/* Those that nobody uses; pools of one worker each. */
static GPtrArray *idle_pools;
G_LOCK_DEFINE_STATIC (idle_pools);

static DexFuture *
widen_fiber (gpointer processors)
{
  if (sched_setaffinity (0, sizeof (cpu_set_t), processors) != 0)
    g_warning ("An engine's thread stays on one processor: %s", g_strerror (errno));
  return dex_future_new_true ();
}

/* Workers of one pool steal work from each other, which would take what an engine waits for out of its thread. So it
 * has to be a pool of one, and a pool counts the processors that its maker may run on. (Refused, it is a larger one:
 * what is stolen then are callbacks of futures in a chain of more than four.) */
static DexScheduler *
pool_new (void)
{
  cpu_set_t all, one;
  gboolean narrowed;
  DexScheduler *pool;

  CPU_ZERO (&one);
  CPU_SET (MAX (sched_getcpu (), 0), &one);
  narrowed = sched_getaffinity (0, sizeof all, &all) == 0 && sched_setaffinity (0, sizeof one, &one) == 0;
  pool = dex_thread_pool_scheduler_new ();
  if (!narrowed)
    return pool;
  if (sched_setaffinity (0, sizeof all, &all) != 0)
    g_warning ("This thread stays on one processor: %s", g_strerror (errno));
  dex_future_disown (dex_scheduler_spawn (pool, PEERUP_FIBER_STACK, widen_fiber, g_memdup2 (&all, sizeof all), g_free));
  return pool;
}

static DexScheduler *
pool_take (void)
{
  DexScheduler *pool = NULL;

  G_LOCK (idle_pools);
  if (idle_pools != NULL && idle_pools->len > 0)
    pool = g_ptr_array_steal_index (idle_pools, idle_pools->len - 1);
  G_UNLOCK (idle_pools);
  return pool != NULL ? pool : pool_new ();
}

static void
pool_give_back (DexScheduler *pool)
{
  G_LOCK (idle_pools);
  if (idle_pools == NULL)
    idle_pools = g_ptr_array_new ();
  g_ptr_array_add (idle_pools, pool);
  G_UNLOCK (idle_pools);
}

/* In the engine's thread */

static void
thread_clear (gpointer data)
{
  PeerupClientThread *self = data;

  g_assert (self->engine == NULL && self->control == NULL && self->fd < 0);
  pool_give_back (self->pool);
  dex_clear (&self->started);
  g_object_unref (self->stopping);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->config_path);
}

static void
thread_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, thread_clear);
}

static void
run_there (PeerupClientThread *self, DexFiberFunc func, gpointer data, GDestroyNotify destroy)
{
  dex_future_disown (dex_scheduler_spawn (self->pool, PEERUP_FIBER_STACK, func, data, destroy));
}

static void
on_stop_requested (PeerupControl *control, gpointer data)
{
  PeerupClientThread *self = data;

  self->stop_asked = TRUE;
  if (self->connection != NULL)
    g_dbus_connection_close (self->connection, NULL, NULL, NULL);
}

/* Before the engine starts: there is one at most for a configuration, and who finds the socket can ask why the start
 * takes long. */
static gboolean
open_house (PeerupClientThread *self, GError **error)
{
  PeerupControlClaim *claim = peerup_control_claim (self->config_path, error);
  g_autofree char *path = NULL;

  if (claim == NULL)
    return FALSE;
  path = g_strdup (peerup_control_claim_get_path (claim));
  g_signal_connect (self->control, "stop-requested", G_CALLBACK (on_stop_requested), self);
  if (!peerup_control_listen (self->control, claim, error))
    return FALSE;
  self->http = peerup_http_face_new (self->control, path, error);
  if (self->http == NULL)
    return FALSE;
  /* Where there is no session there is nobody on its bus. */
  peerup_control_own_bus (self->control, G_BUS_TYPE_SESSION);
  return TRUE;
}

static gboolean
start (PeerupClientThread *self, GError **error)
{
  self->engine = peerup_engine_new (self->config_path, self->flags);
  /* Who opens a window is asked in it, and before it; a library's caller may be a script. */
  peerup_engine_identity_set_attended (self->engine->identity_store, self->host);
  self->control = peerup_control_new (self->engine);
  if (self->host && !open_house (self, error))
    return FALSE;
  /* Served once it runs, so that the proxy's properties are true from the start. */
  if (!dex_await (peerup_engine_start (self->engine), error))
    return FALSE;
  if (self->stop_asked)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                           _ ("Peer-Up was stopped by another program while it started"));
      return FALSE;
    }
  self->connection = peerup_client_connection_over (g_steal_fd (&self->fd), error);
  return self->connection != NULL && peerup_control_serve (self->control, self->connection, error);
}

static void
stop (PeerupClientThread *self)
{
  /* One that never came to run is stopped already. */
  if (self->engine != NULL)
    dex_await (peerup_engine_stop (self->engine, self->stopping), NULL);
  g_clear_pointer (&self->http, peerup_http_server_free);
  if (self->control != NULL)
    peerup_control_close (self->control);
  g_clear_object (&self->control);
  g_clear_object (&self->connection);
  g_clear_object (&self->engine);
  g_clear_fd (&self->fd, NULL);
}

static DexFuture *
start_fiber (gpointer data)
{
  PeerupClientThread *self = data;
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_ref_thread_default ();
  /* Its loop stands still meanwhile. */
  peerup_file_lock_set_timeout (PEERUP_FILE_LOCK_TIMEOUT_LOOP);
  if (start (self, &error))
    {
      dex_promise_resolve_boolean (self->started, TRUE);
      return dex_future_new_true ();
    }
  stop (self);
  dex_promise_reject (self->started, g_steal_pointer (&error));
  return dex_future_new_true ();
}

typedef struct
{
  PeerupClientThread *self;
  DexPromise *stopped;
} Stop;

static void
stop_free (gpointer data)
{
  Stop *stop = data;

  thread_unref (stop->self);
  dex_unref (stop->stopped);
  g_free (stop);
}

static DexFuture *
stop_fiber (gpointer data)
{
  const Stop *asked = data;

  dex_await (dex_ref (DEX_FUTURE (asked->self->started)), NULL);
  stop (asked->self);
  dex_promise_resolve_boolean (asked->stopped, TRUE);
  return dex_future_new_true ();
}

static gboolean
cut_short (gpointer data)
{
  PeerupClientThread *self = data;

  g_cancellable_cancel (self->stopping);
  return G_SOURCE_REMOVE;
}

/* In the caller's thread */

PeerupClientThread *
peerup_client_thread_new (const char *config_path, PeerupEngineFlags flags, gboolean host, int fd, GError **error)
{
  PeerupClientThread *self = g_atomic_rc_box_new0 (PeerupClientThread);

  self->pool = pool_take ();
  self->started = dex_promise_new ();
  self->stopping = g_cancellable_new ();
  self->config_path = g_strdup (config_path);
  self->flags = flags;
  self->host = host;
  self->fd = fd;
  run_there (self, start_fiber, g_atomic_rc_box_acquire (self), thread_unref);
  if (dex_await (dex_ref (DEX_FUTURE (self->started)), error))
    return self;
  /* It failed, or it is not waited for any more. */
  peerup_client_thread_free (self);
  return NULL;
}

/* (transfer full): resolves to TRUE */
static DexPromise *
ask_to_stop (PeerupClientThread *self)
{
  Stop *stop = g_new (Stop, 1);
  DexPromise *stopped = dex_promise_new ();

  self->stopped = TRUE;
  stop->self = g_atomic_rc_box_acquire (self);
  stop->stopped = dex_ref (stopped);
  /* The other thread may be through with it at once. */
  run_there (self, stop_fiber, stop, stop_free);
  return stopped;
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  PeerupClientThread *self = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] stop now");
  g_source_set_callback (source, cut_short, g_atomic_rc_box_acquire (self), thread_unref);
  g_source_attach (source, self->context);
}

void
peerup_client_thread_stop (PeerupClientThread *self, GCancellable *cancellable)
{
  g_autoptr (DexPromise) stopped = ask_to_stop (self);
  gulong id = 0;

  if (cancellable != NULL)
    id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), g_atomic_rc_box_acquire (self), thread_unref);
  dex_await (dex_ref (DEX_FUTURE (stopped)), NULL);
  g_cancellable_disconnect (cancellable, id);
}

void
peerup_client_thread_free (PeerupClientThread *self)
{
  if (!self->stopped)
    dex_unref (ask_to_stop (self));
  thread_unref (self);
}
