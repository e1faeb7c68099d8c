/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Starts the session with the engine when it is first activated, and leaves it when the program ends. */
#include "app/peerup-application.h"

#include <glib/gi18n.h>

#include "app/model/peerup-session.h"
#include "app/peerup-window.h"
#include "config/peerup-config.h"
#include "config/peerup-profile.h"
#include "peerup-config.h"

struct _PeerupApplication
{
  AdwApplication parent_instance;

  char *config_path;      /* (nullable): as --config or --profile say */
  PeerupSession *session; /* (nullable): before it is activated */
};

G_DEFINE_FINAL_TYPE (PeerupApplication, peerup_application, ADW_TYPE_APPLICATION)

static const GOptionEntry options[] = {
  { "config", 'c', G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, NULL, N_ ("Use this configuration"), N_ ("FILE") },
  { "profile", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, NULL, N_ ("Use this profile"), N_ ("NAME") },
  { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
  G_OPTION_ENTRY_NULL,
};

static int
handle_local_options (GApplication *application, GVariantDict *dict)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);
  const char *profile, *path;

  if (g_variant_dict_contains (dict, "version"))
    {
      g_print ("peerup-gtk %s\n", PEERUP_VERSION);
      return 0;
    }
  if (g_variant_dict_lookup (dict, "config", "^&ay", &path))
    self->config_path = g_canonicalize_filename (path, NULL);
  else if (g_variant_dict_lookup (dict, "profile", "&s", &profile))
    self->config_path = peerup_profile_dup_config (profile);
  return -1;
}

static char *
find_config (void)
{
  char *path = peerup_config_find (NULL, NULL);

  return path != NULL ? path : g_build_filename (g_get_user_config_dir (), "peerup", "config.yaml", NULL);
}

static void
activate (GApplication *application)
{
  PeerupApplication *self = PEERUP_APPLICATION (application);
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (self->session == NULL)
    {
      g_autofree char *path = self->config_path != NULL ? g_strdup (self->config_path) : find_config ();

      self->session = peerup_session_new (path);
      peerup_session_start (self->session);
    }
  if (window == NULL)
    window = GTK_WINDOW (peerup_window_new (GTK_APPLICATION (self), self->session));
  gtk_window_present (window);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupApplication) self = data;

  peerup_session_stop_finish (PEERUP_SESSION (source), result);
  g_application_release (G_APPLICATION (self));
  g_application_quit (G_APPLICATION (self));
}

static void
quit (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  PeerupApplication *self = data;

  if (self->session == NULL)
    {
      g_application_quit (G_APPLICATION (self));
      return;
    }
  g_application_hold (G_APPLICATION (self));
  peerup_session_stop_async (self->session, NULL, on_stopped, g_object_ref (self));
}

static void
startup (GApplication *application)
{
  static const GActionEntry actions[] = { { .name = "quit", .activate = quit } };

  G_APPLICATION_CLASS (peerup_application_parent_class)->startup (application);
  g_action_map_add_action_entries (G_ACTION_MAP (application), actions, G_N_ELEMENTS (actions), application);
  gtk_application_set_accels_for_action (GTK_APPLICATION (application), "app.quit",
                                         (const char *[]) { "<Control>q", NULL });
}

static void
peerup_application_finalize (GObject *object)
{
  PeerupApplication *self = PEERUP_APPLICATION (object);

  g_clear_object (&self->session);
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
  application_class->activate = activate;
}

static void
peerup_application_init (PeerupApplication *self)
{
  g_application_add_main_option_entries (G_APPLICATION (self), options);
}

PeerupApplication *
peerup_application_new (void)
{
  return g_object_new (PEERUP_TYPE_APPLICATION, "application-id", PEERUP_APP_ID, "resource-base-path",
                       "/dev/peerup/PeerUp", NULL);
}
