/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The application's actions. None keeps anything: what waits for an engine is a job, which holds the program meanwhile
 * and is dropped when the program ends. */
#include "app/peerup-application-actions.h"

#include <glib/gi18n.h>

#include "app/model/peerup-settings.h"
#include "app/model/peerup-text.h"
#include "app/preferences/peerup-about.h"
#include "app/preferences/peerup-preferences-dialog.h"
#include "app/preferences/peerup-shortcuts.h"
#include "peerup-config.h"

#define HELP "help:" PEERUP_APP_ID

/* Seconds: no grant is made longer than by a year at once. */
#define MAX_EXTENSION ((gint64) 366 * 24 * 60 * 60)

/* Dialogs of the program. (transfer floating) */

static AdwDialog *
make_about (PeerupApplication *self)
{
  return peerup_about_dialog_new (peerup_application_ensure_session (self));
}

static AdwDialog *
make_preferences (PeerupApplication *self)
{
  g_autoptr (GSettings) settings = peerup_settings_new ();

  return peerup_preferences_dialog_new (peerup_application_ensure_session (self), settings);
}

static AdwDialog *
make_shortcuts (PeerupApplication *self)
{
  return peerup_shortcuts_dialog_new ();
}

static const struct
{
  const char *action;
  AdwDialog *(*make) (PeerupApplication *self);
} dialogs[] = {
  { "about", make_about },
  { "preferences", make_preferences },
  { "shortcuts", make_shortcuts },
};

static void
show_dialog (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  PeerupApplication *self = data;
  const char *name = g_action_get_name (G_ACTION (action));
  AdwApplicationWindow *window;
  AdwDialog *dialog;

  if (peerup_application_is_ending (self))
    return;
  window = ADW_APPLICATION_WINDOW (peerup_application_show_window (self));
  dialog = adw_application_window_get_visible_dialog (window);
  /* One of them is enough. */
  if (dialog != NULL && g_strcmp0 (gtk_widget_get_name (GTK_WIDGET (dialog)), name) == 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (dialogs); i++)
    if (g_str_equal (dialogs[i].action, name))
      {
        dialog = dialogs[i].make (self);
        gtk_widget_set_name (GTK_WIDGET (dialog), name);
        adw_dialog_present (dialog, GTK_WIDGET (window));
      }
}

/* In the window, which has an action of the same name. */
static void
show_in_window (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  PeerupApplication *self = data;
  g_autofree char *name = g_strconcat ("win.", g_action_get_name (G_ACTION (action)), NULL);

  if (!peerup_application_is_ending (self))
    peerup_window_do (peerup_application_show_window (self), name, parameter);
}

/* The desktop file's actions have no parameter. */
static void
join_with_code (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (!peerup_application_is_ending (data))
    peerup_window_do (peerup_application_show_window (data), "win.join", g_variant_new_string (""));
}

static void
open_window (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  if (!peerup_application_is_ending (data))
    peerup_application_show_window (data);
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  /* GNOME ends what runs in the background by this, and kills what has not ended soon: without a window nobody is
   * asked. */
  peerup_application_end (data, peerup_application_get_window (data) != NULL);
}

static void
ask_quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  peerup_application_end (data, TRUE);
}

/* Help */

static void
on_help_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupApplication) self = data;
  g_autoptr (GError) error = NULL;

  if (!gtk_uri_launcher_launch_finish (GTK_URI_LAUNCHER (source), result, &error) &&
      !g_error_matches (error, GTK_DIALOG_ERROR, GTK_DIALOG_ERROR_DISMISSED))
    {
      g_info ("No help: %s", error->message);
      peerup_application_say (self, _ ("The help cannot be shown: install the help viewer of GNOME (Yelp)"));
    }
  peerup_application_end_job (self);
}

static void
show_help (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  PeerupApplication *self = data;
  const char *page = g_variant_get_string (parameter, NULL);
  g_autofree char *escaped = g_uri_escape_string (page, NULL, FALSE);
  g_autofree char *uri = *page != '\0' ? g_strconcat (HELP, "/", escaped, NULL) : g_strdup (HELP);
  g_autoptr (GtkUriLauncher) launcher = gtk_uri_launcher_new (uri);
  PeerupWindow *window = peerup_application_get_window (self);

  if (peerup_application_is_ending (self))
    return;
  peerup_application_begin_job (self);
  gtk_uri_launcher_launch (launcher, window != NULL ? GTK_WINDOW (window) : NULL, NULL, on_help_shown,
                           g_object_ref (self));
}

/* What the engine is asked to do */

typedef struct
{
  PeerupApplication *self;
  PeerupSession *session;
  GVariant *target;
  const char *what;       /* has failed, if it does; of a table */
  void (*run) (gpointer); /* with an engine; takes the job */
} Job;

static void
job_free (Job *job)
{
  g_signal_handlers_disconnect_by_data (job->session, job);
  peerup_application_end_job (job->self);
  g_object_unref (job->self);
  g_object_unref (job->session);
  g_variant_unref (job->target);
  g_free (job);
}

static void
job_fail (Job *job, const char *why)
{
  /* TRANSLATORS: What has failed, and why: "Cannot extend the access: there is no such device". */
  g_autofree char *text = g_strdup_printf (_ ("%1$s: %2$s"), job->what, why);

  if (!peerup_application_is_ending (job->self))
    peerup_application_say (job->self, text);
  job_free (job);
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer == NULL)
    job_fail (job, error->message);
  else
    job_free (job);
}

static void
call (Job *job, const char *operation, GVariant *parameters)
{
  peerup_session_call_async (job->session, operation, parameters, NULL, on_called, job);
}

/* Each engine counts its questions anew: a notification of an earlier one must not answer another question. */
static gboolean
is_open (PeerupSession *session, guint number, const char *peer_id)
{
  GListModel *prompts = G_LIST_MODEL (peerup_session_get_prompts (session));

  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupDBusPrompt1) prompt = g_list_model_get_item (prompts, i);

      if (peerup_dbus_prompt1_get_number (prompt) == number)
        return g_strcmp0 (peerup_dbus_prompt1_get_peer_id (prompt), peer_id) == 0;
    }
  return FALSE;
}

static void
run_answer_prompt (gpointer data)
{
  Job *job = data;
  const char *peer_id, *answer;
  guint number;

  g_variant_get (job->target, "(u&s&s)", &number, &peer_id, &answer);
  if (!is_open (job->session, number, peer_id))
    job_fail (job, _ ("the question is over"));
  else
    call (job, "AnswerPrompt", g_variant_new ("(us)", number, answer));
}

/* (transfer full) (nullable): of a job to extend a grant, among what ListGrants answered. */
static GVariant *
find_grant (const Job *job, GVariant *grants)
{
  const char *peer_id, *service;

  g_variant_get (job->target, "(&s&sx)", &peer_id, &service, NULL);
  for (gsize i = 0; i < g_variant_n_children (grants); i++)
    {
      g_autoptr (GVariant) grant = g_variant_get_child_value (grants, i);
      const char *whose = NULL, *what = NULL;

      if (g_variant_lookup (grant, "peer_id", "&s", &whose) && g_variant_lookup (grant, "service", "&s", &what) &&
          g_str_equal (whose, peer_id) && g_str_equal (what, service))
        return g_steal_pointer (&grant);
    }
  return NULL;
}

static void
on_grants (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GVariant) grants = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
  g_autoptr (GVariant) grant = grants != NULL ? find_grant (job, grants) : NULL;
  gint64 now = g_get_real_time () / (gint64) G_USEC_PER_SEC, until = 0, seconds;
  const char *peer_id, *service;

  g_variant_get (job->target, "(&s&sx)", &peer_id, &service, &seconds);
  if (answer == NULL)
    job_fail (job, error->message);
  else if (grant == NULL)
    /* What has ended was perhaps ended by the person: that is not undone by an old notification. */
    job_fail (job, _ ("it has ended; you can allow it again on the device’s page"));
  else if (!g_variant_lookup (grant, "until", "x", &until) || until == 0)
    /* One that has no end is long enough. */
    job_free (job);
  else
    call (job, "ExtendGrant",
          g_variant_new ("(ssx)", peer_id, service, MAX (until, now) + CLAMP (seconds, 1, MAX_EXTENSION)));
}

static void
run_extend_grant (gpointer data)
{
  Job *job = data;

  peerup_session_call_async (job->session, "ListGrants", NULL, NULL, on_grants, job);
}

static void
run_share (gpointer data)
{
  Job *job = data;
  const char *name = g_variant_get_string (job->target, NULL);
  g_autoptr (PeerupDBusService1) service =
    peerup_object_list_find (peerup_session_get_services (job->session), "name", name);

  if (service == NULL)
    job_fail (job, _ ("there is no such service any more"));
  else
    call (job, "EnableService", g_variant_new ("(sb)", name, !peerup_dbus_service1_get_enabled (service)));
}

static void
on_state (Job *job)
{
  const GError *error = peerup_session_get_error (job->session);

  switch (peerup_session_get_state (job->session))
    {
    case PEERUP_SESSION_RUNNING:
      g_signal_handlers_disconnect_by_data (job->session, job);
      job->run (job);
      break;
    case PEERUP_SESSION_STOPPED:
      job_free (job);
      break;
    case PEERUP_SESSION_FAILED:
    case PEERUP_SESSION_GONE:
      job_fail (job, error != NULL ? error->message : _ ("Peer-Up does not run"));
      break;
    case PEERUP_SESSION_STARTING:
      break;
    }
}

static void
do_job (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  static const struct
  {
    const char *action;
    const char *what;
    void (*run) (gpointer);
  } jobs[] = {
    { "answer-prompt", N_ ("Cannot answer"), run_answer_prompt },
    { "extend-grant", N_ ("Cannot extend the access"), run_extend_grant },
    { "share", N_ ("Cannot switch the service"), run_share },
  };
  PeerupApplication *self = data;
  Job *job;
  guint i = 0;

  if (peerup_application_is_ending (self))
    return;
  while (!g_str_equal (jobs[i].action, g_action_get_name (G_ACTION (action))))
    i++;
  job = g_new0 (Job, 1);
  job->self = g_object_ref (self);
  job->session = g_object_ref (peerup_application_ensure_session (self));
  job->target = g_variant_ref (parameter);
  job->what = _ (jobs[i].what);
  job->run = jobs[i].run;
  peerup_application_begin_job (self);
  g_signal_connect_swapped (job->session, "notify::state", G_CALLBACK (on_state), job);
  on_state (job);
}

void
peerup_application_add_actions (PeerupApplication *self)
{
  static const GActionEntry actions[] = {
    { .name = "open", .activate = open_window },
    { .name = "quit", .activate = quit },
    { .name = "ask-quit", .activate = ask_quit },
    { .name = "about", .activate = show_dialog },
    { .name = "preferences", .activate = show_dialog },
    { .name = "shortcuts", .activate = show_dialog },
    { .name = "help", .activate = show_help, .parameter_type = "s" },
    { .name = "invite", .activate = show_in_window },
    { .name = "join", .activate = show_in_window, .parameter_type = "s" },
    { .name = "join-with-code", .activate = join_with_code },
    { .name = "show-device", .activate = show_in_window, .parameter_type = "s" },
    { .name = "show-this-device", .activate = show_in_window },
    { .name = "show-relays", .activate = show_in_window },
    { .name = "show-prompt", .activate = show_in_window, .parameter_type = "u" },
    { .name = "answer-prompt", .activate = do_job, .parameter_type = "(uss)" },
    { .name = "extend-grant", .activate = do_job, .parameter_type = "(ssx)" },
    { .name = "share", .activate = do_job, .parameter_type = "s" },
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  peerup_shortcuts_install (GTK_APPLICATION (self));
}
