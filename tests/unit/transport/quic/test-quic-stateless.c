/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a machine answers to packets of no connection, without keeping anything for them: Retry,
 * version negotiation and stateless reset; and what it makes of such answers. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC

/* Retry */

static gboolean
is_retry (const Taped *taped)
{
  return (((const guint8 *) g_bytes_get_data (taped->bytes, NULL))[0] & 0xf0) == 0xf0;
}

/* With three half-open the fourth has to prove its address, and no longer when they have ended. */
static void
test_retry_threshold (void)
{
  g_autoptr (World) world = world_new ();
  gint64 began;
  Link *client;

  world->server.options.retry_from = 3;
  world_restart (world);
  world_tape (world);
  forge_silent (world, 2);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 2);
  began = world->now;
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, <, 2 * world->delay + 5 * MS);
  world_run (world, world->now + 50 * MS);
  g_assert_cmpuint (world->server.n_stateless, ==, 0);

  forge_silent (world, 1);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 3);
  world_tape (world);
  began = world->now;
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpint (world->now - began, >=, 4 * world->delay);
  g_assert_cmpint (world->now - began, <, 4 * world->delay + 5 * MS);
  g_assert_cmpuint (world->server.n_stateless, ==, 1);
  world_run (world, world->now + 11 * S);
  g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 2);

  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpuint (world->server.n_stateless, ==, 1);
}

/* Runs a Retry up to the packet with the token, which does not arrive. */
static GBytes *
tape_token (World *world)
{
  world->server.options.retry_from = 0;
  world_restart (world);
  world_tape (world);
  world_dial (world);
  world_run (world, world->now + 2 * world->delay);
  g_assert_nonnull (world_taped (world, &world->server, 0));
  g_assert_true (is_retry (world_taped (world, &world->server, 0)));
  world->filter = forge_lose_all;
  world_run (world, world->now + 1);
  world_clear_line (world);
  return g_bytes_ref (world_taped (world, &world->client, 1)->bytes);
}

/* A token is good for the address it was given to alone: from others it brings another Retry,
 * smaller than the packet, and no state. */
static void
test_token_replay (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) packet = tape_token (world);
  guint64 sent = world->server.bytes_sent;

  forge_inject (world, "192.0.2.2", 4001, packet);
  forge_inject (world, "192.0.2.1", 4002, packet);
  forge_inject (world, "2001:db8::1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  g_assert_cmpuint (world->server.n_admitted, ==, 0);
  g_assert_cmpuint (world->server.bytes_sent - sent, <, 3 * 300);
  /* The rightful owner's is still good. */
  forge_inject (world, "192.0.2.1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
  /* Again it goes to the same connection. */
  forge_inject (world, "192.0.2.1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
}

static void
test_token_late (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) packet = tape_token (world);

  world->client.is_puppet = TRUE;
  world_run (world, world->now + 9900 * MS);
  forge_inject (world, "192.0.2.1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
  world_run (world, world->now + 10 * S);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  forge_inject (world, "192.0.2.1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

/* No token that differs in one bit is taken, nor one of a server before the restart. */
static void
test_token_forged (void)
{
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) packet = tape_token (world);
  gsize length;
  const guint8 *data = g_bytes_get_data (packet, &length);
  gsize at = 7 + data[5] + data[6 + data[5]];
  gsize count = (data[at] & 0x3f) << 8 | data[at + 1];

  /* Behind both connection IDs: the token's length, of two bytes, and the token. */
  g_assert_cmpuint (data[at] >> 6, ==, 1);
  g_assert_cmpuint (count, >, 40);
  for (gsize bit = 0; bit < 8 * count; bit++)
    {
      g_autofree guint8 *copy = g_memdup2 (data, length);
      g_autoptr (GBytes) bytes = NULL;

      copy[at + 2 + bit / 8] ^= 1 << bit % 8;
      bytes = g_bytes_new (copy, length);
      forge_inject (world, "192.0.2.1", 4001, bytes);
      g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
    }
  world_restart_side (world, &world->server);
  forge_inject (world, "192.0.2.1", 4001, packet);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
}

/* A Retry that the network makes up or repeats does not stop the client, which knows it by its tag
 * and takes one only. */
static void
test_retry_spoofed (void)
{
  g_autoptr (World) world = world_new ();
  g_autofree guint8 *copy = NULL;
  gsize length;
  Taped *retry;
  Link *client;

  world->server.options.retry_from = 0;
  world_restart (world);
  world_tape (world);
  client = world_dial (world);
  world_run (world, world->now + 2 * world->delay - 1);
  retry = world_taped (world, &world->server, 0);
  length = g_bytes_get_size (retry->bytes);
  copy = g_memdup2 (g_bytes_get_data (retry->bytes, NULL), length);
  copy[length - 1] ^= 1;
  world_inject (world, &world->client, &world->server.address, copy, length);
  copy[length - 1] ^= 1;
  world_run (world, world->now + 2);
  for (guint i = 0; i < 3; i++)
    world_inject (world, &world->client, &world->server.address, copy, length);
  g_assert_true (world_run_until (world, &client->established));
  g_assert_cmpuint (world->server.n_stateless, ==, 1);
}

/* Versions */

static GBytes *
with_version (GBytes *initial, guint32 version, gsize length)
{
  guint8 *copy = g_memdup2 (g_bytes_get_data (initial, NULL), g_bytes_get_size (initial));

  for (guint i = 0; i < 4; i++)
    copy[1 + i] = version >> (24 - 8 * i);
  g_assert_cmpuint (length, <=, g_bytes_get_size (initial));
  return g_bytes_new_take (copy, length);
}

/* An unknown version gets the list of ours, which is one; small packets and lists get nothing. */
static void
test_version_negotiation (void)
{
  static const guint32 versions[] = { 0x1a2a3a4a, 0xff00001d, 0x6b3343cf, 2, G_MAXUINT32 };
  g_autoptr (World) world = world_new ();
  g_autoptr (GBytes) initial = forge_initial (world);
  g_autoptr (GBytes) small = with_version (initial, 0x1a2a3a4a, 1199);
  g_autoptr (GBytes) list = with_version (initial, 0, 1200);

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autoptr (GBytes) unknown = with_version (initial, versions[i], 1200);
      const guint8 *sent = g_bytes_get_data (unknown, NULL), *answer;
      gsize length;

      world_tape (world);
      forge_inject (world, "192.0.2.1", 4001, unknown);
      g_assert_cmpuint (world->tape->len, ==, 1);
      answer = g_bytes_get_data (world_taped (world, &world->server, 0)->bytes, &length);
      g_assert_cmpuint (answer[0] & 0x80, ==, 0x80);
      /* No version, their ID, ours and version 1. */
      g_assert_cmpmem (answer + 1, 4, "\0\0\0\0", 4);
      g_assert_cmpuint (answer[5], ==, sent[6 + sent[5]]);
      g_assert_cmpmem (answer + 6, answer[5], sent + 7 + sent[5], sent[6 + sent[5]]);
      g_assert_cmpmem (answer + 6 + answer[5], 1 + sent[5], sent + 5, 1 + sent[5]);
      g_assert_cmpmem (answer + length - 4, 4, "\0\0\0\1", 4);
      g_assert_cmpuint (length, ==, 7 + sent[5] + answer[5] + 4);
    }
  world_tape (world);
  forge_inject (world, "192.0.2.1", 4001, small);
  forge_inject (world, "192.0.2.1", 4001, list);
  g_assert_cmpuint (world->tape->len, ==, 0);
  g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 0);
  world->server.options.listening = FALSE;
  world_restart (world);
  forge_inject (world, "192.0.2.1", 4001, initial);
  g_assert_cmpuint (world->tape->len, ==, 0);
  world->server.options.listening = TRUE;
}

/* What a client makes of such a list, which nobody has sealed: @with_ours says that it cannot be
 * true (RFC 9000 6.2). */
static void
client_gets_list (gboolean with_ours, gboolean late)
{
  g_autoptr (World) world = world_new ();
  static const guint32 versions[] = { 0xff00001d, NGTCP2_PROTO_VER_V1 };
  Link *client = world_dial (world);
  guint8 list[256];
  const guint8 *sent;
  ngtcp2_ssize length;

  world_tape (world);
  world_run (world, world->now + 5 * MS);
  sent = g_bytes_get_data (world_taped (world, &world->client, 0)->bytes, NULL);
  length = ngtcp2_pkt_write_version_negotiation (list, sizeof list, 7, sent + 7 + sent[5], sent[6 + sent[5]], sent + 6,
                                                 sent[5], versions, with_ours ? 2 : 1);
  if (late)
    g_assert_true (world_run_until (world, &client->established));
  world_inject (world, &world->client, &world->server.address, list, length);
  if (with_ours || late)
    {
      g_assert_true (world_run_until (world, &client->established));
      g_assert_null (client->error);
      return;
    }
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
  g_assert_true (peerup_quic_conn_is_gone (client->conn));
  world_run (world, world->now + 30 * S);
  forge_assert_nothing_left (world);
}

static void
test_version_list (void)
{
  client_gets_list (FALSE, FALSE);
  client_gets_list (TRUE, FALSE);
  client_gets_list (FALSE, TRUE);
}

/* Stateless reset */

/* With the secret it had before, a server that was started anew tells at the first packet that it
 * knows nothing, and with another it cannot. */
static void
test_stateless_reset (gconstpointer data)
{
  gboolean same = GPOINTER_TO_INT (data);
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  g_autoptr (Flow) flow = flow_open (client);
  gint64 since;

  flow_send_text (flow, "hello", FALSE);
  world_run (world, world->now + S);
  if (!same)
    memset (world->server.options.secret, 7, sizeof world->server.options.secret);
  world_restart_side (world, &world->server);
  g_clear_pointer (&flow->sending, g_bytes_unref);
  flow->sent = 0;
  since = world->now;
  flow_send_text (flow, "still there? it is longer than 21 bytes", FALSE);
  world_run (world, since + 2 * world->delay);
  if (!same)
    {
      g_assert_null (client->error);
      world_run (world, since + 20 * S);
      g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
      return;
    }
  g_assert_error (client->error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_nonnull (strstr (client->error->message, "restarted"));
  g_assert_true (flow->failed);
  world_run (world, world->now + 5 * S);
  forge_assert_nothing_left (world);
}

/* A reset that the network makes up is none, and small packets get none. */
static void
test_stateless_reset_spoofed (void)
{
  g_autoptr (World) world = world_new ();
  Link *client = world_connect (world);
  guint8 packet[1300] = { 0x40 };
  guint64 before;

  for (guint length = 0; length <= 100; length++)
    world_inject (world, &world->client, &world->server.address, packet, length);
  world_run (world, world->now + S);
  g_assert_null (client->error);
  for (guint length = 0; length <= sizeof packet; length++)
    {
      before = world->server.bytes_sent;
      world_inject (world, &world->server, &world->client.address, packet, length);
      g_assert_cmpuint (world->server.bytes_sent - before, <=, length > 21 ? MIN (length - 1, 42) : 0);
    }
  world->server.options.listening = FALSE;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/stateless/retry/threshold", test_retry_threshold);
  g_test_add_func ("/quic/stateless/retry/replay", test_token_replay);
  g_test_add_func ("/quic/stateless/retry/late", test_token_late);
  g_test_add_func ("/quic/stateless/retry/forged", test_token_forged);
  g_test_add_func ("/quic/stateless/retry/spoofed", test_retry_spoofed);
  g_test_add_func ("/quic/stateless/version/negotiation", test_version_negotiation);
  g_test_add_func ("/quic/stateless/version/list", test_version_list);
  g_test_add_data_func ("/quic/stateless/stateless-reset/same", GINT_TO_POINTER (TRUE), test_stateless_reset);
  g_test_add_data_func ("/quic/stateless/stateless-reset/other", GINT_TO_POINTER (FALSE), test_stateless_reset);
  g_test_add_func ("/quic/stateless/stateless-reset/spoofed", test_stateless_reset_spoofed);
  return g_test_run ();
}
