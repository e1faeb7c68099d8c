/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The limits by name, and how large they are on a machine if nobody says otherwise. Numbers
 * in, numbers out: it does not look at the machine itself. */

#include "limits/peerup-limits.h"

#include <string.h>

#define KIB ((guint64) 1024)
#define MIB (1024 * KIB)

static const struct
{
  const char *name;
  const char *noun;
  gboolean is_rate;
} limits[PEERUP_N_LIMITS] = {
  [PEERUP_LIMIT_CONNECTIONS] = { "connections", "connections", FALSE },
  [PEERUP_LIMIT_CONNECTIONS_PER_PEER] = { "connections_per_peer", "connections", FALSE },
  [PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS] = { "connections_per_address", "connections", FALSE },
  [PEERUP_LIMIT_CONNECTIONS_PER_NETWORK] = { "connections_per_network", "connections", FALSE },
  [PEERUP_LIMIT_HANDSHAKES] = { "handshakes", "handshakes", FALSE },
  [PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS] = { "handshakes_per_address", "handshakes", FALSE },
  [PEERUP_LIMIT_HANDSHAKES_PER_NETWORK] = { "handshakes_per_network", "handshakes", FALSE },
  [PEERUP_LIMIT_HANDSHAKE_RATE] = { "handshake_rate", "handshakes", TRUE },
  [PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS] = { "handshake_rate_per_address", "handshakes", TRUE },
  [PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK] = { "handshake_rate_per_network", "handshakes", TRUE },
  [PEERUP_LIMIT_STREAMS] = { "streams", "streams", FALSE },
  [PEERUP_LIMIT_STREAMS_PER_PEER] = { "streams_per_peer", "streams", FALSE },
  [PEERUP_LIMIT_STREAM_RATE_PER_PEER] = { "stream_rate_per_peer", "streams", TRUE },
  [PEERUP_LIMIT_MEMORY] = { "memory", "bytes", FALSE },
  [PEERUP_LIMIT_MEMORY_PER_PEER] = { "memory_per_peer", "bytes", FALSE },
};

const char *
peerup_limit_get_name (PeerupLimit limit)
{
  g_return_val_if_fail (limit < PEERUP_N_LIMITS, NULL);
  return limits[limit].name;
}

const char *
peerup_limit_get_noun (PeerupLimit limit)
{
  g_return_val_if_fail (limit < PEERUP_N_LIMITS, NULL);
  return limits[limit].noun;
}

gboolean
peerup_limit_is_rate (PeerupLimit limit)
{
  g_return_val_if_fail (limit < PEERUP_N_LIMITS, FALSE);
  return limits[limit].is_rate;
}

PeerupLimit
peerup_limit_from_name (const char *name)
{
  PeerupLimit limit = 0;

  g_return_val_if_fail (name != NULL, PEERUP_N_LIMITS);
  while (limit < PEERUP_N_LIMITS && strcmp (limits[limit].name, name) != 0)
    limit++;
  return limit;
}

static guint64
processors (const PeerupLimitsMachine *machine)
{
  /* An engine lives in one thread; what the second processor adds is that the rest of the
   * machine need not wait for it. */
  return CLAMP (machine->processors, 1, 2);
}

static void
set_totals (guint64 *values, const PeerupLimitsMachine *machine)
{
  values[PEERUP_LIMIT_CONNECTIONS] = CLAMP (MIN (machine->memory / MIB, machine->descriptors / 4), 64, 16384);
  values[PEERUP_LIMIT_HANDSHAKES] = 128 * processors (machine);
  values[PEERUP_LIMIT_HANDSHAKE_RATE] = 250 * processors (machine);
  values[PEERUP_LIMIT_STREAMS] = CLAMP (machine->memory / (512 * KIB), 8192, 16384);
  values[PEERUP_LIMIT_MEMORY] = MAX (machine->memory / 8, 64 * MIB);
}

void
peerup_limits_settings_init (PeerupLimitsSettings *self, const PeerupLimitsMachine *machine)
{
  guint64 *values = self->values;

  set_totals (values, machine);
  values[PEERUP_LIMIT_CONNECTIONS_PER_PEER] = 16;
  values[PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS] = MAX (values[PEERUP_LIMIT_CONNECTIONS] / 8, 32);
  values[PEERUP_LIMIT_CONNECTIONS_PER_NETWORK] = values[PEERUP_LIMIT_CONNECTIONS] / 2;
  values[PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS] = values[PEERUP_LIMIT_HANDSHAKES] / 4;
  values[PEERUP_LIMIT_HANDSHAKES_PER_NETWORK] = values[PEERUP_LIMIT_HANDSHAKES] / 2;
  values[PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS] = values[PEERUP_LIMIT_HANDSHAKE_RATE] / 4;
  values[PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK] = values[PEERUP_LIMIT_HANDSHAKE_RATE] / 2;
  values[PEERUP_LIMIT_STREAMS_PER_PEER] = values[PEERUP_LIMIT_STREAMS] / 4;
  values[PEERUP_LIMIT_STREAM_RATE_PER_PEER] = 2000;
  values[PEERUP_LIMIT_MEMORY_PER_PEER] = MAX (values[PEERUP_LIMIT_MEMORY] / 4, 32 * MIB);
}

void
peerup_limits_settings_init_relaxed (PeerupLimitsSettings *self, const PeerupLimitsMachine *machine)
{
  guint64 totals[PEERUP_N_LIMITS] = { 0 };

  set_totals (totals, machine);
  for (guint i = 0; i < PEERUP_N_LIMITS; i++)
    self->values[i] = PEERUP_LIMITS_NONE;
  self->values[PEERUP_LIMIT_CONNECTIONS] = MAX (machine->descriptors / 2, 64);
  self->values[PEERUP_LIMIT_HANDSHAKES] = MAX (machine->descriptors / 4, 64);
  self->values[PEERUP_LIMIT_STREAMS] = totals[PEERUP_LIMIT_STREAMS];
  self->values[PEERUP_LIMIT_MEMORY] = totals[PEERUP_LIMIT_MEMORY];
}
