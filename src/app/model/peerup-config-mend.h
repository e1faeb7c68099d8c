/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The configuration of an engine that does not start for it: back to the last one that was good, without an engine, as
 * peerup config rollback does. In a thread, for it waits for files. */

/* Whether there is one to go back to. */
void peerup_config_mend_look_async (const char *config_path, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer data);
gboolean peerup_config_mend_look_finish (GAsyncResult *result);
void peerup_config_mend_rollback_async (const char *config_path, GCancellable *cancellable,
                                        GAsyncReadyCallback callback, gpointer data);
/* The errors are those of peerup_config_store_rollback(). */
gboolean peerup_config_mend_rollback_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
