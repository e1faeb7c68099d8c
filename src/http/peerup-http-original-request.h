/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-routes.h"

G_BEGIN_DECLS

/* What one request of the original's says and asks for. What fails becomes a response of the original's form, kept
 * until it is taken: the functions below then return FALSE or NULL. Lives as long as the handler's fiber, in which all
 * of this is called. */
typedef struct _PeerupHttpOriginal PeerupHttpOriginal;

/* What a handler is: fills in @response (transfer full), or returns with what was refused. */
typedef void (*PeerupHttpOriginalFunc) (PeerupHttpOriginal *self, PeerupHttpResponse **response);

/* Runs @func in a fiber. Resolves to the response. */
DexFuture *peerup_http_original_run (PeerupHttpRequest *request, PeerupHttpOriginalFunc func) G_GNUC_WARN_UNUSED_RESULT;

PeerupHttpRequest *peerup_http_original_get_request (PeerupHttpOriginal *self);

/* The body's members, each 0 to its default: a member of another type is refused. @text is borrowed of @self. */
gboolean peerup_http_original_read_text (PeerupHttpOriginal *self, const char *member, const char **text);
/* 0 is what the original's clients send for nothing: it is @number as it was. Else from @min to @max. */
gboolean
peerup_http_original_read_number (PeerupHttpOriginal *self, const char *member, gint64 min, gint64 max, gint64 *number);

/* Calls an operation. @parameters: (nullable) as for peerup_control_invoke(), NULL for none.
 * Returns: (transfer full) (nullable): the tuple that it answers with */
GVariant *peerup_http_original_ask (PeerupHttpOriginal *self, const char *operation, GVariant *parameters,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of operations that answer with one value, which is returned, and about which the request says nothing wrong:
 * whatever fails is refused with 500 or 502. */
GVariant *peerup_http_original_get (PeerupHttpOriginal *self, const char *operation,
                                    GVariant *parameters) G_GNUC_WARN_UNUSED_RESULT;
/* Finds out whom @peer means, refused with status 400, and connects, refused with 502. @peer_id: (transfer full). */
gboolean peerup_http_original_reach_peer (PeerupHttpOriginal *self, const char *peer, char **peer_id);

/* FALSE, always. */
gboolean
peerup_http_original_refuse (PeerupHttpOriginal *self, guint status, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* For an error of an operation: 400 for what the request says wrongly, 404, 502 for what the network does, else 500. */
guint peerup_http_original_status_of (const GError *error);
/* The same status, unless @status is one, and the error's text. FALSE, always. */
gboolean peerup_http_original_refuse_error (PeerupHttpOriginal *self, guint status, const GError *error);

G_END_DECLS
