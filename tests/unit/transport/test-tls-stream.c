/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two TLS streams over pipes in memory. Peers that break the rules of the handshake are in
 * test-tls-peers.c. */

#include "test-wire.h"

#include "transport/peerup-tls-stream.h"

static const char *const alpn_early[] = { "/yamux/1.0.0", "libp2p", NULL };
static const char *const alpn_late[] = { "libp2p", NULL };
static const char *const alpn_other[] = { "h2", NULL };

typedef struct
{
  PeerupStream *raw;
  PeerupPrivateKey *identity;
  PeerupCertificate *certificate;
  PeerupTlsOptions options;
  gint64 deadline;
  PeerupStream *stream;
  GError *error;
} Side;

typedef struct
{
  Side side[2]; /* client, server */
} Pair;

static void
pair_init (Pair *pair, PeerupStream *client, PeerupStream *server)
{
  PeerupStream *raw[2] = { client, server };

  for (guint i = 0; i < 2; i++)
    {
      Side *side = &pair->side[i];
      guint8 seed[32];

      memset (seed, i + 1, sizeof seed);
      side->raw = g_object_ref (raw[i]);
      side->identity = peerup_private_key_new_from_seed (seed, NULL);
      side->certificate = peerup_certificate_new (side->identity, NULL);
      side->options.certificate = side->certificate;
      side->options.outbound = i == 0;
      side->options.alpn = alpn_early;
      side->deadline = test_deadline ();
    }
  pair->side[0].options.expected_peer = peerup_private_key_get_peer_id (pair->side[1].identity);
}

static void
pair_init_pipe (Pair *pair, gsize capacity)
{
  g_autoptr (PeerupStream) client = NULL;
  g_autoptr (PeerupStream) server = NULL;

  peerup_pipe_stream_new_pair (capacity, &client, &server);
  pair_init (pair, client, server);
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      Side *side = &pair->side[i];

      g_clear_object (&side->stream);
      g_clear_object (&side->raw);
      g_clear_error (&side->error);
      g_clear_pointer (&side->certificate, peerup_certificate_unref);
      g_clear_pointer (&side->identity, peerup_private_key_unref);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static DexFuture *
handshake_fiber (gpointer data)
{
  Side *side = data;

  g_autoptr (PeerupTlsStream) tls = peerup_tls_stream_new (side->raw, &side->options);

  if (peerup_tls_stream_handshake (tls, NULL, 0, side->deadline, &side->error))
    side->stream = PEERUP_STREAM (g_steal_pointer (&tls));
  g_assert_true ((side->stream == NULL) == (side->error != NULL));
  return dex_future_new_for_boolean (TRUE);
}

static void
pair_shake_hands (Pair *pair)
{
  DexFuture *futures[2];

  for (guint i = 0; i < 2; i++)
    futures[i] = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, handshake_fiber, &pair->side[i], NULL);
  for (guint i = 0; i < 2; i++)
    dex_unref (test_finish (futures[i]));
}

static void
pair_must_shake_hands (Pair *pair)
{
  pair_shake_hands (pair);
  for (guint i = 0; i < 2; i++)
    g_assert_no_error (pair->side[i].error);
}

static gsize
held (PeerupStream *stream)
{
  return peerup_tls_stream_get_held (PEERUP_TLS_STREAM (stream));
}

static const char *
alpn_of (Side *side)
{
  return peerup_tls_stream_get_alpn (PEERUP_TLS_STREAM (side->stream));
}

static void
test_handshake (void)
{
  static const gsize capacities[] = { 1, 7, 100, 5000, 1000000 };

  for (guint i = 0; i < G_N_ELEMENTS (capacities); i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init_pipe (&pair, capacities[i]);
      pair_must_shake_hands (&pair);
      for (guint j = 0; j < 2; j++)
        {
          PeerupPublicKey *key = peerup_tls_stream_get_remote_key (PEERUP_TLS_STREAM (pair.side[j].stream));

          g_assert_true (
            peerup_peer_id_matches_public_key (peerup_private_key_get_peer_id (pair.side[1 - j].identity), key));
          g_assert_cmpstr (alpn_of (&pair.side[j]), ==, "/yamux/1.0.0");
        }
    }
}

static void
test_alpn (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init_pipe (&pair, 1000);
      pair.side[i].options.alpn = alpn_late;
      pair_must_shake_hands (&pair);
      g_assert_cmpstr (alpn_of (&pair.side[0]), ==, "libp2p");
      g_assert_cmpstr (alpn_of (&pair.side[1]), ==, "libp2p");
    }
}

static void
test_no_common_alpn (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 1000);
  pair.side[0].options.alpn = alpn_other;
  pair_shake_hands (&pair);
  for (guint i = 0; i < 2; i++)
    g_assert_true (pair.side[i].error != NULL && pair.side[i].error->domain == PEERUP_ERROR);
}

static void
test_wrong_peer (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 100000);
  pair.side[0].options.expected_peer = peerup_private_key_get_peer_id (pair.side[0].identity);
  pair_shake_hands (&pair);
  g_assert_error (pair.side[0].error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (pair.side[0].error->message,
                            peerup_peer_id_get_string (peerup_private_key_get_peer_id (pair.side[1].identity))));
  g_assert_nonnull (pair.side[1].error);
}

static void
test_deadline_passes (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init_pipe (&pair, 100);
      pair.side[i].deadline = g_get_monotonic_time () + 20000;
      test_run_fiber (handshake_fiber, &pair.side[i]);
      g_assert_error (pair.side[i].error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
    }
}

static void
test_idle_holds_nothing (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  for (guint round = 0; round < 3; round++)
    {
      test_assert_blocks (pair.side[0].stream);
      test_assert_writes (pair.side[0].stream, "ping");
      test_assert_reads (pair.side[1].stream, "ping");
      test_assert_writes (pair.side[1].stream, "pong");
      test_assert_reads (pair.side[0].stream, "pong");
      test_assert_blocks (pair.side[0].stream);
      test_assert_blocks (pair.side[1].stream);
      g_assert_cmpuint (held (pair.side[0].stream), ==, 0);
      g_assert_cmpuint (held (pair.side[1].stream), ==, 0);
    }
}

static void
test_peek (void)
{
  g_auto (Pair) pair = { 0 };
  GInputVector vector;

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  g_assert_cmpuint (peerup_stream_peek (pair.side[1].stream, &vector, 1), ==, 0);
  test_assert_writes (pair.side[0].stream, "hello");
  g_assert_cmpuint (peerup_stream_peek (pair.side[1].stream, &vector, 1), ==, 1);
  g_assert_cmpmem (vector.buffer, vector.size, "hello", 5);
  peerup_stream_consume (pair.side[1].stream, 2);
  test_assert_reads (pair.side[1].stream, "llo");
}

/* Whoever does not read makes the writer wait, and that before much is held. */
static void
test_back_pressure (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *bytes = g_malloc0 (1000000);
  gsize total = 0;

  pair_init_pipe (&pair, 50000);
  pair_must_shake_hands (&pair);
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      gssize n = peerup_stream_write (pair.side[0].stream, bytes, 1000000, &error);

      g_assert_cmpuint (held (pair.side[0].stream), <=, 70000);
      if (n < 0)
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          break;
        }
      total += n;
      g_assert_cmpuint (total, <, 1000000);
    }
  g_assert_cmpint (peerup_stream_poll (pair.side[0].stream), ==, 0);
  while (total > 0)
    {
      gssize n = peerup_stream_read (pair.side[1].stream, bytes, 1000000, NULL);

      /* Less than a record, however much has come. */
      g_assert_cmpuint (held (pair.side[1].stream), <, 16384);
      if (n > 0)
        total -= n;
      test_spin ();
    }
  g_assert_cmpuint (held (pair.side[0].stream), ==, 0);
  g_assert_cmpint (peerup_stream_poll (pair.side[0].stream), ==, G_IO_OUT);
}

/* One direction of a transfer, by callbacks alone. What is sent repeats every BLOCK bytes. */
enum
{
  BLOCK = 65521,
  CHUNK = 100000,
};

typedef struct
{
  const guint8 *pattern; /* BLOCK + CHUNK bytes */
  gsize size;
  gsize written;
  gsize read;
  gsize most_held;
  gboolean ended;
} Transfer;

static void
transfer_write (PeerupStream *stream, gpointer data)
{
  Transfer *transfer = data;

  while (transfer->written < transfer->size)
    {
      const guint8 *bytes = transfer->pattern + transfer->written % BLOCK;
      gsize count = MIN (CHUNK, transfer->size - transfer->written);
      GOutputVector vectors[2] = { { bytes, count / 3 }, { bytes + count / 3, count - count / 3 } };
      g_autoptr (GError) error = NULL;
      gssize n = peerup_stream_writev (stream, vectors, 2, &error);

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
  guint8 bytes[30011];
  g_autoptr (GError) error = NULL;
  gssize n;

  while ((n = peerup_stream_read (stream, bytes, sizeof bytes, &error)) > 0)
    {
      transfer->most_held = MAX (transfer->most_held, held (stream));
      g_assert_cmpmem (bytes, n, transfer->pattern + transfer->read % BLOCK, n);
      transfer->read += n;
    }
  if (n == 0)
    transfer->ended = TRUE;
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      peerup_stream_arm_read (stream, transfer_read, transfer);
    }
}

static void
run_transfer (gsize size, gsize capacity)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *pattern = g_malloc (BLOCK + CHUNK);
  Transfer transfers[2];
  guint guard = g_timeout_add_seconds (100, test_out_of_time, NULL);

  for (gsize i = 0; i < BLOCK + CHUNK; i++)
    pattern[i] = test_pattern (i % BLOCK);
  pair_init_pipe (&pair, capacity);
  pair_must_shake_hands (&pair);
  for (guint i = 0; i < 2; i++)
    {
      transfers[i] = (Transfer) { .pattern = pattern, .size = size };
      peerup_stream_arm_write (pair.side[i].stream, transfer_write, &transfers[i]);
      peerup_stream_arm_read (pair.side[1 - i].stream, transfer_read, &transfers[i]);
    }
  while (!transfers[0].ended || !transfers[1].ended)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpuint (transfers[i].read, ==, size);
      g_assert_cmpuint (transfers[i].most_held, <, 400000);
      g_assert_cmpuint (held (pair.side[i].stream), ==, 0);
    }
  g_source_remove (guard);
}

static void
test_transfer (void)
{
  run_transfer (32 * 1024 * 1024, 300000);
}

static void
test_transfer_narrow (void)
{
  run_transfer (300000, 777);
}

/* Ends */

static void
test_half_close (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  test_assert_writes (pair.side[0].stream, "bye");
  peerup_stream_close_write (pair.side[0].stream);
  test_assert_reads (pair.side[1].stream, "bye");
  test_assert_reads (pair.side[1].stream, "");
  test_assert_writes (pair.side[1].stream, "answer");
  test_assert_reads (pair.side[0].stream, "answer");
  peerup_stream_close_write (pair.side[1].stream);
  test_assert_reads (pair.side[0].stream, "");
}

/* What was written before a close arrives, though nobody holds the stream any more and the
 * pipe had no room for it. */
static void
test_close_pending (void)
{
  g_auto (Pair) pair = { 0 };
  g_autofree guint8 *bytes = g_malloc0 (100000);
  gpointer gone;
  gssize taken, total = 0, n;

  pair_init_pipe (&pair, 1000);
  pair_must_shake_hands (&pair);
  taken = peerup_stream_write (pair.side[0].stream, bytes, 100000, NULL);
  g_assert_cmpint (taken, >, 1000);
  peerup_stream_close (pair.side[0].stream);
  gone = pair.side[0].stream;
  g_object_add_weak_pointer (G_OBJECT (pair.side[0].stream), &gone);
  g_clear_object (&pair.side[0].stream);
  g_clear_object (&pair.side[0].raw);
  g_assert_nonnull (gone);
  do
    {
      g_autoptr (GError) error = NULL;

      n = peerup_stream_read (pair.side[1].stream, bytes, 100000, &error);
      if (n < 0)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      total += MAX (n, 0);
      test_spin ();
    }
  while (n != 0);
  g_assert_cmpint (total, ==, taken);
  g_assert_null (gone);
}

static void
test_dropped (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  g_clear_object (&pair.side[0].stream);
  test_assert_fails (pair.side[1].stream, PEERUP_ERROR_RESET);
}

static void
test_reset (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  peerup_stream_reset (pair.side[0].stream, PEERUP_STREAM_CODE_SHUTDOWN);
  test_assert_fails (pair.side[0].stream, PEERUP_ERROR_RESET);
  test_assert_fails (pair.side[1].stream, PEERUP_ERROR_RESET);
  g_assert_cmpuint (peerup_stream_get_reset_code (pair.side[0].stream), ==, PEERUP_STREAM_CODE_SHUTDOWN);
}

/* An end of the stream below that TLS did not announce is an error, as an attacker can make one. */
static void
test_truncation (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  guint8 byte;

  pair_init_pipe (&pair, 100000);
  pair_must_shake_hands (&pair);
  test_assert_writes (pair.side[0].stream, "so far");
  peerup_stream_close_write (pair.side[0].raw);
  test_assert_reads (pair.side[1].stream, "so far");
  g_assert_cmpint (peerup_stream_read (pair.side[1].stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  /* And stays one. */
  test_assert_fails (pair.side[1].stream, PEERUP_ERROR_CLOSED);
}

static void
test_tampered (void)
{
  g_auto (Wire) wire = { 0 };
  g_auto (Pair) pair = { 0 };
  g_autoptr (GError) error = NULL;
  guint8 byte;

  wire_init (&wire, G_MAXSIZE);
  pair_init (&pair, wire.end[0], wire.end[1]);
  pair_must_shake_hands (&pair);
  test_assert_writes (pair.side[0].stream, "right");
  test_spin ();
  test_assert_reads (pair.side[1].stream, "right");
  wire.flip_at[0] = wire.sent[0] + 8;
  test_assert_writes (pair.side[0].stream, "wrong");
  test_assert_writes (pair.side[0].stream, "right");
  test_spin ();
  g_assert_cmpint (peerup_stream_read (pair.side[1].stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO);
  test_assert_fails (pair.side[1].stream, PEERUP_ERROR_CRYPTO);
}

/* Bytes of the handshake that are changed on the way are noticed by one of the two. */
static void
test_tampered_handshake (void)
{
  guint n_unharmed = 0;

  for (gsize at = 0; at < 1200; at += 37)
    {
      for (guint from = 0; from < 2; from++)
        {
          g_auto (Wire) wire = { 0 };
          g_auto (Pair) pair = { 0 };

          wire_init (&wire, G_MAXSIZE);
          wire.flip_at[from] = at;
          pair_init (&pair, wire.end[0], wire.end[1]);
          pair.side[0].deadline = pair.side[1].deadline = g_get_monotonic_time () + 200000;
          pair_shake_hands (&pair);
          if (pair.side[0].error != NULL || pair.side[1].error != NULL)
            continue;
          /* It never was, or it was the version in a record's header, which has no meaning. */
          n_unharmed += wire.sent[from] > at;
          wire.flip_at[from] = G_MAXSIZE;
          test_assert_writes (pair.side[0].stream, "right");
          test_spin ();
          test_assert_reads (pair.side[1].stream, "right");
        }
    }
  g_assert_cmpuint (n_unharmed, <, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/tls-stream/handshake", test_handshake);
  g_test_add_func ("/tls-stream/alpn", test_alpn);
  g_test_add_func ("/tls-stream/no-common-alpn", test_no_common_alpn);
  g_test_add_func ("/tls-stream/wrong-peer", test_wrong_peer);
  g_test_add_func ("/tls-stream/deadline", test_deadline_passes);
  g_test_add_func ("/tls-stream/idle-holds-nothing", test_idle_holds_nothing);
  g_test_add_func ("/tls-stream/peek", test_peek);
  g_test_add_func ("/tls-stream/back-pressure", test_back_pressure);
  g_test_add_func ("/tls-stream/transfer", test_transfer);
  g_test_add_func ("/tls-stream/transfer-narrow", test_transfer_narrow);
  g_test_add_func ("/tls-stream/half-close", test_half_close);
  g_test_add_func ("/tls-stream/close-pending", test_close_pending);
  g_test_add_func ("/tls-stream/dropped", test_dropped);
  g_test_add_func ("/tls-stream/reset", test_reset);
  g_test_add_func ("/tls-stream/truncation", test_truncation);
  g_test_add_func ("/tls-stream/tampered", test_tampered);
  g_test_add_func ("/tls-stream/tampered-handshake", test_tampered_handshake);
  return g_test_run ();
}
