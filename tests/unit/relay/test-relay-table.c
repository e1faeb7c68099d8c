/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a relay grants, with literal times. */

#include "identity/peerup-private-key.h"
#include "relay/peerup-relay-table.h"

#define NOW               G_GINT64_CONSTANT (1700000000)
#define N_PEERS           40
#define HOST(n)           ((guint64) (0xC0000200 + (n)))
#define assert_ok(status) g_assert_cmpint (status, ==, PEERUP_CIRCUIT_OK)

static PeerupPeerId *peers[N_PEERS];

static void
make_peers (void)
{
  for (guint i = 0; i < N_PEERS; i++)
    {
      guint8 seed[32] = { i };
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);

      peers[i] = peerup_peer_id_ref (peerup_private_key_get_peer_id (key));
    }
}

static PeerupRelaySettings
small_settings (void)
{
  PeerupRelaySettings settings;

  peerup_relay_settings_init (&settings);
  settings.reservation_ttl = 100;
  settings.max_reservations = 4;
  settings.max_reservations_per_address = 2;
  settings.max_circuits = 2;
  settings.max_circuits_in_all = 3;
  return settings;
}

static PeerupRelayTable *
small_table (void)
{
  PeerupRelaySettings settings = small_settings ();

  return peerup_relay_table_new (&settings);
}

static void
test_defaults (void)
{
  PeerupRelaySettings settings;

  peerup_relay_settings_init (&settings);
  g_assert_cmpuint (settings.reservation_ttl, ==, 3600);
  g_assert_cmpuint (settings.max_reservations, ==, 128);
  g_assert_cmpuint (settings.max_reservations_per_address, ==, 8);
  g_assert_cmpuint (settings.max_circuits, ==, 16);
  g_assert_cmpuint (settings.limit.duration, ==, 600);
  g_assert_cmpuint (settings.limit.data, ==, 64 << 20);
  g_assert_cmpuint (settings.authorized.duration | settings.authorized.data, ==, 0);
}

static void
test_reservation_has_an_end (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  g_assert_false (peerup_relay_table_has_reservation (table, peers[0], NOW));
  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  g_assert_cmpint (expires, ==, NOW + 100);
  g_assert_true (peerup_relay_table_has_reservation (table, peers[0], NOW + 99));
  g_assert_false (peerup_relay_table_has_reservation (table, peers[0], NOW + 100));
  g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW + 99), ==, 1);
  g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW + 100), ==, 0);
}

static void
test_more_time_is_no_second_reservation (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  for (gint64 later = 0; later < 1000; later += 50)
    {
      assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW + later, &expires));
      g_assert_cmpint (expires, ==, NOW + later + 100);
      g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW + later), ==, 1);
    }
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (0), NOW + 1000, &expires));
}

static void
test_bound_in_all (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires = 7;

  for (guint i = 0; i < 4; i++)
    assert_ok (peerup_relay_table_reserve (table, peers[i], HOST (i), NOW + i, &expires));
  expires = 7;
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[4], HOST (4), NOW + 99, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_cmpint (expires, ==, 7);
  /* Those who have one may keep it. */
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (1), NOW + 99, &expires));
  /* The first one's time is over. */
  assert_ok (peerup_relay_table_reserve (table, peers[4], HOST (4), NOW + 100, &expires));
  g_assert_false (peerup_relay_table_has_reservation (table, peers[0], NOW + 100));
}

static void
test_bound_of_an_address (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (0), NOW, &expires));
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[2], HOST (0), NOW, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
  assert_ok (peerup_relay_table_reserve (table, peers[2], HOST (1), NOW, &expires));
  /* Nor by moving there, which leaves the old one as it was. */
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[2], HOST (0), NOW + 10, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_true (peerup_relay_table_has_reservation (table, peers[2], NOW + 99));
  g_assert_false (peerup_relay_table_has_reservation (table, peers[2], NOW + 100));
  /* Who moves away makes room. */
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (2), NOW + 10, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[2], HOST (0), NOW + 10, &expires));
}

/* IPv4 by the upper half, IPv6 by the first 32 bits, and never one by the other's. */
static void
test_bound_of_a_network (void)
{
  static const guint64 hosts[] = { 0xc0000201, 0xc000ffff, G_GUINT64_CONSTANT (0x20010db800010000),
                                   G_GUINT64_CONSTANT (0x20010db8ffff0001) };
  static const guint64 elsewhere[] = { 0xc0010201, 0xc0000203, G_GUINT64_CONSTANT (0x0000c00000010000),
                                       G_GUINT64_CONSTANT (0x20010db900010000) };
  PeerupRelaySettings settings = small_settings ();
  g_autoptr (PeerupRelayTable) table = NULL;
  gint64 expires;

  settings.max_reservations_per_network = 2;
  settings.max_reservations = 10;
  table = peerup_relay_table_new (&settings);
  for (guint i = 0; i < 4; i++)
    assert_ok (peerup_relay_table_reserve (table, peers[i], hosts[i], NOW, &expires));
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[4], elsewhere[1], NOW, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
  /* Within its network one may move, and out of it too, which makes room. */
  assert_ok (peerup_relay_table_reserve (table, peers[0], elsewhere[1], NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[0], elsewhere[0], NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[4], elsewhere[1], NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[4], elsewhere[2], NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[4], elsewhere[3], NOW, &expires));
  /* What is forgotten counts nowhere. */
  peerup_relay_table_forget_all (table);
  g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW), ==, 0);
  for (guint i = 0; i < 4; i++)
    assert_ok (peerup_relay_table_reserve (table, peers[3 - i], hosts[i], NOW, &expires));
}

static void
test_nobodys_address_is_bounded_in_all_only (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  for (guint i = 0; i < 4; i++)
    assert_ok (peerup_relay_table_reserve (table, peers[i], 0, NOW, &expires));
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[4], 0, NOW, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
}

/* The ID of some Ed25519 key. */
static PeerupPeerId *
make_peer (guint32 number)
{
  guint8 bytes[38] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };

  memcpy (bytes + 6, &number, sizeof number);
  return peerup_peer_id_new_from_bytes (bytes, sizeof bytes, NULL);
}

/* A hundred thousand who say that they are different, and then each of them again. */
static void
test_flood_from_one_address (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  guint n_granted = 0;
  gint64 expires;

  for (guint i = 0; i < 200000; i++)
    {
      g_autoptr (PeerupPeerId) peer = make_peer (i % 100000);

      n_granted += peerup_relay_table_reserve (table, peer, HOST (0), NOW, &expires) == PEERUP_CIRCUIT_OK;
    }
  /* The first two, each of them twice. */
  g_assert_cmpuint (n_granted, ==, 4);
  g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW), ==, 2);
  assert_ok (peerup_relay_table_reserve (table, peers[5], HOST (1), NOW, &expires));
}

static void
test_forget (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  peerup_relay_table_forget (table, peers[0]);
  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (0), NOW, &expires));
  assert_ok (peerup_relay_table_begin_circuit (table, peers[1], peers[0], NOW));
  peerup_relay_table_forget (table, peers[0]);
  g_assert_false (peerup_relay_table_has_reservation (table, peers[0], NOW));
  g_assert_cmpuint (peerup_relay_table_get_n_circuits (table), ==, 1);
  assert_ok (peerup_relay_table_reserve (table, peers[2], HOST (0), NOW, &expires));
  peerup_relay_table_end_circuit (table, peers[1], peers[0]);
  g_assert_cmpuint (peerup_relay_table_get_n_circuits (table), ==, 0);
}

static void
test_circuit_wants_a_reservation (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[1], peers[0], NOW), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  /* The one who connects needs none. */
  assert_ok (peerup_relay_table_begin_circuit (table, peers[1], peers[0], NOW + 99));
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[0], peers[1], NOW), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[1], peers[0], NOW + 100), ==,
                   PEERUP_CIRCUIT_NO_RESERVATION);
}

static void
test_circuit_to_oneself (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[0], peers[0], NOW), ==,
                   PEERUP_CIRCUIT_PERMISSION_DENIED);
  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[0], peers[0], NOW), ==,
                   PEERUP_CIRCUIT_PERMISSION_DENIED);
  g_assert_cmpuint (peerup_relay_table_get_n_circuits (table), ==, 0);
}

static void
test_circuits_are_bounded (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  gint64 expires;

  for (guint i = 0; i < 4; i++)
    assert_ok (peerup_relay_table_reserve (table, peers[i], HOST (i), NOW, &expires));
  assert_ok (peerup_relay_table_begin_circuit (table, peers[4], peers[0], NOW));
  assert_ok (peerup_relay_table_begin_circuit (table, peers[0], peers[1], NOW));
  /* Source and target count together. */
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[5], peers[0], NOW), ==,
                   PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[0], peers[2], NOW), ==,
                   PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  /* In all. */
  assert_ok (peerup_relay_table_begin_circuit (table, peers[5], peers[2], NOW));
  g_assert_cmpint (peerup_relay_table_begin_circuit (table, peers[6], peers[3], NOW), ==,
                   PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED);
  peerup_relay_table_end_circuit (table, peers[4], peers[0]);
  assert_ok (peerup_relay_table_begin_circuit (table, peers[6], peers[0], NOW));
  g_assert_cmpuint (peerup_relay_table_get_n_circuits (table), ==, 3);
}

static void
test_settings_hold_for_what_begins (void)
{
  g_autoptr (PeerupRelayTable) table = small_table ();
  PeerupRelaySettings settings = small_settings ();
  gint64 expires;

  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), NOW, &expires));
  settings.reservation_ttl = 10;
  settings.max_reservations = 2;
  peerup_relay_table_set_settings (table, &settings);
  /* A later one may end sooner. */
  assert_ok (peerup_relay_table_reserve (table, peers[1], HOST (1), NOW, &expires));
  g_assert_cmpint (expires, ==, NOW + 10);
  g_assert_cmpint (peerup_relay_table_reserve (table, peers[2], HOST (2), NOW, &expires), ==,
                   PEERUP_CIRCUIT_RESERVATION_REFUSED);
  g_assert_cmpuint (peerup_relay_table_get_n_reservations (table, NOW + 10), ==, 1);
  g_assert_true (peerup_relay_table_has_reservation (table, peers[0], NOW + 10));
}

/* The longest time to live from the last second of the year 9999. */
static void
test_far_future (void)
{
  PeerupRelaySettings settings = small_settings ();
  g_autoptr (PeerupRelayTable) table = NULL;
  gint64 now = G_GINT64_CONSTANT (253402300799);
  gint64 expires;

  settings.reservation_ttl = G_MAXUINT32;
  table = peerup_relay_table_new (&settings);
  assert_ok (peerup_relay_table_reserve (table, peers[0], HOST (0), now, &expires));
  g_assert_cmpint (expires, ==, now + G_MAXUINT32);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  make_peers ();
  g_test_add_func ("/relay/table/defaults", test_defaults);
  g_test_add_func ("/relay/table/reservation-has-an-end", test_reservation_has_an_end);
  g_test_add_func ("/relay/table/more-time-is-no-second-reservation", test_more_time_is_no_second_reservation);
  g_test_add_func ("/relay/table/bound-in-all", test_bound_in_all);
  g_test_add_func ("/relay/table/bound-of-an-address", test_bound_of_an_address);
  g_test_add_func ("/relay/table/bound-of-a-network", test_bound_of_a_network);
  g_test_add_func ("/relay/table/nobodys-address", test_nobodys_address_is_bounded_in_all_only);
  g_test_add_func ("/relay/table/flood-from-one-address", test_flood_from_one_address);
  g_test_add_func ("/relay/table/forget", test_forget);
  g_test_add_func ("/relay/table/circuit-wants-a-reservation", test_circuit_wants_a_reservation);
  g_test_add_func ("/relay/table/circuit-to-oneself", test_circuit_to_oneself);
  g_test_add_func ("/relay/table/circuits-are-bounded", test_circuits_are_bounded);
  g_test_add_func ("/relay/table/settings-hold-for-what-begins", test_settings_hold_for_what_begins);
  g_test_add_func ("/relay/table/far-future", test_far_future);
  result = g_test_run ();
  for (guint i = 0; i < N_PEERS; i++)
    peerup_peer_id_unref (peers[i]);
  return result;
}
