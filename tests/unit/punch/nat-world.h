/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "punch/peerup-port-search-machine.h"

/* Two port searches with a NAT each and a network between them that delays and loses, in a time of its own. Whoever
 * has one socket is behind a NAT that lets in what it has sent to; the other's NAT gives each socket another port, and
 * lets in what comes from where that socket has sent to. All by one seed. */

#define ONE_ADDRESS  "1.2.3.4"
#define ONE_PORT     40000
#define MANY_ADDRESS "5.6.7.8"
#define LAST_PORT    30000 /* of the NAT with many, before the search */

typedef enum
{
  ONE,
  MANY,
} Role;

typedef struct
{
  guint step;      /* of the ports that the NAT with many gives; 0: random */
  int told_step;   /* what the other side is told */
  guint strays;    /* mappings of others between two of ours, at most */
  guint loss;      /* percent, each way */
  gint64 delay;    /* µs, one way */
  gboolean closed; /* the NAT with one socket lets in nothing */
  Role controlling;
  guint n_sockets;     /* that the side with many can have; 0: as many as it may */
  gint64 skew;         /* µs by which the one socket begins later */
  gboolean other_keys; /* the two have not drawn the same */
} WorldOptions;

typedef struct
{
  gint64 at;
  Role from;
  guint socket; /* where it came from, or where it goes */
  guint16 port; /* of the outer address, of MANY */
  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
  gsize length;
  gboolean was_heard;
  guint index; /* in @seen */
} Flying;

typedef struct
{
  PeerupPortSearchMachine *machine;
  PeerupPortSearchState state;
  gint64 ended_at;
  GArray *times; /* gint64, of what was sent */
  guint n_sockets;
  gint64 begins_at;
} Side;

typedef struct _World World;

struct _World
{
  WorldOptions options;
  Side sides[2];
  GRand *random;
  gint64 now;
  GArray *flying;        /* Flying, in the order of their times */
  GArray *seen;          /* Flying, all that were sent */
  guint8 allowed[65536]; /* by the NAT of ONE: the ports of MANY that it has sent to */
  guint16 mapped[65536]; /* at the NAT of MANY: the socket and 1, by its outer port */
  guint16 outer[PEERUP_PORT_SEARCH_SOCKETS];
  guint16 next_port;
  void (*attack) (World *self, const Flying *heard); /* nullable: just before each packet that is heard */
};

static inline PeerupSocketAddress
world_get_address (Role role, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, role == ONE ? ONE_ADDRESS : MANY_ADDRESS, port));
  return address;
}

static inline PeerupPortSearchMachine *
world_make_machine (World *self, Role role)
{
  PeerupPortSearchOptions options = {
    .many_sockets = role == MANY,
    .controlling = role == self->options.controlling,
    .fd = -1,
    .remote = world_get_address (!role, role == MANY ? ONE_PORT : LAST_PORT),
    .port_step = self->options.told_step,
    .key = "0123456789abcdef",
  };
  guint8 seed[PEERUP_PORT_SEARCH_SEED_SIZE];
  PeerupPortSearchMachine *machine;

  if (role == MANY && self->options.other_keys)
    options.key[0]++;
  for (guint i = 0; i < sizeof seed; i++)
    seed[i] = g_rand_int (self->random);
  machine = peerup_port_search_machine_new (&options, seed, self->sides[role].begins_at);
  if (role == MANY && self->options.n_sockets > 0)
    peerup_port_search_machine_limit_sockets (machine, self->options.n_sockets);
  return machine;
}

static inline void
world_init (World *self, const WorldOptions *options, guint32 seed)
{
  memset (self, 0, sizeof *self);
  self->options = *options;
  self->random = g_rand_new_with_seed (seed);
  self->now = 1000000;
  self->next_port = LAST_PORT;
  self->flying = g_array_new (FALSE, FALSE, sizeof (Flying));
  self->seen = g_array_new (FALSE, FALSE, sizeof (Flying));
  for (Role role = ONE; role <= MANY; role++)
    {
      self->sides[role].begins_at = self->now + (role == ONE ? options->skew : 0);
      self->sides[role].machine = world_make_machine (self, role);
      self->sides[role].times = g_array_new (FALSE, FALSE, sizeof (gint64));
    }
}

static inline void
world_clear (World *self)
{
  for (Role role = ONE; role <= MANY; role++)
    {
      peerup_port_search_machine_free (self->sides[role].machine);
      g_array_unref (self->sides[role].times);
    }
  g_array_unref (self->flying);
  g_array_unref (self->seen);
  g_rand_free (self->random);
}

/* Where the NAT with many sends it from. */
static inline guint16
world_map (World *self, guint socket)
{
  guint16 port = self->outer[socket];

  if (port != 0)
    return port;
  do
    {
      if (self->options.step > 0)
        self->next_port += self->options.step * (1 + g_rand_int_range (self->random, 0, self->options.strays + 1));
      port = self->options.step > 0 ? self->next_port : g_rand_int_range (self->random, 1024, 65536);
    }
  while (self->mapped[port] != 0 || port < 1024);
  self->mapped[port] = socket + 1;
  return self->outer[socket] = port;
}

static inline void
world_fly (World *self, Flying *flying)
{
  guint i = self->flying->len;

  if (g_rand_int_range (self->random, 0, 100) < self->options.loss)
    return;
  flying->at = self->now + self->options.delay;
  while (i > 0 && g_array_index (self->flying, Flying, i - 1).at > flying->at)
    i--;
  g_array_insert_val (self->flying, i, *flying);
}

static inline void
world_send (World *self, Role role, const PeerupPortSearchPacket *packet)
{
  PeerupSocketAddress expected = world_get_address (!role, peerup_socket_address_get_port (&packet->remote));
  Flying flying = {
    .at = self->now, .from = role, .socket = packet->socket, .length = packet->length, .index = self->seen->len
  };

  g_assert_true (peerup_socket_address_equal (&packet->remote, &expected));
  memcpy (flying.data, packet->data, packet->length);
  if (role == MANY)
    {
      g_assert_cmpuint (peerup_socket_address_get_port (&packet->remote), ==, ONE_PORT);
      flying.port = world_map (self, packet->socket);
    }
  else
    {
      flying.port = peerup_socket_address_get_port (&packet->remote);
      self->allowed[flying.port] = TRUE;
    }
  g_array_append_val (self->sides[role].times, self->now);
  g_array_append_val (self->seen, flying);
  world_fly (self, &flying);
}

static inline void
world_deliver (World *self, const Flying *flying)
{
  guint8 *copy;
  PeerupSocketAddress remote;
  guint socket = 0;

  if (flying->from == MANY ? !self->allowed[flying->port] || self->options.closed : self->mapped[flying->port] == 0)
    return;
  if (self->now < self->sides[!flying->from].begins_at)
    return;
  if (flying->from == ONE)
    socket = self->mapped[flying->port] - 1;
  if (self->attack != NULL)
    self->attack (self, flying);
  g_array_index (self->seen, Flying, flying->index).was_heard = TRUE;
  remote = world_get_address (flying->from, flying->from == ONE ? ONE_PORT : flying->port);
  copy = g_memdup2 (flying->data, flying->length);
  peerup_port_search_machine_take (self->sides[!flying->from].machine, socket, &remote, copy, flying->length,
                                   self->now);
  g_free (copy);
}

static inline void
side_go_on (World *self, Role role)
{
  Side *side = &self->sides[role];
  PeerupPortSearchPacket packet;

  if (self->now < side->begins_at)
    return;
  while (peerup_port_search_machine_next (side->machine, self->now, &packet))
    {
      g_assert_cmpuint (packet.socket, <=, side->n_sockets);
      side->n_sockets = MAX (side->n_sockets, packet.socket + 1);
      world_send (self, role, &packet);
    }
  side->state = peerup_port_search_machine_advance (side->machine, self->now);
  if (side->state >= PEERUP_PORT_SEARCH_FOUND && side->ended_at == 0)
    side->ended_at = self->now;
}

static inline gboolean
side_is_over (const Side *self)
{
  return self->state >= PEERUP_PORT_SEARCH_FOUND;
}

/* To the next time at which something happens. FALSE: nothing does any more. */
static inline gboolean
world_step (World *self)
{
  gint64 next = self->flying->len > 0 ? g_array_index (self->flying, Flying, 0).at : G_MAXINT64;

  for (Role role = ONE; role <= MANY; role++)
    if (!side_is_over (&self->sides[role]))
      next = MIN (next, MAX (peerup_port_search_machine_get_deadline (self->sides[role].machine),
                             self->sides[role].begins_at));
  if (next == G_MAXINT64)
    return FALSE;
  self->now = MAX (self->now, next);
  while (self->flying->len > 0 && g_array_index (self->flying, Flying, 0).at <= self->now)
    {
      Flying flying = g_array_index (self->flying, Flying, 0);

      g_array_remove_index (self->flying, 0);
      world_deliver (self, &flying);
    }
  for (Role role = ONE; role <= MANY; role++)
    side_go_on (self, role);
  return TRUE;
}

/* Until both are over. */
static inline void
world_run (World *self)
{
  while ((!side_is_over (&self->sides[ONE]) || !side_is_over (&self->sides[MANY])) && world_step (self))
    ;
  g_assert_true (side_is_over (&self->sides[ONE]) && side_is_over (&self->sides[MANY]));
}

static inline PeerupPortSearchFigures
side_figures (const Side *self)
{
  PeerupPortSearchFigures figures;

  peerup_port_search_machine_get_figures (self->machine, &figures);
  return figures;
}

/* The bounds of peerup-port-search.h: the packets, and in every window of 100 ms what the rate gives and one burst. */
static inline void
side_check_bounds (const Side *self)
{
  const gint64 *times = (const gint64 *) (gpointer) self->times->data;
  guint max = PEERUP_PORT_SEARCH_RATE / 10 + PEERUP_PORT_SEARCH_BURST;
  guint first = 0;

  g_assert_cmpuint (self->times->len, <=, PEERUP_PORT_SEARCH_PROBES);
  g_assert_cmpuint (self->times->len, ==, side_figures (self).n_sent);
  for (guint i = 0; i < self->times->len; i++)
    {
      while (times[i] - times[first] >= 100000)
        first++;
      g_assert_cmpuint (i - first + 1, <=, max);
      g_assert_cmpint (times[i] - self->begins_at, <, PEERUP_PORT_SEARCH_TIME);
    }
}

/* Whether both have a way, which is the same then. */
static inline gboolean
world_has_met (const World *self)
{
  PeerupSocketAddress of_one, of_many;
  guint socket_of_one, socket_of_many;

  for (Role role = ONE; role <= MANY; role++)
    if (self->sides[role].state != PEERUP_PORT_SEARCH_FOUND)
      return FALSE;
  peerup_port_search_machine_get_found (self->sides[ONE].machine, &socket_of_one, &of_one);
  peerup_port_search_machine_get_found (self->sides[MANY].machine, &socket_of_many, &of_many);
  g_assert_cmpuint (socket_of_one, ==, 0);
  g_assert_cmpuint (peerup_socket_address_get_port (&of_many), ==, ONE_PORT);
  g_assert_cmpuint (peerup_socket_address_get_port (&of_one), ==, self->outer[socket_of_many]);
  return TRUE;
}
