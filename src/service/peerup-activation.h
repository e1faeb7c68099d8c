/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Sockets that the service manager has opened for this program, as sd_listen_fds(3) says: LISTEN_PID, LISTEN_FDS and
 * LISTEN_FDNAMES. They are taken from the environment at the first call, so that no child believes them its own, and
 * are closed on exec. Main thread only. */

/* The names that Peer-Up's own units use. */
#define PEERUP_ACTIVATION_HTTP "http"

/* The first socket not taken yet that listens for streams at a Unix path and bears @name; -1 if there is none. The
 * caller owns the descriptor. @name NULL: any but PEERUP_ACTIVATION_HTTP. */
int peerup_activation_take (const char *name);
/* The same, by the path it listens at. */
int peerup_activation_take_path (const char *path);
/* (nullable): the path at which the next one of @name listens, which is not taken by this. (transfer full) */
char *peerup_activation_dup_path (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* Closes what nobody has taken; the number. */
guint peerup_activation_drop_rest (void);

G_END_DECLS
