/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * bench-relay serve KIND [HOST]: a relay, with nothing but memory and descriptors to bound it.
 * bench-relay crowd MULTIADDR KIND: many peers of that relay in one process, each with an identity, a
 * swarm and a connection of its own.
 *
 * Both do what a line of standard input tells them, answer with a line of JSON, and end with their input.
 *
 * What the crowd's circuits carry is not encrypted once more: a relay could not tell, and the crowd
 * has to share the machine with it. A source writes whenever it can; a sink counts. */

#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench-common.h"
#include "protocols/peerup-identify.h"
#include "protocols/peerup-ping.h"
#include "relay/peerup-relay-exchange.h"
#include "relay/peerup-relay-server.h"

/* Microseconds for each single step. */
#define TIMEOUT    (60 * G_USEC_PER_SEC)
#define WRITE_SIZE (64 * 1024)
#define AT_A_TIME  16

/* Both */

typedef void (*CommandFunc) (char **words, gpointer data);

typedef struct
{
  GMainLoop *loop;
  CommandFunc func;
  gpointer data;
} Commands;

/* Who asks waits for each answer, so that a read is a line. */
static gboolean
on_line (int fd, GIOCondition condition, gpointer data)
{
  Commands *self = data;
  char buffer[256];
  gssize n = read (fd, buffer, sizeof buffer - 1);
  g_auto (GStrv) words = NULL;

  if (n <= 0)
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_REMOVE;
    }
  buffer[n] = '\0';
  words = g_strsplit (g_strchomp (buffer), " ", -1);
  self->func (words, self->data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_told_to_end (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static void
obey (CommandFunc func, gpointer data)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Commands commands = { loop, func, data };

  g_unix_fd_add (0, G_IO_IN | G_IO_HUP, on_line, &commands);
  g_unix_signal_add (SIGTERM, on_told_to_end, loop);
  g_main_loop_run (loop);
}

/* The relay */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupRelayServer *server;
} Relay;

/* "look": what it has and has done. */
static void
on_relay_told (char **words, gpointer data)
{
  Relay *self = data;
  PeerupRelayServer *server = self->server;
  struct mallinfo2 heap = mallinfo2 ();
  PeerupLimitsUsage usage;
  PeerupRelayFigures figures;
  guint n_reservations, n_circuits;

  peerup_relay_server_get_figures (server, &figures);
  peerup_limits_get_usage (peerup_swarm_get_limits (self->swarm), &usage);
  g_object_get (server, "n-reservations", &n_reservations, "n-circuits", &n_circuits, NULL);
  g_print ("{\"pss_kib\": %" G_GINT64_FORMAT ", \"allocated_kib\": %zu, \"free_kib\": %zu, "
           "\"unread_kib\": %" G_GUINT64_FORMAT ", \"processor\": %.3f, "
           "\"reservations\": %u, \"circuits\": %u, \"refused\": %" G_GUINT64_FORMAT ", \"bytes\": %" G_GUINT64_FORMAT
           "}\n",
           bench_get_pss (), (heap.uordblks + heap.hblkhd) / 1024, heap.fordblks / 1024, usage.memory / 1024,
           (double) bench_get_processor_time () / G_USEC_PER_SEC, n_reservations, n_circuits,
           figures.reservations_refused + figures.circuits_refused, figures.bytes);
}

static gboolean
serve (const char *kind, const char *host, GError **error)
{
  g_autoptr (PeerupSwarm) swarm = bench_swarm_new (kind, error);
  g_autoptr (PeerupIdentify) identify = NULL;
  g_autoptr (PeerupRelayServer) server = NULL;
  g_autofree char *multiaddr = NULL;
  PeerupRelaySettings settings = {
    .reservation_ttl = 3600,
    .max_reservations = 100000,
    .max_reservations_per_address = 100000,
    .max_reservations_per_network = 100000,
    .max_circuits = 1000,
    .max_circuits_in_all = 10000,
  };

  if (swarm == NULL)
    return FALSE;
  peerup_ping_serve (swarm);
  identify = peerup_identify_new (swarm);
  server = peerup_relay_server_new (swarm, &settings);
  multiaddr = bench_swarm_listen (swarm, kind, host, error);
  if (multiaddr == NULL)
    return FALSE;
  g_print ("%s\n", multiaddr);
  obey (on_relay_told, &(Relay) { swarm, server });
  return TRUE;
}

/* The crowd */

typedef struct
{
  PeerupSwarm *swarm;
  PeerupIdentify *identify;
  PeerupConnection *connection;
  gint64 connecting; /* µs it took to connect, to reserve */
  gint64 reserving;
} Peer;

/* The far end of a circuit. */
typedef struct
{
  PeerupStream *stream;
  guint64 bytes;
  gboolean stalled;
} Sink;

typedef struct
{
  const char *kind;
  PeerupPeerId *relay;
  PeerupMultiaddr *address;
  GPtrArray *peers;   /* of Peer */
  GPtrArray *sinks;   /* of Sink */
  GPtrArray *sources; /* of PeerupStream */
  gboolean stalling;  /* sinks that come read nothing */
  guint n_started, n_wanted, n_each;
} Crowd;

static void
peer_free (gpointer data)
{
  Peer *self = data;

  g_clear_object (&self->connection);
  g_clear_object (&self->identify);
  g_clear_object (&self->swarm);
  g_free (self);
}

static void
sink_free (gpointer data)
{
  Sink *self = data;

  g_object_unref (self->stream);
  g_free (self);
}

/* The far ends */

static void
on_sink_readable (PeerupStream *stream, gpointer data)
{
  static guint8 dropped[WRITE_SIZE];
  g_autoptr (GError) error = NULL;
  Sink *self = data;
  gssize n = peerup_stream_read (stream, dropped, sizeof dropped, &error);

  if (n == 0 || (n < 0 && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)))
    return;
  self->bytes += MAX (n, 0);
  peerup_stream_arm_read (stream, on_sink_readable, self);
}

typedef struct
{
  Crowd *crowd;
  PeerupStream *stream;
} Coming;

static void
coming_free (gpointer data)
{
  Coming *self = data;

  g_object_unref (self->stream);
  g_free (self);
}

static DexFuture *
accept_fiber (gpointer data)
{
  Coming *self = data;
  gboolean limited;
  g_autoptr (PeerupPeerId) peer = peerup_relay_accept (self->stream, g_get_monotonic_time () + TIMEOUT, &limited, NULL);
  Sink *sink;

  if (peer == NULL)
    return dex_future_new_for_boolean (FALSE);
  sink = g_new0 (Sink, 1);
  sink->stream = g_object_ref (self->stream);
  sink->stalled = self->crowd->stalling;
  g_ptr_array_add (self->crowd->sinks, sink);
  if (!sink->stalled)
    peerup_stream_arm_read (sink->stream, on_sink_readable, sink);
  return dex_future_new_true ();
}

static void
on_stop (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Coming *coming = g_new (Coming, 1);

  *coming = (Coming) { data, stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, accept_fiber, coming, coming_free));
}

/* Peers that reserve */

static Peer *
crowd_add_peer (Crowd *self, GError **error)
{
  PeerupSwarm *swarm = bench_swarm_new (self->kind, error);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  Peer *peer;

  if (swarm == NULL)
    return NULL;
  peer = g_new0 (Peer, 1);
  peer->swarm = swarm;
  peer->identify = peerup_identify_new (swarm);
  peerup_ping_serve (swarm);
  peerup_swarm_add_protocol (swarm, PEERUP_CIRCUIT_STOP, on_stop, self, NULL);
  g_ptr_array_add (addresses, self->address);
  peerup_swarm_add_addresses (swarm, self->relay, addresses);
  g_ptr_array_add (self->peers, peer);
  return peer;
}

static gboolean
crowd_reserve (Crowd *self, GError **error)
{
  Peer *peer = crowd_add_peer (self, error);
  gint64 began = g_get_monotonic_time ();
  g_auto (PeerupRelayGrant) grant = { 0 };

  if (peer == NULL)
    return FALSE;
  peer->connection = dex_await_object (peerup_swarm_connect (peer->swarm, self->relay), error);
  if (peer->connection == NULL)
    return FALSE;
  peer->connecting = g_get_monotonic_time () - began;
  if (!peerup_relay_reserve (peer->connection, peerup_swarm_get_peer_id (peer->swarm), self->address, began + TIMEOUT,
                             &grant, error))
    return FALSE;
  peer->reserving = g_get_monotonic_time () - began - peer->connecting;
  return TRUE;
}

/* Circuits */

static void
on_source_writable (PeerupStream *stream, gpointer data)
{
  static const guint8 zeros[WRITE_SIZE];
  g_autoptr (GError) error = NULL;

  /* One write a turn, so that the sources of one process take turns too. */
  if (peerup_stream_write (stream, zeros, sizeof zeros, &error) >= 0 ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    peerup_stream_arm_write (stream, on_source_writable, data);
}

/* The next of n_wanted circuits: n_each from one peer to its neighbour before it is the next two's turn. */
static gboolean
crowd_open_circuit (Crowd *self, guint index, GError **error)
{
  guint pair = index / self->n_each % (self->peers->len / 2);
  Peer *source = self->peers->pdata[2 * pair];
  Peer *target = self->peers->pdata[2 * pair + 1];
  gint64 deadline = g_get_monotonic_time () + TIMEOUT;
  g_autoptr (PeerupStream) stream = peerup_relay_open_stream (source->connection, deadline, error);
  gboolean limited;

  if (stream == NULL ||
      !peerup_relay_connect (stream, peerup_swarm_get_peer_id (target->swarm), deadline, &limited, error))
    return FALSE;
  g_ptr_array_add (self->sources, g_steal_pointer (&stream));
  return TRUE;
}

/* Commands */

static DexFuture *
join_fiber (gpointer data)
{
  Crowd *self = data;
  g_autoptr (GError) error = NULL;

  while (self->n_started < self->n_wanted)
    {
      self->n_started++;
      if (!crowd_reserve (self, &error))
        return dex_future_new_for_error (g_steal_pointer (&error));
    }
  return dex_future_new_true ();
}

static DexFuture *
carry_fiber (gpointer data)
{
  Crowd *self = data;
  g_autoptr (GError) error = NULL;

  while (self->n_started < self->n_wanted)
    if (!crowd_open_circuit (self, self->n_started++, &error))
      return dex_future_new_for_error (g_steal_pointer (&error));
  return dex_future_new_true ();
}

/* @n_wanted times, at most @n_fibers at once. */
static gboolean
crowd_run (Crowd *self, DexFiberFunc func, guint n_wanted, guint n_fibers, GError **error)
{
  g_autoptr (GPtrArray) fibers = g_ptr_array_new_with_free_func (dex_unref);

  self->n_started = 0;
  self->n_wanted = n_wanted;
  for (guint i = 0; i < n_fibers; i++)
    g_ptr_array_add (fibers, dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, func, self, NULL));
  return dex_await (dex_future_all_racev ((DexFuture *const *) fibers->pdata, fibers->len), error);
}

static void
print_times (Crowd *self, const char *name, guint first, gsize member)
{
  g_print ("\"%s\": [", name);
  for (guint i = first; i < self->peers->len; i++)
    g_print ("%s%.3f", i > first ? ", " : "", (double) G_STRUCT_MEMBER (gint64, self->peers->pdata[i], member) / 1000);
  g_print ("]");
}

/* "join N [AT_A_TIME]": so many more peers reserve. Milliseconds each took. */
static gboolean
crowd_join (Crowd *self, guint count, guint at_a_time, GError **error)
{
  guint first = self->peers->len;

  if (!crowd_run (self, join_fiber, count, at_a_time, error))
    return FALSE;
  g_print ("{");
  print_times (self, "connecting", first, G_STRUCT_OFFSET (Peer, connecting));
  g_print (", ");
  print_times (self, "reserving", first, G_STRUCT_OFFSET (Peer, reserving));
  g_print ("}\n");
  return TRUE;
}

/* "carry N EACH": N circuits, EACH from the first peer to the second, then from the third to the
 * fourth. "stall N EACH": the same with sinks that read nothing. */
static gboolean
crowd_carry (Crowd *self, guint count, guint each, gboolean stalling, GError **error)
{
  guint first = self->sources->len;

  self->stalling = stalling;
  self->n_each = each;
  if (!crowd_run (self, carry_fiber, count, AT_A_TIME, error))
    return FALSE;
  /* All at once, when all are there. */
  for (guint i = first; i < self->sources->len; i++)
    peerup_stream_arm_write (self->sources->pdata[i], on_source_writable, self);
  g_print ("{\"circuits\": %u}\n", self->sources->len);
  return TRUE;
}

/* "count SECONDS": bytes that came at each sink in that time, but for those that read nothing. */
static gboolean
crowd_count (Crowd *self, guint seconds, GError **error)
{
  const char *comma = "";
  gboolean waited;

  for (guint i = 0; i < self->sinks->len; i++)
    ((Sink *) self->sinks->pdata[i])->bytes = 0;
  waited = !dex_await (dex_timeout_new_seconds (seconds), NULL);
  g_assert (waited);
  g_print ("{\"bytes\": [");
  for (guint i = 0; i < self->sinks->len; i++)
    {
      Sink *sink = self->sinks->pdata[i];

      if (sink->stalled)
        continue;
      g_print ("%s%" G_GUINT64_FORMAT, comma, sink->bytes);
      comma = ", ";
    }
  g_print ("]}\n");
  return TRUE;
}

/* "leave": all circuits end. */
static gboolean
crowd_leave (Crowd *self)
{
  g_ptr_array_set_size (self->sources, 0);
  g_ptr_array_set_size (self->sinks, 0);
  g_print ("{}\n");
  return TRUE;
}

typedef struct
{
  Crowd *crowd;
  char **words;
} Command;

static void
command_free (gpointer data)
{
  Command *self = data;

  g_strfreev (self->words);
  g_free (self);
}

static DexFuture *
command_fiber (gpointer data)
{
  Command *self = data;
  const char *name = self->words[0];
  guint n_words = g_strv_length (self->words);
  guint first = n_words > 1 ? strtoul (self->words[1], NULL, 10) : 0;
  guint second = n_words > 2 ? strtoul (self->words[2], NULL, 10) : 0;
  g_autoptr (GError) error = NULL;
  gboolean done = FALSE;

  if (g_str_equal (name, "join"))
    done = crowd_join (self->crowd, first, MAX (second, 1), &error);
  else if (g_str_equal (name, "carry") || g_str_equal (name, "stall"))
    done = crowd_carry (self->crowd, first, MAX (second, 1), g_str_equal (name, "stall"), &error);
  else if (g_str_equal (name, "count"))
    done = crowd_count (self->crowd, first, &error);
  else if (g_str_equal (name, "leave"))
    done = crowd_leave (self->crowd);
  if (!done)
    g_printerr ("bench-relay: %s: %s\n", name, error != NULL ? error->message : "no such command");
  if (!done)
    exit (1);
  return dex_future_new_true ();
}

static void
on_crowd_told (char **words, gpointer data)
{
  Command *command = g_new (Command, 1);

  *command = (Command) { data, g_strdupv (words) };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, command_fiber, command, command_free));
}

/* Ends without taking leave: thousands of peers that go are nobody's figure. */
static gboolean
run_crowd (const char *multiaddr, const char *kind, GError **error)
{
  Crowd self = { .kind = kind };

  self.address = peerup_multiaddr_new_from_string (multiaddr, error);
  if (self.address == NULL)
    return FALSE;
  self.relay = peerup_multiaddr_dup_peer_id (self.address);
  if (self.relay == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s does not end in /p2p/PEERID", multiaddr);
      return FALSE;
    }
  self.peers = g_ptr_array_new_with_free_func (peer_free);
  self.sinks = g_ptr_array_new_with_free_func (sink_free);
  self.sources = g_ptr_array_new_with_free_func (g_object_unref);
  g_print ("ready\n");
  obey (on_crowd_told, &self);
  _exit (0);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  gboolean serving = (argc == 3 || argc == 4) && g_str_equal (argv[1], "serve");
  gboolean done;

  if (!serving && (argc != 4 || !g_str_equal (argv[1], "crowd")))
    {
      g_printerr ("usage: bench-relay serve KIND [HOST]\n"
                  "       bench-relay crowd MULTIADDR KIND\n");
      return 2;
    }
  bench_allow_many_descriptors ();
  dex_init ();
  done = serving ? serve (argv[2], argv[3], &error) : run_crowd (argv[2], argv[3], &error);
  if (done)
    return 0;
  g_printerr ("bench-relay: %s\n", error->message);
  return 1;
}
