/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The order of a dial as tables: addresses and what is remembered of them in, the order and
 * the times at which each starts when none of them answers out. */

#include "swarm/peerup-dial-lookup.h"
#include "wire/peerup-error.h"

#define SECOND G_USEC_PER_SEC
#define NOW    (1000 * (gint64) SECOND)
#define RELAY  "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"
#define RELAY2 "/p2p/12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu/p2p-circuit"

typedef struct
{
  const char *address;
  PeerupDialHistory history;
  PeerupRelayStanding standing;
} Given;

#define WORKED(at)        { .succeeded_at = (at) * (gint64) SECOND }
#define FAILED(at, times) { .failed_at = (at) * (gint64) SECOND, .failures = times }

static GPtrArray *
make_candidates (const Given *given)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_candidate_free);

  for (; given->address != NULL; given++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", given->address);
      PeerupDialCandidate *candidate = peerup_dial_candidate_new (address, &given->history);

      g_assert_nonnull (candidate);
      candidate->standing = given->standing;
      g_ptr_array_add (candidates, candidate);
    }
  return candidates;
}

/* Lines of "MILLISECONDS ADDRESS". */
static char *
describe (GPtrArray *candidates)
{
  GString *text = g_string_new (NULL);
  gint64 at = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const PeerupDialCandidate *candidate = candidates->pdata[i];

      g_assert_cmpint (at % 1000, ==, 0);
      g_string_append_printf (text, "%d %s\n", (int) (at / 1000), peerup_multiaddr_get_string (candidate->known));
      at += candidate->head_start;
    }
  return g_string_free_and_steal (text);
}

static void
assert_order (const Given *given, gboolean udp_blocked, const char *expected)
{
  g_autoptr (GPtrArray) candidates = make_candidates (given);
  g_autofree char *actual = NULL;

  peerup_dial_order (candidates, udp_blocked, NOW);
  actual = describe (candidates);
  g_assert_cmpstr (actual, ==, expected);
}

static const Given every_kind[] = {
  { "/ip4/198.51.100.1/tcp/1" },
  { "/ip4/198.51.100.9/tcp/9" RELAY },
  { "/ip6/2001:db8::1/tcp/1" },
  { "/ip4/192.168.1.1/tcp/1" },
  { "/ip4/198.51.100.1/udp/1/quic-v1" },
  { "/ip6/2001:db8::1/udp/1/quic-v1" },
  { "/ip4/127.0.0.1/tcp/1" },
  { "/ip6/fd00::1/udp/1/quic-v1" },
  { "/ip4/127.0.0.1/udp/1/quic-v1" },
  { "/ip4/192.168.1.1/udp/1/quic-v1" },
  { NULL },
};

static void
test_kinds (void)
{
  assert_order (every_kind, FALSE,
                "0 /ip4/127.0.0.1/udp/1/quic-v1\n"
                "30 /ip4/127.0.0.1/tcp/1\n"
                "60 /ip6/fd00::1/udp/1/quic-v1\n"
                "90 /ip4/192.168.1.1/udp/1/quic-v1\n"
                "120 /ip4/192.168.1.1/tcp/1\n"
                "150 /ip6/2001:db8::1/udp/1/quic-v1\n"
                "400 /ip4/198.51.100.1/udp/1/quic-v1\n"
                "650 /ip6/2001:db8::1/tcp/1\n"
                "900 /ip4/198.51.100.1/tcp/1\n"
                "1150 /ip4/198.51.100.9/tcp/9" RELAY "\n");
}

/* Where UDP seems blocked QUIC is still first, but nobody waits for it: save nearby, where the
 * way does not lead through what blocks it. */
static void
test_udp_blocked (void)
{
  assert_order (every_kind, TRUE,
                "0 /ip4/127.0.0.1/udp/1/quic-v1\n"
                "30 /ip4/127.0.0.1/tcp/1\n"
                "60 /ip6/fd00::1/udp/1/quic-v1\n"
                "90 /ip4/192.168.1.1/udp/1/quic-v1\n"
                "120 /ip4/192.168.1.1/tcp/1\n"
                "150 /ip6/2001:db8::1/udp/1/quic-v1\n"
                "150 /ip4/198.51.100.1/udp/1/quic-v1\n"
                "150 /ip6/2001:db8::1/tcp/1\n"
                "400 /ip4/198.51.100.1/tcp/1\n"
                "650 /ip4/198.51.100.9/tcp/9" RELAY "\n");
}

/* WebSocket is for where nothing else gets through: a public one comes after public TCP, on
 * whatever port, and before relays. */
static void
test_websocket (void)
{
  static const Given given[] = {
    { "/ip4/198.51.100.9/tcp/9" RELAY },
    { "/ip4/198.51.100.1/tcp/443/tls/ws" },
    { "/ip4/198.51.100.1/tcp/443/ws" },
    { "/ip4/198.51.100.1/tcp/1" },
    { "/ip4/198.51.100.1/udp/1/quic-v1" },
    { "/ip4/192.168.1.1/tcp/443/ws" },
    { NULL },
  };

  assert_order (given, FALSE,
                "0 /ip4/192.168.1.1/tcp/443/ws\n"
                "30 /ip4/198.51.100.1/udp/1/quic-v1\n"
                "280 /ip4/198.51.100.1/tcp/1\n"
                "530 /ip4/198.51.100.1/tcp/443/ws\n"
                "780 /ip4/198.51.100.1/tcp/443/tls/ws\n"
                "1030 /ip4/198.51.100.9/tcp/9" RELAY "\n");
}

/* The name that is asked for is part of what is dialed, also once it was looked up. */
static void
test_websocket_name (void)
{
  PeerupDialHistory history = { 0 };
  g_autoptr (PeerupMultiaddr) name = peerup_multiaddr_newf ("/dns4/relay.example/tcp/443/wss");
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_newf ("/ip4/198.51.100.1/tcp/443/wss");
  g_autoptr (PeerupDialCandidate) named = peerup_dial_candidate_new (name, &history);
  g_autoptr (PeerupDialCandidate) unnamed = peerup_dial_candidate_new (bare, &history);
  g_autoptr (PeerupDialCandidate) resolved =
    peerup_dial_candidate_resolve (named, PEERUP_MULTIADDR_IP4, "198.51.100.1");

  g_assert_cmpstr (resolved->endpoint.host, ==, unnamed->endpoint.host);
  g_assert_cmpstr (resolved->endpoint.server_name, ==, "relay.example");
  g_assert_false (peerup_dial_candidate_equal (resolved, unnamed));
}

static void
test_two (void)
{
  static const Given public[] = { { "/ip4/198.51.100.1/tcp/1" }, { "/ip4/198.51.100.1/udp/1/quic-v1" }, { NULL } };
  static const Given private[] = { { "/ip4/10.0.0.1/tcp/1" }, { "/ip4/10.0.0.1/udp/1/quic-v1" }, { NULL } };
  static const Given none[] = { { NULL } };

  assert_order (public, FALSE, "0 /ip4/198.51.100.1/udp/1/quic-v1\n250 /ip4/198.51.100.1/tcp/1\n");
  assert_order (public, TRUE, "0 /ip4/198.51.100.1/udp/1/quic-v1\n0 /ip4/198.51.100.1/tcp/1\n");
  assert_order (private, FALSE, "0 /ip4/10.0.0.1/udp/1/quic-v1\n30 /ip4/10.0.0.1/tcp/1\n");
  assert_order (none, FALSE, "");
}

/* RFC 8305 4: the families take turns, lest many addresses of one that does not work come first. */
static void
test_turns (void)
{
  static const Given given[] = {
    { "/ip4/198.51.100.1/tcp/1" }, { "/ip4/198.51.100.2/tcp/1" }, { "/ip6/2001:db8::1/tcp/1" },
    { "/ip6/2001:db8::2/tcp/1" },  { "/ip6/2001:db8::3/tcp/1" },  { NULL },
  };

  assert_order (given, FALSE,
                "0 /ip6/2001:db8::1/tcp/1\n"
                "250 /ip4/198.51.100.1/tcp/1\n"
                "500 /ip6/2001:db8::2/tcp/1\n"
                "750 /ip4/198.51.100.2/tcp/1\n"
                "1000 /ip6/2001:db8::3/tcp/1\n");
}

/* What worked is first among those as far away and of the same transport, and only among them. */
static void
test_worked (void)
{
  static const Given given[] = {
    { "/ip6/2001:db8::1/tcp/1", WORKED (10) },
    { "/ip4/198.51.100.1/tcp/1", WORKED (20) },
    { "/ip4/198.51.100.2/tcp/1" },
    { "/ip6/2001:db8::1/udp/1/quic-v1" },
    { "/ip4/198.51.100.1/udp/1/quic-v1", WORKED (1) },
    { "/ip4/10.0.0.1/tcp/1" },
    { NULL },
  };

  assert_order (given, FALSE,
                "0 /ip4/10.0.0.1/tcp/1\n"
                "30 /ip4/198.51.100.1/udp/1/quic-v1\n"
                "280 /ip6/2001:db8::1/udp/1/quic-v1\n"
                "530 /ip4/198.51.100.1/tcp/1\n"
                "780 /ip6/2001:db8::1/tcp/1\n"
                "1030 /ip4/198.51.100.2/tcp/1\n");
}

/* What failed lately comes after all else, in the same order among itself. */
static void
test_failed (void)
{
  static const Given given[] = {
    { "/ip4/127.0.0.1/tcp/1", FAILED (996, 1) },
    { "/ip4/127.0.0.1/udp/1/quic-v1", FAILED (996, 1) },
    { "/ip4/198.51.100.1/udp/1/quic-v1", { .succeeded_at = 990 * SECOND, .failed_at = 999 * SECOND, .failures = 1 } },
    { "/ip4/198.51.100.1/tcp/1" },
    { "/ip4/198.51.100.9/tcp/9" RELAY },
    { "/ip4/10.0.0.1/tcp/1", FAILED (995, 1) },
    { NULL },
  };

  assert_order (given, FALSE,
                "0 /ip4/10.0.0.1/tcp/1\n"
                "30 /ip4/198.51.100.1/tcp/1\n"
                "280 /ip4/198.51.100.9/tcp/9" RELAY "\n"
                "530 /ip4/127.0.0.1/udp/1/quic-v1\n"
                "560 /ip4/127.0.0.1/tcp/1\n"
                "590 /ip4/198.51.100.1/udp/1/quic-v1\n");
}

/* 5 s, 10 s, 20 s … 600 s: the last microsecond of each and the one after. */
static void
test_failed_lately (void)
{
  static const int pauses[] = { 5, 10, 20, 40, 80, 160, 320, 600, 600 };
  PeerupDialHistory history = { .failed_at = NOW };

  g_assert_false (peerup_dial_history_failed_lately (&history, NOW));
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      history.failures = i + 1;
      g_assert_true (peerup_dial_history_failed_lately (&history, NOW));
      g_assert_true (peerup_dial_history_failed_lately (&history, NOW + pauses[i] * (gint64) SECOND - 1));
      g_assert_false (peerup_dial_history_failed_lately (&history, NOW + pauses[i] * (gint64) SECOND));
    }
  history.failures = G_MAXUINT;
  g_assert_true (peerup_dial_history_failed_lately (&history, NOW + 600 * (gint64) SECOND - 1));
  g_assert_false (peerup_dial_history_failed_lately (&history, NOW + 600 * (gint64) SECOND));
}

#define WARM(ms, times) \
  { 0 }, { .warm = TRUE, .rtt = (ms) * 1000, .failures = times }
#define COLD(ms, times) \
  { 0 }, { .warm = FALSE, .rtt = (ms) * 1000, .failures = times }

/* By what we know of the relays, and each with time enough for its circuit. */
static void
test_relays (void)
{
  static const Given given[] = {
    { "/ip4/198.51.100.1/tcp/1" RELAY, COLD (-1, 0) },
    { "/ip4/198.51.100.2/tcp/1" RELAY, WARM (500, 0) },
    { "/ip4/198.51.100.3/tcp/1" RELAY, WARM (100, 1) },
    { "/ip4/198.51.100.4/tcp/1" RELAY, COLD (5, 0) },
    { "/ip4/198.51.100.5/tcp/1" RELAY, WARM (100, 0) },
    { "/ip4/198.51.100.6/tcp/1" RELAY, WARM (-1, 0) },
    { "/ip4/198.51.100.7/tcp/1" RELAY, WARM (10, 3) },
    { "/ip4/198.51.100.8/tcp/1" RELAY, FAILED (996, 1), { .warm = TRUE, .rtt = 1 } },
    { "/ip4/198.51.100.9/tcp/1" },
    { NULL },
  };

  assert_order (given, FALSE,
                "0 /ip4/198.51.100.9/tcp/1\n"
                "250 /ip4/198.51.100.7/tcp/1" RELAY "\n"
                "500 /ip4/198.51.100.5/tcp/1" RELAY "\n"
                "900 /ip4/198.51.100.3/tcp/1" RELAY "\n"
                "1300 /ip4/198.51.100.2/tcp/1" RELAY "\n"
                "2300 /ip4/198.51.100.6/tcp/1" RELAY "\n"
                "2550 /ip4/198.51.100.4/tcp/1" RELAY "\n"
                "2800 /ip4/198.51.100.1/tcp/1" RELAY "\n"
                "3050 /ip4/198.51.100.8/tcp/1" RELAY "\n");
}

static void
test_merge (void)
{
  static const struct
  {
    PeerupDialHistory a, b, merged;
  } cases[] = {
    { { 0 }, { 0 }, { 0 } },
    { { 5, 9, 2, 7 }, { 0 }, { 5, 9, 2, 7 } },
    { { 0 }, { 5, 9, 2, 7 }, { 5, 9, 2, 7 } },
    { { 5, 4, 0, 7 }, { 3, 9, 2, 8 }, { 5, 9, 2, 7 } },
    { { 3, 9, 2, 7 }, { 10, 4, 0, 8 }, { 10, 9, 0, 7 } },
    { { 0, 9, 2, 0 }, { 0, 8, 5, 8 }, { 0, 9, 5, 8 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PeerupDialHistory history = cases[i].a;

      peerup_dial_history_merge (&history, &cases[i].b);
      g_assert_cmpint (history.succeeded_at, ==, cases[i].merged.succeeded_at);
      g_assert_cmpint (history.failed_at, ==, cases[i].merged.failed_at);
      g_assert_cmpuint (history.failures, ==, cases[i].merged.failures);
      g_assert_cmpint (history.rtt, ==, cases[i].merged.rtt);
    }
}

static void
test_undialable (void)
{
  static const char *const texts[] = { "/ip4/10.0.0.1/udp/1/quic-v1/webtransport", "/ip4/10.0.0.1/udp/1/quic",
                                       "/ip4/10.0.0.1/tcp/1/tls", "/dnsaddr/example.org" };
  PeerupDialHistory history = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", texts[i]);

      g_assert_null (peerup_dial_candidate_new (address, &history));
    }
}

/* No relay is named, or two are. */
static void
test_undialable_circuits (void)
{
  static const char *const texts[] = { "/p2p-circuit", "/ip4/10.0.0.1/tcp/1/p2p-circuit",
                                       ("/ip4/10.0.0.1/tcp/1" RELAY RELAY2) };
  PeerupDialHistory history = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", texts[i]);

      g_assert_null (peerup_dial_candidate_new (address, &history));
    }
}

/* Names */

static GList *
make_addresses (const char *const *texts)
{
  GList *list = NULL;

  for (; *texts != NULL; texts++)
    list = g_list_append (list, g_inet_address_new_from_string (*texts));
  return list;
}

/* The hosts that @name stands for, or the error. */
static char *
expand (const char *name, const char *const *texts)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", name);
  PeerupDialHistory history = WORKED (7);
  g_autoptr (PeerupDialCandidate) candidate = peerup_dial_candidate_new (address, &history);
  GList *addresses = make_addresses (texts);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) expanded = peerup_dial_lookup_expand (candidate, addresses, &error);
  GString *text = g_string_new (NULL);

  g_list_free_full (addresses, g_object_unref);
  for (guint i = 0; expanded != NULL && i < expanded->len; i++)
    {
      const PeerupDialCandidate *one = expanded->pdata[i];

      g_assert_true (peerup_multiaddr_equal (one->known, address));
      g_assert_cmpint (one->history.succeeded_at, ==, 7 * SECOND);
      g_assert_cmpuint (one->endpoint.port, ==, 9);
      g_assert_cmpuint (one->endpoint.transport, ==, candidate->endpoint.transport);
      g_string_append_printf (text, "%s ", one->endpoint.host);
    }
  if (expanded == NULL)
    {
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE);
      g_string_assign (text, error->message);
    }
  return g_string_free_and_steal (text);
}

static void
test_names (void)
{
  static const char *const both[] = { "192.0.2.1", "2001:db8::1", "192.0.2.2", NULL };
  static const char *const four[] = { "192.0.2.1", NULL };
  static const char *const none[] = { NULL };
  static const struct
  {
    const char *name;
    const char *const *addresses;
    const char *expected;
  } cases[] = {
    { "/dns/example.org/tcp/9", both, "2001:db8::1 192.0.2.1 192.0.2.2 " },
    { "/dns4/example.org/udp/9/quic-v1", both, "192.0.2.1 192.0.2.2 " },
    { "/dns6/example.org/udp/9/quic-v1", both, "2001:db8::1 " },
    { "/dns6/example.org/tcp/9", four, "example.org has no IPv6 address" },
    { "/dns4/example.org/tcp/9", none, "example.org has no IPv4 address" },
    { "/dns/example.org/tcp/9", none, "example.org has no IP address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *actual = expand (cases[i].name, cases[i].addresses);

      g_assert_cmpstr (actual, ==, cases[i].expected);
    }
}

/* A name may stand for as many addresses as its owner likes: few are taken, of each family. */
static void
test_many_addresses (void)
{
  const char *texts[103] = { NULL };
  g_autofree char *actual = NULL;

  for (guint i = 0; i < 100; i++)
    texts[i] = "2001:db8::1";
  texts[100] = "192.0.2.1";
  texts[101] = "192.0.2.2";
  actual = expand ("/dns/example.org/tcp/9", texts);
  g_assert_cmpstr (actual, ==,
                   "2001:db8::1 2001:db8::1 2001:db8::1 2001:db8::1 2001:db8::1 2001:db8::1 2001:db8::1 2001:db8::1 "
                   "192.0.2.1 192.0.2.2 ");
}

static void
test_equal (void)
{
  static const Given given[] = {
    { "/ip4/192.0.2.1/tcp/9" },       { "/ip4/192.0.2.1/udp/9/quic-v1" },
    { "/ip4/192.0.2.1/tcp/8" },       { "/ip4/192.0.2.2/tcp/9" },
    { "/ip4/192.0.2.1/tcp/9" RELAY }, { "/ip4/192.0.2.1/tcp/9" RELAY2 },
    { "/dns4/example.org/tcp/9" },    { NULL },
  };
  static const Given same_relay[] = { { "/ip4/192.0.2.1/tcp/9" RELAY }, { "/ip4/192.0.2.2/tcp/9" RELAY }, { NULL } };
  g_autoptr (GPtrArray) list = make_candidates (given);
  g_autoptr (GPtrArray) ways = make_candidates (same_relay);
  g_autoptr (PeerupDialCandidate) resolved =
    peerup_dial_candidate_resolve (list->pdata[6], PEERUP_MULTIADDR_IP4, "192.0.2.1");

  for (guint i = 0; i < list->len; i++)
    {
      for (guint j = 0; j < list->len; j++)
        g_assert_cmpint (peerup_dial_candidate_equal (list->pdata[i], list->pdata[j]), ==, i == j);
      g_assert_cmpint (peerup_dial_candidate_equal (resolved, list->pdata[i]), ==, i == 0);
    }
  g_assert_true (peerup_dial_candidate_equal (ways->pdata[0], ways->pdata[1]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dial-order/kinds", test_kinds);
  g_test_add_func ("/dial-order/udp-blocked", test_udp_blocked);
  g_test_add_func ("/dial-order/websocket", test_websocket);
  g_test_add_func ("/dial-order/websocket-name", test_websocket_name);
  g_test_add_func ("/dial-order/two", test_two);
  g_test_add_func ("/dial-order/turns", test_turns);
  g_test_add_func ("/dial-order/worked", test_worked);
  g_test_add_func ("/dial-order/failed", test_failed);
  g_test_add_func ("/dial-order/failed-lately", test_failed_lately);
  g_test_add_func ("/dial-order/relays", test_relays);
  g_test_add_func ("/dial-order/merge", test_merge);
  g_test_add_func ("/dial-order/undialable", test_undialable);
  g_test_add_func ("/dial-order/undialable-circuits", test_undialable_circuits);
  g_test_add_func ("/dial-order/names", test_names);
  g_test_add_func ("/dial-order/many-addresses", test_many_addresses);
  g_test_add_func ("/dial-order/equal", test_equal);
  return g_test_run ();
}
