/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which handler a request is for, by its method and the segments of its path. Where two patterns fit, the one that has
 * text where the other has a name is meant. Lives as long as the server.
 */
#include "http/peerup-http-private.h"

#include <string.h>

#include "http/peerup-http-json.h"

typedef struct
{
  char *method;
  char *path;
  char **segments;
  PeerupHttpHandler handler;
  gpointer data;
  gboolean is_added;
} Entry;

struct _PeerupHttpRouter
{
  GPtrArray *entries; /* of Entry */
};

struct _PeerupHttpRequest
{
  grefcount ref_count;
  char *method;
  char *pattern;
  GHashTable *parameters;
  GHashTable *queries;
  GBytes *body;
  gboolean wants_text;
  char *last_event_id;
  PeerupCaller *caller;
  PeerupControl *control;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  g_free (self->method);
  g_free (self->path);
  g_strfreev (self->segments);
  g_free (self);
}

PeerupHttpRouter *
peerup_http_router_new (void)
{
  PeerupHttpRouter *self = g_new0 (PeerupHttpRouter, 1);

  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
peerup_http_router_free (PeerupHttpRouter *self)
{
  g_ptr_array_unref (self->entries);
  g_free (self);
}

static gboolean
is_name (const char *segment)
{
  return segment[0] == '{';
}

/* The names in braces are nothing that tells two patterns apart. */
static gboolean
same_pattern (char **a, char **b)
{
  guint i;

  for (i = 0; a[i] != NULL && b[i] != NULL; i++)
    if (is_name (a[i]) != is_name (b[i]) || (!is_name (a[i]) && !g_str_equal (a[i], b[i])))
      return FALSE;
  return a[i] == NULL && b[i] == NULL;
}

static const Entry *
find_same (PeerupHttpRouter *self, const char *method, char **segments)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (g_str_equal (entry->method, method) && same_pattern (entry->segments, segments))
        return entry;
    }
  return NULL;
}

gboolean
peerup_http_router_has (PeerupHttpRouter *self, const char *method, const char *path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);

  return find_same (self, method, segments) != NULL;
}

gboolean
peerup_http_router_add (PeerupHttpRouter *self, const char *method, const char *path, PeerupHttpHandler handler,
                        gpointer data, gboolean is_added)
{
  Entry *entry;

  g_return_val_if_fail (path[0] == '/', FALSE);

  if (peerup_http_router_has (self, method, path))
    return FALSE;
  entry = g_new0 (Entry, 1);
  entry->method = g_strdup (method);
  entry->path = g_strdup (path);
  entry->segments = g_strsplit (path, "/", -1);
  entry->handler = handler;
  entry->data = data;
  entry->is_added = is_added;
  g_ptr_array_add (self->entries, entry);
  return TRUE;
}

void
peerup_http_router_foreach_added (PeerupHttpRouter *self,
                                  void (*func) (const char *method, const char *path, gpointer data), gpointer data)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (entry->is_added)
        func (entry->method, entry->path, data);
    }
}

/* Decoding */

/* (transfer full) (nullable): UTF-8 without NUL. */
static char *
decode (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);

  return g_uri_unescape_string (copy, NULL);
}

static char *
decode_query (const char *text, gsize length)
{
  g_autofree char *copy = g_strndup (text, length);

  g_strdelimit (copy, "+", ' ');
  return g_uri_unescape_string (copy, NULL);
}

/* (transfer full) (nullable): the segments of a path, decoded. */
static char **
split_path (const char *path)
{
  g_auto (GStrv) raw = g_strsplit (path, "/", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; raw[i] != NULL; i++)
    {
      char *segment = decode (raw[i], strlen (raw[i]));

      if (segment == NULL || !g_utf8_validate (segment, -1, NULL))
        {
          g_free (segment);
          return NULL;
        }
      g_strv_builder_take (builder, segment);
    }
  return g_strv_builder_end (builder);
}

static gboolean
take_query (GHashTable *queries, const char *pair)
{
  const char *equals = strchr (pair, '=');
  gsize name_length = equals != NULL ? (gsize) (equals - pair) : strlen (pair);
  g_autofree char *name = decode_query (pair, name_length);
  g_autofree char *value = equals != NULL ? decode_query (equals + 1, strlen (equals + 1)) : g_strdup ("");

  if (name == NULL || value == NULL || *name == '\0' || !g_utf8_validate (name, -1, NULL) ||
      !g_utf8_validate (value, -1, NULL))
    return FALSE;
  return g_hash_table_insert (queries, g_steal_pointer (&name), g_steal_pointer (&value));
}

/* (transfer full) (nullable) */
static GHashTable *
split_query (const char *query)
{
  g_autoptr (GHashTable) queries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) pairs = g_strsplit (query != NULL ? query : "", "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++)
    if (*pairs[i] != '\0' && !take_query (queries, pairs[i]))
      return NULL;
  return g_steal_pointer (&queries);
}

/* Matching */

/* How many segments are text in @entry, plus one; 0 where it does not fit. */
static guint
match (const Entry *entry, char **segments)
{
  guint n = 1, i;

  for (i = 0; entry->segments[i] != NULL && segments[i] != NULL; i++)
    {
      if (is_name (entry->segments[i]) ? *segments[i] == '\0' : !g_str_equal (entry->segments[i], segments[i]))
        return 0;
      n += !is_name (entry->segments[i]);
    }
  return entry->segments[i] == NULL && segments[i] == NULL ? n : 0;
}

static const Entry *
find (PeerupHttpRouter *self, const char *method, char **segments, GString *allow)
{
  const Entry *best = NULL;
  guint best_match = 0;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      guint n = match (entry, segments);

      if (n > 0 && strstr (allow->str, entry->method) == NULL)
        g_string_append_printf (allow, "%s%s%s", allow->len > 0 ? ", " : "", entry->method,
                                g_str_equal (entry->method, "GET") ? ", HEAD" : "");
      if (n > best_match && g_str_equal (entry->method, method))
        {
          best = entry;
          best_match = n;
        }
    }
  return best;
}

static PeerupHttpRequest *
request_new (const Entry *entry, char **segments, GHashTable *queries, PeerupHttpReader *reader)
{
  PeerupHttpRequest *self = g_new0 (PeerupHttpRequest, 1);
  const char *accept = peerup_http_reader_get_field (reader, "Accept");

  g_ref_count_init (&self->ref_count);
  self->method = g_strdup (entry->method);
  self->pattern = g_strdup (entry->path);
  self->parameters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; segments[i] != NULL; i++)
    if (is_name (entry->segments[i]))
      g_hash_table_insert (self->parameters, g_strndup (entry->segments[i] + 1, strlen (entry->segments[i]) - 2),
                           g_strdup (segments[i]));
  self->queries = g_hash_table_ref (queries);
  self->body = peerup_http_reader_take_body (reader);
  self->wants_text = g_strcmp0 (g_hash_table_lookup (queries, "format"), "text") == 0 ||
                     (accept != NULL && strstr (accept, "text/plain") != NULL);
  self->last_event_id = g_strdup (peerup_http_reader_get_field (reader, "Last-Event-ID"));
  return self;
}

PeerupHttpRequest *
peerup_http_router_route (PeerupHttpRouter *self, PeerupHttpReader *reader, PeerupHttpHandler *handler, gpointer *data,
                          PeerupHttpResponse **refusal)
{
  const char *method = peerup_http_reader_get_method (reader);
  g_auto (GStrv) segments = split_path (peerup_http_reader_get_path (reader));
  g_autoptr (GHashTable) queries = split_query (peerup_http_reader_get_query (reader));
  g_autoptr (GString) allow = g_string_new (NULL);
  const Entry *entry;

  if (segments == NULL || queries == NULL)
    {
      *refusal =
        peerup_http_response_new_error (400, "the path or the query is not UTF-8, or the query has a name twice");
      return NULL;
    }
  entry = find (self, g_str_equal (method, "HEAD") ? "GET" : method, segments, allow);
  if (entry != NULL)
    {
      *handler = entry->handler;
      *data = entry->data;
      return request_new (entry, segments, queries, reader);
    }
  if (allow->len == 0)
    *refusal =
      peerup_http_response_new_error (404, "there is nothing at this path: GET /v1/openapi.json lists all paths");
  else
    {
      g_autofree char *text = g_strdup_printf ("this path is for %s", allow->str);

      *refusal = peerup_http_response_new_error (405, text);
      (*refusal)->allow = g_string_free (g_steal_pointer (&allow), FALSE);
    }
  return NULL;
}

/* Requests */

PeerupHttpRequest *
peerup_http_request_ref (PeerupHttpRequest *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_http_request_unref (PeerupHttpRequest *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  g_free (self->method);
  g_free (self->pattern);
  g_hash_table_unref (self->parameters);
  g_hash_table_unref (self->queries);
  g_bytes_unref (self->body);
  g_free (self->last_event_id);
  g_clear_object (&self->caller);
  g_clear_object (&self->control);
  g_free (self);
}

void
peerup_http_request_set_up (PeerupHttpRequest *self, PeerupControl *control, PeerupCaller *caller)
{
  g_set_object (&self->control, control);
  g_set_object (&self->caller, caller);
}

const char *
peerup_http_request_get_method (PeerupHttpRequest *self)
{
  return self->method;
}

const char *
peerup_http_request_get_pattern (PeerupHttpRequest *self)
{
  return self->pattern;
}

const char *
peerup_http_request_get_parameter (PeerupHttpRequest *self, const char *name)
{
  return g_hash_table_lookup (self->parameters, name);
}

const char *
peerup_http_request_get_query (PeerupHttpRequest *self, const char *name)
{
  return g_hash_table_lookup (self->queries, name);
}

GHashTable *
peerup_http_request_get_queries (PeerupHttpRequest *self)
{
  return self->queries;
}

GBytes *
peerup_http_request_get_body (PeerupHttpRequest *self)
{
  return self->body;
}

gboolean
peerup_http_request_wants_text (PeerupHttpRequest *self)
{
  return self->wants_text;
}

const char *
peerup_http_request_get_last_event_id (PeerupHttpRequest *self)
{
  return self->last_event_id;
}

PeerupCaller *
peerup_http_request_get_caller (PeerupHttpRequest *self)
{
  return self->caller;
}

PeerupControl *
peerup_http_request_get_control (PeerupHttpRequest *self)
{
  return self->control;
}
