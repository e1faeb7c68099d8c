/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A fiber that attaches, calls and leaves. */
#include "app/pairing/peerup-join-run.h"

#include <string.h>

#include "client/peerup-client.h"
#include "transport/peerup-fiber.h"
#include "transport/peerup-stream.h"

struct _PeerupJoinRun
{
  GObject parent_instance;

  char *config_path;
  char *code;
  GVariant *options;
  GCancellable *cancellable;
  GVariant *pairing; /* (nullable): a{sv}, at the end */
  GError *error;     /* (nullable): likewise */
};

G_DEFINE_FINAL_TYPE (PeerupJoinRun, peerup_join_run, G_TYPE_OBJECT)

static guint progress_signal, done_signal;

static void
on_progress (PeerupDBusEngine1 *proxy, const char *state, const char *detail, gpointer data)
{
  g_signal_emit (data, progress_signal, 0, state, detail);
}

/* Not from the fiber, whose stack is small. */
static gboolean
tell_done (gpointer data)
{
  PeerupJoinRun *self = data;

  if (!g_cancellable_is_cancelled (self->cancellable))
    g_signal_emit (self, done_signal, 0, self->pairing, self->error);
  return G_SOURCE_REMOVE;
}

static GVariant *
join (PeerupJoinRun *self, PeerupClient *client, GError **error)
{
  GDBusProxy *proxy = G_DBUS_PROXY (peerup_client_get_proxy (client));
  DexPromise *promise = dex_promise_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) answer = NULL;

  g_dbus_proxy_call (proxy, "Join", g_variant_new ("(s@a{sv})", self->code, self->options), G_DBUS_CALL_FLAGS_NONE,
                     G_MAXINT, self->cancellable, peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  if (result != NULL)
    answer = g_dbus_proxy_call_finish (proxy, result, error);
  if (answer != NULL)
    return g_variant_get_child_value (answer, 0);
  if (error != NULL && *error != NULL)
    g_dbus_error_strip_remote_error (*error);
  return NULL;
}

static DexFuture *
run_fiber (gpointer data)
{
  g_autoptr (PeerupJoinRun) self = g_object_ref (data);
  g_autoptr (PeerupClient) client = dex_await_object (peerup_client_attach (self->config_path), &self->error);

  if (client != NULL && !g_cancellable_is_cancelled (self->cancellable))
    {
      gulong handler =
        g_signal_connect (peerup_client_get_proxy (client), "join-progress", G_CALLBACK (on_progress), self);

      self->pairing = join (self, client, &self->error);
      g_signal_handler_disconnect (peerup_client_get_proxy (client), handler);
    }
  if (client != NULL)
    dex_await (peerup_client_close (client, NULL), NULL);
  g_idle_add_full (G_PRIORITY_DEFAULT, tell_done, g_object_ref (self), g_object_unref);
  return dex_future_new_true ();
}

void
peerup_join_run_cancel (PeerupJoinRun *self)
{
  g_return_if_fail (PEERUP_IS_JOIN_RUN (self));
  g_cancellable_cancel (self->cancellable);
}

static void
peerup_join_run_finalize (GObject *object)
{
  PeerupJoinRun *self = PEERUP_JOIN_RUN (object);

  g_free (self->config_path);
  if (self->code != NULL)
    explicit_bzero (self->code, strlen (self->code));
  g_free (self->code);
  g_clear_pointer (&self->options, g_variant_unref);
  g_clear_pointer (&self->pairing, g_variant_unref);
  g_clear_error (&self->error);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (peerup_join_run_parent_class)->finalize (object);
}

static void
peerup_join_run_class_init (PeerupJoinRunClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_join_run_finalize;
  progress_signal = g_signal_new ("progress", PEERUP_TYPE_JOIN_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                  2, G_TYPE_STRING, G_TYPE_STRING);
  done_signal = g_signal_new ("done", PEERUP_TYPE_JOIN_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                              G_TYPE_VARIANT, G_TYPE_ERROR);
}

static void
peerup_join_run_init (PeerupJoinRun *self)
{
  self->cancellable = g_cancellable_new ();
}

PeerupJoinRun *
peerup_join_run_new (const char *config_path, const char *code, GVariant *options)
{
  PeerupJoinRun *self = g_object_new (PEERUP_TYPE_JOIN_RUN, NULL);

  self->config_path = g_strdup (config_path);
  self->code = g_strdup (code);
  self->options = g_variant_ref_sink (options);
  dex_future_disown (peerup_fiber_run (run_fiber, g_object_ref (self), g_object_unref));
  return self;
}
