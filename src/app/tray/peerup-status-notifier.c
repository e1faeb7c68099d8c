/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The item, and its life with watchers: nothing of one that is gone counts, so each has a GCancellable of its own. */
#include "app/tray/peerup-status-notifier.h"

#include <string.h>

#define INTERFACE         "org.kde.StatusNotifierItem"
#define WATCHER           "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH      "/StatusNotifierWatcher"
#define WATCHER_INTERFACE "org.kde.StatusNotifierWatcher"
#define PIXMAPS           G_VARIANT_TYPE ("a(iiay)")
/* Longer than that no watcher needs; what it does later than that does not count. */
#define TIMEOUT 25000 /* ms */
/* Of a token that is handed on, bytes. */
#define MAX_TOKEN 256

struct _PeerupStatusNotifier
{
  GObject parent_instance;

  GDBusConnection *connection;
  char *id;
  char *title;
  char *menu_path;
  char *icon_name;   /* (nullable): before there is one */
  GVariant *pixmaps; /* (nullable): likewise */
  char *text;        /* (nullable) */
  char *token;       /* (nullable): of the click to come */
  gboolean attention;
  guint registration;

  guint watch;               /* 0: before there is an icon */
  guint watcher_signals;     /* 0: while there is no watcher */
  char *owner;               /* (nullable): likewise: its unique name */
  GCancellable *cancellable; /* (nullable): likewise: what is asked of it */
  gboolean is_asking;        /* it is being registered */
  gboolean is_registered;
  gboolean has_host;
  gboolean is_shown;
};

enum
{
  PROP_0,
  PROP_SHOWN,
  N_PROPS
};
static GParamSpec *properties[N_PROPS];

enum
{
  ACTIVATED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupStatusNotifier, peerup_status_notifier, G_TYPE_OBJECT)

static const char description[] =
  "<node><interface name='" INTERFACE "'>"
  "<property name='Category' type='s' access='read'/>"
  "<property name='Id' type='s' access='read'/>"
  "<property name='Title' type='s' access='read'/>"
  "<property name='Status' type='s' access='read'/>"
  "<property name='WindowId' type='i' access='read'/>"
  "<property name='IconThemePath' type='s' access='read'/>"
  "<property name='Menu' type='o' access='read'/>"
  "<property name='ItemIsMenu' type='b' access='read'/>"
  "<property name='IconName' type='s' access='read'/>"
  "<property name='IconPixmap' type='a(iiay)' access='read'/>"
  "<property name='OverlayIconName' type='s' access='read'/>"
  "<property name='OverlayIconPixmap' type='a(iiay)' access='read'/>"
  "<property name='AttentionIconName' type='s' access='read'/>"
  "<property name='AttentionIconPixmap' type='a(iiay)' access='read'/>"
  "<property name='AttentionMovieName' type='s' access='read'/>"
  "<property name='ToolTip' type='(sa(iiay)ss)' access='read'/>"
  "<method name='ContextMenu'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
  "<method name='Activate'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
  "<method name='SecondaryActivate'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
  "<method name='Scroll'><arg type='i' direction='in'/><arg type='s' direction='in'/></method>"
  "<method name='ProvideXdgActivationToken'><arg type='s' direction='in'/></method>"
  "<signal name='NewTitle'/><signal name='NewIcon'/><signal name='NewAttentionIcon'/><signal name='NewOverlayIcon'/>"
  "<signal name='NewToolTip'/><signal name='NewStatus'><arg type='s'/></signal>"
  "</interface></node>";

static GDBusInterfaceInfo *
get_info (void)
{
  static GDBusNodeInfo *node;

  if (g_once_init_enter_pointer (&node))
    g_once_init_leave_pointer (&node, g_dbus_node_info_new_for_xml (description, NULL));
  return node->interfaces[0];
}

/* The item */

static const char *
get_status (PeerupStatusNotifier *self)
{
  /* Never Passive: there are trays that hide such a one with no way back. */
  return self->attention ? "NeedsAttention" : "Active";
}

static GVariant *
no_pixmaps (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("(iiay)"), NULL, 0);
}

/* The text may have markup, so it is escaped. */
static GVariant *
build_tool_tip (PeerupStatusNotifier *self)
{
  g_autofree char *text = g_markup_escape_text (self->text != NULL ? self->text : "", -1);

  return g_variant_new ("(s@a(iiay)ss)", "", no_pixmaps (), self->title, text);
}

static GVariant *
on_get (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *property,
        GError **error, gpointer data)
{
  PeerupStatusNotifier *self = data;
  const char *icon = self->icon_name != NULL ? self->icon_name : "";
  const struct
  {
    const char *name, *value;
  } texts[] = {
    { "Category", "Communications" }, { "Id", self->id },        { "Title", self->title },
    { "Status", get_status (self) },  { "IconName", icon },      { "AttentionIconName", self->attention ? icon : "" },
    { "IconThemePath", "" },          { "OverlayIconName", "" }, { "AttentionMovieName", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (texts[i].name, property))
      return g_variant_new_string (texts[i].value);
  if (g_str_equal (property, "Menu"))
    return g_variant_new_object_path (self->menu_path);
  if (g_str_equal (property, "ItemIsMenu"))
    return g_variant_new_boolean (FALSE);
  if (g_str_equal (property, "WindowId"))
    return g_variant_new_int32 (0);
  if (g_str_equal (property, "ToolTip"))
    return build_tool_tip (self);
  if (self->pixmaps != NULL &&
      (g_str_equal (property, "IconPixmap") || (self->attention && g_str_equal (property, "AttentionIconPixmap"))))
    return g_variant_ref (self->pixmaps);
  return no_pixmaps ();
}

static void
take_token (PeerupStatusNotifier *self, const char *token)
{
  g_clear_pointer (&self->token, g_free);
  if (*token != '\0' && strnlen (token, MAX_TOKEN + 1) <= MAX_TOKEN)
    self->token = g_strdup (token);
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  g_autoptr (PeerupStatusNotifier) self = g_object_ref (data);
  g_autofree char *text = NULL;

  if (g_str_equal (method, "ProvideXdgActivationToken"))
    g_variant_get (parameters, "(s)", &text);
  /* The tray shows the menu itself, and nothing scrolls. What follows from a click may end the connection. */
  g_dbus_method_invocation_return_value (invocation, NULL);
  if (text != NULL)
    take_token (self, text);
  else if (g_str_equal (method, "Activate") || g_str_equal (method, "SecondaryActivate"))
    {
      g_autofree char *token = g_steal_pointer (&self->token);

      g_signal_emit (self, signals[ACTIVATED], 0, token);
    }
}

static void
emit (PeerupStatusNotifier *self, const char *signal, GVariant *parameters)
{
  g_dbus_connection_emit_signal (self->connection, NULL, PEERUP_STATUS_NOTIFIER_PATH, INTERFACE, signal, parameters,
                                 NULL);
}

/* Watchers */

static void
update_shown (PeerupStatusNotifier *self)
{
  gboolean is_shown = self->is_registered && self->has_host;

  if (self->is_shown == is_shown)
    return;
  self->is_shown = is_shown;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SHOWN]);
}

static void
call_watcher (PeerupStatusNotifier *self, const char *interface, const char *method, GVariant *parameters,
              const char *reply, GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->connection, self->owner, WATCHER_PATH, interface, method, parameters,
                          G_VARIANT_TYPE (reply), G_DBUS_CALL_FLAGS_NO_AUTO_START, TIMEOUT, self->cancellable, callback,
                          g_object_ref (self));
}

/* Of a watcher that is gone: whatever it says. */
static gboolean
is_late (GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
on_host_known (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupStatusNotifier) self = data;
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (is_late (error))
    return;
  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  else
    {
      g_dbus_error_strip_remote_error (error);
      g_message ("the watcher of the tray does not say whether there is one: %s", error->message);
    }
  if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    self->has_host = g_variant_get_boolean (value);
  update_shown (self);
}

static void
ask_for_host (PeerupStatusNotifier *self)
{
  call_watcher (self, "org.freedesktop.DBus.Properties", "Get",
                g_variant_new ("(ss)", WATCHER_INTERFACE, "IsStatusNotifierHostRegistered"), "(v)", on_host_known);
}

static void
on_registered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupStatusNotifier) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (is_late (error))
    return;
  self->is_asking = FALSE;
  self->is_registered = reply != NULL;
  if (reply == NULL)
    {
      g_dbus_error_strip_remote_error (error);
      g_message ("the watcher of the tray does not take our icon: %s", error->message);
    }
  update_shown (self);
}

static void
register_item (PeerupStatusNotifier *self)
{
  if (self->is_registered || self->is_asking)
    return;
  self->is_asking = TRUE;
  call_watcher (self, WATCHER_INTERFACE, "RegisterStatusNotifierItem",
                g_variant_new ("(s)", g_dbus_connection_get_unique_name (self->connection)), "()", on_registered);
}

/* ":1.5", ":1.5/StatusNotifierItem", ":1.5@/StatusNotifierItem": there is no one way to write it. */
static gboolean
is_ours (PeerupStatusNotifier *self, const char *item)
{
  const char *name = g_dbus_connection_get_unique_name (self->connection);
  gsize length = strlen (name);

  return g_str_has_prefix (item, name) && !g_ascii_isdigit (item[length]);
}

static void
on_watcher_signal (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                   const char *signal, GVariant *parameters, gpointer data)
{
  PeerupStatusNotifier *self = data;
  const char *item;

  if (g_str_equal (signal, "StatusNotifierHostRegistered"))
    {
      register_item (self);
      ask_for_host (self);
    }
  else if (g_str_equal (signal, "StatusNotifierHostUnregistered"))
    /* There may be another one. */
    ask_for_host (self);
  else if (g_str_equal (signal, "StatusNotifierItemUnregistered") &&
           g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(s)")))
    {
      g_variant_get (parameters, "(&s)", &item);
      if (is_ours (self, item))
        self->is_registered = FALSE;
    }
  update_shown (self);
}

static void
leave_watcher (PeerupStatusNotifier *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->owner, g_free);
  if (self->watcher_signals != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->watcher_signals);
  self->watcher_signals = 0;
  self->is_asking = self->is_registered = self->has_host = FALSE;
  update_shown (self);
}

static void
on_watcher_gone (GDBusConnection *connection, const char *name, gpointer data)
{
  leave_watcher (data);
}

static void
on_watcher_here (GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
  PeerupStatusNotifier *self = data;

  leave_watcher (self);
  self->owner = g_strdup (owner);
  self->cancellable = g_cancellable_new ();
  self->watcher_signals =
    g_dbus_connection_signal_subscribe (connection, owner, WATCHER_INTERFACE, NULL, WATCHER_PATH, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_watcher_signal, self, NULL);
  register_item (self);
  ask_for_host (self);
}

/* What the item is */

void
peerup_status_notifier_set_icon (PeerupStatusNotifier *self, const char *icon_name, GVariant *pixmaps,
                                 gboolean attention)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (pixmaps);
  gboolean is_other;

  g_return_if_fail (PEERUP_IS_STATUS_NOTIFIER (self) && icon_name != NULL && g_variant_is_of_type (pixmaps, PIXMAPS));
  is_other = g_strcmp0 (self->icon_name, icon_name) != 0;
  g_set_str (&self->icon_name, icon_name);
  g_clear_pointer (&self->pixmaps, g_variant_unref);
  self->pixmaps = g_steal_pointer (&held);
  if (is_other)
    emit (self, "NewIcon", NULL);
  if (self->attention != !!attention)
    {
      self->attention = !!attention;
      emit (self, "NewAttentionIcon", NULL);
      emit (self, "NewStatus", g_variant_new ("(s)", get_status (self)));
    }
  if (self->watch == 0)
    self->watch = g_bus_watch_name_on_connection (self->connection, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                  on_watcher_here, on_watcher_gone, self, NULL);
}

void
peerup_status_notifier_set_text (PeerupStatusNotifier *self, const char *text)
{
  g_return_if_fail (PEERUP_IS_STATUS_NOTIFIER (self));
  if (g_set_str (&self->text, text))
    emit (self, "NewToolTip", NULL);
}

gboolean
peerup_status_notifier_is_shown (PeerupStatusNotifier *self)
{
  g_return_val_if_fail (PEERUP_IS_STATUS_NOTIFIER (self), FALSE);
  return self->is_shown;
}

static void
get_property (GObject *object, guint property, GValue *value, GParamSpec *pspec)
{
  if (property == PROP_SHOWN)
    g_value_set_boolean (value, PEERUP_STATUS_NOTIFIER (object)->is_shown);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, pspec);
}

static void
peerup_status_notifier_dispose (GObject *object)
{
  PeerupStatusNotifier *self = PEERUP_STATUS_NOTIFIER (object);

  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  leave_watcher (self);
  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  self->registration = 0;
  G_OBJECT_CLASS (peerup_status_notifier_parent_class)->dispose (object);
}

static void
peerup_status_notifier_finalize (GObject *object)
{
  PeerupStatusNotifier *self = PEERUP_STATUS_NOTIFIER (object);

  g_clear_object (&self->connection);
  g_clear_pointer (&self->pixmaps, g_variant_unref);
  g_free (self->id);
  g_free (self->title);
  g_free (self->menu_path);
  g_free (self->icon_name);
  g_free (self->text);
  g_free (self->token);
  G_OBJECT_CLASS (peerup_status_notifier_parent_class)->finalize (object);
}

static void
peerup_status_notifier_class_init (PeerupStatusNotifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = get_property;
  object_class->dispose = peerup_status_notifier_dispose;
  object_class->finalize = peerup_status_notifier_finalize;
  properties[PROP_SHOWN] = g_param_spec_boolean ("shown", NULL, NULL, FALSE,
                                                 G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
  signals[ACTIVATED] = g_signal_new ("activated", PEERUP_TYPE_STATUS_NOTIFIER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
peerup_status_notifier_init (PeerupStatusNotifier *self)
{
}

PeerupStatusNotifier *
peerup_status_notifier_new (GDBusConnection *connection, const char *id, const char *title, const char *menu_path,
                            GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_get };
  g_autoptr (PeerupStatusNotifier) self = g_object_new (PEERUP_TYPE_STATUS_NOTIFIER, NULL);

  self->connection = g_object_ref (connection);
  self->id = g_strdup (id);
  self->title = g_strdup (title);
  self->menu_path = g_strdup (menu_path);
  self->registration = g_dbus_connection_register_object (connection, PEERUP_STATUS_NOTIFIER_PATH, get_info (), &vtable,
                                                          self, NULL, error);
  return self->registration != 0 ? g_steal_pointer (&self) : NULL;
}
