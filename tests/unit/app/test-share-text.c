/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/share/peerup-share-text.h"

#include <string.h>

#include "wire/peerup-error.h"

#define FSI    "\xe2\x81\xa8"
#define PDI    "\xe2\x81\xa9"
#define LAPTOP FSI "Laptop" PDI
#define PHONE  FSI "Phone" PDI
#define PEER   "12D3KooWMssbWDXvm3Q6p2NVSiQAJjGKXKMZuQa9yFdbn8ANc7YN"
#define OTHER  "12D3KooWJcqXcvupp8GUcimmS75nrCYYRv9qGmhNTS1Rk7yoDHRi"

/* A Wednesday. */
static GDateTime *
make_now (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_offset (3600);

  return g_date_time_new (zone, 2026, 11, 18, 12, 0, 0);
}

static gint64
later (int minutes)
{
  g_autoptr (GDateTime) now = make_now ();

  return g_date_time_to_unix (now) + minutes * 60;
}

static void
test_until (void)
{
  static const struct
  {
    int minutes;
    const char *words;
  } rows[] = {
    { 360, "until 18:00" },
    { 11 * 60 + 59, "until 23:59" },
    { 12 * 60, "until Thursday, 00:00" },
    { 4 * 24 * 60 + 360, "until Sunday, 18:00" },
    /* A week on, the name of the day would be today's. */
    { 7 * 24 * 60, "until 25 November 2026" },
    { 105 * 24 * 60, "until 3 March 2027" },
  };
  g_autoptr (GDateTime) now = make_now ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *words = peerup_share_describe_until (later (rows[i].minutes), now);

      g_assert_cmpstr (words, ==, rows[i].words);
    }
  {
    g_autofree char *words = peerup_share_describe_until (G_MAXINT64, now);

    g_assert_cmpstr (words, ==, "for ever");
  }
}

static void
test_users (void)
{
  const PeerupShareUser laptop = { .name = "Laptop" }, phone = { .name = "Phone" };
  const PeerupShareUser guest = { .name = "Laptop", .until = later (360) };
  const struct
  {
    gboolean restricted;
    PeerupShareUser users[4];
    guint n_users;
    const char *words;
  } rows[] = {
    { FALSE, {}, 0, "Everybody you paired with" },
    { TRUE, {}, 0, "Nobody may use it yet" },
    { TRUE, { laptop }, 1, "Only " LAPTOP },
    { TRUE, { guest }, 1, LAPTOP " until 18:00" },
    { TRUE, { laptop, phone }, 2, LAPTOP " and " PHONE },
    { TRUE, { phone, guest }, 2, PHONE ", and " LAPTOP " until 18:00" },
    { TRUE, { laptop, phone, laptop }, 3, LAPTOP ", " PHONE " and 1 other" },
    { TRUE, { laptop, phone, laptop, phone }, 4, LAPTOP ", " PHONE " and 2 others" },
    { FALSE, { guest }, 1, "Everybody you paired with, and " LAPTOP " until 18:00" },
    /* A name cannot turn what is around it. */
    { TRUE,
      { { .name = "\xe2\x80\xae"
                  "evil" } },
      1,
      "Only " FSI "evil" PDI },
  };
  g_autoptr (GDateTime) now = make_now ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *words = peerup_share_describe_users (rows[i].restricted, rows[i].users, rows[i].n_users, now);

      g_assert_cmpstr (words, ==, rows[i].words);
    }
}

static void
test_name (void)
{
  g_autofree char *longest = g_strnfill (63, 'a');
  g_autofree char *longer = g_strnfill (64, 'a');

  g_assert_null (peerup_share_check_name ("ssh"));
  g_assert_null (peerup_share_check_name ("web-2"));
  g_assert_null (peerup_share_check_name (longest));
  g_assert_nonnull (strstr (peerup_share_check_name (longer), "63"));
  g_assert_nonnull (peerup_share_check_name (""));
  g_assert_nonnull (strstr (peerup_share_check_name ("-a"), "dash"));
  g_assert_nonnull (strstr (peerup_share_check_name ("a-"), "dash"));
  g_assert_nonnull (strstr (peerup_share_check_name ("Jellyfin"), "small letters"));
  g_assert_nonnull (peerup_share_check_name ("a b"));
}

static void
test_address (void)
{
  g_assert_null (peerup_share_check_address ("localhost:8096"));
  g_assert_null (peerup_share_check_address ("[::1]:22"));
  g_assert_null (peerup_share_check_address ("192.0.2.1:1"));
  g_assert_nonnull (peerup_share_check_address (""));
  g_assert_nonnull (strstr (peerup_share_check_address ("localhost"), "port is missing"));
  g_assert_nonnull (strstr (peerup_share_check_address ("localhost:0"), "1 to 65535"));
  g_assert_nonnull (strstr (peerup_share_check_address ("localhost:65536"), "1 to 65535"));
}

static void
test_tags (void)
{
  g_auto (GStrv) tags = peerup_share_split_tags (" media, web,media;  home ");
  g_auto (GStrv) none = peerup_share_split_tags (" , ");

  g_assert_true (g_strv_equal ((const char *const *) tags, (const char *const[]) { "media", "web", "home", NULL }));
  g_assert_null (none[0]);
}

static void
test_relay (void)
{
  static const struct
  {
    const char *text;
    const char *addresses[3];
    const char *problem;
  } rows[] = {
    { "/ip4/203.0.113.7/tcp/7777/p2p/" PEER, { "/ip4/203.0.113.7/tcp/7777/p2p/" PEER } },
    /* What the relay prints, in the one line of an entry. */
    { "Address   203.0.113.7  Peer ID   " PEER "   peerup relay add 203.0.113.7 or   peerup relay add "
      "/ip4/203.0.113.7/udp/7777/quic-v1/p2p/" PEER " ",
      { "/ip4/203.0.113.7/udp/7777/quic-v1/p2p/" PEER } },
    { "/ip4/203.0.113.7/tcp/7777/p2p/" PEER "\n/dns4/relay.example/tcp/443/p2p/" PEER
      "\n/ip4/203.0.113.7/tcp/7777/p2p/" PEER,
      { "/ip4/203.0.113.7/tcp/7777/p2p/" PEER, "/dns4/relay.example/tcp/443/p2p/" PEER } },
    { "/ip4/203.0.113.7/tcp/7777/p2p/" PEER " /ip4/203.0.113.8/tcp/7777/p2p/" OTHER, {}, "different relays" },
    { "/ip4/203.0.113.7/tcp/7777", {}, "lacks the relay’s peer ID" },
    { "/ip4/203.0.113.7/tcp/7777/p2p/12D3KooWMssb", {}, "is cut" },
    { "/p2p/" PEER, {}, "no address" },
    { "203.0.113.7", {}, "no address" },
    { "", {}, "no address" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) addresses = peerup_share_parse_relay (rows[i].text, &error);

      if (rows[i].problem != NULL)
        {
          g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
          g_assert_nonnull (strstr (error->message, rows[i].problem));
          g_assert_null (addresses);
          continue;
        }
      g_assert_no_error (error);
      g_assert_true (g_strv_equal ((const char *const *) addresses, rows[i].addresses));
    }
}

static void
test_relay_words (void)
{
  static const struct
  {
    const char *state;
    gboolean silent;
    guint failures;
    const char *error;
    const char *words;
    const char *icon;
  } rows[] = {
    { "reserved", FALSE, 0, "", "Ready", "object-select-symbolic" },
    { "reserved", TRUE, 0, "", "Not answering", "network-no-route-symbolic" },
    { "connecting", FALSE, 0, NULL, "Connecting…", "content-loading-symbolic" },
    { "waiting", FALSE, 1, "", "Not answering, tried 1 time", "dialog-warning-symbolic" },
    { "waiting", FALSE, 3, NULL, "Not answering, tried 3 times", "dialog-warning-symbolic" },
    { "waiting", FALSE, 3, "It refuses this device", "It refuses this device", "dialog-warning-symbolic" },
    { "waiting", FALSE, 0, "", "Waiting to be asked again", "dialog-warning-symbolic" },
    { NULL, FALSE, 0, NULL, "Waiting to be asked again", "dialog-warning-symbolic" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *words =
        peerup_share_describe_relay (rows[i].state, rows[i].silent, rows[i].failures, rows[i].error);

      g_assert_cmpstr (words, ==, rows[i].words);
      g_assert_cmpstr (peerup_share_get_relay_icon (rows[i].state, rows[i].silent), ==, rows[i].icon);
    }
}

static void
test_limits (void)
{
  g_autofree char *both = peerup_share_describe_limits (120, 10000000);
  g_autofree char *time = peerup_share_describe_limits (61, 0);
  g_autofree char *none = peerup_share_describe_limits (0, 0);

  g_assert_true (g_str_has_prefix (both, "10.0"));
  g_assert_true (g_str_has_suffix (both, "MB and 2 minutes for each connection"));
  g_assert_cmpstr (time, ==, "2 minutes for each connection");
  g_assert_cmpstr (none, ==, "None");
}

static void
test_own_relay (void)
{
  g_autofree char *off = peerup_share_describe_own_relay ("off", FALSE, 0, 0);
  g_autofree char *idle = peerup_share_describe_own_relay ("serving", TRUE, 0, 0);
  g_autofree char *unused = peerup_share_describe_own_relay ("serving", FALSE, 0, 0);
  g_autofree char *busy = peerup_share_describe_own_relay ("serving", FALSE, 3, 1);
  g_autofree char *draining = peerup_share_describe_own_relay ("draining", FALSE, 0, 2);
  g_autofree char *drained = peerup_share_describe_own_relay ("drained", FALSE, 0, 0);

  g_assert_cmpstr (off, ==, "Other devices do not find each other through this one");
  g_assert_nonnull (strstr (idle, "devices you paired with"));
  g_assert_cmpstr (unused, ==, "Ready, and used by no device yet");
  g_assert_cmpstr (busy, ==, "3 devices can be reached through it, it carries 1 connection");
  g_assert_nonnull (strstr (draining, "2 connections"));
  g_assert_nonnull (strstr (drained, "resume"));
}

static void
test_grade_and_port (void)
{
  g_assert_false (peerup_share_grade_is_bad (NULL));
  g_assert_false (peerup_share_grade_is_bad (""));
  g_assert_false (peerup_share_grade_is_bad ("C"));
  g_assert_true (peerup_share_grade_is_bad ("D"));
  g_assert_true (peerup_share_grade_is_bad ("F"));
  g_assert_cmpuint (peerup_share_find_port (NULL), ==, 0);
  g_assert_cmpuint (peerup_share_find_port (
                      (const char *const[]) { "/ip4/192.0.2.1", "/ip6/::1/udp/4001/quic-v1", NULL }),
                    ==, 4001);
}

static void
test_icons (void)
{
  g_assert_cmpstr (peerup_share_get_kind_icon ("ssh"), ==, "utilities-terminal-symbolic");
  g_assert_cmpstr (peerup_share_get_kind_icon (NULL), ==, "network-server-symbolic");
  g_assert_cmpstr (peerup_share_get_kind_icon ("gopher"), ==, "network-server-symbolic");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/share-text/until", test_until);
  g_test_add_func ("/share-text/users", test_users);
  g_test_add_func ("/share-text/name", test_name);
  g_test_add_func ("/share-text/address", test_address);
  g_test_add_func ("/share-text/tags", test_tags);
  g_test_add_func ("/share-text/relay", test_relay);
  g_test_add_func ("/share-text/relay-words", test_relay_words);
  g_test_add_func ("/share-text/limits", test_limits);
  g_test_add_func ("/share-text/own-relay", test_own_relay);
  g_test_add_func ("/share-text/grade-and-port", test_grade_and_port);
  g_test_add_func ("/share-text/icons", test_icons);
  return g_test_run ();
}
