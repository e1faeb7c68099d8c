/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Starts the session with the engine when it is first activated, and leaves it when the program ends: then what is in
 * use is not cut without a question, and the windows are gone before the engine is. */
#include "app/peerup-application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>

#include "app/model/peerup-app-id.h"
#include "app/model/peerup-daemon-watch.h"
#include "app/model/peerup-text.h"
#include "app/peerup-application-actions.h"
#include "app/peerup-quit-question.h"
#include "config/peerup-config.h"
#include "config/peerup-profile.h"
#include "peerup-config.h"

#define SCHEME "peerup"

/* Characters of what is said in passing. */
#define MAX_SAID 300

struct _PeerupApplication
{
  AdwApplication parent_instance;

  char *config_path;        /* (nullable): before the options are read */
  PeerupSession *session;   /* (nullable): before it is activated */
  PeerupDaemonWatch *watch; /* (nullable): likewise */
  GCancellable *hurry;      /* cancelled when the engine is to end at once */
  AdwDialog *question;      /* (nullable) weak: whether to quit */
  gboolean ending;
  guint signals[2];
};

G_DEFINE_FINAL_TYPE (PeerupApplication, peerup_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "config", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, NULL, N_ ("Use this configuration"), N_ ("FILE") },
  { "profile", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, NULL, N_ ("Use this profile"), N_ ("NAME") },
  { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
  G_OPTION_ENTRY_NULL,
};

static char *
find_config (void)
{
  char *path = peerup_config_find (NULL, NULL);

  return path != NULL ? path : g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
}

/* Before it is known whether this program is the only one: that goes by the configuration. */
static int
handle_local_options (GApplication *application, GVariantDict *dict)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);
  g_autofree char *usual = find_config ();
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
    self->config_path = g_strdup (usual);
  id = peerup_app_id_make (PEERUP_APP_ID, self->config_path, usual);
  g_application_set_application_id (application, id);
  return -1;
}

/* The session and its window */

PeerupSession *
peerup_application_ensure_session (PeerupApplication *self)
{
  g_return_val_if_fail (PEERUP_IS_APPLICATION (self), NULL);
  if (self->session == NULL)
    {
      self->session = peerup_session_new (self->config_path);
      self->watch = peerup_daemon_watch_new (self->session);
      /* Until peerup_application_end(): what runs here is not to end because a window did. */
      g_application_hold (G_APPLICATION (self));
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

  if (window == NULL)
    window = peerup_window_new (GTK_APPLICATION (self), peerup_application_ensure_session (self));
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

gboolean
peerup_application_is_ending (PeerupApplication *self)
{
  return self->ending;
}

void
peerup_application_say (PeerupApplication *self, const char *text)
{
  PeerupWindow *window = peerup_application_get_window (self);
  g_autofree char *clean = peerup_text_clean_to (text, MAX_SAID);
  g_autoptr (GNotification) notification = NULL;

  if (window != NULL)
    {
      peerup_window_say (window, clean);
      return;
    }
  notification = g_notification_new (_ ("Peer-Up"));
  g_notification_set_body (notification, clean);
  g_notification_set_default_action (notification, "app.open");
  g_application_send_notification (G_APPLICATION (self), "said", notification);
}

static void
activate (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);

  if (!self->ending)
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
  while ((window = GTK_WINDOW (peerup_application_get_window (self))) != NULL)
    gtk_window_destroy (window);
  if (self->session != NULL)
    peerup_session_stop_async (self->session, self->hurry, on_stopped, g_object_ref (self));
  else
    g_application_quit (G_APPLICATION (self));
}

void
peerup_application_end (PeerupApplication *self, gboolean ask)
{
  guint n;

  g_return_if_fail (PEERUP_IS_APPLICATION (self));
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

static void
startup (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);

  G_APPLICATION_CLASS (peerup_application_parent_class)->startup (application);
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
  g_clear_object (&self->watch);
  g_clear_object (&self->session);
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
