/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

/* A TCP path through which nothing comes while it is frozen, and of which neither side is told: what
 * a dead host or a cable that was pulled looks like. Runs in the default main context. */
typedef struct
{
  guint port; /* on 127.0.0.1, that leads to the target */
  guint target;
  gboolean frozen;
  int listener;
  guint source;
  GPtrArray *ways; /* of what is connected, each direction */
} FrozenPath;

void frozen_path_init (FrozenPath *self, guint target_port);
void frozen_path_clear (FrozenPath *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FrozenPath, frozen_path_clear)
void frozen_path_set_frozen (FrozenPath *self, gboolean frozen);
