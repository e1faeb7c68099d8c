/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <sys/stat.h>

#include <glib.h>

G_BEGIN_DECLS

/* A configuration file as it was read, and the lock on it if it was asked for. */
typedef struct
{
  char *path; /* absolute; of a locked file without symbolic links */
  char *text;
  gsize length;
  struct stat info;
  int fd; /* holds the lock; -1 without */
} PeerupConfigFile;

/* A regular file of at most PEERUP_CONFIG_MAX_SIZE bytes that only its owner can use.
 * Errors as peerup_config_load(). */
PeerupConfigFile *peerup_config_file_read (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for who wants to replace it: waits until nobody else does, peerup_file_lock_get_timeout() at
 * most (PEERUP_ERROR_TIMEOUT). */
PeerupConfigFile *peerup_config_file_lock (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts @text in the place of the locked file, of its owner and mode: whole or not at all,
 * even if the machine stops. PEERUP_ERROR_CONFIG if somebody else wrote the file since it
 * was read. Releases the lock when it succeeds. */
gboolean peerup_config_file_replace (PeerupConfigFile *self, const char *text, gsize length,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_file_free (PeerupConfigFile *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfigFile, peerup_config_file_free)

G_END_DECLS
