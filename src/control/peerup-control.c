/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine's private D-Bus: the Unix socket's server and the connections, each with the
 * one object. Owned by whoever runs the engine, and closed before the engine goes. It
 * takes no bus name, and no client of another user.
 */
#include "control/peerup-control.h"

#include <sys/stat.h>

#include "control/peerup-control-listener.h"
#include "control/peerup-control-object.h"

struct _PeerupControl
{
  GObject parent_instance;

  PeerupControlObject *object;
  PeerupControlClaim *claim;
  GDBusServer *server;             /* of a socket of our own */
  PeerupControlListener *listener; /* of one that the service manager made */
  GPtrArray *connections;
};

G_DEFINE_FINAL_TYPE (PeerupControl, peerup_control, G_TYPE_OBJECT)

enum
{
  SIGNAL_STOP_REQUESTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
on_closed (GDBusConnection *connection, gboolean remote_vanished, GError *error, gpointer data)
{
  PeerupControl *self = data;

  peerup_control_object_drop_connection (self->object, connection);
  g_dbus_interface_skeleton_unexport_from_connection (G_DBUS_INTERFACE_SKELETON (self->object), connection);
  g_ptr_array_remove_fast (self->connections, connection);
}

gboolean
peerup_control_serve (PeerupControl *self, GDBusConnection *connection, GError **error)
{
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->object), connection, PEERUP_CONTROL_PATH,
                                         error))
    return FALSE;
  g_signal_connect_object (connection, "closed", G_CALLBACK (on_closed), self, 0);
  g_ptr_array_add (self->connections, g_object_ref (connection));
  return TRUE;
}

static gboolean
on_new_connection (GDBusServer *server, GDBusConnection *connection, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (peerup_control_serve (data, connection, &error))
    return TRUE;
  g_warning ("A client of the control socket could not be served: %s", error->message);
  return FALSE;
}

static void
on_activated_connection (GDBusConnection *connection, gpointer data)
{
  if (!on_new_connection (NULL, connection, data))
    g_dbus_connection_close (connection, NULL, NULL, NULL);
}

static gboolean
on_allow_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

gboolean
peerup_control_listen (PeerupControl *self, PeerupControlClaim *claim, GError **error)
{
  g_autoptr (GDBusAuthObserver) observer = g_dbus_auth_observer_new ();
  g_autofree char *guid = g_dbus_generate_guid ();
  g_autofree char *path = g_dbus_address_escape_value (peerup_control_claim_get_path (claim));
  g_autofree char *address = g_strconcat ("unix:path=", path, NULL);
  int fd = peerup_control_claim_steal_fd (claim);
  mode_t mask;

  self->claim = claim;
  if (fd >= 0)
    {
      self->listener = peerup_control_listener_new (fd, on_activated_connection, self, error);
      return self->listener != NULL;
    }
  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (on_allow_mechanism), NULL);
  /* The socket must not be open to others even for a moment. */
  mask = umask (0177);
  self->server =
    g_dbus_server_new_sync (address, G_DBUS_SERVER_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER, guid, observer, NULL, error);
  umask (mask);
  if (self->server == NULL)
    {
      g_prefix_error (error, "cannot make the control socket %s: ", peerup_control_claim_get_path (claim));
      return FALSE;
    }
  g_signal_connect_object (self->server, "new-connection", G_CALLBACK (on_new_connection), self, 0);
  g_dbus_server_start (self->server);
  return TRUE;
}

/* An answer that is queued still reaches its client. */
static void
close_connection (GDBusConnection *connection)
{
  g_dbus_connection_flush_sync (connection, NULL, NULL);
  g_dbus_connection_close_sync (connection, NULL, NULL);
}

void
peerup_control_close (PeerupControl *self)
{
  g_autoptr (GPtrArray) connections = NULL;

  if (self->server != NULL)
    g_dbus_server_stop (self->server);
  g_clear_object (&self->server);
  g_clear_pointer (&self->listener, peerup_control_listener_free);
  connections = g_steal_pointer (&self->connections);
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < connections->len; i++)
    {
      GDBusConnection *connection = g_ptr_array_index (connections, i);

      g_signal_handlers_disconnect_by_func (connection, on_closed, self);
      close_connection (connection);
      peerup_control_object_drop_connection (self->object, connection);
      g_dbus_interface_skeleton_unexport_from_connection (G_DBUS_INTERFACE_SKELETON (self->object), connection);
    }
  g_clear_pointer (&self->claim, peerup_control_claim_free);
}

static void
request_stop (gpointer data)
{
  g_signal_emit (data, signals[SIGNAL_STOP_REQUESTED], 0);
}

PeerupControl *
peerup_control_new (PeerupEngine *engine)
{
  PeerupControl *self = g_object_new (PEERUP_TYPE_CONTROL, NULL);

  self->object = peerup_control_object_new (engine, request_stop, self);
  return self;
}

static void
peerup_control_finalize (GObject *object)
{
  PeerupControl *self = PEERUP_CONTROL (object);

  peerup_control_close (self);
  g_clear_pointer (&self->connections, g_ptr_array_unref);
  /* What it has not told yet is told to nobody any more, and would keep it and the engine for a while. */
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->object));
  g_clear_object (&self->object);
  G_OBJECT_CLASS (peerup_control_parent_class)->finalize (object);
}

static void
peerup_control_class_init (PeerupControlClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_control_finalize;
  signals[SIGNAL_STOP_REQUESTED] =
    g_signal_new ("stop-requested", PEERUP_TYPE_CONTROL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_control_init (PeerupControl *self)
{
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
}
