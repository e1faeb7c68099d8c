/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The dialog in which a device gets another name. What the engine does not take opens it again, with the reason. */
#include <glib/gi18n.h>
#include <string.h>

#include "app/device/peerup-device-dialogs.h"
#include "app/device/peerup-steps.h"
#include "app/model/peerup-device-text.h"

/* Those of the configuration, and how many. */
#define NAME_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-"
#define NAME_MAX_LENGTH 64

typedef struct
{
  GtkWidget *parent;
  PeerupSession *session;
  PeerupDBusDevice1 *device;
  char *name; /* (nullable): what was typed, once it is being set */

  AdwAlertDialog *dialog; /* these three are the dialog's, while it is open */
  GtkWidget *entry;
  GtkWidget *problem;
} Rename;

static void
rename_free (gpointer data)
{
  Rename *self = data;

  g_object_unref (self->parent);
  g_object_unref (self->session);
  g_object_unref (self->device);
  g_free (self->name);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rename, rename_free)

static void open_dialog (Rename *self, const char *name, const char *problem);

/* (transfer full) (nullable): what is wrong with @name. */
static char *
find_problem (const Rename *self, const char *name)
{
  GListModel *devices = G_LIST_MODEL (peerup_session_get_devices (self->session));

  if (*name == '\0')
    return g_strdup (_ ("Type a name"));
  if (strspn (name, NAME_CHARACTERS) != strlen (name))
    /* TRANSLATORS: of what a name can be made; the letters are those of ASCII */
    return g_strdup (_ ("A name has letters a–z, digits, dots, dashes and underscores only"));
  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr (PeerupDBusDevice1) other = g_list_model_get_item (devices, i);

      if (g_strcmp0 (peerup_dbus_device1_get_name (other), name) == 0 &&
          g_strcmp0 (peerup_dbus_device1_get_peer_id (other), peerup_dbus_device1_get_peer_id (self->device)) != 0)
        return g_strdup (_ ("Another device has this name"));
    }
  return NULL;
}

/* (transfer full) */
static char *
dup_typed (const Rename *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->entry))));
}

static void
show_problem (const Rename *self, const char *problem)
{
  gtk_label_set_label (GTK_LABEL (self->problem), problem != NULL ? problem : "");
  gtk_widget_set_visible (self->problem, problem != NULL);
  if (problem != NULL)
    gtk_widget_add_css_class (self->entry, "error");
  else
    gtk_widget_remove_css_class (self->entry, "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
                               problem != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

static void
on_typed (GtkWidget *entry, gpointer data)
{
  const Rename *self = data;
  g_autofree char *name = dup_typed (self);
  g_autofree char *problem = find_problem (self, name);

  show_problem (self, problem);
  adw_alert_dialog_set_response_enabled (self->dialog, "rename", problem == NULL);
}

static void
on_renamed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Rename) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_steal_pointer (&self->name);

  if (!peerup_steps_run_finish (PEERUP_SESSION (source), result, &error) && gtk_widget_get_root (self->parent) != NULL)
    open_dialog (g_steal_pointer (&self), name, error->message);
}

/* @self: (transfer full) */
static void
set_name (Rename *self)
{
  const char *id = peerup_dbus_device1_get_peer_id (self->device);
  g_autofree char *old = g_strdup (peerup_dbus_device1_get_name (self->device));
  PeerupSteps *steps = peerup_steps_new ();
  PeerupSession *session = self->session;

  peerup_steps_add (steps, "SetName", g_variant_new ("(ss)", self->name, id));
  if (old != NULL && *old != '\0')
    peerup_steps_add (steps, "SetName", g_variant_new ("(ss)", old, ""));
  peerup_steps_run_async (session, steps, on_renamed, self);
}

/* A name means one peer: the engine would take it from who has it, a relay, or one that is no device any more. */
static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Rename) self = data;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, NULL);
  g_autoptr (GVariant) facts = answer != NULL ? g_variant_get_child_value (answer, 0) : NULL;
  g_autofree char *name = NULL;
  const char *id = "";

  /* It is free where it means nobody. */
  if (facts != NULL)
    g_variant_lookup (facts, "peer_id", "&s", &id);
  if (*id == '\0' || g_strcmp0 (id, peerup_dbus_device1_get_peer_id (self->device)) == 0)
    {
      set_name (g_steal_pointer (&self));
      return;
    }
  name = g_steal_pointer (&self->name);
  if (gtk_widget_get_root (self->parent) != NULL)
    open_dialog (g_steal_pointer (&self), name, _ ("A relay or another device has this name"));
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Rename) self = data;
  PeerupSession *session = self->session;
  GVariant *name;

  if (!g_str_equal (adw_alert_dialog_choose_finish (ADW_ALERT_DIALOG (source), result), "rename"))
    return;
  self->name = dup_typed (self);
  if (g_strcmp0 (peerup_dbus_device1_get_name (self->device), self->name) == 0 ||
      peerup_dbus_device1_get_peer_id (self->device) == NULL)
    return;
  name = g_variant_new ("(s)", self->name);
  peerup_session_call_async (session, "Resolve", name, NULL, on_resolved, g_steal_pointer (&self));
}

static GtkWidget *
make_content (Rename *self, const char *name)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  self->entry = gtk_entry_new ();
  gtk_editable_set_text (GTK_EDITABLE (self->entry), name);
  gtk_entry_set_activates_default (GTK_ENTRY (self->entry), TRUE);
  gtk_entry_set_max_length (GTK_ENTRY (self->entry), NAME_MAX_LENGTH);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("Name"), -1);
  self->problem = gtk_label_new (NULL);
  gtk_label_set_wrap (GTK_LABEL (self->problem), TRUE);
  gtk_label_set_xalign (GTK_LABEL (self->problem), 0);
  gtk_widget_add_css_class (self->problem, "error");
  gtk_widget_add_css_class (self->problem, "caption");
  gtk_accessible_update_relation (GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_RELATION_ERROR_MESSAGE, self->problem,
                                  NULL, -1);
  gtk_box_append (GTK_BOX (box), self->entry);
  gtk_box_append (GTK_BOX (box), self->problem);
  return box;
}

/* @self: (transfer full). @problem: (nullable) */
static void
open_dialog (Rename *self, const char *name, const char *problem)
{
  AdwDialog *dialog = adw_alert_dialog_new (_ ("Rename Device"), _ ("Only this device calls it so."));

  self->dialog = ADW_ALERT_DIALOG (dialog);
  adw_alert_dialog_set_extra_child (self->dialog, make_content (self, name));
  adw_alert_dialog_add_responses (self->dialog, "cancel", _ ("_Cancel"), "rename", _ ("_Rename"), NULL);
  adw_alert_dialog_set_response_appearance (self->dialog, "rename", ADW_RESPONSE_SUGGESTED);
  adw_alert_dialog_set_default_response (self->dialog, "rename");
  adw_alert_dialog_set_close_response (self->dialog, "cancel");
  show_problem (self, problem);
  adw_alert_dialog_set_response_enabled (self->dialog, "rename", problem == NULL && *name != '\0');
  g_signal_connect (self->entry, "changed", G_CALLBACK (on_typed), self);
  adw_dialog_set_focus (dialog, self->entry);
  adw_alert_dialog_choose (self->dialog, self->parent, NULL, on_answered, self);
}

void
peerup_device_rename (GtkWidget *parent, PeerupSession *session, PeerupDBusDevice1 *device)
{
  Rename *self = g_new0 (Rename, 1);
  const char *name = peerup_dbus_device1_get_name (device);

  self->parent = g_object_ref (parent);
  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  open_dialog (self, name != NULL ? name : "", NULL);
}
