/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * bench-idle [KIND] [CONNECTIONS] [STREAMS]: what idle connections and idle streams cost.
 *
 * Two processes, this one dialing and a child listening, each with one swarm, ping and
 * identify. Every connection is upgraded and identified, then every stream is negotiated and
 * has carried a byte each way; nothing moves while memory is read. Printed is the growth of the
 * proportional set size (Pss of /proc/self/smaps_rollup) for each connection and stream, and
 * the processor time that all of them took while nothing was asked of them, each process by
 * itself; the kernel's socket buffers are not in it. One line of JSON.
 *
 * A swarm keeps one connection for a peer it dials. So this process has one swarm for every
 * CONNECTIONS_PER_SWARM connections, whose cost is in the figures, and gives it its connections
 * by the private call that its dials end in. */

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench-common.h"
#include "protocols/peerup-identify.h"
#include "protocols/peerup-ping.h"
#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "transport/peerup-socket-stream.h"

#define PROTOCOL              "/bench/idle/1.0.0"
#define CONNECTIONS_PER_SWARM 16
/* Microseconds: for each single step, and for what goes on after the last one to end. */
#define TIMEOUT (20 * G_USEC_PER_SEC)
#define SETTLE  (2 * G_USEC_PER_SEC)
#define IDLE    (30 * G_USEC_PER_SEC)

/* The listening process: a byte that comes is sent back, and the stream is kept. */

static void
on_readable (PeerupStream *stream, gpointer data)
{
  guint8 byte;

  if (peerup_stream_read (stream, &byte, 1, NULL) != 1 || peerup_stream_write (stream, &byte, 1, NULL) != 1)
    return;
  peerup_stream_arm_read (stream, on_readable, data);
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_ptr_array_add (data, stream);
  peerup_stream_arm_read (stream, on_readable, data);
}

/* Answers each byte with the memory it has and the time it used. */
static gboolean
on_asked (int fd, GIOCondition condition, gpointer data)
{
  char byte;

  if (read (fd, &byte, 1) != 1)
    {
      g_main_loop_quit (data);
      return G_SOURCE_REMOVE;
    }
  g_print ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", bench_get_pss (), bench_get_processor_time ());
  return G_SOURCE_CONTINUE;
}

static gboolean
listen_run (PeerupSwarm *swarm, const char *kind, GError **error)
{
  g_autoptr (PeerupIdentify) identify = peerup_identify_new (swarm);
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree char *multiaddr = NULL;

  peerup_ping_serve (swarm);
  peerup_swarm_add_protocol (swarm, PROTOCOL, on_stream, streams, NULL);
  multiaddr = bench_swarm_listen (swarm, kind, NULL, error);
  if (multiaddr == NULL)
    return FALSE;
  g_print ("%s\n", multiaddr);
  g_unix_fd_add (0, G_IO_IN | G_IO_HUP, on_asked, loop);
  g_main_loop_run (loop);
  return TRUE;
}

/* The dialing process. */

typedef struct
{
  const char *kind;
  GPtrArray *swarms;     /* the last takes the next connection */
  GPtrArray *identities; /* PeerupIdentify of each */
  PeerupPeerId *peer;
  PeerupMultiaddr *address;
  PeerupEndpoint endpoint;
  GDataInputStream *from_child;
  GOutputStream *to_child;
  guint n_connections;
  guint n_streams;
  GPtrArray *connections;
  GPtrArray *streams;
} Bench;

/* What a process has and has used. */
typedef struct
{
  gint64 memory; /* KiB */
  gint64 time;   /* µs */
} Usage;

typedef struct
{
  Usage dialed;
  Usage accepted;
} Moment;

static gboolean
bench_look (Bench *self, gint64 after, Moment *moment, GError **error)
{
  g_autofree char *line = NULL;
  gboolean waited = !dex_await (dex_timeout_new_usec (after), NULL);
  char *rest;

  g_assert (waited);
  moment->dialed = (Usage) { bench_get_pss (), bench_get_processor_time () };
  if (!g_output_stream_write_all (self->to_child, "m", 1, NULL, NULL, error))
    return FALSE;
  line = g_data_input_stream_read_line (self->from_child, NULL, NULL, error);
  if (line == NULL)
    return FALSE;
  moment->accepted.memory = g_ascii_strtoll (line, &rest, 10);
  moment->accepted.time = g_ascii_strtoll (rest, NULL, 10);
  return TRUE;
}

static gboolean
bench_add_swarm (Bench *self, GError **error)
{
  PeerupSwarm *swarm = bench_swarm_new (self->kind, error);

  if (swarm == NULL)
    return FALSE;
  peerup_ping_serve (swarm);
  g_ptr_array_add (self->swarms, swarm);
  g_ptr_array_add (self->identities, peerup_identify_new (swarm));
  return TRUE;
}

static PeerupConnection *
dial_tcp (Bench *self, PeerupSwarm *swarm, gint64 deadline, GError **error)
{
  g_autoptr (PeerupStream) raw =
    dex_await_object (peerup_socket_connect (self->endpoint.host, self->endpoint.port, deadline), error);
  const PeerupUpgradeOptions options = {
    .outbound = TRUE,
    .expected_peer = self->peer,
    .remote_address = self->address,
    .transport = "tcp",
    .deadline = deadline,
  };

  if (raw == NULL)
    return NULL;
  return dex_await_object (peerup_swarm_upgrade (swarm, raw, &options), error);
}

static PeerupConnection *
dial_quic (Bench *self, PeerupSwarm *swarm, gint64 deadline, GError **error)
{
  PeerupSocketAddress remote;
  PeerupQuicTransport *quic;

  if (!peerup_endpoint_get_socket_address (&self->endpoint, &remote))
    return NULL;
  quic = peerup_swarm_get_quic_for (swarm, &remote, error);
  if (quic == NULL)
    return NULL;
  return dex_await_object (peerup_quic_transport_dial (quic, &remote, self->peer, self->address, deadline), error);
}

static gboolean
bench_connect (Bench *self, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + TIMEOUT;
  g_autoptr (PeerupConnection) connection = NULL;
  PeerupSwarm *swarm;

  if (self->connections->len % CONNECTIONS_PER_SWARM == 0 && !bench_add_swarm (self, error))
    return FALSE;
  swarm = self->swarms->pdata[self->swarms->len - 1];
  connection = (bench_is_quic (self->kind) ? dial_quic : dial_tcp) (self, swarm, deadline, error);
  if (connection == NULL)
    return FALSE;
  peerup_swarm_add_connection (swarm, connection);
  g_ptr_array_add (self->connections, g_object_ref (connection));
  return dex_await (peerup_identify_wait (self->identities->pdata[self->swarms->len - 1], connection), error);
}

static gboolean
bench_open (Bench *self, guint index, GError **error)
{
  PeerupSwarm *swarm = self->swarms->pdata[index / CONNECTIONS_PER_SWARM];
  static const char *const protocols[] = { PROTOCOL, NULL };
  gint64 deadline = g_get_monotonic_time () + TIMEOUT;
  PeerupStream *stream =
    dex_await_object (peerup_swarm_open_stream_on (swarm, self->connections->pdata[index], protocols, deadline), error);
  guint8 byte = 1;

  if (stream == NULL)
    return FALSE;
  g_ptr_array_add (self->streams, stream);
  return peerup_stream_await_write_all (stream, &byte, 1, deadline, error) &&
         peerup_stream_await_read_exact (stream, &byte, 1, deadline, error);
}

/* The moments a measurement consists of. */
typedef struct
{
  Moment empty;
  Moment connected;
  Moment rested;
  Moment full;
} Moments;

static void
print_side (Bench *self, const char *name, const Moments *moments, gsize side)
{
  const Usage *empty = G_STRUCT_MEMBER_P (&moments->empty, side);
  const Usage *connected = G_STRUCT_MEMBER_P (&moments->connected, side);
  const Usage *rested = G_STRUCT_MEMBER_P (&moments->rested, side);
  const Usage *full = G_STRUCT_MEMBER_P (&moments->full, side);

  g_print ("\"%s\": {\"connection_kib\": %.2f, \"stream_kib\": %.2f, \"cpu_per_minute\": %.4f}", name,
           (double) (connected->memory - empty->memory) / self->n_connections,
           (double) (full->memory - rested->memory) / self->n_streams,
           (double) (rested->time - connected->time) * 60 / IDLE);
}

static gboolean
bench_run (Bench *self, GError **error)
{
  Moments moments;

  /* The first of each brings in code and tables that are shared by all that follow. */
  if (!bench_connect (self, error) || !bench_open (self, 0, error) || !bench_look (self, SETTLE, &moments.empty, error))
    return FALSE;
  for (guint i = 0; i < self->n_connections; i++)
    if (!bench_connect (self, error))
      return FALSE;
  if (!bench_look (self, SETTLE, &moments.connected, error) || !bench_look (self, IDLE, &moments.rested, error))
    return FALSE;
  for (guint i = 0; i < self->n_streams; i++)
    if (!bench_open (self, i % self->connections->len, error))
      return FALSE;
  if (!bench_look (self, SETTLE, &moments.full, error))
    return FALSE;
  g_print ("{");
  print_side (self, "dialed", &moments, G_STRUCT_OFFSET (Moment, dialed));
  g_print (", ");
  print_side (self, "accepted", &moments, G_STRUCT_OFFSET (Moment, accepted));
  g_print ("}\n");
  return TRUE;
}

static DexFuture *
bench_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;

  return bench_run (data, &error) ? dex_future_new_true () : dex_future_new_for_error (g_steal_pointer (&error));
}

static void
bench_clear (Bench *self)
{
  g_clear_pointer (&self->streams, g_ptr_array_unref);
  g_clear_pointer (&self->connections, g_ptr_array_unref);
  g_clear_object (&self->from_child);
  g_clear_pointer (&self->identities, g_ptr_array_unref);
  g_clear_pointer (&self->swarms, g_ptr_array_unref);
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  peerup_endpoint_clear (&self->endpoint);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

static gboolean
bench_meet_child (Bench *self, GSubprocess *child, GError **error)
{
  g_autofree char *multiaddr = NULL;

  self->to_child = g_subprocess_get_stdin_pipe (child);
  self->from_child = g_data_input_stream_new (g_subprocess_get_stdout_pipe (child));
  multiaddr = g_data_input_stream_read_line (self->from_child, NULL, NULL, error);
  if (multiaddr == NULL)
    return FALSE;
  self->address = peerup_multiaddr_new_from_string (multiaddr, error);
  self->peer = self->address != NULL ? peerup_multiaddr_dup_peer_id (self->address) : NULL;
  return self->peer != NULL && peerup_endpoint_parse (self->address, &self->endpoint, error);
}

static gboolean
dial_run (const char *program, char *argv[], GError **error)
{
  g_autoptr (GSubprocess) child = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                                    error, program, "listen", argv[0], NULL);
  g_auto (Bench) self = { .kind = argv[0] };
  gboolean done;

  if (child == NULL || !bench_meet_child (&self, child, error))
    return FALSE;
  self.n_connections = strtoul (argv[1], NULL, 10);
  self.n_streams = strtoul (argv[2], NULL, 10);
  self.connections = g_ptr_array_new_with_free_func (g_object_unref);
  self.streams = g_ptr_array_new_with_free_func (g_object_unref);
  self.swarms = g_ptr_array_new_with_free_func (g_object_unref);
  self.identities = g_ptr_array_new_with_free_func (g_object_unref);
  done = bench_await (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, bench_fiber, &self, NULL), error);
  return g_output_stream_close (self.to_child, NULL, done ? error : NULL) && done;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  gboolean listening = argc == 3 && g_str_equal (argv[1], "listen");
  char *settings[] = { (char *) "tls", (char *) "1000", (char *) "10000" };
  gboolean done;

  for (int i = 1; !listening && i < MIN (argc, 4); i++)
    settings[i - 1] = argv[i];
  bench_allow_many_descriptors ();
  dex_init ();
  if (listening)
    {
      g_autoptr (PeerupSwarm) swarm = bench_swarm_new (argv[2], &error);

      done = swarm != NULL && listen_run (swarm, argv[2], &error) && bench_await (peerup_swarm_close (swarm), &error);
    }
  else
    done = dial_run (argv[0], settings, &error);
  if (done)
    return 0;
  g_printerr ("bench-idle: %s\n", error->message);
  return 1;
}
