/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Port searches between simulated NATs, in a time of their own: what is found, what that takes, and that no bound is
 * ever passed; and what strangers, repeated packets and other keys do, which is nothing. */

#include <string.h>

#include "nat-world.h"

#define TRIES 100

typedef struct
{
  const char *name;
  WorldOptions options;
  guint met_min; /* of TRIES */
} Case;

static const Case cases[] = {
  { "random", { .delay = 10000 }, 98 },
  { "random-many-controlling", { .delay = 10000, .controlling = MANY }, 98 },
  { "random-far", { .delay = 150000 }, 98 },
  { "random-loss-10", { .delay = 10000, .loss = 10 }, 97 },
  { "random-loss-30", { .delay = 10000, .loss = 30 }, 94 },
  { "random-loss-30-many-controlling", { .delay = 10000, .loss = 30, .controlling = MANY }, 94 },
  { "random-late", { .delay = 10000, .skew = 400000 }, 97 },
  { "sequential", { .delay = 10000, .step = 1, .told_step = 1 }, TRIES },
  { "sequential-strays", { .delay = 10000, .step = 1, .told_step = 1, .strays = 3 }, TRIES },
  { "sequential-by-2", { .delay = 50000, .step = 2, .told_step = 2, .strays = 1, .controlling = MANY }, TRIES },
  { "sequential-down", { .delay = 10000, .step = 65535, .told_step = -1 }, TRIES },
  { "sequential-loss-30", { .delay = 10000, .loss = 30, .step = 1, .told_step = 1 }, 98 },
  { "sequential-not-told", { .delay = 10000, .step = 1 }, 98 },
  { "no-sequence-as-told", { .delay = 10000, .told_step = 1 }, 98 },
};

static int
compare_int64 (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
test_meets (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  guint n_met = 0, n_packets = 0, n_half = 0;
  g_autofree World *world = g_new (World, 1);

  for (guint32 seed = 1; seed <= TRIES; seed++)
    {
      gint64 time;

      world_init (world, &one->options, seed);
      world_run (world);
      side_check_bounds (&world->sides[ONE]);
      side_check_bounds (&world->sides[MANY]);
      time = MAX (world->sides[ONE].ended_at, world->sides[MANY].ended_at) - 1000000;
      if (world_has_met (world))
        {
          n_met++;
          g_array_append_val (times, time);
        }
      else if (world->sides[ONE].state != world->sides[MANY].state)
        n_half++;
      n_packets = MAX (n_packets, MAX (world->sides[ONE].times->len, world->sides[MANY].times->len));
      world_clear (world);
    }
  g_array_sort (times, compare_int64);
  g_test_message ("%u of %u met, %u on one side only, median %d ms, worst %d ms, at most %u packets of a side", n_met,
                  TRIES, n_half, (int) (g_array_index (times, gint64, times->len / 2) / 1000),
                  (int) (g_array_index (times, gint64, times->len - 1) / 1000), n_packets);
  g_assert_cmpuint (n_met, >=, one->met_min);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/punch/port-search-machine/meets/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_meets);
    }
  return g_test_run ();
}
