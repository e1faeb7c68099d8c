/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One entry that finds the address in whatever was pasted. Each address that it has is one call, and the first that
 * fails ends it; those of the relay that were there already do no harm. */
#include "app/share/peerup-add-relay-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/share/peerup-share-calls.h"
#include "app/share/peerup-share-text.h"
#include "app/widgets/peerup-toast.h"

struct _PeerupAddRelayDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  GWeakRef origin;
  GCancellable *cancellable;
  char **addresses; /* (nullable): what the entry says */
  guint next;       /* of these, while they are added */
  guint n_added;
  AdwBanner *error_banner;
  AdwPreferencesPage *page;
  AdwEntryRow *address_row;
  AdwActionRow *problem_row;
  AdwActionRow *found_row;
  GtkButton *add_button;
};

G_DEFINE_FINAL_TYPE (PeerupAddRelayDialog, peerup_add_relay_dialog, ADW_TYPE_DIALOG)

/* The entry */

/* @problem: (nullable) */
static void
show_problem (PeerupAddRelayDialog *self, const char *problem)
{
  GtkAccessible *row = GTK_ACCESSIBLE (self->address_row);

  gtk_widget_set_visible (GTK_WIDGET (self->problem_row), problem != NULL);
  if (problem == NULL)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->address_row), "error");
      gtk_accessible_reset_state (row, GTK_ACCESSIBLE_STATE_INVALID);
      gtk_accessible_reset_relation (row, GTK_ACCESSIBLE_RELATION_ERROR_MESSAGE);
      return;
    }
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->problem_row), problem);
  gtk_widget_add_css_class (GTK_WIDGET (self->address_row), "error");
  gtk_accessible_update_state (row, GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_TRUE, -1);
  gtk_accessible_update_relation (row, GTK_ACCESSIBLE_RELATION_ERROR_MESSAGE, self->problem_row, NULL, -1);
}

static void
on_changed (PeerupAddRelayDialog *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->address_row));
  g_autoptr (GError) error = NULL;
  gboolean is_empty = text[strspn (text, " \t")] == '\0';

  g_clear_pointer (&self->addresses, g_strfreev);
  if (!is_empty)
    self->addresses = peerup_share_parse_relay (text, &error);
  show_problem (self, error != NULL ? error->message : NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->found_row), self->addresses != NULL);
  if (self->addresses != NULL)
    adw_action_row_set_subtitle (self->found_row, strrchr (self->addresses[0], '/') + 1);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), self->addresses != NULL);
}

static gboolean
focus (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  gtk_widget_grab_focus (widget);
  return G_SOURCE_REMOVE;
}

/* A dialog that comes as a sheet from below focuses its first widget when it is mapped, whatever was said. */
static void
on_mapped (PeerupAddRelayDialog *self)
{
  gtk_widget_add_tick_callback (GTK_WIDGET (self->address_row), focus, NULL, NULL);
}

static void
on_pasted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAddRelayDialog) self = data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  /* Gone, or the addresses are being added. */
  if (self->session == NULL || !gtk_widget_get_sensitive (GTK_WIDGET (self->page)))
    return;
  if (text == NULL)
    {
      show_problem (self, _ ("There is no text on the clipboard"));
      return;
    }
  /* An entry has one line. */
  g_strdelimit (text, "\r\n\t", ' ');
  gtk_editable_set_text (GTK_EDITABLE (self->address_row), text);
  gtk_editable_set_position (GTK_EDITABLE (self->address_row), -1);
}

static void
on_paste (PeerupAddRelayDialog *self)
{
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->cancellable, on_pasted,
                                 g_object_ref (self));
}

/* Adding */

static void add_next (PeerupAddRelayDialog *self);

static void
finish (PeerupAddRelayDialog *self)
{
  g_autoptr (GtkWidget) origin = g_weak_ref_get (&self->origin);

  if (origin != NULL)
    peerup_toast (origin, self->n_added > 0 ? _ ("Relay added") : _ ("This relay is in use already"));
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAddRelayDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL)
    self->n_added++;
  if (answer != NULL || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
    {
      add_next (self);
      return;
    }
  peerup_share_set_usable (GTK_WIDGET (self->page), TRUE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), TRUE);
  peerup_share_show_error (self->error_banner, error);
}

static void
add_next (PeerupAddRelayDialog *self)
{
  const char *address = self->addresses[self->next];

  if (address == NULL)
    {
      finish (self);
      return;
    }
  self->next++;
  peerup_session_call_async (self->session, "AddRelay", g_variant_new ("(s)", address), self->cancellable, on_added,
                             g_object_ref (self));
}

static void
on_add (PeerupAddRelayDialog *self)
{
  if (self->addresses == NULL)
    return;
  self->next = 0;
  self->n_added = 0;
  adw_banner_set_revealed (self->error_banner, FALSE);
  peerup_share_set_usable (GTK_WIDGET (self->page), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), FALSE);
  add_next (self);
}

/* Object */

static void
peerup_add_relay_dialog_dispose (GObject *object)
{
  PeerupAddRelayDialog *self = PEERUP_ADD_RELAY_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_ADD_RELAY_DIALOG);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_add_relay_dialog_parent_class)->dispose (object);
}

static void
peerup_add_relay_dialog_finalize (GObject *object)
{
  PeerupAddRelayDialog *self = PEERUP_ADD_RELAY_DIALOG (object);

  g_weak_ref_clear (&self->origin);
  g_object_unref (self->cancellable);
  g_strfreev (self->addresses);
  G_OBJECT_CLASS (peerup_add_relay_dialog_parent_class)->finalize (object);
}

static void
peerup_add_relay_dialog_class_init (PeerupAddRelayDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_add_relay_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_add_relay_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-add-relay-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, error_banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, page);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, address_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, problem_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, found_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddRelayDialog, add_button);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_mapped);
  gtk_widget_class_bind_template_callback (widget_class, on_paste);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
peerup_add_relay_dialog_init (PeerupAddRelayDialog *self)
{
  self->cancellable = g_cancellable_new ();
  g_weak_ref_init (&self->origin, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupAddRelayDialog *
peerup_add_relay_dialog_new (PeerupSession *session, GtkWidget *origin)
{
  PeerupAddRelayDialog *self = g_object_new (PEERUP_TYPE_ADD_RELAY_DIALOG, NULL);

  self->session = g_object_ref (session);
  g_weak_ref_set (&self->origin, origin);
  return self;
}
