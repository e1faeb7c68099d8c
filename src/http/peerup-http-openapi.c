/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The OpenAPI description of the operations, made from what declares them: paths, arguments, and what data/dbus/ says
 * of each. Dictionaries of the interface (a{sv}) are objects with any members here; which ones, the text says.
 */
#include "http/peerup-http-private.h"

#include <string.h>

#include "http/peerup-http-json.h"
#include "peerup-config.h"

#define DOC "org.gtk.GDBus.DocString"

/* An object under construction. */
typedef GVariantBuilder Object;

static void
object_init (Object *self)
{
  g_variant_builder_init (self, G_VARIANT_TYPE_VARDICT);
}

static void
add (Object *self, const char *name, GVariant *value)
{
  g_variant_builder_add (self, "{sv}", name, value);
}

static void
add_text (Object *self, const char *name, const char *text)
{
  if (text != NULL && *text != '\0')
    add (self, name, g_variant_new_string (text));
}

static GVariant *
object_end (Object *self)
{
  return g_variant_builder_end (self);
}

/* Types */

static GVariant *
schema_named (const char *type)
{
  Object schema;

  object_init (&schema);
  add_text (&schema, "type", type);
  return object_end (&schema);
}

static GVariant *
schema_integer (const char *format, GVariant *minimum, GVariant *maximum)
{
  Object schema;

  object_init (&schema);
  add_text (&schema, "type", "integer");
  add_text (&schema, "format", format);
  add (&schema, "minimum", minimum);
  add (&schema, "maximum", maximum);
  return object_end (&schema);
}

static GVariant *schema_of (const GVariantType *type);

static GVariant *
schema_container (const GVariantType *type)
{
  Object schema;

  object_init (&schema);
  if (g_variant_type_is_subtype_of (type, G_VARIANT_TYPE ("a{s*}")))
    {
      const GVariantType *value = g_variant_type_value (g_variant_type_element (type));

      add_text (&schema, "type", "object");
      if (!g_variant_type_is_variant (value))
        add (&schema, "additionalProperties", schema_of (value));
    }
  else
    {
      add_text (&schema, "type", "array");
      if (g_variant_type_is_array (type))
        add (&schema, "items", schema_of (g_variant_type_element (type)));
    }
  return object_end (&schema);
}

static GVariant *
schema_of (const GVariantType *type)
{
  switch (*g_variant_type_peek_string (type))
    {
    case 's':
    case 'o':
    case 'g':
      return schema_named ("string");
    case 'b':
      return schema_named ("boolean");
    case 'y':
      return schema_integer ("uint8", g_variant_new_uint32 (0), g_variant_new_uint32 (G_MAXUINT8));
    case 'n':
      return schema_integer ("int16", g_variant_new_int32 (G_MININT16), g_variant_new_int32 (G_MAXINT16));
    case 'q':
      return schema_integer ("uint16", g_variant_new_uint32 (0), g_variant_new_uint32 (G_MAXUINT16));
    case 'i':
      return schema_integer ("int32", g_variant_new_int32 (G_MININT32), g_variant_new_int32 (G_MAXINT32));
    case 'u':
      return schema_integer ("uint32", g_variant_new_uint32 (0), g_variant_new_uint32 (G_MAXUINT32));
    case 'x':
      return schema_integer ("int64", g_variant_new_int64 (G_MININT64), g_variant_new_int64 (G_MAXINT64));
    case 't':
      return schema_integer ("uint64", g_variant_new_uint64 (0), g_variant_new_uint64 (G_MAXUINT64));
    case 'd':
      return schema_named ("number");
    case 'v':
      return schema_named (NULL);
    default:
      return schema_container (type);
    }
}

/* With what the description says of it. */
static GVariant *
schema_of_argument (const GDBusArgInfo *arg)
{
  g_autoptr (GVariant) schema = g_variant_ref_sink (schema_of (G_VARIANT_TYPE (arg->signature)));
  g_auto (GVariantDict) with_doc = G_VARIANT_DICT_INIT (schema);
  const char *doc = g_dbus_annotation_info_lookup (arg->annotations, DOC);

  if (doc != NULL && *doc != '\0')
    g_variant_dict_insert (&with_doc, "description", "s", doc);
  return g_variant_dict_end (&with_doc);
}

static GVariant *
schema_of_arguments (GDBusArgInfo **args)
{
  Object schema, properties;
  GVariantBuilder required = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  object_init (&schema);
  object_init (&properties);
  for (guint i = 0; args[i] != NULL; i++)
    {
      add (&properties, args[i]->name, schema_of_argument (args[i]));
      if (!g_str_equal (args[i]->signature, "a{sv}"))
        g_variant_builder_add (&required, "s", args[i]->name);
    }
  add_text (&schema, "type", "object");
  add (&schema, "properties", object_end (&properties));
  add (&schema, "required", g_variant_builder_end (&required));
  return object_end (&schema);
}

/* Parts of an operation */

static gboolean
is_by_query (const PeerupOperation *operation)
{
  return g_str_equal (operation->http_method, "GET") || g_str_equal (operation->http_method, "DELETE");
}

static gboolean
is_in_path (const PeerupOperation *operation, const char *name)
{
  g_autofree char *braced = g_strdup_printf ("{%s}", name);

  return strstr (operation->http_path, braced) != NULL;
}

static GVariant *
parameter_new (const GDBusArgInfo *arg, gboolean in_path)
{
  Object parameter;

  object_init (&parameter);
  add_text (&parameter, "name", arg->name);
  add_text (&parameter, "in", in_path ? "path" : "query");
  add_text (&parameter, "description", g_dbus_annotation_info_lookup (arg->annotations, DOC));
  add (&parameter, "required",
       g_variant_new_boolean (in_path ||
                              (!g_str_equal (arg->signature, "s") && !g_str_equal (arg->signature, "a{sv}"))));
  add (&parameter, "schema", schema_of (G_VARIANT_TYPE (arg->signature)));
  return object_end (&parameter);
}

static void
add_format (GVariantBuilder *parameters)
{
  Object parameter;

  object_init (&parameter);
  add_text (&parameter, "$ref", "#/components/parameters/format");
  g_variant_builder_add_value (parameters, object_end (&parameter));
}

/* {"application/json": {"schema": …}} */
static GVariant *
content_new (const char *type, GVariant *schema)
{
  Object content, media;

  object_init (&content);
  object_init (&media);
  add (&media, "schema", schema);
  add (&content, type, object_end (&media));
  return object_end (&content);
}

static void
add_arguments (Object *self, const PeerupOperation *operation)
{
  GVariantBuilder parameters = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) members = g_ptr_array_new ();

  for (guint i = 0; operation->info->in_args != NULL && operation->info->in_args[i] != NULL; i++)
    {
      GDBusArgInfo *arg = operation->info->in_args[i];

      if (is_in_path (operation, arg->name) || is_by_query (operation))
        g_variant_builder_add_value (&parameters, parameter_new (arg, is_in_path (operation, arg->name)));
      else
        g_ptr_array_add (members, arg);
    }
  add_format (&parameters);
  add (self, "parameters", g_variant_builder_end (&parameters));
  if (members->len > 0)
    {
      Object body;

      g_ptr_array_add (members, NULL);
      object_init (&body);
      add (&body, "content", content_new (PEERUP_HTTP_JSON, schema_of_arguments ((GDBusArgInfo **) members->pdata)));
      add (self, "requestBody", object_end (&body));
    }
}

/* Of X in {"data": X}. */
static GVariant *
schema_of_results (GDBusArgInfo **args)
{
  if (args == NULL || args[0] == NULL)
    return schema_named ("null");
  return args[1] == NULL ? schema_of_argument (args[0]) : schema_of_arguments (args);
}

static GVariant *
envelope_new (GVariant *data)
{
  Object schema, properties;
  const char *const required[] = { "data", NULL };

  object_init (&schema);
  object_init (&properties);
  add (&properties, "data", data);
  add_text (&schema, "type", "object");
  add (&schema, "properties", object_end (&properties));
  add (&schema, "required", g_variant_new_strv (required, -1));
  return object_end (&schema);
}

static GVariant *
responses_new (GVariant *content, const char *description)
{
  Object responses, success, error;

  object_init (&responses);
  object_init (&success);
  object_init (&error);
  add_text (&success, "description", description);
  add (&success, "content", content);
  add (&responses, "200", object_end (&success));
  add_text (&error, "$ref", "#/components/responses/error");
  add (&responses, "default", object_end (&error));
  return object_end (&responses);
}

/* Up to the end of its first sentence. (transfer full) */
static char *
summary_of (const char *doc)
{
  const char *end = strstr (doc, ". ");
  const char *line = strchr (doc, '\n');
  gsize length = end != NULL ? (gsize) (end - doc) : strlen (doc);

  if (line != NULL && (gsize) (line - doc) < length)
    length = (gsize) (line - doc);
  if (length > 0 && doc[length - 1] == '.')
    length--;
  return g_strndup (doc, length);
}

static GVariant *
operation_new (const PeerupOperation *operation)
{
  const char *doc = operation->doc != NULL ? operation->doc : "";
  g_autofree char *summary = summary_of (doc);
  Object object;

  object_init (&object);
  add_text (&object, "operationId", operation->name);
  add_text (&object, "summary", summary);
  add_text (&object, "description", doc);
  add_arguments (&object, operation);
  add (&object, "responses",
       responses_new (content_new (PEERUP_HTTP_JSON, envelope_new (schema_of_results (operation->info->out_args))),
                      "It is done."));
  return object_end (&object);
}

/* What is no operation */

static GVariant *
plain_operation_new (const char *id, const char *summary, const char *description, GVariant *content)
{
  Object object;

  object_init (&object);
  add_text (&object, "operationId", id);
  add_text (&object, "summary", summary);
  add_text (&object, "description", description);
  add (&object, "responses", responses_new (content, "The answer."));
  return object_end (&object);
}

/* One method at one path. */
typedef struct
{
  char *path;
  char *method;
  GVariant *operation;
} Item;

static void
item_free (gpointer data)
{
  Item *self = data;

  g_free (self->path);
  g_free (self->method);
  g_variant_unref (self->operation);
  g_free (self);
}

static void
add_item (GPtrArray *items, const char *path, const char *method, GVariant *operation)
{
  Item *self = g_new0 (Item, 1);

  self->path = g_strdup (path);
  self->method = g_ascii_strdown (method, -1);
  self->operation = g_variant_ref_sink (operation);
  g_ptr_array_add (items, self);
}

static void
add_plain (GPtrArray *items, const char *path, const char *id, const char *summary, const char *description,
           GVariant *content)
{
  add_item (items, path, "get", plain_operation_new (id, summary, description, content));
}

/* (transfer full): what can come on the stream. */
static char *
describe_events (void)
{
  GDBusInterfaceInfo *info =
    g_dbus_node_info_lookup_interface (peerup_operations_get_node (), PEERUP_CONTROL_INTERFACE);
  GString *text =
    g_string_new ("Server-sent events. Each has as its data an object on one line. After a break, send "
                  "the last ID as Last-Event-ID: what came since follows, or an event Lost where that is "
                  "no longer known: then ask for the lists anew. PropertyChanged has a member of the name "
                  "of the property.");

  for (guint i = 0; info != NULL && info->signals != NULL && info->signals[i] != NULL; i++)
    {
      const char *doc = g_dbus_annotation_info_lookup (info->signals[i]->annotations, DOC);

      g_string_append_printf (text, "\n\n%s", info->signals[i]->name);
      for (guint j = 0; info->signals[i]->args != NULL && info->signals[i]->args[j] != NULL; j++)
        g_string_append_printf (text, "%s%s", j == 0 ? ": " : ", ", info->signals[i]->args[j]->name);
      g_string_append_printf (text, ".%s%s", doc != NULL ? " " : "", doc != NULL ? doc : "");
    }
  return g_string_free (text, FALSE);
}

static GVariant *
properties_schema (const GDBusInterfaceInfo *info)
{
  Object schema, properties;

  object_init (&schema);
  object_init (&properties);
  for (guint i = 0; info->properties != NULL && info->properties[i] != NULL; i++)
    {
      g_autoptr (GVariant) type = g_variant_ref_sink (schema_of (G_VARIANT_TYPE (info->properties[i]->signature)));
      g_auto (GVariantDict) with_doc = G_VARIANT_DICT_INIT (type);
      const char *doc = g_dbus_annotation_info_lookup (info->properties[i]->annotations, DOC);

      if (doc != NULL && *doc != '\0')
        g_variant_dict_insert (&with_doc, "description", "s", doc);
      add (&properties, info->properties[i]->name, g_variant_dict_end (&with_doc));
    }
  add_text (&schema, "type", "object");
  add (&schema, "properties", object_end (&properties));
  return object_end (&schema);
}

static void
add_own_paths (GPtrArray *items)
{
  GDBusInterfaceInfo *info =
    g_dbus_node_info_lookup_interface (peerup_operations_get_node (), PEERUP_CONTROL_INTERFACE);
  const char *http = info != NULL ? g_dbus_annotation_info_lookup (info->annotations, PEERUP_OPERATION_HTTP) : NULL;
  g_autofree char *events = describe_events ();

  if (http != NULL)
    add_plain (items, strchr (http, ' ') + 1, "GetProperties", "The properties of the engine", NULL,
               content_new (PEERUP_HTTP_JSON, envelope_new (properties_schema (info))));
  add_plain (items, PEERUP_HTTP_EVENTS_PATH, "FollowEvents", "The signals of the engine, as they come", events,
             content_new ("text/event-stream", schema_named ("string")));
  add_plain (items, PEERUP_HTTP_OPENAPI_PATH, "GetDescription", "This description", NULL,
             content_new (PEERUP_HTTP_JSON, schema_named ("object")));
}

/* Routes that somebody has added */

static GVariant *
path_parameters_new (const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  GVariantBuilder parameters = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; segments[i] != NULL; i++)
    {
      g_autofree char *name = segments[i][0] == '{' ? g_strndup (segments[i] + 1, strlen (segments[i]) - 2) : NULL;
      Object parameter;

      if (name == NULL)
        continue;
      object_init (&parameter);
      add_text (&parameter, "name", name);
      add_text (&parameter, "in", "path");
      add (&parameter, "required", g_variant_new_boolean (TRUE));
      add (&parameter, "schema", schema_named ("string"));
      g_variant_builder_add_value (&parameters, object_end (&parameter));
    }
  add_format (&parameters);
  return g_variant_builder_end (&parameters);
}

static void
add_route (const char *method, const char *path, gpointer data)
{
  g_autofree char *id = g_strdup_printf ("%s %s", method, path);
  Object object, body;

  object_init (&object);
  add_text (&object, "operationId", g_strdelimit (id, " /{}", '_'));
  add_text (&object, "summary", "As the original has it");
  add_text (&object, "description", "For scripts of the original, which find the members that they know.");
  add (&object, "parameters", path_parameters_new (path));
  if (g_str_equal (method, "POST"))
    {
      object_init (&body);
      add (&body, "content", content_new (PEERUP_HTTP_JSON, schema_named ("object")));
      add (&object, "requestBody", object_end (&body));
    }
  add (&object, "responses",
       responses_new (content_new (PEERUP_HTTP_JSON, envelope_new (schema_named (NULL))), "It is done."));
  add_item (data, path, method, object_end (&object));
}

/* The whole */

static GVariant *
paths_of (GPtrArray *items)
{
  Object paths;

  object_init (&paths);
  for (guint i = 0; i < items->len; i++)
    {
      const Item *first = g_ptr_array_index (items, i);
      gboolean is_first = TRUE;
      Object methods;

      for (guint j = 0; j < i; j++)
        is_first = is_first && !g_str_equal (((Item *) g_ptr_array_index (items, j))->path, first->path);
      if (!is_first)
        continue;
      object_init (&methods);
      for (guint j = i; j < items->len; j++)
        {
          const Item *item = g_ptr_array_index (items, j);

          if (g_str_equal (item->path, first->path))
            add (&methods, item->method, item->operation);
        }
      add (&paths, first->path, object_end (&methods));
    }
  return object_end (&paths);
}

static GVariant *
paths_new (PeerupHttpRouter *router)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  for (guint i = 0; i < n; i++)
    add_item (items, operations[i].http_path, operations[i].http_method, operation_new (&operations[i]));
  add_own_paths (items);
  if (router != NULL)
    peerup_http_router_foreach_added (router, add_route, items);
  return paths_of (items);
}

/* The parts that do not change, which need no building. */
static const char components[] =
  "{'securitySchemes': <{'token': <{'type': <'http'>, 'scheme': <'bearer'>, 'description': <'The content of the file "
  "beside the socket, new at each start of the daemon.'>}>}>,"
  " 'parameters': <{'format': <{'name': <'format'>, 'in': <'query'>, 'required': <false>, 'description': <'“text” for "
  "an "
  "answer as plain text, for people; errors are JSON all the same.'>, 'schema': <{'type': <'string'>, 'enum': "
  "<['json', "
  "'text']>}>}>}>,"
  " 'responses': <{'error': <{'description': <'It failed: 400 for a request that is not right, 401 without the token, "
  "403 "
  "for what is not allowed, 404 for what is not there, 409 for what is there already, 413 and 429 for too much, 501 "
  "for "
  "what is not supported, 502 where a peer cannot be reached, 503 where the engine does not run, 504 where it does not "
  "answer.'>, 'content': "
  "<{'application/json': <{'schema': <{'type': <'object'>, 'properties': <{'error': <{'type': <'string'>, "
  "'description': "
  "<'What was wrong, for people.'>}>}>, 'required': <['error']>}>}>}>}>}>}";

static GVariant *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

char *
peerup_http_openapi_new (PeerupHttpRouter *router)
{
  g_autoptr (GVariant) parts = parsed (components);
  g_autoptr (GVariant) security = parsed ("[{'token': <@as []>}]");
  g_autoptr (GVariant) servers = parsed ("[{'url': <'http://localhost'>, 'description': <'the Unix socket of a "
                                         "configuration; the host does not matter'>}]");
  g_autoptr (GVariant) whole = NULL;
  GString *text = g_string_new (NULL);
  Object object, info;

  object_init (&object);
  object_init (&info);
  add_text (&info, "title", "Peer-Up");
  add_text (&info, "version", PEERUP_VERSION);
  add_text (&info, "description",
            "The controls of a Peer-Up engine: what D-Bus offers as " PEERUP_CONTROL_INTERFACE
            ", over HTTP/1.1 on a Unix socket.");
  add_text (&object, "openapi", "3.1.0");
  add (&object, "info", object_end (&info));
  add (&object, "servers", servers);
  add (&object, "security", security);
  add (&object, "paths", paths_new (router));
  add (&object, "components", parts);
  whole = g_variant_ref_sink (object_end (&object));
  peerup_json_append_variant (text, whole);
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}
