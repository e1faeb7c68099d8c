/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What proves that others can reach us, what only says so, and how long either counts. */

#include "nat/peerup-reachability.h"

#define SECOND  G_USEC_PER_SEC
#define NOW     (1000 * (gint64) SECOND)
#define LASTS   PEERUP_REACHABILITY_LIFETIME
#define OURS    "/ip4/1.2.3.4/tcp/7777"
#define BEHIND  "/ip4/192.168.1.2/tcp/7777"
#define VISITOR "/ip4/5.6.7.8/tcp/50000"
#define SOME_ID "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu"

typedef struct
{
  PeerupReachability *object;
  guint n_changed;
} Fixture;

/* Names of visits. */
static const char visits[1000];

static void
on_changed (PeerupReachability *object, gpointer data)
{
  ((Fixture *) data)->n_changed++;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture) { peerup_reachability_new (), 0 };
  g_signal_connect (self->object, "changed", G_CALLBACK (on_changed), self);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_assert_finalize_object (self->object);
}

static void
came (Fixture *self, guint visit, const char *local, const char *remote, gint64 now)
{
  g_autoptr (PeerupMultiaddr) from = peerup_multiaddr_newf ("%s", remote);
  g_autoptr (PeerupMultiaddr) to = peerup_multiaddr_newf ("%s", local);

  peerup_reachability_came (self->object, &visits[visit], to, from, now);
}

static void
named (Fixture *self, guint visit, const char *address, gint64 now)
{
  g_autoptr (PeerupMultiaddr) parsed = peerup_multiaddr_newf ("%s", address);

  peerup_reachability_named (self->object, &visits[visit], parsed, now);
}

static void
left (Fixture *self, guint visit, gint64 now)
{
  peerup_reachability_left (self->object, &visits[visit], now);
}

/* What is confirmed, one a space. */
static void
assert_confirmed (Fixture *self, const char *expected)
{
  g_autoptr (GPtrArray) addresses = peerup_reachability_dup_addresses (self->object);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (addresses->pdata[i]));
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_cmpint (peerup_reachability_is_confirmed (self->object), ==, addresses->len > 0);
}

static void
test_global (void)
{
  static const struct
  {
    const char *address;
    gboolean global;
  } cases[] = {
    { "/ip4/1.2.3.4/tcp/1", TRUE },
    { "/ip4/223.255.255.255/tcp/1", TRUE },
    { "/ip4/9.255.255.255/tcp/1", TRUE },
    { "/ip4/11.0.0.0/udp/1/quic-v1", TRUE },
    { "/ip4/100.63.255.255/tcp/1", TRUE },
    { "/ip4/100.64.0.0/tcp/1", FALSE },
    { "/ip4/100.127.255.255/tcp/1", FALSE },
    { "/ip4/100.128.0.0/tcp/1", TRUE },
    { "/ip4/172.15.255.255/tcp/1", TRUE },
    { "/ip4/172.16.0.0/tcp/1", FALSE },
    { "/ip4/172.31.255.255/tcp/1", FALSE },
    { "/ip4/172.32.0.0/tcp/1", TRUE },
    { "/ip4/0.1.2.3/tcp/1", FALSE },
    { "/ip4/10.1.2.3/tcp/1", FALSE },
    { "/ip4/127.0.0.1/tcp/1", FALSE },
    { "/ip4/169.254.169.254/tcp/1", FALSE },
    { "/ip4/192.0.0.8/tcp/1", FALSE },
    { "/ip4/192.0.2.1/tcp/1", FALSE },
    { "/ip4/192.168.0.1/tcp/1", FALSE },
    { "/ip4/198.19.255.255/tcp/1", FALSE },
    { "/ip4/224.0.0.1/tcp/1", FALSE },
    { "/ip4/255.255.255.255/tcp/1", FALSE },
    { "/ip6/2a00::1/tcp/1", TRUE },
    { "/ip6/2001:4860::1/tcp/1", TRUE },
    { "/ip6/2001:200::1/tcp/1", TRUE },
    { "/ip6/2001:1ff::1/tcp/1", FALSE },
    { "/ip6/::1/tcp/1", FALSE },
    { "/ip6/::ffff:1.2.3.4/tcp/1", FALSE },
    { "/ip6/fe80::1/tcp/1", FALSE },
    { "/ip6/fd00::1/tcp/1", FALSE },
    { "/ip6/2001:db8::1/tcp/1", FALSE },
    { "/ip6/2001:0:1::1/tcp/1", FALSE },
    { "/ip6/2002:102:304::1/tcp/1", FALSE },
    { "/ip6/ff02::1/tcp/1", FALSE },
    { "/ip6/64:ff9b::1.2.3.4/tcp/1", FALSE },
    { "/ip6zone/eth0/ip6/fe80::1/tcp/1", FALSE },
    { "/dns4/example.org/tcp/1", FALSE },
    { "/p2p/" SOME_ID, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", cases[i].address);

      g_test_message ("%s", cases[i].address);
      g_assert_cmpint (peerup_reachability_is_global (address), ==, cases[i].global);
    }
}

static void
test_visit (Fixture *self, gconstpointer data)
{
  assert_confirmed (self, "");
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, G_MAXINT64);
  came (self, 0, OURS, VISITOR, NOW);
  assert_confirmed (self, OURS);
  g_assert_cmpuint (self->n_changed, ==, 1);
  /* A second one proves nothing new, and so does what they say. */
  came (self, 1, OURS, "/ip4/9.9.9.9/tcp/1", NOW);
  named (self, 1, "/ip4/6.6.6.6/tcp/6", NOW);
  named (self, 2, "/ip4/6.6.6.6/tcp/6", NOW);
  assert_confirmed (self, OURS);
  g_assert_cmpuint (self->n_changed, ==, 1);
  /* Nothing ages while it lasts. */
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, G_MAXINT64);
  peerup_reachability_advance (self->object, NOW + 100 * LASTS);
  assert_confirmed (self, OURS);
}

/* Each side of the end. */
static void
test_age (Fixture *self, gconstpointer data)
{
  came (self, 0, OURS, VISITOR, NOW);
  left (self, 0, NOW + 5 * SECOND);
  left (self, 0, NOW + 9 * SECOND);
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, NOW + 5 * SECOND + LASTS);
  peerup_reachability_advance (self->object, NOW + 5 * SECOND + LASTS - 1);
  assert_confirmed (self, OURS);
  peerup_reachability_advance (self->object, NOW + 5 * SECOND + LASTS);
  assert_confirmed (self, "");
  g_assert_cmpuint (self->n_changed, ==, 2);
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, G_MAXINT64);
  came (self, 0, OURS, VISITOR, NOW + 2 * LASTS);
  assert_confirmed (self, OURS);
}

/* A later visit begins the time anew; of those that are over one an address is remembered. */
static void
test_visits_follow_each_other (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < 1000; i++)
    {
      came (self, i, OURS, VISITOR, NOW + i * SECOND);
      left (self, i, NOW + i * SECOND);
    }
  g_assert_cmpuint (self->n_changed, ==, 1);
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, NOW + 999 * SECOND + LASTS);
}

static void
test_neighbours (Fixture *self, gconstpointer data)
{
  static const char *const near[] = {
    "/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.9/tcp/1", "/ip4/100.64.1.1/tcp/1",
    "/ip4/1.2.3.4/tcp/1",   "/ip6/fe80::1/tcp/1",     "/ip6/fd00::1/tcp/1",
  };

  for (guint i = 0; i < G_N_ELEMENTS (near); i++)
    {
      came (self, i, OURS, near[i], NOW);
      named (self, i, "/ip4/1.1.1.1/tcp/1", NOW);
      left (self, i, NOW);
    }
  assert_confirmed (self, "");
  g_assert_cmpuint (self->n_changed, ==, 0);
}

/* Behind a router that forwards a port the visitor names the address. */
static void
test_forwarded_port (Fixture *self, gconstpointer data)
{
  came (self, 0, BEHIND, VISITOR, NOW);
  assert_confirmed (self, "");
  named (self, 0, "/ip4/1.2.3.4/tcp/443/p2p/" SOME_ID, NOW);
  assert_confirmed (self, "/ip4/1.2.3.4/tcp/443");
  /* It may think again. */
  named (self, 0, OURS, NOW);
  assert_confirmed (self, OURS);
  left (self, 0, NOW);
  peerup_reachability_advance (self->object, NOW + LASTS - 1);
  assert_confirmed (self, OURS);
}

static void
test_bad_names (Fixture *self, gconstpointer data)
{
  static const char *const bad[] = {
    "/ip4/192.168.1.2/tcp/7777",     /* not of the internet */
    "/ip4/100.64.0.1/tcp/7777",      /* the same */
    "/ip6/2a00::1/tcp/7777",         /* another family */
    "/ip4/1.2.3.4/udp/7777/quic-v1", /* another transport */
    "/ip4/1.2.3.4/tcp/7777/ws",      /* the same */
    "/ip4/1.2.3.4",                  /* no port */
    "/ip4/5.6.7.8/tcp/7777",         /* the visitor's own: it came by the way out of our router and back */
    "/dns4/example.org/tcp/7777",    /* no address */
    ("/p2p/" SOME_ID),
  };

  came (self, 0, BEHIND, VISITOR, NOW);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      named (self, 0, bad[i], NOW);
      assert_confirmed (self, "");
    }
  left (self, 0, NOW);
  g_assert_cmpuint (self->n_changed, ==, 0);
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, G_MAXINT64);
}

/* A liar who has come in may name many addresses, and has one at a time. */
static void
test_liar (Fixture *self, gconstpointer data)
{
  came (self, 0, BEHIND, VISITOR, NOW);
  for (guint i = 1; i < 200; i++)
    {
      g_autofree char *address = g_strdup_printf ("/ip4/8.8.8.%u/tcp/1", i);

      named (self, 0, address, NOW);
      assert_confirmed (self, address);
    }
  named (self, 0, BEHIND, NOW);
  assert_confirmed (self, "");
}

static void
test_many_visits (Fixture *self, gconstpointer data)
{
  /* Those that last keep their places. */
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *local = g_strdup_printf ("/ip4/1.2.3.%u/tcp/7777", i % 250);

      came (self, i, local, VISITOR, NOW);
    }
  {
    g_autoptr (GPtrArray) addresses = peerup_reachability_dup_addresses (self->object);

    g_assert_cmpuint (addresses->len, ==, PEERUP_REACHABILITY_ADDRESSES_MAX);
  }
  for (guint i = 0; i < PEERUP_REACHABILITY_VISITS_MAX; i++)
    left (self, i, NOW);
  /* Those that are over make room. */
  came (self, 999, "/ip4/9.9.9.9/tcp/1", VISITOR, NOW);
  left (self, 999, NOW + SECOND);
  peerup_reachability_advance (self->object, NOW + LASTS);
  assert_confirmed (self, "/ip4/9.9.9.9/tcp/1");
}

static void
test_other_network (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) now_ours = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  came (self, 0, OURS, VISITOR, NOW);
  came (self, 1, BEHIND, VISITOR, NOW);
  named (self, 1, "/ip4/1.1.1.1/tcp/1", NOW);
  assert_confirmed (self, OURS " /ip4/1.1.1.1/tcp/1");
  g_ptr_array_add (now_ours, peerup_multiaddr_newf ("/ip4/192.168.1.2/tcp/9"));
  peerup_reachability_set_local_addresses (self->object, now_ours, NOW);
  assert_confirmed (self, "/ip4/1.1.1.1/tcp/1");
  g_ptr_array_set_size (now_ours, 0);
  peerup_reachability_set_local_addresses (self->object, now_ours, NOW);
  assert_confirmed (self, "");
  g_assert_cmpuint (self->n_changed, ==, 4);
  /* What is over for us may still end. */
  left (self, 0, NOW);
}

static void
dialed_back (Fixture *self, const char *address, const char *local, const char *remote, gint64 now)
{
  g_autoptr (PeerupMultiaddr) asked = peerup_multiaddr_newf ("%s", address);
  g_autoptr (PeerupMultiaddr) from = peerup_multiaddr_newf ("%s", remote);
  g_autoptr (PeerupMultiaddr) to = peerup_multiaddr_newf ("%s", local);

  peerup_reachability_dialed_back (self->object, asked, to, from, now);
}

static void
not_dialed_back (Fixture *self, const char *address, gint64 now)
{
  g_autoptr (PeerupMultiaddr) asked = peerup_multiaddr_newf ("%s", address);

  peerup_reachability_not_dialed_back (self->object, asked, now);
}

/* It is over when it is told of, and ages at once; the next one begins the time anew. */
static void
test_dial_back (Fixture *self, gconstpointer data)
{
  dialed_back (self, OURS, OURS, VISITOR, NOW);
  assert_confirmed (self, OURS);
  g_assert_false (peerup_reachability_is_visited (self->object));
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, NOW + LASTS);
  dialed_back (self, OURS, OURS, VISITOR, NOW + SECOND);
  g_assert_cmpint (peerup_reachability_get_deadline (self->object), ==, NOW + SECOND + LASTS);
  g_assert_cmpuint (self->n_changed, ==, 1);
  /* Through a router: what was asked for. */
  dialed_back (self, "/ip4/1.1.1.1/tcp/443", BEHIND, VISITOR, NOW + SECOND);
  assert_confirmed (self, OURS " /ip4/1.1.1.1/tcp/443");
  peerup_reachability_advance (self->object, NOW + SECOND + LASTS - 1);
  assert_confirmed (self, OURS " /ip4/1.1.1.1/tcp/443");
  peerup_reachability_advance (self->object, NOW + SECOND + LASTS);
  assert_confirmed (self, "");
}

/* The rule of visits. */
static void
test_dial_back_proves_nothing (Fixture *self, gconstpointer data)
{
  dialed_back (self, OURS, OURS, "/ip4/192.168.1.9/tcp/1", NOW);
  dialed_back (self, OURS, OURS, "/ip4/1.2.3.4/tcp/1", NOW);
  dialed_back (self, "/ip4/5.6.7.8/tcp/7777", BEHIND, VISITOR, NOW);
  dialed_back (self, "/ip4/1.2.3.4/udp/7777/quic-v1", BEHIND, VISITOR, NOW);
  dialed_back (self, BEHIND, BEHIND, VISITOR, NOW);
  assert_confirmed (self, "");
  g_assert_cmpuint (self->n_changed, ==, 0);
}

/* Servers that agree take back what servers have proved, and nothing else. */
static void
test_not_dialed_back (Fixture *self, gconstpointer data)
{
  dialed_back (self, OURS, OURS, VISITOR, NOW);
  not_dialed_back (self, "/ip4/1.1.1.1/tcp/1", NOW);
  assert_confirmed (self, OURS);
  not_dialed_back (self, OURS, NOW);
  assert_confirmed (self, "");
  came (self, 0, OURS, VISITOR, NOW);
  g_assert_true (peerup_reachability_is_visited (self->object));
  left (self, 0, NOW);
  dialed_back (self, OURS, OURS, VISITOR, NOW);
  not_dialed_back (self, OURS, NOW);
  assert_confirmed (self, OURS);
}

static void
assert_same_kind (const char *a, const char *b, gboolean same)
{
  g_autoptr (PeerupMultiaddr) x = peerup_multiaddr_newf ("%s", a);
  g_autoptr (PeerupMultiaddr) y = peerup_multiaddr_newf ("%s", b);

  g_assert_cmpint (peerup_reachability_is_same_kind (x, y), ==, same);
  g_assert_cmpint (peerup_reachability_is_same_kind (y, x), ==, same);
}

static void
test_same_kind (void)
{
  assert_same_kind (OURS, BEHIND, TRUE);
  assert_same_kind (OURS, "/ip6/2a00::1/tcp/1", FALSE);
  assert_same_kind (OURS, "/ip4/1.2.3.4/udp/7777/quic-v1", FALSE);
  assert_same_kind ("/ip4/1.2.3.4/tcp/1/wss", "/ip4/5.6.7.8/tcp/2/tls/sni/example.org/ws", TRUE);
  assert_same_kind ("/ip4/1.2.3.4/tcp/1/ws", "/ip4/5.6.7.8/tcp/2/tls/ws", FALSE);
  assert_same_kind (OURS, OURS "/p2p/" SOME_ID, FALSE);
  assert_same_kind (OURS "/ws/ws/ws/ws/ws/ws/ws", OURS "/ws/ws/ws/ws/ws/ws/ws", FALSE);
}

static void
test_same_place (void)
{
  g_autoptr (PeerupMultiaddr) a = peerup_multiaddr_newf (OURS);
  g_autoptr (PeerupMultiaddr) b = peerup_multiaddr_newf ("/ip4/1.2.3.4/tcp/7778");
  g_autoptr (PeerupMultiaddr) c = peerup_multiaddr_newf ("/ip4/1.2.3.4/udp/7777");
  g_autoptr (PeerupMultiaddr) host = peerup_multiaddr_newf ("/ip4/1.2.3.4");

  g_assert_true (peerup_reachability_is_same_place (a, a));
  g_assert_false (peerup_reachability_is_same_place (a, b));
  g_assert_false (peerup_reachability_is_same_place (a, c));
  g_assert_false (peerup_reachability_is_same_place (a, host));
  g_assert_true (peerup_reachability_is_same_host (a, host));
}

#define ADD(path, func) g_test_add ("/nat/reachability/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nat/reachability/global", test_global);
  ADD ("visit", test_visit);
  ADD ("age", test_age);
  ADD ("visits-follow-each-other", test_visits_follow_each_other);
  ADD ("neighbours", test_neighbours);
  ADD ("forwarded-port", test_forwarded_port);
  ADD ("bad-names", test_bad_names);
  ADD ("liar", test_liar);
  ADD ("many-visits", test_many_visits);
  ADD ("other-network", test_other_network);
  ADD ("dial-back", test_dial_back);
  ADD ("dial-back-proves-nothing", test_dial_back_proves_nothing);
  ADD ("not-dialed-back", test_not_dialed_back);
  g_test_add_func ("/nat/reachability/same-kind", test_same_kind);
  g_test_add_func ("/nat/reachability/same-place", test_same_place);
  return g_test_run ();
}
