/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A search for two ports that meet, as a machine: packets are chosen by kind and time, the most telling first, and
 * leave no faster than the rate. It lives as long as one search, has no socket and no clock, and never sends more
 * than its bounds allow, to no other address than the one it was given.
 *
 * A packet that somebody repeats from elsewhere makes a pair that never becomes valid, and is worth an answer and some
 * requests to an address that was to be probed anyway. */

#include "punch/peerup-port-search-machine.h"

#include <string.h>

#include "wire/peerup-bytes.h"

#define INTERVAL (G_USEC_PER_SEC / PEERUP_PORT_SEARCH_RATE)

/* Where NATs give ports. */
#define FIRST_PORT 1024
#define N_PORTS    (65536 - FIRST_PORT)

/* Of the reserve: answers to requests, requests on pairs that are not yet valid, nominations or confirmations, and
 * one farewell. Some of the first two are kept for the chosen pair. */
#define ANSWERS_MAX     96
#define ANSWERS_KEPT    32
#define CHECKS_MAX      64
#define CHECKS_KEPT     16
#define NOMINATIONS_MAX 31
G_STATIC_ASSERT (ANSWERS_MAX + CHECKS_MAX + NOMINATIONS_MAX + 1 == PEERUP_PORT_SEARCH_RESERVE);
#define SEARCH_MAX (PEERUP_PORT_SEARCH_PROBES - PEERUP_PORT_SEARCH_RESERVE)

/* On one pair: requests of ours before it is valid, twice as many if it is chosen; and of the peer's that are acted
 * upon, more than it ever sends. */
#define PAIR_CHECKS_MAX   8
#define PAIR_REQUESTS_MAX 56

#define NONCE_SIZE (PEERUP_STUN_TRANSACTION_SIZE - sizeof (guint32))

typedef struct
{
  guint socket;
  guint16 port;
  gboolean is_valid;
  guint n_checks;
  gint64 check_at;
  guint n_requests;
  guint8 requests[PAIR_REQUESTS_MAX][PEERUP_STUN_TRANSACTION_SIZE];
} Pair;

typedef struct
{
  Pair *pair;
  guint8 transaction[PEERUP_STUN_TRANSACTION_SIZE];
} Answer;

/* A request that was sent; its transaction ID is the nonce and its index. */
typedef struct
{
  guint16 socket;
  guint16 port;
  gboolean nominates;
  gboolean was_answered;
} Request;

/* What there is to send, the first of those that are due first. */
typedef enum
{
  FAREWELL,
  CONFIRMATION,
  NOMINATION,
  ANSWER,
  CHECK,
  PROBE,
  N_WISHES,
} Wish;

struct _PeerupPortSearchMachine
{
  PeerupPortSearchOptions options;
  PeerupPortSearchState state;
  PeerupPortSearchFigures figures;
  gint64 ends_at;
  gint64 full_at; /* when PEERUP_PORT_SEARCH_BURST packets may follow each other again */
  guint8 nonce[NONCE_SIZE];

  guint n_sockets;
  guint n_in_round;
  gint64 round_at;
  gint64 quiet_until;
  GRand *random;
  guint n_predicted;
  guint8 tried[65536 / 8]; /* a bit for each port */

  Pair pairs[PEERUP_PORT_SEARCH_PAIRS];
  Pair *chosen;        /* nominated, by us or by the peer */
  gint64 nominate_at;  /* the next time */
  guint n_nominations; /* or confirmations */
  gboolean is_asked;   /* the peer's nomination waits for our confirmation */
  guint8 nomination[PEERUP_STUN_TRANSACTION_SIZE];
  gint64 linger_until; /* 0: nothing was confirmed */

  Answer answers[ANSWERS_MAX];
  guint n_answers; /* asked for */
  guint n_answered;
  guint n_checks;
  Request requests[PEERUP_PORT_SEARCH_PROBES];
  guint n_requests;
};

static void
machine_set_state (PeerupPortSearchMachine *self, PeerupPortSearchState state)
{
  g_assert (state > self->state && self->state < PEERUP_PORT_SEARCH_FOUND);
  self->state = state;
}

/* Ports to try */

static gboolean
machine_try_port (PeerupPortSearchMachine *self, guint16 port)
{
  guint8 bit = 1 << port % 8;
  gboolean is_new = !(self->tried[port / 8] & bit);

  self->tried[port / 8] |= bit;
  return is_new;
}

/* The one so many steps behind the last that was seen, going around at the end. */
static guint16
machine_predict_port (PeerupPortSearchMachine *self, guint n)
{
  gint64 at = (gint64) peerup_socket_address_get_port (&self->options.remote) - FIRST_PORT;
  gint64 steps = (gint64) self->options.port_step % N_PORTS * n;

  return FIRST_PORT + ((at + steps) % N_PORTS + N_PORTS) % N_PORTS;
}

/* One that was not tried yet. There are many more than are ever tried. */
static guint16
machine_draw_port (PeerupPortSearchMachine *self)
{
  guint16 port;

  while (self->options.port_step != 0 && self->n_predicted < PEERUP_PORT_SEARCH_WINDOW)
    {
      port = machine_predict_port (self, ++self->n_predicted);
      if (machine_try_port (self, port))
        return port;
    }
  do
    port = g_rand_int_range (self->random, FIRST_PORT, 65536);
  while (!machine_try_port (self, port));
  return port;
}

/* Pairs */

static Pair *
machine_find_pair (PeerupPortSearchMachine *self, guint socket, guint16 port)
{
  for (guint i = 0; i < self->figures.n_pairs; i++)
    if (self->pairs[i].socket == socket && self->pairs[i].port == port)
      return &self->pairs[i];
  return NULL;
}

/* NULL: there are too many. */
static Pair *
machine_ensure_pair (PeerupPortSearchMachine *self, guint socket, guint16 port, gint64 now)
{
  Pair *pair = machine_find_pair (self, socket, port);

  if (pair != NULL || self->figures.n_pairs == PEERUP_PORT_SEARCH_PAIRS)
    return pair;
  pair = &self->pairs[self->figures.n_pairs++];
  pair->socket = socket;
  pair->port = port;
  pair->check_at = now;
  return pair;
}

/* Whether this request was not heard on the pair before, and may be acted upon. */
static gboolean
pair_remember (Pair *self, const guint8 *transaction)
{
  for (guint i = 0; i < self->n_requests; i++)
    if (memcmp (self->requests[i], transaction, PEERUP_STUN_TRANSACTION_SIZE) == 0)
      return FALSE;
  if (self->n_requests == PAIR_REQUESTS_MAX)
    return FALSE;
  memcpy (self->requests[self->n_requests++], transaction, PEERUP_STUN_TRANSACTION_SIZE);
  return TRUE;
}

static void
machine_choose (PeerupPortSearchMachine *self, Pair *pair, gint64 now)
{
  self->chosen = pair;
  self->nominate_at = now;
  machine_set_state (self, PEERUP_PORT_SEARCH_NOMINATING);
}

/* A request of ours was answered on it. */
static void
machine_validate (PeerupPortSearchMachine *self, Pair *pair, gint64 now)
{
  pair->is_valid = TRUE;
  if (self->state != PEERUP_PORT_SEARCH_SEARCHING)
    return;
  if (self->options.controlling)
    machine_choose (self, pair, now);
  else if (self->is_asked && pair == self->chosen)
    machine_choose (self, pair, now);
}

/* What is sent */

/* Once the peer has nominated a pair, no other one matters. */
static gboolean
machine_wants_check (PeerupPortSearchMachine *self, const Pair *pair)
{
  if (pair->is_valid)
    return FALSE;
  if (self->chosen != NULL)
    return pair == self->chosen && self->n_checks < CHECKS_MAX && pair->n_checks < 2 * PAIR_CHECKS_MAX;
  return self->n_checks < CHECKS_MAX - CHECKS_KEPT && pair->n_checks < PAIR_CHECKS_MAX;
}

static gint64
machine_get_check_time (PeerupPortSearchMachine *self, Pair **due)
{
  gint64 time = G_MAXINT64;

  if (self->state != PEERUP_PORT_SEARCH_SEARCHING)
    return time;
  for (guint i = 0; i < self->figures.n_pairs; i++)
    {
      Pair *pair = &self->pairs[i];

      if (pair->check_at >= time || !machine_wants_check (self, pair))
        continue;
      time = pair->check_at;
      if (due != NULL)
        *due = pair;
    }
  return time;
}

static gint64
machine_get_probe_time (PeerupPortSearchMachine *self)
{
  if (self->state != PEERUP_PORT_SEARCH_SEARCHING || self->figures.n_probes == SEARCH_MAX)
    return G_MAXINT64;
  return MAX (self->round_at, self->quiet_until);
}

/* When it is wanted, whether it may be sent so soon or not. */
static gint64
machine_get_wish_time (PeerupPortSearchMachine *self, Wish wish)
{
  gboolean nominates = self->state == PEERUP_PORT_SEARCH_NOMINATING && self->n_nominations < NOMINATIONS_MAX;

  switch (wish)
    {
    case FAREWELL:
      return self->state == PEERUP_PORT_SEARCH_PARTING ? 0 : G_MAXINT64;
    case CONFIRMATION:
      return nominates && self->is_asked ? 0 : G_MAXINT64;
    case NOMINATION:
      return nominates && self->options.controlling ? self->nominate_at : G_MAXINT64;
    case ANSWER:
      return self->n_answered < self->n_answers ? 0 : G_MAXINT64;
    case CHECK:
      return machine_get_check_time (self, NULL);
    case PROBE:
      return machine_get_probe_time (self);
    case N_WISHES:
    default:
      return G_MAXINT64;
    }
}

static void
machine_address (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet, guint socket, guint16 port)
{
  packet->socket = socket;
  packet->remote = self->options.remote;
  peerup_socket_address_set_port (&packet->remote, port);
}

/* @transaction: NULL for a new one. */
static void
machine_write (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet, PeerupPunchKind kind,
               const guint8 *transaction)
{
  PeerupPunchMessage message = { .kind = kind };

  if (transaction != NULL)
    memcpy (message.transaction, transaction, sizeof message.transaction);
  else
    {
      memcpy (message.transaction, self->nonce, NONCE_SIZE);
      peerup_store_be32 (message.transaction + NONCE_SIZE, self->n_requests);
      self->requests[self->n_requests++] = (Request) {
        .socket = packet->socket,
        .port = peerup_socket_address_get_port (&packet->remote),
        .nominates = kind == PEERUP_PUNCH_NOMINATION,
      };
    }
  packet->length = peerup_punch_message_write (&message, kind == PEERUP_PUNCH_ANSWER ? &packet->remote : NULL,
                                               self->options.key, self->options.controlling, packet->data);
  g_assert (packet->length > 0);
}

static void
machine_write_probe (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet)
{
  if (!self->options.many_sockets)
    machine_address (self, packet, 0, machine_draw_port (self));
  else
    {
      machine_address (self, packet, self->n_in_round++, peerup_socket_address_get_port (&self->options.remote));
      if (self->n_in_round >= self->n_sockets)
        {
          self->n_in_round = 0;
          self->round_at += PEERUP_PORT_SEARCH_ROUND;
        }
    }
  machine_write (self, packet, PEERUP_PUNCH_PROBE, NULL);
  self->figures.n_probes++;
}

static void
machine_write_check (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet, gint64 now)
{
  Pair *pair = NULL;

  machine_get_check_time (self, &pair);
  g_assert (pair != NULL);
  machine_address (self, packet, pair->socket, pair->port);
  machine_write (self, packet, PEERUP_PUNCH_PROBE, NULL);
  pair->n_checks++;
  pair->check_at = now + PEERUP_PORT_SEARCH_RETRY;
  self->n_checks++;
}

static void
machine_write_answer (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet)
{
  const Answer *answer = &self->answers[self->n_answered++];

  machine_address (self, packet, answer->pair->socket, answer->pair->port);
  machine_write (self, packet, PEERUP_PUNCH_ANSWER, answer->transaction);
}

/* Of the chosen pair. */
static void
machine_write_chosen (PeerupPortSearchMachine *self, PeerupPortSearchPacket *packet, Wish wish, gint64 now)
{
  machine_address (self, packet, self->chosen->socket, self->chosen->port);
  switch (wish)
    {
    case FAREWELL:
      machine_write (self, packet, PEERUP_PUNCH_FAREWELL, NULL);
      machine_set_state (self, PEERUP_PORT_SEARCH_FOUND);
      break;
    case CONFIRMATION:
      machine_write (self, packet, PEERUP_PUNCH_ANSWER, self->nomination);
      self->n_nominations++;
      self->is_asked = FALSE;
      self->linger_until = now + PEERUP_PORT_SEARCH_LINGER;
      break;
    case NOMINATION:
      machine_write (self, packet, PEERUP_PUNCH_NOMINATION, NULL);
      self->n_nominations++;
      self->nominate_at = now + PEERUP_PORT_SEARCH_RETRY;
      break;
    case ANSWER:
    case CHECK:
    case PROBE:
    case N_WISHES:
    default:
      g_assert_not_reached ();
    }
}

static void
machine_grant (PeerupPortSearchMachine *self, Wish wish, PeerupPortSearchPacket *packet, gint64 now)
{
  switch (wish)
    {
    case ANSWER:
      machine_write_answer (self, packet);
      break;
    case CHECK:
      machine_write_check (self, packet, now);
      break;
    case PROBE:
      machine_write_probe (self, packet);
      break;
    case FAREWELL:
    case CONFIRMATION:
    case NOMINATION:
    case N_WISHES:
    default:
      machine_write_chosen (self, packet, wish, now);
    }
  self->figures.n_sent++;
  g_assert (self->figures.n_sent <= PEERUP_PORT_SEARCH_PROBES);
  self->full_at = MAX (self->full_at, now) + INTERVAL;
}

/* When the next packet may leave. */
static gint64
machine_get_send_time (PeerupPortSearchMachine *self)
{
  return self->full_at - (PEERUP_PORT_SEARCH_BURST - 1) * INTERVAL;
}

gboolean
peerup_port_search_machine_next (PeerupPortSearchMachine *self, gint64 now, PeerupPortSearchPacket *packet)
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->state >= PEERUP_PORT_SEARCH_FOUND || now >= self->ends_at || now < machine_get_send_time (self))
    return FALSE;
  for (Wish wish = 0; wish < N_WISHES; wish++)
    if (machine_get_wish_time (self, wish) <= now)
      {
        machine_grant (self, wish, packet, now);
        return TRUE;
      }
  return FALSE;
}

gint64
peerup_port_search_machine_get_deadline (PeerupPortSearchMachine *self)
{
  gint64 time = G_MAXINT64;

  g_return_val_if_fail (self != NULL, 0);

  for (Wish wish = 0; wish < N_WISHES; wish++)
    time = MIN (time, machine_get_wish_time (self, wish));
  time = MIN (MAX (time, machine_get_send_time (self)), self->ends_at);
  return self->linger_until > 0 ? MIN (time, self->linger_until) : time;
}

/* What comes in */

static void
machine_take_nomination (PeerupPortSearchMachine *self, Pair *pair, const guint8 *transaction, gint64 now)
{
  /* There is one, for good. */
  if (self->state != PEERUP_PORT_SEARCH_SEARCHING && pair != self->chosen)
    return;
  self->is_asked = TRUE;
  if (self->linger_until > 0)
    self->linger_until = now + PEERUP_PORT_SEARCH_LINGER;
  memcpy (self->nomination, transaction, sizeof self->nomination);
  self->chosen = pair;
  if (self->state == PEERUP_PORT_SEARCH_SEARCHING && pair->is_valid)
    machine_choose (self, pair, now);
}

static void
machine_ask_answer (PeerupPortSearchMachine *self, Pair *pair, const guint8 *transaction)
{
  guint max = pair == self->chosen ? ANSWERS_MAX : ANSWERS_MAX - ANSWERS_KEPT;
  Answer *answer;

  if (self->n_answers >= max || (self->state != PEERUP_PORT_SEARCH_SEARCHING && pair != self->chosen))
    return;
  answer = &self->answers[self->n_answers++];
  answer->pair = pair;
  memcpy (answer->transaction, transaction, sizeof answer->transaction);
}

/* FALSE: it is nothing new. */
static gboolean
machine_take_request (PeerupPortSearchMachine *self, guint socket, guint16 port, const PeerupPunchMessage *message,
                      gint64 now)
{
  Pair *pair = machine_ensure_pair (self, socket, port, now);

  if (pair == NULL || !pair_remember (pair, message->transaction))
    return FALSE;
  if (message->kind == PEERUP_PUNCH_NOMINATION)
    machine_take_nomination (self, pair, message->transaction, now);
  else
    machine_ask_answer (self, pair, message->transaction);
  return TRUE;
}

/* The request that it is the first to answer, on the very way that that was sent; NULL: there is none. */
static Request *
machine_find_request (PeerupPortSearchMachine *self, guint socket, guint16 port, const guint8 *transaction)
{
  guint32 index = peerup_load_be32 (transaction + NONCE_SIZE);

  if (memcmp (transaction, self->nonce, NONCE_SIZE) != 0 || index >= self->n_requests ||
      self->requests[index].socket != socket || self->requests[index].port != port ||
      self->requests[index].was_answered)
    return NULL;
  return &self->requests[index];
}

static gboolean
machine_take_answer (PeerupPortSearchMachine *self, guint socket, guint16 port, const PeerupPunchMessage *message,
                     gint64 now)
{
  Request *request = machine_find_request (self, socket, port, message->transaction);
  Pair *pair = request != NULL ? machine_ensure_pair (self, socket, port, now) : NULL;

  if (pair == NULL)
    return FALSE;
  request->was_answered = TRUE;
  machine_validate (self, pair, now);
  if (request->nominates && self->state == PEERUP_PORT_SEARCH_NOMINATING)
    machine_set_state (self, PEERUP_PORT_SEARCH_PARTING);
  return TRUE;
}

static gboolean
machine_take_farewell (PeerupPortSearchMachine *self, guint socket, guint16 port)
{
  if (self->state != PEERUP_PORT_SEARCH_NOMINATING || self->chosen != machine_find_pair (self, socket, port) ||
      self->n_nominations == 0)
    return FALSE;
  machine_set_state (self, PEERUP_PORT_SEARCH_FOUND);
  return TRUE;
}

static gboolean
machine_take_message (PeerupPortSearchMachine *self, guint socket, guint16 port, const PeerupPunchMessage *message,
                      gint64 now)
{
  switch (message->kind)
    {
    case PEERUP_PUNCH_PROBE:
    case PEERUP_PUNCH_NOMINATION:
      return machine_take_request (self, socket, port, message, now);
    case PEERUP_PUNCH_ANSWER:
      return machine_take_answer (self, socket, port, message, now);
    case PEERUP_PUNCH_FAREWELL:
      return machine_take_farewell (self, socket, port);
    default:
      g_assert_not_reached ();
    }
}

/* The peer's only address; and with many sockets, its only port. */
static gboolean
machine_is_peer (PeerupPortSearchMachine *self, const PeerupSocketAddress *remote)
{
  PeerupSocketAddress expected = self->options.remote;

  if (!self->options.many_sockets)
    peerup_socket_address_set_port (&expected, peerup_socket_address_get_port (remote));
  return peerup_socket_address_get_port (remote) != 0 && peerup_socket_address_equal (&expected, remote);
}

void
peerup_port_search_machine_take (PeerupPortSearchMachine *self, guint socket, const PeerupSocketAddress *remote,
                                 const guint8 *data, gsize length, gint64 now)
{
  PeerupPunchMessage message;

  g_return_if_fail (self != NULL && socket < PEERUP_PORT_SEARCH_SOCKETS);

  if (self->state >= PEERUP_PORT_SEARCH_PARTING)
    return;
  if (machine_is_peer (self, remote) &&
      peerup_punch_message_read (&message, data, length, self->options.key, !self->options.controlling) &&
      machine_take_message (self, socket, peerup_socket_address_get_port (remote), &message, now))
    {
      self->figures.n_heard++;
      self->quiet_until = now + PEERUP_PORT_SEARCH_QUIET;
    }
  else
    self->figures.n_strays++;
}

/* Life */

/* What was confirmed is good, even if nobody has said that the confirmation came. */
static gboolean
machine_has_confirmed (PeerupPortSearchMachine *self)
{
  return self->state == PEERUP_PORT_SEARCH_PARTING || self->linger_until > 0;
}

PeerupPortSearchState
peerup_port_search_machine_advance (PeerupPortSearchMachine *self, gint64 now)
{
  g_return_val_if_fail (self != NULL, PEERUP_PORT_SEARCH_OVER);

  if (self->state >= PEERUP_PORT_SEARCH_FOUND)
    return self->state;
  if (self->linger_until > 0 && now >= self->linger_until)
    machine_set_state (self, PEERUP_PORT_SEARCH_FOUND);
  else if (now >= self->ends_at)
    machine_set_state (self, machine_has_confirmed (self) ? PEERUP_PORT_SEARCH_FOUND : PEERUP_PORT_SEARCH_OVER);
  return self->state;
}

void
peerup_port_search_machine_limit_sockets (PeerupPortSearchMachine *self, guint n)
{
  g_return_if_fail (self != NULL && n > 0);

  self->n_sockets = MIN (self->n_sockets, n);
  if (self->n_in_round >= self->n_sockets)
    {
      self->n_in_round = 0;
      self->round_at += PEERUP_PORT_SEARCH_ROUND;
    }
}

void
peerup_port_search_machine_get_found (PeerupPortSearchMachine *self, guint *socket, PeerupSocketAddress *remote)
{
  g_return_if_fail (self != NULL && self->state == PEERUP_PORT_SEARCH_FOUND);

  *socket = self->chosen->socket;
  *remote = self->options.remote;
  peerup_socket_address_set_port (remote, self->chosen->port);
}

void
peerup_port_search_machine_get_figures (PeerupPortSearchMachine *self, PeerupPortSearchFigures *figures)
{
  g_return_if_fail (self != NULL);

  *figures = self->figures;
}

PeerupPortSearchMachine *
peerup_port_search_machine_new (const PeerupPortSearchOptions *options, const guint8 seed[PEERUP_PORT_SEARCH_SEED_SIZE],
                                gint64 now)
{
  PeerupPortSearchMachine *self;
  guint32 seeds[2] = { peerup_load_be32 (seed + NONCE_SIZE), peerup_load_be32 (seed + NONCE_SIZE + 4) };

  g_return_val_if_fail (options != NULL && peerup_socket_address_get_port (&options->remote) != 0, NULL);
  G_STATIC_ASSERT (NONCE_SIZE + sizeof seeds == PEERUP_PORT_SEARCH_SEED_SIZE);

  self = g_new0 (PeerupPortSearchMachine, 1);
  self->options = *options;
  self->options.fd = -1;
  self->ends_at = now + PEERUP_PORT_SEARCH_TIME;
  self->full_at = self->round_at = self->quiet_until = now;
  memcpy (self->nonce, seed, NONCE_SIZE);
  self->random = g_rand_new_with_seed_array (seeds, G_N_ELEMENTS (seeds));
  self->n_sockets = options->many_sockets ? PEERUP_PORT_SEARCH_SOCKETS : 1;
  return self;
}

void
peerup_port_search_machine_free (PeerupPortSearchMachine *self)
{
  g_return_if_fail (self != NULL);

  g_rand_free (self->random);
  g_free (self);
}
