/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* A connected stream socket (TCP or Unix) as a PeerupStream. Nothing is buffered in
 * this process: reads and writes go to the kernel. */
#define PEERUP_TYPE_SOCKET_STREAM (peerup_socket_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupSocketStream, peerup_socket_stream, PEERUP, SOCKET_STREAM, PeerupStream)

/* Takes @fd, also on failure; sets it non-blocking, and TCP_NODELAY where it is TCP. */
PeerupStream *peerup_socket_stream_new (int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* -1 once closed. */
int peerup_socket_stream_get_fd (PeerupSocketStream *self);
/* Asks TCP to probe an idle connection after @idle seconds, then thrice @interval seconds apart. */
void peerup_socket_stream_set_keepalive (PeerupSocketStream *self, guint idle, guint interval);

/* For the TCP connection of a peer: at most 128 KiB wait in the kernel unsent, so that an answer
 * to a ping does not queue behind megabytes on a slow line, and what is sent and not
 * acknowledged for 14 s ends the connection. */
void peerup_socket_stream_set_peer_options (PeerupSocketStream *self);

/* Bytes that go ahead of reading: show() copies what waits to be read and leaves it there, until
 * take_shown() reads that many and drops them. Once only; 0: nothing waits. Whoever passes
 * them on before it is certain that they will be taken loses nothing by it. */
gsize peerup_socket_stream_show (PeerupSocketStream *self, void *buffer, gsize count);
gsize peerup_socket_stream_get_shown (PeerupSocketStream *self);
gsize peerup_socket_stream_take_shown (PeerupSocketStream *self);

/* Connects to one address. Resolves to a PeerupStream; rejects with G_IO_ERROR codes or
 * PEERUP_ERROR_TIMEOUT after @deadline (monotonic µs), the address in the text. */
DexFuture *peerup_socket_connect_address (GSocketAddress *address, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* The same with @fd, which is taken: a socket of the address's family, bound and without blocking. */
DexFuture *peerup_socket_connect_bound (int fd, GSocketAddress *address, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* Resolves @host (name or literal) and tries its addresses in order. */
DexFuture *peerup_socket_connect (const char *host, guint16 port, gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
