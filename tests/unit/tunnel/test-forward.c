/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Forwards: from a local port to a service of a peer, and what a person is told when it fails. */

#include <string.h>
#include <unistd.h>

#include "sockets.h"
#include "transport/peerup-stream.h"
#include "tunnel/peerup-forward-error.h"
#include "tunnel/peerup-forward-private.h"
#include "tunnel/peerup-service-private.h"
#include "unit/protocols/fake-swarm.h"
#include "unit/protocols/spin.h"

typedef struct
{
  PeerupSwarm *near; /* has the forward */
  PeerupSwarm *far;  /* has the service */
  PeerupService *service;
  PeerupForward *forward;
  Server server;
  GString *states;
} Fixture;

static void
on_state (Fixture *f)
{
  g_string_append_printf (f->states, "%s ", peerup_forward_state_to_string (peerup_forward_get_state (f->forward)));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  server_start (&f->server);
  f->states = g_string_new (NULL);
  f->near = fake_swarm_new (1);
  f->far = fake_swarm_new (2);
  fake_swarm_join (f->near, f->far);
  f->service = peerup_service_new (f->far, "web", "127.0.0.1", peerup_listener_get_port (f->server.listener), &error);
  g_assert_no_error (error);
  peerup_service_set_enabled (f->service, TRUE);
  f->forward = peerup_forward_new (f->near, peerup_swarm_get_peer_id (f->far), "Laptop", "web", NULL, 0, &error);
  g_assert_no_error (error);
  peerup_forward_set_first_pause (f->forward, 1);
  g_signal_connect_swapped (f->forward, "notify::state", G_CALLBACK (on_state), f);
  g_assert_true (peerup_forward_start (f->forward, &error));
  g_assert_no_error (error);
  g_string_truncate (f->states, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  peerup_forward_stop (f->forward);
  g_assert_finalize_object (f->forward);
  g_assert_finalize_object (f->service);
  fake_swarm_part (f->near);
  spin_idle ();
  g_assert_finalize_object (f->near);
  g_assert_finalize_object (f->far);
  server_stop (&f->server);
  g_string_free (f->states, TRUE);
}

static int
connect_here (Fixture *f)
{
  return client_connect (FALSE, peerup_forward_get_port (f->forward));
}

static void
wait_for_state (Fixture *f, PeerupForwardState state)
{
  gint64 start = g_get_monotonic_time ();

  while (peerup_forward_get_state (f->forward) != state)
    {
      g_assert_cmpint (g_get_monotonic_time () - start, <, 60 * G_USEC_PER_SEC);
      g_main_context_iteration (NULL, FALSE);
    }
}

static void
test_carries_both_ways (Fixture *f, gconstpointer data)
{
  int client = client_connect (data != NULL, peerup_forward_get_port (f->forward));
  int target = server_take (&f->server);
  guint64 in;
  guint64 out;

  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_ACTIVE);
  client_send (client, "question");
  client_half_close (client);
  client_expect (target, "question");
  client_expect_end (target);
  client_send (target, "the answer");
  client_expect (client, "the answer");
  close (target);
  client_expect_end (client);
  wait_for_state (f, PEERUP_FORWARD_IDLE);
  close (client);

  peerup_forward_get_bytes (f->forward, &in, &out);
  g_assert_cmpuint (in, ==, 10);
  g_assert_cmpuint (out, ==, 8);
  g_assert_cmpuint (peerup_forward_get_total (f->forward), ==, 1);
  g_assert_cmpuint (peerup_forward_get_active (f->forward), ==, 0);
  g_assert_null (peerup_forward_get_last_error (f->forward));
}

/* The server speaks first, as sshd does. */
static void
test_server_speaks_first (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  client_send (target, "SSH-2.0-");
  client_expect (client, "SSH-2.0-");
  close (client);
  close (target);
}

static void
test_states (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  close (client);
  client_expect_end (target);
  close (target);
  wait_for_state (f, PEERUP_FORWARD_IDLE);
  peerup_forward_stop (f->forward);
  g_assert_cmpstr (f->states->str, ==, "active idle stopped ");
}

/* Twice not reached, then reached: the client only waits. */
static void
test_retries (Fixture *f, gconstpointer data)
{
  int client;
  int target;

  fake_swarm_fail (f->near, 3, PEERUP_ERROR_UNREACHABLE);
  client = connect_here (f);
  client_send (client, "patience");
  target = server_take (&f->server);
  client_expect (target, "patience");
  g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, 4);
  g_assert_null (peerup_forward_get_last_error (f->forward));
  close (client);
  close (target);
}

static void
test_unreachable (Fixture *f, gconstpointer data)
{
  int client;

  fake_swarm_part (f->near);
  client = connect_here (f);
  client_expect_reset (client);
  g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, 4);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_FAILED);
  g_assert_cmpstr (peerup_forward_get_last_error (f->forward), ==,
                   "Laptop cannot be reached for “web”: no address is known. Check that it is on and online, and "
                   "that Peer-Up runs there");
  close (client);
}

static void
test_refusals_are_final (Fixture *f, gconstpointer data)
{
  static const PeerupError refusals[] = { PEERUP_ERROR_NEGOTIATION, PEERUP_ERROR_GATED, PEERUP_ERROR_DENIED,
                                          PEERUP_ERROR_WRONG_PEER, PEERUP_ERROR_RESET };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      int client;

      fake_swarm_fail (f->near, 1, refusals[i]);
      client = connect_here (f);
      client_expect_reset (client);
      g_assert_cmpuint (fake_swarm_get_n_opened (f->near), ==, i + 1);
      g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_FAILED);
      g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "Laptop"));
      close (client);
    }
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

/* The far side opens the stream and then says no. */
static void
test_denied (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) nobody = g_ptr_array_new ();
  int client;

  peerup_service_set_allowed_peers (f->service, nobody);
  client = connect_here (f);
  client_expect_reset (client);
  g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "does not let this machine use “web”"));
  g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward),
                            peerup_peer_id_get_string (peerup_swarm_get_peer_id (f->near))));
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_FAILED);
  close (client);
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

  g_assert_true (
    peerup_service_set_target (f->service, "127.0.0.1", peerup_listener_get_port (f->server.listener), NULL));
  client = connect_here (f);
  close (server_take (&f->server));
  client_expect_end (client);
  g_assert_null (peerup_forward_get_last_error (f->forward));
  close (client);
}

/* A peer that dies in mid-transfer is a reset here, never an end. */
static void
test_peer_dies (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  client_send (target, "half of a file");
  client_expect (client, "half of a file");
  client_abort (target);
  client_expect_reset (client);
  g_assert_nonnull (strstr (peerup_forward_get_last_error (f->forward), "was cut"));
  close (client);
}

/* A client that goes away is nobody's failure. */
static void
test_client_aborts (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);

  client_send (client, "x");
  client_expect (target, "x");
  client_abort (client);
  client_expect_reset (target);
  wait_for_state (f, PEERUP_FORWARD_IDLE);
  g_assert_null (peerup_forward_get_last_error (f->forward));
  close (target);
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  guint port = peerup_forward_get_port (f->forward);
  int client = connect_here (f);
  int target = server_take (&f->server);
  g_autoptr (GError) error = NULL;

  peerup_forward_stop (f->forward);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_STOPPED);
  client_expect_reset (client);
  client_expect_reset (target);
  close (client);
  close (target);
  g_assert_cmpuint (peerup_forward_get_port (f->forward), ==, 0);
  g_assert_cmpuint (port, >, 0);

  g_assert_true (peerup_forward_start (f->forward, &error));
  client = connect_here (f);
  target = server_take (&f->server);
  close (client);
  close (target);
}

/* Stopped between two tries, nothing is left behind. */
static void
test_stop_while_waiting (Fixture *f, gconstpointer data)
{
  int client;

  peerup_forward_set_first_pause (f->forward, 100000);
  fake_swarm_fail (f->near, 1, PEERUP_ERROR_TIMEOUT);
  client = connect_here (f);
  wait_for_state (f, PEERUP_FORWARD_CONNECTING);
  peerup_forward_stop (f->forward);
  client_expect_reset (client);
  g_assert_cmpuint (peerup_forward_get_active (f->forward), ==, 0);
  close (client);
}

static DexFuture *
on_done (DexFuture *future, gpointer data)
{
  *(gboolean *) data = dex_future_is_resolved (future);
  return dex_future_new_true ();
}

static void
test_drain (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);
  g_autoptr (DexFuture) drained = NULL;
  gboolean done = FALSE;

  drained = dex_future_finally (peerup_forward_drain (f->forward, g_get_monotonic_time () + 60 * G_USEC_PER_SEC),
                                on_done, &done, NULL);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_ACTIVE);
  client_send (client, "last words");
  client_expect (target, "last words");
  g_assert_false (done);
  close (client);
  client_expect_end (target);
  close (target);
  spin_until (&done);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_STOPPED);
}

static void
test_drain_deadline (Fixture *f, gconstpointer data)
{
  int client = connect_here (f);
  int target = server_take (&f->server);
  g_autoptr (DexFuture) drained = NULL;
  gboolean done = FALSE;

  drained =
    dex_future_finally (peerup_forward_drain (f->forward, g_get_monotonic_time () + 1000), on_done, &done, NULL);
  spin_until (&done);
  client_expect_reset (client);
  client_expect_reset (target);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_STOPPED);
  close (client);
  close (target);
}

/* A handler that stops the forward from within its own notifications. */
static void
stop_when_active (PeerupForward *forward)
{
  if (peerup_forward_get_state (forward) == PEERUP_FORWARD_ACTIVE)
    peerup_forward_stop (forward);
}

static void
test_stop_in_handler (Fixture *f, gconstpointer data)
{
  int client;

  g_signal_connect (f->forward, "notify::state", G_CALLBACK (stop_when_active), NULL);
  client = connect_here (f);
  client_expect_reset (client);
  g_assert_cmpint (peerup_forward_get_state (f->forward), ==, PEERUP_FORWARD_STOPPED);
  close (client);
}

static void
test_bad_arguments (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *service, *address;
    guint port;
  } bad[] = { { "Web", NULL, 0 }, { "web", "localhost", 0 }, { "web", "127.0.0.256", 0 }, { "web", NULL, 65536 } };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_forward_new (f->near, peerup_swarm_get_peer_id (f->far), NULL, bad[i].service,
                                         bad[i].address, bad[i].port, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_many_at_once (Fixture *f, gconstpointer data)
{
  int clients[200];
  int targets[200];

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      clients[i] = connect_here (f);
      client_send (clients[i], "request");
      client_half_close (clients[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      targets[i] = server_take (&f->server);
      client_send (targets[i], "reply");
      client_half_close (targets[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      client_expect (targets[i], "request");
      client_expect_end (targets[i]);
      client_expect (clients[i], "reply");
      client_expect_end (clients[i]);
      close (targets[i]);
      close (clients[i]);
    }
  wait_for_state (f, PEERUP_FORWARD_IDLE);
  g_assert_cmpuint (peerup_forward_get_total (f->forward), ==, 200);
}

#define ADD(path, data, func) g_test_add ("/tunnel/forward/" path, Fixture, data, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("carries-both-ways/v4", NULL, test_carries_both_ways);
  ADD ("carries-both-ways/v6", "v6", test_carries_both_ways);
  ADD ("server-speaks-first", NULL, test_server_speaks_first);
  ADD ("states", NULL, test_states);
  ADD ("retries", NULL, test_retries);
  ADD ("unreachable", NULL, test_unreachable);
  ADD ("refusals-are-final", NULL, test_refusals_are_final);
  ADD ("unknown-service", NULL, test_unknown_service);
  ADD ("denied", NULL, test_denied);
  ADD ("refused-target", NULL, test_refused_target);
  ADD ("peer-dies", NULL, test_peer_dies);
  ADD ("client-aborts", NULL, test_client_aborts);
  ADD ("stop", NULL, test_stop);
  ADD ("stop-while-waiting", NULL, test_stop_while_waiting);
  ADD ("drain", NULL, test_drain);
  ADD ("drain-deadline", NULL, test_drain_deadline);
  ADD ("stop-in-handler", NULL, test_stop_in_handler);
  ADD ("bad-arguments", NULL, test_bad_arguments);
  ADD ("many-at-once", NULL, test_many_at_once);
  return g_test_run ();
}
