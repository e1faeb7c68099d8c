/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What an engine does when something has changed around it, told by the test in the place of the system; and which
 * connections it keeps alive. Two engines in one process, on loopback.
 */
#include "device.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

/* b has the connection to a, which is returned. */
static PeerupConnection *
start_pair (Device *a, Device *b)
{
  Home *home_a = home_new (), *home_b = home_new ();
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GPtrArray) connections = NULL;
  g_autoptr (GError) error = NULL;

  home_authorize (home_a, home_b);
  home_configure (home_a, "");
  *a = device_start (home_a, PEERUP_ENGINE_DEFAULT);
  *b = device_start (home_b, PEERUP_ENGINE_DEFAULT);
  addresses = peerup_engine_dup_listen_addresses (a->engine);
  g_assert_cmpint (await_int64 (peerup_engine_ping (b->engine, addresses[0]), &error), >=, 0);
  g_assert_no_error (error);
  connections = peerup_swarm_dup_connections (b->engine->swarm, NULL);
  g_assert_cmpuint (connections->len, ==, 1);
  return g_object_ref (connections->pdata[0]);
}

static guint
n_healed (Device *device)
{
  return peerup_engine_change_get_n_healed (device->engine->change);
}

static void
tell (Device *device, PeerupSleepEvent event, gint64 time)
{
  peerup_engine_change_take (event, time, device->engine->change);
}

static gboolean
has_healed (gpointer data)
{
  return n_healed (data) > 0;
}

static gboolean
has_healed_twice (gpointer data)
{
  return n_healed (data) > 1;
}

static gboolean
is_closed (gpointer connection)
{
  return peerup_connection_is_closed (connection);
}

/* Ten at once are answered at once and then together, a second later; what is there goes on. */
static void
test_storm (void)
{
  Device a, b;
  g_autoptr (PeerupConnection) connection = start_pair (&a, &b);
  gint64 start = g_get_monotonic_time ();

  tell (&b, PEERUP_SLEEP_ENDED, 0);
  spin_while_not (has_healed, &b);
  for (guint i = 0; i < 10; i++)
    {
      tell (&b, PEERUP_SLEEP_ENDED, 0);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (n_healed (&b), ==, 1);
  spin_while_not (has_healed_twice, &b);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, PEERUP_ENGINE_CHANGE_INTERVAL);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_healed (&b), ==, 2);
  g_assert_false (peerup_connection_is_closed (connection));
  g_assert_false (peerup_connection_is_silent (connection));
  device_stop (&b);
  device_stop (&a);
}

/* The system tells of much that is no change; and what healing does is none either. */
static void
test_nothing_has_changed (void)
{
  Device a, b;
  g_autoptr (PeerupConnection) connection = start_pair (&a, &b);

  peerup_swarm_network_changed (b.engine->swarm);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_healed (&b), ==, 0);
  device_stop (&b);
  device_stop (&a);
}

/* Nothing is begun before a sleep that was announced. */
static void
test_before_a_sleep (void)
{
  Device a, b;
  g_autoptr (PeerupConnection) connection = start_pair (&a, &b);

  tell (&b, PEERUP_SLEEP_BEGINS, 0);
  tell (&b, PEERUP_CLOCK_SET, 3600 * SECOND);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_healed (&b), ==, 0);
  tell (&b, PEERUP_SLEEP_ENDED, 5 * SECOND);
  spin_while_not (has_healed, &b);
  g_assert_false (peerup_connection_is_closed (connection));
  device_stop (&b);
  device_stop (&a);
}

/* No peer has waited for so long: what is there ends, and the next use connects anew. */
static void
test_long_sleep (void)
{
  Device a, b;
  g_autoptr (PeerupConnection) connection = start_pair (&a, &b);
  g_autoptr (GError) error = NULL;

  tell (&b, PEERUP_SLEEP_ENDED, PEERUP_ENGINE_CHANGE_LONG_SLEEP);
  spin_while_not (is_closed, connection);
  g_assert_nonnull (strstr (peerup_connection_get_error (connection)->message, "slept for 60 s"));
  g_assert_cmpint (await_int64 (peerup_engine_ping (b.engine, home_get_id (a.home)), &error), >=, 0);
  g_assert_no_error (error);
  device_stop (&b);
  device_stop (&a);
}

/* What is used is kept, and what is not is not, unless it may be needed at any time. */
static void
test_kept (void)
{
  Device a, b;
  g_autoptr (PeerupConnection) connection = start_pair (&a, &b);
  gint64 used = peerup_connection_get_used_at (connection);
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GPtrArray) relays = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) error = NULL;
  PeerupEngineKeep *keep = b.engine->keep;

  g_assert_true (peerup_engine_keep_wants (keep, connection, used + PEERUP_ENGINE_KEEP_UNUSED - 1));
  if (peerup_connection_get_n_streams (connection) == 0)
    g_assert_false (peerup_engine_keep_wants (keep, connection, used + PEERUP_ENGINE_KEEP_UNUSED));
  peerup_engine_keep_look (keep, used + PEERUP_ENGINE_KEEP_UNUSED);
  g_assert_false (peerup_connection_is_closed (connection));
  g_ptr_array_add (relays, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/9/p2p/%s", home_get_id (a.home)));
  peerup_relay_client_set_relays (b.engine->relays, relays);
  g_assert_true (peerup_engine_keep_wants (keep, connection, used + 100 * PEERUP_ENGINE_KEEP_UNUSED));
  device_stop (&b);
  device_stop (&a);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-change/storm", test_storm);
  g_test_add_func ("/engine-change/nothing-has-changed", test_nothing_has_changed);
  g_test_add_func ("/engine-change/before-a-sleep", test_before_a_sleep);
  g_test_add_func ("/engine-change/long-sleep", test_long_sleep);
  g_test_add_func ("/engine-change/kept", test_kept);
  return g_test_run ();
}
