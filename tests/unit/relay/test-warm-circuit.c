/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * How often bytes cross the ways to a relay and from there to the target, before the first byte of a
 * service's answer is back: both have connections to the relay and the target a reservation,
 * between the two there is nothing yet. Four crossings are one round trip from end to end. */

#include "relay-lines.h"

#include <sys/socket.h>
#include <unistd.h>

#include "relay/peerup-relay-client.h"
#include "relay/peerup-relay-server.h"

#define ROUND_TRIP 4
#define BANNER     "/test/banner/1.0.0"
#define REQUEST    "GET / HTTP/1.1\r\n\r\n"

typedef struct
{
  Node relay, a, b;
  PeerupRelayServer *server;
  PeerupRelayClient *a_client, *b_client;
  DelayLine lines[2]; /* of A and of B, to the relay */
} World;

static gboolean
is_reserved (gpointer data)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (data, 0, &info);
  return info.state == PEERUP_RELAY_RESERVED;
}

static void
world_reserve (World *self)
{
  const char *relay = peerup_peer_id_get_string (node_id (&self->relay));
  g_autoptr (GPtrArray) relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_ptr_array_add (relays, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/1/p2p/%s", relay));
  peerup_relay_client_set_relays (self->b_client, relays);
  delay_lines_cross (self->lines, 2, is_reserved, self->b_client);
  g_ptr_array_set_size (relays, 0);
  g_ptr_array_add (relays, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/1/p2p/%s/p2p-circuit", relay));
  peerup_swarm_add_addresses (self->a.swarm, node_id (&self->b), relays);
}

static DexFuture *
banner_fiber (gpointer stream)
{
  test_assert_writes (stream, "S");
  peerup_stream_close (stream);
  return dex_future_new_true ();
}

/* It speaks first, as SSH does. */
static void
on_banner (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, banner_fiber, stream, g_object_unref));
}

static void
world_init (World *self)
{
  PeerupRelaySettings settings;

  node_init (&self->relay, 1, NODE_SILENT);
  node_init (&self->a, 2, NODE_SILENT);
  node_init (&self->b, 3, NODE_SILENT);
  peerup_swarm_add_protocol (self->b.swarm, BANNER, on_banner, NULL, NULL);
  peerup_relay_settings_init (&settings);
  self->server = peerup_relay_server_new (self->relay.swarm, &settings);
  self->a_client = peerup_relay_client_new (self->a.swarm);
  self->b_client = peerup_relay_client_new (self->b.swarm);
  delay_line_init (&self->lines[0]);
  delay_line_init (&self->lines[1]);
  connect_along (&self->a, &self->relay, &self->lines[0]);
  connect_along (&self->b, &self->relay, &self->lines[1]);
  world_reserve (self);
}

static gboolean
are_all_closed (gpointer data)
{
  World *self = data;

  return self->relay.opened == self->relay.closed && self->a.opened == self->a.closed &&
         self->b.opened == self->b.closed;
}

static void
world_clear (World *self)
{
  Node *nodes[] = { &self->a, &self->b, &self->relay };

  g_clear_object (&self->a_client);
  g_clear_object (&self->b_client);
  g_clear_object (&self->server);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    dex_future_disown (peerup_swarm_close (nodes[i]->swarm));
  delay_lines_cross (self->lines, 2, are_all_closed, self);
  delay_line_clear (&self->lines[0]);
  delay_line_clear (&self->lines[1]);
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    node_clear (nodes[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* One stream, opened by A */

typedef struct
{
  World *world;
  PeerupSocketStream *request; /* what a program has sent into a forward; NULL: nothing */
  gboolean answered;
} Ask;

static DexFuture *
open_stream (Ask *self)
{
  static const char *const protocols[] = { BANNER, NULL };
  PeerupSwarm *swarm = self->world->a.swarm;
  PeerupPeerId *peer = node_id (&self->world->b);

  if (self->request != NULL)
    return peerup_swarm_open_stream_early (swarm, peer, NODE_ECHO, self->request, test_deadline ());
  return peerup_swarm_open_stream (swarm, peer, protocols, test_deadline ());
}

static DexFuture *
ask_fiber (gpointer data)
{
  Ask *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = dex_await_object (open_stream (self), &error);
  char byte;

  g_assert_no_error (error);
  peerup_stream_await_read_exact (stream, &byte, 1, test_deadline (), &error);
  g_assert_no_error (error);
  g_assert_cmpint (byte, ==, self->request != NULL ? REQUEST[0] : 'S');
  self->answered = TRUE;
  return dex_future_new_true ();
}

static gboolean
is_answered (gpointer data)
{
  return ((Ask *) data)->answered;
}

static guint
count_crossings (World *world, PeerupSocketStream *request)
{
  Ask ask = { world, request, FALSE };
  DexFuture *fiber = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, ask_fiber, &ask, NULL);
  guint n = delay_lines_cross (world->lines, 2, is_answered, &ask);

  dex_unref (test_finish (fiber));
  return n;
}

/* One round trip each for the circuit, the handshake and the stream. */
static void
test_server_speaks_first (gconstpointer securities)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  world_init (&world);
  peerup_swarm_set_securities (world.a.swarm, securities);
  peerup_swarm_set_securities (world.b.swarm, securities);
  g_assert_cmpuint (count_crossings (&world, NULL), ==, 3 * ROUND_TRIP);
  connection = node_connect (&world.a, &world.b);
  g_assert_cmpstr (peerup_connection_get_info (connection)->transport, ==, "relay");
  /* One more over the same connection. */
  g_assert_cmpuint (count_crossings (&world, NULL), ==, ROUND_TRIP);
}

/* What a program says first goes with the stream's proposal, so that the answer costs no more. */
static void
test_client_speaks_first (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupStream) request = NULL;
  int fds[2];

  world_init (&world);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  request = peerup_socket_stream_new (fds[0], NULL);
  g_assert_cmpint (write (fds[1], REQUEST, strlen (REQUEST)), ==, strlen (REQUEST));
  g_assert_cmpuint (count_crossings (&world, PEERUP_SOCKET_STREAM (request)), ==, 3 * ROUND_TRIP);
  close (fds[1]);
}

/* The target speaks Noise alone. That costs a circuit and the guess, then a circuit and two proposals; once. */
static void
test_wrong_guess (void)
{
  static const char *const noise[] = { PEERUP_SECURITY_NOISE, NULL };
  g_auto (World) world = { 0 };

  world_init (&world);
  peerup_swarm_set_securities (world.b.swarm, noise);
  g_assert_cmpuint (count_crossings (&world, NULL), ==, 7 * ROUND_TRIP);
  peerup_swarm_disconnect (world.a.swarm, node_id (&world.b), PEERUP_CONNECTION_CODE_NONE);
  g_assert_cmpuint (count_crossings (&world, NULL), ==, 3 * ROUND_TRIP);
}

/* Nobody hears the good-bye of a side that goes: it goes all the same. */
static void
test_deaf_end (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (DexFuture) closed = NULL;

  world_init (&world);
  count_crossings (&world, NULL);
  closed = test_finish (peerup_swarm_close (world.a.swarm));
  g_assert_true (dex_future_is_resolved (closed));
  g_assert_cmpuint (world.a.opened, ==, 2);
  g_assert_cmpuint (world.a.closed, ==, 2);
}

int
main (int argc, char **argv)
{
  static const char *const tls[] = { PEERUP_SECURITY_TLS, NULL };
  static const char *const noise[] = { PEERUP_SECURITY_NOISE, NULL };

  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_data_func ("/warm-circuit/tls", tls, test_server_speaks_first);
  g_test_add_data_func ("/warm-circuit/noise", noise, test_server_speaks_first);
  g_test_add_func ("/warm-circuit/client-speaks-first", test_client_speaks_first);
  g_test_add_func ("/warm-circuit/wrong-guess", test_wrong_guess);
  g_test_add_func ("/warm-circuit/deaf-end", test_deaf_end);

  return g_test_run ();
}
