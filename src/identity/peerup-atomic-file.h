/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Small private files (mode 0600) that are whole at every moment: written to a temporary
 * file beside the target, synced, put in place in one step, directory synced. A crash
 * leaves the old file or the new one, and at worst a file ".NAME.*.tmp" that nothing reads.
 * The directory must exist. All block; errors of the system are of G_FILE_ERROR. */

/* Never overwrites: EXISTS if anything, even a dangling symbolic link, has the name. */
gboolean peerup_atomic_file_create (const char *path, gconstpointer data, gsize length,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes or replaces. A symbolic link stays and its target is replaced; the owner of the
 * old file stays the owner, else PERMISSION. */
gboolean peerup_atomic_file_replace (const char *path, gconstpointer data, gsize length,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a file that only this program writes: PERMISSION for a symbolic link, and one that is put there
 * meanwhile is replaced itself. What a link leads to is touched in no case. */
gboolean
peerup_own_file_replace (const char *path, gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads a regular file of at most @max bytes whose mode has none of the bits @forbidden
 * (0077, 0022): NOT_FOUND, PERMISSION with the chmod to run, TOO_LARGE, MALFORMED (not a regular
 * file). The bytes are wiped when they are freed, so keys may be read this way. */
GBytes *
peerup_private_file_read (const char *path, guint forbidden, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, with 0022, for a file that only this program writes: PERMISSION also for a symbolic link, and for one that
 * belongs to anybody but us or root; for root, the owner of its directory will do. */
GBytes *peerup_own_file_read (const char *path, gsize max, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes from others what they may do with a file that only this program writes, if it belongs to us; for root, also if
 * to the owner of its directory. Nothing for a link, in no case for what it leads to. Best effort. */
void peerup_own_file_close_to_others (const char *path);

G_END_DECLS
