/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The splice: with scripted streams for each of its decisions, and with sockets
 * and pipes for the bytes. */

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fake-stream.h"
#include "unit/protocols/spin.h"
#include "transport/peerup-pipe-stream.h"
#include "transport/peerup-socket-stream.h"
#include "transport/peerup-splice.h"
#include "wire/peerup-error.h"

/* What the callback saw. */
typedef struct
{
  PeerupStream *failed;
  GError *error;
  guint n_calls;
  gboolean ended;
} Outcome;

static void
on_ended (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  Outcome *outcome = data;

  outcome->failed = failed;
  outcome->error = error != NULL ? g_error_copy (error) : NULL;
  outcome->n_calls++;
  outcome->ended = TRUE;
}

typedef struct
{
  FakeStream *a;
  FakeStream *b;
  PeerupSplice *splice;
  Outcome outcome;
} Fakes;

static void
fakes_set_up (Fakes *fakes, gconstpointer data)
{
  fakes->a = fake_stream_new ();
  fakes->b = fake_stream_new ();
  fakes->splice = peerup_splice_new (PEERUP_STREAM (fakes->a), PEERUP_STREAM (fakes->b), on_ended, &fakes->outcome);
}

static void
fakes_tear_down (Fakes *fakes, gconstpointer data)
{
  g_clear_pointer (&fakes->splice, peerup_splice_free);
  g_clear_error (&fakes->outcome.error);
  g_assert_finalize_object (fakes->a);
  g_assert_finalize_object (fakes->b);
}

static void
assert_output (FakeStream *stream, const char *expected)
{
  g_assert_cmpmem (stream->output->data, stream->output->len, expected, strlen (expected));
}

static void
test_zero_bytes (Fakes *fakes, gconstpointer data)
{
  fake_stream_end (fakes->a);
  fake_stream_end (fakes->b);
  spin_until (&fakes->outcome.ended);

  g_assert_no_error (fakes->outcome.error);
  g_assert_null (fakes->outcome.failed);
  g_assert_true (fakes->a->write_closed && fakes->a->read_closed);
  g_assert_true (fakes->b->write_closed && fakes->b->read_closed);
  g_assert_false (fakes->a->was_reset || fakes->b->was_reset);
}

static void
test_half_close (Fakes *fakes, gconstpointer data)
{
  FakeStream *first = data == NULL ? fakes->a : fakes->b;
  FakeStream *second = data == NULL ? fakes->b : fakes->a;

  fake_stream_push (first, "question", 8);
  fake_stream_end (first);
  spin_until (&second->write_closed);
  assert_output (second, "question");
  g_assert_false (first->write_closed);
  g_assert_false (fakes->outcome.ended);

  fake_stream_push (second, "answer", 6);
  fake_stream_end (second);
  spin_until (&fakes->outcome.ended);
  assert_output (first, "answer");
  g_assert_true (first->write_closed);
  g_assert_no_error (fakes->outcome.error);
  g_assert_false (fakes->a->was_reset || fakes->b->was_reset);
}

/* An end that was read while the sink was full must come after the rest. */
static void
test_end_with_pending_data (Fakes *fakes, gconstpointer data)
{
  fakes->a->can_peek = data != NULL;
  fakes->b->room = 3;
  fake_stream_push (fakes->a, "abcdefgh", 8);
  fake_stream_end (fakes->a);
  spin_idle ();
  assert_output (fakes->b, "abc");
  g_assert_false (fakes->b->write_closed);

  fake_stream_add_room (fakes->b, 3);
  spin_idle ();
  assert_output (fakes->b, "abcdef");
  g_assert_false (fakes->b->write_closed);

  fake_stream_add_room (fakes->b, 100);
  spin_until (&fakes->b->write_closed);
  assert_output (fakes->b, "abcdefgh");
}

/* A source is not read while its bytes wait. */
static void
test_slow_reader_is_bounded (Fakes *fakes, gconstpointer data)
{
  g_autofree guint8 *plenty = g_malloc0 (4 * PEERUP_SPLICE_CHUNK);

  fakes->a->can_peek = data != NULL;
  fakes->b->room = 1000;
  fake_stream_push (fakes->a, plenty, 4 * PEERUP_SPLICE_CHUNK);
  spin_idle ();
  g_assert_cmpuint (fakes->b->output->len, ==, 1000);
  g_assert_cmpuint (fakes->a->input->len, >=, data != NULL ? 4 * PEERUP_SPLICE_CHUNK - 1000 : 3 * PEERUP_SPLICE_CHUNK);
  g_assert_cmpuint (fakes->a->n_reads, ==, data != NULL ? 0 : 1);

  fake_stream_push (fakes->a, plenty, 1000);
  spin_idle ();
  g_assert_cmpuint (fakes->a->n_reads, ==, data != NULL ? 0 : 1);
}

static void
test_short_writes (Fakes *fakes, gconstpointer data)
{
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (expected, "%u,", i);
  fakes->a->can_peek = data != NULL;
  fakes->b->write_limit = 7;
  fake_stream_push (fakes->a, expected->str, expected->len);
  fake_stream_end (fakes->a);
  spin_until (&fakes->b->write_closed);
  assert_output (fakes->b, expected->str);
}

/* Both kinds of rest: one that is copied out, and one that keeps its scratch. */
static void
test_rests_of_all_sizes (Fakes *fakes, gconstpointer data)
{
  g_autofree guint8 *bytes = g_malloc (PEERUP_SPLICE_CHUNK);

  for (gsize i = 0; i < PEERUP_SPLICE_CHUNK; i++)
    bytes[i] = (guint8) (i * 31 >> 3);
  for (gsize room = PEERUP_SPLICE_CHUNK; room > 0; room /= 2)
    {
      g_byte_array_set_size (fakes->b->output, 0);
      fakes->b->room = room - 1;
      fake_stream_push (fakes->a, bytes, PEERUP_SPLICE_CHUNK);
      spin_idle ();
      g_assert_cmpuint (fakes->b->output->len, ==, room - 1);
      fake_stream_add_room (fakes->b, PEERUP_SPLICE_CHUNK);
      spin_idle ();
      g_assert_cmpmem (fakes->b->output->data, fakes->b->output->len, bytes, PEERUP_SPLICE_CHUNK);
    }
}

/* A rest that is left when a callback has moved its share waits for the sink, not for the source. */
static void
test_rest_at_the_end_of_a_share (Fakes *fakes, gconstpointer data)
{
  gsize three_quarters = PEERUP_SPLICE_CHUNK / 4 * 3;
  g_autofree guint8 *bytes = g_malloc0 (2 * three_quarters);

  fakes->a->read_limit = three_quarters;
  fakes->b->write_limit = PEERUP_SPLICE_CHUNK / 2;
  fake_stream_push (fakes->a, bytes, 2 * three_quarters);
  spin_idle ();
  g_assert_cmpuint (fakes->b->output->len, ==, 2 * three_quarters);
}

/* A read error, whatever it is, must not look like an end to the other side. */
static void
test_read_error_resets_both (Fakes *fakes, gconstpointer data)
{
  gboolean lost = data != NULL;
  int code = lost ? PEERUP_ERROR_TIMEOUT : PEERUP_ERROR_RESET;

  peerup_stream_set_reset_code (PEERUP_STREAM (fakes->a), lost ? 0 : PEERUP_STREAM_CODE_GATED);
  fake_stream_push (fakes->a, "part", 4);
  fake_stream_fail (fakes->a, G_IO_IN, PEERUP_ERROR, code);
  spin_until (&fakes->outcome.ended);

  assert_output (fakes->b, "part");
  g_assert_true (fakes->b->was_reset);
  g_assert_cmpuint (fakes->b->reset_code, ==, lost ? 0 : PEERUP_STREAM_CODE_GATED);
  g_assert_false (fakes->b->write_closed);
  g_assert_true (fakes->outcome.failed == PEERUP_STREAM (fakes->a));
  g_assert_error (fakes->outcome.error, PEERUP_ERROR, code);
  g_assert_cmpuint (fakes->outcome.n_calls, ==, 1);
}

static void
test_read_error_after_end_of_other (Fakes *fakes, gconstpointer data)
{
  fake_stream_end (fakes->b);
  spin_until (&fakes->a->write_closed);
  fake_stream_fail (fakes->a, G_IO_IN, PEERUP_ERROR, PEERUP_ERROR_RESET);
  spin_until (&fakes->outcome.ended);
  g_assert_true (fakes->b->was_reset);
}

static void
test_write_error_resets_source (Fakes *fakes, gconstpointer data)
{
  fake_stream_fail (fakes->b, G_IO_OUT, PEERUP_ERROR, PEERUP_ERROR_RESET);
  fake_stream_push (fakes->a, "lost", 4);
  spin_until (&fakes->outcome.ended);
  g_assert_true (fakes->a->was_reset);
  g_assert_true (fakes->outcome.failed == PEERUP_STREAM (fakes->b));
}

/* The reader has gone, but may still have something to say. */
static void
test_write_closed_lets_the_other_way_live (Fakes *fakes, gconstpointer data)
{
  fake_stream_fail (fakes->b, G_IO_OUT, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  fake_stream_push (fakes->a, "not wanted", 10);
  spin_until (&fakes->a->read_closed);
  g_assert_false (fakes->outcome.ended);

  fake_stream_push (fakes->b, "bye", 3);
  fake_stream_end (fakes->b);
  spin_until (&fakes->outcome.ended);
  assert_output (fakes->a, "bye");
  g_assert_no_error (fakes->outcome.error);
  g_assert_false (fakes->a->was_reset);
}

static void
test_write_closed_alone_is_a_cut (Fakes *fakes, gconstpointer data)
{
  fake_stream_end (fakes->b);
  spin_until (&fakes->a->write_closed);
  fake_stream_fail (fakes->b, G_IO_OUT, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  fake_stream_push (fakes->a, "tail", 4);
  spin_until (&fakes->outcome.ended);
  g_assert_error (fakes->outcome.error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_true (fakes->a->was_reset);
}

static void
test_cancel_in_mid_transfer (Fakes *fakes, gconstpointer data)
{
  guint64 there;
  guint64 back;

  fakes->b->room = 5;
  fake_stream_push (fakes->a, "0123456789", 10);
  spin_idle ();
  peerup_splice_cancel (fakes->splice, PEERUP_STREAM_CODE_SHUTDOWN);
  peerup_splice_get_bytes (fakes->splice, &there, &back);

  g_assert_cmpuint (there, ==, 5);
  g_assert_cmpuint (back, ==, 0);
  g_assert_cmpuint (fakes->a->reset_code, ==, PEERUP_STREAM_CODE_SHUTDOWN);
  g_assert_cmpuint (fakes->b->reset_code, ==, PEERUP_STREAM_CODE_SHUTDOWN);
  fake_stream_add_room (fakes->b, 100);
  fake_stream_end (fakes->a);
  spin_idle ();
  assert_output (fakes->b, "01234");
  g_assert_cmpuint (fakes->outcome.n_calls, ==, 0);
}

static void
test_free_resets (Fakes *fakes, gconstpointer data)
{
  g_clear_pointer (&fakes->splice, peerup_splice_free);
  g_assert_true (fakes->a->was_reset && fakes->b->was_reset);
}

static void
free_splice (PeerupSplice *splice, PeerupStream *failed, const GError *error, gpointer data)
{
  peerup_splice_free (splice);
  *(gboolean *) data = TRUE;
}

/* A splice of 1,000 bytes each way at most in the place of the fixture's. */
static void
fakes_limit (Fakes *fakes, gconstpointer data)
{
  static const PeerupSpliceOptions options = { 1000, 300 };

  peerup_splice_free (fakes->splice);
  g_object_unref (fakes->a);
  g_object_unref (fakes->b);
  fakes->a = fake_stream_new ();
  fakes->b = fake_stream_new ();
  fakes->a->can_peek = fakes->b->can_peek = data != NULL;
  fakes->splice =
    peerup_splice_new_full (PEERUP_STREAM (fakes->a), PEERUP_STREAM (fakes->b), &options, on_ended, &fakes->outcome);
}

static void
test_limit_is_exact (Fakes *fakes, gconstpointer data)
{
  guint8 bytes[1001] = { 0 };
  guint64 there, back;

  fakes_limit (fakes, data);
  fakes->b->room = 999;
  fake_stream_push (fakes->a, bytes, sizeof bytes);
  spin_idle ();
  g_assert_false (fakes->outcome.ended);
  fake_stream_add_room (fakes->b, 100);
  spin_until (&fakes->outcome.ended);

  g_assert_error (fakes->outcome.error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_true (fakes->outcome.failed == PEERUP_STREAM (fakes->a));
  g_assert_cmpuint (fakes->b->output->len, ==, 1000);
  g_assert_false (fakes->a->was_reset || fakes->b->was_reset || fakes->b->write_closed);
  peerup_splice_get_bytes (fakes->splice, &there, &back);
  g_assert_cmpuint (there, ==, 1000);
  g_assert_cmpuint (back, ==, 0);
}

/* Each way has its own count, and as much as the limit is not above it. */
static void
test_end_at_the_limit_is_an_end (Fakes *fakes, gconstpointer data)
{
  guint8 bytes[1000] = { 0 };

  fakes_limit (fakes, data);
  fake_stream_push (fakes->a, bytes, sizeof bytes);
  fake_stream_push (fakes->b, bytes, sizeof bytes);
  spin_idle ();
  g_assert_false (fakes->outcome.ended);
  fake_stream_end (fakes->a);
  fake_stream_end (fakes->b);
  spin_until (&fakes->outcome.ended);

  g_assert_no_error (fakes->outcome.error);
  g_assert_cmpuint (fakes->a->output->len, ==, 1000);
  g_assert_cmpuint (fakes->b->output->len, ==, 1000);
  g_assert_false (fakes->a->was_reset || fakes->b->was_reset);
}

static void
test_reset_at_the_limit_is_a_cut (Fakes *fakes, gconstpointer data)
{
  guint8 bytes[1000] = { 0 };

  fakes_limit (fakes, data);
  fake_stream_push (fakes->a, bytes, sizeof bytes);
  spin_idle ();
  fake_stream_fail (fakes->a, G_IO_IN, PEERUP_ERROR, PEERUP_ERROR_RESET);
  spin_until (&fakes->outcome.ended);
  g_assert_error (fakes->outcome.error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_assert_true (fakes->b->was_reset);
}

static void
test_free_in_callback (void)
{
  for (guint cut = 0; cut < 2; cut++)
    {
      g_autoptr (FakeStream) a = fake_stream_new ();
      g_autoptr (FakeStream) b = fake_stream_new ();
      gboolean freed = FALSE;
      PeerupSplice *splice = peerup_splice_new (PEERUP_STREAM (a), PEERUP_STREAM (b), free_splice, &freed);

      g_assert_nonnull (splice);
      fake_stream_end (a);
      if (cut)
        fake_stream_fail (b, G_IO_IN, PEERUP_ERROR, PEERUP_ERROR_RESET);
      else
        fake_stream_end (b);
      spin_until (&freed);
      g_assert_true (a->was_reset == (cut == 1));
    }
}

/* With real descriptors: a thread at each far end sends and another receives. */

#define BULK (64 * 1024 * 1024)

typedef struct
{
  int fd;
  guint32 seed;
  gsize n_bytes;
  GChecksum *sent;
  GChecksum *received;
  gsize n_received;
  gint *n_left;
} FarEnd;

static void
far_end_done (FarEnd *end)
{
  if (g_atomic_int_dec_and_test (end->n_left))
    g_main_context_wakeup (NULL);
}

static gpointer
send_bulk (gpointer data)
{
  FarEnd *end = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (end->seed);
  guint32 chunk[16384];
  gsize left = end->n_bytes;

  for (guint i = 0; i < G_N_ELEMENTS (chunk); i++)
    chunk[i] = g_rand_int (rand);
  while (left > 0)
    {
      gsize offset = g_rand_int_range (rand, 0, sizeof chunk / 2);
      gsize count = MIN (left, sizeof chunk - offset);
      gssize n = write (end->fd, (guint8 *) chunk + offset, count);

      g_assert_cmpint (n, >, 0);
      g_checksum_update (end->sent, (guint8 *) chunk + offset, n);
      left -= n;
    }
  shutdown (end->fd, SHUT_WR);
  far_end_done (end);
  return NULL;
}

static gpointer
receive_bulk (gpointer data)
{
  FarEnd *end = data;
  g_autofree guint8 *chunk = g_malloc (100000);
  gssize n;

  while ((n = read (end->fd, chunk, 100000)) > 0)
    {
      g_checksum_update (end->received, chunk, n);
      end->n_received += n;
    }
  g_assert_cmpint (n, ==, 0);
  far_end_done (end);
  return NULL;
}

static void
far_end_init (FarEnd *end, gint *n_left, guint32 seed, PeerupStream **near)
{
  g_autoptr (GError) error = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  *near = peerup_socket_stream_new (fds[0], &error);
  g_assert_no_error (error);
  *end = (FarEnd) { .fd = fds[1],
                    .seed = seed,
                    .n_bytes = BULK,
                    .sent = g_checksum_new (G_CHECKSUM_SHA256),
                    .received = g_checksum_new (G_CHECKSUM_SHA256),
                    .n_left = n_left };
}

static void
far_end_clear (FarEnd *end)
{
  close (end->fd);
  g_checksum_free (end->sent);
  g_checksum_free (end->received);
}

static void
test_bulk_both_ways (void)
{
  g_autoptr (PeerupStream) a = NULL;
  g_autoptr (PeerupStream) b = NULL;
  g_autoptr (PeerupSplice) splice = NULL;
  GThread *threads[4];
  Outcome outcome = { 0 };
  gint n_left = 4;
  FarEnd left;
  FarEnd right;
  guint64 there;
  guint64 back;

  far_end_init (&left, &n_left, 1, &a);
  far_end_init (&right, &n_left, 2, &b);
  splice = peerup_splice_new (a, b, on_ended, &outcome);
  threads[0] = g_thread_new ("send", send_bulk, &left);
  threads[1] = g_thread_new ("receive", receive_bulk, &left);
  threads[2] = g_thread_new ("send", send_bulk, &right);
  threads[3] = g_thread_new ("receive", receive_bulk, &right);
  spin_until (&outcome.ended);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_no_error (outcome.error);
  peerup_splice_get_bytes (splice, &there, &back);
  g_assert_cmpuint (there, ==, BULK);
  g_assert_cmpuint (back, ==, BULK);
  g_assert_cmpuint (left.n_received, ==, BULK);
  g_assert_cmpstr (g_checksum_get_string (left.sent), ==, g_checksum_get_string (right.received));
  g_assert_cmpstr (g_checksum_get_string (right.sent), ==, g_checksum_get_string (left.received));
  far_end_clear (&left);
  far_end_clear (&right);
}

/* A TCP pair on loopback: the near end as a stream, the far end as a blocking descriptor. */
static int
tcp_pair (PeerupStream **near)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int far = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (listener, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (listener, 1), ==, 0);
  g_assert_cmpint (getsockname (listener, (struct sockaddr *) &address, &size), ==, 0);
  g_assert_cmpint (connect (far, (struct sockaddr *) &address, size), ==, 0);
  *near = peerup_socket_stream_new (accept4 (listener, NULL, NULL, SOCK_CLOEXEC), NULL);
  g_assert_nonnull (*near);
  close (listener);
  return far;
}

/* A stream that dies under a download is a reset of the local TCP connection. */
static void
test_cut_is_a_tcp_reset (void)
{
  g_autoptr (PeerupStream) local = NULL;
  g_autoptr (PeerupStream) remote = NULL;
  g_autoptr (PeerupStream) peer = NULL;
  g_autoptr (PeerupSplice) splice = NULL;
  Outcome outcome = { 0 };
  int far = tcp_pair (&local);
  char byte;

  peerup_pipe_stream_new_pair (65536, &remote, &peer);
  splice = peerup_splice_new (local, remote, on_ended, &outcome);
  g_assert_cmpint (peerup_stream_write (peer, "x", 1, NULL), ==, 1);
  spin_idle ();
  g_assert_cmpint (read (far, &byte, 1), ==, 1);
  peerup_stream_reset (peer, PEERUP_STREAM_CODE_GARBAGE_COLLECTED);
  spin_until (&outcome.ended);

  g_assert_cmpint (read (far, &byte, 1), ==, -1);
  g_assert_cmpint (errno, ==, ECONNRESET);
  g_assert_true (outcome.failed == remote);
  g_clear_error (&outcome.error);
  close (far);
}

static void
test_tcp_reset_is_a_stream_reset (void)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  g_autoptr (PeerupStream) local = NULL;
  g_autoptr (PeerupStream) remote = NULL;
  g_autoptr (PeerupStream) peer = NULL;
  g_autoptr (PeerupSplice) splice = NULL;
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };
  int far = tcp_pair (&local);
  char byte;

  peerup_pipe_stream_new_pair (65536, &remote, &peer);
  splice = peerup_splice_new (local, remote, on_ended, &outcome);
  setsockopt (far, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (far);
  spin_until (&outcome.ended);

  g_assert_true (outcome.failed == local);
  g_assert_cmpint (peerup_stream_read (peer, &byte, 1, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  g_clear_error (&outcome.error);
}

/* When both directions have ended TCP sees an end and all the bytes before it, not a reset. */
static void
test_end_is_a_tcp_end (void)
{
  g_autoptr (PeerupStream) local = NULL;
  g_autoptr (PeerupStream) remote = NULL;
  g_autoptr (PeerupStream) peer = NULL;
  g_autofree guint8 *sent = g_malloc0 (500000);
  g_autofree guint8 *received = g_malloc0 (500001);
  PeerupSplice *splice;
  Outcome outcome = { 0 };
  int far = tcp_pair (&local);
  gsize total = 0;
  gssize n;

  peerup_pipe_stream_new_pair (1000000, &remote, &peer);
  splice = peerup_splice_new (local, remote, on_ended, &outcome);
  shutdown (far, SHUT_WR);
  g_assert_cmpint (peerup_stream_write (peer, sent, 500000, NULL), ==, 500000);
  peerup_stream_close_write (peer);
  spin_until (&outcome.ended);
  peerup_splice_free (splice);
  g_clear_object (&local);

  while ((n = read (far, received + total, 500001 - total)) > 0)
    total += n;
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpuint (total, ==, 500000);
  close (far);
}

typedef struct
{
  PeerupStream *far[2];
  PeerupSplice *splice;
  Outcome outcome;
} Pair;

/* A message each way through each of 1000 splices at a time. */
static void
test_thousand_at_once (void)
{
  g_autofree Pair *pairs = g_new0 (Pair, 1000);
  char text[32];

  for (guint i = 0; i < 1000; i++)
    {
      g_autoptr (PeerupStream) a = NULL;
      g_autoptr (PeerupStream) b = NULL;

      peerup_pipe_stream_new_pair (4096, &a, &pairs[i].far[0]);
      peerup_pipe_stream_new_pair (4096, &b, &pairs[i].far[1]);
      pairs[i].splice = peerup_splice_new (a, b, on_ended, &pairs[i].outcome);
      for (guint side = 0; side < 2; side++)
        {
          g_snprintf (text, sizeof text, "%u from %u", i, side);
          g_assert_cmpint (peerup_stream_write (pairs[i].far[side], text, sizeof text, NULL), ==, sizeof text);
          peerup_stream_close_write (pairs[i].far[side]);
        }
    }
  for (guint i = 0; i < 1000; i++)
    {
      spin_until (&pairs[i].outcome.ended);
      g_assert_no_error (pairs[i].outcome.error);
      for (guint side = 0; side < 2; side++)
        {
          char expected[32];

          g_snprintf (expected, sizeof expected, "%u from %u", i, 1 - side);
          g_assert_cmpint (peerup_stream_read (pairs[i].far[side], text, sizeof text, NULL), ==, sizeof text);
          g_assert_cmpstr (text, ==, expected);
          g_assert_cmpint (peerup_stream_read (pairs[i].far[side], text, 1, NULL), ==, 0);
          g_object_unref (pairs[i].far[side]);
        }
      peerup_splice_free (pairs[i].splice);
    }
}

#define PERF_BYTES (G_GINT64_CONSTANT (4) * 1024 * 1024 * 1024)

static gpointer
pump (gpointer data)
{
  int fd = GPOINTER_TO_INT (data);
  g_autofree guint8 *chunk = g_malloc0 (PEERUP_SPLICE_CHUNK);

  for (gsize left = PERF_BYTES; left > 0;)
    {
      gssize n = write (fd, chunk, MIN (left, PEERUP_SPLICE_CHUNK));

      g_assert_cmpint (n, >, 0);
      left -= n;
    }
  shutdown (fd, SHUT_WR);
  return NULL;
}

static gpointer
drain (gpointer data)
{
  g_autofree guint8 *chunk = g_malloc (PEERUP_SPLICE_CHUNK);

  while (read (GPOINTER_TO_INT (data), chunk, PEERUP_SPLICE_CHUNK) > 0)
    continue;
  return NULL;
}

static double
own_seconds (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* Gigabits for each second of the processor's time in one splice, or in two with a pipe between: -m perf. */
static void
test_throughput (gconstpointer data)
{
  g_autoptr (PeerupStream) a = NULL;
  g_autoptr (PeerupStream) b = NULL;
  g_autoptr (PeerupStream) inner = NULL;
  g_autoptr (PeerupStream) outer = NULL;
  g_autoptr (PeerupSplice) first = NULL;
  g_autoptr (PeerupSplice) second = NULL;
  Outcome outcome = { 0 };
  Outcome unused = { 0 };
  int left = tcp_pair (&a);
  int right = tcp_pair (&b);
  GThread *pumping = g_thread_new ("pump", pump, GINT_TO_POINTER (left));
  GThread *draining = g_thread_new ("drain", drain, GINT_TO_POINTER (right));
  double seconds = own_seconds ();

  peerup_pipe_stream_new_pair (1024 * 1024, &inner, &outer);
  first = peerup_splice_new (a, data == NULL ? b : inner, on_ended, data == NULL ? &outcome : &unused);
  if (data != NULL)
    second = peerup_splice_new (outer, b, on_ended, &outcome);
  shutdown (right, SHUT_WR);
  spin_until (&outcome.ended);
  seconds = own_seconds () - seconds;
  g_thread_join (pumping);
  g_thread_join (draining);
  g_assert_no_error (outcome.error);
  g_test_maximized_result (PERF_BYTES * 8 / seconds / 1e9, "%s: %.1f Gbit in a second of the processor",
                           data == NULL ? "sockets" : "pipe", PERF_BYTES * 8 / seconds / 1e9);
  close (left);
  close (right);
}

#define ADD_FAKES(path, data, func) \
  g_test_add ("/transport/splice/" path, Fakes, (gconstpointer) (data), fakes_set_up, func, fakes_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD_FAKES ("zero-bytes", NULL, test_zero_bytes);
  ADD_FAKES ("half-close/a-first", NULL, test_half_close);
  ADD_FAKES ("half-close/b-first", "b", test_half_close);
  ADD_FAKES ("end-with-pending-data/read", NULL, test_end_with_pending_data);
  ADD_FAKES ("end-with-pending-data/peek", "peek", test_end_with_pending_data);
  ADD_FAKES ("slow-reader-is-bounded/read", NULL, test_slow_reader_is_bounded);
  ADD_FAKES ("slow-reader-is-bounded/peek", "peek", test_slow_reader_is_bounded);
  ADD_FAKES ("short-writes/read", NULL, test_short_writes);
  ADD_FAKES ("short-writes/peek", "peek", test_short_writes);
  ADD_FAKES ("rests-of-all-sizes", NULL, test_rests_of_all_sizes);
  ADD_FAKES ("rest-at-the-end-of-a-share", NULL, test_rest_at_the_end_of_a_share);
  ADD_FAKES ("read-error-resets-both/reset", NULL, test_read_error_resets_both);
  ADD_FAKES ("read-error-resets-both/lost", "lost", test_read_error_resets_both);
  ADD_FAKES ("read-error-after-end-of-other", NULL, test_read_error_after_end_of_other);
  ADD_FAKES ("write-error-resets-source", NULL, test_write_error_resets_source);
  ADD_FAKES ("write-closed-lets-the-other-way-live", NULL, test_write_closed_lets_the_other_way_live);
  ADD_FAKES ("write-closed-alone-is-a-cut", NULL, test_write_closed_alone_is_a_cut);
  ADD_FAKES ("cancel-in-mid-transfer", NULL, test_cancel_in_mid_transfer);
  ADD_FAKES ("free-resets", NULL, test_free_resets);
  ADD_FAKES ("limit-is-exact/read", NULL, test_limit_is_exact);
  ADD_FAKES ("limit-is-exact/peek", "peek", test_limit_is_exact);
  ADD_FAKES ("end-at-the-limit-is-an-end/read", NULL, test_end_at_the_limit_is_an_end);
  ADD_FAKES ("end-at-the-limit-is-an-end/peek", "peek", test_end_at_the_limit_is_an_end);
  ADD_FAKES ("reset-at-the-limit-is-a-cut", NULL, test_reset_at_the_limit_is_a_cut);
  g_test_add_func ("/transport/splice/free-in-callback", test_free_in_callback);
  g_test_add_func ("/transport/splice/bulk-both-ways", test_bulk_both_ways);
  g_test_add_func ("/transport/splice/cut-is-a-tcp-reset", test_cut_is_a_tcp_reset);
  g_test_add_func ("/transport/splice/tcp-reset-is-a-stream-reset", test_tcp_reset_is_a_stream_reset);
  g_test_add_func ("/transport/splice/end-is-a-tcp-end", test_end_is_a_tcp_end);
  g_test_add_func ("/transport/splice/thousand-at-once", test_thousand_at_once);
  if (g_test_perf ())
    {
      g_test_add_data_func ("/transport/splice/throughput/sockets", NULL, test_throughput);
      g_test_add_data_func ("/transport/splice/throughput/pipe", "pipe", test_throughput);
    }
  return g_test_run ();
}
