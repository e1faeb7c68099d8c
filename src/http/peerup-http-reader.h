/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Requests of HTTP/1.1 (RFC 9112), one after the other, as a machine of bytes: it has no socket and no clock. What two
 * programs could take for different requests is refused, and then the connection has to end: nothing that follows can
 * be told apart any more.
 *
 *   feed() -> state HEAD: more; BODY: look at the head, then more; WHOLE: answer, next(); REFUSED: answer, close. */
typedef struct _PeerupHttpReader PeerupHttpReader;

/* Header fields of one request. */
#define PEERUP_HTTP_FIELDS_MAX 100

typedef enum
{
  PEERUP_HTTP_READER_HEAD,    /* it is not whole yet */
  PEERUP_HTTP_READER_BODY,    /* the head is, the body is not */
  PEERUP_HTTP_READER_WHOLE,   /* both are, or there is no body */
  PEERUP_HTTP_READER_REFUSED, /* final */
} PeerupHttpReaderState;

/* What a request may have, in bytes: the head with the empty line behind it, and the body. */
PeerupHttpReader *peerup_http_reader_new (gsize head_max, gsize body_max) G_GNUC_WARN_UNUSED_RESULT;
void peerup_http_reader_free (PeerupHttpReader *self);
/* Takes in bytes in any pieces and returns how many it took: it stops behind the head, behind the request, and where it
 * refuses. */
gsize peerup_http_reader_feed (PeerupHttpReader *self, const char *data, gsize length);
PeerupHttpReaderState peerup_http_reader_get_state (const PeerupHttpReader *self);
/* Whether anything of the next request is there. */
gboolean peerup_http_reader_has_begun (const PeerupHttpReader *self);
/* Behind one that is whole: on to the next. */
void peerup_http_reader_next (PeerupHttpReader *self);
/* Where it refused: the status to answer with, 400, 413, 417, 501 or 505, and (transfer none) what is wrong. */
guint peerup_http_reader_get_refusal (const PeerupHttpReader *self, const char **text);

/* From here on: once the head is whole, and until next(). All (transfer none). */
const char *peerup_http_reader_get_method (const PeerupHttpReader *self);
/* As they were sent, with valid percent-encoding: the path from its "/" on, and (nullable) what stands behind "?". */
const char *peerup_http_reader_get_path (const PeerupHttpReader *self);
const char *peerup_http_reader_get_query (const PeerupHttpReader *self);
/* (nullable): the value of the first field of this name, without the blanks around it. */
const char *peerup_http_reader_get_field (const PeerupHttpReader *self, const char *name);
/* The client wants "100 Continue" before it sends the body. */
gboolean peerup_http_reader_expects_continue (const PeerupHttpReader *self);
/* The client wants no second request. */
gboolean peerup_http_reader_wants_close (const PeerupHttpReader *self);
/* (transfer full): of a whole one, once. */
GBytes *peerup_http_reader_take_body (PeerupHttpReader *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHttpReader, peerup_http_reader_free)

G_END_DECLS
