/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "client/peerup-client.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* What the daemon of a configuration says of its relays; in a fiber. */

/* Whether one runs; no fiber needed. */
gboolean peerup_relay_daemon_runs (const char *config_path);
/* aa{sv} of ListRelays. */
GVariant *peerup_relay_daemon_list (PeerupClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer full): what @relays (nullable) says of @peer. */
GVariant *peerup_relay_daemon_lookup (GVariant *relays, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* Asks again and again until @relay is reserved, or has failed, which it is given @timeout (µs) to mend: the
 * daemon has to notice the file first. What it said last; NULL with an error if it says nothing. */
GVariant *peerup_relay_daemon_wait_reserved (const char *config_path, PeerupPeerId *relay, gint64 timeout,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether that is so in what is said of a relay. */
gboolean peerup_relay_daemon_is_reserved (GVariant *relay);

/* A daemon answers its own user alone. If this is root and @path is a file or directory of somebody
 * else, that is who this process is from now on. */
gboolean peerup_relay_become_owner (const char *path, GError **error);

G_END_DECLS
