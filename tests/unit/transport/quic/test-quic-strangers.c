/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Strangers who mean harm: what they send before anybody knows who they are leaves nothing, gets
 * less than it cost them, and hurts nobody else. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC
#define KB 1024

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

/* One file of ngtcp2's fuzzing corpus: as it is, padded to what may begin a connection, and behind the ID
 * of a connection that lives. */
static void
replay (World *world, const guint8 *data, gsize length)
{
  const ngtcp2_cid *cid = ngtcp2_conn_get_dcid (((Link *) world->client.links->pdata[0])->conn->conn);
  gsize padded = MAX (length, 1200);
  g_autofree guint8 *copy = g_malloc0 (padded);

  memcpy (copy, data, length);
  for (guint i = 0; i < 2; i++)
    {
      Side *to = i == 0 ? &world->server : &world->client;
      Side *other = i == 0 ? &world->client : &world->server;

      world_inject (world, to, &other->address, data, length);
      world_inject (world, to, &other->address, copy, padded);
    }
  copy[0] = 0x40;
  memcpy (copy + 1, cid->data, cid->datalen);
  world_inject (world, &world->server, &world->client.address, copy, MAX (length, 9));
  world_run (world, world->now + 50 * MS);
}

static void
replay_folder (World *world, const char *path, guint *n)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL), *data = NULL;
      gsize length;

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        replay_folder (world, file, n);
      else if (g_file_get_contents (file, &data, &length, NULL))
        {
          replay (world, (const guint8 *) data, length);
          ++*n;
        }
    }
}

static void
test_corpus (void)
{
  const char *folder = g_getenv ("PEERUP_TESTDATA");
  g_autoptr (World) world = NULL;
  g_autofree char *path = NULL;
  guint n = 0;
  Link *client;

  if (folder == NULL)
    {
      g_test_skip ("PEERUP_TESTDATA is not set: it names the folder with quic-corpus in it");
      return;
    }
  path = g_build_filename (folder, "quic-corpus", NULL);
  world = world_new ();
  client = world_connect (world);
  replay_folder (world, path, &n);
  g_assert_cmpuint (n, >, 0);
  world_run (world, world->now + 12 * S);
  g_assert_null (client->error);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/strangers/row-23/spoofed-initials", test_spoofed_initials);
  g_test_add_func ("/quic/strangers/row-23/spoofed-initials/beside", test_spoofed_beside);
  g_test_add_func ("/quic/strangers/row-23/junk-initials", test_junk_initials);
  g_test_add_func ("/quic/strangers/row-23/sizes", test_sizes);
  g_test_add_func ("/quic/strangers/row-23/version-storm", test_version_storm);
  g_test_add_func ("/quic/strangers/corpus", test_corpus);
  g_test_add_func ("/quic/strangers/row-5/not-admitted", test_not_admitted);
  for (guint i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/strangers/row-22/", parameters[i].name, NULL);

      g_autofree char *other = g_strconcat ("/quic/strangers/row-22/of-server/", parameters[i].name, NULL);

      g_test_add_data_func (path, &parameters[i], test_parameters);
      g_test_add_data_func (other, &parameters[i], test_parameters_of_server);
    }
  g_test_add_func ("/quic/strangers/row-22/large", test_parameters_large);
  return g_test_run ();
}
