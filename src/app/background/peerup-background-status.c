/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Counts devices, once for all that changes in one turn of the main loop. Lives as long as its application. */
#include "app/background/peerup-background-status.h"

#include <glib/gi18n.h>

struct _PeerupBackgroundStatus
{
  GObject parent_instance;

  PeerupBackground *background;
  PeerupSession *session;
  guint idle;
};

G_DEFINE_FINAL_TYPE (PeerupBackgroundStatus, peerup_background_status, G_TYPE_OBJECT)

char *
peerup_background_status_make_text (PeerupSessionState state, guint connected, guint relayed)
{
  g_autofree char *text = NULL;

  if (state == PEERUP_SESSION_FAILED || state == PEERUP_SESSION_GONE)
    return g_strdup (_ ("Not connected: open it to see why"));
  if (state != PEERUP_SESSION_RUNNING)
    return g_strdup (_ ("Starting…"));
  if (connected == 0)
    return g_strdup (_ ("No device connected"));
  text = g_strdup_printf (ngettext ("%u device connected", "%u devices connected", connected), connected);
  if (relayed == 0)
    return g_steal_pointer (&text);
  /* TRANSLATORS: "3 devices connected", and of those: "1 relayed". */
  return g_strdup_printf (ngettext ("%1$s, %2$u relayed", "%1$s, %2$u relayed", relayed), text, relayed);
}

static gboolean
update (gpointer data)
{
  PeerupBackgroundStatus *self = data;
  GListModel *devices = G_LIST_MODEL (peerup_session_get_devices (self->session));
  g_autofree char *text = NULL;
  guint connected = 0, relayed = 0;

  self->idle = 0;
  /* What is on its way out says nothing more. */
  if (peerup_session_get_state (self->session) == PEERUP_SESSION_STOPPED)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr (PeerupDBusDevice1) device = g_list_model_get_item (devices, i);

      if (g_strcmp0 (peerup_dbus_device1_get_state (device), "connected") != 0 ||
          peerup_dbus_device1_get_is_relay (device))
        continue;
      connected++;
      relayed += g_strcmp0 (peerup_dbus_device1_get_path (device), "relayed") == 0;
    }
  text = peerup_background_status_make_text (peerup_session_get_state (self->session), connected, relayed);
  peerup_background_set_status (self->background, text);
  return G_SOURCE_REMOVE;
}

static void
queue (PeerupBackgroundStatus *self)
{
  if (self->idle == 0 && self->session != NULL)
    self->idle = g_idle_add (update, self);
}

static void
on_items (PeerupBackgroundStatus *self, guint position, guint removed, guint added, GListModel *devices)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) device = g_list_model_get_item (devices, i);

      g_signal_connect_object (device, "notify::state", G_CALLBACK (queue), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (device, "notify::path", G_CALLBACK (queue), self, G_CONNECT_SWAPPED);
    }
  queue (self);
}

static void
peerup_background_status_dispose (GObject *object)
{
  PeerupBackgroundStatus *self = PEERUP_BACKGROUND_STATUS (object);

  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_object (&self->session);
  g_clear_object (&self->background);
  G_OBJECT_CLASS (peerup_background_status_parent_class)->dispose (object);
}

static void
peerup_background_status_class_init (PeerupBackgroundStatusClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_background_status_dispose;
}

static void
peerup_background_status_init (PeerupBackgroundStatus *self)
{
}

PeerupBackgroundStatus *
peerup_background_status_new (PeerupBackground *background, PeerupSession *session)
{
  PeerupBackgroundStatus *self = g_object_new (PEERUP_TYPE_BACKGROUND_STATUS, NULL);
  PeerupObjectList *devices = peerup_session_get_devices (session);

  self->background = g_object_ref (background);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (queue), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (devices, "items-changed", G_CALLBACK (on_items), self, G_CONNECT_SWAPPED);
  on_items (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (devices)), G_LIST_MODEL (devices));
  return self;
}
