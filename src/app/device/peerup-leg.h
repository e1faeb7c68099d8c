/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum
{
  PEERUP_LEG_SOLID,
  PEERUP_LEG_DASHED,
  PEERUP_LEG_BROKEN,
} PeerupLegStyle;

/* A line across its width. */
#define PEERUP_TYPE_LEG (peerup_leg_get_type ())
G_DECLARE_FINAL_TYPE (PeerupLeg, peerup_leg, PEERUP, LEG, GtkWidget)

void peerup_leg_set_style (PeerupLeg *self, PeerupLegStyle style);

G_END_DECLS
