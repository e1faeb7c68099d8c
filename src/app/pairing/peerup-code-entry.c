/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The first page of Join. What is typed is looked at by pure functions, and goes nowhere before the person says so; the
 * clipboard is looked at to offer what is there, and its text is shown only when the person takes it. */
#include "app/pairing/peerup-code-entry.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/pairing/peerup-code-check.h"
#include "app/pairing/peerup-page-focus.h"
#include "app/pairing/peerup-qr-reader.h"

struct _PeerupCodeEntry
{
  AdwNavigationPage parent_instance;

  GCancellable *cancellable;
  GtkWidget *next;
  AdwEntryRow *entry;
  GtkWidget *feedback_group;
  GtkWidget *feedback_box;
  GtkImage *feedback_icon;
  GtkLabel *feedback;
  GtkWidget *paste;
  GtkWidget *picture;
  char *offered;        /* (nullable): the code in the clipboard */
  guint64 n_clipboards; /* looks at the clipboard, of which the last one counts */
};

G_DEFINE_FINAL_TYPE (PeerupCodeEntry, peerup_code_entry, ADW_TYPE_NAVIGATION_PAGE)

static guint chosen_signal, scan_signal;

static void
wipe (char **text)
{
  if (*text != NULL)
    explicit_bzero (*text, strlen (*text));
  g_clear_pointer (text, g_free);
}

static void
say (PeerupCodeEntry *self, const char *icon, const char *style, const char *text)
{
  const char *styles[] = { style, NULL };

  gtk_widget_set_css_classes (self->feedback_box, styles);
  gtk_image_set_from_icon_name (self->feedback_icon, icon);
  gtk_label_set_text (self->feedback, text != NULL ? text : "");
  gtk_widget_set_visible (self->feedback_group, text != NULL);
}

static void
show_check (PeerupCodeEntry *self, const PeerupCodeCheck *check, gboolean strict)
{
  gboolean wrong = check->state == PEERUP_CODE_CHECK_MISTYPED || check->state == PEERUP_CODE_CHECK_FOREIGN ||
                   (strict && check->state == PEERUP_CODE_CHECK_INCOMPLETE);

  gtk_widget_set_sensitive (self->next, check->state == PEERUP_CODE_CHECK_COMPLETE);
  if (wrong)
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  if (wrong)
    say (self, "dialog-warning-symbolic", "error", check->text);
  else if (check->state == PEERUP_CODE_CHECK_INCOMPLETE)
    say (self, "content-loading-symbolic", "dimmed", _ ("The code goes on"));
  else if (check->state == PEERUP_CODE_CHECK_COMPLETE)
    say (self, "object-select-symbolic", "success", _ ("The code is complete"));
  else
    say (self, NULL, "dimmed", NULL);
}

static PeerupCodeCheck *
look (PeerupCodeEntry *self)
{
  return peerup_code_check_new (gtk_editable_get_text (GTK_EDITABLE (self->entry)));
}

static void
on_changed (PeerupCodeEntry *self)
{
  g_autoptr (PeerupCodeCheck) check = look (self);

  show_check (self, check, FALSE);
}

/* Goes on, or puts the cursor to where the mistake is. */
static void
try_next (PeerupCodeEntry *self)
{
  g_autoptr (PeerupCodeCheck) check = look (self);

  show_check (self, check, TRUE);
  if (check->state == PEERUP_CODE_CHECK_COMPLETE)
    {
      g_signal_emit (self, chosen_signal, 0, gtk_editable_get_text (GTK_EDITABLE (self->entry)));
      return;
    }
  gtk_widget_grab_focus (GTK_WIDGET (self->entry));
  if (check->first >= 0)
    gtk_editable_select_region (GTK_EDITABLE (self->entry), check->first, check->last + 1);
}

static void
on_next (PeerupCodeEntry *self)
{
  try_next (self);
}

static void
on_activated (PeerupCodeEntry *self)
{
  /* Where the button can be pressed, Enter does that. */
  if (!gtk_widget_get_sensitive (self->next))
    try_next (self);
}

static void
on_cancel (PeerupCodeEntry *self)
{
  GtkWidget *dialog = gtk_widget_get_ancestor (GTK_WIDGET (self), ADW_TYPE_DIALOG);

  if (dialog != NULL)
    adw_dialog_close (ADW_DIALOG (dialog));
}

void
peerup_code_entry_take (PeerupCodeEntry *self, const char *text)
{
  g_return_if_fail (PEERUP_IS_CODE_ENTRY (self));
  gtk_editable_set_text (GTK_EDITABLE (self->entry), text);
  try_next (self);
}

/* Pictures */

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupCodeEntry) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = peerup_qr_reader_read_finish (result, &error);
  gboolean is_code = text != NULL && peerup_code_check_is_code (text);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_sensitive (self->picture, TRUE);
  if (is_code)
    peerup_code_entry_take (self, text);
  else if (text != NULL)
    say (self, "dialog-warning-symbolic", "error",
         _ (
           "The QR code in the picture is no invite of Peer-Up. Take a picture of the one that Invite a Device shows"));
  else
    say (self, "dialog-warning-symbolic", "error", error->message);
  wipe (&text);
}

static void
begin_read (PeerupCodeEntry *self)
{
  gtk_widget_set_sensitive (self->picture, FALSE);
  say (self, "content-loading-symbolic", "dimmed", _ ("Looking for a QR code…"));
}

static void
read_file (PeerupCodeEntry *self, GFile *file)
{
  begin_read (self);
  peerup_qr_reader_read_file_async (file, self->cancellable, on_read, g_object_ref (self));
}

static void
on_file_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupCodeEntry) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = gtk_file_dialog_open_finish (GTK_FILE_DIALOG (source), result, &error);

  if (file != NULL)
    read_file (self, file);
  else if (!g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED) &&
           !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_CANCELLED))
    say (self, "dialog-warning-symbolic", "error", error->message);
}

void
peerup_code_entry_choose_picture (PeerupCodeEntry *self)
{
  g_autoptr (GtkFileDialog) dialog = gtk_file_dialog_new ();
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();
  g_autoptr (GListStore) filters = g_list_store_new (GTK_TYPE_FILE_FILTER);

  gtk_file_filter_set_name (filter, _ ("Pictures"));
  gtk_file_filter_add_mime_type (filter, "image/*");
  g_list_store_append (filters, filter);
  gtk_file_dialog_set_title (dialog, _ ("Choose a Picture of the QR Code"));
  gtk_file_dialog_set_filters (dialog, G_LIST_MODEL (filters));
  gtk_file_dialog_open (dialog, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), self->cancellable, on_file_chosen,
                        g_object_ref (self));
}

static void
on_picture (PeerupCodeEntry *self)
{
  peerup_code_entry_choose_picture (self);
}

static void
on_scan (PeerupCodeEntry *self)
{
  g_signal_emit (self, scan_signal, 0);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, gpointer data)
{
  PeerupCodeEntry *self = data;

  if (G_VALUE_HOLDS (value, G_TYPE_FILE))
    read_file (self, g_value_get_object (value));
  else if (G_VALUE_HOLDS (value, GDK_TYPE_TEXTURE))
    {
      begin_read (self);
      peerup_qr_reader_read_texture_async (g_value_get_object (value), self->cancellable, on_read, g_object_ref (self));
    }
  else
    peerup_code_entry_take (self, g_value_get_string (value));
  return TRUE;
}

/* The clipboard */

typedef struct
{
  PeerupCodeEntry *self;
  guint64 number;
} Look;

/* @text: (transfer full) (nullable) */
static void
offer (PeerupCodeEntry *self, char *text)
{
  if (text == NULL || !peerup_code_check_is_code (text))
    {
      wipe (&text);
      return;
    }
  wipe (&self->offered);
  self->offered = text;
  gtk_widget_set_visible (self->paste, TRUE);
}

/* @text: (transfer full) (nullable): what was found, if the clipboard is still what was looked at. */
static void
look_end (Look *look, char *text)
{
  if (look->number == look->self->n_clipboards)
    offer (look->self, text);
  else
    wipe (&text);
  g_object_unref (look->self);
  g_free (look);
}

static void
on_clipboard_text (GObject *source, GAsyncResult *result, gpointer data)
{
  look_end (data, gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL));
}

static void
on_clipboard_read (GObject *source, GAsyncResult *result, gpointer data)
{
  look_end (data, peerup_qr_reader_read_finish (result, NULL));
}

static void
on_clipboard_texture (GObject *source, GAsyncResult *result, gpointer data)
{
  Look *look = data;
  g_autoptr (GdkTexture) texture = gdk_clipboard_read_texture_finish (GDK_CLIPBOARD (source), result, NULL);

  if (texture != NULL)
    peerup_qr_reader_read_texture_async (texture, look->self->cancellable, on_clipboard_read, look);
  else
    look_end (look, NULL);
}

static void
look_at_clipboard (PeerupCodeEntry *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));
  GdkContentFormats *formats = gdk_clipboard_get_formats (clipboard);
  Look *look = g_new (Look, 1);

  self->n_clipboards++;
  gtk_widget_set_visible (self->paste, FALSE);
  wipe (&self->offered);
  look->self = g_object_ref (self);
  look->number = self->n_clipboards;
  if (gdk_content_formats_contain_gtype (formats, G_TYPE_STRING))
    gdk_clipboard_read_text_async (clipboard, self->cancellable, on_clipboard_text, look);
  else if (gdk_content_formats_contain_gtype (formats, GDK_TYPE_TEXTURE))
    gdk_clipboard_read_texture_async (clipboard, self->cancellable, on_clipboard_texture, look);
  else
    look_end (look, NULL);
}

static void
on_paste (PeerupCodeEntry *self)
{
  if (self->offered != NULL)
    peerup_code_entry_take (self, self->offered);
}

static void
peerup_code_entry_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_code_entry_parent_class)->map (widget);
  look_at_clipboard (PEERUP_CODE_ENTRY (widget));
  g_signal_connect_object (gtk_widget_get_clipboard (widget), "changed", G_CALLBACK (look_at_clipboard), widget,
                           G_CONNECT_SWAPPED);
}

static void
peerup_code_entry_unmap (GtkWidget *widget)
{
  g_signal_handlers_disconnect_by_func (gtk_widget_get_clipboard (widget), look_at_clipboard, widget);
  GTK_WIDGET_CLASS (peerup_code_entry_parent_class)->unmap (widget);
}

static void
on_shown (AdwNavigationPage *page)
{
  PeerupCodeEntry *self = PEERUP_CODE_ENTRY (page);

  peerup_page_focus (page, GTK_WIDGET (self->entry), self->next);
}

static void
peerup_code_entry_dispose (GObject *object)
{
  PeerupCodeEntry *self = PEERUP_CODE_ENTRY (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_CODE_ENTRY);
  G_OBJECT_CLASS (peerup_code_entry_parent_class)->dispose (object);
}

static void
peerup_code_entry_finalize (GObject *object)
{
  PeerupCodeEntry *self = PEERUP_CODE_ENTRY (object);

  wipe (&self->offered);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (peerup_code_entry_parent_class)->finalize (object);
}

static void
peerup_code_entry_class_init (PeerupCodeEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_code_entry_dispose;
  object_class->finalize = peerup_code_entry_finalize;
  widget_class->map = peerup_code_entry_map;
  widget_class->unmap = peerup_code_entry_unmap;
  chosen_signal = g_signal_new ("chosen", PEERUP_TYPE_CODE_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                1, G_TYPE_STRING);
  scan_signal = g_signal_new ("scan", PEERUP_TYPE_CODE_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-code-entry.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, next);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, entry);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, feedback_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, feedback_box);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, feedback_icon);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, feedback);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, paste);
  gtk_widget_class_bind_template_child (widget_class, PeerupCodeEntry, picture);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel);
  gtk_widget_class_bind_template_callback (widget_class, on_next);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_paste);
  gtk_widget_class_bind_template_callback (widget_class, on_picture);
  gtk_widget_class_bind_template_callback (widget_class, on_scan);
}

static void
peerup_code_entry_init (PeerupCodeEntry *self)
{
  GtkDropTarget *drop = gtk_drop_target_new (G_TYPE_INVALID, GDK_ACTION_COPY);

  self->cancellable = g_cancellable_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
  gtk_drop_target_set_gtypes (drop, (GType[]) { G_TYPE_FILE, GDK_TYPE_TEXTURE, G_TYPE_STRING }, 3);
  g_signal_connect_object (drop, "drop", G_CALLBACK (on_drop), self, 0);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drop));
}

PeerupCodeEntry *
peerup_code_entry_new (void)
{
  return g_object_new (PEERUP_TYPE_CODE_ENTRY, NULL);
}
