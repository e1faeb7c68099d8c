/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Accepts at a socket that is there already, and authenticates: EXTERNAL alone, and this user alone. GDBus
 * authenticates with blocking reads, so each client has a thread of its own for that, and little time: who says nothing
 * keeps nobody else waiting. Owned by the control; a thread that is still at work when it goes finds itself alone.
 */
#include "control/peerup-control-listener.h"

#include <unistd.h>

/* Clients that authenticate themselves at one time. */
#define CLIENTS_MAX 1024

struct _PeerupControlListener
{
  GSocketService *service;
  GMainContext *context;
  GPtrArray *clients; /* of Client */
  char *guid;
  guint patience; /* milliseconds */
  PeerupControlListenerFunc func;
  gpointer data;
};

/* Somebody who authenticates himself: of the listener, of the thread, and of what the thread says in the end. */
typedef struct
{
  PeerupControlListener *listener; /* NULL once it is gone; not for the thread */
  GDBusConnection *connection;
  GCancellable *cancellable;
  GSource *timer;
  GError *error; /* (nullable) */
} Client;

static void
client_clear (gpointer data)
{
  Client *client = data;

  g_object_unref (client->connection);
  g_object_unref (client->cancellable);
  g_source_unref (client->timer);
  g_clear_error (&client->error);
}

static void
client_unref (gpointer client)
{
  g_atomic_rc_box_release_full (client, client_clear);
}

/* The listener's part of it ends. */
static void
let_go (gpointer data)
{
  Client *client = data;

  client->listener = NULL;
  g_source_destroy (client->timer);
  g_cancellable_cancel (client->cancellable);
  client_unref (client);
}

static gboolean
on_authenticated (gpointer data)
{
  Client *client = data;
  PeerupControlListener *self = client->listener;

  if (self == NULL)
    return G_SOURCE_REMOVE;
  g_ptr_array_remove_fast (self->clients, client);
  if (client->error != NULL)
    {
      g_debug ("A client of the control socket did not authenticate itself: %s", client->error->message);
      return G_SOURCE_REMOVE;
    }
  self->func (client->connection, self->data);
  g_dbus_connection_start_message_processing (client->connection);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  Client *client;
  GMainContext *context;
} Work;

static gpointer
authenticate (gpointer data)
{
  Work *work = data;
  Client *client = work->client;
  GSource *source = g_idle_source_new ();

  g_initable_init (G_INITABLE (client->connection), client->cancellable, &client->error);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] control client");
  g_source_set_callback (source, on_authenticated, client, client_unref);
  g_source_attach (source, work->context);
  g_source_unref (source);
  g_main_context_unref (work->context);
  g_free (work);
  return NULL;
}

static gboolean
on_out_of_time (gpointer data)
{
  const Client *client = data;

  g_cancellable_cancel (client->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
on_allow_mechanism (GDBusAuthObserver *observer, const char *mechanism, gpointer data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

static Client *
client_new (PeerupControlListener *self, GSocketConnection *stream)
{
  Client *client = g_atomic_rc_box_new0 (Client);
  g_autoptr (GDBusAuthObserver) observer = g_dbus_auth_observer_new ();

  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (on_allow_mechanism), NULL);
  client->listener = self;
  client->cancellable = g_cancellable_new ();
  client->connection = g_object_new (G_TYPE_DBUS_CONNECTION, "stream", stream, "guid", self->guid,
                                     "authentication-observer", observer, "flags",
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER |
                                       G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER |
                                       G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING,
                                     NULL);
  client->timer = g_timeout_source_new (self->patience);
  g_source_set_static_name (client->timer, "[peerup] control client's time");
  g_source_set_callback (client->timer, on_out_of_time, client, NULL);
  g_source_attach (client->timer, self->context);
  return client;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *stream, GObject *source, gpointer data)
{
  PeerupControlListener *self = data;
  g_autoptr (GError) error = NULL;
  Client *client;
  GThread *thread;
  Work *work;

  if (self->clients->len >= CLIENTS_MAX)
    {
      g_debug ("%u clients of the control socket authenticate themselves: another one is let go", CLIENTS_MAX);
      return TRUE;
    }
  client = client_new (self, stream);
  g_ptr_array_add (self->clients, client);
  work = g_new (Work, 1);
  work->client = g_atomic_rc_box_acquire (client);
  work->context = g_main_context_ref (self->context);
  thread = g_thread_try_new ("peerup-client", authenticate, work, &error);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return TRUE;
    }
  g_warning ("A client of the control socket is not served: %s", error->message);
  g_main_context_unref (work->context);
  g_free (work);
  g_ptr_array_remove_fast (self->clients, client);
  client_unref (client);
  return TRUE;
}

PeerupControlListener *
peerup_control_listener_new (int fd, guint patience, PeerupControlListenerFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupControlListener) self = g_new0 (PeerupControlListener, 1);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

  self->service = g_socket_service_new ();
  self->context = g_main_context_ref_thread_default ();
  self->clients = g_ptr_array_new_with_free_func (let_go);
  self->guid = g_dbus_generate_guid ();
  self->patience = patience;
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
  g_ptr_array_unref (self->clients);
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_main_context_unref (self->context);
  g_free (self->guid);
  g_free (self);
}
