/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What every connection has in common, shown on a subclass that carries nothing. */

#include "transport-test.h"

#include "identity/peerup-private-key.h"
#include "transport/peerup-connection.h"

typedef struct
{
  PeerupConnection parent_instance;
  guint n_closes;
  guint n_retires;
  guint32 code;
} Bare;
typedef PeerupConnectionClass BareClass;

static GType bare_get_type (void);
G_DEFINE_TYPE (Bare, bare, PEERUP_TYPE_CONNECTION)

static DexFuture *
bare_open_stream (PeerupConnection *connection)
{
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "No streams here");
}

static void
bare_close (PeerupConnection *connection, guint32 code)
{
  ((Bare *) connection)->n_closes++;
  ((Bare *) connection)->code = code;
}

static void
bare_retire (PeerupConnection *connection, guint32 code)
{
  ((Bare *) connection)->n_retires++;
}

static void
bare_class_init (BareClass *klass)
{
  klass->open_stream = bare_open_stream;
  klass->close = bare_close;
  klass->retire = bare_retire;
  klass->ping = bare_open_stream;
}

static void
bare_init (Bare *self)
{
}

static PeerupConnection *
new_bare (void)
{
  static const guint8 seed[32] = { 1 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  PeerupConnectionInfo info = {
    .remote_key = peerup_private_key_get_public_key (key),
    .remote_peer = peerup_private_key_get_peer_id (key),
    .transport = "memory",
  };
  PeerupConnection *connection = g_object_new (bare_get_type (), NULL);

  peerup_connection_init_info (connection, &info);
  return connection;
}

/* The far end of a stream that is delivered, which is taken. */
static PeerupStream *
deliver (PeerupConnection *connection)
{
  PeerupStream *ours, *theirs;

  peerup_pipe_stream_new_pair (100, &ours, &theirs);
  peerup_connection_deliver_stream (connection, ours);
  return theirs;
}

static void
keep_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, g_object_ref (stream));
}

/* Streams that come before somebody takes them wait, in order. */
static void
test_queue (void)
{
  g_autoptr (PeerupConnection) connection = new_bare ();
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupStream) one = deliver (connection);
  g_autoptr (PeerupStream) two = deliver (connection);
  g_autoptr (PeerupStream) three = NULL;

  test_assert_writes (one, "one");
  test_assert_writes (two, "two");
  peerup_connection_set_stream_func (connection, keep_stream, kept);
  g_assert_cmpuint (kept->len, ==, 2);
  three = deliver (connection);
  test_assert_writes (three, "three");
  g_assert_cmpuint (kept->len, ==, 3);
  test_assert_reads (kept->pdata[0], "one");
  test_assert_reads (kept->pdata[1], "two");
  test_assert_reads (kept->pdata[2], "three");
}

static void
ignore_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
}

static void
test_not_kept (void)
{
  g_autoptr (PeerupConnection) connection = new_bare ();
  g_autoptr (PeerupStream) stream = NULL;

  peerup_connection_set_stream_func (connection, ignore_stream, NULL);
  stream = deliver (connection);
  test_assert_fails (stream, PEERUP_ERROR_RESET);
}

/* Nobody will take them: reset, when that is said, when it closes, and when it goes. */
static void
test_queue_dropped (void)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (PeerupConnection) connection = new_bare ();
      g_autoptr (PeerupStream) stream = deliver (connection);

      if (i == 0)
        peerup_connection_set_stream_func (connection, NULL, NULL);
      else if (i == 1)
        peerup_connection_set_closed (connection, g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "gone"));
      else
        g_clear_object (&connection);
      test_assert_fails (stream, PEERUP_ERROR_RESET);
      g_assert_cmpuint (peerup_stream_get_reset_code (stream), ==, PEERUP_STREAM_CODE_SHUTDOWN);
    }
}

static void
stop_taking (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  ++*(guint *) data;
  peerup_connection_set_stream_func (connection, NULL, NULL);
}

static void
test_func_changes_inside (void)
{
  g_autoptr (PeerupConnection) connection = new_bare ();
  g_autoptr (PeerupStream) one = deliver (connection);
  g_autoptr (PeerupStream) two = deliver (connection);
  guint n = 0;

  peerup_connection_set_stream_func (connection, stop_taking, &n);
  g_assert_cmpuint (n, ==, 1);
  test_assert_fails (two, PEERUP_ERROR_RESET);
}

static void
count_closed (PeerupConnection *connection, gpointer data)
{
  ++*(guint *) data;
  g_assert_true (peerup_connection_is_closed (connection));
  peerup_connection_set_closed (connection, g_error_new (PEERUP_ERROR, PEERUP_ERROR_RESET, "again"));
}

static void
test_closed_once (void)
{
  g_autoptr (PeerupConnection) connection = new_bare ();
  g_autoptr (DexFuture) waiting = peerup_connection_wait_closed (connection);
  g_autoptr (GError) error = NULL;
  guint n = 0;

  g_signal_connect (connection, "closed", G_CALLBACK (count_closed), &n);
  g_assert_null (peerup_connection_get_error (connection));
  peerup_connection_set_closed (connection, g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "silent"));
  peerup_connection_set_closed (connection, g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "late"));
  g_assert_cmpuint (n, ==, 1);
  g_assert_error (peerup_connection_get_error (connection), PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_true (dex_future_is_resolved (waiting));
  g_assert_true (peerup_connection_is_retired (connection));
  /* Closed is closed. */
  peerup_connection_close (connection, 1);
  peerup_connection_retire (connection, 1);
  g_assert_cmpuint (((Bare *) connection)->n_closes + ((Bare *) connection)->n_retires, ==, 0);
  error = test_take_error (peerup_connection_open_stream (connection));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_clear_error (&error);
  error = test_take_error (peerup_connection_ping (connection));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

static void
test_retire_once (void)
{
  g_autoptr (PeerupConnection) connection = new_bare ();

  g_assert_false (peerup_connection_is_retired (connection));
  peerup_connection_retire (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
  peerup_connection_retire (connection, PEERUP_CONNECTION_CODE_SUPPLANTED);
  g_assert_true (peerup_connection_is_retired (connection));
  g_assert_cmpuint (((Bare *) connection)->n_retires, ==, 1);
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_SHUTDOWN);
  g_assert_cmpuint (((Bare *) connection)->code, ==, PEERUP_CONNECTION_CODE_SHUTDOWN);
}

static void
test_codes (void)
{
  static const struct
  {
    guint32 code;
    int error;
  } cases[] = {
    { PEERUP_CONNECTION_CODE_NONE, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_SHUTDOWN, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_SUPPLANTED, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_GARBAGE_COLLECTED, PEERUP_ERROR_CLOSED },
    { PEERUP_CONNECTION_CODE_GATED, PEERUP_ERROR_GATED },
    { PEERUP_CONNECTION_CODE_RESOURCE_LIMIT, PEERUP_ERROR_LIMIT },
    { PEERUP_CONNECTION_CODE_RATE_LIMITED, PEERUP_ERROR_LIMIT },
    { PEERUP_CONNECTION_CODE_PROTOCOL_VIOLATION, PEERUP_ERROR_PROTOCOL },
    { 0xdeadbeef, PEERUP_ERROR_CLOSED },
  };
  g_autoptr (PeerupConnection) connection = new_bare ();
  const char *peer = peerup_peer_id_get_string (peerup_connection_get_remote_peer (connection));

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = peerup_connection_error_for_code (connection, cases[i].code);

      g_assert_error (error, PEERUP_ERROR, cases[i].error);
      g_assert_nonnull (strstr (error->message, peer));
    }
}

static gboolean
reserve (PeerupConnection *connection, gsize bytes, gpointer data)
{
  gsize *left = data;

  if (bytes > *left)
    return FALSE;
  *left -= bytes;
  return TRUE;
}

static void
release (PeerupConnection *connection, gsize bytes, gpointer data)
{
  *(gsize *) data += bytes;
}

#define FREE PEERUP_CONNECTION_FREE_BUFFER
#define STEP PEERUP_CONNECTION_BUFFER_STEP

static void
test_memory (void)
{
  PeerupConnection *bare = new_bare ();
  gsize left = 3 * STEP;

  g_assert_true (peerup_connection_set_buffered (bare, G_MAXSIZE / 2));
  peerup_connection_set_memory_funcs (bare, reserve, release, &left);
  g_assert_true (peerup_connection_set_buffered (bare, FREE));
  g_assert_cmpuint (left, ==, 3 * STEP);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 1));
  g_assert_cmpuint (left, ==, 2 * STEP);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 3 * STEP));
  g_assert_cmpuint (left, ==, 0);
  g_assert_false (peerup_connection_set_buffered (bare, FREE + 3 * STEP + 1));
  g_assert_cmpuint (left, ==, 0);
  /* One step stays, until nothing is needed. */
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 2 * STEP));
  g_assert_cmpuint (left, ==, 0);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + STEP));
  g_assert_cmpuint (left, ==, 2 * STEP);
  g_assert_true (peerup_connection_set_buffered (bare, FREE));
  g_assert_cmpuint (left, ==, 3 * STEP);
  /* Whatever ends first. */
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 2 * STEP));
  peerup_connection_set_memory_funcs (bare, NULL, NULL, NULL);
  g_assert_cmpuint (left, ==, 3 * STEP);
  peerup_connection_set_memory_funcs (bare, reserve, release, &left);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 2 * STEP));
  peerup_connection_set_closed (bare, g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "Over"));
  g_assert_cmpuint (left, ==, 3 * STEP);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 2 * STEP));
  peerup_connection_set_memory_funcs (bare, reserve, release, &left);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + 2 * STEP));
  g_assert_cmpuint (left, ==, 3 * STEP);
  g_assert_finalize_object (bare);

  bare = new_bare ();
  peerup_connection_set_memory_funcs (bare, reserve, release, &left);
  g_assert_true (peerup_connection_set_buffered (bare, FREE + STEP));
  g_assert_finalize_object (bare);
  g_assert_cmpuint (left, ==, 3 * STEP);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/connection/queue", test_queue);
  g_test_add_func ("/connection/not-kept", test_not_kept);
  g_test_add_func ("/connection/queue-dropped", test_queue_dropped);
  g_test_add_func ("/connection/func-changes-inside", test_func_changes_inside);
  g_test_add_func ("/connection/closed-once", test_closed_once);
  g_test_add_func ("/connection/retire-once", test_retire_once);
  g_test_add_func ("/connection/codes", test_codes);
  g_test_add_func ("/connection/memory", test_memory);
  return g_test_run ();
}
