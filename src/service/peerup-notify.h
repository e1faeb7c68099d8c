/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells the service manager @state ("READY=1", "STOPPING=1"), as sd_notify(3) does: one datagram to $NOTIFY_SOCKET, a
 * path or an abstract name that begins with '@'. Nothing if there is none. A manager that is busy holds nobody up: what
 * it has no room for waits in order, and is sent by this thread's main loop as soon as there is room; "WATCHDOG=1" does
 * not wait, as the next one says the same. For one thread, which runs that main loop. */
void peerup_notify (const char *state);
/* "STATUS=…" of one line: what “systemctl status” shows. */
void peerup_notify_status (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Files are being read again; end it with "READY=1". With the time that Type=notify-reload asks for. */
void peerup_notify_reloading (void);

G_END_DECLS
