/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The operations as routes. An argument is in the path if the annotation names it there; the others are members of the
 * body's object, or for GET and DELETE queries. Options (a{sv}) may be left out, and text that would be a query; there
 * the absence is an empty one. What is no argument is refused, so that a misspelt name does not do something else.
 */
#include "http/peerup-http-private.h"

#include <string.h>

#include "http/peerup-http-json.h"

/* The one query that is no argument of anything. */
#define QUERY_FORMAT "format"

static gboolean
is_by_query (const PeerupOperation *operation)
{
  return g_str_equal (operation->http_method, "GET") || g_str_equal (operation->http_method, "DELETE");
}

static gboolean
is_argument (const PeerupOperation *operation, PeerupHttpRequest *request, const char *name)
{
  for (guint i = 0; operation->info->in_args != NULL && operation->info->in_args[i] != NULL; i++)
    if (g_str_equal (operation->info->in_args[i]->name, name))
      return peerup_http_request_get_parameter (request, name) == NULL;
  return FALSE;
}

static gboolean
refuse_unknown (const char *where, const char *name, GError **error)
{
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "“%s” is unknown in the %s of this request", name, where);
  return FALSE;
}

static gboolean
check_queries (const PeerupOperation *operation, PeerupHttpRequest *request, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, peerup_http_request_get_queries (request));
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_str_equal (name, QUERY_FORMAT) && (!is_by_query (operation) || !is_argument (operation, request, name)))
      return refuse_unknown ("query", name, error);
  return TRUE;
}

static gboolean
check_members (const PeerupOperation *operation, PeerupHttpRequest *request, const PeerupJson *body, GError **error)
{
  for (guint i = 0; i < peerup_json_get_length (body); i++)
    if (!is_argument (operation, request, peerup_json_get_name (body, i)))
      return refuse_unknown ("body", peerup_json_get_name (body, i), error);
  return TRUE;
}

/* (transfer full): an object; of no members where there is no body. */
static PeerupJson *
read_body (const PeerupOperation *operation, PeerupHttpRequest *request, GError **error)
{
  gsize length;
  const char *text = g_bytes_get_data (peerup_http_request_get_body (request), &length);
  g_autoptr (PeerupJson) body = NULL;

  if (length > 0 && is_by_query (operation))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   "%s takes no body here: its arguments are in the path and the query", operation->http_method);
      return NULL;
    }
  body = length > 0 ? peerup_json_parse (text, length, error) : peerup_json_parse ("{}", 2, error);
  if (body == NULL)
    return NULL;
  if (peerup_json_get_type (body) != PEERUP_JSON_OBJECT)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "the body must be a JSON object");
      return NULL;
    }
  return check_members (operation, request, body, error) ? g_steal_pointer (&body) : NULL;
}

/* Text of the path or a query: itself, or JSON where the argument is no string. */
static GVariant *
read_text (const char *text, const GDBusArgInfo *arg, GError **error)
{
  g_autoptr (PeerupJson) json = NULL;

  if (g_str_equal (arg->signature, "s"))
    return g_variant_new_string (text);
  json = peerup_json_parse (text, strlen (text), error);
  if (json == NULL)
    {
      g_prefix_error (error, "“%s” in the path or query: ", arg->name);
      return NULL;
    }
  return peerup_json_to_variant (json, G_VARIANT_TYPE (arg->signature), arg->name, error);
}

static GVariant *
read_missing (const PeerupOperation *operation, const GDBusArgInfo *arg, GError **error)
{
  if (g_str_equal (arg->signature, "a{sv}"))
    return g_variant_new ("a{sv}", NULL);
  if (g_str_equal (arg->signature, "s") && is_by_query (operation))
    return g_variant_new_string ("");
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "“%s” is missing in the %s of this request", arg->name,
               is_by_query (operation) ? "query" : "body");
  return NULL;
}

static GVariant *
read_argument (const PeerupOperation *operation, PeerupHttpRequest *request, const PeerupJson *body,
               const GDBusArgInfo *arg, GError **error)
{
  const char *text = peerup_http_request_get_parameter (request, arg->name);
  const PeerupJson *member = peerup_json_get_member (body, arg->name);

  if (text == NULL && is_by_query (operation))
    text = peerup_http_request_get_query (request, arg->name);
  if (text != NULL)
    return read_text (text, arg, error);
  if (member != NULL)
    return peerup_json_to_variant (member, G_VARIANT_TYPE (arg->signature), arg->name, error);
  return read_missing (operation, arg, error);
}

GVariant *
peerup_http_operation_read (const PeerupOperation *operation, PeerupHttpRequest *request, GError **error)
{
  g_autoptr (PeerupJson) body = NULL;
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);

  if (!check_queries (operation, request, error))
    return NULL;
  body = read_body (operation, request, error);
  if (body == NULL)
    return NULL;
  for (guint i = 0; operation->info->in_args != NULL && operation->info->in_args[i] != NULL; i++)
    {
      GVariant *value = read_argument (operation, request, body, operation->info->in_args[i], error);

      if (value == NULL)
        return NULL;
      g_variant_builder_add_value (&builder, value);
    }
  return g_variant_builder_end (&builder);
}

/* Answers */

GVariant *
peerup_http_name_arguments (GDBusArgInfo **infos, GVariant *arguments)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (guint i = 0; infos != NULL && infos[i] != NULL && i < g_variant_n_children (arguments); i++)
    {
      g_autoptr (GVariant) value = g_variant_get_child_value (arguments, i);

      g_variant_builder_add (&builder, "{sv}", infos[i]->name, value);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

GVariant *
peerup_http_operation_name_results (const PeerupOperation *operation, GVariant *results)
{
  gsize n = g_variant_n_children (results);

  if (n == 0)
    return g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL));
  return n == 1 ? g_variant_get_child_value (results, 0)
                : peerup_http_name_arguments (operation->info->out_args, results);
}

static PeerupHttpResponse *
answer (PeerupHttpRequest *request, GVariant *data)
{
  return peerup_http_request_wants_text (request)
           ? peerup_http_response_new_take (200, PEERUP_HTTP_TEXT, peerup_http_text_new (data))
           : peerup_http_response_new_data (data);
}

typedef struct
{
  const PeerupOperation *operation;
  PeerupHttpRequest *request;
} Call;

static void
call_free (gpointer data)
{
  Call *self = data;

  peerup_http_request_unref (self->request);
  g_free (self);
}

static DexFuture *
on_result (DexFuture *result, gpointer data)
{
  Call *self = data;
  const GValue *value = dex_future_get_value (result, NULL);
  g_autoptr (GVariant) named = peerup_http_operation_name_results (self->operation, g_value_get_variant (value));

  return peerup_http_response_to_future (answer (self->request, named));
}

static DexFuture *
handle_operation (PeerupHttpRequest *request, gpointer data)
{
  const PeerupOperation *operation = data;
  g_autoptr (GError) error = NULL;
  GVariant *parameters = peerup_http_operation_read (operation, request, &error);
  Call *call;

  if (parameters == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  call = g_new0 (Call, 1);
  call->operation = operation;
  call->request = peerup_http_request_ref (request);
  return dex_future_then (peerup_control_invoke (peerup_http_request_get_control (request),
                                                 peerup_http_request_get_caller (request), operation, parameters),
                          on_result, call, call_free);
}

static DexFuture *
handle_properties (PeerupHttpRequest *request, gpointer data)
{
  g_autoptr (GVariant) properties = peerup_control_dup_properties (peerup_http_request_get_control (request));

  return peerup_http_response_to_future (answer (request, properties));
}

/* "GET /v1/engine", at an interface: its properties. */
static void
add_properties (PeerupHttpRouter *router)
{
  GDBusNodeInfo *node = peerup_operations_get_node ();

  for (guint i = 0; node->interfaces != NULL && node->interfaces[i] != NULL; i++)
    {
      const char *value = g_dbus_annotation_info_lookup (node->interfaces[i]->annotations, PEERUP_OPERATION_HTTP);
      const char *space = value != NULL ? strchr (value, ' ') : NULL;
      g_autofree char *method = space != NULL ? g_strndup (value, (gsize) (space - value)) : NULL;

      if (method != NULL && g_str_equal (node->interfaces[i]->name, PEERUP_CONTROL_INTERFACE))
        peerup_http_router_add (router, method, space + 1, handle_properties, NULL, FALSE);
    }
}

void
peerup_http_operations_add (PeerupHttpRouter *router)
{
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  for (guint i = 0; i < n; i++)
    if (!peerup_http_router_add (router, operations[i].http_method, operations[i].http_path, handle_operation,
                                 (gpointer) &operations[i], FALSE))
      g_warning ("%s cannot be asked for over HTTP: another route has %s %s", operations[i].name,
                 operations[i].http_method, operations[i].http_path);
  add_properties (router);
}
