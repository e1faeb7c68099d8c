/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Switches, each bound to where its state is: the desktop's settings, or the engine. */
#include "app/preferences/peerup-preferences-dialog.h"

#include <glib/gi18n.h>

#include "app/preferences/peerup-engine-settings.h"
#include "config/peerup-config.h"

#define WATCHER "org.kde.StatusNotifierWatcher"

struct _PeerupPreferencesDialog
{
  AdwPreferencesDialog parent_instance;

  AdwSwitchRow *run_in_background;
  AdwSwitchRow *start_at_login;
  AdwSwitchRow *show_tray;
  AdwSwitchRow *notify_pairing;
  AdwSwitchRow *notify_joined;
  AdwSwitchRow *notify_access;
  AdwSwitchRow *notify_grant_ending;
  AdwSwitchRow *notify_device;
  AdwSwitchRow *notify_relay;
  AdwSwitchRow *mdns;
  AdwSwitchRow *port_mapping;
  AdwPreferencesGroup *identity_group;
  AdwSwitchRow *keyring;
  guint watch; /* of trays */
};

G_DEFINE_FINAL_TYPE (PeerupPreferencesDialog, peerup_preferences_dialog, ADW_TYPE_PREFERENCES_DIALOG)

static void
on_tray_here (GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
  PeerupPreferencesDialog *self = data;

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->show_tray),
                               _ ("With what is shared, and how devices are reached"));
}

/* The choice stays: a tray may come later. */
static void
on_no_tray (GDBusConnection *connection, const char *name, gpointer data)
{
  PeerupPreferencesDialog *self = data;

  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->show_tray),
                               _ ("This desktop shows no tray icons. An extension may add that."));
}

static void
bind (GSettings *settings, const char *key, AdwSwitchRow *row, gboolean otherwise)
{
  if (settings != NULL)
    {
      g_settings_bind (settings, key, row, "active", G_SETTINGS_BIND_DEFAULT);
      return;
    }
  adw_switch_row_set_active (row, otherwise);
  gtk_widget_set_sensitive (GTK_WIDGET (row), FALSE);
}

static gboolean
get_mdns (gpointer config)
{
  return peerup_config_get_mdns (config);
}

static gboolean
get_port_mapping (gpointer config)
{
  return peerup_config_get_port_mapping (config);
}

static void
peerup_preferences_dialog_dispose (GObject *object)
{
  PeerupPreferencesDialog *self = PEERUP_PREFERENCES_DIALOG (object);

  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_PREFERENCES_DIALOG);
  G_OBJECT_CLASS (peerup_preferences_dialog_parent_class)->dispose (object);
}

static void
peerup_preferences_dialog_class_init (PeerupPreferencesDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_preferences_dialog_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/dev/peerup/PeerUp/preferences/peerup-preferences-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, run_in_background);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, start_at_login);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, show_tray);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_pairing);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_joined);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_access);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_grant_ending);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_device);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, notify_relay);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, mdns);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, port_mapping);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, identity_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupPreferencesDialog, keyring);
}

static void
peerup_preferences_dialog_init (PeerupPreferencesDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_bind_property (self->keyring, "visible", self->identity_group, "visible", G_BINDING_SYNC_CREATE);
}

AdwDialog *
peerup_preferences_dialog_new (PeerupSession *session, GSettings *settings)
{
  PeerupPreferencesDialog *self = g_object_new (PEERUP_TYPE_PREFERENCES_DIALOG, NULL);

  bind (settings, "run-in-background", self->run_in_background, TRUE);
  bind (settings, "start-at-login", self->start_at_login, FALSE);
  bind (settings, "show-tray", self->show_tray, TRUE);
  bind (settings, "notify-pairing", self->notify_pairing, TRUE);
  bind (settings, "notify-joined", self->notify_joined, TRUE);
  bind (settings, "notify-access", self->notify_access, TRUE);
  bind (settings, "notify-grant-ending", self->notify_grant_ending, TRUE);
  bind (settings, "notify-device", self->notify_device, FALSE);
  bind (settings, "notify-relay", self->notify_relay, TRUE);
  peerup_engine_settings_bind_flag (self->mdns, session, "discovery.mdns", get_mdns);
  peerup_engine_settings_bind_flag (self->port_mapping, session, "network.port_mapping", get_port_mapping);
  peerup_engine_settings_bind_keyring (self->keyring, session);
  self->watch =
    g_bus_watch_name (G_BUS_TYPE_SESSION, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE, on_tray_here, on_no_tray, self, NULL);
  return ADW_DIALOG (self);
}
