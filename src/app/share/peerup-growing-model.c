/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A slice from the beginning, which a tick callback makes longer as long as there is more; then there is no tick. */
#include "app/share/peerup-growing-model.h"

/* Rows that are made in one frame; the first ones fill a window. */
#define FIRST_ITEMS     12
#define ITEMS_PER_FRAME 6

typedef struct
{
  GtkWidget *widget; /* borrowed: it has the slice, and the slice goes with it */
  guint tick;        /* or 0 */
} Growth;

static gboolean
is_whole (GtkSliceListModel *slice)
{
  return gtk_slice_list_model_get_size (slice) >= g_list_model_get_n_items (gtk_slice_list_model_get_model (slice));
}

static gboolean
grow (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  GtkSliceListModel *slice = data;
  Growth *growth = g_object_get_data (G_OBJECT (slice), "growth");

  gtk_slice_list_model_set_size (slice, gtk_slice_list_model_get_size (slice) + ITEMS_PER_FRAME);
  if (!is_whole (slice))
    return G_SOURCE_CONTINUE;
  growth->tick = 0;
  return G_SOURCE_REMOVE;
}

static void
on_items_changed (GtkSliceListModel *slice)
{
  Growth *growth = g_object_get_data (G_OBJECT (slice), "growth");

  if (growth->tick == 0 && !is_whole (slice))
    growth->tick = gtk_widget_add_tick_callback (growth->widget, grow, slice, NULL);
}

GListModel *
peerup_growing_model_new (GListModel *model, GtkWidget *widget)
{
  GtkSliceListModel *slice = gtk_slice_list_model_new (g_object_ref (model), 0, FIRST_ITEMS);
  Growth *growth = g_new0 (Growth, 1);

  growth->widget = widget;
  g_object_set_data_full (G_OBJECT (slice), "growth", growth, g_free);
  /* The widget keeps it for its tick callbacks, whoever else does. */
  g_object_set_data_full (G_OBJECT (widget), "peerup-growing-model", g_object_ref (slice), g_object_unref);
  g_signal_connect_object (model, "items-changed", G_CALLBACK (on_items_changed), slice, G_CONNECT_SWAPPED);
  on_items_changed (slice);
  return G_LIST_MODEL (slice);
}
