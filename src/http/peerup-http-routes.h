/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "control/peerup-control.h"

G_BEGIN_DECLS

/* One request, whole and authenticated. Counted, so that a handler's fiber may hold it. Belongs to the engine's
 * thread. All text is UTF-8 without NUL. */
typedef struct _PeerupHttpRequest PeerupHttpRequest;

PeerupHttpRequest *peerup_http_request_ref (PeerupHttpRequest *self);
void peerup_http_request_unref (PeerupHttpRequest *self);
/* "GET" (for HEAD, too: the server leaves the body out), "POST", "PUT" or "DELETE". */
const char *peerup_http_request_get_method (PeerupHttpRequest *self);
/* The pattern of the route that it took: "/v1/auth/{peer_id}". */
const char *peerup_http_request_get_pattern (PeerupHttpRequest *self);
/* What stands for {name} in the path, with its percent-encoding undone; never empty. */
const char *peerup_http_request_get_parameter (PeerupHttpRequest *self, const char *name);
/* (nullable): of "?name=value", decoded. A name that is there twice was refused already. */
const char *peerup_http_request_get_query (PeerupHttpRequest *self, const char *name);
/* (element-type utf8 utf8): all of them. */
GHashTable *peerup_http_request_get_queries (PeerupHttpRequest *self);
/* Up to PEERUP_HTTP_BODY_MAX bytes; empty where there was none. See peerup-http-json.h. */
GBytes *peerup_http_request_get_body (PeerupHttpRequest *self);
/* The client wants text for people: "format=text" or "Accept: text/plain". Errors are JSON all the same. */
gboolean peerup_http_request_wants_text (PeerupHttpRequest *self);
/* One for each request. Left when the client goes before its answer is there, and when the answer is there. */
PeerupCaller *peerup_http_request_get_caller (PeerupHttpRequest *self);
PeerupControl *peerup_http_request_get_control (PeerupHttpRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHttpRequest, peerup_http_request_unref)

/* An answer, which does not change once it is made; counted. */
typedef struct _PeerupHttpResponse PeerupHttpResponse;

#define PEERUP_TYPE_HTTP_RESPONSE (peerup_http_response_get_type ())
GType peerup_http_response_get_type (void);

#define PEERUP_HTTP_JSON "application/json"
#define PEERUP_HTTP_TEXT "text/plain; charset=utf-8"

/* @content_type: a string that lives for ever. @body: consumed. */
PeerupHttpResponse *
peerup_http_response_new (guint status, const char *content_type, GBytes *body) G_GNUC_WARN_UNUSED_RESULT;
/* @text: consumed; JSON or text, to its NUL. */
PeerupHttpResponse *
peerup_http_response_new_take (guint status, const char *content_type, char *text) G_GNUC_WARN_UNUSED_RESULT;
/* {"data": X} and a newline, status 200: @data is consumed if floating. As peerup_json_append_variant() has it. */
PeerupHttpResponse *peerup_http_response_new_data (GVariant *data) G_GNUC_WARN_UNUSED_RESULT;
/* {"error": "text"} and a newline. */
PeerupHttpResponse *peerup_http_response_new_error (guint status, const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* The same with the status for @error, see peerup_http_status_for_error(). */
PeerupHttpResponse *peerup_http_response_new_for_error (const GError *error) G_GNUC_WARN_UNUSED_RESULT;
/* A future that is resolved to @self, which is consumed. */
DexFuture *peerup_http_response_to_future (PeerupHttpResponse *self) G_GNUC_WARN_UNUSED_RESULT;
PeerupHttpResponse *peerup_http_response_ref (PeerupHttpResponse *self);
void peerup_http_response_unref (PeerupHttpResponse *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHttpResponse, peerup_http_response_unref)

guint peerup_http_status_for_error (const GError *error);

/* Answers one request: resolves to a PEERUP_TYPE_HTTP_RESPONSE, or rejects with an error, which becomes an answer by
 * peerup_http_response_new_for_error(). Called from the main loop, not in a fiber. The future is kept until it is
 * settled, also where the client has gone: then the request's caller is left, and what it waits for should end. */
typedef DexFuture *(*PeerupHttpHandler) (PeerupHttpRequest *request, gpointer data);

typedef struct
{
  const char *method; /* "GET", "POST", "PUT", "DELETE" */
  const char *path;   /* "/v1/auth/{peer_id}": a name in braces stands for one whole segment */
  PeerupHttpHandler handler;
} PeerupHttpRoute;

G_END_DECLS
