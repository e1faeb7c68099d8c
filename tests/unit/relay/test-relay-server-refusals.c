/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a relay refuses, and with which words. */

#include "relay-peers.h"

#include "swarm/peerup-swarm-private.h"

static void
assert_connect (RelayFixture *self, RelayPeer *target, PeerupCircuitStatus expected)
{
  PeerupCircuitStatus status =
    relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&target->node));

  g_assert_cmpint (status, ==, expected);
  relay_await_number (self, "n-circuits", 0);
}

static DexFuture *
test_connect_without_reservation (gpointer data)
{
  RelayFixture *self = data;

  assert_connect (self, &self->b, PEERUP_CIRCUIT_NO_RESERVATION);
  g_assert_cmpuint (relay_get_figures (self).circuits_refused, ==, 1);
  return NULL;
}

static DexFuture *
test_connect_to_oneself (gpointer data)
{
  RelayFixture *self = data;

  relay_peer_reserve (&self->a, &self->relay);
  assert_connect (self, &self->a, PEERUP_CIRCUIT_PERMISSION_DENIED);
  g_assert_cmpuint (self->a.stops->len, ==, 0);
  return NULL;
}

/* Whoever is named: a reservation is for the one who asks. */
static DexFuture *
test_reserve_for_somebody_else (gpointer data)
{
  RelayFixture *self = data;

  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, node_id (&self->b.node)), ==,
                   PEERUP_CIRCUIT_OK);
  g_assert_cmpint (relay_peer_ask_status (&self->c, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->b.node)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  relay_peer_connect (&self->c, &self->a, &self->relay, NULL, NULL);
  return NULL;
}

static DexFuture *
test_connect_to_the_relay (gpointer data)
{
  RelayFixture *self = data;

  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->relay)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

static DexFuture *
test_target_does_not_serve_stop (gpointer data)
{
  RelayFixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  peerup_swarm_remove_protocol (self->b.node.swarm, PEERUP_CIRCUIT_STOP);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_CONNECTION_FAILED);
  return NULL;
}

static DexFuture *
test_target_does_not_accept (gpointer data)
{
  static const StopManner manners[] = { STOP_REFUSES, STOP_TALKS_NONSENSE, STOP_ASKS_BACK, STOP_ENDS };
  RelayFixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  for (guint i = 0; i < G_N_ELEMENTS (manners); i++)
    {
      self->b.manner = manners[i];
      assert_connect (self, &self->b, PEERUP_CIRCUIT_CONNECTION_FAILED);
    }
  self->b.manner = STOP_ACCEPTS;
  relay_peer_connect (&self->a, &self->b, &self->relay, NULL, NULL);
  return NULL;
}

static DexFuture *
test_gate (gpointer data)
{
  RelayFixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  self->denied = node_id (&self->a.node);
  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL), ==,
                   PEERUP_CIRCUIT_PERMISSION_DENIED);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_PERMISSION_DENIED);
  /* Somebody whose right has ended since. */
  self->denied = node_id (&self->b.node);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_PERMISSION_DENIED);
  return NULL;
}

static gboolean
allow (PeerupPeerId *peer, PeerupPeerId *target, gpointer data)
{
  RelayFixture *self = data;

  return !peerup_peer_id_equal (peer, node_id (&self->a.node)) ||
         (target != NULL && peerup_peer_id_equal (target, node_id (&self->c.node)));
}

/* Somebody who may have circuits to one peer, and nothing else. */
static DexFuture *
test_allow (gpointer data)
{
  RelayFixture *self = data;

  peerup_relay_server_set_allow (self->server, allow, self);
  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_reserve (&self->c, &self->relay);
  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL), ==,
                   PEERUP_CIRCUIT_PERMISSION_DENIED);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_PERMISSION_DENIED);
  g_assert_cmpuint (self->b.stops->len, ==, 0);
  relay_peer_connect (&self->a, &self->c, &self->relay, NULL, NULL);
  relay_peer_connect (&self->b, &self->c, &self->relay, NULL, NULL);
  return NULL;
}

static void
assert_answer (RelayFixture *self, gconstpointer bytes, gsize length, PeerupCircuitStatus expected)
{
  g_autoptr (PeerupStream) hop = relay_peer_open_hop (&self->a, &self->relay);
  g_autoptr (PeerupCircuitMessage) answer = NULL;
  g_autoptr (GError) end = NULL;

  relay_say_bytes (hop, bytes, length);
  answer = relay_hear (hop);
  g_assert_cmpint (answer->status, ==, expected);
  end = relay_read_end (hop);
  g_assert_no_error (end);
}

/* A length of 1 GiB, one above the cap, one that is not minimal, no type, a type that is not
 * known, CONNECT without a peer and with a bad one, something that is no message. */
static DexFuture *
test_malformed (gpointer data)
{
  RelayFixture *self = data;

  assert_answer (self, "\x80\x80\x80\x80\x04", 5, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x81\x20", 2, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x82\x00", 2, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x00", 1, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x02\x08\x07", 3, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x02\x08\x01", 3, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x08\x08\x01\x12\x04\x0a\x02\xff\xff", 9, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  assert_answer (self, "\x02\xff\xff", 3, PEERUP_CIRCUIT_MALFORMED_MESSAGE);
  return NULL;
}

static DexFuture *
test_unexpected (gpointer data)
{
  assert_answer (data, "\x04\x08\x02\x28\x64", 5, PEERUP_CIRCUIT_UNEXPECTED_MESSAGE);
  return NULL;
}

/* A relay serves no stop; hop is for those who serve stop. */
static DexFuture *
test_hop_is_not_stop (gpointer data)
{
  static const char *const stop[] = { PEERUP_CIRCUIT_STOP, NULL };
  RelayFixture *self = data;
  g_autoptr (GError) error = NULL;

  node_learn (&self->a.node, &self->relay);
  g_assert_null (
    dex_await_object (peerup_swarm_open_stream (self->a.node.swarm, node_id (&self->relay), stop, test_deadline ()),
                      &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  return NULL;
}

/* A connection between @self and the relay that came through another relay. */
static PeerupConnection *
join_through_a_relay (RelayFixture *self, RelayPeer *peer)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/7777/p2p/%s/p2p-circuit",
                                                               peerup_peer_id_get_string (node_id (&self->c.node)));
  PeerupUpgradeOptions near = { .identity = peerup_swarm_get_identity (peer->node.swarm),
                                .certificate = peer->node.swarm->certificate,
                                .outbound = TRUE,
                                .expected_peer = node_id (&self->relay),
                                .remote_address = address,
                                .transport = "relay",
                                .deadline = test_deadline () };
  PeerupUpgradeOptions far = near;
  g_autoptr (PeerupStream) a = NULL, b = NULL;
  g_autoptr (PeerupConnection) inbound = NULL, outbound = NULL;
  DexFuture *upgrading;

  far.identity = peerup_swarm_get_identity (self->relay.swarm);
  far.certificate = self->relay.swarm->certificate;
  far.outbound = FALSE;
  far.expected_peer = NULL;
  peerup_pipe_stream_new_pair (256 * 1024, &a, &b);
  upgrading = peerup_upgrade (b, &far);
  outbound = dex_await_object (peerup_upgrade (a, &near), NULL);
  inbound = dex_await_object (upgrading, NULL);
  peerup_swarm_add_connection (peer->node.swarm, outbound);
  peerup_swarm_add_connection (self->relay.swarm, inbound);
  return g_steal_pointer (&inbound);
}

static DexFuture *
test_over_a_relayed_connection (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupConnection) connection = NULL;

  self->all_authorized = TRUE;
  relay_peer_reserve (&self->b, &self->relay);
  connection = join_through_a_relay (self, &self->a);
  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL), ==,
                   PEERUP_CIRCUIT_PERMISSION_DENIED);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_PERMISSION_DENIED);
  return NULL;
}

/* Nor is such a connection one to find the target by, or one that keeps its reservation. */
static DexFuture *
test_target_on_a_relayed_connection (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autoptr (GPtrArray) direct = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  direct = peerup_swarm_dup_connections (self->relay.swarm, node_id (&self->b.node));
  relayed = join_through_a_relay (self, &self->b);
  peerup_connection_close (direct->pdata[0], PEERUP_CONNECTION_CODE_NONE);
  relay_await_number (self, "n-reservations", 0);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

#define ADD(path, func) RELAY_ADD ("/relay/server-refusals/" path, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("connect-without-reservation", test_connect_without_reservation);
  ADD ("connect-to-oneself", test_connect_to_oneself);
  ADD ("reserve-for-somebody-else", test_reserve_for_somebody_else);
  ADD ("connect-to-the-relay", test_connect_to_the_relay);
  ADD ("target-does-not-serve-stop", test_target_does_not_serve_stop);
  ADD ("target-does-not-accept", test_target_does_not_accept);
  ADD ("gate", test_gate);
  ADD ("allow", test_allow);
  ADD ("malformed", test_malformed);
  ADD ("unexpected", test_unexpected);
  ADD ("hop-is-not-stop", test_hop_is_not_stop);
  ADD ("over-a-relayed-connection", test_over_a_relayed_connection);
  ADD ("target-on-a-relayed-connection", test_target_on_a_relayed_connection);
  return g_test_run ();
}
