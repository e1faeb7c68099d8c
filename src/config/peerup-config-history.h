/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/* How many good configurations are kept beside the one in use. */
#define PEERUP_CONFIG_HISTORY_KEPT 5

/**
 * PeerupConfigEntry:
 * @file: basename in the directory
 * @sequence: higher is later
 * @time: seconds since 1970 when it came into use
 * @who: which face or program: "command", "dbus", "http", "file", "daemon"
 * @cause: for people; may be empty
 *
 * One good configuration. All this stands in the name of the file, so that there is no index that could disagree, and
 * one rename makes an entry whole.
 */
typedef struct
{
  char *file;
  guint sequence;
  gint64 time;
  char *who;
  char *cause;
} PeerupConfigEntry;

void peerup_config_entry_free (PeerupConfigEntry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfigEntry, peerup_config_entry_free)

/* (transfer full): a name of at most 255 bytes; what is longer of @who and @cause is cut. */
char *peerup_config_entry_name (guint sequence, gint64 time, const char *who, const char *cause,
                                const char *extension) G_GNUC_WARN_UNUSED_RESULT;
/* NULL for a name that is none of these. */
PeerupConfigEntry *peerup_config_entry_parse (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Of @directory (element-type PeerupConfigEntry), the latest first; what is no entry is not seen. Empty where there is
 * no directory. PEERUP_ERROR_PERMISSION if it cannot be read. */
GPtrArray *peerup_config_history_list (const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_config_history_read (const char *directory, const PeerupConfigEntry *entry, gsize *length,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes the latest entry, unless it is of the same text; an older one of that text goes, and those beyond
 * PEERUP_CONFIG_HISTORY_KEPT. One of the same text by "file", whom nobody knew, is said to be by @who and @cause if
 * those tell more. The directory must exist, locked by the caller. Errors of the system are of G_FILE_ERROR; nothing is
 * removed then. */
gboolean peerup_config_history_add (const char *directory, const char *text, gsize length, gint64 time, const char *who,
                                    const char *cause, const char *extension, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
