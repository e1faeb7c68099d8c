/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Port searches between simulated NATs, in a time of their own: what is found, what that takes, and that no bound is
 * ever passed; and what strangers, repeated packets and other keys do, which is nothing. */

#include <string.h>

#include "nat-world.h"
#include "wire/peerup-bytes.h"

#define TRIES 40

typedef struct
{
  const char *name;
  WorldOptions options;
  guint met_min; /* of TRIES */
} Case;

static const Case cases[] = {
  { "random", { .delay = 10000 }, 39 },
  { "random-many-controlling", { .delay = 10000, .controlling = MANY }, 39 },
  { "random-far", { .delay = 150000 }, 39 },
  { "random-loss-10", { .delay = 10000, .loss = 10 }, 39 },
  { "random-loss-30", { .delay = 10000, .loss = 30 }, 38 },
  { "random-loss-30-many-controlling", { .delay = 10000, .loss = 30, .controlling = MANY }, 38 },
  { "random-late", { .delay = 10000, .skew = 400000 }, 39 },
  { "sequential", { .delay = 10000, .step = 1, .told_step = 1 }, TRIES },
  { "sequential-strays", { .delay = 10000, .step = 1, .told_step = 1, .strays = 3 }, TRIES },
  { "sequential-by-2", { .delay = 50000, .step = 2, .told_step = 2, .strays = 1, .controlling = MANY }, TRIES },
  { "sequential-down", { .delay = 10000, .step = 65535, .told_step = -1 }, TRIES },
  { "sequential-loss-30", { .delay = 10000, .loss = 30, .step = 1, .told_step = 1 }, 39 },
  { "sequential-not-told", { .delay = 10000, .step = 1 }, 39 },
  { "no-sequence-as-told", { .delay = 10000, .told_step = 1 }, 39 },
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

/* Nobody answers: all that may be sent is, and not one packet more; it ends when it is to. */
static void
test_costs (void)
{
  WorldOptions options = { .delay = 10000, .other_keys = TRUE };
  g_autofree World *world = g_new (World, 1);
  guint search_max = PEERUP_PORT_SEARCH_PROBES - PEERUP_PORT_SEARCH_RESERVE;

  world_init (world, &options, 1);
  world_run (world);
  for (Role role = ONE; role <= MANY; role++)
    {
      const Side *side = &world->sides[role];

      side_check_bounds (side);
      g_assert_cmpint (side->state, ==, PEERUP_PORT_SEARCH_OVER);
      g_assert_cmpint (side->ended_at - side->begins_at, ==, PEERUP_PORT_SEARCH_TIME);
      g_assert_cmpuint (side->times->len, ==, role == ONE ? search_max : 3 * PEERUP_PORT_SEARCH_SOCKETS);
      g_assert_cmpuint (side_figures (side).n_heard, ==, 0);
      g_assert_cmpuint (side_figures (side).n_strays, >, 0);
    }
  g_assert_cmpuint (world->sides[MANY].n_sockets, ==, PEERUP_PORT_SEARCH_SOCKETS);
  for (guint i = 0; i < world->seen->len; i++)
    g_assert_cmpuint (g_array_index (world->seen, Flying, i).length, ==, 52);
  world_clear (world);
}

/* One hears and is not heard: what that is worth in packets is bounded too. */
static void
test_one_way (gconstpointer data)
{
  WorldOptions options = { .delay = 10000, .closed = TRUE, .step = 1, .told_step = 1 };
  g_autofree World *world = g_new (World, 1);

  options.controlling = GPOINTER_TO_INT (data);
  world_init (world, &options, 1);
  world_run (world);
  for (Role role = ONE; role <= MANY; role++)
    {
      side_check_bounds (&world->sides[role]);
      g_assert_cmpint (world->sides[role].state, ==, PEERUP_PORT_SEARCH_OVER);
    }
  g_assert_cmpuint (side_figures (&world->sides[ONE]).n_heard, ==, 0);
  g_assert_cmpuint (side_figures (&world->sides[MANY]).n_pairs, >, 10);
  world_clear (world);
}

/* With as few sockets as that, it mostly ends without a way, and never names others. */
static void
test_few_sockets (void)
{
  WorldOptions options = { .delay = 10000, .n_sockets = 64 };
  g_autofree World *world = g_new (World, 1);
  guint n_met = 0;

  for (guint32 seed = 1; seed <= 20; seed++)
    {
      world_init (world, &options, seed);
      world_run (world);
      side_check_bounds (&world->sides[MANY]);
      g_assert_cmpuint (world->sides[MANY].n_sockets, <=, 64);
      n_met += world_has_met (world);
      world_clear (world);
    }
  g_test_message ("%u of 20 met", n_met);
  /* Theory: 0.74. */
  g_assert_cmpuint (n_met, >=, 11);
}

/* What strangers do to a search between two steps of it. */
typedef void (*Attack) (World *world, const Flying *heard);

static void
inject (World *self, Role to, const PeerupSocketAddress *remote, guint socket, const guint8 *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2 (data, length);

  peerup_port_search_machine_take (self->sides[to].machine, socket, remote, copy, length, self->now);
}

/* Where the packet came from, as its receiver saw it, and which socket that was. */
static PeerupSocketAddress
find_source (World *self, const Flying *heard, guint *socket)
{
  *socket = heard->from == ONE ? MAX (self->mapped[heard->port], 1) - 1 : 0;
  return world_get_address (heard->from, heard->from == ONE ? ONE_PORT : heard->port);
}

/* Also for the last byte and header of each; it is noise as a whole, or says that it is shorter. */
static void
send_noise (World *self, const Flying *heard)
{
  guint socket;
  PeerupSocketAddress remote = find_source (self, heard, &socket);
  guint8 data[4 * PEERUP_PUNCH_MESSAGE_SIZE_MAX] = { 0 };

  for (gsize length = 0; length < heard->length; length++)
    inject (self, !heard->from, &remote, socket, heard->data, length);
  inject (self, !heard->from, &remote, socket, data, sizeof data);
  for (gsize i = 0; i < heard->length; i++)
    {
      memcpy (data, heard->data, heard->length);
      data[i] ^= 1 << i % 8;
      inject (self, !heard->from, &remote, socket, data, heard->length);
    }
}

/* From another host and, to the side that knows the port, from another port. */
static void
send_from_elsewhere (World *self, const Flying *heard)
{
  guint socket;
  PeerupSocketAddress remote = find_source (self, heard, &socket), other;

  g_assert_true (peerup_socket_address_set (&other, "9.9.9.9", peerup_socket_address_get_port (&remote)));
  inject (self, !heard->from, &other, socket, heard->data, heard->length);
  g_assert_true (peerup_socket_address_set (&other, "2a00::1", peerup_socket_address_get_port (&remote)));
  inject (self, !heard->from, &other, socket, heard->data, heard->length);
  other = remote;
  peerup_socket_address_set_port (&other, heard->from == ONE ? ONE_PORT + 1 : 0);
  inject (self, !heard->from, &other, socket, heard->data, heard->length);
}

/* Its own words come back to who said them, as the other's. */
static void
send_back (World *self, const Flying *heard)
{
  PeerupSocketAddress remote = world_get_address (!heard->from, heard->from == MANY ? ONE_PORT : heard->port);

  inject (self, heard->from, &remote, heard->from == MANY ? heard->socket : 0, heard->data, heard->length);
}

/* Right in every way, but that somebody else has signed it. */
static void
send_signed (World *self, const Flying *heard)
{
  static const PeerupPunchKind kinds[] = {
    PEERUP_PUNCH_PROBE,
    PEERUP_PUNCH_NOMINATION,
    PEERUP_PUNCH_ANSWER,
    PEERUP_PUNCH_FAREWELL,
  };
  guint socket;
  PeerupSocketAddress remote = find_source (self, heard, &socket);
  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
  PeerupPunchMessage message;

  memcpy (message.transaction, heard->data + 8, sizeof message.transaction);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      gsize length;

      message.kind = kinds[i];
      length = peerup_punch_message_write (&message, message.kind == PEERUP_PUNCH_ANSWER ? &remote : NULL,
                                           (const guint8 *) "0123456789abcdeF",
                                           heard->from == self->options.controlling, data);
      inject (self, !heard->from, &remote, socket, data, length);
    }
}

/* All that was heard before, once more: of the search's own words, and in their order. */
static void
send_again (World *self, const Flying *heard)
{
  guint first = self->seen->len > 20 ? self->seen->len - 20 : 0;

  for (guint i = first; i < self->seen->len; i++)
    {
      const Flying *old = &g_array_index (self->seen, Flying, i);
      guint socket;
      PeerupSocketAddress remote = find_source (self, old, &socket);

      if (old->was_heard)
        inject (self, !old->from, &remote, socket, old->data, old->length);
    }
}

static const struct
{
  const char *name;
  Attack attack;
} attacks[] = {
  { "noise", send_noise },   { "elsewhere", send_from_elsewhere }, { "reflected", send_back },
  { "signed", send_signed }, { "repeated", send_again },
};

/* Two searches by one seed, one of them disturbed: they go alike, packet by packet. */
static void
test_strangers_do_nothing (gconstpointer data)
{
  static const WorldOptions options[] = {
    { .delay = 10000, .step = 1, .told_step = 1 },
    { .delay = 10000, .step = 1, .told_step = 1, .controlling = MANY, .loss = 10 },
    { .delay = 5000 },
  };
  g_autofree World *calm = g_new (World, 1);
  g_autofree World *disturbed = g_new (World, 1);

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      world_init (calm, &options[i], 7);
      world_init (disturbed, &options[i], 7);
      disturbed->attack = *(Attack *) data;
      world_run (calm);
      world_run (disturbed);
      g_assert_true (world_has_met (calm) && world_has_met (disturbed));
      for (Role role = ONE; role <= MANY; role++)
        {
          g_assert_cmpint (disturbed->sides[role].ended_at, ==, calm->sides[role].ended_at);
          g_assert_cmpmem (disturbed->sides[role].times->data, disturbed->sides[role].times->len * sizeof (gint64),
                           calm->sides[role].times->data, calm->sides[role].times->len * sizeof (gint64));
          g_assert_cmpuint (side_figures (&disturbed->sides[role]).n_heard, ==,
                            side_figures (&calm->sides[role]).n_heard);
        }
      world_clear (calm);
      world_clear (disturbed);
    }
}

/* Somebody who sees the words of the side with many says them first, from other ports of its address. */
static void
say_first (World *self, const Flying *heard)
{
  for (guint i = 1; i <= 3 && heard->from == MANY; i++)
    {
      PeerupSocketAddress other = world_get_address (MANY, heard->port ^ i);

      inject (self, ONE, &other, 0, heard->data, heard->length);
    }
}

static void
test_said_first_elsewhere (gconstpointer data)
{
  WorldOptions options = { .delay = 10000, .controlling = GPOINTER_TO_INT (data) };
  g_autofree World *world = g_new (World, 1);
  guint n_met = 0;

  for (guint32 seed = 1; seed <= 10; seed++)
    {
      world_init (world, &options, seed);
      world->attack = say_first;
      world_run (world);
      side_check_bounds (&world->sides[ONE]);
      /* That is: if there is a way, it is the right one. */
      n_met += world_has_met (world);
      world_clear (world);
    }
  g_assert_cmpuint (n_met, >=, 9);
}

/* One machine and what a test makes it hear, at literal times. */

#define NOW ((gint64) 5000000)
#define KEY "0123456789abcdef"

typedef struct
{
  PeerupPortSearchMachine *machine;
  gboolean controlling;
  guint32 n_said;
  PeerupPortSearchPacket packet; /* the last */
  PeerupPunchMessage message;    /* in it */
} Single;

static void
single_init (Single *self, gboolean many, gboolean controlling, guint16 port, int step)
{
  PeerupPortSearchOptions options = {
    .many_sockets = many,
    .controlling = controlling,
    .fd = -1,
    .remote = world_get_address (MANY, port),
    .port_step = step,
    .key = KEY,
  };
  guint8 seed[PEERUP_PORT_SEARCH_SEED_SIZE] = { 1 };

  *self = (Single) { .controlling = controlling };
  self->machine = peerup_port_search_machine_new (&options, seed, NOW);
}

static gboolean
single_next (Single *self, gint64 now)
{
  if (!peerup_port_search_machine_next (self->machine, now, &self->packet))
    return FALSE;
  g_assert_true (peerup_punch_message_read (&self->message, self->packet.data, self->packet.length,
                                            (const guint8 *) KEY, self->controlling));
  return TRUE;
}

/* The only packet there is at that time is of this kind; none was there a microsecond before, if it is not the
 * answer to what has just come. */
static void
single_expect (Single *self, gint64 now, PeerupPunchKind kind)
{
  g_assert_true (single_next (self, now));
  g_assert_cmpint (self->message.kind, ==, kind);
  g_assert_false (single_next (self, now));
}

/* Passes over what is sent until @now, and leaves room for a burst. */
static void
single_drain (Single *self, gint64 now)
{
  while (single_next (self, now))
    ;
}

/* Something by the peer, to where the last packet came from. @transaction: NULL for a new one. */
static void
single_hear (Single *self, gint64 now, PeerupPunchKind kind, const guint8 *transaction)
{
  PeerupPunchMessage message = { .kind = kind };
  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
  gsize length;

  if (transaction != NULL)
    memcpy (message.transaction, transaction, sizeof message.transaction);
  else
    peerup_store_be32 (message.transaction, ++self->n_said);
  length = peerup_punch_message_write (&message, kind == PEERUP_PUNCH_ANSWER ? &self->packet.remote : NULL,
                                       (const guint8 *) KEY, !self->controlling, data);
  peerup_port_search_machine_take (self->machine, self->packet.socket, &self->packet.remote, data, length, now);
}

static void
single_assert_state (Single *self, gint64 now, PeerupPortSearchState state)
{
  g_assert_cmpint (peerup_port_search_machine_advance (self->machine, now), ==, state);
}

static guint16
single_get_port (const Single *self)
{
  return peerup_socket_address_get_port (&self->packet.remote);
}

static void
test_pace (void)
{
  Single single;

  single_init (&single, FALSE, TRUE, LAST_PORT, 0);
  for (guint i = 0; i < PEERUP_PORT_SEARCH_BURST; i++)
    g_assert_true (single_next (&single, NOW));
  g_assert_false (single_next (&single, NOW));
  g_assert_cmpint (peerup_port_search_machine_get_deadline (single.machine), ==, NOW + 1000);
  g_assert_false (single_next (&single, NOW + 999));
  single_expect (&single, NOW + 1000, PEERUP_PUNCH_PROBE);
  g_assert_false (single_next (&single, NOW + 1999));
  /* After a pause there is no more than a burst. */
  for (guint i = 0; i < PEERUP_PORT_SEARCH_BURST; i++)
    g_assert_true (single_next (&single, NOW + 700000));
  g_assert_false (single_next (&single, NOW + 700000));
  peerup_port_search_machine_free (single.machine);
}

static void
test_predicted_ports (void)
{
  static const struct
  {
    guint16 last;
    int step;
    guint16 ports[3];
  } rules[] = {
    { 30000, 1, { 30001, 30002, 30003 } },         { 30000, -2, { 29998, 29996, 29994 } },
    { 65534, 1, { 65535, 1024, 1025 } },           { 1025, -1, { 1024, 65535, 65534 } },
    { 65535, 4096, { 5119, 9215, 13311 } },        { 80, 1, { 64593, 64594, 64595 } },
    { 30000, 64512 + 3, { 30003, 30006, 30009 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    {
      Single single;

      single_init (&single, FALSE, TRUE, rules[i].last, rules[i].step);
      for (guint k = 0; k < G_N_ELEMENTS (rules[i].ports); k++)
        {
          g_assert_true (single_next (&single, NOW));
          g_assert_cmpuint (single_get_port (&single), ==, rules[i].ports[k]);
        }
      peerup_port_search_machine_free (single.machine);
    }
}

/* Whatever a peer says of its steps, every port that is tried is another, and none is a server's. */
static void
test_distinct_ports (void)
{
  static const int steps[] = { 0, 1, 64512, -64512, 32256, G_MAXINT, G_MININT };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree guint8 *tried = g_malloc0 (65536);
      guint n = 0;
      Single single;

      single_init (&single, FALSE, TRUE, LAST_PORT, steps[i]);
      for (gint64 now = NOW; now < NOW + PEERUP_PORT_SEARCH_TIME; now += 1000)
        for (; single_next (&single, now); n++)
          {
            g_assert_cmpuint (single_get_port (&single), >=, 1024);
            g_assert_false (tried[single_get_port (&single)]);
            tried[single_get_port (&single)] = TRUE;
          }
      g_assert_cmpuint (n, ==, PEERUP_PORT_SEARCH_PROBES - PEERUP_PORT_SEARCH_RESERVE);
      single_assert_state (&single, NOW + PEERUP_PORT_SEARCH_TIME - 1, PEERUP_PORT_SEARCH_SEARCHING);
      single_assert_state (&single, NOW + PEERUP_PORT_SEARCH_TIME, PEERUP_PORT_SEARCH_OVER);
      g_assert_false (single_next (&single, NOW + PEERUP_PORT_SEARCH_TIME));
      peerup_port_search_machine_free (single.machine);
    }
}

/* Each socket once a round, in their order, and a round a second. */
static void
test_rounds (gconstpointer data)
{
  guint limit = GPOINTER_TO_UINT (data);
  guint n_sockets = limit > 0 ? limit : PEERUP_PORT_SEARCH_SOCKETS;
  Single single;

  single_init (&single, TRUE, TRUE, ONE_PORT, 0);
  if (limit > 0)
    peerup_port_search_machine_limit_sockets (single.machine, limit);
  for (guint round = 0; round < 3; round++)
    {
      gint64 begins_at = NOW + round * PEERUP_PORT_SEARCH_ROUND;

      g_assert_false (single_next (&single, begins_at - 1));
      for (guint i = 0; i < n_sockets; i++)
        {
          g_assert_true (single_next (&single, begins_at + i * 1000));
          g_assert_cmpuint (single.packet.socket, ==, i);
          g_assert_cmpuint (single_get_port (&single), ==, ONE_PORT);
        }
      g_assert_false (single_next (&single, begins_at + 999999));
    }
  peerup_port_search_machine_free (single.machine);
}

/* The tenth socket cannot be had any more: the round is over with the ninth. */
static void
test_sockets_run_out (void)
{
  Single single;

  single_init (&single, TRUE, TRUE, ONE_PORT, 0);
  for (guint i = 0; i < 10; i++)
    g_assert_true (single_next (&single, NOW + i * 1000));
  g_assert_cmpuint (single.packet.socket, ==, 9);
  peerup_port_search_machine_limit_sockets (single.machine, 9);
  g_assert_false (single_next (&single, NOW + 999999));
  g_assert_true (single_next (&single, NOW + 1000000));
  g_assert_cmpuint (single.packet.socket, ==, 0);
  peerup_port_search_machine_free (single.machine);
}

static void
test_controlling (void)
{
  gint64 answered_at = NOW + 100000;
  guint8 first[PEERUP_STUN_TRANSACTION_SIZE];
  PeerupSocketAddress remote;
  Single single;
  guint socket;

  single_init (&single, FALSE, TRUE, LAST_PORT, 0);
  single_drain (&single, NOW);
  single_hear (&single, answered_at, PEERUP_PUNCH_ANSWER, single.message.transaction);
  single_assert_state (&single, answered_at, PEERUP_PORT_SEARCH_NOMINATING);
  /* Again and again, until one is confirmed, be it the first. */
  single_expect (&single, answered_at, PEERUP_PUNCH_NOMINATION);
  memcpy (first, single.message.transaction, sizeof first);
  g_assert_cmpint (peerup_port_search_machine_get_deadline (single.machine), ==,
                   answered_at + PEERUP_PORT_SEARCH_RETRY);
  g_assert_false (single_next (&single, answered_at + PEERUP_PORT_SEARCH_RETRY - 1));
  single_expect (&single, answered_at + PEERUP_PORT_SEARCH_RETRY, PEERUP_PUNCH_NOMINATION);
  /* The peer checks the pair too. */
  single_hear (&single, answered_at + 110000, PEERUP_PUNCH_PROBE, NULL);
  single_expect (&single, answered_at + 110000, PEERUP_PUNCH_ANSWER);
  single_hear (&single, answered_at + 120000, PEERUP_PUNCH_ANSWER, first);
  single_assert_state (&single, answered_at + 120000, PEERUP_PORT_SEARCH_PARTING);
  single_expect (&single, answered_at + 120000, PEERUP_PUNCH_FAREWELL);
  single_assert_state (&single, answered_at + 120000, PEERUP_PORT_SEARCH_FOUND);
  peerup_port_search_machine_get_found (single.machine, &socket, &remote);
  g_assert_cmpuint (socket, ==, 0);
  g_assert_true (peerup_socket_address_equal (&remote, &single.packet.remote));
  /* It is over: what comes late is not looked at, and nothing is said. */
  single_hear (&single, answered_at + 130000, PEERUP_PUNCH_PROBE, NULL);
  g_assert_false (single_next (&single, NOW + 2000000));
  peerup_port_search_machine_free (single.machine);
}

/* The nomination comes before our own proof, and waits for it. */
static void
test_controlled (gconstpointer data)
{
  gboolean is_told = GPOINTER_TO_INT (data);
  gint64 asked_at = NOW + 100000;
  guint8 check[PEERUP_STUN_TRANSACTION_SIZE], nomination[PEERUP_STUN_TRANSACTION_SIZE] = "nomination!";
  Single single;

  single_init (&single, FALSE, FALSE, LAST_PORT, 0);
  single_drain (&single, NOW);
  single_hear (&single, asked_at, PEERUP_PUNCH_NOMINATION, nomination);
  single_expect (&single, asked_at, PEERUP_PUNCH_PROBE);
  memcpy (check, single.message.transaction, sizeof check);
  single_assert_state (&single, asked_at, PEERUP_PORT_SEARCH_SEARCHING);
  /* Nobody can part who was not asked and answered. */
  single_hear (&single, asked_at, PEERUP_PUNCH_FAREWELL, NULL);
  single_assert_state (&single, asked_at, PEERUP_PORT_SEARCH_SEARCHING);

  single_hear (&single, asked_at + 20000, PEERUP_PUNCH_ANSWER, check);
  single_expect (&single, asked_at + 20000, PEERUP_PUNCH_ANSWER);
  g_assert_cmpmem (single.message.transaction, sizeof check, nomination, sizeof nomination);
  single_assert_state (&single, asked_at + 20000, PEERUP_PORT_SEARCH_NOMINATING);
  /* It did not come through: once more, and the wait begins anew. */
  single_hear (&single, asked_at + 120000, PEERUP_PUNCH_NOMINATION, NULL);
  single_expect (&single, asked_at + 120000, PEERUP_PUNCH_ANSWER);
  if (is_told)
    {
      single_hear (&single, asked_at + 130000, PEERUP_PUNCH_FAREWELL, NULL);
      single_assert_state (&single, asked_at + 130000, PEERUP_PORT_SEARCH_FOUND);
    }
  else
    {
      gint64 sure_at = asked_at + 120000 + PEERUP_PORT_SEARCH_LINGER;

      g_assert_cmpint (peerup_port_search_machine_get_deadline (single.machine), ==, sure_at);
      single_assert_state (&single, sure_at - 1, PEERUP_PORT_SEARCH_NOMINATING);
      single_assert_state (&single, sure_at, PEERUP_PORT_SEARCH_FOUND);
    }
  peerup_port_search_machine_free (single.machine);
}

/* There is one pair, and the second that is nominated is none. */
static void
test_second_nomination (void)
{
  PeerupPortSearchPacket first;
  PeerupSocketAddress remote;
  Single single;
  guint socket;

  single_init (&single, TRUE, FALSE, ONE_PORT, 0);
  g_assert_true (single_next (&single, NOW));
  first = single.packet;
  single_hear (&single, NOW + 10000, PEERUP_PUNCH_ANSWER, single.message.transaction);
  single_hear (&single, NOW + 10000, PEERUP_PUNCH_NOMINATION, NULL);
  single_expect (&single, NOW + 10000, PEERUP_PUNCH_ANSWER);
  single.packet.socket = 1;
  single_hear (&single, NOW + 20000, PEERUP_PUNCH_NOMINATION, NULL);
  single_hear (&single, NOW + 20000, PEERUP_PUNCH_PROBE, NULL);
  g_assert_false (single_next (&single, NOW + 20000));
  single_hear (&single, NOW + 20000, PEERUP_PUNCH_FAREWELL, NULL);
  single_assert_state (&single, NOW + 20000, PEERUP_PORT_SEARCH_NOMINATING);
  single_assert_state (&single, NOW + 10000 + PEERUP_PORT_SEARCH_LINGER, PEERUP_PORT_SEARCH_FOUND);
  peerup_port_search_machine_get_found (single.machine, &socket, &remote);
  g_assert_cmpuint (socket, ==, first.socket);
  g_assert_true (peerup_socket_address_equal (&remote, &first.remote));
  peerup_port_search_machine_free (single.machine);
}

/* Of the right key, and yet not an answer to anything that was sent there. */
static void
test_answers_to_nothing (void)
{
  guint8 unknown[PEERUP_STUN_TRANSACTION_SIZE], sent[PEERUP_STUN_TRANSACTION_SIZE];
  Single single;

  single_init (&single, FALSE, TRUE, LAST_PORT, 0);
  single_drain (&single, NOW);
  memcpy (sent, single.message.transaction, sizeof sent);
  for (guint i = 0; i < sizeof unknown; i++)
    {
      memcpy (unknown, sent, sizeof unknown);
      unknown[i] ^= 0x80;
      single_hear (&single, NOW, PEERUP_PUNCH_ANSWER, unknown);
    }
  peerup_socket_address_set_port (&single.packet.remote, single_get_port (&single) ^ 1);
  single_hear (&single, NOW, PEERUP_PUNCH_ANSWER, sent);
  single_assert_state (&single, NOW, PEERUP_PORT_SEARCH_SEARCHING);
  g_assert_cmpint (peerup_port_search_machine_get_deadline (single.machine), ==, NOW + 1000);
  peerup_port_search_machine_free (single.machine);
}

/* The search rests while there is news of a pair, and goes on when nothing comes of it. */
static void
test_rests (void)
{
  gint64 heard_at = NOW + 50000;
  Single single;

  single_init (&single, FALSE, FALSE, LAST_PORT, 0);
  single_drain (&single, NOW);
  single_hear (&single, heard_at, PEERUP_PUNCH_PROBE, NULL);
  g_assert_true (single_next (&single, heard_at));
  g_assert_cmpint (single.message.kind, ==, PEERUP_PUNCH_ANSWER);
  single_expect (&single, heard_at, PEERUP_PUNCH_PROBE);
  for (guint i = 1; i < PEERUP_PORT_SEARCH_QUIET / PEERUP_PORT_SEARCH_RETRY; i++)
    single_expect (&single, heard_at + i * PEERUP_PORT_SEARCH_RETRY, PEERUP_PUNCH_PROBE);
  g_assert_true (single_next (&single, heard_at + PEERUP_PORT_SEARCH_QUIET));
  g_assert_true (single_next (&single, heard_at + PEERUP_PORT_SEARCH_QUIET));
  g_assert_cmpuint (single.packet.length, ==, 52);
  peerup_port_search_machine_free (single.machine);
}

/* Who holds the key and asks for ever gets no more than was said. */
static void
test_endless_requests (gconstpointer data)
{
  gboolean controlling = GPOINTER_TO_INT (data);
  PeerupPortSearchFigures figures;
  guint n_answers = 0;
  Single single;

  single_init (&single, FALSE, controlling, LAST_PORT, 0);
  for (gint64 now = NOW; now < NOW + PEERUP_PORT_SEARCH_TIME; now += 1000)
    {
      for (guint i = 0; i < 3; i++)
        {
          peerup_socket_address_set (&single.packet.remote, MANY_ADDRESS, 2000 + (now / 1000 * 3 + i) % 9000);
          single_hear (&single, now, !controlling && i == 0 ? PEERUP_PUNCH_NOMINATION : PEERUP_PUNCH_PROBE, NULL);
        }
      while (single_next (&single, now))
        n_answers += single.message.kind == PEERUP_PUNCH_ANSWER;
    }
  peerup_port_search_machine_get_figures (single.machine, &figures);
  g_assert_cmpuint (figures.n_sent, <=, PEERUP_PORT_SEARCH_PROBES);
  g_assert_cmpuint (figures.n_sent - figures.n_probes, <=, PEERUP_PORT_SEARCH_RESERVE);
  g_assert_cmpuint (n_answers, >, 0);
  g_assert_cmpuint (n_answers, <=, 64);
  single_assert_state (&single, NOW + PEERUP_PORT_SEARCH_TIME, PEERUP_PORT_SEARCH_OVER);
  peerup_port_search_machine_free (single.machine);
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
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_autofree char *path = g_strconcat ("/punch/port-search-machine/strangers/", attacks[i].name, NULL);

      g_test_add_data_func (path, &attacks[i].attack, test_strangers_do_nothing);
    }
  g_test_add_data_func ("/punch/port-search-machine/said-first/one", GINT_TO_POINTER (ONE), test_said_first_elsewhere);
  g_test_add_data_func ("/punch/port-search-machine/said-first/many", GINT_TO_POINTER (MANY),
                        test_said_first_elsewhere);
  g_test_add_func ("/punch/port-search-machine/costs", test_costs);
  g_test_add_data_func ("/punch/port-search-machine/one-way/one", GINT_TO_POINTER (ONE), test_one_way);
  g_test_add_data_func ("/punch/port-search-machine/one-way/many", GINT_TO_POINTER (MANY), test_one_way);
  g_test_add_func ("/punch/port-search-machine/few-sockets", test_few_sockets);
  g_test_add_func ("/punch/port-search-machine/pace", test_pace);
  g_test_add_func ("/punch/port-search-machine/predicted-ports", test_predicted_ports);
  g_test_add_func ("/punch/port-search-machine/distinct-ports", test_distinct_ports);
  g_test_add_data_func ("/punch/port-search-machine/rounds/all", GUINT_TO_POINTER (0), test_rounds);
  g_test_add_data_func ("/punch/port-search-machine/rounds/7", GUINT_TO_POINTER (7), test_rounds);
  g_test_add_func ("/punch/port-search-machine/sockets-run-out", test_sockets_run_out);
  g_test_add_func ("/punch/port-search-machine/controlling", test_controlling);
  g_test_add_data_func ("/punch/port-search-machine/controlled/told", GINT_TO_POINTER (TRUE), test_controlled);
  g_test_add_data_func ("/punch/port-search-machine/controlled/not-told", GINT_TO_POINTER (FALSE), test_controlled);
  g_test_add_func ("/punch/port-search-machine/second-nomination", test_second_nomination);
  g_test_add_func ("/punch/port-search-machine/answers-to-nothing", test_answers_to_nothing);
  g_test_add_func ("/punch/port-search-machine/rests", test_rests);
  g_test_add_data_func ("/punch/port-search-machine/endless-requests/controlling", GINT_TO_POINTER (TRUE),
                        test_endless_requests);
  g_test_add_data_func ("/punch/port-search-machine/endless-requests/controlled", GINT_TO_POINTER (FALSE),
                        test_endless_requests);
  return g_test_run ();
}
