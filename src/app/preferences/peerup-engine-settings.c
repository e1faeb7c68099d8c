/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A row and the engine: read, write, read again when nothing more is to be written. A row stays usable meanwhile, as it
 * would lose the keyboard's focus, unless that may take minutes. */
#include "app/preferences/peerup-engine-settings.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/widgets/peerup-toast.h"
#include "config/peerup-config.h"

#define DATA       "peerup-engine-setting"
#define MAX_REASON 400 /* characters: sentences, with what to do */

typedef struct _Setting Setting;

typedef struct
{
  const char *operation; /* that reads it */
  /* What the answer says; FALSE: nothing that can be used. */
  gboolean (*read) (Setting *self, GVariant *answer, gboolean *on);
  void (*write) (Setting *self, gboolean on, GAsyncReadyCallback callback, gpointer data);
  /* Says what is to be said of the answer, or of the @error. */
  void (*say) (GtkWidget *row, GVariant *answer, const GError *error);
  gboolean is_long; /* a person is asked before it is written */
} Kind;

struct _Setting
{
  AdwSwitchRow *row; /* not owned: it owns this */
  PeerupSession *session;
  const Kind *kind;
  const char *key;   /* (nullable): of a flag */
  PeerupGetFlag get; /* likewise */
  char *subtitle;    /* of the row by itself */
  guint writes;      /* under way */
  gboolean is_shown; /* what is in force is being shown */
};

static void
setting_free (gpointer data)
{
  Setting *self = data;

  g_object_unref (self->session);
  g_free (self->subtitle);
  g_free (self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWidget) row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  Setting *self = g_object_get_data (G_OBJECT (row), DATA);
  gboolean on, is_known;

  /* A dialog that was closed has taken its rows apart. */
  if (self->writes > 0 || gtk_widget_get_root (row) == NULL)
    return;
  if (answer == NULL)
    g_info ("%s: %s", self->kind->operation, error->message);
  is_known = answer != NULL && self->kind->read (self, answer, &on);
  gtk_widget_set_sensitive (row, is_known);
  if (!is_known)
    return;
  self->is_shown = TRUE;
  adw_switch_row_set_active (self->row, on);
  self->is_shown = FALSE;
}

static void
read_again (GtkWidget *row)
{
  Setting *self = g_object_get_data (G_OBJECT (row), DATA);

  if (peerup_session_get_engine (self->session) != NULL)
    peerup_session_call_async (self->session, self->kind->operation, NULL, NULL, on_read, g_object_ref (row));
  else
    gtk_widget_set_sensitive (row, FALSE);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWidget) row = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  Setting *self = g_object_get_data (G_OBJECT (row), DATA);

  self->writes--;
  if (gtk_widget_get_root (row) == NULL)
    return;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->kind->say (row, answer, error);
  if (self->writes == 0)
    read_again (row);
}

static void
on_active (Setting *self)
{
  if (self->is_shown)
    return;
  self->writes++;
  if (self->kind->is_long)
    gtk_widget_set_sensitive (GTK_WIDGET (self->row), FALSE);
  self->kind->write (self, adw_switch_row_get_active (self->row), on_written, g_object_ref (self->row));
}

static void
bind (AdwSwitchRow *row, PeerupSession *session, const Kind *kind, const char *key, PeerupGetFlag get)
{
  Setting *self = g_new0 (Setting, 1);

  self->row = row;
  self->session = g_object_ref (session);
  self->kind = kind;
  self->key = key;
  self->get = get;
  self->subtitle = g_strdup (adw_action_row_get_subtitle (ADW_ACTION_ROW (row)));
  g_object_set_data_full (G_OBJECT (row), DATA, self, setting_free);
  g_signal_connect_swapped (row, "notify::active", G_CALLBACK (on_active), self);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (read_again), row, G_CONNECT_SWAPPED);
  gtk_widget_set_sensitive (GTK_WIDGET (row), FALSE);
  read_again (GTK_WIDGET (row));
}

/* Flags of the configuration */

static gboolean
read_flag (Setting *self, GVariant *answer, gboolean *on)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  const char *text, *path;

  g_variant_get (answer, "(&s&s)", &text, &path);
  config = peerup_config_new_from_data (text, strlen (text), path, NULL, &error);
  if (config == NULL)
    {
      g_info ("%s", error->message);
      return FALSE;
    }
  *on = self->get (config);
  return TRUE;
}

static void
write_flag (Setting *self, gboolean on, GAsyncReadyCallback callback, gpointer data)
{
  peerup_session_call_async (self->session, "SetConfigValue", g_variant_new ("(ss)", self->key, on ? "true" : "false"),
                             NULL, callback, data);
}

static void
say_flag (GtkWidget *row, GVariant *answer, const GError *error)
{
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS))
    peerup_toast (row, _ ("First keep the new configuration, or go back"));
  else if (error != NULL)
    peerup_toast_error (row, _ ("Cannot change the configuration"), error);
}

void
peerup_engine_settings_bind_flag (AdwSwitchRow *row, PeerupSession *session, const char *key, PeerupGetFlag get)
{
  static const Kind flag = { "GetConfig", read_flag, write_flag, say_flag, FALSE };

  g_return_if_fail (ADW_IS_SWITCH_ROW (row) && PEERUP_IS_SESSION (session) && key != NULL && get != NULL);
  bind (row, session, &flag, key, get);
}

/* The keyring */

static gboolean
read_keyring (Setting *self, GVariant *answer, gboolean *on)
{
  g_autoptr (GVariant) identity = g_variant_get_child_value (answer, 0);
  const char *store = "", *keyring = "none", *why = "";
  g_autofree char *subtitle = NULL;

  g_variant_lookup (identity, "store", "&s", &store);
  g_variant_lookup (identity, "keyring", "&s", &keyring);
  g_variant_lookup (identity, "keyring_text", "&s", &why);
  *on = g_str_equal (store, "keyring");
  subtitle = *why != '\0' ? peerup_text_clean_to (why, MAX_REASON) : g_strdup (self->subtitle);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self->row), subtitle);
  gtk_widget_set_visible (GTK_WIDGET (self->row), TRUE);
  return *on || !g_str_equal (keyring, "none");
}

static void
write_keyring (Setting *self, gboolean on, GAsyncReadyCallback callback, gpointer data)
{
  /* It goes on when the row is gone: a person may be asked for a password. */
  peerup_session_call_async (self->session, "MoveIdentity", g_variant_new ("(s)", on ? "keyring" : "file"), NULL,
                             callback, data);
}

/* It says what to do, and needs more room than a toast has. */
static void
say_keyring (GtkWidget *row, GVariant *answer, const GError *error)
{
  g_autoptr (GVariant) moved = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
  g_autofree char *text = NULL;
  const char *left = "";
  AdwDialog *dialog;

  if (moved != NULL)
    g_variant_lookup (moved, "left", "&s", &left);
  text = peerup_text_clean_to (error != NULL ? error->message : left, MAX_REASON);
  if (*text == '\0')
    return;
  dialog = adw_alert_dialog_new (error != NULL ? _ ("The Key Stays Where It Is") : _ ("The Key Was Moved"), text);
  adw_alert_dialog_add_response (ADW_ALERT_DIALOG (dialog), "close", _ ("_Close"));
  adw_dialog_present (dialog, row);
}

void
peerup_engine_settings_bind_keyring (AdwSwitchRow *row, PeerupSession *session)
{
  static const Kind keyring = { "GetIdentity", read_keyring, write_keyring, say_keyring, TRUE };

  g_return_if_fail (ADW_IS_SWITCH_ROW (row) && PEERUP_IS_SESSION (session));
  gtk_widget_set_visible (GTK_WIDGET (row), FALSE);
  bind (row, session, &keyring, NULL, NULL);
}
