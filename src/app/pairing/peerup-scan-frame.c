/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two paths, drawn when the size changes. The colours are those of a picture, not of the theme. */
#include "app/pairing/peerup-scan-frame.h"

/* Of the shorter side. */
#define HOLE   0.7f
#define RADIUS 0.1f
#define BORDER 3.0f

static const GdkRGBA dim = { 0, 0, 0, 0.55f };
static const GdkRGBA edge = { 1, 1, 1, 0.9f };

struct _PeerupScanFrame
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (PeerupScanFrame, peerup_scan_frame, GTK_TYPE_WIDGET)

static void
peerup_scan_frame_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  float width = (float) gtk_widget_get_width (widget), height = (float) gtk_widget_get_height (widget);
  float side = MIN (width, height) * HOLE;
  g_autoptr (GskPathBuilder) shade = gsk_path_builder_new ();
  g_autoptr (GskPathBuilder) outline = gsk_path_builder_new ();
  g_autoptr (GskPath) shade_path = NULL;
  g_autoptr (GskPath) outline_path = NULL;
  g_autoptr (GskStroke) stroke = gsk_stroke_new (BORDER);
  GskRoundedRect hole;

  if (side <= 0)
    return;
  gsk_rounded_rect_init_from_rect (&hole, &GRAPHENE_RECT_INIT ((width - side) / 2, (height - side) / 2, side, side),
                                   side * RADIUS);
  gsk_path_builder_add_rect (shade, &GRAPHENE_RECT_INIT (0, 0, width, height));
  gsk_path_builder_add_rounded_rect (shade, &hole);
  gsk_path_builder_add_rounded_rect (outline, &hole);
  shade_path = gsk_path_builder_to_path (shade);
  outline_path = gsk_path_builder_to_path (outline);
  gtk_snapshot_append_fill (snapshot, shade_path, GSK_FILL_RULE_EVEN_ODD, &dim);
  gtk_snapshot_append_stroke (snapshot, outline_path, stroke, &edge);
}

static void
peerup_scan_frame_class_init (PeerupScanFrameClass *klass)
{
  GTK_WIDGET_CLASS (klass)->snapshot = peerup_scan_frame_snapshot;
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
peerup_scan_frame_init (PeerupScanFrame *self)
{
  gtk_widget_set_can_target (GTK_WIDGET (self), FALSE);
  gtk_widget_set_can_focus (GTK_WIDGET (self), FALSE);
}
