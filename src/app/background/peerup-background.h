/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Leave to run without a window, and to be started at login. In a sandbox the Background portal decides both; outside
 * of one everybody may run, and a file starts a program at login.
 *
 * What the person has chosen is in the settings, "run-in-background" and "start-at-login", and nowhere else: whoever
 * shows switches binds them to the keys. What is changed there is asked for; what is refused is put back, and said by
 * the signal "refused". Where somebody else has changed the file of autostart, the key follows it at the start.
 *
 * Signal "refused" (const char *text): for people. */
#define PEERUP_TYPE_BACKGROUND (peerup_background_get_type ())
G_DECLARE_FINAL_TYPE (PeerupBackground, peerup_background, PEERUP, BACKGROUND, GObject)

/* @connection: (nullable): to the session bus; @settings: (nullable): then nothing is followed;
 * @argv: what starts the program hidden, as { "/usr/bin/peerup-gtk", "--hidden", NULL }; @id: the application's. */
PeerupBackground *peerup_background_new (GDBusConnection *connection, GSettings *settings, const char *id,
                                         const char *const *argv) G_GNUC_WARN_UNUSED_RESULT;
/* For tests: whether it is in a sandbox, and where files of autostart are. */
void peerup_background_set_place (PeerupBackground *self, gboolean sandboxed, const char *autostart_directory);
/* For tests: how long a portal may take to answer; 120 seconds otherwise. */
void peerup_background_set_patience (PeerupBackground *self, guint seconds);

/* Asks for what the settings say, and follows them from now on. */
void peerup_background_start (PeerupBackground *self);

/* Asks for both at once, whatever the settings say; nothing is kept of it. Errors: G_IO_ERROR_PERMISSION_DENIED,
 * G_IO_ERROR_NOT_SUPPORTED, G_IO_ERROR_TIMED_OUT, G_IO_ERROR_CANCELLED, and those of files; their texts are for
 * people and say what to do. */
void peerup_background_request_async (PeerupBackground *self, gboolean run_in_background, gboolean start_at_login,
                                      GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean peerup_background_request_finish (PeerupBackground *self, GAsyncResult *result, GError **error);

/* One line that GNOME shows among its background apps; cut to what fits, and told when it has changed alone. Nothing
 * outside of a sandbox, where nobody takes it. */
void peerup_background_set_status (PeerupBackground *self, const char *text);

/* Tells the portals which application this connection is: before anything else is asked of them, and outside of a
 * sandbox alone, where they know. Where there is no such interface, nothing. */
void peerup_background_register (GDBusConnection *connection, const char *id);

G_END_DECLS
