/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The machine that reads requests: each whole, in single bytes, and cut at each place; and everything that must be
 * refused, with its status. */
#include "http/peerup-http-reader.h"

#include <string.h>

#define HEAD_MAX 16384
#define BODY_MAX 1000

#define POST "POST /v1/ping HTTP/1.1\r\nHost: localhost\r\n"
#define GET  "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n"

/* Feeds @text in pieces of @step bytes, as far as it is taken. */
static gsize
feed_in_steps (PeerupHttpReader *reader, const char *text, gsize length, gsize step)
{
  gsize at = 0;

  while (at < length)
    {
      /* A copy that ends where the piece does, so that reading beyond it is seen. */
      g_autofree char *piece = g_memdup2 (text + at, MIN (step, length - at));
      gsize n = peerup_http_reader_feed (reader, piece, MIN (step, length - at));

      at += n;
      if (n == 0)
        break;
    }
  return at;
}

static PeerupHttpReader *
read_whole (const char *text, gsize step)
{
  PeerupHttpReader *reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);

  g_assert_cmpuint (feed_in_steps (reader, text, strlen (text), step), ==, strlen (text));
  g_assert_cmpint (peerup_http_reader_get_state (reader), ==, PEERUP_HTTP_READER_WHOLE);
  return reader;
}

static void
assert_body (PeerupHttpReader *reader, const char *expected)
{
  g_autoptr (GBytes) body = peerup_http_reader_take_body (reader);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  g_assert_cmpmem (data, length, expected, strlen (expected));
}

static const struct
{
  const char *request;
  const char *method;
  const char *path;
  const char *query;
  const char *body;
} requests[] = {
  { GET "\r\n", "GET", "/v1/status", NULL, "" },
  { "GET /v1/peers?all=true&x=%20 HTTP/1.1\r\nHost:\r\n\r\n", "GET", "/v1/peers", "all=true&x=%20", "" },
  { "DELETE /v1/auth/12D3%2f? HTTP/1.1\r\nhost:[::1]:80\r\n\r\n", "DELETE", "/v1/auth/12D3%2f", "", "" },
  { POST "Content-Length: 0\r\n\r\n", "POST", "/v1/ping", NULL, "" },
  { POST "content-length:\t 7 \t\r\n\r\n{\"a\":1}", "POST", "/v1/ping", NULL, "{\"a\":1}" },
  { POST "Transfer-Encoding: Chunked\r\n\r\n3\r\n{\"a\r\n0004\r\n\":1}\r\n0\r\n\r\n", "POST", "/v1/ping", NULL,
    "{\"a\":1}" },
  { POST "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", "POST", "/v1/ping", NULL, "0123456789" },
  { POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST", "/v1/ping", NULL, "" },
};

static void
test_whole (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    for (gsize step = 1; step <= strlen (requests[i].request); step++)
      {
        g_autoptr (PeerupHttpReader) reader = read_whole (requests[i].request, step);

        g_assert_cmpstr (peerup_http_reader_get_method (reader), ==, requests[i].method);
        g_assert_cmpstr (peerup_http_reader_get_path (reader), ==, requests[i].path);
        g_assert_cmpstr (peerup_http_reader_get_query (reader), ==, requests[i].query);
        assert_body (reader, requests[i].body);
      }
}

static void
test_truncated (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    for (gsize length = 0; length < strlen (requests[i].request); length++)
      {
        g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);

        g_assert_cmpuint (feed_in_steps (reader, requests[i].request, length, length + 1), ==, length);
        g_assert_cmpint (peerup_http_reader_get_state (reader), !=, PEERUP_HTTP_READER_REFUSED);
        g_assert_cmpint (peerup_http_reader_get_state (reader), !=, PEERUP_HTTP_READER_WHOLE);
        g_assert_true (peerup_http_reader_has_begun (reader) == (length > 0));
      }
}

static void
test_stops_behind_head (void)
{
  static const char head[] = POST "Content-Length: 3\r\n\r\n";
  g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);
  g_autofree char *both = g_strconcat (head, "abc", NULL);

  g_assert_cmpuint (peerup_http_reader_feed (reader, both, strlen (both)), ==, strlen (head));
  g_assert_cmpint (peerup_http_reader_get_state (reader), ==, PEERUP_HTTP_READER_BODY);
  g_assert_cmpstr (peerup_http_reader_get_field (reader, "HOST"), ==, "localhost");
  g_assert_null (peerup_http_reader_get_field (reader, "Origin"));
}

static void
test_pipeline (void)
{
  static const char both[] = POST "Content-Length: 3\r\n\r\nabc" GET "Connection: Upgrade , CLOSE\r\n\r\n";
  g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);
  gsize first = feed_in_steps (reader, both, strlen (both), strlen (both));

  g_assert_cmpint (peerup_http_reader_get_state (reader), ==, PEERUP_HTTP_READER_WHOLE);
  g_assert_false (peerup_http_reader_wants_close (reader));
  assert_body (reader, "abc");
  peerup_http_reader_next (reader);
  g_assert_false (peerup_http_reader_has_begun (reader));
  g_assert_cmpuint (feed_in_steps (reader, both + first, strlen (both) - first, 1), ==, strlen (both) - first);
  g_assert_cmpstr (peerup_http_reader_get_path (reader), ==, "/v1/status");
  g_assert_true (peerup_http_reader_wants_close (reader));
  assert_body (reader, "");
}

static void
test_expect (void)
{
  g_autoptr (PeerupHttpReader) reader = read_whole (POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", 1);

  g_assert_true (peerup_http_reader_expects_continue (reader));
  peerup_http_reader_next (reader);
  g_assert_false (peerup_http_reader_expects_continue (reader));
}

static void
assert_refused (const char *text, gsize length, guint status)
{
  for (gsize step = 1; step <= length; step = step * 2 + 1)
    {
      g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);
      const char *why = NULL;
      gsize taken = feed_in_steps (reader, text, length, step);

      if (peerup_http_reader_get_state (reader) != PEERUP_HTTP_READER_REFUSED)
        g_error ("Not refused: %s", text);
      g_assert_cmpuint (peerup_http_reader_get_refusal (reader, &why), ==, status);
      g_assert_nonnull (why);
      /* For good. */
      g_assert_cmpuint (peerup_http_reader_feed (reader, GET "\r\n", strlen (GET) + 2), ==, 0);
      g_assert_cmpuint (taken, <=, length);
    }
}

static const struct
{
  const char *request;
  guint status;
} refused[] = {
  /* Names and values */
  { GET "Authorization : Bearer x\r\n\r\n", 400 },
  { GET "Auth\torization: x\r\n\r\n", 400 },
  { GET ": x\r\n\r\n", 400 },
  { GET "no colon\r\n\r\n", 400 },
  { GET "X: a\x01\r\n\r\n", 400 },
  { GET "X: a\x7f\r\n\r\n", 400 },
  { GET "Authorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n", 400 },
  { GET "Origin: a\r\nOrigin: b\r\n\r\n", 400 },
  /* Lines */
  { "GET /v1/status HTTP/1.1\nHost: localhost\n\n", 400 },
  { "GET /v1/status HTTP/1.1\r\nHost: localhost\n\r\n", 400 },
  { GET "X: a\rY: b\r\n\r\n", 400 },
  { GET "X: a\r\r\n\r\n", 400 },
  { GET "\r\r\n", 400 },
  { GET "X: a\r\n folded\r\n\r\n", 400 },
  { GET "X: a\r\n\tfolded\r\n\r\n", 400 },
  { "GET /v1/status HTTP/1.1\r\n Host: localhost\r\n\r\n", 400 },
  { "\r\n" GET "\r\n", 400 },
  { " " GET "\r\n", 400 },
  /* The first line */
  { "GET http://localhost/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET  /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /v1/status  HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /v1/status HTTP/1.1 \r\nHost: localhost\r\n\r\n", 400 },
  { "GET\t/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /v1/status\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /v1/status\r\n\r\n", 400 },
  { "G@T /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /a#b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /a\\b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /a%2 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /a%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET /\xc3\xa4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 505 },
  { "GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505 },
  { "GET / HTTP/1.10\r\nHost: localhost\r\n\r\n", 505 },
  { "GET / http/1.1\r\nHost: localhost\r\n\r\n", 400 },
  { "\x16\x03\x01\x02", 400 },
  /* Host */
  { "GET / HTTP/1.1\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400 },
  { "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400 },
  /* The length */
  { POST "Content-Length: +5\r\n\r\nabcde", 400 },
  { POST "Content-Length: -5\r\n\r\nabcde", 400 },
  { POST "Content-Length: 0x5\r\n\r\nabcde", 400 },
  { POST "Content-Length: 05\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5 5\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5, 5\r\n\r\nabcde", 400 },
  { POST "Content-Length:\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5.0\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\nabcde", 400 },
  { POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501 },
  { POST "Transfer-Encoding: \x0b"
         "chunked\r\n\r\n0\r\n\r\n",
    400 },
  { POST "Transfer-Encoding: identity\r\n\r\n", 501 },
  { POST "Content-Length: 1001\r\n\r\n", 413 },
  { POST "Content-Length: 18446744073709551617\r\n\r\n", 413 },
  { GET "Content-Length: 1\r\n\r\nx", 400 },
  { GET "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
  /* Chunks */
  { POST "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n5 \r\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n+5\r\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n5\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcdef\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\n000000005\r\nabcde\r\n0\r\n\r\n", 400 },
  { POST "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413 },
  { POST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 413 },
  { POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3e8\r\n", 413 },
  /* Others */
  { POST "Expect: the best\r\n\r\n", 417 },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    assert_refused (refused[i].request, strlen (refused[i].request), refused[i].status);
  assert_refused (GET "X: a\0b\r\n\r\n", sizeof GET "X: a\0b\r\n\r\n" - 1, 400);
}

static void
test_sizes (void)
{
  g_autoptr (PeerupHttpReader) reader = NULL;
  g_autofree char *fill = g_strnfill (HEAD_MAX - strlen (GET "X: \r\n\r\n"), 'x');
  g_autofree char *fits = g_strconcat (GET "X: ", fill, "\r\n\r\n", NULL);
  g_autofree char *too_large = g_strconcat (GET "X: x", fill, "\r\n\r\n", NULL);
  g_autofree char *body = g_strnfill (BODY_MAX, 'b');
  g_autofree char *full = g_strdup_printf (POST "Content-Length: %d\r\n\r\n%s", BODY_MAX, body);
  g_autofree char *chunked =
    g_strdup_printf (POST "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", BODY_MAX, body);
  g_autoptr (GString) many = g_string_new (GET);

  reader = read_whole (fits, HEAD_MAX);
  assert_refused (too_large, strlen (too_large), 400);
  peerup_http_reader_free (reader);
  reader = read_whole (full, 100);
  assert_body (reader, body);
  peerup_http_reader_free (reader);
  reader = read_whole (chunked, 100);
  assert_body (reader, body);
  for (guint i = 0; i < PEERUP_HTTP_FIELDS_MAX; i++)
    g_string_append (many, "X: \r\n");
  g_string_append (many, "\r\n");
  assert_refused (many->str, many->len, 400);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http/reader/whole", test_whole);
  g_test_add_func ("/http/reader/truncated", test_truncated);
  g_test_add_func ("/http/reader/stops-behind-head", test_stops_behind_head);
  g_test_add_func ("/http/reader/pipeline", test_pipeline);
  g_test_add_func ("/http/reader/expect", test_expect);
  g_test_add_func ("/http/reader/refused", test_refused);
  g_test_add_func ("/http/reader/sizes", test_sizes);

  return g_test_run ();
}
