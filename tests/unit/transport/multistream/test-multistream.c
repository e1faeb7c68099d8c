/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Both roles of the negotiation, against literal bytes and against each other. */

#include <string.h>

#include "transport/multistream/peerup-multistream.h"

#define HEADER "\x13/multistream/1.0.0\n"
#define NA     "\x03na\n"

/* user_data: a comma-separated list of what is served. */
static gboolean
serves (const char *protocol, gpointer user_data)
{
  g_auto (GStrv) served = g_strsplit (user_data, ",", -1);

  return g_strv_contains ((const char *const *) served, protocol);
}

static PeerupMultistream *
new_listener (const char *served)
{
  return peerup_multistream_new_listener (serves, (gpointer) served);
}

static gboolean
serves_all (const char *protocol, gpointer user_data)
{
  return TRUE;
}

static void
assert_output (PeerupMultistream *machine, gconstpointer expected, gsize length)
{
  g_autoptr (GBytes) output = peerup_multistream_take_output (machine);

  if (length == 0)
    g_assert_null (output);
  else
    g_assert_cmpmem (g_bytes_get_data (output, NULL), g_bytes_get_size (output), expected, length);
}

/* Feeds an exact-size copy in pieces of @step bytes; @consumed counts over all of them. */
static gboolean
feed (PeerupMultistream *machine, gconstpointer data, gsize length, gsize step, gsize *consumed, GError **error)
{
  *consumed = 0;
  for (gsize at = 0; at < length; at += step)
    {
      gsize piece = MIN (step, length - at);
      g_autofree guint8 *copy = g_memdup2 ((const guint8 *) data + at, piece);
      gsize taken;

      if (!peerup_multistream_feed (machine, copy, piece, &taken, error))
        return FALSE;
      *consumed += taken;
      if (taken < piece)
        break;
    }
  return TRUE;
}

static void
test_dialer_golden (void)
{
  static const char *const protocols[] = { "/tls/1.0.0", NULL };
  static const char bytes[] = HEADER "\x0b/tls/1.0.0\n";

  for (gsize step = 1; step <= sizeof bytes; step++)
    {
      g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
      gsize consumed;

      assert_output (dialer, bytes, sizeof bytes - 1);
      assert_output (dialer, NULL, 0);
      /* One byte more than the negotiation: the application's. */
      g_assert_true (feed (dialer, HEADER "\x0b/tls/1.0.0\n\x16", sizeof bytes, step, &consumed, NULL));
      g_assert_cmpuint (consumed, ==, sizeof bytes - 1);
      g_assert_cmpstr (peerup_multistream_get_protocol (dialer), ==, "/tls/1.0.0");
      assert_output (dialer, NULL, 0);
    }
}

static void
test_listener_golden (void)
{
  static const char bytes[] = HEADER "\x07/noise\n\x00\x20rest";
  static const gsize negotiation = sizeof HEADER "\x07/noise\n" - 1;

  for (gsize step = 1; step <= sizeof bytes; step++)
    {
      g_autoptr (PeerupMultistream) listener = new_listener ("/tls/1.0.0,/noise");
      gsize consumed;

      g_assert_true (feed (listener, bytes, sizeof bytes - 1, step, &consumed, NULL));
      g_assert_cmpuint (consumed, ==, negotiation);
      g_assert_cmpstr (peerup_multistream_get_protocol (listener), ==, "/noise");
      assert_output (listener, HEADER "\x07/noise\n", negotiation);
    }
}

static void
test_dialer_next (void)
{
  static const char *const protocols[] = { "/tls/1.0.0", "/noise", NULL };
  g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
  gsize consumed;

  assert_output (dialer, HEADER "\x0b/tls/1.0.0\n", sizeof HEADER "\x0b/tls/1.0.0\n" - 1);
  g_assert_true (feed (dialer, HEADER NA, sizeof HEADER NA - 1, 64, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, sizeof HEADER NA - 1);
  g_assert_null (peerup_multistream_get_protocol (dialer));
  assert_output (dialer, "\x07/noise\n", 8);
  g_assert_true (feed (dialer, "\x07/noise\n", 8, 3, &consumed, NULL));
  g_assert_cmpstr (peerup_multistream_get_protocol (dialer), ==, "/noise");
}

static void
test_dialer_refused (void)
{
  static const char *const protocols[] = { "/peerup/a/1.0.0", "/peerup/b/1.0.0", NULL };
  static const char answers[] = HEADER NA NA "garbage";
  g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) again = NULL;
  gsize consumed;

  g_assert_false (feed (dialer, answers, sizeof answers - 1, 64, &consumed, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  g_assert_cmpstr (error->message, ==, "the peer does not serve /peerup/a/1.0.0, /peerup/b/1.0.0");
  g_assert_null (peerup_multistream_get_protocol (dialer));
  g_assert_false (feed (dialer, NA, 4, 4, &consumed, &again));
  g_assert_error (again, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

static void
test_dialer_wrong_answer (void)
{
  static const char *const protocols[] = { "/a/1", NULL };
  static const char *const answers[] = { "\x05/a/2\n", "\x04/a/\n", "\x06/a/1 \n", "\x03ls\n", HEADER };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
      g_autoptr (GError) error = NULL;
      gsize consumed;

      g_assert_true (feed (dialer, HEADER, sizeof HEADER - 1, 64, &consumed, NULL));
      g_assert_false (feed (dialer, answers[i], strlen (answers[i]), 64, &consumed, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
    }
}

/* What the peer sends into an error message is short and printable. */
static void
test_quoted (void)
{
  static const char *const protocols[] = { "/a/1", NULL };
  g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
  g_autoptr (GString) line = g_string_new ("\x80\x08");
  g_autoptr (GError) error = NULL;
  gsize consumed;

  while (line->len < 2 + 1022)
    g_string_append (line, "\xc2\x9b"); /* a C1 control */
  g_string_append (line, "x\n");
  g_assert_false (feed (dialer, line->str, line->len, 2000, &consumed, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "\\302\\233"));
  g_assert_cmpuint (strlen (error->message), <, 400);
}

/* A lazy dialer: header, proposal and application data in one flush. */
static void
test_lazy (void)
{
  static const char *const protocols[] = { "/peerup/ssh/1.0.0", NULL };
  g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
  g_autoptr (PeerupMultistream) listener = new_listener ("/peerup/ssh/1.0.0");
  g_autoptr (GBytes) hello = peerup_multistream_take_output (dialer);
  g_autoptr (GByteArray) flush = g_byte_array_new ();
  g_autoptr (GBytes) answer = NULL;
  gsize consumed;

  g_byte_array_append (flush, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
  g_byte_array_append (flush, (const guint8 *) "\x13/multistream", 13);
  g_assert_true (peerup_multistream_feed (listener, flush->data, flush->len, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, g_bytes_get_size (hello));
  g_assert_true (peerup_multistream_feed (listener, flush->data + consumed, flush->len - consumed, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, 0);

  answer = peerup_multistream_take_output (listener);
  g_assert_true (g_bytes_equal (answer, hello));
  g_assert_true (feed (dialer, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), 1, &consumed, NULL));
  g_assert_cmpstr (peerup_multistream_get_protocol (dialer), ==, "/peerup/ssh/1.0.0");
}

static void
test_listener_unknown (void)
{
  static const char bytes[] = HEADER "\x03ls\n" NA "\x01\n" HEADER "\x05/b/1\n\x05/a/1\n";
  g_autoptr (PeerupMultistream) listener = new_listener ("/a/1");
  gsize consumed;

  g_assert_true (feed (listener, bytes, sizeof bytes - 1, 64, &consumed, NULL));
  g_assert_cmpuint (consumed, ==, sizeof bytes - 1);
  assert_output (listener, HEADER NA NA NA NA NA "\x05/a/1\n", sizeof HEADER NA NA NA NA NA "\x05/a/1\n" - 1);
}

/* The words of the protocol are never offered to the callback. */
static void
test_listener_reserved (void)
{
  static const char bytes[] = HEADER "\x03ls\n" NA "\x01\n" HEADER;
  g_autoptr (PeerupMultistream) listener = peerup_multistream_new_listener (serves_all, NULL);
  gsize consumed;

  g_assert_true (feed (listener, bytes, sizeof bytes - 1, 64, &consumed, NULL));
  g_assert_null (peerup_multistream_get_protocol (listener));
  assert_output (listener, HEADER NA NA NA NA, sizeof HEADER NA NA NA NA - 1);
}

/* Known attacks. */
static void
test_bad_input (void)
{
  static const struct
  {
    const char *name;
    const char *line;
    gsize length;
    int code;
  } rows[] = {
    { "line of 1025 bytes", "\x81\x08/", 3, PEERUP_ERROR_TOO_LARGE },
    { "varint of 11 bytes", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, PEERUP_ERROR_TOO_LARGE },
    { "varint not minimal", "\x85\x00/a/1\n", 7, PEERUP_ERROR_MALFORMED },
    { "no newline", "\x05/a/1x", 6, PEERUP_ERROR_MALFORMED },
    { "NUL in the protocol",
      "\x05/a\0"
      "1\n",
      6, PEERUP_ERROR_MALFORMED },
    { "no bytes", "\x00", 1, PEERUP_ERROR_MALFORMED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize step = 1; step < 40; step += 38)
      {
        static const char *const protocols[] = { "/a/1", NULL };
        g_autoptr (PeerupMultistream) listener = peerup_multistream_new_listener (serves_all, NULL);
        g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
        g_autoptr (GError) error = NULL;
        g_autoptr (GError) dialer_error = NULL;
        gsize consumed;

        g_test_message ("%s, %zu bytes at a time", rows[i].name, step);
        g_assert_true (feed (listener, HEADER, sizeof HEADER - 1, 64, &consumed, NULL));
        g_assert_false (feed (listener, rows[i].line, rows[i].length, step, &consumed, &error));
        g_assert_error (error, PEERUP_ERROR, rows[i].code);
        g_assert_null (peerup_multistream_get_protocol (listener));

        g_assert_true (feed (dialer, HEADER, sizeof HEADER - 1, 64, &consumed, NULL));
        g_assert_false (feed (dialer, rows[i].line, rows[i].length, step, &consumed, &dialer_error));
        g_assert_error (dialer_error, PEERUP_ERROR, rows[i].code);
      }
}

static void
test_bad_header (void)
{
  static const char *const first[] = {
    "\x13/multistream/1.0.1\n",
    "\x14/multistream/1.0.0 \n",
    "\x07/noise\n",
    NA,
    "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nX: 0123456789012345678901234567890123\r\n\r\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    {
      g_autoptr (PeerupMultistream) listener = peerup_multistream_new_listener (serves_all, NULL);
      g_autoptr (GError) error = NULL;
      gsize consumed;

      g_assert_false (feed (listener, first[i], strlen (first[i]), 200, &consumed, &error));
      g_assert_true (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL) ||
                     g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED));
    }
}

static void
test_endless_proposals (void)
{
  g_autoptr (PeerupMultistream) listener = new_listener ("/a/1");
  g_autoptr (GError) error = NULL;
  gsize consumed;

  g_assert_true (feed (listener, HEADER, sizeof HEADER - 1, 64, &consumed, NULL));
  for (guint i = 1; i < PEERUP_MULTISTREAM_PROPOSALS_MAX; i++)
    g_assert_true (feed (listener, "\x05/b/1\n", 6, 6, &consumed, NULL));
  g_assert_false (feed (listener, "\x05/b/1\n", 6, 6, &consumed, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
}

/* The last proposal that is heard may still be the right one. */
static void
test_last_proposal (void)
{
  g_autoptr (PeerupMultistream) listener = new_listener ("/a/1");
  gsize consumed;

  g_assert_true (feed (listener, HEADER, sizeof HEADER - 1, 64, &consumed, NULL));
  for (guint i = 1; i < PEERUP_MULTISTREAM_PROPOSALS_MAX; i++)
    g_assert_true (feed (listener, "\x05/b/1\n", 6, 6, &consumed, NULL));
  g_assert_true (feed (listener, "\x05/a/1\n", 6, 6, &consumed, NULL));
  g_assert_cmpstr (peerup_multistream_get_protocol (listener), ==, "/a/1");
}

/* Each prefix of a whole negotiation waits for more. */
static void
test_truncation (void)
{
  static const char bytes[] = HEADER "\x05/b/1\n\x05/a/1\n";

  for (gsize length = 0; length < sizeof bytes - 1; length++)
    {
      g_autoptr (PeerupMultistream) listener = new_listener ("/a/1");
      gsize consumed;

      g_assert_true (feed (listener, bytes, length, sizeof bytes, &consumed, NULL));
      g_assert_cmpuint (consumed, ==, length);
      g_assert_null (peerup_multistream_get_protocol (listener));
    }
}

static void
test_longest_protocol (void)
{
  g_autofree char *longest = g_strnfill (PEERUP_MULTISTREAM_LINE_MAX - 1, 'p');
  const char *const protocols[] = { longest, NULL };
  g_autoptr (PeerupMultistream) dialer = peerup_multistream_new_dialer (protocols);
  g_autoptr (PeerupMultistream) listener = peerup_multistream_new_listener (serves_all, NULL);
  g_autoptr (GBytes) hello = peerup_multistream_take_output (dialer);
  gsize consumed;

  g_assert_true (feed (listener, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello), 7, &consumed, NULL));
  g_assert_cmpstr (peerup_multistream_get_protocol (listener), ==, longest);
  assert_output (listener, g_bytes_get_data (hello, NULL), g_bytes_get_size (hello));
}

static void
test_valid_protocol (void)
{
  g_autofree char *longest = g_strnfill (PEERUP_MULTISTREAM_LINE_MAX - 1, 'p');
  g_autofree char *too_long = g_strnfill (PEERUP_MULTISTREAM_LINE_MAX, 'p');

  g_assert_true (peerup_multistream_is_valid_protocol ("/peerup/ssh/1.0.0"));
  g_assert_true (peerup_multistream_is_valid_protocol ("/caf\xc3\xa9"));
  g_assert_true (peerup_multistream_is_valid_protocol (longest));
  g_assert_false (peerup_multistream_is_valid_protocol (too_long));
  g_assert_false (peerup_multistream_is_valid_protocol (""));
  g_assert_false (peerup_multistream_is_valid_protocol ("/a\n"));
  g_assert_false (peerup_multistream_is_valid_protocol ("/a\xff"));
  g_assert_false (peerup_multistream_is_valid_protocol ("na"));
  g_assert_false (peerup_multistream_is_valid_protocol ("ls"));
  g_assert_false (peerup_multistream_is_valid_protocol ("/multistream/1.0.0"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/multistream/dialer/golden", test_dialer_golden);
  g_test_add_func ("/multistream/dialer/next", test_dialer_next);
  g_test_add_func ("/multistream/dialer/refused", test_dialer_refused);
  g_test_add_func ("/multistream/dialer/wrong-answer", test_dialer_wrong_answer);
  g_test_add_func ("/multistream/dialer/quoted", test_quoted);
  g_test_add_func ("/multistream/lazy", test_lazy);
  g_test_add_func ("/multistream/listener/golden", test_listener_golden);
  g_test_add_func ("/multistream/listener/unknown", test_listener_unknown);
  g_test_add_func ("/multistream/listener/reserved", test_listener_reserved);
  g_test_add_func ("/multistream/listener/endless-proposals", test_endless_proposals);
  g_test_add_func ("/multistream/listener/last-proposal", test_last_proposal);
  g_test_add_func ("/multistream/bad-input", test_bad_input);
  g_test_add_func ("/multistream/bad-header", test_bad_header);
  g_test_add_func ("/multistream/truncation", test_truncation);
  g_test_add_func ("/multistream/longest-protocol", test_longest_protocol);
  g_test_add_func ("/multistream/valid-protocol", test_valid_protocol);
  return g_test_run ();
}
