/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What all streams share: one-shot callbacks, waits of fibers with deadlines, message framing,
 * and the GIO face. Shown on pipes in memory. */

#include "transport-test.h"

#include "transport/peerup-stream-private.h"
#include "wire/peerup-varint.h"

typedef struct
{
  PeerupStream *a;
  PeerupStream *b;
} Pair;

static void
pair_init (Pair *pair, gsize capacity)
{
  peerup_pipe_stream_new_pair (capacity, &pair->a, &pair->b);
}

static void
pair_clear (Pair *pair)
{
  g_clear_object (&pair->a);
  g_clear_object (&pair->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Callbacks */

static void
count_call (PeerupStream *stream, gpointer data)
{
  ++*(guint *) data;
}

static void
count_destroy (gpointer data)
{
  ((guint *) data)[1]++;
}

static void
test_one_shot (void)
{
  g_auto (Pair) pair = { 0 };
  guint n = 0;

  pair_init (&pair, 16);
  peerup_stream_arm_read (pair.a, count_call, &n);
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (peerup_stream_get_armed (pair.a), ==, G_IO_IN);
  test_assert_writes (pair.b, "x");
  g_assert_cmpuint (n, ==, 0);
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpint (peerup_stream_get_armed (pair.a), ==, 0);
  test_assert_writes (pair.b, "y");
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
  /* What holds already is told from the reactor too. */
  peerup_stream_arm_read (pair.a, count_call, &n);
  g_assert_cmpuint (n, ==, 1);
  test_spin ();
  g_assert_cmpuint (n, ==, 2);
}

static void
test_disarm (void)
{
  g_auto (Pair) pair = { 0 };
  guint n = 0;

  pair_init (&pair, 16);
  peerup_stream_arm_read (pair.a, count_call, &n);
  test_assert_writes (pair.b, "x");
  peerup_stream_arm_read (pair.a, NULL, NULL);
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  /* What was told and is gone again goes on waiting. */
  peerup_stream_arm_read (pair.a, count_call, &n);
  test_assert_reads (pair.a, "x");
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  test_assert_writes (pair.b, "y");
  test_spin ();
  g_assert_cmpuint (n, ==, 1);
}

static void
rearm_other (PeerupStream *stream, gpointer data)
{
  ++*(guint *) data;
  peerup_stream_arm_read (stream, count_call, data);
  peerup_stream_arm_write (stream, NULL, NULL);
}

/* A callback may arm itself again and disarm the other direction, which is due as well. */
static void
test_change_inside (void)
{
  g_auto (Pair) pair = { 0 };
  guint n = 0;
  guint n_write = 0;

  pair_init (&pair, 16);
  test_assert_writes (pair.b, "x");
  peerup_stream_arm_write (pair.a, count_call, &n_write);
  peerup_stream_arm_read (pair.a, rearm_other, &n);
  test_spin ();
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (n_write, ==, 0);
}

static void
test_destroy_notify (void)
{
  guint n[2] = { 0, 0 };
  PeerupStream *a, *b;

  peerup_pipe_stream_new_pair (16, &a, &b);
  /* When it has run. */
  peerup_stream_arm_full (a, G_IO_OUT, count_call, n, count_destroy);
  test_spin ();
  g_assert_cmpuint (n[0], ==, 1);
  g_assert_cmpuint (n[1], ==, 1);
  /* When it is replaced, and when it is disarmed. */
  peerup_stream_arm_full (a, G_IO_IN, count_call, n, count_destroy);
  peerup_stream_arm_full (a, G_IO_IN, count_call, n, count_destroy);
  g_assert_cmpuint (n[1], ==, 2);
  peerup_stream_arm_read (a, NULL, NULL);
  g_assert_cmpuint (n[1], ==, 3);
  /* When the stream goes, armed and due. */
  peerup_stream_arm_full (b, G_IO_IN | G_IO_OUT, count_call, n, count_destroy);
  g_object_unref (b);
  g_assert_cmpuint (n[0], ==, 1);
  g_assert_cmpuint (n[1], ==, 5);
  test_spin ();
  g_object_unref (a);
}

static void
drop_stream (PeerupStream *stream, gpointer data)
{
  g_clear_object ((PeerupStream **) data);
}

static void
test_drop_inside (void)
{
  PeerupStream *a, *b;

  peerup_pipe_stream_new_pair (16, &a, &b);
  peerup_stream_arm_read (a, drop_stream, &a);
  peerup_stream_arm_write (a, drop_stream, &a);
  test_assert_writes (b, "x");
  test_spin ();
  g_assert_null (a);
  test_assert_fails (b, PEERUP_ERROR_RESET);
  g_object_unref (b);
}

/* Fibers */

/* Waiting for either: that both come true at once is one answer. */
static void
test_wait_both (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (DexFuture) future = NULL;

  pair_init (&pair, 16);
  test_assert_writes (pair.b, "x");
  future = test_finish (peerup_stream_wait (pair.a, G_IO_IN | G_IO_OUT));
  g_assert_true (dex_future_is_resolved (future));
  test_spin ();
  g_assert_cmpint (peerup_stream_get_armed (pair.a), ==, 0);
}

static DexFuture *
deadline_fiber (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) write_error = NULL;
  gint64 start = g_get_monotonic_time ();
  guint8 bytes[32] = { 0 };

  g_assert_cmpint (peerup_stream_await_read (pair->a, bytes, 1, start + 20000, &error), ==, -1);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 20000);
  g_assert_cmpint (peerup_stream_get_armed (pair->a), ==, 0);
  /* One that has passed already. */
  g_clear_error (&error);
  g_assert_false (peerup_stream_await_readable (pair->a, 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_false (peerup_stream_await_write_all (pair->a, bytes, 32, start + 30000, &write_error));
  g_assert_error (write_error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  return dex_future_new_for_boolean (TRUE);
}

static void
test_deadlines (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 16);
  test_run_fiber (deadline_fiber, &pair);
}

typedef struct
{
  PeerupStream *stream;
  GBytes *message;
  GError *error;
  gboolean rest;
} Receive;

static DexFuture *
receive_fiber (gpointer data)
{
  Receive *self = data;

  self->message = self->rest ? peerup_stream_await_rest (self->stream, 300, test_deadline (), &self->error)
                             : peerup_stream_await_message (self->stream, 300, test_deadline (), &self->error);
  return dex_future_new_for_boolean (TRUE);
}

/* Writes @bytes a byte at a time, ends, and takes the message or -1. */
static int
receive (gconstpointer bytes, gsize length, gboolean rest, int *left)
{
  g_auto (Pair) pair = { 0 };
  Receive receive = { .rest = rest };
  g_autoptr (DexFuture) future = NULL;
  int code = -1;

  pair_init (&pair, 4096);
  receive.stream = pair.a;
  future = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, receive_fiber, &receive, NULL);
  for (gsize i = 0; i < length; i++)
    {
      g_assert_cmpint (peerup_stream_write (pair.b, (const guint8 *) bytes + i, 1, NULL), ==, 1);
      test_spin ();
    }
  peerup_stream_close_write (pair.b);
  future = test_finish (future);
  if (left != NULL)
    *left = peerup_pipe_stream_get_pending (PEERUP_PIPE_STREAM (pair.a));
  g_assert_true ((receive.message == NULL) == (receive.error != NULL));
  if (receive.error != NULL)
    {
      g_assert_true (receive.error->domain == PEERUP_ERROR);
      code = -2 - receive.error->code;
    }
  else
    code = g_bytes_get_size (receive.message);
  g_clear_pointer (&receive.message, g_bytes_unref);
  g_clear_error (&receive.error);
  return code;
}

static void
test_messages (void)
{
  guint8 bytes[400] = { 0xac, 0x02 };
  int left;

  g_assert_cmpint (receive ("\x03"
                            "abcX",
                            5, FALSE, &left),
                   ==, 3);
  g_assert_cmpint (left, ==, 1);
  g_assert_cmpint (receive ("\0", 1, FALSE, NULL), ==, 0);
  g_assert_cmpint (receive (bytes, 302, FALSE, NULL), ==, 300);
  /* One byte more than the limit is refused by its prefix. */
  g_assert_cmpint (receive ("\xad\x02", 2, FALSE, NULL), ==, -2 - PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (receive ("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9, FALSE, NULL), ==, -2 - PEERUP_ERROR_TOO_LARGE);
  g_assert_cmpint (receive ("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, FALSE, NULL), ==,
                   -2 - PEERUP_ERROR_MALFORMED);
  g_assert_cmpint (receive ("\x81\x00", 2, FALSE, NULL), ==, -2 - PEERUP_ERROR_MALFORMED);
}

static void
test_message_truncated (void)
{
  guint8 bytes[202] = { 0xc8, 0x01 };

  for (gsize length = 0; length < sizeof bytes; length++)
    g_assert_cmpint (receive (bytes, length, FALSE, NULL), ==, -2 - PEERUP_ERROR_CLOSED);
  g_assert_cmpint (receive (bytes, sizeof bytes, FALSE, NULL), ==, 200);
}

static void
test_rest (void)
{
  guint8 bytes[301] = { 0 };

  g_assert_cmpint (receive (bytes, 0, TRUE, NULL), ==, 0);
  g_assert_cmpint (receive (bytes, 300, TRUE, NULL), ==, 300);
  g_assert_cmpint (receive (bytes, 301, TRUE, NULL), ==, -2 - PEERUP_ERROR_TOO_LARGE);
}

static DexFuture *
write_fiber (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc (10000);

  for (guint i = 0; i < 10000; i++)
    bytes[i] = test_pattern (i);
  g_assert_true (peerup_stream_await_write_all (data, bytes, 10000, G_MAXINT64, NULL));
  peerup_stream_close_write (data);
  return dex_future_new_for_boolean (TRUE);
}

static DexFuture *
read_fiber (gpointer data)
{
  g_autofree guint8 *bytes = g_malloc (10000);
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_true (peerup_stream_await_read_exact (data, bytes, 10000, G_MAXINT64, NULL));
  for (guint i = 0; i < 10000; i++)
    g_assert_cmpuint (bytes[i], ==, test_pattern (i));
  g_assert_cmpint (peerup_stream_await_read (data, &byte, 1, G_MAXINT64, NULL), ==, 0);
  g_assert_false (peerup_stream_await_read_exact (data, &byte, 1, G_MAXINT64, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  return dex_future_new_for_boolean (TRUE);
}

static void
test_fibers_move_bytes (void)
{
  for (gsize capacity = 1; capacity < 20000; capacity = capacity * 7 + 1)
    {
      g_auto (Pair) pair = { 0 };
      g_autoptr (DexFuture) writer = NULL;

      pair_init (&pair, capacity);
      writer = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, write_fiber, pair.a, NULL);
      test_run_fiber (read_fiber, pair.b);
      g_assert_false (dex_future_is_rejected (writer));
    }
}

/* The GIO face */

typedef struct
{
  GMainLoop *loop;
  GInputStream *input;
  GOutputStream *output;
  guint8 in[7];
  guint8 out[5000];
  gsize received;
  gboolean written;
  gboolean ended;
} Gio;

static void
on_gio_written (GObject *object, GAsyncResult *result, gpointer data)
{
  Gio *gio = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_output_stream_write_all_finish (gio->output, result, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_output_stream_close (gio->output, NULL, NULL));
  gio->written = TRUE;
}

static void
on_gio_read (GObject *object, GAsyncResult *result, gpointer data)
{
  Gio *gio = data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (gio->input, result, &error);

  g_assert_no_error (error);
  for (gssize i = 0; i < n; i++)
    g_assert_cmpuint (gio->in[i], ==, test_pattern (gio->received + i));
  gio->received += n;
  if (n == 0)
    gio->ended = TRUE;
  else
    g_input_stream_read_async (gio->input, gio->in, sizeof gio->in, G_PRIORITY_DEFAULT, NULL, on_gio_read, gio);
}

/* Each callback starts the next call: the source of the last one is still there then. */
static void
test_gio_async (void)
{
  g_auto (Pair) pair = { 0 };
  Gio gio = { 0 };
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  pair_init (&pair, 10);
  gio.input = g_io_stream_get_input_stream (G_IO_STREAM (pair.a));
  gio.output = g_io_stream_get_output_stream (G_IO_STREAM (pair.b));
  for (guint i = 0; i < sizeof gio.out; i++)
    gio.out[i] = test_pattern (i);
  g_input_stream_read_async (gio.input, gio.in, sizeof gio.in, G_PRIORITY_DEFAULT, NULL, on_gio_read, &gio);
  test_spin ();
  g_output_stream_write_all_async (gio.output, gio.out, sizeof gio.out, G_PRIORITY_DEFAULT, NULL, on_gio_written, &gio);
  while (!gio.ended || !gio.written)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (gio.received, ==, sizeof gio.out);
  g_source_remove (guard);
}

static void
on_gio_cancelled (GObject *object, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  g_assert_cmpint (g_input_stream_read_finish (G_INPUT_STREAM (object), result, error), ==, -1);
}

static void
test_gio_cancel (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint8 byte;

  pair_init (&pair, 10);
  g_input_stream_read_async (g_io_stream_get_input_stream (G_IO_STREAM (pair.a)), &byte, 1, G_PRIORITY_DEFAULT,
                             cancellable, on_gio_cancelled, &error);
  test_spin ();
  g_cancellable_cancel (cancellable);
  test_spin ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (peerup_stream_get_armed (pair.a), ==, 0);
}

static gboolean
on_pollable (GObject *object, gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

static void
test_gio_pollable (void)
{
  g_auto (Pair) pair = { 0 };
  GPollableInputStream *input;
  g_autoptr (GSource) source = NULL;
  guint n = 0;

  pair_init (&pair, 4);
  input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (G_IO_STREAM (pair.a)));
  g_assert_true (g_pollable_input_stream_can_poll (input));
  g_assert_false (g_pollable_input_stream_is_readable (input));
  source = g_pollable_input_stream_create_source (input, NULL);
  g_source_set_callback (source, G_SOURCE_FUNC (on_pollable), &n, NULL);
  g_source_attach (source, NULL);
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  test_assert_writes (pair.b, "x");
  while (n < 3)
    g_main_context_iteration (NULL, TRUE);
  test_assert_reads (pair.a, "x");
  test_spin ();
  n = 0;
  test_spin ();
  g_assert_cmpuint (n, ==, 0);
  test_assert_writes (pair.b, "y");
  while (n == 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (source);
}

/* A subclass that tells which thread closed it. */

typedef struct
{
  PeerupStream parent_instance;
  GThread *closer;
} ThreadStream;
typedef PeerupStreamClass ThreadStreamClass;

static GType thread_stream_get_type (void);
G_DEFINE_TYPE (ThreadStream, thread_stream, PEERUP_TYPE_STREAM)

static void
thread_stream_closed (PeerupStream *stream)
{
  ((ThreadStream *) stream)->closer = g_thread_self ();
}

static GIOCondition
thread_stream_poll (PeerupStream *stream)
{
  return 0;
}

static void
thread_stream_class_init (ThreadStreamClass *klass)
{
  klass->close_read = thread_stream_closed;
  klass->close_write = thread_stream_closed;
  klass->poll = thread_stream_poll;
}

static void
thread_stream_init (ThreadStream *self)
{
}

static void
on_closed (GObject *object, GAsyncResult *result, gpointer data)
{
  if (G_IS_INPUT_STREAM (object))
    g_assert_true (g_input_stream_close_finish (G_INPUT_STREAM (object), result, NULL));
  else if (G_IS_OUTPUT_STREAM (object))
    g_assert_true (g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, NULL));
  else
    g_assert_true (g_io_stream_close_finish (G_IO_STREAM (object), result, NULL));
  *(gboolean *) data = TRUE;
}

static void
close_async (gpointer object, gboolean *done)
{
  if (G_IS_INPUT_STREAM (object))
    g_input_stream_close_async (object, G_PRIORITY_DEFAULT, NULL, on_closed, done);
  else if (G_IS_OUTPUT_STREAM (object))
    g_output_stream_close_async (object, G_PRIORITY_DEFAULT, NULL, on_closed, done);
  else
    g_io_stream_close_async (object, G_PRIORITY_DEFAULT, NULL, on_closed, done);
}

/* A stream belongs to its thread: GIO's own close would come from another. */
static void
test_gio_close_thread (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (PeerupStream) stream = g_object_new (thread_stream_get_type (), NULL);
      gpointer ends[] = { g_io_stream_get_input_stream (G_IO_STREAM (stream)),
                          g_io_stream_get_output_stream (G_IO_STREAM (stream)), stream };
      gboolean done = FALSE;

      close_async (ends[i], &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
      g_assert_true (((ThreadStream *) stream)->closer == g_thread_self ());
    }
}

/* The faces outlive the stream and say so. */
static void
test_gio_gone (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  g_autoptr (GError) read_error = NULL;
  g_autoptr (GError) write_error = NULL;
  guint8 byte = 0;

  pair_init (&pair, 10);
  input = g_object_ref (g_io_stream_get_input_stream (G_IO_STREAM (pair.a)));
  output = g_object_ref (g_io_stream_get_output_stream (G_IO_STREAM (pair.a)));
  g_clear_object (&pair.a);
  g_assert_cmpint (g_input_stream_read (input, &byte, 1, NULL, &read_error), ==, -1);
  g_assert_error (read_error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_cmpint (g_output_stream_write (output, &byte, 1, NULL, &write_error), ==, -1);
  g_assert_error (write_error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_assert_true (g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (input)));
  g_assert_true (g_input_stream_close (input, NULL, NULL));
}

static void
test_gio_close (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, 10);
  test_assert_writes (pair.a, "last");
  g_assert_true (g_io_stream_close (G_IO_STREAM (pair.a), NULL, NULL));
  test_assert_reads (pair.b, "last");
  test_assert_reads (pair.b, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/stream/one-shot", test_one_shot);
  g_test_add_func ("/stream/disarm", test_disarm);
  g_test_add_func ("/stream/change-inside", test_change_inside);
  g_test_add_func ("/stream/destroy-notify", test_destroy_notify);
  g_test_add_func ("/stream/drop-inside", test_drop_inside);
  g_test_add_func ("/stream/wait-both", test_wait_both);
  g_test_add_func ("/stream/deadlines", test_deadlines);
  g_test_add_func ("/stream/messages", test_messages);
  g_test_add_func ("/stream/message-truncated", test_message_truncated);
  g_test_add_func ("/stream/rest", test_rest);
  g_test_add_func ("/stream/fibers-move-bytes", test_fibers_move_bytes);
  g_test_add_func ("/stream/gio-async", test_gio_async);
  g_test_add_func ("/stream/gio-cancel", test_gio_cancel);
  g_test_add_func ("/stream/gio-pollable", test_gio_pollable);
  g_test_add_func ("/stream/gio-close-thread", test_gio_close_thread);
  g_test_add_func ("/stream/gio-gone", test_gio_gone);
  g_test_add_func ("/stream/gio-close", test_gio_close);
  return g_test_run ();
}
