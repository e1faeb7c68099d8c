/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The compare page, and what came of it. */
#include "app/pairing/peerup-verify-dialog.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/pairing/peerup-compare-page.h"
#include "app/pairing/peerup-outcome-page.h"

struct _PeerupVerifyDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  AdwNavigationView *navigation;
  char *name; /* isolated */
};

G_DEFINE_FINAL_TYPE (PeerupVerifyDialog, peerup_verify_dialog, ADW_TYPE_DIALOG)

/* @text: (transfer full) */
static void
show_outcome (PeerupVerifyDialog *self, const char *icon, const char *title, char *text)
{
  PeerupOutcomePage *page = peerup_outcome_page_new (icon, title, text);
  GtkWidget *button = peerup_outcome_page_add_button (page, _ ("_Done"), "suggested-action");

  g_free (text);
  g_signal_connect_object (button, "clicked", G_CALLBACK (adw_dialog_force_close), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (page));
}

static void
on_answered (PeerupVerifyDialog *self, guint answer)
{
  if (answer == PEERUP_COMPARE_MATCH)
    show_outcome (self, "security-high-symbolic", _ ("Verified"),
                  /* TRANSLATORS: %s is the name of a device */
                  g_strdup_printf (_ ("%s is the device that you mean."), self->name));
  else if (answer == PEERUP_COMPARE_UNDONE)
    show_outcome (self, "security-low-symbolic", _ ("Pairing Taken Back"),
                  g_strdup_printf (
                    /* TRANSLATORS: %s is the name of a device */
                    _ ("%s may use nothing here any more. Remove this device there, too, and pair again with a new "
                       "code."),
                    self->name));
  else
    adw_dialog_force_close (ADW_DIALOG (self));
}

static void
on_state (PeerupVerifyDialog *self)
{
  if (peerup_session_get_state (self->session) != PEERUP_SESSION_RUNNING)
    adw_dialog_force_close (ADW_DIALOG (self));
}

static void
peerup_verify_dialog_dispose (GObject *object)
{
  PeerupVerifyDialog *self = PEERUP_VERIFY_DIALOG (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->name, g_free);
  G_OBJECT_CLASS (peerup_verify_dialog_parent_class)->dispose (object);
}

static void
peerup_verify_dialog_class_init (PeerupVerifyDialogClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_verify_dialog_dispose;
}

static void
peerup_verify_dialog_init (PeerupVerifyDialog *self)
{
  GtkWidget *toasts = adw_toast_overlay_new ();

  self->navigation = ADW_NAVIGATION_VIEW (adw_navigation_view_new ());
  /* Escape ends the dialog from every page. */
  adw_navigation_view_set_pop_on_escape (self->navigation, FALSE);
  adw_toast_overlay_set_child (ADW_TOAST_OVERLAY (toasts), GTK_WIDGET (self->navigation));
  adw_dialog_set_child (ADW_DIALOG (self), toasts);
  adw_dialog_set_title (ADW_DIALOG (self), _ ("Verify"));
  adw_dialog_set_content_width (ADW_DIALOG (self), 460);
  adw_dialog_set_content_height (ADW_DIALOG (self), 520);
}

PeerupVerifyDialog *
peerup_verify_dialog_new (PeerupSession *session, const char *peer_id)
{
  PeerupVerifyDialog *self = g_object_new (PEERUP_TYPE_VERIFY_DIALOG, NULL);
  g_autoptr (PeerupDBusDevice1) device =
    peerup_object_list_find (peerup_session_get_devices (session), "peer-id", peer_id);
  const char *name = device != NULL ? peerup_dbus_device1_get_name (device) : NULL;
  PeerupComparePage *page = peerup_compare_page_new (session, peer_id, name);

  self->session = g_object_ref (session);
  self->name = peerup_device_dup_title_isolated (name, peer_id);
  g_signal_connect_object (page, "answered", G_CALLBACK (on_answered), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
  adw_navigation_view_push (self->navigation, ADW_NAVIGATION_PAGE (page));
  return self;
}
