/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "config/peerup-config-edit.h"
#include "config/peerup-config.h"
#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* The identity key, wherever the configuration says that it is, and its way from the key file to the login keyring and
 * back. What is in a file is read as fast as ever, and no bus is touched for it; all else blocks as long as
 * peerup_keyring_load() does, and belongs into a worker thread where a loop must go on. */

/* "file", "keyring" */
const char *peerup_config_key_store_to_string (PeerupConfigKeyStore store);
gboolean peerup_config_key_store_parse (const char *text, PeerupConfigKeyStore *store, GError **error);

/**
 * peerup_config_identity_load:
 * @ask: a person may be asked to unlock the keyring
 * @note: (out) (optional) (nullable): what is not as the configuration says, for people, though there is a key
 *
 * Never makes a key. Where the keyring cannot give it, and the key file is there and is this device's, that is taken.
 *
 * Errors: as peerup_key_file_load() and peerup_keyring_load(), with what to do next.
 */
PeerupPrivateKey *peerup_config_identity_load (PeerupConfig *config, gboolean ask, GCancellable *cancellable,
                                               char **note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for who needs to know only who this device is: where the configuration says that, no keyring is asked. */
PeerupPeerId *
peerup_config_identity_load_peer (PeerupConfig *config, gboolean ask, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A move is three steps, between any two of which the process may be killed:
 *
 *   put     leaves a mark beside the key file (".NAME.moving"), and the key at its new place, read back and compared
 *   edit    makes the configuration say so: that is the moment at which it happens
 *   settle  takes the key away from where the configuration does not look for it, and then the mark
 *
 * Each can be done again. Who finds the mark at a start settles, whichever way it had gone. All is done with the lock
 * below held: two that had read the configuration at different times would each take away the other's copy. */

/* EXISTS where something else is at the new place, which stays as it is, and where nothing was put there there is no
 * mark either; else as peerup_keyring_store() and
 * peerup_key_file_create(). */
gboolean peerup_config_identity_put (PeerupConfig *config, PeerupPrivateKey *key, PeerupConfigKeyStore to, gboolean ask,
                                     GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_config_identity_edit (PeerupConfigEdit *edit, PeerupPeerId *peer, PeerupConfigKeyStore to,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @config: as it is on disk. Nothing is taken away unless the key was read from where @config says. On an error the
 * mark stays. */
gboolean peerup_config_identity_settle (PeerupConfig *config, PeerupPeerId *peer, gboolean ask,
                                        GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a move was begun and has not been settled. One look at a directory. */
gboolean peerup_config_identity_is_marked (PeerupConfig *config);

/* Keeps others from moving, and from settling, the key of that file until the descriptor is closed; waits for nobody.
 * -1 and PEERUP_ERROR_TIMEOUT where somebody is at it. */
int peerup_config_identity_lock (PeerupConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where a key was moved to the keyring a file beside its own tells so, also when the configuration is lost: no other
 * identity is made there. NULL, or (transfer full) the path of that file, or of the sealed key. */
char *peerup_config_identity_find_moved (const char *key_file) G_GNUC_WARN_UNUSED_RESULT;

/* All three, for a program that no engine does this for. *@moved: (out): it was elsewhere before; also FALSE with an
 * error of what is left to settle, which the next start does. */
gboolean peerup_config_identity_move (const char *config_path, PeerupConfigKeyStore to, GCancellable *cancellable,
                                      gboolean *moved, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
