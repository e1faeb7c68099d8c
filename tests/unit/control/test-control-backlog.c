/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A connection whose client does not read, or that reads, and one that asks for more than is dispatched.
 */
#include "control/peerup-control-backlog.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

#define PATH      "/test"
#define INTERFACE "test.Test1"
/* Bytes of what is told at a time. */
#define SIZE (64 * 1024)

typedef struct
{
  GDBusConnection *served;
  GDBusConnection *client; /* (nullable): reads by itself */
  int fd;                  /* else: does not read unless asked to */
  guint32 serial;
  gboolean closed;
  guint n_told;
  guint n_calls;
  guint n_in; /* atomic: messages that have come before it was cut off */
} Fixture;

static const char description[] = "<node><interface name='" INTERFACE "'>"
                                  "<method name='Get'><arg type='ay' direction='out'/></method>"
                                  "</interface></node>";

static GVariant *
new_body (gsize size)
{
  g_autofree guint8 *bytes = g_malloc0 (size);

  return g_variant_new ("(@ay)", g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1));
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Fixture *self = data;

  self->n_calls++;
  peerup_control_backlog_return_value (invocation, new_body (SIZE));
}

static void
on_closed (GDBusConnection *connection, gboolean remote, GError *error, gpointer data)
{
  ((Fixture *) data)->closed = TRUE;
}

static void
on_told (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
         GVariant *parameters, gpointer data)
{
  ((Fixture *) data)->n_told++;
}

static GDBusMessage *
count_in (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  if (incoming)
    g_atomic_int_inc (&((Fixture *) data)->n_in);
  return message;
}

static GDBusConnection *
new_connection (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GSocketConnection) stream = NULL;
  GDBusConnection *connection;

  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  connection =
    g_dbus_connection_new_sync (G_IO_STREAM (stream), NULL, G_DBUS_CONNECTION_FLAGS_NONE, NULL, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

/* @data: not NULL if the client reads. */
static void
set_up (Fixture *self, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (description, NULL);
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  self->served = new_connection (fds[0]);
  g_signal_connect (self->served, "closed", G_CALLBACK (on_closed), self);
  peerup_control_backlog_bound (self->served);
  g_dbus_connection_add_filter (self->served, count_in, self, NULL);
  g_assert_cmpuint (g_dbus_connection_register_object (self->served, PATH, node->interfaces[0], &vtable, self, NULL,
                                                       NULL),
                    !=, 0);
  self->fd = data == NULL ? fds[1] : -1;
  if (data == NULL)
    return;
  self->client = new_connection (fds[1]);
  g_dbus_connection_signal_subscribe (self->client, NULL, INTERFACE, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                      on_told, self, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->client != NULL)
    g_dbus_connection_close_sync (self->client, NULL, NULL);
  g_dbus_connection_close_sync (self->served, NULL, NULL);
  g_clear_object (&self->client);
  g_clear_object (&self->served);
  g_clear_fd (&self->fd, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gboolean
tell (Fixture *self, gsize size)
{
  return peerup_control_backlog_emit (self->served, NULL, PATH, INTERFACE, "Told", new_body (size), NULL);
}

/* FALSE once the other end is closed. */
static gboolean
ask (Fixture *self, const char *interface, const char *method)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new_method_call (NULL, PATH, interface, method);
  g_autofree guchar *blob = NULL;
  gsize size;

  g_dbus_message_set_serial (message, ++self->serial);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  return send (self->fd, blob, size, MSG_NOSIGNAL) == (gssize) size;
}

static void
wait_closed (Fixture *self)
{
  while (!self->closed)
    g_main_context_iteration (NULL, TRUE);
}

/* GDBus alone would queue all of it. */
static void
test_does_not_read_signals (Fixture *self, gconstpointer data)
{
  guint n = 0;

  while (tell (self, SIZE))
    {
      n++;
      g_assert_cmpuint (n, <=, 2 * (PEERUP_CONTROL_BACKLOG_MAX / SIZE));
    }
  g_assert_cmpuint (n, >, PEERUP_CONTROL_BACKLOG_MAX / SIZE / 4);
  wait_closed (self);
}

static void
test_does_not_read_answers (Fixture *self, gconstpointer data)
{
  while (ask (self, INTERFACE, "Get"))
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (self->n_calls, <=, 2 * (PEERUP_CONTROL_BACKLOG_MAX / SIZE));
    }
  wait_closed (self);
}

/* What GDBus answers by itself. */
static void
test_does_not_read_descriptions (Fixture *self, gconstpointer data)
{
  while (ask (self, "org.freedesktop.DBus.Introspectable", "Introspect"))
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (self->serial, <, 100000);
    }
  wait_closed (self);
  /* Each counts as the largest. */
  g_assert_cmpuint (g_atomic_int_get (&self->n_in), <, 1500);
}

/* Reads one message. */
static void
read_answer (Fixture *self)
{
  guchar blob[4096];
  g_autoptr (GDBusMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gssize size;

  g_assert_cmpint (recv (self->fd, blob, 16, MSG_WAITALL), ==, 16);
  size = g_dbus_message_bytes_needed (blob, 16, &error);
  g_assert_no_error (error);
  g_assert_cmpint (size, <=, sizeof blob);
  g_assert_cmpint (recv (self->fd, blob + 16, (gsize) size - 16, MSG_WAITALL), ==, size - 16);
  message = g_dbus_message_new_from_blob (blob, (gsize) size, G_DBUS_CAPABILITY_FLAGS_NONE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_dbus_message_get_message_type (message), ==, G_DBUS_MESSAGE_TYPE_ERROR);
}

#define N_UNKNOWN 500

/* Errors of GDBus are small: who asks for much that there is not, and reads, is answered, though the queue is long. */
static void
test_unknown_methods (Fixture *self, gconstpointer data)
{
  GIOStream *stream = g_dbus_connection_get_stream (self->served);
  int size = 4096;

  /* So that what is written is little. */
  g_assert_cmpint (setsockopt (g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream))),
                               SOL_SOCKET, SO_SNDBUF, &size, sizeof size),
                   ==, 0);
  for (guint i = 0; i < N_UNKNOWN; i++)
    g_assert_true (ask (self, INTERFACE, "Nothing"));
  while (!self->closed && g_atomic_int_get (&self->n_in) < N_UNKNOWN)
    {
      g_main_context_iteration (NULL, FALSE);
      g_thread_yield ();
    }
  for (guint i = 0; i < N_UNKNOWN; i++)
    read_answer (self);
  g_assert_false (self->closed);
}

/* A call that brings a descriptor; FALSE once the other end is closed. */
static gboolean
ask_with_descriptor (Fixture *self)
{
  g_autoptr (GDBusMessage) message = g_dbus_message_new_method_call (NULL, PATH, INTERFACE, "Get");
  g_autofree guchar *blob = NULL;
  char control[CMSG_SPACE (sizeof self->fd)] = { 0 };
  struct iovec part;
  struct msghdr header = {
    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control
  };
  struct cmsghdr *rights = CMSG_FIRSTHDR (&header);
  gsize size;

  g_dbus_message_set_serial (message, ++self->serial);
  blob = g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  part = (struct iovec) { blob, size };
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN (sizeof self->fd);
  memcpy (CMSG_DATA (rights), &self->fd, sizeof self->fd);
  return sendmsg (self->fd, &header, MSG_NOSIGNAL) == (gssize) size;
}

/* The loop is busy meanwhile, and what waits keeps descriptors, of which there are few. */
static void
test_brings_descriptors (Fixture *self, gconstpointer data)
{
  while (ask_with_descriptor (self))
    g_assert_cmpuint (self->serial, <, 100000);
  wait_closed (self);
  g_assert_cmpuint (g_atomic_int_get (&self->n_in), <, 2 * PEERUP_CONTROL_BACKLOG_MAX / (64 * 1024));
}

/* The loop is busy meanwhile. */
static void
test_asks_too_fast (Fixture *self, gconstpointer data)
{
  while (ask (self, INTERFACE, "Get"))
    g_assert_cmpuint (self->serial, <, 100000);
  wait_closed (self);
}

/* Who reads gets far more than may wait, and so does what is larger than that by itself. */
static void
test_reads (Fixture *self, gconstpointer data)
{
  for (guint i = 1; i <= 3 * (PEERUP_CONTROL_BACKLOG_MAX / SIZE); i++)
    {
      g_assert_true (tell (self, SIZE));
      while (i % 16 == 0 && self->n_told < i)
        g_main_context_iteration (NULL, TRUE);
    }
  g_assert_true (tell (self, 2 * PEERUP_CONTROL_BACKLOG_MAX));
  while (self->n_told < 3 * (PEERUP_CONTROL_BACKLOG_MAX / SIZE) + 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (self->closed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, reads, func) g_test_add ("/control-backlog/" name, Fixture, reads, set_up, func, tear_down)
  ADD ("does-not-read/signals", NULL, test_does_not_read_signals);
  ADD ("does-not-read/answers", NULL, test_does_not_read_answers);
  ADD ("does-not-read/descriptions", NULL, test_does_not_read_descriptions);
  ADD ("unknown-methods", NULL, test_unknown_methods);
  ADD ("brings-descriptors", NULL, test_brings_descriptors);
  ADD ("asks-too-fast", NULL, test_asks_too_fast);
  ADD ("reads", "reads", test_reads);
  return g_test_run ();
}
