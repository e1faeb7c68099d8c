/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

#include "app/device/peerup-samples.h"

G_BEGIN_DECLS

/* A line of samples over the last minutes. It is drawn anew when there is another sample, and only then. What it shows
 * is said to screen readers by its label and description, which are its owner's to set. */
#define PEERUP_TYPE_GRAPH (peerup_graph_get_type ())
G_DECLARE_FINAL_TYPE (PeerupGraph, peerup_graph, PEERUP, GRAPH, GtkWidget)

/* @samples: (nullable) */
void peerup_graph_set_samples (PeerupGraph *self, PeerupSamples *samples);

G_END_DECLS
