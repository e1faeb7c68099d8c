/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine's questions as dialogs. What is asked is the session's list of prompts; all that is kept here is the one
 * that is shown, and which the person has put off. */
#include "app/peerup-prompt-dialogs.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-compare-view.h"
#include "app/widgets/peerup-prompt-claims.h"
#include "app/widgets/peerup-toast.h"

/* Characters of a device's name in a heading. */
#define MAX_NAME 30

struct _PeerupPromptDialogs
{
  GObject parent_instance;

  PeerupSession *session;
  GtkWidget *parent; /* not owned */
  GCancellable *cancellable;
  PeerupDBusPrompt1 *prompt; /* (nullable): that is shown */
  AdwDialog *dialog;         /* (nullable): of @prompt */
  GHashTable *put_off;       /* numbers of prompts */
};

G_DEFINE_FINAL_TYPE (PeerupPromptDialogs, peerup_prompt_dialogs, G_TYPE_OBJECT)

static void show_next (PeerupPromptDialogs *self);

/* Answers */

typedef struct
{
  PeerupPromptDialogs *self;
  guint number;
} Answer;

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Answer *answer = data;
  g_autoptr (PeerupPromptDialogs) self = answer->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) nothing = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  /* What was answered elsewhere, or is over, is no news to the person. */
  if (nothing != NULL || self->parent == NULL || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return;
  peerup_toast_error (self->parent, _ ("Cannot answer"), error);
  /* It is still open. */
  g_hash_table_remove (self->put_off, GUINT_TO_POINTER (answer->number));
  show_next (self);
}

static void
on_response (AdwAlertDialog *dialog, const char *response, gpointer data)
{
  PeerupPromptDialogs *self = data;
  g_autoptr (PeerupDBusPrompt1) prompt = g_steal_pointer (&self->prompt);
  guint number = peerup_dbus_prompt1_get_number (prompt);
  Answer *answer = g_new (Answer, 1);

  answer->self = g_object_ref (self);
  answer->number = number;
  g_clear_object (&self->dialog);
  g_hash_table_add (self->put_off, GUINT_TO_POINTER (number));
  peerup_session_call_async (self->session, "AnswerPrompt", g_variant_new ("(us)", number, response), self->cancellable,
                             on_answered, answer);
  show_next (self);
}

/* Dialogs */

/* For a heading, which has one line or two. (transfer full) */
static char *
make_short_name (PeerupDBusPrompt1 *prompt)
{
  g_autofree char *title =
    peerup_device_dup_title (peerup_dbus_prompt1_get_name (prompt), peerup_dbus_prompt1_get_peer_id (prompt));
  g_autofree char *cut = peerup_text_clean_to (title, MAX_NAME);

  return peerup_text_isolate (cut);
}

static AdwAlertDialog *
make_access (PeerupDBusPrompt1 *prompt)
{
  g_autofree char *title = make_short_name (prompt);
  g_autofree char *service = peerup_text_isolate (peerup_dbus_prompt1_get_service (prompt));
  /* TRANSLATORS: A device's name, and a service's: "Allow Laptop to use ssh?" */
  g_autofree char *heading = g_strdup_printf (_ ("Allow %1$s to use %2$s?"), title, service);
  AdwAlertDialog *dialog = ADW_ALERT_DIALOG (
    adw_alert_dialog_new (heading,
                          _ ("It asks for a service that it may not use yet. Other services are not touched.")));

  adw_alert_dialog_add_responses (dialog, "deny", _ ("_Decline"), "allow", _ ("_Allow for One Hour"), NULL);
  adw_alert_dialog_set_response_appearance (dialog, "allow", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (dialog, "deny");
  return dialog;
}

static AdwAlertDialog *
make_verify (PeerupDBusPrompt1 *prompt)
{
  g_autofree char *title =
    peerup_device_dup_title_isolated (peerup_dbus_prompt1_get_name (prompt), peerup_dbus_prompt1_get_peer_id (prompt));
  g_autofree char *emoji = peerup_text_clean (peerup_dbus_prompt1_get_emoji (prompt));
  g_autofree char *digits = peerup_text_clean (peerup_dbus_prompt1_get_digits (prompt));
  /* TRANSLATORS: A device's name. */
  g_autofree char *body = g_strdup_printf (_ ("Compare with what %s shows."), title);
  AdwAlertDialog *dialog = ADW_ALERT_DIALOG (adw_alert_dialog_new (_ ("Do These Match?"), body));
  GtkWidget *view = peerup_compare_view_new ();

  peerup_compare_view_set (PEERUP_COMPARE_VIEW (view), emoji, digits);
  /* It is read, not worked with: the answers have the keyboard. */
  gtk_widget_set_can_focus (view, FALSE);
  adw_alert_dialog_set_extra_child (dialog, view);
  adw_alert_dialog_add_responses (dialog, "later", _ ("_Later"), "differ", _ ("_Don’t Match"), "match", _ ("_Match"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (dialog, "differ", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_response_appearance (dialog, "match", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (dialog, "later");
  return dialog;
}

/* (nullable): for a question that this program does not know. */
static AdwAlertDialog *
make_dialog (PeerupDBusPrompt1 *prompt)
{
  const char *kind = peerup_dbus_prompt1_get_kind (prompt);

  if (g_strcmp0 (kind, "access") == 0)
    return make_access (prompt);
  return g_strcmp0 (kind, "verify") == 0 ? make_verify (prompt) : NULL;
}

/* Which is shown */

static void
take_away (PeerupPromptDialogs *self)
{
  g_autoptr (AdwDialog) dialog = g_steal_pointer (&self->dialog);

  g_clear_object (&self->prompt);
  if (dialog == NULL)
    return;
  /* Nobody has answered. */
  g_signal_handlers_disconnect_by_data (dialog, self);
  adw_dialog_force_close (dialog);
}

static gboolean
is_due (PeerupPromptDialogs *self, PeerupDBusPrompt1 *prompt)
{
  return !g_hash_table_contains (self->put_off, GUINT_TO_POINTER (peerup_dbus_prompt1_get_number (prompt))) &&
         !peerup_prompt_is_claimed (peerup_dbus_prompt1_get_peer_id (prompt));
}

static void
show_if_due (PeerupPromptDialogs *self, PeerupDBusPrompt1 *prompt)
{
  AdwAlertDialog *dialog = is_due (self, prompt) ? make_dialog (prompt) : NULL;

  if (dialog == NULL)
    return;
  adw_alert_dialog_set_close_response (dialog, "later");
  g_set_object (&self->prompt, prompt);
  g_set_object (&self->dialog, ADW_DIALOG (dialog));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_response), self, 0);
  adw_dialog_present (ADW_DIALOG (dialog), self->parent);
}

static void
show_next (PeerupPromptDialogs *self)
{
  GListModel *prompts = G_LIST_MODEL (peerup_session_get_prompts (self->session));

  for (guint i = 0; i < g_list_model_get_n_items (prompts) && self->prompt == NULL; i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);

      show_if_due (self, prompt);
    }
}

gboolean
peerup_prompt_dialogs_show (PeerupPromptDialogs *self, guint number)
{
  GListModel *prompts;

  g_return_val_if_fail (PEERUP_IS_PROMPT_DIALOGS (self), FALSE);
  prompts = G_LIST_MODEL (peerup_session_get_prompts (self->session));
  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);

      if (peerup_dbus_prompt1_get_number (prompt) != number)
        continue;
      g_hash_table_remove (self->put_off, GUINT_TO_POINTER (number));
      if (prompt != self->prompt && is_due (self, prompt))
        {
          take_away (self);
          show_if_due (self, prompt);
        }
      /* Where it is none that can be shown. */
      show_next (self);
      return TRUE;
    }
  return FALSE;
}

static gboolean
is_listed (PeerupPromptDialogs *self)
{
  GListModel *prompts = G_LIST_MODEL (peerup_session_get_prompts (self->session));

  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);

      if (prompt == self->prompt)
        return TRUE;
    }
  return FALSE;
}

static void
update (PeerupPromptDialogs *self)
{
  if (self->prompt != NULL && (!is_listed (self) || !is_due (self, self->prompt)))
    take_away (self);
  show_next (self);
}

static void
on_claims_changed (GObject *object)
{
  update (PEERUP_PROMPT_DIALOGS (object));
}

static void
on_engine (PeerupPromptDialogs *self)
{
  /* Another engine counts anew. */
  g_hash_table_remove_all (self->put_off);
  update (self);
}

static void
peerup_prompt_dialogs_dispose (GObject *object)
{
  PeerupPromptDialogs *self = PEERUP_PROMPT_DIALOGS (object);

  g_cancellable_cancel (self->cancellable);
  take_away (self);
  self->parent = NULL;
  G_OBJECT_CLASS (peerup_prompt_dialogs_parent_class)->dispose (object);
}

static void
peerup_prompt_dialogs_finalize (GObject *object)
{
  PeerupPromptDialogs *self = PEERUP_PROMPT_DIALOGS (object);

  g_clear_object (&self->session);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->put_off);
  G_OBJECT_CLASS (peerup_prompt_dialogs_parent_class)->finalize (object);
}

static void
peerup_prompt_dialogs_class_init (PeerupPromptDialogsClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_prompt_dialogs_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_prompt_dialogs_finalize;
}

static void
peerup_prompt_dialogs_init (PeerupPromptDialogs *self)
{
  self->cancellable = g_cancellable_new ();
  self->put_off = g_hash_table_new (NULL, NULL);
}

PeerupPromptDialogs *
peerup_prompt_dialogs_new (PeerupSession *session, GtkWidget *parent)
{
  PeerupPromptDialogs *self = g_object_new (PEERUP_TYPE_PROMPT_DIALOGS, NULL);

  self->session = g_object_ref (session);
  self->parent = parent;
  g_signal_connect_object (peerup_session_get_prompts (session), "items-changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (on_engine), self, G_CONNECT_SWAPPED);
  peerup_prompt_claims_watch (G_OBJECT (self), on_claims_changed);
  on_engine (self);
  return self;
}
