/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* The identity key in the desktop's keeping, instead of in @key_file, by whose absolute path it is found again: an item
 * of the login keyring; in a sandbox, which must not see that, a file beside @key_file sealed with a secret that the
 * Secret portal keeps ("identity.key.sealed"). PEERUP_KEYRING ("service", "portal") in the environment says otherwise.
 *
 * All block, for seconds where nobody is asked, and PEERUP_KEYRING_PATIENCE where a person may be (@ask): for worker
 * threads. Nothing else in the program touches a keyring, and without these calls none is looked for. Messages have no
 * key in them, and begin with a lower-case letter.
 *
 * Errors: UNREACHABLE (no bus, no keyring, or it ended), DENIED (locked, or the person said no), TIMEOUT,
 * G_IO_ERROR_CANCELLED by @cancellable (nullable). */

/* Microseconds that a person has to unlock a keyring. */
#define PEERUP_KEYRING_PATIENCE (120 * (gint64) G_USEC_PER_SEC)

/* @expected: (nullable): whose key it has to be; without, there may be only one. NOT_FOUND; WRONG_PEER, MALFORMED,
 * EXISTS (several) or CRYPTO where what is there is not this device's key. */
PeerupPrivateKey *peerup_keyring_load (const char *key_file, PeerupPeerId *expected, gboolean ask,
                                       GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores @key, reads it back and compares. EXISTS where something else has its place, which is left as it is; CRYPTO
 * where what comes back is not what was stored. */
gboolean peerup_keyring_store (const char *key_file, PeerupPrivateKey *key, gboolean ask, GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes away @peer's key, and nobody else's. TRUE also if there is none. */
gboolean peerup_keyring_erase (const char *key_file, PeerupPeerId *peer, gboolean ask, GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether a key could be kept there: FALSE and why not; *@locked: after a person has unlocked it. Asks nobody. */
gboolean peerup_keyring_look (gboolean *locked, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
