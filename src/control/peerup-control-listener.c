/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Accepts at a socket that is there already, and authenticates: EXTERNAL alone, and this user alone. GDBus
 * authenticates with blocking reads, so each client has a thread of its own for that, and little time: who says nothing
 * keeps nobody else waiting. Owned by the control; a thread that is still at work when it goes finds itself alone.
 */
#include "control/peerup-control-listener.h"

#include <unistd.h>

/* Clients that authenticate themselves at one time, each in a thread; who comes then waits in the socket's queue until
 * one of them is done, or out of time. */
#define CLIENTS_MAX 64
/* Milliseconds without accepting where it was not possible: there are no descriptors, and there may be some soon. */
#define ACCEPT_PAUSE 1000

struct _PeerupControlListener
{
  GSocket *socket;
  GSource *accepting; /* (nullable): that somebody comes, or the end of a pause */
  GMainContext *context;
  GPtrArray *clients; /* of Client */
  char *guid;
  gboolean pauses; /* has said so */
  guint patience;  /* milliseconds */
  PeerupControlListenerFunc func;
  gpointer data;
};

/* Somebody who authenticates himself: of the listener, of the thread, and of what the thread says in the end. */
typedef struct
{
  PeerupControlListener *listener; /* NULL once it is gone; not for the thread */
  GDBusConnection *connection;
  GSocket *socket; /* of connection */
  gint done;       /* atomic: the thread reads no more */
  GSource *timer;
  GError *error; /* (nullable) */
} Client;

static void
client_clear (gpointer data)
{
  Client *client = data;

  g_object_unref (client->connection);
  g_object_unref (client->socket);
  g_source_unref (client->timer);
  g_clear_error (&client->error);
}

static void
client_unref (gpointer client)
{
  g_atomic_rc_box_release_full (client, client_clear);
}

/* Ends the thread's reading, which nothing else does: a cancellable would take a descriptor for each client, and GLib
 * aborts where there is none. Whoever is in is left alone. */
static void
shut (Client *client)
{
  if (!g_atomic_int_get (&client->done))
    g_socket_shutdown (client->socket, TRUE, TRUE, NULL);
}

/* The listener's part of it ends. */
static void
let_go (gpointer data)
{
  Client *client = data;

  client->listener = NULL;
  g_source_destroy (client->timer);
  shut (client);
  client_unref (client);
}

static void accept_clients (PeerupControlListener *self);

static gboolean
on_authenticated (gpointer data)
{
  Client *client = data;
  PeerupControlListener *self = client->listener;

  if (self == NULL)
    return G_SOURCE_REMOVE;
  g_ptr_array_remove_fast (self->clients, client);
  if (self->accepting == NULL)
    accept_clients (self);
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

  g_initable_init (G_INITABLE (client->connection), NULL, &client->error);
  g_atomic_int_set (&client->done, TRUE);
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
  shut (data);
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
  client->socket = g_object_ref (g_socket_connection_get_socket (stream));
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

static void
take (PeerupControlListener *self, GSocketConnection *stream)
{
  g_autoptr (GError) error = NULL;
  Client *client = client_new (self, stream);
  Work *work = g_new (Work, 1);
  GThread *thread;

  g_ptr_array_add (self->clients, client);
  work->client = g_atomic_rc_box_acquire (client);
  work->context = g_main_context_ref (self->context);
  thread = g_thread_try_new ("peerup-client", authenticate, work, &error);
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return;
    }
  g_warning ("A client of the control socket is not served: %s", error->message);
  g_main_context_unref (work->context);
  g_free (work);
  g_ptr_array_remove_fast (self->clients, client);
  client_unref (client);
}

static void
stop_accepting (PeerupControlListener *self)
{
  if (self->accepting != NULL)
    g_source_destroy (self->accepting);
  g_clear_pointer (&self->accepting, g_source_unref);
}

static gboolean
on_pause_over (gpointer data)
{
  PeerupControlListener *self = data;

  stop_accepting (self);
  accept_clients (self);
  return G_SOURCE_REMOVE;
}

/* Else the loop would turn without end, for whoever waits is still there. */
static void
pause_accepting (PeerupControlListener *self, const GError *error)
{
  stop_accepting (self);
  if (!self->pauses)
    g_warning ("Cannot accept clients of the control socket for now: %s", error->message);
  self->pauses = TRUE;
  self->accepting = g_timeout_source_new (ACCEPT_PAUSE);
  g_source_set_static_name (self->accepting, "[peerup] control socket's pause");
  g_source_set_callback (self->accepting, on_pause_over, self, NULL);
  g_source_attach (self->accepting, self->context);
}

static gboolean
on_incoming (GSocket *socket, GIOCondition condition, gpointer data)
{
  PeerupControlListener *self = data;
  g_autoptr (GSocketConnection) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, &error);

  if (accepted == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        pause_accepting (self, error);
      return G_SOURCE_CONTINUE;
    }
  self->pauses = FALSE;
  stream = g_socket_connection_factory_create_connection (accepted);
  take (self, stream);
  if (self->clients->len >= CLIENTS_MAX)
    stop_accepting (self);
  return G_SOURCE_CONTINUE;
}

static void
accept_clients (PeerupControlListener *self)
{
  self->accepting = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->accepting, "[peerup] control socket");
  g_source_set_callback (self->accepting, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (self->accepting, self->context);
}

PeerupControlListener *
peerup_control_listener_new (int fd, guint patience, PeerupControlListenerFunc func, gpointer data, GError **error)
{
  g_autoptr (PeerupControlListener) self = g_new0 (PeerupControlListener, 1);
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

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
  g_socket_set_blocking (socket, FALSE);
  self->socket = g_steal_pointer (&socket);
  accept_clients (self);
  return g_steal_pointer (&self);
}

void
peerup_control_listener_free (PeerupControlListener *self)
{
  stop_accepting (self);
  g_ptr_array_unref (self->clients);
  g_clear_object (&self->socket);
  g_main_context_unref (self->context);
  g_free (self->guid);
  g_free (self);
}
