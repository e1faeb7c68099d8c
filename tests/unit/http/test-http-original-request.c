/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the original's endpoints refuse before they ask anything, byte for byte; and which error is which status. */
#include "http/peerup-http-original-request.h"

#include <string.h>

#include "http/peerup-http-original.h"
#include "http/peerup-http-private.h"

/* All of the original's routes. */
static PeerupHttpRouter *
make_router (void)
{
  PeerupHttpRouter *router = peerup_http_router_new ();
  const PeerupHttpRoute *routes;
  guint n;

  routes = peerup_http_original_get_routes (&n);
  g_assert_cmpuint (n, ==, 15);
  for (guint i = 0; i < n; i++)
    g_assert_true (peerup_http_router_add (router, routes[i].method, routes[i].path, routes[i].handler, NULL, TRUE));
  return router;
}

static PeerupHttpReader *
read_request (const char *target, const char *body)
{
  PeerupHttpReader *reader = peerup_http_reader_new (4096, 4096);
  g_autofree char *text = g_strdup_printf ("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
                                           target, strlen (body), body);
  gsize taken = 0;

  while (taken < strlen (text))
    taken += peerup_http_reader_feed (reader, text + taken, strlen (text) - taken);
  g_assert_cmpint (peerup_http_reader_get_state (reader), ==, PEERUP_HTTP_READER_WHOLE);
  return reader;
}

/* (transfer full) */
static PeerupHttpResponse *
ask (const char *target, const char *body)
{
  g_autoptr (PeerupHttpReader) reader = read_request (target, body);
  PeerupHttpRouter *router = make_router ();
  g_autoptr (PeerupHttpRequest) request = NULL;
  g_autoptr (DexFuture) future = NULL;
  PeerupHttpResponse *refusal = NULL;
  PeerupHttpHandler handler;
  gpointer data;

  request = peerup_http_router_route (router, reader, &handler, &data, &refusal);
  g_assert_nonnull (request);
  future = handler (request, data);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  peerup_http_router_free (router);
  return g_value_dup_boxed (dex_future_get_value (future, NULL));
}

static const struct
{
  const char *target;
  const char *body;
  const char *answer; /* with {"error":"…"}\n around it */
} refused[] = {
  { "/v1/ping", "{}", "peer is required" },
  { "/v1/ping", "{\"peer\":null,\"other\":[1,{}]}", "peer is required" },
  { "/v1/ping?format=text", "{\"peer\":\"\"}", "peer is required" },
  { "/v1/ping", "[]", "invalid request body: it is no JSON object" },
  { "/v1/ping", "null", "invalid request body: it is no JSON object" },
  { "/v1/ping", "{\"peer\":1}", "invalid request body: peer must be a string" },
  { "/v1/ping", "{\"peer\":\"home\",\"count\":101}", "count is 101, but must be from 1 to 100" },
  { "/v1/ping", "{\"peer\":\"home\",\"count\":-1}", "count is -1, but must be from 1 to 100" },
  { "/v1/ping", "{\"peer\":\"home\",\"interval_ms\":99}", "interval_ms is 99, but must be from 100 to 60000" },
  { "/v1/ping", "{\"peer\":\"home\",\"interval_ms\":60001}", "interval_ms is 60001, but must be from 100 to 60000" },
  { "/v1/ping", "{\"peer\":\"home\",\"count\":11,\"interval_ms\":60000}",
    "11 pings every 60000 ms take more than 600 s: ask for fewer at once" },
  { "/v1/traceroute", "{\"name\":\"home\"}", "peer is required" },
  { "/v1/resolve", "{\"peer\":\"home\"}", "name is required" },
  { "/v1/auth", "{\"comment\":\"laptop\"}", "peer_id is required" },
  { "/v1/auth", "{\"peer_id\":\"x\",\"comment\":true}", "invalid request body: comment must be a string" },
  { "/v1/connect", "{\"peer\":\"home\",\"service\":\"ssh\"}", "peer, service, and listen are required" },
  { "/v1/connect", "{\"peer\":\"home\",\"listen\":\":1\"}", "peer, service, and listen are required" },
  { "/v1/connect", "{\"service\":\"ssh\",\"listen\":\":1\"}", "peer, service, and listen are required" },
  { "/v1/expose", "{\"name\":\"web\"}", "name and local_address are required" },
  { "/v1/expose", "{\"local_address\":\"localhost:80\"}", "name and local_address are required" },
};

static void
assert_answer (PeerupHttpResponse *response, guint status, const char *error)
{
  g_autofree char *expected = g_strdup_printf ("{\"error\":\"%s\"}\n", error);
  gsize length;
  const char *body = g_bytes_get_data (response->body, &length);

  g_assert_cmpuint (response->status, ==, status);
  g_assert_cmpstr (response->content_type, ==, PEERUP_HTTP_JSON);
  g_assert_cmpmem (body, length, expected, strlen (expected));
}

static void
test_refused (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (PeerupHttpResponse) response = ask (refused[i].target, refused[i].body);

      g_test_message ("%s %s", refused[i].target, refused[i].body);
      assert_answer (response, 400, refused[i].answer);
    }
}

/* The reason behind these words is the JSON reader's. */
static void
test_no_json (void)
{
  static const char *const bodies[] = {
    "",
    "{",
    "{\"peer\":\"home\"} {}",
    "{\"peer\":\"a\",\"peer\":\"b\"}",
    "{'peer':'home'}",
    "{\"peer\":\"\\u0000\"}",
    "{\"peer\":\"home\",\"count\":1.5}",
    "{\"peer\":\"home\",\"count\":1e2}",
    "{\"peer\":\"home\",\"count\":\"4\"}",
    "{\"peer\":\"home\",\"count\":99999999999999999999}",
    "{\"peer\":\"home\",\"interval_ms\":[]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autoptr (PeerupHttpResponse) response = ask ("/v1/ping", bodies[i]);
      g_autofree char *text = NULL;

      g_test_message ("%s", bodies[i]);
      text = g_strndup (g_bytes_get_data (response->body, NULL), g_bytes_get_size (response->body));
      g_assert_cmpuint (response->status, ==, 400);
      g_assert_true (g_str_has_prefix (text, "{\"error\":\"invalid request body: "));
      g_assert_true (g_str_has_suffix (text, "\"}\n"));
    }
}

static void
test_status (void)
{
  static const struct
  {
    int code;
    guint status;
  } codes[] = {
    { PEERUP_ERROR_MALFORMED, 400 },   { PEERUP_ERROR_TOO_LARGE, 400 },  { PEERUP_ERROR_UNSUPPORTED, 400 },
    { PEERUP_ERROR_EXISTS, 400 },      { PEERUP_ERROR_DENIED, 400 },     { PEERUP_ERROR_NOT_FOUND, 404 },
    { PEERUP_ERROR_WRONG_PEER, 502 },  { PEERUP_ERROR_GATED, 502 },      { PEERUP_ERROR_NEGOTIATION, 502 },
    { PEERUP_ERROR_PROTOCOL, 502 },    { PEERUP_ERROR_RESET, 502 },      { PEERUP_ERROR_TIMEOUT, 502 },
    { PEERUP_ERROR_UNREACHABLE, 502 }, { PEERUP_ERROR_CRYPTO, 500 },     { PEERUP_ERROR_CLOSED, 500 },
    { PEERUP_ERROR_LIMIT, 500 },       { PEERUP_ERROR_PERMISSION, 500 }, { PEERUP_ERROR_CONFIG, 500 },
  };
  g_autoptr (GError) types = g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "x");
  g_autoptr (GError) other = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "x");

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (GError) error = g_error_new (PEERUP_ERROR, codes[i].code, "x");

      g_assert_cmpuint (peerup_http_original_status_of (error), ==, codes[i].status);
    }
  g_assert_cmpuint (peerup_http_original_status_of (types), ==, 400);
  g_assert_cmpuint (peerup_http_original_status_of (other), ==, 500);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/http/original/request/refused", test_refused);
  g_test_add_func ("/http/original/request/no-json", test_no_json);
  g_test_add_func ("/http/original/request/status", test_status);
  return g_test_run ();
}
