/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-private-key.h"
#include "keyring/peerup-keyring-wait.h"

G_BEGIN_DECLS

/* The key as an item of the Secret Service, found by the attributes application ("dev.peerup.PeerUp"), key-file and
 * peer-id; what it holds is a key file's content. Where @ask, a person may be asked to unlock the keyring; else a
 * locked one is DENIED.
 *
 * Errors: UNREACHABLE (nobody keeps a keyring, or it ended), DENIED (locked, or not unlocked by the person), TIMEOUT.
 */

/* NOT_FOUND; WRONG_PEER or MALFORMED where what is there is not this device's key. @expected: (nullable): whose it has
 * to be; without, there has to be exactly one. */
PeerupPrivateKey *peerup_secret_service_load (PeerupKeyringWait *wait, const char *key_file, PeerupPeerId *expected,
                                              gboolean ask, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* EXISTS where something else has its place. Nothing if it is there. */
gboolean peerup_secret_service_store (PeerupKeyringWait *wait, const char *key_file, PeerupPrivateKey *key,
                                      gboolean ask, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Items that hold @peer's key, and nothing else. TRUE also if there is none. */
gboolean peerup_secret_service_erase (PeerupKeyringWait *wait, const char *key_file, PeerupPeerId *peer, gboolean ask,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the usual keyring is there (error: UNREACHABLE, NOT_FOUND), and whether it is locked. */
gboolean
peerup_secret_service_look (PeerupKeyringWait *wait, gboolean *locked, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
