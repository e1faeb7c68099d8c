/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "keyring/peerup-keyring-wait.h"

G_BEGIN_DECLS

/* The secret that the desktop keeps for this application in a sandbox (org.freedesktop.portal.Secret); it is the same
 * each time. The bytes are wiped when they are freed. UNREACHABLE, DENIED, TIMEOUT, MALFORMED. */
GBytes *peerup_secret_portal_retrieve (PeerupKeyringWait *wait, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
