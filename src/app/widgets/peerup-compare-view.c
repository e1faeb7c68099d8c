/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two labels. The emoji go from left to right in every language, so that both people read them in one order. */
#include "app/widgets/peerup-compare-view.h"

#include <adwaita.h>

#define EMOJI_SCALE  2.6
#define DIGITS_SCALE 1.6

struct _PeerupCompareView
{
  GtkWidget parent_instance;

  GtkLabel *emoji;
  GtkLabel *digits;
};

G_DEFINE_FINAL_TYPE (PeerupCompareView, peerup_compare_view, GTK_TYPE_WIDGET)

enum
{
  PROP_EMOJI = 1,
  PROP_DIGITS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static void
set_label (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

void
peerup_compare_view_set (PeerupCompareView *self, const char *emoji, const char *digits)
{
  g_return_if_fail (PEERUP_IS_COMPARE_VIEW (self));
  set_label (self->emoji, emoji);
  set_label (self->digits, digits);
}

static void
peerup_compare_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PeerupCompareView *self = PEERUP_COMPARE_VIEW (object);

  switch (id)
    {
    case PROP_EMOJI:
      set_label (self->emoji, g_value_get_string (value));
      break;
    case PROP_DIGITS:
      set_label (self->digits, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_compare_view_dispose (GObject *object)
{
  PeerupCompareView *self = PEERUP_COMPARE_VIEW (object);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (peerup_compare_view_parent_class)->dispose (object);
}

static void
peerup_compare_view_class_init (PeerupCompareViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = peerup_compare_view_set_property;
  object_class->dispose = peerup_compare_view_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  props[PROP_EMOJI] = g_param_spec_string ("emoji", NULL, NULL, NULL, flags);
  props[PROP_DIGITS] = g_param_spec_string ("digits", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static GtkLabel *
add_label (PeerupCompareView *self, double scale)
{
  GtkWidget *label = gtk_label_new (NULL);
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  pango_attr_list_insert (attributes, pango_attr_scale_new (scale));
  gtk_label_set_attributes (GTK_LABEL (label), attributes);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_direction (label, GTK_TEXT_DIR_LTR);
  gtk_widget_set_visible (label, FALSE);
  gtk_widget_set_parent (label, GTK_WIDGET (self));
  return GTK_LABEL (label);
}

static void
peerup_compare_view_init (PeerupCompareView *self)
{
  GtkBoxLayout *layout = GTK_BOX_LAYOUT (gtk_widget_get_layout_manager (GTK_WIDGET (self)));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (layout, 12);
  self->emoji = add_label (self, EMOJI_SCALE);
  self->digits = add_label (self, DIGITS_SCALE);
  gtk_widget_add_css_class (GTK_WIDGET (self->digits), "numeric");
}

GtkWidget *
peerup_compare_view_new (void)
{
  return g_object_new (PEERUP_TYPE_COMPARE_VIEW, NULL);
}
