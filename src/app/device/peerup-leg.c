/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Draws a line: solid, dashed, or with a gap that has a cross in it. */
#include "app/device/peerup-leg.h"

#define WIDTH 2.0F
#define CROSS 5.0F

struct _PeerupLeg
{
  GtkWidget parent_instance;

  PeerupLegStyle style;
};

G_DEFINE_FINAL_TYPE (PeerupLeg, peerup_leg, GTK_TYPE_WIDGET)

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 24 : 16;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 96 : 16;
}

static void
add_line (GskPathBuilder *builder, float x1, float y1, float x2, float y2)
{
  gsk_path_builder_move_to (builder, x1, y1);
  gsk_path_builder_line_to (builder, x2, y2);
}

static void
snapshot_line (GtkWidget *widget, GtkSnapshot *snapshot)
{
  const PeerupLeg *self = PEERUP_LEG (widget);
  g_autoptr (GskPathBuilder) builder = gsk_path_builder_new ();
  g_autoptr (GskPath) path = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (WIDTH);
  float width = (float) gtk_widget_get_width (widget), middle = width / 2;
  float y = (float) gtk_widget_get_height (widget) / 2;
  GdkRGBA color;

  gtk_widget_get_color (widget, &color);
  if (self->style == PEERUP_LEG_BROKEN)
    {
      add_line (builder, WIDTH, y, MAX (WIDTH, middle - 2 * CROSS), y);
      add_line (builder, MIN (width - WIDTH, middle + 2 * CROSS), y, width - WIDTH, y);
      add_line (builder, middle - CROSS, y - CROSS, middle + CROSS, y + CROSS);
      add_line (builder, middle - CROSS, y + CROSS, middle + CROSS, y - CROSS);
    }
  else
    {
      add_line (builder, WIDTH, y, width - WIDTH, y);
    }
  path = gsk_path_builder_to_path (builder);
  gsk_stroke_set_line_cap (stroke, GSK_LINE_CAP_ROUND);
  if (self->style == PEERUP_LEG_DASHED)
    gsk_stroke_set_dash (stroke, (const float[]) { 4, 6 }, 2);
  gtk_snapshot_append_stroke (snapshot, path, stroke, &color);
}

void
peerup_leg_set_style (PeerupLeg *self, PeerupLegStyle style)
{
  g_return_if_fail (PEERUP_IS_LEG (self));
  if (self->style == style)
    return;
  self->style = style;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
peerup_leg_class_init (PeerupLegClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->measure = measure;
  widget_class->snapshot = snapshot_line;
  gtk_widget_class_set_css_name (widget_class, "leg");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
peerup_leg_init (PeerupLeg *self)
{
}
