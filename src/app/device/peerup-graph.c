/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Draws samples. The newest is at the end of the reading direction; a pause of more than GAP is one in the line, too.
 */
#include "app/device/peerup-graph.h"

#define HEIGHT 56
#define GAP    (5 * (gint64) G_USEC_PER_SEC)

struct _PeerupGraph
{
  GtkWidget parent_instance;

  PeerupSamples *samples; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (PeerupGraph, peerup_graph, GTK_TYPE_WIDGET)

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 96 : HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 240 : HEIGHT;
}

static void
draw_grid (GtkSnapshot *snapshot, const GdkRGBA *color, float width, float height)
{
  GdkRGBA faint = *color;

  faint.alpha *= 0.15F;
  for (int i = 0; i < 3; i++)
    gtk_snapshot_append_color (snapshot, &faint, &GRAPHENE_RECT_INIT (0, i * (height - 1) / 2, width, 1));
}

typedef struct
{
  float width;
  float height;
  gint64 end;
  double top;
  gboolean mirrored;
} Frame;

static graphene_point_t
place (const Frame *frame, const PeerupSample *sample)
{
  float x = frame->width * (1 - (float) (frame->end - sample->at) / (float) PEERUP_SAMPLES_SPAN);

  return GRAPHENE_POINT_INIT (frame->mirrored ? frame->width - x : x,
                              1 + (frame->height - 2) * (1 - (float) MIN (sample->value / frame->top, 1)));
}

/* From the sample @i on, up to the next gap. Returns the first that is not in it. */
static guint
append_stretch (const PeerupGraph *self, guint i, const Frame *frame, GskPathBuilder *line, GskPathBuilder *area)
{
  guint n = peerup_samples_get_length (self->samples);
  PeerupSample sample = peerup_samples_get (self->samples, i);
  graphene_point_t point = place (frame, &sample);
  gint64 last = sample.at;

  gsk_path_builder_move_to (line, point.x, point.y);
  gsk_path_builder_move_to (area, point.x, frame->height);
  gsk_path_builder_line_to (area, point.x, point.y);
  for (i++; i < n; i++)
    {
      sample = peerup_samples_get (self->samples, i);
      if (sample.at - last > GAP)
        break;
      last = sample.at;
      point = place (frame, &sample);
      gsk_path_builder_line_to (line, point.x, point.y);
      gsk_path_builder_line_to (area, point.x, point.y);
    }
  gsk_path_builder_line_to (area, point.x, frame->height);
  gsk_path_builder_close (area);
  return i;
}

static void
draw_samples (const PeerupGraph *self, GtkSnapshot *snapshot, const GdkRGBA *color, const Frame *frame)
{
  g_autoptr (GskPathBuilder) line_builder = gsk_path_builder_new ();
  g_autoptr (GskPathBuilder) area_builder = gsk_path_builder_new ();
  g_autoptr (GskPath) line = NULL;
  g_autoptr (GskPath) area = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (2);
  guint n = peerup_samples_get_length (self->samples);
  GdkRGBA faint = *color;
  guint i = 0;

  while (i < n && peerup_samples_get (self->samples, i).at < frame->end - PEERUP_SAMPLES_SPAN)
    i++;
  while (i < n)
    i = append_stretch (self, i, frame, line_builder, area_builder);
  line = gsk_path_builder_to_path (line_builder);
  area = gsk_path_builder_to_path (area_builder);
  faint.alpha *= 0.2F;
  gtk_snapshot_append_fill (snapshot, area, GSK_FILL_RULE_WINDING, &faint);
  gsk_stroke_set_line_join (stroke, GSK_LINE_JOIN_ROUND);
  gsk_stroke_set_line_cap (stroke, GSK_LINE_CAP_ROUND);
  gtk_snapshot_append_stroke (snapshot, line, stroke, color);
}

static void
snapshot_graph (GtkWidget *widget, GtkSnapshot *snapshot)
{
  const PeerupGraph *self = PEERUP_GRAPH (widget);
  Frame frame = { (float) gtk_widget_get_width (widget), (float) gtk_widget_get_height (widget), 0, 1,
                  gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL };
  double min = 0, max = 0;
  GdkRGBA color;
  guint n = self->samples != NULL ? peerup_samples_get_length (self->samples) : 0;

  gtk_widget_get_color (widget, &color);
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, frame.width, frame.height));
  draw_grid (snapshot, &color, frame.width, frame.height);
  if (n > 0)
    {
      frame.end = peerup_samples_get (self->samples, n - 1).at;
      if (peerup_samples_get_range (self->samples, frame.end - PEERUP_SAMPLES_SPAN, &min, &max))
        frame.top = peerup_samples_round_up (max);
      draw_samples (self, snapshot, &color, &frame);
    }
  gtk_snapshot_pop (snapshot);
}

void
peerup_graph_set_samples (PeerupGraph *self, PeerupSamples *samples)
{
  g_return_if_fail (PEERUP_IS_GRAPH (self));
  if (self->samples == samples)
    return;
  if (self->samples != NULL)
    g_signal_handlers_disconnect_by_data (self->samples, self);
  g_set_object (&self->samples, samples);
  if (samples != NULL)
    g_signal_connect_object (samples, "changed", G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
peerup_graph_dispose (GObject *object)
{
  peerup_graph_set_samples (PEERUP_GRAPH (object), NULL);
  G_OBJECT_CLASS (peerup_graph_parent_class)->dispose (object);
}

static void
peerup_graph_class_init (PeerupGraphClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_graph_dispose;
  widget_class->measure = measure;
  widget_class->snapshot = snapshot_graph;
  gtk_widget_class_set_css_name (widget_class, "graph");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
peerup_graph_init (PeerupGraph *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "accent");
}
