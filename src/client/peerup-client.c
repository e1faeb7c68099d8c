/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Attaches to the daemon over its socket, or embeds an engine, in this thread or in one of its own, and attaches to
 * that over a socket pair. Lives as long as its user wants the engine; an embedded engine's forwards
 * and connections end with it. It knows nothing of what the calls mean.
 */
#include "client/peerup-client.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/peerup-client-thread.h"
#include "control/peerup-control.h"
#include "control/peerup-control-errors.h"
#include "engine/peerup-engine-private.h"
#include "service/peerup-locale.h"
#include "transport/peerup-fiber.h"

/* How long to come again to a daemon with too many waiting, and how often. */
#define CROWDED_TIME  (10 * G_TIME_SPAN_SECOND)
#define CROWDED_PAUSE (50 * G_TIME_SPAN_MILLISECOND)

struct _PeerupClient
{
  GObject parent_instance;

  GDBusConnection *connection;
  PeerupDBusEngine1 *proxy;
  PeerupEngine *engine;       /* embedded in this thread only */
  PeerupControl *control;     /* the same */
  PeerupClientThread *thread; /* embedded in another thread only */
  gboolean embedded;
  DexPromise *closed;
};

G_DEFINE_FINAL_TYPE (PeerupClient, peerup_client, G_TYPE_OBJECT)

void
peerup_client_ready (GObject *source, GAsyncResult *result, gpointer promise)
{
  dex_promise_resolve_object (promise, g_object_ref (result));
  dex_unref (promise);
}

gboolean
peerup_client_is_embedded (PeerupClient *self)
{
  return self->embedded;
}

PeerupDBusEngine1 *
peerup_client_get_proxy (PeerupClient *self)
{
  return self->proxy;
}

DexFuture *
peerup_client_wait_closed (PeerupClient *self)
{
  return dex_ref (DEX_FUTURE (self->closed));
}

static void
on_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error, gpointer data)
{
  PeerupClient *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->closed)))
    dex_promise_resolve_boolean (self->closed, TRUE);
}

/* Takes the connection into use; in a fiber. */
static gboolean
make_proxy (PeerupClient *self, GDBusConnection *connection, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  self->connection = g_object_ref (connection);
  g_signal_connect_object (connection, "closed", G_CALLBACK (on_closed), self, 0);
  peerup_dbus_engine1_proxy_new (connection, G_DBUS_PROXY_FLAGS_NONE, NULL, PEERUP_CONTROL_PATH,
                                 dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  if (result == NULL)
    return FALSE;
  self->proxy = peerup_dbus_engine1_proxy_new_finish (result, error);
  if (self->proxy == NULL)
    return FALSE;
  /* The calls end by limits of their own. */
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (self->proxy), G_MAXINT);
  return TRUE;
}

static gboolean
on_allow_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

static GDBusAuthObserver *
new_observer (void)
{
  GDBusAuthObserver *observer = g_dbus_auth_observer_new ();

  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (on_allow_mechanism), NULL);
  return observer;
}

/* (nullable) (transfer full): of the daemon; in a fiber. */
static char *
find_socket (const char *config_path)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config_path);

  for (guint i = 0; candidates[i] != NULL; i++)
    if (peerup_control_socket_is_live (candidates[i], NULL))
      return g_strdup (candidates[i]);
  return NULL;
}

/* One attempt. */
static GDBusConnection *
connect_once (const char *address, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GDBusAuthObserver) observer = new_observer ();
  g_autoptr (GAsyncResult) result = NULL;

  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, observer,
                                     dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL ? g_dbus_connection_new_for_address_finish (result, error) : NULL;
}

/* In a fiber. A Unix socket does not queue those who come while its queue is full (EAGAIN of connect(2)), so whoever
 * finds many others there comes again. */
static GDBusConnection *
connect_to (const char *socket_path, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + CROWDED_TIME;
  g_autofree char *path = g_dbus_address_escape_value (socket_path);
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);

  for (;;)
    {
      g_autoptr (GError) local_error = NULL;
      GDBusConnection *connection = connect_once (address, &local_error);

      if (connection != NULL)
        return connection;
      if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
      if (g_get_monotonic_time () >= deadline)
        {
          g_set_error (
            error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
            _ ("the daemon at %s has more clients waiting than it takes in: end some of them, or see its log"),
            socket_path);
          return NULL;
        }
      dex_await (dex_timeout_new_usec (CROWDED_PAUSE), NULL);
    }
}

static DexFuture *
attach_fiber (gpointer data)
{
  const char *config_path = data;
  g_autoptr (PeerupClient) self = g_object_new (PEERUP_TYPE_CLIENT, NULL);
  g_autofree char *path = find_socket (config_path);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                                  _ ("no daemon runs for %s: start it with “peerup daemon”"), config_path);
  connection = connect_to (path, &error);
  if (connection == NULL || !make_proxy (self, connection, &error))
    return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_take_object (g_steal_pointer (&self));
}

DexFuture *
peerup_client_attach (const char *config_path)
{
  g_return_val_if_fail (config_path != NULL, NULL);
  peerup_control_register_errors ();
  return peerup_fiber_run (attach_fiber, g_strdup (config_path), g_free);
}

/* Both ends of a private connection. */
static gboolean
make_pair (GDBusConnection **ours, int *theirs, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), _ ("cannot make a socket pair: %s"),
                   g_strerror (code));
      return FALSE;
    }
  *ours = peerup_client_connection_over (fds[0], error);
  if (*ours == NULL)
    close (fds[1]);
  else
    *theirs = fds[1];
  return *ours != NULL;
}

typedef struct _Embed Embed;

struct _Embed
{
  char *config_path;
  PeerupEngineFlags flags;
  gboolean host;
  gboolean (*embed) (PeerupClient *self, const Embed *embed, GError **error);
};

static void
embed_free (gpointer data)
{
  Embed *embed = data;

  g_free (embed->config_path);
  g_free (embed);
}

static gboolean
embed (PeerupClient *self, const Embed *embed, GError **error)
{
  g_autoptr (GDBusConnection) ours = NULL;
  g_autoptr (GDBusConnection) theirs = NULL;
  g_autofd int fd = -1;

  self->engine = peerup_engine_new (embed->config_path, embed->flags);
  /* Served once it runs, so that the proxy's properties are true from the start. */
  if (!dex_await (peerup_engine_start (self->engine), error) || !make_pair (&ours, &fd, error))
    return FALSE;
  theirs = peerup_client_connection_over (g_steal_fd (&fd), error);
  if (theirs == NULL)
    return FALSE;
  self->control = peerup_control_new (self->engine);
  return peerup_control_serve (self->control, theirs, error) && make_proxy (self, ours, error);
}

static gboolean
embed_threaded (PeerupClient *self, const Embed *embed, GError **error)
{
  g_autoptr (GDBusConnection) ours = NULL;
  int theirs = -1;

  if (!make_pair (&ours, &theirs, error))
    return FALSE;
  self->thread = peerup_client_thread_new (embed->config_path, embed->flags, embed->host, theirs, error);
  if (self->thread != NULL)
    return make_proxy (self, ours, error);
  g_dbus_connection_close_sync (ours, NULL, NULL);
  return FALSE;
}

static DexFuture *
embed_fiber (gpointer data)
{
  const Embed *how = data;
  g_autoptr (PeerupClient) self = g_object_new (PEERUP_TYPE_CLIENT, NULL);
  g_autoptr (GError) error = NULL;

  self->embedded = TRUE;
  if (how->embed (self, how, &error))
    return dex_future_new_take_object (g_steal_pointer (&self));
  dex_await (peerup_client_close (self, NULL), NULL);
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static Embed *
embed_new (const char *config_path, PeerupEngineFlags flags)
{
  Embed *self = g_new0 (Embed, 1);

  peerup_control_register_errors ();
  self->config_path = g_strdup (config_path);
  self->flags = flags;
  return self;
}

DexFuture *
peerup_client_embed (const char *config_path, PeerupEngineFlags flags)
{
  Embed *how = embed_new (config_path, flags);

  how->embed = embed;
  return peerup_fiber_run (embed_fiber, how, embed_free);
}

DexFuture *
peerup_client_embed_threaded (const char *config_path, PeerupEngineFlags flags)
{
  Embed *how = embed_new (config_path, flags);

  how->embed = embed_threaded;
  return peerup_fiber_run (embed_fiber, how, embed_free);
}

DexFuture *
peerup_client_host (const char *config_path)
{
  Embed *how = embed_new (config_path, PEERUP_ENGINE_DEFAULT);

  how->embed = embed_threaded;
  how->host = TRUE;
  return peerup_fiber_run (embed_fiber, how, embed_free);
}

DexFuture *
peerup_client_open (const char *config_path, PeerupEngineFlags flags)
{
  g_autofree char *path = find_socket (config_path);

  return path != NULL ? peerup_client_attach (config_path) : peerup_client_embed (config_path, flags);
}

typedef struct
{
  PeerupClient *self;
  GCancellable *cancellable;
} Close;

static void
close_free (gpointer data)
{
  Close *close = data;

  g_object_unref (close->self);
  g_clear_object (&close->cancellable);
  g_free (close);
}

static DexFuture *
close_fiber (gpointer data)
{
  const Close *close = data;
  PeerupClient *self = close->self;

  if (self->thread != NULL)
    peerup_client_thread_stop (self->thread, close->cancellable);
  /* One that never came to run is stopped already. */
  if (self->engine != NULL)
    dex_await (peerup_engine_stop (self->engine, close->cancellable), NULL);
  if (self->control != NULL)
    peerup_control_close (self->control);
  if (self->connection != NULL && !g_dbus_connection_is_closed (self->connection))
    g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_clear_pointer (&self->thread, peerup_client_thread_free);
  g_clear_object (&self->control);
  g_clear_object (&self->engine);
  return dex_future_new_true ();
}

DexFuture *
peerup_client_close (PeerupClient *self, GCancellable *cancellable)
{
  Close *close;

  g_return_val_if_fail (PEERUP_IS_CLIENT (self), NULL);
  close = g_new (Close, 1);
  close->self = g_object_ref (self);
  close->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  return peerup_fiber_run (close_fiber, close, close_free);
}

static void
peerup_client_finalize (GObject *object)
{
  PeerupClient *self = PEERUP_CLIENT (object);

  g_clear_pointer (&self->thread, peerup_client_thread_free);
  g_clear_object (&self->control);
  g_clear_object (&self->engine);
  g_clear_object (&self->proxy);
  g_clear_object (&self->connection);
  dex_clear (&self->closed);
  G_OBJECT_CLASS (peerup_client_parent_class)->finalize (object);
}

static void
peerup_client_class_init (PeerupClientClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_client_finalize;
}

static void
peerup_client_init (PeerupClient *self)
{
  dex_init ();
  peerup_locale_init ();
  self->closed = dex_promise_new ();
}
