/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * STUN on real sockets over loopback: our server and our questions, and servers that do wrong. */

#include "nat/peerup-stun-socket.h"
#include "stun/peerup-stun-writer.h"
#include "unit/transport/udp-test.h"

#include "wire/peerup-bytes.h"

#define IP4 "127.0.0.1"
#define IP6 "::1"

/* The first asks, the second is asked, by whatever a test makes of it. */
typedef struct
{
  Side sides[2];
  PeerupStunServer *server;
  PeerupStunSocket *asker;
  PeerupStunSocket *asked;
} Fixture;

static void
fixture_init (Fixture *self, const char *host, gboolean has_server)
{
  sides_init (self->sides, host);
  self->server = peerup_stun_server_new (PEERUP_STUN_SERVER_RATE_PER_ADDRESS, PEERUP_STUN_SERVER_RATE, 1);
  self->asker = peerup_stun_socket_new (self->sides[0].socket, NULL);
  self->asked = has_server ? peerup_stun_socket_new (self->sides[1].socket, self->server) : NULL;
}

static void
fixture_clear (Fixture *self)
{
  g_clear_pointer (&self->asker, peerup_stun_socket_free);
  g_clear_pointer (&self->asked, peerup_stun_socket_free);
  peerup_stun_server_free (self->server);
  sides_clear (self->sides);
}

static gint64
in_seconds (gint64 n)
{
  return g_get_monotonic_time () + n * G_USEC_PER_SEC;
}

static DexFuture *
ask (Fixture *self)
{
  return peerup_stun_socket_ask (self->asker, &self->sides[1].address, in_seconds (60));
}

/* What @future, which is taken, resolves to. */
static PeerupStunBinding
take_binding (DexFuture *future)
{
  g_autoptr (DexFuture) ended = test_finish (future);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (ended, &error);

  g_assert_no_error (error);
  g_assert_true (G_VALUE_HOLDS (value, PEERUP_TYPE_STUN_BINDING));
  return *(PeerupStunBinding *) g_value_get_boxed (value);
}

static void
assert_rejected (DexFuture *future, PeerupError code, const char *words)
{
  g_autoptr (GError) error = test_take_error (future);

  g_assert_error (error, PEERUP_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_asks_and_answers (gconstpointer data)
{
  Fixture fixture;
  PeerupStunBinding binding;
  PeerupStunServerFigures figures;

  fixture_init (&fixture, data, TRUE);
  binding = take_binding (ask (&fixture));
  g_assert_true (peerup_socket_address_equal (&binding.mapped, &fixture.sides[0].address));
  g_assert_true (peerup_socket_address_equal (&binding.local, &fixture.sides[0].address));
  g_assert_cmpint (binding.other.any.sa_family, ==, AF_UNSPEC);
  peerup_stun_server_get_figures (fixture.server, &figures);
  g_assert_cmpuint (figures.answered, ==, 1);
  g_assert_cmpuint (side_figures (&fixture.sides[0]).received, ==, 1);
  fixture_clear (&fixture);
}

/* Each socket asks the other, many times at once, and each answers. QUIC goes on between. */
static void
test_both_ways_at_once (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (3000);
  DexFuture *futures[2][30];
  Fixture fixture;

  fixture_init (&fixture, data, TRUE);
  peerup_stun_socket_set_server (fixture.asker, fixture.server);
  for (guint i = 0; i < G_N_ELEMENTS (futures[0]); i++)
    {
      futures[0][i] = ask (&fixture);
      futures[1][i] = peerup_stun_socket_ask (fixture.asked, &fixture.sides[0].address, in_seconds (60));
      side_send (&fixture.sides[0], &fixture.sides[1], bytes, 3000, 1000);
    }
  for (guint way = 0; way < 2; way++)
    for (guint i = 0; i < G_N_ELEMENTS (futures[0]); i++)
      {
        PeerupStunBinding binding = take_binding (futures[way][i]);

        g_assert_true (peerup_socket_address_equal (&binding.mapped, &fixture.sides[way].address));
      }
  side_wait (&fixture.sides[1], 30 * 3 + 60);
  g_assert_cmpuint (fixture.sides[1].sizes->len, ==, 90);
  fixture_clear (&fixture);
}

/* What is bound to all addresses answers from the one that was asked. */
static void
test_wildcard (void)
{
  PeerupSocketAddress second;
  PeerupStunBinding binding;
  Fixture fixture;

  fixture_init (&fixture, "0.0.0.0", TRUE);
  second = fixture.sides[1].address;
  second.ip4.sin_addr.s_addr = g_htonl (0x7f000002);
  binding = take_binding (peerup_stun_socket_ask (fixture.asker, &second, in_seconds (60)));
  g_assert_cmpuint (peerup_socket_address_get_port (&binding.mapped), ==,
                    peerup_socket_address_get_port (&fixture.sides[0].address));
  fixture_clear (&fixture);
}

/* Nobody is there who answers; at the deadline that is said. */
static void
test_no_server (gconstpointer data)
{
  Fixture fixture;
  gint64 deadline = g_get_monotonic_time () + 100000;

  fixture_init (&fixture, data, TRUE);
  peerup_stun_socket_set_server (fixture.asked, NULL);
  assert_rejected (peerup_stun_socket_ask (fixture.asker, &fixture.sides[1].address, deadline), PEERUP_ERROR_TIMEOUT,
                   "after 1 tries");
  g_assert_cmpint (g_get_monotonic_time (), >=, deadline);
  g_assert_cmpuint (side_figures (&fixture.sides[1]).received, ==, 1);
  /* A deadline that has passed: nothing is sent. */
  assert_rejected (peerup_stun_socket_ask (fixture.asker, &fixture.sides[1].address, deadline), PEERUP_ERROR_TIMEOUT,
                   "after 0 tries");
  test_spin ();
  g_assert_cmpuint (side_figures (&fixture.sides[1]).received, ==, 1);
  fixture_clear (&fixture);
}

/* Sent again after half a second with the same bytes: at the deadline of 0.7 s it was sent twice. */
static void
test_sent_again (void)
{
  gint64 began = g_get_monotonic_time ();
  Fixture fixture;

  fixture_init (&fixture, IP4, FALSE);
  assert_rejected (peerup_stun_socket_ask (fixture.asker, &fixture.sides[1].address, began + 700000),
                   PEERUP_ERROR_TIMEOUT, "after 2 tries");
  side_wait (&fixture.sides[1], 2);
  g_assert_cmpint (fixture.sides[1].now - began, >=, 500000);
  g_assert_cmpuint (fixture.sides[1].stun_bytes->len, ==, 40);
  g_assert_cmpmem (fixture.sides[1].stun_bytes->data, 20, fixture.sides[1].stun_bytes->data + 20, 20);
  fixture_clear (&fixture);
}

/* Answers by hand */

typedef struct
{
  guint8 data[256];
  PeerupStunWriter writer;
} Answer;

/* Begins the answer to the question that the second side got as its @nth. */
static void
answer_init (Answer *self, Fixture *fixture, guint nth, PeerupStunClass class)
{
  side_wait (&fixture->sides[1], nth + 1);
  peerup_stun_writer_init (&self->writer, self->data, sizeof self->data, class, PEERUP_STUN_BINDING,
                           fixture->sides[1].stun_bytes->data + nth * 20 + 8);
}

static void
answer_send (Answer *self, Side *from, Side *to)
{
  gsize size = peerup_stun_writer_finish (&self->writer);

  g_assert_cmpuint (size, >, 0);
  side_send (from, to, self->data, size, size);
}

static void
answer_add_address (Answer *self, guint16 type, const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  peerup_stun_writer_add_address (&self->writer, type, &address);
}

/* Old servers know MAPPED-ADDRESS only; some have a second address. */
static void
test_other_answers (void)
{
  Fixture fixture;
  PeerupStunBinding binding;
  DexFuture *future;
  Answer answer;

  fixture_init (&fixture, IP4, FALSE);
  future = ask (&fixture);
  answer_init (&answer, &fixture, 0, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_MAPPED_ADDRESS, "192.0.2.7", 7);
  answer_add_address (&answer, PEERUP_STUN_OTHER_ADDRESS, "192.0.2.8", 8);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  binding = take_binding (future);
  g_assert_cmphex (g_ntohl (binding.mapped.ip4.sin_addr.s_addr), ==, 0xc0000207);
  g_assert_cmpuint (peerup_socket_address_get_port (&binding.other), ==, 8);

  /* Where both are, the one counts that no router has rewritten. */
  future = ask (&fixture);
  answer_init (&answer, &fixture, 1, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_MAPPED_ADDRESS, "192.0.2.7", 7);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.9", 9);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  binding = take_binding (future);
  g_assert_cmpuint (peerup_socket_address_get_port (&binding.mapped), ==, 9);
  g_assert_cmpint (binding.other.any.sa_family, ==, AF_UNSPEC);
  fixture_clear (&fixture);
}

static void
test_bad_answers (void)
{
  Fixture fixture;
  DexFuture *future;
  Answer answer;

  fixture_init (&fixture, IP4, FALSE);
  future = ask (&fixture);
  answer_init (&answer, &fixture, 0, PEERUP_STUN_ERROR);
  peerup_stun_writer_add_error (&answer.writer, 487, "Role\nConflict");
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  assert_rejected (future, PEERUP_ERROR_DENIED, "error 487");

  future = ask (&fixture);
  answer_init (&answer, &fixture, 1, PEERUP_STUN_SUCCESS);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  assert_rejected (future, PEERUP_ERROR_PROTOCOL, "no address");

  future = ask (&fixture);
  answer_init (&answer, &fixture, 2, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.9", 9);
  peerup_stun_writer_add_u32 (&answer.writer, 0x7fff, 0);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  assert_rejected (future, PEERUP_ERROR_PROTOCOL, "do not know");
  fixture_clear (&fixture);
}

/* Sent before the right answer, none of these is taken for it. */
static void
test_strangers (void)
{
  static const PeerupStunClass classes[] = { PEERUP_STUN_SUCCESS, PEERUP_STUN_ERROR, PEERUP_STUN_REQUEST,
                                             PEERUP_STUN_INDICATION };
  Fixture fixture;
  PeerupStunBinding binding;
  DexFuture *future;
  Answer answer;
  Side stranger;

  fixture_init (&fixture, IP4, FALSE);
  side_init (&stranger, IP4);
  future = ask (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    {
      answer_init (&answer, &fixture, 0, classes[i]);
      answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.66", 66);
      /* From elsewhere, with the right transaction ID; no answer at all; another transaction ID. */
      answer_send (&answer, &stranger, &fixture.sides[0]);
      if (i >= 2)
        answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
      answer.data[19] ^= 1;
      answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
    }
  /* Of another method, and malformed. */
  answer_init (&answer, &fixture, 0, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.66", 66);
  answer.data[1] ^= 2;
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  answer.data[1] ^= 2;
  answer.data[3] += 4;
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  answer.data[3] -= 4;
  peerup_stun_writer_add_fingerprint (&answer.writer);
  answer.data[answer.writer.length - 1] ^= 1;
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  side_wait (&fixture.sides[0], 13);
  g_assert_true (dex_future_is_pending (future));

  answer_init (&answer, &fixture, 0, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.9", 9);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  binding = take_binding (future);
  g_assert_cmpuint (peerup_socket_address_get_port (&binding.mapped), ==, 9);
  /* Again, when nobody asks any more. */
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  side_wait (&fixture.sides[0], 15);
  side_clear (&stranger);
  fixture_clear (&fixture);
}

/* RFC 5780 */

static DexFuture *
ask_for (Fixture *self, const PeerupStunWants *wants)
{
  return peerup_stun_socket_ask_for (self->asker, &self->sides[1].address, wants, in_seconds (60));
}

/* A server with a second socket of the same host names it, and answers from there. */
static void
test_other_port (gconstpointer data)
{
  PeerupStunWants named = { .other = TRUE }, changed = { .from_other_port = TRUE }, host = { .from_other_host = TRUE };
  PeerupStunSocket *second;
  PeerupStunBinding binding;
  Fixture fixture;
  Side other;

  fixture_init (&fixture, data, TRUE);
  assert_rejected (ask_for (&fixture, &named), PEERUP_ERROR_DENIED, "error 420");
  side_init (&other, data);
  second = peerup_stun_socket_new (other.socket, fixture.server);
  peerup_stun_socket_set_others (fixture.asked, second, NULL);
  binding = take_binding (ask_for (&fixture, &named));
  g_assert_true (peerup_socket_address_equal (&binding.other, &other.address));
  binding = take_binding (ask_for (&fixture, &changed));
  g_assert_true (peerup_socket_address_equal (&binding.mapped, &fixture.sides[0].address));
  g_assert_cmpuint (side_figures (&other).sent, ==, 1);
  assert_rejected (ask_for (&fixture, &host), PEERUP_ERROR_DENIED, "error 420");
  peerup_stun_socket_set_others (fixture.asked, NULL, NULL);
  peerup_stun_socket_free (second);
  side_clear (&other);
  fixture_clear (&fixture);
}

/* Two hosts with two sockets each. */
static void
test_other_host (void)
{
  static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "127.0.0.2" };
  PeerupStunWants named = { .other = TRUE }, changed = { .from_other_host = TRUE };
  PeerupStunSocket *sockets[3];
  PeerupSocketAddress expected;
  PeerupStunBinding binding;
  Fixture fixture;
  Side sides[3];

  fixture_init (&fixture, IP4, TRUE);
  for (guint i = 0; i < 3; i++)
    {
      side_init (&sides[i], hosts[i]);
      sockets[i] = peerup_stun_socket_new (sides[i].socket, fixture.server);
    }
  peerup_stun_socket_set_others (sockets[1], sockets[2], NULL);
  peerup_stun_socket_set_others (fixture.asked, sockets[0], sockets[1]);
  binding = take_binding (ask_for (&fixture, &named));
  peerup_udp_socket_get_address (sides[2].socket, &expected);
  g_assert_true (peerup_socket_address_equal (&binding.other, &expected));
  take_binding (ask_for (&fixture, &changed));
  g_assert_cmpuint (side_figures (&sides[2]).sent, ==, 1);
  peerup_stun_socket_set_others (fixture.asked, NULL, NULL);
  peerup_stun_socket_set_others (sockets[1], NULL, NULL);
  for (guint i = 0; i < 3; i++)
    {
      peerup_stun_socket_free (sockets[i]);
      side_clear (&sides[i]);
    }
  fixture_clear (&fixture);
}

/* One socket asks, and the answer comes in at another. */
static void
test_response_port (gconstpointer data)
{
  PeerupStunWants wants = { 0 };
  PeerupStunSocket *sender;
  PeerupStunBinding binding;
  Fixture fixture;
  Side other;

  fixture_init (&fixture, data, TRUE);
  side_init (&other, data);
  sender = peerup_stun_socket_new (other.socket, NULL);
  wants.sender = sender;
  wants.port = peerup_socket_address_get_port (&fixture.sides[0].address);
  binding = take_binding (ask_for (&fixture, &wants));
  g_assert_true (peerup_socket_address_equal (&binding.mapped, &other.address));
  g_assert_cmpuint (side_figures (&fixture.sides[0]).received, ==, 1);
  g_assert_cmpuint (side_figures (&fixture.sides[0]).sent, ==, 0);
  peerup_stun_socket_free (sender);
  side_clear (&other);
  fixture_clear (&fixture);
}

/* Who was asked to answer from another port and answers from the first has not answered. */
static void
test_wrong_port (void)
{
  PeerupStunWants wants = { .from_other_port = TRUE };
  DexFuture *future;
  Fixture fixture;
  Answer answer;
  Side other;

  fixture_init (&fixture, IP4, FALSE);
  side_init (&other, IP4);
  future = ask_for (&fixture, &wants);
  side_wait (&fixture.sides[1], 1);
  g_assert_cmpuint (fixture.sides[1].stun_bytes->len, ==, 28);
  g_assert_cmpmem (fixture.sides[1].stun_bytes->data + 20, 8, "\0\3\0\4\0\0\0\2", 8);
  answer_init (&answer, &fixture, 0, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.66", 66);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  side_wait (&fixture.sides[0], 1);
  g_assert_true (dex_future_is_pending (future));
  answer_send (&answer, &other, &fixture.sides[0]);
  take_binding (future);
  side_clear (&other);
  fixture_clear (&fixture);
}

/* (transfer full): it has ended, and whatever else it waited for has been discarded. */
static DexFuture *
discard (DexFuture *future)
{
  return dex_future_first (future, dex_future_new_for_boolean (TRUE), NULL);
}

/* For whom nobody waits any more, nothing more is sent: the second question comes, and the first never does. */
static void
test_discarded (void)
{
  g_autoptr (DexFuture) before = NULL;
  g_autoptr (DexFuture) after = NULL;
  Fixture fixture;
  PeerupStunBinding binding;
  DexFuture *future;
  Answer answer;

  fixture_init (&fixture, IP4, FALSE);
  before = discard (ask (&fixture));
  future = ask (&fixture);
  answer_init (&answer, &fixture, 0, PEERUP_STUN_SUCCESS);
  answer_add_address (&answer, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.9", 9);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  binding = take_binding (future);
  g_assert_cmpuint (peerup_socket_address_get_port (&binding.mapped), ==, 9);
  g_assert_cmpuint (side_figures (&fixture.sides[1]).received, ==, 1);
  /* One that was sent already: its late answer finds nobody. */
  future = ask (&fixture);
  answer_init (&answer, &fixture, 1, PEERUP_STUN_SUCCESS);
  after = discard (future);
  answer_send (&answer, &fixture.sides[1], &fixture.sides[0]);
  side_wait (&fixture.sides[0], 2);
  fixture_clear (&fixture);
}

static void
test_freed (void)
{
  Fixture fixture;
  DexFuture *first, *second;

  fixture_init (&fixture, IP4, FALSE);
  first = ask (&fixture);
  second = ask (&fixture);
  test_spin ();
  g_clear_pointer (&fixture.asker, peerup_stun_socket_free);
  assert_rejected (first, PEERUP_ERROR_CLOSED, "no longer");
  assert_rejected (second, PEERUP_ERROR_CLOSED, "no longer");
  fixture_clear (&fixture);
}

static void
test_other_family (void)
{
  Fixture fixture;
  PeerupSocketAddress ip6;

  fixture_init (&fixture, IP4, FALSE);
  g_assert_true (peerup_socket_address_set (&ip6, IP6, 3478));
  assert_rejected (peerup_stun_socket_ask (fixture.asker, &ip6, in_seconds (60)), PEERUP_ERROR_UNSUPPORTED,
                   "IP version");
  fixture_clear (&fixture);
}

/* Twenty a second to one address: eighty at once, and nothing for the rest. */
static void
test_flood (void)
{
  guint8 request[PEERUP_STUN_HEADER_SIZE];
  PeerupStunServerFigures figures;
  PeerupStunWriter writer;
  Fixture fixture;
  guint64 most;
  gint64 began;

  fixture_init (&fixture, IP4, TRUE);
  peerup_stun_writer_init (&writer, request, sizeof request, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING,
                           (const guint8 *) "abcdefghijkl");
  began = g_get_monotonic_time ();
  for (guint i = 0; i < 1000; i++)
    {
      side_send (&fixture.sides[0], &fixture.sides[1], request, peerup_stun_writer_finish (&writer), sizeof request);
      if (i % 50 == 49)
        side_wait (&fixture.sides[1], i + 1);
    }
  /* What the clock has brought since, on a machine however slow. */
  most = 80 + (g_get_monotonic_time () - began) * 20 / G_USEC_PER_SEC + 1;
  peerup_stun_server_get_figures (fixture.server, &figures);
  g_assert_cmpuint (figures.answered, >=, 80);
  g_assert_cmpuint (figures.answered, <=, most);
  g_assert_cmpuint (figures.answered + figures.limited, ==, 1000);
  side_wait (&fixture.sides[0], figures.answered);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nat/stun-socket/asks-and-answers/ip4", IP4, test_asks_and_answers);
  g_test_add_data_func ("/nat/stun-socket/asks-and-answers/ip6", IP6, test_asks_and_answers);
  g_test_add_data_func ("/nat/stun-socket/both-ways-at-once/ip4", IP4, test_both_ways_at_once);
  g_test_add_data_func ("/nat/stun-socket/both-ways-at-once/ip6", IP6, test_both_ways_at_once);
  g_test_add_func ("/nat/stun-socket/wildcard", test_wildcard);
  g_test_add_data_func ("/nat/stun-socket/no-server/ip4", IP4, test_no_server);
  g_test_add_data_func ("/nat/stun-socket/no-server/ip6", IP6, test_no_server);
  g_test_add_func ("/nat/stun-socket/sent-again", test_sent_again);
  g_test_add_func ("/nat/stun-socket/other-answers", test_other_answers);
  g_test_add_func ("/nat/stun-socket/bad-answers", test_bad_answers);
  g_test_add_func ("/nat/stun-socket/strangers", test_strangers);
  g_test_add_func ("/nat/stun-socket/discarded", test_discarded);
  g_test_add_func ("/nat/stun-socket/freed", test_freed);
  g_test_add_func ("/nat/stun-socket/other-family", test_other_family);
  g_test_add_func ("/nat/stun-socket/flood", test_flood);
  g_test_add_data_func ("/nat/stun-socket/other-port/ip4", IP4, test_other_port);
  g_test_add_data_func ("/nat/stun-socket/other-port/ip6", IP6, test_other_port);
  g_test_add_func ("/nat/stun-socket/other-host", test_other_host);
  g_test_add_data_func ("/nat/stun-socket/response-port/ip4", IP4, test_response_port);
  g_test_add_data_func ("/nat/stun-socket/response-port/ip6", IP6, test_response_port);
  g_test_add_func ("/nat/stun-socket/wrong-port", test_wrong_port);
  return g_test_run ();
}
