/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "config/peerup-config-identity.h"
#include "engine/peerup-engine.h"

G_BEGIN_DECLS

/* Where an engine has its identity key: read at the start, moved while it runs. A keyring is asked in a worker thread,
 * and only where the configuration, a move or a caller wants it. Of the engine's thread; the engine has one always. */
typedef struct _PeerupEngineIdentity PeerupEngineIdentity;

PeerupEngineIdentity *peerup_engine_identity_new (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
void peerup_engine_identity_free (PeerupEngineIdentity *self);

/* Before the start: a person is there, who may be asked to unlock a keyring for it. */
void peerup_engine_identity_set_attended (PeerupEngineIdentity *self, gboolean attended);

/* In a fiber, which waits where the key is not in a file. What is not as the configuration says becomes a problem.
 * Errors: peerup_config_identity_load(); CLOSED if the engine is stopped meanwhile. */
PeerupPrivateKey *peerup_engine_identity_load (PeerupEngineIdentity *self, PeerupConfig *config,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Once the engine runs: ends in the background what a crash has left of a move. */
void peerup_engine_identity_begin (PeerupEngineIdentity *self);
/* Where the key was read from, or moved to. */
PeerupConfigKeyStore peerup_engine_identity_get_store (PeerupEngineIdentity *self);
/* (transfer full) (nullable): what is wrong with what @config says of the identity, though its key_file is the same.
 * *@starts: (out) (optional): whether a start by it would be this identity all the same. */
char *peerup_engine_identity_dup_trouble (PeerupEngineIdentity *self, PeerupConfig *config,
                                          gboolean *starts) G_GNUC_WARN_UNUSED_RESULT;

/* Moves the key, and changes the configuration as by @who (a static string). A person may be asked. Resolves to a
 * string: empty, or what is left to be cleared away at the next start, for people. Rejects with EXISTS while another
 * move is under way, CLOSED, and as peerup_config_identity_put() and peerup_config_edit_open(); the key is where it was
 * then. */
DexFuture *peerup_engine_identity_move (PeerupEngineIdentity *self, PeerupConfigKeyStore to,
                                        const char *who) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves to whether the login keyring is locked (boolean). Rejects as peerup_keyring_look(). Asks nobody. */
DexFuture *peerup_engine_identity_look (PeerupEngineIdentity *self) G_GNUC_WARN_UNUSED_RESULT;

/* Resolves to TRUE when no keyring is waited for any more. Never rejects. */
DexFuture *peerup_engine_identity_stop (PeerupEngineIdentity *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEngineIdentity, peerup_engine_identity_free)

G_END_DECLS
