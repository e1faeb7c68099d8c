/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-paths.h"
#include "engine/peerup-path-search.h"

G_BEGIN_DECLS

/* For tests: in place of ICE and DCUtR, in searches that begin from now on. NULL: those again. */
void peerup_engine_paths_set_climb_func (PeerupEnginePaths *self, PeerupPathClimbFunc climb, gpointer data);

G_END_DECLS
