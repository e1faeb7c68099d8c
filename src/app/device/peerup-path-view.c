/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The way to a device as a drawing. Icons and words are widgets, so that they grow with the text of the desktop and
 * turn with its direction; the legs between them are drawn. */
#include "app/device/peerup-path-view.h"

#include <glib/gi18n.h>

#include "app/device/peerup-leg.h"
#include "app/model/peerup-device-text.h"

struct _PeerupPathView
{
  GtkWidget parent_instance;

  GtkLabel *here_label;
  PeerupLeg *near_leg;
  GtkLabel *near_label;
  GtkWidget *relay_box;
  GtkLabel *relay_label;
  GtkWidget *far_box;
  PeerupLeg *far_leg;
  GtkLabel *far_label;
  GtkLabel *device_label;
};

G_DEFINE_FINAL_TYPE (PeerupPathView, peerup_path_view, GTK_TYPE_WIDGET)

char *
peerup_path_view_dup_relay (const char *name, const char *peer_id)
{
  g_autofree char *short_id = NULL;

  if (name != NULL && *name != '\0')
    return peerup_text_clean (name);
  short_id = peerup_device_dup_short_id (peer_id);
  /* TRANSLATORS: a relay without a name; %s is the end of its peer ID */
  return g_strdup_printf (_ ("Relay %s"), short_id);
}

/* (transfer full): empty where it is not known. */
static char *
dup_time (gint64 us)
{
  return us > 0 ? peerup_text_dup_round_trip (us) : g_strdup ("");
}

/* (transfer full) */
static char *
describe (PeerupPath path, const char *device, const char *relay, const char *near, const char *far)
{
  g_autofree char *there = peerup_text_isolate (device);
  g_autofree char *between = peerup_text_isolate (relay);

  if (path == PEERUP_PATH_NONE)
    /* TRANSLATORS: %s is a device */
    return g_strdup_printf (_ ("There is no path to %s now"), there);
  if (path == PEERUP_PATH_DIRECT && *near == '\0')
    return g_strdup_printf (_ ("From this device directly to %s"), there);
  if (path == PEERUP_PATH_DIRECT)
    /* TRANSLATORS: the first %s is a device, the second a time as "6 ms" */
    return g_strdup_printf (_ ("From this device directly to %s, %s"), there, near);
  if (*near == '\0' || *far == '\0')
    /* TRANSLATORS: the first %s is a relay, the second a device */
    return g_strdup_printf (_ ("From this device over the relay %s to %s"), between, there);
  /* TRANSLATORS: a relay, a time as "6 ms" to it, a device, a time from the relay to it */
  return g_strdup_printf (_ ("From this device to the relay %s, %s, and from there to %s, %s"), between, near, there,
                          far);
}

void
peerup_path_view_set (PeerupPathView *self, PeerupPath path, const char *device, const char *relay, gint64 near_us,
                      gint64 far_us)
{
  gboolean relayed = path == PEERUP_PATH_RELAYED;
  g_autofree char *near = dup_time (near_us);
  g_autofree char *far = dup_time (far_us);
  g_autofree char *text = NULL;

  g_return_if_fail (PEERUP_IS_PATH_VIEW (self));
  if (relay == NULL || *relay == '\0')
    relay = _ ("Relay");
  text = describe (path, device, relay, near, far);
  peerup_leg_set_style (self->near_leg, path == PEERUP_PATH_NONE ? PEERUP_LEG_BROKEN
                                        : relayed                ? PEERUP_LEG_DASHED
                                                                 : PEERUP_LEG_SOLID);
  peerup_leg_set_style (self->far_leg, PEERUP_LEG_DASHED);
  gtk_label_set_label (self->near_label, near);
  gtk_label_set_label (self->far_label, far);
  gtk_label_set_label (self->relay_label, relay);
  gtk_label_set_label (self->device_label, device);
  gtk_widget_set_visible (self->relay_box, relayed);
  gtk_widget_set_visible (self->far_box, relayed);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

static void
peerup_path_view_dispose (GObject *object)
{
  GtkWidget *child;

  gtk_widget_dispose_template (GTK_WIDGET (object), PEERUP_TYPE_PATH_VIEW);
  /* Those that have no name in the template. */
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (peerup_path_view_parent_class)->dispose (object);
}

static void
peerup_path_view_class_init (PeerupPathViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_path_view_dispose;
  g_type_ensure (PEERUP_TYPE_LEG);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/device/peerup-path-view.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, here_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, near_leg);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, near_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, relay_box);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, relay_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, far_box);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, far_leg);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, far_label);
  gtk_widget_class_bind_template_child (widget_class, PeerupPathView, device_label);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
peerup_path_view_init (PeerupPathView *self)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  /* A name is no word of a language, and has the dashes that it has. */
  pango_attr_list_insert (attributes, pango_attr_insert_hyphens_new (FALSE));
  gtk_label_set_attributes (self->relay_label, attributes);
  gtk_label_set_attributes (self->device_label, attributes);
}
