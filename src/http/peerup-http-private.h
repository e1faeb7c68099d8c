/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "http/peerup-http-reader.h"
#include "http/peerup-http-routes.h"
#include "http/peerup-http-server.h"

G_BEGIN_DECLS

/* The path and queries of a request, decoded; before it is known what they mean. */
typedef struct _PeerupHttpRouter PeerupHttpRouter;

PeerupHttpRouter *peerup_http_router_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_http_router_free (PeerupHttpRouter *self);
/* @method, @path: copied. @is_added: it is none of the server itself. An earlier one of the same method and pattern
 * hides it; returns whether none does. */
gboolean peerup_http_router_add (PeerupHttpRouter *self, const char *method, const char *path,
                                 PeerupHttpHandler handler, gpointer data, gboolean is_added);
/* For each that was added, in order. */
void
peerup_http_router_foreach_added (PeerupHttpRouter *self,
                                  void (*func) (const char *method, const char *path, gpointer data), gpointer data);
/* Whether @method at exactly this pattern is there. */
gboolean peerup_http_router_has (PeerupHttpRouter *self, const char *method, const char *path);

/**
 * peerup_http_router_route:
 * @reader: with a whole request, whose body is taken
 * @handler: (out): what to call with what is returned
 *
 * Errors come as @refusal (transfer full): 400 for what cannot be decoded, 404, and 405 with the methods that there
 * are.
 */
PeerupHttpRequest *
peerup_http_router_route (PeerupHttpRouter *self, PeerupHttpReader *reader, PeerupHttpHandler *handler, gpointer *data,
                          PeerupHttpResponse **refusal) G_GNUC_WARN_UNUSED_RESULT;
/* Until then it has neither. @caller and @control are referenced. */
void peerup_http_request_set_up (PeerupHttpRequest *self, PeerupControl *control, PeerupCaller *caller);
/* (nullable): of an event stream's client. */
const char *peerup_http_request_get_last_event_id (PeerupHttpRequest *self);

struct _PeerupHttpResponse
{
  gatomicrefcount ref_count;
  guint status;
  const char *content_type;
  GBytes *body;
  char *allow;        /* (nullable): of a 405 */
  gboolean is_stream; /* an event stream follows, and @last_event_id is what its client has had */
  char *last_event_id;
};

/* What the server's events are to be written to. */
PeerupHttpResponse *peerup_http_response_new_stream (const char *last_event_id) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): an answer's bytes before its body. */
GString *peerup_http_response_format_head (const PeerupHttpResponse *self, gboolean close) G_GNUC_WARN_UNUSED_RESULT;

#define PEERUP_HTTP_EVENTS_PATH  "/v1/events"
#define PEERUP_HTTP_OPENAPI_PATH "/v1/openapi.json"

/* Operations: routes for all of peerup-operations.h but those that are hidden, the properties at the interface's own,
 * and the description of all. */
void peerup_http_operations_add (PeerupHttpRouter *router);
/* (transfer full): the tuple of @operation's arguments that @request gives, floating. MALFORMED. */
GVariant *peerup_http_operation_read (const PeerupOperation *operation, PeerupHttpRequest *request,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): of the tuple that an operation gave: the one value, or an object of all by name, or "mv" nothing. */
GVariant *
peerup_http_operation_name_results (const PeerupOperation *operation, GVariant *results) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): arguments by their names, a{sv}. */
GVariant *peerup_http_name_arguments (GDBusArgInfo **infos, GVariant *arguments) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): OpenAPI 3.1, JSON. @router: (nullable): whose added routes are described, too. */
char *peerup_http_openapi_new (PeerupHttpRouter *router) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): a value for people. */
char *peerup_http_text_new (GVariant *value) G_GNUC_WARN_UNUSED_RESULT;

/* The token, in its file */
#define PEERUP_HTTP_COOKIE_LENGTH 64

/* Fills @token with random hexadecimal digits. */
gboolean peerup_http_cookie_make (char token[PEERUP_HTTP_COOKIE_LENGTH + 1], GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* EXISTS, PERMISSION: something that is no file of ours has the name. */
gboolean peerup_http_cookie_write (const char *path, const char *token, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In a time that tells nothing of @token. */
gboolean peerup_http_cookie_matches (const char *token, const char *authorization);

G_END_DECLS
