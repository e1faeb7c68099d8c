/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A relay and three peers, four swarms on loopback: what it answers, what it carries, and how it
 * stops. */

#include "relay-peers.h"

#include "identity/peerup-envelope-crypto.h"
#include "swarm/peerup-swarm-private.h"

typedef struct
{
  Node relay;
  RelayPeer a, b, c;
  PeerupRelaySettings settings;
  PeerupRelayServer *server;
  PeerupPeerId *denied;     /* by the gate; borrowed */
  gboolean all_authorized;  /* by the gate */
  PeerupPeerId *authorized; /* by the gate, one more; borrowed */
} Fixture;

static gboolean
gate (PeerupPeerId *peer, gboolean *authorized, gpointer data)
{
  Fixture *self = data;

  g_assert_false (*authorized);
  *authorized = self->all_authorized || (self->authorized != NULL && peerup_peer_id_equal (peer, self->authorized));
  return self->denied == NULL || !peerup_peer_id_equal (peer, self->denied);
}

static void
set_up (Fixture *self, gconstpointer data)
{
  node_init (&self->relay, 1, NODE_TCP);
  relay_peer_init (&self->a, 2);
  relay_peer_init (&self->b, 3);
  relay_peer_init (&self->c, 4);
  peerup_relay_settings_init (&self->settings);
  self->server = peerup_relay_server_new (self->relay.swarm, &self->settings);
  peerup_relay_server_set_gate (self->server, gate, self, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->server != NULL)
    g_assert_finalize_object (self->server);
  relay_peer_clear (&self->a);
  relay_peer_clear (&self->b);
  relay_peer_clear (&self->c);
  node_clear (&self->relay);
}

static void
run (Fixture *self, gconstpointer data)
{
  test_run_fiber ((DexFiberFunc) data, self);
}

static void
change_settings (Fixture *self)
{
  peerup_relay_server_set_settings (self->server, &self->settings);
}

static guint
get_number (Fixture *self, const char *name)
{
  guint number;

  g_object_get (self->server, name, &number, NULL);
  return number;
}

static PeerupRelayFigures
get_figures (Fixture *self)
{
  PeerupRelayFigures figures;

  peerup_relay_server_get_figures (self->server, &figures);
  return figures;
}

static void
count (gpointer object, gpointer data)
{
  (*(guint *) data)++;
}

static void
stop_waiting (GObject *object, GParamSpec *pspec, gpointer data)
{
  if (dex_future_is_pending (data))
    dex_promise_resolve_boolean (data, TRUE);
}

/* Until the relay counts @n of them. */
static void
await_number (Fixture *self, const char *name, guint n)
{
  g_autofree char *signal = g_strconcat ("notify::", name, NULL);

  while (get_number (self, name) != n)
    {
      DexPromise *changed = dex_promise_new ();
      gulong id = g_signal_connect (self->server, signal, G_CALLBACK (stop_waiting), changed);

      g_assert_true (
        dex_await (dex_future_first (dex_ref (DEX_FUTURE (changed)), dex_timeout_new_seconds (30), NULL), NULL));
      g_signal_handler_disconnect (self->server, id);
      dex_unref (changed);
    }
}

/* Reservations */

static DexFuture *
test_reserve (gpointer data)
{
  Fixture *self = data;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  g_autoptr (PeerupCircuitMessage) answer = relay_peer_ask (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL);
  g_autoptr (PeerupPeerId) told = NULL;

  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_OK);
  g_assert_true (answer->has_reservation);
  g_assert_cmpuint (answer->expires, >=, now + 3600);
  g_assert_cmpuint (answer->expires, <=, now + 3630);
  g_assert_true (answer->has_limit);
  g_assert_cmpuint (answer->limit.duration, ==, 600);
  g_assert_cmpuint (answer->limit.data, ==, 64 << 20);
  g_assert_cmpuint (answer->addresses->len, ==, 1);
  told = peerup_multiaddr_dup_peer_id (answer->addresses->pdata[0]);
  g_assert_true (peerup_peer_id_equal (told, node_id (&self->relay)));
  g_assert_cmpuint (get_number (self, "n-reservations"), ==, 1);
  g_assert_cmpuint (get_figures (self).reservations_granted, ==, 1);
  return NULL;
}

/* Signed by the relay, about the peer that asked, until the same second. */
static DexFuture *
test_voucher (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupCircuitMessage) answer = relay_peer_ask (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL);
  g_autoptr (PeerupEnvelope) envelope = NULL;
  g_autoptr (PeerupCircuitVoucher) voucher = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (answer->voucher);
  envelope = peerup_envelope_open (g_bytes_get_data (answer->voucher, NULL), g_bytes_get_size (answer->voucher),
                                   PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER, peerup_envelope_type_relay_voucher, &error);
  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_matches_public_key (node_id (&self->relay), envelope->public_key));
  voucher = peerup_circuit_voucher_decode (g_bytes_get_data (envelope->payload, NULL),
                                           g_bytes_get_size (envelope->payload), &error);
  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_equal (voucher->relay, node_id (&self->relay)));
  g_assert_true (peerup_peer_id_equal (voucher->peer, node_id (&self->a.node)));
  g_assert_cmpuint (voucher->expires, ==, answer->expires);
  return NULL;
}

/* RESERVE as its three bytes. */
static DexFuture *
test_reserve_bytes (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) hop = relay_peer_open_hop (&self->a, &self->relay);
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  relay_say_bytes (hop, "\x02\x08\x00", 3);
  answer = relay_hear (hop);
  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_OK);
  return NULL;
}

static DexFuture *
test_reserve_again (gpointer data)
{
  Fixture *self = data;
  guint n_changes = 0;

  g_signal_connect (self->server, "changed", G_CALLBACK (count), &n_changes);
  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->a, &self->relay);
  g_assert_cmpuint (get_number (self, "n-reservations"), ==, 1);
  g_assert_cmpuint (get_figures (self).reservations_granted, ==, 2);
  g_assert_cmpuint (n_changes, ==, 2);
  return NULL;
}

static DexFuture *
test_authorized_are_told_no_limit (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  self->all_authorized = TRUE;
  answer = relay_peer_ask (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL);
  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_OK);
  g_assert_false (answer->has_limit);
  return NULL;
}

static DexFuture *
test_addresses_of_the_owner (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupMultiaddr) expected =
    peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/7777/p2p/%s", peerup_peer_id_get_string (node_id (&self->relay)));
  g_autoptr (PeerupCircuitMessage) answer = NULL;

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/7777"));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/7777"));
  peerup_relay_server_set_addresses (self->server, addresses);
  answer = relay_peer_ask (&self->a, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL);
  g_assert_cmpuint (answer->addresses->len, ==, 2);
  g_assert_true (peerup_multiaddr_equal (answer->addresses->pdata[0], expected));
  return NULL;
}

static DexFuture *
test_reservations_of_one_address_are_bounded (gpointer data)
{
  Fixture *self = data;

  self->settings.max_reservations_per_address = 2;
  change_settings (self);
  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->b, &self->relay);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (relay_peer_ask_status (&self->c, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL), ==,
                     PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_cmpuint (get_number (self, "n-reservations"), ==, 2);
  g_assert_cmpuint (get_figures (self).reservations_refused, ==, 20);
  return NULL;
}

static DexFuture *
test_reservation_ends_with_the_last_connection (gpointer data)
{
  Fixture *self = data;

  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->b, &self->relay);
  peerup_swarm_disconnect (self->a.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  await_number (self, "n-reservations", 1);
  g_assert_cmpint (relay_peer_ask_status (&self->b, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->a.node)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

/* Circuits */

static DexFuture *
test_circuit (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) end = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  g_assert_true (peerup_peer_id_equal (self->b.asked->peer, node_id (&self->a.node)));
  g_assert_cmpuint (get_number (self, "n-circuits"), ==, 1);
  relay_assert_carries (near, far, "question");
  relay_assert_carries (far, near, "answer");
  peerup_stream_close_write (near);
  end = relay_read_end (far);
  g_assert_no_error (end);
  relay_assert_carries (far, near, "and the other way lives on");
  g_assert_cmpuint (get_figures (self).bytes, ==, 8 + 6 + 26);
  peerup_stream_close (far);
  end = relay_read_end (near);
  g_assert_no_error (end);
  await_number (self, "n-circuits", 0);
  g_assert_cmpuint (get_figures (self).bytes, ==, 8 + 6 + 26);
  g_assert_cmpuint (get_figures (self).circuits_opened, ==, 1);
  return NULL;
}

/* What follows a message in the same write is the circuit's. */
static DexFuture *
test_messages_are_read_to_the_byte (gpointer data)
{
  Fixture *self = data;
  PeerupCircuitMessage message = { .type = PEERUP_CIRCUIT_CONNECT, .peer = node_id (&self->b.node) };
  g_autoptr (GBytes) connect = peerup_circuit_hop_encode (&message);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (PeerupStream) hop = NULL;
  g_autoptr (PeerupCircuitMessage) answer = NULL;
  char words[sizeof STOP_WORDS] = "", early[6] = "";

  self->b.manner = STOP_ACCEPTS_AND_TALKS;
  relay_peer_reserve (&self->b, &self->relay);
  hop = relay_peer_open_hop (&self->a, &self->relay);
  g_byte_array_append (bytes, g_bytes_get_data (connect, NULL), g_bytes_get_size (connect));
  g_byte_array_append (bytes, (const guint8 *) "early", 5);
  relay_say_bytes (hop, bytes->data, bytes->len);
  answer = relay_hear (hop);
  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_OK);
  g_assert_true (peerup_stream_await_read_exact (hop, words, strlen (STOP_WORDS), test_deadline (), NULL));
  g_assert_cmpstr (words, ==, STOP_WORDS);
  g_assert_true (peerup_stream_await_read_exact (self->b.stops->pdata[0], early, 5, test_deadline (), NULL));
  g_assert_cmpstr (early, ==, "early");
  return NULL;
}

static DexFuture *
test_reset_goes_through (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  relay_assert_carries (near, far, "x");
  peerup_stream_reset (far, 0x1234);
  relay_assert_reset (near, 0x1234);
  await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_circuit_ends_with_a_connection (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) error = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  peerup_swarm_disconnect (self->b.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  error = relay_read_end (near);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_limits_are_told (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL, free_near = NULL, free_far = NULL;

  self->settings.authorized = (PeerupCircuitLimit) { 0, 0 };
  self->settings.limit = (PeerupCircuitLimit) { 77, 0 };
  change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  self->authorized = node_id (&self->b.node);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  g_assert_true (self->b.asked->has_limit);
  g_assert_cmpuint (self->b.asked->limit.duration, ==, 77);
  g_assert_cmpuint (self->b.asked->limit.data, ==, 0);
  self->all_authorized = TRUE;
  relay_peer_connect (&self->a, &self->b, &self->relay, &free_near, &free_far);
  g_assert_false (self->b.asked->has_limit);
  return NULL;
}

/* Refusals */

static void
assert_connect (Fixture *self, RelayPeer *target, PeerupCircuitStatus expected)
{
  PeerupCircuitStatus status =
    relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&target->node));

  g_assert_cmpint (status, ==, expected);
  await_number (self, "n-circuits", 0);
}

static DexFuture *
test_connect_without_reservation (gpointer data)
{
  Fixture *self = data;

  assert_connect (self, &self->b, PEERUP_CIRCUIT_NO_RESERVATION);
  g_assert_cmpuint (get_figures (self).circuits_refused, ==, 1);
  return NULL;
}

static DexFuture *
test_connect_to_oneself (gpointer data)
{
  Fixture *self = data;

  relay_peer_reserve (&self->a, &self->relay);
  assert_connect (self, &self->a, PEERUP_CIRCUIT_PERMISSION_DENIED);
  g_assert_cmpuint (self->a.stops->len, ==, 0);
  return NULL;
}

static DexFuture *
test_connect_to_the_relay (gpointer data)
{
  Fixture *self = data;

  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->relay)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

static DexFuture *
test_target_does_not_serve_stop (gpointer data)
{
  Fixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  peerup_swarm_remove_protocol (self->b.node.swarm, PEERUP_CIRCUIT_STOP);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_CONNECTION_FAILED);
  return NULL;
}

static DexFuture *
test_target_does_not_accept (gpointer data)
{
  static const StopManner manners[] = { STOP_REFUSES, STOP_TALKS_NONSENSE, STOP_ASKS_BACK, STOP_ENDS };
  Fixture *self = data;

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
  Fixture *self = data;

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

static void
assert_answer (Fixture *self, gconstpointer bytes, gsize length, PeerupCircuitStatus expected)
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
  Fixture *self = data;

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
  Fixture *self = data;
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
join_through_a_relay (Fixture *self, RelayPeer *peer)
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
  Fixture *self = data;
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
  Fixture *self = data;
  g_autoptr (PeerupConnection) relayed = NULL;
  g_autoptr (GPtrArray) direct = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  direct = peerup_swarm_dup_connections (self->relay.swarm, node_id (&self->b.node));
  relayed = join_through_a_relay (self, &self->b);
  peerup_connection_close (direct->pdata[0], PEERUP_CONNECTION_CODE_NONE);
  await_number (self, "n-reservations", 0);
  assert_connect (self, &self->b, PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

/* Limits */

static void
assert_cut_at (Fixture *self, PeerupStream *from, PeerupStream *to, gsize limit, gsize sent)
{
  g_autofree guint8 *bytes = g_malloc0 (sent);

  relay_say_bytes (from, bytes, sent);
  relay_read (to, limit);
  relay_assert_reset (to, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  relay_assert_reset (from, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  await_number (self, "n-circuits", 0);
}

static DexFuture *
test_data_limit (gpointer data)
{
  Fixture *self = data;

  self->settings.limit = (PeerupCircuitLimit) { 0, 100001 };
  change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PeerupStream) near = NULL, far = NULL;
      guint64 before = get_figures (self).bytes;

      relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
      assert_cut_at (self, i == 0 ? near : far, i == 0 ? far : near, 100001, 100002);
      g_assert_cmpuint (get_figures (self).bytes - before, ==, 100001);
    }
  return NULL;
}

/* As much as the limit each way, and then the end. */
static DexFuture *
test_data_up_to_the_limit (gpointer data)
{
  Fixture *self = data;
  g_autofree guint8 *bytes = g_malloc0 (5000);
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) end = NULL;

  self->settings.limit = (PeerupCircuitLimit) { 0, 5000 };
  change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  relay_say_bytes (near, bytes, 5000);
  relay_say_bytes (far, bytes, 5000);
  peerup_stream_close_write (near);
  peerup_stream_close_write (far);
  relay_read (near, 5000);
  relay_read (far, 5000);
  end = relay_read_end (near);
  g_assert_no_error (end);
  end = relay_read_end (far);
  g_assert_no_error (end);
  await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_duration_limit (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  gint64 before, after;

  self->settings.limit = (PeerupCircuitLimit) { 1, 0 };
  change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  before = g_get_monotonic_time ();
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  after = g_get_monotonic_time ();
  relay_assert_carries (near, far, "for a second");
  relay_assert_reset (near, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, G_USEC_PER_SEC);
  g_assert_cmpint (g_get_monotonic_time () - after, <, 3 * G_USEC_PER_SEC);
  relay_assert_reset (far, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_circuits_of_one_peer_are_bounded (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) first = NULL, second = NULL, third = NULL;

  self->settings.max_circuits = 2;
  change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &first, NULL);
  relay_peer_connect (&self->a, &self->b, &self->relay, &second, NULL);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->b.node)),
                     ==, PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  g_assert_cmpint (relay_peer_ask_status (&self->c, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->b.node)), ==,
                   PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  g_assert_cmpuint (self->b.stops->len, ==, 2);
  peerup_stream_reset (first, 0);
  await_number (self, "n-circuits", 1);
  relay_peer_connect (&self->a, &self->b, &self->relay, &third, NULL);
  relay_assert_carries (third, self->b.stops->pdata[2], "room again");
  return NULL;
}

/* The end */

static DexFuture *
test_drain_waits (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL, waiting = NULL;
  g_autoptr (PeerupCircuitMessage) answer = NULL;
  g_autoptr (DexFuture) drained = NULL;
  g_auto (GStrv) protocols = NULL;
  gboolean draining;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  waiting = relay_peer_open_hop (&self->a, &self->relay);
  relay_say_bytes (waiting, "\x02", 1);
  drained = peerup_relay_server_drain (self->server, test_deadline ());
  g_object_get (self->server, "draining", &draining, NULL);
  g_assert_true (draining);
  protocols = peerup_swarm_dup_protocols (self->relay.swarm);
  g_assert_false (g_strv_contains ((const char *const *) protocols, PEERUP_CIRCUIT_HOP));
  relay_assert_carries (near, far, "goes on");
  relay_say_bytes (waiting, "\x08\x00", 2);
  answer = relay_hear (waiting);
  g_assert_cmpint (answer->status, ==, PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_true (dex_future_is_pending (drained));
  peerup_stream_close (near);
  peerup_stream_close (far);
  g_assert_true (dex_await_boolean (dex_ref (drained), NULL));
  return NULL;
}

static DexFuture *
test_drain_has_a_deadline (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  gint64 deadline = g_get_monotonic_time () + G_USEC_PER_SEC / 10;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  dex_unref (peerup_relay_server_drain (self->server, test_deadline ()));
  g_assert_true (dex_await_boolean (peerup_relay_server_drain (self->server, deadline), NULL));
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);
  relay_assert_reset (near, PEERUP_STREAM_CODE_SHUTDOWN);
  relay_assert_reset (far, PEERUP_STREAM_CODE_SHUTDOWN);
  return NULL;
}

static DexFuture *
test_drain_of_nothing (gpointer data)
{
  Fixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  g_assert_true (dex_await_boolean (peerup_relay_server_drain (self->server, test_deadline ()), NULL));
  return NULL;
}

/* A circuit, one that the target has not answered, a hop stream that says nothing, and one of half a
 * message: none of them holds the server. */
static DexFuture *
test_finalized_in_the_middle (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL, half_open = NULL, silent = NULL, half = NULL;
  g_autoptr (DexFuture) drained = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_reserve (&self->c, &self->relay);
  self->c.manner = STOP_SAYS_NOTHING;
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  silent = relay_peer_open_hop (&self->a, &self->relay);
  half = relay_peer_open_hop (&self->a, &self->relay);
  relay_say_bytes (half, "\x02\x08", 2);
  half_open = relay_peer_open_hop (&self->a, &self->relay);
  relay_say (half_open, PEERUP_CIRCUIT_CONNECT, node_id (&self->c.node));
  await_number (self, "n-circuits", 2);
  drained = peerup_relay_server_drain (self->server, test_deadline ());
  g_assert_finalize_object (g_steal_pointer (&self->server));

  relay_assert_reset (near, PEERUP_STREAM_CODE_SHUTDOWN);
  relay_assert_reset (far, PEERUP_STREAM_CODE_SHUTDOWN);
  relay_assert_reset (half_open, PEERUP_STREAM_CODE_SHUTDOWN);
  relay_assert_reset (silent, PEERUP_STREAM_CODE_SHUTDOWN);
  relay_assert_reset (half, PEERUP_STREAM_CODE_SHUTDOWN);
  g_assert_true (dex_await_boolean (dex_ref (drained), NULL));
  return NULL;
}

#define ADD(path, func) g_test_add ("/relay/server/" path, Fixture, func, set_up, run, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  ADD ("reserve", test_reserve);
  ADD ("reserve/voucher", test_voucher);
  ADD ("reserve/bytes", test_reserve_bytes);
  ADD ("reserve/again", test_reserve_again);
  ADD ("reserve/authorized-are-told-no-limit", test_authorized_are_told_no_limit);
  ADD ("reserve/addresses-of-the-owner", test_addresses_of_the_owner);
  ADD ("reserve/flood-from-one-address", test_reservations_of_one_address_are_bounded);
  ADD ("reserve/ends-with-the-last-connection", test_reservation_ends_with_the_last_connection);
  ADD ("circuit", test_circuit);
  ADD ("circuit/messages-are-read-to-the-byte", test_messages_are_read_to_the_byte);
  ADD ("circuit/reset-goes-through", test_reset_goes_through);
  ADD ("circuit/ends-with-a-connection", test_circuit_ends_with_a_connection);
  ADD ("circuit/limits-are-told", test_limits_are_told);
  ADD ("refused/connect-without-reservation", test_connect_without_reservation);
  ADD ("refused/connect-to-oneself", test_connect_to_oneself);
  ADD ("refused/connect-to-the-relay", test_connect_to_the_relay);
  ADD ("refused/target-does-not-serve-stop", test_target_does_not_serve_stop);
  ADD ("refused/target-does-not-accept", test_target_does_not_accept);
  ADD ("refused/gate", test_gate);
  ADD ("refused/malformed", test_malformed);
  ADD ("refused/unexpected", test_unexpected);
  ADD ("refused/hop-is-not-stop", test_hop_is_not_stop);
  ADD ("refused/over-a-relayed-connection", test_over_a_relayed_connection);
  ADD ("refused/target-on-a-relayed-connection", test_target_on_a_relayed_connection);
  ADD ("limits/data", test_data_limit);
  ADD ("limits/data-up-to-the-limit", test_data_up_to_the_limit);
  ADD ("limits/duration", test_duration_limit);
  ADD ("limits/circuits-of-one-peer", test_circuits_of_one_peer_are_bounded);
  ADD ("drain/waits", test_drain_waits);
  ADD ("drain/deadline", test_drain_has_a_deadline);
  ADD ("drain/nothing", test_drain_of_nothing);
  ADD ("finalized-in-the-middle", test_finalized_in_the_middle);
  return g_test_run ();
}
