/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-file.h"
#include "config/peerup-config-store.h"

G_BEGIN_DECLS

/* Names alone, all absolute. */
struct _PeerupConfigStore
{
  char *path;
  char *history;
  char *pending;
  char *backup;
  char *last_good;
  char *replaced;
  char *extension; /* with its dot; may be empty */
};

/* What whoever changes something holds: the directory of the archive, which is there when the file is not, and the file
 * as every other writer does. */
typedef struct
{
  int directory;
  PeerupConfigFile *file; /* NULL: there is none */
} PeerupConfigLock;

#define PEERUP_CONFIG_LOCK_INIT { -1, NULL }

gboolean
peerup_config_store_lock (PeerupConfigStore *self, PeerupConfigLock *lock, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_lock_clear (PeerupConfigLock *lock);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupConfigLock, peerup_config_lock_clear)

/* Whether it is a configuration. */
gboolean peerup_config_store_holds (PeerupConfigStore *self, const char *text, gsize length, GError **error);
/* As peerup_atomic_file_replace(), with errors of PEERUP_ERROR. */
gboolean
peerup_config_store_write (const char *path, const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for a file beside the configuration: a symbolic link is not followed. */
gboolean peerup_config_store_write_side (const char *path, const char *text, gsize length,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* To the archive, as the latest good one. */
gboolean peerup_config_store_keep (PeerupConfigStore *self, const char *text, gsize length, const char *who,
                                   const char *cause, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_store_save_replaced (PeerupConfigStore *self, PeerupConfigLock *lock);
/* Removes a file for good, if it is there: its directory is synced. */
void peerup_config_store_remove (const char *path);
void peerup_config_store_end_waiting (PeerupConfigStore *self);
/* From what waits to be confirmed to what was there before, or else to the last good one. */
gboolean
peerup_config_store_go_back (PeerupConfigStore *self, PeerupConfigLock *lock, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
