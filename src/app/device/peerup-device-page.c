/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A page of the window about one device that is authorized. It follows the device's object and holds no fact of its
 * own; when the object goes, so does the page. */
#include "app/device/peerup-device-page.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/device/peerup-access-row.h"
#include "app/device/peerup-connection-group.h"
#include "app/device/peerup-details-dialog.h"
#include "app/device/peerup-device-dialogs.h"
#include "app/device/peerup-offer-row.h"
#include "app/device/peerup-test-dialog.h"
#include "app/model/peerup-device-text.h"
#include "app/widgets/peerup-toast.h"

/* So many rows are made in one turn of the main loop: hundreds at once would be seen as a stop. */
#define ROWS_AT_ONCE 4
#define FIRST_ROWS   16
/* With more services than these, of either side, one searches. */
#define SEARCH_ABOVE 8

/* Lasting trouble, the worst first: the banner is for one. */
typedef enum
{
  TROUBLE_ENDED,   /* its time is over */
  TROUBLE_PAIRING, /* the other side may not know that it is paired */
  TROUBLE_SILENT,  /* the path gives no sign of life */
  TROUBLE_UNVERIFIED,
  TROUBLE_NONE,
} Trouble;

struct _PeerupDevicePage
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  PeerupDBusDevice1 *device;
  GSignalGroup *peer;  /* of the device's Peer1, where there is one: whether it was asked what it offers */
  GListStore *offers;  /* of PeerupOffer */
  GVariant *templates; /* (nullable): what ListTemplates gave */
  GCancellable *cancellable;
  GtkFilter *filter;           /* of both lists, by what is searched for */
  GtkSliceListModel *shown[2]; /* of the offers, and of the services of this device: those that have rows */
  guint filler;                /* while there are more */
  guint timer;                 /* while it is shown: "since yesterday" comes with time alone */

  AdwAvatar *avatar;
  AdwWindowTitle *window_title;
  AdwBanner *banner;
  GtkSearchEntry *search_entry;
  GtkWidget *search_group;
  GtkWidget *no_match_group;
  GtkWidget *offers_group;
  GtkListBox *offers_list;
  GtkWidget *offers_empty;
  GtkLabel *offers_placeholder;
  AdwPreferencesGroup *access_group;
  GtkListBox *access_list;
  GtkWidget *access_empty;
  PeerupConnectionGroup *connection_group;
};

G_DEFINE_FINAL_TYPE (PeerupDevicePage, peerup_device_page, ADW_TYPE_NAVIGATION_PAGE)

static const char *
get_id (PeerupDevicePage *self)
{
  const char *id = peerup_dbus_device1_get_peer_id (self->device);

  return id != NULL ? id : "";
}

/* For a sentence. (transfer full) */
static char *
dup_name (PeerupDevicePage *self)
{
  return peerup_device_dup_title_isolated (peerup_dbus_device1_get_name (self->device), get_id (self));
}

/* Trouble */

static Trouble
find_trouble (PeerupDevicePage *self)
{
  const char *pairing = peerup_dbus_device1_get_pairing (self->device);

  if (peerup_dbus_device1_get_ended (self->device))
    return TROUBLE_ENDED;
  if (g_strcmp0 (pairing, "prepared") == 0 || g_strcmp0 (pairing, "committed") == 0)
    return TROUBLE_PAIRING;
  if (peerup_dbus_device1_get_silent (self->device))
    return TROUBLE_SILENT;
  return peerup_dbus_device1_get_verified (self->device) ? TROUBLE_NONE : TROUBLE_UNVERIFIED;
}

/* (transfer full) */
static char *
describe_trouble (PeerupDevicePage *self, Trouble trouble)
{
  g_autofree char *name = dup_name (self);

  switch (trouble)
    {
    case TROUBLE_ENDED:
      /* TRANSLATORS: %s is a device */
      return g_strdup_printf (_ ("The time for which %s was let in is over"), name);
    case TROUBLE_PAIRING:
      /* TRANSLATORS: %s is a device */
      return g_strdup_printf (_ ("The pairing with %s is finished when both devices meet"), name);
    case TROUBLE_SILENT:
      /* TRANSLATORS: %s is a device */
      return g_strdup_printf (_ ("Nothing comes from %s at the moment"), name);
    case TROUBLE_UNVERIFIED:
      /* TRANSLATORS: %s is a device; the codes are those that both devices show */
      return g_strdup_printf (_ ("Compare codes to be sure that this is %s"), name);
    case TROUBLE_NONE:
    default:
      return g_strdup ("");
    }
}

static void
update_banner (PeerupDevicePage *self)
{
  static const char *const buttons[] = {
    [TROUBLE_ENDED] = N_ ("_Pair Again"),
    [TROUBLE_PAIRING] = N_ ("_Undo Pairing"),
    [TROUBLE_SILENT] = N_ ("_Connect Anew"),
    [TROUBLE_UNVERIFIED] = N_ ("_Compare…"),
  };
  Trouble trouble = find_trouble (self);
  g_autofree char *text = describe_trouble (self, trouble);

  /* The words stay while it folds away. */
  if (trouble != TROUBLE_NONE)
    {
      adw_banner_set_title (self->banner, text);
      adw_banner_set_button_label (self->banner, _ (buttons[trouble]));
    }
  adw_banner_set_revealed (self->banner, trouble != TROUBLE_NONE);
}

static void
on_reconnected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupDevicePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  g_autofree char *name = dup_name (self);
  g_autofree char *what = NULL;

  if (answer != NULL)
    return;
  /* TRANSLATORS: %s is a device; a reason follows after a colon */
  what = g_strdup_printf (_ ("Cannot connect to %s"), name);
  peerup_toast_error (GTK_WIDGET (self), what, error);
}

/* Also where there was nothing to end: the path may have gone meanwhile. */
static void
on_disconnected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupDevicePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    peerup_session_call_async (self->session, "Connect", g_variant_new ("(s)", get_id (self)), self->cancellable,
                               on_reconnected, g_object_ref (self));
}

static void
verify (PeerupDevicePage *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.verify", "s", get_id (self));
}

static void
on_mend (PeerupDevicePage *self)
{
  switch (find_trouble (self))
    {
    case TROUBLE_ENDED:
      gtk_widget_activate_action (GTK_WIDGET (self), "win.invite", NULL);
      break;
    case TROUBLE_PAIRING:
      peerup_device_undo_pairing (GTK_WIDGET (self), self->session, self->device);
      break;
    case TROUBLE_SILENT:
      peerup_session_call_async (self->session, "Disconnect", g_variant_new ("(s)", get_id (self)), self->cancellable,
                                 on_disconnected, g_object_ref (self));
      break;
    case TROUBLE_UNVERIFIED:
      verify (self);
      break;
    case TROUBLE_NONE:
    default:
      break;
    }
}

/* Services */

/* (transfer full): the services of this device that are local ports. */
static char **
list_ports (PeerupDevicePage *self)
{
  GListModel *forwards = G_LIST_MODEL (peerup_session_get_forwards (self->session));
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; i < g_list_model_get_n_items (forwards); i++)
    {
      g_autoptr (PeerupDBusForward1) forward = g_list_model_get_item (forwards, i);
      const char *service = peerup_dbus_forward1_get_service (forward);

      if (service != NULL && g_strcmp0 (peerup_dbus_forward1_get_peer_id (forward), get_id (self)) == 0)
        g_strv_builder_add (names, service);
    }
  return g_strv_builder_end (names);
}

static gboolean
has_word (const char *text, const char *folded)
{
  g_autofree char *other = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return other != NULL && strstr (other, folded) != NULL;
}

static gboolean
match (gpointer item, gpointer data)
{
  PeerupDevicePage *self = data;
  g_autofree char *folded = g_utf8_casefold (gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), -1);
  const char *const *tags;

  g_strstrip (folded);
  if (*folded == '\0')
    return TRUE;
  if (PEERUP_IS_OFFER (item))
    return has_word (peerup_offer_get_name (item), folded) || has_word (peerup_offer_get_kind (item), folded) ||
           has_word (peerup_offer_get_tags (item), folded);
  tags = peerup_dbus_service1_get_tags (item);
  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    if (has_word (tags[i], folded))
      return TRUE;
  return has_word (peerup_dbus_service1_get_name (item), folded) ||
         has_word (peerup_dbus_service1_get_kind (item), folded);
}

/* A placeholder in the list itself would take the round corners from its last row. A group that has nothing of what is
 * searched for is not there. TRUE: it has something. */
static gboolean
show_list (GtkWidget *group, GtkListBox *list, GtkSliceListModel *shown, guint n_all, GtkWidget *empty,
           gboolean searching)
{
  gboolean any = g_list_model_get_n_items (gtk_slice_list_model_get_model (shown)) > 0;

  gtk_widget_set_visible (GTK_WIDGET (list), any);
  gtk_widget_set_visible (empty, n_all == 0);
  gtk_widget_set_visible (group, any || !searching);
  return any;
}

static void
show_lists (PeerupDevicePage *self)
{
  guint n_offers = g_list_model_get_n_items (G_LIST_MODEL (self->offers));
  guint n_services = g_list_model_get_n_items (G_LIST_MODEL (peerup_session_get_services (self->session)));
  gboolean searching = *gtk_editable_get_text (GTK_EDITABLE (self->search_entry)) != '\0';
  gboolean any = FALSE;

  any |= show_list (self->offers_group, self->offers_list, self->shown[0], n_offers, self->offers_empty, searching);
  any |= show_list (GTK_WIDGET (self->access_group), self->access_list, self->shown[1], n_services, self->access_empty,
                    searching);
  gtk_widget_set_visible (self->search_group, searching || MAX (n_offers, n_services) > SEARCH_ABOVE);
  gtk_widget_set_visible (self->no_match_group, searching && !any);
}

static gboolean
on_idle (gpointer data)
{
  PeerupDevicePage *self = data;
  gboolean more = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (self->shown); i++)
    {
      guint all = g_list_model_get_n_items (gtk_slice_list_model_get_model (self->shown[i]));
      guint size = gtk_slice_list_model_get_size (self->shown[i]);

      if (size < all)
        gtk_slice_list_model_set_size (self->shown[i], size + ROWS_AT_ONCE);
      more = more || size + ROWS_AT_ONCE < all;
    }
  if (!more)
    self->filler = 0;
  return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Frames go before it. */
static void
fill (PeerupDevicePage *self)
{
  if (self->filler == 0)
    self->filler = g_idle_add_full (G_PRIORITY_LOW, on_idle, self, NULL);
}

static void
update_offers (PeerupDevicePage *self)
{
  g_auto (GStrv) ports = list_ports (self);

  peerup_offer_update_store (self->offers, peerup_dbus_device1_get_services (self->device),
                             (const char *const *) ports);
  show_lists (self);
  fill (self);
}

static void
on_services_changed (PeerupDevicePage *self)
{
  show_lists (self);
  fill (self);
}

static void
on_search_changed (PeerupDevicePage *self)
{
  gtk_filter_changed (self->filter, GTK_FILTER_CHANGE_DIFFERENT);
  show_lists (self);
  fill (self);
}

static void
on_stop_search (PeerupDevicePage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
}

/* Those of @model that match, as many as have rows. */
static GtkSliceListModel *
slice (PeerupDevicePage *self, GListModel *model)
{
  GtkFilterListModel *found = gtk_filter_list_model_new (g_object_ref (model), g_object_ref (self->filter));

  return gtk_slice_list_model_new (G_LIST_MODEL (found), 0, FIRST_ROWS);
}

static gboolean
was_asked (PeerupDevicePage *self)
{
  g_autoptr (PeerupDBusPeer1) peer = g_signal_group_dup_target (self->peer);
  const char *source = peer != NULL ? peerup_dbus_peer1_get_services_source (peer) : NULL;

  return source != NULL && *source != '\0';
}

/* Why there are none. */
static void
update_placeholder (PeerupDevicePage *self)
{
  gboolean connected = g_strcmp0 (peerup_dbus_device1_get_state (self->device), "connected") == 0;
  g_autofree char *name = dup_name (self);
  g_autofree char *text = NULL;

  if (connected && was_asked (self))
    /* TRANSLATORS: %s is a device */
    text = g_strdup_printf (_ ("%s offers nothing to this device"), name);
  else if (connected)
    /* TRANSLATORS: %s is a device */
    text = g_strdup_printf (_ ("Asking %s what it offers…"), name);
  else
    /* TRANSLATORS: %s is a device */
    text = g_strdup_printf (_ ("What %s offers is known when it is back"), name);
  gtk_label_set_label (self->offers_placeholder, text);
}

static GtkWidget *
create_offer_row (gpointer item, gpointer data)
{
  PeerupDevicePage *self = data;

  return peerup_offer_row_new (self->session, self->device, item, self->templates);
}

static GtkWidget *
create_access_row (gpointer item, gpointer data)
{
  PeerupDevicePage *self = data;

  return peerup_access_row_new (self->session, self->device, item);
}

static void
on_templates (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupDevicePage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  /* Without them services are addresses, which is worse and not wrong. */
  if (answer == NULL)
    return;
  g_variant_get (answer, "(@aa{sv})", &self->templates);
  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->offers_list)); row != NULL;
       row = gtk_widget_get_next_sibling (row))
    if (PEERUP_IS_OFFER_ROW (row))
      peerup_offer_row_set_templates (PEERUP_OFFER_ROW (row), self->templates);
}

/* What it is called, and how it is */

static void
update_title (PeerupDevicePage *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *title = peerup_device_dup_title (peerup_dbus_device1_get_name (self->device), get_id (self));
  g_autofree char *avatar = peerup_device_dup_avatar_text (peerup_dbus_device1_get_name (self->device), get_id (self));
  g_autofree char *isolated = dup_name (self);
  g_autofree char *escaped = g_markup_escape_text (isolated, -1);
  g_autofree char *group = NULL;
  g_autofree char *line = NULL;
  g_autofree char *escaped_line = NULL;
  PeerupDeviceFacts facts;

  peerup_device_facts_get (&facts, self->device);
  line = peerup_device_dup_line (&facts, now);
  escaped_line = g_markup_escape_text (line, -1);
  /* TRANSLATORS: a title; %s is a device */
  group = g_strdup_printf (_ ("What %s May Use Here"), escaped);
  adw_navigation_page_set_title (ADW_NAVIGATION_PAGE (self), title);
  adw_avatar_set_text (self->avatar, avatar != NULL ? avatar : get_id (self));
  adw_avatar_set_show_initials (self->avatar, avatar != NULL);
  adw_window_title_set_title (self->window_title, title);
  adw_window_title_set_subtitle (self->window_title, line);
  /* What groups say is markup. The line is in the header, too, where there may be no room for it. */
  adw_preferences_group_set_title (self->access_group, group);
  adw_preferences_group_set_description (ADW_PREFERENCES_GROUP (self->connection_group), escaped_line);
}

static void
update (PeerupDevicePage *self)
{
  update_title (self);
  update_banner (self);
  update_placeholder (self);
}

static gboolean
on_minute (gpointer data)
{
  update_title (data);
  return G_SOURCE_CONTINUE;
}

static void
on_peers_changed (PeerupDevicePage *self)
{
  g_autoptr (PeerupDBusPeer1) peer =
    peerup_object_list_find (peerup_session_get_peers (self->session), "id", get_id (self));

  g_signal_group_set_target (self->peer, peer);
  update_placeholder (self);
}

/* An engine that was found again has another object for the same device. */
static void
on_devices_changed (PeerupDevicePage *self)
{
  g_autoptr (PeerupDevicePage) kept = g_object_ref (self);
  g_autoptr (PeerupDBusDevice1) device =
    peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", get_id (self));

  if (device == self->device || gtk_widget_get_root (GTK_WIDGET (self)) == NULL)
    return;
  /* Where it is gone, the window sees to what is shown next. */
  if (device != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-device", "s", get_id (self));
}

/* Actions */

static void
act_test (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  adw_dialog_present (peerup_test_dialog_new (self->session, self->device), widget);
}

static void
act_details (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  adw_dialog_present (peerup_details_dialog_new (self->session, self->device), widget);
}

static void
act_verify (GtkWidget *widget, const char *action, GVariant *parameter)
{
  verify (PEERUP_DEVICE_PAGE (widget));
}

static void
act_rename (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  peerup_device_rename (widget, self->session, self->device);
}

static void
act_remove (GtkWidget *widget, const char *action, GVariant *parameter)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  peerup_device_remove (widget, self->session, self->device);
}

static void
act_copy_id (GtkWidget *widget, const char *action, GVariant *parameter)
{
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), get_id (PEERUP_DEVICE_PAGE (widget)));
  peerup_toast (widget, _ ("Peer ID copied"));
}

static void
on_mapped (GtkWidget *widget)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  GTK_WIDGET_CLASS (peerup_device_page_parent_class)->map (widget);
  update_title (self);
  self->timer = g_timeout_add_seconds (60, on_minute, self);
}

static void
on_unmapped (GtkWidget *widget)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (widget);

  g_clear_handle_id (&self->timer, g_source_remove);
  GTK_WIDGET_CLASS (peerup_device_page_parent_class)->unmap (widget);
}

static void
peerup_device_page_dispose (GObject *object)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_handle_id (&self->filler, g_source_remove);
  if (self->offers_list != NULL)
    {
      gtk_list_box_bind_model (self->offers_list, NULL, NULL, NULL, NULL);
      gtk_list_box_bind_model (self->access_list, NULL, NULL, NULL, NULL);
    }
  if (self->filter != NULL)
    gtk_custom_filter_set_filter_func (GTK_CUSTOM_FILTER (self->filter), NULL, NULL, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_DEVICE_PAGE);
  G_OBJECT_CLASS (peerup_device_page_parent_class)->dispose (object);
}

static void
peerup_device_page_finalize (GObject *object)
{
  PeerupDevicePage *self = PEERUP_DEVICE_PAGE (object);

  g_clear_object (&self->session);
  g_clear_object (&self->device);
  g_clear_object (&self->peer);
  g_clear_object (&self->offers);
  g_clear_object (&self->filter);
  g_clear_object (&self->shown[0]);
  g_clear_object (&self->shown[1]);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->templates, g_variant_unref);
  G_OBJECT_CLASS (peerup_device_page_parent_class)->finalize (object);
}

static void
peerup_device_page_class_init (PeerupDevicePageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = peerup_device_page_dispose;
  object_class->finalize = peerup_device_page_finalize;
  widget_class->map = on_mapped;
  widget_class->unmap = on_unmapped;
  g_type_ensure (PEERUP_TYPE_CONNECTION_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-device-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, avatar);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, window_title);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, banner);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, search_entry);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, search_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, no_match_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, offers_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, offers_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, offers_empty);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, offers_placeholder);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, access_group);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, access_list);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, access_empty);
  gtk_widget_class_bind_template_child (widget_class, PeerupDevicePage, connection_group);
  gtk_widget_class_bind_template_callback (widget_class, on_mend);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
  gtk_widget_class_install_action (widget_class, "device.test", NULL, act_test);
  gtk_widget_class_install_action (widget_class, "device.details", NULL, act_details);
  gtk_widget_class_install_action (widget_class, "device.verify", NULL, act_verify);
  gtk_widget_class_install_action (widget_class, "device.rename", NULL, act_rename);
  gtk_widget_class_install_action (widget_class, "device.remove", NULL, act_remove);
  gtk_widget_class_install_action (widget_class, "device.copy-id", NULL, act_copy_id);
}

static void
peerup_device_page_init (PeerupDevicePage *self)
{
  self->cancellable = g_cancellable_new ();
  self->offers = g_list_store_new (PEERUP_TYPE_OFFER);
  self->peer = g_signal_group_new (PEERUP_DBUS_TYPE_PEER1_PROXY);
  g_signal_group_connect_object (self->peer, "notify::services-source", G_CALLBACK (update_placeholder), self,
                                 G_CONNECT_SWAPPED);
  gtk_widget_init_template (GTK_WIDGET (self));
}

PeerupDevicePage *
peerup_device_page_new (PeerupSession *session, PeerupDBusDevice1 *device)
{
  PeerupDevicePage *self = g_object_new (PEERUP_TYPE_DEVICE_PAGE, NULL);

  self->session = g_object_ref (session);
  self->device = g_object_ref (device);
  peerup_connection_group_set_device (self->connection_group, session, device);
  self->filter = GTK_FILTER (gtk_custom_filter_new (match, self, NULL));
  self->shown[0] = slice (self, G_LIST_MODEL (self->offers));
  self->shown[1] = slice (self, G_LIST_MODEL (peerup_session_get_services (session)));
  gtk_list_box_bind_model (self->offers_list, G_LIST_MODEL (self->shown[0]), create_offer_row, self, NULL);
  gtk_list_box_bind_model (self->access_list, G_LIST_MODEL (self->shown[1]), create_access_row, self, NULL);
  g_signal_connect_object (device, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (device, "notify::services", G_CALLBACK (update_offers), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_forwards (session), "items-changed", G_CALLBACK (update_offers), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_services (session), "items-changed", G_CALLBACK (on_services_changed),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_devices (session), "items-changed", G_CALLBACK (on_devices_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (peerup_session_get_peers (session), "items-changed", G_CALLBACK (on_peers_changed), self,
                           G_CONNECT_SWAPPED);
  update (self);
  on_peers_changed (self);
  update_offers (self);
  on_services_changed (self);
  peerup_session_call_async (session, "ListTemplates", NULL, self->cancellable, on_templates, g_object_ref (self));
  return self;
}
