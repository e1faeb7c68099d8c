/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Draws the modules of src/qr, each on whole pixels of the screen, so that none is blurred. The text is not kept: it
 * may be secret. */
#include "app/widgets/peerup-qr-view.h"

#include <math.h>

#include "qr/peerup-qr.h"

/* Logical pixels of a side. */
#define SIZE_MIN     180
#define SIZE_NATURAL 260
#define RADIUS       12

struct _PeerupQrView
{
  GtkWidget parent_instance;

  GBytes *modules; /* (nullable): a byte each, 1 where it is dark */
  guint side;      /* modules */
};

G_DEFINE_FINAL_TYPE (PeerupQrView, peerup_qr_view, GTK_TYPE_WIDGET)

enum
{
  PROP_TEXT = 1,
  PROP_DESCRIPTION,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static GtkSizeRequestMode
get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_CONSTANT_SIZE;
}

static void
measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
         int *natural_baseline)
{
  *minimum = SIZE_MIN;
  *natural = SIZE_NATURAL;
}

/* A run of dark modules in a row at a time. */
static void
draw_modules (PeerupQrView *self, GtkSnapshot *snapshot, float x, float y, float module)
{
  static const GdkRGBA black = { 0, 0, 0, 1 };
  const guint8 *modules = g_bytes_get_data (self->modules, NULL);

  for (guint row = 0; row < self->side; row++)
    for (guint column = 0, run; column < self->side; column += MAX (run, 1))
      {
        for (run = 0; column + run < self->side && modules[row * self->side + column + run] != 0;)
          run++;
        if (run > 0)
          gtk_snapshot_append_color (snapshot, &black,
                                     &GRAPHENE_RECT_INIT (x + column * module, y + row * module, run * module, module));
      }
}

static float
round_to (double value, double scale)
{
  return (float) (floor (value * scale) / scale);
}

static void
snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  static const GdkRGBA white = { 1, 1, 1, 1 };
  PeerupQrView *self = PEERUP_QR_VIEW (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  GdkSurface *surface = gtk_native_get_surface (gtk_widget_get_native (widget));
  double scale = surface != NULL ? gdk_surface_get_scale (surface) : 1;
  double card = MIN (width, height);
  guint n = self->side + 2 * PEERUP_QR_BORDER;
  float module, left, top;
  GskRoundedRect outline;

  if (self->modules == NULL)
    return;
  gsk_rounded_rect_init_from_rect (&outline,
                                   &GRAPHENE_RECT_INIT ((float) ((width - card) / 2), (float) ((height - card) / 2),
                                                        (float) card, (float) card),
                                   RADIUS);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, &white, &outline.bounds);
  gtk_snapshot_pop (snapshot);
  module = MAX (round_to (card / n, scale), (float) (1 / scale));
  left = round_to ((width - self->side * module) / 2, scale);
  top = round_to ((height - self->side * module) / 2, scale);
  draw_modules (self, snapshot, left, top, module);
}

void
peerup_qr_view_set_text (PeerupQrView *self, const char *text)
{
  g_return_if_fail (PEERUP_IS_QR_VIEW (self));
  g_clear_pointer (&self->modules, g_bytes_unref);
  self->modules = text != NULL ? peerup_qr_to_modules (text) : NULL;
  self->side = self->modules != NULL ? (guint) sqrt ((double) g_bytes_get_size (self->modules)) : 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
peerup_qr_view_set_description (PeerupQrView *self, const char *description)
{
  g_return_if_fail (PEERUP_IS_QR_VIEW (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, description, -1);
}

static void
peerup_qr_view_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PeerupQrView *self = PEERUP_QR_VIEW (object);

  switch (id)
    {
    case PROP_TEXT:
      peerup_qr_view_set_text (self, g_value_get_string (value));
      break;
    case PROP_DESCRIPTION:
      peerup_qr_view_set_description (self, g_value_get_string (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_qr_view_finalize (GObject *object)
{
  g_clear_pointer (&PEERUP_QR_VIEW (object)->modules, g_bytes_unref);
  G_OBJECT_CLASS (peerup_qr_view_parent_class)->finalize (object);
}

static void
peerup_qr_view_class_init (PeerupQrViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = peerup_qr_view_set_property;
  object_class->finalize = peerup_qr_view_finalize;
  widget_class->get_request_mode = get_request_mode;
  widget_class->measure = measure;
  widget_class->snapshot = snapshot;
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  props[PROP_DESCRIPTION] = g_param_spec_string ("description", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
peerup_qr_view_init (PeerupQrView *self)
{
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *
peerup_qr_view_new (void)
{
  return g_object_new (PEERUP_TYPE_QR_VIEW, NULL);
}
