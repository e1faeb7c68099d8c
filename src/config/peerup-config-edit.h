/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/* A change to the configuration file that leaves every byte it is not about as it is:
 * comments, order, quoting, line ends, keys we do not know.
 *
 *   edit = peerup_config_edit_open (path, &error);          locks and reads
 *   peerup_config_edit_add_service (edit, …, &error) && …   changes the text in memory
 *   peerup_config_edit_commit (edit, &error);               checks and replaces the file
 *
 * Each step finds its place by the marks of the YAML parser, and is parsed again: if the
 * document is then anything but the old one with this one change, the step fails and the
 * text stays as it was. Not thread-safe; short-lived, for the lock is held until the last
 * reference goes. */
typedef struct _PeerupConfigEdit PeerupConfigEdit;

/* Blocks while another process edits the same file, for 10 s at most (PEERUP_ERROR_TIMEOUT); PEERUP_ERROR_EXISTS while
 * a change waits to be confirmed. The file must be well-formed YAML of
 * safe permissions, but need not be a valid configuration (an edit may mend it). Errors as
 * peerup_config_load(), and PEERUP_ERROR_PERMISSION if the file or directory is read-only. */
PeerupConfigEdit *peerup_config_edit_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In memory alone: no lock, no file, and commit only checks. */
PeerupConfigEdit *peerup_config_edit_new_from_data (const char *text, gsize length, const char *path,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_config_edit_free (PeerupConfigEdit *self);
/* The text as it now is, borrowed until the next change. */
const char *peerup_config_edit_get_text (PeerupConfigEdit *self, gsize *length);
/* Fails with PEERUP_ERROR_CONFIG, and writes nothing, unless the result is a valid
 * configuration, and when somebody else wrote the file meanwhile. The file is replaced
 * whole (temporary file beside it, fsync, rename) with its owner and mode; a symbolic
 * link stays one. Nothing is written if nothing changed. */
gboolean peerup_config_edit_commit (PeerupConfigEdit *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the archive of a program that no engine does this for: commit puts the result there, best effort, as changed by
 * "command" for @cause: "service add web". */
void peerup_config_edit_set_cause (PeerupConfigEdit *self, const char *cause);

/* Enabled, for everyone who passes the gate, until said otherwise. PEERUP_ERROR_EXISTS,
 * PEERUP_ERROR_MALFORMED for a bad name or address. */
gboolean peerup_config_edit_add_service (PeerupConfigEdit *self, const char *name, const char *local_address,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Everything that stands in it stays. NOT_FOUND; EXISTS and MALFORMED as above, of @new_name. */
gboolean peerup_config_edit_rename_service (PeerupConfigEdit *self, const char *name, const char *new_name,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* With the comments inside it. PEERUP_ERROR_NOT_FOUND, as the next three. */
gboolean
peerup_config_edit_remove_service (PeerupConfigEdit *self, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What peers are told of it. @kind: nullable, for none. @tags: nullable, for none; the list is written anew. MALFORMED
 * for what is not of its form, NOT_FOUND. */
gboolean peerup_config_edit_set_service_kind (PeerupConfigEdit *self, const char *name, const char *kind,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_config_edit_set_service_tags (PeerupConfigEdit *self, const char *name, const char *const *tags,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_config_edit_set_service_enabled (PeerupConfigEdit *self, const char *name, gboolean enabled,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_config_edit_set_service_address (PeerupConfigEdit *self, const char *name, const char *local_address,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @peers (nullable) (element-type PeerupPeerId): NULL lifts the restriction, empty means
 * nobody. Entries that stay keep their place and comment. */
gboolean peerup_config_edit_set_allowed_peers (PeerupConfigEdit *self, const char *service, GPtrArray *peers,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @name: 1 to 64 of [A-Za-z0-9._-]. PEERUP_ERROR_EXISTS if it names another peer. */
gboolean peerup_config_edit_add_name (PeerupConfigEdit *self, const char *name, PeerupPeerId *peer,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
peerup_config_edit_remove_name (PeerupConfigEdit *self, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @address ends in /p2p/ID. PEERUP_ERROR_EXISTS, PEERUP_ERROR_NOT_FOUND. */
gboolean peerup_config_edit_add_relay (PeerupConfigEdit *self, PeerupMultiaddr *address,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_config_edit_remove_relay (PeerupConfigEdit *self, PeerupMultiaddr *address,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Any known key whose value is one word, as "relay.reservation_interval" or
 * "services.ssh.enabled"; @value as it would be written, without quotes; NULL removes the
 * key. PEERUP_ERROR_NOT_FOUND for a key that is not known or not a single value, with
 * the nearest one. */
gboolean peerup_config_edit_set (PeerupConfigEdit *self, const char *key, const char *value,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupConfigEdit, peerup_config_edit_free)

G_END_DECLS
