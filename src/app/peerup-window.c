/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The main window: what the session has on the left, a page about it on the right. */
#include "app/peerup-window.h"

#include "app/device/peerup-device-page.h"
#include "app/pairing/peerup-invite-dialog.h"
#include "app/pairing/peerup-join-dialog.h"
#include "app/pairing/peerup-verify-dialog.h"
#include "app/share/peerup-relays-page.h"
#include "app/share/peerup-this-device-page.h"

struct _PeerupWindow
{
  AdwApplicationWindow parent_instance;

  PeerupSession *session;
  AdwNavigationSplitView *split_view;
};

G_DEFINE_FINAL_TYPE (PeerupWindow, peerup_window, ADW_TYPE_APPLICATION_WINDOW)

static void
show_page (PeerupWindow *self, gpointer page)
{
  adw_navigation_split_view_set_content (self->split_view, page);
  adw_navigation_split_view_set_show_content (self->split_view, TRUE);
}

static void
show_this_device (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  show_page (self, peerup_this_device_page_new (self->session));
}

static void
show_relays (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);

  show_page (self, peerup_relays_page_new (self->session));
}

static void
show_device (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupWindow *self = PEERUP_WINDOW (widget);
  g_autoptr (PeerupDBusDevice1) device = peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id",
                                                                  g_variant_get_string (parameter, NULL));

  if (device != NULL)
    show_page (self, peerup_device_page_new (self->session, device));
}

static void
invite (GtkWidget *widget, const char *action, GVariant *parameter)
{
  adw_dialog_present (ADW_DIALOG (peerup_invite_dialog_new (PEERUP_WINDOW (widget)->session)), widget);
}

static void
join (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *code = g_variant_get_string (parameter, NULL);

  adw_dialog_present (ADW_DIALOG (peerup_join_dialog_new (PEERUP_WINDOW (widget)->session, code)), widget);
}

static void
verify (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *peer_id = g_variant_get_string (parameter, NULL);

  adw_dialog_present (ADW_DIALOG (peerup_verify_dialog_new (PEERUP_WINDOW (widget)->session, peer_id)), widget);
}

static void
peerup_window_dispose (GObject *object)
{
  PeerupWindow *self = PEERUP_WINDOW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_WINDOW);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_window_parent_class)->dispose (object);
}

static void
peerup_window_class_init (PeerupWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_window_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-window.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupWindow, split_view);
  gtk_widget_class_install_action (widget_class, "win.show-this-device", NULL, show_this_device);
  gtk_widget_class_install_action (widget_class, "win.show-relays", NULL, show_relays);
  gtk_widget_class_install_action (widget_class, "win.show-device", "s", show_device);
  gtk_widget_class_install_action (widget_class, "win.invite", NULL, invite);
  gtk_widget_class_install_action (widget_class, "win.join", "s", join);
  gtk_widget_class_install_action (widget_class, "win.verify", "s", verify);
}

static void
peerup_window_init (PeerupWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupWindow *
peerup_window_new (GtkApplication *application, PeerupSession *session)
{
  PeerupWindow *self = g_object_new (PEERUP_TYPE_WINDOW, "application", application, NULL);

  self->session = g_object_ref (session);
  return self;
}
