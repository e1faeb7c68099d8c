/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* When peers were connected last, kept from one run to the next: a peer ID and seconds since 1970 a line, the latest
 * first; lines that start with # are kept by nobody. */

/* Peers that are kept at most; the latest win. */
#define PEERUP_LAST_SEEN_MAX 4096

/* "last_seen" in $STATE_DIRECTORY (which systemd sets for a service) or else beside the configuration. */
char *peerup_last_seen_path (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): an empty table of PeerupPeerId to its gint64. */
GHashTable *peerup_last_seen_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_last_seen_set (GHashTable *seen, PeerupPeerId *peer, gint64 at);
/* 0: never. */
gint64 peerup_last_seen_get (GHashTable *seen, PeerupPeerId *peer);
/* MALFORMED, with the line. */
GHashTable *peerup_last_seen_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_last_seen_format (GHashTable *seen) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the file, and blocks for that; empty if there is none. One that is no such file is put aside as PATH.broken
 * with a line in the log, and counts as empty. Every other error means that it is not to be replaced. */
GHashTable *peerup_last_seen_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Replaces the file whole, mode 0600. Blocks, with an fsync: call it from a worker thread. */
gboolean peerup_last_seen_write (const char *path, GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
