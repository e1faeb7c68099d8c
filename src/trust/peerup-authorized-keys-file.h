/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-authorized-keys.h"

G_BEGIN_DECLS

/* The authorized_keys file on disk. Everything here blocks for a few system calls and, for
 * edits, on other writers and an fsync: call at start-up or from a worker thread. */

/* NOT_FOUND; PERMISSION with the chmod to run if group or others may write; TOO_LARGE; G_FILE_ERROR. A file
 * with problems loads: peerup_authorized_keys_dup_problems(). */
PeerupAuthorizedKeys *peerup_authorized_keys_file_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The file that @path leads to through symbolic links; @path itself if there is none. */
char *peerup_authorized_keys_file_resolve (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* Changes @keys; FALSE with an error leaves the file as it is. */
typedef gboolean (*PeerupAuthorizedKeysEdit) (PeerupAuthorizedKeys *keys, gpointer user_data, GError **error);

/* Loads, edits and replaces the file while it holds the lock ".NAME.lock" beside it, so that two
 * writers neither lose nor double an entry. @create: a missing file counts as empty, else
 * NOT_FOUND. The file is 0600 afterwards; a symbolic link stays one. */
gboolean peerup_authorized_keys_file_edit (const char *path, gboolean create, PeerupAuthorizedKeysEdit edit,
                                           gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* peerup_authorized_keys_add(), _remove() and _set() as one edit each. add creates the file;
 * @expires: seconds since 1970 or PEERUP_EXPIRES_NEVER. */
gboolean peerup_authorized_keys_file_add (const char *path, const PeerupPeerId *peer, const char *comment,
                                          gint64 expires, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_authorized_keys_file_remove (const char *path, const PeerupPeerId *peer,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_authorized_keys_file_set (const char *path, const PeerupPeerId *peer, const char *key,
                                          const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
