/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells the service manager @state ("READY=1", "STOPPING=1"), as sd_notify(3) does: one
 * datagram to $NOTIFY_SOCKET, a path or an abstract name that begins with '@'. Nothing if there is none, or if it
 * does not take it at once: a manager that is busy holds nobody up. */
void peerup_notify (const char *state);
/* "STATUS=…" of one line: what “systemctl status” shows. */
void peerup_notify_status (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Files are being read again; end it with "READY=1". With the time that Type=notify-reload asks for. */
void peerup_notify_reloading (void);

G_END_DECLS
