/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is said of a device, with literal facts and times. */
#include "app/model/peerup-device-text.h"

#define ID "12D3KooWGRUWu4Jk1Zb7o4pLhQ2eY9cXv5nTzR8sPqUj6oaBc123"

/* Thursday, 19 November 2026, 14:30 in Warsaw. */
static GDateTime *
make_now (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_offset (3600);

  return g_date_time_new (zone, 2026, 11, 19, 14, 30, 0);
}

static gint64
at (int year, int month, int day, int hour, int minute)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_offset (3600);
  g_autoptr (GDateTime) time = g_date_time_new (zone, year, month, day, hour, minute, 0);

  return g_date_time_to_unix (time);
}

static void
assert_line (PeerupDeviceFacts facts, PeerupDeviceState state, const char *expected)
{
  g_autoptr (GDateTime) now = make_now ();
  g_autofree char *line = peerup_device_dup_line (&facts, now);

  g_assert_cmpint (peerup_device_find_state (&facts, now), ==, state);
  g_assert_cmpstr (line, ==, expected);
}

#define FACTS(...)               ((PeerupDeviceFacts) { __VA_ARGS__ })
#define OFFLINE(y, m, d, h, min) FACTS (.state = "disconnected", .last_seen_at = at (y, m, d, h, min))

static void
test_connected (void)
{
  assert_line (FACTS (.state = "connected", .path = "direct", .rtt_us = 6400), PEERUP_DEVICE_DIRECT, "Direct, 6 ms");
  assert_line (FACTS (.state = "connected", .path = "direct"), PEERUP_DEVICE_DIRECT, "Direct");
  assert_line (FACTS (.state = "connected", .path = "direct", .rtt_us = 312), PEERUP_DEVICE_DIRECT,
               "Direct, under 1 ms");
  assert_line (FACTS (.state = "connected", .path = "relayed", .relay_name = "home-vps", .rtt_us = 47900),
               PEERUP_DEVICE_RELAYED, "Relayed through \u2068home-vps\u2069, 48 ms");
  assert_line (FACTS (.state = "connected", .path = "relayed", .relay_name = ""), PEERUP_DEVICE_RELAYED, "Relayed");
  assert_line (FACTS (.state = "connected", .path = "relayed", .relay_name = "a\u202e<b>\n", .rtt_us = 2450000),
               PEERUP_DEVICE_RELAYED, "Relayed through \u2068a<b>\u2069, 2.5 s");
  assert_line (FACTS (.state = "connected", .path = "direct", .silent = TRUE, .rtt_us = 6000),
               PEERUP_DEVICE_RECONNECTING, "Reconnecting…");
}

static void
test_connecting (void)
{
  gint64 now = at (2026, 11, 19, 14, 30);

  assert_line (FACTS (.state = "connecting"), PEERUP_DEVICE_CONNECTING, "Connecting…");
  assert_line (FACTS (.state = "connecting", .last_seen_at = now - 299), PEERUP_DEVICE_RECONNECTING, "Reconnecting…");
  assert_line (FACTS (.state = "connecting", .last_seen_at = now - 300), PEERUP_DEVICE_CONNECTING, "Connecting…");
  assert_line (FACTS (.state = "connecting", .last_seen_at = now + 60), PEERUP_DEVICE_CONNECTING, "Connecting…");
}

static void
test_offline (void)
{
  assert_line (OFFLINE (2026, 11, 19, 14, 29), PEERUP_DEVICE_OFFLINE, "Offline since 14:29");
  assert_line (OFFLINE (2026, 11, 19, 0, 0), PEERUP_DEVICE_OFFLINE, "Offline since 00:00");
  assert_line (OFFLINE (2026, 11, 18, 23, 59), PEERUP_DEVICE_OFFLINE, "Offline since yesterday");
  assert_line (OFFLINE (2026, 11, 17, 12, 0), PEERUP_DEVICE_OFFLINE, "Offline since Tuesday");
  assert_line (OFFLINE (2026, 11, 13, 0, 0), PEERUP_DEVICE_OFFLINE, "Offline since Friday");
  assert_line (OFFLINE (2026, 11, 12, 23, 59), PEERUP_DEVICE_OFFLINE, "Offline since 12 November");
  assert_line (OFFLINE (2026, 3, 3, 12, 0), PEERUP_DEVICE_OFFLINE, "Offline since 3 March");
  assert_line (OFFLINE (2025, 12, 31, 12, 0), PEERUP_DEVICE_OFFLINE, "Offline since December 2025");
  /* A clock that was set back, and a time that no calendar has. */
  assert_line (OFFLINE (2026, 11, 19, 15, 0), PEERUP_DEVICE_OFFLINE, "Offline");
  assert_line (FACTS (.state = "disconnected", .last_seen_at = G_MAXINT64), PEERUP_DEVICE_OFFLINE, "Offline");
}

static void
test_other (void)
{
  assert_line (FACTS (.state = "disconnected"), PEERUP_DEVICE_NEVER, "Never connected");
  assert_line (FACTS (.peer_id = ID), PEERUP_DEVICE_NEVER, "Never connected");
  assert_line (FACTS (.state = "connected", .path = "direct", .ended = TRUE), PEERUP_DEVICE_ENDED, "Its time is over");
}

/* Each state has a shape and words of its own. */
static void
test_icons (void)
{
  for (guint i = PEERUP_DEVICE_NEVER; i <= PEERUP_DEVICE_ENDED; i++)
    for (guint j = PEERUP_DEVICE_NEVER; j < i; j++)
      {
        g_assert_cmpstr (peerup_device_get_icon (i), !=, peerup_device_get_icon (j));
        g_assert_cmpstr (peerup_device_get_icon_text (i), !=, peerup_device_get_icon_text (j));
      }
}

static void
assert_title (const char *name, const char *peer_id, const char *expected)
{
  g_autofree char *title = peerup_device_dup_title (name, peer_id);
  g_autofree char *isolated = peerup_device_dup_title_isolated (name, peer_id);
  g_autofree char *expected_isolated = g_strconcat ("\u2068", expected, "\u2069", NULL);

  g_assert_cmpstr (title, ==, expected);
  g_assert_cmpstr (isolated, ==, expected_isolated);
}

static void
test_titles (void)
{
  g_autofree char *short_id = peerup_device_dup_short_id ("QmX");

  assert_title ("Laptop", ID, "Laptop");
  assert_title ("<i>Lap</i>\u202etop\n", ID, "<i>Lap</i>top");
  assert_title ("", ID, "Unnamed Device aBc123");
  assert_title (NULL, ID, "Unnamed Device aBc123");
  assert_title ("\u200b", NULL, "Unnamed Device");
  g_assert_cmpstr (short_id, ==, "QmX");
}

/* Whatever it is called, its colour stays. */
static void
test_avatars (void)
{
  g_autofree char *one = peerup_device_dup_avatar_text ("Living Room", ID);
  g_autofree char *other = peerup_device_dup_avatar_text ("Cellar", ID);
  g_autofree char *none = peerup_device_dup_avatar_text ("\n", ID);

  g_assert_true (g_str_has_prefix (one, "Living Room"));
  g_assert_true (g_str_has_prefix (other, "Cellar"));
  g_assert_cmpuint (g_str_hash (one) % 14, ==, g_str_hash (ID) % 14);
  g_assert_cmpuint (g_str_hash (other) % 14, ==, g_str_hash (ID) % 14);
  g_assert_null (none);
}

static void
assert_round_trip (gint64 us, const char *expected)
{
  g_autofree char *text = peerup_text_dup_round_trip (us);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_round_trips (void)
{
  assert_round_trip (1, "under 1 ms");
  assert_round_trip (999, "under 1 ms");
  assert_round_trip (1000, "1 ms");
  assert_round_trip (1499, "1 ms");
  assert_round_trip (1500, "2 ms");
  assert_round_trip (999499, "999 ms");
  assert_round_trip (999500, "1.0 s");
  assert_round_trip (12340000, "12.3 s");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device-text/connected", test_connected);
  g_test_add_func ("/app/device-text/connecting", test_connecting);
  g_test_add_func ("/app/device-text/offline", test_offline);
  g_test_add_func ("/app/device-text/other", test_other);
  g_test_add_func ("/app/device-text/icons", test_icons);
  g_test_add_func ("/app/device-text/titles", test_titles);
  g_test_add_func ("/app/device-text/avatars", test_avatars);
  g_test_add_func ("/app/device-text/round-trips", test_round_trips);
  return g_test_run ();
}
