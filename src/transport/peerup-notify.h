/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* For the class_init of public objects, which derive from GObject: what changes inside a fiber is notified from the
 * main loop, some moments later and once for each property. A fiber's stack is too small for a stranger's handler, and
 * JavaScript refuses to run on it. What changes elsewhere is notified at once, as ever. */
void peerup_notify_outside_fibers (GObjectClass *klass);

/* Whether the caller runs on another stack than its thread's own. */
gboolean peerup_notify_is_in_fiber (void);

G_END_DECLS
