/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Requests made into the arguments of operations, and what comes out of them: for the operations that there are, and
 * every one of them at its path. */
#include "http/peerup-http-json.h"
#include "http/peerup-http-private.h"

#include <string.h>

static DexFuture *
handle_nothing (PeerupHttpRequest *request, gpointer data)
{
  return dex_future_new_true ();
}

/* As the server would have it, at the path of @operation. */
static PeerupHttpRequest *
make_request (const PeerupOperation *operation, const char *target, const char *body)
{
  PeerupHttpRouter *router = peerup_http_router_new ();
  g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (PEERUP_HTTP_HEAD_MAX, PEERUP_HTTP_BODY_MAX);
  g_autofree char *head = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                                           operation->http_method, target, strlen (body));
  PeerupHttpResponse *refusal = NULL;
  PeerupHttpHandler handler;
  gpointer data;
  PeerupHttpRequest *request;

  peerup_http_router_add (router, operation->http_method, operation->http_path, handle_nothing, NULL, FALSE);
  g_assert_cmpuint (peerup_http_reader_feed (reader, head, strlen (head)), ==, strlen (head));
  peerup_http_reader_feed (reader, body, strlen (body));
  g_assert_cmpint (peerup_http_reader_get_state (reader), ==, PEERUP_HTTP_READER_WHOLE);
  request = peerup_http_router_route (router, reader, &handler, &data, &refusal);
  g_assert_nonnull (request);
  g_assert_true (handler == handle_nothing);
  peerup_http_router_free (router);
  return request;
}

static GVariant *
read_request (const char *name, const char *target, const char *body, GError **error)
{
  const PeerupOperation *operation = peerup_operations_find (name);
  g_autoptr (PeerupHttpRequest) request = make_request (operation, target, body);
  GVariant *arguments = peerup_http_operation_read (operation, request, error);

  return arguments != NULL ? g_variant_ref_sink (arguments) : NULL;
}

static void
test_read (void)
{
  static const struct
  {
    const char *name;
    const char *target;
    const char *body;
    const char *type;
    const char *arguments;
  } cases[] = {
    { "ListPeers", "/v1/engine/peers?format=text", "", "()", "()" },
    { "ListPaths", "/v1/engine/paths", "", "(s)", "('',)" },
    { "ListPaths", "/v1/engine/paths?peer=home", "", "(s)", "('home',)" },
    { "ListPeerServices", "/v1/peers/home/services", "", "(s)", "('home',)" },
    { "Ping", "/v1/peers/12D%2fx/ping", "", "(s)", "('12D/x',)" },
    { "Ping", "/v1/peers/5/ping", "{}", "(s)", "('5',)" },
    { "AddGrant", "/v1/grants", "{\"until\":-9223372036854775808,\"service\":\"ssh\",\"peer\":\"ä\"}", "(ssx)",
      "('ä', 'ssh', -9223372036854775808)" },
    { "ExtendGrant", "/v1/grants/home/ssh", "{\"until\":0}", "(ssx)", "('home', 'ssh', 0)" },
    { "RevokeGrant", "/v1/grants/home?service=ssh", "", "(ss)", "('home', 'ssh')" },
    { "RevokeGrant", "/v1/grants/home", "", "(ss)", "('home', '')" },
    { "CancelInvite", "/v1/invites/7", "", "(u)", "(7,)" },
    { "SetVerified", "/v1/peers/home/verification", "{\"verified\":true}", "(sb)", "('home', true)" },
    { "DrainRelay", "/v1/relay/drain", "{\"timeout_ms\":18446744073709551615}", "(t)", "(18446744073709551615,)" },
    { "SetConfigValue", "/v1/config/values/relay.serve", "{\"value\":\"true\"}", "(ss)", "('relay.serve', 'true')" },
    { "ChangeService", "/v1/services/web", "{\"options\":{\"tags\":[]}}", "(sa{sv})", "('web', {'tags': <@as []>})" },
    { "CreateInvite", "/v1/invites", "", "(a{sv})", "(@a{sv} {},)" },
    { "CreateInvite", "/v1/invites", "{\"options\":{\"ttl\":600,\"services\":[\"ssh\"],\"leave\":true}}", "(a{sv})",
      "({'ttl': <int64 600>, 'services': <['ssh']>, 'leave': <true>},)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) arguments = read_request (cases[i].name, cases[i].target, cases[i].body, &error);
      g_autoptr (GVariant) expected = NULL;

      g_assert_no_error (error);
      expected = g_variant_parse (G_VARIANT_TYPE (cases[i].type), cases[i].arguments, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpvariant (arguments, expected);
      g_assert_true (peerup_operation_takes (peerup_operations_find (cases[i].name), arguments));
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *name;
    const char *target;
    const char *body;
    const char *error;
  } cases[] = {
    { "ListPeers", "/v1/engine/peers?all=true", "", "“all” is unknown in the query of this request" },
    { "Ping", "/v1/peers/home/ping", "{\"peer\":\"work\"}", "“peer” is unknown in the body of this request" },
    { "Ping", "/v1/peers/home/ping?peer=work", "", "“peer” is unknown in the query of this request" },
    { "Ping", "/v1/peers/home/ping", "[]", "the body must be a JSON object" },
    { "Ping", "/v1/peers/home/ping", "{",
      "line 1, column 2 of the JSON: there must be the name of a member here, in "
      "quotation marks" },
    { "AddGrant", "/v1/grants", "{\"peer\":\"home\",\"service\":\"ssh\"}",
      "“until” is missing in the body of this "
      "request" },
    { "AddGrant", "/v1/grants", "{\"peer\":\"home\",\"service\":\"ssh\",\"until\":0,\"untill\":1}",
      "“untill” is unknown in the body of this request" },
    { "AddGrant", "/v1/grants", "{\"peer\":1,\"service\":\"ssh\",\"until\":0}", "“peer” must be a string, not 1" },
    { "RevokeGrant", "/v1/grants/home", "{\"service\":\"ssh\"}",
      "DELETE takes no body here: its arguments are in the path and the query" },
    { "CancelInvite", "/v1/invites/-1", "", "“number” must be an integer from 0 to 4294967295, not -1" },
    { "CancelInvite", "/v1/invites/x", "",
      "“number” in the path or query: line 1, column 1 of the JSON: there is no value here" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_request (cases[i].name, cases[i].target, cases[i].body, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_cmpstr (error->message, ==, cases[i].error);
    }
}

static void
assert_results (const char *name, GVariant *tuple, const char *json)
{
  g_autoptr (GVariant) results = g_variant_ref_sink (tuple);
  g_autoptr (GVariant) named = peerup_http_operation_name_results (peerup_operations_find (name), results);
  g_autoptr (GString) text = g_string_new (NULL);

  peerup_json_append_variant (text, named);
  g_assert_cmpstr (text->str, ==, json);
}

static void
test_results (void)
{
  assert_results ("RemoveForward", g_variant_new ("()"), "null");
  assert_results ("DrainRelay", g_variant_new ("(b)", TRUE), "true");
  assert_results ("Ping", g_variant_new ("(ts)", (guint64) 12, "direct"), "{\"round_trip\":12,\"path\":\"direct\"}");
  assert_results ("ListGrants", g_variant_new ("(aa{sv})", NULL), "[]");
}

/* All are there, none hides another, and no argument is lost. */
static void
test_routes (void)
{
  PeerupHttpRouter *router = peerup_http_router_new ();
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  peerup_http_operations_add (router);
  g_assert_cmpuint (n, >, 50);
  for (guint i = 0; i < n; i++)
    {
      g_auto (GStrv) segments = g_strsplit (operations[i].http_path, "/", -1);

      g_assert_true (peerup_http_router_has (router, operations[i].http_method, operations[i].http_path));
      g_assert_true (g_str_has_prefix (operations[i].http_path, "/v1/"));
      for (guint j = 0; segments[j] != NULL; j++)
        {
          gboolean found = segments[j][0] != '{';

          for (guint k = 0; !found && operations[i].info->in_args != NULL && operations[i].info->in_args[k] != NULL;
               k++)
            {
              g_autofree char *braced = g_strdup_printf ("{%s}", operations[i].info->in_args[k]->name);

              found = g_str_equal (braced, segments[j]);
            }
          if (!found)
            g_error ("%s: %s is none of its arguments", operations[i].name, segments[j]);
        }
    }
  g_assert_true (peerup_http_router_has (router, "GET", "/v1/engine"));
  peerup_http_router_free (router);
}

static void
test_text (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (
    g_variant_new_parsed ("[{'id': <'x'>, 'paths': <[{'rtt': <int64 5>}]>, 'none': <@as []>}, {'id': <'y\x1b[2J'>}]"));
  g_autoptr (GVariant) nothing = g_variant_ref_sink (g_variant_new_maybe (G_VARIANT_TYPE_VARIANT, NULL));
  g_autofree char *text = peerup_http_text_new (value);
  g_autofree char *done = peerup_http_text_new (nothing);

  g_assert_cmpstr (text, ==, "id: x\npaths:\n  rtt: 5\nnone: none\n\nid: y\\x1b[2J\n");
  g_assert_cmpstr (done, ==, "done\n");
}

static void
test_openapi (void)
{
  g_autofree char *text = peerup_http_openapi_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupJson) json = peerup_json_parse (text, strlen (text), &error);
  const PeerupJson *paths;
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  g_assert_no_error (error);
  g_assert_cmpstr (peerup_json_get_text (peerup_json_get_member (json, "openapi")), ==, "3.1.0");
  paths = peerup_json_get_member (json, "paths");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *method = g_ascii_strdown (operations[i].http_method, -1);
      const PeerupJson *operation =
        peerup_json_get_member (peerup_json_get_member (paths, operations[i].http_path), method);

      g_assert_cmpstr (peerup_json_get_text (peerup_json_get_member (operation, "operationId")), ==,
                       operations[i].name);
      g_assert_nonnull (peerup_json_get_member (operation, "description"));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/http/operations/read", test_read);
  g_test_add_func ("/http/operations/refused", test_refused);
  g_test_add_func ("/http/operations/results", test_results);
  g_test_add_func ("/http/operations/routes", test_routes);
  g_test_add_func ("/http/operations/text", test_text);
  g_test_add_func ("/http/operations/openapi", test_openapi);

  return g_test_run ();
}
