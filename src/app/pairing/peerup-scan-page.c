/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The camera in Join. It is asked for when the page is mapped and let go when it is not; a code that is none of ours is
 * told and forgotten. */
#include "app/pairing/peerup-scan-page.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "app/pairing/peerup-camera.h"
#include "app/pairing/peerup-code-check.h"
#include "app/pairing/peerup-page-focus.h"
#include "app/pairing/peerup-scan-frame.h"
#include "app/pairing/peerup-scanner.h"

/* Seconds for which it says what the last code was. */
#define FOREIGN_HOLDS 4

struct _PeerupScanPage
{
  AdwNavigationPage parent_instance;

  GtkStack *stack;
  GtkPicture *picture;
  GtkLabel *hint;
  AdwStatusPage *trouble;
  GtkWidget *again;
  GtkWidget *type;
  PeerupCamera *camera;
  GCancellable *opening;  /* (nullable): while the camera is asked for */
  PeerupScanner *scanner; /* (nullable): while there is a picture, or soon */
  int code;               /* PeerupCameraError of the trouble that is shown; -1 for none */
  guint foreign;          /* a source */
};

G_DEFINE_FINAL_TYPE (PeerupScanPage, peerup_scan_page, ADW_TYPE_NAVIGATION_PAGE)

static guint chosen_signal, manual_signal;

static void
reset_hint (PeerupScanPage *self)
{
  g_clear_handle_id (&self->foreign, g_source_remove);
  gtk_label_set_text (self->hint, _ ("Hold the QR code of the other device into the frame"));
}

static void
stop (PeerupScanPage *self)
{
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  if (self->scanner != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->scanner, self);
      peerup_scanner_stop (self->scanner);
    }
  g_clear_object (&self->scanner);
  g_clear_handle_id (&self->foreign, g_source_remove);
}

/* What is there instead of a picture */

static const char *
get_title (int code)
{
  switch (code)
    {
    case PEERUP_CAMERA_ERROR_NO_CAMERA:
      return _ ("No Camera Found");
    case PEERUP_CAMERA_ERROR_REFUSED:
      return _ ("Camera Access Was Refused");
    case PEERUP_CAMERA_ERROR_NO_ANSWER:
      return _ ("No Access to the Camera");
    case PEERUP_CAMERA_ERROR_LOST:
      return _ ("The Camera Is Gone");
    default:
      return _ ("The Camera Cannot Be Used");
    }
}

static void
show_trouble (PeerupScanPage *self, const GError *error)
{
  int code = error->domain == PEERUP_CAMERA_ERROR ? error->code : PEERUP_CAMERA_ERROR_FAILED;
  g_autofree char *description = g_markup_escape_text (error->message, -1);

  stop (self);
  gtk_picture_set_paintable (self->picture, NULL);
  self->code = code;
  adw_status_page_set_icon_name (self->trouble,
                                 code == PEERUP_CAMERA_ERROR_REFUSED || code == PEERUP_CAMERA_ERROR_NO_ANSWER
                                   ? "camera-disabled-symbolic"
                                   : "camera-hardware-disabled-symbolic");
  adw_status_page_set_title (self->trouble, get_title (code));
  adw_status_page_set_description (self->trouble, description);
  gtk_stack_set_visible_child_name (self->stack, "trouble");
  gtk_accessible_announce (GTK_ACCESSIBLE (self), get_title (code), GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
  gtk_widget_grab_focus (self->again);
}

/* Codes */

static void
on_found (PeerupScanPage *self, const char *text)
{
  g_autofree char *code = NULL;

  if (!peerup_code_check_is_code (text))
    {
      g_clear_handle_id (&self->foreign, g_source_remove);
      gtk_label_set_text (self->hint, _ ("This is not a Peer-Up code"));
      gtk_accessible_announce (GTK_ACCESSIBLE (self->hint), _ ("This is not a Peer-Up code"),
                               GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM);
      self->foreign = g_timeout_add_seconds_once (FOREIGN_HOLDS, (GSourceOnceFunc) reset_hint, self);
      return;
    }
  code = g_strdup (text);
  stop (self);
  g_signal_emit (self, chosen_signal, 0, code);
  explicit_bzero (code, strlen (code));
}

/* The camera */

static void
on_started (PeerupScanPage *self)
{
  gtk_stack_set_visible_child_name (self->stack, "camera");
}

static void
on_failed (PeerupScanPage *self, const GError *error)
{
  show_trouble (self, error);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupScanPage) self = data;
  g_autoptr (GError) error = NULL;
  int fd = peerup_camera_open_finish (PEERUP_CAMERA (source), result, &error);
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));

  /* Called off, perhaps when it had come already. */
  if (self->opening == NULL || self->opening != cancellable)
    {
      if (fd >= 0)
        g_close (fd, NULL);
      return;
    }
  g_clear_object (&self->opening);
  if (fd < 0)
    {
      show_trouble (self, error);
      return;
    }
  self->scanner = peerup_scanner_new (fd);
  g_signal_connect_object (self->scanner, "started", G_CALLBACK (on_started), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->scanner, "found", G_CALLBACK (on_found), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->scanner, "failed", G_CALLBACK (on_failed), self, G_CONNECT_SWAPPED);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (self->scanner));
}

static void
start (PeerupScanPage *self)
{
  stop (self);
  reset_hint (self);
  self->code = -1;
  self->opening = g_cancellable_new ();
  gtk_stack_set_visible_child_name (self->stack, "wait");
  peerup_camera_open_async (self->camera, self->opening, on_opened, g_object_ref (self));
}

/* Somebody plugs one in, or out. */
static void
on_camera_changed (PeerupScanPage *self)
{
  gboolean present = peerup_camera_is_present (self->camera);

  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (present && (self->code == PEERUP_CAMERA_ERROR_NO_CAMERA || self->code == PEERUP_CAMERA_ERROR_LOST))
    start (self);
  else if (!present && self->scanner != NULL)
    {
      g_autoptr (GError) error =
        g_error_new_literal (PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_LOST,
                             _ ("It was disconnected. Connect it, and it is used at once. Or enter the code by hand."));

      show_trouble (self, error);
    }
}

static void
on_again (PeerupScanPage *self)
{
  start (self);
  gtk_widget_grab_focus (self->type);
}

static void
on_type (PeerupScanPage *self)
{
  g_signal_emit (self, manual_signal, 0, FALSE);
}

static void
on_picture (PeerupScanPage *self)
{
  g_signal_emit (self, manual_signal, 0, TRUE);
}

static void
on_shown (PeerupScanPage *self)
{
  peerup_page_focus (ADW_NAVIGATION_PAGE (self), self->type, NULL);
}

static void
peerup_scan_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_scan_page_parent_class)->map (widget);
  start (PEERUP_SCAN_PAGE (widget));
}

static void
peerup_scan_page_unmap (GtkWidget *widget)
{
  stop (PEERUP_SCAN_PAGE (widget));
  gtk_picture_set_paintable (PEERUP_SCAN_PAGE (widget)->picture, NULL);
  GTK_WIDGET_CLASS (peerup_scan_page_parent_class)->unmap (widget);
}

static void
peerup_scan_page_dispose (GObject *object)
{
  PeerupScanPage *self = PEERUP_SCAN_PAGE (object);

  stop (self);
  g_clear_object (&self->camera);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SCAN_PAGE);
  G_OBJECT_CLASS (peerup_scan_page_parent_class)->dispose (object);
}

static void
peerup_scan_page_class_init (PeerupScanPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_scan_page_dispose;
  widget_class->map = peerup_scan_page_map;
  widget_class->unmap = peerup_scan_page_unmap;
  chosen_signal = g_signal_new ("chosen", PEERUP_TYPE_SCAN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
  manual_signal = g_signal_new ("manual", PEERUP_TYPE_SCAN_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                G_TYPE_BOOLEAN);
  g_type_ensure (PEERUP_TYPE_SCAN_FRAME);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-scan-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, stack);
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, picture);
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, hint);
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, trouble);
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, again);
  gtk_widget_class_bind_template_child (widget_class, PeerupScanPage, type);
  gtk_widget_class_bind_template_callback (widget_class, on_again);
  gtk_widget_class_bind_template_callback (widget_class, on_type);
  gtk_widget_class_bind_template_callback (widget_class, on_picture);
}

static void
peerup_scan_page_init (PeerupScanPage *self)
{
  self->code = -1;
  self->camera = peerup_camera_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
  g_signal_connect_object (self->camera, "changed", G_CALLBACK (on_camera_changed), self, G_CONNECT_SWAPPED);
}

PeerupScanPage *
peerup_scan_page_new (void)
{
  return g_object_new (PEERUP_TYPE_SCAN_PAGE, NULL);
}
