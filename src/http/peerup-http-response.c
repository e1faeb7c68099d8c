/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Answers: what they consist of, which status an error has, and the bytes before a body.
 */
#include "http/peerup-http-private.h"

#include <string.h>

#include "http/peerup-http-json.h"

G_DEFINE_BOXED_TYPE (PeerupHttpResponse, peerup_http_response, peerup_http_response_ref, peerup_http_response_unref)

PeerupHttpResponse *
peerup_http_response_ref (PeerupHttpResponse *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_http_response_unref (PeerupHttpResponse *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_bytes_unref (self->body);
  g_free (self->allow);
  g_free (self->last_event_id);
  g_free (self);
}

PeerupHttpResponse *
peerup_http_response_new (guint status, const char *content_type, GBytes *body)
{
  PeerupHttpResponse *self = g_new0 (PeerupHttpResponse, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->status = status;
  self->content_type = content_type;
  self->body = body;
  return self;
}

PeerupHttpResponse *
peerup_http_response_new_take (guint status, const char *content_type, char *text)
{
  return peerup_http_response_new (status, content_type, g_bytes_new_take (text, strlen (text)));
}

PeerupHttpResponse *
peerup_http_response_new_data (GVariant *data)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (data);
  GString *text = g_string_new ("{\"data\":");

  peerup_json_append_variant (text, sunk);
  g_string_append (text, "}\n");
  return peerup_http_response_new (200, PEERUP_HTTP_JSON, g_string_free_to_bytes (text));
}

PeerupHttpResponse *
peerup_http_response_new_error (guint status, const char *text)
{
  GString *json = g_string_new ("{\"error\":");
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  peerup_json_append_string (json, valid);
  g_string_append (json, "}\n");
  return peerup_http_response_new (status, PEERUP_HTTP_JSON, g_string_free_to_bytes (json));
}

PeerupHttpResponse *
peerup_http_response_new_for_error (const GError *error)
{
  g_autoptr (GError) copy = g_error_copy (error);

  g_dbus_error_strip_remote_error (copy);
  return peerup_http_response_new_error (peerup_http_status_for_error (copy), copy->message);
}

PeerupHttpResponse *
peerup_http_response_new_stream (const char *last_event_id)
{
  PeerupHttpResponse *self = peerup_http_response_new (200, "text/event-stream", g_bytes_new (NULL, 0));

  self->is_stream = TRUE;
  self->last_event_id = g_strdup (last_event_id);
  return self;
}

DexFuture *
peerup_http_response_to_future (PeerupHttpResponse *self)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, PEERUP_TYPE_HTTP_RESPONSE);
  g_value_take_boxed (&value, self);
  return dex_future_new_for_value (&value);
}

static guint
status_for_peerup_error (PeerupError code)
{
  switch (code)
    {
    case PEERUP_ERROR_MALFORMED:
    case PEERUP_ERROR_CONFIG:
      return 400;
    case PEERUP_ERROR_PERMISSION:
    case PEERUP_ERROR_DENIED:
    case PEERUP_ERROR_GATED:
      return 403;
    case PEERUP_ERROR_NOT_FOUND:
      return 404;
    case PEERUP_ERROR_EXISTS:
      return 409;
    case PEERUP_ERROR_TOO_LARGE:
      return 413;
    case PEERUP_ERROR_LIMIT:
      return 429;
    case PEERUP_ERROR_UNSUPPORTED:
      return 501;
    /* The engine does not run, or ends. */
    case PEERUP_ERROR_CLOSED:
      return 503;
    /* The far side is what fails. */
    case PEERUP_ERROR_CRYPTO:
    case PEERUP_ERROR_WRONG_PEER:
    case PEERUP_ERROR_NEGOTIATION:
    case PEERUP_ERROR_PROTOCOL:
    case PEERUP_ERROR_RESET:
    case PEERUP_ERROR_UNREACHABLE:
      return 502;
    case PEERUP_ERROR_TIMEOUT:
      return 504;
    default:
      return 500;
    }
}

guint
peerup_http_status_for_error (const GError *error)
{
  if (error->domain == PEERUP_ERROR)
    return status_for_peerup_error (error->code);
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS))
    return 400;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return 504;
  return 500;
}

static const char *
reason_phrase (guint status)
{
  static const struct
  {
    guint status;
    const char *phrase;
  } phrases[] = {
    { 200, "OK" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 413, "Content Too Large" },
    { 417, "Expectation Failed" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 502, "Bad Gateway" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (phrases); i++)
    if (phrases[i].status == status)
      return phrases[i].phrase;
  return status < 400 ? "Success" : "Error";
}

GString *
peerup_http_response_format_head (const PeerupHttpResponse *self, gboolean close)
{
  GString *head = g_string_new (NULL);

  g_string_append_printf (head, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n", self->status, reason_phrase (self->status),
                          self->content_type);
  if (!self->is_stream)
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n", g_bytes_get_size (self->body));
  if (self->allow != NULL)
    g_string_append_printf (head, "Allow: %s\r\n", self->allow);
  if (self->status == 401)
    g_string_append (head, "WWW-Authenticate: Bearer\r\n");
  g_string_append (head, "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
  if (close || self->is_stream)
    g_string_append (head, "Connection: close\r\n");
  g_string_append (head, "\r\n");
  return head;
}
