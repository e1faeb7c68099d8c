/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Entries that are checked while they are written, and a list of devices to choose from. What the person has written
 * is all that it keeps. */
#include "app/share/peerup-service-form.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-device-text.h"
#include "app/share/peerup-share-text.h"

struct _PeerupServiceForm
{
  AdwPreferencesPage parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  GHashTable *chosen;  /* peer IDs */
  GVariant *templates; /* (nullable): as ListTemplates tells them */
  char *kind;          /* as it was loaded or chosen */
  char *template_id;   /* (nullable): what it was found to be */
  gboolean valid;
  AdwPreferencesGroup *facts_group;
  AdwPreferencesGroup *who_group;
  AdwEntryRow *name_row;
  AdwActionRow *name_problem;
  AdwEntryRow *address_row;
  AdwActionRow *address_problem;
  AdwComboRow *kind_row;
  GtkStringList *kinds;
  AdwEntryRow *tags_row;
  GtkCheckButton *everybody_check;
  GtkCheckButton *chosen_check;
  AdwPreferencesGroup *devices_group;
  GtkListBox *devices_list;
};

enum
{
  PROP_VALID = 1,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];
static guint apply_signal;

G_DEFINE_FINAL_TYPE (PeerupServiceForm, peerup_service_form, ADW_TYPE_PREFERENCES_PAGE)

static char *
dup_text (AdwEntryRow *row)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (row))));
}

/* Checks */

/* @problem: (nullable). An entry in which nothing was written yet is not complained of. */
static void
show_problem (AdwEntryRow *row, AdwActionRow *problem_row, const char *problem)
{
  gboolean shown = problem != NULL && gtk_editable_get_text (GTK_EDITABLE (row))[0] != '\0';

  gtk_widget_set_visible (GTK_WIDGET (problem_row), shown);
  if (!shown)
    {
      gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
      gtk_accessible_reset_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_INVALID);
      gtk_accessible_reset_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_ERROR_MESSAGE);
      return;
    }
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (problem_row), problem);
  gtk_widget_add_css_class (GTK_WIDGET (row), "error");
  gtk_accessible_update_state (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_INVALID, GTK_ACCESSIBLE_INVALID_TRUE, -1);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_RELATION_ERROR_MESSAGE, problem_row, NULL, -1);
}

static void
check (PeerupServiceForm *self)
{
  g_autofree char *name = dup_text (self->name_row);
  g_autofree char *address = dup_text (self->address_row);
  const char *name_problem = peerup_share_check_name (name);
  const char *address_problem = peerup_share_check_address (address);
  gboolean chosen = gtk_check_button_get_active (self->chosen_check);
  gboolean nobody = chosen && g_hash_table_size (self->chosen) == 0;
  gboolean valid = name_problem == NULL && address_problem == NULL;

  show_problem (self->name_row, self->name_problem, name_problem);
  show_problem (self->address_row, self->address_problem, address_problem);
  adw_preferences_group_set_description (self->devices_group,
                                         nobody ? _ ("Nobody may use it but who is allowed on the page of a device")
                                                : NULL);
  if (valid == self->valid)
    return;
  self->valid = valid;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VALID]);
}

static void
on_changed (PeerupServiceForm *self)
{
  check (self);
}

static void
on_entry_activated (PeerupServiceForm *self)
{
  if (self->valid)
    g_signal_emit (self, apply_signal, 0);
}

/* Devices */

static void
on_device_toggled (GtkCheckButton *button, PeerupServiceForm *self)
{
  const char *peer_id = g_object_get_data (G_OBJECT (button), "peer-id");

  if (gtk_check_button_get_active (button))
    g_hash_table_add (self->chosen, g_strdup (peer_id));
  else
    g_hash_table_remove (self->chosen, peer_id);
  check (self);
}

/* @name: (nullable) */
static void
add_device (PeerupServiceForm *self, const char *name, const char *peer_id)
{
  g_autofree char *title = peerup_device_dup_title (name, peer_id);
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *button = gtk_check_button_new ();

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (button), g_hash_table_contains (self->chosen, peer_id));
  g_object_set_data_full (G_OBJECT (button), "peer-id", g_strdup (peer_id), g_free);
  g_signal_connect_object (button, "toggled", G_CALLBACK (on_device_toggled), self, 0);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), button);
  gtk_list_box_append (self->devices_list, row);
}

/* The devices that are paired, and those that may use it though they are not any longer. */
static void
fill_devices (PeerupServiceForm *self)
{
  PeerupObjectList *devices = peerup_session_get_devices (self->session);
  GHashTableIter iter;
  const char *peer_id;

  gtk_list_box_remove_all (self->devices_list);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (devices)); i++)
    {
      g_autoptr (PeerupDBusDevice1) device = g_list_model_get_item (G_LIST_MODEL (devices), i);

      /* A guest may use what is granted to it, and no list changes that. */
      if (!peerup_dbus_device1_get_guest (device))
        add_device (self, peerup_dbus_device1_get_name (device), peerup_dbus_device1_get_peer_id (device));
    }
  g_hash_table_iter_init (&iter, self->chosen);
  while (g_hash_table_iter_next (&iter, (gpointer *) &peer_id, NULL))
    {
      g_autoptr (PeerupDBusDevice1) device = peerup_object_list_find (devices, "peer-id", peer_id);

      if (device == NULL || peerup_dbus_device1_get_guest (device))
        add_device (self, device != NULL ? peerup_dbus_device1_get_name (device) : NULL, peer_id);
    }
  check (self);
}

/* Kinds */

/* Several templates are of one kind: the one that was found there is meant, or that whose name or port it has, or the
 * one that is about the kind alone and so has no port of its own. */
static guint
rate_template (PeerupServiceForm *self, GVariant *template)
{
  g_autoptr (GVariant) ports = g_variant_lookup_value (template, "ports", G_VARIANT_TYPE ("au"));
  g_autofree char *address = dup_text (self->address_row);
  const char *colon = strrchr (address, ':');
  const char *kind = "";
  const char *id = "";
  gsize n_ports = 0;
  const guint32 *port = ports != NULL ? g_variant_get_fixed_array (ports, &n_ports, sizeof *port) : NULL;

  g_variant_lookup (template, "kind", "&s", &kind);
  g_variant_lookup (template, "id", "&s", &id);
  if (!g_str_equal (kind, self->kind))
    return 0;
  if (g_strcmp0 (id, self->template_id) == 0)
    return 5;
  if (g_str_equal (id, gtk_editable_get_text (GTK_EDITABLE (self->name_row))))
    return 4;
  for (gsize i = 0; i < n_ports && colon != NULL; i++)
    if (g_ascii_strtoull (colon + 1, NULL, 10) == port[i])
      return 3;
  return n_ports == 0 ? 2 : 1;
}

static void
select_kind (PeerupServiceForm *self)
{
  GVariantIter iter;
  GVariant *template;
  guint position = 0, best = 0;

  if (self->templates == NULL)
    return;
  g_variant_iter_init (&iter, self->templates);
  for (guint i = 1; (template = g_variant_iter_next_value (&iter)) != NULL; i++)
    {
      g_autoptr (GVariant) owned = template;
      guint rate = rate_template (self, owned);

      if (rate > best)
        {
          best = rate;
          position = i;
        }
    }
  if (position == 0 && self->kind[0] != '\0')
    {
      guint last = g_list_model_get_n_items (G_LIST_MODEL (self->kinds)) - 1;

      if (last == g_variant_n_children (self->templates))
        gtk_string_list_append (self->kinds, self->kind);
      position = g_list_model_get_n_items (G_LIST_MODEL (self->kinds)) - 1;
    }
  adw_combo_row_set_selected (self->kind_row, position);
}

/* What the template of the kind brings, where nothing was written. */
static void
take_template (PeerupServiceForm *self, GVariant *template)
{
  g_autoptr (GVariant) ports = g_variant_lookup_value (template, "ports", G_VARIANT_TYPE ("au"));
  const char *kind = "";

  g_variant_lookup (template, "kind", "&s", &kind);
  if (g_strcmp0 (kind, self->kind) != 0)
    {
      g_free (self->kind);
      self->kind = g_strdup (kind);
    }
  if (gtk_editable_get_text (GTK_EDITABLE (self->address_row))[0] == '\0' && ports != NULL &&
      g_variant_n_children (ports) > 0)
    {
      g_autofree char *address = NULL;
      guint32 port;

      g_variant_get_child (ports, 0, "u", &port);
      address = g_strdup_printf ("localhost:%u", port);
      gtk_editable_set_text (GTK_EDITABLE (self->address_row), address);
    }
}

static void
on_kind_selected (PeerupServiceForm *self)
{
  guint selected = adw_combo_row_get_selected (self->kind_row);

  if (self->templates == NULL)
    return;
  if (selected == 0)
    {
      g_free (self->kind);
      self->kind = g_strdup ("");
    }
  else if (selected <= g_variant_n_children (self->templates))
    {
      g_autoptr (GVariant) template = g_variant_get_child_value (self->templates, selected - 1);

      take_template (self, template);
    }
}

static void
on_templates (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupServiceForm) self = data;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, NULL);
  GVariantIter iter;
  GVariant *template;

  /* Without them there are no kinds to choose from. */
  if (answer == NULL || self->session == NULL)
    return;
  self->templates = g_variant_get_child_value (answer, 0);
  g_variant_iter_init (&iter, self->templates);
  while ((template = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) owned = template;
      const char *name = "";

      g_variant_lookup (owned, "name", "&s", &name);
      gtk_string_list_append (self->kinds, name);
    }
  select_kind (self);
}

/* In and out */

void
peerup_service_form_set_session (PeerupServiceForm *self, PeerupSession *session)
{
  g_return_if_fail (PEERUP_IS_SERVICE_FORM (self));
  g_return_if_fail (self->session == NULL);
  self->session = g_object_ref (session);
  g_signal_connect_object (peerup_session_get_devices (session), "items-changed", G_CALLBACK (fill_devices), self,
                           G_CONNECT_SWAPPED);
  fill_devices (self);
  peerup_session_call_async (session, "ListTemplates", NULL, self->cancellable, on_templates, g_object_ref (self));
}

static void
set_tags (PeerupServiceForm *self, const char *const *tags)
{
  g_autofree char *text = tags != NULL ? g_strjoinv (", ", (char **) tags) : NULL;

  gtk_editable_set_text (GTK_EDITABLE (self->tags_row), text != NULL ? text : "");
}

static void
set_kind (PeerupServiceForm *self, const char *kind)
{
  g_free (self->kind);
  self->kind = g_strdup (kind != NULL ? kind : "");
  select_kind (self);
}

void
peerup_service_form_load (PeerupServiceForm *self, PeerupDBusService1 *service)
{
  const char *const *allowed = peerup_dbus_service1_get_allowed_peers (service);
  const char *address = peerup_dbus_service1_get_address (service);
  gboolean restricted = peerup_dbus_service1_get_restricted (service);

  g_return_if_fail (PEERUP_IS_SERVICE_FORM (self));
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), peerup_dbus_service1_get_name (service));
  gtk_editable_set_text (GTK_EDITABLE (self->address_row), address != NULL ? address : "");
  set_tags (self, peerup_dbus_service1_get_tags (service));
  set_kind (self, peerup_dbus_service1_get_kind (service));
  for (guint i = 0; allowed != NULL && allowed[i] != NULL; i++)
    g_hash_table_add (self->chosen, g_strdup (allowed[i]));
  gtk_check_button_set_active (restricted ? self->chosen_check : self->everybody_check, TRUE);
  fill_devices (self);
}

void
peerup_service_form_suggest (PeerupServiceForm *self, const char *name, const char *address, const char *kind,
                             const char *template_id, const char *const *tags)
{
  g_return_if_fail (PEERUP_IS_SERVICE_FORM (self));
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), name != NULL ? name : "");
  gtk_editable_set_text (GTK_EDITABLE (self->address_row), address != NULL ? address : "");
  set_tags (self, tags);
  g_free (self->template_id);
  self->template_id = g_strdup (template_id);
  set_kind (self, kind);
  check (self);
}

gboolean
peerup_service_form_is_valid (PeerupServiceForm *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE_FORM (self), FALSE);
  return self->valid;
}

char *
peerup_service_form_dup_name (PeerupServiceForm *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE_FORM (self), NULL);
  return dup_text (self->name_row);
}

char *
peerup_service_form_dup_address (PeerupServiceForm *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE_FORM (self), NULL);
  return dup_text (self->address_row);
}

static char **
dup_tags (PeerupServiceForm *self)
{
  return peerup_share_split_tags (gtk_editable_get_text (GTK_EDITABLE (self->tags_row)));
}

/* (transfer full): peer IDs in an order that stays; none for everybody, and for nobody. */
static char **
dup_allowed (PeerupServiceForm *self)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  if (gtk_check_button_get_active (self->chosen_check))
    {
      g_autofree gpointer *keys = g_hash_table_get_keys_as_array (self->chosen, NULL);

      for (guint i = 0; keys[i] != NULL; i++)
        g_ptr_array_add (ids, g_strdup (keys[i]));
    }
  g_ptr_array_sort_values (ids, (GCompareFunc) strcmp);
  g_ptr_array_add (ids, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&ids), FALSE);
}

GVariant *
peerup_service_form_get_options (PeerupServiceForm *self)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_auto (GStrv) tags = dup_tags (self);
  g_auto (GStrv) allowed = dup_allowed (self);

  if (self->kind != NULL && self->kind[0] != '\0')
    g_variant_dict_insert (&dict, "kind", "s", self->kind);
  if (tags[0] != NULL)
    g_variant_dict_insert (&dict, "tags", "^as", tags);
  if (allowed[0] != NULL)
    g_variant_dict_insert (&dict, "allowed", "^as", allowed);
  else if (gtk_check_button_get_active (self->chosen_check))
    g_variant_dict_insert (&dict, "restricted", "b", TRUE);
  return g_variant_dict_end (&dict);
}

static gboolean
is_same_list (const char *const *a, char **b)
{
  return g_strv_equal (a != NULL ? a : (const char *const[]) { NULL }, (const char *const *) b);
}

/* Whether the lists have the same peers, in whatever order. */
static gboolean
is_same_set (const char *const *a, char **b)
{
  guint n = a != NULL ? g_strv_length ((char **) a) : 0;

  if (n != g_strv_length (b))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!g_strv_contains ((const char *const *) b, a[i]))
      return FALSE;
  return TRUE;
}

GVariant *
peerup_service_form_get_changes (PeerupServiceForm *self, PeerupDBusService1 *service)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *name = dup_text (self->name_row);
  g_autofree char *address = dup_text (self->address_row);
  g_auto (GStrv) tags = dup_tags (self);
  g_auto (GStrv) allowed = dup_allowed (self);
  gboolean restricted = gtk_check_button_get_active (self->chosen_check);

  g_return_val_if_fail (PEERUP_IS_SERVICE_FORM (self), NULL);
  if (g_strcmp0 (name, peerup_dbus_service1_get_name (service)) != 0)
    g_variant_dict_insert (&dict, "name", "s", name);
  if (g_strcmp0 (address, peerup_dbus_service1_get_address (service)) != 0)
    g_variant_dict_insert (&dict, "address", "s", address);
  if (g_strcmp0 (self->kind, peerup_dbus_service1_get_kind (service)) != 0)
    g_variant_dict_insert (&dict, "kind", "s", self->kind);
  if (!is_same_list (peerup_dbus_service1_get_tags (service), tags))
    g_variant_dict_insert (&dict, "tags", "^as", tags);
  if (restricted != peerup_dbus_service1_get_restricted (service) ||
      !is_same_set (peerup_dbus_service1_get_allowed_peers (service), allowed))
    {
      g_variant_dict_insert (&dict, "allowed", "^as", allowed);
      g_variant_dict_insert (&dict, "restricted", "b", restricted);
    }
  return g_variant_dict_end (&dict);
}

void
peerup_service_form_set_fixed (PeerupServiceForm *self, const char *why)
{
  g_return_if_fail (PEERUP_IS_SERVICE_FORM (self));
  adw_preferences_group_set_description (self->facts_group, why);
  gtk_widget_set_sensitive (GTK_WIDGET (self->name_row), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->address_row), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->kind_row), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->tags_row), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->who_group), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->devices_group), FALSE);
}

void
peerup_service_form_focus (PeerupServiceForm *self)
{
  g_return_if_fail (PEERUP_IS_SERVICE_FORM (self));
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
}

/* Object */

static void
peerup_service_form_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupServiceForm *self = PEERUP_SERVICE_FORM (object);

  if (id == PROP_VALID)
    g_value_set_boolean (value, self->valid);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
peerup_service_form_dispose (GObject *object)
{
  PeerupServiceForm *self = PEERUP_SERVICE_FORM (object);

  g_cancellable_cancel (self->cancellable);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SERVICE_FORM);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_service_form_parent_class)->dispose (object);
}

static void
peerup_service_form_finalize (GObject *object)
{
  PeerupServiceForm *self = PEERUP_SERVICE_FORM (object);

  g_object_unref (self->cancellable);
  g_hash_table_unref (self->chosen);
  g_clear_pointer (&self->templates, g_variant_unref);
  g_free (self->kind);
  g_free (self->template_id);
  G_OBJECT_CLASS (peerup_service_form_parent_class)->finalize (object);
}

static void
peerup_service_form_class_init (PeerupServiceFormClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = peerup_service_form_get_property;
  object_class->dispose = peerup_service_form_dispose;
  object_class->finalize = peerup_service_form_finalize;
  props[PROP_VALID] = g_param_spec_boolean ("valid", NULL, NULL, FALSE,
                                            G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  apply_signal =
    g_signal_new ("apply", PEERUP_TYPE_SERVICE_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-service-form.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, facts_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, who_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, name_problem);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, address_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, address_problem);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, kind_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, kinds);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, tags_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, everybody_check);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, chosen_check);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, devices_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceForm, devices_list);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_entry_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_kind_selected);
}

static void
peerup_service_form_init (PeerupServiceForm *self)
{
  self->cancellable = g_cancellable_new ();
  self->chosen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->kind = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_string_list_append (self->kinds, _ ("Not Said"));
}
