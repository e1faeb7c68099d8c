/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A form with what the service is, saved in one call; grants and removal are done at once. Closes itself when the
 * service is gone. A service that Expose has made can only be looked at and ended. */
#include "app/share/peerup-service-dialog.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/share/peerup-grant-row.h"
#include "app/share/peerup-service-form.h"
#include "app/share/peerup-share-calls.h"

struct _PeerupServiceDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  PeerupDBusService1 *service;
  PeerupShareUsers *users;
  GWeakRef origin;
  GCancellable *cancellable;
  GPtrArray *grant_rows;
  GtkButton *cancel_button;
  GtkButton *save_button;
  AdwBanner *error_banner;
  PeerupServiceForm *form;
  AdwPreferencesGroup *grants_group;
  AdwButtonRow *remove_row;
};

G_DEFINE_FINAL_TYPE (PeerupServiceDialog, peerup_service_dialog, ADW_TYPE_DIALOG)

/* Grants */

static void
fill_grants (PeerupServiceDialog *self)
{
  GListModel *grants = G_LIST_MODEL (peerup_session_get_grants (self->session));

  for (guint i = 0; i < self->grant_rows->len; i++)
    adw_preferences_group_remove (self->grants_group, self->grant_rows->pdata[i]);
  g_ptr_array_set_size (self->grant_rows, 0);
  for (guint i = 0; i < g_list_model_get_n_items (grants); i++)
    {
      g_autoptr (PeerupDBusGrant1) grant = g_list_model_get_item (grants, i);
      GtkWidget *row;

      if (g_strcmp0 (peerup_dbus_grant1_get_service (grant), peerup_dbus_service1_get_name (self->service)) != 0)
        continue;
      row = peerup_grant_row_new (self->session, grant, self->users);
      g_ptr_array_add (self->grant_rows, row);
      adw_preferences_group_add (self->grants_group, row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->grants_group), self->grant_rows->len > 0);
}

/* Saving */

static void
set_busy (PeerupServiceDialog *self, gboolean busy)
{
  peerup_share_set_usable (GTK_WIDGET (self->form), !busy);
  if (busy)
    adw_banner_set_revealed (self->error_banner, FALSE);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupServiceDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer != NULL)
    {
      adw_dialog_force_close (ADW_DIALOG (self));
      return;
    }
  set_busy (self, FALSE);
  peerup_share_show_error (self->error_banner, error);
}

static void
on_save (PeerupServiceDialog *self)
{
  g_autoptr (GVariant) changes = NULL;

  if (!peerup_service_form_is_valid (self->form) || peerup_dbus_service1_get_transient (self->service))
    return;
  changes = g_variant_ref_sink (peerup_service_form_get_changes (self->form, self->service));
  if (g_variant_n_children (changes) == 0)
    {
      adw_dialog_force_close (ADW_DIALOG (self));
      return;
    }
  set_busy (self, TRUE);
  peerup_session_call_async (self->session, "ChangeService",
                             g_variant_new ("(s@a{sv})", peerup_dbus_service1_get_name (self->service), changes),
                             self->cancellable, on_saved, g_object_ref (self));
}

/* Its end */

static void
remove_now (PeerupServiceDialog *self)
{
  g_autoptr (GtkWidget) origin = g_weak_ref_get (&self->origin);

  if (origin != NULL)
    peerup_share_remove_service (origin, self->session, self->service);
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
on_response (PeerupServiceDialog *self, const char *response)
{
  if (g_str_equal (response, "remove"))
    remove_now (self);
}

static char *
describe_end (PeerupServiceDialog *self)
{
  guint active = peerup_dbus_service1_get_active (self->service);

  if (active == 0)
    return g_strdup (_ ("Other devices can no longer use it. What runs at its address goes on."));
  return g_strdup_printf (
    ngettext ("Other devices can no longer use it, and %u connection is cut. What runs at its address goes on.",
              "Other devices can no longer use it, and %u connections are cut. What runs at its address goes on.",
              active),
    active);
}

static void
on_remove (PeerupServiceDialog *self)
{
  gboolean transient = peerup_dbus_service1_get_transient (self->service);
  g_autofree char *name = peerup_text_isolate (peerup_dbus_service1_get_name (self->service));
  g_autofree char *heading = NULL;
  g_autofree char *body = describe_end (self);
  AdwDialog *alert;

  /* TRANSLATORS: %s is the name of a service */
  heading = g_strdup_printf (transient ? _ ("Stop Sharing %s?") : _ ("Remove %s?"), name);
  alert = adw_alert_dialog_new (heading, body);
  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (alert), "cancel", _ ("_Cancel"), "remove",
                                  transient ? _ ("_Stop Sharing") : _ ("_Remove"), NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (alert), "remove", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (alert), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (alert), "cancel");
  g_signal_connect_object (alert, "response", G_CALLBACK (on_response), self, G_CONNECT_SWAPPED);
  adw_dialog_present (alert, GTK_WIDGET (self));
}

/* It is gone, by whoever. */
static void
on_services (PeerupServiceDialog *self)
{
  g_autoptr (PeerupDBusService1) service = peerup_object_list_find (peerup_session_get_services (self->session), "name",
                                                                    peerup_dbus_service1_get_name (self->service));

  if (service == NULL && g_cancellable_is_cancelled (self->cancellable) == FALSE)
    adw_dialog_force_close (ADW_DIALOG (self));
}

/* Object */

static void
peerup_service_dialog_dispose (GObject *object)
{
  PeerupServiceDialog *self = PEERUP_SERVICE_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SERVICE_DIALOG);
  g_clear_object (&self->session);
  g_clear_object (&self->service);
  g_clear_object (&self->users);
  G_OBJECT_CLASS (peerup_service_dialog_parent_class)->dispose (object);
}

static void
peerup_service_dialog_finalize (GObject *object)
{
  PeerupServiceDialog *self = PEERUP_SERVICE_DIALOG (object);

  g_weak_ref_clear (&self->origin);
  g_object_unref (self->cancellable);
  g_ptr_array_unref (self->grant_rows);
  G_OBJECT_CLASS (peerup_service_dialog_parent_class)->finalize (object);
}

static void
peerup_service_dialog_class_init (PeerupServiceDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_service_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_service_dialog_finalize;
  g_type_ensure (PEERUP_TYPE_SERVICE_FORM);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-service-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, save_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, error_banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, form);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, grants_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceDialog, remove_row);
  gtk_widget_class_bind_template_callback (widget_class, on_save);
  gtk_widget_class_bind_template_callback (widget_class, on_remove);
}

static void
peerup_service_dialog_init (PeerupServiceDialog *self)
{
  self->cancellable = g_cancellable_new ();
  self->grant_rows = g_ptr_array_new ();
  g_weak_ref_init (&self->origin, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

/* Nothing can be changed of what Expose has made. */
static void
show_transient (PeerupServiceDialog *self)
{
  adw_dialog_set_title (ADW_DIALOG (self), _ ("Service"));
  gtk_widget_set_visible (GTK_WIDGET (self->save_button), FALSE);
  gtk_button_set_label (self->cancel_button, _ ("_Close"));
  peerup_service_form_set_fixed (self->form, _ ("It is shared until Peer-Up ends, and cannot be changed"));
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->remove_row), _ ("Stop Sharing…"));
}

PeerupServiceDialog *
peerup_service_dialog_new (PeerupSession *session, PeerupDBusService1 *service, PeerupShareUsers *users,
                           GtkWidget *origin)
{
  PeerupServiceDialog *self = g_object_new (PEERUP_TYPE_SERVICE_DIALOG, NULL);

  self->session = g_object_ref (session);
  self->service = g_object_ref (service);
  self->users = g_object_ref (users);
  g_weak_ref_set (&self->origin, origin);
  peerup_service_form_set_session (self->form, session);
  peerup_service_form_load (self->form, service);
  if (peerup_dbus_service1_get_transient (service))
    show_transient (self);
  fill_grants (self);
  g_signal_connect_object (peerup_session_get_grants (session), "items-changed", G_CALLBACK (fill_grants), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_services (session), "items-changed", G_CALLBACK (on_services), self,
                           G_CONNECT_SWAPPED);
  return self;
}
