/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites and pairings in words, by literal times.
 */
#include "cli/peerup-pairing-text.h"

#include <string.h>

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static GVariant *
parse (const char *type, const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
test_lists (void)
{
  const char *const none[] = { NULL }, *const one[] = { "ssh", NULL }, *const three[] = { "ssh", "web", "nas", NULL };
  g_autofree char *nothing = peerup_pairing_text_list (none);
  g_autofree char *single = peerup_pairing_text_list (one);
  g_autofree char *many = peerup_pairing_text_list (three);

  g_assert_cmpstr (nothing, ==, "");
  g_assert_cmpstr (single, ==, "ssh");
  g_assert_cmpstr (many, ==, "ssh, web and nas");
}

static void
test_rights (void)
{
  const char *const services[] = { "ssh", "web", NULL };
  const struct
  {
    const char *const *services;
    gint64 time;
    gboolean weak;
    const char *text;
  } cases[] = {
    { NULL, 0, FALSE, "Whoever joins with this code is authorized for good, and may use the services of this device." },
    { NULL, 3600, FALSE,
      "Whoever joins with this code is authorized for 1 h, and may use the services of this device." },
    { services, 0, FALSE,
      "Whoever joins with this code may use ssh and web of this device for good, and nothing else." },
    { services, 7 * 86400, TRUE,
      "Whoever joins with this code may use ssh and web of this device for 7 days, and nothing else. This is the "
      "older kind of code, which a relay in between could attack: verify the device afterwards." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_pairing_text_rights (cases[i].services, cases[i].time, cases[i].weak);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

/* A long code and a link are each one line, which terminals copy as one. */
static void
test_invite (void)
{
  g_autoptr (GVariant) invite = parse ("a{sv}", "{'number': <uint32 417>, 'code': <'LONG-CODE'>, 'link': "
                                                "<'peerup:join?c=LONGCODE'>, 'spoken': <'417-otter-violin-maple'>, "
                                                "'expires_at': <int64 1600>}");
  g_autoptr (GVariant) weak = parse ("a{sv}", "{'code': <'OLD'>, 'spoken': <''>, 'expires_at': <int64 1600>}");
  g_autofree char *plain = peerup_pairing_text_invite (invite, FALSE, 1000);
  g_autofree char *bold = peerup_pairing_text_invite (invite, TRUE, 1000);
  g_autofree char *old = peerup_pairing_text_invite (weak, FALSE, 1000);

  g_assert_nonnull (strstr (plain, "\n    417-otter-violin-maple\n"));
  g_assert_nonnull (strstr (plain, "\nLONG-CODE\n"));
  g_assert_nonnull (strstr (plain, "\npeerup:join?c=LONGCODE\n"));
  g_assert_nonnull (strstr (plain, "for 10 min, until "));
  g_assert_null (strchr (plain, '\033'));
  g_assert_nonnull (strstr (bold, "\n    \033[1m417-otter-violin-maple\033[0m\n"));
  g_assert_true (g_str_has_prefix (old, "Type or paste:\n\nOLD\n"));
}

static void
test_states (void)
{
  const struct
  {
    const char *invite;
    const char *text;
  } cases[] = {
    { "{'state': <'open'>}", NULL },
    { "{'state': <'open'>, 'guesses': <uint32 2>}", "Somebody has tried a wrong code (2 of 3)." },
    { "{'state': <'claimed'>, 'peer_name': <'Laptop'>, 'peer_id': <''>}", "Laptop is joining…" },
    { "{'state': <'claimed'>}", "A device is joining…" },
    { "{'state': <'used'>, 'peer_name': <'Laptop'>, 'peer_id': <'" ID "'>}", "Laptop (12D3KooW…eQAJU5SA) has joined." },
    { "{'state': <'used'>, 'peer_name': <''>, 'peer_id': <'" ID "'>}", "12D3KooW…eQAJU5SA has joined." },
    { "{'state': <'expired'>}", "The time of the code is over, and nobody has joined with it." },
    { "{'state': <'cancelled'>}", "The invite is taken back: the code is worth nothing now." },
    { "{'state': <'dead'>, 'guesses': <uint32 3>}",
      "The code is dead after 3 wrong guesses. Somebody may be trying codes: make another with “peerup invite”." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) invite = parse ("a{sv}", cases[i].invite);
      g_autofree char *text = peerup_pairing_text_state (invite);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_table (void)
{
  g_autoptr (GVariant) invites =
    parse ("aa{sv}", "[{'number': <uint32 7>, 'state': <'open'>, 'expires_at': <int64 1065>, 'left': <true>, "
                     "'code': <'SECRET'>, 'spoken': <'SECRET'>, 'link': <'SECRET'>}, "
                     "{'number': <uint32 4170>, 'state': <'used'>, 'peer_id': <'" ID "'>, 'peer_name': <'Laptop'>}]");
  g_autofree char *text = peerup_pairing_text_invites (invites, 1000);

  g_assert_cmpstr (text, ==,
                   "7     open  1 min 5 s left  left with relays\n"
                   "4170  used                  Laptop (12D3KooW…eQAJU5SA)\n");
}

static void
test_progress (void)
{
  g_autofree char *finding = peerup_pairing_text_progress ("finding", "");
  g_autofree char *waiting = peerup_pairing_text_progress ("waiting", "(9 min left)");
  g_autofree char *done = peerup_pairing_text_progress ("done", "");
  g_autofree char *later = peerup_pairing_text_progress ("dancing", "");

  g_assert_cmpstr (finding, ==, "Looking for the other device…");
  g_assert_cmpstr (waiting, ==, "The other device is away; waiting for it… (9 min left)");
  g_assert_null (done);
  g_assert_null (later);
}

static void
test_joined (void)
{
  g_autoptr (GVariant) guest =
    parse ("a{sv}", "{'peer_id': <'" ID "'>, 'name': <'home'>, 'state': <'complete'>, 'guest': <true>, 'services': "
                    "<['ssh', 'web']>, 'until': <int64 605800>}");
  g_autoptr (GVariant) peer = parse ("a{sv}", "{'peer_id': <'" ID "'>, 'name': <'home'>, 'state': <'complete'>, "
                                              "'guest': <false>, 'services': <@as []>}");
  g_autoptr (GVariant) away = parse ("a{sv}", "{'peer_id': <'" ID "'>, 'name': <''>, 'state': <'prepared'>, "
                                              "'guest': <true>}");
  g_autofree char *as_guest = peerup_pairing_text_joined (guest, FALSE, 1000);
  g_autofree char *as_peer = peerup_pairing_text_joined (peer, TRUE, 1000);
  g_autofree char *later = peerup_pairing_text_joined (away, TRUE, 1000);

  g_assert_true (g_str_has_prefix (as_guest, "Paired with home (12D3KooW…eQAJU5SA).\n"
                                             "It lets this device use ssh and web, until 1970-01-"));
  g_assert_true (g_str_has_suffix (as_guest, "(7 days).\nNext:\n  peerup daemon\n  peerup proxy home ssh 2222\n"
                                             "  peerup proxy home web 2223\n  peerup verify home\n"));
  g_assert_cmpstr (as_peer, ==,
                   "Paired with home (12D3KooW…eQAJU5SA).\nNext:\n  peerup proxy home SERVICE PORT\n"
                   "  peerup verify home\n");
  g_assert_true (g_str_has_prefix (later, "12D3KooW…eQAJU5SA is away. "));
  g_assert_nonnull (strstr (later, "  peerup verify " ID "\n"));
}

/* The caret is below the character at that byte, whatever the line has. */
static void
test_mistakes (void)
{
  const struct
  {
    const char *text;
    gsize offset;
    guint width;
    const char *shown;
  } cases[] = {
    { "abc", 0, 16, "abc\n^\n" },
    { "abc", 2, 16, "abc\n  ^\n" },
    { "abc", 3, 16, "abc\n   ^\n" },
    { "abc", 99, 16, "abc\n   ^\n" },
    { "first\nsecond\nthird", 8, 16, "second\n  ^\n" },
    { "äöx", 4, 16, "äöx\n  ^\n" },
    { "a\033[1mX", 5, 16, "a?[1mX\n     ^\n" },
    { "a\xff\xfeX", 3, 16, "a??X\n   ^\n" },
    { "a\tX", 2, 16, "a X\n  ^\n" },
    { "\xe2\x80\xaeX", 3, 16, "?X\n ^\n" },
    { "0123456789ABCDEFGHIJ", 0, 16, "0123456789ABCDEF\n^\n" },
    { "0123456789ABCDEFGHIJ", 10, 16, "23456789ABCDEFGH\n        ^\n" },
    { "0123456789ABCDEFGHIJ", 19, 16, "456789ABCDEFGHIJ\n               ^\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PeerupCodeMistake mistake = { .known = TRUE, .character = 1, .offset = cases[i].offset };
      g_autofree char *text = peerup_pairing_text_mistake (cases[i].text, &mistake, cases[i].width);

      g_assert_cmpstr (text, ==, cases[i].shown);
    }
}

static void
test_verification (void)
{
  g_autoptr (GVariant) bound =
    parse ("a{sv}", "{'peer_id': <'" ID "'>, 'name': <'home'>, 'emoji': <'A B C D'>, 'digits': <'111-111'>, "
                    "'verified': <true>, 'transcript_emoji': <'E F G H'>, 'transcript_digits': <'222-222'>}");
  g_autoptr (GVariant) old = parse ("a{sv}", "{'peer_id': <'" ID "'>, 'name': <'home'>, 'emoji': <'A B C D'>, "
                                             "'digits': <'111-111'>, 'verified': <false>}");
  g_autofree char *best = peerup_pairing_text_sas (bound);
  g_autofree char *only = peerup_pairing_text_sas (old);
  g_autofree char *both = peerup_pairing_text_verification (bound);
  g_autofree char *one = peerup_pairing_text_verification (old);

  g_assert_cmpstr (best, ==, "E F G H  222-222");
  g_assert_cmpstr (only, ==, "A B C D  111-111");
  g_assert_true (g_str_has_prefix (both, "home (12D3KooW…eQAJU5SA), verified before\n\n"
                                         "  Pairing   E F G H  222-222\n  Peer IDs  A B C D  111-111\n\n"));
  g_assert_true (g_str_has_prefix (one, "home (12D3KooW…eQAJU5SA)\n\n  Peer IDs  A B C D  111-111\n\n"));
}

static void
test_half (void)
{
  g_autoptr (GVariant) pairings =
    parse ("aa{sv}", "[{'peer_id': <'" ID "'>, 'name': <'home'>, 'inviter': <false>, 'state': <'prepared'>, 'at': "
                     "<int64 940>, 'advice': <'Wait.'>}]");
  g_autoptr (GVariant) none = parse ("aa{sv}", "[]");
  g_autoptr (GVariant) invites = parse ("aa{sv}", "[{'state': <'open'>}, {'state': <'claimed'>}, {'state': <'used'>}]");
  g_autofree char *text = peerup_pairing_text_half (pairings, 1000);
  g_autofree char *both = peerup_pairing_text_summary (invites, pairings);
  g_autofree char *open = peerup_pairing_text_summary (invites, none);
  g_autofree char *half = peerup_pairing_text_summary (none, pairings);
  g_autofree char *nothing = peerup_pairing_text_summary (none, none);

  g_assert_cmpstr (text, ==,
                   "home (12D3KooW…eQAJU5SA)  joined, 1 min ago, prepared\n  Wait.\n"
                   "  peerup pairing undo " ID "\n");
  g_assert_cmpstr (both, ==, "2 open invites, 1 half pairing (see “peerup pairing list”)");
  g_assert_cmpstr (open, ==, "2 open invites");
  g_assert_cmpstr (half, ==, "1 half pairing (see “peerup pairing list”)");
  g_assert_null (nothing);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/pairing/lists", test_lists);
  g_test_add_func ("/cli/pairing/rights", test_rights);
  g_test_add_func ("/cli/pairing/invite", test_invite);
  g_test_add_func ("/cli/pairing/states", test_states);
  g_test_add_func ("/cli/pairing/table", test_table);
  g_test_add_func ("/cli/pairing/progress", test_progress);
  g_test_add_func ("/cli/pairing/joined", test_joined);
  g_test_add_func ("/cli/pairing/mistakes", test_mistakes);
  g_test_add_func ("/cli/pairing/verification", test_verification);
  g_test_add_func ("/cli/pairing/half", test_half);
  return g_test_run ();
}
