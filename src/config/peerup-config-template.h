/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * peerup_config_template_new:
 * @port: the port to listen on, the same for TCP and UDP; 0 for another one at each start
 * @relays: (nullable) (array zero-terminated=1): relay addresses, each ending in /p2p/ID
 *
 * Returns: the text of a fresh, commented configuration file, which
 * peerup_config_new_from_data() reads without a warning
 */
char *peerup_config_template_new (guint16 port, const char *const *relays) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
