/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Reservations at relays that are right, refuse, go away and lie. */

#include "relay/peerup-relay-client.h"
#include "scripted-relay.h"

typedef struct
{
  Node node;
  PeerupRelayClient *client;
  guint n_changed;
} Peer;

static void
on_changed (PeerupRelayClient *client, PeerupPeerId *relay, gpointer data)
{
  ((Peer *) data)->n_changed++;
}

static void
peer_init (Peer *self, guint8 seed)
{
  node_init (&self->node, seed, NODE_SILENT);
  self->client = peerup_relay_client_new (self->node.swarm);
  g_signal_connect (self->client, "changed", G_CALLBACK (on_changed), self);
}

static void
peer_clear (Peer *self)
{
  if (self->client != NULL)
    g_assert_finalize_object (g_steal_pointer (&self->client));
  node_clear (&self->node);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Peer, peer_clear)

static void
peer_use (Peer *self, ScriptedRelay *relay, ScriptedRelay *second)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  if (relay != NULL)
    g_ptr_array_add (addresses, scripted_relay_dup_address (relay, 0));
  if (second != NULL)
    g_ptr_array_add (addresses, scripted_relay_dup_address (second, 0));
  peerup_relay_client_set_relays (self->client, addresses);
}

static PeerupRelayInfo
peer_info (Peer *self, guint index)
{
  PeerupRelayInfo info;

  peerup_relay_client_get_info (self->client, index, &info);
  return info;
}

static void
peer_wait_state (Peer *self, guint index, PeerupRelayState state)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (peer_info (self, index).state != state)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* What it announces, one a line. */
static char *
peer_addresses (Peer *self)
{
  g_autoptr (GPtrArray) own = peerup_relay_client_dup_addresses (self->client);
  g_autoptr (GPtrArray) announced = peerup_swarm_dup_announced_addresses (self->node.swarm);
  GString *text = g_string_new (NULL);

  g_assert_cmpuint (own->len, ==, announced->len);
  for (guint i = 0; i < own->len; i++)
    {
      g_assert_true (g_ptr_array_find_with_equal_func (announced, own->pdata[i], peerup_multiaddr_equal, NULL));
      g_string_append_printf (text, "%s\n", peerup_multiaddr_get_string (own->pdata[i]));
    }
  return g_string_free (text, FALSE);
}

static char *
through (ScriptedRelay *relay)
{
  g_autoptr (PeerupMultiaddr) address = scripted_relay_dup_address (relay, 0);

  return g_strdup_printf ("%s/p2p-circuit\n", peerup_multiaddr_get_string (address));
}

static void
test_reserve (gconstpointer listens)
{
  g_auto (ScriptedRelay) relay = { 0 };
  g_auto (Peer) peer = { 0 };
  g_autofree char *addresses = NULL;
  g_autofree char *expected = NULL;
  PeerupRelayInfo info;

  scripted_relay_init (&relay, 1, GPOINTER_TO_UINT (listens));
  relay.limited = TRUE;
  relay.limit = (PeerupCircuitLimit) { 600, 1 << 20 };
  peer_init (&peer, 2);
  peer_use (&peer, &relay, NULL);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (peer.client), ==, 1);
  g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_CONNECTING);
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  info = peer_info (&peer, 0);
  g_assert_true (peerup_peer_id_equal (info.relay, node_id (&relay.node)));
  g_assert_cmpint (info.expires, >, g_get_real_time () / G_USEC_PER_SEC + 3500);
  g_assert_cmpint (info.retry_at, ==, 0);
  g_assert_true (info.limited && info.limit.duration == 600 && info.limit.data == 1 << 20);
  g_assert_null (info.error);
  addresses = peer_addresses (&peer);
  expected = through (&relay);
  g_assert_cmpstr (addresses, ==, expected);
  g_assert_cmpuint (peer.n_changed, >=, 1);
  g_assert_cmpuint (relay.n_reserved, ==, 1);
}

static void
test_set_relays (void)
{
  g_auto (ScriptedRelay) one = { 0 };
  g_auto (ScriptedRelay) two = { 0 };
  g_auto (Peer) peer = { 0 };
  g_autofree char *addresses = NULL;
  g_autofree char *expected = NULL;

  scripted_relay_init (&one, 1, NODE_TCP);
  scripted_relay_init (&two, 3, NODE_TCP);
  peer_init (&peer, 2);
  peer_use (&peer, &one, &two);
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  peer_wait_state (&peer, 1, PEERUP_RELAY_RESERVED);
  /* The second stays as it was. */
  peer_use (&peer, &two, NULL);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (peer.client), ==, 1);
  g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_RESERVED);
  addresses = peer_addresses (&peer);
  expected = through (&two);
  g_assert_cmpstr (addresses, ==, expected);
  g_assert_cmpuint (two.n_reserved, ==, 1);
  peer_use (&peer, NULL, NULL);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (peer.client), ==, 0);
  g_clear_pointer (&addresses, g_free);
  addresses = peer_addresses (&peer);
  g_assert_cmpstr (addresses, ==, "");
}

/* Not an ID, only an ID, through another relay: not one of them is a relay that could be asked. */
static void
test_not_relays (void)
{
  g_auto (Peer) peer = { 0 };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  const char *id;

  peer_init (&peer, 2);
  id = peerup_peer_id_get_string (node_id (&peer.node));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/4001"));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/p2p/%s", id));
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/4001/p2p/%s/p2p-circuit/p2p/%s", id, id));
  peerup_relay_client_set_relays (peer.client, addresses);
  g_assert_cmpuint (peerup_relay_client_get_n_relays (peer.client), ==, 0);
}

static void
test_refresh (void)
{
  g_auto (ScriptedRelay) relay = { 0 };
  g_auto (Peer) peer = { 0 };

  scripted_relay_init (&relay, 1, NODE_TCP);
  relay.ttl = 2;
  peer_init (&peer, 2);
  peer_use (&peer, &relay, NULL);
  wait_count (&relay.n_reserved, 4);
  g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_RESERVED);
  g_assert_cmpuint (peer.node.opened, ==, 1);
}

static void
test_loss (void)
{
  g_auto (ScriptedRelay) relay = { 0 };
  g_auto (Peer) peer = { 0 };
  g_autofree char *addresses = NULL;
  PeerupRelayInfo info;

  scripted_relay_init (&relay, 1, NODE_TCP);
  peer_init (&peer, 2);
  peer_use (&peer, &relay, NULL);
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  peerup_swarm_disconnect (relay.node.swarm, node_id (&peer.node), PEERUP_CONNECTION_CODE_SHUTDOWN);
  peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
  info = peer_info (&peer, 0);
  g_assert_cmpint (info.expires, ==, 0);
  g_assert_cmpint (info.retry_at, >, g_get_monotonic_time () - G_USEC_PER_SEC);
  g_assert_cmpint (info.retry_at, <=, g_get_monotonic_time () + G_USEC_PER_SEC);
  g_assert_nonnull (info.error);
  addresses = peer_addresses (&peer);
  g_assert_cmpstr (addresses, ==, "");
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  g_assert_cmpuint (relay.n_reserved, ==, 2);
  g_assert_null (peer_info (&peer, 0).error);
}

static void
test_refused (void)
{
  static const struct
  {
    PeerupCircuitStatus status;
    int code;
    const char *text;
  } cases[] = {
    { PEERUP_CIRCUIT_RESERVATION_REFUSED, PEERUP_ERROR_DENIED, "refused" },
    { PEERUP_CIRCUIT_PERMISSION_DENIED, PEERUP_ERROR_DENIED, "denied" },
    { PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED, PEERUP_ERROR_LIMIT, "limit" },
    { PEERUP_CIRCUIT_MALFORMED_MESSAGE, PEERUP_ERROR_PROTOCOL, "could not read" },
    { (PeerupCircuitStatus) 999, PEERUP_ERROR_PROTOCOL, "999" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ScriptedRelay) relay = { 0 };
      g_auto (Peer) peer = { 0 };
      PeerupRelayInfo info;

      scripted_relay_init (&relay, 1, NODE_TCP);
      relay.status = cases[i].status;
      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
      info = peer_info (&peer, 0);
      g_assert_error (info.error, PEERUP_ERROR, cases[i].code);
      g_assert_nonnull (strstr (info.error->message, cases[i].text));
      g_assert_cmpuint (info.n_failures, ==, 1);
      /* It thinks again, and so do we when we are told to. */
      relay.status = 0;
      peerup_relay_client_retry (peer.client);
      g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_CONNECTING);
      peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
      g_assert_cmpuint (peer_info (&peer, 0).n_failures, ==, 0);
    }
}

/* Answers that are none. */
static void
test_malformed (void)
{
  static const struct
  {
    const char *answer;
    int code;
  } cases[] = {
    { "", PEERUP_ERROR_CLOSED },
    { "0308022864", PEERUP_ERROR_MALFORMED }, /* cut in a field, and bytes that nobody reads */
    { "03ffffff", PEERUP_ERROR_MALFORMED },   /* no message */
    { "020807", PEERUP_ERROR_MALFORMED },     /* a type that is not known */
    { "8180808004", PEERUP_ERROR_TOO_LARGE }, /* 1 GiB is announced */
    { "020800", PEERUP_ERROR_PROTOCOL },      /* RESERVE, back at us */
    { "0408022864", PEERUP_ERROR_PROTOCOL },  /* OK, without a reservation */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (ScriptedRelay) relay = { 0 };
      g_auto (Peer) peer = { 0 };

      scripted_relay_init (&relay, 1, NODE_TCP);
      relay.answer = cases[i].answer;
      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
      g_assert_error (peer_info (&peer, 0).error, PEERUP_ERROR, cases[i].code);
    }
}

/* It serves no hop. */
static void
test_no_relay (void)
{
  g_auto (ScriptedRelay) relay = { 0 };
  g_auto (Peer) peer = { 0 };

  scripted_relay_init (&relay, 1, NODE_TCP);
  peerup_swarm_remove_protocol (relay.node.swarm, PEERUP_CIRCUIT_HOP);
  peer_init (&peer, 2);
  peer_use (&peer, &relay, NULL);
  peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
  g_assert_error (peer_info (&peer, 0).error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
}

static void
test_unreachable (void)
{
  g_auto (Peer) peer = { 0 };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_auto (Node) nobody = { 0 };

  node_init (&nobody, 9, NODE_SILENT);
  peer_init (&peer, 2);
  g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u/p2p/%s", closed_port (),
                                                     peerup_peer_id_get_string (node_id (&nobody))));
  peerup_relay_client_set_relays (peer.client, addresses);
  peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
  g_assert_error (peer_info (&peer, 0).error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  /* The network has changed. */
  peerup_swarm_network_changed (peer.node.swarm);
  g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_CONNECTING);
  peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
  g_assert_cmpuint (peer_info (&peer, 0).n_failures, ==, 2);
}

static void
test_lies_about_expiry (void)
{
  static const guint64 ends[] = { 1, 1000000000, G_GUINT64_CONSTANT (253402300799), G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_auto (ScriptedRelay) relay = { 0 };
      g_auto (Peer) peer = { 0 };

      scripted_relay_init (&relay, 1, NODE_TCP);
      relay.expires = ends[i];
      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      peer_wait_state (&peer, 0, PEERUP_RELAY_WAITING);
      g_assert_error (peer_info (&peer, 0).error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL);
    }
}

#define OTHER_ID "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu"

static void
test_lies_about_addresses (void)
{
  static const char *const told[] = {
    "/ip4/192.0.2.7/tcp/4001",                              /* another of its own: believed */
    "/ip4/192.0.2.7/tcp/4001",                              /* again */
    "/ip4/192.0.2.8/tcp/4001/p2p/" OTHER_ID,                /* of somebody else */
    "/ip4/192.0.2.9/tcp/4001/p2p/" OTHER_ID "/p2p-circuit", /* through somebody else */
    "/p2p-circuit",
    "/ip4/192.0.2.10/udp/4001", /* nobody can dial it */
    "/ip4/192.0.2.11/udp/4001/quic-v1",
    "/ip4/192.0.2.12/tcp/1",
    "/ip4/192.0.2.13/tcp/1",
    "/ip4/192.0.2.14/tcp/1",
    "/ip4/192.0.2.15/tcp/1",
    "/ip4/192.0.2.16/tcp/1",
  };
  g_auto (ScriptedRelay) relay = { 0 };
  g_auto (Peer) peer = { 0 };
  g_autofree char *addresses = NULL;
  g_autofree char *dialed = NULL;
  g_auto (GStrv) lines = NULL;

  scripted_relay_init (&relay, 1, NODE_TCP);
  memcpy (relay.addresses, told, sizeof told);
  peer_init (&peer, 2);
  peer_use (&peer, &relay, NULL);
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  addresses = peer_addresses (&peer);
  dialed = through (&relay);
  /* The one that was dialed stands first, whatever the relay says. */
  g_assert_true (g_str_has_prefix (addresses, dialed));
  lines = g_strsplit (addresses, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 8 + 1);
  g_assert_true (g_str_has_prefix (lines[1], "/ip4/192.0.2.7/tcp/4001/p2p/"));
  g_assert_true (g_str_has_prefix (lines[2], "/ip4/192.0.2.11/udp/4001/quic-v1/p2p/"));
  g_assert_null (strstr (addresses, OTHER_ID));
}

static void
test_lies_about_limits (void)
{
  static const PeerupCircuitLimit limits[] = { { 0, 0 }, { 120000, 1 }, { G_MAXUINT32, G_MAXUINT64 } };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_auto (ScriptedRelay) relay = { 0 };
      g_auto (Peer) peer = { 0 };
      PeerupRelayInfo info;

      scripted_relay_init (&relay, 1, NODE_TCP);
      relay.limited = TRUE;
      relay.limit = limits[i];
      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
      info = peer_info (&peer, 0);
      g_assert_true (info.limited);
      g_assert_cmpuint (info.limit.duration, ==, limits[i].duration);
      g_assert_cmpuint (info.limit.data, ==, limits[i].data);
    }
}

static void
test_vouchers (void)
{
  g_auto (Node) other = { 0 };

  node_init (&other, 9, NODE_SILENT);
  for (guint i = 0; i < 4; i++)
    {
      g_auto (ScriptedRelay) relay = { 0 };
      g_auto (Peer) peer = { 0 };

      scripted_relay_init (&relay, 1, NODE_TCP);
      relay.signer = peerup_swarm_get_identity (i == 1 ? other.swarm : relay.node.swarm);
      relay.voucher_peer = i == 2 ? node_id (&other) : NULL;
      relay.voucher_relay = i == 3 ? node_id (&other) : NULL;
      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      peer_wait_state (&peer, 0, i == 0 ? PEERUP_RELAY_RESERVED : PEERUP_RELAY_WAITING);
      if (i != 0)
        g_assert_error (peer_info (&peer, 0).error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
    }
}

/* The best relay first: here the one that did not fail, although it is the second. */
static void
test_preferred (void)
{
  g_auto (ScriptedRelay) one = { 0 };
  g_auto (ScriptedRelay) two = { 0 };
  g_auto (Peer) peer = { 0 };
  g_autofree char *addresses = NULL;
  g_autofree char *expected = NULL;

  scripted_relay_init (&one, 1, NODE_TCP);
  scripted_relay_init (&two, 3, NODE_TCP);
  one.ttl = 8;
  peer_init (&peer, 2);
  peer_use (&peer, &one, &two);
  peer_wait_state (&peer, 0, PEERUP_RELAY_RESERVED);
  peer_wait_state (&peer, 1, PEERUP_RELAY_RESERVED);
  one.status = PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED;
  wait_count (&one.n_refused, 1);
  while (peer_info (&peer, 0).n_failures == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (peer_info (&peer, 0).state, ==, PEERUP_RELAY_RESERVED);
  addresses = peer_addresses (&peer);
  expected = through (&two);
  g_assert_true (g_str_has_prefix (addresses, expected));
}

/* The client and its swarm go while everything is under way. */
static void
test_dropped (void)
{
  g_auto (ScriptedRelay) relay = { 0 };

  scripted_relay_init (&relay, 1, NODE_TCP);
  relay.silent = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      g_auto (Peer) peer = { 0 };

      peer_init (&peer, 2);
      peer_use (&peer, &relay, NULL);
      if (i == 1)
        wait_count (&relay.held->len, 1);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_data_func ("/relay-client/reserve/tcp", GUINT_TO_POINTER (NODE_TCP), test_reserve);
  g_test_add_data_func ("/relay-client/reserve/quic", GUINT_TO_POINTER (NODE_QUIC), test_reserve);
  g_test_add_func ("/relay-client/set-relays", test_set_relays);
  g_test_add_func ("/relay-client/not-relays", test_not_relays);
  g_test_add_func ("/relay-client/refresh", test_refresh);
  g_test_add_func ("/relay-client/loss", test_loss);
  g_test_add_func ("/relay-client/refused", test_refused);
  g_test_add_func ("/relay-client/malformed", test_malformed);
  g_test_add_func ("/relay-client/no-relay", test_no_relay);
  g_test_add_func ("/relay-client/unreachable", test_unreachable);
  g_test_add_func ("/relay-client/lies-about-expiry", test_lies_about_expiry);
  g_test_add_func ("/relay-client/lies-about-addresses", test_lies_about_addresses);
  g_test_add_func ("/relay-client/lies-about-limits", test_lies_about_limits);
  g_test_add_func ("/relay-client/vouchers", test_vouchers);
  g_test_add_func ("/relay-client/preferred", test_preferred);
  g_test_add_func ("/relay-client/dropped", test_dropped);
  return g_test_run ();
}
