/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How @old becomes @new, in the unified form that patch reads, three lines around each change; empty where they are the
 * same. @old_name and @new_name are what the first two lines call them. Texts that differ in very many lines are shown
 * as one change. (transfer full) */
char *peerup_config_diff (const char *old, const char *old_name, const char *new,
                          const char *new_name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
