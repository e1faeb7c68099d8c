/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Notifications on their way. Lives as long as the application, and knows of those alone that it may have to take back
 * once more. */
#include "app/notify/peerup-notify-sender.h"

#include <glib/gi18n.h>

#include "app/notify/peerup-notify-text.h"
#include "peerup-config.h"

/* GLib takes back what it knows the server's number of, which is in the answer to it: what is taken back before is so
 * again, so often, so many seconds apart. */
#define AGAIN      5
#define AGAIN_TIME 1

struct _PeerupNotifySender
{
  GApplication *application; /* not owned */
  PeerupSession *session;
  GHashTable *again; /* how often, by ID */
  guint timeout;
};

static const struct
{
  GNotificationPriority priority;
  const char *category; /* as in the freedesktop's specification */
} topics[PEERUP_NOTIFY_N_TOPICS] = {
  [PEERUP_NOTIFY_PAIRING] = { G_NOTIFICATION_PRIORITY_URGENT, "device" },
  [PEERUP_NOTIFY_JOINED] = { G_NOTIFICATION_PRIORITY_NORMAL, "device.added" },
  [PEERUP_NOTIFY_ACCESS] = { G_NOTIFICATION_PRIORITY_HIGH, "device" },
  [PEERUP_NOTIFY_GRANT_ENDING] = { G_NOTIFICATION_PRIORITY_HIGH, "device" },
  [PEERUP_NOTIFY_DEVICE] = { G_NOTIFICATION_PRIORITY_LOW, "network" },
  [PEERUP_NOTIFY_RELAY] = { G_NOTIFICATION_PRIORITY_NORMAL, "network.error" },
};

/* Whether the question that is open has that answer. */
static gboolean
has_answer (PeerupNotifySender *self, guint number, const char *answer)
{
  GListModel *prompts = G_LIST_MODEL (peerup_session_get_prompts (self->session));

  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);
      const char *const *answers = peerup_dbus_prompt1_get_answers (prompt);

      if (peerup_dbus_prompt1_get_number (prompt) == number)
        return answers != NULL && g_strv_contains (answers, answer);
    }
  return FALSE;
}

static void
add_answer (PeerupNotifySender *self, GNotification *notification, const PeerupNote *note, const char *label,
            const char *answer)
{
  if (has_answer (self, note->number, answer))
    g_notification_add_button_with_target (notification, label, "app.answer-prompt", "(uss)", note->number,
                                           note->peer_id != NULL ? note->peer_id : "", answer);
}

static void
add_actions (PeerupNotifySender *self, GNotification *notification, const PeerupNote *note)
{
  switch (note->topic)
    {
    case PEERUP_NOTIFY_PAIRING:
      g_notification_set_default_action_and_target (notification, "app.show-prompt", "u", note->number);
      g_notification_add_button_with_target (notification, _ ("Compare"), "app.show-prompt", "u", note->number);
      add_answer (self, notification, note, _ ("Reject"), "differ");
      break;
    case PEERUP_NOTIFY_ACCESS:
      g_notification_set_default_action_and_target (notification, "app.show-prompt", "u", note->number);
      add_answer (self, notification, note, _ ("Allow for 1 Hour"), "allow");
      add_answer (self, notification, note, _ ("Decline"), "deny");
      break;
    case PEERUP_NOTIFY_GRANT_ENDING:
      g_notification_set_default_action_and_target (notification, "app.show-device", "s", note->peer_id);
      g_notification_add_button_with_target (notification, _ ("Extend by 1 Hour"), "app.extend-grant", "(ssx)",
                                             note->peer_id, note->service, (gint64) PEERUP_NOTIFY_EXTENSION);
      g_notification_add_button_with_target (notification, _ ("Open"), "app.show-device", "s", note->peer_id);
      break;
    case PEERUP_NOTIFY_JOINED:
    case PEERUP_NOTIFY_DEVICE:
      g_notification_set_default_action_and_target (notification, "app.show-device", "s", note->peer_id);
      break;
    case PEERUP_NOTIFY_RELAY:
    case PEERUP_NOTIFY_N_TOPICS:
    default:
      g_notification_set_default_action (notification, "app.show-relays");
    }
}

void
peerup_notify_sender_show (PeerupNotifySender *self, const PeerupNote *note)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *title = peerup_notify_dup_title (note, now);
  g_autofree char *body = peerup_notify_dup_body (note, now);
  g_autoptr (GNotification) notification = g_notification_new (title);
  g_autoptr (GIcon) icon = g_themed_icon_new (PEERUP_APP_ID);

  g_notification_set_body (notification, body);
  g_notification_set_icon (notification, icon);
  g_notification_set_priority (notification, topics[note->topic].priority);
  g_notification_set_category (notification, topics[note->topic].category);
  add_actions (self, notification, note);
  g_hash_table_remove (self->again, note->id);
  g_application_send_notification (self->application, note->id, notification);
}

static gboolean
on_timeout (gpointer data)
{
  PeerupNotifySender *self = data;
  GHashTableIter iter;
  gpointer id, left;

  g_hash_table_iter_init (&iter, self->again);
  while (g_hash_table_iter_next (&iter, &id, &left))
    {
      g_application_withdraw_notification (self->application, id);
      if (GPOINTER_TO_UINT (left) > 1)
        g_hash_table_iter_replace (&iter, GUINT_TO_POINTER (GPOINTER_TO_UINT (left) - 1));
      else
        g_hash_table_iter_remove (&iter);
    }
  if (g_hash_table_size (self->again) > 0)
    return G_SOURCE_CONTINUE;
  self->timeout = 0;
  return G_SOURCE_REMOVE;
}

void
peerup_notify_sender_withdraw (PeerupNotifySender *self, const char *id)
{
  g_application_withdraw_notification (self->application, id);
  g_hash_table_insert (self->again, g_strdup (id), GUINT_TO_POINTER (AGAIN));
  if (self->timeout == 0)
    self->timeout = g_timeout_add_seconds (AGAIN_TIME, on_timeout, self);
}

PeerupNotifySender *
peerup_notify_sender_new (GApplication *application, PeerupSession *session)
{
  PeerupNotifySender *self = g_new0 (PeerupNotifySender, 1);

  self->application = application;
  self->session = g_object_ref (session);
  self->again = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
peerup_notify_sender_free (PeerupNotifySender *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_hash_table_unref (self->again);
  g_object_unref (self->session);
  g_free (self);
}
