/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a peer believes of the addresses that its relay tells, by how the relay was reached. */

#include "relay/peerup-relay-exchange.h"
#include "scripted-relay.h"

/* Of the widest reach first. */
static const char *const told[] = {
  "/ip4/1.2.3.5/tcp/4001",     "/ip6/2606:4700::7/udp/4001/quic-v1",
  "/ip4/10.0.0.7/tcp/4001",    "/ip4/192.168.1.7/udp/4001/quic-v1",
  "/ip4/169.254.1.7/tcp/4001", "/ip6/fd00::7/tcp/4001",
  "/ip4/127.0.0.1/tcp/22",     "/ip6/::1/tcp/22",
};

typedef struct
{
  ScriptedRelay relay;
  Node peer;
  const char *dialed;
  guint n_believed; /* the first of those, besides the dialed one */
} Fixture;

static DexFuture *
reserve_fiber (gpointer data)
{
  Fixture *self = data;
  g_autoptr (PeerupConnection) connection =
    dex_await_object (peerup_swarm_connect (self->peer.swarm, node_id (&self->relay.node)), NULL);
  g_autoptr (PeerupMultiaddr) dialed = peerup_multiaddr_newf ("%s", self->dialed);
  g_auto (PeerupRelayGrant) grant = { 0 };
  g_autoptr (GError) error = NULL;

  peerup_relay_reserve (connection, node_id (&self->peer), dialed, test_deadline (), &grant, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (grant.addresses->len, ==, 1 + self->n_believed);
  for (guint i = 0; i < grant.addresses->len; i++)
    {
      g_autofree char *expected = g_strdup_printf ("%s/p2p/%s/p2p-circuit", i == 0 ? self->dialed : told[i - 1],
                                                   peerup_peer_id_get_string (node_id (&self->relay.node)));

      g_assert_cmpstr (peerup_multiaddr_get_string (grant.addresses->pdata[i]), ==, expected);
    }
  return NULL;
}

/* A relay reached by @dialed sends nobody nearer to those who ask where the peer is: not into their
 * houses, and not to their own machine. */
static void
check (const char *dialed, guint n_believed)
{
  Fixture self = { .dialed = dialed, .n_believed = n_believed };

  scripted_relay_init (&self.relay, 1, NODE_TCP);
  memcpy (self.relay.addresses, told, sizeof told);
  node_init (&self.peer, 2, NODE_SILENT);
  node_learn (&self.peer, &self.relay.node);
  test_run_fiber (reserve_fiber, &self);
  node_clear (&self.peer);
  scripted_relay_clear (&self.relay);
}

static void
test_public (void)
{
  check ("/ip4/1.2.3.4/tcp/4001", 2);
  check ("/dns4/relay.example/tcp/4001", 2);
}

static void
test_private (void)
{
  check ("/ip4/192.168.1.1/udp/4001/quic-v1", 6);
}

/* No more of them than anybody needs. */
static void
test_loopback (void)
{
  check ("/ip4/127.0.0.1/tcp/4001", PEERUP_RELAY_ADDRESSES_MAX - 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();

  g_test_add_func ("/relay-exchange/addresses/public", test_public);
  g_test_add_func ("/relay-exchange/addresses/private", test_private);
  g_test_add_func ("/relay-exchange/addresses/loopback", test_loopback);
  return g_test_run ();
}
