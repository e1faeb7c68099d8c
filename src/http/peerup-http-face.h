/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-server.h"

G_BEGIN_DECLS

/* (transfer full): the paths of the HTTP socket and its token for a daemon with the control socket "NAME.sock":
 * "NAME-http.sock" and "NAME-http.cookie" in the same directory. */
char *peerup_http_face_dup_socket_path (const char *control_socket) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_http_face_dup_cookie_path (const char *control_socket) G_GNUC_WARN_UNUSED_RESULT;

/* Serves all of @control beside its socket: the operations, and the endpoints of the original. Freed before @control is
 * closed. Errors as peerup_http_server_listen(). */
PeerupHttpServer *
peerup_http_face_new (PeerupControl *control, const char *control_socket, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
