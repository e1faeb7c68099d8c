/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Answers: the status of each error, and their bytes; and where the daemon serves them. */
#include "http/peerup-http-face.h"
#include "http/peerup-http-private.h"

#include <string.h>

static void
test_statuses (void)
{
  static const guint statuses[] = {
    [PEERUP_ERROR_MALFORMED] = 400,   [PEERUP_ERROR_TOO_LARGE] = 413,  [PEERUP_ERROR_UNSUPPORTED] = 501,
    [PEERUP_ERROR_CRYPTO] = 502,      [PEERUP_ERROR_WRONG_PEER] = 502, [PEERUP_ERROR_GATED] = 403,
    [PEERUP_ERROR_NEGOTIATION] = 502, [PEERUP_ERROR_PROTOCOL] = 502,   [PEERUP_ERROR_RESET] = 502,
    [PEERUP_ERROR_CLOSED] = 503,      [PEERUP_ERROR_LIMIT] = 429,      [PEERUP_ERROR_TIMEOUT] = 504,
    [PEERUP_ERROR_UNREACHABLE] = 502, [PEERUP_ERROR_NOT_FOUND] = 404,  [PEERUP_ERROR_EXISTS] = 409,
    [PEERUP_ERROR_PERMISSION] = 403,  [PEERUP_ERROR_CONFIG] = 400,     [PEERUP_ERROR_DENIED] = 403,
  };
  g_autoptr (GError) arguments = g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "wrong");
  g_autoptr (GError) other = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "full");

  G_STATIC_ASSERT (G_N_ELEMENTS (statuses) == PEERUP_ERROR_DENIED + 1);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (GError) error = g_error_new (PEERUP_ERROR, (int) i, "so");

      g_assert_cmpuint (peerup_http_status_for_error (error), ==, statuses[i]);
    }
  g_assert_cmpuint (peerup_http_status_for_error (arguments), ==, 400);
  g_assert_cmpuint (peerup_http_status_for_error (other), ==, 500);
}

static void
assert_bytes (PeerupHttpResponse *response, const char *expected)
{
  gsize length;
  const char *bytes = g_bytes_get_data (response->body, &length);

  g_assert_cmpmem (bytes, length, expected, strlen (expected));
}

static void
test_bodies (void)
{
  g_autoptr (PeerupHttpResponse) error = peerup_http_response_new_error (400, "“\xff” is \"it\"");
  g_autoptr (PeerupHttpResponse) data = peerup_http_response_new_data (g_variant_new_string ("x"));

  assert_bytes (error, "{\"error\":\"“\xef\xbf\xbd” is \\\"it\\\"\"}\n");
  assert_bytes (data, "{\"data\":\"x\"}\n");
}

static void
test_heads (void)
{
  g_autoptr (PeerupHttpResponse) data = peerup_http_response_new_data (g_variant_new_boolean (TRUE));
  g_autoptr (PeerupHttpResponse) stream = peerup_http_response_new_stream (NULL);
  g_autoptr (GString) kept = peerup_http_response_format_head (data, FALSE);
  g_autoptr (GString) closed = peerup_http_response_format_head (stream, FALSE);

  g_assert_cmpstr (kept->str, ==,
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n"
                   "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n");
  g_assert_cmpstr (closed->str, ==,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
                   "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
}

static void
test_places (void)
{
  g_autofree char *path = peerup_http_face_dup_socket_path ("/run/peerup/0123.sock");
  g_autofree char *cookie = peerup_http_face_dup_cookie_path ("/home/a/.peerup-0123.sock");

  g_assert_cmpstr (path, ==, "/run/peerup/0123-http.sock");
  g_assert_cmpstr (cookie, ==, "/home/a/.peerup-0123-http.cookie");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/http/response/statuses", test_statuses);
  g_test_add_func ("/http/response/bodies", test_bodies);
  g_test_add_func ("/http/response/heads", test_heads);
  g_test_add_func ("/http/response/places", test_places);

  return g_test_run ();
}
