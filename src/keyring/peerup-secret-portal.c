/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One question to the Secret portal. The secret comes through a pipe, so that it is in no message of the bus.
 */
#include "keyring/peerup-secret-portal.h"

#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-error.h"

#define PORTAL      "org.freedesktop.portal.Desktop"
#define PORTAL_PATH "/org/freedesktop/portal/desktop"
/* The portals of today give 64 bytes. */
#define SECRET_MAX 4096
#define WHAT       "the desktop's Secret portal"

typedef struct
{
  gboolean arrived;
  guint code;
} Response;

static void
on_response (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
             const char *signal, GVariant *parameters, gpointer data)
{
  Response *response = data;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ua{sv})")))
    return;
  g_variant_get_child (parameters, 0, "u", &response->code);
  response->arrived = TRUE;
}

/* Where the answer will come from, so that it cannot be missed. */
static char *
dup_request_path (GDBusConnection *connection, const char *token)
{
  g_autofree char *sender = g_strdup (g_dbus_connection_get_unique_name (connection) + 1);

  return g_strdup_printf (PORTAL_PATH "/request/%s/%s", g_strdelimit (sender, ".", '_'), token);
}

static guint
follow (GDBusConnection *connection, const char *path, Response *response)
{
  return g_dbus_connection_signal_subscribe (connection, PORTAL, "org.freedesktop.portal.Request", "Response", path,
                                             NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response, response, NULL);
}

/* (transfer full): where the portal says that it answers. */
static char *
ask (PeerupKeyringWait *wait, const char *token, int fd, GError **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) answer = NULL;
  char *path;
  int index = g_unix_fd_list_append (fds, fd, error);

  if (index < 0)
    return NULL;
  g_variant_dict_insert (&options, "handle_token", "s", token);
  g_dbus_connection_call_with_unix_fd_list (wait->connection, PORTAL, PORTAL_PATH, "org.freedesktop.portal.Secret",
                                            "RetrieveSecret",
                                            g_variant_new ("(h@a{sv})", index, g_variant_dict_end (&options)),
                                            G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE, G_MAXINT, fds,
                                            wait->cancellable, peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  answer = g_dbus_connection_call_with_unix_fd_list_finish (wait->connection, NULL, result, error);
  if (answer == NULL)
    return NULL;
  g_variant_get (answer, "(o)", &path);
  return path;
}

static void
free_secret (gpointer data)
{
  explicit_bzero (data, SECRET_MAX + 1);
  g_free (data);
}

static GBytes *
read_secret (PeerupKeyringWait *wait, int fd, GError **error)
{
  g_autoptr (GInputStream) stream = g_unix_input_stream_new (fd, TRUE);
  guint8 *data = g_malloc0 (SECRET_MAX + 1);
  g_autoptr (GAsyncResult) result = NULL;
  gsize length = 0;
  gboolean done;

  g_input_stream_read_all_async (stream, data, SECRET_MAX + 1, G_PRIORITY_DEFAULT, wait->cancellable,
                                 peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  done = g_input_stream_read_all_finish (stream, result, &length, error);
  if (done && length <= SECRET_MAX && length > 0)
    return g_bytes_new_with_free_func (data, length, free_secret, data);
  if (done)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, WHAT " %s; ask those who make it",
                 length == 0 ? _ ("gives an empty secret") : _ ("gives too much"));
  free_secret (data);
  return NULL;
}

static gboolean
await_response (PeerupKeyringWait *wait, const Response *response, GError **error)
{
  if (!peerup_keyring_wait_flag (wait, &response->arrived))
    return g_cancellable_set_error_if_cancelled (wait->cancellable, error), FALSE;
  if (response->code == 0)
    return TRUE;
  if (response->code == 1)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
                         _ ("unlocking the login keyring was cancelled; try again, and enter its password"));
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
                         WHAT " gives no secret: is the login keyring locked? Unlock it and try again");
  return FALSE;
}

GBytes *
peerup_secret_portal_retrieve (PeerupKeyringWait *wait, GError **error)
{
  g_autofree char *token = g_strdup_printf ("peerup%u", g_random_int ());
  g_autofree char *path = dup_request_path (wait->connection, token);
  g_autofree char *told = NULL;
  Response response = { 0 };
  GBytes *secret = NULL;
  int ends[2];
  guint follow_ids[2] = { 0 };

  if (!g_unix_open_pipe (ends, O_CLOEXEC, error))
    return NULL;
  follow_ids[0] = follow (wait->connection, path, &response);
  told = ask (wait, token, ends[1], error);
  close (ends[1]);
  /* Portals of old choose the path themselves. */
  if (told != NULL && !g_str_equal (told, path))
    follow_ids[1] = follow (wait->connection, told, &response);
  if (told != NULL && await_response (wait, &response, error))
    secret = read_secret (wait, ends[0], error);
  else
    close (ends[0]);
  for (guint i = 0; i < G_N_ELEMENTS (follow_ids); i++)
    if (follow_ids[i] != 0)
      g_dbus_connection_signal_unsubscribe (wait->connection, follow_ids[i]);
  if (secret == NULL)
    peerup_keyring_wait_explain (wait, WHAT, error);
  return secret;
}
