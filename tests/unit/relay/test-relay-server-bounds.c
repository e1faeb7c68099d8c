/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What many peers, or one that means ill, can take of a relay, and what is left for the others. */

#include "relay-peers.h"

#define N_SOURCES 20
#define N_EACH    25
/* Fewer of each than PEERUP_RELAY_REQUESTS_MAX. */
#define N_SILENT 1000

typedef struct
{
  Node relay;
  RelayPeer target, other;
  RelayPeer sources[N_SOURCES];
  PeerupRelaySettings settings;
  PeerupRelayServer *server;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  node_init (&self->relay, 1, NODE_TCP);
  relay_peer_init (&self->target, 2);
  relay_peer_init (&self->other, 3);
  for (guint i = 0; i < N_SOURCES; i++)
    relay_peer_init (&self->sources[i], 10 + i);
  peerup_relay_settings_init (&self->settings);
  self->settings.max_circuits = 2000;
  self->settings.max_circuits_in_all = 2000;
  self->settings.limit = (PeerupCircuitLimit) { 0, 0 };
  self->server = peerup_relay_server_new (self->relay.swarm, &self->settings);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->server != NULL)
    g_assert_finalize_object (self->server);
  relay_peer_clear (&self->target);
  relay_peer_clear (&self->other);
  for (guint i = 0; i < N_SOURCES; i++)
    relay_peer_clear (&self->sources[i]);
  node_clear (&self->relay);
}

static void
run (Fixture *self, gconstpointer data)
{
  test_run_fiber ((DexFiberFunc) data, self);
}

static guint
get_n_circuits (Fixture *self)
{
  guint n;

  g_object_get (self->server, "n-circuits", &n, NULL);
  return n;
}

/* A thousand hop streams on which nothing is said: so many as a peer may have stay, the others are
 * refused, as they are opened or right after. */
static DexFuture *
test_thousand_silent_hop_streams (gpointer data)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_HOP, NULL };
  Fixture *self = data;
  RelayPeer *silent = &self->sources[0];
  g_autoptr (GPtrArray) hops = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_kept = 0;

  node_learn (&silent->node, &self->relay);
  for (guint i = 0; i < N_SILENT; i++)
    {
      g_autoptr (GError) error = NULL;
      PeerupStream *hop = dex_await_object (peerup_swarm_open_stream (silent->node.swarm, node_id (&self->relay),
                                                                      protocols, test_deadline ()),
                                            &error);

      if (hop == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
      else
        g_ptr_array_add (hops, hop);
    }
  /* The resets have come when this has. */
  g_assert_true (dex_await (peerup_connection_ping (peerup_stream_get_connection (hops->pdata[0])), NULL));
  for (guint i = 0; i < hops->len; i++)
    n_kept += (peerup_stream_poll (hops->pdata[i]) & G_IO_IN) == 0;
  g_assert_cmpuint (n_kept, ==, PEERUP_RELAY_REQUESTS_MAX);

  relay_peer_reserve (&self->target, &self->relay);
  relay_peer_connect (&self->other, &self->target, &self->relay, NULL, NULL);
  return NULL;
}

static void
on_changed (gpointer server, gpointer data)
{
  guint n;

  g_object_get (server, "n-circuits", &n, NULL);
  if (n == N_SILENT && dex_future_is_pending (data))
    dex_promise_resolve_boolean (data, TRUE);
}

/* Circuits to somebody who never answers: each is one of those that its peers and all may have. When
 * the target goes they all end, and are answered. */
static DexFuture *
test_thousand_half_open_circuits (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GPtrArray) hops = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (DexPromise) all_open = dex_promise_new ();
  g_autoptr (PeerupStream) near = NULL, far = NULL;

  self->settings.max_circuits = N_SILENT;
  self->settings.max_circuits_in_all = N_SILENT + 1;
  peerup_relay_server_set_settings (self->server, &self->settings);
  self->target.manner = STOP_SAYS_NOTHING;
  relay_peer_reserve (&self->target, &self->relay);
  relay_peer_reserve (&self->other, &self->relay);
  g_signal_connect (self->server, "changed", G_CALLBACK (on_changed), all_open);
  for (guint i = 0; i < N_SILENT; i++)
    {
      g_ptr_array_add (hops, relay_peer_open_hop (&self->sources[i % N_SOURCES], &self->relay));
      relay_say (hops->pdata[i], PEERUP_CIRCUIT_CONNECT, node_id (&self->target.node));
    }
  g_assert_true (dex_await (dex_ref (all_open), NULL));
  g_signal_handlers_disconnect_by_func (self->server, on_changed, all_open);

  g_assert_cmpint (relay_peer_ask_status (&self->other, &self->relay, PEERUP_CIRCUIT_CONNECT,
                                          node_id (&self->target.node)),
                   ==, PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  relay_peer_connect (&self->sources[0], &self->other, &self->relay, &near, &far);
  relay_assert_carries (near, far, "past them all");

  peerup_swarm_disconnect (self->target.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  for (guint i = 0; i < hops->len; i++)
    {
      g_autoptr (PeerupCircuitMessage) answer = relay_hear (hops->pdata[i]);

      g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_CONNECTION_FAILED);
    }
  return NULL;
}

/* All the windows on the way of each are full; one more circuit between the same two machines flows. */
static DexFuture *
test_slow_readers_of_500_circuits (gpointer data)
{
  const gsize stalled = 256 * 1024 + 32 * 1024, flowing = 1024 * 1024;
  Fixture *self = data;
  g_autoptr (GPtrArray) nears = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree guint8 *bytes = g_malloc0 (flowing);
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  PeerupRelayFigures before, after;

  relay_peer_reserve (&self->target, &self->relay);
  for (guint i = 0; i < N_SOURCES * N_EACH; i++)
    {
      PeerupStream *slow;

      relay_peer_connect (&self->sources[i % N_SOURCES], &self->target, &self->relay, &slow, NULL);
      g_ptr_array_add (nears, slow);
      relay_say_bytes (slow, bytes, stalled);
    }
  g_assert_cmpuint (get_n_circuits (self), ==, N_SOURCES * N_EACH);
  relay_peer_connect (&self->sources[0], &self->target, &self->relay, &near, &far);
  peerup_relay_server_get_figures (self->server, &before);
  for (gsize done = 0; done < flowing; done += 64 * 1024)
    {
      relay_say_bytes (near, bytes, 64 * 1024);
      relay_read (far, 64 * 1024);
    }
  relay_assert_carries (far, near, "and back");
  peerup_relay_server_get_figures (self->server, &after);
  g_assert_cmpuint (after.bytes - before.bytes, >=, flowing);
  /* None of the slow ones was cut for it. */
  g_assert_cmpuint (get_n_circuits (self), ==, N_SOURCES * N_EACH + 1);
  for (guint i = 0; i < nears->len; i++)
    relay_assert_carries (self->target.stops->pdata[i], nears->pdata[i], "still here");
  return NULL;
}

#define ADD(path, func) g_test_add ("/relay/server-bounds/" path, Fixture, func, set_up, run, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("thousand-silent-hop-streams", test_thousand_silent_hop_streams);
  ADD ("thousand-half-open-circuits", test_thousand_half_open_circuits);
  ADD ("slow-readers-of-500-circuits", test_slow_readers_of_500_circuits);
  return g_test_run ();
}
