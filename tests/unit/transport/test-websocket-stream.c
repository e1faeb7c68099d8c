/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Two WebSocket streams over a pipe in memory, whose capacity decides how the frames are cut; or
 * one of them, and what it gets and says byte by byte. */

#include "transport-test.h"

#include "transport/peerup-io-buffer.h"
#include "transport/peerup-websocket-stream.h"
#include "transport/websocket/peerup-websocket-mask.h"

typedef struct
{
  PeerupStream *raw[2];  /* references; NULL once given up */
  PeerupStream *side[2]; /* client, server; NULL: this side is played by hand */
} Pair;

typedef struct
{
  PeerupStream *raw;
  gboolean client;
} Shake;

static DexFuture *
shake_fiber (gpointer data)
{
  Shake *self = data;
  const PeerupWebsocketOptions options = { .host = self->client ? "a:1" : NULL, .deadline = test_deadline () };
  g_autoptr (GError) error = NULL;
  PeerupStream *stream = peerup_websocket_stream_handshake (self->raw, &options, &error);

  g_free (self);
  return stream != NULL ? dex_future_new_take_object (stream) : dex_future_new_for_error (g_steal_pointer (&error));
}

static DexFuture *
shake (PeerupStream *raw, gboolean client)
{
  Shake *self = g_new (Shake, 1);

  *self = (Shake) { raw, client };
  return dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, shake_fiber, self, NULL);
}

static void
pair_init (Pair *pair, gsize capacity)
{
  DexFuture *client, *server;

  peerup_pipe_stream_new_pair (capacity, &pair->raw[0], &pair->raw[1]);
  client = shake (pair->raw[0], TRUE);
  server = shake (pair->raw[1], FALSE);
  pair->side[0] = test_take_object (client, NULL);
  pair->side[1] = test_take_object (server, NULL);
}

#define ASK                                         \
  "GET / HTTP/1.1\r\nHost: a\r\n"                   \
  "Upgrade: websocket\r\n"                          \
  "Connection: Upgrade\r\n"                         \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
  "Sec-WebSocket-Version: 13\r\n\r\n"

/* What the other side has written. */
static GString *
take_raw (PeerupStream *raw)
{
  GString *text = g_string_new (NULL);
  char bytes[4096];
  gssize n;

  test_spin ();
  while ((n = peerup_stream_read (raw, bytes, sizeof bytes, NULL)) > 0)
    {
      g_string_append_len (text, bytes, n);
      test_spin ();
    }
  return text;
}

/* A server whose client is raw[0]; @more comes in one piece with the request. */
static void
pair_init_server (Pair *pair, gsize capacity, const char *more, gsize length)
{
  g_autoptr (GString) request = g_string_new (ASK);
  g_autoptr (GString) answer = NULL;
  DexFuture *server;

  g_string_append_len (request, more, length);
  peerup_pipe_stream_new_pair (capacity, &pair->raw[0], &pair->raw[1]);
  g_assert_cmpint (peerup_stream_write (pair->raw[0], request->str, request->len, NULL), ==, request->len);
  server = shake (pair->raw[1], FALSE);
  pair->side[1] = test_take_object (server, NULL);
  answer = take_raw (pair->raw[0]);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 101 "));
  g_assert_true (g_str_has_suffix (answer->str, "\r\n\r\n"));
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      g_clear_object (&pair->side[i]);
      g_clear_object (&pair->raw[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gsize
held (PeerupStream *stream)
{
  return peerup_websocket_stream_get_held (PEERUP_WEBSOCKET_STREAM (stream));
}

static void
write_raw (Pair *pair, const char *bytes, gsize length)
{
  g_assert_cmpint (peerup_stream_write (pair->raw[0], bytes, length, NULL), ==, length);
  test_spin ();
}

#define WRITE_RAW(pair, bytes) write_raw (pair, bytes, sizeof bytes - 1)

static void
assert_raw (Pair *pair, const char *expected, gsize length)
{
  g_autoptr (GString) text = take_raw (pair->raw[0]);

  g_assert_cmpmem (text->str, text->len, expected, length);
}

#define ASSERT_RAW(pair, bytes) assert_raw (pair, bytes, sizeof bytes - 1)

static void
assert_ended (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, 0);
  g_assert_no_error (error);
}

static void
assert_no_write (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (peerup_stream_write (stream, "x", 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

/* Data */

static void
test_echo (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1000);
  for (guint i = 0; i < 3; i++)
    {
      test_assert_blocks (pair.side[1]);
      test_assert_writes (pair.side[0], "ping");
      test_assert_reads (pair.side[1], "ping");
      test_assert_writes (pair.side[1], "pong");
      test_assert_reads (pair.side[0], "pong");
      test_assert_blocks (pair.side[0]);
      test_assert_blocks (pair.side[1]);
      g_assert_cmpuint (held (pair.side[0]) + held (pair.side[1]), ==, 0);
    }
}

/* Behind the request comes a frame, and another that is not whole. */
static void
test_early (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, "\x82\x82\0\0\0\0hi\x82\x82\0\0", 12);
  test_assert_reads (pair.side[1], "hi");
  test_assert_blocks (pair.side[1]);
  WRITE_RAW (&pair, "\0\0yo");
  test_assert_reads (pair.side[1], "yo");
}

/* Several messages and pieces of them are one read. */
static void
test_messages_are_bytes (void)
{
  g_auto (Pair) pair = { 0 };
  GInputVector vector;

  pair_init_server (&pair, 1000, NULL, 0);
  WRITE_RAW (&pair, "\x02\x81\0\0\0\0a\x00\x81\0\0\0\0b\x80\x80\0\0\0\0\x82\x81\0\0\0\0c");
  test_assert_reads (pair.side[1], "abc");
  WRITE_RAW (&pair, "\x82\x83\0\0\0\0xyz");
  g_assert_cmpuint (peerup_stream_peek (pair.side[1], &vector, 1), ==, 1);
  g_assert_cmpmem (vector.buffer, vector.size, "xyz", 3);
  peerup_stream_consume (pair.side[1], 2);
  test_assert_reads (pair.side[1], "z");
}

/* A server sends as it is; a client never masks two messages with the same bytes. */
static void
test_masks (void)
{
  g_auto (Pair) server = { 0 };
  g_auto (Pair) pair = { 0 };
  guint8 first[14], second[14];

  pair_init_server (&server, 1000, NULL, 0);
  test_assert_writes (server.side[1], "Hello");
  ASSERT_RAW (&server, "\x82\x05Hello");

  pair_init (&pair, 1000);
  test_assert_writes (pair.side[0], "Hello");
  test_assert_writes (pair.side[0], "Hello");
  g_assert_cmpint (peerup_stream_read (pair.raw[1], first, 11, NULL), ==, 11);
  g_assert_cmpint (peerup_stream_read (pair.raw[1], second, 11, NULL), ==, 11);
  g_assert_cmpmem (first, 2, "\x82\x85", 2);
  g_assert_cmpint (memcmp (first + 2, second + 2, 4), !=, 0);
  peerup_websocket_mask (first + 6, first + 6, 5, first + 2, 0);
  g_assert_cmpmem (first + 6, 5, "Hello", 5);
}

/* One direction of a transfer, run by the callbacks of the two streams alone. */
typedef struct
{
  gsize size, written, read;
  gsize chunk; /* bytes the reader asks for */
  gsize most_held;
  gboolean ended;
} Transfer;

static void
transfer_write (PeerupStream *stream, gpointer data)
{
  Transfer *transfer = data;
  g_autofree guint8 *bytes = g_malloc (200000);

  while (transfer->written < transfer->size)
    {
      gsize count = MIN (200000, transfer->size - transfer->written);
      GOutputVector vectors[2] = { { bytes, count / 3 }, { bytes + count / 3, count - count / 3 } };
      g_autoptr (GError) error = NULL;
      gssize n;

      for (gsize i = 0; i < count; i++)
        bytes[i] = test_pattern (transfer->written + i);
      n = peerup_stream_writev (stream, vectors, 2, &error);
      transfer->most_held = MAX (transfer->most_held, held (stream));
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          peerup_stream_arm_write (stream, transfer_write, transfer);
          return;
        }
      transfer->written += n;
    }
  peerup_stream_close_write (stream);
}

static void
transfer_read (PeerupStream *stream, gpointer data)
{
  Transfer *transfer = data;
  g_autofree guint8 *bytes = g_malloc (transfer->chunk);

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      gssize n = peerup_stream_read (stream, bytes, transfer->chunk, &error);

      transfer->most_held = MAX (transfer->most_held, held (stream));
      if (n == 0)
        transfer->ended = TRUE;
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          peerup_stream_arm_read (stream, transfer_read, transfer);
        }
      if (n <= 0)
        return;
      for (gssize i = 0; i < n; i++)
        g_assert_cmpuint (bytes[i], ==, test_pattern (transfer->read + i));
      transfer->read += n;
    }
}

static void
run_transfer (guint from, gsize capacity, gsize size, gsize chunk)
{
  g_auto (Pair) pair = { 0 };
  Transfer transfer = { .size = size, .chunk = chunk };
  guint8 byte;

  pair_init (&pair, capacity);
  transfer_write (pair.side[from], &transfer);
  transfer_read (pair.side[1 - from], &transfer);
  while (!transfer.ended)
    g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (transfer.read, ==, size);
  g_assert_cmpuint (transfer.most_held, <=, PEERUP_IO_BUFFER_SIZE);
  /* The goodbye is answered, however long that takes. */
  while (peerup_stream_read (pair.side[from], &byte, 1, NULL) != 0)
    test_spin ();
  g_assert_cmpuint (held (pair.side[0]) + held (pair.side[1]), ==, 0);
  assert_no_write (pair.side[1 - from]);
}

static void
test_transfer (void)
{
  for (guint from = 0; from < 2; from++)
    {
      run_transfer (from, 256 * 1024, 3 * 1000 * 1000, 128 * 1024);
      run_transfer (from, 1000, 300 * 1000, 70000);
      run_transfer (from, 65537, 1000 * 1000, 1000);
      run_transfer (from, 1, 3000, 100);
    }
}

/* A reader that does not read stalls the writer, whose buffer is bounded. */
static void
test_back_pressure (void)
{
  g_autofree guint8 *bytes = g_malloc0 (1000 * 1000);

  for (guint from = 0; from < 2; from++)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (GError) error = NULL;
      gsize taken = 0;
      gssize n;

      pair_init (&pair, 1000);
      while ((n = peerup_stream_write (pair.side[from], bytes, 1000 * 1000, &error)) > 0)
        taken += n;
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      g_assert_cmpuint (taken, <=, PEERUP_IO_BUFFER_SIZE);
      g_assert_cmpuint (held (pair.side[from]), <=, PEERUP_IO_BUFFER_SIZE);
      g_assert_cmpint (peerup_stream_poll (pair.side[from]) & G_IO_OUT, ==, 0);
    }
}

/* Control frames */

static void
test_ping (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  WRITE_RAW (&pair, "\x89\x85\0\0\0\0Hello");
  test_assert_blocks (pair.side[1]);
  ASSERT_RAW (&pair, "\x8a\x05Hello");
}

/* Pongs that nobody takes do not pile up, and data goes on. */
static void
test_ping_flood (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GString) raw = NULL;

  pair_init_server (&pair, 300, NULL, 0);
  for (guint i = 0; i < 1000; i++)
    {
      char ping[] = "\x89\x84\0\0\0\0"
                    "0000";

      g_snprintf (ping + 6, 5, "%04u", i);
      write_raw (&pair, ping, 10);
      test_assert_blocks (pair.side[1]);
      g_assert_cmpuint (held (pair.side[1]), <=, PEERUP_IO_BUFFER_SIZE);
    }
  WRITE_RAW (&pair, "\x82\x82\0\0\0\0hi");
  test_assert_reads (pair.side[1], "hi");
  raw = take_raw (pair.raw[0]);
  g_assert_cmpuint (raw->len, <, 1000);
  g_assert_true (g_str_has_suffix (raw->str, "\x8a\x04"
                                             "0999"));
  test_assert_writes (pair.side[1], "yo");
  ASSERT_RAW (&pair, "\x82\x02yo");
}

/* Nothing but pings does not keep the reader: after a few reads from below it has to ask again. */
static void
test_pings_do_not_keep_the_thread (void)
{
  g_auto (Pair) pair = { 0 };
  gsize size = 6 * PEERUP_IO_BUFFER_SIZE, n = size / 6;
  g_autofree char *pings = g_malloc0 (n * 6);

  for (gsize i = 0; i < n; i++)
    memcpy (pings + i * 6, "\x89\x80\0\0\0\0", 6);
  pair_init_server (&pair, size + 1000, NULL, 0);
  g_assert_cmpint (peerup_stream_write (pair.raw[0], pings, n * 6, NULL), ==, n * 6);
  test_assert_blocks (pair.side[1]);
  g_assert_cmpuint (peerup_pipe_stream_get_pending (PEERUP_PIPE_STREAM (pair.raw[1])), >, 0);
  g_assert_cmpint (peerup_stream_poll (pair.side[1]) & G_IO_IN, ==, G_IO_IN);
}

/* Ends */

static void
test_close (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  test_assert_writes (pair.side[1], "last");
  peerup_stream_close_write (pair.side[1]);
  assert_no_write (pair.side[1]);
  ASSERT_RAW (&pair, "\x82\x04last\x88\x02\x03\xe8");
  /* Until the peer says goodbye too, it may have something to say. */
  WRITE_RAW (&pair, "\x82\x81\0\0\0\0x\x88\x82\0\0\0\0\x03\xe8");
  test_assert_reads (pair.side[1], "x");
  assert_ended (pair.side[1]);
  assert_ended (pair.raw[0]);
}

/* The peer's goodbye is answered at once, and is the end of both directions. */
static void
test_peer_closes (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  WRITE_RAW (&pair, "\x82\x81\0\0\0\0x\x88\x82\0\0\0\0\x03\xe9\xff");
  test_assert_reads (pair.side[1], "x");
  assert_ended (pair.side[1]);
  assert_ended (pair.side[1]);
  ASSERT_RAW (&pair, "\x88\x02\x03\xe9");
  assert_no_write (pair.side[1]);
}

/* An end between frames, without a goodbye, is one. */
static void
test_raw_end (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  peerup_stream_close_write (pair.raw[0]);
  test_spin ();
  assert_ended (pair.side[1]);
}

static void
test_end_within_frame (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  WRITE_RAW (&pair, "\x82\x82\0\0\0\0x");
  test_assert_reads (pair.side[1], "x");
  peerup_stream_close_write (pair.raw[0]);
  test_spin ();
  test_assert_fails (pair.side[1], PEERUP_ERROR_CLOSED);
}

/* Closed and dropped while a message waits for room: it arrives, and then the goodbye. */
static void
test_close_drains (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree char *bytes = g_strnfill (50000, 'x');
  g_autoptr (GString) raw = NULL;

  pair_init_server (&pair, 1000, NULL, 0);
  g_assert_cmpint (peerup_stream_write (pair.side[1], bytes, 50000, NULL), ==, 50000);
  peerup_stream_close (pair.side[1]);
  g_clear_object (&pair.side[1]);
  raw = take_raw (pair.raw[0]);
  g_assert_cmpuint (raw->len, ==, 4 + 50000 + 4);
  g_assert_true (g_str_has_suffix (raw->str, "x\x88\x02\x03\xe8"));
}

static void
test_reset (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 1000);
  peerup_stream_reset (pair.side[0], 7);
  test_assert_fails (pair.side[0], PEERUP_ERROR_RESET);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.side[0]), ==, 7);
  test_spin ();
  test_assert_fails (pair.side[1], PEERUP_ERROR_RESET);
}

/* Bad input */

static void
assert_refused (const char *bytes, gsize length, int code, const char *goodbye)
{
  g_auto (Pair) pair = { 0 };

  pair_init_server (&pair, 1000, NULL, 0);
  write_raw (&pair, bytes, length);
  test_assert_fails (pair.side[1], code);
  assert_raw (&pair, goodbye, 4);
}

static void
test_unmasked (void)
{
  assert_refused ("\x82\x01x", 3, PEERUP_ERROR_PROTOCOL, "\x88\x02\x03\xea");
}

static void
test_text (void)
{
  assert_refused ("\x81\x81\0\0\0\0x", 7, PEERUP_ERROR_UNSUPPORTED, "\x88\x02\x03\xeb");
}

/* A client is told why it was refused, and the stream below is over. */
static void
test_refused_request (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) answer = NULL;

  peerup_pipe_stream_new_pair (4096, &pair.raw[0], &pair.raw[1]);
  test_assert_writes (pair.raw[0], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  error = test_take_error (shake (pair.raw[1], FALSE));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  answer = take_raw (pair.raw[0]);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 426 "));
  assert_ended (pair.raw[0]);
}

static void
test_refused_answer (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  peerup_pipe_stream_new_pair (4096, &pair.raw[0], &pair.raw[1]);
  test_assert_writes (pair.raw[1], "HTTP/1.1 403 Forbidden\r\n\r\n");
  error = test_take_error (shake (pair.raw[0], TRUE));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_nonnull (strstr (error->message, "403 Forbidden"));
}

static void
test_end_in_handshake (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;

  peerup_pipe_stream_new_pair (4096, &pair.raw[0], &pair.raw[1]);
  test_assert_writes (pair.raw[0], "GET / HTTP/1.1\r\n");
  peerup_stream_close_write (pair.raw[0]);
  error = test_take_error (shake (pair.raw[1], FALSE));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
}

static DexFuture *
late_fiber (gpointer data)
{
  const PeerupWebsocketOptions options = { .deadline = g_get_monotonic_time () };
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_websocket_stream_handshake (data, &options, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  return dex_future_new_for_boolean (TRUE);
}

static void
test_deadline_of_handshake (void)
{
  g_auto (Pair) pair = { 0 };

  peerup_pipe_stream_new_pair (4096, &pair.raw[0], &pair.raw[1]);
  test_assert_writes (pair.raw[0], "GET /");
  test_run_fiber (late_fiber, pair.raw[1]);
}

#define ADD(path, func) g_test_add_func ("/websocket-stream/" path, func)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("echo", test_echo);
  ADD ("early", test_early);
  ADD ("messages-are-bytes", test_messages_are_bytes);
  ADD ("masks", test_masks);
  ADD ("transfer", test_transfer);
  ADD ("back-pressure", test_back_pressure);
  ADD ("ping", test_ping);
  ADD ("ping-flood", test_ping_flood);
  ADD ("pings-do-not-keep-the-thread", test_pings_do_not_keep_the_thread);
  ADD ("close", test_close);
  ADD ("peer-closes", test_peer_closes);
  ADD ("raw-end", test_raw_end);
  ADD ("end-within-frame", test_end_within_frame);
  ADD ("close-drains", test_close_drains);
  ADD ("reset", test_reset);
  ADD ("bad/unmasked", test_unmasked);
  ADD ("bad/text", test_text);
  ADD ("bad/request", test_refused_request);
  ADD ("bad/answer", test_refused_answer);
  ADD ("bad/end-in-handshake", test_end_in_handshake);
  ADD ("bad/deadline", test_deadline_of_handshake);
  return g_test_run ();
}
