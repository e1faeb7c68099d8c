/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells the service manager @state ("READY=1", "STOPPING=1"), as sd_notify(3) does: one
 * datagram to $NOTIFY_SOCKET. Nothing if there is none. */
void peerup_notify (const char *state);

G_END_DECLS
