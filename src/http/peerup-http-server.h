/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-routes.h"

G_BEGIN_DECLS

/* The controls over HTTP/1.1 on a Unix socket, never on TCP: the operations of peerup-operations.h, their signals as
 * server-sent events, and what peerup_http_server_add_routes() adds. Who can read the cookie file may do everything.
 * Belongs to the engine's thread. */
typedef struct _PeerupHttpServer PeerupHttpServer;

/* Bytes of a request's head, and of its body. */
#define PEERUP_HTTP_HEAD_MAX (16 * 1024)
#define PEERUP_HTTP_BODY_MAX (1024 * 1024)
/* Connections at once; beyond them the one that has been idle or slow for longest makes room. */
#define PEERUP_HTTP_CONNECTIONS_MAX 256
/* Microseconds: for a request, from its first byte or the accept to its last; without a byte taken of an answer; and
 * between two requests. */
#define PEERUP_HTTP_READ_TIME  (30 * (gint64) G_USEC_PER_SEC)
#define PEERUP_HTTP_WRITE_TIME (60 * (gint64) G_USEC_PER_SEC)
#define PEERUP_HTTP_IDLE_TIME  (60 * (gint64) G_USEC_PER_SEC)

PeerupHttpServer *peerup_http_server_new (PeerupControl *control) G_GNUC_WARN_UNUSED_RESULT;
/* Closes. */
void peerup_http_server_free (PeerupHttpServer *self);
/* @routes live as long as the server, and so does @data. They come before those of operations: the same method and path
 * hides an operation. Before peerup_http_server_listen(). */
void
peerup_http_server_add_routes (PeerupHttpServer *self, const PeerupHttpRoute *routes, guint n_routes, gpointer data);

/**
 * peerup_http_server_listen:
 * @path: of the socket, in a directory that only this user can write to
 * @cookie_path: of the file with the token, made anew
 *
 * Blocking, at start-up. A socket that nobody answers at is replaced; one that the service manager has handed over
 * (peerup-activation.h) is taken, and stays.
 *
 * Errors: EXISTS (a server is running already), PERMISSION (something else is at @path, or the files cannot be made;
 * the text names what and why).
 */
gboolean peerup_http_server_listen (PeerupHttpServer *self, const char *path, const char *cookie_path,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes socket and cookie, leaves the callers of what is under way, and cuts the connections. An answer that is
 * written already, as that of Stop, still reaches its client. */
void peerup_http_server_close (PeerupHttpServer *self);
guint peerup_http_server_get_n_connections (PeerupHttpServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHttpServer, peerup_http_server_free)

G_END_DECLS
