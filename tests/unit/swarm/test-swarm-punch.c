/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "swarm-node.h"

typedef struct
{
  int fd;
  PeerupSocketAddress address;
} Socket;

static Socket
open_socket (const char *host)
{
  Socket self = { socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
  PeerupSocketAddress native;
  socklen_t size = sizeof native;

  g_assert_true (peerup_socket_address_set (&self.address, host, 0));
  g_assert_cmpint (bind (self.fd, &self.address.any, sizeof self.address.ip4), ==, 0);
  g_assert_cmpint (getsockname (self.fd, &native.any, &size), ==, 0);
  g_assert_true (peerup_socket_address_set_native (&self.address, &native, size));
  return self;
}

/* a dials from its socket, b accepts on its own. */
typedef struct
{
  Node a, b;
  Socket at_a, at_b;
} World;

static void
world_init (World *self)
{
  node_init (&self->a, 1, 0);
  node_init (&self->b, 2, 0);
  self->at_a = open_socket ("127.0.0.1");
  self->at_b = open_socket ("127.0.0.2");
}

static void
world_clear (World *self)
{
  node_clear (&self->a);
  node_clear (&self->b);
}

static DexFuture *
dial (World *self)
{
  return peerup_swarm_dial_punched (self->a.swarm, self->at_a.fd, &self->at_b.address, node_id (&self->b),
                                    test_deadline ());
}

static DexFuture *
accept_from (World *self, Node *expected, gint64 deadline)
{
  return peerup_swarm_accept_punched (self->b.swarm, self->at_b.fd, &self->at_a.address, node_id (expected), deadline);
}

static void
assert_punched (PeerupConnection *connection, gboolean outbound)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  g_assert_true (info->punched);
  g_assert_cmpint (info->outbound, ==, outbound);
}

/* A stream there and back. */
static DexFuture *
echo_fiber (gpointer data)
{
  static const char *const protocols[] = { NODE_ECHO, NULL };
  World *world = data;
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream (world->a.swarm, node_id (&world->b), protocols, test_deadline ()),
                      NULL);
  char back[5];

  g_assert_true (peerup_stream_await_write_all (stream, "hello", 5, test_deadline (), NULL));
  g_assert_true (peerup_stream_await_read_exact (stream, back, 5, test_deadline (), NULL));
  g_assert_cmpmem (back, 5, "hello", 5);
  return NULL;
}

static void
test_both (void)
{
  World world;
  g_autoptr (PeerupConnection) here = NULL;
  g_autoptr (PeerupConnection) there = NULL;
  DexFuture *accepting;

  world_init (&world);
  accepting = accept_from (&world, &world.a, test_deadline ());
  here = test_take_object (dial (&world), NULL);
  there = test_take_object (accepting, NULL);
  assert_punched (here, TRUE);
  assert_punched (there, FALSE);
  g_assert_cmpuint (world.a.opened, ==, 1);
  g_assert_cmpuint (world.b.opened, ==, 1);
  test_run_fiber (echo_fiber, &world);
  g_clear_object (&here);
  g_clear_object (&there);
  world_clear (&world);
}

/* Late checks, and whatever else that is not QUIC. */
static void
test_late_stun (void)
{
  static const guint8 binding[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
  World world;
  Socket stranger = open_socket ("127.0.0.3");
  g_autoptr (PeerupConnection) here = NULL;
  DexFuture *accepting;
  char answer[100];

  world_init (&world);
  accepting = accept_from (&world, &world.a, test_deadline ());
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (sendto (stranger.fd, binding, sizeof binding, 0, &world.at_b.address.any,
                             sizeof world.at_b.address.ip4),
                     ==, sizeof binding);
  here = test_take_object (dial (&world), NULL);
  g_assert_nonnull (here);
  dex_unref (test_finish (accepting));
  test_run_fiber (echo_fiber, &world);
  g_assert_cmpint (recv (stranger.fd, answer, sizeof answer, 0), <, 0);
  close (stranger.fd);
  g_clear_object (&here);
  world_clear (&world);
}

/* The first packets were read by whoever had the socket before. */
static void
test_early (void)
{
  World world;
  g_autoptr (GPtrArray) early = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (PeerupConnection) here = NULL;
  guint8 bytes[2000];
  DexFuture *dialing, *accepting;
  gint64 start = g_get_monotonic_time ();
  gssize n;

  world_init (&world);
  dialing = dial (&world);
  while ((n = recv (world.at_b.fd, bytes, sizeof bytes, 0)) < 0)
    g_main_context_iteration (NULL, FALSE);
  do
    g_ptr_array_add (early, g_bytes_new (bytes, n));
  while ((n = recv (world.at_b.fd, bytes, sizeof bytes, 0)) > 0);
  accepting = peerup_swarm_accept_punched_early (world.b.swarm, world.at_b.fd, &world.at_a.address, node_id (&world.a),
                                                 early, test_deadline ());
  here = test_take_object (dialing, NULL);
  g_assert_nonnull (here);
  dex_unref (test_finish (accepting));
  g_test_message ("%.1f ms; a packet is sent again after a second", (g_get_monotonic_time () - start) / 1000.0);
  g_clear_object (&here);
  world_clear (&world);
}

/* Somebody else on the right host, whom the gate would let in. */
static void
test_another_peer (void)
{
  World world;
  Node other;
  g_autoptr (GError) error = NULL;
  g_autoptr (DexFuture) dialing = NULL;

  world_init (&world);
  node_init (&other, 3, 0);
  dialing = dial (&world);
  error = test_take_error (accept_from (&world, &other, g_get_monotonic_time () + G_USEC_PER_SEC / 2));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (world.b.opened, ==, 0);
  dex_unref (test_finish (g_steal_pointer (&dialing)));
  node_wait_connections (&world.a, &world.b, 0);
  node_clear (&other);
  world_clear (&world);
}

/* From another host than the path leads to: nothing answers. */
static void
test_another_host (void)
{
  World world;
  Socket elsewhere = open_socket ("127.0.0.3");
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) accept_error = NULL;
  DexFuture *accepting;

  world_init (&world);
  close (world.at_a.fd);
  world.at_a.fd = elsewhere.fd;
  accepting = accept_from (&world, &world.a, g_get_monotonic_time () + G_USEC_PER_SEC);
  error =
    test_take_error (peerup_swarm_dial_punched (world.a.swarm, elsewhere.fd, &world.at_b.address, node_id (&world.b),
                                                g_get_monotonic_time () + G_USEC_PER_SEC / 2));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  accept_error = test_take_error (accepting);
  g_assert_error (accept_error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  world_clear (&world);
}

static void
test_gated (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) here = NULL;
  DexFuture *accepting;

  world_init (&world);
  world.b.deny = node_id (&world.a);
  accepting = accept_from (&world, &world.a, g_get_monotonic_time () + G_USEC_PER_SEC / 2);
  here = test_take_object (dial (&world), NULL);
  if (here != NULL)
    dex_unref (test_finish (peerup_connection_wait_closed (here)));
  error = test_take_error (accepting);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (world.b.opened, ==, 0);
  g_assert_cmpuint (world.b.refused, ==, 1);
  g_clear_object (&here);
  world_clear (&world);
}

static void
test_wrong_peer (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  DexFuture *accepting;

  world_init (&world);
  accepting = accept_from (&world, &world.a, g_get_monotonic_time () + G_USEC_PER_SEC / 2);
  error = test_take_error (peerup_swarm_dial_punched (world.a.swarm, world.at_a.fd, &world.at_b.address,
                                                      node_id (&world.a), test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  dex_unref (test_finish (accepting));
  world_clear (&world);
}

static int
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  int n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* The socket goes with its connection. */
static void
test_socket_goes (void)
{
  World world;
  g_autoptr (PeerupConnection) here = NULL;
  DexFuture *accepting;
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  int before;

  world_init (&world);
  before = count_descriptors ();
  accepting = accept_from (&world, &world.a, test_deadline ());
  here = test_take_object (dial (&world), NULL);
  dex_unref (test_finish (accepting));
  peerup_connection_close (here, PEERUP_CONNECTION_CODE_NONE);
  node_wait_connections (&world.b, &world.a, 0);
  /* Both of the sockets that were opened before. */
  while (count_descriptors () > before - 2)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  g_clear_object (&here);
  world_clear (&world);
}

static void
test_given_up (void)
{
  World world;
  DexFuture *accepting;

  world_init (&world);
  accepting = accept_from (&world, &world.a, test_deadline ());
  /* One that nobody waits for ends with its deadline or the swarm. */
  dex_unref (accepting);
  dex_unref (dial (&world));
  test_spin ();
  world_clear (&world);
}

static guint
count_handshakes (Node *node)
{
  PeerupLimitsUsage usage;

  peerup_limits_get_usage (peerup_swarm_get_limits (node->swarm), &usage);
  return usage.handshakes;
}

/* Whose handshake has begun and is never answered: it counts for nobody once it is given up. */
static void
test_given_up_in_the_handshake (void)
{
  World world;
  Socket front = open_socket ("127.0.0.4"), deaf = open_socket ("127.0.0.5");
  g_autoptr (GPtrArray) early = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GError) error = NULL;
  guint8 bytes[2000];
  DexFuture *accepting;
  gssize n;

  world_init (&world);
  dex_unref (peerup_swarm_dial_punched (world.a.swarm, world.at_a.fd, &front.address, node_id (&world.b),
                                        g_get_monotonic_time () + G_USEC_PER_SEC / 2));
  while ((n = recv (front.fd, bytes, sizeof bytes, 0)) < 0)
    g_main_context_iteration (NULL, FALSE);
  do
    g_ptr_array_add (early, g_bytes_new (bytes, n));
  while ((n = recv (front.fd, bytes, sizeof bytes, 0)) > 0);
  accepting = peerup_swarm_accept_punched_early (world.b.swarm, world.at_b.fd, &deaf.address, node_id (&world.a), early,
                                                 g_get_monotonic_time () + G_USEC_PER_SEC / 4);
  g_assert_cmpuint (count_handshakes (&world.b), ==, 1);
  error = test_take_error (accepting);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (count_handshakes (&world.b), ==, 0);
  close (front.fd);
  close (deaf.fd);
  world_clear (&world);
}

static void
test_closed_meanwhile (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  DexFuture *accepting;

  world_init (&world);
  close (world.at_a.fd);
  accepting = accept_from (&world, &world.a, test_deadline ());
  dex_unref (test_finish (peerup_swarm_close (world.b.swarm)));
  error = test_take_error (accepting);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  world_clear (&world);
}

/* The peer's NAT has forgotten it and shows another port: what comes from there counts (RFC 9000 9). */
typedef struct
{
  Socket front[2]; /* what each side sees of the other */
  Socket back;     /* from where b's packets go on, at the beginning */
} Nat;

static gboolean
nat_carry (Nat *self, const World *world)
{
  guint8 bytes[2000];
  gssize n = recv (self->front[0].fd, bytes, sizeof bytes, 0);
  gssize m;

  if (n > 0)
    sendto (self->back.fd, bytes, n, 0, &world->at_b.address.any, sizeof world->at_b.address.ip4);
  m = recv (self->back.fd, bytes, sizeof bytes, 0);
  if (m > 0)
    sendto (self->front[0].fd, bytes, m, 0, &world->at_a.address.any, sizeof world->at_a.address.ip4);
  return n > 0 || m > 0;
}

typedef struct
{
  Nat *nat;
  World *world;
} Carrying;

static gboolean
on_carry (gpointer data)
{
  Carrying *self = data;

  while (nat_carry (self->nat, self->world))
    continue;
  return G_SOURCE_CONTINUE;
}

static void
test_peer_moves (void)
{
  World world;
  Nat nat = { .front = { open_socket ("127.0.0.4") }, .back = open_socket ("127.0.0.5") };
  Carrying carrying = { &nat, &world };
  g_autoptr (PeerupConnection) here = NULL;
  guint source;
  DexFuture *accepting;

  world_init (&world);
  source = g_timeout_add (1, on_carry, &carrying);
  accepting =
    peerup_swarm_accept_punched (world.b.swarm, world.at_b.fd, &nat.back.address, node_id (&world.a), test_deadline ());
  here = test_take_object (peerup_swarm_dial_punched (world.a.swarm, world.at_a.fd, &nat.front[0].address,
                                                      node_id (&world.b), test_deadline ()),
                           NULL);
  g_assert_nonnull (here);
  dex_unref (test_finish (accepting));
  test_run_fiber (echo_fiber, &world);
  close (nat.back.fd);
  nat.back = open_socket ("127.0.0.6");
  test_run_fiber (echo_fiber, &world);
  g_assert_false (peerup_connection_is_closed (here));
  g_clear_object (&here);
  world_clear (&world);
  g_source_remove (source);
  close (nat.back.fd);
  close (nat.front[0].fd);
}

/* As long as the address is there nothing happens. */
static void
test_network_changes (void)
{
  World world;
  g_autoptr (PeerupConnection) here = NULL;
  DexFuture *accepting;

  world_init (&world);
  accepting = accept_from (&world, &world.a, test_deadline ());
  here = test_take_object (dial (&world), NULL);
  dex_unref (test_finish (accepting));
  peerup_swarm_network_changed (world.a.swarm);
  peerup_swarm_network_changed (world.b.swarm);
  test_run_fiber (echo_fiber, &world);
  g_clear_object (&here);
  world_clear (&world);
}

static void
test_no_socket (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  world_init (&world);
  error = test_take_error (
    peerup_swarm_dial_punched (world.a.swarm, fd, &world.at_b.address, node_id (&world.b), test_deadline ()));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpint (close (fd), <, 0);
  close (world.at_a.fd);
  close (world.at_b.fd);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/swarm-punch/both", test_both);
  g_test_add_func ("/swarm-punch/late-stun", test_late_stun);
  g_test_add_func ("/swarm-punch/early", test_early);
  g_test_add_func ("/swarm-punch/another-peer", test_another_peer);
  g_test_add_func ("/swarm-punch/another-host", test_another_host);
  g_test_add_func ("/swarm-punch/gated", test_gated);
  g_test_add_func ("/swarm-punch/wrong-peer", test_wrong_peer);
  g_test_add_func ("/swarm-punch/socket-goes", test_socket_goes);
  g_test_add_func ("/swarm-punch/given-up", test_given_up);
  g_test_add_func ("/swarm-punch/given-up-in-the-handshake", test_given_up_in_the_handshake);
  g_test_add_func ("/swarm-punch/closed-meanwhile", test_closed_meanwhile);
  g_test_add_func ("/swarm-punch/peer-moves", test_peer_moves);
  g_test_add_func ("/swarm-punch/network-changes", test_network_changes);
  g_test_add_func ("/swarm-punch/no-socket", test_no_socket);
  return g_test_run ();
}
