/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One request of the original's API, from its body to its refusal. All that is known of the engine comes by
 * peerup_control_invoke(), as the request's caller; when that leaves, what is awaited is rejected and the fiber ends.
 */
#include "http/peerup-http-original-request.h"

#include "http/peerup-http-json.h"
#include "http/peerup-http-original-text.h"
#include "transport/peerup-fiber.h"

struct _PeerupHttpOriginal
{
  PeerupHttpRequest *request;
  PeerupHttpOriginalFunc func;
  PeerupJson *body; /* (nullable): until something is read of it */
  PeerupHttpResponse *refusal;
};

static void
original_free (gpointer data)
{
  PeerupHttpOriginal *self = data;

  peerup_http_request_unref (self->request);
  g_clear_pointer (&self->body, peerup_json_free);
  g_clear_pointer (&self->refusal, peerup_http_response_unref);
  g_free (self);
}

static DexFuture *
run (gpointer data)
{
  PeerupHttpOriginal *self = data;
  PeerupHttpResponse *response = NULL;

  self->func (self, &response);
  if (response == NULL)
    response = g_steal_pointer (&self->refusal);
  g_assert (response != NULL);
  return peerup_http_response_to_future (response);
}

DexFuture *
peerup_http_original_run (PeerupHttpRequest *request, PeerupHttpOriginalFunc func)
{
  PeerupHttpOriginal *self = g_new0 (PeerupHttpOriginal, 1);

  self->request = peerup_http_request_ref (request);
  self->func = func;
  return peerup_fiber_spawn (run, self, original_free);
}

PeerupHttpRequest *
peerup_http_original_get_request (PeerupHttpOriginal *self)
{
  return self->request;
}

/* Refusing */

gboolean
peerup_http_original_refuse (PeerupHttpOriginal *self, guint status, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_clear_pointer (&self->refusal, peerup_http_response_unref);
  self->refusal = peerup_http_response_new_error (status, text);
  return FALSE;
}

guint
peerup_http_original_status_of (const GError *error)
{
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS))
    return 400;
  if (error->domain != PEERUP_ERROR)
    return 500;
  switch ((PeerupError) error->code)
    {
    case PEERUP_ERROR_MALFORMED:
    case PEERUP_ERROR_TOO_LARGE:
    case PEERUP_ERROR_UNSUPPORTED:
    case PEERUP_ERROR_EXISTS:
    case PEERUP_ERROR_DENIED:
      return 400;
    case PEERUP_ERROR_NOT_FOUND:
      return 404;
    case PEERUP_ERROR_WRONG_PEER:
    case PEERUP_ERROR_GATED:
    case PEERUP_ERROR_NEGOTIATION:
    case PEERUP_ERROR_PROTOCOL:
    case PEERUP_ERROR_RESET:
    case PEERUP_ERROR_TIMEOUT:
    case PEERUP_ERROR_UNREACHABLE:
      return 502;
    case PEERUP_ERROR_CRYPTO:
    case PEERUP_ERROR_CLOSED:
    case PEERUP_ERROR_LIMIT:
    case PEERUP_ERROR_PERMISSION:
    case PEERUP_ERROR_CONFIG:
    default:
      return 500;
    }
}

gboolean
peerup_http_original_refuse_error (PeerupHttpOriginal *self, guint status, const GError *error)
{
  return peerup_http_original_refuse (self, status != 0 ? status : peerup_http_original_status_of (error), "%s",
                                      error->message);
}

/* Reading */

static gboolean
parse_body (PeerupHttpOriginal *self)
{
  g_autoptr (GError) error = NULL;
  gsize length;
  const char *text = g_bytes_get_data (peerup_http_request_get_body (self->request), &length);

  if (self->body != NULL)
    return TRUE;
  self->body = peerup_json_parse (text != NULL ? text : "", length, &error);
  if (self->body == NULL)
    return peerup_http_original_refuse (self, 400, "invalid request body: %s", error->message);
  if (peerup_json_get_type (self->body) != PEERUP_JSON_OBJECT)
    return peerup_http_original_refuse (self, 400, "invalid request body: it is no JSON object");
  return TRUE;
}

/* NULL where there is none, or it is null. */
static const PeerupJson *
find_member (PeerupHttpOriginal *self, const char *name)
{
  const PeerupJson *member = peerup_json_get_member (self->body, name);

  return member != NULL && peerup_json_get_type (member) != PEERUP_JSON_NULL ? member : NULL;
}

gboolean
peerup_http_original_read_text (PeerupHttpOriginal *self, const char *member, const char **text)
{
  const PeerupJson *value;

  *text = "";
  if (!parse_body (self))
    return FALSE;
  value = find_member (self, member);
  if (value == NULL)
    return TRUE;
  if (peerup_json_get_type (value) != PEERUP_JSON_STRING)
    return peerup_http_original_refuse (self, 400, "invalid request body: %s must be a string", member);
  *text = peerup_json_get_text (value);
  return TRUE;
}

gboolean
peerup_http_original_read_number (PeerupHttpOriginal *self, const char *member, gint64 min, gint64 max, gint64 *number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) read = NULL;
  const PeerupJson *value;
  gint64 found;

  if (!parse_body (self))
    return FALSE;
  value = find_member (self, member);
  if (value == NULL)
    return TRUE;
  read = peerup_json_to_variant (value, G_VARIANT_TYPE_INT64, member, &error);
  if (read == NULL)
    return peerup_http_original_refuse (self, 400, "invalid request body: %s", error->message);
  g_variant_ref_sink (read);
  found = g_variant_get_int64 (read);
  if (found == 0)
    return TRUE;
  if (found < min || found > max)
    return peerup_http_original_refuse (self, 400,
                                        "%s is %" G_GINT64_FORMAT ", but must be from %" G_GINT64_FORMAT
                                        " to %" G_GINT64_FORMAT,
                                        member, found, min, max);
  *number = found;
  return TRUE;
}

/* Asking */

typedef struct
{
  PeerupHttpRequest *request;
  const PeerupOperation *operation;
  GVariant *parameters;
  DexPromise *promise;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  peerup_http_request_unref (question->request);
  g_variant_unref (question->parameters);
  dex_unref (question->promise);
  g_free (question);
}

static DexFuture *
pass_on (DexFuture *answer, gpointer data)
{
  DexPromise *promise = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (answer, &error);

  if (value != NULL)
    dex_promise_resolve (promise, value);
  else
    dex_promise_reject (promise, g_steal_pointer (&error));
  return dex_future_new_true ();
}

static gboolean
invoke (gpointer data)
{
  const Question *question = data;
  DexFuture *answer = peerup_control_invoke (peerup_http_request_get_control (question->request),
                                             peerup_http_request_get_caller (question->request), question->operation,
                                             question->parameters);

  /* The answer goes to the promise, for which the fiber waits. */
  dex_future_disown (dex_future_finally (answer, pass_on, dex_ref (question->promise), dex_unref));
  return G_SOURCE_REMOVE;
}

/* Operations begin in the main loop: a fiber's stack is small, and not made for what they call. */
static DexFuture *
invoke_from_loop (Question *question)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) source = g_idle_source_new ();
  DexFuture *promise = dex_ref (DEX_FUTURE (question->promise));

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] original's question");
  g_source_set_callback (source, invoke, question, question_free);
  g_source_attach (source, context);
  return promise;
}

GVariant *
peerup_http_original_ask (PeerupHttpOriginal *self, const char *operation, GVariant *parameters, GError **error)
{
  Question *question = g_new (Question, 1);

  question->request = peerup_http_request_ref (self->request);
  question->operation = peerup_operations_find (operation);
  question->parameters = g_variant_ref_sink (parameters != NULL ? parameters : g_variant_new ("()"));
  question->promise = dex_promise_new ();
  g_assert (question->operation != NULL);
  return dex_await_variant (invoke_from_loop (question), error);
}

GVariant *
peerup_http_original_get (PeerupHttpOriginal *self, const char *operation, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = peerup_http_original_ask (self, operation, parameters, &error);

  if (tuple != NULL)
    return g_variant_get_child_value (tuple, 0);
  peerup_http_original_refuse_error (self, MAX (peerup_http_original_status_of (error), 500), error);
  return NULL;
}

static gboolean
refuse_peer (PeerupHttpOriginal *self, guint status, const char *what, const char *peer, const GError *error)
{
  g_autofree char *quoted = peerup_http_original_quote (peer);

  return peerup_http_original_refuse (self, status, "cannot %s peer %s: %s", what, quoted, error->message);
}

gboolean
peerup_http_original_reach_peer (PeerupHttpOriginal *self, const char *peer, char **peer_id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) resolved = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) connected = NULL;

  resolved = peerup_http_original_ask (self, "Resolve", g_variant_new ("(s)", peer), &error);
  if (resolved == NULL)
    return refuse_peer (self, 400, "resolve", peer, error);
  answer = g_variant_get_child_value (resolved, 0);
  connected = peerup_http_original_ask (self, "Connect", g_variant_new ("(s)", peer), &error);
  if (connected == NULL)
    return refuse_peer (self, 502, "reach", peer, error);
  *peer_id = NULL;
  g_variant_lookup (answer, "peer_id", "s", peer_id);
  return *peer_id != NULL ? TRUE : peerup_http_original_refuse (self, 500, "the engine did not say who %s is", peer);
}
