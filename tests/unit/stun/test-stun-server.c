/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the server answers and how often, with literal times. */

#include "stun/peerup-stun-server.h"

#include "unit/stun/stun-test.h"

#define MS      ((gint64) 1000)
#define SECOND  ((gint64) 1000000)
#define AT      (100 * SECOND)
#define REQUEST "000100002112a442000102030405060708090a0b"

typedef struct
{
  PeerupStunServer *server;
  const PeerupStunOther *other;
  guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX];
  PeerupStunWay way;
  gsize size;
} Fixture;

static gsize
ask (Fixture *self, const char *hex, const char *host, gint64 now)
{
  g_auto (Parsed) request = parse_hex (hex);
  PeerupSocketAddress remote = make_address (host, 40000);

  self->size =
    peerup_stun_server_answer (self->server, &request.message, &remote, self->other, now, self->answer, &self->way);
  g_assert_cmpuint (self->size, <=, request.message.length + PEERUP_STUN_SERVER_GROWTH_MAX);
  return self->size;
}

static PeerupStunServerFigures
figures (Fixture *self)
{
  PeerupStunServerFigures now;

  peerup_stun_server_get_figures (self->server, &now);
  return now;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->server = peerup_stun_server_new (10, 100, 0x0123456789abcdef);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_stun_server_free (self->server);
}

/* As small as it can be. */
static void
test_answers (Fixture *self, gconstpointer data)
{
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT), ==, 32);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    g_assert_cmpint (answer.message.class, ==, PEERUP_STUN_SUCCESS);
    g_assert_false (answer.message.has_fingerprint);
    g_assert_cmpmem (peerup_stun_message_get_transaction (&answer.message), 12, "\0\1\2\3\4\5\6\7\10\11\12\13", 12);
    assert_address (&answer.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.1:40000");
  }
  g_assert_cmpuint (ask (self, REQUEST, "2001:db8::1", AT), ==, 44);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    assert_address (&answer.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "[2001:db8::1]:40000");
  }
  g_assert_cmpuint (figures (self).answered, ==, 2);
}

/* As RFC 5389 12.2 has it: the whole transaction ID goes back, and the address in clear. */
static void
test_classic (Fixture *self, gconstpointer data)
{
  static const guint8 expected[] = {
    0x01, 0x01, 0x00, 0x0c, 0x26, 0x83, 0xfa, 0xf3, 0xb0, 0x02, 0xcb, 0x2e, 0xe1, 0xe5, 0x6e, 0x52,
    0xdb, 0x59, 0x1a, 0xea, 0x00, 0x01, 0x00, 0x08, 0x00, 0x01, 0x9c, 0x40, 0xc0, 0x00, 0x02, 0x01,
  };

  ask (self, "000100002683faf3b002cb2ee1e56e52db591aea", "192.0.2.1", AT);
  g_assert_cmpmem (self->answer, self->size, expected, sizeof expected);
}

/* A fingerprint for a fingerprint; credentials and what is optional change nothing. */
static void
test_fingerprint (Fixture *self, gconstpointer data)
{
  guint8 bytes[128];
  PeerupStunWriter writer;
  PeerupSocketAddress remote = make_address ("192.0.2.1", 40000);

  peerup_stun_writer_init (&writer, bytes, sizeof bytes, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING,
                           (const guint8 *) "abcdefghijkl");
  peerup_stun_writer_add (&writer, PEERUP_STUN_SOFTWARE, "test", 4);
  peerup_stun_writer_add (&writer, PEERUP_STUN_USERNAME, "a:b", 3);
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, (const guint8 *) "key", 3);
  peerup_stun_writer_add_fingerprint (&writer);
  {
    g_auto (Parsed) request = parse_bytes (bytes, peerup_stun_writer_finish (&writer));

    self->size =
      peerup_stun_server_answer (self->server, &request.message, &remote, self->other, AT, self->answer, &self->way);
  }
  g_assert_cmpuint (self->size, ==, 40);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    g_assert_true (answer.message.has_fingerprint);
    assert_address (&answer.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.1:40000");
  }
}

static void
test_unknown_attributes (Fixture *self, gconstpointer data)
{
  PeerupStunAttribute attribute;

  /* CHANGE-REQUEST, PRIORITY, and one that is optional. */
  ask (self,
       "000100142112a442000102030405060708090a0b"
       "0003000400000006"
       "00240000"
       "80290004"
       "00000000",
       "192.0.2.1", AT);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    g_assert_cmpint (answer.message.class, ==, PEERUP_STUN_ERROR);
    g_assert_cmpuint (peerup_stun_message_get_error_code (&answer.message), ==, 420);
    g_assert_true (peerup_stun_message_find (&answer.message, PEERUP_STUN_UNKNOWN_ATTRIBUTES, &attribute));
    g_assert_cmpmem (attribute.value, attribute.length, "\0\3\0\x24", 4);
  }
  g_assert_cmpuint (figures (self).rejected, ==, 1);
  g_assert_cmpuint (figures (self).answered, ==, 0);
}

/* Of any number and size of attributes that nobody knows, never more comes back than went in, but for a few bytes. */
static void
test_amplification (Fixture *self, gconstpointer data)
{
  gsize most = (PEERUP_STUN_SERVER_SIZE_MAX - PEERUP_STUN_HEADER_SIZE) / 4;

  for (gsize n = 1; n <= most; n++)
    {
      g_autoptr (GString) attributes = g_string_new (NULL);
      g_autofree char *hex = NULL;

      for (gsize i = 0; i < n; i++)
        g_string_append_printf (attributes, "%04x0000", (guint) (0x1000 + i));
      hex = with_header ("0001", attributes->str);
      g_assert_cmpuint (ask (self, hex, "192.0.2.1", AT + n * SECOND), >, 0);
      g_assert_cmpuint (self->size, ==, 32 + (2 * n + 3) / 4 * 4);
    }
  g_assert_cmpuint (figures (self).rejected, ==, most);
}

static void
test_ignored (Fixture *self, gconstpointer data)
{
  static const char *const types[] = { "0011", "0101", "0111", "0003", "0004", "0013" };
  g_autoptr (GString) attributes = g_string_new ("802204b8");
  g_autofree char *largest = NULL;
  g_autofree char *larger = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *hex = with_header (types[i], "");

      g_assert_cmpuint (ask (self, hex, "192.0.2.1", AT), ==, 0);
    }
  g_assert_cmpuint (figures (self).ignored, ==, G_N_ELEMENTS (types));
  /* As large as allowed, and one attribute more. */
  for (guint i = 0; i < 0x4b8; i++)
    g_string_append (attributes, "00");
  largest = with_header ("0001", attributes->str);
  g_assert_cmpuint (strlen (largest) / 2, ==, PEERUP_STUN_SERVER_SIZE_MAX);
  g_assert_cmpuint (ask (self, largest, "192.0.2.1", AT), ==, 32);
  g_string_append (attributes, "80220000");
  larger = with_header ("0001", attributes->str);
  g_assert_cmpuint (ask (self, larger, "192.0.2.1", AT), ==, 0);
  g_assert_cmpuint (figures (self).ignored, ==, G_N_ELEMENTS (types) + 1);
}

/* Ten a second: forty at once, and then one every 100 ms. */
static void
test_rate_per_address (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT), ==, 32);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT), ==, 0);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT + 100 * MS - 1), ==, 0);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT + 100 * MS), ==, 32);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT + 200 * MS - 1), ==, 0);
  /* Another address has all of its own. */
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.2", AT + 200 * MS), ==, 32);
  g_assert_cmpuint (figures (self).limited, ==, 3);
  g_assert_cmpuint (figures (self).answered, ==, 42);
}

/* All that one IPv6 host can take are one address. */
static void
test_rate_per_network (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *host = g_strdup_printf ("2001:db8:0:1::%x", i + 1);

      g_assert_cmpuint (ask (self, REQUEST, host, AT), ==, 44);
    }
  g_assert_cmpuint (ask (self, REQUEST, "2001:db8:0:1:ffff::1", AT), ==, 0);
  g_assert_cmpuint (ask (self, REQUEST, "2001:db8:0:2::1", AT), ==, 44);
}

/* A hundred a second in all: four hundred at once, and then one every 10 ms, whoever asks. */
static void
test_rate_in_all (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *host = g_strdup_printf ("198.51.100.%u", i % 200);

      g_assert_cmpuint (ask (self, REQUEST, host, AT), ==, 32);
    }
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT), ==, 0);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT + 10 * MS - 1), ==, 0);
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT + 10 * MS), ==, 32);
  g_assert_cmpuint (figures (self).limited, ==, 2);
}

/* Who is refused for having asked too much takes nothing of the others'. */
static void
test_greedy_takes_nothing_of_others (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 1000; i++)
    ask (self, REQUEST, "192.0.2.1", AT);
  for (guint i = 0; i < 360; i++)
    {
      g_autofree char *host = g_strdup_printf ("198.51.100.%u", i % 200);

      g_assert_cmpuint (ask (self, REQUEST, host, AT), ==, 32);
    }
  g_assert_cmpuint (ask (self, REQUEST, "198.51.100.1", AT), ==, 0);
}

/* RFC 5780 */

#define PLAIN_CHANGE "0003000400000000"
#define OTHER_PORT   "0003000400000002"
#define OTHER_HOST   "0003000400000006"
#define ROOM                 \
  "8022000c0000000000000000" \
  "00000000"

static PeerupStunOther
make_other (const char *host, gboolean has_host)
{
  return (PeerupStunOther) { make_address (host, 7778), has_host };
}

static gsize
ask_with (Fixture *self, const char *attributes, const char *host, gint64 now)
{
  g_autofree char *hex = with_header ("0001", attributes);

  return ask (self, hex, host, now);
}

static void
assert_error_420 (Fixture *self)
{
  g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

  g_assert_cmpuint (peerup_stun_message_get_error_code (&answer.message), ==, 420);
  g_assert_false (self->way.from_other_port || self->way.from_other_host);
  g_assert_cmpuint (peerup_socket_address_get_port (&self->way.remote), ==, 40000);
}

/* Who asks for nothing special is told nothing more than before; who sends CHANGE-REQUEST, the second address. */
static void
test_other_address (Fixture *self, gconstpointer data)
{
  PeerupStunOther other = make_other ("198.51.100.1", FALSE);

  self->other = &other;
  g_assert_cmpuint (ask (self, REQUEST, "192.0.2.1", AT), ==, 32);
  g_assert_cmpuint (ask_with (self, PLAIN_CHANGE, "192.0.2.1", AT), ==, 44);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    assert_address (&answer.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.1:40000");
    assert_address (&answer.message, PEERUP_STUN_OTHER_ADDRESS, "198.51.100.1:7778");
  }
  g_assert_false (self->way.from_other_port || self->way.from_other_host);
}

/* With IPv6 only where the request leaves room for it. */
static void
test_other_address_has_to_fit (Fixture *self, gconstpointer data)
{
  PeerupStunOther other = make_other ("2001:db8::9", FALSE);

  self->other = &other;
  g_assert_cmpuint (ask_with (self, PLAIN_CHANGE, "2001:db8::1", AT), ==, 44);
  g_assert_cmpuint (ask_with (self, PLAIN_CHANGE ROOM, "2001:db8::1", AT), ==, 68);
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    assert_address (&answer.message, PEERUP_STUN_OTHER_ADDRESS, "[2001:db8::9]:7778");
  }
}

static void
test_change_request (Fixture *self, gconstpointer data)
{
  PeerupStunOther port_only = make_other ("198.51.100.1", FALSE);
  PeerupStunOther both = make_other ("198.51.100.1", TRUE);

  self->other = &port_only;
  g_assert_cmpuint (ask_with (self, OTHER_PORT, "192.0.2.1", AT), ==, 44);
  g_assert_true (self->way.from_other_port && !self->way.from_other_host);
  ask_with (self, OTHER_HOST, "192.0.2.1", AT);
  assert_error_420 (self);
  self->other = &both;
  g_assert_cmpuint (ask_with (self, OTHER_HOST, "192.0.2.1", AT), ==, 44);
  g_assert_true (self->way.from_other_port && self->way.from_other_host);
  self->other = NULL;
  ask_with (self, PLAIN_CHANGE, "192.0.2.1", AT);
  assert_error_420 (self);
  /* Of a wrong size. */
  self->other = &both;
  ask_with (self,
            "0003000800000000"
            "00000000",
            "192.0.2.1", AT);
  assert_error_420 (self);
}

/* To another port of who asks, never to another host, and not to where services are. */
static void
test_response_port (Fixture *self, gconstpointer data)
{
  static const char *const bad[] = { "002700040000"
                                     "0000",
                                     "0027000403ff"
                                     "0000",
                                     "0027000803ff"
                                     "000000000000",
                                     "00270000" };
  PeerupSocketAddress asker = make_address ("192.0.2.1", 5000);

  g_assert_cmpuint (ask_with (self, "0027000413880000", "192.0.2.1", AT), ==, 32);
  g_assert_true (peerup_socket_address_equal (&self->way.remote, &asker));
  {
    g_auto (Parsed) answer = parse_bytes (self->answer, self->size);

    assert_address (&answer.message, PEERUP_STUN_XOR_MAPPED_ADDRESS, "192.0.2.1:40000");
  }
  g_assert_cmpuint (ask_with (self, "0027000213880000", "192.0.2.1", AT), ==, 32);
  g_assert_true (peerup_socket_address_equal (&self->way.remote, &asker));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      ask_with (self, bad[i], "192.0.2.1", AT);
      assert_error_420 (self);
    }
}

/* Ten a second: forty at once, or ten of these, and then one every 400 ms. */
static void
test_response_port_rate (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (ask_with (self, "0027000413880000", "192.0.2.1", AT), ==, 32);
  g_assert_cmpuint (ask_with (self, "0027000413880000", "192.0.2.1", AT), ==, 0);
  g_assert_cmpuint (ask_with (self, "0027000413880000", "192.0.2.1", AT + 400 * MS - 1), ==, 0);
  g_assert_cmpuint (ask_with (self, "0027000413880000", "192.0.2.1", AT + 400 * MS), ==, 32);
}

/* RFC 3489 had these attributes too; its clients are answered as they always were here. */
static void
test_classic_change_request (Fixture *self, gconstpointer data)
{
  PeerupStunOther other = make_other ("198.51.100.1", TRUE);

  self->other = &other;
  ask (self, "000100082683faf3b002cb2ee1e56e52db591aea" OTHER_PORT, "192.0.2.1", AT);
  assert_error_420 (self);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/stun/server/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("answers", test_answers);
  ADD ("classic", test_classic);
  ADD ("fingerprint", test_fingerprint);
  ADD ("unknown-attributes", test_unknown_attributes);
  ADD ("amplification", test_amplification);
  ADD ("ignored", test_ignored);
  ADD ("rate-per-address", test_rate_per_address);
  ADD ("rate-per-network", test_rate_per_network);
  ADD ("rate-in-all", test_rate_in_all);
  ADD ("greedy-takes-nothing-of-others", test_greedy_takes_nothing_of_others);
  ADD ("other-address", test_other_address);
  ADD ("other-address-has-to-fit", test_other_address_has_to_fit);
  ADD ("change-request", test_change_request);
  ADD ("response-port", test_response_port);
  ADD ("response-port-rate", test_response_port_rate);
  ADD ("classic-change-request", test_classic_change_request);
  return g_test_run ();
}
