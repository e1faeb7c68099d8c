/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

/* Running the default main context in tests. */

static inline gboolean
spin_out_of_time (gpointer data)
{
  g_error ("The test waited for a minute");
  return G_SOURCE_REMOVE;
}

/* Until *@condition, which something run by the context makes true. */
static inline void
spin_until (const gboolean *condition)
{
  guint guard = g_timeout_add_seconds (60, spin_out_of_time, NULL);

  while (!*condition)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* Until nothing is ready any more. */
static inline void
spin_idle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}
