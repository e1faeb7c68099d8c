/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One conversation with a keyring: a main context, a time limit and a bus connection that live as long as it. Nothing
 * of it is left behind in the thread, and no other main loop is touched.
 */
#include "keyring/peerup-keyring-wait.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

static gboolean
on_time (gpointer data)
{
  PeerupKeyringWait *self = data;

  self->late = !g_cancellable_is_cancelled (self->cancellable);
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

static gboolean
cancel_here (gpointer data)
{
  PeerupKeyringWait *self = data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* In the thread of whoever cancels, where what libsecret does at a cancellation would go on with a task of ours. */
static void
on_outer_cancelled (GCancellable *outer, gpointer data)
{
  PeerupKeyringWait *self = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_static_name (source, "[peerup] keyring cancelled");
  g_source_set_callback (source, cancel_here, self, NULL);
  g_source_attach (source, self->context);
}

void
peerup_keyring_wait_begin (PeerupKeyringWait *self, GCancellable *outer, gint64 timeout)
{
  *self = (PeerupKeyringWait) { .context = g_main_context_new (), .cancellable = g_cancellable_new () };
  g_main_context_push_thread_default (self->context);
  self->timer = g_timeout_source_new ((guint) MIN (timeout / 1000, G_MAXINT));
  g_source_set_static_name (self->timer, "[peerup] keyring");
  g_source_set_callback (self->timer, on_time, self, NULL);
  g_source_attach (self->timer, self->context);
  if (outer == NULL)
    return;
  self->outer = g_object_ref (outer);
  self->handler = g_cancellable_connect (outer, G_CALLBACK (on_outer_cancelled), self, NULL);
}

void
peerup_keyring_wait_ready (GObject *source, GAsyncResult *result, gpointer data)
{
  PeerupKeyringWait *self = data;

  g_assert (self->result == NULL);
  self->result = g_object_ref (result);
}

GAsyncResult *
peerup_keyring_wait_result (PeerupKeyringWait *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  return g_steal_pointer (&self->result);
}

gboolean
peerup_keyring_wait_flag (PeerupKeyringWait *self, const gboolean *flag)
{
  while (!*flag && !g_cancellable_is_cancelled (self->cancellable))
    g_main_context_iteration (self->context, TRUE);
  return *flag;
}

/* GLib would start a bus where there is none, which is not ours to do. */
static gboolean
has_bus (void)
{
  const char *address = g_getenv ("DBUS_SESSION_BUS_ADDRESS");
  g_autofree char *path = g_build_filename (g_get_user_runtime_dir (), "bus", NULL);

  if (address != NULL && address[0] != '\0')
    return !g_str_has_prefix (address, "autolaunch:");
  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
peerup_keyring_wait_connect (PeerupKeyringWait *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) reason = NULL;

  if (!has_bus ())
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                           _ ("there is no session bus here; it is there while you are logged in to a desktop"));
      return FALSE;
    }
  g_bus_get (G_BUS_TYPE_SESSION, self->cancellable, peerup_keyring_wait_ready, self);
  result = peerup_keyring_wait_result (self);
  self->connection = g_bus_get_finish (result, &reason);
  if (self->connection != NULL)
    {
      self->exits = g_dbus_connection_get_exit_on_close (self->connection);
      g_dbus_connection_set_exit_on_close (self->connection, FALSE);
      return TRUE;
    }
  if (self->late || !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("the session bus does not answer: %s"),
                 reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* It is the program's, if anything else in it uses the bus. */
static void
disconnect (PeerupKeyringWait *self)
{
  if (self->connection == NULL)
    return;
  if (!g_dbus_connection_is_closed (self->connection))
    g_dbus_connection_set_exit_on_close (self->connection, self->exits);
  g_clear_object (&self->connection);
}

void
peerup_keyring_wait_end (PeerupKeyringWait *self)
{
  if (self->context == NULL)
    return;
  if (self->outer != NULL)
    g_cancellable_disconnect (self->outer, self->handler);
  g_clear_object (&self->outer);
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  disconnect (self);
  g_main_context_pop_thread_default (self->context);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->result);
}

static gboolean
is_nobody (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
         (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
          error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

void
peerup_keyring_wait_explain (PeerupKeyringWait *self, const char *what, GError **error)
{
  g_autoptr (GError) reason = NULL;

  g_return_if_fail (error != NULL && *error != NULL);
  if ((*error)->domain == PEERUP_ERROR)
    return;
  reason = g_steal_pointer (error);
  g_dbus_error_strip_remote_error (reason);
  if (self->late)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("%s did not answer in time; try again"), what);
  else if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    *error = g_steal_pointer (&reason);
  else if (is_nobody (reason))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                 _ ("no program keeps %s here; GNOME Keyring, KWallet and KeePassXC can"), what);
  else if (is_gone (reason))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("the program that keeps %s is gone: %s; try again"),
                 what, reason->message);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "%s refuses: %s", what, reason->message);
}
