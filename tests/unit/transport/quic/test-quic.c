/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * QUIC between two machines over a simulated network: handshakes, streams and their ends. */

#include <string.h>

#include "quic-world.h"
#include "transport/peerup-connection.h"
#include "wire/peerup-error.h"

static void
test_handshake (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began = world->now;
  Link *client = world_dial (world);
  Link *server;

  g_assert_true (world_run_until (world, &client->established));
  /* One round trip. */
  g_assert_cmpint (world->now - began, <, 2 * world->delay + 5000);
  world_run (world, world->now + 50 * 1000);
  server = world_accepted (world);
  g_assert_true (server->established);
  g_assert_true (peerup_public_key_equal (peerup_quic_conn_get_remote_key (server->conn),
                                          peerup_private_key_get_public_key (world->client.key)));
  g_assert_true (peerup_public_key_equal (peerup_quic_conn_get_remote_key (client->conn),
                                          peerup_private_key_get_public_key (world->server.key)));
  g_assert_cmpuint (world->server.n_admitted, ==, 1);
  g_assert_cmpuint (world->server.n_released, ==, 1);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
  peerup_quic_conn_close (client->conn, 0x1006, NULL, world->now);
  world_run (world, world->now + G_USEC_PER_SEC);
  g_assert_cmpuint (client->n_closed, ==, 1);
  g_assert_cmpuint (server->n_closed, ==, 1);
  g_assert_cmpuint (peerup_quic_conn_get_remote_code (server->conn), ==, 0x1006);
  world_run (world, world->now + 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->client.quic), ==, 0);
}

static void
test_echo (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (3 * 1000 * 1000);
  g_autoptr (Flow) flow = NULL;
  g_autoptr (GBytes) got = NULL;
  Link *client;

  world->server.echo = TRUE;
  client = world_connect (world);
  flow = flow_open (client);
  flow_send (flow, pattern, TRUE);
  g_assert_true (world_run_until (world, &flow->ended));
  got = g_bytes_new (flow->received->data, flow->received->len);
  g_assert_true (g_bytes_equal (got, pattern));
  world_run (world, world->now + G_USEC_PER_SEC);
  g_assert_true (peerup_quic_channel_is_done (flow->channel));
  g_assert_cmpuint (peerup_quic_conn_get_n_channels (client->conn), ==, 0);
  g_assert_cmpuint (client->n_drained, ==, 1);
}

/* A request right behind the handshake is answered after two round trips, whatever the handshake
 * has cost of the pace, and the next one after one more. */
static void
test_first_answer (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (Flow) flow = NULL;
  g_autoptr (Flow) next = NULL;
  gint64 began;
  Link *client;

  world->delay = 34000;
  world->server.echo = TRUE;
  began = world->now;
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  flow = flow_open (client);
  flow_send_text (flow, "hello", TRUE);
  g_assert_true (world_run_until (world, &flow->ended));
  g_assert_cmpint (world->now - began, <, 4 * world->delay + 1000);
  began = world->now;
  next = flow_open (client);
  flow_send_text (next, "hello", TRUE);
  g_assert_true (world_run_until (world, &next->ended));
  g_assert_cmpint (world->now - began, <, 2 * world->delay + 1000);
}

static void
test_wrong_peer (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (PeerupPrivateKey) other = peerup_private_key_generate (NULL);
  Link *client;

  peerup_peer_id_unref (world->server.peer);
  world->server.peer = peerup_peer_id_new_from_public_key (peerup_private_key_get_public_key (other));
  client = world_dial (world);
  world_run (world, world->now + 30 * G_USEC_PER_SEC);
  g_assert_false (client->established);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_false (world_accepted (world)->established);
  g_assert_cmpuint (world->server.n_released, ==, 1);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

static void
test_reset (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  Flow *far;
  guint32 code;

  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + 100 * 1000);
  far = world_accepted (world)->flows->pdata[0];
  g_assert_cmpuint (far->n_received, ==, 5);
  peerup_quic_channel_reset (flow->channel, 0x1005);
  world_run (world, world->now + 100 * 1000);
  g_assert_true (far->failed);
  g_assert_true (peerup_quic_channel_is_reset (far->channel, &code));
  g_assert_cmphex (code, ==, 0x1005);
  g_assert_false (peerup_quic_channel_can_write (far->channel));
  g_assert_cmpuint (peerup_quic_conn_get_n_channels (client->conn), ==, 0);
}

/* Each direction ends by itself, and STOP_SENDING ends what the peer writes. */
static void
test_half_close (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  g_autoptr (Flow) other = flow_open (client);
  Flow *far;

  flow_send_text (flow, "question", TRUE);
  world_run (world, world->now + 100 * 1000);
  far = world_accepted (world)->flows->pdata[0];
  g_assert_true (far->ended);
  flow_send_text (far, "answer", TRUE);
  world_run (world, world->now + 100 * 1000);
  g_assert_true (flow->ended);
  g_assert_cmpmem (flow->received->data, flow->received->len, "answer", 6);

  flow_send_text (other, "one", FALSE);
  world_run (world, world->now + 100 * 1000);
  far = world_accepted (world)->flows->pdata[1];
  peerup_quic_channel_close_read (other->channel);
  world_run (world, world->now + 100 * 1000);
  flow_send_text (far, "nobody reads this", FALSE);
  world_run (world, world->now + 100 * 1000);
  g_assert_false (peerup_quic_channel_can_write (far->channel));
  /* The other way lives on. */
  g_clear_pointer (&other->sending, g_bytes_unref);
  other->sent = 0;
  flow_send_text (other, "two", TRUE);
  world_run (world, world->now + 100 * 1000);
  g_assert_cmpmem (far->received->data, far->received->len, "onetwo", 6);
  g_assert_true (far->ended);
  g_assert_cmpuint (peerup_quic_conn_get_n_channels (client->conn), ==, 0);
}

/* A server that asks for a Retry connects after one more round trip. */
static void
test_retry (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began = world->now;
  Link *client;

  world->server.options.retry_from = 0;
  world_restart (world);
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, >=, 4 * world->delay);
  g_assert_cmpint (world->now - began, <, 4 * world->delay + 5000);
  g_assert_cmpuint (world->server.n_admitted, ==, 1);
}

static gboolean
keep_answer (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  if (from == &world->server)
    g_byte_array_append (data, datagram->data, datagram->length);
  return TRUE;
}

/* Version 2 (RFC 9369) is one that ngtcp2 would speak and libp2p does not, the other nobody knows. */
static void
test_other_versions (void)
{
  static const guint8 headers[][26] = {
    { 0xd3, 0x6b, 0x33, 0x43, 0xcf, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 11, 12, 13, 14, 15, 16, 17, 18, 0, 0x44, 0x98 },
    { 0xc3, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 11, 12, 13, 14, 15, 16, 17, 18, 0, 0x44, 0x98 },
  };
  /* RFC 9000 17.2.1; the first byte is one of many. */
  static const guint8 expected[] = { 0, 0, 0, 0, 8, 11, 12, 13, 14, 15, 16, 17, 18,
                                     8, 1, 2, 3, 4, 5,  6,  7,  8,  0,  0,  0,  1 };

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr (World) world = world_new ();
      g_autoptr (GByteArray) answer = g_byte_array_new ();
      guint8 initial[1200] = { 0 };

      world->filter = keep_answer;
      world->filter_data = answer;
      memcpy (initial, headers[i], sizeof headers[i]);
      world_inject (world, &world->server, &world->client.address, initial, sizeof initial);
      world_run (world, world->now + G_USEC_PER_SEC);
      g_assert_cmpuint (world->server.n_admitted, ==, 0);
      g_assert_cmpuint (answer->len, >, 1);
      g_assert_cmphex (answer->data[0] & 0x80, ==, 0x80);
      g_assert_cmpmem (answer->data + 1, answer->len - 1, expected, sizeof expected);
    }
}

static gboolean
lose_some (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  GRand *rand = data;

  if (g_rand_int_range (rand, 0, 1000) < 30)
    return FALSE;
  if (g_rand_int_range (rand, 0, 1000) < 50)
    *delay += g_rand_int_range (rand, 0, 20000);
  return TRUE;
}

/* Three in a hundred are lost and five come late. */
static void
test_loss (gconstpointer data)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (2 * 1000 * 1000);
  g_autoptr (GBytes) got = NULL;
  g_autoptr (Flow) flow = NULL;
  GRand *rand = g_rand_new_with_seed (7);
  PeerupQuicFigures figures;
  Link *client;

  world->server.echo = TRUE;
  world->client.options.bbr = world->server.options.bbr = GPOINTER_TO_INT (data);
  world_restart (world);
  client = world_connect (world);
  world->filter = lose_some;
  world->filter_data = rand;
  flow = flow_open (client);
  flow_send (flow, pattern, TRUE);
  g_assert_true (world_run_until (world, &flow->ended));
  got = g_bytes_new (flow->received->data, flow->received->len);
  g_assert_true (g_bytes_equal (got, pattern));
  peerup_quic_conn_get_figures (client->conn, &figures);
  g_assert_cmpuint (figures.packets_lost, >, 10);
  g_assert_cmpint (figures.rtt, >=, 2 * world->delay);
  g_rand_free (rand);
}

/* A peer that is silent while streams are open is lost after 14 s, not sooner. */
static gboolean
lose_all (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return FALSE;
}

static void
test_dead_peer (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  gint64 silent_since;

  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + 3 * G_USEC_PER_SEC);
  world->filter = lose_all;
  silent_since = world->now;
  world_run (world, silent_since + 10 * G_USEC_PER_SEC);
  g_assert_null (client->error);
  world_run (world, silent_since + 15 * G_USEC_PER_SEC);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_true (flow->failed);
}

/* A day without a stream: kept when that is wanted, and quiet; ended after four minutes when not. */
static void
test_idle (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world), *second;
  gint64 day = (gint64) 24 * 3600 * G_USEC_PER_SEC;
  guint64 before;

  peerup_quic_conn_set_keep_alive (client->conn, TRUE);
  before = world->client.n_sent + world->server.n_sent;
  world_run (world, world->now + day);
  g_assert_null (client->error);
  g_assert_cmpuint (world->client.n_sent + world->server.n_sent - before, <, 24 * 3600 / 25 * 3);
  g_assert_cmpuint (world->client.n_sent + world->server.n_sent - before, >, 24 * 3600 / 25);
  peerup_quic_conn_set_keep_alive (client->conn, FALSE);
  second = world_connect (world);
  world_run (world, world->now + 250 * G_USEC_PER_SEC);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_error (second->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/handshake", test_handshake);
  g_test_add_func ("/quic/echo", test_echo);
  g_test_add_func ("/quic/first-answer", test_first_answer);
  g_test_add_func ("/quic/wrong-peer", test_wrong_peer);
  g_test_add_func ("/quic/reset", test_reset);
  g_test_add_func ("/quic/half-close", test_half_close);
  g_test_add_func ("/quic/retry", test_retry);
  g_test_add_func ("/quic/other-versions", test_other_versions);
  g_test_add_data_func ("/quic/loss/cubic", GINT_TO_POINTER (FALSE), test_loss);
  g_test_add_data_func ("/quic/loss/bbr", GINT_TO_POINTER (TRUE), test_loss);
  g_test_add_func ("/quic/dead-peer", test_dead_peer);
  g_test_add_func ("/quic/idle", test_idle);
  return g_test_run ();
}
