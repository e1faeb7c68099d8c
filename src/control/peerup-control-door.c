/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The place of the private socket, watched. Only what is gone is made anew: what somebody else has put there is not
 * ours to remove. The lock is held all the time. Owned by the control.
 */
#include "control/peerup-control-door.h"

#include <glib/gi18n-lib.h>

#include "trust/peerup-file-watch.h"

/* Seconds until another look, where it could not be made anew, or has just been. */
#define AGAIN_TIME 5

struct _PeerupControlDoor
{
  PeerupControlClaim *claim;
  PeerupControlListener *listener; /* (nullable) */
  PeerupFileWatch *watch;
  GMainContext *context;
  GSource *again; /* (nullable) */
  char *trouble;  /* (nullable): what has been said of it */
  gint64 gone_at; /* when it could not be made anew for the first time; 0: it is there */
  gint64 patience;
  PeerupControlListenerFunc func;
  gpointer data;
};

static void look (PeerupControlDoor *self);

static gboolean
listen_anew (PeerupControlDoor *self, GError **error)
{
  int fd = peerup_control_claim_listen (self->claim, error);
  PeerupControlListener *listener;

  if (fd < 0)
    return FALSE;
  listener = peerup_control_listener_new (fd, PEERUP_CONTROL_LISTENER_PATIENCE, self->func, self->data, error);
  if (listener == NULL)
    return FALSE;
  g_clear_pointer (&self->listener, peerup_control_listener_free);
  self->listener = listener;
  return TRUE;
}

static void
on_changed (gpointer data)
{
  look (data);
}

/* Its directory may be another one, too. */
static void
watch (PeerupControlDoor *self)
{
  g_clear_pointer (&self->watch, peerup_file_watch_free);
  self->watch = peerup_file_watch_new (peerup_control_claim_get_path (self->claim), on_changed, self);
}

static void
clear_again (PeerupControlDoor *self)
{
  if (self->again != NULL)
    g_source_destroy (self->again);
  g_clear_pointer (&self->again, g_source_unref);
}

static gboolean
on_again (gpointer data)
{
  PeerupControlDoor *self = data;

  clear_again (self);
  look (self);
  return G_SOURCE_REMOVE;
}

static void
look_again (PeerupControlDoor *self)
{
  clear_again (self);
  self->again = g_timeout_source_new_seconds (AGAIN_TIME);
  g_source_set_static_name (self->again, "[peerup] control socket");
  g_source_set_callback (self->again, on_again, self, NULL);
  g_source_attach (self->again, self->context);
}

/* Once for each reason. */
static void
say_trouble (PeerupControlDoor *self, const char *reason)
{
  if (g_strcmp0 (self->trouble, reason) == 0)
    return;
  g_warning ("The control socket was removed: %s. It is tried again; until then no command reaches this daemon, and "
             "what it does goes on",
             reason);
  g_free (self->trouble);
  self->trouble = g_strdup (reason);
}

static void
look (PeerupControlDoor *self)
{
  g_autoptr (GError) error = NULL;

  if (peerup_control_claim_look (self->claim) != PEERUP_CONTROL_CLAIM_GONE)
    return;
  /* Whoever asks may be in another one. */
  g_main_context_push_thread_default (self->context);
  if (listen_anew (self, &error))
    {
      g_message ("The control socket %s was removed, and is made anew", peerup_control_claim_get_path (self->claim));
      g_clear_pointer (&self->trouble, g_free);
      self->gone_at = 0;
      watch (self);
    }
  else
    {
      say_trouble (self, error->message);
      if (self->gone_at == 0)
        self->gone_at = g_get_monotonic_time ();
    }
  g_main_context_pop_thread_default (self->context);
  look_again (self);
}

char *
peerup_control_door_check (PeerupControlDoor *self)
{
  const char *path = peerup_control_claim_get_path (self->claim);

  look (self);
  switch (peerup_control_claim_look (self->claim))
    {
    case PEERUP_CONTROL_CLAIM_OTHER:
      return g_strdup_printf (_ ("something else is where the control socket %s was"), path);
    case PEERUP_CONTROL_CLAIM_WHOLE:
      if (!peerup_control_socket_is_live (path, NULL))
        return g_strdup_printf (_ ("the control socket %s takes nobody"), path);
      return NULL;
    case PEERUP_CONTROL_CLAIM_GONE:
    default:
      if (self->gone_at == 0 || g_get_monotonic_time () - self->gone_at < self->patience)
        return NULL;
      return g_strdup_printf (_ ("the control socket %s was removed, and cannot be made anew: %s"), path,
                              self->trouble);
    }
}

PeerupControlDoor *
peerup_control_door_new (PeerupControlClaim *claim, gint64 patience, PeerupControlListenerFunc func, gpointer data,
                         GError **error)
{
  g_autoptr (PeerupControlDoor) self = g_new0 (PeerupControlDoor, 1);

  self->claim = claim;
  self->patience = patience;
  self->context = g_main_context_ref_thread_default ();
  self->func = func;
  self->data = data;
  if (!listen_anew (self, error))
    return NULL;
  watch (self);
  /* What was handed over may have lost its name before. */
  look (self);
  return g_steal_pointer (&self);
}

void
peerup_control_door_free (PeerupControlDoor *self)
{
  clear_again (self);
  g_clear_pointer (&self->watch, peerup_file_watch_free);
  g_clear_pointer (&self->listener, peerup_control_listener_free);
  peerup_control_claim_free (self->claim);
  g_main_context_unref (self->context);
  g_free (self->trouble);
  g_free (self);
}
