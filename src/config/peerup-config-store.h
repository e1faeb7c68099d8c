/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-history.h"
#include "config/peerup-config-pending.h"

G_BEGIN_DECLS

/* A configuration file with what is beside it: the last good ones, and the one before a change that waits to be
 * confirmed. Immutable; all calls block on files, may be made in any thread, and exclude each other and every
 * PeerupConfigEdit by a lock, for which they wait peerup_file_lock_get_timeout() at most (PEERUP_ERROR_TIMEOUT).
 *
 * Beside "config.yaml" (PROTOCOLS section 5.9): .config.history/ (mode 0700; its entries and all other files 0600),
 * .config.last-good.yaml, .config.pending, .config.pre-confirmed.yaml, and .config.replaced.yaml: what was there last
 * that a way back has replaced, so that no text is lost.
 *
 * The file is whole at every moment, and each change has one moment at which it happens:
 * - without a time to confirm, the rename of the new file;
 * - with one, the same, when the record of it and the file to go back to are there and synced;
 * - confirm: the removal of the record;
 * - the way back: the rename of the file to go back to, which needs no room on the disk.
 * Whatever is left from before or after that moment, peerup_config_store_recover() sets right. */
typedef struct _PeerupConfigStore PeerupConfigStore;

/**
 * PeerupConfigChange:
 * @who: which face or program changes it: "command", "dbus", "http", "file", "daemon"
 * @cause: for people; may be empty
 * @confirm_timeout: microseconds; 0: it is confirmed at once
 * @in_force: (nullable): the text that the caller runs by, to go back to where the file does not hold or is gone
 */
typedef struct
{
  const char *who;
  const char *cause;
  gint64 confirm_timeout;
  const char *in_force;
} PeerupConfigChange;

/**
 * PeerupConfigListed:
 * @number: 0 for the one in place, 1 for the good one before it and so on
 * @bytes: its size
 * @hash: SHA-256 in hex
 */
typedef struct
{
  PeerupConfigEntry *entry;
  guint number;
  gsize bytes;
  char *hash;
} PeerupConfigListed;

/* What was found at a start. */
typedef enum
{
  PEERUP_CONFIG_RECOVERY_NONE,     /* nothing waited, or it had never come into place */
  PEERUP_CONFIG_RECOVERY_WAITS,    /* it still waits to be confirmed */
  PEERUP_CONFIG_RECOVERY_REVERTED, /* it was taken back */
  PEERUP_CONFIG_RECOVERY_KEPT,     /* there is nothing to go back to: the configuration stays */
} PeerupConfigRecovery;

/* @path need not exist. */
PeerupConfigStore *peerup_config_store_new (const char *path) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_store_free (PeerupConfigStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfigStore, peerup_config_store_free)
const char *peerup_config_store_get_path (PeerupConfigStore *self);

/**
 * peerup_config_store_apply:
 * @changed: (out) (optional): whether the file has another text now
 *
 * Checks @text, archives the configuration that is there if it is good and not archived, and replaces it. With a time
 * to confirm, it waits from then on; without, it is archived.
 *
 * PEERUP_ERROR_CONFIG for a text that does not hold, or a disk that is full; EXISTS while another one waits;
 * PERMISSION; NOT_FOUND with a time to confirm and nothing to go back to. Nothing is changed then.
 */
gboolean
peerup_config_store_apply (PeerupConfigStore *self, const char *text, gsize length, const PeerupConfigChange *change,
                           gboolean *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Archives what is in place, unless it waits to be confirmed, does not hold, or means something else than @in_force
 * (nullable), for somebody else has changed it by now (FALSE without an error then). What is the latest already is
 * left. */
gboolean peerup_config_store_archive (PeerupConfigStore *self, const char *in_force, const char *who, const char *cause,
                                      GError **error);
/* When a program has replaced @before in place by @text: archives @text, and @before first unless it is. FALSE without
 * an error if something else is in place by now. */
gboolean peerup_config_store_note (PeerupConfigStore *self, const char *before, gsize before_length, const char *text,
                                   gsize length, const char *who, const char *cause, GError **error);
/* Keeps what waits to be confirmed, and archives it; from @change, who, cause and in_force count, the latter to write
 * the file again where it is gone. NOT_FOUND if nothing waits. */
gboolean peerup_config_store_confirm (PeerupConfigStore *self, const PeerupConfigChange *change,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes back what waits to be confirmed. NOT_FOUND if nothing waits, or if there is nothing to go back to;
 * PEERUP_ERROR_CONFIG if that does not hold. */
gboolean peerup_config_store_revert (PeerupConfigStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Puts the @number-th good one before what is in place (0 is 1) there, checked and archived as by apply; where a change
 * waits to be confirmed, 0 and 1 take that back, and others are refused with EXISTS. NOT_FOUND. */
gboolean peerup_config_store_rollback (PeerupConfigStore *self, guint number, const PeerupConfigChange *change,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type PeerupConfigListed), the latest first. */
GPtrArray *peerup_config_store_list (PeerupConfigStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text in place. */
char *peerup_config_store_dup_text (PeerupConfigStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From the @number-th good one before what is in place (0 is 1) to that; where a change waits to be confirmed, 0 and 1
 * are what would come back. NOT_FOUND. */
char *peerup_config_store_diff (PeerupConfigStore *self, guint number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before the file is used, at each start: takes back what waits to be confirmed for too long, was applied before the
 * machine was started anew, or does not hold; and clears away what a crash has left. @story: (out) (nullable): for
 * people, what was done. */
gboolean
peerup_config_store_recover (PeerupConfigStore *self, const PeerupConfigNow *now, PeerupConfigRecovery *recovery,
                             char **story, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
