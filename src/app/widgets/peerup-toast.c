/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Toasts in the nearest overlay. */
#include "app/widgets/peerup-toast.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"

/* Characters of an error, and those that a toast has room for on a phone's screen. */
#define MAX_REASON 400
#define MAX_TOAST  48

static void
show (GtkWidget *widget, AdwToast *toast)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (widget, ADW_TYPE_TOAST_OVERLAY);

  adw_toast_set_use_markup (toast, FALSE);
  /* A widget that has left its window has nobody to tell. */
  if (overlay != NULL)
    adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), toast);
  else
    g_object_unref (g_object_ref_sink (toast));
}

void
peerup_toast (GtkWidget *widget, const char *text)
{
  show (widget, adw_toast_new (text));
}

static void
on_details (AdwToast *toast, gpointer data)
{
  GtkWidget *widget = data;
  const char *what = g_object_get_data (G_OBJECT (toast), "what");
  const char *reason = g_object_get_data (G_OBJECT (toast), "reason");
  AdwAlertDialog *dialog = ADW_ALERT_DIALOG (adw_alert_dialog_new (what, reason));

  adw_alert_dialog_add_response (dialog, "close", _ ("_Close"));
  adw_dialog_present (ADW_DIALOG (dialog), widget);
}

/* A toast is one line: what it has no room for is one press away. */
static void
show_with_details (GtkWidget *widget, const char *what, const char *reason)
{
  GtkWidget *overlay = gtk_widget_get_ancestor (widget, ADW_TYPE_TOAST_OVERLAY);
  AdwToast *toast = adw_toast_new (what);

  g_object_set_data_full (G_OBJECT (toast), "what", g_strdup (what), g_free);
  g_object_set_data_full (G_OBJECT (toast), "reason", g_strdup (reason), g_free);
  adw_toast_set_button_label (toast, _ ("Details"));
  if (overlay != NULL)
    g_signal_connect_object (toast, "button-clicked", G_CALLBACK (on_details), overlay, 0);
  show (widget, toast);
}

void
peerup_toast_error (GtkWidget *widget, const char *what, const GError *error)
{
  g_autofree char *reason = NULL;
  g_autofree char *text = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  /* It may be a peer's. */
  reason = peerup_text_clean_to (error->message, MAX_REASON);
  text = g_strdup_printf ("%s: %s", what, reason);
  if (g_utf8_strlen (text, -1) <= MAX_TOAST)
    show (widget, adw_toast_new (text));
  else
    show_with_details (widget, what, reason);
}

typedef struct
{
  GFunc undo;
  gpointer data;
  GDestroyNotify destroy;
} Undo;

static void
undo_free (gpointer data, GClosure *closure)
{
  Undo *undo = data;

  if (undo->destroy != NULL)
    undo->destroy (undo->data);
  g_free (undo);
}

static void
on_undo (AdwToast *toast, gpointer data)
{
  const Undo *undo = data;

  undo->undo (undo->data, NULL);
}

void
peerup_toast_undo (GtkWidget *widget, const char *text, GFunc func, gpointer data, GDestroyNotify destroy)
{
  AdwToast *toast = adw_toast_new (text);
  Undo *undo = g_new (Undo, 1);

  undo->undo = func;
  undo->data = data;
  undo->destroy = destroy;
  adw_toast_set_button_label (toast, _ ("Undo"));
  g_signal_connect_data (toast, "button-clicked", G_CALLBACK (on_undo), undo, undo_free, 0);
  show (widget, toast);
}
