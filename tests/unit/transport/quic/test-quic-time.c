/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * When connections say something, and when they end: instants, to the microsecond, at which a
 * packet must leave, and spans in which none may. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS  1000
#define S   G_USEC_PER_SEC
#define DAY ((gint64) 24 * 3600 * S)

/* The last packet that @side sent or got by now, of those on the tape. */
static gint64
last_activity (World *world, Side *side)
{
  gint64 last = 0;

  for (guint i = 0; i < world->tape->len; i++)
    {
      Taped *taped = world->tape->pdata[i];
      gint64 at = taped->from == side ? taped->at : taped->at + world->delay;

      if (at <= world->now)
        last = MAX (last, at);
    }
  return last;
}

/* The last one it got. */
static gint64
last_received (World *world, Side *side)
{
  gint64 last = 0;

  for (guint i = 0; i < world->tape->len; i++)
    {
      Taped *taped = world->tape->pdata[i];

      if (taped->from != side && taped->at + world->delay <= world->now)
        last = MAX (last, taped->at + world->delay);
    }
  return last;
}

static void
assert_sent (World *world, Side *side, guint i, gint64 at)
{
  Taped *taped = world_taped (world, side, i);

  g_assert_nonnull (taped);
  g_assert_cmpint (taped->at, ==, at);
}

static void
assert_silent (World *world)
{
  g_assert_cmpuint (world->tape->len, ==, 0);
}

/* Idle */

/* A day on which one side wants the connection kept: it speaks 25 s after the last packet, always
 * and never sooner, and the other only answers. */
static void
test_keep_alive (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began = world->now, quiet, last;
  Link *client;
  guint n = 0;

  world_tape (world);
  client = world_connect (world);
  peerup_quic_conn_set_keep_alive (client->conn, TRUE);
  world_run (world, world->now + 10 * S);
  last = last_activity (world, &world->client);
  g_assert_cmpint (last, <, began + 100 * MS);
  world_tape (world);
  world_run (world, last + 25 * S - 1);
  assert_silent (world);
  g_assert_cmpint (peerup_quic_conn_get_deadline (client->conn), ==, last + 25 * S);
  world_run (world, last + 25 * S);
  g_assert_cmpuint (world->tape->len, ==, 1);
  assert_sent (world, &world->client, 0, last + 25 * S);

  world_run (world, began + DAY);
  g_assert_null (client->error);
  quiet = last;
  for (guint i = 0; i < world->tape->len; i++)
    {
      Taped *taped = world->tape->pdata[i];

      if (taped->from == &world->client && taped->at - quiet > S)
        {
          g_assert_cmpint (taped->at, ==, quiet + 25 * S);
          n++;
        }
      quiet = MAX (quiet, taped->from == &world->client ? taped->at : taped->at + world->delay);
    }
  /* One in 25 s and a round trip. */
  g_assert_cmpuint (n, >=, 3450);
  g_assert_cmpuint (n, <=, 3456);
  g_assert_cmpuint (world->tape->len, <=, 3 * n);
}

/* Nobody wants it: four minutes after the last packet each side forgets it, without a word. */
static void
test_idle (void)
{
  g_autoptr (World) world = world_new ();
  gint64 ends[2];
  Link *client, *server;

  world_tape (world);
  client = world_connect (world);
  world_run (world, world->now + S);
  server = world_accepted (world);
  ends[0] = last_received (world, &world->client) + 240 * S;
  ends[1] = last_received (world, &world->server) + 240 * S;
  g_assert_cmpint (ends[0], <, ends[1]);
  world_tape (world);
  world_run (world, ends[0] - 1);
  g_assert_null (client->error);
  world_run (world, ends[0]);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  world_run (world, ends[1] - 1);
  g_assert_null (server->error);
  world_run (world, ends[1]);
  g_assert_error (server->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  assert_silent (world);
  forge_assert_nothing_left (world);
  g_assert_cmpint (peerup_quic_conn_get_deadline (client->conn), ==, G_MAXINT64);
}

/* As rarely as was said, but not more rarely than the idle time allows. */
static void
test_keep_alive_interval (void)
{
  static const gint64 wanted[][2] = { { 60 * S, 60 * S }, { 1000 * S, 120 * S }, { 1, S } };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autoptr (World) world = world_new ();
      gint64 last;
      Link *client;

      world_tape (world);
      client = world_connect (world);
      peerup_quic_conn_set_keep_alive_interval (client->conn, wanted[i][0]);
      peerup_quic_conn_set_keep_alive (client->conn, TRUE);
      world_run (world, world->now + 500 * MS);
      last = last_activity (world, &world->client);
      world_tape (world);
      world_run (world, last + wanted[i][1] - 1);
      assert_silent (world);
      world_run (world, last + wanted[i][1]);
      assert_sent (world, &world->client, 0, last + wanted[i][1]);
      world_run (world, last + 1000 * S);
      g_assert_null (client->error);
    }
}

/* It is wanted for a while only. */
static void
test_unwanted (void)
{
  g_autoptr (World) world = world_new ();
  gint64 last;
  Link *client;

  world_tape (world);
  client = world_connect (world);
  peerup_quic_conn_set_keep_alive (client->conn, TRUE);
  world_run (world, world->now + 100 * S);
  g_assert_null (client->error);
  peerup_quic_conn_set_keep_alive (client->conn, FALSE);
  last = last_received (world, &world->client);
  world_tape (world);
  world_run (world, last + 240 * S - 1);
  g_assert_null (client->error);
  world_run (world, last + 240 * S);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  assert_silent (world);
}

/* Keeps a connection with a peer whose own idle timeout is @patience; when it was quiet last. */
static gint64
keep_for (World *world, gint64 patience)
{
  ForgeSession session = { .alpn = "libp2p", .idle_timeout = patience };
  Link *client = world_dial (world);

  world_tape (world);
  forge_session (client, &session);
  g_assert_true (world_run_until (world, &client->established));
  world_run (world, world->now + 100 * MS);
  peerup_quic_conn_set_keep_alive (world_accepted (world)->conn, TRUE);
  world_run (world, world->now + 400 * MS);
  return last_activity (world, &world->server);
}

/* The peer's patience is shorter than ours: half of it. */
static void
test_patience (void)
{
  static const gint64 patience[][2] = { { 60 * S, 25 * S }, { 30 * S, 15 * S }, { 10 * S, 5 * S }, { 4 * S, 2 * S } };

  for (guint i = 0; i < G_N_ELEMENTS (patience); i++)
    {
      g_autoptr (World) world = world_new ();
      gint64 last = keep_for (world, patience[i][0]);

      world_tape (world);
      world_run (world, last + patience[i][1] - 1);
      assert_silent (world);
      world_run (world, last + patience[i][1]);
      assert_sent (world, &world->server, 0, last + patience[i][1]);
      world_run (world, last + 100 * S);
      g_assert_null (world_accepted (world)->error);
    }
}

/* A peer cannot make us speak all the time by asking for a millisecond. */
static void
test_no_patience (void)
{
  g_autoptr (World) world = world_new ();

  keep_for (world, 1 * MS);
  world_tape (world);
  world_run (world, world->now + 10 * S);
  g_test_message ("%u", world->tape->len);
  g_assert_cmpuint (world->tape->len, <=, 3 * 10);
}

/* Silence while streams are open */

typedef struct
{
  World *world;
  Link *client;
  Flow *flow;
  gint64 last; /* that the client got before the line was cut */
} Silence;

static void
silence_begin (Silence *self)
{
  self->world = world_new ();
  world_tape (self->world);
  self->client = world_connect (self->world);
  self->flow = flow_open (self->client);
  flow_send_text (self->flow, "hello", FALSE);
  world_run (self->world, self->world->now + S);
  self->last = last_received (self->world, &self->world->client);
  self->world->filter = forge_lose_all;
  /* The server's own question is lost as well, and not looked at here. */
  self->world->server.is_puppet = TRUE;
  world_tape (self->world);
}

static void
silence_clear (Silence *self)
{
  flow_free (self->flow);
  world_free (self->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Silence, silence_clear)

/* The question leaves after 5 s, and the peer is lost 9 s later. */
static void
test_silence (void)
{
  g_auto (Silence) self = { 0 };

  silence_begin (&self);
  world_run (self.world, self.last + 5 * S - 1);
  assert_silent (self.world);
  world_run (self.world, self.last + 5 * S);
  assert_sent (self.world, &self.world->client, 0, self.last + 5 * S);
  world_run (self.world, self.last + 14 * S - 1);
  g_assert_null (self.client->error);
  g_assert_false (self.flow->failed);
  world_tape (self.world);
  world_run (self.world, self.last + 14 * S);
  g_assert_error (self.client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  /* The farewell, once. */
  g_assert_cmpuint (self.world->tape->len, ==, 1);
  world_run (self.world, self.last + 15 * S);
  g_assert_true (self.flow->failed);
  g_assert_cmpuint (self.world->tape->len, ==, 1);
}

/* An answer at the last moment counts. */
static void
test_silence_answered (void)
{
  g_auto (Silence) self = { 0 };

  silence_begin (&self);
  world_run (self.world, self.last + 13 * S);
  self.world->server.is_puppet = FALSE;
  self.world->filter = NULL;
  peerup_quic_conn_probe (self.client->conn, self.world->now);
  self.world->now = MAX (self.world->now, self.last + 13 * S);
  world_run (self.world, self.last + 40 * S);
  g_assert_null (self.client->error);
  g_assert_null (world_accepted (self.world)->error);
}

/* A process that was stopped for half a minute does not blame the peer: it asks first. */
static void
test_silence_stopped (void)
{
  g_auto (Silence) self = { 0 };
  gint64 woke;

  silence_begin (&self);
  woke = self.world->now = self.last + 30 * S;
  world_run (self.world, woke);
  g_assert_null (self.client->error);
  assert_sent (self.world, &self.world->client, 0, woke);
  world_run (self.world, woke + 9 * S - 1);
  g_assert_null (self.client->error);
  world_run (self.world, woke + 9 * S);
  g_assert_error (self.client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

/* Stopped between question and verdict: what has arrived meanwhile is looked at first. */
static void
test_silence_stopped_later (void)
{
  g_auto (Silence) self = { 0 };
  gint64 woke;

  silence_begin (&self);
  world_run (self.world, self.last + 6 * S);
  woke = self.world->now = self.last + 30 * S;
  world_run (self.world, woke);
  g_assert_null (self.client->error);
  world_run (self.world, woke + 9 * S - 1);
  g_assert_null (self.client->error);
  world_run (self.world, woke + 9 * S);
  g_assert_error (self.client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

/* A day with a stream on which nothing is said: a question and an answer in five seconds. */
static void
test_silent_stream (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  guint64 before;

  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + S);
  before = world->client.n_sent + world->server.n_sent;
  world_run (world, world->now + DAY);
  g_assert_null (client->error);
  g_assert_null (world_accepted (world)->error);
  g_assert_cmpuint (world->client.n_sent + world->server.n_sent - before, >=, 2 * (24 * 3600 / 5 - 100));
  g_assert_cmpuint (world->client.n_sent + world->server.n_sent - before, <=, 3 * 24 * 3600 / 5);
  /* And with its end the questions end: the next word is the keep-alive, which nobody wants here. */
  peerup_quic_channel_reset (flow->channel, 0);
  world_run (world, world->now + S);
  before = world->client.n_sent + world->server.n_sent;
  world_run (world, world->now + 58 * S);
  g_assert_null (client->error);
  g_assert_cmpuint (world->client.n_sent + world->server.n_sent, ==, before);
}

/* Handshakes */

/* RFC 9002 6.2: thrice 333 ms, then twice as long each time, until the dial is over. */
static void
test_dial (void)
{
  static const gint64 instants[] = { 0, 999 * MS, 2997 * MS, 6993 * MS };
  g_autoptr (World) world = world_new ();
  gint64 began = world->now;
  Link *client;

  world->filter = forge_lose_all;
  world_tape (world);
  client = world_dial (world);
  world_run (world, began + 10 * S - 1);
  g_assert_null (client->error);
  g_assert_cmpuint (world->tape->len, ==, G_N_ELEMENTS (instants));
  for (guint i = 0; i < G_N_ELEMENTS (instants); i++)
    assert_sent (world, &world->client, i, began + instants[i]);
  world_run (world, began + 10 * S);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (world->tape->len, ==, G_N_ELEMENTS (instants));
}

/* A token proves an address for ten seconds. */
static void
test_token (void)
{
  for (guint late = 0; late < 2; late++)
    {
      g_autoptr (World) world = world_new ();
      gint64 given;

      world->server.options.retry_from = 0;
      world_restart (world);
      world_tape (world);
      world_dial (world);
      world_run (world, world->now + 2 * world->delay);
      given = world_taped (world, &world->server, 0)->at;
      world->client.is_puppet = TRUE;
      world_clear_line (world);
      world_run (world, given + 10 * S - 1 + late);
      forge_inject (world, "192.0.2.1", 4001, world_taped (world, &world->client, 1)->bytes);
      g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1 - late);
    }
}

/* Ends */

/* Packets of who goes on are answered one, three, seven... after the end, for three probe timeouts; and
 * who was told says nothing. */
static void
test_farewell (void)
{
  g_autoptr (World) world = world_new ();
  guint8 packet[100] = { 0x40 };
  gint64 until, closed;
  Link *client, *server;
  ngtcp2_cid cid;
  guint expected = 1;

  client = world_connect (world);
  world_run (world, world->now + S);
  server = world_accepted (world);
  cid = g_array_index (client->conn->cids, ngtcp2_cid, 0);
  memcpy (packet + 1, cid.data, cid.datalen);
  world_tape (world);
  closed = world->now;
  peerup_quic_conn_close (client->conn, 0x1006, NULL, closed);
  g_assert_nonnull (client->error);
  g_assert_cmpuint (world->tape->len, ==, 1);
  until = peerup_quic_conn_get_deadline (client->conn);
  for (guint i = 1; i <= 1000; i++)
    {
      world_inject (world, &world->client, &world->server.address, packet, sizeof packet);
      /* i + 1 is a power of two. */
      expected += ((i + 1) & i) == 0;
      g_assert_cmpuint (world->tape->len, ==, expected);
    }
  g_assert_cmpuint (expected, ==, 10);
  g_assert_true (
    g_bytes_equal (world_taped (world, &world->client, 0)->bytes, world_taped (world, &world->client, 9)->bytes));
  g_assert_cmpint (until - closed, >, 3 * 2 * world->delay);
  g_assert_cmpint (until - closed, <, 400 * MS);
  world_run (world, until - 1);
  g_assert_false (peerup_quic_conn_is_gone (client->conn));
  world_run (world, until);
  g_assert_true (peerup_quic_conn_is_gone (client->conn));
  world_inject (world, &world->client, &world->server.address, packet, sizeof packet);
  g_assert_null (world_taped (world, &world->client, 10));
  /* The other side heard of it and is silent. */
  g_assert_cmphex (peerup_quic_conn_get_remote_code (server->conn), ==, 0x1006);
  g_assert_null (world_taped (world, &world->server, 0));
}

static void
test_draining (void)
{
  g_autoptr (World) world = world_new ();
  guint8 packet[100] = { 0x40 };
  gint64 until;
  Link *client, *server;
  ngtcp2_cid cid;

  client = world_connect (world);
  world_run (world, world->now + S);
  server = world_accepted (world);
  peerup_quic_conn_close (client->conn, 0, NULL, world->now);
  world_run (world, world->now + world->delay);
  g_assert_nonnull (server->error);
  world_tape (world);
  cid = g_array_index (server->conn->cids, ngtcp2_cid, 1);
  memcpy (packet + 1, cid.data, cid.datalen);
  until = peerup_quic_conn_get_deadline (server->conn);
  g_assert_cmpint (until, <, world->now + 400 * MS);
  world->client.is_puppet = TRUE;
  world_run (world, until - 1);
  for (guint i = 0; i < 100; i++)
    world_inject (world, &world->server, &world->client.address, packet, sizeof packet);
  assert_silent (world);
  world_run (world, until);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  /* From then on it is a stranger's, which gets a stateless reset. */
  world_inject (world, &world->server, &world->client.address, packet, sizeof packet);
  g_assert_cmpuint (world->tape->len, ==, 1);
}

/* The clock */

/* A time before the last is as good as that, for every call; ngtcp2 would end the process. */
static void
test_backwards (void)
{
  g_autoptr (World) world = world_new ();
  guint8 buffer[65536];
  PeerupDatagrams datagrams = { .data = buffer };
  Link *client = world_connect (world), *server = world_accepted (world);
  g_autoptr (Flow) flow = flow_open (client);
  PeerupSocketAddress other;

  g_assert_true (peerup_socket_address_set (&other, "192.0.2.77", 1));
  world_tape (world);
  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + S);
  world->now -= 500 * MS;
  peerup_quic_conn_expire (client->conn, world->now - S);
  peerup_quic_conn_expire (server->conn, 0);
  peerup_quic_conn_probe (client->conn, world->now - S);
  peerup_quic_conn_update_keys (client->conn, 1);
  peerup_quic_conn_migrate (client->conn, &other, TRUE, 2);
  while (peerup_quic_conn_write (client->conn, &datagrams, sizeof buffer, world->now - 2 * S))
    datagrams = (PeerupDatagrams) { .data = buffer };
  world_inject (world, &world->server, &world->client.address,
                g_bytes_get_data (world_taped (world, &world->client, 0)->bytes, NULL),
                g_bytes_get_size (world_taped (world, &world->client, 0)->bytes));
  world_run (world, world->now + 5 * S);
  g_assert_null (client->error);
  peerup_quic_conn_close (client->conn, 0, NULL, 0);
  world_run (world, world->now + 5 * S);
  forge_assert_nothing_left (world);
}

/* Late timers: a machine that is looked at every seven seconds only neither spins nor loses its
 * connections. */
static void
test_late (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);

  peerup_quic_conn_set_keep_alive (client->conn, TRUE);
  for (guint i = 0; i < 1000; i++)
    {
      gint64 until = world->now + 7 * S;

      world->now = until;
      world_run (world, until);
      world_run (world, until + 100 * MS);
    }
  g_assert_null (client->error);
  g_assert_null (world_accepted (world)->error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/time/keep-alive", test_keep_alive);
  g_test_add_func ("/quic/time/idle", test_idle);
  g_test_add_func ("/quic/time/keep-alive-interval", test_keep_alive_interval);
  g_test_add_func ("/quic/time/unwanted", test_unwanted);
  g_test_add_func ("/quic/time/patience", test_patience);
  g_test_add_func ("/quic/time/patience/none", test_no_patience);
  g_test_add_func ("/quic/time/silence", test_silence);
  g_test_add_func ("/quic/time/silence/answered", test_silence_answered);
  g_test_add_func ("/quic/time/silence/stopped", test_silence_stopped);
  g_test_add_func ("/quic/time/silence/stopped-later", test_silence_stopped_later);
  g_test_add_func ("/quic/time/silent-stream", test_silent_stream);
  g_test_add_func ("/quic/time/dial", test_dial);
  g_test_add_func ("/quic/time/token", test_token);
  g_test_add_func ("/quic/time/farewell", test_farewell);
  g_test_add_func ("/quic/time/draining", test_draining);
  g_test_add_func ("/quic/time/backwards", test_backwards);
  g_test_add_func ("/quic/time/late", test_late);
  return g_test_run ();
}
