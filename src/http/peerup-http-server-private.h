/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-connection.h"

G_BEGIN_DECLS

/* Other times than those of peerup-http-server.h, before it listens. */
void peerup_http_server_set_times (PeerupHttpServer *self, const PeerupHttpTimes *times);

/* It offers the added routes and nothing else, before it listens. */
void peerup_http_server_set_bare (PeerupHttpServer *self);

/* The socket in the file system. A descriptor that listens and does not block, or -1: EXISTS, PERMISSION. Blocking for
 * a moment. */
int peerup_http_socket_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes it if it is still the same. */
void peerup_http_socket_remove (const char *path, guint64 inode);
/* 0 where no socket is. */
guint64 peerup_http_socket_get_inode (const char *path);

G_END_DECLS
