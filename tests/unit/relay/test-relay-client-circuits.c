/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Circuits through a relay that is right, refuses, lies about who comes, or is none. */

#include "relay/peerup-relay-client.h"
#include "relay/peerup-relay-link.h"
#include "scripted-relay.h"

/* A dials B, who has a reservation. */
typedef struct
{
  ScriptedRelay relay;
  Node a, b;
  PeerupRelayClient *a_client, *b_client;
} World;

static PeerupRelayState
state_of (PeerupRelayClient *client)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (client, 0, &info);
  return info.state;
}

static void
client_use (PeerupRelayClient *client, ScriptedRelay *relay)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  g_ptr_array_add (addresses, scripted_relay_dup_address (relay, 0));
  peerup_relay_client_set_relays (client, addresses);
  while (state_of (client) != PEERUP_RELAY_RESERVED)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
world_init_on (World *self, NodeListens listens)
{
  g_autoptr (GPtrArray) addresses = NULL;

  scripted_relay_init (&self->relay, 1, listens);
  node_init (&self->a, 2, NODE_SILENT);
  node_init (&self->b, 3, NODE_SILENT);
  self->a_client = peerup_relay_client_new (self->a.swarm);
  self->b_client = peerup_relay_client_new (self->b.swarm);
  client_use (self->b_client, &self->relay);
  addresses = peerup_swarm_dup_announced_addresses (self->b.swarm);
  g_assert_cmpuint (addresses->len, ==, 1);
  peerup_swarm_add_addresses (self->a.swarm, node_id (&self->b), addresses);
}

static void
world_init (World *self)
{
  world_init_on (self, NODE_TCP);
}

static void
world_clear (World *self)
{
  g_assert_finalize_object (g_steal_pointer (&self->a_client));
  g_assert_finalize_object (g_steal_pointer (&self->b_client));
  node_clear (&self->a);
  node_clear (&self->b);
  scripted_relay_clear (&self->relay);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static GError *
world_fail_to_connect (World *self)
{
  return test_take_error (peerup_swarm_connect (self->a.swarm, node_id (&self->b)));
}

/* (transfer full): why nothing comes of a connection that B refuses. A may have had it for a moment:
 * of a handshake, the side that dials is done first. */
static GError *
world_be_refused (World *self)
{
  g_autoptr (DexFuture) dial = test_finish (peerup_swarm_connect (self->a.swarm, node_id (&self->b)));
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (dial, &error);

  if (value != NULL)
    {
      node_wait_connections (&self->a, &self->b, 0);
      error = g_error_copy (peerup_connection_get_error (g_value_get_object (value)));
    }
  g_assert_cmpuint (node_n_connections (&self->b, &self->a), ==, 0);
  return g_steal_pointer (&error);
}

typedef struct
{
  PeerupStream *stream;
  gsize n;
} Echo;

static DexFuture *
echo_fiber (gpointer data)
{
  Echo *echo = data;
  g_autofree guint8 *sent = g_malloc (echo->n);
  g_autofree guint8 *received = g_malloc (echo->n);
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < echo->n; i++)
    sent[i] = test_pattern (i);
  g_assert_true (peerup_stream_await_write_all (echo->stream, sent, echo->n, test_deadline (), &error));
  g_assert_true (peerup_stream_await_read_exact (echo->stream, received, echo->n, test_deadline (), &error));
  g_assert_cmpmem (sent, echo->n, received, echo->n);
  peerup_stream_close_write (echo->stream);
  g_assert_cmpint (peerup_stream_await_read (echo->stream, received, 1, test_deadline (), &error), ==, 0);
  g_assert_no_error (error);
  return NULL;
}

/* A stream over the circuit and back. */
static void
world_echo (Node *from, Node *to, gsize n)
{
  static const char *const protocols[] = { NODE_ECHO, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream =
    test_take_object (peerup_swarm_open_stream (from->swarm, node_id (to), protocols, test_deadline ()), &error);
  Echo echo = { stream, n };

  g_assert_no_error (error);
  test_run_fiber (echo_fiber, &echo);
}

static void
test_dial (gconstpointer listens)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GPtrArray) theirs = NULL;
  const PeerupConnectionInfo *info;

  world_init_on (&world, GPOINTER_TO_UINT (listens));
  connection = node_connect (&world.a, &world.b);
  info = peerup_connection_get_info (connection);
  g_assert_cmpstr (info->transport, ==, "relay");
  g_assert_true (info->outbound);
  g_assert_false (info->limited);
  g_assert_true (peerup_peer_id_equal (info->remote_peer, node_id (&world.b)));
  g_assert_true (g_str_has_suffix (peerup_multiaddr_get_string (info->remote_address), "/p2p-circuit"));
  world_echo (&world.a, &world.b, 300000);
  world_echo (&world.b, &world.a, 10);
  theirs = peerup_swarm_dup_connections (world.b.swarm, node_id (&world.a));
  g_assert_cmpuint (theirs->len, ==, 1);
  info = peerup_connection_get_info (theirs->pdata[0]);
  g_assert_cmpstr (info->transport, ==, "relay");
  g_assert_false (info->outbound);
  g_assert_true (g_str_has_suffix (peerup_multiaddr_get_string (info->remote_address), "/p2p-circuit"));
  g_assert_cmpuint (world.relay.n_circuits, ==, 1);
  g_assert_cmpint (world.relay.stop_status, ==, PEERUP_CIRCUIT_OK);
}

static void
test_limited (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GPtrArray) theirs = NULL;

  world_init (&world);
  world.relay.limited = TRUE;
  connection = node_connect (&world.a, &world.b);
  g_assert_true (peerup_connection_get_info (connection)->limited);
  world_echo (&world.a, &world.b, 10);
  theirs = peerup_swarm_dup_connections (world.b.swarm, node_id (&world.a));
  g_assert_true (peerup_connection_get_info (theirs->pdata[0])->limited);
}

/* The relay's answer and what the other side has said by then come in one piece. */
static void
test_joined (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  world_init (&world);
  world.relay.joined = TRUE;
  connection = node_connect (&world.a, &world.b);
  world_echo (&world.a, &world.b, 70000);
}

static void
test_noise (void)
{
  static const char *const noise[] = { "/noise", NULL };
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  world_init (&world);
  peerup_swarm_set_securities (world.b.swarm, noise);
  connection = node_connect (&world.a, &world.b);
  g_assert_cmpstr (peerup_connection_get_info (connection)->security, ==, "/noise");
  world_echo (&world.a, &world.b, 70000);
  /* TLS was guessed first, which needed a circuit of its own. */
  g_assert_cmpuint (world.relay.n_circuits, ==, 2);
}

/* The end of a side that goes is an end in order and tells why, whichever it is. */
static void
world_end (NodeListens listens, gboolean from_dialer)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) ours = NULL;
  g_autoptr (PeerupConnection) left = NULL;
  g_autoptr (GPtrArray) theirs = NULL;
  g_autoptr (DexFuture) closed = NULL;
  g_autofree char *expected = NULL;
  Node *goes, *stays;

  world_init_on (&world, listens);
  ours = node_connect (&world.a, &world.b);
  world_echo (&world.a, &world.b, 10);
  theirs = peerup_swarm_dup_connections (world.b.swarm, node_id (&world.a));
  left = g_object_ref (from_dialer ? theirs->pdata[0] : ours);
  goes = from_dialer ? &world.a : &world.b;
  stays = from_dialer ? &world.b : &world.a;
  closed = test_finish (peerup_swarm_close (goes->swarm));
  g_assert_true (dex_future_is_resolved (closed));
  node_wait_connections (stays, goes, 0);
  g_assert_error (peerup_connection_get_error (left), PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  expected = g_strdup_printf ("%s is shutting down", peerup_peer_id_get_string (node_id (goes)));
  g_assert_cmpstr (peerup_connection_get_error (left)->message, ==, expected);
}

static void
test_end (gconstpointer listens)
{
  world_end (GPOINTER_TO_UINT (listens), TRUE);
  world_end (GPOINTER_TO_UINT (listens), FALSE);
}

/* A direct connection is the better one, whenever it comes. */
static void
test_direct_is_better (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autoptr (PeerupConnection) direct = NULL;
  g_autoptr (PeerupConnection) best = NULL;

  world_init (&world);
  relayed = node_connect (&world.a, &world.b);
  node_listen (&world.b, "/ip4/127.0.0.1/tcp/0");
  node_learn (&world.a, &world.b);
  direct = test_take_object (peerup_swarm_connect_direct (world.a.swarm, node_id (&world.b)), NULL);
  g_assert_cmpstr (peerup_connection_get_info (direct)->transport, ==, "tcp");
  best = node_connect (&world.a, &world.b);
  g_assert_true (best == direct);
}

/* There is a direct address, so nobody asks the relay. */
static void
test_direct_is_first (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  world_init (&world);
  node_listen (&world.b, "/ip4/127.0.0.1/tcp/0");
  node_learn (&world.a, &world.b);
  connection = node_connect (&world.a, &world.b);
  g_assert_cmpstr (peerup_connection_get_info (connection)->transport, ==, "tcp");
  g_assert_cmpuint (world.relay.n_circuits, ==, 0);
}

static void
test_connect_direct_needs_direct (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  relayed = node_connect (&world.a, &world.b);
  error = test_take_error (peerup_swarm_connect_direct (world.a.swarm, node_id (&world.b)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
}

static void
test_refused (void)
{
  static const PeerupCircuitStatus statuses[] = { PEERUP_CIRCUIT_NO_RESERVATION, PEERUP_CIRCUIT_PERMISSION_DENIED,
                                                  PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED,
                                                  PEERUP_CIRCUIT_CONNECTION_FAILED, 999 };
  g_auto (World) world = { 0 };

  world_init (&world);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (GError) error = NULL;

      world.relay.connect_status = statuses[i];
      error = world_fail_to_connect (&world);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
      g_assert_nonnull (strstr (error->message, "/p2p-circuit: the relay "));
    }
}

/* The relay connects us with somebody else, who has a reservation there too. */
static void
test_swapped_target (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) mallory = { 0 };
  g_autoptr (PeerupRelayClient) client = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  node_init (&mallory, 4, NODE_SILENT);
  client = peerup_relay_client_new (mallory.swarm);
  client_use (client, &world.relay);
  world.relay.target = &mallory;
  error = world_fail_to_connect (&world);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_cmpuint (world.relay.n_circuits, ==, 1);
  g_assert_cmpuint (node_n_connections (&world.a, &mallory), ==, 0);
  g_clear_object (&client);
}

/* The relay tells B that somebody else comes than does. */
static void
test_swapped_source (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) mallory = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world);
  node_init (&mallory, 4, NODE_SILENT);
  world.relay.source = node_id (&mallory);
  error = world_be_refused (&world);
  g_assert_nonnull (error);
  g_assert_cmpint (world.relay.stop_status, ==, PEERUP_CIRCUIT_OK);
  /* That to the relay. */
  g_assert_cmpuint (world.b.opened, ==, 1);
}

/* The gate hears of who comes through a relay as of everybody else. */
static void
test_gated (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world);
  world.b.deny = node_id (&world.a);
  error = world_be_refused (&world);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (world.b.refused, ==, 1);
  g_assert_nonnull (strstr (world.b.refused_text, "/p2p-circuit not on the list"));
}

static void
test_circuit_over_circuit (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) c = { 0 };
  g_autofree char *address = NULL;
  g_autoptr (PeerupMultiaddr) first = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  node_init (&c, 4, NODE_SILENT);
  first = scripted_relay_dup_address (&world.relay, 0);
  address = g_strdup_printf ("%s/p2p-circuit/p2p/%s/p2p-circuit", peerup_multiaddr_get_string (first),
                             peerup_peer_id_get_string (node_id (&world.b)));
  node_learn_address (&world.a, &c, address);
  error = test_take_error (peerup_swarm_connect (world.a.swarm, node_id (&c)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_cmpuint (world.a.opened, ==, 0);
}

/* B is a relay too, but one that A reaches through a relay only. */
static void
test_relay_behind_relay (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) c = { 0 };
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  node_init (&c, 4, NODE_SILENT);
  relayed = node_connect (&world.a, &world.b);
  address = g_strdup_printf ("/p2p/%s/p2p-circuit", peerup_peer_id_get_string (node_id (&world.b)));
  node_learn_address (&world.a, &c, address);
  error = test_take_error (peerup_swarm_connect (world.a.swarm, node_id (&c)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
}

/* Stop */

static PeerupStream *
open_stop (Node *from, Node *to)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_STOP, NULL };
  g_autoptr (GError) error = NULL;
  PeerupStream *stream =
    test_take_object (peerup_swarm_open_stream (from->swarm, node_id (to), protocols, test_deadline ()), &error);

  g_assert_no_error (error);
  return stream;
}

typedef struct
{
  PeerupStream *stream;
  PeerupCircuitStatus status;
} Reply;

static DexFuture *
reply_fiber (gpointer data)
{
  Reply *reply = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
    peerup_stream_await_message (reply->stream, PEERUP_CIRCUIT_MESSAGE_MAX, test_deadline (), &error);
  g_autoptr (PeerupCircuitMessage) message = NULL;

  g_assert_no_error (error);
  message = peerup_circuit_stop_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  reply->status = message->status;
  return NULL;
}

static PeerupCircuitStatus
ask_stop (PeerupStream *stream, gconstpointer bytes, gsize length)
{
  Reply reply = { stream, PEERUP_CIRCUIT_NONE };

  g_assert_cmpint (peerup_stream_write (stream, bytes, length, NULL), ==, length);
  test_run_fiber (reply_fiber, &reply);
  return reply.status;
}

static PeerupCircuitStatus
connect_stop (PeerupStream *stream, PeerupPeerId *source)
{
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_CONNECT, .peer = source };
  g_autoptr (GBytes) bytes = peerup_circuit_stop_encode (&message);

  return ask_stop (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Somebody who is connected, and no relay of B's, lets A come. */
static void
test_stop_from_stranger (void)
{
  g_auto (World) world = { 0 };
  g_auto (Node) stranger = { 0 };
  g_autoptr (PeerupStream) stream = NULL;

  world_init (&world);
  node_init (&stranger, 5, NODE_SILENT);
  node_listen (&world.b, "/ip4/127.0.0.1/tcp/0");
  node_learn (&stranger, &world.b);
  stream = open_stop (&stranger, &world.b);
  g_assert_cmpint (connect_stop (stream, node_id (&world.a)), ==, PEERUP_CIRCUIT_PERMISSION_DENIED);
}

/* B's own relay, but over a circuit of another relay. */
static void
test_stop_over_circuit (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GPtrArray) relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  world_init (&world);
  relayed = node_connect (&world.a, &world.b);
  /* A is made a relay of B's, at an address where it is not. */
  g_ptr_array_add (relays, scripted_relay_dup_address (&world.relay, 0));
  g_ptr_array_add (relays, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u/p2p/%s", closed_port (),
                                                  peerup_peer_id_get_string (node_id (&world.a))));
  peerup_relay_client_set_relays (world.b_client, relays);
  stream = open_stop (&world.a, &world.b);
  g_assert_cmpint (connect_stop (stream, node_id (&world.relay.node)), ==, PEERUP_CIRCUIT_PERMISSION_DENIED);
}

/* What belongs on hop, or nowhere, on stop. */
static void
test_hop_on_stop (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    PeerupCircuitStatus status;
  } cases[] = {
    { "\x02\x08\x00", 3, PEERUP_CIRCUIT_MALFORMED_MESSAGE },              /* RESERVE, which is CONNECT to nobody here */
    { "\x05\x08\x02\x28\xc8\x01", 6, PEERUP_CIRCUIT_MALFORMED_MESSAGE },  /* STATUS of hop: type 2 */
    { "\x05\x08\x01\x20\xc8\x01", 6, PEERUP_CIRCUIT_UNEXPECTED_MESSAGE }, /* STATUS of stop */
    { "\x01\xff", 2, PEERUP_CIRCUIT_MALFORMED_MESSAGE },
    { "\x80\x80\x80\x80\x04", 5, PEERUP_CIRCUIT_MALFORMED_MESSAGE }, /* 1 GiB */
    { "\x00", 1, PEERUP_CIRCUIT_MALFORMED_MESSAGE },
  };
  g_auto (World) world = { 0 };

  world_init (&world);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupStream) stream = open_stop (&world.relay.node, &world.b);

      g_assert_cmpint (ask_stop (stream, cases[i].bytes, cases[i].length), ==, cases[i].status);
    }
  /* It was not the worse for it. */
  g_assert_cmpint (state_of (world.b_client), ==, PEERUP_RELAY_RESERVED);
}

/* Nobody here serves hop: who asks us to relay hears so from multistream. */
static void
test_stop_on_hop (void)
{
  static const char *const protocols[] = { PEERUP_CIRCUIT_HOP, NULL };
  g_auto (World) world = { 0 };
  g_autoptr (GError) error = NULL;

  world_init (&world);
  error = test_take_error (
    peerup_swarm_open_stream (world.relay.node.swarm, node_id (&world.b), protocols, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

/* A relay that lets many come, none of whom says a word. */
static void
test_half_open (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (PeerupConnection) connection = NULL;
  PeerupLimitsUsage usage;

  world_init (&world);
  for (guint i = 0; i < PEERUP_RELAY_HALF_OPEN_MAX; i++)
    {
      g_ptr_array_add (streams, open_stop (&world.relay.node, &world.b));
      g_assert_cmpint (connect_stop (streams->pdata[i], node_id (&world.a)), ==, PEERUP_CIRCUIT_OK);
    }
  peerup_limits_get_usage (peerup_swarm_get_limits (world.b.swarm), &usage);
  g_assert_cmpuint (usage.handshakes, ==, PEERUP_RELAY_HALF_OPEN_MAX);
  stream = open_stop (&world.relay.node, &world.b);
  g_assert_cmpint (connect_stop (stream, node_id (&world.a)), ==, PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  /* One goes, and there is room for one. */
  g_ptr_array_set_size (streams, streams->len - 1);
  while (usage.handshakes == PEERUP_RELAY_HALF_OPEN_MAX)
    {
      g_main_context_iteration (NULL, TRUE);
      peerup_limits_get_usage (peerup_swarm_get_limits (world.b.swarm), &usage);
    }
  connection = node_connect (&world.a, &world.b);
  g_assert_nonnull (connection);
}

/* The relay dies, and with it what goes through it. */
static void
test_relay_dies (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (PeerupConnection) connection = NULL;

  world_init (&world);
  connection = node_connect (&world.a, &world.b);
  node_wait_connections (&world.b, &world.a, 1);
  peerup_swarm_disconnect (world.relay.node.swarm, node_id (&world.b), PEERUP_CONNECTION_CODE_SHUTDOWN);
  node_wait_connections (&world.b, &world.a, 0);
  node_wait_connections (&world.a, &world.b, 0);
}

/* The dial is given up while the relay says nothing. */
static void
test_given_up (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (DexFuture) dial = NULL;

  world_init (&world);
  world.relay.silent = TRUE;
  dial = peerup_swarm_connect (world.a.swarm, node_id (&world.b));
  wait_count (&world.relay.held->len, 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/relay-circuit/dial/tcp", GUINT_TO_POINTER (NODE_TCP), test_dial);
  g_test_add_data_func ("/relay-circuit/dial/quic", GUINT_TO_POINTER (NODE_QUIC), test_dial);
  g_test_add_func ("/relay-circuit/limited", test_limited);
  g_test_add_func ("/relay-circuit/joined", test_joined);
  g_test_add_func ("/relay-circuit/noise", test_noise);
  g_test_add_data_func ("/relay-circuit/end/tcp", GUINT_TO_POINTER (NODE_TCP), test_end);
  g_test_add_data_func ("/relay-circuit/end/quic", GUINT_TO_POINTER (NODE_QUIC), test_end);
  g_test_add_func ("/relay-circuit/direct-is-better", test_direct_is_better);
  g_test_add_func ("/relay-circuit/direct-is-first", test_direct_is_first);
  g_test_add_func ("/relay-circuit/connect-direct", test_connect_direct_needs_direct);
  g_test_add_func ("/relay-circuit/refused", test_refused);
  g_test_add_func ("/relay-circuit/swapped-target", test_swapped_target);
  g_test_add_func ("/relay-circuit/swapped-source", test_swapped_source);
  g_test_add_func ("/relay-circuit/gated", test_gated);
  g_test_add_func ("/relay-circuit/circuit-over-circuit", test_circuit_over_circuit);
  g_test_add_func ("/relay-circuit/relay-behind-relay", test_relay_behind_relay);
  g_test_add_func ("/relay-circuit/stop-from-stranger", test_stop_from_stranger);
  g_test_add_func ("/relay-circuit/stop-over-circuit", test_stop_over_circuit);
  g_test_add_func ("/relay-circuit/hop-on-stop", test_hop_on_stop);
  g_test_add_func ("/relay-circuit/stop-on-hop", test_stop_on_hop);
  g_test_add_func ("/relay-circuit/half-open", test_half_open);
  g_test_add_func ("/relay-circuit/relay-dies", test_relay_dies);
  g_test_add_func ("/relay-circuit/given-up", test_given_up);
  return g_test_run ();
}
