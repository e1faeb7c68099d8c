/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"
#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* Makes the files of a new device; an identity that is at its place already is used. @port: below 0 for one that is
 * free. @relays, @network: nullable. *@key: the identity. EXISTS if the configuration is there. Blocking. */
PeerupConfig *peerup_new_device_make (const char *path, int port, const char *const *relays, const char *network,
                                      PeerupPrivateKey **key, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
