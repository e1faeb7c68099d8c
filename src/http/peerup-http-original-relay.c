/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The groups of a relay, as the original's "relay pair" and its scripts ask for them. Those of other relays, which this
 * one is a member of, and those whose codes have ended, are not told of. Codes are in the answer that makes them alone.
 */
#include "http/peerup-http-original-relay.h"

#include "http/peerup-http-json.h"
#include "http/peerup-http-original-request.h"
#include "http/peerup-http-server-private.h"

#define SOCKET_NAME ".relay-admin.sock"
#define COOKIE_NAME ".relay-admin.cookie"

#define COUNT_MAX   100
#define TTL_DEFAULT 3600 /* seconds */
/* Bytes of a request's body. */
#define BODY_MAX 4096
/* Microseconds, for a request and for an answer. */
#define TIME_MAX (10 * (gint64) G_USEC_PER_SEC)

/* Answers */

static const char *
get_text (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

static guint
get_count (GVariant *dict, const char *key)
{
  guint count = 0;

  g_variant_lookup (dict, key, "u", &count);
  return count;
}

/* 0 where its codes have ended. */
static gint64
get_end (GVariant *group)
{
  gint64 end = 0;

  g_variant_lookup (group, "expires_at", "x", &end);
  return end;
}

static void
add_text (GVariantBuilder *members, const char *name, const char *text)
{
  g_variant_builder_add (members, "{sv}", name, g_variant_new_string (text));
}

static void
add_end (GVariantBuilder *members, GVariant *group)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (get_end (group));
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("");

  add_text (members, "expires_at", text);
}

/* @value is consumed. With a newline, as all of the original's. */
static char *
to_json (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  GString *out = g_string_new (NULL);

  peerup_json_append_variant (out, owned);
  g_string_append_c (out, '\n');
  return g_string_free (out, FALSE);
}

char *
peerup_http_original_relay_group_json (const char *const *codes, GVariant *group)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_text (&members, "group_id", get_text (group, "id"));
  g_variant_builder_add (&members, "{sv}", "codes", g_variant_new_strv (codes, -1));
  add_end (&members, group);
  return to_json (g_variant_builder_end (&members));
}

/* Left out where there are none. */
static void
add_peers (GVariantBuilder *members, GVariant *group)
{
  g_autoptr (GVariant) joined = g_variant_lookup_value (group, "members", G_VARIANT_TYPE ("aa{sv}"));
  g_auto (GVariantBuilder) peers = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gsize n = joined != NULL ? g_variant_n_children (joined) : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) member = g_variant_get_child_value (joined, i);
      GVariantBuilder peer = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

      add_text (&peer, "peer_id", get_text (member, "peer_id"));
      add_text (&peer, "name", get_text (member, "name"));
      g_variant_builder_add_value (&peers, g_variant_builder_end (&peer));
    }
  if (n > 0)
    g_variant_builder_add (members, "{sv}", "peers", g_variant_builder_end (&peers));
}

static GVariant *
describe_group (GVariant *group)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  add_text (&members, "id", get_text (group, "id"));
  if (get_text (group, "network")[0] != '\0')
    add_text (&members, "namespace", get_text (group, "network"));
  add_end (&members, group);
  g_variant_builder_add (&members, "{sv}", "total", g_variant_new_uint32 (get_count (group, "codes")));
  g_variant_builder_add (&members, "{sv}", "used", g_variant_new_uint32 (get_count (group, "used")));
  add_peers (&members, group);
  return g_variant_builder_end (&members);
}

static gboolean
is_open_here (GVariant *group)
{
  gboolean ours = FALSE;

  g_variant_lookup (group, "ours", "b", &ours);
  return ours && get_end (group) != 0;
}

char *
peerup_http_original_relay_groups_json (GVariant *groups)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (groups); i++)
    {
      g_autoptr (GVariant) group = g_variant_get_child_value (groups, i);

      if (is_open_here (group))
        g_variant_builder_add_value (&builder, describe_group (group));
    }
  return to_json (g_variant_builder_end (&builder));
}

/* Requests */

/* (transfer full) (nullable) */
static GVariant *
find_group (GVariant *groups, const char *id)
{
  for (gsize i = 0; i < g_variant_n_children (groups); i++)
    {
      g_autoptr (GVariant) group = g_variant_get_child_value (groups, i);

      if (g_str_equal (get_text (group, "id"), id))
        return g_steal_pointer (&group);
    }
  return NULL;
}

typedef struct
{
  gint64 count, ttl, expires;
  const char *network;
} Wish;

static gboolean
read_wish (PeerupHttpOriginal *self, Wish *wish)
{
  GBytes *body = peerup_http_request_get_body (peerup_http_original_get_request (self));

  if (g_bytes_get_size (body) > BODY_MAX)
    return peerup_http_original_refuse (self, 400, "invalid request body: it is longer than %d bytes", BODY_MAX);
  return peerup_http_original_read_number (self, "count", 1, COUNT_MAX, &wish->count) &&
         peerup_http_original_read_number (self, "ttl_seconds", 1, G_MAXINT64, &wish->ttl) &&
         peerup_http_original_read_number (self, "expires_seconds", 1, G_MAXINT64, &wish->expires) &&
         peerup_http_original_read_text (self, "namespace", &wish->network);
}

static GVariant *
make_options (const Wish *wish)
{
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&options, "{sv}", "count", g_variant_new_int64 (wish->count));
  g_variant_builder_add (&options, "{sv}", "ttl", g_variant_new_int64 (wish->ttl));
  if (wish->expires > 0)
    g_variant_builder_add (&options, "{sv}", "expires", g_variant_new_int64 (wish->expires));
  if (wish->network[0] != '\0')
    g_variant_builder_add (&options, "{sv}", "network", g_variant_new_string (wish->network));
  return g_variant_builder_end (&options);
}

static void
create_group (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  Wish wish = { .count = 1, .ttl = TTL_DEFAULT };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) made = NULL;
  g_autoptr (GVariant) groups = NULL;
  g_autoptr (GVariant) group = NULL;
  g_autofree const char **codes = NULL;
  const char *id;

  if (!read_wish (self, &wish))
    return;
  made = peerup_http_original_ask (self, "CreateGroup", g_variant_new ("(@a{sv})", make_options (&wish)), &error);
  if (made == NULL)
    {
      guint status = MIN (peerup_http_original_status_of (error), 500);

      peerup_http_original_refuse (self, status, "failed to create group: %s", error->message);
      return;
    }
  g_variant_get (made, "(&s^a&s)", &id, &codes);
  groups = peerup_http_original_get (self, "ListGroups", NULL);
  if (groups == NULL)
    return;
  group = find_group (groups, id);
  if (group != NULL)
    *response =
      peerup_http_response_new_take (200, PEERUP_HTTP_JSON, peerup_http_original_relay_group_json (codes, group));
  else
    peerup_http_original_refuse (self, 500, "the group %s was revoked meanwhile", id);
}

static void
list_groups (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GVariant) groups = peerup_http_original_get (self, "ListGroups", NULL);

  if (groups != NULL)
    *response = peerup_http_response_new_take (200, PEERUP_HTTP_JSON, peerup_http_original_relay_groups_json (groups));
}

static void
revoke_group (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  const char *id = peerup_http_request_get_parameter (peerup_http_original_get_request (self), "id");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = peerup_http_original_ask (self, "RevokeGroup", g_variant_new ("(s)", id), &error);

  if (done != NULL)
    *response = peerup_http_response_new_take (200, PEERUP_HTTP_JSON, g_strdup ("{\"status\":\"revoked\"}\n"));
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    peerup_http_original_refuse (self, 404, "group not found: %s", id);
  else
    peerup_http_original_refuse_error (self, 0, error);
}

/* The server */

static DexFuture *
handle_create (PeerupHttpRequest *request, gpointer data)
{
  return peerup_http_original_run (request, create_group);
}

static DexFuture *
handle_list (PeerupHttpRequest *request, gpointer data)
{
  return peerup_http_original_run (request, list_groups);
}

static DexFuture *
handle_revoke (PeerupHttpRequest *request, gpointer data)
{
  return peerup_http_original_run (request, revoke_group);
}

static const PeerupHttpRoute routes[] = {
  { "POST", "/v1/pair", handle_create },
  { "GET", "/v1/pair", handle_list },
  { "DELETE", "/v1/pair/{id}", handle_revoke },
};

const PeerupHttpRoute *
peerup_http_original_relay_get_routes (guint *n_routes)
{
  *n_routes = G_N_ELEMENTS (routes);
  return routes;
}

static char *
beside (const char *config_path, const char *name)
{
  g_autofree char *directory = g_path_get_dirname (config_path);

  return g_build_filename (directory, name, NULL);
}

char *
peerup_http_original_relay_dup_socket_path (const char *config_path)
{
  return beside (config_path, SOCKET_NAME);
}

char *
peerup_http_original_relay_dup_cookie_path (const char *config_path)
{
  return beside (config_path, COOKIE_NAME);
}

PeerupHttpServer *
peerup_http_original_relay_new (PeerupControl *control, const char *config_path, GError **error)
{
  g_autofree char *path = peerup_http_original_relay_dup_socket_path (config_path);
  g_autofree char *cookie_path = peerup_http_original_relay_dup_cookie_path (config_path);
  g_autoptr (PeerupHttpServer) server = peerup_http_server_new (control);
  const PeerupHttpTimes times = { TIME_MAX, TIME_MAX, TIME_MAX, TIME_MAX };

  peerup_http_server_set_times (server, &times);
  peerup_http_server_set_bare (server);
  peerup_http_server_add_routes (server, routes, G_N_ELEMENTS (routes), NULL);
  return peerup_http_server_listen (server, path, cookie_path, error) ? g_steal_pointer (&server) : NULL;
}
