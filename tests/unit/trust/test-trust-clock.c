/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What ends when, at literal times: on either side of each end and warning, with a clock that is set back and forward,
 * and with a person who changes the end meanwhile.
 */
#include "trust/peerup-trust-clock.h"

#include "trust-test.h"
#include "trust/peerup-decision.h"

#define NOW      1800000000
#define NOW_TEXT "2027-01-15T08:00:00Z"
#define W        PEERUP_GRANT_WARNING

typedef struct
{
  PeerupTrustClock *clock;
  PeerupAuthorizedKeys *keys;
  GPtrArray *ended, *ending;
} World;

static void
world_init (World *self, const char *keys)
{
  self->clock = peerup_trust_clock_new ();
  self->keys = peerup_authorized_keys_parse (keys, strlen (keys));
  self->ended = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  self->ending = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
}

static void
world_clear (World *self)
{
  peerup_trust_clock_free (self->clock);
  peerup_authorized_keys_free (self->keys);
  g_ptr_array_unref (self->ended);
  g_ptr_array_unref (self->ending);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

/* Of pairs of a service and an end, all Alice's. */
static void
set (World *self, const char *service, gint64 until, ...)
{
  GPtrArray *grants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  va_list rest;

  va_start (rest, until);
  while (service != NULL)
    {
      const PeerupGrant grant = { alice, (char *) service, until, NULL };

      g_ptr_array_add (grants, peerup_grant_copy (&grant));
      service = va_arg (rest, const char *);
      until = service != NULL ? va_arg (rest, gint64) : 0;
    }
  va_end (rest);
  peerup_trust_clock_set_grants (self->clock, grants);
}

static char *
join (GPtrArray *grants)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < grants->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", ((PeerupGrant *) grants->pdata[i])->service);
  g_ptr_array_set_size (grants, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
advance (World *self, gint64 now, const char *ended, const char *ending, gint64 next)
{
  gint64 got = peerup_trust_clock_advance (self->clock, self->keys, now, self->ended, self->ending);
  g_autofree char *got_ended = join (self->ended);
  g_autofree char *got_ending = join (self->ending);

  g_assert_cmpstr (got_ended, ==, ended);
  g_assert_cmpstr (got_ending, ==, ending);
  g_assert_cmpint (got, ==, next);
}

static PeerupDecisionReason
judge (World *self, const char *service, gint64 now)
{
  g_autoptr (PeerupPeerId) alice = test_peer (ALICE);
  const PeerupDecisionFacts facts = {
    .keys = self->keys,
    .grants = peerup_trust_clock_get_grants (self->clock),
    .service = service,
  };

  return peerup_decide (&facts, alice, peerup_trust_clock_get_time (self->clock, self->keys, alice, now)).reason;
}

static void
test_ends (void)
{
  g_auto (World) world = { NULL };

  world_init (&world, ALICE " role=guest\n");
  set (&world, "ssh", NOW, "web", NOW + 1, "db", PEERUP_EXPIRES_NEVER, "x", PEERUP_EXPIRES_MALFORMED, NULL);
  advance (&world, NOW - W - 1, "", "", NOW - W);
  advance (&world, NOW - W, "", "ssh", NOW - W + 1);
  advance (&world, NOW - 1, "", "web", NOW);
  g_assert_cmpint (judge (&world, "ssh", NOW - 1), ==, PEERUP_DECISION_GRANTED);
  g_assert_cmpint (judge (&world, "x", NOW - 1), ==, PEERUP_DECISION_GRANT_ENDED);
  advance (&world, NOW, "ssh", "", NOW + 1);
  advance (&world, NOW, "", "", NOW + 1);
  g_assert_cmpint (judge (&world, "ssh", NOW), ==, PEERUP_DECISION_GRANT_ENDED);
  g_assert_cmpint (judge (&world, "web", NOW), ==, PEERUP_DECISION_GRANTED);
  advance (&world, NOW + 1, "web", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, "db", NOW + 1), ==, PEERUP_DECISION_GRANTED);
}

/* Once, and again for another end; one that is given for less is warned of at once, and what is extended beyond is
 * not warned of any more. */
static void
test_warnings (void)
{
  g_auto (World) world = { NULL };

  world_init (&world, ALICE " role=guest\n");
  set (&world, "ssh", NOW, NULL);
  advance (&world, NOW - W, "", "ssh", NOW);
  advance (&world, NOW - W + 1, "", "", NOW);
  set (&world, "ssh", NOW, NULL);
  advance (&world, NOW - W + 2, "", "", NOW);
  set (&world, "ssh", NOW + W, NULL);
  advance (&world, NOW - W + 3, "", "", NOW);
  advance (&world, NOW, "", "ssh", NOW + W);
  set (&world, "ssh", NOW + W, "web", NOW + 5, NULL);
  advance (&world, NOW, "", "web", NOW + 5);
  advance (&world, NOW + W, "ssh web", "", PEERUP_EXPIRES_NEVER);
}

/* A clock that is set forward ends what it goes past, and set back again revives nothing: with the line still in the
 * file, out of it, and back in it as it was. */
static void
test_clock_set_back (void)
{
  g_auto (World) world = { NULL };

  world_init (&world, ALICE " role=guest\n");
  set (&world, "ssh", NOW, NULL);
  advance (&world, NOW + 1000, "ssh", "", PEERUP_EXPIRES_NEVER);
  advance (&world, NOW - 10, "", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, "ssh", NOW - 10), ==, PEERUP_DECISION_GRANT_ENDED);
  /* Read again from a file that could not be written. */
  set (&world, "ssh", NOW, NULL);
  advance (&world, NOW - 9, "", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, "ssh", NOW - 9), ==, PEERUP_DECISION_GRANT_ENDED);
  set (&world, NULL, 0);
  g_assert_cmpint (judge (&world, "ssh", NOW - 8), ==, PEERUP_DECISION_GRANT_ENDED);
}

/* What a person gives after that counts by the clock as it is. */
static void
test_given_after_set_back (void)
{
  g_auto (World) world = { NULL };

  world_init (&world, ALICE " role=guest\n");
  set (&world, "ssh", NOW, NULL);
  advance (&world, NOW + 1000, "ssh", "", PEERUP_EXPIRES_NEVER);
  set (&world, "ssh", NOW + 5, NULL);
  advance (&world, NOW - W, "", "", NOW - W + 5);
  g_assert_cmpint (judge (&world, "ssh", NOW - W), ==, PEERUP_DECISION_GRANTED);
  g_assert_cmpint (judge (&world, "web", NOW - W), ==, PEERUP_DECISION_NOT_GRANTED);
  advance (&world, NOW + 5, "ssh", "", PEERUP_EXPIRES_NEVER);
}

/* The same for an authorization, which stays in its file. */
static void
test_authorization (void)
{
  g_auto (World) world = { NULL };

  world_init (&world, ALICE " expires=" NOW_TEXT "\n");
  set (&world, NULL, 0);
  advance (&world, NOW - 1, "", "", NOW);
  g_assert_cmpint (judge (&world, NULL, NOW - 1), ==, PEERUP_DECISION_AUTHORIZED);
  advance (&world, NOW, "", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, NULL, NOW), ==, PEERUP_DECISION_EXPIRED);
  g_assert_cmpint (judge (&world, NULL, NOW - 1), ==, PEERUP_DECISION_EXPIRED);
  advance (&world, NOW - 100, "", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, NULL, NOW - 100), ==, PEERUP_DECISION_EXPIRED);
  g_assert_cmpint (judge (&world, "ssh", NOW - 100), ==, PEERUP_DECISION_EXPIRED);
  /* Another end is another authorization. */
  peerup_authorized_keys_free (world.keys);
  world.keys = peerup_authorized_keys_parse (ALICE "\n", strlen (ALICE "\n"));
  advance (&world, NOW - 99, "", "", PEERUP_EXPIRES_NEVER);
  g_assert_cmpint (judge (&world, NULL, NOW - 99), ==, PEERUP_DECISION_AUTHORIZED);
}

/* However many end, what is remembered for the sake of words is bounded; what is remembered for safety is the file's.
 */
static void
test_many (void)
{
  g_auto (World) world = { NULL };
  g_autofree char *got = NULL;

  world_init (&world, ALICE " role=guest\n");
  for (guint i = 0; i < 2 * PEERUP_TRUST_CLOCK_PAST_MAX; i++)
    {
      g_autofree char *service = g_strdup_printf ("s%u", i);

      set (&world, service, NOW + i, NULL);
      advance (&world, NOW + i, service, "", PEERUP_EXPIRES_NEVER);
    }
  set (&world, NULL, 0);
  g_assert_cmpuint (peerup_trust_clock_get_grants (world.clock)->len, ==, PEERUP_TRUST_CLOCK_PAST_MAX);
  g_assert_cmpint (judge (&world, "s0", NOW - 1), ==, PEERUP_DECISION_NOT_GRANTED);
  g_assert_cmpint (judge (&world, "s511", NOW - 1), ==, PEERUP_DECISION_GRANT_ENDED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/clock/ends", test_ends);
  g_test_add_func ("/trust/clock/warnings", test_warnings);
  g_test_add_func ("/trust/clock/set-back", test_clock_set_back);
  g_test_add_func ("/trust/clock/given-after-set-back", test_given_after_set_back);
  g_test_add_func ("/trust/clock/authorization", test_authorization);
  g_test_add_func ("/trust/clock/many", test_many);
  return g_test_run ();
}
