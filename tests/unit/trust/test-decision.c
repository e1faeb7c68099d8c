/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The decision, over every combination of facts and at the seconds around each end, against a second statement of the
 * rules; and the cases that a person would ask about by name.
 */
#include "trust/peerup-decision.h"

#include "trust-test.h"

#define NOW      1800000000
#define NOW_TEXT "2027-01-15T08:00:00Z"

static PeerupAuthorizedKeys *
parse (const char *text)
{
  return peerup_authorized_keys_parse (text, strlen (text));
}

static GPtrArray *
new_grants (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
}

static void
add_grant (GPtrArray *grants, const char *peer, const char *service, gint64 until)
{
  const PeerupGrant grant = { test_peer (peer), (char *) service, until, NULL };

  g_ptr_array_add (grants, peerup_grant_copy (&grant));
  peerup_peer_id_unref (grant.peer);
}

static GPtrArray *
new_list (const char *peer)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);

  if (peer != NULL)
    g_ptr_array_add (list, test_peer (peer));
  return list;
}

/* What there is to combine. */
enum
{
  ENTRY_OFF, /* gating is off */
  ENTRY_NONE,
  ENTRY_FOREVER,
  ENTRY_ENDS,
  N_ENTRIES
};

enum
{
  SPONSOR_NONE,
  SPONSOR_FOREVER,
  SPONSOR_ENDS,
  SPONSOR_ABSENT,
  SPONSOR_SPONSORED,
  N_SPONSORS
};

enum
{
  LIST_NONE,
  LIST_WITHOUT,
  LIST_WITH,
  N_LISTS
};

enum
{
  GRANT_NONE,
  GRANT_FOREVER,
  GRANT_ENDS,
  GRANT_OF_OTHERS,
  N_GRANTS
};

typedef struct
{
  guint entry, sponsor, list, grant;
  gboolean guest, service, pass;
  gint64 entry_ends, sponsor_ends, grant_ends, pass_ends, now;
} Case;

static PeerupAuthorizedKeys *
make_keys (const Case *test)
{
  g_autoptr (GString) text = g_string_new ("# somebody else\n" CAROL "\n");
  g_autofree char *entry_end = peerup_expires_format (test->entry_ends);
  g_autofree char *sponsor_end = peerup_expires_format (test->sponsor_ends);

  if (test->entry == ENTRY_OFF)
    return NULL;
  if (test->entry != ENTRY_NONE)
    {
      g_string_append (text, ALICE);
      if (test->entry == ENTRY_ENDS)
        g_string_append_printf (text, " expires=%s", entry_end);
      if (test->guest)
        g_string_append (text, " role=guest");
      if (test->sponsor != SPONSOR_NONE)
        g_string_append (text, " sponsor=" BOB);
      g_string_append_c (text, '\n');
    }
  if (test->sponsor == SPONSOR_FOREVER)
    g_string_append (text, BOB "\n");
  if (test->sponsor == SPONSOR_ENDS)
    g_string_append_printf (text, BOB " expires=%s\n", sponsor_end);
  if (test->sponsor == SPONSOR_SPONSORED)
    g_string_append (text, BOB " sponsor=" CAROL "\n");
  return parse (text->str);
}

static GPtrArray *
make_grants (const Case *test)
{
  GPtrArray *grants = new_grants ();

  if (test->grant == GRANT_FOREVER)
    add_grant (grants, ALICE, "ssh", PEERUP_EXPIRES_NEVER);
  if (test->grant == GRANT_ENDS)
    add_grant (grants, ALICE, "ssh", test->grant_ends);
  if (test->grant == GRANT_OF_OTHERS)
    {
      add_grant (grants, ALICE, "web", PEERUP_EXPIRES_NEVER);
      add_grant (grants, BOB, "ssh", PEERUP_EXPIRES_NEVER);
    }
  return grants;
}

#define ALLOW(reason, until) ((PeerupDecision) { TRUE, PEERUP_DECISION_##reason, until })
#define DENY(reason)         ((PeerupDecision) { FALSE, PEERUP_DECISION_##reason, 0 })

static PeerupDecision
expect_by_grant (const Case *test, gint64 until, PeerupDecision otherwise)
{
  if (test->grant == GRANT_FOREVER)
    return ALLOW (GRANTED, until);
  if (test->grant != GRANT_ENDS)
    return otherwise;
  return test->now < test->grant_ends ? ALLOW (GRANTED, MIN (until, test->grant_ends)) : DENY (GRANT_ENDED);
}

/* The rules as they are written for people. */
static PeerupDecision
expect (const Case *test)
{
  gboolean off = test->entry == ENTRY_OFF;
  gboolean known =
    off || (test->entry != ENTRY_NONE && test->sponsor != SPONSOR_ABSENT && test->sponsor != SPONSOR_SPONSORED);
  gint64 until = PEERUP_EXPIRES_NEVER;

  if (test->entry == ENTRY_ENDS)
    until = MIN (until, test->entry_ends);
  if (!off && test->sponsor == SPONSOR_ENDS)
    until = MIN (until, test->sponsor_ends);
  if ((!known || test->now >= until) && !test->service && test->pass && test->now < test->pass_ends)
    return ALLOW (ADMITTED, test->pass_ends);
  if (!known)
    return DENY (UNKNOWN);
  if (test->now >= until)
    return DENY (EXPIRED);
  if (!test->service)
    return off ? ALLOW (OPEN, until) : ALLOW (AUTHORIZED, until);
  if ((test->guest || test->sponsor != SPONSOR_NONE) && !off)
    return expect_by_grant (test, until, DENY (NOT_GRANTED));
  if (test->list == LIST_NONE)
    return off ? ALLOW (OPEN, until) : ALLOW (AUTHORIZED, until);
  if (test->list == LIST_WITH)
    return ALLOW (LISTED, until);
  return expect_by_grant (test, until, DENY (NOT_LISTED));
}

static void
check (const Case *test, PeerupPeerId *alice, PeerupAuthorizedKeys *keys, GPtrArray *grants)
{
  g_autoptr (GPtrArray) listed = test->list != LIST_NONE ? new_list (test->list == LIST_WITH ? ALICE : CAROL) : NULL;
  const PeerupDecisionFacts facts = {
    .keys = keys,
    .grants = grants,
    .admitted_until = test->pass ? test->pass_ends : 0,
    .service = test->service ? "ssh" : NULL,
    .listed = listed,
  };
  PeerupDecision got = peerup_decide (&facts, alice, test->now);
  PeerupDecision want = expect (test);

  if (got.allow == want.allow && got.reason == want.reason && got.until == want.until)
    return;
  g_test_message ("entry %u sponsor %u guest %d list %u grant %u service %d pass %d at %+d: %s %d, not %s %d",
                  test->entry, test->sponsor, test->guest, test->list, test->grant, test->service, test->pass,
                  (int) (test->now - NOW), peerup_decision_get_word (got.reason), got.allow,
                  peerup_decision_get_word (want.reason), want.allow);
  g_test_fail ();
}

/* Each end at a moment of its own, looked at a second before, at it, and a second after. */
static void
check_times (Case *test, PeerupPeerId *alice)
{
  static const gint64 moments[] = { -11, -10, -9, -1, 0, 1, 9, 10, 11, 19, 20, 21 };
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GPtrArray) grants = NULL;

  test->entry_ends = NOW;
  test->sponsor_ends = NOW + 10;
  test->grant_ends = NOW - 10;
  test->pass_ends = NOW + 20;
  keys = make_keys (test);
  grants = make_grants (test);
  for (gsize i = 0; i < G_N_ELEMENTS (moments); i++)
    {
      test->now = NOW + moments[i];
      check (test, alice, keys, grants);
    }
}

static void
test_all_combinations (void)
{
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  guint n_facts = N_ENTRIES * N_SPONSORS * N_LISTS * N_GRANTS * 2 * 2 * 2;

  for (guint i = 0; i < n_facts; i++)
    {
      guint rest = i;
      Case test = { 0 };

      test.entry = rest % N_ENTRIES, rest /= N_ENTRIES;
      test.sponsor = rest % N_SPONSORS, rest /= N_SPONSORS;
      test.list = rest % N_LISTS, rest /= N_LISTS;
      test.grant = rest % N_GRANTS, rest /= N_GRANTS;
      test.guest = rest % 2, rest /= 2;
      test.service = rest % 2, rest /= 2;
      test.pass = rest % 2;
      check_times (&test, alice);
    }
}

static PeerupDecision
decide (const char *text, GPtrArray *grants, GPtrArray *listed, const char *service)
{
  g_autoptr (PeerupAuthorizedKeys) keys = parse (text);
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  const PeerupDecisionFacts facts = { keys, grants, 0, service, listed };

  return peerup_decide (&facts, alice, NOW);
}

/* Of two entries, or two grants, for one peer the less counts. */
static void
test_the_less_counts (void)
{
  g_autoptr (GPtrArray) grants = new_grants ();

  g_assert_false (decide (ALICE "\n" ALICE " role=guest\n", NULL, NULL, "ssh").allow);
  g_assert_false (decide (ALICE "\n" ALICE_CID " role=x role=guest\n", NULL, NULL, "ssh").allow);
  g_assert_false (decide (ALICE "\n" ALICE " sponsor=" BOB "\n", NULL, NULL, NULL).allow);
  g_assert_false (
    decide (BOB "\n" CAROL "\n" ALICE " sponsor=" CAROL "\n" ALICE " sponsor=" BOB "\n", NULL, NULL, NULL).allow);
  g_assert_false (decide (ALICE " sponsor=nonsense\n", NULL, NULL, NULL).allow);
  g_assert_false (decide (ALICE " sponsor=" ALICE "\n", NULL, NULL, NULL).allow);
  g_assert_false (decide (ALICE " expires=soon\n", NULL, NULL, NULL).allow);
  add_grant (grants, ALICE, "ssh", PEERUP_EXPIRES_NEVER);
  g_assert_true (decide (ALICE " role=guest\n", grants, NULL, "ssh").allow);
  add_grant (grants, ALICE, "ssh", NOW);
  g_assert_cmpint (decide (ALICE " role=guest\n", grants, NULL, "ssh").reason, ==, PEERUP_DECISION_GRANT_ENDED);
  add_grant (grants, ALICE, "web", PEERUP_EXPIRES_MALFORMED);
  g_assert_cmpint (decide (ALICE " role=guest\n", grants, NULL, "web").reason, ==, PEERUP_DECISION_GRANT_ENDED);
}

/* The list of a service is for others: a guest on it may not use it. */
static void
test_guest_on_list (void)
{
  g_autoptr (GPtrArray) listed = new_list (ALICE);

  g_assert_cmpint (decide (ALICE " role=guest\n", NULL, listed, "ssh").reason, ==, PEERUP_DECISION_NOT_GRANTED);
  g_assert_cmpint (decide (ALICE "\n", NULL, listed, "ssh").reason, ==, PEERUP_DECISION_LISTED);
  /* Roles of other programs limit nothing here. */
  g_assert_cmpint (decide (ALICE " role=admin\n", NULL, listed, "ssh").reason, ==, PEERUP_DECISION_LISTED);
}

/* Each reason has a word of its own, and a sentence that names who and, for a denial, what to run. */
static void
test_words (void)
{
  g_autoptr (GHashTable) words = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i <= PEERUP_DECISION_ADMITTED; i++)
    {
      const PeerupDecision decision = { i < PEERUP_DECISION_UNKNOWN || i == PEERUP_DECISION_ADMITTED, i, NOW };
      g_autofree char *sentence = peerup_decision_dup_sentence (&decision, "Laptop", ALICE, "ssh");

      g_assert_true (g_hash_table_add (words, (gpointer) peerup_decision_get_word (i)));
      g_assert_nonnull (strstr (sentence, "Laptop"));
      g_assert_nonnull (strstr (sentence, decision.allow ? NOW_TEXT : "peerup "));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/decision/all-combinations", test_all_combinations);
  g_test_add_func ("/trust/decision/the-less-counts", test_the_less_counts);
  g_test_add_func ("/trust/decision/guest-on-list", test_guest_on_list);
  g_test_add_func ("/trust/decision/words", test_words);
  return g_test_run ();
}
