/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows the names under which notifications are taken. It sends none. */
#include "app/notify/peerup-notify-server.h"

/* Where GLib looks for whether it runs in a sandbox. */
#define SANDBOX "/.flatpak-info"

#define N_NAMES 2

struct _PeerupNotifyServer
{
  GObject parent_instance;

  GDBusConnection *connection; /* (nullable) */
  GCancellable *cancellable;
  guint watches[N_NAMES];
  gboolean owned[N_NAMES];
  gboolean once[N_NAMES];        /* it was owned */
  gboolean activatable[N_NAMES]; /* the bus starts it again */
  gboolean available;
};

enum
{
  PROP_AVAILABLE = 1,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (PeerupNotifyServer, peerup_notify_server, G_TYPE_OBJECT)

/* The first is started where the bus can. */
static const char *const *
get_names (void)
{
  static const char *const outside[] = { "org.freedesktop.Notifications", "org.gtk.Notifications", NULL };
  static const char *const inside[] = { "org.freedesktop.portal.Desktop", NULL };

  return g_file_test (SANDBOX, G_FILE_TEST_EXISTS) ? inside : outside;
}

static void
update (PeerupNotifyServer *self)
{
  gboolean available = FALSE;

  /* Servers that are idle may end until they are needed. */
  for (guint i = 0; i < N_NAMES; i++)
    available |= self->owned[i] || (self->once[i] && self->activatable[i]);
  if (self->available == available)
    return;
  self->available = available;
  g_debug ("notifications can %s", available ? "be shown" : "not be shown");
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_AVAILABLE]);
}

static void
set_owned (PeerupNotifyServer *self, const char *name, gboolean owned)
{
  const char *const *names = get_names ();

  for (guint i = 0; i < N_NAMES && names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      {
        self->owned[i] = owned;
        self->once[i] |= owned;
      }
  update (self);
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer data)
{
  set_owned (data, name, TRUE);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer data)
{
  set_owned (data, name, FALSE);
}

static void
on_activatable (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupNotifyServer) self = data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  const char *const *names = get_names ();
  g_autofree const char **listed = NULL;

  if (answer == NULL)
    return;
  g_variant_get (answer, "(^a&s)", &listed);
  for (guint i = 0; i < N_NAMES && names[i] != NULL; i++)
    self->activatable[i] = g_strv_contains (listed, names[i]);
  update (self);
}

gboolean
peerup_notify_server_get_available (PeerupNotifyServer *self)
{
  g_return_val_if_fail (PEERUP_IS_NOTIFY_SERVER (self), FALSE);
  return self->available;
}

static void
peerup_notify_server_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_AVAILABLE)
    g_value_set_boolean (value, PEERUP_NOTIFY_SERVER (object)->available);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
peerup_notify_server_dispose (GObject *object)
{
  PeerupNotifyServer *self = PEERUP_NOTIFY_SERVER (object);

  g_cancellable_cancel (self->cancellable);
  for (guint i = 0; i < N_NAMES; i++)
    g_clear_handle_id (&self->watches[i], g_bus_unwatch_name);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (peerup_notify_server_parent_class)->dispose (object);
}

static void
peerup_notify_server_finalize (GObject *object)
{
  g_object_unref (PEERUP_NOTIFY_SERVER (object)->cancellable);
  G_OBJECT_CLASS (peerup_notify_server_parent_class)->finalize (object);
}

static void
peerup_notify_server_class_init (PeerupNotifyServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = peerup_notify_server_get_property;
  object_class->dispose = peerup_notify_server_dispose;
  object_class->finalize = peerup_notify_server_finalize;
  props[PROP_AVAILABLE] =
    g_param_spec_boolean ("available", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
peerup_notify_server_init (PeerupNotifyServer *self)
{
  self->cancellable = g_cancellable_new ();
}

PeerupNotifyServer *
peerup_notify_server_new (GDBusConnection *connection)
{
  PeerupNotifyServer *self = g_object_new (PEERUP_TYPE_NOTIFY_SERVER, NULL);
  const char *const *names = get_names ();

  if (connection == NULL)
    return self;
  self->connection = g_object_ref (connection);
  for (guint i = 0; i < N_NAMES && names[i] != NULL; i++)
    self->watches[i] =
      g_bus_watch_name_on_connection (connection, names[i],
                                      i == 0 ? G_BUS_NAME_WATCHER_FLAGS_AUTO_START : G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      on_appeared, on_vanished, self, NULL);
  g_dbus_connection_call (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "ListActivatableNames", NULL, G_VARIANT_TYPE ("(as)"), G_DBUS_CALL_FLAGS_NONE, -1,
                          self->cancellable, on_activatable, g_object_ref (self));
  return self;
}
