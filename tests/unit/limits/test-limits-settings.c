/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "limits/peerup-limits.h"

#define GIB ((guint64) 1024 * 1024 * 1024)
#define MIB ((guint64) 1024 * 1024)

static const PeerupLimitsMachine board = { 256 * MIB, 1024, 1 };
static const PeerupLimitsMachine laptop = { 16 * GIB, 65536, 8 };
static const PeerupLimitsMachine server = { 1024 * GIB, 1048576, 128 };
static const PeerupLimitsMachine nothing = { 0, 0, 0 };

static void
test_names (void)
{
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    {
      const char *name = peerup_limit_get_name (limit);

      g_assert_cmpint (peerup_limit_from_name (name), ==, limit);
      g_assert_nonnull (peerup_limit_get_noun (limit));
      g_assert_cmpint (peerup_limit_is_rate (limit), ==, g_strrstr (name, "_rate") != NULL);
    }
  g_assert_cmpint (peerup_limit_from_name ("connection"), ==, PEERUP_N_LIMITS);
  g_assert_cmpint (peerup_limit_from_name (""), ==, PEERUP_N_LIMITS);
}

static void
test_laptop (void)
{
  static const guint64 expected[PEERUP_N_LIMITS] = {
    [PEERUP_LIMIT_CONNECTIONS] = 16384,
    [PEERUP_LIMIT_CONNECTIONS_PER_PEER] = 16,
    [PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS] = 2048,
    [PEERUP_LIMIT_CONNECTIONS_PER_NETWORK] = 8192,
    [PEERUP_LIMIT_HANDSHAKES] = 256,
    [PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS] = 64,
    [PEERUP_LIMIT_HANDSHAKES_PER_NETWORK] = 128,
    [PEERUP_LIMIT_HANDSHAKE_RATE] = 500,
    [PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS] = 125,
    [PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK] = 250,
    [PEERUP_LIMIT_STREAMS] = 16384,
    [PEERUP_LIMIT_STREAMS_PER_PEER] = 4096,
    [PEERUP_LIMIT_STREAM_RATE_PER_PEER] = 2000,
    [PEERUP_LIMIT_MEMORY] = 2 * GIB,
    [PEERUP_LIMIT_MEMORY_PER_PEER] = 512 * MIB,
  };
  PeerupLimitsSettings settings;

  peerup_limits_settings_init (&settings, &laptop);
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    g_assert_cmpuint (settings.values[limit], ==, expected[limit]);
}

static void
test_board (void)
{
  PeerupLimitsSettings settings;

  peerup_limits_settings_init (&settings, &board);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_CONNECTIONS], ==, 256);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS], ==, 32);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_HANDSHAKES], ==, 128);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_STREAMS], ==, 8192);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_STREAMS_PER_PEER], ==, 2048);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_MEMORY], ==, 64 * MIB);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_MEMORY_PER_PEER], ==, 32 * MIB);
}

/* Nothing is 0, and no share is larger than the whole, whatever the machine says of itself. */
static void
test_any_machine (void)
{
  static const PeerupLimitsMachine *const machines[] = { &nothing, &board, &laptop, &server };

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    {
      PeerupLimitsSettings s, relaxed;

      peerup_limits_settings_init (&s, machines[i]);
      peerup_limits_settings_init_relaxed (&relaxed, machines[i]);
      for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
        {
          g_assert_cmpuint (s.values[limit], >, 0);
          g_assert_cmpuint (relaxed.values[limit], >, 0);
        }
      g_assert_cmpuint (s.values[PEERUP_LIMIT_CONNECTIONS_PER_PEER], <, s.values[PEERUP_LIMIT_CONNECTIONS]);
      g_assert_cmpuint (s.values[PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS], <=, s.values[PEERUP_LIMIT_CONNECTIONS] / 2);
      g_assert_cmpuint (s.values[PEERUP_LIMIT_STREAMS_PER_PEER], <=, s.values[PEERUP_LIMIT_STREAMS] / 2);
      g_assert_cmpuint (s.values[PEERUP_LIMIT_MEMORY_PER_PEER], <=, s.values[PEERUP_LIMIT_MEMORY] / 2);
    }
}

static void
test_relaxed (void)
{
  PeerupLimitsSettings settings;

  peerup_limits_settings_init_relaxed (&settings, &laptop);
  for (PeerupLimit limit = 0; limit < PEERUP_N_LIMITS; limit++)
    if (g_strrstr (peerup_limit_get_name (limit), "_per_") != NULL || peerup_limit_is_rate (limit))
      g_assert_true (settings.values[limit] == PEERUP_LIMITS_NONE);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_CONNECTIONS], ==, 32768);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_HANDSHAKES], ==, 16384);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_STREAMS], ==, 16384);
  g_assert_cmpuint (settings.values[PEERUP_LIMIT_MEMORY], ==, 2 * GIB);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/settings/names", test_names);
  g_test_add_func ("/limits/settings/laptop", test_laptop);
  g_test_add_func ("/limits/settings/board", test_board);
  g_test_add_func ("/limits/settings/any-machine", test_any_machine);
  g_test_add_func ("/limits/settings/relaxed", test_relaxed);
  return g_test_run ();
}
