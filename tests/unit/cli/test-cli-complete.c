/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What may stand at a place of a command line; "|" marks the word that is being written.
 */
#include <string.h>

#include "cli/peerup-complete.h"

/* The words of @line, and the place of the one that ends with "|". */
static char **
split (const char *line, guint *index)
{
  char **words = g_strsplit (line, " ", -1);

  for (*index = 0; !g_str_has_suffix (words[*index], "|"); (*index)++)
    g_assert_nonnull (words[*index + 1]);
  words[*index][strlen (words[*index]) - 1] = '\0';
  return words;
}

static void
assert_offers (const char *line, const char *expected)
{
  guint index;
  g_auto (GStrv) words = split (line, &index);
  g_autoptr (PeerupComplete) complete = peerup_complete_new (words, index);
  g_auto (GStrv) lines = peerup_complete_list (complete);
  g_autofree char *joined = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    lines[i][strcspn (lines[i], "\t")] = '\0';
  joined = g_strjoinv (" ", lines);
  g_assert_cmpstr (joined, ==, expected);
}

static void
assert_wants (const char *line, const char *kinds, const char *config)
{
  guint index;
  g_auto (GStrv) words = split (line, &index);
  g_autoptr (PeerupComplete) complete = peerup_complete_new (words, index);
  g_autofree char *joined = g_strjoinv (" ", complete->kinds);

  g_assert_cmpstr (joined, ==, kinds);
  g_assert_cmpstr (complete->cli->config, ==, config);
}

static void
test_words (void)
{
  assert_offers ("who|", "whoami");
  assert_offers ("--json who|", "whoami");
  assert_offers ("--config file who|", "whoami");
  assert_offers ("__|", "");
  assert_offers ("auth |", "add list remove validate");
  assert_offers ("auth --json v|", "validate");
  assert_offers ("invite c|", "cancel");
  assert_offers ("relay pair r|", "revoke");
  assert_offers ("completion |", "bash zsh fish");
  assert_offers ("nonsense |", "");
  assert_offers ("ping one |", "");
}

static void
test_options (void)
{
  assert_offers ("ping --co|", "--count --config --color");
  assert_offers ("ping -- --co|", "");
  assert_offers ("service acl ssh --a|", "--allow");
  assert_offers ("ping x --config |", ":files");
  assert_offers ("ping x --config = a|", ":files");
  assert_offers ("ping x --config=a|", ":files");
  assert_offers ("ping -c |", "");
  assert_offers ("whoami --color=a|", "--color=auto --color=always");
  assert_offers ("whoami --color n|", "never");
}

static void
test_values (void)
{
  assert_wants ("ping |", "PEER", NULL);
  assert_wants ("ping -c 3 |", "PEER", NULL);
  assert_wants ("--config f ping la|", "PEER", "f");
  assert_wants ("ping --config=f |", "PEER", "f");
  assert_wants ("ping --config = f |", "PEER", "f");
  assert_wants ("proxy home |", "SERVICE", NULL);
  assert_wants ("service acl ssh --allow |", "PEER", NULL);
  assert_wants ("service acl ssh --allow=|", "PEER", NULL);
  assert_wants ("grant revoke x |", "SERVICE", NULL);
  assert_wants ("relay remove |", "RELAY", NULL);
  assert_wants ("invite cancel |", "INVITE", NULL);
  assert_wants ("help |", "COMMAND TOPIC", NULL);
}

static void
assert_theirs (const char *line, const char *peer)
{
  guint index;
  g_auto (GStrv) words = split (line, &index);
  g_autoptr (PeerupComplete) complete = peerup_complete_new (words, index);

  g_assert_cmpint (peerup_complete_wants_theirs (complete), ==, peer != NULL);
  if (peer != NULL)
    g_assert_cmpstr (complete->peer, ==, peer);
}

/* Whose services are meant: a grant is for one of ours. */
static void
test_services_of_peers (void)
{
  assert_theirs ("proxy home |", "home");
  assert_theirs ("--config f proxy --bind-any home s|", "home");
  assert_theirs ("daemon connect --peer home --service |", "home");
  assert_theirs ("daemon connect --peer=home --service=s|", "home");
  assert_theirs ("daemon connect --service |", NULL);
  assert_theirs ("proxy |", NULL);
  assert_theirs ("proxy home ssh |", NULL);
  assert_theirs ("grant add home |", NULL);
  assert_theirs ("service remove |", NULL);
}

/* Names come from other devices, too. */
static void
test_hostile_values (void)
{
  static const char *const bad[] = { "a b",       "a\nb",          "a;b", "$(a)", "a`b`",
                                     "a\x1b[31m", "\xe2\x80\xae.", "a\"", "",     "a\xff" };
  char *words[] = { (char *) "ping", (char *) "", NULL };
  g_autoptr (PeerupComplete) complete = peerup_complete_new (words, 1);
  g_autofree char *good = peerup_complete_format (complete, "laptop.x_1", "its\tname\n");

  g_assert_cmpstr (good, ==, "laptop.x_1\tits name ");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *line = peerup_complete_format (complete, bad[i], "");

      g_assert_null (line);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/complete/words", test_words);
  g_test_add_func ("/cli/complete/options", test_options);
  g_test_add_func ("/cli/complete/services-of-peers", test_services_of_peers);
  g_test_add_func ("/cli/complete/values", test_values);
  g_test_add_func ("/cli/complete/hostile", test_hostile_values);
  return g_test_run ();
}
