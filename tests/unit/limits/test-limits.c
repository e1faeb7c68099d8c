/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The limits with literal times and small numbers. Every test ends with peerup_limits_unref(),
 * which asserts that nothing of what was begun is left. */

#include "limits/peerup-limits.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
/* 192.0.2.7, 192.0.2.8, 2001:db8:1:2::/64, 2001:db8:1:3::/64, 2001:db8:2:0::/64 */
#define HOST_7   G_GUINT64_CONSTANT (0xc0000207)
#define HOST_8   G_GUINT64_CONSTANT (0xc0000208)
#define HOST_1_2 G_GUINT64_CONSTANT (0x20010db800010002)
#define HOST_1_3 G_GUINT64_CONSTANT (0x20010db800010003)
#define HOST_2_0 G_GUINT64_CONSTANT (0x20010db800020000)

static PeerupPeerId *alice, *bob;

static PeerupPeerId *
peer_new (guint32 number)
{
  guint8 bytes[34] = { 0x12, 0x20, number >> 24, number >> 16, number >> 8, number };
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_bytes (bytes, sizeof bytes, &error);

  g_assert_no_error (error);
  return peer;
}

/* Everything as wide as it gets, but what a test names. */
static PeerupLimits *
limits_new (PeerupLimit limit, guint64 value, PeerupLimit other, guint64 other_value)
{
  PeerupLimitsSettings settings;

  for (guint i = 0; i < PEERUP_N_LIMITS; i++)
    settings.values[i] = PEERUP_LIMITS_NONE;
  settings.values[limit] = value;
  if (other < PEERUP_N_LIMITS)
    settings.values[other] = other_value;
  return peerup_limits_new (&settings);
}

static void
assert_refused (GError **error, const char *text)
{
  g_assert_error (*error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  g_assert_cmpstr ((*error)->message, ==, text);
  g_clear_error (error);
}

static void
assert_last (PeerupLimits *limits, PeerupLimit limit, guint64 n, const char *who)
{
  g_autofree char *last = peerup_limits_dup_last_refused (limits, limit);

  g_assert_cmpuint (peerup_limits_get_refusals (limits, limit), ==, n);
  g_assert_cmpstr (last, ==, who);
}

static void
test_handshakes_of_address (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS, 2, PEERUP_N_LIMITS, 0);
  g_autoptr (GError) error = NULL;

  assert_last (limits, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS, 0, NULL);
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_7, 0, NULL));
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_7, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_7, 0, &error));
  assert_refused (&error, "192.0.2.7 is at its limit of 2 handshakes: raise "
                          "network.limits.handshakes_per_address to allow more");
  assert_last (limits, PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS, 1, "192.0.2.7");
  /* Nobody else is. */
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_8, 0, NULL));
  peerup_limits_end_handshake (limits, HOST_7);
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_7, 0, NULL));
  peerup_limits_end_handshake (limits, HOST_7);
  peerup_limits_end_handshake (limits, HOST_7);
  peerup_limits_end_handshake (limits, HOST_8);
}

/* One customer with many /64 counts as one; the neighbour's /48 does not. */
static void
test_handshakes_of_network (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_HANDSHAKES_PER_NETWORK, 2, PEERUP_N_LIMITS, 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_2, 0, NULL));
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_3, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_1_3, 0, &error));
  assert_refused (&error, "2001:db8:1::/48 is at its limit of 2 handshakes: raise "
                          "network.limits.handshakes_per_network to allow more");
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_2_0, 0, NULL));
  /* Addresses of IPv4 are no network. */
  for (guint i = 0; i < 10; i++)
    g_assert_true (peerup_limits_begin_handshake (limits, HOST_7 + i, 0, NULL));
  for (guint i = 0; i < 10; i++)
    peerup_limits_end_handshake (limits, HOST_7 + i);
  peerup_limits_end_handshake (limits, HOST_1_2);
  peerup_limits_end_handshake (limits, HOST_1_3);
  peerup_limits_end_handshake (limits, HOST_2_0);
}

static void
test_handshake_rate (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS, 10, PEERUP_N_LIMITS, 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 10 * PEERUP_LIMITS_BURST; i++)
    {
      g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_2, SECOND, NULL));
      peerup_limits_end_handshake (limits, HOST_1_2);
    }
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_1_2, SECOND, &error));
  assert_refused (&error, "2001:db8:1:2::/64 is at its limit of 10 handshakes a second: raise "
                          "network.limits.handshake_rate_per_address to allow more");
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_3, SECOND, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_1_2, SECOND + 99999, NULL));
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_2, SECOND + 100000, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_1_2, SECOND + 100000, NULL));
  peerup_limits_end_handshake (limits, HOST_1_2);
  peerup_limits_end_handshake (limits, HOST_1_3);
}

static void
test_handshakes_in_all (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_HANDSHAKES, 3, PEERUP_N_LIMITS, 0);
  g_autoptr (GError) error = NULL;
  PeerupLimitsUsage usage;

  for (guint i = 0; i < 3; i++)
    g_assert_true (peerup_limits_begin_handshake (limits, HOST_7 + i, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, 0, 0, &error));
  assert_refused (&error, "This device is at its limit of 3 handshakes: raise network.limits.handshakes to allow more");
  assert_last (limits, PEERUP_LIMIT_HANDSHAKES, 1, NULL);
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_2_0, 0, NULL));
  assert_last (limits, PEERUP_LIMIT_HANDSHAKES, 2, "2001:db8:2::/64");
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.handshakes, ==, 3);
  for (guint i = 0; i < 3; i++)
    peerup_limits_end_handshake (limits, HOST_7 + i);
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.handshakes, ==, 0);
}

/* The many that one address has begun leave room for another's first. */
static void
test_newcomer (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_HANDSHAKES, 16, PEERUP_N_LIMITS, 0);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 14; i++)
    g_assert_true (peerup_limits_begin_handshake (limits, HOST_7, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_7, 0, &error));
  assert_refused (&error, "This device keeps the last 2 of its 16 handshakes for those who have none: raise "
                          "network.limits.handshakes to allow more");
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_8, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_8, 0, NULL));
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_1_2, 0, NULL));
  g_assert_false (peerup_limits_begin_handshake (limits, HOST_1_3, 0, NULL));
  for (guint i = 0; i < 14; i++)
    peerup_limits_end_handshake (limits, HOST_7);
  peerup_limits_end_handshake (limits, HOST_8);
  peerup_limits_end_handshake (limits, HOST_1_2);
}

static void
test_connections (void)
{
  g_autoptr (PeerupLimits) limits =
    limits_new (PEERUP_LIMIT_CONNECTIONS_PER_PEER, 2, PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS, 3);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strdup_printf ("%s is at its limit of 2 connections: raise "
                                           "network.limits.connections_per_peer to allow more",
                                           peerup_peer_id_get_string (alice));
  PeerupLimitsUsage usage;

  g_assert_true (peerup_limits_begin_connection (limits, HOST_7, alice, NULL));
  g_assert_true (peerup_limits_begin_connection (limits, HOST_8, alice, NULL));
  g_assert_false (peerup_limits_begin_connection (limits, HOST_7, alice, &error));
  assert_refused (&error, text);
  assert_last (limits, PEERUP_LIMIT_CONNECTIONS_PER_PEER, 1, peerup_peer_id_get_string (alice));
  g_assert_true (peerup_limits_begin_connection (limits, HOST_7, bob, NULL));
  peerup_limits_get_peer_usage (limits, alice, &usage);
  g_assert_cmpuint (usage.connections, ==, 2);
  peerup_limits_end_connection (limits, HOST_8, alice);
  peerup_limits_get_peer_usage (limits, alice, &usage);
  g_assert_cmpuint (usage.connections, ==, 1);
  /* Of an address that is nobody's, only the peer counts. */
  g_assert_true (peerup_limits_begin_connection (limits, 0, alice, NULL));
  g_assert_false (peerup_limits_begin_connection (limits, 0, alice, NULL));
  peerup_limits_end_connection (limits, 0, alice);
  peerup_limits_end_connection (limits, HOST_7, alice);
  peerup_limits_end_connection (limits, HOST_7, bob);
}

static void
test_connections_of_address (void)
{
  g_autoptr (PeerupLimits) limits =
    limits_new (PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS, 1, PEERUP_LIMIT_CONNECTIONS_PER_NETWORK, 2);
  g_autoptr (PeerupPeerId) carol = peer_new (3);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_limits_begin_connection (limits, HOST_1_2, alice, NULL));
  g_assert_false (peerup_limits_begin_connection (limits, HOST_1_2, bob, &error));
  assert_refused (&error, "2001:db8:1:2::/64 is at its limit of 1 connections: raise "
                          "network.limits.connections_per_address to allow more");
  g_assert_true (peerup_limits_begin_connection (limits, HOST_1_3, bob, NULL));
  g_assert_false (peerup_limits_begin_connection (limits, HOST_1_3 + 1, carol, &error));
  assert_refused (&error, "2001:db8:1::/48 is at its limit of 2 connections: raise "
                          "network.limits.connections_per_network to allow more");
  g_assert_true (peerup_limits_begin_connection (limits, HOST_2_0, carol, NULL));
  peerup_limits_end_connection (limits, HOST_1_2, alice);
  peerup_limits_end_connection (limits, HOST_1_3, bob);
  peerup_limits_end_connection (limits, HOST_2_0, carol);
}

/* A refusal by the last of several limits takes nothing of the first. */
static void
test_refused_whole (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS, 1, PEERUP_N_LIMITS, 0);
  PeerupLimitsUsage usage;

  g_assert_true (peerup_limits_begin_connection (limits, HOST_7, alice, NULL));
  for (guint i = 0; i < 100; i++)
    g_assert_false (peerup_limits_begin_connection (limits, HOST_7, bob, NULL));
  peerup_limits_get_peer_usage (limits, bob, &usage);
  g_assert_cmpuint (usage.connections, ==, 0);
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.connections, ==, 1);
  g_assert_cmpuint (peerup_limits_get_n_entries (limits), ==, 2);
  peerup_limits_end_connection (limits, HOST_7, alice);
}

static void
test_streams (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_STREAMS_PER_PEER, 2, PEERUP_LIMIT_STREAMS, 3);
  PeerupLimit limit;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, &limit, NULL));
  g_assert_cmpint (limit, ==, PEERUP_N_LIMITS);
  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  g_assert_false (peerup_limits_begin_stream (limits, alice, 0, &limit, NULL));
  g_assert_cmpint (limit, ==, PEERUP_LIMIT_STREAMS_PER_PEER);
  g_assert_true (peerup_limits_begin_stream (limits, bob, 0, NULL, NULL));
  g_assert_false (peerup_limits_begin_stream (limits, bob, 0, &limit, &error));
  g_assert_cmpint (limit, ==, PEERUP_LIMIT_STREAMS);
  assert_refused (&error, "This device is at its limit of 3 streams: raise network.limits.streams to allow more");
  peerup_limits_end_stream (limits, alice);
  peerup_limits_end_stream (limits, alice);
  peerup_limits_end_stream (limits, bob);
}

/* Bob's rate is his own, however Alice hammers. */
static void
test_stream_rate (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_STREAM_RATE_PER_PEER, 1000, PEERUP_N_LIMITS, 0);
  PeerupLimit limit;
  gint64 now = 5 * SECOND;
  guint n = 0;

  while (peerup_limits_begin_stream (limits, alice, now, &limit, NULL))
    {
      peerup_limits_end_stream (limits, alice);
      n++;
    }
  g_assert_cmpuint (n, ==, 4000);
  g_assert_cmpint (limit, ==, PEERUP_LIMIT_STREAM_RATE_PER_PEER);
  for (guint i = 0; i < 10000; i++)
    g_assert_false (peerup_limits_begin_stream (limits, alice, now + 999, NULL, NULL));
  for (guint i = 0; i < 4000; i++)
    {
      g_assert_true (peerup_limits_begin_stream (limits, bob, now + 999, NULL, NULL));
      peerup_limits_end_stream (limits, bob);
    }
  g_assert_true (peerup_limits_begin_stream (limits, alice, now + 1000, NULL, NULL));
  peerup_limits_end_stream (limits, alice);
}

/* Ten thousand at once, as in CVE-2022-23492: her share, and no more than her share. */
static void
test_stream_flood (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_STREAMS_PER_PEER, 1000, PEERUP_LIMIT_STREAMS, 8000);
  guint n = 0;

  for (guint i = 0; i < 10000; i++)
    n += peerup_limits_begin_stream (limits, alice, i, NULL, NULL);
  g_assert_cmpuint (n, ==, 1000);
  g_assert_cmpuint (peerup_limits_get_refusals (limits, PEERUP_LIMIT_STREAMS_PER_PEER), ==, 9000);
  for (guint i = 0; i < 1000; i++)
    g_assert_true (peerup_limits_begin_stream (limits, bob, 10000, NULL, NULL));
  for (guint i = 0; i < 1000; i++)
    {
      peerup_limits_end_stream (limits, alice);
      peerup_limits_end_stream (limits, bob);
    }
}

static void
test_memory (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_MEMORY_PER_PEER, 1000, PEERUP_LIMIT_MEMORY, 1600);
  g_autoptr (GError) error = NULL;
  PeerupLimitsUsage usage;

  g_assert_true (peerup_limits_reserve (limits, alice, 600, NULL));
  g_assert_true (peerup_limits_reserve (limits, alice, 400, NULL));
  g_assert_true (peerup_limits_reserve (limits, alice, 0, NULL));
  g_assert_false (peerup_limits_reserve (limits, alice, 1, NULL));
  assert_last (limits, PEERUP_LIMIT_MEMORY_PER_PEER, 1, peerup_peer_id_get_string (alice));
  g_assert_true (peerup_limits_reserve (limits, bob, 600, NULL));
  g_assert_false (peerup_limits_reserve (limits, bob, 1, &error));
  assert_refused (&error, "This device is at its limit of 1600 bytes: raise network.limits.memory to allow more");
  g_assert_false (peerup_limits_reserve (limits, bob, G_MAXSIZE, NULL));
  peerup_limits_get_usage (limits, &usage);
  g_assert_cmpuint (usage.memory, ==, 1600);
  peerup_limits_release (limits, alice, 1000);
  peerup_limits_release (limits, bob, 300);
  peerup_limits_release (limits, bob, 0);
  peerup_limits_release (limits, bob, 300);
}

/* Bounds that fall below what is there take effect for what comes. */
static void
test_new_settings (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_STREAMS_PER_PEER, 10, PEERUP_N_LIMITS, 0);
  PeerupLimitsSettings settings = *peerup_limits_get_settings (limits);

  for (guint i = 0; i < 10; i++)
    g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  settings.values[PEERUP_LIMIT_STREAMS_PER_PEER] = 2;
  peerup_limits_set_settings (limits, &settings);
  for (guint i = 0; i < 9; i++)
    {
      g_assert_false (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
      peerup_limits_end_stream (limits, alice);
    }
  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  g_assert_false (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  settings.values[PEERUP_LIMIT_STREAMS_PER_PEER] = 3;
  peerup_limits_set_settings (limits, &settings);
  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  for (guint i = 0; i < 3; i++)
    peerup_limits_end_stream (limits, alice);
}

/* As many sources as a forger likes: the books stay small, and somebody who has a handshake
 * under way keeps it. */
static void
test_spoofed_hosts (void)
{
  PeerupLimitsSettings settings;
  const PeerupLimitsMachine machine = { G_GUINT64_CONSTANT (4) << 30, 65536, 2 };
  g_autoptr (PeerupLimits) limits = NULL;
  guint admitted = 0;

  peerup_limits_settings_init (&settings, &machine);
  settings.values[PEERUP_LIMIT_HANDSHAKE_RATE] = 1000000;
  limits = peerup_limits_new (&settings);
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_7, 0, NULL));
  /* One each 10 µs, and each goes away at once. */
  for (guint i = 0; i < 100000; i++)
    {
      guint64 host = HOST_1_2 + ((guint64) i << 16);

      if (peerup_limits_begin_handshake (limits, host, i * 10, NULL))
        {
          admitted++;
          peerup_limits_end_handshake (limits, host);
        }
      g_assert_cmpuint (peerup_limits_get_n_entries (limits), <=, 2 * (PEERUP_LIMITS_REMEMBERED + 1) + 1);
    }
  g_assert_cmpuint (admitted, >=, PEERUP_LIMITS_REMEMBERED);
  g_assert_cmpuint (admitted, <, 6000);
  g_assert_cmpuint (peerup_limits_get_refusals (limits, PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS), ==,
                    100000 - admitted);
  peerup_limits_end_handshake (limits, HOST_7);
  /* Once all bursts are whole again, nobody is remembered. */
  g_assert_true (peerup_limits_begin_handshake (limits, HOST_8, 100 * SECOND, NULL));
  g_assert_cmpuint (peerup_limits_get_n_entries (limits), ==, 1);
  peerup_limits_end_handshake (limits, HOST_8);
}

/* The same, and nothing ends: what is under way is bounded too. */
static void
test_unfinished_handshakes (void)
{
  PeerupLimitsSettings settings;
  const PeerupLimitsMachine machine = { G_GUINT64_CONSTANT (4) << 30, 65536, 2 };
  g_autoptr (PeerupLimits) limits = NULL;
  g_autoptr (GArray) begun = g_array_new (FALSE, FALSE, sizeof (guint64));

  peerup_limits_settings_init (&settings, &machine);
  limits = peerup_limits_new (&settings);
  for (guint i = 0; i < 100000; i++)
    {
      guint64 host = 0x0a000000 + i;

      if (peerup_limits_begin_handshake (limits, host, i * 100, NULL))
        g_array_append_val (begun, host);
    }
  g_assert_cmpuint (begun->len, ==, 256);
  g_assert_cmpuint (peerup_limits_get_n_entries (limits), ==, 256);
  for (guint i = 0; i < begun->len; i++)
    peerup_limits_end_handshake (limits, g_array_index (begun, guint64, i));
}

/* A day of two peers and their addresses, one within its rate and one far above it. */
static void
test_day (void)
{
  g_autoptr (PeerupLimits) limits =
    limits_new (PEERUP_LIMIT_STREAM_RATE_PER_PEER, 10, PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS, 1);
  gint64 now = 0;
  guint admitted = 0, handshakes = 0;

  for (; now < 24 * 3600 * SECOND; now += SECOND / 4)
    {
      g_assert_true (peerup_limits_begin_stream (limits, bob, now, NULL, NULL));
      peerup_limits_end_stream (limits, bob);
      for (guint i = 0; i < 10; i++)
        if (peerup_limits_begin_stream (limits, alice, now, NULL, NULL))
          {
            admitted++;
            peerup_limits_end_stream (limits, alice);
          }
      if (peerup_limits_begin_handshake (limits, HOST_7, now, NULL))
        {
          handshakes++;
          peerup_limits_end_handshake (limits, HOST_7);
        }
    }
  /* The rate for the day and the burst once; at the last moment 3/4 of a second are not over. */
  g_assert_cmpuint (admitted, ==, 24 * 3600 * 10 + 40 - 3);
  g_assert_cmpuint (handshakes, ==, 24 * 3600 + 4 - 1);
  g_assert_cmpuint (peerup_limits_get_n_entries (limits), <=, 3);
}

static void
test_last_reference (void)
{
  PeerupLimits *limits = limits_new (PEERUP_LIMIT_STREAMS, 1, PEERUP_N_LIMITS, 0);

  g_assert_true (peerup_limits_ref (limits) == limits);
  peerup_limits_unref (limits);
  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  peerup_limits_end_stream (limits, alice);
  peerup_limits_unref (limits);
}

static void
test_leak_subprocess (void)
{
  PeerupLimits *limits = limits_new (PEERUP_LIMIT_STREAMS, 1, PEERUP_N_LIMITS, 0);

  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  peerup_limits_unref (limits);
}

static void
test_end_too_many_subprocess (void)
{
  g_autoptr (PeerupLimits) limits = limits_new (PEERUP_LIMIT_STREAMS, 1, PEERUP_N_LIMITS, 0);

  g_assert_true (peerup_limits_begin_stream (limits, alice, 0, NULL, NULL));
  peerup_limits_end_stream (limits, bob);
}

static void
assert_dies (const char *test, const char *message)
{
  g_test_trap_subprocess (test, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr (message);
}

static void
test_unpaired (void)
{
  assert_dies ("/limits/unpaired/subprocess/leak", "*entry_is_used*");
  assert_dies ("/limits/unpaired/subprocess/end-too-many", "*used*amount*");
}

int
main (int argc, char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  alice = peer_new (1);
  bob = peer_new (2);
  g_test_add_func ("/limits/handshakes-of-address", test_handshakes_of_address);
  g_test_add_func ("/limits/handshakes-of-network", test_handshakes_of_network);
  g_test_add_func ("/limits/handshake-rate", test_handshake_rate);
  g_test_add_func ("/limits/handshakes-in-all", test_handshakes_in_all);
  g_test_add_func ("/limits/newcomer", test_newcomer);
  g_test_add_func ("/limits/connections", test_connections);
  g_test_add_func ("/limits/connections-of-address", test_connections_of_address);
  g_test_add_func ("/limits/refused-whole", test_refused_whole);
  g_test_add_func ("/limits/streams", test_streams);
  g_test_add_func ("/limits/stream-rate", test_stream_rate);
  g_test_add_func ("/limits/stream-flood", test_stream_flood);
  g_test_add_func ("/limits/memory", test_memory);
  g_test_add_func ("/limits/new-settings", test_new_settings);
  g_test_add_func ("/limits/spoofed-hosts", test_spoofed_hosts);
  g_test_add_func ("/limits/unfinished-handshakes", test_unfinished_handshakes);
  g_test_add_func ("/limits/day", test_day);
  g_test_add_func ("/limits/last-reference", test_last_reference);
  g_test_add_func ("/limits/unpaired", test_unpaired);
  g_test_add_func ("/limits/unpaired/subprocess/leak", test_leak_subprocess);
  g_test_add_func ("/limits/unpaired/subprocess/end-too-many", test_end_too_many_subprocess);
  result = g_test_run ();
  peerup_peer_id_unref (alice);
  peerup_peer_id_unref (bob);
  return result;
}
