/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two engines in one network, an Ethernet of this test's own: what of mDNS comes to the peerstore and what does not,
 * and when there is any.
 */
#include "device.h"
#include "unit/mdns/tap-network.h"

#define LISTEN "/ip4/0.0.0.0/tcp/0"

static PeerupPeerId *
id_of (Device *device)
{
  return peerup_private_key_get_peer_id (device->home->key);
}

/* The configuration of tests says discovery.mdns: false; this one says true. */
static void
enable_mdns (Home *home)
{
  g_autofree char *text = NULL;
  g_autoptr (GString) changed = NULL;
  g_autoptr (GError) error = NULL;

  home_listen (home, LISTEN);
  g_assert_true (g_file_get_contents (home->config, &text, NULL, &error));
  changed = g_string_new (text);
  g_assert_cmpuint (g_string_replace (changed, "mdns: false", "mdns: true", 1), ==, 1);
  g_file_set_contents_full (home->config, changed->str, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static Device
start (Home *home, gboolean mdns)
{
  if (mdns)
    enable_mdns (home);
  else
    home_listen (home, LISTEN);
  return device_start (home, PEERUP_ENGINE_DEFAULT);
}

/* Whether anybody has the port of mDNS. */
static gboolean
has_socket (void)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents ("/proc/thread-self/net/udp", &text, NULL, NULL));
  return strstr (text, ":14E9 ") != NULL;
}

static gint64
in_seconds (guint seconds)
{
  return g_get_monotonic_time () + seconds * (gint64) G_USEC_PER_SEC;
}

typedef struct
{
  Device *device, *other;
} Pair;

static gboolean
knows (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_addresses (pair->device->engine->swarm, id_of (pair->other));

  return addresses->len > 0;
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

/* Whoever is authorized is known, without a word of anybody; who is not is not. */
static void
test_authorized (void)
{
  Home *home_a = home_new (), *home_b = home_new (), *home_c = home_new ();
  g_auto (Device) a = { 0 }, b = { 0 }, c = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;

  if (tap_skip ())
    {
      home_free (home_a);
      home_free (home_b);
      home_free (home_c);
      return;
    }
  home_authorize (home_a, home_b);
  a = start (home_a, TRUE);
  c = start (home_c, TRUE);
  b = start (home_b, TRUE);
  spin_while_not (knows, &(Pair) { &a, &b });
  g_assert_false (knows (&(Pair) { &b, &a }));
  g_assert_false (knows (&(Pair) { &a, &c }));
  addresses = peerup_swarm_dup_addresses (a.engine->swarm, id_of (&b));
  g_assert_cmpuint (addresses->len, ==, 1);
  g_assert_true (g_str_has_prefix (peerup_multiaddr_get_string (addresses->pdata[0]), "/ip4/192.168.7.2/tcp/"));
  /* One that is authorized now is found now, though it was heard before. */
  home_authorize (home_a, home_c);
  spin_while_not (knows, &(Pair) { &a, &c });
}

/* With discovery.mdns: false, there is mDNS as long as somebody invites or looks for somebody, and no longer. */
static void
test_invite (void)
{
  g_auto (Device) a = { 0 }, b = { 0 };
  g_autoptr (DexFuture) found = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupMdnsInviter *inviter;

  if (tap_skip ())
    return;
  a = start (home_new (), FALSE);
  b = start (home_new (), FALSE);
  g_assert_false (has_socket ());
  found = peerup_engine_lan_find_invite (a.engine->lan, 417, in_seconds (50));
  g_assert_true (has_socket ());
  peerup_engine_lan_add_invite (b.engine->lan, 417);
  spin_while_not (is_done, found);
  inviter = g_value_get_boxed (dex_future_get_value (found, &error));
  g_assert_no_error (error);
  g_assert_true (peerup_peer_id_equal (inviter->peer, id_of (&b)));
  g_assert_true (knows (&(Pair) { &a, &b }));
  /* b's own is left. */
  g_assert_true (has_socket ());
  peerup_engine_lan_remove_invite (b.engine->lan, 417);
  g_assert_false (has_socket ());
}

static void
test_find_peer (void)
{
  g_auto (Device) a = { 0 }, b = { 0 };
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = start (home_new (), FALSE);
  b = start (home_new (), TRUE);
  g_assert_true (await_true (peerup_engine_lan_find_peer (a.engine->lan, id_of (&b), in_seconds (50)), &error));
  g_assert_no_error (error);
  g_assert_true (knows (&(Pair) { &a, &b }));
  /* Nobody answers for oneself. */
  g_assert_false (
    await_true (peerup_engine_lan_find_peer (b.engine->lan, id_of (&a), g_get_monotonic_time () + G_USEC_PER_SEC / 5),
                &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
}

/* What was begun ends with the engine. */
static void
test_stop (void)
{
  g_auto (Device) a = { 0 };
  DexFuture *found = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  a = start (home_new (), FALSE);
  found = peerup_engine_lan_find_invite (a.engine->lan, 417, in_seconds (50));
  g_assert_true (await_true (peerup_engine_stop (a.engine, NULL), &error));
  spin_while_not (is_done, found);
  g_assert_null (dex_future_get_value (found, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_assert_false (has_socket ());
  dex_clear (&found);
}

/* No network is no problem, and said to who asks. */
static void
test_no_network (void)
{
  g_auto (Device) a = { 0 };
  g_auto (GStrv) problems = NULL;
  g_autoptr (GError) error = NULL;

  if (tap_skip ())
    return;
  tap_set_up (FALSE);
  a = start (home_new (), TRUE);
  problems = peerup_engine_dup_problems (a.engine);
  g_assert_cmpuint (g_strv_length (problems), ==, 0);
  g_assert_false (await_true (peerup_engine_lan_find_peer (a.engine->lan, id_of (&a), in_seconds (50)), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  tap_set_up (TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  tap_open ();
  g_test_add_func ("/engine/lan/authorized", test_authorized);
  g_test_add_func ("/engine/lan/invite", test_invite);
  g_test_add_func ("/engine/lan/find-peer", test_find_peer);
  g_test_add_func ("/engine/lan/stop", test_stop);
  g_test_add_func ("/engine/lan/no-network", test_no_network);
  return g_test_run ();
}
