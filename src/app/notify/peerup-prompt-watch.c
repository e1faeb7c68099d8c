/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One fiber at a time brings what is into line with what is wanted, and holds the object until then. */
#include "app/notify/peerup-prompt-watch.h"

#include "client/peerup-client.h"
#include "transport/peerup-fiber.h"

struct _PeerupPromptWatch
{
  GObject parent_instance;

  char *config_path;
  gboolean wanted;
  gboolean busy;        /* the fiber runs */
  PeerupClient *client; /* (nullable): that watches */
};

G_DEFINE_FINAL_TYPE (PeerupPromptWatch, peerup_prompt_watch, G_TYPE_OBJECT)

/* In a fiber. */
static gboolean
begin (PeerupPromptWatch *self, GError **error)
{
  g_autoptr (PeerupClient) client = dex_await_object (peerup_client_attach (self->config_path), error);
  DexPromise *promise;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) answer = NULL;

  if (client == NULL)
    return FALSE;
  promise = dex_promise_new_cancellable ();
  g_dbus_proxy_call (G_DBUS_PROXY (peerup_client_get_proxy (client)), "WatchPrompts", NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                     dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  if (result != NULL)
    answer = g_dbus_proxy_call_finish (G_DBUS_PROXY (peerup_client_get_proxy (client)), result, error);
  if (answer == NULL)
    {
      dex_await (peerup_client_close (client, NULL), NULL);
      return FALSE;
    }
  self->client = g_steal_pointer (&client);
  return TRUE;
}

static DexFuture *
settle_fiber (gpointer data)
{
  PeerupPromptWatch *self = data;

  while (self->wanted != (self->client != NULL))
    {
      g_autoptr (PeerupClient) client = g_steal_pointer (&self->client);
      g_autoptr (GError) error = NULL;

      if (client != NULL)
        dex_await (peerup_client_close (client, NULL), NULL);
      else if (!begin (self, &error))
        {
          g_info ("No questions are asked here: %s", error->message);
          break;
        }
    }
  self->busy = FALSE;
  return dex_future_new_true ();
}

void
peerup_prompt_watch_set_wanted (PeerupPromptWatch *self, gboolean wanted)
{
  g_return_if_fail (PEERUP_IS_PROMPT_WATCH (self));
  if (self->wanted == wanted)
    return;
  self->wanted = wanted;
  if (self->busy || wanted == (self->client != NULL))
    return;
  self->busy = TRUE;
  dex_future_disown (peerup_fiber_run (settle_fiber, g_object_ref (self), g_object_unref));
}

static void
peerup_prompt_watch_finalize (GObject *object)
{
  PeerupPromptWatch *self = PEERUP_PROMPT_WATCH (object);

  g_assert (self->client == NULL);
  g_free (self->config_path);
  G_OBJECT_CLASS (peerup_prompt_watch_parent_class)->finalize (object);
}

static void
peerup_prompt_watch_class_init (PeerupPromptWatchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_prompt_watch_finalize;
}

static void
peerup_prompt_watch_init (PeerupPromptWatch *self)
{
}

PeerupPromptWatch *
peerup_prompt_watch_new (const char *config_path)
{
  PeerupPromptWatch *self = g_object_new (PEERUP_TYPE_PROMPT_WATCH, NULL);

  self->config_path = g_strdup (config_path);
  return self;
}
