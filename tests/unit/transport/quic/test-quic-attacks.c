/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Peers and strangers who mean harm: what they send may end their own connection, and costs us no
 * more memory or packets than the bounds that stand here. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC
#define KB 1024
#define MB (1024 * 1024)

/* Strangers */

static PeerupSocketAddress
make_spoofed (guint i)
{
  g_autofree char *host = g_strdup_printf ("10.%u.%u.%u", i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff);
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, 1024 + i % 60000));
  return address;
}

/* The same as another client would say it: nobody looks behind the IDs before the address is proved. */
static void
change_ids (guint8 *initial, guint i)
{
  memcpy (initial + 6, &i, sizeof i);
  memcpy (initial + 7 + initial[5], &i, sizeof i);
}

/* 100,000 first packets, each of another source: the first hundred begin handshakes, and the rest
 * get a Retry that is smaller than what they sent. */
static void
test_spoofed_initials (void)
{
  g_autoptr (World) world = world_new ();
  g_autofree guint8 *initial = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize length, heap;

  forge_silent (world, 100);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 100);
  bytes = forge_initial (world);
  length = g_bytes_get_size (bytes);
  initial = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
  world_run (world, world->now + MS);
  world_clear_line (world);
  heap = forge_get_heap ();
  for (guint i = 0; i < 100 * 1000; i++)
    {
      PeerupSocketAddress from = make_spoofed (i);
      guint64 sent = world->server.bytes_sent;

      change_ids (initial, i);
      world_inject (world, &world->server, &from, initial, length);
      g_assert_cmpuint (world->server.bytes_sent - sent, <, 200);
      if (i % 1000 == 0)
        world_clear_line (world);
    }
  world_clear_line (world);
  g_assert_cmpuint (world->server.n_stateless, ==, 100 * 1000);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 100);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 100);
  g_assert_cmpuint (world->server.n_admitted, ==, 100);
  g_assert_cmpuint (forge_get_heap (), <, heap + 64 * KB);
  g_assert_cmpuint (heap, <, 100 * 200 * KB);
  world_run (world, world->now + 11 * S);
  forge_assert_nothing_left (world);
}

/* While that goes on, who proves his address gets in. */
static void
test_spoofed_beside (void)
{
  g_autoptr (World) world = world_new ();
  Link *client;

  forge_silent (world, 100);
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  world_run (world, world->now + S);
  g_assert_null (client->error);
  g_assert_cmpuint (world->server.n_stateless, ==, 1);
}

/* Initials that hold nothing sensible leave nothing, whatever their source, and before any
 * threshold. */
static void
test_junk_initials (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) bytes = forge_initial (world);
  gsize length = g_bytes_get_size (bytes), heap = 0;
  g_autofree guint8 *initial = g_memdup2 (g_bytes_get_data (bytes, NULL), length);

  for (guint i = 0; i < 2000; i++)
    {
      PeerupSocketAddress from = make_spoofed (i);

      change_ids (initial, i);
      world_inject (world, &world->server, &from, initial, length);
      g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
      g_ptr_array_set_size (world->server.links, 0);
      if (i == 100)
        heap = forge_get_heap ();
    }
  g_assert_cmpuint (forge_get_heap (), <, heap + 16 * KB);
  g_assert_cmpuint (world->server.n_sent, ==, 0);
  g_assert_cmpuint (world->server.n_admitted, ==, 2000);
  forge_assert_nothing_left (world);
}

/* What the gate outside refuses costs nothing, and gets no answer. */
static void
test_not_admitted (void)
{
  g_autoptr (World) world = world_new ();
  gsize heap;

  world->server.refuses_all = TRUE;
  forge_silent (world, 5);
  heap = forge_get_heap ();
  forge_silent (world, 100);
  g_assert_cmpuint (world->server.n_sent, ==, 0);
  g_assert_cmpuint (world->server.links->len, ==, 0);
  g_assert_cmpuint (forge_get_heap (), <, heap + 16 * KB);
  forge_assert_nothing_left (world);
}

/* Datagrams of every size there is, of any first byte, to both sides of a connection and to
 * nobody: none is answered with more than it has, and the connection lives on. */
static void
test_sizes (void)
{
  static const guint8 firsts[] = { 0x40, 0x43, 0x7f, 0xc0, 0xd0, 0xe0, 0xf0, 0xff, 0x80 };
  static const gsize large[] = { 1500, 4096, 9000, 32768, 65507, 65527, 65535 };
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  g_autofree guint8 *bytes = g_malloc (65535);
  const ngtcp2_cid *cids[2] = { ngtcp2_conn_get_dcid (world_accepted (world)->conn->conn),
                                ngtcp2_conn_get_dcid (client->conn->conn) };

  for (guint i = 0; i < 65535; i++)
    bytes[i] = g_test_rand_int ();
  for (guint first = 0; first < 4 * G_N_ELEMENTS (firsts); first++)
    for (guint i = 0; i < 64 + 1200 / 16 + G_N_ELEMENTS (large); i++)
      {
        Side *to = first % 2 == 0 ? &world->client : &world->server;
        Side *other = first % 2 == 0 ? &world->server : &world->client;
        gsize length = i < 64 ? i : i < 64 + 1200 / 16 ? 64 + 16 * (i - 63) : large[i - 64 - 1200 / 16];
        guint64 sent = to->bytes_sent;

        bytes[0] = firsts[first / 4];
        if ((first & 2) != 0)
          memcpy (bytes + 1, cids[first % 2]->data, cids[first % 2]->datalen);
        world_inject (world, to, &other->address, bytes, length);
        g_assert_cmpuint (to->bytes_sent - sent, <=, length);
      }
  flow_send_text (flow, "hello", TRUE);
  world_run (world, world->now + S);
  g_assert_null (client->error);
  g_assert_cmpuint (((Flow *) world_accepted (world)->flows->pdata[0])->n_received, ==, 5);
}

/* Lists of versions get no answer, and what gets one is no storm between two machines. */
static void
test_version_storm (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) bytes = forge_initial (world);
  gsize length = g_bytes_get_size (bytes);
  g_autofree guint8 *initial = g_memdup2 (g_bytes_get_data (bytes, NULL), length);
  gsize heap = forge_get_heap ();

  world->client.options.listening = TRUE;
  world_restart (world);
  for (guint i = 0; i < 10000; i++)
    {
      guint64 sent = world->server.bytes_sent;
      guint32 version = i % 2 == 0 ? 0 : GUINT32_TO_BE (0x0a0a0a0a + i);

      memcpy (initial + 1, &version, sizeof version);
      change_ids (initial, i);
      world_inject (world, &world->server, &world->client.address, initial, length);
      g_assert_cmpuint (world->server.bytes_sent - sent, <, i % 2 == 0 ? 1 : 100);
      /* The answers arrive at a machine that listens as well. */
      if (i % 100 == 0)
        world_run (world, world->now + 20 * MS);
    }
  world_run (world, world->now + S);
  g_assert_cmpuint (world->server.n_stateless, ==, 5000);
  g_assert_cmpuint (world->client.n_sent, ==, 0);
  g_assert_cmpuint (forge_get_heap (), <, heap + 64 * KB);
  forge_assert_nothing_left (world);
}

/* Peers who have shaken hands */

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
  world_run (attack.world, attack.world->now + 200 * S);
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

/* Row 22 */

typedef struct
{
  const char *name;
  const char *bytes;
  gsize length;
} Parameters;

#define PARAMETERS(name, bytes) { name, bytes, sizeof (bytes) - 1 }

static const Parameters parameters[] = {
  PARAMETERS ("none", ""),
  PARAMETERS ("no-scid", "\x01\x02\x40\x64"),
  PARAMETERS ("torn", "\x01\x04\x80\x00"),
  PARAMETERS ("length-beyond", "\x05\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
  PARAMETERS ("twice", "\x01\x01\x05\x01\x01\x05"),
  PARAMETERS ("udp-size-0", "\x03\x01\x00"),
  PARAMETERS ("ack-exponent-21", "\x0a\x01\x15"),
  PARAMETERS ("ack-delay-2-14", "\x0b\x04\x80\x00\x40\x00"),
  PARAMETERS ("streams-2-60", "\x08\x08\xd0\x00\x00\x00\x00\x00\x00\x01"),
  PARAMETERS ("id-limit-1", "\x0e\x01\x01"),
  PARAMETERS ("server-only-token", "\x02\x10tokentokentokento"),
  PARAMETERS ("server-only-original", "\x00\x08originalx"),
  PARAMETERS ("scid-21", "\x0f\x15iiiiiiiiiiiiiiiiiiiii"),
  PARAMETERS ("trailing", "\x01\x01\x05\x00"),
};

static void
test_parameters (gconstpointer data)
{
  const Parameters *self = data;
  ForgeSession session = { .alpn = "libp2p", .parameters = (const guint8 *) self->bytes };
  g_autoptr (World) world = world_new ();
  Link *client = world_dial (world);

  session.parameters_length = self->length;
  forge_session (client, &session);
  world_run (world, world->now + 30 * S);
  g_assert_nonnull (world_accepted (world)->error);
  g_test_message ("%s", world_accepted (world)->error->message);
  g_assert_error (world_accepted (world)->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_false (world_accepted (world)->established);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (world->server.n_released, ==, 1);
}

static void
forge_incoming (Link *link, WorldEvent event, gpointer data)
{
  if (event == WORLD_INCOMING)
    forge_session (link, data);
}

/* The same of who is dialed. */
static void
test_parameters_of_server (gconstpointer data)
{
  const Parameters *self = data;
  ForgeSession session = { .alpn = "libp2p", .parameters = (const guint8 *) self->bytes };
  g_autoptr (World) world = world_new ();
  Link *client;

  session.parameters_length = self->length;
  world->hook = forge_incoming;
  world->hook_data = &session;
  client = world_dial (world);
  world_run (world, world->now + 30 * S);
  g_assert_nonnull (client->error);
  g_test_message ("%s", client->error->message);
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
  g_assert_false (client->established);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->client.quic), ==, 0);
}

/* 16 KiB of parameters that nobody knows (RFC 9000 7.4.2 has them ignored) do not disturb. */
static void
test_parameters_large (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  ForgeSession session = { .alpn = "libp2p" };
  Link *client = world_dial (world);
  ngtcp2_cid scid;

  ngtcp2_conn_get_scid (client->conn->conn, &scid);
  forge_add (bytes, 0x0f);
  forge_add (bytes, scid.datalen);
  g_byte_array_append (bytes, scid.data, scid.datalen);
  for (guint i = 0; bytes->len < 16 * KB; i++)
    {
      forge_add (bytes, 0x3f00 + i);
      forge_add (bytes, 32);
      g_byte_array_set_size (bytes, bytes->len + 32);
      memset (bytes->data + bytes->len - 32, i, 32);
    }
  session.parameters = bytes->data;
  session.parameters_length = bytes->len;
  forge_session (client, &session);
  world_run (world, world->now + 5 * S);
  g_assert_true (client->established);
  g_assert_null (client->error);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
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
  g_test_add_func ("/quic/attacks/row-23/spoofed-initials", test_spoofed_initials);
  g_test_add_func ("/quic/attacks/row-23/spoofed-initials/beside", test_spoofed_beside);
  g_test_add_func ("/quic/attacks/row-23/junk-initials", test_junk_initials);
  g_test_add_func ("/quic/attacks/row-23/sizes", test_sizes);
  g_test_add_func ("/quic/attacks/row-23/version-storm", test_version_storm);
  g_test_add_func ("/quic/attacks/row-5/not-admitted", test_not_admitted);
  for (guint i = 0; i < G_N_ELEMENTS (floods); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/attacks/", floods[i].name, NULL);

      g_test_add_data_func (path, &floods[i], test_flood);
    }
  g_test_add_func ("/quic/attacks/row-21/path-challenge/everywhere", test_challenges_from_everywhere);
  g_test_add_func ("/quic/attacks/row-21/early", test_early_frames);
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/attacks/row-22/", parameters[i].name, NULL);

      g_autofree char *other = g_strconcat ("/quic/attacks/row-22/of-server/", parameters[i].name, NULL);

      g_test_add_data_func (path, &parameters[i], test_parameters);
      g_test_add_data_func (other, &parameters[i], test_parameters_of_server);
    }
  g_test_add_func ("/quic/attacks/row-22/large", test_parameters_large);
  g_test_add_func ("/quic/attacks/never-acknowledged", test_never_acknowledged);
  g_test_add_func ("/quic/attacks/never-read", test_never_read);
  return g_test_run ();
}
