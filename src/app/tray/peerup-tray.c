/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Keeps the icon and the menu as the session is. An icon cannot be taken back from a tray but by ending the connection
 * that it belongs to, so it has one of its own, which is there while the icon is wanted. */
#include "app/tray/peerup-tray.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-settings.h"
#include "app/model/peerup-text.h"
#include "app/tray/peerup-dbus-menu.h"
#include "app/tray/peerup-status-notifier.h"
#include "app/tray/peerup-tray-menu.h"
#include "app/tray/peerup-tray-pixmaps.h"
#include "app/tray/peerup-tray-state.h"

#define MENU_PATH   "/StatusNotifierItem/Menu"
#define SETTING     "show-tray"
#define FAILURE     "tray-failure" /* the notification of it */
#define MAX_FAILURE 300            /* characters */

struct _PeerupTray
{
  GObject parent_instance;

  GApplication *application; /* (nullable) weak: what was called may be answered when it is gone */
  PeerupSession *session;
  GSettings *settings; /* (nullable) */
  GSignalGroup *engine;
  GCancellable *cancellable;
  GCancellable *opening;       /* (nullable): while the connection is made */
  GDBusConnection *connection; /* (nullable): while there is an icon, if only here */
  PeerupStatusNotifier *notifier;
  PeerupDbusMenu *menu;
  GVariant *pixmaps[PEERUP_TRAY_TROUBLE + 1]; /* (nullable): those that were needed */
  guint idle;
};

enum
{
  PROP_0,
  PROP_SHOWN,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PeerupTray, peerup_tray, G_TYPE_OBJECT)

/* What is shown */

static GVariant *
get_pixmaps (PeerupTray *self, PeerupTrayState state)
{
  g_autoptr (GError) error = NULL;

  if (self->pixmaps[state] == NULL)
    {
      GVariant *pixmaps = peerup_tray_pixmaps_new (peerup_tray_get_name (state), &error);

      if (pixmaps == NULL)
        g_warning ("no pixels for the tray: %s", error->message);
      self->pixmaps[state] =
        g_variant_ref_sink (pixmaps != NULL ? pixmaps : g_variant_new_array (G_VARIANT_TYPE ("(iiay)"), NULL, 0));
    }
  return self->pixmaps[state];
}

static void
update (PeerupTray *self)
{
  g_autofree char *text = NULL;
  PeerupTrayState state;
  PeerupTrayFacts facts;

  peerup_tray_facts_get (&facts, self->session);
  state = peerup_tray_find_state (&facts);
  text = peerup_tray_dup_text (&facts);
  peerup_dbus_menu_set_root (self->menu, peerup_tray_menu_new (self->session, text));
  peerup_dbus_menu_set_notice (self->menu, state == PEERUP_TRAY_TROUBLE);
  peerup_status_notifier_set_text (self->notifier, text);
  peerup_status_notifier_set_icon (self->notifier, peerup_tray_get_icon (state), get_pixmaps (self, state),
                                   state == PEERUP_TRAY_TROUBLE);
}

static gboolean
on_idle (gpointer data)
{
  PeerupTray *self = data;

  self->idle = 0;
  if (self->notifier != NULL)
    update (self);
  return G_SOURCE_REMOVE;
}

/* Many things change at once. */
static void
queue_update (PeerupTray *self)
{
  if (self->notifier != NULL && self->idle == 0)
    self->idle = g_idle_add (on_idle, self);
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, gpointer data)
{
  PeerupTray *self = data;

  for (guint i = 0; i < added; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, position + i);

      /* It may have been here before. */
      g_signal_handlers_disconnect_by_func (item, queue_update, self);
      g_signal_connect_object (item, "notify", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
    }
  queue_update (self);
}

static void
listen_to_list (PeerupTray *self, PeerupObjectList *list)
{
  g_signal_connect_object (list, "items-changed", G_CALLBACK (on_items_changed), self, 0);
  on_items_changed (G_LIST_MODEL (list), 0, 0, g_list_model_get_n_items (G_LIST_MODEL (list)), self);
}

static void
listen (PeerupTray *self)
{
  self->engine = g_signal_group_new (G_TYPE_OBJECT);
  g_signal_group_connect_object (self->engine, "notify::problems", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
  g_object_bind_property (self->session, "engine", self->engine, "target", G_BINDING_SYNC_CREATE);
  g_signal_connect_object (self->session, "notify", G_CALLBACK (queue_update), self, G_CONNECT_SWAPPED);
  listen_to_list (self, peerup_session_get_devices (self->session));
  listen_to_list (self, peerup_session_get_services (self->session));
  listen_to_list (self, peerup_session_get_forwards (self->session));
}

/* What is clicked */

/* @parameter: (nullable), consumed if floating; @token: (nullable): with one, the way leads over the bus, for which the
 * toolkit lets a window come to the front. */
static void
activate (PeerupTray *self, const char *action, GVariant *parameter, const char *token)
{
  GDBusConnection *bus = self->application != NULL ? g_application_get_dbus_connection (self->application) : NULL;
  g_autoptr (GVariant) held = parameter != NULL ? g_variant_ref_sink (parameter) : NULL;
  GVariantBuilder parameters;
  GVariantDict platform;

  if (self->application == NULL)
    return;
  if (token == NULL || bus == NULL)
    {
      g_action_group_activate_action (G_ACTION_GROUP (self->application), action, held);
      return;
    }
  g_variant_builder_init (&parameters, G_VARIANT_TYPE ("av"));
  if (held != NULL)
    g_variant_builder_add (&parameters, "v", held);
  g_variant_dict_init (&platform, NULL);
  g_variant_dict_insert (&platform, "activation-token", "s", token);
  g_variant_dict_insert (&platform, "desktop-startup-id", "s", token);
  g_dbus_connection_call (bus, g_dbus_connection_get_unique_name (bus),
                          g_application_get_dbus_object_path (self->application), "org.gtk.Actions", "Activate",
                          g_variant_new ("(sav@a{sv})", action, &parameters, g_variant_dict_end (&platform)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

typedef struct
{
  PeerupTray *self;
  char *key;
  char *name;
  gboolean enabled; /* what it was to be */
} Toggle;

static void
toggle_free (Toggle *toggle)
{
  g_object_unref (toggle->self);
  g_free (toggle->key);
  g_free (toggle->name);
  g_free (toggle);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Toggle, toggle_free)

/* There may be no window to say it in. */
static void
say_failure (PeerupTray *self, const Toggle *toggle, const GError *error)
{
  g_autofree char *name = peerup_text_isolate (toggle->name);
  /* TRANSLATORS: %s is the name of a service, such as "ssh". */
  g_autofree char *title =
    g_strdup_printf (toggle->enabled ? _ ("Cannot share %s") : _ ("Cannot stop sharing %s"), name);
  g_autofree char *body = peerup_text_clean_to (error->message, MAX_FAILURE);
  g_autoptr (GNotification) notification = g_notification_new (title);

  g_notification_set_body (notification, body);
  g_notification_set_default_action (notification, "app.open");
  g_application_send_notification (self->application, FAILURE, notification);
}

static void
on_toggled (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Toggle) toggle = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer != NULL || toggle->self->application == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  /* Trays show what was clicked as done. */
  if (toggle->self->menu != NULL)
    peerup_dbus_menu_repeat (toggle->self->menu, toggle->key);
  say_failure (toggle->self, toggle, error);
}

/* What the command has exposed the configuration does not know, so it ends. */
static void
toggle_service (PeerupTray *self, const char *key)
{
  const char *name = key + strlen (PEERUP_TRAY_SERVICE);
  g_autoptr (PeerupDBusService1) service =
    peerup_object_list_find (peerup_session_get_services (self->session), "name", name);
  gboolean is_transient;
  Toggle *toggle;

  if (service == NULL)
    return;
  is_transient = peerup_dbus_service1_get_transient (service);
  toggle = g_new0 (Toggle, 1);
  toggle->self = g_object_ref (self);
  toggle->key = g_strdup (key);
  toggle->name = g_strdup (name);
  toggle->enabled = !peerup_dbus_service1_get_enabled (service) && !is_transient;
  peerup_session_call_async (self->session, is_transient ? "Unexpose" : "EnableService",
                             is_transient ? g_variant_new ("(s)", name) : g_variant_new ("(sb)", name, toggle->enabled),
                             self->cancellable, on_toggled, toggle);
}

static void
show_device_of (PeerupTray *self, const char *forward_id)
{
  g_autoptr (PeerupDBusForward1) forward =
    peerup_object_list_find (peerup_session_get_forwards (self->session), "id", forward_id);

  if (forward != NULL)
    activate (self, "show-device", g_variant_new_string (peerup_dbus_forward1_get_peer_id (forward)), NULL);
}

static void
on_chosen (PeerupTray *self, const char *key)
{
  if (g_str_has_prefix (key, PEERUP_TRAY_SERVICE))
    toggle_service (self, key);
  else if (g_str_has_prefix (key, PEERUP_TRAY_FORWARD))
    show_device_of (self, key + strlen (PEERUP_TRAY_FORWARD));
  else if (g_str_equal (key, "join"))
    activate (self, "join", g_variant_new_string (""), NULL);
  else if (g_str_equal (key, "invite"))
    activate (self, "invite", NULL, NULL);
  else if (g_str_equal (key, "quit"))
    activate (self, "ask-quit", NULL, NULL);
  else
    activate (self, "open", NULL, NULL); /* and more than the menu has */
}

static void
on_clicked (PeerupTray *self, const char *token)
{
  activate (self, "open", NULL, token);
}

/* Whether there is one */

static void
on_shown (PeerupTray *self)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHOWN]);
}

static void
take_down (PeerupTray *self)
{
  gboolean was_shown = peerup_tray_is_shown (self);

  g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  g_clear_handle_id (&self->idle, g_source_remove);
  if (self->notifier != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->notifier, self);
      /* While a watcher is asked, it is held. */
      g_object_run_dispose (G_OBJECT (self->notifier));
    }
  g_clear_object (&self->notifier);
  g_clear_object (&self->menu);
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      if (!g_dbus_connection_is_closed (self->connection))
        g_dbus_connection_close (self->connection, NULL, NULL, NULL);
    }
  g_clear_object (&self->connection);
  if (was_shown)
    on_shown (self);
}

static gboolean
put_up (PeerupTray *self, GError **error)
{
  const char *id = g_application_get_application_id (self->application);

  self->menu = peerup_dbus_menu_new (self->connection, MENU_PATH, error);
  if (self->menu == NULL)
    return FALSE;
  self->notifier = peerup_status_notifier_new (self->connection, id, _ ("Peer-Up"), MENU_PATH, error);
  if (self->notifier == NULL)
    return FALSE;
  g_signal_connect_object (self->menu, "activated", G_CALLBACK (on_chosen), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->notifier, "activated", G_CALLBACK (on_clicked), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->notifier, "notify::shown", G_CALLBACK (on_shown), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->connection, "closed", G_CALLBACK (take_down), self, G_CONNECT_SWAPPED);
  update (self);
  return TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupTray) self = data;
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->application == NULL)
    {
      g_clear_object (&connection);
      return;
    }
  g_clear_object (&self->opening);
  self->connection = connection;
  if (connection == NULL || !put_up (self, &error))
    {
      g_message ("no icon in the tray: %s", error->message);
      take_down (self);
    }
}

static void
on_wanted (PeerupTray *self)
{
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  if (!peerup_settings_get_boolean (self->settings, SETTING, TRUE))
    {
      take_down (self);
      return;
    }
  if (self->application == NULL || self->opening != NULL || self->connection != NULL ||
      g_application_get_dbus_connection (self->application) == NULL)
    return;
  address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (address == NULL)
    {
      g_message ("no icon in the tray: %s", error->message);
      return;
    }
  self->opening = g_cancellable_new ();
  g_dbus_connection_new_for_address (address,
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                       G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                     NULL, self->opening, on_connected, g_object_ref (self));
}

gboolean
peerup_tray_is_shown (PeerupTray *self)
{
  g_return_val_if_fail (PEERUP_IS_TRAY (self), FALSE);
  return self->notifier != NULL && peerup_status_notifier_is_shown (self->notifier);
}

static void
get_property (GObject *object, guint property, GValue *value, GParamSpec *pspec)
{
  if (property == PROP_SHOWN)
    g_value_set_boolean (value, peerup_tray_is_shown (PEERUP_TRAY (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, pspec);
}

static void
peerup_tray_dispose (GObject *object)
{
  PeerupTray *self = PEERUP_TRAY (object);

  g_cancellable_cancel (self->cancellable);
  take_down (self);
  G_OBJECT_CLASS (peerup_tray_parent_class)->dispose (object);
}

static void
peerup_tray_finalize (GObject *object)
{
  PeerupTray *self = PEERUP_TRAY (object);

  for (guint i = 0; i < G_N_ELEMENTS (self->pixmaps); i++)
    g_clear_pointer (&self->pixmaps[i], g_variant_unref);
  g_clear_weak_pointer (&self->application);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  g_clear_object (&self->session);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (peerup_tray_parent_class)->finalize (object);
}

static void
peerup_tray_class_init (PeerupTrayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->dispose = peerup_tray_dispose;
  object_class->finalize = peerup_tray_finalize;
  properties[PROP_SHOWN] = g_param_spec_boolean ("shown", NULL, NULL, FALSE,
                                                 G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
peerup_tray_init (PeerupTray *self)
{
  self->cancellable = g_cancellable_new ();
}

PeerupTray *
peerup_tray_new (GApplication *application, PeerupSession *session, GSettings *settings)
{
  PeerupTray *self = g_object_new (PEERUP_TYPE_TRAY, NULL);

  g_set_weak_pointer (&self->application, application);
  self->session = g_object_ref (session);
  g_set_object (&self->settings, settings);
  listen (self);
  if (settings != NULL)
    g_signal_connect_object (settings, "changed::" SETTING, G_CALLBACK (on_wanted), self, G_CONNECT_SWAPPED);
  on_wanted (self);
  return self;
}
