/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Accepts at a socket that is there already, and authenticates: EXTERNAL alone, and this user alone, as
 * peerup_control_listen() has it for a socket of its own. Owned by the control.
 */
#include "control/peerup-control-listener.h"

#include <unistd.h>

struct _PeerupControlListener
{
  GSocketService *service;
  GCancellable *cancellable; /* of those that authenticate themselves */
  char *guid;
  PeerupControlListenerFunc func;
  gpointer data;
};

static void
on_authenticated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_dbus_connection_new_finish (result, &error);
  PeerupControlListener *self = data;

  if (connection != NULL)
    {
      self->func (connection, self->data);
      g_dbus_connection_start_message_processing (connection);
    }
  /* With G_IO_ERROR_CANCELLED self is gone. */
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_debug ("A client of the control socket did not authenticate itself: %s", error->message);
}

static gboolean
on_allow_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
  PeerupControlListener *self = data;
  g_autoptr (GDBusAuthObserver) observer = g_dbus_auth_observer_new ();

  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (on_allow_mechanism), NULL);
  g_dbus_connection_new (G_IO_STREAM (stream), self->guid,
                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
                           G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER |
                           G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                         observer, self->cancellable, on_authenticated, self);
  return TRUE;
}

PeerupControlListener *
peerup_control_listener_new (int fd, PeerupControlListenerFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupControlListener) self = g_new0 (PeerupControlListener, 1);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

  self->service = g_socket_service_new ();
  self->cancellable = g_cancellable_new ();
  self->guid = g_dbus_generate_guid ();
  self->func = func;
  self->data = data;
  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  if (!g_socket_listener_add_socket (G_SOCKET_LISTENER (self->service), socket, NULL, error))
    return NULL;
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  g_socket_service_start (self->service);
  return g_steal_pointer (&self);
}

void
peerup_control_listener_free (PeerupControlListener *self)
{
  g_cancellable_cancel (self->cancellable);
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_object_unref (self->cancellable);
  g_free (self->guid);
  g_free (self);
}
