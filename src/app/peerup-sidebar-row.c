/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A row of the sidebar: what there is, and one line about it that is always true. */
#include "app/peerup-sidebar-row.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"

struct _PeerupSidebarRow
{
  GtkBox parent_instance;

  PeerupSession *session;
  GObject *item; /* (nullable) */
  AdwAvatar *avatar;
  GtkImage *image;
  GtkLabel *title;
  GtkLabel *line;
  GtkImage *state;
};

G_DEFINE_FINAL_TYPE (PeerupSidebarRow, peerup_sidebar_row, GTK_TYPE_BOX)

/* Of a property that the engine may not have; (nullable) (transfer full) */
static char *
dup_engine_text (PeerupSidebarRow *self, const char *name)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);
  char *text = NULL;

  if (engine != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (engine), name) != NULL)
    g_object_get (engine, name, &text, NULL);
  return text;
}

static char *
say_relays (PeerupSession *session)
{
  GListModel *relays = G_LIST_MODEL (peerup_session_get_relays (session));
  guint n = 0, n_first = 0;

  for (guint i = 0; i < g_list_model_get_n_items (relays); i++)
    {
      g_autoptr (PeerupDBusRelay1) relay = g_list_model_get_item (relays, i);

      n += g_strcmp0 (peerup_dbus_relay1_get_state (relay), "reserved") == 0 && !peerup_dbus_relay1_get_silent (relay);
      n_first += g_strcmp0 (peerup_dbus_relay1_get_state (relay), "connecting") == 0 &&
                 peerup_dbus_relay1_get_failures (relay) == 0;
    }
  if (n > 0)
    return g_strdup_printf (ngettext ("%u in use", "%u in use", n), n);
  /* For the first time: what has failed before is tried again and again. */
  if (n_first > 0)
    return g_strdup (_ ("Connecting…"));
  return g_strdup (g_list_model_get_n_items (relays) > 0 ? _ ("None can be reached") : _ ("None"));
}

static void
set_texts (PeerupSidebarRow *self, const char *title, const char *line)
{
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->line, line);
  gtk_widget_set_visible (GTK_WIDGET (self->line), *line != '\0');
}

static void
show_device (PeerupSidebarRow *self, PeerupDBusDevice1 *device)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *title = NULL;
  g_autofree char *line = NULL;
  g_autofree char *avatar = NULL;
  PeerupDeviceFacts facts;
  PeerupDeviceState state;

  peerup_device_facts_get (&facts, device);
  title = peerup_device_dup_title (facts.name, facts.peer_id);
  line = peerup_device_dup_line (&facts, now);
  avatar = peerup_device_dup_avatar_text (facts.name, facts.peer_id);
  state = peerup_device_find_state (&facts, now);
  set_texts (self, title, line);
  adw_avatar_set_text (self->avatar, avatar != NULL ? avatar : facts.peer_id);
  adw_avatar_set_show_initials (self->avatar, avatar != NULL);
  adw_avatar_set_icon_name (self->avatar, "computer-symbolic");
  gtk_image_set_from_icon_name (self->state, peerup_device_get_icon (state));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->state), peerup_device_get_icon_text (state));
}

static void
show_place (PeerupSidebarRow *self, const char *place)
{
  gboolean is_relays = g_str_equal (place, PEERUP_SIDEBAR_RELAYS);
  g_autofree char *name = is_relays ? say_relays (self->session) : dup_engine_text (self, "machine-name");
  g_autofree char *line = is_relays ? g_steal_pointer (&name) : peerup_text_clean (name);

  gtk_image_set_from_icon_name (self->image, is_relays ? "network-server-symbolic" : "computer-symbolic");
  set_texts (self, is_relays ? _ ("Relays") : _ ("This Device"), line);
}

void
peerup_sidebar_row_refresh (PeerupSidebarRow *self)
{
  gboolean is_device = PEERUP_DBUS_IS_DEVICE1 (self->item);

  gtk_widget_set_visible (GTK_WIDGET (self->avatar), is_device);
  gtk_widget_set_visible (GTK_WIDGET (self->state), is_device);
  gtk_widget_set_visible (GTK_WIDGET (self->image), !is_device);
  if (is_device)
    show_device (self, PEERUP_DBUS_DEVICE1 (self->item));
  else if (GTK_IS_STRING_OBJECT (self->item))
    show_place (self, gtk_string_object_get_string (GTK_STRING_OBJECT (self->item)));
}

void
peerup_sidebar_row_set_item (PeerupSidebarRow *self, GObject *item)
{
  g_return_if_fail (PEERUP_IS_SIDEBAR_ROW (self));
  if (self->item != NULL)
    g_signal_handlers_disconnect_by_data (self->item, self);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;
  if (PEERUP_DBUS_IS_DEVICE1 (item))
    g_signal_connect_object (item, "notify", G_CALLBACK (peerup_sidebar_row_refresh), self, G_CONNECT_SWAPPED);
  peerup_sidebar_row_refresh (self);
}

void
peerup_sidebar_row_bind_accessible (PeerupSidebarRow *self, GtkListItem *list_item)
{
  g_return_if_fail (PEERUP_IS_SIDEBAR_ROW (self));
  g_object_bind_property (self->title, "label", list_item, "accessible-label", G_BINDING_SYNC_CREATE);
  g_object_bind_property (self->line, "label", list_item, "accessible-description", G_BINDING_SYNC_CREATE);
}

static void
peerup_sidebar_row_dispose (GObject *object)
{
  PeerupSidebarRow *self = PEERUP_SIDEBAR_ROW (object);

  peerup_sidebar_row_set_item (self, NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SIDEBAR_ROW);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_sidebar_row_parent_class)->dispose (object);
}

static void
peerup_sidebar_row_class_init (PeerupSidebarRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_sidebar_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-sidebar-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebarRow, avatar);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebarRow, image);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebarRow, title);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebarRow, line);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebarRow, state);
}

static void
peerup_sidebar_row_init (PeerupSidebarRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_sidebar_row_new (PeerupSession *session)
{
  PeerupSidebarRow *self = g_object_new (PEERUP_TYPE_SIDEBAR_ROW, NULL);

  self->session = g_object_ref (session);
  return GTK_WIDGET (self);
}
