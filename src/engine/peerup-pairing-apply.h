/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-pairing-store.h"

G_BEGIN_DECLS

/* The files that a pairing is about. */
typedef struct
{
  char *config;
  char *authorized_keys; /* nullable: gating is off, and the configuration names none */
} PeerupPairingFiles;

void peerup_pairing_files_clear (PeerupPairingFiles *self);
/* For a worker: the configuration may name other files while it works. */
void peerup_pairing_files_copy (const PeerupPairingFiles *self, PeerupPairingFiles *copy);

/* Whether these can be changed now, as far as that can be known without changing them; the reason is for a person. */
gboolean peerup_pairing_files_probe (const PeerupPairingFiles *self, PeerupPairingStore *store,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes them agree with @record, and returns the name that the configuration has for the peer. Blocking, idempotent.
 * On an error what was done is taken back, unless the peer was authorized before: an invite adds to what somebody may,
 * and takes nothing away. */
char *peerup_pairing_apply (const PeerupPairingFiles *self, PeerupPairingStore *store,
                            const PeerupPairingRecord *record, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes @peer out of all of them. *@found: whether it was in any. Blocking. */
gboolean peerup_pairing_revert (const PeerupPairingFiles *self, PeerupPairingStore *store, PeerupPeerId *peer,
                                gboolean *found, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupPairingFiles, peerup_pairing_files_clear)

G_END_DECLS
