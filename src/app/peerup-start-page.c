/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the window is while it has no engine. It follows the session's state. */
#include "app/peerup-start-page.h"

#include <glib/gi18n.h>

#include "app/model/peerup-config-mend.h"
#include "app/widgets/peerup-toast.h"
#include "peerup-config.h"

/* Milliseconds: a start that is faster is not worth a word. */
#define PATIENCE 300

struct _PeerupStartPage
{
  AdwBin parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  guint timeout;
  GtkStack *stack;
  AdwStatusPage *starting;
  AdwStatusPage *trouble;
  GtkWidget *mend_button;
  GtkWidget *start_button;
  GtkWidget *copy_button;
};

G_DEFINE_FINAL_TYPE (PeerupStartPage, peerup_start_page, ADW_TYPE_BIN)

static gboolean
on_patience_ended (gpointer data)
{
  PeerupStartPage *self = data;

  self->timeout = 0;
  gtk_stack_set_visible_child_name (self->stack, "starting");
  return G_SOURCE_REMOVE;
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupStartPage) self = data;
  gboolean found = peerup_config_mend_look_finish (result);

  if (self->session != NULL && found && peerup_session_get_state (self->session) == PEERUP_SESSION_FAILED)
    gtk_widget_set_visible (self->mend_button, TRUE);
}

static void
show_trouble (PeerupStartPage *self, gboolean failed)
{
  const GError *error = peerup_session_get_error (self->session);
  g_autofree char *reason = g_markup_escape_text (error != NULL ? error->message : "", -1);
  g_autofree char *text = NULL;

  text = failed ? g_steal_pointer (&reason)
                /* TRANSLATORS: Why Peer-Up does not run any more, without a full stop, and what that means. */
                : g_strdup_printf (_ ("%s. Other devices cannot reach this one until it runs again."), reason);
  adw_status_page_set_title (self->trouble, failed ? _ ("Peer-Up Cannot Start") : _ ("Peer-Up Is Not Running"));
  adw_status_page_set_description (self->trouble, text);
  adw_status_page_set_icon_name (self->trouble, failed ? "dialog-warning-symbolic" : "network-offline-symbolic");
  gtk_button_set_label (GTK_BUTTON (self->start_button), failed ? _ ("Try Again") : _ ("Start"));
  gtk_widget_set_visible (self->mend_button, FALSE);
  gtk_widget_set_visible (self->copy_button, failed);
  gtk_stack_set_visible_child_name (self->stack, "trouble");
  if (failed && g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG))
    peerup_config_mend_look_async (peerup_session_get_config_path (self->session), self->cancellable, on_looked,
                                   g_object_ref (self));
}

static void
on_state (PeerupStartPage *self)
{
  g_clear_handle_id (&self->timeout, g_source_remove);
  switch (peerup_session_get_state (self->session))
    {
    case PEERUP_SESSION_FAILED:
      show_trouble (self, TRUE);
      break;
    case PEERUP_SESSION_GONE:
      show_trouble (self, FALSE);
      break;
    case PEERUP_SESSION_STARTING:
      self->timeout = g_timeout_add (PATIENCE, on_patience_ended, self);
      gtk_stack_set_visible_child_name (self->stack, "blank");
      break;
    case PEERUP_SESSION_STOPPED:
    case PEERUP_SESSION_RUNNING:
    default:
      gtk_stack_set_visible_child_name (self->stack, "blank");
    }
}

static void
try (GtkWidget *widget, const char *action, GVariant *parameter)
{
  peerup_session_start (PEERUP_START_PAGE (widget)->session);
}

static void
on_rolled_back (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupStartPage) self = data;
  g_autoptr (GError) error = NULL;

  gtk_widget_action_set_enabled (GTK_WIDGET (self), "start.roll-back", TRUE);
  if (!peerup_config_mend_rollback_finish (result, &error))
    {
      peerup_toast_error (GTK_WIDGET (self), _ ("Cannot go back to the last good configuration"), error);
      return;
    }
  if (self->session == NULL)
    return;
  peerup_toast (GTK_WIDGET (self), _ ("The last good configuration is in use again"));
  peerup_session_start (self->session);
}

static void
roll_back (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupStartPage *self = PEERUP_START_PAGE (widget);

  gtk_widget_action_set_enabled (widget, "start.roll-back", FALSE);
  peerup_config_mend_rollback_async (peerup_session_get_config_path (self->session), self->cancellable, on_rolled_back,
                                     g_object_ref (self));
}

static void
copy (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupStartPage *self = PEERUP_START_PAGE (widget);
  const GError *error = peerup_session_get_error (self->session);
  g_autofree char *text = NULL;

  if (error == NULL)
    return;
  text =
    g_strdup_printf ("peerup-gtk %s\n%s\n%s (%s %d)\n", PEERUP_VERSION, peerup_session_get_config_path (self->session),
                     error->message, g_quark_to_string (error->domain), error->code);
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text);
  peerup_toast (widget, _ ("Copied"));
}

void
peerup_start_page_set_session (PeerupStartPage *self, PeerupSession *session)
{
  g_return_if_fail (PEERUP_IS_START_PAGE (self) && self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  on_state (self);
}

static void
peerup_start_page_dispose (GObject *object)
{
  PeerupStartPage *self = PEERUP_START_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timeout, g_source_remove);
  /* AdwBin would let go of it once more. */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_START_PAGE);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_start_page_parent_class)->dispose (object);
}

static void
peerup_start_page_finalize (GObject *object)
{
  g_object_unref (PEERUP_START_PAGE (object)->cancellable);
  G_OBJECT_CLASS (peerup_start_page_parent_class)->finalize (object);
}

static void
peerup_start_page_class_init (PeerupStartPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_start_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_start_page_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-start-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, stack);
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, starting);
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, trouble);
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, mend_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, start_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupStartPage, copy_button);
  gtk_widget_class_install_action (widget_class, "start.try", NULL, try);
  gtk_widget_class_install_action (widget_class, "start.roll-back", NULL, roll_back);
  gtk_widget_class_install_action (widget_class, "start.copy", NULL, copy);
}

static void
peerup_start_page_init (PeerupStartPage *self)
{
  g_autoptr (GdkPaintable) spinner = NULL;

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  spinner = GDK_PAINTABLE (adw_spinner_paintable_new (GTK_WIDGET (self->starting)));
  adw_status_page_set_paintable (self->starting, spinner);
}
