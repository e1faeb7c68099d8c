/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tells that a file has changed, or come, or gone: once for what an editor does in a burst, and for a symbolic link
 * both when it is led elsewhere and when what it leads to changes. Speaks in the thread-default main context of whoever
 * made it, and never from within a call. */
typedef struct _PeerupFileWatch PeerupFileWatch;

typedef void (*PeerupFileWatchFunc) (gpointer data);

/* Without inotify it says so in the log, and tells of nothing. */
PeerupFileWatch *
peerup_file_watch_new (const char *path, PeerupFileWatchFunc changed, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_file_watch_free (PeerupFileWatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupFileWatch, peerup_file_watch_free)

G_END_DECLS
