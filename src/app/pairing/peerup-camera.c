/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The Camera portal, version 1: is there a camera, may we, then a connection to PipeWire. The answer to "may we" is a
 * signal of a request object, whose name we choose so that we listen before we ask. Outside of a sandbox the portal
 * knows a program by what it has registered, where it can be registered. */
#include "app/pairing/peerup-camera.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n.h>

#include "peerup-config.h"

#define PORTAL_NAME       "org.freedesktop.portal.Desktop"
#define PORTAL_PATH       "/org/freedesktop/portal/desktop"
#define CAMERA_INTERFACE  "org.freedesktop.portal.Camera"
#define REQUEST_INTERFACE "org.freedesktop.portal.Request"

/* Of a request's Response. */
enum
{
  RESPONSE_GRANTED = 0,
  RESPONSE_REFUSED = 1,
};

struct _PeerupCamera
{
  GObject parent_instance;

  GDBusProxy *portal; /* (nullable): once it was asked */
};

G_DEFINE_FINAL_TYPE (PeerupCamera, peerup_camera, G_TYPE_OBJECT)
G_DEFINE_QUARK (peerup - camera - error - quark, peerup_camera_error)

static guint changed_signal;

/* One question to the portal; of a task. */
typedef struct
{
  GDBusProxy *portal;
  char *path; /* of the request object */
  guint response;
  gulong owner;
  GSource *cancelled; /* (nullable) */
} Ask;

static void
ask_end (Ask *self)
{
  if (self->response != 0)
    g_dbus_connection_signal_unsubscribe (g_dbus_proxy_get_connection (self->portal), self->response);
  self->response = 0;
  if (self->portal != NULL)
    g_clear_signal_handler (&self->owner, self->portal);
  if (self->cancelled != NULL)
    g_source_destroy (self->cancelled);
  g_clear_pointer (&self->cancelled, g_source_unref);
}

static void
ask_free (gpointer data)
{
  Ask *self = data;

  ask_end (self);
  g_clear_object (&self->portal);
  g_free (self->path);
  g_free (self);
}

static void
fail_no_portal (GTask *task)
{
  g_task_return_new_error_literal (task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_NO_PORTAL,
                                   _ ("This desktop gives no cameras to programs. Install xdg-desktop-portal and the "
                                      "backend of your desktop, and PipeWire, then try again."));
}

static void
fail_refused (GTask *task)
{
  g_task_return_new_error_literal (
    task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_REFUSED,
    _ ("Allow Peer-Up to use the camera in Settings, under Privacy or Apps, then try again."));
}

/* What the portal answers to a call with an error of its own. */
static void
fail_call (GTask *task, GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
      g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE))
    fail_no_portal (task);
  else
    {
      g_autofree char *name = g_dbus_error_get_remote_error (error);

      /* Also where the desktop's owner has switched off cameras. */
      if (g_strcmp0 (name, "org.freedesktop.portal.Error.NotAllowed") == 0)
        fail_refused (task);
      else
        {
          g_dbus_error_strip_remote_error (error);
          g_task_return_new_error (task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_FAILED,
                                   /* TRANSLATORS: %s is what the desktop has answered */
                                   _ ("The desktop does not give the camera: %s"), error->message);
        }
    }
  g_error_free (error);
}

/* 3: PipeWire */

static void
on_remote (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_with_unix_fd_list_finish (G_DBUS_PROXY (source), &fds, result, &error);
  int number = -1, fd = -1;

  if (reply != NULL && g_variant_is_of_type (reply, G_VARIANT_TYPE ("(h)")))
    g_variant_get (reply, "(h)", &number);
  if (fds != NULL && number >= 0 && number < g_unix_fd_list_get_length (fds))
    fd = g_unix_fd_list_get (fds, number, &error);
  if (fd >= 0)
    g_task_return_int (task, fd);
  else
    fail_call (task, error != NULL ? error
                                   : g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                                                          _ ("it has sent no connection to PipeWire")));
}

/* 2: may we */

static void
on_response (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
             const char *signal, GVariant *parameters, gpointer data)
{
  /* The subscription's reference may be the last one. */
  g_autoptr (GTask) task = g_object_ref (data);
  Ask *ask = g_task_get_task_data (task);
  g_autoptr (GVariant) results = NULL;
  guint response = G_MAXUINT;

  if (ask->response == 0)
    return;
  if (g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    g_variant_get (parameters, "(u@a{sv})", &response, &results);
  ask_end (ask);
  if (response == RESPONSE_GRANTED)
    g_dbus_proxy_call_with_unix_fd_list (ask->portal, "OpenPipeWireRemote", g_variant_new ("(a{sv})", NULL),
                                         G_DBUS_CALL_FLAGS_NONE, -1, NULL, g_task_get_cancellable (task), on_remote,
                                         g_object_ref (task));
  else if (response == RESPONSE_REFUSED)
    fail_refused (task);
  else
    g_task_return_new_error_literal (
      task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_NO_ANSWER,
      _ ("The question whether Peer-Up may use the camera was closed without an answer."));
}

static void
listen_at (GTask *task, Ask *ask, const char *path)
{
  GDBusConnection *connection = g_dbus_proxy_get_connection (ask->portal);
  guint old = ask->response;

  g_set_str (&ask->path, path);
  ask->response =
    g_dbus_connection_signal_subscribe (connection, PORTAL_NAME, REQUEST_INTERFACE, "Response", path, NULL,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_response, g_object_ref (task), g_object_unref);
  if (old != 0)
    g_dbus_connection_signal_unsubscribe (connection, old);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Ask *ask = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  const char *path = NULL;

  /* Answered, or called off, before the call has returned. */
  if (ask->response == 0)
    {
      g_clear_error (&error);
      return;
    }
  if (reply == NULL)
    {
      ask_end (ask);
      fail_call (task, error);
      return;
    }
  if (g_variant_is_of_type (reply, G_VARIANT_TYPE ("(o)")))
    g_variant_get (reply, "(&o)", &path);
  /* Portals of before 0.9 name the request themselves. */
  if (path != NULL && !g_str_equal (path, ask->path))
    listen_at (task, ask, path);
}

static void
on_owner (GDBusProxy *portal, GParamSpec *spec, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  g_autofree char *owner = g_dbus_proxy_get_name_owner (portal);

  if (owner != NULL)
    return;
  ask_end (g_task_get_task_data (task));
  g_task_return_new_error_literal (
    task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_FAILED,
    _ ("The desktop's portal ended while it asked whether Peer-Up may use the camera. Try again."));
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  Ask *ask = g_task_get_task_data (task);

  ask_end (ask);
  /* The desktop's question goes away. */
  g_dbus_connection_call (g_dbus_proxy_get_connection (ask->portal), PORTAL_NAME, ask->path, REQUEST_INTERFACE, "Close",
                          NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  g_task_return_error_if_cancelled (task);
  return G_SOURCE_REMOVE;
}

static void
ask (GTask *task)
{
  Ask *self = g_task_get_task_data (task);
  GDBusConnection *connection = g_dbus_proxy_get_connection (self->portal);
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autofree char *token = g_strdup_printf ("peerup%u", g_random_int ());
  g_autofree char *sender = g_strdelimit (g_strdup (g_dbus_connection_get_unique_name (connection) + 1), ".", '_');
  g_autofree char *path = g_strdup_printf (PORTAL_PATH "/request/%s/%s", sender, token);
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  listen_at (task, self, path);
  self->owner = g_signal_connect_data (self->portal, "notify::g-name-owner", G_CALLBACK (on_owner), g_object_ref (task),
                                       (GClosureNotify) (void (*) (void)) g_object_unref, 0);
  if (cancellable != NULL)
    {
      self->cancelled = g_cancellable_source_new (cancellable);
      g_source_set_callback (self->cancelled, G_SOURCE_FUNC (on_cancelled), g_object_ref (task), g_object_unref);
      g_source_attach (self->cancelled, g_task_get_context (task));
    }
  g_variant_builder_add (&options, "{sv}", "handle_token", g_variant_new_string (token));
  g_dbus_proxy_call (self->portal, "AccessCamera", g_variant_new ("(a{sv})", &options), G_DBUS_CALL_FLAGS_NONE, -1,
                     NULL, on_asked, g_object_ref (task));
}

/* 1: is there one */

gboolean
peerup_camera_is_present (PeerupCamera *self)
{
  g_autoptr (GVariant) present = NULL;

  if (self->portal != NULL)
    present = g_dbus_proxy_get_cached_property (self->portal, "IsCameraPresent");
  return present != NULL && g_variant_is_of_type (present, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean (present);
}

static void
on_property (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Ask *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (GVariant) reply = g_dbus_proxy_call_finish (G_DBUS_PROXY (source), result, &error);
  g_autoptr (GVariant) present = NULL;

  if (reply == NULL)
    {
      /* A portal that has no cameras has no such property. */
      if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS) ||
          g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY) ||
          g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT))
        {
          g_error_free (error);
          fail_no_portal (task);
        }
      else
        fail_call (task, error);
      return;
    }
  if (g_variant_is_of_type (reply, G_VARIANT_TYPE ("(v)")))
    g_variant_get (reply, "(v)", &present);
  if (present != NULL && g_variant_is_of_type (present, G_VARIANT_TYPE_BOOLEAN))
    g_dbus_proxy_set_cached_property (self->portal, "IsCameraPresent", present);
  if (peerup_camera_is_present (g_task_get_source_object (task)))
    ask (task);
  else
    g_task_return_new_error_literal (task, PEERUP_CAMERA_ERROR, PEERUP_CAMERA_ERROR_NO_CAMERA,
                                     _ ("Connect one, and it is used at once. Or enter the code by hand."));
}

static void
look (GTask *task)
{
  PeerupCamera *self = g_task_get_source_object (task);
  Ask *data = g_task_get_task_data (task);

  data->portal = g_object_ref (self->portal);
  /* What is cached may be of a portal that has ended since. */
  g_dbus_proxy_call (self->portal, "org.freedesktop.DBus.Properties.Get",
                     g_variant_new ("(ss)", CAMERA_INTERFACE, "IsCameraPresent"), G_DBUS_CALL_FLAGS_NONE, -1,
                     g_task_get_cancellable (task), on_property, g_object_ref (task));
}

static void
on_properties (PeerupCamera *self, GVariant *changed)
{
  if (g_variant_lookup (changed, "IsCameraPresent", "b", NULL))
    g_signal_emit (self, changed_signal, 0);
}

static void
on_proxy (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  PeerupCamera *self = g_task_get_source_object (task);
  GError *error = NULL;
  g_autoptr (GDBusProxy) portal = g_dbus_proxy_new_finish (result, &error);

  if (portal == NULL)
    {
      fail_call (task, error);
      return;
    }
  if (self->portal == NULL)
    {
      self->portal = g_steal_pointer (&portal);
      g_signal_connect_object (self->portal, "g-properties-changed", G_CALLBACK (on_properties), self,
                               G_CONNECT_SWAPPED);
    }
  look (task);
}

static void
on_registered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  /* Portals may have no registry, or know us already. */
  if (reply == NULL)
    g_debug ("not registered with the portal: %s", error->message);
  if (!g_task_return_error_if_cancelled (task))
    g_dbus_proxy_new (G_DBUS_CONNECTION (source), G_DBUS_PROXY_FLAGS_NONE, NULL, PORTAL_NAME, PORTAL_PATH,
                      CAMERA_INTERFACE, g_task_get_cancellable (task), on_proxy, g_object_ref (task));
}

static gboolean
is_sandboxed (void)
{
  return g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv ("SNAP") != NULL;
}

static void
on_bus (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  g_autoptr (GDBusConnection) connection = g_bus_get_finish (result, &error);

  if (connection == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_task_return_error (task, error);
          return;
        }
      g_error_free (error);
      fail_no_portal (task);
    }
  else if (is_sandboxed ())
    g_dbus_proxy_new (connection, G_DBUS_PROXY_FLAGS_NONE, NULL, PORTAL_NAME, PORTAL_PATH, CAMERA_INTERFACE,
                      g_task_get_cancellable (task), on_proxy, g_object_ref (task));
  else
    g_dbus_connection_call (connection, PORTAL_NAME, PORTAL_PATH, "org.freedesktop.host.portal.Registry", "Register",
                            g_variant_new ("(sa{sv})", PEERUP_APP_ID, NULL), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                            g_task_get_cancellable (task), on_registered, g_object_ref (task));
}

void
peerup_camera_open_async (PeerupCamera *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (PEERUP_IS_CAMERA (self));
  task = g_task_new (self, cancellable, callback, data);
  g_task_set_source_tag (task, peerup_camera_open_async);
  g_task_set_task_data (task, g_new0 (Ask, 1), ask_free);
  /* A descriptor that has come is handed over in any case. */
  g_task_set_check_cancellable (task, FALSE);
  if (self->portal != NULL)
    look (task);
  else
    g_bus_get (G_BUS_TYPE_SESSION, cancellable, on_bus, g_object_ref (task));
}

int
peerup_camera_open_finish (PeerupCamera *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);
  return (int) g_task_propagate_int (G_TASK (result), error);
}

static void
peerup_camera_dispose (GObject *object)
{
  g_clear_object (&PEERUP_CAMERA (object)->portal);
  G_OBJECT_CLASS (peerup_camera_parent_class)->dispose (object);
}

static void
peerup_camera_class_init (PeerupCameraClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_camera_dispose;
  changed_signal = g_signal_new ("changed", PEERUP_TYPE_CAMERA, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_camera_init (PeerupCamera *self)
{
}

PeerupCamera *
peerup_camera_new (void)
{
  return g_object_new (PEERUP_TYPE_CAMERA, NULL);
}
