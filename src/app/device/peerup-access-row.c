/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who a service is for is said by three objects: the service with its list, the device, which may be a guest, and a
 * grant. The row says what follows from them, and a hand on it changes the list or the grant. */
#include "app/device/peerup-access-row.h"

#include <glib/gi18n.h>

#include "app/device/peerup-access.h"
#include "app/device/peerup-device-dialogs.h"
#include "app/device/peerup-steps.h"
#include "app/device/peerup-until.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-toast.h"

struct _PeerupAccessRow
{
  AdwActionRow parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  PeerupDBusService1 *service;
  PeerupDBusGrant1 *grant; /* (nullable): this device's of this service */
  guint timer;             /* while it is seen, and its end comes nearer */

  GtkMenuButton *end_button;
  GtkSwitch *toggle;
};

G_DEFINE_FINAL_TYPE (PeerupAccessRow, peerup_access_row, ADW_TYPE_ACTION_ROW)

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static const char *
get_peer_id (PeerupAccessRow *self)
{
  const char *id = peerup_dbus_device1_get_peer_id (self->device);

  return id != NULL ? id : "";
}

static const char *
get_service (PeerupAccessRow *self)
{
  const char *name = peerup_dbus_service1_get_name (self->service);

  return name != NULL ? name : "";
}

static PeerupAccess
find_access (PeerupAccessRow *self)
{
  return peerup_access_find (peerup_dbus_device1_get_guest (self->device),
                             peerup_dbus_service1_get_restricted (self->service),
                             peerup_dbus_service1_get_allowed_peers (self->service), self->grant != NULL,
                             get_peer_id (self));
}

/* (transfer full) */
static char *
describe (PeerupAccessRow *self, PeerupAccess access)
{
  g_autoptr (GTimeZone) zone = NULL;

  switch (access)
    {
    case PEERUP_ACCESS_EVERYBODY:
      return g_strdup (_ ("As every paired device"));
    case PEERUP_ACCESS_LISTED:
      return g_strdup (_ ("Always"));
    case PEERUP_ACCESS_GRANTED:
      zone = g_time_zone_new_local ();
      return peerup_until_format (peerup_dbus_grant1_get_until (self->grant), get_now (), zone);
    case PEERUP_ACCESS_NONE:
    default:
      return g_strdup (_ ("Not allowed"));
    }
}

/* The list of a service that lasts until the engine ends cannot be changed, so that for such a one there are grants
 * alone. */
static gboolean
can_change (PeerupAccessRow *self, PeerupAccess access)
{
  return !peerup_dbus_device1_get_ended (self->device) &&
         (!peerup_dbus_service1_get_transient (self->service) || access == PEERUP_ACCESS_NONE ||
          access == PEERUP_ACCESS_GRANTED);
}

static void
update (PeerupAccessRow *self)
{
  PeerupAccess access = find_access (self);
  g_autofree char *title = peerup_text_clean (get_service (self));
  g_autofree char *text = describe (self, access);
  g_autofree char *subtitle = NULL;
  gboolean change = can_change (self, access);

  /* An answer may come when the row is gone. */
  if (self->toggle == NULL)
    return;
  if (peerup_dbus_service1_get_enabled (self->service))
    subtitle = g_steal_pointer (&text);
  else
    /* TRANSLATORS: %s is until when a device may use a service: "Until 18:00" */
    subtitle = g_strdup_printf (_ ("%s · Not shared now"), text);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_switch_set_active (self->toggle, access != PEERUP_ACCESS_NONE);
  gtk_switch_set_state (self->toggle, access != PEERUP_ACCESS_NONE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->toggle), change);
  gtk_widget_set_visible (GTK_WIDGET (self->end_button),
                          access == PEERUP_ACCESS_NONE || access == PEERUP_ACCESS_GRANTED);
  gtk_widget_set_sensitive (GTK_WIDGET (self->end_button), change);
}

static gboolean
on_minute (gpointer data)
{
  update (data);
  return G_SOURCE_CONTINUE;
}

static void
update_timer (PeerupAccessRow *self)
{
  gboolean wanted =
    self->grant != NULL && peerup_dbus_grant1_get_until (self->grant) > 0 && gtk_widget_get_mapped (GTK_WIDGET (self));

  if (!wanted)
    g_clear_handle_id (&self->timer, g_source_remove);
  else if (self->timer == 0)
    self->timer = g_timeout_add_seconds (60, on_minute, self);
}

static void
on_grant_notify (PeerupAccessRow *self)
{
  update_timer (self);
  update (self);
}

/* @grant: (nullable) */
static void
set_grant (PeerupAccessRow *self, PeerupDBusGrant1 *grant)
{
  if (grant == self->grant)
    return;
  if (self->grant != NULL)
    g_signal_handlers_disconnect_by_data (self->grant, self);
  g_set_object (&self->grant, grant);
  if (grant != NULL)
    g_signal_connect_object (grant, "notify", G_CALLBACK (on_grant_notify), self, G_CONNECT_SWAPPED);
}

static void
on_grants_changed (PeerupAccessRow *self)
{
  GListModel *grants = G_LIST_MODEL (peerup_session_get_grants (self->session));
  g_autoptr (PeerupDBusGrant1) found = NULL;

  for (guint i = 0; found == NULL && i < g_list_model_get_n_items (grants); i++)
    {
      g_autoptr (PeerupDBusGrant1) grant = g_list_model_get_item (grants, i);

      if (g_strcmp0 (peerup_dbus_grant1_get_peer_id (grant), get_peer_id (self)) == 0 &&
          g_strcmp0 (peerup_dbus_grant1_get_service (grant), get_service (self)) == 0)
        found = g_steal_pointer (&grant);
    }
  set_grant (self, found);
  on_grant_notify (self);
}

/* Changes */

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAccessRow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *what = NULL;

  if (peerup_steps_run_finish (PEERUP_SESSION (source), result, &error))
    return;
  name = peerup_text_isolate (get_service (self));
  /* TRANSLATORS: %s is the name of a service; a reason follows after a colon */
  what = g_strdup_printf (_ ("Cannot change who may use %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
  update (self);
}

static void
run (PeerupAccessRow *self, PeerupSteps *steps)
{
  peerup_steps_run_async (self->session, steps, on_changed, g_object_ref (self));
}

static void
add_grant_step (PeerupAccessRow *self, PeerupSteps *steps, gint64 until)
{
  peerup_steps_add (steps, "AddGrant", g_variant_new ("(ssx)", get_peer_id (self), get_service (self), until));
}

static void
add_list_step (PeerupAccessRow *self, PeerupSteps *steps, const char *const *allowed)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert_value (&options, "allowed", g_variant_new_strv (allowed, -1));
  /* What nobody may use is for nobody again. */
  if (allowed[0] == NULL && peerup_dbus_service1_get_restricted (self->service))
    g_variant_dict_insert (&options, "restricted", "b", TRUE);
  peerup_steps_add (steps, "ChangeService",
                    g_variant_new ("(s@a{sv})", get_service (self), g_variant_dict_end (&options)));
}

static void
grant_until (PeerupAccessRow *self, gint64 until)
{
  PeerupSteps *steps = peerup_steps_new ();

  add_grant_step (self, steps, until);
  run (self, steps);
}

static void
allow (PeerupAccessRow *self)
{
  g_auto (GStrv) allowed = NULL;
  PeerupSteps *steps;

  if (peerup_dbus_device1_get_guest (self->device) || peerup_dbus_service1_get_transient (self->service))
    {
      grant_until (self, 0);
      return;
    }
  steps = peerup_steps_new ();
  allowed = peerup_access_add (peerup_dbus_service1_get_allowed_peers (self->service), get_peer_id (self));
  add_list_step (self, steps, (const char *const *) allowed);
  run (self, steps);
}

/* The other devices that a service is for while it is for all of them. (transfer full) */
static char **
list_others (PeerupAccessRow *self)
{
  GListModel *devices = G_LIST_MODEL (peerup_session_get_devices (self->session));
  g_autoptr (GStrvBuilder) others = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr (PeerupDBusDevice1) device = g_list_model_get_item (devices, i);
      const char *id = peerup_dbus_device1_get_peer_id (device);

      if (id != NULL && !g_str_equal (id, get_peer_id (self)) && !peerup_dbus_device1_get_guest (device) &&
          !peerup_dbus_device1_get_ended (device))
        g_strv_builder_add (others, id);
    }
  return g_strv_builder_end (others);
}

typedef struct
{
  PeerupAccessRow *row;
  gboolean everybody; /* could use it before */
  PeerupSteps *undo;  /* (nullable): once it was done */
} Denial;

static void
denial_free (gpointer data)
{
  Denial *denial = data;

  g_object_unref (denial->row);
  g_clear_pointer (&denial->undo, peerup_steps_free);
  g_free (denial);
}

static void
on_undo (gpointer data, gpointer user_data)
{
  Denial *denial = data;

  run (denial->row, g_steal_pointer (&denial->undo));
}

static void
on_denied (GObject *source, GAsyncResult *result, gpointer data)
{
  Denial *denial = data;
  PeerupAccessRow *self = denial->row;
  g_autoptr (GError) error = NULL;
  g_autofree char *service = peerup_text_isolate (get_service (self));
  g_autofree char *name = NULL;
  g_autofree char *text = NULL;

  if (!peerup_steps_run_finish (PEERUP_SESSION (source), result, &error))
    {
      text = g_strdup_printf (_ ("Cannot change who may use %s"), service);
      peerup_toast_error (GTK_WIDGET (self), text, error);
      update (self);
      denial_free (denial);
      return;
    }
  name = peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (self->device), get_peer_id (self));
  if (denial->everybody)
    /* TRANSLATORS: the first %s is a device, the second a service, which was for all devices, also for those to come */
    text = g_strdup_printf (_ ("%s may no longer use %s, nor may devices that are paired later"), name, service);
  else
    /* TRANSLATORS: the first %s is a device, the second a service */
    text = g_strdup_printf (_ ("%s may no longer use %s"), name, service);
  peerup_toast_undo (GTK_WIDGET (self), text, on_undo, denial, denial_free);
}

/* Takes it off @left, the others that the service is for, which must not be none: that is everybody to the engine. */
static void
deny (PeerupAccessRow *self, const char *const *left)
{
  static const char *const everybody[] = { NULL };
  PeerupSteps *steps = peerup_steps_new ();
  Denial *denial = g_new0 (Denial, 1);
  PeerupAccess access = find_access (self);

  denial->row = g_object_ref (self);
  denial->everybody = access == PEERUP_ACCESS_EVERYBODY;
  denial->undo = peerup_steps_new ();
  if (access == PEERUP_ACCESS_EVERYBODY)
    add_list_step (self, denial->undo, everybody);
  else if (access == PEERUP_ACCESS_LISTED)
    add_list_step (self, denial->undo, peerup_dbus_service1_get_allowed_peers (self->service));
  if (self->grant != NULL)
    {
      peerup_steps_add (steps, "RevokeGrant", g_variant_new ("(ss)", get_peer_id (self), get_service (self)));
      add_grant_step (self, denial->undo, peerup_dbus_grant1_get_until (self->grant));
    }
  if (left != NULL)
    add_list_step (self, steps, left);
  peerup_steps_run_async (self->session, steps, on_denied, denial);
}

static void
on_stop_chosen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAccessRow) self = data;
  const char *response = adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result);
  PeerupSteps *steps;

  if (g_str_equal (response, "stop"))
    {
      steps = peerup_steps_new ();
      peerup_steps_add (steps, "EnableService", g_variant_new ("(sb)", get_service (self), FALSE));
      run (self, steps);
    }
  update (self);
}

/* A service that nobody may use is one that is not shared. */
static void
ask_to_stop (PeerupAccessRow *self)
{
  g_autofree char *service = peerup_text_isolate (get_service (self));
  g_autofree char *device =
    peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (self->device), get_peer_id (self));
  /* TRANSLATORS: %s is a service */
  g_autofree char *heading = g_strdup_printf (_ ("Stop Sharing %s?"), service);
  /* TRANSLATORS: %s is a device */
  g_autofree char *body = g_strdup_printf (_ ("No other device than %s may use it."), device);
  AdwDialog *dialog = adw_alert_dialog_new (heading, body);

  adw_alert_dialog_add_responses (ADW_ALERT_DIALOG (dialog), "cancel", _ ("_Cancel"), "stop", _ ("_Stop Sharing"),
                                  NULL);
  adw_alert_dialog_set_response_appearance (ADW_ALERT_DIALOG (dialog), "stop", ADW_RESPONSE_DESTRUCTIVE);
  adw_alert_dialog_set_default_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_set_close_response (ADW_ALERT_DIALOG (dialog), "cancel");
  adw_alert_dialog_choose (ADW_ALERT_DIALOG (dialog), GTK_WIDGET (self), NULL, on_stop_chosen, g_object_ref (self));
}

static gboolean
on_state_set (PeerupAccessRow *self, gboolean wanted)
{
  PeerupAccess access = find_access (self);
  g_auto (GStrv) left = NULL;

  if (wanted == (access != PEERUP_ACCESS_NONE))
    return FALSE;
  if (wanted)
    {
      allow (self);
      return TRUE;
    }
  if (access == PEERUP_ACCESS_EVERYBODY)
    left = list_others (self);
  else if (access == PEERUP_ACCESS_LISTED)
    left = peerup_access_remove (peerup_dbus_service1_get_allowed_peers (self->service), get_peer_id (self));
  if (left != NULL && left[0] == NULL)
    ask_to_stop (self);
  else
    deny (self, (const char *const *) left);
  return TRUE;
}

static void
grant_for (GtkWidget *widget, const char *action, GVariant *parameter)
{
  const char *time = g_variant_get_string (parameter, NULL);
  gint64 hours = g_str_equal (time, "week") ? 7 * 24 : g_str_equal (time, "day") ? 24 : 1;

  grant_until (PEERUP_ACCESS_ROW (widget), get_now () + hours * 3600);
}

static void
grant_always (GtkWidget *widget, const char *action, GVariant *parameter)
{
  grant_until (PEERUP_ACCESS_ROW (widget), 0);
}

static void
on_day_chosen (GtkWidget *widget, gint64 until, gpointer data)
{
  grant_until (PEERUP_ACCESS_ROW (widget), until);
}

static void
choose_until (GtkWidget *widget, const char *action, GVariant *parameter)
{
  peerup_device_choose_day (widget, on_day_chosen, NULL);
}

static void
on_mapped (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_access_row_parent_class)->map (widget);
  on_grant_notify (PEERUP_ACCESS_ROW (widget));
}

static void
on_unmapped (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_access_row_parent_class)->unmap (widget);
  update_timer (PEERUP_ACCESS_ROW (widget));
}

static void
peerup_access_row_dispose (GObject *object)
{
  PeerupAccessRow *self = PEERUP_ACCESS_ROW (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_ACCESS_ROW);
  G_OBJECT_CLASS (peerup_access_row_parent_class)->dispose (object);
}

static void
peerup_access_row_finalize (GObject *object)
{
  PeerupAccessRow *self = PEERUP_ACCESS_ROW (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->service);
  g_clear_object (&self->grant);
  G_OBJECT_CLASS (peerup_access_row_parent_class)->finalize (object);
}

static void
peerup_access_row_class_init (PeerupAccessRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_access_row_dispose;
  object_class->finalize = peerup_access_row_finalize;
  widget_class->map = on_mapped;
  widget_class->unmap = on_unmapped;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-access-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupAccessRow, end_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupAccessRow, toggle);
  gtk_widget_class_bind_template_callback (widget_class, on_state_set);
  gtk_widget_class_install_action (widget_class, "access.for", "s", grant_for);
  gtk_widget_class_install_action (widget_class, "access.until", NULL, choose_until);
  gtk_widget_class_install_action (widget_class, "access.always", NULL, grant_always);
}

static void
peerup_access_row_init (PeerupAccessRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_access_row_new (PeerupSession *session, PeerupDBusDevice1 *device, PeerupDBusService1 *service)
{
  PeerupAccessRow *self = g_object_new (PEERUP_TYPE_ACCESS_ROW, NULL);

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  self->service = g_object_ref (service);
  g_signal_connect_object (device, "notify::guest", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (device, "notify::ended", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (service, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_grants (session), "items-changed", G_CALLBACK (on_grants_changed), self,
                           G_CONNECT_SWAPPED);
  on_grants_changed (self);
  return GTK_WIDGET (self);
}
