/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows two settings. One request is under way at a time; what changes meanwhile is asked for after it. */
#include "app/background/peerup-background.h"

#include <glib/gi18n.h>

#include "app/background/peerup-autostart.h"
#include "app/background/peerup-portal-request.h"

#define SANDBOX  "/.flatpak-info"
#define PATIENCE 120

/* Characters, of which the portal takes fewer than 96. */
#define MAX_STATUS 95

#define BACKGROUND_KEY "run-in-background"
#define LOGIN_KEY      "start-at-login"

struct _PeerupBackground
{
  GObject parent_instance;

  GDBusConnection *connection; /* (nullable) */
  GSettings *settings;         /* (nullable) */
  char *id;
  char **argv;
  char *directory; /* of autostart */
  gboolean sandboxed;
  guint patience;
  char *status; /* (nullable): that was told last */
  GCancellable *cancellable;
  gboolean asking;
  gboolean changed;   /* since it asks */
  gboolean by_person; /* what is asked for was chosen just now */
};

enum
{
  SIGNAL_REFUSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupBackground, peerup_background, G_TYPE_OBJECT)

/* Requests */

typedef struct
{
  gboolean run_in_background;
  gboolean start_at_login;
} Wish;

/* What the portal's words mean for people. (transfer full) */
static GError *
make_portal_error (const GError *reason, const Wish *wish)
{
  const char *text;

  g_info ("The background portal: %s", reason->message);
  if (reason->code == G_IO_ERROR_NOT_SUPPORTED)
    text = _ ("This desktop cannot start Peer-Up when you log in");
  else if (reason->code == G_IO_ERROR_TIMED_OUT)
    text = _ ("The desktop does not answer whether Peer-Up may run in the background. Try again later");
  else if (wish->start_at_login)
    text = _ ("The desktop does not let Peer-Up start when you log in. You can allow it in the system’s settings");
  else
    text = _ ("The desktop does not let Peer-Up run in the background. You can allow it in the system’s settings");
  return g_error_new_literal (reason->domain, reason->code, text);
}

static void
on_portal_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  const Wish *wish = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) results = peerup_portal_request_finish (result, &error);
  gboolean background = FALSE, autostart = FALSE;

  /* Where nobody can be asked, nobody forbids it. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED) && !wish->start_at_login)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (results != NULL)
    {
      g_variant_lookup (results, "background", "b", &background);
      g_variant_lookup (results, "autostart", "b", &autostart);
      if ((!background && wish->run_in_background) || (!autostart && wish->start_at_login))
        g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The request was refused");
    }
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_error (task, make_portal_error (error, wish));
}

static void
ask_portal (GTask *task)
{
  PeerupBackground *self = g_task_get_source_object (task);
  const Wish *wish = g_task_get_task_data (task);
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&options, "reason", "s",
                         _ ("Your devices reach what you share here while no window is open."));
  g_variant_dict_insert (&options, "autostart", "b", wish->start_at_login);
  /* Activated by D-Bus, it could not be told to stay hidden. */
  g_variant_dict_insert (&options, "dbus-activatable", "b", FALSE);
  g_variant_dict_insert (&options, "commandline", "^as", self->argv);
  /* No window asks for it: what is asked for outlives all of them. */
  peerup_portal_request_async (self->connection, "org.freedesktop.portal.Background.RequestBackground",
                               g_variant_new ("(s)", ""), g_variant_dict_end (&options), self->patience,
                               g_task_get_cancellable (task), on_portal_answered, g_object_ref (task));
}

void
peerup_background_request_async (PeerupBackground *self, gboolean run_in_background, gboolean start_at_login,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  Wish *wish;

  g_return_if_fail (PEERUP_IS_BACKGROUND (self));
  task = g_task_new (self, cancellable, callback, data);
  wish = g_new (Wish, 1);
  wish->run_in_background = run_in_background;
  wish->start_at_login = start_at_login;
  g_task_set_task_data (task, wish, g_free);
  if (self->sandboxed && self->connection != NULL)
    ask_portal (task);
  /* The truth may be so already, in a file that cannot be written. */
  else if (start_at_login == peerup_autostart_is_on (self->directory, self->id) ||
           peerup_autostart_set (self->directory, self->id, start_at_login ? (const char *const *) self->argv : NULL,
                                 &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

gboolean
peerup_background_request_finish (PeerupBackground *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* The settings */

static void on_setting (PeerupBackground *self);
static void ask (PeerupBackground *self);

/* Without being asked for again. */
static void
put_back (PeerupBackground *self, const char *key, gboolean value)
{
  if (g_settings_get_boolean (self->settings, key) == value)
    return;
  g_signal_handlers_block_by_func (self->settings, on_setting, self);
  g_settings_set_boolean (self->settings, key, value);
  g_signal_handlers_unblock_by_func (self->settings, on_setting, self);
}

/* The more that was wanted goes first: without it the other may be allowed. */
static void
on_refused (PeerupBackground *self, const Wish *wish, const GError *error)
{
  gboolean refused = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  gboolean ask_again = FALSE;

  /* A portal that is late, or fails, has forbidden nothing; that it was not done matters to who has just chosen it. */
  if (!refused && !self->by_person)
    return;
  if (wish->start_at_login)
    {
      put_back (self, LOGIN_KEY, FALSE);
      ask_again = self->sandboxed && refused && wish->run_in_background;
    }
  else if (!self->sandboxed)
    put_back (self, LOGIN_KEY, TRUE);
  else if (refused)
    put_back (self, BACKGROUND_KEY, FALSE);
  g_signal_emit (self, signals[SIGNAL_REFUSED], 0, error->message);
  if (ask_again)
    ask (self);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  PeerupBackground *self = PEERUP_BACKGROUND (source);
  g_autofree Wish *wish = data;
  g_autoptr (GError) error = NULL;
  gboolean allowed = peerup_background_request_finish (self, result, &error);

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  self->asking = FALSE;
  /* What was refused may not be wanted any more. */
  if (self->changed)
    ask (self);
  else if (!allowed)
    on_refused (self, wish, error);
}

static void
ask (PeerupBackground *self)
{
  Wish *wish = g_new (Wish, 1);

  wish->run_in_background = g_settings_get_boolean (self->settings, BACKGROUND_KEY);
  wish->start_at_login = g_settings_get_boolean (self->settings, LOGIN_KEY);
  self->changed = FALSE;
  self->asking = TRUE;
  peerup_background_request_async (self, wish->run_in_background, wish->start_at_login, self->cancellable, on_answered,
                                   wish);
}

static void
on_setting (PeerupBackground *self)
{
  self->by_person = TRUE;
  if (self->asking)
    self->changed = TRUE;
  else
    ask (self);
}

void
peerup_background_start (PeerupBackground *self)
{
  g_return_if_fail (PEERUP_IS_BACKGROUND (self));
  if (self->settings == NULL)
    return;
  if (!self->sandboxed)
    put_back (self, LOGIN_KEY, peerup_autostart_is_on (self->directory, self->id));
  g_signal_connect_object (self->settings, "changed::" BACKGROUND_KEY, G_CALLBACK (on_setting), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->settings, "changed::" LOGIN_KEY, G_CALLBACK (on_setting), self, G_CONNECT_SWAPPED);
  /* What is off needs no leave. */
  if (self->sandboxed &&
      (g_settings_get_boolean (self->settings, BACKGROUND_KEY) || g_settings_get_boolean (self->settings, LOGIN_KEY)))
    ask (self);
}

/* Without an answer that matters */

void
peerup_background_set_status (PeerupBackground *self, const char *text)
{
  g_autofree char *line = NULL;
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);

  g_return_if_fail (PEERUP_IS_BACKGROUND (self) && text != NULL);
  line = g_utf8_strlen (text, -1) > MAX_STATUS ? g_utf8_substring (text, 0, MAX_STATUS) : g_strdup (text);
  if (!self->sandboxed || self->connection == NULL || !g_set_str (&self->status, line))
    return;
  g_variant_dict_insert (&options, "message", "s", line);
  g_dbus_connection_call (self->connection, PEERUP_PORTAL_NAME, PEERUP_PORTAL_PATH, "org.freedesktop.portal.Background",
                          "SetStatus", g_variant_new ("(@a{sv})", g_variant_dict_end (&options)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

void
peerup_background_register (GDBusConnection *connection, const char *id)
{
  g_return_if_fail (G_IS_DBUS_CONNECTION (connection) && id != NULL);
  if (g_file_test (SANDBOX, G_FILE_TEST_EXISTS))
    return;
  g_dbus_connection_call (connection, PEERUP_PORTAL_NAME, PEERUP_PORTAL_PATH, "org.freedesktop.host.portal.Registry",
                          "Register", g_variant_new ("(s@a{sv})", id, g_variant_new ("a{sv}", NULL)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void
peerup_background_dispose (GObject *object)
{
  PeerupBackground *self = PEERUP_BACKGROUND (object);

  g_cancellable_cancel (self->cancellable);
  G_OBJECT_CLASS (peerup_background_parent_class)->dispose (object);
}

static void
peerup_background_finalize (GObject *object)
{
  PeerupBackground *self = PEERUP_BACKGROUND (object);

  g_clear_object (&self->connection);
  g_clear_object (&self->settings);
  g_object_unref (self->cancellable);
  g_free (self->id);
  g_strfreev (self->argv);
  g_free (self->directory);
  g_free (self->status);
  G_OBJECT_CLASS (peerup_background_parent_class)->finalize (object);
}

static void
peerup_background_class_init (PeerupBackgroundClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_background_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_background_finalize;
  signals[SIGNAL_REFUSED] = g_signal_new ("refused", PEERUP_TYPE_BACKGROUND, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
peerup_background_init (PeerupBackground *self)
{
  self->cancellable = g_cancellable_new ();
  self->sandboxed = g_file_test (SANDBOX, G_FILE_TEST_EXISTS);
  self->directory = peerup_autostart_dup_directory ();
  self->patience = PATIENCE;
}

PeerupBackground *
peerup_background_new (GDBusConnection *connection, GSettings *settings, const char *id, const char *const *argv)
{
  PeerupBackground *self = g_object_new (PEERUP_TYPE_BACKGROUND, NULL);

  g_set_object (&self->connection, connection);
  g_set_object (&self->settings, settings);
  self->id = g_strdup (id);
  self->argv = g_strdupv ((char **) argv);
  return self;
}

void
peerup_background_set_place (PeerupBackground *self, gboolean sandboxed, const char *autostart_directory)
{
  g_return_if_fail (PEERUP_IS_BACKGROUND (self));
  self->sandboxed = sandboxed;
  g_set_str (&self->directory, autostart_directory);
}

void
peerup_background_set_patience (PeerupBackground *self, guint seconds)
{
  g_return_if_fail (PEERUP_IS_BACKGROUND (self));
  self->patience = seconds;
}
