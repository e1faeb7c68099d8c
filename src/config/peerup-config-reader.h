/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-private.h"

G_BEGIN_DECLS

/* What the files that read one part of a configuration each share. The shape of the document
 * was checked before: what stands on the way to a value is a mapping, a flag is one, a list holds words. */
typedef struct
{
  const PeerupYamlDocument *document;
  PeerupConfig *config;
  GPtrArray *warnings;
} PeerupConfigReader;

/* The value at the @path of a key of the table, which has no "*": what is written, else the table's default. That it is
 * of its form was checked before. Durations in microseconds; a text is NULL where nothing is written and there is no
 * default, and "" counts as not written, as it does in the original. */
gboolean peerup_config_reader_flag (PeerupConfigReader *self, const char *path);
guint64 peerup_config_reader_number (PeerupConfigReader *self, const char *path);
guint64 peerup_config_reader_size (PeerupConfigReader *self, const char *path);
gint64 peerup_config_reader_duration (PeerupConfigReader *self, const char *path);
const char *peerup_config_reader_text (PeerupConfigReader *self, const char *path);
/* (nullable): what is written at @path. */
const PeerupYamlNode *peerup_config_reader_get (PeerupConfigReader *self, const char *path);
/* (nullable): the path that is written there, absolute; (transfer full). */
char *peerup_config_reader_file (PeerupConfigReader *self, const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): "" counts as not written, as it does in the original. */
const char *peerup_config_reader_word (const PeerupYamlNode *node);
/* @path, from the directory of the file; (transfer full). */
char *peerup_config_reader_absolute (PeerupConfigReader *self, const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* Adds to @addresses what the @list, which may be NULL, holds. @with_peer: each must end in /p2p/ID. */
gboolean peerup_config_reader_addresses (PeerupConfigReader *self, const PeerupYamlNode *list, gboolean with_peer,
                                         GPtrArray *addresses, GError **error);

/* peerup-config-relay.c: the relays that are used, and what is granted to others. */
gboolean peerup_config_read_relay (PeerupConfigReader *self, GError **error);

/* peerup-config-telemetry.c: what the node tells of itself over HTTP. */
gboolean peerup_config_read_telemetry (PeerupConfigReader *self, GError **error);

G_END_DECLS
