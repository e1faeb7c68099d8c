/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One request to a portal (org.freedesktop.portal.Request). It lives until it has an answer, a failure, or no more
 * time; whichever comes first ends it, and the rest is no news. */
#include "app/background/peerup-portal-request.h"

#include <string.h>

#define REQUEST_INTERFACE "org.freedesktop.portal.Request"
#define REQUEST_ROOT      PEERUP_PORTAL_PATH "/request/"

/* Milliseconds for the portal to take the call at all; it may have to be started for it. */
#define CALL_TIME (25 * 1000)

/* What Response says. */
enum
{
  RESPONSE_SUCCESS,
  RESPONSE_CANCELLED,
};

typedef struct
{
  GDBusConnection *connection;
  char *handle;       /* the path of the Request */
  guint subscription; /* to its Response */
  guint timeout;
  gulong cancelled;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_object_unref (request->connection);
  g_free (request->handle);
  g_free (request);
}

/* Nothing more is heard of it; whoever calls it ends the task. */
static void
stop (GTask *task)
{
  Request *request = g_task_get_task_data (task);

  if (request->subscription != 0)
    g_dbus_connection_signal_unsubscribe (request->connection, g_steal_handle_id (&request->subscription));
  g_clear_handle_id (&request->timeout, g_source_remove);
  g_clear_signal_handler (&request->cancelled, g_task_get_cancellable (task));
}

/* The first end is the one that counts. */
static gboolean
is_over (GTask *task)
{
  const Request *request = g_task_get_task_data (task);

  return request->subscription == 0;
}

static void
close_request (const Request *request)
{
  g_dbus_connection_call (request->connection, PEERUP_PORTAL_NAME, request->handle, REQUEST_INTERFACE, "Close", NULL,
                          NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void
on_response (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *name,
             GVariant *parameters, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  g_autoptr (GVariant) results = NULL;
  guint response;

  if (is_over (task) || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    return;
  stop (task);
  g_variant_get (parameters, "(u@a{sv})", &response, &results);
  if (response == RESPONSE_SUCCESS)
    g_task_return_pointer (task, g_steal_pointer (&results), (GDestroyNotify) g_variant_unref);
  else if (response == RESPONSE_CANCELLED)
    g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The request was refused");
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "The portal has failed (response %u)", response);
}

/* A task that is over drops the subscription's reference. */
static void
subscribe (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  guint previous = request->subscription;

  request->subscription =
    g_dbus_connection_signal_subscribe (request->connection, PEERUP_PORTAL_NAME, REQUEST_INTERFACE, "Response",
                                        request->handle, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response,
                                        g_object_ref (task), g_object_unref);
  if (previous != 0)
    g_dbus_connection_signal_unsubscribe (request->connection, previous);
}

static GError *
make_call_error (const GError *reason)
{
  static const GDBusError absent[] = {
    G_DBUS_ERROR_SERVICE_UNKNOWN,   G_DBUS_ERROR_NAME_HAS_NO_OWNER, G_DBUS_ERROR_UNKNOWN_METHOD,
    G_DBUS_ERROR_UNKNOWN_INTERFACE, G_DBUS_ERROR_UNKNOWN_OBJECT,    G_DBUS_ERROR_SPAWN_CHILD_EXITED,
  };
  g_autofree char *name = g_dbus_error_get_remote_error (reason);
  int code = G_IO_ERROR_FAILED;

  for (guint i = 0; i < G_N_ELEMENTS (absent); i++)
    if (g_error_matches (reason, G_DBUS_ERROR, (int) absent[i]))
      code = G_IO_ERROR_NOT_SUPPORTED;
  if (g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED) ||
      g_strcmp0 (name, "org.freedesktop.portal.Error.NotAllowed") == 0)
    code = G_IO_ERROR_PERMISSION_DENIED;
  return g_error_new_literal (G_IO_ERROR, code, reason->message);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GError) reason = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &reason);
  const char *handle;

  if (is_over (task))
    return;
  if (answer == NULL)
    {
      stop (task);
      g_task_return_error (task, make_call_error (reason));
      return;
    }
  g_variant_get (answer, "(&o)", &handle);
  /* Portals before 0.9 choose the path themselves. */
  if (g_strcmp0 (handle, request->handle) != 0)
    {
      g_set_str (&request->handle, handle);
      subscribe (task);
    }
}

static gboolean
on_timeout (gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  Request *request = g_task_get_task_data (task);

  request->timeout = 0;
  close_request (request);
  stop (task);
  g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "The portal does not answer");
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled_idle (gpointer data)
{
  GTask *task = data;

  if (is_over (task))
    return G_SOURCE_REMOVE;
  close_request (g_task_get_task_data (task));
  stop (task);
  g_task_return_new_error_literal (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The request was cancelled");
  return G_SOURCE_REMOVE;
}

/* A cancellable's handler must not take itself away. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, on_cancelled_idle, g_object_ref (data), g_object_unref);
}

/* By the specification: the sender's unique name without ":" and with "_" for ".", and the token. */
static char *
make_handle (GDBusConnection *connection, const char *token)
{
  const char *name = g_dbus_connection_get_unique_name (connection);
  g_autofree char *sender = g_strdelimit (g_strdup (name != NULL && *name == ':' ? name + 1 : ""), ".", '_');

  return g_strconcat (REQUEST_ROOT, sender, "/", token, NULL);
}

static GVariant *
add_options (GVariant *arguments, GVariant *options, const char *token)
{
  g_autoptr (GVariant) first = g_variant_ref_sink (arguments);
  g_autoptr (GVariant) given = options != NULL ? g_variant_ref_sink (options) : NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (given);
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  g_variant_dict_insert (&dict, "handle_token", "s", token);
  for (gsize i = 0; i < g_variant_n_children (first); i++)
    g_ptr_array_add (all, g_variant_get_child_value (first, i));
  g_ptr_array_add (all, g_variant_ref_sink (g_variant_dict_end (&dict)));
  g_ptr_array_set_free_func (all, (GDestroyNotify) g_variant_unref);
  return g_variant_new_tuple ((GVariant *const *) all->pdata, all->len);
}

void
peerup_portal_request_async (GDBusConnection *connection, const char *method, GVariant *arguments, GVariant *options,
                             guint seconds, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  g_autofree char *token = g_strdup_printf ("peerup_%08x%08x", g_random_int (), g_random_int ());
  const char *name = strrchr (method, '.');
  g_autofree char *interface = NULL;
  Request *request;

  g_return_if_fail (G_IS_DBUS_CONNECTION (connection) && name != NULL);
  interface = g_strndup (method, (gsize) (name - method));
  task = g_task_new (connection, cancellable, callback, data);
  /* on_cancelled() says so, and closes the request. */
  g_task_set_check_cancellable (task, FALSE);
  request = g_new0 (Request, 1);
  request->connection = g_object_ref (connection);
  request->handle = make_handle (connection, token);
  g_task_set_task_data (task, request, request_free);
  subscribe (task);
  request->timeout = g_timeout_add_seconds (seconds, on_timeout, task);
  if (cancellable != NULL)
    request->cancelled = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), task, NULL);
  g_dbus_connection_call (connection, PEERUP_PORTAL_NAME, PEERUP_PORTAL_PATH, interface, name + 1,
                          add_options (arguments, options, token), G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE,
                          CALL_TIME, NULL, on_called, g_object_ref (task));
}

GVariant *
peerup_portal_request_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
