/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The file by which a desktop starts the program when the person logs in: DIRECTORY/ID.desktop, as the specification
 * of autostart has it. For use outside of a sandbox. */

/* (transfer full): the directory of this person's. */
char *peerup_autostart_dup_directory (void) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @id is started: there is a file for it that is not switched off, by whomever. */
gboolean peerup_autostart_is_on (const char *directory, const char *id);
/* Writes the file whole, for a program that is started by @argv, or removes it where @argv is NULL; nothing to remove
 * is no error. @error: G_IO_ERROR or G_FILE_ERROR; says what to do. */
gboolean peerup_autostart_set (const char *directory, const char *id, const char *const *argv, GError **error);
/* (transfer full): @argv as the value of Exec: each argument quoted where it must be, and "%" doubled. */
char *peerup_autostart_quote (const char *const *argv) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
