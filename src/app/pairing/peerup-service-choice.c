/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Switches for the session's services. What is chosen is kept by name, so that it outlives a service's being made
 * anew. */
#include "app/pairing/peerup-service-choice.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"

struct _PeerupServiceChoice
{
  AdwBin parent_instance;

  PeerupSession *session;
  GHashTable *chosen; /* of names */
};

G_DEFINE_FINAL_TYPE (PeerupServiceChoice, peerup_service_choice, ADW_TYPE_BIN)

static guint changed_signal;

char **
peerup_service_choice_dup (PeerupServiceChoice *self)
{
  GListModel *services = G_LIST_MODEL (peerup_session_get_services (self->session));
  GStrvBuilder *names = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupDBusService1) service = g_list_model_get_item (services, i);
      const char *name = peerup_dbus_service1_get_name (service);

      if (name != NULL && g_hash_table_contains (self->chosen, name))
        g_strv_builder_add (names, name);
    }
  return g_strv_builder_unref_to_strv (names);
}

gboolean
peerup_service_choice_has_any (PeerupServiceChoice *self)
{
  g_auto (GStrv) names = peerup_service_choice_dup (self);

  return names[0] != NULL;
}

static void
on_active (GObject *row, GParamSpec *pspec, gpointer data)
{
  PeerupServiceChoice *self = data;
  const char *name = g_object_get_data (row, "service");

  if (adw_switch_row_get_active (ADW_SWITCH_ROW (row)))
    g_hash_table_add (self->chosen, g_strdup (name));
  else
    g_hash_table_remove (self->chosen, name);
  g_signal_emit (self, changed_signal, 0);
}

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  PeerupServiceChoice *self = data;
  const char *name = peerup_dbus_service1_get_name (item);
  g_autofree char *title = peerup_text_clean (name);
  g_autofree char *subtitle = peerup_text_clean (peerup_dbus_service1_get_address (item));
  GtkWidget *row = adw_switch_row_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  g_object_set_data_full (G_OBJECT (row), "service", g_strdup (name != NULL ? name : ""), g_free);
  adw_switch_row_set_active (ADW_SWITCH_ROW (row), name != NULL && g_hash_table_contains (self->chosen, name));
  g_signal_connect_object (row, "notify::active", G_CALLBACK (on_active), self, 0);
  return row;
}

static void
peerup_service_choice_finalize (GObject *object)
{
  PeerupServiceChoice *self = PEERUP_SERVICE_CHOICE (object);

  g_clear_object (&self->session);
  g_hash_table_unref (self->chosen);
  G_OBJECT_CLASS (peerup_service_choice_parent_class)->finalize (object);
}

static void
peerup_service_choice_class_init (PeerupServiceChoiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_service_choice_finalize;
  changed_signal =
    g_signal_new ("changed", PEERUP_TYPE_SERVICE_CHOICE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_service_choice_init (PeerupServiceChoice *self)
{
  self->chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static GtkWidget *
make_placeholder (void)
{
  GtkWidget *row = adw_action_row_new ();

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), _ ("This device shares no services yet"));
  gtk_widget_set_sensitive (row, FALSE);
  return row;
}

PeerupServiceChoice *
peerup_service_choice_new (PeerupSession *session)
{
  PeerupServiceChoice *self = g_object_new (PEERUP_TYPE_SERVICE_CHOICE, NULL);
  GtkWidget *list = gtk_list_box_new ();

  self->session = g_object_ref (session);
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (list), GTK_SELECTION_NONE);
  gtk_list_box_set_placeholder (GTK_LIST_BOX (list), make_placeholder ());
  gtk_widget_add_css_class (list, "boxed-list");
  gtk_list_box_bind_model (GTK_LIST_BOX (list), G_LIST_MODEL (peerup_session_get_services (session)), make_row, self,
                           NULL);
  adw_bin_set_child (ADW_BIN (self), list);
  return self;
}
