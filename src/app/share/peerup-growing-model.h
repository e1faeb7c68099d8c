/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* (transfer full): the items of @model, of which some more come with each frame of @widget, so that a list that makes
 * a widget for each does not hold a frame up. Ends with @widget. */
GListModel *peerup_growing_model_new (GListModel *model, GtkWidget *widget) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
