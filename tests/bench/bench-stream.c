/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One stream from a swarm to a swarm, with nothing behind its ends:
 *
 *   bench-stream serve [KIND [ADDRESS]]     prints its multiaddr
 *   bench-stream fetch MULTIADDR BYTES [KIND]         connects, takes BYTES from there
 *   bench-stream send MULTIADDR BYTES [KIND]          connects, brings BYTES there
 *   bench-stream connect MULTIADDR COUNT PARALLEL [KIND]  connects, takes a byte, closes, again
 *   bench-stream greet MULTIADDR COUNT PARALLEL [KIND]    the same without a request: there speaks first
 *
 * A request is one byte, 'f' or 's', and an 8-byte big-endian count; what is sent is answered by
 * one byte when all of it is there. What arrives is counted where it lies and not looked at.
 * Prints one line of JSON with times in seconds; serve lives until the end of its standard input. */

#include <gio/gio.h>
#include <string.h>

#include "bench-common.h"

#define PROTOCOL     "/bench/stream/1.0.0"
#define GREETING     "/bench/greeting/1.0.0"
#define REQUEST_SIZE 9
/* Bytes that one callback moves before others have their turn. */
#define TURN      (512 * 1024)
#define N_VECTORS 16
/* Microseconds for a whole transfer: it ends, one way or the other. */
#define TIMEOUT (300 * G_USEC_PER_SEC)

static guint8 block[256 * 1024];

/* One direction of a stream that is under way, by callbacks alone. */
typedef struct
{
  PeerupStream *stream;
  guint64 left;
  DexPromise *done; /* nullable; resolves to TRUE when all has moved */
} Move;

static Move *
move_new (PeerupStream *stream, guint64 count)
{
  Move *self = g_new0 (Move, 1);

  self->stream = g_object_ref (stream);
  self->left = count;
  self->done = dex_promise_new ();
  return self;
}

static void
move_end (Move *self, const GError *error)
{
  if (error != NULL)
    dex_promise_reject (self->done, g_error_copy (error));
  else
    dex_promise_resolve_boolean (self->done, TRUE);
  dex_unref (self->done);
  g_object_unref (self->stream);
  g_free (self);
}

static gssize
write_some (PeerupStream *stream, guint64 left, GError **error)
{
  return peerup_stream_write (stream, block, MIN (left, sizeof block), error);
}

/* Zero-copy where the stream can show what it has. 0: the end. */
static gssize
read_some (PeerupStream *stream, guint64 left, GError **error)
{
  GInputVector vectors[N_VECTORS];
  gsize n_vectors = peerup_stream_peek (stream, vectors, N_VECTORS), count = 0;

  if (n_vectors == 0)
    return peerup_stream_read (stream, block, sizeof block, error);
  for (gsize i = 0; i < n_vectors; i++)
    count += vectors[i].size;
  count = MIN (count, left);
  peerup_stream_consume (stream, count);
  return count;
}

static void
on_movable (Move *self, PeerupStreamReadyFunc again, gboolean writing)
{
  g_autoptr (GError) error = NULL;
  gsize turn = 0;

  while (self->left > 0 && turn < TURN)
    {
      gssize count = (writing ? write_some : read_some) (self->stream, self->left, &error);

      if (count == 0)
        g_set_error (&error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "%" G_GUINT64_FORMAT " bytes are missing",
                     self->left);
      if (count <= 0)
        break;
      self->left -= MIN ((guint64) count, self->left);
      turn += count;
    }
  if (self->left == 0 || (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)))
    move_end (self, error);
  else if (writing)
    peerup_stream_arm_write (self->stream, again, self);
  else
    peerup_stream_arm_read (self->stream, again, self);
}

static void
on_writable (PeerupStream *stream, gpointer data)
{
  on_movable (data, on_writable, TRUE);
}

static void
on_readable (PeerupStream *stream, gpointer data)
{
  on_movable (data, on_readable, FALSE);
}

static DexFuture *
send_bytes (PeerupStream *stream, guint64 count)
{
  Move *move = move_new (stream, count);
  DexFuture *done = dex_ref (DEX_FUTURE (move->done));

  peerup_stream_arm_write (stream, on_writable, move);
  return done;
}

static DexFuture *
take_bytes (PeerupStream *stream, guint64 count)
{
  Move *move = move_new (stream, count);
  DexFuture *done = dex_ref (DEX_FUTURE (move->done));

  peerup_stream_arm_read (stream, on_readable, move);
  return done;
}

/* The serving side: a fiber for each stream. */

static DexFuture *
serve_fiber (gpointer data)
{
  PeerupStream *stream = data;
  gint64 deadline = g_get_monotonic_time () + TIMEOUT;
  guint8 request[REQUEST_SIZE];
  guint64 count;
  gboolean done;

  if (!peerup_stream_await_read_exact (stream, request, sizeof request, deadline, NULL))
    return dex_future_new_false ();
  memcpy (&count, request + 1, sizeof count);
  count = GUINT64_FROM_BE (count);
  if (request[0] == 'f')
    done = dex_await (send_bytes (stream, count), NULL);
  else
    done =
      dex_await (take_bytes (stream, count), NULL) && peerup_stream_await_write_all (stream, "+", 1, deadline, NULL);
  if (done)
    peerup_stream_close (stream);
  return dex_future_new_for_boolean (done);
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, serve_fiber, stream, g_object_unref));
}

static void
on_greeting (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_autoptr (PeerupStream) owned = stream;

  if (peerup_stream_write (owned, "!", 1, NULL) == 1)
    peerup_stream_close (owned);
}

static gboolean
serve (const char *kind, const char *host, GError **error)
{
  g_autoptr (PeerupSwarm) swarm = bench_swarm_new (kind, error);
  g_autofree char *multiaddr = NULL;

  if (swarm == NULL)
    return FALSE;
  peerup_swarm_add_protocol (swarm, PROTOCOL, on_stream, NULL, NULL);
  peerup_swarm_add_protocol (swarm, GREETING, on_greeting, NULL, NULL);
  multiaddr = bench_swarm_listen (swarm, kind, host, error);
  if (multiaddr == NULL)
    return FALSE;
  g_print ("%s\n", multiaddr);
  bench_run_until_told ();
  return bench_await (peerup_swarm_close (swarm), error);
}

/* The asking side. */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *peer;
  char what; /* 'f', 's' or 'g' */
  guint64 bytes;
  guint count;        /* of transfers, each on a connection of its own */
  GArray *to_connect; /* of double, seconds: until connected, until the first byte */
  GArray *to_first;
  double moving; /* seconds of the last transfer, from the request to the last byte */
} Asking;

static void
asking_free (Asking *self)
{
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_pointer (&self->to_connect, g_array_unref);
  g_clear_pointer (&self->to_first, g_array_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asking, asking_free)

static Asking *
asking_new (const char *multiaddr, const char *kind, char what, guint64 bytes, guint count, GError **error)
{
  g_autoptr (Asking) self = g_new0 (Asking, 1);

  self->to_connect = g_array_new (FALSE, FALSE, sizeof (double));
  self->to_first = g_array_new (FALSE, FALSE, sizeof (double));
  self->what = what;
  self->bytes = bytes;
  self->count = count;
  self->swarm = bench_swarm_new (kind, error);
  self->peer = self->swarm != NULL ? bench_swarm_add_peer (self->swarm, multiaddr, error) : NULL;
  return self->peer != NULL ? g_steal_pointer (&self) : NULL;
}

static void
note_time (GArray *times, gint64 since)
{
  double seconds = (double) (g_get_monotonic_time () - since) / G_USEC_PER_SEC;

  g_array_append_val (times, seconds);
}

static gboolean
asking_request (Asking *self, PeerupStream *stream, gint64 deadline, GError **error)
{
  guint8 request[REQUEST_SIZE] = { self->what };
  guint64 count = GUINT64_TO_BE (self->bytes);

  if (self->what == 'g')
    return TRUE;
  memcpy (request + 1, &count, sizeof count);
  return peerup_stream_await_write_all (stream, request, sizeof request, deadline, error) &&
         (self->what == 'f' || dex_await (send_bytes (stream, self->bytes), error));
}

static gboolean
asking_move (Asking *self, PeerupStream *stream, gint64 began, gint64 deadline, GError **error)
{
  guint8 byte;

  if (!asking_request (self, stream, deadline, error))
    return FALSE;
  if (!peerup_stream_await_read_exact (stream, &byte, 1, deadline, error))
    return FALSE;
  note_time (self->to_first, began);
  return self->what == 's' || self->bytes == 1 || dex_await (take_bytes (stream, self->bytes - 1), error);
}

static gboolean
asking_once (Asking *self, GError **error)
{
  const char *const protocols[] = { self->what == 'g' ? GREETING : PROTOCOL, NULL };
  gint64 began = g_get_monotonic_time (), asked;
  gint64 deadline = began + TIMEOUT;
  g_autoptr (PeerupConnection) connection = dex_await_object (peerup_swarm_connect (self->swarm, self->peer), error);
  g_autoptr (PeerupStream) stream = NULL;

  if (connection == NULL)
    return FALSE;
  note_time (self->to_connect, began);
  asked = g_get_monotonic_time ();
  stream = dex_await_object (peerup_swarm_open_stream_on (self->swarm, connection, protocols, deadline), error);
  if (stream == NULL || !asking_move (self, stream, began, deadline, error))
    return FALSE;
  self->moving = (double) (g_get_monotonic_time () - asked) / G_USEC_PER_SEC;
  peerup_stream_close (stream);
  peerup_swarm_disconnect (self->swarm, self->peer, PEERUP_CONNECTION_CODE_NONE);
  return dex_await (peerup_connection_wait_closed (connection), error);
}

static DexFuture *
asking_fiber (gpointer data)
{
  Asking *self = data;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->count; i++)
    if (!asking_once (self, &error))
      return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_true ();
}

static void
print_times (const char *name, GPtrArray *all, gsize offset)
{
  const char *separator = "";

  g_print (", \"%s\": [", name);
  for (guint i = 0; i < all->len; i++)
    {
      GArray *times = G_STRUCT_MEMBER (GArray *, all->pdata[i], offset);

      for (guint j = 0; j < times->len; j++, separator = ", ")
        g_print ("%s%.6f", separator, g_array_index (times, double, j));
    }
  g_print ("]");
}

/* Runs all of @all at the same time. */
static gboolean
ask (GPtrArray *all, GError **error)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  gint64 began = g_get_monotonic_time ();

  for (guint i = 0; i < all->len; i++)
    g_ptr_array_add (futures, dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, asking_fiber, all->pdata[i], NULL));
  if (!bench_await (dex_future_allv ((DexFuture *const *) futures->pdata, futures->len), error))
    return FALSE;
  g_print ("{\"seconds\": %.6f", (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  g_print (", \"moving\": %.6f", ((Asking *) all->pdata[0])->moving);
  print_times ("connect", all, G_STRUCT_OFFSET (Asking, to_connect));
  print_times ("first_byte", all, G_STRUCT_OFFSET (Asking, to_first));
  g_print ("}\n");
  return TRUE;
}

static gboolean
ask_many (const char *multiaddr, const char *kind, char what, guint64 bytes, guint count, guint parallel,
          GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) asking_free);

  for (guint i = 0; i < parallel; i++)
    {
      Asking *asking = asking_new (multiaddr, kind, what, bytes, count, error);

      if (asking == NULL)
        return FALSE;
      g_ptr_array_add (all, asking);
    }
  if (!ask (all, error))
    return FALSE;
  for (guint i = 0; i < all->len; i++)
    if (!bench_await (peerup_swarm_close (((Asking *) all->pdata[i])->swarm), error))
      return FALSE;
  return TRUE;
}

static gboolean
run (int argc, char *argv[], GError **error)
{
  const char *command = argc > 1 ? argv[1] : "";
  guint64 count = 1, parallel = 1;

  if (g_str_equal (command, "serve") && argc <= 4)
    return serve (argv[2], argc == 4 ? argv[3] : NULL, error);
  if (argc >= 4 && !g_ascii_string_to_unsigned (argv[3], 10, 1, G_MAXINT64, &count, error))
    return FALSE;
  if ((g_str_equal (command, "fetch") || g_str_equal (command, "send")) && (argc == 4 || argc == 5))
    return ask_many (argv[2], argv[4], command[0], count, 1, 1, error);
  if ((g_str_equal (command, "connect") || g_str_equal (command, "greet")) && (argc == 5 || argc == 6))
    return g_ascii_string_to_unsigned (argv[4], 10, 1, 256, &parallel, error) &&
           ask_many (argv[2], argv[5], command[0] == 'g' ? 'g' : 'f', 1, (guint) count, (guint) parallel, error);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "use serve [KIND [ADDRESS]], fetch or send MULTIADDR BYTES [KIND], or "
               "connect or greet MULTIADDR COUNT PARALLEL [KIND]");
  return FALSE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  dex_init ();
  if (run (argc, argv, &error))
    return 0;
  g_printerr ("bench-stream: %s\n", error->message);
  return 1;
}
