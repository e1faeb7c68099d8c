/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which of several connections to a peer is used, which may be given up for which, and what silence changes of that:
 * connections that are nothing but their facts, and real ones where something is dialed. */

#include <string.h>
#include <unistd.h>

#include "swarm-node.h"
#include "swarm/peerup-swarm-private.h"

#define CIRCUIT "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"

typedef struct
{
  PeerupConnection parent_instance;
} Fake;
typedef PeerupConnectionClass FakeClass;

static GType fake_get_type (void);
G_DEFINE_TYPE (Fake, fake, PEERUP_TYPE_CONNECTION)

static void
fake_close (PeerupConnection *connection, guint32 code)
{
  peerup_connection_set_closed (connection, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "closed"));
}

static void
fake_get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  *received = *sent = 0;
}

static gint64
fake_get_rtt (PeerupConnection *connection)
{
  return -1;
}

static DexFuture *
fake_ping (PeerupConnection *connection)
{
  return dex_future_new_infinite ();
}

static void
fake_class_init (FakeClass *klass)
{
  klass->close = fake_close;
  klass->get_bytes = fake_get_bytes;
  klass->get_rtt = fake_get_rtt;
  klass->ping = fake_ping;
}

static void
fake_init (Fake *self)
{
}

typedef struct
{
  const char *transport;
  const char *address;
  gboolean outbound;
  gboolean limited;
  gboolean punched;
} Facts;

/* (transfer full): of @node to @peer, which need not run. */
static PeerupConnection *
fake_make (Node *peer, const Facts *facts)
{
  PeerupConnection *self = g_object_new (fake_get_type (), NULL);
  g_autoptr (PeerupMultiaddr) remote = peerup_multiaddr_newf ("%s", facts->address);
  PeerupPrivateKey *key = peerup_swarm_get_identity (peer->swarm);
  const PeerupConnectionInfo info = {
    .remote_key = peerup_private_key_get_public_key (key),
    .remote_peer = node_id (peer),
    .remote_address = remote,
    .transport = facts->transport,
    .outbound = facts->outbound,
    .limited = facts->limited,
    .punched = facts->punched,
  };

  peerup_connection_init_info (self, &info);
  return self;
}

/* (transfer full): and @node has it. */
static PeerupConnection *
fake_new (Node *node, Node *peer, const Facts *facts)
{
  PeerupConnection *self = fake_make (peer, facts);

  peerup_swarm_add_connection (node->swarm, self);
  return self;
}

/* Beside whatever else there is: nothing is settled. */
static PeerupConnection *
fake_put (Node *node, Node *peer, const Facts *facts)
{
  PeerupConnection *self = fake_make (peer, facts);
  GPtrArray *list = g_hash_table_lookup (node->swarm->connections, node_id (peer));

  if (list == NULL)
    {
      list = g_ptr_array_new_with_free_func (g_object_unref);
      g_hash_table_insert (node->swarm->connections, peerup_peer_id_ref (node_id (peer)), list);
    }
  g_ptr_array_add (list, g_object_ref (self));
  return self;
}

/* Each better than the next, for a swarm whose ID is the smaller one. */
static const Facts ranked[] = {
  { "quic-v1", "/ip6/fd00::1/udp/1/quic-v1", TRUE, FALSE, FALSE },
  { "quic-v1", "/ip6/fd00::1/udp/1/quic-v1", FALSE, FALSE, FALSE },
  { "tcp", "/ip6/fd00::1/tcp/1", TRUE, FALSE, FALSE },
  { "quic-v1", "/ip4/192.168.1.2/udp/1/quic-v1", TRUE, FALSE, FALSE },
  { "tcp", "/ip4/10.0.0.2/tcp/1", TRUE, FALSE, FALSE },
  { "websocket", "/ip4/10.0.0.2/tcp/1/ws", FALSE, FALSE, FALSE },
  { "quic-v1", "/ip6/2001:4860::1/udp/1/quic-v1", TRUE, FALSE, FALSE },
  { "tcp", "/ip6/2001:4860::1/tcp/1", TRUE, FALSE, FALSE },
  { "quic-v1", "/ip4/8.8.8.8/udp/1/quic-v1", TRUE, FALSE, FALSE },
  { "tcp", "/ip4/8.8.8.8/tcp/1", FALSE, FALSE, FALSE },
  { "quic-v1", "/ip4/8.8.8.8/udp/1/quic-v1", TRUE, FALSE, TRUE },
  { "relay", CIRCUIT, TRUE, FALSE, FALSE },
  { "relay", CIRCUIT, FALSE, FALSE, FALSE },
  { "relay", CIRCUIT, TRUE, TRUE, FALSE },
};

/* The nodes with the smaller and the greater ID. */
static void
init_pair (Node *smaller, Node *greater)
{
  Node one, other;
  gboolean swap;

  node_init (&one, 1, NODE_SILENT);
  node_init (&other, 2, NODE_SILENT);
  swap = peerup_peer_id_compare (node_id (&one), node_id (&other)) > 0;
  node_clear (&one);
  node_clear (&other);
  node_init (smaller, swap ? 2 : 1, NODE_SILENT);
  node_init (greater, swap ? 1 : 2, NODE_SILENT);
}

static void
close_all (GPtrArray *connections)
{
  for (guint i = 0; i < connections->len; i++)
    peerup_connection_close (connections->pdata[i], PEERUP_CONNECTION_CODE_NONE);
}

/* In both orders of arrival, on both sides: what one dialed the other was dialed by. */
static void
test_order (void)
{
  for (guint round = 0; round < 4; round++)
    {
      g_auto (Node) smaller = { 0 };
      g_auto (Node) greater = { 0 };
      g_autoptr (GPtrArray) made = g_ptr_array_new_with_free_func (g_object_unref);
      g_autoptr (GPtrArray) list = NULL;
      guint n = G_N_ELEMENTS (ranked);
      gboolean mirrored = round >= 2;

      init_pair (&smaller, &greater);
      for (guint i = 0; i < n; i++)
        {
          Facts facts = ranked[round % 2 == 0 ? i : n - 1 - i];

          facts.outbound ^= mirrored;
          g_ptr_array_add (made, fake_put (mirrored ? &greater : &smaller, mirrored ? &smaller : &greater, &facts));
        }
      list = mirrored ? peerup_swarm_dup_connections (greater.swarm, node_id (&smaller))
                      : peerup_swarm_dup_connections (smaller.swarm, node_id (&greater));
      g_assert_cmpuint (list->len, ==, n);
      for (guint i = 0; i < n; i++)
        g_assert_true (list->pdata[i] == made->pdata[round % 2 == 0 ? i : n - 1 - i]);
      g_hash_table_remove_all (smaller.swarm->connections);
      g_hash_table_remove_all (greater.swarm->connections);
    }
}

/* It is used last, and for nothing that has another way; it decides nothing of who is given up. */
static void
test_silent (void)
{
  static const Facts direct = { "quic-v1", "/ip4/8.8.8.8/udp/1/quic-v1", TRUE, FALSE, FALSE };
  static const Facts relayed = { "relay", CIRCUIT, TRUE, FALSE, FALSE };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) quic = NULL;
  g_autoptr (PeerupConnection) circuit = NULL;
  g_autoptr (GPtrArray) list = NULL;
  int rank;

  init_pair (&a, &b);
  quic = fake_new (&a, &b, &direct);
  circuit = fake_new (&a, &b, &relayed);
  rank = peerup_swarm_rank (a.swarm, quic);
  g_assert_true (peerup_swarm_best_connection (a.swarm, node_id (&b)) == quic);
  peerup_connection_set_silent (quic, TRUE);
  g_assert_cmpint (peerup_swarm_rank (a.swarm, quic), ==, rank);
  g_assert_true (peerup_swarm_best_connection (a.swarm, node_id (&b)) == circuit);
  g_assert_null (peerup_swarm_best_direct (a.swarm, node_id (&b)));
  g_assert_false (peerup_swarm_supersedes (a.swarm, quic, circuit));
  g_assert_false (peerup_swarm_supersedes (a.swarm, circuit, quic));
  peerup_connection_set_silent (circuit, TRUE);
  g_assert_null (peerup_swarm_best_connection (a.swarm, node_id (&b)));
  g_assert_true (peerup_swarm_best_silent (a.swarm, node_id (&b)) == quic);
  peerup_connection_set_silent (quic, FALSE);
  g_assert_true (peerup_swarm_best_connection (a.swarm, node_id (&b)) == quic);
  peerup_connection_set_retired (quic);
  list = peerup_swarm_dup_connections (a.swarm, node_id (&b));
  g_assert_true (list->pdata[0] == circuit && list->pdata[1] == quic);
  close_all (list);
}

/* What is relayed both may retire; of two direct ones the same side decides always. */
static void
test_supersedes (void)
{
  static const Facts direct = { "quic-v1", "/ip4/8.8.8.8/udp/1/quic-v1", TRUE, FALSE, FALSE };
  static const Facts tcp = { "tcp", "/ip4/8.8.8.8/tcp/1", TRUE, FALSE, FALSE };
  static const Facts relayed = { "relay", CIRCUIT, TRUE, FALSE, FALSE };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };

  init_pair (&a, &b);
  for (guint i = 0; i < 2; i++)
    {
      Node *node = i == 0 ? &a : &b, *peer = i == 0 ? &b : &a;
      g_autoptr (PeerupConnection) best = fake_put (node, peer, &direct);
      g_autoptr (PeerupConnection) other = fake_put (node, peer, &tcp);
      g_autoptr (PeerupConnection) circuit = fake_put (node, peer, &relayed);

      g_assert_true (peerup_swarm_supersedes (node->swarm, best, circuit));
      g_assert_true (peerup_swarm_supersedes (node->swarm, other, circuit));
      g_assert_false (peerup_swarm_supersedes (node->swarm, circuit, other));
      g_assert_cmpint (peerup_swarm_supersedes (node->swarm, best, other), ==, i == 0);
      g_assert_false (peerup_swarm_supersedes (node->swarm, other, best));
      peerup_connection_set_silent (best, TRUE);
      g_assert_false (peerup_swarm_supersedes (node->swarm, best, circuit));
      g_hash_table_remove_all (node->swarm->connections);
    }
}

/* Somebody who wants a peer that is silent gets a new connection. */
static void
test_dials_beside_silence (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) first = NULL;
  g_autoptr (PeerupConnection) second = NULL;

  node_init (&a, 1, NODE_TCP);
  node_init (&b, 2, NODE_TCP);
  node_learn (&a, &b);
  first = node_connect (&a, &b);
  peerup_connection_set_silent (first, TRUE);
  second = node_connect (&a, &b);
  g_assert_true (first != second);
  g_assert_false (peerup_connection_is_closed (first));
}

/* The first that is heard: here it is the old one, while nobody answers the dial. */
static void
test_heard_while_dialing (void)
{
  static const Facts direct = { "quic-v1", "/ip4/127.0.0.1/udp/1/quic-v1", TRUE, FALSE, FALSE };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) silent = NULL;
  g_autoptr (PeerupConnection) found = NULL;
  g_autofree char *address = NULL;
  DexFuture *dial;
  guint port;
  int hole = open_black_hole (&port);

  init_pair (&a, &b);
  address = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);
  node_learn_address (&a, &b, address);
  silent = fake_new (&a, &b, &direct);
  peerup_connection_set_silent (silent, TRUE);
  dial = peerup_swarm_connect (a.swarm, node_id (&b));
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_true (dex_future_is_pending (dial));
  peerup_connection_set_silent (silent, FALSE);
  found = test_take_object (dial, NULL);
  g_assert_true (found == silent);
  peerup_connection_close (silent, PEERUP_CONNECTION_CODE_NONE);
  close (hole);
}

/* Better than nothing, where nobody answers at all. */
static void
test_silence_is_left (void)
{
  static const Facts direct = { "quic-v1", "/ip4/127.0.0.1/udp/1/quic-v1", TRUE, FALSE, FALSE };
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) silent = NULL;
  g_autoptr (PeerupConnection) found = NULL;
  g_autoptr (DexFuture) only_direct = NULL;

  init_pair (&a, &b);
  silent = fake_new (&a, &b, &direct);
  peerup_connection_set_silent (silent, TRUE);
  found = test_take_object (peerup_swarm_connect (a.swarm, node_id (&b)), NULL);
  g_assert_true (found == silent);
  only_direct = test_finish (peerup_swarm_connect_direct (a.swarm, node_id (&b)));
  g_assert_true (dex_future_is_rejected (only_direct));
  peerup_connection_close (silent, PEERUP_CONNECTION_CODE_NONE);
}

/* An address that becomes known while a dial waits in vain joins it. */
static void
test_addresses_join (void)
{
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) found = NULL;
  g_autofree char *address = NULL;
  DexFuture *dial;
  guint port;
  int hole = open_black_hole (&port);

  node_init (&a, 1, NODE_SILENT);
  node_init (&b, 2, NODE_TCP);
  address = g_strdup_printf ("/ip4/127.0.0.1/tcp/%u", port);
  node_learn_address (&a, &b, address);
  dial = peerup_swarm_connect (a.swarm, node_id (&b));
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  node_learn (&a, &b);
  found = test_take_object (dial, NULL);
  g_assert_nonnull (found);
  close (hole);
}

/* A peer's word alone makes us knock at no door of the house: the dial finds nothing to try. */
static void
test_told_addresses (void)
{
  static const char *const told[] = {
    "/ip4/127.0.0.1/tcp/9",
    "/ip4/10.255.255.1/tcp/9",
    "/ip4/169.254.169.254/tcp/80",
    "/ip4/224.0.0.1/udp/9/quic-v1",
    "/ip4/0.0.0.0/tcp/9",
    "/ip4/255.255.255.255/tcp/9",
    "/ip6/::/tcp/9",
    "/ip6/fe80::1/tcp/9",
    "/ip6/ff02::1/udp/9/quic-v1",
    "/ip6/fdff:ffff:ffff::1/tcp/9",
    "/ip4/100.127.255.1/tcp/9",
    "/ip6/::1/tcp/9",
  };
  static const Facts relayed = { "relay", CIRCUIT, TRUE, FALSE, FALSE };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_auto (Node) a = { 0 };
  g_auto (Node) b = { 0 };
  g_autoptr (PeerupConnection) carrier = NULL;
  g_autoptr (DexFuture) dial = NULL;
  g_autoptr (GError) error = NULL;

  init_pair (&a, &b);
  carrier = fake_new (&a, &b, &relayed);
  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", told[i]));
  peerup_swarm_add_told_addresses (a.swarm, carrier, addresses);
  dial = test_finish (peerup_swarm_connect_direct (a.swarm, node_id (&b)));
  dex_future_get_value (dial, &error);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, "No address"));
  peerup_connection_close (carrier, PEERUP_CONNECTION_CODE_NONE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/swarm-rank/order", test_order);
  g_test_add_func ("/swarm-rank/silent", test_silent);
  g_test_add_func ("/swarm-rank/supersedes", test_supersedes);
  g_test_add_func ("/swarm-rank/dials-beside-silence", test_dials_beside_silence);
  g_test_add_func ("/swarm-rank/heard-while-dialing", test_heard_while_dialing);
  g_test_add_func ("/swarm-rank/silence-is-left", test_silence_is_left);
  g_test_add_func ("/swarm-rank/addresses-join", test_addresses_join);
  g_test_add_func ("/swarm-rank/told-addresses", test_told_addresses);
  return g_test_run ();
}
