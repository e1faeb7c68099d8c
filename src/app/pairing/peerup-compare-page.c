/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Shows what the engine says is to be compared. The strings of the pairing itself are preferred, where there are some:
 * both devices have them then. */
#include "app/pairing/peerup-compare-page.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/pairing/peerup-page-focus.h"
#include "app/widgets/peerup-compare-view.h"
#include "app/widgets/peerup-prompt-claims.h"
#include "app/widgets/peerup-toast.h"

struct _PeerupComparePage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  char *peer_id;
  char *name; /* isolated */
  PeerupCompareAnswer pending;
  AdwStatusPage *status;
  GtkStack *stack;
  PeerupCompareView *view;
  GtkLabel *error;
  GtkWidget *match;
  GtkWidget *differ;
  GtkWidget *later;
};

G_DEFINE_FINAL_TYPE (PeerupComparePage, peerup_compare_page, ADW_TYPE_NAVIGATION_PAGE)

static guint answered_signal;

static void
set_busy (PeerupComparePage *self, gboolean busy)
{
  gtk_widget_set_sensitive (self->match, !busy);
  gtk_widget_set_sensitive (self->differ, !busy);
  gtk_widget_set_sensitive (self->later, !busy);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupComparePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer != NULL)
    {
      g_signal_emit (self, answered_signal, 0, self->pending);
      return;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  set_busy (self, FALSE);
  peerup_toast_error (GTK_WIDGET (self),
                      self->pending == PEERUP_COMPARE_MATCH ? _ ("Cannot save that they match")
                                                            : _ ("Cannot take the pairing back"),
                      error);
}

static void
call (PeerupComparePage *self, PeerupCompareAnswer answer, const char *operation, GVariant *parameters)
{
  self->pending = answer;
  set_busy (self, TRUE);
  peerup_session_call_async (self->session, operation, parameters, self->cancellable, on_done, g_object_ref (self));
}

/* (transfer full) (nullable): the engine's own question about this very thing, which is answered, too, then. */
static PeerupDBusPrompt1 *
find_prompt (PeerupComparePage *self)
{
  GListModel *prompts = G_LIST_MODEL (peerup_session_get_prompts (self->session));

  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);

      if (g_strcmp0 (peerup_dbus_prompt1_get_peer_id (prompt), self->peer_id) == 0 &&
          g_strcmp0 (peerup_dbus_prompt1_get_kind (prompt), "verify") == 0)
        return g_steal_pointer (&prompt);
    }
  return NULL;
}

static void
on_match (PeerupComparePage *self)
{
  g_autoptr (PeerupDBusPrompt1) prompt = find_prompt (self);

  if (prompt != NULL)
    call (self, PEERUP_COMPARE_MATCH, "AnswerPrompt",
          g_variant_new ("(us)", peerup_dbus_prompt1_get_number (prompt), "match"));
  else
    call (self, PEERUP_COMPARE_MATCH, "SetVerified", g_variant_new ("(sb)", self->peer_id, TRUE));
}

static void
on_differ_answer (AdwAlertDialog *dialog, const char *response, gpointer data)
{
  PeerupComparePage *self = data;

  if (g_str_equal (response, "remove"))
    call (self, PEERUP_COMPARE_UNDONE, "UndoPairing", g_variant_new ("(s)", self->peer_id));
}

static void
on_differ (PeerupComparePage *self)
{
  AdwDialog *dialog = adw_alert_dialog_new (_ ("Take the Pairing Back?"), NULL);

  adw_alert_dialog_format_body (
    ADW_ALERT_DIALOG (dialog),
    /* TRANSLATORS: %s is the name of a device */
    _ ("If they differ, somebody may have come in between, and %s is not the device that you mean. It loses its access "
       "to this device at once. Then pair again with a new code."),
    self->name);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "remove", _ ("_Take Back"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "remove", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_differ_answer), self, 0);
  adw_dialog_present (dialog, GTK_WIDGET (self));
}

/* Else the window would ask at once what was put off here. */
static void
on_later (PeerupComparePage *self)
{
  g_autoptr (PeerupDBusPrompt1) prompt = find_prompt (self);

  if (prompt != NULL)
    peerup_session_call_async (self->session, "AnswerPrompt",
                               g_variant_new ("(us)", peerup_dbus_prompt1_get_number (prompt), "later"), NULL, NULL,
                               NULL);
  g_signal_emit (self, answered_signal, 0, PEERUP_COMPARE_LATER);
}

static void
show_error (PeerupComparePage *self, const GError *error)
{
  gtk_label_set_text (self->error, error->message);
  gtk_stack_set_visible_child_name (self->stack, "error");
  gtk_widget_grab_focus (self->later);
}

/* @name: (nullable) */
static void
set_name (PeerupComparePage *self, const char *name)
{
  g_autofree char *description = NULL;

  g_free (self->name);
  self->name = peerup_device_dup_title_isolated (name, self->peer_id);
  description = g_markup_printf_escaped (
    /* TRANSLATORS: %s is the name of a device */
    _ ("Look at %s, or ask the person who has it. If both devices show the same, nobody has come in between."),
    self->name);
  adw_status_page_set_description (self->status, description);
}

static void
show_strings (PeerupComparePage *self, GVariant *verification)
{
  const char *emoji = NULL, *digits = NULL, *name = NULL;

  if (g_variant_lookup (verification, "name", "&s", &name) && *name != '\0')
    set_name (self, name);
  if (!g_variant_lookup (verification, "transcript_emoji", "&s", &emoji) || *emoji == '\0')
    g_variant_lookup (verification, "emoji", "&s", &emoji);
  if (!g_variant_lookup (verification, "transcript_digits", "&s", &digits) || *digits == '\0')
    g_variant_lookup (verification, "digits", "&s", &digits);
  peerup_compare_view_set (self->view, emoji, digits);
  gtk_stack_set_visible_child_name (self->stack, "compare");
  set_busy (self, FALSE);
  gtk_widget_grab_focus (self->later);
}

static void
on_verification (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupComparePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) verification = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer == NULL)
    {
      show_error (self, error);
      return;
    }
  verification = g_variant_get_child_value (answer, 0);
  show_strings (self, verification);
}

/* It comes by itself: a key that was meant for what was here before must not say that they match. */
static void
on_shown (AdwNavigationPage *page)
{
  peerup_page_focus (page, PEERUP_COMPARE_PAGE (page)->later, NULL);
}

static void
peerup_compare_page_dispose (GObject *object)
{
  PeerupComparePage *self = PEERUP_COMPARE_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_COMPARE_PAGE);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_compare_page_parent_class)->dispose (object);
}

static void
peerup_compare_page_finalize (GObject *object)
{
  PeerupComparePage *self = PEERUP_COMPARE_PAGE (object);

  g_object_unref (self->cancellable);
  g_free (self->peer_id);
  g_free (self->name);
  G_OBJECT_CLASS (peerup_compare_page_parent_class)->finalize (object);
}

static void
peerup_compare_page_class_init (PeerupComparePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_compare_page_dispose;
  object_class->finalize = peerup_compare_page_finalize;
  answered_signal = g_signal_new ("answered", PEERUP_TYPE_COMPARE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_UINT);
  g_type_ensure (PEERUP_TYPE_COMPARE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-compare-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, status);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, stack);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, view);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, error);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, match);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, differ);
  gtk_widget_class_bind_template_child (widget_class, PeerupComparePage, later);
  gtk_widget_class_bind_template_callback (widget_class, on_match);
  gtk_widget_class_bind_template_callback (widget_class, on_differ);
  gtk_widget_class_bind_template_callback (widget_class, on_later);
}

static void
peerup_compare_page_init (PeerupComparePage *self)
{
  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
}

PeerupComparePage *
peerup_compare_page_new (PeerupSession *session, const char *peer_id, const char *name)
{
  PeerupComparePage *self = g_object_new (PEERUP_TYPE_COMPARE_PAGE, NULL);

  self->session = g_object_ref (session);
  self->peer_id = g_strdup (peer_id);
  peerup_prompt_claim (G_OBJECT (self), peer_id);
  set_name (self, name);
  peerup_session_call_async (session, "GetVerification", g_variant_new ("(s)", peer_id), self->cancellable,
                             on_verification, g_object_ref (self));
  return self;
}
