/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config.h"

G_BEGIN_DECLS

/* Where a relay of this machine is found by others. */

/* (transfer full): IP literals of this machine's interfaces that are of the widest reach there is (the
 * internet's, else those of a local network), without duplicates. @public: which of the two. */
char **peerup_relay_own_hosts (gboolean *public) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the hosts of relay.announce, in its order, without duplicates. */
char **peerup_relay_announced_hosts (PeerupConfig *config) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupMultiaddr, without /p2p: what @config listens on, at @host instead of any address
 * (0.0.0.0 and ::), where the families are one. */
GPtrArray *peerup_relay_addresses_at (PeerupConfig *config, const char *host) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
