/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/* What time it is, twice: the time of day, which may be set, and the time since this machine was started, which nobody
 * sets and which counts sleep. */
typedef struct
{
  gint64 real;   /* microseconds since 1970 */
  gint64 boot;   /* microseconds since the start of the machine */
  char *boot_id; /* of this start; empty where the system tells none */
} PeerupConfigNow;

void peerup_config_now_read (PeerupConfigNow *self);
void peerup_config_now_clear (PeerupConfigNow *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupConfigNow, peerup_config_now_clear)

/* Bounds of a time to confirm, in microseconds. */
#define PEERUP_CONFIG_CONFIRM_MIN ((gint64) G_USEC_PER_SEC)
#define PEERUP_CONFIG_CONFIRM_MAX ((gint64) 24 * 60 * 60 * G_USEC_PER_SEC)

/**
 * PeerupConfigPending:
 * @deadline: microseconds since 1970, as the clock was when it was applied
 * @backup: basename of the file with the configuration before
 * @boot_id: (nullable): of the start of the machine at which it was applied; NULL in records of the original
 * @boot_deadline: microseconds since that start
 * @timeout: microseconds; 0 in records of the original
 * @hash: (nullable): SHA-256, in hex, of the configuration that waits to be confirmed
 *
 * A configuration that waits to be confirmed: the file .NAME.pending, PROTOCOLS section 5.9, with members of ours that
 * the original ignores.
 */
typedef struct
{
  gint64 deadline;
  char *backup;
  char *boot_id;
  gint64 boot_deadline;
  gint64 timeout;
  char *hash;
} PeerupConfigPending;

/* @timeout: within the bounds above. */
PeerupConfigPending *peerup_config_pending_new (const PeerupConfigNow *now, gint64 timeout, const char *backup,
                                                const char *text, gsize length) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_pending_free (PeerupConfigPending *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfigPending, peerup_config_pending_free)

/* PEERUP_ERROR_MALFORMED; a backup that is not a plain name of this directory is malformed too. */
PeerupConfigPending *
peerup_config_pending_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* With a line end. */
char *peerup_config_pending_to_json (const PeerupConfigPending *self) G_GNUC_WARN_UNUSED_RESULT;

/* Microseconds until it is taken back, 0 if it is to be now: when the machine was started anew too. The time of day
 * counts only for records of the original, which have no other. */
gint64 peerup_config_pending_get_remaining (const PeerupConfigPending *self, const PeerupConfigNow *now);

/* ".config.pending" beside "config.yaml": the side file of @path whose name ends in @kind, with the extension of @path
 * if @extension. */
char *peerup_config_side_file (const char *path, const char *kind, gboolean extension) G_GNUC_WARN_UNUSED_RESULT;
/* What is there for @path. NULL without an error if nothing is; PEERUP_ERROR_MALFORMED, PERMISSION. */
PeerupConfigPending *peerup_config_pending_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE, with PEERUP_ERROR_EXISTS that says until when and what to do, if @path waits to be confirmed. */
gboolean peerup_config_pending_check_none (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
