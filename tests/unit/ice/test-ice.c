/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "../swarm/swarm-node.h"

#include <netinet/in.h>
#include <unistd.h>

#include "ice/peerup-ice-private.h"
#include "wire/peerup-ice-message.h"

/* Two peers that are connected by TCP, which counts as the carrier; a dialed it. */
typedef struct
{
  Node a, b;
  PeerupIce *ice_a, *ice_b;
  PeerupConnection *carrier_a, *carrier_b;
} World;

static PeerupConnection *
only_connection (Node *self, Node *other)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, node_id (other));

  g_assert_cmpuint (list->len, ==, 1);
  return g_object_ref (list->pdata[0]);
}

static void
world_init (World *self)
{
  node_init (&self->a, 1, 0);
  node_init (&self->b, 2, NODE_TCP);
  self->ice_a = peerup_ice_new (self->a.swarm);
  self->ice_b = peerup_ice_new (self->b.swarm);
  peerup_ice_use_network (self->ice_a, "127.0.0.1", 8);
  peerup_ice_use_network (self->ice_b, "127.0.0.2", 8);
  node_learn (&self->a, &self->b);
  self->carrier_a = node_connect (&self->a, &self->b);
  node_wait_connections (&self->b, &self->a, 1);
  self->carrier_b = only_connection (&self->b, &self->a);
}

static void
world_clear (World *self)
{
  g_clear_object (&self->carrier_a);
  g_clear_object (&self->carrier_b);
  g_clear_object (&self->ice_a);
  g_clear_object (&self->ice_b);
  node_clear (&self->a);
  node_clear (&self->b);
}

static void
assert_punched (PeerupConnection *connection, gboolean outbound)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  g_assert_true (info->punched);
  g_assert_cmpint (info->outbound, ==, outbound);
  g_assert_cmpstr (info->transport, ==, "quic-v1");
}

static void
test_dialer_opens (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) found = NULL;
  gint64 start;

  world_init (&world);
  start = g_get_monotonic_time ();
  found = test_take_object (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()), &error);
  g_assert_no_error (error);
  g_test_message ("direct after %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  assert_punched (found, TRUE);
  node_wait_connections (&world.b, &world.a, 2);
  g_clear_object (&found);
  world_clear (&world);
}

static void
test_dialed_opens (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) found = NULL;

  world_init (&world);
  found = test_take_object (peerup_ice_connect (world.ice_b, world.carrier_b, test_deadline ()), &error);
  g_assert_no_error (error);
  assert_punched (found, FALSE);
  node_wait_connections (&world.a, &world.b, 2);
  g_clear_object (&found);
  world_clear (&world);
}

/* Both begin at the same time: one search, one path. */
static void
test_crossed (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) found_a = NULL;
  g_autoptr (PeerupConnection) found_b = NULL;
  DexFuture *future_a, *future_b;

  world_init (&world);
  future_a = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  future_b = peerup_ice_connect (world.ice_b, world.carrier_b, test_deadline ());
  found_a = test_take_object (future_a, &error);
  g_assert_no_error (error);
  found_b = test_take_object (future_b, &error);
  g_assert_no_error (error);
  assert_punched (found_a, TRUE);
  assert_punched (found_b, FALSE);
  g_assert_cmpuint (node_n_connections (&world.a, &world.b), ==, 2);
  g_assert_cmpuint (node_n_connections (&world.b, &world.a), ==, 2);
  g_clear_object (&found_a);
  g_clear_object (&found_b);
  world_clear (&world);
}

static void
test_joined (void)
{
  World world;
  g_autoptr (PeerupConnection) one = NULL;
  g_autoptr (PeerupConnection) two = NULL;
  DexFuture *first, *second;

  world_init (&world);
  first = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  second = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  g_assert_cmpuint (peerup_ice_get_n_sessions (world.ice_a), ==, 1);
  one = test_take_object (first, NULL);
  two = test_take_object (second, NULL);
  g_assert_nonnull (one);
  g_assert_true (one == two);
  g_clear_object (&one);
  g_clear_object (&two);
  world_clear (&world);
}

/* One that gives up does not end it for the other. */
static void
test_deadline_of_one (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) found = NULL;
  DexFuture *first, *second;

  world_init (&world);
  first = peerup_ice_connect (world.ice_a, world.carrier_a, g_get_monotonic_time ());
  second = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  error = test_take_error (first);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  found = test_take_object (second, NULL);
  g_assert_nonnull (found);
  g_clear_object (&found);
  world_clear (&world);
}

static gboolean
admit_nobody (PeerupPeerId *peer, gpointer data)
{
  *(guint *) data += 1;
  return FALSE;
}

static void
test_not_admitted (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  guint n_asked = 0;

  world_init (&world);
  peerup_ice_set_admit_func (world.ice_b, admit_nobody, &n_asked);
  error = test_take_error (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED);
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_cmpuint (peerup_ice_get_n_sessions (world.ice_b), ==, 0);
  world_clear (&world);
}

/* Whom we have dialed we trust so far. */
static void
test_dialed_is_admitted (void)
{
  World world;
  g_autoptr (PeerupConnection) found = NULL;
  guint n_asked = 0;

  world_init (&world);
  peerup_ice_set_admit_func (world.ice_a, admit_nobody, &n_asked);
  found = test_take_object (peerup_ice_connect (world.ice_b, world.carrier_b, test_deadline ()), NULL);
  g_assert_nonnull (found);
  g_assert_cmpuint (n_asked, ==, 0);
  g_clear_object (&found);
  world_clear (&world);
}

static void
test_not_spoken (void)
{
  World world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  g_clear_object (&world.ice_b);
  error = test_take_error (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  world_clear (&world);
}

static void
test_too_often (void)
{
  World world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  for (guint i = 0; i < PEERUP_ICE_SESSIONS_PER_PEER; i++)
    {
      g_autoptr (PeerupConnection) found =
        test_take_object (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()), NULL);

      g_assert_nonnull (found);
      peerup_connection_close (found, PEERUP_CONNECTION_CODE_NONE);
      g_clear_object (&found);
      node_wait_connections (&world.b, &world.a, 1);
      node_wait_connections (&world.a, &world.b, 1);
      while (peerup_ice_get_n_sessions (world.ice_b) > 0)
        g_main_context_iteration (NULL, TRUE);
    }
  error = test_take_error (peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  world_clear (&world);
}

static void
test_dropped (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  DexFuture *future;

  world_init (&world);
  future = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  /* In the middle: spinning on may be enough for all of it. */
  while (peerup_ice_get_n_sessions (world.ice_b) == 0)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&world.ice_a);
  error = test_take_error (future);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  world_clear (&world);
}

static void
on_kept_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  *(PeerupStream **) data = stream;
}

/* The search that is under way will never be answered, and there is another carrier since. */
static void
test_carrier_is_lost (void)
{
  World world;
  g_autoptr (PeerupStream) kept = NULL;
  g_autoptr (PeerupConnection) carrier = NULL;
  g_autoptr (PeerupConnection) one = NULL;
  g_autoptr (PeerupConnection) two = NULL;
  g_autoptr (GError) error = NULL;
  DexFuture *first, *second;

  world_init (&world);
  g_clear_object (&world.ice_b);
  peerup_swarm_add_protocol (world.b.swarm, PEERUP_ICE_PROTOCOL, on_kept_stream, &kept, NULL);
  first = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  while (kept == NULL)
    g_main_context_iteration (NULL, TRUE);
  peerup_swarm_remove_protocol (world.b.swarm, PEERUP_ICE_PROTOCOL);
  world.ice_b = peerup_ice_new (world.b.swarm);
  peerup_ice_use_network (world.ice_b, "127.0.0.2", 8);
  peerup_connection_set_silent (world.carrier_a, TRUE);
  carrier = node_connect (&world.a, &world.b);
  g_assert_true (carrier != world.carrier_a);
  second = peerup_ice_connect (world.ice_a, carrier, test_deadline ());
  two = test_take_object (second, &error);
  g_assert_no_error (error);
  assert_punched (two, TRUE);
  one = test_take_object (first, &error);
  g_assert_no_error (error);
  g_assert_true (one == two);
  world_clear (&world);
}

static void
test_carrier_closes (void)
{
  World world;
  g_autoptr (GError) error = NULL;
  DexFuture *future;

  world_init (&world);
  future = peerup_ice_connect (world.ice_a, world.carrier_a, test_deadline ());
  peerup_connection_close (world.carrier_a, PEERUP_CONNECTION_CODE_NONE);
  error = test_take_error (future);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  world_clear (&world);
}

/* Peers that break the rules, each in its own way; a is the one that suffers. */
typedef enum
{
  SILENT,    /* says nothing after the offer */
  GARBAGE,   /* what is no message */
  NO_ANSWER, /* candidates before the answer */
  TWO_ANSWERS,
  FLOOD,             /* ten thousand candidates */
  LEAVES,            /* answers, and ends the stream */
  WRONG_CREDENTIALS, /* a path that is there, with a password that is not */
  GIVES_UP,
  N_WAYS
} Way;

typedef struct
{
  Node node;
  Way way;
  PeerupConnection *carrier; /* a's end */
  DexFuture *future;
  int udp;
} Hostile;

static void
say (PeerupStream *stream, const PeerupIceMessage *message)
{
  g_autoptr (GBytes) bytes = peerup_ice_message_encode (message);

  /* Whoever breaks the rules may have been cut off by now. */
  if (!peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                      test_deadline (), NULL))
    g_test_message ("cut off");
}

static PeerupIceMessage
make_answer (PeerupIceMessageType type)
{
  return (PeerupIceMessage) { .type = type, .ufrag = (char *) "abcd", .pwd = (char *) "0123456789012345678901" };
}

static PeerupIceCandidate
make_candidate (guint8 last, guint16 port)
{
  return (PeerupIceCandidate) { PEERUP_ICE_HOST, { { 127, 0, 0, last }, 4, port }, 0x782001ff, "1" };
}

static void
say_flood (PeerupStream *stream)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_CANDIDATES, .n_candidates = PEERUP_ICE_MESSAGE_CANDIDATES };

  for (guint i = 0; i < 10000; i += message.n_candidates)
    {
      for (guint k = 0; k < message.n_candidates; k++)
        message.candidates[k] = make_candidate (1 + i / 50, 20000 + i + k);
      say (stream, &message);
    }
}

typedef struct
{
  Hostile *hostile;
  PeerupStream *stream;
} Part;

static void
play (Hostile *self, PeerupStream *stream)
{
  PeerupIceMessage answer = make_answer (PEERUP_ICE_ANSWER);
  struct sockaddr_in bound;
  socklen_t size = sizeof bound;

  getsockname (self->udp, (struct sockaddr *) &bound, &size);
  answer.candidates[0] = make_candidate (1, g_ntohs (bound.sin_port));
  answer.n_candidates = self->way == WRONG_CREDENTIALS;
  if (self->way == GARBAGE)
    peerup_stream_await_write_all (stream, "\377\377\377\377\377\377\377\377\377\377\377\377", 12, test_deadline (),
                                   NULL);
  if (self->way == NO_ANSWER)
    say (stream, &(PeerupIceMessage) { .type = PEERUP_ICE_CANDIDATES });
  if (self->way >= TWO_ANSWERS)
    say (stream, &answer);
  if (self->way == TWO_ANSWERS)
    say (stream, &answer);
  if (self->way == FLOOD)
    say_flood (stream);
  if (self->way == GIVES_UP)
    say (stream, &(PeerupIceMessage) { .type = PEERUP_ICE_FAILED, .reason = (char *) "tired" });
  if (self->way == LEAVES)
    peerup_stream_close (stream);
}

static DexFuture *
play_fiber (gpointer data)
{
  Part *self = data;
  guint8 rest[4096];

  play (self->hostile, self->stream);
  /* Until a has had enough. */
  while (peerup_stream_await_read (self->stream, rest, sizeof rest, test_deadline (), NULL) > 0)
    continue;
  g_object_unref (self->stream);
  g_free (self);
  return dex_future_new_for_boolean (TRUE);
}

static void
on_hostile_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Part *part = g_new (Part, 1);

  *part = (Part) { data, stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, play_fiber, part, NULL));
}

static void
hostile_init (Hostile *self, Way way, Node *victim)
{
  guint port;

  node_init (&self->node, 10 + way, NODE_TCP);
  self->way = way;
  self->udp = open_udp_black_hole (&port);
  peerup_swarm_add_protocol (self->node.swarm, PEERUP_ICE_PROTOCOL, on_hostile_stream, self, NULL);
  node_learn (victim, &self->node);
  self->carrier = node_connect (victim, &self->node);
}

/* What was sent to it, all of it checks. */
static guint
hostile_count_packets (Hostile *self)
{
  char bytes[2000];
  guint n = 0;

  while (recv (self->udp, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
    n++;
  return n;
}

static void
hostile_clear (Hostile *self)
{
  g_clear_object (&self->carrier);
  node_clear (&self->node);
  close (self->udp);
}

/* All at once, as two of them take until the deadline. */
static void
test_hostile (void)
{
  static const PeerupError codes[] = {
    [SILENT] = PEERUP_ERROR_UNREACHABLE,
    [GARBAGE] = PEERUP_ERROR_PROTOCOL,
    [NO_ANSWER] = PEERUP_ERROR_PROTOCOL,
    [TWO_ANSWERS] = PEERUP_ERROR_PROTOCOL,
    [FLOOD] = PEERUP_ERROR_PROTOCOL,
    [LEAVES] = PEERUP_ERROR_CLOSED,
    [WRONG_CREDENTIALS] = PEERUP_ERROR_UNREACHABLE,
    [GIVES_UP] = PEERUP_ERROR_UNREACHABLE,
  };
  Hostile hostiles[N_WAYS] = { 0 };
  World world;

  world_init (&world);
  for (Way way = 0; way < N_WAYS; way++)
    {
      hostile_init (&hostiles[way], way, &world.a);
      hostiles[way].future = peerup_ice_connect (world.ice_a, hostiles[way].carrier, test_deadline ());
    }
  for (Way way = 0; way < N_WAYS; way++)
    {
      g_autoptr (GError) error = test_take_error (hostiles[way].future);

      g_test_message ("%d: %s", way, error->message);
      g_assert_error (error, PEERUP_ERROR, (int) codes[way]);
    }
  g_assert_cmpuint (peerup_ice_get_n_sessions (world.ice_a), ==, 0);
  /* One candidate, and a check is sent seven times at most. */
  g_assert_cmpuint (hostile_count_packets (&hostiles[WRONG_CREDENTIALS]), >, 0);
  g_assert_cmpuint (hostile_count_packets (&hostiles[WRONG_CREDENTIALS]), <=, 7);
  for (Way way = 0; way < N_WAYS; way++)
    hostile_clear (&hostiles[way]);
  world_clear (&world);
}

/* A peer that says that it has a path, and drops everything. */

typedef struct
{
  World *world;
  PeerupIceAddress from; /* where it says that it is */
  guint32 code;          /* that the stream was reset with */
} Claim;

static DexFuture *
claim_fiber (gpointer data)
{
  static const char *const protocols[] = { PEERUP_ICE_PROTOCOL, NULL };
  Claim *self = data;
  World *world = self->world;
  PeerupIceMessage message = make_answer (PEERUP_ICE_OFFER);
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream_on (world->a.swarm, world->carrier_a, protocols, test_deadline ()),
                      NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PeerupIceMessage) answer = NULL;
  guint8 rest[4096];

  say (stream, &message);
  bytes = peerup_stream_await_message (stream, PEERUP_ICE_MESSAGE_MAX, test_deadline (), NULL);
  answer = peerup_ice_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  g_assert_cmpuint (answer->type, ==, PEERUP_ICE_ANSWER);
  g_assert_cmpuint (answer->n_candidates, >, 0);
  message = (PeerupIceMessage) { .type = PEERUP_ICE_CONNECTED, .has_pair = TRUE };
  message.pair.remote = answer->candidates[0].address;
  message.pair.local = self->from;
  say (stream, &message);
  while (peerup_stream_await_read (stream, rest, sizeof rest, test_deadline (), NULL) > 0)
    continue;
  self->code = peerup_stream_get_reset_code (stream);
  return NULL;
}

static void
claim (Claim *self)
{
  test_run_fiber (claim_fiber, self);
  while (peerup_ice_get_n_sessions (self->world->ice_b) > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_claims_a_path (void)
{
  World world;
  guint port;
  int udp = open_udp_black_hole (&port);
  Claim nobody = { .world = &world, .from = make_candidate (1, port).address };

  world_init (&world);
  g_clear_object (&world.ice_a);
  claim (&nobody);
  g_assert_cmpuint (nobody.code, ==, PEERUP_STREAM_CODE_NONE);
  g_assert_cmpuint (node_n_connections (&world.b, &world.a), ==, 1);
  world_clear (&world);
  close (udp);
}

/* The path that it claims leads to where no candidate may: it is not taken, as QUIC would answer what comes from there.
 */
static void
test_claims_forbidden_paths (void)
{
  static const PeerupIceAddress places[] = {
    { { 10, 1, 2, 3 }, 4, 4000 },    { { 169, 254, 169, 254 }, 4, 4000 },
    { { 224, 0, 0, 251 }, 4, 4000 }, { { 127, 0, 0, 1 }, 4, 53 },
    { { 9, 9, 9, 9 }, 4, 53 },       { { 9, 9, 9, 9 }, 4, 11211 },
    { { [15] = 1 }, 16, 4000 },      { { 0xfe, 0x80, [15] = 1 }, 16, 4000 },
  };
  World world;

  world_init (&world);
  g_clear_object (&world.ice_a);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      Claim elsewhere = { .world = &world, .from = places[i] };

      peerup_ice_forget_begun (world.ice_b);
      claim (&elsewhere);
      g_assert_cmpuint (elsewhere.code, ==, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
    }
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/ice/dialer-opens", test_dialer_opens);
  g_test_add_func ("/ice/dialed-opens", test_dialed_opens);
  g_test_add_func ("/ice/crossed", test_crossed);
  g_test_add_func ("/ice/joined", test_joined);
  g_test_add_func ("/ice/deadline-of-one", test_deadline_of_one);
  g_test_add_func ("/ice/not-admitted", test_not_admitted);
  g_test_add_func ("/ice/dialed-is-admitted", test_dialed_is_admitted);
  g_test_add_func ("/ice/not-spoken", test_not_spoken);
  g_test_add_func ("/ice/too-often", test_too_often);
  g_test_add_func ("/ice/dropped", test_dropped);
  g_test_add_func ("/ice/carrier-is-lost", test_carrier_is_lost);
  g_test_add_func ("/ice/carrier-closes", test_carrier_closes);
  g_test_add_func ("/ice/hostile", test_hostile);
  g_test_add_func ("/ice/claims-a-path", test_claims_a_path);
  g_test_add_func ("/ice/claims-forbidden-paths", test_claims_forbidden_paths);
  return g_test_run ();
}
