/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define PEERUP_PORTAL_NAME "org.freedesktop.portal.Desktop"
#define PEERUP_PORTAL_PATH "/org/freedesktop/portal/desktop"

/* Calls a method of a desktop portal that answers by a Request object, and waits for what that says. What is expected
 * of whoever calls is kept: the answer is listened for before the call, at the path that the token gives and at another
 * that an old portal may choose, and a request that is not wanted any more is closed.
 *
 * @method: "org.freedesktop.portal.Background.RequestBackground"; its last argument is the dictionary of options;
 * @arguments: those before it, a floating tuple, consumed;
 * @options: (nullable): a{sv}, floating, consumed; "handle_token" is added to it;
 * @seconds: how long the answer may take. */
void
peerup_portal_request_async (GDBusConnection *connection, const char *method, GVariant *arguments, GVariant *options,
                             guint seconds, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* (transfer full): the results, a{sv}. Errors: G_IO_ERROR_PERMISSION_DENIED (the person, or the portal, has refused),
 * G_IO_ERROR_NOT_SUPPORTED (no such portal), G_IO_ERROR_TIMED_OUT, G_IO_ERROR_CANCELLED, G_IO_ERROR_FAILED. Their texts
 * are for the log. */
GVariant *peerup_portal_request_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
