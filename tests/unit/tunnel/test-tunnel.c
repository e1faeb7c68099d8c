/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The whole of a tunnel in one process: two real swarms over loopback TCP, with identify
 * and ping, a service on one and a forward to it on the other. */

#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/peerup-identify.h"
#include "protocols/peerup-ping.h"
#include "protocols/peerup-text-ping.h"
#include "sockets.h"
#include "tunnel/peerup-forward-private.h"
#include "tunnel/peerup-service-private.h"
#include "unit/protocols/spin.h"

typedef struct
{
  PeerupSwarm *near;
  PeerupSwarm *far;
  PeerupIdentify *near_identify;
  PeerupIdentify *far_identify;
  PeerupService *service;
  PeerupForward *forward;
  Server server;
} Fixture;

static void
wait_for (DexFuture *future)
{
  guint guard = g_timeout_add_seconds (60, spin_out_of_time, NULL);
  g_autoptr (GError) error = NULL;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  dex_future_get_value (future, &error);
  g_assert_no_error (error);
  dex_unref (future);
  g_source_remove (guard);
}

static PeerupSwarm *
swarm_new (guint8 number, const char *security)
{
  static const char *const noise[] = { "/noise", NULL };
  static const char *const tls[] = { "/tls/1.0.0", NULL };
  guint8 seed[32] = { number };
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_new_from_seed (seed, NULL);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/0");
  g_autoptr (GError) error = NULL;
  PeerupSwarm *self = peerup_swarm_new (identity, &error);

  g_assert_no_error (error);
  peerup_swarm_set_securities (self, strcmp (security, "noise") == 0 ? noise : tls);
  wait_for (peerup_swarm_listen (self, address));
  return self;
}

static void
set_up (Fixture *f, gconstpointer security)
{
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;

  server_start (&f->server);
  f->near = swarm_new (1, security);
  f->far = swarm_new (2, security);
  f->near_identify = peerup_identify_new (f->near);
  f->far_identify = peerup_identify_new (f->far);
  peerup_ping_serve (f->far);
  peerup_text_ping_serve (f->far, PEERUP_TEXT_PING_PROTOCOL);
  addresses = peerup_swarm_dup_listen_addresses (f->far);
  peerup_swarm_add_addresses (f->near, peerup_swarm_get_peer_id (f->far), addresses);

  f->service = peerup_service_new (f->far, "web", "127.0.0.1", peerup_listener_get_port (f->server.listener), &error);
  g_assert_no_error (error);
  peerup_service_set_enabled (f->service, TRUE);
  f->forward = peerup_forward_new (f->near, peerup_swarm_get_peer_id (f->far), "Laptop", "web", NULL, 0, &error);
  g_assert_no_error (error);
  peerup_forward_set_first_pause (f->forward, 1);
  g_assert_true (peerup_forward_start (f->forward, &error));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  peerup_forward_stop (f->forward);
  g_assert_finalize_object (f->forward);
  g_assert_finalize_object (f->service);
  wait_for (peerup_swarm_close (f->near));
  wait_for (peerup_swarm_close (f->far));
  spin_idle ();
  g_assert_finalize_object (f->near_identify);
  g_assert_finalize_object (f->far_identify);
  spin_idle ();
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
  server_stop (&f->server);
}

static int
connect_here (Fixture *f)
{
  return client_connect (FALSE, peerup_forward_get_port (f->forward));
}

static void
test_half_close (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  client_send (client, "question");
  client_half_close (client);
  client_expect (target, "question");
  client_expect_end (target);
  client_send (target, "answer");
  client_expect (client, "answer");
  close (target);
  client_expect_end (client);
  close (client);
}

typedef struct
{
  guint n;
  gint64 carried;
} Ended;

static void
on_session_ended (GObject *object, gint64 carried, gpointer data)
{
  Ended *ended = data;

  ended->n++;
  ended->carried = carried;
}

/* Both ends tell how long a connection was carried; one that came to nothing is not told. */
static void
test_session_ended (Fixture *f, gconstpointer data)
{
  gint64 began = g_get_monotonic_time ();
  Ended near = { 0 };
  Ended far = { 0 };
  int client;
  int target;

  g_signal_connect (f->forward, "session-ended", G_CALLBACK (on_session_ended), &near);
  g_signal_connect (f->service, "session-ended", G_CALLBACK (on_session_ended), &far);
  client = connect_here (f);
  target = server_take (&f->server);
  client_send (client, "x");
  client_expect (target, "x");
  g_assert_cmpuint (near.n + far.n, ==, 0);
  close (target);
  client_expect_end (client);
  close (client);
  while (near.n == 0 || far.n == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (near.n, ==, 1);
  g_assert_cmpuint (far.n, ==, 1);
  g_assert_cmpint (near.carried, >=, 0);
  g_assert_cmpint (near.carried, <=, g_get_monotonic_time () - began);
  g_assert_cmpint (far.carried, <=, g_get_monotonic_time () - began);

  g_assert_true (peerup_service_set_target (f->service, "127.0.0.1", sockets_unused_port (), NULL));
  client = connect_here (f);
  client_expect_reset (client);
  close (client);
  g_assert_cmpuint (far.n, ==, 1);
  g_signal_handlers_disconnect_by_data (f->forward, &near);
  g_signal_handlers_disconnect_by_data (f->service, &far);
}

static void
test_denied (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) nobody = g_ptr_array_new ();
  int client;

  peerup_service_set_allowed_peers (f->service, nobody);
  for (guint i = 0; i < 20; i++)
    {
      client = connect_here (f);
      client_expect_reset (client);
      g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "does not let this machine use “web”"));
      close (client);
    }
}

static void
test_refused_target (Fixture *f, gconstpointer data)
{
  int client;

  g_assert_true (peerup_service_set_target (f->service, "127.0.0.1", sockets_unused_port (), NULL));
  client = connect_here (f);
  client_expect_reset (client);
  g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "could not reach the program behind “web”"));
  close (client);
}

static void
test_unknown_service (Fixture *f, gconstpointer data)
{
  int client;

  peerup_service_set_enabled (f->service, FALSE);
  client = connect_here (f);
  client_expect_reset (client);
  g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "has no service “web”"));
  close (client);
}

/* The connection ends under a transfer: both programs see a reset. */
static void
test_connection_lost (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  client_send (target, "half of a file");
  client_expect (client, "half of a file");
  peerup_swarm_disconnect (f->far, peerup_swarm_get_peer_id (f->near), PEERUP_CONNECTION_CODE_SHUTDOWN);
  client_expect_reset (client);
  client_expect_reset (target);
  g_assert_nonnull (peerup_forward_get_last_error (f->forward));
  close (client);
  close (target);
}

static void
test_protocols (Fixture *f, gconstpointer data)
{
  PeerupPeerId *far = peerup_swarm_get_peer_id (f->far);
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (PeerupPeerInfo) info = NULL;

  wait_for (peerup_ping_once (f->near, far, deadline));
  wait_for (peerup_text_ping (f->near, far, PEERUP_TEXT_PING_PROTOCOL, deadline));
  wait_for (peerup_rtt_probe (f->near, far, deadline));
  connections = peerup_swarm_dup_connections (f->near, far);
  wait_for (peerup_identify_wait (f->near_identify, g_ptr_array_index (connections, 0)));
  info = peerup_identify_dup_info (f->near_identify, far);
  g_assert_true (info->addresses_signed);
  g_assert_true (peerup_peer_info_has_protocol (info, "/peerup/web/1.0.0"));
}

/* A thread at a blocking descriptor, which sends or receives. */

typedef struct
{
  int fd;
  gsize length;
  guint32 seed;
  GChecksum *checksum;
} Program;

static gpointer
send_all (gpointer data)
{
  Program *self = data;
  g_autoptr (GRand) rand = g_rand_new_with_seed (self->seed);
  guint32 chunk[16384];

  for (gsize i = 0; i < G_N_ELEMENTS (chunk); i++)
    chunk[i] = g_rand_int (rand);
  for (gsize left = self->length; left > 0;)
    {
      gssize n = write (self->fd, chunk, MIN (left, sizeof chunk - left % 1000));

      g_assert_cmpint (n, >, 0);
      g_checksum_update (self->checksum, (guint8 *) chunk, n);
      left -= n;
    }
  shutdown (self->fd, SHUT_WR);
  return NULL;
}

static gpointer
receive_all (gpointer data)
{
  Program *self = data;
  g_autofree guint8 *chunk = g_malloc (65536);
  gssize n;

  while ((n = read (self->fd, chunk, 65536)) > 0)
    {
      self->length += n;
      g_checksum_update (self->checksum, chunk, n);
    }
  g_assert_cmpint (n, ==, 0);
  return NULL;
}

/* A descriptor of accept4() is non-blocking. */
static int
blocking (int fd)
{
  g_assert_true (g_unix_set_fd_nonblocking (fd, FALSE, NULL));
  return fd;
}

#define BULK (64 * 1024 * 1024)

static void
test_bulk (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = blocking (server_take (&f->server));
  Program programs[4] = {
    { client, BULK, 1, NULL }, { target, 0, 0, NULL }, { target, BULK, 2, NULL }, { client, 0, 0, NULL }
  };
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    {
      programs[i].checksum = g_checksum_new (G_CHECKSUM_SHA256);
      threads[i] = g_thread_new ("program", i % 2 == 0 ? send_all : receive_all, &programs[i]);
    }
  while (peerup_forward_get_active (f->forward) > 0 || peerup_service_get_active (f->service) > 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < 4; i += 2)
    {
      g_assert_cmpuint (programs[i + 1].length, ==, BULK);
      g_assert_cmpstr (g_checksum_get_string (programs[i].checksum), ==,
                       g_checksum_get_string (programs[i + 1].checksum));
    }
  for (guint i = 0; i < 4; i++)
    g_checksum_free (programs[i].checksum);
  close (client);
  close (target);
}

/* A client that does not read stops the server, and memory does not grow with what it would send. */
static void
test_stalled_reader (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);
  g_autofree guint8 *chunk = g_malloc0 (1024 * 1024);
  gsize sent = 0;
  gint64 last = g_get_monotonic_time ();

  while (g_get_monotonic_time () - last < G_USEC_PER_SEC / 2)
    {
      gssize n = send (target, chunk, 1024 * 1024, MSG_DONTWAIT | MSG_NOSIGNAL);

      if (n > 0)
        {
          last = g_get_monotonic_time ();
          sent += n;
        }
      g_assert_cmpuint (sent, <, 100 * 1024 * 1024);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (sent, >, 256 * 1024);
  close (client);
  close (target);
}

#define ADD(path, security, func) g_test_add ("/tunnel/whole/" path, Fixture, security, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("half-close/tls", "tls", test_half_close);
  ADD ("half-close/noise", "noise", test_half_close);
  ADD ("session-ended", "tls", test_session_ended);
  ADD ("denied", "tls", test_denied);
  ADD ("refused-target", "tls", test_refused_target);
  ADD ("unknown-service", "tls", test_unknown_service);
  ADD ("connection-lost", "tls", test_connection_lost);
  ADD ("protocols/tls", "tls", test_protocols);
  ADD ("protocols/noise", "noise", test_protocols);
  ADD ("bulk/tls", "tls", test_bulk);
  ADD ("bulk/noise", "noise", test_bulk);
  ADD ("stalled-reader", "tls", test_stalled_reader);
  return g_test_run ();
}
