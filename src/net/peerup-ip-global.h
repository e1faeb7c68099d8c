/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether an IP address, of 4 or 16 @bytes in network order, is one of the internet: not private, shared (CGNAT),
 * link-local, loopback, reserved, multicast, for documentation, nor one that carries IPv4 (IANA's registries of special
 * addresses). FALSE for any other @length. */
gboolean peerup_ip_is_global (const guint8 *bytes, gsize length);

G_END_DECLS
