/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Shows what the service's proxy and the lists of who may use it say. The switch asks, and moves for good when the
 * engine says so. */
#include "app/share/peerup-service-row.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/share/peerup-share-calls.h"
#include "app/share/peerup-share-text.h"

struct _PeerupServiceRow
{
  AdwActionRow parent_instance;

  PeerupSession *session;
  PeerupDBusService1 *service;
  PeerupShareUsers *users;
  GtkImage *kind_image;
  GtkImage *trouble_image;
  GtkSwitch *enabled_switch;
};

G_DEFINE_FINAL_TYPE (PeerupServiceRow, peerup_service_row, ADW_TYPE_ACTION_ROW)

static void
add_line (GString *text, const char *line)
{
  if (text->len > 0)
    g_string_append_c (text, '\n');
  g_string_append (text, line);
}

static char *
describe (PeerupServiceRow *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *who = peerup_share_users_describe (self->users, self->service);
  const char *health = peerup_dbus_service1_get_health_text (self->service);
  guint active = peerup_dbus_service1_get_active (self->service);

  add_line (text, who);
  if (active > 0)
    {
      g_autofree char *uses = g_strdup_printf (ngettext ("%u connection now", "%u connections now", active), active);

      add_line (text, uses);
    }
  if (peerup_dbus_service1_get_transient (self->service))
    add_line (text, _ ("Shared until Peer-Up ends"));
  if (peerup_dbus_service1_get_enabled (self->service) && health != NULL && health[0] != '\0')
    {
      g_autofree char *shown = peerup_text_clean_to (health, 200);

      add_line (text, shown);
    }
  return g_string_free_and_steal (g_steal_pointer (&text));
}

static void
update (PeerupServiceRow *self)
{
  g_autofree char *subtitle = describe (self);
  g_autofree char *name = peerup_text_clean (peerup_dbus_service1_get_name (self->service));
  const char *health = peerup_dbus_service1_get_health (self->service);
  gboolean enabled = peerup_dbus_service1_get_enabled (self->service);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (self), subtitle);
  gtk_image_set_from_icon_name (self->kind_image,
                                peerup_share_get_kind_icon (peerup_dbus_service1_get_kind (self->service)));
  gtk_widget_set_visible (GTK_WIDGET (self->trouble_image), enabled && g_strcmp0 (health, "silent") == 0);
  gtk_switch_set_active (self->enabled_switch, enabled);
  gtk_switch_set_state (self->enabled_switch, enabled);
  /* What Expose has made is there or not. */
  gtk_widget_set_visible (GTK_WIDGET (self->enabled_switch), !peerup_dbus_service1_get_transient (self->service));
}

static void
on_failed (GtkWidget *origin)
{
  PeerupServiceRow *self = PEERUP_SERVICE_ROW (origin);

  gtk_switch_set_active (self->enabled_switch, peerup_dbus_service1_get_enabled (self->service));
}

/* The state stays what the engine says. */
static gboolean
on_state_set (PeerupServiceRow *self, gboolean wanted, GtkSwitch *widget)
{
  if (self->service != NULL && wanted != peerup_dbus_service1_get_enabled (self->service))
    peerup_share_enable_service (GTK_WIDGET (self), self->session, peerup_dbus_service1_get_name (self->service),
                                 wanted, on_failed);
  return TRUE;
}

static void
peerup_service_row_dispose (GObject *object)
{
  PeerupServiceRow *self = PEERUP_SERVICE_ROW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SERVICE_ROW);
  g_clear_object (&self->session);
  g_clear_object (&self->service);
  g_clear_object (&self->users);
  G_OBJECT_CLASS (peerup_service_row_parent_class)->dispose (object);
}

static void
peerup_service_row_class_init (PeerupServiceRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_service_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/share/peerup-service-row.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceRow, kind_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceRow, trouble_image);
  gtk_widget_class_bind_template_child (widget_class, PeerupServiceRow, enabled_switch);
  gtk_widget_class_bind_template_callback (widget_class, on_state_set);
}

static void
peerup_service_row_init (PeerupServiceRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
peerup_service_row_new (PeerupSession *session, PeerupDBusService1 *service, PeerupShareUsers *users)
{
  PeerupServiceRow *self = g_object_new (PEERUP_TYPE_SERVICE_ROW, NULL);
  g_autofree char *name = peerup_text_clean (peerup_dbus_service1_get_name (service));
  /* TRANSLATORS: a switch; %s is the name of a service */
  g_autofree char *label = g_strdup_printf (_ ("Share %s"), name);

  self->session = g_object_ref (session);
  self->service = g_object_ref (service);
  self->users = g_object_ref (users);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->enabled_switch), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->enabled_switch), label);
  g_signal_connect_object (service, "notify", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (users, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return GTK_WIDGET (self);
}

PeerupDBusService1 *
peerup_service_row_get_service (PeerupServiceRow *self)
{
  g_return_val_if_fail (PEERUP_IS_SERVICE_ROW (self), NULL);
  return self->service;
}
