/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a simulated network does to a transfer: other addresses in the middle of it, packets that
 * are too large, late, lost, repeated or marked, and packets of somebody else. */

#include <string.h>

#include "quic-forge.h"
#include "transport/quic/peerup-quic-private.h"
#include "wire/peerup-error.h"

#define MS 1000
#define S  G_USEC_PER_SEC

static PeerupSocketAddress
make_address (const char *host, guint port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

/* A transfer to a server that sends it back. */
typedef struct
{
  World *world;
  GBytes *pattern;
  Flow *flow;
  Link *client, *server;
} Transfer;

static void
transfer_start (Transfer *self, World *world, gsize length)
{
  world->server.echo = TRUE;
  self->world = world;
  self->pattern = make_pattern (length);
  self->client = world_connect (world);
  self->server = world_accepted (world);
  self->flow = flow_open (self->client);
  flow_send (self->flow, self->pattern, TRUE);
}

/* All of it has come back, on the same connection. */
static void
transfer_finish (Transfer *self)
{
  g_assert_true (world_run_until (self->world, &self->flow->ended));
  flow_assert_received (self->flow, self->pattern);
  g_assert_null (self->client->error);
  g_assert_null (self->server->error);
  g_assert_cmpuint (self->world->server.links->len, ==, 1);
}

static void
transfer_clear (Transfer *self)
{
  g_clear_pointer (&self->flow, flow_free);
  g_clear_pointer (&self->pattern, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Transfer, transfer_clear)

static void
assert_path (Link *link, const PeerupSocketAddress *local, const PeerupSocketAddress *remote)
{
  PeerupSocketAddress of_link[2];

  peerup_quic_conn_get_path (link->conn, &of_link[0], &of_link[1]);
  g_assert_true (peerup_socket_address_equal (&of_link[0], local));
  g_assert_true (peerup_socket_address_equal (&of_link[1], remote));
}

/* Other addresses */

/* Between the client and the rest: one mapping at a time, and what comes to an older one is lost. */
typedef struct
{
  PeerupSocketAddress outside;
  guint64 n_lost;
} Nat;

static gboolean
translate (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Nat *self = data;

  if (from == &world->client)
    {
      datagram->local = self->outside;
      return TRUE;
    }
  if (!peerup_socket_address_equal (&datagram->remote, &self->outside))
    {
      self->n_lost++;
      return FALSE;
    }
  datagram->remote = world->client.address;
  return TRUE;
}

/* The client's NAT gives it another port, and then another address, while data flows both ways. */
static void
test_rebinding (void)
{
  g_autoptr (World) world = world_new ();
  Nat nat = { make_address ("203.0.113.1", 1000) };
  g_auto (Transfer) transfer = { 0 };

  world->bandwidth = 1000 * 1000;
  world->filter = translate;
  world->filter_data = &nat;
  transfer_start (&transfer, world, 6 * 1000 * 1000);
  for (guint i = 1; i <= 4; i++)
    {
      world_run (world, world->now + S);
      assert_path (transfer.server, &world->server.address, &nat.outside);
      nat.outside = i < 4 ? make_address ("203.0.113.1", 1000 + i) : make_address ("203.0.113.9", 1000);
    }
  transfer_finish (&transfer);
  assert_path (transfer.server, &world->server.address, &nat.outside);
  g_assert_cmpuint (transfer.server->n_moved, ==, 4);
  g_assert_cmpuint (transfer.client->n_moved, ==, 0);
  g_assert_cmpuint (nat.n_lost, >, 0);
}

/* A mapping that changes while nothing is said is found at the next word of the client. */
static void
test_rebinding_idle (void)
{
  g_autoptr (World) world = world_new ();
  Nat nat = { make_address ("203.0.113.1", 1000) };
  g_autoptr (Flow) flow = NULL;
  Link *client;
  Flow *far;

  world->filter = translate;
  world->filter_data = &nat;
  client = world_connect (world);
  flow = flow_open (client);
  flow_send_text (flow, "question", TRUE);
  world_run (world, world->now + S);
  far = world_accepted (world)->flows->pdata[0];
  nat.outside = make_address ("203.0.113.1", 1001);
  world_run (world, world->now + 3 * S);
  flow_send_text (far, "answer", TRUE);
  world_run (world, world->now + 30 * S);
  g_assert_true (flow->ended);
  g_assert_cmpmem (flow->received->data, flow->received->len, "answer", 6);
  assert_path (world_accepted (world), &world->server.address, &nat.outside);
}

/* Which of the client's addresses work. */
typedef struct
{
  PeerupSocketAddress dead;
} Dead;

static gboolean
lose_dead (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Dead *self = data;
  const PeerupSocketAddress *address = from == &world->client ? &datagram->local : &datagram->remote;

  return !peerup_socket_address_equal (address, &self->dead);
}

/* The client moves by itself, with the old address still there or gone. */
static void
test_migration (gconstpointer data)
{
  gboolean old_lives = GPOINTER_TO_INT (data);
  g_autoptr (World) world = world_new ();
  PeerupSocketAddress old = world->client.address;
  PeerupSocketAddress next = make_address ("192.0.2.200", 4001);
  Dead dead = { 0 };
  g_auto (Transfer) transfer = { 0 };

  world->bandwidth = 1000 * 1000;
  world->filter = lose_dead;
  world->filter_data = &dead;
  transfer_start (&transfer, world, 6 * 1000 * 1000);
  world_run (world, world->now + S);
  if (!old_lives)
    dead.dead = old;
  g_assert_true (peerup_quic_conn_migrate (transfer.client->conn, &next, old_lives, world->now));
  world_run (world, world->now + S);
  assert_path (transfer.client, &next, &world->server.address);
  assert_path (transfer.server, &world->server.address, &next);
  g_assert_cmpuint (transfer.client->n_moved, ==, 1);
  g_assert_cmpuint (transfer.server->n_moved, ==, 1);
  /* And back, when both work. */
  dead.dead.any.sa_family = AF_UNSPEC;
  g_assert_true (peerup_quic_conn_migrate (transfer.client->conn, &old, TRUE, world->now));
  transfer_finish (&transfer);
  assert_path (transfer.client, &old, &world->server.address);
}

/* An address that does not work is not moved to when it is to be proved first. */
static void
test_migration_dead_end (void)
{
  g_autoptr (World) world = world_new ();
  PeerupSocketAddress next = make_address ("192.0.2.200", 4001);
  Dead dead = { next };
  g_auto (Transfer) transfer = { 0 };

  world->bandwidth = 1000 * 1000;
  world->filter = lose_dead;
  world->filter_data = &dead;
  transfer_start (&transfer, world, 4 * 1000 * 1000);
  world_run (world, world->now + S);
  g_assert_true (peerup_quic_conn_migrate (transfer.client->conn, &next, TRUE, world->now));
  transfer_finish (&transfer);
  assert_path (transfer.client, &world->client.address, &world->server.address);
  g_assert_cmpuint (transfer.client->n_moved, ==, 0);
  g_assert_cmpuint (transfer.server->n_moved, ==, 0);
}

/* As often as somebody with a bad wireless network does. */
static void
test_migration_often (void)
{
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  guint n = 0;

  world->bandwidth = 1000 * 1000;
  transfer_start (&transfer, world, 8 * 1000 * 1000);
  world_run (world, world->now + 100 * MS);
  for (guint i = 0; i < 20; i++)
    {
      PeerupSocketAddress next = make_address ("192.0.2.200", 5000 + i % 7);

      n += peerup_quic_conn_migrate (transfer.client->conn, &next, i % 2 == 0, world->now);
      world_run (world, world->now + 300 * MS);
    }
  g_assert_cmpuint (n, ==, 20);
  transfer_finish (&transfer);
}

static void
forbid_migration (Link *link, WorldEvent event, gpointer data)
{
  ForgeSession session = { .alpn = "libp2p", .stays = TRUE };

  if (event == WORLD_INCOMING)
    forge_session (link, &session);
}

/* Too early, inbound, forbidden by the peer, and over. */
static void
test_migration_refused (void)
{
  g_autoptr (World) world = world_new ();
  PeerupSocketAddress next = make_address ("192.0.2.200", 4001);
  Link *client = world_dial (world);

  world_run (world, world->now + world->delay);
  g_assert_false (peerup_quic_conn_migrate (client->conn, &next, TRUE, world->now));
  g_assert_true (world_run_until (world, &client->established));
  world_run (world, world->now + S);
  g_assert_false (peerup_quic_conn_migrate (world_accepted (world)->conn, &next, TRUE, world->now));
  g_assert_false (peerup_quic_conn_migrate (client->conn, &world->client.address, TRUE, world->now));
  peerup_quic_conn_close (client->conn, 0, NULL, world->now);
  g_assert_false (peerup_quic_conn_migrate (client->conn, &next, TRUE, world->now));

  world->hook = forbid_migration;
  client = world_dial (world);
  g_assert_true (world_run_until (world, &client->established));
  world_run (world, world->now + S);
  g_assert_false (peerup_quic_conn_migrate (client->conn, &next, TRUE, world->now));
  g_assert_false (peerup_quic_conn_migrate (client->conn, &next, FALSE, world->now));
  g_assert_null (client->error);
}

/* Packets of somebody else */

/* What the server sends arrives once more from elsewhere: the client does not move, and answers
 * nobody there. */
static gboolean
copy_from_elsewhere (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  PeerupDatagrams copy = *datagram;

  if (from == &world->client)
    {
      g_assert_true (peerup_socket_address_equal (&datagram->remote, &world->server.address));
      return TRUE;
    }
  copy.local = *(PeerupSocketAddress *) data;
  world_repeat (world, from, &copy, *delay - 1);
  return TRUE;
}

static void
test_elsewhere_server (void)
{
  g_autoptr (World) world = world_new ();
  PeerupSocketAddress other = make_address ("203.0.113.66", 4002);
  g_auto (Transfer) transfer = { 0 };

  world->filter = copy_from_elsewhere;
  world->filter_data = &other;
  transfer_start (&transfer, world, 1000 * 1000);
  transfer_finish (&transfer);
  assert_path (transfer.client, &world->client.address, &world->server.address);
  g_assert_cmpuint (transfer.client->n_moved, ==, 0);
}

/* Somebody sees the client's packets and sends them on faster from his own address (RFC 9000
 * 9.3.3). */
typedef struct
{
  PeerupSocketAddress address;
  guint64 received, sent; /* bytes, of his */
} Relayer;

static gboolean
overtake (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Relayer *self = data;
  PeerupDatagrams copy = *datagram;

  if (from == &world->client)
    {
      copy.local = self->address;
      self->sent += copy.length;
      world_repeat (world, from, &copy, *delay - 1);
      return TRUE;
    }
  if (!peerup_socket_address_equal (&datagram->remote, &self->address))
    return TRUE;
  self->received += datagram->length;
  g_assert_cmpuint (self->received, <=, 3 * self->sent);
  return FALSE;
}

static void
test_elsewhere_client (void)
{
  g_autoptr (World) world = world_new ();
  Relayer relayer = { make_address ("203.0.113.66", 4001), 0, 0 };
  g_auto (Transfer) transfer = { 0 };

  world->bandwidth = 1000 * 1000;
  transfer_start (&transfer, world, 2 * 1000 * 1000);
  world_run (world, world->now + 500 * MS);
  world->filter = overtake;
  world->filter_data = &relayer;
  world_run (world, world->now + 500 * MS);
  world->filter = NULL;
  transfer_finish (&transfer);
  assert_path (transfer.server, &world->server.address, &world->client.address);
}

/* Noise, truncated and changed copies from anywhere: nothing comes of it. */
static gboolean
spoil (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  GRand *rand = data;
  g_autofree guint8 *bytes = g_memdup2 (datagram->data, datagram->length);
  PeerupDatagrams copy = *datagram;

  copy.data = bytes;
  bytes[g_rand_int_range (rand, 0, copy.length)] ^= 1 << g_rand_int_range (rand, 0, 8);
  world_repeat (world, from, &copy, *delay - 1);
  copy.length = copy.segment = g_rand_int_range (rand, 1, copy.length + 1);
  if (g_rand_boolean (rand))
    copy.local = make_address ("203.0.113.66", g_rand_int_range (rand, 1, 65536));
  world_repeat (world, from, &copy, *delay - 1);
  return TRUE;
}

static void
test_spoiled (void)
{
  g_autoptr (World) world = world_new ();
  GRand *rand = g_rand_new_with_seed (3);
  g_auto (Transfer) transfer = { 0 };

  transfer_start (&transfer, world, 1000 * 1000);
  world->filter = spoil;
  world->filter_data = rand;
  transfer_finish (&transfer);
  assert_path (transfer.server, &world->server.address, &world->client.address);
  assert_path (transfer.client, &world->client.address, &world->server.address);
  g_rand_free (rand);
}

/* Nor does a handshake suffer, or leave more than one connection. */
static void
test_spoiled_handshake (void)
{
  g_autoptr (World) world = world_new ();
  GRand *rand = g_rand_new_with_seed (4);

  world->filter = spoil;
  world->filter_data = rand;
  for (guint i = 0; i < 100; i++)
    {
      Link *client = world_dial (world);

      g_assert_true (world_run_until (world, &client->established));
      world_run (world, world->now + 11 * S);
      g_assert_null (client->error);
      g_assert_cmpuint (peerup_quic_get_n_conns (world->server.quic), ==, 1);
      g_assert_cmpuint (peerup_quic_get_n_handshakes (world->server.quic), ==, 0);
      world_restart (world);
    }
  g_rand_free (rand);
}

/* Sizes */

typedef struct
{
  const char *name;
  guint link; /* MTU that the system tells of its own link */
  guint path; /* and that of the path, IP header included */
  guint found;
} Sizes;

static const Sizes sizes[] = {
  { "1500", 1500, 1500, 1472 },     { "1492", 1500, 1492, 1452 },
  { "1400", 1500, 1400, 1332 },     { "1280", 1500, 1280, 1252 },
  { "1228", 1500, 1228, 1200 },     { "link-1280", 1280, 1280, 1252 },
  { "9000", 9000, 9000, 8972 },     { "9000-through-1500", 9000, 1500, 1452 },
  { "65536", 65536, 65536, 65000 }, { "unknown", 0, 1500, 1452 },
};

/* The largest packets that the path takes are found, and nothing waits for that. */
static void
test_size (gconstpointer data)
{
  const Sizes *size = data;
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  PeerupQuicFigures figures;

  world->client.mtu = world->server.mtu = size->link;
  world->mtu = size->path - 28;
  transfer_start (&transfer, world, 1000 * 1000);
  transfer_finish (&transfer);
  world_run (world, world->now + 10 * S);
  peerup_quic_conn_get_figures (transfer.client->conn, &figures);
  g_assert_cmpuint (figures.path_mtu, ==, size->found);
  peerup_quic_conn_get_figures (transfer.server->conn, &figures);
  g_assert_cmpuint (figures.path_mtu, ==, size->found);
}

/* The path comes to take less in the middle of a transfer, and tells nobody. */
static void
test_black_hole (gconstpointer data)
{
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  PeerupQuicFigures figures;
  gint64 since;

  world->bandwidth = 1000 * 1000;
  transfer_start (&transfer, world, 6 * 1000 * 1000);
  world_run (world, world->now + 2 * S);
  peerup_quic_conn_get_figures (transfer.client->conn, &figures);
  g_assert_cmpuint (figures.path_mtu, ==, 1472);
  world->mtu = GPOINTER_TO_UINT (data) - 28;
  since = world->now;
  transfer_finish (&transfer);
  g_assert_cmpint (world->now - since, <, 30 * S);
  peerup_quic_conn_get_figures (transfer.client->conn, &figures);
  g_assert_cmpuint (figures.path_mtu, <=, world->mtu);
}

/* An hour of it, at a line's full rate but for the seconds in which larger packets are tried again. */
static void
test_black_hole_long (void)
{
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  gint64 since;
  guint64 before;

  world->bandwidth = 100 * 1000;
  world->queue = 20 * 1000;
  transfer_start (&transfer, world, 8 * 1000 * 1000);
  world_run (world, world->now + 5 * S);
  world->mtu = 1400 - 28;
  since = world->now;
  before = transfer.flow->n_received;
  world_run (world, since + 60 * S);
  g_test_message ("%" G_GUINT64_FORMAT " bytes in a minute", transfer.flow->n_received - before);
  g_assert_cmpuint (transfer.flow->n_received - before, >, 60 * 100 * 1000 * 6 / 10);
  transfer_finish (&transfer);
}

/* A line that is cut for some seconds is used with its large packets again. */
static void
test_cut (void)
{
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  PeerupQuicFigures figures;

  world->bandwidth = 100 * 1000;
  world->queue = 20 * 1000;
  transfer_start (&transfer, world, 4 * 1000 * 1000);
  world_run (world, world->now + 2 * S);
  world->filter = forge_lose_all;
  world_run (world, world->now + 4 * S);
  world->filter = NULL;
  world_run (world, world->now + 20 * S);
  for (guint i = 0; i < 2; i++)
    {
      peerup_quic_conn_get_figures (i == 0 ? transfer.client->conn : transfer.server->conn, &figures);
      g_assert_cmpuint (figures.path_mtu, ==, 1472);
    }
  transfer_finish (&transfer);
}

/* Bad lines */

typedef struct
{
  const char *name;
  guint lost, late, twice; /* of 1000 */
  gint64 late_max;         /* µs */
  gint64 delay;            /* of the line, one way */
  gint64 limit;            /* for a megabyte there and back */
} Line;

static const Line lines[] = {
  { "clean", 0, 0, 0, 0, 10 * MS, 400 * MS },
  { "loss-1", 10, 0, 0, 0, 10 * MS, 3 * S },
  { "loss-5", 50, 0, 0, 0, 10 * MS, 8 * S },
  { "reordering", 0, 300, 0, 10 * MS, 10 * MS, 4 * S },
  { "duplication", 0, 100, 300, 15 * MS, 10 * MS, 4 * S },
  { "far", 0, 0, 0, 0, 34 * MS, 1200 * MS },
  { "far-and-bad", 20, 100, 50, 30 * MS, 34 * MS, 20 * S },
};

typedef struct
{
  const Line *line;
  gboolean bbr;
  GRand *rand;
} Weather;

static gboolean
weather (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Weather *self = data;
  guint dice = g_rand_int_range (self->rand, 0, 1000);

  if (dice < self->line->lost)
    return FALSE;
  dice = g_rand_int_range (self->rand, 0, 1000);
  if (dice < self->line->late)
    *delay += g_rand_int_range (self->rand, 0, self->line->late_max);
  else if (dice < self->line->late + self->line->twice)
    world_repeat (world, from, datagram, *delay + g_rand_int_range (self->rand, 0, self->line->late_max));
  return TRUE;
}

static void
test_line (gconstpointer data)
{
  const Weather *wanted = data;
  Weather self = *wanted;
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  gint64 began;

  self.rand = g_rand_new_with_seed (11);
  world->delay = self.line->delay;
  world->client.options.bbr = world->server.options.bbr = self.bbr;
  world_restart (world);
  world->filter = weather;
  world->filter_data = &self;
  began = world->now;
  transfer_start (&transfer, world, 1000 * 1000);
  transfer_finish (&transfer);
  g_test_message ("%" G_GINT64_FORMAT " ms", (world->now - began) / MS);
  g_assert_cmpint (world->now - began, <, self.line->limit);
  g_rand_free (self.rand);
}

/* ECN (RFC 9000 13.4) */

typedef struct
{
  const char *name;
  int mark;    /* what marked packets arrive with; -1: not at all */
  guint every; /* of how many one */
  guint64 n_marked, n_seen;
} Marks;

static Marks marks[] = {
  { "untouched", PEERUP_ECN_ECT_0, 1, 0, 0 },  { "bleached", PEERUP_ECN_NOT_ECT, 1, 0, 0 },
  { "all-congested", PEERUP_ECN_CE, 1, 0, 0 }, { "some-congested", PEERUP_ECN_CE, 50, 0, 0 },
  { "mangled", PEERUP_ECN_ECT_1, 1, 0, 0 },    { "black-hole", -1, 1, 0, 0 },
};

static gboolean
mark (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data)
{
  Marks *self = data;

  self->n_seen++;
  if (datagram->ecn == PEERUP_ECN_NOT_ECT || ++self->n_marked % self->every != 0)
    return TRUE;
  datagram->ecn = MAX (self->mark, 0);
  return self->mark >= 0;
}

/* Whatever a network does to the marks, the transfer ends; they are given up where they do not
 * come through. */
static void
test_ecn (gconstpointer data)
{
  Marks *self = (Marks *) data;
  g_autoptr (World) world = world_new ();
  g_auto (Transfer) transfer = { 0 };
  gboolean useful = self->mark == PEERUP_ECN_ECT_0 || self->mark == PEERUP_ECN_CE;

  world->filter = mark;
  world->filter_data = self;
  transfer_start (&transfer, world, 1000 * 1000);
  transfer_finish (&transfer);
  g_test_message ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, self->n_marked, self->n_seen);
  g_assert_cmpuint (self->n_marked, >, 0);
  if (useful)
    g_assert_cmpuint (self->n_marked, >, self->n_seen / 3);
  else
    g_assert_cmpuint (self->n_marked, <, self->n_seen / 3);
}

static void
add_lines (void)
{
  static Weather weathers[2 * G_N_ELEMENTS (lines)];

  for (guint i = 0; i < G_N_ELEMENTS (weathers); i++)
    {
      Weather *self = &weathers[i];
      g_autofree char *path = NULL;

      self->line = &lines[i / 2];
      self->bbr = i % 2;
      path = g_strdup_printf ("/quic/paths/line/%s/%s", self->line->name, self->bbr ? "bbr" : "cubic");
      g_test_add_data_func (path, self, test_line);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quic/paths/rebinding", test_rebinding);
  g_test_add_func ("/quic/paths/rebinding/idle", test_rebinding_idle);
  g_test_add_data_func ("/quic/paths/migration/proved", GINT_TO_POINTER (TRUE), test_migration);
  g_test_add_data_func ("/quic/paths/migration/at-once", GINT_TO_POINTER (FALSE), test_migration);
  g_test_add_func ("/quic/paths/migration/dead-end", test_migration_dead_end);
  g_test_add_func ("/quic/paths/migration/often", test_migration_often);
  g_test_add_func ("/quic/paths/migration/refused", test_migration_refused);
  g_test_add_func ("/quic/paths/elsewhere/server", test_elsewhere_server);
  g_test_add_func ("/quic/paths/elsewhere/client", test_elsewhere_client);
  g_test_add_func ("/quic/paths/spoiled", test_spoiled);
  g_test_add_func ("/quic/paths/spoiled/handshake", test_spoiled_handshake);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/paths/size/", sizes[i].name, NULL);

      g_test_add_data_func (path, &sizes[i], test_size);
    }
  g_test_add_data_func ("/quic/paths/black-hole/1400", GUINT_TO_POINTER (1400), test_black_hole);
  g_test_add_data_func ("/quic/paths/black-hole/1280", GUINT_TO_POINTER (1280), test_black_hole);
  g_test_add_func ("/quic/paths/black-hole/long", test_black_hole_long);
  g_test_add_func ("/quic/paths/cut", test_cut);
  add_lines ();
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autofree char *path = g_strconcat ("/quic/paths/ecn/", marks[i].name, NULL);

      g_test_add_data_func (path, &marks[i], test_ecn);
    }
  return g_test_run ();
}
