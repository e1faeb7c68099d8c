/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Starts the session with the engine when something is first asked of it, and leaves it when the program ends: then
 * what is in use is not cut without a question, and the windows are gone before the engine is.
 *
 * A window that is closed is destroyed, for that frees what it took; where it may, the program goes on without one.
 * From the start of the session to its end the program is held, so that it ends by peerup_application_end() alone. */
#include "app/peerup-application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <malloc.h>

#include "app/background/peerup-background-status.h"
#include "app/background/peerup-background.h"
#include "app/background/peerup-transfers.h"
#include "app/model/peerup-app-id.h"
#include "app/model/peerup-daemon-watch.h"
#include "app/model/peerup-settings.h"
#include "app/model/peerup-text.h"
#include "app/peerup-application-actions.h"
#include "app/peerup-attention.h"
#include "app/peerup-quit-question.h"
#include "app/tray/peerup-tray.h"
#include "config/peerup-config.h"
#include "config/peerup-profile.h"
#include "peerup-config.h"

#define SCHEME  "peerup"
#define PROGRAM "/proc/self/exe"
#define SANDBOX "/.flatpak-info"

/* Characters of what is said in passing. */
#define MAX_SAID 300

struct _PeerupApplication
{
  AdwApplication parent_instance;

  char *config_path;              /* (nullable): before the options are read */
  PeerupSession *session;         /* (nullable): before it is activated */
  PeerupDaemonWatch *watch;       /* (nullable): likewise */
  PeerupTray *tray;               /* (nullable): likewise, and when it ends */
  PeerupNotify *notify;           /* (nullable): likewise */
  GCancellable *hurry;            /* cancelled when the engine is to end at once */
  AdwDialog *question;            /* (nullable) weak: whether to quit */
  GSettings *settings;            /* (nullable): where there is no schema */
  PeerupBackground *background;   /* (nullable): as the session */
  PeerupBackgroundStatus *status; /* (nullable): likewise */
  PeerupTransfers *transfers;     /* (nullable): likewise */
  guint inhibition;               /* 0: the system may go to sleep */
  guint jobs;                     /* that need the program although it has no window */
  gboolean hidden;                /* it was started without a window, and none was shown since */
  gboolean told;                  /* that it goes on without a window */
  gboolean ending;
  guint signals[2];
};

G_DEFINE_FINAL_TYPE (PeerupApplication, peerup_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "config", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, NULL, N_ ("Use this configuration"), N_ ("FILE") },
  { "profile", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, NULL, N_ ("Use this profile"), N_ ("NAME") },
  { "hidden", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Start without a window, in the background"), NULL },
  { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
  G_OPTION_ENTRY_NULL,
};

static char *
find_config (void)
{
  char *path = peerup_config_find (NULL, NULL);

  return path != NULL ? path : g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
}

/* What a desktop means by this program, wherever it is started: not what lies in the directory where a shell is. */
static char *
find_usual_config (void)
{
  g_autofree char *here = g_canonicalize_filename ("peerup.yaml", NULL);
  g_autofree char *found = find_config ();

  if (g_strcmp0 (found, here) != 0)
    return g_steal_pointer (&found);
  return g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
}

/* Launching it again raises its window. */
static gboolean
has_way_back (PeerupApplication *self)
{
  return g_application_get_dbus_connection (G_APPLICATION (self)) != NULL;
}

/* The exit code, or -1: go on. Where the program runs already, there is nothing to be shown. */
static int
start_hidden (PeerupApplication *self)
{
  g_autoptr (GError) error = NULL;

  if (!g_application_register (G_APPLICATION (self), NULL, &error))
    {
      g_printerr ("peerup-gtk: %s\n", error->message);
      return 1;
    }
  if (g_application_get_is_remote (G_APPLICATION (self)))
    return 0;
  if (!has_way_back (self))
    {
      g_printerr ("peerup-gtk: %s\n", _ ("There is no session bus, by which the window could be shown later: start it "
                                         "without --hidden, or run “peerup daemon”"));
      return 1;
    }
  self->hidden = TRUE;
  return -1;
}

/* Before it is known whether this program is the only one: that goes by the configuration. */
static int
handle_local_options (GApplication *application, GVariantDict *dict)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);
  g_autofree char *usual = find_usual_config ();
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;
  const char *profile, *path;

  if (g_variant_dict_contains (dict, "version"))
    {
      g_print ("peerup-gtk %s\n", PEERUP_VERSION);
      return 0;
    }
  if (g_variant_dict_lookup (dict, "config", "^&ay", &path))
    self->config_path = g_canonicalize_filename (path, NULL);
  else if (g_variant_dict_lookup (dict, "profile", "&s", &profile))
    {
      if (!peerup_profile_check (profile, &error))
        {
          g_printerr ("peerup-gtk: %s\n", error->message);
          return 2;
        }
      self->config_path = peerup_profile_dup_config (profile);
    }
  else
    self->config_path = find_config ();
  id = peerup_app_id_make (PEERUP_APP_ID, self->config_path, usual);
  g_application_set_application_id (application, id);
  return g_variant_dict_contains (dict, "hidden") ? start_hidden (self) : -1;
}

/* Going on without a window */

/* Where there is no engine and can be none, nothing goes on. */
static gboolean
goes_on (PeerupApplication *self)
{
  PeerupSessionState state = peerup_session_get_state (self->session);

  return peerup_settings_get_boolean (self->settings, "run-in-background", TRUE) && has_way_back (self) &&
         state != PEERUP_SESSION_FAILED && state != PEERUP_SESSION_GONE;
}

/* Ends it where neither a window nor anybody's wish keeps it. */
static void
settle (PeerupApplication *self)
{
  if (self->session != NULL && !self->ending && self->jobs == 0 && !self->hidden &&
      peerup_application_get_window (self) == NULL && !goes_on (self))
    peerup_application_end (self, FALSE);
}

/* Once ever. */
static void
tell_of_background (PeerupApplication *self)
{
  g_autoptr (GNotification) notification = NULL;

  if (self->told || peerup_settings_get_boolean (self->settings, "background-told", FALSE))
    return;
  self->told = TRUE;
  if (self->settings != NULL)
    g_settings_set_boolean (self->settings, "background-told", TRUE);
  notification = g_notification_new (_ ("Peer-Up Keeps Running"));
  g_notification_set_body (
    notification, _ ("Without a window, too, your devices reach each other. Start it again to see the window."));
  g_notification_set_default_action (notification, "app.open");
  g_notification_add_button (notification, _ ("Quit"), "app.ask-quit");
  peerup_notify_send (self->notify, "background", notification);
}

/* It is seen now, or over. */
static void
withdraw (PeerupApplication *self)
{
  if (self->told)
    peerup_notify_take_back (self->notify, "background");
}

/* What a window has left is given back to the system. */
static gboolean
trim (gpointer data)
{
#ifdef __GLIBC__
  malloc_trim (0);
#endif
  return G_SOURCE_REMOVE;
}

static gboolean
on_close_request (GtkWindow *window, PeerupApplication *self)
{
  if (!goes_on (self))
    {
      /* Whatever is in use is not cut without a word. */
      peerup_application_end (self, TRUE);
      return TRUE;
    }
  /* Its dialogs end as if each was closed. */
  gtk_window_destroy (window);
  tell_of_background (self);
  g_idle_add_full (G_PRIORITY_LOW, trim, NULL, NULL);
  return TRUE;
}

void
peerup_application_begin_job (PeerupApplication *self)
{
  g_return_if_fail (PEERUP_IS_APPLICATION (self));
  self->jobs++;
  g_application_hold (G_APPLICATION (self));
}

void
peerup_application_end_job (PeerupApplication *self)
{
  g_return_if_fail (PEERUP_IS_APPLICATION (self) && self->jobs > 0);
  self->jobs--;
  settle (self);
  g_application_release (G_APPLICATION (self));
}

/* What starts it hidden, at login. (transfer full) */
static char **
make_argv (PeerupApplication *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *path = g_file_read_link (PROGRAM, NULL);
  g_autofree char *usual = find_usual_config ();

  /* In a sandbox paths are not those of the desktop, and after an update the file is another. */
  if (path == NULL || g_file_test (SANDBOX, G_FILE_TEST_EXISTS) || !g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
    g_set_str (&path, "peerup-gtk");
  g_strv_builder_add_many (builder, path, "--hidden", NULL);
  if (g_strcmp0 (self->config_path, usual) != 0)
    g_strv_builder_add_many (builder, "--config", self->config_path, NULL);
  return g_strv_builder_end (builder);
}

/* Only automatic sleep is held off, and whoever closes the lid is obeyed: through GTK this works with GNOME, Xfce and,
 * from a sandbox, with the portal, while a lock of logind would block what people ask for, too. */
static void
on_moving (PeerupApplication *self)
{
  gboolean moving = peerup_transfers_is_moving (self->transfers);

  if (moving && self->inhibition == 0)
    self->inhibition = gtk_application_inhibit (GTK_APPLICATION (self), NULL, GTK_APPLICATION_INHIBIT_SUSPEND,
                                                _ ("Data is being transferred between your devices"));
  else if (!moving && self->inhibition != 0)
    gtk_application_uninhibit (GTK_APPLICATION (self), g_steal_handle_id (&self->inhibition));
}

/* A refusal of the background ends what has no window, once that is said. */
static void
on_refused (PeerupApplication *self, const char *text)
{
  peerup_application_say (self, text);
  if (!peerup_settings_get_boolean (self->settings, "run-in-background", TRUE))
    self->hidden = FALSE;
  settle (self);
}

static void
begin_background (PeerupApplication *self)
{
  GApplication *application = G_APPLICATION (self);
  g_auto (GStrv) argv = make_argv (self);

  const char *id = g_application_get_application_id (application);

  /* The settings are one for all, and the file at login one for each: that of another profile is not for them to say.
   */
  self->background =
    peerup_background_new (g_application_get_dbus_connection (application),
                           g_str_equal (id, PEERUP_APP_ID) ? self->settings : NULL, id, (const char *const *) argv);
  self->status = peerup_background_status_new (self->background, self->session);
  self->transfers = peerup_transfers_new (self->session);
  g_signal_connect_object (self->background, "refused", G_CALLBACK (on_refused), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->transfers, "notify::moving", G_CALLBACK (on_moving), self, G_CONNECT_SWAPPED);
  peerup_background_start (self->background);
}

/* The session and its window */

/* Without a window, nobody would know. */
static void
on_state (PeerupApplication *self)
{
  const GError *error = peerup_session_get_error (self->session);

  if (peerup_session_get_state (self->session) == PEERUP_SESSION_FAILED && error != NULL && !self->ending &&
      peerup_application_get_window (self) == NULL)
    {
      peerup_application_say (self, error->message);
      settle (self);
    }
}

PeerupSession *
peerup_application_ensure_session (PeerupApplication *self)
{
  g_return_val_if_fail (PEERUP_IS_APPLICATION (self), NULL);
  if (self->session == NULL)
    {
      self->session = peerup_session_new (self->config_path);
      self->watch = peerup_daemon_watch_new (self->session);
      self->tray = peerup_tray_new (G_APPLICATION (self), self->session, self->settings);
      g_signal_connect_object (self->session, "notify::state", G_CALLBACK (on_state), self, G_CONNECT_SWAPPED);
      self->notify = peerup_attention_notify_new (GTK_APPLICATION (self), self->session, self->settings);
      g_application_hold (G_APPLICATION (self));
      begin_background (self);
    }
  peerup_session_start (self->session);
  return self->session;
}

PeerupWindow *
peerup_application_get_window (PeerupApplication *self)
{
  g_return_val_if_fail (PEERUP_IS_APPLICATION (self), NULL);
  for (const GList *link = gtk_application_get_windows (GTK_APPLICATION (self)); link != NULL; link = link->next)
    if (PEERUP_IS_WINDOW (link->data))
      return link->data;
  return NULL;
}

PeerupWindow *
peerup_application_show_window (PeerupApplication *self)
{
  PeerupWindow *window = peerup_application_get_window (self);

  self->hidden = FALSE;
  withdraw (self);
  if (window == NULL)
    {
      window = peerup_window_new (GTK_APPLICATION (self), peerup_application_ensure_session (self));
      g_signal_connect_object (window, "close-request", G_CALLBACK (on_close_request), self, 0);
    }
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

gboolean
peerup_application_is_ending (PeerupApplication *self)
{
  return self->ending;
}

/* What covers a window covers its toasts. */
static void
say_in (PeerupWindow *window, const char *text)
{
  AdwDialog *dialog = adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window));
  AdwToast *toast;

  if (!ADW_IS_PREFERENCES_DIALOG (dialog))
    {
      peerup_window_say (window, text);
      return;
    }
  toast = adw_toast_new (text);
  adw_toast_set_use_markup (toast, FALSE);
  adw_preferences_dialog_add_toast (ADW_PREFERENCES_DIALOG (dialog), toast);
}

void
peerup_application_say (PeerupApplication *self, const char *text)
{
  PeerupWindow *window = peerup_application_get_window (self);
  g_autofree char *clean = peerup_text_clean_to (text, MAX_SAID);
  g_autoptr (GNotification) notification = NULL;

  if (window != NULL)
    {
      say_in (window, clean);
      return;
    }
  notification = g_notification_new (_ ("Peer-Up"));
  g_notification_set_body (notification, clean);
  g_notification_set_default_action (notification, "app.open");
  /* Help is shown without an engine, too. */
  if (self->notify != NULL)
    peerup_notify_send (self->notify, "said", notification);
  else
    g_application_send_notification (G_APPLICATION (self), "said", notification);
}

static void
activate (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);

  /* The first time by ourselves, and not because somebody else has started it again. */
  if (self->hidden && self->session == NULL)
    {
      peerup_application_ensure_session (self);
      tell_of_background (self);
    }
  else if (!self->ending)
    peerup_application_show_window (self);
}

/* A link opens Join, which asks. */
static void
open_files (GApplication *application, GFile **files, int n_files, const char *hint)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);
  PeerupWindow *window;

  if (self->ending)
    return;
  window = peerup_application_show_window (self);
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *uri = g_file_get_uri (files[i]);
      g_autofree char *name = NULL;
      g_autofree char *text = NULL;

      if (g_file_has_uri_scheme (files[i], SCHEME))
        {
          peerup_window_do (window, "win.join", g_variant_new_string (uri));
          return;
        }
      name = peerup_text_isolate (uri);
      /* TRANSLATORS: %s is an address that somebody has opened. */
      text = g_strdup_printf (_ ("%s is not a Peer-Up link"), name);
      peerup_window_say (window, text);
    }
}

/* The end */

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupApplication) self = data;

  peerup_session_stop_finish (PEERUP_SESSION (source), result);
  g_application_release (G_APPLICATION (self));
  g_application_quit (G_APPLICATION (self));
}

static void
end (PeerupApplication *self)
{
  GtkWindow *window;

  if (self->ending)
    {
      g_cancellable_cancel (self->hurry);
      return;
    }
  self->ending = TRUE;
  g_clear_object (&self->tray);
  withdraw (self);
  while ((window = GTK_WINDOW (peerup_application_get_window (self))) != NULL)
    gtk_window_destroy (window);
  if (self->session != NULL)
    peerup_session_stop_async (self->session, self->hurry, on_stopped, g_object_ref (self));
  else
    g_application_quit (G_APPLICATION (self));
}

/* A pairing under way asks itself whether it is to be cut. */
static gboolean
may_leave (PeerupApplication *self)
{
  PeerupWindow *window = peerup_application_get_window (self);
  AdwDialog *dialog =
    window != NULL ? adw_application_window_get_visible_dialog (ADW_APPLICATION_WINDOW (window)) : NULL;

  if (dialog == NULL || adw_dialog_get_can_close (dialog))
    return TRUE;
  gtk_window_present (GTK_WINDOW (window));
  adw_dialog_close (dialog);
  return FALSE;
}

void
peerup_application_end (PeerupApplication *self, gboolean ask)
{
  guint n;

  g_return_if_fail (PEERUP_IS_APPLICATION (self));
  if (!self->ending && ask && !may_leave (self))
    return;
  n = peerup_quit_count_in_use (self->session);
  if (self->ending || !ask || n == 0)
    {
      end (self);
      return;
    }
  peerup_application_show_window (self);
  if (self->question != NULL)
    return;
  g_set_weak_pointer (&self->question, peerup_quit_question_new (n));
  g_signal_connect_object (self->question, "response::quit", G_CALLBACK (end), self, G_CONNECT_SWAPPED);
  adw_dialog_present (self->question, GTK_WIDGET (peerup_application_get_window (self)));
}

/* Whoever sends one does not wait for an answer; who sends another does not wait at all. */
static gboolean
on_signal (gpointer data)
{
  end (data);
  return G_SOURCE_CONTINUE;
}

/* The rest */

/* Before the toolkit asks the portals for anything. */
static gboolean
register_with_bus (GApplication *application, GDBusConnection *connection, const char *path, GError **error)
{
  peerup_background_register (connection, g_application_get_application_id (application));
  return G_APPLICATION_CLASS (peerup_application_parent_class)->dbus_register (application, connection, path, error);
}

static void
startup (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);

  if (!gtk_init_check ())
    {
      g_printerr ("peerup-gtk: %s\n",
                  _ ("There is no screen to show a window on: start it on a desktop, or run “peerup daemon”"));
      exit (EXIT_FAILURE);
    }
  G_APPLICATION_CLASS (peerup_application_parent_class)->startup (application);
  self->settings = peerup_settings_new ();
  if (self->settings != NULL)
    g_signal_connect_object (self->settings, "changed::run-in-background", G_CALLBACK (settle), self,
                             G_CONNECT_SWAPPED);
  if (g_strcmp0 (g_getenv ("PEERUP_TEXT_DIRECTION"), "rtl") == 0)
    gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  gtk_window_set_default_icon_name (PEERUP_APP_ID);
  peerup_application_add_actions (self);
  self->signals[0] = g_unix_signal_add (SIGTERM, on_signal, self);
  self->signals[1] = g_unix_signal_add (SIGINT, on_signal, self);
}

static void
shut_down (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);

  for (guint i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
  G_APPLICATION_CLASS (peerup_application_parent_class)->shutdown (application);
}

static void
peerup_application_finalize (GObject *object)
{
  PeerupApplication *self = PEERUP_APPLICATION (object);

  g_clear_weak_pointer (&self->question);
  g_clear_object (&self->tray);
  g_clear_object (&self->notify);
  g_clear_object (&self->status);
  g_clear_object (&self->background);
  g_clear_object (&self->transfers);
  g_clear_object (&self->watch);
  g_clear_object (&self->session);
  g_clear_object (&self->settings);
  g_object_unref (self->hurry);
  g_free (self->config_path);
  G_OBJECT_CLASS (peerup_application_parent_class)->finalize (object);
}

static void
peerup_application_class_init (PeerupApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = peerup_application_finalize;
  application_class->handle_local_options = handle_local_options;
  application_class->dbus_register = register_with_bus;
  application_class->startup = startup;
  application_class->shutdown = shut_down;
  application_class->activate = activate;
  application_class->open = open_files;
}

static void
peerup_application_init (PeerupApplication *self)
{
  self->hurry = g_cancellable_new ();
  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), _ ("[LINK]"));
}

PeerupApplication *
peerup_application_new (void)
{
  return g_object_new (PEERUP_TYPE_APPLICATION, "application-id", PEERUP_APP_ID, "resource-base-path",
                       "/dev/peerup/PeerUp", "flags", G_APPLICATION_HANDLES_OPEN, NULL);
}
