/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include <string.h>

#include "transport/websocket/peerup-websocket-handshake.h"

/* RFC 6455 1.3 */
#define RFC_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define RFC_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define RFC_NONCE  ((const guint8 *) "the sample nonce")

#define START    "GET /chat HTTP/1.1\r\n"
#define HOST     "Host: server.example.com\r\n"
#define UPGRADE  "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY      "Sec-WebSocket-Key: " RFC_KEY "\r\n"
#define VERSION  "Sec-WebSocket-Version: 13\r\n"
#define END      "\r\n"
#define SWITCHES "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT   "Sec-WebSocket-Accept: " RFC_ACCEPT "\r\n"

/* RFC 6455 1.2, but for what nobody asks us. */
static const char request[] = START HOST UPGRADE KEY "Origin: http://example.com\r\n" VERSION END;
static const char answer[] = SWITCHES UPGRADE ACCEPT END;

static char *
take (PeerupWebsocketHandshake *machine)
{
  g_autoptr (GBytes) output = peerup_websocket_handshake_take_output (machine);

  return output != NULL ? g_strndup (g_bytes_get_data (output, NULL), g_bytes_get_size (output)) : NULL;
}

static PeerupWebsocketHandshake *
new_machine (gboolean client)
{
  PeerupWebsocketHandshake *machine = client ? peerup_websocket_handshake_new_client ("server.example.com", RFC_NONCE)
                                             : peerup_websocket_handshake_new_server ();
  g_autofree char *first = take (machine);

  if (client)
    g_assert_cmpstr (first, ==, "GET / HTTP/1.1\r\n" HOST UPGRADE KEY VERSION END);
  else
    g_assert_null (first);
  return machine;
}

/* Feeds @text from exact-size copies of @step bytes. */
static gboolean
feed (PeerupWebsocketHandshake *machine, const char *text, gsize length, gsize step, gsize *consumed, GError **error)
{
  gsize taken = 0;

  for (*consumed = 0; *consumed < length; *consumed += taken)
    {
      gsize n = MIN (step, length - *consumed);
      g_autofree char *copy = g_memdup2 (text + *consumed, n);

      if (!peerup_websocket_handshake_feed (machine, copy, n, &taken, error))
        return FALSE;
      if (taken < n)
        {
          *consumed += taken;
          return TRUE;
        }
    }
  return TRUE;
}

static void
test_rfc_key (void)
{
  g_autofree char *accept = peerup_websocket_accept_for_key (RFC_KEY);

  g_assert_cmpstr (accept, ==, RFC_ACCEPT);
}

/* However it is cut, it is done behind the last byte and not before, and what follows is left. */
static void
check_good (gboolean client, const char *text, const char *expected)
{
  g_autofree char *more = g_strconcat (text, "frames", NULL);

  for (gsize step = 1; step <= strlen (more); step++)
    {
      g_autoptr (PeerupWebsocketHandshake) machine = new_machine (client);
      g_autoptr (GError) error = NULL;
      g_autofree char *output = NULL;
      gsize consumed;

      g_assert_true (feed (machine, more, strlen (more), step, &consumed, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (consumed, ==, strlen (text));
      g_assert_true (peerup_websocket_handshake_is_done (machine));
      output = take (machine);
      g_assert_cmpstr (output, ==, expected);
    }
}

static void
test_request (void)
{
  check_good (FALSE, request, answer);
}

static void
test_answer (void)
{
  check_good (TRUE, answer, NULL);
}

static void
test_prefixes_wait (void)
{
  for (guint client = 0; client < 2; client++)
    {
      const char *text = client ? answer : request;

      for (gsize length = 0; length < strlen (text); length++)
        {
          g_autoptr (PeerupWebsocketHandshake) machine = new_machine (client);
          g_autofree char *output = NULL;
          gsize consumed;

          g_assert_true (feed (machine, text, length, length, &consumed, NULL));
          g_assert_cmpuint (consumed, ==, length);
          g_assert_false (peerup_websocket_handshake_is_done (machine));
          output = take (machine);
          g_assert_null (output);
        }
    }
}

/* Lists, cases, paths and fields as browsers and proxies have them. */
static void
test_other_forms (void)
{
  check_good (FALSE,
              "GET /any/path?x=%20 HTTP/1.1\r\nhost:a:1\r\nUPGRADE: h2c, WebSocket\r\n"
              "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\n" KEY VERSION END,
              answer);
  check_good (TRUE, "HTTP/1.1 101\r\nserver: x\r\nupgrade: WebSocket\r\nconnection: keep-alive, upgrade\r\n" ACCEPT END,
              NULL);
}

static void
test_subprotocol (void)
{
  check_good (FALSE, START HOST UPGRADE KEY VERSION "Sec-WebSocket-Protocol: libp2p, other\r\n" END,
              SWITCHES UPGRADE ACCEPT "Sec-WebSocket-Protocol: libp2p\r\n" END);
}

/* Server */

static void
assert_refused (const char *text, gsize length, const char *status, int code)
{
  for (gsize step = 1; step <= length; step += 1 + length / 40)
    {
      g_autoptr (PeerupWebsocketHandshake) machine = new_machine (FALSE);
      g_autoptr (GError) error = NULL;
      g_autofree char *output = NULL;
      g_autofree char *line = g_strconcat ("HTTP/1.1 ", status, "\r\n", NULL);
      const char *body;
      gsize consumed;

      g_assert_false (feed (machine, text, length, step, &consumed, &error));
      g_assert_error (error, PEERUP_ERROR, code);
      g_assert_false (peerup_websocket_handshake_is_done (machine));
      output = take (machine);
      g_assert_nonnull (output);
      g_assert_true (g_str_has_prefix (output, line));
      g_assert_nonnull (strstr (output, "\r\nSec-WebSocket-Version: 13\r\n"));
      body = strstr (output, "\r\n\r\n") + 4;
      g_assert_cmpstr (body, !=, "");
      g_assert_cmpint (body[strlen (body) - 1], ==, '\n');
      /* It stays failed. */
      g_assert_false (peerup_websocket_handshake_feed (machine, "x", 1, &consumed, NULL));
    }
}

#define REFUSED(name, text, status, code) \
  static void test_##name (void) { assert_refused (text, sizeof text - 1, status, PEERUP_ERROR_##code); }

REFUSED (plain_get, START HOST "User-Agent: curl\r\nAccept: */*\r\n" END, "426 Upgrade Required", PROTOCOL)
REFUSED (old_version, START HOST UPGRADE KEY "Sec-WebSocket-Version: 8\r\n" END, "426 Upgrade Required", PROTOCOL)
REFUSED (two_versions, START HOST UPGRADE KEY VERSION VERSION END, "426 Upgrade Required", PROTOCOL)
REFUSED (other_upgrade, START HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY VERSION END, "426 Upgrade Required",
         PROTOCOL)
REFUSED (no_connection_field, START HOST "Upgrade: websocket\r\n" KEY VERSION END, "426 Upgrade Required", PROTOCOL)
REFUSED (no_host, START UPGRADE KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (two_hosts, START HOST HOST UPGRADE KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (no_key, START HOST UPGRADE VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (two_keys, START HOST UPGRADE KEY KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (short_key, START HOST UPGRADE "Sec-WebSocket-Key: AAAA\r\n" VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (key_not_base64, START HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n" VERSION END,
         "400 Bad Request", PROTOCOL)
REFUSED (key_with_loose_bits, START HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" VERSION END,
         "400 Bad Request", PROTOCOL)
REFUSED (post, "POST / HTTP/1.1\r\n" HOST UPGRADE KEY VERSION END, "400 Bad Request", MALFORMED)
REFUSED (http_1_0, "GET / HTTP/1.0\r\n" HOST UPGRADE KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (no_path, "GET  HTTP/1.1\r\n" HOST UPGRADE KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (two_paths, "GET / / HTTP/1.1\r\n" HOST UPGRADE KEY VERSION END, "400 Bad Request", PROTOCOL)
REFUSED (bad_field, START "Host\r\n" UPGRADE KEY VERSION END, "400 Bad Request", MALFORMED)
REFUSED (zero_byte, START HOST "X: a\0b\r\n" UPGRADE KEY VERSION END, "400 Bad Request", MALFORMED)
/* None of these would ever send an empty line. */
REFUSED (tls_hello, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "400 Bad Request", MALFORMED)
REFUSED (multistream, "\x13/multistream/1.0.0\n", "400 Bad Request", MALFORMED)
REFUSED (http_2, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request", MALFORMED)

static void
check_size (gsize size, gboolean fits)
{
  g_autoptr (GString) text = g_string_new (START HOST UPGRADE KEY VERSION "X: ");

  while (text->len < size - 4)
    g_string_append_c (text, 'x');
  g_string_append (text, "\r\n\r\n");
  g_assert_cmpuint (text->len, ==, size);
  if (fits)
    {
      g_autoptr (PeerupWebsocketHandshake) machine = new_machine (FALSE);
      gsize consumed;

      g_assert_true (feed (machine, text->str, size, size, &consumed, NULL));
      g_assert_true (peerup_websocket_handshake_is_done (machine));
    }
  else
    assert_refused (text->str, size, "431 Request Header Fields Too Large", PEERUP_ERROR_TOO_LARGE);
}

static void
test_oversized (void)
{
  check_size (PEERUP_WEBSOCKET_HEAD_MAX, TRUE);
  check_size (PEERUP_WEBSOCKET_HEAD_MAX + 1, FALSE);
  check_size (10 * PEERUP_WEBSOCKET_HEAD_MAX, FALSE);
}

/* Client */

static void
assert_rejected (const char *text, gsize length, int code, const char *words)
{
  g_autoptr (PeerupWebsocketHandshake) machine = new_machine (TRUE);
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  gsize consumed;

  g_assert_false (feed (machine, text, length, 7, &consumed, &error));
  g_assert_error (error, PEERUP_ERROR, code);
  g_assert_nonnull (strstr (error->message, words));
  output = take (machine);
  g_assert_null (output);
}

#define REJECTED(name, text, code, words) \
  static void test_##name (void) { assert_rejected (text, sizeof text - 1, PEERUP_ERROR_##code, words); }

REJECTED (not_found, "HTTP/1.1 404 Not\x80 Found\r\n" END, PROTOCOL, "HTTP/1.1 404 Not\\200 Found")
REJECTED (status_1010, "HTTP/1.1 1010 Odd\r\n" UPGRADE ACCEPT END, PROTOCOL, "1010")
REJECTED (wrong_accept, SWITCHES UPGRADE "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n" END, PROTOCOL, "key")
REJECTED (no_accept, SWITCHES UPGRADE END, PROTOCOL, "key")
REJECTED (switched_elsewhere, SWITCHES "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT END, PROTOCOL, "else")
REJECTED (granted_protocol, SWITCHES UPGRADE ACCEPT "Sec-WebSocket-Protocol: x\r\n" END, PROTOCOL, "granted")
REJECTED (granted_extension, SWITCHES UPGRADE ACCEPT "Sec-WebSocket-Extensions: x\r\n" END, PROTOCOL, "granted")
REJECTED (not_http, "SSH-2.0-OpenSSH_9\r\n", MALFORMED, "not HTTP")

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket-handshake/rfc-key", test_rfc_key);
  g_test_add_func ("/websocket-handshake/request", test_request);
  g_test_add_func ("/websocket-handshake/answer", test_answer);
  g_test_add_func ("/websocket-handshake/prefixes-wait", test_prefixes_wait);
  g_test_add_func ("/websocket-handshake/other-forms", test_other_forms);
  g_test_add_func ("/websocket-handshake/subprotocol", test_subprotocol);
  g_test_add_func ("/websocket-handshake/refused/plain-get", test_plain_get);
  g_test_add_func ("/websocket-handshake/refused/old-version", test_old_version);
  g_test_add_func ("/websocket-handshake/refused/two-versions", test_two_versions);
  g_test_add_func ("/websocket-handshake/refused/other-upgrade", test_other_upgrade);
  g_test_add_func ("/websocket-handshake/refused/no-connection-field", test_no_connection_field);
  g_test_add_func ("/websocket-handshake/refused/no-host", test_no_host);
  g_test_add_func ("/websocket-handshake/refused/two-hosts", test_two_hosts);
  g_test_add_func ("/websocket-handshake/refused/no-key", test_no_key);
  g_test_add_func ("/websocket-handshake/refused/two-keys", test_two_keys);
  g_test_add_func ("/websocket-handshake/refused/short-key", test_short_key);
  g_test_add_func ("/websocket-handshake/refused/key-not-base64", test_key_not_base64);
  g_test_add_func ("/websocket-handshake/refused/key-with-loose-bits", test_key_with_loose_bits);
  g_test_add_func ("/websocket-handshake/refused/post", test_post);
  g_test_add_func ("/websocket-handshake/refused/http-1.0", test_http_1_0);
  g_test_add_func ("/websocket-handshake/refused/no-path", test_no_path);
  g_test_add_func ("/websocket-handshake/refused/two-paths", test_two_paths);
  g_test_add_func ("/websocket-handshake/refused/bad-field", test_bad_field);
  g_test_add_func ("/websocket-handshake/refused/zero-byte", test_zero_byte);
  g_test_add_func ("/websocket-handshake/refused/tls-hello", test_tls_hello);
  g_test_add_func ("/websocket-handshake/refused/multistream", test_multistream);
  g_test_add_func ("/websocket-handshake/refused/http-2", test_http_2);
  g_test_add_func ("/websocket-handshake/refused/oversized", test_oversized);
  g_test_add_func ("/websocket-handshake/rejected/not-found", test_not_found);
  g_test_add_func ("/websocket-handshake/rejected/status-1010", test_status_1010);
  g_test_add_func ("/websocket-handshake/rejected/wrong-accept", test_wrong_accept);
  g_test_add_func ("/websocket-handshake/rejected/no-accept", test_no_accept);
  g_test_add_func ("/websocket-handshake/rejected/switched-elsewhere", test_switched_elsewhere);
  g_test_add_func ("/websocket-handshake/rejected/granted-protocol", test_granted_protocol);
  g_test_add_func ("/websocket-handshake/rejected/granted-extension", test_granted_extension);
  g_test_add_func ("/websocket-handshake/rejected/not-http", test_not_http);
  return g_test_run ();
}
