/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Direct connection upgrade between swarms on the loopback that are joined by a circuit, which is a pipe here. The
 * peers with habits of their own are scripts: exchange and simultaneous open, each with the role that their version
 * takes. */

#include <sys/socket.h>
#include <unistd.h>

#include "../swarm/swarm-node.h"

#include "protocols/peerup-dcutr-private.h"
#include "swarm/peerup-swarm-private.h"
#include "swarm/peerup-swarm-simultaneous.h"

/* Microseconds of a try that is to fail, and of one that is not. */
#define SHORT (G_USEC_PER_SEC / 2)
#define LONG  (10 * G_USEC_PER_SEC)

#define CIRCUIT "/ip4/5.6.7.8/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ/p2p-circuit"

static const char *const dcutr_protocols[] = { PEERUP_DCUTR_PROTOCOL, NULL };

/* The dialer is "A" of the specification, the other one "B". */
typedef struct
{
  Node a;
  Node b;
  PeerupConnection *at_a; /* the relayed one, from both sides */
  PeerupConnection *at_b;
  PeerupDcutr *dcutr_a; /* either may be NULL */
  PeerupDcutr *dcutr_b;
} Pair;

static DexFuture *
open_pipe (PeerupSwarm *swarm, PeerupPeerId *peer, PeerupMultiaddr *address, gint64 deadline, gpointer data)
{
  Pair *self = data;
  g_autoptr (PeerupStream) near = NULL;
  g_autoptr (PeerupStream) far = NULL;
  g_autoptr (PeerupCircuit) here = NULL;
  g_autoptr (PeerupCircuit) there = NULL;

  peerup_pipe_stream_new_pair (65536, &near, &far);
  here = peerup_circuit_new (near, TRUE);
  there = peerup_circuit_new (far, TRUE);
  dex_future_disown (peerup_swarm_accept_circuit (self->b.swarm, there, node_id (&self->a), address));
  return dex_future_new_take_boxed (PEERUP_TYPE_CIRCUIT, g_steal_pointer (&here));
}

static PeerupDcutr *
make_dcutr (Node *node, gint64 try_timeout)
{
  PeerupDcutr *dcutr = peerup_dcutr_new (node->swarm);
  g_autoptr (GPtrArray) addresses = peerup_swarm_dup_listen_addresses (node->swarm);

  peerup_dcutr_set_laboratory (dcutr, try_timeout);
  peerup_dcutr_set_addresses (dcutr, addresses);
  return dcutr;
}

static void
pair_init (Pair *self, NodeListens listens, gint64 try_of_a, gint64 try_of_b)
{
  g_autoptr (GPtrArray) list = NULL;

  *self = (Pair) { 0 };
  node_init (&self->a, 1, listens);
  node_init (&self->b, 2, listens);
  peerup_swarm_set_circuit_func (self->a.swarm, open_pipe, self);
  node_learn_address (&self->a, &self->b, CIRCUIT);
  self->at_a = node_connect (&self->a, &self->b);
  node_wait_connections (&self->b, &self->a, 1);
  list = peerup_swarm_dup_connections (self->b.swarm, node_id (&self->a));
  self->at_b = g_object_ref (list->pdata[0]);
  if (try_of_a > 0)
    self->dcutr_a = make_dcutr (&self->a, try_of_a);
  if (try_of_b > 0)
    self->dcutr_b = make_dcutr (&self->b, try_of_b);
}

static void
pair_clear (Pair *self)
{
  peerup_swarm_set_circuit_func (self->a.swarm, NULL, NULL);
  g_clear_object (&self->at_a);
  g_clear_object (&self->at_b);
  g_clear_object (&self->dcutr_a);
  g_clear_object (&self->dcutr_b);
  node_clear (&self->a);
  node_clear (&self->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static PeerupConnection *
find_direct (Node *self, Node *other)
{
  return peerup_swarm_best_direct (self->swarm, node_id (other));
}

/* Whoever began first had to open the way; for the other one it may have been open. */
static void
assert_direct (Pair *pair, const char *transport)
{
  const PeerupConnectionInfo *of_a, *of_b;

  while (find_direct (&pair->a, &pair->b) == NULL || find_direct (&pair->b, &pair->a) == NULL)
    g_main_context_iteration (NULL, TRUE);
  of_a = peerup_connection_get_info (find_direct (&pair->a, &pair->b));
  of_b = peerup_connection_get_info (find_direct (&pair->b, &pair->a));
  g_assert_cmpstr (of_a->transport, ==, transport);
  g_assert_cmpstr (of_b->transport, ==, transport);
  g_assert_true (of_a->punched || of_b->punched);
}

/* Both ours */

static void
check_both (NodeListens listens, const char *transport)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (PeerupConnection) direct = NULL;
  g_autoptr (PeerupConnection) again = NULL;
  g_autoptr (GError) error = NULL;

  pair_init (&pair, listens, LONG, LONG);
  direct = test_take_object (peerup_dcutr_connect (pair.dcutr_b, pair.at_b, test_deadline ()), &error);
  g_assert_no_error (error);
  g_assert_false (peerup_connection_get_info (direct)->outbound);
  assert_direct (&pair, transport);
  /* What was there stays. */
  g_assert_false (peerup_connection_is_retired (pair.at_a));
  again = test_take_object (peerup_dcutr_connect (pair.dcutr_b, pair.at_b, test_deadline ()), &error);
  g_assert_true (again == direct);
}

static void
test_quic (void)
{
  check_both (NODE_QUIC, "quic-v1");
}

static void
test_tcp (void)
{
  check_both (NODE_TCP, "tcp");
}

/* Scripts */

typedef struct
{
  Pair *pair;
  const PeerupOpeningRole *roles; /* of each try */
  guint n_tries;
  gint64 last_timeout; /* of a try from which on it is to work */
  guint works_at;
} Script;

static PeerupStream *
script_open (PeerupSwarm *swarm, PeerupConnection *relayed)
{
  g_autoptr (GError) error = NULL;
  PeerupStream *stream =
    dex_await_object (peerup_swarm_open_stream_on (swarm, relayed, dcutr_protocols, test_deadline ()), &error);

  g_assert_no_error (error);
  return stream;
}

static gboolean
script_send (PeerupStream *stream, PeerupDcutrType type, GPtrArray *addresses)
{
  g_autoptr (GBytes) bytes = peerup_dcutr_message_encode (type, addresses);

  return peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        test_deadline (), NULL);
}

/* (nullable): NULL once the stream was reset or has ended. */
static PeerupDcutrMessage *
script_receive (PeerupStream *stream)
{
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_DCUTR_MESSAGE_MAX, test_deadline (), NULL);

  return bytes != NULL ? peerup_dcutr_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL)
                       : NULL;
}

/* A try of a scripted B, the messages of which have to go well; whether it works. */
static gboolean
script_ask (Pair *pair, PeerupOpeningRole role, gint64 timeout)
{
  g_autoptr (PeerupStream) stream = script_open (pair->b.swarm, pair->at_b);
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (pair->b.swarm);
  g_autoptr (PeerupDcutrMessage) answer = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  g_assert_true (script_send (stream, PEERUP_DCUTR_CONNECT, own));
  answer = script_receive (stream);
  g_assert_nonnull (answer);
  g_assert_cmpint (answer->type, ==, PEERUP_DCUTR_CONNECT);
  g_assert_cmpuint (answer->addresses->len, >, 0);
  g_assert_true (script_send (stream, PEERUP_DCUTR_SYNC, NULL));
  peerup_stream_close (stream);
  connection = dex_await_object (peerup_swarm_open_simultaneously (pair->b.swarm, node_id (&pair->a), answer->addresses,
                                                                   role, g_get_monotonic_time () + timeout),
                                 NULL);
  return connection != NULL;
}

static DexFuture *
script_fiber (gpointer data)
{
  Script *script = data;

  for (guint i = 1; i < script->works_at; i++)
    g_assert_false (script_ask (script->pair, script->roles[i - 1], SHORT));
  g_assert_true (script_ask (script->pair, script->roles[script->works_at - 1], LONG));
  return NULL;
}

static const PeerupOpeningRole before_41[] = { PEERUP_OPENING_CLIENT, PEERUP_OPENING_CLIENT, PEERUP_OPENING_CLIENT };
static const PeerupOpeningRole since_41[] = { PEERUP_OPENING_SERVER, PEERUP_OPENING_SERVER, PEERUP_OPENING_SERVER };
static const PeerupOpeningRole since_48[] = { PEERUP_OPENING_SERVER, PEERUP_OPENING_SERVER, PEERUP_OPENING_CLIENT };

static void
check_asked_by (const PeerupOpeningRole *roles, NodeListens listens, guint works_at)
{
  g_auto (Pair) pair = { 0 };
  Script script = { .pair = &pair, .roles = roles, .works_at = works_at };

  pair_init (&pair, listens, LONG, 0);
  test_run_fiber (script_fiber, &script);
  assert_direct (&pair, listens == NODE_TCP ? "tcp" : "quic-v1");
}

static void
test_asked_by_go_before_0_41 (void)
{
  check_asked_by (before_41, NODE_QUIC, 1);
  check_asked_by (before_41, NODE_TCP, 3);
}

static void
test_asked_by_go_since_0_41 (void)
{
  check_asked_by (since_41, NODE_QUIC, 1);
  check_asked_by (since_41, NODE_TCP, 1);
}

/* Twice it does not come through, and then it is the client. */
static DexFuture *
third_try_fiber (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GPtrArray) nowhere = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  guint port;
  int fd = open_black_hole (&port);

  g_ptr_array_add (nowhere, peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u", port));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (PeerupStream) stream = script_open (pair->b.swarm, pair->at_b);
      g_autoptr (PeerupDcutrMessage) answer = NULL;
      g_autoptr (GBytes) rest = NULL;

      g_assert_true (script_send (stream, PEERUP_DCUTR_CONNECT, nowhere));
      answer = script_receive (stream);
      g_assert_nonnull (answer);
      g_assert_true (script_send (stream, PEERUP_DCUTR_SYNC, NULL));
      /* It has been read. */
      rest = peerup_stream_await_rest (stream, 1, test_deadline (), NULL);
      g_assert_nonnull (rest);
    }
  g_assert_true (script_ask (pair, since_48[2], LONG));
  close (fd);
  return NULL;
}

static void
test_asked_by_go_since_0_48 (void)
{
  g_auto (Pair) pair = { 0 };

  check_asked_by (since_48, NODE_QUIC, 1);
  check_asked_by (since_48, NODE_TCP, 1);
  pair_init (&pair, NODE_TCP, LONG, 0);
  test_run_fiber (third_try_fiber, &pair);
}

/* A scripted A. */
typedef struct
{
  Pair *pair;
  PeerupOpeningRole role;
  GPtrArray *addresses; /* that it tells; NULL: its own */
  guint works_at;       /* the try that is given time */
  guint n_asked;
} Answerer;

typedef struct
{
  Answerer *answerer;
  PeerupStream *stream;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_object_unref (answer->stream);
  g_free (answer);
}

static DexFuture *
answer_fiber (gpointer data)
{
  Answer *answer = data;
  Answerer *self = answer->answerer;
  Pair *pair = self->pair;
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (pair->a.swarm);
  g_autoptr (PeerupDcutrMessage) asked = script_receive (answer->stream);
  g_autoptr (PeerupDcutrMessage) sync = NULL;
  g_autoptr (PeerupConnection) connection = NULL;

  if (asked == NULL)
    return NULL;
  g_assert_cmpint (asked->type, ==, PEERUP_DCUTR_CONNECT);
  script_send (answer->stream, PEERUP_DCUTR_CONNECT, self->addresses != NULL ? self->addresses : own);
  sync = script_receive (answer->stream);
  if (sync == NULL)
    return NULL;
  g_assert_cmpint (sync->type, ==, PEERUP_DCUTR_SYNC);
  g_assert_cmpuint (sync->addresses->len, ==, 0);
  peerup_stream_close (answer->stream);
  connection =
    dex_await_object (peerup_swarm_open_simultaneously (pair->a.swarm, node_id (&pair->b), asked->addresses, self->role,
                                                        g_get_monotonic_time () +
                                                          (self->n_asked < self->works_at ? SHORT : LONG)),
                      NULL);
  return NULL;
}

static void
on_asked (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->answerer = data;
  answer->answerer->n_asked++;
  answer->stream = stream;
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, answer_fiber, answer, answer_free));
}

static void
check_asking (PeerupOpeningRole role_of_a, NodeListens listens, guint works_at)
{
  g_auto (Pair) pair = { 0 };
  Answerer answerer = { .pair = &pair, .role = role_of_a, .works_at = works_at };
  g_autoptr (PeerupConnection) direct = NULL;
  g_autoptr (GError) error = NULL;

  pair_init (&pair, listens, 0, works_at > 1 ? 2 * SHORT : LONG);
  peerup_swarm_add_protocol (pair.a.swarm, PEERUP_DCUTR_PROTOCOL, on_asked, &answerer, NULL);
  direct = test_take_object (peerup_dcutr_connect (pair.dcutr_b, pair.at_b, test_deadline ()), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (answerer.n_asked, ==, works_at);
  assert_direct (&pair, listens == NODE_TCP ? "tcp" : "quic-v1");
}

static void
test_asking_go_before_0_41 (void)
{
  check_asking (PEERUP_OPENING_SERVER, NODE_QUIC, 3);
  check_asking (PEERUP_OPENING_SERVER, NODE_TCP, 3);
}

static void
test_asking_go_since_0_41 (void)
{
  check_asking (PEERUP_OPENING_CLIENT, NODE_QUIC, 1);
  check_asking (PEERUP_OPENING_CLIENT, NODE_TCP, 1);
}

/* What cannot be asked for */

static void
assert_connect_fails (PeerupDcutr *dcutr, PeerupConnection *connection, gint64 deadline, PeerupError code)
{
  g_autoptr (GError) error = test_take_error (peerup_dcutr_connect (dcutr, connection, deadline));

  g_assert_error (error, PEERUP_ERROR, (int) code);
  g_assert_cmpuint (strlen (error->message), >, 10);
}

static void
test_asking_in_vain (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  Answerer answerer = { .pair = &pair };
  g_autoptr (DexFuture) first = NULL;

  pair_init (&pair, NODE_QUIC, LONG, SHORT);
  /* The peer that dialed does not ask. */
  assert_connect_fails (pair.dcutr_a, pair.at_a, test_deadline (), PEERUP_ERROR_UNSUPPORTED);
  g_clear_object (&pair.dcutr_a);
  assert_connect_fails (pair.dcutr_b, pair.at_b, test_deadline (), PEERUP_ERROR_NEGOTIATION);
  /* One that says nothing, and one that says that it is nowhere. */
  peerup_swarm_add_protocol (pair.a.swarm, PEERUP_DCUTR_PROTOCOL, on_asked, &answerer, NULL);
  answerer.addresses = none;
  assert_connect_fails (pair.dcutr_b, pair.at_b, test_deadline (), PEERUP_ERROR_UNREACHABLE);
  g_assert_cmpuint (answerer.n_asked, ==, 1);
  first = peerup_dcutr_connect (pair.dcutr_b, pair.at_b, test_deadline ());
  assert_connect_fails (pair.dcutr_b, pair.at_b, test_deadline (), PEERUP_ERROR_LIMIT);
  dex_unref (test_finish (dex_ref (first)));
  peerup_dcutr_set_addresses (pair.dcutr_b, none);
  assert_connect_fails (pair.dcutr_b, pair.at_b, test_deadline (), PEERUP_ERROR_UNSUPPORTED);
}

/* Nobody is where it says that it is. */
static void
test_unreachable (void)
{
  g_auto (Pair) pair = { 0 };
  guint port;
  int fd = open_udp_black_hole (&port);
  g_autoptr (GPtrArray) nowhere = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  Answerer answerer = { .pair = &pair, .addresses = nowhere };
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (nowhere, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/%u/quic-v1", port));
  pair_init (&pair, NODE_QUIC, 0, SHORT / 2);
  answerer.role = PEERUP_OPENING_SERVER;
  peerup_swarm_add_protocol (pair.a.swarm, PEERUP_DCUTR_PROTOCOL, on_asked, &answerer, NULL);
  error = test_take_error (peerup_dcutr_connect (pair.dcutr_b, pair.at_b, test_deadline ()));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (error->message, peerup_multiaddr_get_string (nowhere->pdata[0])));
  g_assert_cmpuint (answerer.n_asked, ==, PEERUP_DCUTR_TRIES);
  assert_connect_fails (pair.dcutr_b, pair.at_b, g_get_monotonic_time () + SHORT, PEERUP_ERROR_TIMEOUT);
  close (fd);
}

/* Whoever asks for what there is no right to */

/* What is said on a fresh stream; whether it is answered, and whether the stream is reset then. */
typedef struct
{
  PeerupSwarm *swarm;
  PeerupConnection *connection;
  GBytes *message;
  GBytes *next; /* nullable: sent when there is an answer */
  gboolean answered;
  gboolean was_reset;
} Ask;

static void
ask_send (PeerupStream *stream, GBytes *message)
{
  g_autoptr (GError) error = NULL;

  if (!peerup_stream_await_write_all (stream, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
                                      test_deadline (), &error))
    g_test_message ("%s", error->message);
}

static DexFuture *
ask_fiber (gpointer data)
{
  Ask *ask = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream_on (ask->swarm, ask->connection, dcutr_protocols, test_deadline ()),
                      &error);
  g_autoptr (PeerupDcutrMessage) answer = NULL;
  g_autoptr (GBytes) rest = NULL;

  ask->answered = ask->was_reset = FALSE;
  if (stream == NULL)
    {
      ask->was_reset = TRUE;
      return NULL;
    }
  ask_send (stream, ask->message);
  answer = script_receive (stream);
  ask->answered = answer != NULL;
  if (ask->answered && ask->next != NULL)
    ask_send (stream, ask->next);
  rest = peerup_stream_await_rest (stream, 64, test_deadline (), &error);
  ask->was_reset = rest == NULL;
  g_assert_true (rest == NULL || g_bytes_get_size (rest) == 0);
  peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  return NULL;
}

static GBytes *
connect_to (const char *const *texts)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; texts[i] != NULL; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", texts[i]));
  return peerup_dcutr_message_encode (PEERUP_DCUTR_CONNECT, addresses);
}

/* Takes @messages. */
static void
assert_refused (Pair *pair, GBytes *first, GBytes *second, gboolean answered)
{
  g_autoptr (GBytes) held_first = first;
  g_autoptr (GBytes) held_second = second;
  Ask ask = { .swarm = pair->b.swarm, .connection = pair->at_b, .message = first, .next = second };

  test_run_fiber (ask_fiber, &ask);
  g_assert_cmpint (ask.answered, ==, answered);
  g_assert_true (ask.was_reset);
  g_assert_cmpuint (pair->a.swarm->openings->len, ==, 0);
  g_assert_cmpint (peerup_swarm_get_dialed_at (pair->a.swarm, node_id (&pair->b)), ==, 0);
}

static const char *const victim[] = { "/ip4/127.0.0.1/tcp/9", NULL };

/* As it is used, not as the tests use it. */
static void
pair_init_strict (Pair *pair)
{
  static const char *const own[] = { "/ip4/1.2.3.4/tcp/4001", "/ip4/192.168.1.2/tcp/4001", NULL };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  pair_init (pair, NODE_TCP | NODE_QUIC, 0, 0);
  for (guint i = 0; own[i] != NULL; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", own[i]));
  pair->dcutr_a = peerup_dcutr_new (pair->a.swarm);
  peerup_dcutr_set_addresses (pair->dcutr_a, addresses);
}

/* Row 15: loopback, metadata, multicast, private, link-local, shared, names and relays. */
static void
test_victims (void)
{
  static const char *const victims[] = {
    "/ip4/127.0.0.1/tcp/22",
    "/ip4/169.254.169.254/tcp/80",
    "/ip4/169.254.169.254/udp/80/quic-v1",
    "/ip4/224.0.0.251/udp/5353/quic-v1",
    "/ip4/255.255.255.255/udp/9/quic-v1",
    "/ip4/0.0.0.0/tcp/22",
    "/ip4/10.0.0.1/tcp/22",
    "/ip4/192.168.1.1/udp/53/quic-v1",
    "/ip4/172.16.0.1/tcp/80",
    "/ip4/100.64.0.1/tcp/80",
    "/ip6/::1/tcp/22",
    "/ip6/fe80::1/tcp/22",
    "/ip6/fd00:ec2::254/tcp/80",
    "/ip6/ff02::1/udp/9/quic-v1",
    "/ip6/::ffff:127.0.0.1/tcp/22",
    "/ip6/64:ff9b::7f00:1/tcp/22",
    "/dns4/localhost/tcp/22",
    "/dns/metadata.internal/tcp/80",
    "/ip4/1.2.3.4/tcp/80/ws",
    CIRCUIT,
    NULL,
  };
  g_auto (Pair) pair = { 0 };

  pair_init_strict (&pair);
  assert_refused (&pair, connect_to (victims), peerup_dcutr_message_encode (PEERUP_DCUTR_SYNC, NULL), FALSE);
}

static void
test_wrong_order (void)
{
  g_auto (Pair) pair = { 0 };
  static const guint8 unknown[] = { 3, 0x08, 0xad, 0x02 };
  static const guint8 huge[] = { 0xff, 0xff, 0x7f };

  pair_init (&pair, NODE_TCP, LONG, 0);
  assert_refused (&pair, peerup_dcutr_message_encode (PEERUP_DCUTR_SYNC, NULL), NULL, FALSE);
  assert_refused (&pair, connect_to (victim), connect_to (victim), TRUE);
  assert_refused (&pair, g_bytes_new_static (unknown, sizeof unknown), NULL, FALSE);
  assert_refused (&pair, g_bytes_new_static (huge, sizeof huge), NULL, FALSE);
  assert_refused (&pair, peerup_dcutr_message_encode (PEERUP_DCUTR_CONNECT, NULL), NULL, FALSE);
}

/* Of a thousand the first eight are sent to, and that once however often SYNC is said. */
static DexFuture *
replay_fiber (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupStream) stream = script_open (pair->b.swarm, pair->at_b);
  g_autoptr (PeerupDcutrMessage) answer = NULL;
  g_autoptr (GBytes) rest = NULL;

  for (guint i = 0; i < 1000; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("/ip4/127.0.0.1/udp/%u/quic-v1", 1 + i));
  g_assert_true (script_send (stream, PEERUP_DCUTR_CONNECT, addresses));
  answer = script_receive (stream);
  g_assert_nonnull (answer);
  for (guint i = 0; i < 100 && script_send (stream, PEERUP_DCUTR_SYNC, NULL); i++)
    continue;
  rest = peerup_stream_await_rest (stream, 1, test_deadline (), NULL);
  return NULL;
}

static void
test_replayed_sync (void)
{
  g_auto (Pair) pair = { 0 };
  PeerupQuicTransport *transport;

  pair_init (&pair, NODE_QUIC, LONG, 0);
  test_run_fiber (replay_fiber, &pair);
  while (pair.a.swarm->openings->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (pair.a.swarm->openings->len, ==, 1);
  transport = pair.a.swarm->quic->pdata[0];
  while (peerup_quic_transport_get_n_connections (transport) == 0)
    g_main_context_iteration (NULL, TRUE);
  test_spin ();
  g_assert_cmpuint (peerup_quic_transport_get_n_connections (transport), <=, PEERUP_DCUTR_ADDRESSES_MAX);
  g_assert_cmpuint (pair.a.swarm->openings->len, ==, 1);
}

/* Only where we dialed, through a relay, and know where we are. */
static void
test_wrong_connection (void)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (PeerupConnection) direct = NULL;
  g_autoptr (GBytes) message = connect_to (victim);
  Ask ask = { .message = message };

  pair_init (&pair, NODE_TCP, LONG, LONG);
  ask.swarm = pair.a.swarm;
  ask.connection = pair.at_a;
  test_run_fiber (ask_fiber, &ask);
  g_assert_true (ask.was_reset && !ask.answered);
  ask.swarm = pair.b.swarm;
  ask.connection = pair.at_b;
  peerup_dcutr_set_addresses (pair.dcutr_a, none);
  test_run_fiber (ask_fiber, &ask);
  g_assert_true (ask.was_reset && !ask.answered);
  g_clear_object (&pair.dcutr_a);
  pair.dcutr_a = make_dcutr (&pair.a, LONG);
  node_learn (&pair.b, &pair.a);
  direct = test_take_object (peerup_swarm_connect_direct (pair.b.swarm, node_id (&pair.a)), NULL);
  g_assert_nonnull (direct);
  ask.connection = direct;
  test_run_fiber (ask_fiber, &ask);
  g_assert_true (ask.was_reset && !ask.answered);
}

/* The first one waits for its SYNC. */
static DexFuture *
two_at_once_fiber (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GBytes) message = connect_to (victim);
  Ask ask = { .swarm = pair->b.swarm, .connection = pair->at_b, .message = message };
  g_autoptr (PeerupStream) first = script_open (pair->b.swarm, pair->at_b);
  g_autoptr (GPtrArray) own = peerup_swarm_dup_listen_addresses (pair->b.swarm);
  g_autoptr (PeerupDcutrMessage) answer = NULL;

  g_assert_true (script_send (first, PEERUP_DCUTR_CONNECT, own));
  answer = script_receive (first);
  g_assert_nonnull (answer);
  g_assert_null (ask_fiber (&ask));
  g_assert_true (ask.was_reset && !ask.answered);
  g_assert_true (script_send (first, PEERUP_DCUTR_SYNC, NULL));
  return NULL;
}

static DexFuture *
rate_fiber (gpointer data)
{
  Pair *pair = data;
  g_autoptr (GBytes) message = connect_to (victim);

  for (guint i = 0; i <= PEERUP_DCUTR_TRY_BURST; i++)
    {
      /* Not SYNC: the try is over, and has counted. */
      Ask ask = { .swarm = pair->b.swarm, .connection = pair->at_b, .message = message, .next = message };

      g_assert_null (ask_fiber (&ask));
      g_assert_true (ask.was_reset);
      g_assert_cmpint (ask.answered, ==, i < PEERUP_DCUTR_TRY_BURST);
    }
  return NULL;
}

static void
test_two_at_once (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, NODE_TCP, LONG, 0);
  test_run_fiber (two_at_once_fiber, &pair);
}

static void
test_rate (void)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, NODE_TCP, LONG, 0);
  test_run_fiber (rate_fiber, &pair);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dcutr/quic", test_quic);
  g_test_add_func ("/dcutr/tcp", test_tcp);
  g_test_add_func ("/dcutr/asked-by-go-before-0.41", test_asked_by_go_before_0_41);
  g_test_add_func ("/dcutr/asked-by-go-since-0.41", test_asked_by_go_since_0_41);
  g_test_add_func ("/dcutr/asked-by-go-since-0.48", test_asked_by_go_since_0_48);
  g_test_add_func ("/dcutr/asking-go-before-0.41", test_asking_go_before_0_41);
  g_test_add_func ("/dcutr/asking-go-since-0.41", test_asking_go_since_0_41);
  g_test_add_func ("/dcutr/asking-in-vain", test_asking_in_vain);
  g_test_add_func ("/dcutr/unreachable", test_unreachable);
  g_test_add_func ("/dcutr/victims", test_victims);
  g_test_add_func ("/dcutr/wrong-order", test_wrong_order);
  g_test_add_func ("/dcutr/replayed-sync", test_replayed_sync);
  g_test_add_func ("/dcutr/wrong-connection", test_wrong_connection);
  g_test_add_func ("/dcutr/two-at-once", test_two_at_once);
  g_test_add_func ("/dcutr/rate", test_rate);
  return g_test_run ();
}
