/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two pages: what FindServices has found, and a form for what was chosen. One search at a time, which ends with the
 * dialog. */
#include "app/share/peerup-add-service-dialog.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/share/peerup-service-form.h"
#include "app/share/peerup-share-calls.h"

/* What FindServices takes a port for that it does not know. */
#define GENERIC_KIND "tcp"

struct _PeerupAddServiceDialog
{
  AdwDialog parent_instance;

  PeerupSession *session;
  GWeakRef origin;
  GCancellable *cancellable;
  PeerupServiceForm *form; /* (nullable): of the second page, while that is there */
  char *name;              /* (nullable): of the service that is being added */
  AdwNavigationView *view;
  AdwPreferencesGroup *searching_group;
  AdwPreferencesGroup *failed_group;
  AdwActionRow *failed_row;
  AdwPreferencesGroup *nothing_group;
  AdwPreferencesGroup *known_group;
  GtkListBox *known_list;
  AdwPreferencesGroup *others_group;
  GtkListBox *others_list;
  AdwBin *form_bin;
  GtkButton *add_button;
  AdwBanner *error_banner;
};

G_DEFINE_FINAL_TYPE (PeerupAddServiceDialog, peerup_add_service_dialog, ADW_TYPE_DIALOG)

static const char *
lookup (GVariant *found, const char *key)
{
  const char *text = NULL;

  return g_variant_lookup (found, key, "&s", &text) ? text : "";
}

/* What was found */

/* What is not known is told apart by its port. */
static char *
dup_title (GVariant *found)
{
  guint32 port;

  if (g_str_equal (lookup (found, "kind"), GENERIC_KIND) && g_variant_lookup (found, "port", "u", &port))
    return g_strdup_printf (_ ("Port %u"), port);
  return peerup_text_clean (lookup (found, "name"));
}

static GtkWidget *
make_row (GVariant *found)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *title = dup_title (found);
  g_autofree char *evidence = peerup_text_clean_to (lookup (found, "evidence"), 120);
  g_autofree char *place = peerup_text_isolate (lookup (found, "address"));
  g_autofree char *as = peerup_text_isolate (lookup (found, "as"));
  g_autoptr (GString) subtitle = g_string_new (place);
  gboolean exposed = FALSE;

  g_variant_lookup (found, "exposed", "b", &exposed);
  if (evidence[0] != '\0')
    g_string_append_printf (subtitle, "\n%s", evidence);
  if (exposed)
    {
      g_string_append_c (subtitle, '\n');
      /* TRANSLATORS: %s is the name of a service */
      g_string_append_printf (subtitle, _ ("Shared already as %s"), as);
    }
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_action_row_set_title_lines (ADW_ACTION_ROW (row), 2);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle->str);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), gtk_image_new_from_icon_name (lookup (found, "icon")));
  adw_action_row_add_suffix (ADW_ACTION_ROW (row),
                             gtk_image_new_from_icon_name (exposed ? "object-select-symbolic" : "go-next-symbolic"));
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), !exposed);
  g_object_set_data_full (G_OBJECT (row), "found", g_variant_ref (found), (GDestroyNotify) g_variant_unref);
  return row;
}

static void
show_found (PeerupAddServiceDialog *self, GVariant *list)
{
  GVariantIter iter;
  GVariant *item;
  guint n_known = 0, n_others = 0;

  g_variant_iter_init (&iter, list);
  while ((item = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) found = item;
      gboolean other = g_str_equal (lookup (found, "kind"), GENERIC_KIND);

      gtk_list_box_append (other ? self->others_list : self->known_list, make_row (found));
      if (other)
        n_others++;
      else
        n_known++;
    }
  gtk_widget_set_visible (GTK_WIDGET (self->known_group), n_known > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->others_group), n_others > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->nothing_group), n_known + n_others == 0);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAddServiceDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  gtk_widget_set_visible (GTK_WIDGET (self->searching_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->failed_group), answer == NULL);
  if (answer == NULL)
    {
      adw_action_row_set_subtitle (self->failed_row, error->message);
      return;
    }
  {
    g_autoptr (GVariant) list = g_variant_get_child_value (answer, 0);

    show_found (self, list);
  }
}

static void
on_search (PeerupAddServiceDialog *self)
{
  gtk_list_box_remove_all (self->known_list);
  gtk_list_box_remove_all (self->others_list);
  gtk_widget_set_visible (GTK_WIDGET (self->known_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->others_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->failed_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->nothing_group), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->searching_group), TRUE);
  peerup_session_call_async (self->session, "FindServices", NULL, self->cancellable, on_found, g_object_ref (self));
}

/* The form */

static void
on_valid (PeerupAddServiceDialog *self)
{
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), peerup_service_form_is_valid (self->form));
}

static void on_add (PeerupAddServiceDialog *self);

/* A new form each time: what was written for another service does not stay. */
static void
show_form (PeerupAddServiceDialog *self)
{
  self->form = g_object_new (PEERUP_TYPE_SERVICE_FORM, NULL);
  adw_bin_set_child (self->form_bin, GTK_WIDGET (self->form));
  g_signal_connect_object (self->form, "notify::valid", G_CALLBACK (on_valid), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->form, "apply", G_CALLBACK (on_add), self, G_CONNECT_SWAPPED);
  peerup_service_form_set_session (self->form, self->session);
  adw_banner_set_revealed (self->error_banner, FALSE);
  on_valid (self);
  adw_navigation_view_push_by_tag (self->view, "form");
}

static void
on_popped (PeerupAddServiceDialog *self)
{
  self->form = NULL;
  adw_bin_set_child (self->form_bin, NULL);
}

static void
on_something_else (PeerupAddServiceDialog *self)
{
  show_form (self);
  peerup_service_form_focus (self->form);
}

static void
on_row_activated (PeerupAddServiceDialog *self, GtkListBoxRow *row)
{
  GVariant *found = g_object_get_data (G_OBJECT (row), "found");
  const char *kind = lookup (found, "kind");
  g_autofree const char **tags = NULL;

  g_variant_lookup (found, "tags", "^a&s", &tags);
  show_form (self);
  peerup_service_form_suggest (self->form, lookup (found, "suggested_name"), lookup (found, "address"),
                               g_str_equal (kind, GENERIC_KIND) ? "" : kind, lookup (found, "template"), tags);
  peerup_service_form_focus (self->form);
}

/* Adding */

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupAddServiceDialog) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autoptr (GtkWidget) origin = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (answer == NULL)
    {
      peerup_share_set_usable (GTK_WIDGET (self->form_bin), TRUE);
      gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), TRUE);
      peerup_share_show_error (self->error_banner, error);
      return;
    }
  origin = g_weak_ref_get (&self->origin);
  if (origin != NULL)
    peerup_share_said_added (origin, self->session, self->name);
  adw_dialog_force_close (ADW_DIALOG (self));
}

static void
on_add (PeerupAddServiceDialog *self)
{
  g_autofree char *address = NULL;

  if (self->form == NULL || !peerup_service_form_is_valid (self->form))
    return;
  address = peerup_service_form_dup_address (self->form);
  g_free (self->name);
  self->name = peerup_service_form_dup_name (self->form);
  adw_banner_set_revealed (self->error_banner, FALSE);
  peerup_share_set_usable (GTK_WIDGET (self->form_bin), FALSE);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), FALSE);
  peerup_session_call_async (self->session, "AddService",
                             g_variant_new ("(ss@a{sv})", self->name, address,
                                            peerup_service_form_get_options (self->form)),
                             self->cancellable, on_added, g_object_ref (self));
}

/* Object */

static void
peerup_add_service_dialog_dispose (GObject *object)
{
  PeerupAddServiceDialog *self = PEERUP_ADD_SERVICE_DIALOG (object);

  g_cancellable_cancel (self->cancellable);
  self->form = NULL;
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_ADD_SERVICE_DIALOG);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_add_service_dialog_parent_class)->dispose (object);
}

static void
peerup_add_service_dialog_finalize (GObject *object)
{
  PeerupAddServiceDialog *self = PEERUP_ADD_SERVICE_DIALOG (object);

  g_weak_ref_clear (&self->origin);
  g_object_unref (self->cancellable);
  g_free (self->name);
  G_OBJECT_CLASS (peerup_add_service_dialog_parent_class)->finalize (object);
}

static void
peerup_add_service_dialog_class_init (PeerupAddServiceDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_add_service_dialog_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_add_service_dialog_finalize;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-add-service-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, view);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, searching_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, failed_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, failed_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, nothing_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, known_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, known_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, others_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, others_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, form_bin);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, add_button);
  gtk_widget_class_bind_template_child (widget_class, PeerupAddServiceDialog, error_banner);
  gtk_widget_class_bind_template_callback (widget_class, on_popped);
  gtk_widget_class_bind_template_callback (widget_class, on_search);
  gtk_widget_class_bind_template_callback (widget_class, on_something_else);
  gtk_widget_class_bind_template_callback (widget_class, on_row_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_add);
}

static void
peerup_add_service_dialog_init (PeerupAddServiceDialog *self)
{
  self->cancellable = g_cancellable_new ();
  g_weak_ref_init (&self->origin, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupAddServiceDialog *
peerup_add_service_dialog_new (PeerupSession *session, GtkWidget *origin)
{
  PeerupAddServiceDialog *self = g_object_new (PEERUP_TYPE_ADD_SERVICE_DIALOG, NULL);

  self->session = g_object_ref (session);
  g_weak_ref_set (&self->origin, origin);
  on_search (self);
  return self;
}
