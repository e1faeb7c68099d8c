/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-private.h"
#include "transport/peerup-reactor.h"

G_BEGIN_DECLS

/* One client's connection: requests in, answers out, one at a time, or from some request on an event stream. Counted,
 * and dropped by itself when it is over; then its host forgets it. */
typedef struct _PeerupHttpConnection PeerupHttpConnection;

/* Microseconds that each may take; see peerup-http-server.h. */
typedef struct
{
  gint64 read;
  gint64 write;
  gint64 idle;
  gint64 heartbeat; /* between two comments on a stream where nothing happens */
} PeerupHttpTimes;

/* What a connection asks of its server. */
typedef struct
{
  /* (transfer full) (nullable): why a request is refused before its body is read. */
  PeerupHttpResponse *(*check) (PeerupHttpReader *reader, gpointer data);
  /* Begins to answer one that is whole. (out): who calls, to be left in the end. Resolves to a response. */
  DexFuture *(*answer) (PeerupHttpReader *reader, PeerupCaller **caller, gpointer data);
  /* It is a stream now; FALSE where there are too many. */
  gboolean (*stream) (PeerupHttpConnection *connection, const char *last_event_id, gpointer data);
  /* It is over; called once. */
  void (*gone) (PeerupHttpConnection *connection, gpointer data);
  const PeerupHttpTimes *times;
  gpointer data;
} PeerupHttpHost;

/* Takes over @fd, which does not block. (nullable) */
PeerupHttpConnection *peerup_http_connection_new (int fd, PeerupReactor *reactor, const PeerupHttpHost *host,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_http_connection_unref (PeerupHttpConnection *self);
/* Cuts it; what the kernel takes of an answer at once still goes out. Its caller is left. */
void peerup_http_connection_drop (PeerupHttpConnection *self);
/* Of a stream: queues @bytes, or begins to end it where too much waits already. */
void peerup_http_connection_push (PeerupHttpConnection *self, GBytes *bytes);
gboolean peerup_http_connection_is_stream (PeerupHttpConnection *self);

/* How well it can be spared for another: 0 best; -1 not at all. @since: from when on that is so. */
int peerup_http_connection_get_rank (PeerupHttpConnection *self, gint64 now, gint64 *since);

/* Bytes that may wait for the client of a stream. */
#define PEERUP_HTTP_STREAM_QUEUE_MAX (256 * 1024)

G_END_DECLS
