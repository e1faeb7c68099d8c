/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A relay and three peers, four swarms on loopback: what it answers, what it carries, and how it
 * stops. */

#include "relay-peers.h"

#include "identity/peerup-envelope-crypto.h"

static void
count (gpointer object, gpointer data)
{
  (*(guint *) data)++;
}

/* Reservations */

static DexFuture *
test_reserve (gpointer data)
{
  RelayFixture *self = data;
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
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 1);
  g_assert_cmpuint (relay_get_figures (self).reservations_granted, ==, 1);
  return NULL;
}

/* Signed by the relay, about the peer that asked, until the same second. */
static DexFuture *
test_voucher (gpointer data)
{
  RelayFixture *self = data;
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
  RelayFixture *self = data;
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
  RelayFixture *self = data;
  guint n_changes = 0;

  g_signal_connect (self->server, "changed", G_CALLBACK (count), &n_changes);
  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->a, &self->relay);
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 1);
  g_assert_cmpuint (relay_get_figures (self).reservations_granted, ==, 2);
  g_assert_cmpuint (n_changes, ==, 2);
  return NULL;
}

static DexFuture *
test_authorized_are_told_no_limit (gpointer data)
{
  RelayFixture *self = data;
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
  RelayFixture *self = data;
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
  RelayFixture *self = data;

  self->settings.max_reservations_per_address = 2;
  relay_change_settings (self);
  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->b, &self->relay);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (relay_peer_ask_status (&self->c, &self->relay, PEERUP_CIRCUIT_RESERVE, NULL), ==,
                     PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 2);
  g_assert_cmpuint (relay_get_figures (self).reservations_refused, ==, 20);
  return NULL;
}

static DexFuture *
test_reservation_ends_with_the_last_connection (gpointer data)
{
  RelayFixture *self = data;

  relay_peer_reserve (&self->a, &self->relay);
  relay_peer_reserve (&self->b, &self->relay);
  peerup_swarm_disconnect (self->a.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  relay_await_number (self, "n-reservations", 1);
  g_assert_cmpint (relay_peer_ask_status (&self->b, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->a.node)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  return NULL;
}

/* Circuits */

static DexFuture *
test_circuit (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) end = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  g_assert_true (peerup_peer_id_equal (self->b.asked->peer, node_id (&self->a.node)));
  g_assert_cmpuint (relay_get_number (self, "n-circuits"), ==, 1);
  relay_assert_carries (near, far, "question");
  relay_assert_carries (far, near, "answer");
  peerup_stream_close_write (near);
  end = relay_read_end (far);
  g_assert_no_error (end);
  relay_assert_carries (far, near, "and the other way lives on");
  g_assert_cmpuint (relay_get_figures (self).bytes, ==, 8 + 6 + 26);
  peerup_stream_close (far);
  end = relay_read_end (near);
  g_assert_no_error (end);
  relay_await_number (self, "n-circuits", 0);
  g_assert_cmpuint (relay_get_figures (self).bytes, ==, 8 + 6 + 26);
  g_assert_cmpuint (relay_get_figures (self).circuits_opened, ==, 1);
  return NULL;
}

/* What follows a message in the same write is the circuit's. */
static DexFuture *
test_messages_are_read_to_the_byte (gpointer data)
{
  RelayFixture *self = data;
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
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  relay_assert_carries (near, far, "x");
  peerup_stream_reset (far, 0x1234);
  relay_assert_reset (near, 0x1234);
  relay_await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_circuit_ends_with_a_connection (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) error = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  peerup_swarm_disconnect (self->b.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  error = relay_read_end (near);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  relay_await_number (self, "n-circuits", 0);
  return NULL;
}

/* Who has gone waits for no answer. */
static DexFuture *
test_source_goes_before_the_answer (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) hop = NULL;

  self->b.manner = STOP_SAYS_NOTHING;
  relay_peer_reserve (&self->b, &self->relay);
  hop = relay_peer_open_hop (&self->a, &self->relay);
  relay_say (hop, PEERUP_CIRCUIT_CONNECT, node_id (&self->b.node));
  g_assert_true (dex_await (dex_ref (DEX_FUTURE (self->b.was_asked)), NULL));
  g_assert_cmpuint (relay_get_number (self, "n-circuits"), ==, 1);
  peerup_swarm_disconnect (self->a.node.swarm, node_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
  relay_await_number (self, "n-circuits", 0);
  relay_assert_reset (self->b.stops->pdata[0], PEERUP_STREAM_CODE_NONE);
  return NULL;
}

static DexFuture *
test_limits_are_told (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL, free_near = NULL, free_far = NULL;

  self->settings.authorized = (PeerupCircuitLimit) { 0, 0 };
  self->settings.limit = (PeerupCircuitLimit) { 77, 0 };
  relay_change_settings (self);
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

/* Limits */

static void
assert_cut_at (RelayFixture *self, PeerupStream *from, PeerupStream *to, gsize limit, gsize sent)
{
  g_autofree guint8 *bytes = g_malloc0 (sent);

  relay_say_bytes (from, bytes, sent);
  relay_read (to, limit);
  relay_assert_reset (to, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  relay_assert_reset (from, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  relay_await_number (self, "n-circuits", 0);
}

static DexFuture *
test_data_limit (gpointer data)
{
  RelayFixture *self = data;

  self->settings.limit = (PeerupCircuitLimit) { 0, 100001 };
  relay_change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PeerupStream) near = NULL, far = NULL;
      guint64 before = relay_get_figures (self).bytes;

      relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
      assert_cut_at (self, i == 0 ? near : far, i == 0 ? far : near, 100001, 100002);
      g_assert_cmpuint (relay_get_figures (self).bytes - before, ==, 100001);
    }
  return NULL;
}

/* As much as the limit each way, and then the end. */
static DexFuture *
test_data_up_to_the_limit (gpointer data)
{
  RelayFixture *self = data;
  g_autofree guint8 *bytes = g_malloc0 (5000);
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (GError) end = NULL;

  self->settings.limit = (PeerupCircuitLimit) { 0, 5000 };
  relay_change_settings (self);
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
  relay_await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_duration_limit (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  gint64 before, after;

  self->settings.limit = (PeerupCircuitLimit) { 1, 0 };
  relay_change_settings (self);
  relay_peer_reserve (&self->b, &self->relay);
  before = g_get_monotonic_time ();
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  after = g_get_monotonic_time ();
  relay_assert_carries (near, far, "for a second");
  relay_assert_reset (near, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  g_assert_cmpint (g_get_monotonic_time () - before, >=, G_USEC_PER_SEC);
  g_assert_cmpint (g_get_monotonic_time () - after, <, 3 * G_USEC_PER_SEC);
  relay_assert_reset (far, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
  relay_await_number (self, "n-circuits", 0);
  return NULL;
}

static DexFuture *
test_circuits_of_one_peer_are_bounded (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) first = NULL, second = NULL, third = NULL;

  self->settings.max_circuits = 2;
  relay_change_settings (self);
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
  relay_await_number (self, "n-circuits", 1);
  relay_peer_connect (&self->a, &self->b, &self->relay, &third, NULL);
  relay_assert_carries (third, self->b.stops->pdata[2], "room again");
  return NULL;
}

/* The end */

static DexFuture *
test_drain_waits (gpointer data)
{
  RelayFixture *self = data;
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
  RelayFixture *self = data;
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
  RelayFixture *self = data;

  relay_peer_reserve (&self->b, &self->relay);
  g_assert_true (dex_await_boolean (peerup_relay_server_drain (self->server, test_deadline ()), NULL));
  return NULL;
}

/* Who was told that it serves no more asks anew, and circuits that the drain has left go on. */
static DexFuture *
test_resume (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL;
  g_autoptr (DexFuture) drained = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  drained = peerup_relay_server_drain (self->server, g_get_monotonic_time () + G_USEC_PER_SEC / 20);
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 0);
  peerup_relay_server_resume (self->server);
  g_assert_false (dex_await_boolean (dex_ref (drained), NULL));
  /* The deadline passes without anything. */
  dex_await (dex_timeout_new_msec (100), NULL);
  relay_assert_carries (near, far, "goes on");
  g_assert_cmpint (relay_peer_ask_status (&self->a, &self->relay, PEERUP_CIRCUIT_CONNECT, node_id (&self->b.node)), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  relay_peer_reserve (&self->b, &self->relay);
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 1);
  return NULL;
}

static DexFuture *
test_revoke (gpointer data)
{
  RelayFixture *self = data;
  g_autoptr (PeerupStream) near = NULL, far = NULL, other = NULL, other_far = NULL;

  relay_peer_reserve (&self->b, &self->relay);
  relay_peer_reserve (&self->c, &self->relay);
  relay_peer_connect (&self->a, &self->b, &self->relay, &near, &far);
  relay_peer_connect (&self->a, &self->c, &self->relay, &other, &other_far);
  peerup_relay_server_revoke (self->server, node_id (&self->b.node));
  relay_assert_reset (near, PEERUP_STREAM_CODE_GATED);
  relay_assert_reset (far, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (relay_get_number (self, "n-reservations"), ==, 1);
  g_assert_cmpuint (relay_get_number (self, "n-circuits"), ==, 1);
  relay_assert_carries (other, other_far, "not meant");
  /* Of the other end's circuits, too. */
  peerup_relay_server_revoke (self->server, node_id (&self->a.node));
  relay_assert_reset (other, PEERUP_STREAM_CODE_GATED);
  g_assert_cmpuint (relay_get_number (self, "n-circuits"), ==, 0);
  return NULL;
}

/* A circuit, one that the target has not answered, a hop stream that says nothing, and one of half a
 * message: none of them holds the server. */
static DexFuture *
test_finalized_in_the_middle (gpointer data)
{
  RelayFixture *self = data;
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
  g_assert_true (dex_await (dex_ref (DEX_FUTURE (self->c.was_asked)), NULL));
  g_assert_cmpuint (relay_get_number (self, "n-circuits"), ==, 2);
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

#define ADD(path, func) RELAY_ADD ("/relay/server/" path, func)

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
  ADD ("circuit/source-goes-before-the-answer", test_source_goes_before_the_answer);
  ADD ("circuit/limits-are-told", test_limits_are_told);
  ADD ("limits/data", test_data_limit);
  ADD ("limits/data-up-to-the-limit", test_data_up_to_the_limit);
  ADD ("limits/duration", test_duration_limit);
  ADD ("limits/circuits-of-one-peer", test_circuits_of_one_peer_are_bounded);
  ADD ("drain/waits", test_drain_waits);
  ADD ("drain/deadline", test_drain_has_a_deadline);
  ADD ("drain/nothing", test_drain_of_nothing);
  ADD ("drain/resume", test_resume);
  ADD ("revoke", test_revoke);
  ADD ("finalized-in-the-middle", test_finalized_in_the_middle);
  return g_test_run ();
}
