/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-left-invite.h"

G_BEGIN_DECLS

/* The directory "pairings" ($STATE_DIRECTORY's, or beside the configuration; 0700): "ID.pairing" for each record and
 * "TOKEN.invite" for each invite that was left with relays. Each file is written whole, and is on the disk when the
 * call returns; everything blocks for that. Immutable, so it may be used from any thread. */
typedef struct _PeerupPairingStore PeerupPairingStore;

/* Files of either kind that are read at most. */
#define PEERUP_PAIRING_STORE_MAX 1024

char *peerup_pairing_store_path (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingStore *peerup_pairing_store_new (const char *directory) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingStore *peerup_pairing_store_ref (PeerupPairingStore *self);
void peerup_pairing_store_unref (PeerupPairingStore *self);

/* Reads everything: @records of PeerupPairingRecord, @invites of PeerupLeftInvite but those that a record has used,
 * whose files are removed, and @problems of sentences about files that cannot be read and are left as they are. A
 * directory that is not there is empty. */
void peerup_pairing_store_load (PeerupPairingStore *self, GPtrArray *records, GPtrArray *invites, GPtrArray *problems);
/* Whether a record could be written now: makes one and takes it away. The reason is for a person. */
gboolean peerup_pairing_store_probe (PeerupPairingStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_pairing_store_write (PeerupPairingStore *self, const PeerupPairingRecord *record,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One that is not there is gone. A record goes after the invite that it has used. */
gboolean peerup_pairing_store_remove (PeerupPairingStore *self, const PeerupPairingRecord *record,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_pairing_store_write_invite (PeerupPairingStore *self, const PeerupLeftInvite *invite,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_pairing_store_remove_invite (PeerupPairingStore *self, const char *token,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Every change that a pairing makes to any file asks here first, so that a test can stop a machine before each one:
 * after @steps more, nothing is written any more (-1: no end). G_FILE_ERROR_NOSPC then. */
gboolean peerup_pairing_store_step (PeerupPairingStore *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_store_set_steps (PeerupPairingStore *self, int steps);
/* Steps that were taken so far. */
int peerup_pairing_store_get_steps (PeerupPairingStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupPairingStore, peerup_pairing_store_unref)

G_END_DECLS
