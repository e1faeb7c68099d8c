/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Peers who mean harm, behind a handshake that is in order: what they send may end their own
 * connection, and costs us no more memory or packets than the bounds that stand here. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC
#define KB 1024
#define MB (1024 * 1024)

static PeerupSocketAddress
make_spoofed (guint i)
{
  g_autofree char *host = g_strdup_printf ("10.%u.%u.%u", i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff);
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 1024 + i % 60000));
  return address;
}

typedef struct
{
  World *world;
  Forge *forge;
  Link *client, *server;
  GByteArray *frames;
  guint64 n; /* of the next frame, for whoever counts */
} Attack;

static void
attack_init (Attack *self)
{
  self->world = world_new ();
  self->frames = g_byte_array_new ();
  self->client = world_dial (self->world);
  self->forge = forge_new (self->client);
  g_assert_true (world_run_until (self->world, &self->client->established));
  world_run (self->world, self->world->now + S);
  self->server = world_accepted (self->world);
  g_assert_true (self->server->established);
}

static void
attack_clear (Attack *self)
{
  forge_free (self->forge);
  g_byte_array_unref (self->frames);
  world_free (self->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attack, attack_clear)

static void
add (Attack *self, guint64 value)
{
  forge_add (self->frames, value);
}

static void
add_bytes (Attack *self, gsize count)
{
  guint8 bytes[64];

  for (gsize i = 0; i < count; i++)
    bytes[i] = g_test_rand_int ();
  g_byte_array_append (self->frames, bytes, count);
}

static void
send_as (Attack *self, Side *as)
{
  forge_send (self->forge, as, self->frames->data, self->frames->len);
  g_byte_array_set_size (self->frames, 0);
}

/* What a packet is filled with, frame by frame. */
typedef void (*AddFunc) (Attack *self);

static void
add_new_id (Attack *self)
{
  guint64 seq = 100 + self->n++;

  add (self, 0x18);
  add (self, seq);
  add (self, seq);
  add (self, 8);
  add_bytes (self, 8 + 16);
}

static void
add_new_id_kept (Attack *self)
{
  add (self, 0x18);
  add (self, 100 + self->n++);
  add (self, 0);
  add (self, 8);
  add_bytes (self, 8 + 16);
}

static void
add_retired_id (Attack *self)
{
  add (self, 0x19);
  add (self, 1 + self->n++ % 6);
}

static void
add_retired_next (Attack *self)
{
  add (self, 0x19);
  add (self, 1 + self->n++);
}

static void
add_challenge (Attack *self)
{
  add (self, 0x1a);
  add_bytes (self, 8);
}

static void
add_response (Attack *self)
{
  add (self, 0x1b);
  add_bytes (self, 8);
}

static void
add_done (Attack *self)
{
  add (self, 0x1e);
}

static void
add_ping (Attack *self)
{
  add (self, 0x01);
}

static void
add_windows (Attack *self)
{
  add (self, 0x10);
  add (self, (G_GUINT64_CONSTANT (1) << 62) - 1);
  add (self, 0x12);
  add (self, G_GUINT64_CONSTANT (1) << 60);
  add (self, 0x14);
  add (self, self->n++);
  add (self, 0x16);
  add (self, self->n);
}

static void
add_streams_max (Attack *self)
{
  add (self, 0x12);
  add (self, (G_GUINT64_CONSTANT (1) << 60) + 1);
}

static void
add_token (Attack *self)
{
  add (self, 0x07);
  add (self, 32);
  add_bytes (self, 32);
}

static void
add_crypto (Attack *self)
{
  add (self, 0x06);
  add (self, self->n);
  add (self, 32);
  self->n += 32;
  add_bytes (self, 32);
}

static void
add_crypto_gaps (Attack *self)
{
  add (self, 0x06);
  add (self, 1 + 2 * self->n++);
  add (self, 1);
  add_bytes (self, 1);
}

static void
add_ack_ahead (Attack *self)
{
  add (self, 0x02);
  add (self, 1 << 29);
  add (self, 0);
  add (self, 0);
  add (self, 0);
}

/* Nothing of ours is acknowledged by it: a range of no end. */
static void
add_ack_ranges (Attack *self)
{
  add (self, 0x02);
  add (self, 1);
  add (self, 0);
  add (self, 1 << 20);
  add (self, 0);
}

static void
add_unknown (Attack *self)
{
  add (self, 0x21);
}

static void
add_datagram (Attack *self)
{
  add (self, 0x31);
  add (self, 8);
  add_bytes (self, 8);
}

static void
add_stream (Attack *self, guint64 id, guint64 offset, gsize length, gboolean fin)
{
  add (self, fin ? 0x0f : 0x0e);
  add (self, id);
  add (self, offset);
  add (self, length);
  add_bytes (self, length);
}

static void
add_unidirectional (Attack *self)
{
  add_stream (self, 2 + 4 * self->n++, 0, 1, FALSE);
}

static void
add_ours (Attack *self)
{
  add_stream (self, 1, 0, 1, FALSE);
}

/* Opened and never written. */
static void
add_empty (Attack *self)
{
  add_stream (self, 4 * self->n++, 0, 0, FALSE);
}

static void
add_last_allowed (Attack *self)
{
  add_stream (self, 4 * (PEERUP_QUIC_STREAMS_MAX - 1), 0, 1, FALSE);
}

static void
add_beyond_window (Attack *self)
{
  add_stream (self, 0, PEERUP_QUIC_STREAM_WINDOW, 1, FALSE);
}

static void
add_beyond_connection (Attack *self)
{
  add_stream (self, 4 * self->n++, PEERUP_QUIC_STREAM_WINDOW - 1, 1, FALSE);
}

static void
add_two_ends (Attack *self)
{
  add_stream (self, 0, 10 + self->n++, 1, TRUE);
}

/* Every other byte of a window. */
static void
add_crumbs (Attack *self)
{
  self->n++;
  add_stream (self, 0, 1 + 2 * self->n % PEERUP_QUIC_STREAM_WINDOW, 1, FALSE);
}

/* Each stream is opened with something to read and taken back at once (the rapid reset of HTTP/2). */
static void
add_reset (Attack *self)
{
  guint64 id = 4 * self->n++;

  add_stream (self, id, 0, 5, FALSE);
  add (self, 0x04);
  add (self, id);
  add (self, 7);
  add (self, 5);
  add (self, 0x05);
  add (self, id);
  add (self, 7);
}

static void
add_stop (Attack *self)
{
  add (self, 0x05);
  add (self, 0);
  add (self, self->n++);
}

static void
add_stop_unknown (Attack *self)
{
  add (self, 0x05);
  add (self, 1);
  add (self, 0);
}

typedef enum
{
  SURVIVES,
  ENDS,
  EITHER,
} Outcome;

typedef struct
{
  const char *name;
  AddFunc add;
  guint n_packets;
  Outcome outcome;
  gsize heap; /* bytes by which it may grow */
  gboolean at_client;
} Flood;

/* Named by the rows of the table of attacks where they stand there. */
static const Flood floods[] = {
  { "row-5/streams-never-written", add_empty, 100, ENDS, 4 * MB, FALSE },
  { "row-5/streams-all-at-once", add_last_allowed, 1, SURVIVES, 4 * MB, FALSE },
  { "row-20/new-connection-id", add_new_id, 4000, EITHER, 64 * KB, FALSE },
  { "row-20/new-connection-id/at-client", add_new_id, 4000, EITHER, 64 * KB, TRUE },
  { "row-20/new-connection-id/kept", add_new_id_kept, 10, ENDS, 64 * KB, FALSE },
  { "row-20/retire-connection-id", add_retired_id, 4000, EITHER, 64 * KB, FALSE },
  { "row-20/retire-connection-id/next", add_retired_next, 4000, EITHER, 64 * KB, FALSE },
  { "row-21/path-challenge", add_challenge, 4000, SURVIVES, 64 * KB, FALSE },
  { "row-21/path-challenge/at-client", add_challenge, 4000, SURVIVES, 64 * KB, TRUE },
  { "row-21/path-response", add_response, 4000, SURVIVES, 64 * KB, FALSE },
  { "row-21/handshake-done", add_done, 1, ENDS, 64 * KB, FALSE },
  { "row-21/handshake-done/at-client", add_done, 1000, SURVIVES, 64 * KB, TRUE },
  { "ping", add_ping, 4000, SURVIVES, 64 * KB, FALSE },
  { "windows", add_windows, 4000, EITHER, 64 * KB, FALSE },
  { "streams-max", add_streams_max, 1, ENDS, 64 * KB, FALSE },
  { "new-token", add_token, 1, ENDS, 64 * KB, FALSE },
  { "new-token/at-client", add_token, 4000, SURVIVES, 64 * KB, TRUE },
  { "crypto", add_crypto, 4000, SURVIVES, 64 * KB, FALSE },
  { "crypto/at-client", add_crypto, 4000, SURVIVES, 64 * KB, TRUE },
  { "crypto/gaps", add_crypto_gaps, 4000, ENDS, 8 * MB, FALSE },
  { "ack/ahead", add_ack_ahead, 1, ENDS, 64 * KB, FALSE },
  { "ack/ranges", add_ack_ranges, 1, ENDS, 64 * KB, FALSE },
  { "unknown-frame", add_unknown, 1, ENDS, 64 * KB, FALSE },
  { "datagram", add_datagram, 1, ENDS, 64 * KB, FALSE },
  { "unidirectional", add_unidirectional, 1, ENDS, 64 * KB, FALSE },
  { "our-stream", add_ours, 1, ENDS, 64 * KB, FALSE },
  { "stream-window", add_beyond_window, 1, ENDS, 64 * KB, FALSE },
  { "connection-window", add_beyond_connection, 10, ENDS, 256 * KB, FALSE },
  { "two-ends", add_two_ends, 10, ENDS, 64 * KB, FALSE },
  { "crumbs", add_crumbs, 4000, EITHER, 64 * MB, FALSE },
  { "reset", add_reset, 4000, EITHER, 4 * MB, FALSE },
  { "stop", add_stop, 4000, EITHER, 64 * KB, FALSE },
  { "stop/unknown", add_stop_unknown, 1, ENDS, 64 * KB, FALSE },
};

static void
test_flood (gconstpointer data)
{
  const Flood *flood = data;
  g_auto (Attack) attack = { 0 };
  Side *as, *to;
  Link *link;
  gsize heap, highest = 0;
  guint64 sent, received;

  attack_init (&attack);
  as = flood->at_client ? &attack.world->server : &attack.world->client;
  to = flood->at_client ? &attack.world->client : &attack.world->server;
  link = flood->at_client ? attack.client : attack.server;
  /* Who sends acknowledgements only is not asked for more. */
  to->no_reading = TRUE;
  flood->add (&attack);
  as->is_puppet = TRUE;
  heap = forge_get_heap ();
  sent = to->bytes_sent;
  received = to->bytes_received;
  for (guint i = 0; i < flood->n_packets && link->error == NULL; i++)
    {
      while (flood->n_packets > 1 && attack.frames->len < 1100)
        flood->add (&attack);
      send_as (&attack, as);
      if (i % 16 == 0)
        world_run (attack.world, attack.world->now + 2 * MS);
      highest = MAX (highest, forge_get_heap ());
      g_assert_cmpuint (link->conn->cids->len, <=, 32);
      g_assert_cmpuint (link->conn->channels.length, <=, PEERUP_QUIC_STREAMS_MAX);
    }
  world_run (attack.world, attack.world->now + 50 * MS);
  g_test_message ("%s, %" G_GSIZE_FORMAT " KB, sent %" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT,
                  link->error != NULL ? link->error->message : "alive", highest > heap ? (highest - heap) / KB : 0,
                  to->bytes_sent - sent, to->bytes_received - received);
  g_assert_cmpuint (highest, <, heap + flood->heap);
  g_assert_cmpuint (to->bytes_sent - sent, <=, 2 * (to->bytes_received - received) + 4 * KB);
  if (flood->outcome != EITHER)
    g_assert_true ((link->error != NULL) == (flood->outcome == ENDS));
  if (link->error != NULL)
    g_assert_error (link->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  world_run (attack.world, attack.world->now + PEERUP_QUIC_IDLE_TIMEOUT + 60 * S);
  g_assert_cmpuint (peerup_quic_get_n_conns (to->quic), ==, 0);
  g_assert_cmpuint (g_hash_table_size (to->quic->cids), ==, 0);
}

/* Row 21: challenges from ever other addresses get no more than three times their size back, and
 * the connection keeps its path. */
static void
test_challenges_from_everywhere (void)
{
  g_auto (Attack) attack = { 0 };
  PeerupSocketAddress local, remote;
  guint64 sent;
  gsize heap;

  attack_init (&attack);
  attack.world->client.is_puppet = TRUE;
  heap = forge_get_heap ();
  sent = attack.world->server.bytes_sent;
  for (guint i = 0; i < 5000; i++)
    {
      PeerupSocketAddress from = make_spoofed (i);

      add_challenge (&attack);
      while (attack.frames->len < 1100)
        add (&attack, 0);
      forge_send_from (attack.forge, &attack.world->client, &from, attack.frames->data, attack.frames->len);
      g_byte_array_set_size (attack.frames, 0);
      if (i % 16 == 0)
        world_run (attack.world, attack.world->now + MS);
    }
  g_assert_cmpuint (attack.world->server.bytes_sent - sent, <=, 3 * 5000 * 1130);
  g_assert_cmpuint (forge_get_heap (), <, heap + 256 * KB);
  g_assert_null (attack.server->error);
  peerup_quic_conn_get_path (attack.server->conn, &local, &remote);
  g_assert_true (peerup_socket_address_equal (&remote, &attack.world->client.address));
}

/* Row 21: HANDSHAKE_DONE of a client whose handshake is not done is not looked at, and does not pile up. */
static gboolean
lose_finished (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  return from == &world->server || world->now == *(gint64 *) data;
}

static void
test_early_frames (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (Forge) forge = NULL;
  gint64 began = world->now;
  Link *client = world_dial (world);
  static const guint8 done[] = { 0x1e };
  gsize heap;

  forge = forge_new (client);
  world->filter = lose_finished;
  world->filter_data = &began;
  g_assert_true (world_run_until (world, &client->established));
  forge_send (forge, &world->client, done, sizeof done);
  heap = forge_get_heap ();
  for (guint i = 0; i < 4000; i++)
    forge_send (forge, &world->client, done, sizeof done);
  g_assert_cmpuint (forge_get_heap (), <, heap + 64 * KB);
  g_assert_null (world_accepted (world)->error);
  g_assert_false (world_accepted (world)->established);
  world_run (world, began + 10 * S + 100 * MS);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

/* Bounds of what we keep for others */

/* It takes any amount, and acknowledges nothing. */
static void
test_never_acknowledged (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (8 * MB);
  ForgeSession session = { .alpn = "libp2p", .window = 1 << 30 };
  Link *client = world_dial (world), *server;
  GPtrArray *flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);

  forge_session (client, &session);
  g_assert_true (world_run_until (world, &client->established));
  world_run (world, world->now + S);
  server = world_accepted (world);
  world->client.is_puppet = TRUE;
  for (guint i = 0; i < 100; i++)
    {
      g_ptr_array_add (flows, flow_open (server));
      flow_send (flows->pdata[i], pattern, TRUE);
    }
  for (guint s = 0; s < 20; s++)
    {
      world_run (world, world->now + S);
      /* The bound of all, and a little for each that has nothing. */
      g_assert_cmpuint (server->conn->unacked, <=, 4 * MB + 100 * 16 * KB + 64 * KB);
    }
  g_assert_error (server->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (server->conn->unacked, ==, 0);
  g_ptr_array_unref (flows);
}

/* A hundred streams that nobody reads at the other end: the writer keeps no more than its bound. */
static void
test_never_read (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) pattern = make_pattern (2 * MB);
  GPtrArray *flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  Link *client;

  world->server.no_reading = TRUE;
  client = world_connect (world);
  for (guint i = 0; i < 100; i++)
    {
      g_ptr_array_add (flows, flow_open (client));
      flow_send (flows->pdata[i], pattern, TRUE);
    }
  world_run (world, world->now + 30 * S);
  g_assert_null (client->error);
  g_assert_cmpuint (client->conn->unsent, <=, 4 * MB + 100 * 16 * KB);
  /* What is free of the window, and one window more. */
  g_assert_cmpuint (world_accepted (world)->conn->waiting, <=, 8 * MB + PEERUP_QUIC_CONNECTION_WINDOW);
  g_ptr_array_unref (flows);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/attacks/", floods[i].name, NULL);

      g_test_add_data_func (path, &floods[i], test_flood);
    }
  g_test_add_func ("/quic/attacks/row-21/path-challenge/everywhere", test_challenges_from_everywhere);
  g_test_add_func ("/quic/attacks/row-21/early", test_early_frames);
  g_test_add_func ("/quic/attacks/never-acknowledged", test_never_acknowledged);
  g_test_add_func ("/quic/attacks/never-read", test_never_read);
  return g_test_run ();
}
