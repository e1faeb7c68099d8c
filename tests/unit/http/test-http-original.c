/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's endpoints with an engine behind them, and another one that it reaches; without a socket of HTTP. */
#include "http/peerup-http-original.h"

#include <string.h>

#include "../engine/home.h"
#include "engine/peerup-engine-private.h"
#include "http/peerup-http-private.h"

#define NOBODY "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

typedef struct
{
  Home *home; /* "there" */
  Home *laptop;
  PeerupEngine *there;
  PeerupEngine *engine;
  PeerupControl *control;
  PeerupHttpRouter *router;
  char *peer; /* "there", with its address */
} Fixture;

static char *
find_address (PeerupEngine *engine)
{
  g_auto (GStrv) addresses = peerup_engine_dup_listen_addresses (engine);

  g_assert_nonnull (addresses[0]);
  return g_strdup (addresses[0]);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  const PeerupHttpRoute *routes;
  guint n;

  self->home = home_new ();
  self->laptop = home_new ();
  home_configure (self->home, "");
  home_configure (self->laptop, "services: {ssh: {enabled: true, local_address: \"localhost:22\"}}\n");
  home_authorize (self->home, self->laptop);
  self->there = peerup_engine_new (self->home->config, PEERUP_ENGINE_DEFAULT);
  self->engine = peerup_engine_new (self->laptop->config, PEERUP_ENGINE_DEFAULT);
  g_assert_true (await_true (peerup_engine_start (self->there), NULL));
  g_assert_true (await_true (peerup_engine_start (self->engine), NULL));
  self->peer = find_address (self->there);
  self->control = peerup_control_new (self->engine);
  self->router = peerup_http_router_new ();
  routes = peerup_http_original_get_routes (&n);
  for (guint i = 0; i < n; i++)
    peerup_http_router_add (self->router, routes[i].method, routes[i].path, routes[i].handler, NULL, TRUE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_http_router_free (self->router);
  g_assert_true (await_true (peerup_engine_stop (self->engine, NULL), NULL));
  g_assert_true (await_true (peerup_engine_stop (self->there, NULL), NULL));
  peerup_control_close (self->control);
  g_assert_finalize_object (self->control);
  g_object_unref (self->engine);
  g_object_unref (self->there);
  home_free (self->home);
  home_free (self->laptop);
  g_free (self->peer);
}

/* The answer that is to come, and in @caller (out, transfer full) whose it is. */
static DexFuture *
send_request (Fixture *self, const char *method, const char *target, const char *body, PeerupCaller **caller)
{
  g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (4096, 4096);
  g_autofree char *text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s", method,
                                           target, strlen (body), body);
  g_autoptr (PeerupHttpRequest) request = NULL;
  PeerupHttpResponse *refusal = NULL;
  PeerupHttpHandler handler;
  gpointer data;
  gsize taken = 0;

  while (taken < strlen (text))
    taken += peerup_http_reader_feed (reader, text + taken, strlen (text) - taken);
  request = peerup_http_router_route (self->router, reader, &handler, &data, &refusal);
  g_assert_nonnull (request);
  *caller = peerup_caller_new ("http", TRUE);
  peerup_http_request_set_up (request, self->control, *caller);
  return handler (request, data);
}

/* (transfer full): the status, a blank and the body. */
static char *
await_answer (DexFuture *future)
{
  const PeerupHttpResponse *response;
  char *answer;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  response = g_value_get_boxed (dex_future_get_value (future, NULL));
  answer = g_strdup_printf ("%u %.*s", response->status, (int) g_bytes_get_size (response->body),
                            (const char *) g_bytes_get_data (response->body, NULL));
  dex_unref (future);
  return answer;
}

static char *
ask (Fixture *self, const char *method, const char *target, const char *body)
{
  g_autoptr (PeerupCaller) caller = NULL;
  char *answer = await_answer (send_request (self, method, target, body, &caller));

  peerup_caller_leave (caller);
  return answer;
}

static void
assert_answer (Fixture *self, const char *method, const char *target, const char *body, const char *expected)
{
  g_autofree char *answer = ask (self, method, target, body);

  g_assert_cmpstr (answer, ==, expected);
}

static void
assert_begins (Fixture *self, const char *method, const char *target, const char *body, const char *expected)
{
  g_autofree char *answer = ask (self, method, target, body);

  g_test_message ("%s", answer);
  g_assert_true (g_str_has_prefix (answer, expected));
}

static void
test_lists (Fixture *self, gconstpointer data)
{
  g_autofree char *status =
    g_strdup_printf ("200 {\"data\":{\"peer_id\":\"%s\",\"version\":\"", home_get_id (self->laptop));

  assert_begins (self, "GET", "/v1/status", "", status);
  assert_begins (self, "GET", "/v1/status?format=text", "", "200 peer_id: 12D3KooW");
  assert_answer (self, "GET", "/v1/services", "",
                 "200 {\"data\":[{\"name\":\"ssh\",\"protocol\":\"/peerup/ssh/1.0.0\","
                 "\"local_address\":\"localhost:22\",\"enabled\":true}]}\n");
  assert_answer (self, "GET", "/v1/peers", "", "200 {\"data\":[]}\n");
  assert_answer (self, "GET", "/v1/peers?all=true&format=text", "", "200 ");
  assert_answer (self, "GET", "/v1/paths", "", "200 {\"data\":[]}\n");
}

static void
test_authorized (Fixture *self, gconstpointer data)
{
  assert_answer (self, "POST", "/v1/auth", "{\"peer_id\":\"" NOBODY "\",\"comment\":\"a <b>\"}",
                 "200 {\"data\":{\"status\":\"added\"}}\n");
  assert_begins (self, "POST", "/v1/auth", "{\"peer_id\":\"" NOBODY "\"}", "400 {\"error\":\"");
  assert_begins (self, "POST", "/v1/auth", "{\"peer_id\":\"x\"}", "400 {\"error\":\"");
  assert_answer (self, "DELETE", "/v1/auth/" NOBODY, "", "200 {\"data\":{\"status\":\"removed\"}}\n");
  assert_begins (self, "DELETE", "/v1/auth/" NOBODY, "", "404 {\"error\":\"");
}

static void
test_services (Fixture *self, gconstpointer data)
{
  assert_answer (self, "POST", "/v1/expose", "{\"name\":\"web\",\"local_address\":\"localhost:80\"}",
                 "200 {\"data\":{\"status\":\"exposed\"}}\n");
  assert_begins (self, "POST", "/v1/expose", "{\"name\":\"web\",\"local_address\":\"localhost:81\"}", "400 {");
  assert_answer (self, "DELETE", "/v1/expose/web?format=text", "", "200 unexposed\n");
  assert_answer (self, "DELETE", "/v1/expose/web", "", "404 {\"error\":\"service not found: web\"}\n");
  assert_begins (self, "DELETE", "/v1/expose/ssh", "", "400 {\"error\":\"");
}

static void
test_unreachable (Fixture *self, gconstpointer data)
{
  static const char *const paths[] = { "/v1/ping", "/v1/traceroute", "/v1/connect" };

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      assert_begins (self, "POST", paths[i], "{\"peer\":\"who\",\"service\":\"ssh\",\"listen\":\"0\"}",
                     "400 {\"error\":\"cannot resolve peer \\\"who\\\": ");
      assert_begins (self, "POST", paths[i], "{\"peer\":\"" NOBODY "\",\"service\":\"ssh\",\"listen\":\"0\"}",
                     "502 {\"error\":\"cannot reach peer \\\"" NOBODY "\\\": ");
    }
  assert_begins (self, "POST", "/v1/resolve", "{\"name\":\"who\"}", "404 {\"error\":\"cannot resolve \\\"who\\\": ");
}

static void
test_proxies (Fixture *self, gconstpointer data)
{
  g_autofree char *wish =
    g_strdup_printf ("{\"peer\":\"%s\",\"service\":\"ssh\",\"listen\":\"127.0.0.1:0\"}", self->peer);
  g_autofree char *wrong = g_strdup_printf ("{\"peer\":\"%s\",\"service\":\"ssh\",\"listen\":\"here\"}", self->peer);

  assert_begins (self, "POST", "/v1/connect", wish,
                 "200 {\"data\":{\"id\":\"proxy-1\",\"listen_address\":\"127.0.0.1:");
  assert_begins (self, "POST", "/v1/connect?format=text", wish, "200 proxy-2\t127.0.0.1:");
  assert_begins (self, "POST", "/v1/connect", wrong, "400 {\"error\":\"");
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (self->engine)), ==, 2);
  assert_answer (self, "DELETE", "/v1/connect/proxy-1", "", "200 {\"data\":{\"status\":\"disconnected\"}}\n");
  assert_answer (self, "DELETE", "/v1/connect/proxy-1", "", "404 {\"error\":\"proxy not found: proxy-1\"}\n");
  assert_answer (self, "DELETE", "/v1/connect/forward-2", "", "404 {\"error\":\"proxy not found: forward-2\"}\n");
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_forwards (self->engine)), ==, 1);
}

static void
test_ping (Fixture *self, gconstpointer data)
{
  g_autofree char *wish = g_strdup_printf ("{\"peer\":\"%s\",\"count\":2,\"interval_ms\":100}", self->peer);
  g_autofree char *begin =
    g_strdup_printf ("200 {\"data\":{\"results\":[{\"seq\":1,\"peer_id\":\"%s\",\"rtt_ms\":", home_get_id (self->home));
  g_autofree char *trace = g_strdup_printf ("200 {\"data\":{\"target\":\"%s\",\"target_id\":\"%s\",\"path\":\"DIRECT\","
                                            "\"hops\":[{\"hop\":1,\"peer_id\":\"%s\",",
                                            self->peer, home_get_id (self->home), home_get_id (self->home));
  g_autofree char *text = NULL;

  assert_begins (self, "POST", "/v1/ping", wish, begin);
  assert_begins (self, "POST", "/v1/traceroute", wish, trace);
  text = ask (self, "POST", "/v1/ping?format=text", wish);
  g_assert_nonnull (strstr (text, "seq=2 rtt="));
  g_assert_nonnull (strstr (text, "\n2 sent, 2 received, 0% loss, rtt min/avg/max = "));
}

static gboolean
is_connected (gpointer data)
{
  GListModel *peers = data;
  g_autoptr (PeerupPeer) peer = g_list_model_get_item (peers, 0);

  return peer != NULL && peerup_peer_get_state (peer) == PEERUP_PEER_CONNECTED;
}

/* It would have gone on for nine minutes. */
static void
test_ping_of_who_leaves (Fixture *self, gconstpointer data)
{
  g_autofree char *wish = g_strdup_printf ("{\"peer\":\"%s\",\"count\":10,\"interval_ms\":60000}", self->peer);
  g_autoptr (PeerupCaller) caller = NULL;
  g_autofree char *answer = NULL;
  DexFuture *future = send_request (self, "POST", "/v1/ping", wish, &caller);
  gint64 began = g_get_monotonic_time ();

  spin_while_not (is_connected, peerup_engine_get_peers (self->engine));
  peerup_caller_leave (caller);
  answer = await_answer (future);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 60 * (gint64) G_USEC_PER_SEC);
  g_assert_null (strstr (answer, "\"seq\":2"));
}

static void
on_stop_requested (PeerupControl *control, gpointer data)
{
  ++*(guint *) data;
}

/* The original does not survive a second one. */
static void
test_shutdown (Fixture *self, gconstpointer data)
{
  guint n = 0;

  g_signal_connect (self->control, "stop-requested", G_CALLBACK (on_stop_requested), &n);
  assert_answer (self, "POST", "/v1/shutdown", "", "200 {\"data\":{\"status\":\"shutting down\"}}\n");
  assert_answer (self, "POST", "/v1/shutdown?format=text", "", "200 shutting down\n");
  g_assert_cmpuint (n, ==, 2);
}

#define ADD(name, func) g_test_add ("/http/original/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("lists", test_lists);
  ADD ("authorized", test_authorized);
  ADD ("services", test_services);
  ADD ("unreachable", test_unreachable);
  ADD ("proxies", test_proxies);
  ADD ("ping", test_ping);
  ADD ("ping-of-who-leaves", test_ping_of_who_leaves);
  ADD ("shutdown", test_shutdown);
  return g_test_run ();
}
