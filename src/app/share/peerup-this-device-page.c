/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about this device and the services it shares. Lives while it is shown; follows the engine,
 * whichever the session has. */
#include "app/share/peerup-this-device-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-text.h"
#include "app/share/peerup-add-relay-dialog.h"
#include "app/share/peerup-add-service-dialog.h"
#include "app/share/peerup-growing-model.h"
#include "app/share/peerup-peer-id-dialog.h"
#include "app/share/peerup-service-dialog.h"
#include "app/share/peerup-service-row.h"
#include "app/share/peerup-share-text.h"
#include "app/share/peerup-share-users.h"
#include "app/widgets/peerup-copy-row.h"

/* From so many services on, searching is worth its room. */
#define SEARCH_FROM 9
/* Characters of a sentence of the engine. */
#define MAX_TEXT 600

struct _PeerupThisDevicePage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  PeerupDBusEngine1 *engine; /* (nullable): whose facts are shown */
  PeerupShareUsers *users;
  GListModel *shown; /* the services that match, in order */
  GtkFilter *filter;
  GPtrArray *detail_rows;
  AdwBanner *relay_banner;
  AdwActionRow *name_row;
  AdwActionRow *reach_row;
  GtkImage *reach_image;
  GtkLabel *grade_label;
  AdwActionRow *advice_row;
  PeerupCopyRow *id_row;
  AdwExpanderRow *details_row;
  GtkSearchEntry *search_entry;
  GtkListBox *services_list;
  GtkWidget *empty_box;
  GtkWidget *no_match_box;
};

G_DEFINE_FINAL_TYPE (PeerupThisDevicePage, peerup_this_device_page, ADW_TYPE_NAVIGATION_PAGE)

static gboolean
has_text (const char *text)
{
  return text != NULL && text[0] != '\0';
}

/* This device */

static const char *
get_reach_icon (const char *grade)
{
  if (!has_text (grade))
    return "dialog-question-symbolic";
  if (grade[0] <= 'B')
    return "network-transmit-receive-symbolic";
  return peerup_share_grade_is_bad (grade) ? "network-no-route-symbolic" : "network-idle-symbolic";
}

static void
update_grade (PeerupThisDevicePage *self)
{
  const char *grade = self->engine != NULL ? peerup_dbus_engine1_get_grade (self->engine) : NULL;
  g_autofree char *sentence =
    peerup_text_clean_to (self->engine != NULL ? peerup_dbus_engine1_get_grade_sentence (self->engine) : NULL,
                          MAX_TEXT);
  g_autofree char *advice =
    peerup_text_clean_to (self->engine != NULL ? peerup_dbus_engine1_get_grade_advice (self->engine) : NULL, MAX_TEXT);
  gboolean no_relay = g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_relays (self->session))) == 0;
  /* TRANSLATORS: for people who do not see the letter's place */
  g_autofree char *label = g_strdup_printf (_ ("Grade %s, where A is the best and F the worst"), grade);

  adw_action_row_set_subtitle (self->reach_row, has_text (sentence) ? sentence : _ ("Not known yet"));
  gtk_image_set_from_icon_name (self->reach_image, get_reach_icon (grade));
  gtk_widget_set_visible (GTK_WIDGET (self->grade_label), has_text (grade));
  gtk_label_set_text (self->grade_label, has_text (grade) ? grade : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->grade_label), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->grade_label), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  /* Without a relay the advice is to add one, which is the banner's or the Relays page's button. */
  if (no_relay && !has_text (grade))
    g_set_str (&advice, _ ("Add a relay: devices of other networks find this one through it"));
  adw_action_row_set_subtitle (self->advice_row, advice);
  gtk_widget_set_visible (GTK_WIDGET (self->advice_row), has_text (advice));
  adw_banner_set_revealed (self->relay_banner, no_relay && peerup_share_grade_is_bad (grade));
}

static void
add_detail (PeerupThisDevicePage *self, const char *title, const char *text)
{
  GtkWidget *row;

  if (!has_text (text))
    return;
  row = peerup_copy_row_new (title, text);
  g_ptr_array_add (self->detail_rows, row);
  adw_expander_row_add_row (self->details_row, row);
}

static void
fill_details (PeerupThisDevicePage *self)
{
  const char *const *addresses;

  for (guint i = 0; i < self->detail_rows->len; i++)
    adw_expander_row_remove (self->details_row, self->detail_rows->pdata[i]);
  g_ptr_array_set_size (self->detail_rows, 0);
  if (self->engine == NULL)
    return;
  addresses = peerup_dbus_engine1_get_listen_addresses (self->engine);
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    add_detail (self, _ ("Listens at"), addresses[i]);
  add_detail (self, _ ("Configuration"), peerup_dbus_engine1_get_config_file (self->engine));
  add_detail (self, _ ("Version"), peerup_dbus_engine1_get_version (self->engine));
}

static void
update_names (PeerupThisDevicePage *self)
{
  const char *name = self->engine != NULL ? peerup_dbus_engine1_get_machine_name (self->engine) : NULL;
  g_autofree char *shown = peerup_text_clean (name);

  adw_action_row_set_subtitle (self->name_row, shown);
  peerup_copy_row_set_text (self->id_row, self->engine != NULL ? peerup_dbus_engine1_get_peer_id (self->engine) : NULL);
}

static void update_services (PeerupThisDevicePage *self);

static void
update_engine (PeerupThisDevicePage *self)
{
  if (self->engine != NULL)
    g_signal_handlers_disconnect_by_data (self->engine, self);
  g_set_object (&self->engine, peerup_session_get_engine (self->session));
  if (self->engine != NULL)
    {
      g_signal_connect_object (self->engine, "notify::machine-name", G_CALLBACK (update_names), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->engine, "notify::peer-id", G_CALLBACK (update_names), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->engine, "notify::grade", G_CALLBACK (update_grade), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (self->engine, "notify::grade-sentence", G_CALLBACK (update_grade), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->engine, "notify::grade-advice", G_CALLBACK (update_grade), self,
                               G_CONNECT_SWAPPED);
      g_signal_connect_object (self->engine, "notify::listen-addresses", G_CALLBACK (fill_details), self,
                               G_CONNECT_SWAPPED);
    }
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "services.add", self->engine != NULL);
  update_names (self);
  update_grade (self);
  fill_details (self);
  if (self->shown != NULL)
    update_services (self);
}

static void
on_show_qr (PeerupThisDevicePage *self)
{
  const char *peer_id = peerup_copy_row_get_text (self->id_row);

  if (has_text (peer_id))
    adw_dialog_present (ADW_DIALOG (peerup_peer_id_dialog_new (peer_id)), GTK_WIDGET (self));
}

static void
on_add_relay (PeerupThisDevicePage *self)
{
  adw_dialog_present (ADW_DIALOG (peerup_add_relay_dialog_new (self->session, GTK_WIDGET (self))), GTK_WIDGET (self));
}

/* Services */

static GtkWidget *
make_row (gpointer item, gpointer data)
{
  PeerupThisDevicePage *self = data;

  return peerup_service_row_new (self->session, item, self->users);
}

/* Whether @text has @folded in it, whatever the case. */
static gboolean
contains (const char *text, const char *folded)
{
  g_autofree char *other = has_text (text) ? g_utf8_casefold (text, -1) : NULL;

  return other != NULL && strstr (other, folded) != NULL;
}

static gboolean
match (gpointer item, gpointer data)
{
  PeerupThisDevicePage *self = data;
  PeerupDBusService1 *service = item;
  g_autofree char *folded = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), -1);
  const char *const *tags = peerup_dbus_service1_get_tags (service);

  g_strstrip (folded);
  if (folded[0] == '\0' || contains (peerup_dbus_service1_get_name (service), folded) ||
      contains (peerup_dbus_service1_get_address (service), folded) ||
      contains (peerup_dbus_service1_get_kind (service), folded))
    return TRUE;
  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    if (contains (tags[i], folded))
      return TRUE;
  return FALSE;
}

static void
on_search_changed (PeerupThisDevicePage *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
update_services (PeerupThisDevicePage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_services (self->session)));
  guint n_shown = g_list_model_get_n_items (self->shown);
  gboolean search = n >= SEARCH_FROM || has_text (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));

  gtk_widget_set_visible (GTK_WIDGET (self->search_entry), search);
  gtk_widget_set_visible (GTK_WIDGET (self->services_list), n_shown > 0);
  gtk_widget_set_visible (self->empty_box, n == 0 && self->engine != NULL);
  gtk_widget_set_visible (self->no_match_box, n > 0 && n_shown == 0);
}

static void
on_service_activated (PeerupThisDevicePage *self, GtkListBoxRow *row)
{
  PeerupDBusService1 *service = peerup_service_row_get_service (PEERUP_SERVICE_ROW (row));

  adw_dialog_present (ADW_DIALOG (peerup_service_dialog_new (self->session, service, self->users, GTK_WIDGET (self))),
                      GTK_WIDGET (self));
}

static void
add_service (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupThisDevicePage *self = PEERUP_THIS_DEVICE_PAGE (widget);

  adw_dialog_present (ADW_DIALOG (peerup_add_service_dialog_new (self->session, widget)), widget);
}

static void
bind_services (PeerupThisDevicePage *self)
{
  GListModel *services = g_object_ref (G_LIST_MODEL (peerup_session_get_services (self->session)));
  GtkExpression *name = gtk_property_expression_new (PEERUP_DBUS_TYPE_SERVICE1, NULL, "name");
  GtkSortListModel *sorted;
  g_autoptr (GListModel) growing = NULL;

  self->filter = GTK_FILTER (gtk_custom_filter_new (match, self, NULL));
  sorted = gtk_sort_list_model_new (services, GTK_SORTER (gtk_string_sorter_new (name)));
  self->shown = G_LIST_MODEL (gtk_filter_list_model_new (G_LIST_MODEL (sorted), g_object_ref (self->filter)));
  growing = peerup_growing_model_new (self->shown, GTK_WIDGET (self));
  gtk_list_box_bind_model (self->services_list, growing, make_row, self, NULL);
  g_signal_connect_object (services, "items-changed", G_CALLBACK (update_services), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->shown, "items-changed", G_CALLBACK (update_services), self, G_CONNECT_SWAPPED);
  update_services (self);
}

/* Object */

static void
peerup_this_device_page_dispose (GObject *object)
{
  PeerupThisDevicePage *self = PEERUP_THIS_DEVICE_PAGE (object);

  if (self->services_list != NULL)
    gtk_list_box_bind_model (self->services_list, NULL, NULL, NULL, NULL);
  if (self->filter != NULL)
    gtk_custom_filter_set_filter_func (GTK_CUSTOM_FILTER (self->filter), NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_THIS_DEVICE_PAGE);
  g_clear_object (&self->shown);
  g_clear_object (&self->filter);
  g_clear_object (&self->users);
  g_clear_object (&self->engine);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_this_device_page_parent_class)->dispose (object);
}

static void
peerup_this_device_page_finalize (GObject *object)
{
  PeerupThisDevicePage *self = PEERUP_THIS_DEVICE_PAGE (object);

  g_ptr_array_unref (self->detail_rows);
  G_OBJECT_CLASS (peerup_this_device_page_parent_class)->finalize (object);
}

static void
peerup_this_device_page_class_init (PeerupThisDevicePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_this_device_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_this_device_page_finalize;
  g_type_ensure (PEERUP_TYPE_COPY_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-this-device-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, relay_banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, name_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, reach_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, reach_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, grade_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, advice_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, id_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, details_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, services_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, empty_box);
  gtk_widget_class_bind_template_child (widget_class, PeerupThisDevicePage, no_match_box);
  gtk_widget_class_bind_template_callback (widget_class, on_add_relay);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_show_qr);
  gtk_widget_class_bind_template_callback (widget_class, on_service_activated);
  gtk_widget_class_install_action (widget_class, "services.add", NULL, add_service);
}

static void
peerup_this_device_page_init (PeerupThisDevicePage *self)
{
  self->detail_rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupThisDevicePage *
peerup_this_device_page_new (PeerupSession *session)
{
  PeerupThisDevicePage *self = g_object_new (PEERUP_TYPE_THIS_DEVICE_PAGE, NULL);

  self->session = g_object_ref (session);
  self->users = peerup_share_users_new (session);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (update_engine), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_relays (session), "items-changed", G_CALLBACK (update_grade), self,
                           G_CONNECT_SWAPPED);
  update_engine (self);
  bind_services (self);
  return self;
}
