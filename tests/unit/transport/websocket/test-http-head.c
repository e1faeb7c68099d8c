/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include <string.h>

#include "transport/websocket/peerup-http-head.h"

static const char good[] = "GET /a?b HTTP/1.1\r\n"
                           "Host: example.org\r\n"
                           "x-Thing:  one , Two\t\r\n"
                           "X-THING: three\r\n"
                           "Empty:\r\n"
                           "\r\n";

/* From an exact-size copy, so that a read behind its end shows. */
static PeerupHttpHead *
parse (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_memdup2 (text, length);

  return peerup_http_head_parse (copy, length, error);
}

static void
test_fields (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupHttpHead) head = parse (good, strlen (good), &error);
  g_autofree char *first = NULL;
  g_autofree char *empty = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (head->start, ==, "GET /a?b HTTP/1.1");
  g_assert_cmpstr (peerup_http_head_get (head, "host"), ==, "example.org");
  g_assert_cmpstr (peerup_http_head_get (head, "EMPTY"), ==, "");
  g_assert_null (peerup_http_head_get (head, "absent"));
  g_assert_null (peerup_http_head_get (head, "X-Thing"));
  g_assert_cmpuint (peerup_http_head_count (head, "X-Thing"), ==, 2);
  g_assert_true (peerup_http_head_has_token (head, "X-Thing", "one"));
  g_assert_true (peerup_http_head_has_token (head, "X-Thing", "two"));
  g_assert_true (peerup_http_head_has_token (head, "X-Thing", "THREE"));
  g_assert_false (peerup_http_head_has_token (head, "X-Thing", "on"));
  g_assert_false (peerup_http_head_has_token (head, "X-Thing", "onee"));
  g_assert_false (peerup_http_head_has_token (head, "Empty", "one"));
  first = peerup_http_head_dup_first_token (head, "x-thing");
  g_assert_cmpstr (first, ==, "one");
  empty = peerup_http_head_dup_first_token (head, "Empty");
  g_assert_null (empty);
}

static void
test_truncation (void)
{
  for (gsize length = 0; length < strlen (good); length++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (parse (good, length, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
assert_malformed (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (text, length, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

#define BAD(name, text) \
  static void test_##name (void) { assert_malformed (text, sizeof text - 1); }

BAD (bare_line_feed, "GET / HTTP/1.1\nHost: a\r\n\r\n")
BAD (bare_carriage_return, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n")
BAD (folded_field, "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n")
BAD (no_colon, "GET / HTTP/1.1\r\nHost\r\n\r\n")
BAD (space_before_colon, "GET / HTTP/1.1\r\nHost : a\r\n\r\n")
BAD (no_name, "GET / HTTP/1.1\r\n: a\r\n\r\n")
BAD (zero_byte, "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")
BAD (control_character, "GET / HTTP/1.1\r\nHost: a\x1b\r\n\r\n")
BAD (empty_first_line, "\r\nHost: a\r\n\r\n")
BAD (bytes_behind, "GET / HTTP/1.1\r\n\r\nx")

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-head/fields", test_fields);
  g_test_add_func ("/http-head/truncation", test_truncation);
  g_test_add_func ("/http-head/bad/bare-line-feed", test_bare_line_feed);
  g_test_add_func ("/http-head/bad/bare-carriage-return", test_bare_carriage_return);
  g_test_add_func ("/http-head/bad/folded-field", test_folded_field);
  g_test_add_func ("/http-head/bad/no-colon", test_no_colon);
  g_test_add_func ("/http-head/bad/space-before-colon", test_space_before_colon);
  g_test_add_func ("/http-head/bad/no-name", test_no_name);
  g_test_add_func ("/http-head/bad/zero-byte", test_zero_byte);
  g_test_add_func ("/http-head/bad/control-character", test_control_character);
  g_test_add_func ("/http-head/bad/empty-first-line", test_empty_first_line);
  g_test_add_func ("/http-head/bad/bytes-behind", test_bytes_behind);
  return g_test_run ();
}
