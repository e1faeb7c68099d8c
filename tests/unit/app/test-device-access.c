/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/device/peerup-access.h"

#define PEER "12D3KooWPeer"

static const char *const nobody[] = { NULL };
static const char *const others[] = { "12D3KooWOther", NULL };
static const char *const both[] = { "12D3KooWOther", PEER, NULL };

static void
test_find (void)
{
  static const struct
  {
    gboolean guest, restricted;
    const char *const *allowed;
    gboolean granted;
    PeerupAccess access;
  } cases[] = {
    { FALSE, FALSE, nobody, FALSE, PEERUP_ACCESS_EVERYBODY },
    { FALSE, FALSE, NULL, TRUE, PEERUP_ACCESS_EVERYBODY },
    { FALSE, TRUE, both, FALSE, PEERUP_ACCESS_LISTED },
    { FALSE, TRUE, both, TRUE, PEERUP_ACCESS_LISTED },
    { FALSE, TRUE, others, TRUE, PEERUP_ACCESS_GRANTED },
    { FALSE, TRUE, others, FALSE, PEERUP_ACCESS_NONE },
    { FALSE, TRUE, NULL, FALSE, PEERUP_ACCESS_NONE },
    /* A guest may use what is granted alone, whatever the lists say. */
    { TRUE, FALSE, nobody, FALSE, PEERUP_ACCESS_NONE },
    { TRUE, TRUE, both, FALSE, PEERUP_ACCESS_NONE },
    { TRUE, FALSE, nobody, TRUE, PEERUP_ACCESS_GRANTED },
    { TRUE, TRUE, both, TRUE, PEERUP_ACCESS_GRANTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (peerup_access_find (cases[i].guest, cases[i].restricted, cases[i].allowed, cases[i].granted, PEER),
                     ==, cases[i].access);
}

static void
test_lists (void)
{
  g_auto (GStrv) added = peerup_access_add (others, PEER);
  g_auto (GStrv) twice = peerup_access_add (both, PEER);
  g_auto (GStrv) first = peerup_access_add (NULL, PEER);
  g_auto (GStrv) left = peerup_access_remove (both, PEER);
  g_auto (GStrv) same = peerup_access_remove (others, PEER);
  g_auto (GStrv) none = peerup_access_remove (first != NULL ? (const char *const *) first : NULL, PEER);

  g_assert_cmpstrv (added, both);
  g_assert_cmpstrv (twice, both);
  g_assert_cmpuint (g_strv_length (first), ==, 1);
  g_assert_cmpstr (first[0], ==, PEER);
  g_assert_cmpstrv (left, others);
  g_assert_cmpstrv (same, others);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device/access/find", test_find);
  g_test_add_func ("/app/device/access/lists", test_lists);
  return g_test_run ();
}
