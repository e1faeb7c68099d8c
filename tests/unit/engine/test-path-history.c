/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is remembered of a peer's paths, and what is said of a state of them.
 */
#include "engine/peerup-path-history.h"

#include "engine/peerup-path-sentence.h"

/* The newest stay. */
static void
test_ring (void)
{
  g_autoptr (GPtrArray) events = peerup_path_history_new ();
  const PeerupPathEvent *first, *last;

  for (guint i = 0; i < PEERUP_ENGINE_PATH_EVENTS_MAX + 5; i++)
    peerup_path_history_add (events, PEERUP_PATH_SEARCH, NULL, g_strdup_printf ("%u", i));
  g_assert_cmpuint (events->len, ==, PEERUP_ENGINE_PATH_EVENTS_MAX);
  first = events->pdata[0];
  last = events->pdata[events->len - 1];
  g_assert_cmpstr (first->text, ==, "5");
  g_assert_cmpuint (g_ascii_strtoull (last->text, NULL, 10), ==, PEERUP_ENGINE_PATH_EVENTS_MAX + 4);
  g_assert_null (last->path);
  g_assert_cmpint (first->at, <=, last->at);
}

static void
test_hard_nat (void)
{
  PeerupNatFacts nat = { .has_nat = TRUE, .mapping = PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT };

  g_assert_false (peerup_path_is_hard_nat (NULL));
  g_assert_true (peerup_path_is_hard_nat (&nat));
  nat.port_step = 1;
  g_assert_false (peerup_path_is_hard_nat (&nat));
  nat = (PeerupNatFacts) { .has_nat = TRUE, .mapping = PEERUP_NAT_ENDPOINT_INDEPENDENT };
  g_assert_false (peerup_path_is_hard_nat (&nat));
}

static void
test_not_connected (void)
{
  g_autofree char *text = peerup_path_explain (&(PeerupPathState) { .searching = TRUE });

  g_assert_cmpstr (text, ==, "Not connected.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/path-history/ring", test_ring);
  g_test_add_func ("/path-history/hard-nat", test_hard_nat);
  g_test_add_func ("/path-history/not-connected", test_not_connected);
  return g_test_run ();
}
