/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two nodes on one Ethernet, a TAP interface in a network namespace of its own: whatever one sends, the other hears
 * by loopback of multicast. */

#include "mdns-test.h"

#include <unistd.h>

#include "mdns/peerup-mdns.h"
#include "tap-network.h"
#include "unit/transport/transport-test.h"

static PeerupMdns *
new_node (const char *id, const char *address)
{
  g_autoptr (PeerupPeerId) peer = new_peer (id);
  g_autoptr (GPtrArray) addresses = new_list (address, NULL);
  PeerupMdns *node = peerup_mdns_new (peer);

  peerup_mdns_set_addresses (node, addresses);
  return node;
}

static void
start (PeerupMdns *node)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_mdns_start (node, &error));
  g_assert_no_error (error);
  g_assert_null (peerup_mdns_get_error (node));
  g_assert_true (peerup_mdns_is_started (node));
}

static gint64
in_seconds (guint seconds)
{
  return g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
}

static void
on_found (PeerupMdns *node, PeerupPeerId *peer, GPtrArray *addresses, gpointer data)
{
  GString *found = data;

  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (found, "%s/p2p/%s ", peerup_multiaddr_get_string (addresses->pdata[i]),
                            peerup_peer_id_get_string (peer));
}

static void
wait_for_text (GString *text)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (text->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
assert_inviter (DexFuture *future, const char *id, const char *address)
{
  g_autoptr (DexFuture) ended = test_finish (future);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (ended, &error);
  const PeerupMdnsInviter *inviter;

  g_assert_no_error (error);
  inviter = g_value_get_boxed (value);
  g_assert_cmpstr (peerup_peer_id_get_string (inviter->peer), ==, id);
  g_assert_cmpuint (inviter->addresses->len, ==, 1);
  g_assert_cmpstr (peerup_multiaddr_get_string (inviter->addresses->pdata[0]), ==, address);
}

static void
test_found (void)
{
  g_autoptr (GString) found = g_string_new ("");
  g_autoptr (PeerupMdns) a = NULL, b = NULL;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  b = new_node (OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
  peerup_mdns_set_announcing (a, FALSE);
  g_signal_connect (a, "found", G_CALLBACK (on_found), found);
  start (a);
  start (b);
  wait_for_text (found);
  g_assert_cmpstr (found->str, ==, "/ip4/192.168.7.2/tcp/4002/p2p/" OTHER_ID " ");
}

static void
test_find_peer (void)
{
  g_autoptr (PeerupMdns) a = NULL, b = NULL;
  g_autoptr (PeerupPeerId) other = new_peer (OTHER_ID);

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  b = new_node (OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
  peerup_mdns_set_announcing (a, FALSE);
  start (b);
  start (a);
  assert_inviter (peerup_mdns_find_peer (a, other, in_seconds (50)), OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
}

static void
test_find_invite (void)
{
  g_autoptr (PeerupMdns) a = NULL, b = NULL;
  g_autoptr (DexFuture) wrong = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  b = new_node (OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
  peerup_mdns_set_announcing (a, FALSE);
  peerup_mdns_set_announcing (b, FALSE);
  peerup_mdns_add_invite (b, 417);
  peerup_mdns_add_invite (b, 7);
  start (b);
  start (a);
  wrong = peerup_mdns_find_invite (a, 418, in_seconds (50));
  assert_inviter (peerup_mdns_find_invite (a, 417, in_seconds (50)), OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
  g_assert_true (dex_future_is_pending (wrong));
  peerup_mdns_remove_invite (b, 417);
  /* Opened while somebody waits. */
  peerup_mdns_add_invite (b, 418);
  assert_inviter (g_steal_pointer (&wrong), OTHER_ID, "/ip4/192.168.7.2/tcp/4002");
  g_assert_false (peerup_mdns_is_waited_for (a));
  /* One that was taken back is nobody's. */
  error = test_take_error (peerup_mdns_find_invite (a, 417, g_get_monotonic_time () + 300000));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

static void
on_idle (PeerupMdns *node, gpointer data)
{
  ++*(guint *) data;
}

static void
test_dropped (void)
{
  g_autoptr (PeerupMdns) a = NULL;
  g_autoptr (GError) error = NULL;
  guint guard, n_idle = 0;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  g_signal_connect (a, "idle", G_CALLBACK (on_idle), &n_idle);
  error = test_take_error (peerup_mdns_find_invite (a, 1, in_seconds (50)));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  start (a);
  dex_unref (peerup_mdns_find_invite (a, 1, in_seconds (50)));
  guard = g_timeout_add_seconds (60, test_out_of_time, NULL);
  while (peerup_mdns_is_waited_for (a))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  g_assert_cmpuint (n_idle, ==, 1);
}

static void
test_stop (void)
{
  g_autoptr (PeerupMdns) a = NULL;
  g_autoptr (DexFuture) future = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  start (a);
  future = peerup_mdns_find_invite (a, 1, in_seconds (50));
  peerup_mdns_stop (a);
  error = test_take_error (g_steal_pointer (&future));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (peerup_mdns_is_started (a));
  start (a);
}

/* No network at all, and one that comes later. */
static void
test_no_network (void)
{
  g_autoptr (PeerupMdns) a = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  tap_set_up (FALSE);
  g_assert_false (peerup_mdns_start (a, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_null (peerup_mdns_get_error (a));
  tap_set_up (TRUE);
  start (a);
  /* It goes, and comes back, under one that runs. */
  tap_set_up (FALSE);
  peerup_mdns_network_changed (a);
  tap_set_up (TRUE);
  peerup_mdns_network_changed (a);
  g_assert_null (peerup_mdns_get_error (a));
}

/* Bad input: another program has the port, and does not share it. */
static void
test_taken (void)
{
  PeerupSocketAddress any = make_address ("0.0.0.0", 5353);
  PeerupSocketAddress any6 = make_address ("::", 5353);
  int one = 1, fd, fd6;
  g_autoptr (PeerupMdns) a = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = new_node (OWN_ID, "/ip4/192.168.7.2/tcp/4001");
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (fd, &any.any, sizeof any.ip4), ==, 0);
  fd6 = socket (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (setsockopt (fd6, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one), ==, 0);
  g_assert_cmpint (bind (fd6, &any6.any, sizeof any6.ip6), ==, 0);
  g_assert_false (peerup_mdns_start (a, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "UDP port 5353"));
  g_assert_error (peerup_mdns_get_error (a), PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  close (fd);
  close (fd6);
  start (a);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  tap_open ();
  g_test_add_func ("/mdns/found", test_found);
  g_test_add_func ("/mdns/find-peer", test_find_peer);
  g_test_add_func ("/mdns/find-invite", test_find_invite);
  g_test_add_func ("/mdns/dropped", test_dropped);
  g_test_add_func ("/mdns/stop", test_stop);
  g_test_add_func ("/mdns/no-network", test_no_network);
  g_test_add_func ("/mdns/taken", test_taken);
  return g_test_run ();
}
